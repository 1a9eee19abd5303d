/* Without memory, at whatever allocation, writing dot is an error and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fault/starve.h"
#include "prof2any/prof2any.h"

static const char stacks[] = "main (a.py:1);parse (b.py:2);read (c.py:3) 40\n"
                             "main (a.py:1);parse (b.py:2);parse (b.py:2) 10\n"
                             "main (a.py:1);even (d.py:4);odd (d.py:8);even (d.py:4) 30\n"
                             "main (a.py:1);rare (e.py:5) 20\n";

static enum p2a_status save(struct p2a_profile *profile)
{
    static const char *const settings[] = {"cluster=file",          "nodes=6",       "rest=1",
                                           "link=https://h/{file}", "title=a title", NULL};
    const struct p2a_save_options options = {.format = "dot", .settings = settings};
    struct p2a_error error;
    void *bytes;
    size_t size;
    enum p2a_status status = p2a_save_memory(profile, &options, &bytes, &size, &error);
    free(bytes);
    return status;
}

static struct p2a_profile *load(void)
{
    struct p2a_profile *profile;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(stacks, sizeof stacks - 1, "stacks", NULL, &profile, &error),
                     P2A_OK);
    return profile;
}

static void fail_at_each(bool alone)
{
    long failed = 0;
    for (long n = 0;; n++) {
        struct p2a_profile *profile = load();
        starve((size_t)n, !alone);
        enum p2a_status status = save(profile);
        if (!feed()) {
            assert_int_equal(status, P2A_OK);
            p2a_free(profile);
            break;
        }
        assert_true(status == P2A_SYSTEM || (alone && status == P2A_OK));
        failed += status == P2A_SYSTEM;
        assert_int_equal(save(profile), P2A_OK);
        p2a_free(profile);
    }
    assert_true(failed > 20);
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
