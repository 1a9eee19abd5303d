/* The recorder without Python: what it says of a random program, and what it does without memory.
 *
 * The program calls functions 1 to FUNCTIONS at random. A stack beside the recorder keeps what
 * _lsprof would: per function and per arc calls, primitive calls, self and total. The clock is the
 * test's own, so that every figure is a whole number and has to be equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/recorder.h"
#include "fault/starve.h"

enum { FUNCTIONS = 14, DEPTH = 60, EVENTS = 60000 };

/* ---- an owner -------------------------------------------------------------------------------- */

struct owner {
    uint64_t time;
    unsigned told, released, spawned, ended;
};

static uint64_t key_of(uint32_t function)
{
    return 0x1000 + 64 * (uint64_t)function;
}

static bool say(struct owner *o, struct p2a_recorder *r, uint64_t key, void *object)
{
    char name[32];
    struct p2a_told told = {.name = name, .kind = P2A_REC_PYTHON, .file = "f.py", .file_n = 4};
    told.name_n = (size_t)snprintf(name, sizeof name, "f%u", (unsigned)((key - 0x1000) / 64));
    told.flags = key == key_of(3) ? P2A_NODE_STARTS_THREADS : 0;
    bool done = p2a_tell(r, key, &told, object);
    o->told += done;
    return done;
}

static bool describe(void *owner, struct p2a_recorder *r, uint64_t key, const void *what)
{
    (void)what;
    return say(owner, r, key, owner);
}

static bool repeat(void *owner, struct p2a_recorder *r, uint64_t key, void *object)
{
    return say(owner, r, key, object);
}

static void release(void *owner, void *object)
{
    assert_ptr_equal(object, owner);
    ((struct owner *)owner)->released++;
}

static uint64_t timer(void *owner)
{
    return ((struct owner *)owner)->time;
}

static void spawned(void *owner)
{
    ((struct owner *)owner)->spawned++;
}

static void ended(void *owner, enum p2a_rec_state why)
{
    assert_true(why == P2A_REC_DISK_FULL || why == P2A_REC_OUT_OF_ROOM);
    ((struct owner *)owner)->ended++;
}

static bool name(void *owner, char text[static P2A_THREAD_NAME])
{
    (void)owner;
    memcpy(text, "main", 5);
    return true;
}

static const struct p2a_asks asks = {describe, repeat, release, timer, spawned, ended, name};

static struct p2a_recorder *open_recorder(struct owner *o, uint32_t max_contexts, const char *path)
{
    struct p2a_recorder_options options = {.path = path,
                                           .mode = P2A_REC_MODE_FULL,
                                           .clock = P2A_REC_CLOCK_TIMER,
                                           .unit = 1,
                                           .flags = P2A_REC_ALLOCATIONS,
                                           .max_contexts = max_contexts,
                                           .python = "test",
                                           .program = "a\0b",
                                           .program_n = 4,
                                           .asks = &asks,
                                           .owner = o};
    return p2a_recorder_open(&options);
}

/* ---- figures --------------------------------------------------------------------------------- */

struct figures {
    uint64_t calls, primitive, self, total, bytes;
};

/* [caller][callee]; caller 0: of the function itself. */
struct table {
    struct figures of[FUNCTIONS + 1][FUNCTIONS + 1];
    unsigned active[FUNCTIONS + 1][FUNCTIONS + 1];
};

struct call {
    uint32_t function;
    uint64_t total;
};

/* What _lsprof would keep. */
struct stack {
    struct table t;
    struct call call[DEPTH];
    int depth;
};

