#include "codec/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- the window ---- */

uint64_t p2a_json_here(const struct p2a_json *j)
{
    return j->offset + (uint64_t)(j->at - j->base);
}

P2A_PRINTF(3, 0)
static bool fail_with(struct p2a_json *j, uint64_t at, const char *message, va_list arguments)
{
    if (!j->stopped || j->cut) {
        j->failure.place = at;
        p2a_error_setv(&j->failure, P2A_INPUT, message, arguments);
    }
    j->stopped = true;
    return false;
}

P2A_PRINTF(3, 4)
static bool fail_at(struct p2a_json *j, uint64_t at, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    fail_with(j, at, message, arguments);
    va_end(arguments);
    return false;
}

bool p2a_json_no_memory(struct p2a_json *j)
{
    if (j->in)
        p2a_in_no_memory(j->in);
    j->stopped = true;
    return false;
}

/* The text ends where it shouldn't. */
static bool ends_early(struct p2a_json *j)
{
    if (j->stopped)
        return false;
    if (j->in && p2a_in_status(j->in) == P2A_OK && !j->may_end)
        return fail_at(j, p2a_json_here(j), "ends within %s, expected the rest of it",
                       j->depth ? "an array or object" : "a value");
    j->cut = true;
    j->stopped = true;
    return false;
}

/* At least one byte in the window; false at the end of the input. */
static bool refill(struct p2a_json *j)
{
    if (!j->in)
        return false;
    p2a_consume(j->in, (size_t)(j->at - j->base));
    size_t n = p2a_ahead(j->in, 1, &j->base);
    j->offset = p2a_offset(j->in);
    j->at = j->base;
    j->end = j->base + n;
    if (p2a_in_status(j->in) != P2A_OK)
        j->stopped = true;
    return n > 0 && !j->stopped;
}

static inline bool any(struct p2a_json *j)
{
    return j->at < j->end || refill(j);
}

/* The byte at the place; false, with a failure, where there is none. */
static inline bool byte_here(struct p2a_json *j, unsigned char *c)
{
    *c = 0;
    if (!any(j))
        return ends_early(j);
    *c = *j->at;
    return true;
}

/* Passes blanks; false at the end of the input. */
static bool to_token(struct p2a_json *j)
{
    while (any(j)) {
        unsigned char c = *j->at;
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return true;
        j->at++;
    }
    return false;
}

static bool expect(struct p2a_json *j, unsigned char c, const char *what)
{
    unsigned char found;
    if (!to_token(j))
        return ends_early(j);
    if (byte_here(j, &found) && found == c) {
        j->at++;
        return true;
    }
    return fail_at(j, p2a_json_here(j), "expected %s", what);
}

static bool is_wide(const unsigned char *at, size_t n)
{
    return n >= 2 && ((at[0] == 0xFF && at[1] == 0xFE) || (at[0] == 0xFE && at[1] == 0xFF) ||
                      (!at[0] && (at[1] == '{' || at[1] == '[')) ||
                      (!at[1] && (at[0] == '{' || at[0] == '[')));
}

void p2a_json_start(struct p2a_json *j, struct p2a_in *in)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    memset(j, 0, offsetof(struct p2a_json, open));
    j->in = in;
    j->first = true;
    size_t n = p2a_ahead(in, sizeof mark, &j->base);
    j->offset = p2a_offset(in);
    j->at = j->base;
    j->end = j->base + n;
    if (n >= sizeof mark && memcmp(j->base, mark, sizeof mark) == 0)
        j->at += sizeof mark;
    else if (is_wide(j->base, n))
        fail_at(j, 0, "UTF-16, expected UTF-8: 'iconv -f UTF-16 -t UTF-8' converts it");
}

void p2a_json_stop(struct p2a_json *j)
{
    p2a_buffer_free(&j->text);
    j->stopped = true;
}

enum p2a_status p2a_json_finish(struct p2a_json *j)
{
    if (!j->stopped && to_token(j))
        fail_at(j, p2a_json_here(j), "more text behind the value, expected the end");
    if (j->failure.status != P2A_OK)
        p2a_bad_byte(j->in, j->failure.place, "%s", j->failure.message);
    return p2a_in_status(j->in);
}

