/* line_profiler's .lprof: a pickle of its LineStats, defined by line_profiler's
 * _line_profiler.pyx:
 *
 *     timings  {(file, first line, function): [(line, hits, time), …], …}
 *     unit     seconds a unit of time
 *
 * - A line's time holds the calls that it makes, so it is the function's total that its lines add
 *   up to; what callees took is not known apart. It is given as self and total, and a note says
 *   that functions which call one another count the same time more than once.
 * - Hits of lines are a metric of their own: of a function they are no calls.
 *
 * It is only read. */
#include <math.h>
#include <string.h>

#include "codec/pickle.h"
#include "prof2any/format.h"

enum { TIME, HITS };

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct pickle pickle;
};

static bool is_number(const struct pickle_value *value)
{
    return value && (value->kind == PICKLE_INT || value->kind == PICKLE_FLOAT);
}

static enum p2a_status unexpected(struct reader *r, const char *expected)
{
    return p2a_bad_byte(r->in, 0, "no LineStats of line_profiler: %s was expected", expected);
}

/* (line, hits, time). NEW: from this line on none of the function is there. */
static enum p2a_status take_line(struct reader *r, p2a_id function, p2a_id file, uint64_t *new,
                                 const struct pickle_value *tuple)
{
    const struct pickle_value *line = p2a_pickle_child(&r->pickle, tuple, 0);
    const struct pickle_value *hits = p2a_pickle_child(&r->pickle, tuple, 1);
    const struct pickle_value *time = p2a_pickle_child(&r->pickle, tuple, 2);
    if (!is_number(line) || !is_number(hits) || !is_number(time) || line->integer < 0)
        return unexpected(r, "a line with its number, hits and time");
    struct p2a_line place = {.function = function, .file = file, .line = (uint64_t)line->integer};
    bool is_new = place.line >= *new;
    p2a_id id = is_new ? p2a_line_new(r->p, &place) : p2a_line(r->p, &place);
    *new = is_new ? place.line + 1 : *new;
    double *self = p2a_node_self(r->p, function), *total = p2a_node_total(r->p, function);
    if (id == P2A_NONE || !self || !total)
        return p2a_in_status(r->in);
    const double values[] = {[TIME] = time->real, [HITS] = hits->real};
    for (int m = TIME; m <= HITS; m++) {
        r->p->graph.line_self[(size_t)id * r->p->columns + (size_t)m] += values[m];
        self[m] += values[m];
        total[m] += values[m];
    }
    return P2A_OK;
}

/* (file, first line, function): [lines] */
static enum p2a_status take_function(struct reader *r, const struct pickle_value *key,
                                     const struct pickle_value *lines)
{
    const struct pickle *pickle = &r->pickle;
    const struct pickle_value *file = p2a_pickle_child(pickle, key, 0);
    const struct pickle_value *line = p2a_pickle_child(pickle, key, 1);
    const struct pickle_value *name = p2a_pickle_child(pickle, key, 2);
    if (!file || file->kind != PICKLE_TEXT || !is_number(line) || !name ||
        name->kind != PICKLE_TEXT || lines->kind != PICKLE_LIST)
        return unexpected(r, "a function (file, line, name) with a list of lines");
    struct p2a_function f = {.name = p2a_intern(r->p, name->text),
                             .file = p2a_intern(r->p, file->text),
                             .line = line->integer > 0 ? line->integer : 0,
                             .kind = P2A_PYTHON};
    uint32_t before = r->p->functions.n;
    p2a_id id = p2a_function(r->p, &f);
    uint64_t new = id == before ? 0 : UINT64_MAX;
    struct p2a_node *node = p2a_node(r->p, id);
    if (node)
        node->has |= P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    enum p2a_status status = p2a_in_status(r->in);
    for (uint32_t link = lines->first; status == P2A_OK && link != UINT32_MAX;) {
        status = take_line(r, id, f.file, &new, &pickle->value[pickle->link[link].value]);
        link = pickle->link[link].next;
    }
    return status;
}

static enum p2a_status take_stats(struct reader *r)
{
    const struct pickle *pickle = &r->pickle;
    const struct pickle_value *state = p2a_pickle_child(pickle, &pickle->value[pickle->top], 0);
    const struct pickle_value *timings = p2a_pickle_get(pickle, state, "timings");
    const struct pickle_value *unit = p2a_pickle_get(pickle, state, "unit");
    if (!timings || timings->kind != PICKLE_DICT || !is_number(unit))
        return unexpected(r, "an object with timings and unit");
    if (!(unit->real > 0) || !isfinite(unit->real))
        return unexpected(r, "a unit above 0");
    p2a_metric(r->p, "time", "seconds", unit->real);
    p2a_metric(r->p, "hits", "count", 1);
    enum p2a_status status = p2a_in_status(r->in);
    for (uint32_t link = timings->first; status == P2A_OK && link != UINT32_MAX;) {
        const struct pickle_value *key = &pickle->value[pickle->link[link].value];
        link = pickle->link[link].next;
        if (link == UINT32_MAX)
            return unexpected(r, "a value for every function");
        status = take_function(r, key, &pickle->value[pickle->link[link].value]);
        link = pickle->link[link].next;
    }
    if (r->p->graph.order_n > 1)
        p2a_note(r->p, "a line's time holds the calls it makes: functions that call one another "
                       "count the same time more than once");
    return status;
}

static enum p2a_status read_lprof(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile};
    struct p2a_str bytes;
    if (!p2a_all(in, &bytes))
        return p2a_in_status(in);
    if (p2a_pickle_read(&r.pickle, bytes))
        take_stats(&r);
    else if (r.pickle.no_memory)
        p2a_in_no_memory(in);
    else
        p2a_bad_byte(in, r.pickle.at, "%s", r.pickle.wrong);
    p2a_pickle_free(&r.pickle);
    return p2a_in_status(in);
}

/* A pickle that names line_profiler's class near its start. */
static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str start = probe->start;
    if (start.n < 2 || (unsigned char)start.at[0] != 0x80)
        return P2A_NO;
    size_t near = start.n < 128 ? start.n : 128;
    return memmem(start.at, near, "line_profiler", 13) ? P2A_CERTAIN : P2A_NO;
}

static const char *const aliases[] = {"line_profiler", NULL};
static const char *const patterns[] = {"*.lprof", NULL};

const struct p2a_format p2a_format_lprof = {
    .name = "lprof",
    .title = "line_profiler's times of lines",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_lprof,
    .gives = P2A_GRAPH | P2A_LINES | P2A_MANY | P2A_PLACES,
};
