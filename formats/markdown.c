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
#include "model/rows.h"

enum { ROWS = 25 };

struct markdown {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    uint32_t shown;
    bool callers, calls;
    double base; /* what shares are of */
    struct p2a_buffer place, name;
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
    p2a_putf(m->out, "| total | | self | |%s function |%s\n", m->calls ? " calls |" : "",
             together ? "" : " place |");
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
    p2a_putf(m->out, " in %s function%s", p2a_human_count(text, m->rows.all),
             m->rows.all == 1 ? "" : "s");
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
    double sum = 0;
    for (uint32_t i = m->shown; i < m->rows.n; i++) {
        double self = m->p->graph.self[(size_t)m->rows.function[i] * m->p->columns];
        sum += self > 0 ? self : 0;
    }
    if (hidden)
        p2a_putf(m->out, "\n%s more function%s %s by %s.\n", p2a_human_count(count, hidden),
                 hidden == 1 ? " holds" : "s hold", p2a_human_share(share, sum, m->base),
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

static enum p2a_status write_markdown(struct p2a_out *out)
{
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
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES,
    .view = true,
};
