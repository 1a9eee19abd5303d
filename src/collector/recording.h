/* recording.h - the raw format `.p2a`: what the recorder of a running program writes and
 * formats/p2a.c reads. Version 1.
 *
 * A recording is a file that the program maps and writes in place, so it is complete whenever the
 * program ends, however it ends, and can be read while the program runs. It is an array of cells of
 * 64 bytes. The first 64 cells are the header; segments follow, one behind the other, up to
 * header.cells. What is behind that (the file may be longer) means nothing.
 *
 *   cell 0          64            64 + s.cells                                  header.cells
 *     | header ...  | s | . . . . | s | . . . . . . . . | s | . . . | s | . . . |
 *                     `- segment: its first cell says what the others are
 *
 *   NODES      cells of struct p2a_rec_node: the calling context tree, of one thread or of several
 *   FUNCTIONS  struct p2a_rec_function, one behind the other; they number from 1 without a gap
 *   THREADS    pairs of cells: struct p2a_rec_thread
 *   FOLDS      cells of struct p2a_rec_fold: what was called past the limit on contexts
 *
 * Numbers have the byte order of the machine that recorded. Links are distances, never addresses: a
 * node's parent is `up` cells before it, a thread's root is `root` bytes behind its record (a
 * negative number points before it). A parent stands before its children.
 *
 * Whoever reads while the program runs sees each thing either whole or not at all: in a record with
 * a field marked [publishes], that field is stored last, and is zero until then. What a record
 * refers to was published before it. So a node whose parent or function seems to be missing was
 * born while the file was being read, and is left out; in a recording that has ended it is an
 * error. Counters of eight bytes are added to in place. A cell of zeros in NODES, THREADS or FOLDS
 * is not in use, a record of size 0 ends a segment of FUNCTIONS.
 *
 * Fields marked [private] serve the recording program only.
 *
 * Time is in ticks of header.clock, and sits where it was spent: the self of a node is what passed
 * while exactly that path was on the stack. What passed in a thread since thread.last isn't in any
 * node yet: it belongs to the node at thread.at while the thread is alive (not with
 * P2A_REC_MODE_SAMPLED, where it is below the period of the ticker, nor with P2A_REC_CLOCK_CPU and
 * _TIMER, whose time only the program itself can tell). */
#ifndef P2A_COLLECTOR_RECORDING_H
#define P2A_COLLECTOR_RECORDING_H

#include <stdint.h>

#define P2A_REC_MAGIC    "P2A\r\n\032\n" /* 8 bytes with the NUL */
#define P2A_REC_ORDER    UINT32_C(0x01020304)
#define P2A_REC_VERSION  1
#define P2A_REC_CELL     64u   /* bytes */
#define P2A_REC_FIRST    64u   /* cells of the header */
#define P2A_REC_NAME_MAX 4096u /* bytes of a string in struct p2a_rec_function; more are cut */

enum p2a_rec_state {
    P2A_REC_RUNS = 1,    /* or the program died without a word */
    P2A_REC_STOPPED,     /* ended as it should */
    P2A_REC_DISK_FULL,   /* ended early: no room on the disk, or no memory */
    P2A_REC_OUT_OF_ROOM, /* ended early: too many functions or threads */
    P2A_REC_DIED         /* it ran until its process was gone, says who waited for it */
};

enum p2a_rec_mode {
    P2A_REC_MODE_FULL = 1, /* Python and C functions, a clock read at each event */
    P2A_REC_MODE_PYTHON,   /* Python functions only */
    P2A_REC_MODE_SAMPLED   /* Python and C functions; calls exact, time added by a ticker */
};

enum p2a_rec_clock {
    P2A_REC_CLOCK_COUNTER = 1, /* the processor's; header.start and .last give its rate */
    P2A_REC_CLOCK_MONOTONIC,   /* nanoseconds of CLOCK_MONOTONIC */
    P2A_REC_CLOCK_CPU,         /* nanoseconds of the thread's CPU time */
    P2A_REC_CLOCK_TIMER        /* a function of the program's own; header.unit seconds each */
};

enum p2a_rec_flag {
    P2A_REC_ALLOCATIONS = 1, /* nodes count allocations and their bytes */
    P2A_REC_DISPLACED = 2,   /* another profiler took the place of this one in some thread */
    P2A_REC_FORKED = 4       /* the child of a fork: the path open then has no calls of its own */
};

/* The same moment on two clocks. */
struct p2a_rec_instant {
    uint64_t ticks; /* of header.clock; with CLOCK_CPU and CLOCK_TIMER, the same as ns */
    uint64_t ns;    /* CLOCK_MONOTONIC, which other processes of the machine read alike */
};

/*    0       8       12        16     20      24      28     32      36      40
 *    | magic | order | version | cell | first | state | mode | clock | flags | cells contexts ...
 */
