#include "model/stacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "model/core.h"
#include "model/stackwalk.h"

void p2a_stacks_free(struct p2a_stacks *s)
{
    free(s->row);
    free(s->frames.at);
    free(s->self);
    free(s->first);
    *s = (struct p2a_stacks){0};
}

const struct p2a_stacks *p2a_stacks_of(const struct p2a_profile *p)
{
    return &p->core->stacks;
}

uint32_t p2a_shared_frames(struct p2a_stack_frames frames, const struct p2a_stack *a,
                           const struct p2a_stack *b)
{
    uint32_t n = a->frame_n < b->frame_n ? a->frame_n : b->frame_n, i = 0;
    if (a->thread != b->thread)
        return 0;
    while (i < n && p2a_frame_at(frames, a->frame + i) == p2a_frame_at(frames, b->frame + i))
        i++;
    return i;
}

struct p2a_keyed *p2a_stacks_as_they_came(const struct p2a_stacks *s)
{
    struct p2a_keyed *came = malloc(((size_t)s->n + 1) * sizeof *came);
    for (uint32_t i = 0; came && i < s->n; i++)
        came[i] = (struct p2a_keyed){s->first[i], i};
    if (came && !p2a_sort_keyed(came, s->n)) {
        free(came);
        return NULL;
    }
    return came;
}

/* ---- contexts -------------------------------------------------------------------------------- */

/* Contexts are added in the order in which they are walked down, so that what is below one is all
 * that stands behind it. Open is the path of frames that the next row has, too: what is below them
 * isn't complete.
 *
 *   row      main load | read              id:  | 0 | 1 |         start: sums of all the rows
 *   next     main load | parse                                           before the context's first
 */
struct unfolding {
    struct p2a_stack_walk *walk; /* what is left of it */
    uint32_t part;               /* rows of its first table that are cut at a time */
    bool walked;                 /* whether there was a row … */
    struct p2a_walked last;      /* … the last one, which waits for the next */
    struct p2a_stack_frames frames;
    uint64_t context_n; /* that were walked */
    struct p2a_contexts made;
    bool came;       /* whether stacks have a `first` */
    uint32_t *first; /* by context: when it came first; NULL: that doesn't matter */
    uint32_t columns, row_room, self_room, first_room, open_n;
    double least;
    p2a_id *id;
    uint32_t *earliest; /* of all the rows of an open one so far */
    double *start, *sum;
};

static bool room_for(struct unfolding *u, uint64_t n)
{
    uint64_t rows = u->made.n + n;
    if (rows <= u->row_room && rows <= u->self_room && (rows <= u->first_room || !u->came))
        return true;
    return p2a_grow(&u->made.row, &u->row_room, rows, sizeof *u->made.row) &&
           (!u->came || p2a_grow(&u->first, &u->first_room, rows, sizeof *u->first)) &&
           p2a_grow(&u->made.self, &u->self_room, rows,
                    (u->columns + !u->columns) * sizeof(double));
}

static double *self_of(struct unfolding *u, p2a_id context)
{
    return u->made.self + (size_t)context * u->columns;
}

/* The deepest open one has a row that came at FIRST. */
static void note_first(struct unfolding *u, uint32_t first)
{
    if (u->open_n && first < u->earliest[u->open_n - 1])
        u->earliest[u->open_n - 1] = first;
}

/* Where it is too light it swallows what is below. */
static void close_deepest(struct unfolding *u)
{
    uint32_t depth = --u->open_n;
    p2a_id id = u->id[depth];
    const double *start = u->start + (size_t)depth * u->columns;
    if (u->first) {
        u->first[id] = u->earliest[depth];
        note_first(u, u->earliest[depth]);
    }
    if (!u->columns || u->sum[0] - start[0] >= u->least)
        return;
    u->made.n = id + 1;
    for (uint32_t c = 0; c < u->columns; c++)
        self_of(u, id)[c] = u->sum[c] - start[c];
}

static void close_below(struct unfolding *u, uint32_t depth)
{
    while (u->open_n > depth)
        close_deepest(u);
}

static void open_context(struct unfolding *u, uint32_t depth, p2a_id id)
{
    u->id[depth] = id;
    if (u->first)
        u->earliest[depth] = u->first[id];
    for (uint32_t c = 0; c < u->columns; c++)
        u->start[(size_t)depth * u->columns + c] = u->sum[c];
    u->open_n = depth + 1;
}

