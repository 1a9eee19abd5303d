/* Stacks are put together by their next frames, a group of those that are alike so far at a time;
 * what is heavy goes on as a group of its own.
 *
 *     stack:  | main                                  |      a group stands side by side, in the
 *             | load           | save     | light …          order in which its stacks came
 *             | parse | light …
 *
 * Frames of a group that is a large share of all are read on all cores; what is left is cut into
 * pieces, and each group read to its end on whichever core is free. Where a group didn't part, all
 * that its stacks go on to share is passed at once. */
#include "model/heavy.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/fetch.h"
#include "base/words.h"
#include "model/core.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { ENOUGH = 1 << 2 };
#else
enum { ENOUGH = 1 << 12 }; /* stacks that a group is large from, if it is a share of all, too */
#endif
enum {
    SHARE = 16,
    THREADS = 1 << 12, /* stacks that are worth them */
    PIECES = 64,       /* that all are cut into */
    AHEAD = 16         /* stacks whose text is asked for before it is needed */
};

struct group {
    uint32_t begin, end;
    uint32_t node; /* that its stacks go on from, NONE: where they begin */
    bool root;     /* which isn't of the piece */
    bool whole;    /* it is all of the group it comes from */
};

struct groups {
    struct group *row;
    uint32_t n, room;
};

/* A context to be. What a piece adds has nodes of the piece as parents, but for ROOTS, which go on
 * from nodes that were there before. */
struct node {
    uint32_t parent, word, came;
    bool root;
    double self;
};

/* What stacks of a group go on with. */
struct branch {
    uint32_t word, n, came, begin;
    double total, self;
};

/* What splits groups. */
struct splitter {
    struct branch *branch;
    uint32_t branch_n, branch_room;
    uint32_t *of_word; /* its branch + 1, in the group that is split */
    uint32_t word_room;
};

struct piece {
    struct groups to; /* to be split further */
    struct node *node;
    uint32_t node_n, node_room;
    struct p2a_str *fresh; /* the words that are new, by their numbers from FIRST on */
    uint32_t fresh_n, fresh_room;
    p2a_id first;
    uint32_t begin, end; /* stacks, or groups */
    uint32_t shared;     /* bytes that all of its stacks go on with */
};

struct desk {
    struct p2a_words words;
    struct splitter splitter;
    /* Only who takes knows what words are. */
    p2a_id *function;
    uint32_t function_room;
};

struct work {
    struct p2a_profile *p;
    const struct p2a_heavy *heavy;
    struct p2a_unread *spare;
    uint32_t *word;       /* by stack: its next frame's, then its function */
    struct piece all;     /* nodes of all, and groups that are small */
    struct groups large;  /* to be split first */
    struct group reading; /* one of these */
    uint32_t shared;      /* bytes that all of its stacks go on with, … */
    uint32_t passed;      /* … and what is passed of them: whole frames */
    uint32_t cut;         /* stacks, or groups, so far */
};

/* ---- frames ---------------------------------------------------------------------------------- */

/* Asks for the text of stack I of N, if there is one, from memory. */
static void look_ahead(const struct p2a_unread *stack, uint32_t i, uint32_t n)
{
    enum { FRAME = 40 }; /* bytes that one seldom has more of */
    if (i >= n)
        return;
    p2a_fetch(stack[i].at);
    p2a_fetch(stack[i].at + FRAME);
}

/* Whether stack S goes on with the frame LAST. */
static bool goes_on_with(const struct p2a_unread *s, struct p2a_str last)
{
    size_t n = s->left - 1;
    return n >= last.n && (n == last.n || s->at[last.n] == ';') &&
           memcmp(s->at, last.at, last.n) == 0;
}

/* Cuts off what goes on with a frame of N bytes. */
static void pass_frame(struct p2a_unread *s, size_t n)
{
    s->at += n + 1;
    s->left -= (uint32_t)n + 1;
}

static struct p2a_str next_frame(const struct p2a_unread *s)
{
    size_t n = s->left - 1;
    const char *end = n ? memchr(s->at, ';', n) : NULL;
    return (struct p2a_str){s->at, end ? (size_t)(end - s->at) : n};
}

