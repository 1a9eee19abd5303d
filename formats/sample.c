/* The call graph that macOS' `sample` prints (and `spindump`, whose trees look alike); defined by
 * its output. Counts are of samples and of everything below a line:
 *
 *     Call graph:
 *         2000 Thread_7   DispatchQueue_1: com.apple.main-thread  (serial)
 *         + 2000 start  (in dyld) + 1903  [0x1a2b]
 *         +   1990 main  (in app) + 10,42  [0x1f0,0x1f8]  main.c:12
 *         +   ! 1500 work  (in app) + 4  [0x1f0]
 *         +   10 idle  (in app) + 4  [0x1f0]
 *
 * - The column of the count says how deep a frame is; what stands before it is decoration.
 * - self = count - Σ counts right below it. A frame with less than its callees is an error.
 * - Threads are the top lines. "main.c:12" at the end is where the frame stood: a cost per line.
 * - The graph ends with an empty line; what follows (sorted lists, images) says nothing new.
 *
 * It is only read. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/demangle.h"
#include "prof2any/format.h"

/* A frame whose callees may still come. */
struct open {
    size_t column;
    p2a_id context; /* P2A_NONE: a thread */
    double left;    /* of its count, when the callees so far are taken off */
    struct p2a_line line;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct open *open;
    uint32_t open_n, open_room;
    p2a_id thread;
    struct p2a_buffer name;
    bool graph;
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct p2a_str from(struct p2a_str s, size_t i)
{
    return (struct p2a_str){s.at + i, s.n - i};
}

/* The count of a line of the tree, its column, and what stands behind it. */
static bool parse(struct p2a_str line, size_t *column, double *count, struct p2a_str *text)
{
    size_t i = 0, n = 0;
    uint64_t value;
    while (i < line.n && strchr(" +!:|", line.at[i]))
        i++;
    while (i + n < line.n && digit(line.at[i + n]))
        n++;
    if (!i || !n || i + n >= line.n || line.at[i + n] != ' ' ||
        !p2a_str_u64((struct p2a_str){line.at + i, n}, &value))
        return false;
    *column = i;
    *count = (double)value;
    *text = p2a_str_trim(from(line, i + n));
    return text->n > 0;
}

/* "name  (in object) + 4,12  [0x1f0,…]  file.c:12" */
static struct p2a_function split(struct reader *r, struct p2a_str text, struct p2a_line *line)
{
    struct p2a_function f = {.kind = P2A_NATIVE};
    const char *in = memmem(text.at, text.n, "  (in ", 6);
    struct p2a_str name = text, rest = P2A_LIT("");
    if (in) {
        name.n = (size_t)(in - text.at);
        rest = from(text, name.n + 6);
        size_t close = 0;
        while (close < rest.n && rest.at[close] != ')')
            close++;
        f.module = p2a_intern(r->p, (struct p2a_str){rest.at, close});
        rest = from(rest, close);
    }
    size_t bracket = rest.n, colon;
    while (bracket && rest.at[bracket - 1] != ']')
        bracket--;
    struct p2a_str place = p2a_str_trim(from(rest, bracket));
    for (colon = place.n; colon && place.at[colon - 1] != ':'; colon--)
        continue;
    if (bracket && colon > 1 && p2a_str_u64(from(place, colon), &line->line))
        line->file = p2a_intern(r->p, (struct p2a_str){place.at, colon - 1});
    f.name = p2a_intern(r->p, p2a_demangle(p2a_str_trim(name), &r->name));
    return f;
}

static void close_to(struct reader *r, size_t column)
{
    while (r->open_n && r->open[r->open_n - 1].column >= column) {
        const struct open *o = &r->open[--r->open_n];
        if (o->context == P2A_NONE || !(o->left > 0))
            continue;
        p2a_context_add(r->p, o->context, 0, o->left);
        p2a_line_add(r->p, &o->line, 0, o->left);
    }
}

static bool push(struct reader *r, struct open open)
{
    if (!p2a_grow(&r->open, &r->open_room, (uint64_t)r->open_n + 1, sizeof open))
        return p2a_in_no_memory(r->in), false;
    r->open[r->open_n++] = open;
    return true;
}

static void take_line(struct reader *r, struct p2a_str line)
{
    struct p2a_str text;
    size_t column;
    double count;
    if (!parse(line, &column, &count, &text)) {
        p2a_bad_line(r->in, "expected a frame of the call graph: 'COUNT name  (in object)'");
        return;
    }
    close_to(r, column);
    struct open open = {.column = column, .context = P2A_NONE, .left = count};
    struct open *parent = r->open_n ? &r->open[r->open_n - 1] : NULL;
    if (parent && (parent->left -= count) < 0) {
        p2a_bad_line(r->in, "more samples than the frame above has, expected %.0f at most",
                     parent->left + count);
        return;
    }
    if (!parent && p2a_str_starts(text, "Thread")) {
        r->thread = p2a_thread(r->p, 0, 0, text);
    } else {
        struct p2a_function f = split(r, text, &open.line);
        p2a_id caller = parent ? parent->context : P2A_NONE;
        open.line.function = p2a_function(r->p, &f);
        open.context = p2a_context(r->p, caller, open.line.function, r->thread);
    }
    push(r, open);
}

static enum p2a_status read_sample(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .thread = P2A_NONE};
    struct p2a_str line;
    p2a_metric(r.p, "samples", "samples", 1);
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line)) {
        if (!r.graph)
            r.graph = p2a_str_starts(line, "Call graph:");
        else if (p2a_str_trim(line).n)
            take_line(&r, line);
        else if (r.p->threads.n || r.p->contexts.n)
            break;
    }
    if (p2a_in_status(in) == P2A_OK && !r.open_n)
        p2a_bad_line(in, "no frames, expected 'Call graph:' and the tree of macOS' sample");
    if (p2a_in_status(in) == P2A_OK)
        close_to(&r, 0);
    free(r.open);
    if (r.name.failed)
        p2a_in_no_memory(in);
    p2a_buffer_free(&r.name);
    return p2a_in_status(in);
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line, text;
    size_t column;
    double count;
    bool graph = false;
    while (p2a_probe_line(probe, &rest, &line)) {
        if (graph)
            return parse(line, &column, &count, &text) ? P2A_CERTAIN : P2A_NO;
        graph = p2a_str_starts(line, "Call graph:");
    }
    return p2a_str_starts(probe->start, "Analysis of sampling ") ||
                   p2a_str_starts(probe->start, "Sampling process ")
               ? P2A_SURE
               : P2A_NO;
}

static const char *const patterns[] = {"*.sample.txt", NULL};

const struct p2a_format p2a_format_sample = {
    .name = "sample",
    .title = "the call graph of macOS' sample",
    .patterns = patterns,
    .probe = probe,
    .read = read_sample,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MODULES | P2A_LINES,
};
