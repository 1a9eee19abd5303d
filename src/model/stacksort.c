/* Stacks are sorted by keys of a few frames, a group of those that are equal so far at a time.
 * Groups that are a large share of all are split first; what is left is cut into pieces, and each
 * piece sorted, and its equal stacks added up, on whichever core is free:
 *
 *   items    | group | group | a | b | group | c | …
 *   pieces   |     piece     |     piece         | …
 *
 * Pieces don't depend on how many cores there are, so that sums that are rounded don't either. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/fetch.h"
#include "model/core.h"

enum {
    PIECES = 32,
    LARGE = 16,       /* the share of all that a group is split from */
    ENOUGH = 1 << 13, /* stacks that are worth a thread … */
    MANY = 1 << 15    /* … for their keys alone */
};

/* A key holds the next few frames of a stack, 0 behind its end:
 *
 *   level 0   the thread           level 1   frame 0, 1, … k-1        level 2   frame k, … 2k-1  */
struct item {
    uint64_t key;
    uint32_t stack, frame; /* its first one's number */
};

struct group { /* items of one key up to `level` */
    uint32_t begin, end, level;
    bool keyed; /* they have those of the level */
};

/* To be sorted further. */
struct groups {
    struct group *row;
    uint32_t n, room;
};

struct sort {
    const struct p2a_stacks *s;
    uint32_t columns;
    struct item *item;
    struct item
        *spare; /* the memory of to.row: a piece's rows are made when its items are sorted */
    unsigned bits, frames; /* of a frame; in a key */
    struct groups small;   /* in the order of their items, of one piece each */
    struct p2a_stacks to;
    uint32_t cut, cut_groups; /* items and groups so far */
};

/* ---- groups ---------------------------------------------------------------------------------- */

/* On a level of frames; those of level 0 items have from the beginning. */
static uint64_t key_of(const struct sort *s, uint32_t stack, uint32_t level)
{
    const struct p2a_stack *from = &s->s->row[stack];
    uint64_t key = 0, i = (uint64_t)(level - 1) * s->frames;
    struct p2a_stack_frames frames = p2a_frames_from(s->s->frames, from->frame);
    for (uint64_t end = i + s->frames; i < end; i++)
        key = key << s->bits | (i < from->frame_n ? (uint64_t)p2a_frame_at(frames, i) + 1 : 0);
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

/* The bits in which keys differ. */
static uint64_t differences(const struct item *item, uint32_t n)
{
    uint64_t differ = 0;
    for (uint32_t i = 1; i < n; i++)
        differ |= item[i].key ^ item[0].key;
    return differ;
}

/* Where items with each value of eight bits of the keys begin in the order of these, in which they
 * are put to TO. */
static void sort_by_bits(const struct item *from, struct item *to, uint32_t n, unsigned shift,
                         uint32_t begin[257])
{
    uint32_t next[256], sum = 0;
    memset(begin, 0, 257 * sizeof *begin);
    for (uint32_t i = 0; i < n; i++)
        begin[from[i].key >> shift & 255]++;
    for (unsigned b = 0; b <= 256; b++) {
        uint32_t here = begin[b];
        begin[b] = sum;
        sum += here;
    }
    memcpy(next, begin, sizeof next);
    for (uint32_t i = 0; i < n; i++)
        to[next[from[i].key >> shift & 255]++] = from[i];
}

/* By eight bits of the keys after the other, those that are all the same left out. */
static void radix_sort(struct item *item, struct item *spare, uint32_t n)
{
    struct item *from = item, *to = spare;
    uint64_t differ = differences(item, n);
    uint32_t begin[257];
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (!(differ >> shift & 255))
            continue;
        sort_by_bits(from, to, n, shift, begin);
        struct item *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != item)
        memcpy(item, from, n * sizeof *item);
}

static bool add_group(struct groups *to, struct group g)
{
    if (!p2a_grow(&to->row, &to->room, (uint64_t)to->n + 1, sizeof *to->row))
        return false;
    to->row[to->n++] = g;
    return true;
}

enum { KEYS_AHEAD = 64 };

