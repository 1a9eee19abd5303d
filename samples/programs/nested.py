def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def walk(depth):
    if depth:
        for _ in range(3):
            walk(depth - 1)
    return sorted([depth, fib(4), even(6)])


walk(4)
