/* The marshal codec: every type, references, and streams that lie. */
#include "bytes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "codec/marshal.h"

static struct marshal started(struct p2a_str bytes)
{
    struct marshal m;
    assert_true(p2a_marshal_start(&m, bytes));
    return m;
}

/* The first object of a stream that is nothing else. */
static struct marshal_value only(struct p2a_str bytes)
{
    struct marshal m = started(bytes);
    struct marshal_value v;
    assert_true(p2a_marshal_read(&m, &v));
    assert_true(p2a_marshal_leave(&m, &v));
    assert_int_equal(m.at, m.size);
    assert_int_equal(m.depth, 0);
    p2a_marshal_stop(&m);
    return v;
}

/* Passing the first object of BYTES fails at AT with TEXT. */
static void fails_at(struct p2a_str bytes, uint64_t at, const char *text)
{
    struct marshal m = started(bytes);
    struct marshal_value v;
    assert_false(p2a_marshal_read(&m, &v) && p2a_marshal_leave(&m, &v));
    assert_string_equal(m.failure.text, text);
    assert_int_equal(m.failure.at, at);
    assert_false(p2a_marshal_read(&m, &v));
    assert_string_equal(m.failure.text, text);
    p2a_marshal_stop(&m);
}

static void expect(struct marshal *m, enum marshal_kind kind)
{
    struct marshal_value v;
    assert_true(p2a_marshal_read(m, &v));
    assert_string_equal(p2a_marshal_kind_name(v.kind), p2a_marshal_kind_name(kind));
}

static void expect_int(struct marshal *m, int64_t value)
{
    struct marshal_value v;
    assert_true(p2a_marshal_read(m, &v));
    assert_int_equal(v.kind, MARSHAL_INT);
    assert_true(v.integer == value);
}

static void expect_text(struct marshal *m, const char *text)
{
    struct marshal_value v;
    assert_true(p2a_marshal_read(m, &v));
    assert_true(v.kind == MARSHAL_TEXT || v.kind == MARSHAL_BYTES);
    assert_true(p2a_str_is(v.text, text));
}

/* ---- types ---- */

static void singletons_have_their_kinds(void **state)
{
    (void)state;
    assert_int_equal(only(BYTES("N")).kind, MARSHAL_NONE);
    assert_int_equal(only(BYTES("S")).kind, MARSHAL_STOP);
    assert_int_equal(only(BYTES(".")).kind, MARSHAL_ELLIPSIS);
    assert_int_equal(only(BYTES("T")).kind, MARSHAL_BOOL);
    assert_int_equal(only(BYTES("T")).integer, 1);
    assert_int_equal(only(BYTES("F")).integer, 0);
}

static void integers_of_all_three_types_are_read(void **state)
{
    (void)state;
    assert_true(only(BYTES("i\x78\x56\x34\x12")).integer == 0x12345678);
    assert_true(only(BYTES("i\xff\xff\xff\xff")).integer == -1);
    assert_true(only(BYTES("I\xfe\xff\xff\xff\xff\xff\xff\xff")).integer == -2);
    assert_true(only(BYTES("l\0\0\0\0")).integer == 0);
    assert_true(only(BYTES("l\3\0\0\0\1\0\2\0\3\0")).integer == 1 + 2 * 32768 + 3 * 1073741824LL);
    assert_true(only(BYTES("l\xfe\xff\xff\xff\5\0\1\0")).integer == -32773);
}

static void integers_end_at_64_bits(void **state)
{
    (void)state;
    /* 2^63 - 1, 2^63, -2^63, -2^63 - 1, 2^64, 2^75 */
    assert_true(only(BYTES("l\5\0\0\0\xff\x7f\xff\x7f\xff\x7f\xff\x7f\7\0")).integer == INT64_MAX);
    assert_int_equal(only(BYTES("l\5\0\0\0\0\0\0\0\0\0\0\0\x8\0")).kind, MARSHAL_BIG);
    assert_true(only(BYTES("l\xfb\xff\xff\xff\0\0\0\0\0\0\0\0\x8\0")).integer == INT64_MIN);
    assert_true((uint64_t)only(BYTES("l\5\0\0\0\0\0\0\0\0\0\0\0\x8\0")).integer == UINT64_C(1)
                                                                                       << 63);
    assert_int_equal(only(BYTES("l\xfb\xff\xff\xff\1\0\0\0\0\0\0\0\x8\0")).kind, MARSHAL_BIG);
    assert_true(only(BYTES("l\xfb\xff\xff\xff\1\0\0\0\0\0\0\0\x8\0")).integer == 0);
    assert_int_equal(only(BYTES("l\5\0\0\0\0\0\0\0\0\0\0\0\x10\0")).kind, MARSHAL_BIG);
    assert_true(only(BYTES("l\5\0\0\0\0\0\0\0\0\0\0\0\x10\0")).integer == 0);
    assert_int_equal(only(BYTES("l\6\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0")).kind, MARSHAL_BIG);
}

