"""The Firefox Profiler's files: one profile, known beforehand, in every version of the format is read as the same;
what is written is read again, and by the profiler itself."""
import collections
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

from common import FOLDER, check, contexts, convert, finish, refusal, run, same, samples, write

KERNEL, USER, OTHER = 2, 1, 0
CATEGORIES = [{"name": name, "color": color, "subcategories": ["Other"]}
              for name, color in (("Other", "grey"), ("User", "yellow"), ("Kernel", "orange"))]
GECKO_LOCATIONS = {"a": "a", "b": "b (in libb.so)", "c": "c (https://x.org/c.js:12:3)", "d": "d (chrome://d.jsm:9)"}


class Tables:
    """Columns with rows found or added."""

    def __init__(self):
        self.strings, self.rows = [], collections.defaultdict(list)

    def string(self, text):
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def row(self, table, values):
        if values not in self.rows[table]:
            self.rows[table].append(values)
        return self.rows[table].index(values)

    def column(self, table, i):
        return [row[i] for row in self.rows[table]]


def random_threads():
    """[(name, pid, tid, [(stack, weight)])]; a stack is [(name, file, line, lib, leaf line)]."""
    functions = [("a", None, None, None), ("b", None, None, "libb.so"), ("c", "https://x.org/c.js", 12, None),
                 ("d", "chrome://d.jsm", 9, None)]
    threads = []
    for i in range(random.randrange(1, 4)):
        stacks = [[random.choice(functions) + (random.choice([None, 5, 6]),) for _ in range(random.randrange(1, 6))]
                  for _ in range(random.randrange(1, 12))]
        threads.append(("t%d" % i, 40 + i % 2, 100 + i, [(random.choice(stacks + [None]), random.randrange(1, 5) / 2)
                                                         for _ in range(random.randrange(1, 30))]))
    return threads


def expected(threads, metric, scale, weighted=True):
    sums = collections.defaultdict(float)
    for name, _, _, taken in threads:
        for stack, weight in taken:
            if stack is not None:
                path = tuple((f[0], f[1] or "", f[2] or 0) for f in stack)
                sums[metric, name, path] += (weight if weighted else 1) * scale
    return sums


def add_stack(t, stack):
    prefix = None
    for name, file, line, lib, leaf in stack:
        resource = -1 if lib is None else t.row("resource", (t.string(lib), 0, 1))
        source = None if file is None else t.row("source", (t.string(file),))
        func = t.row("func", (t.string(name), None if file is None else t.string(file), source, line, resource))
        frame = t.row("frame", (func, leaf))
        prefix = t.row("stack", (frame, prefix))
    return prefix


def tables_of(t, version):
    frames, funcs, stacks = (len(t.rows[name]) for name in ("frame", "func", "stack"))
    prefix = t.column("stack", 1)
    stack = {"frame": t.column("stack", 0), "prefix": prefix, "length": stacks}
    if version >= 66:
        del stack["prefix"]
        stack["prefixOffset"] = [0 if up is None else i - up for i, up in enumerate(prefix)]
    frame = {"func": t.column("frame", 0), "line": t.column("frame", 1), "address": [-1] * frames,
             "category": [OTHER] * frames, "inlineDepth": [0] * frames, "length": frames}
    if version >= 71:
        frame["flags"] = [4 | (16 if line is not None else 0) for line in frame["line"]]
        frame["line"] = [line or 0 for line in frame["line"]]
        del frame["inlineDepth"]
    func = {"name": t.column("func", 0), "lineNumber": t.column("func", 3), "resource": t.column("func", 4),
            "isJS": [False] * funcs, "columnNumber": [None] * funcs, "length": funcs}
    func["source" if version >= 58 else "fileName"] = t.column("func", 2 if version >= 58 else 1)
    if version >= 75:
        func["flags"] = [(4 if row[4] != -1 else 0) | (8 if row[2] is not None else 0) | (16 if row[3] is not None else 0)
                         for row in t.rows["func"]]
        func["resource"] = [max(value, 0) for value in func["resource"]]
        func["source"] = [value or 0 for value in func["source"]]
        func["lineNumber"] = [value or 0 for value in func["lineNumber"]]
        del func["isJS"]
    resources = {"name": t.column("resource", 0), "type": t.column("resource", 2), "length": len(t.rows["resource"])}
    return {"stackTable": stack, "frameTable": frame, "funcTable": func, "resourceTable": resources}


