/* What the targets share: how a broken promise ends, and what every error has to be. */
#ifndef FUZZ_H
#define FUZZ_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* libFuzzer keeps the input and says where its copy is. */
static inline void broken(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

/* One line, as it is printed, that isn't one of ours cut short. */
static inline void expect_sentence(const struct p2a_error *error)
{
    char text[1200];
    p2a_error_text(error, text, sizeof text);
    size_t n = strlen(text), cut = sizeof error->message - 1;
    bool stopped = n > 1 && n < cut && text[n - 1] == '.' && text[n - 2] != '.';
    if (!n || text[0] == ' ' || strpbrk(text, "\n\r\033") || stopped)
        broken("not a sentence", text);
}

/* Refused for what the input is, with a place in it or behind its last byte. SIZE 0: places are
 * those of something unpacked. */
static inline void expect_refusal(const struct p2a_error *error, size_t size)
{
    if (error->status != P2A_INPUT)
        broken("refused, but not as bad input", error->message);
    expect_sentence(error);
    if (size && error->place_kind == P2A_AT_BYTE && error->place > size)
        broken("a place behind the end", error->message);
    if (size && error->place_kind == P2A_AT_LINE && error->place > size + 1)
        broken("a line behind the end", error->message);
}

/* The same for the same input, and unlike for its neighbours: FNV-1a. */
static inline uint32_t turn_of(const uint8_t *bytes, size_t size)
{
    uint32_t turn = 2166136261u;
    for (size_t i = 0; i < size; i++)
        turn = (uint32_t)((turn ^ bytes[i]) * UINT64_C(16777619) & UINT32_MAX);
    return turn ^ turn >> 15;
}

#endif
