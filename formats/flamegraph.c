/* Flame graphs: one SVG file that is a picture everywhere and interactive in a browser. Only
 * written. A box is a call path; its width is its share of the time, its colour the module its
 * function is from. The boxes come from src/model/frames, their colours from src/model/paint, the
 * short names from src/base/label, what happens on a click from src/web.
 *
 *     <svg>
 *       <title/> <style/> <defs/> <rect class="back"/>
 *       <text class="title"/> <text class="soft"/>… legend
 *       <svg class="graph">                                 positions within it are percentages
 *         <g transform="translate(0,Y)">                    one a level, the whole first
 *           <g class="PAINT"><title>NAME            or <a href="…" class="PAINT">
 *     PLACE                                         left out where it isn't known
 *     TIME, % of all, % of parent; self TIME, CALLS</title>
 *             <rect x="1.5%" width="20.25%" height="17"/><text x="1.6%" y="12">SHORT</text></g>
 *       <script/>
 *     </svg>
 *
 * Of a comparison a box has both values and is coloured by their difference, CLASS is "PAINT new"
 * or "PAINT gone" where there is only one, and the width is the larger side's, path by path, unless
 * the user wants one side's:
 *
 *     NAME LF PLACE LF "before TIME, % of all; after TIME, % of all; +TIME, +%; self TIME -> TIME…"
 *
 * A box too narrow for a border has "thin" in its class, too.
 *
 * It carries paths, calls, files and lines, modules by their colours, one metric, before and after.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/human.h"
#include "base/label.h"
#include "codec/xml.h"
#include "model/frames.h"
#include "model/paint.h"
#include "model/stacks.h"
#include "web/web.h"

#define DOT " \xC2\xB7 " /* between facts on a line */

static const struct p2a_option options[] = {
    {"width", P2A_NUMBER, "1200", "PIXELS", "how wide it is, in a browser only at first"},
    {"fluid", P2A_FLAG, "yes", NULL, "in a browser, as wide as the window"},
    {"height", P2A_NUMBER, "18", "PIXELS", "of a box"},
    {"minwidth", P2A_NUMBER, "0.01", "PERCENT", "leave out boxes below this share of the whole"},
    {"frames", P2A_NUMBER, "20000", "N", "draw the N widest boxes, 0 for all"},
    {"depth", P2A_NUMBER, "1000", "N", "draw at most N levels, 0 for all"},
    {"crop", P2A_NUMBER, "5", "PERCENT",
     "show levels until so little is left; a zoom shows the others"},
    {"title", P2A_TEXT, "", "TEXT", "in place of the program's name"},
    {"subtitle", P2A_TEXT, "", "TEXT", "a line below the title"},
    {"notes", P2A_TEXT, "", "TEXT", "a line below the graph"},
    {"countname", P2A_TEXT, "", "WORD", "what is counted, where it isn't time or bytes"},
    {"font", P2A_TEXT, "ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace", "FAMILY", "font"},
    {"fontsize", P2A_NUMBER, "11", "PIXELS", "size of the text in the boxes"},
    {"colors", P2A_CHOICE, "auto", P2A_PALETTES,
     "what the colours say, or a palette; auto is module, of a comparison change"},
    {"width-by", P2A_CHOICE, "larger", "larger after before",
     "of a comparison, whose value a width is; larger shows what is gone, too"},
    {"theme", P2A_CHOICE, "auto", "auto light dark", "background; auto is the reader's choice"},
    {"inverted", P2A_FLAG, "no", NULL, "roots at the top: an icicle graph"},
    {"reverse", P2A_FLAG, "no", NULL, "merge from the leaves: who calls what takes the time"},
    {"sort", P2A_CHOICE, "name", "name total recorded", "order of the boxes side by side"},
    {"threads", P2A_CHOICE, "merged", "merged apart", "threads together, or a box for each"},
    {"link", P2A_TEXT, "", "URL", "of a box's source, with {file}, {line} and {name} in it"},
    {0},
};

enum { MARGIN = 10, PAD = 3, THIN = 2 /* boxes below it have no border */ };

struct flame {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_frames frames;
    struct p2a_painter painter;
    double width, row, font; /* pixels */
    double column;           /* width of a character */
    uint32_t levels;         /* shown; the others are there for the script */
    bool up, reverse, calls;
    bool compared, by_change, tids_repeat;
    unsigned char *sides; /* of a comparison, by function: on which it has values or calls */
    double gone, fresh;   /* on paths that one side alone has */
    double scale;         /* from raw values to the unit */
    struct p2a_str unit, word;
    const char *link;
    double baseline, top; /* of text in a box; of the graph */
    bool used[P2A_PAINTS];
    struct p2a_buffer head; /* what stands above the graph: its height must be known first */
    bool in_head;           /* what is put goes there */
    bool failed;            /* no memory; what is put goes nowhere */
    struct p2a_buffer text, label, place, escaped;
};

/* ---- putting, and the buffers ---- */

static void put(struct flame *f, const char *at, size_t n)
{
    if (!f->in_head)
        p2a_put(f->out, at, n);
    else if (!p2a_buffer_add(&f->head, at, n))
        f->failed = true;
}

static void put_text(struct flame *f, const char *text)
{
    put(f, text, strlen(text));
}

/* At most 512 bytes. */
static void P2A_PRINTF(2, 3) putf(struct flame *f, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_text(f, text);
}

static void put_escaped(struct flame *f, struct p2a_str s)
{
    f->escaped.n = 0;
    if (p2a_xml_text(&f->escaped, s))
        put(f, f->escaped.at, f->escaped.n);
    else
        f->failed = true;
}

