/* The pstats format: what each shape of a file means in the model, and what is written for it. */
#include "bytes.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>

#include "model/core.h"

static struct p2a_profile *loaded(struct p2a_str bytes)
{
    struct p2a_profile *p = NULL;
    struct p2a_error error;
    enum p2a_status status = p2a_load_memory(bytes.at, bytes.n, "test", NULL, &p, &error);
    if (status != P2A_OK)
        print_error("%s\n", error.message);
    assert_int_equal(status, P2A_OK);
    return p;
}

/* Reading BYTES as pstats fails at byte AT with MESSAGE. */
static void fails_at(struct p2a_str bytes, uint64_t at, const char *message)
{
    const struct p2a_load_options options = {.format = "pstats"};
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(bytes.at, bytes.n, "test", &options, &p, &error), P2A_INPUT);
    assert_null(p);
    assert_string_equal(error.message, message);
    assert_int_equal(error.place_kind, P2A_AT_BYTE);
    assert_int_equal(error.place, at);
}

/* The profile as pstats; free .at. */
static struct p2a_str saved(struct p2a_profile *p)
{
    const struct p2a_save_options options = {.format = "pstats"};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_int_equal(p2a_save_memory(p, &options, &bytes, &n, &error), P2A_OK);
    return (struct p2a_str){bytes, n};
}

static void release(struct p2a_str bytes)
{
    free((void *)(uintptr_t)bytes.at);
}

/* Saving the profile gives BYTES. */
static void saves_as(struct p2a_profile *p, struct p2a_str bytes)
{
    struct p2a_str all = saved(p);
    assert_int_equal(all.n, bytes.n);
    assert_memory_equal(all.at, bytes.at, bytes.n);
    release(all);
}

static void is_named(const struct p2a_profile *p, p2a_id f, const char *file, int64_t line,
                     const char *name)
{
    assert_in_range(f, 0, p->functions.n - 1);
    const struct p2a_function *function = &p->functions.row[f];
    assert_string_equal(p2a_string(p, function->file).at, file);
    assert_string_equal(p2a_string(p, function->name).at, name);
    assert_true(function->line == line);
}

static bool has_note(const struct p2a_profile *p, const char *text)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strcmp(p2a_note_at(p, i), text) == 0)
            return true;
    return false;
}

/* Pieces: functions f, g, h of a.py at lines 1, 2, 3; numbers; halves of seconds as doubles. */
#define KEY(line, name) "(\3\0\0\0u\4\0\0\0a.pyi" line "\0\0\0u\1\0\0\0" name
#define F               KEY("\1", "f")
#define G               KEY("\2", "g")
#define H               KEY("\3", "h")
#define INT(n)          "i" n "\0\0\0"
#define MINUS_1         "i\xff\xff\xff\xff"
#define MINUS_2         "i\xfe\xff\xff\xff"
#define HALF            "g\0\0\0\0\0\0\xe0\x3f"
#define ONE             "g\0\0\0\0\0\0\xf0\x3f"
#define TWO             "g\0\0\0\0\0\0\0\x40"
#define ROW             "(\5\0\0\0"
#define ARC             "(\4\0\0\0"
#define NO_ROW          ROW INT("\0") INT("\0") HALF HALF "{0"

/* ---- reading ---- */

static void counts_of_a_function_and_of_a_caller_stand_the_other_way_round(void **state)
{
    (void)state;
    struct p2a_str bytes = BYTES("{" F ROW INT("\2") INT("\3") HALF ONE "{" G ARC INT("\5")
                                     INT("\4") ONE TWO "0" G NO_ROW "0");
    struct p2a_profile *p = loaded(bytes);
    const struct p2a_graph *g = &p->graph;
    assert_int_equal(g->order_n, 2);
    is_named(p, g->order[0], "a.py", 1, "f");
    assert_int_equal(p->functions.row[g->order[0]].kind, P2A_PYTHON);
    const struct p2a_node *node = &g->node[g->order[0]];
    assert_true(node->primitive == 2 && node->calls == 3 && node->has == P2A_HAS_ALL);
    assert_true(g->self[g->order[0]] == 0.5 && g->total[g->order[0]] == 1);
    assert_int_equal(g->arc_n, 1);
    is_named(p, g->arc[0].caller, "a.py", 2, "g");
    is_named(p, g->arc[0].callee, "a.py", 1, "f");
    assert_true(g->arc[0].calls == 5 && g->arc[0].primitive == 4 && g->arc[0].has == P2A_HAS_ALL);
    assert_true(g->arc_self[0] == 1 && g->arc_total[0] == 2);
    assert_int_equal(p2a_metric_count(p), 1);
    assert_string_equal(p2a_metric_name(p, 0), "time");
    assert_string_equal(p2a_metric_unit(p, 0), "seconds");
    assert_true(p->recorded & P2A_GRAPH && p->recorded & P2A_CALLS && p->recorded & P2A_PLACES);
    assert_int_equal(p2a_check(p, NULL), P2A_OK);
    saves_as(p, bytes);
    p2a_free(p);
}

