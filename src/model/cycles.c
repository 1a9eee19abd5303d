/* cycles.c - Tarjan's strongly connected components, without recursion: a profile may be a chain of
 * a million calls. One visit per function and per arc. */
#include "model/cycles.h"

#include <stdlib.h>

#include "base/arena.h"

/* ---- arcs by function ------------------------------------------------------------------------ */

/* FILL[f + 1] counts f's; then FILL[f] is where f's range begins, and filling it moves it on to its
 * end. So a table whose second row FILL is has ranges in the end. */
static void begin_ranges(uint32_t *fill, uint32_t functions)
{
    for (uint32_t f = 0; f < functions; f++) {
        fill[f + 1] += fill[f];
    }
}

bool p2a_outs_build(const struct p2a_profile *p, struct p2a_outs *outs)
{
    const struct p2a_graph *g = &p->graph;
    outs->first = calloc((size_t)p->functions.n + 2, sizeof *outs->first);
    outs->arc = calloc((size_t)g->arc_n + 1, sizeof *outs->arc);
    outs->callee = calloc((size_t)g->arc_n + 1, sizeof *outs->callee);
    if (!outs->first || !outs->arc || !outs->callee) {
        p2a_outs_free(outs);
        return false;
    }
    uint32_t *fill = outs->first + 1;
    for (uint32_t a = 0; a < g->arc_n; a++) {
        fill[g->arc[a].caller + 1]++;
    }
    begin_ranges(fill, p->functions.n);
    for (p2a_id a = 0; a < g->arc_n; a++) {
        uint32_t place = fill[g->arc[a].caller]++;
        outs->arc[place] = a;
        outs->callee[place] = g->arc[a].callee;
    }
    return true;
}

void p2a_outs_free(struct p2a_outs *outs)
{
    free(outs->first);
    free(outs->arc);
    free(outs->callee);
    *outs = (struct p2a_outs){0};
}

bool p2a_ins_build(const struct p2a_profile *p, struct p2a_ins *ins)
{
    const struct p2a_graph *g = &p->graph;
    ins->first = calloc((size_t)p->functions.n + 2, sizeof *ins->first);
    ins->caller = calloc((size_t)g->arc_n + 1, sizeof *ins->caller);
    if (!ins->first || !ins->caller) {
        p2a_ins_free(ins);
        return false;
    }
    uint32_t *fill = ins->first + 1;
    for (uint32_t a = 0; a < g->arc_n; a++) {
        fill[g->arc[a].callee + 1]++;
    }
    begin_ranges(fill, p->functions.n);
    for (uint32_t a = 0; a < g->arc_n; a++) {
        ins->caller[fill[g->arc[a].callee]++] = g->arc[a].caller;
    }
    return true;
}

void p2a_ins_free(struct p2a_ins *ins)
{
    free(ins->first);
    free(ins->caller);
    *ins = (struct p2a_ins){0};
}

/* ---- components ------------------------------------------------------------------------------ */

/* A function is new (visit 0), on the path, open (its component's head is still on the path) or
 * done (its component is known). low is the lowest `low` met among those that aren't done and that
 * it leads to, and greatest of those that are; the head of a component is the member whose low
 * stays its own visit, and its members are what was opened since. */
#define DONE UINT32_MAX

struct state { /* of a function, together: they are visited in no order */
    uint32_t visit, low;
    uint32_t next; /* place in to */
};

/* F leads to to[first[f]] … to[first[f + 1] - 1]: its callees, or its callers. */
struct search {
    const uint32_t *first;
    const p2a_id *to;
    struct p2a_components *found;
    struct state *state;
    p2a_id *path, *open;
    uint32_t path_n, open_n, visits;
};

static void enter(struct search *s, p2a_id f)
{
    s->visits++;
    s->state[f] = (struct state){s->visits, s->visits, s->first[f]};
    s->path[s->path_n++] = f;
}

static void see(struct search *s, p2a_id f, p2a_id next)
{
    if (s->state[next].low < s->state[f].low) {
        s->state[f].low = s->state[next].low;
    }
}

/* Steps to the next one that is new; false when there is none. */
static bool descend(struct search *s, p2a_id f)
{
    while (s->state[f].next < s->first[f + 1]) {
        p2a_id next = s->to[s->state[f].next++];
        if (s->state[next].visit == 0) {
            enter(s, next);
            return true;
        }
        see(s, f, next);
    }
    return false;
}