static void floats_keep_every_bit(void **state)
{
    (void)state;
    struct marshal_value v = only(BYTES("g\1\0\0\0\0\0\xf4\x7f"));
    uint64_t bits;
    memcpy(&bits, &v.real, sizeof bits);
    assert_true(bits == 0x7ff4000000000001);
    v = only(BYTES("g\0\0\0\0\0\0\0\x80"));
    assert_true(v.real == 0 && signbit(v.real));
}

static void floats_as_text_are_read(void **state)
{
    (void)state;
    assert_true(only(BYTES("f\3"
                           "0.5"))
                    .real == 0.5);
    assert_true(only(BYTES("f\x17"
                           "-1.7976931348623157e308"))
                    .real == -1.7976931348623157e308);
    assert_true(isinf(only(BYTES("f\3inf")).real));
    assert_true(only(BYTES("f\4-inf")).real < 0);
    assert_true(isnan(only(BYTES("f\3nan")).real));
    fails_at(BYTES("f\3"
                   "1,5"),
             0, "a float's text is no number");
}

static void complex_numbers_are_one_object(void **state)
{
    (void)state;
    assert_int_equal(only(BYTES("y\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\xf0\x3f")).kind,
                     MARSHAL_COMPLEX);
    assert_int_equal(only(BYTES("x\1"
                                "1\2"
                                "-2"))
                         .kind,
                     MARSHAL_COMPLEX);
}

static void strings_of_every_type_are_borrowed_from_the_input(void **state)
{
    (void)state;
    const struct p2a_str all[] = {BYTES("s\3\0\0\0a\0b"), BYTES("t\3\0\0\0a\0b"),
                                  BYTES("u\3\0\0\0a\0b"), BYTES("a\3\0\0\0a\0b"),
                                  BYTES("A\3\0\0\0a\0b"), BYTES("z\3a\0b"),
                                  BYTES("Z\3a\0b")};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct marshal_value v = only(all[i]);
        assert_int_equal(v.kind, i == 0 ? MARSHAL_BYTES : MARSHAL_TEXT);
        assert_int_equal(v.text.n, 3);
        assert_ptr_equal(v.text.at, all[i].at + all[i].n - 3);
    }
}

static void containers_give_their_children_and_end(void **state)
{
    (void)state;
    struct marshal m = started(BYTES("[\2\0\0\0)\1Ni\5\0\0\0"
                                     "T"));
    expect(&m, MARSHAL_LIST);
    expect(&m, MARSHAL_TUPLE);
    expect(&m, MARSHAL_NONE);
    expect_int(&m, 5);
    assert_int_equal(m.depth, 0);
    expect(&m, MARSHAL_BOOL);
    p2a_marshal_stop(&m);
    assert_int_equal(only(BYTES("(\1\0\0\0N")).n, 1);
    assert_int_equal(only(BYTES("<\1\0\0\0N")).kind, MARSHAL_SET);
    assert_int_equal(only(BYTES(">\1\0\0\0N")).kind, MARSHAL_FROZENSET);
    assert_int_equal(only(BYTES(":NNN")).kind, MARSHAL_SLICE);
    assert_int_equal(only(BYTES(")\0")).kind, MARSHAL_TUPLE);
}

static void a_dict_ends_with_its_own_end(void **state)
{
    (void)state;
    struct marshal m = started(BYTES("{N{0T{NN0"
                                     "0"));
    expect(&m, MARSHAL_DICT);
    expect(&m, MARSHAL_NONE);
    expect(&m, MARSHAL_DICT);
    expect(&m, MARSHAL_END);
    expect(&m, MARSHAL_BOOL);
    assert_true(p2a_marshal_skip(&m));
    expect(&m, MARSHAL_END);
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
    fails_at(BYTES("{N0"), 2, "a dict ends between a key and its value");
    fails_at(BYTES("0"), 0, "a dict ends where none is open");
    fails_at(BYTES(")\1"
                   "0"),
             2, "a dict ends where none is open");
}

/* ---- references ---- */

static void a_reference_to_an_atom_is_the_atom(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\4\xda\1xi\1\0\0\0\xe9\2\0\0\0r\0\0\0\0"));
    struct marshal_value v;
    expect(&m, MARSHAL_TUPLE);
    expect_text(&m, "x");
    expect_int(&m, 1);
    expect_int(&m, 2);
    assert_true(p2a_marshal_read(&m, &v));
    assert_int_equal(v.ref, 0);
    assert_true(p2a_str_is(v.text, "x"));
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
}

