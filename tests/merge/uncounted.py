"""Of inputs some have call counts and some don't: what isn't known of all isn't known of the sum, on
call paths as between functions alone, and no side of a comparison has 0 calls for not having any. What
some don't measure is the sum of the others, and told."""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

program = sys.argv[1]
folder = tempfile.mkdtemp()
dice = random.Random(8)
NAMES = "abcdefgh"


def run(*arguments, status=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, cwd=folder)
    assert done.returncode == status, (arguments, done.stderr)
    return done


def write(name, data):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(data, file)
    return name


def paths():
    return [[dice.choice(NAMES) for _ in range(dice.randint(1, 4))] for _ in range(dice.randint(1, 6))]


def counted(name):
    """A trace, whose events are calls."""
    events, at = [], 0
    for path in paths():
        for depth, function in enumerate(path):
            events.append({"ph": "X", "name": function, "pid": 1, "tid": 1, "ts": at + depth,
                           "dur": 20 - 2 * depth})
        at += 100
    return write(name, events)


def uncounted(name):
    stacks = [[NAMES.index(f) for f in path] for path in paths()]
    return write(name, {"$schema": "https://www.speedscope.app/file-format-schema.json",
                        "shared": {"frames": [{"name": n} for n in NAMES]},
                        "profiles": [{"type": "sampled", "name": name, "unit": "seconds",
                                      "startValue": 0, "endValue": len(stacks), "samples": stacks,
                                      "weights": [1] * len(stacks)}]})


def figures(*arguments):
    """Calls by function, without those that aren't known, and self."""
    document = json.loads(run("-q", "-f", "json", *arguments).stdout)
    functions, scale = document["functions"], document["metrics"][0]["scale"]
    return ({f["name"]: f["calls"] for f in functions if "calls" in f},
            {f["name"]: f["self"][0] * scale for f in functions})


def graph(name):
    run("-q", "-f", "pstats", name, "-o", name + ".prof")
    return name + ".prof"


for round in range(6):
    inputs = [counted("c1.json"), uncounted("u1.json"), counted("c2.json"), uncounted("u2.json")]
    graphs = [graph(name) for name in inputs]
    for n in (2, 3):
        for order in itertools.permutations(range(4), n):
            calls, self = figures(*(inputs[i] for i in order))
            as_graphs, _ = figures(*(graphs[i] for i in order))
            assert calls == as_graphs, (round, order, calls, as_graphs)
            parts = [figures(inputs[i])[1] for i in order]
            for name, value in self.items():
                assert abs(value - sum(part.get(name, 0) for part in parts)) < 1e-9, (round, order)

both = run("c1.json", "u1.json", "-f", "json")
assert "not all inputs have call counts" in both.stderr, both.stderr
document = json.loads(both.stdout)
assert not any("calls" in context for context in document["contexts"])
assert {"contexts", "graph", "calls"} <= set(document["recorded"])
with open(os.path.join(folder, "both.json"), "w") as file:
    file.write(both.stdout)
assert figures("both.json") == figures("c1.json", "u1.json")
assert "calls" not in run("-q", "c1.json", "u1.json", "-f", "tree").stdout
assert "calls" in run("-q", "c1.json", "c2.json", "-f", "tree").stdout
assert "call counts, which only functions have, are left out" in \
    run("c1.json", "u1.json", "--depth", "1").stderr
said = run("check", "--no-config", "c1.json", "u1.json", "--must", f"{dice.choice(sorted(figures('u1.json')[1]))} <= 100", status=1).stdout
assert "can't be told" in said, said
for sides in itertools.permutations(["c1.json", "u1.json"]):
    assert "calls" not in run("diff", "-q", *sides).stdout, sides
assert "calls" in run("diff", "-q", "c1.json", "c2.json").stdout


def measured(name, metrics):
    """One function with 1, 2, ... of the METRICS."""
    return write(name, {"prof2any": 1, "recorded": ["contexts"], "metrics": [
        {"name": metric, "unit": "count", "scale": 1, "whole": i + 1} for i, metric in enumerate(metrics)],
        "functions": [{"id": 0, "name": "a", "kind": "native"}],
        "contexts": [{"function": 0, "self": list(range(1, len(metrics) + 1))}]})


for sides in itertools.permutations([measured("m1.json", ["hits"]), measured("m2.json", ["hits", "misses"])]):
    done = run(*sides, "-f", "json")
    assert "not all inputs measure misses" in done.stderr and "measure hits" not in done.stderr, done.stderr
    assert [m["whole"] for m in json.loads(done.stdout)["metrics"]] == [2, 2], done.stdout
assert "measure" not in run("m2.json", "m2.json", "-f", "json").stderr

# Of parts of a call graph shares are of what they were parts of, added up; limits of a part see its whole.
run("-q", "-f", "pstats", "c1.json", "-o", "whole.prof")
run("-q", "whole.prof", "--node-threshold", "20", "-o", "part.json")
base = json.load(open(os.path.join(folder, "part.json")))["base"]
both = json.loads(run("-q", "-f", "json", "part.json", "part.json").stdout)
assert both["base"] == 2 * base, (both["base"], base)
mixed = json.loads(run("-q", "-f", "json", "whole.prof", "part.json").stdout)
assert abs(mixed["base"] - 2 * base) < 1e-12, mixed["base"]
name = max(figures("whole.prof")[1].items(), key=lambda row: row[1])[0]
run("check", "--no-config", "whole.prof", "--baseline", "whole.prof", "--node-threshold", "20", "--must",
    f"self%({name}) == baseline")
print("calls are known of sums as far as they are of all inputs")
