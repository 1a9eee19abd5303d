/* The recorder, apart from what happens at every event: new nodes, functions, threads, segments.
 *
 * A node is made when a path is walked for the first time. Its children are found
 *
 *     by the ring    where there are up to RING of them,
 *     by child_of    where there are more: a table (parent, key) -> cell for the whole recording
 */
#include "collector/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    RING = 8,          /* children that are looked through one by one */
    NODES_FIRST = 16,  /* cells in a thread's first segment; each next one has twice as many, ... */
    NODES_MOST = 1024, /* ... up to this */
    TEXT_BYTES = 16 << 10, /* for functions in a segment */
    THREADS = 8,           /* in a segment */
    NAME_TRIES = 64,       /* new nodes at which a thread is asked for its name */
    PERIOD_US = 4000
};

/* ---- time ------------------------------------------------------------------------------------ */

static uint64_t ticks_of(const struct p2a_recorder *r, clockid_t cpu)
{
    switch (r->clock) {
    case P2A_REC_CLOCK_COUNTER:
        return p2a_counter();
    case P2A_REC_CLOCK_MONOTONIC:
        return p2a_clock_ns(CLOCK_MONOTONIC);
    case P2A_REC_CLOCK_CPU:
        return p2a_clock_ns(cpu);
    case P2A_REC_CLOCK_TIMER:
        break;
    }
    return r->asks->timer(r->owner);
}

uint64_t p2a_ticks(struct p2a_rec_thread *t)
{
    return ticks_of(p2a_track_of(t)->r, CLOCK_THREAD_CPUTIME_ID);
}

/* The same of a thread that may be another one. */
uint64_t p2a_thread_ticks(struct p2a_track *k)
{
    if (k->r->clock == P2A_REC_CLOCK_CPU && !k->has_cpu)
        return k->thread->last;
    return ticks_of(k->r, k->cpu);
}

/* Of several tries the one between whose two readings the least time passed. */
static struct p2a_rec_instant now(const struct p2a_recorder *r)
{
    if (r->clock != P2A_REC_CLOCK_COUNTER) {
        uint64_t ns = p2a_clock_ns(CLOCK_MONOTONIC);
        return (struct p2a_rec_instant){ns, ns};
    }
    struct p2a_rec_instant best = {0, 0};
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = p2a_counter(), ns = p2a_clock_ns(CLOCK_MONOTONIC), after = p2a_counter();
        if (after - before < least) {
            least = after - before;
            best = (struct p2a_rec_instant){before + least / 2, ns};
        }
    }
    return best;
}

void p2a_recorder_touch(struct p2a_recorder *r)
{
    uint32_t turn = r->header->turn + 1;
    r->header->last[turn & 1] = now(r);
    __atomic_store_n(&r->header->turn, turn, __ATOMIC_RELEASE);
}

double p2a_tick_seconds(const struct p2a_recorder *r)
{
    const struct p2a_rec_header *h = r->header;
    if (h->unit != 0)
        return h->unit;
    struct p2a_rec_instant last = h->last[h->turn & 1];
    if (last.ticks <= h->start.ticks)
        return 0;
    return 1e-9 * (double)(last.ns - h->start.ns) / (double)(last.ticks - h->start.ticks);
}

/* ---- segments -------------------------------------------------------------------------------- */

static void all_to_their_roots(struct p2a_recorder *r)
{
    for (struct p2a_track *k = r->newest; k; k = k->older)
        p2a_move(k->thread, p2a_root(k->thread));
}

/* The recording ends here; what is in it stays right. */
void p2a_no_room(struct p2a_recorder *r, int error)
{
    if (r->dead)
        return;
    r->dead = true;
    r->error = error;
    p2a_ticker_stop(r);
    p2a_recorder_touch(r);
    enum p2a_rec_state why =
        error == ENOMEM && r->map.fd >= 0 ? P2A_REC_OUT_OF_ROOM : P2A_REC_DISK_FULL;
    r->header->state = why;
    for (struct p2a_track *k = r->newest; k; k = k->older)
        p2a_fold_unwind(k);
    all_to_their_roots(r);
    if (r->opened)
        r->asks->ended(r->owner, why);
}

