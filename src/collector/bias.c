#include "collector/bias.h"

#include <stdlib.h>
#include <string.h>

static const struct p2a_rec_node *cells_of(const struct p2a_recorder *r)
{
    return (const void *)p2a_header(r);
}

double *p2a_self_less(const struct p2a_recorder *r, double bias)
{
    const struct p2a_rec_node *base = cells_of(r), *n;
    double *self = calloc((size_t)p2a_header(r)->cells + 1, sizeof *self);
    if (!self)
        return NULL;
    for (struct p2a_node_walk walk = {0}; (n = p2a_next_node(r, &walk));) {
        double events = bias * (double)n->calls;
        self[n - base] += (double)(int64_t)n->self - events;
        if (n->up)
            self[n - n->up - base] -= events;
    }
    bool as_told = bias == 0 && p2a_header(r)->clock == P2A_REC_CLOCK_TIMER;
    for (struct p2a_node_walk walk = {0}; !as_told && (n = p2a_next_node(r, &walk));)
        if (self[n - base] < 0)
            self[n - base] = 0;
    return self;
}

unsigned char *p2a_recording_less(const struct p2a_recorder *r, double bias, size_t *size)
{
    const struct p2a_rec_node *base = cells_of(r), *n;
    *size = (size_t)p2a_header(r)->cells * P2A_REC_CELL;
    double *self = p2a_self_less(r, bias);
    struct p2a_rec_node *copy = self ? malloc(*size) : NULL;
    if (copy) {
        memcpy(copy, base, *size);
        for (struct p2a_node_walk walk = {0}; (n = p2a_next_node(r, &walk));)
            copy[n - base].self = self[n - base] > 0 ? (uint64_t)(self[n - base] + 0.5) : 0;
    }
    free(self);
    return (unsigned char *)copy;
}