/* ---- values ---- */

static const char *kind_name(enum p2a_json_kind kind)
{
    static const char *const names[] = {"no value", "null",     "true or false", "a number",
                                        "a string", "an array", "an object"};
    return names[kind];
}

static enum p2a_json_kind kind_of(unsigned char c)
{
    switch (c) {
    case '{':
        return P2A_JSON_OBJECT;
    case '[':
        return P2A_JSON_ARRAY;
    case '"':
        return P2A_JSON_STRING;
    case 't':
    case 'f':
        return P2A_JSON_BOOL;
    case 'n':
        return P2A_JSON_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? P2A_JSON_NUMBER : P2A_JSON_NONE;
    }
}

enum p2a_json_kind p2a_json_peek(struct p2a_json *j)
{
    if (j->stopped)
        return P2A_JSON_NONE;
    if (!to_token(j)) {
        ends_early(j);
        return P2A_JSON_NONE;
    }
    j->value_at = p2a_json_here(j);
    enum p2a_json_kind kind = kind_of(*j->at);
    if (kind == P2A_JSON_NONE)
        fail_at(j, j->value_at, "expected a JSON value");
    return kind;
}

/* Fails unless the next value is a KIND. */
static bool want(struct p2a_json *j, enum p2a_json_kind kind)
{
    enum p2a_json_kind found = p2a_json_peek(j);
    if (found == kind)
        return !j->stopped;
    if (j->name[0])
        return fail_at(j, j->value_at, "%s in \"%s\", expected %s", kind_name(found), j->name,
                       kind_name(kind));
    return fail_at(j, j->value_at, "%s, expected %s", kind_name(found), kind_name(kind));
}

bool p2a_json_is(struct p2a_json *j, enum p2a_json_kind kind)
{
    if (p2a_json_peek(j) == kind)
        return !j->stopped;
    p2a_json_skip(j);
    return false;
}

uint64_t p2a_json_at(const struct p2a_json *j)
{
    return j->value_at;
}

bool p2a_json_bad(struct p2a_json *j, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    fail_with(j, j->value_at, message, arguments);
    va_end(arguments);
    return false;
}

bool p2a_json_bad_at(struct p2a_json *j, uint64_t at, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    fail_with(j, at, message, arguments);
    va_end(arguments);
    return false;
}

/* ---- containers ---- */

static bool enter(struct p2a_json *j, bool object)
{
    if (j->depth == P2A_JSON_DEPTH)
        return fail_at(j, p2a_json_here(j),
                       "more than %d arrays and objects in one another, the limit", P2A_JSON_DEPTH);
    unsigned char bit = (unsigned char)(1u << j->depth % 8), *byte = &j->open[j->depth / 8];
    *byte = (unsigned char)(object ? *byte | bit : *byte & ~bit);
    j->depth++;
    j->at++;
    j->first = true;
    return true;
}

static bool in_object(const struct p2a_json *j)
{
    uint32_t i = j->depth - 1;
    return j->depth && j->open[i / 8] >> i % 8 & 1;
}

/* Goes to the next member; false where CLOSE ends the container, which is left. */
static bool next_member(struct p2a_json *j, unsigned char close)
{
    if (j->stopped)
        return false;
    if (!to_token(j))
        return ends_early(j);
    if (*j->at != close && !j->first) {
        if (*j->at != ',')
            return fail_at(j, p2a_json_here(j), "expected ',' or '%c'", close);
        j->at++;
        if (!to_token(j))
            return ends_early(j);
        if (*j->at == close && !j->may_end)
            return fail_at(j, p2a_json_here(j), "'%c' behind a comma, expected another value",
                           close);
    }
    j->first = false;
    if (*j->at != close)
        return true;
    j->at++;
    j->depth--;
    return false;
}

bool p2a_json_object(struct p2a_json *j)
{
    return want(j, P2A_JSON_OBJECT) && enter(j, true);
}

bool p2a_json_array(struct p2a_json *j)
{
    return want(j, P2A_JSON_ARRAY) && enter(j, false);
}

