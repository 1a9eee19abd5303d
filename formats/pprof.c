/* pprof: profile.proto, as Go's runtime, pprof itself, perf_to_profile, Parca, Pyroscope, Datadog
 * and many others write it; a protocol buffer, as a rule in gzip. Defined by google/pprof's
 * proto/profile.proto.
 *
 *   Profile   1 sample_type*  2 sample*  3 mapping*  4 location*  5 function*  6 string_table*
 *             7 drop_frames  8 keep_frames  9 time  10 duration  11 period_type  12 period
 *             13 comment*  14 default_sample_type
 *   ValueType 1 type  2 unit               Sample   1 location_id*, leaf first  2 value*  3 label*
 *   Label     1 key  2 str  3 num  4 unit  Mapping  1 id  2 start  3 limit  4 offset  5 filename …
 *   Location  1 id  2 mapping_id  3 address  4 line*, what was inlined first  5 is_folded
 *   Line      1 function_id  2 line        Function 1 id  2 name  3 system_name  4 filename
 *                                                   5 start_line
 *
 * Every text is a number in string_table. Messages may come in any order and ids in any numbering;
 * repeated numbers come packed or one by one.
 *
 * Reading:
 * - Every sample type is a metric, the default one first: the one the file names, else the last.
 * - A location with several lines is several frames. Whether a frame was inlined isn't kept: a
 *   function is one function, whichever way it was called.
 * - A frame without a symbol is named by its address: in a mapping from the start of its file, so
 *   that it is the same wherever that was loaded; with the usual 0x400000 before programs that
 *   aren't moved.
 * - Lines and addresses are kept of the frame that was running, not of those that called it.
 * - Labels that name a process or a thread make threads; others are left out, with a note. The
 *   number "bytes" is how large one of the objects is that a sample of the heap counts.
 * - Samples labelled pprof::base, negative, are what `pprof -diff_base` takes off: the values
 *   before.
 * - Frames that drop_frames matches go, with what is below them, as pprof does it.
 * - Comments become notes, and are kept.
 *
 * Writing: a function is a location, one that was inlined a line of its caller's; an object file is
 * a mapping; a thread is labels pid, tid and thread; what was before is samples labelled
 * pprof::base. Time, duration, period and comments are those that were read. Values are whole
 * numbers whose sum is the rounded sum, seconds as nanoseconds. The first metric comes last, where
 * pprof looks for the default. A kind that has a mark in folded stacks is kept as that mark at the
 * end of system_name, which pprof doesn't show. Where a function's lines are known by function and
 * not by stack they are dealt out, so that both sums are right. Where a line isn't known the one
 * the function starts at stands in. Calls aren't carried.
 */
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/crew.h"
#include "base/fetch.h"
#include "base/human.h"
#include "base/index.h"
#include "base/utf8.h"
#include "codec/protobuf.h"
#include "model/pile.h"
#include "prof2any/format.h"

static const char *const aliases[] = {"pb", "profile.proto", "protobuf", NULL};
static const char *const patterns[] = {"*.pb", "*.pprof", NULL};
static const struct p2a_option options[] = {
    {"raw", P2A_FLAG, "no", NULL, "write without gzip"},
    {"lines", P2A_FLAG, "yes", NULL, "deal the costs of a function's lines to its stacks"},
    {0}};

enum profile_field {
    SAMPLE_TYPE = 1,
    SAMPLE,
    MAPPING,
    LOCATION,
    FUNCTION,
    STRING,
    DROP_FRAMES,
    KEEP_FRAMES,
    TIME,
    DURATION,
    PERIOD_TYPE,
    PERIOD,
    COMMENT,
    DEFAULT_TYPE,
    PROFILE_FIELDS = 16
};

static const char BASE_LABEL[] = "pprof::base";
static const char ESTIMATED[] = "stacks are estimated from a call graph; share in cycles: ";

static const struct {
    char text[5];
    enum p2a_kind kind;
} marks[] = {{"_[k]", P2A_KERNEL}, {"_[i]", P2A_INLINED}, {"_[j]", P2A_JIT}};
enum { MARKS = sizeof marks / sizeof *marks, MARK = 4 };

/* ---- probing --------------------------------------------------------------------------------- */

/* The wire type of a field of Profile; -1: that isn't known. */
static int type_of(uint32_t field)
{
    if (field >= SAMPLE_TYPE && field <= STRING)
        return PROTOBUF_BYTES;
    if (field == PERIOD_TYPE)
        return PROTOBUF_BYTES;
    return field >= DROP_FRAMES && field < PROFILE_FIELDS ? PROTOBUF_NUMBER : -1;
}

/* Fields of MESSAGE are numbers below NUMBERS, or bytes where BYTES has the bit. */
static bool looks_like(struct protobuf message, uint32_t numbers, unsigned bytes)
{
    struct protobuf_field f;
    while (p2a_protobuf_next(&message, &f)) {
        if (f.number >= numbers ||
            (f.type != PROTOBUF_NUMBER && !(f.type == PROTOBUF_BYTES && bytes & 1u << f.number)))
            return false;
    }
    return !message.wrong;
}

/* A field of Profile, by what is in it; *speaks for a profile where no text would look so. */
static bool field_fits(const struct protobuf_field *f, bool *speaks)
{
    bool packed = f->number == COMMENT && f->type == PROTOBUF_BYTES;
    if (f->number < PROFILE_FIELDS && (int)f->type != type_of(f->number) && !packed)
        return false;
    bool empty = f->type == PROTOBUF_BYTES && f->content.at == f->content.end;
    *speaks |= !empty && f->number <= LOCATION && f->number != MAPPING;
    switch (f->number) {
    case SAMPLE_TYPE:
    case PERIOD_TYPE:
        return looks_like(f->content, 3, 0);
    case SAMPLE:
        return looks_like(f->content, 4, 1u << 1 | 1u << 2 | 1u << 3);
    case MAPPING:
        return looks_like(f->content, 11, 0);
    case LOCATION:
        return looks_like(f->content, 6, 1u << 4);
    case FUNCTION:
        return looks_like(f->content, 6, 0);
    default:
        return true;
    }
}

static enum p2a_sure probe(const struct p2a_probe *input)
{
    struct protobuf message = p2a_protobuf(input->start);
    struct protobuf_field f;
    bool speaks = false;
    while (p2a_protobuf_next(&message, &f)) /* the last one may go on beyond the first bytes */
        if (!field_fits(&f, &speaks))
            return P2A_NO;
    return speaks ? P2A_SURE : P2A_NO;
}

/* ---- reading: the tables --------------------------------------------------------------------- */

/* The file is walked three times: to count, to collect the tables, to read the samples; so that the
 * order of messages doesn't matter and nothing of a sample is kept but its frames.
 *
 *   sample     ids of locations, leaf first
 *   location   -> frames, root first: functions of the profile, as many as it has lines
 *   stack      -> the frames of one sample, root first */

/* Rows of one table by their ids, which mostly are row + 1. */
struct ids {
    uint64_t *id;
    uint32_t n;
    bool sparse;
    struct p2a_index index; /* only where they aren't */
};

struct mapping {
    uint64_t start, offset, file; /* file: a string */
    p2a_id module;                /* P2A_NONE until it is needed */
};

struct function {
    uint64_t name, system_name, file; /* strings */
    int64_t line;
    uint64_t at; /* byte */
    bool dropped;
};

struct line {
    uint64_t function; /* id */
    int64_t line;
};

struct location {
    uint64_t mapping, address, at;
    uint32_t line, line_n;   /* in lines; as in the file, what was inlined first */
    uint32_t inner;          /* in lines; the one of the last frame */
    uint32_t frame, frame_n; /* in known, root first */
    p2a_id leaf;             /* row of leaves, P2A_NONE until there is one */
    bool resolved, drop, drop_below;
};

struct sample {
    p2a_id leaf; /* location row */
    bool before;
};

struct value_type {
    uint64_t type, unit; /* strings */
    uint32_t column;
};

struct border { /* where a piece of the file begins, at a message */
    uint64_t at;
    bool tables; /* not all messages of the piece are samples */
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct protobuf file;
    const unsigned char *start;
    uint32_t count[PROFILE_FIELDS];

    struct p2a_str *string;
    p2a_id *interned;     /* id + 1 */
    unsigned char *label; /* enum label, of keys */
    uint32_t string_n;
    struct value_type *type;
    uint32_t type_n;
    struct ids mapping_ids, location_ids, function_ids;
    struct mapping *mapping;
    struct location *location;
    struct function *function;
    struct line *line;
    uint32_t line_n, line_room;
    uint64_t drop, keep, default_type; /* strings */
    uint64_t period_name, period_unit; /* strings */
    bool more_comments;                /* than there is room for */

    uint32_t *known; /* frames of locations */
    uint32_t known_n, known_room;
    const unsigned char *part; /* of the file: what is read at a time, up to a border */
    uint32_t part_end;         /* the border */
    struct p2a_pile pile;      /* stacks of parts so far, unless there is one alone */
    /* Of stacks: where their samples are in the part, and more behind these. */
    struct p2a_stack_frames frames;
    uint32_t place_n; /* by places in the part: as many as it has bytes, or none */
    uint32_t frame_room;
    struct p2a_stack_frames more;
    uint32_t more_n, more_room;
    uint64_t more_so_far;
    struct p2a_stack *stack;
    struct sample *sample; /* by stack */
    uint32_t *leaf;        /* locations, in the order of samples */
    double *leaf_self;     /* [row * 2 * type_n + column] */
    uint32_t leaf_n, leaf_room, self_room;
    unsigned known_places;
    double *value; /* [stack * type_n + column] */
    uint32_t stack_n, stack_room, sample_room, value_room;
    struct border *border;
    uint32_t border_n, border_room, piece_n;
    /* Of location rows: the frame where it is one, and known; else P2A_NONE. Any thread may look
     * while one makes them known. */
    _Atomic uint32_t *alone;
    p2a_id no_stack; /* the function of samples without one */
    bool dropping, has_lines, compared, cut;
    bool ends_early; /* and is to be read as far as it goes */
};

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { PIECE = 1 << 8, PART = 1 << 11, BATCH = 1 << 8 }; /* so that small inputs have borders */
enum { NARROW = 16 };
#else
enum { PIECE = 1 << 17, PART = 1 << 24, BATCH = 1 << 17 };
enum { NARROW = P2A_NARROW };
#endif
enum { ENOUGH = 8 }; /* pieces that are worth a thread */

static bool no_memory(struct reader *r)
{
    p2a_in_no_memory(r->in);
    return false;
}

static uint64_t place(const struct reader *r, const unsigned char *at)
{
    return (uint64_t)(at - r->start);
}

static const char BROKEN[] = "%s, expected a field of profile.proto";
static const char WRONG_TYPE[] = "field %u of a %s has another type than expected";

static bool broken(struct reader *r, const struct protobuf *message)
{
    if (message->wrong)
        p2a_bad_byte(r->in, place(r, message->at), BROKEN, message->wrong);
    return !message->wrong;
}

static bool wrong_type(struct reader *r, const struct protobuf_field *f, const char *of)
{
    p2a_bad_byte(r->in, place(r, f->begin), WRONG_TYPE, f->number, of);
    return false;
}

/* Reads a message of numbers: value[i] is field i, for 1 <= i < n. Other fields are passed over. */
static bool read_numbers(struct reader *r, struct protobuf message, const char *of, uint64_t *value,
                         uint32_t n)
{
    struct protobuf_field f;
    while (p2a_protobuf_next(&message, &f)) {
        if (f.number >= n)
            continue;
        if (f.type != PROTOBUF_NUMBER)
            return wrong_type(r, &f, of);
        value[f.number] = f.value;
    }
    return broken(r, &message);
}

/* A message begins at AT, and a piece where the one before is long enough. */
static bool note_border(struct reader *r, uint64_t at)
{
    if (r->border_n && at - r->border[r->border_n - 1].at < PIECE)
        return true;
    if (!p2a_grow(&r->border, &r->border_room, (uint64_t)r->border_n + 1, sizeof *r->border))
        return no_memory(r);
    r->border[r->border_n++] = (struct border){at, false};
    return true;
}

static const unsigned char *border(const struct reader *r, uint32_t i)
{
    return i < r->border_n ? r->start + r->border[i].at : r->file.end;
}

static struct protobuf messages_of(const struct reader *r, uint32_t piece)
{
    return (struct protobuf){border(r, piece), border(r, piece + 1), NULL};
}

static bool count_fields(struct reader *r)
{
    enum { AHEAD = 1024 }; /* nothing but the heads of messages is looked at */
    struct protobuf message = r->file;
    struct protobuf_field f;
    while (p2a_protobuf_next(&message, &f)) {
        if (message.end - message.at > AHEAD)
            p2a_fetch(message.at + AHEAD);
        if (!note_border(r, place(r, f.begin)))
            return false;
        r->border[r->border_n - 1].tables |= f.number != SAMPLE;
        if (f.number >= PROFILE_FIELDS)
            continue;
        bool packed = f.number == COMMENT && f.type == PROTOBUF_BYTES;
        if ((int)f.type != type_of(f.number) && !packed)
            return wrong_type(r, &f, "profile");
        r->count[f.number]++;
    }
    if (broken(r, &message))
        return true;
    r->ends_early = p2a_in_status(r->in) == P2A_OK;
    r->file.end = message.at;
    return r->ends_early;
}

