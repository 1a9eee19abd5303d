/* Comparisons keep what they are made of: a side adds up to the mean of its runs, in every column
 * and for every function, whichever way it is looked at. */
#include "model/estimate.h"
#include "random.h"

static struct p2a_profile *(*const make[])(uint64_t, uint32_t, bool) = {random_tree, random_graph};

static void assert_no_change(const double *values, size_t n, uint32_t metrics)
{
    for (size_t i = 0; values && i < n; i++)
        for (uint32_t m = 0; m < metrics; m++)
            assert_true(values[i * 2 * metrics + m] == values[i * 2 * metrics + metrics + m]);
}

static void nothing_has_changed_in_a_profile_and_itself(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct p2a_profile *p = make[kind](seed, (uint32_t)seed * 9, true),
                               *three[] = {p, p, p};
            for (size_t runs = 1; runs <= 3; runs += 2) {
                struct p2a_profile *d = diff_of(three, runs, three, runs);
                const struct p2a_graph *g = &d->graph;
                assert_int_equal(d->functions.n, p->functions.n);
                assert_no_change(d->contexts.self, d->contexts.n, 2);
                assert_no_change(g->self, g->node_n, 2);
                assert_no_change(g->total, g->node_n, 2);
                assert_no_change(g->arc_self, g->arc_n, 2);
                assert_no_change(g->arc_total, g->arc_n, 2);
                for (uint32_t i = 0; i < d->contexts.n; i++)
                    assert_int_equal(p2a_calls_of(&d->contexts, i), d->contexts.calls_before[i]);
                for (uint32_t i = 0; i < g->node_n; i++) {
                    assert_int_equal(g->node[i].calls, g->node_before[i].calls);
                    assert_int_equal(g->node[i].primitive, g->node_before[i].primitive);
                }
                for (uint32_t i = 0; i < g->arc_n; i++) {
                    assert_int_equal(g->arc[i].calls, g->arc_before[i].calls);
                    assert_int_equal(g->arc[i].primitive, g->arc_before[i].primitive);
                }
                p2a_free(d);
            }
            p2a_free(p);
        }
}

static double mean_whole(struct p2a_profile *const *runs, size_t n, uint32_t metric)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p2a_whole(runs[i], metric);
    return sum / (double)n;
}

/* The mean over RUNS of what the function of this name has in their graphs. */
static double mean_of(struct p2a_profile *const *runs, size_t n, const char *name, bool total)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (find_function(runs[i], name) != P2A_NONE)
            sum += total ? total_of(runs[i], name) : self_of(runs[i], name);
    }
    return sum / (double)n;
}

/* Of functions by name; of a tree its graph is made first. */
static void check_sides(struct p2a_profile *d, struct p2a_profile *const *before, size_t before_n,
                        struct p2a_profile *const *after, size_t after_n)
{
    for (uint32_t m = 0; m < 2; m++) {
        assert_true(is_close(p2a_whole(d, m), mean_whole(after, after_n, m)));
        assert_true(is_close(p2a_whole(d, 2 + m), mean_whole(before, before_n, m)));
    }
    if (!(d->facts & P2A_GRAPH))
        assert_int_equal(p2a_derive(d, NULL), P2A_OK);
    for (p2a_id f = 0; f < d->functions.n; f++) {
        const char *name = p2a_string(d, d->functions.row[f].name).at;
        const double *self = d->graph.self + (size_t)f * 4, *total = d->graph.total + (size_t)f * 4;
        assert_true(is_close(self[0], mean_of(after, after_n, name, false)));
        assert_true(is_close(self[2], mean_of(before, before_n, name, false)));
        assert_true(is_close(total[0], mean_of(after, after_n, name, true)));
        assert_true(is_close(total[2], mean_of(before, before_n, name, true)));
    }
}

