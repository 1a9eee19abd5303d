"""Writes the profiles that no tool at hand writes: constructed, hand-made and bad ones.

    python3 construct.py OUTDIR      makes OUTDIR/pstats, OUTDIR/folded, OUTDIR/bad

All marshal bytes are put together here, so the result does not depend on the Python that runs this.
"""
import os
import struct
import sys

MAIN = ("app.py", 12, "main")
WALK = ("app.py", 8, "walk")
LEAF = ("app.py", 4, "leaf")
LEN = ("~", 0, "<built-in method builtins.len>")

# (primitive calls, calls, self, total, callers); callers: (calls, primitive calls, self, total).
# The self times add up to 1.0, and the 3,000,000,000 calls do not fit 32 bits.
TABLE = {
    LEN: (3000000000, 3000000000, 0.1, 0.1, {LEAF: (3000000000, 3000000000, 0.1, 0.1)}),
    LEAF: (2, 2, 0.3, 0.4, {WALK: (2, 2, 0.3, 0.4)}),
    WALK: (1, 3, 0.5, 0.9, {MAIN: (1, 1, 0.2, 0.9), WALK: (2, 1, 0.3, 0.6)}),
    MAIN: (1, 1, 0.1, 1.0, {}),
}


def i32(n):
    return struct.pack("<i", n)


def sized(code, data):
    return code + i32(len(data)) + data


def flagged(data):
    """The same object with FLAG_REF."""
    return bytes([data[0] | 0x80]) + data[1:]


def text_float(x):
    text = ("%.17g" % x).encode()
    return bytes([len(text)]) + text


def long_int(n):
    digits = []
    rest = abs(n)
    while rest:
        digits.append(rest & 0x7FFF)
        rest >>= 15
    count = len(digits) if n >= 0 else -len(digits)
    return b"l" + i32(count) + b"".join(struct.pack("<H", d) for d in digits)


class Encoder:
    """Values to marshal bytes. python2: byte strings, interned list; refs: as 3.4 and later."""

    def __init__(self, version, python2=False, refs=False):
        self.version = version
        self.python2 = python2
        self.refs = refs
        self.seen = {}

    def encode(self, value):
        if value is None or value is True or value is False:
            return {None: b"N", True: b"T", False: b"F"}[value]
        if isinstance(value, int):
            return self.integer(value)
        if isinstance(value, float):
            return b"g" + struct.pack("<d", value) if self.version > 1 else b"f" + text_float(value)
        if isinstance(value, dict):
            pairs = b"".join(self.encode(k) + self.encode(v) for k, v in value.items())
            return b"{" + pairs + b"0"
        is_key = isinstance(value, tuple) and any(isinstance(v, str) for v in value)
        if self.refs and (isinstance(value, str) or is_key):
            if value in self.seen:
                return b"r" + i32(self.seen[value])
            self.seen[value] = len(self.seen)  # before the children, as the format has it
            return flagged(self.plain(value))
        return self.plain(value)

    def integer(self, n):
        if -(1 << 31) <= n < 1 << 31:
            return b"i" + i32(n)
        return b"I" + struct.pack("<q", n) if self.python2 else long_int(n)

    def plain(self, value):
        if isinstance(value, str):
            return self.string(value)
        head = b"(" + i32(len(value))
        if self.version >= 4:
            head = b")" + bytes([len(value)])
        return head + b"".join(self.encode(v) for v in value)

    def string(self, text):
        data = text.encode("utf-8", "surrogatepass")
        if self.python2:
            return self.interned(data)
        if self.version >= 4 and len(data) == len(text) < 256:
            return b"Z" + bytes([len(data)]) + data
        return sized(b"u", data)

    def interned(self, data):
        if self.version < 1:
            return sized(b"s", data)
        if data in self.seen:
            return b"R" + i32(self.seen[data])
        self.seen[data] = len(self.seen)
        return sized(b"t", data)


def code_object(consts):
    """A module's code as Python 3.11 and later write it."""
    def name(text):
        return b"z" + bytes([len(text)]) + text

    def small_tuple(*items):
        return b")" + bytes([len(items)]) + b"".join(items)

    bytecode = bytes([151, 0, 100, 0, 83, 0])
    objects = [
        sized(b"s", bytecode), small_tuple(*consts), small_tuple(), small_tuple(),
        sized(b"s", b""), name(b"app.py"), name(b"<module>"), name(b"<module>"),
        i32(1), sized(b"s", b""), sized(b"s", b""),
    ]
    return b"c" + i32(0) * 3 + i32(1) + i32(64) + b"".join(objects)