/* Zeroed room for a table of N rows. */
static void *table(struct reader *r, uint32_t n, size_t size)
{
    void *rows = calloc((size_t)n + 1, size);
    if (!rows)
        no_memory(r);
    return rows;
}

static bool make_tables(struct reader *r)
{
    r->string = table(r, r->count[STRING], sizeof *r->string);
    r->interned = table(r, r->count[STRING], sizeof *r->interned);
    r->label = table(r, r->count[STRING], sizeof *r->label);
    r->type = table(r, r->count[SAMPLE_TYPE], sizeof *r->type);
    r->mapping = table(r, r->count[MAPPING], sizeof *r->mapping);
    r->mapping_ids.id = table(r, r->count[MAPPING], sizeof(uint64_t));
    r->location = table(r, r->count[LOCATION], sizeof *r->location);
    r->location_ids.id = table(r, r->count[LOCATION], sizeof(uint64_t));
    r->alone = table(r, r->count[LOCATION], sizeof *r->alone);
    r->function = table(r, r->count[FUNCTION], sizeof *r->function);
    r->function_ids.id = table(r, r->count[FUNCTION], sizeof(uint64_t));
    if (r->alone)
        memset((void *)r->alone, 0xff, ((size_t)r->count[LOCATION] + 1) * sizeof *r->alone);
    return p2a_in_status(r->in) == P2A_OK;
}

static void end_reader(struct reader *r)
{
    void *all[] = {r->string,         r->interned,  r->label,          r->type,
                   r->mapping,        r->location,  r->function,       r->line,
                   r->known,          r->frames.at, r->more.at,        r->stack,
                   r->sample,         r->value,     r->border,         r->alone,
                   r->leaf,           r->leaf_self, r->mapping_ids.id, r->location_ids.id,
                   r->function_ids.id};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    p2a_pile_free(&r->pile);
    p2a_index_free(&r->mapping_ids.index);
    p2a_index_free(&r->location_ids.index);
    p2a_index_free(&r->function_ids.index);
}

static bool add_id(struct reader *r, struct ids *ids, uint64_t id, uint64_t at, const char *of)
{
    if (id == 0) {
        p2a_bad_byte(r->in, at, "a %s without an id, expected one from 1 on", of);
        return false;
    }
    ids->sparse |= id != (uint64_t)ids->n + 1;
    ids->id[ids->n++] = id;
    return true;
}

static bool same_id(const void *ids, uint32_t row, const void *id)
{
    return ((const uint64_t *)ids)[row] == *(const uint64_t *)id;
}

/* The row of ID, or P2A_NONE. */
static uint32_t find_row(const struct ids *ids, uint64_t id)
{
    if (id - 1 < ids->n && ids->id[id - 1] == id)
        return (uint32_t)(id - 1);
    return ids->sparse
               ? p2a_index_find(&ids->index, p2a_hash(&id, sizeof id), same_id, ids->id, &id)
               : P2A_NONE;
}

static bool index_ids(struct reader *r, struct ids *ids, const char *of)
{
    for (uint32_t row = 0; ids->sparse && row < ids->n; row++) {
        uint64_t id = ids->id[row], hash = p2a_hash(&id, sizeof id);
        if (p2a_index_find(&ids->index, hash, same_id, ids->id, &id) != P2A_NONE) {
            p2a_bad_byte(r->in, 0, "two %ss have the id %llu, expected one", of,
                         (unsigned long long)id);
            return false;
        }
        if (!p2a_index_add(&ids->index, hash, row))
            return no_memory(r);
    }
    return true;
}

static bool read_value_type(struct reader *r, const struct protobuf_field *f)
{
    uint64_t v[3] = {0};
    if (!read_numbers(r, f->content, "sample type", v, 3))
        return false;
    r->type[r->type_n++] = (struct value_type){.type = v[1], .unit = v[2]};
    return true;
}

static bool read_mapping(struct reader *r, const struct protobuf_field *f)
{
    uint64_t v[6] = {0};
    if (!read_numbers(r, f->content, "mapping", v, 6))
        return false;
    r->mapping[r->mapping_ids.n] =
        (struct mapping){.start = v[2], .offset = v[4], .file = v[5], .module = P2A_NONE};
    return add_id(r, &r->mapping_ids, v[1], place(r, f->begin), "mapping");
}

static bool read_function(struct reader *r, const struct protobuf_field *f)
{
    uint64_t v[6] = {0}, at = place(r, f->begin);
    if (!read_numbers(r, f->content, "function", v, 6))
        return false;
    r->function[r->function_ids.n] = (struct function){
        .name = v[2], .system_name = v[3], .file = v[4], .line = (int64_t)v[5], .at = at};
    return add_id(r, &r->function_ids, v[1], at, "function");
}

static bool read_line(struct reader *r, const struct protobuf_field *f)
{
    uint64_t v[3] = {0};
    if (f->type != PROTOBUF_BYTES)
        return wrong_type(r, f, "location");
    if (!read_numbers(r, f->content, "line", v, 3))
        return false;
    if (!p2a_grow(&r->line, &r->line_room, (uint64_t)r->line_n + 1, sizeof *r->line))
        return no_memory(r);
    r->line[r->line_n++] = (struct line){v[1], (int64_t)v[2]};
    r->has_lines |= (int64_t)v[2] > 0;
    return true;
}

static bool read_location(struct reader *r, const struct protobuf_field *from)
{
    uint64_t v[4] = {0}, at = place(r, from->begin);
    uint32_t line = r->line_n;
    struct protobuf message = from->content;
    struct protobuf_field f;
    while (p2a_protobuf_next(&message, &f)) {
        if (f.number == 4 && !read_line(r, &f))
            return false;
        if (f.number > 3)
            continue;
        if (f.type != PROTOBUF_NUMBER)
            return wrong_type(r, &f, "location");
        v[f.number] = f.value;
    }
    r->has_lines |= v[3] != 0;
    r->location[r->location_ids.n] = (struct location){.mapping = v[2],
                                                       .address = v[3],
                                                       .at = at,
                                                       .line = line,
                                                       .line_n = r->line_n - line,
                                                       .leaf = P2A_NONE};
    return broken(r, &message) && add_id(r, &r->location_ids, v[1], at, "location");
}

static bool read_period_type(struct reader *r, const struct protobuf_field *f)
{
    uint64_t v[3] = {0};
    if (!read_numbers(r, f->content, "period type", v, 3))
        return false;
    r->period_name = v[1];
    r->period_unit = v[2];
    return true;
}

static bool collect_field(struct reader *r, struct protobuf_field *f)
{
    switch (f->number) {
    case SAMPLE_TYPE:
        return read_value_type(r, f);
    case MAPPING:
        return read_mapping(r, f);
    case LOCATION:
        return read_location(r, f);
    case FUNCTION:
        return read_function(r, f);
    case STRING:
        r->string[r->string_n++] = p2a_protobuf_text(f);
        return true;
    case DROP_FRAMES:
        r->drop = f->value;
        return true;
    case KEEP_FRAMES:
        r->keep = f->value;
        return true;
    case TIME:
        r->p->taken.start = (int64_t)f->value;
        return true;
    case DURATION:
        r->p->taken.duration = (int64_t)f->value;
        return true;
    case PERIOD_TYPE:
        return read_period_type(r, f);
    case PERIOD:
        r->p->taken.period = (int64_t)f->value;
        return true;
    case DEFAULT_TYPE:
        r->default_type = f->value;
        return true;
    default:
        return true;
    }
}

/* What EACH is called with: all messages but samples, at least. */
static bool for_tables(struct reader *r, bool (*each)(struct reader *, struct protobuf_field *))
{
    struct protobuf_field f;
    for (uint32_t i = 0; i < r->border_n; i++) {
        struct protobuf message = messages_of(r, i);
        while (r->border[i].tables && p2a_protobuf_next(&message, &f))
            if (!each(r, &f))
                return false;
    }
    return true;
}

static bool collect_tables(struct reader *r)
{
    return for_tables(r, collect_field) && index_ids(r, &r->mapping_ids, "mapping") &&
           index_ids(r, &r->location_ids, "location") && index_ids(r, &r->function_ids, "function");
}

/* ---- reading: strings and metrics ------------------------------------------------------------ */

/* String I; false where it isn't in the table, with an error at byte AT. The table is the last that
 * most files have, so that one that ends early lacks the end of it. */
static bool text_of(struct reader *r, uint64_t i, uint64_t at, struct p2a_str *text)
{
    bool lost = r->ends_early && i >= r->string_n && r->string_n > 1;
    *text = lost ? P2A_LIT("?") : P2A_LIT("");
    if (i < r->string_n)
        *text = r->string[i];
    else if (i > 0 && !lost)
        p2a_bad_byte(r->in, at, "string %llu isn't in the string table, which has %u",
                     (unsigned long long)i, r->string_n);
    return i < r->string_n || i == 0 || lost;
}

static bool intern(struct reader *r, uint64_t i, uint64_t at, p2a_id *id)
{
    struct p2a_str text;
    if (!text_of(r, i, at, &text))
        return false;
    if (i >= r->string_n) {
        *id = p2a_intern(r->p, text);
        return *id != P2A_NONE;
    }
    if (!r->interned[i])
        r->interned[i] = p2a_intern(r->p, text) + 1;
    *id = r->interned[i] - 1;
    return *id != P2A_NONE;
}

/* Units that are another one times a factor. */
static const struct {
    const char *name, *unit;
    double scale;
} units[] = {{"nanoseconds", "seconds", 1e-9},
             {"nanosecond", "seconds", 1e-9},
             {"ns", "seconds", 1e-9},
             {"microseconds", "seconds", 1e-6},
             {"microsecond", "seconds", 1e-6},
             {"us", "seconds", 1e-6},
             {"milliseconds", "seconds", 1e-3},
             {"millisecond", "seconds", 1e-3},
             {"ms", "seconds", 1e-3},
             {"seconds", "seconds", 1},
             {"second", "seconds", 1},
             {"s", "seconds", 1},
             {"bytes", "bytes", 1},
             {"byte", "bytes", 1},
             {"kilobytes", "bytes", 1024},
             {"megabytes", "bytes", 1048576},
             {"", "count", 1}};

/* A metric that isn't there yet: types of one name and unit are told apart by a number. */
static p2a_id add_metric(struct p2a_profile *p, struct p2a_str name, const char *unit, double scale)
{
    char text[256];
    uint32_t n = p->metrics.n;
    snprintf(text, sizeof text, "%.*s", name.n < 200 ? (int)name.n : 200, name.at);
    p2a_id id = p2a_metric(p, *text ? text : "value", unit, scale);
    size_t end = strlen(text);
    for (uint32_t i = n + 1; id != P2A_NONE && p->metrics.n == n; i++) {
        snprintf(text + end, sizeof text - end, " %u", i);
        id = p2a_metric(p, text, unit, scale);
    }
    return id;
}

static bool make_metric(struct reader *r, struct value_type *type)
{
    struct p2a_str name, unit;
    p2a_id unit_id;
    if (!text_of(r, type->type, 0, &name) || !text_of(r, type->unit, 0, &unit) ||
        !intern(r, type->unit, 0, &unit_id))
        return false;
    size_t u = 0;
    while (u < sizeof units / sizeof *units && !p2a_str_is(unit, units[u].name))
        u++;
    bool known = u < sizeof units / sizeof *units;
    type->column = add_metric(r->p, name, known ? units[u].unit : p2a_string(r->p, unit_id).at,
                              known ? units[u].scale : 1);
    return type->column != P2A_NONE;
}

/* The type the file names as its default, else the last. */
static uint32_t default_type(struct reader *r)
{
    struct p2a_str wanted, name;
    if (r->default_type == 0 || !text_of(r, r->default_type, 0, &wanted))
        return r->type_n - 1;
    for (uint32_t i = 0; i < r->type_n; i++)
        if (text_of(r, r->type[i].type, 0, &name) && name.n == wanted.n &&
            memcmp(name.at, wanted.at, name.n) == 0)
            return i;
    return r->type_n - 1;
}

static bool make_metrics(struct reader *r)
{
    if (r->type_n == 0) {
        p2a_bad_byte(r->in, 0, "no sample type in it, expected at least one");
        return false;
    }
    uint32_t first = default_type(r);
    if (p2a_in_status(r->in) != P2A_OK || !make_metric(r, &r->type[first]))
        return false;
    for (uint32_t i = 0; i < r->type_n; i++)
        if (i != first && !make_metric(r, &r->type[i]))
            return false;
    return true;
}

/* ---- reading: frames that the file wants dropped --------------------------------------------- */

/* A name without a leading '.' and without its arguments, as pprof matches it. */
static struct p2a_str simple_name(struct p2a_str name)
{
    static const char anonymous[] = "(anonymous namespace)", call[] = "operator()";
    if (p2a_str_starts(name, "."))
        name.at++, name.n--;
    for (size_t i = 0; i < name.n; i++) {
        struct p2a_str rest = {name.at + i, name.n - i};
        if (p2a_str_starts(rest, anonymous))
            i += sizeof anonymous - 2;
        else if (p2a_str_starts(rest, call))
            i += sizeof call - 2;
        else if (*rest.at == '(')
            name.n = i;
    }
    return name;
}

