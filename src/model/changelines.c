/* A comparison as lines:
 *
 *     1.37 s → 2.63 s, +1.26 s, +92.1 %, in 451 functions
 *
 *     changed themselves by more than 1 % of 2.63 s, in calls, new or gone:
 *
 *      self change              before     after  total change …     calls  function
 *          +1.78 s  new              -    1.78 s       +1.78 s …   0 → 600  _new_helper
 * (message.py:615) -1.15 s  gone        1.15 s         -       -1.15 s …   600 → 0  _old_helper
 * (message.py:615) +603 ms  54.9 times  9.7 ms    597 ms       +603 ms …       150  _parse_headers
 * (feedparser.py:469)
 *
 *     changed through what they call:
 *
 *     total change               before     after  calls  function
 *     …
 *     440 functions have changed by no more
 *     self of all that haven't changed themselves: +1.2 ms
 *
 * Where there is less room, columns go in the order of `rank`, the name keeps 24 cells. A side with
 * several runs has "597 ms (590 ms to 601 ms)": median, least and most. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/sheet.h"
#include "model/changes.h"

#define ARROW " \xE2\x86\x92 "

enum { GAP = 2, LEAST_NAME = 24, CELL = P2A_CHANGE_CELL };

static const struct {
    const char *title;
    unsigned rank; /* the highest goes first */
} columns[P2A_CHANGE_COLUMNS] = {
    [P2A_SELF_CHANGE] = {"self change", 0},   [P2A_SELF_RATIO] = {"", 1},
    [P2A_SELF_BEFORE] = {"before", 4},        [P2A_SELF_AFTER] = {"after", 4},
    [P2A_TOTAL_CHANGE] = {"total change", 2}, [P2A_TOTAL_RATIO] = {"", 5},
    [P2A_TOTAL_BEFORE] = {"before", 6},       [P2A_TOTAL_AFTER] = {"after", 6},
    [P2A_CALLS_CHANGE] = {"calls", 3}};

struct lines {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_changes changes;
    struct p2a_sheet sheet;
    size_t width;                     /* 0: no limit */
    size_t cells[P2A_CHANGE_COLUMNS]; /* of a column; 0: it isn't there */
    uint32_t own, through;            /* as many as are shown */
    struct p2a_buffer name, said;
};

/* ---- words ---- */

static const char *value(const struct p2a_profile *p, char text[P2A_HUMAN_ROOM], double raw)
{
    const struct p2a_metric *metric = &p->metrics.row[0];
    struct p2a_str unit = p2a_string(p, metric->unit);
    return p2a_human_figure(text, raw * metric->scale, unit, P2A_LIT(""));
}

static const char *difference(const struct p2a_profile *p, char text[P2A_HUMAN_ROOM], double raw)
{
    const struct p2a_metric *metric = &p->metrics.row[0];
    struct p2a_str unit = p2a_string(p, metric->unit);
    return p2a_human_change(text, raw * metric->scale, unit, P2A_LIT(""));
}

static void say_side(const struct p2a_profile *p, char text[CELL], const struct p2a_range *range,
                     bool there)
{
    char median[P2A_HUMAN_ROOM], least[P2A_HUMAN_ROOM], most[P2A_HUMAN_ROOM];
    value(p, median, range->median);
    if (!(range->most > 0) && !there)
        snprintf(text, CELL, "-");
    else if (range->most > range->least)
        snprintf(text, CELL, "%s (%s to %s)", median, value(p, least, range->least),
                 value(p, most, range->most));
    else
        snprintf(text, CELL, "%s", median);
}

/* A function that a side has with nothing of this figure isn't new, and not gone. */
static void say_ratio(char text[CELL], const struct p2a_change *c, const struct p2a_range *sides)
{
    char ratio[P2A_HUMAN_ROOM];
    double before = sides[P2A_EARLIER].median, after = sides[P2A_AFTER].median;
    p2a_human_ratio(ratio, before, after);
    if (!(before > 0) && p2a_change_is_on(c, P2A_EARLIER))
        ratio[0] = '\0';
    else if (before > 0 && !(after > 0) && p2a_change_is_on(c, P2A_AFTER))
        snprintf(ratio, sizeof ratio, "-100 %%");
    snprintf(text, CELL, "%s", ratio);
}