def with_command(key_object, *extra):
    """As `python -m profile` has it: an object names the command's row, callers are integers."""
    enc = Encoder(4)
    command = b")\x03" + enc.encode("profile") + enc.encode(0) + key_object
    row = b")\x05" + enc.encode(1) * 2 + enc.encode(0.25) + enc.encode(1.0) + b"{" \
        + enc.encode(("profile", 0, "profiler")) + enc.encode(1) + b"0"
    main = enc.encode(MAIN) + b")\x05" + enc.encode(1) * 2 + enc.encode(0.75) * 2 \
        + b"{" + command + enc.encode(1) + b"0"
    profiler = enc.encode(("profile", 0, "profiler")) + enc.encode((0, 0, 0, 0, {}))
    return b"{" + command + row + main + profiler + b"".join(extra) + b"0"


def every_type():
    """One object of every type code but `I`, `R` and `:`, which have files of their own."""
    double = struct.pack("<d", 0.5)
    hashable = [
        b"N", b"T", b"F", b"S", b".",
        b"i" + i32(-1), long_int(1 << 40), long_int(-(1 << 40)), long_int(0),
        b"g" + double, b"f" + text_float(0.1), b"y" + double * 2, b"x" + text_float(0.1) * 2,
        sized(b"s", b"bytes\0\xff"), sized(b"t", b"interned"), sized(b"u", "\u00e9\u4e2d".encode()),
        sized(b"a", b"ascii"), sized(b"A", b"ascii interned"), b"z\x05short", b"Z\x08interned",
        b"(" + i32(1) + b"N", b")\x01N", b")\x00", sized(b">", b""), b">" + i32(1) + b"T",
    ]
    code = code_object(hashable)
    others = [
        b"[" + i32(1) + b"N", b"<" + i32(1) + b"T", b"{" + b"z\x01kN0",
        flagged(code), b"r" + i32(0),
    ]
    items = hashable + others
    extra = b")\x01z\x09__extra__" + b"[" + i32(len(items)) + b"".join(items)
    return with_command(code, extra)


def sampled():
    """Python 3.15 `profiling.sampling --pstats`: samples on top and on the stack, integer callers,
    rows by the line that was executing, and a key that is not a function."""
    top, low = ("app.py", 21, "main"), ("app.py", 5, "spin")
    other = ("app.py", 6, "spin")
    return {
        low: (60, 60, 0.06, 0.06, {top: 60}),
        other: (30, 30, 0.03, 0.03, {top: 30}),
        top: (10, 100, 0.01, 0.1, {}),
        ("__sampled__",): True,
    }


def pyinstrument():
    """Counts are -1; the total of a recursive function is added up once per frame."""
    return {
        MAIN: (-1, -1, 0.1, 1.0, {}),
        WALK: (-1, -1, 0.5, 1.5, {MAIN: (-1, -1, 0.2, 0.9), WALK: (-1, -1, 0.3, 0.6)}),
        LEAF: (-1, -1, 0.4, 0.4, {WALK: (-1, -1, 0.4, 0.4)}),
    }


def unicode_names():
    main = ("/caf\u00e9/\u4e2d\u6587.py", 1, "\u0444\u0443\u043d\u043a\u0446\u0438\u044f")
    odd = ("/bad\udcff.py", 2, "a;b \"c\" <d> & \U0001f600")
    return {main: (1, 1, 0.5, 1.0, {}), odd: (2, 2, 0.5, 0.5, {main: (2, 2, 0.5, 0.5)})}


def no_row_for_caller():
    return {LEAF: (3, 3, 0.5, 0.5, {("gone.py", 1, "gone"): (3, 3, 0.5, 0.5)})}


