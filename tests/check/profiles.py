"""Profiles with known figures for the tests of limits, and how the program is asked.

TREE, in milliseconds of self, calls, allocations:

    main 10 ms, 1
    ├─ handler 20, 4
    │  ├─ fetch 5, 8 ─ get 40, 8, 16 allocations of 1600 bytes
    │  ├─ execute 30, 12
    │  └─ loads 6, 4 ─ decode 4, 4
    ├─ fib 1, 1 ─ fib 2, 2 ─ fib 4, 4
    └─ execute 3, 3
"""
import json
import os
import subprocess
import tempfile

PYTHON = "/usr/lib/python3.11/"
FUNCTIONS = {
    "main": ("/srv/app/main.py", 1), "handler": ("/srv/app/web.py", 5), "fetch": ("/srv/app/web.py", 20),
    "get": (PYTHON + "site-packages/requests/api.py", 62), "execute": ("/srv/app/db.py", 9),
    "loads": (PYTHON + "json/__init__.py", 299), "decode": (PYTHON + "json/decoder.py", 332),
    "fib": ("/srv/app/math.py", 1), "fresh": ("/srv/app/web.py", 90),
}
TREE = [("main", 10, 1), ("main handler", 20, 4), ("main handler fetch", 5, 8),
        ("main handler fetch get", 40, 8, 16, 1600), ("main handler execute", 30, 12),
        ("main handler loads", 6, 4), ("main handler loads decode", 4, 4),
        ("main fib", 1, 1), ("main fib fib", 2, 2), ("main fib fib fib", 4, 4), ("main execute", 3, 3)]
# Less of execute, slower fib, no decode; everything in web.py three lines further up.
BEFORE = [("main", 10, 1), ("main handler", 20, 4), ("main handler fetch", 5, 8),
          ("main handler fetch get", 40, 8, 8, 800), ("main handler execute", 20, 6),
          ("main handler loads", 6, 4),
          ("main fib", 1, 1), ("main fib fib", 4, 2), ("main fib fib fib", 8, 4), ("main execute", 3, 3)]


def write_tree(path, tree, moved=0, functions=FUNCTIONS, calls=True):
    names, rows, ids = [], [], {}
    for stack, self_ms, count, *more in tree:
        frames = stack.split()
        if frames[-1] not in names:
            names.append(frames[-1])
        row = {"function": names.index(frames[-1]) + 1, "calls": count,
               "self": [self_ms] + (more or [0, 0])}
        if not calls:
            del row["calls"]
        if len(frames) > 1:
            row["parent"] = ids[" ".join(frames[:-1])]
        ids[stack] = len(rows)
        rows.append(row)
    place = {name: functions[name] for name in names}
    text = {"prof2any": 1, "recorded": ["contexts"] + ["calls"] * calls + ["metrics", "places"],
            "metrics": [{"name": "time", "unit": "seconds", "scale": 1e-3},
                        {"name": "allocations", "unit": "count", "scale": 1},
                        {"name": "allocated", "unit": "bytes", "scale": 1}],
            "functions": [{"id": i + 1, "name": name, "kind": "python", "file": place[name][0],
                           "line": place[name][1] + (moved if place[name][0].endswith("web.py") else 0)}
                          for i, name in enumerate(names)],
            "contexts": rows}
    with open(path, "w") as file:
        json.dump(text, file)


class Case:
    """A directory with the profiles, and the program in it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)
        write_tree("app.json", TREE)
        write_tree("before.json", BEFORE, moved=-3)
        self.run(0, "app.json", "-o", "app.prof", command=())

    def run(self, status, *arguments, command=("check", "--no-config")):
        done = subprocess.run([os.environ["PROF2ANY"], *command, *arguments],
                              capture_output=True, text=True, errors="surrogateescape",
                              stdin=subprocess.DEVNULL)
        if done.returncode != status:
            raise SystemExit(f"{arguments}: expected exit status {status}, got {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
        return done.stdout if status < 2 else done.stderr

    def check(self, status, *limits, profile="app.json", more=()):
        given = [word for limit in limits for word in ("--must", limit)]
        return self.run(status, profile, "--baseline", "before.json", *more, *given)


def expect(text, *words):
    for word in words:
        if word not in text:
            raise SystemExit(f"expected '{word}' in:\n{text}")