static bool read_string(struct p2a_json *j, struct p2a_str *text);

/* The window may move on: KEY must not stand in it. */
static bool keep_key(struct p2a_json *j, struct p2a_str *key)
{
    if (key->at == j->text.at)
        return true;
    j->text.n = 0;
    if (!p2a_buffer_add(&j->text, key->at, key->n))
        return p2a_json_no_memory(j);
    key->at = j->text.at;
    return true;
}

bool p2a_json_key(struct p2a_json *j, struct p2a_str *key)
{
    *key = P2A_LIT("");
    if (!next_member(j, '}'))
        return false;
    if (*j->at != '"')
        return fail_at(j, p2a_json_here(j), "expected a key in '\"'");
    if (!read_string(j, key))
        return false;
    size_t n = key->n < sizeof j->name ? key->n : sizeof j->name - 1;
    memcpy(j->name, key->at, n);
    j->name[n] = '\0';
    if (j->at < j->end && *j->at == ':') {
        j->at++;
        return true;
    }
    return keep_key(j, key) && expect(j, ':', "':' behind a key");
}

bool p2a_json_item(struct p2a_json *j)
{
    return next_member(j, ']');
}

/* ---- strings ---- */

static bool hex4(struct p2a_json *j, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c;
        if (!byte_here(j, &c))
            return false;
        unsigned digit = (unsigned)c - '0', letter = (c | 32u) - 'a';
        if (digit > 9)
            digit = letter < 6 ? letter + 10 : 16;
        if (digit > 15)
            return fail_at(j, p2a_json_here(j), "expected four hexadecimal digits behind '\\u'");
        *value = *value << 4 | digit;
        j->at++;
    }
    return true;
}

static bool add_code(struct p2a_json *j, uint32_t c)
{
    char utf8[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i > 1; i--, c >>= 6)
        utf8[i - 1] = (char)(0x80 | (c & 0x3F));
    utf8[0] = (char)(lead[n] | c);
    return p2a_buffer_add(&j->text, utf8, n) || p2a_json_no_memory(j);
}

/* Behind "\u": one code unit, or two that make a pair. */
static bool unescape_unicode(struct p2a_json *j)
{
    uint32_t c, low;
    if (!hex4(j, &c))
        return false;
    while (c >= 0xD800 && c <= 0xDBFF) {
        unsigned char next;
        if (!byte_here(j, &next))
            return false;
        if (next != '\\')
            break;
        j->at++;
        if (!byte_here(j, &next))
            return false;
        if (next != 'u') { /* another escape follows the lone half */
            j->at--;
            break;
        }
        j->at++;
        if (!hex4(j, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF)
            return add_code(j, 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF)));
        if (!add_code(j, c))
            return false;
        c = low;
    }
    return add_code(j, c);
}

/* At a backslash. */
static bool unescape(struct p2a_json *j)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned char c;
    j->at++;
    if (!byte_here(j, &c))
        return false;
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        j->at++;
        return p2a_buffer_add(&j->text, to + (found - from), 1) || p2a_json_no_memory(j);
    }
    if (c != 'u')
        return fail_at(j, p2a_json_here(j),
                       "unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r "
                       "\\t \\u");
    j->at++;
    return unescape_unicode(j);
}