static void a_caller_that_is_an_integer_has_calls_and_no_time(void **state)
{
    (void)state;
    struct p2a_str bytes =
        BYTES("{" F ROW INT("\2") INT("\3") HALF ONE "{" G INT("\x9") H MINUS_1 "00");
    struct p2a_profile *p = loaded(bytes);
    assert_int_equal(p->graph.arc[0].has, P2A_HAS_ROW | P2A_HAS_CALLS);
    assert_true(p->graph.arc[0].calls == 9);
    assert_int_equal(p->graph.arc[1].has, P2A_HAS_ROW);
    saves_as(p, bytes);
    p2a_free(p);
}

/* As Python writes them: base 2^15, the lowest digit first. */
static void counts_up_to_2_to_the_64_are_kept(void **state)
{
#define MOST       "l\5\0\0\0\xff\x7f\xff\x7f\xff\x7f\xff\x7f\xf\0"
#define HALF_OF_IT "l\5\0\0\0\0\0\0\0\0\0\0\0\x8\0"
    (void)state;
    struct p2a_str bytes = BYTES("{" F ROW HALF_OF_IT MOST HALF ONE "{" G MOST "0" G NO_ROW "0");
    struct p2a_profile *p = loaded(bytes);
    const struct p2a_graph *g = &p->graph;
    assert_true(g->node[g->order[0]].calls == UINT64_MAX);
    assert_true(g->node[g->order[0]].primitive == UINT64_C(1) << 63);
    assert_true(g->arc[0].calls == UINT64_MAX && g->arc[0].has & P2A_HAS_CALLS);
    saves_as(p, bytes);
    p2a_free(p);
}

static void a_negative_count_is_not_known(void **state)
{
    (void)state;
    struct p2a_profile *p =
        loaded(BYTES("{" F ROW MINUS_2 MINUS_1 HALF ONE "{" G ARC MINUS_1 INT("\1") ONE TWO "00"));
    assert_int_equal(p->graph.node[0].has, P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL);
    assert_int_equal(p->graph.arc[0].has, P2A_HAS_ALL & ~P2A_HAS_CALLS);
    assert_false(p->recorded & P2A_CALLS);
    saves_as(p, BYTES("{" F ROW MINUS_1 MINUS_1 HALF ONE "{" G ARC MINUS_1 INT("\1") ONE TWO "00"));
    p2a_free(p);
}

static void a_caller_without_a_row_is_a_name_only(void **state)
{
    (void)state;
    struct p2a_profile *p =
        loaded(BYTES("{" F ROW INT("\1") INT("\1") HALF ONE "{" G INT("\1") "00"));
    assert_int_equal(p->functions.n, 2);
    assert_int_equal(p->graph.order_n, 1);
    assert_int_equal(p->graph.node[1].has, 0);
    p2a_free(p);
}

static void integers_serve_as_times(void **state)
{
    (void)state;
    struct p2a_profile *p = loaded(BYTES("{" F ROW INT("\0") INT("\0") INT("\0") INT("\7") "{00"));
    assert_true(p->graph.self[0] == 0 && p->graph.total[0] == 7);
    p2a_free(p);
}

static void figures_joined_by_old_pstats_are_added_up(void **state)
{
    (void)state;
    struct p2a_profile *p =
        loaded(BYTES("{" F ROW INT("\1") INT("\1") HALF ONE "{" G "(\x8\0\0\0" INT("\1") INT("\2")
                         HALF ONE INT("\3") MINUS_1 ONE TWO "00"));
    assert_true(p->graph.arc[0].calls == 4);
    assert_int_equal(p->graph.arc[0].has, P2A_HAS_ALL & ~P2A_HAS_PRIMITIVE);
    assert_true(p->graph.arc_self[0] == 1.5 && p->graph.arc_total[0] == 3);
    p2a_free(p);
}

