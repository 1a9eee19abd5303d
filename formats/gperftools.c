/* gperftools: what its CPU and heap profilers write, and the text that Go's runtime/pprof writes
 * with debug=1; the older formats that pprof still reads. Defined by gperftools'
 * docs/cpuprofile-fileformat and by pprof's profile/legacy_profile.go.
 *
 * CPU profile: words of 32 or 64 bits in the byte order of the machine, then a list of mappings.
 *
 *   0  3  0  period in microseconds  0 | count  n  address × n, leaf first | … | 0  1  0 | maps
 *
 * Text: a header, a line a stack, a list of mappings. Go puts the symbols of a stack behind it.
 *
 *   heap profile: 3: 300 [ 5: 500] @ heapprofile        objects: bytes [ all ever allocated ]
 *     3: 300 [ 5: 500] @ 0x401136 0x401180              @ heap_v2/524288, @ heap/1048576: sampled
 *   goroutine profile: total 2                          2 @ 0x401136 0x401180
 *   --- contentionz 1 ---, --- mutex:, --- contention:  cycles times @ 0x401136 0x401180
 *   #       0x401135        main.work+0x35  /src/main.go:12
 *   MAPPED_LIBRARIES: or --- Memory map: ---            400000-401000 r-xp 00000000 00:00 1  /bin/a
 *
 * What was sampled is scaled up to what it stands for, and delays to nanoseconds, as pprof does it.
 * Addresses of calls are those behind the call: they are counted down by one to be in it. A frame
 * is named by Go's symbol, else by its address: in a mapping from the start of its file, so that it
 * is the same wherever that was loaded; with the usual 0x400000 before programs that aren't moved.
 * The leaf twice in a row, as the CPU profiler sometimes has it, is one frame. pprof also takes a
 * second frame that is the same in nearly all stacks for one of the profiler's own; here it stays.
 * Only read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/queue.h"

enum { VALUES = 4 };

struct map {
    uint64_t start, end, offset;
    p2a_id file;
};

struct symbol {
    p2a_id name, file;
    int64_t line;
};

/* Either addresses or Go's symbols; leaf first. */
struct stack {
    uint32_t address, address_n, symbol, symbol_n;
    double value[VALUES];
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    uint32_t values; /* of a stack */
    uint32_t column[VALUES];
    uint64_t *address;
    uint32_t address_n, address_room;
    struct symbol *symbol;
    uint32_t symbol_n, symbol_room;
    struct stack *stack;
    uint32_t stack_n, stack_room;
    struct map *map;
    uint32_t map_n, map_room;
    bool called_leaf; /* the first address of a stack is one behind a call as well */
    bool unended;
    struct p2a_queue queue;
};

static bool no_memory(struct reader *r)
{
    p2a_in_no_memory(r->in);
    return false;
}

/* ---- words and numbers ----------------------------------------------------------------------- */

struct words {
    const unsigned char *at, *end;
    unsigned size; /* 4 or 8 */
    bool big;
};

static bool take_word(struct words *w, uint64_t *word)
{
    *word = 0;
    if (w->end - w->at < w->size)
        return false;
    for (unsigned i = 0; i < w->size; i++)
        *word |= (uint64_t)w->at[i] << 8 * (w->big ? w->size - 1 - i : i);
    w->at += w->size;
    return true;
}

/* Whether a CPU profile begins here, in which words, how often it was sampled in microseconds. */
static bool cpu_header(const unsigned char *at, size_t n, struct words *words, uint64_t *period)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t h[5] = {1};
        *words = (struct words){at, at + n, i / 2 ? 8 : 4, i % 2};
        for (unsigned k = 0; k < 5; k++)
            if (!take_word(words, &h[k]))
                return false;
        *period = h[3];
        if (h[0] == 0 && h[1] == 3 && h[2] == 0 && h[3] > 0 && h[3] <= UINT32_MAX && h[4] == 0)
            return true;
    }
    return false;
}

static void skip_blanks(struct p2a_str *s)
{
    while (s->n && (*s->at == ' ' || *s->at == '\t'))
        s->at++, s->n--;
}

static bool take_char(struct p2a_str *s, char c)
{
    skip_blanks(s);
    if (!s->n || *s->at != c)
        return false;
    s->at++, s->n--;
    return true;
}

