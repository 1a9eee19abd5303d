/* The Firefox Profiler's JSON: what samply, Firefox and perf's gecko script write. Defined by the
 * profiler's docs-developer (processed-profile-format, gecko-profile-format, CHANGELOG-formats).
 *
 *   {"meta": {"interval": 1, "preprocessedProfileVersion": 55, "categories": [{"name": "Other"}]},
 *    "threads": [{"name": "main", "pid": "7", "tid": 7,
 *      "stringArray": ["main", "f"],
 *      "funcTable": {"name": [0, 1], "fileName": [null, null], "lineNumber": [null, null]},
 *      "frameTable": {"func": [0, 1], "line": [null, 3]},
 *      "stackTable": {"frame": [0, 1], "prefix": [null, 0]},
 *      "samples": {"stack": [1, 0], "time": [0, 1], "weight": [2, 1], "weightType": "samples"}}]}
 *
 *      sample -> stack -> frame -> func -> strings
 *                 | prefix (the caller's stack)
 *
 * Reading:
 * - Every version: tables of each thread or in "shared" (strings since 56, all since 60), callers
 * as "prefix" or, since 66, as the distance to it, files as "fileName" or, since 58, as "source".
 * Keys may come in any order.
 * - What Firefox itself hands out, with rows and their "schema" in place of columns, locations in
 *   place of functions ("f (a.js:3:1)", "f (in lib)") and child "processes".
 * - Weights are samples, milliseconds ("tracing-ms") or bytes; without weights each sample
 * counts 1.
 * - A sample without a stack (an idle thread's) is left out, with a note. A root "(root)" of
 *   Firefox' own is no frame, unless there is nothing below it.
 * - The line of the innermost frame is where the cost is. Frames of the category "Kernel" are the
 *   kernel's, those with an inline depth are inlined, resources that are libraries are modules.
 * - Markers, counters and allocations are left out.
 *
 * Writing: version 55, a thread a thread, one sample a context that has a value, one behind the
 * other: contexts have no order in time. Calls and lines of costs are left out. Keys of ours in
 * meta name the metric. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "model/core.h"
#include "model/origin.h"
#include "model/walk.h"

/* ---- probe ---- */

static bool is_meta(const struct p2a_probe *probe)
{
    if (p2a_json_has(probe, "meta.preprocessedProfileVersion", P2A_JSON_NUMBER))
        return true;
    return p2a_json_has(probe, "meta.interval", P2A_JSON_NUMBER) &&
           (p2a_json_has(probe, "meta.startTime", P2A_JSON_NUMBER) ||
            p2a_json_has(probe, "meta.version", P2A_JSON_NUMBER));
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    static const char *const signs[] = {"threads[].stackTable", "threads[].frameTable",
                                        "threads[].funcTable",  "shared.frameTable",
                                        "shared.stackTable",    "shared.funcTable"};
    if (is_meta(probe))
        return P2A_SURE;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (p2a_json_has(probe, signs[i], P2A_JSON_OBJECT))
            return P2A_SURE;
    return p2a_json_has(probe, "shared.stringArray", P2A_JSON_ARRAY) ? P2A_LIKELY : P2A_NO;
}

/* By enum p2a_kind. The first is the profiler's default and has to be grey. */
static const struct {
    const char *name, *color;
} categories[] = {
    [P2A_UNKNOWN] = {"Other", "grey"},    [P2A_PYTHON] = {"Python", "blue"},
    [P2A_BUILTIN] = {"Builtin", "green"}, [P2A_NATIVE] = {"User", "yellow"},
    [P2A_KERNEL] = {"Kernel", "orange"},  [P2A_INLINED] = {"Inlined", "yellow"},
    [P2A_JIT] = {"JIT", "purple"},        [P2A_MARKER] = {"Marker", "lightblue"},
};
enum { CATEGORIES = sizeof categories / sizeof *categories };

/* ---- reader: tables ---- */

enum column {
    STACK_FRAME,
    STACK_PREFIX,
    STACK_DISTANCE,
    FRAME_FUNC,
    FRAME_LOCATION,
    FRAME_LINE,
    FRAME_CATEGORY,
    FRAME_INLINE,
    FRAME_FLAGS,
    FUNC_NAME,
    FUNC_FILE,
    FUNC_SOURCE,
    FUNC_LINE,
    FUNC_RESOURCE,
    FUNC_FLAGS,
    RESOURCE_NAME,
    RESOURCE_TYPE,
    SOURCE_FILE,
    SAMPLE_STACK,
    COLUMNS
};

static const struct {
    const char *table, *name;
} columns[COLUMNS] = {
    [STACK_FRAME] = {"stackTable", "frame"},
    [STACK_PREFIX] = {"stackTable", "prefix"},
    [STACK_DISTANCE] = {"stackTable", "prefixOffset"},
    [FRAME_FUNC] = {"frameTable", "func"},
    [FRAME_LOCATION] = {"frameTable", "location"},
    [FRAME_LINE] = {"frameTable", "line"},
    [FRAME_CATEGORY] = {"frameTable", "category"},
    [FRAME_INLINE] = {"frameTable", "inlineDepth"},
    [FRAME_FLAGS] = {"frameTable", "flags"},
    [FUNC_NAME] = {"funcTable", "name"},
    [FUNC_FILE] = {"funcTable", "fileName"},
    [FUNC_SOURCE] = {"funcTable", "source"},
    [FUNC_LINE] = {"funcTable", "lineNumber"},
    [FUNC_RESOURCE] = {"funcTable", "resource"},
    [FUNC_FLAGS] = {"funcTable", "flags"},
    [RESOURCE_NAME] = {"resourceTable", "name"},
    [RESOURCE_TYPE] = {"resourceTable", "type"},
    [SOURCE_FILE] = {"sources", "filename"},
    [SAMPLE_STACK] = {"samples", "stack"},
};

/* Since 71 and 75 a flag says which values of a row are there; what isn't is 0. */
enum { FRAME_IS_INLINED = 1, FRAME_HAS_CATEGORY = 4, FRAME_HAS_LINE = 16 };
enum { FUNC_HAS_RESOURCE = 4, FUNC_HAS_SOURCE = 8, FUNC_HAS_LINE = 16 };
enum { LIBRARY = 1 }; /* a resource's type */

