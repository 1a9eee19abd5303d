/* What the texts of bpftrace, DTrace, macOS' sample and GHC mean, case by case. */
#include "folded/folded.h"

static enum p2a_status try_as(const char *format, const char *text, struct p2a_profile **p,
                              struct p2a_error *error)
{
    const struct p2a_load_options options = {.format = format};
    return p2a_load_memory(text, strlen(text), "test", &options, p, error);
}

static struct p2a_profile *as(const char *format, const char *text)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (try_as(format, text, &p, &error) != P2A_OK || p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

static void expect(const char *format, const char *text, const char *folded)
{
    struct p2a_profile *p = as(format, text);
    expect_written(p, folded);
    p2a_free(p);
}

static void expect_bad(const char *format, const char *text, unsigned line, const char *words)
{
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(try_as(format, text, &p, &error), P2A_INPUT);
    assert_int_equal(error.place, line);
    if (!strstr(error.message, words))
        fail_msg("'%s' without '%s'", error.message, words);
}

/* ---- bpftrace ---- */

static void maps_of_bpftrace_are_metrics(void **state)
{
    (void)state;
    struct p2a_profile *p =
        as("bpftrace", "Attaching 1 probe...\n@on[\n    f+1\n    main+22\n]: 3\n"
                       "@bytes[\n    f+2\n    main+22\n]: 4096\n");
    assert_int_equal(p2a_metric_count(p), 2);
    assert_string_equal(p2a_metric_name(p, 1), "bytes");
    assert_true(p2a_metric_total(p, 0) == 3 && p2a_metric_total(p, 1) == 4096);
    expect_written(p, "main;f 3\n");
    p2a_free(p);
}

static void keys_beside_the_stack_name_the_thread(void **state)
{
    (void)state;
    struct p2a_profile *p = as("bpftrace", "@[\n    f+1\n, cat, 7]: 3\n@[cat, 7, \n    f+1\n]: 2\n"
                                           "@[cat]: 5\n");
    assert_int_equal(p->threads.n, 2);
    assert_string_equal(p2a_string(p, p->threads.row[0].name).at, "cat, 7");
    assert_string_equal(p2a_string(p, p->threads.row[1].name).at, "cat");
    expect_written(p, "f 5\n[no stack] 5\n");
    p2a_free(p);
}

static void two_stacks_in_a_key_are_one(void **state)
{
    (void)state;
    expect("bpftrace",
           "@[\n    vfs_read+1\n    sys_read+2\n, \n    read+16\n    _Z3foov+3\n, a]: 3\n",
           "foo();read;sys_read;vfs_read 3\n");
    expect("bpftrace", "@[, \n    read+16\n    0x7f12\n, a]: 3\n@[]: 1\n",
           "0x7f12;read 3\n[no stack] 1\n");
}

static void histograms_of_bpftrace_are_left_out_and_said(void **state)
{
    (void)state;
    struct p2a_profile *p =
        as("bpftrace", "@[\n    f+1\n]: 3\n@h[a]: \n[1]      3 |@@@|\n\n@: 7\n");
    expect_written(p, "f 3\n");
    assert_string_equal(p2a_note_at(p, 0), "1 entry of maps has no count (histograms): left out");
    p2a_free(p);
    expect_bad("bpftrace", "@[\n    f+1\n", 2, "ends within a map's entry");
    expect_bad("bpftrace", "nothing\n", 1, "no counts");
}

/* Some come again, some are of another metric, some have no count: they are added sixteen at a
 * time, and none is there twice. */
static void however_many_stacks_there_are_all_are_there(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= 50; n++) {
        char text[8192] = "@a[\n    f0_0\n    main\n]: 1\n";
        size_t at = strlen(text);
        for (unsigned i = 0; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof text - at,
                                   "@%c[\n    f%u_%u\n    g%u\n    main\n]: %s\n",
                                   i % 3 ? 'a' : 'b', i % 20, i % 5, i % 4, i % 7 ? "3" : "");
        unsigned a = 1, b = 0;
        for (unsigned i = 0; i < n; i++)
            *(i % 3 ? &a : &b) += i % 7 ? 3 : 0;
        struct p2a_profile *p = as("bpftrace", text);
        assert_true(p2a_metric_total(p, 0) == a);
        assert_true(b == 0 || p2a_metric_total(p, 1) == b);
        double sum = 0;
        unsigned roots = 0;
        for (uint32_t i = 0; i < p->contexts.n; i++) {
            const struct p2a_context *c = &p->contexts.row[i];
            sum += p->contexts.self[(size_t)i * p->columns];
            roots += c->parent == P2A_NONE;
            assert_true(c->parent == P2A_NONE || c->parent < i);
            for (uint32_t k = 0; k < i; k++)
                assert_false(p->contexts.row[k].parent == c->parent &&
                             p->contexts.row[k].function == c->function);
        }
        assert_true(sum == a && roots == 1);
        p2a_free(p);
    }
}

/* ---- DTrace ---- */

static void stacks_of_dtrace_end_with_their_count(void **state)
{
    (void)state;
    expect("dtrace",
           "CPU     ID     FUNCTION:NAME\n\n              libc.so.1`read+0xb\n"
           "              app`_Z3foov+0x1f\n              0xfffffd7f\n                3\n\n"
           "              app`std::map<int, char>::find(int)+0x20\n                4\n",
           "0xfffffd7f;foo() (app);read (libc.so.1) 3\nstd::map<int, char>::find(int) (app) 4\n");
    struct p2a_profile *p =
        as("dtrace", "  mysqld\n       a`f+0x1\n   2\n\n       a`f+0x1\n   1\n");
    assert_int_equal(p->threads.n, 1);
    assert_int_equal(p->contexts.n, 2);
    p2a_free(p);
    expect_bad("dtrace", "   a`f+0x1\n   oops\n", 2, "expected a frame");
    expect_bad("dtrace", "   a`f+0x1\n", 1, "ends within a stack");
    expect_bad("dtrace", "   words\n", 1, "no stacks");
}