/* ((x #1, (y #3,) #2) #0 is read again by "r 0", in it "r 1" and what follows keep their numbers.
 */
static void a_reference_to_a_container_gives_its_children_again(void **state)
{
    (void)state;
    struct marshal m =
        started(BYTES(")\4\xa9\3\xda\1x\xa9\1\xda\1yr\1\0\0\0r\0\0\0\0\xda\1zr\4\0\0\0"));
    struct marshal_value v;
    expect(&m, MARSHAL_TUPLE);
    for (int turn = 0; turn < 2; turn++) {
        assert_true(p2a_marshal_read(&m, &v));
        assert_int_equal(v.kind, MARSHAL_TUPLE);
        assert_int_equal(v.ref, 0);
        assert_true(p2a_marshal_read(&m, &v));
        assert_int_equal(v.ref, 1);
        assert_true(p2a_marshal_read(&m, &v));
        assert_int_equal(v.ref, 2);
        assert_true(p2a_marshal_read(&m, &v));
        assert_int_equal(v.ref, 3);
        expect_text(&m, "x");
    }
    assert_int_equal(m.ref_n, 4);
    expect_text(&m, "z");
    expect_text(&m, "z");
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
}

static void singletons_and_references_have_no_number(void **state)
{
    (void)state;
    struct marshal m = started(BYTES("[\6\0\0\0\xce\xd4\xda\1x\xf2\0\0\0\0\xda\1yr\1\0\0\0"));
    expect(&m, MARSHAL_LIST);
    expect(&m, MARSHAL_NONE);
    expect(&m, MARSHAL_BOOL);
    expect_text(&m, "x");
    expect_text(&m, "x");
    expect_text(&m, "y");
    expect_text(&m, "y");
    p2a_marshal_stop(&m);
}

static void python_2_strings_are_numbered_apart(void **state)
{
    (void)state;
    struct marshal m = started(BYTES("(\5\0\0\0t\1\0\0\0xs\1\0\0\0yt\1\0\0\0zR\1\0\0\0R\0\0\0\0"));
    expect(&m, MARSHAL_TUPLE);
    expect_text(&m, "x");
    expect_text(&m, "y");
    expect_text(&m, "z");
    expect_text(&m, "z");
    expect_text(&m, "x");
    p2a_marshal_stop(&m);
}

static void reading_again_gives_no_string_a_second_number(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\4\xa9\1t\1\0\0\0xr\0\0\0\0t\1\0\0\0yR\1\0\0\0"));
    expect(&m, MARSHAL_TUPLE);
    for (int turn = 0; turn < 2; turn++) {
        expect(&m, MARSHAL_TUPLE);
        expect_text(&m, "x");
    }
    expect_text(&m, "y");
    expect_text(&m, "y");
    p2a_marshal_stop(&m);
}

static void skipped_objects_keep_their_numbers(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\3\xa9\2\xda\1x\xda\1yr\2\0\0\0r\0\0\0\0"));
    expect(&m, MARSHAL_TUPLE);
    assert_true(p2a_marshal_skip(&m));
    expect_text(&m, "y");
    expect(&m, MARSHAL_TUPLE);
    expect_text(&m, "x");
    expect_text(&m, "y");
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
}

static void a_tagged_object_is_passed_without_being_read(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\4\xa9\2\xda\1x\xda\1yr\0\0\0\0r\2\0\0\0N"));
    struct marshal_value v;
    expect(&m, MARSHAL_TUPLE);
    assert_true(p2a_marshal_read(&m, &v) && p2a_marshal_leave(&m, &v));
    assert_int_equal(p2a_marshal_take_tag(&m), 0);
    p2a_marshal_set_tag(&m, v.ref, 7);
    assert_int_equal(p2a_marshal_take_tag(&m), 7);
    assert_int_equal(p2a_marshal_take_tag(&m), 0);
    expect_text(&m, "y");
    assert_int_equal(p2a_marshal_take_tag(&m), 0);
    expect(&m, MARSHAL_NONE);
    assert_int_equal(m.depth, 0);
    p2a_marshal_stop(&m);
}

static void leaving_a_container_reached_by_a_reference_goes_back(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\3\xa9\2\xda\1x)\1Nr\0\0\0\0T"));
    struct marshal_value v, inner;
    expect(&m, MARSHAL_TUPLE);
    assert_true(p2a_marshal_skip(&m));
    assert_true(p2a_marshal_read(&m, &v));
    expect_text(&m, "x");
    assert_true(p2a_marshal_read(&m, &inner) && p2a_marshal_leave(&m, &inner));
    expect(&m, MARSHAL_BOOL);
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
}