static void keys_that_are_no_functions_are_left_out_and_told(void **state)
{
    (void)state;
    struct p2a_profile *p = loaded(BYTES("{" F ROW INT("\1") INT("\1") HALF ONE
                                         "{)\2NNN" G INT("\1") "0"
                                                               "i\0\0\0\0[\1\0\0\0N)\1z\1xT0"));
    assert_int_equal(p->functions.n, 2);
    assert_int_equal(p->graph.arc_n, 1);
    assert_true(has_note(p, "left out 3 keys that are no functions"));
    p2a_free(p);
}

static void the_mark_of_a_sampled_profile_becomes_a_note(void **state)
{
    (void)state;
    struct p2a_profile *p = loaded(BYTES("\xfb\xa9\1\xda\x0b__sampled__T" F NO_ROW "0"));
    assert_int_equal(p2a_note_count(p), 1);
    assert_string_equal(p2a_note_at(p, 0),
                        "the profile was sampled: its calls are numbers of samples");
    assert_int_equal(p->graph.order_n, 1);
    p2a_free(p);
}

/* As in Python's dict: the first place, the last value; of the first value, nothing stays. */
static void a_key_that_comes_again_replaces_figures_and_callers(void **state)
{
    (void)state;
    struct p2a_profile *p =
        loaded(BYTES("{" F ROW INT("\1") INT("\1") HALF HALF "{" G INT("\1")
                         H INT("\1") "0" G NO_ROW F ROW INT("\2") INT("\2") ONE ONE "{" H INT("\3")
                             G INT("\4") H INT("\5") "00"));
    struct p2a_str expected =
        BYTES("{" F ROW INT("\2") INT("\2") ONE ONE "{" H INT("\5") G INT("\4") "0" G NO_ROW "0");
    saves_as(p, expected);
    p2a_free(p);
}

static void functions_in_c_are_told_by_their_file(void **state)
{
    (void)state;
#define FILE_OF(head, line) "(\3\0\0\0u" head "i" line "\0\0\0u\1\0\0\0x" NO_ROW
    struct p2a_profile *p = loaded(BYTES("{" FILE_OF("\1\0\0\0~", "\0") FILE_OF(
        "\0\0\0\0", "\0") FILE_OF("\1\0\0\0~", "\1") FILE_OF("\1\0\0\0a", "\0") "0"));
    assert_int_equal(p->functions.row[0].kind, P2A_BUILTIN);
    assert_int_equal(p->functions.row[1].kind, P2A_BUILTIN);
    assert_int_equal(p->functions.row[2].kind, P2A_PYTHON);
    assert_int_equal(p->functions.row[3].kind, P2A_PYTHON);
    p2a_free(p);
}

static void a_code_object_as_name_is_spelled_out(void **state)
{
    (void)state;
    struct p2a_profile *p = loaded(BYTES(
        "{(\3\0\0\0u\7\0\0\0profilei\0\0\0\0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "s\2\0\0\0d\0)\0)\0)\0s\0\0\0\0z\4a.pyz\x8<module>z\1q\1\0\0\0s\0\0\0\0s\0\0\0\0" NO_ROW
        "0"));
    is_named(p, 0, "profile", 0, "<code object <module>, file \"a.py\", line 1>");
    p2a_free(p);
}

static void references_stand_for_keys_and_strings(void **state)
{
    (void)state;
    struct p2a_profile *p =
        loaded(BYTES("{\xa9\3\xfa\4a.py" INT("\1") "z\1f" ROW INT("\1") INT("\1") HALF ONE
                     "{"
                     "r\0\0\0\0" INT("\2") ")\3r\1\0\0\0" INT("\2") "z\1g" INT("\3") "00"));
    saves_as(p, BYTES("{" F ROW INT("\1") INT("\1") HALF ONE "{" F INT("\2") G INT("\3") "00"));
    p2a_free(p);
}

/* A caller's key may be numbered where it stands first, before its row, beside it or without one;
 * of a caller that comes again the last value counts. */
