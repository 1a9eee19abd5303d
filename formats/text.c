/* A report for people: the functions by total, in human figures. Only written.
 * It carries calls, self and total of the first metric; arcs and paths have no place in it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const struct p2a_option options[] = {
    {"limit", P2A_NUMBER, "25", "N", "rows, 0 for all"},
    {"sort", P2A_CHOICE, "total", "total self calls name", "what the rows are sorted by"},
    {0},
};

struct row {
    double key;
    uint32_t place; /* in the file's order: ties keep it */
    p2a_id function;
    struct p2a_str name; /* when sorted by name */
};

static int by_key(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->name.at && b->name.at) {
        int order = strcmp(a->name.at, b->name.at);
        if (order)
            return order;
    }
    if (a->key > b->key || a->key < b->key)
        return a->key > b->key ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static struct row *sorted_rows(struct p2a_out *out, const char *sort)
{
    const struct p2a_profile *p = out->profile;
    const struct p2a_graph *g = &p->graph;
    struct row *rows = malloc(((size_t)g->order_n + 1) * sizeof *rows);
    for (uint32_t i = 0; rows && i < g->order_n; i++) {
        p2a_id f = g->order[i];
        const double *values = strcmp(sort, "self") == 0 ? g->self : g->total;
        rows[i] = (struct row){.place = i, .function = f};
        if (strcmp(sort, "calls") == 0)
            rows[i].key = (double)g->node[f].calls;
        else if (strcmp(sort, "name") == 0)
            rows[i].name = p2a_string(p, p->functions.row[f].name);
        else
            rows[i].key = values[(size_t)f * p->columns];
        if (isnan(rows[i].key))
            rows[i].key = -INFINITY;
    }
    if (rows)
        qsort(rows, g->order_n, sizeof *rows, by_key);
    return rows;
}

/* "1.234 s", "56.7 ms", "12,345,678" fit twelve columns. */
static void figure(char *text, size_t size, double value, struct p2a_str unit)
{
    static const struct {
        double from;
        const char *name;
    } times[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {0, "ns"}};
    static const double sizes[] = {1, 1e-3, 1e-6, 1e-9};
    if (!p2a_str_is(unit, "seconds")) {
        snprintf(text, size, fabs(value) < 1e15 ? "%.0f" : "%.6g", value);
        return;
    }
    int i = 0;
    while (i < 3 && fabs(value) < times[i].from)
        i++;
    snprintf(text, size, fabs(value) < 1e15 ? "%.3f %s" : "%.6g %s", value / sizes[i],
             times[i].name);
}

/* The report is read on a terminal: what isn't plain text becomes '?'. */
static void put_plain(struct p2a_out *out, struct p2a_str text)
{
    while (text.n) {
        const char *at = text.at;
        if (p2a_utf8_plain(&text))
            p2a_put(out, at, (size_t)(text.at - at));
        else
            p2a_put_text(out, "?");
    }
}

/* An endless value has no share of an endless whole. */
static double percent(double value, double whole)
{
    return whole > 0 && isfinite(whole) ? 100 * (value / whole) : 0;
}

static void put_row(struct p2a_out *out, p2a_id f, double whole, struct p2a_buffer *buffer)
{
    const struct p2a_profile *p = out->profile;
    const struct p2a_node *node = &p->graph.node[f];
    const struct p2a_metric *metric = &p->metrics.row[0];
    char calls[48] = "", self[64], total[64];
    double own = p->graph.self[(size_t)f * p->columns],
           all = p->graph.total[(size_t)f * p->columns];
    if (node->has & P2A_HAS_CALLS)
        snprintf(calls, sizeof calls, "%" PRIu64, node->calls);
    if (node->has & P2A_HAS_PRIMITIVE && node->primitive != node->calls)
        snprintf(calls, sizeof calls, "%" PRIu64 "/%" PRIu64, node->calls, node->primitive);
    figure(self, sizeof self, own * metric->scale, p2a_string(p, metric->unit));
    figure(total, sizeof total, all * metric->scale, p2a_string(p, metric->unit));
    p2a_putf(out, "%14s %5.1f%% %14s %5.1f%% %13s  ", total, percent(all, whole), self,
             percent(own, whole), calls);
    put_plain(out, p2a_spell(p, f, out->names, buffer));
    p2a_put_text(out, "\n");
}

static enum p2a_status write_text(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    double limit = p2a_option_number(out, "limit");
    uint32_t n = p->graph.order_n, shown = limit >= 1 && limit < n ? (uint32_t)limit : n;
    struct p2a_buffer buffer = {0};
    char whole[64] = "0";
    struct row *rows = sorted_rows(out, p2a_option_text(out, "sort"));
    if (!rows)
        return p2a_no_memory(out);
    if (p->metrics.n)
        figure(whole, sizeof whole, p2a_metric_total(p, 0), p2a_string(p, p->metrics.row[0].unit));
    bool time = p->metrics.n && p2a_str_is(p2a_string(p, p->metrics.row[0].unit), "seconds");
    p2a_put_text(out, whole);
    if (p->metrics.n && !time) {
        p2a_put_text(out, " ");
        put_plain(out, p2a_string(p, p->metrics.row[0].name));
    }
    p2a_putf(out, " in %u functions", n);
    if (p->base > 0) {
        figure(whole, sizeof whole, p->base * p->metrics.row[0].scale,
               p2a_string(p, p->metrics.row[0].unit));
        p2a_putf(out, ", selected of %s", whole);
    }
    p2a_putf(out, "\n\n%14s %6s %14s %6s %13s  function\n", "total", "", "self", "", "calls");
    for (uint32_t i = 0; i < shown; i++)
        put_row(out, rows[i].function, p2a_share_base(p), &buffer);
    if (shown < n)
        p2a_putf(out, "%u more functions: -O limit=0 shows them\n", n - shown);
    if (buffer.failed)
        p2a_no_memory(out);
    p2a_buffer_free(&buffer);
    free(rows);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"report", NULL};
static const char *const patterns[] = {"*.txt", NULL};

const struct p2a_format p2a_format_text = {
    .name = "text",
    .title = "a report: functions by total, self, calls",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_text,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES,
    .view = true,
    .options = options,
};
