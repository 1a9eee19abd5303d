/* The equations of src/model/derive.c on the smallest trees that can break them. */
#include "make.h"

static struct p2a_profile *derived(const char *const *stacks)
{
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_error error;
    assert_int_equal(p2a_derive(p, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    return p;
}

static void self_is_the_sum_over_contexts(void **state)
{
    (void)state;
    struct p2a_profile *p = derived((const char *[]){"a 1", "a;b 2", "c;b 4", NULL});
    assert_true(self_of(p, "b") == 6);
    assert_true(total_of(p, "a") == 3 && total_of(p, "c") == 4);
    assert_int_equal(node_of(p, "b").calls, 2);
    p2a_free(p);
}

static void a_function_is_never_counted_twice_in_its_total(void **state)
{
    (void)state;
    struct p2a_profile *p = derived((const char *[]){"f 1", "f;f 2", "f;f;g 4", "f;f;g;f 8", NULL});
    assert_true(total_of(p, "f") == 15);
    assert_true(self_of(p, "f") == 11);
    assert_int_equal(node_of(p, "f").calls, 3);
    assert_int_equal(node_of(p, "f").primitive, 1);
    assert_true(total_of(p, "g") == 12);
    p2a_free(p);
}

static void an_arc_counts_its_total_at_its_outermost_step(void **state)
{
    (void)state;
    struct p2a_profile *p = derived((const char *[]){"a 1", "a;b 2", "a;b;a 4", "a;b;a;b 8", NULL});
    struct p2a_arc ab = p->graph.arc[arc_of(p, "a", "b")];
    assert_int_equal(ab.calls, 2);
    assert_int_equal(ab.primitive, 1);
    assert_true(p->graph.arc_self[arc_of(p, "a", "b")] == 10);
    assert_true(p->graph.arc_total[arc_of(p, "a", "b")] == 14);
    assert_true(p->graph.arc_total[arc_of(p, "b", "a")] == 12);
    p2a_free(p);
}

static void sums_keep_what_doubles_drop(void **state)
{
    (void)state;
    struct p2a_profile *p =
        derived((const char *[]){"a 10000000000000000", "a;b 1", "a;c 1", NULL});
    assert_true(total_of(p, "a") == 10000000000000002.0);
    assert_true(p2a_whole(p, 0) == 10000000000000002.0);
    p2a_free(p);
}

static void a_very_deep_tree_is_walked_without_recursion(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    struct p2a_error error;
    p2a_metric(p, "samples", "count", 1);
    p2a_id f = make_function(p, "f"), context = P2A_NONE;
    for (int i = 0; i < 300000; i++) {
        context = p2a_context(p, context, f, P2A_NONE);
        p2a_context_add(p, context, 0, 1);
    }
    p2a_finish(p);
    assert_int_equal(p2a_derive(p, &error), P2A_OK);
    assert_true(total_of(p, "f") == 300000);
    p2a_free(p);
}

static void the_invariants_find_a_broken_row(void **state)
{
    (void)state;
    struct p2a_profile *p = derived((const char *[]){"a;b 1", "a;b;c 1", NULL});
    struct p2a_error error;
    p->contexts.row[1].parent = 2;
    assert_int_equal(p2a_check(p, &error), P2A_INPUT);
    p->contexts.row[1].parent = 0;
    p->graph.self[0] += 1;
    assert_int_equal(p2a_check(p, &error), P2A_INPUT);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_is_the_sum_over_contexts),
        cmocka_unit_test(a_function_is_never_counted_twice_in_its_total),
        cmocka_unit_test(an_arc_counts_its_total_at_its_outermost_step),
        cmocka_unit_test(sums_keep_what_doubles_drop),
        cmocka_unit_test(a_very_deep_tree_is_walked_without_recursion),
        cmocka_unit_test(the_invariants_find_a_broken_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
