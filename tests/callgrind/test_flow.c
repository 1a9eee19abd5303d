/* The equations of src/model/flow.c: totals from arcs, and arc costs that conserve what flows. */
#include "unit/make.h"

#include <math.h>

#include "model/flow.h"

static struct p2a_profile *graph(const char *const *selfs)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "samples", "count", 1);
    for (; *selfs; selfs++) {
        char name[2] = {(*selfs)[0], '\0'};
        p2a_id f = make_function(p, name);
        p2a_node(p, f)->has |= P2A_HAS_SELF;
        *p2a_node_self(p, f) = atof(*selfs + 1);
    }
    return p;
}

/* "ab 3" is a's calls of b with inclusive cost 3; "ab ? 4" are 4 calls whose cost isn't known. */
static void arcs(struct p2a_profile *p, const char *const *text)
{
    for (; *text; text++) {
        char caller[2] = {(*text)[0], '\0'}, callee[2] = {(*text)[1], '\0'};
        p2a_id arc = p2a_arc(p, find_function(p, caller), find_function(p, callee));
        if ((*text)[3] == '?') {
            p->graph.arc[arc].calls = (uint64_t)atoi(*text + 5);
            p->graph.arc[arc].has = P2A_HAS_ROW | P2A_HAS_CALLS;
        } else {
            p->graph.arc_total[arc] = atof(*text + 3);
            p->graph.arc[arc].has = P2A_HAS_ROW | P2A_HAS_TOTAL;
        }
    }
}

static struct p2a_profile *totals(const char *const *selfs, const char *const *text)
{
    struct p2a_profile *p = graph(selfs);
    arcs(p, text);
    p2a_totals_from_arcs(p);
    return p;
}

struct run {
    struct p2a_profile *p;
    struct p2a_flow flow;
};

static struct p2a_flow begun(const struct p2a_profile *p)
{
    struct p2a_flow flow = {0};
    assert_true(p2a_flow_downwards(p, &flow) && p2a_flow_upwards(p, &flow));
    return flow;
}

static struct run flow(const char *const *selfs, const char *const *text)
{
    struct run r = {.p = graph(selfs)};
    uint64_t self[26];
    arcs(r.p, text);
    for (uint32_t f = 0; f < r.p->functions.n; f++)
        self[f] = (uint64_t)r.p->graph.self[f];
    r.flow = begun(r.p);
    p2a_flow_column(r.p, &r.flow, 0, 1, self);
    return r;
}

static uint64_t cost(const struct run *r, const char *caller, const char *callee)
{
    return r->flow.arc[r->flow.place[arc_of(r->p, caller, callee)]];
}

static void end(struct run *r)
{
    p2a_flow_free(&r->flow);
    p2a_free(r->p);
}

/* ---- totals ---------------------------------------------------------------------------------- */

static void a_total_in_a_cycle_is_no_more_than_its_callers_have(void **state)
{
    (void)state;
    /* b and c call each other, and all of c's time is below b's one call. */
    struct p2a_profile *p = totals((const char *[]){"a 1", "b 2", "c 3", NULL},
                                   (const char *[]){"ab 5", "bc 3", "cb 4", NULL});
    assert_true(total_of(p, "a") == 6 && total_of(p, "b") == 5 && total_of(p, "c") == 3);
    assert_true(p2a_note_count(p) == 1 && strstr(p2a_note_at(p, 0), "totals of 2 functions"));
    p2a_free(p);
    /* Nobody calls the cycle: where it begins isn't known. */
    p = totals((const char *[]){"b 2", "c 3", NULL}, (const char *[]){"bc 3", "cb 4", NULL});
    assert_true(total_of(p, "b") == 5 && total_of(p, "c") == 5);
    p2a_free(p);
    /* It begins at b, which was called once more than c calls it. */
    p = graph((const char *[]){"b 2", "c 3", NULL});
    arcs(p, (const char *[]){"bc 3", "cb 4", NULL});
    p->graph.node[find_function(p, "b")].calls = 1;
    p2a_totals_from_arcs(p);
    assert_true(total_of(p, "b") == 5 && total_of(p, "c") == 3);
    p2a_free(p);
    /* What a call cost isn't said. */
    p = totals((const char *[]){"a 1", "b 2", "c 3", NULL},
               (const char *[]){"ab 5", "bc ? 1", "cb 4", NULL});
    assert_true(total_of(p, "c") == 5);
    p2a_free(p);
}

