/* Stacks in the place of contexts: whatever is made of them is what is made of the contexts that
 * they stand for. */
#include "make.h"
#include "model/frames.h"
#include "model/outline.h"
#include "model/pile.h"
#include "model/stackwalk.h"

static uint32_t below(uint64_t *seed, uint32_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*seed >> 33) * n >> 31);
}

struct shape {
    uint32_t functions, stacks, depth, threads, columns;
    bool piled; /* one after the other, and not sorted all at once */
};

static struct p2a_stack_frames no_frames(size_t n, bool narrow)
{
    struct p2a_stack_frames frames = {.narrow = narrow};
    frames.at = calloc(n + 1, p2a_frame_size(frames));
    assert_non_null(frames.at);
    return frames;
}

static struct p2a_stack_frames frames_of(const p2a_id *function, size_t n, bool narrow)
{
    struct p2a_stack_frames frames = no_frames(n, narrow);
    for (size_t i = 0; i < n; i++)
        p2a_set_frame(frames, i, function[i]);
    return frames;
}

/* Each stack goes on from a part of the one before, as samples do. Where they can be, frames are
 * narrow two of three times. */
static struct p2a_stacks random_stacks(uint64_t *seed, const struct shape *shape)
{
    size_t n = shape->stacks;
    bool narrow = shape->functions < P2A_NARROW && *seed % 3;
    struct p2a_stacks s = {.row = calloc(n + 1, sizeof *s.row),
                           .frames = no_frames(n * shape->depth, narrow),
                           .self = calloc(n * shape->columns + 1, sizeof *s.self)};
    assert_true(s.row && s.self);
    for (uint32_t i = 0; i < n; i++) {
        size_t at = (size_t)i * shape->depth;
        uint32_t depth = 1 + below(seed, shape->depth), kept = below(seed, depth + 1);
        if (i && s.row[i - 1].frame_n >= kept)
            p2a_copy_frames(s.frames, at, s.frames, at - shape->depth, kept);
        else
            kept = 0;
        for (uint32_t d = kept; d < depth; d++)
            p2a_set_frame(s.frames, at + d, below(seed, shape->functions));
        s.row[i] = (struct p2a_stack){.frame = i * shape->depth, .frame_n = depth};
        uint32_t thread = below(seed, shape->threads + 1); /* the last number is none */
        s.row[i].thread = thread < shape->threads ? thread : P2A_NONE;
        for (uint32_t c = 0; c < shape->columns; c++)
            s.self[(size_t)i * shape->columns + c] = below(seed, 4);
    }
    s.n = shape->stacks;
    return s;
}

/* Piles them up as a reader does, which keeps what a stack shares with the one before. */
static void pile_up(struct p2a_profile *p, const struct p2a_stacks *s)
{
    struct p2a_pile pile = {.columns = p->columns, .enough = 64};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct p2a_stack *row = &s->row[i];
        p2a_id *frame =
            p2a_pile_add(&pile, row->thread, kept, row->frame_n, s->self + (size_t)i * p->columns);
        assert_non_null(frame);
        for (uint32_t d = kept; d < row->frame_n; d++)
            *frame++ = p2a_frame_at(s->frames, row->frame + d);
        if (i % 7 == 3) {
            *p2a_pile_add(&pile, row->thread, row->frame_n, row->frame_n + 1, s->self) = 0;
            p2a_pile_drop(&pile);
        }
        if (i % 16 == 15)
            assert_true(p2a_pile_settle(&pile, p->functions.n));
        kept = i + 1 < s->n && i % 16 != 15 ? p2a_shared_frames(s->frames, row, row + 1) : 0;
    }
    assert_true(p2a_pile_take(&pile, p));
    p2a_pile_free(&pile);
}

