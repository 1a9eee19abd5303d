/* A recording in memory, as getstats() of _lsprof has it: what follows from the tree
 * (model/derive), and what was folded added to it. A function's number is its identity, and stands
 * in for its line. */
#include "collector/profiler.h"

#include <stdlib.h>

#include "collector/bias.h"
#include "model/derive.h"

/* The figures of a function or of an arc. */
struct figures {
    uint64_t calls, primitive;
    double self, total; /* ticks */
};

static struct figures figures_of(uint64_t calls, uint64_t primitive, double self, double total)
{
    return (struct figures){calls, primitive, self, total};
}

static bool is_marker(const struct p2a_recorder *r, uint32_t function)
{
    return !p2a_object(r, function);
}

/* ---- the tree as contexts -------------------------------------------------------------------- */

/* Whose figures go to which function of the profile. */
struct drawing {
    const struct p2a_recorder *r;
    struct p2a_profile *p;
    const uint32_t *first; /* by number: the number in its place; NULL: each its own */
};

static p2a_id function_id(const struct drawing *d, uint32_t number)
{
    uint32_t line = d->first ? d->first[number] : number;
    return p2a_function(d->p, &(struct p2a_function){.line = line});
}

/* By number, the first function with the same name, file and line, such as two lambdas of a line
 * have; to be freed. NULL: no memory. */
static uint32_t *first_of_each_name(const struct p2a_recorder *r)
{
    uint32_t n = p2a_told_count(r);
    uint32_t *first = calloc(2 * ((size_t)n + 1), sizeof *first);
    uint32_t *number = first ? first + n + 1 : NULL; /* by function of NAMES */
    struct p2a_profile *names = first ? p2a_profile_new(UINT32_MAX) : NULL;
    for (uint32_t i = 1; names && i <= n; i++) {
        const struct p2a_rec_function *f = p2a_named(r, i);
        const char *name = (const char *)(f + 1), *file = name + f->name + f->qualname;
        p2a_id id = p2a_function(
            names,
            &(struct p2a_function){.name = p2a_intern(names, (struct p2a_str){name, f->name}),
                                   .file = p2a_intern(names, (struct p2a_str){file, f->file}),
                                   .line = f->line});
        if (p2a_profile_status(names) != P2A_OK)
            break;
        if (!number[id])
            number[id] = i;
        first[i] = is_marker(r, i) || is_marker(r, number[id]) ? i : number[id];
    }
    bool enough = names && p2a_profile_status(names) == P2A_OK;
    p2a_free(names);
    if (enough)
        return first;
    free(first);
    return NULL;
}

/* Calls that are still open don't count yet. */
static void take_back_open_calls(const struct p2a_recorder *r, struct p2a_profile *p,
                                 const struct p2a_rec_node *base, const p2a_id *context)
{
    for (const struct p2a_track *k = NULL; (k = p2a_next_track(r, k));)
        for (const struct p2a_rec_node *n = p2a_track_top(k); n->up; n -= n->up)
            if (!(n->flags & P2A_NODE_FOLDED) && p2a_calls_of(&p->contexts, context[n - base]))
                p->contexts.calls[context[n - base]]--;
}

static void add_contexts(const struct drawing *d, const double *self, p2a_id *context)
{
    const struct p2a_recorder *r = d->r;
    struct p2a_profile *p = d->p;
    const struct p2a_rec_node *base = (const void *)p2a_header(r), *n;
    struct p2a_node_walk walk = {0};
    while ((n = p2a_next_node(r, &walk))) {
        if (!n->up)
            continue; /* a root is no call */
        const struct p2a_rec_node *parent = n - n->up;
        p2a_id above = parent->up ? context[parent - base] : P2A_NONE;
        p2a_id c = context[n - base] = p2a_context(p, above, function_id(d, n->function), P2A_NONE);
        p2a_context_calls(p, c, n->calls);
        p2a_context_add(p, c, 0, self[n - base]);
    }
    if (p2a_profile_status(p) == P2A_OK)
        take_back_open_calls(r, p, base, context);
}

static void take_back(const struct drawing *d, const struct p2a_open_fold *open)
{
    p2a_id callee = function_id(d, open->callee);
    struct p2a_node *node = p2a_node(d->p, callee);
    if (node) {
        node->calls--;
        node->primitive -= open->primitive;
    }
    p2a_id row = open->caller ? p2a_arc(d->p, function_id(d, open->caller), callee) : P2A_NONE;
    if (row != P2A_NONE) {
        d->p->graph.arc[row].calls--;
        d->p->graph.arc[row].primitive -= open->primitive_arc;
    }
}

static void take_back_open_folds(const struct drawing *d)
{
    struct p2a_open_fold open;
    for (const struct p2a_track *k = NULL; (k = p2a_next_track(d->r, k));)
        for (uint32_t i = 0; p2a_open_fold(k, i, &open); i++)
            take_back(d, &open);
}

