/* For gprof: a cycle (even and odd call one another), direct recursion (fib), a callee that is
 * shared (burn), which is where the time goes. */
#include <stdio.h>
#include <stdlib.h>

int even(int n);
int odd(int n);

static volatile unsigned sink;

void burn(void)
{
    for (unsigned i = 0; i < 300000; i++)
        sink += i * i;
}

int even(int n)
{
    burn();
    return n == 0 ? 1 : odd(n - 1);
}

int odd(int n)
{
    burn();
    return n == 0 ? 0 : even(n - 1);
}

void quick(void)
{
    burn();
}

unsigned fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 60;
    for (int i = 0; i < rounds; i++) {
        even(8);
        quick();
    }
    printf("%u\n", fib(30) + sink);
    return 0;
}