/* Where many contexts are going to be swallowed, where its frame stands is all that one knows of
 * its function, so that only those that stay look there. */
static p2a_id function_of(const struct unfolding *u, uint32_t frame)
{
    return u->least > 0 ? frame : p2a_frame_at(u->frames, frame);
}

static void name_functions(struct unfolding *u)
{
    for (uint32_t id = 0; u->least > 0 && id < u->made.n; id++)
        u->made.row[id].function = p2a_frame_at(u->frames, u->made.row[id].function);
}

/* The contexts of a row, of which the NEXT one has so many in common with it. */
static bool add_contexts(struct unfolding *u, const struct p2a_walked *walked, uint32_t next)
{
    const struct p2a_stack *row = &walked->row;
    const double *self = walked->self;
    uint32_t end = row->frame_n, from = row->shared > next ? row->shared : next;
    p2a_id parent = row->shared ? u->id[row->shared - 1] : P2A_NONE;
    u->context_n += row->frame_n - row->shared;
    if (from < end && u->columns && self[0] < u->least)
        end = from + 1;
    if (!room_for(u, end - row->shared))
        return false;
    if (u->first)
        note_first(u, walked->first);
    for (uint32_t d = row->shared; d < end; d++) {
        p2a_id id = u->made.n++;
        u->made.row[id] = (struct p2a_context){parent, function_of(u, row->frame + d), row->thread};
        for (uint32_t c = 0; c < u->columns; c++)
            self_of(u, id)[c] = 0;
        if (u->first)
            u->first[id] = walked->first;
        if (d < next)
            open_context(u, d, id);
        parent = id;
    }
    for (uint32_t c = 0; c < u->columns; c++) {
        self_of(u, parent)[c] = self[c];
        u->sum[c] += self[c];
    }
    return true;
}

/* The last row's contexts, when it is known what the next one shares with it. */
static bool add_last(struct unfolding *u, uint32_t next)
{
    if (!u->walked)
        return true;
    close_below(u, u->last.row.shared);
    return add_contexts(u, &u->last, next);
}

static bool go_on_to(struct unfolding *u, const struct p2a_stack *row, const double *self,
                     uint32_t first)
{
    if (!add_last(u, row->shared))
        return false;
    u->walked = true;
    u->last.row = *row;
    u->last.first = first;
    for (uint32_t c = 0; c < u->columns; c++)
        u->last.self[c] = self[c];
    return true;
}

static bool unfold_rows(struct unfolding *u, double *self)
{
    enum { AHEAD = 8 };
    const struct p2a_stack_source *from = &u->walk->a;
    struct p2a_walked walked = {.self = self};
    while (p2a_next_stack(u->walk, &walked)) {
        if (u->least <= 0)
            p2a_stacks_ahead(from->s, from->row + AHEAD);
        if (!go_on_to(u, &walked.row, self, walked.first))
            return false;
    }
    return true;
}

/* Two tables are walked by the part, on any thread, and what was come by unfolded in its order. */
struct part {
    struct p2a_stack_walk walk;
    uint32_t n, row_room, self_room, first_room;
    struct p2a_stack *row;
    double *self;
    uint32_t *first;
};

static bool cut_part(void *unfolding, void *part)
{
    struct unfolding *u = unfolding;
    return p2a_cut_walk(u->walk, u->part, &((struct part *)part)->walk);
}

static bool walk_part(const void *unfolding, void *desk, void *part)
{
    const struct unfolding *u = unfolding;
    struct part *made = part;
    struct p2a_stack_walk *walk = &made->walk;
    struct p2a_walked walked;
    uint64_t most = (uint64_t)(walk->a.end - walk->a.row) + walk->b.end - walk->b.row;
    (void)desk;
    if (!p2a_grow(&made->row, &made->row_room, most, sizeof *made->row) ||
        !p2a_grow(&made->first, &made->first_room, most, sizeof *made->first) ||
        !p2a_grow(&made->self, &made->self_room, most, (u->columns + 1) * sizeof *made->self))
        return false;
    walked.self = made->self;
    for (made->n = 0; p2a_next_stack(walk, &walked); made->n++) {
        made->row[made->n] = walked.row;
        made->first[made->n] = walked.first;
        walked.self += u->columns;
    }
    return true;
}

static bool take_part(void *unfolding, void *desk, void *part)
{
    struct unfolding *u = unfolding;
    const struct part *made = part;
    (void)desk;
    for (uint32_t i = 0; i < made->n; i++)
        if (!go_on_to(u, &made->row[i], made->self + (size_t)i * u->columns, made->first[i]))
            return false;
    return true;
}

