/* prof2any's own JSON: all that a profile holds, for programs. Defined by json.schema.json beside
 * this file, which is installed in share/prof2any; "prof2any" is its version, 1.
 *
 *     {"prof2any":1, "producer":…, "source":"pstats",
 *      "recorded":["graph","calls","places"], "estimated":[], "comparison":false,
 *      "grouped_by":"module", "partly_grouped":false,
 *      "taken":{"start":…, "duration":…, "period":10000000, "period_name":"cpu", …},
 *      "notes":["…"],
 *      "metrics":[{"name":"time","unit":"seconds","scale":1,"whole":0.0147}],
 *      "threads":[{"pid":17,"tid":18,"name":"worker"}],
 *      "functions":[{"id":0,"name":"main","file":"app.py","line":3,"kind":"python",
 *                    "calls":5,"primitive":1,"self":[0.25],"total":[1.5]}],
 *      "arcs":[{"caller":0,"callee":7,"calls":5,"primitive":5,"self":[…],"total":[…]}],
 *      "lines":[{"function":0,"line":4,"self":[…]}],
 *      "sites":[{"arc":0,"line":4,"calls":5,"total":[…]}],
 *      "contexts":[{"function":0,"calls":1,"self":[…]},{"parent":0,"function":7,…}],
 *      "left_out":{"functions":9,"arcs":30,"lines":0,"sites":0,"contexts":0}}
 *
 * - A value times its metric's scale is in the metric's unit. Numbers are the shortest that read as
 *   the same double again; "NaN", "Infinity" and "-Infinity" stand for those. Counts are whole and
 *   may be above 2^53. What isn't known isn't there.
 * - A comparison has "self_before", "total_before", "calls_before" and "primitive_before" beside
 *   the others.
 * - Functions stand in the report's order, else in the input's, and with a limit by their totals;
 *   those that are only somebody's caller have no figures and come last. Where the report leaves
 *   functions out, arcs, lines and call sites are those among the functions listed, paths are left
 *   out and the graph stands as what was recorded, and "left_out" says how many of each.
 * - Text that is no UTF-8 has U+FFFD in its place: that alone doesn't survive.
 *
 * Reading takes what was recorded (and estimated paths, where there is no graph to estimate them
 * from again); the rest follows from it. Keys must come in the order above, because what they hold
 * refers back; keys that aren't known are passed. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/human.h"
#include "base/index.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "model/rows.h"

enum { VERSION = 1 };

static const struct {
    unsigned fact;
    const char *name;
} facts[] = {{P2A_CONTEXTS, "contexts"}, {P2A_GRAPH, "graph"},         {P2A_CALLS, "calls"},
             {P2A_LINES, "lines"},       {P2A_ADDRESSES, "addresses"}, {P2A_THREADS, "threads"},
             {P2A_MANY, "metrics"},      {P2A_BEFORE, "comparison"},   {P2A_MODULES, "modules"},
             {P2A_PLACES, "places"}};
enum { FACTS = sizeof facts / sizeof *facts };

static const char *const kinds[] = {
    [P2A_UNKNOWN] = "unknown", [P2A_PYTHON] = "python", [P2A_BUILTIN] = "builtin",
    [P2A_NATIVE] = "native",   [P2A_KERNEL] = "kernel", [P2A_INLINED] = "inlined",
    [P2A_JIT] = "jit",         [P2A_MARKER] = "marker"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *const groups[] = {[P2A_BY_FUNCTION] = "function",
                                     [P2A_BY_FILE] = "file",
                                     [P2A_BY_MODULE] = "module",
                                     [P2A_BY_LINE] = "line"};
enum { GROUPS = sizeof groups / sizeof *groups };

/* ---- probe ---- */

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    return p2a_json_has(probe, "prof2any", P2A_JSON_NUMBER) ? P2A_CERTAIN : P2A_NO;
}

/* ---- reader ---- */

/* An object of any table, with what it says. */
struct record {
    uint64_t id, function, caller, callee, parent, thread, arc; /* references */
    uint64_t pid, tid, address, calls, primitive, calls_before, primitive_before;
    uint64_t line;                                    /* of a place in a function */
    int64_t start;                                    /* a function's line, which may be negative */
    p2a_id name, qualname, file, module, unit, title; /* strings */
    enum p2a_kind kind;
    double scale;
    unsigned values; /* which of the value rows are there: 1 << enum row */
    uint64_t said;   /* 1 << place in fields[] */
    uint64_t at;     /* byte */
};

enum row { SELF, TOTAL, SELF_BEFORE, TOTAL_BEFORE, VALUE_ROWS };

enum field_type { COUNT, LINE, STRING, KIND, NUMBER, VALUES };

#define AT(member) offsetof(struct record, member)