static void numbered_callers_are_found_wherever_their_keys_are(void **state)
{
    (void)state;
#define OBJECT(line, name) "\xa8\3\0\0\0u\4\0\0\0a.pyi" line "\0\0\0u\1\0\0\0" name
#define CALLED             ROW INT("\1") INT("\1") HALF ONE "{"
#define ARC_OF(n)          ARC INT(n) INT("\1") HALF ONE
    struct p2a_profile *p =
        loaded(BYTES("{" OBJECT("\1", "f") CALLED OBJECT("\2", "g") ARC_OF("\2") OBJECT("\3", "h")
                         ARC_OF("\3") "0r\1\0\0\0" CALLED OBJECT("\1", "f") ARC_OF("\4") "00"));
    saves_as(p, BYTES("{" F CALLED G ARC_OF("\2") H ARC_OF("\3") "0" G CALLED F ARC_OF("\4") "00"));
    p2a_free(p);
    p = loaded(BYTES("{" OBJECT("\1", "f") CALLED "r\0\0\0\0" ARC_OF("\2") OBJECT("\2", "g")
                         ARC_OF("\3") "r\0\0\0\0" ARC_OF("\4") "00"));
    saves_as(p, BYTES("{" F CALLED F ARC_OF("\4") G ARC_OF("\3") "00"));
    p2a_free(p);
}

static void an_empty_profile_is_a_profile(void **state)
{
    (void)state;
    struct p2a_profile *p = loaded(BYTES("{0"));
    assert_int_equal(p2a_function_count(p), 0);
    assert_int_equal(p2a_check(p, NULL), P2A_OK);
    saves_as(p, BYTES("{0"));
    p2a_free(p);
    p2a_free(loaded(BYTES("\xfb"
                          "0")));
}

#define LENGTH(literal) (sizeof(literal) - 1)
#define FIGURES         ROW INT("\1") INT("\1") HALF HALF
#define CALLER          "{" F FIGURES "{" G

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    fails_at(BYTES("{" F NO_ROW "0xyz"), LENGTH("{" F NO_ROW "0"),
             "3 bytes after the end of the profile");
    fails_at(BYTES("z\1x"), 0, "a dict of functions was expected, this is a string");
    fails_at(BYTES("{z\1xN0"), 0, "no function in it, keys (file, line, name) were expected");
    fails_at(BYTES("{)\3i\0\0\0\0NNN0"), 3,
             "a function's file, a string, was expected, this is an integer");
    fails_at(BYTES("{)\3z\0NNN0"), 5, "a function's line, an integer, was expected, this is None");
    fails_at(BYTES("{)\3z\0i\0\0\0\0NN0"), 10,
             "a function's name, a string, was expected, this is None");
    fails_at(BYTES("{" F "N0"), LENGTH("{" F),
             "a function's figures, a tuple of 5, was expected, this is None");
    fails_at(BYTES("{" F ")\1N0"), LENGTH("{" F),
             "a function's figures are a tuple of 1, 5 were expected");
    fails_at(BYTES("{" F ")\5NNNNN0"), LENGTH("{" F ")\5"),
             "a number of calls, an integer, was expected, this is None");
    fails_at(
        BYTES("{" F ")\5l\6\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0NNNN0"), LENGTH("{" F ")\5"),
        "a number of calls, an integer, was expected, this is an integer of more than 64 bits");
    fails_at(BYTES("{" F ")\5" INT("\1") INT("\1") "z\1xNN0"),
             LENGTH("{" F ")\5" INT("\1") INT("\1")),
             "a time, a float, was expected, this is a string");
    fails_at(BYTES("{" F FIGURES "N0"), LENGTH("{" F FIGURES),
             "a function's callers, a dict, was expected, this is None");
    fails_at(BYTES(CALLER "N00"), LENGTH(CALLER),
             "a caller's figures, a tuple of 4 or an integer, was expected, this is None");
    fails_at(BYTES(CALLER ")\0"
                          "00"),
             LENGTH(CALLER), "a caller's figures are a tuple of 0, 4 were expected");
    fails_at(BYTES(CALLER ")\3NNN00"), LENGTH(CALLER),
             "a caller's figures are a tuple of 3, 4 were expected");
}

static void references_to_the_wrong_thing_are_seen(void **state)
{
    (void)state;
#define NUMBERED                                                                                   \
    "{\xa9\3\xfa\4"                                                                                \
    "a.py" INT("\1") "z\1f" NO_ROW
    fails_at(BYTES(NUMBERED ")\3r\0\0\0\0NN0"), LENGTH(NUMBERED ")\3"),
             "a string was expected, this is a tuple");
    struct p2a_profile *p = loaded(BYTES(NUMBERED "r\1\0\0\0N0"));
    assert_int_equal(p->graph.order_n, 1);
    assert_true(has_note(p, "left out 1 key that is no function"));
    p2a_free(p);
}

