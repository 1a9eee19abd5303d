/* Recordings put together by hand: a header, then segments of cells. */
#ifndef TESTS_P2A_RECORDING_H
#define TESTS_P2A_RECORDING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/recording.h"
#include "prof2any/format.h"

enum { CELLS = 512 };

struct recording {
    struct p2a_rec_header *header; /* at the beginning of cell */
    unsigned char (*cell)[P2A_REC_CELL];
    uint64_t n;       /* cells in use */
    uint64_t segment; /* the one that is being filled */
    uint64_t text;    /* bytes in use of a segment of functions */
};

/* Nanoseconds; state: stopped. */
static inline struct recording new_recording(void)
{
    struct recording r = {.cell = calloc(CELLS, P2A_REC_CELL), .n = P2A_REC_FIRST};
    assert_non_null(r.cell);
    r.header = (struct p2a_rec_header *)(void *)r.cell;
    *r.header = (struct p2a_rec_header){.magic = P2A_REC_MAGIC,
                                        .order = P2A_REC_ORDER,
                                        .version = P2A_REC_VERSION,
                                        .cell = P2A_REC_CELL,
                                        .first = P2A_REC_FIRST,
                                        .state = P2A_REC_STOPPED,
                                        .mode = P2A_REC_MODE_FULL,
                                        .clock = P2A_REC_CLOCK_MONOTONIC,
                                        .cells = P2A_REC_FIRST,
                                        .max_contexts = 1000,
                                        .pid = 77};
    return r;
}

static inline void *put_cells(struct recording *r, uint64_t n)
{
    void *at = r->cell[r->n];
    r->n += n;
    assert_true(r->n <= CELLS);
    r->header->cells = r->n;
    if (r->segment)
        ((struct p2a_rec_segment *)(void *)r->cell[r->segment])->cells =
            (uint32_t)(r->n - r->segment);
    return at;
}

static inline void put_segment(struct recording *r, enum p2a_rec_kind kind)
{
    r->segment = 0;
    uint64_t at = r->n;
    struct p2a_rec_segment *s = put_cells(r, 1);
    *s = (struct p2a_rec_segment){.kind = kind, .cells = 1};
    r->segment = at;
    r->text = r->n * P2A_REC_CELL;
}

/* A function of module "m" in a.py. */
static inline struct p2a_rec_function *put_function(struct recording *r, uint32_t number,
                                                    enum p2a_rec_function_kind kind,
                                                    const char *name, uint32_t line)
{
    const char *rest = kind == P2A_REC_PYTHON ? "a.pym" : "~"; /* file, and module of one letter */
    size_t n = strlen(name), more = strlen(rest);
    uint32_t size = (uint32_t)(sizeof(struct p2a_rec_function) + n + more + 7) / 8 * 8;
    while (r->text + size > r->n * P2A_REC_CELL)
        put_cells(r, 1);
    unsigned char *at = (unsigned char *)r->cell + r->text;
    struct p2a_rec_function *f = (struct p2a_rec_function *)(void *)at;
    *f = (struct p2a_rec_function){.size = size,
                                   .number = number,
                                   .line = line,
                                   .kind = kind,
                                   .name = (uint16_t)n,
                                   .file = more == 5 ? 4 : 1,
                                   .module = more == 5};
    memcpy(at + sizeof *f, name, n);
    memcpy(at + sizeof *f + n, rest, more);
    r->text += size;
    return f;
}

/* PARENT is a cell; 0 for a root. Returns the node's cell. */
static inline uint64_t put_node(struct recording *r, uint64_t parent, uint32_t function,
                                uint64_t calls, uint64_t self)
{
    struct p2a_rec_node *n = put_cells(r, 1);
    *n = (struct p2a_rec_node){.function = function,
                               .up = parent ? (uint32_t)(r->n - 1 - parent) : 0,
                               .calls = calls,
                               .self = self};
    return r->n - 1;
}

static inline struct p2a_rec_thread *put_thread(struct recording *r, uint64_t tid, uint64_t root)
{
    int64_t here = (int64_t)r->n;
    struct p2a_rec_thread *t = put_cells(r, 2);
    *t = (struct p2a_rec_thread){.state = P2A_REC_ENDED,
                                 .root = ((int64_t)root - here) * P2A_REC_CELL,
                                 .at = ((int64_t)root - here) * P2A_REC_CELL,
                                 .tid = tid};
    return t;
}

static inline void put_fold(struct recording *r, uint32_t caller, uint32_t callee, uint64_t calls,
                            uint64_t primitive, uint64_t self, uint64_t total)
{
    struct p2a_rec_fold *f = put_cells(r, 1);
    *f = (struct p2a_rec_fold){.callee = callee,
                               .caller = caller,
                               .calls = calls,
                               .primitive = primitive,
                               .self = self,
                               .total = total};
}

static inline void free_recording(struct recording *r)
{
    free(r->cell);
}

/* The bytes are copied so that reading past their end is found by a sanitizer. */
static inline enum p2a_status load_bytes(const void *bytes, size_t n, struct p2a_profile **p,
                                         struct p2a_error *error)
{
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    enum p2a_status status =
        p2a_load_memory(copy, n, "x.p2a", &(struct p2a_load_options){.format = "p2a"}, p, error);
    free(copy);
    return status;
}

static inline struct p2a_profile *load(const struct recording *r)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char text[1200];
    if (load_bytes(r->cell, r->n * P2A_REC_CELL, &p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, text, sizeof text));
    if (p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, text, sizeof text));
    return p;
}

/* Refused at byte AT, with WORDS in the message. */
static inline void refuses(const struct recording *r, uint64_t at, const char *words)
{
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(load_bytes(r->cell, r->n * P2A_REC_CELL, &p, &error), P2A_INPUT);
    if (!strstr(error.message, words))
        fail_msg("'%s' doesn't say '%s'", error.message, words);
    assert_int_equal(error.place_kind, P2A_AT_BYTE);
    assert_int_equal(error.place, at);
}

static inline bool has_note(const struct p2a_profile *p, const char *words)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), words))
            return true;
    return false;
}

/* Folded stacks, with nanoseconds; the caller frees them. */
static inline char *folded(struct p2a_profile *p)
{
    struct p2a_save_options options = {.format = "folded"};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_int_equal(p2a_save_memory(p, &options, &bytes, &n, &error), P2A_OK);
    char *text = realloc(bytes, n + 1);
    assert_non_null(text);
    text[n] = '\0';
    return text;
}

static inline void shows(struct p2a_profile *p, const char *stacks)
{
    char *text = folded(p);
    assert_string_equal(text, stacks);
    free(text);
}

static inline p2a_id function_named(const struct p2a_profile *p, const char *name)
{
    for (uint32_t i = 0; i < p->functions.n; i++)
        if (p2a_str_is(p2a_string(p, p->functions.row[i].name), name))
            return i;
    fail_msg("no function %s", name);
    return P2A_NONE;
}

#endif
