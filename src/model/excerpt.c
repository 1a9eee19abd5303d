/* excerpt.c - a spine first, a tree in which every function hangs under a hot caller: growing it
 * from the entries, always by the fattest arc that leads out of it, gives everyone the caller on
 * the widest path from an entry. A fatter arc from outside a function's own cycles takes
 * precedence; it can't close a circle. Then functions are taken by total, each with its spine up to
 * what is taken already. Time is that of a queue of arcs. */
#include "model/excerpt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fetch.h"
#include "base/pairs.h"
#include "model/cycles.h"

#define NOWHERE (P2A_NONE - 1)

/* Where a function hangs, in one cache line: they are visited in no order. */
struct place {
    double width; /* of the arc from there */
    p2a_id up;    /* the caller on the spine, P2A_NONE for an entry */
    bool seen;    /* `up` and `width` are the best way so far, which is in the queue, or final */
};

struct work {
    const struct p2a_profile *p;
    const struct p2a_excerpt_wanted *wanted;
    struct p2a_excerpt *made;
    double whole;
    bool compared;
    struct p2a_outs outs;
    struct p2a_components parts;
    double *weight;       /* of the arcs in the order of outs */
    uint64_t *called;     /* of functions: calls that arcs explain */
    struct place *spine;  /* of functions */
    uint64_t *done;       /* of functions, a bit each: its place is final */
    unsigned char *taken; /* of functions */
    uint32_t *box;        /* of functions: the box they are in, P2A_NONE */
    p2a_id *rest;         /* of functions not taken: the one above them that is, NOWHERE */
    uint32_t *end;        /* of boxes: those below box b on the spine are b + 1 … end[b] - 1 */
    uint32_t link_room;
};

static double sane(double value)
{
    return value > 0 && value <= 1e100 ? value : 0;
}

/* A row's value on one side; nothing where nothing is measured. */
static double side_of(const struct work *w, const double *values, uint32_t row, unsigned side)
{
    if (!w->p->columns || (side && !w->compared))
        return 0;
    return sane(values[(size_t)row * w->p->columns + side * w->p->metrics.n]);
}

static double larger_of(const struct work *w, const double *values, uint32_t row)
{
    double after = side_of(w, values, row, P2A_OF_AFTER);
    return w->compared ? fmax(after, side_of(w, values, row, P2A_OF_BEFORE)) : after;
}

static double self_of(const struct work *w, p2a_id f)
{
    return larger_of(w, w->p->graph.self, f);
}

static double total_of(const struct work *w, p2a_id f)
{
    return larger_of(w, w->p->graph.total, f);
}

static bool has_row(const struct work *w, p2a_id f)
{
    return w->p->graph.node[f].has & P2A_HAS_ROW;
}

static uint64_t calls_to(const struct work *w, p2a_id f)
{
    const struct p2a_graph *g = &w->p->graph;
    uint64_t before = w->compared ? p2a_counts_of(g->node_before, f).calls : 0;
    return p2a_add_calls(g->node[f].calls, before);
}

static uint64_t calls_along(const struct work *w, p2a_id a)
{
    const struct p2a_graph *g = &w->p->graph;
    uint64_t before = w->compared ? p2a_counts_of(g->arc_before, a).calls : 0;
    return p2a_add_calls(g->arc[a].calls, before);
}

/* An arc without a total has a share of its callee's by calls. */
static double weight_of(const struct work *w, p2a_id a)
{
    const struct p2a_graph *g = &w->p->graph;
    const struct p2a_arc *arc = &g->arc[a];
    if (arc->has & P2A_HAS_TOTAL)
        return larger_of(w, g->arc_total, a);
    double calls = (double)calls_to(w, arc->callee);
    return calls > 0 ? total_of(w, arc->callee) * fmin(1, (double)calls_along(w, a) / calls) : 0;
}

static void add_side(struct p2a_figures *to, const struct p2a_figures *from)
{
    to->self += from->self;
    to->total += from->total;
    to->calls = p2a_add_calls(to->calls, from->calls);
}

