/* Derivation is exact. With n a context, total(n) = self(n) + Σ total(children):
 *
 *   function F   calls = Σ calls(n at F)        primitive = the same over n with no F above
 *                self  = Σ self(n)              total = Σ total(n) over n with no F above
 *   arc C -> F   over n at F whose parent is at C: calls, self as sums; primitive and total only
 * over n with no step C -> F above it on its path
 *
 * The tree is walked down with a counter per function and per arc of how often it is on the path:
 *
 *        main            active[main]=1
 *        └ f             active[f]=1     total(f) takes this one in
 *          └ g
 *            └ f         active[f]=2     already inside: only calls and self count
 */
#include "model/derive.h"

#include <stdlib.h>

#include "model/core.h"
#include "model/sums.h"

struct walk {
    struct p2a_profile *p;
    p2a_id without; /* a function that gets no row */
    struct p2a_tree tree;
    uint32_t *active, *arc_active; /* how often on the current path */
    p2a_id *arc;                   /* of each context, P2A_NONE for roots */
    struct p2a_sum *sums[4];       /* node self, node total, arc self, arc total */
};

static size_t at(const struct walk *w, uint32_t row, uint32_t column)
{
    return (size_t)row * w->p->columns + column;
}

/* The arc of context I is going to be looked for. */
static void look_ahead(const struct p2a_profile *p, uint32_t i)
{
    const struct p2a_context *row = p->contexts.row;
    if (i < p->contexts.n && row[i].parent != P2A_NONE)
        p2a_arc_ahead(p, row[row[i].parent].function, row[i].function);
}

/* Every function gets its row and every step its arc, in the order of the contexts. */
static bool add_rows(struct walk *w)
{
    enum { AHEAD = 8 };
    struct p2a_profile *p = w->p;
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        look_ahead(p, i + AHEAD);
        const struct p2a_context *c = &p->contexts.row[i];
        w->arc[i] = P2A_NONE;
        if (c->function == w->without)
            continue;
        if (!p2a_node(p, c->function))
            return false;
        if (c->parent == P2A_NONE || p->contexts.row[c->parent].function == w->without)
            continue;
        w->arc[i] = p2a_arc(p, p->contexts.row[c->parent].function, c->function);
        if (w->arc[i] == P2A_NONE)
            return false;
    }
    return true;
}

static bool start_walk(struct walk *w, struct p2a_profile *p, p2a_id without)
{
    *w = (struct walk){.p = p, .without = without};
    w->arc = malloc(((size_t)p->contexts.n + 1) * sizeof *w->arc);
    if (!w->arc || !p2a_tree_build(p, &w->tree) || !add_rows(w))
        return false;
    size_t nodes = (size_t)p->graph.node_n + 1, arcs = (size_t)p->graph.arc_n + 1;
    w->active = calloc(nodes, sizeof *w->active);
    w->arc_active = calloc(arcs, sizeof *w->arc_active);
    bool enough = w->active && w->arc_active;
    for (int i = 0; i < 4; i++) {
        w->sums[i] = calloc((i < 2 ? nodes : arcs) * p->columns + 1, sizeof **w->sums);
        enough = enough && w->sums[i];
    }
    return enough;
}

static void end_walk(struct walk *w)
{
    p2a_tree_free(&w->tree);
    free(w->active);
    free(w->arc_active);
    free(w->arc);
    for (int i = 0; i < 4; i++)
        free(w->sums[i]);
}

static void add_values(struct walk *w, p2a_id context, uint32_t row, int self, bool outermost)
{
    for (uint32_t c = 0; c < w->p->columns; c++) {
        p2a_sum_add(&w->sums[self][at(w, row, c)], w->p->contexts.self[at(w, context, c)]);
        if (outermost)
            p2a_sum_add(&w->sums[self + 1][at(w, row, c)], w->tree.total[at(w, context, c)]);
    }
}

