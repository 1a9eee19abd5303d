/* What is read by the piece on all cores, from memory or from a stream, is what one thread reads:
 * every row in its place, values to the last bit, the same first error. So it is where threads
 * can't be started, and what is left when memory fails is an error. The same holds for what is
 * written by the piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "codec/protobuf.h"
#include "fault/starve.h"
#include "prof2any/format.h"
#include "stacks/ways.h"

/* ---- inputs ---- */

static struct text start(void)
{
    return start_large(SIZE);
}

static void put_frames(struct text *text)
{
    for (unsigned i = any(40), at = 0; i > 0; i--) {
        at = (at * 5 + any(3)) % 3000;
        put(text, any(50) ? "%sname::of<%u>::run" : "%sf%u (/a/b%u.py:12)", i ? ";" : "", at, at);
    }
}

/* Fractions, which add up to something else in another order; threads; what is skipped. */
static struct text make_folded(void)
{
    static const char *const starts[] = {"main",
                                         "main",
                                         "main",
                                         "process 12:\"a;b\";main",
                                         "thread (0x7): x;main",
                                         "[main tid=3]",
                                         "process 1:\"a;b",
                                         "process 1:\"a;b\";c"};
    struct text text = start();
    put(&text, "# a: comment\n\n");
    while (text.n < SIZE) {
        put(&text, "%s", starts[any(8)]);
        put_frames(&text);
        put(&text, any(9) ? " %u.%u%s\n" : " %u%u%s\n", any(100), any(1000), any(20) ? "" : "\r");
        if (!any(1000))
            put(&text, any(2) ? "\n" : "# no count\n");
    }
    put(&text, "main;last 0.1");
    return text;
}

/* More names than are remembered. */
static struct text make_names(void)
{
    struct text text = start();
    for (unsigned i = 0; text.n < SIZE; i++)
        put(&text, "name_%u;of_%u 1\n", i % 350000, i * 7 % 350000);
    return text;
}

/* No empty lines, and a line longer than many pieces. */
static struct text make_long(void)
{
    struct text text = start();
    put(&text, "main;short 1\nmain");
    while (text.n < SIZE / 2)
        put_frames(&text);
    put(&text, " 3\n");
    while (text.n < SIZE)
        put(&text, "main;%u;short 2\n", any(100));
    return text;
}

static void put_sample(struct text *text)
{
    put(text, "worker %u %u/%u [00%u] %u.%u: %u cycles:u: ", any(3), 40, 40 + any(5), any(3),
        any(100), any(1000000), any(300000));
    if (!any(30)) {
        put(text, " %16x lonely+0x%x (/bin/x)\n", any(1 << 30), any(99));
        return;
    }
    put(text, "\n");
    for (unsigned i = any(30), at = 0; i > 0; i--) {
        at = (at * 5 + any(3)) % 3000;
        put(text, "%s%16x name::of<%u>::run%s", any(60) ? "\t" : "    ", any(1 << 30) + 4096u, at,
            any(9) ? "" : "(int) const");
        put(text, any(9) ? "+0x%x (/lib/lib%u.so)\n" : "+0x%x (/lib (gone) %u)\n", any(999),
            at % 9);
        if (!any(300))
            put(text, "  file%u.c:%u\n", any(9), any(500));
    }
    if (any(40))
        put(text, "\n");
}

static struct text make_perf(void)
{
    struct text text = start();
    put(&text, "# header\n#\n");
    while (text.n < SIZE)
        put_sample(&text);
    return text;
}

/* Far enough from 0 for a few steps back. */
static void put_position(struct text *text, bool hex)
{
    unsigned how = any(6);
    if (how < 2)
        put(text, hex ? "0x%x " : "%u ", 1000 + any(400));
    else if (how < 4)
        put(text, how == 2 ? "+%u " : "-%u ", any(3));
    else
        put(text, how == 4 ? "* " : "+1 ");
}

static void put_cost_line(struct text *text, bool instr)
{
    if (instr)
        put_position(text, true);
    put_position(text, false);
    put(text, any(5) ? "%u %u\n" : "%u\n", any(5000), any(300));
}

/* Parts of two shapes, in which lines come in order, come again and step; calls, whose cost looks
 * like self cost; numbers of names that are defined pieces before. */
