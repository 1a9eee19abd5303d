/* The new tables are built beside the old ones, in the order of the old, and swapped in at the end,
 * so a profile is whole at every moment:
 *
 *   Σ self before = Σ self after + Σ self of what was dropped */
#include "model/rewrite.h"

#include <stdlib.h>

#include "model/merge.h"

static void add_input(struct p2a_profile *to, const struct p2a_profile *from, uint32_t i)
{
    const struct p2a_input *input = &from->inputs.row[i];
    uint32_t at = to->inputs.n;
    p2a_input(to, p2a_string(from, input->path), input->mtime);
    if (to->inputs.n > at)
        to->inputs.row[at].before = input->before;
}

/* A profile with the same strings, functions, metrics and threads, ids included, and no rows. */
static struct p2a_profile *same_names(const struct p2a_profile *p, struct p2a_error *error)
{
    struct p2a_profile *bare = p2a_profile_new(p->core->max_rows);
    if (!bare) {
        p2a_error_memory(error);
        return NULL;
    }
    for (uint32_t i = 0; i < p->strings.n; i++)
        p2a_intern(bare, p->strings.row[i]);
    for (uint32_t i = 0; i < p->functions.n; i++)
        p2a_function(bare, &p->functions.row[i]);
    for (uint32_t i = 0; i < p->metrics.n; i++) {
        p2a_metric(bare, p2a_metric_name(p, i), p2a_metric_unit(p, i), p->metrics.row[i].scale);
        if (p2a_profile_status(bare) == P2A_OK)
            bare->metrics.row[i].title = p->metrics.row[i].title;
    }
    if (p->columns > p->metrics.n)
        p2a_compare_columns(bare);
    for (uint32_t i = 0; i < p->threads.n; i++)
        p2a_thread(bare, p->threads.row[i].pid, p->threads.row[i].tid,
                   p2a_string(p, p->threads.row[i].name));
    for (uint32_t i = 0; i < p->inputs.n; i++)
        add_input(bare, p, i);
    for (size_t i = 0; i < p2a_note_count(p); i++)
        p2a_note(bare, "%s", p2a_note_at(p, i));
    bare->source = p->source;
    bare->taken = p->taken;
    bare->grouped = p->grouped;
    bare->partly_grouped = p->partly_grouped;
    return bare;
}

static enum p2a_status swap_in(struct p2a_profile *p, struct p2a_profile *made,
                               struct p2a_error *error)
{
    p2a_leave_out(made, p->core->left_out);
    p2a_finish(made);
    enum p2a_status status = p2a_take_error(made, error);
    if (status == P2A_OK) {
        unsigned recorded = p->recorded;
        made->estimated = made->facts & p->estimated;
        made->cycle_share = p->cycle_share;
        made->recorded = made->facts & recorded;
        p2a_swap(p, made);
    }
    p2a_free(made);
    return status;
}

/* ---- contexts ---- */

static void add_self(struct p2a_profile *to, p2a_id id, const struct p2a_profile *from, size_t row)
{
    if (id == P2A_NONE)
        return;
    for (uint32_t c = 0; c < from->columns; c++)
        p2a_context_add(to, id, c, from->contexts.self[row * from->columns + c]);
}

/* Where context I goes: its new id, or its parent's, or P2A_NONE for nowhere. */
static p2a_id place(struct p2a_profile *to, const struct p2a_profile *from,
                    const struct p2a_rewrite *r, uint32_t i, p2a_id parent)
{
    const struct p2a_context *c = &from->contexts.row[i];
    enum p2a_fate fate = r->fate ? (enum p2a_fate)r->fate[i] : P2A_KEEP;
    p2a_id function = r->rename ? r->rename[c->function] : c->function;
    if (fate == P2A_RAISE)
        parent = P2A_NONE;
    if (fate == P2A_FOLD)
        add_self(to, parent, from, i);
    if (fate == P2A_FOLD || fate == P2A_DROP)
        return parent;
    bool joined = r->join && parent != P2A_NONE && to->contexts.row[parent].function == function;
    p2a_id id = joined ? parent : p2a_context(to, parent, function, c->thread);
    add_self(to, id, from, i);
    if (!joined)
        p2a_context_calls(to, id, p2a_calls_of(&from->contexts, i));
    if (!joined && from->contexts.calls_before)
        p2a_context_calls_before(to, id, from->contexts.calls_before[i]);
    return id;
}

