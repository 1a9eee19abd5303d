/* Two profiles, or two sets of runs, side by side. A side's values are the mean of its runs:
 *
 *   column m            Σ values of the runs after / their number
 *   column metrics + m  Σ values of the runs before / their number
 *
 * so each side adds up as a profile does. Trees are compared as trees where every run is one,
 * beside graphs where one has more than its tree says, else all as graphs. Threads have other
 * numbers in every run and are joined.
 *
 * Where a side has several runs, the spread of every function's values over them is kept beside,
 * from the runs as they were before they were averaged:
 *
 *   run 0 after    self 3   total 9   calls 2 |                       self: least, median, most
 *   run 1 after    self 4   total 9   calls 2 |  by function    ->    total, calls: the same
 *   run 2 after    (isn't called: 0)          |                                                  */
#include "model/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/derive.h"
#include "model/merge.h"
#include "model/select.h"

/* Values of one run by function of the result, as many as there were when it was added. */
struct run {
    uint32_t functions, metrics;
    double *self, *total; /* [function * metrics + metric] */
    double *calls;        /* [function] */
};

struct sides {
    const struct p2a_comparison *asked;
    struct p2a_profile *into;
    bool tree;
    bool both;       /* of a tree: a run has a graph of its own, and all get one */
    bool counted;    /* of a tree: all paths have calls */
    struct run *run; /* after_n of them, then before_n; NULL unless several */
};

static bool is_tree(const struct p2a_profile *p)
{
    return p->contexts.n && !(p->estimated & P2A_CONTEXTS);
}

static struct p2a_profile *input_of(const struct p2a_comparison *c, size_t i)
{
    return i < c->after_n ? c->after[i] : c->before[i - c->after_n];
}

static enum p2a_status unfold_inputs(const struct p2a_comparison *c, struct p2a_error *error)
{
    for (size_t i = 0; i < c->after_n + c->before_n; i++)
        if (p2a_unfold(input_of(c, i), error) != P2A_OK)
            return error->status;
    return P2A_OK;
}

static bool all_trees(const struct p2a_comparison *c)
{
    bool tree = true;
    for (size_t i = 0; i < c->after_n + c->before_n; i++)
        tree = tree && is_tree(input_of(c, i));
    return tree;
}

static bool any_own_graph(const struct p2a_comparison *c)
{
    bool own = false;
    for (size_t i = 0; i < c->after_n + c->before_n; i++)
        own = own || p2a_has_own_graph(input_of(c, i));
    return own;
}

static bool all_counted(const struct p2a_comparison *c)
{
    bool counted = true;
    for (size_t i = 0; i < c->after_n + c->before_n; i++)
        counted = counted && p2a_counts_paths(input_of(c, i));
    return counted;
}

/* An error tells which input it is about, as far as that has a name. */
static void name_input(struct p2a_error *error, const struct p2a_profile *p)
{
    if (!error->path[0] && p->inputs.n)
        snprintf(error->path, sizeof error->path, "%s", p2a_string(p, p->inputs.row[0].path).at);
}

static enum p2a_status check_inputs(const struct p2a_comparison *c, struct p2a_error *error)
{
    if (!c->before_n || !c->after_n)
        return p2a_error_set(error, P2A_USAGE, "a comparison needs a run before and one after");
    for (size_t i = 0; i < c->after_n + c->before_n; i++)
        if (input_of(c, i)->facts & P2A_BEFORE) {
            name_input(error, input_of(c, i));
            return p2a_error_set(
                error, P2A_INPUT,
                "an input is a comparison already, expected one version's profile");
        }
    return P2A_OK;
}

/* ---- adding a run ---- */

/* What FROM's functions have of their own; of a tree the graph is made for it. */
static bool keep_run(struct run *run, const struct p2a_mapping *m, struct p2a_profile *from,
                     struct p2a_error *error)
{
    const struct p2a_profile *into = m->into;
    size_t functions = into->functions.n, metrics = into->metrics.n;
    if (!(from->facts & P2A_GRAPH) && from->contexts.n && p2a_derive(from, error) != P2A_OK)
        return false;
    run->functions = into->functions.n;
    run->metrics = into->metrics.n;
    run->self = calloc(functions * metrics + 1, sizeof *run->self);
    run->total = calloc(functions * metrics + 1, sizeof *run->total);
    run->calls = calloc(functions + 1, sizeof *run->calls);
    if (!run->self || !run->total || !run->calls || !m->function)
        return p2a_error_memory(error), false;
    for (p2a_id f = 0; f < from->graph.node_n; f++) {
        p2a_id to = m->function[f];
        run->calls[to] += (double)from->graph.node[f].calls;
        for (uint32_t i = 0; i < from->metrics.n; i++) {
            size_t at = to * metrics + m->column[i] % metrics, row = (size_t)f * from->columns + i;
            double scale = from->metrics.row[i].scale / into->metrics.row[at % metrics].scale;
            run->self[at] += from->graph.self[row] * scale;
            run->total[at] += from->graph.total[row] * scale;
        }
    }
    return true;
}