static void close_component(struct search *s, p2a_id head)
{
    p2a_id number = s->found->n++;
    uint32_t size = 1;
    s->found->of[head] = number;
    s->state[head].low = DONE;
    while (s->open_n && s->state[s->open[s->open_n - 1]].low >= s->state[head].visit) {
        p2a_id member = s->open[--s->open_n];
        s->found->of[member] = number;
        s->state[member].low = DONE;
        size++;
    }
    s->found->size[number] = size;
}

static void leave(struct search *s, p2a_id f)
{
    s->path_n--;
    if (s->state[f].low == s->state[f].visit) {
        close_component(s, f);
    } else {
        s->open[s->open_n++] = f;
        see(s, s->path[s->path_n - 1], f);
    }
}

static void search_from(struct search *s, p2a_id root)
{
    enter(s, root);
    while (s->path_n) {
        p2a_id f = s->path[s->path_n - 1];
        if (!descend(s, f)) {
            leave(s, f);
        }
    }
}

static bool search_begin(struct search *s, size_t n)
{
    s->state = p2a_zeroed(n, sizeof *s->state);
    s->path = malloc(n * 2 * sizeof *s->path);
    s->open = s->path ? s->path + n : NULL;
    return s->state && s->path;
}

static void search_end(struct search *s)
{
    free(s->state);
    free(s->path);
}

/* Every component comes after those that it leads to. */
static bool find_components(const struct p2a_profile *p, const uint32_t *first, const p2a_id *to,
                            struct p2a_components *components)
{
    size_t n = (size_t)p->functions.n + 1;
    struct search s = {.first = first, .to = to, .found = components};
    *components = (struct p2a_components){.of = malloc(n * sizeof(p2a_id)),
                                          .size = calloc(n, sizeof(uint32_t))};
    if (!components->of || !components->size || !search_begin(&s, n)) {
        p2a_components_free(components);
        search_end(&s);
        return false;
    }
    for (size_t f = 0; f < n; f++) {
        components->of[f] = P2A_NONE;
    }
    for (p2a_id f = 0; f < p->functions.n; f++) {
        if (s.state[f].visit == 0) {
            search_from(&s, f);
        }
    }
    search_end(&s);
    return true;
}

bool p2a_components_build(const struct p2a_profile *p, const struct p2a_outs *outs,
                          struct p2a_components *components)
{
    return find_components(p, outs->first, outs->callee, components);
}

bool p2a_components_upwards(const struct p2a_profile *p, const struct p2a_ins *ins,
                            struct p2a_components *components)
{
    if (!find_components(p, ins->first, ins->caller, components)) {
        return false;
    }
    uint32_t n = components->n;
    for (uint32_t f = 0; f < p->functions.n; f++) {
        components->of[f] = n - 1 - components->of[f];
    }
    for (uint32_t k = 0; k < n / 2; k++) {
        uint32_t size = components->size[k];
        components->size[k] = components->size[n - 1 - k];
        components->size[n - 1 - k] = size;
    }
    return true;
}

void p2a_components_free(struct p2a_components *components)
{
    free(components->of);
    free(components->size);
    *components = (struct p2a_components){0};
}

/* ---- cycles ---------------------------------------------------------------------------------- */

/* Numbers the components of more than one function by their first members. */
static uint32_t number_cycles(uint32_t function_n, const struct p2a_components *c, p2a_id *number,
                              p2a_id *component)
{
    uint32_t cycles = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        number[i] = P2A_NONE;
    }
    for (p2a_id f = 0; f < function_n; f++) {
        p2a_id own = c->of[f];
        if (c->size[own] > 1 && number[own] == P2A_NONE) {
            number[own] = cycles++;
        }
        component[f] = number[own];
    }
    return cycles;
}

uint32_t p2a_cycles(const struct p2a_profile *p, p2a_id *component)
{
    struct p2a_outs outs;
    struct p2a_components c;
    if (!p2a_outs_build(p, &outs)) {
        return P2A_NONE;
    }
    uint32_t cycles = P2A_NONE;
    if (p2a_components_build(p, &outs, &c)) {
        p2a_id *number = calloc((size_t)c.n + 1, sizeof *number);
        if (number) {
            cycles = number_cycles(p->functions.n, &c, number, component);
        }
        free(number);
        p2a_components_free(&c);
    }
    p2a_outs_free(&outs);
    return cycles;
}
