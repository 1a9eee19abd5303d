#include "model/lines.h"

#include <stdlib.h>

#include "model/core.h"

const struct p2a_packed_lines *p2a_packed_of(const struct p2a_profile *p)
{
    return &p->core->packed;
}

bool p2a_packs_lines(const struct p2a_profile *p, uint32_t columns)
{
    const struct p2a_packed_lines *packed = &p->core->packed;
    return p->core->lazy && !p->graph.line_n && columns <= P2A_PACKED_COLUMNS &&
           (!packed->n || packed->columns == columns) && packed->byte_n < UINT32_MAX / 4;
}

static bool room_for(struct p2a_packed_lines *packed, size_t bytes)
{
    uint64_t runs = (uint64_t)packed->run_n + 1;
    return p2a_grow(&packed->bytes, &packed->byte_room,
                    packed->byte_n + bytes + P2A_PACKED_MOST(P2A_LINE_STEPS + packed->columns),
                    sizeof *packed->bytes) &&
           p2a_grow(&packed->run, &packed->run_room, runs, sizeof *packed->run) &&
           p2a_grow(&packed->sum, &packed->sum_room, runs * packed->columns, sizeof *packed->sum);
}

/* Whether RUN goes on where the last one ends. */
static bool goes_on(const struct p2a_packed_lines *packed, const struct p2a_line_run *run)
{
    if (!packed->run_n)
        return false;
    const struct p2a_line_run *last = &packed->run[packed->run_n - 1];
    return last->function == run->function && last->file == run->file;
}

static void begin_run(struct p2a_packed_lines *packed, const struct p2a_line_run *run)
{
    struct p2a_line_run *begun = &packed->run[packed->run_n];
    *begun = *run;
    begun->n = 0;
    begun->at = packed->byte_n;
    begun->last = run->first;
    memset(packed->sum + (size_t)packed->run_n++ * packed->columns, 0,
           packed->columns * sizeof *packed->sum);
}

/* The first line of a run, whose steps are none, as one that stands behind LAST. */
static const unsigned char *add_first(struct p2a_packed_lines *packed, struct p2a_line_place last,
                                      struct p2a_line_place first, const unsigned char *bytes)
{
    uint64_t value[P2A_LINE_STEPS + P2A_PACKED_COLUMNS];
    uint32_t n = P2A_LINE_STEPS + packed->columns;
    const unsigned char *rest = p2a_unpack_values(bytes, value, n);
    value[0] = p2a_step(last.address, first.address);
    value[1] = p2a_step(last.line, first.line);
    unsigned char *end = p2a_pack_values(packed->bytes + packed->byte_n, value, n);
    packed->byte_n = (uint32_t)(end - packed->bytes);
    return rest;
}

bool p2a_pack_lines(struct p2a_profile *p, const struct p2a_new_lines *lines)
{
    struct p2a_packed_lines *packed = &p->core->packed;
    const struct p2a_line_run *run = &lines->run;
    if (!p2a_within_limit(p, (uint64_t)packed->n + run->n))
        return false;
    packed->columns = lines->columns;
    if (!room_for(packed, lines->byte_n)) {
        p2a_error_memory(&p->core->error);
        return false;
    }
    if (!goes_on(packed, run))
        begin_run(packed, run);
    struct p2a_line_run *to = &packed->run[packed->run_n - 1];
    const unsigned char *rest = add_first(packed, to->last, run->first, lines->bytes);
    size_t rest_n = (size_t)(lines->bytes + lines->byte_n - rest);
    memcpy(packed->bytes + packed->byte_n, rest, rest_n);
    packed->byte_n += (uint32_t)rest_n;
    packed->n += run->n;
    to->n += run->n;
    to->last = run->last;
    uint64_t *sum = packed->sum + (size_t)(packed->run_n - 1) * packed->columns;
    for (uint32_t c = 0; c < packed->columns; c++)
        sum[c] += lines->sum[c];
    packed->addresses |= lines->addresses;
    return true;
}

/* ---- rows ---- */

static void fill_rows(const struct p2a_packed_lines *packed, uint32_t columns,
                      struct p2a_line *line, double *self)
{
    uint64_t value[P2A_LINE_STEPS + P2A_PACKED_COLUMNS];
    const struct p2a_line_run *end = packed->run + packed->run_n;
    for (const struct p2a_line_run *run = packed->run; run < end; run++) {
        const unsigned char *at = packed->bytes + run->at;
        struct p2a_line_place place = run->first;
        for (uint32_t i = 0; i < run->n; i++, line++, self += columns) {
            at = p2a_next_packed(at, packed->columns, &place, value);
            *line = (struct p2a_line){run->function, run->file, place.line, place.address};
            for (uint32_t c = 0; c < columns; c++)
                self[c] = c < packed->columns ? (double)value[P2A_LINE_STEPS + c] : 0;
        }
    }
}

static bool make_rows(const struct p2a_profile *p, struct p2a_graph *g)
{
    const struct p2a_packed_lines *packed = &p->core->packed;
    struct p2a_line *line = malloc(((size_t)packed->n + 1) * sizeof *line);
    double *self = malloc(((size_t)packed->n * p->columns + 1) * sizeof *self);
    if (!line || !self) {
        free(line);
        free(self);
        return false;
    }
    fill_rows(packed, p->columns, line, self);
    g->line_n = packed->n;
    g->line = line;
    g->line_self = self;
    return true;
}

bool p2a_unpack_lines(struct p2a_profile *p)
{
    struct p2a_core *core = p->core;
    if (!core->packed.n)
        return true;
    free(p->graph.line);
    free(p->graph.line_self);
    p->graph.line = NULL;
    p->graph.line_self = NULL;
    core->line_room = 0;
    if (!make_rows(p, &p->graph))
        return false;
    core->line_room = core->packed.n;
    p2a_free_packed(&core->packed);
    return true;
}

bool p2a_lend_lines(const struct p2a_profile *p, struct p2a_profile *lent)
{
    *lent = *p;
    return make_rows(p, &lent->graph);
}

void p2a_return_lines(struct p2a_profile *lent)
{
    free(lent->graph.line);
    free(lent->graph.line_self);
}

void p2a_free_packed(struct p2a_packed_lines *packed)
{
    free(packed->run);
    free(packed->sum);
    free(packed->bytes);
    *packed = (struct p2a_packed_lines){0};
}