bool p2a_new_segment(struct p2a_recorder *r, enum p2a_rec_kind kind, size_t bytes,
                     struct p2a_segment_room *room)
{
    size_t cells = 1 + (bytes + P2A_REC_CELL - 1) / P2A_REC_CELL;
    if (r->dead)
        return false;
    errno = ENOMEM;
    struct p2a_rec_segment *s =
        cells > UINT32_MAX ? NULL : p2a_mapping_take(&r->map, cells * P2A_REC_CELL);
    if (!s) {
        p2a_no_room(r, errno);
        return false;
    }
    s->cells = (uint32_t)cells;
    s->kind = kind;
    room->at = (unsigned char *)(s + 1);
    room->end = (unsigned char *)(s + cells);
    __atomic_store_n(&r->header->cells, r->map.used / P2A_REC_CELL, __ATOMIC_RELEASE);
    p2a_recorder_touch(r);
    return true;
}

/* ---- functions ------------------------------------------------------------------------------- */

static uint32_t hash_of_function(const void *recorder, uint32_t number)
{
    const struct p2a_recorder *r = recorder;
    return p2a_mix(r->known[number - 1].key, 0);
}

uint32_t p2a_known_function(const struct p2a_recorder *r, uint64_t key)
{
    const struct p2a_slots *s = &r->function_of;
    if (!s->room)
        return 0;
    uint32_t mask = s->room - 1, i = p2a_mix(key, 0) & mask;
    while (s->slot[i] && r->known[s->slot[i] - 1].key != key)
        i = (i + 1) & mask;
    return s->slot[i];
}

/* The bytes of N, at most so many, that end with a whole character of UTF-8. */
static uint16_t cut(const char *text, size_t n)
{
    if (!text)
        return 0;
    if (n <= P2A_REC_NAME_MAX)
        return (uint16_t)n;
    n = P2A_REC_NAME_MAX;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return (uint16_t)n;
}

static bool room_for_function(struct p2a_recorder *r, size_t size)
{
    if (r->known_n == r->known_room) {
        uint32_t more = r->known_room ? r->known_room * 2 : 256;
        struct p2a_known *wide = realloc(r->known, more * sizeof *wide);
        if (!wide)
            return false;
        r->known = wide;
        r->known_room = more;
    }
    if (!p2a_slots_room(&r->function_of, hash_of_function, r))
        return false;
    if ((size_t)(r->text_end - r->text_next) >= size)
        return true;
    struct p2a_segment_room room;
    if (!p2a_new_segment(r, P2A_REC_FUNCTIONS, size > TEXT_BYTES ? size : TEXT_BYTES, &room))
        return false;
    r->text_next = room.at;
    r->text_end = room.end;
    return true;
}

static unsigned char *put(unsigned char *at, const char *text, uint16_t n)
{
    if (n)
        memcpy(at, text, n);
    return at + n;
}

bool p2a_tell(struct p2a_recorder *r, uint64_t key, const struct p2a_told *told, void *object)
{
    uint16_t name = cut(told->name, told->name_n), qualname = cut(told->qualname, told->qualname_n),
             file = cut(told->file, told->file_n), module = cut(told->module, told->module_n);
    struct p2a_rec_function *f;
    size_t size = (sizeof *f + (size_t)name + qualname + file + module + 7) / 8 * 8;
    if (r->dead || p2a_known_function(r, key) || !room_for_function(r, size))
        return false;
    f = (struct p2a_rec_function *)(void *)r->text_next;
    r->text_next += size;
    unsigned char *at = (unsigned char *)(f + 1);
    at = put(at, told->name, name);
    at = put(at, told->qualname, qualname);
    at = put(at, told->file, file);
    put(at, told->module, module);
    f->name = name;
    f->qualname = qualname;
    f->file = file;
    f->module = module;
    f->line = told->line;
    f->kind = told->kind;
    f->number = r->known_n + 1;
    r->known[r->known_n++] = (struct p2a_known){key, object, f, told->flags};
    p2a_slots_put(&r->function_of, p2a_mix(key, 0), r->known_n);
    __atomic_store_n(&f->size, (uint32_t)size, __ATOMIC_RELEASE);
    return true;
}

