/* pstats: what cProfile, profile and pstats.Stats.dump_stats of Python write; one marshal object:
 *
 *   {(file, line, name): (primitive calls, calls, self, total, callers), …}
 *   callers: {(file, line, name): (calls, primitive calls, self, total), …}      cProfile
 *            {(file, line, name): calls, …}                                      profile
 *
 * The counts of a caller stand the other way round than a function's own. Defined by CPython's
 * Lib/cProfile.py, Lib/profile.py and Lib/pstats.py. Times are in seconds.
 *
 * A negative count (pyinstrument writes -1, sums of its files -2) is one that isn't known. Carried:
 * functions with place, callers that have no row of their own, counts, times to the bit, the order
 * of rows and callers. Not carried: more than one metric, lines, threads, object files, call paths.
 *
 * Written is the subset of marshal that every Python reads; strings become unicode, also for Python
 * 2, where they compare equal as long as they are ASCII. A metric that isn't time is written as it
 * is in its unit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crew.h"
#include "base/fetch.h"
#include "base/human.h"
#include "base/index.h"
#include "codec/marshal.h"
#include "model/core.h"
#include "prof2any/format.h"

static const char *const aliases[] = {"prof", "pstat", "cprofile", NULL};
static const char *const patterns[] = {"*.prof", "*.pstats", "*.pstat", NULL};

/* ---- probing --------------------------------------------------------------------------------- */

/* A tuple of 3, or of 1 as in the mark of Python 3.15, at S: returns its head's length, 0 for none.
 */
static size_t tuple_head(const unsigned char *s, size_t n)
{
    unsigned char type = n > 0 ? s[0] & 0x7f : 0;
    if (type == ')' && n > 1 && (s[1] == 3 || s[1] == 1))
        return 2;
    if (type == '(' && n > 4 && (s[1] == 3 || s[1] == 1) && !s[2] && !s[3] && !s[4])
        return 5;
    return 0;
}

/* JSON begins with '{' too, but has no control character behind a parenthesis. */
static enum p2a_sure probe(const struct p2a_probe *input)
{
    const unsigned char *s = (const unsigned char *)input->start.at;
    size_t n = input->start.n;
    if (n < 2 || (s[0] & 0x7f) != '{')
        return P2A_NO;
    if (s[1] == '0')
        return n == 2 && input->whole ? P2A_CERTAIN : P2A_NO;
    size_t head = tuple_head(s + 1, n - 1);
    if (head == 0)
        return P2A_NO;
    bool is_string = head + 1 == n || memchr("stuaAzZ", s[head + 1] & 0x7f, 7);
    return is_string ? P2A_CERTAIN : P2A_NO;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Of nodes or arcs. */
struct values {
    double *self, *total;
    uint32_t n, room;
};

/* Functions get their numbers in the order of the file, so that all keys have to be known before
 * callers are. A file such as Python writes is read at once, its callers being numbers of objects
 * until its end. Any other is read twice: first the keys, of which one that comes again replaces
 * the value, as in Python's dict; then each function's value. */
struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct marshal m;
    struct p2a_arena texts; /* made of code objects */
    uint32_t *tag;          /* by object: what of the profile it is, see function_tag */
    uint32_t tag_room;
    struct marshal_mark *values; /* by function; the functions with a row are the first ones */
    uint32_t n, room;
    uint32_t others; /* keys that are no functions */
    bool is_sampled;
    /* Of reading at once: */
    struct values node_values, arc_values; /* scanned so far */
    uint32_t scanned;                      /* rows, of batches that are whole */
    struct p2a_graph graph;                /* taken so far, without values */
    uint32_t node_room, arc_room;
    enum { SCANNING, SCANNED, BROKEN } scan;
    bool over; /* no more keys are to be taken */
};

/* A key as it stands in the file. A known part is the object NUMBER, which was part of a key before
 * this one. */
struct part {
    struct p2a_str text;
    uint64_t hash;   /* of the text */
    uint32_t number; /* the object's, where others can refer to it; else MARSHAL_NO_REF */
    bool known;
};

struct key {
    struct part file, name;
    int64_t line;
    uint32_t number;
    bool known; /* as a whole */
};

enum key_kind { KEY_FUNCTION, KEY_OTHER, KEY_END, KEY_FAILED };

static bool unexpected(struct reader *r, const struct marshal_value *v, const char *expected)
{
    return p2a_marshal_fail(&r->m, v->at, "%s was expected, this is %s", expected,
                            p2a_marshal_kind_name(v->kind));
}

static bool no_memory(struct reader *r)
{
    p2a_marshal_fail(&r->m, 0, "out of memory");
    r->m.failure.no_memory = true;
    return false;
}

static bool is_text(const struct marshal_value *v)
{
    return v->kind == MARSHAL_TEXT || v->kind == MARSHAL_BYTES;
}

/* ---- keys of the file ---- */

/* Objects that others refer to are tagged when they are read first: a key tuple with its number,
 * odd, a string with its own, even. Object 0 goes without where it is a string. */
static void tag_object(struct reader *r, uint32_t number, bool is_key)
{
    if (number < MARSHAL_UNDONE / 2)
        p2a_marshal_set_tag(&r->m, number, number << 1 | is_key);
}

/* That a reference AT a byte led to. */
static void set_known(struct reader *r, uint32_t tag, uint64_t at, struct part *part)
{
    *part = (struct part){.number = tag >> 1, .known = true};
    if (tag & 1)
        p2a_marshal_fail(&r->m, at, "a string was expected, this is a tuple");
}

static void set_new(struct reader *r, struct p2a_str text, uint32_t number, struct part *part)
{
    *part = (struct part){.text = text, .hash = p2a_hash(text.at, text.n), .number = number};
    tag_object(r, number, false);
}

/* Where the next object is a reference to a string that was read before. */
static bool take_known(struct reader *r, struct part *part)
{
    uint64_t at = p2a_marshal_here(&r->m).at;
    uint32_t tag = p2a_marshal_take_tag(&r->m);
    if (tag)
        set_known(r, tag, at, part);
    return tag != 0;
}