/* ---- the graph ---- */

struct graph_rewrite {
    struct p2a_profile *to;
    const struct p2a_profile *from;
    const unsigned char *keep, *keep_arc;
    const p2a_id *rename;
};

static p2a_id renamed(const struct graph_rewrite *r, p2a_id f)
{
    return r->rename ? r->rename[f] : f;
}

static void add_row(double *to, const double *from, size_t row, uint32_t columns)
{
    for (uint32_t c = 0; to && c < columns; c++)
        to[c] += from[row * columns + c];
}

static void copy_node(struct graph_rewrite *r, p2a_id f)
{
    const struct p2a_graph *g = &r->from->graph;
    p2a_id id = renamed(r, f);
    struct p2a_node *node = p2a_node(r->to, id);
    if (!node)
        return;
    bool fresh = node->has == P2A_HAS_ROW;
    node->has = fresh ? g->node[f].has : node->has & g->node[f].has;
    node->calls = p2a_add_calls(node->calls, g->node[f].calls);
    node->primitive = p2a_add_calls(node->primitive, g->node[f].primitive);
    p2a_add_counts(r->to->graph.node_before, id, p2a_counts_of(g->node_before, f));
    add_row(p2a_node_self(r->to, id), g->self, f, r->from->columns);
    add_row(p2a_node_total(r->to, id), g->total, f, r->from->columns);
}

static p2a_id copy_arc(struct graph_rewrite *r, p2a_id a)
{
    const struct p2a_graph *g = &r->from->graph;
    const struct p2a_arc *arc = &g->arc[a];
    if ((r->keep && (!r->keep[arc->caller] || !r->keep[arc->callee])) ||
        (r->keep_arc && !r->keep_arc[a]))
        return P2A_NONE;
    uint32_t before = r->to->graph.arc_n, columns = r->from->columns;
    p2a_id id = p2a_arc(r->to, renamed(r, arc->caller), renamed(r, arc->callee));
    if (id == P2A_NONE)
        return id;
    struct p2a_arc *to = &r->to->graph.arc[id];
    to->has = id >= before ? arc->has : to->has & arc->has;
    to->calls = p2a_add_calls(to->calls, arc->calls);
    to->primitive = p2a_add_calls(to->primitive, arc->primitive);
    p2a_add_counts(r->to->graph.arc_before, id, p2a_counts_of(g->arc_before, a));
    add_row(r->to->graph.arc_self + (size_t)id * columns, g->arc_self, a, columns);
    add_row(r->to->graph.arc_total + (size_t)id * columns, g->arc_total, a, columns);
    return id;
}

static void copy_lines(struct graph_rewrite *r)
{
    const struct p2a_graph *g = &r->from->graph;
    for (uint32_t i = 0; i < g->line_n; i++) {
        struct p2a_line line = g->line[i];
        if (r->keep && !r->keep[line.function])
            continue;
        line.function = renamed(r, line.function);
        p2a_id id = p2a_line(r->to, &line);
        if (id == P2A_NONE)
            return;
        add_row(r->to->graph.line_self + (size_t)id * r->from->columns, g->line_self, i,
                r->from->columns);
    }
}

static void copy_sites(struct graph_rewrite *r, const p2a_id *arc)
{
    const struct p2a_graph *g = &r->from->graph;
    for (uint32_t i = 0; i < g->site_n; i++) {
        struct p2a_site site = g->site[i];
        site.arc = arc[site.arc];
        p2a_id id = site.arc == P2A_NONE ? P2A_NONE : p2a_site(r->to, &site);
        if (id != P2A_NONE)
            add_row(r->to->graph.site_total + (size_t)id * r->from->columns, g->site_total, i,
                    r->from->columns);
    }
}

