/* Boxes from call paths. With total(box) the sum over the contexts it stands for:
 *     forward    boxes = the tree, one for each path;  total(parent) = self + Σ total(children)
 *     reversed   Σ total(boxes of F at depth 1) = self(F), at every depth a path's leaf part
 * and everywhere: start and end of a box lie within its parent's. */
#include "unit/make.h"

#include "model/frames.h"

static const struct p2a_frames_wanted all_of_it;

static struct p2a_frames build(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted)
{
    struct p2a_frames frames;
    assert_true(p2a_frames_build(p, wanted, &frames));
    return frames;
}

/* The path of row I from the whole, "a;b"; good until the next call. */
static const char *path_of(const struct p2a_profile *p, const struct p2a_frames *f, size_t i)
{
    static char text[512];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    for (; i != 0; i = f->row[i].parent) {
        struct p2a_str name = p2a_string(p, p->functions.row[f->row[i].function].name);
        if (at < sizeof text - 1)
            text[--at] = ';';
        at -= name.n;
        memcpy(text + at, name.at, name.n);
    }
    return text + at;
}

static const struct p2a_frame *frame_at(const struct p2a_profile *p, const struct p2a_frames *f,
                                        const char *path)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(path_of(p, f, i), path) == 0)
            return &f->row[i];
    return NULL;
}

/* "all 10|a 7|a;b 3|…" against the rows in order. */
static void expect_rows(const struct p2a_profile *p, const struct p2a_frames *f,
                        const char *expected)
{
    char text[1024] = "";
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %g", i ? "|" : "",
                              i ? path_of(p, f, i) : "all", f->row[i].total);
    assert_string_equal(text, expected);
}

static void expect_nested(const struct p2a_frames *f)
{
    for (size_t i = 1; i < f->n; i++) {
        const struct p2a_frame *row = &f->row[i], *parent = &f->row[row->parent];
        assert_true(row->parent < i);
        assert_int_equal(row->depth, parent->depth + 1);
        assert_true(row->start < row->end);
        assert_true(row->start >= parent->start && row->end <= parent->end);
        if (row[-1].depth == row->depth)
            assert_true(row[-1].end <= row->start);
        assert_true(row->total <= parent->total);
    }
}

static const char *const small[] = {"a;b 3", "a;c 1", "a 3", "c;b 2", "c;a;b 1", NULL};

static void a_box_is_a_path_with_its_total(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree(small);
    struct p2a_frames f = build(p, &all_of_it);
    expect_rows(p, &f, "all 10|a 7|c 3|a;b 3|a;c 1|c;a 1|c;b 2|c;a;b 1");
    expect_nested(&f);
    assert_int_equal(f.levels, 4);
    assert_int_equal(frame_at(p, &f, "c;b")->start, 800000);
    assert_int_equal(frame_at(p, &f, "c;b")->end, 1000000);
    assert_true(frame_at(p, &f, "a")->self == 3);
    assert_int_equal(frame_at(p, &f, "a")->calls, 1);
    p2a_frames_free(&f);
    p2a_free(p);
}

static void siblings_stand_by_name_by_total_or_as_recorded(void **state)
{
    (void)state;
    static const char *const stacks[] = {"m;b 1", "m;c 3", "m;a 2", NULL};
    static const char *const expected[] = {"all 6|m 6|m;a 2|m;b 1|m;c 3",
                                           "all 6|m 6|m;c 3|m;a 2|m;b 1",
                                           "all 6|m 6|m;b 1|m;c 3|m;a 2"};
    struct p2a_profile *p = make_tree(stacks);
    for (unsigned order = 0; order < 3; order++) {
        struct p2a_frames_wanted wanted = {.order = (enum p2a_frame_order)order};
        struct p2a_frames f = build(p, &wanted);
        expect_rows(p, &f, expected[order]);
        expect_nested(&f);
        p2a_frames_free(&f);
    }
    p2a_free(p);
}

