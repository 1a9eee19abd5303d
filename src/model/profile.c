/* The profile's tables: finding and adding rows.
 *
 *   table.row:  | row 0 | row 1 | … | row n-1 | free … room |      values: | row 0: c0 c1 … | row
 * 1: …
 *
 * Rows are found by an index over their keys. Value arrays have `columns` doubles a row and grow
 * with their rows; a metric that turns up late makes every row wider. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fetch.h"
#include "base/utf8.h"
#include "model/core.h"

static const uint64_t DEFAULT_ROWS = 1u << 30;

struct p2a_profile *p2a_profile_new(uint64_t max_rows)
{
    struct p2a_profile *p = calloc(1, sizeof *p);
    struct p2a_core *core = calloc(1, sizeof *core);
    if (!p || !core) {
        free(p);
        free(core);
        return NULL;
    }
    p->core = core;
    core->max_rows = max_rows ? max_rows : DEFAULT_ROWS;
    if (core->max_rows > DEFAULT_ROWS)
        core->max_rows = DEFAULT_ROWS;
    if (p2a_intern(p, P2A_LIT("")) != 0) {
        p2a_free(p);
        return NULL;
    }
    return p;
}

/* The index of the contexts. Who adds more of them makes it again. */
static void forget_index(struct p2a_profile *p)
{
    p2a_pairs_free(&p->core->context_of);
    p->core->context_indexed = p->core->context_seen = p->core->uncalled = 0;
}

void p2a_drop_contexts(struct p2a_profile *p)
{
    free(p->contexts.row);
    free(p->contexts.self);
    free(p->contexts.calls);
    free(p->contexts.calls_before);
    p2a_stacks_free(&p->core->stacks);
    free(p->core->own);
    p->core->own = NULL;
    p->contexts = (struct p2a_contexts){0};
    p->core->context_room = 0;
    forget_index(p);
    p->facts &= ~(unsigned)P2A_CONTEXTS;
    p->estimated &= ~(unsigned)P2A_CONTEXTS;
}

void p2a_drop_path_calls(struct p2a_profile *p)
{
    struct p2a_contexts *t = &p->contexts;
    free(t->calls);
    t->calls = NULL;
    if (t->calls_before)
        memset(t->calls_before, 0, t->n * sizeof *t->calls_before);
}

void p2a_free_graph(struct p2a_graph *g)
{
    void *all[] = {g->node,      g->self,     g->total,     g->node_before, g->order,
                   g->arc,       g->arc_self, g->arc_total, g->arc_before,  g->line,
                   g->line_self, g->site,     g->site_total};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *g = (struct p2a_graph){0};
}

void p2a_drop_graph(struct p2a_profile *p)
{
    struct p2a_core *core = p->core;
    p2a_free_graph(&p->graph);
    p2a_free_packed(&core->packed);
    core->node_room = core->order_room = core->arc_room = core->line_room = core->site_room = 0;
    p2a_pairs_free(&core->arc_of);
    p2a_index_free(&core->line_of);
    p2a_index_free(&core->site_of);
    p->facts &= ~(unsigned)(P2A_GRAPH | P2A_LINES | P2A_ADDRESSES);
    p->facts &= p->contexts.calls ? ~0U : ~(unsigned)P2A_CALLS;
    core->left_out = 0;
    p->estimated &= ~(unsigned)P2A_GRAPH;
}

void p2a_free(struct p2a_profile *p)
{
    if (!p)
        return;
    p2a_drop_contexts(p);
    p2a_drop_graph(p);
    free(p->strings.row);
    free(p->functions.row);
    free(p->metrics.row);
    free(p->threads.row);
    free(p->inputs.row);
    free(p->spread.self);
    free(p->spread.total);
    free(p->spread.calls);
    free(p->core->note);
    p2a_index_free(&p->core->string_of);
    p2a_index_free(&p->core->function_of);
    p2a_index_free(&p->core->thread_of);
    p2a_arena_free(&p->core->arena);
    free(p->core);
    free(p);
}

void p2a_swap(struct p2a_profile *a, struct p2a_profile *b)
{
    struct p2a_profile kept = *a;
    *a = *b;
    *b = kept;
}

enum p2a_status p2a_fail(struct p2a_profile *p, enum p2a_status status, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    status = p2a_error_setv(&p->core->error, status, message, arguments);
    va_end(arguments);
    return status;
}

enum p2a_status p2a_profile_status(const struct p2a_profile *p)
{
    return p->core->error.status;
}

enum p2a_status p2a_take_error(struct p2a_profile *p, struct p2a_error *error)
{
    enum p2a_status status = p->core->error.status;
    if (error && status != P2A_OK)
        *error = p->core->error;
    p->core->error = (struct p2a_error){.status = P2A_OK};
    return status;
}

static bool failed(const struct p2a_profile *p)
{
    return p->core->error.status != P2A_OK;
}

static bool no_memory(struct p2a_profile *p)
{
    p2a_error_memory(&p->core->error);
    return false;
}

bool p2a_within_limit(struct p2a_profile *p, uint64_t rows)
{
    if (rows > p->core->max_rows)
        p2a_fail(p, P2A_INPUT, "more than %llu rows in one table, the limit",
                 (unsigned long long)p->core->max_rows);
    return rows <= p->core->max_rows;
}

/* Room for one more row, within the limit. */
static bool room_for(struct p2a_profile *p, void *array_pointer, uint32_t *room, uint32_t n,
                     size_t size)
{
    if (!p2a_within_limit(p, (uint64_t)n + 1))
        return false;
    return p2a_grow(array_pointer, room, (uint64_t)n + 1, size) || no_memory(p);
}

