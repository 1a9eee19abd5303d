#include "codec/json_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void before_value(struct p2a_json_writer *w)
{
    if (w->comma)
        p2a_put(w->out, ",", 1);
    w->comma = true;
}

void p2a_json_begin(struct p2a_json_writer *w, char bracket)
{
    before_value(w);
    p2a_put(w->out, &bracket, 1);
    w->comma = false;
}

void p2a_json_end(struct p2a_json_writer *w, char bracket)
{
    p2a_put(w->out, &bracket, 1);
    w->comma = true;
}

void p2a_json_line(struct p2a_json_writer *w)
{
    if (w->comma)
        p2a_put(w->out, ",", 1);
    p2a_put(w->out, "\n", 1);
    w->comma = false;
}

/* ---- text ---- */

enum { ESCAPE = 8 };

/* What must stand in place of the code point C; "" for itself. */
static struct p2a_str escape(uint32_t c, char made[ESCAPE])
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = c && c < 0x80 ? strchr(from, (int)c) : NULL;
    if (found) {
        made[0] = '\\';
        made[1] = to[found - from];
        return (struct p2a_str){made, 2};
    }
    if (c == 0xFFFD)
        return P2A_LIT("\xEF\xBF\xBD");
    if (c >= ' ' && c != 0x7F && c != 0x2028 && c != 0x2029)
        return P2A_LIT("");
    int n = snprintf(made, ESCAPE, "\\u%04x", (unsigned)c);
    return (struct p2a_str){made, (size_t)n};
}

/* Most text is ASCII that stands for itself. */
static void skip_ascii(struct p2a_str *s)
{
    while (s->n && *s->at >= ' ' && *s->at < 0x7F && *s->at != '"' && *s->at != '\\') {
        s->at++;
        s->n--;
    }
}

/* Takes the longest start of *s that can be written as it is; the escape of what follows goes to
 * *instead. */
static struct p2a_str take_plain(struct p2a_str *s, struct p2a_str *instead, char made[ESCAPE])
{
    const char *start = s->at;
    *instead = P2A_LIT("");
    for (skip_ascii(s); s->n; skip_ascii(s)) {
        const char *at = s->at;
        *instead = escape(p2a_utf8_next(s), made);
        if (instead->n)
            return (struct p2a_str){start, (size_t)(at - start)};
    }
    return (struct p2a_str){start, (size_t)(s->at - start)};
}

static void put_quoted(struct p2a_out *out, struct p2a_str text)
{
    char made[ESCAPE];
    p2a_put(out, "\"", 1);
    while (text.n) {
        struct p2a_str instead, plain = take_plain(&text, &instead, made);
        p2a_put_str(out, plain);
        p2a_put_str(out, instead);
    }
    p2a_put(out, "\"", 1);
}

bool p2a_json_quote(struct p2a_buffer *buffer, struct p2a_str text)
{
    char made[ESCAPE];
    bool done = p2a_buffer_add(buffer, "\"", 1);
    while (done && text.n) {
        struct p2a_str instead, plain = take_plain(&text, &instead, made);
        done = p2a_buffer_add(buffer, plain.at, plain.n) &&
               p2a_buffer_add(buffer, instead.at, instead.n);
    }
    return done && p2a_buffer_add(buffer, "\"", 1);
}

/* Short text that stands for itself goes out in one piece, with the comma before it and the colon
 * behind a name. */
static bool put_short(struct p2a_json_writer *w, struct p2a_str text, bool name)
{
    enum { SHORT = 60 };
    struct p2a_str rest = text;
    skip_ascii(&rest);
    if (rest.n || text.n > SHORT)
        return false;
    char *at = p2a_begin_text(w->out, SHORT + 4);
    if (w->comma)
        *at++ = ',';
    *at++ = '"';
    if (text.n)
        memcpy(at, text.at, text.n);
    at += text.n;
    *at++ = '"';
    if (name)
        *at++ = ':';
    p2a_end_text(w->out, at);
    w->comma = !name;
    return true;
}

void p2a_json_name_str(struct p2a_json_writer *w, struct p2a_str name)
{
    if (put_short(w, name, true))
        return;
    p2a_json_str(w, name);
    p2a_put(w->out, ":", 1);
    w->comma = false;
}

void p2a_json_name(struct p2a_json_writer *w, const char *name)
{
    p2a_json_name_str(w, p2a_str_of(name));
}

void p2a_json_str(struct p2a_json_writer *w, struct p2a_str text)
{
    if (put_short(w, text, false))
        return;
    before_value(w);
    put_quoted(w->out, text);
}

void p2a_json_text(struct p2a_json_writer *w, const char *text)
{
    p2a_json_str(w, p2a_str_of(text));
}

/* ---- numbers ---- */

static void put_whole(struct p2a_json_writer *w, bool negative, uint64_t value)
{
    char *at = p2a_begin_text(w->out, 2 + P2A_DIGITS);
    if (w->comma)
        *at++ = ',';
    if (negative)
        *at++ = '-';
    p2a_end_text(w->out, p2a_digits(at, value));
    w->comma = true;
}

void p2a_json_u64(struct p2a_json_writer *w, uint64_t value)
{
    put_whole(w, false, value);
}

void p2a_json_i64(struct p2a_json_writer *w, int64_t value)
{
    put_whole(w, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* A program that set a locale may have another decimal point. */
static void mend_point(char *text)
{
    for (; *text; text++)
        if (*text == ',')
            *text = '.';
}

static bool is_whole(double value)
{
    return fabs(value) < 0x1p53 && value == floor(value);
}

size_t p2a_json_spell(double value, char text[P2A_JSON_NUMBER_ROOM])
{
    int n;
    if (is_whole(value)) {
        char *at = text;
        if (value < 0)
            *at++ = '-';
        at = p2a_digits(at, (uint64_t)fabs(value));
        *at = '\0';
        return (size_t)(at - text);
    }
    for (int digits = 15;; digits++) {
        double again;
        n = snprintf(text, P2A_JSON_NUMBER_ROOM, "%.*g", digits, value);
        mend_point(text);
        if (digits == 17 ||
            (p2a_str_double((struct p2a_str){text, (size_t)n}, &again) && again == value))
            return (size_t)n;
    }
}

void p2a_json_double(struct p2a_json_writer *w, double value)
{
    char text[P2A_JSON_NUMBER_ROOM];
    if (!isfinite(value)) {
        p2a_json_null(w);
    } else if (is_whole(value)) {
        put_whole(w, value < 0, (uint64_t)fabs(value));
    } else {
        before_value(w);
        p2a_put(w->out, text, p2a_json_spell(value, text));
    }
}

void p2a_json_truth(struct p2a_json_writer *w, bool value)
{
    before_value(w);
    p2a_put_text(w->out, value ? "true" : "false");
}

void p2a_json_null(struct p2a_json_writer *w)
{
    before_value(w);
    p2a_put_text(w->out, "null");
}

void p2a_json_raw(struct p2a_json_writer *w, struct p2a_str value)
{
    before_value(w);
    p2a_put_str(w->out, value);
}
