/* Callgrind's profile format, as Valgrind's manual defines it ("Callgrind Format Specification")
 * and KCachegrind reads it; Cachegrind's output files are the same without calls.
 *
 *     # callgrind format                 header: what was run, what is counted
 *     events: Ir Dr
 *     fl=(1) main.c                      a function: object file, source file, name;
 *     fn=(1) main                        "(1) name" defines a number, "(1)" alone refers to it
 *     16 400 12                          self cost at line 16
 *     cfn=(2) work                       a call: callee, how often, then from where
 *     calls=3 20                         and its inclusive cost
 *     17 9000 300
 *
 * It carries functions, arcs, their lines and addresses, object files and any number of events, all
 * in whole numbers. Of a comparison every event is there twice, the second time as "ns_before";
 * calls are those after, of what is gone those before (a difference can't be an event: readers'
 * costs have no sign). It carries no call paths, no threads beside one another and no self per arc;
 * totals of functions aren't in the file, they follow from self and arcs. */
#include "base/fetch.h"
#include "base/human.h"
#include "prof2any/format.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "base/crew.h"
#include "base/index.h"
#include "base/sort.h"
#include "model/core.h"
#include "model/flow.h"

enum { MAX_EVENTS = 256, MAX_FORMULAS = 1024 };

/* What the writer says where the profile has no call counts, so that the reader knows. */
static const char NO_CALLS[] = "Calls: not recorded";
/* And where a function stands for what called the profile's own from outside (see the writer). */
static const char OUTSIDE[] = "Outside: ", UNCOUNTED_OUTSIDE[] = "Outside, not counted: ";

/* ---- events ---------------------------------------------------------------------------------- */

/* Events that files use without saying what they mean. With a formula: derived, and known to
 * formulas without being defined. */
static const struct known_event {
    const char *name, *title, *formula;
} known_events[] = {
    {"Ir", "Instruction Fetch", NULL},
    {"Dr", "Data Read Access", NULL},
    {"Dw", "Data Write Access", NULL},
    {"I1mr", "L1 Instruction Fetch Miss", NULL},
    {"D1mr", "L1 Data Read Miss", NULL},
    {"D1mw", "L1 Data Write Miss", NULL},
    {"I2mr", "L2 Instruction Fetch Miss", NULL},
    {"D2mr", "L2 Data Read Miss", NULL},
    {"D2mw", "L2 Data Write Miss", NULL},
    {"ILmr", "Last-level Instruction Fetch Miss", NULL},
    {"DLmr", "Last-level Data Read Miss", NULL},
    {"DLmw", "Last-level Data Write Miss", NULL},
    {"Bc", "Conditional Branch", NULL},
    {"Bcm", "Mispredicted Conditional Branch", NULL},
    {"Bi", "Indirect Branch", NULL},
    {"Bim", "Mispredicted Indirect Branch", NULL},
    {"Ge", "Global Bus Event", NULL},
    {"L1m", "L1 Miss Sum", "I1mr + D1mr + D1mw"},
    {"L2m", "L2 Miss Sum", "I2mr + D2mr + D2mw"},
    {"LLm", "Last-level Miss Sum", "ILmr + DLmr + DLmw"},
    {"Bm", "Mispredicted Branch", "Bim + Bcm"},
    {"CEst", "Cycle Estimation", "Ir + 10 Bm + 10 L1m + 20 Ge + 100 L2m + 100 LLm"},
};
enum { KNOWN_EVENTS = sizeof known_events / sizeof *known_events };

static const struct known_event *known_event(struct p2a_str name)
{
    for (size_t i = 0; i < KNOWN_EVENTS; i++)
        if (p2a_str_is(name, known_events[i].name))
            return &known_events[i];
    return NULL;
}

/* Words for a unit, in what the model calls it. */
static const struct unit {
    const char *word, *unit;
    double scale;
} units[] = {
    {"ns", "seconds", 1e-9},
    {"nanoseconds", "seconds", 1e-9},
    {"us", "seconds", 1e-6},
    {"\xc2\xb5s", "seconds", 1e-6},
    {"usec", "seconds", 1e-6},
    {"microseconds", "seconds", 1e-6},
    {"ms", "seconds", 1e-3},
    {"msec", "seconds", 1e-3},
    {"milliseconds", "seconds", 1e-3},
    {"s", "seconds", 1},
    {"sec", "seconds", 1},
    {"seconds", "seconds", 1},
    {"bytes", "bytes", 1},
    {"b", "bytes", 1},
    {"kb", "bytes", 1024},
    {"mb", "bytes", 1048576},
    {"gb", "bytes", 1073741824},
    {"count", "count", 1},
};

static bool same_word(struct p2a_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < n && i < s.n; i++) {
        char c = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 32) : s.at[i];
        if (c != word[i])
            return false;
    }
    return s.n == n;
}

static const struct unit *unit_of(struct p2a_str word)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (same_word(word, units[i].word))
            return &units[i];
    return NULL;
}

/* An event's word taken apart: "ns", "Ir", "cpu(ns)", "Time_(10ns)". */
struct event {
    char name[128], unit[64];
    double scale;
};

static void copy_text(char *to, size_t room, struct p2a_str s)
{
    size_t n = s.n < room - 1 ? s.n : room - 1;
    memcpy(to, s.at, n);
    to[n] = '\0';
}

/* "NAME(UNIT)", the unit with a whole number before it or not; false where it isn't that. */
static bool split_unit(struct p2a_str word, struct event *event)
{
    struct p2a_str name, unit;
    if (!p2a_str_ends(word, ")") || !p2a_str_cut(word, '(', &name, &unit) || !name.n || unit.n < 2)
        return false;
    unit.n--;
    if (p2a_str_ends(name, "_"))
        name.n--;
    size_t digits = 0;
    while (digits < unit.n && unit.at[digits] >= '0' && unit.at[digits] <= '9')
        digits++;
    double times = 1;
    const struct unit *known = unit_of((struct p2a_str){unit.at + digits, unit.n - digits});
    bool counted = !digits || p2a_str_double((struct p2a_str){unit.at, digits}, &times);
    if (known && counted && times > 0 && isfinite(times)) {
        copy_text(event->unit, sizeof event->unit, p2a_str_of(known->unit));
        event->scale = times * known->scale;
    } else {
        copy_text(event->unit, sizeof event->unit, unit);
    }
    copy_text(event->name, sizeof event->name, same_word(name, "time") ? P2A_LIT("time") : name);
    return name.n > 0;
}

static struct event event_of(struct p2a_str word)
{
    struct event event = {.scale = 1};
    const struct unit *unit = unit_of(word);
    if (unit && strcmp(unit->unit, "seconds") == 0) {
        copy_text(event.name, sizeof event.name, P2A_LIT("time"));
        copy_text(event.unit, sizeof event.unit, P2A_LIT("seconds"));
        event.scale = unit->scale;
    } else if (!split_unit(word, &event)) {
        copy_text(event.name, sizeof event.name, word);
        copy_text(event.unit, sizeof event.unit, P2A_LIT("count"));
    }
    return event;
}

/* ---- the reader's state ---------------------------------------------------------------------- */

/* What the numbers of one kind of name stand for. Small ones are a place in an array; a file may
 * use any others, too. */
struct names {
    p2a_id *small;
    uint32_t small_room;
    struct big {
        uint64_t id;
        p2a_id string;
    } * big;
    size_t big_n, big_room; /* open addressing, room a power of two */
};
enum { SMALL = 1 << 20 };

/* An event of the file: its metric, and in the part being read what was summed and announced. */
struct column {
    p2a_id metric;
    uint64_t cost; /* of the line being read */
    bool negative;
    __extension__ __int128 sum;
};

struct announced { /* a summary: or totals: line */
    uint64_t cost[MAX_EVENTS];
    uint32_t n;
};

/* An event: line. */
struct declared {
    struct p2a_str name, formula, title;
    enum { NEW, BUSY, GOOD, BAD } state;
    double *factor; /* per metric; where the event is derived */
};

/* Functions that came lately, each in the place of its name. */
enum { KNOWN = 1 << 12 };
struct known {
    p2a_id name, file, object, function;
};

/* What a cost line is made of. */
struct shape {
    bool with_address, with_line, keeps_lines;
    uint32_t events; /* 0: still in the header */
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct names objects, files, functions, threads;

    struct column column[MAX_EVENTS];
    uint32_t events; /* of the part being read; 0: still in its header */
    struct announced summary, totals;
    bool by_valgrind; /* which ends each part with totals */
    struct declared *declared;
    uint32_t declared_n, declared_room;

    bool keeps_lines;
    unsigned left_out; /* enum p2a_fact: what there was of them where they aren't */
    bool with_address, with_line;
    uint64_t address, line;                    /* the running position */
    p2a_id object, file, own_file;             /* strings; own_file: the latest fl= */
    p2a_id function;                           /* P2A_NONE: none yet */
    uint64_t beyond;                           /* from this place on it has no line yet */
    p2a_id called, called_file, called_object; /* strings; P2A_NONE: not said */
    enum { SELF, CALL, JUMP } expected;        /* what the next cost line is */
    uint64_t calls;

    struct shape guess; /* of the lines that are parsed ahead of the reader */

    uint64_t volume; /* Σ |cost| of lines so far, of all events */
    bool calls_unknown, outside_counted;
    p2a_id outside;    /* string: the name that stands for what is outside; P2A_NONE: none */
    bool from_outside; /* the current function is that */
    uint64_t parts, thread_n, jumps, unnamed, unnamed_line, mismatches;
    struct p2a_arena texts; /* of declared events */
    struct known known[KNOWN];
};

static bool failed(const struct reader *r)
{
    return p2a_in_status(r->in) != P2A_OK;
}

static void no_memory(struct reader *r)
{
    p2a_in_no_memory(r->in);
}

/* ---- words and numbers ----------------------------------------------------------------------- */

