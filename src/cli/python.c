#include "python.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool python_space(char c)
{
    return (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= ' ');
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits with single underscores between them go to *TO; how many bytes of WORD they take. */
static size_t digits(const char *word, char **to)
{
    size_t n = 0;
    while (digit(word[n]) || (n && word[n] == '_' && digit(word[n - 1]) && digit(word[n + 1]))) {
        if (digit(word[n]))
            *(*to)++ = word[n];
        n++;
    }
    return n;
}

bool python_int(const char *word, long long *value)
{
    static const char SPACE[] = " \t\n\v\f\r";
    char *plain = malloc(strlen(word) + 1), *to = plain;
    if (!plain)
        return false;
    const char *at = word + strspn(word, SPACE);
    if (*at == '+' || *at == '-')
        *to++ = *at++;
    size_t n = digits(at, &to);
    *to = '\0';
    if (n)
        *value = strtoll(plain, NULL, 10);
    free(plain);
    return n && !at[n + strspn(at + n, SPACE)];
}

static bool is_word(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0)
            return true;
    return false;
}

/* digits [. digits] [e [sign] digits], with digits on one side of the point at least */
static bool plain_float(const char *at, char *to)
{
    size_t whole = digits(at, &to), part = 0;
    at += whole;
    if (*at == '.') {
        *to++ = *at++;
        part = digits(at, &to);
        at += part;
    }
    if (!whole && !part)
        return false;
    if (*at == 'e' || *at == 'E') {
        *to++ = *at++;
        if (*at == '+' || *at == '-')
            *to++ = *at++;
        size_t n = digits(at, &to);
        if (!n)
            return false;
        at += n;
    }
    *to = '\0';
    return !*at;
}

bool python_float(const char *word, double *value)
{
    static const char *const endless[] = {"inf", "infinity", NULL}, *const none[] = {"nan", NULL};
    bool minus = *word == '-';
    const char *at = word + (*word == '+' || minus);
    char *plain = malloc(strlen(word) + 1);
    bool is = false;
    if (plain && is_word(at, endless))
        is = true, *value = INFINITY;
    else if (plain && is_word(at, none))
        is = true, *value = NAN;
    else if (plain && plain_float(at, plain))
        is = true, *value = strtod(plain, NULL);
    if (is && minus)
        *value = -*value;
    free(plain);
    return is;
}

char *python_float_repr(char text[PYTHON_FLOAT_ROOM], double value)
{
    int digits = 1;
    do
        snprintf(text, PYTHON_FLOAT_ROOM, "%.*e", digits - 1, value);
    while (digits++ < 17 && strtod(text, NULL) != value);
    const char *e = strchr(text, 'e');
    long exponent = e ? strtol(e + 1, NULL, 10) : 0;
    int after = digits - 2 - (int)exponent; /* of the point */
    if (e && exponent >= -4 && exponent < 16)
        snprintf(text, PYTHON_FLOAT_ROOM, "%.*f", after > 1 ? after : 1, value);
    return text;
}

/* The length of the UTF-8 sequence at TEXT, 0 where it is none. */
static size_t sequence(const unsigned char *text)
{
    static const unsigned char second[][3] = {/* first byte; second from, to */
                                              {0xe0, 0xa0, 0xbf},
                                              {0xed, 0x80, 0x9f},
                                              {0xf0, 0x90, 0xbf},
                                              {0xf4, 0x80, 0x8f}};
    unsigned char c = text[0], from = 0x80, to = 0xbf;
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    for (size_t i = 0; i < sizeof second / sizeof *second; i++)
        if (second[i][0] == c)
            from = second[i][1], to = second[i][2];
    if (n > 1 && (text[1] < from || text[1] > to))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* One byte below 0x80 as repr shows it between quotes of kind QUOTE; returns the end. */
static char *put_ascii(char *to, unsigned char c, char quote)
{
    static const char *const named[] = {"\tt", "\nn", "\rr", "\\\\"};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i][0] == (char)c) {
            *to++ = '\\';
            *to++ = named[i][1];
            return to;
        }
    if (c < ' ' || c == 0x7f)
        return to + sprintf(to, "\\x%02x", c);
    if (c == (unsigned char)quote)
        *to++ = '\\';
    *to++ = (char)c;
    return to;
}

char *python_repr(const char *text)
{
    char *repr = malloc(strlen(text) * 6 + 3), *to = repr;
    char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
    if (!repr)
        return NULL;
    *to++ = quote;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t n = sequence(at);
        if (n == 1)
            to = put_ascii(to, *at, quote);
        else if (n)
            memcpy(to, at, n), to += n;
        else
            to += sprintf(to, "\\udc%02x", *at);
        at += n ? n : 1;
    }
    *to++ = quote;
    *to = '\0';
    return repr;
}
