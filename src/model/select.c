/* Selecting works on the model, so it works for every format. A stack is the path from a root to a
 * context; what a pattern keeps and where the rest goes:
 *
 *   focus       stacks with a match stay            (the others' self is dropped)
 *   ignore      stacks with a match are dropped
 *   show, hide  frames that don't, that do match go; their self goes to their caller
 *   prune-from  what is below a match goes; its self goes to the match
 *   root        the topmost match becomes a root    (what is above is dropped)
 *   leaf        contexts that lead to a match stay
 *   depth       what is deeper goes; its self goes to the last frame that stays
 *
 * A call graph alone has no stacks. root, leaf and show are reachability there, and stay exact; the
 * others estimate the stacks first, and say so. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "model/alike.h"
#include "model/cycles.h"
#include "model/derive.h"
#include "model/estimate.h"
#include "model/merge.h"
#include "model/origin.h"
#include "model/pattern.h"
#include "model/rewrite.h"
#include "model/select.h"

/* ---- on the tree ---- */

enum rule { FOCUS, IGNORE, SHOW, HIDE, PRUNE, ROOT, LEAF };
static const char *const rule_names[] = {"--focus",      "--ignore", "--show", "--hide",
                                         "--prune-from", "--root",   "--leaf"};

/* A pattern that keeps nothing is a mistake; one that takes nothing away is worth a note. */
static enum p2a_status no_match(struct p2a_profile *p, enum rule rule, const char *pattern,
                                struct p2a_error *error)
{
    if (rule == FOCUS || rule == SHOW || rule == ROOT || rule == LEAF)
        return p2a_error_set(error, P2A_USAGE, "%s '%s' matches no function", rule_names[rule],
                             pattern);
    p2a_note(p, "%s '%s' matches no function", rule_names[rule], pattern);
    return P2A_OK;
}

struct marks {
    const struct p2a_contexts *t;
    const unsigned char *matched; /* by function */
    unsigned char *above,
        *below; /* by context: a match on the path to it (itself included), in its subtree */
};

static bool is_match(const struct marks *m, uint32_t i)
{
    return m->matched[m->t->row[i].function];
}

static bool match_above_parent(const struct marks *m, uint32_t i)
{
    p2a_id parent = m->t->row[i].parent;
    return parent != P2A_NONE && m->above[parent];
}

static void mark(struct marks *m)
{
    for (uint32_t i = 0; i < m->t->n; i++)
        m->above[i] = is_match(m, i) || match_above_parent(m, i);
    for (uint32_t i = m->t->n; i-- > 0;) {
        p2a_id parent = m->t->row[i].parent;
        m->below[i] |= is_match(m, i);
        if (parent != P2A_NONE)
            m->below[parent] |= m->below[i];
    }
}

/* A context off the kept stacks loses its self; it stays as a frame where kept ones are below it.
 */
static enum p2a_fate fate_of(const struct marks *m, enum rule rule, uint32_t i)
{
    switch (rule) {
    case IGNORE:
        return m->above[i] ? P2A_DROP : P2A_KEEP;
    case SHOW:
        return is_match(m, i) ? P2A_KEEP : P2A_FOLD;
    case HIDE:
        return is_match(m, i) ? P2A_FOLD : P2A_KEEP;
    case PRUNE:
        return match_above_parent(m, i) ? P2A_FOLD : P2A_KEEP;
    case ROOT:
        return !m->above[i] ? P2A_DROP : match_above_parent(m, i) ? P2A_KEEP : P2A_RAISE;
    case LEAF:
        return m->below[i] ? P2A_KEEP : P2A_DROP;
    case FOCUS:
        break;
    }
    return m->above[i] || m->below[i] ? P2A_KEEP : P2A_DROP;
}

/* The frames above a focus stay for their place, their own self isn't in focus. */
static void clear_unfocused(struct p2a_profile *p, const struct marks *m)
{
    for (uint32_t i = 0; i < p->contexts.n; i++)
        for (uint32_t c = 0; c < p->columns && !m->above[i]; c++)
            p->contexts.self[(size_t)i * p->columns + c] = 0;
}

