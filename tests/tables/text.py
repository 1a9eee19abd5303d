"""text.py FACT WORK: tables, trees and Markdown: layout, figures, what is left out."""
import html
import math
import os
import re
import shutil
import subprocess
import sys

import common
from common import ESCAPE, at_cell, cells, load_json, run, sample

WIDTHS = (30, 31, 40, 50, 59, 60, 79, 80, 100, 109, 110, 132, 200, 400)
SMALL = sample("pstats/py3.11-cprofile-m-small.prof")
MANY = sample("callgrind/valgrind-everything.callgrind")
FOLDED = sample("folded/perf-small.folded")
UNITS = {"ns": 1e-9, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1}


def seconds(text):
    value, unit = text.split()
    return float(value) * UNITS[unit]


def near(shown, value):
    """Three digits are shown, and two below a nanosecond's hundredth."""
    return abs(shown - value) <= 0.0051 * abs(value) + 5.1e-12


def rows_of(table):
    """The lines between the heading and what comes after the rows, and the cell of the names."""
    title, _, rest = table.partition("\n\n")
    assert " by " in title.replace("\n", " "), title
    lines = rest.split("\n")
    start = cells(lines[0][:lines[0].index("function")])
    end = next((i for i in range(1, len(lines)) if not lines[i] or " more " in lines[i]), len(lines))
    return lines[1:end], start


def check_layout(table, width, what):
    for line in table.rstrip("\n").split("\n"):
        assert cells(line) <= width, (what, width, cells(line), line)
        assert line == line.rstrip(" "), (what, line)
    rows, start = rows_of(table)
    assert rows, what
    for row in rows:
        if start < width and at_cell(row, start):
            before = row[:len(row) - len(at_cell(row, start))]
            assert before.endswith("  ") and cells(before) == start, (what, width, row)
    return rows, start


def lines_line_up_and_fit_any_width(work):
    hostile = common.hostile_profile(work + "/hostile-table.prof")
    for path in (SMALL, MANY, FOLDED, hostile, sample("pstats/constructed-unicode.prof")):
        for width in WIDTHS:
            for more in ([], ["--names", "full"], ["--names", "pstats"], ["-O", "ascii"]):
                arguments = [path, "-f", "table", "-O", f"width={width}", "--limit", "all", *more]
                rows, _ = check_layout(run(*arguments), width, (path, more))
                assert len(rows) == len([f for f in load_json(path)["functions"] if "self" in f])
            for side in ("--callers", "--callees"):
                for line in run(path, "-f", "table", "-O", f"width={width}", side).split("\n"):
                    assert cells(line) <= width, (path, side, line)


def ascii_is_ascii(work):
    hostile = common.hostile_profile(work + "/hostile-ascii.prof")
    for style in ("table", "tree"):
        for path in (SMALL, hostile):
            run(path, "-f", style, "-O", "ascii", "-O", "threshold=0" if style == "tree" else "arcs=0").encode("ascii")


def colours_are_all_that_escapes_do(work):
    hostile = common.hostile_profile(work + "/hostile-colour.prof")
    for path in (SMALL, MANY, hostile):
        for style, more in (("table", []), ("table", ["--callers"]), ("tree", [])):
            arguments = [path, "-f", style, "-O", "width=120", *more]
            coloured, plain = run(*arguments, "-O", "color=always"), run(*arguments)
            assert "\x1b" not in plain
            assert coloured != plain
            for one, other in zip(coloured.split("\n"), plain.split("\n")):
                assert not ESCAPE.findall(one) or ESCAPE.findall(one)[-1] == "\x1b[0m", one
                bare = re.sub("[\u2588-\u258f\u2591]", " ", ESCAPE.sub("", one))
                assert bare.rstrip() == re.sub("[\u2588-\u258f\u2591]", " ", other).rstrip(), (one, other)


def figures_are_those_of_the_profile(_):
    made = load_json(SMALL, "--sort", "cumulative")
    whole = made["metrics"][0]["whole"]
    rows, start = rows_of(run(SMALL, "-f", "table", "-O", "width=400", "--limit", "all"))
    shown = re.compile(r" *([\d.]+)%  *([\d.]+ [nm\u00b5]?s)  .{0,30}?([\d.]+)%  *([\d.]+ [nm\u00b5]?s)  +([\d,/]+) ")
    assert len(rows) == len(made["functions"])
    share = 0
    for row, f in zip(rows, made["functions"]):
        match = shown.match(row)
        assert match, row
        total, own = f["total"][0], f["self"][0]
        assert near(seconds(match[2]), total) and near(seconds(match[4]), own), (row, f)
        assert abs(float(match[1]) - 100 * total / whole) < 0.0501, (row, f)
        assert abs(float(match[3]) - 100 * own / whole) < 0.0501, (row, f)
        share += own / whole
        calls = f"{f['calls']:,}"
        if f["primitive"] != f["calls"]:
            calls += f"/{f['primitive']:,}"
        assert match[5] == calls, (row, f)
        assert f["name"] in at_cell(row, start), row
    assert abs(share - 1) < 1e-9