static void a_marked_object_can_be_read_again(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\3\xda\1x\xa9\2\xda\1yr\0\0\0\0\xda\1z"));
    expect(&m, MARSHAL_TUPLE);
    expect_text(&m, "x");
    struct marshal_mark mark = p2a_marshal_here(&m);
    assert_true(p2a_marshal_skip(&m));
    expect_text(&m, "z");
    for (int i = 0; i < 2; i++) {
        struct marshal_value v;
        p2a_marshal_again(&m, mark);
        assert_true(p2a_marshal_read(&m, &v));
        assert_int_equal(v.ref, 1);
        expect_text(&m, "y");
        expect_text(&m, "x");
        assert_int_equal(m.depth, 0);
    }
    assert_int_equal(m.ref_n, 4);
    p2a_marshal_stop(&m);
}

/* ---- streams that lie ---- */

static void references_to_nothing_and_to_the_inside_fail(void **state)
{
    (void)state;
    fails_at(BYTES(")\2\xda\1xr\1\0\0\0"), 5, "reference to object 1, there are 1");
    fails_at(BYTES("r\xff\xff\xff\xff"), 0, "reference to object -1, there are 0");
    fails_at(BYTES("R\0\0\0\0"), 0, "reference to object 0, there are 0");
    fails_at(BYTES("\xa9\1r\0\0\0\0"), 2, "reference to object 0 from inside of it");
    fails_at(BYTES("\xfbN\xa9\1r\0\0\0\0"), 4, "reference to object 0 from inside of it");
}

static void lengths_that_run_past_the_end_fail(void **state)
{
    (void)state;
    fails_at(BYTES("(\1\0\0\0u\x39\0\0\0abcdefghijkl"), 5,
             "string of 57 bytes runs past the end of the file (12 left)");
    fails_at(BYTES("Z\1"), 0, "string of 1 byte runs past the end of the file (0 left)");
    fails_at(BYTES("Z\2a"), 0, "string of 2 bytes runs past the end of the file (1 left)");
    fails_at(BYTES("u\xff\xff\xff\xff"), 0, "a string's length is -1");
    fails_at(BYTES("(\xff\xff\xff\x7f"), 0,
             "a tuple of 2147483647 objects runs past the end of the file (0 bytes left)");
    fails_at(BYTES("[\xfe\xff\xff\xff"), 0, "a list's length is -2");
    fails_at(BYTES("l\3\0\0\0\1\0"), 0,
             "integer of 3 digits runs past the end of the file (2 bytes left)");
    fails_at(BYTES("l\0\0\0\x80"), 0,
             "integer of 2147483648 digits runs past the end of the file (0 bytes left)");
    fails_at(BYTES("g\0\0\0"), 0,
             "a float of 8 bytes runs past the end of the file (3 of 8 bytes are there)");
    fails_at(BYTES(")\1"), 0, "a tuple of 1 object runs past the end of the file (0 bytes left)");
    fails_at(BYTES("{N"), 2, "the file ends where an object was expected");
}

static void integers_as_python_never_writes_them_fail(void **state)
{
    (void)state;
    fails_at(BYTES("l\1\0\0\0\0\x80"), 0, "an integer's digit is above 32767");
    fails_at(BYTES("l\2\0\0\0\1\0\0\0"), 0, "an integer's first digit is 0");
}

static void unknown_types_fail(void **state)
{
    (void)state;
    fails_at(BYTES(")\1?"), 2, "unknown type code 0x3f, a marshal object was expected");
}

static void nesting_ends_at_2000(void **state)
{
    (void)state;
    struct p2a_str bytes = repeated(BYTES(""), BYTES(")\1"), 100000, BYTES("N"));
    fails_at(bytes, 4000, "objects are nested more than 2000 deep");
    free((char *)(uintptr_t)bytes.at);
    bytes = repeated(BYTES(""), BYTES(")\1"), 2000, BYTES("N"));
    assert_int_equal(only(bytes).kind, MARSHAL_TUPLE);
    free((char *)(uintptr_t)bytes.at);
}

/* Level k holds level k - 1 ten times, by reference: 10^n strings in 60 n bytes. */
static void references_unfold_only_so_far(void **state)
{
    (void)state;
    enum { LEVELS = 12 };
    char bytes[LEVELS * 64 + 16], *end = bytes;
    *end++ = ')';
    *end++ = LEVELS;
    for (int level = 0; level < LEVELS; level++) {
        *end++ = (char)0xa9;
        *end++ = level ? 10 : 0;
        for (int i = 0; level && i < 10; i++, end += 5)
            memcpy(end, ((char[]){'r', (char)(level - 1), 0, 0, 0}), 5);
    }
    struct marshal m = started((struct p2a_str){bytes, (size_t)(end - bytes)});
    struct marshal_value v;
    uint64_t read = 0;
    while (m.at < m.size && p2a_marshal_read(&m, &v))
        read++;
    assert_string_equal(m.failure.text, "the references unfold to more than 64 times the file");
    assert_in_range(read, 1000, 2000000);
    p2a_marshal_stop(&m);
}

