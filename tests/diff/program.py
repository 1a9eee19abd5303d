"""Two versions of a real program: the email package of the standard library, of which the second has
one function that takes ten times as long, one less and one more. Whatever the comparison is written
as, it names exactly these three, with the numbers that pstats reads out of the two files.

Both are recorded by cProfile with a clock of the test's own, which goes on by a microsecond at each
event and by what the patched functions say they spend: numbers are the same on every machine."""
import csv
import email
import io
import json
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

PROGRAM = os.environ["PROF2ANY"]
SVG = "{http://www.w3.org/2000/svg}"
SLOWER, GONE, NEW = "_parse_headers", "_old_helper", "_new_helper"

MAIN = '''
import cProfile, sys
import clock
import email

TEXT = ("From: a@b\\nTo: c@d\\nSubject: x\\nContent-Type: multipart/mixed; boundary=B\\n\\n--B\\n"
        "Content-Type: text/plain\\n\\nhello\\n--B\\nContent-Type: text/html\\n\\n<b>hello</b>\\n--B--\\n")

def work():
    for _ in range(20):
        message = email.message_from_string(TEXT)
        for part in message.walk():
            part.get_content_maintype()
            part.get_content_subtype()

work()  # imports and caches
profile = cProfile.Profile(clock.tick, 1e-6)
profile.runcall(work)
profile.dump_stats(sys.argv[1])
'''

CLOCK = '''
import sys
now = [0]
jitter = int(sys.argv[2])

def tick():
    now[0] += 1
    return now[0]
'''


