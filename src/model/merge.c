/* Adding profiles up, as pstats.Stats.add does: INTO's rows first, what only FROM has behind them
 * in its order; values as plain sums, so that they are pstats' own to the last bit. What only one
 * side's arc knows (integer callers beside cProfile's) is known of their sum no more. Of a function
 * whose module only one side knows the sum knows it, and they are one.
 *
 *   contexts + contexts = contexts        anything with a graph alone = a graph
 *   contexts with a recorded graph beside them + contexts = both
 *   contexts with calls + contexts without = both, and only the graph has calls: it says of each
 *                                            function whether all of them are known */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/alike.h"
#include "model/derive.h"
#include "model/merge.h"

static p2a_id map_string(struct p2a_mapping *m, p2a_id string)
{
    return p2a_intern(m->into, p2a_string(m->from, string));
}

void p2a_mapping_end(struct p2a_mapping *m)
{
    free(m->function);
    free(m->thread);
    free(m->column);
    free(m->factor);
}

/* FROM's functions in INTO's strings; behind them is room for INTO's own. NULL: no memory. */
static struct p2a_function *all_functions(struct p2a_mapping *m)
{
    uint32_t from = m->from->functions.n, into = m->into->functions.n;
    struct p2a_function *all = malloc(((size_t)from + into + 1) * sizeof *all);
    for (uint32_t i = 0; all && i < from; i++) {
        all[i] = m->from->functions.row[i];
        all[i].name = map_string(m, all[i].name);
        all[i].qualname = map_string(m, all[i].qualname);
        all[i].file = map_string(m, all[i].file);
        all[i].module = map_string(m, all[i].module);
    }
    return all;
}

/* Those that INTO has; false where it has some, but not all. */
static bool find_functions(struct p2a_mapping *m, const struct p2a_function *all)
{
    bool any = m->into->functions.n, found = true;
    for (uint32_t i = 0; i < m->from->functions.n; i++) {
        m->function[i] = any ? p2a_function_find(m->into, &all[i]) : P2A_NONE;
        found = found && m->function[i] != P2A_NONE;
    }
    return found || !any;
}

/* Those that INTO knows with their module and FROM without, or the other way round. Their sum knows
 * it. False: no memory. */
static bool find_alike(struct p2a_mapping *m, struct p2a_function *all)
{
    uint32_t from = m->from->functions.n, into = m->into->functions.n;
    p2a_id *other = malloc(((size_t)from + into + 1) * sizeof *other);
    memcpy(all + from, m->into->functions.row, into * sizeof *all);
    bool done = other && p2a_find_alike(all, from + into, other);
    for (uint32_t i = 0; done && i < from; i++) {
        if (other[i] == P2A_NONE || other[i] < from)
            continue;
        m->function[i] = other[i] - from;
        if (all[i].module)
            p2a_function_module(m->into, m->function[i], all[i].module);
        else
            all[i].module = all[other[i]].module;
    }
    free(other);
    return done;
}

static void map_functions(struct p2a_mapping *m)
{
    struct p2a_function *all = all_functions(m);
    if (!all || (!find_functions(m, all) && !find_alike(m, all))) {
        p2a_fail(m->into, P2A_SYSTEM, "out of memory");
        free(all);
        return;
    }
    for (uint32_t i = 0; i < m->from->functions.n; i++) {
        p2a_id id = m->function[i];
        if (id == P2A_NONE || !m->into->functions.row[id].qualname)
            m->function[i] = p2a_function(m->into, &all[i]);
    }
    free(all);
}

static void map_threads(struct p2a_mapping *m)
{
    for (uint32_t i = 0; i < m->from->threads.n; i++) {
        const struct p2a_thread *t = &m->from->threads.row[i];
        m->thread[i] = m->join_threads
                           ? P2A_NONE
                           : p2a_thread(m->into, t->pid, t->tid, p2a_string(m->from, t->name));
    }
}

bool p2a_measures(const struct p2a_profile *p, const char *name)
{
    uint32_t i = 0;
    while (i < p->metrics.n && strcmp(p2a_metric_name(p, i), name) != 0)
        i++;
    return i < p->metrics.n;
}

