/* What a line of Austin means, by version. */
#include "folded/folded.h"

static enum p2a_status try_austin(const char *text, struct p2a_profile **p, struct p2a_error *error)
{
    static const struct p2a_load_options as_austin = {.format = "austin"};
    return p2a_load_memory(text, strlen(text), "test", &as_austin, p, error);
}

static struct p2a_profile *austin(const char *text)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (try_austin(text, &p, &error) != P2A_OK || p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

static void expect(const char *text, const char *folded)
{
    struct p2a_profile *p = austin(text);
    expect_written(p, folded);
    p2a_free(p);
}

static void frames_are_read_in_every_version(void **state)
{
    (void)state;
    expect("Thread 55af;<module> (a.py);L8;run (/x/b c.py);L870 7\n",
           "<module> (a.py);run (/x/b c.py) 7000\n");
    expect("Thread 55af;<module> (a.py:8);run (/x/b.py:870) 7\n",
           "<module> (a.py);run (/x/b.py) 7000\n");
    expect("P42;T0:7f45;a.py:<module>:8;C:\\x\\b.py:run:870 7\n",
           "<module> (a.py);run (C:\\x\\b.py) 7000\n");
    expect("P42;T123;a.py:f:8;:GC: 7\n", "f (a.py);:GC: 7000\n");
    expect("Thread 55af 7\n", "[no stack] 7000\n");
    expect("Thread 562091391230 6883\nThread 5 6 64 0\n", "[no stack] 6883000\n[no stack] 6000\n");
}

static void threads_and_processes_are_told_apart(void **state)
{
    (void)state;
    struct p2a_profile *p = austin("Process 9;Thread 55af;f (a.py);L8 7\nThread ff;f (a.py);L8 1\n"
                                   "P9;T0:7f;a.py:f:8 5\n");
    assert_int_equal(p->threads.n, 3);
    assert_int_equal(p->threads.row[0].pid, 9);
    assert_int_equal(p->threads.row[0].tid, 0x55af);
    assert_int_equal(p->threads.row[1].tid, 0xff);
    assert_int_equal(p->threads.row[2].tid, 0x7f);
    assert_int_equal(p->contexts.n, 3);
    p2a_free(p);
}

static void what_is_counted_depends_on_the_mode(void **state)
{
    (void)state;
    struct p2a_profile *p = austin("# mode: memory\nP1;T1;a.py:f:8 4096\n");
    assert_string_equal(p2a_metric_name(p, 0), "memory");
    assert_true(p2a_metric_total(p, 0) == 4096);
    p2a_free(p);
    p = austin("P1;T1;a.py:f:8 10,0,512\nP1;T1;a.py:f:8 20,1,-256\n");
    assert_int_equal(p2a_metric_count(p), 4);
    assert_true(p->contexts.self[0] == 30 && p->contexts.self[1] == 10);
    assert_true(p->contexts.self[2] == 512 && p->contexts.self[3] == 256);
    p2a_free(p);
    p = austin("Thread 1;f (a.py);L8 10 64 0\nThread 1;f (a.py);L9 20 0 -32\n");
    assert_int_equal(p2a_metric_count(p), 3);
    assert_true(p2a_metric_total(p, 1) == 65536 && p2a_metric_total(p, 2) == 32768);
    p2a_free(p);
}

static void the_leaf_has_its_line(void **state)
{
    (void)state;
    struct p2a_profile *p = austin("Thread 1;main (a.py);L2;f (a.py);L8 10\n"
                                   "Thread 1;main (a.py);L2;f (a.py);L9 20\n");
    assert_int_equal(p->graph.line_n, 2);
    assert_int_equal(p->graph.line[1].line, 9);
    assert_true(p->graph.line_self[1] == 20);
    p2a_free(p);
}

static void other_lines_are_refused(void **state)
{
    struct p2a_profile *p;
    struct p2a_error error;
    (void)state;
    assert_int_equal(try_austin("Thread 1;f (a.py);L8 10\nnonsense\n", &p, &error), P2A_INPUT);
    assert_int_equal(error.place, 2);
    assert_int_equal(try_austin("Thread 1;f (a.py);L8\n", &p, &error), P2A_INPUT);
    assert_int_equal(try_austin("# austin: 3.0\n", &p, &error), P2A_INPUT);
    assert_int_equal(try_austin("Thread ;f 7\n", &p, &error), P2A_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read_in_every_version),
        cmocka_unit_test(threads_and_processes_are_told_apart),
        cmocka_unit_test(what_is_counted_depends_on_the_mode),
        cmocka_unit_test(the_leaf_has_its_line),
        cmocka_unit_test(other_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
