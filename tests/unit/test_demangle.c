/* C++ and Rust names as their programmers wrote them; what can't be one stays as it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/demangle.h"

static void becomes(const char *mangled, const char *plain)
{
    struct p2a_buffer buffer = {0};
    struct p2a_str text = p2a_demangle(p2a_str_of(mangled), &buffer);
    assert_int_equal(text.n, strlen(plain));
    assert_memory_equal(text.at, plain, text.n);
    assert_false(buffer.failed);
    p2a_buffer_free(&buffer);
}

/* As c++filt and rustfilt spell them. */
static void names_of_each_kind_are_spelled_out(void **state)
{
    (void)state;
    becomes("_ZNSt6vectorIiSaIiEE9push_backEOi",
            "std::vector<int, std::allocator<int> >::push_back(int&&)");
    becomes("_Z3fooi", "foo(int)");
    becomes("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
    becomes("_RNvC6_123foo3bar", "123foo::bar");
    becomes("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
            "utf8_idents::"
            "\341\203\241\341\203\220\341\203\255\341\203\233\341\203\224\341\203\232\341\203\220"
            "\341\203\223_"
            "\341\203\222\341\203\224\341\203\233\341\203\240\341\203\230\341\203\224\341\203\232"
            "\341\203\230_"
            "\341\203\241\341\203\220\341\203\223\341\203\230\341\203\232\341\203\230");
}

static void other_names_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {"main", "",      "_",     "_Z",    "_ZN",
                                        "_R",   "_Z3fo", "_init", "Z3fooi"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        becomes(names[i], names[i]);
}

/* A place in a Rust name, counted behind its _R: base 62, less one. */
static void put_backref(char *to, size_t place)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t n = place - 1;
    if (n < 62)
        snprintf(to, 8, "B%c_", digits[n]);
    else
        snprintf(to, 8, "B%c%c_", digits[n / 62], digits[n % 62]);
}

/* f(p<int, int>, p<p<int, int>, p<int, int> >, ...) and a::b::<((), ()), (((), ()), ((), ())),
 * ...>: each argument is twice as long as the one before. */
static void a_name_that_would_be_gigabytes_stays_mangled(void **state)
{
    (void)state;
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char cpp[1024] = "_Z1f1pIiiE", rust[1024] = "_RINvC1a1bTuuE";
    for (int i = 0; i < 34; i++)
        snprintf(cpp + strlen(cpp), 32, "S_IS%c_S%c_E", digits[i], digits[i]);
    becomes(cpp, cpp);
    size_t last = strlen("INvC1a1b");
    for (int i = 0; i < 34; i++) {
        char back[8];
        put_backref(back, last);
        last = strlen(rust) - 2;
        snprintf(rust + strlen(rust), 32, "T%s%sE", back, back);
    }
    strcat(rust, "E");
    becomes(rust, rust);
}

static void names_that_repeat_parts_are_spelled_out(void **state)
{
    (void)state;
    becomes("_Z1f1pIiiES_IS0_S0_E", "f(p<int, int>, p<p<int, int>, p<int, int> >)");
    becomes("_RINvC1a1bTuuETB7_B7_EE", "a::b::<((), ()), (((), ()), ((), ()))>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_each_kind_are_spelled_out),
        cmocka_unit_test(other_names_stay_as_they_are),
        cmocka_unit_test(names_that_repeat_parts_are_spelled_out),
        cmocka_unit_test(a_name_that_would_be_gigabytes_stays_mangled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