static void skip_blanks(struct p2a_str *s)
{
    while (s->n && (*s->at == ' ' || *s->at == '\t')) {
        s->at++;
        s->n--;
    }
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned hex_digit(char c)
{
    if (digit(c))
        return (unsigned)(c - '0');
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

enum number { NO_NUMBER, NUMBER, TOO_BIG };

static enum number take_hex(struct p2a_str *s, uint64_t *value)
{
    uint64_t v = 0;
    enum number got = NO_NUMBER;
    for (s->at += 2, s->n -= 2; s->n && hex_digit(*s->at) < 16; s->at++, s->n--) {
        if (got == TOO_BIG || v >> 60) {
            got = TOO_BIG;
        } else {
            v = v << 4 | hex_digit(*s->at);
            got = NUMBER;
        }
    }
    *value = v;
    return got;
}

/* Takes a whole number, decimal or 0x…, off S. */
static enum number take_number(struct p2a_str *s, uint64_t *value)
{
    if (s->n > 2 && s->at[0] == '0' && (s->at[1] | 32) == 'x')
        return take_hex(s, value);
    const char *at = s->at, *end = s->at + s->n, *sure = s->n > 19 ? s->at + 19 : end;
    uint64_t v = 0;
    bool fits = true;
    for (; at < sure && digit(*at); at++) /* 19 digits fit always */
        v = v * 10 + (unsigned)(*at - '0');
    for (; at < end && digit(*at); at++) {
        unsigned d = (unsigned)(*at - '0');
        if (v >= UINT64_MAX / 10 && (v > UINT64_MAX / 10 || d > UINT64_MAX % 10))
            fits = false;
        v = v * 10 + d;
    }
    bool any = at != s->at;
    s->n -= (size_t)(at - s->at);
    s->at = at;
    *value = v;
    return !any ? NO_NUMBER : fits ? NUMBER : TOO_BIG;
}

static struct p2a_str take_word(struct p2a_str *s)
{
    skip_blanks(s);
    struct p2a_str word = {s->at, 0};
    while (s->n && *s->at != ' ' && *s->at != '\t') {
        word.n++;
        s->at++;
        s->n--;
    }
    return word;
}

/* For messages: a start of S. */
static int shown(struct p2a_str s)
{
    return s.n > 90 ? 90 : (int)s.n;
}

/* ---- names ----------------------------------------------------------------------------------- */

static struct big *big_slot(const struct names *names, uint64_t id)
{
    size_t mask = names->big_room - 1, i = p2a_hash(&id, sizeof id) & mask;
    while (names->big[i].string != P2A_NONE && names->big[i].id != id)
        i = (i + 1) & mask;
    return &names->big[i];
}

static bool widen_big(struct names *names)
{
    struct names wider = {.big_room = names->big_room ? names->big_room * 2 : 64};
    wider.big = malloc(wider.big_room * sizeof *wider.big);
    if (!wider.big)
        return false;
    for (size_t i = 0; i < wider.big_room; i++)
        wider.big[i].string = P2A_NONE;
    for (size_t i = 0; i < names->big_room; i++)
        if (names->big[i].string != P2A_NONE)
            *big_slot(&wider, names->big[i].id) = names->big[i];
    free(names->big);
    names->big = wider.big;
    names->big_room = wider.big_room;
    return true;
}

static bool widen_small(struct names *names, uint32_t need)
{
    uint32_t room = names->small_room;
    if (!p2a_grow(&names->small, &names->small_room, need, sizeof *names->small))
        return false;
    for (uint32_t i = room; i < names->small_room; i++)
        names->small[i] = P2A_NONE;
    return true;
}

/* False: no memory. */
static bool set_name(struct names *names, uint64_t id, p2a_id string)
{
    if (id < SMALL) {
        if (id >= names->small_room && !widen_small(names, (uint32_t)id + 1))
            return false;
        names->small[id] = string;
        return true;
    }
    if (names->big_n >= names->big_room / 2 && !widen_big(names))
        return false;
    struct big *slot = big_slot(names, id);
    names->big_n += slot->string == P2A_NONE;
    *slot = (struct big){id, string};
    return true;
}

static p2a_id get_name(const struct names *names, uint64_t id)
{
    if (id < SMALL)
        return id < names->small_room ? names->small[id] : P2A_NONE;
    return names->big_room ? big_slot(names, id)->string : P2A_NONE;
}

static void free_names(struct names *names)
{
    free(names->small);
    free(names->big);
}

/* Takes "(12)" off TEXT; false where it doesn't begin so, and for a number that is too big. */
static bool take_id(struct reader *r, struct p2a_str *text, uint64_t *id)
{
    struct p2a_str s = *text;
    if (s.n < 3 || s.at[0] != '(' || !digit(s.at[1]))
        return false;
    s.at++;
    s.n--;
    enum number got = take_number(&s, id);
    if (!s.n || *s.at != ')')
        return false; /* a name such as "(3d) draw" */
    if (got == TOO_BIG) {
        p2a_bad_line(r->in, "number of a name that doesn't fit in 64 bits");
        return false;
    }
    *text = p2a_str_trim((struct p2a_str){s.at + 1, s.n - 1});
    return true;
}

/* What "(12)" alone stands for, as most names are written; P2A_NONE where it is anything else. */
static p2a_id reference(const struct names *names, struct p2a_str text)
{
    enum { MOST = 9 }; /* digits */
    uint32_t id = 0;
    if (text.n < 3 || text.n > 2 + MOST || text.at[0] != '(' || text.at[text.n - 1] != ')')
        return P2A_NONE;
    for (const char *at = text.at + 1; at < text.at + text.n - 1; at++) {
        if (!digit(*at))
            return P2A_NONE;
        id = id * 10 + (uint32_t)(*at - '0');
    }
    return get_name(names, id);
}

/* The string of a name, compressed or not. A number without a name so far is the string "???". */
static p2a_id name_of(struct reader *r, struct names *names, struct p2a_str text)
{
    uint64_t id;
    p2a_id known = reference(names, text);
    if (known != P2A_NONE)
        return known;
    text = p2a_str_trim(text);
    if (!take_id(r, &text, &id))
        return p2a_intern(r->p, text);
    if (text.n) {
        p2a_id string = p2a_intern(r->p, text);
        if (!set_name(names, id, string))
            no_memory(r);
        return string;
    }
    p2a_id string = get_name(names, id);
    if (string != P2A_NONE)
        return string;
    if (!r->unnamed++)
        r->unnamed_line = p2a_line_number(r->in);
    return p2a_intern(r->p, P2A_LIT("???"));
}

/* The same for files and object files, where "???" is 0. */
static p2a_id place_of(struct reader *r, struct names *names, struct p2a_str text)
{
    p2a_id string = name_of(r, names, text);
    return p2a_str_is(p2a_string(r->p, string), "???") ? 0 : string;
}

static enum p2a_kind kind_of(struct p2a_str name, struct p2a_str file)
{
    if (p2a_str_is(file, "~") || p2a_str_starts(name, "<built-in ") ||
        (p2a_str_starts(name, "<method '") && p2a_str_ends(name, "objects>")))
        return P2A_BUILTIN;
    if (p2a_str_ends(file, ".py") || p2a_str_starts(file, "<frozen "))
        return P2A_PYTHON;
    return P2A_NATIVE;
}

/* yappi has the place in the name, "main /src/app.py:41" in "/src/app.py". */
static bool take_place(struct p2a_str *name, struct p2a_str file, int64_t *line)
{
    size_t n = name->n;
    while (n && digit(name->at[n - 1]))
        n--;
    uint64_t value;
    struct p2a_str number = {name->at + n, name->n - n};
    struct p2a_str rest = {name->at, n ? n - 1 : 0};
    if (!file.n || rest.n < file.n + 2 || rest.at[rest.n] != ':' ||
        rest.at[rest.n - file.n - 1] != ' ' ||
        memcmp(rest.at + rest.n - file.n, file.at, file.n) != 0 || !p2a_str_u64(number, &value) ||
        value > INT64_MAX)
        return false;
    *line = (int64_t)value;
    name->n = rest.n - file.n - 1;
    return true;
}

static p2a_id function_of(struct reader *r, p2a_id name, p2a_id file, p2a_id object)
{
    struct known *known = &r->known[name % KNOWN];
    if (known->name == name && known->file == file && known->object == object)
        return known->function;
    struct p2a_function function = {.name = name, .file = file, .module = object};
    struct p2a_str text = p2a_string(r->p, name);
    if (take_place(&text, p2a_string(r->p, file), &function.line))
        function.name = p2a_intern(r->p, text);
    function.kind = kind_of(text, p2a_string(r->p, file));
    *known = (struct known){name, file, object, p2a_function(r->p, &function)};
    return known->function;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static bool falls_short(const struct reader *r, const struct announced *announced)
{
    for (uint32_t i = 0; i < announced->n && i < r->events; i++)
        if (r->column[i].sum < announced->cost[i])
            return true;
    return false;
}

static void check_announced(struct reader *r, const char *word, const struct announced *announced)
{
    for (uint32_t i = 0; i < announced->n && i < r->events; i++) {
        struct column *column = &r->column[i];
        if (column->sum != announced->cost[i] && !r->mismatches++) {
            const char *name = p2a_metric_name(r->p, column->metric);
            p2a_note(r->p, "the %s line says %llu for %s, but the costs add up to %.0f", word,
                     (unsigned long long)announced->cost[i], name ? name : "", (double)column->sum);
        }
    }
}

static void end_part(struct reader *r)
{
    if (r->expected != SELF)
        p2a_bad_line(r->in, "the line with the position of the call or jump before is missing");
    if (r->by_valgrind && !r->totals.n && falls_short(r, &r->summary))
        p2a_bad_line(r->in, "the input ends before its costs add up to the summary, expected a "
                            "line of totals behind them");
    check_announced(r, "summary", &r->summary);
    check_announced(r, "totals", &r->totals);
    r->summary.n = r->totals.n = 0;
    r->events = 0;
    r->with_address = false;
    r->with_line = true;
    r->address = r->line = 0;
    r->object = r->file = r->own_file = 0;
    r->function = r->called = r->called_file = r->called_object = P2A_NONE;
    r->beyond = UINT64_MAX;
    r->from_outside = false;
}

/* These lines stand in a header; the first of them after costs begins another part. */
static void in_header(struct reader *r)
{
    if (r->events)
        end_part(r);
}

static void read_events(struct reader *r, struct p2a_str rest)
{
    in_header(r);
    for (struct p2a_str word = take_word(&rest); word.n; word = take_word(&rest)) {
        if (r->events == MAX_EVENTS) {
            p2a_bad_line(r->in, "more than %d events, the limit", MAX_EVENTS);
            return;
        }
        struct event event = event_of(word);
        p2a_id metric = p2a_metric(r->p, event.name, event.unit, event.scale);
        if (metric == P2A_NONE)
            return;
        if (r->p->metrics.row[metric].scale != event.scale)
            p2a_bad_line(r->in, "event %s in another unit than before", event.name);
        r->column[r->events++] = (struct column){.metric = metric};
    }
    if (!r->events)
        p2a_bad_line(r->in, "no event after \"events:\", expected the names of what is counted");
    r->parts++;
}

static void read_positions(struct reader *r, struct p2a_str rest)
{
    in_header(r);
    r->with_address = r->with_line = false;
    for (struct p2a_str word = take_word(&rest); word.n; word = take_word(&rest)) {
        if (p2a_str_is(word, "instr") || p2a_str_is(word, "addr")) {
            r->with_address = true;
        } else if (p2a_str_is(word, "line")) {
            r->with_line = true;
        } else {
            p2a_bad_line(r->in, "positions \"%.*s\", expected \"instr\", \"line\" or both",
                         shown(word), word.at);
        }
    }
    if (!r->with_address && !r->with_line)
        p2a_bad_line(r->in, "no positions, expected \"instr\", \"line\" or both");
}

static void read_thread(struct reader *r, struct p2a_str rest)
{
    uint64_t id;
    in_header(r);
    skip_blanks(&rest);
    if (take_number(&rest, &id) == NUMBER && get_name(&r->threads, id) == P2A_NONE) {
        r->thread_n++;
        if (!set_name(&r->threads, id, 0))
            no_memory(r);
    }
}

static void read_part(struct reader *r, struct p2a_str rest)
{
    (void)rest;
    in_header(r);
}

static bool take_start(struct p2a_str *s, const char *start)
{
    size_t n = strlen(start);
    if (!p2a_str_starts(*s, start))
        return false;
    *s = (struct p2a_str){s->at + n, s->n - n};
    return true;
}

static void read_desc(struct reader *r, struct p2a_str rest)
{
    rest = p2a_str_trim(rest);
    if (p2a_str_is(rest, NO_CALLS)) {
        r->calls_unknown = true;
    } else if (take_start(&rest, OUTSIDE)) {
        r->outside = p2a_intern(r->p, rest);
        r->outside_counted = true;
    } else if (take_start(&rest, UNCOUNTED_OUTSIDE)) {
        r->outside = p2a_intern(r->p, rest);
    }
}

static void skip_line(struct reader *r, struct p2a_str rest)
{
    (void)r;
    (void)rest;
}

static struct p2a_str kept(struct reader *r, struct p2a_str s)
{
    s = p2a_str_trim(s);
    char *copy = p2a_arena_copy(&r->texts, s.at, s.n);
    if (!copy) {
        no_memory(r);
        return P2A_LIT("");
    }
    return (struct p2a_str){copy, s.n};
}

/* "NAME [= FORMULA] [: LONG NAME]" */
static void read_event(struct reader *r, struct p2a_str rest)
{
    struct p2a_str left, title, name, formula;
    p2a_str_cut(rest, ':', &left, &title);
    p2a_str_cut(left, '=', &name, &formula);
    if (r->declared_n == MAX_FORMULAS) {
        p2a_bad_line(r->in, "more than %d \"event:\" lines, the limit", MAX_FORMULAS);
        return;
    }
    if (!p2a_grow(&r->declared, &r->declared_room, (uint64_t)r->declared_n + 1,
                  sizeof *r->declared)) {
        no_memory(r);
        return;
    }
    r->declared[r->declared_n++] = (struct declared){
        .name = kept(r, name), .formula = kept(r, formula), .title = kept(r, title)};
}

/* ---- cost lines ------------------------------------------------------------------------------ */

/* Takes the cost off REST, for messages as well as the value. "." is none, in old Cachegrind files.
 */
static bool take_cost(struct reader *r, struct p2a_str *rest, uint64_t *cost, bool *negative)
{
    struct p2a_str start = *rest;
    *negative = rest->n && *rest->at == '-';
    if (*negative) {
        rest->at++;
        rest->n--;
    }
    enum number got = take_number(rest, cost);
    if (got == NO_NUMBER && rest->n && *rest->at == '.' && !*negative) {
        rest->at++;
        rest->n--;
        *cost = 0;
        got = NUMBER;
    }
    if (got == NUMBER && (!rest->n || *rest->at == ' ' || *rest->at == '\t'))
        return true;
    if (got == TOO_BIG)
        p2a_bad_line(r->in, "cost %.*s doesn't fit in 64 bits", shown(start), start.at);
    else
        p2a_bad_line(r->in, "\"%.*s\", expected a cost as a whole number", shown(start), start.at);
    return false;
}

/* Takes a position off REST: a number, or relative to the running one, which becomes it; of a range
 * its start. */
static bool take_position(struct reader *r, struct p2a_str *rest, uint64_t *running)
{
    skip_blanks(rest);
    struct p2a_str start = *rest;
    uint64_t value = 0, ignored;
    char sign = rest->n ? *rest->at : '\0';
    enum number got = NUMBER;
    if (sign == '*' || sign == '+' || sign == '-') {
        rest->at++;
        rest->n--;
    }
    if (sign != '*')
        got = take_number(rest, &value);
    if (got == NUMBER && rest->n && (*rest->at == '+' || *rest->at == '-' || *rest->at == ':')) {
        rest->at++;
        rest->n--;
        got = take_number(rest, &ignored);
    }
    if (got != NUMBER || (rest->n && *rest->at != ' ' && *rest->at != '\t')) {
        p2a_bad_line(r->in, "\"%.*s\", expected a position: a number, +n, -n or *", shown(start),
                     start.at);
        return false;
    }
    if ((sign == '+' && value > UINT64_MAX - *running) || (sign == '-' && value > *running)) {
        p2a_bad_line(r->in, "position %.*s leads outside of 64 bits", shown(start), start.at);
        return false;
    }
    *running = sign == '*'   ? *running
               : sign == '+' ? *running + value
               : sign == '-' ? *running - value
                             : value;
    return true;
}

static bool take_costs(struct reader *r, struct p2a_str rest)
{
    uint32_t n = 0;
    for (skip_blanks(&rest); rest.n; skip_blanks(&rest)) {
        if (n == r->events) {
            p2a_bad_line(r->in, "more costs than the %u the \"events:\" line names", r->events);
            return false;
        }
        struct column *column = &r->column[n++];
        if (!take_cost(r, &rest, &column->cost, &column->negative))
            return false;
    }
    for (; n < r->events; n++) {
        r->column[n].cost = 0;
        r->column[n].negative = false;
    }
    return true;
}

static void add_costs(const struct reader *r, double *values)
{
    for (uint32_t i = 0; i < r->events; i++) {
        const struct column *column = &r->column[i];
        double cost = (double)column->cost;
        values[column->metric] += column->negative ? -cost : cost;
    }
}

/* Whether no line can be where the reader is, which becomes the last place that has one. Valgrind
 * goes through a function from its start to its end: then no line is there already, and looking for
 * it would cost more than all else. */
static bool is_new_here(struct reader *r)
{
    uint64_t place = r->with_address ? r->address : r->line;
    if (place < r->beyond || place == UINT64_MAX)
        return false;
    r->beyond = place + 1;
    return true;
}

static p2a_id line_here(struct reader *r, bool is_new)
{
    struct p2a_line line = {
        .function = r->function, .file = r->file, .line = r->line, .address = r->address};
    return is_new ? p2a_line_new(r->p, &line) : p2a_line(r->p, &line);
}

static bool any_negative(const struct reader *r)
{
    for (uint32_t i = 0; i < r->events; i++)
        if (r->column[i].negative)
            return true;
    return false;
}

/* Whether events are in the order of the profile's columns, and lines of them may be packed. */
static bool packs(const struct reader *r)
{
    for (uint32_t i = 0; i < r->events; i++)
        if (r->column[i].metric != i)
            return false;
    return p2a_packs_lines(r->p, r->events);
}

/* The line that was read, where it isn't there yet. */
static bool pack_line(struct reader *r)
{
    uint64_t value[P2A_LINE_STEPS + P2A_PACKED_COLUMNS] = {0}, *cost = value + P2A_LINE_STEPS;
    unsigned char bytes[P2A_PACKED_MOST(P2A_LINE_STEPS + P2A_PACKED_COLUMNS)];
    struct p2a_line_place here = {r->address, r->line};
    for (uint32_t i = 0; i < r->events; i++)
        cost[i] = r->column[i].cost;
    const unsigned char *end = p2a_pack_values(bytes, value, P2A_LINE_STEPS + r->events);
    struct p2a_new_lines lines = {
        .run = {.function = r->function, .file = r->file, .n = 1, .first = here, .last = here},
        .bytes = bytes,
        .byte_n = (size_t)(end - bytes),
        .sum = cost,
        .columns = r->events,
        .addresses = r->address};
    return p2a_pack_lines(r->p, &lines);
}

/* False after an error. */
static bool add_line_self(struct reader *r)
{
    if (!r->keeps_lines) {
        r->left_out |= P2A_LINES | (r->address ? P2A_ADDRESSES : 0);
        return true;
    }
    bool is_new = is_new_here(r);
    if (is_new && packs(r) && !any_negative(r))
        return pack_line(r);
    p2a_id id = line_here(r, is_new);
    if (id != P2A_NONE)
        add_costs(r, r->p->graph.line_self + (size_t)id * r->p->columns);
    return id != P2A_NONE;
}

static void add_self(struct reader *r)
{
    double *self = p2a_node_self(r->p, r->function);
    if (!self || !add_line_self(r))
        return;
    add_costs(r, self);
    for (uint32_t i = 0; i < r->events; i++) {
        struct column *column = &r->column[i];
        column->sum += column->negative ? -(__extension__(__int128) column->cost) : column->cost;
        r->volume = p2a_add_calls(r->volume, column->cost);
        if (column->sum > UINT64_MAX) {
            p2a_bad_line(r->in, "the costs of %s add up to more than 64 bits hold",
                         p2a_metric_name(r->p, column->metric));
        }
    }
}

static void add_to_arc(struct reader *r, p2a_id callee)
{
    p2a_id id = p2a_arc(r->p, r->function, callee);
    if (id == P2A_NONE)
        return;
    struct p2a_arc *arc = &r->p->graph.arc[id];
    add_costs(r, r->p->graph.arc_total + (size_t)id * r->p->columns);
    arc->calls = p2a_add_calls(arc->calls, r->calls);
    r->left_out |= P2A_LINES;
}

static void add_site(struct reader *r, p2a_id callee)
{
    struct p2a_site site = {.arc = p2a_arc(r->p, r->function, callee),
                            .file = r->file,
                            .line = r->line,
                            .address = r->address,
                            .calls = r->calls};
    p2a_id id = p2a_site(r->p, &site);
    if (id != P2A_NONE)
        add_costs(r, r->p->graph.site_total + (size_t)id * r->p->columns);
}

static void add_call(struct reader *r)
{
    p2a_id file = r->called_file == P2A_NONE ? r->file : r->called_file;
    p2a_id object = r->called_object == P2A_NONE ? r->object : r->called_object;
    p2a_id callee = function_of(r, r->called, file, object);
    struct p2a_node *node = r->from_outside ? p2a_node(r->p, callee) : NULL;
    if (!r->from_outside && r->keeps_lines)
        add_site(r, callee);
    else if (!r->from_outside)
        add_to_arc(r, callee);
    else if (node && r->outside_counted)
        node->calls = p2a_add_calls(node->calls, r->calls);
    r->called = r->called_file = r->called_object = P2A_NONE;
}

/* What has a row has been entered before, and may have lines. */
static void enter_function(struct reader *r, p2a_id function)
{
    const struct p2a_graph *g = &r->p->graph;
    bool known = function < g->node_n && g->node[function].has & P2A_HAS_ROW;
    r->function = function;
    r->beyond = known ? UINT64_MAX : 0;
    p2a_node(r->p, function);
}

/* Costs that belong to no fn= belong to an unknown function. */
static void need_function(struct reader *r)
{
    if (r->function == P2A_NONE && !r->from_outside) {
        p2a_note(r->p, "line %llu and what follows has no \"fn=\": taken as an unknown function",
                 (unsigned long long)p2a_line_number(r->in));
        enter_function(r, function_of(r, p2a_intern(r->p, P2A_LIT("???")), r->own_file, r->object));
    }
}

static void read_cost(struct reader *r, struct p2a_str line)
{
    if (!r->events) {
        p2a_bad_line(r->in, "costs before the \"events:\" line that says what they are");
        return;
    }
    if ((r->with_address && !take_position(r, &line, &r->address)) ||
        (r->with_line && !take_position(r, &line, &r->line)))
        return;
    need_function(r);
    if (take_costs(r, line)) {
        if (r->expected == CALL)
            add_call(r);
        else if (r->expected == SELF && !r->from_outside)
            add_self(r);
    }
    r->expected = SELF;
}

/* ---- the other lines of the body ------------------------------------------------------------- */

static void read_ob(struct reader *r, struct p2a_str rest)
{
    r->object = place_of(r, &r->objects, rest);
}

static void read_fl(struct reader *r, struct p2a_str rest)
{
    r->file = r->own_file = place_of(r, &r->files, rest);
}

static void read_fi(struct reader *r, struct p2a_str rest)
{
    r->file = place_of(r, &r->files, rest);
}

static void read_fn(struct reader *r, struct p2a_str rest)
{
    p2a_id name = name_of(r, &r->functions, rest);
    r->file = r->own_file;
    r->from_outside = name == r->outside && name != P2A_NONE && !r->file && !r->object;
    if (!r->from_outside)
        enter_function(r, function_of(r, name, r->file, r->object));
}

static void read_cob(struct reader *r, struct p2a_str rest)
{
    r->called_object = place_of(r, &r->objects, rest);
}

static void read_cfi(struct reader *r, struct p2a_str rest)
{
    r->called_file = place_of(r, &r->files, rest);
}

static void read_cfn(struct reader *r, struct p2a_str rest)
{
    r->called = name_of(r, &r->functions, rest);
}

/* "COUNT TARGET": where the callee begins is of no use. */
static void read_calls(struct reader *r, struct p2a_str rest)
{
    skip_blanks(&rest);
    struct p2a_str start = rest;
    enum number got = take_number(&rest, &r->calls);
    if (got != NUMBER || (rest.n && *rest.at != ' ' && *rest.at != '\t')) {
        p2a_bad_line(r->in, "\"%.*s\", expected the number of calls%s", shown(start), start.at,
                     got == TOO_BIG ? " in 64 bits" : "");
    } else if (r->called == P2A_NONE) {
        p2a_bad_line(r->in, "calls without a \"cfn=\" line that says of what");
    }
    r->expected = CALL;
}

static void read_jump(struct reader *r, struct p2a_str rest)
{
    (void)rest;
    r->jumps++;
    r->expected = JUMP;
}

/* Names of jump targets and of older kinds of positions may be defined where they first appear. */
static void read_jfi(struct reader *r, struct p2a_str rest)
{
    name_of(r, &r->files, rest);
}

static void read_jfn(struct reader *r, struct p2a_str rest)
{
    name_of(r, &r->functions, rest);
}

static void read_announced(struct reader *r, struct p2a_str rest, struct announced *announced)
{
    bool negative;
    announced->n = 0;
    for (skip_blanks(&rest); rest.n; skip_blanks(&rest)) {
        if (announced->n == MAX_EVENTS) {
            p2a_bad_line(r->in, "more than %d sums, the limit", MAX_EVENTS);
            return;
        }
        if (!take_cost(r, &rest, &announced->cost[announced->n], &negative))
            return;
        announced->n++;
    }
}

static void read_creator(struct reader *r, struct p2a_str rest)
{
    r->by_valgrind = p2a_str_starts(p2a_str_trim(rest), "callgrind-");
}

static void read_summary(struct reader *r, struct p2a_str rest)
{
    read_announced(r, rest, &r->summary);
}

static void read_totals(struct reader *r, struct p2a_str rest)
{
    read_announced(r, rest, &r->totals);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The most frequent first. */
static const struct keyword {
    const char *word;
    size_t n;
    void (*read)(struct reader *r, struct p2a_str rest);
} keywords[] = {
    {"calls=", 6, read_calls},
    {"cfn=", 4, read_cfn},
    {"cfi=", 4, read_cfi},
    {"cob=", 4, read_cob},
    {"fn=", 3, read_fn},
    {"fl=", 3, read_fl},
    {"fi=", 3, read_fi},
    {"fe=", 3, read_fi},
    {"jump=", 5, read_jump},
    {"jcnd=", 5, read_jump},
    {"jfn=", 4, read_jfn},
    {"jfi=", 4, read_jfi},
    {"ob=", 3, read_ob},
    {"cfl=", 4, read_cfi},
    {"frfn=", 5, read_jfn},
    {"rec=", 4, skip_line},
    {"events:", 7, read_events},
    {"event:", 6, read_event},
    {"positions:", 10, read_positions},
    {"thread:", 7, read_thread},
    {"pid:", 4, read_part},
    {"part:", 5, read_part},
    {"summary:", 8, read_summary},
    {"totals:", 7, read_totals},
    {"desc:", 5, read_desc},
    {"version:", 8, skip_line},
    {"creator:", 8, read_creator},
    {"cmd:", 4, skip_line},
};
enum { KEYWORDS = sizeof keywords / sizeof *keywords };

static const struct keyword *keyword_of(struct p2a_str line)
{
    for (size_t i = 0; i < KEYWORDS; i++) {
        const struct keyword *k = &keywords[i];
        if (line.n >= k->n && line.at[0] == k->word[0] && line.at[1] == k->word[1] &&
            memcmp(line.at, k->word, k->n) == 0)
            return k;
    }
    return NULL;
}

/* A header line of a word that isn't known: "WORD: …". */
static bool header_line(struct p2a_str line)
{
    size_t n = 0;
    while (n < line.n && ((line.at[n] | 32) >= 'a' && (line.at[n] | 32) <= 'z'))
        n++;
    return n && n < line.n && line.at[n] == ':';
}

static bool cost_line(char first)
{
    return digit(first) || first == '+' || first == '-' || first == '*';
}

static void read_line(struct reader *r, struct p2a_str line)
{
    skip_blanks(&line);
    if (!line.n || *line.at == '#')
        return;
    if (cost_line(*line.at)) {
        read_cost(r, line);
        return;
    }
    const struct keyword *k = keyword_of(line);
    if (k && r->expected == SELF) {
        k->read(r, (struct p2a_str){line.at + k->n, line.n - k->n});
    } else if (k) {
        p2a_bad_line(r->in,
                     "\"%s\", expected the line with the position of the call or jump before",
                     k->word);
    } else if (r->events || !header_line(line)) {
        p2a_bad_line(r->in, "\"%.*s\", expected costs or a line such as \"fn=\" or \"calls=\"",
                     shown(line), line.at);
    }
}

/* ---- plain cost lines ------------------------------------------------------------------------ */

/* Nearly all lines of a large file are self costs of one shape: positions and costs, one blank
 * between them, numbers that fit in any case. They are parsed by the piece, on any thread, without
 * being cut into lines first:
 *
 *     fn=(1) main  | 16 400 | 17 12 | +3 5 | calls=3 20 | 17 9000 | 19 2 | …
 *     other          run of 3 rows           other        other     run
 *
 * What is any other line is left to read_line, and so is a run that turns out not to be what it
 * seemed where it is: the shape may have changed, or its first row be what a call costs. Where
 * words end is found for a whole line at once, and eight digits are one number at once, since a
 * loop over them would end where no processor foresees it. */
enum { PLAIN_EVENTS = P2A_PACKED_COLUMNS, PLAIN_LINE = 64, PLAIN_MOST = PLAIN_LINE + 16 };
#define EACH(byte) (0x0101010101010101U * (byte))

/* The first byte in the lowest bits. */
static inline uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

/* The high bit of each byte of WORD that is N or more. */
static inline uint64_t from_on(uint64_t word, unsigned n)
{
    return (((word & EACH(0x7f)) + EACH(0x80 - n)) | word) & EACH(0x80);
}

/* Of 16 bytes those that are less than '0', the first one in the lowest bit. */
static inline uint64_t below_digits(const char *at)
{
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const void *)at), most = _mm_set1_epi8('0' - 1);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, most), bytes));
#else
    const uint64_t gather = 0x0102040810204080;
    uint64_t low = (from_on(word_at(at), '0') ^ EACH(0x80)) >> 7;
    uint64_t high = (from_on(word_at(at + 8), '0') ^ EACH(0x80)) >> 7;
    return low * gather >> 56 | high * gather >> 56 << 8;