static void other_files_are_not_taken_for_pstats(void **state)
{
    (void)state;
    const struct p2a_str all[] = {BYTES("{"),          BYTES("{\"a\": 1}"), BYTES("{}"),
                                  BYTES("{0 } "),      BYTES("{ (a) }"),    BYTES("{(abc)}"),
                                  BYTES("int f() {)"), BYTES("{)\3\n\n"),   BYTES("\xfb\xa9\2zz")};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct p2a_format *format = p2a_detect(all[i].at, all[i].n, "test", NULL);
        assert_true(!format || strcmp(format->name, "pstats") != 0);
    }
}

/* ---- writing ---- */

static p2a_id function_in(struct p2a_profile *p, const char *file, const char *module,
                          const char *name)
{
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .module = p2a_intern(p, p2a_str_of(module)),
                             .kind = P2A_NATIVE};
    return p2a_function(p, &f);
}

static struct p2a_profile *with_metric(const char *name, const char *unit, double scale)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, name, unit, scale);
    return p;
}

/* What pstats reads of what P is written as. P is freed. */
static struct p2a_profile *rewritten(struct p2a_profile *p)
{
    p2a_finish(p);
    struct p2a_str bytes = saved(p);
    p2a_free(p);
    p = loaded(bytes);
    release(bytes);
    return p;
}

static void functions_that_would_be_one_key_are_told_apart(void **state)
{
    (void)state;
    struct p2a_profile *p = with_metric("time", "seconds", 1);
    const char *const modules[] = {"", "liba.so", "libb.so"};
    for (size_t i = 0; i < 3; i++)
        *p2a_node(p, function_in(p, "x.c", modules[i], "f")) =
            (struct p2a_node){.calls = i, .primitive = i, .has = P2A_HAS_ALL};
    p2a_node(p, function_in(p, "x.c", "", "f [liba.so]"));
    p = rewritten(p);
    assert_int_equal(p->graph.order_n, 4);
    is_named(p, 0, "x.c", 0, "f");
    is_named(p, 1, "x.c", 0, "f [liba.so]");
    is_named(p, 2, "x.c", 0, "f [libb.so]");
    is_named(p, 3, "x.c", 0, "f [liba.so] [native]");
    assert_true(p->graph.node[1].calls == 1 && p->graph.node[2].calls == 2);
    p2a_free(p);
}

static void a_module_serves_as_file_where_none_is_known(void **state)
{
    (void)state;
    struct p2a_profile *p = with_metric("time", "seconds", 1);
    p2a_node(p, function_in(p, "", "libc.so", "malloc"));
    p = rewritten(p);
    is_named(p, 0, "libc.so", 0, "malloc");
    p2a_free(p);
}

static void times_are_written_in_seconds_and_other_values_in_their_unit(void **state)
{
    (void)state;
    struct p2a_profile *p = with_metric("time", "seconds", 0.25);
    p2a_id f = function_in(p, "a", "", "f");
    p2a_node(p, f)->has = P2A_HAS_ALL;
    *p2a_node_self(p, f) = 8;
    *p2a_node_total(p, f) = 16;
    p = rewritten(p);
    assert_true(p->graph.self[0] == 2 && p->graph.total[0] == 4);
    p2a_free(p);

    p = with_metric("heap", "bytes", 1);
    p2a_node(p, function_in(p, "a", "", "f"));
    p2a_finish(p);
    release(saved(p));
    assert_true(has_note(p, "pstats calls all values seconds: these are heap in bytes"));
    p2a_free(p);
}

static void callers_of_a_function_without_figures_are_kept(void **state)
{
    (void)state;
    struct p2a_profile *p = with_metric("time", "seconds", 1);
    p2a_id f = function_in(p, "a", "", "f"), g = function_in(p, "a", "", "g");
    p2a_node(p, f);
    p2a_id arc = p2a_arc(p, f, g);
    p->graph.arc[arc].calls = 3;
    p->graph.arc[arc].has = P2A_HAS_ROW | P2A_HAS_CALLS;
    p = rewritten(p);
    assert_int_equal(p->graph.order_n, 2);
    assert_int_equal(p->graph.arc_n, 1);
    assert_true(p->graph.arc[0].calls == 3);
    assert_int_equal(p->graph.node[1].has & (P2A_HAS_CALLS | P2A_HAS_PRIMITIVE), 0);
    p2a_free(p);
}