static void strings_repeated_by_reference_count_too(void **state)
{
    (void)state;
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    struct p2a_str string = {text, 7 + (1 << 20) - 16};
    memcpy(text, ")\xff\xf5\xf0\xff\x0f\0", 7); /* a tuple of 255, a string of 2^20 - 16 bytes */
    struct p2a_str bytes = repeated(string, BYTES("r\0\0\0\0"), 254, BYTES(""));
    struct marshal m = started((struct p2a_str){bytes.at, bytes.n});
    struct marshal_value v;
    int read = 0;
    while (p2a_marshal_read(&m, &v))
        read++;
    assert_string_equal(m.failure.text, "the references unfold to more than 64 times the file");
    assert_in_range(read, 60, 70);
    p2a_marshal_stop(&m);
    free((char *)(uintptr_t)bytes.at);
    free(text);
}

/* ---- code objects ---- */

#define INT4 "\1\0\0\0"
#define CODE "s\2\0\0\0d\0"
#define OLD                                                                                        \
    CODE ")\0)\0)\0)\0)\0"                                                                         \
         "z\4a.pyz\4main"                                                                          \
         "\7\0\0\0"                                                                                \
         "s\0\0\0\0"
#define NEW                                                                                        \
    CODE ")\0)\0)\0s\0\0\0\0z\4a.pyz\4mainz\1q"                                                    \
         "\7\0\0\0"                                                                                \
         "s\0\0\0\0s\0\0\0\0"

static void is_code(struct p2a_str bytes)
{
    struct marshal m = started(bytes);
    struct p2a_marshal_code code;
    expect(&m, MARSHAL_CODE);
    assert_true(p2a_marshal_code(&m, &code));
    assert_true(p2a_str_is(code.name, "main"));
    assert_true(p2a_str_is(code.file, "a.py"));
    assert_int_equal(code.line, 7);
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
    assert_int_equal(only(bytes).kind, MARSHAL_CODE);
}

static void code_objects_of_every_layout_tell_name_file_and_line(void **state)
{
    (void)state;
    is_code(BYTES("c" INT4 INT4 INT4 INT4 OLD));
    is_code(BYTES("c" INT4 INT4 INT4 INT4 INT4 OLD));
    is_code(BYTES("c" INT4 INT4 INT4 INT4 INT4 INT4 OLD));
    is_code(BYTES("c" INT4 INT4 INT4 INT4 INT4 NEW));
}

/* The constants of the outer object hold the inner one, which is the first whose layout shows. */
static void code_objects_within_code_objects_are_passed(void **state)
{
    (void)state;
#define FIVE INT4 INT4 INT4 INT4 INT4
    is_code(BYTES("c" FIVE CODE ")\1c" FIVE "s\2\0\0\0d\0)\0)\0)\0s\0\0\0\0z\4b.pyz\5innerz\1q"
                  "\x8\0\0\0s\0\0\0\0s\0\0\0\0)\0)\0s\0\0\0\0z\4a.pyz\4mainz\1q\7\0\0\0s\0\0\0\0"
                  "s\0\0\0\0"));
    is_code(BYTES("c" FIVE CODE ")\1c" FIVE "s\2\0\0\0d\0)\0)\0)\0)\0)\0z\4b.pyz\5inner"
                  "\x8\0\0\0s\0\0\0\0)\0)\0)\0)\0z\4a.pyz\4main\7\0\0\0s\0\0\0\0"));
}

static void a_code_object_can_be_referred_to(void **state)
{
    (void)state;
    struct marshal m = started(BYTES(")\3\xe3" FIVE NEW "r\0\0\0\0N"));
    struct p2a_marshal_code code = {.line = 0};
    expect(&m, MARSHAL_TUPLE);
    assert_true(p2a_marshal_skip(&m));
    expect(&m, MARSHAL_CODE);
    assert_true(p2a_marshal_code(&m, &code));
    assert_int_equal(code.line, 7);
    expect(&m, MARSHAL_NONE);
    assert_int_equal(m.at, m.size);
    p2a_marshal_stop(&m);
}

static void code_objects_of_no_layout_fail(void **state)
{
    (void)state;
    fails_at(BYTES("cabcdefghijklmnopqrstuvwxyz"), 0,
             "a code object is in the layout of no Python from 2.5 to 3.14");
    struct marshal m =
        started(BYTES("c" INT4 INT4 INT4 INT4 CODE ")\0)\0)\0)\0)\0Nz\4main\7\0\0\0s\0\0\0\0"));
    struct p2a_marshal_code code;
    expect(&m, MARSHAL_CODE);
    assert_false(p2a_marshal_code(&m, &code));
    assert_string_equal(m.failure.text,
                        "a code object's name and file should be strings, this is None");
    p2a_marshal_stop(&m);
}