static enum p2a_status apply_to_tree(struct p2a_profile *p, enum rule rule,
                                     const unsigned char *matched, struct p2a_error *error)
{
    size_t n = p->contexts.n;
    unsigned char *bytes = calloc(3, n + 1);
    if (!bytes)
        return p2a_error_memory(error);
    struct marks m = {&p->contexts, matched, bytes, bytes + n};
    mark(&m);
    for (uint32_t i = 0; i < n; i++)
        bytes[2 * n + i] = (unsigned char)fate_of(&m, rule, i);
    if (rule == FOCUS)
        clear_unfocused(p, &m);
    struct p2a_rewrite rewrite = {.fate = bytes + 2 * n};
    enum p2a_status status = p2a_rewrite_contexts(p, &rewrite, error);
    free(bytes);
    return status;
}

static enum p2a_status limit_depth(struct p2a_profile *p, unsigned depth, struct p2a_error *error)
{
    const struct p2a_contexts *t = &p->contexts;
    unsigned char *fate = calloc((size_t)t->n + 1, 1);
    uint32_t *deep = malloc(((size_t)t->n + 1) * sizeof *deep);
    enum p2a_status status = P2A_SYSTEM;
    if (fate && deep) {
        for (uint32_t i = 0; i < t->n; i++) {
            deep[i] = t->row[i].parent == P2A_NONE ? 1 : deep[t->row[i].parent] + 1;
            fate[i] = deep[i] > depth ? P2A_FOLD : P2A_KEEP;
        }
        struct p2a_rewrite rewrite = {.fate = fate};
        status = memchr(fate, P2A_FOLD, t->n) ? p2a_rewrite_contexts(p, &rewrite, error) : P2A_OK;
    } else {
        p2a_error_memory(error);
    }
    free(fate);
    free(deep);
    return status;
}

/* ---- on the graph ---- */

/* Spreads REACHED along the arcs, down or up, until nothing is new. */
static bool spread(const struct p2a_profile *p, unsigned char *reached, bool up)
{
    const struct p2a_graph *g = &p->graph;
    size_t n = p->functions.n;
    uint32_t *start = calloc(n + 2, sizeof *start),
             *next = malloc(((size_t)g->arc_n + 1) * sizeof *next);
    p2a_id *stack = malloc((n + 1) * sizeof *stack);
    size_t top = 0;
    bool done = start && next && stack;
    for (uint32_t a = 0; done && a < g->arc_n; a++)
        start[(up ? g->arc[a].callee : g->arc[a].caller) + 2]++;
    for (size_t f = 0; done && f < n; f++)
        start[f + 2] += start[f + 1]; /* start[f+1] is now where f's arcs begin */
    for (uint32_t a = 0; done && a < g->arc_n; a++)
        next[start[(up ? g->arc[a].callee : g->arc[a].caller) + 1]++] =
            up ? g->arc[a].caller : g->arc[a].callee;
    for (p2a_id f = 0; done && f < n; f++)
        if (reached[f])
            stack[top++] = f;
    while (done && top) {
        p2a_id f = stack[--top];
        for (uint32_t i = start[f]; i < start[f + 1]; i++)
            if (!reached[next[i]])
                reached[stack[top++] = next[i]] = 1;
    }
    free(start);
    free(next);
    free(stack);
    return done;
}

/* Whether a function that is kept is called by one that isn't, and is no MATCH itself. */
static bool called_from_elsewhere(const struct p2a_profile *p, const unsigned char *kept,
                                  const unsigned char *match)
{
    for (uint32_t a = 0; a < p->graph.arc_n; a++) {
        const struct p2a_arc *arc = &p->graph.arc[a];
        if (!kept[arc->caller] && kept[arc->callee] && !match[arc->callee])
            return true;
    }
    return false;
}

static void note_self_gone(struct p2a_profile *p, double whole)
{
    char share[P2A_HUMAN_ROOM];
    double lost = whole - p2a_whole(p, 0);
    if (lost > 1e-9 * whole)
        p2a_note(p,
                 "%s of the whole is self of functions that aren't shown: left out, a call graph "
                 "doesn't tell whose it would be",
                 p2a_human_share(share, lost / whole, 1));
}

