/* Making a profile anew with some frames moved, renamed or dropped. */
#ifndef P2A_MODEL_REWRITE_H
#define P2A_MODEL_REWRITE_H

#include "model/core.h"

enum p2a_fate {
    P2A_KEEP, /* stays, under its parent's new place */
    P2A_FOLD, /* its self goes to its parent's place; without one, it is dropped */
    P2A_DROP, /* its self is gone; its children come under its parent's place */
    P2A_RAISE /* becomes a root */
};

/* What becomes of each context and of each function. NULL: all are kept; functions as they are. */
struct p2a_rewrite {
    const unsigned char *fate; /* enum p2a_fate by context */
    const p2a_id *rename;      /* by function: the id it becomes, of the same profile */
    bool join;                 /* a frame directly below one of the same name is that frame */
};

#define P2A_NO_LINES "costs per line are left out: of a part of the call paths they aren't known"

/* Replaces the contexts; the graph, derived anew when needed, goes, but for one of its own where
 * functions are renamed alone. Lines stay where every context keeps its self; else a note says that
 * they go. */
enum p2a_status p2a_rewrite_contexts(struct p2a_profile *p, const struct p2a_rewrite *rewrite,
                                     struct p2a_error *error);

/* Replaces the graph: functions whose KEEP is 0 lose their rows and arcs, arcs whose KEEP_ARC is 0
 * go, functions become what RENAME says and add up where they meet. NULL keeps all. */
enum p2a_status p2a_rewrite_graph(struct p2a_profile *p, const unsigned char *keep,
                                  const unsigned char *keep_arc, const p2a_id *rename,
                                  struct p2a_error *error);

#endif
