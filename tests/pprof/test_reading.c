/* profile.proto as it may be written, and what is read of it. */
#include "build.h"

static void numbers_may_come_one_by_one(void **state)
{
    (void)state;
    struct build b = {0};
    struct p2a_buffer m = {0};
    add_type(&b, "cpu", "count");
    add_functions(&b, 3);
    p2a_protobuf_put_number(&m, 2, 7);
    p2a_protobuf_put_number(&m, 1, 3);
    p2a_protobuf_put_bytes(&m, 1, P2A_LIT("\x02"));
    p2a_protobuf_put_number(&m, 1, 1);
    p2a_protobuf_put_bytes(&b.bytes, 2, (struct p2a_str){m.at, m.n});
    struct p2a_profile *p = read_build(&b);
    expect_folded(p, "f1 (f.c:10);f2 (f.c:20);f3 (f.c:30) 7\n");
    p2a_free(p);
    p2a_buffer_free(&m);
}

static void ids_need_no_order_and_tables_may_stand_behind_samples(void **state)
{
    (void)state;
    struct build b = {0};
    add_sample(&b, STACK(9, 1 << 20), VALUES(4), NULL);
    add_location(&b, 9, 0, 0, LINES({1000, 0}));
    add_location(&b, 1 << 20, 0, 0, LINES({3, 0}));
    add_function(&b, 1000, "leaf", "", 0);
    add_function(&b, 3, "main", "", 0);
    add_type(&b, "samples", "count");
    struct p2a_profile *p = read_build(&b);
    expect_folded(p, "main;leaf 4\n");
    p2a_free(p);
}

static void the_default_sample_type_is_the_first_metric(void **state)
{
    (void)state;
    static const char *const expected[][3] = {
        {"c", "a", "b"}, {"a", "b", "c"}, {"b", "a", "c"}, {"c", "a", "b"}};
    static const char *const named[] = {NULL, "a", "b", "nothing of the kind"};
    for (size_t i = 0; i < 4; i++) {
        struct build b = {0};
        add_type(&b, "a", "count");
        add_type(&b, "b", "bytes");
        add_type(&b, "c", "nanoseconds");
        add_functions(&b, 1);
        add_sample(&b, STACK(1), VALUES(1, 2, 3000000), NULL);
        if (named[i])
            p2a_protobuf_put_number(&b.bytes, 14, text(&b, named[i]));
        struct p2a_profile *p = read_build(&b);
        for (size_t m = 0; m < 3; m++) {
            assert_string_equal(p2a_metric_name(p, m), expected[i][m]);
            double total = p2a_metric_total(p, m);
            const char *unit = p2a_metric_unit(p, m);
            if (*expected[i][m] == 'c')
                assert_true(total > 0.00299 && total < 0.00301 && strcmp(unit, "seconds") == 0);
            else
                assert_true(total == (*expected[i][m] == 'a' ? 1 : 2));
        }
        p2a_free(p);
    }
}

static void types_of_one_name_are_metrics_of_two(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "cpu", "nanoseconds");
    add_type(&b, "cpu", "milliseconds");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(1000000, 2), NULL);
    struct p2a_profile *p = read_build(&b);
    assert_int_equal(p2a_metric_count(p), 2);
    assert_true(p2a_metric_total(p, 0) > 0.00199 && p2a_metric_total(p, 0) < 0.00201);
    assert_true(p2a_metric_total(p, 1) > 0.00099 && p2a_metric_total(p, 1) < 0.00101);
    assert_true(strcmp(p2a_metric_name(p, 0), p2a_metric_name(p, 1)) != 0);
    p2a_free(p);
}

static void a_location_with_lines_is_as_many_frames(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_function(&b, 1, "main", "", 0);
    add_function(&b, 2, "outer", "", 0);
    add_function(&b, 3, "inner", "", 0);
    add_location(&b, 1, 0, 0, LINES({1, 5}));
    add_location(&b, 2, 0, 0, LINES({3, 7}, {2, 6}));
    add_location(&b, 3, 0, 0, LINES({3, 8}));
    add_sample(&b, STACK(2, 1), VALUES(3), NULL);
    add_sample(&b, STACK(3, 2, 1), VALUES(4), NULL);
    struct p2a_profile *p = read_build(&b);
    expect_folded(p, "main;outer;inner 3\nmain;outer;inner;inner 4\n");
    p2a_free(p);
}

