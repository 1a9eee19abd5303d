/* Contexts become nodes: same parent node and same function, same node. A node is made after its
 * parent, so that one pass backwards adds totals up and links children.
 *
 *     contexts   main            nodes    main
 *                  visit                    visit            (folded: nested 2)
 *                    walk                     walk
 *                      visit                  print
 *                        print                              */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/pairs.h"
#include "base/sort.h"
#include "model/core.h"
#include "model/fold.h"
#include "model/outline.h"
#include "model/stackwalk.h"

struct node {
    p2a_id parent, function; /* function: of a thread's node, the thread */
    uint32_t depth;
    _Atomic uint32_t nested; /* any thread may raise it */
    struct p2a_sum self, total;
    p2a_id shown; /* its place among those shown; P2A_NONE */
};

struct more { /* where there are calls, or it is a comparison */
    uint64_t calls, calls_before;
    struct p2a_sum self_before, total_before;
};

struct listed { /* a node that is shown */
    p2a_id node;
    struct p2a_sum hidden;
    p2a_id child, next; /* the first child; the next of the same parent */
};

struct build {
    const struct p2a_profile *p;
    const struct p2a_outline_wanted *wanted;
    bool compared;
    double least; /* weight of what is shown */
    struct node *node;
    struct more *more; /* NULL: none of it */
    uint32_t n, room, more_room;
    struct p2a_pairs children; /* but for those that stand right behind their parents */
    /* The path to the context that the walk is in. */
    struct step {
        p2a_id function, node;
        p2a_id before; /* what open[] of the function was when the walk came here */
    } * path;
    uint32_t depth, path_room;
    p2a_id *open;     /* functions: the node that the walk is in, P2A_NONE */
    uint32_t *nested; /* functions: how many of their contexts the walk is in */
    struct listed *listed;
    uint64_t all; /* nodes, with those that weren't made */
};

/* ---- nodes ---- */

static uint32_t home_of(p2a_id parent)
{
    return parent == P2A_NONE ? 0 : parent + 1;
}

static bool stands_behind(p2a_id parent, p2a_id node)
{
    return parent != P2A_NONE && node == parent + 1;
}

/* P2A_NONE: there is none yet. */
static p2a_id child_of(const struct build *b, p2a_id parent, p2a_id function)
{
    if (parent != P2A_NONE && parent + 1 == b->n)
        return P2A_NONE;
    if (parent != P2A_NONE && b->node[parent + 1].parent == parent &&
        b->node[parent + 1].function == function)
        return parent + 1;
    return p2a_pairs_find(&b->children, home_of(parent), function);
}

static bool room_for_node(struct build *b)
{
    uint64_t n = (uint64_t)b->n + 1;
    bool more = b->compared || p2a_counts_paths(b->p);
    return p2a_grow(&b->node, &b->room, n, sizeof *b->node) &&
           (!more || p2a_grow(&b->more, &b->more_room, n, sizeof *b->more));
}

/* P2A_NONE: no memory. */
static p2a_id find_node(struct build *b, p2a_id parent, p2a_id function)
{
    p2a_id id = child_of(b, parent, function);
    if (id != P2A_NONE)
        return id;
    if (!room_for_node(b) ||
        (!stands_behind(parent, b->n) &&
         !p2a_pairs_add(&b->children, (struct p2a_pair){home_of(parent), function, b->n})))
        return P2A_NONE;
    b->node[b->n] = (struct node){.parent = parent,
                                  .function = function,
                                  .depth = parent == P2A_NONE ? 0 : b->node[parent].depth + 1,
                                  .nested = 1};
    if (b->more)
        b->more[b->n] = (struct more){0};
    return b->n++;
}

static bool is_thread(const struct build *b, const struct node *node)
{
    return b->wanted->threads && node->parent == P2A_NONE;
}

/* ---- the walk ---- */

/* Builtins such as exec and map are on most paths twice without a thought of recursion; what really
 * is recursive folds at the functions that they call. */
static bool folds(const struct build *b, p2a_id function)
{
    return b->wanted->fold && b->open[function] != P2A_NONE && p2a_is_foldable(b->p, function);
}

