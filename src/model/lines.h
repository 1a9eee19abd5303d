/* Lines in a few bytes each, as a file has them that goes through its functions from one end to the
 * other: how far they are from the line before, and what they cost.
 *
 *   run    function f, file g, 3 lines, the first at 0x400 in line 16
 *   bytes  | sizes 0 0 412 7 | sizes +4 +1 12 0 | sizes +4 -1 90000 3 |
 *
 * A profile keeps them so where the caller of p2a_load allows it, at a sixth of the memory, until
 * somebody asks for rows. Only whole numbers that add up to no more than 2^53, and lines that are
 * all different. */
#ifndef P2A_MODEL_LINES_H
#define P2A_MODEL_LINES_H

#include <string.h>

#include "prof2any/format.h"

struct p2a_line_place {
    uint64_t address, line;
};

/* Lines of a function in a file, one behind the other. */
struct p2a_line_run {
    p2a_id function, file;
    uint32_t n;
    uint32_t at; /* in bytes */
    struct p2a_line_place first, last;
};

/* Arrays are malloc'ed. */
struct p2a_packed_lines {
    uint32_t n; /* lines */
    uint32_t columns;
    bool addresses; /* some have one */
    uint32_t run_n, run_room, sum_room, byte_n, byte_room;
    struct p2a_line_run *run; /* in the order of the rows that they stand for */
    uint64_t *sum;            /* [run * columns + column]: of its lines */
    unsigned char *bytes;
};

/* ---- the bytes ---- */

/* Values of a line: the steps that lead to it, and a cost a column. */
enum { P2A_LINE_STEPS = 2, P2A_PACKED_COLUMNS = 16 /* at most */ };
/* No more bytes than these for N values; reading looks as far, too. */
#define P2A_PACKED_MOST(n) ((n) / 4 + 1 + 8 * ((size_t)(n) + 1))

/* Negative ones are odd, so that short steps have few bytes either way. */
static inline uint64_t p2a_step(uint64_t from, uint64_t to)
{
    uint64_t step = to - from;
    return step << 1 ^ (0 - (step >> 63));
}

static inline uint64_t p2a_step_on(uint64_t from, uint64_t step)
{
    return from + (step >> 1 ^ (0 - (step & 1)));
}

static inline uint64_t p2a_low_first(uint64_t word)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

/* Of four values each the sizes, 1, 2, 4 or 8 bytes by two bits, and then the values. */
static inline unsigned char *p2a_pack_values(unsigned char *at, const uint64_t *value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 4) {
        unsigned char *sizes = at++;
        unsigned all = 0;
        for (uint32_t k = 0; k < 4 && i + k < n; k++) {
            uint64_t v = value[i + k], word = p2a_low_first(v);
            unsigned size = (unsigned)((v > UINT8_MAX) + (v > UINT16_MAX) + (v > UINT32_MAX));
            memcpy(at, &word, sizeof word);
            at += 1U << size;
            all |= size << 2 * k;
        }
        *sizes = (unsigned char)all;
    }
    return at;
}

static inline const unsigned char *p2a_unpack_values(const unsigned char *at, uint64_t *value,
                                                     uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 4) {
        unsigned sizes = *at++;
        for (uint32_t k = 0; k < 4 && i + k < n; k++, sizes >>= 2) {
            unsigned bytes = 1U << (sizes & 3);
            memcpy(&value[i + k], at, sizeof *value);
            value[i + k] = p2a_low_first(value[i + k]) & UINT64_MAX >> (64 - 8 * bytes);
            at += bytes;
        }
    }
    return at;
}

/* The next line from AT on: PLACE, where the one before was, becomes its own. VALUE has room for
 * its steps, and for its costs behind them. */
static inline const unsigned char *p2a_next_packed(const unsigned char *at, uint32_t columns,
                                                   struct p2a_line_place *place, uint64_t *value)
{
    at = p2a_unpack_values(at, value, P2A_LINE_STEPS + columns);
    place->address = p2a_step_on(place->address, value[0]); /* NOLINT: there are two at least */
    place->line = p2a_step_on(place->line, value[1]);
    return at;
}

/* ---- those of a profile ---- */

/* n 0 where it has none. */
const struct p2a_packed_lines *p2a_packed_of(const struct p2a_profile *p);

/* Whether lines that nobody has added yet may be added as bytes, with so many columns. */
bool p2a_packs_lines(const struct p2a_profile *p, uint32_t columns);
struct p2a_new_lines {
    struct p2a_line_run run;    /* but for `at` */
    const unsigned char *bytes; /* the first line's steps are none */
    size_t byte_n;
    const uint64_t *sum; /* by column */
    uint32_t columns;
    bool addresses;
};
/* False after an error. */
bool p2a_pack_lines(struct p2a_profile *p, const struct p2a_new_lines *lines);

/* Puts rows in the place of packed lines, if there are any. False: no memory. */
bool p2a_unpack_lines(struct p2a_profile *p);
/* The rows alone, as those of a profile that borrows all else from P; p2a_return_lines frees them.
 * False: no memory. */
bool p2a_lend_lines(const struct p2a_profile *p, struct p2a_profile *lent);
void p2a_return_lines(struct p2a_profile *lent);

void p2a_free_packed(struct p2a_packed_lines *packed);

#endif
