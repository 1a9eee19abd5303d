/* Which paths an indented list shows, and what it says of the others. */
#include "model/outline.h"
#include "unit/make.h"

/* What is below zero is shown by how far it is from it, behind what is above. */
static void negative_paths_are_shown(void **state)
{
    (void)state;
    static const char *const order[] = {"d", "a", "c", "b"};
    static const double totals[] = {20, -5, 4, -9};
    struct p2a_profile *p = make_tree((const char *[]){"a;b 0", "a;c 4", "d 20", "e 0", NULL});
    struct p2a_outline_wanted wanted = {.by_total = true, .least = 0.01};
    struct p2a_outline outline;
    p->contexts.self[1] = -9;
    assert_true(p2a_outline_build(p, &wanted, &outline));
    assert_int_equal(outline.n, 4);
    assert_int_equal(outline.all, 5);
    for (uint32_t i = 0; i < outline.n; i++) {
        assert_int_equal(outline.row[i].function, find_function(p, order[i]));
        assert_true(outline.row[i].total == totals[i]);
    }
    p2a_outline_free(&outline);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_paths_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
