/* seat.c - calls are indivisible: what was called once sits in one place. Every arc has two pools,
 *
 *     outer   its total, in its primitive calls    where the arc is not on the path yet
 *     inner   flow - total, in its nested calls    where it is
 *
 * and contexts, the one with the largest mass first, take whole calls out of the pools of the arcs
 * that leave their function, in proportion to what those have left. Only contexts of one component
 * of the graph can be in one another's way, so a component is done after those that call it; where
 * that goes over the bounds, all are done together, so that what is cut are the smallest. A
 * context of mass m keeps m * (self left / flow left) of its own arc as its leaf and hands on the
 * rest. What is left over when calls no longer fit is shared by mass; what no pool has room for
 * stays with the function. Nothing is lost on the way: mass(context) = leaf + hidden + Σ
 * mass(children). */
#include "model/seat.h"
#include "base/fetch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bounds; past them the rest is hidden. */
enum { MOST_SEATS = 1 << 22 };
enum { MOST_DEPTH = 1000 }; /* as deep as Python recurses by default; how deep it was is a guess */
static const double MOST_FRAMES = 5e7; /* Σ depth: what a text of all stacks would be long */
static const double MOST_WORK = 4e8;   /* arcs looked at */

static const double EXTRA_CALLS = 3; /* above the proportional share, lest rounding drops a call */
static const double STRETCH = 1.02;  /* a call fits where it is at most this much too large */
enum { SINGLES = 3 };

struct pool {
    double mass, calls; /* left */
    double unit;        /* mass of one call; 0: not known */
};

struct left {
    struct pool outer;
    double flow, leaf;
};

/* An arc out of the function that is being placed. */
struct offer {
    p2a_id arc, callee;
    struct pool *pool;
    double taken;
};

struct seating {
    const struct p2a_supply *s;
    struct p2a_seats *seats;
    double least; /* mass of a visible context */
    double frames, work;
    struct left *left;                            /* per row */
    struct pool *inner;                           /* per arc; of those in cycles alone */
    uint32_t component, *heap, heap_n, heap_room; /* seats in the component that is done now */
    uint32_t *waiting;                            /* per component, in a list: a seat + 1; or 0 */
    uint32_t *next, next_room;                    /* per seat: the next one of the list + 1; or 0 */
    bool *nests;    /* per function: an arc out of it may be on its path already */
    uint32_t *mark; /* per arc: the number of the seat whose path it was seen on last, + 1 */
    struct offer *offer;
    uint32_t offer_n, whole_n; /* the first whole_n are of whole calls */
    bool together;             /* all components are one */
    bool over, failed;         /* over a bound of all; no memory */
};

/* ---- the heap: the largest mass first, of equals the oldest ---------------------------------- */

static bool before(const struct seating *p, uint32_t a, uint32_t b)
{
    double left = p->seats->row[a].mass, right = p->seats->row[b].mass;
    return left > right || (left == right && a < b);
}

static void push(struct seating *p, uint32_t seat)
{
    if (p->heap_n == p->heap_room &&
        !p2a_grow(&p->heap, &p->heap_room, (uint64_t)p->heap_n + 1, sizeof *p->heap)) {
        p->failed = true;
        return;
    }
    uint32_t i = p->heap_n++;
    for (; i && before(p, seat, p->heap[(i - 1) / 2]); i = (i - 1) / 2)
        p->heap[i] = p->heap[(i - 1) / 2];
    p->heap[i] = seat;
}

static uint32_t pop(struct seating *p)
{
    uint32_t top = p->heap[0], last = p->heap[--p->heap_n], i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child + 1 < p->heap_n && before(p, p->heap[child + 1], p->heap[child]))
            child++;
        if (child >= p->heap_n || !before(p, p->heap[child], last))
            break;
        p->heap[i] = p->heap[child];
        i = child;
    }
    p->heap[i] = last;
    return top;
}

/* ---- seats ---------------------------------------------------------------------------------- */

static uint32_t component_of(const struct seating *p, p2a_id function)
{
    return p->together ? 0 : p->s->parts.of[function];
}

/* Not fmin, which is a call into a library, for the sake of NaN. */
static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

static inline double lower(double value, double by)
{
    return value > by ? value - by : 0;
}

/* What a visit of that much mass leaves behind in the callee of the row. */
static double take_leaf(struct seating *p, p2a_id row, double mass)
{
    struct left *left = &p->left[row];
    double leaf = left->flow > 0 ? mass * smaller(1, left->leaf / left->flow) : mass;
    left->flow = lower(left->flow, mass);
    left->leaf = lower(left->leaf, leaf);
    return leaf;
}

