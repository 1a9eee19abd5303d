/* The call tree as indented text, for terminals far away and the logs of CI. Only written.
 *
 *     14.7 ms in 210 functions; call paths are estimated from a call graph
 *
 *      total              self  calls  call path
 *     100.0%  14.7 ms  79.9 µs      1  <module> (small.py:1)
 *      80.7%  11.9 ms  47.6 µs      1  ├─ main (small.py:41)
 *      35.2%   5.2 ms   660 µs      1  │  └─ walk (small.py:42) ↻3       recursive, 3 deep
 *
 *     93 more call paths hold 12 %: -O threshold=0 shows them
 *
 * Of a comparison, with both values and their difference, the heavier side first:
 *
 *     total change            before    after  self change     calls  call path
 *         +1.26 s  +92.1 %    1.37 s   2.63 s     -3.39 µs         1  <module> (main.py:1)
 *         +1.78 s  new             -   1.78 s      +1.78 s   0 → 600  └─ _new_helper
 * (message.py:615)
 *
 * Shares are of the whole, or of what it was before a part was selected. What is shown and in which
 * order is decided in src/model/outline, the cells are counted in src/base/sheet. It carries calls,
 * self and total of the first metric, threads on request. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/label.h"
#include "base/sheet.h"
#include "model/core.h"
#include "model/outline.h"

enum { ROWS = 200, NARROWEST = 24 };
enum { CHANGE, RATIO, BEFORE, AFTER, SELF, CALLS, COLUMNS }; /* of a comparison */

static const struct p2a_option options[] = {
    {"depth", P2A_NUMBER, "0", "N", "at most N levels, 0 for all"},
    {"threshold", P2A_NUMBER, "1", "PERCENT", "leave out paths below this share of the whole"},
    {"recursion", P2A_CHOICE, "fold", "fold full",
     "what a function does below itself: with it, or level by level"},
    {"sort", P2A_CHOICE, "total", "total recorded", "what comes first"},
    {"threads", P2A_CHOICE, "merged", "merged apart", "threads together, or each by itself"},
    {"width", P2A_NUMBER, "0", "CELLS", "names are cut to lines of this width, 0 for none"},
    {"color", P2A_CHOICE, "never", "never always", "colours, for a terminal"},
    {"ascii", P2A_FLAG, "no", NULL, "draw lines in ASCII"},
    {0},
};

struct tree {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_outline outline;
    struct p2a_sheet sheet;
    struct p2a_str unit;
    bool folded, compared, tids_repeat;
    size_t cells[COLUMNS]; /* of a comparison's columns */
    double scale, base;    /* from raw values to the unit; what shares are of, in raw values */
    size_t width;          /* of the lines, SIZE_MAX: no limit */
    size_t total_width, self_width, calls_width, step; /* cells; step: of a level */
    uint32_t levels;                                   /* that are indented */
    bool *last; /* levels: whether the row drawn last there has none after it */
    struct p2a_buffer name, place, label;
};

static const char *figure(const struct tree *t, char text[P2A_HUMAN_ROOM], double raw)
{
    return p2a_human_figure(text, raw * t->scale, t->unit, P2A_LIT(""));
}

/* An estimate doesn't know every path's calls. */
static const char *calls_text(const struct tree *t, char text[P2A_HUMAN_ROOM],
                              const struct p2a_outline_row *row)
{
    bool known = row->function != P2A_NONE && p2a_counts_paths(t->p) &&
                 (row->calls || !(t->p->estimated & P2A_CONTEXTS));
    text[0] = '\0';
    return known ? p2a_human_count(text, row->calls) : text;
}

static void widen(size_t *width, const char *text)
{
    size_t cells = p2a_cells(p2a_str_of(text));
    if (cells > *width)
        *width = cells;
}

/* ---- the columns of a comparison ---- */

static const char *const titles[COLUMNS] = {
    [CHANGE] = "total change", [RATIO] = "",           [BEFORE] = "before",
    [AFTER] = "after",         [SELF] = "self change", [CALLS] = "calls"};

static const char *either(const struct tree *t, char text[P2A_HUMAN_ROOM], double raw)
{
    return raw > 0 ? figure(t, text, raw) : strcpy(text, "-");
}

