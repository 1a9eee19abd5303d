"""A large profile.proto: python3 pprof.py SAMPLES > FILE

Stacks are 20 to 60 frames deep, random walks through 3,000 functions that each call 1 to 6 others, so
that nearly all are distinct. Two sample types, as Go's CPU profiles have. Not compressed."""
import random
import sys

FUNCTIONS = 3000


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n)


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def main():
    random.seed(7)
    samples, out = int(sys.argv[1]), sys.stdout.buffer
    strings = [b"", b"samples", b"count", b"cpu", b"nanoseconds"]
    callees = [random.sample(range(FUNCTIONS), random.randint(1, 6)) for _ in range(FUNCTIONS)]
    out.write(block(1, number(1, 1) + number(2, 2)) + block(1, number(1, 3) + number(2, 4)))
    for _ in range(samples):
        stack = [0]
        for _ in range(random.randint(19, 59)):
            stack.append(random.choice(callees[stack[-1]]))
        ids = b"".join(varint(f + 1) for f in reversed(stack))
        hits = random.randint(1, 3)
        out.write(block(2, block(1, ids) + block(2, varint(hits) + varint(hits * 10000000))))
    out.write(block(3, number(1, 1) + number(2, 0x400000) + number(3, 0x800000) +
                    number(5, len(strings)) + number(7, 1)))
    strings.append(b"/usr/bin/program")
    for f in range(FUNCTIONS):
        line = block(4, number(1, f + 1) + number(2, 10 + f % 50))
        out.write(block(4, number(1, f + 1) + number(2, 1) + number(3, 0x400000 + 16 * f) + line))
        out.write(block(5, number(1, f + 1) + number(2, len(strings)) + number(3, len(strings)) +
                        number(4, len(strings) + 1)))
        strings += [b"example.com/package%d.Function%d" % (f % 60, f), b"/src/package%d/file.go" % (f % 60)]
    for text in strings:
        out.write(block(6, text))
    out.write(block(11, number(1, 3) + number(2, 4)) + number(12, 10000000))


main()
