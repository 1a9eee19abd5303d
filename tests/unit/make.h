/* Small profiles for tests: "main;f;g 3" lines as contexts, one call each. */
#ifndef TEST_MAKE_H
#define TEST_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/core.h"
#include "model/derive.h"

static inline p2a_id make_function(struct p2a_profile *p, const char *name)
{
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)), .kind = P2A_NATIVE};
    return p2a_function(p, &f);
}

static inline p2a_id find_function(const struct p2a_profile *p, const char *name)
{
    for (p2a_id f = 0; f < p->functions.n; f++)
        if (p2a_str_is(p2a_string(p, p->functions.row[f].name), name))
            return f;
    return P2A_NONE;
}

/* Each stack counts its self and one call of its last frame. */
static inline struct p2a_profile *make_tree(const char *const *stacks)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "samples", "count", 1);
    for (; *stacks; stacks++) {
        struct p2a_str rest = p2a_str_of(strrchr(*stacks, ' ') + 1), frame;
        double self;
        assert_true(p2a_str_double(rest, &self));
        rest = (struct p2a_str){*stacks, (size_t)(rest.at - *stacks) - 1};
        p2a_id context = P2A_NONE;
        while (rest.n) {
            p2a_str_cut(rest, ';', &frame, &rest);
            struct p2a_function f = {.name = p2a_intern(p, frame), .kind = P2A_NATIVE};
            context = p2a_context(p, context, p2a_function(p, &f), P2A_NONE);
        }
        p2a_context_add(p, context, 0, self);
        p2a_context_calls(p, context, 1);
    }
    p2a_finish(p);
    p->recorded = p->facts;
    return p;
}

static inline struct p2a_node node_of(const struct p2a_profile *p, const char *name)
{
    return p->graph.node[find_function(p, name)];
}
static inline double self_of(const struct p2a_profile *p, const char *name)
{
    return p->graph.self[(size_t)find_function(p, name) * p->columns];
}
static inline double total_of(const struct p2a_profile *p, const char *name)
{
    return p->graph.total[(size_t)find_function(p, name) * p->columns];
}
static inline p2a_id arc_of(const struct p2a_profile *p, const char *caller, const char *callee)
{
    return p2a_arc_find(p, find_function(p, caller), find_function(p, callee));
}

/* The contexts as folded text, in their order, zeros left out: "a;b 3\na 1\n". The caller frees. */
static inline char *folded_of(const struct p2a_profile *p)
{
    struct p2a_buffer text = {0};
    char number[40];
    p2a_buffer_add(&text, "", 0);
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        p2a_id path[64];
        int depth = 0;
        if (p->contexts.self[(size_t)i * p->columns] == 0)
            continue;
        for (p2a_id c = i; c != P2A_NONE; c = p->contexts.row[c].parent)
            path[depth++] = p->contexts.row[c].function;
        while (depth-- > 0) {
            struct p2a_str name = p2a_string(p, p->functions.row[path[depth]].name);
            p2a_buffer_add(&text, name.at, name.n);
            p2a_buffer_add(&text, depth ? ";" : " ", 1);
        }
        int n = snprintf(number, sizeof number, "%g\n", p->contexts.self[(size_t)i * p->columns]);
        p2a_buffer_add(&text, number, (size_t)n);
    }
    return text.at;
}

#endif
