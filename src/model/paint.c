/* Paints are numbered:
 *     0, 1                    the whole; markers
 *     2 + 36 c + 3 h + s      module colours: category c, hue h of its HUES, strength s of 3
 *     PALETTE + 8 k + i       palette k, shade i of 8
 *     CHANGE + step           how much has changed, step from -5 to 5
 *     CHOSEN + 3 h + s        a hue that the project chose, of P2A_HUES, or grey
 * Colours are mixed in OKLCH, where equal steps look equal: lightness 0 to 1, chroma, hue in
 * degrees. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/paint.h"

enum category { OWN, INSTALLED, LIBRARY, BUILTIN, KERNEL, INLINED, JIT, MODULE, PLAIN, CATEGORIES };
enum { HUES = 12, STRENGTHS = 3, SHADES = 8, FIRST = 2 };
enum { PALETTE = FIRST + CATEGORIES * HUES * STRENGTHS, STEPS = P2A_CHANGE_STEPS };

static const struct {
    char letter;
    const char *meaning; /* NULL: the module's name */
    double from, to;     /* hues in degrees, in so many steps */
    unsigned steps;
    double chroma;
} categories[] = {
    [OWN] = {'o', "own code", 45, 82, 4, 1.15},
    [INSTALLED] = {'p', "installed packages", 140, 168, 4, 1},
    [LIBRARY] = {'s', "standard library", 222, 268, 5, 0.9},
    [BUILTIN] = {'b', "built-in", 315, 315, 1, 0.45},
    [KERNEL] = {'k', "kernel", 25, 25, 1, 1},
    [INLINED] = {'i', "inlined", 195, 195, 1, 0.8},
    [JIT] = {'j', "just in time", 130, 130, 1, 1},
    [MODULE] = {'m', NULL, 20, 350, HUES, 0.95},
    [PLAIN] = {'u', "", 42, 98, 6, 0.95},
};

static const struct {
    const char *name;
    char letter;
    double from, to, chroma;
} palettes[] = {
    {"hot", 'H', 25, 95, 0.15},      {"mem", 'M', 165, 140, 0.12},  {"io", 'I', 285, 250, 0.09},
    {"wakeup", 'W', 215, 190, 0.09}, {"red", 'R', 22, 30, 0.13},    {"green", 'G', 148, 135, 0.14},
    {"blue", 'B', 262, 240, 0.10},   {"aqua", 'A', 200, 190, 0.09}, {"yellow", 'Y', 98, 104, 0.13},
    {"purple", 'P', 322, 305, 0.12}, {"orange", 'O', 55, 68, 0.13},
};

enum { CHANGE = PALETTE + (int)(sizeof palettes / sizeof *palettes) * SHADES + STEPS };
enum { CHOSEN = CHANGE + STEPS + 1 };
_Static_assert(CHOSEN + (P2A_GREY + 1) * STRENGTHS <= P2A_PAINTS, "paints are numbers below");

/* What a step is from on, of the larger side; what is all of it is new or gone. */
static const double step_from[STEPS + 1] = {0, 0.02, 1 / 11., 0.2, 0.5, 1}; /* +2, 10, 25, 100 % */
static const double CHANGE_OF_WHOLE = 0.001; /* what is less isn't coloured */

static unsigned palette_named(const char *name)
{
    unsigned k = 0;
    while (k < sizeof palettes / sizeof *palettes - 1 && strcmp(palettes[k].name, name) != 0)
        k++;
    return k;
}

/* FNV-1a */
static uint32_t hash(struct p2a_str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.at[i]) * 16777619u;
    return h ^ h >> 15;
}

/* ---- where a function comes from ---- */

static bool contains(struct p2a_str s, const char *word)
{
    return s.n && memmem(s.at, s.n, word, strlen(word));
}

/* Whether the path goes through "python3.11/", "python311.zip" or "Python311\Lib\". */
static bool under_python(struct p2a_str path)
{
    for (size_t i = 0; i + 8 < path.n; i++) {
        if (memcmp(path.at + i, "ython", 5) != 0 || !isdigit((unsigned char)path.at[i + 5]))
            continue;
        size_t end = i + 5;
        while (end < path.n && (isdigit((unsigned char)path.at[end]) || path.at[end] == '.'))
            end++;
        if (end < path.n && (path.at[end] == '/' || path.at[end] == '\\' || path.at[end] == 't' ||
                             path.at[end] == 'z'))
            return true;
    }
    return false;
}

static bool python_file(struct p2a_str file)
{
    return p2a_str_ends(file, ".py") || p2a_str_ends(file, ".pyx") || p2a_str_starts(file, "<");
}