static struct p2a_profile *random_profile(uint64_t seed, const struct shape *shape)
{
    struct p2a_profile *p = p2a_profile_new(0);
    char name[16];
    assert_non_null(p);
    for (uint32_t c = 0; c < shape->columns; c++) {
        snprintf(name, sizeof name, "m%u", c);
        p2a_metric(p, name, "count", 1);
    }
    for (uint32_t f = 0; f < shape->functions; f++) {
        snprintf(name, sizeof name, "f%u", f);
        make_function(p, name);
    }
    for (uint32_t t = 0; t < shape->threads; t++)
        p2a_thread(p, 1, t + 1, P2A_LIT(""));
    p->core->lazy = true;
    struct p2a_stacks s = random_stacks(&seed, shape);
    if (shape->piled) {
        pile_up(p, &s);
    } else {
        assert_true(p2a_stacks_sort(&s, p->functions.n, p->columns));
        assert_true(p2a_stacks_take(p, &s));
    }
    p2a_stacks_free(&s);
    p2a_finish(p);
    assert_true(p2a_stacks_of(p)->n && p->facts & P2A_CONTEXTS);
    return p;
}

static struct p2a_profile *unfolded(uint64_t seed, const struct shape *shape)
{
    struct p2a_profile *p = random_profile(seed, shape);
    struct p2a_error error;
    assert_int_equal(p2a_unfold(p, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    return p;
}

static void same_values(const double *a, const double *b, size_t n)
{
    assert_memory_equal(a, b, n * sizeof *a);
}

static void same_graph(const struct p2a_profile *a, const struct p2a_profile *b)
{
    const struct p2a_graph *g = &a->graph, *h = &b->graph;
    assert_int_equal(g->node_n, h->node_n);
    assert_int_equal(g->order_n, h->order_n);
    assert_int_equal(g->arc_n, h->arc_n);
    assert_memory_equal(g->order, h->order, g->order_n * sizeof *g->order);
    for (uint32_t i = 0; i < g->node_n; i++)
        assert_true(g->node[i].has == h->node[i].has && !g->node[i].calls && !h->node[i].calls);
    for (uint32_t i = 0; i < g->arc_n; i++) {
        assert_int_equal(g->arc[i].caller, h->arc[i].caller);
        assert_int_equal(g->arc[i].callee, h->arc[i].callee);
        assert_int_equal(g->arc[i].has, h->arc[i].has);
    }
    same_values(g->self, h->self, (size_t)g->node_n * a->columns);
    same_values(g->total, h->total, (size_t)g->node_n * a->columns);
    same_values(g->arc_self, h->arc_self, (size_t)g->arc_n * a->columns);
    same_values(g->arc_total, h->arc_total, (size_t)g->arc_n * a->columns);
}

static const struct shape shapes[] = {
    {1, 1, 1, 0, 1, false},      {1, 20, 9, 0, 1, false},      {2, 40, 6, 0, 2, false},
    {3, 300, 12, 2, 3, false},   {7, 60, 30, 0, 1, false},     {40, 500, 8, 3, 2, false},
    {400, 800, 40, 0, 1, false}, {3000, 300, 60, 0, 2, false}, {1, 1, 1, 0, 1, true},
    {1, 20, 9, 0, 1, true},      {2, 40, 6, 0, 2, true},       {3, 300, 12, 2, 3, true},
    {7, 60, 30, 0, 1, true},     {40, 500, 8, 3, 2, true},     {400, 800, 40, 0, 1, true},
    {3000, 300, 60, 0, 2, true}, {8, 60, 5, 0, 1, false},      {12, 100, 5, 2, 1, false},
    {6, 40, 4, 0, 1, false},
};
/* Enough for several cores. */
static const struct shape large[] = {
    {500, 30000, 60, 0, 2, false},  {9, 30000, 60, 3, 1, false},
    {500, 30000, 60, 0, 1, true},   {90000, 40000, 20, 0, 3, false},
    {3000, 20000, 40, 0, 1, false}, {3000, 20000, 40, 2, 2, false}};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGE = sizeof large / sizeof *large, ROUNDS = 12 };

static void same_sums(uint64_t seed, const struct shape *shape)
{
    struct p2a_profile *stacks = random_profile(seed, shape);
    struct p2a_profile *contexts = unfolded(seed, shape);
    struct p2a_error error;
    for (uint32_t c = 0; c < stacks->columns; c++)
        assert_true(p2a_whole(stacks, c) == p2a_whole(contexts, c));
    assert_int_equal(p2a_derive(stacks, &error), P2A_OK);
    assert_int_equal(p2a_derive(contexts, &error), P2A_OK);
    assert_true(p2a_stacks_of(stacks)->n && !stacks->contexts.n);
    same_graph(stacks, contexts);
    p2a_free(stacks);
    p2a_free(contexts);
}

static void sums_are_those_of_the_contexts(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++)
        same_sums(i, &shapes[i % SHAPES]);
    for (uint64_t i = 0; i < LARGE; i++)
        same_sums(i, &large[i]);
}

