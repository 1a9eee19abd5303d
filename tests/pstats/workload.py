# -*- coding: utf-8 -*-
"""What profilers find hard: recursion of both kinds, C functions that call back, two lambdas on a line,
generators, exceptions, classes, names beyond ASCII. Runs on Python 2.7 and all of 3."""
import functools
import re


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def squares(n):
    for i in range(n):
        yield i * i


def fail(n):
    if n == 0:
        raise ValueError("bottom")
    fail(n - 1)


class Shape(object):
    def __init__(self, sides):
        self.sides = sides

    def __lt__(self, other):
        return self.sides < other.sides


def named():
    scope = {}
    source = u"# -*- coding: utf-8 -*-\ndef größe(x):\n    return x\n"
    try:
        exec(compile(source, u"größe.py", "exec"), scope)
    except (SyntaxError, UnicodeError):  # Python 2
        return
    scope[u"größe"](1)


def main():
    fib(12)
    even(9)
    sum(squares(50))
    sorted([Shape(i % 7) for i in range(40)])
    pair = [lambda x: x, lambda x: -x]
    list(map(pair[0], range(10))) + list(map(pair[1], range(5)))
    functools.reduce(lambda a, b: a + b, range(20))
    re.compile("a+b|[c-f]*").match("aab")
    named()
    try:
        fail(5)
    except ValueError:
        pass


if __name__ == "__main__":
    main()
