/* Stacks estimated from small graphs, where one can say what they have to be. */
#include "graphs.h"

static char *estimated(const char *const *stacks)
{
    struct p2a_profile *p = graph_of(stacks);
    estimate(p, false);
    assert_conserved(p);
    char *text = folded_of(p);
    p2a_free(p);
    return text;
}

static void assert_estimate(const char *const *stacks, const char *expected)
{
    char *text = estimated(stacks);
    assert_string_equal(text, expected);
    free(text);
}

static void where_every_function_has_one_caller_the_stacks_come_back(void **state)
{
    (void)state;
    assert_estimate((const char *[]){"main 1", "main;f 2", "main;f;g 4", "main;h 8", NULL},
                    "main 1\nmain;h 8\nmain;f 2\nmain;f;g 4\n");
}

static void what_was_called_once_sits_in_one_place(void **state)
{
    (void)state;
    assert_estimate((const char *[]){"main;a;dispatch;slow 30", "main;b;dispatch;fast 10", NULL},
                    "main;a;dispatch;slow 30\nmain;b;dispatch;fast 10\n");
}

static void a_leaf_carries_the_self_of_its_arc(void **state)
{
    (void)state;
    assert_estimate((const char *[]){"main;a;f 30", "main;b;f 1", "main;b;f 1", NULL},
                    "main;a;f 30\nmain;b;f 2\n");
}

static void every_program_without_recursion_keeps_the_totals_of_its_arcs(void **state)
{
    (void)state;
    const char *const stacks[] = {"main;a;x;p 5", "main;a;x;q 7",  "main;b;x;p 11", "main;b;y;q 13",
                                  "main;y;q 17",  "main;a;y;p 19", "main;b;x;q 23", NULL};
    struct p2a_profile *p = graph_of(stacks), *again = graph_of(stacks);
    struct p2a_error error = {0};
    estimate(p, false);
    p2a_drop_graph(p);
    assert_int_equal(p2a_derive(p, &error), P2A_OK);
    for (p2a_id a = 0; a < again->graph.arc_n; a++) {
        const struct p2a_arc *arc = &again->graph.arc[a];
        p2a_id same = p2a_arc_find(p, arc->caller, arc->callee);
        assert_true(same != P2A_NONE);
        assert_same(p->graph.arc_total[same], again->graph.arc_total[a], false, "an arc's total");
        assert_same(p->graph.arc_self[same], again->graph.arc_self[a], true, "an arc's self");
    }
    p2a_free(p);
    p2a_free(again);
}

static void recursion_keeps_the_self_of_its_function(void **state)
{
    (void)state;
    const char *const stacks[] = {"main 1",       "main;f 2",        "main;f;f 4",
                                  "main;f;f;f 8", "main;f;f;f;g 16", NULL};
    struct p2a_profile *p = graph_of(stacks);
    estimate(p, false);
    assert_conserved(p);
    assert_true(root_total(p, find_function(p, "main")) == 31);
    assert_same(p->cycle_share, 14.0 / 31, false, "the share of cycles");
    assert_true(strstr(p2a_note_at(p, 1), "cycles") != NULL);
    p2a_free(p);
}

static void mutual_recursion_hangs_under_the_one_who_was_called_from_outside(void **state)
{
    (void)state;
    const char *const stacks[] = {"main;even 1", "main;even;odd 2", "main;even;odd;even 4",
                                  "main;even;odd;even;odd 8", NULL};
    struct p2a_profile *p = graph_of(stacks);
    estimate(p, false);
    assert_conserved(p);
    p2a_id main = find_function(p, "main"), odd = find_function(p, "odd");
    assert_true(root_total(p, main) == 15);
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        p2a_id parent = p->contexts.row[i].parent;
        assert_false(p->contexts.row[i].function == odd &&
                     p->contexts.row[parent].function == main);
    }
    p2a_free(p);
}

