"""Profiles for pprof put together by hand: python3 construct_pprof.py OUTDIR [CPU-PROFILE]

pprof/handmade-everything.pb     everything that the format's definition allows and Go doesn't write
pprof/handmade-compared.pb       values before and after, as pprof -diff_base marks them
gperftools/handmade-*            the header of each kind; with CPU-PROFILE, of 64 bits and with the lowest
                                 byte first, the same in other words"""
import os
import struct
import sys


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def number(field, n):
    return varint(field << 3) + varint(n)


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def packed(field, *numbers):
    return block(field, b"".join(map(varint, numbers)))


class Strings:
    def __init__(self):
        self.all = [""]

    def __call__(self, text):
        if text not in self.all:
            self.all.append(text)
        return self.all.index(text)

    def table(self):
        return b"".join(block(6, text.encode()) for text in self.all)


def value_type(s, field, kind, unit):
    return block(field, number(1, s(kind)) + number(2, s(unit)))


def label(s, key, text="", n=0, unit=""):
    return block(3, number(1, s(key)) + number(2, s(text)) + number(3, n) + number(4, s(unit)))


def function(s, ident, name, system, file, line):
    return block(5, number(4, s(file)) + number(1, ident) + number(2, s(name)) + number(3, s(system)) +
                 number(5, line))


def location(ident, mapping, address, *lines):
    return block(4, number(2, mapping) + number(3, address) +
                 b"".join(block(4, number(1, f) + number(2, at)) for f, at in lines) + number(1, ident))


def everything():
    """Tables behind the samples, ids in no order, numbers one by one, fields nobody knows."""
    s = Strings()
    big = 1 << 40
    samples = [
        number(1, 7) + number(1, 1000) + number(1, big) + number(2, 3) + number(2, -5) + number(2, 70) +
        label(s, "pid", n=42) + label(s, "thread id", n=43) + label(s, "thread name", "worker"),
        packed(1, 7) + packed(1, 1000, big) + packed(2, 1) + packed(2, 1, 1) +
        label(s, "request", "/index"),
        packed(1, 9, big) + packed(2, 2, 2000000, 8) + label(s, "bytes", n=4096, unit="bytes"),
        packed(1, 8, big) + packed(2, 4, 4000000, 0),
        packed(1, 12, 11, big) + packed(2, 5, 5000000, 1),
        packed(1, 11) + packed(2, 6, 6000000, 1),
        packed(2, 7, 7000000, 1),
        packed(1, big) + packed(2, 0, 0, 0),
    ]
    head = (value_type(s, 1, "samples", "count") + value_type(s, 1, "cpu", "microseconds") +
            value_type(s, 1, "space", "kilobytes"))
    mappings = (
        block(3, number(1, 5) + number(2, 0x400000) + number(3, 0x500000) + number(5, s("/bin/program")) +
              number(7, 1)) +
        block(3, number(1, 3) + number(2, 0x7f0000001000) + number(3, 0x7f0000009000) + number(4, 0x1000) +
              number(5, s("/lib/library.so")) + number(6, s("abcdef"))) +
        block(3, number(1, 4) + number(2, 0xffffffff81000000) + number(3, 0xffffffffc0000000) +
              number(5, s("[kernel.kallsyms]"))))
    locations = (
        location(big, 5, 0x401000, (1, 10)) +
        location(1000, 5, 0x401100, (30, 5), (20, 25), (10, 35)) +
        location(7, 5, 0x401200, (40, 7)) +
        location(9, 3, 0x7f0000001234) +
        location(8, 4, 0xffffffff81000010, (50, 0)) +
        location(11, 5, 0x401300, (60, 3)) +
        location(12, 5, 0x401400, (40, 9)))
    functions = (
        function(s, 1, "main", "main", "/src/main.cc", 8) +
        function(s, 10, "std::vector<int>::push_back(int&&)", "_ZNSt6vectorIiE9push_backEOi", "/src/vector", 30) +
        function(s, 20, "grow", "", "/src/vector", 20) +
        function(s, 30, "", "only_a_system_name", "", 0) +
        function(s, 40, "leaf with blanks; and (parentheses)", "", "/src/leaf.cc", 7) +
        function(s, 50, "do_syscall_64", "", "", 0) +
        function(s, 60, "profiler::Handler(int)", "", "", 0))
    rest = (number(7, s("profiler::.*")) + number(8, s("profiler::Keep")) + number(9, 1700000000 * 10**9) +
            number(10, 10**9) + value_type(s, 11, "cpu", "microseconds") + number(12, 1000) +
            packed(13, s("a comment"), s("another")) + number(14, s("cpu")) + block(99, b"not known yet") +
            varint(98 << 3 | 1) + bytes(8) + varint(97 << 3 | 5) + bytes(4))
    return b"".join(block(2, x) for x in samples) + rest + functions + locations + mappings + head + s.table()


