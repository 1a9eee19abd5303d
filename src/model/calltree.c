#include "model/calltree.h"

#include <stdlib.h>

#include "base/arena.h"

static const p2a_id NOT_YET = P2A_NONE - 1, OPEN = P2A_NONE - 2; /* in place of a context */

static bool same_id(const void *table, uint32_t row, const void *key)
{
    return ((const struct p2a_calltree_node *)table)[row].id == *(const uint64_t *)key;
}

uint32_t p2a_calltree_add(struct p2a_calltree *t)
{
    if (t->failed || t->n >= OPEN ||
        !p2a_grow(&t->node, &t->room, (uint64_t)t->n + 1, sizeof *t->node)) {
        t->failed = true;
        return P2A_NONE;
    }
    t->node[t->n] =
        (struct p2a_calltree_node){.parent = P2A_NONE, .function = P2A_NONE, .context = NOT_YET};
    return t->n++;
}

uint32_t p2a_calltree_find(const struct p2a_calltree *t, uint64_t id)
{
    uint32_t row = p2a_index_find(&t->row_of, p2a_hash(&id, sizeof id), same_id, t->node, &id);
    return row == P2A_INDEX_NONE ? P2A_NONE : row;
}

void p2a_calltree_number(struct p2a_calltree *t, uint32_t row, uint64_t id)
{
    if (t->failed || p2a_calltree_find(t, id) != P2A_NONE)
        return;
    t->node[row].id = id;
    t->failed = !p2a_index_add(&t->row_of, p2a_hash(&id, sizeof id), row);
}

uint32_t p2a_calltree_row(struct p2a_calltree *t, uint64_t id)
{
    uint32_t row = p2a_calltree_find(t, id);
    if (row != P2A_NONE)
        return row;
    row = p2a_calltree_add(t);
    p2a_calltree_number(t, row, id);
    return t->failed ? P2A_NONE : row;
}

/* ---- samples ---- */

void p2a_calltree_sample(struct p2a_calltree *t, uint32_t row, double time)
{
    uint32_t n = t->sample_n;
    if (t->failed || n >= P2A_NONE ||
        !p2a_grow(&t->sample, &t->sample_room, (uint64_t)n + 1, sizeof *t->sample)) {
        t->failed = true;
        return;
    }
    t->unordered += n && time < t->sample[n - 1].time;
    t->sample[t->sample_n++] = (struct p2a_calltree_sample){row, n, time};
}

static int by_time(const void *a, const void *b)
{
    const struct p2a_calltree_sample *s = a, *t = b;
    if (s->time != t->time)
        return s->time < t->time ? -1 : 1;
    return (s->order > t->order) - (s->order < t->order);
}

void p2a_calltree_pass(struct p2a_calltree *t, double end)
{
    if (t->unordered)
        qsort(t->sample, t->sample_n, sizeof *t->sample, by_time);
    for (uint32_t i = 0; i < t->sample_n; i++) {
        const struct p2a_calltree_sample *s = &t->sample[i];
        double until = i + 1 < t->sample_n ? s[1].time : end;
        if (until > s->time && s->row < t->n)
            t->node[s->row].value += until - s->time;
    }
}

/* ---- contexts ---- */

static bool is_frame(const struct p2a_profile *p, const struct p2a_calltree_node *node)
{
    if (node->function == P2A_NONE)
        return false;
    const struct p2a_function *f = &p->functions.row[node->function];
    return node->parent != P2A_NONE || !p2a_str_is(p2a_string(p, f->name), "(root)");
}

static p2a_id function_of(struct p2a_profile *p, const struct p2a_calltree_node *node)
{
    struct p2a_function unknown = {.kind = P2A_MARKER};
    if (node->function != P2A_NONE)
        return node->function;
    unknown.name = p2a_intern(p, P2A_LIT("(unknown)"));
    return p2a_function(p, &unknown);
}

/* Follows the callers of ROW up to one that has its context, and gives contexts on the way back.
 * PATH has room for all rows. */
static void fill_path(struct p2a_calltree *t, struct p2a_profile *p, uint32_t row, p2a_id thread,
                      uint32_t *path)
{
    uint32_t n = 0;
    p2a_id context = P2A_NONE;
    for (; row != P2A_NONE && t->node[row].context == NOT_YET; row = t->node[row].parent) {
        t->node[row].context = OPEN;
        path[n++] = row;
    }
    if (row != P2A_NONE && t->node[row].context == OPEN)
        t->looped++;
    else if (row != P2A_NONE)
        context = t->node[row].context;
    while (n) {
        struct p2a_calltree_node *node = &t->node[path[--n]];
        if (is_frame(p, node))
            context = p2a_context(p, context, node->function, thread);
        node->context = context;
    }
}

static void add_value(struct p2a_profile *p, const struct p2a_calltree_node *node, p2a_id thread,
                      uint32_t column)
{
    p2a_id context = node->context;
    if (!is_frame(p, node))
        context = p2a_context(p, context, function_of(p, node), thread);
    p2a_context_add(p, context, column, node->value);
}

bool p2a_calltree_fill(struct p2a_calltree *t, struct p2a_profile *p, p2a_id thread,
                       uint32_t column)
{
    uint32_t *path = t->failed ? NULL : malloc(((size_t)t->n + 1) * sizeof *path);
    for (uint32_t i = 0; path && i < t->n; i++) {
        fill_path(t, p, i, thread, path);
        if (t->node[i].value != 0)
            add_value(p, &t->node[i], thread, column);
    }
    free(path);
    return path;
}

void p2a_calltree_free(struct p2a_calltree *t)
{
    free(t->node);
    free(t->sample);
    p2a_index_free(&t->row_of);
    *t = (struct p2a_calltree){0};
}