static enum p2a_status apply_to_graph(struct p2a_profile *p, enum rule rule,
                                      const unsigned char *matched, struct p2a_error *error)
{
    size_t n = p->functions.n;
    double whole = p2a_whole(p, 0);
    unsigned char *kept = malloc(n + 1);
    if (kept)
        memcpy(kept, matched, n);
    if (!kept || (rule != SHOW && !spread(p, kept, rule == LEAF))) {
        free(kept);
        return p2a_error_memory(error);
    }
    if (rule == ROOT && called_from_elsewhere(p, kept, matched))
        p2a_note(p, "--root works on a call graph: what is below has all its time, also what it "
                    "took for other callers");
    enum p2a_status status = p2a_rewrite_graph(p, kept, NULL, NULL, error);
    if (status == P2A_OK && rule == SHOW)
        note_self_gone(p, whole);
    free(kept);
    return status;
}

/* ---- renaming ---- */

/* Where the module's name begins in the path of a Python file: behind the last directory that
 * Python imports from, as far as its name tells; else the file is a module of its own. */
static struct p2a_str importable(struct p2a_str path)
{
    size_t from = path.n - p2a_str_base(path).n;
    for (size_t i = path.n; i-- > 0;) {
        struct p2a_str folder = {path.at + i, path.n - i}, name, rest;
        if (path.at[i] != '/')
            continue;
        folder.at++, folder.n--;
        if (!p2a_str_cut(folder, '/', &name, &rest))
            continue;
        bool python = p2a_str_starts(name, "python") && name.n > 6;
        if (p2a_str_is(name, "site-packages") || p2a_str_is(name, "dist-packages") || python)
            return rest;
    }
    return (struct p2a_str){path.at + from, path.n - from};
}

/* "json.encoder" of ".../python3.11/json/encoder.py", "json" of ".../json/__init__.py". */
static p2a_id python_module(struct p2a_profile *p, struct p2a_str path)
{
    struct p2a_str name = importable(path), folder = path;
    struct p2a_buffer text = {0};
    p2a_id id = 0;
    if (p2a_str_is(name, "__init__.py")) {
        folder.n -= name.n + (folder.n > name.n);
        name = p2a_str_base(folder);
    } else {
        name.n -= p2a_str_ends(name, "/__init__.py") ? strlen("/__init__.py") : strlen(".py");
    }
    if (p2a_buffer_add(&text, name.at, name.n)) {
        for (size_t i = 0; i < text.n; i++)
            if (text.at[i] == '/')
                text.at[i] = '.';
        id = p2a_intern(p, (struct p2a_str){text.at, text.n});
    } else {
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    }
    p2a_buffer_free(&text);
    return id;
}

p2a_id p2a_module_name(struct p2a_profile *p, p2a_id function)
{
    p2a_id module = p->functions.row[function].module;
    struct p2a_str file = p2a_string(p, p->functions.row[function].file);
    return !module && p2a_str_ends(file, ".py") ? python_module(p, file) : module;
}

static void name_module(struct p2a_profile *p, p2a_id id, struct p2a_function *f)
{
    p2a_id module = p2a_module_name(p, id);
    *f = (struct p2a_function){.name = module ? module : f->file, .kind = f->kind};
}

/* "file:line", where functions that start on one line are one. */
static void name_line(struct p2a_profile *p, struct p2a_function *f)
{
    struct p2a_buffer text = {0};
    struct p2a_str file = p2a_string(p, f->file);
    char line[24];
    int n = snprintf(line, sizeof line, ":%lld", (long long)f->line);
    if (p2a_buffer_add(&text, file.at, file.n) && p2a_buffer_add(&text, line, (size_t)n))
        *f = (struct p2a_function){.name = p2a_intern(p, (struct p2a_str){text.at, text.n}),
                                   .kind = f->kind};
    else
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    p2a_buffer_free(&text);
}

