/* The writer: what goes in comes out again, and sums stay what they are. */
#include <math.h>

#include "build.h"
#include "model/stacks.h"

static const char *const raw[] = {"raw", NULL};

static struct p2a_profile *again(struct p2a_profile *p)
{
    struct p2a_str bytes = written(p, "pprof", raw);
    struct p2a_profile *q = read_bytes(bytes, "pprof");
    free_text(bytes);
    return q;
}

static const char *const texts[] = {
    "main;a 3\nmain;b 4\n",
    "main (base.py:1);load (dir/base.py:12) 7\n",
    "<built-in method len> 1\n",
    "k_[k];i_[i];i_[i];j_[j];w_[w] 1\n",
    "f 1\nf_[i] 2\nf_[k] 3\n",
    "main;f_[i] 2\nmain;f_[i];g_[i] 3\nother;f_[i] 4\n",
    ";;x 2\n",
    "main;gone 4 0\nmain;new 0 6\nsame 5 5\n",
    "std::vector<int, std::allocator<int> >::at(unsigned long) const 5\n",
    "nothing 0\n",
};

static void folded_stacks_survive(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct p2a_profile *p = read_bytes(p2a_str_of(texts[i]), "folded");
        struct p2a_profile *q = again(p);
        struct p2a_save_options options = {.format = "folded", .names = P2A_NAMES_FULL};
        struct p2a_error error;
        void *bytes;
        size_t n;
        assert_int_equal(p2a_save_memory(q, &options, &bytes, &n, &error), P2A_OK);
        if (n != strlen(texts[i]) || memcmp(bytes, texts[i], n) != 0)
            fail_msg("%.*s is not %s", (int)n, (char *)bytes, texts[i]);
        free(bytes);
        p2a_free(p);
        p2a_free(q);
    }
}

static void output_is_gzip_unless_it_shall_be_raw(void **state)
{
    (void)state;
    struct p2a_profile *p = read_bytes(P2A_LIT("a 1\n"), "folded");
    struct p2a_str zip = written(p, "pprof", NULL), plain = written(p, "pprof", raw);
    assert_memory_equal(zip.at, "\x1f\x8b", 2);
    assert_memory_equal(plain.at, "\x0a", 1);
    struct p2a_profile *q = read_bytes(zip, "pprof");
    expect_folded(q, "a 1\n");
    p2a_free(p);
    p2a_free(q);
    free_text(zip);
    free_text(plain);
}

static void the_sum_of_what_is_written_is_the_rounded_sum(void **state)
{
    (void)state;
    struct p2a_profile *p = read_bytes(P2A_LIT("a 0.4\nb 0.4\nc 0.4\nd 0.4\ne 1.4\n"), "folded");
    struct p2a_profile *q = again(p);
    assert_true(p2a_metric_total(q, 0) == 3);
    p2a_free(p);
    p2a_free(q);
}

/* And added to one another: then there is no graph to estimate them from again. */
static void estimated_stacks_stay_estimated(void **state)
{
    (void)state;
    struct p2a_str graph =
        P2A_LIT("events: Ir\nfn=a\n1 3\ncfn=b\ncalls=2 1\n1 20\ncfn=c\ncalls=1 1\n1 7\n"
                "fn=b\n1 8\ncfn=c\ncalls=1 1\n1 12\nfn=c\n1 14\ncfn=b\ncalls=1 1\n1 5\n");
    struct p2a_profile *p = read_bytes(graph, "callgrind"), *q = again(p), *r = again(q);
    struct p2a_save_options exact = {.format = "folded", .exact = true};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_true(q->estimated & r->estimated & P2A_CONTEXTS && !(q->recorded & P2A_CONTEXTS));
    assert_true(p->cycle_share > 0.1 && fabs(p->cycle_share - r->cycle_share) < 1e-5);
    assert_int_equal(p2a_save_memory(r, &exact, &bytes, &n, &error), P2A_USAGE);
    assert_int_equal(p2a_add(r, q, &error), P2A_OK);
    assert_true(r->estimated & P2A_CONTEXTS && !(r->recorded & P2A_CONTEXTS));
    assert_int_equal(r->contexts.n, q->contexts.n);
    assert_true(p2a_whole(r, 0) == 2 * p2a_whole(q, 0));
    p2a_free(p);
    p2a_free(q);
    p2a_free(r);
}