static void say_count(char text[2 * P2A_HUMAN_ROOM + 8], const struct p2a_range *range)
{
    char least[P2A_HUMAN_ROOM], most[P2A_HUMAN_ROOM];
    p2a_human_count(least, (uint64_t)range->least);
    p2a_human_count(most, (uint64_t)range->most);
    if (range->most > range->least)
        snprintf(text, 2 * P2A_HUMAN_ROOM + 8, "%s to %s", least, most);
    else
        snprintf(text, 2 * P2A_HUMAN_ROOM + 8, "%s", least);
}

static void say_calls(char text[CELL], const struct p2a_range *sides)
{
    char before[2 * P2A_HUMAN_ROOM + 8], after[2 * P2A_HUMAN_ROOM + 8];
    say_count(before, &sides[P2A_EARLIER]);
    say_count(after, &sides[P2A_AFTER]);
    if (strcmp(before, after) == 0)
        snprintf(text, CELL, "%s", after);
    else
        snprintf(text, CELL, "%s" ARROW "%s", before, after);
}

void p2a_change_cell(const struct p2a_profile *p, const struct p2a_change *c,
                     enum p2a_change_column column, char text[P2A_CHANGE_CELL])
{
    bool self = column <= P2A_SELF_AFTER;
    bool known = column == P2A_CALLS_CHANGE ? c->calls_known
                 : self                     ? c->self_known
                                            : c->total_known;
    const struct p2a_range *sides = self ? c->self : c->total;
    bool after = column == P2A_SELF_AFTER || column == P2A_TOTAL_AFTER;
    unsigned side = after ? P2A_AFTER : P2A_EARLIER;
    char figure[P2A_HUMAN_ROOM];
    if (!known)
        snprintf(text, CELL, "-");
    else if (column == P2A_SELF_CHANGE || column == P2A_TOTAL_CHANGE)
        snprintf(text, CELL, "%s", difference(p, figure, p2a_change_of(sides)));
    else if (column == P2A_SELF_RATIO || column == P2A_TOTAL_RATIO)
        say_ratio(text, c, sides);
    else if (column == P2A_CALLS_CHANGE)
        say_calls(text, c->calls);
    else
        say_side(p, text, &sides[side], p2a_change_is_on(c, side));
}

static void P2A_PRINTF(2, 3) addf(struct p2a_buffer *to, const char *format, ...)
{
    char text[CELL];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    p2a_buffer_add(to, text, strlen(text));
}

void p2a_change_sides(const struct p2a_profile *p, const struct p2a_changes *c,
                      struct p2a_buffer *to)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    addf(to, "%s" ARROW "%s", value(p, a, c->whole[P2A_EARLIER]), value(p, b, c->whole[P2A_AFTER]));
}

void p2a_change_whole(const struct p2a_profile *p, const struct p2a_changes *c,
                      struct p2a_buffer *to)
{
    char a[P2A_HUMAN_ROOM], b[P2A_HUMAN_ROOM];
    const struct p2a_metric *metric = &p->metrics.row[0];
    struct p2a_str unit = p2a_string(p, metric->unit), word = p2a_string(p, metric->name);
    double before = c->whole[P2A_EARLIER], after = c->whole[P2A_AFTER];
    addf(to, ", %s%s", difference(p, a, after - before), p2a_human_and_ratio(b, before, after));
    if (!p2a_str_is(unit, "seconds") && !p2a_str_is(unit, "bytes"))
        addf(to, ", %.*s", word.n < 64 ? (int)word.n : 64, word.at);
    addf(to, " in %s %s", p2a_human_count(a, p->graph.order_n),
         p2a_functions_word(p, p->graph.order_n));
    if (c->several)
        addf(to, "; %u run%s before, %u after: medians (least to most)", p->spread.before_n,
             p2a_plural(p->spread.before_n), p->spread.after_n);
}