static void fill_box_sides(const struct work *w, struct p2a_box *box, p2a_id f)
{
    const struct p2a_graph *g = &w->p->graph;
    for (unsigned s = 0; s < P2A_OF_SIDES; s++)
        box->side[s] = (struct p2a_figures){.self = side_of(w, w->p->graph.self, f, s),
                                            .total = side_of(w, w->p->graph.total, f, s),
                                            .calls = s ? p2a_counts_of(g->node_before, f).calls
                                                       : g->node[f].calls};
}

/* Where the total isn't recorded it is the weight, of the side that has the calls. */
static void fill_link_sides(const struct work *w, struct p2a_link *link, p2a_id a)
{
    const struct p2a_arc *arc = &w->p->graph.arc[a];
    for (unsigned s = 0; s < P2A_OF_SIDES; s++) {
        uint64_t calls = s ? p2a_counts_of(w->p->graph.arc_before, a).calls : arc->calls;
        double guess = calls || !s ? weight_of(w, a) : 0;
        link->side[s] = (struct p2a_figures){
            .total = arc->has & P2A_HAS_TOTAL ? side_of(w, w->p->graph.arc_total, a, s) : guess,
            .calls = calls};
    }
}

/* ---- the spine ------------------------------------------------------------------------------- */

static bool is_done(const struct work *w, p2a_id f)
{
    return w->done[f / 64] >> f % 64 & 1;
}

struct reach { /* a way to reach a function */
    double width;
    p2a_id function, caller;
};

enum { WAYS = 4 };

struct heap { /* of row i, rows WAYS * i + 1 … WAYS * i + WAYS are children */
    struct reach *row;
    uint32_t n;
};

/* Ties go to what was reached with the lower ids: the same profile gives the same picture. */
static bool before(const struct reach *a, const struct reach *b)
{
    if (a->width > b->width || a->width < b->width)
        return a->width > b->width;
    return a->function != b->function ? a->function < b->function : a->caller < b->caller;
}

static void push(struct heap *h, struct reach item)
{
    uint32_t i = h->n++;
    for (; i && before(&item, &h->row[(i - 1) / WAYS]); i = (i - 1) / WAYS)
        h->row[i] = h->row[(i - 1) / WAYS];
    h->row[i] = item;
}

/* The first of the children that begin at CHILD. */
static uint32_t first_child(const struct heap *h, uint32_t child)
{
    uint32_t end = h->n - child < WAYS ? h->n : child + WAYS, first = child;
    for (uint32_t i = child + 1; i < end; i++)
        if (before(&h->row[i], &h->row[first]))
            first = i;
    return first;
}

static struct reach pop(struct heap *h)
{
    struct reach top = h->row[0], last = h->row[--h->n];
    uint32_t i = 0;
    for (uint32_t child; (child = WAYS * i + 1) < h->n; i = child) {
        child = first_child(h, child);
        if (!before(&h->row[child], &last))
            break;
        h->row[i] = h->row[child];
    }
    h->row[i] = last;
    return top;
}

/* The ways there are, the best of them first. A heap of them all is in no cache; so those that are
 * far from being the best wait on shelves, by their width, unsorted:
 *
 *     shelf:  | … | ways | ways | ways | - | - | …      width ->
 *               waiting          front: this and all above are in the heap */
enum {
    SHELVES = 1 << 14,
    SHELF_SHIFT = 49, /* of a double: what is left is its exponent and three bits */
    CHUNK = 15
};

struct chunk { /* of a shelf */
    uint32_t n, next;
    struct reach row[CHUNK];
};

struct queue {
    struct heap heap;
    uint32_t front;
    uint32_t *shelf; /* its first chunk */
    struct chunk *chunk;
    uint32_t chunk_n; /* from 1 */
};

/* Room for MOST ways. False: no memory. */
static bool make_queue(struct queue *q, size_t most)
{
    size_t chunks = most / CHUNK + (most < SHELVES ? most : SHELVES) + 2;
    *q = (struct queue){.heap.row = malloc((most + 1) * sizeof *q->heap.row),
                        .front = SHELVES,
                        .shelf = calloc(SHELVES, sizeof *q->shelf),
                        .chunk = malloc(chunks * sizeof *q->chunk),
                        .chunk_n = 1};
    return q->heap.row && q->shelf && q->chunk;
}