/* What a function becomes; without a file or module it stays itself. */
static p2a_id regroup(struct p2a_profile *p, p2a_id id, const struct p2a_selection *s)
{
    struct p2a_function f = p->functions.row[id];
    struct p2a_str file = p2a_string(p, f.file);
    bool placed = file.n && !p2a_str_is(file, "~");
    if (s->strip_dirs && placed) {
        f.file = p2a_intern(p, p2a_str_base(file));
        f.qualname = p->functions.row[id].qualname;
    }
    if (s->strip_dirs && f.module)
        f.module = p2a_intern(p, p2a_module_base(p2a_string(p, f.module)));
    if (s->group_by == P2A_BY_FILE && placed)
        f = (struct p2a_function){.name = f.file, .kind = f.kind};
    else if (s->group_by == P2A_BY_MODULE && (placed || f.module))
        name_module(p, id, &f);
    else if (s->group_by == P2A_BY_LINE && placed && f.line > 0)
        name_line(p, &f);
    return p2a_function(p, &f);
}

/* Of one input the folders of files are known and of another the modules of functions: without the
 * folders they meet. RENAME has the first N functions. */
static void join_alike(struct p2a_profile *p, p2a_id *rename, uint32_t n)
{
    struct p2a_function *all = calloc((size_t)p->functions.n + 1, sizeof *all);
    p2a_id *other = malloc(((size_t)p->functions.n + 1) * sizeof *other);
    for (p2a_id f = 0; all && f < n; f++)
        all[rename[f]] = p->functions.row[rename[f]];
    bool done = all && other && p2a_find_alike(all, p->functions.n, other);
    for (p2a_id f = 0; done && f < n; f++)
        if (other[rename[f]] != P2A_NONE && !all[rename[f]].module)
            rename[f] = other[rename[f]];
    if (!done)
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    free(all);
    free(other);
}

/* Whether a function that anything is said of stays itself. */
static bool keeps_some(const struct p2a_profile *p, const p2a_id *rename)
{
    for (uint32_t i = 0; i < p->contexts.n; i++)
        if (rename[p->contexts.row[i].function] == p->contexts.row[i].function)
            return true;
    for (uint32_t i = 0; i < p->graph.order_n; i++)
        if (rename[p->graph.order[i]] == p->graph.order[i])
            return true;
    return false;
}

static void note_not_joined(struct p2a_profile *p, enum p2a_group by)
{
    static const char *const missing[] = {[P2A_BY_FILE] = "which file they are in",
                                          [P2A_BY_MODULE] = "which module they are in",
                                          [P2A_BY_LINE] = "at which line they start"};
    p2a_note(p, "functions don't say %s: --group-by joins none of them", missing[by]);
}

static enum p2a_status rename_functions(struct p2a_profile *p, const struct p2a_selection *s,
                                        struct p2a_error *error)
{
    uint32_t n = p->functions.n;
    p2a_id *rename = malloc(((size_t)n * 2 + 1) * sizeof *rename);
    if (!rename)
        return p2a_error_memory(error);
    for (p2a_id f = 0; f < n; f++)
        rename[f] = regroup(p, f, s);
    if (s->strip_dirs && p2a_profile_status(p) == P2A_OK)
        join_alike(p, rename, n);
    enum p2a_status status = p2a_take_error(p, error);
    bool grouped = s->group_by != P2A_BY_FUNCTION;
    bool partly = grouped && status == P2A_OK && keeps_some(p, rename);
    if (partly && p->functions.n == n)
        note_not_joined(p, s->group_by);
    struct p2a_rewrite rewrite = {.rename = rename, .join = grouped};
    if (status == P2A_OK && p->facts & P2A_CONTEXTS)
        status = p2a_rewrite_contexts(p, &rewrite, error);
    else if (status == P2A_OK)
        status = p2a_rewrite_graph(p, NULL, NULL, rename, error);
    free(rename);
    if (grouped && status == P2A_OK) {
        p->grouped = s->group_by;
        p->partly_grouped = partly;
    }
    return status;
}

/* ---- thresholds ---- */

/* Of a comparison the side that has more of metric M, so that nothing goes for being gone. */
static double larger_side(const struct p2a_profile *p, const double *values, uint32_t row,
                          uint32_t m)
{
    const double *value = values + (size_t)row * p->columns + m;
    return p->columns > p->metrics.n ? fmax(value[0], value[p->metrics.n]) : value[0];
}

