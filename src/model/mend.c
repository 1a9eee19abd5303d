/* mend.c - totals that don't fit together, made to.
 *
 * Functions that share a name and a line (dataclasses' __init__, a module imported twice) share one
 * row in a pstats file: the last one's figures and callers, but the arcs out of all of them. So
 * such a function passes on more than it gets, its callers have more below them than any arc
 * explains, and Σ self is less than the totals above. Mended in two steps, after which for every
 * component
 *
 *     Σ totals of the arcs entering it <= Σ self of its members + Σ totals of the arcs leaving it
 *
 * and a function in no cycle gets what it passes on wherever its callers have it. In a file that
 * fits together nothing changes. */
#include <math.h>
#include <stdlib.h>

#include "model/supply.h"

/* ---- callers lend what they have left -------------------------------------------------------- */

/* What F has below it that no arc out of it explains. */
static double unexplained(const struct p2a_supply *s, p2a_id f)
{
    double rest = s->inclusive[f] - s->self[f];
    for (uint32_t i = s->outs.first[f]; i < s->outs.first[f + 1]; i++)
        rest -= s->total[s->outs.arc[i]];
    return rest > P2A_NOISE * s->whole && !p2a_supply_in_cycle(s, f) ? rest : 0;
}

/* What F passes on and keeps beyond what the arcs into it bring. */
static double unfed(const struct p2a_supply *s, p2a_id f)
{
    double rest = s->self[f];
    if (s->calls[s->arc_n + f] > 0 || p2a_supply_in_cycle(s, f))
        return 0;
    for (uint32_t i = s->outs.first[f]; i < s->outs.first[f + 1]; i++)
        rest += s->total[s->outs.arc[i]];
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
        rest -= s->total[s->in_arc[i]];
    return rest > P2A_NOISE * s->whole ? rest : 0;
}

/* SPARE: what is unexplained of every function, less what it has lent. */
static void lend_to(struct p2a_supply *s, p2a_id f, double *spare)
{
    double wanted = unfed(s, f), offered = 0;
    for (uint32_t i = s->in_first[f]; wanted > 0 && i < s->in_first[f + 1]; i++)
        offered += spare[s->p->graph.arc[s->in_arc[i]].caller];
    double share = offered > 0 ? fmin(1, wanted / offered) : 0;
    for (uint32_t i = s->in_first[f]; share > 0 && i < s->in_first[f + 1]; i++) {
        p2a_id a = s->in_arc[i], caller = s->p->graph.arc[a].caller;
        double lent = share * spare[caller];
        s->total[a] += lent;
        s->flow[a] += lent;
        spare[caller] -= lent;
    }
}

static bool lend(struct p2a_supply *s)
{
    double *spare = malloc(((size_t)s->function_n + 1) * sizeof *spare);
    if (!spare)
        return false;
    for (p2a_id f = 0; f < s->function_n; f++)
        spare[f] = unexplained(s, f);
    for (p2a_id f = 0; f < s->function_n; f++)
        lend_to(s, f, spare);
    free(spare);
    return true;
}

/* ---- no arc brings more than there is -------------------------------------------------------- */

static void scale(struct p2a_supply *s, p2a_id arc, double by)
{
    s->total[arc] *= by;
    s->flow[arc] *= by;
}

/* The component whose members are F[0..n): what is in it, against what enters it. */
static void reduce_component(struct p2a_supply *s, const p2a_id *f, uint32_t n)
{
    double inside = 0, entering = 0;
    for (uint32_t m = 0; m < n; m++) {
        inside += s->self[f[m]];
        for (uint32_t i = s->outs.first[f[m]]; i < s->outs.first[f[m] + 1]; i++)
            if (!p2a_supply_recursive(s, s->outs.arc[i]))
                inside += s->total[s->outs.arc[i]];
        for (uint32_t i = s->in_first[f[m]]; i < s->in_first[f[m] + 1]; i++)
            if (!p2a_supply_recursive(s, s->in_arc[i]))
                entering += s->total[s->in_arc[i]];
    }
    double share = entering > inside * (1 + P2A_NOISE) ? inside / entering : 1;
    for (uint32_t m = 0; m < n; m++)
        for (uint32_t i = s->in_first[f[m]]; i < s->in_first[f[m] + 1]; i++) {
            p2a_id a = s->in_arc[i];
            if (!p2a_supply_recursive(s, a))
                scale(s, a, share);
            else if (s->total[a] > inside)
                scale(s, a, inside / s->total[a]);
        }
}

/* Components are numbered callees first, so what leaves one is final when its turn comes. */
static bool reduce(struct p2a_supply *s)
{
    uint32_t *first = calloc((size_t)s->parts.n + 2, sizeof *first);
    p2a_id *member = malloc(((size_t)s->function_n + 1) * sizeof *member);
    if (first && member) {
        for (p2a_id f = 0; f < s->function_n; f++)
            first[s->parts.of[f] + 2]++;
        for (uint32_t c = 0; c < s->parts.n; c++)
            first[c + 2] += first[c + 1];
        for (p2a_id f = 0; f < s->function_n; f++)
            member[first[s->parts.of[f] + 1]++] = f;
        for (uint32_t c = 0; c < s->parts.n; c++)
            reduce_component(s, member + first[c], first[c + 1] - first[c]);
    }
    bool done = first && member;
    free(first);
    free(member);
    return done;
}

bool p2a_supply_mend(struct p2a_supply *s)
{
    return lend(s) && reduce(s);
}
