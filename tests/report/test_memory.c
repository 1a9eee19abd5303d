/* Without memory, at whatever allocation, a report is an error, or what it is with memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault/starve.h"
#include "prof2any/prof2any.h"

static const char stacks[] = "main (a.py:1);parse (b.py:2);read (c.py:3) 40\n"
                             "main (a.py:1);parse (b.py:2);parse (b.py:2) 10\n"
                             "main (a.py:1);even (d.py:4);odd (d.py:8);even (d.py:4) 30\n"
                             "main (a.py:1);rare (e.py:5) 20\n";

struct text {
    void *bytes;
    size_t n;
};

static enum p2a_status save(struct p2a_profile *profile, struct text *text)
{
    static const char *const sort[] = {"stdname", "nfl", "time", NULL};
    static const char *const restrictions[] = {"main|parse|odd|even", ".99", "(", "7", NULL};
    const struct p2a_save_options options = {.format = "text",
                                             .report = {.sort = sort,
                                                        .reverse = true,
                                                        .restrictions = restrictions,
                                                        .callers = true,
                                                        .callees = true,
                                                        .limit = 3}};
    struct p2a_error error;
    return p2a_save_memory(profile, &options, &text->bytes, &text->n, &error);
}

static struct p2a_profile *load(void)
{
    struct p2a_profile *profile;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(stacks, sizeof stacks - 1, "stacks", NULL, &profile, &error),
                     P2A_OK);
    return profile;
}

static void is_the_same(const struct text *text, const struct text *whole)
{
    assert_int_equal(text->n, whole->n);
    assert_memory_equal(text->bytes, whole->bytes, whole->n);
}

/* Fails allocation N of a save; false where there are fewer. */
static bool fail_at(long n, bool alone, const struct text *whole, long *failed)
{
    struct p2a_profile *profile = load();
    struct text text;
    starve((size_t)n, !alone);
    enum p2a_status status = save(profile, &text);
    bool met = feed();
    assert_true(status == P2A_OK || (met && status == P2A_SYSTEM));
    if (status == P2A_OK)
        is_the_same(&text, whole);
    *failed += status == P2A_SYSTEM;
    free(text.bytes);
    assert_int_equal(save(profile, &text), P2A_OK);
    is_the_same(&text, whole);
    free(text.bytes);
    p2a_free(profile);
    return met;
}

static void fail_at_each(bool alone)
{
    struct p2a_profile *profile = load();
    struct text whole;
    long failed = 0;
    assert_int_equal(save(profile, &whole), P2A_OK);
    assert_non_null(memmem(whole.bytes, whole.n, "<Invalid regular expression '('>", 32));
    for (long n = 0; fail_at(n, alone, &whole, &failed); n++)
        ;
    assert_true(failed > 20);
    free(whole.bytes);
    p2a_free(profile);
}

static void every_allocation_may_fail_from_one_on(void **state)
{
    (void)state;
    fail_at_each(false);
}

static void every_allocation_may_fail_alone(void **state)
{
    (void)state;
    fail_at_each(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail_from_one_on),
        cmocka_unit_test(every_allocation_may_fail_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
