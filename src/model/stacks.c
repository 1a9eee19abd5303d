#include "model/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "model/core.h"

void p2a_stacks_free(struct p2a_stacks *s)
{
    free(s->row);
    free(s->frame);
    free(s->self);
    free(s->first);
    *s = (struct p2a_stacks){0};
}

const struct p2a_stacks *p2a_stacks_of(const struct p2a_profile *p)
{
    return &p->core->stacks;
}

/* ---- sorting --------------------------------------------------------------------------------- */

/* A key holds the next few frames of a stack, 0 behind its end:
 *
 *   level 0   the thread           level 1   frame 0, 1, … k-1        level 2   frame k, … 2k-1  */
struct item {
    uint64_t key;
    uint32_t stack, frame; /* its first one's number */
};

struct group { /* items of one key up to `level` */
    uint32_t begin, end, level;
};

struct sort {
    const struct p2a_stacks *s;
    struct item *item, *spare;
    struct group *group; /* to be sorted further */
    uint32_t group_n, group_room;
    unsigned bits, frames; /* of a frame; in a key */
};

static uint64_t key_of(const struct sort *s, uint32_t stack, uint32_t level)
{
    const struct p2a_stack *from = &s->s->row[stack];
    uint64_t key = 0;
    if (level == 0)
        return (uint64_t)from->thread + 1;
    uint64_t i = (uint64_t)(level - 1) * s->frames;
    const uint32_t *frame = s->s->frame + from->frame;
    for (uint64_t end = i + s->frames; i < end; i++)
        key = key << s->bits | (i < from->frame_n ? (uint64_t)frame[i] + 1 : 0);
    return key;
}

/* Items with equal keys keep their order. */
static void insertion_sort(struct item *item, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct item moved = item[i];
        uint32_t k = i;
        for (; k > 0 && item[k - 1].key > moved.key; k--)
            item[k] = item[k - 1];
        item[k] = moved;
    }
}

/* By one byte of the keys after the other, those that are all the same left out. */
static void radix_sort(struct item *item, struct item *spare, uint32_t n)
{
    struct item *from = item, *to = spare;
    uint64_t differ = 0;
    for (uint32_t i = 1; i < n; i++)
        differ |= from[i].key ^ from[0].key;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t first[256] = {0}, sum = 0;
        if (!(differ >> shift & 255))
            continue;
        for (uint32_t i = 0; i < n; i++)
            first[from[i].key >> shift & 255]++;
        for (unsigned b = 0; b < 256; b++) {
            uint32_t here = first[b];
            first[b] = sum;
            sum += here;
        }
        for (uint32_t i = 0; i < n; i++)
            to[first[from[i].key >> shift & 255]++] = from[i];
        struct item *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != item)
        memcpy(item, from, n * sizeof *item);
}

/* What is sorted next is asked for from memory now. */
static bool add_group(struct sort *s, struct group g)
{
    size_t passed = (size_t)(g.level - (g.level > 0)) * s->frames;
    for (uint32_t i = g.begin; i < g.end; i++) {
        __builtin_prefetch(s->s->frame + s->item[i].frame + passed);
        __builtin_prefetch(s->s->row + s->item[i].stack);
    }
    if (!p2a_grow(&s->group, &s->group_room, (uint64_t)s->group_n + 1, sizeof *s->group))
        return false;
    s->group[s->group_n++] = g;
    return true;
}

/* Sorts a group by the keys of its level; what is the same then and goes on becomes a group of its
 * own. */
static bool sort_group(struct sort *s, struct group g)
{
    uint32_t n = g.end - g.begin;
    struct item *item = s->item + g.begin;
    for (uint32_t i = 0; i < n; i++)
        item[i].key = key_of(s, item[i].stack, g.level);
    if (n < 64)
        insertion_sort(item, n);
    else
        radix_sort(item, s->spare, n);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && item[end].key == item[i].key;)
            end++;
        uint64_t last = item[i].key & ((UINT64_C(1) << s->bits) - 1);
        struct group next = {g.begin + i, g.begin + end, g.level + 1};
        if (end - i > 1 && (g.level == 0 || last) && !add_group(s, next))
            return false;
    }
    return true;
}

static bool sort_items(struct sort *s, uint32_t functions)
{
    uint32_t n = s->s->n;
    s->bits = 1;
    while (s->bits < 32 && functions >> s->bits)
        s->bits++;
    s->frames = 64 / s->bits;
    s->item = malloc(((size_t)n + 1) * sizeof *s->item);
    s->spare = malloc(((size_t)n + 1) * sizeof *s->spare);
    if (!s->item || !s->spare)
        return false;
    for (uint32_t i = 0; i < n; i++)
        s->item[i] = (struct item){.stack = i, .frame = s->s->row[i].frame};
    if (!add_group(s, (struct group){0, n, 0}))
        return false;
    while (s->group_n)
        if (!sort_group(s, s->group[--s->group_n]))
            return false;
    return true;
}