enum p2a_status p2a_mapping_check(const struct p2a_mapping *m, struct p2a_error *error)
{
    const struct p2a_profile *into = m->into;
    uint32_t n = m->from->metrics.n;
    bool shared = false, fresh = into->metrics.n == 0;
    for (uint32_t i = 0; i < n; i++) {
        const char *name = p2a_metric_name(m->from, i), *unit = p2a_metric_unit(m->from, i);
        for (uint32_t j = 0; j < into->metrics.n; j++) {
            if (strcmp(p2a_metric_name(into, j), name) != 0)
                continue;
            if (strcmp(p2a_metric_unit(into, j), unit) != 0)
                return p2a_error_set(error, P2A_INPUT, "measures %s in %s, another input in %s",
                                     name, unit, p2a_metric_unit(into, j));
            shared = true;
        }
    }
    if (!shared && !fresh && n)
        return p2a_error_set(error, P2A_INPUT,
                             "measures %s in %s, another input %s in %s: they don't go together",
                             p2a_metric_name(m->from, 0), p2a_metric_unit(m->from, 0),
                             p2a_metric_name(into, 0), p2a_metric_unit(into, 0));
    return P2A_OK;
}

static void add_inputs(struct p2a_mapping *m)
{
    for (uint32_t i = 0; i < m->from->inputs.n; i++) {
        const struct p2a_input *input = &m->from->inputs.row[i];
        uint32_t at = m->into->inputs.n;
        p2a_input(m->into, p2a_string(m->from, input->path), input->mtime);
        if (m->into->inputs.n > at)
            m->into->inputs.row[at].before = input->before || m->before;
    }
}

/* The period of both, where they have the same. */
static void add_period(struct p2a_taken *to, const struct p2a_taken *from)
{
    if (to->period == from->period && to->period_name == from->period_name &&
        to->period_unit == from->period_unit)
        return;
    to->period = 0;
    to->period_name = to->period_unit = 0;
}

/* FRESH: INTO is empty. */
static void add_grouping(struct p2a_mapping *m, bool fresh)
{
    struct p2a_profile *into = m->into;
    if (fresh)
        into->grouped = m->from->grouped;
    into->partly_grouped |= m->from->partly_grouped || into->grouped != m->from->grouped;
    if (into->grouped == P2A_BY_FUNCTION)
        into->grouped = m->from->grouped;
}

/* Those of both, each once, as far as there is room. */
static void add_comments(struct p2a_taken *to, const struct p2a_taken *from)
{
    for (uint32_t i = 0; i < from->comment_n; i++) {
        uint32_t at = 0;
        while (at < to->comment_n && to->comment[at] != from->comment[i])
            at++;
        if (at < P2A_COMMENTS)
            to->comment[at] = from->comment[i];
        to->comment_n += at == to->comment_n && at < P2A_COMMENTS;
    }
}

/* FRESH: INTO is empty. A comparison was taken at no time of its own. */
static void add_taken(struct p2a_mapping *m, bool fresh)
{
    struct p2a_taken *to = &m->into->taken, from = m->from->taken;
    from.period_name = map_string(m, from.period_name);
    from.period_unit = map_string(m, from.period_unit);
    from.program = map_string(m, from.program);
    for (uint32_t i = 0; i < from.comment_n; i++)
        from.comment[i] = map_string(m, from.comment[i]);
    if (m->weight)
        return;
    if (fresh) {
        *to = from;
        return;
    }
    add_comments(to, &from);
    to->program = to->program ? to->program : from.program;
    bool timed = to->start && from.start, lasting = to->duration > 0 && from.duration > 0;
    to->start = !timed ? 0 : from.start < to->start ? from.start : to->start;
    lasting = lasting && to->duration <= INT64_MAX - from.duration;
    to->duration = lasting ? to->duration + from.duration : 0;
    add_period(to, &from);
}