static pcre2_code *compile(struct reader *r, uint64_t string)
{
    struct p2a_str text;
    int code = 0;
    size_t where;
    if (!text_of(r, string, 0, &text))
        return NULL;
    pcre2_code *re = NULL;
    struct p2a_buffer pattern = {0};
    if (p2a_buffer_add(&pattern, "^(", 2) && p2a_buffer_add(&pattern, text.at, text.n) &&
        p2a_buffer_add(&pattern, ")$", 2))
        re = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.n,
                           PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY, &code,
                           &where, NULL);
    if (pattern.failed || (!re && code == PCRE2_ERROR_HEAP_FAILED))
        no_memory(r);
    p2a_buffer_free(&pattern);
    return re;
}

/* -1: the expression takes too long, or more memory than there is. */
static int matches(struct reader *r, const pcre2_code *re, pcre2_match_data *data,
                   pcre2_match_context *limit, struct p2a_str name)
{
    int code = pcre2_match(re, (PCRE2_SPTR)name.at, name.n, 0, 0, data, limit);
    if (code == PCRE2_ERROR_NOMEMORY)
        no_memory(r);
    return code == PCRE2_ERROR_NOMATCH ? 0 : code < 0 ? -1 : 1;
}

/* Marks the functions that DROP matches and KEEP doesn't; -1 where an expression takes too long. */
static int mark_dropped(struct reader *r, const pcre2_code *drop, const pcre2_code *keep,
                        pcre2_match_data *data, pcre2_match_context *limit)
{
    for (uint32_t i = 0; i < r->function_ids.n; i++) {
        struct p2a_str name;
        if (!text_of(r, r->function[i].name, r->function[i].at, &name))
            return 0;
        name = simple_name(name);
        int dropped = name.n ? matches(r, drop, data, limit, name) : 0;
        int kept = dropped > 0 && keep ? matches(r, keep, data, limit, name) : 0;
        if (dropped < 0 || kept < 0)
            return -1;
        r->function[i].dropped = dropped && !kept;
        r->dropping |= r->function[i].dropped;
    }
    return 1;
}

static bool find_dropped(struct reader *r)
{
    pcre2_code *drop = compile(r, r->drop), *keep = r->keep ? compile(r, r->keep) : NULL;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limit = pcre2_match_context_create(NULL);
    int marked = -1;
    if (!data || !limit)
        no_memory(r);
    else
        pcre2_set_match_limit(limit, 20000);
    if (p2a_in_status(r->in) == P2A_OK && drop && (keep || !r->keep))
        marked = mark_dropped(r, drop, keep, data, limit);
    if (marked < 0)
        p2a_note(r->p, "the file's expressions for frames to be dropped don't work: all are kept");
    for (uint32_t i = 0; marked < 0 && i < r->function_ids.n; i++)
        r->function[i].dropped = false;
    r->dropping &= marked > 0;
    pcre2_match_context_free(limit);
    pcre2_match_data_free(data);
    pcre2_code_free(keep);
    pcre2_code_free(drop);
    return p2a_in_status(r->in) == P2A_OK;
}

/* ---- reading: frames of locations ------------------------------------------------------------ */

static bool is_builtin(struct p2a_str name)
{
    return p2a_str_ends(name, ">") &&
           (p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method '"));
}

static bool is_python(struct p2a_str file)
{
    return p2a_str_ends(file, ".py") || p2a_str_ends(file, ".pyx") || p2a_str_ends(file, ".pyw") ||
           (p2a_str_starts(file, "<") && p2a_str_ends(file, ">"));
}

/* "NAME" + mark in SYSTEM: what the writer put there. */
static enum p2a_kind kind_of(struct p2a_str name, struct p2a_str system, struct p2a_str file,
                             struct p2a_str module)
{
    if (system.n == name.n + MARK && memcmp(system.at, name.at, name.n) == 0)
        for (size_t i = 0; i < MARKS; i++)
            if (p2a_str_ends(system, marks[i].text))
                return marks[i].kind;
    if (p2a_str_starts(module, "[kernel") || p2a_str_starts(module, "[guest.kernel"))
        return P2A_KERNEL;
    if (p2a_str_is(file, "~") && is_builtin(name))
        return P2A_BUILTIN;
    if (is_python(file))
        return P2A_PYTHON;
    return module.n ? P2A_NATIVE : P2A_UNKNOWN;
}

/* The mapping's file; 0 where it isn't known. */
static bool module_of(struct reader *r, const struct location *l, uint32_t row, p2a_id *module)
{
    *module = 0;
    if (row == P2A_NONE)
        return true;
    if (r->mapping[row].module == P2A_NONE &&
        !intern(r, r->mapping[row].file, l->at, &r->mapping[row].module))
        return false;
    *module = r->mapping[row].module;
    return true;
}

/* Programs that aren't moved are linked to run from here on x86-64. */
static const uint64_t UNMOVED = 0x400000;

static p2a_id name_address(struct reader *r, const struct location *l, uint32_t mapping)
{
    char text[24];
    uint64_t address = l->address;
    if (mapping != P2A_NONE && r->mapping[mapping].file) {
        uint64_t from = r->mapping[mapping].start - r->mapping[mapping].offset;
        if (from != UNMOVED && from <= address)
            address -= from;
    }
    int n = snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    return p2a_intern(r->p, (struct p2a_str){text, (size_t)n});
}

/* The profile's function for FROM, NULL for what has no symbol. P2A_NONE after an error. */
static p2a_id add_function(struct reader *r, const struct location *l, uint32_t mapping,
                           const struct function *from)
{
    static const struct function nameless;
    struct p2a_function f = {.line = from ? from->line : 0};
    struct p2a_str system;
    if (!from)
        from = &nameless;
    uint64_t name = from->name;
    if (!text_of(r, name, from->at, &system))
        return P2A_NONE;
    if (!system.n)
        name = from->system_name;
    if (!module_of(r, l, mapping, &f.module) || !intern(r, name, from->at, &f.name) ||
        !intern(r, from->file, from->at, &f.file) ||
        !text_of(r, from->system_name, from->at, &system))
        return P2A_NONE;
    f.kind = kind_of(p2a_string(r->p, f.name), system, p2a_string(r->p, f.file),
                     p2a_string(r->p, f.module));
    if (!f.name && (l->address || from == &nameless))
        f.name = name_address(r, l, mapping);
    if (f.line < 0)
        f.line = 0;
    return p2a_function(r->p, &f);
}

/* As many as no compiler inlines into one another. */
enum { MOST_INLINED = 4096 };

static bool find_function(struct reader *r, const struct location *l, uint64_t id,
                          const struct function **f)
{
    uint32_t row = find_row(&r->function_ids, id);
    *f = row == P2A_NONE ? NULL : &r->function[row];
    if (row == P2A_NONE && id)
        p2a_bad_byte(r->in, l->at, "function %llu isn't in the file", (unsigned long long)id);
    return row != P2A_NONE || !id;
}

/* The lines that stay, from the caller's on, as frames. As pprof does it: a dropped function takes
 * what it inlined with it, and the whole location where it is the outermost. */
static bool add_frames(struct reader *r, struct location *l, uint32_t mapping)
{
    if (!p2a_grow(&r->known, &r->known_room, (uint64_t)r->known_n + l->line_n + 1,
                  sizeof *r->known))
        return no_memory(r);
    for (uint32_t i = l->line_n; i-- > 0;) {
        const struct function *f;
        if (!find_function(r, l, r->line[l->line + i].function, &f))
            return false;
        if (f && f->dropped && i + 1 == l->line_n)
            l->drop = true;
        if (f && f->dropped && !l->drop) {
            l->drop_below = true;
            break;
        }
        l->inner = l->line + i;
        r->known[r->known_n] = add_function(r, l, mapping, f);
        if (r->known[r->known_n++] == P2A_NONE)
            return false;
    }
    if (l->line_n == 0) {
        r->known[r->known_n] = add_function(r, l, mapping, NULL);
        return r->known[r->known_n++] != P2A_NONE;
    }
    return true;
}

static bool resolve(struct reader *r, struct location *l)
{
    uint32_t mapping = find_row(&r->mapping_ids, l->mapping);
    if (mapping == P2A_NONE && l->mapping) {
        p2a_bad_byte(r->in, l->at, "mapping %llu isn't in the file",
                     (unsigned long long)l->mapping);
        return false;
    }
    if (l->line_n > MOST_INLINED) {
        p2a_bad_byte(r->in, l->at, "a location of %u lines, expected no more than %u", l->line_n,
                     MOST_INLINED);
        return false;
    }
    l->frame = r->known_n;
    if (!add_frames(r, l, mapping))
        return false;
    l->frame_n = r->known_n - l->frame;
    l->resolved = true;
    if (l->frame_n == 1)
        atomic_store_explicit(&r->alone[l - r->location], r->known[l->frame], memory_order_relaxed);
    return true;
}

/* The frame of a location row where it is one, and known so far; else P2A_NONE. */
static inline uint32_t frame_alone(const struct reader *r, uint32_t row)
{
    return atomic_load_explicit(&r->alone[row], memory_order_relaxed);
}

/* ---- reading: samples ------------------------------------------------------------------------ */

enum label {
    NOT_LOOKED_AT,
    LABEL_PID,
    LABEL_TID,
    LABEL_THREAD,
    LABEL_BASE,
    LABEL_SIZE, /* a number: of one object, in profiles of the heap */
    LABEL_OTHER
};

/* Of letters alone, in lower case. */
static enum label label_named(struct p2a_str key)
{
    static const struct {
        const char *name;
        enum label label;
    } names[] = {{"pid", LABEL_PID},      {"processid", LABEL_PID},  {"tid", LABEL_TID},
                 {"threadid", LABEL_TID}, {"thread", LABEL_THREAD},  {"threadname", LABEL_THREAD},
                 {"comm", LABEL_THREAD},  {"pprofbase", LABEL_BASE}, {"bytes", LABEL_SIZE}};
    char word[16];
    size_t n = 0;
    for (size_t i = 0; i < key.n && n < sizeof word - 1; i++) {
        char c = key.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != ' ' && c != '_' && c != '-' && c != ':' && c != '.')
            word[n++] = c;
    }
    word[n] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i].name) == 0)
            return names[i].label;
    return LABEL_OTHER;
}

struct thread {
    uint64_t pid, tid;
    struct p2a_str name;
    bool known, before;
};

static bool read_label(struct reader *r, const struct protobuf_field *from, struct thread *thread)
{
    uint64_t v[5] = {0}, at = place(r, from->begin), number;
    struct p2a_str key, text;
    if (!read_numbers(r, from->content, "label", v, 5) || !text_of(r, v[1], at, &key) ||
        !text_of(r, v[2], at, &text))
        return false;
    if (v[1] >= r->string_n)
        return true;
    if (r->label[v[1]] == NOT_LOOKED_AT)
        r->label[v[1]] = (unsigned char)label_named(key);
    if (r->label[v[1]] == LABEL_SIZE && v[2])
        r->label[v[1]] = LABEL_OTHER;
    enum label label = r->label[v[1]];
    number = v[3];
    if (v[2] && (label == LABEL_PID || label == LABEL_TID) && !p2a_str_u64(text, &number))
        return true;
    if (label == LABEL_THREAD && v[2])
        thread->name = text;
    else if (label == LABEL_TID || label == LABEL_THREAD)
        thread->tid = number;
    else if (label == LABEL_PID)
        thread->pid = number;
    thread->before |= label == LABEL_BASE && p2a_str_is(text, "true");
    thread->known |= label <= LABEL_THREAD;
    return true;
}

/* A sample as it stands in the file. */
struct raw {
    uint32_t location_n, leaf; /* the leaf's row; P2A_NONE: there is none */
    bool named;                /* frames stand where its locations were */
    struct protobuf labels;    /* the message from the first one on; empty: there is none */
};

/* Samples from one place in the file to another, up to the first that is wrong. */
struct piece {
    struct protobuf messages;
    struct raw *sample;
    uint32_t *row; /* of locations, leaf first: those of the sample that is read now */
    struct p2a_stack_frames location; /* rows or frames, root first: the reader's or, without … */
    struct p2a_stack_frames own;      /* … room there, these */
    double *value;                    /* [sample * type_n + column] */
    uint32_t sample_n, sample_room, row_n, row_room, location_n, own_room, value_room;
    uint64_t wrong_at;
    char wrong[160]; /* "": nothing */
};

/* ---- reading: samples, on any thread ---- */

P2A_PRINTF(3, 4)
static bool wrong_at(struct piece *p, uint64_t at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->wrong, sizeof p->wrong, format, arguments);
    va_end(arguments);
    p->wrong_at = at;
    return true;
}

static bool all_right(const struct reader *r, struct piece *p, const struct protobuf *list)
{
    if (list->wrong)
        wrong_at(p, place(r, list->at), BROKEN, list->wrong);
    return true;
}

/* False: there is none. */
static bool add_location(const struct reader *r, struct piece *p, uint64_t id, uint64_t at)
{
    uint32_t row = find_row(&r->location_ids, id);
    if (row == P2A_NONE)
        wrong_at(p, at, "location %llu isn't in the file", (unsigned long long)id);
    else
        p->row[p->row_n++] = row;
    return row != P2A_NONE;
}

/* Room for the location rows of a sample, each of which is a byte at least. */
static bool room_for_rows(struct piece *p, const struct protobuf_field *from)
{
    p->row_n = 0;
    return p2a_grow(&p->row, &p->row_room, (uint64_t)(from->content.end - from->content.at),
                    sizeof *p->row);
}