static void lines_of_the_running_frame_add_up_to_its_self(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_function(&b, 1, "main", "m.c", 3);
    add_location(&b, 1, 0, 0x10, LINES({1, 5}));
    add_location(&b, 2, 0, 0x20, LINES({1, 6}));
    add_location(&b, 3, 0, 0x30, LINES({1, 6}));
    add_sample(&b, STACK(1), VALUES(3), NULL);
    add_sample(&b, STACK(2, 1), VALUES(4), NULL);
    add_sample(&b, STACK(3), VALUES(5), NULL);
    add_sample(&b, STACK(2), VALUES(6), NULL);
    struct p2a_profile *p = read_build(&b);
    static const uint64_t expected[][3] = {{5, 0x10, 3}, {6, 0x20, 10}, {6, 0x30, 5}};
    assert_int_equal(p->graph.line_n, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            if (p->graph.line[i].address == expected[k][1])
                assert_true(p->graph.line[i].line == expected[k][0] &&
                            p->graph.line_self[i] == (double)expected[k][2]);
    p2a_free(p);
}

static void frames_without_symbols_are_named_by_their_place_in_the_file(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    NUMBERS(&b, 3, 1, 0x7f0000001000, 0x7f0000002000, 0x1000, text(&b, "/lib/moved.so"));
    NUMBERS(&b, 3, 2, 0x401000, 0x402000, 0x1000, text(&b, "/bin/unmoved"));
    add_location(&b, 1, 1, 0x7f0000001234, NULL);
    add_location(&b, 2, 2, 0x401234, NULL);
    add_location(&b, 3, 0, 0xabc, NULL);
    add_sample(&b, STACK(1, 2, 3), VALUES(1), NULL);
    struct p2a_profile *p = read_build(&b);
    expect_folded(p, "0xabc;0x401234 (unmoved);0x1234 (moved.so) 1\n");
    p2a_free(p);
}

static void labels_that_name_threads_make_threads(void **state)
{
    (void)state;
    static const char *const with_threads[] = {"threads", "sort", NULL};
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(1), LABELS({"thread id", NULL, 7}, {"thread name", "a", 0}));
    add_sample(&b, STACK(1), VALUES(2), LABELS({"tid", "7", 0}, {"comm", "a", 0}));
    add_sample(&b, STACK(1), VALUES(4), LABELS({"pid", NULL, 3}, {"thread", "b", 0}));
    add_sample(&b, STACK(1), VALUES(8), LABELS({"request", "/index", 0}));
    struct p2a_profile *p = read_build(&b);
    struct p2a_str folded = written(p, "folded", with_threads);
    assert_string_equal(folded.at, "a;f1 (f.c:10) 3\nb;f1 (f.c:10) 4\nf1 (f.c:10) 8\n");
    assert_int_equal(p->threads.row[0].tid, 7);
    assert_int_equal(p->threads.row[1].pid, 3);
    assert_true(has_note(p, "labels that are no threads are left out: request"));
    free_text(folded);
    p2a_free(p);
}

static void sizes_of_objects_are_called_what_they_are(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "inuse_space", "bytes");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(64), LABELS({"bytes", NULL, 16}));
    struct p2a_profile *p = read_build(&b);
    assert_int_equal(p2a_note_count(p), 1);
    assert_true(has_note(p, "the sizes of single objects, label bytes, are left out"));
    p2a_free(p);
    b = (struct build){0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(64), LABELS({"bytes", NULL, 16}));
    add_sample(&b, STACK(1), VALUES(64), LABELS({"bytes", "few", 0}));
    p = read_build(&b);
    assert_int_equal(p2a_note_count(p), 1);
    assert_true(has_note(p, "labels that are no threads are left out: bytes"));
    p2a_free(p);
}