static void add(struct flame *f, struct p2a_buffer *b, struct p2a_str s)
{
    f->failed |= !p2a_buffer_add(b, s.at, s.n);
}

static void add_text(struct flame *f, struct p2a_buffer *b, const char *text)
{
    add(f, b, p2a_str_of(text));
}

static void P2A_PRINTF(3, 4) addf(struct flame *f, struct p2a_buffer *b, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_text(f, b, text);
}

static struct p2a_str held(const struct p2a_buffer *b)
{
    return b->n ? (struct p2a_str){b->at, b->n} : P2A_LIT("");
}

static struct p2a_str label(struct flame *f, struct p2a_str name, struct p2a_str place, size_t room)
{
    if (p2a_label(&f->label, name, place, room))
        return held(&f->label);
    f->failed = true;
    return P2A_LIT("");
}

/* ---- words and figures ---- */

static const char *value(const struct flame *f, char text[P2A_HUMAN_ROOM], double raw)
{
    return p2a_human(text, raw * f->scale, f->unit, f->word);
}

static double whole(const struct flame *f)
{
    return f->frames.row[0].total;
}

/* What the widths are shares of; the same but for a comparison. */
static double breadth(const struct flame *f)
{
    return f->frames.row[0].wide;
}

/* The function of a box, or NULL. */
static const struct p2a_function *function_of(const struct flame *f, const struct p2a_frame *frame)
{
    return frame->function < f->p->functions.n ? &f->p->functions.row[frame->function] : NULL;
}

/* "thread worker 7031" */
static void spell_thread(struct flame *f, p2a_id thread)
{
    add_text(f, &f->text, "thread");
    if (thread >= f->p->threads.n)
        return;
    const struct p2a_thread *row = &f->p->threads.row[thread];
    if (row->name) {
        add_text(f, &f->text, " ");
        add(f, &f->text, p2a_string(f->p, row->name));
    }
    char number[P2A_THREAD_NUMBER];
    if (p2a_thread_number(row, f->tids_repeat, number)[0])
        addf(f, &f->text, " %s", number);
}

/* The name into text, "path:line" into place. */
static void spell(struct flame *f, const struct p2a_frame *frame)
{
    const struct p2a_function *function = function_of(f, frame);
    f->place.n = f->text.n = 0;
    if (!function && frame->depth) {
        spell_thread(f, frame->thread);
        return;
    }
    if (!function) {
        add_text(f, &f->text, "all");
        return;
    }
    struct p2a_str file = p2a_string(f->p, function->file ? function->file : function->module);
    add(f, &f->text, p2a_string(f->p, function->qualname ? function->qualname : function->name));
    if (p2a_str_is(file, "~") || !file.n)
        return;
    add(f, &f->place, file);
    if (function->line > 0)
        addf(f, &f->place, ":%" PRId64, function->line);
}

/* ---- the text above the graph ---- */

/* The file of the first module body in which a good part of the time was spent. */
static struct p2a_str program_name(const struct flame *f)
{
    for (size_t i = 1; !f->reverse && i < f->frames.n; i++) {
        const struct p2a_frame *frame = &f->frames.row[i];
        const struct p2a_function *function = function_of(f, frame);
        if (frame->wide < 0.1 * breadth(f) || !function || !function->file ||
            !p2a_str_is(p2a_string(f->p, function->name), "<module>"))
            continue;
        struct p2a_str file = p2a_string(f->p, function->file);
        if (!p2a_str_starts(file, "<"))
            return p2a_place_tail(file);
    }
    return P2A_LIT("");
}

static double level_total(const struct p2a_frames *frames, uint32_t level)
{
    double total = 0;
    for (size_t i = 0; i < frames->n; i++)
        total += frames->row[i].depth == level ? frames->row[i].wide : 0;
    return total;
}

/* What the picture doesn't show, appended to text. */
static void add_reservations(struct flame *f)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    const struct p2a_frames *frames = &f->frames;
    double least = p2a_option_number(f->out, "minwidth") / 100 * breadth(f);
    if (frames->negative)
        addf(f, &f->text, DOT "%s value%s below zero, %s in all, not drawn",
             p2a_human_count(a, frames->negative), p2a_plural(frames->negative),
             value(f, b, frames->negative_total));
    if (frames->narrow && breadth(f) > 0)
        addf(f, &f->text, DOT "%s narrower than %s not drawn", p2a_human_count(a, frames->narrow),
             p2a_human_share(b, fmax(least, frames->widest_out), breadth(f)));
    if (f->levels < frames->levels)
        addf(f, &f->text, DOT "%s deeper than shown, zoom in to see",
             p2a_human_share(a, level_total(frames, f->levels), breadth(f)));
    if (frames->deep_total > 0)
        addf(f, &f->text, DOT "%s deeper than %u level%s, not drawn",
             p2a_human_share(a, frames->deep_total, breadth(f)), frames->levels - 1,
             frames->levels == 2 ? "" : "s");
}

/* An estimate has less calls on its paths than the graph it was made from. */
static uint64_t all_calls(const struct p2a_profile *p, bool before)
{
    bool graph = p->estimated & P2A_CONTEXTS && p->facts & P2A_GRAPH;
    uint32_t n = graph ? p->graph.node_n : p->contexts.n;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t calls =
            graph ? before ? p2a_counts_of(p->graph.node_before, i).calls : p->graph.node[i].calls
            : before ? p->contexts.calls_before[i]
                     : p2a_calls_of(&p->contexts, i);
        sum = p2a_add_calls(sum, calls);
    }
    return sum;
}

