/* format.h - for those who write a format: the profile's tables, how a reader fills them, how a
 * writer draws from them, and the descriptor that makes a file in formats/ a format.
 *
 * A reader gets a struct p2a_in, a writer a struct p2a_out. Both keep the first error and make
 * every later call harmless: ids become P2A_NONE, reads see the end, writes go nowhere. So a reader
 * is a plain loop and returns p2a_in_status(in) at its end. */
#ifndef PROF2ANY_FORMAT_H
#define PROF2ANY_FORMAT_H

#include "prof2any.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- text ------------------------------------------------------------------------------------ */

/* Bytes with their length; may hold NUL and broken UTF-8. Not NUL-terminated unless interned. */
struct p2a_str {
    const char *at;
    size_t n;
};
#define P2A_LIT(literal) ((struct p2a_str){literal, sizeof(literal) - 1})
struct p2a_str p2a_str_of(const char *text); /* up to the NUL; NULL gives "" */
bool p2a_str_is(struct p2a_str s, const char *text);
bool p2a_str_starts(struct p2a_str s, const char *prefix);
bool p2a_str_ends(struct p2a_str s, const char *suffix);
int p2a_str_compare(struct p2a_str a, struct p2a_str b); /* by bytes: below 0, 0, above 0 */
/* Cuts S at the first C: *head before it, *tail after it. Without one, head is S, tail "", false.
 */
bool p2a_str_cut(struct p2a_str s, char c, struct p2a_str *head, struct p2a_str *tail);
struct p2a_str p2a_str_trim(struct p2a_str s);     /* blanks and tabs at both ends */
struct p2a_str p2a_str_word(struct p2a_str *rest); /* the next, taken off *rest; "" at the end */
struct p2a_str p2a_str_base(struct p2a_str path);  /* after the last '/' (or '\\') */
/* The whole of S as a decimal number; false where it is anything else or out of range. */
bool p2a_str_u64(struct p2a_str s, uint64_t *value);
bool p2a_str_double(struct p2a_str s, double *value);

/* ---- the tables ------------------------------------------------------------------------------ */

typedef uint32_t p2a_id; /* a row number */
#define P2A_NONE UINT32_MAX

enum p2a_kind { /* of a function */
                P2A_UNKNOWN,
                P2A_PYTHON,
                P2A_BUILTIN, /* a C function called from Python: "<built-in method len>", file "~"
                              */
                P2A_NATIVE,
                P2A_KERNEL,
                P2A_INLINED,
                P2A_JIT,
                P2A_MARKER /* not a function: "what has no place in the picture" */
};

/* Identity is all of it but qualname. Strings are ids; 0 is "not known". */
struct p2a_function {
    p2a_id name, qualname, file, module; /* module: Python module or object file */
    int64_t line;                        /* where it starts; 0: not known */
    enum p2a_kind kind;
};

struct p2a_metric {
    p2a_id name;  /* "time", "samples", "Ir" */
    p2a_id unit;  /* "seconds", "bytes", "count", or the event's own word */
    double scale; /* a value times scale is in the unit: 1e-9 for nanoseconds */
    p2a_id title; /* "Instruction Fetch"; 0: none */
};

struct p2a_thread {
    uint64_t pid, tid; /* 0: not known */
    p2a_id name;
};

/* What was read into the profile: a file, not standard input. */
struct p2a_input {
    p2a_id path;  /* as it was given */
    double mtime; /* seconds since 1970; NaN: not known */
    bool before;  /* of a comparison: it is of the side before */
};

/* A node of the calling context tree: F, called on exactly this path. Parents stand before their
 * children: parent < own id, P2A_NONE for a root. */
struct p2a_context {
    p2a_id parent, function, thread; /* thread: P2A_NONE where threads aren't known */
};

/* Which values of a node or an arc the file has; what is absent is not zero. */
enum {
    P2A_HAS_ROW = 1,
    P2A_HAS_CALLS = 2,
    P2A_HAS_PRIMITIVE = 4,
    P2A_HAS_SELF = 8,
    P2A_HAS_TOTAL = 16
};
#define P2A_HAS_ALL (P2A_HAS_ROW | P2A_HAS_CALLS | P2A_HAS_PRIMITIVE | P2A_HAS_SELF | P2A_HAS_TOTAL)

/* A function in the call graph; row number = function id. Without P2A_HAS_ROW it is a name only:
 * somebody's caller that has no figures of its own. */
