"""The text of a perf script of about so many megabytes: python3 perf.py MB > FILE

A program of 4,000 functions in 40 objects; 30,000 call paths, 20 to 60 deep; 8 threads. Every
sample takes one path with another address in its leaf, as samples do."""
import random
import sys

random.seed(7)
size = int(sys.argv[1]) * 1000 * 1000
objects = ["/usr/lib/x86_64-linux-gnu/lib%s.so.%d" % (word, i % 7)
           for i, word in enumerate(["core", "net", "json", "text", "gfx", "db", "io", "math"] * 5)]
functions = [("%s::%s<%s>::run_%d" % random.choice([("app", "Handler", "std::string", i),
                                                     ("db", "Cursor", "int, long", i)]) if i % 3
              else "do_%s_%d" % (random.choice(["parse", "send", "lookup"]), i),
              random.choice(objects), random.randrange(1 << 46)) for i in range(4000)]


def frame(function, offset):
    name, where, base = function
    return "\t%16x %s+0x%x (%s)\n" % (base + offset, name, offset, where)


callees = [random.sample(range(4000), 6) for _ in functions]


def path():
    at = random.randrange(40)
    steps = []
    for _ in range(random.randint(20, 60)):
        steps.append(frame(functions[at], 16 * random.randrange(1, 4)))
        at = random.choice(callees[at])
    return at, "".join(reversed(steps))


paths = [path() for _ in range(30000)]
written, time = 0, 1000.0
out = sys.stdout
while written < size:
    chunk = []
    for _ in range(1000):
        leaf, steps = paths[min(int(random.expovariate(1 / 6000)), len(paths) - 1)]
        tid = random.randrange(8)
        time += 0.000101
        chunk.append("worker-%d %d/%d [%03d] %.6f:     250000 cycles:u: \n%s%s\n" % (
            tid, 4000, 4000 + tid, tid, time, frame(functions[leaf], random.randrange(4000)), steps))
    text = "".join(chunk)
    out.write(text)
    written += len(text)