/* "1.24 s before, 2.48 s after, +1.24 s, +100 %" */
static void add_sides(struct flame *f, struct p2a_buffer *to, double before, double after)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    addf(f, to, "%s before, ", value(f, a, before));
    addf(f, to, "%s after, ", value(f, a, after));
    addf(f, to, "%s%s", p2a_human_change(a, (after - before) * f->scale, f->unit, f->word),
         p2a_human_and_ratio(b, before, after));
}

static void add_comparison_facts(struct flame *f)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    const struct p2a_spread *runs = &f->p->spread;
    const char *width = p2a_option_text(f->out, "width-by");
    add_sides(f, &f->text, f->frames.row[0].total_before, whole(f));
    if (f->calls)
        addf(f, &f->text, DOT "calls %s before, %s after",
             p2a_human_count(a, all_calls(f->p, true)), p2a_human_count(b, all_calls(f->p, false)));
    if (runs->before_n > 1 || runs->after_n > 1)
        addf(f, &f->text, DOT "means of %" PRIu32 " and %" PRIu32 " runs", runs->before_n,
             runs->after_n);
    addf(f, &f->text, DOT "widths: %s",
         strcmp(width, "larger") == 0 ? "the larger side, path by path" : width);
}

static void add_estimate(struct flame *f)
{
    char share[P2A_HUMAN_ROOM];
    struct p2a_str what = f->word;
    if (p2a_str_is(f->unit, "seconds"))
        what = P2A_LIT("the time");
    addf(f, &f->text, DOT "stacks estimated from a call graph, %s of %.*s in cycles",
         p2a_human_share(share, f->p->cycle_share, 1), (int)what.n, what.at);
}

/* "1.24 s in 512,340 calls · …" into text. */
static void add_facts(struct flame *f)
{
    char figure[P2A_HUMAN_ROOM];
    f->text.n = 0;
    if (f->compared)
        add_comparison_facts(f);
    else
        add_text(f, &f->text, value(f, figure, whole(f)));
    if (f->calls && !f->compared) {
        uint64_t calls = all_calls(f->p, false);
        addf(f, &f->text, " in %s call%s", p2a_human_count(figure, calls), p2a_plural(calls));
    }
    if (f->reverse)
        add_text(f, &f->text, DOT "merged from the leaves");
    if (f->p->estimated & P2A_CONTEXTS)
        add_estimate(f);
    add_reservations(f);
}

/* How much of S goes on a line of ROOM columns: up to a DOT, or all of it. */
static size_t line_end(struct p2a_str s, size_t room)
{
    size_t end = s.n;
    for (size_t i = s.n; i-- > 1 && p2a_columns((struct p2a_str){s.at, end}) > room;)
        if (s.n - i > strlen(DOT) && memcmp(s.at + i, DOT, strlen(DOT)) == 0)
            end = i;
    return end;
}

/* S in as many lines as it takes, each a step below Y. */
static void put_lines(struct flame *f, struct p2a_str s, double *y)
{
    size_t room = (size_t)fmax((f->width - 2 * MARGIN) / f->column, 8);
    while (s.n) {
        size_t n = line_end(s, room), skip = n < s.n ? n + strlen(DOT) : n;
        *y += f->font + 5;
        putf(f, "<text class=\"soft\" x=\"%d\" y=\"%g\">", MARGIN, *y);
        put_escaped(f, (struct p2a_str){s.at, n});
        put_text(f, "</text>\n");
        s = (struct p2a_str){s.at + skip, s.n - skip};
    }
}

/* Cut so that the search field has its place beside it. */
static void put_title(struct flame *f, double y)
{
    const char *given = p2a_option_text(f->out, "title");
    struct p2a_str title = *given ? p2a_str_of(given) : program_name(f);
    double size = f->font + 5;
    if (!title.n)
        title = P2A_LIT("Flame graph");
    putf(f, "<text class=\"title\" x=\"%d\" y=\"%g\" font-size=\"%g\">", MARGIN, y, size);
    size_t room = (size_t)fmax((f->width - 330) / (size * 0.62), 12);
    put_escaped(f, label(f, title, P2A_LIT(""), room));
    put_text(f, "</text>\n");
}

/* ---- the legend: what colours mean, with the share of self time they stand for ---- */

enum { MEANINGS = 256, CHIPS = 6 };

struct chip {
    struct p2a_str text;
    double self;
    double most;    /* of it, what one function has … */
    unsigned paint; /* … whose this is */
};

static int by_self(const void *left, const void *right)
{
    const struct chip *a = left, *b = right;
    if (a->self < b->self || a->self > b->self)
        return a->self < b->self ? 1 : -1;
    return (a->paint > b->paint) - (a->paint < b->paint);
}

static void count_self(const struct flame *f, struct chip *chips, size_t *n, p2a_id function,
                       double self)
{
    struct p2a_str text = p2a_paint_meaning(&f->painter, function);
    size_t i = 0;
    if (!text.n || !(self > 0))
        return;
    while (i < *n && (chips[i].text.n != text.n || memcmp(chips[i].text.at, text.at, text.n) != 0))
        i++;
    if (i == MEANINGS)
        return;
    if (i == *n)
        chips[(*n)++] = (struct chip){.text = text};
    struct chip *chip = &chips[i];
    chip->self += self;
    unsigned paint = p2a_paint(&f->painter, function, 0.01);
    if (self > chip->most || (self == chip->most && paint < chip->paint)) {
        chip->most = self;
        chip->paint = paint;
    }
}

