/* speed [FUNCTIONS [CONTEXTS]] - how long an estimate takes on a large call graph. Grows a random
 * tree of contexts in which every function calls a few others, derives the graph, forgets the tree,
 * estimates it again. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/derive.h"
#include "model/estimate.h"
#include "model/seat.h"

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static p2a_id function_named(struct p2a_profile *p, uint32_t number)
{
    char name[16];
    snprintf(name, sizeof name, "f%u", number);
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)), .kind = P2A_PYTHON};
    return p2a_function(p, &f);
}

/* Every function has four callees, most with higher numbers; one call in 16 goes back. */
static uint32_t callee(uint32_t function, uint32_t functions, uint64_t *state)
{
    uint64_t pick = (uint64_t)function * 4 + next(state) % 4;
    uint64_t mixed = next(&pick);
    uint32_t step = 1 + (uint32_t)(mixed % 5000);
    return mixed % 16 == 0 && function > step ? function - step : (function + step) % functions;
}

static struct p2a_profile *grow(uint32_t functions, uint32_t contexts)
{
    struct p2a_profile *p = p2a_profile_new(0);
    uint64_t state = 7;
    p2a_metric(p, "time", "seconds", 1);
    for (uint32_t i = 0; i < functions; i++)
        function_named(p, i);
    p2a_context(p, P2A_NONE, 0, P2A_NONE);
    while (p->contexts.n < contexts && p2a_profile_status(p) == P2A_OK) {
        uint32_t window = p->contexts.n < 20000 ? p->contexts.n : 20000;
        p2a_id parent = p->contexts.n - 1 - (uint32_t)(next(&state) % window);
        uint32_t f = callee(p->contexts.row[parent].function, functions, &state);
        p2a_id context = p2a_context(p, parent, f, P2A_NONE);
        p2a_context_calls(p, context, 1 + next(&state) % 3);
        p2a_context_add(p, context, 0, 1e-6 * (double)(1 + next(&state) % 100));
    }
    p2a_context_calls(p, 0, 1);
    p2a_finish(p);
    return p;
}

static void time_steps(const struct p2a_profile *p, double visible)
{
    struct p2a_supply supply;
    struct p2a_seats seats;
    double start = now();
    if (!p2a_supply_build(p, &supply))
        return;
    double supplied = now();
    if (p2a_seats_build(&supply, visible, &seats)) {
        printf("visible %g: supply %.0f ms, seats %.0f ms, %u contexts\n", visible,
               1e3 * (supplied - start), 1e3 * (now() - supplied), seats.n);
        p2a_seats_free(&seats);
    }
    p2a_supply_free(&supply);
}

int main(int argc, char **argv)
{
    uint32_t functions = argc > 1 ? (uint32_t)atoi(argv[1]) : 200000;
    uint32_t contexts = argc > 2 ? (uint32_t)atoi(argv[2]) : 2000000;
    struct p2a_error error = {0};
    struct p2a_profile *p = grow(functions, contexts);
    if (p2a_derive(p, &error) != P2A_OK)
        return 1;
    p2a_drop_contexts(p);
    printf("%u functions, %u arcs\n", p->functions.n, p->graph.arc_n);
    time_steps(p, 1e-4);
    time_steps(p, 1e-5);
    for (int picture = 0; picture < 2; picture++) {
        double start = now();
        if (p2a_estimate(p, picture, &error) != P2A_OK)
            return 1;
        printf("%s: %.0f ms\n", picture ? "for a picture" : "for programs", 1e3 * (now() - start));
    }
    p2a_free(p);
    return 0;
}
