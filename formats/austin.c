/* Austin's text, a frame stack sampler for Python; a line a sample, root first. Defined by its
 * README and by what versions 1 and 3 print:
 *
 *     Thread 55af;name (file);L12;name (file);L7 5066          version 1: the thread's address
 *     Thread 55af;name (file:12);name (file:7) 5066            the same with -a
 *     Process 42;Thread 55af;… 5066 64 0                       with -C and -f: time, memory + and -
 *     P42;T0:7f45;file:name:12;file:name:7 5066                version 3, 0 is the interpreter
 *     P42;T0:7f45;… 5066,0,128                                 with -f: time, idle, memory
 *     # mode: full                                             version 2 and 3 say what they count
 *
 * - Times are microseconds. Memory is KiB in version 1, which doesn't say that it counts memory
 * with -m: such a file reads as times. Later it is bytes; what was given back is a metric of its
 * own.
 * - A line number is where a frame stood, so it is a cost per line of the leaf. Where a function
 *   starts isn't known; two functions of one name and file are one.
 * - ":GC:", ":INVALID:" and the like are markers, kept as they are.
 *
 * It is only read; MOJO, Austin's binary format, isn't. */
#include <string.h>

#include "model/queue.h"

enum { MOST_COUNTS = 3 };

/* ---- a line ---- */

struct sample {
    struct p2a_str frames; /* between the thread and the counts */
    uint64_t pid, tid;
    struct p2a_str thread;
    double count[MOST_COUNTS];
    int counts;
    bool commas; /* version 2 and later */
};

static bool is_hex(struct p2a_str word, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit > 15 || i >= 16)
            return false;
        *value = *value << 4 | digit;
    }
    return word.n > 0;
}

/* Takes the last word off S. */
static struct p2a_str cut_word(struct p2a_str *s)
{
    struct p2a_str rest = p2a_str_trim(*s);
    size_t i = rest.n;
    while (i && rest.at[i - 1] != ' ')
        i--;
    *s = (struct p2a_str){rest.at, i};
    return (struct p2a_str){rest.at + i, rest.n - i};
}

/* "5066", "5066 64 0" or "5066,0,128" at the end of the line. */
static bool cut_counts(struct p2a_str *line, struct sample *s)
{
    struct p2a_str rest = *line, word = cut_word(&rest), first, more;
    double value[MOST_COUNTS];
    int n = 0;
    s->commas = memchr(word.at, ',', word.n) != NULL;
    if (s->commas) {
        for (more = word; more.n && s->counts < MOST_COUNTS; s->counts++) {
            p2a_str_cut(more, ',', &first, &more);
            if (!p2a_str_double(first, &s->count[s->counts]))
                return false;
        }
        *line = rest;
        return s->counts == MOST_COUNTS && !more.n;
    }
    /* The id of a thread in no function, "Thread 5620 5066", may look like a count. */
    while (n < MOST_COUNTS && !p2a_str_ends(p2a_str_trim(rest), "Thread") &&
           p2a_str_double(word, &value[n])) {
        n++;
        *line = rest;
        word = cut_word(&rest);
    }
    if (n != 1 && n != MOST_COUNTS)
        return false;
    for (s->counts = 0; s->counts < n; s->counts++)
        s->count[s->counts] = value[n - 1 - s->counts];
    return true;
}