static struct text make_callgrind(void)
{
    struct text text = start();
    bool instr = true;
    put(&text, "# callgrind format\npositions: instr line\nevents: Ir Dr\n");
    put(&text, "fl=(0) f\nfn=(0) f\n0x100000 10 1\n");
    for (unsigned line = 0; text.n < SIZE; line++) {
        unsigned what = any(200), at = any(3000);
        if (what < 4)
            put(&text, "fl=(%u) file%u.c\nfn=(%u) f%u\n", at % 90, at % 90, at, at);
        else if (what < 8)
            put(&text, "cfn=(%u)%s%u\ncalls=%u 1\n%s700 %u\n", at, " f", at, any(9),
                instr ? "0x900 " : "", any(9));
        else if (what < 9)
            put(&text, any(2) ? "# a comment\n" : "jump=1 2\n%s+3\n", instr ? "* " : "");
        else if (what < 100)
            put_cost_line(&text, instr);
        else
            put(&text, instr ? "0x%x %u %u 3\n" : "%u %u %u\n", line + 4096u, line, any(99));
        if (!any(100000)) {
            instr = !instr;
            put(&text, "positions:%s line\nevents: Ir Dr\nfl=(1)\nfn=(2) f2\n%s100000 1\n",
                instr ? " instr" : "", instr ? "0x100000 " : "");
        }
    }
    return text;
}

static void put_bytes(struct text *text, const void *bytes, size_t n)
{
    memcpy(text->at + text->n, bytes, n);
    text->n += n;
}

static void put_number(struct text *text, char type, uint32_t value)
{
    const unsigned char bytes[] = {(unsigned char)type, value & 255, value >> 8 & 255,
                                   value >> 16 & 255, (unsigned char)(value >> 24)};
    put_bytes(text, bytes, sizeof bytes);
}

/* Counts and times, the values of a function or of one of its callers. */
static void put_figures(struct text *text)
{
    const double times[] = {any(1000) / 7.0, any(5000) / 3.0};
    put_number(text, 'i', any(100));
    put_number(text, 'i', any(100));
    for (int i = 0; i < 2; i++) {
        put_bytes(text, "g", 1);
        put_bytes(text, &times[i], sizeof times[i]);
    }
}

/* A dict of rows whose keys are the objects 0, 3, 6 … and whose strings are the two behind them;
 * a caller may come before its row. */
static struct text make_pstats(void)
{
    struct text text = start();
    enum { ROWS = 30000 };
    put_bytes(&text, "{", 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        char file[32], name[32];
        put_bytes(&text, "\xa9\3", 2);
        put_bytes(&text, file, (size_t)snprintf(file, sizeof file, "\xfa\x05%05u", i % 900));
        put_number(&text, 'i', i);
        put_bytes(&text, name, (size_t)snprintf(name, sizeof name, "\xfa\x08name%04u", i % 7000));
        put_bytes(&text, ")\5", 2);
        put_figures(&text);
        put_bytes(&text, "{", 1);
        for (uint32_t j = i < 9 ? i : 9; j > 0; j--) {
            put_number(&text, 'r', 3 * (i - j));
            put_bytes(&text, ")\4", 2);
            put_figures(&text);
        }
        put_bytes(&text, "0", 1);
    }
    put_bytes(&text, "0", 1);
    return text;
}

/* ---- pprof ---- */

static struct p2a_str text_in(const struct p2a_buffer *message)
{
    return (struct p2a_str){message->at, message->n};
}

/* Empties MESSAGE, too. */
static void put_message(struct text *text, uint32_t field, struct p2a_buffer *message)
{
    struct p2a_buffer whole = {0};
    p2a_protobuf_put_bytes(&whole, field, text_in(message));
    assert_false(message->failed || whole.failed);
    put_bytes(text, whole.at, whole.n);
    p2a_buffer_free(&whole);
    p2a_buffer_free(message);
}

enum { LOCATIONS = 4000, STRINGS = 7, BASE = 5, NAMES = 300 };

/* Ids packed or one by one; labels that name a thread, or nothing that is known, or that it is from
 * before. */