static void a_root_that_is_entered_again_stays_the_root(void **state)
{
    (void)state;
    const char *const stacks[] = {"exec;module 5",
                                  "exec;module;import 1",
                                  "exec;module;main 50",
                                  "exec;module;import;exec;library 7",
                                  "exec;module;import;exec;library;import;exec;other 3",
                                  NULL};
    struct p2a_profile *p = graph_of(stacks);
    estimate(p, false);
    assert_conserved(p);
    assert_true(root_total(p, find_function(p, "exec")) >= 66 * 0.9999);
    p2a_free(p);
}

static void two_roots_are_two_roots(void **state)
{
    (void)state;
    assert_estimate((const char *[]){"a;f 3", "b;f 4", NULL}, "a;f 3\nb;f 4\n");
}

static void nothing_at_all_gives_no_stacks(void **state)
{
    (void)state;
    struct p2a_profile *p = graph_of((const char *[]){"main;f 0", "main;g 0", NULL});
    estimate(p, false);
    assert_int_equal(p->contexts.n, 0);
    estimate(p, true);
    assert_int_equal(p->contexts.n, 0);
    p2a_free(p);
}

/* ---- small shares ---------------------------------------------------------------------------- */

static struct p2a_profile *with_dust(void)
{
    return graph_of(
        (const char *[]){"main 900000", "main;f 90000", "main;f;g 3", "main;h 60", NULL});
}

static void what_is_too_small_for_a_picture_is_marked_where_it_was_cut(void **state)
{
    (void)state;
    struct p2a_profile *p = with_dust();
    estimate(p, true);
    assert_whole_is_kept(p);
    char *text = folded_of(p);
    assert_string_equal(text, "main 900000\nmain;f 90000\nmain;(below 0.01 %) 60\n"
                              "main;f;(below 0.01 %) 3\n");
    free(text);
    p2a_free(p);
}

static void what_is_too_small_for_programs_stays_with_its_function(void **state)
{
    (void)state;
    struct p2a_profile *p = with_dust();
    estimate(p, false);
    assert_conserved(p);
    char *text = folded_of(p);
    assert_string_equal(text, "main 900000\nmain;f 90000\nmain;h 60\n(below 0.001 %);g 3\n");
    free(text);
    p2a_free(p);
}

static void an_estimate_replaces_the_one_before(void **state)
{
    (void)state;
    struct p2a_profile *p = with_dust(), *other = with_dust();
    estimate(p, true);
    estimate(p, false);
    estimate(other, false);
    char *text = folded_of(p), *expected = folded_of(other);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    p2a_free(p);
    p2a_free(other);
}

/* ---- more than one column -------------------------------------------------------------------- */

static void every_column_keeps_the_self_of_every_function(void **state)
{
    (void)state;
    const char *const stacks[] = {"main;a;f 30", "main;b;f 10", "main;b;f;g 5", "main;b;h 0", NULL};
    struct p2a_profile *p = graph_of(stacks);
    p2a_metric(p, "bytes", "bytes", 1);
    p2a_node_self(p, find_function(p, "f"))[1] = 1001;
    p2a_node_self(p, find_function(p, "g"))[1] = 7;
    p2a_node_self(p, find_function(p, "h"))[1] = 12; /* nothing of the first metric */
    for (p2a_id a = 0; a < p->graph.arc_n; a++)
        p->graph.arc[a].has &= ~(unsigned)P2A_HAS_SELF;
    estimate(p, false);
    assert_conserved(p);
    estimate(p, true);
    assert_whole_is_kept(p);
    p2a_free(p);
}

static void a_metric_of_zeros_does_not_drive(void **state)
{
    (void)state;
    struct p2a_profile *p = graph_of((const char *[]){"main;a;f 30", "main;b 10", NULL});
    p2a_metric(p, "more", "count", 1);
    for (size_t i = 0; i < p->graph.arc_n; i++) {
        p->graph.arc_self[2 * i + 1] = p->graph.arc_self[2 * i];
        p->graph.arc_total[2 * i + 1] = p->graph.arc_total[2 * i];
        p->graph.arc_self[2 * i] = p->graph.arc_total[2 * i] = 0;
    }
    for (size_t i = 0; i < p->graph.node_n; i++) {
        p->graph.self[2 * i + 1] = p->graph.self[2 * i];
        p->graph.total[2 * i + 1] = p->graph.total[2 * i];
        p->graph.self[2 * i] = p->graph.total[2 * i] = 0;
    }
    estimate(p, false);
    assert_conserved(p);
    assert_int_equal(p->contexts.n, 4);
    p2a_free(p);
}

