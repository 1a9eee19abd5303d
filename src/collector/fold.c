/* Calls past the limit on contexts: no nodes any more, but exact figures per function and per arc.
 *
 *     root ─ a ─ b ─ [folded]      the tree, as far as it goes; the thread stands at the marker
 *                     │ c
 *                     │ b          the stack of steps: what is called from there on
 *                     ▼ d
 *
 * A row holds the figures of a function, or of an arc. fold->active[row] says how often it is on
 * the way from the thread's root to the step on top: once for every step, and once for every node
 * above the marker. The latter are marks. They are set when the first call below a marker comes,
 * and are left standing when it ends: the next marker is often near, and only the nodes between the
 * two have to be gone through.
 *
 * Every event gives the marker what passed (hot.h); here it is passed on to the step on top. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/inside.h"

enum { METRICS = 3, NO_ROW = 0 };

struct step {
    uint32_t function; /* number */
    uint32_t row, arc; /* row numbers + 1; arc is NO_ROW below a root */
    bool outermost, outermost_arc;
    uint64_t total[METRICS]; /* of it and the steps that it has left */
};

struct p2a_fold {
    uint32_t *active, active_room; /* by row number */
    struct step *step;
    uint32_t depth, room;
    struct p2a_rec_node *marked; /* the lowest node that has a mark; the root has none */
    struct p2a_rec_node *marker;
    uint64_t seen[METRICS]; /* of the marker's figures: passed on already */
};

/* ---- rows ------------------------------------------------------------------------------------ */

static uint32_t hash_of_row(const void *recorder, uint32_t id)
{
    const struct p2a_recorder *r = recorder;
    const struct p2a_rec_fold *row = r->row[id - 1];
    return p2a_mix(row->callee, row->caller);
}

static uint32_t find_row(const struct p2a_recorder *r, uint32_t caller, uint32_t callee)
{
    const struct p2a_slots *s = &r->row_of;
    if (!s->room)
        return NO_ROW;
    uint32_t mask = s->room - 1, i = p2a_mix(callee, caller) & mask;
    for (; s->slot[i]; i = (i + 1) & mask) {
        const struct p2a_rec_fold *row = r->row[s->slot[i] - 1];
        if (row->caller == caller && row->callee == callee)
            break;
    }
    return s->slot[i];
}

static uint32_t metrics(const struct p2a_recorder *r)
{
    return r->header->flags & P2A_REC_ALLOCATIONS ? METRICS : 1;
}

static bool room_for_row(struct p2a_recorder *r)
{
    enum { ROWS = 60 }; /* in a segment; a multiple of METRICS */
    if (r->row_n == r->row_room) {
        uint32_t more = r->row_room ? r->row_room * 2 : 64;
        struct p2a_rec_fold **wide = realloc(r->row, more * sizeof(struct p2a_rec_fold *));
        if (!wide)
            return false;
        r->row = wide;
        r->row_room = more;
    }
    if (!p2a_slots_room(&r->row_of, hash_of_row, r))
        return false;
    if (r->row_next < r->row_end)
        return true;
    struct p2a_segment_room room;
    if (!p2a_new_segment(r, P2A_REC_FOLDS, ROWS * sizeof(struct p2a_rec_fold), &room))
        return false;
    r->row_next = (struct p2a_rec_fold *)(void *)room.at;
    r->row_end = (struct p2a_rec_fold *)(void *)room.end;
    return true;
}