static void put_stack(struct text *text, uint64_t location, bool before)
{
    struct p2a_buffer m = {0}, packed = {0}, label = {0};
    for (unsigned i = any(60), at = 0; i > 0; i--) {
        at = (at * 5 + any(3)) % LOCATIONS;
        p2a_protobuf_put(&packed, at + 1);
    }
    if (any(5))
        p2a_protobuf_put_bytes(&m, 1, text_in(&packed));
    else
        p2a_protobuf_put_number(&m, 1, 1 + any(LOCATIONS));
    if (location)
        p2a_protobuf_put_number(&m, 1, location);
    p2a_protobuf_put_number(&m, 2, any(9));
    p2a_protobuf_put_number(&m, 2, any(1000000));
    p2a_protobuf_put_number(&label, 1, 3 + any(2));
    p2a_protobuf_put_number(&label, 3, any(4));
    if (!any(3))
        p2a_protobuf_put_bytes(&m, 3, text_in(&label));
    label.n = 0;
    p2a_protobuf_put_number(&label, 1, BASE);
    p2a_protobuf_put_number(&label, 2, BASE + 1);
    if (before)
        p2a_protobuf_put_bytes(&m, 3, text_in(&label));
    put_message(text, 2, &m);
    p2a_buffer_free(&packed);
    p2a_buffer_free(&label);
}

/* Locations that are several frames, or have no symbol. */
static void put_location(struct text *text, unsigned id)
{
    struct p2a_buffer m = {0}, line = {0};
    p2a_protobuf_put_number(&m, 1, id);
    p2a_protobuf_put_number(&m, 3, 4096 + id);
    p2a_protobuf_put_number(&line, 1, 1 + id % NAMES);
    p2a_protobuf_put_number(&line, 2, id % 70);
    for (unsigned i = id % 9 == 0 ? any(4) : 1; i > 0; i--)
        p2a_protobuf_put_bytes(&m, 4, text_in(&line));
    put_message(text, 4, &m);
    p2a_buffer_free(&line);
}

static void put_tables(struct text *text)
{
    static const char *const strings[STRINGS] = {"",      "samples",     "count", "thread id",
                                                 "other", "pprof::base", "true"};
    struct p2a_buffer m = {0};
    char name[16];
    for (int i = 0; i < 2; i++) {
        p2a_protobuf_put_number(&m, 1, 1);
        p2a_protobuf_put_number(&m, 2, 2);
        put_message(text, 1, &m);
    }
    for (unsigned i = 1; i <= LOCATIONS; i++)
        put_location(text, i);
    for (unsigned i = 0; i < NAMES; i++) {
        p2a_protobuf_put_number(&m, 1, i + 1);
        p2a_protobuf_put_number(&m, 2, STRINGS + i);
        put_message(text, 5, &m);
    }
    for (unsigned i = 0; i < STRINGS + NAMES; i++) {
        snprintf(name, sizeof name, "f%u", i);
        const char *string = i < STRINGS ? strings[i] : name;
        assert_true(p2a_buffer_add(&m, string, strlen(string)));
        put_message(text, 6, &m);
    }
}

static struct text pprof_with(uint64_t bad_location)
{
    struct text text = start();
    while (text.n < SIZE / 4)
        put_stack(&text, bad_location && text.n > SIZE / 8 && !any(9) ? bad_location : 0, false);
    put_tables(&text);
    return text;
}

/* The same samples so many times, those from before after all others. */
static struct text pprof_times(int times)
{
    struct text text = start_large(2 * SIZE), now = start(), before = start();
    while (now.n < SIZE / 3)
        put_stack(&now, 0, false);
    while (before.n < SIZE / 40)
        put_stack(&before, 0, true);
    for (int i = 0; i < times; i++)
        put_bytes(&text, now.at, now.n);
    for (int i = 0; i < times; i++)
        put_bytes(&text, before.at, before.n);
    put_tables(&text);
    free(now.at);
    free(before.at);
    return text;
}

static struct text make_pprof(void)
{
    return pprof_with(0);
}

static void damage(struct text *text, size_t from, const char *line)
{
    char *at = memchr(text->at + from, '\n', text->n - from);
    assert_non_null(at);
    memcpy(at + 1, line, strlen(line));
}

/* ---- ways to read them ---- */

static struct text zip(struct text text)
{
    z_stream stream = {0};
    struct text zipped = {malloc(text.n + 65536), 0};
    assert_non_null(zipped.at);
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)text.at;
    stream.avail_in = (unsigned)text.n;
    stream.next_out = (unsigned char *)zipped.at;
    stream.avail_out = (unsigned)text.n + 65536;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    zipped.n = stream.total_out;
    deflateEnd(&stream);
    return zipped;
}

struct result {
    enum p2a_status status;
    struct p2a_error error;
    struct p2a_profile *profile;
};

static struct result load(struct text text, const char *format, bool partial)
{
    const struct p2a_load_options options = {.format = format, .partial = partial};
    struct result r;
    r.status = p2a_load_memory(text.at, text.n, "test", &options, &r.profile, &r.error);
    return r;
}