static const char *change(const struct tree *t, char text[P2A_HUMAN_ROOM], double before,
                          double after)
{
    return p2a_human_change(text, (after - before) * t->scale, t->unit, P2A_LIT(""));
}

static void say_calls(const struct tree *t, char text[3 * P2A_HUMAN_ROOM],
                      const struct p2a_outline_row *row)
{
    char before[P2A_HUMAN_ROOM], after[P2A_HUMAN_ROOM];
    bool known = row->function != P2A_NONE && p2a_counts_paths(t->p);
    bool some = row->calls || row->calls_before || !(t->p->estimated & P2A_CONTEXTS);
    p2a_human_count(before, row->calls_before);
    p2a_human_count(after, row->calls);
    if (!known || !some)
        text[0] = '\0';
    else if (row->calls == row->calls_before)
        snprintf(text, 3 * P2A_HUMAN_ROOM, "%s", after);
    else
        snprintf(text, 3 * P2A_HUMAN_ROOM, "%s \xE2\x86\x92 %s", before, after);
}

static void say_cell(const struct tree *t, const struct p2a_outline_row *row, int column,
                     char text[3 * P2A_HUMAN_ROOM])
{
    char figure_text[P2A_HUMAN_ROOM];
    const char *said = "";
    if (column == CALLS) {
        say_calls(t, text, row);
        return;
    }
    if (column == CHANGE)
        said = change(t, figure_text, row->total_before, row->total);
    else if (column == RATIO)
        said = p2a_human_ratio(figure_text, row->total_before, row->total);
    else if (column == SELF)
        said = change(t, figure_text, row->self_before, row->self);
    else
        said = either(t, figure_text, column == BEFORE ? row->total_before : row->total);
    snprintf(text, 3 * P2A_HUMAN_ROOM, "%s", said);
}

static size_t measure_comparison(struct tree *t)
{
    char text[3 * P2A_HUMAN_ROOM];
    size_t used = 0;
    for (int k = 0; k < COLUMNS; k++) {
        t->cells[k] = strlen(titles[k]);
        for (uint32_t i = 0; i < t->outline.n; i++) {
            say_cell(t, &t->outline.row[i], k, text);
            widen(&t->cells[k], text);
        }
        if (k == CALLS && !p2a_counts_paths(t->p))
            t->cells[k] = 0;
        used += t->cells[k] + 2;
    }
    return used;
}

static void put_sides(struct tree *t, const struct p2a_outline_row *row)
{
    char text[3 * P2A_HUMAN_ROOM];
    double by = row->total - row->total_before;
    double whole = fmax(t->base, p2a_whole(t->p, t->p->metrics.n));
    enum p2a_ink ink = fabs(by) < 0.01 * whole ? P2A_INK : by > 0 ? P2A_HOT : P2A_COOL;
    for (int k = 0; k < COLUMNS; k++) {
        if (!t->cells[k])
            continue;
        say_cell(t, row, k, text);
        size_t room = t->cells[k] - p2a_cells(p2a_str_of(text));
        p2a_sheet_blank(&t->sheet, k == RATIO ? 0 : room);
        p2a_sheet_ink(&t->sheet, k == CHANGE || k == RATIO ? ink : P2A_INK);
        p2a_sheet_text(&t->sheet, text);
        p2a_sheet_ink(&t->sheet, P2A_INK);
        p2a_sheet_blank(&t->sheet, 2 + (k == RATIO ? room : 0));
    }
}

/* ---- widths ---- */

static bool measure(struct tree *t)
{
    char text[P2A_HUMAN_ROOM];
    uint32_t deepest = 0;
    t->total_width = t->self_width = 6;
    t->calls_width = p2a_counts_paths(t->p) ? 5 : 0;
    for (uint32_t i = 0; i < t->outline.n; i++) {
        const struct p2a_outline_row *row = &t->outline.row[i];
        widen(&t->total_width, figure(t, text, row->total));
        widen(&t->self_width, figure(t, text, row->self));
        widen(&t->calls_width, calls_text(t, text, row));
        if (row->depth > deepest)
            deepest = row->depth;
    }
    size_t used = 8 + t->total_width + t->self_width + t->calls_width + 6;
    if (t->compared)
        used = measure_comparison(t);
    size_t room = t->width == SIZE_MAX ? 120 : t->width > used ? t->width - used : 0;
    size_t indent = room > 2 * NARROWEST ? room - NARROWEST : room / 2;
    t->step = (size_t)deepest * 3 <= indent ? 3 : 2;
    t->levels = indent / t->step < deepest ? (uint32_t)(indent / t->step) : deepest;
    t->last = calloc((size_t)t->levels + 1, sizeof *t->last);
    return t->last;
}

