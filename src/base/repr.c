#include "base/repr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"

size_t p2a_repr_escape(char *text, uint32_t c)
{
    static const char letters[] = "\t\n\r", names[] = "tnr";
    const char *letter = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
    int n;
    if (letter)
        n = snprintf(text, 11, "\\%c", names[letter - letters]);
    else if (c <= 0xFF)
        n = snprintf(text, 11, "\\x%02x", (unsigned)c);
    else
        n = snprintf(text, 11, c <= 0xFFFF ? "\\u%04x" : "\\U%08x", (unsigned)c);
    return (size_t)n;
}

/* str.isprintable: neither Other nor Separator, but the space. */
struct printable {
    pcre2_code *re;
    pcre2_match_data *data;
};

static bool printable_start(struct printable *printable)
{
    int code;
    size_t where;
    printable->re = pcre2_compile((PCRE2_SPTR) "[\\p{C}\\p{Z}]", PCRE2_ZERO_TERMINATED, PCRE2_UTF,
                                  &code, &where, NULL);
    printable->data = pcre2_match_data_create(1, NULL);
    return printable->re && printable->data;
}

static bool is_printable(const struct printable *printable, struct p2a_str character)
{
    unsigned char first = (unsigned char)character.at[0];
    if (first < 0x80)
        return first >= ' ' && first != 0x7F;
    return pcre2_match(printable->re, (PCRE2_SPTR)character.at, character.n, 0, 0, printable->data,
                       NULL) == PCRE2_ERROR_NOMATCH;
}

static bool add_character(struct p2a_buffer *buffer, const struct printable *printable,
                          struct p2a_str character, uint32_t c, char quote)
{
    char escape[11];
    bool broken = c == 0xFFFD && character.n == 1;
    if (broken)
        c = 0xDC00u | (unsigned char)character.at[0];
    else if (c == (unsigned char)quote || c == '\\')
        return p2a_buffer_add(buffer, "\\", 1) && p2a_buffer_add(buffer, character.at, 1);
    else if (is_printable(printable, character))
        return p2a_buffer_add(buffer, character.at, character.n);
    return p2a_buffer_add(buffer, escape, p2a_repr_escape(escape, c));
}

bool p2a_repr_text(struct p2a_buffer *buffer, struct p2a_str text)
{
    bool single = text.n && memchr(text.at, '\'', text.n);
    char quote = single && !memchr(text.at, '"', text.n) ? '"' : '\'';
    struct printable printable;
    bool ok = printable_start(&printable) && p2a_buffer_add(buffer, &quote, 1);
    while (ok && text.n) {
        struct p2a_str character = text;
        uint32_t c = p2a_utf8_next(&text);
        character.n -= text.n;
        ok = add_character(buffer, &printable, character, c, quote);
    }
    pcre2_match_data_free(printable.data);
    pcre2_code_free(printable.re);
    return ok && p2a_buffer_add(buffer, &quote, 1);
}

bool p2a_repr_double(struct p2a_buffer *buffer, double value)
{
    char text[40];
    int digits = 1, n;
    do
        n = snprintf(text, sizeof text, "%.*e", digits - 1, value);
    while (strtod(text, NULL) != value && ++digits <= 17); /* NOLINT: equal is meant */
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent >= -4 && exponent < 16) {
        int decimals = digits - 1 - exponent;
        n = snprintf(text, sizeof text, "%.*f", decimals > 1 ? decimals : 1, value);
    }
    return p2a_buffer_add(buffer, text, (size_t)n);
}