void p2a_change_own(const struct p2a_profile *p, const struct p2a_changes *c, struct p2a_buffer *to)
{
    char of[P2A_HUMAN_ROOM];
    addf(to, "%s", c->own ? "changed themselves" : "nothing has changed itself");
    if (c->threshold > 0 && c->least > 0)
        addf(to, " by more than %g %% of %s", c->threshold * 100,
             value(p, of, fmax(c->whole[P2A_AFTER], c->whole[P2A_EARLIER])));
    if (c->calls)
        addf(to, " or in calls");
}

void p2a_change_others(const struct p2a_profile *p, const struct p2a_changes *c,
                       struct p2a_buffer *to)
{
    char text[P2A_HUMAN_ROOM];
    uint32_t quiet = c->n - c->own - c->through - c->noisy;
    addf(to, "%s %s %s changed by no more\n", p2a_human_count(text, quiet),
         p2a_functions_word(p, quiet), quiet == 1 ? "has" : "have");
    if (c->noisy)
        addf(to, "%s by more, but the ranges of the runs overlap\n",
             p2a_human_count(text, c->noisy));
    addf(to, "self of all that haven't changed themselves: %s\n", difference(p, text, c->others));
    if (c->restricted)
        addf(to, "%s %s %s left out by the restrictions\n", p2a_human_count(text, c->restricted),
             p2a_functions_word(p, c->restricted), c->restricted == 1 ? "is" : "are");
}

/* ---- widths ---- */

static void measure(struct lines *l, uint32_t from, uint32_t n)
{
    char text[CELL];
    for (uint32_t i = from; i < from + n; i++)
        for (int k = 0; k < P2A_CHANGE_COLUMNS; k++) {
            p2a_change_cell(l->p, &l->changes.row[i], (enum p2a_change_column)k, text);
            size_t cells = p2a_cells(p2a_str_of(text));
            l->cells[k] = cells > l->cells[k] ? cells : l->cells[k];
        }
}

static size_t used(const struct lines *l)
{
    size_t cells = 0;
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++)
        cells += l->cells[k] ? l->cells[k] + GAP : 0;
    return cells;
}

/* The columns of a list; what has changed through others has nothing to say about its self. */
static void fit(struct lines *l, uint32_t from, uint32_t shown, bool through)
{
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++)
        l->cells[k] = strlen(columns[k].title);
    measure(l, from, shown);
    for (int k = 0; through && k <= P2A_SELF_AFTER; k++)
        l->cells[k] = 0;
    if (!l->changes.calls)
        l->cells[P2A_CALLS_CHANGE] = 0;
    for (unsigned rank = 6; l->width && rank > 0 && used(l) + LEAST_NAME > l->width; rank--)
        for (int k = 0; k < P2A_CHANGE_COLUMNS; k++)
            if (columns[k].rank == rank && !(through && k == P2A_TOTAL_CHANGE))
                l->cells[k] = 0;
}

/* ---- lines ---- */

static void end_line(struct lines *l)
{
    p2a_sheet_end(&l->sheet, l->out);
}

static void put_line(struct lines *l, const char *text)
{
    p2a_sheet_prose(&l->sheet, p2a_str_of(text), l->out);
    end_line(l);
}

static void put_heading(struct lines *l)
{
    p2a_sheet_ink(&l->sheet, P2A_FAINT);
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++) {
        if (!l->cells[k])
            continue;
        p2a_sheet_right(&l->sheet, columns[k].title, l->cells[k]);
        p2a_sheet_blank(&l->sheet, GAP);
    }
    put_line(l, p2a_functions_word(l->p, 1));
    p2a_sheet_ink(&l->sheet, P2A_INK);
}

static enum p2a_ink ink_of(const struct lines *l, const struct p2a_change *c)
{
    double by = p2a_change_of(c->kind == P2A_THROUGH ? c->total : c->self);
    if (fabs(by) <= l->changes.least)
        return P2A_INK;
    return by > 0 ? P2A_HOT : P2A_COOL;
}