struct p2a_node {
    uint64_t calls, primitive; /* primitive: calls while the function wasn't active already */
    unsigned has;
};

/* caller -> callee; one row a pair. primitive and total leave out calls made while the same pair
 * was active already. */
struct p2a_arc {
    p2a_id caller, callee;
    uint64_t calls, primitive;
    unsigned has;
};

/* What a node or an arc of a comparison had before. */
struct p2a_counts {
    uint64_t calls, primitive;
};

/* Self value at a place in a function's code; the lines of a function sum to its self. */
struct p2a_line {
    p2a_id function, file;  /* file differs from the function's where code was inlined */
    uint64_t line, address; /* 0: not known */
};

/* Where an arc's calls are made; the sites of an arc sum to its calls and total. */
struct p2a_site {
    p2a_id arc, file;
    uint64_t line, address, calls;
};

/* Value columns: row r of a table holds values[r * columns + c]. Column c is metric c; a profile
 * with the fact P2A_BEFORE has columns = 2 * metrics, and column metrics + c is metric c before. */
struct p2a_contexts {
    uint32_t n;
    struct p2a_context *row;
    double *self;
    uint64_t *calls;        /* by row; NULL where no calls of paths are known */
    uint64_t *calls_before; /* by row; NULL unless the profile is a comparison */
};

/* Of context C. */
static inline uint64_t p2a_calls_of(const struct p2a_contexts *t, p2a_id c)
{
    return t->calls ? t->calls[c] : 0;
}
static inline uint64_t p2a_calls_before_of(const struct p2a_contexts *t, p2a_id c)
{
    return t->calls_before ? t->calls_before[c] : 0;
}

struct p2a_graph {
    uint32_t node_n; /* = functions.n where the graph is there */
    struct p2a_node *node;
    double *self, *total;                        /* of the nodes */
    struct p2a_counts *node_before, *arc_before; /* by row; NULL unless it is a comparison */
    uint32_t order_n;
    p2a_id *order; /* functions with P2A_HAS_ROW in the order of the file */
    uint32_t arc_n;
    struct p2a_arc *arc; /* in the order of the file */
    double *arc_self, *arc_total;
    uint32_t line_n;
    struct p2a_line *line;
    double *line_self;
    uint32_t site_n;
    struct p2a_site *site;
    double *site_total;
};

/* What a function's values were over the runs of one side of a comparison. */
struct p2a_range {
    double least, median, most;
};

/* Of a comparison: how many runs a side has, and where one has several, what they spread over. */
struct p2a_spread {
    uint32_t before_n, after_n;     /* runs */
    uint32_t n;                     /* functions that have ranges, by their ids; 0: none */
    struct p2a_range *self, *total; /* [function * columns + column], in raw values */
    struct p2a_range *calls;        /* [function * 2 + side], side 0 after, 1 before */
};

/* What a profile holds and what a format gives, needs and keeps. */
enum p2a_fact {
    P2A_CONTEXTS = 1 << 0,  /* call paths, recorded or estimated */
    P2A_GRAPH = 1 << 1,     /* functions and arcs, recorded or derived */
    P2A_CALLS = 1 << 2,     /* call counts */
    P2A_LINES = 1 << 3,     /* self per source line, call sites */
    P2A_ADDRESSES = 1 << 4, /* the same per instruction address */
    P2A_THREADS = 1 << 5,   /* more than one thread, kept apart */
    P2A_MANY = 1 << 6,      /* more than one metric */
    P2A_BEFORE = 1 << 7,    /* a second set of columns: a comparison */
    P2A_MODULES = 1 << 8,   /* object files or modules of functions */
    P2A_PLACES = 1 << 9,    /* files and lines of functions */
    P2A_PICTURE =
        1 << 10, /* (needs only) contexts for the eye: small ones gathered in marked frames */
    P2A_STACKS = 1 << 11, /* (needs only) in place of contexts stacks will do: model/stacks.h */
    P2A_MODULES_AS_FILES = 1 << 12, /* (keeps only) modules where the file isn't known */
    P2A_PACKED = 1 << 13            /* (needs only) lines may be packed: model/lines.h */
};

enum { P2A_COMMENTS = 8 };

/* When a profile was taken, and how often it looked; 0: not known. Of inputs that are added up it
 * is known as far as all of them say it. */
