"""Command lines made at random, of samples and options as they come: whatever they say, the program ends with
a status that it has and a sentence where it failed, and what it writes is what the format's readers take.

    PROF2ANY=build/release/src/prof2any python3 tests/cli/random_lines.py [LINES [SEED]]

A line that went wrong is printed, to be run again. Of a sanitized build, what the sanitizers find counts, too."""

import glob
import json
import os
import random
import subprocess
import sys
import xml.dom.minidom

PROGRAM = os.environ["PROF2ANY"]
PROFILES = os.path.join(os.path.dirname(__file__), "../../samples/profiles")
JSON = "cpuprofile", "firefox", "json", "speedscope", "trace"
FORMATS = (*JSON, "callgrind", "csv", "dot", "flamegraph", "folded", "markdown", "mermaid", "pprof", "pstats",
           "table", "text", "tree")
PATTERNS = "a", "main", "^$", ".", "loads", "<module>", "parse|fib", r"\bre\b", "module", "é"
VALUES = {
    **dict.fromkeys("focus ignore show hide prune-from root leaf strip".split(), PATTERNS),
    "depth": ("1", "2", "100"),
    "group-by": ("file", "function", "line", "module"),
    "node-threshold": ("0", "1", "20", "100"),
    "edge-threshold": ("0", "1", "20", "100"),
    "metric": ("time", "samples", "Ir"),
    "thread": ("MainThread", "1"),
    "names": ("short", "full", "pstats"),
    "sort": ("calls", "cumulative", "file,line", "nfl", "none", "time"),
    "restrict": ("10", ".25", "0", *PATTERNS),
    "limit": ("1", "5", "all"),
    "threshold": ("0", "1", "50"),
}
FLAGS = "exact", "partial", "reverse", "callers", "callees", "strip-dirs"


def options():
    words = []
    for name, values in VALUES.items():
        if random.random() < 0.08:
            words += ["--" + name, random.choice(values)]
    return words + ["--" + name for name in FLAGS if random.random() < 0.05]


def command_line(samples):
    kind = random.random()
    to = random.choice(FORMATS)
    if kind < 0.1:
        limit = random.choice(["total(main) < 1s", "main <= 10", "functions < 500", "no a -> ... -> b", "depth < 5"])
        return None, ["check", random.choice(samples), "--must", limit]
    if kind < 0.4:
        return to, ["diff", *random.sample(samples, 2), "-f", to, *options(), *(["--normalize"] * random.choice((0, 1)))]
    return to, [*random.sample(samples, random.choice((1, 1, 1, 2))), "-f", to, *options()]


def is_wrong(to, words):
    run = subprocess.run([PROGRAM, *words, "--no-config"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if run.returncode not in (0, 2, 3) and (to or run.returncode != 1):
        return "status %d: %s" % (run.returncode, run.stderr.decode("utf-8", "replace"))
    if run.returncode:
        return None if run.stderr or run.stdout else "it failed without a word"
    try:
        if to in JSON:
            json.loads(run.stdout.decode())
        elif to == "flamegraph":
            xml.dom.minidom.parseString(run.stdout)
        else:
            assert to not in ("pprof", "pstats") or run.stdout, "nothing is written"
    except Exception as wrong:
        return repr(wrong)
    return None


def main(lines=2000, seed=1):
    random.seed(int(seed))
    samples = sorted(path for path in glob.glob(os.path.join(PROFILES, "*/*")) if os.path.isfile(path))
    done = failed = 0
    for _ in range(int(lines)):
        to, words = command_line(samples)
        wrong = is_wrong(to, words)
        failed += wrong is not None
        done += 1
        if wrong:
            print(" ".join(map(repr, words)), "\n   ", wrong)
    print("%d lines, %d went wrong" % (done, failed))
    sys.exit(failed > 0 or done == 0)


main(*sys.argv[1:])