static const unsigned char *plain_end(const unsigned char *at, const unsigned char *end)
{
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* The string that begins in the window but doesn't end there, or has an escape. */
static bool gather_string(struct p2a_json *j, struct p2a_str *text)
{
    j->text.n = 0;
    for (;;) {
        const unsigned char *stop = plain_end(j->at, j->end);
        if (!p2a_buffer_add(&j->text, j->at, (size_t)(stop - j->at)))
            return p2a_json_no_memory(j);
        j->at = stop;
        if (!any(j))
            return ends_early(j);
        if (*j->at == '"')
            break;
        if (*j->at == '\\' && !unescape(j))
            return false;
    }
    j->at++;
    *text = (struct p2a_str){j->text.at, j->text.n};
    return true;
}

/* At a '"'. */
static bool read_string(struct p2a_json *j, struct p2a_str *text)
{
    j->at++;
    const unsigned char *stop = plain_end(j->at, j->end);
    if (stop == j->end || *stop == '\\')
        return gather_string(j, text);
    *text = (struct p2a_str){(const char *)j->at, (size_t)(stop - j->at)};
    j->at = stop + 1;
    return true;
}

bool p2a_json_string(struct p2a_json *j, struct p2a_str *text)
{
    *text = P2A_LIT("");
    return want(j, P2A_JSON_STRING) && read_string(j, text);
}

/* ---- numbers ---- */

/* Digits at the place; false where there is none. */
static bool read_digits(struct p2a_json *j, struct p2a_json_decimal *d, bool fraction)
{
    bool some = false;
    for (; any(j) && *j->at >= '0' && *j->at <= '9'; j->at++, some = true) {
        unsigned digit = *j->at - (unsigned)'0';
        if (d->digits < UINT64_C(1000000000000000000)) {
            d->digits = d->digits * 10 + digit;
            d->exponent -= fraction;
        } else {
            d->exponent += !fraction;
            d->plain = false;
        }
    }
    return some || (!any(j) && ends_early(j));
}

static bool read_exponent(struct p2a_json *j, struct p2a_json_decimal *d)
{
    struct p2a_json_decimal power = {0};
    unsigned char c;
    j->at++;
    d->plain = false;
    if (!byte_here(j, &c))
        return false;
    bool minus = c == '-';
    if (minus || c == '+')
        j->at++;
    if (!read_digits(j, &power, false))
        return false;
    int64_t by = power.exponent || power.digits > 1000000 ? 1000000 : (int64_t)power.digits;
    d->exponent += minus ? -by : by;
    return true;
}

static bool read_decimal(struct p2a_json *j, struct p2a_json_decimal *d)
{
    *d = (struct p2a_json_decimal){.negative = *j->at == '-', .plain = true};
    j->at += d->negative;
    if (!read_digits(j, d, false))
        return false;
    if (any(j) && *j->at == '.') {
        j->at++;
        d->plain = false;
        if (!read_digits(j, d, true))
            return false;
    }
    return !(any(j) && (*j->at | 32) == 'e') || read_exponent(j, d);
}

/* Powers of ten to 10^22 are doubles, and so are digits to 2^53: one rounding gives the nearest. */
static double value_of(const struct p2a_json_decimal *d)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double value = (double)d->digits;
    if (d->digits == 0 || d->exponent == 0)
        return value;
    if (d->digits <= UINT64_C(1) << 53 && d->exponent >= -22 && d->exponent <= 22)
        return d->exponent < 0 ? value / power[-d->exponent] : value * power[d->exponent];
    if (d->exponent > 400 || d->exponent < -400)
        return d->exponent > 0 ? (double)INFINITY : 0;
    char text[48];
    int n = snprintf(text, sizeof text, "%llue%lld", (unsigned long long)d->digits,
                     (long long)d->exponent);
    return p2a_str_double((struct p2a_str){text, (size_t)n}, &value) ? value : (double)INFINITY;
}

static bool read_number(struct p2a_json *j, double *value)
{
    struct p2a_json_decimal d;
    *value = 0;
    if (!read_decimal(j, &d))
        return j->stopped ? false
                          : fail_at(j, p2a_json_here(j),
                                    "expected a digit of the number from byte %llu on",
                                    (unsigned long long)j->value_at);
    if (j->depth && !any(j))
        return ends_early(j);
    double size = value_of(&d);
    if (isinf(size))
        return fail_at(j, j->value_at, "number out of range, expected less than 1.8e308");
    j->decimal = d;
    j->whole = d.plain && d.digits <= INT64_MAX;
    j->integer = !j->whole ? 0 : d.negative ? -(int64_t)d.digits : (int64_t)d.digits;
    *value = d.negative ? 0 - size : size;
    return true;
}

