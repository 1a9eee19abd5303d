/* Contexts become nodes: same parent node and same function, same node. A node is made after its
 * parent, so that one pass backwards adds totals up and links children.
 *
 *     contexts   main            nodes    main
 *                  visit                    visit            (folded: nested 2)
 *                    walk                     walk
 *                      visit                  print
 *                        print                              */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/sort.h"
#include "model/core.h"
#include "model/outline.h"

struct node {
    p2a_id parent, function, thread;
    uint32_t depth, nested;
    uint64_t calls, calls_before;
    struct p2a_sum self, total, hidden;
    struct p2a_sum self_before, total_before; /* of a comparison */
    p2a_id child, next;                       /* the first child; the next of the same parent */
    bool shown;
};

struct build {
    const struct p2a_profile *p;
    const struct p2a_outline_wanted *wanted;
    bool compared;
    struct p2a_tree tree;
    struct node *node;
    uint32_t n, room;
    struct p2a_index index;
    p2a_id *of;       /* contexts: their node */
    p2a_id *before;   /* contexts: what open[] of their function was when the walk came to them */
    p2a_id *open;     /* functions: the node that the walk is in, P2A_NONE */
    uint32_t *nested; /* functions: how many of their contexts the walk is in */
};

struct key {
    p2a_id parent, function, thread;
};

static bool same_node(const void *table, uint32_t id, const void *key)
{
    const struct node *node = (const struct node *)table + id;
    const struct key *k = key;
    return node->parent == k->parent && node->function == k->function && node->thread == k->thread;
}

/* P2A_NONE: no memory. */
static p2a_id find_node(struct build *b, p2a_id parent, p2a_id function, p2a_id thread)
{
    struct key key = {parent, function, thread};
    uint64_t hash = p2a_hash(&key, sizeof key);
    p2a_id id = p2a_index_find(&b->index, hash, same_node, b->node, &key);
    if (id != P2A_INDEX_NONE)
        return id;
    if (!p2a_grow(&b->node, &b->room, (uint64_t)b->n + 1, sizeof *b->node) ||
        !p2a_index_add(&b->index, hash, b->n))
        return P2A_NONE;
    b->node[b->n] = (struct node){.parent = parent,
                                  .function = function,
                                  .thread = thread,
                                  .depth = parent == P2A_NONE ? 0 : b->node[parent].depth + 1,
                                  .nested = 1,
                                  .child = P2A_NONE,
                                  .next = P2A_NONE};
    return b->n++;
}

/* The node that a context's node is below. */
static p2a_id parent_node(struct build *b, const struct p2a_context *c)
{
    if (c->parent != P2A_NONE)
        return b->of[c->parent];
    return b->wanted->threads ? find_node(b, P2A_NONE, P2A_NONE, c->thread) : P2A_NONE;
}

/* Builtins such as exec and map are on most paths twice without a thought of recursion; what really
 * is recursive folds at the functions that they call. */
static bool folds(const struct build *b, p2a_id function)
{
    return b->wanted->fold && b->open[function] != P2A_NONE &&
           b->p->functions.row[function].kind != P2A_BUILTIN;
}

static bool enter(struct build *b, p2a_id context)
{
    const struct p2a_context *c = &b->p->contexts.row[context];
    p2a_id open = b->open[c->function], parent = parent_node(b, c);
    if (parent == P2A_NONE && b->wanted->threads)
        return false;
    p2a_id id = folds(b, c->function) ? open : find_node(b, parent, c->function, P2A_NONE);
    if (id == P2A_NONE)
        return false;
    struct node *node = &b->node[id];
    b->of[context] = id;
    b->before[context] = open;
    b->open[c->function] = id;
    uint32_t nested = ++b->nested[c->function];
    if (nested > node->nested && b->p->functions.row[c->function].kind != P2A_BUILTIN)
        node->nested = nested;
    node->calls = p2a_add_calls(node->calls, p2a_calls_of(&b->p->contexts, context));
    const double *self = b->p->contexts.self + (size_t)context * b->p->columns;
    p2a_sum_add(&node->self, self[0]);
    if (b->compared) {
        p2a_sum_add(&node->self_before, self[b->p->metrics.n]);
        node->calls_before =
            p2a_add_calls(node->calls_before, b->p->contexts.calls_before[context]);
    }
    return true;
}