#endif
}

/* A line of PLAIN_LINE bytes at most: how far it is taken, and where words end from there on. These
 * ends are blanks, signs and the end of the line, all less than digits. */
struct words {
    const char *line;
    uint64_t ends;
    unsigned at;
};

static inline struct words words_of(const char *line)
{
    return (struct words){line,
                          below_digits(line) | below_digits(line + 16) << 16 |
                              below_digits(line + 32) << 32 | below_digits(line + 48) << 48,
                          0};
}

/* How long the next word is, behind whose end it goes. PLAIN_LINE where it has none. */
static inline unsigned pass_word(struct words *words)
{
    if (!words->ends)
        return PLAIN_LINE;
    unsigned end = (unsigned)__builtin_ctzll(words->ends), n = end - words->at;
    words->at = end + 1;
    words->ends &= words->ends - 1;
    return n;
}

/* The first N bytes of a word, 1 to 8, behind zeros. */
static inline uint64_t first_bytes(uint64_t word, unsigned n)
{
    return word << (64 - 8 * n);
}

/* A number of N decimal digits, 1 to 8; false: it is none. */
static inline bool decimal(const char *at, unsigned n, uint64_t *value)
{
    const uint64_t pair = 0x000000ff000000ff; /* the first of every two pairs of digits */
    uint64_t digits = first_bytes(word_at(at) ^ EACH('0'), n), v = digits * 10 + (digits >> 8);
    *value = ((v & pair) * (UINT64_C(1000000) << 32 | 100) +
              (v >> 16 & pair) * (UINT64_C(10000) << 32 | 1)) >>
             32;
    return !from_on(digits, 10);
}

static inline bool hexadecimal(const char *at, unsigned n, uint64_t *value)
{
    uint64_t word = word_at(at), letter = (word | EACH(0x20)) ^ EACH(0x60); /* a is 1 */
    uint64_t no_letter = from_on(letter, 7) | (from_on(letter, 1) ^ EACH(0x80));
    uint64_t v = first_bytes((word & EACH(0xf)) + (word >> 6 & EACH(1)) * 9, n);
    v = (v << 4 | v >> 8) & 0x00ff00ff00ff00ff;
    v = (v << 8 | v >> 16) & 0x0000ffff0000ffff;
    *value = (v << 16 | v >> 32) & 0xffffffff;
    return !first_bytes(from_on(word ^ EACH('0'), 10) & no_letter, n);
}

/* More than 8 digits, 16 at most. */
static bool long_number(const char *at, unsigned n, bool is_hexadecimal, uint64_t *value)
{
    static const uint64_t tens[] = {0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint64_t high, low;
    if (n < 9 || n > 16)
        return false;
    bool is_number = is_hexadecimal ? hexadecimal(at, 8, &high) && hexadecimal(at + 8, n - 8, &low)
                                    : decimal(at, 8, &high) && decimal(at + 8, n - 8, &low);
    if (is_number)
        *value = is_hexadecimal ? high << 4 * (n - 8) | low : high * tens[n - 8] + low;
    return is_number;
}

/* Takes a decimal number and the end behind it. */
static inline bool plain_number(struct words *words, uint64_t *value)
{
    const char *at = words->line + words->at;
    unsigned n = pass_word(words);
    return n - 1 < 8 ? decimal(at, n, value) : long_number(at, n, false, value);
}

/* The same behind "0x". */
static inline bool plain_hexadecimal(struct words *words, uint64_t *value)
{
    const char *at = words->line + words->at + 2;
    unsigned n = pass_word(words) - 2;
    return n - 1 < 8 ? hexadecimal(at, n, value) : long_number(at, n, true, value);
}

static inline bool is_behind(const struct words *words, char end)
{
    return words->line[words->at - 1] == end;
}

/* A position: where it is, or how far from the one before. */
enum step { AT, FORTH, BACK };

/* A position and the blank behind it. */
static inline bool plain_position(struct words *words, uint64_t *value, enum step *step)
{
    char sign = words->line[words->at];
    *value = 0;
    *step = AT;
    if (sign < '0') {
        if (sign != '+' && sign != '-' && sign != '*')
            return false;
        *step = sign == '-' ? BACK : FORTH;
        pass_word(words);
    }
    if (sign != '*') {
        const char *at = words->line + words->at;
        bool is_hexadecimal = at[0] == '0' && at[1] == 'x';
        return (is_hexadecimal ? plain_hexadecimal(words, value) : plain_number(words, value)) &&
               is_behind(words, ' ');
    }
    return words->line[words->at] == ' ' && pass_word(words) == 0;
}

/* The costs up to the end of the line, nobody writes them in hexadecimal; those that aren't there
 * are 0. */
static inline bool plain_costs(struct words *words, uint32_t events, uint64_t *cost)
{
    uint32_t n = 0;
    do
        if (!plain_number(words, &cost[n++]))
            return false;
    while (n < events && is_behind(words, ' '));
    while (n < events)
        cost[n++] = 0;
    return is_behind(words, '\n');
}

/* Positions of a run. Where it begins with a step they are counted from where it begins, which only
 * the one who takes it knows, and wrap around: LEAST and MOST are how far they lead from there. */
struct course {
    bool fixed; /* the file's own */
    uint64_t now;
    int64_t least, most;
};

struct run {
    uint32_t rows, byte_n;
    bool ascending; /* what tells its lines apart: they are all different */
    bool too_big;   /* costs may add up to more than 64 bits hold */
    bool moves;     /* to other addresses than the first one's */
    struct p2a_line_place first;
    struct course address, line;
};

/* Lines of a piece: the next run, or one other line. */
struct stretch {
    const char *text;
    size_t n;
    bool is_run;
};

struct piece {
    struct stretch *stretch;
    struct run *run;
    unsigned char *bytes; /* of run after run, where lines are kept: see model/lines.h */
    uint64_t *sum;        /* of runs; an event each */
    uint32_t stretch_n, run_n, byte_n, stretch_room, run_room, byte_room, sum_room;
};

static bool room_for_stretch(struct piece *p, uint32_t events)
{
    uint64_t runs = (uint64_t)p->run_n + 1;
    if (p->stretch_n < p->stretch_room && runs <= p->run_room && runs * events <= p->sum_room)
        return true;
    return p2a_grow(&p->stretch, &p->stretch_room, (uint64_t)p->stretch_n + 1,
                    sizeof *p->stretch) &&
           p2a_grow(&p->run, &p->run_room, runs, sizeof *p->run) &&
           p2a_grow(&p->sum, &p->sum_room, runs * events, sizeof *p->sum);
}

static bool more_bytes(struct piece *p, uint32_t events)
{
    return p2a_grow(&p->bytes, &p->byte_room,
                    (uint64_t)p->byte_n + P2A_PACKED_MOST(P2A_LINE_STEPS + events), 1);
}

/* Goes one position on. False: that leads too far for a run, or is the first one that is the file's
 * own, and it is where it was. */
static inline bool step_on(struct course *course, uint64_t value, enum step step)
{
    const int64_t far = INT64_MAX / 2;
    uint64_t to = step == AT ? value : step == FORTH ? course->now + value : course->now - value;
    int64_t away = (int64_t)to;
    if (course->fixed) {
        if (step == FORTH ? to < course->now : step == BACK && to > course->now)
            return false;
        course->now = to;
        return true;
    }
    if (step == AT || value > (uint64_t)far || away < -far || away > far)
        return false;
    course->now = to;
    course->least = away < course->least ? away : course->least;
    course->most = away > course->most ? away : course->most;
    return true;
}

struct plain {
    uint64_t address, line;
    enum step address_step, line_step;
};

/* The next line, where it is plain; PLAIN_MOST bytes are there. Else NULL. */
static inline const char *parse_plain(const struct shape *shape, uint32_t events, const char *at,
                                      struct plain *plain, uint64_t *cost)
{
    struct words words = words_of(at);
    *plain = (struct plain){.address_step = FORTH, .line_step = FORTH};
    bool is_plain =
        (!shape->with_address || plain_position(&words, &plain->address, &plain->address_step)) &&
        (!shape->with_line || plain_position(&words, &plain->line, &plain->line_step)) &&
        plain_costs(&words, events, cost);
    return is_plain ? at + words.at : NULL;
}

static inline bool is_further(const struct course *course, uint64_t before)
{
    return course->fixed ? course->now > before : (int64_t)(course->now - before) > 0;
}

/* Whether RUN goes on with a line; where its positions begin to be the file's own another one
 * begins. */
static inline bool go_on(struct run *run, const struct shape *shape, const struct plain *plain)
{
    struct p2a_line_place before = {run->address.now, run->line.now};
    if (!run->rows) {
        run->address.fixed = plain->address_step == AT;
        run->line.fixed = plain->line_step == AT;
    }
    if (!step_on(&run->address, plain->address, plain->address_step))
        return false;
    if (!step_on(&run->line, plain->line, plain->line_step)) {
        run->address.now = before.address;
        return false;
    }
    if (run->rows++)
        run->ascending &= shape->with_address ? is_further(&run->address, before.address)
                                              : is_further(&run->line, before.line);
    else
        run->first = (struct p2a_line_place){run->address.now, run->line.now};
    run->moves |= run->address.now != run->first.address;
    return true;
}

/* A run from AT on, before LAST: where it ends, which is AT where there is none. NULL: no memory.
 * EVENTS are the shape's: code is shorter where they are known. */
static inline const char *parse_run(struct piece *p, const struct shape *shape, uint32_t events,
                                    const char *at, const char *last)
{
    struct run run = {.ascending = true};
    uint32_t begin = p->byte_n, n = P2A_LINE_STEPS + events;
    uint64_t *sum = p->sum + (size_t)p->run_n * events;
    uint64_t value[P2A_LINE_STEPS + PLAIN_EVENTS], *cost = value + P2A_LINE_STEPS, bits = 0;
    memset(sum, 0, events * sizeof *sum);
    while (at < last) {
        struct plain plain;
        struct p2a_line_place before = {run.address.now, run.line.now};
        const char *next = parse_plain(shape, events, at, &plain, cost);
        if (!next || !go_on(&run, shape, &plain))
            break;
        for (uint32_t i = 0; i < events; i++) {
            sum[i] += cost[i];
            bits |= cost[i];
        }
        at = next;
        if (!shape->keeps_lines)
            continue;
        if (p->byte_room - p->byte_n < P2A_PACKED_MOST(n) && !more_bytes(p, events))
            return NULL;
        value[0] = run.rows > 1 ? p2a_step(before.address, run.address.now) : 0;
        value[1] = run.rows > 1 ? p2a_step(before.line, run.line.now) : 0;
        p->byte_n = (uint32_t)(p2a_pack_values(p->bytes + p->byte_n, value, n) - p->bytes);
    }
    run.too_big = __builtin_mul_overflow(bits, (uint64_t)run.rows, &bits);
    run.byte_n = p->byte_n - begin;
    p->run[p->run_n] = run;
    p->run_n += run.rows > 0;
    return at;
}

static const char *parse_rows(struct piece *p, const struct shape *shape, const char *at,
                              const char *last)
{
    if (shape->events == 1)
        return parse_run(p, shape, 1, at, last);
    if (shape->events == 2)
        return parse_run(p, shape, 2, at, last);
    return parse_run(p, shape, shape->events, at, last);
}

/* Whether the cost line behind LINE is no self cost. */
static bool before_call(struct p2a_str line)
{
    return (*line.at == 'c' && p2a_str_starts(line, "calls=")) ||
           (*line.at == 'j' && (p2a_str_starts(line, "jump=") || p2a_str_starts(line, "jcnd=")));
}

static bool parse(const void *reader, void *desk, struct p2a_str lines, void *piece)
{
    const struct shape *shape = &((const struct reader *)reader)->guess;
    struct piece *p = piece;
    const char *at = lines.at, *end = at + lines.n;
    const char *last = lines.n > PLAIN_MOST ? end - PLAIN_MOST : at;
    bool plain = shape->events && shape->events <= PLAIN_EVENTS, call = false;
    (void)desk;
    for (p->stretch_n = p->byte_n = p->run_n = 0; at < end;) {
        const char *begin = at;
        if (!room_for_stretch(p, shape->events))
            return false;
        const char *until = call && begin < last ? begin + 1 : last; /* what a call costs: a row */
        if (plain && cost_line(*at) && !(at = parse_rows(p, shape, begin, until)))
            return false;
        bool is_run = at > begin;
        if (!is_run) {
            const char *lf = memchr(at, '\n', (size_t)(end - at));
            at = lf ? lf + 1 : end;
        }
        struct stretch stretch = {begin, (size_t)(at - begin), is_run};
        call = !is_run && before_call((struct p2a_str){begin, stretch.n});
        p->stretch[p->stretch_n++] = stretch;
    }
    return true;
}

/* ---- taking pieces --------------------------------------------------------------------------- */

static struct p2a_str without_end(const char *text, size_t n)
{
    n -= n && text[n - 1] == '\n';
    n -= n && text[n - 1] == '\r';
    return (struct p2a_str){text, n};
}

/* Whether anything more is wanted. */
static bool take_line(struct reader *r, const char *text, size_t n)
{
    const unsigned char *ahead;
    p2a_count_lines(r->in, 1);
    read_line(r, without_end(text, n));
    return p2a_ahead(r->in, 1, &ahead) > 0;
}

/* Takes a run line by line. */
static bool take_lines(struct reader *r, const struct stretch *s)
{
    const char *at = s->text, *end = at + s->n;
    bool more = true;
    while (more && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at)), *next = lf ? lf + 1 : end;
        more = take_line(r, at, (size_t)(next - at));
        at = next;
    }
    return more;
}