uint32_t p2a_function_of(struct p2a_recorder *r, uint64_t key, const void *what)
{
    uint32_t number = p2a_known_function(r, key);
    if (number || r->dead)
        return number;
    bool told = r->asks->describe(r->owner, r, key, what);
    number = p2a_known_function(r, key);
    if (!told && !number)
        p2a_no_room(r, ENOMEM);
    return number;
}

/* Markers have keys that no address has. */
enum { KEY_ROOT = 1, KEY_FOLDED = 2 };

static uint32_t tell_marker(struct p2a_recorder *r, uint64_t key, const char *name,
                            enum p2a_rec_function_kind kind)
{
    struct p2a_told told = {.name = name, .name_n = strlen(name), .kind = kind};
    return p2a_tell(r, key, &told, NULL) ? r->known_n : 0;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static uint32_t hash_of_child(const void *recorder, uint32_t cell)
{
    const struct p2a_recorder *r = recorder;
    const struct p2a_rec_node *n = (const struct p2a_rec_node *)(const void *)r->map.base + cell;
    return p2a_mix(n->key, cell - n->up);
}

static uint32_t cell_of(const struct p2a_recorder *r, const struct p2a_rec_node *n)
{
    return (uint32_t)(n - (const struct p2a_rec_node *)(void *)r->map.base);
}

static struct p2a_rec_node *find_indexed(const struct p2a_recorder *r, struct p2a_rec_node *parent,
                                         uint64_t key)
{
    struct p2a_rec_node *base = (struct p2a_rec_node *)(void *)r->map.base;
    uint32_t p = cell_of(r, parent), mask = r->child_of.room - 1;
    for (uint32_t i = p2a_mix(key, p) & mask; r->child_of.slot[i]; i = (i + 1) & mask) {
        struct p2a_rec_node *c = base + r->child_of.slot[i];
        if (c->key == key && c - c->up == parent)
            return c;
    }
    return NULL;
}

static struct p2a_rec_node *find_child(const struct p2a_recorder *r, struct p2a_rec_node *n,
                                       uint64_t key)
{
    if (n->children > RING)
        return find_indexed(r, n, key);
    struct p2a_rec_node *c = n + n->down;
    for (uint32_t i = 0; i < n->children; i++, c += c->ring)
        if (c->key == key)
            return c;
    return NULL;
}

static bool room_for_node(struct p2a_track *k)
{
    if (k->stretch.next < k->stretch.end)
        return true;
    uint32_t cells = k->segment ? k->segment * 2 : NODES_FIRST;
    k->segment = cells < NODES_MOST ? cells : NODES_MOST;
    struct p2a_segment_room room;
    if (!p2a_new_segment(k->r, P2A_REC_NODES, (size_t)(k->segment - 1) * P2A_REC_CELL, &room))
        return false;
    k->stretch.next = (struct p2a_rec_node *)(void *)room.at;
    k->stretch.end = (struct p2a_rec_node *)(void *)room.end;
    return true;
}

static void join_ring(struct p2a_rec_node *parent, struct p2a_rec_node *c)
{
    if (parent->down) {
        struct p2a_rec_node *before = parent + parent->down;
        c->ring = (int32_t)(before + before->ring - c);
        before->ring = (int32_t)(c - before);
    }
    parent->down = (uint32_t)(c - parent);
    parent->children++;
}

/* Called with room in the table for one more, or for all where the ring has just become too long.
 */
static bool index_child(struct p2a_recorder *r, struct p2a_rec_node *parent, struct p2a_rec_node *c)
{
    if (parent->children <= RING)
        return true;
    uint32_t n = parent->children == RING + 1 ? RING + 1 : 1;
    for (uint32_t i = 0; i < n; i++, c += c->ring) {
        if (!p2a_slots_room(&r->child_of, hash_of_child, r))
            return false;
        p2a_slots_put(&r->child_of, p2a_mix(c->key, cell_of(r, parent)), cell_of(r, c));
    }
    return true;
}

struct p2a_rec_node *p2a_new_node(struct p2a_track *k, struct p2a_rec_node *parent,
                                  uint32_t function, uint64_t key, uint32_t flags)
{
    struct p2a_recorder *r = k->r;
    if (!room_for_node(k))
        return NULL;
    struct p2a_rec_node *c = k->stretch.next++;
    c->up = parent ? (uint32_t)(c - parent) : 0;
    c->key = key;
    c->flags = flags;
    if (parent) {
        join_ring(parent, c);
        if (!index_child(r, parent, c)) {
            p2a_no_room(r, ENOMEM);
            return NULL;
        }
    }
    r->header->contexts++;
    __atomic_store_n(&c->function, function, __ATOMIC_RELEASE);
    return c;
}

/* ---- slow events ----------------------------------------------------------------------------- */

static void let_go(struct p2a_recorder *r);

/* What a thread can say only for itself. */
static void learn(struct p2a_track *k)
{
    struct p2a_rec_thread *t = k->thread;
    if (!t->tid)
        t->tid = (uint64_t)syscall(SYS_gettid);
    if (!k->has_cpu && k->r->clock == P2A_REC_CLOCK_CPU)
        k->has_cpu = pthread_getcpuclockid(pthread_self(), &k->cpu) == 0;
    if (!t->name[0] && k->r->asks->name && t->own[1] < NAME_TRIES) {
        t->own[1]++;
        k->r->asks->name(k->r->owner, t->name);
    }
}

/* The child for KEY; NULL where there is none and may be none. */
static struct p2a_rec_node *child_for(struct p2a_track *k, struct p2a_rec_node *n, uint64_t key,
                                      const void *what)
{
    struct p2a_recorder *r = k->r;
    struct p2a_rec_node *c = find_child(r, n, key);
    if (c || r->header->contexts >= r->header->max_contexts)
        return c;
    learn(k);
    uint32_t function = p2a_function_of(r, key, what);
    if (!function || !r->runs || p2a_current(k->thread) != n)
        return NULL;
    return p2a_new_node(k, n, function, key, r->known[function - 1].flags);
}

/* Below N, everything is folded from here on; calls of a thread that is back at its root because
 * the recording has been stopped meanwhile are not recorded. */
static void fold_below(struct p2a_track *k, struct p2a_rec_node *n, uint64_t key, const void *what)
{
    struct p2a_recorder *r = k->r;
    struct p2a_rec_node *marker = find_child(r, n, KEY_FOLDED);
    if (!marker)
        marker = p2a_new_node(k, n, r->folded_function, KEY_FOLDED, P2A_NODE_FOLDED);
    if (!marker)
        return;
    p2a_move(k->thread, marker);
    p2a_fold_enter(k, key, what);
}

void p2a_enter_slowly(struct p2a_rec_thread *t, uint64_t key, const void *what)
{
    struct p2a_track *k = p2a_track_of(t);
    struct p2a_recorder *r = k->r;
    struct p2a_rec_node *n = p2a_current(t);
    if (r->dead || !r->runs)
        return;
    r->uses++;
    if (n->flags & P2A_NODE_FOLDED) {
        p2a_fold_enter(k, key, what);
    } else {
        struct p2a_rec_node *c = child_for(k, n, key, what);
        if (c) {
            c->calls++;
            n->down = (uint32_t)(c - n);
            p2a_move(t, c);
        } else if (!r->dead && r->runs && p2a_current(t) == n) {
            fold_below(k, n, key, what);
        }
    }
    let_go(r);
}

void p2a_thread_spawned(struct p2a_rec_thread *t)
{
    struct p2a_recorder *r = p2a_track_of(t)->r;
    r->uses++;
    if (r->asks->spawned)
        r->asks->spawned(r->owner);
    let_go(r);
}

void p2a_leave_slowly(struct p2a_rec_thread *t)
{
    struct p2a_rec_node *n = p2a_current(t);
    if (n->flags & P2A_NODE_ROOT)
        return;
    if (n->flags & P2A_NODE_FOLDED) {
        p2a_fold_leave(p2a_track_of(t));
        return;
    }
    p2a_move(t, n - n->up);
    if (n->flags & P2A_NODE_STARTS_THREADS)
        p2a_thread_spawned(t);
}

/* ---- threads --------------------------------------------------------------------------------- */

static bool room_for_thread(struct p2a_recorder *r)
{
    if (r->thread_next < r->thread_end)
        return true;
    struct p2a_segment_room room;
    if (!p2a_new_segment(r, P2A_REC_THREADS, THREADS * sizeof(struct p2a_rec_thread), &room))
        return false;
    r->thread_next = (struct p2a_rec_thread *)(void *)room.at;
    r->thread_end = (struct p2a_rec_thread *)(void *)room.end;
    return true;
}

/* A thread that begins may use the cells that one left over: its root is then the first of its
 * nodes, and parents still stand before their children. */
static struct p2a_track *new_track(struct p2a_recorder *r)
{
    struct p2a_track *k = calloc(1, sizeof *k);
    if (!k) {
        p2a_no_room(r, ENOMEM);
        return NULL;
    }
    k->r = r;
    if (r->spare_n)
        k->stretch = r->spare[--r->spare_n];
    return k;
}

void p2a_recorder_stop_ticker(struct p2a_recorder *r)
{
    p2a_ticker_stop(r);
}

void p2a_recorder_start_ticker(struct p2a_recorder *r)
{
    if (r->runs && !r->dead && r->header->mode == P2A_REC_MODE_SAMPLED && !r->ticker.runs)
        p2a_ticker_start(r);
}

struct p2a_rec_thread *p2a_thread_begin(struct p2a_recorder *r, pid_t tid)
{
    if (r->dead || !room_for_thread(r))
        return NULL;
    struct p2a_track *k = new_track(r);
    if (!k)
        return NULL;
    struct p2a_rec_node *root = p2a_new_node(k, NULL, r->root_function, KEY_ROOT, P2A_NODE_ROOT);
    if (!root) {
        free(k);
        return NULL;
    }
    struct p2a_rec_thread *t = k->thread = r->thread_next++;
    p2a_set_track(t, k);
    t->tid = (uint64_t)tid;
    t->root = t->at = (char *)root - (char *)t;
    if (tid == (pid_t)syscall(SYS_gettid))
        learn(k);
    t->start = t->last = p2a_thread_ticks(k);
    k->older = r->newest;
    __atomic_store_n(&t->state, P2A_REC_ALIVE, __ATOMIC_RELEASE);
    __atomic_store_n(&r->newest, k, __ATOMIC_RELEASE);
    if (r->alive++ == 0)
        p2a_recorder_start_ticker(r);
    p2a_recorder_touch(r);
    return t;
}

static void keep_spare(struct p2a_recorder *r, struct p2a_stretch stretch)
{
    if (stretch.next == stretch.end)
        return;
    if (r->spare_n == r->spare_room) {
        uint32_t more = r->spare_room ? r->spare_room * 2 : 16;
        struct p2a_stretch *wide = realloc(r->spare, more * sizeof *wide);
        if (!wide)
            return;
        r->spare = wide;
        r->spare_room = more;
    }
    r->spare[r->spare_n++] = stretch;
}

/* What passed since its last event goes to where the thread stands, and it goes to its root. */
static void settle(struct p2a_track *k)
{
    struct p2a_rec_thread *t = k->thread;
    if (k->r->header->mode != P2A_REC_MODE_SAMPLED)
        p2a_charge_until(t, p2a_current(t), p2a_thread_ticks(k));
    p2a_fold_unwind(k);
    p2a_move(t, p2a_root(t));
}

/* The ticker goes with the last: a child that was forked by a thread ends when that thread does,
 * and no other is left. */
void p2a_thread_end(struct p2a_rec_thread *t)
{
    if (t->state != P2A_REC_ALIVE)
        return;
    struct p2a_track *k = p2a_track_of(t);
    struct p2a_recorder *r = k->r;
    if (--r->alive == 0)
        p2a_ticker_stop(r);
    if (r->runs && !r->dead)
        settle(k);
    __atomic_store_n(&t->state, P2A_REC_ENDED, __ATOMIC_RELEASE);
    p2a_fold_free(k);
    keep_spare(r, k->stretch);
    k->stretch = (struct p2a_stretch){NULL, NULL};
    if (!r->dead)
        p2a_recorder_touch(r);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Addresses for the nodes, as many markers, and the functions and threads that go with them. */
static size_t reserve_for(uint32_t max_contexts)
{
    return (size_t)max_contexts * 5 / 2 * P2A_REC_CELL + ((size_t)64 << 20);
}

static void fill_header(struct p2a_recorder *r, const struct p2a_recorder_options *o)
{
    struct p2a_rec_header *h = r->header;
    h->order = P2A_REC_ORDER;
    h->version = P2A_REC_VERSION;
    h->cell = P2A_REC_CELL;
    h->first = P2A_REC_FIRST;
    h->cells = P2A_REC_FIRST;
    h->state = P2A_REC_RUNS;
    h->mode = o->mode;
    h->clock = r->clock;
    h->flags = o->flags;
    h->max_contexts = o->max_contexts ? o->max_contexts : P2A_CONTEXTS_DEFAULT;
    h->pid = (uint64_t)getpid();
    h->parent = (uint64_t)getppid();
    h->date = p2a_clock_ns(CLOCK_REALTIME);
    h->unit = r->clock == P2A_REC_CLOCK_COUNTER ? 0
              : r->clock == P2A_REC_CLOCK_TIMER ? o->unit
                                                : 1e-9;
    h->start = h->last[0] = h->last[1] = now(r);
    if (o->python)
        strncpy(h->python, o->python, sizeof h->python - 1);
    if (o->program)
        memcpy(h->program, o->program,
               o->program_n < sizeof h->program ? o->program_n : sizeof h->program - 1);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* a header with the magic number is complete */
    memcpy(h->magic, P2A_REC_MAGIC, sizeof h->magic);
}

/* 0, or an errno. */
static int begin(struct p2a_recorder *r, const struct p2a_recorder_options *o)
{
    uint32_t most = o->max_contexts ? o->max_contexts : P2A_CONTEXTS_DEFAULT;
    int error = p2a_mapping_open(&r->map, o->path, reserve_for(most));
    if (error)
        return error;
    r->header = p2a_mapping_take(&r->map, sizeof *r->header);
    if (!r->header)
        return errno;
    fill_header(r, o);
    r->root_function = tell_marker(r, KEY_ROOT, "[root]", P2A_REC_ROOT);
    r->folded_function = tell_marker(r, KEY_FOLDED, "[folded]", P2A_REC_FOLDED);
    if (!r->folded_function)
        return r->error ? r->error : ENOMEM;
    return p2a_fork_watch(r);
}

static void discard(struct p2a_recorder *r)
{
    for (struct p2a_track *k = r->newest, *older; k; k = older) {
        older = k->older;
        p2a_fold_free(k);
        free(k);
    }
    for (uint32_t i = 0; i < r->known_n; i++)
        if (r->known[i].object)
            r->asks->release(r->owner, r->known[i].object);
    p2a_mapping_close(&r->map);
    p2a_slots_free(&r->function_of);
    p2a_slots_free(&r->child_of);
    p2a_slots_free(&r->row_of);
    free(r->known);
    free(r->spare);
    free(r->row);
    free(r);
}

struct p2a_recorder *p2a_recorder_open(const struct p2a_recorder_options *o)
{
    struct p2a_recorder *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->asks = o->asks;
    r->owner = o->owner;
    r->period_us = o->period_us ? o->period_us : PERIOD_US;
    r->clock = o->clock;
    if (r->clock == P2A_REC_CLOCK_COUNTER && !p2a_counter_is_steady())
        r->clock = P2A_REC_CLOCK_MONOTONIC;
    r->map.fd = -1;
    int error = begin(r, o);
    r->opened = error == 0;
    if (r->opened)
        return r;
    p2a_fork_forget(r);
    p2a_mapping_discard(&r->map);
    discard(r);
    errno = error;
    return NULL;
}

/* Time that passed while the recording stood still is nobody's. */
static void go(struct p2a_rec_thread *t, uint64_t now)
{
    if (t->last == t->start)
        t->start = now;
    t->last = now;
}

bool p2a_recorder_start(struct p2a_recorder *r)
{
    if (r->dead || r->runs)
        return true;
    for (struct p2a_track *k = r->newest; k; k = k->older)
        go(k->thread, p2a_thread_ticks(k));
    r->header->state = P2A_REC_RUNS;
    r->runs = true;
    return r->header->mode != P2A_REC_MODE_SAMPLED || p2a_ticker_start(r);
}

static void stop(struct p2a_recorder *r)
{
    p2a_ticker_stop(r);
    for (struct p2a_track *k = r->newest; k && !r->dead; k = k->older)
        if (k->thread->state == P2A_REC_ALIVE)
            settle(k);
    r->runs = false;
    if (!r->dead) {
        p2a_recorder_touch(r);
        r->header->state = P2A_REC_STOPPED;
        p2a_mapping_trim(&r->map);
    }
}

void p2a_recorder_stop(struct p2a_recorder *r)
{
    if (!r->runs)
        return;
    r->uses++;
    stop(r);
    let_go(r);
}

static void let_go(struct p2a_recorder *r)
{
    if (--r->uses == 0 && r->closed)
        discard(r);
}

void p2a_recorder_close(struct p2a_recorder *r)
{
    r->uses++;
    if (r->runs)
        stop(r);
    p2a_fork_forget(r);
    r->closed = true;
    let_go(r);
}

/* ---- what is in it --------------------------------------------------------------------------- */

const char *p2a_recorder_path(const struct p2a_recorder *r)
{
    return r->map.path;
}

const struct p2a_rec_header *p2a_header(const struct p2a_recorder *r)
{
    return r->header;
}

bool p2a_recorder_runs(const struct p2a_recorder *r)
{
    return r->runs && !r->dead;
}

void p2a_recorder_flag(struct p2a_recorder *r, enum p2a_rec_flag flag)
{
    r->header->flags |= (uint32_t)flag;
}

uint32_t p2a_told_count(const struct p2a_recorder *r)
{
    return r->known_n;
}

void *p2a_object(const struct p2a_recorder *r, uint32_t function)
{
    return r->known[function - 1].object;
}

const struct p2a_rec_function *p2a_named(const struct p2a_recorder *r, uint32_t function)
{
    return r->known[function - 1].record;
}

const struct p2a_rec_node *p2a_next_node(const struct p2a_recorder *r, struct p2a_node_walk *w)
{
    const struct p2a_rec_node *base = (const struct p2a_rec_node *)(const void *)r->map.base;
    size_t end = r->map.used / P2A_REC_CELL;
    if (!w->segment)
        w->segment = P2A_REC_FIRST;
    while (w->segment < end) {
        const struct p2a_rec_segment *s = (const void *)(base + w->segment);
        if (!s->cells)
            break; /* a child's blank of its parent's recording */
        if (s->kind == P2A_REC_NODES && ++w->cell < s->cells) {
            const struct p2a_rec_node *n = base + w->segment + w->cell;
            if (n->function)
                return n;
            continue;
        }
        w->segment += s->cells;
        w->cell = 0;
    }
    return NULL;
}

const struct p2a_track *p2a_next_track(const struct p2a_recorder *r, const struct p2a_track *before)
{
    return before ? before->older : r->newest;
}

const struct p2a_rec_node *p2a_track_top(const struct p2a_track *k)
{
    return p2a_current(k->thread);
}

uint32_t p2a_fold_count(const struct p2a_recorder *r)
{
    return r->row_n;
}

const struct p2a_rec_fold *p2a_fold(const struct p2a_recorder *r, uint32_t i)
{
    return r->row[i];
}