/* A decimal number, with a sign where one is there. */
static bool take_number(struct p2a_str *s, double *value)
{
    bool negative = take_char(s, '-');
    size_t n = 0;
    uint64_t number;
    if (!negative)
        skip_blanks(s);
    while (n < s->n && s->at[n] >= '0' && s->at[n] <= '9')
        n++;
    if (!p2a_str_u64((struct p2a_str){s->at, n}, &number) || number > INT64_MAX)
        return false;
    s->at += n, s->n -= n;
    *value = negative ? -(double)number : (double)number;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits up to what is none; false where there are none or too many. */
static bool take_hex(struct p2a_str *s, uint64_t *value)
{
    size_t n = 0;
    *value = 0;
    for (; n < s->n && n < 17 && hex_digit(s->at[n]) >= 0; n++)
        *value = *value << 4 | (uint64_t)hex_digit(s->at[n]);
    s->at += n, s->n -= n;
    return n > 0 && n <= 16;
}

/* ---- probing --------------------------------------------------------------------------------- */

enum kind { NONE, CPU, HEAP, CONTENTION, COUNT };

static bool is_contention(struct p2a_str line)
{
    return p2a_str_starts(line, "--- contentionz ") || p2a_str_starts(line, "--- mutex:") ||
           p2a_str_starts(line, "--- contention:");
}

/* "goroutine profile: total 8": one word before; *name is it. */
static bool is_count(struct p2a_str line, struct p2a_str *name)
{
    struct p2a_str rest;
    uint64_t total;
    static const char between[] = "profile: total ";
    return p2a_str_cut(line, ' ', name, &rest) && name->n && p2a_str_starts(rest, between) &&
           p2a_str_u64((struct p2a_str){rest.at + sizeof between - 1, rest.n - sizeof between + 1},
                       &total);
}

static enum kind kind_of(struct p2a_str line)
{
    struct p2a_str name;
    if (p2a_str_starts(line, "heap profile:") && memchr(line.at, '@', line.n))
        return HEAP;
    if (is_contention(line))
        return CONTENTION;
    return is_count(line, &name) ? COUNT : NONE;
}

static enum p2a_sure probe(const struct p2a_probe *input)
{
    struct words words;
    uint64_t period;
    struct p2a_str rest = input->start, line;
    if (cpu_header((const unsigned char *)rest.at, rest.n, &words, &period))
        return P2A_CERTAIN;
    if (!p2a_probe_line(input, &rest, &line))
        return P2A_NO;
    enum kind kind = kind_of(line);
    return kind == NONE ? P2A_NO : kind == COUNT ? P2A_SURE : P2A_CERTAIN;
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static bool add_stack(struct reader *r, const double *value)
{
    if (!p2a_grow(&r->stack, &r->stack_room, (uint64_t)r->stack_n + 1, sizeof *r->stack))
        return no_memory(r);
    struct stack *s = &r->stack[r->stack_n++];
    *s = (struct stack){.address = r->address_n, .symbol = r->symbol_n};
    memcpy(s->value, value, r->values * sizeof *value);
    return true;
}

/* Another frame of the stack added last, nearer to the root. */
static bool add_address(struct reader *r, uint64_t address)
{
    struct stack *s = &r->stack[r->stack_n - 1];
    if (address && (s->address_n > 0 || r->called_leaf))
        address--;
    if (s->address_n == 1 && !r->called_leaf && address + 1 == r->address[s->address])
        return true;
    if (!p2a_grow(&r->address, &r->address_room, (uint64_t)r->address_n + 1, sizeof *r->address))
        return no_memory(r);
    r->address[r->address_n++] = address;
    s->address_n++;
    return true;
}

/* The addresses behind the '@' of a line. */
static bool add_addresses(struct reader *r, struct p2a_str rest)
{
    uint64_t address;
    if (!take_char(&rest, '@')) {
        p2a_bad_line(r->in, "no '@' behind the values, expected 'values @ addresses'");
        return false;
    }
    for (skip_blanks(&rest); rest.n; skip_blanks(&rest)) {
        bool hex = p2a_str_starts(rest, "0x");
        rest.at += hex ? 2 : 0, rest.n -= hex ? 2 : 0;
        if (!hex || !take_hex(&rest, &address)) {
            p2a_bad_line(r->in, "not an address at '%.*s', expected 0x and up to 16 digits",
                         rest.n < 20 ? (int)rest.n : 20, rest.at);
            return false;
        }
        if (!add_address(r, address))
            return false;
    }
    return true;
}

/* "#\t0x401135\tmain.work+0x35\t\t/src/main.go:12", of the stack before; other comments are passed
 * over. */
static bool add_symbol(struct reader *r, struct p2a_str line)
{
    struct p2a_str field[3], rest = line, number;
    unsigned n = 0;
    uint64_t at;
    for (struct p2a_str part; n < 3 && rest.n;) {
        p2a_str_cut(rest, '\t', &part, &rest);
        if (part.n && !p2a_str_is(part, "#"))
            field[n++] = part;
    }
    if (!r->stack_n || !p2a_str_starts(line, "#\t0x") || n < 3)
        return true;
    struct symbol s = {0};
    struct p2a_str name = field[1], file = field[2];
    for (size_t i = name.n; i-- > 1;)
        if (name.at[i] == '+') {
            name.n = i;
            break;
        }
    size_t colon = file.n;
    while (colon && file.at[colon - 1] != ':')
        colon--;
    number = p2a_str_trim((struct p2a_str){file.at + colon, file.n - colon});
    if (colon && p2a_str_u64(number, &at) && at <= INT32_MAX) {
        s.line = (int64_t)at;
        file.n = colon - 1;
    }
    s.name = p2a_intern(r->p, name);
    s.file = p2a_intern(r->p, file);
    if (!p2a_grow(&r->symbol, &r->symbol_room, (uint64_t)r->symbol_n + 1, sizeof *r->symbol))
        return no_memory(r);
    r->symbol[r->symbol_n++] = s;
    r->stack[r->stack_n - 1].symbol_n++;
    return s.name != P2A_NONE && s.file != P2A_NONE;
}

/* ---- mappings -------------------------------------------------------------------------------- */

/* "start-end perms offset device inode  file" of /proc/PID/maps; what isn't one is passed over. */
static bool add_map(struct reader *r, struct p2a_str line)
{
    struct map m = {0};
    struct p2a_str range = p2a_str_word(&line), perms = p2a_str_word(&line),
                   offset = p2a_str_word(&line);
    p2a_str_word(&line);
    p2a_str_word(&line);
    struct p2a_str file = p2a_str_trim(line);
    if (!take_hex(&range, &m.start) || !take_char(&range, '-') || !take_hex(&range, &m.end) ||
        !take_hex(&offset, &m.offset) || !memchr(perms.at, 'x', perms.n))
        return true;
    m.file = p2a_intern(r->p, file);
    if (!p2a_grow(&r->map, &r->map_room, (uint64_t)r->map_n + 1, sizeof *r->map))
        return no_memory(r);
    r->map[r->map_n++] = m;
    return m.file != P2A_NONE;
}

static bool starts_maps(struct p2a_str line)
{
    return p2a_str_starts(line, "MAPPED_LIBRARIES:") || p2a_str_starts(line, "--- Memory map: ---");
}

static bool read_maps(struct reader *r)
{
    struct p2a_str line;
    while (p2a_next_line(r->in, &line))
        if (!add_map(r, line))
            return false;
    return p2a_in_status(r->in) == P2A_OK;
}

/* ---- CPU ------------------------------------------------------------------------------------- */

static void add_metrics(struct reader *r, const char *first, const char *unit, double scale,
                        const char *second)
{
    r->column[1] = p2a_metric(r->p, first, unit, scale);
    r->column[0] = p2a_metric(r->p, second, "count", 1);
    r->values = 2;
}

/* One stack of the CPU profile; *end at its closing mark. */
static bool read_record(struct reader *r, struct words *w, const unsigned char *start,
                        uint64_t period, bool *end)
{
    uint64_t count, n, address = 0, at = (uint64_t)(w->at - start);
    if (!take_word(w, &count) || !take_word(w, &n) || n > (uint64_t)(w->end - w->at) / w->size) {
        p2a_bad_byte(r->in, at, "a stack runs past the end of the file");
        return false;
    }
    double value[VALUES] = {(double)count, (double)count * (double)period * 1000};
    struct words first = *w;
    *end = count == 0 && n == 1 && take_word(&first, &address) && address == 0;
    if (*end)
        w->at = first.at;
    if (*end || !add_stack(r, value))
        return *end;
    for (uint64_t i = 0; i < n; i++)
        if (!take_word(w, &address) || !add_address(r, address))
            return false;
    return true;
}

static bool read_cpu(struct reader *r)
{
    struct p2a_str bytes, rest, line;
    struct words words;
    uint64_t period;
    bool end = false;
    if (!p2a_all(r->in, &bytes))
        return false;
    const unsigned char *start = (const unsigned char *)bytes.at;
    cpu_header(start, bytes.n, &words, &period);
    add_metrics(r, "cpu", "seconds", 1e-9, "samples");
    while (!end && words.at < words.end)
        if (!read_record(r, &words, start, period, &end))
            return false;
    r->unended = !end;
    rest = (struct p2a_str){(const char *)words.at, (size_t)(words.end - words.at)};
    while (rest.n) {
        p2a_str_cut(rest, '\n', &line, &rest);
        if (!add_map(r, line))
            return false;
    }
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* "objects: bytes [ objects: bytes]", and what is behind it in *rest. */
static bool take_heap(struct p2a_str *rest, double *value)
{
    return take_number(rest, &value[0]) && take_char(rest, ':') && take_number(rest, &value[1]) &&
           take_char(rest, '[') && take_number(rest, &value[2]) && take_char(rest, ':') &&
           take_number(rest, &value[3]) && take_char(rest, ']');
}

/* Every allocation of SIZE is in the sample with the probability 1 - exp(-SIZE / RATE). */
static void scale_up(double *count, double *bytes, double rate)
{
    if (*count == 0 || *bytes == 0) {
        *count = *bytes = 0;
    } else if (rate > 1) {
        double scale = 1 / (1 - exp(-(*bytes / *count) / rate));
        *count = trunc(*count * scale);
        *bytes = trunc(*bytes * scale);
    }
}

struct heap {
    double rate; /* 0: all allocations are there */
    bool all;    /* what was ever allocated as well */
};

static bool heap_header(struct reader *r, struct p2a_str line, struct heap *heap)
{
    double value[4];
    struct p2a_str rest = {line.at + strlen("heap profile:"), line.n - strlen("heap profile:")};
    struct p2a_str name, rate;
    if (!take_heap(&rest, value) || !take_char(&rest, '@')) {
        p2a_bad_line(r->in, "expected 'heap profile: objects: bytes [ objects: bytes] @ kind'");
        return false;
    }
    p2a_str_cut(p2a_str_trim(rest), '/', &name, &rate);
    heap->all = (value[2] != value[0] && value[2] != 0) || (value[3] != value[1] && value[3] != 0);
    heap->rate = 0;
    bool v2 = p2a_str_is(name, "heap_v2") || p2a_str_is(name, "heapz_v2");
    if ((v2 || p2a_str_is(name, "heap")) && rate.n && !take_number(&rate, &heap->rate)) {
        p2a_bad_line(r->in, "'%.*s' is no sampling rate, expected a number",
                     rate.n < 40 ? (int)rate.n : 40, rate.at);
        return false;
    }
    if (!v2)
        heap->rate = trunc(heap->rate / 2);
    return true;
}

/* Values stand as allocated objects, bytes, used objects, bytes; or as objects, bytes. */
static void heap_metrics(struct reader *r, bool all)
{
    const char *objects = all ? "inuse_objects" : "objects";
    const char *space = all ? "inuse_space" : "space";
    uint32_t used = all ? 2 : 0;
    r->values = all ? 4 : 2;
    r->column[used + 1] = p2a_metric(r->p, space, "bytes", 1);
    if (all) {
        r->column[0] = p2a_metric(r->p, "alloc_objects", "count", 1);
        r->column[1] = p2a_metric(r->p, "alloc_space", "bytes", 1);
    }
    r->column[used] = p2a_metric(r->p, objects, "count", 1);
}

static bool heap_line(struct reader *r, struct p2a_str line, const struct heap *heap)
{
    double value[4], kept[VALUES];
    if (!take_heap(&line, value)) {
        p2a_bad_line(r->in, "expected 'objects: bytes [ objects: bytes] @ addresses'");
        return false;
    }
    if (heap->rate > 0) {
        scale_up(&value[0], &value[1], heap->rate);
        scale_up(&value[2], &value[3], heap->rate);
    }
    for (unsigned i = 0; i < VALUES; i++)
        kept[i] = heap->all ? value[(i + 2) % 4] : value[i];
    return add_stack(r, kept) && add_addresses(r, line);
}

struct contention {
    double period, hertz;
};

/* "key = value" before the stacks; false where it is none. */
static bool contention_setting(struct p2a_str line, struct contention *c)
{
    struct p2a_str key, value;
    double number;
    if (!p2a_str_cut(line, '=', &key, &value) || !take_number(&value, &number))
        return false;
    key = p2a_str_trim(key);
    if (p2a_str_is(key, "cycles/second"))
        c->hertz = number;
    if (p2a_str_is(key, "sampling period"))
        c->period = number;
    return true;
}

static bool contention_line(struct reader *r, struct p2a_str line, const struct contention *c)
{
    double cycles, times;
    if (!take_number(&line, &cycles) || !take_number(&line, &times)) {
        p2a_bad_line(r->in, "expected 'cycles times @ addresses'");
        return false;
    }
    if (c->period > 0 && c->hertz > 0)
        cycles = trunc(cycles * c->period / (c->hertz / 1e9));
    double value[VALUES] = {c->period > 0 ? times * c->period : times, cycles};
    return add_stack(r, value) && add_addresses(r, line);
}

static bool count_line(struct reader *r, struct p2a_str line)
{
    double value[VALUES] = {0};
    if (!take_number(&line, &value[0])) {
        p2a_bad_line(r->in, "expected 'count @ addresses'");
        return false;
    }
    return add_stack(r, value) && add_addresses(r, line);
}

struct text {
    enum kind kind;
    struct heap heap;
    struct contention contention;
};

static bool text_header(struct reader *r, struct p2a_str line, struct text *t)
{
    struct p2a_str name;
    t->kind = kind_of(line);
    t->contention.period = 1;
    if (t->kind == HEAP) {
        if (!heap_header(r, line, &t->heap))
            return false;
        heap_metrics(r, t->heap.all);
    } else if (t->kind == CONTENTION) {
        add_metrics(r, "delay", "seconds", 1e-9, "contentions");
    } else if (t->kind == COUNT && is_count(line, &name)) {
        p2a_id named = p2a_intern(r->p, name);
        r->column[0] = p2a_metric(r->p, p2a_string(r->p, named).at, "count", 1);
        r->values = 1;
    } else {
        p2a_bad_line(r->in, "expected 'heap profile:', 'NAME profile: total' or '--- contention'");
        return false;
    }
    return p2a_in_status(r->in) == P2A_OK;
}

static bool text_line(struct reader *r, struct p2a_str line, struct text *t)
{
    if (!line.n)
        return true;
    if (*line.at == '#')
        return add_symbol(r, line);
    if (t->kind == HEAP)
        return heap_line(r, line, &t->heap);
    if (t->kind == COUNT)
        return count_line(r, line);
    return (!r->stack_n && contention_setting(line, &t->contention)) ||
           contention_line(r, line, &t->contention);
}

/* Sections other than the mappings are passed over. */
static bool read_text(struct reader *r)
{
    struct p2a_str line;
    struct text text = {.kind = NONE};
    bool stacks = true;
    r->called_leaf = true;
    if (!p2a_next_line(r->in, &line) || !text_header(r, line, &text))
        return false;
    while (p2a_next_line(r->in, &line)) {
        if (starts_maps(line))
            return read_maps(r);
        stacks &= !p2a_str_starts(line, "---");
        if (stacks && !text_line(r, p2a_str_trim(line), &text))
            return false;
    }
    return p2a_in_status(r->in) == P2A_OK;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
    const struct map *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* The mapping that ADDRESS is in, or NULL. */
static const struct map *map_of(const struct reader *r, uint64_t address)
{
    uint32_t low = 0, high = r->map_n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->map[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < r->map[low - 1].end ? &r->map[low - 1] : NULL;
}

/* Programs that aren't moved are linked to run from here on x86-64. */
static const uint64_t UNMOVED = 0x400000;

static p2a_id address_function(struct reader *r, uint64_t address)
{
    const struct map *m = map_of(r, address);
    struct p2a_function f = {.kind = m ? P2A_NATIVE : P2A_UNKNOWN, .module = m ? m->file : 0};
    char text[24];
    if (m && m->file && m->start - m->offset != UNMOVED)
        address = address - m->start + m->offset;
    int n = snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    f.name = p2a_intern(r->p, (struct p2a_str){text, (size_t)n});
    return p2a_function(r->p, &f);
}

static p2a_id symbol_function(struct reader *r, const struct symbol *s)
{
    struct p2a_function f = {.name = s->name, .file = s->file, .kind = P2A_NATIVE};
    return p2a_function(r->p, &f);
}

static p2a_id no_stack(struct reader *r)
{
    struct p2a_function f = {.name = p2a_intern(r->p, P2A_LIT("[no stack]")), .kind = P2A_MARKER};
    p2a_note(r->p, "some samples have no stack: they are below [no stack]");
    return p2a_function(r->p, &f);
}

/* Where the leaf was, as the lines of its function. */
static bool add_place(struct reader *r, const struct stack *s, p2a_id leaf)
{
    struct p2a_line line = {.function = leaf, .file = r->p->functions.row[leaf].file};
    if (s->symbol_n)
        line.line = (uint64_t)r->symbol[s->symbol].line;
    if (s->address_n)
        line.address = r->address[s->address];
    for (uint32_t v = 0; v < r->values; v++)
        p2a_line_add(r->p, &line, r->column[v], s->value[v]);
    return p2a_in_status(r->in) == P2A_OK;
}

static bool plant(struct reader *r, const struct stack *s)
{
    uint32_t n = s->symbol_n ? s->symbol_n : s->address_n;
    p2a_id function = n ? P2A_NONE : no_stack(r);
    if (!n && !p2a_queue_frame(&r->queue, function))
        return false;
    for (uint32_t i = n; i-- > 0;) {
        function = s->symbol_n ? symbol_function(r, &r->symbol[s->symbol + i])
                               : address_function(r, r->address[s->address + i]);
        if (function == P2A_NONE || !p2a_queue_frame(&r->queue, function))
            return false;
    }
    p2a_queue_close(&r->queue, P2A_NONE);
    for (uint32_t v = 0; v < r->values; v++)
        p2a_queue_value(&r->queue, r->column[v], s->value[v]);
    return add_place(r, s, function);
}

static void plant_all(struct reader *r)
{
    if (r->map_n)
        qsort(r->map, r->map_n, sizeof *r->map, by_start);
    for (uint32_t i = 0; i < r->stack_n; i++)
        if (!plant(r, &r->stack[i]))
            return;
    if (r->unended)
        p2a_note(r->p, "the profile has no closing mark: the program may not have ended it");
    if (r->address_n && !r->symbol_n)
        p2a_note(r->p, "functions are named by their addresses: the file has no symbols");
}

static enum p2a_status read_gperftools(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .queue.p = in->profile};
    struct words words;
    uint64_t period;
    const unsigned char *at;
    size_t n = p2a_ahead(in, 64, &at);
    if (cpu_header(at, n, &words, &period) ? read_cpu(&r) : read_text(&r))
        plant_all(&r);
    else if (p2a_in_status(in) == P2A_OK)
        p2a_bad_line(in, "expected a profile of gperftools");
    p2a_queue_end(&r.queue);
    free(r.address);
    free(r.symbol);
    free(r.stack);
    free(r.map);
    return p2a_in_status(in);
}

const struct p2a_format p2a_format_gperftools = {
    .name = "gperftools",
    .title = "gperftools' CPU and heap profiles, Go's text ones",
    .probe = probe,
    .read = read_gperftools,
    .gives = P2A_CONTEXTS | P2A_LINES | P2A_ADDRESSES | P2A_MANY | P2A_MODULES | P2A_PLACES,
};