static bool stays_inside(const struct course *course, uint64_t from)
{
    return course->fixed ||
           ((uint64_t)course->most <= UINT64_MAX - from && 0 - (uint64_t)course->least <= from);
}

/* Whether RUN is what it seemed. */
static bool is_run(const struct reader *r, const struct run *run, const uint64_t *sum)
{
    const struct shape *guess = &r->guess;
    if (run->too_big || r->events != guess->events || r->with_address != guess->with_address ||
        r->with_line != guess->with_line || r->expected == JUMP || r->from_outside ||
        (r->expected == CALL && run->rows > 1) || r->function == P2A_NONE ||
        !stays_inside(&run->address, r->address) || !stays_inside(&run->line, r->line))
        return false;
    for (uint32_t i = 0; i < r->events; i++)
        if (r->column[i].sum + sum[i] > UINT64_MAX)
            return false;
    return true;
}

static void add_row_costs(const struct reader *r, p2a_id id, const uint64_t *cost)
{
    double *values = r->p->graph.line_self + (size_t)id * r->p->columns;
    for (uint32_t i = 0; i < r->events; i++)
        values[r->column[i].metric] += (double)(int64_t)cost[i]; /* of 16 digits at most */
}

/* A run that was taken up, and where. */
struct taken {
    const struct run *run;
    struct p2a_line_place first, last;
    const unsigned char *bytes;
    const uint64_t *sum;
};

/* Its lines where none of them is there yet. False after an error. */
static bool pack_rows(struct reader *r, const struct taken *taken)
{
    struct p2a_new_lines lines = {.run = {.function = r->function,
                                          .file = r->file,
                                          .n = taken->run->rows,
                                          .first = taken->first,
                                          .last = taken->last},
                                  .bytes = taken->bytes,
                                  .byte_n = taken->run->byte_n,
                                  .sum = taken->sum,
                                  .columns = r->events,
                                  .addresses = taken->run->moves || taken->first.address};
    return p2a_pack_lines(r->p, &lines);
}

/* The same as rows. */
static bool take_new_rows(struct reader *r, const struct taken *taken)
{
    uint64_t value[P2A_LINE_STEPS + PLAIN_EVENTS];
    const unsigned char *at = taken->bytes;
    struct p2a_line_place place = taken->first;
    p2a_id id = p2a_lines_new(r->p, taken->run->rows);
    if (id == P2A_NONE)
        return false;
    struct p2a_line *line = &r->p->graph.line[id];
    for (uint32_t i = 0; i < taken->run->rows; i++) {
        at = p2a_next_packed(at, r->events, &place, value);
        line[i] = (struct p2a_line){
            .function = r->function, .file = r->file, .line = place.line, .address = place.address};
        add_row_costs(r, id + i, value + P2A_LINE_STEPS);
    }
    return true;
}

/* Its lines where some may be there. */
static bool take_rows(struct reader *r, const struct taken *taken)
{
    uint64_t value[P2A_LINE_STEPS + PLAIN_EVENTS];
    const unsigned char *at = taken->bytes;
    struct p2a_line_place place = taken->first;
    for (uint32_t i = 0; i < taken->run->rows; i++) {
        at = p2a_next_packed(at, r->events, &place, value);
        r->address = place.address;
        r->line = place.line;
        p2a_id id = line_here(r, is_new_here(r));
        if (id == P2A_NONE)
            return false;
        add_row_costs(r, id, value + P2A_LINE_STEPS);
    }
    return true;
}

/* Says what there was of a run that isn't kept. */
static bool leave_rows_out(struct reader *r, const struct taken *taken)
{
    bool addresses = taken->run->moves || taken->first.address;
    r->left_out |= P2A_LINES | (addresses ? P2A_ADDRESSES : 0);
    return true;
}

/* Below 2^53 that is what its lines add up to. False after an error. */
static bool add_sums(struct reader *r, const uint64_t *sum)
{
    double *self = p2a_node_self(r->p, r->function);
    for (uint32_t i = 0; self && i < r->events; i++) {
        self[r->column[i].metric] += (double)sum[i];
        r->column[i].sum += sum[i];
        r->volume = p2a_add_calls(r->volume, sum[i]);
    }
    return self;
}

static bool take_call(struct reader *r, struct p2a_line_place at, const uint64_t *cost)
{
    r->address = at.address;
    r->line = at.line;
    for (uint32_t i = 0; i < r->events; i++) {
        r->column[i].cost = cost[i];
        r->column[i].negative = false;
    }
    p2a_count_lines(r->in, 1);
    add_call(r);
    r->expected = SELF;
    return !failed(r);
}

static struct p2a_line_place place_of_run(const struct run *run, struct p2a_line_place from,
                                          uint64_t address, uint64_t line)
{
    return (struct p2a_line_place){(run->address.fixed ? 0 : from.address) + address,
                                   (run->line.fixed ? 0 : from.line) + line};
}

/* Whether anything more is wanted. */
static bool take_run(struct reader *r, const struct run *run, const unsigned char *bytes,
                     const uint64_t *sum)
{
    struct p2a_line_place from = {r->address, r->line};
    struct taken taken = {.run = run,
                          .first = place_of_run(run, from, run->first.address, run->first.line),
                          .last = place_of_run(run, from, run->address.now, run->line.now),
                          .bytes = bytes,
                          .sum = sum};
    if (r->expected == CALL)
        return take_call(r, taken.last, sum);
    uint64_t first = r->with_address ? taken.first.address : taken.first.line;
    uint64_t end = r->with_address ? taken.last.address : taken.last.line;
    bool fresh = run->ascending && first >= r->beyond && first <= end && end < UINT64_MAX;
    if (!(!r->keeps_lines     ? leave_rows_out(r, &taken)
          : fresh && packs(r) ? pack_rows(r, &taken)
          : fresh             ? take_new_rows(r, &taken)
                              : take_rows(r, &taken)))
        return false;
    r->beyond = fresh ? end + 1 : r->beyond;
    r->address = taken.last.address;
    r->line = taken.last.line;
    p2a_count_lines(r->in, run->rows);
    return add_sums(r, sum);
}

static bool take(void *reader, void *desk, void *piece)
{
    enum { AHEAD = 8 };
    struct reader *r = reader;
    const struct piece *p = piece;
    const struct run *run = p->run;
    const unsigned char *bytes = p->bytes;
    const uint64_t *sum = p->sum;
    bool more = true;
    (void)desk;
    for (const struct stretch *s = p->stretch; s < p->stretch + p->stretch_n && more; s++) {
        if (p->stretch + p->stretch_n - s > AHEAD)
            p2a_fetch(s[AHEAD].text); /* another thread has read it */
        if (!s->is_run) {
            more = take_line(r, s->text, s->n);
            continue;
        }
        more = is_run(r, run, sum) ? take_run(r, run, bytes, sum) : take_lines(r, s);
        bytes = r->guess.keeps_lines ? bytes + run->byte_n : NULL;
        sum += r->guess.events;
        run++;
    }
    return more;
}

static void free_piece(void *piece)
{
    struct piece *p = piece;
    free(p->stretch);
    free(p->run);
    free(p->bytes);
    free(p->sum);
}

static const struct p2a_pieces pieces = {
    .piece_size = sizeof(struct piece),
    .parse = parse,
    .take = take,
    .free_piece = free_piece,
};

/* ---- derived events -------------------------------------------------------------------------- */

static void derive(struct reader *r, struct declared *d);

static struct declared *declared_event(struct reader *r, struct p2a_str name)
{
    for (uint32_t i = 0; i < r->declared_n; i++) {
        struct p2a_str other = r->declared[i].name;
        if (other.n == name.n && memcmp(other.at, name.at, name.n) == 0)
            return &r->declared[i];
    }
    return NULL;
}

/* The metric of an event of the file; P2A_NONE where there is none. */
static p2a_id recorded_metric(const struct reader *r, struct p2a_str word)
{
    struct event event = event_of(word);
    for (p2a_id m = 0; m < r->p->metrics.n; m++)
        if (p2a_str_is(p2a_string(r->p, r->p->metrics.row[m].name), event.name) &&
            p2a_str_is(p2a_string(r->p, r->p->metrics.row[m].unit), event.unit))
            return m;
    return P2A_NONE;
}

static bool add_formula(struct reader *r, struct p2a_str formula, double times, double *factor);

/* Adds TIMES the event to FACTOR. What the format knows but the file doesn't have counts nothing.
 */
static bool add_event(struct reader *r, struct p2a_str name, double times, double *factor)
{
    p2a_id metric = recorded_metric(r, name);
    if (metric != P2A_NONE) {
        factor[metric] += times;
        return true;
    }
    struct declared *d = declared_event(r, name);
    if (d && d->formula.n) {
        derive(r, d);
        for (uint32_t m = 0; d->state == GOOD && m < r->p->metrics.n; m++)
            factor[m] += times * d->factor[m];
        return d->state == GOOD;
    }
    const struct known_event *known = known_event(name);
    return known && (!known->formula || add_formula(r, p2a_str_of(known->formula), times, factor));
}

static bool operator_char(char c)
{
    return c == ' ' || c == '\t' || c == '+' || c == '-' || c == '*';
}

/* Takes the next number or name of a formula. */
static struct p2a_str take_term(struct p2a_str *s)
{
    struct p2a_str term = {s->at, 0};
    while (s->n && !operator_char(*s->at)) {
        term.n++;
        s->at++;
        s->n--;
    }
    return term;
}

/* FACTOR += TIMES * FORMULA, as "Ir + 10 Bm - 2*L1m". False: it names what isn't known. */
static bool add_formula(struct reader *r, struct p2a_str formula, double times, double *factor)
{
    double sign = 1, number = 1;
    bool open = true; /* an operand is still to come */
    while (formula.n) {
        char c = *formula.at;
        if (operator_char(c)) {
            if (c == '+' || c == '-') {
                sign = (open ? sign : 1) * (c == '-' ? -1 : 1);
                open = true;
            }
            formula.at++;
            formula.n--;
            continue;
        }
        struct p2a_str term = take_term(&formula);
        double value;
        if (p2a_str_double(term, &value)) {
            number *= value;
            open = true;
            continue;
        }
        if (!add_event(r, term, times * sign * number, factor))
            return false;
        sign = number = 1;
        open = false;
    }
    return !open;
}

/* Works out the factors of a derived event. Depth is bounded by the number of event: lines. */
static void derive(struct reader *r, struct declared *d)
{
    if (d->state == BUSY)
        d->state = BAD; /* it is made of itself */
    if (d->state != NEW)
        return;
    d->state = BUSY;
    d->factor = p2a_arena_take(&r->texts, (r->p->metrics.n + 1) * sizeof *d->factor);
    if (!d->factor) {
        no_memory(r);
        d->state = BAD;
        return;
    }
    memset(d->factor, 0, (r->p->metrics.n + 1) * sizeof *d->factor);
    bool good = add_formula(r, d->formula, 1, d->factor);
    d->state = good && d->state == BUSY ? GOOD : BAD;
}

/* The last column of a table, from the first RECORDED ones. */
static void fill_last(const struct p2a_profile *p, double *values, uint32_t rows, uint32_t recorded,
                      const double *factor)
{
    for (size_t i = 0; i < rows; i++) {
        double *row = values + i * p->columns, sum = 0;
        for (uint32_t c = 0; c < recorded; c++)
            sum += factor[c] != 0 ? factor[c] * row[c] : 0;
        row[p->columns - 1] = sum;
    }
}

static void name_metric(struct reader *r, p2a_id metric, struct p2a_str word, struct p2a_str title)
{
    const struct known_event *known = known_event(word);
    if (!title.n && known)
        title = p2a_str_of(known->title);
    if (metric < r->p->metrics.n && title.n) {
        p2a_id string = p2a_intern(r->p, title);
        r->p->metrics.row[metric].title = string == P2A_NONE ? 0 : string;
    }
}

/* A derived event as a metric behind the others. */
static void add_derived(struct reader *r, const struct declared *d, uint32_t recorded)
{
    struct p2a_graph *g = &r->p->graph;
    uint32_t before = r->p->metrics.n;
    struct event event = event_of(d->name);
    p2a_id metric = p2a_metric(r->p, event.name, event.unit, event.scale);
    if (metric == before) { /* not a second definition of the same */
        if (!p2a_unpack_lines(r->p))
            no_memory(r);
        name_metric(r, metric, d->name, d->title);
        fill_last(r->p, g->self, g->node_n, recorded, d->factor);
        fill_last(r->p, g->arc_total, g->arc_n, recorded, d->factor);
        fill_last(r->p, g->line_self, g->line_n, recorded, d->factor);
        fill_last(r->p, g->site_total, g->site_n, recorded, d->factor);
    }
}

/* Titles of what was recorded; then what is derived from it. */
static void finish_events(struct reader *r)
{
    uint32_t recorded = r->p->metrics.n;
    for (p2a_id m = 0; m < recorded; m++)
        name_metric(r, m, p2a_string(r->p, r->p->metrics.row[m].name), P2A_LIT(""));
    for (uint32_t i = 0; i < r->declared_n; i++) {
        struct declared *d = &r->declared[i];
        p2a_id metric = recorded_metric(r, d->name);
        if (metric != P2A_NONE || !d->formula.n) {
            name_metric(r, metric, d->name, d->title);
            d->formula.n = 0;
        } else {
            derive(r, d);
        }
    }
    for (uint32_t i = 0; i < r->declared_n && !failed(r); i++) {
        const struct declared *d = &r->declared[i];
        if (d->formula.n && d->state == GOOD) {
            add_derived(r, d, recorded);
        } else if (d->formula.n) {
            p2a_note(r->p, "event %.*s is left out: its formula has names that aren't known",
                     shown(d->name), d->name.at);
        }
    }
}

/* ---- the reader ------------------------------------------------------------------------------ */

/* Functions sum up their lines, where these are kept, in the order of the lines: what is past 2^53
 * depends on that. */
static void add_up_lines(struct reader *r)
{
    struct p2a_graph *g = &r->p->graph;
    size_t columns = r->p->columns;
    memset(g->self, 0, g->node_n * columns * sizeof *g->self);
    for (size_t i = 0; i < g->line_n; i++) {
        double *self = p2a_node_self(r->p, g->line[i].function);
        for (size_t c = 0; self && c < columns; c++)
            self[c] += g->line_self[i * columns + c];
    }
}

/* Packed lines have the metrics of the profile, and no more than doubles hold. */
static void unpack_odd_lines(struct reader *r)
{
    bool odd = r->volume > (uint64_t)P2A_EXACT || p2a_packed_of(r->p)->columns != r->p->columns;
    if (odd && !p2a_unpack_lines(r->p))
        no_memory(r);
}

/* Arcs sum up their sites, where these are kept. */
static void add_up(struct reader *r)
{
    struct p2a_graph *g = &r->p->graph;
    size_t columns = r->p->columns;
    if (r->keeps_lines && r->volume > (uint64_t)P2A_EXACT)
        add_up_lines(r);
    for (size_t i = 0; i < g->site_n; i++) {
        struct p2a_arc *arc = &g->arc[g->site[i].arc];
        for (size_t c = 0; c < columns; c++)
            g->arc_total[g->site[i].arc * columns + c] += g->site_total[i * columns + c];
        arc->calls = p2a_add_calls(arc->calls, g->site[i].calls);
    }
}

