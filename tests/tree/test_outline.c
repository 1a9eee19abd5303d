/* Which paths an indented list shows, and what it says of the others. */
#include <stdio.h>

#include "model/core.h"
#include "model/fold.h"
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

/* main, then down to the last function again and again, each time for another leaf. To copy every
 * path that is left so would take the square of the stack's length. */
static void long_paths_are_left_without_being_copied(void **state)
{
    (void)state;
    enum { N = 3000, STEPS = N + 2 * N };
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "samples", 1);
    p2a_id frame[STEPS];
    for (uint32_t i = 0; i < 2 * N; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", i);
        p2a_function(p, &(struct p2a_function){.name = p2a_intern(p, p2a_str_of(name))});
    }
    for (uint32_t i = 0; i < N; i++) {
        frame[i] = i;
        frame[N + 2 * i] = N + i;
        frame[N + 2 * i + 1] = N - 1;
    }
    struct p2a_stacks s = {.n = 1,
                           .row = calloc(1, sizeof *s.row),
                           .frame = malloc(sizeof frame),
                           .self = calloc(1, sizeof *s.self)};
    assert_true(s.row && s.frame && s.self);
    memcpy(s.frame, frame, sizeof frame);
    *s.row = (struct p2a_stack){0, STEPS, 0, P2A_NONE};
    *s.self = 7;
    p->core->lazy = true;
    assert_true(p2a_stacks_sort(&s, 2 * N, 1) && p2a_stacks_take(p, &s));

    struct p2a_fold fold;
    assert_true(p2a_fold_stacks(p, true, false, &fold));
    assert_true(fold.dear);
    assert_int_equal(fold.n, 1);
    assert_int_equal(fold.stacks.n, 0);
    p2a_free_fold(&fold);
    struct p2a_outline_wanted wanted = {.fold = true, .least = 0.1};
    struct p2a_outline outline;
    assert_true(p2a_outline_build(p, &wanted, &outline));
    assert_int_equal(outline.all, 2 * N);
    assert_int_equal(outline.n, N);
    assert_int_equal(outline.row[N - 1].nested, N + 1);
    assert_true(outline.row[N - 1].self == 7 && outline.row[0].total == 7);
    p2a_outline_free(&outline);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_paths_are_shown),
        cmocka_unit_test(long_paths_are_left_without_being_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
