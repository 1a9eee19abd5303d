/* Mermaid: the call graph as a flowchart that GitHub, GitLab and others draw inside Markdown.
 * Defined by https://mermaid.js.org/syntax/flowchart.html. Only written.
 *
 * It carries functions and arcs with calls, self and total of the first metric, files and lines; of
 * a large graph an excerpt (model/excerpt.h), and the title says what is missing.
 *
 *     ---
 *     title: "1.2 s in 196 functions; drawn: 24, …"
 *     ---
 *     flowchart TB
 *       f3["main<br/>app.py#58;12<br/>100 % · 1.2 s"]:::h4
 *       f3 -->|"41.6 % · 180 k×"| f7
 *       linkStyle 0 stroke-width:4px
 *
 * Mermaid refuses text of more than 50,000 characters and more than 500 arcs, and what shows the
 * picture doesn't let the text raise that. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/label.h"
#include "base/utf8.h"
#include "model/excerpt.h"
#include "prof2any/format.h"

enum { TEXT_MOST = 50000, LINKS_MOST = 500 };

static const struct p2a_option options[] = {
    {"nodes", P2A_NUMBER, "24", "N", "at most so many functions, 0 for no limit"},
    {"arcs", P2A_NUMBER, "16", "N",
     "at most so many arcs besides the hottest to each function, 0 for no limit"},
    {"node", P2A_NUMBER, "0.5", "PERCENT", "leave out functions with a total below this"},
    {"edge", P2A_NUMBER, "0.1", "PERCENT", "leave out arcs with a total below this"},
    {"rest", P2A_NUMBER, "2", "PERCENT",
     "gather what a function calls besides from this on, 101 for never"},
    {"color", P2A_CHOICE, "total", "total self none", "what the colour of a function shows"},
    {"values", P2A_CHOICE, "both", "both percent absolute", "figures in the labels"},
    {"calls", P2A_FLAG, "yes", NULL, "call counts on the arcs"},
    {"direction", P2A_CHOICE, "down", "down right", "where callees are"},
    {"width", P2A_NUMBER, "30", "COLUMNS", "of a name before it is shortened"},
    {"title", P2A_TEXT, "", "TEXT", "what the title begins with"},
    {"fence", P2A_FLAG, "no", NULL, "with the lines that make it a block of Markdown"},
    {0},
};

/* Fills from a share of 0 to the whole, borders; the text is dark on all of them, so that they can
 * be read on a dark page, too. */
enum { HEATS = 5 };
static const struct {
    const char *fill, *stroke;
} heats[HEATS] = {{"#faf9f7", "#aab1b8"},
                  {"#fdebd9", "#d3a67e"},
                  {"#fcd0a8", "#e38f4f"},
                  {"#f9ad73", "#db6a2c"},
                  {"#f0824a", "#c9471f"}};

struct drawing {
    struct p2a_out *out;
    const struct p2a_profile *p;
    const struct p2a_metric *metric; /* NULL: none */
    struct p2a_excerpt excerpt;
    struct p2a_buffer label, piece;
    double whole, most_self; /* most_self: of the boxes */
    bool by_self, plain, percent, absolute, calls;
    size_t width;
    unsigned *entered; /* of boxes: links into it from others */
    uint64_t written;  /* characters */
    bool memory;       /* there was enough */
};

/* ---- text ------------------------------------------------------------------------------------ */

static void put(struct drawing *d, const char *text)
{
    for (const char *c = text; *c; c++)
        d->written += ((unsigned char)*c & 0xc0) != 0x80;
    p2a_put_text(d->out, text);
}

P2A_PRINTF(2, 3) static void putf(struct drawing *d, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(d, text);
}

/* Without a shape, and no letter to emphasis, headings, lists, icons or formulas: Mermaid reads
 * labels as Markdown in some of its versions, and looks for "fa:fa-" and "$$" in all of them. */
