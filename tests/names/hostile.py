"""No name breaks out of any format: what is written of hostile names has the shape of what is written
of as many harmless ones - lines, elements and attributes, keys and items - and holds nothing that a
terminal would obey. What is read again has as many functions.

    hostile.py CASE        the names of the functions below
    hostile.py write DIR   graph.svg of dot, page.html of the Markdown, flame.svg: for a browser"""
import collections
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

PROGRAM = os.environ["PROF2ANY"]

TRAPS = [  # each is its own when a browser is made to run it: alert() with its number
    "<script>alert(%d)</script>", "<svg onload=alert(%d)>", '" onload="alert(%d)', "' onmouseover='alert(%d)",
    "<img src=x onerror=alert(%d)>", "javascript:alert(%d)", "[x](javascript:alert(%d))", "![x](javascript:alert(%d))",
    "<a href=javascript:alert(%d)>x</a>", "]]><script>alert(%d)</script>", "--><script>alert(%d)</script>",
    "</title></text></svg><script>alert(%d)</script>", "</style><script>alert(%d)</script>", "`<img src=x onerror=alert(%d)>`",
    "</code></td></table><script>alert(%d)</script>", "| <script>alert(%d)</script> |", "<javascript:alert(%d)>",
    "data:text/html,<script>alert(%d)</script>", "&lt;script&gt;alert(%d)&lt;/script&gt;", "<foreignObject><body onload=alert(%d)>",
    '"];x[URL="javascript:alert(%d)"];"', "<TABLE HREF='javascript:alert(%d)'><TR><TD>x</TD></TR></TABLE>",
    '"]; click f1 "javascript:alert(%d)"', "';alert(%d);'", '",alert(%d),"', "${alert(%d)}", "\\\");alert(%d);//",
]
WORDS = [
    "=1+2", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "two\nlines", "cr\r\nlf", "\nfn=(1) stolen\n1 1000", "cfn=x",
    "calls=1 1", "# comment", "# word: 7", "pool 3", "a;b", ";", "nul\0byte", "\0", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1bP1$r\x1b\\",
    "\x9b31m", "\x9d0;t\x9c", "\x08\x08\x08", "\x7f", "\u202eevil", "\u2066x\u2069", "\u200fmark", "\u2028line\u2029", "\ud800lone", "\udfff", "\ufeffmark",
    "\ufffe\uffff", b"\xff\xfe", b"\xc3", b"\xf4\x90\x80\x80", b"\xc0\xaf", '"', "'", "\\", '\\"', "{", "}", "[", "]", "<", ">", "&", "&amp;", "%s%n", "%%", "|",
    "\\|", "`", "``", "$(x)", "~~x~~", "**x**", "@somebody", "#12", "end", "graph", "__proto__", "constructor", "null", "NaN",
    "x" * 5000, "<" * 500, "\u4e2d" * 500, "../../etc/passwd", "C:\\x", "http://127.0.0.1:9/x", "", " ",
]


def names():
    return [trap % i for i, trap in enumerate(TRAPS)] + WORDS


def profile(path, functions):
    """main calls a function of each name, in a file of its name; each has a time of its own, so that
    they come in the same order whatever they are called."""
    root = ("main.py", 1, "main")
    rows = {root: (1, 1, 0.5, 0.5 + len(functions) * 1000.0, {})}
    for i, name in enumerate(functions):
        file = name + (b".py" if isinstance(name, bytes) else ".py")
        rows[file, i + 1, name] = (1, 1, 1000.0 - i, 1000.0 - i, {root: (1, 1, 1000.0 - i, 1000.0 - i)})
    with open(path, "wb") as out:
        out.write(marshal.dumps(rows, 2))
    return path


class Pair:
    """The same profile with hostile names and with harmless ones."""
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        functions = names()
        self.n = len(functions) + 1
        self.hostile = profile(self.folder + "/hostile.prof", functions)
        self.harmless = profile(self.folder + "/harmless.prof", ["name_%03d" % i for i in range(len(functions))])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def both(self, *arguments):
        for path in (self.hostile, self.harmless):
            yield run(path, *arguments)


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, "-q", *arguments], capture_output=True, check=False, **more)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


ALL = {"dot": ["-O", "nodes=0"], "mermaid": ["-O", "nodes=0", "-O", "arcs=0", "-O", "node=0", "-O", "edge=0"],
       "text": ["--limit", "all"], "table": ["--limit", "all"], "tree": ["--limit", "all", "-O", "threshold=0"],
       "markdown": ["--limit", "all"], "csv": ["--limit", "all"]}


def writable():
    lines = subprocess.run([PROGRAM, "formats"], capture_output=True, check=True).stdout.decode().split("\n")
    at = lines[0].index("writes")
    return [line.split()[0] for line in lines[1:] if line[at:at + 3] == "yes"]


def unfit(text):
    """What a terminal obeys; what isn't UTF-8 is an exception."""
    return re.findall("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text.decode("utf-8").replace("\r\n", "\n"))


def nothing_commands_a_terminal():
    with Pair() as pair:
        for form in ("text", "table", "tree"):
            for more in ([], ["--callers"], ["--names", "pstats"], ["-O", "color=always"]):
                if form == "tree" and "--callers" in more or form == "text" and "-O" in more:
                    continue
                text = run(pair.hostile, "-f", form, *ALL[form], *more)
                assert not unfit(re.sub(rb"\x1b\[[0-9;]*m", b"", text) if "-O" in more else text), (form, more)
        for form in set(writable()) - {"pprof", "pstats"}:
            text = run(pair.hostile, "-f", form, *ALL.get(form, []))
            if form not in ("folded", "callgrind"):  # which keep names byte for byte
                text.decode("utf-8")
            assert not re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]", text), form


