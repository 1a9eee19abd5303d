/* prof2any's own JSON: all that a profile holds, for programs. Defined by json.schema.json beside
 * this file, which is installed in share/prof2any; "prof2any" is its version, 1.
 *
 *     {"prof2any":1, "producer":…, "source":"pstats",
 *      "recorded":["graph","calls","places"], "estimated":[], "comparison":false,
 *      "notes":["…"],
 *      "metrics":[{"name":"time","unit":"seconds","scale":1,"whole":0.0147}],
 *      "threads":[{"pid":17,"tid":18,"name":"worker"}],
 *      "functions":[{"id":0,"name":"main","file":"app.py","line":3,"kind":"python",
 *                    "calls":5,"primitive":1,"self":[0.25],"total":[1.5]}],
 *      "arcs":[{"caller":0,"callee":7,"calls":5,"primitive":5,"self":[…],"total":[…]}],
 *      "lines":[{"function":0,"line":4,"self":[…]}],
 *      "sites":[{"arc":0,"line":4,"calls":5,"total":[…]}],
 *      "contexts":[{"function":0,"calls":1,"self":[…]},{"parent":0,"function":7,…}],
 *      "left_out":{"functions":9,"arcs":30,"lines":0,"sites":0,"contexts":0}}
 *
 * - A value times its metric's scale is in the metric's unit. Numbers are the shortest that read as
 *   the same double again; "NaN", "Infinity" and "-Infinity" stand for those. Counts are whole and
 *   may be above 2^53. What isn't known isn't there.
 * - A comparison has "self_before" and "total_before" beside "self" and "total".
 * - Functions stand in the report's order; those that are only somebody's caller have no figures
 * and come last. Where the report leaves functions out, arcs, lines and call sites are those among
 * the functions listed, paths are left out, and "left_out" says how many of each.
 * - Text that is no UTF-8 has U+FFFD in its place: that alone doesn't survive. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json_write.h"
#include "model/rows.h"

enum { VERSION = 1 };

static const struct {
    unsigned fact;
    const char *name;
} facts[] = {{P2A_CONTEXTS, "contexts"}, {P2A_GRAPH, "graph"},         {P2A_CALLS, "calls"},
             {P2A_LINES, "lines"},       {P2A_ADDRESSES, "addresses"}, {P2A_THREADS, "threads"},
             {P2A_MANY, "metrics"},      {P2A_BEFORE, "comparison"},   {P2A_MODULES, "modules"},
             {P2A_PLACES, "places"}};
enum { FACTS = sizeof facts / sizeof *facts };

static const char *const kinds[] = {
    [P2A_UNKNOWN] = "unknown", [P2A_PYTHON] = "python", [P2A_BUILTIN] = "builtin",
    [P2A_NATIVE] = "native",   [P2A_KERNEL] = "kernel", [P2A_INLINED] = "inlined",
    [P2A_JIT] = "jit",         [P2A_MARKER] = "marker"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- writer ---- */

struct writer {
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    bool *listed; /* functions */
    p2a_id *arc;  /* arcs: their place in "arcs", P2A_NONE */
    uint32_t left_functions, left_arcs, left_lines, left_sites, left_contexts;
};

static void put_number(struct writer *w, double value)
{
    if (isnan(value))
        p2a_json_text(&w->json, "NaN");
    else if (isinf(value))
        p2a_json_text(&w->json, value < 0 ? "-Infinity" : "Infinity");
    else
        p2a_json_double(&w->json, value);
}

static void put_row(struct writer *w, const char *name, const double *values)
{
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
    for (uint32_t i = 0; i < w->p->metrics.n; i++)
        put_number(w, values[i]);
    p2a_json_end(&w->json, ']');
}

/* "self":[…] and, in a comparison, "self_before":[…] */
static void put_values(struct writer *w, const char *name, const char *name_before,
                       const double *values, size_t row)
{
    const struct p2a_profile *p = w->p;
    put_row(w, name, values + row * p->columns);
    if (p->columns > p->metrics.n)
        put_row(w, name_before, values + row * p->columns + p->metrics.n);
}

static void put_self(struct writer *w, const double *values, size_t row)
{
    put_values(w, "self", "self_before", values, row);
}

static void put_total(struct writer *w, const double *values, size_t row)
{
    put_values(w, "total", "total_before", values, row);
}

static void put_count(struct writer *w, const char *name, uint64_t value)
{
    p2a_json_name(&w->json, name);
    p2a_json_u64(&w->json, value);
}

static void put_string(struct writer *w, const char *name, p2a_id string)
{
    if (!string)
        return;
    p2a_json_name(&w->json, name);
    p2a_json_str(&w->json, p2a_string(w->p, string));
}

