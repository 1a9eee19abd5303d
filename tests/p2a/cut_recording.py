"""A recording past its limit of contexts: functions and their callers have exact calls and times beside paths that
are cut. What renames functions, takes nothing away or compares keeps these; pstats is the judge."""

import csv
import os
import pstats
import subprocess
import sys
import tempfile

PROGRAM, RECORDING = sys.argv[1:]
os.chdir(tempfile.mkdtemp())


def run(*words):
    done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 0, (words, done.stderr)
    return done


def figures(*options):
    run("-q", RECORDING, *options, "-f", "pstats", "-o", "out.prof")
    stats = pstats.Stats("out.prof").strip_dirs()
    return {f: (primitive, calls, round(self, 12), round(total, 12), sorted(callers.items()))
            for f, (primitive, calls, self, total, callers) in stats.stats.items()}


exact = figures()
assert sum(f[1] for f in exact.values()) == 2179 and exact["nested.py", 1, "fib"][:2] == (121, 1089)
NOTHING = (["--strip-dirs"], ["--strip", "^/tmp/"], ["--metric", "time"], ["--depth", "100"], ["-n", "0.001"])
for options in NOTHING:
    assert figures(*options) == exact, options
    assert "selecting" not in run(RECORDING, *options).stderr, options
with open("names.yml", "w") as file:
    file.write("names:\n  - {strip: '^/tmp/'}\n  - {rename: '^fib$', to: fibonacci}\n")
renamed = figures("--config", "names.yml")
assert renamed["nested.py", 1, "fibonacci"][:4] == exact["nested.py", 1, "fib"][:4]
for options in (["--depth", "2"], ["--hide", "even"], ["--group-by", "file"]):
    assert "selecting works on call paths" in run(RECORDING, *options).stderr, options

run("-q", RECORDING, "-f", "pstats", "-o", "graph.prof")
for before, after in ((RECORDING, RECORDING), (RECORDING, "graph.prof"), ("graph.prof", RECORDING)):
    rows = list(csv.DictReader(run("diff", "-q", before, after, "-f", "csv").stdout.splitlines()))
    calls = {row["name"].split()[0]: row["calls"] for row in rows}
    assert calls["fib"] == "1089" and calls["even"] == "484", calls
    for row in rows:
        for name, value in row.items():
            if name + " before" in row:
                was = row[name + " before"]
                assert value == was or abs(float(value) - float(was)) < 1e-9, (before, after, name, row)
twice = csv.DictReader(run("diff", "-q", RECORDING, "graph.prof", "vs", RECORDING, RECORDING, "-f", "csv").stdout.splitlines())
assert {row["name"].split()[0]: row["calls before"] for row in twice}["fib"] == "1089"
for line in run("diff", "-q", RECORDING, RECORDING, "-f", "folded").stdout.splitlines():
    assert line.split()[-1] == line.split()[-2], line