/* The node that what is entered next is below, P2A_NONE. False: no memory. */
static bool find_parent(struct build *b, p2a_id thread, p2a_id *parent)
{
    *parent = P2A_NONE;
    if (b->depth)
        *parent = b->path[b->depth - 1].node;
    else if (b->wanted->threads)
        return (*parent = find_node(b, P2A_NONE, thread)) != P2A_NONE;
    return true;
}

/* The node of what is entered; P2A_NONE: no memory. */
static p2a_id enter(struct build *b, p2a_id function, p2a_id thread)
{
    p2a_id open = b->open[function], parent;
    if (!find_parent(b, thread, &parent) ||
        !p2a_grow(&b->path, &b->path_room, (uint64_t)b->depth + 1, sizeof *b->path))
        return P2A_NONE;
    p2a_id id = folds(b, function) ? open : find_node(b, parent, function);
    if (id == P2A_NONE)
        return P2A_NONE;
    b->path[b->depth++] = (struct step){function, id, open};
    b->open[function] = id;
    uint32_t nested = ++b->nested[function];
    if (nested > b->node[id].nested && p2a_is_foldable(b->p, function))
        b->node[id].nested = nested;
    return id;
}

static void leave(struct build *b)
{
    const struct step *step = &b->path[--b->depth];
    b->open[step->function] = step->before;
    b->nested[step->function]--;
}

static void add_more(struct build *b, p2a_id node, p2a_id context)
{
    const struct p2a_contexts *t = &b->p->contexts;
    struct more *more = &b->more[node];
    more->calls = p2a_add_calls(more->calls, p2a_calls_of(t, context));
    if (!b->compared)
        return;
    p2a_sum_add(&more->self_before, t->self[(size_t)context * b->p->columns + b->p->metrics.n]);
    more->calls_before = p2a_add_calls(more->calls_before, p2a_calls_before_of(t, context));
}

static bool enter_context(struct build *b, p2a_id context)
{
    const struct p2a_contexts *t = &b->p->contexts;
    p2a_id node = enter(b, t->row[context].function, t->row[context].thread);
    if (node == P2A_NONE)
        return false;
    p2a_sum_add(&b->node[node].self, t->self[(size_t)context * b->p->columns]);
    if (b->more)
        add_more(b, node, context);
    return true;
}

static bool walk_tree(struct build *b, const struct p2a_tree *tree)
{
    p2a_id c = tree->first;
    while (c != P2A_NONE) {
        if (!enter_context(b, c))
            return false;
        if (tree->child[c] != P2A_NONE) {
            c = tree->child[c];
            continue;
        }
        for (leave(b); tree->next[c] == P2A_NONE; leave(b))
            if ((c = b->p->contexts.row[c].parent) == P2A_NONE)
                return true;
        c = tree->next[c];
    }
    return true;
}

static bool walk_contexts(struct build *b)
{
    struct p2a_tree tree;
    bool walked = p2a_tree_build(b->p, &tree) && walk_tree(b, &tree);
    p2a_tree_free(&tree);
    return walked;
}

static bool walk_stacks(struct build *b, const struct p2a_stacks *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct p2a_stack *row = &s->row[i];
        p2a_id leaf = P2A_NONE;
        while (b->depth > row->shared)
            leave(b);
        for (uint32_t d = row->shared; d < row->frame_n; d++)
            if ((leaf = enter(b, p2a_frame_at(s->frames, row->frame + d), row->thread)) == P2A_NONE)
                return false;
        p2a_sum_add(&b->node[leaf].self, s->self[(size_t)i * b->p->columns]);
    }
    return true;
}

static bool walk_all(struct build *b)
{
    const struct p2a_profile *p = b->p;
    struct p2a_paths paths;
    if (!p2a_paths_begin(p, &paths))
        return false;
    b->p = paths.p;
    bool walked = paths.stacks ? walk_stacks(b, paths.stacks) : walk_contexts(b);
    b->p = p;
    p2a_paths_end(&paths);
    b->all = b->n;
    return walked;
}

/* ---- the walk, where nodes that are too light needn't be made ---- */

/* How deep recursion goes is told by the stacks as they were, of which not all frames are plain; by
 * the piece, on all cores. */
struct counting {
    const struct build *b;
    const struct p2a_stacks *s;
    const uint32_t *plain;
    uint32_t cut; /* rows so far */
};

struct counter {  /* what a thread counts with */
    p2a_id *open; /* functions: as build's, but for nodes that aren't there: UNMADE */
    uint32_t *nested;
    p2a_id *path;
};