static void free_part(const void *unfolding, void *part)
{
    struct part *made = part;
    (void)unfolding;
    free(made->row);
    free(made->self);
    free(made->first);
}

static bool unfold_parts(struct unfolding *u)
{
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct part),
                                              .cut = cut_part,
                                              .make = walk_part,
                                              .take = take_part,
                                              .free_piece = free_part};
    enum { PARTS = 64, ENOUGH = 1 << 13 }; /* rows that are worth a thread */
    uint32_t rows = u->walk->a.end;
    u->part = rows / PARTS + 1;
    return p2a_crew_run(&work, u, rows < ENOUGH) == P2A_CREW_DONE;
}

static bool unfold_all(struct unfolding *u)
{
    const struct p2a_stacks *a = u->walk->a.s, *b = u->walk->b.s;
    size_t depth = (size_t)(b && b->deepest > a->deepest ? b->deepest : a->deepest) + 1;
    uint64_t contexts = a->context_n + (b ? b->context_n : 0);
    double *values = calloc(((size_t)u->columns + 1) * 3, sizeof *values);
    u->id = malloc(depth * sizeof *u->id);
    u->start = malloc(depth * (u->columns + 1) * sizeof *u->start);
    u->sum = values;
    u->earliest = malloc(depth * sizeof *u->earliest);
    bool done =
        u->id && u->start && values && u->earliest && room_for(u, u->least > 0 ? 64 : contexts);
    if (done) {
        u->last.self = values + u->columns;
        done = b ? unfold_parts(u) : unfold_rows(u, values + (size_t)u->columns * 2);
        done = done && add_last(u, 0);
        close_below(u, 0);
        name_functions(u);
    }
    free(u->earliest);
    free(u->id);
    free(u->start);
    free(values);
    return done;
}

bool p2a_contexts_order(struct p2a_contexts *t, uint32_t room, uint32_t columns, uint32_t *first)
{
    struct p2a_contexts ordered = {.n = t->n};
    struct p2a_keyed *came = malloc(((size_t)t->n + 1) * sizeof *came);
    ordered.row = malloc(((size_t)room + 1) * sizeof *ordered.row);
    ordered.self = malloc(((size_t)room * columns + 1) * sizeof *ordered.self);
    for (uint32_t i = 0; came && i < t->n; i++)
        came[i] = (struct p2a_keyed){first[i], i};
    bool done = came && ordered.row && ordered.self && p2a_sort_keyed(came, t->n);
    for (uint32_t i = 0; done && i < t->n; i++)
        first[came[i].id] = i; /* its place now */
    for (uint32_t i = 0; done && i < t->n; i++) {
        struct p2a_context c = t->row[came[i].id];
        if (c.parent != P2A_NONE)
            c.parent = first[c.parent];
        ordered.row[i] = c;
        memcpy(ordered.self + (size_t)i * columns, t->self + (size_t)came[i].id * columns,
               columns * sizeof *ordered.self);
    }
    free(came);
    free(done ? t->row : ordered.row);
    free(done ? t->self : ordered.self);
    if (done)
        *t = ordered;
    return done;
}

static bool make_contexts(struct p2a_stack_walk *walk, double least, struct p2a_contexts *made,
                          uint32_t *room, uint64_t *contexts)
{
    struct unfolding u = {.walk = walk,
                          .frames = walk->a.s->frames,
                          .came = walk->a.s->first,
                          .columns = walk->columns,
                          .least = least};
    bool done = unfold_all(&u);
    *room = u.row_room < u.self_room ? u.row_room : u.self_room;
    *contexts = u.context_n;
    if (done && u.first)
        done = p2a_contexts_order(&u.made, *room, walk->columns, u.first);
    free(u.first);
    *made = u.made;
    if (!done) {
        free(made->row);
        free(made->self);
        *made = (struct p2a_contexts){0};
    }
    return done;
}

enum p2a_status p2a_unfold(struct p2a_profile *p, struct p2a_error *error)
{
    struct p2a_contexts made;
    uint32_t room;
    uint64_t contexts;
    if (!p2a_unpack_lines(p))
        return p2a_error_memory(error);
    if (!p->core->stacks.n)
        return P2A_OK;
    struct p2a_stack_walk walk = p2a_walk_stacks(&p->core->stacks, p->columns);
    if (!make_contexts(&walk, 0, &made, &room, &contexts))
        return p2a_error_memory(error);
    p2a_stacks_free(&p->core->stacks);
    p->contexts = made;
    p->core->context_room = room;
    return P2A_OK;
}

