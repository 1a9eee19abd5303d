/* The functions of a profile as a table for the terminal. Only written.
 *
 *     14.7 ms in 210 functions, by cumulative time
 *
 *      total                      self   calls  function
 *     100.0%  14.7 ms  ========  2.8 µs      1  <built-in method builtins.exec>
 *      35.4%   5.2 ms  ##=       660 µs    5/1  parse (small.py:42)
 *     185 more functions hold 12 % by themselves: --limit all shows them
 *
 * The bar is the total, its solid start the self. Shares are of the whole, or of what it was before
 * a part was selected. Calls are "calls/primitive" where those differ. With callers or callees
 * every function is followed by its arcs, the heaviest first. How a table fits its width:
 *
 *     width    30 … 59      60 … 109            110 …
 *     columns  share total  and a bar,          and self's share, and the place in a column of its
 *              function     self, calls         own, the middle of its path left out
 *
 * A comparison has lines of its own (src/model/changes). Further metrics have columns where 40
 * cells are left for the function. What the rows are is decided in src/model/rows, cells are
 * counted in src/base/sheet. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/label.h"
#include "base/sheet.h"
#include "model/arcs.h"
#include "model/changes.h"
#include "model/rows.h"

enum { ROWS = 25, LEAST_WIDTH = 30, LEAST_NAME = 16, SHARE = 6, GAP = 2 };

static const struct p2a_option options[] = {
    {"width", P2A_NUMBER, "100", "CELLS", "as wide as this at most"},
    {"color", P2A_CHOICE, "never", "never always", "colours, for a terminal"},
    {"ascii", P2A_FLAG, "no", NULL, "draw in ASCII"},
    {"arcs", P2A_NUMBER, "10", "N", "callers or callees of a function, 0 for all"},
    {0},
};

struct table {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    uint32_t shown;
    struct p2a_sheet sheet;
    double base; /* what shares are of, in raw values of metric 0 */
    bool callers, arcs_too, calls, self, self_share, pair; /* pair: name and place are columns */
    bool compact;                                          /* calls in thousands */
    size_t width, bar, total_width, self_width, calls_width, name_width, place_width;
    uint32_t metrics; /* shown; those after the first have two columns each */
    size_t *further;  /* metrics: width of each of the two */
    struct p2a_arcs arcs;
    uint32_t arc_n; /* at most so many of a function; 0: all */
    struct p2a_buffer name, place, label;
};

/* What one line of the table tells: a function, or an arc of one. */
struct line {
    p2a_id function;
    const double *self, *total; /* rows of values; NULL: not known */
    unsigned has;
    uint64_t calls, primitive;
    bool head, arc;
};

/* ---- figures ---- */

static struct p2a_str unit_of(const struct table *t, uint32_t metric)
{
    return p2a_string(t->p, t->p->metrics.row[metric].unit);
}

static const char *figure(const struct table *t, char text[P2A_HUMAN_ROOM], const double *values,
                          uint32_t metric)
{
    text[0] = '\0';
    if (!values)
        return text;
    return p2a_human_figure(text, values[metric] * t->p->metrics.row[metric].scale,
                            unit_of(t, metric), P2A_LIT(""));
}

static void count(char text[P2A_HUMAN_ROOM], uint64_t n, bool compact)
{
    static const char units[] = "kMGTPE";
    double value = (double)n;
    int i = -1;
    for (; compact && n >= 10000 && value >= 999.5; i++)
        value /= 1000;
    if (i < 0)
        p2a_human_count(text, n);
    else
        snprintf(text, P2A_HUMAN_ROOM, "%.*f%c",
                 value < 9.995   ? 2
                 : value < 99.95 ? 1
                                 : 0,
                 value, units[i]);
}