static const struct field {
    const char *name;
    enum field_type type;
    size_t at; /* in struct record; of VALUES: the row */
} fields[] = {{"id", COUNT, AT(id)},
              {"function", COUNT, AT(function)},
              {"caller", COUNT, AT(caller)},
              {"callee", COUNT, AT(callee)},
              {"parent", COUNT, AT(parent)},
              {"thread", COUNT, AT(thread)},
              {"arc", COUNT, AT(arc)},
              {"pid", COUNT, AT(pid)},
              {"tid", COUNT, AT(tid)},
              {"address", COUNT, AT(address)},
              {"calls", COUNT, AT(calls)},
              {"primitive", COUNT, AT(primitive)},
              {"calls_before", COUNT, AT(calls_before)},
              {"primitive_before", COUNT, AT(primitive_before)},
              {"line", LINE, AT(line)},
              {"name", STRING, AT(name)},
              {"qualname", STRING, AT(qualname)},
              {"file", STRING, AT(file)},
              {"module", STRING, AT(module)},
              {"unit", STRING, AT(unit)},
              {"title", STRING, AT(title)},
              {"kind", KIND, AT(kind)},
              {"scale", NUMBER, AT(scale)},
              {"self", VALUES, SELF},
              {"total", VALUES, TOTAL},
              {"self_before", VALUES, SELF_BEFORE},
              {"total_before", VALUES, TOTAL_BEFORE}};
enum { FIELDS = sizeof fields / sizeof *fields };

struct ids {
    p2a_id *at;
    uint32_t n, room;
};

struct reader {
    struct p2a_in *in;
    struct p2a_json *json;
    struct p2a_profile *p;
    bool compared;
    size_t next_table; /* the first that may follow */
    unsigned recorded, estimated;
    double *values; /* VALUE_ROWS rows of a value a metric */
    struct record record;
    struct p2a_index function_of; /* of functions by their id in the file */
    struct numbered {
        uint64_t id;
        p2a_id function;
    } * function;
    uint32_t function_n, function_room;
    struct ids thread, arc, context; /* by their places in the file */
};

static bool takes_graph(const struct reader *r)
{
    return (r->recorded | r->estimated) & P2A_GRAPH;
}

/* Estimated paths are there for who has no graph to estimate them from again. */
static bool takes_paths(const struct reader *r)
{
    bool guess = r->estimated & P2A_CONTEXTS;
    return guess ? !takes_graph(r) : r->recorded & P2A_CONTEXTS;
}

static void out_of_memory(struct reader *r)
{
    p2a_json_no_memory(r->json);
}

static bool keep(struct reader *r, struct ids *ids, p2a_id id)
{
    if (!p2a_grow(&ids->at, &ids->room, (uint64_t)ids->n + 1, sizeof *ids->at)) {
        out_of_memory(r);
        return false;
    }
    ids->at[ids->n++] = id;
    return true;
}

/* ---- values of the keys ---- */

static double read_number(struct reader *r)
{
    struct p2a_str text;
    if (p2a_json_peek(r->json) != P2A_JSON_STRING)
        return p2a_json_number(r->json);
    if (!p2a_json_string(r->json, &text))
        return 0;
    if (p2a_str_is(text, "NaN"))
        return NAN;
    if (p2a_str_is(text, "Infinity"))
        return INFINITY;
    if (p2a_str_is(text, "-Infinity"))
        return -INFINITY;
    p2a_json_bad(r->json, "a value is text, expected a number, NaN, Infinity or -Infinity");
    return 0;
}

/* The number read last as it stands there, where that is a whole one up to 2^64 - 1. */
static bool exact_count(const struct p2a_json *j, uint64_t *value)
{
    size_t window = (size_t)(j->at - j->base);
    uint64_t n = j->offset + window - j->value_at;
    struct p2a_str text = {(const char *)j->at - n, (size_t)n};
    return n <= window && p2a_str_u64(text, value);
}

static uint64_t read_count(struct reader *r)
{
    uint64_t count = 0;
    double value = p2a_json_number(r->json);
    if (exact_count(r->json, &count))
        return count;
    if (!(value >= 0 && value < 0x1p64) || value > floor(value)) {
        p2a_json_bad(r->json, "%s: expected a whole number from 0, less than 2^64", r->json->name);
        return 0;
    }
    return (uint64_t)value;
}

/* What tables keep the key for is known when the object ends: as a place's line and as a
 * function's, as near as the number comes. */
static void read_line(struct reader *r)
{
    struct record *record = &r->record;
    double value = p2a_json_number(r->json);
    if (exact_count(r->json, &record->line)) {
        record->start = record->line < INT64_MAX ? (int64_t)record->line : INT64_MAX;
        return;
    }
    bool small = fabs(value) < 0x1p53 && value == floor(value);
    if (!r->json->whole && !small)
        p2a_json_bad(r->json, "line: expected a whole number");
    else
        record->start = r->json->whole ? r->json->integer : (int64_t)value;
    record->line = record->start > 0 ? (uint64_t)record->start : 0;
}

static p2a_id read_string(struct reader *r)
{
    struct p2a_str text;
    return p2a_json_string(r->json, &text) ? p2a_intern(r->p, text) : 0;
}

/* Which of N words it is; after an error the first. */
static int read_word(struct reader *r, const char *const *words, int n, const char *wrong)
{
    struct p2a_str text;
    if (!p2a_json_string(r->json, &text))
        return 0;
    for (int i = 0; i < n; i++)
        if (p2a_str_is(text, words[i]))
            return i;
    p2a_json_bad(r->json, "%s, expected one of the schema's", wrong);
    return 0;
}

static enum p2a_group read_group(struct reader *r)
{
    return (enum p2a_group)read_word(r, groups, GROUPS,
                                     "functions are grouped by what isn't known");
}

static enum p2a_kind read_kind(struct reader *r)
{
    return (enum p2a_kind)read_word(r, kinds, KINDS, "no such kind of function");
}

