#include "model/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/core.h"

enum { AHEAD = 8 };     /* rows */
enum { FEW = 1 << 16 }; /* frames */

bool p2a_is_foldable(const struct p2a_profile *p, p2a_id function)
{
    return p->functions.row[function].kind != P2A_BUILTIN;
}

/* ---- which are recursive --------------------------------------------------------------------- */

static bool is_recursive(const struct p2a_profile *p, const struct p2a_stack *row, uint32_t mark,
                         uint32_t *seen)
{
    const p2a_id *frame = p->core->stacks.frame + row->frame;
    for (uint32_t d = 0; d < row->frame_n; d++) {
        if (seen[frame[d]] == mark && p2a_is_foldable(p, frame[d]))
            return true;
        seen[frame[d]] = mark;
    }
    return false;
}

bool p2a_find_recursive(const struct p2a_profile *p, unsigned char *recursive, uint32_t *n)
{
    const struct p2a_stacks *s = &p->core->stacks;
    uint32_t *seen = calloc((size_t)p->functions.n + 1, sizeof *seen);
    *n = 0;
    for (uint32_t i = 0; seen && i < s->n; i++) {
        p2a_stacks_ahead(s, i + AHEAD);
        recursive[i] = is_recursive(p, &s->row[i], i + 1, seen);
        *n += recursive[i];
    }
    free(seen);
    return seen;
}

/* ---- folding --------------------------------------------------------------------------------- */

/* The nodes of a stack's path, each once:
 *
 *   frames   main visit walk visit print       node   0 main   1 visit   2 walk   3 print
 *   node of     0     1    2     1     3       above      -         0        1         1   */
struct folding {
    const struct p2a_profile *p;
    struct p2a_stacks *from, to; /* `from` has the frames of both */
    uint32_t n;                  /* rows so far, with those that stay as they are */
    uint32_t frame_n, frame_room, row_room, self_room, first_room;
    uint64_t left_n, left_most; /* frames of the paths that are left */
    uint32_t columns;
    uint32_t *seen; /* functions: the number of the last stack that they were on, from 1 */
    uint32_t *open; /* functions: their node there */
    p2a_id *function;
    uint32_t *above, *depth; /* nodes */
};

static bool room_for(struct folding *f, uint64_t rows)
{
    struct p2a_stacks *to = &f->to;
    return p2a_grow(&to->row, &f->row_room, rows, sizeof *to->row) &&
           p2a_grow(&to->first, &f->first_room, rows, sizeof *to->first) &&
           p2a_grow(&to->self, &f->self_room, rows, (f->columns + !f->columns) * sizeof *to->self);
}

/* With the values SELF; NULL: none. */
static bool add_row(struct folding *f, struct p2a_stack row, const double *self)
{
    struct p2a_stacks *to = &f->to;
    if (!room_for(f, (uint64_t)to->n + 1))
        return false;
    double *values = to->self + (size_t)to->n * f->columns;
    for (uint32_t c = 0; c < f->columns; c++)
        values[c] = self ? self[c] : 0;
    to->first[to->n] = f->n++;
    to->row[to->n++] = row;
    return true;
}

/* The path to NODE, as a row. */
static bool add_path(struct folding *f, uint32_t node, p2a_id thread, const double *self)
{
    uint32_t n = f->depth[node] + 1;
    struct p2a_stack row = {.frame = f->frame_n, .frame_n = n, .thread = thread};
    if (!p2a_grow(&f->from->frame, &f->frame_room, (uint64_t)f->frame_n + n,
                  sizeof *f->from->frame))
        return false;
    p2a_id *frame = f->from->frame + f->frame_n;
    f->frame_n += n;
    for (; n; node = f->above[node])
        frame[--n] = f->function[node];
    return add_row(f, row, self);
}

/* False, too, where it is one too many. */
static bool leave_path(struct folding *f, uint32_t node, p2a_id thread)
{
    f->left_n += f->depth[node] + 1;
    return f->left_n <= f->left_most && add_path(f, node, thread, NULL);
}

