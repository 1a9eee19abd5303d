/* Comma-separated values, RFC 4180: a line of titles, then a line for every function, or with
 * callers or callees for every arc of it; lines end in CR LF (in LF where tabs separate). Only
 * written.
 *
 *     function,name,qualified name,file,line,module,kind,calls,primitive calls,
 *         self time (seconds),total time (seconds), … two for every metric
 *     caller function,…,caller kind,callee function,…,callee kind,calls,primitive calls,…
 *
 * - The heaviest come first, by their totals, unless the report has other keys.
 * - A comparison has "self time before", "calls before" and so on beside the others, and functions
 *   have a last column, "change": new, gone, self, calls, through (what they call) or nothing, as
 *   src/model/changes judges it. Of several runs values are means; their medians and the least and
 *   the most of them stand between: "self time median", "total time before least".
 * - Values are in the metric's unit, the shortest number that reads as the same double; "NaN",
 *   "Infinity", "-Infinity". What isn't known is empty.
 * - A cell is quoted where it must be: separators, quotes and line ends in names stay names.
 * - A spreadsheet takes text that begins with = + - @ for a formula, which a hostile name could use
 *   to send what is in the sheet elsewhere: a ' before it makes it text. -O formulas leaves it as
 * it is.
 * - Control characters other than tab and line ends, and bytes that are no UTF-8, become U+FFFD. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json_write.h"
#include "model/arcs.h"
#include "model/changes.h"
#include "model/rows.h"

static const struct p2a_option options[] = {
    {"separator", P2A_CHOICE, "comma", "comma semicolon tab", "what stands between the cells"},
    {"formulas", P2A_FLAG, "no", NULL,
     "leave text that a spreadsheet takes for a formula as it is"},
    {0},
};

struct csv {
    struct p2a_out *out;
    const struct p2a_profile *p;
    char separator;
    bool formulas, more; /* more: the line has a cell already */
    bool compared;
    enum p2a_change_kind *change; /* of functions of a comparison */
    struct p2a_buffer name, cell;
};

/* ---- cells ---- */

static void put_separator(struct csv *c)
{
    if (c->more)
        p2a_put(c->out, &c->separator, 1);
    c->more = true;
}

static void end_line(struct csv *c)
{
    p2a_put_text(c->out, c->separator == '\t' ? "\n" : "\r\n");
    c->more = false;
}

static bool must_be_quoted(const struct csv *c, struct p2a_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] == c->separator || strchr("\"\r\n\t", text.at[i]))
            return true;
    return text.n && (text.at[0] == ' ' || text.at[text.n - 1] == ' ');
}

/* Takes a character off *S and returns what stands for it. */
static struct p2a_str next(struct p2a_str *s)
{
    const char *at = s->at;
    size_t before = s->n;
    uint32_t c = p2a_utf8_next(s);
    bool whole = c < 0x80 || before - s->n > 1;
    bool control = (c < ' ' && !(c == '\t' || c == '\n' || c == '\r')) || (c >= 0x7F && c < 0xA0);
    return whole && !control ? (struct p2a_str){at, before - s->n} : P2A_LIT("\xEF\xBF\xBD");
}

static void put_cell(struct csv *c, struct p2a_str text)
{
    bool formula = !c->formulas && text.n && text.at[0] && strchr("=+-@\t\r", text.at[0]);
    bool quoted = must_be_quoted(c, text);
    put_separator(c);
    c->cell.n = 0;
    if (quoted)
        p2a_buffer_add(&c->cell, "\"", 1);
    if (formula)
        p2a_buffer_add(&c->cell, "'", 1);
    while (text.n) {
        struct p2a_str one = next(&text);
        p2a_buffer_add(&c->cell, one.at, one.n);
        if (one.at[0] == '"')
            p2a_buffer_add(&c->cell, "\"", 1);
    }
    if (quoted)
        p2a_buffer_add(&c->cell, "\"", 1);
    p2a_put(c->out, c->cell.at, c->cell.n);
}

static void put_text(struct csv *c, const char *text)
{
    put_cell(c, p2a_str_of(text));
}

static void put_string(struct csv *c, p2a_id string)
{
    put_cell(c, p2a_string(c->p, string));
}

static void put_count(struct csv *c, bool known, uint64_t count)
{
    put_separator(c);
    if (known)
        p2a_put_u64(c->out, count);
}

