/* Allocations that fail when a test says so: the linker sends the library's malloc, calloc and
 * realloc here (--wrap). With EVERY_MALLOC, this program's are everybody's. Included once. */
#ifndef TESTS_FAULT_STARVE_H
#define TESTS_FAULT_STARVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef EVERY_MALLOC
#define __real_malloc  __libc_malloc
#define __real_calloc  __libc_calloc
#define __real_realloc __libc_realloc
#define __wrap_malloc  malloc
#define __wrap_calloc  calloc
#define __wrap_realloc realloc
#endif

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

/* Of all threads together. */
static atomic_size_t left = SIZE_MAX; /* allocations that succeed; SIZE_MAX: all */
static bool all_after;
static atomic_size_t refused, refused_ever; /* since starve() or feed(); since the program began */

static inline bool refuse(void)
{
    size_t now = left, next;
    do {
        if (now == SIZE_MAX)
            return false;
        next = now ? now - 1 : all_after ? 0 : SIZE_MAX;
    } while (!atomic_compare_exchange_weak(&left, &now, next));
    refused += !now;
    refused_ever += !now;
    return !now;
}

void *__wrap_malloc(size_t n)
{
    return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return refuse() ? NULL : __real_realloc(p, n);
}

/* The allocation behind AFTER others fails, alone or with ALL that follow. */
static inline void starve(size_t after, bool all)
{
    left = after;
    all_after = all;
    refused = 0;
}

/* From now on all succeed. Returns how many failed. */
static inline size_t feed(void)
{
    size_t n = refused;
    left = SIZE_MAX;
    refused = 0;
    return n;
}

#endif