/* What the row before it has in common was left there, too. */
static bool fold_row(struct folding *f, uint32_t i, p2a_id thread)
{
    const struct p2a_stack row = f->from->row[i];
    uint32_t n = 0, node = 0;
    bool added = true, fresh = false;
    for (uint32_t d = 0; added && d < row.frame_n; d++) {
        p2a_id function = f->from->frame[row.frame + d];
        bool again = f->seen[function] == i + 1;
        if (again && p2a_is_foldable(f->p, function)) {
            if (fresh && d > row.shared)
                added = leave_path(f, node, thread);
            node = f->open[function];
            fresh = false;
            continue;
        }
        f->function[n] = function;
        f->above[n] = node;
        f->depth[n] = n ? f->depth[node] + 1 : 0;
        f->seen[function] = i + 1;
        f->open[function] = node = n++;
        fresh = true;
    }
    return added && add_path(f, node, thread, f->from->self + (size_t)i * f->columns);
}

static void count_frames(struct folding *f)
{
    for (uint32_t i = 0; i < f->from->n; i++) {
        const struct p2a_stack *row = &f->from->row[i];
        f->left_most += row->frame_n;
        if (row->frame + row->frame_n > f->frame_n)
            f->frame_n = row->frame + row->frame_n;
    }
    f->frame_room = f->frame_n;
    f->left_most = f->left_most / 4 + FEW;
}

/* Rows that are folded or TOGETHER are added to `to`, which has to be sorted; FIRST is by row of
 * those that stay as they are. */
static bool fold_rows(struct folding *f, const unsigned char *recursive, bool together,
                      uint32_t *first)
{
    bool done = true;
    for (uint32_t i = 0; done && i < f->from->n; i++) {
        struct p2a_stack row = f->from->row[i];
        p2a_stacks_ahead(f->from, i + AHEAD);
        if (together)
            row.thread = 0;
        if (recursive[i])
            done = fold_row(f, i, row.thread);
        else if (together)
            done = add_row(f, row, f->from->self + (size_t)i * f->columns);
        else
            first[i] = f->n++;
    }
    return done;
}

static bool fold_all(struct folding *f, const unsigned char *recursive, bool together,
                     uint32_t *first)
{
    size_t functions = (size_t)f->p->functions.n + 1, deepest = (size_t)f->from->deepest + 1;
    count_frames(f);
    f->seen = calloc(functions, sizeof *f->seen);
    f->open = malloc(functions * sizeof *f->open);
    f->function = malloc(deepest * sizeof *f->function);
    f->above = malloc(deepest * sizeof *f->above);
    f->depth = calloc(deepest, sizeof *f->depth);
    bool done = f->seen && f->open && f->function && f->above && f->depth &&
                fold_rows(f, recursive, together, first);
    free(f->seen);
    free(f->open);
    free(f->function);
    free(f->above);
    free(f->depth);
    f->to.frame = f->from->frame;
    return done && p2a_stacks_sort(&f->to, f->p->functions.n, f->columns);
}

bool p2a_fold_stacks(const struct p2a_profile *p, const unsigned char *recursive, bool together,
                     struct p2a_stacks *folded)
{
    struct folding f = {.p = p, .from = &p->core->stacks, .columns = p->columns};
    struct p2a_stacks rest = *f.from;
    rest.first = malloc(((size_t)rest.n + 1) * sizeof *rest.first);
    bool done = rest.first && fold_all(&f, recursive, together, rest.first);
    bool dear = f.left_n > f.left_most;
    *folded = (struct p2a_stacks){0};
    rest.frame = f.from->frame;
    if (done && !together)
        done = p2a_stacks_merge(&rest, recursive, &f.to, f.columns, folded);
    if (together)
        *folded = f.to;
    else
        p2a_free_folded(&f.to);
    folded->frame = done ? f.from->frame : NULL;
    free(rest.first);
    if (!done)
        p2a_free_folded(folded);
    return done || dear;
}

void p2a_free_folded(struct p2a_stacks *folded)
{
    folded->frame = NULL;
    p2a_stacks_free(folded);
}
