"""What the tests of reports share: running the program, profiles with hostile names, cells."""
import json
import marshal
import os
import re
import subprocess
import unicodedata

PROGRAM = os.environ["PROF2ANY"]
SAMPLES = os.environ["SAMPLES"] + "/profiles"
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def sample(name):
    return os.path.join(SAMPLES, name)


def readable_samples():
    """Every sample that the program reads: those that are there to be refused aside, all."""
    for folder in sorted(os.listdir(SAMPLES)):
        path = os.path.join(SAMPLES, folder)
        if folder == "bad" or not os.path.isdir(path):
            continue
        for name in sorted(os.listdir(path)):
            if not name.startswith(("bad-", "README")) and os.path.isfile(os.path.join(path, name)):
                path_of_sample = os.path.join(path, name)
                done = subprocess.run([PROGRAM, "-q", path_of_sample, "-f", "csv"], capture_output=True, check=False)
                if done.returncode == 0:
                    yield path_of_sample


def run_bytes(*arguments, status=0, **more):
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    done = subprocess.run([PROGRAM, "-q", *arguments], capture_output=True, check=False, **more)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done.stdout


def run(*arguments, **more):
    return run_bytes(*arguments, **more).decode("utf-8")


def load_json(*arguments):
    return json.loads(run(*arguments, "-f", "json"))


def write_pstats(path, rows):
    """rows: {(file, line, name): (primitive, calls, self, total, {caller: (calls, primitive, self, total)})}"""
    with open(path, "wb") as file:
        file.write(marshal.dumps(rows, 2))
    return path


HOSTILE = [
    "plain", "", " ", "a,b;c\td", 'say "hi"', "two\nlines", "cr\r\nlf", "\x1b[31mred\x1b[0m", "bell\x07",
    "nul\0nul", "=1+2", "+cmd", "-x", "@SUM(A1)", "\t=tab", "'=quoted", "a|b", "\\|", "`tick`", "``", "|",
    "<script>alert(1)</script>", "</code><b>", "&amp;", "**bold**", "[x](http://example.com)", "@somebody #12",
    "~~gone~~", "$x$", ":smile:", "http://example.com/", "\u202eright to left", "\u200fmark", "\u200bzero",
    "\u05e9\u05dc\u05d5\u05dd", "\u4e2d\u6587\u540d\u5b57", "\uff21\uff22", "e\u0301e\u0301", "\u0301first",
    "\U0001f600\U0001f680", "\u2028line", "\x9b31m", "x" * 300, "\u4e2d" * 300, "m." * 150 + "f",
    "std::vector<int, std::allocator<int> >::push_back(int const&)", "<built-in method builtins.len>",
    "<method 'get' of 'dict' objects>", "<module>", "\u00b5\u2026\u2588\u2191",
]
PATHS = ["app.py", "", "~", "/usr/lib/python3/dist-packages/some/where/deep/module.py", "p" * 300,
         "/\u4e2d/" * 60 + "x.py", "C:\\Users\\me\\x.py", "new\nline.py", "a|b.py"]
VALUES = [0.0, 1.5, -2.0, float("nan"), float("inf"), float("-inf"), 1e-12, 123456.789, 1e300, 5e-324]


def hostile_profile(path):
    """Every name with a place and values of all kinds; names that are the same bytes only once."""
    rows, last = {}, None
    for i, name in enumerate(HOSTILE):
        key = (PATHS[i % len(PATHS)], i % 7, name)
        value, total = VALUES[i % len(VALUES)], VALUES[(i * 3 + 1) % len(VALUES)]
        callers = {last: (i, i, value, total)} if last else {}
        rows[key] = (i % 5, i * 10 ** (i % 15), value, total, callers)
        last = key
    return write_pstats(path, rows)


def cells(text):
    """Width on a terminal, by Python's Unicode database."""
    width = 0
    for c in text:
        if unicodedata.category(c) in ("Mn", "Me"):
            continue
        assert unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), (hex(ord(c)), text)
        width += 2 if unicodedata.east_asian_width(c) in "WF" else 1
    return width


def at_cell(text, cell):
    """The part of TEXT from CELL on; a wide character that begins before it is part of it."""
    width = 0
    for i, c in enumerate(text):
        if width >= cell:
            return text[i:]
        width += cells(c)
    return ""