def shuffled(value):
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in random.sample(sorted(value), len(value))}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def processed(threads, version, weight_type):
    """The profile as one of the versions has it."""
    common, out = Tables(), []
    for name, pid, tid, taken in threads:
        t = common if version >= 60 else Tables()
        if 56 <= version < 60:
            t.strings = common.strings
        if 58 <= version:
            t.rows["source"] = common.rows["source"]
        stack = [None if path is None else add_stack(t, path) for path, _ in taken]
        sampled = {"stack": stack, "length": len(taken), "weightType": weight_type,
                   "weight": [weight for _, weight in taken]}
        sampled["timeDeltas" if version >= 50 else "time"] = [1] * len(taken)
        thread = {"name": name, "pid": str(pid) if version >= 47 else pid, "tid": tid, "samples": sampled,
                  "markers": {"data": [{"stack": 1}], "length": 1}}
        if version < 60:
            thread.update(tables_of(t, version))
        if version < 56:
            thread["stringArray"] = t.strings
        out.append(thread)
    shared = {"stringArray": common.strings}
    if version >= 58:
        shared["sources"] = {"filename": common.column("source", 0), "length": len(common.rows["source"])}
    if version >= 60:
        shared.update(tables_of(common, version))
    meta = {"interval": 1, "startTime": 0, "preprocessedProfileVersion": version, "categories": CATEGORIES, "version": 24}
    profile = {"libs": [], "threads": out, **({"shared": shared} if version >= 56 else {})}
    return {"meta": meta, **shuffled(profile)}


def gecko(threads):
    """What Firefox hands out: rows with a schema, and the last threads in a process of their own."""
    def thread_of(name, pid, tid, taken):
        strings, frames, stacks, rows = ["(root)"], [[0]], [[None, 0]], []
        for path, _ in taken:
            stack = None if path is None else 0
            for function in path or ():
                text = GECKO_LOCATIONS[function[0]]
                if text not in strings:
                    strings.append(text)
                frame = [strings.index(text), False, function[4]][:2 if function[4] is None else 3]
                if frame not in frames:
                    frames.append(frame)
                row = [stack, frames.index(frame)]
                if row not in stacks:
                    stacks.append(row)
                stack = stacks.index(row)
            rows.append([stack, 1.5])
        return {"name": name, "pid": pid, "tid": tid, "registerTime": 0, "unregisterTime": None,
                "samples": {"schema": {"stack": 0, "time": 1, "eventDelay": 2}, "data": rows},
                "frameTable": {"schema": {"location": 0, "relevantForJS": 1, "line": 2, "category": 3}, "data": frames},
                "stackTable": {"schema": {"prefix": 0, "frame": 1}, "data": stacks}, "stringTable": strings}

    meta = {"version": 24, "interval": 1, "startTime": 0, "product": "Firefox", "categories": CATEGORIES}
    inner = {"meta": meta, "libs": [], "threads": [thread_of(*thread) for thread in threads[1:]], "processes": []}
    return {"meta": meta, "libs": [], "threads": [thread_of(*threads[0])], "processes": [inner]}


def every_version_is_read_as_the_same_profile():
    random.seed(19)
    for i in range(40):
        threads = random_threads()
        stackless = sum(stack is None for _, _, _, taken in threads for stack, _ in taken)
        for version in (30, 41, 49, 55, 56, 58, 60, 66, 71, 75):
            weight_type, metric, scale = random.choice([("samples", "samples", 1), ("tracing-ms", "time", 1e-3),
                                                        ("bytes", "bytes", 1)])
            path = write("v%d.json" % version, processed(threads, version, weight_type))
            text = convert(path, "speedscope")
            if not text:
                return
            same(contexts(text), expected(threads, metric, scale), "version %d" % version)
            notes = run(path, "-f", "folded")[2]
            check(not stackless or f"{stackless} sample{'s have' if stackless > 1 else ' has'} no stack" in notes, "version %d" % version, notes)
        text = convert(write("gecko.json", gecko(threads)), "speedscope")
        same(contexts(text), expected(threads, "samples", 1, weighted=False), "gecko")


def a_function_named_as_the_root_is_one():
    """Σ self stays, of Firefox' own root as of a function that is called so."""
    stacks = b"(root) 2\n(root);g 3\nh 1\nmain;(root);f 5\n"
    output = convert(write("root.json", convert(write("root.folded", stacks), "firefox")), "folded")
    check(sorted(output.splitlines()) == sorted(stacks.splitlines()), "ours", output)
    root, place, g = ("(root)", None, None, None, None), ("(root)", "a.py", 3, None, None), ("g", None, None, None, None)
    threads = [("t", 1, 1, [([root], 2), ([root, g], 3), ([place, g], 4), ([place], 5)])]
    output = convert(write("alone.json", processed(threads, 55, "samples")), "folded")
    wanted = [b"(root) (a.py:3) 5", b"(root) (a.py:3);g 4", b"(root) 2", b"g 3"]
    check(sorted(output.splitlines()) == wanted, "foreign", output)


def lines_of_the_innermost_frames_are_costs():
    threads = [("t", 1, 1, [([("a", "a.py", 3, None, 7)], 2), ([("a", "a.py", 3, None, 8)], 3),
                            ([("a", "a.py", 3, None, 7), ("b", "b.py", 1, None, None)], 4)])]
    text = convert(write("lines.json", processed(threads, 55, "samples")), "callgrind").decode()
    check("\n7 2\n" in text and "\n8 3\n" in text and "\n0 4\n" in text, "lines", text)