/* Four numbers of two bytes each, in halves of a word; 0: they aren't that. */
static uint64_t four_numbers(const unsigned char *at)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)at[i] << 8 * i; /* one load */
    if ((word & 0x8080808080808080) != 0x0080008000800080)
        return 0;
    return (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
}

/* Takes packed ids of one or two bytes up to one that isn't a row's number from 1 on. */
static void add_numbered(const struct reader *r, struct piece *p, struct protobuf *list)
{
    const unsigned char *at = list->at, *end = list->end;
    uint32_t *row = p->row + p->row_n, rows = r->location_ids.n;
    while (end - at >= 2) {
        uint64_t four = end - at >= 8 ? four_numbers(at) : 0;
        uint32_t id[4], most = 0;
        for (unsigned i = 0; i < 4; i++) {
            id[i] = (uint32_t)(four >> 16 * i & 0xffff) - 1;
            most = id[i] > most ? id[i] : most;
        }
        if (most < rows) {
            memcpy(row, id, sizeof id);
            row += 4;
            at += 8;
            continue;
        }
        bool two = at[0] >= 0x80;
        uint32_t one = (two ? (uint32_t)(at[0] & 0x7f) | (uint32_t)at[1] << 7 : at[0]) - 1;
        if (one >= rows || (two && at[1] >= 0x80))
            break;
        *row++ = one;
        at += 1 + two;
    }
    p->row_n = (uint32_t)(row - p->row);
    list->at = at;
}

static bool read_locations(const struct reader *r, struct piece *p, struct protobuf_field *f)
{
    uint64_t id, at = place(r, f->begin);
    if (f->type == PROTOBUF_NUMBER)
        return add_location(r, p, f->value, at) || *p->wrong;
    if (f->type != PROTOBUF_BYTES)
        return wrong_at(p, at, WRONG_TYPE, f->number, "sample");
    do
        if (!r->location_ids.sparse)
            add_numbered(r, p, &f->content);
    while (p2a_protobuf_number(&f->content, &id) && add_location(r, p, id, at));
    return *p->wrong || all_right(r, p, &f->content);
}

/* The sample's values; *n counts all there are. */
static bool read_values(const struct reader *r, struct piece *p, struct protobuf_field *f,
                        uint32_t *n)
{
    double *value = p->value + (size_t)p->sample_n * r->type_n;
    uint64_t v;
    if (f->type == PROTOBUF_NUMBER) {
        if (*n < r->type_n)
            value[r->type[*n].column] = (double)(int64_t)f->value;
        ++*n;
        return true;
    }
    if (f->type != PROTOBUF_BYTES)
        return wrong_at(p, place(r, f->begin), WRONG_TYPE, f->number, "sample");
    for (; p2a_protobuf_number(&f->content, &v); ++*n)
        if (*n < r->type_n)
            value[r->type[*n].column] = (double)(int64_t)v;
    return all_right(r, p, &f->content);
}

/* Room for the next sample. A value takes a byte at least. */
static bool room_for_sample(const struct reader *r, struct piece *p,
                            const struct protobuf_field *from)
{
    uint64_t samples = (uint64_t)p->sample_n + 1, values = samples * r->type_n;
    if ((uint64_t)(from->content.end - from->content.at) < r->type_n)
        return wrong_at(p, place(r, from->begin),
                        "a sample has fewer values than there are sample types, which are %u",
                        r->type_n);
    return (values <= p->value_room ||
            p2a_grow(&p->value, &p->value_room, values, sizeof *p->value)) &&
           p2a_grow(&p->sample, &p->sample_room, samples, sizeof *p->sample);
}

/* Puts the frames of N rows to TO, the last one's first. False: not each of these is one alone that
 * is known already, as they are in nearly all samples but the first. */
static bool put_frames(const struct reader *r, const uint32_t *row, uint32_t n,
                       struct p2a_stack_frames to)
{
    bool known = true;
    for (uint32_t i = n; i-- > 0;) {
        uint32_t frame = frame_alone(r, row[i]);
        known &= frame != P2A_NONE;
        p2a_set_frame(to, n - 1 - i, frame);
    }
    return known;
}

/* Puts the sample's locations to the others, root first. False: no memory. */
static bool put_locations(const struct reader *r, struct piece *p, struct raw *sample)
{
    uint32_t n = p->row_n;
    sample->leaf = P2A_NONE;
    if (!n)
        return true;
    if (!r->place_n) {
        if (!p2a_room_for_frames(&p->own, &p->own_room, (uint64_t)p->location_n + n))
            return false;
        p->location = p->own;
    }
    struct p2a_stack_frames to = p2a_frames_from(p->location, p->location_n);
    sample->location_n = n;
    sample->leaf = p->row[0];
    sample->named = r->place_n && !r->dropping && put_frames(r, p->row, n, to);
    for (uint32_t i = n; !sample->named && i-- > 0;)
        p2a_set_frame(to, n - 1 - i, p->row[i]);
    p->location_n += n;
    return true;
}

/* False: no memory. */
static bool read_sample(const struct reader *r, struct piece *p, const struct protobuf_field *from)
{
    struct protobuf message = from->content;
    struct protobuf_field f;
    struct raw sample = {0};
    uint32_t values = 0;
    bool enough = room_for_sample(r, p, from) && room_for_rows(p, from);
    while (enough && !*p->wrong && p2a_protobuf_next(&message, &f)) {
        if (f.number == 1)
            enough = read_locations(r, p, &f);
        else if (f.number == 2)
            enough = read_values(r, p, &f, &values);
        else if (f.number == 3 && f.type == PROTOBUF_BYTES && !sample.labels.at)
            sample.labels = (struct protobuf){f.begin, from->content.end, NULL};
    }
    if (!enough || *p->wrong)
        return enough;
    if (message.wrong)
        return all_right(r, p, &message);
    if (values != r->type_n)
        return wrong_at(p, place(r, from->begin),
                        "a sample has %u value%s, expected %u, one a sample type", values,
                        p2a_plural(values), r->type_n);
    if (!put_locations(r, p, &sample))
        return false;
    p->sample[p->sample_n++] = sample;
    return true;
}

static bool read_piece(const void *reader, void *desk, void *piece)
{
    const struct reader *r = reader;
    struct piece *p = piece;
    struct protobuf_field f;
    (void)desk;
    p->sample_n = p->location_n = 0;
    p->own.narrow = r->frames.narrow;
    p->location = p->own;
    if (r->place_n)
        p->location = p2a_frames_from(r->frames, (size_t)(p->messages.at - r->part));
    *p->wrong = '\0';
    while (!*p->wrong && p2a_protobuf_next(&p->messages, &f))
        if (f.number == SAMPLE && !read_sample(r, p, &f))
            return false;
    return true;
}

static void free_piece(const void *reader, void *piece)
{
    struct piece *p = piece;
    (void)reader;
    free(p->sample);
    free(p->row);
    free(p->own.at);
    free(p->value);
}

/* ---- reading: samples, in their order ---- */

/* How many of a sample's locations stay. As pprof does it: nothing is dropped before the first
 * frame that isn't to be. */
static uint32_t kept_of(struct reader *r, struct p2a_stack_frames location, uint32_t n)
{
    bool found = false;
    for (uint32_t i = 0; r->dropping && i < n; i++) {
        const struct location *l = &r->location[p2a_frame_at(location, i)];
        if (!l->drop && !l->drop_below) {
            found = true;
        } else if (found) {
            r->cut = true;
            return l->drop ? i : i + 1;
        }
    }
    return n;
}

/* Room for N more. What comes in one byte mustn't become a thousand: real files have about one
 * frame in two. */
static bool room_for_more(struct reader *r, uint64_t n)
{
    uint64_t most = 16 * (uint64_t)(r->file.end - r->start) + 65536;
    if (r->more_so_far + r->more_n + n > most) {
        p2a_bad_byte(r->in, place(r, r->file.end),
                     "more than %llu frames in its samples, 16 a byte", (unsigned long long)most);
        return false;
    }
    n += r->more_n;
    if (r->place_n + n <= UINT32_MAX && p2a_room_for_frames(&r->more, &r->more_room, n))
        return true;
    return no_memory(r);
}

/* The marked function of samples that have no frames. */
static p2a_id no_stack(struct reader *r)
{
    struct p2a_function f = {.kind = P2A_MARKER};
    if (r->no_stack == P2A_NONE) {
        f.name = p2a_intern(r->p, P2A_LIT("[no stack]"));
        r->no_stack = p2a_function(r->p, &f);
    }
    return r->no_stack;
}

static bool know(struct reader *r, uint32_t location)
{
    struct location *l = &r->location[location];
    return l->resolved || resolve(r, l);
}

/* Puts frames in the place of N locations, from the leaf on, as long as each is one alone; how many
 * are left. */
static uint32_t name_frames(struct reader *r, struct p2a_stack_frames location, uint32_t n)
{
    while (n > 0) {
        uint32_t row = p2a_frame_at(location, n - 1);
        if (frame_alone(r, row) == P2A_NONE && (!know(r, row) || frame_alone(r, row) == P2A_NONE))
            break;
        p2a_set_frame(location, --n, frame_alone(r, row));
    }
    return n;
}

static bool add_frames_of(struct reader *r, uint32_t location)
{
    const struct location *l = &r->location[location];
    if (!room_for_more(r, l->frame_n))
        return false;
    for (uint32_t k = 0; k < l->frame_n; k++)
        p2a_set_frame(r->more, r->more_n++, r->known[l->frame + k]);
    return true;
}

/* The frames of N locations, of which those from NAMED on are frames already, behind all others. */
static bool add_more(struct reader *r, struct p2a_stack_frames location, uint32_t named, uint32_t n,
                     uint32_t *leaf)
{
    for (uint32_t i = named; i-- > 0;)
        if (!know(r, p2a_frame_at(location, i)))
            return false;
    uint32_t kept = kept_of(r, location, named);
    if (kept < named)
        *leaf = kept ? p2a_frame_at(location, kept - 1) : P2A_NONE;
    for (uint32_t i = 0; i < kept; i++)
        if (!add_frames_of(r, p2a_frame_at(location, i)))
            return false;
    if (!room_for_more(r, n - named))
        return false;
    p2a_copy_frames(r->more, r->more_n, location, named, n - named);
    r->more_n += n - named;
    return true;
}

static bool add_no_stack(struct reader *r)
{
    p2a_id marker = no_stack(r);
    if (marker == P2A_NONE || !room_for_more(r, 1))
        return false;
    p2a_set_frame(r->more, r->more_n++, marker);
    return true;
}

/* The frames of a sample, where its locations are if that can be; *leaf is the row of the last
 * one's. */
static bool add_stack(struct reader *r, const struct raw *from, struct p2a_stack_frames location,
                      struct p2a_stack *stack, uint32_t *leaf)
{
    bool in_place = r->place_n && !r->dropping;
    uint32_t n = from->location_n, named = n, more = r->more_n;
    *leaf = from->leaf;
    if (in_place && n) {
        named = from->named ? 0 : name_frames(r, location, n);
        *stack = (struct p2a_stack){.frame = p2a_frame_index(r->frames, location), .frame_n = n};
        if (!named)
            return true;
    }
    if (!add_more(r, location, named, n, leaf) || (r->more_n == more && !add_no_stack(r)))
        return false;
    *stack = (struct p2a_stack){.frame = r->place_n + more, .frame_n = r->more_n - more};
    return true;
}

static bool find_thread(struct reader *r, struct protobuf labels, struct thread *thread, p2a_id *id)
{
    struct protobuf_field f;
    *thread = (struct thread){.name = P2A_LIT("")};
    *id = P2A_NONE;
    while (p2a_protobuf_next(&labels, &f))
        if (f.number == 3 && f.type == PROTOBUF_BYTES && !read_label(r, &f, thread))
            return false;
    if (thread->known)
        *id = p2a_thread(r->p, thread->pid, thread->tid, thread->name);
    return !thread->known || *id != P2A_NONE;
}

static bool add_sample(struct reader *r, const struct raw *from, struct p2a_stack_frames location)
{
    struct p2a_stack stack;
    struct thread thread;
    uint32_t leaf;
    if (!add_stack(r, from, location, &stack, &leaf) ||
        !find_thread(r, from->labels, &thread, &stack.thread))
        return false;
    r->compared |= thread.before;
    r->sample[r->stack_n] = (struct sample){leaf, thread.before};
    r->stack[r->stack_n++] = stack;
    return true;
}

static bool room_for_samples(struct reader *r, uint32_t n)
{
    uint64_t stacks = (uint64_t)r->stack_n + n, values = stacks * r->type_n;
    return (values <= r->value_room ||
            p2a_grow(&r->value, &r->value_room, values, sizeof *r->value)) &&
           p2a_grow(&r->stack, &r->stack_room, stacks, sizeof *r->stack) &&
           p2a_grow(&r->sample, &r->sample_room, stacks, sizeof *r->sample);
}

static bool take_piece(void *reader, void *desk, void *piece)
{
    struct reader *r = reader;
    struct piece *p = piece;
    struct p2a_stack_frames location = p->location;
    p2a_id none;
    (void)desk;
    if (!location.at)
        location.at = &none;
    if (!room_for_samples(r, p->sample_n))
        return no_memory(r);
    if (p->sample_n)
        memcpy(r->value + (size_t)r->stack_n * r->type_n, p->value,
               (size_t)p->sample_n * r->type_n * sizeof *r->value);
    for (uint32_t i = 0; i < p->sample_n; i++) {
        if (!add_sample(r, &p->sample[i], location))
            return false;
        location = p2a_frames_from(location, p->sample[i].location_n);
    }
    if (*p->wrong)
        p2a_bad_byte(r->in, p->wrong_at, "%s", p->wrong);
    return !*p->wrong;
}