/* Puts a square of PAINT at X and "TEXT FIGURE" behind it; returns where the next one goes, X
 * itself where there is no room for it. */
static double put_chip(struct flame *f, unsigned paint, struct p2a_str text, const char *figure,
                       double x, double y)
{
    char name[P2A_PAINT_NAME];
    double size = f->font - 1;
    const char *gap = text.n && *figure ? " " : "";
    double columns = (double)(p2a_columns(text) + strlen(figure) + strlen(gap));
    double next = x + size + 6 + columns * f->column + 18;
    if (next > f->width - MARGIN)
        return x;
    f->used[paint] = true;
    p2a_paint_name(paint, name);
    putf(f, "<g><g class=\"%s\"><rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" rx=\"2\"/></g>",
         name, x, y - size + 1.5, size, size);
    putf(f, "<text class=\"soft\" x=\"%g\" y=\"%g\">", x + size + 6, y);
    put_escaped(f, text);
    putf(f, "%s%s</text></g>\n", gap, figure);
    return next;
}

static void put_chips(struct flame *f, struct chip *chips, size_t n, double y)
{
    const char *hint = p2a_str_is(f->unit, "seconds") ? "stronger colour: more time of its own"
                                                      : "stronger colour: more of its own";
    double x = MARGIN;
    qsort(chips, n, sizeof *chips, by_self);
    for (size_t i = 0; i < n && i < CHIPS && chips[i].self >= 0.001 * whole(f); i++) {
        char share[P2A_HUMAN_ROOM];
        p2a_human_share(share, chips[i].self, whole(f));
        struct p2a_str text = label(f, chips[i].text, P2A_LIT(""), 30);
        double next = put_chip(f, chips[i].paint, text, share, x, y);
        if (next <= x)
            return;
        x = next;
    }
    if (x > MARGIN && !f->reverse && x + (double)strlen(hint) * f->column < f->width - MARGIN)
        putf(f, "<text class=\"soft\" x=\"%g\" y=\"%g\">%s</text>\n", x, y, hint);
}

/* "-20 %" is where a step's colour starts, of what was there before. */
static double put_step(struct flame *f, int step, double x, double y)
{
    char figure[P2A_HUMAN_ROOM];
    double from = p2a_paint_step_from(step);
    if (step == 0)
        return put_chip(f, p2a_paint_step(0), P2A_LIT("as before"), "", x, y);
    if (step == -P2A_CHANGE_STEPS)
        return put_chip(f, p2a_paint_step(step), P2A_LIT("- gone"), value(f, figure, f->gone), x,
                        y);
    if (step == P2A_CHANGE_STEPS)
        return put_chip(f, p2a_paint_step(step), P2A_LIT("+ new"), value(f, figure, f->fresh), x,
                        y);
    double of_before = step < 0 ? -from : from / (1 - from);
    snprintf(figure, sizeof figure, "%+.0f %%", of_before * 100);
    return put_chip(f, p2a_paint_step(step), P2A_LIT(""), figure, x, y);
}

/* The scale, and what only one side has: on further lines where one has no room for all of it. */
static void put_scale(struct flame *f, double *y)
{
    double x = MARGIN;
    *y += f->font + 9;
    for (int step = -P2A_CHANGE_STEPS; step <= P2A_CHANGE_STEPS; step++) {
        double next = put_step(f, step, x, *y);
        if (next <= x && x > MARGIN) {
            *y += f->font + 5;
            next = put_step(f, step, MARGIN, *y);
        }
        x = next;
    }
}

static void put_modules(struct flame *f, double *y)
{
    struct chip *chips = calloc(MEANINGS, sizeof *chips);
    double *self = calloc((size_t)f->p->functions.n + 1, sizeof *self);
    size_t n = 0;
    bool room = chips && self;
    if (room)
        p2a_self_by_function(f->p, self);
    for (uint32_t i = 0; room && i < f->p->functions.n; i++)
        count_self(f, chips, &n, i, self[i]);
    if (n) {
        *y += f->font + 9;
        put_chips(f, chips, n, *y);
    }
    f->failed |= !room;
    free(chips);
    free(self);
}

static void put_legend(struct flame *f, double *y)
{
    if (f->by_change)
        put_scale(f, y);
    else
        put_modules(f, y);
}

/* Into head; sets top. */
static void put_header(struct flame *f)
{
    double y = f->font + 11;
    f->in_head = true;
    put_title(f, y);
    put_lines(f, p2a_str_of(p2a_option_text(f->out, "subtitle")), &y);
    add_facts(f);
    put_text(f, "<g class=\"facts\">\n");
    put_lines(f, held(&f->text), &y);
    put_text(f, "</g>\n<g class=\"legend\">\n");
    put_legend(f, &y);
    put_text(f, "</g>\n");
    f->top = floor(y + f->font);
    f->in_head = false;
}

/* ---- links ---- */

static bool unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("-._~/", c));
}

static void add_encoded(struct flame *f, struct p2a_buffer *b, struct p2a_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (unreserved(s.at[i]))
            add(f, b, (struct p2a_str){s.at + i, 1});
        else
            addf(f, b, "%%%02X", (unsigned)(unsigned char)s.at[i]);
    }
}

/* The link with its words filled in, into label. What comes from the profile is encoded: it can't
 * change the scheme, nor add a parameter. */