static struct result load_by(enum way way, struct text text, const char *format, bool partial)
{
    cpu_set_t all;
    bool stream = way >= STREAM;
    struct text used = stream ? zip(text) : text;
    go(way, &all);
    struct result r = load(used, format, partial);
    if (CPU_COUNT(&all) > 1 && way != STREAM) /* which only lines are read from on all cores */
        assert_int_equal(threads > 0, way != ONE_CORE && way != STREAM_ALONE);
    come_back(&all);
    if (stream)
        free(used.at);
    return r;
}

/* ---- the same ---- */

static void same_names(const struct p2a_profile *a, const struct p2a_profile *b)
{
    assert_int_equal(a->strings.n, b->strings.n);
    for (uint32_t i = 0; i < a->strings.n; i++) {
        assert_int_equal(a->strings.row[i].n, b->strings.row[i].n);
        assert_memory_equal(a->strings.row[i].at, b->strings.row[i].at, a->strings.row[i].n);
    }
    assert_int_equal(a->functions.n, b->functions.n);
    for (uint32_t i = 0; i < a->functions.n; i++) {
        const struct p2a_function *f = &a->functions.row[i], *g = &b->functions.row[i];
        assert_true(f->name == g->name && f->qualname == g->qualname && f->file == g->file &&
                    f->module == g->module && f->line == g->line && f->kind == g->kind);
    }
    assert_int_equal(a->threads.n, b->threads.n);
    for (uint32_t i = 0; i < a->threads.n; i++) {
        const struct p2a_thread *t = &a->threads.row[i], *u = &b->threads.row[i];
        assert_true(t->pid == u->pid && t->tid == u->tid && t->name == u->name);
    }
}

static void same_values(const double *a, const double *b, size_t n)
{
    if (n)
        assert_memory_equal(a, b, n * sizeof *a);
}

static void same_rows(const struct p2a_profile *a, const struct p2a_profile *b)
{
    assert_int_equal(a->columns, b->columns);
    assert_int_equal(a->contexts.n, b->contexts.n);
    for (uint32_t i = 0; i < a->contexts.n; i++) {
        const struct p2a_context *c = &a->contexts.row[i], *d = &b->contexts.row[i];
        assert_true(c->parent == d->parent && c->function == d->function && c->thread == d->thread);
    }
    same_values(a->contexts.self, b->contexts.self, (size_t)a->contexts.n * a->columns);
    assert_int_equal(a->graph.line_n, b->graph.line_n);
    for (uint32_t i = 0; i < a->graph.line_n; i++) {
        const struct p2a_line *l = &a->graph.line[i], *m = &b->graph.line[i];
        assert_true(l->function == m->function && l->file == m->file && l->line == m->line &&
                    l->address == m->address);
    }
    same_values(a->graph.line_self, b->graph.line_self, (size_t)a->graph.line_n * a->columns);
    assert_int_equal(p2a_note_count(a), p2a_note_count(b));
    for (size_t i = 0; i < p2a_note_count(a); i++)
        assert_string_equal(p2a_note_at(a, i), p2a_note_at(b, i));
}

static void same_graph(const struct p2a_profile *p, const struct p2a_profile *q)
{
    const struct p2a_graph *a = &p->graph, *b = &q->graph;
    assert_int_equal(a->node_n, b->node_n);
    assert_int_equal(a->order_n, b->order_n);
    assert_int_equal(a->arc_n, b->arc_n);
    assert_int_equal(a->site_n, b->site_n);
    for (uint32_t i = 0; i < a->order_n; i++)
        assert_int_equal(a->order[i], b->order[i]);
    for (uint32_t i = 0; i < a->arc_n; i++) {
        const struct p2a_arc *c = &a->arc[i], *d = &b->arc[i];
        assert_true(c->caller == d->caller && c->callee == d->callee && c->calls == d->calls &&
                    c->primitive == d->primitive && c->has == d->has);
    }
    for (uint32_t i = 0; i < a->site_n; i++) {
        const struct p2a_site *c = &a->site[i], *d = &b->site[i];
        assert_true(c->arc == d->arc && c->file == d->file && c->line == d->line &&
                    c->address == d->address && c->calls == d->calls);
    }
    same_values(a->self, b->self, (size_t)a->node_n * p->columns);
    same_values(a->total, b->total, (size_t)a->node_n * p->columns);
    same_values(a->arc_self, b->arc_self, (size_t)a->arc_n * p->columns);
    same_values(a->arc_total, b->arc_total, (size_t)a->arc_n * p->columns);
    same_values(a->site_total, b->site_total, (size_t)a->site_n * p->columns);
}