static bool copy_graph(struct graph_rewrite *r)
{
    const struct p2a_graph *g = &r->from->graph;
    p2a_id *arc = malloc(((size_t)g->arc_n + 1) * sizeof *arc);
    if (!arc)
        return false;
    for (uint32_t i = 0; i < g->order_n; i++)
        if (!r->keep || r->keep[g->order[i]])
            copy_node(r, g->order[i]);
    for (uint32_t i = 0; i < g->arc_n; i++)
        arc[i] = copy_arc(r, i);
    copy_lines(r);
    copy_sites(r, arc);
    free(arc);
    return true;
}

/* ---- both, from the outside ---- */

/* Whether every context's self stays with its function, so that the function's lines do. */
static bool keeps_selves(const struct p2a_profile *p, const struct p2a_rewrite *rewrite)
{
    for (uint32_t i = 0; rewrite->fate && i < p->contexts.n; i++)
        if (rewrite->fate[i] != P2A_KEEP && rewrite->fate[i] != P2A_RAISE)
            return false;
    return !(p->recorded & P2A_GRAPH);
}

/* Where no frame moves, a graph of its own is renamed as the paths are; else its lines may stay. */
static void rewrite_beside(struct p2a_profile *to, const struct p2a_profile *p,
                           const struct p2a_rewrite *rewrite)
{
    struct graph_rewrite r = {.to = to, .from = p, .rename = rewrite->rename};
    if (p2a_has_own_graph(p) && !rewrite->fate && !rewrite->join) {
        if (!copy_graph(&r))
            p2a_fail(to, P2A_SYSTEM, "out of memory");
        return;
    }
    if (!p->graph.line_n)
        return;
    if (keeps_selves(p, rewrite))
        copy_lines(&r);
    else
        p2a_note(to, P2A_NO_LINES);
}

enum p2a_status p2a_rewrite_contexts(struct p2a_profile *p, const struct p2a_rewrite *rewrite,
                                     struct p2a_error *error)
{
    const struct p2a_contexts *t = &p->contexts;
    p2a_id *moved = malloc(((size_t)t->n + 1) * sizeof *moved);
    struct p2a_profile *made = moved ? same_names(p, error) : NULL;
    if (!made) {
        free(moved);
        return p2a_error_memory(error);
    }
    for (uint32_t i = 0; i < t->n && p2a_profile_status(made) == P2A_OK; i++) {
        p2a_id parent = t->row[i].parent;
        moved[i] = place(made, p, rewrite, i, parent == P2A_NONE ? P2A_NONE : moved[parent]);
    }
    free(moved);
    rewrite_beside(made, p, rewrite);
    return swap_in(p, made, error);
}

enum p2a_status p2a_rewrite_graph(struct p2a_profile *p, const unsigned char *keep,
                                  const unsigned char *keep_arc, const p2a_id *rename,
                                  struct p2a_error *error)
{
    struct graph_rewrite r = {same_names(p, error), p, keep, keep_arc, rename};
    if (!r.to || !copy_graph(&r)) {
        p2a_free(r.to);
        return p2a_error_memory(error);
    }
    r.to->base = keep || keep_arc ? p2a_share_base(p) : p->base;
    return swap_in(p, r.to, error);
}

bool *p2a_used_functions(const struct p2a_profile *p)
{
    const struct p2a_graph *g = &p->graph;
    bool *used = calloc((size_t)p->functions.n + 1, sizeof *used);
    for (uint32_t i = 0; used && i < p->contexts.n; i++)
        used[p->contexts.row[i].function] = true;
    for (p2a_id f = 0; used && f < g->node_n; f++)
        used[f] |= g->node[f].has != 0;
    if (used && !memchr(used, false, p->functions.n)) /* as in most profiles */
        return used;
    for (uint32_t a = 0; used && a < g->arc_n; a++)
        used[g->arc[a].caller] = used[g->arc[a].callee] = true;
    for (uint32_t i = 0; used && i < g->line_n; i++)
        used[g->line[i].function] = true;
    for (uint32_t i = 0; used && i < p->core->packed.run_n; i++)
        used[p->core->packed.run[i].function] = true;
    return used;
}