/* ---- writing ---- */

static void integers_come_back_as_they_were_put(void **state)
{
    (void)state;
    const int64_t all[] = {
        0,     1,         -1,        INT32_MAX, INT32_MIN, INT32_MAX + 1LL, INT32_MIN - 1LL,
        32768, 1LL << 45, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unsigned char bytes[MARSHAL_MOST], *end = p2a_marshal_put_int(bytes, all[i]);
        assert_in_range(end - bytes, 1, MARSHAL_MOST);
        assert_true(only((struct p2a_str){(char *)bytes, (size_t)(end - bytes)}).integer == all[i]);
    }
    unsigned char bytes[MARSHAL_MOST], *end = p2a_marshal_put_count(bytes, UINT64_MAX);
    struct marshal_value most = only((struct p2a_str){(char *)bytes, (size_t)(end - bytes)});
    assert_true(most.kind == MARSHAL_BIG && (uint64_t)most.integer == UINT64_MAX);
}

static void put_is(struct p2a_str text, struct p2a_str expected)
{
    unsigned char bytes[64], *end = p2a_marshal_put_text(bytes, text);
    assert_int_equal(p2a_marshal_text_size(text), end - bytes);
    struct marshal_value v = only((struct p2a_str){(char *)bytes, (size_t)(end - bytes)});
    assert_int_equal(v.text.n, expected.n);
    assert_memory_equal(v.text.at, expected.at, expected.n);
}

static void text_that_is_utf_8_stays(void **state)
{
    (void)state;
    const struct p2a_str all[] = {BYTES(""),
                                  BYTES("a\0b"),
                                  BYTES("\xc3\xa9"),
                                  BYTES("\xe2\x82\xac"),
                                  BYTES("\xf0\x9f\x98\x80"),
                                  BYTES("\xf4\x8f\xbf\xbf"),
                                  BYTES("\xed\xa0\x80"),
                                  BYTES("\xed\xb2\x80")};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        put_is(all[i], all[i]);
}

static void bytes_that_are_no_utf_8_become_surrogates(void **state)
{
    (void)state;
    put_is(BYTES("a\xff"), BYTES("a\xed\xb3\xbf"));
    put_is(BYTES("\x80z"), BYTES("\xed\xb2\x80z"));
    put_is(BYTES("\xc3"), BYTES("\xed\xb3\x83"));
    put_is(BYTES("\xc0\x80"), BYTES("\xed\xb3\x80\xed\xb2\x80"));
    put_is(BYTES("\xe0\x80\x80"), BYTES("\xed\xb3\xa0\xed\xb2\x80\xed\xb2\x80"));
    put_is(BYTES("\xf4\x90\x80\x80"), BYTES("\xed\xb3\xb4\xed\xb2\x90\xed\xb2\x80\xed\xb2\x80"));
    put_is(BYTES("\xe2\x82"), BYTES("\xed\xb3\xa2\xed\xb2\x82"));
}

/* ---- what is taken at once ---- */

/* Streams that begin in a list of four: "f", a key tuple, and what is to be taken. */
#define FILE_THERE "[\4\0\0\0\xda\1f"

/* What p2a_marshal_read makes of a string, or of the reference to one that is tagged. */
static struct marshal_text read_part(struct marshal *m)
{
    struct marshal_text text = {.at = m->at, .ref = MARSHAL_NO_REF};
    struct marshal_value v;
    if ((text.tag = p2a_marshal_take_tag(m)))
        return text;
    assert_true(p2a_marshal_read(m, &v) && v.kind == MARSHAL_TEXT);
    text.ref = v.ref;
    text.text = v.text;
    return text;
}

static void same_part(struct marshal_text a, struct marshal_text b)
{
    assert_int_equal(a.at, b.at);
    assert_int_equal(a.ref, b.ref);
    assert_int_equal(a.tag, b.tag);
    assert_int_equal(a.text.n, b.text.n);
    assert_true(a.text.at == b.text.at);
}

/* Behind the "f", which is tagged. */
static struct marshal begun(struct p2a_str bytes)
{
    struct marshal m = started(bytes);
    expect(&m, MARSHAL_LIST);
    expect_text(&m, "f");
    p2a_marshal_set_tag(&m, 0, 9);
    return m;
}

static void same_place(const struct marshal *a, const struct marshal *b)
{
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->ref_n, b->ref_n);
    assert_int_equal(a->next_ref, b->next_ref);
    assert_int_equal(a->depth, b->depth);
    assert_memory_equal(a->ref_at, b->ref_at, a->ref_n * sizeof *a->ref_at);
    assert_memory_equal(a->ref_tag, b->ref_tag, a->ref_n * sizeof *a->ref_tag);
}