static void threads_metrics_and_units_survive(void **state)
{
    (void)state;
    static const char *const with_threads[] = {"threads", "sort", NULL};
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_type(&b, "space", "bytes");
    add_type(&b, "cpu", "milliseconds");
    add_functions(&b, 2);
    add_sample(&b, STACK(1), VALUES(1, 20, 3), LABELS({"tid", NULL, 7}, {"pid", NULL, 6}));
    add_sample(&b, STACK(1), VALUES(2, 30, 4), LABELS({"tid", NULL, 8}, {"thread", "worker", 0}));
    struct p2a_profile *p = read_build(&b), *q = again(p);
    struct p2a_str one = written(p, "folded", with_threads);
    struct p2a_str two = written(q, "folded", with_threads);
    assert_string_equal(one.at, two.at);
    assert_string_equal(one.at, "thread-7;f1 (f.c:10) 3000000\nworker;f1 (f.c:10) 4000000\n");
    for (size_t m = 0; m < 3; m++) {
        assert_string_equal(p2a_metric_name(p, m), p2a_metric_name(q, m));
        assert_string_equal(p2a_metric_unit(p, m), p2a_metric_unit(q, m));
        assert_true(p2a_metric_total(p, m) - p2a_metric_total(q, m) < 1e-9);
        assert_true(p2a_metric_total(q, m) - p2a_metric_total(p, m) < 1e-9);
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(p->threads.row[i].pid, q->threads.row[i].pid);
        assert_int_equal(p->threads.row[i].tid, q->threads.row[i].tid);
    }
    p2a_free(p);
    p2a_free(q);
    free_text(one);
    free_text(two);
}

/* Locations 11 to 13 are at lines 31 to 33 of the third function. */
static struct build at_three_lines(void)
{
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_type(&b, "space", "bytes");
    add_functions(&b, 3);
    add_location(&b, 11, 0, 0x11, LINES({3, 31}));
    add_location(&b, 12, 0, 0x12, LINES({3, 32}));
    add_location(&b, 13, 0, 0x13, LINES({3, 33}));
    return b;
}

/* Two stacks end in f, at three of its lines; in one metric of two, line 12 has nothing. */
static struct p2a_profile *with_lines(void)
{
    struct build b = at_three_lines();
    add_sample(&b, STACK(11, 1), VALUES(3, 50), NULL);
    add_sample(&b, STACK(12, 1), VALUES(4, 0), NULL);
    add_sample(&b, STACK(13, 2, 1), VALUES(5, 60), NULL);
    add_sample(&b, STACK(12, 2, 1), VALUES(6, 0), NULL);
    return read_build(&b);
}

static double line_value(const struct p2a_profile *p, uint64_t line, uint32_t column)
{
    double sum = 0;
    for (uint32_t i = 0; i < p->graph.line_n; i++)
        if (p->graph.line[i].line == line && p->graph.line[i].address == line - 31 + 0x11)
            sum += p->graph.line_self[i * p->columns + column];
    return sum;
}

static void lines_are_dealt_so_that_both_sums_stay(void **state)
{
    (void)state;
    struct p2a_profile *p = with_lines(), *q = again(p);
    struct p2a_str one = written(p, "folded", NULL), two = written(q, "folded", NULL);
    assert_string_equal(one.at, two.at);
    for (uint64_t line = 31; line <= 33; line++)
        for (uint32_t c = 0; c < 2; c++)
            assert_true(line_value(p, line, c) == line_value(q, line, c));
    assert_true(line_value(q, 32, 1) == 10 && line_value(q, 33, 0) == 60);
    assert_true(has_note(p, "dealt to its stacks"));
    p2a_free(p);
    p2a_free(q);
    free_text(one);
    free_text(two);
}

/* As `go tool pprof -base` writes them. */
static void lines_below_zero_keep_both_sums(void **state)
{
    (void)state;
    struct build b = at_three_lines();
    add_sample(&b, STACK(11, 1), VALUES(-3, 50), NULL);
    add_sample(&b, STACK(12, 1), VALUES(4, 20), NULL);
    add_sample(&b, STACK(13, 2, 1), VALUES(-5, -60), NULL);
    struct p2a_profile *p = read_build(&b), *q = again(p);
    struct p2a_str one = written(p, "tree", NULL), two = written(q, "tree", NULL);
    assert_string_equal(one.at, two.at);
    for (uint64_t line = 31; line <= 33; line++)
        for (uint32_t c = 0; c < 2; c++)
            assert_true(line_value(p, line, c) == line_value(q, line, c));
    assert_true(line_value(q, 31, 1) == -3 && line_value(q, 33, 0) == -60);
    p2a_free(p);
    p2a_free(q);
    free_text(one);
    free_text(two);
}