def kinds_and_modules_are_kept():
    threads = [("t", 1, 1, [([("a", None, None, "libb.so", None)], 2)])]
    profile = processed(threads, 55, "samples")
    profile["threads"][0]["frameTable"]["category"] = [KERNEL]
    output = convert(write("kernel.json", profile), "folded").decode()
    check(output == "a (libb.so)_[k] 2\n", "kernel", output)
    profile["threads"][0]["frameTable"].update(category=[USER], inlineDepth=[1])
    output = convert(write("inlined.json", profile), "folded").decode()
    check(output == "a (libb.so)_[i] 2\n", "inlined", output)


def what_is_written_is_read_again():
    for folder in ("firefox", "pstats", "folded", "callgrind", "speedscope"):
        for path in samples(folder)[::4]:
            text = convert(path, "firefox")
            if text:
                metric = json.loads(text)["meta"]["metric"]
                first = {key: value for key, value in contexts(convert(path, "speedscope")).items() if key[0] == metric}
                same(contexts(convert(write("again.json", text), "speedscope")), first, path)


def broken_files_are_named():
    threads = [("t", 1, 1, [([("a", None, None, None, None), ("b", None, None, None, None)], 2)])]

    def broken(table, column, value):
        profile = processed(threads, 55, "samples")
        profile["threads"][0][table][column] = value
        return json.dumps(profile)

    text = broken("stackTable", "prefix", [None, 0])
    cases = [
        (broken("samples", "stack", [7]), "a sample names stack 7, expected less than 2"),
        (broken("stackTable", "prefix", [1, 0]), "is its own caller"),
        (broken("stackTable", "prefix", [None, 9]), "stack 1 is called by one that isn't there"),
        (broken("stackTable", "frame", [0, 9]), "stack 1 names a frame that isn't there"),
        ('{"meta":{"interval":1,"version":4},"threads":[]}', "no thread so far"),
        ('{"meta":{"interval":1,"version":4},"threads":{}}', 'an object in "threads", expected an array'),
        (text[:-40], "ends within an array or object"),
        (text.encode("utf-16-be"), "UTF-16, expected UTF-8"),
    ]
    for case, message in cases:
        line = refusal(case)
        check(message in line and line.startswith("FILE: byte "), message, line)


def totals_of(node, path=()):
    for child in node.get("children", ()):
        here = path + (child["name"],)
        yield here, child["totalSamples"]
        yield from totals_of(child, here)


def the_profiler_itself_reads_the_same_totals(program, folder):
    environment = dict(os.environ, HOME=folder)

    def ask(*arguments):
        result = subprocess.run([*program, *arguments, "--session", "p2a"], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=100)
        check(result.returncode == 0, arguments, result.stderr.decode())
        return result.stdout

    for sample in ("pstats/yappi-small.prof", "folded/perf-small.folded", "speedscope/handmade-sampled.speedscope.json"):
        path = os.path.join(os.environ["SAMPLES"], "profiles", sample)
        file = json.loads(convert(path, "firefox"))
        written, thread = write("written.json", file), file["threads"][0]
        ask("load", written)
        tree = json.loads(ask("thread", "samples-top-down", "--thread", "t-0", "--include-idle", "--json",
                              "--max-lines", "100000"))["regularCallTree"]
        got = tree["totalSamples"]
        whole = math.fsum(thread["samples"]["weight"])
        check(math.isclose(got, whole, rel_tol=1e-9), path, "%r in the profiler, expected %r" % (got, whole))
        totals = collections.defaultdict(float)
        for stack, weight in zip(thread["samples"]["stack"], thread["samples"]["weight"]):
            names = []
            while stack is not None:
                func = thread["frameTable"]["func"][thread["stackTable"]["frame"][stack]]
                names.insert(0, thread["stringArray"][thread["funcTable"]["name"][func]])
                stack = thread["stackTable"]["prefix"][stack]
            for i in range(1, len(names) + 1):
                totals[tuple(names[:i])] += weight
        shown = list(totals_of(tree))
        check(len(shown) > 3, path, "the profiler shows %d nodes" % len(shown))
        for names, total in shown:
            check(math.isclose(total, totals[names], rel_tol=1e-9), path, "%r is %r, expected %r" % (names, total, totals[names]))
        subprocess.run([*program, "stop", "p2a"], env=environment, stdout=subprocess.DEVNULL, timeout=60)


if sys.argv[1:] == ["itself"]:
    itself = os.path.join(os.environ["SOURCE"], "build", "npm", "profiler-cli", "dist", "profiler-cli.js")
    if not shutil.which("node") or not os.path.exists(itself):
        print("skipped: npm's @firefox-devtools/profiler-cli isn't here, see tests/tools/npm.sh")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="p2a-cli-") as home:
        the_profiler_itself_reads_the_same_totals(["node", itself], home)
else:
    every_version_is_read_as_the_same_profile()
    a_function_named_as_the_root_is_one()
    lines_of_the_innermost_frames_are_costs()
    kinds_and_modules_are_kept()
    what_is_written_is_read_again()
    broken_files_are_named()
finish()
