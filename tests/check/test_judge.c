/* Figures that limits are held against, on trees small enough to be counted by hand, and what is
 * left where memory fails: an error that says so, and profiles that can be used. */
#include "unit/make.h"

#include "fault/starve.h"
#include "model/measure.h"

/* f calls itself through g; h is reached by two ways. */
static const char *const stacks[] = {"main 1",          "main;f 2",  "main;f;g 4", "main;f;g;f 8",
                                     "main;f;g;f;h 16", "main;h 32", NULL};

static double value(struct p2a_profile *p, const char *text)
{
    struct p2a_verdicts v;
    struct p2a_error error;
    const struct p2a_limit limit = {.text = text};
    assert_int_equal(p2a_judge(p, NULL, &limit, 1, false, &v, &error), P2A_OK);
    assert_int_equal(v.n, 1);
    double found = v.at[0].value;
    p2a_verdicts_free(&v);
    return found;
}

static void is_value(struct p2a_profile *p, const char *text, double expected)
{
    double found = value(p, text);
    if (found < expected || found > expected)
        fail_msg("%s: %g, expected %g", text, found, expected);
}

static void figures_are_those_of_the_equations(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree(stacks);
    is_value(p, "total < 0", 63);
    is_value(p, "total(f) < 0", 30); /* 2 + 4 + 8 + 16, f within f once */
    is_value(p, "self(f) < 0", 10);
    is_value(p, "f < 0", 2);
    is_value(p, "primitive(f) < 0", 1);
    is_value(p, "depth(f) < 0", 2);
    is_value(p, "depth(g) > 1", 1);
    is_value(p, "depth < 0", 5);
    is_value(p, "depth(all:f|g) < 0", 3);
    is_value(p, "total(all:g|h) < 0", 60); /* g and below 28, h from main 32 */
    is_value(p, "self(all:g|h) < 0", 52);
    is_value(p, "contexts(all:f|h) < 0", 4);
    is_value(p, "calls(f -> g -> f) < 0", 1);
    is_value(p, "total(f -> ... -> h) < 0", 16);
    is_value(p, "total(main -> h) < 0", 32);
    is_value(p, "total(main -> ... -> f) < 0", 30);
    is_value(p, "self(main -> ... -> f) < 0", 10);
    is_value(p, "contexts(f -> ... -> f) < 0", 1);
    is_value(p, "callers(f) < 0", 2);
    is_value(p, "callees(main) < 0", 2);
    is_value(p, "total%(g) < 0", 100.0 * 28 / 63);
    p2a_free(p);
}

/* The figures of a graph alone are the recorded ones; of sets they are those of the estimate, which
 * keeps the whole. */
static void a_graph_has_the_figures_of_its_tree(void **state)
{
    static const char *const limits[] = {"total(f) < 0",      "self(h) < 0", "primitive(f) < 0",
                                         "self(all:g|h) < 0", "f -> g < 0",  "self(main -> h) < 0",
                                         "callers(h) < 0",    "total < 0",   "functions < 0"};
    (void)state;
    struct p2a_profile *tree = make_tree(stacks), *graph = make_tree(stacks);
    struct p2a_error error = {.status = P2A_OK};
    assert_int_equal(p2a_derive(graph, &error), P2A_OK);
    p2a_drop_contexts(graph);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        is_value(graph, limits[i], value(tree, limits[i]));
    assert_int_equal(p2a_check(graph, &error), P2A_OK);
    p2a_free(tree);
    p2a_free(graph);
}

/* Of a ladder there are 2^40 paths from its foot to its top. */
static void a_path_is_sought_once_through_every_function(void **state)
{
    (void)state;
    char name[16];
    p2a_id below[2] = {P2A_NONE, P2A_NONE};
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    for (int i = 0; i <= 40; i++)
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "f%d%c", i, 'a' + k);
            p2a_id f = make_function(p, name);
            p2a_node(p, f)->has = P2A_HAS_ALL;
            for (int from = 0; from < 2 && i > 0; from++)
                p2a_arc(p, below[from], f);
            if (k == 1) {
                below[0] = f - 1;
                below[1] = f;
            }
        }
    p2a_finish(p);
    struct p2a_verdicts v;
    struct p2a_error error;
    const struct p2a_limit limits[] = {{.text = "no f0a -> ... -> f20b -> ... -> f40a"},
                                       {.text = "no f0a -> ... -> f40a -> f39b"}};
    assert_int_equal(p2a_judge(p, NULL, limits, 2, false, &v, &error), P2A_OK);
    assert_int_equal(v.at[0].outcome, P2A_BROKEN);
    assert_int_equal(v.at[1].outcome, P2A_KEPT);
    assert_non_null(strstr(v.at[0].sentence, "\342\200\246")); /* the middle of it left out */
    p2a_verdicts_free(&v);
    p2a_free(p);
}