static void put_text(struct writer *w, const char *name, const char *text)
{
    p2a_json_name(&w->json, name);
    p2a_json_text(&w->json, text);
}

static void begin_table(struct writer *w, const char *name)
{
    p2a_json_line(&w->json);
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
}

static void begin_object(struct writer *w)
{
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
}

static void put_facts(struct writer *w, const char *name, unsigned set)
{
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
    for (size_t i = 0; i < FACTS; i++)
        if (set & facts[i].fact)
            p2a_json_text(&w->json, facts[i].name);
    p2a_json_end(&w->json, ']');
}

static void put_head(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    put_count(w, "prof2any", VERSION);
    put_text(w, "producer", "prof2any " P2A_VERSION);
    put_string(w, "source", p->source);
    p2a_json_line(&w->json);
    put_facts(w, "recorded", p->recorded & p->facts);
    put_facts(w, "estimated", p->estimated & p->facts);
    p2a_json_name(&w->json, "comparison");
    p2a_json_truth(&w->json, p->columns > p->metrics.n);
    if (p->estimated & P2A_CONTEXTS) {
        p2a_json_name(&w->json, "cycle_share");
        put_number(w, p->cycle_share);
    }
    if (p->base > 0) {
        p2a_json_name(&w->json, "base");
        put_number(w, p->base);
    }
    begin_table(w, "notes");
    for (size_t i = 0; i < p2a_note_count(p); i++)
        p2a_json_text(&w->json, p2a_note_at(p, i));
    p2a_json_end(&w->json, ']');
}