bool p2a_json_shifted(const struct p2a_json *j, int places, int64_t *value)
{
    uint64_t digits = j->decimal.digits;
    int64_t exponent = j->decimal.exponent + places;
    for (; exponent < 0 && digits && digits % 10 == 0; exponent++)
        digits /= 10;
    for (; exponent > 0 && digits && digits <= INT64_MAX / 10; exponent--)
        digits *= 10;
    if (digits && (exponent || digits > INT64_MAX))
        return false;
    *value = j->decimal.negative ? -(int64_t)digits : (int64_t)digits;
    return true;
}

double p2a_json_number(struct p2a_json *j)
{
    double value;
    return want(j, P2A_JSON_NUMBER) && read_number(j, &value) ? value : 0;
}

p2a_id p2a_json_intern(struct p2a_json *j, struct p2a_profile *p)
{
    struct p2a_str text;
    return p2a_json_is(j, P2A_JSON_STRING) && p2a_json_string(j, &text) ? p2a_intern(p, text) : 0;
}

double p2a_json_number_or(struct p2a_json *j, double fallback)
{
    return p2a_json_is(j, P2A_JSON_NUMBER) ? p2a_json_number(j) : fallback;
}

int64_t p2a_json_integer(struct p2a_json *j, int64_t least, int64_t most)
{
    double value = p2a_json_number(j);
    if (j->stopped)
        return least;
    if (!j->whole && fabs(value) < 0x1p53 && value == floor(value)) {
        j->whole = true;
        j->integer = (int64_t)value;
    }
    if (j->whole && j->integer >= least && j->integer <= most)
        return j->integer;
    p2a_json_bad(j, "%.17g in \"%s\", expected a whole number from %lld to %lld", value, j->name,
                 (long long)least, (long long)most);
    return least;
}

/* ---- words, and passing over ---- */

static bool read_word(struct p2a_json *j, const char *word)
{
    for (; *word; word++, j->at++) {
        unsigned char c;
        if (!byte_here(j, &c))
            return false;
        if (c != (unsigned char)*word)
            return fail_at(j, j->value_at, "expected a JSON value");
    }
    return true;
}

bool p2a_json_bool(struct p2a_json *j)
{
    if (!want(j, P2A_JSON_BOOL))
        return false;
    bool value = *j->at == 't';
    return read_word(j, value ? "true" : "false") && value;
}

static bool skip_string(struct p2a_json *j)
{
    unsigned char c;
    j->at++;
    for (;;) {
        j->at = plain_end(j->at, j->end);
        if (!byte_here(j, &c))
            return false;
        if (c == '"')
            break;
        j->text.n = 0;
        if (c == '\\' && !unescape(j))
            return false;
    }
    j->at++;
    return true;
}

/* Passes an atom or enters a container. */
static bool skip_head(struct p2a_json *j)
{
    double value;
    switch (p2a_json_peek(j)) {
    case P2A_JSON_NULL:
        return read_word(j, "null");
    case P2A_JSON_BOOL:
        return read_word(j, *j->at == 't' ? "true" : "false");
    case P2A_JSON_NUMBER:
        return read_number(j, &value);
    case P2A_JSON_STRING:
        return skip_string(j);
    case P2A_JSON_ARRAY:
        return enter(j, false);
    case P2A_JSON_OBJECT:
        return enter(j, true);
    case P2A_JSON_NONE:
        break;
    }
    return false;
}

static bool skip_key(struct p2a_json *j)
{
    if (!next_member(j, '}'))
        return false;
    if (*j->at != '"')
        return fail_at(j, p2a_json_here(j), "expected a key in '\"'");
    return skip_string(j) && expect(j, ':', "':' behind a key");
}

void p2a_json_skip(struct p2a_json *j)
{
    uint32_t depth = j->depth;
    if (!skip_head(j))
        return;
    while (j->depth > depth && !j->stopped)
        if (in_object(j) ? skip_key(j) : next_member(j, ']'))
            skip_head(j);
}

/* ---- probes ---- */

enum { PROBE_PATH = 128, PROBE_DEPTH = 24 };

/* A walk over the first bytes; path is where it is. */
struct walk {
    struct p2a_json j;
    const char *wanted;
    char path[PROBE_PATH];
    size_t end[PROBE_DEPTH]; /* of the path of the container at each depth */
    char *text;
    size_t room;
};

