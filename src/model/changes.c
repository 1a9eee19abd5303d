#include "model/changes.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "model/rows.h"

static const double DEFAULT_THRESHOLD = 0.01;
static const double ROUNDING = 1e-12; /* of the whole: sums of many values differ by so much */

const char *p2a_change_word(enum p2a_change_kind kind)
{
    static const char *const words[] = {
        [P2A_UNCHANGED] = "",    [P2A_THROUGH] = "through", [P2A_OWN_CALLS] = "calls",
        [P2A_OWN_SELF] = "self", [P2A_GONE] = "gone",       [P2A_NEW] = "new"};
    return words[kind];
}

double p2a_change_of(const struct p2a_range sides[P2A_BOTH])
{
    return sides[P2A_AFTER].median - sides[P2A_EARLIER].median;
}

static struct p2a_range one_value(double value)
{
    return (struct p2a_range){value, value, value};
}

static double sane(double value)
{
    return isfinite(value) ? value : 0;
}

/* ---- one function ---- */

static void load(const struct p2a_profile *p, struct p2a_change *c)
{
    const struct p2a_graph *g = &p->graph;
    const struct p2a_node *node = &g->node[c->function];
    size_t row = (size_t)c->function * p->columns, metrics = p->metrics.n;
    bool ranges = c->function < p->spread.n;
    c->self_known = p->columns && node->has & P2A_HAS_SELF;
    c->total_known = p->columns && node->has & P2A_HAS_TOTAL;
    c->calls_known = node->has & P2A_HAS_CALLS;
    for (unsigned s = 0; s < P2A_BOTH; s++) {
        size_t at = row + s * metrics;
        uint64_t calls =
            s == P2A_AFTER ? node->calls : p2a_counts_of(g->node_before, c->function).calls;
        if (c->self_known)
            c->self[s] = ranges ? p->spread.self[at] : one_value(sane(g->self[at]));
        if (c->total_known)
            c->total[s] = ranges ? p->spread.total[at] : one_value(sane(g->total[at]));
        if (c->calls_known)
            c->calls[s] =
                ranges ? p->spread.calls[(size_t)c->function * 2 + s] : one_value((double)calls);
    }
}

static bool is_apart(const struct p2a_range sides[P2A_BOTH])
{
    const struct p2a_range *a = &sides[P2A_AFTER], *b = &sides[P2A_EARLIER];
    return a->least > b->most || b->least > a->most;
}

bool p2a_change_is_on(const struct p2a_change *c, unsigned side)
{
    return c->self[side].most > 0 || c->total[side].most > 0 || c->calls[side].most > 0;
}

static void judge(const struct p2a_changes *all, struct p2a_change *c)
{
    bool self = fabs(p2a_change_of(c->self)) > all->least;
    bool total = fabs(p2a_change_of(c->total)) > all->least;
    bool calls = c->calls_known && is_apart(c->calls);
    bool own = self && is_apart(c->self), through = total && is_apart(c->total);
    if (p2a_change_is_on(c, P2A_AFTER) != p2a_change_is_on(c, P2A_EARLIER) &&
        (own || through || calls))
        c->kind = p2a_change_is_on(c, P2A_AFTER) ? P2A_NEW : P2A_GONE;
    else if (own)
        c->kind = P2A_OWN_SELF;
    else if (calls)
        c->kind = P2A_OWN_CALLS;
    else if (through)
        c->kind = P2A_THROUGH;
    c->noisy = c->kind == P2A_UNCHANGED && (self || total);
}

/* ---- all of them ---- */

static double whole_of(const struct p2a_profile *p, unsigned side)
{
    return p->metrics.n ? p2a_whole(p, side * p->metrics.n) : 0;
}

static void set_threshold(struct p2a_changes *changes, const struct p2a_out *out)
{
    double wanted = out->report->threshold;
    double larger = fmax(changes->whole[P2A_AFTER], changes->whole[P2A_EARLIER]);
    larger = isfinite(larger) && larger > 0 ? larger : 0;
    changes->threshold = wanted > 0 ? wanted : wanted < 0 ? 0 : DEFAULT_THRESHOLD;
    changes->least = fmax(changes->threshold, ROUNDING) * larger;
}

struct order {
    const struct p2a_change *row;
    bool given; /* by the user */
};

static unsigned rank(const struct p2a_change *c)
{
    return c->kind == P2A_UNCHANGED ? 2 : c->kind == P2A_THROUGH ? 1 : 0;
}

static int larger_first(double a, double b)
{
    return (fabs(a) < fabs(b)) - (fabs(a) > fabs(b));
}

/* Those that are named first; where the user gave no order, the largest change. */
static int compare(const void *context, uint32_t left, uint32_t right)
{
    const struct order *order = context;
    const struct p2a_change *a = &order->row[left], *b = &order->row[right];
    int way = (rank(a) > rank(b)) - (rank(a) < rank(b));
    if (way || order->given)
        return way;
    if (rank(a) == 0)
        way = larger_first(p2a_change_of(a->self), p2a_change_of(b->self));
    if (!way)
        way = larger_first(p2a_change_of(a->total), p2a_change_of(b->total));
    return way ? way : larger_first(p2a_change_of(a->calls), p2a_change_of(b->calls));
}

static void count(struct p2a_changes *changes)
{
    for (uint32_t i = 0; i < changes->n; i++) {
        const struct p2a_change *c = &changes->row[i];
        changes->own += rank(c) == 0;
        changes->through += rank(c) == 1;
        changes->noisy += c->noisy;
        changes->calls |= c->calls_known;
        if (rank(c) > 0)
            changes->others += p2a_change_of(c->self);
    }
}

static bool sort_changes(struct p2a_changes *changes, const struct p2a_out *out)
{
    const char *const *keys = out->report->sort;
    struct order order = {.row = changes->row, .given = keys && *keys};
    uint32_t *at = calloc((size_t)changes->n + 1, sizeof *at);
    struct p2a_change *sorted = calloc((size_t)changes->n + 1, sizeof *sorted);
    for (uint32_t i = 0; at && i < changes->n; i++)
        at[i] = i;
    bool done = at && sorted && p2a_sort(at, changes->n, compare, &order);
    for (uint32_t i = 0; done && i < changes->n; i++)
        sorted[i] = changes->row[at[i]];
    if (done) {
        free(changes->row);
        changes->row = sorted;
    } else {
        free(sorted);
    }
    free(at);
    return done;
}

enum p2a_status p2a_changes(struct p2a_out *out, struct p2a_changes *changes)
{
    const struct p2a_profile *p = out->profile;
    struct p2a_rows rows;
    *changes = (struct p2a_changes){.several = p->spread.n > 0};
    for (unsigned s = 0; s < P2A_BOTH; s++)
        changes->whole[s] = whole_of(p, s);
    set_threshold(changes, out);
    if (p2a_rows(out, NULL, 0, &rows) == P2A_OK) {
        changes->row = calloc((size_t)rows.n + 1, sizeof *changes->row);
        changes->restricted = rows.all - rows.n;
        for (uint32_t i = 0; changes->row && i < rows.n; i++) {
            struct p2a_change *c = &changes->row[changes->n++];
            c->function = rows.function[i];
            load(p, c);
            judge(changes, c);
        }
        if (!changes->row || !sort_changes(changes, out))
            p2a_no_memory(out);
        else
            count(changes);
    }
    p2a_rows_free(&rows);
    return p2a_out_status(out);
}

void p2a_changes_free(struct p2a_changes *changes)
{
    free(changes->row);
    *changes = (struct p2a_changes){0};
}