struct p2a_taken {
    int64_t start, duration;         /* nanoseconds; the start since 1970 */
    int64_t period;                  /* between two samples … */
    p2a_id period_name, period_unit; /* … "cpu", "nanoseconds" */
    p2a_id program;                  /* the module that is the program itself, not a library */
    p2a_id comment[P2A_COMMENTS];    /* what whoever took it wrote into it */
    uint32_t comment_n;
};

struct p2a_profile {
    struct {
        uint32_t n;
        struct p2a_str *row; /* interned, NUL-terminated, row 0 is "" */
    } strings;
    struct {
        uint32_t n;
        struct p2a_function *row;
    } functions;
    struct {
        uint32_t n;
        struct p2a_metric *row;
    } metrics;
    struct {
        uint32_t n;
        struct p2a_thread *row;
    } threads;
    struct {
        uint32_t n;
        struct p2a_input *row;
    } inputs; /* in the order in which they were added up */
    struct p2a_taken taken;
    enum p2a_group grouped; /* what functions were joined by … */
    bool partly_grouped;    /* … but for some, which have no file, module or line */
    struct p2a_contexts contexts;
    struct p2a_graph graph;
    struct p2a_spread spread; /* 0 unless p2a_diff made the profile and it is as it was made */
    uint32_t columns;         /* metrics.n, or twice that with P2A_BEFORE */
    unsigned facts;           /* what is here now: enum p2a_fact */
    unsigned recorded;        /* of these, what the input itself said */
    unsigned estimated; /* P2A_CONTEXTS where paths are estimated, P2A_GRAPH where totals in cycles
                           are */
    double base; /* shares of column 0 are of this where a part of a graph was selected; else 0 */
    double cycle_share;    /* of an estimate: share of the time spent in cycles, 0 to 1 */
    p2a_id source;         /* string: the format read from */
    struct p2a_core *core; /* memory, lookup tables, notes: the library's own */
};

/* Whether the calls of contexts are known: the fact P2A_CALLS may be of the graph alone, where some
 * of the inputs that were added up had no counts. */
static inline bool p2a_counts_paths(const struct p2a_profile *p)
{
    return p->facts & P2A_CALLS && p->contexts.calls;
}

/* ---- filling a profile ----------------------------------------------------------------------- */

p2a_id p2a_intern(struct p2a_profile *p, struct p2a_str text);
struct p2a_str p2a_string(const struct p2a_profile *p, p2a_id string);

/* Finds or adds. A metric with the same name and unit is the same metric. */
p2a_id p2a_metric(struct p2a_profile *p, const char *name, const char *unit, double scale);
p2a_id p2a_function(struct p2a_profile *p, const struct p2a_function *function);
p2a_id p2a_thread(struct p2a_profile *p, uint64_t pid, uint64_t tid, struct p2a_str name);
/* Doubles the columns: the profile is a comparison from here on. */
void p2a_compare_columns(struct p2a_profile *p);

/* The child of PARENT (P2A_NONE: a root of THREAD) for FUNCTION; finds or adds. Children have their
 * parent's thread, whatever THREAD says. */
p2a_id p2a_context(struct p2a_profile *p, p2a_id parent, p2a_id function, p2a_id thread);
/* The contexts of a path below PARENT, one call for what p2a_context would say step by step: STEP
 * has the N functions, outermost first, and is given their contexts. False after an error. */
bool p2a_path(struct p2a_profile *p, p2a_id parent, p2a_id thread, p2a_id *step, size_t n);
void p2a_context_add(struct p2a_profile *p, p2a_id context, uint32_t column, double self);
void p2a_context_calls(struct p2a_profile *p, p2a_id context, uint64_t calls);
void p2a_context_calls_before(struct p2a_profile *p, p2a_id context, uint64_t calls);

/* Gives the function a row in the graph, at the end of the order unless it has one. The pointer is
 * good until the next call that adds a function. NULL after an error. */
