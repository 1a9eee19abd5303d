/* clock.h - what time it is, as cheaply as the machine can say it. */
#ifndef P2A_COLLECTOR_CLOCK_H
#define P2A_COLLECTOR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t p2a_clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* The processor's counter: read in 10 to 20 ns, where the system's clock takes 40 to 70. */
#if defined(__x86_64__) && !defined(PROF2ANY_NO_TSC)
static inline uint64_t p2a_counter(void)
{
    return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__) && !defined(PROF2ANY_NO_TSC)
static inline uint64_t p2a_counter(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}
#else
static inline uint64_t p2a_counter(void)
{
    return p2a_clock_ns(CLOCK_MONOTONIC);
}
#endif

/* Whether the counter runs at one rate, on all processors alike, also while they sleep. */
bool p2a_counter_is_steady(void);

#endif