/* What the key of an item on the level is made of is asked for from memory. */
static inline void look_ahead(const struct sort *s, uint32_t item, uint32_t level)
{
    size_t passed = (size_t)(level - 1) * s->frames;
    p2a_fetch(p2a_frames_from(s->s->frames, s->item[item].frame + passed).at);
    p2a_fetch(s->s->row + s->item[item].stack);
}

static void give_keys(const struct sort *s, struct group g)
{
    if (g.keyed)
        return;
    for (uint32_t i = g.begin; i < g.end; i++) {
        if (i + KEYS_AHEAD < g.end)
            look_ahead(s, i + KEYS_AHEAD, g.level);
        s->item[i].key = key_of(s, s->item[i].stack, g.level);
    }
}

static void make_items(const struct sort *s, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++)
        s->item[i] = (struct item){
            .key = (uint64_t)s->s->row[i].thread + 1, .stack = i, .frame = s->s->row[i].frame};
}

/* Of a large group, in parts on all cores. */
struct giving {
    const struct sort *s;
    struct group g; /* what is left to be cut */
};

static bool cut_keys(void *giving, void *part)
{
    struct group *left = &((struct giving *)giving)->g, *cut = part;
    *cut = *left;
    if (cut->end - cut->begin > MANY / 4)
        cut->end = cut->begin + MANY / 4;
    left->begin = cut->end;
    return cut->end > cut->begin;
}

static bool give_part(const void *giving, void *desk, void *part)
{
    const struct sort *s = ((const struct giving *)giving)->s;
    const struct group *g = part;
    (void)desk;
    if (!g->level)
        make_items(s, g->begin, g->end);
    give_keys(s, *g);
    return true;
}

/* Makes the items of a group of level 0, gives others' the keys of theirs. */
static bool give_all_keys(const struct sort *s, struct group g)
{
    static const struct p2a_crew_work work = {
        .piece_size = sizeof(struct group), .cut = cut_keys, .make = give_part};
    struct giving giving = {s, g};
    if (g.end - g.begin < MANY)
        return give_part(&giving, NULL, &g);
    return p2a_crew_run(&work, &giving, false) == P2A_CREW_DONE;
}

/* Items from BEGIN to END, of one key on the level: a group where their stacks go on. */
static bool add_equal(const struct sort *s, struct groups *to, uint32_t begin, uint32_t end,
                      uint32_t level)
{
    uint64_t last = s->item[begin].key & ((UINT64_C(1) << s->bits) - 1);
    if (end - begin == 1 || (level > 0 && !last))
        return true;
    for (uint32_t i = begin; i < end && i - begin < KEYS_AHEAD; i++)
        look_ahead(s, i, level + 1);
    return add_group(to, (struct group){begin, end, level + 1, false});
}

/* Sorts a group by the keys of its level. */
static bool sort_group(const struct sort *s, struct groups *to, struct group g)
{
    struct item *item = s->item;
    give_keys(s, g);
    if (g.end - g.begin < 64)
        insertion_sort(item + g.begin, g.end - g.begin);
    else
        radix_sort(item + g.begin, s->spare + g.begin, g.end - g.begin);
    for (uint32_t i = g.begin, end; i < g.end; i = end) {
        for (end = i + 1; end < g.end && item[end].key == item[i].key;)
            end++;
        if (!add_equal(s, to, i, end, g.level))
            return false;
    }
    return true;
}

/* Splits a group by the first eight bits in which keys of its level differ. */
static bool split_group(const struct sort *s, struct groups *to, struct group g)
{
    uint32_t n = g.end - g.begin, begin[257];
    struct item *item = s->item + g.begin, *spare = s->spare + g.begin;
    if (!g.keyed && !give_all_keys(s, g))
        return false;
    uint64_t differ = differences(item, n);
    if (!differ)
        return add_equal(s, to, g.begin, g.end, g.level);
    unsigned top = 63 - (unsigned)__builtin_clzll(differ);
    sort_by_bits(item, spare, n, top < 8 ? 0 : top - 7, begin);
    memcpy(item, spare, n * sizeof *item);
    for (unsigned b = 0; b < 256; b++) {
        struct group part = {g.begin + begin[b], g.begin + begin[b + 1], g.level, true};
        if (part.end - part.begin > 1 && !add_group(to, part))
            return false;
    }
    return true;
}

