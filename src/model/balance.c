/* balance.c - the time of nested calls. A file's total of an arc leaves out the calls made while
 * the arc was active already, so that inside a cycle totals alone don't add up. With x(arc) >= 0
 * the part left out, flow = total + x, and every function keeps
 *
 *     Σ flow in = self + Σ flow out
 *
 * where x is only free on arcs whose calls are nested (calls > primitive). Function by function,
 * its x in are scaled by s and its x out by 1/s, with s the positive root of the equation above:
 *
 *     Xi s² + d s - Xo = 0,    d = Σ fixed flow in - self - Σ fixed flow out
 *
 * Arcs from a function to itself are on both sides and keep their first guess. */
#include "model/supply.h"

#include <math.h>
#include <stdlib.h>

enum { SWEEPS = 2000 };
static const double CLOSE = 1e-7; /* of the whole: good enough */
static const double STEP = 16;    /* s stays between 1/STEP and STEP */
static const double FLOOR = 1e-9; /* x never falls below this share of its arc's total */
static const double WORK = 2e8;   /* arcs looked at, over all sweeps */

struct balance {
    const struct p2a_supply *s;
    uint32_t n; /* functions with nested arcs */
    struct cell {
        p2a_id function;
        uint32_t in, out, end; /* arc[in … out - 1] lead in, arc[out … end - 1] lead out */
        double fixed;
    } * cell;
    p2a_id *arc;
    uint32_t arc_n;
};

/* Whether x of the arc is free. */
static bool nested(const struct p2a_supply *s, p2a_id a)
{
    const struct p2a_arc *arc = &s->p->graph.arc[a];
    bool outermost = (arc->has & P2A_HAS_PRIMITIVE) || !(arc->has & P2A_HAS_TOTAL);
    return outermost && arc->caller != arc->callee && s->flow[a] > s->total[a];
}

/* Flow of the arc as far as it isn't free. */
static double fixed_flow(const struct p2a_supply *s, p2a_id a)
{
    const struct p2a_arc *arc = &s->p->graph.arc[a];
    if (arc->caller == arc->callee)
        return 0;
    return nested(s, a) ? s->total[a] : s->flow[a];
}

static void load_cell(struct balance *b, p2a_id f)
{
    const struct p2a_supply *s = b->s;
    struct cell cell = {.function = f, .in = b->arc_n};
    cell.fixed = s->flow[s->arc_n + f] - s->self[f];
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++) {
        cell.fixed += fixed_flow(s, s->in_arc[i]);
        if (nested(s, s->in_arc[i]))
            b->arc[b->arc_n++] = s->in_arc[i];
    }
    cell.out = b->arc_n;
    for (uint32_t i = s->outs.first[f]; i < s->outs.first[f + 1]; i++) {
        cell.fixed -= fixed_flow(s, s->outs.arc[i]);
        if (nested(s, s->outs.arc[i]))
            b->arc[b->arc_n++] = s->outs.arc[i];
    }
    cell.end = b->arc_n;
    if (cell.end > cell.in)
        b->cell[b->n++] = cell;
}

static double free_flow(const struct p2a_supply *s, const p2a_id *arc, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += s->flow[arc[i]] - s->total[arc[i]];
    return sum;
}

static void scale(const struct p2a_supply *s, const p2a_id *arc, uint32_t n, double by)
{
    for (uint32_t i = 0; i < n; i++) {
        double x = (s->flow[arc[i]] - s->total[arc[i]]) * by;
        s->flow[arc[i]] = s->total[arc[i]] + fmax(x, FLOOR * s->total[arc[i]]);
    }
}

/* Balances one function; returns by how much it was out of balance. */
static double settle(const struct balance *b, const struct cell *cell)
{
    const p2a_id *in = b->arc + cell->in, *out = b->arc + cell->out;
    double inward = free_flow(b->s, in, cell->out - cell->in);
    double outward = free_flow(b->s, out, cell->end - cell->out);
    double d = cell->fixed, q = sqrt(d * d + 4 * inward * outward);
    double by = d > 0 ? 2 * outward / (d + q) : (q - d) / (2 * inward);
    if (!(by > 1 / STEP))
        by = 1 / STEP;
    if (by > STEP)
        by = STEP;
    scale(b->s, in, cell->out - cell->in, by);
    scale(b->s, out, cell->end - cell->out, 1 / by);
    return fabs(d + inward - outward);
}

static void sweep(const struct balance *b)
{
    double work = 0, off = INFINITY;
    for (int i = 0; i < SWEEPS && off > CLOSE * b->s->whole && work < WORK; i++) {
        off = 0;
        for (uint32_t c = 0; c < b->n; c++)
            off += settle(b, &b->cell[c]);
        work += b->arc_n;
    }
}

bool p2a_supply_balance(struct p2a_supply *s)
{
    struct balance b = {.s = s};
    b.cell = malloc(((size_t)s->function_n + 1) * sizeof *b.cell);
    b.arc = malloc((2 * (size_t)s->arc_n + 1) * sizeof *b.arc);
    bool room = b.cell && b.arc;
    if (room) {
        for (p2a_id f = 0; f < s->function_n; f++)
            if (s->parts.size[s->parts.of[f]] > 1)
                load_cell(&b, f);
        sweep(&b);
    }
    free(b.cell);
    free(b.arc);
    return room;
}