def lines_are_those_of_harmless_names():
    with Pair() as pair:
        for form in ("text", "table", "tree", "markdown", "mermaid", "folded"):
            counts = [text.count(b"\n") + text.count(b"\r") for text in pair.both("-f", form, *ALL.get(form, []))]
            assert counts[0] == counts[1], (form, counts)
        kinds = [collections.Counter(re.match(rb"(fn|cfn|fl|fi|fe|cfi|cfl|ob|cob|calls)=|[-+*\d]|[a-z]+:|#|$|.", line).group(0)[:3]
                                     for line in text.split(b"\n")) for text in pair.both("-f", "callgrind")]
        for word in (b"fn=", b"cfn", b"cal", b"#"):
            assert kinds[0][word] == kinds[1][word], (word, kinds)
        assert set(kinds[0]) == set(kinds[1]), kinds


def elements(text):
    root = xml.etree.ElementTree.fromstring(text)
    return collections.Counter((e.tag, tuple(sorted(e.attrib))) for e in root.iter()), root


def links_of(root):
    return [value for e in root.iter() for key, value in e.attrib.items() if key.endswith("href")]


def pictures_have_the_elements_of_harmless_names():
    with Pair() as pair:
        shapes = [elements(text) for text in pair.both("-f", "flamegraph")]
        for shape, root in shapes:
            assert {tag for tag, _ in shape} == {tag for tag, _ in shapes[1][0]}
            assert sum(n for (tag, _), n in shape.items() if tag.endswith("script")) == 1
            assert not [l for l in links_of(root) if not l.startswith("#")]
        handlers = [{key for _, keys in shape for key in keys if key.startswith("on")} for shape, _ in shapes]
        assert handlers[0] == handlers[1]
        if shutil.which("dot"):
            graphs = [elements(subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, check=True).stdout)
                      for text in pair.both("-f", "dot", *ALL["dot"])]
            for shape, root in graphs:
                assert {tag for tag, _ in shape} == {tag for tag, _ in graphs[1][0]}, shape
                assert not [key for _, keys in shape for key in keys if key.startswith("on")], shape
                assert not [l for l in links_of(root) if l], links_of(root)


def marked(text):
    """The page that npm's marked makes, which lets HTML pass."""
    library = os.path.join(os.environ["SOURCE"], "build", "npm", "marked", "lib", "marked.cjs")
    if not os.path.exists(library) or not shutil.which("node"):
        print("skipped: npm's marked isn't here, see tests/tools/npm.sh")
        sys.exit(77)
    program = "const { marked } = require(process.argv[1]);" \
        "process.stdout.write(marked.parse(require('fs').readFileSync(0, 'utf8'), { gfm: true }))"
    return subprocess.run(["node", "-e", program, library], input=text, capture_output=True, check=True).stdout.decode()


def markdown_is_whole_in_marked():
    with Pair() as pair:
        for more in ([], ["--callers"], ["--callees"], ["--names", "full"], ["--names", "pstats"]):
            pages = [marked(text) for text in pair.both("-f", "markdown", *ALL["markdown"], *more)]
            tags = [collections.Counter(re.findall("<(.*?)>", page, re.S)) for page in pages]
            assert tags[1]["tr"] > pair.n, (more, tags[1])
            for each in tags:  # a name that is empty has no code
                assert each.pop("code") == each.pop("/code"), (more, each)
            assert tags[0] == tags[1], (more, tags[0] - tags[1], tags[1] - tags[0])


def shape_of(value):
    if isinstance(value, dict):
        return {key: shape_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape_of(each) for each in value]
    return type(value).__name__


def json_has_the_shape_of_harmless_names():
    with Pair() as pair:
        for form in ("json", "speedscope", "cpuprofile", "trace", "firefox"):
            made = [json.loads(text) for text in pair.both("-f", form)]
            if form in ("firefox", "cpuprofile"):  # tables of strings and of files: the empty ones aren't there
                assert set(made[0]) == set(made[1]), form
            else:
                assert shape_of(made[0]).keys() == shape_of(made[1]).keys(), form


def what_is_written_is_read_with_as_many_functions():
    with Pair() as pair:
        for form, least in (("pstats", pair.n), ("callgrind", pair.n), ("json", pair.n), ("folded", pair.n - 4),
                            ("speedscope", pair.n - 4), ("pprof", pair.n - 4), ("trace", pair.n - 8),
                            ("cpuprofile", pair.n - 4), ("firefox", pair.n - 8)):
            path = pair.folder + "/again"
            with open(path, "wb") as file:
                file.write(run(pair.hostile, "-f", form))
            functions = [f for f in json.loads(run(path, "-i", form, "-f", "json"))["functions"] if "self" in f]
            assert least <= len(functions) <= pair.n, (form, len(functions), pair.n)
            whole = sum(f["self"][0] for f in functions)
            assert whole, form


def write(folder):
    """For trap.test.js."""
    with Pair() as pair:
        with open(folder + "/flame.svg", "wb") as file:
            file.write(run(pair.hostile, "-f", "flamegraph"))
        if shutil.which("dot"):
            graph = run(pair.hostile, "-f", "dot", *ALL["dot"])
            with open(folder + "/graph.svg", "wb") as file:
                file.write(subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, check=True).stdout)
        tables = run(pair.hostile, "-f", "markdown", *ALL["markdown"])
        if shutil.which("cmark-gfm"):
            command = ["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"]
            page = subprocess.run(command, input=tables, capture_output=True, check=True).stdout
            with open(folder + "/page.html", "wb") as file:
                file.write(b"<!doctype html><meta charset=utf-8>" + page)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        write(sys.argv[2])
    else:
        globals()[sys.argv[1]]()
