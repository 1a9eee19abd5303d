/* What bpftrace prints of maps that have stacks as keys, leaf first; defined by its output.
 *
 *     @name[                       the map's name may be missing
 *         symbol+12                kstack or ustack, in lines of their own
 *         0x7f09c78acb00
 *     , comm, 42]: 17              other keys stand around them
 *
 * - A map is a metric. Two stacks in one key are one: the second called the first (kstack, ustack).
 * - The other keys are the thread's name: by them --thread selects and threads are kept apart.
 * - Histograms and what a script prints beside its maps are left out; a note says how many maps'
 *   entries had no count.
 *
 * It is only read. */
#include <stdlib.h>
#include <string.h>

#include "codec/demangle.h"
#include "model/queue.h"

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    bool open; /* between "@[" and "]: 17" */
    struct p2a_buffer map, keys, name;
    struct p2a_queue queue; /* an open stack has its leaf first */
    size_t left_out;
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct p2a_str from(struct p2a_str s, size_t i)
{
    return (struct p2a_str){s.at + i, s.n - i};
}

/* "@name[": returns what stands behind the bracket. */
static bool cut_map(struct p2a_str line, struct p2a_str *name, struct p2a_str *rest)
{
    size_t i = 1;
    if (!p2a_str_starts(line, "@"))
        return false;
    while (i < line.n && (digit(line.at[i]) || line.at[i] == '_' ||
                          ((line.at[i] | 32) >= 'a' && (line.at[i] | 32) <= 'z')))
        i++;
    if (i == line.n || line.at[i] != '[')
        return false;
    *name = (struct p2a_str){line.at + 1, i - 1};
    *rest = from(line, i + 1);
    return true;
}

/* "keys]: 17" at the end of an entry; the count may be missing. */
static bool cut_count(struct p2a_str line, struct p2a_str *keys, struct p2a_str *count)
{
    for (size_t i = line.n; i-- > 0;)
        if (line.at[i] == ']' && i + 1 < line.n && line.at[i + 1] == ':') {
            *keys = (struct p2a_str){line.at, i};
            *count = p2a_str_trim(from(line, i + 2));
            return true;
        }
    return false;
}

/* Keys that are no stacks, without the commas at their ends. */
static void add_keys(struct reader *r, struct p2a_str keys)
{
    while (keys.n && (keys.at[0] == ',' || keys.at[0] == ' '))
        keys = from(keys, 1);
    while (keys.n && (keys.at[keys.n - 1] == ',' || keys.at[keys.n - 1] == ' '))
        keys.n--;
    if (!keys.n)
        return;
    if ((r->keys.n && !p2a_buffer_add(&r->keys, ", ", 2)) ||
        !p2a_buffer_add(&r->keys, keys.at, keys.n))
        p2a_in_no_memory(r->in);
}

static void take_frame(struct reader *r, struct p2a_str text)
{
    size_t plus = text.n;
    while (plus && digit(text.at[plus - 1]))
        plus--;
    if (plus > 1 && plus < text.n && text.at[plus - 1] == '+')
        text.n = plus - 1;
    struct p2a_function f = {.name = p2a_intern(r->p, p2a_demangle(text, &r->name)),
                             .kind = P2A_NATIVE};
    p2a_queue_frame(&r->queue, p2a_function(r->p, &f));
}

static p2a_id metric_of(struct reader *r)
{
    if (!r->map.n)
        return p2a_metric(r->p, "count", "count", 1);
    if (!p2a_buffer_add(&r->map, "", 1)) {
        p2a_in_no_memory(r->in);
        return P2A_NONE;
    }
    return p2a_metric(r->p, r->map.at, "count", 1);
}

static void close_entry(struct reader *r, double count)
{
    p2a_id metric = metric_of(r);
    struct p2a_str keys = {r->keys.at, r->keys.n};
    p2a_id thread = keys.n ? p2a_thread(r->p, 0, 0, keys) : P2A_NONE;
    if (!r->queue.open) {
        struct p2a_function f = {.name = p2a_intern(r->p, P2A_LIT("[no stack]")),
                                 .kind = P2A_MARKER};
        p2a_queue_frame(&r->queue, p2a_function(r->p, &f));
    }
    if (p2a_in_status(r->in) != P2A_OK)
        return;
    p2a_queue_turn(&r->queue);
    p2a_queue_close(&r->queue, thread);
    p2a_queue_value(&r->queue, metric, count);
}

static void end_entry(struct reader *r, struct p2a_str keys, struct p2a_str count)
{
    double value;
    add_keys(r, keys);
    if (p2a_str_double(count, &value))
        close_entry(r, value);
    else
        r->left_out++;
    r->open = false;
}

static void take_line(struct reader *r, struct p2a_str line)
{
    struct p2a_str name, rest, keys, count;
    if (!r->open) {
        if (!cut_map(line, &name, &rest))
            return;
        r->open = true;
        r->map.n = r->keys.n = 0;
        p2a_queue_drop(&r->queue);
        if (!p2a_buffer_add(&r->map, name.at, name.n))
            p2a_in_no_memory(r->in);
        line = rest;
    } else if (line.n && (line.at[0] == ' ' || line.at[0] == '\t')) {
        take_frame(r, p2a_str_trim(line));
        return;
    }
    if (cut_count(line, &keys, &count))
        end_entry(r, keys, count);
    else
        add_keys(r, line);
}

static enum p2a_status read_bpftrace(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .queue.p = in->profile};
    struct p2a_str line;
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line))
        take_line(&r, line);
    if (p2a_in_status(in) == P2A_OK && r.open)
        p2a_bad_line(in, "the input ends within a map's entry, expected ']: COUNT'");
    p2a_queue_end(&r.queue);
    if (p2a_in_status(in) == P2A_OK && !r.p->contexts.n)
        p2a_bad_line(in, "no counts, expected maps of bpftrace: '@[stack]: count'");
    if (r.left_out)
        p2a_note(r.p, "%zu %s no count (histograms): left out", r.left_out,
                 r.left_out == 1 ? "entry of maps has" : "entries of maps have");
    p2a_buffer_free(&r.map);
    p2a_buffer_free(&r.keys);
    if (r.name.failed)
        p2a_in_no_memory(in);
    p2a_buffer_free(&r.name);
    return p2a_in_status(in);
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line, name, keys, count;
    bool open = false;
    size_t frames = 0;
    while (p2a_probe_line(probe, &rest, &line)) {
        if (!open) {
            open = cut_map(line, &name, &line);
            frames = 0;
        } else if (p2a_str_starts(line, " ") || p2a_str_starts(line, "\t")) {
            frames++;
            continue;
        }
        if (!open || !cut_count(line, &keys, &count))
            continue;
        if (frames)
            return P2A_SURE;
        open = false;
    }
    return P2A_NO;
}

static const char *const patterns[] = {"*.bpftrace", "*.bt.out", NULL};

const struct p2a_format p2a_format_bpftrace = {
    .name = "bpftrace",
    .title = "bpftrace's maps with stacks as keys",
    .patterns = patterns,
    .probe = probe,
    .read = read_bpftrace,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MANY,
};