/* Numbers of rows; P2A_NONE for null, -1 and what is no number. */
struct numbers {
    uint32_t *at, n, room;
};

struct tables {
    struct numbers column[COLUMNS];
    p2a_id *string;
    uint32_t string_n, string_room;
    p2a_id *function; /* by frame; P2A_NONE: not looked up yet */
    uint32_t *line;   /* by frame; 0: none */
};

/* The context of a stack in the thread that was filled in last; `thread` tells whose it is. */
struct seat {
    uint32_t thread; /* + 1 */
    p2a_id context;
};

struct thread {
    struct tables own;
    double *weight;
    uint32_t weight_n, weight_room;
    uint64_t pid, tid;
    p2a_id name, process;
    enum { SAMPLES, MILLISECONDS, BYTES } weigh;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    struct tables shared;
    struct thread *thread;
    uint32_t thread_n, thread_room;
    p2a_id *category; /* names */
    uint32_t category_n, category_room;
    p2a_id metric, metric_unit; /* ours; 0: not said */
    uint32_t depth;             /* of processes in processes */
    uint64_t stackless;
    bool allocations, lines;
    uint32_t *path;
    uint32_t path_room;
};

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < P2A_NONE - 2 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    return p2a_json_no_memory(r->j);
}

static uint32_t value_at(const struct tables *t, enum column c, uint32_t row)
{
    return row < t->column[c].n ? t->column[c].at[row] : P2A_NONE;
}

static p2a_id string_at(const struct tables *t, uint32_t row)
{
    return row < t->string_n ? t->string[row] : 0;
}

/* ---- reader: values ---- */

static uint32_t read_row(struct reader *r)
{
    double value = -1;
    enum p2a_json_kind kind = p2a_json_peek(r->j);
    if (kind == P2A_JSON_BOOL)
        return p2a_json_bool(r->j);
    if (kind == P2A_JSON_NUMBER)
        value = p2a_json_number(r->j);
    else
        p2a_json_skip(r->j);
    return value >= 0 && value < P2A_NONE ? (uint32_t)value : P2A_NONE;
}

/* The number of a process or thread, which may be in quotes: "7", "7-3". */
static uint64_t read_id(struct reader *r)
{
    struct p2a_str text, tail;
    uint64_t value = 0;
    if (p2a_json_peek(r->j) != P2A_JSON_STRING) {
        double number = p2a_json_number_or(r->j, 0);
        return number > 0 && number < 0x1p63 ? (uint64_t)number : 0;
    }
    if (p2a_json_string(r->j, &text)) {
        p2a_str_cut(text, '-', &text, &tail);
        p2a_str_u64(text, &value);
    }
    return value;
}

static void add_number(struct reader *r, struct numbers *n, uint32_t value)
{
    if (!r->j->stopped && grow(r, &n->at, &n->room, n->n, sizeof *n->at))
        n->at[n->n++] = value;
}

static void read_numbers(struct reader *r, struct numbers *n)
{
    n->n = 0;
    if (p2a_json_is(r->j, P2A_JSON_ARRAY))
        for (p2a_json_array(r->j); p2a_json_item(r->j);)
            add_number(r, n, read_row(r));
}

static void read_strings(struct reader *r, struct tables *t)
{
    t->string_n = 0;
    if (!p2a_json_is(r->j, P2A_JSON_ARRAY))
        return;
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        p2a_id text = p2a_json_intern(r->j, r->p);
        if (r->j->stopped || !grow(r, &t->string, &t->string_room, t->string_n, sizeof text))
            return;
        t->string[t->string_n++] = text;
    }
}

static enum column column_named(const char *table, struct p2a_str name)
{
    unsigned c = 0;
    while (c < COLUMNS &&
           (strcmp(columns[c].table, table) != 0 || !p2a_str_is(name, columns[c].name)))
        c++;
    return (enum column)c;
}

/* ---- reader: a table ---- */

/* Rows with a schema: which place in a row is which column's. */
enum { MOST_PLACES = 32 };

struct schema {
    enum column column[MOST_PLACES];
    uint32_t weight; /* place of the weight; P2A_NONE */
};

static void read_schema(struct reader *r, const char *table, struct schema *schema)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        enum column c = column_named(table, key);
        bool weight = strcmp(table, "samples") == 0 && p2a_str_is(key, "weight");
        uint32_t place = read_row(r);
        if (place < MOST_PLACES && c != COLUMNS)
            schema->column[place] = c;
        else if (place < MOST_PLACES && weight)
            schema->weight = place;
    }
}

static void add_weight(struct reader *r, struct thread *t, double weight)
{
    if (!r->j->stopped && grow(r, &t->weight, &t->weight_room, t->weight_n, sizeof weight))
        t->weight[t->weight_n++] = weight;
}

/* A row may be short: what is missing at its end is null. */
static void read_table_row(struct reader *r, struct tables *t, struct thread *thread,
                           const struct schema *schema)
{
    uint32_t value[COLUMNS], place = 0;
    double weight = 1;
    for (unsigned c = 0; c < COLUMNS; c++)
        value[c] = P2A_NONE;
    for (p2a_json_array(r->j); p2a_json_item(r->j); place++) {
        if (place < MOST_PLACES && schema->column[place] != COLUMNS)
            value[schema->column[place]] = read_row(r);
        else if (place == schema->weight)
            weight = p2a_json_number_or(r->j, 1);
        else
            p2a_json_skip(r->j);
    }
    for (uint32_t i = 0; i < MOST_PLACES; i++)
        if (schema->column[i] != COLUMNS)
            add_number(r, &t->column[schema->column[i]], value[schema->column[i]]);
    if (schema->weight != P2A_NONE && thread)
        add_weight(r, thread, weight);
}

static void read_rows(struct reader *r, struct tables *t, struct thread *thread,
                      const struct schema *schema)
{
    for (uint32_t i = 0; i < MOST_PLACES; i++)
        if (schema->column[i] != COLUMNS)
            t->column[schema->column[i]].n = 0;
    for (p2a_json_array(r->j); p2a_json_item(r->j);)
        read_table_row(r, t, thread, schema);
}