static void fill_link(struct flame *f, const struct p2a_function *function)
{
    struct p2a_str rest = p2a_str_of(f->link);
    f->label.n = 0;
    while (rest.n) {
        size_t n = 6;
        if (p2a_str_starts(rest, "{file}"))
            add_encoded(f, &f->label, p2a_string(f->p, function->file));
        else if (p2a_str_starts(rest, "{line}"))
            addf(f, &f->label, "%" PRId64, function->line);
        else if (p2a_str_starts(rest, "{name}"))
            add_encoded(f, &f->label, p2a_string(f->p, function->name));
        else
            add(f, &f->label, (struct p2a_str){rest.at, n = 1});
        rest = (struct p2a_str){rest.at + n, rest.n - n};
    }
}

static bool has_source(const struct flame *f, const struct p2a_frame *frame)
{
    const struct p2a_function *function = function_of(f, frame);
    if (!*f->link || !function)
        return false;
    struct p2a_str file = p2a_string(f->p, function->file);
    return file.n && !p2a_str_is(file, "~") && !p2a_str_starts(file, "<");
}

/* A pattern may start with any scheme but those that run what follows; control characters, which
 * browsers drop from a scheme, make it none. */
static bool link_is_safe(const char *link)
{
    static const char *const live[] = {"javascript:", "data:", "vbscript:"};
    for (const char *c = link; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7F)
            return false;
    for (size_t i = 0; i < sizeof live / sizeof *live; i++)
        if (strncasecmp(link, live[i], strlen(live[i])) == 0)
            return false;
    return true;
}

/* ---- boxes ---- */

/* UNITS of P2A_FRAME_UNITS, rounded, as a percentage without idle zeros. */
static const char *percent(char text[2 * P2A_DIGITS], double units)
{
    const unsigned one = P2A_FRAME_UNITS / 100;
    unsigned whole = (unsigned)(units + 0.5), part = whole % one;
    char *end = p2a_digits(text, whole / one);
    if (part)
        *end++ = '.';
    for (unsigned digit = one / 10; part; digit /= 10) {
        *end++ = (char)('0' + part / digit);
        part %= digit;
    }
    *end = '\0';
    return text;
}

/* In a reversed graph the strong ones are the functions themselves, not who called them. */
static unsigned paint(const struct flame *f, const struct p2a_frame *frame)
{
    double own = f->reverse ? frame->depth == 1 ? frame->total : 0 : frame->self;
    const struct p2a_function *function = function_of(f, frame);
    if (f->by_change && !(function && function->kind == P2A_MARKER))
        return p2a_paint_change(frame->total_before, frame->total, breadth(f));
    return p2a_paint(&f->painter, frame->function, whole(f) > 0 ? own / whole(f) : 0);
}

enum side { BOTH_SIDES, GONE, NEW };

/* Which side a box is on alone. */
static enum side side_of(const struct flame *f, const struct p2a_frame *frame)
{
    bool after = frame->total > 0 || frame->calls, before = frame->total_before > 0;
    before |= frame->calls_before > 0;
    return !f->compared || before == after ? BOTH_SIDES : after ? NEW : GONE;
}

/* A border, of the background's colour, would leave nothing of it. */
static bool thin(const struct flame *f, const struct p2a_frame *frame)
{
    return (frame->end - frame->start) * (f->width - 2 * MARGIN) < THIN * (double)P2A_FRAME_UNITS;
}

static void put_open(struct flame *f, const struct p2a_frame *frame)
{
    static const char *const sides[] = {[BOTH_SIDES] = "", [GONE] = " gone", [NEW] = " new"};
    char name[P2A_PAINT_NAME + 16];
    p2a_paint_name(paint(f, frame), name);
    strcat(name, sides[side_of(f, frame)]);
    strcat(name, thin(f, frame) ? " thin" : "");
    if (!has_source(f, frame)) {
        putf(f, "<g class=\"%s\">", name);
        return;
    }
    fill_link(f, function_of(f, frame));
    put_text(f, "<a href=\"");
    put_escaped(f, held(&f->label));
    putf(f, "\" class=\"%s\">", name);
}

/* "1.24 s, 34.5 % of all, 60.1 % of parent; self 210 ms, 1,234 calls" into label. The word for what
 * is counted is the input's. An estimate may give part of a call to a path: it has no figure. */
static void spell_figures(struct flame *f, const struct p2a_frame *frame)
{
    char figure[P2A_HUMAN_ROOM];
    bool function = function_of(f, frame), estimated = f->p->estimated & P2A_CONTEXTS;
    struct p2a_buffer *to = &f->label;
    to->n = 0;
    add_text(f, to, value(f, figure, frame->total));
    if (frame->depth)
        addf(f, to, ", %s of all", p2a_human_share(figure, frame->total, whole(f)));
    if (frame->depth > 1)
        addf(f, to, ", %s of parent",
             p2a_human_share(figure, frame->total, f->frames.row[frame->parent].total));
    if (function && !f->reverse)
        addf(f, to, "; self %s", value(f, figure, frame->self));
    if (function && f->calls && (frame->calls || !estimated))
        addf(f, to, "%s%s call%s", f->reverse ? "; " : ", ", p2a_human_count(figure, frame->calls),
             p2a_plural(frame->calls));
}

/* What a box that one side alone has is: the function may be elsewhere on the other. */
static const char *name_side(const struct flame *f, const struct p2a_frame *frame)
{
    enum side side = side_of(f, frame);
    bool other = frame->function < f->p->functions.n && f->sides[frame->function] == 3;
    if (side == BOTH_SIDES || !function_of(f, frame))
        return "";
    if (side == NEW)
        return other ? "new here; " : "new, not there before; ";
    return other ? "gone from here; " : "gone, not there after; ";
}