struct p2a_node *p2a_node(struct p2a_profile *p, p2a_id function);
double *p2a_node_self(struct p2a_profile *p, p2a_id function);
double *p2a_node_total(struct p2a_profile *p, p2a_id function);
/* Finds or adds; the caller may stay a name only. */
p2a_id p2a_arc(struct p2a_profile *p, p2a_id caller, p2a_id callee);
/* Adds an arc that isn't there yet without looking for it. */
p2a_id p2a_arc_new(struct p2a_profile *p, p2a_id caller, p2a_id callee);
p2a_id p2a_arc_find(const struct p2a_profile *p, p2a_id caller, p2a_id callee);
/* Find or add, so that costs of one place can be added up. */
p2a_id p2a_line(struct p2a_profile *p, const struct p2a_line *line);
/* Adds a line that isn't there yet without looking for it. */
p2a_id p2a_line_new(struct p2a_profile *p, const struct p2a_line *line);
/* Adds N such lines and returns the first; their rows are the caller's to fill, values are 0. */
p2a_id p2a_lines_new(struct p2a_profile *p, uint32_t n);
/* Whether lines and call sites are to be kept. A reader may leave them out where they aren't, and
 * then says which facts there would have been: P2A_LINES, P2A_ADDRESSES. */
bool p2a_wants_lines(const struct p2a_profile *p);
void p2a_leave_out(struct p2a_profile *p, unsigned facts);
/* Adds to what a line costs itself, or leaves the line out where none are wanted. */
void p2a_line_add(struct p2a_profile *p, const struct p2a_line *line, uint32_t column, double self);
p2a_id p2a_site(struct p2a_profile *p, const struct p2a_site *site);

/* One more input, which need not be another one. */
void p2a_input(struct p2a_profile *p, struct p2a_str path, double mtime);

/* A sentence for the user. The same sentence is kept once. */
void p2a_note(struct p2a_profile *p, const char *text, ...) P2A_PRINTF(2, 3);