/* ---- the order of stacks ---- */

static const struct p2a_stacks *compared;

static int compare_rows(const void *a, const void *b)
{
    const struct p2a_stacks *s = compared;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const struct p2a_stack *x = &s->row[i], *y = &s->row[j];
    uint32_t shared = p2a_shared_frames(s->frames, x, y);
    if (x->thread != y->thread) /* none comes last */
        return x->thread < y->thread ? -1 : 1;
    if (shared < x->frame_n && shared < y->frame_n)
        return p2a_frame_at(s->frames, x->frame + shared) <
                       p2a_frame_at(s->frames, y->frame + shared)
                   ? -1
                   : 1;
    if (x->frame_n != y->frame_n)
        return x->frame_n < y->frame_n ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* Row I of the sorted ones is the N given ones from ROW on, which are equal. */
static void same_row(const struct p2a_stacks *sorted, uint32_t i, const struct p2a_stacks *given,
                     const uint32_t *row, uint32_t n, uint32_t columns)
{
    const struct p2a_stack *x = &sorted->row[i], *y = &given->row[*row];
    assert_true(x->thread == y->thread && x->frame == y->frame && x->frame_n == y->frame_n);
    uint32_t first = UINT32_MAX;
    for (uint32_t k = 0; k < n; k++)
        first = given->first[row[k]] < first ? given->first[row[k]] : first;
    assert_int_equal(sorted->first[i], first);
    assert_int_equal(x->shared, i ? p2a_shared_frames(given->frames, x - 1, x) : 0);
    for (uint32_t c = 0; c < columns; c++) {
        double sum = 0;
        for (uint32_t k = 0; k < n; k++)
            sum += given->self[(size_t)row[k] * columns + c];
        assert_true(sorted->self[(size_t)i * columns + c] == sum);
    }
}

static void *copy(const void *from, size_t bytes)
{
    void *to = malloc(bytes + 1);
    assert_non_null(to);
    return memcpy(to, from, bytes);
}

static void sort_both_ways(uint64_t seed, const struct shape *shape)
{
    struct p2a_stacks given = random_stacks(&seed, shape), sorted = given;
    size_t values = (size_t)given.n * shape->columns;
    uint32_t *row = calloc((size_t)given.n + 1, sizeof *row), n = 0, deepest = 0;
    uint64_t contexts = 0;
    assert_non_null(row);
    for (uint32_t i = 0; i < given.n; i++)
        row[i] = given.n - 1 - i; /* what comes first has the greatest number */
    given.first = copy(row, given.n * sizeof *row);
    sorted.row = copy(given.row, given.n * sizeof *given.row);
    sorted.self = copy(given.self, values * sizeof *given.self);
    sorted.frames.at =
        copy(given.frames.at, (size_t)given.n * shape->depth * p2a_frame_size(given.frames));
    sorted.first = copy(given.first, given.n * sizeof *given.first);
    assert_true(p2a_stacks_sort(&sorted, shape->functions, shape->columns));
    compared = &given;
    qsort(row, given.n, sizeof *row, compare_rows);
    for (uint32_t i = 0, end; i < given.n; i = end, n++) {
        const struct p2a_stack *x = &given.row[row[i]], *y;
        for (end = i + 1; end < given.n; end++) {
            y = &given.row[row[end]];
            if (x->thread != y->thread || x->frame_n != y->frame_n ||
                p2a_shared_frames(given.frames, x, y) != x->frame_n)
                break;
        }
        assert_true(n < sorted.n);
        same_row(&sorted, n, &given, row + i, end - i, shape->columns);
        contexts += x->frame_n - sorted.row[n].shared;
        deepest = x->frame_n > deepest ? x->frame_n : deepest;
    }
    assert_true(n == sorted.n && contexts == sorted.context_n && deepest == sorted.deepest);
    p2a_stacks_free(&given);
    p2a_stacks_free(&sorted);
    free(row);
}

static void stacks_are_sorted(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++)
        sort_both_ways(i, &shapes[i % SHAPES]);
    for (uint64_t i = 0; i < LARGE; i++)
        sort_both_ways(i, &large[i]);
}