static bool full(const struct seating *p, uint32_t depth)
{
    return p->seats->n >= MOST_SEATS || p->frames + depth > MOST_FRAMES;
}

/* It is placed now, or with the others of its component. */
static void line_up(struct seating *p, uint32_t number, p2a_id function)
{
    uint32_t component = component_of(p, function), *first = &p->waiting[component];
    if (component == p->component) {
        push(p, number);
        return;
    }
    p->next[number] = *first;
    *first = number + 1;
}

/* It is a part of its parent's hidden mass. */
static void hide(struct seating *p, p2a_id parent, p2a_id row, double mass)
{
    struct p2a_seats *t = p->seats;
    *(parent == P2A_NONE ? &t->hidden : &t->row[parent].hidden) += mass;
    take_leaf(p, row, mass);
}

static bool room_for_one(struct seating *p)
{
    struct p2a_seats *t = p->seats;
    uint64_t n = (uint64_t)t->n + 1;
    return (n <= t->room && n <= p->next_room) ||
           (p2a_grow(&t->row, &t->room, n, sizeof *t->row) &&
            p2a_grow(&p->next, &p->next_room, n, sizeof *p->next));
}

/* A context, which isn't too small. */
static void add_seat(struct seating *p, p2a_id parent, p2a_id row, p2a_id callee, double mass)
{
    struct p2a_seats *t = p->seats;
    uint32_t depth = parent == P2A_NONE ? 1 : t->row[parent].depth + 1;
    bool over = full(p, depth);
    if (over || depth > MOST_DEPTH) {
        hide(p, parent, row, mass);
        t->cut = true;
        p->over |= over;
    } else if (!room_for_one(p)) {
        p->failed = true;
    } else {
        t->row[t->n] = (struct p2a_seat){parent, row, callee, depth, mass, 0, 0};
        p->frames += depth;
        line_up(p, t->n++, callee);
    }
}

static inline void seat(struct seating *p, p2a_id parent, p2a_id row, p2a_id callee, double mass)
{
    if (mass < p->least)
        hide(p, parent, row, mass);
    else
        add_seat(p, parent, row, callee, mass);
}

/* ---- offers ---------------------------------------------------------------------------------- */

/* Marks the arcs on the path of a seat, as far up as its cycle reaches: an arc above can't lead
 * back into it. */
static void mark_path(struct seating *p, uint32_t number)
{
    const struct p2a_seat *row = p->seats->row, *last = &row[number];
    const p2a_id *component = p->s->parts.of;
    for (p2a_id i; (i = last->parent) != P2A_NONE; last = &row[i]) {
        p->work++;
        if (component[row[i].function] != component[last->function])
            break;
        p->mark[last->row] = number + 1;
    }
}

static int by_unit(const void *a, const void *b)
{
    const struct offer *left = a, *right = b;
    if (left->pool->unit != right->pool->unit)
        return left->pool->unit > right->pool->unit ? -1 : 1;
    return left->arc < right->arc ? -1 : left->arc > right->arc;
}

/* Most functions call few others, for which qsort takes longer than the rest of a visit. */
static void sort_by_unit(struct offer *offer, uint32_t n)
{
    enum { FEW = 12 };
    if (n > FEW) {
        qsort(offer, n, sizeof *offer, by_unit);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        struct offer moved = offer[i];
        uint32_t k = i;
        for (; k > 0 && by_unit(&offer[k - 1], &moved) > 0; k--)
            offer[k] = offer[k - 1];
        offer[k] = moved;
    }
}

static bool whole_calls(const struct seating *p, const struct pool *pool)
{
    return pool->unit >= p->least && pool->calls >= 1;
}

/* Collects what the arcs out of F have left for this path, those of whole calls in front. */
static void gather(struct seating *p, uint32_t number, p2a_id f)
{
    const struct p2a_outs *outs = &p->s->outs;
    bool nests = p->nests[f];
    p->offer_n = p->whole_n = 0;
    for (uint32_t i = outs->first[f]; i < outs->first[f + 1]; i++) {
        p2a_id a = outs->arc[i];
        bool nested = nests && p->mark[a] == number + 1;
        struct pool *pool = nested ? &p->inner[a] : &p->left[a].outer;
        if (!(pool->mass > 0))
            continue;
        struct offer *at = &p->offer[p->offer_n++];
        if (whole_calls(p, pool)) {
            struct offer *first_part = &p->offer[p->whole_n++];
            *at = *first_part;
            at = first_part;
        }
        *at = (struct offer){.arc = a, .callee = outs->callee[i], .pool = pool};
    }
    p->work += outs->first[f + 1] - outs->first[f];
    sort_by_unit(p->offer, p->whole_n);
}