/* ---- the rows ---- */

/* Rows deeper than there is room for stand side by side, with the number of their level. */
static void put_indent(struct tree *t, const struct p2a_outline_row *row)
{
    const char *wide = t->step == 3 ? "\xE2\x94\x80 " : " ";
    char depth[24];
    p2a_sheet_ink(&t->sheet, P2A_FAINT);
    for (uint32_t level = 1; level < row->depth && level < t->levels; level++) {
        p2a_sheet_text(&t->sheet, t->last[level] ? " " : "\xE2\x94\x82");
        p2a_sheet_blank(&t->sheet, t->step - 1);
    }
    if (row->depth <= t->levels)
        t->last[row->depth] = row->last;
    if (row->depth > t->levels) {
        snprintf(depth, sizeof depth, "\xC2\xB7%u ", row->depth);
        p2a_sheet_text(&t->sheet, depth);
    } else if (row->depth) {
        p2a_sheet_text(&t->sheet, row->last ? "\xE2\x94\x94" : "\xE2\x94\x9C");
        p2a_sheet_text(&t->sheet, wide);
    }
    p2a_sheet_ink(&t->sheet, P2A_INK);
}

static void spell_thread(struct tree *t, p2a_id thread)
{
    char text[P2A_THREAD_NUMBER];
    bool known = thread < t->p->threads.n;
    struct p2a_str parts[3] = {P2A_LIT("thread")};
    if (known) {
        parts[1] = p2a_str_of(p2a_thread_number(&t->p->threads.row[thread], t->tids_repeat, text));
        parts[2] = p2a_string(t->p, t->p->threads.row[thread].name);
    }
    t->name.n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i && parts[i].n)
            p2a_buffer_add(&t->name, " ", 1);
        p2a_buffer_add(&t->name, parts[i].at, parts[i].n);
    }
}

static void put_path_of(struct tree *t, struct p2a_str spelled, struct p2a_str name)
{
    bool placed = p2a_str_starts(spelled, name.at) && spelled.n > name.n;
    struct p2a_str head = {spelled.at, placed ? name.n : spelled.n};
    p2a_sheet_put(&t->sheet, head);
    if (placed) {
        p2a_sheet_ink(&t->sheet, P2A_FAINT);
        p2a_sheet_put(&t->sheet, (struct p2a_str){spelled.at + head.n, spelled.n - head.n});
        p2a_sheet_ink(&t->sheet, P2A_INK);
    }
}

/* "name (place)" in what is left of the line, ROOM cells. */
static void put_name(struct tree *t, const struct p2a_outline_row *row, size_t room)
{
    const struct p2a_profile *p = t->p;
    if (row->function == P2A_NONE) {
        spell_thread(t, row->thread);
        p2a_sheet_cut(&t->sheet, (struct p2a_str){t->name.at, t->name.n}, room);
        return;
    }
    const struct p2a_function *f = &p->functions.row[row->function];
    struct p2a_str name = p2a_string(p, f->qualname ? f->qualname : f->name);
    struct p2a_str spelled = p2a_spell(p, row->function, t->out->names, &t->name);
    if (p2a_cells(spelled) <= room) {
        put_path_of(t, spelled, name);
    } else if (p2a_label(&t->label, name, P2A_LIT(""), room) && t->label.n) {
        p2a_sheet_cut(&t->sheet, (struct p2a_str){t->label.at, t->label.n}, room);
    } else {
        p2a_sheet_cut(&t->sheet, name, room);
    }
}

static enum p2a_ink ink_of(double part, double whole)
{
    double share = whole > 0 ? part / whole : 0;
    return share >= 0.2 ? P2A_HOT : share >= 0.05 ? P2A_WARM : P2A_INK;
}

