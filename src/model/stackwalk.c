#include "model/stackwalk.h"
#include "base/fetch.h"

static bool has_row(const struct p2a_stack_source *from)
{
    return from->row < from->end;
}

/* How many frames of the next row are walked. */
static uint32_t plain_frames(const struct p2a_stack_source *from)
{
    return from->plain ? from->plain[from->row] : from->s->row[from->row].frame_n;
}

/* Whether there is nothing in the next row that the one before it in the table hasn't had. */
static bool is_skipped(const struct p2a_stack_source *from)
{
    const struct p2a_stack *row = &from->s->row[from->row];
    uint32_t n = plain_frames(from);
    return n < row->frame_n && n <= row->shared;
}

static void skip(struct p2a_stack_source *from)
{
    while (has_row(from) && is_skipped(from)) {
        from->row++;
        if (has_row(from) && from->s->row[from->row].shared < from->shared)
            from->shared = from->s->row[from->row].shared;
    }
}

/* The row was walked. */
static void go_on(struct p2a_stack_source *from)
{
    from->row++;
    if (has_row(from))
        from->shared = from->s->row[from->row].shared;
    skip(from);
}

/* Which of their rows goes first, -1, 0: they are equal, 1; and how many frames both share. */
static int compare_rows(const struct p2a_stack_source *a, const struct p2a_stack_source *b,
                        uint32_t *shared)
{
    const struct p2a_stack *x = &a->s->row[a->row], *y = &b->s->row[b->row];
    struct p2a_stack_frames f = p2a_frames_from(a->s->frames, x->frame);
    struct p2a_stack_frames g = p2a_frames_from(b->s->frames, y->frame);
    uint32_t x_n = plain_frames(a), y_n = plain_frames(b), n = x_n < y_n ? x_n : y_n;
    *shared = a->shared < b->shared ? a->shared : b->shared;
    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    while (*shared < n && p2a_frame_at(f, *shared) == p2a_frame_at(g, *shared))
        ++*shared;
    if (*shared < n)
        return p2a_frame_at(f, *shared) < p2a_frame_at(g, *shared) ? -1 : 1;
    return (x_n > y_n) - (x_n < y_n);
}

/* Where a row to come may differ from another. */
static void ahead(const struct p2a_stack_source *from)
{
    enum { AHEAD = 8 };
    if (from->end - from->row <= AHEAD)
        return;
    const struct p2a_stack *row = &from->s->row[from->row + AHEAD];
    p2a_fetch(p2a_frames_from(from->s->frames, row->frame + row->shared).at);
}

static const double *self_of(const struct p2a_stack_source *from, uint32_t columns)
{
    return from->s->self + (size_t)from->row * columns;
}

static uint32_t first_of(const struct p2a_stack_source *from)
{
    return from->s->first ? from->s->first[from->row] : 0;
}

static void take_row(const struct p2a_stack_source *from, uint32_t columns, struct p2a_walked *to)
{
    const double *self = self_of(from, columns);
    uint32_t n = plain_frames(from);
    to->row = from->s->row[from->row];
    bool whole = n == to->row.frame_n;
    for (uint32_t c = 0; c < columns; c++)
        to->self[c] = whole ? self[c] : 0;
    to->row.frame_n = n;
    to->row.shared = from->shared;
    to->first = first_of(from);
}

static void add_equal(const struct p2a_stack_source *from, uint32_t columns, struct p2a_walked *to)
{
    const double *self = self_of(from, columns);
    for (uint32_t c = 0; c < columns; c++)
        to->self[c] += self[c];
    if (first_of(from) < to->first)
        to->first = first_of(from);
}

struct p2a_stack_walk p2a_walk_stacks(const struct p2a_stacks *stacks, uint32_t columns)
{
    return (struct p2a_stack_walk){.a = {.s = stacks, .end = stacks->n}, .columns = columns};
}

struct p2a_stack_walk p2a_walk_both(const struct p2a_stacks *a, const uint32_t *plain,
                                    const struct p2a_stacks *b, uint32_t columns)
{
    struct p2a_stack_walk walk = p2a_walk_stacks(a, columns);
    walk.a.plain = plain;
    walk.b = (struct p2a_stack_source){.s = b, .end = b->n};
    skip(&walk.a);
    return walk;
}

/* How many frames of the row of A and of that of B that are walked are the same. */
static uint32_t shared_frames(const struct p2a_stack_source *a, uint32_t a_row,
                              const struct p2a_stack_source *b, uint32_t b_row)
{
    struct p2a_stack x = a->s->row[a_row];
    if (a->plain)
        x.frame_n = a->plain[a_row];
    return p2a_shared_frames(a->s->frames, &x, &b->s->row[b_row]);
}

/* The first row of B that doesn't go before the next one of A. */
static uint32_t find_place(const struct p2a_stack_source *a, struct p2a_stack_source b)
{
    struct p2a_stack_source from = *a;
    uint32_t begin = b.row, end = b.end, shared;
    from.shared = b.shared = 0;
    while (begin < end) {
        b.row = begin + (end - begin) / 2;
        if (compare_rows(&from, &b, &shared) > 0)
            begin = b.row + 1;
        else
            end = b.row;
    }
    return begin;
}

/* Both are in the middle of their tables; what they share with the row before, in whichever it
 * is: a row shares most with the last one that goes before it. */
static void go_on_from(struct p2a_stack_source *a, struct p2a_stack_source *b)
{
    uint32_t other = b->s && b->row ? shared_frames(a, a->row, b, b->row - 1) : 0;
    a->shared = a->s->row[a->row].shared;
    if (other > a->shared)
        a->shared = other;
    if (!b->s || !has_row(b))
        return;
    other = shared_frames(a, a->row - 1, b, b->row);
    b->shared = b->s->row[b->row].shared;
    if (other > b->shared)
        b->shared = other;
}

bool p2a_cut_walk(struct p2a_stack_walk *rest, uint32_t rows, struct p2a_stack_walk *part)
{
    struct p2a_stack_source *a = &rest->a, *b = &rest->b;
    *part = *rest;
    if (!has_row(a) && !has_row(b))
        return false;
    a->row += rows < a->end - a->row ? rows : a->end - a->row;
    while (has_row(a) && is_skipped(a))
        a->row++;
    if (has_row(a)) {
        b->row = b->s ? find_place(a, *b) : b->end;
        part->a.end = a->row;
        part->b.end = b->row;
        go_on_from(a, b);
    } else {
        b->row = b->end;
    }
    return true;
}

bool p2a_next_stack(struct p2a_stack_walk *walk, struct p2a_walked *walked)
{
    struct p2a_stack_source *a = &walk->a, *b = &walk->b;
    uint32_t shared = 0;
    if (!has_row(a) && !has_row(b))
        return false;
    bool both = has_row(a) && has_row(b);
    int order = both ? compare_rows(a, b, &shared) : has_row(a) ? -1 : 1;
    struct p2a_stack_source *next = order <= 0 ? a : b, *other = order <= 0 ? b : a;
    if (both)
        ahead(next);
    take_row(next, walk->columns, walked);
    go_on(next);
    other->shared = shared;
    if (order)
        return true;
    add_equal(other, walk->columns, walked);
    go_on(other);
    return true;
}