/* ---- contexts ---- */

static void add_path(struct p2a_profile *p, const struct p2a_stacks *s, uint32_t row)
{
    p2a_id context = P2A_NONE;
    for (uint32_t d = 0; d < s->row[row].frame_n; d++)
        context = p2a_context(p, context, p2a_frame_at(s->frames, s->row[row].frame + d),
                              s->row[row].thread);
    for (uint32_t c = 0; c < p->columns; c++)
        p2a_context_add(p, context, c, s->self[(size_t)row * p->columns + c]);
}

/* What p2a_context finds or adds, stack after stack, as they came. */
static void contexts_are_those_of_the_paths(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++) {
        struct p2a_profile *p = random_profile(i, &shapes[i % SHAPES]);
        const struct p2a_stacks *s = p2a_stacks_of(p);
        struct p2a_profile *lent = calloc(1, sizeof *lent);
        assert_true(lent && p2a_lend(p, s, 0, lent));
        assert_int_equal(s->context_n, lent->contexts.n);
        struct p2a_keyed *came = s->first ? p2a_stacks_as_they_came(s) : NULL;
        assert_true(came || !s->first);
        for (uint32_t row = 0; row < s->n; row++)
            add_path(p, s, came ? came[row].id : row);
        free(came);
        assert_int_equal(p->contexts.n, lent->contexts.n);
        assert_memory_equal(p->contexts.row, lent->contexts.row,
                            p->contexts.n * sizeof *p->contexts.row);
        same_values(p->contexts.self, lent->contexts.self, (size_t)p->contexts.n * p->columns);
        p2a_let_go(lent);
        free(lent);
        p2a_free(p);
    }
}

/* ---- walks ---- */

/* Every second one from FROM on, sorted, with frames of the same array. */
static struct p2a_stacks every_second(const struct p2a_stacks *s, uint32_t from,
                                      const struct shape *shape)
{
    size_t columns = shape->columns;
    struct p2a_stacks sorted, picked = {.row = calloc((size_t)s->n + 1, sizeof *picked.row),
                                        .self = calloc(s->n * columns + 1, sizeof *picked.self),
                                        .first = calloc((size_t)s->n + 1, sizeof *picked.first),
                                        .frames = s->frames};
    assert_true(picked.row && picked.self && picked.first);
    for (uint32_t i = from; i < s->n; i += 2) {
        memcpy(picked.self + picked.n * columns, s->self + i * columns, columns * sizeof(double));
        picked.first[picked.n] = i;
        picked.row[picked.n++] = s->row[i];
    }
    assert_true(p2a_stacks_sorted(&picked, shape->functions, shape->columns, &sorted));
    sorted.frames = s->frames;
    picked.frames.at = NULL;
    p2a_stacks_free(&picked);
    return sorted;
}

/* What comes before the first function that calls itself. */
static uint32_t plain_frames(const struct p2a_stacks *s, uint32_t row)
{
    struct p2a_stack_frames frames = p2a_frames_from(s->frames, s->row[row].frame);
    uint32_t n = 1;
    while (n < s->row[row].frame_n && p2a_frame_at(frames, n) != p2a_frame_at(frames, n - 1))
        n++;
    return n;
}