static void what_a_comparison_has_only_before_has_stacks_too(void **state)
{
    (void)state;
    struct p2a_profile *p = graph_of((const char *[]){"main;a 30", "main;gone 10", NULL});
    p2a_compare_columns(p);
    p2a_id gone = find_function(p, "gone"), main = find_function(p, "main");
    p2a_id arc = p2a_arc_find(p, main, gone);
    double *values[] = {p2a_node_self(p, gone), p2a_node_total(p, gone),
                        p->graph.arc_self + 2 * arc, p->graph.arc_total + 2 * arc};
    for (size_t i = 0; i < 4; i++) {
        values[i][1] = values[i][0];
        values[i][0] = 0;
    }
    p2a_node_total(p, main)[0] = 30;
    p2a_node_total(p, main)[1] = 10;
    estimate(p, false);
    assert_conserved(p);
    p2a_id context = p2a_context(p, p2a_context(p, P2A_NONE, main, P2A_NONE), gone, P2A_NONE);
    assert_true(p->contexts.self[2 * (size_t)context + 1] == 10);
    p2a_free(p);
}

/* A tree of whole numbers that don't divide evenly. */
static void whole_numbers_stay_whole_numbers(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 50; round++) {
        struct p2a_profile *p = p2a_profile_new(0);
        struct p2a_error error = {0};
        char name[] = "a";
        p2a_metric(p, "Ir", "count", 1);
        p2a_metric(p, "Dr", "count", 1);
        for (int f = 0; f < 12; f++, name[0]++)
            make_function(p, name);
        p2a_context(p, P2A_NONE, 0, P2A_NONE);
        for (int i = 0; i < 200; i++) {
            p2a_id at = p2a_context(p, draw(&seed, p->contexts.n), draw(&seed, 12), P2A_NONE);
            p2a_context_calls(p, at, 1 + draw(&seed, 3));
            p2a_context_add(p, at, 0, draw(&seed, 1000));
            p2a_context_add(p, at, 1, draw(&seed, 7));
        }
        p2a_finish(p);
        assert_int_equal(p2a_derive(p, &error), P2A_OK);
        for (p2a_id a = 0; a < p->graph.arc_n && round % 2; a++)
            p->graph.arc[a].has &= ~(unsigned)(P2A_HAS_SELF | P2A_HAS_PRIMITIVE);
        estimate(p, false);
        assert_conserved(p);
        for (size_t i = 0; i < (size_t)p->contexts.n * 2; i++)
            assert_true(p->contexts.self[i] == floor(p->contexts.self[i]));
        estimate(p, true);
        assert_whole_is_kept(p);
        p2a_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_every_function_has_one_caller_the_stacks_come_back),
        cmocka_unit_test(what_was_called_once_sits_in_one_place),
        cmocka_unit_test(a_leaf_carries_the_self_of_its_arc),
        cmocka_unit_test(every_program_without_recursion_keeps_the_totals_of_its_arcs),
        cmocka_unit_test(recursion_keeps_the_self_of_its_function),
        cmocka_unit_test(mutual_recursion_hangs_under_the_one_who_was_called_from_outside),
        cmocka_unit_test(a_root_that_is_entered_again_stays_the_root),
        cmocka_unit_test(two_roots_are_two_roots),
        cmocka_unit_test(nothing_at_all_gives_no_stacks),
        cmocka_unit_test(what_is_too_small_for_a_picture_is_marked_where_it_was_cut),
        cmocka_unit_test(what_is_too_small_for_programs_stays_with_its_function),
        cmocka_unit_test(an_estimate_replaces_the_one_before),
        cmocka_unit_test(every_column_keeps_the_self_of_every_function),
        cmocka_unit_test(a_metric_of_zeros_does_not_drive),
        cmocka_unit_test(what_a_comparison_has_only_before_has_stacks_too),
        cmocka_unit_test(whole_numbers_stay_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
