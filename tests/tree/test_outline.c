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
                           .frames = {.at = malloc(sizeof frame)},
                           .self = calloc(1, sizeof *s.self)};
    assert_true(s.row && s.frames.at && s.self);
    memcpy(s.frames.at, frame, sizeof frame);
    *s.row = (struct p2a_stack){0, STEPS, 0, P2A_NONE};
    *s.self = 7;
    p->core->lazy = true;
    assert_true(p2a_stacks_sort(&s, 2 * N, 1) && p2a_stacks_take(p, &s));

    struct p2a_fold fold;
    assert_true(p2a_fold_stacks(p, true, false, &fold));
    assert_true(fold.dear);
    assert_int_equal(fold.n, 1);
    assert_int_equal(fold.fresh.n, 0);
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

/* The names of the rows and how deep they are. */
static void expect_rows(const char *const *stacks, const struct p2a_outline_wanted *wanted,
                        const char *expected)
{
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_outline outline;
    char text[400] = "";
    size_t n = 0;
    assert_true(p2a_outline_build(p, wanted, &outline));
    for (uint32_t i = 0; i < outline.n; i++) {
        const struct p2a_outline_row *row = &outline.row[i];
        const char *name = p2a_string(p, p->functions.row[row->function].name).at;
        n += (size_t)snprintf(text + n, sizeof text - n, "%u%s ", row->depth, name);
    }
    assert_string_equal(text, expected);
    assert_int_equal(outline.n + outline.too_many, outline.all);
    p2a_outline_free(&outline);
    p2a_free(p);
}

static const char *const one_way[] = {"m;z;one 3", "m;b;two 3", "m;y;one 3", "m;a;x 3",
                                      "m;a;x 1",   "m;b;k 2",   "n 9",       NULL};
static const char *const other_way[] = {"n 9",       "m;a;x 1",   "m;b;k 2",   "m;a;x 3",
                                        "m;y;one 3", "m;b;two 3", "m;z;one 3", NULL};

static void equal_rows_stand_by_name_in_whatever_order_they_came(void **state)
{
    (void)state;
    static const char *const expected[] = {"0m ",
                                           "0m 0n ",
                                           "0m 1b 0n ",
                                           "0m 1b 1a 0n ",
                                           "0m 1b 1a 2x 0n ",
                                           "0m 1b 2two 1a 2x 0n ",
                                           "0m 1b 2two 1a 2x 1y 0n ",
                                           "0m 1b 2two 1a 2x 1y 2one 0n ",
                                           "0m 1b 2two 1a 2x 1y 2one 1z 0n ",
                                           "0m 1b 2two 1a 2x 1y 2one 1z 2one 0n ",
                                           "0m 1b 2two 2k 1a 2x 1y 2one 1z 2one 0n "};
    for (uint32_t most = 1; most <= sizeof expected / sizeof *expected; most++) {
        struct p2a_outline_wanted wanted = {.by_total = true, .most = most};
        expect_rows(one_way, &wanted, expected[most - 1]);
        expect_rows(other_way, &wanted, expected[most - 1]);
    }
}

static void rows_as_recorded_keep_their_order(void **state)
{
    (void)state;
    struct p2a_outline_wanted wanted = {.most = 7};
    expect_rows(one_way, &wanted, "0m 1z 2one 1b 1a 2x 0n ");
    expect_rows(other_way, &wanted, "0n 0m 1a 2x 1b 2two 1y ");
}

/* One root has no thread. */
static void threads_of_equal_weight_stand_by_name(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree((const char *[]){"f 2", NULL});
    struct p2a_outline_wanted wanted = {.threads = true, .by_total = true};
    struct p2a_outline outline;
    static const char *const names[] = {"b", "a"};
    for (uint32_t i = 0; i < 2; i++) {
        p2a_id thread = p2a_thread(p, 1, i + 1, p2a_str_of(names[i]));
        p2a_context_add(p, p2a_context(p, P2A_NONE, 0, thread), 0, 2);
    }
    assert_true(p2a_outline_build(p, &wanted, &outline));
    assert_int_equal(outline.n, 6);
    assert_int_equal(outline.row[0].thread, P2A_NONE);
    assert_int_equal(outline.row[2].thread, 1);
    assert_int_equal(outline.row[4].thread, 0);
    p2a_outline_free(&outline);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_paths_are_shown),
        cmocka_unit_test(equal_rows_stand_by_name_in_whatever_order_they_came),
        cmocka_unit_test(rows_as_recorded_keep_their_order),
        cmocka_unit_test(threads_of_equal_weight_stand_by_name),
        cmocka_unit_test(long_paths_are_left_without_being_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