static void what_diff_base_marks_is_what_was_before(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 2);
    add_sample(&b, STACK(1), VALUES(5), NULL);
    add_sample(&b, STACK(1), VALUES(-3), LABELS({"pprof::base", "true", 0}));
    add_sample(&b, STACK(2, 1), VALUES(-4), LABELS({"pprof::base", "true", 0}));
    struct p2a_profile *p = read_build(&b);
    assert_true(p->facts & P2A_BEFORE);
    expect_folded(p, "f1 (f.c:10) 3 5\nf1 (f.c:10);f2 (f.c:20) 4 0\n");
    p2a_free(p);
}

static void negative_values_stay_negative(void **state)
{
    (void)state;
    static const char *const raw[] = {"raw", NULL};
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 2);
    add_sample(&b, STACK(1), VALUES(-7), NULL);
    add_sample(&b, STACK(2, 1), VALUES(3), NULL);
    struct p2a_profile *p = read_build(&b);
    assert_true(p2a_metric_total(p, 0) == -4);
    struct p2a_str again = written(p, "pprof", raw);
    struct p2a_profile *q = read_bytes(again, "pprof");
    assert_true(p2a_metric_total(q, 0) == -4);
    assert_true(q->contexts.self[0] == -7 && q->contexts.self[1] == 3);
    p2a_free(p);
    p2a_free(q);
    free_text(again);
}

/* Stacks of pruned, below: what pprof's Prune makes of the same, by hand. */
static void frames_to_be_dropped_go_with_what_is_below_them(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    p2a_protobuf_put_number(&b.bytes, 7, text(&b, "f[23]|operator new"));
    p2a_protobuf_put_number(&b.bytes, 8, text(&b, "f3"));
    add_functions(&b, 5);
    add_function(&b, 6, ".operator new(unsigned long)", "", 0);
    add_location(&b, 6, 0, 0, LINES({6, 0}));
    add_location(&b, 7, 0, 0, LINES({4, 0}, {2, 0}, {5, 0}));
    add_sample(&b, STACK(4, 2, 1), VALUES(1), NULL);  /* 2 and 4 go */
    add_sample(&b, STACK(4, 3, 1), VALUES(2), NULL);  /* 3 is kept */
    add_sample(&b, STACK(2), VALUES(4), NULL);        /* nothing before the first other frame */
    add_sample(&b, STACK(4, 6, 3), VALUES(8), NULL);  /* without arguments and dot */
    add_sample(&b, STACK(4, 7, 1), VALUES(16), NULL); /* inlined: 5 stays, 2 and 4 go */
    struct p2a_profile *p = read_build(&b);
    expect_folded(p, "f1 (f.c:10) 1\nf1 (f.c:10);f3 (f.c:30);f4 (f.c:40) 2\n"
                     "f1 (f.c:10);f5 (f.c:50) 16\nf2 (f.c:20) 4\nf3 (f.c:30) 8\n");
    p2a_free(p);
}

static void an_expression_that_does_not_work_drops_nothing(void **state)
{
    (void)state;
    static const char *const expressions[] = {"(", "(((a*)*)*)*b"};
    for (size_t i = 0; i < 2; i++) {
        struct build b = {0};
        add_type(&b, "samples", "count");
        p2a_protobuf_put_number(&b.bytes, 7, text(&b, expressions[i]));
        add_function(&b, 1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "", 0);
        add_location(&b, 1, 0, 0, LINES({1, 0}));
        add_sample(&b, STACK(1), VALUES(1), NULL);
        struct p2a_profile *p = read_build(&b);
        expect_folded(p, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac 1\n");
        p2a_free(p);
    }
}

static void a_sample_without_a_stack_keeps_its_value(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(1), NULL);
    add_sample(&b, STACK(STOP), VALUES(2), NULL);
    struct p2a_profile *p = read_build(&b);
    assert_true(p2a_metric_total(p, 0) == 3);
    expect_folded(p, "[no stack] 2\nf1 (f.c:10) 1\n");
    assert_true(has_note(p, "no stack"));
    p2a_free(p);
}