/* ---- macOS' sample ---- */

#define GRAPH "Analysis of sampling app (pid 7) every 1 millisecond\n\nCall graph:\n"

static void samples_right_at_a_frame_are_its_self(void **state)
{
    (void)state;
    struct p2a_profile *p =
        as("sample", GRAPH "    20 Thread_1   DispatchQueue_1: main  (serial)\n"
                           "    + 20 start  (in dyld) + 3  [0x1]\n"
                           "    +   18 main  (in app) + 4,9  [0x1,0x2]  main.c:12\n"
                           "    +     ! 10 f(int)  (in app) + 1  [0x3]\n"
                           "    +     5 g  (in app) + 1  [0x3]\n"
                           "    7 Thread_2\n      7 wait  (in libc) + 1  [0x4]\n\nSort by top:\n");
    expect_written(p, "start (dyld) 2\nstart (dyld);main (app) 3\nstart (dyld);main (app);f(int) "
                      "(app) 10\nstart (dyld);main (app);g (app) 5\nwait (libc) 7\n");
    assert_int_equal(p->threads.n, 2);
    p2a_id line = p2a_line(
        p, &(struct p2a_line){.function = 1, .file = p2a_intern(p, P2A_LIT("main.c")), .line = 12});
    assert_true(p->graph.line_self[line] == 3);
    p2a_free(p);
    expect_bad("sample", GRAPH "    2 Thread_1\n      2 f\n        3 g\n", 6, "more samples than");
    expect_bad("sample", GRAPH "    2 Thread_1\n    oops\n", 5, "expected a frame");
    expect_bad("sample", "Call graph:\n", 1, "no frames");
}

/* ---- GHC ---- */

#define REPORT                                                                                     \
    "\tSat Nov 21 07:55 2026 Time and Allocation Profiling Report  (Final)\n\n"                    \
    "\ttotal time  =        0.40 secs   (400 ticks @ 1000 us, 1 processor)\n"                      \
    "\ttotal alloc =   1,000,000 bytes  (excludes profiling overheads)\n\n"                        \
    "COST CENTRE MODULE SRC %time %alloc\n\nwork Main x.hs:1:1-2 50.0 6.1\n\n"                     \
    "COST CENTRE  MODULE  SRC  no.  entries  %time %alloc   %time %alloc\n\n"

static void cost_centres_are_a_tree_by_their_indentation(void **state)
{
    (void)state;
    struct p2a_profile *p = as(
        "ghc", REPORT "MAIN MAIN <built-in>              1   0  10.0  0.0  100.0 100.0  40  8\n"
                      " main Main x.hs:(12,1)-(14,16)    2   1  50.0  0.0   90.0 100.0 200 16\n"
                      "  a.\\ Main x.hs:5:1-9             3   7  40.0  0.0   40.0  10.0 160 24\n"
                      " b Other <no location info>       4   2   0.0  0.0    0.0   0.0   0  1\n");
    assert_int_equal(p2a_note_count(p), 0);
    expect_written(p, "MAIN (MAIN) 40000000\nMAIN (MAIN);main (x.hs:12) 200000000\n"
                      "MAIN (MAIN);main (x.hs:12);a.\\ (x.hs:5) 160000000\n");
    assert_true(p2a_metric_total(p, 1) == 49);
    assert_int_equal(p->contexts.calls[2], 7);
    p2a_free(p);
}

static void without_ticks_shares_of_the_totals_are_taken_and_said(void **state)
{
    (void)state;
    struct p2a_profile *p = as("ghc", REPORT "MAIN MAIN        1   0  10.0 20.0  100.0 100.0\n"
                                             " main Main       2   1  90.0 80.0   90.0  80.0\n");
    assert_int_equal(p2a_note_count(p), 1);
    expect_written(p, "MAIN (MAIN) 40000000\nMAIN (MAIN);main (Main) 360000000\n");
    assert_true(p2a_metric_total(p, 1) == 1e6);
    p2a_free(p);
    expect_bad("ghc", REPORT "MAIN MAIN 1 0 1 1 1 1\n   deep Main 1 0 1 1 1 1\n", 13, "steps down");
    expect_bad("ghc", REPORT "MAIN MAIN 1 0 1 1 1\n", 12, "expected a cost centre");
    expect_bad("ghc", "nothing\n", 1, "no cost centres");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_of_bpftrace_are_metrics),
        cmocka_unit_test(keys_beside_the_stack_name_the_thread),
        cmocka_unit_test(two_stacks_in_a_key_are_one),
        cmocka_unit_test(histograms_of_bpftrace_are_left_out_and_said),
        cmocka_unit_test(however_many_stacks_there_are_all_are_there),
        cmocka_unit_test(stacks_of_dtrace_end_with_their_count),
        cmocka_unit_test(samples_right_at_a_frame_are_its_self),
        cmocka_unit_test(cost_centres_are_a_tree_by_their_indentation),
        cmocka_unit_test(without_ticks_shares_of_the_totals_are_taken_and_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