static void add_folded(const struct drawing *d)
{
    const struct p2a_recorder *r = d->r;
    struct p2a_profile *p = d->p;
    for (uint32_t i = 0; i < p2a_fold_count(r); i++) {
        const struct p2a_rec_fold *f = p2a_fold(r, i);
        p2a_id callee = function_id(d, f->callee);
        if (!f->caller) {
            struct p2a_node *node = p2a_node(p, callee);
            if (!node)
                return;
            node->calls += f->calls;
            node->primitive += f->primitive;
            *p2a_node_self(p, callee) += (double)(int64_t)f->self;
            *p2a_node_total(p, callee) += (double)(int64_t)f->total;
            continue;
        }
        p2a_id row = p2a_arc(p, function_id(d, f->caller), callee);
        if (row == P2A_NONE)
            return;
        p->graph.arc[row].calls += f->calls;
        p->graph.arc[row].primitive += f->primitive;
        p->graph.arc_self[row] += (double)(int64_t)f->self;
        p->graph.arc_total[row] += (double)(int64_t)f->total;
    }
}

static bool draw(const struct drawing *d, double bias)
{
    struct p2a_profile *p = d->p;
    p2a_id *context = malloc(((size_t)p2a_header(d->r)->cells + 1) * sizeof *context);
    double *self = p2a_self_less(d->r, bias);
    struct p2a_error error;
    bool derived = false;
    if (context && self) {
        p2a_metric(p, "time", "seconds", 1);
        for (uint32_t i = 1; i <= p2a_told_count(d->r); i++)
            p2a_function(p, &(struct p2a_function){.line = i});
        add_contexts(d, self, context);
        p->facts |= P2A_CONTEXTS | P2A_CALLS;
        derived = p2a_profile_status(p) == P2A_OK && p2a_derive(p, &error) == P2A_OK;
        if (derived) {
            add_folded(d);
            take_back_open_folds(d);
        }
    }
    free(self);
    free(context);
    return derived && p2a_profile_status(p) == P2A_OK;
}

/* Function ids are numbers less 1, because they are added in that order. NULL: no memory. */
static struct p2a_profile *graph_of(const struct p2a_recorder *r, double bias, bool by_name)
{
    uint32_t *first = by_name ? first_of_each_name(r) : NULL;
    struct p2a_profile *p = by_name && !first ? NULL : p2a_profile_new(UINT32_MAX);
    if (p && !draw(&(struct drawing){r, p, first}, bias)) {
        p2a_free(p);
        p = NULL;
    }
    free(first);
    return p;
}

/* ---- Python objects -------------------------------------------------------------------------- */

struct list {
    struct p2a_profiler *profiler;
    const struct p2a_profile *p;
    PyObject **calls; /* by function: the list of its callees, NULL: none */
    double tick;      /* seconds */
};

/* The fields that entries and subentries have in common, and CALLS where it is one. */
static PyObject *new_entry(const struct list *l, PyTypeObject *type, p2a_id function,
                           struct figures f, PyObject *calls)
{
    PyObject *entry = PyStructSequence_New(type);
    if (!entry)
        return NULL;
    const struct p2a_subject *s = p2a_object(l->profiler->recorder, function + 1);
    Py_INCREF(s->code);
    PyStructSequence_SET_ITEM(entry, 0, s->code);
    PyStructSequence_SET_ITEM(entry, 1, PyLong_FromUnsignedLongLong(f.calls));
    PyStructSequence_SET_ITEM(entry, 2, PyLong_FromUnsignedLongLong(f.calls - f.primitive));
    PyStructSequence_SET_ITEM(entry, 3, PyFloat_FromDouble(f.total * l->tick));
    PyStructSequence_SET_ITEM(entry, 4, PyFloat_FromDouble(f.self * l->tick));
    if (calls) {
        Py_INCREF(calls);
        PyStructSequence_SET_ITEM(entry, 5, calls);
    }
    if (!PyErr_Occurred())
        return entry;
    Py_DECREF(entry);
    return NULL;
}

/* Also takes the reference of ENTRY, which may be NULL. */
static bool append(PyObject *to, PyObject *entry)
{
    bool done = entry && PyList_Append(to, entry) == 0;
    Py_XDECREF(entry);
    return done;
}

static bool add_subentries(struct list *l)
{
    const struct p2a_graph *g = &l->p->graph;
    const struct p2a_recorder *r = l->profiler->recorder;
    for (uint32_t i = 0; i < g->arc_n; i++) {
        const struct p2a_arc *a = &g->arc[i];
        struct figures f = figures_of(a->calls, a->primitive, g->arc_self[i], g->arc_total[i]);
        bool nothing = !f.calls && f.total == 0 && !p2a_recorder_runs(r);
        if (nothing || is_marker(r, a->caller + 1) || is_marker(r, a->callee + 1))
            continue;
        if (!l->calls[a->caller] && !(l->calls[a->caller] = PyList_New(0)))
            return false;
        if (!append(l->calls[a->caller],
                    new_entry(l, l->profiler->module->subentry_type, a->callee, f, NULL)))
            return false;
    }
    return true;
}