static void read_weights(struct reader *r, struct thread *t)
{
    t->weight_n = 0;
    if (p2a_json_is(r->j, P2A_JSON_ARRAY))
        for (p2a_json_array(r->j); p2a_json_item(r->j);)
            add_weight(r, t, p2a_json_number_or(r->j, 0));
}

static void read_weight_type(struct reader *r, struct thread *t)
{
    struct p2a_str type;
    if (!p2a_json_is(r->j, P2A_JSON_STRING) || !p2a_json_string(r->j, &type))
        return;
    t->weigh = p2a_str_is(type, "tracing-ms") ? MILLISECONDS
               : p2a_str_is(type, "bytes")    ? BYTES
                                              : SAMPLES;
}

/* THREAD: NULL for tables that threads share. */
static void read_table(struct reader *r, const char *table, struct tables *t, struct thread *thread)
{
    struct schema schema = {.weight = P2A_NONE};
    bool samples = thread && strcmp(table, "samples") == 0;
    struct p2a_str key;
    for (uint32_t i = 0; i < MOST_PLACES; i++)
        schema.column[i] = COLUMNS;
    if (!p2a_json_is(r->j, P2A_JSON_OBJECT))
        return;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        enum column c = column_named(table, key);
        if (c != COLUMNS)
            read_numbers(r, &t->column[c]);
        else if (p2a_str_is(key, "schema") && p2a_json_is(r->j, P2A_JSON_OBJECT))
            read_schema(r, table, &schema);
        else if (p2a_str_is(key, "data") && p2a_json_is(r->j, P2A_JSON_ARRAY))
            read_rows(r, t, thread, &schema);
        else if (samples && p2a_str_is(key, "weight"))
            read_weights(r, thread);
        else if (samples && p2a_str_is(key, "weightType"))
            read_weight_type(r, thread);
        else if (!p2a_str_is(key, "schema") && !p2a_str_is(key, "data"))
            p2a_json_skip(r->j);
    }
}

/* True where the key is a table's, which has been read. */
static bool read_any_table(struct reader *r, struct p2a_str key, struct tables *t,
                           struct thread *thread)
{
    if (p2a_str_is(key, "stringArray") || p2a_str_is(key, "stringTable")) {
        read_strings(r, t);
        return true;
    }
    for (unsigned c = 0; c < COLUMNS; c++)
        if (p2a_str_is(key, columns[c].table)) {
            read_table(r, columns[c].table, t, thread);
            return true;
        }
    return false;
}

/* ---- reader: threads and the file ---- */

static void pass_allocations(struct reader *r)
{
    if (p2a_json_peek(r->j) == P2A_JSON_OBJECT)
        r->allocations = true;
    p2a_json_skip(r->j);
}

static void read_thread(struct reader *r)
{
    struct p2a_str key;
    if (!p2a_json_is(r->j, P2A_JSON_OBJECT) ||
        !grow(r, &r->thread, &r->thread_room, r->thread_n, sizeof *r->thread))
        return;
    struct thread *t = &r->thread[r->thread_n++];
    *t = (struct thread){.weigh = SAMPLES};
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "name"))
            t->name = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "processName"))
            t->process = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "pid"))
            t->pid = read_id(r);
        else if (p2a_str_is(key, "tid"))
            t->tid = read_id(r);
        else if (p2a_str_is(key, "jsAllocations") || p2a_str_is(key, "nativeAllocations"))
            pass_allocations(r);
        else if (!read_any_table(r, key, &t->own, t))
            p2a_json_skip(r->j);
    }
}

static void read_categories(struct reader *r)
{
    struct p2a_str key;
    r->category_n = 0;
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        p2a_id name = 0;
        for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
            if (p2a_str_is(key, "name"))
                name = p2a_json_intern(r->j, r->p);
            else
                p2a_json_skip(r->j);
        }
        if (r->j->stopped || !grow(r, &r->category, &r->category_room, r->category_n, sizeof name))
            return;
        r->category[r->category_n++] = name;
    }
}

static void read_meta(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "categories") && p2a_json_is(r->j, P2A_JSON_ARRAY))
            read_categories(r);
        else if (p2a_str_is(key, "metric"))
            r->metric = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "metricUnit"))
            r->metric_unit = p2a_json_intern(r->j, r->p);
        else if (!p2a_str_is(key, "categories"))
            p2a_json_skip(r->j);
    }
}

static void read_shared(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);)
        if (!read_any_table(r, key, &r->shared, NULL))
            p2a_json_skip(r->j);
}

static void read_profile(struct reader *r);

static void read_processes(struct reader *r)
{
    enum { DEEPEST = 8 };
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        if (r->depth == DEEPEST || p2a_json_peek(r->j) != P2A_JSON_OBJECT) {
            p2a_json_skip(r->j);
            continue;
        }
        r->depth++;
        read_profile(r); /* NOLINT(misc-no-recursion): no deeper than DEEPEST */
        r->depth--;
    }
}