struct counted {
    uint32_t begin, end; /* rows */
};

static void raise_to(_Atomic uint32_t *most, uint32_t n)
{
    uint32_t now = atomic_load_explicit(most, memory_order_relaxed);
    while (n > now && !atomic_compare_exchange_weak(most, &now, n))
        ;
}

/* Counts how often the stack enters functions again whose nodes are there. */
static void count_nested(const struct build *b, struct counter *c, struct p2a_stack_frames frames,
                         uint32_t n, p2a_id thread)
{
    const p2a_id unmade = P2A_NONE - 1; /* too light to be shown */
    uint32_t open_n = 0;
    p2a_id node = b->wanted->threads ? child_of(b, P2A_NONE, thread) : P2A_NONE;
    for (uint32_t d = 0; d < n; d++) {
        p2a_id function = p2a_frame_at(frames, d);
        if (c->open[function] != P2A_NONE && p2a_is_foldable(b->p, function)) {
            uint32_t nested = ++c->nested[function];
            node = c->open[function];
            if (node != unmade)
                raise_to(&b->node[node].nested, nested);
            continue;
        }
        if (node != unmade && (node = child_of(b, node, function)) == P2A_NONE)
            node = unmade;
        c->path[open_n++] = function;
        c->open[function] = node;
        c->nested[function] = 1;
    }
    while (open_n)
        c->open[c->path[--open_n]] = P2A_NONE;
}

static bool set_counter(const struct counting *of, struct counter *c)
{
    size_t functions = (size_t)of->b->p->functions.n + 1;
    if (c->path)
        return true;
    c->open = malloc(functions * sizeof *c->open);
    c->nested = malloc(functions * sizeof *c->nested);
    c->path = malloc(((size_t)of->s->deepest + 1) * sizeof *c->path);
    if (c->open)
        memset(c->open, 0xff, functions * sizeof *c->open);
    return c->open && c->nested && c->path;
}

static bool cut_rows(void *counting, void *piece)
{
    enum { PIECES = 32 };
    struct counting *of = counting;
    uint32_t rows = of->s->n / PIECES + 1, left = of->s->n - of->cut;
    *(struct counted *)piece = (struct counted){of->cut, of->cut + (left < rows ? left : rows)};
    of->cut += left < rows ? left : rows;
    return left;
}

static bool count_rows(const void *counting, void *counter, void *piece)
{
    enum { AHEAD = 8 };
    const struct counting *of = counting;
    const struct counted *rows = piece;
    const struct p2a_stacks *s = of->s;
    if (!set_counter(of, counter))
        return false;
    for (uint32_t i = rows->begin; i < rows->end; i++) {
        const struct p2a_stack *row = &s->row[i];
        if (i + AHEAD < s->n && of->plain[i + AHEAD] < row[AHEAD].frame_n)
            p2a_stacks_ahead(s, i + AHEAD);
        if (of->plain[i] < row->frame_n)
            count_nested(of->b, counter, p2a_frames_from(s->frames, row->frame), row->frame_n,
                         row->thread);
    }
    return true;
}

static void free_counter(const void *counting, void *counter)
{
    struct counter *c = counter;
    (void)counting;
    free(c->open);
    free(c->nested);
    free(c->path);
}

static bool count_all_nested(const struct build *b, const uint32_t *plain)
{
    enum { ENOUGH = 1 << 13 }; /* rows that are worth a thread */
    static const struct p2a_crew_work work = {.desk_size = sizeof(struct counter),
                                              .piece_size = sizeof(struct counted),
                                              .cut = cut_rows,
                                              .make = count_rows,
                                              .free_desk = free_counter};
    struct counting of = {.b = b, .s = p2a_stacks_of(b->p), .plain = plain};
    return p2a_crew_run(&work, &of, of.s->n < ENOUGH) == P2A_CREW_DONE;
}

/* Only paths that may be shown become contexts, and what is left below these. */
static bool walk_heavy(struct build *b, struct p2a_stack_walk stacks)
{
    const struct p2a_profile *p = b->p;
    struct p2a_profile lent;
    if (!p2a_lend_walked(p, &stacks, b->least, &lent, &b->all))
        return false;
    b->p = &lent;
    bool walked = walk_contexts(b);
    b->p = p;
    p2a_let_go(&lent);
    for (uint32_t i = 0; b->wanted->threads && i < b->n; i++)
        b->all += is_thread(b, &b->node[i]);
    return walked;
}