/* While it records, a function without calls is still open, and isn't told before it returns, as by
 * _lsprof's; arcs to it are. In what is over it is a forked child's: the parent has the call, the
 * child the time since. */
static bool is_told(const struct list *l, struct figures f)
{
    return f.calls || (f.total > 0 && !p2a_recorder_runs(l->profiler->recorder));
}

static bool add_entries(struct list *l, PyObject *to)
{
    const struct p2a_graph *g = &l->p->graph;
    for (uint32_t i = 0; i < g->order_n; i++) {
        p2a_id id = g->order[i];
        const struct p2a_node *n = &g->node[id];
        struct figures f = figures_of(n->calls, n->primitive, g->self[id], g->total[id]);
        if (is_marker(l->profiler->recorder, id + 1) || !is_told(l, f))
            continue;
        if (!append(to, new_entry(l, l->profiler->module->entry_type, id, f,
                                  l->calls[id] ? l->calls[id] : Py_None)))
            return false;
    }
    return true;
}

static PyObject *list_of(struct p2a_profiler *profiler, const struct p2a_profile *p)
{
    uint32_t n = p->functions.n;
    struct list l = {profiler, p, calloc((size_t)n + 1, sizeof(PyObject *)),
                     p2a_tick_seconds(profiler->recorder)};
    PyObject *entries = l.calls ? PyList_New(0) : NULL;
    bool done = entries && (!profiler->subcalls || add_subentries(&l)) && add_entries(&l, entries);
    if (!l.calls)
        PyErr_NoMemory();
    for (uint32_t i = 0; l.calls && i < n; i++)
        Py_XDECREF(l.calls[i]);
    free(l.calls);
    if (!done)
        Py_CLEAR(entries);
    return entries;
}

static double ticks_of(const struct p2a_recorder *r, double seconds)
{
    double tick = p2a_tick_seconds(r);
    return tick > 0 ? seconds / tick : 0;
}

PyObject *p2a_getstats(struct p2a_profiler *profiler, double bias, bool by_name)
{
    if (!profiler->recorder)
        return PyList_New(0);
    p2a_recorder_touch(profiler->recorder);
    struct p2a_profile *p =
        graph_of(profiler->recorder, ticks_of(profiler->recorder, bias), by_name);
    if (!p)
        return PyErr_NoMemory();
    PyObject *entries = list_of(profiler, p);
    p2a_free(p);
    return entries;
}

PyObject *p2a_recording(struct p2a_profiler *profiler, double bias)
{
    struct p2a_recorder *r = profiler->recorder;
    if (!r)
        Py_RETURN_NONE;
    p2a_recorder_touch(r);
    size_t size;
    unsigned char *copy = p2a_recording_less(r, ticks_of(r, bias), &size);
    PyObject *bytes =
        copy ? PyBytes_FromStringAndSize((char *)copy, (Py_ssize_t)size) : PyErr_NoMemory();
    free(copy);
    return bytes;
}

/* ---- their types ----------------------------------------------------------------------------- */

static PyStructSequence_Field entry_fields[] = {
    {"code", "code object, or the name of a C function"},
    {"callcount", "how many times it was called"},
    {"reccallcount", "how many of these calls were recursive"},
    {"totaltime", "seconds in it and in what it called"},
    {"inlinetime", "seconds in it"},
    {"calls", "a list of what it called, or None"},
    {NULL, NULL}};

static PyStructSequence_Desc entry_desc = {"_prof2any.profiler_entry", "figures of a function",
                                           entry_fields, 6};

static PyTypeObject *add_type(PyObject *module, PyStructSequence_Desc *desc, const char *name)
{
    PyTypeObject *type = PyStructSequence_NewType(desc);
    if (!type)
        return NULL;
    Py_INCREF(type);
    if (PyModule_AddObject(module, name, (PyObject *)type) == 0)
        return type;
    Py_DECREF(type);
    Py_DECREF(type);
    return NULL;
}

bool p2a_stats_prepare(struct p2a_module *m, PyObject *module)
{
    PyStructSequence_Field fields[6];
    for (int i = 0; i < 5; i++)
        fields[i] = entry_fields[i];
    fields[5] = (PyStructSequence_Field){NULL, NULL};
    PyStructSequence_Desc sub = {"_prof2any.profiler_subentry", "figures of a callee", fields, 5};
    m->entry_type = add_type(module, &entry_desc, "profiler_entry");
    m->subentry_type = m->entry_type ? add_type(module, &sub, "profiler_subentry") : NULL;
    return m->subentry_type != NULL;
}