static bool compared(const struct p2a_profile *p)
{
    return p->columns > p->metrics.n;
}

/* As many values as there is room for rows. */
static bool widen_values(struct p2a_profile *p, double **values, uint32_t room)
{
    size_t width = p->columns;
    if (width && room > SIZE_MAX / 2 / sizeof(double) / width)
        return no_memory(p);
    double *wider = realloc(*values, (size_t)room * width * sizeof(double) + 1);
    if (!wider)
        return no_memory(p);
    *values = wider;
    return true;
}

static bool widen_counts(struct p2a_profile *p, struct p2a_counts **counts, uint32_t room)
{
    struct p2a_counts *wider = realloc(*counts, (size_t)room * sizeof *wider + 1);
    if (!wider)
        return no_memory(p);
    *counts = wider;
    return true;
}

/* N new rows are zero. Room that no row takes is never touched: half of it may be such. */
static void clear_rows(const struct p2a_profile *p, double *values, uint32_t row, uint32_t n)
{
    double *at = values + (size_t)row * p->columns;
    for (size_t i = 0, end = (size_t)n * p->columns; i < end; i++)
        at[i] = 0;
}

/* ---- strings, functions, metrics, threads ---- */

static bool same_string(const void *table, uint32_t id, const void *key)
{
    const struct p2a_str *row = (const struct p2a_str *)table + id, *s = key;
    return row->n == s->n && (s->n == 0 || memcmp(row->at, s->at, s->n) == 0);
}

p2a_id p2a_intern_hashed(struct p2a_profile *p, struct p2a_str text, uint64_t hash)
{
    struct p2a_core *core = p->core;
    if (failed(p))
        return P2A_NONE;
    if (!text.n)
        text.at = "";
    p2a_id id = p2a_index_find(&core->string_of, hash, same_string, p->strings.row, &text);
    if (id != P2A_NONE)
        return id;
    id = p->strings.n;
    if (!room_for(p, &p->strings.row, &core->string_room, id, sizeof text))
        return P2A_NONE;
    text.at = p2a_arena_copy(&core->arena, text.at, text.n);
    if (!text.at || !p2a_index_add(&core->string_of, hash, id)) {
        no_memory(p);
        return P2A_NONE;
    }
    p->strings.row[id] = text;
    p->strings.n++;
    return id;
}

p2a_id p2a_intern(struct p2a_profile *p, struct p2a_str text)
{
    return p2a_intern_hashed(p, text, p2a_hash(text.at, text.n));
}

void p2a_intern_ahead(const struct p2a_profile *p, uint64_t hash)
{
    p2a_index_ahead(&p->core->string_of, hash);
}

struct p2a_str p2a_string(const struct p2a_profile *p, p2a_id string)
{
    return string < p->strings.n ? p->strings.row[string] : P2A_LIT("");
}

static uint64_t hash_function(const struct p2a_function *f)
{
    uint64_t key[] = {(uint64_t)f->name << 32 | f->file, (uint64_t)f->line,
                      (uint64_t)f->module << 32 | (uint64_t)f->kind};
    return p2a_hash(key, sizeof key);
}

static bool same_function(const void *table, uint32_t id, const void *key)
{
    const struct p2a_function *row = (const struct p2a_function *)table + id, *f = key;
    return row->name == f->name && row->file == f->file && row->line == f->line &&
           row->module == f->module && row->kind == f->kind;
}

void p2a_function_ahead(const struct p2a_profile *p, const struct p2a_function *function)
{
    p2a_index_ahead(&p->core->function_of, hash_function(function));
}

/* Puts functions in the index, which nobody needs before the first name that comes again. */
static bool index_functions(struct p2a_profile *p)
{
    enum { AHEAD = 16 };
    struct p2a_core *core = p->core;
    const struct p2a_function *row = p->functions.row;
    for (uint32_t n = p->functions.n; core->function_indexed < n; core->function_indexed++) {
        uint32_t i = core->function_indexed;
        if (n - i > AHEAD)
            p2a_function_ahead(p, &row[i + AHEAD]);
        if (!p2a_index_add(&core->function_of, hash_function(&row[i]), i))
            return no_memory(p);
    }
    return true;
}

p2a_id p2a_function_find(struct p2a_profile *p, const struct p2a_function *function)
{
    if (function->name >= p->core->unnamed || !index_functions(p))
        return P2A_NONE;
    return p2a_index_find(&p->core->function_of, hash_function(function), same_function,
                          p->functions.row, function);
}

p2a_id p2a_function(struct p2a_profile *p, const struct p2a_function *function)
{
    struct p2a_core *core = p->core;
    p2a_id id = failed(p) ? P2A_NONE : p2a_function_find(p, function);
    if (failed(p))
        return P2A_NONE;
    if (id != P2A_NONE) {
        if (!p->functions.row[id].qualname)
            p->functions.row[id].qualname = function->qualname;
        return id;
    }
    id = p->functions.n;
    if (!room_for(p, &p->functions.row, &core->function_room, id, sizeof *function))
        return P2A_NONE;
    p->functions.row[id] = *function;
    p->functions.n++;
    if (function->name >= core->unnamed)
        core->unnamed = function->name + 1;
    return id;
}

