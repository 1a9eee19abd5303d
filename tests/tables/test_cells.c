/* Cells of text: every character's, and what is cut where. With the argument "dump": a digit for
 * every code point from 0 on, '-' for those that aren't a character's; cells.py compares them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cells.h"

static size_t encode(uint32_t c, char text[4])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        text[i] = (char)(0x80 | (c & 0x3F));
    text[0] = (char)(leads[n] | c);
    return n;
}

static void dump(void)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        char text[4];
        struct p2a_str shown, s = {text, encode(c, text)};
        struct p2a_str rest = s;
        unsigned cells = p2a_cells_next(&rest, &shown);
        putchar(p2a_str_is(shown, "?") && c != '?' ? '-' : (int)('0' + cells));
    }
}

static const char *const texts[] = {"",
                                    "plain",
                                    "\xE4\xB8\xAD\xE6\x96\x87",
                                    "e\xCC\x81!",
                                    "\xCC\x81",
                                    "broken \xFF\xC3",
                                    "\x1B[31m",
                                    "\xF0\x9F\x98\x80 x",
                                    "\xE2\x80\xAE"};
enum { TEXTS = sizeof texts / sizeof *texts };

static void a_start_and_an_end_never_take_more_than_there_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEXTS; i++)
        for (size_t room = 0; room < 12; room++) {
            struct p2a_str s = p2a_str_of(texts[i]);
            struct p2a_str start = p2a_cells_start(s, room), end = p2a_cells_end(s, room);
            assert_true(p2a_cells(start) <= room && p2a_cells(end) <= room);
            assert_true(start.at == s.at && end.at + end.n == s.at + s.n);
            if (p2a_cells(s) <= room)
                assert_true(start.n == s.n && end.n == s.n);
            else /* the next one is wide at most */
                assert_true(p2a_cells(start) + 2 > room && p2a_cells(end) + 2 > room);
        }
}

static void expect_path(const char *path, size_t cells, const char *expected)
{
    struct p2a_buffer text = {0};
    assert_true(p2a_cells_path(&text, p2a_str_of(path), cells));
    assert_string_equal(text.n ? text.at : "", expected);
    assert_true(p2a_cells((struct p2a_str){text.at, text.n}) <= cells);
    p2a_buffer_free(&text);
}

static void a_path_loses_its_middle_and_then_its_start(void **state)
{
    (void)state;
    const char *path = "/usr/lib/python3/json/decoder.py:343";
    expect_path(path, 36, path);
    expect_path(path, 35, "/usr/\xE2\x80\xA6/python3/json/decoder.py:343");
    expect_path(path, 30, "/usr/\xE2\x80\xA6/json/decoder.py:343");
    expect_path(path, 24, "/usr/\xE2\x80\xA6/decoder.py:343");
    expect_path(path, 15,
                "\xE2\x80\xA6"
                "decoder.py:343");
    expect_path(path, 8, "\xE2\x80\xA6.py:343");
    expect_path(path, 1, "\xE2\x80\xA6");
    expect_path(path, 0, "");
    expect_path("<frozen importlib._bootstrap>:12", 16, "\xE2\x80\xA6._bootstrap>:12");
    expect_path("C:\\Users\\me\\project\\x.py", 14, "C:\\\xE2\x80\xA6\\x.py");
    expect_path("", 3, "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_and_an_end_never_take_more_than_there_is),
        cmocka_unit_test(a_path_loses_its_middle_and_then_its_start),
    };
    if (argc > 1 && strcmp(argv[1], "dump") == 0) {
        dump();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
