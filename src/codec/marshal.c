/* marshal.c - see marshal.h. The types are those of CPython's Python/marshal.c:
 *
 *   byte = type | 0x80 where the object is numbered: at its type byte, before its children
 *   0 end of dict; N T F S . singletons, never numbered
 *   i int32   I int64   l int32 n, |n| digits of 15 bits, least first; n < 0: negative
 *   g 8 bytes   f u8 n, text   y 16 bytes   x two of f
 *   s t u a A: int32 n, bytes   z Z: u8 n, bytes   t is also numbered for R in versions 1 and 2
 *   ( [ < >: int32 n, children   ): u8 n, children   {: keys and values up to 0   :: three children
 *   c code, see open_code   r int32 number of an object   R int32 number of a t */
#include "codec/marshal.h"
#include "base/fetch.h"
#include "base/human.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_REF      0x80
#define MOST_REFS     0x7fffffffU
#define CODE_HEAD     8 /* objects of a code object before its line number */
#define CODE_KINDS_AT 4 /* the one that is bytes from Python 3.11 on */

const char *p2a_marshal_kind_name(enum marshal_kind kind)
{
    static const char *const names[] = {
        [MARSHAL_END] = "the end of a dict",
        [MARSHAL_NONE] = "None",
        [MARSHAL_BOOL] = "a bool",
        [MARSHAL_STOP] = "StopIteration",
        [MARSHAL_ELLIPSIS] = "Ellipsis",
        [MARSHAL_INT] = "an integer",
        [MARSHAL_BIG] = "an integer of more than 64 bits",
        [MARSHAL_FLOAT] = "a float",
        [MARSHAL_COMPLEX] = "a complex number",
        [MARSHAL_BYTES] = "bytes",
        [MARSHAL_TEXT] = "a string",
        [MARSHAL_TUPLE] = "a tuple",
        [MARSHAL_LIST] = "a list",
        [MARSHAL_SET] = "a set",
        [MARSHAL_FROZENSET] = "a frozenset",
        [MARSHAL_SLICE] = "a slice",
        [MARSHAL_DICT] = "a dict",
        [MARSHAL_CODE] = "a code object",
    };
    return names[kind];
}

/* ---- failures -------------------------------------------------------------------------------- */

bool p2a_marshal_fail(struct marshal *m, uint64_t at, const char *text, ...)
{
    va_list arguments;
    if (m->failure.failed)
        return false;
    m->failure.failed = true;
    m->failure.at = at;
    va_start(arguments, text);
    vsnprintf(m->failure.text, sizeof m->failure.text, text, arguments);
    va_end(arguments);
    return false;
}

static bool no_memory(struct marshal *m)
{
    p2a_marshal_fail(m, m->at, "out of memory");
    m->failure.no_memory = true;
    return false;
}

static uint64_t left(const struct marshal *m)
{
    return m->size - m->at;
}

