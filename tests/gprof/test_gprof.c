/* What the lines of gprof's tables mean. */
#include "folded/folded.h"

static struct p2a_profile *gprof(const char *text)
{
    static const struct p2a_load_options as_gprof = {.format = "gprof"};
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (p2a_load_memory(text, strlen(text), "test", &as_gprof, &p, &error) != P2A_OK ||
        p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

static p2a_id named(const struct p2a_profile *p, const char *name)
{
    for (p2a_id i = 0; i < p->functions.n; i++)
        if (p2a_str_is(p2a_string(p, p->functions.row[i].name), name))
            return i;
    fail_msg("no function %s", name);
    return P2A_NONE;
}

#define RULE "-----------------------------------------------\n"

static const char graph[] =
    "\t\t     Call graph (explanation follows)\n\n"
    "granularity: each sample hit covers 2 byte(s) for 0.01% of 1.50 seconds\n\n"
    "index % time    self  children    called     name\n"
    "                                                 <spontaneous>\n"
    "[1]    100.0    0.25    1.25                 main [1]\n"
    "                0.50    0.50      10/10          even <cycle 1> [3]\n"
    "                0.25    0.00       2/5           std::map<int, char [4]>::find(int) [4]\n" RULE
    "[2]     66.7    0.50    0.50      10+7       <cycle 1 as a whole> [2]\n"
    "                0.50    0.25      12             even <cycle 1> [3]\n"
    "                0.00    0.25       5             odd <cycle 1> [5]\n" RULE
    "                                   5             odd <cycle 1> [5]\n"
    "                0.50    0.50      10/10          main [1]\n"
    "[3]     50.0    0.50    0.25      12         even <cycle 1> [3]\n"
    "                0.25    0.00       3/5           std::map<int, char [4]>::find(int) [4]\n"
    "                                   5             odd <cycle 1> [5]\n" RULE
    "                                   9             std::map<int, char [4]>::find(int) [4]\n"
    "                0.25    0.00       2/5           main [1]\n"
    "                0.25    0.00       3/5           even <cycle 1> [3]\n"
    "                0.00    0.00       1/5           hidden [7]\n"
    "[4]     33.3    0.50    0.00       5+9       std::map<int, char [4]>::find(int) [4]\n"
    "                                   9             std::map<int, char [4]>::find(int) [4]\n" RULE
    "                                   5             even <cycle 1> [3]\n"
    "[5]      0.0    0.00    0.25       5         odd <cycle 1> [5]\n"
    "                                   5             even <cycle 1> [3]\n" RULE
    "\nIndex by function name\n\n   [3] even       [1] main        [5] odd\n";

static void functions_have_the_figures_of_their_entries(void **state)
{
    (void)state;
    struct p2a_profile *p = gprof(graph);
    p2a_id find = named(p, "std::map<int, char [4]>::find(int)"), even = named(p, "even");
    p2a_id main_id = named(p, "main");
    assert_int_equal(p->graph.order_n, 4);
    assert_true(p->graph.self[main_id] == 0.25 && p->graph.total[main_id] == 1.5);
    assert_false(p->graph.node[main_id].has & P2A_HAS_CALLS);
    assert_true(p->graph.self[even] == 0.5 && p->graph.total[even] == 0.75);
    assert_int_equal(p->graph.node[even].calls, 12); /* of which 10 or more are from without */
    assert_false(p->graph.node[even].has & P2A_HAS_PRIMITIVE);
    assert_true(p->graph.node[find].has & P2A_HAS_PRIMITIVE);
    assert_int_equal(p->graph.node[find].calls, 14);
    assert_int_equal(p->graph.node[find].primitive, 5);
    assert_true(p2a_metric_total(p, 0) == 1.25);
    p2a_free(p);
}

static void arcs_come_from_callers_and_where_those_are_hidden_from_callees(void **state)
{
    (void)state;
    struct p2a_profile *p = gprof(graph);
    p2a_id find = named(p, "std::map<int, char [4]>::find(int)"), even = named(p, "even");
    p2a_id to_find = p2a_arc_find(p, named(p, "main"), find);
    p2a_id hidden = p2a_arc_find(p, named(p, "hidden"), find);
    p2a_id in_cycle = p2a_arc_find(p, even, named(p, "odd"));
    p2a_id itself = p2a_arc_find(p, find, find);
    assert_int_equal(p->graph.arc_n, 7);
    assert_int_equal(p->graph.arc[to_find].calls, 2);
    assert_true(p->graph.arc_total[to_find] == 0.25);
    assert_int_equal(p->graph.arc[hidden].calls, 1);
    assert_int_equal(p->graph.node[named(p, "hidden")].has, 0);
    assert_int_equal(p->graph.arc[in_cycle].calls, 5);
    assert_false(p->graph.arc[in_cycle].has & P2A_HAS_TOTAL);
    assert_int_equal(p->graph.arc[itself].calls, 9);
    p2a_free(p);
}

static const char flat[] = "Flat profile:\n\nEach sample counts as 0.01 seconds.\n"
                           "  %   cumulative   self              self     total           \n"
                           " time   seconds   seconds    calls  us/call  us/call  name    \n"
                           " 60.00      0.30     0.30      600   150.25   150.25  burn\n"
                           " 40.00      0.50     0.20                             _init\n"
                           "  0.00      0.50     0.00        7     0.00     0.00  f(int, char)\n\n";

static void a_flat_profile_alone_is_functions_without_arcs(void **state)
{
    (void)state;
    struct p2a_profile *p = gprof(flat);
    assert_int_equal(p->graph.order_n, 3);
    assert_int_equal(p->graph.arc_n, 0);
    assert_true(p2a_metric_total(p, 0) == 0.5);
    assert_int_equal(p->graph.node[named(p, "burn")].calls, 600);
    assert_false(p->graph.node[named(p, "_init")].has & P2A_HAS_CALLS);
    assert_int_equal(p->graph.node[named(p, "f(int, char)")].calls, 7);
    p2a_free(p);
}

static void the_graph_takes_the_place_of_the_flat_profile(void **state)
{
    char text[sizeof flat + sizeof graph + 2];
    (void)state;
    snprintf(text, sizeof text, "%s\f\n%s", flat, graph);
    struct p2a_profile *p = gprof(text);
    assert_int_equal(p->graph.order_n, 7);
    assert_true(p2a_metric_total(p, 0) == 1.75);
    p2a_free(p);
}

static void lines_have_their_file(void **state)
{
    (void)state;
    struct p2a_profile *p =
        gprof("Each sample counts as 0.01 seconds.\n"
              " 60.00   0.30  0.30   2   1.00   1.00  burn (a b.c:12 @ 4011f6)\n"
              " 40.00   0.50  0.20                    burn (a b.c:13 @ 401200)\n");
    assert_int_equal(p->functions.n, 2);
    assert_int_equal(p->functions.row[0].line, 12);
    assert_string_equal(p2a_string(p, p->functions.row[0].file).at, "a b.c");
    p2a_free(p);
}

static void expect_leaf(const char *rows, const char *entries, double self, double total,
                        unsigned calls)
{
    char text[2048];
    snprintf(text, sizeof text, "Each sample counts as 0.01 seconds.\n%s\f\n%s", rows, entries);
    struct p2a_profile *p = gprof(text);
    p2a_id leaf = named(p, "leaf");
    assert_int_equal(p->graph.order_n, 1);
    assert_float_equal(p->graph.self[leaf], self, 1e-12);
    assert_float_equal(p->graph.total[leaf], total, 1e-12);
    assert_int_equal(p->graph.node[leaf].calls, calls);
    p2a_free(p);
}

/* self = what the entries say + what the rows say that have no entry */
static void rows_without_an_entry_of_their_own_are_kept(void **state)
{
    static const char line[] = " 98.00  0.49  0.49                    leaf (t.c:7 @ 401260)\n"
                               "  2.00  0.50  0.01  100  100.00 100.00 leaf (t.c:7 @ 401226)\n";
    static const char names[] = " 60.00  0.30  0.30   10  100.00 100.00 leaf\n"
                                " 40.00  0.50  0.20    5  100.00 100.00 leaf\n";
    (void)state;
    expect_leaf(line, "[2]  2.0  0.01  0.25  100   leaf (t.c:7 @ 401226) [2]\n" RULE, 0.5, 0.75,
                100);
    expect_leaf(names, "[2] 40.0  0.20  0.25    5   leaf [2]\n" RULE, 0.5, 0.75, 15);
    expect_leaf(names, "[2] 40.0  0.10  0.25    5   leaf [2]\n" RULE, 0.3, 0.55, 10);
    expect_leaf(names,
                "[2] 40.0  0.20  0.25    5   leaf [2]\n" RULE
                "[3] 60.0  0.00  0.00   10   leaf [3]\n" RULE,
                0.2, 0.45, 15);
}

static void what_has_no_functions_is_refused(void **state)
{
    static const struct p2a_load_options as_gprof = {.format = "gprof"};
    struct p2a_profile *p;
    struct p2a_error error;
    (void)state;
    assert_int_equal(p2a_load_memory("Flat profile:\n", 14, "x", &as_gprof, &p, &error), P2A_INPUT);
    assert_string_equal(error.message, "no functions, expected gprof's flat profile or call graph");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_the_figures_of_their_entries),
        cmocka_unit_test(arcs_come_from_callers_and_where_those_are_hidden_from_callees),
        cmocka_unit_test(a_flat_profile_alone_is_functions_without_arcs),
        cmocka_unit_test(the_graph_takes_the_place_of_the_flat_profile),
        cmocka_unit_test(lines_have_their_file),
        cmocka_unit_test(rows_without_an_entry_of_their_own_are_kept),
        cmocka_unit_test(what_has_no_functions_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