static void put_figures(struct tree *t, const struct p2a_outline_row *row)
{
    struct p2a_sheet *s = &t->sheet;
    char text[P2A_HUMAN_ROOM];
    p2a_sheet_right(s, p2a_human_percent(text, row->total, t->base), 6);
    p2a_sheet_right(s, figure(t, text, row->total), t->total_width + 2);
    p2a_sheet_ink(s, ink_of(row->self, t->base));
    p2a_sheet_right(s, figure(t, text, row->self), t->self_width + 2);
    p2a_sheet_ink(s, P2A_INK);
    if (t->calls_width)
        p2a_sheet_right(s, calls_text(t, text, row), t->calls_width + 2);
    p2a_sheet_blank(s, 2);
}

static void put_row(struct tree *t, const struct p2a_outline_row *row)
{
    struct p2a_sheet *s = &t->sheet;
    char nested[24] = "";
    if (t->compared)
        put_sides(t, row);
    else
        put_figures(t, row);
    put_indent(t, row);
    if (row->nested > 1)
        snprintf(nested, sizeof nested, " \xE2\x86\xBB%u", row->nested);
    size_t after = p2a_cells(p2a_str_of(nested)) + s->cells;
    put_name(t, row, t->width > after ? t->width - after : 0);
    p2a_sheet_ink(s, P2A_FAINT);
    p2a_sheet_text(s, nested);
    p2a_sheet_end(s, t->out);
}

/* ---- what stands around them ---- */

/* "1.37 s → 2.63 s, +1.26 s, +92.1 %" */
static void put_both(struct tree *t)
{
    double before = p2a_whole(t->p, t->p->metrics.n), after = t->outline.whole;
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM], line[5 * P2A_HUMAN_ROOM];
    snprintf(line, sizeof line, "%s \xE2\x86\x92 %s, ", figure(t, a, before), figure(t, b, after));
    p2a_sheet_text(&t->sheet, line);
    snprintf(line, sizeof line, "%s%s", change(t, a, before, after),
             p2a_human_and_ratio(b, before, after));
    p2a_sheet_text(&t->sheet, line);
}

