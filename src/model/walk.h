/* A walk down a tree, a parent before its children, children from left to right:
 *
 *     for (p2a_id i = tree.first; i != P2A_NONE; i = p2a_tree_after(p, &tree, i))            */
#ifndef P2A_MODEL_WALK_H
#define P2A_MODEL_WALK_H

#include "prof2any/format.h"

/* The context behind I; P2A_NONE at the end. */
static inline p2a_id p2a_tree_after(const struct p2a_profile *p, const struct p2a_tree *tree,
                                    p2a_id i)
{
    if (tree->child[i] != P2A_NONE)
        return tree->child[i];
    while (i != P2A_NONE && tree->next[i] == P2A_NONE)
        i = p->contexts.row[i].parent;
    return i == P2A_NONE ? P2A_NONE : tree->next[i];
}

#endif