static bool scan_text(struct reader *r, const struct marshal_value *v, struct part *part)
{
    set_new(r, v->text, v->ref, part);
    return true;
}

static bool scan_file(struct reader *r, struct part *file)
{
    struct marshal_value v;
    if (take_known(r, file))
        return true;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    return is_text(&v) ? scan_text(r, &v, file) : unexpected(r, &v, "a function's file, a string,");
}

static bool scan_line(struct reader *r, int64_t *line)
{
    struct marshal_value v;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    *line = v.integer;
    return v.kind == MARSHAL_INT || unexpected(r, &v, "a function's line, an integer,");
}

static bool add_text(struct p2a_buffer *b, struct p2a_str text)
{
    return p2a_buffer_add(b, text.at, text.n);
}

/* `python -m profile` has the program's code object in the place of its name. */
static bool scan_code_name(struct reader *r, struct part *name)
{
    struct p2a_marshal_code code;
    struct p2a_buffer b = {0};
    char line[32];
    if (!p2a_marshal_code(&r->m, &code))
        return false;
    snprintf(line, sizeof line, "\", line %lld>", (long long)code.line);
    bool ok = add_text(&b, P2A_LIT("<code object ")) && add_text(&b, code.name) &&
              add_text(&b, P2A_LIT(", file \"")) && add_text(&b, code.file) &&
              add_text(&b, p2a_str_of(line));
    const char *kept = ok ? p2a_arena_copy(&r->texts, b.at, b.n) : NULL;
    if (kept)
        *name = (struct part){
            .text = {kept, b.n}, .hash = p2a_hash(kept, b.n), .number = MARSHAL_NO_REF};
    p2a_buffer_free(&b);
    return kept || no_memory(r);
}

static bool scan_name(struct reader *r, struct part *name)
{
    struct marshal_value v;
    if (take_known(r, name))
        return true;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (v.kind == MARSHAL_CODE)
        return scan_code_name(r, name);
    return is_text(&v) ? scan_text(r, &v, name) : unexpected(r, &v, "a function's name, a string,");
}

/* A key that isn't (file, line, name); 3.15 marks sampled profiles with ('__sampled__',). */
static enum key_kind pass_other(struct reader *r, const struct marshal_value *key)
{
    struct marshal_value v;
    bool ok;
    if (key->kind == MARSHAL_TUPLE && key->n == 1) {
        ok = p2a_marshal_read(&r->m, &v) && p2a_marshal_leave(&r->m, &v);
        if (ok && is_text(&v) && p2a_str_is(v.text, "__sampled__"))
            r->is_sampled = true;
        else
            r->others++;
    } else {
        ok = p2a_marshal_leave(&r->m, key);
        r->others++;
    }
    return ok ? KEY_OTHER : KEY_FAILED;
}

static void set_part(struct reader *r, const struct marshal_text *text, struct part *part)
{
    if (text->tag)
        set_known(r, text->tag, text->at, part);
    else
        set_new(r, text->text, text->ref, part);
}

/* A key as nearly all are. */
static bool take_plain_key(struct reader *r, struct key *key)
{
    struct marshal_triple t;
    if (!p2a_marshal_take_triple(&r->m, &t))
        return false;
    key->number = t.ref;
    key->line = t.integer;
    key->known = false;
    set_part(r, &t.first, &key->file);
    set_part(r, &t.last, &key->name);
    tag_object(r, t.ref, true);
    return true;
}

static enum key_kind scan_key(struct reader *r, struct key *key)
{
    struct marshal_value v;
    if (take_plain_key(r, key))
        return r->m.failure.failed ? KEY_FAILED : KEY_FUNCTION;
    uint32_t tag = p2a_marshal_take_tag(&r->m);
    *key = (struct key){.number = tag >> 1, .known = tag & 1};
    r->others += tag && !key->known;
    if (tag)
        return key->known ? KEY_FUNCTION : KEY_OTHER;
    if (!p2a_marshal_read(&r->m, &v))
        return KEY_FAILED;
    if (v.kind == MARSHAL_END)
        return KEY_END;
    if (v.kind != MARSHAL_TUPLE || v.n != 3)
        return pass_other(r, &v);
    key->number = v.ref;
    if (!scan_file(r, &key->file) || !scan_line(r, &key->line) || !scan_name(r, &key->name))
        return KEY_FAILED;
    tag_object(r, v.ref, true);
    return KEY_FUNCTION;
}

/* ---- keys in the profile ---- */

/* A key tuple stands for its function, odd, a string for its id, even. */
static uint32_t function_tag(p2a_id function)
{
    return function << 1 | 1;
}

static uint32_t string_tag(p2a_id string)
{
    return string << 1;
}

static bool set_tag(struct reader *r, uint32_t number, uint32_t tag)
{
    uint32_t room = r->tag_room;
    if (number == MARSHAL_NO_REF)
        return true;
    if (number >= room) {
        if (!p2a_grow(&r->tag, &r->tag_room, (uint64_t)number + 1, sizeof *r->tag))
            return p2a_in_no_memory(r->in), false;
        memset(r->tag + room, 0, (r->tag_room - room) * sizeof *r->tag);
    }
    r->tag[number] = tag;
    return true;
}

static bool take_part(struct reader *r, const struct part *part, p2a_id *id)
{
    *id = part->known ? r->tag[part->number] >> 1 : p2a_intern_hashed(r->p, part->text, part->hash);
    return part->known || (*id != P2A_NONE && set_tag(r, part->number, string_tag(*id)));
}

/* cProfile has C functions in file "~", profile in file "". */
static enum p2a_kind kind_of(const struct p2a_profile *p, const struct p2a_function *f)
{
    bool is_builtin = f->line == 0 && (f->file == 0 || p2a_str_is(p2a_string(p, f->file), "~"));
    return is_builtin ? P2A_BUILTIN : P2A_PYTHON;
}

/* False after an error. */
static bool take_parts(struct reader *r, const struct key *key, struct p2a_function *f)
{
    *f = (struct p2a_function){.line = key->line};
    if (!take_part(r, &key->file, &f->file) || !take_part(r, &key->name, &f->name))
        return false;
    f->kind = kind_of(r->p, f);
    return true;
}

