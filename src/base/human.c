#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"

const char *p2a_human_count(char text[P2A_HUMAN_ROOM], uint64_t count)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *to = text;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

/* Three digits of a value below 1000, without zeros that say nothing: "1.2", "45.6", "789". */
static void three_digits(char text[P2A_HUMAN_ROOM], double value)
{
    double size = fabs(value);
    snprintf(text, P2A_HUMAN_ROOM, "%.*f", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, value);
    char *end = text + strlen(text);
    if (strchr(text, '.'))
        while (end[-1] == '0' || end[-1] == '.') {
            bool point = end[-1] == '.';
            *--end = '\0';
            if (point)
                break;
        }
}

static void with_unit(char text[P2A_HUMAN_ROOM], double value, const char *unit)
{
    three_digits(text, value);
    size_t n = strlen(text);
    snprintf(text + n, P2A_HUMAN_ROOM - n, " %s", unit);
}

static void seconds(char text[P2A_HUMAN_ROOM], double value)
{
    double size = fabs(value);
    if (size >= 3600)
        snprintf(text, P2A_HUMAN_ROOM, "%.0f h %.0f min",
                 trunc(value / 60) < 0 ? ceil(value / 3600) : floor(value / 3600),
                 floor(fmod(size, 3600) / 60));
    else if (size >= 599.5)
        snprintf(text, P2A_HUMAN_ROOM, "%s%.0f min %.0f s", value < 0 ? "-" : "", floor(size / 60),
                 floor(fmod(size, 60)));
    else if (size >= 0.9995)
        with_unit(text, value, "s");
    else if (size >= 0.9995e-3)
        with_unit(text, value * 1e3, "ms");
    else if (size >= 0.9995e-6)
        with_unit(text, value * 1e6, "\xC2\xB5s");
    else
        with_unit(text, value * 1e9, "ns");
}

static void bytes(char text[P2A_HUMAN_ROOM], double value)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t i = 0;
    for (; fabs(value) >= 999.5 && i < sizeof units / sizeof *units - 1; i++)
        value /= 1024;
    with_unit(text, value, units[i]);
}

struct p2a_str p2a_human_word(const char *figure, struct p2a_str word)
{
    static const char *const plurals[] = {"samples", "allocations", "objects", "contentions",
                                          "hits"};
    for (size_t i = 0; i < sizeof plurals / sizeof *plurals && strcmp(figure, "1") == 0; i++)
        if (p2a_str_is(word, plurals[i]))
            return (struct p2a_str){word.at, word.n - 1};
    return word;
}

/* Where there is room for it. */
static void add_word(char text[P2A_HUMAN_ROOM], struct p2a_str word)
{
    size_t n = strlen(text);
    word = p2a_human_word(text, word);
    if (word.n && word.n < P2A_HUMAN_ROOM - n - 2)
        snprintf(text + n, P2A_HUMAN_ROOM - n, " %.*s", (int)word.n, word.at);
}

static void counted(char text[P2A_HUMAN_ROOM], double value, struct p2a_str word)
{
    double size = fabs(value);
    text[0] = '-';
    if (size >= 1e15)
        snprintf(text, P2A_HUMAN_ROOM, "%.3g", value);
    else if (size < 100 && size > floor(size))
        three_digits(text, value);
    else
        p2a_human_count(text + (value < 0), (uint64_t)(size + 0.5));
    add_word(text, word);
}

const char *p2a_human(char text[P2A_HUMAN_ROOM], double value, struct p2a_str unit,
                      struct p2a_str word)
{
    if (value - value != 0)
        value = 0;
    if (p2a_str_is(unit, "seconds"))
        seconds(text, value);
    else if (p2a_str_is(unit, "bytes"))
        bytes(text, value);
    else
        counted(text, value, word);
    return text;
}

const char *p2a_human_brief(char text[P2A_HUMAN_ROOM], double count)
{
    static const char *const names[] = {"k", "M", "G", "T", "P", "E"};
    size_t i = 0;
    if (!(fabs(count) >= 9999.5))
        return p2a_human(text, count, P2A_LIT("count"), P2A_LIT(""));
    for (count /= 1000; fabs(count) >= 999.5 && i + 1 < sizeof names / sizeof *names; i++)
        count /= 1000;
    snprintf(text, P2A_HUMAN_ROOM, "%.*f %s",
             fabs(count) < 9.995   ? 2
             : fabs(count) < 99.95 ? 1
                                   : 0,
             count, names[i]);
    return text;
}

