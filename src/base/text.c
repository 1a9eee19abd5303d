/* The string helpers of format.h. */
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

struct p2a_str p2a_str_of(const char *text)
{
    return text ? (struct p2a_str){text, strlen(text)} : P2A_LIT("");
}

bool p2a_str_is(struct p2a_str s, const char *text)
{
    size_t n = strlen(text);
    return s.n == n && memcmp(s.at, text, n) == 0;
}

bool p2a_str_starts(struct p2a_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && memcmp(s.at, prefix, n) == 0;
}

bool p2a_str_ends(struct p2a_str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.n >= n && memcmp(s.at + s.n - n, suffix, n) == 0;
}

int p2a_str_compare(struct p2a_str a, struct p2a_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool p2a_str_cut(struct p2a_str s, char c, struct p2a_str *head, struct p2a_str *tail)
{
    const char *found = s.n ? memchr(s.at, c, s.n) : NULL;
    if (!found) {
        *head = s;
        *tail = P2A_LIT("");
        return false;
    }
    size_t n = (size_t)(found - s.at);
    *head = (struct p2a_str){s.at, n};
    *tail = (struct p2a_str){found + 1, s.n - n - 1};
    return true;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct p2a_str p2a_str_trim(struct p2a_str s)
{
    while (s.n && blank(s.at[0]))
        s.at++, s.n--;
    while (s.n && blank(s.at[s.n - 1]))
        s.n--;
    return s;
}

struct p2a_str p2a_str_word(struct p2a_str *rest)
{
    struct p2a_str word = p2a_str_trim(*rest);
    size_t n = 0;
    while (n < word.n && !blank(word.at[n]))
        n++;
    *rest = (struct p2a_str){word.at + n, word.n - n};
    word.n = n;
    return word;
}

struct p2a_str p2a_str_base(struct p2a_str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.at[i - 1] == '/' || path.at[i - 1] == '\\')
            return (struct p2a_str){path.at + i, path.n - i};
    return path;
}

bool p2a_str_u64(struct p2a_str s, uint64_t *value)
{
    uint64_t v = 0;
    if (!s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(unsigned char)s.at[i] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

/* strtod wants a NUL and takes hexadecimal, "inf" and "nan"; those aren't numbers here. The decimal
 * point is a point: the library never changes the locale, and a program that did gets a refusal. */
bool p2a_str_double(struct p2a_str s, double *value)
{
    char text[64], *end;
    if (!s.n || s.n >= sizeof text)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789+-.eE", s.at[i]) || !s.at[i])
            return false;
    memcpy(text, s.at, s.n);
    text[s.n] = '\0';
    double v = strtod(text, &end);
    if (*end || v - v != 0)
        return false;
    *value = v;
    return true;
}

bool p2a_buffer_add(struct p2a_buffer *buffer, const void *bytes, size_t n)
{
    if (n >= SIZE_MAX / 4 - buffer->n)
        return !(buffer->failed = true);
    if (buffer->n + n >= buffer->room) {
        size_t room = (buffer->n + n + 1) * 2;
        char *at = realloc(buffer->at, room);
        if (!at)
            return !(buffer->failed = true);
        buffer->at = at;
        buffer->room = room;
    }
    if (n)
        memcpy(buffer->at + buffer->n, bytes, n);
    buffer->n += n;
    buffer->at[buffer->n] = '\0';
    return true;
}

void p2a_buffer_free(struct p2a_buffer *buffer)
{
    free(buffer->at);
    *buffer = (struct p2a_buffer){0};
}
