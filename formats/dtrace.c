/* What DTrace prints of an aggregation over stack() or ustack(), leaf first; defined by its output.
 *
 *       bash                            other keys, before the stack
 *                   libc.so.1`__forkx+0xb
 *                   bash`make_child+0xb5
 *                   0xfffffd7fff6e3a40
 *                     3                 the count ends the stack
 *
 * - "object`symbol+0xoffset": the object is the module. Frames and the count stand apart by what
 *   they are: a count is a number alone, an address begins with 0x.
 * - A line that is no frame (no '`', no address) before the first frame is another key, the
 *   thread's name. A header line ("CPU     ID") ends with a stack of its own and is left out.
 *
 * It is only read. */
#include <stdlib.h>
#include <string.h>

#include "codec/demangle.h"
#include "model/queue.h"

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_buffer keys, name;
    struct p2a_queue queue; /* an open stack has its leaf first */
};

/* An object and a symbol, or an address. */
static bool is_frame(struct p2a_str text)
{
    return memchr(text.at, '`', text.n) || p2a_str_starts(text, "0x");
}

static struct p2a_str cut_offset(struct p2a_str symbol)
{
    size_t i = symbol.n;
    while (i && strchr("0123456789abcdef", symbol.at[i - 1]))
        i--;
    if (i > 3 && i < symbol.n && memcmp(symbol.at + i - 3, "+0x", 3) == 0)
        symbol.n = i - 3;
    return symbol;
}

static void take_frame(struct reader *r, struct p2a_str text)
{
    struct p2a_function f = {.kind = P2A_NATIVE};
    struct p2a_str object, symbol;
    if (p2a_str_cut(text, '`', &object, &symbol)) {
        f.module = p2a_intern(r->p, object);
        f.kind = p2a_str_is(object, "genunix") || p2a_str_is(object, "unix") ||
                         p2a_str_is(object, "kernel") || p2a_str_is(object, "mach_kernel")
                     ? P2A_KERNEL
                     : P2A_NATIVE;
        text = cut_offset(symbol);
    }
    f.name = p2a_intern(r->p, p2a_demangle(text, &r->name));
    p2a_queue_frame(&r->queue, p2a_function(r->p, &f));
}

static void take_count(struct reader *r, double count)
{
    struct p2a_str keys = {r->keys.at, r->keys.n};
    p2a_id metric = p2a_metric(r->p, "count", "count", 1);
    p2a_queue_turn(&r->queue);
    p2a_queue_close(&r->queue, keys.n ? p2a_thread(r->p, 0, 0, keys) : P2A_NONE);
    p2a_queue_value(&r->queue, metric, count);
    r->keys.n = 0;
}

static void take_key(struct reader *r, struct p2a_str text)
{
    if ((r->keys.n && !p2a_buffer_add(&r->keys, ", ", 2)) ||
        !p2a_buffer_add(&r->keys, text.at, text.n))
        p2a_in_no_memory(r->in);
}

static void take_line(struct reader *r, struct p2a_str line)
{
    struct p2a_str text = p2a_str_trim(line);
    double count;
    if (!text.n)
        return;
    if (is_frame(text))
        take_frame(r, text);
    else if (r->queue.open && p2a_str_double(text, &count))
        take_count(r, count);
    else if (r->queue.open)
        p2a_bad_line(r->in, "expected a frame 'object`symbol+0x1f' or the stack's count");
    else if (p2a_str_starts(text, "CPU ") || p2a_str_starts(text, "dtrace:"))
        r->keys.n = 0;
    else
        take_key(r, text);
}

static enum p2a_status read_dtrace(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .queue.p = in->profile};
    struct p2a_str line;
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line))
        take_line(&r, line);
    if (p2a_in_status(in) == P2A_OK && r.queue.open)
        p2a_bad_line(in, "the input ends within a stack, expected its count");
    p2a_queue_end(&r.queue);
    if (p2a_in_status(in) == P2A_OK && !r.p->contexts.n)
        p2a_bad_line(in, "no stacks, expected an aggregation of DTrace over stacks");
    p2a_buffer_free(&r.keys);
    if (r.name.failed)
        p2a_in_no_memory(in);
    p2a_buffer_free(&r.name);
    return p2a_in_status(in);
}

/* A frame with an object, and the count that ends its stack. */
static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    size_t frames = 0;
    bool object = false;
    double count;
    while (p2a_probe_line(probe, &rest, &line)) {
        struct p2a_str text = p2a_str_trim(line);
        bool indented = line.n && (line.at[0] == ' ' || line.at[0] == '\t');
        if (!text.n)
            continue;
        if (indented && is_frame(text)) {
            object = object || memchr(text.at, '`', text.n);
            frames++;
        } else if (frames) {
            return indented && object && p2a_str_double(text, &count) ? P2A_SURE : P2A_NO;
        }
    }
    return frames > 16 && object ? P2A_LIKELY : P2A_NO;
}

static const char *const patterns[] = {"*.dtrace", "*.stacks", NULL};

const struct p2a_format p2a_format_dtrace = {
    .name = "dtrace",
    .title = "DTrace's aggregations over stacks",
    .patterns = patterns,
    .probe = probe,
    .read = read_dtrace,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MODULES,
};