/* Numbers of N frames; those that are new are kept by the piece. */
static bool find_words(struct desk *d, struct piece *p, const struct p2a_str *frame, uint32_t n,
                       p2a_id *number)
{
    if (!p2a_grow(&p->fresh, &p->fresh_room, (uint64_t)p->fresh_n + n, sizeof *p->fresh) ||
        !p2a_words_find(&d->words, frame, n, number))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (number[i] == p->first + p->fresh_n)
            p->fresh[p->fresh_n++] = frame[i];
    return true;
}

/* With how many bytes A and B begin, N at most. */
static uint32_t alike(const char *a, const char *b, uint32_t n)
{
    uint32_t i = 0;
    if (memcmp(a, b, n) == 0)
        return n;
    while (a[i] == b[i])
        i++;
    return i;
}

/* With how many bytes all of N stacks go on as FIRST does, MOST at most. */
static uint32_t shared_bytes(const struct p2a_unread *first, const struct p2a_unread *stack,
                             uint32_t n, uint32_t most)
{
    for (uint32_t i = 0; i < n && most; i++) {
        look_ahead(stack, i + AHEAD, n);
        most = alike(first->at, stack[i].at, stack[i].left - 1 < most ? stack[i].left - 1 : most);
    }
    return most;
}

/* How much of N bytes at AT is frames behind which another one goes on. */
static uint32_t whole_frames(const char *at, uint32_t n)
{
    const char *last = n ? memrchr(at, ';', n) : NULL;
    return last ? (uint32_t)(last - at) + 1 : 0;
}

/* Takes the next frame off each of N stacks; WORD becomes what these are. */
static bool read_frames(struct desk *d, struct piece *p, struct p2a_unread *stack, uint32_t n,
                        uint32_t *word)
{
    struct p2a_str frame[P2A_WORDS];
    p2a_id number[P2A_WORDS];
    for (uint32_t i = 0, from = 0; i < n; from = i) {
        uint32_t found = 0;
        for (; i < n && found < P2A_WORDS; i++) {
            look_ahead(stack, i + AHEAD, n);
            if (!found || !goes_on_with(&stack[i], frame[found - 1]))
                frame[found++] = next_frame(&stack[i]);
            pass_frame(&stack[i], frame[found - 1].n);
            word[i] = found - 1;
        }
        if (!find_words(d, p, frame, found, number))
            return false;
        for (; from < i; from++)
            word[from] = number[word[from]];
    }
    return true;
}

/* ---- a group --------------------------------------------------------------------------------- */

static struct branch *branch_of(struct splitter *s, uint32_t word, uint32_t came)
{
    uint32_t had = s->word_room;
    if (word >= had) {
        if (!p2a_grow(&s->of_word, &s->word_room, (uint64_t)word + 1, sizeof *s->of_word))
            return NULL;
        memset(s->of_word + had, 0, (s->word_room - had) * sizeof *s->of_word);
    }
    if (s->of_word[word])
        return &s->branch[s->of_word[word] - 1];
    if (!p2a_grow(&s->branch, &s->branch_room, (uint64_t)s->branch_n + 1, sizeof *s->branch))
        return NULL;
    s->branch[s->branch_n] = (struct branch){.word = word, .came = came};
    s->of_word[word] = ++s->branch_n;
    return &s->branch[s->branch_n - 1];
}

static bool count_branches(struct splitter *s, const struct p2a_unread *stack, uint32_t n,
                           const uint32_t *word)
{
    s->branch_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct branch *b = branch_of(s, word[i], stack[i].came);
        if (!b)
            return false;
        b->total += stack[i].value;
        b->n += stack[i].left > 0;
        b->self += stack[i].left ? 0 : stack[i].value;
    }
    return true;
}

static bool add_node(struct piece *p, struct node node)
{
    if (!p2a_grow(&p->node, &p->node_room, (uint64_t)p->node_n + 1, sizeof *p->node))
        return false;
    p->node[p->node_n++] = node;
    return true;
}

static bool add_group(struct groups *to, struct group g)
{
    if (!p2a_grow(&to->row, &to->room, (uint64_t)to->n + 1, sizeof *to->row))
        return false;
    to->row[to->n++] = g;
    return true;
}