/* ---- what they share ------------------------------------------------------------------------- */

uint32_t p2a_shared_frames(const p2a_id *frame, const struct p2a_stack *a,
                           const struct p2a_stack *b)
{
    uint32_t n = a->frame_n < b->frame_n ? a->frame_n : b->frame_n, i = 0;
    if (a->thread != b->thread)
        return 0;
    while (i < n && frame[a->frame + i] == frame[b->frame + i])
        i++;
    return i;
}

/* Adds row FROM of the unsorted stacks behind the N sorted ones, or to the last of them. */
static void add_row(struct p2a_stacks *to, const struct p2a_stacks *from, uint32_t row,
                    uint32_t columns)
{
    const double *self = from->self + (size_t)row * columns;
    struct p2a_stack stack = from->row[row];
    const struct p2a_stack *last = to->n ? &to->row[to->n - 1] : NULL;
    stack.shared = last ? p2a_shared_frames(from->frame, last, &stack) : 0;
    if (last && last->thread == stack.thread && stack.shared == stack.frame_n &&
        stack.shared == last->frame_n) {
        for (uint32_t c = 0; c < columns; c++)
            to->self[(size_t)(to->n - 1) * columns + c] += self[c];
        return;
    }
    for (uint32_t c = 0; c < columns; c++)
        to->self[(size_t)to->n * columns + c] = self[c];
    to->context_n += stack.frame_n - stack.shared;
    if (to->first)
        to->first[to->n] = from->first[row];
    if (stack.frame_n > to->deepest)
        to->deepest = stack.frame_n;
    to->row[to->n++] = stack;
}

/* As many rows as FROM has, still empty. False: no memory. */
static bool room_for_rows(struct p2a_stacks *to, const struct p2a_stacks *from, uint32_t columns)
{
    size_t n = from->n;
    to->row = malloc((n + 1) * sizeof *to->row);
    to->self = malloc((n * columns + 1) * sizeof *to->self);
    to->first = from->first ? malloc((n + 1) * sizeof *to->first) : NULL;
    return to->row && to->self && (to->first || !from->first);
}