static void read_values(struct reader *r, size_t row)
{
    uint32_t n = 0, metrics = r->p->metrics.n;
    if (!r->values) {
        p2a_json_bad(r->json, "%s: values in the list of metrics, expected them behind it",
                     fields[FIELDS - VALUE_ROWS + row].name);
        return;
    }
    for (p2a_json_array(r->json); p2a_json_item(r->json); n++) {
        double value = read_number(r);
        if (n < metrics)
            r->values[row * metrics + n] = value;
    }
    r->record.values |= 1u << row;
    if (n != metrics)
        p2a_json_bad(r->json, "%s: %u value%s, expected one for each of %u metric%s",
                     fields[FIELDS - VALUE_ROWS + row].name, n, p2a_plural(n), metrics,
                     p2a_plural(metrics));
}

static void read_field(struct reader *r, size_t i)
{
    char *to = (char *)&r->record + fields[i].at;
    r->record.said |= UINT64_C(1) << i;
    switch (fields[i].type) {
    case COUNT:
        *(uint64_t *)(void *)to = read_count(r);
        break;
    case LINE:
        read_line(r);
        break;
    case STRING:
        *(p2a_id *)(void *)to = read_string(r);
        break;
    case KIND:
        r->record.kind = read_kind(r);
        break;
    case NUMBER:
        r->record.scale = read_number(r);
        break;
    case VALUES:
        read_values(r, fields[i].at);
        break;
    }
}

static bool said(const struct reader *r, size_t member)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].at == member && fields[i].type != VALUES)
            return r->record.said >> i & 1;
    return false;
}

/* The next object of the table that is open; keys that aren't known are passed. */
static bool next_record(struct reader *r)
{
    struct p2a_str key;
    if (!p2a_json_item(r->json))
        return false;
    r->record = (struct record){.scale = 1};
    p2a_json_object(r->json);
    r->record.at = p2a_json_at(r->json);
    while (p2a_json_key(r->json, &key)) {
        size_t i = 0;
        while (i < FIELDS && !p2a_str_is(key, fields[i].name))
            i++;
        if (i < FIELDS)
            read_field(r, i);
        else
            p2a_json_skip(r->json);
    }
    return !r->json->stopped;
}

/* ---- tables ---- */

/* Adds the rows SELF (or TOTAL) and SELF_BEFORE of the record to a row of the profile. */
static void add_values(const struct reader *r, enum row row, double *to)
{
    uint32_t metrics = r->p->metrics.n;
    for (uint32_t i = 0; i < metrics; i++) {
        if (r->record.values & 1u << row)
            to[i] += r->values[row * metrics + i];
        if (r->compared && r->record.values & 1u << (row + 2))
            to[metrics + i] += r->values[(row + 2) * metrics + i];
    }
}

static unsigned has_of(const struct reader *r)
{
    return (said(r, AT(calls)) ? P2A_HAS_CALLS : 0u) |
           (said(r, AT(primitive)) ? P2A_HAS_PRIMITIVE : 0u) |
           (r->record.values & 1u << SELF ? P2A_HAS_SELF : 0u) |
           (r->record.values & 1u << TOTAL ? P2A_HAS_TOTAL : 0u);
}

static void read_metrics(struct reader *r)
{
    struct p2a_profile *p = r->p;
    for (p2a_json_array(r->json); next_record(r);) {
        uint32_t n = p->metrics.n;
        p2a_id id = p2a_metric(p, p2a_string(p, r->record.name).at,
                               p2a_string(p, r->record.unit).at, r->record.scale);
        if (id != n) {
            p2a_json_bad_at(r->json, r->record.at, "a metric is there twice");
            return;
        }
        p->metrics.row[id].title = r->record.title;
    }
    r->values = malloc((VALUE_ROWS * (size_t)p->metrics.n + 1) * sizeof *r->values);
    if (!r->values)
        out_of_memory(r);
    if (r->compared)
        p2a_compare_columns(p);
}

static void read_threads(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);)
        if (!keep(r, &r->thread,
                  p2a_thread(r->p, r->record.pid, r->record.tid, p2a_string(r->p, r->record.name))))
            return;
}

static bool same_id(const void *table, uint32_t row, const void *key)
{
    return ((const struct numbered *)table)[row].id == *(const uint64_t *)key;
}

/* P2A_NONE after an error. Unless a report sorted them, functions are numbered as they stand. */
static p2a_id function_of(struct reader *r, uint64_t id)
{
    if (id < r->function_n && r->function[id].id == id)
        return r->function[id].function;
    uint32_t row =
        p2a_index_find(&r->function_of, p2a_hash(&id, sizeof id), same_id, r->function, &id);
    if (row != P2A_INDEX_NONE)
        return r->function[row].function;
    p2a_json_bad_at(r->json, r->record.at, "no function has the id %" PRIu64, id);
    return P2A_NONE;
}

static bool number_function(struct reader *r, p2a_id function)
{
    uint64_t id = r->record.id, hash = p2a_hash(&id, sizeof id);
    if (p2a_index_find(&r->function_of, hash, same_id, r->function, &id) != P2A_INDEX_NONE)
        return p2a_json_bad_at(r->json, r->record.at, "two functions have the id %" PRIu64, id);
    if (!p2a_grow(&r->function, &r->function_room, (uint64_t)r->function_n + 1,
                  sizeof *r->function) ||
        !p2a_index_add(&r->function_of, hash, r->function_n)) {
        out_of_memory(r);
        return false;
    }
    r->function[r->function_n++] = (struct numbered){id, function};
    return true;
}

