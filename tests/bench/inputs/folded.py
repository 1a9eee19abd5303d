"""Writes folded stacks, nearly all of them distinct: python3 generate.py MB > FILE

A program of 4,000 functions that each call 1 to 6 others; a stack is a random walk of 20 to 60
steps, so that a dozen frames lie between a root and a path that no other stack takes."""
import argparse
import random
import sys

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("megabytes", type=int)
parser.add_argument("--depth", type=int, nargs=2, default=(20, 60), metavar=("FROM", "TO"))
parser.add_argument("--short", action="store_true", help="names of 5 bytes instead of 25")
parser.add_argument("--sorted", action="store_true", help="in the order of LC_ALL=C sort")
options = parser.parse_args()

random.seed(7)
FUNCTIONS = 4000


def name(i):
    if options.short:
        return b"f%d" % i
    if i % 3:
        return b"%s::%s<%s>::run_%d" % random.choice([(b"app", b"Handler", b"std::string", i),
                                                      (b"db", b"Cursor", b"int, long", i)])
    return b"do_%s_%d" % (random.choice([b"parse", b"send", b"lookup"]), i)


names = [name(i) for i in range(FUNCTIONS)]
callees = [random.sample(range(FUNCTIONS), random.randint(1, 6)) for _ in range(FUNCTIONS)]


def stack():
    at, frames = 0, []
    for _ in range(random.randint(*options.depth)):
        frames.append(names[at])
        may = callees[at]
        at = may[int(random.random() * len(may))]
    return b"%s %d\n" % (b";".join(frames), random.randint(1, 9))


lines, written, size = [], 0, options.megabytes * 1000 * 1000
while written < size:
    lines.append(stack())
    written += len(lines[-1])
    if not options.sorted and len(lines) == 1000:
        sys.stdout.buffer.write(b"".join(lines))
        lines.clear()
if options.sorted:
    lines.sort()
sys.stdout.buffer.write(b"".join(lines))