static void copy_notes(struct p2a_profile *into, const struct p2a_profile *from)
{
    for (size_t i = 0; i < p2a_note_count(from); i++)
        p2a_note(into, "%s", p2a_note_at(from, i));
    into->estimated |= from->estimated & P2A_GRAPH;
}

/* What to do about checkouts in two folders. */
static void note_elsewhere(struct p2a_profile *into, uint32_t n)
{
    if (n)
        p2a_note(into,
                 "%u function%s gone from one folder and new in another: --strip-dirs compares "
                 "files by their base names",
                 n, n == 1 ? " is" : "s are");
}

static bool share_metrics(const struct p2a_profile *a, const struct p2a_profile *b)
{
    for (uint32_t i = 0; i < a->metrics.n; i++)
        if (p2a_measures(b, p2a_metric_name(a, i)))
            return true;
    return false;
}

/* Whether it is how long a program ran, not how long it waited for something. */
static bool is_clock(const struct p2a_profile *p, p2a_id metric)
{
    static const char *const names[] = {"time", "cpu", "wall", "cpu-clock", "task-clock"};
    const char *name = p2a_metric_name(p, metric);
    size_t n = strcspn(name, ":"), i = 0; /* "cpu-clock:u" */
    while (i < sizeof names / sizeof *names &&
           (strncmp(name, names[i], n) != 0 || names[i][n] != '\0'))
        i++;
    return i < sizeof names / sizeof *names;
}

/* The metric in seconds, if it is a clock and the only one; else P2A_NONE. */
static p2a_id only_time(const struct p2a_profile *p)
{
    p2a_id found = P2A_NONE;
    for (uint32_t i = 0; i < p->metrics.n; i++) {
        if (strcmp(p2a_metric_unit(p, i), "seconds") != 0)
            continue;
        if (found != P2A_NONE)
            return P2A_NONE;
        found = i;
    }
    return found == P2A_NONE || is_clock(p, found) ? found : P2A_NONE;
}

/* What one profiler calls cpu-clock another calls time. Sides that have nothing else in common are
 * compared by it; a sum of the two would be neither. */
static enum p2a_status join_times(struct p2a_profile *after, struct p2a_profile *before,
                                  struct p2a_error *error)
{
    p2a_id is = only_time(after), was = only_time(before);
    if (is == P2A_NONE || was == P2A_NONE || share_metrics(after, before))
        return P2A_OK;
    const char *name = p2a_metric_name(after, is);
    p2a_note(after, "%s before is compared with %s after", p2a_metric_name(before, was), name);
    before->metrics.row[was].name = p2a_intern(before, p2a_str_of(name));
    return p2a_take_error(before, error);
}

/* What is compared before all else: the first metric of the first profile that all have, or their
 * time. */
static p2a_id leading_metric(const struct p2a_comparison *c)
{
    const struct p2a_profile *first = input_of(c, 0);
    for (uint32_t m = 0; m < first->metrics.n; m++) {
        size_t i = 1;
        while (i < c->after_n + c->before_n &&
               p2a_measures(input_of(c, i), p2a_metric_name(first, m)))
            i++;
        if (i == c->after_n + c->before_n)
            return m;
    }
    p2a_id time = only_time(first);
    return time == P2A_NONE ? 0 : time;
}

static void lead(struct sides *s, struct p2a_profile *first)
{
    p2a_id metric = leading_metric(s->asked);
    if (metric)
        p2a_note(s->into, "not all sides measure %s: what is compared is %s",
                 p2a_metric_name(first, 0), p2a_metric_name(first, metric));
    p2a_lead_metric(first, metric);
}

static enum p2a_status map_run(struct sides *s, struct p2a_mapping *m, struct p2a_profile *copy,
                               p2a_id *match, struct p2a_error *error)
{
    uint32_t elsewhere = 0;
    if (m->before && join_times(s->into, copy, error) != P2A_OK)
        return error->status;
    if (p2a_mapping_check(m, error) != P2A_OK || p2a_shape(copy, s->tree, s->both, error) != P2A_OK)
        return error->status;
    if (s->tree && !s->counted)
        p2a_drop_path_calls(copy);
    if (match && !p2a_match_functions(s->into, copy, match, &elsewhere))
        return p2a_take_error(s->into, error);
    note_elsewhere(s->into, elsewhere);
    return p2a_mapping_add(m, error);
}