void p2a_function_module(struct p2a_profile *p, p2a_id function, p2a_id module)
{
    struct p2a_function known = p->functions.row[function];
    known.module = module;
    if (failed(p))
        return;
    /* Where it was found without one the index still has it, and no key is the same as it there. */
    bool indexed = function < p->core->function_indexed;
    if (indexed && !p2a_index_add(&p->core->function_of, hash_function(&known), function))
        no_memory(p);
    else
        p->functions.row[function] = known;
}

static bool same_thread(const void *table, uint32_t id, const void *key)
{
    const struct p2a_thread *row = (const struct p2a_thread *)table + id, *t = key;
    return row->pid == t->pid && row->tid == t->tid && row->name == t->name;
}

p2a_id p2a_thread(struct p2a_profile *p, uint64_t pid, uint64_t tid, struct p2a_str name)
{
    struct p2a_thread thread = {pid, tid, p2a_intern(p, name)};
    struct p2a_core *core = p->core;
    if (failed(p))
        return P2A_NONE;
    uint64_t key[] = {pid, tid, thread.name};
    uint64_t hash = p2a_hash(key, sizeof key);
    p2a_id id = p2a_index_find(&core->thread_of, hash, same_thread, p->threads.row, &thread);
    if (id != P2A_NONE)
        return id;
    id = p->threads.n;
    if (!room_for(p, &p->threads.row, &core->thread_room, id, sizeof thread))
        return P2A_NONE;
    if (!p2a_index_add(&core->thread_of, hash, id)) {
        no_memory(p);
        return P2A_NONE;
    }
    p->threads.row[id] = thread;
    p->threads.n++;
    return id;
}

/* The metrics become METRICS, their sets of columns SETS: column c of set s moves from
 * s * old + c to s * METRICS + c. */
static bool restride(struct p2a_profile *p, double **values, uint32_t n, uint32_t room,
                     uint32_t metrics, uint32_t sets)
{
    uint32_t old = p->columns, width = metrics * sets;
    uint32_t old_metrics = p->metrics.n, old_sets = old_metrics ? old / old_metrics : 1;
    double *wider = calloc((size_t)room * width + 1, sizeof(double));
    if (!wider)
        return no_memory(p);
    for (size_t r = 0; r < n && *values; r++)
        for (uint32_t s = 0; s < old_sets; s++)
            for (uint32_t m = 0; m < old_metrics; m++)
                wider[r * width + s * metrics + m] = (*values)[r * old + s * old_metrics + m];
    free(*values);
    *values = wider;
    return true;
}

static bool set_columns(struct p2a_profile *p, uint32_t metrics, uint32_t sets)
{
    struct p2a_graph *g = &p->graph;
    struct p2a_core *core = p->core;
    struct {
        double **values;
        uint32_t n, room;
    } all[] = {{&p->contexts.self, p->contexts.n, core->context_room},
               {&g->self, g->node_n, core->node_room},
               {&g->total, g->node_n, core->node_room},
               {&g->arc_self, g->arc_n, core->arc_room},
               {&g->arc_total, g->arc_n, core->arc_room},
               {&g->line_self, g->line_n, core->line_room},
               {&g->site_total, g->site_n, core->site_room}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].room && !restride(p, all[i].values, all[i].n, all[i].room, metrics, sets))
            return false;
    p->columns = metrics * sets;
    return true;
}

/* Bytes of TEXT that are no UTF-8 become '?', so that two metrics differ for every reader, too. */
static p2a_id intern_valid(struct p2a_profile *p, const char *text)
{
    char *copy = p2a_arena_copy(&p->core->arena, text, strlen(text));
    if (!copy) {
        no_memory(p);
        return P2A_NONE;
    }
    struct p2a_str rest = p2a_str_of(copy);
    while (rest.n) {
        char *at = copy + (rest.at - copy);
        if (p2a_utf8_next(&rest) == 0xFFFD && rest.at == at + 1)
            *at = '?';
    }
    return p2a_intern(p, p2a_str_of(copy));
}

p2a_id p2a_metric(struct p2a_profile *p, const char *name, const char *unit, double scale)
{
    struct p2a_metric metric = {
        .name = intern_valid(p, name), .unit = intern_valid(p, unit), .scale = scale};
    if (failed(p))
        return P2A_NONE;
    p2a_id id = p->metrics.n;
    for (p2a_id i = 0; i < id; i++)
        if (p->metrics.row[i].name == metric.name && p->metrics.row[i].unit == metric.unit)
            return i;
    uint32_t sets = id && p->columns > id ? 2 : 1;
    if (id >= 4096) {
        p2a_fail(p, P2A_INPUT, "more than 4096 metrics, the limit");
        return P2A_NONE;
    }
    if (!room_for(p, &p->metrics.row, &p->core->metric_room, id, sizeof metric) ||
        !set_columns(p, id + 1, sets))
        return P2A_NONE;
    p->metrics.row[id] = metric;
    p->metrics.n++;
    return id;
}

/* Counts for as many contexts as there is room for. */
static bool start_calls(struct p2a_profile *p, uint64_t **calls)
{
    *calls = calloc((size_t)p->core->context_room + 1, sizeof **calls);
    return *calls || no_memory(p);
}

static bool widen_calls(struct p2a_profile *p, uint64_t **calls)
{
    uint64_t *wider = realloc(*calls, ((size_t)p->core->context_room + 1) * sizeof *wider);
    if (!wider)
        return no_memory(p);
    *calls = wider;
    return true;
}

static bool start_counts(struct p2a_profile *p, struct p2a_counts **counts, uint32_t room)
{
    *counts = calloc((size_t)room + 1, sizeof **counts);
    return *counts || no_memory(p);
}

