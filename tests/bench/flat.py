#!/usr/bin/env python3
"""Does a byte cost the same in 1 MB and in 1 GB, whatever is in it?

    python3 tests/bench/flat.py [--program FILE] [--sizes 1,30] [--only WORD] [--folder DIR]
    python3 tests/bench/flat.py --sizes 1,30,1000      the full size: an hour, and 1 GB in DIR

Every input is generated, read ('prof2any check', which writes nothing) and removed. What is printed
is processor time a byte without the program's start, the best of several runs, at each size, and the
largest by the smallest. BAR is what that may be; exit status 1 where it is more.

p2a is left out: the recorder writes it in place, nobody else does, and it is no stream of stacks.

Names that all hash alike are those of XXH3 without a seed: before the hash had one, 1 MB of them took
130 times as long as now. What is above the bar has its functions or call paths all distinct ('one frame',
'collide' of stackprof): their tables outgrow the cache, and each look-up waits for memory. README.md
has what was measured."""
import argparse
import contextlib
import itertools
import marshal
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import time

BAR = 1.5
MASK = (1 << 64) - 1
DEPTH = 100_000

# ---- names that XXH3 without a seed hashes to the same 32 bits: its way back ----


def rotate(x, n):
    n %= 64
    return (x << n | x >> (64 - n)) & MASK if n else x


MIX, SECRET = 0x9FB21C651E98DF25, 0x1CAD21F72C81017C ^ 0xDB979083E96DD4DE
UNMIX = pow(MIX, -1, 1 << 64)


def colliding():
    """Names of eight bytes, most of them no UTF-8, without what formats have for themselves."""
    taken = set(b'";:<>?\\`()[]@,+/') | set(range(33)) | {127}
    for top in itertools.count(1):
        h = top << 32
        h ^= h >> 28 ^ h >> 56
        h = h * UNMIX & MASK
        h ^= (h >> 35) + 8
        h = h * UNMIX & MASK
        for i in range(6):  # h ^= rotl(h, 49) ^ rotl(h, 24): 64 times is nothing, 63 times the way back
            h ^= rotate(h, 49 << i) ^ rotate(h, 24 << i)
        word = h ^ SECRET
        name = (word >> 32).to_bytes(4, "little") + (word & 0xFFFFFFFF).to_bytes(4, "little")
        if taken.isdisjoint(name):
            yield name


# ---- what is in the input: stacks of names ----


def friendly(_):
    stacks = [[b"main"] + [b"function_%d" % ((i * 7 + j * j) % 200) for j in range(20)] for i in range(500)]
    return itertools.cycle(stacks)