/* Two functions may become one: where names differ in broken bytes alone, both are written with the
 * same U+FFFD. Their rows are added up, as their lines and contexts are. */
static void add_node(struct reader *r, p2a_id function)
{
    const struct record *record = &r->record;
    unsigned has = has_of(r);
    struct p2a_node *node = has ? p2a_node(r->p, function) : NULL;
    if (!node)
        return;
    node->calls = p2a_add_calls(node->calls, record->calls);
    node->primitive = p2a_add_calls(node->primitive, record->primitive);
    p2a_add_counts(r->p->graph.node_before, function,
                   (struct p2a_counts){record->calls_before, record->primitive_before});
    node->has |= has | P2A_HAS_ROW;
    size_t row = (size_t)function * r->p->columns;
    add_values(r, SELF, r->p->graph.self + row);
    add_values(r, TOTAL, r->p->graph.total + row);
}

static void read_functions(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);) {
        struct p2a_function f = {.name = r->record.name,
                                 .qualname = r->record.qualname,
                                 .file = r->record.file,
                                 .module = r->record.module,
                                 .line = r->record.start,
                                 .kind = r->record.kind};
        p2a_id function = p2a_function(r->p, &f);
        if (function == P2A_NONE || !number_function(r, function))
            return;
        if (takes_graph(r))
            add_node(r, function);
    }
}

static void add_arc(struct reader *r, p2a_id id)
{
    const struct record *record = &r->record;
    struct p2a_arc *arc = &r->p->graph.arc[id];
    unsigned has = has_of(r);
    size_t row = (size_t)id * r->p->columns;
    arc->calls = p2a_add_calls(arc->calls, record->calls);
    arc->primitive = p2a_add_calls(arc->primitive, record->primitive);
    p2a_add_counts(r->p->graph.arc_before, id,
                   (struct p2a_counts){record->calls_before, record->primitive_before});
    arc->has |= has | (has & P2A_HAS_TOTAL ? P2A_HAS_ROW : 0u);
    add_values(r, SELF, r->p->graph.arc_self + row);
    add_values(r, TOTAL, r->p->graph.arc_total + row);
}

static void read_arcs(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);) {
        p2a_id caller = function_of(r, r->record.caller);
        p2a_id callee = function_of(r, r->record.callee);
        p2a_id arc =
            caller == P2A_NONE || callee == P2A_NONE ? P2A_NONE : p2a_arc(r->p, caller, callee);
        if (arc == P2A_NONE || !keep(r, &r->arc, arc))
            return;
        add_arc(r, arc);
    }
}

static void read_lines(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);) {
        struct p2a_line line = {.function = function_of(r, r->record.function),
                                .file = r->record.file,
                                .line = r->record.line,
                                .address = r->record.address};
        p2a_id id = line.function == P2A_NONE ? P2A_NONE : p2a_line(r->p, &line);
        if (id == P2A_NONE)
            return;
        add_values(r, SELF, r->p->graph.line_self + (size_t)id * r->p->columns);
    }
}

static void read_sites(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);) {
        if (r->record.arc >= r->arc.n) {
            p2a_json_bad_at(r->json, r->record.at, "there is no arc %" PRIu64, r->record.arc);
            return;
        }
        struct p2a_site site = {.arc = r->arc.at[r->record.arc],
                                .file = r->record.file,
                                .line = r->record.line,
                                .address = r->record.address,
                                .calls = r->record.calls};
        p2a_id id = p2a_site(r->p, &site);
        if (id == P2A_NONE)
            return;
        add_values(r, TOTAL, r->p->graph.site_total + (size_t)id * r->p->columns);
    }
}

/* The context that the record is of; P2A_NONE after an error. */
static p2a_id context_of(struct reader *r)
{
    p2a_id parent = P2A_NONE, thread = P2A_NONE;
    if (said(r, AT(parent)) && r->record.parent >= r->context.n) {
        p2a_json_bad_at(r->json, r->record.at,
                        "context %u has the parent %" PRIu64 ", expected one before it",
                        r->context.n, r->record.parent);
        return P2A_NONE;
    }
    if (said(r, AT(thread)) && r->record.thread >= r->thread.n) {
        p2a_json_bad_at(r->json, r->record.at, "there is no thread %" PRIu64, r->record.thread);
        return P2A_NONE;
    }
    if (said(r, AT(parent)))
        parent = r->context.at[r->record.parent];
    if (said(r, AT(thread)))
        thread = r->thread.at[r->record.thread];
    p2a_id function = function_of(r, r->record.function);
    return function == P2A_NONE ? P2A_NONE : p2a_context(r->p, parent, function, thread);
}

static void read_contexts(struct reader *r)
{
    for (p2a_json_array(r->json); next_record(r);) {
        p2a_id id = context_of(r);
        if (id == P2A_NONE || !keep(r, &r->context, id))
            return;
        add_values(r, SELF, r->p->contexts.self + (size_t)id * r->p->columns);
        if (said(r, AT(calls)))
            p2a_context_calls(r->p, id, r->record.calls);
        if (said(r, AT(calls_before)) && r->compared)
            p2a_context_calls_before(r->p, id, r->record.calls_before);
    }
}

