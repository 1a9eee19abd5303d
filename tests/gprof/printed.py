"""What gprof printed of a program is what prof2any says: self, total and calls of every function,
calls and time of every arc, in every sample, whatever its language."""
import json
import os
import re
import subprocess
import sys

prof2any, samples = os.environ["PROF2ANY"], os.environ["SAMPLES"] + "/profiles/gprof"
primary = re.compile(r"^\[(\d+)\]\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+(?:(\d+)(?:\+(\d+))?\s+)?(\S.*?)"
                     r"(?: <cycle \d+>)? \[\d+\]$")
child = re.compile(r"^\s+([\d.]+)\s+([\d.]+)\s+(\d+)/\d+\s+(\S.*?)(?: <cycle \d+>)? \[\d+\]$")


def by_hand(path):
    functions, arcs, current = {}, {}, None
    for line in open(path):
        line = line.rstrip("\n").replace(",", ".") if "comma" in path else line.rstrip("\n")
        match = primary.match(line)
        if line.startswith("-----"):
            current = None
        elif match and "as a whole" not in line:
            _, _, own, below, calls, more, current = match.groups()
            functions[current] = (float(own), float(own) + float(below),
                                  int(calls or 0) + int(more or 0))
        elif current and child.match(line):
            own, below, calls, name = child.match(line).groups()
            arcs[current, name] = (int(calls), float(own) + float(below))
    return functions, arcs


def printed(name):
    """"burn (cycle.c:14 @ 11e8)" is burn of line 14."""
    match = re.fullmatch(r"(.*) \([^()]*?(?::(\d+))? @ \w+\)", name)
    return (match.group(1), int(match.group(2) or 0)) if match else (name, 0)


def name_of(function):
    return function["name"], function.get("line", 0)


checked = 0
for file in sorted(os.listdir(samples)):
    path = samples + "/" + file
    functions, arcs = by_hand(path)
    out = subprocess.run([prof2any, "-q", path, "-f", "json"], check=True, stdout=subprocess.PIPE)
    profile = json.loads(out.stdout)
    ours = {f["id"]: f for f in profile["functions"]}
    rows = {name_of(f): f for f in ours.values()}
    for name, (own, total, calls) in functions.items():
        row = rows[printed(name)]
        checked += 1
        if (row["self"], row["total"], row.get("calls", 0)) != ([own], [total], calls):
            sys.exit("%s: %s: %s, printed is %s" % (file, name, row, (own, total, calls)))
    ours_arcs = {(name_of(ours[a["caller"]]), name_of(ours[a["callee"]])): a for a in profile["arcs"]}
    for (caller, callee), (calls, total) in arcs.items():
        arc = ours_arcs[printed(caller), printed(callee)]
        checked += 1
        if (arc["calls"], arc["total"]) != (calls, [total]):
            sys.exit("%s: %s -> %s: %s" % (file, caller, callee, arc))
assert checked >= 40, checked
print(checked, "figures")
