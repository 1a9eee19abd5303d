"""Recursion of four kinds: wide, deep, mutual, and by backtracking."""
import functools
import sys

sys.setrecursionlimit(3000)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def safe(row, column, queens):
    return all(column != c and abs(column - c) != row - r for r, c in enumerate(queens))


def queens(n, placed=()):
    if len(placed) == n:
        return 1
    return sum(queens(n, placed + (c,)) for c in range(n) if safe(len(placed), c, placed))


@functools.lru_cache(maxsize=None)
def ways(n, coins):
    if n == 0:
        return 1
    if n < 0 or not coins:
        return 0
    return ways(n - coins[0], coins) + ways(n, coins[1:])


def main():
    fib(17)
    for _ in range(10):
        down(700)
        even(300)
    queens(6)
    ways(200, (50, 25, 10, 5, 1))


main()