static void read_profile(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        enum p2a_json_kind kind = p2a_json_peek(r->j);
        if (p2a_str_is(key, "meta") && kind == P2A_JSON_OBJECT && !r->depth)
            read_meta(r);
        else if (p2a_str_is(key, "shared") && kind == P2A_JSON_OBJECT && !r->depth)
            read_shared(r);
        else if (p2a_str_is(key, "threads"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                read_thread(r);
        else if (p2a_str_is(key, "processes") && kind == P2A_JSON_ARRAY)
            read_processes(r);
        else
            p2a_json_skip(r->j);
    }
}

/* ---- reader: functions ---- */

/* "name (in library)" */
static bool cut_library(struct p2a_str *name, struct p2a_str *library)
{
    if (!p2a_str_ends(*name, ")"))
        return false;
    for (size_t i = name->n - 1; i > 4; i--)
        if (memcmp(name->at + i - 4, "(in ", 4) == 0) {
            if (i < 5 || name->at[i - 5] != ' ')
                return false;
            *library = (struct p2a_str){name->at + i, name->n - 1 - i};
            name->n = i - 5;
            return true;
        }
    return false;
}

/* "name (url:line:column)", "name (url:line)" */
static bool cut_script(struct p2a_str *name, struct p2a_str *url, int64_t *line)
{
    size_t open = 0;
    uint64_t number;
    struct p2a_str s = *name;
    if (!p2a_str_ends(s, ")"))
        return false;
    for (size_t i = 1; i + 1 < s.n && !open; i++)
        open = s.at[i] == '(' && s.at[i - 1] == ' ' ? i : 0;
    if (!open)
        return false;
    struct p2a_str place = {s.at + open + 1, s.n - open - 2};
    for (int parts = 0; parts < 2; parts++) {
        size_t colon = place.n;
        while (colon && place.at[colon - 1] != ':')
            colon--;
        struct p2a_str digits = {place.at + colon, place.n - colon};
        if (!colon || !p2a_str_u64(digits, &number) || number > INT32_MAX)
            break;
        *line = (int64_t)number;
        place.n = colon - 1;
        *url = place;
        name->n = open - 1;
    }
    return name->n < s.n;
}

static p2a_id function_at_location(struct reader *r, const struct tables *t, uint32_t location)
{
    struct p2a_str name = p2a_string(r->p, string_at(t, location)), place;
    struct p2a_function f = {0};
    if (cut_library(&name, &place))
        f.module = p2a_intern(r->p, place);
    else if (cut_script(&name, &place, &f.line))
        f.file = p2a_intern(r->p, place);
    f.name = p2a_intern(r->p, name);
    p2a_tell_kind(r->p, &f);
    return p2a_function(r->p, &f);
}

/* A value of a function's or frame's row, where the row's flags don't say that it isn't there. */
static uint32_t flagged(const struct tables *t, enum column c, uint32_t row, enum column flags,
                        unsigned bit)
{
    uint32_t flag = value_at(t, flags, row);
    return flag != P2A_NONE && !(flag & bit) ? P2A_NONE : value_at(t, c, row);
}

static enum p2a_kind kind_of(const struct reader *r, const struct tables *t, uint32_t frame)
{
    uint32_t category = flagged(t, FRAME_CATEGORY, frame, FRAME_FLAGS, FRAME_HAS_CATEGORY);
    uint32_t depth = value_at(t, FRAME_INLINE, frame), flags = value_at(t, FRAME_FLAGS, frame);
    for (unsigned k = 0; category < r->category_n && k < CATEGORIES; k++)
        if ((r->metric || k == P2A_KERNEL) &&
            p2a_str_is(p2a_string(r->p, r->category[category]), categories[k].name))
            return (enum p2a_kind)k;
    if ((depth != P2A_NONE && depth > 0) || (flags != P2A_NONE && flags & FRAME_IS_INLINED))
        return P2A_INLINED;
    return P2A_UNKNOWN;
}

/* TABLES are those of the functions, STRINGS those of their names. */
static p2a_id function_of(struct reader *r, const struct tables *t, const struct tables *strings,
                          uint32_t frame)
{
    uint32_t func = value_at(t, FRAME_FUNC, frame), location = value_at(t, FRAME_LOCATION, frame);
    struct p2a_function f = {.kind = kind_of(r, t, frame)};
    if (func == P2A_NONE)
        return function_at_location(r, strings, location);
    uint32_t source = flagged(t, FUNC_SOURCE, func, FUNC_FLAGS, FUNC_HAS_SOURCE);
    uint32_t resource = flagged(t, FUNC_RESOURCE, func, FUNC_FLAGS, FUNC_HAS_RESOURCE);
    uint32_t line = flagged(t, FUNC_LINE, func, FUNC_FLAGS, FUNC_HAS_LINE);
    f.name = string_at(strings, value_at(t, FUNC_NAME, func));
    f.file = source == P2A_NONE ? string_at(strings, value_at(t, FUNC_FILE, func))
                                : string_at(strings, value_at(&r->shared, SOURCE_FILE, source));
    if (value_at(t, RESOURCE_TYPE, resource) == LIBRARY)
        f.module = string_at(strings, value_at(t, RESOURCE_NAME, resource));
    f.line = line < INT32_MAX ? (int64_t)line : 0;
    p2a_tell_kind(r->p, &f);
    return p2a_function(r->p, &f);
}

static uint32_t frame_count(const struct tables *t)
{
    uint32_t func = t->column[FRAME_FUNC].n, location = t->column[FRAME_LOCATION].n;
    return func > location ? func : location;
}

/* Looks up the frames of TABLES once. */
static bool find_functions(struct reader *r, struct tables *t, const struct tables *strings)
{
    uint32_t n = frame_count(t);
    if (t->function)
        return true;
    t->function = malloc(((size_t)n + 1) * sizeof *t->function);
    t->line = malloc(((size_t)n + 1) * sizeof *t->line);
    if (!t->function || !t->line)
        return p2a_json_no_memory(r->j);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t line = flagged(t, FRAME_LINE, i, FRAME_FLAGS, FRAME_HAS_LINE);
        t->function[i] = function_of(r, t, strings, i);
        t->line[i] = line < INT32_MAX ? line : 0;
        r->lines = r->lines || t->line[i];
    }
    return true;
}

/* ---- reader: contexts ---- */

/* What fills in one thread: whose stacks, and what they became. */
struct filling {
    const struct tables *t;
    struct seat *seat;
    uint32_t thread; /* + 1 */
    p2a_id as;
    uint32_t column;
};

enum { STEPS = 4 }; /* of a path that is asked for ahead: most of them are known but for a few */

static const p2a_id OPEN = P2A_NONE - 1; /* in place of a context while callers are looked up */

static uint32_t prefix_of(const struct tables *t, uint32_t stack)
{
    uint32_t distance = value_at(t, STACK_DISTANCE, stack);
    if (distance == P2A_NONE)
        return value_at(t, STACK_PREFIX, stack);
    return distance && distance <= stack ? stack - distance : P2A_NONE;
}

/* What Firefox puts above every stack; in a file of ours the name is that of a function. */
static bool is_root(const struct reader *r, p2a_id function)
{
    const struct p2a_function *f = &r->p->functions.row[function];
    return !r->metric && !f->file && !f->module && p2a_str_is(p2a_string(r->p, f->name), "(root)");
}

/* P2A_NONE where the stack's frame isn't there. */
static p2a_id function_of_stack(const struct tables *t, uint32_t stack)
{
    uint32_t frame = t->column[STACK_FRAME].at[stack];
    return frame < frame_count(t) ? t->function[frame] : P2A_NONE;
}