static double larger_whole(const struct p2a_profile *p, uint32_t m)
{
    bool compared = p->columns > p->metrics.n;
    return fmax(p2a_whole(p, m), compared ? p2a_whole(p, p->metrics.n + m) : 0);
}

/* How much of metric M is self of functions that aren't kept; of a comparison's sides the one that
 * loses more. */
static double share_dropped(const struct p2a_profile *p, const unsigned char *keep, uint32_t m)
{
    double most = 0;
    for (uint32_t c = m; c < p->columns; c += p->metrics.n) {
        double whole = p2a_whole(p, c), share = 0;
        for (uint32_t f = 0; f < p->graph.node_n; f++)
            share += keep[f] || whole <= 0 ? 0 : p->graph.self[(size_t)f * p->columns + c] / whole;
        most = fmax(most, share);
    }
    return most;
}

/* The first metric has judged; what another one loses the most is told, where that is more. */
static void note_dropped(struct p2a_profile *p, const unsigned char *keep, uint32_t functions,
                         uint32_t arcs)
{
    char most[128] = "", first[P2A_HUMAN_ROOM], other[P2A_HUMAN_ROOM];
    double share = share_dropped(p, keep, 0), largest = share;
    for (uint32_t m = 1; m < p->metrics.n; m++) {
        double lost = share_dropped(p, keep, m);
        if (lost <= largest)
            continue;
        largest = lost;
        snprintf(most, sizeof most, " in %s, %s in %s", p2a_metric_name(p, 0),
                 p2a_human_share(other, lost, 1), p2a_metric_name(p, m));
    }
    if (functions)
        p2a_note(p, "%u %s below the threshold left out, %s of the whole by %s%s", functions,
                 p2a_functions_word(p, functions), p2a_human_share(first, share, 1),
                 functions == 1 ? "itself" : "themselves", most);
    if (arcs)
        p2a_note(p, "%u arc%s below the threshold left out", arcs, p2a_plural(arcs));
}

/* Functions below the node threshold lose their frames; in a tree, which has no arcs to lose, their
 * self goes to the caller. */
static enum p2a_status drop_below(struct p2a_profile *p, double of_node, double of_arc,
                                  struct p2a_error *error)
{
    if (!(p->facts & P2A_GRAPH) && p->facts & P2A_CONTEXTS && p2a_derive(p, error) != P2A_OK)
        return error->status;
    const struct p2a_graph *g = &p->graph;
    double whole = larger_whole(p, 0);
    unsigned char *keep = malloc((size_t)g->node_n + 1), *arc = malloc((size_t)g->arc_n + 1);
    unsigned char *fate = calloc((size_t)p->contexts.n + 1, 1);
    uint32_t functions = 0, arcs = 0;
    enum p2a_status status = P2A_SYSTEM;
    if (!keep || !arc || !fate) {
        status = p2a_error_memory(error);
    } else {
        for (uint32_t f = 0; f < g->node_n; f++) {
            bool row = g->node[f].has & P2A_HAS_ROW;
            keep[f] = !row || larger_side(p, g->total, f, 0) >= of_node * whole;
            functions += row && !keep[f];
        }
        for (uint32_t a = 0; a < g->arc_n; a++) {
            arc[a] = larger_side(p, g->arc_total, a, 0) >= of_arc * whole;
            arcs += !arc[a];
        }
        for (uint32_t i = 0; i < p->contexts.n; i++)
            fate[i] = keep[p->contexts.row[i].function] ? P2A_KEEP : P2A_FOLD;
        struct p2a_rewrite rewrite = {.fate = fate};
        note_dropped(p, keep, functions, p->facts & P2A_CONTEXTS ? 0 : arcs);
        if (!(p->facts & P2A_CONTEXTS))
            status = p2a_rewrite_graph(p, keep, arc, NULL, error);
        else
            status = functions ? p2a_rewrite_contexts(p, &rewrite, error) : P2A_OK;
    }
    free(keep);
    free(arc);
    free(fate);
    return status;
}

