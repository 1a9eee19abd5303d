#include "model/pile.h"

#include <stdlib.h>
#include <string.h>

#include "model/core.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { ENOUGH = 1 << 4 };
#else
enum { ENOUGH = 1 << 25 }; /* frames; 128 MB */
#endif

static bool room_for(struct p2a_pile *pile, uint32_t rows, uint64_t frames)
{
    struct p2a_stacks *s = &pile->stacks;
    uint64_t n = (uint64_t)s->n + rows;
    return p2a_room_for_frames(&s->frames, &pile->frame_room, pile->frame_n + frames) &&
           p2a_grow(&s->row, &pile->row_room, n, sizeof *s->row) &&
           p2a_grow(&s->self, &pile->self_room, n, pile->columns * sizeof *s->self);
}

p2a_id *p2a_pile_add(struct p2a_pile *pile, p2a_id thread, uint32_t kept, uint32_t frame_n,
                     const double *values)
{
    struct p2a_stacks *s = &pile->stacks;
    if (!room_for(pile, 1, frame_n) ||
        !p2a_grow(&s->first, &pile->first_room, (uint64_t)s->n + 1, sizeof *s->first))
        return NULL;
    if (kept)
        p2a_copy_frames(s->frames, pile->frame_n, s->frames, s->row[s->n - 1].frame, kept);
    s->row[s->n] = (struct p2a_stack){.frame = pile->frame_n, .frame_n = frame_n, .thread = thread};
    s->first[s->n] = pile->count;
    memcpy(s->self + (size_t)s->n * pile->columns, values, pile->columns * sizeof *values);
    pile->count += pile->count < UINT32_MAX;
    p2a_id *others = (p2a_id *)s->frames.at + pile->frame_n + kept;
    pile->frame_n += frame_n;
    s->n++;
    return others;
}

void p2a_pile_drop(struct p2a_pile *pile)
{
    pile->frame_n = pile->stacks.row[--pile->stacks.n].frame;
}

static uint64_t frames_of(const struct p2a_stacks *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        n += s->row[i].frame_n;
    return n;
}

/* Adds a row, for which there is room, and a copy of its frames. */
static void put_row(struct p2a_pile *pile, struct p2a_stack_frames frames, struct p2a_stack row,
                    const double *self)
{
    struct p2a_stacks *s = &pile->stacks;
    p2a_copy_frames(s->frames, pile->frame_n, frames, row.frame, row.frame_n);
    memcpy(s->self + (size_t)s->n * pile->columns, self, pile->columns * sizeof *self);
    row.frame = pile->frame_n;
    pile->frame_n += row.frame_n;
    s->row[s->n++] = row;
}

bool p2a_pile_put(struct p2a_pile *pile, const struct p2a_stacks *batch, uint32_t functions)
{
    struct p2a_stacks sorted;
    if (!p2a_stacks_sorted(batch, functions, pile->columns, &sorted))
        return false;
    pile->stacks.frames.narrow = batch->frames.narrow;
    bool room = room_for(pile, sorted.n, frames_of(&sorted));
    for (uint32_t i = 0; room && i < sorted.n; i++)
        put_row(pile, batch->frames, sorted.row[i], sorted.self + (size_t)i * pile->columns);
    p2a_stacks_free(&sorted);
    return room && p2a_pile_settle(pile, functions);
}

bool p2a_pile_compare(struct p2a_pile *pile)
{
    struct p2a_stacks *s = &pile->stacks;
    uint32_t columns = pile->columns;
    double *self = calloc((size_t)pile->self_room * columns * 2 + 1, sizeof *self);
    for (size_t i = 0; self && i < s->n; i++)
        memcpy(self + i * columns * 2, s->self + i * columns, columns * sizeof *self);
    if (!self)
        return false;
    free(s->self);
    s->self = self;
    pile->columns *= 2;
    return true;
}

/* Frames of stacks that are no more are given back, if they are many. */
static bool close_up(struct p2a_pile *pile)
{
    struct p2a_stacks *s = &pile->stacks;
    uint64_t kept = frames_of(s);
    pile->row_room = pile->self_room = pile->first_room = s->n;
    if (kept > pile->frame_n / 4 * 3)
        return true;
    struct p2a_stack_frames frames = {.narrow = s->frames.narrow};
    frames.at = malloc((kept + 1) * p2a_frame_size(frames));
    if (!frames.at)
        return false;
    pile->frame_n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        struct p2a_stack *row = &s->row[i];
        p2a_copy_frames(frames, pile->frame_n, s->frames, row->frame, row->frame_n);
        row->frame = pile->frame_n;
        pile->frame_n += row->frame_n;
    }
    free(s->frames.at);
    s->frames = frames;
    pile->frame_room = pile->frame_n;
    return true;
}

bool p2a_pile_settle(struct p2a_pile *pile, uint32_t functions)
{
    if (!pile->enough)
        pile->enough = ENOUGH;
    if (pile->frame_n <= pile->enough)
        return true;
    if (!p2a_stacks_sort(&pile->stacks, functions, pile->columns) || !close_up(pile))
        return false;
    if (pile->frame_n > pile->enough / 2)
        pile->enough = pile->frame_n < UINT32_MAX / 2 ? 2 * pile->frame_n : UINT32_MAX;
    return true;
}

bool p2a_pile_take(struct p2a_pile *pile, struct p2a_profile *p)
{
    bool taken = false;
    if (!pile->stacks.n)
        return true;
    if (!p2a_stacks_sort(&pile->stacks, p->functions.n, pile->columns))
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    else
        taken = p2a_stacks_take(p, &pile->stacks);
    p2a_pile_free(pile);
    return taken;
}

void p2a_pile_clear(struct p2a_pile *pile)
{
    pile->stacks.n = pile->frame_n = 0;
}

void p2a_pile_free(struct p2a_pile *pile)
{
    p2a_stacks_free(&pile->stacks);
    *pile = (struct p2a_pile){.columns = pile->columns};
}
