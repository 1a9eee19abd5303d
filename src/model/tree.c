/* The contexts as a tree: total(n) = self(n) + Σ total(children). Parents stand before their
 * children, so one pass backwards adds everything up and links siblings in the order of their ids.
 */
#include <stdlib.h>
#include <string.h>

#include "model/core.h"

static void link_children(const struct p2a_contexts *t, struct p2a_tree *tree)
{
    tree->first = P2A_NONE;
    for (uint32_t i = t->n; i-- > 0;) {
        p2a_id parent = t->row[i].parent;
        p2a_id *head = parent == P2A_NONE ? &tree->first : &tree->child[parent];
        tree->next[i] = *head;
        *head = i;
    }
}

static void add_up_exactly(const struct p2a_profile *p, double *total, uint32_t column)
{
    const struct p2a_contexts *t = &p->contexts;
    size_t width = p->columns;
    for (size_t i = column, end = t->n * width; i < end; i += width)
        total[i] = t->self[i];
    for (size_t i = t->n; i-- > 0;) {
        p2a_id parent = t->row[i].parent;
        if (parent != P2A_NONE)
            total[parent * width + column] += total[i * width + column];
    }
}

/* LOST holds what each sum has lost to rounding. */
static void add_up_compensated(const struct p2a_profile *p, double *total, uint32_t column,
                               double *lost)
{
    const struct p2a_contexts *t = &p->contexts;
    size_t width = p->columns;
    for (size_t i = column, end = t->n * width; i < end; i += width)
        total[i] = 0;
    for (size_t i = t->n; i-- > 0;) {
        struct p2a_sum sum = {t->self[i * width + column], 0};
        p2a_sum_add(&sum, total[i * width + column]);
        total[i * width + column] = sum.sum + (sum.lost + lost[i]);
        p2a_id parent = t->row[i].parent;
        if (parent == P2A_NONE)
            continue;
        struct p2a_sum up = {total[parent * width + column], lost[parent]};
        p2a_sum_add(&up, total[i * width + column]);
        total[parent * width + column] = up.sum;
        lost[parent] = up.lost;
    }
}

static bool add_up(const struct p2a_profile *p, double *total, uint32_t column)
{
    double whole;
    if (p2a_exact_sum(p->contexts.self + column, p->contexts.n, p->columns, &whole)) {
        add_up_exactly(p, total, column);
        return true;
    }
    double *lost = calloc((size_t)p->contexts.n + 1, sizeof *lost);
    if (lost)
        add_up_compensated(p, total, column, lost);
    free(lost);
    return lost;
}

bool p2a_tree_build(const struct p2a_profile *p, struct p2a_tree *tree)
{
    size_t n = p->contexts.n;
    *tree = (struct p2a_tree){.first = P2A_NONE};
    tree->child = malloc((n + 1) * sizeof *tree->child);
    tree->next = malloc((n + 1) * sizeof *tree->next);
    tree->total = malloc((n * p->columns + 1) * sizeof *tree->total);
    bool built = tree->child && tree->next && tree->total;
    if (built) {
        memset(tree->child, 0xff, (n + 1) * sizeof *tree->child);
        link_children(&p->contexts, tree);
    }
    for (uint32_t c = 0; built && n && c < p->columns; c++)
        built = add_up(p, tree->total, c);
    if (!built)
        p2a_tree_free(tree);
    return built;
}

void p2a_tree_free(struct p2a_tree *tree)
{
    free(tree->child);
    free(tree->next);
    free(tree->total);
    *tree = (struct p2a_tree){.first = P2A_NONE};
}
