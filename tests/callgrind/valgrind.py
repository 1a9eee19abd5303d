"""Files that valgrind wrote: read as callgrind_annotate reads them, and written again as they were."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import kcachegrind

SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles", "callgrind")
PROGRAM = os.path.join(os.environ["SAMPLES"], "programs", "small.c")
RUNS = {
    "instr": ["--dump-instr=yes", "--separate-callers=2"],
    "all": ["--cache-sim=yes", "--branch-sim=yes", "--collect-jumps=yes", "--dump-instr=yes"],
    "plain": [],
}


def run(*command, **more):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            errors="surrogateescape", **more)
    if result.returncode:
        sys.exit("%s\n%s" % (" ".join(command), result.stderr))
    return result.stdout


def prof2any(path, form, output):
    run(os.environ["PROF2ANY"], path, "-q", "-f", form, "-o", output)


def plain(name):
    """Without the object file behind it."""
    return re.sub(r" \[[^]]*\]$", "", name)


def annotated(path, *options):
    """{file:function: cost} of the first event, and the sum of all."""
    costs = {}
    for line in run("callgrind_annotate", "--auto=no", "--show=Ir", "--threshold=100",
                    *options, path).splitlines():
        match = re.match(r"\s*([\d,]+) \([^)]*\)\s+(\S.*)$", line)
        if match:
            name = plain(match.group(2))
            costs[name] = costs.get(name, 0) + int(match.group(1).replace(",", ""))
    return costs, costs.pop("PROGRAM TOTALS", None)


def compiled(folder):
    program = os.path.join(folder, "small")
    run("cc", "-g", "-O1", "-pthread", "-o", program, PROGRAM)
    return program


def make_fresh(folder, program):
    """Runs of our own; other machines have other libraries."""
    for name, options in RUNS.items():
        out = os.path.join(folder, name + ".callgrind")
        run("valgrind", "--tool=callgrind", *options, "--callgrind-out-file=" + out, program)
        yield out


def add_up_threads(folder, program):
    """A file for each thread, and an empty one beside them. On a busy machine the second of the
    two may begin when the first has ended: valgrind gives it the first one's number and file."""
    out = os.path.join(folder, "apart")
    run("valgrind", "--tool=callgrind", "--separate-threads=yes", "--callgrind-out-file=" + out,
        program, "1", "two")
    files = sorted(glob.glob(out + "*"))
    assert files[0] == out and os.path.getsize(out) == 0 and len(files) in (3, 4), files
    whole = sum(int(re.search(r"^summary: (\d+)", open(path).read(), re.M)[1])
                for path in files[1:])
    text = run(os.environ["PROF2ANY"], *files)
    assert "function calls in %d Ir" % whole in text, (whole, text[:400])
    assert subprocess.run([os.environ["PROF2ANY"], out], stderr=subprocess.DEVNULL).returncode == 3


def in_recursion(shown, function):
    return shown.in_cycle(function) or (function, function) in shown.arcs


def same_file(before, after):
    """Lines, calls and their sites, to the last number; arcs wherever they made sense before."""
    for table in ("lines", "calls"):
        one, two = getattr(before, table), getattr(after, table)
        nothing = {} if table == "lines" else 0
        for key in set(one) | set(two):
            costs = one.get(key, nothing), two.get(key, nothing)
            if table == "lines":
                costs = [{e: c for e, c in cost.items() if c} for cost in costs]
            assert costs[0] == costs[1], (table, key, costs)
    assert set(before.sites) == set(after.sites)
    shown = {event: kcachegrind.Shown(before, event) for event in before.events}
    moved = 0
    for arc, costs in before.arcs.items():
        for event in before.events:
            place = shown[event].component, *(before.identity[f] for f in arc)
            if place[0][place[1]] != place[0][place[2]] and costs[event] != after.arcs[arc][event]:
                moved += 1
                assert after.arcs[arc][event] < costs[event], (arc, event)
                assert abs(costs[event] - after.arcs[arc][event]) <= 2 + costs[event] / 100
    return moved


def read_as_annotated(path, folder):
    """Self per function, as the pstats we write has it; its total where nothing recurs."""
    import pstats
    prof = os.path.join(folder, "x.prof")
    prof2any(path, "pstats", prof)
    stats = pstats.Stats(prof).stats
    for func, (cc, nc, _, _, callers) in stats.items():
        counts = [(cc, nc), *((c[1], c[0]) for c in callers.values())]
        assert all(0 <= c <= n or c == n == -1 for c, n in counts), (path, func, counts)
    before = kcachegrind.read(path)
    shown = kcachegrind.Shown(before, before.events[0])
    selfs, total = annotated(path)
    inclusive, _ = annotated(path, "--inclusive=yes")
    ours = {}
    for (file, _, name), (_, _, tt, ct, _) in stats.items():
        ours[plain(name)] = ours.get(plain(name), 0) + tt
    theirs = {}
    for name, cost in selfs.items():
        name = re.sub(r"^[^:]*:", "", name)
        theirs[name] = theirs.get(name, 0) + cost
    assert {k: v for k, v in ours.items() if v} == {k: v for k, v in theirs.items() if v}, path
    assert sum(ours.values()) == shown.whole and abs(total - shown.whole) <= 2
    checked = 0
    for (file, _, name), (_, _, tt, ct, callers) in stats.items():
        key = [k for k in before.identity if k[0] == plain(name) and file in (k[1], k[2], "")]
        if len(key) != 1 or in_recursion(shown, before.identity[key[0]]) or not callers:
            continue
        total = shown.total(before.identity[key[0]])
        alone = sum(k[:2] == key[0][:2] for k in before.identity) == 1
        theirs = inclusive.get("%s:%s" % (key[0][1], name)) if alone else None
        assert ct == total, (path, name, ct, total)
        if theirs is not None:
            assert abs(ct - theirs) <= 2, (path, name, ct, theirs)
            checked += 1
    assert checked * 10 > len(stats) * 8, (path, checked)
    return len(stats), checked


def main():
    if not shutil.which("callgrind_annotate"):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(glob.glob(os.path.join(SAMPLES, "valgrind-*")))
        if shutil.which("valgrind") and shutil.which("cc"):
            program = compiled(folder)
            files += make_fresh(folder, program)
            add_up_threads(folder, program)
        for path in files:
            after = os.path.join(folder, "after")
            prof2any(path, "callgrind", after)
            one, two = kcachegrind.read(path), kcachegrind.read(after)
            wrong = kcachegrind.check(two)
            assert not wrong, (path, wrong[:5])
            moved = same_file(one, two)
            text = "%s: %d functions the same, %d arcs reduced" % (
                os.path.basename(path), len(one.identity), moved)
            if "parts" not in path and "threads" not in path:  # callgrind_annotate knows one part
                assert annotated(path)[0] == annotated(after)[0], path
                text += "; %d read as callgrind_annotate does, %d totals" % read_as_annotated(path, folder)
            print(text)


main()
