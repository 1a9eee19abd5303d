"""A LineStats pickled in every binary protocol reads as what it holds: every line's hits and time,
every function's sums; the sample as Python's own pickle reads it."""
import json
import os
import pickle
import subprocess
import sys
import tempfile
import types

prof2any = os.environ["PROF2ANY"]
sample = os.environ["SAMPLES"] + "/profiles/lprof/smooth.lprof"


class LineStats:
    def __init__(self, timings, unit):
        self.timings = timings
        self.unit = unit


LineStats.__module__ = "line_profiler._line_profiler"
for name in ("line_profiler", "line_profiler._line_profiler"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].LineStats = LineStats


def check(path, stats):
    out = subprocess.run([prof2any, "-q", path, "-f", "json"], check=True, stdout=subprocess.PIPE)
    profile = json.loads(out.stdout)
    time = profile["metrics"][0]
    assert (time["unit"], time["scale"]) == ("seconds", stats.unit), time
    functions = profile["functions"]
    ours = {(f["file"], f["line"], f["name"]): f["self"] for f in functions}
    assert ours == {key: [sum(t for _, _, t in lines), sum(h for _, h, _ in lines)]
                    for key, lines in stats.timings.items()}, path
    by_id = {f["id"]: f for f in functions}
    lines = {(by_id[l["function"]]["name"], l["line"]): l["self"] for l in profile["lines"]}
    assert lines == {(key[2], line): [time, hits] for key, rows in stats.timings.items()
                     for line, hits, time in rows}, path


with open(sample, "rb") as file:
    check(sample, pickle.load(file))
many = {("/x/é.py", 7, "f%d" % i): [(8 + j, i * j, 2 ** (i % 48) + j) for j in range(i % 5 + 1)]
        for i in range(1, 700)}
with tempfile.TemporaryDirectory() as folder:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        for unit in (1e-6, 1e-9):
            path = "%s/%d.lprof" % (folder, protocol)
            stats = LineStats(many, unit)
            with open(path, "wb") as file:
                pickle.dump(stats, file, protocol)
            check(path, stats)