def distinct(_):
    for i in itertools.count():
        yield [b"main"] + [b"function_%d_%d" % (j, i * (j + 1) // 9 % 50) for j in range(18)] + [b"at_%d" % i]


def collide(_):
    """So few names that 1 MB is mostly stacks, as more is."""
    names = list(itertools.islice(colliding(), 5_000))
    for i in itertools.count():
        yield [names[i % len(names)], names[i // len(names) % len(names)]]


def one_frame(_):
    for i in itertools.count():
        yield [b"function_%d" % i]


def deep(_):
    stack = [b"f%d" % i for i in range(DEPTH)]
    return itertools.repeat(stack)


def one_name(size):
    yield [b"main", b"x" * (size - 200)]


CASES = {f.__name__.replace("_", " "): f for f in (friendly, distinct, collide, one_frame, deep, one_name)}

# ---- formats: stacks to pieces of a file; several at once belong to parts that follow one another ----


def folded(stacks):
    for stack in stacks:
        yield b";".join(stack) + b" 3\n"


def perf(stacks):
    for i, stack in enumerate(stacks):
        yield b"app 42 [000] %d.000000: 10 cycles:\n" % i
        yield b"".join(b"\t%16x %s+0x1 (/usr/bin/app)\n" % (4096, name) for name in reversed(stack))
        yield b"\n"


def austin(stacks):
    yield b"# austin: 3.6.0\n# mode: wall\n\n"
    for stack in stacks:
        yield b"P42;T1;" + b";".join(b"app.py:%s:3" % name for name in stack) + b" 10\n"


def bpftrace(stacks):
    yield b"Attaching 1 probe...\n\n"
    for stack in stacks:
        yield b"@[\n" + b"".join(b"    %s+4\n" % name for name in reversed(stack)) + b"]: 3\n"


def dtrace(stacks):
    yield b"\n"
    for stack in stacks:
        yield b"".join(b"              app`%s+0x4\n" % name for name in reversed(stack)) + b"                3\n\n"


def callgrind(stacks):
    yield b"# callgrind format\nevents: Ir\n\n"
    for stack in stacks:
        lines = [b"fn=%s\n1 1\ncfn=%s\ncalls=1 1\n1 1\n" % pair for pair in zip(stack, stack[1:])]
        yield b"".join(lines) + b"fn=%s\n1 1\n" % stack[-1]


def trace(stacks):
    yield b'{"traceEvents":['
    ts, comma = 0, b""
    for stack in stacks:
        pieces = []
        for name in stack:
            pieces.append(b'%s\n{"ph":"B","pid":1,"tid":1,"ts":%d,"name":"%s"}' % (comma, ts, name))
            comma = b","
            ts += 1
        for _ in stack:
            pieces.append(b',\n{"ph":"E","pid":1,"tid":1,"ts":%d}' % ts)
            ts += 1
        yield b"".join(pieces)
    yield b"]}\n"


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def pprof(stacks):
    ids = {}
    for text in (b"", b"samples", b"count"):
        yield field(6, text)
    yield field(1, field(1, 1) + field(2, 2))
    for stack in stacks:
        for name in stack:
            if name not in ids:
                n = ids[name] = len(ids) + 1
                yield field(6, name) + field(5, field(1, n) + field(2, n + 2))
                yield field(4, field(1, n) + field(4, field(1, n)))
        yield field(2, field(1, b"".join(varint(ids[name]) for name in reversed(stack))) + field(2, varint(3)))


def pstats(stacks):
    yield b"{"
    for i, stack in enumerate(stacks):
        callers = {("app.py", i - 1, stack[0]): (1, 1, 0.5, 0.5)} if i else {}
        key = ("app.py", i, stack[-1])
        yield marshal.dumps(key, 2) + marshal.dumps((1, 1, 0.5, 1.0, callers), 2)
    yield b"0"


def speedscope(stacks):
    """Evented: tables stand behind what they are for, as they may."""
    ids, at, comma = {}, 0, b""
    yield b'{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[{"type":"evented",'
    yield b'"name":"a","unit":"none","startValue":0,"endValue":%d,"events":[' % 10**12
    for stack in stacks:
        pieces = []
        for mark, frames in ((b"O", stack), (b"C", list(reversed(stack)))):
            for name in frames:
                pieces.append(b'%s\n{"type":"%s","frame":%d,"at":%d}' % (comma, mark, ids.setdefault(name, len(ids)), at))
                comma = b","
                at += 1
        yield b"".join(pieces)
    yield b']}],"shared":{"frames":['
    yield b",\n".join(b'{"name":"%s"}' % name for name in ids) + b"]}}\n"


def cpuprofile(stacks):
    """A node for every frame of every stack, as the tree of a program that calls each path once."""
    yield b'{"startTime":0,"endTime":1000000,"nodes":['
    yield b'{"id":1,"callFrame":{"functionName":"(root)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"hitCount":0}'
    n = 1
    for stack in stacks:
        pieces, parent = [], 1
        for name in stack:
            n += 1
            pieces.append(b',\n{"id":%d,"parent":%d,"callFrame":{"functionName":"%s","scriptId":"1","url":"a.js",'
                          b'"lineNumber":1,"columnNumber":1},"hitCount":1}' % (n, parent, name))
            parent = n
        yield b"".join(pieces)
    yield b'],"samples":[1],"timeDeltas":[0]}\n'


def numbered(ids, stack):
    """The numbers of a stack's names, and those names with their numbers that had none before."""
    new = [(i, name) for i, name in enumerate((name for name in dict.fromkeys(stack) if name not in ids), len(ids))]
    ids.update((name, i) for i, name in new)
    return [ids[name] for name in stack], new


def rows(row, new):
    """A table's next rows; a comma in front of all but the very first."""
    return b"".join(b",\n"[:2 * i] + row % {b"id": i, b"name": name} for i, name in new)


def json(stacks):
    """Functions stand in front, as they must; paths are as cpuprofile's nodes."""
    ids, n = {}, 0
    head = b'{"prof2any":1,"recorded":["contexts"],"metrics":[{"name":"samples","unit":"count"}],"functions":['
    yield head, b'],"contexts":['
    for stack in stacks:
        numbers, new = numbered(ids, stack)
        paths = []
        for depth, number in enumerate(numbers):
            parent = b'"parent":%d,' % (n - 1) if depth else b""
            paths.append(b'%s{%s"function":%d,"self":[3]}' % (b",\n"[:2 * n], parent, number))
            n += 1
        yield rows(b'{"id":%(id)d,"name":"%(name)s"}', new), b"".join(paths)
    yield b"", b"]}\n"


def firefox(stacks):
    """By columns; a stack for every frame of every stack."""
    ids, n = {}, 0
    yield (b'{"meta":{"interval":1,"preprocessedProfileVersion":55},"threads":[{"name":"a","pid":"1","tid":1,'
           b'"stackTable":{"frame":[', b'],"prefix":[', b']},"samples":{"stack":[', b']},"frameTable":{"func":[',
           b']},"funcTable":{"name":[', b']},"stringArray":[')
    for stack in stacks:
        numbers, new = numbered(ids, stack)
        comma, prefixes = b",\n"[:2 * n], [b"null"] + [b"%d" % i for i in range(n, n + len(stack) - 1)]
        n += len(stack)
        own = rows(b"%(id)d", new)
        yield (comma + b",".join(b"%d" % i for i in numbers), comma + b",".join(prefixes), comma + b"%d" % (n - 1),
               own, own, rows(b'"%(name)s"', new))
    yield b"", b"", b"", b"", b"", b"]}]}\n"


def stackprof(stacks):
    """With the exact stacks; frames stand behind them."""
    ids, comma = {}, b""
    yield (b'{"version":1.2,"mode":"cpu","interval":1000,"samples":3,"gc_samples":0,"missed_samples":0,"raw":[',
           b'],"frames":{')
    for stack in stacks:
        numbers, new = numbered(ids, stack)
        yield (b"%s%d,%s,3" % (comma, len(stack), b",".join(b"%d" % i for i in numbers)),
               rows(b'"%(id)d":{"name":"%(name)s","file":"a.rb","line":1,"total_samples":3,"samples":3}', new))
        comma = b",\n"
    yield b"", b"}}\n"


def gprof2dot(stacks):
    """Functions stand behind the events, as they may."""
    ids, comma = {}, b""
    yield b'{"version":0,"costs":[{"description":"Memory","unit":"bytes"}],"events":[', b'],"functions":['
    for stack in stacks:
        numbers, new = numbered(ids, stack)
        yield (b'%s{"callchain":[%s],"cost":[3]}' % (comma, b",".join(b"%d" % i for i in reversed(numbers))),
               rows(b'{"name":"%(name)s"}', new))
        comma = b",\n"
    yield b"", b"]}\n"


def gprof(stacks):
    """It has no stacks: an entry for the middle of each, the outer half its callers, the inner its callees."""
    arc = b"                0.10    0.20       1/3           %s [1]\n"
    yield b"                     Call graph\n\nindex % time    self  children    called     name\n"
    for stack in stacks:
        n = len(stack) // 2
        yield b"".join(arc % name for name in stack[:n])
        yield b"[1]     50.0    0.30    0.60       3         %s [1]\n" % stack[n]
        yield b"".join(arc % name for name in stack[n + 1:]) + b"-" * 47 + b"\n"


def ghc(stacks):
    """A step down is a blank more in the line, so that depth is limited."""
    yield b"\tSat Nov 21 09:52 2026 Time and Allocation Profiling Report  (Final)\n\n"
    yield b"COST CENTRE  MODULE  SRC  no.  entries  %time %alloc  %time %alloc  ticks  bytes\n\n"
    for stack in stacks:
        yield b"".join(b"%s%s  Main  Main.hs:1:1-9  1  1  0.0  0.0  0.0  0.0  3  16\n" % (b" " * depth, name)
                       for depth, name in enumerate(stack[:1000]))


def sample(stacks):
    """As ghc's."""
    yield b"Call graph:\n    1000000000000 Thread_1\n"
    for stack in stacks:
        yield b"".join(b"    +%s 3 %s  (in app) + 4  [0x1f0]\n" % (b" !" * depth, name)
                       for depth, name in enumerate(stack[:1000]))


def gperftools(stacks):
    """Go's text: the only one that has names."""
    ids = {}
    yield b"--- mutex:\ncycles/second=1000000000\nsampling period=1\n"
    for stack in stacks:
        numbers, _ = numbered(ids, stack)
        frames = [(4096 + i, name) for i, name in zip(reversed(numbers), reversed(stack))]
        yield b"30 3 @" + b"".join(b" 0x%x" % (address + 1) for address, _ in frames) + b"\n"
        yield b"".join(b"#\t0x%x\t%s+0x1\t\ta.go:1\n" % frame for frame in frames) + b"\n"


def lprof(stacks):
    """It has no stacks: the last function of each, with a line for every frame."""
    def text(word):
        return b"X" + len(word).to_bytes(4, "little") + word + b"\x94"

    def number(n):
        return b"J" + n.to_bytes(4, "little")
    yield b"\x80\x04" + text(b"line_profiler._line_profiler") + text(b"LineStats") + b"\x93\x94)\x81\x94}\x94("
    yield text(b"timings") + b"}\x94("
    for i, stack in enumerate(stacks):
        lines = [number(i + j) + b"K\x03K\x07\x87\x94" for j in range(len(stack))]
        yield text(b"a.py") + number(i) + text(stack[-1]) + b"\x87\x94]\x94(" + b"".join(lines) + b"e"
    yield b"u" + text(b"unit") + b"G>\x11.\x0b\xe8&\xd6\x95ub."


FORMATS = (folded, perf, austin, bpftrace, dtrace, callgrind, trace, pprof, pstats, speedscope, cpuprofile,
           json, firefox, stackprof, gprof2dot, gprof, ghc, sample, gperftools, lprof)

# ---- measuring ----


def generate(path, form, case, size):
    """As much as fits in SIZE by whole stacks; a file's foot goes beyond it."""
    left = size

    def enough():
        for stack in CASES[case](size):
            yield stack
            if left <= 0:
                return
    with open(path, "wb", 1 << 20) as file, contextlib.ExitStack() as temporary:
        parts = [file]
        for pieces in form(enough()):
            pieces = pieces if isinstance(pieces, tuple) else (pieces,)
            while len(parts) < len(pieces):
                parts.append(temporary.enter_context(tempfile.TemporaryFile(dir=os.path.dirname(path))))
            for part, piece in zip(parts, pieces):
                part.write(piece)
                left -= len(piece)
        for part in parts[1:]:
            part.seek(0)
            shutil.copyfileobj(part, file, 1 << 20)
    return os.path.getsize(path)


def warm(size):
    """A virtual machine's memory that nobody used for a while is its host's, and a page of it costs three times
    another's: what a run is going to need is touched before it, by a process of its own, since the most that
    this one ever had counts as its children's."""
    child = os.fork()
    if child == 0:
        with mmap.mmap(-1, size) as memory:
            memory[::mmap.PAGESIZE] = bytes(size // mmap.PAGESIZE)
        os._exit(0)
    os.waitpid(child, 0)


def seconds(command, runs):
    """Processor time, the best of RUNS, and what was said."""
    best, said, needed = 1e9, "", mmap.PAGESIZE
    for _ in range(runs):
        warm(needed)
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip() if child.returncode else ""
        best = min(best, usage.ru_utime + usage.ru_stime)
        needed = usage.ru_maxrss * 1280 // mmap.PAGESIZE * mmap.PAGESIZE  # a quarter more
    return best, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.environ.get("PROF2ANY", "build/release/src/prof2any"))
    parser.add_argument("--sizes", default="1,30", help="in MB")
    parser.add_argument("--only", default="", help="what has WORD in 'FORMAT CASE'")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where an input lies while it is read")
    options = parser.parse_args()
    sizes = [float(size) for size in options.sizes.split(",")]
    start, _ = seconds([options.program, "--version"], 10)
    failed = False
    print("%-24s" % "ns a byte" + "".join("%9g MB" % size for size in sizes) + "    ratio", flush=True)
    for form in FORMATS:
        for case in CASES:
            name = "%s, %s" % (form.__name__, case)
            if options.only not in name:
                continue
            costs, said = [], ""
            for size in sizes:
                with tempfile.NamedTemporaryFile(dir=options.folder, prefix="flat-") as file:
                    n = generate(file.name, form, case, int(size * 1e6))
                    took, said = seconds([options.program, "check", "-q", "-i", form.__name__, file.name, "--must", "functions >= 0"],
                                         7 if size < 10 else 3)
                costs.append(max(took - start, 1e-4) / n * 1e9)
                if said:
                    break
            ratio = costs[-1] / costs[0]
            row = "%-24s" % name + "".join("%12.2f" % cost for cost in costs)
            print(row + ("   " + said if said else "%9.2f%s" % (ratio, "" if ratio <= BAR else "  MORE")), flush=True)
            failed |= ratio > BAR or bool(said)
    return failed


if __name__ == "__main__":
    started = time.time()
    sys.exit(main())
