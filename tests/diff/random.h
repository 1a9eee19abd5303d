/* Profiles made by chance, the same ones from the same seed: trees of functions that call one
 * another and themselves, with lines, calls and two metrics. */
#ifndef TEST_DIFF_RANDOM_H
#define TEST_DIFF_RANDOM_H

#include <math.h>

#include "model/compare.h"
#include "unit/make.h"

static uint64_t random_state;

/* xorshift64* */
static inline uint32_t random_below(uint32_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

/* FUNCTIONS names in three files; the same name has its line. */
static inline p2a_id random_function(struct p2a_profile *p, uint32_t functions)
{
    char name[16], file[16];
    uint32_t i = random_below(functions);
    snprintf(name, sizeof name, "f%u", i);
    snprintf(file, sizeof file, "m%u.py", i % 3);
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .line = 10 * i + 1,
                             .kind = P2A_PYTHON};
    return p2a_function(p, &f);
}

/* Values are multiples of a quarter: sums of them are exact in any order, unless THIRDS. */
static inline struct p2a_profile *random_tree(uint64_t seed, uint32_t contexts, bool thirds)
{
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "time", "seconds", 1);
    p2a_metric(p, "memory", "bytes", 1);
    for (uint32_t i = 0; i < contexts; i++) {
        uint32_t above = p->contexts.n ? random_below(p->contexts.n + 1) : 0;
        p2a_id parent = above < p->contexts.n ? above : P2A_NONE;
        p2a_id context = p2a_context(p, parent, random_function(p, 12), P2A_NONE);
        p2a_context_add(p, context, 0, random_below(400) / (thirds ? 3. : 4.));
        p2a_context_add(p, context, 1, random_below(1000));
        p2a_context_calls(p, context, random_below(5));
    }
    p2a_finish(p);
    p->recorded = p->facts;
    return p;
}

/* Its call graph alone. */
static inline struct p2a_profile *random_graph(uint64_t seed, uint32_t contexts, bool thirds)
{
    struct p2a_profile *p = random_tree(seed, contexts, thirds);
    assert_int_equal(p2a_derive(p, NULL), P2A_OK);
    p2a_drop_contexts(p);
    p->recorded = p->facts;
    return p;
}

static inline bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1, fmax(fabs(a), fabs(b)));
}

static inline struct p2a_profile *diff_of(struct p2a_profile *const *before, size_t before_n,
                                          struct p2a_profile *const *after, size_t after_n)
{
    struct p2a_comparison c = {
        .before = before, .before_n = before_n, .after = after, .after_n = after_n};
    struct p2a_profile *result;
    struct p2a_error error;
    assert_int_equal(p2a_diff(&c, &result, &error), P2A_OK);
    assert_int_equal(p2a_check(result, &error), P2A_OK);
    assert_int_equal(result->columns, 2 * result->metrics.n);
    return result;
}

/* The graphs of two runs of one program, of which the second was begun by "exec". */
static inline void make_apart(struct p2a_profile *side[2])
{
    side[0] = make_tree((const char *[]){"run 1", "run;work 80", "run;load 3", "run;load;parse 6",
                                         "run;load;parse;read 2", NULL});
    side[1] = make_tree((const char *[]){"exec 1", "exec;run 2", "exec;run;work 90",
                                         "exec;run;load 4", "exec;run;load;parse 5", NULL});
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(p2a_derive(side[i], NULL), P2A_OK);
        p2a_drop_contexts(side[i]);
        side[i]->recorded = side[i]->facts;
    }
}

#endif
