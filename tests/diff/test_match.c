/* Which function of the version before is which of the version after. A function is told here by
 * what its value before is: so many hundreds as its line before, and so many units after. */
#include "random.h"

struct version {
    const char *name, *file;
    int64_t line;
};

/* A profile of functions that call nothing, with their lines as values. */
static struct p2a_profile *make_version(const struct version *v, enum p2a_kind kind)
{
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    for (; v->name; v++) {
        struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(v->name)),
                                 .file = p2a_intern(p, p2a_str_of(v->file)),
                                 .line = v->line,
                                 .kind = kind};
        p2a_id context = p2a_context(p, P2A_NONE, p2a_function(p, &f), P2A_NONE);
        p2a_context_add(p, context, 0, (double)v->line);
        p2a_context_calls(p, context, 1);
    }
    p2a_finish(p);
    p->recorded = p->facts;
    return p;
}

/* EXPECTED: "name before>after", 0 for nothing, in the order of the comparison's functions. */
static void check(const struct version *before, const struct version *after, const char *expected)
{
    struct p2a_profile *b = make_version(before, P2A_PYTHON), *a = make_version(after, P2A_PYTHON);
    struct p2a_profile *d = diff_of(&b, 1, &a, 1);
    char text[1024] = "";
    for (uint32_t i = 0; i < d->contexts.n; i++) {
        const struct p2a_function *f = &d->functions.row[d->contexts.row[i].function];
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%s %g>%g", n ? ", " : "", p2a_string(d, f->name).at,
                 d->contexts.self[i * 2 + 1], d->contexts.self[i * 2]);
    }
    assert_string_equal(text, expected);
    p2a_free(a);
    p2a_free(b);
    p2a_free(d);
}
#define VERSION(...) ((const struct version[]){__VA_ARGS__, {0}})

static void one_of_a_name_is_the_same_wherever_it_stands(void **state)
{
    (void)state;
    check(VERSION({"f", "a.py", 10}, {"g", "a.py", 20}),
          VERSION({"g", "a.py", 3}, {"f", "a.py", 40}), "g 20>3, f 10>40");
}

static void a_class_inserted_above_moves_what_is_below(void **state)
{
    (void)state;
    /* class A: __init__ 10, a 12; class B: __init__ 20, b 22; then class N at the top */
    check(VERSION({"__init__", "m.py", 10}, {"a", "m.py", 12}, {"__init__", "m.py", 20},
                  {"b", "m.py", 22}),
          VERSION({"__init__", "m.py", 10}, {"n", "m.py", 12}, {"__init__", "m.py", 30},
                  {"a", "m.py", 32}, {"__init__", "m.py", 40}, {"b", "m.py", 42}),
          "__init__ 0>10, n 0>12, __init__ 10>30, a 12>32, __init__ 20>40, b 22>42");
}

static void a_class_that_is_gone_takes_its_own_with_it(void **state)
{
    (void)state;
    /* the first of two goes, and the second moves to where it was */
    check(VERSION({"__init__", "m.py", 10}, {"a", "m.py", 12}, {"__init__", "m.py", 30},
                  {"b", "m.py", 32}),
          VERSION({"__init__", "m.py", 10}, {"b", "m.py", 12}),
          "__init__ 30>10, b 32>12, __init__ (before) 10>0, a 12>0");
}

static void lambdas_are_told_by_the_nearest_function(void **state)
{
    (void)state;
    check(VERSION({"first", "m.py", 10}, {"<lambda>", "m.py", 11}, {"last", "m.py", 50},
                  {"<lambda>", "m.py", 51}),
          VERSION({"first", "m.py", 10}, {"<lambda>", "m.py", 11}, {"<lambda>", "m.py", 30},
                  {"last", "m.py", 60}, {"<lambda>", "m.py", 61}),
          "first 10>10, <lambda> 11>11, <lambda> 0>30, last 50>60, <lambda> 51>61");
}

static void as_many_on_both_sides_are_paired_in_their_order(void **state)
{
    (void)state;
    check(VERSION({"<lambda>", "m.py", 5}, {"<lambda>", "m.py", 9}),
          VERSION({"<lambda>", "m.py", 17}, {"<lambda>", "m.py", 70}),
          "<lambda> 5>17, <lambda> 9>70");
}