static void enter(struct walk *w, p2a_id i)
{
    struct p2a_graph *g = &w->p->graph;
    const struct p2a_context *c = &w->p->contexts.row[i];
    if (c->function == w->without)
        return;
    struct p2a_node *node = &g->node[c->function];
    bool outermost = w->active[c->function]++ == 0;
    uint64_t calls = p2a_calls_of(&w->p->contexts, i);
    uint64_t before = p2a_calls_before_of(&w->p->contexts, i);
    node->calls = p2a_add_calls(node->calls, calls);
    if (outermost)
        node->primitive = p2a_add_calls(node->primitive, calls);
    p2a_add_counts(g->node_before, c->function,
                   (struct p2a_counts){before, outermost ? before : 0});
    add_values(w, i, c->function, 0, outermost);
    if (w->arc[i] == P2A_NONE)
        return;
    struct p2a_arc *arc = &g->arc[w->arc[i]];
    outermost = w->arc_active[w->arc[i]]++ == 0;
    arc->calls = p2a_add_calls(arc->calls, calls);
    if (outermost)
        arc->primitive = p2a_add_calls(arc->primitive, calls);
    p2a_add_counts(g->arc_before, w->arc[i], (struct p2a_counts){before, outermost ? before : 0});
    add_values(w, i, w->arc[i], 2, outermost);
}

static void leave(struct walk *w, p2a_id i)
{
    if (w->p->contexts.row[i].function != w->without)
        w->active[w->p->contexts.row[i].function]--;
    if (w->arc[i] != P2A_NONE)
        w->arc_active[w->arc[i]]--;
}

static void walk_down(struct walk *w)
{
    const struct p2a_contexts *t = &w->p->contexts;
    p2a_id i = w->tree.first;
    while (i != P2A_NONE) {
        enter(w, i);
        if (w->tree.child[i] != P2A_NONE) {
            i = w->tree.child[i];
            continue;
        }
        for (;;) {
            leave(w, i);
            if (w->tree.next[i] != P2A_NONE) {
                i = w->tree.next[i];
                break;
            }
            i = t->row[i].parent;
            if (i == P2A_NONE)
                return;
        }
    }
}

static void keep_sums(struct walk *w, unsigned has)
{
    struct p2a_graph *g = &w->p->graph;
    size_t width = w->p->columns;
    for (size_t i = 0; i < g->node_n * width; i++) {
        g->self[i] = p2a_sum_value(&w->sums[0][i]);
        g->total[i] = p2a_sum_value(&w->sums[1][i]);
    }
    for (size_t i = 0; i < g->arc_n * width; i++) {
        g->arc_self[i] = p2a_sum_value(&w->sums[2][i]);
        g->arc_total[i] = p2a_sum_value(&w->sums[3][i]);
    }
    for (uint32_t i = 0; i < g->order_n; i++)
        g->node[g->order[i]].has |= has;
    for (uint32_t i = 0; i < g->arc_n; i++)
        g->arc[i].has |= has;
}

void p2a_drop_derived(struct p2a_profile *p)
{
    struct p2a_graph lines = {
        .line_n = p->graph.line_n, .line = p->graph.line, .line_self = p->graph.line_self};
    struct p2a_index line_of = p->core->line_of;
    uint32_t line_room = p->core->line_room;
    struct p2a_packed_lines packed = p->core->packed;
    unsigned facts = p->facts;
    p->core->packed = (struct p2a_packed_lines){0};
    p->graph.line = NULL;
    p->graph.line_self = NULL;
    p->core->line_of = (struct p2a_index){0};
    p2a_drop_graph(p);
    p->graph = lines;
    p->core->line_of = line_of;
    p->core->line_room = line_room;
    p->core->packed = packed;
    p->facts = facts & ~(unsigned)P2A_GRAPH;
}

enum p2a_status p2a_derive_without(struct p2a_profile *p, p2a_id function, struct p2a_error *error)
{
    struct walk w;
    /* Where stacks are estimated so are the calls on them, and a count is taken as counted. */
    bool counted = p->facts & P2A_CALLS && !(p->estimated & P2A_CONTEXTS);
    unsigned calls = counted ? P2A_HAS_CALLS | P2A_HAS_PRIMITIVE : 0;
    if (start_walk(&w, p, function)) {
        walk_down(&w);
        keep_sums(&w, P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL | calls);
        p->facts |= P2A_GRAPH;
    } else {
        p2a_fail(p, P2A_SYSTEM, "out of memory");
        p2a_drop_derived(p);
    }
    end_walk(&w);
    return p2a_take_error(p, error);
}

enum p2a_status p2a_derive(struct p2a_profile *p, struct p2a_error *error)
{
    if (p->core->stacks.n)
        return p2a_sum_stacks(p, error);
    return p2a_derive_without(p, P2A_NONE, error);
}
