/* The writer: what is added up stays added up, and what was read is written again. */
#include "folded.h"

#include "model/core.h"

static const char *const sorted[] = {"sort=yes", NULL}, *const threads[] = {"threads", NULL};

static void expect_text(struct p2a_profile *p, const char *const *settings, const char *expected)
{
    char *text = unfold(p, P2A_NAMES_SHORT, settings);
    assert_string_equal(text, expected);
    free(text);
}

/* Σ of the last column of folded text, or of the one before it. */
static double sum_of(const char *text, int column_from_end)
{
    double sum = 0;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        const char *at = end;
        for (int i = 0; i < column_from_end; i++)
            while (*--at != ' ')
                continue;
        sum += strtod(at, NULL);
    }
    return sum;
}

static const char *const same_again[] = {
    "main;a 3\nmain;b 4\n",
    "b;c 1\na 2\nb;d 4\n", /* not in the order of the tree */
    "main (base.py:1);load (base.py:12) 7\n<built-in method len> 1\n",
    ";;x 2\n",
    " 2\n;a 1\n",
    ";;;; 5\n",
    " a;b 2\na;b 2\n",
    "k_[k];i_[i];j_[j];w_[w] 1\n",
    "main;gone 4 0\nmain;new 0 6\n",
    "# c 7\n",
};

static void what_was_read_is_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same_again / sizeof *same_again; i++) {
        struct p2a_profile *p = fold(same_again[i]);
        expect_written(p, same_again[i]);
        p2a_free(p);
    }
}

static void directories_are_written_with_full_names(void **state)
{
    (void)state;
    struct p2a_profile *p = fold("f (a/b.py:1) 2\n");
    expect_written(p, "f (a/b.py:1) 2\n");
    expect_text(p, NULL, "f (b.py:1) 2\n");
    p2a_free(p);
}

static void the_sum_of_the_written_counts_is_the_rounded_sum(void **state)
{
    (void)state;
    struct p2a_profile *p = fold("a 0.4\nb 0.4\nc 0.4\nd 0.4\ne 1.4\n");
    char *text = unfold(p, P2A_NAMES_SHORT, NULL);
    assert_true(sum_of(text, 1) == 3);
    free(text);
    p2a_free(p);
}

static void both_columns_of_a_comparison_are_rounded_each(void **state)
{
    (void)state;
    struct p2a_profile *p = fold("a 0.5 1.5\nb 0.5 1.5\nc 0.5 1.5\n");
    char *text = unfold(p, P2A_NAMES_SHORT, NULL);
    assert_true(sum_of(text, 1) == 5);
    assert_true(sum_of(text, 2) == 2);
    free(text);
    p2a_free(p);
}

/* One function a stack, SELF in it. */
static struct p2a_profile *make(const char *unit, double scale, const char *name, double self)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "m", unit, scale);
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name))};
    p2a_context_add(p, p2a_context(p, P2A_NONE, p2a_function(p, &f), P2A_NONE), 0, self);
    p2a_finish(p);
    p->recorded = p->facts;
    return p;
}

static void expect_made(const char *unit, double scale, const char *name, double self,
                        const char *expected)
{
    struct p2a_profile *p = make(unit, scale, name, self);
    expect_text(p, NULL, expected);
    p2a_free(p);
}

static void seconds_are_written_as_nanoseconds_whatever_their_scale(void **state)
{
    (void)state;
    expect_made("seconds", 1, "f", 1.5, "f 1500000000\n");
    expect_made("seconds", 1e-6, "f", 1.5, "f 1500\n");
    expect_made("seconds", 1e-9, "f", 17, "f 17\n");
    expect_made("bytes", 1024, "f", 3, "f 3072\n");
    expect_made("count", 1, "f", 3, "f 3\n");
}

static bool notes(const struct p2a_profile *p, const char *words)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), words))
            return true;
    return false;
}

/* And whether it says so. */
static void expect_note(double self, const char *format, const char *words)
{
    struct p2a_profile *p = make("count", 1, "f", self);
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_int_equal(p2a_save_memory(p, &options, &bytes, &n, &error), P2A_OK);
    assert_true(notes(p, "values of m are too") == (words != NULL));
    assert_true(!words || notes(p, words));
    free(bytes);
    p2a_free(p);
}

static void what_whole_numbers_cant_hold_is_noted(void **state)
{
    (void)state;
    static const char *const formats[] = {"folded", "callgrind", "trace", "cpuprofile", "pprof"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        expect_note(1e23, formats[i], "too large for the whole numbers of");
        expect_note(1e308, formats[i], "too large for the whole numbers of");
        expect_note(1e-5, formats[i], "too small for the whole numbers of");
        expect_note(1e15, formats[i], NULL);
        expect_note(0.7, formats[i], NULL);
        expect_note(0, formats[i], NULL);
    }
}

static void a_name_cant_break_a_line(void **state)
{
    (void)state;
    expect_made("count", 1, "a;b", 3, "a:b 3\n");
    expect_made("count", 1, "a\nb\r\tc\x1b\x7f", 3, "a b  c?? 3\n");
    expect_made("count", 1, "pool 7", 3, "pool_7 3\n");
    expect_made("count", 1, "1 2 3", 3, "1 2_3 3\n");
    expect_made("count", 1, "x 1 \t", 3, "x_1   3\n");
    expect_made("count", 1, "7", 3, "7 3\n");
}