static void a_total_is_self_and_what_the_calls_cost(void **state)
{
    (void)state;
    struct p2a_profile *p = totals((const char *[]){"a 1", "b 2", "c 4", NULL},
                                   (const char *[]){"ab 5", "ac 1", "bc 3", NULL});
    assert_true(total_of(p, "a") == 7 && total_of(p, "b") == 5 && total_of(p, "c") == 4);
    assert_true(node_of(p, "a").has & P2A_HAS_TOTAL);
    assert_int_equal(p->estimated, 0);
    p2a_free(p);
}

static void calls_to_itself_add_nothing_to_a_total(void **state)
{
    (void)state;
    struct p2a_profile *p =
        totals((const char *[]){"a 1", "b 2", NULL}, (const char *[]){"ab 2", "bb 90", NULL});
    assert_true(total_of(p, "b") == 2 && total_of(p, "a") == 3);
    assert_int_equal(p->estimated, 0);
    p2a_free(p);
}

static void in_a_cycle_a_total_is_an_estimate_within_the_whole_cycle(void **state)
{
    (void)state;
    struct p2a_profile *p = totals((const char *[]){"a 1", "b 2", "c 4", "d 8", NULL},
                                   (const char *[]){"ab 14", "bc 90", "cb 3", "cd 8", NULL});
    assert_true(total_of(p, "b") == 14);
    assert_true(total_of(p, "c") == 14);
    assert_true(total_of(p, "a") == 15 && total_of(p, "d") == 8);
    assert_int_equal(p->estimated, P2A_GRAPH);
    p2a_free(p);
}

/* ---- flow ------------------------------------------------------------------------------------ */

static void a_consistent_profile_stays_as_it_is(void **state)
{
    (void)state;
    struct run r = flow((const char *[]){"a 1", "b 2", "c 4", NULL},
                        (const char *[]){"ab 5", "ac 1", "bc 3", NULL});
    assert_int_equal(cost(&r, "a", "b"), 5);
    assert_int_equal(cost(&r, "a", "c"), 1);
    assert_int_equal(cost(&r, "b", "c"), 3);
    assert_int_equal(r.flow.cut + r.flow.recursive + r.flow.shared, 0);
    end(&r);
}

static void callers_never_get_more_than_their_callee_has(void **state)
{
    (void)state;
    struct run r = flow((const char *[]){"a 1", "b 1", "c 10", NULL},
                        (const char *[]){"ac 15", "bc 45", "ab 46", NULL});
    assert_int_equal(cost(&r, "a", "c"), 2);
    assert_int_equal(cost(&r, "b", "c"), 8);
    assert_int_equal(cost(&r, "a", "b"), 9);
    assert_int_equal(r.flow.cut, 3);
    end(&r);
}

static void an_arc_within_a_cycle_holds_the_cycle_at_most(void **state)
{
    (void)state;
    struct run r = flow((const char *[]){"a 1", "b 2", "c 3", NULL},
                        (const char *[]){"ab 5", "bc 50", "cb 4", "bb 60", NULL});
    assert_int_equal(cost(&r, "b", "c"), 5);
    assert_int_equal(cost(&r, "c", "b"), 4);
    assert_int_equal(cost(&r, "b", "b"), 5);
    assert_int_equal(cost(&r, "a", "b"), 5);
    assert_int_equal(r.flow.recursive, 2);
    end(&r);
}

static void arcs_without_a_total_share_their_callee_by_calls(void **state)
{
    (void)state;
    struct run r = flow((const char *[]){"a 1", "b 2", "c 40", NULL},
                        (const char *[]){"ac ? 1", "bc ? 3", "ab ? 9", NULL});
    assert_int_equal(cost(&r, "a", "c"), 10);
    assert_int_equal(cost(&r, "b", "c"), 30);
    assert_int_equal(cost(&r, "a", "b"), 32);
    assert_int_equal(r.flow.shared, 3);
    end(&r);
}

