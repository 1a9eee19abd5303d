/* Every allocation fails in turn: an error each time, never a crash, never half a picture taken for
 * a whole one. */
#include "unit/make.h"
#include "fault/starve.h"

static const char *const settings[][6] = {
    {NULL},
    {"reverse", "inverted", "frames=3", NULL},
    {"sort=total", "threads=apart", "colors=hot", "theme=dark", NULL},
    {"link=https://h/{file}#{line}{name}", "title=t", "subtitle=a", "notes=b", NULL},
};

static enum p2a_status draw(struct p2a_profile *p, const char *const *options, size_t *size)
{
    struct p2a_save_options save = {.format = "flamegraph", .settings = options};
    struct p2a_error error;
    void *bytes;
    enum p2a_status status = p2a_save_memory(p, &save, &bytes, size, &error);
    if (status != P2A_OK)
        assert_int_equal(error.status, P2A_SYSTEM);
    free(bytes);
    return status;
}

static void no_memory_is_an_error_like_any_other(void **state)
{
    (void)state;
    static const char text[] =
        "main (a.py:1);f (b/c.py:2) 3\nmain (a.py:1);<built-in method len> 4\n"
        "main (a.py:1);lib`x;std::vector<int>::at(int) 2\n";
    struct p2a_load_options load = {.format = "folded"};
    struct p2a_error error;
    struct p2a_profile *p;
    assert_int_equal(p2a_load_memory(text, sizeof text - 1, "t", &load, &p, &error), P2A_OK);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        size_t whole, size;
        assert_int_equal(draw(p, settings[i], &whole), P2A_OK);
        for (long n = 0;; n++) {
            starve((size_t)n, false);
            enum p2a_status status = draw(p, settings[i], &size);
            if (!feed()) {
                assert_true(n > 20);
                break;
            }
            if (status == P2A_OK)
                assert_int_equal(size, whole);
        }
    }
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_is_an_error_like_any_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