static void free_queue(struct queue *q)
{
    free(q->heap.row);
    free(q->shelf);
    free(q->chunk);
}

static uint32_t shelf_of(double width)
{
    uint64_t bits;
    memcpy(&bits, &width, sizeof bits);
    return (uint32_t)(bits >> SHELF_SHIFT) & (SHELVES - 1);
}

static void put_on_shelf(struct queue *q, uint32_t shelf, struct reach way)
{
    uint32_t at = q->shelf[shelf];
    if (!at || q->chunk[at].n == CHUNK) {
        q->chunk[q->chunk_n].n = 0;
        q->chunk[q->chunk_n].next = at;
        q->shelf[shelf] = at = q->chunk_n++;
    }
    q->chunk[at].row[q->chunk[at].n++] = way;
}

static void add_way(struct queue *q, struct reach way)
{
    uint32_t shelf = shelf_of(way.width);
    if (shelf >= q->front)
        push(&q->heap, way);
    else
        put_on_shelf(q, shelf, way);
}

static void clear_shelf(struct work *w, struct queue *q, uint32_t shelf)
{
    for (uint32_t at = q->shelf[shelf]; at; at = q->chunk[at].next)
        for (uint32_t i = 0; i < q->chunk[at].n; i++) {
            struct reach way = q->chunk[at].row[i];
            if (is_done(w, way.function))
                continue;
            p2a_fetch(&w->outs.first[way.function]);
            push(&q->heap, way);
        }
    q->shelf[shelf] = 0;
}

/* The best way; false: there is none any more. */
static bool take_way(struct work *w, struct queue *q, struct reach *way)
{
    while (!q->heap.n && q->front)
        clear_shelf(w, q, --q->front);
    if (!q->heap.n)
        return false;
    *way = pop(&q->heap);
    return true;
}

/* What no arc explains: mass(component) = Σ self + Σ arcs that leave it - Σ arcs that enter it. */
static void find_masses(const struct work *w, double *mass, unsigned char *entered)
{
    const struct p2a_graph *g = &w->p->graph;
    for (p2a_id f = 0; f < w->p->functions.n; f++)
        mass[w->parts.of[f]] += self_of(w, f);
    for (p2a_id a = 0; a < g->arc_n; a++) {
        p2a_id from = w->parts.of[g->arc[a].caller], to = w->parts.of[g->arc[a].callee];
        w->called[g->arc[a].callee] += calls_along(w, a);
        if (from == to)
            continue;
        double weight = weight_of(w, a);
        mass[from] += weight;
        mass[to] -= weight;
        entered[to] = 1;
    }
}

static bool unexplained(const struct work *w, p2a_id f)
{
    const struct p2a_node *node = &w->p->graph.node[f];
    return node->has & P2A_HAS_CALLS && calls_to(w, f) > w->called[f];
}

static bool better_entry(const struct work *w, p2a_id f, p2a_id than)
{
    if (than == P2A_NONE || unexplained(w, f) != unexplained(w, than))
        return than == P2A_NONE || unexplained(w, f);
    return total_of(w, f) > total_of(w, than);
}

/* A way to a function that isn't done. One that is worse than one in the queue would come
 * out of it later, and be dropped. */
static void offer(struct work *w, struct queue *q, struct reach way)
{
    struct place *place = &w->spine[way.function];
    struct reach known = {place->width, way.function, place->up};
    if (place->seen && !before(&way, &known))
        return;
    *place = (struct place){.width = way.width, .up = way.caller, .seen = true};
    add_way(q, way);
}

/* Entries are in the components that no arc enters, and in those whose mass the arcs into them
 * leave unexplained for the larger part. */
static bool offer_entries(struct work *w, struct queue *q)
{
    uint32_t n = w->parts.n;
    double *mass = calloc((size_t)n + 1, sizeof *mass);
    unsigned char *entered = calloc((size_t)n + 1, 1);
    p2a_id *entry = malloc(((size_t)n + 1) * sizeof *entry);
    bool done = mass && entered && entry;
    if (done) {
        memset(entry, 0xff, ((size_t)n + 1) * sizeof *entry);
        find_masses(w, mass, entered);
        for (p2a_id f = 0; f < w->p->functions.n; f++)
            if (better_entry(w, f, entry[w->parts.of[f]]))
                entry[w->parts.of[f]] = f;
        for (uint32_t c = 0; c < n; c++)
            if (!entered[c] || (unexplained(w, entry[c]) && mass[c] > total_of(w, entry[c]) / 2))
                offer(w, q,
                      (struct reach){fmax(mass[c], total_of(w, entry[c])), entry[c], P2A_NONE});
    }
    free(mass);
    free(entered);
    free(entry);
    return done;
}