static double mass_left(const struct seating *p, uint32_t from)
{
    double sum = 0;
    for (uint32_t i = from; i < p->offer_n; i++)
        sum += p->offer[i].pool->mass;
    return sum;
}

/* Takes up to MASS in so many CALLS out of a pool; returns what it had. */
static double take(struct offer *o, double mass, double calls)
{
    mass = smaller(mass, o->pool->mass);
    o->pool->mass -= mass;
    o->pool->calls = lower(o->pool->calls, calls);
    o->taken += mass;
    return mass;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static double take_whole(struct seating *p, double rest)
{
    double sum = mass_left(p, 0), left = rest;
    for (uint32_t i = 0; i < p->whole_n; i++) {
        struct offer *o = &p->offer[i];
        double unit = o->pool->unit, wish = rest * (o->pool->mass / sum);
        double calls = smaller(p2a_round_down(wish / unit + EXTRA_CALLS), o->pool->calls);
        calls = smaller(calls, p2a_round_down(STRETCH * left / unit));
        if (calls >= 1)
            left -= take(o, smaller(calls * unit, left), calls);
    }
    for (uint32_t i = 0; i < p->whole_n; i++) {
        struct offer *o = &p->offer[i];
        for (int n = 0; n < SINGLES && o->pool->calls >= 1; n++)
            if (STRETCH * left >= o->pool->unit)
                left -= take(o, smaller(o->pool->unit, left), 1);
    }
    return left;
}

/* Shares LEFT by mass among the offers from FROM on, none beyond what it has, and the last one with
 * what rounding leaves; returns what found no room. */
static double take_shares(struct seating *p, uint32_t from, double left)
{
    double sum = left > 0 ? mass_left(p, from) : 0, share = left;
    if (!(sum > 0))
        return left;
    for (uint32_t i = from; i < p->offer_n; i++) {
        struct offer *o = &p->offer[i];
        bool last = i + 1 == p->offer_n;
        double wish = last ? left : smaller(share * (o->pool->mass / sum), left);
        left -= take(o, wish, o->pool->unit > 0 ? wish / o->pool->unit : 0);
    }
    return left;
}

static void hand_on(struct seating *p, uint32_t number, p2a_id f, double rest)
{
    if (p->nests[f])
        mark_path(p, number);
    gather(p, number, f);
    double left = take_whole(p, rest);
    left = take_shares(p, p->whole_n, left);
    left = take_shares(p, 0, left);
    for (uint32_t i = 0; i < p->offer_n && !p->failed; i++)
        if (p->offer[i].taken > 0)
            seat(p, number, p->offer[i].arc, p->offer[i].callee, p->offer[i].taken);
    p->seats->row[number].leaf += left;
}

static void visit(struct seating *p, uint32_t number)
{
    struct p2a_seat *here = &p->seats->row[number];
    p2a_id f = here->function;
    const struct p2a_outs *outs = &p->s->outs;
    here->leaf = take_leaf(p, here->row, here->mass);
    double rest = here->mass - here->leaf;
    if (outs->first[f] == outs->first[f + 1]) {
        here->leaf = here->mass;
    } else if (p->work > MOST_WORK) {
        here->hidden += rest;
        p->over = p->seats->cut = true;
    } else if (rest > 0) {
        hand_on(p, number, f, rest);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct pool pool_of(double mass, double calls)
{
    return (struct pool){mass, calls, calls >= 1 ? mass / calls : 0};
}

static bool begin(struct seating *p)
{
    const struct p2a_supply *s = p->s;
    p->left = calloc((size_t)s->row_n + 1, sizeof *p->left);
    p->inner = calloc((size_t)s->arc_n + 1, sizeof *p->inner);
    p->mark = calloc((size_t)s->arc_n + 1, sizeof *p->mark);
    p->waiting = calloc((size_t)s->parts.n + 1, sizeof *p->waiting);
    p->nests = calloc((size_t)s->function_n + 1, sizeof *p->nests);
    uint32_t widest = 0;
    for (p2a_id f = 0; f < s->function_n; f++)
        if (s->outs.first[f + 1] - s->outs.first[f] > widest)
            widest = s->outs.first[f + 1] - s->outs.first[f];
    p->offer = malloc(((size_t)widest + 1) * sizeof *p->offer);
    for (p2a_id a = 0; p->nests && a < s->arc_n; a++)
        p->nests[s->p->graph.arc[a].caller] |= p2a_supply_recursive(s, a);
    return p->left && p->inner && p->mark && p->waiting && p->nests && p->offer;
}

/* All is there to be taken, nothing is seated. */
static void clear(struct seating *p)
{
    const struct p2a_supply *s = p->s;
    for (uint32_t row = 0; row < s->row_n; row++) {
        struct left *left = &p->left[row];
        left->outer = pool_of(s->total[row], s->primitive[row]);
        left->flow = s->flow[row];
        left->leaf = s->leaf[row];
    }
    for (p2a_id a = 0; a < s->arc_n; a++)
        if (p2a_supply_recursive(s, a))
            p->inner[a] =
                pool_of(lower(s->flow[a], s->total[a]), lower(s->calls[a], s->primitive[a]));
    memset(p->mark, 0, s->arc_n * sizeof *p->mark);
    memset(p->waiting, 0, s->parts.n * sizeof *p->waiting);
    p->seats->n = p->heap_n = 0;
    p->seats->hidden = p->frames = p->work = 0;
    p->seats->cut = p->over = false;
}

static bool goes_on(const struct seating *p)
{
    return !p->failed && (p->together || !p->over);
}

/* Puts those that wait for their component in the heap. */
static void push_waiting(struct seating *p)
{
    uint32_t first = p->next ? p->waiting[p->component] : 0;
    for (uint32_t i = first; i; i = p->next[i - 1])
        p2a_fetch(&p->seats->row[i - 1].mass);
    for (uint32_t i = first; i && goes_on(p); i = p->next[i - 1])
        push(p, i - 1);
}

/* Components that call others have higher numbers. */
static void seat_all(struct seating *p)
{
    const struct p2a_supply *s = p->s;
    p->component = p->together ? 1 : s->parts.n;
    for (p2a_id f = 0; f < s->function_n && goes_on(p); f++)
        if (s->flow[s->arc_n + f] > 0)
            seat(p, P2A_NONE, s->arc_n + f, f, s->flow[s->arc_n + f]);
    while (p->component-- && goes_on(p)) {
        push_waiting(p);
        while (p->heap_n && goes_on(p))
            visit(p, pop(p));
    }
}

/* Of every seat, with all that are below it. */
static void measure(const struct p2a_seats *t, uint32_t *size)
{
    for (uint32_t i = 0; i < t->n; i++)
        size[i] = 1;
    for (uint32_t i = t->n; i-- > 0;)
        if (t->row[i].parent != P2A_NONE)
            size[t->row[i].parent] += size[i];
}

/* NEXT_OF a seat is where its next child goes. */
static void find_places(struct p2a_seats *t, const uint32_t *size, uint32_t *next_of)
{
    uint32_t root = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        p2a_id parent = t->row[i].parent;
        uint32_t *next = parent == P2A_NONE ? &root : &next_of[parent];
        t->walk[*next] = i;
        next_of[i] = *next + 1;
        *next += size[i];
    }
}

/* False: no memory. */
static bool order(struct p2a_seats *t, uint32_t *next_of)
{
    uint32_t *size = malloc(((size_t)t->n + 1) * sizeof *size);
    t->walk = malloc(((size_t)t->n + 1) * sizeof *t->walk);
    bool room = size && t->walk;
    if (room) {
        measure(t, size);
        find_places(t, size, next_of);
    }
    free(size);
    return room;
}

bool p2a_seats_build(const struct p2a_supply *s, double visible, struct p2a_seats *seats)
{
    *seats = (struct p2a_seats){0};
    struct seating p = {.s = s, .seats = seats, .least = visible * s->whole};
    p.failed = !begin(&p);
    if (!p.failed) {
        clear(&p);
        seat_all(&p);
    }
    if (!p.failed && p.over) {
        p.together = true;
        clear(&p);
        seat_all(&p);
    }
    free(p.left);
    free(p.inner);
    free(p.mark);
    free(p.waiting);
    free(p.nests);
    free(p.offer);
    free(p.heap);
    bool done = !p.failed && order(seats, p.next);
    free(p.next);
    if (!done)
        p2a_seats_free(seats);
    return done;
}

void p2a_seats_free(struct p2a_seats *seats)
{
    free(seats->row);
    free(seats->walk);
    *seats = (struct p2a_seats){0};
}
