#include "collector/profiler.h"

bool p2a_allocations_on(struct p2a_profiler *p)
{
    (void)p;
    return true;
}

void p2a_allocations_off(struct p2a_profiler *p)
{
    (void)p;
}
