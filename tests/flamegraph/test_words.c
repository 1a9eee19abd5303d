/* Escaped text, figures for people, short names, colours. */
#include <math.h>
#include <time.h>

#include "unit/make.h"

#include "base/human.h"
#include "base/label.h"
#include "base/utf8.h"
#include "codec/xml.h"
#include "model/paint.h"

static void expect_xml(struct p2a_str bytes, const char *expected)
{
    struct p2a_buffer b = {0};
    assert_true(p2a_buffer_add(&b, "", 0) && p2a_xml_text(&b, bytes));
    assert_string_equal(b.at, expected);
    p2a_buffer_free(&b);
}

static void markup_is_escaped(void **state)
{
    (void)state;
    expect_xml(P2A_LIT("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
    expect_xml(P2A_LIT("]]>"), "]]&gt;");
    expect_xml(P2A_LIT(""), "");
    expect_xml(P2A_LIT("na\xC3\xAFve \xF0\x9F\x94\xA5"), "na\xC3\xAFve \xF0\x9F\x94\xA5");
}

#define BAD "\xEF\xBF\xBD"

static void what_xml_has_no_place_for_is_replaced(void **state)
{
    (void)state;
    expect_xml(P2A_LIT("a\0b\x01\x1B\n\t\r\x7F"), "a" BAD "b" BAD BAD BAD BAD BAD BAD);
    expect_xml(P2A_LIT("\xC2\x85\xEF\xBF\xBE\xEF\xBF\xBF\xE2\x80\xA8"), BAD BAD BAD BAD);
    expect_xml(P2A_LIT("\xFF\x80\xC3"), BAD BAD BAD);
    expect_xml(P2A_LIT("\xC0\xBC\xE0\x80\xBC"), BAD BAD BAD BAD BAD); /* overlong '<' */
    expect_xml(P2A_LIT("\xED\xA0\x80"), BAD BAD BAD);                 /* a surrogate */
    expect_xml(P2A_LIT("\xF4\x90\x80\x80"), BAD BAD BAD BAD);         /* past U+10FFFF */
    expect_xml(P2A_LIT("\xE2\x82<"), BAD BAD "&lt;");                 /* cut short before markup */
}

/* Whatever the bytes, decoding consumes each once and what is escaped has no markup in it. */
static void every_pair_of_bytes_is_safe(void **state)
{
    (void)state;
    struct p2a_buffer b = {0};
    for (unsigned i = 0; i < 0x10000; i++) {
        char bytes[2] = {(char)(i >> 8), (char)i};
        b.n = 0;
        assert_true(p2a_xml_text(&b, (struct p2a_str){bytes, 2}));
        assert_null(strpbrk(b.at, "<>\"'"));
        for (struct p2a_str rest = {b.at, b.n}; rest.n;) {
            uint32_t c = p2a_utf8_next(&rest);
            assert_true(c >= 0x20 && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
        }
    }
    p2a_buffer_free(&b);
}

static void expect_figure(double value, const char *unit, const char *word, const char *expected)
{
    char text[P2A_HUMAN_ROOM];
    assert_string_equal(p2a_human(text, value, p2a_str_of(unit), p2a_str_of(word)), expected);
}

static void figures_have_three_digits_and_a_unit(void **state)
{
    (void)state;
    expect_figure(1.2345, "seconds", "time", "1.23 s");
    expect_figure(0.0456, "seconds", "", "45.6 ms");
    expect_figure(5e-7, "seconds", "", "500 ns");
    expect_figure(12.5e-6, "seconds", "", "12.5 \xC2\xB5s");
    expect_figure(0.9996, "seconds", "", "1 s");
    expect_figure(0, "seconds", "", "0 ns");
    expect_figure(599, "seconds", "", "599 s");
    expect_figure(725, "seconds", "", "12 min 5 s");
    expect_figure(7265, "seconds", "", "2 h 1 min");
    expect_figure(1536, "bytes", "", "1.5 KiB");
    expect_figure(1023, "bytes", "", "1 KiB");
    expect_figure(1234567, "count", "samples", "1,234,567 samples");
    expect_figure(1, "count", "samples", "1 sample");
    expect_figure(0, "count", "samples", "0 samples");
    expect_figure(1.5, "count", "samples", "1.5 samples");
    expect_figure(1, "count", "cache-misses", "1 cache-misses"); /* a file's own word */
    expect_figure(2.5, "count", "", "2.5");
    expect_figure(0.0 / 0.0, "count", "", "0");
    expect_figure(1e300, "count", "", "1e+300");
}

static void shares_stay_within_a_hundred(void **state)
{
    (void)state;
    char text[P2A_HUMAN_ROOM];
    struct p2a_str samples = P2A_LIT("samples");
    assert_string_equal(p2a_human_figure(text, 999e9, P2A_LIT("count"), samples),
                        "999,000,000,000 samples");
    assert_string_equal(p2a_human_figure(text, 5.5e12, P2A_LIT("count"), samples),
                        "5.5e+12 samples");
    assert_string_equal(p2a_human_figure(text, 5.5e12, P2A_LIT("count"), P2A_LIT("")), "5.5e+12");
    assert_string_equal(p2a_human_figure(text, 5.5e12, P2A_LIT("seconds"), samples), "5.5e+12 s");
    assert_string_equal(p2a_human_figure(text, 5.5e15, P2A_LIT("bytes"), samples), "5.5e+15 B");
    assert_string_equal(p2a_human_share(text, 345, 1000), "34.5 %");
    assert_string_equal(p2a_human_share(text, 1, 1e6), "<0.01 %");
    assert_string_equal(p2a_human_share(text, 1, 1e4), "0.01 %");
    assert_string_equal(p2a_human_share(text, 3, 2), "100 %");
    assert_string_equal(p2a_human_rest(text, 345, 1000, 1, P2A_LIT("seconds")), "34.5 %");
    assert_string_equal(p2a_human_rest(text, 1 + 1e-12, 1, 1, P2A_LIT("seconds")), "100 %");
    assert_string_equal(p2a_human_rest(text, -1e-13, 1, 1, P2A_LIT("seconds")), "0 %");
    assert_string_equal(p2a_human_rest(text, -110, 10, 1e-3, P2A_LIT("seconds")), "-110 ms");
    assert_string_equal(p2a_human_rest(text, 30, 10, 1e-3, P2A_LIT("seconds")), "30 ms");
    assert_string_equal(p2a_human_share(text, 1, 0), "0 %");
    assert_string_equal(p2a_human_share(text, -1, 1), "0 %");
}

/* labels.tsv: the browser's script is held to the same table. */
static void labels_keep_the_telling_end(void **state)
{
    (void)state;
    FILE *table = fopen("labels.tsv", "r");
    struct p2a_buffer label = {0};
    char line[512];
    unsigned rows = 0;
    assert_non_null(table);
    while (fgets(line, sizeof line, table)) {
        struct p2a_str name = {0}, place = name, columns = name, expected = name;
        struct p2a_str rest = {line, strcspn(line, "\n")};
        double room;
        if (line[0] == '#')
            continue;
        assert_true(p2a_str_cut(rest, '\t', &name, &rest) &&
                    p2a_str_cut(rest, '\t', &place, &rest) &&
                    p2a_str_cut(rest, '\t', &columns, &expected));
        assert_true(p2a_str_double(columns, &room));
        assert_true(p2a_label(&label, name, place, (size_t)room));
        if (label.n != expected.n || memcmp(label.at, expected.at, label.n) != 0)
            fail_msg("%.*s: %s", (int)strcspn(line, "\n"), line, label.at);
        assert_true(p2a_columns((struct p2a_str){label.at, label.n}) <= (size_t)room);
        rows++;
    }
    assert_true(rows > 40);
    p2a_buffer_free(&label);
    fclose(table);
}

/* Hostile names find an end too, in every width. */
/* A name of 300,000 parts is shortened part by part: seconds, where each step measures the rest. */
static void long_names_are_shortened_in_time(void **state)
{
    (void)state;
    struct p2a_buffer name = {0}, label = {0};
    for (int i = 0; i < 300000; i++)
        assert_true(p2a_buffer_add(&name, "nm.", 3));
    assert_true(p2a_buffer_add(&name, "last", 4));
    clock_t start = clock();
    assert_true(p2a_label(&label, (struct p2a_str){name.at, name.n}, P2A_LIT(""), 10));
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
    assert_string_equal(label.at, "nm.nm.last");
    p2a_buffer_free(&name);
    p2a_buffer_free(&label);
}

static void only_plain_text_passes_to_a_terminal(void **state)
{
    (void)state;
    char text[] =
        "na\xC3\xAFve \xD7\xA9\x1B[1m\x7F \xC2\x9B\x31m \xE2\x80\xAEx\xE2\x81\xA6 \x9B\xED\xA0\x80";
    p2a_utf8_defuse(text);
    assert_string_equal(text, "na\xC3\xAFve \xD7\xA9?[1m? ??1m ???x??? ????");
}

static void any_bytes_have_a_label(void **state)
{
    (void)state;
    static const char *const names[] = {"<built-in >",
                                        "<built-in  >",
                                        "<' of '>",
                                        "<x' of 'y",
                                        "::",
                                        "(((",
                                        "))::",
                                        ".",
                                        "....",
                                        "",
                                        "<>::<>()",
                                        "operator",
                                        "x::operator()",
                                        "\xFF\xFE::a",
                                        ".<locals>",
                                        "a:::b:"};
    struct p2a_buffer label = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t room = 0; room < 20; room++) {
            assert_true(p2a_label(&label, p2a_str_of(names[i]), P2A_LIT("__init__.py"), room));
            assert_true(p2a_columns((struct p2a_str){label.at, label.n}) <= room);
        }
    p2a_buffer_free(&label);
}

static p2a_id from_file(struct p2a_profile *p, const char *name, const char *file,
                        enum p2a_kind kind)
{
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .line = 1,
                             .kind = kind};
    return p2a_function(p, &f);
}

static void expect_meaning(const struct p2a_painter *painter, p2a_id function, const char *expected)
{
    struct p2a_str meaning = p2a_paint_meaning(painter, function);
    assert_true(p2a_str_is(meaning, expected));
}

static void colours_tell_own_code_from_libraries(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_id own = from_file(p, "f", "/home/me/app.py", P2A_PYTHON);
    p2a_id same = from_file(p, "g", "/home/me/app.py", P2A_PYTHON);
    p2a_id library = from_file(p, "f", "/usr/lib/python3.11/json/encoder.py", P2A_PYTHON);
    p2a_id frozen = from_file(p, "f", "<frozen importlib._bootstrap>", P2A_PYTHON);
    p2a_id windows = from_file(p, "f", "C:\\Python311\\Lib\\json\\encoder.py", P2A_PYTHON);
    p2a_id site = from_file(p, "f", "/usr/lib/python3/dist-packages/numpy/x.py", P2A_PYTHON);
    p2a_id builtin = from_file(p, "<built-in method len>", "~", P2A_BUILTIN);
    p2a_id kernel = from_file(p, "do_syscall", "", P2A_KERNEL);
    p2a_id native = from_file(p, "memcpy", "libc.so.6", P2A_NATIVE);
    p2a_id marker = from_file(p, "small ones", "", P2A_MARKER);
    struct p2a_painter painter = p2a_painter_start(p, "module");
    expect_meaning(&painter, own, "own code");
    expect_meaning(&painter, library, "standard library");
    expect_meaning(&painter, frozen, "standard library");
    expect_meaning(&painter, windows, "standard library");
    expect_meaning(&painter, site, "installed packages");
    expect_meaning(&painter, builtin, "built-in");
    expect_meaning(&painter, kernel, "kernel");
    expect_meaning(&painter, native, "libc.so.6");
    expect_meaning(&painter, marker, "");
    assert_int_equal(p2a_paint(&painter, own, 0), p2a_paint(&painter, same, 0));
    assert_int_not_equal(p2a_paint(&painter, own, 0), p2a_paint(&painter, own, 0.5));
    assert_int_equal(p2a_paint(&painter, marker, 0), P2A_PAINT_MARK);
    p2a_free(p);
}

static void without_directories_colours_are_by_file(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    p2a_id f = from_file(p, "f", "app.py", P2A_PYTHON);
    struct p2a_painter painter = p2a_painter_start(p, "module");
    expect_meaning(&painter, f, "app.py");
    p2a_free(p);
}

static void colours_of_go_are_by_package(void **state)
{
    static const char *const cases[][3] = {
        {"main.main.func1", "/src/main.go", "main"},
        {"main.(*box[...]).add", "/src/main.go", "main"},
        {"main.sum[github.com/a/b.C]", "/src/main.go", "main"},
        {"net/http.(*conn).serve", "server.go", "net/http"},
        {"example.com/a.b/c.Do", "/c.go", "example.com/a.b/c"},
        {"runtime.memmove", "memmove_amd64.s", "runtime"},
        {"cmpbody", "compare_amd64.s", "compare_amd64.s"},
        {"some.clone", "clone.c", "clone.c"},
    };
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        p2a_id f = from_file(p, cases[i][0], cases[i][1], P2A_NATIVE);
        struct p2a_painter painter = p2a_painter_start(p, "module");
        expect_meaning(&painter, f, cases[i][2]);
    }
    p2a_free(p);
}