/* "before 1.24 s, 34.5 % of all; after 2.48 s, 50 % of all; +1.24 s, +100 %; self 10 ms before, …"
 * into label. */
static void spell_sides(struct flame *f, const struct p2a_frame *frame)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    const struct p2a_frame *all = &f->frames.row[0];
    struct p2a_buffer *to = &f->label;
    double change = (frame->total - frame->total_before) * f->scale;
    bool function = function_of(f, frame), estimated = f->p->estimated & P2A_CONTEXTS;
    to->n = 0;
    add_text(f, to, name_side(f, frame));
    addf(f, to, "before %s", value(f, a, frame->total_before));
    if (frame->depth)
        addf(f, to, ", %s of all", p2a_human_share(a, frame->total_before, all->total_before));
    addf(f, to, "; after %s", value(f, a, frame->total));
    if (frame->depth)
        addf(f, to, ", %s of all", p2a_human_share(a, frame->total, all->total));
    addf(f, to, "; %s", p2a_human_change(a, change, f->unit, f->word));
    if (frame->total > 0 && frame->total_before > 0)
        addf(f, to, ", %s", p2a_human_ratio(b, frame->total_before, frame->total));
    if (function && !f->reverse) {
        add_text(f, to, "; self ");
        add_sides(f, to, frame->self_before, frame->self);
    }
    if (function && f->calls && (frame->calls || frame->calls_before || !estimated))
        addf(f, to, "; calls %s before, %s after", p2a_human_count(a, frame->calls_before),
             p2a_human_count(b, frame->calls));
}

static void put_title_of_box(struct flame *f, const struct p2a_frame *frame)
{
    put_text(f, "<title>");
    put_escaped(f, held(&f->text));
    put_text(f, "\n");
    if (f->place.n) {
        put_escaped(f, held(&f->place));
        put_text(f, "\n");
    }
    if (f->compared)
        spell_sides(f, frame);
    else
        spell_figures(f, frame);
    put_escaped(f, held(&f->label));
    put_text(f, "</title>");
}

static void put_box(struct flame *f, const struct p2a_frame *frame)
{
    char x[2 * P2A_DIGITS], w[2 * P2A_DIGITS];
    double pixel = P2A_FRAME_UNITS / (f->width - 2 * MARGIN), units = frame->end - frame->start;
    double room = (units / pixel - 2 * PAD) / f->column;
    put_open(f, frame);
    spell(f, frame);
    put_title_of_box(f, frame);
    putf(f, "<rect x=\"%s%%\" width=\"%s%%\" height=\"%g\"/>", percent(x, frame->start),
         percent(w, units), f->row - 1);
    static const char *const signs[] = {[BOTH_SIDES] = "", [GONE] = "- ", [NEW] = "+ "};
    const char *sign = signs[side_of(f, frame)];
    room -= (double)strlen(sign);
    struct p2a_str text = label(f, held(&f->text), held(&f->place), room > 0 ? (size_t)room : 0);
    if (text.n) {
        putf(f, "<text x=\"%s%%\" y=\"%g\">%s", percent(x, frame->start + PAD * pixel), f->baseline,
             sign);
        put_escaped(f, text);
        put_text(f, "</text>");
    }
    put_text(f, has_source(f, frame) ? "</a>\n" : "</g>\n");
}

/* Box I, and where a level begins with it that. */
static void put_row(struct flame *f, uint32_t i)
{
    const struct p2a_frame *frame = &f->frames.row[i];
    if (i == 0 || frame->depth != frame[-1].depth) {
        double y =
            f->up ? f->levels * f->row - (frame->depth + 1.0) * f->row : frame->depth * f->row;
        putf(f, "%s<g transform=\"translate(0,%g)\">\n", i ? "</g>\n" : "", y);
    }
    put_box(f, frame);
}

static void free_buffers(struct flame *f)
{
    p2a_buffer_free(&f->head);
    p2a_buffer_free(&f->text);
    p2a_buffer_free(&f->label);
    p2a_buffer_free(&f->place);
    p2a_buffer_free(&f->escaped);
}

/* A desk is the same flame graph with buffers of its own. */
static void put_rows(const void *flame, void *desk, struct p2a_out *out, uint32_t begin,
                     uint32_t end)
{
    static const struct p2a_buffer none;
    struct flame *f = desk;
    if (!f->p) {
        *f = *(const struct flame *)flame;
        f->head = f->text = f->label = f->place = f->escaped = none;
    }
    f->out = out;
    for (uint32_t i = begin; i < end && !f->failed; i++)
        put_row(f, i);
    if (f->failed)
        p2a_no_memory(out);
}

static void free_desk(void *desk)
{
    free_buffers(desk);
}

static void put_graph(struct flame *f)
{
    static const struct p2a_print work = {.desk_size = sizeof(struct flame),
                                          .rows = 128, /* some 50 KB */
                                          .put = put_rows,
                                          .free_desk = free_desk};
    putf(f, "<svg class=\"graph\" x=\"%d\" y=\"%g\" width=\"%g\" height=\"%g\">\n", MARGIN, f->top,
         f->width - 2 * MARGIN, f->levels * f->row);
    p2a_print_rows(f->out, &work, f, (uint32_t)f->frames.n);
    put_text(f, "</g>\n</svg>\n");
}

/* ---- the whole file ---- */