static void files_are_told_apart(void **state)
{
    (void)state;
    check(VERSION({"f", "a.py", 1}, {"f", "b.py", 2}), VERSION({"f", "b.py", 3}, {"f", "c.py", 4}),
          "f 2>3, f 0>4, f 1>0");
}

/* A profile with Parser.parse and Scanner.parse of one file, as a format has them that knows their
 * modules and qualified names or not. */
static struct p2a_profile *make_known(const char *const names[2], bool qualified, bool modules)
{
    static const char *const classes[] = {"Parser.parse", "Scanner.parse"};
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_metric(p, "samples", "count", 1);
    for (int i = 0; i < 2; i++) {
        struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(names[i])),
                                 .qualname = qualified ? p2a_intern(p, p2a_str_of(classes[i])) : 0,
                                 .file = p2a_intern(p, P2A_LIT("/m.py")),
                                 .module = modules ? p2a_intern(p, P2A_LIT("m")) : 0,
                                 .line = 10 * (i + 1),
                                 .kind = P2A_PYTHON};
        p2a_id context = p2a_context(p, P2A_NONE, p2a_function(p, &f), P2A_NONE);
        p2a_context_add(p, context, 0, i + 1);
    }
    p2a_finish(p);
    p->recorded = p->facts;
    return p;
}

static void what_only_one_side_knows_is_no_difference(void **state)
{
    static const char *const plain[] = {"parse", "parse"};
    static const char *const whole[] = {"Parser.parse", "Scanner.parse"};
    (void)state;
    struct p2a_profile *side[] = {make_known(plain, true, true), make_known(plain, false, false),
                                  make_known(whole, false, true), make_known(whole, false, false)};
    for (int b = 0; b < 4; b++)
        for (int a = 0; a < 4; a++) {
            bool same = b == a || b == 0 || a == 0 || (b > 1 && a > 1);
            struct p2a_profile *d = diff_of(&side[b], 1, &side[a], 1);
            assert_int_equal(d->contexts.n, same ? 2 : 4);
            for (uint32_t i = 0; same && i < 2; i++)
                assert_true(d->contexts.self[i * 2] == d->contexts.self[i * 2 + 1]);
            p2a_free(d);
        }
    for (int i = 0; i < 4; i++)
        p2a_free(side[i]);
}

/* What the comparison says besides, "" for nothing. */
static void check_note(const struct version *before, const struct version *after, const char *note)
{
    struct p2a_profile *b = make_version(before, P2A_PYTHON), *a = make_version(after, P2A_PYTHON);
    struct p2a_profile *d = diff_of(&b, 1, &a, 1);
    const char *said = p2a_note_count(d) ? p2a_note_at(d, 0) : "";
    if (!strstr(said, note) || !*note != !*said)
        fail_msg("'%s' without '%s'", said, note);
    p2a_free(a);
    p2a_free(b);
    p2a_free(d);
}

static void other_folders_are_told(void **state)
{
    (void)state;
    check_note(VERSION({"f", "/old/m.py", 1}, {"g", "/old/m.py", 9}),
               VERSION({"f", "/new/m.py", 3}, {"h", "/new/m.py", 9}), "1 function is gone from");
    check_note(VERSION({"f", "/old/m.py", 1}, {"g", "/old/m.py", 9}),
               VERSION({"f", "m.py", 3}, {"g", "m.py", 9}), "2 functions are gone from");
    check_note(VERSION({"f", "/x/m.py", 1}), VERSION({"f", "/x/n.py", 3}), "");
    check_note(VERSION({"f", "", 1}, {"g", "~", 9}), VERSION({"h", "", 3}, {"i", "~", 9}), "");
    check_note(VERSION({"f", "/x/m.py", 1}, {"f", "/x/m.py", 5}), VERSION({"f", "/x/m.py", 40}),
               "");
}

static void builtins_have_no_line_and_match_by_name(void **state)
{
    (void)state;
    struct version before[] = {{"<built-in method len>", "~", 0}, {"<method 'get'>", "~", 0}, {0}};
    struct p2a_profile *b = make_version(before, P2A_BUILTIN),
                       *a = make_version(before, P2A_BUILTIN);
    struct p2a_profile *d = diff_of(&b, 1, &a, 1);
    assert_int_equal(d->functions.n, 2);
    p2a_free(a);
    p2a_free(b);
    p2a_free(d);
}

