/* A little program for heap profilers: 100 blocks of 1,000 bytes, half of them freed again, and 10 of
 * 100,000 bytes that stay. */
#include <stdlib.h>

static void *keep[110];
static int n;

static void small_ones(void)
{
    for (int i = 0; i < 100; i++)
        keep[n++] = malloc(1000);
}

static void large_ones(void)
{
    for (int i = 0; i < 10; i++)
        keep[n++] = malloc(100000);
}

int main(void)
{
    small_ones();
    large_ones();
    for (int i = 0; i < 50; i++)
        free(keep[i]);
    return keep[n - 1] == NULL;
}