static const struct p2a_limit limits[] = {{.text = "f <= baseline + 1"},
                                          {.text = "total(all:g|h) < 5"},
                                          {.text = "no main -> ... -> h"},
                                          {.text = "calls(f -> g) <= 9"},
                                          {.text = "depth(f) <= 1"},
                                          {.text = "nowhere <= 1"},
                                          {.text = "callers(.*) <= 1", .name = "few callers"}};
enum { LIMITS = sizeof limits / sizeof *limits };

static struct p2a_profile *graph_of(struct p2a_profile *p)
{
    struct p2a_error error = {.status = P2A_OK};
    assert_int_equal(p2a_derive(p, &error), P2A_OK);
    p2a_drop_contexts(p);
    return p;
}

/* False once nothing was refused. */
static bool judge_starved(size_t after, bool graph)
{
    static const char *const kinds[] = {"text", "markdown", "junit", "github"};
    struct p2a_verdicts v = {0};
    struct p2a_error error;
    struct p2a_profile *p = make_tree(stacks), *before = make_tree(stacks + 1);
    if (graph)
        p = graph_of(p);
    starve(after, true);
    enum p2a_status status = p2a_judge(p, before, limits, LIMITS, false, &v, &error);
    for (size_t i = 0; status == P2A_OK && i < 4; i++)
        status = p2a_verdicts_save(&v, kinds[i], "/dev/null", "title", NULL, &error);
    bool starved = feed();
    if (status != P2A_OK) {
        assert_int_equal(status, P2A_SYSTEM);
        assert_non_null(strstr(error.message, "memory"));
    }
    p2a_verdicts_free(&v);
    assert_int_equal(p2a_judge(p, before, limits, LIMITS, false, &v, &error), P2A_OK);
    assert_int_equal(v.failed, 5);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    p2a_verdicts_free(&v);
    p2a_free(before);
    p2a_free(p);
    return starved;
}

static void where_memory_fails_it_says_so_and_the_profiles_stay_whole(void **state)
{
    (void)state;
    size_t n = 0;
    while (judge_starved(n, false))
        n++;
    assert_true(n > 50);
    for (n = 0; judge_starved(n, true);)
        n++;
    assert_true(n > 50);
}

static const struct p2a_name_rule rules[] = {{.kind = P2A_STRIP, .pattern = "^/x/"},
                                             {.kind = P2A_RENAME, .pattern = "^f$", .to = "$0$0"},
                                             {.kind = P2A_GROUP, .pattern = "^(g|h)$", .to = "g+h"},
                                             {.kind = P2A_HIDE, .pattern = "^ff$"}};

static bool rule_starved(size_t after)
{
    static const struct p2a_color colors[] = {{.pattern = "g", .color = "red"},
                                              {.pattern = ".", .color = "#336699"}};
    const struct p2a_selection selection = {.rules = rules, .rule_n = 4};
    const struct p2a_save_options options = {
        .format = "flamegraph", .colors = colors, .color_n = 2};
    struct p2a_error error;
    struct p2a_profile *p = make_tree(stacks);
    void *bytes = NULL;
    size_t n;
    starve(after, true);
    enum p2a_status status = p2a_select(p, &selection, &error);
    bool selected = status == P2A_OK;
    if (selected)
        status = p2a_save_memory(p, &options, &bytes, &n, &error);
    bool starved = feed();
    if (status != P2A_OK)
        assert_int_equal(status, P2A_SYSTEM);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_true(p2a_metric_total(p, 0) > 62.9 && p2a_metric_total(p, 0) < 63.1);
    assert_int_equal(find_function(p, "g+h") != P2A_NONE, selected);
    free(bytes);
    p2a_free(p);
    return starved;
}

static void rules_for_names_are_all_or_nothing(void **state)
{
    (void)state;
    size_t n = 0;
    while (rule_starved(n))
        n++;
    assert_true(n > 50);
}

/* strip and rename keep every total; a group's is that of its topmost frames, hiding keeps the sum.
 */
static void rules_for_names_keep_the_whole(void **state)
{
    (void)state;
    struct p2a_error error;
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_selection selection = {.rules = rules, .rule_n = 3};
    assert_int_equal(p2a_select(p, &selection, &error), P2A_OK);
    is_value(p, "total(ff) < 0", 30);
    is_value(p, "total(all:^g) < 0", 60);
    is_value(p, "self(all:^g) < 0", 52);
    selection.rules = rules + 3;
    selection.rule_n = 1;
    assert_int_equal(p2a_select(p, &selection, &error), P2A_OK);
    is_value(p, "self(main) < 0", 3); /* and the f below it */
    is_value(p, "total < 0", 63);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_equations),
        cmocka_unit_test(a_graph_has_the_figures_of_its_tree),
        cmocka_unit_test(a_path_is_sought_once_through_every_function),
        cmocka_unit_test(where_memory_fails_it_says_so_and_the_profiles_stay_whole),
        cmocka_unit_test(rules_for_names_are_all_or_nothing),
        cmocka_unit_test(rules_for_names_keep_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