/* Nothing of it is taken. */
static void isnt_a_triple(struct p2a_str bytes)
{
    struct marshal m = begun(bytes);
    struct marshal_triple t;
    uint64_t at = m.at;
    assert_false(p2a_marshal_take_triple(&m, &t));
    assert_false(m.failure.failed);
    assert_int_equal(m.at, at);
    assert_int_equal(m.ref_n, 1);
    p2a_marshal_stop(&m);
}

/* A triple is what its parts are one by one, and of less than all of it nothing is taken. */
static void is_a_triple(struct p2a_str bytes)
{
    struct marshal at_once = begun(bytes), by_one = begun(bytes);
    struct marshal_triple t;
    struct marshal_value key, line;
    assert_true(p2a_marshal_take_triple(&at_once, &t));
    assert_true(p2a_marshal_read(&by_one, &key) && key.kind == MARSHAL_TUPLE && key.n == 3);
    assert_int_equal(t.ref, key.ref);
    same_part(t.first, read_part(&by_one));
    assert_true(p2a_marshal_read(&by_one, &line));
    assert_int_equal(t.integer, line.integer);
    same_part(t.last, read_part(&by_one));
    same_place(&at_once, &by_one);
    p2a_marshal_stop(&by_one);
    for (size_t n = by_one.at - 1; n > sizeof FILE_THERE; n--)
        isnt_a_triple((struct p2a_str){bytes.at, n});
    p2a_marshal_stop(&at_once);
}

static void a_triple_is_what_its_parts_are(void **state)
{
    (void)state;
    is_a_triple(BYTES(FILE_THERE ")\3z\4a.pyi\7\0\0\0z\3runNN"));
    is_a_triple(BYTES(FILE_THERE "\xa9\3\xda\4a.py\xe9\7\0\0\0\xda\3runNN"));
    is_a_triple(BYTES(FILE_THERE "\xa9\3r\0\0\0\0i\xff\xff\xff\xff\xfa\3runNN"));
    is_a_triple(BYTES(FILE_THERE "\xa8\3\0\0\0u\1\0\0\0ai\0\0\0\200\xe1\0\0\0\0NN"));
}

static void what_is_no_triple_is_left_as_it_is(void **state)
{
    (void)state;
    isnt_a_triple(BYTES(FILE_THERE ")\4z\1ai\7\0\0\0z\1bNNN"));        /* one more */
    isnt_a_triple(BYTES(FILE_THERE "[\3\0\0\0z\1ai\7\0\0\0z\1bNN"));   /* a list */
    isnt_a_triple(BYTES(FILE_THERE ")\3i\7\0\0\0i\7\0\0\0z\1bNN"));    /* no string */
    isnt_a_triple(BYTES(FILE_THERE ")\3z\1ar\0\0\0\0z\1bNN"));         /* no integer */
    isnt_a_triple(BYTES(FILE_THERE ")\3z\1ar\5\0\0\0z\1bNN"));         /* no object */
    isnt_a_triple(BYTES(FILE_THERE "\xa9\3r\1\0\0\0i\7\0\0\0z\1bNN")); /* itself */
    isnt_a_triple(BYTES(FILE_THERE ")\3u\xff\xff\xff\xff"
                                   "ai\7\0\0\0z\1bNN"));               /* -1 bytes */
    isnt_a_triple(BYTES(FILE_THERE ")\3z\1aI\7\0\0\0\0\0\0\0z\1bNN")); /* 8 bytes */
}

/* Two integers and two floats. */
#define FIGURES ")\4i\2\0\0\0r\1\0\0\0g\0\0\0\0\0\0\xf8?g\0\0\0\0\0\0\4@"

static void entries_are_taken_up_to_the_first_that_isnt_plain(void **state)
{
    (void)state;
    struct p2a_str bytes = BYTES("[\2\0\0\0\xda\1f[\2\0\0\0\xe9\3\0\0\0{r\0\0\0\0" FIGURES
                                 "r\1\0\0\0" FIGURES "r\0\0\0\0i\5\0\0\0r\0\0\0\0" FIGURES "0");
    struct marshal m = started(bytes);
    struct marshal_entry e[4];
    struct marshal_value v;
    expect(&m, MARSHAL_LIST);
    expect_text(&m, "f");
    expect(&m, MARSHAL_LIST);
    assert_int_equal(p2a_marshal_take_entries(&m, e, 4), 0);
    expect_int(&m, 3);
    expect(&m, MARSHAL_DICT);
    assert_int_equal(p2a_marshal_take_entries(&m, e, 1), 1);
    assert_int_equal(p2a_marshal_take_entries(&m, e + 1, 3), 1);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(e[i].number, i);
        assert_int_equal(e[i].count[0], 2);
        assert_int_equal(e[i].count[1], 3);
        assert_true(e[i].real[0] == 1.5 && e[i].real[1] == 2.5); /* NOLINT: exact */
    }
    expect_text(&m, "f");
    assert_int_equal(p2a_marshal_take_entries(&m, e, 4), 0); /* a value is due */
    expect_int(&m, 5);
    assert_int_equal(p2a_marshal_take_entries(&m, e, 4), 1);
    assert_true(p2a_marshal_read(&m, &v) && v.kind == MARSHAL_END);
    assert_int_equal(m.at, m.size);
    assert_int_equal(m.depth, 0);
    p2a_marshal_stop(&m);
}