static void each_side_is_the_mean_of_its_runs(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++)
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct p2a_profile *p[5];
            for (size_t i = 0; i < 5; i++)
                p[i] = make[kind](seed * 5 + i, 20 + (uint32_t)seed * 5, true);
            struct p2a_profile *d = diff_of(p, 2, p + 2, 3);
            for (size_t i = 0; i < 5; i++)
                if (!(p[i]->facts & P2A_GRAPH))
                    assert_int_equal(p2a_derive(p[i], NULL), P2A_OK);
            assert_int_equal(d->contexts.n > 0, kind == 0);
            check_sides(d, p, 2, p + 2, 3);
            p2a_free(d);
            for (size_t i = 0; i < 5; i++)
                p2a_free(p[i]);
        }
}

static void a_tree_and_a_graph_are_compared_as_graphs(void **state)
{
    (void)state;
    struct p2a_profile *tree = random_tree(1, 60, true), *graph = random_graph(2, 60, true);
    struct p2a_profile *d = diff_of(&graph, 1, &tree, 1);
    assert_int_equal(d->contexts.n, 0);
    assert_int_equal(p2a_derive(tree, NULL), P2A_OK);
    check_sides(d, &graph, 1, &tree, 1);
    p2a_free(d);
    p2a_free(tree);
    p2a_free(graph);
}

static void an_estimate_of_both_sides_keeps_the_self_of_both(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct p2a_profile *a = random_graph(seed, 80, false),
                           *b = random_graph(seed + 99, 80, false);
        struct p2a_profile *d = diff_of(&a, 1, &b, 1);
        assert_int_equal(p2a_estimate(d, false, NULL), P2A_OK);
        double *sum = calloc((size_t)d->functions.n * 4, sizeof *sum);
        for (uint32_t i = 0; i < d->contexts.n; i++)
            for (uint32_t c = 0; c < 4; c++)
                sum[(size_t)d->contexts.row[i].function * 4 + c] += d->contexts.self[i * 4 + c];
        for (size_t i = 0; i < (size_t)d->graph.node_n * 4; i++)
            assert_true(is_close(sum[i], d->graph.self[i]));
        free(sum);
        p2a_free(d);
        p2a_free(a);
        p2a_free(b);
    }
}

/* Both sides are estimated together, and yet each keeps to the paths that it has. */
static void an_estimate_puts_nothing_where_a_side_has_no_calls(void **state)
{
    (void)state;
    struct p2a_profile *a = make_tree((const char *[]){"main;old;f;g 30", "main;old;f 7", NULL});
    struct p2a_profile *b = make_tree((const char *[]){"main;new;f;g 50", "main;new;f 9", NULL});
    struct p2a_profile *side[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(p2a_derive(side[i], NULL), P2A_OK);
        p2a_drop_contexts(side[i]);
    }
    struct p2a_profile *d = diff_of(&a, 1, &b, 1);
    assert_int_equal(p2a_estimate(d, true, NULL), P2A_OK);
    p2a_id old = find_function(d, "old"), new = find_function(d, "new");
    double found[2][2] = {{0}};
    for (uint32_t i = 0; i < d->contexts.n; i++)
        for (p2a_id c = i; c != P2A_NONE; c = d->contexts.row[c].parent)
            for (uint32_t s = 0; s < 2; s++) {
                p2a_id function = d->contexts.row[c].function;
                found[0][s] += function == old ? d->contexts.self[i * 2 + s] : 0;
                found[1][s] += function == new ? d->contexts.self[i * 2 + s] : 0;
            }
    assert_true(found[0][0] == 0 && found[0][1] == 37);
    assert_true(found[1][0] == 59 && found[1][1] == 0);
    p2a_free(d);
    p2a_free(a);
    p2a_free(b);
}

/* What ALONE has on the path to context C of P, whose functions have other numbers. */
static double value_on_path(const struct p2a_profile *p, p2a_id c, const struct p2a_profile *alone)
{
    p2a_id path[16], at = P2A_NONE;
    uint32_t depth = 0;
    for (; c != P2A_NONE; c = p->contexts.row[c].parent)
        path[depth++] = p->contexts.row[c].function;
    while (depth) {
        struct p2a_str name = p2a_string(p, p->functions.row[path[--depth]].name);
        p2a_id function = find_function(alone, name.at), k = 0;
        while (k < alone->contexts.n &&
               (alone->contexts.row[k].parent != at || alone->contexts.row[k].function != function))
            k++;
        if (k == alone->contexts.n)
            return 0;
        at = k;
    }
    return alone->contexts.self[at];
}

