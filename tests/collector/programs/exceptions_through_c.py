"""Exceptions that cross C frames, generators that are thrown into and closed, calls that fail."""
import contextlib
import functools
import itertools
import operator


class Odd:
    def __eq__(self, other):
        raise ValueError("cannot compare")

    __hash__ = object.__hash__

    def __getattr__(self, name):
        if name == "there":
            return len
        raise AttributeError(name)

    def __iter__(self):
        yield 1
        raise IndexError

    def __index__(self):
        raise OverflowError

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is KeyError


def picky(x):
    if x == 3:
        raise LookupError(x)
    return -x


def one(a):
    return a


def generator(log):
    try:
        while True:
            try:
                yield len(log)
            except ValueError as e:
                log.append(str(e))
    finally:
        log.append("closed")


def delegating(log):
    result = yield from generator(log)
    return result


def thrown():
    for make in generator, delegating:
        log = []
        g = make(log)
        next(g)
        g.throw(ValueError("again"))
        g.send(None)
        with contextlib.suppress(TypeError):
            g.throw(TypeError("out"))
        h = make(log)
        next(h)
        h.close()
        fresh = make(log)
        with contextlib.suppress(ValueError):
            fresh.throw(ValueError("not begun"))
    any(x == 0 for x in generator([]))


CALLS = [
    lambda: sorted([1, 2, 3, 4], key=picky),
    lambda: list(map(picky, range(6))),
    lambda: max((1, 3, 5), key=picky),
    lambda: functools.reduce(lambda a, b: picky(b), range(6)),
    lambda: [1, 2].index(Odd()),
    lambda: {Odd(): 1}[Odd()],
    lambda: list(Odd()),
    lambda: [0][Odd()],
    lambda: dict([(1, 2), 3]),
    lambda: one(),
    lambda: one(1, 2),
    lambda: len(),
    lambda: len(1, 2),
    lambda: [].append(),
    lambda: list.append(),
    lambda: list.append(1, 2),
    lambda: str.join(",", [1]),
    lambda: "".join(str(picky(i)) for i in range(5)),
    lambda: Odd().there([1, 2]),
    lambda: Odd().nowhere,
    lambda: getattr(Odd(), "nowhere", None),
    lambda: operator.methodcaller("append", 1)([]),
    lambda: list(itertools.takewhile(picky, itertools.count(1))),
    lambda: isinstance(1, (int, picky)),
    lambda: int("x"),
    lambda: type("T", (), {"__del__": picky}),
    lambda: dict.fromkeys([1, 2]).__getitem__(3),
    lambda: one(*[1], **{"b": 2}),
    lambda: print(end=3),
    lambda: eval("picky(3)", globals()),
    lambda: exec("raise KeyError"),
    lambda: next(iter([])),
    lambda: next(iter([]), picky),
]


def main():
    for call in CALLS:
        try:
            call()
        except Exception as e:
            repr(e)
    with Odd():
        raise KeyError
    thrown()