static void leave(struct build *b, p2a_id context)
{
    p2a_id function = b->p->contexts.row[context].function;
    b->open[function] = b->before[context];
    b->nested[function]--;
}

static bool walk(struct build *b)
{
    p2a_id c = b->tree.first;
    while (c != P2A_NONE) {
        if (!enter(b, c))
            return false;
        if (b->tree.child[c] != P2A_NONE) {
            c = b->tree.child[c];
            continue;
        }
        for (;;) {
            leave(b, c);
            if (b->tree.next[c] != P2A_NONE)
                break;
            c = b->p->contexts.row[c].parent;
            if (c == P2A_NONE)
                return true;
        }
        c = b->tree.next[c];
    }
    return true;
}

static bool make_nodes(struct build *b)
{
    size_t contexts = b->p->contexts.n, functions = b->p->functions.n;
    b->of = malloc((contexts + 1) * sizeof *b->of);
    b->before = malloc((contexts + 1) * sizeof *b->before);
    b->open = malloc((functions + 1) * sizeof *b->open);
    b->nested = calloc(functions + 1, sizeof *b->nested);
    if (!b->of || !b->before || !b->open || !b->nested || !p2a_tree_build(b->p, &b->tree))
        return false;
    memset(b->open, 0xff, (functions + 1) * sizeof *b->open);
    return walk(b);
}

static double total_of(const struct node *node)
{
    return p2a_sum_value(&node->total);
}

static void add_up(struct build *b)
{
    for (uint32_t i = b->n; i-- > 0;) {
        struct node *node = &b->node[i];
        p2a_sum_add(&node->total, p2a_sum_value(&node->self));
        if (node->parent != P2A_NONE)
            p2a_sum_add(&b->node[node->parent].total, total_of(node));
        p2a_sum_add(&node->total_before, p2a_sum_value(&node->self_before));
        if (node->parent != P2A_NONE)
            p2a_sum_add(&b->node[node->parent].total_before, p2a_sum_value(&node->total_before));
    }
}

/* ---- what is shown ---- */

static int downwards(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a < *b) - (*a > *b);
}

/* Values that are no costs weigh nothing. */
static double weight(const struct node *node)
{
    double total = total_of(node), before = p2a_sum_value(&node->total_before);
    total = isnan(total) ? 0 : total;
    return before > total ? before : total;
}

/* The least weight of the most wanted among those shown; *LEFT of exactly this weight have room. */
static bool find_least(struct build *b, double *least, uint32_t *left)
{
    uint32_t n = 0, most = b->wanted->most;
    double *weights = malloc(((size_t)b->n + 1) * sizeof *weights);
    if (!weights)
        return false;
    for (uint32_t i = 0; i < b->n; i++)
        if (b->node[i].shown)
            weights[n++] = weight(&b->node[i]);
    *least = -INFINITY;
    *left = n;
    if (most && n > most) {
        qsort(weights, n, sizeof *weights, downwards);
        *least = weights[most - 1];
        for (*left = 0; *left < most && weights[most - 1 - *left] <= *least;)
            ++*left;
    }
    free(weights);
    return true;
}

static bool above_is_shown(const struct build *b, const struct node *node)
{
    return node->parent == P2A_NONE || b->node[node->parent].shown;
}

static bool choose(struct build *b, struct p2a_outline *o)
{
    uint32_t levels = b->wanted->levels, left;
    double before = b->compared ? p2a_whole(b->p, b->p->metrics.n) : 0;
    double least = b->wanted->least * fmax(o->whole, before);
    for (uint32_t i = 0; i < b->n; i++) {
        struct node *node = &b->node[i];
        bool heavy = !(fabs(weight(node)) < least);
        node->shown = heavy && above_is_shown(b, node) && (!levels || node->depth < levels);
        o->too_deep += heavy && levels && node->depth >= levels;
    }
    if (!find_least(b, &least, &left))
        return false;
    for (uint32_t i = 0; i < b->n; i++) {
        struct node *node = &b->node[i];
        if (!node->shown)
            continue;
        bool at = weight(node) <= least;
        node->shown = above_is_shown(b, node) && !(weight(node) < least) && !(at && !left);
        left -= node->shown && at;
        o->too_many += !node->shown;
    }
    return true;
}