static void an_address_in_a_name_is_another_in_every_run(void **state)
{
    (void)state;
    static const char name[] = "<built-in method __new__ of type object at 0x%x>";
    struct p2a_profile *run[4];
    for (unsigned i = 0; i < 4; i++) {
        char text[80];
        snprintf(text, sizeof text, name, 0x7f1000 + 16 * i);
        run[i] = make_version(VERSION({text, "~", 0}), P2A_BUILTIN);
    }
    struct p2a_profile *d = diff_of(run, 2, run + 2, 2);
    assert_int_equal(d->functions.n, 1);
    assert_int_equal(d->contexts.calls[0], 1);
    assert_int_equal(d->contexts.calls_before[0], 1);
    p2a_free(d);
    for (size_t i = 0; i < 4; i++)
        p2a_free(run[i]);
}

static void qualified_names_count_where_both_sides_have_them(void **state)
{
    (void)state;
    struct p2a_profile *p[2];
    for (unsigned side = 0; side < 2; side++) {
        p[side] = p2a_profile_new(0);
        p2a_metric(p[side], "samples", "count", 1);
        for (unsigned i = 0; i < 2; i++) {
            /* B.run moves above A.run */
            struct p2a_function f = {
                .name = p2a_intern(p[side], P2A_LIT("run")),
                .qualname = p2a_intern(p[side], i ? P2A_LIT("B.run") : P2A_LIT("A.run")),
                .file = p2a_intern(p[side], P2A_LIT("m.py")),
                .line = side ? (i ? 10 : 90) : (i ? 50 : 10)};
            p2a_id c = p2a_context(p[side], P2A_NONE, p2a_function(p[side], &f), P2A_NONE);
            p2a_context_add(p[side], c, 0, (double)f.line);
        }
        p2a_finish(p[side]);
    }
    struct p2a_profile *d = diff_of(p, 1, p + 1, 1);
    assert_int_equal(d->contexts.n, 2);
    assert_true(d->contexts.self[0] == 90 && d->contexts.self[1] == 10);
    assert_true(d->contexts.self[2] == 10 && d->contexts.self[3] == 50);
    p2a_free(d);
    p2a_free(p[0]);
    p2a_free(p[1]);
}

/* Whatever moves: no value is lost, and no two functions of one version become one. */
static void any_two_versions_keep_their_functions_and_values(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct version v[2][13];
        random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
        for (unsigned side = 0; side < 2; side++) {
            uint32_t n = 1 + random_below(12);
            int64_t line = 0;
            for (uint32_t i = 0; i < n; i++) {
                static const char *const names[] = {"__init__", "<lambda>", "f", "g", "h"};
                line += 1 + random_below(6);
                v[side][i] = (struct version){names[random_below(5)], "m.py", line};
            }
            v[side][n].name = NULL;
        }
        struct p2a_profile *b = make_version(v[0], P2A_PYTHON), *a = make_version(v[1], P2A_PYTHON);
        struct p2a_profile *d = diff_of(&b, 1, &a, 1);
        uint32_t before = 0, after = 0;
        for (uint32_t i = 0; i < d->contexts.n; i++) {
            after += p2a_calls_of(&d->contexts, i) > 0;
            before += d->contexts.calls_before[i] > 0;
            assert_true(p2a_calls_of(&d->contexts, i) <= 1 && d->contexts.calls_before[i] <= 1);
        }
        assert_int_equal(after, a->functions.n);
        assert_int_equal(before, b->functions.n);
        assert_true(p2a_whole(d, 0) == p2a_whole(a, 0) && p2a_whole(d, 1) == p2a_whole(b, 0));
        p2a_free(a);
        p2a_free(b);
        p2a_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_a_name_is_the_same_wherever_it_stands),
        cmocka_unit_test(a_class_inserted_above_moves_what_is_below),
        cmocka_unit_test(a_class_that_is_gone_takes_its_own_with_it),
        cmocka_unit_test(lambdas_are_told_by_the_nearest_function),
        cmocka_unit_test(as_many_on_both_sides_are_paired_in_their_order),
        cmocka_unit_test(files_are_told_apart),
        cmocka_unit_test(what_only_one_side_knows_is_no_difference),
        cmocka_unit_test(other_folders_are_told),
        cmocka_unit_test(builtins_have_no_line_and_match_by_name),
        cmocka_unit_test(an_address_in_a_name_is_another_in_every_run),
        cmocka_unit_test(qualified_names_count_where_both_sides_have_them),
        cmocka_unit_test(any_two_versions_keep_their_functions_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