static void put_raw(struct csv *c, bool known, double raw, uint32_t column)
{
    char text[P2A_JSON_NUMBER_ROOM];
    put_separator(c);
    if (!known)
        return;
    double value = raw * c->p->metrics.row[column % c->p->metrics.n].scale;
    if (isnan(value))
        p2a_put_text(c->out, "NaN");
    else if (isinf(value))
        p2a_put_text(c->out, value < 0 ? "-Infinity" : "Infinity");
    else
        p2a_put(c->out, text, p2a_json_spell(value, text));
}

static void put_value(struct csv *c, bool known, const double *values, uint32_t column)
{
    put_raw(c, known, known ? values[column] : 0, column);
}

static void put_range(struct csv *c, bool known, const struct p2a_range *range, uint32_t column)
{
    put_raw(c, known, range->least, column);
    put_raw(c, known, range->median, column);
    put_raw(c, known, range->most, column);
}

/* ---- titles ---- */

static void add(struct csv *c, struct p2a_str text)
{
    p2a_buffer_add(&c->name, text.at, text.n);
}

/* "self time before (seconds)" */
static void put_metric_title(struct csv *c, const char *what, uint32_t column, const char *of_runs)
{
    const struct p2a_profile *p = c->p;
    const struct p2a_metric *metric = &p->metrics.row[column % p->metrics.n];
    struct p2a_str unit = p2a_string(p, metric->unit);
    c->name.n = 0;
    add(c, p2a_str_of(what));
    add(c, P2A_LIT(" "));
    add(c, p2a_string(p, metric->name));
    if (column >= p->metrics.n)
        add(c, P2A_LIT(" before"));
    add(c, p2a_str_of(of_runs));
    if (metric->unit != metric->name && !p2a_str_is(unit, "count")) {
        add(c, P2A_LIT(" ("));
        add(c, unit);
        add(c, P2A_LIT(")"));
    }
    if (!c->name.failed)
        put_cell(c, (struct p2a_str){c->name.at, c->name.n});
}

static void put_range_titles(struct csv *c, const char *what, uint32_t column)
{
    put_metric_title(c, what, column, " least");
    put_metric_title(c, what, column, " median");
    put_metric_title(c, what, column, " most");
}

static void put_titles(struct csv *c, bool arcs)
{
    static const char *const ends[] = {"caller ", "callee "};
    static const char *const parts[] = {"function", "name", "qualified name", "file", "line",
                                        "module",   "kind"};
    for (size_t end = 0; end < (arcs ? 2 : 1); end++)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            char title[40] = "";
            put_text(c, strcat(strcat(title, arcs ? ends[end] : ""), parts[i]));
        }
    put_text(c, "calls");
    put_text(c, "primitive calls");
    if (c->compared) {
        put_text(c, "calls before");
        put_text(c, "primitive calls before");
    }
    for (uint32_t column = 0; column < c->p->columns; column++) {
        put_metric_title(c, "self", column, "");
        put_metric_title(c, "total", column, "");
    }
    for (uint32_t column = 0; !arcs && c->p->spread.n && column < c->p->columns; column++) {
        put_range_titles(c, "self", column);
        put_range_titles(c, "total", column);
    }
    if (!arcs && c->compared)
        put_text(c, "change");
    end_line(c);
}

/* ---- lines ---- */

static void put_function(struct csv *c, p2a_id id)
{
    static const char *const kinds[] = {
        [P2A_UNKNOWN] = "unknown", [P2A_PYTHON] = "python", [P2A_BUILTIN] = "builtin",
        [P2A_NATIVE] = "native",   [P2A_KERNEL] = "kernel", [P2A_INLINED] = "inlined",
        [P2A_JIT] = "jit",         [P2A_MARKER] = "marker"};
    const struct p2a_function *f = &c->p->functions.row[id];
    put_cell(c, p2a_spell(c->p, id, c->out->names, &c->name));
    put_string(c, f->name);
    put_string(c, f->qualname);
    put_string(c, f->file);
    put_separator(c);
    if (f->line)
        p2a_putf(c->out, "%" PRId64, f->line);
    put_string(c, f->module);
    put_text(c, (size_t)f->kind < sizeof kinds / sizeof *kinds ? kinds[f->kind] : "unknown");
}

static void put_counts(struct csv *c, unsigned has, uint64_t calls, uint64_t primitive)
{
    put_count(c, has & P2A_HAS_CALLS, calls);
    put_count(c, has & P2A_HAS_PRIMITIVE, primitive);
}

static void put_values(struct csv *c, unsigned has, const double *self, const double *total)
{
    for (uint32_t column = 0; column < c->p->columns; column++) {
        put_value(c, has & P2A_HAS_SELF, self, column);
        put_value(c, has & P2A_HAS_TOTAL, total, column);
    }
}

