/* What a line of perf script means, case by case; the result is compared as folded stacks. */
#include "folded/folded.h"

static enum p2a_status try_perf(const char *text, struct p2a_profile **p, struct p2a_error *error)
{
    static const struct p2a_load_options as_perf = {.format = "perf"};
    return p2a_load_memory(text, strlen(text), "test", &as_perf, p, error);
}

static struct p2a_profile *perf(const char *text)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (try_perf(text, &p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    if (p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

static void expect(const char *text, const char *folded)
{
    struct p2a_profile *p = perf(text);
    expect_written(p, folded);
    p2a_free(p);
}

static void expect_bad(const char *text, unsigned line, const char *words)
{
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(try_perf(text, &p, &error), P2A_INPUT);
    assert_null(p);
    assert_int_equal(error.place, line);
    if (!strstr(error.message, words))
        fail_msg("'%s' without '%s'", error.message, words);
}

static void commands_may_be_one_letter_or_hold_blanks_and_colons(void **state)
{
    static const struct {
        const char *header, *command;
        unsigned pid, tid;
    } cases[] = {{"a 7/8 [003] 1.5: 10 cycles: ", "a", 7, 8},
                 {"t  99 1.5: 10 cycles: ", "t", 0, 99},
                 {"V8 WorkerThread 20/21 1.5: 10 cycles: ", "V8 WorkerThread", 20, 21},
                 {"kworker/1:2 33 1.5: 10 cycles: ", "kworker/1:2", 0, 33},
                 {"             app 5 1.5: 10 cycles: ", "app", 0, 5},
                 {"app 2.0 rc 5/6 1.5: 10 cycles: ", "app 2.0 rc", 5, 6},
                 {":-1 -1/-1 1.5: 10 cycles: ", ":-1", 0, 0},
                 {"app 5/6 [001] U     1.5: 10 cycles: ", "app", 5, 6},
                 {"the U 5 KGS   1.5: 10 cycles: ", "the U", 0, 5},
                 {"the U 1.5: 10 cycles: ", "the U", 0, 0},
                 {"app [001] 10 cycles: ", "app", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s\n\t    1000 main+0x1 (/bin/x)\n\n", cases[i].header);
        struct p2a_profile *p = perf(text);
        assert_int_equal(p->threads.n, 1);
        assert_string_equal(p2a_string(p, p->threads.row[0].name).at, cases[i].command);
        assert_int_equal(p->threads.row[0].pid, cases[i].pid);
        assert_int_equal(p->threads.row[0].tid, cases[i].tid);
        expect_written(p, "main (/bin/x) 10\n");
        p2a_free(p);
    }
}

static void every_set_of_fields_is_read(void **state)
{
    (void)state;
    expect("app 5 1.5: cycles: \n\t 10 f+0x1 (/bin/x)\n\t 20 main (/bin/x)\n\n",
           "main (/bin/x);f (/bin/x) 1\n");
    expect("app 5 cycles: \n\t 10 f\n\n", "f 1\n");
    expect("app 5 77 cycles: \n\t 10 f\n\n", "f 77\n");
    expect("app \n\t 10 f\n\napp \n\t 10 f\n\n", "f 2\n");
    expect("cycles: \n\t 10 f\n\n", "f 1\n");
    expect("1.5: \n\t 10 f\n\n1.6: \n\t 11 f\n\n", "f 2\n");
    expect("\n\t 10 f\n\t 20 main\n\n\n\t 10 f\n\n", "main;f 1\nf 1\n");
    expect("app 5 1.5: 3 cycles:             7f00 f+0x2 (/bin/x)\napp 5 1.6: 4 cycles:   "
           "          7f00 g (/bin/x)\n",
           "f (/bin/x) 3\ng (/bin/x) 4\n");
    expect("app 5 1.5: 3 cycles: \n\tgo (/bin/x)\n\tmain (/bin/x)\n\n",
           "main (/bin/x);go (/bin/x) 3\n");
    expect("app 5 1.5: 3 cycles: \r\n\t 10 f\r\n\r\n", "f 3\n");
    expect("app 5 1.5: 3 cycles: \n        10 f\n        20 main\n\n", "main;f 3\n");
}

static void a_number_alone_is_a_process_or_in_its_column_a_period(void **state)
{
    (void)state;
    expect("   1001001 \n\t 10 f\n\n         7 \n\t 10 f\n\n", "f 1001008\n");
    expect("app 5 1.5:    77 \n\t 10 f\n\n", "f 77\n");
    expect("[001] \n\t 10 f\n\n", "f 1\n");
    expect("  123 \n\t 10 f\n\n", "f 1\n");
    struct p2a_profile *p = perf("12345 \n\t 10 f\n\n");
    assert_int_equal(p->threads.row[0].tid, 12345);
    p2a_free(p);
}

static void a_number_behind_a_command_is_a_process_or_in_its_column_a_period(void **state)
{
    (void)state;
    expect("cc1     100000 \n\t 10 f\n\ncc1     200000 \n\t 10 f\n\n", "f 300000\n");
    expect("cc1 12345678901 \n\t 10 f\n\n", "f 12345678901\n");
    expect("the cc1     100000 c: \n\t 10 f\n\n", "f 100000\n");
    expect("             cc1     100000      560c8d34e140 f\n", "f 100000\n");
    expect("cc1 4194304 \n\t 10 f\n\n", "f 1\n");
    expect("cc1      12 \n\t 10 f\n\n", "f 1\n");
    expect("cc1   99    100000 \n\t 10 f\n\n", "f 100000\n");
    struct p2a_profile *p = perf("cc1     100000 \n\t 10 f\n\ncc1     200000 \n\t 10 f\n\n");
    assert_int_equal(p->threads.n, 1);
    p2a_free(p);
}

static void what_stands_behind_a_stack_is_no_sample(void **state)
{
    (void)state;
    expect("a 1 1.5: 2 c: \n\t 10 f\n insn: 89 c2\na 1 1.6: 3 c: \n\t 10 f\n ilen: 0 insn: 89\n",
           "f 5\n");
    expect("a 1 1.5: 2 c: \n\t 10 f\n ABI:2    AX:0x21    BX:0x7fc2a108b9f0\na 1 1.6: 3 c: \n"
           "\t 10 f\n\n",
           "f 5\n");
    expect("a \n\t 10 f\n 4K\na \n\t 10 f\n 4K\n", "f 2\n");
    expect("a 1 1.5: 2 c: \n\t 10 f\n\n|529   if (a: b)\na 1 1.6: 3 c: \n\t 10 f\n\n|6  }\n",
           "f 5\n");
}

static void a_frame_on_the_line_of_its_sample_stands_between_other_fields(void **state)
{
    (void)state;
    expect("a 1 1.5: 2 c:                0      7fc2a138c3aa f+0x7 (/x)\n"
           "a 1 1.5: 3 c:      7fc2a138c3aa f+0x7 (/x) ABI:2    AX:0x1  ilen: 0 insn: 89 c7\n"
           "a 1 1.5: 4 c:      7fc2a138c3aa f+0x7 (/x) insn: 89 c7\n\n|529  if (a: b)\n"
           "a 1 1.5: 5 c:      7fc2a138c3aa f+0x7 (/x)\n|529  if (a: b)\n",
           "f (/x) 14\n");
}

static void a_frame_behind_a_command_alone_is_recognized(void **state)
{
    static const char text[] =
        "             app      7f5db9f6e813 f.part.0\n"
        "              dd  ffffffff815d308d vma_prepare ([kernel.kallsyms])\n"
        " fifteen letters             40113 g\n"
        "             app            401136 f.part.0\n"
        "              dd             cafe0 [unknown]\n";
    struct p2a_profile *p;
    (void)state;
    assert_int_equal(p2a_load_memory(text, strlen(text), "test", NULL, &p, NULL), P2A_OK);
    expect_written(p, "f.part.0 2\nvma_prepare_[k] 1\ng 1\n[unknown] 1\n");
    assert_int_equal(p->threads.n, 3);
    assert_string_equal(p2a_string(p, p->threads.row[2].name).at, "fifteen letters");
    p2a_free(p);
    expect(
        "             app  1234             40113 g\n             app  1234             40113 g\n",
        "g 2\n");
}

static void commands_alone_with_source_lines_are_recognized(void **state)
{
    static const char text[] = "w \n\t  90c0 lookup (/ld.so)\n  ./elf/dl-lookup.c:413\n"
                               "\t  1000 main (/w)\n  w.c:1\n\n"
                               "w \n\t  90c0 lookup (/ld.so)\n  ./elf/dl-lookup.c:413\n\n";
    struct p2a_profile *p;
    (void)state;
    assert_int_equal(p2a_load_memory(text, strlen(text), "test", NULL, &p, NULL), P2A_OK);
    expect_written(p, "main (/w);lookup (/ld.so) 1\nlookup (/ld.so) 1\n");
    p2a_free(p);
}

static bool is_recognized(const char *text)
{
    struct p2a_profile *p;
    enum p2a_status status = p2a_load_memory(text, strlen(text), "test", NULL, &p, NULL);
    if (status == P2A_OK)
        p2a_free(p);
    return status == P2A_OK;
}

static void addresses_alone_are_recognized_below_headers(void **state)
{
    static const char *const headers[] = {
        "t 10 1.5: ", "t 10 1.5: cpu-clock: ", "t 10 1.5:    5000000 cpu-clock: ",
        "t 10 cpu-clock: ", "t 10    5000000 "};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        snprintf(text, sizeof text,
                 "%s\n\t          150af\n\tffffffff815d308d\n\n%s\n\t   350af\n\n", headers[i],
                 headers[i]);
        if (!is_recognized(text))
            fail_msg("'%s' isn't recognized", headers[i]);
    }
    assert_false(is_recognized("Sums\n\t          150\n\t          250\n\n"));
    assert_false(is_recognized("Sums of 1999\n\t          150\n\t          250\n\n"));
    assert_false(is_recognized("step 1 do: \n\tadd\n\tdecade\n\n"));
    assert_false(is_recognized("\t          150\n\t          250\n"));
}

static void a_sample_without_stack_is_not_lost(void **state)
{
    (void)state;
    expect("swapper 0 1.5: 1 sched:sched_switch: prev_comm=swapper/2 prev_pid=0\n"
           "a 1 1.6: 2 sched:sched_switch: \n\n",
           "swapper 1\na 2\n");
    expect("a 1 1.6: PERF_RECORD_COMM: a:1/1\na 1 1.7: 5 cycles: \n\t 10 f\n\n", "f 5\n");
}

static void names_are_whole(void **state)
{
    (void)state;
    expect("a 1 1.5: 1 c: \n\t 10 std::function<void (int, std::pair<a, b>)>::operator()(int) "
           "const+0x1f (/lib/x)\n\t 20 (anonymous namespace)::f (/x (deleted))\n\n",
           "(anonymous namespace)::f (/x (deleted));std::function<void (int, std::pair<a, "
           "b>)>::operator()(int) const (/lib/x) 1\n");
    expect("a 1 1.5: 1 c: \n\t 10 foo(int)\n\t 20 operator() (int)+0x1\n\n",
           "operator() (int);foo(int) 1\n");
    expect("a 1 1.5: 1 c: \n\t 10 _ZN3app4Grid3sumEv+0x1 (/x)\n\t 20 _RNvCs1234_7mycrate3foo\n\t "
           "30 _ZN4core3ptr13drop_in_place17h0123456789abcdefE\n\t 40 _Zbroken\n\n",
           "_Zbroken;core::ptr::drop_in_place;mycrate::foo;app::Grid::sum() (/x) 1\n");
    expect("a 1 1.5: 1 c: \n\t 10 [unknown] (/lib/libx.so)\n\t 0 [unknown] ([unknown])\n\n",
           "[unknown];[libx.so] (/lib/libx.so) 1\n");
}

static void an_address_is_the_name_where_there_is_no_symbol(void **state)
{
    (void)state;
    expect("t 10 1.5: c: \n\t 150af (/lib/x.so)\n\t 250af (/lib/y (deleted))\n\n"
           "t 10 2.5: c: \n\t 350af (/lib/x.so)\n\n",
           "250af (/lib/y (deleted));150af (/lib/x.so) 1\n350af (/lib/x.so) 1\n");
    expect("t 10 1.5: 3 c:             7f00 (/lib/x.so)\n", "7f00 (/lib/x.so) 3\n");
    expect("t 10 1.5: c: \n\t ffffffff815d308d ([kernel.kallsyms])\n\n",
           "ffffffff815d308d_[k] 1\n");
}

static void kinds_of_code_are_told_apart(void **state)
{
    (void)state;
    expect("a 1 1.5: 1 c: \n\tffffffff81000010 do_it+0x1 ([kernel.kallsyms])\n"
           "\tffffffffc0000010 nf ([nf_conntrack])\n\t 10 g+0x2 (inlined)\n"
           "\t 10 thing (/tmp/perf-9.map)\n\t 10 main (/x)\n\n",
           "main (/x);thing (/tmp/perf-9.map)_[j];g_[i];nf ([nf_conntrack])_[k];do_it_[k] 1\n");
    expect("a 1 1.5: 1 c: \n\t 10 py::Cls.run:/app/x.py+0x4 (/tmp/perf-9.map)\n"
           "\t 10 JS:*outer file:///app/n.js:2:15+0x1 (/tmp/perf-9.map)\n"
           "\t 10 LazyCompile:~ /app/n.js:7:1 (/tmp/perf-9.map)\n\n",
           "(anonymous) (/app/n.js:7)_[j];outer (file:///app/n.js:2)_[j];Cls.run (/app/x.py) 1\n");
}

static double line_self(const struct p2a_profile *p, const char *name, uint64_t line)
{
    for (uint32_t i = 0; i < p->graph.line_n; i++) {
        const struct p2a_line *row = &p->graph.line[i];
        p2a_id named = p->functions.row[row->function].name;
        if (row->line == line && p2a_str_is(p2a_string(p, named), name))
            return p->graph.line_self[i];
    }
    return -1;
}

static void source_lines_belong_to_the_frame_above_them(void **state)
{
    (void)state;
    struct p2a_profile *p = perf("a 1 1.4: 2 c: \n\t 9 f (/x)\n\n"
                                 "a 1 1.5: 3 c: \n\t 10 f+0x1 (/x)\n  f.c:12\n\t 20 g+0x1\n"
                                 "  g.c:4 (inlined)\n\t 30 main (/x)\n  main.c:7\n\n"
                                 "a 1 1.6: 4 c: \n\t 10 f+0x1 (/x)\n  f.c:13\n\n");
    expect_written(p, "f (/x) 6\nmain (/x);g_[i];f (/x) 3\n");
    assert_true(line_self(p, "f", 12) == 3);
    assert_true(line_self(p, "f", 13) == 4);
    assert_true(line_self(p, "f", 0) == 2);
    assert_true(line_self(p, "main", 7) == -1);
    p2a_free(p);
}

static void events_are_metrics_with_their_units(void **state)
{
    (void)state;
    struct p2a_profile *p = perf("a 1 1.5: 1000 cpu-clock:u: \n\t 10 f\n\n"
                                 "a 1 1.6: 7 page-faults: \n\t 10 f\n\n"
                                 "a 1 1.7: 2000 cpu-clock:u: \n\t 10 g\n\n"
                                 "a 1 1.8: misses: \n\t 10 g\n\n");
    assert_int_equal(p2a_metric_count(p), 3);
    assert_string_equal(p2a_metric_name(p, 0), "cpu-clock:u");
    assert_string_equal(p2a_metric_unit(p, 0), "seconds");
    assert_true(p2a_metric_total(p, 0) == 3000 * 1e-9);
    assert_string_equal(p2a_metric_unit(p, 1), "count");
    assert_true(p2a_metric_total(p, 1) == 7);
    assert_string_equal(p2a_metric_unit(p, 2), "samples");
    assert_true(p2a_metric_total(p, 2) == 1);
    p2a_free(p);
}

static void what_is_no_perf_script_is_refused(void **state)
{
    (void)state;
    expect_bad("a 1 1.5: 1 c: \n\t 10 f\nnonsense\n", 3, "expected a frame");
    expect_bad("something\n\nsomething else\n", 2, "expected a frame");
    expect_bad("something", 1, "ends where a frame was expected");
    expect_bad("# only a comment\n", 1, "no samples");
}

static void a_broken_end_is_kept_on_request(void **state)
{
    static const char text[] = "a 1 1.5: 1 c: \n\t 10 f\n\na 1 1.6: 1 c: \n\t 10 g\nnonsense\n";
    static const struct p2a_load_options partial = {.format = "perf", .partial = true};
    struct p2a_profile *p;
    (void)state;
    assert_int_equal(p2a_load_memory(text, strlen(text), "test", &partial, &p, NULL), P2A_OK);
    expect_written(p, "f 1\n");
    assert_int_equal(p2a_note_count(p), 1);
    assert_string_equal(p2a_note_at(p, 0),
                        "read as far as it goes: test: line 6: expected a frame, "
                        "an empty line or a sample that begins 'command pid "
                        "time: event:'");
    p2a_free(p);
}

static void long_and_many_frames_are_kept(void **state)
{
    size_t n = 0, room = 1 << 20;
    char *text = malloc(room);
    (void)state;
    assert_non_null(text);
    n += (size_t)snprintf(text, room, "a 1 1.5: 1 c: \n\t 10 ");
    memset(text + n, 'x', 2000);
    n += 2000;
    n += (size_t)snprintf(text + n, room - n, " (/y)\n");
    for (int i = 0; i < 3000; i++)
        n += (size_t)snprintf(text + n, room - n, "\t 10 f%d (/y)\n", i);
    snprintf(text + n, room - n, "\n");
    struct p2a_profile *p = perf(text);
    assert_int_equal(p->contexts.n, 3001);
    assert_int_equal(p2a_string(p, p->functions.row[0].name).n, 2000);
    p2a_free(p);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_may_be_one_letter_or_hold_blanks_and_colons),
        cmocka_unit_test(every_set_of_fields_is_read),
        cmocka_unit_test(a_number_alone_is_a_process_or_in_its_column_a_period),
        cmocka_unit_test(a_number_behind_a_command_is_a_process_or_in_its_column_a_period),
        cmocka_unit_test(what_stands_behind_a_stack_is_no_sample),
        cmocka_unit_test(a_frame_on_the_line_of_its_sample_stands_between_other_fields),
        cmocka_unit_test(a_frame_behind_a_command_alone_is_recognized),
        cmocka_unit_test(commands_alone_with_source_lines_are_recognized),
        cmocka_unit_test(addresses_alone_are_recognized_below_headers),
        cmocka_unit_test(a_sample_without_stack_is_not_lost),
        cmocka_unit_test(names_are_whole),
        cmocka_unit_test(an_address_is_the_name_where_there_is_no_symbol),
        cmocka_unit_test(kinds_of_code_are_told_apart),
        cmocka_unit_test(source_lines_belong_to_the_frame_above_them),
        cmocka_unit_test(events_are_metrics_with_their_units),
        cmocka_unit_test(what_is_no_perf_script_is_refused),
        cmocka_unit_test(a_broken_end_is_kept_on_request),
        cmocka_unit_test(long_and_many_frames_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