/* A call count of 0 is a count that the writer of the file didn't know. */
static void set_flags(struct reader *r)
{
    struct p2a_graph *g = &r->p->graph;
    for (uint32_t a = 0; a < g->arc_n; a++)
        p2a_node(r->p, g->arc[a].callee); /* a row for what is only called */
    for (uint32_t f = 0; f < g->node_n; f++) {
        struct p2a_node *node = &g->node[f];
        node->calls = r->calls_unknown ? 0 : node->calls; /* so far: from outside */
        node->has |= node->calls ? P2A_HAS_SELF | P2A_HAS_CALLS : P2A_HAS_SELF;
    }
    for (uint32_t i = 0; i < g->site_n && r->calls_unknown; i++)
        g->site[i].calls = 0;
    for (uint32_t a = 0; a < g->arc_n; a++) {
        struct p2a_arc *arc = &g->arc[a];
        arc->has |= P2A_HAS_ROW | P2A_HAS_TOTAL;
        if (r->calls_unknown)
            arc->calls = 0;
        if (arc->calls) {
            struct p2a_node *callee = &g->node[arc->callee];
            arc->has |= P2A_HAS_CALLS;
            callee->has |= P2A_HAS_CALLS;
            callee->calls = p2a_add_calls(callee->calls, arc->calls);
        }
    }
}

static void note_losses(struct reader *r)
{
    if (r->parts > 1 && r->thread_n > 1) {
        p2a_note(r->p, "%llu parts of %llu threads were added up", (unsigned long long)r->parts,
                 (unsigned long long)r->thread_n);
    } else if (r->parts > 1) {
        p2a_note(r->p, "%llu parts were added up", (unsigned long long)r->parts);
    }
    if (r->jumps)
        p2a_note(r->p, "%llu jump%s left out", (unsigned long long)r->jumps,
                 r->jumps == 1 ? " within a function was" : "s within functions were");
    if (r->unnamed) {
        p2a_note(r->p, "%llu reference%s taken as unknown, the first in line %llu",
                 (unsigned long long)r->unnamed,
                 r->unnamed == 1 ? " to a name that no line before defines was"
                                 : "s to names that no line before defines were",
                 (unsigned long long)r->unnamed_line);
    }
}

static void finish(struct reader *r)
{
    end_part(r);
    if (!r->parts)
        p2a_bad_line(r->in, "the end, expected an \"events:\" line and costs");
    if (failed(r))
        return;
    unpack_odd_lines(r);
    add_up(r);
    finish_events(r);
    if (!failed(r)) {
        set_flags(r);
        p2a_totals_from_arcs(r->p);
        p2a_leave_out(r->p, r->left_out);
        note_losses(r);
    }
}

static enum p2a_status read_callgrind(struct p2a_in *in)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return p2a_in_no_memory(in);
    r->in = in;
    r->p = in->profile;
    r->outside = P2A_NONE;
    r->keeps_lines = p2a_wants_lines(r->p);
    for (size_t i = 0; i < KNOWN; i++)
        r->known[i].name = P2A_NONE;
    end_part(r);
    struct p2a_str line;
    while (!r->events && p2a_next_line(in, &line))
        read_line(r, line);
    r->guess = (struct shape){r->with_address, r->with_line, r->keeps_lines, r->events};
    p2a_read_pieces(in, &pieces, r);
    if (!failed(r))
        finish(r);
    free_names(&r->objects);
    free_names(&r->files);
    free_names(&r->functions);
    free_names(&r->threads);
    free(r->declared);
    p2a_arena_free(&r->texts);
    free(r);
    return p2a_in_status(in);
}

/* ---- probe ----------------------------------------------------------------------------------- */

static bool line_of_ours(struct p2a_str line)
{
    return !line.n || *line.at == '#' || cost_line(*line.at) || keyword_of(line) != NULL ||
           header_line(line);
}

/* Without the comment that says so: an "events:" line, nothing before it that couldn't stand there,
 * and a function. */
static enum p2a_sure probe_callgrind(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    bool first = true, events = false, function = false, header = false;
    for (; p2a_probe_line(probe, &rest, &line); first = false) {
        skip_blanks(&line);
        if (first && p2a_str_starts(line, "# callgrind format"))
            return P2A_CERTAIN;
        if (!line_of_ours(line) || (!events && line.n && cost_line(*line.at)))
            return P2A_NO;
        events |= p2a_str_starts(line, "events:");
        header |= p2a_str_starts(line, "creator:") || p2a_str_starts(line, "positions:") ||
                  p2a_str_starts(line, "summary:") || p2a_str_starts(line, "desc:");
        function |= p2a_str_starts(line, "fn=") || p2a_str_starts(line, "fl=");
    }
    if (events && function)
        return P2A_SURE;
    return header && (events || !probe->whole) ? P2A_LIKELY : P2A_NO;
}

/* ---- the writer: names ----------------------------------------------------------------------- */

/* KCachegrind takes functions to be the same where name, base name of the file and base name of the
 * object file are. Functions of the profile that would fall together so get their line behind the
 * name, then as much of their path as tells them apart, then a number. */
struct label {
    struct p2a_str name;
    struct p2a_str file, module; /* whole paths */
    p2a_id function;
    int64_t line;
};

static struct p2a_str base_of(struct p2a_str path)
{
    size_t n = path.n;
    while (n && path.at[n - 1] != '/')
        n--;
    return (struct p2a_str){path.at + n, path.n - n};
}

static int compare_identity(const struct label *a, const struct label *b)
{
    int order = p2a_str_compare(a->name, b->name);
    order = order ? order : p2a_str_compare(base_of(a->file), base_of(b->file));
    return order ? order : p2a_str_compare(base_of(a->module), base_of(b->module));
}

static int by_identity(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    int order = compare_identity(a, b);
    return order ? order : (a->function > b->function) - (a->function < b->function);
}

/* Bytes that the ends of both have in common. */
static size_t common_end(struct p2a_str a, struct p2a_str b)
{
    size_t n = 0;
    while (n < a.n && n < b.n && a.at[a.n - 1 - n] == b.at[b.n - 1 - n])
        n++;
    return n;
}

static int compare_ends(struct p2a_str a, struct p2a_str b)
{
    size_t n = common_end(a, b);
    if (n == a.n || n == b.n)
        return (a.n > b.n) - (a.n < b.n);
    return (unsigned char)a.at[a.n - 1 - n] < (unsigned char)b.at[b.n - 1 - n] ? -1 : 1;
}

static int by_file_end(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    int order = compare_ends(a->file, b->file);
    return order ? order : (a->function > b->function) - (a->function < b->function);
}

static int by_module_end(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    int order = compare_ends(a->module, b->module);
    return order ? order : (a->function > b->function) - (a->function < b->function);
}

/* The shortest end of the path, from a '/' on, that is longer than COMMON bytes. */
static struct p2a_str telling_end(struct p2a_str path, size_t common)
{
    size_t begin = path.n > common ? path.n - common - 1 : 0;
    while (begin && path.at[begin - 1] != '/')
        begin--;
    return (struct p2a_str){path.at + begin, path.n - begin};
}

/* Room for the names; where there is none, `failed` stays set. */
struct texts {
    struct p2a_arena arena;
    bool failed;
};

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 127;
}

/* Looks at all of it, many bytes at once: nearly always there is none. */
static bool any_control(struct p2a_str s)
{
    bool any = false;
    for (size_t i = 0; i < s.n; i++)
        any |= is_control(s.at[i]);
    return any;
}

/* The text of a name or path as one line: control characters are blanks. S itself, where it is one.
 */
static struct p2a_str one_line(struct texts *texts, struct p2a_str s)
{
    if (!any_control(s))
        return p2a_str_trim(s);
    char *copy = p2a_arena_copy(&texts->arena, s.at, s.n);
    if (!copy) {
        texts->failed = true;
        return P2A_LIT("");
    }
    for (size_t i = 0; i < s.n; i++)
        if (is_control(copy[i]))
            copy[i] = ' ';
    return p2a_str_trim((struct p2a_str){copy, s.n});
}

static struct p2a_str joined(struct texts *texts, struct p2a_str name, const char *before,
                             struct p2a_str what, const char *after)
{
    size_t b = strlen(before), a = strlen(after);
    char *text = p2a_arena_take(&texts->arena, name.n + b + what.n + a + 1);
    if (!text) {
        texts->failed = true;
        return P2A_LIT("");
    }
    memcpy(text, name.at, name.n);
    memcpy(text + name.n, before, b);
    memcpy(text + name.n + b, what.at, what.n);
    memcpy(text + name.n + b + what.n, after, a);
    return (struct p2a_str){text, name.n + b + what.n + a};
}

static struct p2a_str with_number(struct texts *texts, struct p2a_str name, const char *before,
                                  uint64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    return joined(texts, name, before, (struct p2a_str){digits, (size_t)n}, "");
}

static void add_line(struct texts *texts, struct label *label, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (label[i].line > 0)
            label[i].name = with_number(texts, label[i].name, ":", (uint64_t)label[i].line);
}

static struct p2a_str path_of(const struct label *label, bool module)
{
    return module ? label->module : label->file;
}

/* Files first; where they don't differ, modules. */
static void add_end(struct texts *texts, struct label *label, size_t n)
{
    bool module = true;
    for (size_t i = 1; i < n && module; i++)
        module = p2a_str_compare(label[i].file, label[0].file) == 0;
    qsort(label, n, sizeof *label, module ? by_module_end : by_file_end);
    size_t before = 0;
    for (size_t i = 0; i < n; i++) {
        struct p2a_str path = path_of(&label[i], module);
        size_t after = i + 1 < n ? common_end(path, path_of(&label[i + 1], module)) : 0;
        struct p2a_str end = telling_end(path, before > after ? before : after);
        if (end.n)
            label[i].name = joined(texts, label[i].name, " [", end, "]");
        before = after;
    }
}

static void add_count(struct texts *texts, struct label *label, size_t n)
{
    for (size_t i = 1; i < n; i++)
        label[i].name = with_number(texts, label[i].name, " #", i + 1);
}

typedef void distinguish(struct texts *texts, struct label *label, size_t n);

/* ---- the writer's state ---------------------------------------------------------------------- */

/* Rows of a table by what they belong to. Those of k are in stretch[first[k]] and so on up to
 * stretch[first[k + 1]], in their order; nearly always all of them stand together, in one stretch.
 */
struct groups {
    uint32_t *first;
    struct together {
        uint32_t key, begin, end;
    } * stretch;
    uint32_t n, room; /* of stretches */
};

/* What stands for the callers outside of the profile; see add_outside. */
struct outside {
    struct p2a_str name;
    uint32_t n;
    struct entry {
        p2a_id function;
        uint64_t calls;
    } * entry;
    uint64_t *cost;  /* [entry * events + event] */
    uint32_t number; /* of the name, in the file */
    bool counted;    /* calls are known of one at least */
};

/* What is said of a function where it is called, together: calls lead anywhere. */
struct target {
    uint64_t line;
    p2a_id file;
    uint32_t number; /* in the file; 0: none so far */
};

/* Arcs whose cost isn't what the profile says, of the event where they are most. */
struct changes {
    uint32_t cut, recursive, shared;
};

/* Blocks are written by the piece, on all cores. A name stands where it comes first, with its
 * number, and from there on the number stands for it; so all blocks are gone through once without
 * writing, to give numbers, and what is in force where a piece begins is kept. A name comes first
 * where its number is the next one. */
struct pen {
    struct p2a_out *out; /* NULL: numbers are given */
    char *at, *full;     /* where its text goes on, and takes no whole line more */
    p2a_id file, object; /* strings in force */
    uint64_t address;
    uint32_t functions, files, objects; /* numbers so far */
};

enum { LINE_MOST = (P2A_DIGITS + 2) * (MAX_EVENTS + 2) };

struct writer {
    struct p2a_out *out;
    const struct p2a_profile *p;
    const struct p2a_packed_lines *packed; /* NULL: lines are rows */
    struct p2a_profile lent;               /* with these, where costs aren't the packed ones */
    uint32_t line_n;
    uint32_t events; /* the profile's columns */
    bool addresses, modules;
    struct texts texts;
    struct p2a_str *name;          /* per function */
    struct target *target;         /* per function */
    uint32_t *file_no, *object_no; /* the same per string */
    struct groups lines, sites;    /* by function, by arc; packed lines as runs of them */
    struct p2a_flow flow;
    bool *at_home; /* per function: all its lines are in its own file */
    double *rest;  /* [function * events + event]: what of its self is on no line */
    /* [row * events + event], of the lines and the rests; NULL where all are whole numbers already:
     * then they stand where they are. */
    uint64_t *line_cost, *rest_cost;
    uint64_t *self; /* [event * functions + function]: what these sum to */
    /* [row * events + event]: the sites, and what of the arcs has no site, of these each at its
     * place in flow.call: there they are written. */
    uint64_t *site_cost, *arc_cost;
    uint64_t *part_cost; /* [event * components + component], where there is a cycle: inclusive */
    struct p2a_str word[MAX_EVENTS]; /* the events' */
    uint64_t sum[MAX_EVENTS];
    p2a_id *block; /* functions in the order of writing */
    uint32_t block_n;
    struct pen *begin, end;     /* of pieces of blocks, and behind them */
    atomic_bool *unknown_calls; /* there are some */
    struct changes changes;
    struct outside outside;
};

/* A table whose rows begin with the key, and the stretches in it, found by the piece. */
struct grouping {
    const char *table;
    size_t row_size;
    uint32_t rows, cut;
    struct groups *groups;
};

struct some_rows {
    uint32_t begin, end;
    struct groups found;
};

static bool cut_some(void *owner, void *piece)
{
    enum { SOME = 1 << 16 };
    struct grouping *g = owner;
    struct some_rows *some = piece;
    uint32_t left = g->rows - g->cut;
    some->begin = g->cut;
    some->end = g->cut += left < SOME ? left : SOME;
    return left > 0;
}

static uint32_t key_of(const struct grouping *g, size_t row)
{
    return *(const uint32_t *)(const void *)(g->table + row * g->row_size);
}

static bool add_stretch(struct groups *groups, struct together stretch)
{
    if (groups->n && groups->stretch[groups->n - 1].key == stretch.key) {
        groups->stretch[groups->n - 1].end = stretch.end;
        return true;
    }
    if (!p2a_grow(&groups->stretch, &groups->room, (uint64_t)groups->n + 1,
                  sizeof *groups->stretch))
        return false;
    groups->stretch[groups->n++] = stretch;
    return true;
}

static bool find_stretches(const void *owner, void *desk, void *piece)
{
    const struct grouping *g = owner;
    struct some_rows *some = piece;
    bool room = true;
    (void)desk;
    some->found.n = 0;
    for (uint32_t i = some->begin, end; room && i < some->end; i = end) {
        uint32_t key = key_of(g, i);
        for (end = i + 1; end < some->end && key_of(g, end) == key;)
            end++;
        room = add_stretch(&some->found, (struct together){key, i, end});
    }
    return room;
}

static bool take_stretches(void *owner, void *desk, void *piece)
{
    struct grouping *g = owner;
    const struct groups *found = &((const struct some_rows *)piece)->found;
    bool room = true;
    (void)desk;
    for (uint32_t i = 0; room && i < found->n; i++)
        room = add_stretch(g->groups, found->stretch[i]);
    return room;
}

static void free_some(const void *owner, void *piece)
{
    (void)owner;
    free(((struct some_rows *)piece)->found.stretch);
}

/* Sorts the stretches by their keys. False: no memory. */
static bool sort_stretches(struct groups *groups, uint32_t keys)
{
    struct together *sorted = malloc(((size_t)groups->n + 1) * sizeof *sorted);
    groups->first = calloc((size_t)keys + 2, sizeof *groups->first);
    if (!sorted || !groups->first) {
        free(sorted);
        return false;
    }
    uint32_t *fill = groups->first + 1;
    for (uint32_t i = 0; i < groups->n; i++)
        fill[groups->stretch[i].key + 1]++;
    for (uint32_t k = 0; groups->n && k < keys; k++)
        fill[k + 1] += fill[k];
    for (uint32_t i = 0; i < groups->n; i++)
        sorted[fill[groups->stretch[i].key]++] = groups->stretch[i];
    free(groups->stretch);
    groups->stretch = sorted;
    return true;
}

/* TABLE's rows begin with the key. False: no memory. */
static bool group(struct groups *groups, uint32_t keys, uint32_t rows, const void *table,
                  size_t row_size)
{
    enum { ENOUGH = 1 << 18 };
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct some_rows),
                                              .cut = cut_some,
                                              .make = find_stretches,
                                              .take = take_stretches,
                                              .free_piece = free_some};
    struct grouping g = {table, row_size, rows, 0, groups};
    return (!rows || p2a_crew_run(&work, &g, rows < ENOUGH) == P2A_CREW_DONE) &&
           sort_stretches(groups, keys);
}

static void free_groups(struct groups *groups)
{
    free(groups->first);
    free(groups->stretch);
}

/* ---- the writer: one name for each function -------------------------------------------------- */

static struct label label_of(struct writer *w, p2a_id f)
{
    const struct p2a_function *row = &w->p->functions.row[f];
    p2a_id module = w->modules ? row->module : 0;
    return (struct label){.name = w->name[f],
                          .file = one_line(&w->texts, p2a_string(w->p, row->file)),
                          .module = one_line(&w->texts, p2a_string(w->p, module)),
                          .function = f,
                          .line = row->line};
}

/* Calls HOW for each group of the N functions ID, of one name, that falls together. Returns whether
 * there was any. */