/* "12/3": three of them weren't made from within the function itself. */
static const char *calls_text(char text[2 * P2A_HUMAN_ROOM], const struct line *line, bool compact)
{
    char primitive[P2A_HUMAN_ROOM];
    text[0] = '\0';
    if (line->has & P2A_HAS_CALLS)
        count(text, line->calls, compact);
    if (line->has & P2A_HAS_CALLS && line->has & P2A_HAS_PRIMITIVE &&
        line->primitive != line->calls) {
        count(primitive, line->primitive, compact);
        strcat(strcat(text, "/"), primitive);
    }
    return text;
}

static double share_of(const struct table *t, const double *values)
{
    double share = values && t->base > 0 ? values[0] / t->base : 0;
    return share > 0 ? fmin(share, 1) : 0;
}

/* ---- lines ---- */

static struct line line_of(const struct table *t, p2a_id function, bool head)
{
    const struct p2a_graph *g = &t->p->graph;
    const struct p2a_node *node = &g->node[function];
    size_t row = (size_t)function * t->p->columns;
    return (struct line){.function = function,
                         .self = node->has & P2A_HAS_SELF ? g->self + row : NULL,
                         .total = node->has & P2A_HAS_TOTAL ? g->total + row : NULL,
                         .has = node->has,
                         .calls = node->calls,
                         .primitive = node->primitive,
                         .head = head};
}

static struct line line_of_arc(const struct table *t, p2a_id id)
{
    const struct p2a_graph *g = &t->p->graph;
    const struct p2a_arc *arc = &g->arc[id];
    size_t row = (size_t)id * t->p->columns;
    return (struct line){.function = t->callers ? arc->caller : arc->callee,
                         .self = arc->has & P2A_HAS_SELF ? g->arc_self + row : NULL,
                         .total = arc->has & P2A_HAS_TOTAL ? g->arc_total + row : NULL,
                         .has = arc->has,
                         .calls = arc->calls,
                         .primitive = arc->primitive,
                         .arc = true};
}

/* ---- measures ---- */

static void widen(size_t *width, const char *text)
{
    size_t cells = p2a_cells(p2a_str_of(text));
    if (cells > *width)
        *width = cells;
}

/* The path with its line, into place; "" where there is none. */
static struct p2a_str place_of(struct table *t, p2a_id function)
{
    const struct p2a_function *f = &t->p->functions.row[function];
    struct p2a_str file = p2a_string(t->p, f->file ? f->file : f->module);
    char line[24] = "";
    t->place.n = 0;
    if (!file.n || p2a_str_is(file, "~"))
        return P2A_LIT("");
    if (f->line)
        snprintf(line, sizeof line, ":%lld", (long long)f->line);
    p2a_buffer_add(&t->place, file.at, file.n);
    p2a_buffer_add(&t->place, line, strlen(line));
    return (struct p2a_str){t->place.at, t->place.n};
}

static struct p2a_str name_of(const struct table *t, p2a_id function)
{
    const struct p2a_function *f = &t->p->functions.row[function];
    return p2a_string(t->p, f->qualname ? f->qualname : f->name);
}

static void measure_line(struct table *t, const struct line *line)
{
    char text[2 * P2A_HUMAN_ROOM];
    widen(&t->total_width, figure(t, text, line->total, 0));
    widen(&t->self_width, figure(t, text, line->self, 0));
    widen(&t->calls_width, calls_text(text, line, t->compact));
    for (uint32_t m = 1; m < t->p->metrics.n; m++) {
        widen(&t->further[m], figure(t, text, line->total, m));
        widen(&t->further[m], figure(t, text, line->self, m));
    }
    size_t name = p2a_cells(name_of(t, line->function)) + (line->arc ? 4 : 0);
    size_t place = p2a_cells(place_of(t, line->function));
    t->name_width = name > t->name_width ? name : t->name_width;
    t->place_width = place > t->place_width ? place : t->place_width;
}