/* A node for each branch; the stacks of one that is heavy and goes on become a group. */
static bool add_branches(struct splitter *s, struct piece *p, struct group g, double least)
{
    uint32_t begin = g.begin;
    for (uint32_t i = 0; i < s->branch_n; i++) {
        struct branch *b = &s->branch[i];
        bool heavy = b->total >= least;
        struct node node = {g.node, b->word, b->came, g.root, heavy ? b->self : b->total};
        if (!heavy)
            b->n = 0;
        b->begin = begin;
        begin += b->n;
        struct group next = {b->begin, begin, p->node_n, false, b->n == g.end - g.begin};
        if (!add_node(p, node) || (b->n && !add_group(&p->to, next)))
            return false;
    }
    return true;
}

/* Puts the stacks of each branch that goes on side by side. */
static void part_stacks(const struct work *w, struct splitter *s, struct group g)
{
    struct p2a_unread *stack = w->heavy->stack, *spare = w->spare;
    uint32_t end = g.begin;
    if (s->branch_n == 1 && s->branch[0].n == g.end - g.begin)
        return; /* as they are */
    for (uint32_t i = g.begin; i < g.end; i++) {
        struct branch *b = &s->branch[s->of_word[w->word[i]] - 1];
        if (b->n && stack[i].left)
            spare[b->begin++] = stack[i], end++;
    }
    memcpy(stack + g.begin, spare + g.begin, (end - g.begin) * sizeof *stack);
}

