/* Paths. A path of steps is followed down with a set of marks, bit k for step k:
 *
 *   here(n)   the steps that the path to n can end in, n being at the last of them
 *   above(n)  here of n and of all that is above it
 *   k is in here(n):  n is at step k, and k = 0 or k - 1 is in here(parent), in above(parent) where
 *                     frames may stand between
 *
 * On a graph the same is a search over (function, step, at or past it): what it doesn't reach
 * doesn't exist, what it reaches may. */
#include <stdlib.h>
#include <string.h>

#include "model/cycles.h"
#include "model/estimate.h"
#include "model/measure.h"

static bool is_in(const struct p2a_set *set, p2a_id f)
{
    return f < set->n && set->in[f];
}

/* ---- on the tree ---- */

struct marks {
    uint16_t here, above;
};

static struct marks *mark(const struct p2a_profile *p, const struct p2a_terms *terms,
                          const struct p2a_set *sets)
{
    const struct p2a_contexts *t = &p->contexts;
    struct marks *marks = calloc((size_t)t->n + 1, sizeof *marks);
    for (uint32_t i = 0; marks && i < t->n; i++) {
        struct marks up = {0}, *m = &marks[i];
        if (t->row[i].parent != P2A_NONE)
            up = marks[t->row[i].parent];
        for (unsigned k = 0; k < terms->step_n; k++) {
            unsigned before = terms->step[k].gap ? up.above : up.here;
            if (is_in(&sets[k], t->row[i].function) && (k == 0 || before >> (k - 1) & 1))
                m->here |= (uint16_t)(1u << k);
        }
        m->above = up.above | m->here;
    }
    return marks;
}

static void measure_tree(const struct p2a_side *side, const struct p2a_terms *terms,
                         const struct marks *marks, uint32_t column, struct p2a_figure *figure)
{
    const struct p2a_profile *p = side->p;
    const struct p2a_contexts *t = &p->contexts;
    struct p2a_sum sum = {0};
    unsigned last = terms->step_n - 1;
    bool timed = terms->quantity == P2A_Q_TOTAL || terms->quantity == P2A_Q_SELF;
    figure->nothing = true;
    for (uint32_t i = 0; i < t->n; i++) {
        p2a_id parent = t->row[i].parent;
        bool here = marks[i].here >> last & 1, inside = marks[i].above >> last & 1;
        bool above = parent != P2A_NONE && marks[parent].above >> last & 1;
        if (here && figure->nothing) {
            figure->nothing = false;
            figure->at = i;
        }
        if (terms->quantity == P2A_Q_TOTAL ? inside : timed && here)
            p2a_sum_add(&sum, t->self[(size_t)i * p->columns + column]);
        if (terms->quantity == P2A_Q_CONTEXTS && here)
            figure->value++;
        if (here && (terms->quantity == P2A_Q_CALLS || !above) && !timed &&
            terms->quantity != P2A_Q_CONTEXTS)
            figure->value += (double)p2a_calls_of(t, i);
    }
    if (timed)
        figure->value = p2a_sum_value(&sum) * p->metrics.row[column % p->metrics.n].scale;
}

/* ---- on the graph ---- */

/* State: (function * steps + step) * 2 + past. from[state]: 1 + the state before it, 0 where it
 * wasn't reached, itself where it begins. */
struct search {
    const struct p2a_profile *p;
    const struct p2a_terms *terms;
    const struct p2a_set *sets;
    size_t *from, *queue, queued;
};

static size_t state(const struct search *s, p2a_id f, unsigned step, bool past)
{
    return ((size_t)f * s->terms->step_n + step) * 2 + past;
}

static void reach(struct search *s, size_t to, size_t from)
{
    if (s->from[to])
        return;
    s->from[to] = from + 1;
    s->queue[s->queued++] = to;
}

static void go_on(struct search *s, size_t at, p2a_id callee)
{
    unsigned step = (unsigned)(at / 2 % s->terms->step_n), next = step + 1;
    bool past = at & 1;
    if (next == s->terms->step_n)
        return;
    if (s->terms->step[next].gap)
        reach(s, state(s, callee, step, true), at);
    if ((!past || s->terms->step[next].gap) && is_in(&s->sets[next], callee))
        reach(s, state(s, callee, next, false), at);
}