static struct p2a_stack_walk walk_of(const struct build *b, const struct p2a_fold *fold,
                                     const struct p2a_stacks *all)
{
    uint32_t columns = b->p->columns;
    return fold->fresh.n ? p2a_walk_both(&fold->stay, fold->plain, &fold->fresh, columns)
                         : p2a_walk_stacks(all, columns);
}

static bool walk_folded(struct build *b, const struct p2a_stacks *s, bool together)
{
    struct p2a_fold fold;
    if (!p2a_fold_stacks(b->p, b->wanted->fold, together, &fold))
        return false;
    bool walked;
    if (fold.dear)
        walked = walk_all(b);
    else
        walked =
            walk_heavy(b, walk_of(b, &fold, s)) && (!fold.n || count_all_nested(b, fold.plain));
    p2a_free_fold(&fold);
    return walked;
}

/* Where stacks don't stand in their order, all of them are walked to be folded. */
static bool walk_stacks_of(struct build *b, const struct p2a_stacks *s)
{
    bool together = !b->wanted->threads && s->row[0].thread != s->row[s->n - 1].thread;
    bool folds = together;
    if (!s->first)
        return walk_folded(b, s, together);
    if (!together && b->wanted->fold && !p2a_is_recursive(b->p, &folds))
        return false;
    return folds ? walk_all(b) : walk_heavy(b, p2a_walk_stacks(s, b->p->columns));
}

static bool walk(struct build *b)
{
    const struct p2a_stacks *stacks = p2a_stacks_of(b->p);
    return stacks->n && b->least > 0 ? walk_stacks_of(b, stacks) : walk_all(b);
}

static bool make_nodes(struct build *b)
{
    size_t functions = b->p->functions.n;
    b->open = malloc((functions + 1) * sizeof *b->open);
    b->nested = calloc(functions + 1, sizeof *b->nested);
    if (!b->open || !b->nested)
        return false;
    memset(b->open, 0xff, (functions + 1) * sizeof *b->open);
    return walk(b);
}

static double total_of(const struct build *b, p2a_id node)
{
    return p2a_sum_value(&b->node[node].total);
}

static double total_before_of(const struct build *b, p2a_id node)
{
    return b->more ? p2a_sum_value(&b->more[node].total_before) : 0;
}

static void add_up(struct build *b)
{
    for (uint32_t i = b->n; i-- > 0;) {
        struct node *node = &b->node[i];
        p2a_sum_add(&node->total, p2a_sum_value(&node->self));
        if (node->parent != P2A_NONE)
            p2a_sum_add(&b->node[node->parent].total, total_of(b, i));
        if (!b->more)
            continue;
        p2a_sum_add(&b->more[i].total_before, p2a_sum_value(&b->more[i].self_before));
        if (node->parent != P2A_NONE)
            p2a_sum_add(&b->more[node->parent].total_before, total_before_of(b, i));
    }
}

/* ---- weights ---- */

static int downwards(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a < *b) - (*a > *b);
}

/* Of a comparison the larger side; what is no number weighs nothing. */
static double weight(const struct build *b, p2a_id node)
{
    double total = total_of(b, node), before = total_before_of(b, node);
    total = isnan(total) ? 0 : total;
    return b->compared && before > total ? before : total;
}

static bool is_shown(const struct build *b, p2a_id node)
{
    return b->node[node].shown != P2A_NONE;
}

/* The least weight of the most wanted among those shown; *LEFT of exactly this weight have room. */
static bool find_least(struct build *b, double *least, uint32_t *left)
{
    uint32_t n = 0, most = b->wanted->most;
    double *weights = malloc(((size_t)b->n + 1) * sizeof *weights);
    if (!weights)
        return false;
    for (uint32_t i = 0; i < b->n; i++)
        if (is_shown(b, i))
            weights[n++] = weight(b, i);
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
    return node->parent == P2A_NONE || is_shown(b, node->parent);
}

/* ---- the order ---- */

static int compare_text(const struct p2a_profile *p, p2a_id left, p2a_id right)
{
    return left == right ? 0 : p2a_str_compare(p2a_string(p, left), p2a_string(p, right));
}