/* The context of STACK; P2A_NONE where it is no frame, or after a failure. */
static p2a_id context_of(struct reader *r, const struct filling *f, uint32_t stack)
{
    uint32_t n = 0, stacks = f->t->column[STACK_FRAME].n, top = stack;
    p2a_id context = P2A_NONE;
    if (stack >= stacks) {
        p2a_json_bad_at(r->j, p2a_json_here(r->j),
                        "a sample names stack %" PRIu32 ", expected less than %" PRIu32, stack,
                        stacks);
        return P2A_NONE;
    }
    for (; top < stacks && f->seat[top].thread != f->thread; top = prefix_of(f->t, top)) {
        if (!grow(r, &r->path, &r->path_room, n, sizeof *r->path))
            return P2A_NONE;
        f->seat[top] = (struct seat){f->thread, OPEN};
        r->path[n++] = top;
    }
    if (top < stacks)
        context = f->seat[top].context;
    if (context == OPEN || (top != P2A_NONE && top >= stacks)) {
        p2a_json_bad_at(r->j, p2a_json_here(r->j),
                        context == OPEN ? "stack %" PRIu32 " is its own caller"
                                        : "stack %" PRIu32 " is called by one that isn't there",
                        top < stacks ? top
                        : n          ? r->path[n - 1]
                                     : stack);
        context = P2A_NONE;
    }
    while (n) {
        uint32_t row = r->path[--n];
        p2a_id function = function_of_stack(f->t, row);
        if (function == P2A_NONE)
            p2a_json_bad_at(r->j, p2a_json_here(r->j),
                            "stack %" PRIu32 " names a frame that isn't there", row);
        else if (context != P2A_NONE || prefix_of(f->t, row) != P2A_NONE || !is_root(r, function))
            context = p2a_context(r->p, context, function, f->as);
        f->seat[row].context = context;
    }
    return context;
}

/* The frames of STACK below the innermost whose context is known, in the last of the STEPS rows of
 * STEP; none where they are more. */
static struct p2a_way way_to(struct reader *r, const struct filling *f, uint32_t stack,
                             p2a_id *step)
{
    uint32_t n = 0, stacks = f->t->column[STACK_FRAME].n;
    struct p2a_way none = {.parent = P2A_NONE};
    for (; stack < stacks && f->seat[stack].thread != f->thread; stack = prefix_of(f->t, stack)) {
        p2a_id function = function_of_stack(f->t, stack);
        if (n == STEPS || function == P2A_NONE)
            return none;
        step[STEPS - ++n] = function;
    }
    p2a_id parent = stack < stacks ? f->seat[stack].context : P2A_NONE;
    if (parent != P2A_NONE && parent >= r->p->contexts.n)
        return none;
    if (n && parent == P2A_NONE && is_root(r, step[STEPS - n]))
        n--;
    return (struct p2a_way){step + STEPS - n, n, parent, f->as};
}

/* Samples come next whose contexts are looked for in a large table. */
static void look_ahead(struct reader *r, const struct filling *f, const uint32_t *stack, uint32_t n)
{
    enum { MANY = 1 << 15 };
    struct p2a_way way[P2A_WAYS];
    p2a_id step[P2A_WAYS][STEPS];
    if (r->p->contexts.n < MANY)
        return;
    for (uint32_t i = 0; i < n; i++)
        way[i] = way_to(r, f, stack[i], step[i]);
    p2a_paths_ahead(r->p, way, n);
}

/* The context of a stack that is the root by itself. */
static p2a_id lone_root(struct reader *r, const struct filling *f, uint32_t stack)
{
    bool there = stack < f->t->column[STACK_FRAME].n;
    p2a_id function = there ? function_of_stack(f->t, stack) : P2A_NONE;
    if (function == P2A_NONE || !is_root(r, function))
        return P2A_NONE;
    return p2a_context(r->p, P2A_NONE, function, f->as);
}

static void add_line(struct reader *r, const struct filling *f, uint32_t stack, double weight)
{
    struct p2a_line line = {.function = function_of_stack(f->t, stack)};
    if (line.function == P2A_NONE)
        return;
    line.line = f->t->line[f->t->column[STACK_FRAME].at[stack]];
    if (line.line)
        line.file = r->p->functions.row[line.function].file;
    p2a_line_add(r->p, &line, f->column, weight);
}

static void add_sample(struct reader *r, const struct filling *f, uint32_t stack, double weight)
{
    if (stack == P2A_NONE) {
        r->stackless++;
        return;
    }
    p2a_id context = context_of(r, f, stack);
    if (context == P2A_NONE)
        context = lone_root(r, f, stack);
    p2a_context_add(r->p, context, f->column, weight);
    if (r->lines && weight != 0 && context != P2A_NONE)
        add_line(r, f, stack, weight);
}

static uint32_t column_of(struct reader *r, const struct thread *t)
{
    static const struct {
        const char *name, *unit;
        double scale;
    } metrics[] = {[SAMPLES] = {"samples", "count", 1},
                   [MILLISECONDS] = {"time", "seconds", 1e-3},
                   [BYTES] = {"bytes", "bytes", 1}};
    const char *name = metrics[t->weigh].name, *unit = metrics[t->weigh].unit;
    if (r->metric && r->metric_unit) {
        name = p2a_string(r->p, r->metric).at;
        unit = p2a_string(r->p, r->metric_unit).at;
    }
    return p2a_metric(r->p, name, unit, metrics[t->weigh].scale);
}

static struct tables *tables_of(struct reader *r, struct thread *t)
{
    return t->own.column[STACK_FRAME].n ? &t->own : &r->shared;
}

static void find_thread_functions(struct reader *r, struct thread *t)
{
    struct tables *tables = tables_of(r, t);
    find_functions(r, tables, tables->string_n ? tables : &r->shared);
}

