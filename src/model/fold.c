/* Stacks are folded by the piece on all cores, each piece into rows of its own. Up to the first
 * frame that folds, a stack stays in its place among the others, and needn't be sorted again; where
 * it leads to instead is a new row:
 *
 *     stack   main visit walk visit print 5     stays     main visit walk      0
 *                                               new row   main visit print     5   */
#include "model/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crew.h"
#include "model/core.h"

enum {
    AHEAD = 8,     /* rows */
    FEW = 1 << 16, /* frames */
    PIECES = 64,
    ENOUGH = 1 << 13 /* stacks that are worth a thread */
};

bool p2a_is_foldable(const struct p2a_profile *p, p2a_id function)
{
    return p->functions.row[function].kind != P2A_BUILTIN;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct rows {
    struct p2a_stacks s;
    uint32_t columns, frame_n, frame_room, row_room, self_room, first_room;
};

static bool room_for(struct rows *to, uint64_t rows, uint64_t frames)
{
    struct p2a_stacks *s = &to->s;
    return p2a_grow(&s->row, &to->row_room, rows, sizeof *s->row) &&
           p2a_grow(&s->first, &to->first_room, rows, sizeof *s->first) &&
           p2a_grow(&s->self, &to->self_room, rows,
                    (to->columns + !to->columns) * sizeof *s->self) &&
           p2a_room_for_frames(&s->frames, &to->frame_room, frames);
}

/* With the values SELF; NULL: none. There is room for it. */
static void add_row(struct rows *to, struct p2a_stack row, const double *self, uint32_t first)
{
    double *values = to->s.self + (size_t)to->s.n * to->columns;
    for (uint32_t c = 0; c < to->columns; c++)
        values[c] = self ? self[c] : 0;
    to->s.first[to->s.n] = first;
    to->s.row[to->s.n++] = row;
}

/* ---- a stack --------------------------------------------------------------------------------- */

/* What a thread folds with. The nodes of a stack's path, each once:
 *
 *   frames   main visit walk visit print       node   0 main   1 visit   2 walk   3 print
 *   node of     0     1    2     1     3       above      -         0        1         1   */
struct desk {
    uint32_t *seen; /* functions: the number of the last stack that they were on, from 1 */
    uint32_t *open; /* functions: their node there */
    p2a_id *function;
    uint32_t *above, *depth; /* nodes */
};

struct piece {
    uint32_t begin, end; /* rows of the stacks */
    uint32_t n;          /* rows that came of them, with what stays as it is */
    uint32_t folded_n;
    uint64_t left_n; /* frames of the paths that are left, but for those that stay */
    struct rows to;
};

struct folding {
    const struct p2a_profile *p;
    const struct p2a_stacks *from;
    bool fold;    /* else stacks stay as they are */
    bool look;    /* whether there is something to fold, no more */
    uint32_t cut; /* rows so far … */
    uint32_t n;   /* … and what came of them, as in a piece */
    uint32_t folded_n;
    uint64_t left_n, left_most;
    uint32_t *plain, *first; /* by row of the stacks */
    bool dear, failed;
    struct rows to; /* its frames are those of both */
};

static bool set_desk(const struct folding *f, struct desk *desk)
{
    size_t functions = (size_t)f->p->functions.n + 1, deepest = (size_t)f->from->deepest + 1;
    if (desk->depth)
        return true;
    desk->seen = calloc(functions, sizeof *desk->seen);
    desk->open = malloc(functions * sizeof *desk->open);
    desk->function = malloc(deepest * sizeof *desk->function);
    desk->above = malloc(deepest * sizeof *desk->above);
    desk->depth = malloc(deepest * sizeof *desk->depth);
    return desk->seen && desk->open && desk->function && desk->above && desk->depth;
}

/* How many frames there are before the first that folds. */
static uint32_t find_fold(const struct folding *f, const struct p2a_stack *row, uint32_t mark,
                          uint32_t *seen)
{
    struct p2a_stack_frames frames = p2a_frames_from(f->from->frames, row->frame);
    uint32_t d = 0;
    for (; d < row->frame_n; d++) {
        p2a_id function = p2a_frame_at(frames, d);
        if (seen[function] == mark && p2a_is_foldable(f->p, function))
            break;
        seen[function] = mark;
    }
    return d;
}

/* The path to NODE, as a row. */
static bool add_path(struct piece *piece, const struct desk *desk, uint32_t node, p2a_id thread,
                     const double *self)
{
    struct rows *to = &piece->to;
    uint32_t n = desk->depth[node] + 1;
    struct p2a_stack row = {.frame = to->frame_n, .frame_n = n, .thread = thread};
    if (!room_for(to, (uint64_t)to->s.n + 1, (uint64_t)to->frame_n + n))
        return false;
    struct p2a_stack_frames frames = p2a_frames_from(to->s.frames, to->frame_n);
    to->frame_n += n;
    for (; n; node = desk->above[node])
        p2a_set_frame(frames, --n, desk->function[node]);
    add_row(to, row, self, piece->n++);
    return true;
}

static void add_node(struct desk *desk, uint32_t n, p2a_id function, uint32_t above)
{
    desk->function[n] = function;
    desk->above[n] = above;
    desk->depth[n] = n ? desk->depth[above] + 1 : 0;
    desk->open[function] = n;
}

/* What the row before it has in common was left there, too. The first path that is left stays in
 * the stack's own place. */
static bool fold_row(const struct folding *f, struct piece *piece, struct desk *desk, uint32_t i)
{
    const struct p2a_stack *row = &f->from->row[i];
    struct p2a_stack_frames frames = p2a_frames_from(f->from->frames, row->frame);
    uint32_t n = 0, node = 0;
    bool fresh = false;
    for (; n < f->plain[i]; node = n++)
        add_node(desk, n, p2a_frame_at(frames, n), node);
    for (uint32_t d = n; d < row->frame_n && piece->left_n <= f->left_most; d++) {
        p2a_id function = p2a_frame_at(frames, d);
        if (desk->seen[function] != i + 1 || !p2a_is_foldable(f->p, function)) {
            desk->seen[function] = i + 1;
            add_node(desk, n, function, node);
            node = n++;
            fresh = true;
            continue;
        }
        if (fresh && d > row->shared) {
            piece->left_n += desk->depth[node] + 1;
            if (!add_path(piece, desk, node, row->thread, NULL))
                return false;
        }
        node = desk->open[function];
        fresh = false;
    }
    return add_path(piece, desk, node, row->thread, f->from->self + (size_t)i * piece->to.columns);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static bool cut_piece(void *folding, void *piece)
{
    struct folding *f = folding;
    struct piece *cut = piece;
    struct rows to = cut->to;
    uint32_t rows = f->from->n / PIECES + 1, left = f->from->n - f->cut;
    to.s.n = to.frame_n = 0;
    to.s.frames.narrow = f->from->frames.narrow;
    to.columns = f->to.columns;
    *cut = (struct piece){.begin = f->cut, .end = f->cut + (left < rows ? left : rows), .to = to};
    f->cut = cut->end;
    return left;
}

static bool make_piece(const void *folding, void *desk_, void *piece)
{
    const struct folding *f = folding;
    struct desk *desk = desk_;
    struct piece *made = piece;
    bool done = set_desk(f, desk);
    for (uint32_t i = made->begin; done && i < made->end; i++) {
        p2a_stacks_ahead(f->from, i + AHEAD);
        const struct p2a_stack *row = &f->from->row[i];
        f->plain[i] = f->fold ? find_fold(f, row, i + 1, desk->seen) : row->frame_n;
        f->first[i] = made->n++;
        if (f->plain[i] == row->frame_n)
            continue;
        made->folded_n++;
        if (f->look || made->left_n > f->left_most)
            break;
        done = fold_row(f, made, desk, i);
    }
    return done;
}

/* False, too, where no more is wanted. */
static bool take_piece(void *folding, void *desk, void *piece)
{
    struct folding *f = folding;
    struct piece *made = piece;
    struct rows *from = &made->to, *to = &f->to;
    (void)desk;
    f->folded_n += made->folded_n;
    f->left_n += made->left_n;
    f->dear = f->left_n > f->left_most;
    if (f->dear || (f->look && f->folded_n))
        return false;
    f->failed = !room_for(to, (uint64_t)to->s.n + from->s.n, (uint64_t)to->frame_n + from->frame_n);
    if (f->failed)
        return false;
    for (uint32_t i = made->begin; i < made->end; i++)
        f->first[i] += f->n;
    for (uint32_t i = 0; i < from->s.n; i++) {
        struct p2a_stack row = from->s.row[i];
        row.frame += to->frame_n;
        add_row(to, row, from->s.self + (size_t)i * to->columns, from->s.first[i] + f->n);
    }
    p2a_copy_frames(to->s.frames, to->frame_n, from->s.frames, 0, from->frame_n);
    to->frame_n += from->frame_n;
    f->n += made->n;
    return true;
}

static void free_rows(struct rows *rows)
{
    p2a_stacks_free(&rows->s);
    *rows = (struct rows){0};
}

static void free_piece(const void *folding, void *piece)
{
    (void)folding;
    free_rows(&((struct piece *)piece)->to);
}

static void free_desk(const void *folding, void *desk_)
{
    struct desk *desk = desk_;
    (void)folding;
    free(desk->seen);
    free(desk->open);
    free(desk->function);
    free(desk->above);
    free(desk->depth);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* False: no memory. */
static bool run(struct folding *f)
{
    static const struct p2a_crew_work work = {.desk_size = sizeof(struct desk),
                                              .piece_size = sizeof(struct piece),
                                              .cut = cut_piece,
                                              .make = make_piece,
                                              .take = take_piece,
                                              .free_desk = free_desk,
                                              .free_piece = free_piece};
    size_t n = (size_t)f->from->n + 1;
    f->plain = malloc(n * sizeof *f->plain);
    f->first = malloc(n * sizeof *f->first);
    return f->plain && f->first &&
           p2a_crew_run(&work, f, f->from->n < ENOUGH) != P2A_CREW_NO_MEMORY && !f->failed;
}

bool p2a_is_recursive(const struct p2a_profile *p, bool *recursive)
{
    struct folding f = {.p = p, .from = &p->core->stacks, .fold = true, .look = true};
    bool done = run(&f);
    *recursive = f.folded_n > 0;
    free(f.plain);
    free(f.first);
    return done;
}

/* Room for the frames of all rows that may come: they aren't to be moved while others look at them.
 * What isn't used of it isn't touched. */
static bool reserve(struct folding *f, struct p2a_stacks *from)
{
    struct rows *to = &f->to;
    uint64_t all = 0;
    for (uint32_t i = 0; i < from->n; i++) {
        const struct p2a_stack *row = &from->row[i];
        all += row->frame_n;
        if (row->frame + row->frame_n > to->frame_n)
            to->frame_n = row->frame + row->frame_n;
    }
    f->left_most = all / 4 + FEW;
    to->frame_room = to->frame_n;
    uint64_t room = to->frame_n + all + f->left_most;
    f->dear = room > UINT32_MAX;
    bool done = f->dear || p2a_room_for_frames(&from->frames, &to->frame_room, room);
    to->s.frames = from->frames;
    return done;
}

/* Adds the rows that stay as they are, and makes all of one thread. */
static bool add_plain(struct folding *f)
{
    const struct p2a_stacks *from = f->from;
    if (!room_for(&f->to, (uint64_t)f->to.s.n + from->n, f->to.frame_n))
        return false;
    for (uint32_t i = 0; i < from->n; i++) {
        struct p2a_stack row = from->row[i];
        bool whole = f->plain[i] == row.frame_n;
        row.frame_n = f->plain[i];
        add_row(&f->to, row, whole ? from->self + (size_t)i * f->to.columns : NULL, f->first[i]);
    }
    for (uint32_t i = 0; i < f->to.s.n; i++)
        f->to.s.row[i].thread = 0;
    return true;
}

/* Sorts the new rows, with those that stay where all are taken TOGETHER. */
static bool sort_rows(struct folding *f, bool together, struct p2a_fold *fold)
{
    if (together && !add_plain(f))
        return false;
    if (!p2a_stacks_sort(&f->to.s, f->p->functions.n, f->to.columns))
        return false;
    fold->fresh = f->to.s;
    f->to = (struct rows){0};
    if (!together)
        fold->stay = *f->from;
    fold->stay.frames = fold->fresh.frames = f->from->frames;
    fold->stay.first = f->first;
    f->first = NULL;
    return true;
}

bool p2a_fold_stacks(const struct p2a_profile *p, bool recursion, bool together,
                     struct p2a_fold *fold)
{
    struct p2a_stacks *from = &p->core->stacks;
    struct folding f = {.p = p, .from = from, .fold = recursion, .to.columns = p->columns};
    *fold = (struct p2a_fold){0};
    bool done = reserve(&f, from) && (f.dear || run(&f));
    if (done && !f.dear && (f.folded_n || together))
        done = sort_rows(&f, together, fold);
    fold->plain = f.plain;
    fold->n = f.folded_n;
    fold->dear = f.dear;
    f.to.s.frames.at = NULL;
    free_rows(&f.to);
    free(f.first);
    if (!done)
        p2a_free_fold(fold);
    return done;
}

void p2a_free_fold(struct p2a_fold *fold)
{
    fold->fresh.frames.at = NULL;
    p2a_stacks_free(&fold->fresh);
    free(fold->stay.first);
    free(fold->plain);
    *fold = (struct p2a_fold){0};
}