static enum category python_category(const struct p2a_painter *painter, struct p2a_str file)
{
    if (contains(file, "site-packages") || contains(file, "dist-packages"))
        return INSTALLED;
    if (p2a_str_starts(file, "<frozen ") || under_python(file))
        return LIBRARY;
    return painter->directories ? OWN : MODULE;
}

static bool builtin(struct p2a_str name, struct p2a_str file)
{
    return p2a_str_is(file, "~") || p2a_str_starts(name, "<built-in ") ||
           p2a_str_starts(name, "<method '");
}

/* Or its assembler's, which doesn't preprocess: that of others is ".S". */
static bool go_file(struct p2a_str file)
{
    return p2a_str_ends(file, ".go") || p2a_str_ends(file, ".s");
}

/* Of "net/http.(*conn).serve", "net/http". Programs in Go are one object file, whatever is in it.
 */
static struct p2a_str go_package(struct p2a_str name)
{
    size_t slash = 0, end = 0;
    while (end < name.n && name.at[end] && name.at[end] != '(' && name.at[end] != '[')
        end++;
    for (size_t i = 0; i < end; i++)
        if (name.at[i] == '/')
            slash = i;
    while (slash < end && name.at[slash] != '.')
        slash++;
    return slash < end ? (struct p2a_str){name.at, slash} : P2A_LIT("");
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* "std" of "void std::sort", "alloc" of "<alloc::vec::Vec<T> as Extend>::extend". */
static struct p2a_str namespace_of(struct p2a_str name)
{
    const char *colons = name.n ? memmem(name.at, name.n, "::", 2) : NULL, *start = colons;
    if (!colons)
        return P2A_LIT("");
    while (start > name.at && in_word(start[-1]))
        start--;
    start = start < colons ? start : name.at;
    return (struct p2a_str){start, (size_t)(colons - start)};
}

/* The module as far as it is known: Go's package, the object file, the source file, what stands
 * before "`", "!" or the first "::" in the name. */
static struct p2a_str module_of(const struct p2a_profile *p, const struct p2a_function *f)
{
    struct p2a_str name = p2a_string(p, f->name), package, head, tail;
    if (f->kind == P2A_PYTHON && f->file)
        return p2a_str_base(p2a_string(p, f->file));
    if (go_file(p2a_string(p, f->file)) && (package = go_package(name)).n)
        return package;
    if (f->module)
        return p2a_str_base(p2a_string(p, f->module));
    if (f->file)
        return p2a_str_base(p2a_string(p, f->file));
    if (p2a_str_cut(name, '`', &head, &tail) || p2a_str_cut(name, '!', &head, &tail))
        return head;
    return namespace_of(name);
}

/* The category where it isn't told by the module: MODULE. */
static enum category kind_of(const struct p2a_painter *painter, const struct p2a_function *f)
{
    const struct p2a_profile *p = painter->p;
    struct p2a_str file = p2a_string(p, f->file);
    if (f->kind == P2A_KERNEL)
        return KERNEL;
    if (f->kind == P2A_INLINED)
        return INLINED;
    if (f->kind == P2A_JIT)
        return JIT;
    if (f->kind == P2A_BUILTIN || (f->kind != P2A_NATIVE && builtin(p2a_string(p, f->name), file)))
        return BUILTIN;
    if (f->kind == P2A_PYTHON || (f->kind == P2A_UNKNOWN && f->file && python_file(file)))
        return python_category(painter, file);
    return MODULE;
}

/* *module: of one that is coloured by it. */
static enum category category_of(const struct p2a_painter *painter, const struct p2a_function *f,
                                 struct p2a_str *module)
{
    enum category c = kind_of(painter, f);
    if (c != MODULE)
        return c;
    *module = module_of(painter->p, f);
    return module->n ? MODULE : PLAIN;
}

struct p2a_painter p2a_painter_start(const struct p2a_profile *p, const char *palette)
{
    struct p2a_painter painter = {.p = p, .palette = palette};
    for (uint32_t i = 0; i < p->functions.n && !painter.directories; i++) {
        struct p2a_str file = p2a_string(p, p->functions.row[i].file);
        painter.directories =
            python_file(file) && !p2a_str_starts(file, "<") && p2a_str_base(file).n < file.n;
    }
    return painter;
}

/* ---- colours by module ---- */

/* The end of the path that is the same on every machine: two components. */
static struct p2a_str telling_path(struct p2a_str path)
{
    struct p2a_str base = p2a_str_base(path);
    struct p2a_str directory = {path.at, path.n > base.n ? path.n - base.n - 1 : 0};
    size_t n = p2a_str_base(directory).n + 1 + base.n;
    return directory.n ? (struct p2a_str){path.at + path.n - n, n} : base;
}

static unsigned strength_of(double share)
{
    return share >= 0.04 ? 2 : share >= 0.005 ? 1 : 0;
}

unsigned p2a_paint_chosen(const struct p2a_coloring *chosen, unsigned rule, double share)
{
    return CHOSEN + (unsigned)chosen->hue[rule - 1] * STRENGTHS + strength_of(share);
}

static unsigned paint_by_module(const struct p2a_painter *painter, const struct p2a_function *f,
                                double share)
{
    struct p2a_str module;
    enum category c = category_of(painter, f, &module);
    struct p2a_str key = c == MODULE  ? module
                         : c == PLAIN ? p2a_string(painter->p, f->name)
                                      : telling_path(p2a_string(painter->p, f->file));
    unsigned hue = hash(key) % categories[c].steps;
    return FIRST + ((unsigned)c * HUES + hue) * STRENGTHS + strength_of(share);
}

/* ---- palettes by language: the colour says what kind of code it is ---- */

static const char *java_colour(struct p2a_str name, enum p2a_kind kind)
{
    if (kind == P2A_JIT)
        return "green";
    if (contains(name, "::"))
        return "yellow";
    return contains(name, "/") || (contains(name, ".") && !contains(name, ".so")) ? "green" : "red";
}

static const char *js_colour(struct p2a_str name, struct p2a_str file)
{
    if (contains(file, ".js") || contains(name, ".js"))
        return "green";
    if (contains(name, "::"))
        return "yellow";
    return contains(name, ":") ? "aqua" : "red";
}

static const char *perl_colour(struct p2a_str name, struct p2a_str file)
{
    if (contains(file, ".p") || contains(name, "Perl") || contains(name, ".pl"))
        return "green";
    return contains(name, "::") ? "yellow" : "red";
}

static const char *rust_colour(struct p2a_str name)
{
    static const char *const core[] = {
        "std::", "core::", "alloc::", "<std::", "<core::", "<alloc::"};
    for (size_t i = 0; i < sizeof core / sizeof *core; i++)
        if (p2a_str_starts(name, core[i]))
            return "orange";
    return contains(name, "::") ? "aqua" : "yellow";
}

static const char *python_colour(enum category c)
{
    return c == LIBRARY ? "blue" : c == INSTALLED ? "green" : c == BUILTIN ? "purple" : "yellow";
}

static const char *palette_of(const struct p2a_painter *painter, const struct p2a_function *f)
{
    struct p2a_str name = p2a_string(painter->p, f->name), file = p2a_string(painter->p, f->file);
    const char *palette = painter->palette;
    if (!strstr("java js perl python rust", palette))
        return palette;
    if (f->kind == P2A_KERNEL)
        return "orange";
    if (f->kind == P2A_INLINED)
        return "aqua";
    if (strcmp(palette, "java") == 0)
        return java_colour(name, f->kind);
    if (strcmp(palette, "js") == 0)
        return js_colour(name, file);
    if (strcmp(palette, "perl") == 0)
        return perl_colour(name, file);
    return strcmp(palette, "rust") == 0 ? rust_colour(name) : python_colour(kind_of(painter, f));
}

unsigned p2a_paint(const struct p2a_painter *painter, p2a_id function, double share)
{
    const struct p2a_profile *p = painter->p;
    if (function >= p->functions.n)
        return P2A_PAINT_WHOLE;
    const struct p2a_function *f = &p->functions.row[function];
    if (f->kind == P2A_MARKER)
        return P2A_PAINT_MARK;
    unsigned rule = p2a_coloring_rule(painter->chosen, function);
    if (rule)
        return p2a_paint_chosen(painter->chosen, rule, share);
    if (strcmp(painter->palette, "module") == 0)
        return paint_by_module(painter, f, share);
    unsigned shade = hash(p2a_string(p, f->name)) % SHADES;
    return PALETTE + palette_named(palette_of(painter, f)) * SHADES + shade;
}

struct p2a_str p2a_paint_meaning(const struct p2a_painter *painter, p2a_id function)
{
    const struct p2a_profile *p = painter->p;
    unsigned rule = p2a_coloring_rule(painter->chosen, function);
    if (rule) {
        const struct p2a_color *chosen = &painter->chosen->rule[rule - 1];
        return p2a_str_of(chosen->name ? chosen->name : chosen->pattern);
    }
    if (function >= p->functions.n || strcmp(painter->palette, "module") != 0)
        return P2A_LIT("");
    const struct p2a_function *f = &p->functions.row[function];
    struct p2a_str module;
    enum category c = category_of(painter, f, &module);
    if (f->kind == P2A_MARKER)
        return P2A_LIT("");
    return c == MODULE ? module : p2a_str_of(categories[c].meaning);
}

/* ---- by change ---- */

unsigned p2a_paint_step(int step)
{
    return (unsigned)(CHANGE + step);
}

double p2a_paint_step_from(int step)
{
    return step_from[step < 0 ? -step : step];
}

unsigned p2a_paint_change(double before, double after, double whole)
{
    double larger = fmax(before, after), change = after - before;
    int step = STEPS;
    if (!(larger > 0) || fabs(change) < CHANGE_OF_WHOLE * whole)
        return p2a_paint_step(0);
    while (step > 0 && fabs(change) < step_from[step] * larger)
        step--;
    return p2a_paint_step(change < 0 ? -step : step);
}

static uint32_t oklch(double lightness, double chroma, double hue);

/* Red and blue stay apart for those who don't see red or green. */
static uint32_t change_fill(int step, bool dark)
{
    static const double light_l[] = {0.93, 0.90, 0.85, 0.79, 0.73, 0.67};
    static const double dark_l[] = {0.31, 0.34, 0.38, 0.43, 0.47, 0.52};
    static const double chroma[] = {0.004, 0.03, 0.06, 0.095, 0.125, 0.15};
    int size = step < 0 ? -step : step;
    return oklch((dark ? dark_l : light_l)[size], chroma[size], step < 0 ? 252 : 28);
}

/* ---- names and fills ---- */

void p2a_paint_name(unsigned paint, char name[P2A_PAINT_NAME])
{
    unsigned module = paint - FIRST, shade = paint - PALETTE;
    if (paint == P2A_PAINT_WHOLE || paint == P2A_PAINT_MARK)
        strcpy(name, paint == P2A_PAINT_WHOLE ? "whole" : "mark");
    else if (paint < PALETTE)
        snprintf(name, P2A_PAINT_NAME, "%c%x%u", categories[module / (HUES * STRENGTHS)].letter,
                 module / STRENGTHS % HUES, module % STRENGTHS);
    else if (paint >= CHOSEN)
        snprintf(name, P2A_PAINT_NAME, "q%02u%u", (paint - CHOSEN) / STRENGTHS % 100,
                 (paint - CHOSEN) % STRENGTHS);
    else if (paint >= CHANGE - STEPS)
        snprintf(name, P2A_PAINT_NAME, "c%x", (paint - (CHANGE - STEPS)) & 15u);
    else
        snprintf(name, P2A_PAINT_NAME, "%c%u", palettes[shade / SHADES].letter, shade % SHADES);
}

static uint32_t channel(double linear)
{
    double v = fmin(fmax(linear, 0), 1);
    v = v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
    return (uint32_t)(v * 255 + 0.5);
}

static uint32_t oklch(double lightness, double chroma, double hue)
{
    double angle = hue * 3.14159265358979323846 / 180;
    double a = chroma * cos(angle), b = chroma * sin(angle);
    double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    return channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16 |
           channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8 |
           channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

uint32_t p2a_paint_fill(unsigned paint, bool dark)
{
    static const double light_l[] = {0.91, 0.85, 0.78}, light_c[] = {0.045, 0.085, 0.13};
    static const double dark_l[] = {0.36, 0.44, 0.52}, dark_c[] = {0.045, 0.075, 0.11};
    unsigned module = paint - FIRST, shade = paint - PALETTE;
    if (paint < FIRST)
        return dark ? 0x2B3138 : 0xE4E7EA;
    if (paint >= CHOSEN) {
        unsigned hue = (paint - CHOSEN) / STRENGTHS, strength = (paint - CHOSEN) % STRENGTHS;
        return oklch((dark ? dark_l : light_l)[strength],
                     (dark ? dark_c : light_c)[strength] * (hue == P2A_GREY ? 0.08 : 1),
                     hue * 15.0);
    }
    if (paint < PALETTE) {
        unsigned c = module / (HUES * STRENGTHS), hue = module / STRENGTHS % HUES;
        double step = categories[c].steps > 1
                          ? (categories[c].to - categories[c].from) / (categories[c].steps - 1)
                          : 0;
        return oklch((dark ? dark_l : light_l)[module % STRENGTHS],
                     (dark ? dark_c : light_c)[module % STRENGTHS] * categories[c].chroma,
                     categories[c].from + step * hue);
    }
    if (paint >= CHANGE - STEPS)
        return change_fill((int)paint - CHANGE, dark);
    unsigned k = shade / SHADES;
    double part = shade % SHADES / (SHADES - 1.0);
    return oklch(dark ? 0.38 + 0.14 * part : 0.75 + 0.13 * part,
                 palettes[k].chroma * (dark ? 0.75 : 1),
                 palettes[k].from + (palettes[k].to - palettes[k].from) * part);
}
