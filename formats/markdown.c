/* The functions of a profile as a table in GitHub's Markdown, for job summaries and comments.
 * Defined by the GitHub Flavored Markdown Spec, "Tables (extension)". Only written.
 *
 *     **14.7 ms** in 210 functions, by cumulative time
 *
 *     | total | | self | | calls | function | place |
 *     | ---: | ---: | ---: | ---: | ---: | :--- | :--- |
 *     | 14.7 ms | 100.0% | 16.2 µs | 0.1% | 5/1 | `main` | `app.py:3` |
 *     | 5.2 ms | 35.4% | 660 µs | 4.5% | 1 | ← `run` | `app.py:9` |      with --callers
 *
 *     185 more functions hold 34.5 % by themselves.
 *
 * Of a comparison, what has changed itself, and below it, folded up, what has through what it
 * calls:
 *
 *     **1.37 s → 2.63 s**, +1.26 s, +92.1 % in 450 functions
 *
 *     Changed themselves by more than 1 % of 2.63 s or in calls:
 *
 *     | self change | | before | after | total change | | calls | function | place |
 *     | +603 ms | 62.7 times | 9.67 ms | 597 ms | +603 ms | +5280 % | 150 | `parse` | `a.py:9` |
 *
 *     424 functions have changed by no more.
 *
 * A name is code, so that nothing in it is markup, a mention or a link: between backticks, or where
 * it holds what would end those or the cell, between <code> tags with its punctuation as character
 * references. What isn't plain text (control characters, bytes that are no UTF-8, marks of
 * direction) is '?'. It carries calls, self and total of the first metric. */
#include <stdio.h>
#include <string.h>

#include "base/cells.h"
#include "base/human.h"
#include "base/label.h"
#include "model/arcs.h"
#include "model/changes.h"
#include "model/rows.h"

enum { ROWS = 25 };

struct markdown {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    uint32_t shown;
    bool callers, calls;
    double base; /* what shares are of */
    struct p2a_buffer place, name, said;
};

/* ---- cells ---- */

static bool is_simple(struct p2a_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (strchr("`|\\", text.at[i]))
            return false;
    return text.n && text.at[0] != ' ' && text.at[text.n - 1] != ' ';
}

static void put_referred(struct p2a_out *out, struct p2a_str c)
{
    char first = c.at[0];
    bool plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                 (first >= '0' && first <= '9') || first == ' ' || (unsigned char)first >= 0x80;
    if (plain)
        p2a_put_str(out, c);
    else
        p2a_putf(out, "&#%d;", first);
}

static void put_code(struct p2a_out *out, struct p2a_str text)
{
    bool simple = is_simple(text);
    struct p2a_str c;
    if (!text.n)
        return;
    p2a_put_text(out, simple ? "`" : "<code>");
    while (text.n) {
        p2a_cells_next(&text, &c);
        if (simple)
            p2a_put_str(out, c);
        else
            put_referred(out, c);
    }
    p2a_put_text(out, simple ? "`" : "</code>");
}

static void put_value(struct markdown *m, bool known, const double *values)
{
    const struct p2a_metric *metric = &m->p->metrics.row[0];
    char text[P2A_HUMAN_ROOM];
    if (!known) {
        p2a_put_text(m->out, " | |");
        return;
    }
    p2a_putf(m->out, " %s |",
             p2a_human_figure(text, values[0] * metric->scale, p2a_string(m->p, metric->unit),
                              P2A_LIT("")));
    p2a_putf(m->out, " %s |", p2a_human_percent(text, values[0], m->base));
}

static void put_calls(struct markdown *m, unsigned has, uint64_t calls, uint64_t primitive)
{
    char text[P2A_HUMAN_ROOM];
    if (has & P2A_HAS_CALLS)
        p2a_putf(m->out, " %s", p2a_human_count(text, calls));
    if (has & P2A_HAS_CALLS && has & P2A_HAS_PRIMITIVE && primitive != calls)
        p2a_putf(m->out, "/%s", p2a_human_count(text, primitive));
    p2a_put_text(m->out, " |");
}