/* P2A_NONE after an error. */
static p2a_id add_function(struct reader *r, const struct key *key, const struct p2a_function *f)
{
    p2a_id function = p2a_function(r->p, f);
    bool known = function != P2A_NONE && set_tag(r, key->number, function_tag(function));
    return known ? function : P2A_NONE;
}

/* P2A_NONE after an error. */
static p2a_id function_of(struct reader *r, const struct key *key)
{
    struct p2a_function f;
    if (key->known)
        return r->tag[key->number] >> 1;
    return take_parts(r, key, &f) ? add_function(r, key, &f) : P2A_NONE;
}

static enum key_kind read_key(struct reader *r, p2a_id *function)
{
    struct key key;
    enum key_kind kind = scan_key(r, &key);
    if (kind == KEY_FUNCTION)
        *function = function_of(r, &key);
    return kind == KEY_FUNCTION && *function == P2A_NONE ? KEY_FAILED : kind;
}

/* ---- figures ---- */

/* A negative count isn't known. */
static uint64_t count_of(int64_t integer, unsigned *known, unsigned has)
{
    *known |= integer >= 0 ? has : 0;
    return integer >= 0 ? (uint64_t)integer : 0;
}

/* False where it is no integer that fits. HAS says in *KNOWN that there is a count. */
static bool take_count(const struct marshal_value *v, uint64_t *count, unsigned *known,
                       unsigned has)
{
    bool large = v->kind == MARSHAL_BIG && v->integer; /* from 2^63 on */
    if (v->kind != MARSHAL_INT && !large)
        return false;
    *count = count_of(large ? 0 : v->integer, known, has);
    if (large)
        *count = (uint64_t)v->integer;
    return true;
}

static bool read_count(struct reader *r, uint64_t *count, unsigned *known, unsigned has)
{
    struct marshal_value v;
    return p2a_marshal_read(&r->m, &v) && (take_count(&v, count, known, has) ||
                                           unexpected(r, &v, "a number of calls, an integer,"));
}

static bool read_seconds(struct reader *r, double *seconds)
{
    struct marshal_value v;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (v.kind != MARSHAL_FLOAT && v.kind != MARSHAL_INT)
        return unexpected(r, &v, "a time, a float,");
    *seconds = v.kind == MARSHAL_INT ? (double)v.integer : v.real;
    return true;
}

struct figures {
    uint64_t calls, primitive;
    double self, total;
    unsigned has;
};

static struct p2a_arc arc_of(p2a_id caller, p2a_id callee, const struct figures *f)
{
    return (struct p2a_arc){.caller = caller,
                            .callee = callee,
                            .calls = f->calls,
                            .primitive = f->primitive,
                            .has = f->has};
}

static struct p2a_node node_of(const struct figures *f)
{
    return (struct p2a_node){.calls = f->calls, .primitive = f->primitive, .has = f->has};
}

/* Four of an arc's items, and the first four of a function's. */
static bool read_arc_figures(struct reader *r, struct figures *f)
{
    f->has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    return read_count(r, &f->calls, &f->has, P2A_HAS_CALLS) &&
           read_count(r, &f->primitive, &f->has, P2A_HAS_PRIMITIVE) && read_seconds(r, &f->self) &&
           read_seconds(r, &f->total);
}

static bool read_row_figures(struct reader *r, struct figures *f)
{
    int64_t count[2];
    double seconds[2];
    f->has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    if (p2a_marshal_take_first_figures(&r->m, count, seconds)) {
        f->primitive = count_of(count[0], &f->has, P2A_HAS_PRIMITIVE);
        f->calls = count_of(count[1], &f->has, P2A_HAS_CALLS);
        f->self = seconds[0];
        f->total = seconds[1];
        return true;
    }
    return read_count(r, &f->primitive, &f->has, P2A_HAS_PRIMITIVE) &&
           read_count(r, &f->calls, &f->has, P2A_HAS_CALLS) && read_seconds(r, &f->self) &&
           read_seconds(r, &f->total);
}

/* Old versions of pstats.add joined the tuples of an arc instead of adding them up. */
static bool read_joined_figures(struct reader *r, struct figures *f, uint32_t items)
{
    if (!read_arc_figures(r, f))
        return false;
    for (uint32_t i = 4; i < items; i += 4) {
        struct figures more = {0};
        if (!read_arc_figures(r, &more))
            return false;
        f->calls = p2a_add_calls(f->calls, more.calls);
        f->primitive = p2a_add_calls(f->primitive, more.primitive);
        f->self += more.self;
        f->total += more.total;
        f->has &= more.has;
    }
    return true;
}

static bool set_arc(struct reader *r, p2a_id caller, p2a_id callee, const struct figures *f)
{
    p2a_id id = p2a_arc(r->p, caller, callee);
    if (id == P2A_NONE)
        return false;
    r->p->graph.arc[id] = arc_of(caller, callee, f);
    r->p->graph.arc_self[id] = f->self;
    r->p->graph.arc_total[id] = f->total;
    return true;
}

/* To the four items of an arc in the shape that cProfile's have. */
static inline void set_figures(struct figures *f, const int64_t count[2], const double seconds[2])
{
    *f = (struct figures){
        .self = seconds[0], .total = seconds[1], .has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL};
    f->calls = count_of(count[0], &f->has, P2A_HAS_CALLS);
    f->primitive = count_of(count[1], &f->has, P2A_HAS_PRIMITIVE);
}

static bool take_arc_figures(struct reader *r, struct figures *f)
{
    int64_t count[2];
    double seconds[2];
    if (!p2a_marshal_take_figures(&r->m, count, seconds))
        return false;
    set_figures(f, count, seconds);
    return true;
}

