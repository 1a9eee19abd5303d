"""exact.py [NAME ...]: a program of programs/ under _lsprof.Profiler and under _prof2any.Profiler, each in
an interpreter of its own: every function's calls and primitive calls and every arc's must be equal, in
every mode and past the limit on contexts, and self times sum to the time that passed, within 1 %.
Without names, all programs. Exit 77 where this Python lacks what a program needs."""
import gc
import glob
import importlib
import json
import os
import re
import subprocess
import sys
import time

import engine

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
WAYS = [
    # what _lsprof.Profiler is given, what _prof2any.Profiler is, whether times are exact
    ({}, {}, True),
    ({}, {"max_contexts": 30}, True),
    ({}, {"mode": "sampled"}, False),
    ({}, {"clock": "cpu", "all_threads": True}, False),
    ({"builtins": False}, {"mode": "python"}, True),
]
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def spell(code):
    if isinstance(code, str):
        return ADDRESS.sub("0x", code).replace("'prof2any.Profile'", "'_lsprof.Profiler'")
    return "%s:%d(%s)" % (code.co_filename, code.co_firstlineno, code.co_name)


def add(table, key, calls, recursive):
    before = table.get(key, (0, 0))
    table[key] = before[0] + calls, before[1] + calls - recursive


def tables(entries):
    """Functions and arcs with their calls and primitive calls; those of one name added up."""
    functions, arcs = {}, {}
    for e in entries:
        add(functions, spell(e.code), e.callcount, e.reccallcount)
        for c in e.calls or ():
            add(arcs, spell(e.code) + " -> " + spell(c.code), c.callcount, c.reccallcount)
    return {"functions": functions, "arcs": arcs}


def seconds(entries):
    return sum(e.inlinetime for e in entries)


def whole(program):
    program.main()  # what goes with its frame goes after it has returned, which is time as well


def run(name, module, options):
    """Prints what the profiler of the module saw of the program."""
    sys.path.insert(0, PROGRAMS)
    program = importlib.import_module(name)
    profiler = (engine.load() if module == "_prof2any" else importlib.import_module(module)).Profiler(
        **json.loads(options))
    gc.collect()
    gc.disable()
    profiler.enable()
    begin = time.perf_counter()
    whole(program)
    passed = time.perf_counter() - begin
    profiler.disable()
    entries = profiler.getstats()
    json.dump(dict(tables(entries), self=seconds(entries), wall=passed), sys.stdout)


def seen_by(module, name, options):
    said = subprocess.run([sys.executable, "-B", os.path.abspath(__file__), "--run", name, module,
                           json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, PYTHONHASHSEED="0"), timeout=300)
    if b"No module named 'test" in said.stderr:
        return None
    if said.returncode:
        sys.exit(said.stderr.decode())
    return json.loads(said.stdout.decode().splitlines()[-1])


def differences(kind, a, b):
    for key in sorted(set(a) | set(b)):
        if a.get(key) != b.get(key):
            yield "%s %s: _lsprof %s, _prof2any %s" % (kind, key, a.get(key), b.get(key))


def compare(name):
    """How many arcs are equal; -1: some are not; None: the program doesn't run here."""
    n, seen = 0, {}
    for theirs, ours, timed in WAYS:
        key = json.dumps(theirs)
        expected = seen[key] = seen.get(key) or seen_by("_lsprof", name, theirs)
        if expected is None:
            return None
        got = seen_by("_prof2any", name, ours)
        for _ in range(5):  # a machine that has other work may stop between the two clocks
            if timed and abs(got["self"] - got["wall"]) > 0.01 * got["wall"] + 50e-6:
                got = seen_by("_prof2any", name, ours)
        found = [d for kind in ("functions", "arcs") for d in differences(kind, expected[kind], got[kind])]
        if timed and abs(got["self"] - got["wall"]) > 0.01 * got["wall"] + 50e-6:
            found.append("self times sum to %(self)f s, %(wall)f s passed" % got)
        for line in found[:40]:
            print(name, ours, line)
        n = -1 if found or n < 0 else n + len(got["arcs"])
    return n


def main(names):
    names = names or sorted(os.path.basename(p)[:-3] for p in glob.glob(os.path.join(PROGRAMS, "*.py")))
    results = {name: compare(name) for name in names}
    print(sys.version.split()[0], results)
    if any(r is not None and r <= 0 for r in results.values()):
        sys.exit("not the same")
    if all(r is None for r in results.values()):
        sys.exit(77)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:])
    else:
        main(sys.argv[1:])