/* What the next function is visited with, so that it has arrived by then. */
static void fetch(const struct work *w, const struct heap *heap)
{
    if (heap->n) {
        uint32_t begin = w->outs.first[heap->row[0].function];
        p2a_fetch(&w->outs.callee[begin]);
        p2a_fetch(&w->weight[begin]);
    }
}

static void offer_callees(struct work *w, struct queue *q, p2a_id f)
{
    uint32_t begin = w->outs.first[f], end = w->outs.first[f + 1];
    for (uint32_t i = begin; i < end; i++)
        if (!is_done(w, w->outs.callee[i]))
            p2a_fetch(&w->spine[w->outs.callee[i]]);
    for (uint32_t i = begin; i < end; i++)
        if (!is_done(w, w->outs.callee[i]))
            offer(w, q, (struct reach){w->weight[i], w->outs.callee[i], f});
}

static void grow(struct work *w, struct queue *q)
{
    struct reach next;
    while (take_way(w, q, &next)) {
        fetch(w, &q->heap);
        if (is_done(w, next.function))
            continue;
        w->done[next.function / 64] |= 1ULL << next.function % 64;
        offer_callees(w, q, next.function);
    }
}

static void prefer_outside(struct work *w)
{
    const struct p2a_graph *g = &w->p->graph;
    for (p2a_id a = 0; a < g->arc_n; a++) {
        p2a_id caller = g->arc[a].caller, callee = g->arc[a].callee;
        struct place *place = &w->spine[callee];
        if (place->up == P2A_NONE || w->parts.of[caller] == w->parts.of[callee])
            continue;
        double weight = weight_of(w, a);
        if (weight > place->width) {
            place->up = caller;
            place->width = weight;
        }
    }
}

static bool find_spine(struct work *w)
{
    struct queue q;
    bool done = make_queue(&q, (size_t)w->p->graph.arc_n + w->parts.n) && offer_entries(w, &q);
    if (done) {
        grow(w, &q);
        prefer_outside(w);
    }
    free_queue(&q);
    return done;
}

/* ---- taking functions ------------------------------------------------------------------------ */

struct candidate {
    double total, self;
    p2a_id function;
};

static int by_total(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->total > b->total || a->total < b->total)
        return a->total > b->total ? -1 : 1;
    if (a->self > b->self || a->self < b->self)
        return a->self > b->self ? -1 : 1;
    return a->function < b->function ? -1 : a->function > b->function;
}

/* Takes F and what is above it on the spine, if there is ROOM for all of them. */
static uint32_t take(struct work *w, p2a_id f, uint32_t room)
{
    uint32_t n = 0;
    for (p2a_id at = f; at != P2A_NONE && !w->taken[at]; at = w->spine[at].up)
        if (++n > room)
            return 0;
    for (p2a_id at = f; at != P2A_NONE && !w->taken[at]; at = w->spine[at].up)
        w->taken[at] = 1;
    return n;
}