static bool cut_piece(void *reader, void *piece)
{
    struct reader *r = reader;
    uint32_t i = r->piece_n;
    if (i == r->part_end)
        return false;
    ((struct piece *)piece)->messages = messages_of(r, i);
    r->piece_n++;
    return true;
}

/* All frames as one array. */
static bool join_frames(struct reader *r)
{
    uint64_t n = (uint64_t)r->place_n + r->more_n;
    if (r->more_n && !p2a_room_for_frames(&r->frames, &r->frame_room, n))
        return no_memory(r);
    p2a_copy_frames(r->frames, r->place_n, r->more, 0, r->more_n);
    r->more_so_far += r->more_n;
    return true;
}

/* Frames are put where threads need not ask for it. What isn't needed of that is never touched. */
static void make_places(struct reader *r, uint64_t bytes)
{
    bool room = bytes < UINT32_MAX / 2 && p2a_room_for_frames(&r->frames, &r->frame_room, bytes);
    r->place_n = room ? (uint32_t)bytes : 0;
}

/* The part from the next piece on. */
static void start_part(struct reader *r)
{
    r->part = border(r, r->piece_n);
    r->part_end = r->piece_n;
    while (r->part_end < r->border_n && border(r, r->part_end) - r->part < PART)
        r->part_end++;
    r->stack_n = r->more_n = 0;
    make_places(r, (uint64_t)(border(r, r->part_end) - r->part));
}

static bool read_part(struct reader *r)
{
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct piece),
                                              .cut = cut_piece,
                                              .make = read_piece,
                                              .take = take_piece,
                                              .free_piece = free_piece};
    start_part(r);
    enum p2a_crew_end end = p2a_crew_run(&work, r, r->part_end - r->piece_n < ENOUGH);
    if (end == P2A_CREW_NO_MEMORY)
        no_memory(r);
    return end == P2A_CREW_DONE && join_frames(r);
}

/* ---- reading: lines -------------------------------------------------------------------------- */

/* Where a sample was running is its last location, whose values are added up until it is known
 * whether a line or an address is known of any of them. */
static bool add_leaf(struct reader *r, uint32_t location)
{
    size_t values = 2 * (size_t)r->type_n; /* as they are, and before */
    if (!p2a_grow(&r->leaf, &r->leaf_room, (uint64_t)r->leaf_n + 1, sizeof *r->leaf) ||
        !p2a_grow(&r->leaf_self, &r->self_room, (uint64_t)r->leaf_n + 1,
                  values * sizeof *r->leaf_self))
        return no_memory(r);
    memset(r->leaf_self + r->leaf_n * values, 0, values * sizeof *r->leaf_self);
    r->location[location].leaf = r->leaf_n;
    r->leaf[r->leaf_n++] = location;
    return true;
}

static bool add_leaves(struct reader *r)
{
    uint32_t types = r->type_n;
    for (uint32_t i = 0; i < r->stack_n; i++) {
        const struct sample *s = &r->sample[i];
        const double *value = r->value + (size_t)i * types;
        if (s->leaf == P2A_NONE)
            continue;
        if (r->location[s->leaf].leaf == P2A_NONE && !add_leaf(r, s->leaf))
            return false;
        double *to = r->leaf_self + (size_t)r->location[s->leaf].leaf * 2 * types;
        for (uint32_t t = 0; t < types; t++)
            to[t + (s->before ? types : 0)] += s->before ? -value[t] : value[t];
    }
    return true;
}

/* Where the last frame of a location was: not known where all that is said is where the function
 * begins, as the writer does it. */
static p2a_id line_of(struct reader *r, const struct location *l)
{
    struct p2a_line line = {.function = r->known[l->frame + l->frame_n - 1], .address = l->address};
    const struct p2a_function *f = &r->p->functions.row[line.function];
    line.file = f->file;
    if (l->line_n && r->line[l->inner].line > 0)
        line.line = (uint64_t)r->line[l->inner].line;
    if (!l->address && (int64_t)line.line == f->line)
        line.line = 0;
    return p2a_line(r->p, &line);
}

static bool add_lines(struct reader *r)
{
    struct p2a_profile *p = r->p;
    for (uint32_t i = 0; i < r->leaf_n; i++) {
        p2a_id line = line_of(r, &r->location[r->leaf[i]]);
        if (line == P2A_NONE)
            return false;
        for (uint32_t c = 0; c < p->columns; c++)
            p->graph.line_self[(size_t)line * p->columns + c] +=
                r->leaf_self[(size_t)i * 2 * r->type_n + c];
    }
    return true;
}

/* What is known of the frames that were running: lines, or addresses, too. */
static unsigned known_places(const struct reader *r)
{
    unsigned known = 0;
    for (uint32_t i = 0; i < r->stack_n && !(known & P2A_ADDRESSES); i++) {
        if (r->sample[i].leaf == P2A_NONE)
            continue;
        const struct location *l = &r->location[r->sample[i].leaf];
        const struct p2a_function *f = &r->p->functions.row[r->known[l->frame + l->frame_n - 1]];
        int64_t line = l->line_n ? r->line[l->inner].line : 0;
        if (l->address)
            known = P2A_LINES | P2A_ADDRESSES;
        else if (line > 0 && line != f->line)
            known = P2A_LINES;
    }
    return known;
}

/* ---- reading: the stacks --------------------------------------------------------------------- */

/* Of stacks with what was before: its values are negative. */
static bool compare_values(struct reader *r)
{
    size_t types = r->type_n;
    double *value = calloc((size_t)r->stack_n * types * 2 + 1, sizeof *value);
    for (size_t i = 0; value && i < r->stack_n; i++)
        for (size_t t = 0; t < types; t++)
            if (r->sample[i].before)
                value[i * 2 * types + types + t] = 0 - r->value[i * types + t];
            else
                value[i * 2 * types + t] = r->value[i * types + t];
    if (!value)
        return no_memory(r);
    free(r->value);
    r->value = value;
    r->value_room = r->stack_n * r->type_n * 2;
    return true;
}

/* All stacks are those of the part. */
static bool take_stacks(struct reader *r)
{
    struct p2a_profile *p = r->p;
    struct p2a_stacks stacks = {
        .n = r->stack_n, .row = r->stack, .frames = r->frames, .self = r->value};
    r->stack = NULL;
    r->frames.at = NULL;
    r->value = NULL;
    bool taken = p2a_stacks_sort(&stacks, p->functions.n, p->columns) || no_memory(r);
    taken = taken && p2a_stacks_take(p, &stacks);
    p2a_stacks_free(&stacks);
    return taken;
}

static bool pile_stacks(struct reader *r)
{
    struct p2a_stacks stacks = {
        .n = r->stack_n, .row = r->stack, .frames = r->frames, .self = r->value};
    r->pile.columns = r->p->columns;
    return p2a_pile_put(&r->pile, &stacks, r->p->functions.n) || no_memory(r);
}

/* From here on there are values before. */
static bool start_comparing(struct reader *r)
{
    p2a_compare_columns(r->p);
    return !r->pile.stacks.n || p2a_pile_compare(&r->pile) || no_memory(r);
}

static bool take_part(struct reader *r)
{
    bool whole = r->part_end == r->border_n && !r->pile.stacks.n;
    r->known_places |= known_places(r);
    if (p2a_wants_lines(r->p) && !add_leaves(r))
        return false;
    if (r->compared && r->p->columns == r->p->metrics.n && !start_comparing(r))
        return false;
    if (r->compared && !compare_values(r))
        return false;
    return whole ? take_stacks(r) : pile_stacks(r);
}

/* Whether functions, of which each line or location without one may make another, and rows of
 * locations have all small numbers. */
static bool is_narrow(const struct reader *r)
{
    uint64_t functions = (uint64_t)r->p->functions.n + r->line_n + r->location_ids.n + 1;
    return functions < NARROW;
}

static bool read_samples(struct reader *r)
{
    r->frames.narrow = r->more.narrow = is_narrow(r);
    do
        if (!read_part(r) || !take_part(r))
            return false;
    while (r->part_end < r->border_n);
    if (!p2a_wants_lines(r->p))
        p2a_leave_out(r->p, r->known_places);
    else if (r->known_places && !add_lines(r))
        return false;
    return !r->pile.stacks.n || p2a_pile_take(&r->pile, r->p);
}

/* ---- reading: the rest ----------------------------------------------------------------------- */

/* What the writer says of stacks that nobody recorded; false: the text is another. */
static bool read_estimate(struct reader *r, struct p2a_str text)
{
    const size_t n = sizeof ESTIMATED - 1;
    double share;
    if (!p2a_str_starts(text, ESTIMATED) ||
        !p2a_str_double((struct p2a_str){text.at + n, text.n - n}, &share) || !(share >= 0) ||
        share > 1)
        return false;
    r->p->estimated |= P2A_CONTEXTS;
    r->p->cycle_share = share;
    p2a_note(r->p, "the stacks in the file are estimated from a call graph");
    return true;
}

static bool read_comment(struct reader *r, uint64_t string, uint64_t at)
{
    struct p2a_taken *taken = &r->p->taken;
    struct p2a_str text;
    r->more_comments = taken->comment_n == P2A_COMMENTS;
    if (r->more_comments)
        return true;
    if (!text_of(r, string, at, &text))
        return false;
    if (!text.n || read_estimate(r, text))
        return true;
    p2a_note(r->p, "comment in the file: %.*s", text.n < 300 ? (int)text.n : 300, text.at);
    return intern(r, string, at, &taken->comment[taken->comment_n++]);
}

static bool read_if_comment(struct reader *r, struct protobuf_field *f)
{
    uint64_t string;
    if (f->number != COMMENT)
        return true;
    if (f->type == PROTOBUF_NUMBER)
        return read_comment(r, f->value, place(r, f->begin));
    while (p2a_protobuf_number(&f->content, &string))
        if (!read_comment(r, string, place(r, f->begin)))
            return false;
    return broken(r, &f->content);
}

static void note_labels(struct reader *r)
{
    char list[200] = "";
    size_t n = 0, others = 0;
    bool sizes = false;
    for (uint32_t i = 0; i < r->string_n; i++) {
        struct p2a_str key = r->string[i];
        sizes |= r->label[i] == LABEL_SIZE;
        if (r->label[i] != LABEL_OTHER)
            continue;
        if (n + key.n + 8 < sizeof list && key.n < 64)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", n ? ", " : "", (int)key.n,
                                  key.at);
        else
            others++;
    }
    if (others)
        p2a_note(r->p, "labels that are no threads are left out: %s and %zu other%s", list, others,
                 p2a_plural(others));
    else if (n)
        p2a_note(r->p, "labels that are no threads are left out: %s", list);
    if (sizes)
        p2a_note(r->p, "the sizes of single objects, label bytes, are left out");
}

/* Lines are kept of frames that were running. */
static bool has_places(const struct reader *r)
{
    for (uint32_t i = 0; i < r->location_ids.n; i++) {
        const struct location *l = &r->location[i];
        if (l->address || l->line_n > 1 || (l->line_n && r->line[l->line].line > 0))
            return true;
    }
    return false;
}

static void add_notes(struct reader *r)
{
    note_labels(r);
    if (p2a_wants_lines(r->p) && has_places(r))
        p2a_note(r->p, "lines and addresses of functions while they call others aren't kept");
    if (r->cut)
        p2a_note(r->p,
                 "frames that the file names to be dropped were left out, with what is below");
    if (r->no_stack != P2A_NONE)
        p2a_note(r->p, "some samples have no stack: they are below [no stack]");
    if (r->more_comments)
        p2a_note(r->p, "of the comments in the file all but %d are left out", P2A_COMMENTS);
}

/* Nothing else goes by it: where its words aren't in the file it isn't known. */
static bool name_period(struct reader *r)
{
    struct p2a_taken *taken = &r->p->taken;
    if (r->period_name >= r->string_n || r->period_unit >= r->string_n)
        return true;
    return intern(r, r->period_name, 0, &taken->period_name) &&
           intern(r, r->period_unit, 0, &taken->period_unit);
}

/* The first mapping is that of the program itself. */
static bool name_program(struct reader *r)
{
    uint64_t file = r->mapping_ids.n ? r->mapping[0].file : 0;
    return file >= r->string_n || intern(r, file, 0, &r->p->taken.program);
}

static bool read_all(struct reader *r)
{
    if (!count_fields(r) || !make_tables(r) || !collect_tables(r) || !make_metrics(r) ||
        (r->drop && !find_dropped(r)) || !read_samples(r) || !name_period(r) || !name_program(r) ||
        (r->count[COMMENT] && !for_tables(r, read_if_comment)))
        return false;
    add_notes(r);
    return true;
}

static enum p2a_status read_pprof(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .no_stack = P2A_NONE};
    struct p2a_str bytes;
    if (!p2a_all(in, &bytes))
        return p2a_in_status(in);
    r.file = p2a_protobuf(bytes);
    r.start = r.file.at;
    read_all(&r);
    end_reader(&r);
    return p2a_in_status(in);
}

/* ---- writing: strings, functions, mappings, locations ---------------------------------------- */

/* The function `first`; or n of them, from chained[first] on, what was inlined first. At a place.
 */