def what_is_left_out_is_told(_):
    made = load_json(SMALL, "--sort", "cumulative")
    whole = made["metrics"][0]["whole"]
    for limit in (1, 25, len(made["functions"]) - 1):
        shown = ["--limit", str(limit)] if limit != 25 else []
        last = run(SMALL, "-f", "table", *shown).rstrip("\n").split("\n")[-1]
        match = re.match(r"([\d,]+) more functions? holds? <?([\d.]+) % by (?:itself|themselves): --limit all", last)
        assert match and int(match[1]) == len(made["functions"]) - limit, last
        rest = sum(f["self"][0] for f in made["functions"][limit:]) / whole * 100
        assert abs(float(match[2]) - rest) <= 0.06, (last, rest)
    for width in (30, 40, 60, 66, 67, 68, 80):
        last = run(SMALL, "-f", "table", "-O", f"width={width}").rstrip("\n").split("\n")[-1]
        assert re.match(r"[\d,]+ more.*: --limit all( shows them)?$", last), (width, last)
    assert " more function" not in run(SMALL, "-f", "table", "--limit", "all")
    assert "12 of them listed" in run(SMALL, "-f", "table", "--restrict", "json", "--restrict", "12")
    listed = run(MANY, "-f", "table", "-O", "width=80")
    assert re.search(r"\d+ more metrics, --metric NAME shows one: Dr, Dw, ", listed), listed
    assert " Dr self " in run(MANY, "-f", "table", "-O", "width=132")


def callers_and_callees_are_the_arcs(_):
    path = sample("pstats/py3.11-cprofile-m-recursive.prof")
    made = load_json(path, "--sort", "cumulative")
    names = {f["id"]: f["name"] for f in made["functions"]}
    for side, arrow, mine, other in (("--callers", "\u2190", "callee", "caller"), ("--callees", "\u2192", "caller", "callee")):
        table = run(path, "-f", "table", "-O", "width=200", "-O", "arcs=0", "--limit", "all", side)
        blocks = table.rstrip("\n").split("\n\n")[1:]
        assert len(blocks) == len(made["functions"])
        for block, f in zip(blocks, made["functions"]):
            expected = sorted((a for a in made["arcs"] if a[mine] == f["id"]), key=lambda a: -a["total"][0])
            lines = [line for line in block.split("\n") if arrow in line]
            assert len(lines) == len(expected), block
            for line, arc in zip(lines, expected):
                assert names[arc[other]] in line.split(arrow)[1] and f" {arc['calls']:,}" in line, (line, arc)


# ---- trees ----

def tree_of(*arguments):
    """Wide enough for three cells a level."""
    return run(*arguments, "-f", "tree", "-O", "width=2000")