static void calls_that_no_arc_explains_keep_their_share(void **state)
{
    (void)state;
    struct run r = {.p = graph((const char *[]){"a 0", "c 40", NULL})};
    uint64_t self[] = {0, 40};
    arcs(r.p, (const char *[]){"ac ? 1", NULL});
    r.p->graph.node[find_function(r.p, "c")].calls = 4;
    r.flow = begun(r.p);
    p2a_flow_column(r.p, &r.flow, 0, 1, self);
    assert_int_equal(cost(&r, "a", "c"), 10);
    end(&r);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* Σ into a component <= inclusive(component) <= Σ self, for any numbers whatever. */
static void nothing_exceeds_the_whole_however_inconsistent(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 500; round++) {
        enum { N = 12 };
        struct p2a_profile *p = graph(
            (const char *[]){"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", NULL});
        uint64_t self[N], whole = 0, into[N] = {0};
        for (int i = 0; i < N; i++)
            whole += self[i] = next_random(&seed) % 1000;
        for (int i = 0; i < 30; i++) {
            p2a_id arc =
                p2a_arc(p, (p2a_id)(next_random(&seed) % N), (p2a_id)(next_random(&seed) % N));
            p->graph.arc[arc].has = next_random(&seed) % 4 ? P2A_HAS_TOTAL : P2A_HAS_CALLS;
            p->graph.arc[arc].calls = next_random(&seed) % 100;
            p->graph.arc_total[arc] = (double)(next_random(&seed) % 20000) / 4;
        }
        struct p2a_flow f = begun(p);
        p2a_flow_column(p, &f, 0, 1, self);
        for (uint32_t a = 0; a < p->graph.arc_n; a++) {
            uint32_t above = f.parts.of[p->graph.arc[a].caller];
            uint32_t below = f.parts.of[p->graph.arc[a].callee];
            const struct p2a_arc *arc = &p->graph.arc[a];
            const struct p2a_flow_call *call = &f.call[f.place[a]];
            assert_true(call->arc == a && call->callee == arc->callee);
            assert_true(call->calls == (arc->has & P2A_HAS_CALLS ? arc->calls : 0));
            assert_true(f.out[arc->caller] <= f.place[a] && f.place[a] < f.out[arc->caller + 1]);
            assert_true(f.arc[f.place[a]] <= f.inclusive[below].cost);
            into[below] += above == below ? 0 : f.arc[f.place[a]];
        }
        for (uint32_t k = 0; k < f.parts.n; k++)
            assert_true(into[k] <= f.inclusive[k].cost && f.inclusive[k].cost <= whole);
        p2a_flow_free(&f);
        p2a_free(p);
    }
}

/* ---- shares ---------------------------------------------------------------------------------- */

static void shares_sum_to_the_total_and_zeros_stay_zero(void **state)
{
    (void)state;
    uint64_t share[4];
    p2a_share(10, (uint64_t[]){1, 0, 1, 1}, 4, share);
    assert_int_equal(share[0] + share[2] + share[3], 10);
    assert_int_equal(share[1], 0);
    p2a_share(7, (uint64_t[]){3, 4}, 2, share);
    assert_true(share[0] == 3 && share[1] == 4);
    p2a_share(UINT64_MAX, (uint64_t[]){UINT64_MAX, UINT64_MAX, UINT64_MAX, 0}, 4, share);
    assert_true(share[0] / 2 + share[1] / 2 + share[2] / 2 >= UINT64_MAX / 2 - 3);
    assert_int_equal(share[3], 0);
    p2a_share(7, (uint64_t[]){0, 0}, 2, share);
    assert_int_equal(share[0] + share[1], 0);
}

static void a_number_is_rounded_to_what_64_bits_hold(void **state)
{
    (void)state;
    assert_int_equal(p2a_whole_number(0.5), 1);
    assert_int_equal(p2a_whole_number(-3), 0);
    assert_int_equal(p2a_whole_number(NAN), 0);
    assert_int_equal(p2a_whole_number(9007199254740993.0), 9007199254740992);
    assert_int_equal(p2a_whole_number(1e300), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_total_is_self_and_what_the_calls_cost),
        cmocka_unit_test(a_total_in_a_cycle_is_no_more_than_its_callers_have),
        cmocka_unit_test(calls_to_itself_add_nothing_to_a_total),
        cmocka_unit_test(in_a_cycle_a_total_is_an_estimate_within_the_whole_cycle),
        cmocka_unit_test(a_consistent_profile_stays_as_it_is),
        cmocka_unit_test(callers_never_get_more_than_their_callee_has),
        cmocka_unit_test(an_arc_within_a_cycle_holds_the_cycle_at_most),
        cmocka_unit_test(arcs_without_a_total_share_their_callee_by_calls),
        cmocka_unit_test(calls_that_no_arc_explains_keep_their_share),
        cmocka_unit_test(nothing_exceeds_the_whole_however_inconsistent),
        cmocka_unit_test(shares_sum_to_the_total_and_zeros_stay_zero),
        cmocka_unit_test(a_number_is_rounded_to_what_64_bits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