static void doubles_keep_every_bit(void **state)
{
    (void)state;
    struct p2a_str bytes =
        BYTES("{" F ROW INT("\1") INT("\1") "g\1\0\0\0\0\0\xf8\x7f"
                                            "g\0\0\0\0\0\0\0\x80"
                                            "{" G ARC INT("\1") INT("\1") "g\0\0\0\0\0\0\xf0\xff"
                                                                          "g\1\0\0\0\0\0\0\0"
                                                                          "00");
    struct p2a_profile *p = loaded(bytes);
    saves_as(p, bytes);
    p2a_free(p);
}

static void names_with_broken_bytes_are_written_so_that_python_reads_them(void **state)
{
    (void)state;
    struct p2a_profile *p = with_metric("time", "seconds", 1);
    p2a_node(p, function_in(p, "\xff.py", "", "\xed\xa0\x80"));
    p = rewritten(p);
    is_named(p, 0, "\xed\xb3\xbf.py", 0, "\xed\xa0\x80");
    p2a_free(p);
}

/* ---- samples ---- */

static void reads_and_settles(const char *path)
{
    struct p2a_profile *p = NULL, *q;
    struct p2a_error error;
    char text[1200];
    if (p2a_load(path, NULL, &p, &error) != P2A_OK || p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, text, sizeof text));
    assert_string_equal(p2a_string(p, p->source).at, "pstats");
    struct p2a_str first = saved(p);
    q = loaded(first);
    assert_int_equal(q->graph.order_n, p->graph.order_n);
    assert_int_equal(q->graph.arc_n, p->graph.arc_n);
    assert_memory_equal(q->graph.self, p->graph.self, p->graph.order_n * sizeof(double));
    saves_as(q, first);
    release(first);
    p2a_free(p);
    p2a_free(q);
}

static void every_sample_reads_and_is_the_same_when_written_again(void **state)
{
    (void)state;
    const char *samples = getenv("SAMPLES");
    char path[1024];
    if (!samples)
        skip();
    snprintf(path, sizeof path, "%s/profiles/pstats", samples);
    DIR *folder = opendir(path);
    if (!folder)
        skip();
    int n = 0;
    for (struct dirent *entry; (entry = readdir(folder)); n++) {
        snprintf(path, sizeof path, "%s/profiles/pstats/%s", samples, entry->d_name);
        if (entry->d_name[0] != '.')
            reads_and_settles(path);
    }
    closedir(folder);
    assert_in_range(n, 10, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_a_function_and_of_a_caller_stand_the_other_way_round),
        cmocka_unit_test(a_caller_that_is_an_integer_has_calls_and_no_time),
        cmocka_unit_test(counts_up_to_2_to_the_64_are_kept),
        cmocka_unit_test(a_negative_count_is_not_known),
        cmocka_unit_test(a_caller_without_a_row_is_a_name_only),
        cmocka_unit_test(integers_serve_as_times),
        cmocka_unit_test(figures_joined_by_old_pstats_are_added_up),
        cmocka_unit_test(keys_that_are_no_functions_are_left_out_and_told),
        cmocka_unit_test(the_mark_of_a_sampled_profile_becomes_a_note),
        cmocka_unit_test(a_key_that_comes_again_replaces_figures_and_callers),
        cmocka_unit_test(functions_in_c_are_told_by_their_file),
        cmocka_unit_test(a_code_object_as_name_is_spelled_out),
        cmocka_unit_test(references_stand_for_keys_and_strings),
        cmocka_unit_test(numbered_callers_are_found_wherever_their_keys_are),
        cmocka_unit_test(an_empty_profile_is_a_profile),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(references_to_the_wrong_thing_are_seen),
        cmocka_unit_test(other_files_are_not_taken_for_pstats),
        cmocka_unit_test(functions_that_would_be_one_key_are_told_apart),
        cmocka_unit_test(a_module_serves_as_file_where_none_is_known),
        cmocka_unit_test(times_are_written_in_seconds_and_other_values_in_their_unit),
        cmocka_unit_test(callers_of_a_function_without_figures_are_kept),
        cmocka_unit_test(doubles_keep_every_bit),
        cmocka_unit_test(names_with_broken_bytes_are_written_so_that_python_reads_them),
        cmocka_unit_test(every_sample_reads_and_is_the_same_when_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