static bool each_alike(struct writer *w, const p2a_id *id, size_t n, distinguish *how)
{
    bool any = false;
    struct label *alike = malloc(n * sizeof *alike);
    w->texts.failed |= !alike;
    for (size_t i = 0; alike && i < n; i++)
        alike[i] = label_of(w, id[i]);
    if (alike)
        qsort(alike, n, sizeof *alike, by_identity);
    for (size_t begin = 0, end; alike && begin < n; begin = end) {
        /* `how` changes and moves what is in the group, never what follows it. */
        for (end = begin + 1; end < n && compare_identity(&alike[begin], &alike[end]) == 0; end++) {
        }
        if (end - begin > 1) {
            how(&w->texts, alike + begin, end - begin);
            any = true;
        }
    }
    for (size_t i = 0; alike && i < n; i++)
        w->name[alike[i].function] = alike[i].name;
    free(alike);
    return any;
}

/* The same for each group of the N functions ID, in the order of their numbers. */
static bool each_group(struct writer *w, const p2a_id *id, size_t n, distinguish *how)
{
    bool any = false;
    p2a_id *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted)
        memcpy(sorted, id, n * sizeof *sorted);
    bool room = sorted && p2a_sort_texts(sorted, n, w->name);
    w->texts.failed |= !room;
    for (size_t begin = 0, end; room && begin < n; begin = end) {
        struct p2a_str name = w->name[sorted[begin]];
        for (end = begin + 1; end < n && p2a_str_compare(name, w->name[sorted[end]]) == 0;)
            end++;
        if (end - begin > 1)
            any |= each_alike(w, sorted + begin, end - begin, how);
    }
    free(sorted);
    return any;
}

static void tell_apart(struct writer *w, const p2a_id *id, size_t n)
{
    if (!each_group(w, id, n, add_line) || !each_group(w, id, n, add_end))
        return;
    /* A name may end in " #2" by itself: the longer ones become unique in a few rounds. */
    for (int round = 0; round < 8 && each_group(w, id, n, add_count); round++) {
    }
}

/* Those that are used, into ID; returns how many. */
static size_t take_names(struct writer *w, const bool *used, p2a_id *id)
{
    size_t n = 0;
    for (p2a_id f = 0; f < w->p->functions.n; f++) {
        const struct p2a_function *row = &w->p->functions.row[f];
        bool full = row->qualname && w->out->names != P2A_NAMES_PSTATS;
        struct p2a_str name = p2a_string(w->p, full ? row->qualname : row->name);
        name = one_line(&w->texts, name);
        w->name[f] = name.n ? name : P2A_LIT("???");
        if (used[f])
            id[n++] = f;
    }
    return n;
}

static bool name_functions(void *writer)
{
    struct writer *w = writer;
    size_t n = w->p->functions.n;
    w->name = malloc((n + 1) * sizeof *w->name);
    p2a_id *id = malloc((n + 1) * sizeof *id);
    bool *used = p2a_used_functions(w->p), room = w->name && id && used;
    if (room)
        tell_apart(w, id, take_names(w, used, id));
    free(used);
    free(id);
    return room && !w->texts.failed;
}

/* ---- the writer: costs of functions, lines and arcs ------------------------------------------ */

/* From raw values of the metric to the file's whole numbers. */
static double factor_of(const struct writer *w, uint32_t metric)
{
    const struct p2a_metric *m = &w->p->metrics.row[metric % w->p->metrics.n];
    bool seconds = p2a_str_is(p2a_string(w->p, m->unit), "seconds");
    double factor = seconds ? m->scale * 1e9 : m->scale;
    return fabs(factor - 1) < 1e-12 ? 1 : factor;
}

/* Self of some functions, and their lines, by event: as sums where they are whole numbers, of which
 * rounding would make what they are. */
struct tally {
    uint32_t begin, end;
    uint64_t self[MAX_EVENTS], lines[MAX_EVENTS], all[MAX_EVENTS];
    bool odd[MAX_EVENTS];
};

struct tallying {
    struct writer *w;
    uint32_t cut;
    struct tally whole;
};

static bool cut_functions(void *owner, void *piece)
{
    enum { FUNCTIONS = 256 };
    struct tallying *t = owner;
    struct tally *tally = piece;
    uint32_t left = t->w->p->graph.node_n - t->cut;
    tally->begin = t->cut;
    tally->end = t->cut += left < FUNCTIONS ? left : FUNCTIONS;
    return left > 0;
}

static inline bool is_whole(double value)
{
    return value >= 0 && value <= P2A_EXACT && (double)(int64_t)value >= value;
}

static void add_whole(struct tally *tally, uint32_t event, uint64_t *sum, uint64_t more)
{
    sum[event] += more;
    if (sum[event] > (uint64_t)P2A_EXACT) {
        tally->odd[event] = true;
        sum[event] = 0;
    }
}

/* Takes lines of an event off REST, and adds them to SUM. */
static void tally_lines(const struct writer *w, struct together lines, uint32_t event,
                        struct tally *tally, double *rest, uint64_t *sum)
{
    size_t columns = w->p->columns;
    const double *value = w->p->graph.line_self + event;
    double left = *rest;
    uint64_t so_far = *sum;
    bool odd = false;
    for (size_t i = lines.begin; i < lines.end; i++) {
        bool whole = is_whole(value[i * columns]);
        left -= value[i * columns];
        so_far += whole ? (uint64_t)(int64_t)value[i * columns] : 0;
        odd |= !whole || so_far > (uint64_t)P2A_EXACT;
    }
    tally->odd[event] |= odd;
    *rest = left;
    *sum = so_far;
}

/* The same of runs of packed lines. */
static void tally_runs(const struct writer *w, struct together runs, uint32_t event, double *rest,
                       uint64_t *sum)
{
    for (size_t i = runs.begin; i < runs.end; i++) {
        uint64_t of_run = w->packed->sum[i * w->packed->columns + event];
        *rest -= (double)of_run;
        *sum += of_run;
    }
}

static bool are_at_home(const struct writer *w, struct together lines)
{
    const struct p2a_line_run *run = w->packed ? w->packed->run : NULL;
    const struct p2a_line *line = w->p->graph.line;
    p2a_id file = w->p->functions.row[lines.key].file;
    bool at_home = true;
    for (size_t i = lines.begin; i < lines.end; i++)
        at_home &= (run ? run[i].file : line[i].file) == file;
    return at_home;
}

static void tally_function(const struct writer *w, p2a_id f, struct tally *tally)
{
    const double *self = w->p->graph.self + (size_t)f * w->p->columns;
    double *rest = w->rest + (size_t)f * w->events;
    uint64_t sum[MAX_EVENTS];
    memset(sum, 0, w->events * sizeof *sum);
    memcpy(rest, self, w->events * sizeof *rest);
    w->at_home[f] = true;
    for (uint32_t i = w->lines.first[f]; i < w->lines.first[f + 1]; i++) {
        struct together lines = w->lines.stretch[i];
        for (uint32_t e = 0; e < w->events; e++)
            if (w->packed)
                tally_runs(w, lines, e, &rest[e], &sum[e]);
            else
                tally_lines(w, lines, e, tally, &rest[e], &sum[e]);
        w->at_home[f] &= are_at_home(w, lines);
    }
    for (uint32_t e = 0; e < w->events; e++) {
        if (rest[e] < fabs(self[e]) * 1e-12) /* what the subtraction leaves of nothing */
            rest[e] = 0;
        if (!is_whole(self[e])) {
            tally->odd[e] = true;
            continue;
        }
        add_whole(tally, e, tally->self, (uint64_t)self[e]);
        add_whole(tally, e, tally->lines, sum[e]);
        uint64_t all = is_whole(rest[e]) ? sum[e] + (uint64_t)rest[e] : 0;
        w->self[(size_t)e * w->p->functions.n + f] = all;
        tally->all[e] += all;
    }
}

static bool tally_functions(const void *owner, void *desk, void *piece)
{
    const struct tallying *t = owner;
    struct tally *tally = piece, fresh = {.begin = tally->begin, .end = tally->end};
    (void)desk;
    *tally = fresh;
    for (p2a_id f = tally->begin; f < tally->end; f++)
        tally_function(t->w, f, tally);
    return true;
}

static bool take_tally(void *owner, void *desk, void *piece)
{
    struct tallying *t = owner;
    const struct tally *tally = piece;
    (void)desk;
    for (uint32_t e = 0; e < t->w->events; e++) {
        t->whole.odd[e] |= tally->odd[e];
        add_whole(&t->whole, e, t->whole.self, tally->self[e]);
        add_whole(&t->whole, e, t->whole.lines, tally->lines[e]);
        t->whole.all[e] += tally->all[e];
    }
    return true;
}

/* Whole numbers for the lines and rests of one event, Σ rounded = rounded Σ, and the functions'
 * sums. VALUE and ROUNDED: a row for each of them. */
static void round_lines(struct writer *w, uint32_t event, double *value, uint64_t *rounded)
{
    const struct p2a_graph *g = &w->p->graph;
    size_t rows = (size_t)g->line_n + g->node_n;
    uint64_t *self = w->self + (size_t)event * w->p->functions.n;
    for (size_t i = 0; i < g->line_n; i++)
        value[i] = g->line_self[i * w->p->columns + event];
    for (size_t f = 0; f < g->node_n; f++)
        value[g->line_n + f] = w->rest[f * w->events + event];
    w->sum[event] = p2a_round(value, rows, 1, factor_of(w, event), rounded);
    for (size_t f = 0; f < g->node_n; f++)
        self[f] = w->rest_cost[f * w->events + event] = rounded[g->line_n + f];
    for (size_t i = 0; i < g->line_n; i++) {
        w->line_cost[i * w->events + event] = rounded[i];
        self[g->line[i].function] += rounded[i];
    }
}

/* The same where they are that. */
static void copy_lines(struct writer *w, uint32_t event)
{
    const struct p2a_graph *g = &w->p->graph;
    for (size_t f = 0; f < g->node_n; f++)
        w->rest_cost[f * w->events + event] = (uint64_t)w->rest[f * w->events + event];
    for (size_t i = 0; i < g->line_n; i++)
        w->line_cost[i * w->events + event] = (uint64_t)g->line_self[i * w->p->columns + event];
}

/* False: no memory. */
static bool make_whole(struct writer *w, const struct tally *tally)
{
    const struct p2a_graph *g = &w->p->graph;
    size_t rows = (size_t)g->line_n + g->node_n;
    uint32_t odd = 0;
    bool is_odd[MAX_EVENTS] = {false};
    for (uint32_t e = 0; e < w->events; e++) {
        is_odd[e] = tally->odd[e] || factor_of(w, e) != 1; /* NOLINT: exact */
        w->sum[e] = tally->all[e];
        odd += is_odd[e];
    }
    if (!odd)
        return true;
    double *value = malloc((rows + 1) * sizeof *value);
    uint64_t *rounded = malloc((rows + 1) * sizeof *rounded);
    w->line_cost = malloc(((size_t)g->line_n + 1) * w->events * sizeof *w->line_cost);
    w->rest_cost = malloc(((size_t)g->node_n + 1) * w->events * sizeof *w->rest_cost);
    bool room = value && rounded && w->line_cost && w->rest_cost;
    for (uint32_t e = 0; room && e < w->events; e++)
        if (is_odd[e])
            round_lines(w, e, value, rounded);
        else
            copy_lines(w, e);
    free(value);
    free(rounded);
    return room;
}

/* Costs of functions and lines. False: no memory. */
static bool cost_functions(struct writer *w)
{
    enum { ENOUGH = 1 << 17 };
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct tally),
                                              .cut = cut_functions,
                                              .make = tally_functions,
                                              .take = take_tally};
    const struct p2a_graph *g = &w->p->graph;
    struct tallying tallying = {.w = w};
    w->rest = malloc(((size_t)g->node_n + 1) * w->events * sizeof *w->rest);
    w->at_home = malloc((size_t)g->node_n + 1);
    w->self = calloc((size_t)w->p->functions.n * w->events + 1, sizeof *w->self);
    bool few = g->line_n < ENOUGH;
    return w->rest && w->at_home && w->self &&
           p2a_crew_run(&work, &tallying, few) == P2A_CREW_DONE && make_whole(w, &tallying.whole);
}

/* The numbers of the rows of one key, one after the other. */
struct walk {
    const struct together *at, *end;
    uint32_t done; /* in the stretch at hand */
};

static struct walk walk_of(const struct groups *groups, uint32_t key)
{
    return (struct walk){groups->stretch + groups->first[key],
                         groups->stretch + groups->first[key + 1], 0};
}

static bool next_row(struct walk *walk, uint32_t *row)
{
    if (walk->at == walk->end)
        return false;
    *row = walk->at->begin + walk->done++;
    if (*row + 1 == walk->at->end) {
        walk->at++;
        walk->done = 0;
    }
    return true;
}