def compared():
    s = Strings()
    out = value_type(s, 1, "samples", "count") + value_type(s, 1, "time", "seconds")
    for stack, now, before in (((2, 1), 5, 3), ((3, 1), 0, 4), ((1,), 2, 0)):
        out += block(2, packed(1, *stack) + packed(2, now, now * 10))
        out += block(2, packed(1, *stack) + packed(2, -before, -before * 10) +
                     label(s, "pprof::base", "true"))
    for i, name in enumerate(("main", "kept", "gone"), 1):
        out += location(i, 0, 0, (i, 0)) + function(s, i, name, name, name + ".py", i)
    return out + s.table()


def words(order, size, *numbers):
    return struct.pack(order + ("I" if size == 4 else "Q") * len(numbers), *numbers)


def recode(profile, order, size):
    """The same profile in words of another size and order; addresses lose what doesn't fit."""
    (n,) = struct.unpack_from("<Q", profile, 8)
    assert n == 3
    out, at, mask = words(order, size, *struct.unpack_from("<5Q", profile)), 40, (1 << 8 * size) - 1
    while True:
        count, depth = struct.unpack_from("<2Q", profile, at)
        stack = struct.unpack_from("<%dQ" % depth, profile, at + 16)
        out += words(order, size, count, depth, *(a & mask for a in stack))
        at += 16 + 8 * depth
        if (count, depth, stack) == (0, 1, (0,)):
            return out


def main():
    folder = sys.argv[1]
    files = {"pprof/handmade-everything.pb": everything(), "pprof/handmade-compared.pb": compared()}
    heap = "heap profile: %s @ %s\n%s @ 0x401137 0x4011f1\n%s @ 0x401180 0x4011f6\nMAPPED_LIBRARIES:\n" \
           "400000-402000 r-xp 00000000 00:00 123  /bin/program\n"
    files["gperftools/handmade-sampled.heap"] = (heap % (
        "3: 2500000 [ 10: 9000000]", "heap_v2/524288", "1: 500000 [ 4: 2000000]", "2: 2000000 [ 6: 7000000]")).encode()
    files["gperftools/handmade-growth.heap"] = (heap % (
        "2: 3145728 [ 2: 3145728]", "growthz", "1: 1048576 [ 1: 1048576]", "1: 2097152 [ 1: 2097152]")).encode()
    files["gperftools/handmade-contention.txt"] = (
        b"--- contentionz 1 ---\ncycles/second = 2500000000\nsampling period = 100\nms since reset = 5000\n"
        b"discarded samples = 0\n  3000 4 @ 0x401137 0x4011f1\n  500 1 @ 0x401180 0x4011f6\n"
        b"--- Memory map: ---\n400000-402000 r-xp 00000000 00:00 123  /bin/program\n")
    if len(sys.argv) > 2:
        with open(sys.argv[2], "rb") as file:
            profile = file.read()
        for name, order, size in (("32-little", "<", 4), ("32-big", ">", 4), ("64-big", ">", 8)):
            files["gperftools/handmade-cpu-%s.prof" % name] = recode(profile, order, size)
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


main()