/* "Process 42;Thread 55af;" or "P42;T0:7f45;": the process may be missing. */
static bool cut_thread(struct p2a_str *line, struct sample *s)
{
    struct p2a_str head, tail, word, id;
    p2a_str_cut(*line, ';', &head, &tail);
    bool old = p2a_str_starts(head, "Process "), late = !old && p2a_str_starts(head, "P");
    if (old || late) {
        size_t skip = old ? 8 : 1;
        if (!p2a_str_u64((struct p2a_str){head.at + skip, head.n - skip}, &s->pid))
            return false;
        p2a_str_cut(tail, ';', &head, &tail);
    }
    size_t skip = p2a_str_starts(head, "Thread ") ? 7 : p2a_str_starts(head, "T") ? 1 : 0;
    s->thread = p2a_str_trim(head);
    if (!skip || s->thread.n <= skip)
        return false;
    word = (struct p2a_str){s->thread.at + skip, s->thread.n - skip};
    if (!p2a_str_cut(word, ':', &head, &id))
        id = word;
    if (p2a_str_starts(id, "0x"))
        id = (struct p2a_str){id.at + 2, id.n - 2};
    *line = tail;
    return (skip == 1 && p2a_str_u64(id, &s->tid)) || is_hex(id, &s->tid);
}

static bool parse(struct p2a_str line, struct sample *s)
{
    *s = (struct sample){.counts = 0};
    if (!cut_counts(&line, s) || !cut_thread(&line, s))
        return false;
    s->frames = p2a_str_trim(line);
    return true;
}

/* ---- frames ---- */

struct place {
    struct p2a_str name, file;
    uint64_t line;
};

/* Cuts the digits behind the last C off *s. */
static bool cut_number(struct p2a_str *s, char c, uint64_t *number)
{
    size_t i = s->n;
    while (i && s->at[i - 1] != c)
        i--;
    if (!i || !p2a_str_u64((struct p2a_str){s->at + i, s->n - i}, number))
        return false;
    s->n = i - 1;
    return true;
}

/* "name (file)" and "name (file:12)" */
static bool split_old(struct p2a_str frame, struct place *place)
{
    size_t open = frame.n;
    if (!p2a_str_ends(frame, ")"))
        return false;
    while (open > 1 && !(frame.at[open - 1] == '(' && frame.at[open - 2] == ' '))
        open--;
    if (open < 2)
        return false;
    place->name = (struct p2a_str){frame.at, open - 2};
    place->file = (struct p2a_str){frame.at + open, frame.n - open - 1};
    cut_number(&place->file, ':', &place->line);
    return true;
}

/* "file:name:12"; a file may hold colons, a name doesn't. */
static bool split_late(struct p2a_str frame, struct place *place)
{
    struct p2a_str rest = frame;
    if (!cut_number(&rest, ':', &place->line))
        return false;
    size_t i = rest.n;
    while (i && rest.at[i - 1] != ':')
        i--;
    if (!i)
        return false;
    place->name = (struct p2a_str){rest.at + i, rest.n - i};
    place->file = (struct p2a_str){rest.at, i - 1};
    return true;
}

/* Takes the next frame off *frames: version 1 puts the line into a frame of its own. */
static struct place next_frame(struct p2a_str *frames)
{
    struct p2a_str frame, line, rest;
    struct place place = {.line = 0};
    p2a_str_cut(*frames, ';', &frame, frames);
    if (!split_old(frame, &place) && !split_late(frame, &place)) {
        place.name = frame;
        return place;
    }
    p2a_str_cut(*frames, ';', &line, &rest);
    if (p2a_str_starts(line, "L") &&
        p2a_str_u64((struct p2a_str){line.at + 1, line.n - 1}, &place.line))
        *frames = rest;
    return place;
}

/* ---- reader ---- */

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    bool memory; /* "# mode: memory" */
    struct p2a_queue queue;
};

static p2a_id function_of(struct reader *r, const struct place *place)
{
    struct p2a_function f = {.name = p2a_intern(r->p, place->name),
                             .file = p2a_intern(r->p, place->file),
                             .kind = place->file.n ? P2A_PYTHON : P2A_MARKER};
    return p2a_function(r->p, &f);
}

static void add(struct reader *r, const struct p2a_line *line, p2a_id metric, double value)
{
    p2a_queue_value(&r->queue, metric, value);
    p2a_line_add(r->p, line, metric, value);
}