/* Returns 1 + the state that the path ends in, 0 for none. */
static size_t search(struct search *s, const struct p2a_outs *outs)
{
    unsigned last = s->terms->step_n - 1;
    for (p2a_id f = 0; f < s->p->functions.n; f++)
        if (is_in(&s->sets[0], f))
            reach(s, state(s, f, 0, false), state(s, f, 0, false));
    for (size_t i = 0; i < s->queued; i++) {
        size_t at = s->queue[i];
        p2a_id f = (p2a_id)(at / 2 / s->terms->step_n);
        if (at / 2 % s->terms->step_n == last)
            return at + 1;
        for (uint32_t a = outs->first[f]; a < outs->first[f + 1]; a++)
            go_on(s, at, outs->callee[a]);
    }
    return 0;
}

/* The functions on the shortest path there may be, the last first, into *path, to be freed; their
 * number in *n, 0 where there is none. */
static enum p2a_status find_in_graph(const struct p2a_profile *p, const struct p2a_terms *terms,
                                     const struct p2a_set *sets, p2a_id **path, size_t *n,
                                     struct p2a_error *error)
{
    size_t states = (size_t)p->functions.n * terms->step_n * 2 + 1, found = 0;
    struct p2a_outs outs = {0};
    struct search s = {
        p, terms, sets, calloc(states, sizeof *s.from), malloc(states * sizeof *s.queue), 0};
    bool enough = s.from && s.queue && p2a_outs_build(p, &outs);
    *n = 0;
    *path = NULL;
    if (enough)
        found = search(&s, &outs);
    if (found && (*path = malloc(states * sizeof **path)))
        for (size_t at = found - 1;; at = s.from[at] - 1) {
            (*path)[(*n)++] = (p2a_id)(at / 2 / terms->step_n);
            if (s.from[at] == at + 1)
                break;
        }
    enough = enough && (!found || *path);
    p2a_outs_free(&outs);
    free(s.from);
    free(s.queue);
    return enough ? P2A_OK : p2a_error_memory(error);
}

/* The arcs of a path a -> b; its calls and self are exact, the total is where one arc makes it. */
static void measure_arcs(const struct p2a_side *side, const struct p2a_terms *terms,
                         const struct p2a_set *sets, uint32_t column, struct p2a_figure *figure)
{
    const struct p2a_graph *g = &side->p->graph;
    const struct p2a_metric *metrics = side->p->metrics.row;
    bool calls = side->p->facts & P2A_CALLS;
    uint32_t found = 0;
    for (uint32_t a = 0; a < g->arc_n; a++) {
        const struct p2a_arc *arc = &g->arc[a];
        size_t value = (size_t)a * side->p->columns + column;
        double scale = metrics[column % side->p->metrics.n].scale;
        unsigned need = terms->quantity == P2A_Q_CALLS       ? P2A_HAS_CALLS
                        : terms->quantity == P2A_Q_PRIMITIVE ? P2A_HAS_PRIMITIVE
                        : terms->quantity == P2A_Q_SELF      ? P2A_HAS_SELF
                                                             : P2A_HAS_TOTAL;
        if (!is_in(&sets[0], arc->caller) || !is_in(&sets[1], arc->callee))
            continue;
        found++;
        figure->at = arc->callee;
        bool counted = need == P2A_HAS_CALLS || need == P2A_HAS_PRIMITIVE;
        if (!(arc->has & need) || (counted && !calls))
            figure->unknown = "the profile has no such figure of it";
        figure->value += need == P2A_HAS_CALLS       ? (double)arc->calls
                         : need == P2A_HAS_PRIMITIVE ? (double)arc->primitive
                         : need == P2A_HAS_SELF      ? g->arc_self[value] * scale
                                                     : g->arc_total[value] * scale;
    }
    figure->nothing = !found;
    figure->estimated = terms->quantity == P2A_Q_TOTAL && found > 1;
}

static enum p2a_status measure_marks(struct p2a_side *side, const struct p2a_terms *terms,
                                     const struct p2a_set *sets, uint32_t column,
                                     struct p2a_figure *figure, struct p2a_error *error)
{
    struct marks *marks = mark(side->p, terms, sets);
    if (!marks)
        return p2a_error_memory(error);
    measure_tree(side, terms, marks, column, figure);
    free(marks);
    return P2A_OK;
}