bool p2a_lend_walked(const struct p2a_profile *p, struct p2a_stack_walk *walk, double least,
                     struct p2a_profile *lent, uint64_t *contexts)
{
    uint32_t room;
    *lent = *p;
    return make_contexts(walk, least, &lent->contexts, &room, contexts);
}

bool p2a_lend(const struct p2a_profile *p, const struct p2a_stacks *stacks, double least,
              struct p2a_profile *lent)
{
    struct p2a_stack_walk walk = p2a_walk_stacks(stacks, p->columns);
    uint64_t contexts;
    return p2a_lend_walked(p, &walk, least, lent, &contexts);
}

void p2a_let_go(struct p2a_profile *lent)
{
    free(lent->contexts.row);
    free(lent->contexts.self);
    lent->contexts = (struct p2a_contexts){0};
}

static void use_contexts(struct p2a_paths *paths, const struct p2a_profile *p)
{
    paths->p = p;
    paths->n = p->contexts.n;
    paths->self = p->contexts.self;
}

bool p2a_paths_begin(const struct p2a_profile *p, struct p2a_paths *paths)
{
    const struct p2a_stacks *s = &p->core->stacks;
    bool in_order = s->n && !s->first;
    *paths = (struct p2a_paths){.p = p, .n = s->n, .self = s->self};
    if (in_order) {
        paths->stacks = s;
    } else if (!s->n) {
        use_contexts(paths, p);
    } else {
        if (!p2a_lend(p, s, 0, &paths->lent))
            return false;
        use_contexts(paths, &paths->lent);
    }
    return true;
}

void p2a_paths_end(struct p2a_paths *paths)
{
    p2a_let_go(&paths->lent);
}

void p2a_self_by_function(const struct p2a_profile *p, double *self)
{
    const struct p2a_contexts *t = &p->contexts;
    const struct p2a_stacks *s = &p->core->stacks;
    for (uint32_t i = 0; p->core->own && i < p->functions.n; i++)
        self[i] += p->core->own[i];
    for (uint32_t i = 0; !p->core->own && i < t->n; i++)
        self[t->row[i].function] += fmax(t->self[(size_t)i * p->columns], 0);
    for (uint32_t i = 0; i < s->n; i++)
        self[p2a_frame_at(s->frames, s->row[i].frame + s->row[i].frame_n - 1)] +=
            s->self[(size_t)i * p->columns];
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool add_stack(struct p2a_profile *p, const struct p2a_stacks *s, uint32_t i, p2a_id *step)
{
    const struct p2a_stack *row = &s->row[i];
    for (uint32_t d = 0; d < row->frame_n; d++)
        step[d] = p2a_frame_at(s->frames, row->frame + d);
    if (!p2a_path(p, P2A_NONE, row->thread, step, row->frame_n))
        return false;
    for (uint32_t c = 0; c < p->columns; c++)
        p2a_context_add(p, step[row->frame_n - 1], c, s->self[(size_t)i * p->columns + c]);
    return true;
}

/* One after the other, as far as the limits go. */
static bool add_one_by_one(struct p2a_profile *p, const struct p2a_stacks *s)
{
    p2a_id *step = malloc(((size_t)s->deepest + 1) * sizeof *step);
    struct p2a_keyed *came = s->first ? p2a_stacks_as_they_came(s) : NULL;
    bool added = step && (came || !s->first);
    if (!added)
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    for (uint32_t i = 0; added && i < s->n; i++)
        added = add_stack(p, s, came ? came[i].id : i, step);
    free(step);
    free(came);
    return added;
}

bool p2a_stacks_take(struct p2a_profile *p, struct p2a_stacks *s)
{
    double sum;
    bool compared = p->columns > p->metrics.n;
    if (p2a_profile_status(p) != P2A_OK)
        return false;
    if (compared || s->context_n > p->core->max_rows ||
        !p2a_exact_sum(s->self, (size_t)s->n * p->columns, 1, &sum))
        return add_one_by_one(p, s);
    p->core->stacks = *s;
    *s = (struct p2a_stacks){0};
    return p->core->lazy || p2a_unfold(p, &p->core->error) == P2A_OK;
}