struct location_out {
    uint32_t first, n;
    p2a_id row; /* of the graph's lines, or P2A_NONE */
};

/* Rounds a column so that the sum of what is rounded is the rounded sum. */
struct rounding {
    double factor, carry;
    bool any, cut; /* a number that isn't 0; one that was too large or too small */
};

/* How much of a function's line, in one column, is still to be dealt. */
struct dealing {
    uint32_t row; /* in rows; the function's current one */
    bool begun, looked;
    int64_t left;
    struct rounding rounding;
};

struct segment {
    p2a_id row;
    uint32_t column;
    int64_t amount;
};

struct writer {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_paths paths;
    uint32_t row;                 /* of paths: the next one */
    struct p2a_stack_frames path; /* of the row being written: functions, root first */
    uint32_t path_n;
    p2a_id thread;  /* its own */
    uint32_t kept;  /* frames of the path that the batch's last sample has, as locations alone */
    p2a_id *open;   /* contexts of that path, … */
    p2a_id *opened; /* … their functions */
    uint32_t open_n, open_room, opened_room;
    const bool *inner;               /* where all is zero: rows that get no sample */
    struct p2a_buffer bytes, part;   /* what goes round samples; a message */
    struct p2a_buffer message, line; /* of a location */
    struct p2a_buffer strings, mappings, locations, functions; /* encoded, for the end */
    struct p2a_buffer clean;
    uint32_t string_n, mapping_n, location_n, function_n;
    uint32_t *string_of, *mapping_of;                  /* by the profile's strings; 0: none yet */
    uint32_t *function_of, *location_of, *location_at; /* by function; by row of the lines */
    struct location_out *location; /* by number - 1; encoded when all are known */
    struct p2a_index chain_of;     /* those with several functions */
    uint32_t *chained;
    uint32_t location_room, chained_n, chained_room;
    struct rounding *rounding; /* by column */
    int64_t *value;            /* of the row being written, by column */
    uint32_t label_pid, label_tid, label_thread, label_base, label_true;
    uint32_t *row_first, *rows; /* the lines of function f: rows[row_first[f]] … */
    struct dealing *dealing;    /* [function * columns + column] */
    struct segment *segment;
    uint32_t segment_n, segment_room;
    bool inlined; /* whether any function is */
    bool no_memory, any, dealt;
    bool elsewhere; /* whether any row is of another file than its function's */
};

static void *room_for(struct writer *w, size_t n, size_t size)
{
    void *rows = calloc(n + 1, size);
    w->no_memory |= !rows;
    return rows;
}

static bool out_of_memory(struct writer *w)
{
    w->no_memory = true;
    return false;
}

/* Text as UTF-8 without fault: each byte that isn't becomes U+FFFD. */
static struct p2a_str clean_text(struct writer *w, struct p2a_str text)
{
    struct p2a_str rest = text;
    bool clean = true;
    while (rest.n && clean) {
        const char *at = rest.at;
        clean = p2a_utf8_next(&rest) != 0xfffd || (unsigned char)*at == 0xef;
    }
    if (clean)
        return text;
    w->clean.n = 0;
    for (rest = text; rest.n;) {
        const char *at = rest.at;
        if (p2a_utf8_next(&rest) == 0xfffd)
            p2a_buffer_add(&w->clean, "\xef\xbf\xbd", 3);
        else
            p2a_buffer_add(&w->clean, at, (size_t)(rest.at - at));
    }
    w->no_memory |= w->clean.failed;
    return (struct p2a_str){w->clean.at, w->clean.n};
}

static uint32_t add_string(struct writer *w, struct p2a_str text)
{
    p2a_protobuf_put_bytes(&w->strings, STRING, clean_text(w, text));
    return w->string_n++;
}

/* The number of one of the profile's strings. */
static uint32_t string_of(struct writer *w, p2a_id string)
{
    if (string == 0 || string >= w->p->strings.n)
        return 0;
    if (!w->string_of[string])
        w->string_of[string] = add_string(w, w->p->strings.row[string]);
    return w->string_of[string];
}

static void put_message(struct p2a_buffer *to, uint32_t field, const struct p2a_buffer *message)
{
    p2a_protobuf_put_bytes(to, field, (struct p2a_str){message->at, message->n});
}

/* The name, with the mark of a kind that has one; the plain name where the qualified one is shown.
 * Else none: one that is the name's twin makes pprof take templates off C++ names. */
static uint32_t system_name(struct writer *w, const struct p2a_function *f)
{
    struct p2a_str name = p2a_string(w->p, f->qualname ? f->qualname : f->name);
    size_t i = 0;
    while (i < MARKS && marks[i].kind != f->kind)
        i++;
    if (i == MARKS)
        return f->qualname == f->name || !f->qualname ? 0 : string_of(w, f->name);
    struct p2a_buffer marked = {0};
    uint32_t string = 0;
    if (p2a_buffer_add(&marked, name.at, name.n) && p2a_buffer_add(&marked, marks[i].text, MARK))
        string = add_string(w, (struct p2a_str){marked.at, marked.n});
    else
        w->no_memory = true;
    p2a_buffer_free(&marked);
    return string;
}

static uint32_t function_of(struct writer *w, p2a_id function)
{
    const struct p2a_function *f = &w->p->functions.row[function];
    if (w->function_of[function])
        return w->function_of[function];
    w->function_of[function] = ++w->function_n;
    w->part.n = 0;
    p2a_protobuf_put_number(&w->part, 1, w->function_n);
    p2a_protobuf_put_some(&w->part, 2, string_of(w, f->qualname ? f->qualname : f->name));
    p2a_protobuf_put_some(&w->part, 3, system_name(w, f));
    p2a_protobuf_put_some(&w->part, 4, string_of(w, f->file));
    p2a_protobuf_put_some(&w->part, 5, (uint64_t)f->line);
    put_message(&w->functions, FUNCTION, &w->part);
    return w->function_n;
}

/* The mapping says that it has symbols, so that pprof looks for none; its addresses aren't known.
 */
static uint32_t mapping_of(struct writer *w, p2a_id module)
{
    if (module == 0 || w->mapping_of[module])
        return w->mapping_of[module];
    w->mapping_of[module] = ++w->mapping_n;
    w->part.n = 0;
    p2a_protobuf_put_number(&w->part, 1, w->mapping_n);
    p2a_protobuf_put_number(&w->part, 5, string_of(w, module));
    for (uint32_t has = 7; has <= 10; has++)
        p2a_protobuf_put_number(&w->part, has, 1);
    put_message(&w->mappings, MAPPING, &w->part);
    return w->mapping_n;
}

/* The line that FUNCTION was at: the row's, where it is in the function's file; else where the
 * function begins, unless an address says more. */
static uint64_t line_in(const struct writer *w, p2a_id function, const struct p2a_line *row)
{
    const struct p2a_function *f = &w->p->functions.row[function];
    if (row && row->line && (!row->file || row->file == f->file))
        return row->line;
    return (row && row->address) || f->line < 0 ? 0 : (uint64_t)f->line;
}

/* The number of a location that is new. */
static uint32_t new_location(struct writer *w, uint32_t first, uint32_t n, p2a_id row)
{
    if (!p2a_grow(&w->location, &w->location_room, (uint64_t)w->location_n + 1,
                  sizeof *w->location)) {
        out_of_memory(w);
        return 0;
    }
    w->location[w->location_n] = (struct location_out){first, n, row};
    return ++w->location_n;
}

static void put_location(struct writer *w, uint32_t number)
{
    const struct location_out *l = &w->location[number - 1];
    const struct p2a_line *place = l->row == P2A_NONE ? NULL : &w->p->graph.line[l->row];
    const uint32_t *function = l->n == 1 ? &l->first : w->chained + l->first;
    if (place && place->line && place->file)
        w->elsewhere |= place->file != w->p->functions.row[function[0]].file;
    w->message.n = 0;
    p2a_protobuf_put_number(&w->message, 1, number);
    p2a_protobuf_put_some(&w->message, 2, mapping_of(w, w->p->functions.row[function[0]].module));
    p2a_protobuf_put_some(&w->message, 3, place ? place->address : 0);
    for (uint32_t i = 0; i < l->n; i++) {
        w->line.n = 0;
        p2a_protobuf_put_number(&w->line, 1, function_of(w, function[i]));
        p2a_protobuf_put_some(&w->line, 2, line_in(w, function[i], i ? NULL : place));
        put_message(&w->message, 4, &w->line);
    }
    put_message(&w->locations, LOCATION, &w->message);
}

static bool same_chain(const void *writer, uint32_t id, const void *key)
{
    const struct writer *w = writer;
    const struct location_out *row = &w->location[id], *l = key;
    return row->n == l->n && row->row == l->row &&
           memcmp(w->chained + row->first, w->chained + l->first, l->n * sizeof *w->chained) == 0;
}

/* The location of what stands from chained[first] on; takes it off again where it is known. */
static uint32_t chain_location(struct writer *w, uint32_t first, p2a_id row)
{
    struct location_out key = {first, w->chained_n - first, row};
    uint64_t hash = p2a_hash(w->chained + first, key.n * sizeof *w->chained) ^ row;
    uint32_t known = p2a_index_find(&w->chain_of, hash, same_chain, w, &key);
    if (known != P2A_INDEX_NONE) {
        w->chained_n = first;
        return known + 1;
    }
    uint32_t number = new_location(w, first, key.n, row);
    if (number && !p2a_index_add(&w->chain_of, hash, number - 1))
        out_of_memory(w);
    return number;
}

/* Whether the last of N frames of the path is inlined in the one that called it. */
static bool inlined_in(const struct writer *w, uint32_t n)
{
    if (!w->inlined || n < 2)
        return false;
    const struct p2a_function *function = w->p->functions.row,
                              *f = &function[p2a_frame_at(w->path, n - 1)];
    return f->kind == P2A_INLINED && function[p2a_frame_at(w->path, n - 2)].module == f->module;
}

/* The location of the last of *N frames of the path, which it is taken off. */
static uint32_t location_of(struct writer *w, uint32_t *n, p2a_id row)
{
    p2a_id function = p2a_frame_at(w->path, *n - 1);
    if (!inlined_in(w, *n)) {
        uint32_t *id = row == P2A_NONE ? &w->location_of[function] : &w->location_at[row];
        --*n;
        if (!*id)
            *id = new_location(w, function, 1, row);
        return *id;
    }
    uint32_t first = w->chained_n;
    for (bool more = true; more;) {
        more = inlined_in(w, *n) && w->chained_n - first + 1 < MOST_INLINED;
        if (!p2a_grow(&w->chained, &w->chained_room, (uint64_t)w->chained_n + 1,
                      sizeof *w->chained)) {
            out_of_memory(w);
            return 0;
        }
        w->chained[w->chained_n++] = p2a_frame_at(w->path, --*n);
    }
    return chain_location(w, first, row);
}

/* ---- writing: samples ------------------------------------------------------------------------ */

/* Samples go out in batches. When one is cut, in order, its samples get their locations, labels and
 * values; then any thread encodes it. A sample's locations stand leaf first, and behind its own
 * are the last ones of the sample before, whose bytes are copied:
 *
 *   main load read parse    4 3 2 1        own 4 3 2 1
 *   main load save          5 2 1          own 5, kept 2 1   */
struct sample_out {
    uint32_t own, kept;      /* locations */
    uint32_t label, label_n; /* bytes of the batch's labels */
};

struct batch {
    struct sample_out *sample;
    uint32_t *location; /* own ones of all samples */
    uint64_t *value;    /* [sample * metrics + metric] */
    struct p2a_buffer labels, part;
    uint32_t sample_n, sample_room, location_n, location_room, value_room;
    uint32_t deepest; /* most locations that a sample has */
    size_t size;      /* as large as its bytes will be, more or less */
    p2a_id thread;    /* of the last sample */
    bool before;
    /* Encoded: */
    uint32_t sample_done, location_done;
    unsigned char *list;  /* the last sample's locations, at its end */
    size_t *length;       /* that the k last locations have there */
    unsigned char *bytes; /* of samples */
    size_t byte_n;
    uint32_t list_room, length_room, bytes_room; /* in numbers */
};

static void put_label(struct batch *b, uint32_t key, uint64_t text, uint64_t number)
{
    b->part.n = 0;
    p2a_protobuf_put_number(&b->part, 1, key);
    p2a_protobuf_put_some(&b->part, 2, text);
    p2a_protobuf_put_some(&b->part, 3, number);
    put_message(&b->labels, 3, &b->part);
}

/* The number of a label's key, which gets one when it is first used. */
static uint32_t key_named(struct writer *w, uint32_t *key, const char *name)
{
    if (!*key)
        *key = add_string(w, p2a_str_of(name));
    return *key;
}

static void put_labels(struct writer *w, struct batch *b, p2a_id thread, bool before)
{
    if (thread != P2A_NONE) {
        const struct p2a_thread *t = &w->p->threads.row[thread];
        if (t->pid)
            put_label(b, key_named(w, &w->label_pid, "pid"), 0, t->pid);
        if (t->tid)
            put_label(b, key_named(w, &w->label_tid, "tid"), 0, t->tid);
        uint32_t name = string_of(w, t->name);
        if (name)
            put_label(b, key_named(w, &w->label_thread, "thread"), name, 0);
    }
    uint32_t text = before ? key_named(w, &w->label_true, "true") : 0;
    if (before)
        put_label(b, key_named(w, &w->label_base, BASE_LABEL), text, 0);
    w->no_memory |= b->labels.failed || b->part.failed;
}