static void put_fills(struct flame *f, bool dark)
{
    for (unsigned i = P2A_PAINT_MARK + 1; i < P2A_PAINTS; i++) {
        char name[P2A_PAINT_NAME];
        if (!f->used[i])
            continue;
        p2a_paint_name(i, name);
        putf(f, ".p2a .%s rect{fill:#%06x}\n", name, (unsigned)p2a_paint_fill(i, dark));
    }
}

static void put_style(struct flame *f)
{
    const char *theme = p2a_option_text(f->out, "theme");
    bool both = strcmp(theme, "auto") == 0;
    put_text(f, "<style><![CDATA[\n");
    put(f, p2a_web_flamegraph_css, p2a_web_flamegraph_css_n);
    put_fills(f, false);
    if (strcmp(theme, "light") != 0) {
        put_text(f, both ? "@media(prefers-color-scheme:dark){\n" : "");
        put(f, p2a_web_flamegraph_dark_css, p2a_web_flamegraph_dark_css_n);
        put_fills(f, true);
        put_text(f, both ? "}\n" : "");
    }
    put_text(f, "]]></style>\n");
}

static void put_attribute(struct flame *f, const char *name, struct p2a_str text)
{
    putf(f, " %s=\"", name);
    put_escaped(f, text);
    put_text(f, "\"");
}

/* What the script needs to know beside the boxes. */
static void put_data(struct flame *f)
{
    putf(f, " data-whole=\"%.9g\" data-row=\"%g\" data-baseline=\"%g\" data-font=\"%g\"",
         breadth(f) * f->scale, f->row, f->baseline, f->font);
    putf(f, " data-width=\"%g\" data-fluid=\"%d\" data-grow=\"%s\" data-crop=\"%g\"", f->width,
         p2a_option_flag(f->out, "fluid"), f->up ? "up" : "down",
         p2a_option_number(f->out, "crop"));
    if (f->compared)
        put_text(f, " data-compared=\"1\"");
    put_attribute(f, "data-unit", f->unit);
    put_attribute(f, "data-word", f->word);
}

static void put_svg(struct flame *f)
{
    const char *notes = p2a_option_text(f->out, "notes"), *title = p2a_option_text(f->out, "title");
    struct p2a_str name = *title ? p2a_str_of(title) : program_name(f);
    double bottom = f->top + f->levels * f->row;
    double high = bottom + MARGIN + (*notes ? f->font + 6 : 0), below = 0;
    putf(f,
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
         "class=\"p2a\" role=\"img\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\"",
         f->width, high, f->width, high);
    put_attribute(f, "font-family", p2a_str_of(p2a_option_text(f->out, "font")));
    putf(f, " font-size=\"%g\"", f->font);
    put_data(f);
    put_text(f, ">\n<title>");
    put_escaped(f, name.n ? name : P2A_LIT("Flame graph"));
    put_text(f, "</title>\n");
    put_style(f);
    put_text(f, "<defs><pattern id=\"p2a-hatch\" width=\"6\" height=\"6\" "
                "patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" "
                "d=\"M-1-1H7V7H-1ZM0 6L6 0M-1 1L1-1M5 7L7 5\"/></pattern></defs>\n"
                "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n");
    put(f, f->head.at, f->head.n);
    put_graph(f);
    putf(f, "<g class=\"notes\" transform=\"translate(0,%g)\">\n", bottom);
    put_lines(f, p2a_str_of(notes), &below);
    put_text(f, "</g>\n");
    put_text(f, "<script><![CDATA[\n");
    put(f, p2a_web_flamegraph_js, p2a_web_flamegraph_js_n);
    put_text(f, "]]></script>\n</svg>\n");
}

/* ---- settings ---- */

static bool within(struct p2a_out *out, const char *name, double least, double most)
{
    double number = p2a_option_number(out, name);
    if (number >= least && number <= most)
        return true;
    p2a_cant_write(out, P2A_USAGE, "-O %s=%s: expected %g to %g", name, p2a_option_text(out, name),
                   least, most);
    return false;
}

static enum p2a_status check_flamegraph(struct p2a_out *out)
{
    if (within(out, "width", 200, 100000) && within(out, "fontsize", 5, 100) &&
        within(out, "height", p2a_option_number(out, "fontsize") + 2, 1000) &&
        within(out, "minwidth", 0, 100) && within(out, "frames", 0, 1e9) &&
        within(out, "depth", 0, 1e9) && within(out, "crop", 0, 100) &&
        !link_is_safe(p2a_option_text(out, "link")))
        p2a_cant_write(out, P2A_USAGE, "-O link=…: expected an address, not a script");
    return p2a_out_status(out);
}

static struct p2a_frames_wanted wanted_frames(struct p2a_out *out)
{
    const char *sort = p2a_option_text(out, "sort"), *width = p2a_option_text(out, "width-by");
    return (struct p2a_frames_wanted){
        .reverse = p2a_option_flag(out, "reverse"),
        .threads = strcmp(p2a_option_text(out, "threads"), "apart") == 0,
        .order = strcmp(sort, "total") == 0  ? P2A_FRAMES_BY_TOTAL
                 : strcmp(sort, "name") == 0 ? P2A_FRAMES_BY_NAME
                                             : P2A_FRAMES_AS_RECORDED,
        .width = strcmp(width, "after") == 0    ? P2A_WIDTH_AFTER
                 : strcmp(width, "before") == 0 ? P2A_WIDTH_BEFORE
                                                : P2A_WIDTH_LARGER,
        .least = p2a_option_number(out, "minwidth") / 100,
        .most = (uint32_t)p2a_option_number(out, "frames"),
        .levels = (uint32_t)p2a_option_number(out, "depth"),
    };
}