static bool read_arc(struct reader *r, p2a_id caller, p2a_id callee)
{
    struct figures f = {.has = P2A_HAS_ROW};
    struct marshal_value v;
    if (take_arc_figures(r, &f))
        return set_arc(r, caller, callee, &f);
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (take_count(&v, &f.calls, &f.has, P2A_HAS_CALLS))
        return set_arc(r, caller, callee, &f);
    if (v.kind != MARSHAL_TUPLE)
        return unexpected(r, &v, "a caller's figures, a tuple of 4 or an integer,");
    if (v.n == 0 || v.n % 4 != 0)
        return p2a_marshal_fail(&r->m, v.at,
                                "a caller's figures are a tuple of %u, 4 were expected", v.n);
    return read_joined_figures(r, &f, v.n) && set_arc(r, caller, callee, &f);
}

static bool read_callers(struct reader *r, p2a_id callee)
{
    struct marshal_value v;
    p2a_id caller = P2A_NONE;
    enum key_kind key;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (v.kind != MARSHAL_DICT)
        return unexpected(r, &v, "a function's callers, a dict,");
    while ((key = read_key(r, &caller)) < KEY_END) {
        bool ok = key == KEY_FUNCTION ? read_arc(r, caller, callee) : p2a_marshal_skip(&r->m);
        if (!ok)
            return false;
    }
    return key == KEY_END;
}

static bool set_row(struct reader *r, p2a_id function, const struct figures *f)
{
    struct p2a_node *node = p2a_node(r->p, function);
    if (!node)
        return false;
    *node = node_of(f);
    r->p->graph.self[function] = f->self;
    r->p->graph.total[function] = f->total;
    return true;
}

static bool read_row(struct reader *r, p2a_id function)
{
    struct marshal_value v;
    struct figures f = {0};
    p2a_marshal_again(&r->m, r->values[function]);
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (v.kind != MARSHAL_TUPLE)
        return unexpected(r, &v, "a function's figures, a tuple of 5,");
    if (v.n != 5)
        return p2a_marshal_fail(&r->m, v.at,
                                "a function's figures are a tuple of %u, 5 were expected", v.n);
    return read_row_figures(r, &f) && set_row(r, function, &f) && read_callers(r, function);
}

/* Keeps where the value of FUNCTION is. */
static bool keep_value(struct reader *r, p2a_id function, struct marshal_mark at)
{
    if (function == r->n && r->n == r->room) {
        uint32_t room = r->room ? r->room * 2 : 256;
        struct marshal_mark *wider = realloc(r->values, room * sizeof *wider);
        if (!wider)
            return no_memory(r);
        r->values = wider;
        r->room = room;
    }
    r->values[function] = at;
    r->n += function == r->n;
    return true;
}

static bool read_keys(struct reader *r)
{
    struct marshal_value v;
    p2a_id function = P2A_NONE;
    enum key_kind key;
    if (!p2a_marshal_read(&r->m, &v))
        return false;
    if (v.kind != MARSHAL_DICT)
        return unexpected(r, &v, "a dict of functions");
    while ((key = read_key(r, &function)) < KEY_END) {
        struct marshal_mark at = p2a_marshal_here(&r->m);
        if (!p2a_marshal_skip(&r->m))
            return false;
        if (key == KEY_FUNCTION && !keep_value(r, function, at))
            return false;
    }
    return key == KEY_END;
}

/* Python ignores what follows the profile, and loses the second of two that were written into one
 * file. */
static bool check_end(struct reader *r)
{
    uint64_t rest = r->m.size - r->m.at;
    if (rest > 0)
        return p2a_marshal_fail(&r->m, r->m.at, "%llu byte%s after the end of the profile",
                                (unsigned long long)rest, p2a_plural(rest));
    if (r->others > 0 && r->n == 0)
        return p2a_marshal_fail(&r->m, 0,
                                "no function in it, keys (file, line, name) were expected");
    return true;
}

static void add_notes(const struct reader *r)
{
    if (r->is_sampled)
        p2a_note(r->p, "the profile was sampled: its calls are numbers of samples");
    if (r->others > 0)
        p2a_note(r->p, "left out %u key%s", r->others,
                 r->others == 1 ? " that is no function" : "s that are no functions");
}

/* ---- reading at once ---- */

/* Of a file, figures want numbers of objects only, and names no figures: one thread scans all that
 * there is, in batches, another one takes those that were scanned, and is the only one that writes
 * where nothing was before, which takes as long as scanning does.
 *
 *     scan    | figures, keys | figures, keys | figures, keys | …
 *     take                    | rows, names   | rows, names   | …      makes graph and functions
 *
 * Row I of the graph is that of function I, or the file has to be read twice. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { BATCH = 3, ENOUGH = 1 << 9 }; /* so that small inputs have several, on two threads */
#else
enum { BATCH = 1024, ENOUGH = 1 << 20 }; /* keys; bytes that are worth a thread */
#endif

enum { AHEAD = 16 }; /* tables are looked into anywhere: what follows is asked for */

struct batch {
    uint32_t n;
    bool last;
    struct key key[BATCH];
    struct p2a_function function[BATCH];
    struct p2a_node node[BATCH];
    struct p2a_arc *arc; /* of callers that are numbers of objects */
    uint32_t arc_n, arc_room;
};

static bool add_values(struct reader *r, struct values *to, const struct figures *f)
{
    uint32_t room = to->room;
    if (!p2a_grow(&to->self, &room, (uint64_t)to->n + 1, sizeof *to->self) ||
        !p2a_grow(&to->total, &to->room, (uint64_t)to->n + 1, sizeof *to->total))
        return no_memory(r);
    to->self[to->n] = f->self;
    to->total[to->n++] = f->total;
    return true;
}

static bool add_arc(struct reader *r, struct batch *b, uint32_t caller, const struct figures *f)
{
    if (!p2a_grow(&b->arc, &b->arc_room, (uint64_t)b->arc_n + 1, sizeof *b->arc))
        return no_memory(r);
    b->arc[b->arc_n++] = arc_of(caller, r->scanned + b->n, f);
    return add_values(r, &r->arc_values, f);
}

