#!/usr/bin/env python3
"""score.py [-o DIR] [--programs GLOB] PROF2ANY - how much of the stacks an estimate gets right.

Records every program in programs/ (record.py), lets prof2any estimate stacks from the pstats file
alone, and compares them with the recorded ones. Per program, in %:

    exact      time on the right stack, every frame of it
    collapsed  the same when repeats of a function on a stack are dropped
    icicle     overlap of the drawn boxes, 2 * sum(min) / (sum(recorded) + sum(estimated))
    total off  median difference of a function's drawn total from its recorded one, over functions
               with more than 1 % of the time

Beside it, the way flameprof does it: from the roots down, every callee's total in proportion to its
caller's, cut where a function is on the stack already.
"""
import argparse
import glob
import marshal
import os
import statistics
import subprocess
import sys

from record import spell

HERE = os.path.dirname(os.path.abspath(__file__))


def read_folded(lines):
    stacks = {}
    for line in lines:
        stack, _, value = line.rstrip("\n").rpartition(" ")
        key = tuple(stack.split(";"))
        stacks[key] = stacks.get(key, 0) + float(value)
    return stacks


def collapse(stacks):
    out = {}
    for stack, value in stacks.items():
        key = tuple(dict.fromkeys(stack))
        out[key] = out.get(key, 0) + value
    return out


def boxes(stacks):
    """Inclusive value of every prefix; numbers stand for prefixes so that deep stacks stay cheap."""
    out = {}
    for stack, value in stacks.items():
        prefix = 0
        for frame in stack:
            prefix = hash((prefix, frame))
            out[prefix] = out.get(prefix, 0) + value
    return out


def drawn(stacks):
    out = {}
    for stack, value in stacks.items():
        for frame in set(stack):
            out[frame] = out.get(frame, 0) + value
    return out


def overlap(a, b):
    return sum(min(value, b.get(key, 0)) for key, value in a.items())


def scores(true, estimated):
    whole = sum(true.values())
    true_boxes, estimated_boxes = boxes(true), boxes(estimated)
    recorded, shown = drawn(true), drawn(estimated)
    off = [abs(shown.get(f, 0) - t) / t for f, t in recorded.items() if t > whole / 100]
    return (100 * overlap(true, estimated) / whole,
            100 * overlap(collapse(true), collapse(estimated)) / whole,
            200 * overlap(true_boxes, estimated_boxes) /
            (sum(true_boxes.values()) + sum(estimated_boxes.values())),
            100 * statistics.median(off))


def top_down(path, least=1e-5):
    """Shares of arc totals from the roots down, in nanoseconds."""
    with open(path, "rb") as file:
        table = marshal.load(file)
    callees = {}
    for callee, row in table.items():
        for caller, arc in row[4].items():
            callees.setdefault(caller, []).append((callee, arc))
    whole = sum(row[2] for row in table.values())
    roots = [f for f, row in table.items() if not row[4]]
    if sum(table[f][3] for f in roots) < whole / 2:
        roots.append(max(table, key=lambda f: table[f][3]))
    stacks, todo = {}, [((f,), 1e9 * table[f][2], 1e9 * table[f][3]) for f in roots]
    while todo:
        stack, own, total = todo.pop()
        key = tuple(spell(f) for f in stack)
        stacks[key] = stacks.get(key, 0) + own
        share = total / table[stack[-1]][3] if total else 0
        for callee, (_, _, arc_own, arc_total) in callees.get(stack[-1], []):
            if callee not in stack and arc_total * share > least * 1e9 * whole:
                todo.append((stack + (callee,), arc_own * share, arc_total * share))
    return stacks


def estimate(prof2any, path):
    done = subprocess.run([prof2any, "-q", path, "-f", "folded"], check=True, capture_output=True,
                          encoding="utf-8")
    return read_folded(done.stdout.splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prof2any")
    parser.add_argument("-o", "--out", default="recorded", help="where the recordings are kept")
    parser.add_argument("--programs", default="*", help="which of programs/ to run")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    print(f"{'':12} {'estimate':^27}   {'shares from the top':^27}")
    print("program     " + "  exact collap icicle    off  " * 2)
    all_scores = []
    for program in sorted(glob.glob(os.path.join(HERE, "programs", options.programs + ".py"))):
        name = os.path.splitext(os.path.basename(program))[0]
        out = os.path.join(options.out, name)
        if not os.path.exists(out + ".folded"):
            subprocess.run([sys.executable, os.path.join(HERE, "record.py"), program, out],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(out + ".folded", encoding="utf-8") as file:
            true = read_folded(file)
        row = scores(true, estimate(options.prof2any, out + ".prof"))
        row += scores(true, top_down(out + ".prof"))
        all_scores.append(row)
        print(f"{name:12}" + "".join(f"{v:7.1f}" for v in row[:4]) + "   " +
              "".join(f"{v:7.1f}" for v in row[4:]), flush=True)
    means = [statistics.mean(column) for column in zip(*all_scores)]
    print(f"{'mean':12}" + "".join(f"{v:7.1f}" for v in means[:4]) + "   " +
          "".join(f"{v:7.1f}" for v in means[4:]))


if __name__ == "__main__":
    main()