/* WCAG's relative luminance and contrast. */
static double luminance(uint32_t colour)
{
    double sum = 0;
    static const double parts[] = {0.0722, 0.7152, 0.2126};
    for (unsigned i = 0; i < 3; i++, colour >>= 8) {
        double v = (colour & 0xFF) / 255.0;
        sum += parts[i] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
    double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return x > y ? x / y : y / x;
}

static void every_colour_can_be_read_on(void **state)
{
    (void)state;
    static const char *const palettes[] = {"module", "hot",  "mem",    "io",     "wakeup", "java",
                                           "js",     "perl", "python", "rust",   "red",    "green",
                                           "blue",   "aqua", "yellow", "purple", "orange"};
    static const char *const names[] = {"a", "b::c", "std::x", "x.js", "a/b",
                                        "k", "len",  "m",      "n",    "o"};
    struct p2a_profile *p = p2a_profile_new(0);
    for (unsigned kind = P2A_UNKNOWN; kind <= P2A_JIT; kind++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            from_file(p, names[i], i % 2 ? "x.so" : "/a/y.py", (enum p2a_kind)kind);
    for (size_t k = 0; k < sizeof palettes / sizeof *palettes; k++) {
        struct p2a_painter painter = p2a_painter_start(p, palettes[k]);
        for (p2a_id f = 0; f < p->functions.n; f++)
            for (unsigned strength = 0; strength < 3; strength++) {
                unsigned paint = p2a_paint(&painter, f, strength * strength * 0.01);
                assert_true(paint < P2A_PAINTS);
                assert_true(contrast(p2a_paint_fill(paint, false), 0x1F2328) >= 4.5);
                assert_true(contrast(p2a_paint_fill(paint, true), 0xF0F3F6) >= 4.5);
            }
    }
    for (int step = -P2A_CHANGE_STEPS; step <= P2A_CHANGE_STEPS; step++) {
        assert_true(contrast(p2a_paint_fill(p2a_paint_step(step), false), 0x1F2328) >= 4.5);
        assert_true(contrast(p2a_paint_fill(p2a_paint_step(step), true), 0xF0F3F6) >= 4.5);
    }
    p2a_free(p);
}

static void a_change_has_the_colour_of_its_share_of_the_larger_side(void **state)
{
    (void)state;
    static const struct {
        double before, after;
        int step;
    } changes[] = {{100, 100, 0}, {100, 101, 0}, {100, 103, 1},  {100, 111, 2},  {100, 126, 3},
                   {50, 101, 4},  {0, 1, 5},     {103, 100, -1}, {111, 100, -2}, {126, 100, -3},
                   {101, 50, -4}, {1, 0, -5},    {0, 0, 0}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        assert_int_equal(p2a_paint_change(changes[i].before, changes[i].after, 100),
                         p2a_paint_step(changes[i].step));
    assert_int_equal(p2a_paint_change(0, 0.9, 1000), p2a_paint_step(0));
}

static void changes_are_told_with_their_sign(void **state)
{
    (void)state;
    char text[P2A_HUMAN_ROOM];
    const struct p2a_str none = P2A_LIT(""), s = P2A_LIT("seconds");
    assert_string_equal(p2a_human_change(text, 0.12, s, none), "+120 ms");
    assert_string_equal(p2a_human_change(text, -1234, none, P2A_LIT("calls")), "-1,234 calls");
    assert_string_equal(p2a_human_change(text, 0, P2A_LIT("bytes"), none), "0 B");
    assert_string_equal(p2a_human_change(text, 1e-13, s, none), "0 ns");
    assert_string_equal(p2a_human_change(text, -1e-13, s, none), "0 ns");
    assert_string_equal(p2a_human_change(text, -1e-11, s, none), "-0.01 ns");
    assert_string_equal(p2a_human_change(text, 0.001, none, P2A_LIT("samples")), "0 samples");
    assert_string_equal(p2a_human_ratio(text, 2, 3), "+50 %");
    assert_string_equal(p2a_human_ratio(text, 3, 2), "-33.3 %");
    assert_string_equal(p2a_human_ratio(text, 3, 3.0001), "0 %");
    assert_string_equal(p2a_human_ratio(text, 1, 9.99), "+899 %");
    assert_string_equal(p2a_human_ratio(text, 1, 10), "10 times");
    assert_string_equal(p2a_human_ratio(text, 1, 12345), "1.23e+04 times");
    assert_string_equal(p2a_human_ratio(text, 0, 3), "new");
    assert_string_equal(p2a_human_ratio(text, 3, 0), "gone");
    assert_string_equal(p2a_human_ratio(text, 0, 0), "");
    assert_string_equal(p2a_human_and_ratio(text, 0, 0), "");
    assert_string_equal(p2a_human_and_ratio(text, 2, 3), ", +50 %");
}

static void paints_have_names_of_their_own(void **state)
{
    (void)state;
    char names[P2A_PAINTS][P2A_PAINT_NAME];
    unsigned n = 425; /* 2, 9 categories of 36, 11 palettes of 8, 11 steps of change */
    for (unsigned i = 0; i < n; i++) {
        p2a_paint_name(i, names[i]);
        assert_true((names[i][0] | 32) >= 'a' && (names[i][0] | 32) <= 'z');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(what_xml_has_no_place_for_is_replaced),
        cmocka_unit_test(every_pair_of_bytes_is_safe),
        cmocka_unit_test(figures_have_three_digits_and_a_unit),
        cmocka_unit_test(shares_stay_within_a_hundred),
        cmocka_unit_test(labels_keep_the_telling_end),
        cmocka_unit_test(long_names_are_shortened_in_time),
        cmocka_unit_test(only_plain_text_passes_to_a_terminal),
        cmocka_unit_test(any_bytes_have_a_label),
        cmocka_unit_test(colours_tell_own_code_from_libraries),
        cmocka_unit_test(without_directories_colours_are_by_file),
        cmocka_unit_test(colours_of_go_are_by_package),
        cmocka_unit_test(every_colour_can_be_read_on),
        cmocka_unit_test(a_change_has_the_colour_of_its_share_of_the_larger_side),
        cmocka_unit_test(changes_are_told_with_their_sign),
        cmocka_unit_test(paints_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
