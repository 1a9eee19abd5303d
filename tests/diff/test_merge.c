/* Merging is commutative and associative. Rows stand in another order then, so profiles are
 * compared by what their rows are about: a context by its path, a node by its function, an arc by
 * its two. Counts are equal; values are equal where they are multiples of a quarter, whose sums are
 * exact in any order, else to 1e-12 of the larger one. */
#include "model/merge.h"
#include "random.h"

static struct p2a_profile *copy_of(const struct p2a_profile *p)
{
    struct p2a_profile *copy = p2a_copy(p, NULL);
    assert_non_null(copy);
    return copy;
}

/* LEFT + RIGHT; both stay. */
static struct p2a_profile *sum_of(const struct p2a_profile *left, const struct p2a_profile *right)
{
    struct p2a_profile *sum = copy_of(left);
    struct p2a_error error = {.path = ""};
    assert_int_equal(p2a_add(sum, right, &error), P2A_OK);
    assert_int_equal(p2a_check(sum, &error), P2A_OK);
    return sum;
}

static bool notes(const struct p2a_profile *p, const char *words)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), words))
            return true;
    return false;
}

static p2a_id same_function(const struct p2a_profile *a, p2a_id f, struct p2a_profile *b)
{
    struct p2a_function function = a->functions.row[f];
    function.name = p2a_intern(b, p2a_string(a, function.name));
    function.qualname = p2a_intern(b, p2a_string(a, function.qualname));
    function.file = p2a_intern(b, p2a_string(a, function.file));
    function.module = p2a_intern(b, p2a_string(a, function.module));
    uint32_t before = b->functions.n;
    p2a_id id = p2a_function(b, &function);
    assert_true(id < before);
    return id;
}

static void assert_values(const struct p2a_profile *a, const double *left, size_t row,
                          const struct p2a_profile *b, const double *right, size_t other,
                          bool exact)
{
    assert_int_equal(a->metrics.n, b->metrics.n);
    for (uint32_t m = 0; m < a->metrics.n; m++) {
        uint32_t n = 0; /* metrics may have another order */
        while (strcmp(p2a_metric_name(b, n), p2a_metric_name(a, m)) != 0)
            n++;
        double x = left[row * a->columns + m], y = right[other * b->columns + n];
        assert_true(exact ? x == y : is_close(x, y));
    }
}

static void assert_same_tree(const struct p2a_profile *a, struct p2a_profile *b, bool exact)
{
    p2a_id *at = calloc((size_t)a->contexts.n + 1, sizeof *at);
    assert_int_equal(a->contexts.n, b->contexts.n);
    for (p2a_id c = 0; c < a->contexts.n; c++) {
        const struct p2a_context *row = &a->contexts.row[c];
        p2a_id parent = row->parent == P2A_NONE ? P2A_NONE : at[row->parent];
        at[c] = p2a_context(b, parent, same_function(a, row->function, b), P2A_NONE);
        assert_true(at[c] < a->contexts.n); /* it was there */
        assert_int_equal(p2a_calls_of(&a->contexts, c), p2a_calls_of(&b->contexts, at[c]));
        assert_values(a, a->contexts.self, c, b, b->contexts.self, at[c], exact);
    }
    assert_int_equal(a->contexts.n, b->contexts.n);
    free(at);
}

static void assert_same_graph(const struct p2a_profile *a, struct p2a_profile *b, bool exact)
{
    const struct p2a_graph *g = &a->graph, *h = &b->graph;
    assert_int_equal(g->order_n, h->order_n);
    assert_int_equal(g->arc_n, h->arc_n);
    for (uint32_t i = 0; i < g->order_n; i++) {
        p2a_id f = g->order[i], other = same_function(a, f, b);
        assert_int_equal(g->node[f].calls, h->node[other].calls);
        assert_int_equal(g->node[f].primitive, h->node[other].primitive);
        assert_int_equal(g->node[f].has, h->node[other].has);
        assert_values(a, g->self, f, b, h->self, other, exact);
        assert_values(a, g->total, f, b, h->total, other, exact);
    }
    for (p2a_id i = 0; i < g->arc_n; i++) {
        p2a_id other = p2a_arc_find(b, same_function(a, g->arc[i].caller, b),
                                    same_function(a, g->arc[i].callee, b));
        assert_int_not_equal(other, P2A_NONE);
        assert_int_equal(g->arc[i].calls, h->arc[other].calls);
        assert_int_equal(g->arc[i].primitive, h->arc[other].primitive);
        assert_values(a, g->arc_self, i, b, h->arc_self, other, exact);
        assert_values(a, g->arc_total, i, b, h->arc_total, other, exact);
    }
}

static void assert_same(const struct p2a_profile *a, struct p2a_profile *b, bool exact)
{
    assert_int_equal(a->facts, b->facts);
    if (a->facts & P2A_CONTEXTS)
        assert_same_tree(a, b, exact);
    else
        assert_same_graph(a, b, exact);
}

static void check_laws(const struct p2a_profile *a, const struct p2a_profile *b,
                       const struct p2a_profile *c, bool exact)
{
    struct p2a_profile *ab = sum_of(a, b), *ba = sum_of(b, a), *bc = sum_of(b, c);
    struct p2a_profile *left = sum_of(ab, c), *right = sum_of(a, bc);
    assert_same(ab, ba, exact);
    assert_same(left, right, exact);
    struct p2a_profile *all[] = {ab, ba, bc, left, right};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        p2a_free(all[i]);
}

