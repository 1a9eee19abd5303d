/* The pickle machine on what no pickler writes: each ends with a word of what is wrong, and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/pickle.h"

#define BYTES(literal) ((struct p2a_str){literal, sizeof(literal) - 1})

static void expect_wrong(struct p2a_str bytes, const char *what, unsigned at)
{
    struct pickle p;
    assert_false(p2a_pickle_read(&p, bytes));
    assert_string_equal(p.wrong, what);
    assert_int_equal(p.at, at);
    p2a_pickle_free(&p);
}

static void what_ends_early_is_told(void **state)
{
    (void)state;
    expect_wrong(BYTES(""), "the pickle ends early", 0);
    expect_wrong(BYTES("\x80\x04"), "the pickle ends early", 2);
    expect_wrong(BYTES("\x80\x04X\x09\0\0\0abc"), "the pickle ends early", 7);
    expect_wrong(BYTES("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "the pickle ends early",
                 11);
    expect_wrong(BYTES("\x80\x02"
                       "cmodule"),
                 "the pickle ends early", 3);
}

static void operations_need_their_operands(void **state)
{
    (void)state;
    expect_wrong(BYTES("\x80\x04."), "an operation without its operands", 3);
    expect_wrong(BYTES("\x80\x04\x87."), "an operation without its operands", 3);
    expect_wrong(BYTES("\x80\x04(K\x01\x86."), "an operation without its operands", 6);
    expect_wrong(BYTES("\x80\x04K\x01t."), "an end without its mark", 5);
    expect_wrong(BYTES("\x80\x04(K\x01"
                       "e."),
                 "an operation without its operands", 6);
    expect_wrong(BYTES("\x80\x04K\x02(K\x01"
                       "e."),
                 "items for what holds none", 8);
    expect_wrong(BYTES("\x80\x04}(K\x01u."), "items for what holds none", 7);
    expect_wrong(BYTES("\x80\x04h\x07."), "a memo that isn't there", 4);
    expect_wrong(BYTES("\x80\x04\x94."), "a memo that can't be", 3);
    expect_wrong(BYTES("\x80\x04K\x01r\xff\xff\xff\x7f."), "a memo that can't be", 9);
}

static void only_plain_data_is_read(void **state)
{
    (void)state;
    expect_wrong(BYTES("\x80\x09N."), "a pickle of protocol 2 to 5 was expected", 2);
    expect_wrong(BYTES("\x80\x04NQ."), "an operation that no plain data needs", 4);
}

static void integers_of_every_size_are_whole(void **state)
{
    struct pickle p;
    (void)state;
    assert_true(p2a_pickle_read(&p, BYTES("\x80\x04J\xff\xff\xff\xff\x8a\x02\x00\x80\x8a\x00\x8a"
                                          "\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01(tN.")) == true);
    assert_int_equal(p.value[0].integer, -1);
    assert_int_equal(p.value[1].integer, -32768);
    assert_int_equal(p.value[2].integer, 0);
    assert_true(p.value[3].kind == PICKLE_FLOAT && p.value[3].real == 18446744073709551616.0);
    p2a_pickle_free(&p);
}

static void a_list_in_itself_is_no_loop_for_the_reader(void **state)
{
    struct pickle p;
    (void)state;
    assert_true(p2a_pickle_read(&p, BYTES("\x80\x04]\x94h\x00"
                                          "a.")));
    const struct pickle_value *list = &p.value[p.top];
    assert_int_equal(list->n, 1);
    assert_ptr_equal(p2a_pickle_child(&p, list, 0), list);
    assert_null(p2a_pickle_child(&p, list, 1));
    assert_null(p2a_pickle_get(&p, list, "x"));
    p2a_pickle_free(&p);
}

static void what_is_no_line_stats_is_refused(void **state)
{
    static const struct p2a_load_options as_lprof = {.format = "lprof"};
    static const struct {
        const char *bytes;
        size_t n;
        const char *words;
    } cases[] = {{"\x80\x04N.", 4, "an object with timings and unit"},
                 {"\x80\x04}\x8c\x07timingsN\x86.", 15, "an object with timings and unit"},
                 {"\x80\x04garbage", 9, "an operation that no plain data needs"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct p2a_profile *p;
        struct p2a_error error;
        assert_int_equal(p2a_load_memory(cases[i].bytes, cases[i].n, "x", &as_lprof, &p, &error),
                         P2A_INPUT);
        if (!strstr(error.message, cases[i].words))
            fail_msg("'%s' without '%s'", error.message, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_early_is_told),
        cmocka_unit_test(operations_need_their_operands),
        cmocka_unit_test(only_plain_data_is_read),
        cmocka_unit_test(integers_of_every_size_are_whole),
        cmocka_unit_test(a_list_in_itself_is_no_loop_for_the_reader),
        cmocka_unit_test(what_is_no_line_stats_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