static bool measure_lines(struct table *t)
{
    t->total_width = t->self_width = t->calls_width = 5;
    t->name_width = strlen(p2a_functions_word(t->p, 1));
    for (uint32_t m = 1; m < t->p->metrics.n; m++)
        t->further[m] = p2a_cells(p2a_string(t->p, t->p->metrics.row[m].name)) + 5;
    for (uint32_t i = 0; i < t->shown; i++) {
        struct line line = line_of(t, t->rows.function[i], false);
        uint32_t n = 0;
        measure_line(t, &line);
        const p2a_id *arc = t->arcs_too ? p2a_arcs_of(&t->arcs, line.function, &n) : NULL;
        if (t->arcs_too && !arc)
            return false;
        for (uint32_t k = 0; k < n && (!t->arc_n || k < t->arc_n); k++) {
            line = line_of_arc(t, arc[k]);
            measure_line(t, &line);
        }
    }
    return true;
}

/* Cells before the function's column. */
static size_t used(const struct table *t)
{
    size_t cells = SHARE + GAP + t->total_width + GAP + (t->bar ? t->bar + GAP : 0);
    if (t->self)
        cells += (t->self_share ? SHARE + GAP : 0) + t->self_width + GAP;
    if (t->calls)
        cells += t->calls_width + GAP;
    for (uint32_t m = 1; m < t->metrics; m++)
        cells += 2 * (t->further[m] + GAP);
    return cells;
}

static size_t room(const struct table *t)
{
    size_t cells = used(t);
    return cells < t->width ? t->width - cells : 0;
}

static bool fit(struct table *t)
{
    bool wide = t->width >= 110;
    t->self = t->width >= 50;
    t->calls = t->width >= 60 && t->p->facts & P2A_CALLS;
    t->bar = t->width < 60 ? 0 : t->width < 80 ? 8 : 8 + (t->width - 80) / 5;
    t->self_share = wide;
    t->metrics = 1;
    if (t->bar > 20)
        t->bar = 20;
    if (!measure_lines(t))
        return false;
    if (t->calls_width > 12 && !wide) {
        t->compact = true;
        if (!measure_lines(t))
            return false;
    }
    while (room(t) < LEAST_NAME && (t->bar || t->calls || t->self)) {
        if (t->bar)
            t->bar = 0;
        else if (t->calls)
            t->calls = false;
        else
            t->self = false;
    }
    while (t->metrics < t->p->metrics.n) {
        t->metrics++;
        if (room(t) < 40) {
            t->metrics--;
            break;
        }
    }
    size_t left = room(t), narrow = left * 11 / 20;
    t->pair = wide && left >= 60 && t->place_width && t->out->names != P2A_NAMES_PSTATS;
    if (t->pair && t->name_width > narrow && t->name_width + GAP + t->place_width > left)
        t->name_width =
            left - narrow - GAP >= t->place_width ? left - t->place_width - GAP : narrow;
    return true;
}

/* ---- cells ---- */

static enum p2a_ink ink_of(double share)
{
    return share >= 0.2 ? P2A_HOT : share >= 0.05 ? P2A_WARM : P2A_INK;
}

static void put_block(struct table *t, enum p2a_ink ink, size_t eighths)
{
    char block[] = "\xE2\x96\x88"; /* U+2588, a whole one; those after it are narrower */
    block[2] = (char)(block[2] + (8 - (int)eighths));
    p2a_sheet_ink(&t->sheet, ink);
    p2a_sheet_text(&t->sheet, block);
}

static size_t eighths_at(double share, const struct table *t, size_t cell)
{
    double all = share * (double)t->bar * 8 - 8 * (double)cell;
    return all >= 8 ? 8 : all > 0 ? (size_t)(all + 0.5) : 0;
}

/* Self, in its own colour, before the rest of the total; in eighths of a cell. A cell that ends
 * within both has the colour of what has more of it. */