/* 3,000 stacks of up to 40 frames in no order: each context is there once, with all that is its. */
static void stacks_in_any_order_make_one_tree(void **state)
{
    (void)state;
    struct build b = {0};
    uint32_t seed = 1;
    add_type(&b, "samples", "count");
    add_functions(&b, 7);
    double sum = 0;
    for (int i = 0; i < 3000; i++) {
        int64_t stack[41];
        size_t n = 0;
        for (size_t most = 1 + (size_t)i % 40; n < most; n++) {
            seed = seed * 1664525 + 1013904223;
            stack[n] = 1 + (seed >> 24) % (n + 8 > most ? 2 : 7);
        }
        stack[n] = STOP;
        add_sample(&b, stack, VALUES(i), NULL);
        sum += i;
    }
    struct p2a_profile *p = read_build(&b);
    assert_true(p2a_metric_total(p, 0) == sum);
    uint32_t n = p->contexts.n;
    for (uint32_t i = 0; i < n; i++) {
        struct p2a_context c = p->contexts.row[i];
        assert_int_equal(p2a_context(p, c.parent, c.function, c.thread), i);
    }
    assert_int_equal(p->contexts.n, n);
    p2a_free(p);
}

static uint64_t number_of(const struct p2a_profile *p, p2a_id function)
{
    return strtoull(p2a_string(p, p->functions.row[function].name).at, NULL, 16);
}

/* N locations, named by their numbers, each of which calls the one before, so many times. */
static void calls_of_the_one_before(uint64_t n)
{
    struct build b = {0};
    add_type(&b, "samples", "count");
    for (uint64_t i = 1; i <= n; i++)
        add_location(&b, i, 0, i, NULL);
    for (int64_t i = 1; i < (int64_t)n; i++)
        add_sample(&b, STACK(i, i + 1), VALUES(i), NULL);
    add_sample(&b, STACK(STOP), VALUES(1), NULL);
    struct p2a_profile *p = read_build(&b);
    assert_true(p->functions.n == n + 1 && p->contexts.n == 2 * (n - 1) + 1);
    for (p2a_id i = 0; i < p->contexts.n; i++) {
        p2a_id caller = p->contexts.row[i].parent;
        if (caller == P2A_NONE)
            continue;
        uint64_t number = number_of(p, p->contexts.row[i].function);
        assert_int_equal(number_of(p, p->contexts.row[caller].function), number + 1);
        assert_true(p->contexts.self[i] == (double)number);
    }
    p2a_free(p);
}

/* From 65,534 locations on frames are wide. */
static void there_are_as_many_functions_as_locations(void **state)
{
    (void)state;
    for (uint64_t n = 65532; n < 65538; n++)
        calls_of_the_one_before(n);
    calls_of_the_one_before(140000);
}

/* ---- what is broken -------------------------------------------------------------------------- */

static void expect_refused(struct build *b, const char *part)
{
    struct p2a_load_options options = {.format = "pprof"};
    struct p2a_profile *p;
    struct p2a_error error;
    struct p2a_str bytes = built(b);
    assert_int_equal(p2a_load_memory(bytes.at, bytes.n, "test", &options, &p, &error), P2A_INPUT);
    if (!strstr(error.message, part))
        fail_msg("'%s' is not in: %s", part, error.message);
    assert_int_equal(error.place_kind, P2A_AT_BYTE);
    assert_true(error.place <= bytes.n);
    end_build(b);
}

static void what_refers_to_nothing_is_refused(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_sample(&b, STACK(1), VALUES(1), NULL);
    expect_refused(&b, "location 1 isn't in the file");
    b = (struct build){0};
    add_type(&b, "samples", "count");
    add_location(&b, 1, 0, 0, LINES({5, 1}));
    add_sample(&b, STACK(1), VALUES(1), NULL);
    expect_refused(&b, "function 5 isn't in the file");
    b = (struct build){0};
    add_type(&b, "samples", "count");
    add_location(&b, 1, 8, 0, NULL);
    add_sample(&b, STACK(1), VALUES(1), NULL);
    expect_refused(&b, "mapping 8 isn't in the file");
    b = (struct build){0};
    add_type(&b, "samples", "count");
    NUMBERS(&b, 5, 1, 77);
    add_location(&b, 1, 0, 0, LINES({1, 1}));
    add_sample(&b, STACK(1), VALUES(1), NULL);
    expect_refused(&b, "string 77 isn't in the string table");
}

