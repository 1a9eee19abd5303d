"""Figures are rounded as pstats rounds them, and odd ones leave a line in its place: random times, ties
in the last digit, the edges of what is fast; zero calls, negative, infinite and absurd times."""
import marshal
import os
import random
import sys
import tempfile

import oracle

program = sys.argv[1]
os.chdir(tempfile.mkdtemp())
drawn = random.Random(5)
times = [0.0, -0.0, 5e-324, 1e-300, 0.0004999999999999999, 0.0005, 0.0015, 0.0025, 0.0035, 1.0005, 8.0625,
         0.0625, 0.9995, 0.99949999999999994, 9999.9995, 999999.9995, 1e9 - 0.0005, 1e9, 1e9 + 0.0005,
         999999999.9994999, 1e12, 1e15 + 0.5, 1e16, 1.7976931348623157e308, float("inf"), -1.0, -0.0004, -1e300,
         -float("inf")]
times += [drawn.random() * 10 ** drawn.randint(-9, 12) for _ in range(6000)]
times += [drawn.randrange(10 ** drawn.randint(1, 9)) / 16 + drawn.choice((0, 0.0625)) for _ in range(3000)]
times += [drawn.randrange(10 ** 7) / 10000 for _ in range(3000)]
counts = (0, 1, 2, 3, 1000003, 2 ** 40, 2 ** 46 - 1)


def count():
    return drawn.choice(counts)


def write(name, rows):
    with open(name, "wb") as file:
        marshal.dump(rows, file)


def same(name, sorts):
    for mode in ("print_stats", "print_callers", "print_callees"):
        for sort in sorts:
            want, got = oracle.expected(program, [name], sort=[sort], mode=mode), oracle.printed(
                program, [name], sort=[sort], mode=mode)
            for a, b in zip(want.split(b"\n"), got.split(b"\n")):
                assert a == b, (name, mode, sort, a, b)
            assert want == got, (name, mode, sort)


first = ("first.py", 1, "first")
rows = {("file.py", i, "f%d" % i): (count(), count(), t, drawn.choice(times), {
    first: (count(), count(), drawn.choice(times), drawn.choice(times))}) for i, t in enumerate(times)}
rows[first] = (2 ** 53 + 1, 2 ** 62, 0.5, 0.5, {})
write("times.prof", rows)
same("times.prof", ("line", "time", "cumulative", "pcalls", "calls"))

# A NaN is neither more nor less than anything to Python, so where it sorts is an accident there.
nan = float("nan")
write("nan.prof", {("file.py", i, "f%d" % i): (1, 1, t, nan, {first: (1, 1, nan, t)})
                   for i, t in enumerate((1.0, nan, 2.0, nan, 3.0))})
same("nan.prof", ("line", "name"))
got = oracle.printed(program, ["nan.prof"], sort=["time"]).decode()
assert [line[-2] for line in got.splitlines() if "file.py" in line] == list("42013"), got

# Names: a line each, whatever is in them.
names = ["new\nline", "\x1b[31mred\x1b[0m", "tab\t", "\u202eturned", "\x9b1m", "wide \u4e2d\u6587", "x" * 300,
         "\x00nul", "\x7f"]
write("names.prof", {("dir/n\nn.py", i, n): (1, 1, 0.5, 0.5, {first: (1, 1, 0.5, 0.5)})
                     for i, n in enumerate(names)})
for mode in ("print_stats", "print_callers", "print_callees"):
    got = oracle.printed(program, ["names.prof"], sort=["line"], mode=mode).decode()
    assert all(c == "\n" or c.isprintable() for c in got), got
    lines = [line for line in got.splitlines() if "dir/n\\nn.py:" in line]
    assert len(lines) == len(names), got
    for name, line in zip(names, lines):
        escaped = name if name.isprintable() else name.encode("unicode_escape").decode()
        assert "(%s)" % escaped in line, (escaped, line)
    if mode == "print_callers":
        assert len({line.index("<-") for line in lines}) == 1, got

# Of no file, and of what is there in a builtin's place.
keys = [(file, line, name) for file in ("", "~", "x.py") for line in (0, 3)
        for name in ("plain", "<lambda>", "<built-in method x.y>", "<", "<x", "y>")]
write("unfiled.prof", {key: (1, 1, 0.5, i + 1.0, {keys[0]: (1, 1, 0.5, 0.5)}) for i, key in enumerate(keys)
                       if key != ("", 0, "<built-in method x.y>")})  # as other formats have builtins
same("unfiled.prof", ("cumulative", "name", "nfl"))
print(len(times), "times,", len(names), "names")