/* ---- the list ---- */

static int heaviest_first(const void *context, uint32_t left, uint32_t right)
{
    const struct build *b = context;
    double x = weight(&b->node[left]), y = weight(&b->node[right]);
    return (x < y) - (x > y);
}

/* Adds up what is hidden, and lists the nodes that are shown. */
static void gather(struct build *b, p2a_id *shown, struct p2a_outline *o)
{
    struct p2a_sum hidden = {0, 0};
    for (p2a_id i = 0; i < b->n; i++) {
        p2a_id parent = b->node[i].parent;
        if (b->node[i].shown)
            shown[o->n++] = i;
        else
            p2a_sum_add(parent == P2A_NONE ? &hidden : &b->node[parent].hidden,
                        total_of(&b->node[i]));
    }
    o->hidden = p2a_sum_value(&hidden);
}

/* Links the nodes so that children stand in the order of SHOWN; returns the first root. */
static p2a_id link_nodes(struct build *b, const p2a_id *shown, uint32_t n)
{
    p2a_id first = P2A_NONE;
    for (uint32_t i = n; i-- > 0;) {
        struct node *node = &b->node[shown[i]];
        p2a_id *head = node->parent == P2A_NONE ? &first : &b->node[node->parent].child;
        node->next = *head;
        *head = shown[i];
    }
    return first;
}

static struct p2a_outline_row make_row(const struct node *node)
{
    return (struct p2a_outline_row){.function = node->function,
                                    .thread = node->thread,
                                    .depth = node->depth,
                                    .nested = node->nested,
                                    .last = node->next == P2A_NONE,
                                    .calls = node->calls,
                                    .total = total_of(node),
                                    .self = p2a_sum_value(&node->self),
                                    .hidden = p2a_sum_value(&node->hidden),
                                    .total_before = p2a_sum_value(&node->total_before),
                                    .self_before = p2a_sum_value(&node->self_before),
                                    .calls_before = node->calls_before};
}

static void list_rows(const struct build *b, p2a_id first, struct p2a_outline *o)
{
    uint32_t n = 0;
    for (p2a_id i = first; i != P2A_NONE;) {
        o->row[n++] = make_row(&b->node[i]);
        if (b->node[i].child != P2A_NONE) {
            i = b->node[i].child;
            continue;
        }
        while (i != P2A_NONE && b->node[i].next == P2A_NONE)
            i = b->node[i].parent;
        if (i != P2A_NONE)
            i = b->node[i].next;
    }
}

static bool build(struct build *b, struct p2a_outline *o)
{
    o->whole = p2a_whole(b->p, 0);
    if (!make_nodes(b))
        return false;
    add_up(b);
    o->all = b->n;
    if (!choose(b, o))
        return false;
    p2a_id *shown = malloc(((size_t)b->n + 1) * sizeof *shown);
    if (shown)
        gather(b, shown, o);
    o->row = malloc(((size_t)o->n + 1) * sizeof *o->row);
    bool built =
        shown && o->row && (!b->wanted->by_total || p2a_sort(shown, o->n, heaviest_first, b));
    if (built)
        list_rows(b, link_nodes(b, shown, o->n), o);
    free(shown);
    return built;
}

bool p2a_outline_build(const struct p2a_profile *p, const struct p2a_outline_wanted *wanted,
                       struct p2a_outline *outline)
{
    *outline = (struct p2a_outline){0};
    struct build b = {.p = p,
                      .wanted = wanted,
                      .compared = p->columns > p->metrics.n,
                      .tree = {.first = P2A_NONE}};
    bool built = build(&b, outline);
    p2a_tree_free(&b.tree);
    free(b.node);
    p2a_index_free(&b.index);
    free(b.of);
    free(b.before);
    free(b.open);
    free(b.nested);
    if (!built)
        p2a_outline_free(outline);
    return built;
}

void p2a_outline_free(struct p2a_outline *outline)
{
    free(outline->row);
    *outline = (struct p2a_outline){0};
}