static void lines_in_another_file_are_told(void **state)
{
    (void)state;
    static const char *const files[] = {"events: Ir\nfl=a.c\nfn=f\n3 10\nfi=b.h\n7 5\n",
                                        "events: Ir\nfl=a.c\nfn=f\n3 10\n7 5\n"};
    for (int i = 0; i < 2; i++) {
        struct p2a_profile *p = read_bytes(p2a_str_of(files[i]), "callgrind");
        struct p2a_str bytes = written(p, "pprof", raw);
        assert_int_equal(has_note(p, "lines in other files"), i == 0);
        p2a_free(p);
        free_text(bytes);
    }
}

static void lines_can_be_left_out(void **state)
{
    (void)state;
    static const char *const without[] = {"raw", "lines=no", NULL};
    struct p2a_profile *p = with_lines();
    struct p2a_str bytes = written(p, "pprof", without);
    struct p2a_profile *q = read_bytes(bytes, "pprof");
    assert_int_equal(q->graph.line_n, 0);
    assert_false(has_note(p, "dealt"));
    free_text(bytes);
    p2a_free(p);
    p2a_free(q);
}

/* The lines of functions whose line isn't known are where they start, and are not taken for more.
 */
static void a_start_line_is_no_line(void **state)
{
    (void)state;
    struct p2a_profile *p = read_bytes(P2A_LIT("main (a.py:3);f (a.py:8) 2\n"), "folded");
    struct p2a_profile *q = again(p);
    assert_int_equal(q->graph.line_n, 0);
    assert_false(q->facts & P2A_LINES);
    p2a_free(p);
    p2a_free(q);
}

/* It comes first among the mappings, whichever of them a stack names first. */
static void the_program_stays_apart_from_its_libraries(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    NUMBERS(&b, 3, 1, 4096, 8192, 0, text(&b, "/bin/app"));
    NUMBERS(&b, 3, 2, 8192, 12288, 0, text(&b, "/lib/libc.so"));
    add_function(&b, 1, "main", "a.c", 0);
    add_function(&b, 2, "read", "b.c", 0);
    add_location(&b, 1, 1, 0, LINES({1, 0}));
    add_location(&b, 2, 2, 0, LINES({2, 0}));
    add_sample(&b, STACK(2, 1), VALUES(7), NULL);
    struct p2a_profile *p = read_build(&b), *q = again(p);
    assert_string_equal(p2a_string(p, p->taken.program).at, "/bin/app");
    assert_string_equal(p2a_string(q, q->taken.program).at, "/bin/app");
    p2a_free(p);
    p2a_free(q);
}

/* Samples of 10 ms each, of a second from START on. */
static struct p2a_profile *taken_at(uint64_t start)
{
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(7), NULL);
    p2a_protobuf_put_number(&b.bytes, 9, start);
    p2a_protobuf_put_number(&b.bytes, 10, 1000000000);
    NUMBERS(&b, 11, text(&b, "cpu"), text(&b, "nanoseconds"));
    p2a_protobuf_put_number(&b.bytes, 12, 10000000);
    return read_build(&b);
}

static void expect_taken(struct p2a_profile *p, int64_t start, int64_t duration, int64_t period)
{
    assert_int_equal(p->taken.start, start);
    assert_int_equal(p->taken.duration, duration);
    assert_int_equal(p->taken.period, period);
    if (period) {
        assert_string_equal(p2a_string(p, p->taken.period_name).at, "cpu");
        assert_string_equal(p2a_string(p, p->taken.period_unit).at, "nanoseconds");
    }
    p2a_free(p);
}

static void time_duration_and_period_survive(void **state)
{
    (void)state;
    const int64_t start = INT64_C(1700000000123456789);
    struct p2a_profile *p = taken_at((uint64_t)start), *q = again(p);
    expect_taken(q, start, 1000000000, 10000000);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.focus = "f1"}, NULL), P2A_OK);
    expect_taken(p, start, 1000000000, 10000000);
}

static void time_duration_and_period_of_a_sum_are_what_all_of_it_say(void **state)
{
    (void)state;
    struct p2a_profile *late = taken_at(2000), *early = taken_at(1000), *sum = taken_at(3000);
    struct p2a_profile *other = read_bytes(P2A_LIT("f1 3\n"), "folded");
    assert_int_equal(p2a_add(late, early, NULL), P2A_OK);
    expect_taken(late, 1000, 2000000000, 10000000);
    assert_int_equal(p2a_add(sum, other, NULL), P2A_OK);
    expect_taken(sum, 0, 0, 0);
    p2a_free(early);
    p2a_free(other);
}