static void a_reversed_graph_starts_with_self(void **state)
{
    (void)state;
    struct p2a_frames_wanted wanted = {.reverse = true};
    struct p2a_profile *p = make_tree(small);
    struct p2a_frames f = build(p, &wanted);
    expect_rows(p, &f, "all 10|a 3|b 6|c 1|b;a 4|b;c 2|c;a 1|b;a;c 1");
    expect_nested(&f);
    p2a_frames_free(&f);
    p2a_free(p);
}

static void threads_are_merged_or_stand_apart(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    for (unsigned i = 0; i < 2; i++) {
        p2a_id thread = p2a_thread(p, 1, 10 + i, P2A_LIT("t"));
        p2a_id root = p2a_context(p, P2A_NONE, make_function(p, "run"), thread);
        p2a_context_add(p, p2a_context(p, root, make_function(p, "f"), thread), 0, 1 + i);
    }
    p2a_finish(p);
    struct p2a_frames f = build(p, &all_of_it);
    expect_rows(p, &f, "all 3|run 3|run;f 3");
    p2a_frames_free(&f);
    struct p2a_frames_wanted apart = {.threads = true};
    f = build(p, &apart);
    assert_int_equal(f.n, 7);
    assert_int_equal(f.row[1].thread, 0);
    assert_int_equal(f.row[2].thread, 1);
    assert_true(f.row[1].total == 1 && f.row[2].total == 2);
    assert_int_equal(f.row[1].function, P2A_NONE);
    assert_int_equal(f.row[3].function, f.row[4].function);
    p2a_frames_free(&f);
    p2a_free(p);
}

static void what_is_too_narrow_is_counted(void **state)
{
    (void)state;
    static const char *const stacks[] = {"m;a 90", "m;b 6", "m;c;d 3", "m;e 1", NULL};
    struct p2a_frames_wanted wanted = {.least = 0.05};
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_frames f = build(p, &wanted);
    expect_rows(p, &f, "all 100|m 100|m;a 90|m;b 6");
    assert_int_equal(f.narrow, 2);
    assert_true(f.narrow_total == 4 && f.widest_out == 3);
    p2a_frames_free(&f);
    p2a_free(p);
}

static void what_is_too_deep_is_counted(void **state)
{
    (void)state;
    static const char *const stacks[] = {"m 1", "m;a 2", "m;a;b 3", "m;c 4", NULL};
    struct p2a_profile *p = make_tree(stacks);
    struct p2a_frames_wanted wanted = {.levels = 2};
    struct p2a_frames f = build(p, &wanted);
    expect_rows(p, &f, "all 10|m 10|m;a 5|m;c 4");
    assert_true(f.deep_total == 3);
    p2a_frames_free(&f);
    p2a_free(p);
}

/* Every frame kept is at least as wide as every frame left out, whatever the order they were met
 * in. */
static void the_widest_boxes_are_drawn(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    uint32_t random = 1;
    p2a_id contexts[3000];
    for (unsigned i = 0; i < 3000; i++) {
        char name[16];
        random = random * 1664525 + 1013904223;
        snprintf(name, sizeof name, "f%u", random >> 27);
        p2a_id parent = i < 5 ? P2A_NONE : contexts[(random >> 8) % i];
        contexts[i] = p2a_context(p, parent, make_function(p, name), P2A_NONE);
        p2a_context_add(p, contexts[i], 0, random % 100);
    }
    p2a_finish(p);
    struct p2a_frames whole = build(p, &all_of_it);
    for (uint32_t most = 1; most < whole.n; most = most * 3 + 1) {
        struct p2a_frames_wanted wanted = {.most = most};
        struct p2a_frames f = build(p, &wanted);
        double least = f.row[0].total;
        size_t wider = 0;
        for (size_t i = 0; i < f.n; i++)
            least = f.row[i].total < least ? f.row[i].total : least;
        for (size_t i = 0; i < whole.n; i++)
            wider += whole.row[i].total > least;
        assert_int_equal(f.n, most);
        assert_true(wider < f.n);
        expect_nested(&f);
        p2a_frames_free(&f);
    }
    p2a_frames_free(&whole);
    p2a_free(p);
}