/* A caller's figures behind its key, the object NUMBER. */
static bool scan_arc(struct reader *r, struct batch *batch, uint32_t number)
{
    struct figures f = {.has = P2A_HAS_ROW};
    struct marshal_value v;
    if (!take_arc_figures(r, &f)) {
        if (!p2a_marshal_read(&r->m, &v))
            return false;
        bool tuple = v.kind == MARSHAL_TUPLE && v.n == 4;
        if (tuple ? !read_arc_figures(r, &f) : !take_count(&v, &f.calls, &f.has, P2A_HAS_CALLS))
            return false;
    }
    return add_arc(r, batch, number, &f);
}

/* Callers with plain figures, as nearly all have. */
static bool scan_plain_arcs(struct reader *r, struct batch *batch)
{
    enum { SOME = 16 };
    struct marshal_entry entry[SOME];
    struct figures f;
    uint32_t n = SOME;
    while (n == SOME) {
        n = p2a_marshal_take_entries(&r->m, entry, SOME);
        for (uint32_t i = 0; i < n; i++) {
            set_figures(&f, entry[i].count, entry[i].real);
            if (!add_arc(r, batch, entry[i].number, &f))
                return false;
        }
    }
    return true;
}

static bool scan_row(struct reader *r, struct batch *batch)
{
    struct marshal_value v;
    struct figures f = {0};
    uint32_t number;
    if (!p2a_marshal_read(&r->m, &v) || v.kind != MARSHAL_TUPLE || v.n != 5 ||
        !read_row_figures(r, &f) || !add_values(r, &r->node_values, &f) ||
        !p2a_marshal_read(&r->m, &v) || v.kind != MARSHAL_DICT)
        return false;
    batch->node[batch->n] = node_of(&f);
    while (scan_plain_arcs(r, batch) && (number = p2a_marshal_take_number(&r->m)) != MARSHAL_NO_REF)
        if (!scan_arc(r, batch, number))
            return false;
    return p2a_marshal_read(&r->m, &v) && v.kind == MARSHAL_END;
}

/* Scans the next key and its value; whether there may be more. */
static bool scan_next(struct reader *r, struct batch *batch)
{
    struct key *key = &batch->key[batch->n];
    enum key_kind kind = scan_key(r, key);
    bool is_row = kind == KEY_FUNCTION && !key->known;
    bool good = is_row ? scan_row(r, batch) : kind == KEY_OTHER && p2a_marshal_skip(&r->m);
    batch->n += is_row && good;
    if (!good)
        r->scan = kind == KEY_END ? SCANNED : BROKEN;
    return good;
}

static bool scan_batch(const void *owner, void *desk, void *piece)
{
    struct reader *r = *(struct reader *const *)owner;
    struct batch *batch = piece;
    (void)desk;
    batch->n = batch->arc_n = 0;
    while (r->scan == SCANNING && batch->n < BATCH && scan_next(r, batch)) {
    }
    batch->last = r->scan != SCANNING;
    r->scanned += batch->n;
    return !r->m.failure.no_memory;
}

/* Arcs grow with the largest batch: what one of millions of callers needed isn't kept. */
static void forget_arcs(struct batch *batch)
{
    enum { KEPT = 1 << 14 };
    if (batch->arc_room <= KEPT)
        return;
    free(batch->arc);
    batch->arc = NULL;
    batch->arc_room = 0;
}

static bool take_rows(struct reader *r, const struct batch *batch)
{
    struct p2a_graph *g = &r->graph;
    uint64_t nodes = (uint64_t)g->node_n + batch->n, arcs = (uint64_t)g->arc_n + batch->arc_n;
    if (!p2a_grow(&g->node, &r->node_room, nodes, sizeof *g->node) ||
        !p2a_grow(&g->arc, &r->arc_room, arcs, sizeof *g->arc))
        return p2a_in_no_memory(r->in), false;
    if (batch->n)
        memcpy(g->node + g->node_n, batch->node, batch->n * sizeof *g->node);
    if (batch->arc_n)
        memcpy(g->arc + g->arc_n, batch->arc, batch->arc_n * sizeof *g->arc);
    g->node_n += batch->n;
    g->arc_n += batch->arc_n;
    return true;
}

static bool take_names(struct reader *r, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        if (i + AHEAD < batch->n && !batch->key[i + AHEAD].name.known)
            p2a_intern_ahead(r->p, batch->key[i + AHEAD].name.hash);
        if (!take_parts(r, &batch->key[i], &batch->function[i]))
            return false;
    }
    return true;
}

static bool take_batch(void *owner, void *desk, void *piece)
{
    struct reader *r = *(struct reader **)owner;
    struct batch *batch = piece;
    (void)desk;
    if (!take_rows(r, batch) || !take_names(r, batch))
        return false;
    forget_arcs(batch);
    for (uint32_t i = 0; i < batch->n; i++, r->n++) {
        if (i + AHEAD < batch->n)
            p2a_function_ahead(r->p, &batch->function[i + AHEAD]);
        if (add_function(r, &batch->key[i], &batch->function[i]) != r->n)
            return false;
    }
    r->over = batch->last;
    return true;
}

static bool cut_batch(void *owner, void *piece)
{
    const struct reader *r = *(struct reader **)owner;
    (void)piece;
    return !r->over;
}

static void free_batch(const void *owner, void *piece)
{
    struct batch *batch = piece;
    (void)owner;
    free(batch->arc);
}

/* False: the file has to be read twice, or there was an error. */
static bool scan_rows(struct reader *r)
{
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct batch),
                                              .in_turn = true,
                                              .cut = cut_batch,
                                              .make = scan_batch,
                                              .take = take_batch,
                                              .free_piece = free_batch};
    struct marshal_value v;
    if (!p2a_marshal_read(&r->m, &v) || v.kind != MARSHAL_DICT)
        return false;
    enum p2a_crew_end end = p2a_crew_run(&work, &r, r->m.size < ENOUGH);
    if (end == P2A_CREW_NO_MEMORY)
        return no_memory(r);
    return end == P2A_CREW_DONE && r->scan == SCANNED && check_end(r);
}