bool p2a_stacks_sort(struct p2a_stacks *s, uint32_t functions, uint32_t columns)
{
    enum { AHEAD = 8 };
    struct sort sort = {.s = s};
    struct p2a_stacks sorted = {0};
    bool done = room_for_rows(&sorted, s, columns) && sort_items(&sort, functions);
    for (uint32_t i = 0; done && i < s->n; i++) {
        if (i + AHEAD < s->n) {
            const struct item *ahead = &sort.item[i + AHEAD];
            __builtin_prefetch(s->frame + ahead->frame);
            __builtin_prefetch(s->row + ahead->stack);
            __builtin_prefetch(s->self + (size_t)ahead->stack * columns);
        }
        add_row(&sorted, s, sort.item[i].stack, columns);
    }
    free(sort.item);
    free(sort.spare);
    free(sort.group);
    if (done) {
        sorted.frame = s->frame;
        s->frame = NULL;
        p2a_stacks_free(s);
        *s = sorted;
    } else {
        sorted.frame = NULL;
        p2a_stacks_free(&sorted);
    }
    return done;
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
    const struct p2a_stacks *s;
    struct p2a_contexts made;
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
    if (rows <= u->row_room && rows <= u->self_room && (rows <= u->first_room || !u->s->first))
        return true;
    return p2a_grow(&u->made.row, &u->row_room, rows, sizeof *u->made.row) &&
           (!u->s->first || p2a_grow(&u->first, &u->first_room, rows, sizeof *u->first)) &&
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

/* The contexts of row I, of which the NEXT one has so many in common with it. */
static bool add_contexts(struct unfolding *u, uint32_t i, uint32_t next)
{
    const struct p2a_stack *row = &u->s->row[i];
    const double *self = u->s->self + (size_t)i * u->columns;
    uint32_t end = row->frame_n, from = row->shared > next ? row->shared : next;
    p2a_id parent = row->shared ? u->id[row->shared - 1] : P2A_NONE;
    if (from < end && u->columns && self[0] < u->least)
        end = from + 1;
    if (!room_for(u, end - row->shared))
        return false;
    if (u->first)
        note_first(u, u->s->first[i]);
    for (uint32_t d = row->shared; d < end; d++) {
        p2a_id id = u->made.n++;
        u->made.row[id] = (struct p2a_context){parent, u->s->frame[row->frame + d], row->thread};
        for (uint32_t c = 0; c < u->columns; c++)
            self_of(u, id)[c] = 0;
        if (u->first)
            u->first[id] = u->s->first[i];
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

static bool unfold_all(struct unfolding *u)
{
    enum { AHEAD = 8 };
    const struct p2a_stacks *s = u->s;
    size_t depth = (size_t)s->deepest + 1;
    u->id = malloc(depth * sizeof *u->id);
    u->start = malloc(depth * (u->columns + 1) * sizeof *u->start);
    u->sum = calloc((size_t)u->columns + 1, sizeof *u->sum);
    u->earliest = malloc(depth * sizeof *u->earliest);
    bool done =
        u->id && u->start && u->sum && u->earliest && room_for(u, u->least > 0 ? 64 : s->context_n);
    for (uint32_t i = 0; done && i < s->n; i++) {
        uint32_t next = i + 1 < s->n ? s->row[i + 1].shared : 0;
        const struct p2a_stack *ahead = &s->row[i + AHEAD < s->n ? i + AHEAD : i];
        __builtin_prefetch(s->frame + ahead->frame + ahead->shared);
        close_below(u, s->row[i].shared);
        done = add_contexts(u, i, next);
    }
    close_below(u, 0);
    free(u->earliest);
    free(u->id);
    free(u->start);
    free(u->sum);
    return done;
}

/* Moves contexts to where they stand in the order in which they came; a stack's own from its root
 * on, as they do now. */
static bool put_in_order(struct unfolding *u)
{
    struct p2a_contexts *t = &u->made, ordered = {.n = t->n};
    struct p2a_keyed *came = malloc(((size_t)t->n + 1) * sizeof *came);
    ordered.row = malloc(((size_t)u->row_room + 1) * sizeof *ordered.row);
    ordered.self = malloc(((size_t)u->self_room * u->columns + 1) * sizeof *ordered.self);
    for (uint32_t i = 0; came && i < t->n; i++)
        came[i] = (struct p2a_keyed){u->first[i], i};
    bool done = came && ordered.row && ordered.self && p2a_sort_keyed(came, t->n);
    for (uint32_t i = 0; done && i < t->n; i++)
        u->first[came[i].id] = i; /* its place now */
    for (uint32_t i = 0; done && i < t->n; i++) {
        struct p2a_context c = t->row[came[i].id];
        if (c.parent != P2A_NONE)
            c.parent = u->first[c.parent];
        ordered.row[i] = c;
        memcpy(ordered.self + (size_t)i * u->columns, self_of(u, came[i].id),
               u->columns * sizeof *ordered.self);
    }
    free(came);
    free(done ? t->row : ordered.row);
    free(done ? t->self : ordered.self);
    if (done)
        *t = ordered;
    return done;
}

static bool make_contexts(const struct p2a_profile *p, double least, struct p2a_contexts *made,
                          uint32_t *room)
{
    struct unfolding u = {.s = &p->core->stacks, .columns = p->columns, .least = least};
    bool done = unfold_all(&u) && (!u.first || put_in_order(&u));
    free(u.first);
    *made = u.made;
    *room = u.row_room < u.self_room ? u.row_room : u.self_room;
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
    if (!p->core->stacks.n)
        return P2A_OK;
    if (!make_contexts(p, 0, &made, &room))
        return p2a_error_memory(error);
    p2a_stacks_free(&p->core->stacks);
    p->contexts = made;
    p->core->context_room = room;
    return P2A_OK;
}

bool p2a_lend(const struct p2a_profile *p, double least, struct p2a_profile *lent)
{
    uint32_t room;
    *lent = *p;
    return make_contexts(p, least, &lent->contexts, &room);
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
        if (!p2a_lend(p, 0, &paths->lent))
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
    for (uint32_t i = 0; i < t->n; i++)
        self[t->row[i].function] += t->self[(size_t)i * p->columns];
    for (uint32_t i = 0; i < s->n; i++)
        self[s->frame[s->row[i].frame + s->row[i].frame_n - 1]] += s->self[(size_t)i * p->columns];
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool add_stack(struct p2a_profile *p, const struct p2a_stacks *s, uint32_t i, p2a_id *step)
{
    const struct p2a_stack *row = &s->row[i];
    memcpy(step, s->frame + row->frame, row->frame_n * sizeof *step);
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
