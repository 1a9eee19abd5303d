/* What each selection keeps of one tree, and where the rest goes. */
#include "make.h"

static const char *const stacks[] = {"main 1",      "main;a 2",      "main;a;c 4", "main;b 8",
                                     "main;b;c 16", "main;b;c;d 32", NULL};

/* SELECTION of the tree is FOLDED. */
static void gives(struct p2a_selection selection, const char *folded)
{
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_select(p, &selection, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    char *text = folded_of(p);
    assert_string_equal(text, folded);
    free(text);
    p2a_free(p);
}

static void focus_keeps_stacks_with_a_match(void **state)
{
    (void)state;
    gives((struct p2a_selection){.focus = "^a$"}, "main;a 2\nmain;a;c 4\n");
    gives((struct p2a_selection){.focus = "c"}, "main;a;c 4\nmain;b;c 16\nmain;b;c;d 32\n");
}

static void ignore_drops_stacks_with_a_match(void **state)
{
    (void)state;
    gives((struct p2a_selection){.ignore = "^c"}, "main 1\nmain;a 2\nmain;b 8\n");
}

static void hide_and_show_give_a_frames_time_to_its_caller(void **state)
{
    (void)state;
    gives((struct p2a_selection){.hide = "^c"}, "main 1\nmain;a 6\nmain;b 24\nmain;b;d 32\n");
    gives((struct p2a_selection){.show = "^(main|c)$"}, "main 11\nmain;c 52\n");
}

static bool notes(const struct p2a_profile *p, const char *words)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), words))
            return true;
    return false;
}

static void what_has_no_caller_to_go_to_is_noted(void **state)
{
    (void)state;
    const struct p2a_name_rule rule = {.kind = P2A_HIDE, .pattern = "main|a"};
    const struct p2a_selection hide = {.hide = "main|a"}, by_rule = {.rules = &rule, .rule_n = 1};
    const struct p2a_selection inner = {.hide = "a$"};
    const struct p2a_selection *all[] = {&hide, &by_rule, &inner};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct p2a_profile *p = make_tree(stacks);
        struct p2a_error error;
        assert_int_equal(p2a_select(p, all[i], &error), P2A_OK);
        assert_true(p2a_whole(p, 0) == (all[i] == &inner ? 63 : 60));
        assert_true(notes(p, "4.76 % of the whole is in stacks of hidden") == (all[i] != &inner));
        p2a_free(p);
    }
}

static void prune_from_gives_what_is_below_to_the_match(void **state)
{
    (void)state;
    gives((struct p2a_selection){.prune_from = "^b$"}, "main 1\nmain;a 2\nmain;a;c 4\nmain;b 56\n");
}

static void root_starts_the_stacks_at_the_match(void **state)
{
    (void)state;
    gives((struct p2a_selection){.root = "^c$"}, "c 20\nc;d 32\n");
}

static void leaf_keeps_what_leads_to_the_match(void **state)
{
    (void)state;
    gives((struct p2a_selection){.leaf = "^a$"}, "main 1\nmain;a 2\n");
}

static void depth_gives_what_is_deeper_to_the_last_frame(void **state)
{
    (void)state;
    gives((struct p2a_selection){.depth = 2}, "main 1\nmain;a 6\nmain;b 56\n");
}

static void node_threshold_gives_small_functions_to_their_callers(void **state)
{
    (void)state; /* a has 6 of 63 */
    gives((struct p2a_selection){.node_threshold = 0.2},
          "main 3\nmain;c 4\nmain;b 8\nmain;b;c 16\nmain;b;c;d 32\n");
}

/* Calls of 6, 4, 56, 48 and 32 of 63. */
static void edge_threshold_is_for_graphs(void **state)
{
    (void)state;
    struct p2a_selection arcs = {.edge_threshold = 0.5};
    gives(arcs, "main 1\nmain;a 2\nmain;a;c 4\nmain;b 8\nmain;b;c 16\nmain;b;c;d 32\n");
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_select(p, &arcs, &error), P2A_OK);
    assert_true(notes(p, "--edge-threshold is for call graphs"));
    arcs.graph = true;
    assert_int_equal(p2a_select(p, &arcs, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_false(p->facts & P2A_CONTEXTS);
    assert_int_equal(p->graph.arc_n, 3);
    assert_true(p2a_whole(p, 0) == 63);
    assert_true(notes(p, "2 arcs below the threshold left out"));
    p2a_free(p);
}

static void what_a_threshold_takes_of_another_metric_is_told(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    p2a_metric(p, "bytes", "bytes", 1);
    p2a_context_add(p, 1, 1, 70); /* main;a */
    p2a_finish(p);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.node_threshold = 0.2}, &error), P2A_OK);
    assert_int_equal(p2a_note_count(p), 1);
    assert_string_equal(p2a_note_at(p, 0), "1 function below the threshold left out, 3.17 % of "
                                           "the whole by itself in samples, 100 % in bytes");
    p2a_free(p);
}