static bool take_functions(struct work *w)
{
    const struct p2a_profile *p = w->p;
    struct candidate *all = malloc(((size_t)p->functions.n + 1) * sizeof *all);
    uint32_t n = 0, most = w->wanted->nodes ? w->wanted->nodes : UINT32_MAX;
    if (!all)
        return false;
    for (p2a_id f = 0; f < p->functions.n; f++)
        if (has_row(w, f) && total_of(w, f) >= w->wanted->node * w->whole)
            all[n++] = (struct candidate){total_of(w, f), self_of(w, f), f};
    qsort(all, n, sizeof *all, by_total);
    for (uint32_t i = 0; i < n && w->made->function_n < most; i++)
        w->made->function_n += take(w, all[i].function, most - w->made->function_n);
    free(all);
    return true;
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* By caller, entries last; of one caller, the hottest first. */
struct child {
    p2a_id up, function;
    double width;
};

static int by_caller(const void *left, const void *right)
{
    const struct child *a = left, *b = right;
    if (a->up != b->up)
        return a->up < b->up ? -1 : 1;
    if (a->width > b->width || a->width < b->width)
        return a->width > b->width ? -1 : 1;
    return a->function < b->function ? -1 : a->function > b->function;
}

static void add_box(struct work *w, uint32_t place, p2a_id f)
{
    p2a_id up = w->spine[f].up;
    w->box[f] = place;
    w->end[place] = place + 1;
    w->made->box[place] =
        (struct p2a_box){.function = f,
                         .under = up == P2A_NONE ? P2A_NONE : w->box[up],
                         .count = 1,
                         .depth = up == P2A_NONE ? 0 : w->made->box[w->box[up]].depth + 1,
                         .self = self_of(w, f),
                         .total = total_of(w, f),
                         .cycle = P2A_NONE};
    fill_box_sides(w, &w->made->box[place], f);
}

/* Numbers what was taken from the entries down, what is hot first. FIRST has a row per function,
 * the place of its first child; OPEN is a stack of children whose boxes have no number yet. */
static void number_boxes(struct work *w, const struct child *child, const uint32_t *first,
                         uint32_t *open)
{
    uint32_t n = w->made->function_n, placed = 0, open_n = 0;
    for (uint32_t i = n; i-- > 0 && child[i].up == P2A_NONE;)
        open[open_n++] = i;
    while (open_n) {
        p2a_id f = child[open[--open_n]].function;
        add_box(w, placed++, f);
        uint32_t last = first[f];
        while (last < n && child[last].up == f)
            last++;
        while (last > first[f])
            open[open_n++] = --last;
    }
    for (uint32_t b = n; b-- > 0;) {
        uint32_t under = w->made->box[b].under;
        if (under != P2A_NONE && w->end[under] < w->end[b])
            w->end[under] = w->end[b];
    }
}

static bool make_boxes_of_functions(struct work *w)
{
    uint32_t n = w->made->function_n, filled = 0;
    struct child *child = malloc(((size_t)n + 1) * sizeof *child);
    uint32_t *first = calloc((size_t)w->p->functions.n + 1, sizeof *first);
    uint32_t *open = malloc(((size_t)n + 1) * sizeof *open);
    bool done = child && first && open;
    if (done) {
        for (p2a_id f = 0; f < w->p->functions.n; f++) {
            first[f] = n;
            if (w->taken[f])
                child[filled++] = (struct child){w->spine[f].up, f, w->spine[f].width};
        }
        qsort(child, n, sizeof *child, by_caller);
        for (uint32_t i = n; i-- > 0;)
            if (child[i].up != P2A_NONE)
                first[child[i].up] = i;
        number_boxes(w, child, first, open);
    }
    free(child);
    free(first);
    free(open);
    return done;
}

/* Everyone's rest is that of the spine above; what a walk up finds holds for all it came through.
 */
static void find_rests(struct work *w)
{
    for (p2a_id f = 0; f < w->p->functions.n; f++) {
        p2a_id top = f;
        while (top != P2A_NONE && !w->taken[top] && w->rest[top] == P2A_NONE)
            top = w->spine[top].up;
        p2a_id rest = top == P2A_NONE ? NOWHERE : w->taken[top] ? top : w->rest[top];
        for (p2a_id at = f; at != top; at = w->spine[at].up)
            w->rest[at] = rest;
    }
}

/* A box of the rest for every caller from which enough goes there. */
static bool add_rests(struct work *w)
{
    const struct p2a_graph *g = &w->p->graph;
    struct p2a_excerpt *made = w->made;
    uint32_t n = made->function_n;
    double *inflow = calloc((size_t)n + 1, sizeof *inflow);
    uint32_t *rest_box = calloc((size_t)n + 1, sizeof *rest_box); /* 0: none */
    made->box_n = n;
    for (p2a_id a = 0; inflow && a < g->arc_n; a++)
        if (w->taken[g->arc[a].caller] && w->rest[g->arc[a].callee] == g->arc[a].caller)
            inflow[w->box[g->arc[a].caller]] += weight_of(w, a);
    for (uint32_t b = 0; inflow && rest_box && b < n && w->wanted->rest <= 1; b++)
        if (inflow[b] > 0 && inflow[b] >= w->wanted->rest * w->whole) {
            rest_box[b] = made->box_n;
            made->box[made->box_n++] = (struct p2a_box){.function = P2A_NONE,
                                                        .under = b,
                                                        .depth = made->box[b].depth + 1,
                                                        .cycle = P2A_NONE};
        }
    for (p2a_id f = 0; inflow && rest_box && f < w->p->functions.n; f++)
        if (w->rest[f] < w->p->functions.n && rest_box[w->box[w->rest[f]]])
            w->box[f] = rest_box[w->box[w->rest[f]]];
    bool done = inflow && rest_box;
    free(inflow);
    free(rest_box);
    return done;
}

/* F is in the box of a rest, which takes its self; totals come by the links that lead there. */
static void gather(const struct work *w, struct p2a_box *rest, p2a_id f)
{
    struct p2a_box one;
    fill_box_sides(w, &one, f);
    rest->self += self_of(w, f);
    rest->most = fmax(rest->most, total_of(w, f));
    for (unsigned s = 0; s < P2A_OF_SIDES; s++)
        rest->side[s].self += one.side[s].self;
}

static void count_functions(struct work *w)
{
    struct p2a_excerpt *made = w->made;
    for (p2a_id f = 0; f < w->p->functions.n; f++) {
        if (!has_row(w, f))
            continue;
        made->rows++;
        if (w->box[f] == P2A_NONE) {
            made->left_out++;
            made->left_self += self_of(w, f);
        } else if (!w->taken[f]) {
            made->gathered++;
            made->box[w->box[f]].count++;
            gather(w, &made->box[w->box[f]], f);
        }
    }
}

static void find_overruns(struct work *w)
{
    for (uint32_t b = 0; b < w->made->function_n && !w->compared; b++) {
        struct p2a_box *box = &w->made->box[b];
        double passed = box->self;
        if (w->parts.size[w->parts.of[box->function]] > 1)
            continue;
        for (uint32_t i = w->outs.first[box->function]; i < w->outs.first[box->function + 1]; i++)
            if (w->outs.callee[i] != box->function)
                passed += w->weight[i];
        box->overrun = passed > box->total * 1.01 + 0.001 * w->whole;
    }
}

static bool make_boxes(struct work *w)
{
    size_t boxes = (size_t)w->made->function_n;
    w->made->box = calloc(2 * boxes + 1, sizeof *w->made->box);
    w->end = calloc(boxes + 1, sizeof *w->end);
    if (!w->made->box || !w->end || !make_boxes_of_functions(w))
        return false;
    find_rests(w);
    if (!add_rests(w))
        return false;
    count_functions(w);
    find_overruns(w);
    return true;
}

/* ---- links ----------------------------------------------------------------------------------- */

static bool is_rest(const struct work *w, uint32_t box)
{
    return w->made->box[box].function == P2A_NONE;
}

static bool leads_back(const struct work *w, uint32_t from, uint32_t to)
{
    if (is_rest(w, from))
        from = w->made->box[from].under;
    return !is_rest(w, to) && to <= from && from < w->end[to];
}

static struct p2a_link link_of(const struct work *w, p2a_id a)
{
    const struct p2a_arc *arc = &w->p->graph.arc[a];
    uint32_t from = w->box[arc->caller], to = w->box[arc->callee];
    struct p2a_link link = {.from = from,
                            .to = to,
                            .arc = a,
                            .count = 1,
                            .calls = calls_along(w, a),
                            .total = weight_of(w, a),
                            .known = arc->has & P2A_HAS_TOTAL,
                            .spine = w->made->box[to].under == from,
                            .back = leads_back(w, from, to)};
    fill_link_sides(w, &link, a);
    return link;
}

static void add_to_rest(const struct work *w, const struct p2a_link *link)
{
    struct p2a_box *box = &w->made->box[link->to];
    if (!is_rest(w, link->to))
        return;
    box->total += link->total;
    for (unsigned s = 0; s < P2A_OF_SIDES; s++)
        box->side[s].total += link->side[s].total;
}

static void join(const struct work *w, struct p2a_link *to, const struct p2a_link *link)
{
    to->arc = P2A_NONE;
    to->count += link->count;
    to->calls = p2a_add_calls(to->calls, link->calls);
    to->total = fmin(to->total + link->total, w->whole);
    to->known = to->known && link->known;
    for (unsigned s = 0; s < P2A_OF_SIDES; s++)
        add_side(&to->side[s], &link->side[s]);
}

/* The link of a pair of boxes, or where it will be. */
static uint32_t link_between(const struct work *w, const struct p2a_pairs *links, uint32_t from,
                             uint32_t to)
{
    uint32_t found = p2a_pairs_find(links, from, to);
    return found == P2A_PAIR_NONE ? w->made->link_n : found;
}

static bool add_arc(struct work *w, struct p2a_pairs *links, p2a_id a)
{
    struct p2a_excerpt *made = w->made;
    struct p2a_link link = link_of(w, a);
    uint32_t place = link_between(w, links, link.from, link.to);
    add_to_rest(w, &link);
    if (place < made->link_n) {
        join(w, &made->link[place], &link);
        return true;
    }
    if (!p2a_grow(&made->link, &w->link_room, (uint64_t)place + 1, sizeof link) ||
        !p2a_pairs_add(links, (struct p2a_pair){link.from, link.to, place}))
        return false;
    made->link[made->link_n++] = link;
    return true;
}

/* All arcs between two boxes, one link a pair of them; those within a rest are part of it. */
static bool collect_links(struct work *w)
{
    const struct p2a_graph *g = &w->p->graph;
    struct p2a_excerpt *made = w->made;
    struct p2a_pairs links = {0};
    bool done = true;
    for (p2a_id a = 0; a < g->arc_n && done; a++) {
        uint32_t from = w->box[g->arc[a].caller], to = w->box[g->arc[a].callee];
        if (from == P2A_NONE || to == P2A_NONE)
            made->arcs_left_out++;
        else if (from != to || !is_rest(w, from))
            done = add_arc(w, &links, a);
    }
    for (uint32_t b = made->function_n; b < made->box_n; b++) {
        struct p2a_box *rest = &made->box[b];
        double least = fmax(rest->most, rest->self);
        rest->total = rest->count == 1 ? rest->most : fmin(fmax(rest->total, least), w->whole);
    }
    p2a_pairs_free(&links);
    return done;
}

static int by_ends(const void *left, const void *right)
{
    const struct p2a_link *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static bool stays(const struct work *w, const struct p2a_link *link)
{
    bool rest = is_rest(w, link->from) || is_rest(w, link->to);
    double least = rest ? fmax(w->wanted->rest, w->wanted->link) : w->wanted->link;
    return link->spine || link->from == link->to || link->total >= least * w->whole;
}

/* What has to stay first, then what is hot. */
static int by_need(const void *left, const void *right)
{
    const struct p2a_link *a = left, *b = right;
    bool must_a = a->spine || a->from == a->to, must_b = b->spine || b->from == b->to;
    if (must_a != must_b)
        return must_a ? -1 : 1;
    if (a->total > b->total || a->total < b->total)
        return a->total > b->total ? -1 : 1;
    return by_ends(left, right);
}

static int by_from(const void *left, const void *right)
{
    const struct p2a_link *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->total > b->total || a->total < b->total)
        return a->total > b->total ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static void choose_links(struct work *w)
{
    struct p2a_excerpt *made = w->made;
    uint32_t n = 0, spare = w->wanted->links ? w->wanted->links : UINT32_MAX;
    qsort(made->link, made->link_n, sizeof *made->link, by_need);
    for (uint32_t i = 0; i < made->link_n; i++) {
        const struct p2a_link *link = &made->link[i];
        bool must = link->spine || link->from == link->to;
        if (stays(w, link) && (must || spare)) {
            spare -= !must;
            made->link[n++] = *link;
        } else {
            made->arcs_left_out += link->count;
        }
    }
    made->link_n = n;
    qsort(made->link, made->link_n, sizeof *made->link, by_from);
}

/* The cycles of the picture: those of a graph whose functions are the boxes. */
static bool find_cycles(struct p2a_excerpt *made)
{
    struct p2a_profile drawn = {.functions.n = made->box_n};
    p2a_id *cycle = calloc((size_t)made->box_n + 1, sizeof *cycle);
    drawn.graph.arc = calloc((size_t)made->link_n + 1, sizeof *drawn.graph.arc);
    bool done = cycle && drawn.graph.arc;
    for (uint32_t i = 0; done && i < made->link_n; i++)
        if (made->link[i].from < made->function_n && made->link[i].to < made->function_n)
            drawn.graph.arc[drawn.graph.arc_n++] =
                (struct p2a_arc){.caller = made->link[i].from, .callee = made->link[i].to};
    if (done)
        done = p2a_cycles(&drawn, cycle) != P2A_NONE;
    for (uint32_t b = 0; done && b < made->box_n; b++)
        made->box[b].cycle = cycle[b];
    free(cycle);
    free(drawn.graph.arc);
    return done;
}

static bool make_links(struct work *w)
{
    if (!p2a_grow(&w->made->link, &w->link_room, 1, sizeof *w->made->link) || !collect_links(w))
        return false;
    choose_links(w);
    return find_cycles(w->made);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Arcs lie anywhere in the order of outs: rows are asked for ahead. */
static void weigh_arcs(struct work *w)
{
    enum { AHEAD = 16 };
    const struct p2a_graph *g = &w->p->graph;
    for (uint32_t i = 0; i < g->arc_n; i++) {
        if (i + AHEAD < g->arc_n) {
            p2a_id soon = w->outs.arc[i + AHEAD];
            p2a_fetch(&g->arc[soon]);
            p2a_fetch(&g->arc_total[(size_t)soon * w->p->columns]);
        }
        w->weight[i] = weight_of(w, w->outs.arc[i]);
    }
}

static bool begin(struct work *w)
{
    size_t n = (size_t)w->p->functions.n + 1, arcs = (size_t)w->p->graph.arc_n + 1;
    w->weight = malloc(arcs * sizeof *w->weight);
    w->called = calloc(n, sizeof *w->called);
    w->spine = malloc(n * sizeof *w->spine);
    w->done = calloc(n / 64 + 1, sizeof *w->done);
    w->taken = calloc(n, 1);
    w->box = malloc(n * sizeof *w->box);
    w->rest = malloc(n * sizeof *w->rest);
    if (!w->weight || !w->called || !w->spine || !w->done || !w->taken || !w->box || !w->rest)
        return false;
    for (size_t f = 0; f < n; f++)
        w->spine[f] = (struct place){.up = P2A_NONE};
    memset(w->box, 0xff, n * sizeof *w->box);
    memset(w->rest, 0xff, n * sizeof *w->rest);
    if (!p2a_outs_build(w->p, &w->outs))
        return false;
    weigh_arcs(w);
    return p2a_components_build(w->p, &w->outs, &w->parts);
}

static void end(struct work *w)
{
    free(w->weight);
    free(w->called);
    free(w->spine);
    free(w->done);
    free(w->taken);
    free(w->box);
    free(w->rest);
    free(w->end);
    p2a_outs_free(&w->outs);
    p2a_components_free(&w->parts);
}

bool p2a_excerpt_build(const struct p2a_profile *p, const struct p2a_excerpt_wanted *wanted,
                       struct p2a_excerpt *excerpt)
{
    *excerpt = (struct p2a_excerpt){0};
    struct work w = {.p = p, .wanted = wanted, .made = excerpt, .compared = wanted->compared};
    w.whole = sane(p2a_share_base(p));
    if (w.compared)
        w.whole = fmax(w.whole, sane(p2a_whole(p, p->metrics.n)));
    bool done =
        begin(&w) && find_spine(&w) && take_functions(&w) && make_boxes(&w) && make_links(&w);
    if (!done)
        p2a_excerpt_free(excerpt);
    end(&w);
    return done;
}

void p2a_excerpt_free(struct p2a_excerpt *excerpt)
{
    free(excerpt->box);
    free(excerpt->link);
    *excerpt = (struct p2a_excerpt){0};
}