/* Shares an arc's cost among its sites and what has no site. SCRATCH: twice as many rows. */
static void share_sites(struct writer *w, uint32_t arc, uint32_t event, uint64_t *scratch)
{
    const struct p2a_graph *g = &w->p->graph;
    struct walk first = walk_of(&w->sites, arc), second = first;
    uint32_t place = w->flow.place[arc];
    uint64_t sum = 0, *rest = &w->arc_cost[(size_t)place * w->events + event];
    uint32_t n = 0, site;
    double factor = factor_of(w, event);
    for (; next_row(&first, &site); n++) {
        scratch[n] = p2a_whole_number(g->site_total[(size_t)site * w->p->columns + event] * factor);
        sum = p2a_add_calls(sum, scratch[n]);
    }
    if (!n) {
        *rest = w->flow.arc[place];
        return;
    }
    uint64_t *share = scratch + n + 1;
    uint64_t whole = p2a_whole_number(g->arc_total[(size_t)arc * w->p->columns + event] * factor);
    scratch[n] = whole > sum && whole - sum > n ? whole - sum : 0;
    if (!sum && !scratch[n])
        scratch[n] = 1;
    p2a_share(w->flow.arc[place], scratch, (size_t)n + 1, share);
    for (n = 0; next_row(&second, &site); n++)
        w->site_cost[(size_t)site * w->events + event] = share[n];
    *rest = share[n];
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static bool any_cycle(const struct writer *w)
{
    return w->flow.parts.n < w->p->functions.n;
}

static void cost_event(struct writer *w, uint32_t event, uint64_t *scratch)
{
    const struct p2a_graph *g = &w->p->graph;
    struct changes *changes = &w->changes;
    size_t parts = w->flow.parts.n;
    p2a_flow_column(w->p, &w->flow, event, factor_of(w, event),
                    w->self + (size_t)event * w->p->functions.n);
    for (uint32_t a = 0; w->arc_cost != w->flow.arc && a < g->arc_n; a++)
        share_sites(w, a, event, scratch);
    for (size_t k = 0; w->part_cost && k < parts; k++)
        w->part_cost[event * parts + k] = w->flow.inclusive[k].cost;
    changes->cut = most(changes->cut, w->flow.cut);
    changes->recursive = most(changes->recursive, w->flow.recursive);
    changes->shared = most(changes->shared, w->flow.shared);
}

static void note_changes(struct writer *w)
{
    const struct changes *changes = &w->changes;
    for (uint32_t e = 0; e < w->events; e++)
        p2a_note_rounded(w->out, e, w->sum[e]);
    if (changes->shared) {
        p2a_out_note(w->out,
                     "inclusive costs of %u arc%s aren't known: estimated from the callees', "
                     "shared by calls",
                     changes->shared, p2a_plural(changes->shared));
    }
    if (changes->cut) {
        p2a_out_note(w->out,
                     "%u call%s more than there is below (as where functions share a row in the "
                     "input): inclusive costs are reduced there",
                     changes->cut, changes->cut == 1 ? " claims" : "s claim");
    }
    if (changes->recursive) {
        p2a_out_note(w->out,
                     "%u recursive call%s nested calls again: inclusive costs were reduced to the "
                     "recursion's",
                     changes->recursive, changes->recursive == 1 ? " counts" : "s count");
    }
    for (size_t i = 0; i < (size_t)w->p->graph.node_n * w->p->columns; i++) {
        if (w->p->graph.self[i] < 0) {
            p2a_out_note(w->out, "negative values were written as 0");
            return;
        }
    }
}

/* Costs of arcs, apart from what is outside. One event's without sites are what the flow found. */
static bool cost_arcs(void *writer)
{
    struct writer *w = writer;
    const struct p2a_graph *g = &w->p->graph;
    w->site_cost = malloc(((size_t)g->site_n + 1) * w->events * sizeof *w->site_cost);
    w->arc_cost = w->events == 1 && !g->site_n
                      ? w->flow.arc
                      : malloc(((size_t)g->arc_n + 1) * w->events * sizeof *w->arc_cost);
    if (any_cycle(w))
        w->part_cost = calloc((size_t)w->flow.parts.n * w->events, sizeof *w->part_cost);
    uint64_t *scratch = calloc((size_t)g->site_n + 1, 2 * sizeof *scratch);
    bool room = w->site_cost && w->arc_cost && (w->part_cost || !any_cycle(w)) && scratch;
    for (uint32_t e = 0; room && e < w->events; e++)
        cost_event(w, e, scratch);
    free(scratch);
    return room;
}

/* ---- the writer: what is outside ------------------------------------------------------------- */

/* KCachegrind looks for cycles from one function after the other, in the order of their identities,
 * and misses the calls back to the one it began with. A cycle that is found from one of its own
 * members comes out in parts, each with the cost of the others: more than 100 %. So where that
 * would happen, functions that nobody in the profile calls, and that lead to such a cycle, get a
 * caller: it stands for what called them from outside, and comes before them in that order, so that
 * every cycle on the way is found from without. */

/* What KCachegrind knows a function by, and orders it by. */
static struct p2a_str key_of_function(struct writer *w, p2a_id f)
{
    struct label label = label_of(w, f);
    struct p2a_str key = joined(&w->texts, label.name, "", base_of(label.file), "");
    struct p2a_str module = base_of(label.module);
    return module.n ? joined(&w->texts, key, "", module, "") : key;
}

/* A search upwards from a cycle, for what is found before it: at most so many steps in all. */
struct climb {
    struct p2a_str *least; /* per component: of a cycle the first key of its members */
    uint32_t *seen, *todo; /* per component: the cycle and 1 from which it was; components */
    uint32_t steps;
};

/* Whether a caller of PART is found before KEY; others are to be gone on with. */
static bool goes_before(struct writer *w, struct climb *climb, uint32_t cycle, uint32_t part,
                        uint32_t *n)
{
    const struct p2a_flow *flow = &w->flow;
    for (uint32_t i = flow->first[part]; i < flow->first[part + 1]; i++) {
        p2a_id caller = w->p->graph.arc[flow->arcs[i]].caller;
        uint32_t above = flow->parts.of[caller];
        if (climb->seen[above] == cycle + 1 || above == cycle)
            continue;
        if (!climb->steps)
            return false;
        climb->steps--;
        climb->seen[above] = cycle + 1;
        if (p2a_str_compare(key_of_function(w, caller), climb->least[cycle]) < 0)
            return true;
        climb->todo[(*n)++] = above;
    }
    return false;
}

static bool is_found_from_without(struct writer *w, struct climb *climb, uint32_t cycle)
{
    uint32_t n = 0;
    climb->todo[n++] = cycle;
    while (n)
        if (goes_before(w, climb, cycle, climb->todo[--n], &n))
            return true;
    return false;
}

/* Whether something that leads to it comes before each cycle, as a short look tells nearly always.
 */
static bool none_is_split(struct writer *w, struct climb *climb)
{
    const struct p2a_components *parts = &w->flow.parts;
    for (p2a_id f = 0; f < w->p->functions.n; f++) {
        struct p2a_str *least = &climb->least[parts->of[f]];
        if (parts->size[parts->of[f]] > 1) {
            struct p2a_str key = key_of_function(w, f);
            *least = !least->n || p2a_str_compare(key, *least) < 0 ? key : *least;
        }
    }
    for (uint32_t k = 0; k < parts->n; k++)
        if (parts->size[k] > 1 && !is_found_from_without(w, climb, k))
            return false;
    return true;
}

/* Functions in the order of KCachegrind's keys. */
struct keyed {
    struct p2a_str *key; /* by function */
    p2a_id *function;
};

static bool sort_by_key(struct writer *w, struct keyed *keyed)
{
    uint32_t n = w->p->functions.n;
    keyed->key = calloc((size_t)n + 1, sizeof *keyed->key);
    keyed->function = calloc((size_t)n + 1, sizeof *keyed->function);
    if (!keyed->key || !keyed->function)
        return false;
    for (p2a_id f = 0; f < n; f++) {
        keyed->key[f] = key_of_function(w, f);
        keyed->function[f] = f;
    }
    return p2a_sort_texts(keyed->function, n, keyed->key);
}

static void reach(const struct writer *w, p2a_id start, bool *reached, p2a_id *stack)
{
    size_t n = 0;
    stack[n++] = start;
    reached[start] = true;
    while (n) {
        p2a_id f = stack[--n];
        for (uint32_t i = w->flow.out[f]; i < w->flow.out[f + 1]; i++) {
            p2a_id callee = w->flow.call[i].callee;
            if (!reached[callee]) {
                reached[callee] = true;
                stack[n++] = callee;
            }
        }
    }
}

/* Marks the cycles that would be found from within, and what leads to them; sets OUTSIDE's name so
 * that it comes first. Returns whether there are any. LEADS: per component, zeros. */
static bool find_split(struct writer *w, const struct keyed *keyed, bool *leads, bool *reached,
                       p2a_id *stack)
{
    struct p2a_flow *flow = &w->flow;
    bool any = false;
    for (uint32_t i = 0; i < w->p->functions.n; i++) {
        p2a_id f = keyed->function[i];
        if (reached[f])
            continue;
        if (flow->parts.size[flow->parts.of[f]] > 1) {
            if (!any && p2a_str_compare(keyed->key[f], w->outside.name) <= 0)
                w->outside.name = P2A_LIT("!(outside)");
            any = leads[flow->parts.of[f]] = true;
        }
        reach(w, f, reached, stack);
    }
    for (uint32_t k = 0; k < flow->parts.n; k++)
        for (uint32_t i = flow->first[k]; leads[k] && i < flow->first[k + 1]; i++)
            leads[flow->parts.of[w->p->graph.arc[flow->arcs[i]].caller]] = true;
    return any;
}

/* Forgets the components that something else in the profile calls. */
static void keep_roots(const struct writer *w, bool *leads)
{
    const struct p2a_flow *flow = &w->flow;
    for (uint32_t a = 0; a < w->p->graph.arc_n; a++) {
        uint32_t part = flow->parts.of[w->p->graph.arc[a].callee];
        if (part != flow->parts.of[w->p->graph.arc[a].caller])
            leads[part] = false;
    }
}

/* One entry for each root component that leads to a cycle: the member with most calls that no arc
 * explains. FOUND: per component, the entry's number and 1. */
static void add_entries(struct writer *w, const bool *leads, uint32_t *found, uint64_t *explained)
{
    const struct p2a_graph *g = &w->p->graph;
    p2a_explained_calls(g, explained);
    for (p2a_id f = 0; f < g->node_n; f++) {
        uint32_t part = w->flow.parts.of[f];
        uint64_t calls = g->node[f].calls > explained[f] ? g->node[f].calls - explained[f] : 0;
        if (!leads[part])
            continue;
        if (!found[part]) {
            found[part] = w->outside.n + 1;
            w->outside.entry[w->outside.n++] = (struct entry){f, calls};
        } else if (calls > w->outside.entry[found[part] - 1].calls) {
            w->outside.entry[found[part] - 1] = (struct entry){f, calls};
        }
        w->outside.counted |= calls > 0;
    }
}

/* False: no memory. */
static bool mark_outside(struct writer *w)
{
    size_t n = (size_t)w->p->functions.n + 1;
    bool *marks = calloc(n, 2 * sizeof *marks);
    uint32_t *scratch = calloc(n, 2 * sizeof *scratch);
    uint64_t *explained = calloc(n, sizeof *explained);
    w->outside.entry = calloc(n, sizeof *w->outside.entry);
    struct keyed keyed = {0};
    bool room = marks && scratch && explained && w->outside.entry && sort_by_key(w, &keyed);
    if (room && find_split(w, &keyed, marks, marks + n, scratch)) {
        keep_roots(w, marks);
        add_entries(w, marks, scratch + n, explained);
    }
    free(keyed.key);
    free(keyed.function);
    free(marks);
    free(scratch);
    free(explained);
    return room;
}

/* False: no memory. */
static bool add_outside(struct writer *w)
{
    enum { STEPS = 1 << 14 };
    size_t n = (size_t)w->flow.parts.n + 1;
    w->outside.name = P2A_LIT("(outside)");
    if (!any_cycle(w))
        return true;
    struct climb climb = {.least = calloc(n, sizeof *climb.least),
                          .seen = calloc(n, 2 * sizeof *climb.seen),
                          .steps = STEPS};
    bool room = climb.least && climb.seen;
    climb.todo = room ? climb.seen + n : NULL;
    bool none = room && none_is_split(w, &climb);
    free(climb.least);
    free(climb.seen);
    return room && (none || mark_outside(w));
}

/* What comes from outside costs what its component does. */
static bool cost_outside(struct writer *w)
{
    struct outside *outside = &w->outside;
    outside->cost = calloc((size_t)outside->n * w->events + 1, sizeof *outside->cost);
    for (uint32_t i = 0; i < outside->n && outside->cost; i++)
        for (uint32_t e = 0; e < w->events; e++) {
            uint32_t part = w->flow.parts.of[outside->entry[i].function];
            outside->cost[(size_t)i * w->events + e] =
                w->part_cost[(size_t)e * w->flow.parts.n + part];
        }
    return outside->cost;
}

/* ---- the writer: text ------------------------------------------------------------------------ */

static bool any_cost(const struct writer *w, const uint64_t *cost)
{
    for (uint32_t e = 0; e < w->events; e++)
        if (cost[e])
            return true;
    return false;
}

static char *add_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

/* A position beside the one before it, in addresses; the difference is shorter. */
static char *add_address(char *at, uint64_t address, uint64_t before)
{
    if (address == before)
        at = add_char(at, '*');
    else if (address > before)
        at = p2a_digits(add_char(at, '+'), address - before);
    else
        at = p2a_digits(add_char(at, '-'), before - address);
    return add_char(at, ' ');
}

/* A line of costs: where, and what. */
static inline char *add_cost_line(const struct writer *w, char *at, uint64_t before,
                                  uint64_t address, uint64_t line, const uint64_t *cost)
{
    uint32_t n = w->events;
    while (n > 1 && !cost[n - 1])
        n--;
    if (w->addresses)
        at = add_address(at, address, before);
    at = p2a_digits(at, line);
    for (uint32_t e = 0; e < n; e++)
        at = p2a_digits(add_char(at, ' '), cost[e]);
    return add_char(at, '\n');
}

/* What was put so far is the output's. */
static void lift(struct pen *pen)
{
    if (pen->at)
        p2a_end_text(pen->out, pen->at);
    pen->at = pen->full = NULL;
}

/* Where the next line begins, for which there is room. */
static inline char *next_line(struct pen *pen)
{
    enum { ROOM = 1 << 15 };
    if (pen->at >= pen->full) {
        lift(pen);
        pen->at = p2a_begin_text(pen->out, ROOM);
        pen->full = pen->at + ROOM - LINE_MOST;
    }
    return pen->at;
}

static inline char *add_text(char *at, struct p2a_str text)
{
    memcpy(at, text.at, text.n);
    return at + text.n;
}

static void put_costs(const struct writer *w, struct pen *pen, uint64_t address, uint64_t line,
                      const uint64_t *cost)
{
    if (pen->out)
        pen->at = add_cost_line(w, next_line(pen), pen->address, address, line, cost);
    if (w->addresses)
        pen->address = address;
}

static bool is_blank(char c)
{
    return c == ' ' || is_control(c);
}

/* A name as one line: control characters are blanks. */
static void put_line(struct p2a_out *out, struct p2a_str name)
{
    while (name.n && is_blank(name.at[0]))
        name.at++, name.n--;
    while (name.n && is_blank(name.at[name.n - 1]))
        name.n--;
    if (!name.n)
        name = P2A_LIT("???");
    size_t begin = 0;
    for (size_t i = 0, n = any_control(name) ? name.n : 0; i < n; i++) {
        if (!is_control(name.at[i]))
            continue;
        p2a_put(out, name.at + begin, i - begin);
        p2a_put(out, " ", 1);
        begin = i + 1;
    }
    p2a_put(out, name.at + begin, name.n - begin);
    p2a_put(out, "\n", 1);
}

/* "KEYWORD(NUMBER) NAME", the name only the first time: else it isn't so much as looked at. *USED:
 * the highest so far. */
static inline void put_name(struct pen *pen, struct p2a_str keyword, uint32_t *number,
                            uint32_t *used, const struct p2a_str *name)
{
    if (!pen->out) {
        *number = *number ? *number : ++*used;
        return;
    }
    char *at = add_char(add_text(next_line(pen), keyword), '(');
    bool first = *number > *used;
    at = p2a_digits(at, *number);
    pen->at = add_char(add_char(at, ')'), first ? ' ' : '\n');
    if (first) {
        *used = *number;
        lift(pen);
        put_line(pen->out, *name);
    }
}

static inline void put_file(const struct writer *w, struct pen *pen, struct p2a_str keyword,
                            p2a_id file)
{
    put_name(pen, keyword, &w->file_no[file], &pen->files, &w->p->strings.row[file]);
}

static inline void put_object(const struct writer *w, struct pen *pen, struct p2a_str keyword,
                              p2a_id object)
{
    put_name(pen, keyword, &w->object_no[object], &pen->objects, &w->p->strings.row[object]);
}

static inline void put_function(const struct writer *w, struct pen *pen, struct p2a_str keyword,
                                p2a_id f)
{
    put_name(pen, keyword, &w->target[f].number, &pen->functions, &w->name[f]);
}

/* Costs from here on are in FILE. */
static void enter_file(const struct writer *w, struct pen *pen, p2a_id function, p2a_id file)
{
    if (file != pen->file) {
        bool own = file == w->p->functions.row[function].file;
        put_file(w, pen, own ? P2A_LIT("fe=") : P2A_LIT("fi="), file);
        pen->file = file;
    }
}

static uint64_t own_line(const struct writer *w, p2a_id function)
{
    int64_t line = w->p->functions.row[function].line;
    if (line > 0)
        return (uint64_t)line;
    uint32_t first = w->lines.first[function];
    if (first == w->lines.first[function + 1])
        return 0;
    first = w->lines.stretch[first].begin;
    return w->packed ? w->packed->run[first].first.line : w->p->graph.line[first].line;
}

/* Whole numbers of the profile as they are written. */
static const uint64_t *whole_costs(const struct writer *w, const double *values, uint64_t *cost)
{
    for (uint32_t e = 0; e < w->events; e++)
        cost[e] = (uint64_t)(int64_t)values[e];
    return cost;
}

static const uint64_t *costs_of_line(const struct writer *w, size_t line, uint64_t *whole)
{
    return w->line_cost ? w->line_cost + line * w->events
                        : whole_costs(w, w->p->graph.line_self + line * w->p->columns, whole);
}

/* Lines that are all in the file that is in force. */
static void put_lines_here(const struct writer *w, struct pen *pen, size_t begin, size_t end)
{
    const struct p2a_line *line = w->p->graph.line;
    uint64_t before = pen->address, whole[MAX_EVENTS];
    while (begin < end) {
        char *at = next_line(pen);
        const char *full = pen->full;
        for (; begin < end && at < full; begin++) {
            at = add_cost_line(w, at, before, line[begin].address, line[begin].line,
                               costs_of_line(w, begin, whole));
            before = line[begin].address;
        }
        pen->at = at;
    }
}

static void put_lines(const struct writer *w, struct pen *pen, struct together lines)
{
    const struct p2a_line *line = w->p->graph.line;
    for (size_t i = lines.begin, end; i < lines.end; i = end) {
        for (end = i + 1; end < lines.end && line[end].file == line[i].file;)
            end++;
        enter_file(w, pen, lines.key, line[i].file);
        if (pen->out)
            put_lines_here(w, pen, i, end);
        if (w->addresses)
            pen->address = line[end - 1].address;
    }
}

static void put_packed(const struct writer *w, struct pen *pen, const struct p2a_line_run *run)
{
    uint64_t value[P2A_LINE_STEPS + P2A_PACKED_COLUMNS], before = pen->address;
    const unsigned char *from = w->packed->bytes + run->at;
    struct p2a_line_place place = run->first;
    for (uint32_t i = 0; i < run->n;) {
        char *at = next_line(pen);
        for (const char *full = pen->full; i < run->n && at < full; i++) {
            from = p2a_next_packed(from, w->events, &place, value);
            at = add_cost_line(w, at, before, place.address, place.line, value + P2A_LINE_STEPS);
            before = place.address;
        }
        pen->at = at;
    }
}

static void put_runs(const struct writer *w, struct pen *pen, struct together runs)
{
    for (size_t i = runs.begin; i < runs.end; i++) {
        const struct p2a_line_run *run = &w->packed->run[i];
        enter_file(w, pen, runs.key, run->file);
        if (pen->out)
            put_packed(w, pen, run);
        if (w->addresses)
            pen->address = run->last.address;
    }
}

/* Of lines at home nothing but the last address is of use to what follows. */
static void put_self(const struct writer *w, struct pen *pen, p2a_id function)
{
    uint32_t begin = w->lines.first[function], end = w->lines.first[function + 1];
    size_t row = (size_t)function * w->events;
    uint64_t whole[MAX_EVENTS];
    for (uint32_t i = begin; i < end; i++) {
        struct together lines = w->lines.stretch[i];
        if (!pen->out && w->at_home[function])
            lines.begin = lines.end - 1;
        if (w->packed)
            put_runs(w, pen, lines);
        else
            put_lines(w, pen, lines);
    }
    const uint64_t *rest = w->rest_cost ? w->rest_cost + row : whole_costs(w, w->rest + row, whole);
    if (begin == end || any_cost(w, rest)) {
        enter_file(w, pen, function, w->p->functions.row[function].file);
        put_costs(w, pen, 0, w->target[function].line, rest);
    }
}

/* Where calls aren't known one is written: readers of the format take the cost of none for self. */
static void put_callee(const struct writer *w, struct pen *pen, p2a_id callee, uint64_t calls)
{
    const struct target *target = &w->target[callee];
    p2a_id module = w->modules ? w->p->functions.row[callee].module : 0;
    if (w->modules && module != pen->object)
        put_object(w, pen, P2A_LIT("cob="), module);
    if (target->file != pen->file)
        put_file(w, pen, P2A_LIT("cfi="), target->file);
    put_function(w, pen, P2A_LIT("cfn="), callee);
    if (!pen->out)
        return;
    char *at = p2a_digits(add_text(next_line(pen), P2A_LIT("calls=")), calls ? calls : 1);
    at = add_text(at, w->addresses ? P2A_LIT(" 0 ") : P2A_LIT(" "));
    pen->at = add_char(p2a_digits(at, target->line), '\n');
}

static void put_call(const struct writer *w, struct pen *pen, p2a_id callee, uint64_t calls,
                     const struct p2a_line *from, const uint64_t *cost)
{
    enter_file(w, pen, from->function, from->file);
    put_callee(w, pen, callee, calls);
    put_costs(w, pen, from->address, from->line, cost);
    if (pen->out && !calls && w->events == w->p->metrics.n)
        atomic_store_explicit(w->unknown_calls, true, memory_order_relaxed);
}

/* The sites of an arc, whose calls are taken off *LEFT; whether there are any. */
static bool put_sites(const struct writer *w, struct pen *pen, p2a_id arc, uint64_t *left)
{
    const struct p2a_arc *of = &w->p->graph.arc[arc];
    struct walk walk = walk_of(&w->sites, arc);
    bool any = false;
    for (uint32_t row; next_row(&walk, &row); any = true) {
        const struct p2a_site *site = &w->p->graph.site[row];
        struct p2a_line from = {of->caller, site->file, site->line, site->address};
        put_call(w, pen, of->callee, site->calls, &from, w->site_cost + (size_t)row * w->events);
        *left -= site->calls < *left ? site->calls : *left;
    }
    return any;
}

static void put_arc(const struct writer *w, struct pen *pen, p2a_id caller, uint32_t place)
{
    const struct target *own = &w->target[caller];
    struct p2a_line from = {.function = caller, .file = own->file, .line = own->line};
    const struct p2a_flow_call *call = &w->flow.call[place];
    const uint64_t *rest = w->arc_cost + (size_t)place * w->events;
    uint64_t calls = call->calls;
    bool sites = w->p->graph.site_n && put_sites(w, pen, call->arc, &calls);
    if (!sites || calls || any_cost(w, rest))
        put_call(w, pen, call->callee, calls, &from, rest);
}

/* Callees lie anywhere in tables larger than the caches: what will be written soon is asked for,
 * step by step, and names, which are written once, only then. PLACE: the place in flow.call that is
 * written now. */
static void fetch_ahead(const struct writer *w, const struct pen *pen, uint32_t place)
{
    enum { TARGET = 32, FILE_NUMBER = 24, NAME = 16, NAME_TEXT = 8 };
    const struct p2a_flow_call *call = w->flow.call + place;
    if (place + TARGET >= w->p->graph.arc_n)
        return;
    p2a_fetch(&w->target[call[TARGET].callee]);
    p2a_fetch(&w->file_no[w->target[call[FILE_NUMBER].callee].file]);
    if (w->p->graph.site_n)
        p2a_fetch(&w->sites.first[call[TARGET].arc]);
    if (!pen->out)
        return;
    const struct target *target = &w->target[call[NAME].callee];
    if (target->number > pen->functions)
        p2a_fetch(&w->name[call[NAME].callee]);
    if (w->file_no[target->file] > pen->files)
        p2a_fetch(&w->p->strings.row[target->file]);
    target = &w->target[call[NAME_TEXT].callee];
    if (target->number > pen->functions)
        p2a_fetch(w->name[call[NAME_TEXT].callee].at);
    if (w->file_no[target->file] > pen->files)
        p2a_fetch(w->p->strings.row[target->file].at);
}

static void put_block(const struct writer *w, struct pen *pen, p2a_id function)
{
    const struct target *f = &w->target[function];
    if (pen->out)
        pen->at = add_char(next_line(pen), '\n');
    p2a_id module = w->modules ? w->p->functions.row[function].module : 0;
    if (w->modules && module != pen->object) {
        put_object(w, pen, P2A_LIT("ob="), module);
        pen->object = module;
    }
    put_file(w, pen, P2A_LIT("fl="), f->file);
    pen->file = f->file;
    put_function(w, pen, P2A_LIT("fn="), function);
    put_self(w, pen, function);
    for (uint32_t i = w->flow.out[function]; i < w->flow.out[function + 1]; i++) {
        fetch_ahead(w, pen, i);
        put_arc(w, pen, function, i);
    }
}

static void put_outside(struct writer *w, struct pen *pen)
{
    if (pen->out)
        pen->at = add_char(next_line(pen), '\n');
    if (w->modules && pen->object)
        put_object(w, pen, P2A_LIT("ob="), 0);
    put_file(w, pen, P2A_LIT("fl="), 0);
    pen->file = pen->object = 0;
    put_name(pen, P2A_LIT("fn="), &w->outside.number, &pen->functions, &w->outside.name);
    for (uint32_t i = 0; i < w->outside.n; i++) {
        put_callee(w, pen, w->outside.entry[i].function, w->outside.entry[i].calls);
        put_costs(w, pen, pen->address, 0,
                  pen->out ? w->outside.cost + (size_t)i * w->events : NULL);
    }
    lift(pen);
}

/* Functions in the order of the profile, then callers that are names only. */
static bool list_blocks(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    w->block = calloc((size_t)g->node_n + 1, sizeof *w->block);
    for (uint32_t i = 0; w->block && i < g->order_n; i++)
        w->block[w->block_n++] = g->order[i];
    for (p2a_id f = 0; w->block && f < g->node_n; f++) {
        bool calls = w->flow.out[f] < w->flow.out[f + 1];
        if (calls && !(g->node[f].has & P2A_HAS_ROW))
            w->block[w->block_n++] = f;
    }
    return w->block;
}

enum { BLOCKS = 256 }; /* in a piece */

static inline void give_number(uint32_t *number, uint32_t *used)
{
    if (!*number)
        *number = ++*used;
}

/* Numbers depend on no cost where nothing has places within functions. */
static bool number_early(const struct writer *w)
{
    return !w->line_n && !w->p->graph.site_n;
}

/* What put_block does then, without writing. */
static void number_block(const struct writer *w, struct pen *pen, p2a_id function)
{
    enum { AHEAD = 24 };
    const struct p2a_function *row = w->p->functions.row;
    const struct p2a_flow_call *call = w->flow.call;
    p2a_id file = w->target[function].file, object = row[function].module;
    if (w->modules && object != pen->object)
        give_number(&w->object_no[object], &pen->objects);
    give_number(&w->file_no[file], &pen->files);
    give_number(&w->target[function].number, &pen->functions);
    for (uint32_t i = w->flow.out[function]; i < w->flow.out[function + 1]; i++) {
        struct target *target = &w->target[call[i].callee];
        if (i + AHEAD < w->p->graph.arc_n)
            p2a_fetch(&w->target[call[i + AHEAD].callee]);
        if (w->modules && row[call[i].callee].module != object)
            give_number(&w->object_no[row[call[i].callee].module], &pen->objects);
        if (target->file != file)
            give_number(&w->file_no[target->file], &pen->files);
        give_number(&target->number, &pen->functions);
    }
    pen->file = file;
    pen->object = w->modules ? object : pen->object;
}

/* Gives numbers. False: no memory. */
static bool number_names(struct writer *w)
{
    struct pen pen = {.object = P2A_NONE};
    w->begin = calloc((size_t)w->block_n / BLOCKS + 1, sizeof *w->begin);
    for (uint32_t i = 0; w->begin && i < w->block_n; i++) {
        if (i % BLOCKS == 0)
            w->begin[i / BLOCKS] = pen;
        if (number_early(w))
            number_block(w, &pen, w->block[i]);
        else
            put_block(w, &pen, w->block[i]);
    }
    w->end = pen;
    if (w->begin && w->outside.n)
        put_outside(w, &pen);
    return w->begin;
}

static void put_blocks(const void *writer, void *desk, struct p2a_out *out, uint32_t begin,
                       uint32_t end)
{
    const struct writer *w = writer;
    struct pen pen = w->begin[begin / BLOCKS];
    (void)desk;
    pen.out = out;
    for (uint32_t i = begin; i < end; i++)
        put_block(w, &pen, w->block[i]);
    lift(&pen);
}

static void put_all(struct writer *w)
{
    static const struct p2a_print work = {.rows = BLOCKS, .put = put_blocks};
    struct pen pen = w->end;
    atomic_bool unknown_calls = false;
    w->unknown_calls = &unknown_calls;
    p2a_print_rows(w->out, &work, w, w->block_n);
    pen.out = w->out;
    if (w->outside.n)
        put_outside(w, &pen);
    if (unknown_calls)
        p2a_out_note(w->out, "where the number of calls isn't known, callgrind shows one call");
}

/* ---- the writer: header ---------------------------------------------------------------------- */

/* "ns" for the profile's time; others with a unit other than a count as "NAME(UNIT)". */
static struct p2a_str event_word(struct writer *w, uint32_t event)
{
    const struct p2a_metric *m = &w->p->metrics.row[event % w->p->metrics.n];
    struct p2a_str name = p2a_string(w->p, m->name), unit = p2a_string(w->p, m->unit);
    char word[220];
    name = name.n ? name : P2A_LIT("event");
    unit = p2a_str_is(unit, "seconds") ? P2A_LIT("ns") : unit;
    if (p2a_str_is(unit, "ns") && p2a_str_is(name, "time")) {
        snprintf(word, sizeof word, "ns");
    } else if (!unit.n || p2a_str_is(unit, "count") || p2a_str_compare(unit, name) == 0) {
        snprintf(word, sizeof word, "%.*s", shown(name), name.at);
        if (strcmp(event_of(p2a_str_of(word)).unit, "count") != 0)
            strcat(word, "_"); /* a count that is called "s" isn't read as time */
    } else {
        snprintf(word, sizeof word, "%.*s(%.*s)", shown(name), name.at, shown(unit), unit.at);
    }
    if (event >= w->p->metrics.n)
        strcat(word, "_before");
    for (char *at = word; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == 127 || *at == ':' || *at == '=')
            *at = '_';
    return joined(&w->texts, one_line(&w->texts, p2a_str_of(word)), "", P2A_LIT(""), "");
}

/* Each its own. */
static void name_events(struct writer *w)
{
    for (uint32_t e = 0; e < w->events; e++) {
        w->word[e] = event_word(w, e);
        for (uint32_t other = 0; other < e && !w->texts.failed; other++) {
            if (p2a_str_compare(w->word[e], w->word[other]) == 0) {
                w->word[e] = with_number(&w->texts, w->word[e], "_", e + 1);
                other = UINT32_MAX; /* from the start */
            }
        }
    }
}

static void put_event(struct writer *w, uint32_t event)
{
    uint32_t metrics = w->p->metrics.n;
    struct p2a_str title = p2a_string(w->p, w->p->metrics.row[event % metrics].title);
    if (!title.n && p2a_str_is(w->word[event % metrics], "ns"))
        title = P2A_LIT("Nanoseconds");
    if (title.n) {
        p2a_put_text(w->out, "event: ");
        p2a_put_str(w->out, w->word[event]);
        p2a_put_text(w->out, " : ");
        p2a_put_str(w->out, one_line(&w->texts, title));
        p2a_put_text(w->out, event < metrics ? "\n" : " before\n");
    }
}

static void put_header(struct writer *w)
{
    p2a_put_text(w->out, "# callgrind format\nversion: 1\ncreator: prof2any " P2A_VERSION "\n");
    if (!(w->p->facts & P2A_CALLS))
        p2a_putf(w->out, "desc: %s\n", NO_CALLS);
    if (w->outside.n) {
        p2a_putf(w->out, "desc: %s", w->outside.counted ? OUTSIDE : UNCOUNTED_OUTSIDE);
        p2a_put_str(w->out, w->outside.name);
        p2a_put_text(w->out, "\n");
    }
    p2a_putf(w->out, "positions: %sline\n", w->addresses ? "instr " : "");
    for (uint32_t e = 0; e < w->events; e++)
        put_event(w, e);
    p2a_put_text(w->out, "events:");
    for (uint32_t e = 0; e < w->events; e++) {
        p2a_put_text(w->out, " ");
        p2a_put_str(w->out, w->word[e]);
    }
    p2a_put_text(w->out, "\nsummary:");
    for (uint32_t e = 0; e < w->events; e++) {
        p2a_put_text(w->out, " ");
        p2a_put_u64(w->out, w->sum[e]);
    }
    p2a_put_text(w->out, "\n");
}

/* ---- the writer ------------------------------------------------------------------------------ */

/* Once lines are grouped. */
static bool target_calls(struct writer *w)
{
    w->target = calloc((size_t)w->p->functions.n + 1, sizeof *w->target);
    for (p2a_id f = 0; w->target && f < w->p->functions.n; f++)
        w->target[f] = (struct target){own_line(w, f), w->p->functions.row[f].file, 0};
    return w->target;
}

static bool prepare_text(void *writer)
{
    struct writer *w = writer;
    return name_functions(w) && target_calls(w) && add_outside(w) && list_blocks(w) &&
           (!number_early(w) || number_names(w));
}

/* Costs of lines are worked out on all cores, others while callers are gone through. */
static bool prepare_functions(void *writer)
{
    struct writer *w = writer;
    return p2a_flow_downwards(w->p, &w->flow) && (w->line_n || cost_functions(w));
}

static bool prepare_callers(void *writer)
{
    struct writer *w = writer;
    return p2a_flow_upwards(w->p, &w->flow);
}

static bool group_lines(struct writer *w)
{
    const struct p2a_graph *g = &w->p->graph;
    const struct p2a_packed_lines *packed = w->packed;
    uint32_t functions = w->p->functions.n;
    return packed ? group(&w->lines, functions, packed->run_n, packed->run, sizeof *packed->run)
                  : group(&w->lines, functions, g->line_n, g->line, sizeof *g->line);
}

/* Names and figures are of each other's business where they are put alone: what of them takes long
 * is done on two cores. */
static bool prepare(struct writer *w)
{
    enum { ENOUGH = 1 << 14 };
    const struct p2a_graph *g = &w->p->graph;
    bool few = g->arc_n < ENOUGH && w->p->functions.n < ENOUGH;
    w->file_no = calloc(w->p->strings.n, sizeof *w->file_no);
    w->object_no = calloc(w->p->strings.n, sizeof *w->object_no);
    if (!w->file_no || !w->object_no || !group_lines(w) ||
        !group(&w->sites, g->arc_n, g->site_n, g->site, sizeof *g->site) ||
        !p2a_do_both(prepare_functions, prepare_callers, w, few) ||
        (w->line_n && !cost_functions(w)) || !p2a_do_both(prepare_text, cost_arcs, w, few) ||
        !cost_outside(w) || (!number_early(w) && !number_names(w)))
        return false;
    note_changes(w);
    return true;
}

static void release(struct writer *w)
{
    free(w->block);
    free(w->begin);
    free(w->outside.entry);
    free(w->outside.cost);
    free(w->name);
    free(w->target);
    free(w->file_no);
    free(w->object_no);
    free_groups(&w->lines);
    free_groups(&w->sites);
    free(w->at_home);
    free(w->rest);
    free(w->line_cost);
    free(w->rest_cost);
    free(w->self);
    free(w->site_cost);
    if (w->arc_cost != w->flow.arc)
        free(w->arc_cost);
    free(w->part_cost);
    p2a_flow_free(&w->flow);
    p2a_arena_free(&w->texts.arena);
    if (w->p == &w->lent)
        p2a_return_lines(&w->lent);
}

/* Packed costs are written as they are, where these are the file's. False: no memory. */
static bool find_lines(struct writer *w)
{
    const struct p2a_packed_lines *packed = p2a_packed_of(w->p);
    bool same = true;
    w->line_n = packed->n ? packed->n : w->p->graph.line_n;
    for (uint32_t e = 0; e < w->events; e++)
        same &= factor_of(w, e) == 1; /* NOLINT: exact */
    if (packed->n && same)
        w->packed = packed;
    if (!packed->n || same)
        return true;
    bool lent = p2a_lend_lines(w->p, &w->lent);
    w->p = &w->lent;
    return lent;
}

static enum p2a_status write_callgrind(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    if (!p->metrics.n)
        return p2a_cant_write(out, P2A_INPUT, "nothing is measured, expected one metric at least");
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return p2a_no_memory(out);
    w->out = out;
    w->p = p;
    w->events = p->columns;
    w->addresses = p->facts & P2A_ADDRESSES && p2a_option_flag(out, "instr");
    w->modules = p->facts & P2A_MODULES;
    if (w->events > MAX_EVENTS) {
        w->events = MAX_EVENTS;
        p2a_out_note(out, "only the first %d metrics were written", MAX_EVENTS);
    }
    bool ready = find_lines(w) && prepare(w);
    if (ready) {
        name_events(w);
        put_header(w);
        put_all(w);
    }
    if (!ready || w->texts.failed)
        p2a_no_memory(out);
    release(w);
    free(w);
    return p2a_out_status(out);
}

/* ---- the format ------------------------------------------------------------------------------ */

static const struct p2a_option callgrind_options[] = {
    {"instr", P2A_FLAG, "yes", NULL, "costs per instruction address, where they are known"}, {0}};

const struct p2a_format p2a_format_callgrind = {
    .name = "callgrind",
    .title = "Callgrind, for KCachegrind",
    .aliases = (const char *const[]){"kcachegrind", "calltree", "cachegrind", NULL},
    .patterns = (const char *const[]){"callgrind.out.*", "*.callgrind", "callgrind.out",
                                      "cachegrind.out.*", NULL},
    .probe = probe_callgrind,
    .read = read_callgrind,
    .write = write_callgrind,
    .gives =
        P2A_GRAPH | P2A_CALLS | P2A_LINES | P2A_ADDRESSES | P2A_MANY | P2A_MODULES | P2A_PLACES,
    .needs = P2A_GRAPH | P2A_PACKED,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_LINES | P2A_ADDRESSES | P2A_MANY | P2A_MODULES |
             P2A_PLACES | P2A_BEFORE,
    .report = P2A_REPORT_NAMES,
    .options = callgrind_options,
};
