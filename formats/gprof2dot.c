/* gprof2dot's own JSON input, which memtrail and other programs write. Defined by its schema.json.
 *
 *   {"version": 0, "costs": [{"description": "Memory", "unit": "bytes"}],
 *    "functions": [{"name": "main", "module": "app", "process": "app"}, {"name": "f"}],
 *    "events": [{"callchain": [1, 0], "cost": [7]}]}           callee first
 *
 * Keys may come in any order. Every cost is a metric: its name is the description, units of time
 * and size are known by their usual short names, any other is the metric's own word. A process is a
 * thread. Only read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/json.h"
#include "model/origin.h"
#include "model/queue.h"

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    bool events = p2a_json_has(probe, "events[].callchain", P2A_JSON_ARRAY);
    bool functions = p2a_json_has(probe, "functions", P2A_JSON_ARRAY);
    if (p2a_json_has(probe, "costs", P2A_JSON_ARRAY) && (events || functions))
        return P2A_SURE;
    return events ? P2A_SURE : P2A_NO;
}

struct function {
    p2a_id id, process; /* process: a string, 0: none */
};

/* Chains and costs as the file has them: functions may stand behind them.
 *
 *   number:  | 2 1 0 | 1 0 | …      cost:  | 7 | 1 | …
 *   event:   one a row: where its chain and its costs begin */
struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    struct function *function;
    uint32_t function_n, function_room;
    struct event {
        uint32_t chain, chain_n, cost, cost_n;
        uint64_t at;
    } * event;
    uint32_t event_n, event_room;
    uint32_t *number;
    uint32_t number_n, number_room;
    double *cost;
    uint32_t cost_n, cost_room;
    uint32_t metrics;
    struct p2a_queue queue;
};

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < P2A_NONE - 1 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    return p2a_json_no_memory(r->j);
}

static void add_metric(struct reader *r, struct p2a_str name, struct p2a_str unit)
{
    static const struct {
        const char *word, *unit;
        double scale;
    } units[] = {{"s", "seconds", 1},       {"seconds", "seconds", 1},  {"ms", "seconds", 1e-3},
                 {"us", "seconds", 1e-6},   {"ns", "seconds", 1e-9},    {"B", "bytes", 1},
                 {"bytes", "bytes", 1},     {"KB", "bytes", 1024},      {"KiB", "bytes", 1024},
                 {"MB", "bytes", 0x100000}, {"MiB", "bytes", 0x100000}, {"", "count", 1}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (p2a_str_is(unit, units[i].word)) {
            p2a_metric(r->p, name.at, units[i].unit, units[i].scale);
            return;
        }
    p2a_metric(r->p, name.at, unit.at, 1);
}

static void read_cost_head(struct reader *r)
{
    struct p2a_str key;
    p2a_id name = 0, unit = 0;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "description"))
            name = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "unit"))
            unit = p2a_json_intern(r->j, r->p);
        else
            p2a_json_skip(r->j);
    }
    if (!name)
        name = p2a_intern(r->p, P2A_LIT("cost"));
    add_metric(r, p2a_string(r->p, name), p2a_string(r->p, unit));
}

static void read_function(struct reader *r)
{
    struct p2a_function f = {0};
    struct function function = {0};
    struct p2a_str key, text;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "name") && p2a_json_string(r->j, &text))
            f.name = p2a_intern(r->p, text);
        else if (p2a_str_is(key, "module"))
            f.module = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "process"))
            function.process = p2a_json_intern(r->j, r->p);
        else
            p2a_json_skip(r->j);
    }
    p2a_tell_kind(r->p, &f);
    function.id = r->j->stopped ? P2A_NONE : p2a_function(r->p, &f);
    if (!r->j->stopped && grow(r, &r->function, &r->function_room, r->function_n, sizeof function))
        r->function[r->function_n++] = function;
}

static void read_chain(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        uint32_t number = (uint32_t)p2a_json_integer(r->j, 0, P2A_NONE - 1);
        if (r->j->stopped || !grow(r, &r->number, &r->number_room, r->number_n, sizeof *r->number))
            return;
        r->number[r->number_n++] = number;
    }
}

static void read_costs(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        double cost = p2a_json_number(r->j);
        if (r->j->stopped || !grow(r, &r->cost, &r->cost_room, r->cost_n, sizeof cost))
            return;
        r->cost[r->cost_n++] = cost;
    }
}

static void read_event(struct reader *r)
{
    struct event e = {.chain = r->number_n, .cost = r->cost_n};
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "callchain"))
            read_chain(r);
        else if (p2a_str_is(key, "cost"))
            read_costs(r);
        else
            p2a_json_skip(r->j);
    }
    e.chain_n = r->number_n - e.chain;
    e.cost_n = r->cost_n - e.cost;
    e.at = p2a_json_here(r->j);
    if (!r->j->stopped && grow(r, &r->event, &r->event_room, r->event_n, sizeof e))
        r->event[r->event_n++] = e;
}

static void read_file(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "costs"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                read_cost_head(r);
        else if (p2a_str_is(key, "functions"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                read_function(r);
        else if (p2a_str_is(key, "events"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                read_event(r);
        else
            p2a_json_skip(r->j);
    }
}

/* From the outermost caller, the last of the chain, inwards. */
static void add_event(struct reader *r, const struct event *e)
{
    p2a_id thread = P2A_NONE;
    for (uint32_t i = e->chain_n; i-- > 0;) {
        uint32_t number = r->number[e->chain + i];
        if (number >= r->function_n) {
            p2a_json_bad_at(r->j, e->at,
                            "function %" PRIu32 " in the event that ends here, expected less than "
                            "%" PRIu32,
                            number, r->function_n);
            return;
        }
        const struct function *f = &r->function[number];
        if (!r->queue.open && f->process)
            thread = p2a_thread(r->p, 0, 0, p2a_string(r->p, f->process));
        p2a_queue_frame(&r->queue, f->id);
    }
    if (e->cost_n > r->p->metrics.n || !e->chain_n)
        p2a_json_bad_at(r->j, e->at,
                        "%" PRIu32 " costs and a chain of %" PRIu32
                        " in the event that ends here, expected %" PRIu32 " costs at most and a "
                        "function",
                        e->cost_n, e->chain_n, r->p->metrics.n);
    if (!r->queue.open)
        return;
    p2a_queue_close(&r->queue, thread);
    for (uint32_t c = 0; c < e->cost_n && c < r->p->metrics.n; c++)
        p2a_queue_value(&r->queue, c, r->cost[e->cost + c]);
}

static enum p2a_status read_gprof2dot(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j, .queue.p = in->profile};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    read_file(&r);
    if (!r.p->metrics.n)
        p2a_metric(r.p, "cost", "count", 1);
    for (uint32_t i = 0; i < r.event_n && p2a_in_status(in) == P2A_OK; i++)
        add_event(&r, &r.event[i]);
    p2a_queue_end(&r.queue);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    free(r.function);
    free(r.event);
    free(r.number);
    free(r.cost);
    return p2a_in_status(in);
}

const struct p2a_format p2a_format_gprof2dot = {
    .name = "gprof2dot",
    .title = "gprof2dot's JSON",
    .probe = probe,
    .read = read_gprof2dot,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MANY | P2A_MODULES,
};