static struct p2a_profile *commented(const char *const *comment, size_t n, bool packed)
{
    struct build b = {0};
    struct p2a_buffer list = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 1);
    add_sample(&b, STACK(1), VALUES(7), NULL);
    for (size_t i = 0; i < n; i++)
        if (packed)
            p2a_protobuf_put(&list, text(&b, comment[i]));
        else
            p2a_protobuf_put_number(&b.bytes, 13, text(&b, comment[i]));
    if (packed)
        p2a_protobuf_put_bytes(&b.bytes, 13, (struct p2a_str){list.at, list.n});
    p2a_buffer_free(&list);
    return read_build(&b);
}

static void expect_comments(struct p2a_profile *p, const char *const *comment, size_t n)
{
    assert_int_equal(p->taken.comment_n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(p2a_string(p, p->taken.comment[i]).at, comment[i]);
}

static void comments_survive_and_notes_become_none(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *const all[] = {"built at night", text, "on arm64"};
    struct p2a_profile *p = commented(all, 2, false), *other = commented(all + 1, 2, true);
    p2a_note(p, "what no file said");
    struct p2a_profile *q = again(p);
    expect_comments(q, all, 2);
    p2a_free(q);
    assert_int_equal(p2a_select(p, &(struct p2a_selection){.focus = "f1"}, NULL), P2A_OK);
    assert_int_equal(p2a_add(p, other, NULL), P2A_OK);
    q = again(p);
    expect_comments(q, all, 3);
    p2a_free(q);
    p2a_free(p);
    p2a_free(other);
}

static void comments_past_eight_are_told(void **state)
{
    (void)state;
    const char *const all[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct p2a_profile *p = commented(all, 9, true), *eight = commented(all + 1, 8, false);
    expect_comments(p, all, 8);
    assert_string_equal(p2a_note_at(p, 8), "of the comments in the file all but 8 are left out");
    assert_int_equal(p2a_note_count(eight), 8);
    assert_int_equal(p2a_add(p, eight, NULL), P2A_OK);
    expect_comments(p, all, 8);
    p2a_free(p);
    p2a_free(eight);
}

static void names_are_utf8_whatever_they_were(void **state)
{
    (void)state;
    struct p2a_profile *p = read_bytes(P2A_LIT("a\xff"
                                               "b;\xc3\xa4\xef\xbf\xbd;c\xc3 1\n"),
                                       "folded");
    struct p2a_profile *q = again(p);
    expect_folded(q, "a\xef\xbf\xbd"
                     "b;\xc3\xa4\xef\xbf\xbd;c\xef\xbf\xbd 1\n");
    p2a_free(p);
    p2a_free(q);
}

/* Lines of folded text; each goes on from a part of the one before. Some count for nothing. One of
 * the functions has a mark. */
static struct p2a_buffer many_lines(uint32_t n, const char *mark)
{
    enum { DEPTH = 40, FUNCTIONS = 200 };
    struct p2a_buffer text = {0};
    uint32_t frame[DEPTH] = {0}, seed = 1, kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        char word[32];
        uint32_t depth = 1 + (seed = seed * 1664525 + 1013904223) % DEPTH;
        for (uint32_t d = kept; d < depth; d++)
            frame[d] = (seed = seed * 1664525 + 1013904223) >> 16 & (FUNCTIONS - 1);
        for (uint32_t d = 0; d < depth; d++)
            p2a_buffer_add(&text, word,
                           (size_t)sprintf(word, "%sf%u%s", d ? ";" : "", frame[d],
                                           frame[d] == 7 ? mark : ""));
        p2a_buffer_add(&text, word, (size_t)sprintf(word, " %u\n", i % 5 * (i % 300)));
        kept = (seed >> 8) % (depth + 1);
    }
    assert_false(text.failed);
    return text;
}

static struct p2a_str sorted_stacks(struct p2a_profile *p)
{
    static const char *const sorted[] = {"sort", NULL};
    return written(p, "folded", sorted);
}

/* As stacks, and not as contexts. */
static struct p2a_profile *read_stacks(struct p2a_str bytes)
{
    struct p2a_load_options lazy = {.format = "pprof", .lazy = true};
    struct p2a_error error;
    struct p2a_profile *p;
    assert_int_equal(p2a_load_memory(bytes.at, bytes.n, "", &lazy, &p, &error), P2A_OK);
    assert_true(p2a_stacks_of(p)->n);
    return p;
}

static void expect_many_survive(const char *mark)
{
    struct p2a_buffer text = many_lines(9000, mark);
    struct p2a_profile *p = read_bytes((struct p2a_str){text.at, text.n}, "folded");
    struct p2a_str bytes = written(p, "pprof", raw);
    struct p2a_profile *q = read_bytes(bytes, "pprof"), *r = read_stacks(bytes), *s = again(r);
    assert_true(p2a_stacks_of(r)->n > 4096);
    struct p2a_profile *all[] = {p, q, s};
    struct p2a_str folded[3];
    for (size_t i = 0; i < 3; i++)
        folded[i] = sorted_stacks(all[i]);
    assert_string_equal(folded[0].at, folded[1].at);
    assert_string_equal(folded[0].at, folded[2].at);
    for (size_t i = 0; i < 3; i++) {
        free_text(folded[i]);
        p2a_free(all[i]);
    }
    p2a_free(r);
    free_text(bytes);
    p2a_buffer_free(&text);
}

/* More than are encoded at a time, from contexts and from stacks. */
static void many_stacks_survive(void **state)
{
    (void)state;
    expect_many_survive("_[k]");
    expect_many_survive("_[i]");
}

/* What the stack before has in common with one that isn't written says nothing of the next one. */
static void stacks_that_count_for_nothing_are_left_out(void **state)
{
    (void)state;
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 5);
    add_sample(&b, STACK(3, 2, 1), VALUES(1), NULL);
    add_sample(&b, STACK(4, 1), VALUES(0), NULL);
    add_sample(&b, STACK(5, 4, 1), VALUES(2), NULL);
    struct p2a_profile *p = read_stacks(built(&b)), *q = again(p);
    expect_folded(q, "f1 (f.c:10);f2 (f.c:20);f3 (f.c:30) 1\n"
                     "f1 (f.c:10);f4 (f.c:40);f5 (f.c:50) 2\n");
    p2a_free(p);
    p2a_free(q);
    end_build(&b);
}