void p2a_compare_columns(struct p2a_profile *p)
{
    if (!failed(p) && p->metrics.n && !compared(p) && start_calls(p, &p->contexts.calls_before) &&
        start_counts(p, &p->graph.node_before, p->core->node_room) &&
        start_counts(p, &p->graph.arc_before, p->core->arc_room))
        set_columns(p, p->metrics.n, 2);
}

/* ---- contexts ---- */

/* What a context is found by. Rows end at 2^30: above stand the roots, by their thread. */
static struct p2a_pair context_key(p2a_id parent, p2a_id function, p2a_id thread, p2a_id id)
{
    uint32_t root = P2A_PAIR_FEW | ((thread + 1) & INT32_MAX);
    return (struct p2a_pair){parent == P2A_NONE ? root : parent, function, id};
}

/* A path that turns up is added in one go: most contexts are the row behind their parent's, and
 * found there. The index has the others.
 *
 *     row:  | main | load | read | save | …      main and save: in the index; load, read: not */
static bool stands_behind(p2a_id parent, p2a_id id)
{
    return parent != P2A_NONE && id == parent + 1;
}

static void context_ahead(const struct p2a_profile *p, const struct p2a_context *c)
{
    struct p2a_pair key = context_key(c->parent, c->function, c->thread, 0);
    p2a_pairs_ahead(&p->core->context_of, key.near, key.far);
}

static bool index_context(struct p2a_profile *p, p2a_id id, const struct p2a_context *c)
{
    struct p2a_pair key = context_key(c->parent, c->function, c->thread, id);
    return stands_behind(c->parent, id) || p2a_pairs_add(&p->core->context_of, key) || no_memory(p);
}

/* Puts the contexts that nobody has looked for into the index. */
static bool index_contexts(struct p2a_profile *p)
{
    enum { AHEAD = 8 };
    const struct p2a_contexts *t = &p->contexts;
    for (uint32_t *n = &p->core->context_indexed; *n < t->n; ++*n) {
        if (t->n - *n > AHEAD)
            context_ahead(p, &t->row[*n + AHEAD]);
        if (!index_context(p, *n, &t->row[*n]))
            return false;
    }
    return true;
}

/* A function that is new has no contexts, and needs none looked up. */
static bool is_uncalled(struct p2a_profile *p, p2a_id function)
{
    const struct p2a_contexts *t = &p->contexts;
    struct p2a_core *core = p->core;
    for (; core->context_seen < t->n; core->context_seen++)
        if (t->row[core->context_seen].function >= core->uncalled)
            core->uncalled = t->row[core->context_seen].function + 1;
    return function >= core->uncalled;
}

/* Room for N more contexts, or as many as there may be; how many. */
static uint32_t room_for_contexts(struct p2a_profile *p, size_t n)
{
    struct p2a_core *core = p->core;
    struct p2a_contexts *t = &p->contexts;
    uint32_t room = core->context_room;
    if (n <= room - t->n)
        return (uint32_t)n;
    if (n > core->max_rows - t->n)
        n = core->max_rows > t->n ? core->max_rows - t->n : 1; /* one too many is told */
    if (!room_for(p, &t->row, &core->context_room, t->n + (uint32_t)n - 1, sizeof *t->row) ||
        !widen_values(p, &t->self, core->context_room) ||
        (t->calls && !widen_calls(p, &t->calls)) ||
        (compared(p) && !widen_calls(p, &t->calls_before)))
        return 0;
    return (uint32_t)n;
}

/* There is room for it. */
static void add_context(struct p2a_profile *p, struct p2a_context context)
{
    struct p2a_contexts *t = &p->contexts;
    t->row[t->n] = context;
    clear_rows(p, t->self, t->n, 1);
    if (t->calls)
        t->calls[t->n] = 0;
    if (t->calls_before)
        t->calls_before[t->n] = 0;
    t->n++;
}

/* The child of PARENT for FUNCTION. P2A_NONE: there is none, or the profile failed. */
static p2a_id find_context(struct p2a_profile *p, p2a_id parent, p2a_id function, p2a_id thread)
{
    const struct p2a_contexts *t = &p->contexts;
    if (parent != P2A_NONE) {
        if (parent + 1 == t->n)
            return P2A_NONE;
        const struct p2a_context *behind = &t->row[parent + 1];
        if (behind->parent == parent && behind->function == function)
            return parent + 1;
    }
    if (is_uncalled(p, function) || !index_contexts(p))
        return P2A_NONE;
    struct p2a_pair key = context_key(parent, function, thread, 0);
    return p2a_pairs_find(&p->core->context_of, key.near, key.far);
}

/* Adds what of a path isn't there yet. Where somebody has looked for its first frame the index has
 * all others, and what it needs is at hand. */
static bool add_path(struct p2a_profile *p, p2a_id parent, p2a_id thread, p2a_id *step, size_t n)
{
    struct p2a_contexts *t = &p->contexts;
    bool settled = p->core->context_indexed == t->n && !is_uncalled(p, step[0]);
    for (size_t i = 0, room = 0; i < n; i++, room--) {
        p2a_id id = t->n;
        if (step[i] >= p->functions.n || (!room && !(room = room_for_contexts(p, n - i))))
            return false;
        struct p2a_context context = {.parent = parent, .function = step[i], .thread = thread};
        if (settled && !index_context(p, id, &context))
            return false;
        step[i] = parent = id;
        add_context(p, context);
        p->core->context_indexed += settled;
    }
    return true;
}

