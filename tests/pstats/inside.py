"""The part of roundtrip.py that each Python does for itself; runs on 2.7 and all of 3.

    inside.py make FOLDER               profiles of the workload, and one of odd values, into FOLDER
    inside.py same BEFORE AFTER         AFTER says what BEFORE says, bit for bit, in the same order
    inside.py load FILE...              pstats loads and prints every FILE
"""
import marshal
import os
import pstats
import struct
import sys
import types

try:
    from StringIO import StringIO
except ImportError:
    from io import StringIO


def make_odd(path):
    """Values that a text or a careless cast would lose."""
    doubles = [struct.unpack("<d", struct.pack("<Q", bits))[0] for bits in (
        0x7ff8000000000001, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000, 1,
        0x000fffffffffffff, 0x7fefffffffffffff, 0x3fb999999999999a)]
    places = [("~", 0, "<built-in method builtins.len>"), ("", 0, "exec"), ("profile", 0, "profiler"),
              (u"gr\xf6\xdfe.py", 3, u"\u20ac\U0001f600"), ("a;b\n.py", -5, "\0 name"), ("", 2 ** 40, "")]
    if sys.version_info[0] > 2:
        places += [("\udcff.py", 1, "\ud800"), ("\ud83d\ude00", 2, "\udfff")]
    stats = {}
    for i, place in enumerate(places):
        callers = {other: (2 ** 40 + i, 2 ** 31 - 1, doubles[i], doubles[-i]) for other in places[i:]}
        callers[("caller.py", i, "only a caller")] = i
        callers[("caller.py", i, "unknown")] = (-1, -1, doubles[i - 1], 0.0)
        callers[("caller.py", i, "unknown calls")] = -1
        stats[place] = (2 ** 62 + i, 2 ** 31 + i, doubles[i], doubles[i - 1], callers)
    stats[("unknown.py", 1, "f")] = (-1, -1, 0, 1, {})
    stats[("unknown.py", 2, "primitive")] = (-1, 5, 1, 2, {("unknown.py", 1, "f"): (4, -1, 1., 1.)})
    with open(path, "wb") as out:
        marshal.dump(stats, out)


def make(folder):
    import cProfile
    import profile
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import workload
    for module in (cProfile, profile):
        profiler = module.Profile()
        profiler.runcall(workload.main)
        profiler.dump_stats(os.path.join(folder, module.__name__ + "-call.prof"))
        module.runctx("main()", workload.__dict__, {}, os.path.join(folder, module.__name__ + "-run.prof"))
    make_odd(os.path.join(folder, "odd.prof"))


def text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value


def place(key):
    name = key[2]
    if isinstance(name, types.CodeType):
        name = '<code object %s, file "%s", line %d>' % (
            name.co_name, name.co_filename, name.co_firstlineno)
    return text(key[0]), key[1], text(name)


def bits(value):
    return struct.pack("<d", value)


def figures(value):
    if isinstance(value, tuple):
        return value[:2] + (bits(value[2]), bits(value[3]))
    return value


def contents(path):
    with open(path, "rb") as file:
        stats = marshal.load(file)
        assert file.read() == b"", "bytes are left"
    rows = [(place(key), figures(row[:4]), [(place(k), figures(v)) for k, v in row[4].items()])
            for key, row in stats.items()]
    if sys.version_info < (3, 6):  # dicts have no order
        rows = sorted((key, row, sorted(callers, key=repr)) for key, row, callers in rows)
    return rows


def same(before, after):
    a, b = contents(before), contents(after)
    for one, other in zip(a, b):
        assert one == other, "%s:\n  %r\n%s:\n  %r" % (before, one, after, other)
    assert len(a) == len(b), "%d rows have become %d" % (len(a), len(b))
    return len(a), sum(len(row[2]) for row in a)


def load(paths):
    for path in paths:
        stream = StringIO()
        stats = pstats.Stats(path, stream=stream)
        stats.sort_stats("cumulative")
        if sys.version_info[0] > 2 and "odd" not in path:
            stats.print_stats().print_callers().print_callees()
            assert "function calls" in stream.getvalue()
    return len(paths), len(stats.stats)


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        make(*arguments)
    elif command == "same":
        print("%d functions, %d callers" % same(*arguments))
    elif command == "load":
        print("%d files" % load(arguments)[0])
