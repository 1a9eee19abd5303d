/* A little program for native profilers: direct and mutual recursion, a qsort callback, and, when
 * asked for, two threads that each do the same work.
 *
 *     small [ROUNDS [threads]]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 400 };

struct work {
    unsigned seed;
    long rounds;
    uint32_t items[ITEMS];
    uint64_t result;
};

static unsigned fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static int is_odd(unsigned n);

static int is_even(unsigned n)
{
    return n == 0 ? 1 : is_odd(n - 1);
}

static int is_odd(unsigned n)
{
    return n == 0 ? 0 : is_even(n - 1);
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void fill(struct work *work)
{
    uint32_t state = work->seed;
    for (int i = 0; i < ITEMS; i++) {
        state = state * 1664525u + 1013904223u;
        work->items[i] = state >> 8;
    }
}

static void one_round(struct work *work)
{
    fill(work);
    qsort(work->items, ITEMS, sizeof work->items[0], by_value);
    work->result += work->items[ITEMS / 2] + fib(12) + (unsigned)is_even(30);
}

static void *run(void *data)
{
    struct work *work = data;
    for (long i = 0; i < work->rounds; i++)
        one_round(work);
    return NULL;
}

int main(int argc, char **argv)
{
    const long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    const int threads = argc > 2 ? 2 : 0;
    struct work work[2] = {{.seed = 1, .rounds = rounds}, {.seed = 2, .rounds = rounds}};
    pthread_t ids[2];
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&ids[i], NULL, run, &work[i]) != 0)
            return 1;
    }
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    if (!threads)
        run(&work[0]);
    return printf("%llu\n", (unsigned long long)(work[0].result + work[1].result)) < 0;
}