bool p2a_path(struct p2a_profile *p, p2a_id parent, p2a_id thread, p2a_id *step, size_t n)
{
    if (failed(p) || (parent != P2A_NONE && parent >= p->contexts.n))
        return false;
    if (parent != P2A_NONE)
        thread = p->contexts.row[parent].thread;
    for (size_t i = 0; i < n; i++) {
        p2a_id id = find_context(p, parent, step[i], thread);
        if (id == P2A_NONE)
            return !failed(p) && add_path(p, parent, thread, step + i, n - i);
        step[i] = parent = id;
    }
    return true;
}

/* Asks for the N-th frames below the contexts AT. */
static void ask_for_level(const struct p2a_profile *p, const struct p2a_way *way, const p2a_id *at,
                          uint32_t ways, size_t n)
{
    for (uint32_t i = 0; i < ways; i++) {
        if (n >= way[i].n || (n && at[i] == P2A_NONE))
            continue;
        context_ahead(p, &(struct p2a_context){at[i], way[i].step[n], way[i].thread});
        if (at[i] != P2A_NONE)
            p2a_fetch(&p->contexts.row[at[i] + 1]);
    }
}

/* Goes on to the N-th frames, where they are there and aren't the last. */
static bool follow_level(struct p2a_profile *p, const struct p2a_way *way, p2a_id *at,
                         uint32_t ways, size_t n)
{
    bool more = false;
    for (uint32_t i = 0; i < ways; i++) {
        if (n && at[i] == P2A_NONE)
            continue;
        at[i] = n + 1 < way[i].n ? find_context(p, at[i], way[i].step[n], way[i].thread) : P2A_NONE;
        more |= at[i] != P2A_NONE;
    }
    return more;
}

void p2a_paths_ahead(struct p2a_profile *p, const struct p2a_way *way, uint32_t n)
{
    enum { MANY = 1 << 15 };
    p2a_id at[P2A_WAYS];
    for (uint32_t i = 0; i < n; i++)
        at[i] = way[i].parent;
    bool more = p->core->context_of.n >= MANY;
    for (size_t level = 0; more; level++) {
        ask_for_level(p, way, at, n, level);
        more = follow_level(p, way, at, n, level);
    }
}

p2a_id p2a_context(struct p2a_profile *p, p2a_id parent, p2a_id function, p2a_id thread)
{
    return p2a_path(p, parent, thread, &function, 1) ? function : P2A_NONE;
}

p2a_id p2a_context_new(struct p2a_profile *p, p2a_id parent, p2a_id function, p2a_id thread)
{
    if (failed(p) || !room_for_contexts(p, 1))
        return P2A_NONE;
    add_context(p, (struct p2a_context){parent, function, thread});
    return p->contexts.n - 1;
}

void p2a_context_add(struct p2a_profile *p, p2a_id context, uint32_t column, double self)
{
    if (context < p->contexts.n && column < p->columns)
        p->contexts.self[(size_t)context * p->columns + column] += self;
}

void p2a_context_calls(struct p2a_profile *p, p2a_id context, uint64_t calls)
{
    struct p2a_contexts *t = &p->contexts;
    if (context < t->n && calls && (t->calls || start_calls(p, &t->calls)))
        t->calls[context] = p2a_add_calls(t->calls[context], calls);
}

void p2a_context_calls_before(struct p2a_profile *p, p2a_id context, uint64_t calls)
{
    struct p2a_contexts *t = &p->contexts;
    if (context < t->n && calls && t->calls_before && (t->calls || start_calls(p, &t->calls)))
        t->calls_before[context] = p2a_add_calls(t->calls_before[context], calls);
}

/* ---- the graph ---- */

/* A node for every function. */
static bool even_nodes(struct p2a_profile *p)
{
    struct p2a_graph *g = &p->graph;
    uint32_t room = p->core->node_room, n = p->functions.n;
    if (g->node_n >= n)
        return true;
    if (!p2a_grow(&g->node, &p->core->node_room, n, sizeof *g->node))
        return no_memory(p);
    if (room != p->core->node_room && (!widen_values(p, &g->self, p->core->node_room) ||
                                       !widen_values(p, &g->total, p->core->node_room)))
        return false;
    if (compared(p) && !widen_counts(p, &g->node_before, p->core->node_room))
        return false;
    if (g->node_before)
        memset(g->node_before + g->node_n, 0, (n - g->node_n) * sizeof *g->node_before);
    memset(g->node + g->node_n, 0, (n - g->node_n) * sizeof *g->node);
    clear_rows(p, g->self, g->node_n, n - g->node_n);
    clear_rows(p, g->total, g->node_n, n - g->node_n);
    g->node_n = n;
    return true;
}

bool p2a_take_graph(struct p2a_profile *p, struct p2a_graph *graph)
{
    struct p2a_core *core = p->core;
    p2a_drop_graph(p);
    p->graph = *graph;
    *graph = (struct p2a_graph){0};
    core->node_room = p->graph.node_n;
    core->order_room = p->graph.order_n;
    core->arc_room = p->graph.arc_n;
    core->line_room = p->graph.line_n;
    core->site_room = p->graph.site_n;
    return !failed(p) && p2a_within_limit(p, p->graph.arc_n) && even_nodes(p);
}