static void same_result(const struct result *a, const struct result *b)
{
    assert_int_equal(a->status, b->status);
    if (a->status != P2A_OK) {
        assert_string_equal(a->error.message, b->error.message);
        assert_int_equal(a->error.place_kind, b->error.place_kind);
        assert_int_equal(a->error.place, b->error.place);
        return;
    }
    same_names(a->profile, b->profile);
    same_rows(a->profile, b->profile);
    same_graph(a->profile, b->profile);
}

static void read_every_way(struct text text, const char *format, bool partial)
{
    struct result first = load_by(TOGETHER, text, format, partial);
    assert_int_equal(first.status, partial ? P2A_OK : first.status);
    if (first.profile)
        assert_int_equal(p2a_check(first.profile, NULL), P2A_OK);
    for (enum way way = TOGETHER + 1; way < WAYS; way++) {
        struct result other = load_by(way, text, format, partial);
        same_result(&first, &other);
        p2a_free(other.profile);
    }
    p2a_free(first.profile);
}

/* ---- tests ---- */

static struct text (*const makers[])(void) = {make_folded,    make_names,  make_long, make_perf,
                                              make_callgrind, make_pstats, make_pprof};
static const char *const formats[] = {"folded",    "folded", "folded", "perf",
                                      "callgrind", "pstats", "pprof"};
enum { INPUTS = sizeof makers / sizeof *makers, PERF = 3, LINES = 5 };

static void all_ways_read_the_same(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < INPUTS; i++) {
        struct text text = makers[i]();
        struct result r = load(text, formats[i], false);
        assert_int_equal(r.status, P2A_OK);
        p2a_free(r.profile);
        read_every_way(text, formats[i], false);
        free(text.at);
    }
}

static void multiply(double *value, size_t n, int by)
{
    for (size_t i = 0; i < n; i++)
        value[i] *= by;
}

static void multiply_all(struct p2a_profile *p, int by)
{
    const struct p2a_graph *g = &p->graph;
    multiply(p->contexts.self, (size_t)p->contexts.n * p->columns, by);
    multiply(g->self, (size_t)g->node_n * p->columns, by);
    multiply(g->total, (size_t)g->node_n * p->columns, by);
    multiply(g->arc_self, (size_t)g->arc_n * p->columns, by);
    multiply(g->arc_total, (size_t)g->arc_n * p->columns, by);
    multiply(g->line_self, (size_t)g->line_n * p->columns, by);
}

/* Its parts are 16 MB, and equal stacks of several are one. */
static void parts_add_up(void **unused)
{
    enum { PART = 1 << 24, TIMES = 5 };
    (void)unused;
    struct text once = pprof_times(1), often = pprof_times(TIMES);
    assert_true(once.n < PART && (size_t)SIZE / 3 * TIMES > PART);
    struct result a = load(once, "pprof", false), b = load(often, "pprof", false);
    assert_true(a.status == P2A_OK && b.status == P2A_OK);
    assert_int_equal(a.profile->columns, 2 * a.profile->metrics.n);
    multiply_all(a.profile, TIMES);
    same_result(&a, &b);
    read_every_way(often, "pprof", false);
    p2a_free(a.profile);
    p2a_free(b.profile);
    free(once.at);
    free(often.at);
}

/* What is left out is what is kept, added up. */
static void lines_may_be_left_out(void **unused)
{
    (void)unused;
    const struct p2a_load_options options = {.format = "callgrind", .no_lines = true};
    struct text text = make_callgrind();
    struct result whole = load(text, "callgrind", false), bare;
    bare.status = p2a_load_memory(text.at, text.n, "test", &options, &bare.profile, &bare.error);
    assert_true(whole.status == P2A_OK && bare.status == P2A_OK);
    struct p2a_graph *g = &whole.profile->graph;
    assert_true(g->line_n && !bare.profile->graph.line_n && !bare.profile->graph.site_n);
    assert_int_equal(bare.profile->facts, whole.profile->facts);
    g->site_n = 0;
    same_names(whole.profile, bare.profile);
    same_graph(whole.profile, bare.profile);
    p2a_free(whole.profile);
    p2a_free(bare.profile);
    free(text.at);
}

