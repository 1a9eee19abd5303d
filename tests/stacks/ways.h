/* Large inputs, and ways to read them: on all cores, on one, where threads can't be started, from a
 * stream. The linker sends pthread_create here (--wrap). Included once. */
#ifndef TESTS_STACKS_WAYS_H
#define TESTS_STACKS_WAYS_H

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- threads that fail ---- */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static bool threadless;
static atomic_int threads;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    threads++;
    return threadless ? 11 : __real_pthread_create(thread, attributes, start, argument);
}

/* ---- inputs ---- */

enum { SIZE = 12 << 20 };

struct text {
    char *at;
    size_t n;
};

static uint64_t state;

static unsigned any(unsigned below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % below;
}

P2A_PRINTF(2, 3)
static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->n += (size_t)vsnprintf(text->at + text->n, 4096, format, arguments);
    va_end(arguments);
}

static struct text start_large(size_t size)
{
    state = 7;
    struct text text = {malloc(size + 65536), 0};
    assert_non_null(text.at);
    return text;
}

/* ---- ways ---- */

enum way { TOGETHER, ONE_CORE, NO_THREADS, STREAM, STREAM_ALONE, WAYS };

/* Makes the cores and threads those of WAY; *ALL is what there are. */
static void go(enum way way, cpu_set_t *all)
{
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof *all, all), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, all))
            CPU_SET(i, &one);
    if (way == ONE_CORE || way == STREAM_ALONE)
        sched_setaffinity(0, sizeof one, &one);
    threadless = way == NO_THREADS;
    threads = 0;
}

static void come_back(const cpu_set_t *all)
{
    threadless = false;
    sched_setaffinity(0, sizeof *all, all);
}

#endif