struct p2a_node *p2a_node(struct p2a_profile *p, p2a_id function)
{
    struct p2a_graph *g = &p->graph;
    if (failed(p) || function >= p->functions.n || !even_nodes(p))
        return NULL;
    struct p2a_node *node = &g->node[function];
    if (!(node->has & P2A_HAS_ROW)) {
        if (!room_for(p, &g->order, &p->core->order_room, g->order_n, sizeof *g->order))
            return NULL;
        g->order[g->order_n++] = function;
        node->has |= P2A_HAS_ROW;
    }
    return node;
}

double *p2a_node_self(struct p2a_profile *p, p2a_id function)
{
    return function < p->graph.node_n ? p->graph.self + (size_t)function * p->columns : NULL;
}

double *p2a_node_total(struct p2a_profile *p, p2a_id function)
{
    return function < p->graph.node_n ? p->graph.total + (size_t)function * p->columns : NULL;
}

/* A function is called by more functions than a context has children: it gets a line of its own. */
static struct p2a_pair arc_key(p2a_id caller, p2a_id callee, p2a_id id)
{
    return (struct p2a_pair){callee * 4, caller, id};
}

/* Arcs that aren't in the index are looked through; who asks for many puts them there first. */
p2a_id p2a_arc_find(const struct p2a_profile *p, p2a_id caller, p2a_id callee)
{
    const struct p2a_graph *g = &p->graph;
    const struct p2a_pairs *index = &p->core->arc_of;
    struct p2a_pair key = arc_key(caller, callee, 0);
    if (caller >= p->functions.n || callee >= p->functions.n)
        return P2A_NONE;
    for (p2a_id a = index->n; a < g->arc_n; a++)
        if (g->arc[a].caller == caller && g->arc[a].callee == callee)
            return a;
    return p2a_pairs_find(index, key.near, key.far);
}

void p2a_arc_ahead(const struct p2a_profile *p, p2a_id caller, p2a_id callee)
{
    struct p2a_pair key = arc_key(caller, callee, 0);
    p2a_pairs_ahead(&p->core->arc_of, key.near, key.far);
}

bool p2a_index_arcs(struct p2a_profile *p)
{
    const struct p2a_graph *g = &p->graph;
    struct p2a_pairs *index = &p->core->arc_of;
    while (index->n < g->arc_n) {
        const struct p2a_arc *arc = &g->arc[index->n];
        if (!p2a_pairs_add(index, arc_key(arc->caller, arc->callee, index->n)))
            return false;
    }
    return true;
}

p2a_id p2a_arc_new(struct p2a_profile *p, p2a_id caller, p2a_id callee)
{
    struct p2a_graph *g = &p->graph;
    struct p2a_core *core = p->core;
    if (failed(p) || caller >= p->functions.n || callee >= p->functions.n || !even_nodes(p))
        return P2A_NONE;
    uint32_t room = core->arc_room;
    if (!room_for(p, &g->arc, &core->arc_room, g->arc_n, sizeof *g->arc))
        return P2A_NONE;
    if (room != core->arc_room && (!widen_values(p, &g->arc_self, core->arc_room) ||
                                   !widen_values(p, &g->arc_total, core->arc_room)))
        return P2A_NONE;
    if (room != core->arc_room && compared(p) && !widen_counts(p, &g->arc_before, core->arc_room))
        return P2A_NONE;
    if (g->arc_before)
        g->arc_before[g->arc_n] = (struct p2a_counts){0, 0};
    g->arc[g->arc_n] = (struct p2a_arc){.caller = caller, .callee = callee};
    clear_rows(p, g->arc_self, g->arc_n, 1);
    clear_rows(p, g->arc_total, g->arc_n, 1);
    return g->arc_n++;
}

p2a_id p2a_arc(struct p2a_profile *p, p2a_id caller, p2a_id callee)
{
    if (failed(p))
        return P2A_NONE;
    bool ready = p2a_index_arcs(p);
    p2a_id id = ready ? p2a_arc_find(p, caller, callee) : P2A_NONE;
    if (ready && id == P2A_NONE) {
        id = p2a_arc_new(p, caller, callee);
        ready = p2a_index_arcs(p);
    }
    if (!ready)
        no_memory(p);
    return ready ? id : P2A_NONE;
}

static bool same_line(const void *table, uint32_t id, const void *key)
{
    const struct p2a_line *row = (const struct p2a_line *)table + id, *line = key;
    return row->function == line->function && row->file == line->file && row->line == line->line &&
           row->address == line->address;
}

/* Neighbours in the code are neighbours in the index: eight lines, or 32 bytes of instructions, are
 * found in one cache line. */
static uint64_t hash_line(const struct p2a_line *line)
{
    uint64_t key[] = {(uint64_t)line->function << 32 | line->file, line->line / 8,
                      line->address / 32};
    return (p2a_hash(key, sizeof key) & ~7ULL) | ((line->line + line->address / 4) & 7);
}

/* Puts the lines that p2a_line_new added into the index. */
static bool index_lines(struct p2a_profile *p)
{
    const struct p2a_graph *g = &p->graph;
    struct p2a_index *index = &p->core->line_of;
    while (index->n < g->line_n)
        if (!p2a_index_add(index, hash_line(&g->line[index->n]), index->n))
            return no_memory(p);
    return true;
}

