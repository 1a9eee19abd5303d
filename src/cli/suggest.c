#include "suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "prof2any/format.h"

enum { LONGEST = 40 }; /* longer words aren't compared */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters inserted, left out, changed, or swapped with their neighbour make B of A.
 *
 *     row[i % 3][j]: between the first i letters of A and the first j of B */
static unsigned edits(const char *a, const char *b)
{
    unsigned row[3][LONGEST + 1];
    size_t n = strlen(a), m = strlen(b);
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *at = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        at[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            bool same = a[i - 1] == b[j - 1];
            at[j] = least(least(at[j - 1], above[j]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                at[j] = least(at[j], before[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

/* Two letters are in each other's place: of all slips the likeliest. */
static bool is_swapped(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a && *b && a[0] == b[1] && a[1] == b[0] && a[0] != a[1] && strcmp(a + 2, b + 2) == 0;
}

/* One edit in three letters is a slip; more is another word. */
void suggest(struct suggestion *s, const char *candidate)
{
    size_t n = strlen(s->word), m = strlen(candidate);
    if (n < 2 || n > LONGEST || m > LONGEST)
        return;
    unsigned away = edits(s->word, candidate);
    if (away > (n > m ? n : m) / 3)
        return;
    bool nearer =
        !s->found || away < s->away || (away == s->away && is_swapped(s->word, candidate));
    if (!nearer)
        return;
    s->found = candidate;
    s->away = away;
}

char *suggestion_text(const struct suggestion *s, const char *prefix, char *text, size_t size)
{
    text[0] = '\0';
    if (s->found)
        snprintf(text, size, ", did you mean %s%s?", prefix, s->found);
    return text;
}

char *suggest_format(const char *word, bool read, bool written, char *text, size_t size)
{
    struct suggestion s = {.word = word};
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        if (!(read && format->read) && !(written && format->write))
            continue;
        suggest(&s, format->name);
        for (const char *const *alias = format->aliases; alias && *alias; alias++)
            suggest(&s, *alias);
    }
    return suggestion_text(&s, "", text, size);
}