#define JOINER         "#8288;"
#define HAIR_SPACE     "#8202;"
#define NO_CHARACTER   "\xEF\xBF\xBD"
#define NO_BREAK_SPACE "\xC2\xA0"

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool in_word(uint32_t c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

/* What has to stand between the character BEFORE (0: the start) and C (0: the end), so that they
 * stay as they are: no '_' begins or ends emphasis, nothing but a letter begins a label. */
static const char *between(uint32_t before, uint32_t c)
{
    if (!before)
        return is_letter(c) ? "" : JOINER;
    if (before == '*')
        return HAIR_SPACE;
    if ((c == '_' && !in_word(before)) || (before == '_' && !in_word(c)))
        return JOINER;
    bool joins = (before == ':' && c == 'f') || (before == '$' && c == '$') || before == '\\' ||
                 before == 0xFB02 || before == 0xB6; /* marks of an entity inside Mermaid */
    return joins ? JOINER : "";
}

/* Inside "…": entities for everything that Mermaid, its directives or Markdown could read. */
static void put_label(struct drawing *d, struct p2a_str s)
{
    uint32_t before = 0;
    while (s.n) {
        struct p2a_str start = s;
        uint32_t c = p2a_utf8_next(&s);
        char text[16];
        if (!p2a_utf8_plain(&(struct p2a_str){start.at, start.n}))
            c = 0xFFFD;
        put(d, between(before, c));
        if (c == 0xFFFD)
            put(d, NO_CHARACTER);
        else if (is_letter(c) || is_digit(c) || (c < 0x80 && strchr(" ._-,()/+=?!@'", (int)c)))
            putf(d, "%c", (char)c);
        else if (c < 0x80 || c == 0xFB02)
            putf(d, "#%" PRIu32 ";", c);
        else {
            memcpy(text, start.at, start.n - s.n);
            text[start.n - s.n] = '\0';
            put(d, text);
        }
        before = c;
    }
    put(d, before ? between(before, 0) : "");
}

/* Inside the title, which is a string of YAML in double quotes and knows no entities. Where there
 * is a '<' Mermaid takes it for HTML, and shows the reader what it makes of that. */
static void put_title(struct drawing *d, struct p2a_str s)
{
    while (s.n) {
        struct p2a_str start = s;
        bool plain = p2a_utf8_plain(&(struct p2a_str){start.at, start.n});
        uint32_t c = p2a_utf8_next(&s);
        if (!plain || c == 0xFFFD)
            put(d, NO_CHARACTER);
        else if (c == '"' || c == '\\')
            putf(d, "\\%c", (char)c);
        else if (c == '<')
            put(d, "\xE2\x80\xB9");
        else
            putf(d, "%.*s", (int)(start.n - s.n), start.at);
    }
}

/* ---- figures --------------------------------------------------------------------------------- */

static double share_of(const struct drawing *d, double value)
{
    return d->whole > 0 && value > 0 ? fmin(value / d->whole, 1) : 0;
}

static const char *amount(const struct drawing *d, char text[P2A_HUMAN_ROOM], double value)
{
    struct p2a_str unit = d->metric ? p2a_string(d->p, d->metric->unit) : P2A_LIT("");
    double scaled = d->metric ? value * d->metric->scale : value;
    if (p2a_str_is(unit, "seconds") || p2a_str_is(unit, "bytes"))
        return p2a_human(text, scaled, unit, P2A_LIT(""));
    return p2a_human_brief(text, scaled);
}

/* A figure stays on one line. */
static void put_figure(struct drawing *d, const char *text)
{
    for (; *text; text++)
        if (*text == ' ')
            put(d, NO_BREAK_SPACE);
        else if (*text == '<')
            put(d, "#60;");
        else
            putf(d, "%c", *text);
}

/* "45.6 % · 228 ms", as wanted. */
static void put_figures(struct drawing *d, double value)
{
    char text[P2A_HUMAN_ROOM];
    if (d->percent)
        put_figure(d, p2a_human_share(text, value, d->whole));
    if (d->percent && d->absolute)
        put_figure(d, " · ");
    if (d->absolute)
        put_figure(d, amount(d, text, value));
}

/* ---- functions ------------------------------------------------------------------------------- */

static const struct p2a_function *function_of(const struct drawing *d, const struct p2a_box *box)
{
    return &d->p->functions.row[box->function];
}

static void put_name(struct drawing *d, const struct p2a_function *f)
{
    struct p2a_str name = p2a_string(d->p, f->qualname ? f->qualname : f->name);
    d->memory &= p2a_label_method(&d->piece, &name);
    size_t columns = p2a_columns(name), width = d->width;
    if (p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method "))
        width = width < columns ? width : columns - 1; /* without what only says that it is one */
    d->memory &= p2a_label(&d->label, name, P2A_LIT(""), width);
    put_label(d, d->label.n ? (struct p2a_str){d->label.at, d->label.n} : P2A_LIT("?"));
}

/* "json/encoder.py:183" */
static void put_place(struct drawing *d, const struct p2a_function *f)
{
    struct p2a_str file = p2a_string(d->p, f->file);
    if (!file.n || p2a_str_is(file, "~"))
        file = p2a_string(d->p, f->module);
    if (p2a_str_starts(file, "<frozen ") && p2a_str_ends(file, ">"))
        file = (struct p2a_str){file.at + 8, file.n - 9};
    file = p2a_place_tail(file);
    size_t most = d->width + 4;
    for (size_t wide = p2a_columns(file); file.n && wide > most; wide = p2a_columns(file))
        p2a_utf8_next(&file); /* the end of a path tells more than its start */
    if (!file.n)
        return;
    put(d, "<br/>");
    put_label(d, file);
    if (f->line > 0)
        putf(d, "#58;%" PRId64, f->line);
}

static void put_values(struct drawing *d, const struct p2a_box *box, unsigned has)
{
    if (has & P2A_HAS_TOTAL) {
        put(d, "<br/>");
        put_figures(d, box->total);
    }
    if (has & P2A_HAS_SELF && share_of(d, box->self) >= 0.001) {
        put(d, "<br/>self" NO_BREAK_SPACE);
        put_figures(d, box->self);
    }
}

/* The colour is stronger than the share, so that a tenth of the whole is told from a hundredth. */
static void put_heat(struct drawing *d, const struct p2a_box *box)
{
    double share = share_of(d, box->total);
    if (d->by_self)
        share = d->most_self > 0 ? fmax(box->self, 0) / d->most_self : 0;
    if (!d->plain)
        putf(d, ":::h%.0f", fmin(floor(pow(share, 0.6) * HEATS), HEATS - 1));
}

static void draw_function(struct drawing *d, const struct p2a_box *box)
{
    const struct p2a_function *f = function_of(d, box);
    putf(d, "  f%" PRIu32 "[\"", box->function);
    put_name(d, f);
    if (box->cycle != P2A_NONE)
        put(d, NO_BREAK_SPACE "↻");
    put_place(d, f);
    put_values(d, box, d->p->graph.node[box->function].has);
    put(d, "\"]");
    put_heat(d, box);
    put(d, "\n");
}

static void draw_rest(struct drawing *d, const struct p2a_box *box)
{
    char count[P2A_HUMAN_ROOM];
    putf(d, "  r%" PRIu32 "[\"%s more", box->under, p2a_human_count(count, box->count));
    put_values(d, box, P2A_HAS_TOTAL | P2A_HAS_SELF);
    put(d, "\"]:::rest\n");
}

static void put_id(struct drawing *d, uint32_t b)
{
    const struct p2a_box *box = &d->excerpt.box[b];
    bool rest = box->function == P2A_NONE;
    putf(d, "%c%" PRIu32, rest ? 'r' : 'f', rest ? box->under : box->function);
}

/* ---- links ----------------------------------------------------------------------------------- */

/* The share is left out where the only caller shown has all of the callee's total. */
static bool share_is_news(const struct drawing *d, const struct p2a_link *link)
{
    char here[P2A_HUMAN_ROOM], there[P2A_HUMAN_ROOM];
    if (!link->known || link->from == link->to)
        return false;
    p2a_human_share(here, link->total, d->whole);
    p2a_human_share(there, d->excerpt.box[link->to].total, d->whole);
    return d->entered[link->to] > 1 || strcmp(here, there) != 0;
}

static bool has_calls(const struct drawing *d, const struct p2a_link *link)
{
    return d->calls && d->p->facts & P2A_CALLS && link->calls &&
           (link->arc == P2A_NONE || d->p->graph.arc[link->arc].has & P2A_HAS_CALLS);
}

static void draw_link(struct drawing *d, const struct p2a_link *link)
{
    char text[P2A_HUMAN_ROOM];
    bool share = share_is_news(d, link), calls = has_calls(d, link);
    const char *shown =
        d->percent ? p2a_human_share(text, link->total, d->whole) : amount(d, text, link->total);
    put(d, "  ");
    put_id(d, link->from);
    put(d, link->back ? " -.->" : " -->");
    if (share || calls)
        put(d, "|\"");
    if (share)
        put_figure(d, shown);
    if (share && calls)
        put_figure(d, " · ");
    if (calls)
        put_figure(d, p2a_human_brief(text, (double)link->calls));
    put(d, calls ? "×" : "");
    put(d, share || calls ? "\"| " : " ");
    put_id(d, link->to);
    put(d, "\n");
}

/* Links are numbered in the order in which they stand. */
static void draw_widths(struct drawing *d)
{
    static const struct {
        double from;
        const char *width;
    } widths[] = {{0.5, "5px"}, {0.2, "3.5px"}, {0.05, "2px"}};
    double below = 2;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        const char *before = "  linkStyle ";
        for (uint32_t i = 0; i < d->excerpt.link_n; i++) {
            const struct p2a_link *link = &d->excerpt.link[i];
            double share = share_of(d, link->total);
            if (link->back || share < widths[w].from || share >= below)
                continue;
            putf(d, "%s%" PRIu32, before, i);
            before = ",";
        }
        if (*before == ',')
            putf(d, " stroke-width:%s\n", widths[w].width);
        below = widths[w].from;
    }
}

/* ---- the graph ------------------------------------------------------------------------------- */

static void put_counted(struct drawing *d, uint64_t n, const char *word)
{
    char text[P2A_HUMAN_ROOM];
    putf(d, "%s %s%s", p2a_human_count(text, n), word, p2a_plural(n));
}

/* "1.2 s time in 196 functions; drawn: 24, in dashed boxes: 30, left out: 142 (self 2 %)" */
static void draw_title(struct drawing *d)
{
    const struct p2a_excerpt *e = &d->excerpt;
    struct p2a_str title = p2a_str_of(p2a_option_text(d->out, "title"));
    char text[P2A_HUMAN_ROOM];
    put(d, "---\ntitle: \"");
    put_title(d, title);
    putf(d, "%s%s", title.n ? ": " : "", amount(d, text, d->whole));
    if (d->metric && p2a_string(d->p, d->metric->name).n < 64) {
        put(d, " ");
        put_title(d, p2a_human_word(text, p2a_string(d->p, d->metric->name)));
    }
    put(d, " in ");
    putf(d, "%s %s", p2a_human_count(text, e->rows), p2a_functions_word(d->p, e->rows));
    if (e->gathered || e->left_out || e->arcs_left_out) {
        putf(d, "; drawn: %s", p2a_human_count(text, e->function_n));
        if (e->gathered)
            putf(d, ", in dashed boxes: %s", p2a_human_count(text, e->gathered));
        putf(d, ", left out: %s", p2a_human_count(text, e->left_out));
        put(d, " (self ");
        put_title(d, p2a_str_of(p2a_human_share(text, e->left_self, d->whole)));
        put(d, ") and ");
        put_counted(d, e->arcs_left_out, "arc");
    }
    if (d->p->estimated & P2A_GRAPH)
        put(d, "; totals in cycles are estimated");
    put(d, "\"\n---\n");
}

static void draw_classes(struct drawing *d)
{
    for (int i = 0; i < HEATS && !d->plain; i++)
        putf(d, "  classDef h%d fill:%s,stroke:%s,color:#1f2328\n", i, heats[i].fill,
             heats[i].stroke);
    put(d, "  classDef rest stroke-dasharray:4\n");
}

static void draw(struct drawing *d)
{
    const struct p2a_excerpt *e = &d->excerpt;
    bool right = strcmp(p2a_option_text(d->out, "direction"), "right") == 0;
    bool fence = p2a_option_flag(d->out, "fence");
    if (fence)
        p2a_put_text(d->out, "```mermaid\n");
    draw_title(d);
    put(d, right ? "flowchart LR\n" : "flowchart TB\n");
    for (uint32_t b = 0; b < e->box_n; b++)
        if (e->box[b].function == P2A_NONE)
            draw_rest(d, &e->box[b]);
        else
            draw_function(d, &e->box[b]);
    for (uint32_t i = 0; i < e->link_n; i++)
        draw_link(d, &e->link[i]);
    draw_widths(d);
    draw_classes(d);
    if (fence)
        p2a_put_text(d->out, "```\n");
    if (d->written > TEXT_MOST || e->link_n > LINKS_MOST)
        p2a_out_note(d->out,
                     "the flowchart has %" PRIu64 " characters and %" PRIu32
                     " arcs; Mermaid draws at most %d and %d: lower -O nodes and -O arcs",
                     d->written, e->link_n, TEXT_MOST, LINKS_MOST);
}

static uint32_t count_option(const struct p2a_out *out, const char *name)
{
    double value = p2a_option_number(out, name);
    return value >= 1 && value < UINT32_MAX ? (uint32_t)value : 0;
}

static bool prepare(struct drawing *d)
{
    struct p2a_out *out = d->out;
    struct p2a_excerpt_wanted wanted = {.nodes = count_option(out, "nodes"),
                                        .links = count_option(out, "arcs"),
                                        .node = p2a_option_number(out, "node") / 100,
                                        .link = p2a_option_number(out, "edge") / 100,
                                        .rest = p2a_option_number(out, "rest") / 100};
    if (!p2a_excerpt_build(d->p, &wanted, &d->excerpt))
        return false;
    const struct p2a_excerpt *e = &d->excerpt;
    d->entered = calloc((size_t)e->box_n + 1, sizeof *d->entered);
    for (uint32_t b = 0; b < e->box_n; b++)
        d->most_self = fmax(d->most_self, e->box[b].self);
    for (uint32_t i = 0; d->entered && i < e->link_n; i++)
        d->entered[e->link[i].to] += e->link[i].from != e->link[i].to;
    return d->entered;
}

static enum p2a_status write_mermaid(struct p2a_out *out)
{
    const char *values = p2a_option_text(out, "values"), *color = p2a_option_text(out, "color");
    struct drawing d = {
        .out = out,
        .p = out->profile,
        .metric = out->profile->metrics.n ? &out->profile->metrics.row[0] : NULL,
        .whole = p2a_share_base(out->profile),
        .by_self = strcmp(color, "self") == 0,
        .plain = strcmp(color, "none") == 0,
        .percent = strcmp(values, "absolute") != 0,
        .absolute = strcmp(values, "percent") != 0,
        .calls = p2a_option_flag(out, "calls"),
        .width = (size_t)fmin(fmax(p2a_option_number(out, "width"), 6), 120),
        .memory = true,
    };
    enum p2a_status status = P2A_OK;
    if (prepare(&d))
        draw(&d);
    else
        d.memory = false;
    if (!d.memory)
        status = p2a_no_memory(out);
    p2a_excerpt_free(&d.excerpt);
    p2a_buffer_free(&d.label);
    p2a_buffer_free(&d.piece);
    free(d.entered);
    return status == P2A_OK ? p2a_out_status(out) : status;
}

static const char *const aliases[] = {"mmd", NULL};
static const char *const patterns[] = {"*.mmd", "*.mermaid", NULL};

const struct p2a_format p2a_format_mermaid = {
    .name = "mermaid",
    .title = "Mermaid flowchart, for Markdown",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_mermaid,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES,
    .options = options,
};