/* The row of the pair, made where there is none; NO_ROW: no room. */
static uint32_t row_for(struct p2a_recorder *r, uint32_t caller, uint32_t callee)
{
    uint32_t id = find_row(r, caller, callee);
    if (id)
        return id;
    if (!room_for_row(r)) {
        p2a_no_room(r, ENOMEM);
        return NO_ROW;
    }
    r->row[r->row_n++] = r->row_next;
    for (uint32_t i = 0; i < metrics(r); i++) {
        struct p2a_rec_fold *row = r->row_next++;
        row->caller = caller;
        row->metric = i;
        __atomic_store_n(&row->callee, callee, __ATOMIC_RELEASE);
    }
    p2a_slots_put(&r->row_of, p2a_mix(callee, caller), r->row_n);
    return r->row_n;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static bool room_for_active(struct p2a_fold *f, uint32_t rows)
{
    if (rows <= f->active_room)
        return true;
    uint32_t more = rows + rows / 2 + 64;
    uint32_t *wide = realloc(f->active, more * sizeof *wide);
    if (!wide)
        return false;
    memset(wide + f->active_room, 0, (more - f->active_room) * sizeof *wide);
    f->active = wide;
    f->active_room = more;
    return true;
}

static bool count(struct p2a_track *k, uint32_t caller, uint32_t callee, uint32_t by)
{
    uint32_t row = row_for(k->r, caller, callee);
    if (!row || !room_for_active(k->fold, row))
        return false;
    k->fold->active[row - 1] += by;
    return true;
}

/* An arc from a root is none: what is called there was called by nobody we know. */
static uint32_t caller_at(const struct p2a_rec_node *n)
{
    return n->flags & P2A_NODE_ROOT ? 0 : n->function;
}

static bool mark(struct p2a_track *k, const struct p2a_rec_node *n, uint32_t by)
{
    uint32_t caller = caller_at(n - n->up);
    return count(k, 0, n->function, by) && (!caller || count(k, caller, n->function, by));
}

/* Moves the marks from the path to fold->marked to the path to N. A parent has a lower address than
 * its children, so the higher of two nodes is never above the other. */
static bool move_marks(struct p2a_track *k, struct p2a_rec_node *n)
{
    struct p2a_rec_node *old = k->fold->marked, *new = n;
    while (old != new) {
        if (new > old) {
            if (!mark(k, new, 1))
                return false;
            new -= new->up;
        } else {
            if (!mark(k, old, UINT32_MAX))
                return false;
            old -= old->up;
        }
    }
    k->fold->marked = n;
    return true;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static uint64_t figure(const struct p2a_rec_node *n, uint32_t metric)
{
    return metric == 0   ? __atomic_load_n(&n->self, __ATOMIC_RELAXED)
           : metric == 1 ? n->allocations
                         : n->bytes;
}

/* What the marker got since the last event was spent in the step on top. */
static void pass_on(struct p2a_track *k)
{
    struct p2a_fold *f = k->fold;
    for (uint32_t m = 0; m < metrics(k->r); m++) {
        uint64_t here = figure(f->marker, m), delta = here - f->seen[m];
        f->seen[m] = here;
        if (!f->depth)
            continue;
        struct step *s = &f->step[f->depth - 1];
        s->total[m] += delta;
        k->r->row[s->row - 1][m].self += delta;
        if (s->arc)
            k->r->row[s->arc - 1][m].self += delta;
    }
}

static void pop(struct p2a_track *k)
{
    struct p2a_fold *f = k->fold;
    const struct step *s = &f->step[--f->depth];
    bool outermost = --f->active[s->row - 1] == 0;
    bool outermost_arc = s->arc && --f->active[s->arc - 1] == 0;
    for (uint32_t m = 0; m < metrics(k->r); m++) {
        if (outermost)
            k->r->row[s->row - 1][m].total += s->total[m];
        if (outermost_arc)
            k->r->row[s->arc - 1][m].total += s->total[m];
        if (f->depth)
            f->step[f->depth - 1].total[m] += s->total[m];
    }
    if (!f->depth)
        p2a_move(k->thread, f->marker - f->marker->up);
}

static bool push(struct p2a_track *k, uint32_t caller, uint32_t callee)
{
    struct p2a_fold *f = k->fold;
    struct p2a_recorder *r = k->r;
    uint32_t row = row_for(r, 0, callee), arc = caller ? row_for(r, caller, callee) : NO_ROW;
    if (!row || (caller && !arc) || !room_for_active(f, r->row_n))
        return false;
    if (f->depth == f->room) {
        uint32_t more = f->room ? f->room * 2 : 64;
        struct step *wide = realloc(f->step, more * sizeof *wide);
        if (!wide)
            return false;
        f->step = wide;
        f->room = more;
    }
    struct step *s = &f->step[f->depth++];
    *s = (struct step){.function = callee, .row = row, .arc = arc};
    s->outermost = f->active[row - 1]++ == 0;
    r->row[row - 1]->calls++;
    r->row[row - 1]->primitive += s->outermost;
    if (arc) {
        s->outermost_arc = f->active[arc - 1]++ == 0;
        r->row[arc - 1]->calls++;
        r->row[arc - 1]->primitive += s->outermost_arc;
    }
    return true;
}

static struct p2a_fold *fold_of(struct p2a_track *k)
{
    if (!k->fold) {
        k->fold = calloc(1, sizeof *k->fold);
        if (k->fold)
            k->fold->marked = p2a_root(k->thread);
    }
    return k->fold;
}

static bool enter(struct p2a_track *k, struct p2a_rec_node *marker, uint32_t callee)
{
    struct p2a_fold *f = fold_of(k);
    if (!f)
        return false;
    struct p2a_rec_node *above = marker - marker->up;
    if (f->depth) {
        pass_on(k);
        return push(k, f->step[f->depth - 1].function, callee);
    }
    f->marker = marker;
    pass_on(k); /* to nobody: what the marker got before is accounted for */
    return move_marks(k, above) && push(k, caller_at(above), callee);
}

/* The thread stands at the marker. */
void p2a_fold_enter(struct p2a_track *k, uint64_t key, const void *what)
{
    struct p2a_rec_node *marker = p2a_current(k->thread);
    uint32_t callee = p2a_function_of(k->r, key, what);
    if (callee && p2a_current(k->thread) == marker && !enter(k, marker, callee))
        p2a_no_room(k->r, ENOMEM);
}

void p2a_fold_leave(struct p2a_track *k)
{
    struct p2a_fold *f = k->fold;
    pass_on(k);
    uint32_t flags = k->r->known[f->step[f->depth - 1].function - 1].flags;
    pop(k);
    if (flags & P2A_NODE_STARTS_THREADS && k->r->asks->spawned)
        k->r->asks->spawned(k->r->owner);
}

void p2a_fold_unwind(struct p2a_track *k)
{
    if (!k->fold || !k->fold->depth)
        return;
    pass_on(k);
    while (k->fold->depth)
        pop(k);
}

void p2a_fold_free(struct p2a_track *k)
{
    if (!k->fold)
        return;
    free(k->fold->active);
    free(k->fold->step);
    free(k->fold);
    k->fold = NULL;
}

uint32_t p2a_fold_depth(const struct p2a_track *k)
{
    return k->fold ? k->fold->depth : 0;
}

uint32_t p2a_fold_step(const struct p2a_track *k, uint32_t i)
{
    return k->fold->step[i].function;
}

bool p2a_open_fold(const struct p2a_track *k, uint32_t i, struct p2a_open_fold *open)
{
    if (i >= p2a_fold_depth(k))
        return false;
    const struct step *s = &k->fold->step[i];
    *open = (struct p2a_open_fold){.caller = s->arc ? k->r->row[s->arc - 1]->caller : 0,
                                   .callee = s->function,
                                   .primitive = s->outermost,
                                   .primitive_arc = s->outermost_arc};
    return true;
}