/* A stack's lines alone are more than is encoded at a time. */
static void a_stack_has_as_many_lines_as_its_function(void **state)
{
    (void)state;
    enum { LINES_N = 2000, DEPTH = 200, FIRST = 10 };
    int64_t stack[DEPTH + 2];
    struct build b = {0};
    add_type(&b, "samples", "count");
    add_functions(&b, 2);
    for (uint64_t i = 0; i < LINES_N; i++)
        add_location(&b, FIRST + i, 0, 0x11 + i, LINES({1, 31 + i}));
    for (size_t d = 0; d <= DEPTH; d++)
        stack[d] = 2;
    stack[DEPTH + 1] = STOP;
    for (int64_t i = 0; i < LINES_N; i++) {
        stack[0] = FIRST + i;
        add_sample(&b, stack, VALUES(i + 1), NULL);
    }
    struct p2a_profile *p = read_build(&b), *q = again(p);
    assert_int_equal(q->contexts.n, DEPTH + 1);
    for (uint64_t i = 0; i < LINES_N; i++)
        assert_true(line_value(q, 31 + i, 0) == (double)(i + 1));
    p2a_free(p);
    p2a_free(q);
}

static void the_same_profile_gives_the_same_bytes(void **state)
{
    (void)state;
    struct p2a_profile *p = with_lines(), *q = with_lines();
    struct p2a_str one = written(p, "pprof", NULL), two = written(q, "pprof", NULL);
    assert_int_equal(one.n, two.n);
    assert_memory_equal(one.at, two.at, one.n);
    p2a_free(p);
    p2a_free(q);
    free_text(one);
    free_text(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_stacks_survive),
        cmocka_unit_test(output_is_gzip_unless_it_shall_be_raw),
        cmocka_unit_test(the_sum_of_what_is_written_is_the_rounded_sum),
        cmocka_unit_test(estimated_stacks_stay_estimated),
        cmocka_unit_test(threads_metrics_and_units_survive),
        cmocka_unit_test(lines_are_dealt_so_that_both_sums_stay),
        cmocka_unit_test(lines_below_zero_keep_both_sums),
        cmocka_unit_test(lines_in_another_file_are_told),
        cmocka_unit_test(lines_can_be_left_out),
        cmocka_unit_test(a_start_line_is_no_line),
        cmocka_unit_test(many_stacks_survive),
        cmocka_unit_test(stacks_that_count_for_nothing_are_left_out),
        cmocka_unit_test(a_stack_has_as_many_lines_as_its_function),
        cmocka_unit_test(the_program_stays_apart_from_its_libraries),
        cmocka_unit_test(time_duration_and_period_survive),
        cmocka_unit_test(time_duration_and_period_of_a_sum_are_what_all_of_it_say),
        cmocka_unit_test(comments_survive_and_notes_become_none),
        cmocka_unit_test(comments_past_eight_are_told),
        cmocka_unit_test(names_are_utf8_whatever_they_were),
        cmocka_unit_test(the_same_profile_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