/* The first PLAIN frames of A's rows, and those of B, sorted anew. */
static struct p2a_stacks joined(const struct p2a_stacks *a, const uint32_t *plain,
                                const struct p2a_stacks *b, const struct shape *shape)
{
    size_t n = (size_t)a->n + b->n, columns = shape->columns;
    struct p2a_stacks sorted, both = {.n = (uint32_t)n,
                                      .row = calloc(n + 1, sizeof *both.row),
                                      .self = calloc(n * columns + 1, sizeof *both.self),
                                      .first = calloc(n + 1, sizeof *both.first),
                                      .frames = a->frames};
    assert_true(both.row && both.self && both.first);
    for (uint32_t i = 0; i < n; i++) {
        const struct p2a_stacks *from = i < a->n ? a : b;
        uint32_t row = i < a->n ? i : i - a->n;
        both.row[i] = from->row[row];
        both.first[i] = from->first[row];
        if (i < a->n)
            both.row[i].frame_n = plain[i];
        if (both.row[i].frame_n == from->row[row].frame_n)
            memcpy(both.self + i * columns, from->self + row * columns, columns * sizeof(double));
    }
    assert_true(p2a_stacks_sorted(&both, shape->functions, shape->columns, &sorted));
    sorted.frames = a->frames;
    both.frames.at = NULL;
    p2a_stacks_free(&both);
    return sorted;
}

static void same_walk(const struct p2a_profile *p, struct p2a_stack_walk walk,
                      const struct p2a_stacks *sorted, double least)
{
    struct p2a_profile *walked = calloc(1, sizeof *walked), *lent = calloc(1, sizeof *lent);
    uint64_t contexts = 0;
    assert_true(walked && lent && p2a_lend_walked(p, &walk, least, walked, &contexts));
    assert_true(p2a_lend(p, sorted, least, lent));
    assert_int_equal(contexts, sorted->context_n);
    assert_int_equal(walked->contexts.n, lent->contexts.n);
    assert_memory_equal(walked->contexts.row, lent->contexts.row,
                        lent->contexts.n * sizeof *lent->contexts.row);
    same_values(walked->contexts.self, lent->contexts.self, (size_t)lent->contexts.n * p->columns);
    p2a_let_go(walked);
    p2a_let_go(lent);
    free(walked);
    free(lent);
}

static void walk_both_ways(uint64_t seed, const struct shape *shape)
{
    struct p2a_profile *p = random_profile(seed, shape);
    struct p2a_stacks all = random_stacks(&seed, shape), a = every_second(&all, 0, shape),
                      b = every_second(&all, 1, shape);
    uint32_t *plain = calloc((size_t)a.n + 1, sizeof *plain);
    assert_non_null(plain);
    for (uint32_t i = 0; i < a.n; i++) {
        a.first[i] = i * 2; /* rows that stay came as they stand */
        plain[i] = plain_frames(&a, i);
    }
    struct p2a_stacks both = joined(&a, plain, &b, shape);
    for (unsigned least = 0; least < 8; least = least * 2 + 1)
        same_walk(p, p2a_walk_both(&a, plain, &b, p->columns), &both, least);
    free(plain);
    a.frames.at = b.frames.at = both.frames.at = NULL;
    p2a_stacks_free(&a);
    p2a_stacks_free(&b);
    p2a_stacks_free(&both);
    p2a_stacks_free(&all);
    p2a_free(p);
}

static void walks_of_two_are_those_of_both_sorted(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++)
        walk_both_ways(i, &shapes[i % SHAPES]);
}

static void boxes_are_those_of_the_contexts(void **state)
{
    (void)state;
    static const double least[] = {0, 0.001, 0.01, 0.05, 0.3, 1};
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++) {
        struct p2a_profile *stacks = random_profile(i, &shapes[i % SHAPES]);
        struct p2a_profile *contexts = unfolded(i, &shapes[i % SHAPES]);
        struct p2a_frames_wanted wanted = {.reverse = i % 5 == 4,
                                           .threads = i % 3 == 2,
                                           .order = (enum p2a_frame_order)(i / SHAPES % 3),
                                           .least = least[i / SHAPES % 6],
                                           .most = i % 7 == 6 ? 5 : 0,
                                           .levels = i % 4 == 3 ? 4 : 0};
        struct p2a_frames a, b;
        assert_true(p2a_frames_build(stacks, &wanted, &a));
        assert_true(p2a_frames_build(contexts, &wanted, &b));
        assert_true(a.n == b.n && a.levels == b.levels && a.narrow == b.narrow);
        assert_true(a.narrow_total == b.narrow_total && a.widest_out == b.widest_out);
        assert_true(a.deep_total == b.deep_total);
        for (size_t f = 0; f < a.n; f++) {
            const struct p2a_frame *x = &a.row[f], *y = &b.row[f];
            assert_true(x->parent == y->parent && x->function == y->function);
            assert_true(x->thread == y->thread && x->depth == y->depth);
            assert_true(x->start == y->start && x->end == y->end && x->wide == y->wide);
            assert_true(x->total == y->total && x->self == y->self);
        }
        p2a_frames_free(&a);
        p2a_frames_free(&b);
        p2a_free(stacks);
        p2a_free(contexts);
    }
}