/* Adds input I with its values divided by the number of its side's runs. */
static enum p2a_status add_run(struct sides *s, size_t i, struct p2a_error *error)
{
    const struct p2a_profile *from = input_of(s->asked, i);
    bool before = i >= s->asked->after_n;
    bool matched = i > 0; /* the first is what the others' functions are looked for in */
    struct p2a_mapping m = {.into = s->into,
                            .join_threads = true,
                            .before = before,
                            .matched = matched,
                            .both = s->both};
    struct p2a_profile *copy = p2a_copy(from, error);
    double *weight = malloc(((size_t)from->columns + 1) * sizeof *weight);
    if (copy && i == 0)
        lead(s, copy);
    p2a_id *match = matched ? malloc(((size_t)from->functions.n + 1) * sizeof *match) : NULL;
    for (uint32_t c = 0; weight && c < from->columns; c++)
        weight[c] = 1.0 / (double)(before ? s->asked->before_n : s->asked->after_n);
    m.from = copy;
    m.weight = weight;
    m.function = match;
    if (copy && weight && (match || !matched)) {
        if (map_run(s, &m, copy, match, error) == P2A_OK && s->run)
            keep_run(&s->run[i], &m, copy, error);
        copy_notes(s->into, from);
    } else if (error->status == P2A_OK) {
        p2a_error_memory(error);
    }
    if (m.function != match)
        free(match);
    p2a_mapping_end(&m);
    free(weight);
    p2a_free(copy);
    return error->status;
}

static uint64_t mean(uint64_t sum, size_t n)
{
    return n > 1 ? sum / n + (sum % n * 2 >= n) : sum;
}

/* Where there is no metric, there is nothing before either. */
static void average_counts(struct p2a_counts *counts, uint32_t rows, size_t n)
{
    for (uint32_t i = 0; counts && i < rows; i++)
        counts[i] = (struct p2a_counts){mean(counts[i].calls, n), mean(counts[i].primitive, n)};
}

static void average_calls(struct p2a_profile *p, const struct p2a_comparison *c)
{
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        if (p->contexts.calls)
            p->contexts.calls[i] = mean(p->contexts.calls[i], c->after_n);
        if (p->contexts.calls_before)
            p->contexts.calls_before[i] = mean(p->contexts.calls_before[i], c->before_n);
    }
    for (uint32_t i = 0; i < p->graph.node_n; i++) {
        struct p2a_node *node = &p->graph.node[i];
        node->calls = mean(node->calls, c->after_n);
        node->primitive = mean(node->primitive, c->after_n);
    }
    for (uint32_t i = 0; i < p->graph.arc_n; i++) {
        struct p2a_arc *arc = &p->graph.arc[i];
        arc->calls = mean(arc->calls, c->after_n);
        arc->primitive = mean(arc->primitive, c->after_n);
    }
    average_counts(p->graph.node_before, p->graph.node_n, c->before_n);
    average_counts(p->graph.arc_before, p->graph.arc_n, c->before_n);
    for (uint32_t i = 0; i < p->graph.site_n; i++)
        p->graph.site[i].calls = mean(p->graph.site[i].calls, c->after_n);
}

/* ---- the spread ---- */

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static struct p2a_range range_of(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return (struct p2a_range){values[0], (values[(n - 1) / 2] + values[n / 2]) / 2, values[n - 1]};
}

static double value_of(const struct run *run, const double *values, p2a_id f, uint32_t metric)
{
    bool there = f < run->functions && metric < run->metrics;
    return there ? values[(size_t)f * run->metrics + metric] : 0;
}

/* The ranges of F over N runs: one per metric into SELF and TOTAL. */
static void spread_over(const struct run *run, size_t n, p2a_id f, uint32_t metrics, double *values,
                        struct p2a_range *self, struct p2a_range *total, struct p2a_range *calls)
{
    for (uint32_t m = 0; m < metrics; m++) {
        for (size_t i = 0; i < n; i++)
            values[i] = value_of(&run[i], run[i].self, f, m);
        self[m] = range_of(values, n);
        for (size_t i = 0; i < n; i++)
            values[i] = value_of(&run[i], run[i].total, f, m);
        total[m] = range_of(values, n);
    }
    for (size_t i = 0; i < n; i++)
        values[i] = f < run[i].functions ? run[i].calls[f] : 0;
    *calls = range_of(values, n);
}

