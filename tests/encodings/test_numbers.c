/* In every sample that is text, one number after the other becomes one that is too large, too small
 * or negative: the file is read with a whole that is a number, or refused in a sentence that names
 * the place. */
#include <ctype.h>
#include <math.h>

#include "samples.h"

enum { NUMBERS = 120 }; /* of a sample */

static void try_number(const struct p2a_format *format, struct bytes text)
{
    struct p2a_load_options options = {.format = format->name};
    struct p2a_profile *p;
    struct p2a_error error;
    cases++;
    if (p2a_load_memory(text.at, text.n, "", &options, &p, &error) != P2A_OK) {
        if (error.status != P2A_INPUT || !is_sentence(error.message))
            fail("not refused in a sentence", error.message);
        else if (error.place_kind == P2A_NOWHERE && !strstr(error.message, " at row "))
            fail("no place", error.message);
        return;
    }
    if (p2a_check(p, &error) != P2A_OK)
        fail("invariant", error.message);
    for (size_t m = 0; m < p2a_metric_count(p); m++)
        if (!isfinite(p2a_metric_total(p, m)))
            fail("the whole is no number", p2a_metric_name(p, m));
    p2a_free(p);
}

static void replace(const struct p2a_format *format, struct bytes text, size_t at, size_t end)
{
    static const char *const numbers[] = {"18446744073709551616",
                                          "9223372036854775808",
                                          "1e400",
                                          "-1",
                                          "-9223372036854775809",
                                          "99999999999999999999999999999999",
                                          "1e300"};
    char name[600];
    snprintf(name, sizeof name, "%.500s", now);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t n = strlen(numbers[i]);
        struct bytes changed = {malloc(text.n + n), at};
        memcpy(changed.at, text.at, at);
        memcpy(changed.at + at, numbers[i], n);
        memcpy(changed.at + at + n, text.at + end, text.n - end);
        changed.n = at + n + text.n - end;
        snprintf(now, sizeof now, "%s with %s at byte %zu", name, numbers[i], at);
        try_number(format, changed);
        free(changed.at);
    }
    snprintf(now, sizeof now, "%s", name);
}

static void try_sample(const struct p2a_format *format, struct bytes text)
{
    size_t n = 0, k = 0;
    if (!is_text(text))
        return;
    for (size_t i = 0; i < text.n; i++)
        n += isdigit((unsigned char)text.at[i]) && !(i && isalnum((unsigned char)text.at[i - 1]));
    size_t step = n > NUMBERS ? n / NUMBERS + 1 : 1;
    for (size_t i = 0; i < text.n; i++) {
        size_t end = i;
        if (!isdigit((unsigned char)text.at[i]) || (i && isalnum((unsigned char)text.at[i - 1])))
            continue;
        while (end < text.n && strchr("0123456789.", text.at[end]))
            end++;
        if (k++ % step == 0 || k < 20)
            replace(format, text, i, end);
    }
}

int main(void)
{
    each_sample(try_sample);
    return summary(10000);
}