static void fill_thread(struct reader *r, struct thread *t, uint32_t number, struct seat *shared)
{
    struct tables *tables = tables_of(r, t);
    size_t stacks = tables->column[STACK_FRAME].n;
    struct filling f = {.t = tables, .thread = number + 1, .column = column_of(r, t)};
    p2a_id name = t->name ? t->name : t->process;
    if (!tables->function || !tables->line || !t->own.column[SAMPLE_STACK].n)
        return;
    f.seat = tables == &r->shared ? shared : calloc(stacks + 1, sizeof *f.seat);
    if (!f.seat) {
        p2a_json_no_memory(r->j);
        return;
    }
    bool none = r->metric && !t->pid && !t->tid && p2a_str_is(p2a_string(r->p, name), "all");
    f.as = none ? P2A_NONE : p2a_thread(r->p, t->pid, t->tid, p2a_string(r->p, name));
    const struct numbers *samples = &t->own.column[SAMPLE_STACK];
    for (uint32_t i = 0; i < samples->n; i++) {
        uint32_t left = samples->n - i;
        if (i % P2A_WAYS == 0)
            look_ahead(r, &f, samples->at + i, left < P2A_WAYS ? left : P2A_WAYS);
        add_sample(r, &f, samples->at[i], i < t->weight_n ? t->weight[i] : 1);
    }
    if (f.seat != shared)
        free(f.seat);
}

static void fill_profile(struct reader *r)
{
    struct seat *shared = calloc((size_t)r->shared.column[STACK_FRAME].n + 1, sizeof *shared);
    if (!r->thread_n)
        p2a_json_bad_at(r->j, p2a_json_here(r->j),
                        "no thread so far, expected some in \"threads\"");
    for (uint32_t i = 0; i < r->thread_n; i++)
        find_thread_functions(r, &r->thread[i]);
    for (uint32_t i = 0; shared && i < r->thread_n; i++)
        fill_thread(r, &r->thread[i], i, shared);
    if (!shared)
        p2a_json_no_memory(r->j);
    free(shared);
    if (r->stackless)
        p2a_note(r->p, "%" PRIu64 " sample%s no stack: left out", r->stackless,
                 r->stackless == 1 ? " has" : "s have");
    if (r->allocations)
        p2a_note(r->p, "allocations beside the samples are left out");
}

static void free_tables(struct tables *t)
{
    for (unsigned c = 0; c < COLUMNS; c++)
        free(t->column[c].at);
    free(t->string);
    free(t->function);
    free(t->line);
}

static enum p2a_status read_firefox(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    read_profile(&r);
    fill_profile(&r);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    free_tables(&r.shared);
    for (uint32_t i = 0; i < r.thread_n; i++) {
        free_tables(&r.thread[i].own);
        free(r.thread[i].weight);
    }
    free(r.thread);
    free(r.category);
    free(r.path);
    return p2a_in_status(in);
}

/* ---- writer ---- */

/* Of the thread being written, in the order of its contexts: functions, strings, modules. */
struct numbering {
    uint32_t *number; /* by id, + 1; 0: not there */
    p2a_id *id;       /* by number */
    uint32_t n;
};

struct writer {
    struct p2a_out *out;
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    p2a_id *first, *next; /* contexts by thread; row threads.n: those without one */
    uint32_t *stack;      /* number of a context's stack in its thread */
    struct numbering function, string, library; /* library: by string, in the whole file */
    const char *weight_type;
    double scale;
};

static bool start_numbering(struct numbering *n, uint32_t room)
{
    n->number = calloc((size_t)room + 1, sizeof *n->number);
    n->id = malloc(((size_t)room + 1) * sizeof *n->id);
    return n->number && n->id;
}

static uint32_t number_of(struct numbering *n, p2a_id id)
{
    if (!n->number[id]) {
        n->id[n->n] = id;
        n->number[id] = ++n->n;
    }
    return n->number[id] - 1;
}

static void empty_numbering(struct numbering *n)
{
    while (n->n)
        n->number[n->id[--n->n]] = 0;
}

static void free_numbering(struct numbering *n)
{
    free(n->number);
    free(n->id);
}

static bool part_threads(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    struct p2a_tree tree;
    size_t threads = (size_t)p->threads.n + 1;
    w->first = malloc(threads * sizeof *w->first);
    w->next = malloc(((size_t)p->contexts.n + 1) * sizeof *w->next);
    w->stack = malloc(((size_t)p->contexts.n + 1) * sizeof *w->stack);
    p2a_id *last = malloc(threads * sizeof *last);
    bool built = w->first && w->next && w->stack && last && p2a_tree_build(p, &tree);
    for (size_t t = 0; built && t < threads; t++)
        w->first[t] = last[t] = P2A_NONE;
    for (p2a_id i = built ? tree.first : P2A_NONE; i != P2A_NONE; i = p2a_tree_after(p, &tree, i)) {
        p2a_id t = p->contexts.row[i].thread == P2A_NONE ? p->threads.n : p->contexts.row[i].thread;
        w->stack[i] = last[t] == P2A_NONE ? 0 : w->stack[last[t]] + 1;
        *(last[t] == P2A_NONE ? &w->first[t] : &w->next[last[t]]) = i;
        w->next[i] = P2A_NONE;
        last[t] = i;
    }
    if (built)
        p2a_tree_free(&tree);
    free(last);
    return built;
}

/* ---- writer: pieces ---- */

static void put_text(struct writer *w, const char *key, struct p2a_str text)
{
    p2a_json_name(&w->json, key);
    p2a_json_str(&w->json, text);
}

static void put_number(struct writer *w, const char *key, double value)
{
    p2a_json_name(&w->json, key);
    p2a_json_double(&w->json, value);
}

static void put_truth(struct writer *w, const char *key, bool value)
{
    p2a_json_name(&w->json, key);
    p2a_json_truth(&w->json, value);
}

static void open_table(struct writer *w, const char *key)
{
    p2a_json_name(&w->json, key);
    p2a_json_begin(&w->json, '{');
}

static void open_column(struct writer *w, const char *key)
{
    p2a_json_name(&w->json, key);
    p2a_json_begin(&w->json, '[');
}

static void close_column(struct writer *w)
{
    p2a_json_end(&w->json, ']');
}

/* A column of N times the same JSON. */
static void put_constant(struct writer *w, const char *key, uint32_t n, const char *value)
{
    open_column(w, key);
    for (uint32_t i = 0; i < n; i++)
        p2a_json_raw(&w->json, p2a_str_of(value));
    close_column(w);
}

