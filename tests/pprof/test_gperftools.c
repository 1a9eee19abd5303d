/* The older profiles: words of any size and order, sampled heaps, contention, Go's symbols. */
#include "build.h"

static struct p2a_profile *read_text(const char *text)
{
    return read_bytes(p2a_str_of(text), "gperftools");
}

static void put_word(struct p2a_buffer *b, uint64_t word, unsigned size, bool big)
{
    for (unsigned i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)(word >> 8 * (big ? size - 1 - i : i));
        p2a_buffer_add(b, &byte, 1);
    }
}

/* Two stacks, one of them with the leaf twice; without the closing mark where CUT. */
static struct p2a_buffer cpu_profile(unsigned size, bool big, bool cut)
{
    static const uint64_t words[] = {0, 3, 0,        10000,    0,        /* header */
                                     2, 2, 0x401110, 0x401201,           /* 2 samples */
                                     3, 3, 0x401120, 0x401120, 0x401201, /* 3, the leaf twice */
                                     0, 1, 0};
    static const char maps[] = "400000-401000 r--p 00000000 00:00 1 /bin/a\n"
                               "401000-402000 r-xp 00001000 00:00 1 /bin/a\n";
    struct p2a_buffer b = {0};
    size_t n = sizeof words / sizeof *words - (cut ? 3 : 0);
    for (size_t i = 0; i < n; i++)
        put_word(&b, words[i], size, big);
    if (!cut)
        p2a_buffer_add(&b, maps, sizeof maps - 1);
    return b;
}

static void words_are_of_any_size_and_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool cut = i & 4;
        struct p2a_buffer b = cpu_profile(i & 1 ? 8 : 4, i & 2, cut);
        struct p2a_error error;
        const struct p2a_format *format = p2a_detect(b.at, b.n, "test", &error);
        assert_non_null(format);
        assert_string_equal(format->name, "gperftools");
        struct p2a_profile *p = read_bytes((struct p2a_str){b.at, b.n}, NULL);
        if (cut)
            expect_folded(p, "0x401200;0x401110 20000000\n0x401200;0x401120 30000000\n");
        else
            expect_folded(p, "0x401200 (a);0x401110 (a) 20000000\n"
                             "0x401200 (a);0x401120 (a) 30000000\n");
        assert_true(has_note(p, "closing mark") == cut);
        assert_string_equal(p2a_metric_name(p, 1), "samples");
        assert_true(p2a_metric_total(p, 1) == 5);
        p2a_free(p);
        p2a_buffer_free(&b);
    }
}

static void a_stack_that_runs_past_the_end_is_refused(void **state)
{
    (void)state;
    struct p2a_buffer b = cpu_profile(8, false, true);
    struct p2a_error error;
    struct p2a_profile *p;
    assert_int_equal(p2a_load_memory(b.at, b.n - 8, "test", NULL, &p, &error), P2A_INPUT);
    assert_non_null(strstr(error.message, "past the end"));
    assert_int_equal(error.place, 8 * 9);
    p2a_buffer_free(&b);
}

static void what_is_in_use_comes_first_and_what_was_allocated_too(void **state)
{
    (void)state;
    struct p2a_profile *p = read_text("heap profile:  1:  10 [ 3:  40] @ heapprofile\n"
                                      "  1:  10 [  3:  40] @ 0x2 0x3\n");
    static const char *const names[] = {"inuse_space", "alloc_objects", "alloc_space",
                                        "inuse_objects"};
    static const double totals[] = {10, 3, 40, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(p2a_metric_name(p, i), names[i]);
        assert_true(p2a_metric_total(p, i) == totals[i]);
    }
    expect_folded(p, "0x2;0x1 10\n");
    p2a_free(p);
}