static enum p2a_status apply_thresholds(struct p2a_profile *p, const struct p2a_selection *s,
                                        struct p2a_error *error)
{
    double of_node = s->node_threshold, of_arc = s->edge_threshold;
    enum p2a_status status = P2A_OK;
    if (!(p->facts & P2A_CONTEXTS))
        return drop_below(p, of_node, of_arc, error);
    if (of_node > 0)
        status = drop_below(p, of_node, 0, error);
    if (status != P2A_OK || of_arc <= 0)
        return status;
    if (!s->graph) {
        p2a_note(p, "--edge-threshold is for call graphs: call paths stay as they are");
        return P2A_OK;
    }
    status = p2a_shape(p, false, false, error);
    return status == P2A_OK ? drop_below(p, 0, of_arc, error) : status;
}

void p2a_note_hidden(struct p2a_profile *p, double whole)
{
    char share[P2A_HUMAN_ROOM];
    double lost = whole - p2a_whole(p, 0);
    if (lost > 1e-9 * whole)
        p2a_note(p, "%s of the whole is in stacks of hidden functions alone: left out",
                 p2a_human_share(share, lost / whole, 1));
}

/* ---- metric and thread ---- */

static void keep_column(double *values, size_t rows, uint32_t columns, uint32_t metrics, uint32_t m)
{
    uint32_t sets = columns / metrics;
    for (size_t r = 0; r < rows; r++)
        for (uint32_t s = 0; s < sets; s++)
            values[r * sets + s] = values[r * columns + s * metrics + m];
}

static void lead_column(double *values, size_t rows, uint32_t columns, uint32_t metrics, uint32_t m)
{
    for (size_t set = 0; set < rows * (columns / metrics); set++) {
        double *first = values + set * metrics, lead = first[m];
        memmove(first + 1, first, m * sizeof *first);
        first[0] = lead;
    }
}

static void each_table(struct p2a_profile *p, uint32_t m,
                       void (*change)(double *values, size_t rows, uint32_t columns,
                                      uint32_t metrics, uint32_t m))
{
    struct p2a_graph *g = &p->graph;
    uint32_t columns = p->columns, metrics = p->metrics.n;
    change(p->contexts.self, p->contexts.n, columns, metrics, m);
    change(g->self, g->node_n, columns, metrics, m);
    change(g->total, g->node_n, columns, metrics, m);
    change(g->arc_self, g->arc_n, columns, metrics, m);
    change(g->arc_total, g->arc_n, columns, metrics, m);
    change(g->line_self, g->line_n, columns, metrics, m);
    change(g->site_total, g->site_n, columns, metrics, m);
}

void p2a_lead_metric(struct p2a_profile *p, p2a_id metric)
{
    if (!metric) /* it leads, or there is none at all */
        return;
    struct p2a_metric *row = p->metrics.row, lead = row[metric];
    each_table(p, metric, lead_column);
    memmove(row + 1, row, metric * sizeof *row);
    row[0] = lead;
    p->base = 0;
}

static enum p2a_status select_metric(struct p2a_profile *p, const char *name,
                                     struct p2a_error *error)
{
    char list[256] = "";
    size_t n = 0;
    uint32_t m = 0, columns = p->columns, metrics = p->metrics.n;
    for (; m < metrics && strcmp(p2a_metric_name(p, m), name) != 0; m++)
        if (n < sizeof list)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "",
                                  p2a_metric_name(p, m));
    if (m == metrics)
        return p2a_error_set(error, P2A_USAGE, "--metric %s: the input has %s", name, list);
    each_table(p, m, keep_column);
    p->metrics.row[0] = p->metrics.row[m];
    p->metrics.n = 1;
    p->columns = columns / metrics;
    p->facts &= ~(unsigned)P2A_MANY;
    return P2A_OK;
}