static void stacks_of_zero_are_left_out_unless_there_is_nothing_else(void **state)
{
    (void)state;
    struct p2a_profile *p = fold("a;b 0\na;c 2\nd 0\n");
    expect_written(p, "a;c 2\n");
    p2a_free(p);
    p = fold("a;b 0\na;c 0\na 0\nd 0\n");
    expect_written(p, "a;b 0\na;c 0\nd 0\n");
    p2a_free(p);
}

static void sorted_lines_are_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    struct p2a_profile *p = fold("b 1\na;c 2\na 3\n\xc3\xa4 4\na b 5\n");
    expect_text(p, sorted, "a 3\na b 5\na;c 2\nb 1\n\xc3\xa4 4\n");
    p2a_free(p);
}

static void a_thread_is_the_first_frame_where_it_is_asked_for(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "samples", "count", 1);
    struct p2a_function f = {.name = p2a_intern(p, P2A_LIT("f"))};
    p2a_id function = p2a_function(p, &f), one = p2a_thread(p, 1, 11, P2A_LIT("Main;Thread")),
           two = p2a_thread(p, 1, 12, P2A_LIT(""));
    p2a_context_add(p, p2a_context(p, P2A_NONE, function, one), 0, 1);
    p2a_context_add(p, p2a_context(p, p2a_context(p, P2A_NONE, function, two), function, two), 0,
                    2);
    p2a_context_add(p, p2a_context(p, P2A_NONE, function, P2A_NONE), 0, 4);
    p2a_finish(p);
    p->recorded = p->facts;
    expect_text(p, threads, "Main:Thread;f 1\nthread-12;f;f 2\nf 4\n");
    assert_false(notes(p, "folded doesn't carry threads"));
    expect_text(p, NULL, "f 1\nf;f 2\nf 4\n");
    assert_true(notes(p, "folded doesn't carry threads"));
    p2a_free(p);
}

/* 100,000 frames, and a tail that takes each prefix length once more: what is written is as long as
 * what was read, and neither takes a stack of calls. */
static void a_stack_of_100000_frames_goes_through(void **state)
{
    (void)state;
    struct p2a_buffer text = {0};
    char frame[32];
    for (int i = 0; i < 100000; i++) {
        int n = snprintf(frame, sizeof frame, i ? ";f%d" : "f%d", i);
        p2a_buffer_add(&text, frame, (size_t)n);
    }
    p2a_buffer_add(&text, " 5\nf0;f1;x 2\n", 13);
    struct p2a_profile *p = fold_bytes(text.at, text.n);
    expect_written(p, text.at);
    p2a_free(p);
    p2a_buffer_free(&text);
}

static uint64_t random_from(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

/* Lines that share, repeat and turn back; the oracle is a table of all of them. */
static void random_stacks_add_up_as_a_table_of_lines_does(void **state)
{
    (void)state;
    enum { STACKS = 400 };
    static double expected[STACKS], got[STACKS];
    struct p2a_buffer text = {0};
    uint64_t seed = 7;
    for (int i = 0; i < 5000; i++) {
        unsigned which = (unsigned)random_from(&seed, STACKS),
                 count = (unsigned)random_from(&seed, 50);
        char line[128];
        /* the digits of WHICH in base 7 are the frames; a last frame makes it unique */
        int n = snprintf(line, sizeof line, "m%u;m%u;m%u;s%u %u\n", which % 7, which / 7 % 7,
                         which / 49 % 7, which, count);
        p2a_buffer_add(&text, line, (size_t)n);
        expected[which] += count;
    }
    struct p2a_profile *p = fold_bytes(text.at, text.n);
    char *written = unfold(p, P2A_NAMES_SHORT, NULL);
    for (const char *at = written, *end; (end = strchr(at, '\n')); at = end + 1) {
        const char *stack = strstr(at, ";s");
        char *count;
        unsigned long which = strtoul(stack + 2, &count, 10);
        assert_in_range(which, 0, STACKS - 1);
        got[which] += strtod(count, NULL);
    }
    assert_memory_equal(expected, got, sizeof expected);
    free(written);
    p2a_free(p);
    p2a_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_written_again),
        cmocka_unit_test(directories_are_written_with_full_names),
        cmocka_unit_test(the_sum_of_the_written_counts_is_the_rounded_sum),
        cmocka_unit_test(both_columns_of_a_comparison_are_rounded_each),
        cmocka_unit_test(seconds_are_written_as_nanoseconds_whatever_their_scale),
        cmocka_unit_test(what_whole_numbers_cant_hold_is_noted),
        cmocka_unit_test(a_name_cant_break_a_line),
        cmocka_unit_test(stacks_of_zero_are_left_out_unless_there_is_nothing_else),
        cmocka_unit_test(sorted_lines_are_in_the_order_of_their_bytes),
        cmocka_unit_test(a_thread_is_the_first_frame_where_it_is_asked_for),
        cmocka_unit_test(a_stack_of_100000_frames_goes_through),
        cmocka_unit_test(random_stacks_add_up_as_a_table_of_lines_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