static void sums_do_not_depend_on_order_or_grouping(void **state)
{
    (void)state;
    struct p2a_profile *(*const make[])(uint64_t, uint32_t, bool) = {random_tree, random_graph};
    for (unsigned kinds = 0; kinds < 8; kinds++) /* which of the three are graphs alone */
        for (uint64_t seed = 1; seed <= 12; seed++) {
            bool thirds = seed % 2;
            struct p2a_profile *p[3];
            for (unsigned i = 0; i < 3; i++)
                p[i] = make[kinds >> i & 1](seed * 3 + i, 1 + (uint32_t)seed * 7, thirds);
            check_laws(p[0], p[1], p[2], !thirds);
            for (unsigned i = 0; i < 3; i++)
                p2a_free(p[i]);
        }
}

static void a_metric_of_one_side_alone_stays(void **state)
{
    (void)state;
    struct p2a_profile *a = random_tree(5, 30, false), *b = random_tree(6, 30, false);
    p2a_id more = p2a_metric(b, "samples", "count", 1);
    p2a_context_add(b, 3, more, 7);
    p2a_finish(b);
    check_laws(a, b, a, true);
    p2a_free(a);
    p2a_free(b);
}

static p2a_id add_function(struct p2a_profile *p, const char *file, const char *module)
{
    struct p2a_function f = {.name = p2a_intern(p, P2A_LIT("parse")),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .module = p2a_intern(p, p2a_str_of(module)),
                             .line = 3,
                             .kind = P2A_PYTHON};
    return p2a_function(p, &f);
}

/* A tree of parse() of FILE in each of the N modules, or its graph; self 1 and a call each. */
static struct p2a_profile *of_modules(const char *file, const char *const *module, size_t n,
                                      bool graph)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "time", "seconds", 1);
    for (size_t i = 0; i < n; i++) {
        p2a_id context = p2a_context(p, P2A_NONE, add_function(p, file, module[i]), P2A_NONE);
        p2a_context_add(p, context, 0, 1);
        p2a_context_calls(p, context, 1);
    }
    p2a_finish(p);
    assert_int_equal(p2a_shape(p, !graph, false, NULL), P2A_OK);
    p->recorded = p->facts;
    return p;
}

static void a_function_whose_module_one_side_lacks_is_one(void **state)
{
    (void)state;
    const char *const known[] = {"app"}, *const unknown[] = {""};
    for (unsigned graphs = 0; graphs < 4; graphs++) {
        struct p2a_profile *a = of_modules("app.py", known, 1, graphs & 1);
        struct p2a_profile *b = of_modules("app.py", unknown, 1, graphs & 2);
        struct p2a_profile *sum = sum_of(a, b);
        assert_int_equal(sum->functions.n, 1);
        assert_string_equal(p2a_string(sum, sum->functions.row[0].module).at, "app");
        check_laws(a, b, a, true);
        check_laws(b, a, b, true);
        p2a_free(sum);
        p2a_free(a);
        p2a_free(b);
    }
}

static void they_are_one_as_soon_as_folders_are_left_out(void **state)
{
    (void)state;
    const char *const known[] = {"app"}, *const unknown[] = {""};
    struct p2a_profile *a = of_modules("/src/app.py", known, 1, true);
    struct p2a_profile *b = of_modules("app.py", unknown, 1, true);
    struct p2a_profile *sum = sum_of(a, b);
    assert_int_equal(sum->graph.order_n, 2);
    assert_int_equal(p2a_select(sum, &(struct p2a_selection){.strip_dirs = true}, NULL), P2A_OK);
    assert_int_equal(sum->graph.order_n, 1);
    assert_int_equal(sum->graph.node[sum->graph.order[0]].calls, 2);
    p2a_free(sum);
    p2a_free(a);
    p2a_free(b);
}

static void a_function_without_module_is_none_of_two_that_have_one(void **state)
{
    (void)state;
    const char *const known[] = {"__main__", "app"}, *const unknown[] = {""};
    struct p2a_profile *a = of_modules("app.py", known, 2, false),
                       *b = of_modules("app.py", unknown, 1, false);
    struct p2a_profile *sum = sum_of(a, b), *sums = sum_of(b, a);
    assert_int_equal(sum->functions.n, 3);
    assert_same(sum, sums, true);
    p2a_free(sum);
    p2a_free(sums);
    p2a_free(a);
    p2a_free(b);
}

/* Nothing is known of it from before. */
static void what_is_no_comparison_adds_to_one_side_of_it_with_a_note(void **state)
{
    (void)state;
    struct p2a_profile *plain = random_tree(5, 20, false), *other = random_tree(6, 20, false);
    struct p2a_comparison both = {.before = &other, .after = &plain, .before_n = 1, .after_n = 1};
    struct p2a_profile *compared, *none = p2a_profile_new(0);
    assert_int_equal(p2a_diff(&both, &compared, NULL), P2A_OK);
    p2a_finish(none);
    struct p2a_profile *one = sum_of(plain, compared), *two = sum_of(compared, plain);
    struct p2a_profile *alike = sum_of(compared, compared), *empty = sum_of(compared, none);
    assert_true(notes(one, "nothing before") && notes(two, "nothing before"));
    assert_false(notes(alike, "nothing before") || notes(empty, "nothing before"));
    assert_true(is_close(p2a_whole(one, 0), 2 * p2a_whole(plain, 0)));
    assert_true(is_close(p2a_whole(two, two->metrics.n), p2a_whole(other, 0)));
    struct p2a_profile *all[] = {plain, other, compared, none, one, two, alike, empty};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        p2a_free(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_do_not_depend_on_order_or_grouping),
        cmocka_unit_test(a_metric_of_one_side_alone_stays),
        cmocka_unit_test(a_function_whose_module_one_side_lacks_is_one),
        cmocka_unit_test(they_are_one_as_soon_as_folders_are_left_out),
        cmocka_unit_test(a_function_without_module_is_none_of_two_that_have_one),
        cmocka_unit_test(what_is_no_comparison_adds_to_one_side_of_it_with_a_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