static void map_columns(struct p2a_mapping *m)
{
    const struct p2a_profile *from = m->from;
    uint32_t n = from->metrics.n;
    bool before = from->columns > n;
    for (uint32_t i = 0; i < n; i++) {
        const struct p2a_metric *row = &from->metrics.row[i];
        p2a_id id =
            p2a_metric(m->into, p2a_metric_name(from, i), p2a_metric_unit(from, i), row->scale);
        if (id == P2A_NONE)
            return;
        m->column[i] = id;
        struct p2a_metric *to = &m->into->metrics.row[id];
        if (!to->title)
            to->title = map_string(m, row->title);
        m->factor[i] = row->scale == to->scale ? 1 : row->scale / to->scale;
    }
    if (before || m->before)
        p2a_compare_columns(m->into);
    for (uint32_t i = 0; i < n; i++) {
        m->column[i] += m->before ? m->into->metrics.n : 0;
        m->factor[i] *= m->weight ? m->weight[i] : 1;
    }
    for (uint32_t i = 0; before && i < n; i++) {
        m->column[n + i] = m->into->metrics.n + m->column[i];
        m->factor[n + i] = m->factor[i];
    }
}

static void add_values(const struct p2a_mapping *m, double *to, const double *from, size_t row)
{
    const double *values = from + row * m->from->columns;
    for (uint32_t c = 0; to && c < m->from->columns; c++)
        to[m->column[c]] += m->factor[c] == 1 ? values[c] : values[c] * m->factor[c];
}

static void add_calls(struct p2a_mapping *m, p2a_id to, uint32_t context)
{
    const struct p2a_contexts *t = &m->from->contexts;
    uint64_t calls = p2a_calls_of(t, context);
    if (m->uncounted)
        return;
    if (m->before)
        p2a_context_calls_before(m->into, to, calls);
    else
        p2a_context_calls(m->into, to, calls);
    if (t->calls_before)
        p2a_context_calls_before(m->into, to, t->calls_before[context]);
}

static void add_contexts(struct p2a_mapping *m, p2a_id *id)
{
    const struct p2a_contexts *t = &m->from->contexts;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct p2a_context *c = &t->row[i];
        p2a_id parent = c->parent == P2A_NONE ? P2A_NONE : id[c->parent];
        p2a_id thread = c->thread == P2A_NONE ? P2A_NONE : m->thread[c->thread];
        id[i] = p2a_context(m->into, parent, m->function[c->function], thread);
        if (id[i] == P2A_NONE)
            return;
        add_calls(m, id[i], i);
        add_values(m, m->into->contexts.self + (size_t)id[i] * m->into->columns, t->self, i);
    }
}

/* HAS of a sum: what both know; a side that has no row at all says nothing. */
static unsigned both(unsigned into, unsigned from, bool fresh)
{
    return fresh ? from : (into & from) | ((into | from) & P2A_HAS_ROW);
}

/* Adds counts to row TO, to what was BEFORE or to *calls and *primitive. */
static void add_counts(const struct p2a_mapping *m, uint64_t *calls, uint64_t *primitive,
                       struct p2a_counts *before, p2a_id to, struct p2a_counts more)
{
    if (m->before) {
        p2a_add_counts(before, to, more);
        return;
    }
    *calls = p2a_add_calls(*calls, more.calls);
    *primitive = p2a_add_calls(*primitive, more.primitive);
}

static void add_node(struct p2a_mapping *m, p2a_id f)
{
    const struct p2a_graph *g = &m->from->graph;
    p2a_id to = m->function[f];
    bool fresh = to >= m->into->graph.node_n || !(m->into->graph.node[to].has & P2A_HAS_ROW);
    struct p2a_node *node = p2a_node(m->into, to);
    if (!node)
        return;
    node->has = both(node->has, g->node[f].has, fresh);
    struct p2a_counts *before = m->into->graph.node_before;
    add_counts(m, &node->calls, &node->primitive, before, to,
               (struct p2a_counts){g->node[f].calls, g->node[f].primitive});
    p2a_add_counts(before, to, p2a_counts_of(g->node_before, f));
    add_values(m, p2a_node_self(m->into, to), g->self, f);
    add_values(m, p2a_node_total(m->into, to), g->total, f);
}

