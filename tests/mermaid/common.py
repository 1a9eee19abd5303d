"""What the tests of Mermaid's flowcharts share: names that could be more than names, and a reader of the text."""
import json
import os
import re
import subprocess
import sys

SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles")

# Some of these are Mermaid, its directives, entities inside it; some Markdown, HTML, icons, formulas.
HOSTILE = [
    "__init__", "a.__new__(x)", "_x_ _y_", "*x* **b**", "1. one", "- two", "# three", "> four", "    five",
    'a"b', '"]; click f1 "javascript:alert(1)"', "<b>x</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "`code`", '"`md`"', "fa:fa-car", "fab:fa-github x", "$$x^2$$", "a\\nb", "\\*x\\*", "&lt;", "#35", "#quot", "&amp",
    '%%{init: {"theme":"dark"}}%%', "%% comment", "end", "graph TB", "style x fill:#fff", "style a:b#60", "classDef a:b#c",
    "linkStyle 0 stroke:red", "subgraph x", "```", "---", "\ufb02\u00b0\u00b035\u00b6\u00df", "[a](javascript:alert(1))",
    "![i](http://127.0.0.1:9/y.png)", "a | b", "~~x~~", "f1 --> f2", "std::vector<int, std::allocator<int> >::push_back(int&&)",
    "operator()", "(*T).Method", "x@y", "a{b}", "日本語", "naïve", "http://127.0.0.1:9/", "constructor", "__proto__",
]

failures = 0


def check(passed, *what):
    global failures
    if not passed:
        failures += 1
        print("failed:", *what)
    return passed


def run(*arguments, text=None):
    result = subprocess.run([os.environ["PROF2ANY"], *arguments], input=text, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=60)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def convert(*arguments, text=None):
    status, output, messages = run(*arguments, "-q", "-f", "mermaid", text=text)
    check(status == 0, arguments, messages)
    return output


def hostile():
    """A profile in which main calls a function of each name."""
    stacks = [[0, i + 1] for i in range(len(HOSTILE))]
    profile = {"type": "sampled", "name": "names", "unit": "none", "startValue": 0, "endValue": 1, "samples": stacks,
               "weights": [100 + i for i in range(len(stacks))]}
    return json.dumps({"$schema": "https://www.speedscope.app/file-format-schema.json", "profiles": [profile],
                       "shared": {"frames": [{"name": name} for name in ["main", *HOSTILE]]}}).encode()


ALL = ["-O", "nodes=0", "-O", "arcs=0", "-O", "node=0", "-O", "edge=0", "-O", "rest=101"]
WIDE = ["-O", "width=100"]


def shown(text):
    """What a reader sees of TEXT as it stands in the flowchart, or in the page."""
    text = re.sub(r"#(\d+);", lambda match: chr(int(match.group(1))), text)
    return text.replace("\u2060", "").replace("\u200a", "").replace("\u00a0", " ")


def finish():
    sys.exit(failures != 0)