static void put_fine_bar(struct table *t, double total, double self)
{
    bool hot = ink_of(self) == P2A_HOT;
    size_t cell = 0;
    for (; cell < t->bar; cell++) {
        size_t all = eighths_at(total, t, cell), own = eighths_at(self, t, cell);
        if (all == 0 && own == 0)
            break;
        if (own > 0 && own < 8 && all == 8)
            put_block(t, hot ? P2A_HOT_ON_PALE : P2A_WARM_ON_PALE, own);
        else if (2 * own >= all)
            put_block(t, hot ? P2A_HOT : P2A_WARM, all > own ? all : own);
        else
            put_block(t, P2A_PALE, all);
    }
    p2a_sheet_blank(&t->sheet, t->bar - cell + GAP);
}

/* The same without colours, in whole cells. */
static void put_plain_bar(struct table *t, double total, double self)
{
    size_t all = (size_t)(total * (double)t->bar + 0.5);
    size_t own = (size_t)(self * (double)t->bar + 0.5);
    for (size_t i = 0; i < own; i++)
        p2a_sheet_text(&t->sheet, "\xE2\x96\x88");
    for (size_t i = own; i < all; i++)
        p2a_sheet_text(&t->sheet, "\xE2\x96\x91");
    p2a_sheet_blank(&t->sheet, t->bar - (all > own ? all : own) + GAP);
}

static void put_figures(struct table *t, const struct line *line)
{
    struct p2a_sheet *s = &t->sheet;
    char text[2 * P2A_HUMAN_ROOM];
    enum p2a_ink ink = line->arc ? P2A_FAINT : line->head ? P2A_STRONG : P2A_INK;
    double self = share_of(t, line->self);
    p2a_sheet_ink(s, ink);
    p2a_sheet_right(s, line->total ? p2a_human_percent(text, line->total[0], t->base) : "", SHARE);
    p2a_sheet_right(s, figure(t, text, line->total, 0), GAP + t->total_width);
    p2a_sheet_blank(s, GAP);
    if (t->bar && t->sheet.color && !t->sheet.ascii)
        put_fine_bar(t, share_of(t, line->total), self);
    else if (t->bar)
        put_plain_bar(t, share_of(t, line->total), self);
    p2a_sheet_ink(s, ink_of(self) == P2A_INK || line->arc ? ink : ink_of(self));
    if (t->self && t->self_share) {
        p2a_sheet_right(s, line->self ? p2a_human_percent(text, line->self[0], t->base) : "",
                        SHARE);
        p2a_sheet_blank(s, GAP);
    }
    if (t->self) {
        p2a_sheet_right(s, figure(t, text, line->self, 0), t->self_width);
        p2a_sheet_blank(s, GAP);
    }
    p2a_sheet_ink(s, ink);
    if (t->calls) {
        p2a_sheet_right(s, calls_text(text, line, t->compact), t->calls_width);
        p2a_sheet_blank(s, GAP);
    }
    for (uint32_t m = 1; m < t->metrics; m++) {
        p2a_sheet_right(s, figure(t, text, line->total, m), t->further[m]);
        p2a_sheet_right(s, figure(t, text, line->self, m), t->further[m] + GAP);
        p2a_sheet_blank(s, GAP);
    }
}

static void put_faint(struct table *t, struct p2a_str text)
{
    p2a_sheet_ink(&t->sheet, P2A_FAINT);
    p2a_sheet_put(&t->sheet, text);
    p2a_sheet_ink(&t->sheet, P2A_INK);
}

/* NAME in CELLS, without its frills if need be. */
static void put_name(struct table *t, struct p2a_str name, size_t cells)
{
    if (p2a_cells(name) > cells && p2a_label(&t->label, name, P2A_LIT(""), cells) && t->label.n)
        name = (struct p2a_str){t->label.at, t->label.n};
    p2a_sheet_cut(&t->sheet, name, cells);
}