static void ids_are_there_once_and_not_0(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_location(&b, 3, 0, 0, NULL);
    add_location(&b, 3, 0, 0, NULL);
    expect_refused(&b, "two locations have the id 3");
    b = (struct build){0};
    add_type(&b, "samples", "count");
    add_location(&b, 0, 0, 0, NULL);
    expect_refused(&b, "a location without an id");
}

static void a_sample_has_a_value_for_each_type(void **state)
{
    (void)state;
    for (int n = 0; n < 2; n++) {
        struct build b = {0};
        add_type(&b, "samples", "count");
        if (n)
            add_type(&b, "cpu", "nanoseconds");
        add_functions(&b, 1);
        add_sample(&b, STACK(1), n ? VALUES(1) : VALUES(1, 2), NULL);
        expect_refused(&b, n ? "1 value, expected 2," : "2 values, expected 1,");
    }
    struct build b = {0};
    add_functions(&b, 1);
    expect_refused(&b, "no sample type");
}

static void a_field_of_the_wrong_type_is_refused(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    p2a_protobuf_put_number(&b.bytes, 2, 1);
    expect_refused(&b, "field 2 of a profile");
    b = (struct build){0};
    p2a_protobuf_put_bytes(&b.bytes, 1,
                           P2A_LIT("\x0a\x01"
                                   "a"));
    expect_refused(&b, "field 1 of a sample type");
}

/* A location of 4,000 lines, named 100,000 times by a byte each. */
static void frames_do_not_grow_out_of_all_proportion(void **state)
{
    (void)state;
    static int64_t stack[100001];
    static uint64_t lines[4001][2];
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    for (size_t i = 0; i < 4000; i++)
        lines[i][0] = 1;
    add_location(&b, 2, 0, 0, (const uint64_t(*)[2])lines);
    for (size_t i = 0; i < 100000; i++)
        stack[i] = 2;
    stack[100000] = STOP;
    add_sample(&b, stack, VALUES(1), NULL);
    expect_refused(&b, "16 a byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_may_come_one_by_one),
        cmocka_unit_test(ids_need_no_order_and_tables_may_stand_behind_samples),
        cmocka_unit_test(the_default_sample_type_is_the_first_metric),
        cmocka_unit_test(types_of_one_name_are_metrics_of_two),
        cmocka_unit_test(a_location_with_lines_is_as_many_frames),
        cmocka_unit_test(lines_of_the_running_frame_add_up_to_its_self),
        cmocka_unit_test(frames_without_symbols_are_named_by_their_place_in_the_file),
        cmocka_unit_test(labels_that_name_threads_make_threads),
        cmocka_unit_test(sizes_of_objects_are_called_what_they_are),
        cmocka_unit_test(what_diff_base_marks_is_what_was_before),
        cmocka_unit_test(negative_values_stay_negative),
        cmocka_unit_test(frames_to_be_dropped_go_with_what_is_below_them),
        cmocka_unit_test(an_expression_that_does_not_work_drops_nothing),
        cmocka_unit_test(a_sample_without_a_stack_keeps_its_value),
        cmocka_unit_test(stacks_in_any_order_make_one_tree),
        cmocka_unit_test(there_are_as_many_functions_as_locations),
        cmocka_unit_test(what_refers_to_nothing_is_refused),
        cmocka_unit_test(ids_are_there_once_and_not_0),
        cmocka_unit_test(a_sample_has_a_value_for_each_type),
        cmocka_unit_test(a_field_of_the_wrong_type_is_refused),
        cmocka_unit_test(frames_do_not_grow_out_of_all_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