static struct p2a_profile *chain(uint32_t depth, unsigned functions)
{
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    p2a_id context = P2A_NONE, function[2] = {make_function(p, "f"), make_function(p, "g")};
    for (uint32_t i = 0; i < depth; i++) {
        context = p2a_context(p, context, function[i % functions], P2A_NONE);
        p2a_context_add(p, context, 0, 1);
    }
    p2a_finish(p);
    return p;
}

static void a_hundred_thousand_levels_are_no_matter(void **state)
{
    (void)state;
    struct p2a_profile *p = chain(100000, 2);
    struct p2a_frames f = build(p, &all_of_it);
    assert_int_equal(f.n, 100001);
    assert_true(f.row[0].total == 100000);
    expect_nested(&f);
    p2a_frames_free(&f);
    struct p2a_frames_wanted wanted = {.reverse = true, .levels = 100, .most = 50};
    f = build(p, &wanted);
    assert_int_equal(f.n, 50);
    assert_true(f.row[1].total == 50000);
    expect_nested(&f);
    p2a_frames_free(&f);
    p2a_free(p);
}

static void nothing_recorded_is_a_whole_of_zero(void **state)
{
    (void)state;
    static const char *const stacks[] = {"a;b 0", NULL};
    struct p2a_profile *p = make_tree(stacks), *empty = p2a_profile_new(0);
    p2a_finish(empty);
    struct p2a_frames f = build(p, &all_of_it), none = build(empty, &all_of_it);
    assert_int_equal(f.n, 1);
    assert_true(f.row[0].total == 0 && f.row[0].end == P2A_FRAME_UNITS);
    assert_int_equal(none.n, 1);
    p2a_frames_free(&f);
    p2a_frames_free(&none);
    p2a_free(p);
    p2a_free(empty);
}

static void undefined_and_negative_values_count_as_zero(void **state)
{
    (void)state;
    static const char *const stacks[] = {"a;b 4", "a;c 1", NULL};
    for (unsigned reverse = 0; reverse < 2; reverse++) {
        struct p2a_frames_wanted wanted = {.reverse = reverse};
        struct p2a_profile *p = make_tree(stacks);
        p->contexts.self[2] = reverse ? 0.0 / 0.0 : -2;
        struct p2a_frames f = build(p, &wanted);
        expect_nested(&f);
        for (size_t i = 0; i < f.n; i++)
            assert_true(f.row[i].total > 0);
        p2a_frames_free(&f);
        p2a_free(p);
    }
}

/* One that is heavier than all else together takes nothing away from its callers. */
static void negative_values_are_left_out_and_told(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree((const char *[]){"a;b 4", "a;c 1", NULL});
    p->contexts.self[2] = -9;
    struct p2a_frames f = build(p, &all_of_it);
    expect_rows(p, &f, "all 4|a 4|a;b 4");
    assert_true(f.negative == 1 && f.negative_total == -9);
    assert_true(p->contexts.self[2] == -9);
    p2a_frames_free(&f);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_is_a_path_with_its_total),
        cmocka_unit_test(siblings_stand_by_name_by_total_or_as_recorded),
        cmocka_unit_test(a_reversed_graph_starts_with_self),
        cmocka_unit_test(threads_are_merged_or_stand_apart),
        cmocka_unit_test(what_is_too_narrow_is_counted),
        cmocka_unit_test(what_is_too_deep_is_counted),
        cmocka_unit_test(the_widest_boxes_are_drawn),
        cmocka_unit_test(a_hundred_thousand_levels_are_no_matter),
        cmocka_unit_test(nothing_recorded_is_a_whole_of_zero),
        cmocka_unit_test(undefined_and_negative_values_count_as_zero),
        cmocka_unit_test(negative_values_are_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