/* Splits a group whose stacks' next frames have been read. */
static bool split(const struct work *w, struct splitter *s, struct piece *p, struct group g)
{
    const struct p2a_heavy *h = w->heavy;
    bool done = count_branches(s, h->stack + g.begin, g.end - g.begin, w->word + g.begin) &&
                add_branches(s, p, g, h->least);
    if (done)
        part_stacks(w, s, g);
    for (uint32_t i = 0; i < s->branch_n; i++)
        s->of_word[s->branch[i].word] = 0;
    return done;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void start_words(struct desk *d, struct piece *p)
{
    p->first = d->words.n;
    p->fresh_n = 0;
}

static bool no_memory(struct work *w)
{
    p2a_fail(w->p, P2A_SYSTEM, "out of memory");
    return false;
}

/* Finds the functions of the words that a piece has added to its desk. */
static bool take_words(struct work *w, struct desk *d, const struct piece *p)
{
    if (!p2a_grow(&d->function, &d->function_room, (uint64_t)p->first + p->fresh_n,
                  sizeof *d->function))
        return no_memory(w);
    for (uint32_t i = 0; i < p->fresh_n; i++) {
        p2a_id function = w->heavy->function(w->heavy->owner, p->fresh[i]);
        if (function == P2A_NONE)
            return false;
        d->function[p->first + i] = function;
    }
    return true;
}

static void free_splitter(struct splitter *s)
{
    free(s->branch);
    free(s->of_word);
}

static void free_desk(const void *owner, void *desk)
{
    struct desk *d = desk;
    (void)owner;
    p2a_words_free(&d->words);
    free_splitter(&d->splitter);
    free(d->function);
}

static void free_piece(const void *owner, void *piece)
{
    struct piece *p = piece;
    (void)owner;
    free(p->to.row);
    free(p->node);
    free(p->fresh);
}

static bool run(struct work *w, bool (*cut)(void *owner, void *piece),
                bool (*make)(const void *owner, void *desk, void *piece),
                bool (*take)(void *owner, void *desk, void *piece))
{
    struct p2a_crew_work crew = {.desk_size = sizeof(struct desk),
                                 .piece_size = sizeof(struct piece),
                                 .cut = cut,
                                 .make = make,
                                 .take = take,
                                 .free_desk = free_desk,
                                 .free_piece = free_piece};
    enum p2a_crew_end end = p2a_crew_run(&crew, w, w->heavy->n <= THREADS);
    if (end == P2A_CREW_NO_MEMORY)
        no_memory(w);
    return p2a_profile_status(w->p) == P2A_OK;
}

/* ---- large groups: their frames are read on all cores ---------------------------------------- */

static uint32_t per_piece(const struct work *w)
{
    return w->heavy->n / PIECES + 1;
}

static bool cut_stacks(void *owner, void *piece)
{
    struct work *w = owner;
    struct piece *p = piece;
    uint32_t left = w->reading.end - w->cut, most = per_piece(w);
    p->begin = w->cut;
    w->cut = p->end = p->begin + (left < most ? left : most);
    return left > 0;
}

static bool compare_stacks(const void *owner, void *desk, void *piece)
{
    const struct work *w = owner;
    struct piece *p = piece;
    const struct p2a_unread *stack = w->heavy->stack, *first = &stack[w->reading.begin];
    (void)desk;
    p->shared = shared_bytes(first, stack + p->begin, p->end - p->begin, first->left - 1);
    return true;
}

static bool take_shared(void *owner, void *desk, void *piece)
{
    struct work *w = owner;
    const struct piece *p = piece;
    (void)desk;
    if (p->shared < w->shared)
        w->shared = p->shared;
    return w->shared > 0;
}

static bool read_stacks(const void *owner, void *desk, void *piece)
{
    const struct work *w = owner;
    struct piece *p = piece;
    struct p2a_unread *stack = w->heavy->stack + p->begin;
    uint32_t n = p->end - p->begin;
    start_words(desk, p);
    for (uint32_t i = 0; w->passed && i < n; i++)
        pass_frame(&stack[i], w->passed - 1);
    return read_frames(desk, p, stack, n, w->word + p->begin);
}

static bool take_stacks(void *owner, void *desk, void *piece)
{
    struct work *w = owner;
    const struct desk *d = desk;
    const struct piece *p = piece;
    if (!take_words(w, desk, p))
        return false;
    for (uint32_t i = p->begin; i < p->end; i++)
        w->word[i] = d->function[w->word[i]];
    return true;
}

/* Nodes for what all stacks of the group share. */
static bool share_large(struct work *w)
{
    struct group *g = &w->reading;
    struct p2a_unread first = w->heavy->stack[g->begin];
    w->cut = g->begin;
    w->shared = first.left - 1;
    if (!run(w, cut_stacks, compare_stacks, take_shared))
        return false;
    w->passed = whole_frames(first.at, w->shared);
    for (uint32_t end = first.left - w->passed; first.left > end;) {
        struct p2a_str frame = next_frame(&first);
        p2a_id function = w->heavy->function(w->heavy->owner, frame);
        if (function == P2A_NONE)
            return false;
        if (!add_node(&w->all, (struct node){g->node, function, first.came, false, 0}))
            return no_memory(w);
        g->node = w->all.node_n - 1;
        pass_frame(&first, frame.n);
    }
    return true;
}

static bool is_large(const struct work *w, struct group g)
{
    uint32_t n = g.end - g.begin;
    return n > w->heavy->n / SHARE && n > ENOUGH;
}

/* Those that come of one, the first last, so that it is split next. */
static bool sort_out(struct work *w)
{
    struct groups *to = &w->all.to;
    uint32_t kept = 0, n = to->n;
    for (uint32_t i = n; i-- > 0;)
        if (is_large(w, to->row[i]) && !add_group(&w->large, to->row[i]))
            return false;
    for (uint32_t i = 0; i < n; i++)
        if (!is_large(w, to->row[i]))
            to->row[kept++] = to->row[i];
    to->n = kept;
    return true;
}

/* Words of the nodes made here are functions. */
static bool split_large(struct work *w)
{
    struct splitter splitter = {0};
    struct group all = {0, w->heavy->n, P2A_NONE, false, true};
    bool done = (add_group(&w->all.to, all) && sort_out(w)) || no_memory(w);
    while (done && w->large.n) {
        w->reading = w->large.row[--w->large.n];
        w->passed = 0;
        if (w->reading.whole && !share_large(w))
            break;
        w->cut = w->reading.begin;
        done = run(w, cut_stacks, read_stacks, take_stacks) &&
               ((split(w, &splitter, &w->all, w->reading) && sort_out(w)) || no_memory(w));
    }
    free_splitter(&splitter);
    return done && !w->large.n;
}

/* ---- small groups: each is read to its end by itself ----------------------------------------- */

static bool cut_groups(void *owner, void *piece)
{
    struct work *w = owner;
    struct piece *p = piece;
    uint32_t stacks = 0;
    p->begin = w->cut;
    for (; w->cut < w->all.to.n && stacks < per_piece(w); w->cut++)
        stacks += w->all.to.row[w->cut].end - w->all.to.row[w->cut].begin;
    p->end = w->cut;
    return p->end > p->begin;
}

/* Nodes for what all stacks of the group share. */
static bool share_small(const struct work *w, struct desk *d, struct piece *p, struct group *g)
{
    struct p2a_unread *stack = w->heavy->stack + g->begin, first = *stack;
    uint32_t n = g->end - g->begin, shared = shared_bytes(&first, stack, n, first.left - 1);
    uint32_t passed = whole_frames(first.at, shared), end = first.left - passed;
    for (uint32_t i = 0; passed && i < n; i++)
        pass_frame(&stack[i], passed - 1);
    while (first.left > end) {
        struct p2a_str frame[P2A_WORDS];
        p2a_id number[P2A_WORDS];
        uint32_t found = 0;
        for (; found < P2A_WORDS && first.left > end; found++) {
            frame[found] = next_frame(&first);
            pass_frame(&first, frame[found].n);
        }
        if (!find_words(d, p, frame, found, number))
            return false;
        for (uint32_t i = 0; i < found; i++) {
            if (!add_node(p, (struct node){g->node, number[i], first.came, g->root, 0}))
                return false;
            g->node = p->node_n - 1;
            g->root = false;
        }
    }
    return true;
}

static bool read_group(const struct work *w, struct desk *d, struct piece *p, struct group g)
{
    uint32_t n = g.end - g.begin;
    return (!g.whole || share_small(w, d, p, &g)) &&
           read_frames(d, p, w->heavy->stack + g.begin, n, w->word + g.begin) &&
           split(w, &d->splitter, p, g);
}

static bool read_groups(const void *owner, void *desk, void *piece)
{
    const struct work *w = owner;
    struct piece *p = piece;
    bool done = true;
    start_words(desk, p);
    p->node_n = p->to.n = 0;
    for (uint32_t i = p->begin; done && i < p->end; i++) {
        struct group g = w->all.to.row[i];
        g.root = true;
        done = read_group(w, desk, p, g);
        while (done && p->to.n)
            done = read_group(w, desk, p, p->to.row[--p->to.n]);
    }
    return done;
}

static bool take_groups(void *owner, void *desk, void *piece)
{
    struct work *w = owner;
    const struct desk *d = desk;
    const struct piece *p = piece;
    uint32_t first = w->all.node_n;
    if (!take_words(w, desk, p))
        return false;
    for (uint32_t i = 0; i < p->node_n; i++) {
        struct node node = p->node[i];
        node.word = d->function[node.word];
        if (!node.root)
            node.parent += first;
        if (!add_node(&w->all, node))
            return no_memory(w);
    }
    return true;
}

/* ---- contexts -------------------------------------------------------------------------------- */

static bool make_contexts(struct work *w)
{
    if (w->all.node_n > w->p->core->max_rows)
        return p2a_fail(w->p, P2A_INPUT, "more than %llu rows in one table, the limit",
                        (unsigned long long)w->p->core->max_rows) == P2A_OK;
    uint32_t n = w->all.node_n, *first = malloc(((size_t)n + 1) * sizeof *first);
    struct p2a_contexts made = {.n = n};
    made.row = malloc(((size_t)n + 1) * sizeof *made.row);
    made.self = malloc(((size_t)n + 1) * sizeof *made.self);
    bool done = first && made.row && made.self;
    for (uint32_t i = 0; done && i < n; i++) {
        const struct node *node = &w->all.node[i];
        made.row[i] = (struct p2a_context){node->parent, node->word, P2A_NONE};
        made.self[i] = node->self;
        first[i] = node->came;
    }
    done = done && p2a_contexts_order(&made, n, 1, first);
    free(first);
    if (done) {
        w->p->contexts = made;
        w->p->core->context_room = n;
        return true;
    }
    free(made.row);
    free(made.self);
    return no_memory(w);
}

bool p2a_heavy_contexts(struct p2a_profile *p, const struct p2a_heavy *heavy)
{
    struct work w = {.p = p, .heavy = heavy};
    w.spare = malloc(((size_t)heavy->n + 1) * sizeof *w.spare);
    w.word = malloc(((size_t)heavy->n + 1) * sizeof *w.word);
    bool done = (w.spare && w.word) || no_memory(&w);
    done = done && split_large(&w);
    w.cut = 0;
    done = done && run(&w, cut_groups, read_groups, take_groups) && make_contexts(&w);
    free_piece(NULL, &w.all);
    free(w.large.row);
    free(w.spare);
    free(w.word);
    return done;
}
