#include "io/inflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"

enum { PIECE = (1 << 18) + 16 }; /* holds what a source has read before it saw the magic number */

enum { FRAME = 5 }; /* the least bytes that begin a frame of zstd's */

/* Deflate can't grow data more than 1032-fold; profiles grow 5- to 100-fold. */
enum { BOMB_RATIO = 200, BOMB_FROM = 64 << 20 };

struct p2a_inflate {
    p2a_pull *pull;
    void *from;
    struct p2a_error *error;
    bool zstd, ended; /* ended: a member's end was reached */
    uint64_t in, out;
    const char *trouble; /* what is wrong behind what was unwrapped last; NULL: nothing so far */
    z_stream z;
    ZSTD_DStream *zs;
    size_t wanted;  /* bytes that end at a block of zstd's: a broken one takes no other with it */
    uint64_t block; /* where the block of zstd's begins that is being unwrapped */
    size_t at, n;   /* piece[at..n) is not yet unwrapped */
    unsigned char piece[PIECE];
};

static bool is_gzip(const unsigned char *start, size_t n)
{
    return n >= 2 && start[0] == 0x1f && start[1] == 0x8b;
}

/* A frame, or one to be skipped, with which pzstd begins. */
static bool is_zstd(const unsigned char *start, size_t n)
{
    return n >= 4 && (memcmp(start, "\x28\xb5\x2f\xfd", 4) == 0 ||
                      (start[0] >> 4 == 5 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0));
}

enum p2a_packing p2a_packing_of(const unsigned char *start, size_t n)
{
    return is_gzip(start, n) ? P2A_GZIP : is_zstd(start, n) ? P2A_ZSTD : P2A_PLAIN;
}

static bool start_zstd(struct p2a_inflate *f)
{
    f->zs = ZSTD_createDStream();
    f->wanted = FRAME;
    return f->zs || (p2a_error_memory(f->error), false);
}

static bool start_gzip(struct p2a_inflate *f)
{
    if (inflateInit2(&f->z, 15 + 16) == Z_OK)
        return true;
    p2a_error_memory(f->error);
    return false;
}

struct p2a_inflate *p2a_inflate_new(enum p2a_packing packing, p2a_pull *pull, void *from,
                                    const unsigned char *start, size_t n, struct p2a_error *error)
{
    struct p2a_inflate *f = calloc(1, sizeof *f);
    if (!f) {
        p2a_error_memory(error);
        return NULL;
    }
    f->pull = pull;
    f->from = from;
    f->error = error;
    f->n = n < PIECE ? n : PIECE;
    f->in = f->n;
    memcpy(f->piece, start, f->n);
    f->zstd = packing == P2A_ZSTD;
    if (f->zstd ? start_zstd(f) : start_gzip(f))
        return f;
    free(f);
    return NULL;
}

void p2a_inflate_free(struct p2a_inflate *f)
{
    if (!f)
        return;
    if (!f->zstd)
        inflateEnd(&f->z);
    else
        ZSTD_freeDStream(f->zs);
    free(f);
}

/* The next piece; false at the end and after an error. */
static bool refill(struct p2a_inflate *f)
{
    long got = f->pull(f->from, f->piece, PIECE);
    f->at = 0;
    f->n = got > 0 ? (size_t)got : 0;
    f->in += f->n;
    return got > 0;
}

/* How many bytes have been unwrapped. */
static uint64_t place(const struct p2a_inflate *f)
{
    return f->in - (f->n - f->at);
}

static long broken(struct p2a_inflate *f, const char *what, uint64_t at)
{
    p2a_error_set(f->error, P2A_INPUT, "%s after %llu bytes of compressed data", what,
                  (unsigned long long)at);
    return -1;
}

/* One step: unwraps from the piece into BYTES. Returns bytes made, or -1. */
static long step_gzip(struct p2a_inflate *f, unsigned char *bytes, size_t n)
{
    f->z.next_in = f->piece + f->at;
    f->z.avail_in = (uInt)(f->n - f->at);
    f->z.next_out = bytes;
    f->z.avail_out = (uInt)n;
    int result = inflate(&f->z, Z_NO_FLUSH);
    size_t made = n - f->z.avail_out;
    f->at = f->n - f->z.avail_in;
    if (result == Z_STREAM_END) {
        f->ended = true;
        inflateReset(&f->z);
    } else if (result == Z_MEM_ERROR) {
        p2a_error_memory(f->error);
        return -1;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        f->trouble = "corrupt gzip data";
    }
    return (long)made;
}

static const char *zstd_trouble(ZSTD_ErrorCode code)
{
    return code == ZSTD_error_frameParameter_windowTooLarge
               ? "zstd data that zstd --long made, expected windows up to 128 MiB: seen"
               : "corrupt zstd data";
}

static long step_zstd(struct p2a_inflate *f, unsigned char *bytes, size_t n)
{
    size_t have = f->n - f->at;
    ZSTD_inBuffer in = {f->piece, f->at + (have < f->wanted ? have : f->wanted), f->at};
    ZSTD_outBuffer out = {bytes, n, 0};
    size_t result = ZSTD_decompressStream(f->zs, &out, &in);
    bool whole = in.pos - f->at == f->wanted;
    f->at = in.pos;
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) {
        p2a_error_memory(f->error);
        return -1;
    }
    if (ZSTD_isError(result))
        f->trouble = zstd_trouble(ZSTD_getErrorCode(result));
    else if (whole || result == 0)
        f->block = place(f);
    f->ended = result == 0;
    f->wanted = result ? result : FRAME;
    return (long)out.pos;
}

/* Behind a member may come padding zeros, and nothing or what has to be another one. */
static bool next_member(struct p2a_inflate *f)
{
    for (; f->at < f->n || refill(f); f->at++)
        if (f->piece[f->at] != 0)
            return true;
    return false;
}

long p2a_inflate_pull(void *from, unsigned char *bytes, size_t n)
{
    struct p2a_inflate *f = from;
    if (n > 1u << 30)
        n = 1u << 30;
    for (;;) {
        if (f->trouble)
            return broken(f, f->trouble, f->zstd ? f->block : place(f));
        if (f->ended && !next_member(f))
            return f->error && f->error->status != P2A_OK ? -1 : 0;
        f->ended = false;
        bool more = f->at < f->n || refill(f);
        if (f->error && f->error->status != P2A_OK)
            return -1;
        size_t before = f->at;
        long made = f->zstd ? step_zstd(f, bytes, n) : step_gzip(f, bytes, n);
        if (made < 0)
            return -1;
        f->out += (uint64_t)made;
        if (f->out > BOMB_FROM && f->out / BOMB_RATIO > f->in)
            return broken(f, "refused to unpack what grows more than 200-fold: seen", place(f));
        if (made)
            return made;
        if (!more && !f->ended && f->at == before)
            return broken(f, "compressed data ends early", place(f));
    }
}