static bool is_thread(const struct p2a_profile *p, p2a_id thread, const char *wanted)
{
    if (thread == P2A_NONE)
        return false;
    const struct p2a_thread *t = &p->threads.row[thread];
    char both[P2A_THREAD_NUMBER];
    uint64_t number;
    if (p2a_str_is(p2a_string(p, t->name), wanted) ||
        strcmp(p2a_thread_number(t, true, both), wanted) == 0)
        return true;
    return p2a_str_u64(p2a_str_of(wanted), &number) && (t->tid == number || t->pid == number);
}

/* By its name, or, without one, its number. */
static struct p2a_str name_thread(const struct p2a_profile *p, p2a_id thread, bool repeat,
                                  char number[P2A_THREAD_NUMBER])
{
    const struct p2a_thread *t = &p->threads.row[thread];
    struct p2a_str name = p2a_string(p, t->name);
    return name.n ? name : p2a_str_of(p2a_thread_number(t, repeat, number));
}

/* "main, worker 1 and 3 more": as many as there is room for. */
static void list_threads(const struct p2a_profile *p, char *list, size_t size)
{
    enum { MORE = sizeof " and 4294967295 more" };
    char number[P2A_THREAD_NUMBER];
    bool repeat = p2a_tids_repeat(p);
    size_t n = 0;
    p2a_id i = 0;
    for (; i < p->threads.n; i++) {
        struct p2a_str name = name_thread(p, i, repeat, number);
        if (name.n + sizeof ", " + MORE > size - n)
            break;
        n += (size_t)snprintf(list + n, size - n, "%s%s", i ? ", " : "", name.at);
    }
    if (i < p->threads.n && i)
        snprintf(list + n, size - n, " and %u more", p->threads.n - i);
    else if (i < p->threads.n)
        snprintf(list, size, "%u thread%s", p->threads.n, p2a_plural(p->threads.n));
}

static enum p2a_status select_thread(struct p2a_profile *p, const char *wanted,
                                     struct p2a_error *error)
{
    char list[200] = "";
    bool found = false, apart = p->facts & P2A_CONTEXTS && !(p->estimated & P2A_CONTEXTS);
    for (p2a_id i = 0; i < p->threads.n; i++)
        found = found || is_thread(p, i, wanted);
    list_threads(p, list, sizeof list);
    if (!p->threads.n || !apart)
        return p2a_error_set(error, P2A_USAGE, "--thread %s: the input doesn't tell threads apart",
                             wanted);
    if (!found)
        return p2a_error_set(error, P2A_USAGE, "--thread %s: the input has %s", wanted, list);
    unsigned char *fate = calloc((size_t)p->contexts.n + 1, 1);
    if (!fate)
        return p2a_error_memory(error);
    for (uint32_t i = 0; i < p->contexts.n; i++)
        fate[i] = is_thread(p, p->contexts.row[i].thread, wanted) ? P2A_KEEP : P2A_DROP;
    struct p2a_rewrite rewrite = {.fate = fate};
    enum p2a_status status = p2a_rewrite_contexts(p, &rewrite, error);
    free(fate);
    return status;
}

/* ---- all of it ---- */

enum p2a_status p2a_need_stacks(struct p2a_profile *p, const char *option, bool exact,
                                struct p2a_error *error)
{
    if (p->facts & P2A_CONTEXTS || !(p->facts & P2A_GRAPH))
        return P2A_OK;
    if (exact)
        return p2a_error_set(error, P2A_USAGE,
                             "%s needs stacks, which the input doesn't have; --exact refuses to "
                             "estimate them",
                             option);
    enum p2a_status status = p2a_estimate(p, false, error);
    if (status != P2A_OK)
        return status;
    if (p->graph.line_n)
        p2a_note(p, P2A_NO_LINES);
    if (p->facts & P2A_CALLS)
        p2a_note(p, "%s works on estimated stacks: call counts aren't known of them", option);
    p2a_drop_graph(p);
    p->recorded &= p->facts;
    return P2A_OK;
}