static void same_outline(const struct p2a_outline *a, const struct p2a_outline *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->all, b->all);
    assert_int_equal(a->too_deep, b->too_deep);
    assert_int_equal(a->too_many, b->too_many);
    assert_true(a->whole == b->whole && a->hidden == b->hidden);
    for (uint32_t i = 0; i < a->n; i++) {
        const struct p2a_outline_row *x = &a->row[i], *y = &b->row[i];
        assert_true(x->function == y->function && x->thread == y->thread);
        assert_true(x->depth == y->depth && x->nested == y->nested && x->last == y->last);
        assert_true(x->total == y->total && x->self == y->self && x->hidden == y->hidden);
    }
}

/* Functions that fold and some that don't. */
static void make_builtins(struct p2a_profile *p)
{
    for (uint32_t f = 0; f < p->functions.n; f += 5)
        p->functions.row[f].kind = P2A_BUILTIN;
}

static void same_indented_rows(uint64_t seed, const struct shape *shape,
                               const struct p2a_outline_wanted *wanted)
{
    struct p2a_profile *stacks = random_profile(seed, shape);
    struct p2a_profile *contexts = unfolded(seed, shape);
    struct p2a_outline a, b;
    make_builtins(stacks);
    make_builtins(contexts);
    assert_true(p2a_outline_build(stacks, wanted, &a));
    assert_true(p2a_outline_build(contexts, wanted, &b));
    same_outline(&a, &b);
    p2a_outline_free(&a);
    p2a_outline_free(&b);
    p2a_free(stacks);
    p2a_free(contexts);
}

static void indented_rows_are_those_of_the_contexts(void **state)
{
    (void)state;
    static const double least[] = {0.001, 0, 0.01, 0.05, 0.3, 1};
    for (uint64_t i = 0; i < (uint64_t)SHAPES * ROUNDS; i++) {
        struct p2a_outline_wanted wanted = {.fold = i % 4 != 3,
                                            .threads = i % 3 == 2,
                                            .by_total = i % 5 != 4,
                                            .least = least[i / SHAPES % 6],
                                            .most = i % 7 == 6 ? 5 : 0,
                                            .levels = i % 11 == 10 ? 4 : 0};
        same_indented_rows(i, &shapes[i % SHAPES], &wanted);
    }
    for (uint32_t i = 0; i < LARGE; i++) {
        struct p2a_outline_wanted wanted = {.fold = true, .by_total = i < 3, .least = 0.0002};
        same_indented_rows(i, &large[i], &wanted);
    }
}

/* Functions are "mabdc". */
static struct p2a_profile *made_of(const p2a_id *frame, const struct p2a_stack *row,
                                   const double *self, uint32_t n)
{
    size_t frames = row[n - 1].frame + row[n - 1].frame_n;
    struct p2a_stacks s = {.n = n,
                           .row = copy(row, n * sizeof *row),
                           .frames = frames_of(frame, frames, true),
                           .self = copy(self, n * sizeof *self)};
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "samples", "count", 1);
    for (const char *name = "mabdc"; *name; name++)
        make_function(p, (char[]){*name, '\0'});
    p->core->lazy = true;
    assert_true(p2a_stacks_sort(&s, p->functions.n, 1) && p2a_stacks_take(p, &s));
    p2a_finish(p);
    return p;
}

static void same_order(struct p2a_profile *p, const p2a_id order[4], uint32_t all)
{
    struct p2a_outline_wanted wanted = {.fold = true, .least = 0.1};
    struct p2a_outline outline;
    assert_true(p2a_outline_build(p, &wanted, &outline));
    assert_int_equal(outline.all, all);
    assert_int_equal(outline.n, 4);
    for (uint32_t i = 0; i < outline.n; i++)
        assert_int_equal(outline.row[i].function, order[i]);
    assert_int_equal(outline.row[1].nested, 2);
    p2a_outline_free(&outline);
    p2a_free(p);
}