/* Appends to what the container's path has; too long a one matches nothing. */
static void set_path(struct walk *w, struct p2a_str key, bool item)
{
    size_t n = w->end[w->j.depth - 1];
    struct p2a_str dot = n && !item ? P2A_LIT(".") : P2A_LIT("");
    if (n + key.n + 2 > PROBE_PATH || memchr(key.at, '\0', key.n))
        key = P2A_LIT("");
    if (n + 2 > PROBE_PATH)
        dot = key;
    memcpy(w->path + n, dot.at, dot.n);
    memcpy(w->path + n + dot.n, key.at, key.n);
    w->path[n + dot.n + key.n] = '\0';
}

/* The walk's next value is there; false at the end. */
static bool next_value(struct walk *w)
{
    struct p2a_json *j = &w->j;
    struct p2a_str key;
    while (j->depth && !j->stopped) {
        bool object = in_object(j);
        if (object ? p2a_json_key(j, &key) : p2a_json_item(j)) {
            set_path(w, object ? key : P2A_LIT("[]"), !object);
            return true;
        }
    }
    return false;
}

static void pass_value(struct walk *w)
{
    struct p2a_json *j = &w->j;
    enum p2a_json_kind kind = p2a_json_peek(j);
    bool container = kind == P2A_JSON_ARRAY || kind == P2A_JSON_OBJECT;
    if (!container || j->depth == PROBE_DEPTH) {
        p2a_json_skip(j);
        return;
    }
    w->end[j->depth] = strlen(w->path);
    enter(j, kind == P2A_JSON_OBJECT);
}

static enum p2a_json_kind found_value(struct walk *w)
{
    struct p2a_str text;
    enum p2a_json_kind kind = p2a_json_peek(&w->j);
    if (w->text && kind == P2A_JSON_STRING && p2a_json_string(&w->j, &text)) {
        size_t n = text.n < w->room ? text.n : w->room - 1;
        memcpy(w->text, text.at, n);
        w->text[n] = '\0';
    }
    return kind;
}

/* UTF-16 without its zeros, where the text is ASCII. */
static size_t narrow(const unsigned char *at, size_t n, unsigned char *narrowed)
{
    size_t low = at[0] == 0xFF || !at[1] ? 0 : 1, made = 0;
    for (size_t i = at[0] >= 0xFE ? 2 : 0; i + 1 < n; i += 2)
        narrowed[made++] = at[i + 1 - low] ? '?' : at[i + low];
    return made;
}

enum p2a_json_kind p2a_json_probe(const struct p2a_probe *probe, const char *path, char *text,
                                  size_t room)
{
    unsigned char narrowed[P2A_PROBE_BYTES / 2];
    const unsigned char *at = (const unsigned char *)probe->start.at;
    size_t n = probe->start.n;
    if (is_wide(at, n)) {
        n = narrow(at, n < P2A_PROBE_BYTES ? n : P2A_PROBE_BYTES, narrowed);
        at = narrowed;
    } else if (p2a_str_starts(probe->start, "\xEF\xBB\xBF")) {
        at += 3, n -= 3;
    }
    struct walk w;
    memset(&w, 0, offsetof(struct walk, j) + offsetof(struct p2a_json, open));
    w.j.base = w.j.at = at;
    w.j.end = at + n;
    w.j.first = true;
    w.wanted = path;
    w.path[0] = '\0';
    w.text = text;
    w.room = room;
    if (text)
        text[0] = '\0';
    enum p2a_json_kind kind = P2A_JSON_NONE;
    for (pass_value(&w); kind == P2A_JSON_NONE && next_value(&w);) {
        if (strcmp(w.path, path) == 0)
            kind = found_value(&w);
        if (kind == P2A_JSON_NONE)
            pass_value(&w);
    }
    p2a_json_stop(&w.j);
    return kind;
}

bool p2a_json_has(const struct p2a_probe *probe, const char *path, enum p2a_json_kind kind)
{
    return p2a_json_probe(probe, path, NULL, 0) == kind;
}