static void put_spread(struct csv *c, p2a_id f)
{
    const struct p2a_spread *spread = &c->p->spread;
    unsigned has = c->p->graph.node[f].has;
    static const struct p2a_range none;
    for (uint32_t column = 0; spread->n && column < c->p->columns; column++) {
        size_t at = (size_t)f * c->p->columns + column;
        bool there = f < spread->n;
        put_range(c, there && has & P2A_HAS_SELF, there ? &spread->self[at] : &none, column);
        put_range(c, there && has & P2A_HAS_TOTAL, there ? &spread->total[at] : &none, column);
    }
}

static void put_functions(struct csv *c, const struct p2a_rows *rows)
{
    const struct p2a_graph *g = &c->p->graph;
    put_titles(c, false);
    for (uint32_t i = 0; i < rows->n; i++) {
        p2a_id f = rows->function[i];
        size_t row = (size_t)f * c->p->columns;
        const struct p2a_node *node = &g->node[f];
        put_function(c, f);
        put_counts(c, node->has, node->calls, node->primitive);
        if (g->node_before)
            put_counts(c, node->has, g->node_before[f].calls, g->node_before[f].primitive);
        put_values(c, node->has, g->self + row, g->total + row);
        put_spread(c, f);
        if (c->compared)
            put_text(c, p2a_change_word(c->change[f]));
        end_line(c);
    }
}

static void put_arcs(struct csv *c, const struct p2a_rows *rows, struct p2a_arcs *arcs)
{
    const struct p2a_graph *g = &c->p->graph;
    put_titles(c, true);
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t n;
        const p2a_id *arc = p2a_arcs_of(arcs, rows->function[i], &n);
        if (!arc)
            p2a_no_memory(c->out);
        for (uint32_t k = 0; arc && k < n; k++) {
            const struct p2a_arc *a = &g->arc[arc[k]];
            size_t row = (size_t)arc[k] * c->p->columns;
            put_function(c, a->caller);
            put_function(c, a->callee);
            put_counts(c, a->has, a->calls, a->primitive);
            if (g->arc_before)
                put_counts(c, a->has, g->arc_before[arc[k]].calls, g->arc_before[arc[k]].primitive);
            put_values(c, a->has, g->arc_self + row, g->arc_total + row);
            end_line(c);
        }
    }
}

static void put_rows(struct csv *c, const struct p2a_rows *rows)
{
    const struct p2a_report *report = c->out->report;
    struct p2a_arcs arcs;
    if (!report->callers && !report->callees) {
        put_functions(c, rows);
        return;
    }
    if (p2a_arcs_build(c->p, report->callers, &arcs))
        put_arcs(c, rows, &arcs);
    else
        p2a_no_memory(c->out);
    p2a_arcs_free(&arcs);
}

/* Judges the functions of a comparison. */
static bool find_changes(struct csv *c)
{
    struct p2a_changes changes;
    if (!c->compared)
        return true;
    c->change = calloc((size_t)c->p->functions.n + 1, sizeof *c->change);
    bool judged = c->change && p2a_changes(c->out, &changes) == P2A_OK;
    for (uint32_t i = 0; judged && i < changes.n; i++)
        c->change[changes.row[i].function] = changes.row[i].kind;
    if (c->change)
        p2a_changes_free(&changes);
    else
        p2a_no_memory(c->out);
    return judged;
}

static enum p2a_status write_csv(struct p2a_out *out)
{
    struct p2a_str separator = p2a_str_of(p2a_option_text(out, "separator"));
    struct csv c = {.out = out,
                    .p = out->profile,
                    .separator = p2a_str_is(separator, "tab")         ? '\t'
                                 : p2a_str_is(separator, "semicolon") ? ';'
                                                                      : ',',
                    .compared = out->profile->columns > out->profile->metrics.n,
                    .formulas = p2a_option_flag(out, "formulas")};
    struct p2a_rows rows;
    if (p2a_rows(out, "cumulative", out->report->limit, &rows) == P2A_OK && find_changes(&c))
        put_rows(&c, &rows);
    if (c.name.failed || c.cell.failed)
        p2a_no_memory(out);
    p2a_rows_free(&rows);
    free(c.change);
    p2a_buffer_free(&c.name);
    p2a_buffer_free(&c.cell);
    return p2a_out_status(out);
}

static const char *const patterns[] = {"*.csv", NULL};

const struct p2a_format p2a_format_csv = {
    .name = "csv",
    .title = "functions as comma-separated values, for spreadsheets",
    .patterns = patterns,
    .write = write_csv,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES | P2A_MANY | P2A_BEFORE,
    .report = P2A_REPORT | P2A_REPORT_NAMES,
    .view = true,
    .options = options,
};
