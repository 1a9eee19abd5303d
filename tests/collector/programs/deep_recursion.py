"""Functions that call themselves and one another, also through C."""
import functools
import sys


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@functools.lru_cache(maxsize=None)
def ways(n, coins):
    return 1 if n == 0 else 0 if n < 0 or not coins else ways(n - coins[0], coins) + ways(n, coins[1:])


class Tree:
    def __init__(self, depth):
        self.children = [Tree(depth - 1) for _ in range(2)] if depth else []

    def __len__(self):
        return 1 + sum(map(len, self.children))

    def __iter__(self):
        yield self
        for child in self.children:
            yield from child

    def __lt__(self, other):
        return sorted(self.children) < sorted(other.children)


def main():
    sys.setrecursionlimit(20000)
    fib(14)
    even(700)
    ackermann(2, 5)
    ways(40, (25, 10, 5, 1))
    tree = Tree(6)
    len(tree), len(list(tree)), tree < Tree(6)
    functools.reduce(lambda f, _: (lambda: f()), range(100), int)()