/* What the counts of a line mean; the metrics are made when the first line shows how many. */
static void add_counts(struct reader *r, const struct sample *s, const struct p2a_line *line)
{
    double unit = s->commas ? 1 : 1024;
    if (s->counts == 1 && r->memory) {
        add(r, line, p2a_metric(r->p, "memory", "bytes", 1), s->count[0]);
        return;
    }
    add(r, line, p2a_metric(r->p, "time", "seconds", 1e-6), s->count[0]);
    if (s->counts == 1)
        return;
    p2a_id busy = s->commas ? p2a_metric(r->p, "cpu time", "seconds", 1e-6) : P2A_NONE;
    p2a_id taken = p2a_metric(r->p, "allocated", "bytes", unit);
    p2a_id given = p2a_metric(r->p, "freed", "bytes", unit);
    double more = s->commas ? s->count[2] : s->count[1], less = s->commas ? -more : -s->count[2];
    if (busy != P2A_NONE && s->count[1] == 0)
        add(r, line, busy, s->count[0]);
    add(r, line, taken, more > 0 ? more : 0);
    add(r, line, given, less > 0 ? less : 0);
}

static void take_sample(struct reader *r, const struct sample *s)
{
    p2a_id thread = p2a_thread(r->p, s->pid, s->tid, s->thread);
    struct p2a_str frames = s->frames;
    struct place place = {.name = P2A_LIT("[no stack]")};
    struct p2a_line line = {0};
    do {
        if (frames.n)
            place = next_frame(&frames);
        line.function = function_of(r, &place);
    } while (p2a_queue_frame(&r->queue, line.function) && frames.n);
    if (!r->queue.open)
        return;
    p2a_queue_close(&r->queue, thread);
    line.file = p2a_intern(r->p, place.file);
    line.line = place.line;
    add_counts(r, s, &line);
}

static void take_comment(struct reader *r, struct p2a_str line)
{
    if (p2a_str_starts(line, "# mode:"))
        r->memory = p2a_str_ends(p2a_str_trim(line), "memory");
}

static const char mojo[] = "MOJ";

static enum p2a_status read_austin(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .queue.p = in->profile};
    struct p2a_str line;
    struct sample s;
    const unsigned char *start;
    if (p2a_ahead(in, strlen(mojo), &start) >= strlen(mojo) &&
        memcmp(start, mojo, strlen(mojo)) == 0)
        return p2a_bad_byte(
            in, 0, "Austin's binary MOJO, expected its text: 'mojo2austin FILE' writes it");
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line)) {
        if (!p2a_str_trim(line).n)
            continue;
        if (p2a_str_starts(line, "# "))
            take_comment(&r, line);
        else if (parse(line, &s))
            take_sample(&r, &s);
        else
            p2a_bad_line(in, "expected 'Thread ID;frames... count' or 'P1;T1;frames... count'");
    }
    p2a_queue_end(&r.queue);
    if (p2a_in_status(in) == P2A_OK && !in->profile->contexts.n)
        p2a_bad_line(in, "no samples, expected lines of Austin");
    return p2a_in_status(in);
}

/* ---- probe ---- */

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    struct sample s;
    size_t samples = 0, others = 0;
    bool says = false;
    if (p2a_str_starts(probe->start, mojo))
        return P2A_CERTAIN;
    while (p2a_probe_line(probe, &rest, &line)) {
        says = says || p2a_str_starts(line, "# austin:");
        if (!line.n || p2a_str_starts(line, "# "))
            continue;
        if (parse(line, &s))
            samples++;
        else
            others++;
    }
    if (others || !samples)
        return says && !others ? P2A_SURE : P2A_NO;
    return P2A_SURE;
}

static const char *const patterns[] = {"*.austin", NULL};

const struct p2a_format p2a_format_austin = {
    .name = "austin",
    .title = "samples of Austin, for Python",
    .patterns = patterns,
    .probe = probe,
    .read = read_austin,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MANY | P2A_LINES | P2A_PLACES,
};