static void put_row(struct lines *l, const struct p2a_change *c)
{
    char text[CELL];
    struct p2a_sheet *s = &l->sheet;
    int strong = c->kind == P2A_THROUGH ? P2A_TOTAL_CHANGE : P2A_SELF_CHANGE;
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++) {
        if (!l->cells[k])
            continue;
        p2a_change_cell(l->p, c, (enum p2a_change_column)k, text);
        p2a_sheet_ink(s, k == strong || k == strong + 1 ? ink_of(l, c) : P2A_INK);
        if (k == P2A_SELF_RATIO || k == P2A_TOTAL_RATIO) {
            p2a_sheet_text(s, text);
            p2a_sheet_blank(s, l->cells[k] - p2a_cells(p2a_str_of(text)));
        } else {
            p2a_sheet_right(s, text, l->cells[k]);
        }
        p2a_sheet_ink(s, P2A_INK);
        p2a_sheet_blank(s, GAP);
    }
    struct p2a_str name = p2a_spell(l->p, c->function, l->out->names, &l->name);
    if (l->width)
        p2a_sheet_cut(s, name, l->width > s->cells ? l->width - s->cells : 0);
    else
        p2a_sheet_put(s, name);
    end_line(l);
}

static void put_rows(struct lines *l, uint32_t from, uint32_t shown, uint32_t all, bool through)
{
    char text[128], more[P2A_HUMAN_ROOM];
    fit(l, from, shown, through);
    end_line(l);
    put_heading(l);
    for (uint32_t i = from; i < from + shown && p2a_out_status(l->out) == P2A_OK; i++)
        put_row(l, &l->changes.row[i]);
    if (shown < all) {
        snprintf(text, sizeof text, "%s more: --limit all shows them",
                 p2a_human_count(more, all - shown));
        p2a_sheet_ink(&l->sheet, P2A_FAINT);
        put_line(l, text);
        p2a_sheet_ink(&l->sheet, P2A_INK);
    }
    end_line(l);
}

/* ---- what stands around them ---- */

/* What was said, line by line. */
static void put_said(struct lines *l)
{
    struct p2a_str rest = {l->said.at, l->said.n}, line;
    while (rest.n) {
        p2a_str_cut(rest, '\n', &line, &rest);
        p2a_sheet_prose(&l->sheet, line, l->out);
        if (rest.n)
            end_line(l);
    }
    l->said.n = 0;
}

static void put_whole(struct lines *l)
{
    p2a_sheet_ink(&l->sheet, P2A_STRONG);
    p2a_change_sides(l->p, &l->changes, &l->said);
    put_said(l);
    p2a_sheet_ink(&l->sheet, P2A_INK);
    p2a_change_whole(l->p, &l->changes, &l->said);
    put_said(l);
    end_line(l);
    end_line(l);
}

static void put_own(struct lines *l)
{
    p2a_change_own(l->p, &l->changes, &l->said);
    addf(&l->said, "%s", l->changes.own ? ":" : "");
    put_said(l);
    end_line(l);
    if (l->changes.own)
        put_rows(l, 0, l->own, l->changes.own, false);
    else
        end_line(l);
}

static void put_all(struct lines *l, uint64_t limit)
{
    const struct p2a_changes *c = &l->changes;
    l->own = limit && limit < c->own ? (uint32_t)limit : c->own;
    l->through = limit && limit < c->through ? (uint32_t)limit : c->through;
    put_whole(l);
    put_own(l);
    if (c->through) {
        put_line(l, "changed through what they call:");
        put_rows(l, c->own, l->through, c->through, true);
    }
    p2a_change_others(l->p, &l->changes, &l->said);
    put_said(l);
    end_line(l);
}

enum p2a_status p2a_put_changes(struct p2a_out *out, const struct p2a_change_look *look)
{
    const struct p2a_profile *p = out->profile;
    struct lines l = {.out = out, .p = p, .width = look->width};
    if (p->metrics.n == 0) {
        p2a_put_text(out, "nothing to compare\n");
        return p2a_out_status(out);
    }
    l.sheet = (struct p2a_sheet){.color = look->color, .ascii = look->ascii, .width = look->width};
    if (p2a_changes(out, &l.changes) == P2A_OK)
        put_all(&l, look->limit == UINT64_MAX ? 0 : look->limit);
    if (l.name.failed || l.said.failed)
        p2a_no_memory(out);
    p2a_changes_free(&l.changes);
    p2a_sheet_free(&l.sheet, out);
    p2a_buffer_free(&l.name);
    p2a_buffer_free(&l.said);
    return p2a_out_status(out);
}