/* ---- the whole ---- */

static unsigned read_facts(struct reader *r)
{
    unsigned set = 0;
    struct p2a_str text;
    for (p2a_json_array(r->json); p2a_json_item(r->json);) {
        if (!p2a_json_string(r->json, &text))
            break;
        for (size_t i = 0; i < FACTS; i++)
            if (p2a_str_is(text, facts[i].name))
                set |= facts[i].fact;
    }
    return set;
}

static void read_version(struct reader *r)
{
    int64_t version = p2a_json_integer(r->json, 0, INT64_MAX);
    if (version != VERSION)
        p2a_json_bad(r->json, "version %" PRId64 " of prof2any's JSON, expected %d", version,
                     VERSION);
}

static void read_notes(struct reader *r)
{
    struct p2a_str text;
    for (p2a_json_array(r->json); p2a_json_item(r->json);)
        if (p2a_json_string(r->json, &text))
            p2a_note(r->p, "%.*s", (int)(text.n < 500 ? text.n : 500), text.at);
}

static void read_left_out(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->json); p2a_json_key(r->json, &key);) {
        bool functions = p2a_str_is(key, "functions");
        uint64_t n = read_count(r);
        if (functions && n)
            p2a_note(r->p, "%" PRIu64 " function%s left out when the JSON was written", n,
                     n == 1 ? " was" : "s were");
    }
}

static void read_comments(struct reader *r, struct p2a_taken *taken)
{
    for (p2a_json_array(r->json); p2a_json_item(r->json);) {
        p2a_id comment = read_string(r);
        if (taken->comment_n < P2A_COMMENTS)
            taken->comment[taken->comment_n++] = comment;
    }
}

static void read_taken(struct reader *r)
{
    struct p2a_taken taken = {0};
    const struct {
        const char *name;
        int64_t *number;
        p2a_id *string;
    } keys[] = {{"start", &taken.start, NULL},
                {"duration", &taken.duration, NULL},
                {"period", &taken.period, NULL},
                {"period_name", NULL, &taken.period_name},
                {"period_unit", NULL, &taken.period_unit},
                {"program", NULL, &taken.program}};
    enum { KEYS = sizeof keys / sizeof *keys };
    struct p2a_str key;
    for (p2a_json_object(r->json); p2a_json_key(r->json, &key);) {
        size_t i = 0;
        while (i < KEYS && !p2a_str_is(key, keys[i].name))
            i++;
        if (i < KEYS && keys[i].number)
            *keys[i].number = p2a_json_integer(r->json, INT64_MIN, INT64_MAX);
        else if (i < KEYS)
            *keys[i].string = read_string(r);
        else if (p2a_str_is(key, "comments"))
            read_comments(r, &taken);
        else
            p2a_json_skip(r->json);
    }
    r->p->taken = taken;
}

/* A key of the file that isn't a table. */
static void read_fact(struct reader *r, struct p2a_str key)
{
    if (p2a_str_is(key, "prof2any"))
        read_version(r);
    else if (p2a_str_is(key, "recorded"))
        r->recorded = read_facts(r);
    else if (p2a_str_is(key, "estimated"))
        r->estimated = read_facts(r);
    else if (p2a_str_is(key, "comparison"))
        r->compared = p2a_json_bool(r->json);
    else if (p2a_str_is(key, "grouped_by"))
        r->p->grouped = read_group(r);
    else if (p2a_str_is(key, "partly_grouped"))
        r->p->partly_grouped = p2a_json_bool(r->json);
    else if (p2a_str_is(key, "cycle_share"))
        r->p->cycle_share = read_number(r);
    else if (p2a_str_is(key, "base"))
        r->p->base = read_number(r);
    else if (p2a_str_is(key, "taken"))
        read_taken(r);
    else if (p2a_str_is(key, "notes"))
        read_notes(r);
    else if (p2a_str_is(key, "left_out"))
        read_left_out(r);
    else
        p2a_json_skip(r->json);
}

static const struct table {
    const char *name;
    void (*read)(struct reader *r);
    unsigned facts; /* taken where one of them is; 0: always */
} tables[] = {{"metrics", read_metrics, 0},
              {"threads", read_threads, 0},
              {"functions", read_functions, 0},
              {"arcs", read_arcs, P2A_GRAPH},
              {"lines", read_lines, P2A_LINES | P2A_ADDRESSES},
              {"sites", read_sites, P2A_GRAPH},
              {"contexts", read_contexts, P2A_CONTEXTS}};
enum { TABLES = sizeof tables / sizeof *tables };

/* Tables that refer to one another stand in their order. */
static void read_table(struct reader *r, size_t i)
{
    if (i < r->next_table || (i > 0 && !r->values)) {
        p2a_json_peek(r->json);
        p2a_json_bad(r->json, "\"%s\" is out of order, expected it once, behind \"%s\"",
                     tables[i].name, i ? tables[i - 1].name : "notes");
        return;
    }
    r->next_table = i + 1;
    bool taken = tables[i].facts == P2A_CONTEXTS
                     ? takes_paths(r)
                     : !tables[i].facts || tables[i].facts & (r->recorded | r->estimated);
    if (taken)
        tables[i].read(r);
    else
        p2a_json_skip(r->json);
}