/* Those of the sample before are the next one's, too, as long as they say the same. */
static void add_labels(struct writer *w, struct batch *b, struct sample_out *sample, bool before)
{
    bool same = b->sample_n && b->thread == w->thread && b->before == before;
    sample->label = same ? sample[-1].label : (uint32_t)b->labels.n;
    if (!same)
        put_labels(w, b, w->thread, before);
    sample->label_n = (uint32_t)b->labels.n - sample->label;
    b->thread = w->thread;
    b->before = before;
}

/* With the main metric last; what was before is negative. */
static void add_values(const struct writer *w, struct batch *b, bool before)
{
    uint32_t metrics = w->p->metrics.n;
    const int64_t *value = w->value + (before ? metrics : 0);
    uint64_t *to = b->value + (size_t)b->sample_n * metrics;
    for (uint32_t m = 1; m <= metrics; m++) {
        uint64_t v = (uint64_t)value[m % metrics];
        *to++ = before ? 0 - v : v;
    }
}

/* Locations, as far as they are known, of frames alone: from the last of N down to KEPT. Returns
 * how many frames are left. */
static uint32_t add_known(const struct writer *w, uint32_t n, uint32_t kept, uint32_t **to)
{
    const uint32_t *location_of = w->location_of;
    struct p2a_stack_frames path = w->path;
    uint32_t *at = *to, id;
    while (n > kept && (id = location_of[p2a_frame_at(path, n - 1)])) {
        *at++ = id;
        n--;
    }
    *to = at;
    return n;
}

/* Locations of the path from the leaf on, as far as it has parted from the last sample's. */
static void add_locations(struct writer *w, struct batch *b, struct sample_out *sample, p2a_id row)
{
    uint32_t plain = w->path_n - (row != P2A_NONE), n = w->path_n;
    uint32_t *begin = b->location + b->location_n, *to = begin;
    sample->kept = w->kept < plain ? w->kept : plain;
    for (; n > sample->kept && !w->no_memory; row = P2A_NONE) {
        *to++ = location_of(w, &n, row);
        if (!w->inlined)
            n = add_known(w, n, sample->kept, &to);
    }
    w->kept = w->inlined ? 0 : plain;
    sample->own = (uint32_t)(to - begin);
    b->location_n += sample->own;
}

/* A sample of the path, whose leaf is at ROW, with w->value. */
static bool put_sample(struct writer *w, struct batch *b, p2a_id row, bool before)
{
    uint64_t samples = (uint64_t)b->sample_n + 1;
    if (!p2a_grow(&b->sample, &b->sample_room, samples, sizeof *b->sample) ||
        !p2a_grow(&b->value, &b->value_room, samples * w->p->metrics.n, sizeof *b->value) ||
        !p2a_grow(&b->location, &b->location_room, (uint64_t)b->location_n + w->path_n,
                  sizeof *b->location))
        return out_of_memory(w);
    struct sample_out *sample = &b->sample[b->sample_n];
    add_locations(w, b, sample, row);
    add_labels(w, b, sample, before);
    add_values(w, b, before);
    b->sample_n++;
    if (sample->own + sample->kept > b->deepest)
        b->deepest = sample->own + sample->kept;
    b->size += 2 * ((size_t)sample->own + sample->kept + w->p->metrics.n) + sample->label_n;
    w->any = true;
    return !w->no_memory;
}

/* ---- writing: samples, on any thread ---- */

enum { LONGEST = 10 }; /* of a number's bytes */

/* Room for BATCH bytes and one sample more. */
static bool room_for_bytes(struct batch *b, uint32_t metrics)
{
    enum { HEADS = 4 };
    uint64_t most = b->deepest + (uint64_t)metrics + b->labels.n / LONGEST + 1 + 2 * HEADS;
    return p2a_grow(&b->length, &b->length_room, (uint64_t)b->deepest + 1, sizeof *b->length) &&
           p2a_grow(&b->list, &b->list_room, (uint64_t)b->deepest + 1, LONGEST) &&
           p2a_grow(&b->bytes, &b->bytes_room, BATCH / LONGEST + 1 + most, LONGEST);
}

/* Makes the list that of the sample; it is so many bytes, up to END. */
static size_t encode_locations(struct batch *b, const struct sample_out *sample, unsigned char *end)
{
    size_t *length = b->length + sample->kept;
    const uint32_t *location = b->location + b->location_done;
    unsigned char *at = end - *length;
    for (uint32_t i = sample->own; i-- > 0;) {
        at = p2a_protobuf_before(at, location[i]);
        *++length = (size_t)(end - at);
    }
    b->location_done += sample->own;
    return *length;
}

static unsigned char *put_head(unsigned char *at, uint32_t field, uint64_t n)
{
    return p2a_protobuf_at(p2a_protobuf_at(at, field << 3 | PROTOBUF_BYTES), n);
}

static void encode_sample(struct batch *b, const struct sample_out *sample, const uint64_t *value,
                          uint32_t metrics)
{
    unsigned char *end = b->list + (size_t)b->list_room * LONGEST, *at = b->bytes + b->byte_n;
    size_t list_n = encode_locations(b, sample, end), value_n = 0;
    for (uint32_t m = 0; m < metrics; m++)
        value_n += p2a_protobuf_size(value[m]);
    at = put_head(at, SAMPLE,
                  1 + p2a_protobuf_size(list_n) + list_n + 1 + p2a_protobuf_size(value_n) +
                      value_n + sample->label_n);
    at = put_head(at, 1, list_n);
    memcpy(at, end - list_n, list_n);
    at = put_head(at + list_n, 2, value_n);
    for (uint32_t m = 0; m < metrics; m++)
        at = p2a_protobuf_at(at, value[m]);
    if (sample->label_n)
        memcpy(at, b->labels.at + sample->label, sample->label_n);
    b->byte_n = (size_t)(at + sample->label_n - b->bytes);
}

/* The next BATCH bytes; all there are in most cases. */
static void encode_some(struct batch *b, uint32_t metrics)
{
    b->byte_n = 0;
    for (; b->sample_done < b->sample_n && b->byte_n < BATCH; b->sample_done++)
        encode_sample(b, &b->sample[b->sample_done], b->value + (size_t)b->sample_done * metrics,
                      metrics);
}

static bool encode_batch(const void *writer, void *desk, void *piece)
{
    const struct writer *w = writer;
    struct batch *b = piece;
    (void)desk;
    if (!room_for_bytes(b, w->p->metrics.n))
        return false;
    b->length[0] = 0;
    encode_some(b, w->p->metrics.n);
    return true;
}

static void free_batch(const void *writer, void *piece)
{
    struct batch *b = piece;
    (void)writer;
    free(b->sample);
    free(b->location);
    free(b->value);
    free(b->list);
    free(b->length);
    free(b->bytes);
    p2a_buffer_free(&b->labels);
    p2a_buffer_free(&b->part);
}

/* ---- writing: paths ---- */

/* Closes what isn't on the path of CONTEXT; returns how many of that aren't open. */
static uint32_t close_others(struct writer *w, p2a_id context)
{
    uint32_t n = 0;
    for (p2a_id c = context; c != P2A_NONE; c = w->p->contexts.row[c].parent, n++) {
        while (w->open_n && w->open[w->open_n - 1] > c) /* a parent stands before what it calls */
            w->open_n--;
        if (w->open_n && w->open[w->open_n - 1] == c)
            return n;
    }
    w->open_n = 0;
    return n;
}

static bool go_to_context(struct writer *w, p2a_id context)
{
    const struct p2a_context *row = w->p->contexts.row;
    uint32_t n = close_others(w, context);
    if (w->open_n < w->kept)
        w->kept = w->open_n;
    w->open_n += n;
    if (!p2a_grow(&w->open, &w->open_room, w->open_n, sizeof *w->open) ||
        !p2a_grow(&w->opened, &w->opened_room, w->open_n, sizeof *w->opened))
        return out_of_memory(w);
    p2a_id c = context;
    for (uint32_t i = w->open_n; n > 0; n--, c = row[c].parent) {
        w->open[--i] = c;
        w->opened[i] = row[c].function;
    }
    w->thread = row[context].thread;
    w->path = (struct p2a_stack_frames){.at = w->opened};
    w->path_n = w->open_n;
    return true;
}

/* Makes the path that of ROW. */
static bool go_to(struct writer *w, uint32_t row)
{
    const struct p2a_stacks *stacks = w->paths.stacks;
    if (!stacks)
        return go_to_context(w, row);
    w->thread = stacks->row[row].thread;
    w->path = p2a_frames_from(stacks->frames, stacks->row[row].frame);
    w->path_n = stacks->row[row].frame_n;
    return true;
}

/* ---- writing: values ---- */

static int64_t whole_number(double value)
{
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

/* What isn't finite counts as 0. */
static int64_t round_value(struct rounding *r, double value)
{
    double v = value * r->factor, low = floor(v);
    if (!isfinite(v))
        return 0;
    r->carry += v - low;
    if (r->carry >= 0.5) {
        r->carry -= 1;
        low += 1;
    }
    r->any |= low != 0;
    r->cut |= low >= 0x1p63 || low < -0x1p63;
    return whole_number(low);
}

/* ---- writing: lines, dealt out --------------------------------------------------------------- */

/* The rows of a function are lines whose costs are known; so are the costs of its stacks. They are
 * dealt in order, row after row to stack after stack, each metric by itself:
 *
 *     lines    | 12: 40        | 15: 60                      |        stacks   a: 70   b: 30
 *     samples  | a at 12: 40   | a at 15: 30  | b at 15: 30  |                                   */
static bool group_lines(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    size_t n = w->p->functions.n;
    w->row_first = room_for(w, n + 1, sizeof *w->row_first);
    w->rows = room_for(w, g->line_n, sizeof *w->rows);
    w->dealing = room_for(w, g->line_n ? n * w->p->columns : 0, sizeof *w->dealing);
    if (w->no_memory)
        return false;
    for (uint32_t i = 0; i < g->line_n; i++)
        w->row_first[g->line[i].function + 1]++;
    for (size_t f = 0; f < n; f++)
        w->row_first[f + 1] += w->row_first[f];
    for (uint32_t i = g->line_n; i-- > 0;)
        w->rows[--w->row_first[g->line[i].function + 1]] = i;
    for (size_t f = 0; f < n; f++) /* each stands where the next one's begin was */
        w->row_first[f] = w->row_first[f + 1];
    w->row_first[n] = g->line_n;
    return true;
}

static bool add_segment(struct writer *w, p2a_id row, uint32_t column, int64_t amount)
{
    if (!p2a_grow(&w->segment, &w->segment_room, (uint64_t)w->segment_n + 1, sizeof *w->segment))
        return out_of_memory(w);
    uint32_t i = w->segment_n++;
    for (; i > 0 && w->segment[i - 1].row > row; i--)
        w->segment[i] = w->segment[i - 1];
    w->segment[i] = (struct segment){row, column, amount};
    return true;
}

/* Goes on to the function's next row; the last one takes all that is left over. */
static void next_row(struct writer *w, struct dealing *d, uint32_t begin, uint32_t end,
                     uint32_t column)
{
    d->row = d->begun ? d->row + 1 : begin;
    if (!d->begun)
        d->rounding.factor = w->rounding[column].factor;
    d->begun = true;
    size_t row = w->rows[d->row];
    d->left = d->row + 1 == end
                  ? INT64_MAX
                  : round_value(&d->rounding, w->p->graph.line_self[row * w->p->columns + column]);
}

/* What is negative is added; no more is left than a number can be, and no less. */
static int64_t take_off(int64_t left, int64_t part)
{
    if (part > 0 && left < INT64_MIN + part)
        return INT64_MIN;
    return part < 0 && left > INT64_MAX + part ? INT64_MAX : left - part;
}

/* Asked once of each function and column. */
static bool any_below_zero(const struct writer *w, struct dealing *d, uint32_t begin, uint32_t end,
                           uint32_t column)
{
    if (d->looked)
        return false;
    d->looked = true;
    for (uint32_t i = begin; i < end; i++)
        if (w->p->graph.line_self[(size_t)w->rows[i] * w->p->columns + column] < 0)
            return true;
    return false;
}

/* A row below zero can't be filled up: the first stack has all rows but the last, which makes up
 * for what that is too much. */
static bool deal_all(struct writer *w, struct dealing *d, uint32_t begin, uint32_t end,
                     uint32_t column, int64_t *amount)
{
    for (next_row(w, d, begin, end, column); d->row + 1 < end; next_row(w, d, begin, end, column)) {
        *amount = take_off(*amount, d->left);
        if (d->left && !add_segment(w, w->rows[d->row], column, d->left))
            return false;
    }
    return true;
}

static bool deal_column(struct writer *w, p2a_id function, uint32_t column)
{
    struct dealing *d = &w->dealing[(size_t)function * w->p->columns + column];
    uint32_t begin = w->row_first[function], end = w->row_first[function + 1];
    int64_t amount = w->value[column];
    if (any_below_zero(w, d, begin, end, column) && !deal_all(w, d, begin, end, column, &amount))
        return false;
    while (amount != 0) {
        while (!d->begun || (d->left <= 0 && d->row + 1 < end))
            next_row(w, d, begin, end, column);
        int64_t part = amount < d->left || d->row + 1 == end ? amount : d->left;
        if (d->row + 1 < end)
            d->left = take_off(d->left, part);
        amount -= part;
        if (!add_segment(w, w->rows[d->row], column, part))
            return false;
    }
    return true;
}

/* Samples of the path at the rows its leaf's lines are dealt from; for one set of columns. */
static bool deal(struct writer *w, struct batch *b, bool before)
{
    uint32_t metrics = w->p->metrics.n, from = before ? metrics : 0;
    w->segment_n = 0;
    for (uint32_t c = from; c < from + metrics; c++)
        if (!deal_column(w, p2a_frame_at(w->path, w->path_n - 1), c))
            return false;
    for (uint32_t i = 0; i < w->segment_n;) {
        p2a_id row = w->segment[i].row;
        memset(w->value + from, 0, metrics * sizeof *w->value);
        for (; i < w->segment_n && w->segment[i].row == row; i++)
            w->value[w->segment[i].column] += w->segment[i].amount;
        if (!put_sample(w, b, row, before))
            return false;
    }
    w->dealt = true;
    return true;
}

/* ---- writing: all of it ---------------------------------------------------------------------- */

static bool any_value(const struct writer *w, uint32_t from)
{
    for (uint32_t m = 0; m < w->p->metrics.n; m++)
        if (w->value[from + m])
            return true;
    return false;
}

static bool all_zero(const double *value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (value[i] != 0)
            return false;
    return true;
}

/* The samples of the path. */
static bool put_path(struct writer *w, struct batch *b)
{
    uint32_t columns = w->p->columns, metrics = w->p->metrics.n;
    p2a_id function = p2a_frame_at(w->path, w->path_n - 1);
    uint32_t rows = w->row_first ? w->row_first[function + 1] - w->row_first[function] : 0;
    p2a_id row = rows ? w->rows[w->row_first[function]] : P2A_NONE;
    for (uint32_t set = 0; set < columns; set += metrics)
        if (any_value(w, set) && !(rows > 1 ? deal(w, b, set > 0) : put_sample(w, b, row, set > 0)))
            return false;
    return true;
}

/* Asks for what paths of the rows to come are made of. */
static void look_ahead(const struct writer *w, uint32_t row)
{
    enum { STACKS = 4, CONTEXTS = 64 };
    if (w->paths.stacks)
        p2a_own_frames_ahead(w->paths.stacks, row + STACKS);
    else if (row + CONTEXTS < w->paths.n)
        p2a_fetch(w->p->contexts.row + row + CONTEXTS);
}

static bool add_row(struct writer *w, struct batch *b, uint32_t row)
{
    uint32_t columns = w->p->columns;
    const double *self = w->paths.self + (size_t)row * columns;
    const struct p2a_stacks *stacks = w->paths.stacks;
    look_ahead(w, row);
    if (stacks && stacks->row[row].shared < w->kept)
        w->kept = stacks->row[row].shared;
    if (w->inner)
        return w->inner[row] || (go_to(w, row) && put_sample(w, b, P2A_NONE, false));
    if (all_zero(self, columns))
        return true;
    for (uint32_t c = 0; c < columns; c++)
        w->value[c] = round_value(&w->rounding[c], self[c]);
    return go_to(w, row) && put_path(w, b);
}

static void flush(struct writer *w)
{
    w->no_memory |= w->bytes.failed || w->part.failed;
    p2a_put(w->out, w->bytes.at, w->bytes.n);
    w->bytes.n = 0;
}

/* ---- writing: batches ---- */

static bool cut_batch(void *writer, void *piece)
{
    struct writer *w = writer;
    struct batch *b = piece;
    b->sample_n = b->location_n = b->deepest = b->sample_done = b->location_done = 0;
    b->labels.n = b->size = 0;
    w->kept = 0;
    while (w->row < w->paths.n && b->size < BATCH && !w->no_memory)
        add_row(w, b, w->row++);
    return b->sample_n && !w->no_memory;
}

static bool put_batch(void *writer, void *desk, void *piece)
{
    struct writer *w = writer;
    struct batch *b = piece;
    (void)desk;
    for (; b->byte_n && p2a_out_status(w->out) == P2A_OK; encode_some(b, w->p->metrics.n))
        p2a_put(w->out, b->bytes, b->byte_n);
    return p2a_out_status(w->out) == P2A_OK;
}

static bool put_samples(struct writer *w)
{
    enum { FEW = 1 << 12 };
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct batch),
                                              .cut = cut_batch,
                                              .make = encode_batch,
                                              .take = put_batch,
                                              .free_piece = free_batch};
    w->row = 0;
    w->no_memory |= p2a_crew_run(&work, w, w->paths.n < FEW) == P2A_CREW_NO_MEMORY;
    return !w->no_memory && p2a_out_status(w->out) == P2A_OK;
}