static void the_first_error_is_told(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < LINES; i++) {
        struct text text = makers[i]();
        const char *bad = i == PERF ? "\nno\nno\n" : "no count\n";
        damage(&text, SIZE / 5 * 3, bad);
        damage(&text, SIZE / 5 * 3 + 1000, bad);
        damage(&text, SIZE / 10 * 9, bad);
        struct result r = load(text, formats[i], false);
        assert_int_equal(r.status, P2A_INPUT);
        read_every_way(text, formats[i], false);
        read_every_way(text, formats[i], true);
        free(text.at);
    }
    struct text text = pprof_with(LOCATIONS + 7);
    struct result r = load(text, "pprof", false);
    assert_int_equal(r.status, P2A_INPUT);
    assert_string_equal(r.error.message, "location 4007 isn't in the file");
    read_every_way(text, "pprof", false);
    free(text.at);
}

static void rows_end_where_they_may(void **unused)
{
    (void)unused;
    struct text text = make_folded(), zipped = zip(text);
    for (uint64_t rows = 10; rows < 100000; rows *= 3) {
        const struct p2a_load_options options = {
            .format = "folded", .partial = true, .max_rows = rows};
        struct result a, b;
        a.status = p2a_load_memory(text.at, text.n, "", &options, &a.profile, &a.error);
        b.status = p2a_load_memory(zipped.at, zipped.n, "", &options, &b.profile, &b.error);
        same_result(&a, &b);
        p2a_free(a.profile);
        p2a_free(b.profile);
    }
    free(text.at);
    free(zipped.at);
}

static void failing_memory_is_an_error(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < INPUTS; i += i ? 1 : PERF) {
        struct text text = makers[i]();
        starve(SIZE_MAX - 1, false);
        struct result whole = load(text, formats[i], false);
        size_t all = SIZE_MAX - 1 - left;
        for (size_t n = 0; n < all; n += 1 + n / 5) {
            starve(n, false);
            struct result r = load(text, formats[i], false);
            feed();
            if (r.status == P2A_OK)
                same_result(&whole, &r);
            else
                assert_string_equal(r.error.message, "out of memory");
            p2a_free(r.profile);
        }
        p2a_free(whole.profile);
        free(text.at);
    }
}

static struct text save_by(enum way way, struct p2a_profile *p, const char *format)
{
    const struct p2a_save_options options = {.format = format};
    cpu_set_t all;
    struct p2a_error error;
    struct text text = {0};
    void *bytes = NULL;
    go(way, &all);
    if (p2a_save_memory(p, &options, &bytes, &text.n, &error) == P2A_OK)
        text.at = bytes;
    else
        assert_string_equal(error.message, "out of memory");
    come_back(&all);
    return text;
}

static void same_text(struct text a, struct text b)
{
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.at, b.at, a.n);
}

static void write_every_way(struct p2a_profile *p, const char *format)
{
    struct text first = save_by(TOGETHER, p, format);
    for (enum way way = ONE_CORE; way <= NO_THREADS; way++) {
        struct text other = save_by(way, p, format);
        same_text(first, other);
        free(other.at);
    }
    for (size_t n = 0; n < 200; n += 1 + n / 9) {
        starve(n, false);
        struct text other = save_by(TOGETHER, p, format);
        feed();
        if (other.at)
            same_text(first, other);
        free(other.at);
    }
    free(first.at);
}

static void all_ways_write_the_same(void **unused)
{
    (void)unused;
    struct text pstats = make_pstats(), callgrind = make_callgrind(), perf = make_perf();
    struct result graph = load(pstats, "pstats", false);
    struct result lines = load(callgrind, "callgrind", false);
    struct result stacks = load(perf, "perf", false);
    write_every_way(graph.profile, "text");
    write_every_way(graph.profile, "callgrind");
    write_every_way(lines.profile, "callgrind");
    write_every_way(stacks.profile, "folded");
    write_every_way(stacks.profile, "speedscope");
    p2a_free(graph.profile);
    p2a_free(lines.profile);
    p2a_free(stacks.profile);
    free(pstats.at);
    free(callgrind.at);
    free(perf.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_read_the_same),  cmocka_unit_test(parts_add_up),
        cmocka_unit_test(lines_may_be_left_out),   cmocka_unit_test(the_first_error_is_told),
        cmocka_unit_test(rows_end_where_they_may), cmocka_unit_test(failing_memory_is_an_error),
        cmocka_unit_test(all_ways_write_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