p2a_id p2a_lines_new(struct p2a_profile *p, uint32_t n)
{
    struct p2a_graph *g = &p->graph;
    struct p2a_core *core = p->core;
    if (!p2a_unpack_lines(p))
        no_memory(p);
    uint32_t room = core->line_room, first = g->line_n;
    if (failed(p) || !p2a_within_limit(p, (uint64_t)first + n))
        return P2A_NONE;
    if (!p2a_grow(&g->line, &core->line_room, (uint64_t)first + n, sizeof *g->line)) {
        no_memory(p);
        return P2A_NONE;
    }
    if (room != core->line_room && !widen_values(p, &g->line_self, core->line_room))
        return P2A_NONE;
    clear_rows(p, g->line_self, first, n);
    g->line_n += n;
    return first;
}

p2a_id p2a_line_new(struct p2a_profile *p, const struct p2a_line *line)
{
    p2a_id id = line->function < p->functions.n ? p2a_lines_new(p, 1) : P2A_NONE;
    if (id != P2A_NONE)
        p->graph.line[id] = *line;
    return id;
}

p2a_id p2a_line(struct p2a_profile *p, const struct p2a_line *line)
{
    if (!p2a_unpack_lines(p))
        no_memory(p);
    if (failed(p) || !index_lines(p))
        return P2A_NONE;
    p2a_id id = p2a_index_find(&p->core->line_of, hash_line(line), same_line, p->graph.line, line);
    return id != P2A_NONE ? id : p2a_line_new(p, line);
}

bool p2a_wants_lines(const struct p2a_profile *p)
{
    return !p->core->no_lines;
}

void p2a_leave_out(struct p2a_profile *p, unsigned facts)
{
    p->core->left_out |= facts;
}

void p2a_line_add(struct p2a_profile *p, const struct p2a_line *line, uint32_t column, double self)
{
    if (!p2a_wants_lines(p)) {
        p2a_leave_out(p, P2A_LINES | (line->address ? P2A_ADDRESSES : 0));
        return;
    }
    p2a_id id = p2a_line(p, line);
    if (id != P2A_NONE)
        p->graph.line_self[(size_t)id * p->columns + column] += self;
}

static bool same_site(const void *table, uint32_t id, const void *key)
{
    const struct p2a_site *row = (const struct p2a_site *)table + id, *site = key;
    return row->arc == site->arc && row->file == site->file && row->line == site->line &&
           row->address == site->address;
}

p2a_id p2a_site(struct p2a_profile *p, const struct p2a_site *site)
{
    struct p2a_graph *g = &p->graph;
    struct p2a_core *core = p->core;
    if (failed(p) || site->arc >= g->arc_n)
        return P2A_NONE;
    uint64_t key[] = {(uint64_t)site->arc << 32 | site->file, site->line, site->address};
    uint64_t hash = p2a_hash(key, sizeof key);
    p2a_id id = p2a_index_find(&core->site_of, hash, same_site, g->site, site);
    if (id == P2A_NONE) {
        uint32_t room = core->site_room;
        if (!room_for(p, &g->site, &core->site_room, g->site_n, sizeof *site))
            return P2A_NONE;
        if (room != core->site_room && !widen_values(p, &g->site_total, core->site_room))
            return P2A_NONE;
        if (!p2a_index_add(&core->site_of, hash, g->site_n)) {
            no_memory(p);
            return P2A_NONE;
        }
        id = g->site_n++;
        g->site[id] = *site;
        clear_rows(p, g->site_total, id, 1);
    } else {
        g->site[id].calls = p2a_add_calls(g->site[id].calls, site->calls);
    }
    return id;
}

/* ---- facts and notes ---- */

static unsigned function_facts(const struct p2a_profile *p)
{
    unsigned facts = 0;
    for (uint32_t i = 0; i < p->functions.n; i++) {
        const struct p2a_function *f = &p->functions.row[i];
        if (f->module)
            facts |= P2A_MODULES;
        if (f->file || f->line)
            facts |= P2A_PLACES;
    }
    return facts;
}

static unsigned row_facts(const struct p2a_profile *p)
{
    const struct p2a_graph *g = &p->graph;
    unsigned facts = p->core->packed.addresses ? P2A_ADDRESSES : 0;
    const struct p2a_contexts *t = &p->contexts;
    for (uint32_t i = 0; t->calls && i < t->n && !(facts & P2A_CALLS); i++)
        if (t->calls[i] || (t->calls_before && t->calls_before[i]))
            facts |= P2A_CALLS;
    for (uint32_t i = 0; i < g->node_n && !(facts & P2A_CALLS); i++)
        if (g->node[i].has & P2A_HAS_CALLS)
            facts |= P2A_CALLS;
    for (uint32_t i = 0; i < g->arc_n && !(facts & P2A_CALLS); i++)
        if (g->arc[i].has & P2A_HAS_CALLS)
            facts |= P2A_CALLS;
    for (uint32_t i = 0; i < g->line_n && !(facts & P2A_ADDRESSES); i++)
        if (g->line[i].address)
            facts |= P2A_ADDRESSES;
    return facts;
}

static void finish_facts(struct p2a_profile *p)
{
    unsigned facts = function_facts(p) | row_facts(p) | p->core->left_out;
    if (p2a_has_contexts(p))
        facts |= P2A_CONTEXTS;
    if (p->graph.order_n || p->graph.arc_n)
        facts |= P2A_GRAPH;
    if (p->graph.line_n || p->core->packed.n || p->graph.site_n)
        facts |= P2A_LINES;
    if (p->threads.n > 1)
        facts |= P2A_THREADS;
    if (p->metrics.n > 1)
        facts |= P2A_MANY;
    if (p->columns > p->metrics.n)
        facts |= P2A_BEFORE;
    p->facts = facts;
}