/* Both rows that a call of CALLEE by CALLER (0: nobody) counts in. */
#define EACH_ROW(caller, row)                                                                      \
    for (uint32_t row = 0, n_##row = 0; n_##row < ((caller) ? 2 : 1); n_##row++, row = (caller))

static uint32_t caller_at(const struct stack *s, int depth)
{
    return depth > 0 ? s->call[depth - 1].function : 0;
}

static void pass(struct stack *s, uint64_t ticks, uint64_t bytes)
{
    if (!s->depth)
        return;
    struct call *c = &s->call[s->depth - 1];
    c->total += ticks;
    EACH_ROW(caller_at(s, s->depth - 1), row)
    {
        s->t.of[row][c->function].self += ticks;
        s->t.of[row][c->function].bytes += bytes;
    }
}

static void enter(struct stack *s, uint32_t function)
{
    EACH_ROW(caller_at(s, s->depth), row)
    {
        s->t.of[row][function].calls++;
        s->t.of[row][function].primitive += s->t.active[row][function]++ == 0;
    }
    s->call[s->depth++] = (struct call){function, 0};
}

static void leave(struct stack *s)
{
    struct call c = s->call[--s->depth];
    EACH_ROW(caller_at(s, s->depth), row)
    {
        if (--s->t.active[row][c.function] == 0)
            s->t.of[row][c.function].total += c.total;
    }
    if (s->depth)
        s->call[s->depth - 1].total += c.total;
}

/* ---- the same from a recording --------------------------------------------------------------- */

static uint32_t function_at(const struct p2a_recorder *r, const struct p2a_rec_node *n)
{
    unsigned function;
    const struct p2a_rec_function *f = p2a_named(r, n->function);
    return f->kind == P2A_REC_PYTHON && sscanf((const char *)(f + 1), "f%u", &function) == 1
               ? function
               : 0;
}

static uint32_t named(const struct p2a_recorder *r, uint32_t number)
{
    unsigned function = 0;
    if (number)
        assert_int_equal(sscanf((const char *)(p2a_named(r, number) + 1), "f%u", &function), 1);
    return function;
}

/* How often the step CALLER -> FUNCTION (CALLER 0: the function) is above N on its path. */
static bool is_above(const struct p2a_recorder *r, const struct p2a_rec_node *n, uint32_t caller,
                     uint32_t function)
{
    for (n -= n->up; n->up; n -= n->up)
        if (function_at(r, n) == function && (!caller || function_at(r, n - n->up) == caller))
            return true;
    return false;
}

/* Self of a node goes into its own row, and into the totals of all that is above, once each. */
static void add_node(const struct p2a_recorder *r, const struct p2a_rec_node *n, struct table *t)
{
    uint32_t function = function_at(r, n), caller = n->up ? function_at(r, n - n->up) : 0;
    if (function)
        EACH_ROW(caller, row)
        {
            t->of[row][function].calls += n->calls;
            t->of[row][function].primitive += is_above(r, n, row, function) ? 0 : n->calls;
            t->of[row][function].self += n->self;
            t->of[row][function].bytes += n->bytes;
        }
    for (const struct p2a_rec_node *a = n; a->up; a -= a->up) {
        uint32_t f = function_at(r, a), c = function_at(r, a - a->up);
        if (f)
            EACH_ROW(c, row)
            {
                if (!is_above(r, a, row, f))
                    t->of[row][f].total += n->self;
            }
    }
}

static void add_folds(const struct p2a_recorder *r, struct table *t)
{
    for (uint32_t i = 0; i < p2a_fold_count(r); i++) {
        const struct p2a_rec_fold *f = p2a_fold(r, i);
        struct figures *to = &t->of[named(r, f->caller)][named(r, f->callee)];
        to->calls += f->calls;
        to->primitive += f->primitive;
        to->self += f->self;
        to->total += f->total;
        to->bytes += f[2].self;
    }
}

static void compare(const struct table *expected, const struct table *got)
{
    for (int caller = 0; caller <= FUNCTIONS; caller++)
        for (int callee = 1; callee <= FUNCTIONS; callee++)
            assert_memory_equal(&expected->of[caller][callee], &got->of[caller][callee],
                                sizeof(struct figures));
}

/* ---- a random program ------------------------------------------------------------------------ */

struct program {
    struct owner owner;
    struct p2a_recorder *r;
    struct p2a_rec_thread *t;
    struct stack s;
    uint64_t random;
};

static uint32_t draw(struct program *p, uint32_t below)
{
    p->random = p->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((p->random >> 33) % below);
}

/* Some time and some memory, then a call or a return. */
static void step(struct program *p)
{
    uint64_t ticks = draw(p, 5), bytes = draw(p, 3);
    p->owner.time += ticks;
    pass(&p->s, ticks, bytes);
    p2a_current(p->t)->bytes += bytes;
    if (p->s.depth < DEPTH && draw(p, 100) < 52) {
        uint32_t above = caller_at(&p->s, p->s.depth);
        uint32_t function =
            1 + (draw(p, 3) ? draw(p, FUNCTIONS) : (above + draw(p, 2)) % FUNCTIONS);
        enter(&p->s, function);
        p2a_enter(p->t, key_of(function), NULL, p2a_charge_clock);
    } else {
        if (p->s.depth)
            leave(&p->s);
        p2a_leave(p->t, p2a_charge_clock);
    }
}

static bool begin(struct program *p, uint32_t max_contexts, const char *path)
{
    *p = (struct program){.random = max_contexts};
    p->r = open_recorder(&p->owner, max_contexts, path);
    p->t = p->r ? p2a_thread_begin(p->r, 1) : NULL;
    return p->t && p2a_recorder_start(p->r);
}

static void every_figure_is_what_a_stack_says(void **state)
{
    (void)state;
    for (uint32_t most = 1; most < 20000; most *= 4) {
        struct program *p = calloc(1, sizeof *p);
        struct table *got = calloc(1, sizeof *got);
        assert_true(begin(p, most, NULL));
        for (int i = 0; i < EVENTS; i++)
            step(p);
        p2a_recorder_stop(p->r);
        while (p->s.depth)
            leave(&p->s);
        const struct p2a_rec_node *n;
        for (struct p2a_node_walk walk = {0}; (n = p2a_next_node(p->r, &walk));)
            add_node(p->r, n, got);
        add_folds(p->r, got);
        compare(&p->s.t, got);
        assert_true(p2a_header(p->r)->contexts <= 2 * (uint64_t)most + 1);
        assert_int_equal(p->owner.told, FUNCTIONS);
        assert_true(p->owner.spawned > 0 && p->owner.ended == 0);
        p2a_recorder_close(p->r);
        assert_int_equal(p->owner.released, FUNCTIONS);
        free(got);
        free(p);
    }
}

static void a_thread_has_all_of_its_time(void **state)
{
    (void)state;
    struct program *p = calloc(1, sizeof *p);
    assert_true(begin(p, 100, NULL));
    for (int i = 0; i < EVENTS; i++)
        step(p);
    p2a_recorder_stop(p->r);
    uint64_t sum = 0;
    const struct p2a_rec_node *n;
    for (struct p2a_node_walk walk = {0}; (n = p2a_next_node(p->r, &walk));)
        sum += n->self;
    assert_true(sum == p->owner.time);
    p2a_recorder_close(p->r);
    free(p);
}

static void returns_past_the_root_are_nothing(void **state)
{
    (void)state;
    struct program *p = calloc(1, sizeof *p);
    assert_true(begin(p, 100, NULL));
    for (int i = 0; i < 10; i++)
        p2a_leave(p->t, p2a_charge_clock);
    p2a_enter(p->t, key_of(1), NULL, p2a_charge_clock);
    assert_int_equal(p2a_current(p->t)->calls, 1);
    for (int i = 0; i < 10; i++)
        p2a_leave(p->t, p2a_charge_clock);
    assert_int_equal(p2a_current(p->t)->up, 0);
    p2a_recorder_close(p->r);
    free(p);
}

/* The recording ends at whatever allocation fails; what it has is whole, and events go on coming.
 */
static void without_memory_it_ends_and_nothing_else(void **state)
{
    (void)state;
    struct program *p = calloc(1, sizeof *p);
    for (long n = 0;; n++) {
        starve((size_t)n, true);
        bool began = begin(p, 60, NULL);
        for (int i = 0; i < 3000 && began; i++)
            step(p);
        bool failed = refused;
        if (p->r) {
            p2a_recorder_stop(p->r);
            assert_true(p->owner.ended <= 1);
            assert_true(!began || !failed || p->owner.ended || p2a_recorder_runs(p->r) == false);
            p2a_recorder_close(p->r);
        }
        feed();
        assert_int_equal(p->owner.told, p->owner.released);
        if (!failed)
            break;
        assert_true(n < 1000);
    }
    free(p);
}

static void a_path_in_a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct owner o = {0};
    assert_null(open_recorder(&o, 0, "/nowhere/at/all.p2a"));
    assert_int_equal(o.ended, 0);
}

static void the_file_is_what_is_in_memory(void **state)
{
    (void)state;
    struct program *p = calloc(1, sizeof *p);
    char path[] = "/tmp/p2a-test-XXXXXX";
    close(mkstemp(path));
    assert_true(begin(p, 1000, path));
    for (int i = 0; i < EVENTS; i++)
        step(p);
    p2a_recorder_stop(p->r);
    const struct p2a_rec_header *h = p2a_header(p->r);
    size_t n = (size_t)h->cells * P2A_REC_CELL;
    unsigned char *bytes = malloc(n + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, n + 1, file), n);
    fclose(file);
    assert_memory_equal(bytes, h, n);
    assert_int_equal(h->state, P2A_REC_STOPPED);
    free(bytes);
    p2a_recorder_close(p->r);
    remove(path);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_what_a_stack_says),
        cmocka_unit_test(a_thread_has_all_of_its_time),
        cmocka_unit_test(returns_past_the_root_are_nothing),
        cmocka_unit_test(without_memory_it_ends_and_nothing_else),
        cmocka_unit_test(a_path_in_a_missing_folder_is_an_error),
        cmocka_unit_test(the_file_is_what_is_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