/* "name (decoder.py:12)", the place where there is room for it. */
static void put_together(struct table *t, p2a_id function, struct p2a_str name, size_t cells)
{
    struct p2a_str place = place_of(t, function);
    size_t wide = p2a_cells(name);
    size_t least = 12;
    if (t->out->names == P2A_NAMES_SHORT) {
        place = p2a_place_tail(place);
        least = p2a_cells(place);
    }
    if (!place.n || wide + 3 + least > cells ||
        !p2a_cells_path(&t->label, place, cells - wide - 3)) {
        put_name(t, name, cells);
        return;
    }
    p2a_sheet_put(&t->sheet, name);
    p2a_sheet_ink(&t->sheet, P2A_FAINT);
    p2a_sheet_text(&t->sheet, " (");
    p2a_sheet_put(&t->sheet, (struct p2a_str){t->label.at, t->label.n});
    p2a_sheet_text(&t->sheet, ")");
    p2a_sheet_ink(&t->sheet, P2A_INK);
}

static void put_function(struct table *t, const struct line *line)
{
    struct p2a_str name = name_of(t, line->function);
    size_t start = t->sheet.cells, left = t->width > start ? t->width - start : 0;
    p2a_sheet_ink(&t->sheet, line->head ? P2A_STRONG : P2A_INK);
    if (line->arc) {
        put_faint(t, t->callers ? P2A_LIT("  \xE2\x86\x90 ") : P2A_LIT("  \xE2\x86\x92 "));
        left = left > 4 ? left - 4 : 0;
    }
    if (t->out->names == P2A_NAMES_PSTATS) {
        p2a_sheet_cut(&t->sheet, p2a_spell(t->p, line->function, P2A_NAMES_PSTATS, &t->name), left);
    } else if (!t->pair) {
        put_together(t, line->function, name, left);
    } else {
        put_name(t, name, t->name_width - (line->arc ? 4 : 0));
        p2a_sheet_blank(&t->sheet, start + t->name_width + GAP - t->sheet.cells);
        struct p2a_str place = place_of(t, line->function);
        if (p2a_cells_path(&t->label, place, t->width - t->sheet.cells))
            put_faint(t, (struct p2a_str){t->label.at, t->label.n});
    }
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_line(struct table *t, const struct line *line)
{
    put_figures(t, line);
    put_function(t, line);
}

/* ---- what stands around them ---- */

static void put_title(struct table *t)
{
    const struct p2a_profile *p = t->p;
    const struct p2a_metric *metric = &p->metrics.row[0];
    struct p2a_str word = p2a_string(p, metric->name);
    char text[P2A_HUMAN_ROOM], functions[P2A_HUMAN_ROOM], line[256];
    p2a_sheet_ink(&t->sheet, P2A_STRONG);
    p2a_sheet_text(&t->sheet, p2a_human_figure(text, p2a_metric_total(p, 0), unit_of(t, 0), word));
    p2a_sheet_ink(&t->sheet, P2A_INK);
    if (p->base > 0) {
        snprintf(line, sizeof line, ", selected of %s,",
                 p2a_human_figure(text, p->base * metric->scale, unit_of(t, 0), word));
        p2a_sheet_prose(&t->sheet, p2a_str_of(line), t->out);
    }
    snprintf(line, sizeof line, " in %s %s", p2a_human_count(functions, t->rows.all),
             p2a_functions_word(p, t->rows.all));
    p2a_sheet_prose(&t->sheet, p2a_str_of(line), t->out);
    if (t->rows.n < t->rows.all) {
        snprintf(line, sizeof line, ", %s of them listed", p2a_human_count(functions, t->rows.n));
        p2a_sheet_prose(&t->sheet, p2a_str_of(line), t->out);
    }
    if (t->rows.sorted) {
        p2a_sheet_prose(&t->sheet, P2A_LIT(", by "), t->out);
        p2a_sheet_prose(&t->sheet, (struct p2a_str){t->rows.sort.at, t->rows.sort.n}, t->out);
    }
    p2a_sheet_end(&t->sheet, t->out);
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_further_headings(struct table *t)
{
    for (uint32_t m = 1; m < t->metrics; m++) {
        struct p2a_str name = p2a_string(t->p, t->p->metrics.row[m].name);
        p2a_sheet_blank(&t->sheet, t->further[m] - p2a_cells(name));
        p2a_sheet_put(&t->sheet, name);
        p2a_sheet_blank(&t->sheet, GAP + t->further[m] - p2a_cells(name) - 5);
        p2a_sheet_put(&t->sheet, name);
        p2a_sheet_text(&t->sheet, " self");
        p2a_sheet_blank(&t->sheet, GAP);
    }
}

static void put_heading(struct table *t)
{
    struct p2a_sheet *s = &t->sheet;
    p2a_sheet_ink(s, P2A_FAINT);
    p2a_sheet_right(s, "total", SHARE + GAP + t->total_width);
    p2a_sheet_blank(s, GAP + (t->bar ? t->bar + GAP : 0));
    if (t->self) {
        p2a_sheet_right(s, "self", (t->self_share ? SHARE + GAP : 0) + t->self_width);
        p2a_sheet_blank(s, GAP);
    }
    if (t->calls) {
        p2a_sheet_right(s, "calls", t->calls_width);
        p2a_sheet_blank(s, GAP);
    }
    put_further_headings(t);
    const char *name = p2a_functions_word(t->p, 1);
    p2a_sheet_text(s, name);
    if (t->pair) {
        p2a_sheet_blank(s, t->name_width + GAP - strlen(name));
        p2a_sheet_text(s, "place");
    }
    p2a_sheet_end(s, t->out);
}

static void put_arcs(struct table *t, p2a_id function)
{
    uint32_t n;
    const p2a_id *arc = p2a_arcs_of(&t->arcs, function, &n);
    if (!arc) {
        p2a_no_memory(t->out);
        return;
    }
    uint32_t shown = t->arc_n && n > t->arc_n ? t->arc_n : n;
    for (uint32_t i = 0; i < shown; i++) {
        struct line line = line_of_arc(t, arc[i]);
        put_line(t, &line);
    }
    if (shown < n) {
        char text[P2A_HUMAN_ROOM], more[P2A_HUMAN_ROOM + 64];
        snprintf(more, sizeof more, "    %s more: -O arcs=0 shows them",
                 p2a_human_count(text, n - shown));
        p2a_sheet_blank(&t->sheet, used(t));
        put_faint(t, p2a_str_of(more));
        p2a_sheet_end(&t->sheet, t->out);
    }
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_left_out(struct table *t)
{
    char n[P2A_HUMAN_ROOM], share[P2A_HUMAN_ROOM], line[3 * P2A_HUMAN_ROOM];
    uint32_t hidden = t->rows.n - t->shown;
    if (!hidden)
        return;
    double sum = p2a_rows_self(t->p, &t->rows, t->shown);
    p2a_human_rest(share, sum, t->base, t->p->metrics.row[0].scale, unit_of(t, 0));
    snprintf(line, sizeof line, "%s more %s %s %s %s: --limit all shows %s",
             p2a_human_count(n, hidden), p2a_functions_word(t->p, hidden),
             hidden == 1 ? "holds" : "hold", share, hidden == 1 ? "by itself" : "by themselves",
             hidden == 1 ? "it" : "them");
    if (strlen(line) > t->width) /* how to see them fits always */
        snprintf(line, sizeof line, "%s more: --limit all", p2a_human_count(n, hidden));
    put_faint(t, p2a_str_of(line));
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_left_metrics(struct table *t)
{
    uint32_t left = t->p->metrics.n - t->metrics;
    char text[96];
    if (!left)
        return;
    snprintf(text, sizeof text, "%u more metric%s, --metric NAME shows one", left,
             p2a_plural(left));
    t->label.n = 0;
    p2a_buffer_add(&t->label, text, strlen(text));
    for (uint32_t m = t->metrics; m < t->p->metrics.n; m++) {
        struct p2a_str name = p2a_string(t->p, t->p->metrics.row[m].name);
        p2a_buffer_add(&t->label, m == t->metrics ? ": " : ", ", 2);
        p2a_buffer_add(&t->label, name.at, name.n);
    }
    p2a_sheet_ink(&t->sheet, P2A_FAINT);
    p2a_sheet_cut(&t->sheet, (struct p2a_str){t->label.at, t->label.n}, t->width);
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_table(struct table *t)
{
    put_title(t);
    put_heading(t);
    for (uint32_t i = 0; i < t->shown && p2a_out_status(t->out) == P2A_OK; i++) {
        struct line line = line_of(t, t->rows.function[i], t->arcs_too);
        put_line(t, &line);
        if (t->arcs_too)
            put_arcs(t, line.function);
    }
    put_left_out(t);
    put_left_metrics(t);
}

static size_t width_of(const struct p2a_out *out)
{
    double width = p2a_option_number(out, "width");
    return width > LEAST_WIDTH ? (size_t)fmin(width, 10000) : LEAST_WIDTH;
}

static void write_rows(struct table *t)
{
    const struct p2a_report *report = t->out->report;
    uint64_t limit = report->limit ? report->limit : ROWS;
    double arcs = p2a_option_number(t->out, "arcs");
    t->width = width_of(t->out);
    t->shown = limit < t->rows.n ? (uint32_t)limit : t->rows.n;
    t->callers = report->callers;
    t->arcs_too = report->callers || report->callees;
    t->arc_n = arcs >= 1 && arcs < UINT32_MAX ? (uint32_t)arcs : 0;
    t->base = p2a_share_base(t->p);
    t->sheet.width = t->width;
    t->sheet.color = p2a_str_is(p2a_str_of(p2a_option_text(t->out, "color")), "always");
    t->sheet.ascii = p2a_option_flag(t->out, "ascii");
    t->further = calloc((size_t)t->p->metrics.n + 1, sizeof *t->further);
    if (t->further && (!t->arcs_too || p2a_arcs_build(t->p, t->callers, &t->arcs)) && fit(t))
        put_table(t);
    else
        p2a_no_memory(t->out);
}

static enum p2a_status write_comparison(struct p2a_out *out)
{
    const struct p2a_report *report = out->report;
    return p2a_put_changes(
        out, &(struct p2a_change_look){
                 .width = width_of(out),
                 .color = p2a_str_is(p2a_str_of(p2a_option_text(out, "color")), "always"),
                 .ascii = p2a_option_flag(out, "ascii"),
                 .limit = report->limit ? report->limit : ROWS});
}

static enum p2a_status write_table(struct p2a_out *out)
{
    const struct p2a_report *report = out->report;
    bool compared = out->profile->columns > out->profile->metrics.n;
    if (compared && !report->callers && !report->callees)
        return write_comparison(out);
    if (compared)
        p2a_out_note(out, "the callers and callees of a comparison are those after");
    struct table t = {.out = out, .p = out->profile};
    if (t.p->graph.order_n == 0 || t.p->metrics.n == 0)
        p2a_put_text(out, "no functions\n");
    else if (p2a_rows(out, "cumulative", 0, &t.rows) == P2A_OK)
        write_rows(&t);
    if (t.name.failed || t.place.failed || t.label.failed)
        p2a_no_memory(out);
    p2a_rows_free(&t.rows);
    p2a_sheet_free(&t.sheet, out);
    free(t.further);
    p2a_arcs_free(&t.arcs);
    p2a_buffer_free(&t.name);
    p2a_buffer_free(&t.place);
    p2a_buffer_free(&t.label);
    return p2a_out_status(out);
}

const struct p2a_format p2a_format_table = {
    .name = "table",
    .title = "functions as a table for the terminal",
    .write = write_table,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES | P2A_MANY | P2A_BEFORE,
    .report = P2A_REPORT | P2A_REPORT_NAMES,
    .view = true,
    .options = options,
};
