"""stackprof's and gprof2dot's JSON: what Python computes from a file is what prof2any reads."""
import collections
import json
import marshal
import math
import os

from common import check, contexts, convert, finish, refusal, same, samples, write


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def key_of(frame):
    file = frame["file"] or ""
    return (frame["name"], "" if file == "<cfunc>" else file, frame.get("line") or 0)


def raw_stacks_are_exact_and_their_graph_is_stackprofs_own():
    path = [path for path in samples("stackprof") if "raw" in path][0]
    file, sums, i = load(path), collections.defaultdict(float), 0
    while i < len(file["raw"]):
        n = file["raw"][i]
        stack = tuple(key_of(file["frames"][str(frame)]) for frame in file["raw"][i + 1:i + 1 + n])
        sums["samples", "", stack] += file["raw"][i + 1 + n]
        i += n + 2
    same(contexts(convert(path, "speedscope")), sums, path)
    check(sum(sums.values()) == file["samples"], path, "%r samples" % sum(sums.values()))
    table = marshal.loads(convert(path, "pstats"))
    for frame in file["frames"].values():
        name, place, line = key_of(frame)
        row = [row for key, row in table.items() if key[2] == name and key[1] == line and key[0] in (place, "~", "")]
        check(len(row) == 1 and row[0][2:4] == (frame["samples"], frame["total_samples"]), path,
              "%r is %r, expected %r" % (name, row, (frame["samples"], frame["total_samples"])))


def without_raw_stacks_it_is_a_graph():
    path = [path for path in samples("stackprof") if "cpu" in path][0]
    frames = load(path)["frames"]
    table = marshal.loads(convert(path, "pstats"))
    rows = {key[2]: row for key, row in table.items()}
    check(len(table) == len(frames), path, "%d functions, expected %d" % (len(table), len(frames)))
    for frame in frames.values():
        if [f["name"] for f in frames.values()].count(frame["name"]) > 1:
            continue
        check(rows[frame["name"]][2:4] == (frame["samples"], frame["total_samples"]), path, frame["name"])
        for callee, weight in frame.get("edges", {}).items():
            name, most = frames[callee]["name"], min(frame["total_samples"], frames[callee]["total_samples"])
            if [f["name"] for f in frames.values()].count(name) > 1:
                continue
            total = [row[3] for key, row in rows[name][4].items() if key[2] == frame["name"]]
            check(total == [min(weight, most)], path, "%s -> %s: %r, expected %r" % (frame["name"], name, total, weight))


def lines_have_the_samples_taken_on_them():
    path = write("lines.json", {"version": 1.2, "mode": "cpu", "interval": 1000, "samples": 9, "gc_samples": 0, "frames": {
        "7": {"name": "f", "file": "/a.rb", "line": 2, "total_samples": 9, "samples": 5, "edges": {"8": 4},
              "lines": {"3": [6, 2], "4": [3, 2]}},
        "8": {"name": "g", "file": "/a.rb", "line": 9, "total_samples": 4, "samples": 4, "lines": {"10": [4, 99]}}}})
    text = convert(path, "callgrind").decode()
    check(all(line in text.splitlines() for line in ("3 2", "4 2", "0 1")), path, text)
    check("10 99" not in text and "9 4" in text.splitlines() or "0 4" in text.splitlines(), path, text)


def chains_are_read_from_the_callee_outwards():
    scale = {"bytes": 1, "ms": 1e-3, None: 1}
    for path in samples("gprof2dot"):
        file, sums = load(path), collections.defaultdict(float)
        for event in file["events"]:
            chain = [file["functions"][i] for i in reversed(event["callchain"])]
            for cost, value in zip(file["costs"], event["cost"]):
                stack = tuple((function["name"], "", 0) for function in chain)
                sums[cost["description"], chain[0].get("process", ""), stack] += value * scale[cost.get("unit")]
        same(contexts(convert(path, "speedscope")), sums, path)


def broken_files_are_named():
    head = '{"version":1.2,"mode":"cpu","interval":1,"samples":2,"frames":{'
    frame = '"7":{"name":"f","file":"","total_samples":2,"samples":2}'
    chain = '{"version":0,"costs":[{"description":"M"}],"functions":[{"name":"a"}],"events":[{"callchain":%s,"cost":%s}]}'
    cases = [
        (head + frame + '},"raw":[1,9,2]}', 'frame 9 in "raw" isn\'t among the frames'),
        (head + frame + '},"raw":[5,7,2]}', 'a stack of 5 frames in "raw" runs past its end'),
        (head + '"x":{}}}', "expected the id of a frame or a line"),
        (head + '"7":{"name":"f","samples":-1}}}', '-1 in "samples", expected 0 or more'),
        (head + frame, "ends within an array or object"),
        (chain % ("[3]", "[1]"), "function 3 in the event that ends here, expected less than 1"),
        (chain % ("[0]", "[1,2]"), "2 costs and a chain of 1"),
        (chain % ("[]", "[1]"), "1 costs and a chain of 0"),
        (chain % ('["a"]', "[1]"), 'a string in "callchain", expected a number'),
        ((chain % ("[0]", "[1]")).encode("utf-16"), "UTF-16, expected UTF-8"),
    ]
    for text, message in cases:
        line = refusal(text)
        check(message in line and line.startswith("FILE: byte "), text, line)


raw_stacks_are_exact_and_their_graph_is_stackprofs_own()
without_raw_stacks_it_is_a_graph()
lines_have_the_samples_taken_on_them()
chains_are_read_from_the_callee_outwards()
broken_files_are_named()
finish()