static void sides_that_begin_apart_are_estimated_by_themselves(void **state)
{
    (void)state;
    struct p2a_profile *side[2];
    make_apart(side);
    for (unsigned before = 0; before < 2; before++) {
        struct p2a_profile *d = diff_of(&side[before], 1, &side[!before], 1);
        assert_int_equal(p2a_estimate(d, false, NULL), P2A_OK);
        assert_non_null(strstr(p2a_note_at(d, 0), "begin at run"));
        for (unsigned s = 0; s < 2; s++) {
            struct p2a_profile *alone = p2a_copy(side[s ? before : !before], NULL);
            double sum = 0;
            assert_int_equal(p2a_estimate(alone, false, NULL), P2A_OK);
            for (uint32_t i = 0; i < d->contexts.n; i++) {
                assert_true(d->contexts.self[i * 2 + s] == value_on_path(d, i, alone));
                sum += d->contexts.self[i * 2 + s];
            }
            assert_true(sum == p2a_whole(alone, 0));
            p2a_free(alone);
        }
        p2a_free(d);
    }
    p2a_free(side[0]);
    p2a_free(side[1]);
}

/* Too little to be estimated apart, f is called by main before, and by nobody after. */
static void a_root_of_one_side_has_nothing_of_the_other(void **state)
{
    (void)state;
    struct p2a_profile *side[2] = {
        make_tree((const char *[]){"main 50000", "main;f 200", "main;f;g 100", NULL}),
        make_tree((const char *[]){"main 50000", "f 200", "f;g 100", NULL})};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(p2a_derive(side[i], NULL), P2A_OK);
        p2a_drop_contexts(side[i]);
    }
    struct p2a_profile *d = diff_of(&side[0], 1, &side[1], 1);
    assert_int_equal(p2a_estimate(d, false, NULL), P2A_OK);
    double below[2][2] = {{0}}; /* f as a root, and main's; after, before */
    for (uint32_t i = 0; i < d->contexts.n; i++) {
        p2a_id root = i;
        while (d->contexts.row[root].parent != P2A_NONE)
            root = d->contexts.row[root].parent;
        bool called = d->contexts.row[root].function == find_function(d, "main");
        for (uint32_t s = 0; s < 2 && !(called && root == i); s++)
            below[called][s] += d->contexts.self[i * 2 + s];
    }
    assert_true(below[0][0] == 300 && below[0][1] == 0);
    assert_true(below[1][0] == 0 && below[1][1] == 300);
    p2a_free(d);
    p2a_free(side[0]);
    p2a_free(side[1]);
}

static void several_runs_have_a_spread(void **state)
{
    (void)state;
    struct p2a_profile *run[] = {
        make_tree((const char *[]){"main 1", "main;f 4", NULL}),
        make_tree((const char *[]){"main 1", "main;f 2", NULL}),
        make_tree((const char *[]){"main 1", "main;f 9", "main;g 1", NULL})};
    struct p2a_profile *d = diff_of(run, 1, run, 3);
    const struct p2a_spread *s = &d->spread;
    assert_int_equal(s->after_n, 3);
    assert_int_equal(s->before_n, 1);
    assert_int_equal(s->n, d->functions.n);
    const struct p2a_range *f = &s->self[find_function(d, "f") * 2];
    assert_true(f[0].least == 2 && f[0].median == 4 && f[0].most == 9);
    assert_true(f[1].least == 4 && f[1].median == 4 && f[1].most == 4);
    const struct p2a_range *g = &s->total[find_function(d, "g") * 2];
    assert_true(g[0].least == 0 && g[0].median == 0 && g[0].most == 1 && g[1].most == 0);
    const struct p2a_range *main = &s->total[find_function(d, "main") * 2];
    assert_true(main[0].least == 3 && main[0].median == 5 && main[0].most == 11);
    const struct p2a_range *calls = &s->calls[find_function(d, "g") * 2];
    assert_true(calls[0].least == 0 && calls[0].most == 1 && calls[1].most == 0);
    p2a_free(d);
    for (size_t i = 0; i < 3; i++)
        p2a_free(run[i]);
}