struct p2a_rec_header {
    char magic[8];
    uint32_t order;        /* P2A_REC_ORDER as the recording machine stores it */
    uint32_t version;      /* P2A_REC_VERSION */
    uint32_t cell, first;  /* P2A_REC_CELL; P2A_REC_FIRST: where the first segment is */
    uint32_t state, mode;  /* enum p2a_rec_state, enum p2a_rec_mode */
    uint32_t clock, flags; /* enum p2a_rec_clock; bits of enum p2a_rec_flag */
    uint64_t cells;        /* where the segments end; grows */
    uint64_t contexts;     /* nodes in use, roots and markers among them */
    uint64_t max_contexts; /* past so many, calls are folded */
    uint64_t pid, parent;  /* of the process, and of the one that started it */
    uint64_t date;         /* of the start: nanoseconds since 1970, UTC */
    double unit;           /* seconds in a tick; 0: (last.ns - start.ns) / ticks between them */
    struct p2a_rec_instant start;
    struct p2a_rec_instant
        last[2];           /* the latest moment known: last[turn & 1]; it is kept fresh by */
    uint32_t turn, unused; /* filling in the other one and then adding 1 to turn */
    char python[32];       /* "3.13.0"; "" where not known */
    char program[3912];    /* sys.argv, each with a NUL behind it; the rest is zero */
};

enum p2a_rec_kind { P2A_REC_NODES = 1, P2A_REC_FUNCTIONS, P2A_REC_THREADS, P2A_REC_FOLDS };

struct p2a_rec_segment {
    uint32_t kind;  /* enum p2a_rec_kind */
    uint32_t cells; /* this one included */
    unsigned char unused[56];
};

/* A context: a function, called on exactly this path.
 *
 *    0          4    8       16     24            32      40    48     52     56         60
 *    | function | up | calls | self | allocations | bytes | key | down | ring | children | flags |
 *                                                         '------------- private ----------------'
 *
 *           p        up of a, b and c leads to p; down of p leads to the child entered last; the
 *         / | \      ring leads through the children in the order in which they were first entered
 *        a->b->c
 *        ^-----'     */
struct p2a_rec_node {
    uint32_t function; /* [publishes] number of a struct p2a_rec_function */
    uint32_t up;       /* the parent is so many cells before this one; 0: the root of a thread */
    uint64_t calls;    /* that were entered; of roots and markers, 0 */
    uint64_t self;     /* ticks, as a signed number; a negative one stands for zero */
    uint64_t allocations, bytes; /* made while this was the top, where header.flags say so */
    uint64_t key;                /* [private] */
    uint32_t down;               /* [private] */
    int32_t ring;                /* [private] */
    uint32_t children, flags;    /* [private] */
};

enum p2a_rec_function_kind {
    P2A_REC_PYTHON = 1,
    P2A_REC_BUILTIN, /* a C function; name as cProfile spells it, file "~" */
    P2A_REC_ROOT,    /* a marker: what was on a thread's stack when recording began */
    P2A_REC_FOLDED   /* a marker: time of calls past the limit; struct p2a_rec_fold tells which */
};

/* A function. The strings stand behind the record, one after the other without NUL, in UTF-8 (and
 * Python's surrogates as if they had a place there; what holds NUL is escaped with a backslash).
 *
 *    0      4        8      12     16     18         20     22       24
 *    | size | number | line | kind | name | qualname | file | module | bytes of the four, pad | */
struct p2a_rec_function {
    uint32_t size;                         /* [publishes] bytes of all of it, a multiple of 8 */
    uint32_t number;                       /* 1, 2, 3, ... through all segments */
    uint32_t line;                         /* where it starts; 0: not known */
    uint32_t kind;                         /* enum p2a_rec_function_kind */
    uint16_t name, qualname, file, module; /* bytes of each; 0: not known */
};

enum p2a_rec_thread_state { P2A_REC_ALIVE = 1, P2A_REC_ENDED };

struct p2a_rec_thread {
    uint32_t state; /* [publishes] enum p2a_rec_thread_state */
    uint32_t unused;
    int64_t at;      /* its current node, in bytes from this record */
    uint64_t last;   /* ticks: time up to here is in the nodes */
    uint64_t start;  /* ticks */
    int64_t root;    /* its root, in bytes from this record */
    uint64_t tid;    /* the system's number; 0: not known */
    uint64_t own[2]; /* [private] */
    char name[64];   /* with a NUL; "" where not known */
};

/* Calls past the limit on contexts. They have no nodes; their time is the self of the marker below
 * which they were made. Their figures are exact, per function (caller 0) and per arc: calls;
 * primitive: calls made while the function (the arc) wasn't active already, be it below the marker
 * or on the path above it; self; total, of the primitive ones. All are to be added to what follows
 * from the tree. A call still open counts in calls, primitive and self, not in total. */
struct p2a_rec_fold {
    uint32_t callee; /* [publishes] number of a function */
    uint32_t caller; /* number of a function; 0: the figures of callee itself */
    uint32_t metric; /* of self and total: 0 ticks, 1 allocations, 2 their bytes */
    uint32_t unused;
    uint64_t calls, primitive; /* with metric 0 only */
    uint64_t self, total;      /* ticks are signed, as those of a node */
    uint64_t own[2];           /* [private] */
};

_Static_assert(sizeof(struct p2a_rec_header) == P2A_REC_FIRST * P2A_REC_CELL, "header");
_Static_assert(sizeof(struct p2a_rec_segment) == P2A_REC_CELL, "segment");
_Static_assert(sizeof(struct p2a_rec_node) == P2A_REC_CELL, "node");
_Static_assert(sizeof(struct p2a_rec_function) == 24, "function");
_Static_assert(sizeof(struct p2a_rec_thread) == 2 * P2A_REC_CELL, "thread");
_Static_assert(sizeof(struct p2a_rec_fold) == P2A_REC_CELL, "fold");

#endif