def pstats_files():
    current = Encoder(5, refs=True)
    slice_const = b":" + b"i" + i32(1) + b"N" + b"i" + i32(2)
    return {
        "constructed-v0-text-floats": Encoder(0).encode(TABLE),
        "constructed-v1-py2-interned": Encoder(1, python2=True).encode(TABLE),
        "constructed-v2-py2-interned": Encoder(2, python2=True).encode(TABLE),
        "constructed-v4-no-refs": Encoder(4).encode(TABLE),
        "constructed-py3.14-cprofile": flagged_top(current),
        "constructed-py3.14-profile-m-slice": with_command(code_object([b"N", slice_const])),
        "constructed-py3.15-sampled": Encoder(6, refs=True).encode(sampled()),
        "constructed-pyinstrument": Encoder(4, refs=True).encode(pyinstrument()),
        "constructed-all-types": every_type(),
        "constructed-unicode": Encoder(4, refs=True).encode(unicode_names()),
        "constructed-caller-without-row": Encoder(4).encode(no_row_for_caller()),
        "constructed-empty": b"{0",
    }


def flagged_top(encoder):
    """The whole dict takes reference 0, as it does when something else holds it."""
    encoder.seen[None] = 0
    return flagged(encoder.encode(TABLE))


def self_containing_key():
    """Well-formed all the way, but the file name of the only function is that function's own key.
    CPython 3.13 recurses without end when it hashes the key."""
    row = Encoder(4).encode((1, 1, 0.5, 0.5, {}))
    return b"{\xa9\x03" + b"r" + i32(0) + b"i" + i32(1) + b"z\x01f" + row + b"0"


def key_as_a_name():
    """The name of the last function is the key before it, an object with a high number."""
    row = Encoder(4).encode((1, 1, 0.5, 0.5, {}))
    first = b")\x03z\x01mi" + i32(1) + b"z\x01m"
    other = b"(" + i32(100) + b"\xfa\x01x" * 100
    key = b"\xa9\x03z\x01ai" + i32(1) + b"z\x01f"
    last = b")\x03z\x01bi" + i32(2) + b"r" + i32(100)
    return b"{" + b"".join(k + row for k in (first, other, key, last)) + b"0"


def bad_files():
    good = Encoder(4, refs=True).encode(TABLE)
    key = b"{)\x03"
    return {
        "bad-truncated.prof": good[:len(good) * 3 // 5],
        "bad-lying-length.prof": key + b"u" + i32(0x7FFFFFFF) + b"app.py",
        "bad-negative-length.prof": key + b"u" + i32(-2) + b"app.py",
        "bad-reference-loop.prof": self_containing_key(),
        "bad-key-as-a-name.prof": key_as_a_name(),
        "bad-reference-range.prof": key + b"z\x06app.py" + b"i" + i32(1) + b"r" + i32(99),
        "bad-deep-nesting.prof": key + b"{" * 100000,
        "bad-not-a-profile.prof": b"{)\x03z\x06app.pyi" + i32(1) + b"z\x01f" + b"[" + i32(0) + b"0",
        "bad-cost-before-events.callgrind":
            b"# callgrind format\nversion: 1\nfl=(1) a.c\nfn=(1) main\n1 5\nevents: Ir\n",
    }


def folded_files():
    return {
        "handmade-blanks":
            b"main;read file 2\nmain;std::map<int, char>::at(int const&) 3\n main;leading 5\n",
        "handmade-fractional": b"main;a 1.5\nmain;b 0.25\nmain 0.5\n",
        "handmade-two-columns": b"main;faster 8 2\nmain;slower 3 7\nmain;gone 4 0\nmain;new 0 6\n",
        "handmade-crlf": b"main;a 1\r\nmain;b 2\r\n",
        "handmade-bom": b"\xef\xbb\xbfmain;a 1\nmain;b 2\n",
        "handmade-empty-frames": b";;a 2\nmain;;b 3\nmain; 1\n",
        "handmade-marks":
            b"java;do_syscall_64_[k];vfs_read_[k] 4\njava;Main.run_[j];Math.max_[i] 6\n"
            b"idle;--;waker_[w] 2\n",
        "handmade-unsorted-no-newline": b"b;c 1\na 2\nb;c 3\na;b 4",
    }


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def main():
    root = sys.argv[1]
    for name, data in pstats_files().items():
        write(os.path.join(root, "pstats", name + ".prof"), data)
    for name, data in folded_files().items():
        write(os.path.join(root, "folded", name + ".folded"), data)
    for name, data in bad_files().items():
        write(os.path.join(root, "bad", name), data)


if __name__ == "__main__":
    main()