static void an_even_number_of_runs_has_a_median_between(void **state)
{
    (void)state;
    struct p2a_profile *run[] = {make_tree((const char *[]){"f 4", NULL}),
                                 make_tree((const char *[]){"f 1", NULL})};
    struct p2a_profile *d = diff_of(run, 2, run, 1);
    assert_true(d->spread.self[1].median == 2.5 && p2a_whole(d, 1) == 2.5);
    p2a_free(d);
    p2a_free(run[0]);
    p2a_free(run[1]);
}

static void normalized_sides_have_the_same_whole(void **state)
{
    (void)state;
    struct p2a_profile *a[] = {random_tree(3, 50, true), random_tree(5, 50, true)};
    struct p2a_profile *b = random_tree(4, 90, true), *d;
    struct p2a_comparison c = {
        .before = a, .before_n = 2, .after = &b, .after_n = 1, .normalize = true};
    assert_int_equal(p2a_diff(&c, &d, NULL), P2A_OK);
    for (uint32_t m = 0; m < 2; m++)
        assert_true(is_close(p2a_whole(d, m), p2a_whole(d, 2 + m)));
    double factor = p2a_whole(b, 0) / mean_whole(a, 2, 0);
    struct p2a_profile *plain = diff_of(a, 2, &b, 1);
    for (size_t f = 0; f < d->spread.n; f++)
        assert_true(is_close(d->spread.total[f * 4 + 2].most,
                             plain->spread.total[f * 4 + 2].most * factor));
    p2a_free(plain);
    p2a_free(d);
    p2a_free(a[0]);
    p2a_free(a[1]);
    p2a_free(b);
}

static void what_cannot_be_compared_is_an_error(void **state)
{
    (void)state;
    struct p2a_profile *a = make_tree((const char *[]){"f 1", NULL}), *d, *none;
    struct p2a_profile *b = p2a_profile_new(0);
    struct p2a_error error;
    p2a_metric(b, "time", "seconds", 1);
    p2a_input(b, P2A_LIT("b.prof"), 0);
    struct p2a_comparison c = {.before = &b, .before_n = 1, .after = &a, .after_n = 1};
    assert_int_equal(p2a_diff(&c, &none, &error), P2A_INPUT);
    assert_null(none);
    assert_non_null(strstr(error.message, "seconds"));
    assert_string_equal(error.path, "b.prof");
    d = diff_of(&a, 1, &a, 1);
    c = (struct p2a_comparison){.before = &d, .before_n = 1, .after = &a, .after_n = 1};
    assert_int_equal(p2a_diff(&c, &none, &error), P2A_INPUT);
    assert_non_null(strstr(error.message, "comparison already"));
    c.before_n = 0;
    assert_int_equal(p2a_diff(&c, &none, &error), P2A_USAGE);
    p2a_free(a);
    p2a_free(b);
    p2a_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_changed_in_a_profile_and_itself),
        cmocka_unit_test(each_side_is_the_mean_of_its_runs),
        cmocka_unit_test(a_tree_and_a_graph_are_compared_as_graphs),
        cmocka_unit_test(an_estimate_of_both_sides_keeps_the_self_of_both),
        cmocka_unit_test(an_estimate_puts_nothing_where_a_side_has_no_calls),
        cmocka_unit_test(sides_that_begin_apart_are_estimated_by_themselves),
        cmocka_unit_test(a_root_of_one_side_has_nothing_of_the_other),
        cmocka_unit_test(several_runs_have_a_spread),
        cmocka_unit_test(an_even_number_of_runs_has_a_median_between),
        cmocka_unit_test(normalized_sides_have_the_same_whole),
        cmocka_unit_test(what_cannot_be_compared_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