/* Makes what was scanned the profile's graph. */
static bool take_graph(struct reader *r)
{
    struct p2a_graph *g = &r->graph;
    g->self = r->node_values.self;
    g->total = r->node_values.total;
    g->arc_self = r->arc_values.self;
    g->arc_total = r->arc_values.total;
    r->node_values = r->arc_values = (struct values){0};
    g->order = malloc(((size_t)g->node_n + 1) * sizeof *g->order);
    if (!g->order)
        return no_memory(r);
    for (; g->order_n < g->node_n; g->order_n++)
        g->order[g->order_n] = g->order_n;
    return p2a_take_graph(r->p, g);
}

static void fetch_tag(const struct reader *r, uint32_t number)
{
    if (number < r->tag_room)
        p2a_fetch(&r->tag[number]);
}

static uint32_t tag_of(const struct reader *r, uint32_t number)
{
    return number < r->tag_room ? r->tag[number] : 0;
}

/* The function whose key is the object NUMBER. */
static p2a_id caller_of(struct reader *r, uint32_t number)
{
    p2a_id function = P2A_NONE;
    uint32_t tag = tag_of(r, number);
    if (tag)
        return tag & 1 ? tag >> 1 : P2A_NONE;
    p2a_marshal_again(&r->m, p2a_marshal_place(&r->m, number));
    return read_key(r, &function) == KEY_FUNCTION ? function : P2A_NONE;
}

/* By function, the latest arc out of it, and 1. */
struct latest {
    uint32_t *arc;
    uint32_t room;
};

static bool reach(struct latest *latest, p2a_id function)
{
    uint32_t room = latest->room;
    if (function < room)
        return true;
    if (!p2a_grow(&latest->arc, &latest->room, (uint64_t)function + 1, sizeof *latest->arc))
        return false;
    memset(latest->arc + room, 0, (latest->room - room) * sizeof *latest->arc);
    return true;
}

static void fetch_latest(const struct reader *r, const struct latest *latest, uint32_t number)
{
    uint32_t function = tag_of(r, number) >> 1;
    if (function < latest->room)
        p2a_fetch(&latest->arc[function]);
}

/* Arcs, all that lead to the same function or none of them. */
struct half {
    struct reader *r;
    p2a_id at, first, end; /* the next one; the first that leads where it does */
    struct latest latest;
};

/* Of a caller that comes again in one dict the second value would count. */
static bool name_caller(struct half *h, p2a_id function)
{
    struct p2a_arc *arc = h->r->p->graph.arc;
    if (arc[h->at].callee != arc[h->first].callee)
        h->first = h->at;
    if (function == P2A_NONE || !reach(&h->latest, function) || h->latest.arc[function] > h->first)
        return false;
    arc[h->at].caller = function;
    h->latest.arc[function] = ++h->at;
    return true;
}

/* Up to a caller that has no function yet. */
static bool name_known(struct half *h)
{
    enum { TAGS = 64 }; /* ahead */
    const struct reader *r = h->r;
    const struct p2a_arc *arc = r->p->graph.arc;
    for (uint32_t tag; h->at < h->end && (tag = tag_of(r, arc[h->at].caller)) & 1;) {
        if (h->end - h->at > TAGS) {
            fetch_tag(r, arc[h->at + TAGS].caller);
            fetch_latest(r, &h->latest, arc[h->at + AHEAD].caller);
        }
        if (!name_caller(h, tag >> 1))
            return false;
    }
    return true;
}

/* With one of its own, apart from the other thread's. */
static bool name_half(struct half *half)
{
    struct half own = *half;
    bool named = name_known(&own);
    *half = own;
    return named;
}

static bool name_first(void *halves)
{
    return name_half(halves);
}

static bool name_second(void *halves)
{
    return name_half((struct half *)halves + 1);
}

static bool name_rest(struct half *h)
{
    const struct p2a_arc *arc = h->r->p->graph.arc;
    while (h->at < h->end)
        if (!name_caller(h, caller_of(h->r, arc[h->at].caller)))
            return false;
    return true;
}

/* Arcs stand by callee. */
static bool name_callers(struct reader *r)
{
    const struct p2a_graph *g = &r->p->graph;
    p2a_id middle = g->arc_n / 2;
    while (middle && middle < g->arc_n && g->arc[middle].callee == g->arc[middle - 1].callee)
        middle++;
    struct half half[2] = {{.r = r, .end = middle},
                           {.r = r, .at = middle, .first = middle, .end = g->arc_n}};
    bool named = p2a_do_both(name_first, name_second, half, r->m.size < ENOUGH) &&
                 name_rest(&half[0]) && name_rest(&half[1]);
    free(half[0].latest.arc);
    free(half[1].latest.arc);
    return named;
}

/* False for a file that has to be read twice, of which nothing is kept then. */
static bool read_at_once(struct reader *r)
{
    return scan_rows(r) && take_graph(r) && name_callers(r);
}

static bool start_again(struct reader *r, struct p2a_str bytes)
{
    p2a_drop_graph(r->p);
    p2a_marshal_stop(&r->m);
    r->n = r->others = 0;
    r->is_sampled = false;
    return p2a_marshal_start(&r->m, bytes);
}

/* ---- reading twice ---- */

/* Where the file breaks off, the functions before that are there. */
static void read_twice(struct reader *r)
{
    struct marshal_failure failure = {0};
    if (!read_keys(r) || !check_end(r))
        failure = p2a_marshal_take_failure(&r->m);
    for (p2a_id f = 0; f < r->n && !failure.no_memory; f++)
        if (!read_row(r, f))
            return;
    add_notes(r);
    if (failure.failed)
        r->m.failure = failure;
}

static void read_all(struct reader *r, struct p2a_str bytes)
{
    p2a_metric(r->p, "time", "seconds", 1);
    if (read_at_once(r)) {
        add_notes(r);
    } else if (!r->m.failure.no_memory && p2a_in_status(r->in) == P2A_OK && start_again(r, bytes)) {
        read_twice(r);
    }
}

static void free_values(struct values *values)
{
    free(values->self);
    free(values->total);
}