static p2a_id add_arc(struct p2a_mapping *m, p2a_id a)
{
    const struct p2a_graph *g = &m->from->graph;
    const struct p2a_arc *arc = &g->arc[a];
    uint32_t before = m->into->graph.arc_n;
    p2a_id id = p2a_arc(m->into, m->function[arc->caller], m->function[arc->callee]);
    if (id == P2A_NONE)
        return id;
    struct p2a_arc *to = &m->into->graph.arc[id];
    unsigned has = both(to->has, arc->has, id >= before);
    if (id < before && (to->has | arc->has) & ~has & (P2A_HAS_SELF | P2A_HAS_TOTAL))
        p2a_note(m->into, "some arcs have times in one input and only calls in another: their "
                          "times are not known");
    to->has = has;
    add_counts(m, &to->calls, &to->primitive, m->into->graph.arc_before, id,
               (struct p2a_counts){arc->calls, arc->primitive});
    p2a_add_counts(m->into->graph.arc_before, id, p2a_counts_of(g->arc_before, a));
    size_t row = (size_t)id * m->into->columns;
    add_values(m, m->into->graph.arc_self + row, g->arc_self, a);
    add_values(m, m->into->graph.arc_total + row, g->arc_total, a);
    return id;
}

/* Where a line of FROM's function F is in INTO: lines move with their function. */
static uint64_t moved_line(const struct p2a_mapping *m, p2a_id f, p2a_id file, uint64_t line)
{
    const struct p2a_function *from = &m->from->functions.row[f];
    const struct p2a_function *to = &m->into->functions.row[m->function[f]];
    if (!m->matched || !line || file != to->file || from->line <= 0 || to->line <= 0)
        return line;
    return line + (uint64_t)to->line - (uint64_t)from->line;
}

/* The row of INTO for FROM's line number I; P2A_NONE after an error. */
static p2a_id line_for(struct p2a_mapping *m, uint32_t i)
{
    struct p2a_line line = m->from->graph.line[i];
    line.line = moved_line(m, line.function, map_string(m, line.file), line.line);
    line.file = map_string(m, line.file);
    line.function = m->function[line.function];
    return p2a_line(m->into, &line);
}

static void add_lines(struct p2a_mapping *m)
{
    const struct p2a_graph *g = &m->from->graph;
    for (uint32_t i = 0; i < g->line_n; i++) {
        p2a_id id = line_for(m, i);
        if (id == P2A_NONE)
            return;
        add_values(m, m->into->graph.line_self + (size_t)id * m->into->columns, g->line_self, i);
    }
}

/* ---- lines of one side only ----
 *
 * The lines of a function are all of its self. Where one side has lines of F, what F has on the
 * other, which has none, is at a place that isn't known: line 0. */

enum { IN_INTO = 1, IN_FROM = 2 };

struct lined {
    unsigned char *in;             /* by function of INTO */
    double *into_self, *from_self; /* before the addition */
};

/* Self by function and column. NULL: no memory. */
static double *selves(const struct p2a_profile *p)
{
    size_t width = p->columns;
    double *self = calloc((size_t)p->functions.n * width + 1, sizeof *self);
    if (!self || p->graph.node_n) {
        if (self)
            memcpy(self, p->graph.self, p->graph.node_n * width * sizeof *self);
        return self;
    }
    for (size_t i = 0; i < p->contexts.n; i++)
        for (size_t c = 0; c < width; c++)
            self[p->contexts.row[i].function * width + c] += p->contexts.self[i * width + c];
    return self;
}

static double *unplaced(struct p2a_mapping *m, p2a_id function)
{
    struct p2a_line line = {.function = function, .file = m->into->functions.row[function].file};
    p2a_id id = p2a_line(m->into, &line);
    return id == P2A_NONE ? NULL : m->into->graph.line_self + (size_t)id * m->into->columns;
}

static bool any(const double *value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (value[i] != 0)
            return true;
    return false;
}