/* Below a, c came with the first stack, where a is called again, and so before d; b has nothing. */
static void folded_rows_stand_as_they_came(void **state)
{
    (void)state;
    static const p2a_id frame[] = {0, 1, 2, 1, 4, /**/ 0, 1, 3, /**/ 0, 1, 4};
    static const struct p2a_stack row[] = {
        {0, 5, 0, P2A_NONE}, {5, 3, 0, P2A_NONE}, {8, 3, 0, P2A_NONE}};
    same_order(made_of(frame, row, (double[]){1, 1, 1}, 3), (p2a_id[]){0, 1, 4, 3}, 5);
}

/* c came with the first thread, and not only with the second one, where a is called again. */
static void rows_of_threads_stand_as_they_came(void **state)
{
    (void)state;
    static const p2a_id frame[] = {0, 1, 4, /**/ 0, 1, 3, /**/ 0, 1, 3, 1, 4};
    static const struct p2a_stack row[] = {{0, 3, 0, 0}, {3, 3, 0, 1}, {6, 5, 0, 1}};
    same_order(made_of(frame, row, (double[]){1, 1, 1}, 3), (p2a_id[]){0, 1, 4, 3}, 4);
}

/* The calls of c in one another are below b, too light to be shown, and not those that m has. */
static void recursion_is_told_where_it_began(void **state)
{
    (void)state;
    static const p2a_id frame[] = {0, 1, 2, 4, 0, 4, 4, /**/ 0, 1, /**/ 0, 4};
    static const struct p2a_stack row[] = {
        {0, 7, 0, P2A_NONE}, {7, 2, 0, P2A_NONE}, {9, 2, 0, P2A_NONE}};
    static const p2a_id order[] = {0, 1, 4};
    static const uint32_t nested[] = {2, 1, 1};
    struct p2a_profile *p = made_of(frame, row, (double[]){1, 50, 50}, 3);
    struct p2a_outline_wanted wanted = {.fold = true, .least = 0.1};
    struct p2a_outline outline;
    assert_true(p2a_outline_build(p, &wanted, &outline));
    assert_true(outline.n == 3 && outline.row);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(outline.row[i].function, order[i]);
        assert_int_equal(outline.row[i].nested, nested[i]);
    }
    p2a_outline_free(&outline);
    p2a_free(p);
}

/* Past 2^53, and where there are fractions, it matters how values are added up. */
static void inexact_values_are_contexts_at_once(void **state)
{
    (void)state;
    const double value[] = {0.5, -1, 18014398509481984.0};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        struct p2a_profile *p = p2a_profile_new(0);
        p2a_metric(p, "samples", "count", 1);
        struct p2a_stacks s = {.n = 1,
                               .row = calloc(1, sizeof *s.row),
                               .frames = no_frames(1, true),
                               .self = calloc(1, sizeof *s.self)};
        assert_true(s.row && s.self);
        s.row[0] = (struct p2a_stack){.frame_n = 1, .thread = P2A_NONE};
        p2a_set_frame(s.frames, 0, make_function(p, "f"));
        s.self[0] = value[i];
        assert_true(p2a_stacks_sort(&s, p->functions.n, p->columns));
        assert_true(p2a_stacks_take(p, &s));
        p2a_stacks_free(&s);
        assert_true(p->contexts.n == 1 && p->contexts.self[0] == value[i]);
        assert_int_equal(p2a_stacks_of(p)->n, 0);
        p2a_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_contexts),
        cmocka_unit_test(stacks_are_sorted),
        cmocka_unit_test(contexts_are_those_of_the_paths),
        cmocka_unit_test(walks_of_two_are_those_of_both_sorted),
        cmocka_unit_test(boxes_are_those_of_the_contexts),
        cmocka_unit_test(indented_rows_are_those_of_the_contexts),
        cmocka_unit_test(folded_rows_stand_as_they_came),
        cmocka_unit_test(rows_of_threads_stand_as_they_came),
        cmocka_unit_test(recursion_is_told_where_it_began),
        cmocka_unit_test(inexact_values_are_contexts_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