static void of_an_entry_that_is_cut_nothing_is_taken(void **state)
{
    (void)state;
    static const char whole[] = "{\xda\1f\xe9\3\0\0\0r\0\0\0\0" FIGURES;
    for (size_t n = 10; n < sizeof whole; n++) {
        struct marshal m = started((struct p2a_str){whole, n});
        struct marshal_entry e[2];
        expect(&m, MARSHAL_DICT);
        expect_text(&m, "f");
        expect_int(&m, 3);
        assert_int_equal(p2a_marshal_take_entries(&m, e, 2), n == sizeof whole - 1);
        assert_false(m.failure.failed);
        assert_int_equal(m.at, n == sizeof whole - 1 ? n : 9);
        p2a_marshal_stop(&m);
    }
}

/* A dict can't be a key of its own. */
static void an_entry_of_what_is_open_is_left(void **state)
{
    (void)state;
    struct marshal m = started(BYTES("\xfb\xe9\3\0\0\0Nr\0\0\0\0" FIGURES "0"));
    struct marshal_entry e;
    expect(&m, MARSHAL_DICT);
    expect_int(&m, 3);
    expect(&m, MARSHAL_NONE);
    assert_int_equal(p2a_marshal_take_entries(&m, &e, 1), 0);
    assert_int_equal(m.at, 7);
    p2a_marshal_stop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(singletons_have_their_kinds),
        cmocka_unit_test(integers_of_all_three_types_are_read),
        cmocka_unit_test(integers_end_at_64_bits),
        cmocka_unit_test(floats_keep_every_bit),
        cmocka_unit_test(floats_as_text_are_read),
        cmocka_unit_test(complex_numbers_are_one_object),
        cmocka_unit_test(strings_of_every_type_are_borrowed_from_the_input),
        cmocka_unit_test(containers_give_their_children_and_end),
        cmocka_unit_test(a_dict_ends_with_its_own_end),
        cmocka_unit_test(a_reference_to_an_atom_is_the_atom),
        cmocka_unit_test(a_reference_to_a_container_gives_its_children_again),
        cmocka_unit_test(singletons_and_references_have_no_number),
        cmocka_unit_test(python_2_strings_are_numbered_apart),
        cmocka_unit_test(reading_again_gives_no_string_a_second_number),
        cmocka_unit_test(skipped_objects_keep_their_numbers),
        cmocka_unit_test(a_tagged_object_is_passed_without_being_read),
        cmocka_unit_test(leaving_a_container_reached_by_a_reference_goes_back),
        cmocka_unit_test(a_marked_object_can_be_read_again),
        cmocka_unit_test(references_to_nothing_and_to_the_inside_fail),
        cmocka_unit_test(lengths_that_run_past_the_end_fail),
        cmocka_unit_test(integers_as_python_never_writes_them_fail),
        cmocka_unit_test(unknown_types_fail),
        cmocka_unit_test(nesting_ends_at_2000),
        cmocka_unit_test(references_unfold_only_so_far),
        cmocka_unit_test(strings_repeated_by_reference_count_too),
        cmocka_unit_test(code_objects_of_every_layout_tell_name_file_and_line),
        cmocka_unit_test(code_objects_within_code_objects_are_passed),
        cmocka_unit_test(a_code_object_can_be_referred_to),
        cmocka_unit_test(code_objects_of_no_layout_fail),
        cmocka_unit_test(integers_come_back_as_they_were_put),
        cmocka_unit_test(text_that_is_utf_8_stays),
        cmocka_unit_test(bytes_that_are_no_utf_8_become_surrogates),
        cmocka_unit_test(a_triple_is_what_its_parts_are),
        cmocka_unit_test(what_is_no_triple_is_left_as_it_is),
        cmocka_unit_test(entries_are_taken_up_to_the_first_that_isnt_plain),
        cmocka_unit_test(of_an_entry_that_is_cut_nothing_is_taken),
        cmocka_unit_test(an_entry_of_what_is_open_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
