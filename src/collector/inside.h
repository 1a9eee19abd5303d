/* inside.h - what the parts of the recorder share: its own side of a recording, private to the
 * process and gone with it. */
#ifndef P2A_COLLECTOR_INSIDE_H
#define P2A_COLLECTOR_INSIDE_H

#include <pthread.h>
#include <string.h>

#include "collector/mapping.h"
#include "collector/recorder.h"

/* Functions by key, or rows by pair of functions: open addressing, room a power of two, 0: free. */
struct p2a_slots {
    uint32_t n, room, *slot;
};

/* A function, by its number less 1. */
struct p2a_known {
    uint64_t key;
    void *object;
    struct p2a_rec_function *record;
    uint32_t flags; /* of its nodes */
};

/* Cells in a segment of NODES that a thread has for itself. */
struct p2a_stretch {
    struct p2a_rec_node *next, *end;
};

/* A thread; thread->own[0] leads here. They live until the recorder is closed, so that the ticker
 * can go through them at any time. */
struct p2a_track {
    struct p2a_recorder *r;
    struct p2a_rec_thread *thread;
    struct p2a_track *older;
    struct p2a_stretch stretch;
    uint32_t segment;      /* cells of the latest one */
    struct p2a_fold *fold; /* NULL until a call is folded in this thread */
    clockid_t cpu;         /* its CPU clock, where has_cpu */
    bool has_cpu;
};

struct p2a_ticker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool runs, stop;
};

/* The path open in the thread that forks: numbers of functions, the top first. */
struct p2a_parted {
    uint32_t n, room, *function;
};

struct p2a_recorder {
    struct p2a_mapping map;
    struct p2a_rec_header *header;
    const struct p2a_asks *asks;
    void *owner;
    enum p2a_rec_clock clock;
    uint32_t period_us;
    bool runs, dead; /* dead: ended for want of room; nothing is added any more */
    uint32_t uses;   /* callers that are inside and may have let others run */
    bool closed;     /* to be freed by the last of them */
    bool opened;     /* from here on the owner is told when it ends */
    int error;       /* the errno with which it did */

    struct p2a_track *newest;                        /* all threads */
    uint32_t alive;                                  /* of them */
    struct p2a_rec_thread *thread_next, *thread_end; /* free records */
    struct p2a_stretch *spare; /* left over from threads that ended, for new ones */
    uint32_t spare_n, spare_room;

    struct p2a_known *known;
    uint32_t known_n, known_room;
    struct p2a_slots function_of;        /* key -> number */
    unsigned char *text_next, *text_end; /* free bytes in a segment of FUNCTIONS */
    uint32_t root_function, folded_function;

    struct p2a_slots child_of; /* (parent, key) -> cell, where a node has many children */

    struct p2a_rec_fold **row; /* by row number; metrics of one row stand side by side */
    uint32_t row_n, row_room;
    struct p2a_slots row_of; /* (caller, callee) -> row number + 1 */
    struct p2a_rec_fold *row_next, *row_end;

    struct p2a_ticker ticker;
    struct p2a_recorder *next; /* fork.c: of all recorders */
    struct p2a_parted parted;
};

/* recorder.c */
struct p2a_segment_room {
    unsigned char *at, *end;
};
/* A new segment with room for BYTES; false where the recording has ended for want of it. */
bool p2a_new_segment(struct p2a_recorder *r, enum p2a_rec_kind kind, size_t bytes,
                     struct p2a_segment_room *room);
void p2a_no_room(struct p2a_recorder *r, int error);
struct p2a_rec_node *p2a_new_node(struct p2a_track *k, struct p2a_rec_node *parent,
                                  uint32_t function, uint64_t key, uint32_t flags);
uint32_t p2a_known_function(const struct p2a_recorder *r, uint64_t key);          /* 0: none */
uint32_t p2a_function_of(struct p2a_recorder *r, uint64_t key, const void *what); /* 0: no room */

uint64_t p2a_thread_ticks(struct p2a_track *k);

static inline struct p2a_track *p2a_track_of(const struct p2a_rec_thread *t)
{
    struct p2a_track *k;
    memcpy(&k, &t->own[0], sizeof k);
    return k;
}

static inline void p2a_set_track(struct p2a_rec_thread *t, struct p2a_track *k)
{
    memcpy(&t->own[0], &k, sizeof k);
}

static inline struct p2a_rec_node *p2a_root(struct p2a_rec_thread *t)
{
    return (struct p2a_rec_node *)(void *)((char *)t + t->root);
}

/* slots.c: a probe sequence. Start with p2a_slot_first, go on with p2a_slot_next until *slot is 0
 * or what was looked for. */
static inline uint32_t p2a_mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ b * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(h >> 32);
}
typedef uint32_t p2a_slot_hash(const void *table, uint32_t id);
/* Makes room for one more; false: no memory. */
bool p2a_slots_room(struct p2a_slots *s, p2a_slot_hash *hash, const void *table);
void p2a_slots_put(struct p2a_slots *s, uint32_t hash, uint32_t id);
void p2a_slots_free(struct p2a_slots *s);

/* fold.c: calls past the limit. */
void p2a_fold_enter(struct p2a_track *k, uint64_t key, const void *what);
void p2a_fold_leave(struct p2a_track *k);
void p2a_fold_unwind(struct p2a_track *k); /* leaves all of them */
void p2a_fold_free(struct p2a_track *k);
uint32_t p2a_fold_depth(const struct p2a_track *k);
uint32_t p2a_fold_step(const struct p2a_track *k, uint32_t i); /* function of step I from below */

/* ticker.c: the thread that takes the time in P2A_REC_MODE_SAMPLED. */
bool p2a_ticker_start(struct p2a_recorder *r);
void p2a_ticker_stop(struct p2a_recorder *r);

/* fork.c: keeps the children of forks away from the parent's file. */
int p2a_fork_watch(struct p2a_recorder *r); /* 0, or an errno */
void p2a_fork_forget(struct p2a_recorder *r);

#endif
