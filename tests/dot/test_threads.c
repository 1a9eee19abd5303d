/* cgraph has state of its own; profiles on several threads are drawn as if each were alone. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prof2any/prof2any.h"

enum { THREADS = 4, TIMES = 40 };

struct job {
    char stacks[2048];
    char *alone;
    size_t size;
    int wrong;
};

static char *draw(const char *stacks, size_t *size)
{
    const struct p2a_save_options options = {.format = "dot"};
    struct p2a_profile *profile;
    void *bytes = NULL;
    if (p2a_load_memory(stacks, strlen(stacks), "stacks", NULL, &profile, NULL) == P2A_OK)
        p2a_save_memory(profile, &options, &bytes, size, NULL);
    p2a_free(profile);
    return bytes;
}

static void *work(void *data)
{
    struct job *job = data;
    for (int i = 0; i < TIMES; i++) {
        size_t size = 0;
        char *now = draw(job->stacks, &size);
        job->wrong += !now || size != job->size || memcmp(now, job->alone, size) != 0;
        free(now);
    }
    return NULL;
}

static void threads_draw_what_one_draws(void **state)
{
    (void)state;
    struct job *jobs = calloc(THREADS, sizeof *jobs);
    pthread_t threads[THREADS];
    assert_non_null(jobs);
    for (int t = 0; t < THREADS; t++) {
        size_t n = 0;
        for (int i = 0; i < 40; i++)
            n += (size_t)snprintf(jobs[t].stacks + n, sizeof jobs[t].stacks - n,
                                  "main;f%d;g%d_%d %d\n", i % 7, t, i, i + t + 1);
        jobs[t].alone = draw(jobs[t].stacks, &jobs[t].size);
        assert_non_null(jobs[t].alone);
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, work, &jobs[t]), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(jobs[t].wrong, 0);
        free(jobs[t].alone);
    }
    free(jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_draw_what_one_draws)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