static p2a_id thread_name(const struct p2a_profile *p, p2a_id thread)
{
    return thread == P2A_NONE ? 0 : p->threads.row[thread].name;
}

/* By what is written there, which every format has in common. */
static int compare_names(const struct build *b, const struct node *left, const struct node *right)
{
    const struct p2a_profile *p = b->p;
    if (left->function == right->function)
        return 0;
    if (is_thread(b, left))
        return compare_text(p, thread_name(p, left->function), thread_name(p, right->function));
    const struct p2a_function *f = &p->functions.row[left->function],
                              *g = &p->functions.row[right->function];
    int order = compare_text(p, f->name, g->name);
    order = order ? order : compare_text(p, f->file, g->file);
    return order ? order : (f->line > g->line) - (f->line < g->line);
}

/* Names are for those below the same node; others only have to be kept apart. */
static int heaviest_first(const void *context, uint32_t left, uint32_t right)
{
    const struct build *b = context;
    p2a_id i = b->listed[left].node, k = b->listed[right].node;
    const struct node *a = &b->node[i], *c = &b->node[k];
    double x = weight(b, i), y = weight(b, k);
    if (x != y)
        return (x < y) - (x > y);
    return a->parent == c->parent ? compare_names(b, a, c)
                                  : (a->parent > c->parent) - (a->parent < c->parent);
}

/* Links those listed so that children stand in the given order; returns the first root. */
static p2a_id link_listed(struct build *b, const p2a_id *order, uint32_t n)
{
    p2a_id first = P2A_NONE;
    for (uint32_t i = n; i-- > 0;) {
        struct listed *listed = &b->listed[order[i]];
        p2a_id parent = b->node[listed->node].parent;
        p2a_id *head = parent == P2A_NONE ? &first : &b->listed[b->node[parent].shown].child;
        listed->next = *head;
        *head = order[i];
    }
    return first;
}

/* Lists the N nodes that are shown; *FIRST is the first root. ORDER is room for as many. */
static bool make_list(struct build *b, p2a_id *order, uint32_t n, p2a_id *first)
{
    b->listed = calloc((size_t)n + 1, sizeof *b->listed);
    if (!b->listed || !order)
        return false;
    for (p2a_id i = 0; i < b->n; i++)
        if (is_shown(b, i))
            b->listed[b->node[i].shown] = (struct listed){i, {0, 0}, P2A_NONE, P2A_NONE};
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    if (b->wanted->by_total && !p2a_sort(order, n, heaviest_first, b))
        return false;
    *first = link_listed(b, order, n);
    return true;
}

/* The one that is listed above; P2A_NONE. */
static p2a_id above(const struct build *b, p2a_id listed)
{
    p2a_id parent = b->node[b->listed[listed].node].parent;
    return parent == P2A_NONE ? P2A_NONE : b->node[parent].shown;
}

/* The one that is listed behind it; P2A_NONE. */
static p2a_id next_of(const struct build *b, p2a_id listed)
{
    if (b->listed[listed].child != P2A_NONE)
        return b->listed[listed].child;
    while (listed != P2A_NONE && b->listed[listed].next == P2A_NONE)
        listed = above(b, listed);
    return listed == P2A_NONE ? P2A_NONE : b->listed[listed].next;
}

/* Of those that weigh LEAST all but the first LEFT in the list go, with what is below them. */
static bool drop_ties(struct build *b, struct p2a_outline *o, double least, uint32_t left)
{
    p2a_id *kept = malloc(((size_t)o->n + 1) * sizeof *kept), first = P2A_NONE;
    bool listed = make_list(b, kept, o->n, &first);
    for (p2a_id i = first; listed && i != P2A_NONE; i = next_of(b, i)) {
        bool tie = !(weight(b, b->listed[i].node) > least);
        kept[i] = !tie || left;
        left -= tie && left;
    }
    o->n = 0;
    for (uint32_t i = 0; listed && i < b->n; i++) {
        struct node *node = &b->node[i];
        bool shown = is_shown(b, i) && kept[node->shown] && above_is_shown(b, node);
        node->shown = shown ? o->n++ : P2A_NONE;
    }
    free(kept);
    free(b->listed);
    b->listed = NULL;
    return listed;
}

/* ---- what is shown ---- */