/* Whether INTO has lines of FROM's function F, and FROM only a self. */
static bool lacks_lines(const struct p2a_mapping *m, const struct lined *lined, p2a_id f)
{
    uint32_t width = m->from->columns;
    return lined->in[m->function[f]] == IN_INTO && any(lined->from_self + (size_t)f * width, width);
}

/* Before the addition: the functions that have lines, and what INTO lacks of them. */
static void start_lines(struct p2a_mapping *m, struct lined *lined)
{
    const struct p2a_graph *from = &m->from->graph, *into = &m->into->graph;
    lined->in = calloc((size_t)m->into->functions.n + 1, 1);
    lined->into_self = selves(m->into);
    lined->from_self = selves(m->from);
    if (!lined->in || !lined->into_self || !lined->from_self) {
        p2a_fail(m->into, P2A_SYSTEM, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < into->line_n; i++)
        lined->in[into->line[i].function] |= IN_INTO;
    for (uint32_t i = 0; i < from->line_n; i++)
        lined->in[m->function[from->line[i].function]] |= IN_FROM;
    uint32_t width = m->into->columns;
    for (p2a_id f = 0; f < m->into->functions.n; f++) {
        const double *self = lined->into_self + (size_t)f * width;
        double *to = lined->in[f] == IN_FROM && any(self, width) ? unplaced(m, f) : NULL;
        for (uint32_t c = 0; to && c < width; c++)
            to[c] += self[c];
    }
    /* All lines are there before anything is added to one, so that memory can't fail between. */
    for (uint32_t i = 0; i < from->line_n; i++)
        line_for(m, i);
    for (p2a_id f = 0; f < m->from->functions.n; f++)
        if (lacks_lines(m, lined, f))
            unplaced(m, m->function[f]);
}

/* After it: what FROM lacks. */
static void finish_lines(struct p2a_mapping *m, struct lined *lined)
{
    for (p2a_id f = 0; f < m->from->functions.n; f++)
        if (lacks_lines(m, lined, f))
            add_values(m, unplaced(m, m->function[f]), lined->from_self, f);
}

static void add_sites(struct p2a_mapping *m, const p2a_id *arc)
{
    const struct p2a_graph *g = &m->from->graph;
    for (uint32_t i = 0; i < g->site_n; i++) {
        struct p2a_site site = g->site[i];
        site.arc = arc[site.arc];
        site.file = map_string(m, site.file);
        site.line = moved_line(m, g->arc[g->site[i].arc].caller, site.file, site.line);
        site.calls = m->before ? 0 : site.calls;
        p2a_id id = p2a_site(m->into, &site);
        if (id == P2A_NONE)
            return;
        add_values(m, m->into->graph.site_total + (size_t)id * m->into->columns, g->site_total, i);
    }
}

static void add_graph(struct p2a_mapping *m, p2a_id *arc)
{
    const struct p2a_graph *g = &m->from->graph;
    for (uint32_t i = 0; i < g->order_n; i++)
        add_node(m, g->order[i]);
    for (uint32_t i = 0; i < g->arc_n; i++)
        arc[i] = add_arc(m, i);
    if (p2a_profile_status(m->into) == P2A_OK)
        add_sites(m, arc);
}

/* Estimated paths are none beside the graph that they were made of, which can make them again. */
static bool is_tree(const struct p2a_profile *p)
{
    bool guessed = p->estimated & P2A_CONTEXTS, again = p->recorded & P2A_GRAPH;
    return p->contexts.n && !(guessed && again);
}

/* Whether the sum can be a tree: FROM is one, and INTO is one or empty. */
static bool both_trees(const struct p2a_profile *into, const struct p2a_profile *from)
{
    bool empty = !into->contexts.n && !into->graph.order_n;
    return is_tree(from) && (empty || is_tree(into));
}

static void add_rows(struct p2a_mapping *m, p2a_id *ids)
{
    struct lined lined = {0};
    bool tree = both_trees(m->into, m->from), graph = !tree || m->both;
    /* Beside a tree, a graph of its own may say something else than the tree. */
    bool lines = (m->from->graph.line_n || m->into->graph.line_n) &&
                 (graph || !(m->from->recorded & P2A_GRAPH));
    if (lines)
        start_lines(m, &lined);
    if (p2a_profile_status(m->into) == P2A_OK && tree)
        add_contexts(m, ids);
    if (p2a_profile_status(m->into) == P2A_OK && graph)
        add_graph(m, ids);
    if (p2a_profile_status(m->into) == P2A_OK && lines)
        add_lines(m);
    if (p2a_profile_status(m->into) == P2A_OK && lines)
        finish_lines(m, &lined);
    free(lined.in);
    free(lined.into_self);
    free(lined.from_self);
}

enum p2a_status p2a_mapping_add(struct p2a_mapping *m, struct p2a_error *error)
{
    const struct p2a_profile *from = m->from;
    size_t rows = from->contexts.n > from->graph.arc_n ? from->contexts.n : from->graph.arc_n;
    p2a_id *ids = malloc((rows + 1) * sizeof *ids);
    if (!m->matched)
        m->function = malloc(((size_t)from->functions.n + 1) * sizeof *m->function);
    m->thread = malloc(((size_t)from->threads.n + 1) * sizeof *m->thread);
    m->column = calloc((size_t)from->columns + 1, sizeof *m->column);
    m->factor = calloc((size_t)from->columns + 1, sizeof *m->factor);
    bool fresh = m->into->metrics.n == 0;
    if (ids && m->function && m->thread && m->column && m->factor) {
        if (!m->matched)
            map_functions(m);
        map_threads(m);
        add_grouping(m, fresh);
        add_taken(m, fresh);
        map_columns(m);
        add_inputs(m);
        if (p2a_profile_status(m->into) == P2A_OK)
            add_rows(m, ids);
        p2a_leave_out(m->into, m->from->core->left_out);
        p2a_finish(m->into);
    } else {
        p2a_fail(m->into, P2A_SYSTEM, "out of memory");
    }
    free(ids);
    return p2a_take_error(m->into, error);
}

bool p2a_has_own_graph(const struct p2a_profile *p)
{
    const unsigned both = P2A_CONTEXTS | P2A_GRAPH;
    return (p->recorded & p->facts & both) == both;
}

enum p2a_status p2a_shape(struct p2a_profile *p, bool tree, bool both, struct p2a_error *error)
{
    enum p2a_status status = P2A_OK;
    if (both)
        return p->facts & P2A_GRAPH ? P2A_OK : p2a_derive(p, error);
    if (tree && p->recorded & P2A_GRAPH) /* its lines are those of its own graph */
        p2a_drop_graph(p);
    else if (tree)
        p2a_drop_derived(p);
    if (tree)
        return status;
    if (p->facts & P2A_CONTEXTS && !(p->facts & P2A_GRAPH))
        status = p2a_derive(p, error);
    if (status == P2A_OK)
        p2a_drop_contexts(p);
    return status;
}

/* What becomes of call counts that one side has. */
static void note_uncounted(struct p2a_profile *into, const struct p2a_profile *from)
{
    if ((into->facts ^ from->facts) & P2A_CALLS)
        p2a_note(into, "not all inputs have call counts: they stay of functions that only inputs "
                       "with counts have, and of no path");
    else if (p2a_counts_paths(into) != p2a_counts_paths(from))
        p2a_note(into, "not all inputs have call counts of paths: they stay of functions");
}

/* What A measures and B, the other side of the sum, doesn't. */
static void note_lacking(struct p2a_profile *into, const struct p2a_profile *a,
                         const struct p2a_profile *b)
{
    for (uint32_t i = 0; i < a->metrics.n; i++)
        if (!p2a_measures(b, p2a_metric_name(a, i)))
            p2a_note(into, "not all inputs measure %s: it is the sum of those that do",
                     p2a_metric_name(a, i));
}

/* What shares are of where one side is a part of a graph: what both were a part of. */
static double base_of_sum(const struct p2a_mapping *m, double into)
{
    bool same = m->from->columns && m->column[0] == 0;
    return same ? into + p2a_share_base(m->from) * m->factor[0] : 0;
}

static bool has_rows(const struct p2a_profile *p)
{
    return p2a_has_contexts(p) || p->graph.node_n;
}

static void add_profile(struct p2a_profile *into, const struct p2a_profile *from,
                        struct p2a_error *error)
{
    bool tree = both_trees(into, from);
    struct p2a_mapping m = {.into = into, .from = from};
    unsigned before = (into->facts ^ from->facts) & P2A_BEFORE;
    bool rows = has_rows(into) && has_rows(from);
    m.uncounted = tree && rows && p2a_counts_paths(into) != p2a_counts_paths(from);
    m.both = tree && (p2a_has_own_graph(into) || p2a_has_own_graph(from) || m.uncounted);
    struct p2a_profile *graph = NULL;
    if (p2a_mapping_check(&m, error) == P2A_OK && p2a_shape(into, tree, m.both, error) == P2A_OK) {
        if ((!tree || m.both) && !(from->facts & P2A_GRAPH) && from->contexts.n) {
            graph = p2a_copy(from, error);
            if (graph && p2a_shape(graph, false, m.both, error) == P2A_OK)
                m.from = graph;
        }
        if (rows)
            note_uncounted(into, from);
        if (m.uncounted)
            p2a_drop_path_calls(into);
        if (rows) {
            note_lacking(into, into, from);
            note_lacking(into, from, into);
        }
        bool parts = into->base > 0 || from->base > 0;
        double base = parts && has_rows(into) ? p2a_share_base(into) : 0;
        if (error->status == P2A_OK && p2a_mapping_add(&m, error) == P2A_OK && parts)
            into->base = base_of_sum(&m, base);
        into->estimated |= from->estimated & (P2A_GRAPH | (tree ? P2A_CONTEXTS : 0));
        into->recorded = into->facts & ~(into->estimated & P2A_CONTEXTS);
        into->cycle_share = fmax(into->cycle_share, from->cycle_share);
    }
    for (size_t i = 0; i < p2a_note_count(from); i++)
        p2a_note(into, "%s", p2a_note_at(from, i));
    if (before && rows)
        p2a_note(into, "a comparison was added to what is none: there is nothing before of that");
    p2a_mapping_end(&m);
    p2a_free(graph);
}

enum p2a_status p2a_add(struct p2a_profile *into, const struct p2a_profile *from,
                        struct p2a_error *error)
{
    struct p2a_error ours;
    struct p2a_profile lent = {0}, with_lines;
    bool lend = p2a_stacks_of(from)->n, lend_lines = p2a_packed_of(from)->n;
    bool room = !lend_lines || p2a_lend_lines(from, &with_lines);
    p2a_error_start(&ours, error ? error->path : "");
    from = lend_lines ? &with_lines : from;
    if (!room || (lend && !p2a_lend(from, p2a_stacks_of(from), 0, &lent)))
        p2a_error_memory(&ours);
    else if (p2a_unfold(into, &ours) == P2A_OK)
        add_profile(into, lend ? &lent : from, &ours);
    if (lend)
        p2a_let_go(&lent);
    if (lend_lines)
        p2a_return_lines(&with_lines);
    if (error)
        *error = ours;
    return ours.status;
}

struct p2a_profile *p2a_copy(const struct p2a_profile *from, struct p2a_error *error)
{
    struct p2a_profile *copy = p2a_profile_new(from->core->max_rows);
    struct p2a_mapping m = {.into = copy, .from = from, .both = p2a_has_own_graph(from)};
    if (!copy) {
        p2a_error_memory(error);
        return NULL;
    }
    if (p2a_mapping_add(&m, error) == P2A_OK) {
        copy->recorded = copy->facts & from->recorded;
        copy->estimated = copy->facts & from->estimated;
        copy->cycle_share = from->cycle_share;
        copy->base = from->base;
        copy->source = p2a_intern(copy, p2a_string(from, from->source));
    } else {
        p2a_free(copy);
        copy = NULL;
    }
    p2a_mapping_end(&m);
    return copy;
}