const char *p2a_human_share(char text[P2A_HUMAN_ROOM], double part, double whole)
{
    double share = whole > 0 && part > 0 ? part / whole * 100 : 0;
    if (!(share < 100))
        share = 100;
    if (share > 0 && share < 0.005)
        return strcpy(text, "<0.01 %");
    three_digits(text, share);
    return strcat(text, " %");
}

const char *p2a_human_figure(char text[P2A_HUMAN_ROOM], double value, struct p2a_str unit,
                             struct p2a_str word)
{
    if (isnan(value))
        return strcpy(text, "nan");
    if (isinf(value))
        return strcpy(text, value < 0 ? "-inf" : "inf");
    if (fabs(value) < 1e12)
        return p2a_human(text, value, unit, word);
    snprintf(text, P2A_HUMAN_ROOM, "%.3g", value);
    add_word(text, p2a_str_is(unit, "seconds") ? P2A_LIT("s")
                   : p2a_str_is(unit, "bytes") ? P2A_LIT("B")
                                               : word);
    return text;
}

const char *p2a_human_rest(char text[P2A_HUMAN_ROOM], double part, double whole, double scale,
                           struct p2a_str unit)
{
    double rounding = 1e-9 * fabs(whole);
    if (part >= -rounding && part <= whole + rounding)
        return p2a_human_share(text, part, whole);
    return p2a_human_figure(text, part * scale, unit, P2A_LIT(""));
}

const char *p2a_human_percent(char text[P2A_HUMAN_ROOM], double part, double whole)
{
    double share = part / whole * 100;
    if (!(whole > 0) || !isfinite(whole) || !isfinite(part))
        return strcpy(text, "-");
    if (fabs(share) >= 999.95)
        return strcpy(text, share < 0 ? "<-999%" : ">999%");
    snprintf(text, P2A_HUMAN_ROOM, "%.1f%%", fabs(share) < 0.05 ? 0 : share);
    return text;
}

const char *p2a_human_sign(double change, const char *size)
{
    bool nothing = size[0] == '0' && size[1] != '.';
    return nothing ? "" : change > 0 ? "+" : change < 0 ? "-" : "";
}

const char *p2a_human_change(char text[P2A_HUMAN_ROOM], double change, struct p2a_str unit,
                             struct p2a_str word)
{
    char size[P2A_HUMAN_ROOM];
    p2a_human_figure(size, fabs(change), unit, word);
    snprintf(text, P2A_HUMAN_ROOM, "%s%.*s", p2a_human_sign(change, size), P2A_HUMAN_ROOM - 2,
             size);
    return text;
}

const char *p2a_human_ratio(char text[P2A_HUMAN_ROOM], double before, double after)
{
    double change = (after - before) / before * 100;
    if (!(before > 0))
        return strcpy(text, after > 0 ? "new" : "");
    if (!(after > 0))
        return strcpy(text, "gone");
    if (!isfinite(change))
        return strcpy(text, "");
    if (change >= 900) {
        snprintf(text, P2A_HUMAN_ROOM, "%.3g times", after / before);
        return text;
    }
    if (fabs(change) < 0.05)
        return strcpy(text, "0 %");
    snprintf(text, P2A_HUMAN_ROOM, "%+.*f", fabs(change) < 99.95 ? 1 : 0, change);
    size_t n = strlen(text);
    if (n > 2 && strcmp(text + n - 2, ".0") == 0)
        text[n - 2] = '\0';
    return strcat(text, " %");
}

const char *p2a_human_and_ratio(char text[P2A_HUMAN_ROOM], double before, double after)
{
    char ratio[P2A_HUMAN_ROOM];
    p2a_human_ratio(ratio, before, after);
    snprintf(text, P2A_HUMAN_ROOM, "%s%.*s", *ratio ? ", " : "", P2A_HUMAN_ROOM - 3, ratio);
    return text;
}