/* Either side has 10 of 50 below the threshold, 7 of them in another function. */
static void what_a_threshold_takes_of_a_comparison_is_that_of_one_side(void **state)
{
    (void)state;
    static const char *const one[] = {"main 40", "main;a 7", "main;b 3", NULL};
    static const char *const other[] = {"main 40", "main;a 3", "main;b 7", NULL};
    struct p2a_profile *before = make_tree(one), *after = make_tree(other), *p;
    struct p2a_comparison both = {.before = &before, .after = &after, .before_n = 1, .after_n = 1};
    struct p2a_error error;
    assert_int_equal(p2a_diff(&both, &p, &error), P2A_OK);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.node_threshold = 0.2}, &error), P2A_OK);
    assert_true(notes(p, "2 functions below the threshold left out, 20 % of the whole by them"));
    p2a_free(before);
    p2a_free(after);
    p2a_free(p);
}

static void what_keeps_nothing_leaves_an_empty_profile_for_every_writer(void **state)
{
    (void)state;
    static const struct p2a_selection nothing = {.ignore = "main"};
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_select(p, &nothing, &error), P2A_OK);
    assert_int_equal(p->contexts.n, 0);
    assert_int_equal(p->graph.node_n, p->functions.n);
    for (size_t i = 0; i < p2a_format_count(); i++) {
        struct p2a_save_options options = {.format = p2a_format_at(i)->name};
        void *bytes = NULL;
        size_t size;
        if (p2a_format_at(i)->write)
            assert_int_equal(p2a_save_memory(p, &options, &bytes, &size, &error), P2A_OK);
        free(bytes);
    }
    p2a_free(p);
}

static void patterns_and_names_are_utf8(void **state)
{
    (void)state;
    static const char *const named[] = {"main;caf\xC3\xA9 2", "main;caf\xE9 4", NULL};
    static const struct p2a_selection root = {.root = "^caf[\xC3\xA8\xC3\xA9]$"};
    struct p2a_profile *p = make_tree(named);
    struct p2a_error error;
    assert_int_equal(p2a_select(p, &root, &error), P2A_OK);
    char *text = folded_of(p);
    assert_string_equal(text, "caf\xC3\xA9 2\n");
    free(text);
    p2a_free(p);
}

static void a_pattern_that_does_not_compile_is_a_usage_error(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.focus = "("}, &error), P2A_USAGE);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.metric = "Ir"}, &error), P2A_USAGE);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.thread = "7"}, &error), P2A_USAGE);
    assert_true(p2a_whole(p, 0) == 63);
    p2a_free(p);
}

/* main -> a -> c, main -> b -> c as a graph alone. */
static struct p2a_profile *graph_alone(void)
{
    struct p2a_profile *tree = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_derive(tree, &error), P2A_OK);
    tree->recorded = tree->facts;
    p2a_drop_contexts(tree);
    return tree;
}

static void on_a_graph_root_and_leaf_are_reachability_and_exact(void **state)
{
    (void)state;
    struct p2a_profile *p = graph_alone();
    struct p2a_error error;
    struct p2a_selection root = {.root = "^b$", .exact = true};
    assert_int_equal(p2a_select(p, &root, &error), P2A_OK);
    assert_int_equal(p->graph.order_n, 3); /* b c d */
    assert_true(self_of(p, "c") == 20 && total_of(p, "b") == 56);
    struct p2a_selection leaf = {.leaf = "^c$", .exact = true};
    assert_int_equal(p2a_select(p, &leaf, &error), P2A_OK);
    assert_int_equal(p->graph.order_n, 2);
    p2a_free(p);
}

static void on_a_graph_focus_is_refused_when_exact(void **state)
{
    (void)state;
    struct p2a_profile *p = graph_alone();
    struct p2a_error error;
    struct p2a_selection focus = {.focus = "^b$", .exact = true};
    assert_int_equal(p2a_select(p, &focus, &error), P2A_USAGE);
    assert_int_equal(p->graph.order_n, 5);
    p2a_free(p);
}

static void metric_keeps_one_column(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    p2a_metric(p, "bytes", "bytes", 1);
    p2a_context_add(p, 1, 1, 70);
    p2a_finish(p);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.metric = "bytes"}, &error), P2A_OK);
    assert_int_equal(p->columns, 1);
    assert_true(p2a_whole(p, 0) == 70);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(focus_keeps_stacks_with_a_match),
        cmocka_unit_test(ignore_drops_stacks_with_a_match),
        cmocka_unit_test(hide_and_show_give_a_frames_time_to_its_caller),
        cmocka_unit_test(what_has_no_caller_to_go_to_is_noted),
        cmocka_unit_test(prune_from_gives_what_is_below_to_the_match),
        cmocka_unit_test(root_starts_the_stacks_at_the_match),
        cmocka_unit_test(leaf_keeps_what_leads_to_the_match),
        cmocka_unit_test(depth_gives_what_is_deeper_to_the_last_frame),
        cmocka_unit_test(node_threshold_gives_small_functions_to_their_callers),
        cmocka_unit_test(edge_threshold_is_for_graphs),
        cmocka_unit_test(what_a_threshold_takes_of_another_metric_is_told),
        cmocka_unit_test(a_pattern_that_does_not_compile_is_a_usage_error),
        cmocka_unit_test(on_a_graph_root_and_leaf_are_reachability_and_exact),
        cmocka_unit_test(on_a_graph_focus_is_refused_when_exact),
        cmocka_unit_test(metric_keeps_one_column),
        cmocka_unit_test(what_a_threshold_takes_of_a_comparison_is_that_of_one_side),
        cmocka_unit_test(what_keeps_nothing_leaves_an_empty_profile_for_every_writer),
        cmocka_unit_test(patterns_and_names_are_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