static void put_function(struct markdown *m, p2a_id function, const char *arrow)
{
    const struct p2a_function *f = &m->p->functions.row[function];
    struct p2a_str file = p2a_string(m->p, f->file ? f->file : f->module);
    char line[24] = "";
    p2a_put_text(m->out, arrow);
    if (m->out->names == P2A_NAMES_PSTATS) {
        put_code(m->out, p2a_spell(m->p, function, P2A_NAMES_PSTATS, &m->name));
        p2a_put_text(m->out, " |\n");
        return;
    }
    put_code(m->out, p2a_string(m->p, f->qualname ? f->qualname : f->name));
    p2a_put_text(m->out, " | ");
    if (m->out->names == P2A_NAMES_SHORT)
        file = p2a_place_tail(file);
    if (f->line)
        snprintf(line, sizeof line, ":%lld", (long long)f->line);
    m->place.n = 0;
    if (file.n && !p2a_str_is(file, "~")) {
        p2a_buffer_add(&m->place, file.at, file.n);
        p2a_buffer_add(&m->place, line, strlen(line));
    }
    put_code(m->out, (struct p2a_str){m->place.at, m->place.n});
    p2a_put_text(m->out, " |\n");
}

/* ---- rows ---- */

static void put_heading(struct markdown *m)
{
    bool together = m->out->names == P2A_NAMES_PSTATS;
    p2a_putf(m->out, "| total | | self | |%s %s |%s\n", m->calls ? " calls |" : "",
             p2a_functions_word(m->p, 1), together ? "" : " place |");
    p2a_putf(m->out, "| ---: | ---: | ---: | ---: |%s :--- |%s\n", m->calls ? " ---: |" : "",
             together ? "" : " :--- |");
}

static void put_row(struct markdown *m, p2a_id f)
{
    const struct p2a_graph *g = &m->p->graph;
    const struct p2a_node *node = &g->node[f];
    size_t row = (size_t)f * m->p->columns;
    p2a_put_text(m->out, "|");
    put_value(m, node->has & P2A_HAS_TOTAL, g->total + row);
    put_value(m, node->has & P2A_HAS_SELF, g->self + row);
    if (m->calls)
        put_calls(m, node->has, node->calls, node->primitive);
    put_function(m, f, " ");
}

static void put_arc(struct markdown *m, p2a_id id)
{
    const struct p2a_graph *g = &m->p->graph;
    const struct p2a_arc *arc = &g->arc[id];
    size_t row = (size_t)id * m->p->columns;
    p2a_put_text(m->out, "|");
    put_value(m, arc->has & P2A_HAS_TOTAL, g->arc_total + row);
    put_value(m, arc->has & P2A_HAS_SELF, g->arc_self + row);
    if (m->calls)
        put_calls(m, arc->has, arc->calls, arc->primitive);
    put_function(m, m->callers ? arc->caller : arc->callee,
                 m->callers ? " \xE2\x86\x90 " : " \xE2\x86\x92 ");
}

static void put_rows(struct markdown *m, struct p2a_arcs *arcs)
{
    put_heading(m);
    for (uint32_t i = 0; i < m->shown; i++) {
        uint32_t n = 0;
        const p2a_id *arc = arcs ? p2a_arcs_of(arcs, m->rows.function[i], &n) : NULL;
        if (arcs && !arc)
            p2a_no_memory(m->out);
        put_row(m, m->rows.function[i]);
        for (uint32_t k = 0; arc && k < n; k++)
            put_arc(m, arc[k]);
    }
}

static void put_title(struct markdown *m)
{
    const struct p2a_profile *p = m->p;
    const struct p2a_metric *metric = &p->metrics.row[0];
    struct p2a_str unit = p2a_string(p, metric->unit), name = p2a_string(p, metric->name);
    char text[P2A_HUMAN_ROOM];
    bool counted = !p2a_str_is(unit, "seconds") && !p2a_str_is(unit, "bytes");
    p2a_putf(m->out, "**%s**", p2a_human_figure(text, p2a_metric_total(p, 0), unit, P2A_LIT("")));
    if (counted) {
        p2a_put_text(m->out, " ");
        put_code(m->out, name);
    }
    p2a_putf(m->out, " in %s %s", p2a_human_count(text, m->rows.all),
             p2a_functions_word(p, m->rows.all));
    if (m->rows.n < m->rows.all)
        p2a_putf(m->out, ", %s of them listed", p2a_human_count(text, m->rows.n));
    if (m->rows.sorted && !counted)
        p2a_putf(m->out, ", by %s", m->rows.sort.n ? m->rows.sort.at : "");
    p2a_put_text(m->out, "\n\n");
}