static void read_file(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->json); p2a_json_key(r->json, &key);) {
        size_t i = 0;
        while (i < TABLES && !p2a_str_is(key, tables[i].name))
            i++;
        if (i < TABLES)
            read_table(r, i);
        else
            read_fact(r, key);
    }
    if (r->p->contexts.n)
        r->p->estimated |= r->estimated & P2A_CONTEXTS;
    if (takes_graph(r))
        r->p->estimated |= r->estimated & P2A_GRAPH;
}

static enum p2a_status read_json(struct p2a_in *in)
{
    struct p2a_json *json = malloc(sizeof *json);
    struct reader r = {.in = in, .json = json, .p = in->profile, .recorded = ~0u};
    if (!json)
        return p2a_in_no_memory(in);
    p2a_json_start(json, in);
    read_file(&r);
    p2a_json_finish(json);
    p2a_json_stop(json);
    free(json);
    free(r.values);
    free(r.function);
    p2a_index_free(&r.function_of);
    free(r.thread.at);
    free(r.arc.at);
    free(r.context.at);
    return p2a_in_status(in);
}

/* ---- writer ---- */

struct writer {
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    bool *listed; /* functions */
    p2a_id *arc;  /* arcs: their place in "arcs", P2A_NONE */
    uint32_t left_functions, left_arcs, left_lines, left_sites, left_contexts;
};

static void put_number(struct writer *w, double value)
{
    if (isnan(value))
        p2a_json_text(&w->json, "NaN");
    else if (isinf(value))
        p2a_json_text(&w->json, value < 0 ? "-Infinity" : "Infinity");
    else
        p2a_json_double(&w->json, value);
}

static void put_row(struct writer *w, const char *name, const double *values)
{
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
    for (uint32_t i = 0; i < w->p->metrics.n; i++)
        put_number(w, values[i]);
    p2a_json_end(&w->json, ']');
}

/* "self":[…] and, in a comparison, "self_before":[…] */
static void put_values(struct writer *w, const char *name, const char *name_before,
                       const double *values, size_t row)
{
    const struct p2a_profile *p = w->p;
    put_row(w, name, values + row * p->columns);
    if (p->columns > p->metrics.n)
        put_row(w, name_before, values + row * p->columns + p->metrics.n);
}

static void put_self(struct writer *w, const double *values, size_t row)
{
    put_values(w, "self", "self_before", values, row);
}

static void put_total(struct writer *w, const double *values, size_t row)
{
    put_values(w, "total", "total_before", values, row);
}

static void put_count(struct writer *w, const char *name, uint64_t value)
{
    p2a_json_name(&w->json, name);
    p2a_json_u64(&w->json, value);
}

static void put_string(struct writer *w, const char *name, p2a_id string)
{
    if (!string)
        return;
    p2a_json_name(&w->json, name);
    p2a_json_str(&w->json, p2a_string(w->p, string));
}

static void put_text(struct writer *w, const char *name, const char *text)
{
    p2a_json_name(&w->json, name);
    p2a_json_text(&w->json, text);
}

static void begin_table(struct writer *w, const char *name)
{
    p2a_json_line(&w->json);
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
}

static void begin_object(struct writer *w)
{
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
}

static void put_facts(struct writer *w, const char *name, unsigned set)
{
    p2a_json_name(&w->json, name);
    p2a_json_begin(&w->json, '[');
    for (size_t i = 0; i < FACTS; i++)
        if (set & facts[i].fact)
            p2a_json_text(&w->json, facts[i].name);
    p2a_json_end(&w->json, ']');
}

/* A file without the paths has the graph that came of them, and a reader is to take that: it is
 * what they were, recorded or a guess. */
static unsigned without_paths(const struct writer *w, unsigned set)
{
    return w->left_functions && set & P2A_CONTEXTS ? (set & ~(unsigned)P2A_CONTEXTS) | P2A_GRAPH
                                                   : set;
}

static void put_sources(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    unsigned recorded = p->recorded & p->facts, estimated = p->estimated & p->facts;
    put_facts(w, "recorded", without_paths(w, recorded));
    put_facts(w, "estimated", recorded & P2A_GRAPH ? estimated : without_paths(w, estimated));
}

static void put_integer(struct writer *w, const char *name, int64_t value)
{
    if (!value)
        return;
    p2a_json_name(&w->json, name);
    p2a_json_i64(&w->json, value);
}

static void put_taken(struct writer *w)
{
    const struct p2a_taken *taken = &w->p->taken;
    static const struct p2a_taken unknown = {0};
    if (memcmp(taken, &unknown, offsetof(struct p2a_taken, comment)) == 0 && !taken->comment_n)
        return;
    p2a_json_line(&w->json);
    p2a_json_name(&w->json, "taken");
    p2a_json_begin(&w->json, '{');
    put_integer(w, "start", taken->start);
    put_integer(w, "duration", taken->duration);
    put_integer(w, "period", taken->period);
    put_string(w, "period_name", taken->period_name);
    put_string(w, "period_unit", taken->period_unit);
    put_string(w, "program", taken->program);
    if (taken->comment_n) {
        p2a_json_name(&w->json, "comments");
        p2a_json_begin(&w->json, '[');
        for (uint32_t i = 0; i < taken->comment_n; i++)
            p2a_json_str(&w->json, p2a_string(w->p, taken->comment[i]));
        p2a_json_end(&w->json, ']');
    }
    p2a_json_end(&w->json, '}');
}