static void put_metrics(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    begin_table(w, "metrics");
    for (uint32_t i = 0; i < p->metrics.n; i++) {
        const struct p2a_metric *m = &p->metrics.row[i];
        begin_object(w);
        p2a_json_name(&w->json, "name");
        p2a_json_str(&w->json, p2a_string(p, m->name));
        p2a_json_name(&w->json, "unit");
        p2a_json_str(&w->json, p2a_string(p, m->unit));
        p2a_json_name(&w->json, "scale");
        put_number(w, m->scale);
        put_string(w, "title", m->title);
        p2a_json_name(&w->json, "whole");
        put_number(w, p2a_whole(p, i));
        if (p->columns > p->metrics.n) {
            p2a_json_name(&w->json, "whole_before");
            put_number(w, p2a_whole(p, p->metrics.n + i));
        }
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
    begin_table(w, "threads");
    for (uint32_t i = 0; i < p->threads.n; i++) {
        const struct p2a_thread *t = &p->threads.row[i];
        begin_object(w);
        put_count(w, "pid", t->pid);
        put_count(w, "tid", t->tid);
        put_string(w, "name", t->name);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_calls(struct writer *w, unsigned has, uint64_t calls, uint64_t primitive)
{
    if (has & P2A_HAS_CALLS)
        put_count(w, "calls", calls);
    if (has & P2A_HAS_PRIMITIVE)
        put_count(w, "primitive", primitive);
}

static void put_function(struct writer *w, p2a_id id)
{
    const struct p2a_profile *p = w->p;
    const struct p2a_function *f = &p->functions.row[id];
    begin_object(w);
    put_count(w, "id", id);
    p2a_json_name(&w->json, "name");
    p2a_json_str(&w->json, p2a_string(p, f->name));
    put_string(w, "qualname", f->qualname);
    put_string(w, "file", f->file);
    put_string(w, "module", f->module);
    if (f->line) {
        p2a_json_name(&w->json, "line");
        p2a_json_i64(&w->json, f->line);
    }
    put_text(w, "kind", (size_t)f->kind < KINDS ? kinds[f->kind] : kinds[P2A_UNKNOWN]);
    if (id < p->graph.node_n && p->graph.node[id].has & P2A_HAS_ROW) {
        const struct p2a_node *node = &p->graph.node[id];
        put_calls(w, node->has, node->calls, node->primitive);
        if (node->has & P2A_HAS_SELF)
            put_self(w, p->graph.self, id);
        if (node->has & P2A_HAS_TOTAL)
            put_total(w, p->graph.total, id);
    }
    p2a_json_end(&w->json, '}');
}

static bool is_row(const struct p2a_profile *p, p2a_id function)
{
    return function < p->graph.node_n && p->graph.node[function].has & P2A_HAS_ROW;
}

static void put_functions(struct writer *w)
{
    begin_table(w, "functions");
    for (uint32_t i = 0; i < w->rows.n; i++)
        put_function(w, w->rows.function[i]);
    for (p2a_id f = 0; f < w->p->functions.n; f++)
        if (w->listed[f] && !is_row(w->p, f))
            put_function(w, f);
    p2a_json_end(&w->json, ']');
}

static void put_arcs(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    uint32_t n = 0;
    begin_table(w, "arcs");
    for (p2a_id i = 0; i < g->arc_n; i++) {
        const struct p2a_arc *a = &g->arc[i];
        w->arc[i] = P2A_NONE;
        if (!w->listed[a->caller] || !w->listed[a->callee]) {
            w->left_arcs++;
            continue;
        }
        w->arc[i] = n++;
        begin_object(w);
        put_count(w, "caller", a->caller);
        put_count(w, "callee", a->callee);
        put_calls(w, a->has, a->calls, a->primitive);
        if (a->has & P2A_HAS_SELF)
            put_self(w, g->arc_self, i);
        if (a->has & P2A_HAS_TOTAL)
            put_total(w, g->arc_total, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_place(struct writer *w, p2a_id file, uint64_t line, uint64_t address)
{
    put_string(w, "file", file);
    if (line)
        put_count(w, "line", line);
    if (address)
        put_count(w, "address", address);
}

static void put_lines(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    begin_table(w, "lines");
    for (uint32_t i = 0; i < g->line_n; i++) {
        const struct p2a_line *line = &g->line[i];
        if (!w->listed[line->function]) {
            w->left_lines++;
            continue;
        }
        begin_object(w);
        put_count(w, "function", line->function);
        put_place(w, line->file, line->line, line->address);
        put_self(w, g->line_self, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
    begin_table(w, "sites");
    for (uint32_t i = 0; i < g->site_n; i++) {
        const struct p2a_site *site = &g->site[i];
        if (w->arc[site->arc] == P2A_NONE) {
            w->left_sites++;
            continue;
        }
        begin_object(w);
        put_count(w, "arc", w->arc[site->arc]);
        put_place(w, site->file, site->line, site->address);
        put_count(w, "calls", site->calls);
        put_total(w, g->site_total, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_contexts(struct writer *w)
{
    const struct p2a_contexts *t = &w->p->contexts;
    begin_table(w, "contexts");
    if (w->left_functions)
        w->left_contexts = t->n;
    for (uint32_t i = 0; i < t->n && !w->left_contexts; i++) {
        const struct p2a_context *c = &t->row[i];
        begin_object(w);
        if (c->parent != P2A_NONE)
            put_count(w, "parent", c->parent);
        put_count(w, "function", c->function);
        if (c->thread != P2A_NONE)
            put_count(w, "thread", c->thread);
        if (w->p->facts & P2A_CALLS)
            put_count(w, "calls", c->calls);
        put_self(w, t->self, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_left_out(struct writer *w)
{
    p2a_json_line(&w->json);
    p2a_json_name(&w->json, "left_out");
    p2a_json_begin(&w->json, '{');
    put_count(w, "functions", w->left_functions);
    put_count(w, "arcs", w->left_arcs);
    put_count(w, "lines", w->left_lines);
    put_count(w, "sites", w->left_sites);
    put_count(w, "contexts", w->left_contexts);
    p2a_json_end(&w->json, '}');
}

/* Names without figures are listed where nothing is left out. */
static bool list_functions(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    w->listed = calloc((size_t)p->functions.n + 1, sizeof *w->listed);
    w->arc = malloc(((size_t)p->graph.arc_n + 1) * sizeof *w->arc);
    if (!w->listed || !w->arc)
        return false;
    bool all = w->rows.n == w->rows.all;
    for (uint32_t i = 0; i < w->rows.n; i++)
        w->listed[w->rows.function[i]] = true;
    for (p2a_id f = 0; f < p->functions.n; f++) {
        if (all && !is_row(p, f))
            w->listed[f] = true;
        w->left_functions += !w->listed[f];
    }
    return true;
}

static void write_all(struct writer *w)
{
    p2a_json_begin(&w->json, '{');
    put_head(w);
    put_metrics(w);
    put_functions(w);
    put_arcs(w);
    put_lines(w);
    put_contexts(w);
    put_left_out(w);
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->json.out, "\n");
}

static enum p2a_status write_json(struct p2a_out *out)
{
    struct writer w = {.json = {out, false}, .p = out->profile};
    if (p2a_rows(out, NULL, out->report->limit, &w.rows) == P2A_OK) {
        if (list_functions(&w))
            write_all(&w);
        else
            p2a_no_memory(out);
    }
    p2a_rows_free(&w.rows);
    free(w.listed);
    free(w.arc);
    return p2a_out_status(out);
}

static const char *const patterns[] = {"*.json", NULL};

const struct p2a_format p2a_format_json = {
    .name = "json",
    .title = "all that a profile holds, as JSON with a schema",
    .patterns = patterns,
    .write = write_json,
    .needs = P2A_GRAPH,
    .keeps = P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_LINES | P2A_ADDRESSES | P2A_THREADS |
             P2A_MANY | P2A_BEFORE | P2A_MODULES | P2A_PLACES,
};