/* One of 1000 bytes, sampled every 1000: in the sample with 1 - exp(-1), so it stands for 1.58. */
static void samples_are_scaled_up_to_what_they_stand_for(void **state)
{
    (void)state;
    struct p2a_profile *p = read_text("heap profile: 100: 100000 [ 100: 100000] @ heap_v2/1000\n"
                                      "  100: 100000 [ 100: 100000] @ 0x2 0x3\n");
    assert_true(p2a_metric_total(p, 0) == 158197 && p2a_metric_total(p, 1) == 158);
    struct p2a_profile *q = read_text("heap profile: 100: 100000 [ 100: 100000] @ heap/2000\n"
                                      "  100: 100000 [ 100: 100000] @ 0x2 0x3\n");
    assert_true(p2a_metric_total(q, 0) == 158197);
    p2a_free(p);
    p2a_free(q);
}

static void delays_are_time(void **state)
{
    (void)state;
    struct p2a_profile *p = read_text("--- contentionz 1 ---\ncycles/second = 2000000000\n"
                                      "sampling period = 10\n 4000 2 @ 0x2 0x3\n");
    assert_string_equal(p2a_metric_unit(p, 0), "seconds");
    assert_true(p2a_metric_total(p, 0) > 1.999e-5 && p2a_metric_total(p, 0) < 2.001e-5);
    assert_true(p2a_metric_total(p, 1) == 20);
    p2a_free(p);
}

static void symbols_of_go_name_the_frames(void **state)
{
    (void)state;
    struct p2a_profile *p = read_text("goroutine profile: total 3\n"
                                      "3 @ 0x10 0x20\n"
                                      "# labels: {\"a\":\"b\"}\n"
                                      "#\t0x1f\tmain.(*T).work+0x1f\t\t/src/a b.go:12\n"
                                      "#\t0x2f\tmain.main+0x2f\t/src/main.go:7\n"
                                      "\n"
                                      "1 @ 0x30\n");
    expect_folded(p, "0x2f 1\nmain.main (main.go);main.(*T).work (a b.go) 3\n");
    assert_string_equal(p2a_metric_name(p, 0), "goroutine");
    bool found = false;
    for (uint32_t i = 0; i < p->graph.line_n; i++)
        found |= p->graph.line[i].line == 12 && p->graph.line_self[i] == 3;
    assert_true(found);
    p2a_free(p);
}

static const struct {
    const char *text;
    uint64_t line;
    const char *part;
} broken[] = {
    {"heap profile: 1: 2 @ heapprofile\n", 1, "expected 'heap profile:"},
    {"heap profile: 1: 2 [ 1: 2] @ heap_v2/often\n", 1, "sampling rate"},
    {"heap profile: 1: 2 [ 1: 2] @ heapprofile\n\n 1: 2 @ 0x1\n", 3, "expected 'objects"},
    {"heap profile: 1: 2 [ 1: 2] @ heapprofile\n 1: 2 [1: 2] 0x1\n", 2, "no '@'"},
    {"heap profile: 1: 2 [ 1: 2] @ heapprofile\n 1: 2 [1: 2] @ 0x1 main\n", 2, "not an address"},
    {"heap profile: 1: 2 [ 1: 2] @ heapprofile\n 1: 2 [1: 2] @ 0x12345678123456789\n", 2,
     "not an address"},
    {"goroutine profile: total 1\nmany @ 0x1\n", 2, "expected 'count"},
    {"--- mutex:\n12 @ 0x1\n", 2, "expected 'cycles"},
};

static void bad_lines_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct p2a_profile *p;
        struct p2a_error error;
        enum p2a_status status =
            p2a_load_memory(broken[i].text, strlen(broken[i].text), "test", NULL, &p, &error);
        assert_int_equal(status, P2A_INPUT);
        if (!strstr(error.message, broken[i].part) || error.place != broken[i].line)
            fail_msg("%zu: line %llu: %s", i, (unsigned long long)error.place, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_of_any_size_and_order),
        cmocka_unit_test(a_stack_that_runs_past_the_end_is_refused),
        cmocka_unit_test(what_is_in_use_comes_first_and_what_was_allocated_too),
        cmocka_unit_test(samples_are_scaled_up_to_what_they_stand_for),
        cmocka_unit_test(delays_are_time),
        cmocka_unit_test(symbols_of_go_name_the_frames),
        cmocka_unit_test(bad_lines_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