def patch(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1, (path, old)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def make_version(folder, headers, helper, helper_time, above=""):
    """A copy of the package in which parsing headers and a helper take so many microseconds."""
    shutil.copytree(os.path.dirname(email.__file__), os.path.join(folder, "email"),
                    ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in (("main.py", MAIN), ("clock.py", CLOCK)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    message, parser = (os.path.join(folder, "email", n) for n in ("message.py", "feedparser.py"))
    patch(message, "    def get_content_maintype(self):\n",
          f"    def {helper}(self):\n        import clock\n        clock.now[0] += {helper_time}\n\n"
          "    def get_content_maintype(self):\n")
    patch(message, "        return ctype.split('/')[0]\n",
          f"        self.{helper}()\n        return ctype.split('/')[0]\n")
    # the same in both versions, but for what a run adds to it
    patch(message, "        return ctype.split('/')[1]\n",
          "        import clock\n        clock.now[0] += 5000 * clock.jitter\n        return ctype.split('/')[1]\n")
    patch(parser, "    def _parse_headers(self, lines):\n",
          above + f"    def _parse_headers(self, lines):\n        import clock\n        clock.now[0] += {headers}\n")


def record(folder, output, jitter=0):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    subprocess.run([sys.executable, "main.py", output, str(jitter)], cwd=folder, env=environment, check=True)


def functions_of(path):
    """(self, total, calls) by file, name and which of that name in the file."""
    rows, found = pstats.Stats(path).stats, {}
    for key in sorted(rows):
        place = os.path.basename(key[0]), key[2]
        rank = sum(other[:2] == place for other in found)
        found[(*place, rank)] = rows[key][2], rows[key][3], rows[key][1]
    return found


def by_name(functions):
    """(self, total, calls) by name: what functions of one name have together."""
    sums = {}
    for key, row in functions.items():
        sums[key[1]] = tuple(x + y for x, y in zip(sums.get(key[1], (0, 0, 0)), row))
    return sums


def figure(seconds):
    """Three digits, as people read them."""
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= 0.9995 * size:
            value = seconds / size
            text = f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + " " + unit
    return "0 ns"


def change(seconds):
    return ("+" if seconds > 0 else "-" if seconds < 0 else "") + figure(abs(seconds))


def name_in(row):
    return re.search(r"(\w+) \([\w.]+:\d+\)$|$", row)[1] or row.split("  ")[-1]


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        one, two = (os.path.join(cls.folder, name) for name in ("one", "checkout/of/two"))
        make_version(one, 1000, GONE, 20000)
        make_version(two, 10000, NEW, 30000, above="    # lines\n    # that move\n    # what is below\n")
        cls.before, cls.after = (os.path.join(cls.folder, name) for name in ("before.prof", "after.prof"))
        record(one, cls.before)
        record(two, cls.after)
        cls.runs = {}
        for side, folder in (("before", one), ("after", two)):
            for jitter in range(3):
                path = cls.runs[side, jitter] = os.path.join(cls.folder, f"{side}{jitter}.prof")
                record(folder, path, jitter if side == "before" else jitter + 1)
        cls.functions_a, cls.functions_b = functions_of(cls.before), functions_of(cls.after)
        cls.a, cls.b = by_name(cls.functions_a), by_name(cls.functions_b)
        cls.whole = sum(v[0] for v in cls.b.values())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def diff(self, *options, inputs=None, notes=""):
        done = subprocess.run([PROGRAM, "diff", *(inputs or (self.before, self.after)), "--strip-dirs", *options],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(notes, done.stderr.decode())
        return done.stdout

    def sides(self, name):
        """(self, total, calls) before and after."""
        return self.a.get(name, (0, 0, 0)), self.b.get(name, (0, 0, 0))

    def test_the_versions_differ_as_they_were_made_to(self):
        before, after = self.sides(SLOWER)
        self.assertEqual((before[2], after[2]), (60, 60))
        self.assertAlmostEqual(after[0] - before[0], 60 * 9e-3)
        self.assertEqual(self.sides(GONE)[1], (0, 0, 0))
        self.assertEqual(self.sides(NEW)[0], (0, 0, 0))
        others = {n: v for n, v in self.a.items() if n not in (SLOWER, GONE, NEW)}
        self.assertGreater(len(others), 40)
        for name, (own, _, calls) in others.items():
            self.assertAlmostEqual(own, self.b[name][0], places=9, msg=name)
            self.assertEqual(calls, self.b[name][2], name)

    # -- lists --

    def own_rows(self, text, start):
        """The lines of the list behind START, up to an empty one."""
        lines = text.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(start))
        at = next(i for i in range(at + 1, len(lines)) if "function" in lines[i])
        return lines[at + 1:lines.index("", at)]

    def expected_cells(self, name):
        (self_a, total_a, calls_a), (self_b, total_b, calls_b) = self.sides(name)
        calls = str(calls_b) if calls_a == calls_b else f"{calls_a} → {calls_b}"
        return [change(self_b - self_a), figure(self_a) if self_a else "-", figure(self_b) if self_b else "-",
                change(total_b - total_a), calls]

    def check_report(self, text):
        rows = self.own_rows(text, "changed themselves by more than 1 %")
        self.assertEqual([name_in(row) for row in rows], [NEW, GONE, SLOWER])
        for row, name in zip(rows, (NEW, GONE, SLOWER)):
            cells = re.split(r"  +", row.strip())
            for cell in self.expected_cells(name):
                self.assertIn(cell, cells, name)
        self.assertIn("  new  ", rows[0])
        self.assertIn("  gone  ", rows[1])
        through = {name_in(row) for row in self.own_rows(text, "changed through what they call")}
        callers = {key for key, row in self.functions_a.items() if key in self.functions_b and key[1] != SLOWER
                   and abs(self.functions_b[key][1] - row[1]) > 0.01 * self.whole}
        self.assertEqual(through, {key[1] for key in callers})
        quiet = len(self.functions_a.keys() | self.functions_b.keys()) - 3 - len(callers)
        self.assertIn(f"\n{quiet} functions have changed by no more\n", text)

    def test_the_report_names_exactly_these(self):
        self.check_report(self.diff("-f", "text").decode())
        self.check_report(self.diff("-f", "table", "-O", "width=200").decode())

    def test_a_narrow_table_names_them_too(self):
        rows = self.own_rows(self.diff("-f", "table", "-O", "width=60").decode(), "changed themselves")
        self.assertEqual([re.search(r"_\w+", row)[0] for row in rows], [NEW, GONE, SLOWER])
        self.assertTrue(all(len(row) <= 60 for row in rows))

    def test_a_narrow_heading_goes_on_in_the_next_line(self):
        wide, narrow = (self.diff("-f", "table", "-O", f"width={width}").decode() for width in (300, 36))
        for start in (0, 1):  # what changed as a whole, and the heading of the first list
            words = wide.split("\n\n")[start].split()
            lines = narrow.split("\n\n")[start].split("\n")
            self.assertEqual(" ".join(lines).split(), words)
            self.assertGreater(len(lines), 1)
            self.assertTrue(all(len(line) <= 36 for line in lines), lines)

    def test_the_job_summary_names_exactly_these(self):
        text = self.diff("-f", "markdown").decode()
        head, tail = text.split("<details>")
        rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in head.split("\n")
                if line.startswith("| ") and "`" in line]
        self.assertEqual([row[-2] for row in rows], [f"`{n}`" for n in (NEW, GONE, SLOWER)])
        for row, name in zip(rows, (NEW, GONE, SLOWER)):
            for cell in self.expected_cells(name):
                self.assertIn(cell, row)
        self.assertNotIn(SLOWER, tail)

    def test_the_spreadsheet_has_all_and_says_which(self):
        rows = list(csv.DictReader(io.StringIO(self.diff("-f", "csv").decode(), newline="")))
        kinds = {row["name"]: row["change"] for row in rows if row["change"] not in ("", "through")}
        self.assertEqual(kinds, {SLOWER: "self", GONE: "gone", NEW: "new"})
        self.assertEqual(len(rows), len(self.functions_a.keys() | self.functions_b.keys()))
        for row in (row for row in rows if row["name"] != "close" and row["name"] != "__init__"):
            before, after = self.sides(row["name"])
            for title, value in (("self time before (seconds)", before[0]), ("self time (seconds)", after[0]),
                                 ("total time before (seconds)", before[1]), ("total time (seconds)", after[1])):
                self.assertAlmostEqual(float(row[title]), value, places=9, msg=row["name"])
            self.assertEqual((int(row["calls before"]), int(row["calls"])), (before[2], after[2]), row["name"])

    def test_a_higher_threshold_names_less_but_counts_calls(self):
        rows = self.own_rows(self.diff("-f", "text", "--threshold", "50").decode(), "changed themselves by more than 50 %")
        self.assertEqual([name_in(row) for row in rows], [NEW, GONE])

    def test_restrictions_and_limits_hold(self):
        text = self.diff("-f", "text", "--restrict", "feedparser").decode()
        rows = self.own_rows(text, "changed themselves")
        self.assertEqual([name_in(row) for row in rows], [SLOWER])
        self.assertRegex(text, r"\d+ functions are left out by the restrictions")
        self.assertIn("2 more: --limit all shows them", self.diff("-f", "text", "--limit", "1").decode())

    # -- data --

    def by_function(self, text):
        """(self before, self after) in seconds by name, of a spreadsheet."""
        sums = {}
        for row in csv.DictReader(io.StringIO(text, newline="")):
            before, after = sums.get(row["name"], (0, 0))
            sums[row["name"]] = (before + float(row["self time before (seconds)"]),
                                 after + float(row["self time (seconds)"]))
        return sums

    def assert_self(self, found, places=8):
        self.assertEqual(found.keys(), self.a.keys() | self.b.keys())
        for name, (before, after) in found.items():
            self.assertAlmostEqual(before, self.sides(name)[0][0], places=places, msg=name)
            self.assertAlmostEqual(after, self.sides(name)[1][0], places=places, msg=name)
        least = 0.01 * self.whole
        self.assertEqual({n for n, (x, y) in found.items() if abs(y - x) > least}, {SLOWER, GONE, NEW})

    def test_json_has_both_sides_of_everything(self):
        made = json.loads(self.diff("-f", "json"))
        self.assertTrue(made["comparison"])
        names = {f["id"]: f["name"] for f in made["functions"]}
        sums = {}
        for f in made["functions"]:
            before, after = sums.get(f["name"], (0, 0))
            sums[f["name"]] = before + f["self_before"][0], after + f["self"][0]
        self.assert_self(sums, places=9)
        calls = {(names[a["caller"]], names[a["callee"]]): (a["calls_before"], a["calls"]) for a in made["arcs"]}
        self.assertEqual(calls["get_content_maintype", GONE][1], 0)
        self.assertEqual(calls["get_content_maintype", NEW][0], 0)
        self.assertEqual(calls["get_content_maintype", GONE][0], calls["get_content_maintype", NEW][1])

    def convert(self, data, *options):
        done = subprocess.run([PROGRAM, "-q", *options], input=data, capture_output=True, check=True)
        return done.stdout

    def test_json_pprof_and_json_again_say_the_same(self):
        data = self.diff("-f", "json")
        self.assert_self(self.by_function(self.convert(data, "-f", "csv").decode()))
        pprof = self.diff("-f", "pprof", notes="estimated")
        self.assert_self({n: v for n, v in self.by_function(self.convert(pprof, "-f", "csv").decode()).items()
                          if n in self.a or n in self.b})

    def test_folded_stacks_have_two_columns(self):
        sums = {}
        for line in self.diff("-f", "folded", notes="estimated").decode().splitlines():
            stack, before, after = line.rsplit(" ", 2)
            leaf = re.sub(r" \([^()]*:\d+\)$", "", stack.split(";")[-1])
            x, y = sums.get(leaf, (0, 0))
            sums[leaf] = x + int(before) / 1e9, y + int(after) / 1e9
        self.assert_self(sums)

    def test_folded_stacks_with_two_columns_are_a_comparison(self):
        data = self.diff("-f", "folded")
        rows = list(csv.DictReader(io.StringIO(self.convert(data, "-f", "csv").decode(), newline="")))
        sums = {}
        for row in rows:
            before, after = sums.get(row["name"], (0, 0))
            sums[row["name"]] = (before + float(row["self samples before"]) / 1e9,
                                 after + float(row["self samples"]) / 1e9)
        self.assert_self({n: v for n, v in sums.items() if n in self.a or n in self.b})  # no marked frames
        kinds = {row["name"]: row["change"] for row in rows if row["change"] not in ("", "through")}
        self.assertEqual(kinds, {SLOWER: "self", GONE: "gone", NEW: "new"})

    def test_callgrind_has_an_event_for_each_side(self):
        text = self.diff("-f", "callgrind").decode()
        self.assertIn("\nevents: ns ns_before\n", text)
        names, found, function = {}, {}, None
        lines = iter(text.splitlines())
        for line in lines:
            head = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line)
            if head and head[2]:
                names[head[1]] = re.sub(r":\d+.*", "", head[2])
            if line.startswith("fn="):
                function = names[head[1]]
            elif line.startswith("calls="):
                next(lines)
            elif re.match(r"\d+ ", line) and function:
                costs = [int(n) for n in line.split()[1:]] + [0]
                before, after = found.get(function, (0, 0))
                found[function] = before + costs[1] / 1e9, after + costs[0] / 1e9
        found.pop("(outside)", None)
        self.assert_self(found)

    def test_speedscope_has_a_profile_for_each_side(self):
        data = self.diff("-f", "speedscope")
        sides = []
        for metric in ("time before", "time"):
            rows = csv.DictReader(io.StringIO(self.convert(data, "-f", "csv", "--metric", metric).decode(), newline=""))
            sums = {}
            for row in rows:
                sums[row["name"]] = sums.get(row["name"], 0) + float(row[f"self {metric} (seconds)"])
            sides.append(sums)
        names = sides[0].keys() | sides[1].keys()
        self.assert_self({n: (sides[0].get(n, 0), sides[1].get(n, 0)) for n in names
                          if n in self.a or n in self.b})

    @unittest.skipUnless(shutil.which("go"), "Go's pprof reads it where there is Go")
    def test_pprof_takes_one_side_off_the_other(self):
        path = os.path.join(self.folder, "diff.pb")
        self.diff("-o", path)
        done = subprocess.run(["go", "tool", "pprof", "-top", "-unit=us", "-nodecount=1000", "-nodefraction=0", path],
                              capture_output=True, text=True, env={**os.environ, "HOME": self.folder}, check=False)
        if done.returncode:
            self.skipTest(done.stderr)
        flat = {line.split()[-1]: float(line.split()[0].removesuffix("us")) / 1e6
                for line in done.stdout.splitlines() if re.match(r" *-?[\d.]+(us)? ", line)}
        for name in (SLOWER, GONE, NEW):
            before, after = self.sides(name)
            self.assertAlmostEqual(flat[name], after[0] - before[0], places=5)
        least = 0.01 * self.whole
        self.assertEqual({n for n, value in flat.items() if abs(value) > least}, {SLOWER, GONE, NEW})

    # -- pictures --

    def test_the_flame_graph_shows_what_is_new_gone_and_slower(self):
        graph = ET.fromstring(self.diff("-f", "flamegraph", "-O", "minwidth=0")).find(SVG + "svg")
        kinds, selfs = {}, {}
        for box in graph.iter(SVG + "g"):
            title = box.find(SVG + "title")
            if title is None:
                continue
            name, figures = title.text.split("\n")[0], title.text.split("\n")[-1]
            kinds.setdefault(name, set()).add(box.get("class"))
            selfs.setdefault(name, []).append(figures)
        whole_sides = {n: k for n, k in kinds.items() if any("new" in c or "gone" in c for c in k)}
        self.assertEqual(whole_sides, {NEW: {"ca new"}, GONE: {"c0 gone"}})
        self.assertTrue(all(f.startswith("new, not there before; ") for f in selfs[NEW]))
        self.assertTrue(all(f.startswith("gone, not there after; ") for f in selfs[GONE]))
        self.assertEqual(kinds[SLOWER], {"c9"})
        before, after = (side[0] for side in self.sides(SLOWER))
        self.assertTrue(all(f"{(after - before) / before * 100:+.0f} %" in f for f in selfs[SLOWER]), selfs[SLOWER])

    def test_the_call_graph_shows_what_is_new_gone_and_slower(self):
        text = self.diff("-f", "dot", "-O", "nodes=0").decode()
        nodes = {re.search(r"<B>(.*?)</B>", label)[1]: label for label in re.findall(r"label=<(<TABLE.*?</TABLE>)>", text)
                 if "<B>" in label}
        self.assertEqual({n for n, label in nodes.items() if "<B>new</B>" in label}, {NEW})
        self.assertEqual({n for n, label in nodes.items() if "<B>gone</B>" in label}, {GONE})
        before, after = self.sides(SLOWER)
        self.assertIn(f"{figure(before[1])} → {figure(after[1])}", nodes[SLOWER])
        self.assertIn(change(after[1] - before[1]), nodes[SLOWER])
        self.assertEqual({n for n, label in nodes.items() if ">self " in label}, {SLOWER})

    def test_the_tree_shows_what_is_new_gone_and_slower(self):
        lines = [line for line in self.diff("-f", "tree", "-O", "threshold=0").decode().split("\n")
                 if re.search(r"─ \w", line)]
        changed = set()
        for line in lines:
            own = re.split(r"  +", line.strip())
            name = re.search(r"─ (.*?)(?: \(|$)", line)[1]
            value = re.search(r"([-+]\d[\d.]*) (s|ms|µs|ns)  +\S+(?: → \S+)?  +[│├└ ]*─ ", line)
            if value and abs(float(value[1])) * {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[value[2]] > 1e-6:
                changed.add(name)
            self.assertEqual("new" in own, name == NEW, line)
            self.assertEqual("gone" in own, name == GONE, line)
        self.assertEqual(changed, {SLOWER, GONE, NEW})

    # -- several runs --

    def test_runs_that_overlap_are_no_change(self):
        """What a run adds to get_content_subtype: 0, 300 and 600 ms before, 300, 600 and 900 ms after."""
        inputs = [*(self.runs["before", i] for i in range(3)), "vs", *(self.runs["after", i] for i in range(3))]
        self.diff("-f", "json", inputs=inputs, notes="what they spread over is left out")
        text = self.diff("-f", "text", inputs=inputs).decode()
        self.assertIn("3 runs before, 3 after", text)
        self.assertIn("; 1 run before, 3 after", self.diff("-f", "text", inputs=inputs[2:]).decode())
        rows = self.own_rows(text, "changed themselves")
        self.assertEqual([name_in(row) for row in rows], [NEW, GONE, SLOWER])
        self.assertIn("\n1 by more, but the ranges of the runs overlap\n", text)
        rows = csv.DictReader(io.StringIO(self.diff("-f", "csv", inputs=inputs).decode(), newline=""))
        row = next(row for row in rows if row["name"] == "get_content_subtype")
        own = [by_name(functions_of(self.runs[side, i]))["get_content_subtype"][0] for side in ("before", "after") for i in range(3)]
        for side, values in ((" before", own[:3]), ("", own[3:])):
            for word, value in zip(("least", "median", "most"), sorted(values)):
                self.assertAlmostEqual(float(row[f"self time{side} {word} (seconds)"]), value, places=9)
        self.assertEqual(row["change"], "")

    def test_runs_that_are_apart_are_a_change(self):
        inputs = [self.runs["before", 0], "vs", self.runs["after", 1], self.runs["after", 2]]
        rows = self.own_rows(self.diff("-f", "text", inputs=inputs).decode(), "changed themselves")
        self.assertEqual({name_in(row) for row in rows},
                         {NEW, GONE, SLOWER, "get_content_subtype"})

    # -- checkouts, groups --

    def test_groups_are_compared_as_groups(self):
        rows = list(csv.DictReader(io.StringIO(self.diff("-f", "csv", "--group-by", "file").decode(), newline="")))
        changed = {row["name"] for row in rows if row["change"] not in ("", "through")}
        self.assertEqual(changed, {"message.py", "feedparser.py"})

    def test_directories_are_stripped_before_functions_are_matched(self):
        whole = subprocess.run([PROGRAM, "diff", "-q", self.before, self.after, "-f", "csv"], capture_output=True,
                               check=True).stdout.decode()
        rows = list(csv.DictReader(io.StringIO(whole, newline="")))
        self.assertGreater(sum(row["change"] == "new" for row in rows), 20)

    def test_the_same_file_twice_has_not_changed(self):
        text = self.diff("-f", "text", inputs=[self.after, self.after]).decode()
        self.assertIn("nothing has changed itself", text)
        self.assertNotIn("changed through", text)


unittest.main()
