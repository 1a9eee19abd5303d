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

/* One column; LOST holds what each sum has lost to rounding. */
static void add_up(const struct p2a_profile *p, struct p2a_tree *tree, uint32_t column,
                   double *lost)
{
    const struct p2a_contexts *t = &p->contexts;
    size_t width = p->columns;
    memset(lost, 0, t->n * sizeof *lost);
    for (size_t i = t->n; i-- > 0;) {
        struct p2a_sum sum = {t->self[i * width + column], 0};
        p2a_sum_add(&sum, tree->total[i * width + column]);
        tree->total[i * width + column] = sum.sum + (sum.lost + lost[i]);
        p2a_id parent = t->row[i].parent;
        if (parent == P2A_NONE)
            continue;
        struct p2a_sum up = {tree->total[parent * width + column], lost[parent]};
        p2a_sum_add(&up, tree->total[i * width + column]);
        tree->total[parent * width + column] = up.sum;
        lost[parent] = up.lost;
    }
}

bool p2a_tree_build(const struct p2a_profile *p, struct p2a_tree *tree)
{
    size_t n = p->contexts.n;
    *tree = (struct p2a_tree){.first = P2A_NONE};
    tree->child = malloc((n + 1) * sizeof *tree->child);
    tree->next = malloc((n + 1) * sizeof *tree->next);
    tree->total = calloc(n * p->columns + 1, sizeof *tree->total);
    double *lost = malloc((n + 1) * sizeof *lost);
    bool built = tree->child && tree->next && tree->total && lost;
    if (built) {
        memset(tree->child, 0xff, (n + 1) * sizeof *tree->child);
        link_children(&p->contexts, tree);
        for (uint32_t c = 0; c < p->columns; c++)
            add_up(p, tree, c, lost);
    } else {
        p2a_tree_free(tree);
    }
    free(lost);
    return built;
}

void p2a_tree_free(struct p2a_tree *tree)
{
    free(tree->child);
    free(tree->next);
    free(tree->total);
    *tree = (struct p2a_tree){.first = P2A_NONE};
}
