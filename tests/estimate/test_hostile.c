/* Graphs that no profiler writes, and some that profilers do write: the estimate ends, and what it
 * was given is all there. */
#include "graphs.h"

static void set_arc(struct p2a_profile *p, p2a_id caller, p2a_id callee, uint64_t calls,
                    uint64_t primitive, double self, double total)
{
    p2a_id a = p2a_arc(p, caller, callee);
    assert_true(a != P2A_NONE);
    p->graph.arc[a].calls = calls;
    p->graph.arc[a].primitive = primitive;
    p->graph.arc[a].has = P2A_HAS_ALL;
    p->graph.arc_self[a] = self;
    p->graph.arc_total[a] = total;
}

static void set_node(struct p2a_profile *p, p2a_id f, uint64_t calls, double self, double total)
{
    struct p2a_node *node = p2a_node(p, f);
    node->calls = node->primitive = calls;
    node->has = P2A_HAS_ALL;
    *p2a_node_self(p, f) = self;
    *p2a_node_total(p, f) = total;
}

static struct p2a_profile *functions(uint32_t n)
{
    struct p2a_profile *p = p2a_profile_new(0);
    char name[16];
    p2a_metric(p, "time", "seconds", 1);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "f%u", i);
        set_node(p, make_function(p, name), 0, 0, 0);
    }
    return p;
}

static void check_both(struct p2a_profile *p)
{
    p2a_finish(p);
    estimate(p, false);
    assert_conserved(p);
    estimate(p, true);
    assert_whole_is_kept(p);
    p2a_free(p);
}

static double odd_value(uint64_t *seed)
{
    const double odd[] = {NAN, INFINITY, -INFINITY, -1, 0, 1e300, 1e-320, 1e99, 5e-324, 1};
    return draw(seed, 3) ? draw(seed, 1000) / 7.0 : odd[draw(seed, 10)];
}

static void values_without_sense_end_in_an_estimate(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 200; round++) {
        uint32_t n = 2 + draw(&seed, 12);
        struct p2a_profile *p = functions(n);
        for (uint32_t i = 0; i < n; i++)
            set_node(p, i, draw(&seed, 5), odd_value(&seed), odd_value(&seed));
        for (uint32_t i = draw(&seed, 40); i-- > 0;) {
            uint32_t caller = draw(&seed, n), callee = draw(&seed, n);
            uint64_t calls = draw(&seed, 4) ? draw(&seed, 100) : UINT64_MAX;
            set_arc(p, caller, callee, calls, draw(&seed, 50), odd_value(&seed), odd_value(&seed));
            p->graph.arc[p2a_arc_find(p, caller, callee)].has = draw(&seed, 32);
            p->graph.node[caller].has = draw(&seed, 32);
        }
        check_both(p);
    }
}

static void a_row_that_another_overwrote_keeps_its_own_self(void **state)
{
    (void)state;
    struct p2a_profile *p = functions(3);
    set_node(p, 0, 1, 1, 11);
    set_node(p, 1, 1, 2, 3); /* its arcs say 9 */
    set_node(p, 2, 5, 1, 1);
    set_arc(p, 0, 1, 6, 6, 9, 10);
    set_arc(p, 1, 2, 5, 5, 1, 1);
    check_both(p);
}

static void callers_without_figures_are_shared_by_calls(void **state)
{
    (void)state;
    struct p2a_profile *p = functions(4);
    set_node(p, 0, 1, 0, 8);
    set_node(p, 1, 1, 0, 2);
    set_node(p, 2, 1, 0, 6);
    set_node(p, 3, 4, 8, 8);
    set_arc(p, 0, 1, 1, 0, 0, 0);
    set_arc(p, 0, 2, 1, 0, 0, 0);
    set_arc(p, 1, 3, 1, 0, 0, 0);
    set_arc(p, 2, 3, 3, 0, 0, 0);
    for (p2a_id a = 0; a < p->graph.arc_n; a++)
        p->graph.arc[a].has = P2A_HAS_ROW | P2A_HAS_CALLS;
    p2a_finish(p);
    estimate(p, false);
    assert_conserved(p);
    char *text = folded_of(p);
    assert_string_equal(text, "f0;f2;f3 6\nf0;f1;f3 2\n");
    free(text);
    p2a_free(p);
}

static void a_caller_that_is_a_name_only_is_a_root(void **state)
{
    (void)state;
    struct p2a_profile *p = functions(2);
    p->graph.node[0] = (struct p2a_node){0};
    set_node(p, 1, 1, 5, 5);
    set_arc(p, 0, 1, 1, 1, 5, 5);
    p2a_finish(p);
    estimate(p, false);
    char *text = folded_of(p);
    assert_string_equal(text, "f0;f1 5\n");
    free(text);
    p2a_free(p);
}

