#include "io/gzip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/crew.h"

/* What 1 and 2 make of the same bytes hangs on what is on the stack below, as of 2.30. */
enum { LEVEL = 3 };

enum { WINDOW = 1 << 15 }; /* how far back deflate looks */
enum { PIECE = 1 << 18, BATCH = 8 * PIECE };
enum { ENOUGH = PIECE + PIECE / 16 }; /* of room for what a piece is packed to */

struct p2a_gzip {
    void (*deliver)(void *to, const unsigned char *bytes, size_t n);
    void *to;
    bool last; /* the bytes that are there are the last ones */
    uLong sum; /* CRC-32 of all that was packed, and their number modulo 2^32 */
    uint32_t size;
    size_t known, n, cut; /* bytes of the window, behind it, and of these cut so far */
    bool done;            /* all are; of none there is one piece, which may be the last one */
    unsigned char data[WINDOW + BATCH]; /* the window ends where the bytes begin */
};

/* ---- pieces ---------------------------------------------------------------------------------- */

struct piece {
    size_t at, n;
    bool last;
    uLong sum;
    unsigned char *packed;
    uint32_t packed_n, room;
};

struct desk {
    bool ready;
    struct isal_zstream z;
    unsigned char tables[ISAL_DEF_LVL3_LARGE];
};

static bool cut_piece(void *owner, void *of)
{
    struct p2a_gzip *g = owner;
    struct piece *piece = of;
    if (g->done)
        return false;
    piece->at = g->cut;
    piece->n = g->n - g->cut < PIECE ? g->n - g->cut : PIECE;
    g->cut += piece->n;
    g->done = g->cut == g->n;
    piece->last = g->last && g->done;
    return true;
}

static void start(struct desk *desk)
{
    if (desk->ready) {
        isal_deflate_reset(&desk->z);
        return;
    }
    isal_deflate_init(&desk->z);
    desk->z.level = LEVEL;
    desk->z.level_buf = desk->tables;
    desk->z.level_buf_size = sizeof desk->tables;
    desk->ready = true;
}

/* Packs all that Z has been given, in as much room as it takes. */
static bool run(struct isal_zstream *z, struct piece *piece)
{
    piece->packed_n = 0;
    do {
        if (!p2a_grow(&piece->packed, &piece->room, (uint64_t)piece->packed_n + ENOUGH, 1))
            return false;
        z->next_out = piece->packed + piece->packed_n;
        z->avail_out = piece->room - piece->packed_n;
        isal_deflate(z);
        piece->packed_n = piece->room - z->avail_out;
    } while (z->avail_out == 0);
    return true;
}

static bool pack(const void *owner, void *at, void *of)
{
    const struct p2a_gzip *g = owner;
    struct desk *desk = at;
    struct piece *piece = of;
    const unsigned char *bytes = g->data + WINDOW + piece->at;
    size_t before = g->known + piece->at < WINDOW ? g->known + piece->at : WINDOW;
    start(desk);
    if (before)
        isal_deflate_set_dict(&desk->z, (unsigned char *)bytes - before, (uint32_t)before);
    desk->z.next_in = (unsigned char *)bytes;
    desk->z.avail_in = (uint32_t)piece->n;
    desk->z.end_of_stream = piece->last;
    desk->z.flush = piece->last ? NO_FLUSH : SYNC_FLUSH;
    piece->sum = crc32_gzip_refl(0, bytes, piece->n);
    return run(&desk->z, piece);
}

static bool hand_on(void *owner, void *desk, void *of)
{
    struct p2a_gzip *g = owner;
    const struct piece *piece = of;
    (void)desk;
    g->sum = crc32_combine(g->sum, piece->sum, (z_off_t)piece->n);
    g->size += (uint32_t)piece->n;
    g->deliver(g->to, piece->packed, piece->packed_n);
    return true;
}

static void free_piece(const void *owner, void *piece)
{
    (void)owner;
    free(((struct piece *)piece)->packed);
}

/* Packs the bytes that are there; the end of them is the next window. */
static bool pack_all(struct p2a_gzip *g)
{
    static const struct p2a_crew_work work = {.desk_size = sizeof(struct desk),
                                              .piece_size = sizeof(struct piece),
                                              .cut = cut_piece,
                                              .make = pack,
                                              .take = hand_on,
                                              .free_piece = free_piece};
    g->cut = 0;
    g->done = false;
    if (p2a_crew_run(&work, g, g->n <= PIECE) != P2A_CREW_DONE)
        return false;
    g->known = g->known + g->n < WINDOW ? g->known + g->n : WINDOW;
    memmove(g->data + WINDOW - g->known, g->data + WINDOW + g->n - g->known, g->known);
    g->n = 0;
    return true;
}

/* ---- the stream ------------------------------------------------------------------------------ */

struct p2a_gzip *p2a_gzip_begin(void (*deliver)(void *to, const unsigned char *bytes, size_t n),
                                void *to)
{
    enum { DEFLATED = 8, FASTEST = 4, UNIX = 3 };
    const unsigned char head[10] = {0x1f, 0x8b, DEFLATED, 0, 0, 0, 0, 0, FASTEST, UNIX};
    struct p2a_gzip *g = malloc(sizeof *g);
    if (!g)
        return NULL;
    g->deliver = deliver;
    g->to = to;
    g->last = false;
    g->sum = 0;
    g->size = 0;
    g->known = g->n = g->cut = 0;
    deliver(to, head, sizeof head);
    return g;
}

bool p2a_gzip_add(struct p2a_gzip *g, const unsigned char *bytes, size_t n)
{
    while (n) {
        size_t part = BATCH - g->n < n ? BATCH - g->n : n;
        memcpy(g->data + WINDOW + g->n, bytes, part);
        g->n += part;
        bytes += part;
        n -= part;
        if (g->n == BATCH && !pack_all(g))
            return false;
    }
    return true;
}

bool p2a_gzip_end(struct p2a_gzip *g)
{
    unsigned char tail[8];
    g->last = true;
    if (!pack_all(g))
        return false;
    for (unsigned i = 0; i < 4; i++) {
        tail[i] = (unsigned char)(g->sum >> 8 * i);
        tail[4 + i] = (unsigned char)(g->size >> 8 * i);
    }
    g->deliver(g->to, tail, sizeof tail);
    return true;
}

void p2a_gzip_free(struct p2a_gzip *g)
{
    free(g);
}
