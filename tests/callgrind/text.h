/* Callgrind text in memory, and back. */
#ifndef P2A_TESTS_CALLGRIND_TEXT_H
#define P2A_TESTS_CALLGRIND_TEXT_H

#include "model/core.h"
#include "unit/make.h"

static inline enum p2a_status load_text(struct p2a_str text, struct p2a_profile **p,
                                        struct p2a_error *error)
{
    const struct p2a_load_options options = {.format = "callgrind"};
    return p2a_load_memory(text.at, text.n, "test", &options, p, error);
}

static inline void same_values(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(a[i] == b[i]);
}

/* Without its lines TEXT is the same graph, of the same facts. */
static inline void same_without_lines(struct p2a_str text, const struct p2a_profile *whole)
{
    const struct p2a_load_options options = {.format = "callgrind", .no_lines = true};
    const struct p2a_graph *g = &whole->graph;
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(text.at, text.n, "test", &options, &p, &error), P2A_OK);
    assert_true(p->facts == whole->facts && p->recorded == whole->recorded);
    assert_true(!p->graph.line_n && !p->graph.site_n);
    assert_true(p->columns == whole->columns && p->graph.node_n == g->node_n);
    assert_true(p->graph.order_n == g->order_n && p->graph.arc_n == g->arc_n);
    for (uint32_t i = 0; i < g->node_n; i++)
        assert_memory_equal(&p->graph.node[i], &g->node[i], sizeof *g->node);
    for (uint32_t i = 0; i < g->order_n; i++)
        assert_int_equal(p->graph.order[i], g->order[i]);
    for (uint32_t i = 0; i < g->arc_n; i++)
        assert_memory_equal(&p->graph.arc[i], &g->arc[i], sizeof *g->arc);
    same_values(p->graph.self, g->self, (size_t)g->node_n * p->columns);
    same_values(p->graph.total, g->total, (size_t)g->node_n * p->columns);
    same_values(p->graph.arc_total, g->arc_total, (size_t)g->arc_n * p->columns);
    assert_int_equal(p2a_note_count(p), p2a_note_count(whole));
    for (size_t i = 0; i < p2a_note_count(p); i++)
        assert_string_equal(p2a_note_at(p, i), p2a_note_at(whole, i));
    p2a_free(p);
}

static inline void same_written(struct p2a_profile *a, struct p2a_profile *b, const char *format)
{
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    void *bytes[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    enum p2a_status status = p2a_save_memory(a, &options, &bytes[0], &n[0], &error);
    assert_int_equal(p2a_save_memory(b, &options, &bytes[1], &n[1], &error), status);
    assert_int_equal(n[0], n[1]);
    assert_true(!n[0] || memcmp(bytes[0], bytes[1], n[0]) == 0);
    free(bytes[0]);
    free(bytes[1]);
}

/* Where TEXT's lines may be packed they are the same lines, and what is written is the same.
 * Returns how many were. */
static inline uint32_t same_packed(struct p2a_str text, struct p2a_profile *whole)
{
    const struct p2a_load_options options = {.format = "callgrind", .lazy = true};
    const struct p2a_graph *g = &whole->graph;
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(text.at, text.n, "test", &options, &p, &error), P2A_OK);
    assert_true(p->facts == whole->facts && p->recorded == whole->recorded);
    uint32_t packed = p2a_packed_of(p)->n;
    assert_true(packed == 0 || (packed == g->line_n && p->graph.line_n == 0));
    same_written(p, whole, "callgrind");
    assert_int_equal(p2a_packed_of(p)->n, packed);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_int_equal(p2a_packed_of(p)->n, 0);
    assert_int_equal(p->graph.line_n, g->line_n);
    for (uint32_t i = 0; i < g->line_n; i++)
        assert_memory_equal(&p->graph.line[i], &g->line[i], sizeof *g->line);
    same_values(p->graph.line_self, g->line_self, (size_t)g->line_n * p->columns);
    same_written(p, whole, "json");
    p2a_free(p);
    return packed;
}

/* The profile in TEXT, which has to be one. */
static inline struct p2a_profile *profile_in(const char *text)
{
    struct p2a_profile *p;
    struct p2a_error error;
    if (load_text(p2a_str_of(text), &p, &error) != P2A_OK)
        fail_msg("line %llu: %s", (unsigned long long)error.place, error.message);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    same_without_lines(p2a_str_of(text), p);
    same_packed(p2a_str_of(text), p);
    return p;
}

/* TEXT is bad input: at LINE, and WORDS are in the message. */
static inline void is_bad(const char *text, uint64_t line, const char *words)
{
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(load_text(p2a_str_of(text), &p, &error), P2A_INPUT);
    assert_int_equal(error.place_kind, P2A_AT_LINE);
    assert_int_equal(error.place, line);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" isn't in \"%s\"", words, error.message);
}

/* What is written of P; the caller frees it. */
static inline char *text_of(struct p2a_profile *p)
{
    const struct p2a_save_options options = {.format = "callgrind"};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_int_equal(p2a_save_memory(p, &options, &bytes, &n, &error), P2A_OK);
    char *text = realloc(bytes, n + 1);
    assert_non_null(text);
    text[n] = '\0';
    return text;
}

static inline void has(const char *text, const char *piece)
{
    if (!strstr(text, piece))
        fail_msg("no\n%s\nin\n%s", piece, text);
}

static inline bool noted(const struct p2a_profile *p, const char *words)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), words))
            return true;
    return false;
}

static inline double arc_total(const struct p2a_profile *p, const char *from, const char *to)
{
    return p->graph.arc_total[(size_t)arc_of(p, from, to) * p->columns];
}

#endif
