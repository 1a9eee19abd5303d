"""The JSON reader against Python's json: what Python takes is read as the same value whatever pieces it comes
in, numbers to the last bit; what Python refuses is refused, with the place; passing over finds the same end."""
import json
import random
import subprocess
import sys

REPRINT = sys.argv[1]
failures = []

GOOD = [
    "0", "-0", "1", "-1", "9007199254740993", "18446744073709551615", "-9223372036854775808",
    "123456789012345678901234567890", "0.1", "1e22", "1e23", "2.5E-3", "1e308", "1.7976931348623157e308", "4.9e-324",
    "1e-400", "0e999999999999", "0.0000000000000000000000000000000000000000000000001", "3.141592653589793238462643",
    "8.41e21", "9.109383e-31", "5e-324", "2.2250738585072011e-308", "1234567890.123456789",
    '""', '"a"', '"\\u00e9\\n\\"\\\\\\/\\b\\f\\r\\t"', '"\\ud83d\\ude00"', '"\u20ac\U0001f600"', '"\\u0000"',
    "[]", "{}", "[[],{},[[]]]", ' [ 1 , 2 ,\t"x"\r\n, true,false ,null ] ', '{"a":{"b":[1,{"c":"d"}]},"":0}',
    "[" * 200 + "]" * 200, "\ufeff[1]", '["' + "x" * 70000 + '","\\u0041' + "y" * 70000 + '"]',
]
BAD = [
    "", " ", "[", "{", "[1", "[1,", '{"a"', '{"a":', '{"a":1', '{"a":1,', '"', '"abc', '"\\', '"\\u12', "tru", "nul",
    "-", "1.", "1e", "1e+", "[1,]", '{"a":1,}', "[,1]", "{,}", "{1:2}", "{'a':1}", "[1 2]", '{"a" 1}', '{"a":1 "b":2}',
    "[1}", '{"a":1]', "]", "}", "1 2", "[] []", '"\\x"', '"\\u12g4"', "+1", ".5", "[01x]", "truE", "nulL", "abc",
    "[-]", "1e400", "-1e999", '[1e99999999999999999999]', "\x00", "[1]\x00",
]


def run(text, piece, *more):
    # through a pipe: a large file would be mapped, and no window would move
    return subprocess.run([REPRINT, "-", str(piece), *more], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check(condition, text, what):
    if not condition:
        failures.append("%.200r: %s" % (text, what))


def as_printed(value):
    """VALUE as reprint prints it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, list):
        return [as_printed(item) for item in value]
    if isinstance(value, dict):
        return {key: as_printed(item) for key, item in value.items()}
    return value


def read_back(value):
    if isinstance(value, str):
        word = value.split(" ")[0]
        return float.fromhex(word) if "0x" in word else value
    if isinstance(value, list):
        return [read_back(item) for item in value]
    if isinstance(value, dict):
        return {key: read_back(item) for key, item in value.items()}
    return value


def same(text):
    data = text.encode("utf-8")
    expected = as_printed(json.loads(text.lstrip("\ufeff")))
    for piece in (1, 3, 1 << 20):
        result = run(data, piece)
        check(result.returncode == 0, text, "refused: " + result.stderr.decode())
        if result.returncode == 0:
            got = read_back(json.loads(result.stdout.decode("utf-8")))
            check(repr(got) == repr(expected), text, "read as %.200r" % got)
        check(run(data, piece, "skip").returncode == 0, text, "not passed over")


def refused(text, *more):
    data = text.encode("utf-8")
    for piece in (1, 1 << 20):
        result = run(data, piece, *more)
        message = result.stderr.decode()
        check(result.returncode == 3, text, "not refused: %r" % result.stdout)
        check(message.startswith("byte ") and message.count("\n") == 1, text, "no place: " + message)
        if message.startswith("byte "):
            check(int(message.split()[1].rstrip(":")) <= len(data), text, "a place behind the end: " + message)


def random_value(depth):
    kind = random.randrange(9 if depth < 5 else 6)
    if kind < 2:
        return random.choice([random.random() * 10 ** random.randrange(-300, 300), random.randrange(-2 ** 53, 2 ** 53),
                              random.uniform(-1000, 1000), random.randrange(100)])
    if kind == 2:
        return random.choice([True, False, None])
    if kind < 6:
        return "".join(random.choice("ab\\\"/\n\t\u00e9\u4e2d\U0001f41f ") for _ in range(random.randrange(12)))
    if kind == 6:
        return {str(i): random_value(depth + 1) for i in range(random.randrange(5))}
    return [random_value(depth + 1) for _ in range(random.randrange(5))]


def main():
    random.seed(7)
    for text in GOOD:
        same(text)
    for text in BAD:
        refused(text)
        refused(text, "skip")
    for _ in range(60):
        value = random_value(0)
        same(json.dumps(value, ensure_ascii=random.random() < 0.5, indent=random.choice([None, 1])))
    text = json.dumps({"k%d" % i: [i, {"s": "\u00e9\\"}] for i in range(4)}, ensure_ascii=False)
    for cut in range(1, len(text)):
        refused(text[:cut])
    # longer than any window: what stands at its end is not lost when it moves
    rows = [{"key %d" % i: i, "b" * (i % 9): [str(i), i / 8]} for i in range(20000)]
    text = json.dumps(rows, indent=1).replace(":", " :")
    for piece in (1000, 4096, 1 << 20):
        result = run(text.encode(), piece)
        check(result.returncode == 0 and read_back(json.loads(result.stdout)) == as_printed(rows), "rows", "not the same")
    numbers = [random.getrandbits(64) / 2.0 ** random.randrange(0, 90) for _ in range(20000)]
    same(json.dumps(numbers))
    for text, lone in (('"\\ud800"', "\ufffd" * 3), ('"x\\udc00y"', "x" + "\ufffd" * 3 + "y"),
                       ('"\\ud800\\ud83d\\ude00"', "\ufffd" * 3 + "\U0001f600"), ('"\\ud800\\n"', "\ufffd" * 3 + "\n")):
        for piece in (1, 99):
            result = run(text.encode(), piece)
            check(result.returncode == 0 and json.loads(result.stdout) == lone, text, "lone surrogate: %r" % result)
    deep = run(b"[" * 70000, 1 << 20, "skip")
    check(b"byte 65536: more than 65536 arrays" in deep.stderr, "[" * 5, "no limit of depth: %r" % deep.stderr)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32-le"):
        wide = run('{"a":1}'.encode(encoding), 9)
        check(b"byte 0: UTF-16, expected UTF-8" in wide.stderr, encoding, repr(wide.stderr))
    for failure in failures[:20]:
        print(failure)
    sys.exit(bool(failures))


main()
