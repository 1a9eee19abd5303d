"""Allocations per context: their number and their bytes."""
import os
import sys
import tempfile
import tracemalloc

import engine
import raw

_prof2any = engine.load()
folder = tempfile.TemporaryDirectory()
PATH = os.path.join(folder.name, "recording.p2a")


def objects():
    return [object() for _ in range(1000)]


def block():
    return bytearray(1 << 20)


def spread(n):
    return [0] * n


def nothing():
    pass


def recorded(*works, **options):
    profiler = _prof2any.Profiler(path=PATH, allocations=True, **options)
    profiler.enable()
    for work in works:
        work()
    profiler.disable()
    return raw.read(PATH)


def of(recording, name):
    """(allocations, bytes) of a function and what it calls."""
    nodes = [n for n in recording.nodes.values() if name in recording.path(n)]
    return sum(n.allocations for n in nodes), sum(n.bytes for n in nodes)


def allocations_are_where_they_were_made():
    r = recorded(objects, block, lambda: spread(1 << 16), nothing)
    assert r.flags & 1
    n, size = of(r, "objects")
    assert 1000 <= n < 3000 and size > 1000 * object().__sizeof__(), (n, size)
    n, size = of(r, "block")
    assert 1 <= n < 10 and 1 << 20 <= size < (1 << 20) + 1000, (n, size)
    n, size = of(r, "spread")
    assert 1 <= n < 10 and 8 << 16 <= size < (8 << 16) + 1000, (n, size)
    assert of(r, "nothing")[1] < 1000


def what_is_not_asked_for_is_not_counted():
    profiler = _prof2any.Profiler(path=PATH)
    profiler.enable()
    objects()
    profiler.disable()
    r = raw.read(PATH)
    assert not r.flags & 1 and not any(n.allocations for n in r.nodes.values())


def after_the_end_nothing_is_counted():
    profiler = _prof2any.Profiler(path=PATH, allocations=True)
    profiler.enable()
    nothing()
    profiler.disable()
    before = of(raw.read(PATH), "nothing")
    objects()
    assert of(raw.read(PATH), "nothing") == before
    profiler.clear()
    objects()


def enabled_twice_they_count_once():
    once = of(recorded(objects), "objects")
    profiler = _prof2any.Profiler(path=PATH, allocations=True)
    profiler.enable()
    try:
        profiler.enable()
    except ValueError:
        assert sys.version_info >= (3, 12)
    objects()
    profiler.disable()
    assert of(raw.read(PATH), "objects") == once, once
    del profiler
    objects()


def another_that_counts_is_left_in_place():
    profiler = _prof2any.Profiler(path=PATH, allocations=True)
    profiler.enable()
    tracemalloc.start()
    objects()
    profiler.disable()
    profiler.clear()
    del profiler
    kept = objects()
    assert tracemalloc.get_traced_memory()[0] > 8000
    tracemalloc.stop()
    del kept
    assert of(recorded(objects), "objects")[0] >= 1000


def folded_calls_have_theirs():
    r = recorded(objects, block, objects, max_contexts=1)
    names = {(r.functions[row[0]].name, row[2]): row[6] for row in r.folds if not row[1]}
    assert names["block", 2] >= 1 << 20, names
    assert names["objects", 1] + names.get(("<listcomp>", 1), 0) >= 2000, names


def main():
    for fact in (allocations_are_where_they_were_made, what_is_not_asked_for_is_not_counted,
                 after_the_end_nothing_is_counted, enabled_twice_they_count_once,
                 another_that_counts_is_left_in_place, folded_calls_have_theirs):
        fact()
        print("ok", fact.__name__, flush=True)


main()