static int by_items(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Splits all until no group is larger than a piece. */
static bool split(struct sort *s)
{
    struct groups large = {0};
    bool done = add_group(&large, (struct group){0, s->s->n, 0, true});
    while (done && large.n) {
        struct group g = large.row[--large.n];
        bool small = g.end - g.begin <= s->s->n / LARGE || s->s->n < ENOUGH;
        done = small ? add_group(&s->small, g) : split_group(s, &large, g);
    }
    free(large.row);
    if (done && s->small.n > 1)
        qsort(s->small.row, s->small.n, sizeof *s->small.row, by_items);
    return done;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

struct piece {
    uint32_t begin, end; /* items, and where rows are put */
    uint32_t group, group_end;
    struct p2a_stacks rows; /* lent: those of `to` from `begin` on */
};

static bool cut_piece(void *sort, void *piece)
{
    struct sort *s = sort;
    uint32_t least = s->s->n / PIECES + 1, end = s->cut, g = s->cut_groups;
    while (end < s->s->n && (end - s->cut < least || s->s->n < ENOUGH)) {
        bool at_group = g < s->small.n && s->small.row[g].begin == end;
        end = at_group ? s->small.row[g++].end : end + 1;
    }
    *(struct piece *)piece =
        (struct piece){.begin = s->cut, .end = end, .group = s->cut_groups, .group_end = g};
    bool more = end > s->cut;
    s->cut = end;
    s->cut_groups = g;
    return more;
}

/* B knows how many frames it shares with A. */
static bool is_same(const struct p2a_stack *a, const struct p2a_stack *b)
{
    return a->thread == b->thread && b->shared == a->frame_n && b->shared == b->frame_n;
}

/* Adds row FROM of other stacks, of which the last one shares so many frames. */
static void append(struct p2a_stacks *to, const struct p2a_stacks *from, uint32_t row,
                   uint32_t shared, uint32_t columns)
{
    const struct p2a_stack *stack = &from->row[row];
    for (uint32_t c = 0; c < columns; c++)
        to->self[(size_t)to->n * columns + c] = from->self[(size_t)row * columns + c];
    to->context_n += stack->frame_n - shared;
    if (to->first)
        to->first[to->n] = from->first[row];
    if (stack->frame_n > to->deepest)
        to->deepest = stack->frame_n;
    to->row[to->n] = *stack;
    to->row[to->n++].shared = shared;
}

/* Adds it to the last one, which is equal. */
static void add_to_last(struct p2a_stacks *to, const struct p2a_stacks *from, uint32_t row,
                        uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to->self[(size_t)(to->n - 1) * columns + c] += from->self[(size_t)row * columns + c];
    if (to->first && from->first[row] < to->first[to->n - 1])
        to->first[to->n - 1] = from->first[row];
}

/* Adds row FROM of the unsorted stacks behind the N sorted ones, or to the last of them. */
static void add_row(struct p2a_stacks *to, const struct p2a_stacks *from, uint32_t row,
                    uint32_t columns)
{
    struct p2a_stack stack = from->row[row];
    stack.shared = to->n ? p2a_shared_frames(from->frames, &to->row[to->n - 1], &stack) : 0;
    if (to->n && is_same(&to->row[to->n - 1], &stack))
        add_to_last(to, from, row, columns);
    else
        append(to, from, row, stack.shared, columns);
}

/* Sorts the piece's groups to the end. */
static bool sort_groups(const struct sort *s, const struct piece *piece, struct groups *desk)
{
    bool done = true;
    for (uint32_t i = piece->group; done && i < piece->group_end; i++) {
        done = sort_group(s, desk, s->small.row[i]);
        while (done && desk->n) {
            struct group g = desk->row[--desk->n];
            done = sort_group(s, desk, g);
        }
    }
    return done;
}

static bool make_rows(const void *sort, void *desk, void *piece)
{
    enum { AHEAD = 8 };
    const struct sort *s = sort;
    struct piece *made = piece;
    size_t at = made->begin;
    if (!sort_groups(s, made, desk))
        return false;
    made->rows = (struct p2a_stacks){.row = s->to.row + at,
                                     .self = s->to.self + at * s->columns,
                                     .frames = s->s->frames,
                                     .first = s->to.first ? s->to.first + at : NULL};
    for (uint32_t i = made->begin; i < made->end; i++) {
        if (i + AHEAD < made->end) {
            const struct item *ahead = &s->item[i + AHEAD];
            p2a_fetch(p2a_frames_from(s->s->frames, ahead->frame).at);
            p2a_fetch(s->s->row + ahead->stack);
            p2a_fetch(s->s->self + (size_t)ahead->stack * s->columns);
        }
        add_row(&made->rows, s->s, s->item[i].stack, s->columns);
    }
    return true;
}

/* Moves rows up to those that are sorted already. Only the first one shares frames with them. */
static bool take_rows(void *sort, void *desk, void *piece)
{
    struct sort *s = sort;
    struct p2a_stacks *to = &s->to, *from = &((struct piece *)piece)->rows;
    uint64_t contexts = from->context_n - from->row[0].frame_n;
    uint32_t n = from->n - 1;
    (void)desk;
    add_row(to, from, 0, s->columns);
    memmove(to->row + to->n, from->row + 1, n * sizeof *to->row);
    memmove(to->self + (size_t)to->n * s->columns, from->self + s->columns,
            n * s->columns * sizeof *to->self);
    if (to->first)
        memmove(to->first + to->n, from->first + 1, n * sizeof *to->first);
    to->n += n;
    to->context_n += contexts;
    if (from->deepest > to->deepest)
        to->deepest = from->deepest;
    return true;
}

static void free_groups(const void *sort, void *desk)
{
    (void)sort;
    free(((struct groups *)desk)->row);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static_assert(sizeof(struct item) == sizeof(struct p2a_stack), "one's place is the other's");

/* False: no memory. */
static bool start_sort(struct sort *s, uint32_t functions)
{
    uint32_t n = s->s->n;
    s->bits = 1;
    while (s->bits < 32 && functions >> s->bits)
        s->bits++;
    s->frames = 64 / s->bits;
    s->item = malloc(((size_t)n + 1) * sizeof *s->item);
    s->to.row = malloc(((size_t)n + 1) * sizeof *s->to.row);
    s->spare = (void *)s->to.row;
    s->to.self = malloc(((size_t)n * s->columns + 1) * sizeof *s->to.self);
    s->to.first = s->s->first ? malloc(((size_t)n + 1) * sizeof *s->to.first) : NULL;
    if (!s->item || !s->to.row || !s->to.self || (s->s->first && !s->to.first))
        return false;
    return give_all_keys(s, (struct group){0, n, 0, true});
}

static bool sort_pieces(struct sort *s)
{
    static const struct p2a_crew_work work = {.desk_size = sizeof(struct groups),
                                              .piece_size = sizeof(struct piece),
                                              .cut = cut_piece,
                                              .make = make_rows,
                                              .take = take_rows,
                                              .free_desk = free_groups};
    return p2a_crew_run(&work, s, s->s->n < ENOUGH) == P2A_CREW_DONE;
}

bool p2a_stacks_sorted(const struct p2a_stacks *s, uint32_t functions, uint32_t columns,
                       struct p2a_stacks *sorted)
{
    struct sort sort = {.s = s, .columns = columns};
    bool done = start_sort(&sort, functions) && split(&sort) && sort_pieces(&sort);
    free(sort.item);
    free(sort.small.row);
    if (!done)
        p2a_stacks_free(&sort.to);
    *sorted = sort.to;
    return done;
}

bool p2a_stacks_sort(struct p2a_stacks *s, uint32_t functions, uint32_t columns)
{
    struct p2a_stacks sorted;
    if (!p2a_stacks_sorted(s, functions, columns, &sorted))
        return false;
    sorted.frames = s->frames;
    s->frames.at = NULL;
    p2a_stacks_free(s);
    *s = sorted;
    return true;
}
