/* Marshal streams put together by hand: pieces with the usual escapes, integers little-endian. */
#ifndef P2A_TESTS_PSTATS_BYTES_H
#define P2A_TESTS_PSTATS_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prof2any/format.h"

#define BYTES(literal) ((struct p2a_str){literal, sizeof(literal) - 1})

/* The stream's COUNT copies of PIECE behind HEAD; free .at. */
static inline struct p2a_str repeated(struct p2a_str head, struct p2a_str piece, size_t count,
                                      struct p2a_str tail)
{
    struct p2a_str all = {NULL, head.n + piece.n * count + tail.n};
    char *at = malloc(all.n), *end = at;
    assert_non_null(at);
    all.at = at;
    end = (char *)memcpy(end, head.at, head.n) + head.n;
    for (size_t i = 0; i < count; i++)
        end = (char *)memcpy(end, piece.at, piece.n) + piece.n;
    memcpy(end, tail.at, tail.n);
    return all;
}

#endif