static enum p2a_status read_pstats(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile};
    struct p2a_str bytes;
    if (!p2a_all(in, &bytes))
        return p2a_in_status(in);
    if (p2a_marshal_start(&r.m, bytes))
        read_all(&r, bytes);
    const struct marshal_failure *failure = &r.m.failure;
    enum p2a_status status = P2A_OK;
    if (failure->no_memory)
        status = p2a_in_no_memory(in);
    else if (failure->failed)
        status = p2a_bad_byte(in, failure->at, "%s", failure->text);
    p2a_marshal_stop(&r.m);
    p2a_free_graph(&r.graph);
    free_values(&r.node_values);
    free_values(&r.arc_values);
    p2a_arena_free(&r.texts);
    free(r.tag);
    free(r.values);
    return status != P2A_OK ? status : p2a_in_status(in);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
    struct p2a_out *out;
    const struct p2a_profile *p;
    /* Every function's key as marshal, made once: key f is at keys[key_at[f]] up to keys[key_at[f +
     * 1]]. */
    unsigned char *keys;
    uint64_t *key_at;
    uint64_t room;
    struct p2a_index taken; /* the keys so far */
    /* Arcs by callee, in the order of the file: arcs[first[f]] up to arcs[first[f + 1]]. */
    p2a_id *arcs;
    uint32_t *first;
    double scale;
    bool fills; /* unknown counts of primitive calls */
};

static bool same_key(const void *table, uint32_t id, const void *key)
{
    const struct writer *w = table;
    const uint32_t *f = key;
    uint64_t n = w->key_at[*f + 1] - w->key_at[*f];
    return w->key_at[id + 1] - w->key_at[id] == n &&
           memcmp(w->keys + w->key_at[id], w->keys + w->key_at[*f], n) == 0;
}

static bool reserve(struct writer *w, uint64_t room)
{
    if (room <= w->room)
        return true;
    unsigned char *wider = realloc(w->keys, (size_t)(2 * room));
    if (!wider)
        return p2a_no_memory(w->out), false;
    w->keys = wider;
    w->room = 2 * room;
    return true;
}

/* Makes the key of function F, with NAME for its name. */
static bool put_key(struct writer *w, p2a_id f, struct p2a_str name)
{
    const struct p2a_function *function = &w->p->functions.row[f];
    struct p2a_str file = p2a_string(w->p, function->file ? function->file : function->module);
    uint64_t file_size = p2a_marshal_text_size(file), name_size = p2a_marshal_text_size(name);
    if (file_size > INT32_MAX || name_size > INT32_MAX)
        return p2a_cant_write(w->out, P2A_INPUT, "a name of more than 2 GiB"), false;
    if (!reserve(w, w->key_at[f] + file_size + name_size + 2ULL * MARSHAL_MOST))
        return false;
    unsigned char *at = p2a_marshal_put_tuple(w->keys + w->key_at[f], 3);
    at = p2a_marshal_put_text(at, file);
    at = p2a_marshal_put_int(at, function->line);
    at = p2a_marshal_put_text(at, name);
    w->key_at[f + 1] = (uint64_t)(at - w->keys);
    return true;
}

/* Adds the key of F to those that are taken; *was_taken where it is one already. */
static bool take_key(struct writer *w, p2a_id f, bool *was_taken)
{
    uint64_t hash = p2a_hash(w->keys + w->key_at[f], (size_t)(w->key_at[f + 1] - w->key_at[f]));
    *was_taken = p2a_index_find(&w->taken, hash, same_key, w, &f) != P2A_INDEX_NONE;
    if (*was_taken || p2a_index_add(&w->taken, hash, f))
        return true;
    return p2a_no_memory(w->out), false;
}

/* What may tell two functions at one place apart: the module, else the kind of code. */
static struct p2a_str other_word(const struct p2a_profile *p, p2a_id f)
{
    static const char *const kinds[] = {"unknown", "python",  "builtin", "native",
                                        "kernel",  "inlined", "jit",     "marker"};
    struct p2a_str module = p2a_string(p, p->functions.row[f].module);
    return module.n ? module : p2a_str_of(kinds[p->functions.row[f].kind]);
}

/* A name that tells F from others with its place: with such a word, then with a number as well. */
static bool put_other_key(struct writer *w, p2a_id f, struct p2a_str name, unsigned attempt)
{
    struct p2a_str module = other_word(w->p, f);
    struct p2a_buffer b = {0};
    char number[32] = "";
    if (attempt > 1)
        snprintf(number, sizeof number, " %u", attempt);
    bool ok = add_text(&b, name) && add_text(&b, P2A_LIT(" [")) && add_text(&b, module) &&
              add_text(&b, p2a_str_of(number)) && add_text(&b, P2A_LIT("]"));
    if (ok)
        ok = put_key(w, f, (struct p2a_str){b.at, b.n});
    else
        p2a_no_memory(w->out);
    p2a_buffer_free(&b);
    return ok;
}

/* Two functions of a profile can have one file, line and name; in a dict the second would replace
 * the first. */
static bool add_key(struct writer *w, p2a_id f)
{
    const struct p2a_function *function = &w->p->functions.row[f];
    struct p2a_str name = p2a_string(w->p, function->name ? function->name : function->qualname);
    bool was_taken;
    if (!put_key(w, f, name) || !take_key(w, f, &was_taken))
        return false;
    for (unsigned attempt = 1; was_taken; attempt++)
        if (!put_other_key(w, f, name, attempt) || !take_key(w, f, &was_taken))
            return false;
    return true;
}

static bool make_keys(struct writer *w)
{
    uint32_t n = w->p->functions.n;
    bool *used = p2a_used_functions(w->p), made = used;
    w->key_at = calloc((size_t)n + 1, sizeof *w->key_at);
    if (!w->key_at || !used)
        made = (p2a_no_memory(w->out), false);
    for (p2a_id f = 0; made && f < n; f++) {
        w->key_at[f + 1] = w->key_at[f];
        made = !used[f] || add_key(w, f);
    }
    free(used);
    return made;
}

static void put_key_of(const struct writer *w, p2a_id f)
{
    p2a_put(w->out, w->keys + w->key_at[f], (size_t)(w->key_at[f + 1] - w->key_at[f]));
}