static void put_head(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    put_count(w, "prof2any", VERSION);
    put_text(w, "producer", "prof2any " P2A_VERSION);
    put_string(w, "source", p->source);
    p2a_json_line(&w->json);
    put_sources(w);
    p2a_json_name(&w->json, "comparison");
    p2a_json_truth(&w->json, p->columns > p->metrics.n);
    if (p->grouped != P2A_BY_FUNCTION) {
        put_text(w, "grouped_by", groups[p->grouped]);
        p2a_json_name(&w->json, "partly_grouped");
        p2a_json_truth(&w->json, p->partly_grouped);
    }
    if (p->estimated & P2A_CONTEXTS) {
        p2a_json_name(&w->json, "cycle_share");
        put_number(w, p->cycle_share);
    }
    if (p->base > 0) {
        p2a_json_name(&w->json, "base");
        put_number(w, p->base);
    }
    put_taken(w);
    begin_table(w, "notes");
    for (size_t i = 0; i < p2a_note_count(p); i++)
        p2a_json_text(&w->json, p2a_note_at(p, i));
    p2a_json_end(&w->json, ']');
}

static void put_metrics(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    begin_table(w, "metrics");
    for (uint32_t i = 0; i < p->metrics.n; i++) {
        const struct p2a_metric *m = &p->metrics.row[i];
        begin_object(w);
        p2a_json_name(&w->json, "name");
        p2a_json_str(&w->json, p2a_string(p, m->name));
        p2a_json_name(&w->json, "unit");
        p2a_json_str(&w->json, p2a_string(p, m->unit));
        p2a_json_name(&w->json, "scale");
        put_number(w, m->scale);
        put_string(w, "title", m->title);
        p2a_json_name(&w->json, "whole");
        put_number(w, p2a_whole(p, i));
        if (p->columns > p->metrics.n) {
            p2a_json_name(&w->json, "whole_before");
            put_number(w, p2a_whole(p, p->metrics.n + i));
        }
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
    begin_table(w, "threads");
    for (uint32_t i = 0; i < p->threads.n; i++) {
        const struct p2a_thread *t = &p->threads.row[i];
        begin_object(w);
        put_count(w, "pid", t->pid);
        put_count(w, "tid", t->tid);
        put_string(w, "name", t->name);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_calls(struct writer *w, unsigned has, uint64_t calls, uint64_t primitive)
{
    if (has & P2A_HAS_CALLS)
        put_count(w, "calls", calls);
    if (has & P2A_HAS_PRIMITIVE)
        put_count(w, "primitive", primitive);
}

/* BEFORE is by row; NULL where it is no comparison. */
static void put_calls_before(struct writer *w, unsigned has, const struct p2a_counts *before,
                             p2a_id row)
{
    if (before && has & P2A_HAS_CALLS)
        put_count(w, "calls_before", before[row].calls);
    if (before && has & P2A_HAS_PRIMITIVE)
        put_count(w, "primitive_before", before[row].primitive);
}

static void put_function(struct writer *w, p2a_id id)
{
    const struct p2a_profile *p = w->p;
    const struct p2a_function *f = &p->functions.row[id];
    begin_object(w);
    put_count(w, "id", id);
    p2a_json_name(&w->json, "name");
    p2a_json_str(&w->json, p2a_string(p, f->name));
    put_string(w, "qualname", f->qualname);
    put_string(w, "file", f->file);
    put_string(w, "module", f->module);
    if (f->line) {
        p2a_json_name(&w->json, "line");
        p2a_json_i64(&w->json, f->line);
    }
    put_text(w, "kind", (size_t)f->kind < KINDS ? kinds[f->kind] : kinds[P2A_UNKNOWN]);
    if (id < p->graph.node_n && p->graph.node[id].has & P2A_HAS_ROW) {
        const struct p2a_node *node = &p->graph.node[id];
        put_calls(w, node->has, node->calls, node->primitive);
        put_calls_before(w, node->has, p->graph.node_before, id);
        if (node->has & P2A_HAS_SELF)
            put_self(w, p->graph.self, id);
        if (node->has & P2A_HAS_TOTAL)
            put_total(w, p->graph.total, id);
    }
    p2a_json_end(&w->json, '}');
}

static bool is_row(const struct p2a_profile *p, p2a_id function)
{
    return function < p->graph.node_n && p->graph.node[function].has & P2A_HAS_ROW;
}

static void put_functions(struct writer *w)
{
    begin_table(w, "functions");
    for (uint32_t i = 0; i < w->rows.n; i++)
        put_function(w, w->rows.function[i]);
    for (p2a_id f = 0; f < w->p->functions.n; f++)
        if (w->listed[f] && !is_row(w->p, f))
            put_function(w, f);
    p2a_json_end(&w->json, ']');
}

static void put_arcs(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    uint32_t n = 0;
    begin_table(w, "arcs");
    for (p2a_id i = 0; i < g->arc_n; i++) {
        const struct p2a_arc *a = &g->arc[i];
        w->arc[i] = P2A_NONE;
        if (!w->listed[a->caller] || !w->listed[a->callee]) {
            w->left_arcs++;
            continue;
        }
        w->arc[i] = n++;
        begin_object(w);
        put_count(w, "caller", a->caller);
        put_count(w, "callee", a->callee);
        put_calls(w, a->has, a->calls, a->primitive);
        put_calls_before(w, a->has, g->arc_before, i);
        if (a->has & P2A_HAS_SELF)
            put_self(w, g->arc_self, i);
        if (a->has & P2A_HAS_TOTAL)
            put_total(w, g->arc_total, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_place(struct writer *w, p2a_id file, uint64_t line, uint64_t address)
{
    put_string(w, "file", file);
    if (line)
        put_count(w, "line", line);
    if (address)
        put_count(w, "address", address);
}

static void put_lines(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    begin_table(w, "lines");
    for (uint32_t i = 0; i < g->line_n; i++) {
        const struct p2a_line *line = &g->line[i];
        if (!w->listed[line->function]) {
            w->left_lines++;
            continue;
        }
        begin_object(w);
        put_count(w, "function", line->function);
        put_place(w, line->file, line->line, line->address);
        put_self(w, g->line_self, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
    begin_table(w, "sites");
    for (uint32_t i = 0; i < g->site_n; i++) {
        const struct p2a_site *site = &g->site[i];
        if (w->arc[site->arc] == P2A_NONE) {
            w->left_sites++;
            continue;
        }
        begin_object(w);
        put_count(w, "arc", w->arc[site->arc]);
        put_place(w, site->file, site->line, site->address);
        put_count(w, "calls", site->calls);
        put_total(w, g->site_total, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_contexts(struct writer *w)
{
    const struct p2a_contexts *t = &w->p->contexts;
    begin_table(w, "contexts");
    if (w->left_functions)
        w->left_contexts = t->n;
    for (uint32_t i = 0; i < t->n && !w->left_contexts; i++) {
        const struct p2a_context *c = &t->row[i];
        begin_object(w);
        if (c->parent != P2A_NONE)
            put_count(w, "parent", c->parent);
        put_count(w, "function", c->function);
        if (c->thread != P2A_NONE)
            put_count(w, "thread", c->thread);
        if (p2a_counts_paths(w->p))
            put_count(w, "calls", p2a_calls_of(t, i));
        if (p2a_counts_paths(w->p) && t->calls_before)
            put_count(w, "calls_before", t->calls_before[i]);
        put_self(w, t->self, i);
        p2a_json_end(&w->json, '}');
    }
    p2a_json_end(&w->json, ']');
}

static void put_left_out(struct writer *w)
{
    p2a_json_line(&w->json);
    p2a_json_name(&w->json, "left_out");
    p2a_json_begin(&w->json, '{');
    put_count(w, "functions", w->left_functions);
    put_count(w, "arcs", w->left_arcs);
    put_count(w, "lines", w->left_lines);
    put_count(w, "sites", w->left_sites);
    put_count(w, "contexts", w->left_contexts);
    p2a_json_end(&w->json, '}');
}

/* Functions that the rest refers to, though they have no figures. */
static void list_names(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    for (uint32_t i = 0; i < p->graph.arc_n; i++)
        w->listed[p->graph.arc[i].caller] = w->listed[p->graph.arc[i].callee] = true;
    for (uint32_t i = 0; i < p->graph.line_n; i++)
        w->listed[p->graph.line[i].function] = true;
    for (uint32_t i = 0; i < p->contexts.n; i++)
        w->listed[p->contexts.row[i].function] = true;
}

static bool list_functions(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    w->listed = calloc((size_t)p->functions.n + 1, sizeof *w->listed);
    w->arc = malloc(((size_t)p->graph.arc_n + 1) * sizeof *w->arc);
    if (!w->listed || !w->arc)
        return false;
    for (uint32_t i = 0; i < w->rows.n; i++)
        w->listed[w->rows.function[i]] = true;
    w->left_functions = w->rows.all - w->rows.n;
    if (!w->left_functions)
        list_names(w);
    return true;
}

static void write_all(struct writer *w)
{
    p2a_json_begin(&w->json, '{');
    put_head(w);
    put_metrics(w);
    put_functions(w);
    put_arcs(w);
    put_lines(w);
    put_contexts(w);
    put_left_out(w);
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->json.out, "\n");
}

static enum p2a_status write_json(struct p2a_out *out)
{
    struct writer w = {.json = {out, false}, .p = out->profile};
    uint64_t limit = out->report->limit;
    bool cut = limit && limit != UINT64_MAX;
    if (p2a_rows(out, cut ? "cumulative" : NULL, limit, &w.rows) == P2A_OK) {
        if (list_functions(&w))
            write_all(&w);
        else
            p2a_no_memory(out);
    }
    p2a_rows_free(&w.rows);
    free(w.listed);
    free(w.arc);
    return p2a_out_status(out);
}

static const char *const patterns[] = {"*.json", NULL};

const struct p2a_format p2a_format_json = {
    .name = "json",
    .title = "all that a profile holds, as JSON with a schema",
    .patterns = patterns,
    .probe = probe,
    .verify = true,
    .read = read_json,
    .write = write_json,
    .gives = P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_LINES | P2A_ADDRESSES | P2A_THREADS |
             P2A_MANY | P2A_BEFORE | P2A_MODULES | P2A_PLACES,
    .needs = P2A_GRAPH,
    .keeps = P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_LINES | P2A_ADDRESSES | P2A_THREADS |
             P2A_MANY | P2A_BEFORE | P2A_MODULES | P2A_PLACES,
    .report = P2A_REPORT_ORDER | P2A_REPORT_LIMIT,
};