static void put_left_out(struct markdown *m)
{
    uint32_t hidden = m->rows.n - m->shown;
    char count[P2A_HUMAN_ROOM], share[P2A_HUMAN_ROOM];
    const struct p2a_metric *metric = &m->p->metrics.row[0];
    if (!hidden)
        return;
    p2a_human_rest(share, p2a_rows_self(m->p, &m->rows, m->shown), m->base, metric->scale,
                   p2a_string(m->p, metric->unit));
    p2a_putf(m->out, "\n%s more %s %s %s by %s.\n", p2a_human_count(count, hidden),
             p2a_functions_word(m->p, hidden), hidden == 1 ? "holds" : "hold", share,
             hidden == 1 ? "itself" : "themselves");
}

static void put_all(struct markdown *m)
{
    const struct p2a_report *report = m->out->report;
    uint64_t limit = report->limit ? report->limit : ROWS;
    struct p2a_arcs arcs = {0};
    bool with_arcs = report->callers || report->callees;
    m->shown = limit < m->rows.n ? (uint32_t)limit : m->rows.n;
    if (with_arcs && !p2a_arcs_build(m->p, m->callers, &arcs)) {
        p2a_no_memory(m->out);
    } else {
        put_title(m);
        put_rows(m, with_arcs ? &arcs : NULL);
        put_left_out(m);
    }
    p2a_arcs_free(&arcs);
}

/* ---- a comparison ---- */

/* Of the columns of changes those of the total's sides are left out: a page is narrow. */
static bool is_shown(const struct p2a_changes *changes, enum p2a_change_column column, bool through)
{
    if (column == P2A_CALLS_CHANGE)
        return changes->calls;
    return through ? column > P2A_SELF_AFTER
                   : column != P2A_TOTAL_BEFORE && column != P2A_TOTAL_AFTER;
}

static void put_change_heading(struct markdown *m, const struct p2a_changes *changes, bool through)
{
    static const char *const titles[P2A_CHANGE_COLUMNS] = {
        [P2A_SELF_CHANGE] = " self change |",   [P2A_SELF_RATIO] = " |",
        [P2A_SELF_BEFORE] = " before |",        [P2A_SELF_AFTER] = " after |",
        [P2A_TOTAL_CHANGE] = " total change |", [P2A_TOTAL_RATIO] = " |",
        [P2A_TOTAL_BEFORE] = " before |",       [P2A_TOTAL_AFTER] = " after |",
        [P2A_CALLS_CHANGE] = " calls |"};
    bool together = m->out->names == P2A_NAMES_PSTATS;
    p2a_put_text(m->out, "|");
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++)
        p2a_put_text(m->out,
                     is_shown(changes, (enum p2a_change_column)k, through) ? titles[k] : "");
    p2a_putf(m->out, " %s |%s\n|", p2a_functions_word(m->p, 1), together ? "" : " place |");
    for (int k = 0; k < P2A_CHANGE_COLUMNS; k++)
        p2a_put_text(m->out,
                     is_shown(changes, (enum p2a_change_column)k, through) ? " ---: |" : "");
    p2a_putf(m->out, " :--- |%s\n", together ? "" : " :--- |");
}

static void put_changes(struct markdown *m, const struct p2a_changes *changes, uint32_t from,
                        uint32_t n, bool through)
{
    uint64_t limit = m->out->report->limit ? m->out->report->limit : ROWS;
    uint32_t shown = limit < n ? (uint32_t)limit : n;
    char text[P2A_CHANGE_CELL], count[P2A_HUMAN_ROOM];
    put_change_heading(m, changes, through);
    for (uint32_t i = from; i < from + shown; i++) {
        const struct p2a_change *change = &changes->row[i];
        p2a_put_text(m->out, "|");
        for (int k = 0; k < P2A_CHANGE_COLUMNS; k++) {
            if (!is_shown(changes, (enum p2a_change_column)k, through))
                continue;
            p2a_change_cell(m->p, change, (enum p2a_change_column)k, text);
            p2a_putf(m->out, " %s |", text);
        }
        put_function(m, change->function, " ");
    }
    if (shown < n)
        p2a_putf(m->out, "\n%s more.\n", p2a_human_count(count, n - shown));
}