static void put_title(struct tree *t)
{
    char text[P2A_HUMAN_ROOM], more[2 * P2A_HUMAN_ROOM];
    const struct p2a_profile *p = t->p;
    struct p2a_str word = p2a_string(p, p->metrics.row[0].name);
    if (t->compared)
        put_both(t);
    else
        p2a_sheet_text(&t->sheet,
                       p2a_human_figure(text, t->outline.whole * t->scale, t->unit, word));
    snprintf(more, sizeof more, " in %s call path%s", p2a_human_count(text, t->outline.all),
             p2a_plural(t->outline.all));
    p2a_sheet_text(&t->sheet, more);
    if (p->base > 0) {
        snprintf(more, sizeof more, ", selected of %s",
                 p2a_human_figure(text, p->base * t->scale, t->unit, word));
        p2a_sheet_text(&t->sheet, more);
    }
    if (p->estimated & P2A_CONTEXTS)
        p2a_sheet_text(&t->sheet, ", estimated from a call graph");
    p2a_sheet_end(&t->sheet, t->out);
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_heading(struct tree *t)
{
    struct p2a_sheet *s = &t->sheet;
    p2a_sheet_ink(s, P2A_FAINT);
    for (int k = 0; t->compared && k < COLUMNS; k++) {
        p2a_sheet_right(s, t->cells[k] ? titles[k] : "", t->cells[k]);
        p2a_sheet_blank(s, t->cells[k] ? 2 : 0);
    }
    if (t->compared) {
        p2a_sheet_text(s, "call path");
        p2a_sheet_end(s, t->out);
        return;
    }
    p2a_sheet_right(s, "total", 6 + 2 + t->total_width);
    p2a_sheet_right(s, "self", 2 + t->self_width);
    if (t->calls_width)
        p2a_sheet_right(s, "calls", 2 + t->calls_width);
    p2a_sheet_text(s, "  call path");
    p2a_sheet_end(s, t->out);
}

static void put_left_out(struct tree *t)
{
    const struct p2a_outline *o = &t->outline;
    char count[P2A_HUMAN_ROOM], share[P2A_HUMAN_ROOM], line[256];
    uint32_t hidden = o->all - o->n;
    double sum = o->hidden;
    for (uint32_t i = 0; i < o->n; i++)
        sum += o->row[i].hidden;
    if (!hidden)
        return;
    p2a_human_rest(share, sum, t->base, t->scale, t->unit);
    if (t->compared)
        strcpy(share, "the rest");
    snprintf(line, sizeof line, "%s more call path%s hold%s %s:%s%s%s shows %s",
             p2a_human_count(count, hidden), p2a_plural(hidden), hidden == 1 ? "s" : "", share,
             hidden > o->too_deep + o->too_many ? " -O threshold=0" : "",
             o->too_deep ? " -O depth=0" : "", o->too_many ? " --limit all" : "",
             hidden == 1 ? "it" : "them");
    p2a_sheet_text(&t->sheet, line);
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_legend(struct tree *t)
{
    bool nested = false;
    for (uint32_t i = 0; i < t->outline.n && !nested; i++)
        nested = t->outline.row[i].nested > 1;
    if (!nested)
        return;
    p2a_sheet_text(&t->sheet, "\xE2\x86\xBBN: ");
    p2a_sheet_text(&t->sheet, t->folded ? "recursive, N levels deep, in one line: "
                                          "-O recursion=full unfolds them"
                                        : "recursive, at most the Nth level");
    p2a_sheet_end(&t->sheet, t->out);
}

static void put_tree(struct tree *t)
{
    put_title(t);
    put_heading(t);
    for (uint32_t i = 0; i < t->outline.n && p2a_out_status(t->out) == P2A_OK; i++)
        put_row(t, &t->outline.row[i]);
    p2a_sheet_end(&t->sheet, t->out);
    put_left_out(t);
    put_legend(t);
}

static struct p2a_outline_wanted wanted_of(struct p2a_out *out)
{
    uint64_t limit = out->report->limit ? out->report->limit : ROWS;
    double depth = p2a_option_number(out, "depth");
    return (struct p2a_outline_wanted){
        .fold = p2a_str_is(p2a_str_of(p2a_option_text(out, "recursion")), "fold"),
        .threads = out->profile->threads.n > 1 &&
                   p2a_str_is(p2a_str_of(p2a_option_text(out, "threads")), "apart"),
        .by_total = p2a_str_is(p2a_str_of(p2a_option_text(out, "sort")), "total"),
        .least = fmax(0, p2a_option_number(out, "threshold") / 100),
        .levels = depth >= 1 && depth < UINT32_MAX ? (uint32_t)depth : 0,
        .most = limit < UINT32_MAX ? (uint32_t)limit : 0};
}

static enum p2a_status write_tree(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    double width = p2a_option_number(out, "width");
    struct p2a_outline_wanted wanted = wanted_of(out);
    struct tree t = {
        .out = out, .p = p, .width = width >= 1 ? (size_t)fmin(width, 10000) : SIZE_MAX};
    if (!p2a_has_contexts(p) || p->metrics.n == 0) {
        p2a_put_text(out, "no call paths\n");
        return p2a_out_status(out);
    }
    t.sheet.width = t.width == SIZE_MAX ? 0 : t.width;
    t.sheet.color = p2a_str_is(p2a_str_of(p2a_option_text(out, "color")), "always");
    t.sheet.ascii = p2a_option_flag(out, "ascii");
    t.folded = wanted.fold;
    t.unit = p2a_string(p, p->metrics.row[0].unit);
    t.scale = p->metrics.row[0].scale;
    t.base = p2a_share_base(p);
    t.compared = p->columns > p->metrics.n;
    t.tids_repeat = p2a_tids_repeat(p);
    if (p2a_outline_build(p, &wanted, &t.outline) && measure(&t))
        put_tree(&t);
    else
        p2a_no_memory(out);
    if (t.name.failed || t.label.failed)
        p2a_no_memory(out);
    p2a_outline_free(&t.outline);
    p2a_sheet_free(&t.sheet, out);
    p2a_buffer_free(&t.name);
    p2a_buffer_free(&t.place);
    p2a_buffer_free(&t.label);
    free(t.last);
    return p2a_out_status(out);
}

const struct p2a_format p2a_format_tree = {
    .name = "tree",
    .title = "the call tree as indented text",
    .write = write_tree,
    .needs = P2A_CONTEXTS | P2A_PICTURE | P2A_STACKS,
    .keeps = P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_THREADS | P2A_BEFORE,
    .report = P2A_REPORT_LIMIT | P2A_REPORT_NAMES,
    .view = true,
    .options = options,
};
