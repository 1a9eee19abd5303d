"""json_and_csv.py FACT WORK: what the formats for programs say is what the profile holds."""
import csv
import io
import json
import math
import os
import pstats
import re
import sys

import common
from common import run, run_bytes, load_json, sample


def number(value):
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value, value)


def same(a, b):
    return a == b or (a != a and b != b)


def close(a, b):
    return same(a, b) or abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def every_sample_keeps_to_the_schema(_):
    try:
        import jsonschema
    except ImportError:
        sys.exit(77)
    with open(os.environ["SOURCE"] + "/formats/json.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    valid = validator(schema)
    n = 0
    for path in common.readable_samples():
        for arguments in ([], ["--limit", "3", "--sort", "time"], ["--group-by", "file"]):
            valid.validate(load_json(path, *arguments))
            n += 1
    assert n > 100, n
    broken = load_json(sample("folded/perf-small.folded"))
    broken["functions"][0]["self"] = ["much"]
    assert list(valid.iter_errors(broken)), "the schema allows anything"


def values_are_those_of_pstats(_):
    n = 0
    for path in common.readable_samples():
        if not re.search("py3[^/]*-cprofile-[^/]*prof$", path):
            continue
        try:
            stats = pstats.Stats(path).stats
        except ValueError: # marshal of a Python that is newer
            continue
        made = load_json(path)
        functions = {f["id"]: (f.get("file", ""), f.get("line", 0), f["name"]) for f in made["functions"]}
        rows = {functions[f["id"]]: f for f in made["functions"] if "self" in f}
        assert list(rows) == list(stats), path
        for key, (primitive, calls, own, total, callers) in stats.items():
            f = rows[key]
            assert (f["calls"], f["primitive"]) == (calls, primitive), (path, key)
            assert (f["self"], f["total"]) == ([own], [total]), (path, key)
        arcs = {(functions[a["caller"]], functions[a["callee"]]): a for a in made["arcs"]}
        expected = {(caller, key): v for key, row in stats.items() for caller, v in row[4].items()}
        assert set(arcs) == set(expected), path
        for pair, (calls, primitive, own, total) in expected.items():
            a = arcs[pair]
            assert (a["calls"], a["primitive"], a["self"], a["total"]) == (calls, primitive, [own], [total])
        n += 1
    assert n >= 8, n


def sums_are_the_whole(_):
    for path in common.readable_samples():
        made = load_json(path)
        for i, metric in enumerate(made["metrics"]):
            own = math.fsum(number(f["self"][i]) for f in made["functions"] if "self" in f)
            assert close(own, number(metric["whole"])), (path, metric)
            if made["contexts"]:
                own = math.fsum(number(c["self"][i]) for c in made["contexts"])
                assert close(own, number(metric["whole"])), (path, metric)
        ids = [f["id"] for f in made["functions"]]
        assert len(ids) == len(set(ids))
        for arc in made["arcs"]:
            assert arc["caller"] in set(ids) and arc["callee"] in set(ids)
        for place, context in enumerate(made["contexts"]):
            assert context.get("parent", -1) < place
        assert not any(made["left_out"].values()), path


def a_report_orders_and_restricts_the_functions(_):
    path = sample("pstats/py3.11-cprofile-m-small.prof")
    whole = load_json(path)
    made = load_json(path, "--sort", "time", "--restrict", "json", "--limit", "7")
    own = [f["self"][0] for f in made["functions"]]
    assert len(own) == 7 and own == sorted(own, reverse=True), own
    assert all("json" in f["file"] + f["name"] for f in made["functions"])
    ids = {f["id"] for f in made["functions"]}
    among = [a for a in whole["arcs"] if a["caller"] in ids and a["callee"] in ids]
    assert made["arcs"] == among
    assert made["left_out"]["functions"] == len(whole["functions"]) - 7
    assert made["left_out"]["arcs"] == len(whole["arcs"]) - len(among)
    assert made["metrics"] == whole["metrics"]


def what_is_cut_is_the_lightest(_):
    path = sample("pstats/py3.11-cprofile-m-small.prof")
    heaviest = sorted((f["total"][0] for f in load_json(path)["functions"]), reverse=True)
    assert [f["total"][0] for f in load_json(path, "--limit", "7")["functions"]] == heaviest[:7]
    for count, limit in (7, ["--limit", "7"]), (None, []):
        table = table_of(path, "-f", "csv", *limit)
        assert table[0][10] == "total time (seconds)"
        assert [float(row[10]) for row in table[1:]] == heaviest[:count], limit


def table_of(*arguments, delimiter=","):
    text = run(*arguments)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert all(len(row) == len(rows[0]) for row in rows), arguments
    return rows


def csv_values_are_those_of_json(_):
    for path in common.readable_samples():
        made = load_json(path)
        rows = [f for f in made["functions"] if "calls" in f or "self" in f or "total" in f]
        table = table_of(path, "-f", "csv", "--sort", "none")
        titles = table[0]
        assert titles[:9] == ["function", "name", "qualified name", "file", "line", "module", "kind", "calls",
                              "primitive calls"]
        metrics, compared = len(made["metrics"]), made["comparison"]
        keys = [(key + side, m) for side in ("", "_before")[:1 + compared] for m in range(metrics)
                for key in ("self", "total")]
        first = 9 + 2 * compared
        assert len(titles) == first + len(keys) + compared, (path, titles)
        assert not compared or titles[9:11] + titles[-1:] == ["calls before", "primitive calls before", "change"]
        assert len(table) - 1 == len(rows), path
        for f, row in zip(rows, table[1:]):
            assert row[4] == (str(f["line"]) if "line" in f else ""), path
            assert row[6] == f["kind"]
            assert row[7:9] == [str(f.get("calls", "")), str(f.get("primitive", ""))], (path, row)
            if compared:
                assert row[9:11] == [str(f.get("calls_before", "")), str(f.get("primitive_before", ""))], (path, row)
            for cell, (key, m) in zip(row[first:], keys):
                if key in f:
                    assert same(float(cell), number(f[key][m]) * made["metrics"][m]["scale"]), (path, row)
                else:
                    assert cell == ""


def csv_lists_arcs_too(_):
    path = sample("pstats/py3.11-cprofile-m-recursive.prof")
    made = load_json(path)
    names = {f["id"]: f["name"] for f in made["functions"]}
    expected = sorted((names[a["caller"]], names[a["callee"]], str(a["calls"]), a["total"][0]) for a in made["arcs"])
    for option in ("--callers", "--callees"):
        table = table_of(path, "-f", "csv", option, "-O", "separator=semicolon", delimiter=";")
        title = table[0].index
        rows = sorted((r[title("caller name")], r[title("callee name")], r[title("calls")],
                       float(r[title("total time (seconds)")])) for r in table[1:])
        assert rows == expected, option


def names_cannot_break_out_of_csv(work):
    path = common.hostile_profile(work + "/hostile.prof")
    made = load_json(path)
    names = [f["name"] for f in made["functions"]]
    for separator, delimiter, end in (("comma", ",", b"\r\n"), ("semicolon", ";", b"\r\n"), ("tab", "\t", b"\n")):
        arguments = (path, "-f", "csv", "--sort", "none", "-O", "separator=" + separator)
        table = table_of(*arguments, delimiter=delimiter)
        assert run_bytes(*arguments).endswith(end)
        assert len(table) - 1 == len(common.HOSTILE)
        for name, row in zip(names, table[1:]):
            for cell in row[:7]:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
                assert not any(ord(c) < 32 and c not in "\t\r\n" for c in cell), cell
            dangerous = name.startswith(("=", "+", "-", "@", "\t", "\r"))
            kept = "".join("\ufffd" if (ord(c) < 32 and c not in "\t\r\n") or 0x7f <= ord(c) < 0xa0 else c
                           for c in name)
            assert row[1] == ("'" if dangerous else "") + kept, (name, row[1])
    kept = table_of(path, "-f", "csv", "--sort", "none", "-O", "formulas")
    assert "=1+2" in [row[1] for row in kept]


def hostile_names_and_values_stay_what_they_are_in_json(work):
    made = load_json(common.hostile_profile(work + "/hostile.prof"))
    assert [f["name"] for f in made["functions"]] == common.HOSTILE
    values = [number(f["self"][0]) for f in made["functions"]]
    expected = [common.VALUES[i % len(common.VALUES)] for i in range(len(common.HOSTILE))]
    assert all(same(a, b) for a, b in zip(values, expected)), values


def renumbered(made):
    """The tables, with functions by their places."""
    place = {f["id"]: i for i, f in enumerate(made["functions"])}
    tables = {key: made[key] for key in ("metrics", "threads", "comparison", "sites", "estimated")}
    for key, ids in (("functions", ["id"]), ("arcs", ["caller", "callee"]), ("lines", ["function"]),
                     ("contexts", ["function"])):
        tables[key] = [{**row, **{i: place[row[i]] for i in ids}} for row in made[key]]
    return tables


def what_was_written_is_read_again(work):
    first, second = work + "/first.json", work + "/second.json"
    n = 0
    for path in [*common.readable_samples(), common.hostile_profile(work + "/hostile-again.prof")]:
        run(path, "-f", "json", "-o", first)
        run(first, "-o", second)
        with open(first, encoding="utf-8") as file:
            made = json.load(file)
        with open(second, encoding="utf-8") as file:
            again = json.load(file)
        assert renumbered(made) == renumbered(again), path
        run(second, "-o", first)
        with open(first, "rb") as one, open(second, "rb") as other:
            assert one.read() == other.read(), path
        if "contexts" not in made["recorded"] and "hostile" not in path and "unicode" not in path:
            for form in ("pstats", "callgrind"):
                assert run_bytes(path, "-f", form) == run_bytes(second, "-f", form), (path, form)
            n += 1
    assert n > 40, n


def figures(made):
    """Those of functions, arcs and lines, by name, in no order."""
    names = {f["id"]: json.dumps([f.get(key) for key in ("name", "qualname", "file", "module", "line", "kind")])
             for f in made["functions"]}
    return sorted(json.dumps([{**row, **{key: names[row[key]] for key in ids}}, key], sort_keys=True)
                  for key, ids in (("functions", ["id"]), ("arcs", ["caller", "callee"]), ("lines", ["function"]))
                  for row in made[key])


def what_was_cut_is_read_again(work):
    """Call paths are left out then: the figures are those of the functions listed, not of no paths."""
    cut = work + "/cut.json"
    n = 0
    for path in common.readable_samples():
        for limit in "1", "3":
            run(path, "-f", "json", "--limit", limit, "-o", cut)
            with open(cut, encoding="utf-8") as file:
                made = json.load(file)
            assert figures(made) == figures(load_json(cut)), (path, limit)
            n += made["left_out"]["contexts"] > 0
    assert n > 60, n


def what_was_estimated_is_read_again(work):
    """A part of a call graph has its estimated paths, and no graph that they could be estimated from again."""
    part, again = work + "/part.json", work + "/again.json"
    for name in "pstats/py3.11-cprofile-m-small.prof", "callgrind/yappi-small.callgrind":
        path = sample(name)
        for limit in [], ["--limit", "3"]:
            run(path, "-f", "json", "--focus", "main", "-o", part, *limit)
            run(part, "-o", again)
            made, read = load_json(part), load_json(again)
            assert made["functions"] and figures(made) == figures(read), (path, limit)
            assert made["estimated"] == read["estimated"] == ["graph" if limit else "contexts"], (path, limit)
        run(path, "-f", "json", "--focus", "main", "-o", part)
        assert run(part, "-f", "folded") == run(path, "-f", "folded", "--focus", "main"), path
        exact = [common.PROGRAM, part, "-f", "folded", "--exact"]
        assert common.subprocess.run(exact, capture_output=True, check=False).returncode == 2, path


def what_was_grouped_is_read_again(work):
    """A report says what its rows are: files, modules, lines, and functions of which none is known."""
    path, grouped, words = sample("pprof/gperftools-cpu.pb.gz"), work + "/grouped.json", set()

    def rows(*arguments):
        return re.search(r"^ +\d+ (.*) in ", run(*arguments, "-f", "text"), re.MULTILINE).group(1)

    for by in "function", "file", "module", "line":
        run(path, "--group-by", by, "-f", "json", "-o", grouped)
        words.add(rows(path, "--group-by", by))
        assert rows(grouped) == rows(path, "--group-by", by), by
        again = load_json(grouped)
        assert (again.get("grouped_by", "function"), "partly_grouped" in again) == (by, by != "function"), again
    assert len(words) == 4, words


def what_is_no_such_json_is_refused(work):
    path, good = work + "/bad.json", run(sample("pstats/constructed-caller-without-row.prof"), "-f", "json")
    paths = run(sample("folded/handmade-two-columns.folded"), "-f", "json")

    def refuse(text, message):
        assert text not in (good, paths), message
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = common.subprocess.run([common.PROGRAM, path, "-f", "csv"], capture_output=True, check=False)
        assert done.returncode == 3 and message in done.stderr.decode(), (message, done.stderr)

    refuse(good.replace('"prof2any":1', '"prof2any":2'), "version 2 of prof2any's JSON, expected 1")
    refuse(good.replace('"caller":', '"caller":9'), "no function has the id 9")
    refuse(good.replace('"id":1', '"id":0'), "two functions have the id 0")
    refuse(good.replace('"self":[', '"self":[1,'), "self: 2 values, expected one for each of 1 metric")
    refuse(good.replace('"calls":', '"calls":-'), "calls: expected a whole number from 0")
    refuse(good.replace('"kind":"', '"kind":"super'), "no such kind of function")
    refuse(good.replace('"notes"', '"grouped_by":"hour","notes"'), "functions are grouped by what isn't known")
    refuse(good.replace('"metrics":', '"more":'), '"threads" is out of order')
    refuse(good.replace('"threads":', '"arcs":'), '"functions" is out of order')
    refuse(good[:len(good) // 2], "ends within")
    refuse(good + "{}", "expected")
    refuse(paths.replace('"parent":0', '"parent":7', 1), "has the parent 7, expected one before it")
    assert run(sample("pstats/constructed-caller-without-row.prof"), "-f", "csv") == run(
        "-", "-f", "csv", input=good.replace('"notes"', '"new":{"a":[1]},"notes"').encode())


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
