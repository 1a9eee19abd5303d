"""What is measured: five workloads, each about a second without a profiler, and loops of one kind of event."""
import ast
import difflib
import io
import json
import json.encoder
import json.scanner
import os
import re
import textwrap
import tokenize

try:
    import re._compiler as compiler
except ImportError:
    import sre_compile as compiler

PART = int(os.environ.get("PART", "1"))  # less of everything, for a quick look

with open(textwrap.__file__) as f:
    SOURCE = f.read()
LINES = SOURCE.splitlines(True)


class Doubling(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.copy_location(ast.Tuple([node, node], ast.Load()), node)


def syntax_trees():
    for _ in range(260 // PART):
        tree = ast.parse(SOURCE)
        sum(isinstance(node, ast.Name) for node in ast.walk(tree))
        Doubling().visit(tree)


def documents():
    value = [{"name": "item %d" % i, "tags": ["a", "b", str(i)], "at": [i, i / 3, None, True]} for i in range(900)]
    encoder = json.encoder.JSONEncoder(indent=1, sort_keys=True)
    decoder = json.JSONDecoder(object_hook=lambda d: tuple(d), parse_float=lambda s: float(s))
    decoder.parse_object, decoder.scan_once = json.decoder.JSONObject, None
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    for _ in range(64 // PART):
        text = "".join(encoder.iterencode(value))
        decoder.decode(text)


def differences():
    other = [line.replace("e", "xx") if i % 2 else line for i, line in enumerate(LINES)]
    for _ in range(160 // PART):
        list(difflib.ndiff(LINES[:150], other[:150]))


def tokens():
    for _ in range(500 // PART):
        list(tokenize.generate_tokens(io.StringIO(SOURCE).readline))


PATTERNS = [r"(a|b)*c{2,5}(?:foo|bar|baz)+?\b", r"(?P<word>\w+)\s+(?P=word)", r"(?i:x[^y-z]+)(?=\d)",
            r"^(?:(\d+)-(\d+)|[A-F]{3}|[^\W\d_]+)$", "|".join("key%d(?:-|_)?" % i for i in range(40))]


def expressions():
    for _ in range(800 // PART):
        for pattern in PATTERNS:
            compiler.compile(pattern, re.UNICODE)


# ---- one kind of event, a million times ----

def nothing():
    pass


def python_calls():
    f = nothing
    for _ in range(250000):
        f()
        f()
        f()
        f()


def c_calls():
    f, x = len, ()
    for _ in range(250000):
        f(x)
        f(x)
        f(x)
        f(x)


def method_calls():
    d = {}
    for _ in range(250000):
        d.get(1)
        d.get(1)
        d.get(1)
        d.get(1)


def forever():
    while True:
        yield


def resumes():
    for _, _ in zip(range(1000000), forever()):
        pass


WORKLOADS = [syntax_trees, documents, differences, tokens, expressions]
EVENTS = [python_calls, c_calls, method_calls, resumes]
WORK = {f.__name__: f for f in WORKLOADS + EVENTS}
