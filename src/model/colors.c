#include "model/colors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/pattern.h"

/* Names with their hues in degrees. */
static const struct {
    const char *name;
    double hue; /* less than 0: grey */
} names[] = {{"red", 25},      {"orange", 60}, {"yellow", 100}, {"lime", 125},   {"green", 145},
             {"teal", 180},    {"aqua", 200},  {"blue", 255},   {"indigo", 280}, {"purple", 310},
             {"magenta", 330}, {"pink", 355},  {"grey", -1},    {"gray", -1}};

static unsigned step(double degrees)
{
    return (unsigned)(fmod(degrees + 367.5, 360) / 15) % P2A_HUES;
}

static double linear(unsigned channel)
{
    double v = channel / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* The hue of an sRGB colour in OKLab; what has next to no chroma is grey. */
static unsigned hue_of(unsigned rgb)
{
    double r = linear(rgb >> 16), g = linear(rgb >> 8 & 255), b = linear(rgb & 255);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    double across = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    double along = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
    if (hypot(across, along) < 0.02)
        return P2A_GREY;
    return step(atan2(along, across) * 180 / 3.14159265358979323846);
}

static bool read_color(const char *color, unsigned *hue)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, color) == 0) {
            *hue = names[i].hue < 0 ? (unsigned)P2A_GREY : step(names[i].hue);
            return true;
        }
    if (color[0] != '#' || strlen(color) != 7 || strspn(color + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    *hue = hue_of((unsigned)strtoul(color + 1, NULL, 16));
    return true;
}

static enum p2a_status check_color(const char *color, unsigned *hue, struct p2a_error *error)
{
    if (read_color(color, hue))
        return P2A_OK;
    return p2a_error_set(error, P2A_USAGE,
                         "no colour '%.40s', expected #rrggbb or one of: red orange yellow lime "
                         "green teal aqua blue indigo purple magenta pink grey",
                         color);
}

enum p2a_status p2a_color_check(const char *color, struct p2a_error *error)
{
    unsigned hue;
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    check_color(color, &hue, &ours);
    if (error)
        *error = ours;
    return ours.status;
}

enum p2a_status p2a_coloring_start(struct p2a_coloring *c, const struct p2a_profile *p,
                                   const struct p2a_color *rules, size_t n, struct p2a_error *error)
{
    *c = (struct p2a_coloring){.rule = rules, .n = n, .function_n = p->functions.n};
    if (n > 255)
        return p2a_error_set(error, P2A_USAGE, "%zu rules for colours, expected 255 at most", n);
    c->hue = calloc(n + 1, 1);
    c->rule_of = calloc((size_t)c->function_n + 1, 1);
    if (!c->hue || !c->rule_of)
        return p2a_error_memory(error);
    for (size_t i = 0; i < n; i++) {
        unsigned hue = 0;
        unsigned char *matched = NULL;
        if (check_color(rules[i].color, &hue, error) == P2A_OK)
            matched = p2a_pattern_functions(p, "colors", rules[i].pattern, error);
        c->hue[i] = (unsigned char)hue;
        for (uint32_t f = 0; matched && f < c->function_n; f++)
            if (matched[f] && !c->rule_of[f])
                c->rule_of[f] = (unsigned char)(i + 1);
        free(matched);
        if (error->status != P2A_OK)
            return error->status;
    }
    return P2A_OK;
}

void p2a_coloring_end(struct p2a_coloring *c)
{
    free(c->hue);
    free(c->rule_of);
}
