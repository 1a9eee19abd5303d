#include "io/gzip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/crew.h"

/* ISA-L's levels, as of 2.30. FAST takes a third to four fifths of the time and is 3 to 10 %
 * longer, but misses most of what comes again as a whole: 4 MB of the same 1,000 bytes are thirty
 * times as long then. What it makes of bytes with nothing before them isn't always the same. */
enum { FAST = 1, THOROUGH = 3 };

enum { WINDOW = 1 << 15 }; /* how far back deflate looks */
enum { PIECE = 1 << 18 };
enum { ENOUGH = PIECE + PIECE / 16 }; /* of room for what a piece is packed to */

/* Bytes and what was before them. */
struct bytes {
    size_t known, n;
    unsigned char data[WINDOW + PIECE]; /* the window ends where the bytes begin */
};

struct p2a_gzip {
    void (*deliver)(void *to, const unsigned char *bytes, size_t n); /* NULL: nothing any more */
    void *to;
    struct p2a_crew *crew; /* NULL: what came so far is one piece at most */
    uLong sum;             /* CRC-32 of all that was packed, and their number modulo 2^32 */
    uint32_t size;
    struct bytes next; /* to be packed */
};

/* ---- pieces ---------------------------------------------------------------------------------- */

struct piece {
    struct bytes bytes;
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

static void start(struct desk *desk, uint32_t level)
{
    if (desk->ready) {
        isal_deflate_reset(&desk->z);
    } else {
        isal_deflate_init(&desk->z);
        desk->z.level_buf = desk->tables;
        desk->z.level_buf_size = sizeof desk->tables;
        desk->ready = true;
    }
    desk->z.level = level;
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

/* Whether places of the piece go on as what is before them does, for as long as a match may be. */
static bool repeats(const struct bytes *bytes)
{
    enum { PLACES = 8, MANY = 3, LONG = 256 };
    const unsigned char *begin = bytes->data + WINDOW;
    unsigned found = 0;
    for (size_t i = 0; i < PLACES; i++) {
        size_t at = bytes->n / PLACES * i;
        size_t before = bytes->known + at < WINDOW ? bytes->known + at : WINDOW;
        if (bytes->n - at >= LONG && memmem(begin + at - before, before, begin + at, LONG))
            found++;
    }
    return found >= MANY;
}

static bool pack(const void *owner, void *at, void *of)
{
    struct desk *desk = at;
    struct piece *piece = of;
    struct bytes *bytes = &piece->bytes;
    unsigned char *begin = bytes->data + WINDOW;
    (void)owner;
    start(desk, bytes->known && !repeats(bytes) ? FAST : THOROUGH);
    if (bytes->known)
        isal_deflate_set_dict(&desk->z, begin - bytes->known, (uint32_t)bytes->known);
    desk->z.next_in = begin;
    desk->z.avail_in = (uint32_t)bytes->n;
    desk->z.end_of_stream = piece->last;
    desk->z.flush = piece->last ? NO_FLUSH : SYNC_FLUSH;
    piece->sum = crc32_gzip_refl(0, begin, bytes->n);
    return run(&desk->z, piece);
}

static bool hand_on(void *owner, void *desk, void *of)
{
    struct p2a_gzip *g = owner;
    const struct piece *piece = of;
    (void)desk;
    if (!g->deliver)
        return false;
    g->sum = crc32_combine(g->sum, piece->sum, (z_off_t)piece->bytes.n);
    g->size += (uint32_t)piece->bytes.n;
    g->deliver(g->to, piece->packed, piece->packed_n);
    return true;
}

static void free_piece(const void *owner, void *piece)
{
    (void)owner;
    free(((struct piece *)piece)->packed);
}

/* Has the bytes packed that are there; the end of them is the next window. */
static bool pack_next(struct p2a_gzip *g, bool last)
{
    static const struct p2a_crew_work work = {.desk_size = sizeof(struct desk),
                                              .piece_size = sizeof(struct piece),
                                              .make = pack,
                                              .take = hand_on,
                                              .free_piece = free_piece};
    struct bytes *next = &g->next;
    if (!g->crew)
        g->crew = p2a_crew_begin(&work, g, last);
    struct piece *piece = g->crew ? p2a_crew_piece(g->crew) : NULL;
    if (!piece)
        return false;
    unsigned char *begin = next->data + WINDOW;
    memcpy(piece->bytes.data + WINDOW - next->known, begin - next->known, next->known + next->n);
    piece->bytes.known = next->known;
    piece->bytes.n = next->n;
    piece->last = last;
    p2a_crew_make(g->crew);
    next->known = next->known + next->n < WINDOW ? next->known + next->n : WINDOW;
    memmove(begin - next->known, begin + next->n - next->known, next->known);
    next->n = 0;
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
    g->crew = NULL;
    g->sum = 0;
    g->size = 0;
    g->next.known = g->next.n = 0;
    deliver(to, head, sizeof head);
    return g;
}

bool p2a_gzip_add(struct p2a_gzip *g, const unsigned char *bytes, size_t n)
{
    struct bytes *next = &g->next;
    while (n) {
        if (next->n == PIECE && !pack_next(g, false))
            return false;
        size_t part = PIECE - next->n < n ? PIECE - next->n : n;
        memcpy(next->data + WINDOW + next->n, bytes, part);
        next->n += part;
        bytes += part;
        n -= part;
    }
    return true;
}

static bool end_crew(struct p2a_gzip *g)
{
    struct p2a_crew *crew = g->crew;
    g->crew = NULL;
    return !crew || p2a_crew_end(crew) == P2A_CREW_DONE;
}

bool p2a_gzip_end(struct p2a_gzip *g)
{
    unsigned char tail[8];
    if (!pack_next(g, true) || !end_crew(g))
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
    if (!g)
        return;
    g->deliver = NULL;
    end_crew(g);
    free(g);
}
