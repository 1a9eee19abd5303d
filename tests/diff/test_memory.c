/* Every allocation fails in turn while profiles are compared and the comparison is written: it is
 * an error or the same result, never half of one. */
#include "fault/starve.h"
#include "prof2any/format.h"
#include "random.h"

static char *written(struct p2a_profile *p, const char *format, enum p2a_status *status)
{
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    void *bytes;
    size_t size;
    *status = p2a_save_memory(p, &options, &bytes, &size, &error);
    if (*status != P2A_OK) {
        assert_int_equal(*status, P2A_SYSTEM);
        assert_non_null(strstr(error.message, "memory"));
        return NULL;
    }
    char *text = __real_malloc(size + 1);
    assert_non_null(text);
    if (size)
        memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

static void check_diff(struct p2a_profile *const *before, struct p2a_profile *const *after,
                       size_t n)
{
    struct p2a_comparison c = {
        .before = before, .before_n = n, .after = after, .after_n = n, .normalize = true};
    enum p2a_status status = P2A_SYSTEM;
    struct p2a_profile *expected, *result;
    struct p2a_error error;
    assert_int_equal(p2a_diff(&c, &expected, &error), P2A_OK);
    char *whole = written(expected, "json", &status);
    long failing = 0;
    for (status = P2A_SYSTEM; status != P2A_OK; failing++) {
        starve((size_t)failing, false);
        status = p2a_diff(&c, &result, &error);
        feed();
        if (status != P2A_OK) {
            assert_null(result);
            assert_string_equal(error.message, "out of memory");
            continue;
        }
        enum p2a_status saved;
        char *text = written(result, "json", &saved);
        assert_string_equal(text, whole);
        free(text);
        p2a_free(result);
    }
    assert_true(failing > 50);
    free(whole);
    p2a_free(expected);
}

static void a_comparison_is_whole_or_isnt_there(void **state)
{
    (void)state;
    for (unsigned graphs = 0; graphs < 2; graphs++) {
        struct p2a_profile *p[4];
        for (uint64_t i = 0; i < 4; i++)
            p[i] = graphs ? random_graph(i, 12, true) : random_tree(i, 12, true);
        check_diff(p, p + 2, 1);
        check_diff(p, p + 2, 2);
        for (size_t i = 0; i < 4; i++)
            p2a_free(p[i]);
    }
}

static void check_written(struct p2a_profile *const *side, size_t n, const char *format)
{
    enum p2a_status status;
    struct p2a_profile *d = diff_of(side, n, side + n, n);
    char *whole = written(d, format, &status);
    assert_int_equal(status, P2A_OK);
    p2a_free(d);
    for (long failing = 0, done = 0; !done; failing++) {
        d = diff_of(side, n, side + n, n);
        starve((size_t)failing, false);
        char *text = written(d, format, &status);
        done = !feed();
        if (status == P2A_OK)
            assert_string_equal(text, whole);
        free(text);
        p2a_free(d);
    }
    free(whole);
}

static void a_comparison_is_written_whole_or_is_an_error(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "table",      "markdown",  "csv",
                                          "tree", "flamegraph", "callgrind", "folded"};
    struct p2a_profile *p[4], *apart[2];
    for (uint64_t i = 0; i < 4; i++)
        p[i] = random_tree(i, 12, true);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        check_written(p, 2, formats[i]);
    for (size_t i = 0; i < 4; i++)
        p2a_free(p[i]);
    make_apart(apart);
    check_written(apart, 1, "tree");
    p2a_free(apart[0]);
    p2a_free(apart[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comparison_is_whole_or_isnt_there),
        cmocka_unit_test(a_comparison_is_written_whole_or_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
