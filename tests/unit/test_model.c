/* Tables, rounding, adding up, spelling. */
#include "make.h"

/* Within the room there is for them, at every length. */
static void digits_are_those_of_printf(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned i = 0; i < 20000; i++) {
        char digits[P2A_DIGITS + 4], expected[P2A_DIGITS + 4];
        uint64_t value = seed >> i % 64, power = 1;
        for (unsigned zeros = i % 20; zeros; zeros--)
            power *= 10;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (i < 60)
            value = power + i / 20 - 1; /* one less, it, one more */
        memset(digits, '#', sizeof digits);
        *p2a_digits(digits, value) = '\0';
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        assert_string_equal(digits, expected);
        assert_memory_equal(digits + P2A_DIGITS + 1, "###", 3);
    }
}

static void rounding_keeps_the_sum_and_moves_nothing_by_one(void **state)
{
    (void)state;
    double values[] = {0.4, 0.4, 0, 0.4, 2.5, 1e15, 0.3, 0};
    uint64_t rounded[8], sum = 0;
    uint64_t said = p2a_round(values, 8, 1, 1, rounded);
    for (int i = 0; i < 8; i++) {
        sum += rounded[i];
        assert_true(values[i] != 0 || rounded[i] == 0);
        assert_true((double)rounded[i] - values[i] < 1 && values[i] - (double)rounded[i] < 1);
    }
    assert_int_equal(sum, said);
    assert_int_equal(sum, 1000000000000004);
}

static void rounding_takes_what_is_no_cost_as_zero(void **state)
{
    (void)state;
    double values[] = {-5, 0.0 / 0.0, 1.0 / 0.0, 3};
    uint64_t rounded[4];
    assert_int_equal(p2a_round(values, 4, 1, 1, rounded), 3);
    assert_int_equal(rounded[0] + rounded[1] + rounded[2], 0);
    const double large[] = {1, 1e308, 1e308, 2};
    assert_true(p2a_round(large, 4, 1, 1e9, rounded) == P2A_ROUND_MOST);
    assert_true(rounded[0] == 1000000000 && rounded[1] == P2A_ROUND_MOST - rounded[0]);
    assert_int_equal(rounded[2] + rounded[3], 0);
}

static void a_late_metric_keeps_the_values_before_it(void **state)
{
    (void)state;
    struct p2a_profile *p = make_tree((const char *[]){"a 1", "a;b 2", NULL});
    assert_int_equal(p2a_metric(p, "bytes", "bytes", 1), 1);
    p2a_compare_columns(p);
    assert_int_equal(p->columns, 4);
    assert_true(p2a_whole(p, 0) == 3 && p2a_whole(p, 1) == 0 && p2a_whole(p, 2) == 0);
    p2a_context_add(p, 1, 3, 5);
    assert_int_equal(p2a_metric(p, "more", "count", 1), 2);
    assert_int_equal(p->columns, 6);
    assert_true(p2a_whole(p, 0) == 3 && p2a_whole(p, 4) == 5);
    p2a_free(p);
}

static void adding_trees_adds_values_and_calls(void **state)
{
    (void)state;
    struct p2a_profile *a = make_tree((const char *[]){"a 1", "a;b 2", NULL});
    struct p2a_profile *b = make_tree((const char *[]){"c 8", "a;b 4", NULL});
    struct p2a_error error = {.path = ""};
    assert_int_equal(p2a_add(a, b, &error), P2A_OK);
    assert_int_equal(p2a_check(a, &error), P2A_OK);
    char *text = folded_of(a);
    assert_string_equal(text, "a 1\na;b 6\nc 8\n");
    assert_int_equal(a->contexts.calls[1], 2);
    free(text);
    p2a_free(a);
    p2a_free(b);
}

static void a_tree_and_a_graph_add_up_to_a_graph(void **state)
{
    (void)state;
    struct p2a_profile *a = make_tree((const char *[]){"a 1", "a;b 2", NULL});
    struct p2a_profile *b = make_tree((const char *[]){"a 1", "a;b 4", NULL});
    struct p2a_error error = {.path = ""};
    assert_int_equal(p2a_derive(b, &error), P2A_OK);
    b->recorded = b->facts;
    p2a_drop_contexts(b);
    assert_int_equal(p2a_add(a, b, &error), P2A_OK);
    assert_false(a->facts & P2A_CONTEXTS);
    assert_true(total_of(a, "a") == 8 && self_of(a, "b") == 6);
    assert_true(a->graph.arc_total[arc_of(a, "a", "b")] == 6);
    p2a_free(a);
    p2a_free(b);
}

static void different_units_do_not_add_up(void **state)
{
    (void)state;
    struct p2a_profile *a = make_tree((const char *[]){"a 1", NULL});
    struct p2a_profile *b = p2a_profile_new(0);
    struct p2a_error error = {.path = ""};
    p2a_metric(b, "time", "seconds", 1);
    assert_int_equal(p2a_add(a, b, &error), P2A_INPUT);
    assert_non_null(strstr(error.message, "seconds"));
    assert_true(p2a_whole(a, 0) == 1);
    p2a_free(a);
    p2a_free(b);
}