/* Marks the rows whose paths others go on from. */
static void mark_inner(const struct writer *w, bool *inner)
{
    const struct p2a_stacks *s = w->paths.stacks;
    for (uint32_t i = 0; i < w->p->contexts.n; i++)
        if (w->p->contexts.row[i].parent != P2A_NONE)
            inner[w->p->contexts.row[i].parent] = true;
    for (uint32_t i = 1; s && i < s->n; i++)
        inner[i - 1] = s->row[i].shared == s->row[i - 1].frame_n;
}

/* Where all is zero: the stacks that go on nowhere, so that there is something to see. */
static bool put_zeros(struct writer *w)
{
    bool *inner = room_for(w, w->paths.n, sizeof *inner);
    memset(w->value, 0, w->p->columns * sizeof *w->value);
    if (inner)
        mark_inner(w, inner);
    w->inner = inner;
    bool done = inner && put_samples(w);
    w->inner = NULL;
    free(inner);
    return done;
}

/* A whole number where it is one but for rounding: 1e-9 * 1e9. */
static double factor_of(const struct p2a_profile *p, const struct p2a_metric *metric)
{
    bool seconds = p2a_str_is(p2a_string(p, metric->unit), "seconds");
    double factor = metric->scale * (seconds ? 1e9 : 1), near = round(factor);
    return near > 0 && fabs(factor - near) < 1e-9 * near ? near : factor;
}

/* TYPE and UNIT are strings of the file. */
static void put_value_type(struct writer *w, uint32_t field, uint32_t type, uint32_t unit)
{
    w->part.n = 0;
    p2a_protobuf_put_some(&w->part, 1, type);
    p2a_protobuf_put_some(&w->part, 2, unit);
    put_message(&w->bytes, field, &w->part);
}

static void put_metric(struct writer *w, uint32_t field, uint32_t metric)
{
    const struct p2a_metric *m = &w->p->metrics.row[metric];
    bool seconds = p2a_str_is(p2a_string(w->p, m->unit), "seconds");
    uint32_t type = string_of(w, m->name);
    put_value_type(w, field, type,
                   seconds ? add_string(w, P2A_LIT("nanoseconds")) : string_of(w, m->unit));
}

/* pprof wants a type of period, known or not. */
static void put_taken(struct writer *w)
{
    const struct p2a_taken *taken = &w->p->taken;
    uint32_t type = string_of(w, taken->period_name);
    if (type)
        put_value_type(w, PERIOD_TYPE, type, string_of(w, taken->period_unit));
    else if (w->p->metrics.n)
        put_metric(w, PERIOD_TYPE, 0);
    p2a_protobuf_put_some(&w->bytes, PERIOD, type ? (uint64_t)taken->period : 0);
    p2a_protobuf_put_some(&w->bytes, TIME, (uint64_t)taken->start);
    p2a_protobuf_put_some(&w->bytes, DURATION, (uint64_t)taken->duration);
}

/* A profile without metrics is one of no samples. */
static void put_types(struct writer *w)
{
    uint32_t metrics = w->p->metrics.n;
    for (uint32_t m = 1; m <= metrics; m++)
        put_metric(w, SAMPLE_TYPE, m % metrics);
    if (metrics)
        return;
    uint32_t type = add_string(w, P2A_LIT("samples"));
    put_value_type(w, SAMPLE_TYPE, type, add_string(w, P2A_LIT("count")));
}

/* Of a program that no function is of any more nothing is said. */
static void put_program(struct writer *w)
{
    p2a_id program = w->p->taken.program;
    for (uint32_t f = 0; program && !w->mapping_n && f < w->p->functions.n; f++)
        if (w->p->functions.row[f].module == program)
            mapping_of(w, program);
}

static bool start_writer(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    w->string_of = room_for(w, p->strings.n, sizeof *w->string_of);
    w->mapping_of = room_for(w, p->strings.n, sizeof *w->mapping_of);
    w->function_of = room_for(w, p->functions.n, sizeof *w->function_of);
    w->location_of = room_for(w, p->functions.n, sizeof *w->location_of);
    w->location_at = room_for(w, p->graph.line_n, sizeof *w->location_at);
    w->rounding = room_for(w, p->columns, sizeof *w->rounding);
    w->value = room_for(w, p->columns, sizeof *w->value);
    for (uint32_t c = 0; w->rounding && c < p->columns; c++)
        w->rounding[c].factor = factor_of(p, &p->metrics.row[c % p->metrics.n]);
    for (uint32_t f = 0; f < p->functions.n; f++)
        w->inlined |= p->functions.row[f].kind == P2A_INLINED;
    add_string(w, P2A_LIT(""));
    if (!w->no_memory)
        put_program(w);
    bool lines = p->graph.line_n && p2a_option_flag(w->out, "lines");
    return !w->no_memory && (!lines || group_lines(w));
}

static void put_estimate(struct writer *w)
{
    char text[sizeof ESTIMATED + 32];
    int n = snprintf(text, sizeof text, "%s%.6g", ESTIMATED, w->p->cycle_share);
    uint32_t string = add_string(w, (struct p2a_str){text, (size_t)n});
    p2a_protobuf_put_number(&w->bytes, COMMENT, string);
}

static void put_tables(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    if (p->metrics.n)
        p2a_protobuf_put_some(&w->bytes, DEFAULT_TYPE, string_of(w, p->metrics.row[0].name));
    if (p->estimated & P2A_CONTEXTS)
        put_estimate(w);
    for (uint32_t i = 0; i < p->taken.comment_n; i++)
        p2a_protobuf_put_number(&w->bytes, COMMENT, string_of(w, p->taken.comment[i]));
    const struct p2a_buffer *all[] = {&w->mappings, &w->locations, &w->functions, &w->strings};
    for (uint32_t i = 0; i < w->location_n; i++)
        put_location(w, i + 1);
    w->no_memory |= w->message.failed || w->line.failed;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        w->no_memory |= all[i]->failed;
    flush(w);
    for (size_t i = 0; i < sizeof all / sizeof *all && !w->no_memory; i++)
        p2a_put(w->out, all[i]->at, all[i]->n);
}

static void add_out_notes(struct writer *w)
{
    for (uint32_t c = 0; c < w->p->columns; c++)
        p2a_note_rounding(w->out, c, !w->rounding[c].any, w->rounding[c].cut);
    if (w->dealt)
        p2a_out_note(w->out, "which stacks were at which of a function's lines isn't known: its "
                             "lines are dealt to its stacks in order, -O lines=no leaves them out");
    if (w->elsewhere)
        p2a_out_note(w->out,
                     "lines in other files than their functions are left out: pprof has one "
                     "file of a function");
    if (w->p->graph.site_n)
        p2a_out_note(w->out, "the lines that calls are made from are left out");
}

static bool put_all(struct writer *w)
{
    if (!p2a_option_flag(w->out, "raw"))
        p2a_compress(w->out);
    if (!start_writer(w))
        return false;
    put_types(w);
    put_taken(w);
    flush(w);
    if (w->p->metrics.n && (!put_samples(w) || (!w->any && !put_zeros(w))))
        return false;
    put_tables(w);
    add_out_notes(w);
    return !w->no_memory;
}

static void end_writer(struct writer *w)
{
    void *all[] = {w->string_of, w->mapping_of, w->function_of, w->location_of, w->location,
                   w->chained,   w->rounding,   w->value,       w->row_first,   w->rows,
                   w->dealing,   w->segment,    w->open,        w->opened,      w->location_at};
    struct p2a_buffer *buffers[] = {&w->bytes,     &w->part,      &w->message,
                                    &w->line,      &w->strings,   &w->mappings,
                                    &w->locations, &w->functions, &w->clean};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        p2a_buffer_free(buffers[i]);
    p2a_index_free(&w->chain_of);
    p2a_paths_end(&w->paths);
}

static enum p2a_status write_pprof(struct p2a_out *out)
{
    struct writer w = {.out = out};
    if (!p2a_paths_begin(out->profile, &w.paths))
        return p2a_no_memory(out);
    w.p = w.paths.p;
    if (!put_all(&w) && p2a_out_status(out) == P2A_OK)
        p2a_no_memory(out);
    end_writer(&w);
    return p2a_out_status(out);
}

const struct p2a_format p2a_format_pprof = {
    .name = "pprof",
    .title = "pprof's profile.proto, of Go and many others",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_pprof,
    .write = write_pprof,
    .gives = P2A_CONTEXTS | P2A_LINES | P2A_ADDRESSES | P2A_THREADS | P2A_MANY | P2A_BEFORE |
             P2A_MODULES | P2A_PLACES,
    .needs = P2A_CONTEXTS | P2A_STACKS,
    .keeps = P2A_CONTEXTS | P2A_LINES | P2A_ADDRESSES | P2A_THREADS | P2A_MANY | P2A_BEFORE |
             P2A_MODULES | P2A_PLACES,
    .binary = true,
    .options = options,
};