static enum p2a_status find_spread(const struct sides *s, struct p2a_error *error)
{
    const struct p2a_comparison *c = s->asked;
    struct p2a_profile *p = s->into;
    struct p2a_spread *spread = &p->spread;
    size_t n = p->functions.n, metrics = p->metrics.n;
    double *values = malloc((c->after_n + c->before_n) * sizeof *values);
    spread->self = calloc(n * p->columns + 1, sizeof *spread->self);
    spread->total = calloc(n * p->columns + 1, sizeof *spread->total);
    spread->calls = calloc(n * 2 + 1, sizeof *spread->calls);
    if (!values || !spread->self || !spread->total || !spread->calls) {
        free(values);
        return p2a_error_memory(error);
    }
    spread->n = p->functions.n;
    for (p2a_id f = 0; f < n; f++) {
        size_t at = (size_t)f * p->columns;
        spread_over(s->run, c->after_n, f, p->metrics.n, values, spread->self + at,
                    spread->total + at, &spread->calls[f * 2]);
        spread_over(s->run + c->after_n, c->before_n, f, p->metrics.n, values,
                    spread->self + at + metrics, spread->total + at + metrics,
                    &spread->calls[f * 2 + 1]);
    }
    free(values);
    return P2A_OK;
}

/* ---- runs of different length ---- */

static void scale(double *values, size_t n, uint32_t columns, uint32_t column, double factor)
{
    for (size_t i = 0; values && i < n; i++)
        values[i * columns + column] *= factor;
}

static void scale_ranges(struct p2a_range *range, size_t n, uint32_t columns, uint32_t column,
                         double factor)
{
    for (size_t i = 0; i < n; i++) {
        range[i * columns + column].least *= factor;
        range[i * columns + column].median *= factor;
        range[i * columns + column].most *= factor;
    }
}

/* They are compared by shares: BEFORE is stretched to AFTER's whole. */
static void normalize(struct p2a_profile *p)
{
    struct p2a_graph *g = &p->graph;
    for (uint32_t m = 0; m < p->metrics.n; m++) {
        uint32_t c = p->metrics.n + m;
        double factor = p2a_whole(p, m) / p2a_whole(p, c);
        if (!(factor > 0) || !isfinite(factor))
            continue;
        scale(p->contexts.self, p->contexts.n, p->columns, c, factor);
        scale(g->self, g->node_n, p->columns, c, factor);
        scale(g->total, g->node_n, p->columns, c, factor);
        scale(g->arc_self, g->arc_n, p->columns, c, factor);
        scale(g->arc_total, g->arc_n, p->columns, c, factor);
        scale(g->line_self, g->line_n, p->columns, c, factor);
        scale(g->site_total, g->site_n, p->columns, c, factor);
        scale_ranges(p->spread.self, p->spread.n, p->columns, c, factor);
        scale_ranges(p->spread.total, p->spread.n, p->columns, c, factor);
        p2a_note(p, "%s before is multiplied by %.4g, to compare shares", p2a_metric_name(p, m),
                 factor);
    }
}

/* ---- the whole ---- */

static enum p2a_status compare(struct sides *s, struct p2a_error *error)
{
    const struct p2a_comparison *c = s->asked;
    size_t n = c->after_n + c->before_n;
    if (c->after_n > 1 || c->before_n > 1) {
        s->run = calloc(n, sizeof *s->run);
        if (!s->run)
            return p2a_error_memory(error);
    }
    for (size_t i = 0; i < n; i++)
        if (add_run(s, i, error) != P2A_OK) {
            name_input(error, input_of(c, i));
            return error->status;
        }
    average_calls(s->into, c);
    if (s->run && find_spread(s, error) != P2A_OK)
        return error->status;
    if (c->normalize)
        normalize(s->into);
    s->into->spread.after_n = (uint32_t)c->after_n;
    s->into->spread.before_n = (uint32_t)c->before_n;
    s->into->recorded = s->into->facts;
    s->into->source = p2a_intern(s->into, P2A_LIT("comparison"));
    if (s->into->core->note_lost)
        return p2a_error_memory(error);
    return p2a_take_error(s->into, error);
}

static void end_runs(struct sides *s)
{
    for (size_t i = 0; s->run && i < s->asked->after_n + s->asked->before_n; i++) {
        free(s->run[i].self);
        free(s->run[i].total);
        free(s->run[i].calls);
    }
    free(s->run);
}

enum p2a_status p2a_diff(const struct p2a_comparison *comparison, struct p2a_profile **result,
                         struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    struct sides s = {.asked = comparison};
    *result = NULL;
    if (check_inputs(comparison, &ours) == P2A_OK && unfold_inputs(comparison, &ours) == P2A_OK) {
        s.tree = all_trees(comparison);
        s.both = s.tree && any_own_graph(comparison);
        s.counted = all_counted(comparison);
        s.into = p2a_profile_new(0);
        if (!s.into)
            p2a_error_memory(&ours);
    }
    if (s.into && compare(&s, &ours) == P2A_OK)
        *result = s.into;
    else
        p2a_free(s.into);
    end_runs(&s);
    if (error)
        *error = ours;
    return ours.status;
}