static void close_table(struct writer *w, uint32_t length)
{
    put_number(w, "length", length);
    p2a_json_end(&w->json, '}');
}

static void put_row(struct writer *w, bool known, uint32_t row)
{
    if (known)
        p2a_json_u64(&w->json, row);
    else
        p2a_json_null(&w->json);
}

/* ---- writer: a thread ---- */

static void put_stacks(struct writer *w, p2a_id first)
{
    uint32_t n = 0;
    open_table(w, "stackTable");
    open_column(w, "frame");
    for (p2a_id i = first; i != P2A_NONE; i = w->next[i], n++)
        p2a_json_u64(&w->json, number_of(&w->function, w->p->contexts.row[i].function));
    close_column(w);
    open_column(w, "prefix");
    for (p2a_id i = first; i != P2A_NONE; i = w->next[i]) {
        p2a_id parent = w->p->contexts.row[i].parent;
        put_row(w, parent != P2A_NONE, parent == P2A_NONE ? 0 : w->stack[parent]);
    }
    close_column(w);
    close_table(w, n);
}

/* A frame a function, with the same number. */
static void put_frames(struct writer *w)
{
    uint32_t n = w->function.n;
    open_table(w, "frameTable");
    put_constant(w, "address", n, "-1");
    open_column(w, "inlineDepth");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_u64(&w->json, w->p->functions.row[w->function.id[i]].kind == P2A_INLINED);
    close_column(w);
    open_column(w, "category");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_u64(&w->json, w->p->functions.row[w->function.id[i]].kind);
    close_column(w);
    put_constant(w, "subcategory", n, "0");
    open_column(w, "func");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_u64(&w->json, i);
    close_column(w);
    put_constant(w, "nativeSymbol", n, "null");
    put_constant(w, "innerWindowID", n, "0");
    put_constant(w, "line", n, "null");
    put_constant(w, "column", n, "null");
    close_table(w, n);
}

static bool is_placed(const struct writer *w, const struct p2a_function *f)
{
    return f->file && !p2a_str_is(p2a_string(w->p, f->file), "~");
}

static void put_functions(struct writer *w)
{
    uint32_t n = w->function.n;
    const struct p2a_function *row = w->p->functions.row;
    const p2a_id *id = w->function.id;
    open_table(w, "funcTable");
    open_column(w, "name");
    for (uint32_t i = 0; i < n; i++) {
        const struct p2a_function *f = &row[id[i]];
        p2a_json_u64(&w->json, number_of(&w->string, f->qualname ? f->qualname : f->name));
    }
    close_column(w);
    put_constant(w, "isJS", n, "false");
    put_constant(w, "relevantForJS", n, "false");
    open_column(w, "resource");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_i64(&w->json,
                     row[id[i]].module ? (int64_t)number_of(&w->library, row[id[i]].module) : -1);
    close_column(w);
    open_column(w, "fileName");
    for (uint32_t i = 0; i < n; i++)
        put_row(w, is_placed(w, &row[id[i]]),
                is_placed(w, &row[id[i]]) ? number_of(&w->string, row[id[i]].file) : 0);
    close_column(w);
    open_column(w, "lineNumber");
    for (uint32_t i = 0; i < n; i++)
        put_row(w, row[id[i]].line > 0, (uint32_t)row[id[i]].line);
    close_column(w);
    put_constant(w, "columnNumber", n, "null");
    close_table(w, n);
}

/* Every library of the file, so that numbers are the same in all threads. */
static void put_resources(struct writer *w)
{
    uint32_t n = w->library.n;
    open_table(w, "resourceTable");
    open_column(w, "lib");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_u64(&w->json, i);
    close_column(w);
    open_column(w, "name");
    for (uint32_t i = 0; i < n; i++)
        p2a_json_u64(&w->json, number_of(&w->string, w->library.id[i]));
    close_column(w);
    put_constant(w, "host", n, "null");
    put_constant(w, "type", n, "1");
    close_table(w, n);
}

static double weight_of(const struct writer *w, p2a_id context)
{
    double value = w->p->contexts.self[(size_t)context * w->p->columns] * w->scale;
    return isfinite(value) ? value : 0;
}

static void put_samples(struct writer *w, p2a_id first)
{
    uint32_t n = 0;
    double now = 0;
    open_table(w, "samples");
    open_column(w, "stack");
    for (p2a_id i = first; i != P2A_NONE; i = w->next[i])
        if (weight_of(w, i) != 0) {
            p2a_json_u64(&w->json, w->stack[i]);
            n++;
        }
    close_column(w);
    open_column(w, "time");
    for (p2a_id i = first; i != P2A_NONE; i = w->next[i])
        if (weight_of(w, i) != 0) {
            p2a_json_double(&w->json, isfinite(now) ? now : 0);
            now += fabs(weight_of(w, i));
        }
    close_column(w);
    open_column(w, "weight");
    for (p2a_id i = first; i != P2A_NONE; i = w->next[i])
        if (weight_of(w, i) != 0)
            p2a_json_double(&w->json, weight_of(w, i));
    close_column(w);
    put_text(w, "weightType", p2a_str_of(w->weight_type));
    close_table(w, n);
}