static void counts_that_are_absent_leave_shares_of_time(void **state)
{
    (void)state;
    struct p2a_profile *p =
        graph_of((const char *[]){"main;a;f 6", "main;b;f 2", "main;b;f;g 4", "main;b;b 1", NULL});
    for (p2a_id a = 0; a < p->graph.arc_n; a++)
        p->graph.arc[a].has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    for (p2a_id f = 0; f < p->graph.node_n; f++)
        p->graph.node[f].has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    estimate(p, false);
    assert_true(root_total(p, find_function(p, "main")) == 13);
    assert_conserved(p);
    p2a_free(p);
}

static void a_circle_without_an_end_comes_to_one(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct p2a_profile *p = functions(N);
    for (uint32_t i = 0; i < N; i++) {
        set_node(p, i, 1, i == N / 2, 1);
        set_arc(p, i, (i + 1) % N, 1000000, 1, 0, 1e90);
        set_arc(p, i, i, UINT64_MAX, 1, 0, 1e90);
    }
    check_both(p);
}

static void everyone_calling_everyone_comes_to_an_end(void **state)
{
    (void)state;
    enum { N = 100 };
    struct p2a_profile *p = functions(N);
    uint64_t seed = 3;
    for (uint32_t i = 0; i < N; i++)
        set_node(p, i, 10 * N, 1, 1 + draw(&seed, N));
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t j = 0; j < N; j++)
            set_arc(p, i, j, 10, 1 + draw(&seed, 9), 1.0 / N, draw(&seed, 100));
    check_both(p);
}

static void a_chain_of_calls_without_end_is_cut_and_says_so(void **state)
{
    (void)state;
    enum { N = 200000 };
    struct p2a_profile *p = functions(N);
    for (uint32_t i = 0; i < N; i++) {
        set_node(p, i, 1, 1, N - i);
        if (i)
            set_arc(p, i - 1, i, 1, 1, 1, N - i);
    }
    p2a_finish(p);
    estimate(p, false);
    assert_conserved(p);
    bool said = false;
    for (size_t i = 0; i < p2a_note_count(p); i++)
        said |= strstr(p2a_note_at(p, i), "cut short") != NULL;
    assert_true(said);
    p2a_free(p);
}

static p2a_id root_of(const struct p2a_profile *p, p2a_id context)
{
    while (p->contexts.row[context].parent != P2A_NONE)
        context = p->contexts.row[context].parent;
    return p->contexts.row[context].function;
}

/* ROOTS functions of 1, 2, 3 … seconds, all of it at the end of one chain. */
static struct p2a_profile *roots_with_a_chain(uint32_t roots, uint32_t chain)
{
    struct p2a_profile *p = functions(roots + chain);
    double sum = roots * (roots + 1) * 0.5;
    for (uint32_t i = 0; i < roots; i++) {
        set_node(p, i, 1, 0, i + 1);
        set_arc(p, i, roots, 1, 1, 0, i + 1);
    }
    for (uint32_t i = roots; i < roots + chain; i++) {
        bool last = i == roots + chain - 1;
        set_node(p, i, roots, last ? sum : 0, sum);
        if (!last)
            set_arc(p, i, i + 1, roots, roots, i + 2 == roots + chain ? sum : 0, sum);
    }
    p2a_finish(p);
    return p;
}

/* 121 million frames: the largest stacks are there as far as the bound goes, not all cut below. */
static void of_more_stacks_than_anybody_can_use_the_largest_are_kept(void **state)
{
    (void)state;
    enum { ROOTS = 300, CHAIN = 900 };
    struct p2a_profile *p = roots_with_a_chain(ROOTS, CHAIN);
    estimate(p, false);
    assert_conserved(p);
    uint32_t whole = 0, lowest = ROOTS;
    for (p2a_id i = 0; i < p->contexts.n; i++) {
        if (p->contexts.row[i].function != ROOTS + CHAIN - 1 || root_of(p, i) >= ROOTS)
            continue;
        whole++;
        lowest = root_of(p, i) < lowest ? root_of(p, i) : lowest;
    }
    assert_in_range(whole, 100, 150);
    assert_int_equal(lowest, ROOTS - whole);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_without_sense_end_in_an_estimate),
        cmocka_unit_test(a_row_that_another_overwrote_keeps_its_own_self),
        cmocka_unit_test(callers_without_figures_are_shared_by_calls),
        cmocka_unit_test(a_caller_that_is_a_name_only_is_a_root),
        cmocka_unit_test(counts_that_are_absent_leave_shares_of_time),
        cmocka_unit_test(a_circle_without_an_end_comes_to_one),
        cmocka_unit_test(everyone_calling_everyone_comes_to_an_end),
        cmocka_unit_test(a_chain_of_calls_without_end_is_cut_and_says_so),
        cmocka_unit_test(of_more_stacks_than_anybody_can_use_the_largest_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