/* a + b, or the largest number there is. */
static inline uint64_t p2a_add_calls(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Counts of row I, 0 where there are none; adding to these is nothing. */
static inline struct p2a_counts p2a_counts_of(const struct p2a_counts *counts, p2a_id i)
{
    return counts ? counts[i] : (struct p2a_counts){0, 0};
}
static inline void p2a_add_counts(struct p2a_counts *counts, p2a_id i, struct p2a_counts more)
{
    if (!counts)
        return;
    counts[i].calls = p2a_add_calls(counts[i].calls, more.calls);
    counts[i].primitive = p2a_add_calls(counts[i].primitive, more.primitive);
}

/* ---- drawing from a profile ------------------------------------------------------------------ */

/* The sum of self over contexts where they are there, else over the graph's nodes; in raw values.
 */
double p2a_whole(const struct p2a_profile *p, uint32_t column);

/* What shares of column 0 are of: the whole, or what it was before a part of a graph was selected:
 * the functions of a part keep the figures that they have in the whole. */
double p2a_share_base(const struct p2a_profile *p);

/* What the functions are, N of them: "function", "functions"; where they were joined "files" or
 * "files and functions". */
const char *p2a_functions_word(const struct p2a_profile *p, uint64_t n);
/* By function: whether anything is said of it. Renaming leaves rows of functions that nothing
 * is said of any more, and whose names are free. malloc'ed; NULL: no memory. */
bool *p2a_used_functions(const struct p2a_profile *p);

/* How a frame is spelled: "name (base.py:12)", qualified where known, builtins as the file has
 * them. Good until the next call with the same buffer; the buffer is freed by p2a_buffer_free. */
struct p2a_buffer {
    char *at;
    size_t n, room;
    bool failed; /* there was no memory: what was added since may lack a part */
};
struct p2a_str p2a_spell(const struct p2a_profile *p, p2a_id function, enum p2a_names names,
                         struct p2a_buffer *buffer);
bool p2a_buffer_add(struct p2a_buffer *buffer, const void *bytes, size_t n); /* false: no memory */
void p2a_buffer_free(struct p2a_buffer *buffer);

/* Whether threads of several processes have one number. */
bool p2a_tids_repeat(const struct p2a_profile *p);
/* A thread's number, or its process's: "815"; where tids REPEAT, both: "812/815"; "" without. */
enum { P2A_THREAD_NUMBER = 48 };
const char *p2a_thread_number(const struct p2a_thread *thread, bool repeat,
                              char text[P2A_THREAD_NUMBER]);

/* The contexts as a tree that can be walked down, with inclusive values. Children stand in the
 * order of their ids. All arrays have contexts.n rows. Free with p2a_tree_free. */
struct p2a_tree {
    p2a_id first;  /* the first root; P2A_NONE: none */
    p2a_id *child; /* first child or P2A_NONE */
    p2a_id *next;  /* next sibling or P2A_NONE; roots are siblings */
    double *total; /* [context * columns + column] */
};
bool p2a_tree_build(const struct p2a_profile *p, struct p2a_tree *tree); /* false: no memory */
void p2a_tree_free(struct p2a_tree *tree);

/* Rounds values[0], values[stride], … (n of them) times scale to whole numbers so that their sum is
 * the rounded sum, none is off by one or more, and zeros stay zero. Negative, NaN and infinite
 * values count as zero. Returns the sum; what would make it larger than the most is cut. */
#define P2A_ROUND_MOST 18446744073709549568u /* the largest double below 2^64 */
uint64_t p2a_round(const double *values, size_t n, size_t stride, double scale, uint64_t *rounded);

/* Strongly connected components of the graph's arcs: component[f] is P2A_NONE for a function in no
 * cycle (calls to itself alone make none), else the number of its cycle from 0. Returns how many
 * cycles, P2A_NONE without memory. `component` has functions.n rows, the caller's. */
uint32_t p2a_cycles(const struct p2a_profile *p, p2a_id *component);

/* Gives the nodes that have no total the one that follows from self and the arcs; in a cycle it is
 * an estimate, and the profile says so. Outside cycles all calls are primitive. For readers of
 * formats that record totals on arcs alone. */
void p2a_totals_from_arcs(struct p2a_profile *p);

/* ---- reading --------------------------------------------------------------------------------- */

struct p2a_in {
    struct p2a_profile *profile; /* empty; the reader fills it */
    struct p2a_source *source;   /* the library's own */
};

/* Looks ahead: at least WANT bytes from the current place, fewer only at the end. Returns how many
 * bytes there are at *at, good until the next call that looks ahead. */
size_t p2a_ahead(struct p2a_in *in, size_t want, const unsigned char **at);
void p2a_consume(struct p2a_in *in, size_t n);
/* The next line without its LF or CRLF, consumed; a UTF-8 byte order mark before the first is
 * dropped. Good until the next call. False at the end and after an error. */
bool p2a_next_line(struct p2a_in *in, struct p2a_str *line);
/* Everything from the current place to the end, consumed; good until the reader returns. */
bool p2a_all(struct p2a_in *in, struct p2a_str *bytes);
uint64_t p2a_line_number(const struct p2a_in *in); /* of the line read last, from 1 */
uint64_t p2a_offset(const struct p2a_in *in);      /* bytes consumed */

/* Report that the input is bad: at the line read last, or at a byte. They return P2A_INPUT. Only
 * the first report counts. */
enum p2a_status p2a_bad_line(struct p2a_in *in, const char *message, ...) P2A_PRINTF(2, 3);
enum p2a_status p2a_bad_byte(struct p2a_in *in, uint64_t offset, const char *message, ...)
    P2A_PRINTF(3, 4);
/* Report that there is no memory for what the reader itself keeps; returns the status. */
enum p2a_status p2a_in_no_memory(struct p2a_in *in);
/* The first error so far: bad input, a failed read, no memory, a limit; else P2A_OK. */
enum p2a_status p2a_in_status(const struct p2a_in *in);

/* Reading lines on all cores. A piece of the input is parsed by itself, on whichever thread is
 * free; what came of it is taken on the caller's, in the order of the input. So one thread fills
 * the profile, as if there were no other, and what is read doesn't depend on how many there are.
 *
 *     input     | lines | lines | lines | lines | …        each thread parses at a desk of its own
 *     parse       desk 1  desk 0  desk 1  …
 *     take        ---------------------------->            the caller, who parses, too, if he waits
 *
 * A small input is parsed and taken on the caller's. */
struct p2a_pieces {
    size_t desk_size; /* of what a thread keeps from piece to piece, zero at first … */
    size_t
        piece_size; /* … and of what a piece is parsed into, zero at first, used again and again */
    /* LINES are whole, the input's last may lack its end. Must not touch what take changes. False:
     * no memory. */
    bool (*parse)(const void *reader, void *desk, struct p2a_str lines, void *piece);
    /* LINES, and so what of a piece points into them, are good until take returns; where
     * p2a_in_memory, until the reader does. Counts them (p2a_count_lines). False: nothing more is
     * wanted. */
    bool (*take)(void *reader, void *desk, void *piece);
    void (*free_desk)(void *desk); /* NULL: nothing to free */
    void (*free_piece)(void *piece);
};

/* From the current place to the end. Errors are those of IN. */
void p2a_read_pieces(struct p2a_in *in, const struct p2a_pieces *work, void *reader);
/* Of a piece N lines have been read: p2a_line_number counts them. */
void p2a_count_lines(struct p2a_in *in, uint64_t n);
/* Whether the input is in memory as a whole, where it stays. */
bool p2a_in_memory(const struct p2a_in *in);
/* Of such a one: back to the OFFSET where lines began to be read, to read them again. */
void p2a_go_back(struct p2a_in *in, uint64_t offset);

/* ---- writing --------------------------------------------------------------------------------- */

enum p2a_option_kind { P2A_FLAG, P2A_NUMBER, P2A_TEXT, P2A_CHOICE };

/* An option of a format; a table of them ends with a row without name. */
struct p2a_option {
    const char *name;
    enum p2a_option_kind kind;
    const char *fallback; /* the default, spelled as a user would; "" for none */
    const char *choices;  /* P2A_CHOICE: "light dark bw"; else a word for the value, or NULL */
    const char *help;     /* half a sentence */
};

struct p2a_out {
    const struct p2a_profile *profile; /* with all that the format needs */
    enum p2a_names names;
    const struct p2a_report *report;
    struct p2a_sink *sink; /* the library's own, as the next three */
    struct p2a_profile *noted;
    const struct p2a_format *format;
    const char **values;
    const struct p2a_coloring *coloring; /* what the project chose; NULL: nothing */
};

void p2a_put(struct p2a_out *out, const void *bytes, size_t n);
/* Everything put from here on is gzip-compressed; where the output is so by its name it is once.
 * For formats that are always compressed. */
void p2a_compress(struct p2a_out *out);
void p2a_put_text(struct p2a_out *out, const char *text);
void p2a_put_str(struct p2a_out *out, struct p2a_str text);
void p2a_put_u64(struct p2a_out *out, uint64_t value);
void p2a_putf(struct p2a_out *out, const char *text, ...) P2A_PRINTF(2, 3);

/* Writes VALUE in decimal at AT, where there is room for P2A_DIGITS bytes; no NUL. Returns its end.
 * For lines that are made of many small pieces: one p2a_put of the whole is much faster. */
#define P2A_DIGITS 20
char *p2a_digits(char *at, uint64_t value);

/* The same without a copy: where up to MOST bytes, no more than 2^16, can be written; then, before
 * anything else is put, where they ended. */
char *p2a_begin_text(struct p2a_out *out, size_t most);
void p2a_end_text(struct p2a_out *out, const char *end);

/* Writing rows on all cores. The text of a piece is made by itself, on whichever thread is free;
 * the caller's puts it in the order of the rows. Few rows are put on the caller's.
 *
 *     rows     | begin … end | begin … end | …        each thread puts at a desk of its own
 *     output   ---------------------------->          the caller, who puts rows, too, if he waits
 */
struct p2a_print {
    size_t desk_size; /* of what a thread keeps from piece to piece, zero at first */
    uint32_t rows;    /* in a piece */
    /* Puts the rows from BEGIN on, END not among them, to an OUT of their own. Must not touch what
     * is another thread's, nor say notes. Errors are those of OUT. */
    void (*put)(const void *writer, void *desk, struct p2a_out *out, uint32_t begin, uint32_t end);
    void (*free_desk)(void *desk); /* NULL: nothing */
};

/* How many rows of about BYTES a piece of a megabyte or so has, one at least. */
static inline uint32_t p2a_rows_of(uint64_t bytes)
{
    uint64_t rows = (1 << 20) / (bytes + 1);
    return rows > 1 << 10 ? 1 << 10 : rows ? (uint32_t)rows : 1;
}

/* The rows from 0 to N. */
void p2a_print_rows(struct p2a_out *out, const struct p2a_print *work, const void *writer,
                    uint32_t n);

/* The value of one of the format's options: what the user said, else the default. */
const char *p2a_option_text(const struct p2a_out *out, const char *name);
double p2a_option_number(const struct p2a_out *out, const char *name);
bool p2a_option_flag(const struct p2a_out *out, const char *name);

/* A sentence for the user about what was written. */
void p2a_out_note(struct p2a_out *out, const char *text, ...) P2A_PRINTF(2, 3);
/* Said of outputs that are looked at along the time, where the input told it. */
#define P2A_NO_ORDER "the order in time is not recorded: contexts stand one behind the other"

/* Says it where whole numbers can't hold a column: NOTHING is left of its values but zeros, or some
 * of what is too large is CUT off. */
void p2a_note_rounding(struct p2a_out *out, uint32_t column, bool nothing, bool cut);
/* The same, of a column that p2a_round has made SUM of. */
static inline void p2a_note_rounded(struct p2a_out *out, uint32_t column, uint64_t sum)
{
    p2a_note_rounding(out, column, !sum, sum >= P2A_ROUND_MOST);
}

/* Report that writing can't go on; they return the status. */
enum p2a_status p2a_cant_write(struct p2a_out *out, enum p2a_status status, const char *message,
                               ...) P2A_PRINTF(3, 4);
enum p2a_status p2a_no_memory(struct p2a_out *out);
enum p2a_status p2a_out_status(const struct p2a_out *out);

/* ---- a format -------------------------------------------------------------------------------- */

/* How sure a format is that the input is its own. Two formats that are equally sure are a mistake.
 */
enum p2a_sure {
    P2A_NO = 0,
    P2A_PERHAPS = 25, /* nothing speaks against it; text that would suit a laxer format */
    P2A_LIKELY = 50,  /* the shape is right over several lines */
    P2A_SURE = 75,    /* the opening is the format's own */
    P2A_CERTAIN = 100 /* a magic number or a line that says so */
};

struct p2a_probe {
    struct p2a_str start; /* the first bytes, uncompressed, up to P2A_PROBE_BYTES */
    bool whole;           /* start is all there is */
};
#define P2A_PROBE_BYTES 8192
/* Takes the next line off *rest, without its end and without a byte order mark at the start of it
 * all; false at the end, and for a last line that goes on beyond the first bytes. */
bool p2a_probe_line(const struct p2a_probe *probe, struct p2a_str *rest, struct p2a_str *line);

/* What of a report (struct p2a_report) a format goes by. */
enum p2a_report_part {
    P2A_REPORT_ORDER = 1 << 0, /* sort, reverse and restrictions */
    P2A_REPORT_LIMIT = 1 << 1,
    P2A_REPORT_CALLS = 1 << 2,     /* callers and callees */
    P2A_REPORT_CHANGES = 1 << 3,   /* threshold */
    P2A_REPORT_AS_PSTATS = 1 << 4, /* a restriction that is none is noted and not refused */
    P2A_REPORT_NAMES = 1 << 5,     /* how names are spelled */
    P2A_REPORT = P2A_REPORT_ORDER | P2A_REPORT_LIMIT | P2A_REPORT_CALLS | P2A_REPORT_CHANGES
};

struct p2a_format {
    const char *name, *title;    /* "callgrind", "Callgrind, for KCachegrind" */
    const char *const *aliases;  /* NULL at the end; the pointer NULL where there are none */
    const char *const *patterns; /* of file names: "callgrind.out.*", "*.prof" */
    enum p2a_sure (*probe)(const struct p2a_probe *probe);
    enum p2a_status (*read)(struct p2a_in *in);    /* NULL where the format is only written */
    enum p2a_status (*write)(struct p2a_out *out); /* NULL where it is only read */
    unsigned gives, needs, keeps; /* enum p2a_fact: can record; wants first; carries */
    unsigned (*keeps_too)(const struct p2a_out *out); /* by its options; NULL: nothing */
    /* NULL, or with these settings the share of the whole below which it can do with a path's end,
     * as in p2a_load_options; `profile` isn't there yet. */
    double (*least)(const struct p2a_out *out);
    /* NULL, or whether it takes these settings, where their kinds don't say so: P2A_USAGE by
     * p2a_cant_write, which is all that `out` is for; `profile` isn't there yet. */
    enum p2a_status (*check)(struct p2a_out *out);
    unsigned report;                  /* enum p2a_report_part: what it goes by */
    bool binary;                      /* never written to a terminal */
    bool verify;                      /* states what follows from other rows: checked when read */
    bool view;                        /* for reading only: what it leaves out goes without saying */
    bool timed;                       /* its samples stand in an order of time; no model keeps it */
    const struct p2a_option *options; /* NULL where there are none */
};

#ifdef __cplusplus
}
#endif
#endif