static p2a_id function_in(struct p2a_profile *p, p2a_id name, p2a_id file)
{
    return p2a_function(p, &(struct p2a_function){.name = name, .file = file});
}

/* Names that were never a function's, those that were, in the file where they were and in another.
 */
static void a_function_is_found_again_whenever_it_came(void **state)
{
    (void)state;
    enum { NAMES = 100, FILES = 3 };
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_id name[NAMES], file[FILES], id[NAMES][FILES];
    char text[16];
    for (uint32_t i = 0; i < NAMES + FILES; i++) {
        snprintf(text, sizeof text, "%u", i);
        *(i < FILES ? &file[i] : &name[i - FILES]) = p2a_intern(p, p2a_str_of(text));
    }
    for (uint32_t i = 0, n = 0; i < NAMES; i++) {
        uint32_t order = i * 37 % NAMES; /* the last one's name isn't the highest */
        for (uint32_t k = 0; k <= order % FILES; k++, n++)
            assert_int_equal(id[order][k] = function_in(p, name[order], file[k]), n);
        assert_int_equal(function_in(p, name[order], file[0]), id[order][0]);
    }
    for (uint32_t i = 0; i < NAMES; i++)
        for (uint32_t k = 0; k <= i % FILES; k++)
            assert_int_equal(function_in(p, name[i], file[k]), id[i][k]);
    p2a_free(p);
}

/* Whether it stands in the index by then or not. */
static void a_function_is_found_by_the_module_that_it_got(void **state)
{
    (void)state;
    for (int indexed = 0; indexed < 2; indexed++) {
        struct p2a_profile *p = p2a_profile_new(0);
        p2a_id f = make_function(p, "f"), g = make_function(p, "g");
        struct p2a_function known = p->functions.row[f];
        if (indexed)
            assert_int_equal(make_function(p, "g"), g);
        known.module = p2a_intern(p, P2A_LIT("libm"));
        p2a_function_module(p, f, known.module);
        assert_int_equal(p2a_function(p, &known), f);
        assert_int_equal(make_function(p, "f"), 2);
        p2a_free(p);
    }
}

static void zeroed_memory_is_zero_and_no_size_wraps(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    for (int i = 0; i < 2; i++) { /* the second time it isn't the kernel's */
        unsigned char *bytes = p2a_zeroed(N, 3);
        assert_non_null(bytes);
        for (uint32_t k = 0; k < 3 * N; k++)
            assert_int_equal(bytes[k], 0);
        memset(bytes, 1, 3 * N);
        free(bytes);
    }
    assert_null(p2a_zeroed(SIZE_MAX / 4, 8));
    void *nothing = p2a_zeroed(0, 8);
    assert_non_null(nothing);
    free(nothing);
}

static void spelled(int64_t line, const char *file, enum p2a_names names, const char *wanted)
{
    struct p2a_profile *p = p2a_profile_new(0);
    struct p2a_buffer buffer = {0};
    struct p2a_function f = {.name = p2a_intern(p, P2A_LIT("<f>")),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .line = line};
    struct p2a_str name = p2a_spell(p, p2a_function(p, &f), names, &buffer);
    assert_int_equal(name.n, strlen(wanted));
    assert_memory_equal(name.at, wanted, name.n);
    p2a_buffer_free(&buffer);
    p2a_free(p);
}

static void frames_are_spelled_by_the_table(void **state)
{
    (void)state;
    spelled(12, "/x/base.py", P2A_NAMES_SHORT, "<f> (base.py:12)");
    spelled(12, "/x/base.py", P2A_NAMES_FULL, "<f> (/x/base.py:12)");
    spelled(12, "/x/base.py", P2A_NAMES_PSTATS, "/x/base.py:12(<f>)");
    spelled(0, "~", P2A_NAMES_SHORT, "<f>");
    spelled(0, "~", P2A_NAMES_PSTATS, "{f}");
    spelled(0, "", P2A_NAMES_FULL, "<f>");
}

static void after_an_error_every_call_is_harmless(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(2);
    p2a_metric(p, "samples", "count", 1); /* three strings: one too many */
    assert_int_equal(p2a_profile_status(p), P2A_INPUT);
    assert_int_equal(make_function(p, "f"), P2A_NONE);
    assert_int_equal(p2a_context(p, P2A_NONE, 0, P2A_NONE), P2A_NONE);
    assert_null(p2a_node(p, 0));
    p2a_context_add(p, P2A_NONE, 0, 1);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_those_of_printf),
        cmocka_unit_test(rounding_keeps_the_sum_and_moves_nothing_by_one),
        cmocka_unit_test(rounding_takes_what_is_no_cost_as_zero),
        cmocka_unit_test(a_late_metric_keeps_the_values_before_it),
        cmocka_unit_test(adding_trees_adds_values_and_calls),
        cmocka_unit_test(a_tree_and_a_graph_add_up_to_a_graph),
        cmocka_unit_test(different_units_do_not_add_up),
        cmocka_unit_test(a_function_is_found_again_whenever_it_came),
        cmocka_unit_test(a_function_is_found_by_the_module_that_it_got),
        cmocka_unit_test(zeroed_memory_is_zero_and_no_size_wraps),
        cmocka_unit_test(frames_are_spelled_by_the_table),
        cmocka_unit_test(after_an_error_every_call_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