/* Marks what isn't too light or too deep; returns how many these are. */
static uint32_t mark_heavy(struct build *b, struct p2a_outline *o)
{
    uint32_t levels = b->wanted->levels, n = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        struct node *node = &b->node[i];
        bool heavy = !(fabs(weight(b, i)) < b->least);
        bool shown = heavy && above_is_shown(b, node) && (!levels || node->depth < levels);
        node->shown = shown ? 0 : P2A_NONE;
        n += shown;
        o->too_deep += heavy && levels && node->depth >= levels;
    }
    return n;
}

static bool choose(struct build *b, struct p2a_outline *o)
{
    double least;
    uint32_t left, heavy = mark_heavy(b, o), ties = 0;
    if (!find_least(b, &least, &left))
        return false;
    for (uint32_t i = 0; i < b->n; i++) {
        struct node *node = &b->node[i];
        bool shown = is_shown(b, i) && above_is_shown(b, node) && !(weight(b, i) < least);
        node->shown = shown ? o->n++ : P2A_NONE;
        ties += shown && !(weight(b, i) > least);
    }
    if (ties > left && !drop_ties(b, o, least, left))
        return false;
    o->too_many = heavy - o->n;
    return true;
}

/* ---- the list ---- */

/* Adds up what is hidden. */
static void gather_hidden(struct build *b, struct p2a_outline *o)
{
    struct p2a_sum hidden = {0, 0};
    for (p2a_id i = 0; i < b->n; i++) {
        p2a_id parent = b->node[i].parent;
        if (is_shown(b, i))
            continue;
        if (parent == P2A_NONE)
            p2a_sum_add(&hidden, total_of(b, i));
        else if (is_shown(b, parent))
            p2a_sum_add(&b->listed[b->node[parent].shown].hidden, total_of(b, i));
    }
    o->hidden = p2a_sum_value(&hidden);
}

static struct p2a_outline_row make_row(const struct build *b, const struct listed *listed)
{
    const struct node *node = &b->node[listed->node];
    bool thread = is_thread(b, node);
    struct p2a_outline_row row = {.function = thread ? P2A_NONE : node->function,
                                  .thread = thread ? node->function : P2A_NONE,
                                  .depth = node->depth,
                                  .nested = node->nested,
                                  .last = listed->next == P2A_NONE,
                                  .total = total_of(b, listed->node),
                                  .self = p2a_sum_value(&node->self),
                                  .hidden = p2a_sum_value(&listed->hidden)};
    if (b->more) {
        const struct more *more = &b->more[listed->node];
        row.calls = more->calls;
        row.calls_before = more->calls_before;
        row.self_before = p2a_sum_value(&more->self_before);
        row.total_before = total_before_of(b, listed->node);
    }
    return row;
}

static bool list(struct build *b, struct p2a_outline *o)
{
    p2a_id *order = malloc(((size_t)o->n + 1) * sizeof *order), first = P2A_NONE;
    o->row = malloc(((size_t)o->n + 1) * sizeof *o->row);
    uint32_t n = 0;
    bool listed = o->row && make_list(b, order, o->n, &first);
    if (listed)
        gather_hidden(b, o);
    for (p2a_id i = first; listed && i != P2A_NONE; i = next_of(b, i))
        o->row[n++] = make_row(b, &b->listed[i]);
    free(order);
    return listed;
}

static bool build(struct build *b, struct p2a_outline *o)
{
    double before = b->compared ? p2a_whole(b->p, b->p->metrics.n) : 0;
    o->whole = p2a_whole(b->p, 0);
    b->least = b->wanted->least * fmax(o->whole, before);
    if (!make_nodes(b))
        return false;
    add_up(b);
    o->all = (uint32_t)b->all;
    return !b->n || (choose(b, o) && list(b, o));
}

bool p2a_outline_build(const struct p2a_profile *p, const struct p2a_outline_wanted *wanted,
                       struct p2a_outline *outline)
{
    *outline = (struct p2a_outline){0};
    struct build b = {.p = p, .wanted = wanted, .compared = p->columns > p->metrics.n};
    bool built = build(&b, outline);
    free(b.node);
    free(b.more);
    p2a_pairs_free(&b.children);
    free(b.path);
    free(b.open);
    free(b.nested);
    free(b.listed);
    if (!built)
        p2a_outline_free(outline);
    return built;
}

void p2a_outline_free(struct p2a_outline *outline)
{
    free(outline->row);
    *outline = (struct p2a_outline){0};
}
