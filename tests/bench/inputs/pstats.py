"""Seconds from a large pstats file to a picture: `prof2any -f dot FILE | dot -Tsvg`.

    python3 large.py PROF2ANY [FUNCTIONS [ARCS]]       200,000 and 900,000 unless said otherwise

The call graph is random but shaped like a program: levels of functions, every one called from the
level above or, now and then, from anywhere; a few call themselves or a function above. Times are
those of a path's share, so that some functions are hot and most are not.
"""
import marshal
import os
import random
import subprocess
import sys
import tempfile
import time

LEVELS = 40


def call_graph(functions, arcs):
    """[(caller, callee)], each once; function 0 is the root."""
    rng = random.Random(1)
    width = max(1, (functions - 1) // LEVELS)
    pairs = set()
    for f in range(1, functions):
        above = max(0, f - width)
        pairs.add((rng.randrange(max(0, above - width), above + 1) if above else 0, f))
    while len(pairs) < arcs:
        caller = rng.randrange(functions)
        if rng.random() < 0.02:
            callee = rng.randrange(max(1, caller - width), caller + 1) if caller else 1
        else:
            callee = min(functions - 1, caller + 1 + int(rng.expovariate(1 / (2 * width))))
        if callee:
            pairs.add((caller, callee))
    return sorted(pairs)


def profile(functions, arcs):
    """The dictionary of a pstats file."""
    rng = random.Random(2)
    callers = [[] for _ in range(functions)]
    children = [[] for _ in range(functions)]
    for caller, callee in call_graph(functions, arcs):
        callers[callee].append(caller)
        if caller < callee:
            children[caller].append(callee)
    total = [0.0] * functions
    own = [0.0] * functions
    flow = {}
    total[0] = 100.0
    for f in range(functions):
        own[f] = total[f] * (0.05 if children[f] else 1)
        weights = [rng.paretovariate(0.6) for _ in children[f]]
        for callee, weight in zip(children[f], weights):
            flow[f, callee] = (total[f] - own[f]) * weight / sum(weights)
            total[callee] += flow[f, callee]
    key = [("/srv/app/package%d/module%d.py" % (f % 60, f % 2000), f % 5000 + 1, "function_%d" % f)
           for f in range(functions)]
    table = {}
    for f in range(functions):
        rows = {key[c]: (3, 3, own[f] / len(callers[f]), flow.get((c, f), 0.0)) for c in callers[f]}
        calls = 3 * len(rows) or 1
        table[key[f]] = (calls, calls, own[f], total[f], rows)
    return table


def main():
    program = sys.argv[1]
    functions, arcs = ([int(a) for a in sys.argv[2:]] + [200000, 900000][len(sys.argv) - 2:])[:2]
    with tempfile.TemporaryDirectory() as folder:
        path, picture = os.path.join(folder, "large.prof"), os.path.join(folder, "large.svg")
        with open(path, "wb") as out:
            marshal.dump(profile(functions, arcs), out)
        print("%d functions, %d arcs, %.1f MB" % (functions, arcs, os.path.getsize(path) / 1e6))
        start = time.perf_counter()
        dot = os.path.join(folder, "large.dot")
        subprocess.run([program, "-q", "-f", "dot", "-o", dot, path], check=True)
        written = time.perf_counter()
        subprocess.run(["dot", "-Tsvg", "-o", picture, dot], check=True)
        end = time.perf_counter()
        print("prof2any %.2f s, dot %.2f s, together %.2f s; picture %d KB" % (
            written - start, end - written, end - start, os.path.getsize(picture) // 1000))


main()