static enum p2a_status apply_rule(struct p2a_profile *p, enum rule rule, const char *pattern,
                                  bool exact, struct p2a_error *error)
{
    bool reachability = rule == ROOT || rule == LEAF || rule == SHOW;
    if (!pattern)
        return P2A_OK;
    unsigned char *matched = p2a_pattern_functions(p, rule_names[rule], pattern, error);
    if (!matched)
        return error->status;
    if (!memchr(matched, 1, p->functions.n)) {
        free(matched);
        return no_match(p, rule, pattern, error);
    }
    enum p2a_status status = P2A_OK;
    uint32_t functions = p->functions.n;
    double whole = p2a_whole(p, 0);
    if (!reachability)
        status = p2a_need_stacks(p, rule_names[rule], exact, error);
    if (status == P2A_OK && p->functions.n > functions) { /* the estimate has made marker frames */
        free(matched);
        matched = p2a_pattern_functions(p, rule_names[rule], pattern, error);
        status = matched ? P2A_OK : error->status;
    }
    if (status == P2A_OK && matched)
        status = p->facts & P2A_CONTEXTS ? apply_to_tree(p, rule, matched, error)
                                         : apply_to_graph(p, rule, matched, error);
    if (status == P2A_OK && rule == HIDE)
        p2a_note_hidden(p, whole);
    free(matched);
    return status;
}

static enum p2a_status apply(struct p2a_profile *p, const struct p2a_selection *s,
                             struct p2a_error *error)
{
    const char *const patterns[] = {s->focus,      s->ignore, s->show, s->hide,
                                    s->prune_from, s->root,   s->leaf};
    static const enum rule order[] = {ROOT, LEAF, FOCUS, IGNORE, PRUNE, SHOW, HIDE};
    enum p2a_status status = P2A_OK;
    if (s->rule_n)
        status = p2a_apply_rules(p, s, error);
    if (status == P2A_OK && s->metric)
        status = select_metric(p, s->metric, error);
    if (status == P2A_OK && s->thread)
        status = select_thread(p, s->thread, error);
    for (size_t i = 0; status == P2A_OK && i < sizeof order / sizeof *order; i++)
        status = apply_rule(p, order[i], patterns[order[i]], s->exact, error);
    if (status == P2A_OK && s->group_by)
        status = p2a_need_stacks(p, "--group-by", s->exact, error);
    if (status == P2A_OK && (s->strip_dirs || s->group_by))
        status = rename_functions(p, s, error);
    if (status == P2A_OK && s->depth)
        status = p2a_need_stacks(p, "--depth", s->exact, error);
    if (status == P2A_OK && s->depth)
        status = limit_depth(p, s->depth, error);
    if (status == P2A_OK && (s->node_threshold > 0 || s->edge_threshold > 0))
        status = apply_thresholds(p, s, error);
    return status;
}

bool p2a_selects_all(const struct p2a_selection *s)
{
    return !s->focus && !s->ignore && !s->show && !s->hide && !s->prune_from && !s->root &&
           !s->leaf && !s->rule_n && !s->metric && !s->thread && !s->depth && !s->group_by &&
           !s->strip_dirs && s->node_threshold <= 0 && s->edge_threshold <= 0;
}

static void note_no_own_graph(struct p2a_profile *changed, const struct p2a_profile *p)
{
    p2a_note(changed, "selecting works on call paths: %s",
             p->facts & P2A_CALLS && !p2a_counts_paths(p)
                 ? "call counts, which only functions have, are left out"
                 : "calls whose paths weren't recorded are one frame now, and in no function's "
                   "calls and times");
}

enum p2a_status p2a_select(struct p2a_profile *p, const struct p2a_selection *selection,
                           struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    if (!p2a_selects_all(selection) && p2a_unfold(p, &ours) == P2A_OK) {
        struct p2a_profile *changed = p2a_copy(p, &ours);
        for (size_t i = 0; changed && i < p2a_note_count(p); i++)
            p2a_note(changed, "%s", p2a_note_at(p, i));
        if (changed && p->spread.n)
            p2a_note(changed, "what the runs spread over isn't known of a selection: changes are "
                              "those of their means");
        if (changed && apply(changed, selection, &ours) == P2A_OK) {
            if (p2a_has_own_graph(p) && !p2a_has_own_graph(changed))
                note_no_own_graph(changed, p);
            p2a_swap(p, changed);
        }
        p2a_free(changed);
    }
    if (error)
        *error = ours;
    return ours.status;
}