static void set_metric(struct flame *f)
{
    const char *word = p2a_option_text(f->out, "countname");
    f->scale = 1;
    f->unit = P2A_LIT("");
    f->word = p2a_str_of(word);
    if (!f->p->metrics.n)
        return;
    const struct p2a_metric *metric = &f->p->metrics.row[0];
    f->scale = metric->scale;
    f->unit = p2a_string(f->p, metric->unit);
    if (!*word)
        f->word = p2a_string(f->p, metric->name);
}

static void set_up(struct flame *f, struct p2a_out *out)
{
    f->out = out;
    f->p = out->profile;
    f->width = p2a_option_number(out, "width");
    f->row = p2a_option_number(out, "height");
    f->font = p2a_option_number(out, "fontsize");
    f->column = f->font * 0.605;
    f->baseline = floor((f->row - 1) / 2 + f->font * 0.36 + 0.5);
    f->up = !p2a_option_flag(out, "inverted");
    f->reverse = p2a_option_flag(out, "reverse");
    f->calls = p2a_counts_paths(f->p) && !f->reverse; /* boxes of it are of paths with a self */
    f->tids_repeat = p2a_tids_repeat(f->p);
    f->link = p2a_option_text(out, "link");
    f->compared = f->p->columns > f->p->metrics.n;
    const char *colors = p2a_option_text(out, "colors");
    bool automatic = strcmp(colors, "auto") == 0;
    f->by_change = f->compared && (automatic || strcmp(colors, "change") == 0);
    f->painter = p2a_painter_start(f->p, automatic || f->by_change ? "module" : colors);
    f->painter.chosen = out->coloring;
    set_metric(f);
}

/* Levels up to the last on which boxes cover more than the share to be cropped: towers of a few
 * pixels would make any picture tall. */
static uint32_t levels_shown(const struct flame *f)
{
    const struct p2a_frames *frames = &f->frames;
    double least = p2a_option_number(f->out, "crop") / 100 * P2A_FRAME_UNITS, covered = 0;
    uint32_t levels = 1;
    for (size_t i = 0; i < frames->n; i++) {
        const struct p2a_frame *frame = &frames->row[i];
        covered =
            (i && frame->depth == frame[-1].depth ? covered : 0) + (frame->end - frame->start);
        if (covered >= least)
            levels = frame->depth + 1;
    }
    return levels;
}

/* Finds on which side functions are, and what stands on paths that one side alone has. A path is on
 * a side where it or what is below it has a value or calls there. */
static bool find_sides(struct flame *f)
{
    const struct p2a_contexts *t = &f->p->contexts;
    size_t columns = f->p->columns, metrics = f->p->metrics.n;
    if (!f->compared)
        return true;
    f->sides = calloc((size_t)f->p->functions.n + 1, 1);
    unsigned char *path = calloc((size_t)t->n + 1, 1);
    for (uint32_t i = t->n; f->sides && path && i-- > 0;) {
        double after = t->self[i * columns], before = t->self[i * columns + metrics];
        unsigned calls_after = p2a_calls_of(t, i) > 0, calls_before = t->calls_before[i] > 0;
        path[i] |= (unsigned char)((after > 0 || calls_after) + 2 * (before > 0 || calls_before));
        f->sides[t->row[i].function] |= path[i];
        if (t->row[i].parent != P2A_NONE)
            path[t->row[i].parent] |= path[i];
        f->fresh += path[i] == 1 && after > 0 ? after : 0;
        f->gone += path[i] == 2 && before > 0 ? before : 0;
    }
    bool room = f->sides && path;
    free(path);
    return room;
}

static void put_all(struct flame *f)
{
    f->levels = levels_shown(f);
    for (size_t i = 0; i < f->frames.n; i++)
        f->used[paint(f, &f->frames.row[i])] = true;
    put_header(f);
    if (!f->failed)
        put_svg(f);
}

static enum p2a_status write_flamegraph(struct p2a_out *out)
{
    struct flame f = {0};
    if (strcmp(p2a_option_text(out, "colors"), "change") == 0 &&
        !(out->profile->facts & P2A_BEFORE))
        return p2a_cant_write(out, P2A_USAGE,
                              "-O colors=change: expected a comparison, as diff makes it");
    struct p2a_frames_wanted wanted = wanted_frames(out);
    set_up(&f, out);
    if (find_sides(&f) && p2a_frames_build(f.p, &wanted, &f.frames))
        put_all(&f);
    else
        f.failed = true;
    p2a_frames_free(&f.frames);
    free(f.sides);
    free_buffers(&f);
    return f.failed ? p2a_no_memory(out) : p2a_out_status(out);
}

/* In a reversed graph boxes are of many paths. */
static double least_drawn(const struct p2a_out *out)
{
    return p2a_option_flag(out, "reverse") ? 0 : p2a_option_number(out, "minwidth") / 100;
}

static const char *const aliases[] = {"svg", "flame", NULL};
static const char *const patterns[] = {"*.svg", NULL};

const struct p2a_format p2a_format_flamegraph = {
    .name = "flamegraph",
    .title = "flame graph, an SVG picture to look at and to click through",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_flamegraph,
    .least = least_drawn,
    .check = check_flamegraph,
    .needs = P2A_CONTEXTS | P2A_PICTURE | P2A_STACKS,
    .keeps =
        P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES | P2A_THREADS | P2A_BEFORE,
    .options = options,
};