/* Values that are no costs are kept as they are, for formats that can hold them. */
static void note_odd_values(struct p2a_profile *p)
{
    size_t odd = 0, nodes = (size_t)p->graph.node_n * p->columns;
    size_t contexts = (size_t)p->contexts.n * p->columns;
    for (size_t i = 0; i < nodes; i++)
        odd += !(p->graph.self[i] >= 0 && isfinite(p->graph.self[i]));
    for (size_t i = 0; i < contexts; i++)
        odd += !(p->contexts.self[i] >= 0 && isfinite(p->contexts.self[i]));
    if (odd)
        p2a_note(p,
                 "values that are negative, infinite or no numbers (%zu) count as 0 where costs "
                 "are drawn or rounded",
                 odd);
}

static void note_rounded_sum(struct p2a_profile *p, uint32_t column)
{
    double sum = p2a_whole(p, column);
    uint32_t metric = column < p->metrics.n ? column : column - p->metrics.n;
    if (sum > P2A_EXACT && isfinite(sum))
        p2a_note(p, "values of %s add up to more than 2^53: the last digits are rounded",
                 p2a_metric_name(p, metric));
}

void p2a_finish(struct p2a_profile *p)
{
    bool even =
        p->graph.node_n || !p2a_has_contexts(p); /* what holds no rows at all is an empty graph */
    if (failed(p) || (even && !even_nodes(p)))
        return;
    forget_index(p);
    finish_facts(p);
    double sum;
    if (!p->graph.node_n &&
        p2a_exact_sum(p->contexts.self, (size_t)p->contexts.n * p->columns, 1, &sum))
        return; /* as samples are: nothing odd, nothing too large */
    note_odd_values(p);
    for (uint32_t c = 0; c < p->columns; c++)
        note_rounded_sum(p, c);
}

void p2a_input(struct p2a_profile *p, struct p2a_str path, double mtime)
{
    struct p2a_input input = {.path = p2a_intern(p, path), .mtime = mtime};
    if (input.path != P2A_NONE &&
        room_for(p, &p->inputs.row, &p->core->input_room, p->inputs.n, sizeof input))
        p->inputs.row[p->inputs.n++] = input;
}

void p2a_note(struct p2a_profile *p, const char *text, ...)
{
    struct p2a_core *core = p->core;
    char sentence[512];
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(sentence, sizeof sentence, text, arguments);
    va_end(arguments);
    p2a_utf8_defuse(sentence); /* of names a hostile input brought */
    for (uint32_t i = 0; i < core->note_n; i++)
        if (strcmp(core->note[i], sentence) == 0)
            return;
    if (core->note_n >= 1000)
        return;
    char *kept = NULL;
    if (p2a_grow(&core->note, &core->note_room, (uint64_t)core->note_n + 1, sizeof *core->note))
        kept = p2a_arena_copy(&core->arena, sentence, strlen(sentence));
    if (kept)
        core->note[core->note_n++] = kept;
    else
        core->note_lost = true;
}

size_t p2a_note_count(const struct p2a_profile *p)
{
    return p->core->note_n;
}

const char *p2a_note_at(const struct p2a_profile *p, size_t i)
{
    return i < p->core->note_n ? p->core->note[i] : NULL;
}

/* ---- figures ---- */

bool p2a_exact_sum(const double *value, size_t n, size_t stride, double *sum)
{
    int64_t all = 0;
    for (size_t i = 0; i < n * stride; i += stride) {
        if (!(value[i] >= 0 && value[i] <= P2A_EXACT) || value[i] > (double)(int64_t)value[i])
            return false;
        all += (int64_t)value[i];
        if (all > (int64_t)P2A_EXACT)
            return false;
    }
    *sum = (double)all;
    return true;
}

double p2a_whole(const struct p2a_profile *p, uint32_t column)
{
    const struct p2a_stacks *stacks = &p->core->stacks;
    const double *values = p->graph.self;
    uint32_t n = p->graph.node_n;
    if (p->contexts.n)
        values = p->contexts.self, n = p->contexts.n;
    else if (stacks->n)
        values = stacks->self, n = stacks->n;
    struct p2a_sum sum = {0};
    double exact;
    if (column >= p->columns || !n)
        return 0;
    if (p2a_exact_sum(values + column, n, p->columns, &exact))
        return exact;
    for (size_t i = 0; i < n; i++)
        p2a_sum_add(&sum, values[i * p->columns + column]);
    return p2a_sum_value(&sum);
}

double p2a_share_base(const struct p2a_profile *p)
{
    return p->base > 0 ? p->base : p2a_whole(p, 0);
}

size_t p2a_function_count(const struct p2a_profile *p)
{
    return p->functions.n;
}

size_t p2a_metric_count(const struct p2a_profile *p)
{
    return p->metrics.n;
}

const char *p2a_metric_name(const struct p2a_profile *p, size_t metric)
{
    return metric < p->metrics.n ? p2a_string(p, p->metrics.row[metric].name).at : NULL;
}

const char *p2a_metric_unit(const struct p2a_profile *p, size_t metric)
{
    return metric < p->metrics.n ? p2a_string(p, p->metrics.row[metric].unit).at : NULL;
}

double p2a_metric_total(const struct p2a_profile *p, size_t metric)
{
    return metric < p->metrics.n ? p2a_whole(p, (uint32_t)metric) * p->metrics.row[metric].scale
                                 : 0;
}

bool p2a_is_estimated(const struct p2a_profile *p)
{
    return p->estimated & P2A_CONTEXTS;
}
