/* Settings parsed from memory, as a fuzzer would: what is whole is read, what is cut, changed or
 * starved of memory is an error with a place and a sentence, and nothing leaks (the sanitizer build
 * looks). The linker sends strdup here, too (--wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/settings.h"
#include "fault/starve.h"

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
    return refuse() ? NULL : __real_strdup(text);
}

static char sample[16384];
static size_t sample_n;

static int read_sample(void **state)
{
    (void)state;
    FILE *file = fopen(SAMPLE, "rb");
    if (!file)
        return -1;
    sample_n = fread(sample, 1, sizeof sample, file);
    fclose(file);
    return sample_n > 1000 && sample_n < sizeof sample ? 0 : -1;
}

/* An error has a line and a column and is a sentence; returns whether it was read. */
static bool parse(const char *bytes, size_t n)
{
    struct settings s;
    struct p2a_error error;
    unsigned column;
    char *copy = malloc(n + 1); /* so that a sanitizer sees what lies behind it */
    memcpy(copy, bytes, n);
    enum p2a_status status = settings_parse(&s, copy, n, "memory", false, &error);
    if (status == P2A_OK) {
        assert_true(s.naming_n <= s.rule_n);
    } else {
        assert_int_equal(status, P2A_INPUT);
        assert_int_equal(error.place_kind, P2A_AT_LINE);
        assert_true(error.place >= 1);
        assert_int_equal(sscanf(error.message, "column %u: ", &column), 1);
        assert_true(column >= 1 && strlen(error.message) > strlen("column 1: "));
    }
    settings_free(&s);
    free(copy);
    return status == P2A_OK;
}

static void the_sample_is_read_whole(void **state)
{
    (void)state;
    struct settings s;
    struct p2a_error error;
    assert_int_equal(settings_parse(&s, sample, sample_n, "sample", false, &error), P2A_OK);
    assert_int_equal(s.option_n, 3);
    assert_string_equal(s.options[1].values[1], "calls");
    assert_string_equal(s.options[2].command, "record");
    assert_int_equal(s.format_n, 3);
    assert_string_equal(s.formats[0].text, "width=1400");
    assert_int_equal(s.rule_n, 4);
    assert_int_equal(s.naming_n, 2);
    assert_int_equal(s.color_n, 2);
    assert_int_equal(s.limit_n, 3);
    assert_true(s.limits[2].optional);
    settings_free(&s);
    assert_int_equal(settings_parse(&s, sample, sample_n, "sample", true, &error), P2A_OK);
    assert_int_equal(s.limit_n, 3);
    assert_int_equal(s.option_n + s.format_n + s.rule_n + s.color_n, 0);
    settings_free(&s);
}

static void a_cut_sample_is_read_or_told_where(void **state)
{
    (void)state;
    size_t whole = 0;
    for (size_t n = 0; n <= sample_n; n++)
        whole += parse(sample, n);
    assert_true(whole > 10 && whole < sample_n);
}

static void a_changed_sample_is_read_or_told_where(void **state)
{
    static const char bytes[] = "\t\n\r :-#[]{},&*!|>'\"%@`?~0aZ$(\\\177\200\303\377";
    (void)state;
    char copy[sizeof sample];
    size_t whole = 0, cases = 0;
    for (size_t i = 0; i < sample_n; i += 3) {
        memcpy(copy, sample, sample_n);
        copy[i] = bytes[(i * 7 + i / 29) % sizeof bytes]; /* its NUL too */
        whole += parse(copy, sample_n);
        cases++;
    }
    assert_true(whole > 10 && whole < cases);
}

static void where_memory_fails_it_says_so(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct settings s;
        struct p2a_error error;
        starve(n, true);
        enum p2a_status status = settings_parse(&s, sample, sample_n, "sample", false, &error);
        if (!feed()) {
            assert_int_equal(status, P2A_OK);
            assert_true(n > 50);
            settings_free(&s);
            return;
        }
        if (status != P2A_OK)
            assert_non_null(strstr(error.message, "memory"));
        settings_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_is_read_whole),
        cmocka_unit_test(a_cut_sample_is_read_or_told_where),
        cmocka_unit_test(a_changed_sample_is_read_or_told_where),
        cmocka_unit_test(where_memory_fails_it_says_so),
    };
    return cmocka_run_group_tests(tests, read_sample, NULL);
}