/* Sorts the arcs by callee, keeping their order. */
static bool sort_arcs(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    uint32_t n = w->p->functions.n;
    w->first = calloc((size_t)n + 2, sizeof *w->first);
    w->arcs = calloc((size_t)g->arc_n + 1, sizeof *w->arcs);
    if (!w->first || !w->arcs)
        return p2a_no_memory(w->out), false;
    uint32_t *next = w->first + 1; /* becomes first: each slot moves on to its end */
    for (uint32_t a = 0; a < g->arc_n; a++)
        next[g->arc[a].callee + 1]++;
    for (uint32_t f = 0; f < n; f++)
        next[f + 1] += next[f];
    for (uint32_t a = 0; a < g->arc_n; a++)
        w->arcs[next[g->arc[a].callee]++] = a;
    return true;
}

static unsigned char *put_count(unsigned char *at, uint64_t count, bool is_known)
{
    return is_known ? p2a_marshal_put_count(at, count) : p2a_marshal_put_int(at, -1);
}

static bool lacks_primitive(unsigned has)
{
    return (has & (P2A_HAS_CALLS | P2A_HAS_PRIMITIVE)) == P2A_HAS_CALLS;
}

/* pstats divides by primitive calls and adds them up: what has calls has these, too, but for what
 * it was given without. */
static unsigned char *put_primitive(const struct writer *w, unsigned char *at, uint64_t calls,
                                    uint64_t primitive, unsigned has)
{
    bool fills = w->fills && lacks_primitive(has);
    return put_count(at, fills ? calls : primitive, fills || has & P2A_HAS_PRIMITIVE);
}

/* A value in the metric's unit; not touched where that changes nothing, so that every bit stays. */
static unsigned char *put_value(const struct writer *w, unsigned char *at, double value)
{
    return p2a_marshal_put_float(at, w->scale == 1 ? value : value * w->scale);
}

static void put_arc(const struct writer *w, p2a_id id)
{
    const struct p2a_graph *g = &w->p->graph;
    const struct p2a_arc *arc = &g->arc[id];
    size_t value = (size_t)id * w->p->columns;
    unsigned char bytes[5 * MARSHAL_MOST], *at = bytes;
    put_key_of(w, arc->caller);
    if (arc->has & (P2A_HAS_SELF | P2A_HAS_TOTAL)) {
        at = p2a_marshal_put_tuple(at, 4);
        at = put_count(at, arc->calls, arc->has & P2A_HAS_CALLS);
        at = put_primitive(w, at, arc->calls, arc->primitive, arc->has);
        at = put_value(w, at, g->arc_self[value]);
        at = put_value(w, at, g->arc_total[value]);
    } else {
        at = put_count(at, arc->calls, arc->has & P2A_HAS_CALLS);
    }
    p2a_put(w->out, bytes, (size_t)(at - bytes));
}

static void put_row(const struct writer *w, p2a_id f)
{
    const struct p2a_graph *g = &w->p->graph;
    const struct p2a_node *node = &g->node[f];
    size_t value = (size_t)f * w->p->columns;
    unsigned char bytes[6 * MARSHAL_MOST], *at = p2a_marshal_put_tuple(bytes, 5);
    put_key_of(w, f);
    at = put_primitive(w, at, node->calls, node->primitive, node->has);
    at = put_count(at, node->calls, node->has & P2A_HAS_CALLS);
    at = put_value(w, at, g->self[value]);
    at = put_value(w, at, g->total[value]);
    at = p2a_marshal_put_dict(at);
    p2a_put(w->out, bytes, (size_t)(at - bytes));
    for (uint32_t i = w->first[f]; i < w->first[f + 1]; i++)
        put_arc(w, w->arcs[i]);
    p2a_put(w->out, bytes, (size_t)(p2a_marshal_put_end(bytes) - bytes));
}

static void put_rows(const struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    p2a_put(w->out, "{", 1);
    for (uint32_t i = 0; i < g->order_n; i++)
        put_row(w, g->order[i]);
    /* A row of unknown figures for a callee that has none, or its callers would be lost. */
    for (p2a_id f = 0; f < g->node_n; f++)
        if (!(g->node[f].has & P2A_HAS_ROW) && w->first[f] < w->first[f + 1])
            put_row(w, f);
    p2a_put(w->out, "0", 1);
}

static void choose_metric(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    w->scale = p->metrics.n > 0 ? p->metrics.row[0].scale : 1;
    if (p->metrics.n == 0 || p2a_str_is(p2a_string(p, p->metrics.row[0].unit), "seconds"))
        return;
    p2a_out_note(w->out, "pstats calls all values seconds: these are %s in %s",
                 p2a_string(p, p->metrics.row[0].name).at,
                 p2a_string(p, p->metrics.row[0].unit).at);
}

static void fill_primitive(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    uint32_t functions = 0, arcs = 0;
    for (p2a_id f = 0; f < g->node_n; f++)
        functions += lacks_primitive(g->node[f].has);
    for (p2a_id a = 0; a < g->arc_n; a++)
        arcs += (g->arc[a].has & (P2A_HAS_SELF | P2A_HAS_TOTAL)) && lacks_primitive(g->arc[a].has);
    w->fills = !p2a_str_is(p2a_string(w->p, w->p->source), "pstats");
    if (w->fills && functions + arcs)
        p2a_out_note(w->out,
                     "it isn't known which calls are primitive of %u function%s and %u caller%s: "
                     "all count as such",
                     functions, p2a_plural(functions), arcs, p2a_plural(arcs));
}

static enum p2a_status write_pstats(struct p2a_out *out)
{
    struct writer w = {.out = out, .p = out->profile};
    choose_metric(&w);
    fill_primitive(&w);
    if (make_keys(&w) && sort_arcs(&w))
        put_rows(&w);
    p2a_index_free(&w.taken);
    free(w.keys);
    free(w.key_at);
    free(w.arcs);
    free(w.first);
    return p2a_out_status(out);
}

const struct p2a_format p2a_format_pstats = {
    .name = "pstats",
    .title = "Python's cProfile, profile and pstats",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_pstats,
    .write = write_pstats,
    .gives = P2A_GRAPH | P2A_CALLS | P2A_PLACES,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES_AS_FILES,
    .binary = true,
};