def parse_tree(text):
    """[(depth, total, self, name)] of a tree of whole numbers."""
    lines, rows = text.split("\n"), []
    start = lines[2].index("call path")
    for line in lines[3:]:
        if not line:
            break
        figures = [int(word.replace(",", "")) for word in line[:start].split()[1:3]]
        match = re.match("(?:(?:[\u2502 ]  )*[\u251c\u2514]\u2500 )?", line[start:])
        rows.append((len(match[0]) // 3, *figures, line[start + len(match[0]):]))
    return rows


def check_sums(rows, hidden=0):
    """Every total is self and the totals one deeper; returns the sum of self."""
    for i, (depth, total, own, name) in enumerate(rows):
        below = 0
        for deeper, more, _, _ in rows[i + 1:]:
            if deeper <= depth:
                break
            below += more if deeper == depth + 1 else 0
        assert own + below + hidden >= total >= own + below, (name, total, own, below)
    return sum(row[2] for row in rows)


RECURSIVE = """main 1
main;visit 2
main;visit;walk 3
main;visit;walk;visit 4
main;visit;walk;visit;walk;visit;leaf 5
main;visit;walk;leaf 6
main;other 7
main;other;other;other;leaf 8
"""


def totals_in_a_tree_add_up(work):
    with open(work + "/recursive.folded", "w", encoding="utf-8") as file:
        file.write(RECURSIVE)
    for path in (work + "/recursive.folded", FOLDED):
        whole = load_json(path)["metrics"][0]["whole"]
        for recursion in ("fold", "full"):
            rows = parse_tree(tree_of(path, "-O", "threshold=0", "--limit", "all",
                                  "-O", "recursion=" + recursion))
            assert check_sums(rows) == whole, (path, recursion)
    folded = parse_tree(tree_of(work + "/recursive.folded", "-O", "threshold=0"))
    assert folded == [(0, 36, 1, "main"), (1, 20, 6, "visit \u21bb3"), (2, 9, 3, "walk \u21bb2"),
                      (3, 6, 6, "leaf"), (2, 5, 5, "leaf"), (1, 15, 7, "other \u21bb3"), (2, 8, 8, "leaf")], folded
    full = parse_tree(tree_of(work + "/recursive.folded", "-O", "threshold=0", "-O", "recursion=full"))
    assert len(full) == 12, full


def a_tree_says_what_it_leaves_out(_):
    whole = load_json(FOLDED)["metrics"][0]["whole"]
    every = parse_tree(tree_of(FOLDED, "-O", "threshold=0", "--limit", "all"))
    for options, hint in ((["-O", "threshold=2"], "-O threshold=0"), (["-O", "depth=3", "-O", "threshold=0"], "-O depth=0"),
                          (["--limit", "9", "-O", "threshold=0"], "--limit all")):
        text = tree_of(FOLDED, *options)
        rows = parse_tree(text)
        check_sums(rows, hidden=whole)
        match = re.search(r"^([\d,]+) more call paths? holds? ([\d.]+) %:(.*) shows", text, re.M)
        assert match, text
        assert int(match[1].replace(",", "")) == len(every) - len(rows), (options, match[0])
        missing = (whole - sum(row[2] for row in rows)) / whole * 100
        assert abs(float(match[2]) - missing) <= 0.06, (match[0], missing)
        assert hint in match[3], match[0]
    assert all(total / whole >= 0.02 for _, total, _, _ in parse_tree(tree_of(FOLDED, "-O", "threshold=2")))
    assert max(row[0] for row in parse_tree(tree_of(FOLDED, "-O", "depth=3"))) == 2
    assert " more call path" not in tree_of(FOLDED, "-O", "threshold=0", "--limit", "all")


def an_estimated_tree_says_so(_):
    assert "estimated from a call graph" in run(SMALL, "-f", "tree").split("\n")[0]
    assert "estimated" not in run(FOLDED, "-f", "tree")
    run(SMALL, "-f", "tree", "--exact", status=2)


def deep_trees_stay_within_the_width(work):
    hostile = common.hostile_profile(work + "/hostile-tree.prof")
    deep = work + "/deep.folded"
    with open(deep, "w", encoding="utf-8") as file:
        file.write(";".join(f"level{i}" for i in range(300)) + " 10\n")
        file.write(";".join(["again"] * 5000) + " 10\n")
    for path in (SMALL, hostile, deep, sample("pstats/py3.13-cprofile-m-unittest.prof")):
        for width in (30, 40, 60, 80, 120):
            for recursion in ("fold", "full"):
                text = run(path, "-f", "tree", "-O", f"width={width}", "-O", "recursion=" + recursion)
                for line in text.split("\n"):
                    assert cells(line) <= width, (path, width, line)
    assert "again \u21bb5000" in run(deep, "-f", "tree", "--limit", "all")
    assert len(run(deep, "-f", "tree", "--limit", "all").split("\n")) < 310


# ---- Markdown ----

def markdown_has_a_row_a_function(_):
    for limit, expected in ((None, 25), ("7", 7), ("all", 210)):
        text = run(SMALL, "-f", "markdown", *(["--limit", limit] if limit else []))
        rows = [line for line in text.split("\n") if line.startswith("| ")]
        assert len(rows) == expected + 2, (limit, len(rows))
        assert (" more function" in text) == (expected < 210)


def names_cannot_break_out_of_markdown(work):
    if not shutil.which("cmark-gfm"):
        sys.exit(77)
    path = common.hostile_profile(work + "/hostile-markdown.prof")
    for more in ([], ["--callers"], ["--names", "pstats"]):
        text = run(path, "-f", "markdown", "--limit", "all", *more)
        page = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"],
                              input=text.encode(), capture_output=True, check=True).stdout.decode()
        tags = set(re.findall(r"<(/?[^\s>]+)", page))
        assert {tag.strip("/") for tag in tags} == {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code"}, tags
        body = page[page.index("<tbody>"):]
        rows = re.findall("<tr>(.*?)</tr>", body, re.S)
        columns = page[:page.index("<tbody>")].count("<th ")
        assert all(row.count("<td ") == columns for row in rows)
        names = [html.unescape(m) for row in rows
                 for m in re.findall('<td align="left">(?:<code>(.*?)</code>)?</td>', row, re.S)[:1]]
        if not more:
            assert len(rows) == len(common.HOSTILE)
            plain = lambda name: re.sub("[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", "?", name)
            made = [f["name"] for f in load_json(path, "--sort", "cumulative")["functions"]]
            for name, shown in zip(made, names):
                # Markdown itself makes one blank of several and takes those at the ends off.
                assert shown.strip() == plain(name).strip(), (name, shown)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