/* Whether N more bytes are there, for the fixed part of a WHAT that starts at AT. */
static bool need(struct marshal *m, uint64_t at, uint64_t n, const char *what)
{
    if (left(m) >= n)
        return true;
    return p2a_marshal_fail(m, at,
                            "%s runs past the end of the file (%llu of %llu bytes are there)", what,
                            (unsigned long long)left(m), (unsigned long long)n);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static uint32_t get_u32(const unsigned char *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint64_t get_u64(const unsigned char *b)
{
    return get_u32(b) | (uint64_t)get_u32(b + 4) << 32;
}

static bool take_i32(struct marshal *m, uint64_t at, const char *what, int32_t *value)
{
    if (!need(m, at, 4, what))
        return false;
    *value = (int32_t)get_u32(m->start + m->at);
    m->at += 4;
    return true;
}

static bool read_i32(struct marshal *m, struct marshal_value *v)
{
    int32_t value;
    v->kind = MARSHAL_INT;
    if (!take_i32(m, v->at, "an integer of 4 bytes", &value))
        return false;
    v->integer = value;
    return true;
}

static bool read_i64(struct marshal *m, struct marshal_value *v)
{
    v->kind = MARSHAL_INT;
    if (!need(m, v->at, 8, "an integer of 8 bytes"))
        return false;
    v->integer = (int64_t)get_u64(m->start + m->at);
    m->at += 8;
    return true;
}

/* The value of N base 2^15 digits, as far as 64 bits hold it; *big where they don't. */
static uint64_t magnitude(const unsigned char *digits, uint64_t n, bool *big)
{
    uint64_t value = 0;
    for (uint64_t i = n; i-- > 0;) {
        uint64_t digit = digits[2 * i] | (uint64_t)digits[2 * i + 1] << 8;
        *big |= value >> 49 != 0;
        value = value << 15 | digit;
    }
    return value;
}

static bool check_digits(struct marshal *m, uint64_t at, const unsigned char *digits, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (digits[2 * i + 1] & 0x80)
            return p2a_marshal_fail(m, at, "an integer's digit is above 32767");
    if (n > 0 && digits[2 * n - 2] == 0 && digits[2 * n - 1] == 0)
        return p2a_marshal_fail(m, at, "an integer's first digit is 0");
    return true;
}

static bool read_long(struct marshal *m, struct marshal_value *v)
{
    int32_t signed_n;
    if (!take_i32(m, v->at, "the length of an integer", &signed_n))
        return false;
    uint64_t n = signed_n < 0 ? (uint64_t) - (int64_t)signed_n : (uint64_t)signed_n;
    const unsigned char *digits = m->start + m->at;
    if (n > left(m) / 2)
        return p2a_marshal_fail(
            m, v->at, "integer of %llu digit%s runs past the end of the file (%llu byte%s left)",
            (unsigned long long)n, p2a_plural(n), (unsigned long long)left(m), p2a_plural(left(m)));
    if (!check_digits(m, v->at, digits, n))
        return false;
    m->at += 2 * n;
    bool big = false;
    uint64_t value = magnitude(digits, n, &big);
    uint64_t most = signed_n < 0 ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    v->kind = big || value > most ? MARSHAL_BIG : MARSHAL_INT;
    if (big || (signed_n < 0 && value > most))
        value = 0;
    v->integer = (int64_t)(signed_n < 0 ? 0 - value : value);
    return true;
}

static double get_double(const unsigned char *b)
{
    uint64_t bits = get_u64(b);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool read_float(struct marshal *m, struct marshal_value *v)
{
    v->kind = MARSHAL_FLOAT;
    if (!need(m, v->at, 8, "a float of 8 bytes"))
        return false;
    v->real = get_double(m->start + m->at);
    m->at += 8;
    return true;
}

/* What repr() gives for a float, whatever the locale. */
static bool parse_float(struct p2a_str text, double *value)
{
    struct p2a_str s = text;
    bool negative = s.n > 0 && s.at[0] == '-';
    if (negative)
        s = (struct p2a_str){s.at + 1, s.n - 1};
    if (p2a_str_is(s, "inf") || p2a_str_is(s, "nan")) {
        *value = s.at[0] == 'i' ? (double)INFINITY : (double)NAN;
        *value = negative ? -*value : *value;
        return true;
    }
    return p2a_str_double(text, value);
}

static bool read_float_text(struct marshal *m, struct marshal_value *v)
{
    v->kind = MARSHAL_FLOAT;
    if (!need(m, v->at, 1, "the length of a float"))
        return false;
    uint64_t n = m->start[m->at++];
    if (!need(m, v->at, n, "a float as text"))
        return false;
    struct p2a_str text = {(const char *)m->start + m->at, (size_t)n};
    if (!parse_float(text, &v->real))
        return p2a_marshal_fail(m, v->at, "a float's text is no number");
    m->at += n;
    return true;
}

static bool read_complex(struct marshal *m, struct marshal_value *v)
{
    bool ok = read_float(m, v) && read_float(m, v);
    v->kind = MARSHAL_COMPLEX;
    return ok;
}

static bool read_complex_text(struct marshal *m, struct marshal_value *v)
{
    bool ok = read_float_text(m, v) && read_float_text(m, v);
    v->kind = MARSHAL_COMPLEX;
    return ok;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool take_text(struct marshal *m, struct marshal_value *v, enum marshal_kind kind,
                      uint64_t n)
{
    if (n > left(m))
        return p2a_marshal_fail(m, v->at,
                                "string of %llu byte%s runs past the end of the file (%llu left)",
                                (unsigned long long)n, p2a_plural(n), (unsigned long long)left(m));
    v->kind = kind;
    v->text = (struct p2a_str){(const char *)m->start + m->at, (size_t)n};
    m->at += n;
    return true;
}

static bool read_text(struct marshal *m, struct marshal_value *v, enum marshal_kind kind)
{
    int32_t n;
    if (!take_i32(m, v->at, "the length of a string", &n))
        return false;
    if (n < 0)
        return p2a_marshal_fail(m, v->at, "a string's length is %d", n);
    return take_text(m, v, kind, (uint64_t)n);
}

static bool read_short_text(struct marshal *m, struct marshal_value *v)
{
    if (!need(m, v->at, 1, "the length of a string"))
        return false;
    uint64_t n = m->start[m->at++];
    return take_text(m, v, MARSHAL_TEXT, n);
}

/* ---- numbered objects ------------------------------------------------------------------------ */

/* Whether what is read now is read for the first time, so that numbers are to be given. */
static bool is_first_time(const struct marshal *m)
{
    return m->replays == 0 && !m->again;
}

static void *grown(void *rows, uint32_t n, uint32_t *room, size_t row_size)
{
    if (n < *room)
        return rows;
    uint32_t more = *room ? *room + *room / 2 : 1024;
    void *bigger = realloc(rows, more * row_size);
    if (bigger)
        *room = more;
    return bigger;
}

/* Gives the object whose type byte stands at AT its number. */
static bool add_ref(struct marshal *m, uint64_t at, uint32_t *ref)
{
    *ref = m->next_ref;
    if (!is_first_time(m)) {
        if (m->next_ref >= m->ref_n)
            return p2a_marshal_fail(m, at, "an object has no number of its own");
        m->next_ref++;
        return true;
    }
    if (m->ref_n == MOST_REFS)
        return p2a_marshal_fail(m, at, "more than %u objects are numbered", MOST_REFS);
    uint64_t *places = grown(m->ref_at, m->ref_n, &m->ref_room, sizeof *places);
    m->ref_at = places ? places : m->ref_at;
    uint32_t *tags = grown(m->ref_tag, m->ref_n, &m->tag_room, sizeof *tags);
    m->ref_tag = tags ? tags : m->ref_tag;
    if (!places || !tags)
        return no_memory(m);
    m->ref_at[m->ref_n] = at;
    m->ref_tag[m->ref_n++] = MARSHAL_UNDONE;
    m->next_ref = m->ref_n;
    return true;
}

static void finish_ref(struct marshal *m, uint32_t ref)
{
    if (ref != MARSHAL_NO_REF && m->ref_tag[ref] == MARSHAL_UNDONE)
        m->ref_tag[ref] = 0;
}

static bool add_interned(struct marshal *m, uint64_t at)
{
    if (!is_first_time(m))
        return true;
    if (m->interned_n == MOST_REFS)
        return p2a_marshal_fail(m, at, "more than %u strings are interned", MOST_REFS);
    uint64_t *rows = grown(m->interned, m->interned_n, &m->interned_room, sizeof *rows);
    if (!rows)
        return no_memory(m);
    m->interned = rows;
    m->interned[m->interned_n++] = at;
    return true;
}

/* A few bytes of references can stand for any amount of data; reading it over is limited. */
static bool charge(struct marshal *m, uint64_t at, uint64_t n)
{
    if (n > m->unfolded)
        return p2a_marshal_fail(m, at, "the references unfold to more than 64 times the file");
    m->unfolded -= n;
    return true;
}

uint32_t p2a_marshal_tag(const struct marshal *m, uint32_t ref)
{
    return ref < m->ref_n ? m->ref_tag[ref] & ~MARSHAL_UNDONE : 0;
}

void p2a_marshal_set_tag(struct marshal *m, uint32_t ref, uint32_t tag)
{
    if (ref < m->ref_n && m->ref_tag[ref] != MARSHAL_UNDONE)
        m->ref_tag[ref] = tag;
}

/* ---- containers ------------------------------------------------------------------------------ */

static void close_container(struct marshal *m)
{
    const struct marshal_open *o = &m->open[--m->depth];
    if (o->resume) {
        m->at = o->resume;
        m->next_ref = o->resume_refs;
        m->replays--;
    } else {
        finish_ref(m, o->ref);
    }
}

static bool read_count(struct marshal *m, struct marshal_value *v, enum marshal_kind kind)
{
    int32_t n;
    v->kind = kind;
    if (!take_i32(m, v->at, "the length of a tuple, list or set", &n))
        return false;
    if (n < 0)
        return p2a_marshal_fail(m, v->at, "%s's length is %d", p2a_marshal_kind_name(kind), n);
    v->n = (uint32_t)n;
    return true;
}

static bool read_small_tuple(struct marshal *m, struct marshal_value *v)
{
    v->kind = MARSHAL_TUPLE;
    if (!need(m, v->at, 1, "the length of a tuple"))
        return false;
    v->n = m->start[m->at++];
    return true;
}

static bool read_slice(struct marshal_value *v)
{
    v->kind = MARSHAL_SLICE;
    v->n = 3;
    return true;
}

/* ---- code objects ---------------------------------------------------------------------------- */

/* A code object is a number of int32, eight objects, the int32 line number, one or two objects:
 *
 *   Python 2        4  code consts names varnames freevars cellvars file name       line  lnotab
 *   3.0 to 3.7      5  the same
 *   3.8 to 3.10     6  the same
 *   3.11 on         5  code consts names localnames localkinds file name qualname   line  linetable
 * exceptions
 *
 * Nothing says which. The first code object of a file tells: its code is bytes that aren't a
 * reference, and localkinds is bytes where freevars is a tuple. */
static bool is_bytes_at(const struct marshal *m, uint64_t at)
{
    if (at >= m->size || m->size - at < 5)
        return false;
    return (m->start[at] & ~FLAG_REF) == 's' && get_u32(m->start + at + 1) <= m->size - at - 5;
}

static bool learn_code(struct marshal *m, uint64_t at)
{
    for (unsigned char longs = 4; longs <= 6 && !m->code_longs; longs++)
        if (is_bytes_at(m, m->at + 4U * longs))
            m->code_longs = longs;
    if (!m->code_longs)
        return p2a_marshal_fail(m, at,
                                "a code object is in the layout of no Python from 2.5 to 3.14");
    m->code_tail = m->code_longs == 5 ? 0 : 1;
    return true;
}

static bool read_code(struct marshal *m, struct marshal_value *v)
{
    v->kind = MARSHAL_CODE;
    if (!m->code_longs && !learn_code(m, v->at))
        return false;
    if (!need(m, v->at, 4U * m->code_longs, "a code object"))
        return false;
    m->at += 4U * m->code_longs;
    return true;
}

/* The type of the object that is next, through references. */
static unsigned char peek_type(const struct marshal *m)
{
    if (left(m) == 0)
        return 0;
    unsigned char type = m->start[m->at] & (unsigned char)~FLAG_REF;
    if (type != 'r' || left(m) < 5)
        return type;
    uint32_t ref = get_u32(m->start + m->at + 1);
    return ref < m->ref_n ? m->start[m->ref_at[ref]] & (unsigned char)~FLAG_REF : 0;
}

/* Called when a child of the code object O is done: tells its layout in time, and takes the line
 * number. */
static bool step_code(struct marshal *m, struct marshal_open *o)
{
    if (o->tail == 0 && o->left == CODE_HEAD + 1 - CODE_KINDS_AT) {
        if (m->code_tail == 0)
            m->code_tail = peek_type(m) == 's' ? 2 : 1;
        o->tail = m->code_tail;
        o->left += o->tail - 1U;
    }
    if (o->left != o->tail)
        return true;
    int32_t line;
    if (!take_i32(m, m->at, "a code object's line number", &line))
        return false;
    m->code_line = line;
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One object is complete: so may be the container it is in, and the one around that. */
static bool close_complete(struct marshal *m)
{
    while (m->depth > 0) {
        struct marshal_open *o = &m->open[m->depth - 1];
        if (o->kind == MARSHAL_DICT) {
            o->left ^= 1;
            return true;
        }
        o->left--;
        if (o->kind == MARSHAL_CODE && !step_code(m, o))
            return false;
        if (o->left > 0)
            return true;
        close_container(m);
    }
    return true;
}

/* The same, at once where the container goes on. */
static inline bool child_done(struct marshal *m)
{
    if (m->depth == 0)
        return true;
    struct marshal_open *o = &m->open[m->depth - 1];
    if (o->kind == MARSHAL_DICT) {
        o->left ^= 1;
        return true;
    }
    if (o->kind == MARSHAL_CODE || o->left <= 1)
        return close_complete(m);
    o->left--;
    return true;
}

static uint32_t child_count(const struct marshal *m, const struct marshal_value *v)
{
    if (v->kind != MARSHAL_CODE)
        return v->n;
    return CODE_HEAD + (m->code_tail ? m->code_tail : 1U);
}

/* Opens the container V; RESUME is where reading goes on behind it, 0 where it is read in place. */
static bool open_container(struct marshal *m, const struct marshal_value *v, uint64_t resume,
                           uint32_t resume_refs)
{
    if (m->depth == MARSHAL_DEPTH)
        return p2a_marshal_fail(m, v->at, "objects are nested more than %d deep", MARSHAL_DEPTH);
    if (v->n > left(m))
        return p2a_marshal_fail(
            m, v->at, "%s of %u object%s runs past the end of the file (%llu byte%s left)",
            p2a_marshal_kind_name(v->kind), v->n, p2a_plural(v->n), (unsigned long long)left(m),
            p2a_plural(left(m)));
    m->open[m->depth++] = (struct marshal_open){
        .resume = resume,
        .resume_refs = resume_refs,
        .left = child_count(m, v),
        .ref = v->ref,
        .kind = (unsigned char)v->kind,
        .tail = v->kind == MARSHAL_CODE ? m->code_tail : 0,
    };
    m->replays += resume != 0;
    return true;
}

/* Of an object that is neither a reference nor an end. */
static bool is_numbered(unsigned char byte)
{
    unsigned char type = byte & (unsigned char)~FLAG_REF;
    return byte & FLAG_REF &&
           !(type == 'N' || type == 'T' || type == 'F' || type == 'S' || type == '.');
}

static bool read_singleton(struct marshal_value *v, unsigned char type)
{
    v->kind = type == 'N' ? MARSHAL_NONE : type == 'S' ? MARSHAL_STOP : MARSHAL_ELLIPSIS;
    if (type == 'T' || type == 'F')
        v->kind = MARSHAL_BOOL;
    v->integer = type == 'T';
    return true;
}

/* The rest of an object behind its TYPE byte: all of an atom, the head of a container. */
static bool read_body(struct marshal *m, struct marshal_value *v, unsigned char type)
{
    switch (type) {
    case 'i':
        return read_i32(m, v);
    case 'g':
        return read_float(m, v);
    case ')':
        return read_small_tuple(m, v);
    case '(':
        return read_count(m, v, MARSHAL_TUPLE);
    case 'z':
    case 'Z':
        return read_short_text(m, v);
    case 'u':
    case 'a':
    case 'A':
    case 't':
        return read_text(m, v, MARSHAL_TEXT);
    case 's':
        return read_text(m, v, MARSHAL_BYTES);
    case '{':
        v->kind = MARSHAL_DICT;
        return true;
    case 'l':
        return read_long(m, v);
    case 'I':
        return read_i64(m, v);
    case 'f':
        return read_float_text(m, v);
    case 'y':
        return read_complex(m, v);
    case 'x':
        return read_complex_text(m, v);
    case '[':
        return read_count(m, v, MARSHAL_LIST);
    case '<':
        return read_count(m, v, MARSHAL_SET);
    case '>':
        return read_count(m, v, MARSHAL_FROZENSET);
    case ':':
        return read_slice(v);
    case 'c':
        return read_code(m, v);
    case 'N':
    case 'T':
    case 'F':
    case 'S':
    case '.':
        return read_singleton(v, type);
    default:
        return p2a_marshal_fail(m, v->at, "unknown type code 0x%02x, a marshal object was expected",
                                type);
    }
}

/* Whether children or an end follow. */
static bool is_open(const struct marshal_value *v)
{
    return v->kind >= MARSHAL_DICT || (v->kind >= MARSHAL_TUPLE && v->n > 0);
}

/* The number in a reference at V->at. */
static bool take_number(struct marshal *m, const struct marshal_value *v, uint32_t n,
                        uint32_t *number)
{
    int32_t value;
    if (!take_i32(m, v->at, "a reference", &value))
        return false;
    if (value < 0 || (uint32_t)value >= n)
        return p2a_marshal_fail(m, v->at, "reference to object %d, there are %u", value, n);
    *number = (uint32_t)value;
    return true;
}

/* Decodes the object at FROM in place of a reference; an atom is done with that. */
static bool read_from(struct marshal *m, struct marshal_value *v, uint64_t from)
{
    uint64_t resume = m->at;
    uint32_t resume_refs = m->next_ref;
    m->at = from + 1;
    if (!read_body(m, v, m->start[from] & (unsigned char)~FLAG_REF))
        return false;
    if (!charge(m, v->at, m->at - from))
        return false;
    if (is_open(v)) {
        m->next_ref = v->ref + 1;
        return open_container(m, v, resume, resume_refs);
    }
    m->at = resume;
    return child_done(m);
}

static bool read_ref(struct marshal *m, struct marshal_value *v, bool skip)
{
    uint32_t ref = 0;
    if (!take_number(m, v, m->ref_n, &ref))
        return false;
    if (m->ref_tag[ref] == MARSHAL_UNDONE)
        return p2a_marshal_fail(m, v->at, "reference to object %u from inside of it", ref);
    if (skip)
        return child_done(m);
    v->ref = ref;
    return read_from(m, v, m->ref_at[ref]);
}

static bool read_interned(struct marshal *m, struct marshal_value *v, bool skip)
{
    uint32_t number = 0;
    if (!take_number(m, v, m->interned_n, &number))
        return false;
    if (skip)
        return child_done(m);
    return read_from(m, v, m->interned[number]);
}

static bool read_end(struct marshal *m, struct marshal_value *v)
{
    const struct marshal_open *o = m->depth > 0 ? &m->open[m->depth - 1] : NULL;
    if (!o || o->kind != MARSHAL_DICT)
        return p2a_marshal_fail(m, v->at, "a dict ends where none is open");
    if (o->left == 1)
        return p2a_marshal_fail(m, v->at, "a dict ends between a key and its value");
    v->kind = MARSHAL_END;
    close_container(m);
    return child_done(m);
}

static bool read_object(struct marshal *m, struct marshal_value *v, unsigned char byte)
{
    unsigned char type = byte & (unsigned char)~FLAG_REF;
    if (is_numbered(byte) && !add_ref(m, v->at, &v->ref))
        return false;
    if (!read_body(m, v, type))
        return false;
    if (m->replays > 0 && !charge(m, v->at, m->at - v->at))
        return false;
    if (type == 't' && !add_interned(m, v->at))
        return false;
    if (is_open(v))
        return open_container(m, v, 0, 0);
    finish_ref(m, v->ref);
    return child_done(m);
}

/* With SKIP, references are checked and not followed. */
static bool next_object(struct marshal *m, struct marshal_value *v, bool skip)
{
    if (m->failure.failed)
        return false;
    v->at = m->at;
    v->ref = MARSHAL_NO_REF;
    v->n = 0;
    if (left(m) == 0)
        return p2a_marshal_fail(m, m->at, "the file ends where an object was expected");
    unsigned char byte = m->start[m->at++];
    unsigned char type = byte & (unsigned char)~FLAG_REF;
    if (m->replays > 0 && !charge(m, v->at, 1))
        return false;
    if (type == 'r')
        return read_ref(m, v, skip);
    if (type == 'R')
        return read_interned(m, v, skip);
    if (type == '0')
        return read_end(m, v);
    return read_object(m, v, byte);
}

bool p2a_marshal_read(struct marshal *m, struct marshal_value *value)
{
    return next_object(m, value, false);
}

uint32_t p2a_marshal_take_tag(struct marshal *m)
{
    if (m->failure.failed || left(m) < 5 || (m->start[m->at] & ~FLAG_REF) != 'r')
        return 0;
    uint32_t tag = p2a_marshal_tag(m, get_u32(m->start + m->at + 1));
    if (tag == 0 || (m->replays > 0 && !charge(m, m->at, 5)))
        return 0;
    m->at += 5;
    return child_done(m) ? tag : 0;
}

/* ---- what profiles are full of --------------------------------------------------------------- */

/* Integers, floats and references without numbers of their own, and tuples of a few of them, are
 * nearly all there is in a large profile. They are told by their bytes; what is anything else, or
 * broken, or counts against a limit is left to next_object. */
enum { INT_SIZE = 5, REF_SIZE = 5, FLOAT_SIZE = 9, FEW = 8 };

/* Whether REF is whole, as its tag says as well; but the few containers that are open are at hand,
 * and the tags of a large file are in no cache. */
static bool is_whole(const struct marshal *m, uint32_t ref)
{
    if (m->depth > FEW)
        return m->ref_tag[ref] != MARSHAL_UNDONE;
    for (uint32_t i = 0; i < m->depth; i++)
        if (m->open[i].ref == ref)
            return false;
    return true;
}

/* Of the reference to a whole object at AT; 0 where it is none. */
static uint64_t ref_size(const struct marshal *m, uint64_t at)
{
    uint32_t ref = get_u32(m->start + at + 1);
    return ref < m->ref_n && is_whole(m, ref) ? REF_SIZE : 0;
}

/* Of the integer, float or reference to a whole object at AT, where there are FLOAT_SIZE bytes; 0
 * where it is none. */
static inline uint64_t size_at(const struct marshal *m, uint64_t at)
{
    switch (m->start[at]) {
    case 'i':
        return INT_SIZE;
    case 'g':
        return FLOAT_SIZE;
    case 'r':
        return ref_size(m, at);
    default:
        return 0;
    }
}

static uint64_t plain_size(const struct marshal *m, uint64_t at)
{
    return m->size - at < FLOAT_SIZE ? 0 : size_at(m, at);
}

/* Of the head of a tuple of a FEW at AT, with the number of its children in *N; 0 where it is none.
 */
static uint64_t small_head(const struct marshal *m, uint64_t at, uint32_t *n)
{
    bool is_short = m->size - at > 2 && m->start[at] == ')';
    bool is_long = m->size - at > 5 && m->start[at] == '(';
    *n = is_short ? m->start[at + 1] : is_long ? get_u32(m->start + at + 1) : 0;
    if (*n == 0 || *n > FEW || m->depth == MARSHAL_DEPTH || m->replays > 0)
        return 0;
    return is_short ? 2 : 5;
}

static bool skip_plain(struct marshal *m)
{
    uint32_t n;
    uint64_t at = m->at + small_head(m, m->at, &n), size = 1;
    if (m->failure.failed || m->replays > 0)
        return false;
    for (n = at == m->at ? 1 : n; n > 0 && size > 0; n--)
        at += size = plain_size(m, at);
    if (size == 0)
        return false;
    m->at = at;
    return true;
}

/* Asks for the tag of the reference that may stand at AT. */
static void fetch_tag(const struct marshal *m, uint64_t at)
{
    if (m->size - m->at < at - m->at + REF_SIZE || m->start[at] != 'r')
        return;
    uint32_t ref = get_u32(m->start + at + 1);
    if (ref < m->ref_n)
        p2a_fetch(&m->ref_tag[ref]);
}

/* An integer of 4 bytes at AT, or a reference to one, which takes as much. *UNFOLDED is what
 * references read again, *REFS the numbers of their own that the integers have. */
static inline bool plain_int(const struct marshal *m, uint64_t at, int64_t *value,
                             uint64_t *unfolded, uint32_t *refs)
{
    static_assert(INT_SIZE == REF_SIZE, "what follows is found without a look at which it is");
    unsigned char type = m->start[at];
    if (type == 'r') {
        uint32_t ref = get_u32(m->start + at + 1);
        if (ref >= m->ref_n)
            return false;
        at = m->ref_at[ref];
        type = m->start[at] & (unsigned char)~FLAG_REF;
        *unfolded += INT_SIZE;
    } else if (m->again && type == ('i' | FLAG_REF)) {
        type = 'i';
        ++*refs;
    }
    *value = type == 'i' ? (int32_t)get_u32(m->start + at + 1) : 0;
    return type == 'i';
}

/* Two integers and two floats from AT on: where they end; 0 where that isn't all there is. */
static inline uint64_t take_four(struct marshal *m, uint64_t at, int64_t count[2], double real[2])
{
    uint32_t refs = 0;
    uint64_t unfolded = 0;
    if (m->size - at < 2 * INT_SIZE + 2 * FLOAT_SIZE)
        return 0;
    for (int i = 0; i < 2; i++, at += INT_SIZE)
        if (!plain_int(m, at, &count[i], &unfolded, &refs))
            return 0;
    for (int i = 0; i < 2; i++, at += FLOAT_SIZE) {
        if (m->start[at] != 'g')
            return 0;
        real[i] = get_double(m->start + at + 1);
    }
    if (unfolded > m->unfolded || refs > m->ref_n - m->next_ref)
        return 0;
    m->unfolded -= unfolded;
    m->next_ref += refs;
    return at;
}

/* Of the head of a tuple of N children at AT, whose type byte is without FLAG_REF or FLAGGED; 0
 * where it is none. */
static inline uint64_t head_of(const struct marshal *m, uint64_t at, uint32_t n,
                               unsigned char flagged)
{
    enum { MOST = 5 };
    if (m->size - at < MOST)
        return 0;
    unsigned char type = m->start[at] & (unsigned char)~flagged;
    if (type == ')')
        return m->start[at + 1] == n ? 2 : 0;
    return type == '(' && get_u32(m->start + at + 1) == n ? MOST : 0;
}

bool p2a_marshal_take_figures(struct marshal *m, int64_t count[2], double real[2])
{
    if (m->failure.failed || m->replays > 0 || m->depth == MARSHAL_DEPTH)
        return false;
    uint64_t head = head_of(m, m->at, 4, 0), at;
    if (!head || !(at = take_four(m, m->at + head, count, real)))
        return false;
    if (m->again) {
        fetch_tag(m, at); /* the next key, and, if its figures take as much, the one behind it */
        fetch_tag(m, at + REF_SIZE + (at - m->at));
    }
    m->at = at;
    return child_done(m);
}

/* The entry of a dict at AT: where it ends; 0 where it is anything else. */
static inline uint64_t take_entry(struct marshal *m, uint64_t at, struct marshal_entry *entry)
{
    if (m->size - at < REF_SIZE || m->start[at] != 'r')
        return 0;
    entry->number = get_u32(m->start + at + 1);
    if (entry->number >= m->ref_n || !is_whole(m, entry->number))
        return 0;
    at += REF_SIZE;
    uint64_t head = head_of(m, at, 4, 0);
    return head ? take_four(m, at + head, entry->count, entry->real) : 0;
}

uint32_t p2a_marshal_take_entries(struct marshal *m, struct marshal_entry *entry, uint32_t most)
{
    const struct marshal_open *o = m->depth > 0 ? &m->open[m->depth - 1] : NULL;
    uint32_t n = 0;
    if (m->failure.failed || !is_first_time(m) || !o || o->kind != MARSHAL_DICT || o->left ||
        m->depth == MARSHAL_DEPTH)
        return 0;
    for (uint64_t at; n < most && (at = take_entry(m, m->at, &entry[n])); n++)
        m->at = at;
    return n;
}

bool p2a_marshal_take_first_figures(struct marshal *m, int64_t count[2], double real[2])
{
    struct marshal_open *o = m->depth > 0 ? &m->open[m->depth - 1] : NULL;
    bool in_tuple = o && o->kind == MARSHAL_TUPLE && o->left > 4 && m->replays == 0;
    uint64_t at = in_tuple && !m->failure.failed ? take_four(m, m->at, count, real) : 0;
    if (!at)
        return false;
    m->at = at;
    o->left -= 4;
    return true;
}

/* The string at *AT, or the reference to one with a tag, which it passes. */
static bool plain_text(const struct marshal *m, uint64_t *at, struct marshal_text *text)
{
    const unsigned char *b = m->start + *at;
    *text = (struct marshal_text){.at = *at, .ref = MARSHAL_NO_REF};
    if (m->size - *at < REF_SIZE)
        return false;
    unsigned char type = *b & (unsigned char)~FLAG_REF;
    if (type == 'r') {
        *at += REF_SIZE;
        text->tag = p2a_marshal_tag(m, get_u32(b + 1));
        return text->tag != 0;
    }
    bool is_short = type == 'z' || type == 'Z', is_long = type == 'u' || type == 'a' || type == 'A';
    uint32_t head = is_short ? 2 : 5, n = is_short ? b[1] : get_u32(b + 1);
    if (!(is_short || is_long) || n > INT32_MAX || n > m->size - *at - head)
        return false;
    text->text = (struct p2a_str){(const char *)b + head, n};
    *at += head + n;
    return true;
}

/* Gives the object at AT its number, if it is to have one, once its children are known. */
static bool number_whole(struct marshal *m, uint64_t at, uint32_t *ref)
{
    unsigned char byte = m->start[at];
    *ref = MARSHAL_NO_REF;
    if (!(byte & FLAG_REF) || byte == ('r' | FLAG_REF))
        return true;
    if (!add_ref(m, at, ref))
        return false;
    finish_ref(m, *ref);
    return true;
}

/* As plain_int, or one that is going to get a number. */
static bool whole_int(const struct marshal *m, uint64_t at, int64_t *value, uint64_t *unfolded)
{
    uint32_t refs = 0;
    if (m->start[at] != ('i' | FLAG_REF))
        return plain_int(m, at, value, unfolded, &refs);
    *value = (int32_t)get_u32(m->start + at + 1);
    return true;
}

bool p2a_marshal_take_triple(struct marshal *m, struct marshal_triple *triple)
{
    uint64_t from = m->at, at = from, integer_at, unfolded = 0;
    uint32_t integer_ref;
    if (m->failure.failed || !is_first_time(m) || m->depth == MARSHAL_DEPTH)
        return false;
    at += head_of(m, at, 3, FLAG_REF);
    if (at == from || !plain_text(m, &at, &triple->first) || m->size - at < INT_SIZE)
        return false;
    integer_at = at;
    at += INT_SIZE;
    if (!whole_int(m, integer_at, &triple->integer, &unfolded) ||
        !plain_text(m, &at, &triple->last) || unfolded > m->unfolded)
        return false;
    m->unfolded -= unfolded;
    m->at = at;
    return number_whole(m, from, &triple->ref) &&
           number_whole(m, triple->first.at, &triple->first.ref) &&
           number_whole(m, integer_at, &integer_ref) &&
           number_whole(m, triple->last.at, &triple->last.ref) && child_done(m);
}

/* ---- passing over ---------------------------------------------------------------------------- */

static bool skip_object(struct marshal *m)
{
    struct marshal_value ignored = {0};
    return skip_plain(m) ? child_done(m) : next_object(m, &ignored, true);
}

static bool skip_to(struct marshal *m, uint32_t depth)
{
    while (m->depth > depth)
        if (!skip_object(m))
            return false;
    return true;
}

bool p2a_marshal_skip(struct marshal *m)
{
    uint32_t depth = m->depth;
    return skip_object(m) && skip_to(m, depth);
}

/* Passes what is left of the innermost container. */
static bool leave_open(struct marshal *m)
{
    if (!m->open[m->depth - 1].resume)
        return skip_to(m, m->depth - 1);
    close_container(m);
    return child_done(m);
}

bool p2a_marshal_leave(struct marshal *m, const struct marshal_value *value)
{
    if (m->failure.failed)
        return false;
    return !is_open(value) || leave_open(m);
}

uint32_t p2a_marshal_take_number(struct marshal *m)
{
    if (m->failure.failed || !is_first_time(m) || left(m) < REF_SIZE)
        return MARSHAL_NO_REF;
    unsigned char byte = m->start[m->at];
    bool is_ref = (byte & ~FLAG_REF) == 'r';
    uint32_t number = is_ref ? get_u32(m->start + m->at + 1) : m->ref_n;
    if (is_ref && number < m->ref_n && is_whole(m, number)) {
        m->at += REF_SIZE;
        return child_done(m) ? number : MARSHAL_NO_REF;
    }
    if (is_ref || !is_numbered(byte) || !p2a_marshal_skip(m))
        return MARSHAL_NO_REF;
    return number;
}

/* One of a code object's strings. */
static bool read_code_text(struct marshal *m, struct p2a_str *text)
{
    struct marshal_value v;
    if (!p2a_marshal_read(m, &v))
        return false;
    if (v.kind != MARSHAL_TEXT && v.kind != MARSHAL_BYTES)
        return p2a_marshal_fail(m, v.at,
                                "a code object's name and file should be strings, this is %s",
                                p2a_marshal_kind_name(v.kind));
    *text = v.text;
    return true;
}

bool p2a_marshal_code(struct marshal *m, struct p2a_marshal_code *code)
{
    if (m->failure.failed)
        return false;
    uint32_t depth = m->depth;
    for (int i = 0; i < CODE_HEAD; i++) {
        bool is_new = m->open[depth - 1].tail == 2;
        bool ok;
        if (i > CODE_KINDS_AT && i == (is_new ? 5 : 6))
            ok = read_code_text(m, &code->file);
        else if (i > CODE_KINDS_AT && i == (is_new ? 6 : 7))
            ok = read_code_text(m, &code->name);
        else
            ok = p2a_marshal_skip(m);
        if (!ok)
            return false;
    }
    code->line = m->code_line;
    return leave_open(m);
}

struct marshal_mark p2a_marshal_place(const struct marshal *m, uint32_t ref)
{
    return (struct marshal_mark){m->ref_at[ref], ref};
}

struct marshal_mark p2a_marshal_here(const struct marshal *m)
{
    return (struct marshal_mark){m->at, m->next_ref};
}

void p2a_marshal_again(struct marshal *m, struct marshal_mark mark)
{
    m->again = true;
    m->at = mark.at;
    m->next_ref = mark.next_ref;
}

struct marshal_failure p2a_marshal_take_failure(struct marshal *m)
{
    struct marshal_failure failure = m->failure;
    m->failure = (struct marshal_failure){0};
    m->depth = m->replays = 0;
    return failure;
}

bool p2a_marshal_start(struct marshal *m, struct p2a_str bytes)
{
    *m = (struct marshal){
        .start = (const unsigned char *)bytes.at,
        .size = bytes.n,
        .unfolded = 64 * (uint64_t)bytes.n + (1 << 20),
    };
    m->open = malloc(MARSHAL_DEPTH * sizeof *m->open);
    return m->open || no_memory(m);
}

void p2a_marshal_stop(struct marshal *m)
{
    free(m->ref_at);
    free(m->ref_tag);
    free(m->interned);
    free(m->open);
    m->ref_at = NULL;
    m->ref_tag = NULL;
    m->interned = NULL;
    m->open = NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *at++ = (unsigned char)(value >> (8 * i));
    return at;
}

unsigned char *p2a_marshal_put_tuple(unsigned char *at, uint32_t n)
{
    *at = '(';
    return put_u32(at + 1, n);
}

unsigned char *p2a_marshal_put_dict(unsigned char *at)
{
    *at = '{';
    return at + 1;
}

unsigned char *p2a_marshal_put_end(unsigned char *at)
{
    *at = '0';
    return at + 1;
}

static unsigned char *put_long(unsigned char *at, uint64_t value, bool negative)
{
    unsigned char *digit = at + 5;
    uint32_t n = 0;
    for (; value > 0; value >>= 15, n++) {
        *digit++ = (unsigned char)value;
        *digit++ = (unsigned char)(value >> 8 & 0x7f);
    }
    *at = 'l';
    put_u32(at + 1, negative ? 0 - n : n);
    return digit;
}

unsigned char *p2a_marshal_put_int(unsigned char *at, int64_t value)
{
    if (value < INT32_MIN || value > INT32_MAX)
        return put_long(at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
    *at = 'i';
    return put_u32(at + 1, (uint32_t)value);
}

unsigned char *p2a_marshal_put_count(unsigned char *at, uint64_t value)
{
    return value > INT32_MAX ? put_long(at, value, false) : p2a_marshal_put_int(at, (int64_t)value);
}

unsigned char *p2a_marshal_put_float(unsigned char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    *at = 'g';
    return put_u32(put_u32(at + 1, (uint32_t)bits), (uint32_t)(bits >> 32));
}

/* Bytes of the character at S, surrogates being characters; 0 where it isn't UTF-8. */
static size_t character(const unsigned char *s, size_t n)
{
    size_t more = s[0] < 0x80   ? 0
                  : s[0] < 0xc2 ? 9
                  : s[0] < 0xe0 ? 1
                  : s[0] < 0xf0 ? 2
                  : s[0] < 0xf5 ? 3
                                : 9;
    if (more >= n)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || beyond ? 0 : more + 1;
}

uint64_t p2a_marshal_text_size(struct p2a_str text)
{
    const unsigned char *s = (const unsigned char *)text.at;
    uint64_t size = 5;
    for (size_t i = 0; i < text.n;) {
        size_t n = s[i] < 0x80 ? 1 : character(s + i, text.n - i);
        size += n ? n : 3;
        i += n ? n : 1;
    }
    return size;
}

unsigned char *p2a_marshal_put_text(unsigned char *at, struct p2a_str text)
{
    const unsigned char *s = (const unsigned char *)text.at;
    unsigned char *to = at + 5;
    for (size_t i = 0; i < text.n;) {
        size_t n = s[i] < 0x80 ? 1 : character(s + i, text.n - i);
        if (n == 0) {
            *to++ = 0xed; /* U+DC80 to U+DCFF */
            *to++ = (unsigned char)(0xb0 | s[i] >> 6);
            *to++ = (unsigned char)(0x80 | (s[i] & 0x3f));
            i++;
        }
        for (; n > 0; n--)
            *to++ = s[i++];
    }
    *at = 'u';
    put_u32(at + 1, (uint32_t)(to - at - 5));
    return to;
}