static void put_empty_tables(struct writer *w)
{
    open_table(w, "nativeSymbols");
    put_constant(w, "libIndex", 0, "");
    put_constant(w, "address", 0, "");
    put_constant(w, "name", 0, "");
    put_constant(w, "functionSize", 0, "");
    close_table(w, 0);
    open_table(w, "markers");
    static const char *const names[] = {"data",    "name",  "startTime",
                                        "endTime", "phase", "category"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_constant(w, names[i], 0, "");
    close_table(w, 0);
}

static void put_thread_head(struct writer *w, p2a_id thread)
{
    static const struct p2a_thread none;
    bool known = thread < w->p->threads.n;
    const struct p2a_thread *t = known ? &w->p->threads.row[thread] : &none;
    char pid[24];
    snprintf(pid, sizeof pid, "%" PRIu64, t->pid);
    put_text(w, "name", known ? p2a_string(w->p, t->name) : P2A_LIT("all"));
    put_truth(w, "isMainThread", true);
    put_text(w, "processType", P2A_LIT("default"));
    put_number(w, "processStartupTime", 0);
    p2a_json_name(&w->json, "processShutdownTime");
    p2a_json_null(&w->json);
    put_number(w, "registerTime", 0);
    p2a_json_name(&w->json, "unregisterTime");
    p2a_json_null(&w->json);
    put_constant(w, "pausedRanges", 0, "");
    put_text(w, "pid", p2a_str_of(pid));
    p2a_json_name(&w->json, "tid");
    p2a_json_u64(&w->json, t->tid);
}

static void put_thread(struct writer *w, p2a_id thread)
{
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
    put_thread_head(w, thread);
    put_stacks(w, w->first[thread]);
    put_frames(w);
    put_functions(w);
    put_resources(w);
    put_samples(w, w->first[thread]);
    put_empty_tables(w);
    open_column(w, "stringArray");
    for (uint32_t i = 0; i < w->string.n; i++)
        p2a_json_str(&w->json, p2a_string(w->p, w->string.id[i]));
    close_column(w);
    p2a_json_end(&w->json, '}');
    empty_numbering(&w->function);
    empty_numbering(&w->string);
}

/* ---- writer: the file ---- */

static void put_categories(struct writer *w)
{
    open_column(w, "categories");
    for (unsigned i = 0; i < CATEGORIES; i++) {
        p2a_json_begin(&w->json, '{');
        put_text(w, "name", p2a_str_of(categories[i].name));
        put_text(w, "color", p2a_str_of(categories[i].color));
        put_constant(w, "subcategories", 1, "\"Other\"");
        p2a_json_end(&w->json, '}');
    }
    close_column(w);
}

static void put_meta(struct writer *w)
{
    static const char *const empty[] = {"baseURL", "id", "name"};
    open_table(w, "meta");
    put_number(w, "interval", 1);
    put_number(w, "startTime", 0);
    put_number(w, "processType", 0);
    put_number(w, "version", 30);
    put_number(w, "preprocessedProfileVersion", 55);
    put_number(w, "stackwalk", 1);
    put_number(w, "debug", 0);
    put_text(w, "product", P2A_LIT("prof2any"));
    put_text(w, "importedFrom", P2A_LIT("prof2any"));
    put_truth(w, "symbolicated", true);
    put_truth(w, "usesOnlyOneStackType", true);
    put_truth(w, "sourceCodeIsNotOnSearchfox", true);
    put_categories(w);
    put_constant(w, "markerSchema", 0, "");
    open_table(w, "extensions");
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        put_constant(w, empty[i], 0, "");
    close_table(w, 0);
    put_text(w, "metric", p2a_string(w->p, w->p->metrics.row[0].name));
    put_text(w, "metricUnit", p2a_string(w->p, w->p->metrics.row[0].unit));
    p2a_json_end(&w->json, '}');
}

static void put_libraries(struct writer *w)
{
    open_column(w, "libs");
    for (p2a_id f = 0; f < w->p->functions.n; f++)
        if (w->p->functions.row[f].module)
            number_of(&w->library, w->p->functions.row[f].module);
    for (uint32_t i = 0; i < w->library.n; i++) {
        struct p2a_str path = p2a_string(w->p, w->library.id[i]);
        p2a_json_begin(&w->json, '{');
        put_text(w, "name", p2a_str_base(path));
        put_text(w, "path", path);
        put_text(w, "debugName", p2a_str_base(path));
        put_text(w, "debugPath", path);
        put_text(w, "breakpadId", P2A_LIT("000000000000000000000000000000000"));
        put_text(w, "arch", P2A_LIT(""));
        p2a_json_name(&w->json, "codeId");
        p2a_json_null(&w->json);
        p2a_json_end(&w->json, '}');
    }
    close_column(w);
}

static void put_file(struct writer *w)
{
    uint32_t threads = w->p->threads.n;
    p2a_json_begin(&w->json, '{');
    put_meta(w);
    put_libraries(w);
    put_constant(w, "pages", 0, "");
    open_column(w, "threads");
    for (p2a_id t = 0; t <= threads; t++)
        if (w->first[t] != P2A_NONE || (t == threads && !w->p->contexts.n))
            put_thread(w, t);
    close_column(w);
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->out, "\n");
}

static void choose_weight(struct writer *w)
{
    const struct p2a_metric *m = &w->p->metrics.row[0];
    struct p2a_str unit = p2a_string(w->p, m->unit);
    bool time = p2a_str_is(unit, "seconds");
    w->weight_type = time ? "tracing-ms" : p2a_str_is(unit, "bytes") ? "bytes" : "samples";
    w->scale = !time ? m->scale : m->scale == 1e-3 ? 1 : m->scale * 1000;
    if (!time && !p2a_str_is(unit, "bytes") && !p2a_str_is(unit, "count"))
        p2a_out_note(w->out, "the Firefox Profiler knows no %.*s: 1 of %s is written as a sample",
                     (int)unit.n, unit.at, p2a_string(w->p, m->name).at);
}

static enum p2a_status write_firefox(struct p2a_out *out)
{
    struct writer w = {.out = out, .json = {.out = out}, .p = out->profile};
    if (!w.p->metrics.n)
        return p2a_cant_write(out, P2A_INPUT, "there are no values, and firefox needs some");
    choose_weight(&w);
    if (part_threads(&w) && start_numbering(&w.function, w.p->functions.n) &&
        start_numbering(&w.string, w.p->strings.n) && start_numbering(&w.library, w.p->strings.n))
        put_file(&w);
    else
        p2a_no_memory(out);
    free(w.first);
    free(w.next);
    free(w.stack);
    free_numbering(&w.function);
    free_numbering(&w.string);
    free_numbering(&w.library);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"gecko", "samply", NULL};
static const char *const patterns[] = {"*.firefox.json", "*.gecko.json", NULL};

const struct p2a_format p2a_format_firefox = {
    .name = "firefox",
    .title = "Firefox Profiler's JSON, of samply and Gecko",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_firefox,
    .write = write_firefox,
    .gives = P2A_CONTEXTS | P2A_LINES | P2A_THREADS | P2A_MANY | P2A_MODULES | P2A_PLACES,
    .needs = P2A_CONTEXTS,
    .keeps = P2A_CONTEXTS | P2A_THREADS | P2A_MODULES | P2A_PLACES,
    .timed = true,
};
