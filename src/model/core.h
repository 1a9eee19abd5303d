/* What a profile keeps behind its tables: memory, lookup, notes, the first error. */
#ifndef P2A_MODEL_CORE_H
#define P2A_MODEL_CORE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/index.h"
#include "base/pairs.h"
#include "model/lines.h"
#include "model/stacks.h"
#include "prof2any/format.h"

struct p2a_core {
    struct p2a_arena arena; /* strings and notes */
    struct p2a_index string_of, function_of, thread_of, line_of, site_of;
    struct p2a_pairs context_of, arc_of;
    struct p2a_stacks stacks; /* in the place of contexts, until p2a_unfold */
    struct p2a_packed_lines packed; /* in the place of lines, until p2a_unpack_lines */
    bool lazy;                /* they may be */
    bool no_lines;            /* wanted */
    double least;             /* the share of the whole below which a path's end is as good */
    double *own; /* where paths end so: by function, what p2a_self_by_function says; else NULL */
    unsigned left_out;        /* enum p2a_fact */
    uint32_t context_indexed; /* rows that are found: by the index, or behind their parents */
    uint32_t function_indexed; /* rows; those behind them have names that those before lack */
    p2a_id unnamed;            /* no function has a name from this string on */
    uint32_t context_seen;     /* rows, of which … */
    p2a_id uncalled;           /* … none is of a function from this one on */
    uint32_t string_room, function_room, metric_room, thread_room, input_room, context_room,
        node_room, order_room, arc_room, line_room, site_room, note_room;
    uint32_t note_n;
    char **note;
    bool note_lost;         /* for want of memory */
    struct p2a_error error; /* the first one; everything after it is a no-op */
    uint64_t max_rows;
};

struct p2a_profile *p2a_profile_new(uint64_t max_rows); /* NULL: no memory */

/* Fails the profile: later calls that fill it do nothing. */
enum p2a_status p2a_fail(struct p2a_profile *p, enum p2a_status status, const char *message, ...)
    P2A_PRINTF(3, 4);
enum p2a_status p2a_profile_status(const struct p2a_profile *p);
/* Whether a table may have so many rows; where it may not, the profile fails. */
bool p2a_within_limit(struct p2a_profile *p, uint64_t rows);

/* After the last row: evens out the tables and works out the facts. */
void p2a_finish(struct p2a_profile *p);

/* P2A_NONE: it isn't there. */
p2a_id p2a_function_find(struct p2a_profile *p, const struct p2a_function *function);
/* The module of a function that is there without; none is there with it. */
void p2a_function_module(struct p2a_profile *p, p2a_id function, p2a_id module);

/* Paths that p2a_path is going to be asked for: where there are many contexts, their memory is asked
 * for, a frame of each at a time, so that they wait for it together. PARENT and THREAD are p2a_path's.
 */
struct p2a_way {
    p2a_id *step;
    size_t n;
    p2a_id parent, thread;
};
enum { P2A_WAYS = 16 };
void p2a_paths_ahead(struct p2a_profile *p, const struct p2a_way *way, uint32_t n);

/* Puts the arcs that p2a_arc_new added into the index, before many are looked for. False: no
 * memory.
 */
bool p2a_index_arcs(struct p2a_profile *p);
/* A context that isn't there yet: it isn't looked for, and is in the index when somebody looks. */
p2a_id p2a_context_new(struct p2a_profile *p, p2a_id parent, p2a_id function, p2a_id thread);

/* As p2a_intern, where p2a_hash of the text is known. */
p2a_id p2a_intern_hashed(struct p2a_profile *p, struct p2a_str text, uint64_t hash);

/* A name of that hash, a function, an arc that is going to be looked for. */
void p2a_intern_ahead(const struct p2a_profile *p, uint64_t hash);
void p2a_function_ahead(const struct p2a_profile *p, const struct p2a_function *function);
void p2a_arc_ahead(const struct p2a_profile *p, p2a_id caller, p2a_id callee);

/* Copies the error out and makes the profile usable again. */
enum p2a_status p2a_take_error(struct p2a_profile *p, struct p2a_error *error);

/* Whether there are contexts, or stacks that stand for them. */
static inline bool p2a_has_contexts(const struct p2a_profile *p)
{
    return p->contexts.n || p->core->stacks.n;
}

/* Makes a graph, whose arrays are malloc'ed, that of the profile; it is the profile's own from here
 * on, and *GRAPH empty. Its functions are there. False after an error. */
bool p2a_take_graph(struct p2a_profile *p, struct p2a_graph *graph);
void p2a_free_graph(struct p2a_graph *graph);

/* Forgets the contexts, or the graph. */
void p2a_drop_contexts(struct p2a_profile *p);
void p2a_drop_graph(struct p2a_profile *p);
/* Forgets the calls of contexts, those before as well. */
void p2a_drop_path_calls(struct p2a_profile *p);

/* A profile with the same rows; of a tree its contexts alone, notes aside. NULL after an error. */
struct p2a_profile *p2a_copy(const struct p2a_profile *from, struct p2a_error *error);

/* Swaps two profiles whole. */
void p2a_swap(struct p2a_profile *a, struct p2a_profile *b);

/* Neumaier's compensated sum: what is lost to rounding is kept beside. */
struct p2a_sum {
    double sum, lost;
};
static inline void p2a_sum_add(struct p2a_sum *sum, double value)
{
    double t = sum->sum + value;
    double a = sum->sum < 0 ? -sum->sum : sum->sum, b = value < 0 ? -value : value;
    double lost = a >= b ? (sum->sum - t) + value : (value - t) + sum->sum;
    if (lost - lost == 0) /* an infinite sum loses nothing */
        sum->lost += lost;
    sum->sum = t;
}
static inline double p2a_sum_value(const struct p2a_sum *sum)
{
    return sum->sum + sum->lost;
}

/* Whole numbers from 0 on that add up to no more than 2^53, as samples are: whichever way they are
 * added, nothing is lost. Where VALUE[0], VALUE[STRIDE], … (N of them) are such, *SUM is theirs;
 * else false. */
#define P2A_EXACT 9007199254740992.0
bool p2a_exact_sum(const double *value, size_t n, size_t stride, double *sum);

#endif