static enum p2a_status measure_graph(struct p2a_side *side, const struct p2a_terms *terms,
                                     const struct p2a_set *sets, uint32_t column,
                                     struct p2a_figure *figure, struct p2a_error *error)
{
    bool timed = terms->quantity == P2A_Q_TOTAL || terms->quantity == P2A_Q_SELF;
    bool arc = terms->step_n == 2 && !terms->step[1].gap;
    p2a_id *path;
    size_t n;
    if (find_in_graph(side->p, terms, sets, &path, &n, error) != P2A_OK)
        return error->status;
    if (n)
        figure->at = path[0];
    free(path);
    figure->nothing = !n;
    figure->estimated = !(arc || terms->step_n == 1) && n;
    if (!n || terms->quantity == P2A_Q_PATH)
        return P2A_OK;
    if (arc && terms->quantity != P2A_Q_CONTEXTS)
        measure_arcs(side, terms, sets, column, figure);
    else if (!timed || side->exact)
        figure->unknown = "the profile holds a call graph and no call paths";
    else if (side->p->facts & P2A_CONTEXTS || p2a_estimate(side->p, false, error) == P2A_OK)
        return measure_marks(side, terms, sets, column, figure, error);
    return error->status;
}

enum p2a_status p2a_measure_path(struct p2a_side *side, const struct p2a_terms *terms,
                                 const struct p2a_set *sets, uint32_t column,
                                 struct p2a_figure *figure, struct p2a_error *error)
{
    bool counted = terms->quantity == P2A_Q_CALLS || terms->quantity == P2A_Q_PRIMITIVE;
    *figure = (struct p2a_figure){.at = P2A_NONE};
    if (!side->tree)
        return measure_graph(side, terms, sets, column, figure, error);
    if (counted && !p2a_counts_paths(side->p))
        figure->unknown = "the profile has no call counts";
    if (p2a_unfold(side->p, error) != P2A_OK)
        return error->status;
    return measure_marks(side, terms, sets, column, figure, error);
}

/* ---- in words ---- */

/* The contexts from FIGURE's up to the one at the first step, the last first. */
static p2a_id *find_in_tree(const struct p2a_profile *p, const struct p2a_terms *terms,
                            const struct p2a_set *sets, p2a_id at, size_t *n)
{
    struct marks *marks = mark(p, terms, sets);
    p2a_id *path = malloc(((size_t)p->contexts.n + 1) * sizeof *path);
    unsigned step = terms->step_n ? terms->step_n - 1 : 0;
    *n = 0;
    for (bool past = false; marks && path && at != P2A_NONE; at = p->contexts.row[at].parent) {
        path[(*n)++] = p->contexts.row[at].function;
        bool met = marks[at].here >> step & 1;
        if (past && !met)
            continue;
        if (step == 0)
            break;
        past = terms->step[step--].gap;
    }
    bool enough = marks && path;
    free(marks);
    if (enough)
        return path;
    free(path);
    return NULL;
}

static bool add_frame(const struct p2a_profile *p, p2a_id f, const char *mark,
                      struct p2a_buffer *spelled, struct p2a_buffer *text)
{
    struct p2a_str name = p2a_spell(p, f, P2A_NAMES_SHORT, spelled);
    return p2a_buffer_add(text, mark, strlen(mark)) && p2a_buffer_add(text, name.at, name.n);
}

enum p2a_status p2a_spell_path(struct p2a_side *side, const struct p2a_terms *terms,
                               const struct p2a_set *sets, const struct p2a_figure *figure,
                               struct p2a_buffer *text, struct p2a_error *error)
{
    enum { ENDS = 6 }; /* frames shown at either end of a long path */
    static const char arrow[] = " \342\206\222 ", dots[] = " \342\206\222 \342\200\246";
    struct p2a_buffer spelled = {0};
    p2a_id *path = NULL;
    size_t n = 0;
    if (side->tree)
        path = find_in_tree(side->p, terms, sets, figure->at, &n);
    else
        find_in_graph(side->p, terms, sets, &path, &n, error);
    bool enough = path;
    for (size_t i = 0; enough && i < n; i++) {
        bool end = i < ENDS || i + ENDS >= n;
        if (end)
            enough = add_frame(side->p, path[n - 1 - i], i ? arrow : "", &spelled, text);
        else if (i == ENDS)
            enough = p2a_buffer_add(text, dots, sizeof dots - 1);
    }
    free(path);
    p2a_buffer_free(&spelled);
    return enough ? P2A_OK : p2a_error_memory(error);
}