/* What was said in sentences of which only the first letter is missing. */
static void put_said(struct markdown *m, const char *before, const char *after)
{
    struct p2a_str said = {m->said.at, m->said.n};
    p2a_put_text(m->out, before);
    if (said.n && said.at[0] >= 'a' && said.at[0] <= 'z')
        m->said.at[0] = (char)(said.at[0] - 'a' + 'A');
    p2a_put_str(m->out, said);
    p2a_put_text(m->out, after);
    m->said.n = 0;
}

static void put_comparison(struct markdown *m, const struct p2a_changes *changes)
{
    char count[P2A_HUMAN_ROOM];
    p2a_change_sides(m->p, changes, &m->said);
    put_said(m, "**", "**");
    p2a_change_whole(m->p, changes, &m->said);
    put_said(m, "", "\n\n");
    p2a_change_own(m->p, changes, &m->said);
    put_said(m, "", changes->own ? ":\n\n" : ".\n");
    if (changes->own)
        put_changes(m, changes, 0, changes->own, false);
    if (changes->through) {
        p2a_putf(m->out, "\n<details><summary>%s changed through what they call</summary>\n\n",
                 p2a_human_count(count, changes->through));
        put_changes(m, changes, changes->own, changes->through, true);
        p2a_put_text(m->out, "\n</details>\n");
    }
    p2a_put_text(m->out, "\n");
    p2a_change_others(m->p, changes, &m->said);
    struct p2a_str rest = {m->said.at, m->said.n}, line;
    while (p2a_str_cut(rest, '\n', &line, &rest)) {
        p2a_put_str(m->out, line);
        p2a_put_text(m->out, rest.n ? "; " : ".\n");
    }
}

static enum p2a_status write_comparison(struct p2a_out *out)
{
    struct markdown m = {.out = out, .p = out->profile};
    struct p2a_changes changes;
    if (m.p->graph.order_n == 0 || m.p->metrics.n == 0) {
        p2a_put_text(out, "nothing to compare\n");
        return p2a_out_status(out);
    }
    if (p2a_changes(out, &changes) == P2A_OK)
        put_comparison(&m, &changes);
    if (m.place.failed || m.name.failed || m.said.failed)
        p2a_no_memory(out);
    p2a_changes_free(&changes);
    p2a_buffer_free(&m.place);
    p2a_buffer_free(&m.name);
    p2a_buffer_free(&m.said);
    return p2a_out_status(out);
}

static enum p2a_status write_markdown(struct p2a_out *out)
{
    const struct p2a_report *report = out->report;
    bool compared = out->profile->columns > out->profile->metrics.n;
    if (compared && !report->callers && !report->callees)
        return write_comparison(out);
    if (compared)
        p2a_out_note(out, "the callers and callees of a comparison are those after");
    struct markdown m = {.out = out,
                         .p = out->profile,
                         .callers = out->report->callers,
                         .calls = out->profile->facts & P2A_CALLS,
                         .base = p2a_share_base(out->profile)};
    if (m.p->graph.order_n == 0 || m.p->metrics.n == 0)
        p2a_put_text(out, "no functions\n");
    else if (p2a_rows(out, "cumulative", 0, &m.rows) == P2A_OK)
        put_all(&m);
    if (m.place.failed || m.name.failed)
        p2a_no_memory(out);
    p2a_rows_free(&m.rows);
    p2a_buffer_free(&m.place);
    p2a_buffer_free(&m.name);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"md", NULL};
static const char *const patterns[] = {"*.md", NULL};

const struct p2a_format p2a_format_markdown = {
    .name = "markdown",
    .title = "functions as a GitHub Markdown table, for job summaries",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_markdown,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES | P2A_BEFORE,
    .report = P2A_REPORT | P2A_REPORT_NAMES,
    .view = true,
};
