"""facts.py FACT: what holds of every graph that prof2any writes for dot."""
import glob
import html
import json
import marshal
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import xml.dom.minidom

PROGRAM = os.environ["PROF2ANY"]
PROFILES = os.path.join(os.environ["SAMPLES"], "profiles")
SMALL = os.path.join(PROFILES, "pstats", "py3.11-cprofile-m-small.prof")
RECURSIVE = os.path.join(PROFILES, "pstats", "py3.11-cprofile-m-recursive.prof")
LARGE = os.path.join(PROFILES, "pstats", "py3.13-cprofile-m-unittest.prof")
ALL = ("nodes=0", "arcs=0", "node=0", "edge=0", "rest=101")


def written(path, *settings):
    command = [PROGRAM, "-q", "-f", "dot", path]
    for setting in settings:
        command += ["-O", setting]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def text(path, *settings):
    result = written(path, *settings)
    assert result.returncode == 0, (path, settings, result.stderr)
    return result.stdout


def drawn(source, form, engine="dot"):
    """What dot makes of it; a warning is a failure."""
    result = subprocess.run(["dot", "-K" + engine, "-T" + form], input=source, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    assert result.returncode == 0 and not result.stderr, result.stderr.decode(errors="replace")
    return result.stdout


class Graph:
    """Laid out by dot only where places matter: a graph of everything would take minutes."""

    def __init__(self, path, *settings, engine="osage"):
        graph = json.loads(drawn(text(path, *settings), "json0", engine))
        objects = {o["_gvid"]: o for o in graph.get("objects", []) if "nodes" not in o}
        self.caption = plain(graph["label"])
        self.nodes = {o["name"]: o for o in objects.values()}
        self.edges = [dict(e, tail=objects[e["tail"]]["name"], head=objects[e["head"]]["name"])
                      for e in graph.get("edges", [])]
        self.functions = {n: o for n, o in self.nodes.items() if n[0] == "f"}

    def named(self, word):
        found = [n for n, o in self.nodes.items()
                 if plain(o["label"]).split("\n")[0].split("\N{NO-BREAK SPACE}")[0] == word]
        assert found, word
        return found[0]


def plain(label):
    """The text of an HTML-like label, a row a line."""
    rows = re.sub(r"</TR>", "\n", label)
    return html.unescape(re.sub(r"<[^>]*>", "", rows)).strip("\n").lstrip("\n")


def figure(tooltip, what):
    found = re.search(r" · %s ([-+.\de]+)" % what, tooltip)
    return float(found.group(1)) if found else None


def same(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def shares(string):
    return [float(s) for s in re.findall(r"([\d.]+) %", string)]


def unescaped(tooltip):
    return tooltip.replace("\\\\", "\\").replace("&amp;", "&")


# ---- facts


def dot_takes_every_sample_without_a_word():
    paths = [p for kind in ("pstats", "callgrind", "folded")
             for p in glob.glob(os.path.join(PROFILES, kind, "*.*"))]
    assert len(paths) > 50
    for path in paths:
        drawn(text(path), "canon")


HOSTILE = ['a"b', "back\\slash", "end\\", "\\N\\G\\L\\E\\T\\H", "new\nline", "tab\tcr\r", "nul\0x",
           "<b>bold</b>", "<", ">", "&lt;&amp;&#0;", "&bogus", "%s%n%d", "{}|[]", "a" * 5000,
           "\u6f22\u5b57 \U0001f600", "\ud800lone", "", "   ", "\u00a0", "`$(x)", "<TABLE><TR><TD>",
           "</TABLE>", "-->", "]]>", "graph", "node", "12.5", "-", ".", "\x1b[31m", "\u202eevil", '\\"',
           '"', "javascript:alert(1)", "a;b", "<built-in method >", "<method ''' of '' objects>",
           "<built-in method  of  object at 0x>", "\\" * 3000, "&" * 3000, "\x80\x9f", "\ufffe\uffff"]


def hostile(folder):
    root = ("~", 0, "<built-in method builtins.exec>")
    table = {root: (1, 1, 0.5, len(HOSTILE) + 0.5, {})}
    for i, name in enumerate(HOSTILE):
        table["/p/%s.py" % name, i, name] = (1, 1, 1.0, 1.0, {root: (1, 1, 1.0, 1.0)})
    path = os.path.join(folder, "hostile.prof")
    with open(path, "wb") as out:
        out.write(marshal.dumps(table, 2))
    return path


def dot_takes_any_name():
    with tempfile.TemporaryDirectory() as folder:
        path = hostile(folder)
        for settings in ((), ("cluster=file",), ("cluster=module", "direction=right"),
                         ("link=https://host/{file}?x&y#L{line}={name}",),
                         ("title=<b>&\\ \" \x01\n",), ("width=6",), ("width=120",)):
            source = text(path, "nodes=0", *settings)
            drawn(source, "canon")
            svg = xml.dom.minidom.parseString(drawn(source, "svg"))
            links = [a.getAttribute("xlink:href") for a in svg.getElementsByTagName("a")]
            assert all(not l or l.startswith("https://host/") for l in links), links
            assert not svg.getElementsByTagName("b")
        graph = Graph(path, "nodes=0")
        assert len(graph.functions) == len(HOSTILE) + 1


def rows_of(path):
    return {key: row for key, row in pstats.Stats(path).stats.items()}


def name_of(key):
    return key[2]


def every_function_and_arc_says_what_pstats_says():
    for path in (SMALL, RECURSIVE, LARGE):
        stats = rows_of(path)
        graph = Graph(path, *ALL)
        assert len(graph.functions) == len(stats), path
        left = {}
        for (file, line, name), (cc, nc, tt, ct, _) in stats.items():
            place = "" if file == "~" else " · %s%s" % (file, ":%d" % line if line else "")
            left.setdefault(name + place, []).append((cc, nc, tt, ct))
        for node in graph.functions.values():
            tip = unescaped(node["tooltip"])
            rows = left[tip.split(" · total ")[0]]
            own, total = figure(tip, "self"), figure(tip, "total")
            outside = re.search(r", (\d+) of them from outside", tip)
            match = [r for r in rows if r[1] == figure(tip, "calls") and same(r[2], own) and
                     same(r[3], total) and r[0] == (int(outside.group(1)) if outside else r[1])]
            assert match, (tip, rows)
            rows.remove(match[0])
        arcs = sorted((name_of(caller) + " → " + name_of(key), nc, ct)
                      for key, row in stats.items() for caller, (nc, cc, tt, ct) in row[4].items())
        ours = sorted((unescaped(e["tooltip"]).split(" · total ")[0], figure(e["tooltip"], "calls"),
                       figure(e["tooltip"], "total")) for e in graph.edges)
        assert len(arcs) == len(ours)
        for (name, calls, total), (our_name, our_calls, our_total) in zip(arcs, ours):
            assert name == our_name and calls == our_calls and same(total, our_total), (name, our_name)


UNITS = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


def labels_are_the_figures_rounded():
    for path in (SMALL, RECURSIVE, LARGE):
        graph = Graph(path)
        whole = sum(row[2] for row in rows_of(path).values())
        assert len(graph.functions) > 10
        for node in graph.functions.values():
            tip, label = node["tooltip"], plain(node["label"])
            for what, line in (("total", r"^([\d.<]+) % · ([\d.]+) (\S+)$"),
                               ("self", r"^self ([\d.<]+) % · ([\d.]+) (\S+)$")):
                exact, found = figure(tip, what), re.search(line, label, re.M)
                if what == "self" and exact < 0.001 * whole:
                    assert not found
                    continue
                assert found, label
                value = float(found.group(2)) * UNITS[found.group(3)]
                assert abs(value - exact) <= 0.0051 * exact, (label, tip)
                share = min(100, 100 * exact / whole)
                said = found.group(1)
                assert (share < 0.01 if said == "<0.01" else
                        abs(float(said) - share) <= max(0.0051, 0.0051 * share)), (label, share)


def no_share_is_over_100():
    for path in glob.glob(os.path.join(PROFILES, "*", "*recurs*")) + [LARGE]:
        for settings in ((), ALL):
            graph = Graph(path, *settings)
            for o in list(graph.nodes.values()) + graph.edges:
                for string in (o.get("label", ""), o.get("tooltip", "")):
                    assert all(s <= 100 for s in shares(string)), string
            assert any(s >= 99 for o in graph.nodes.values() for s in shares(o["label"]))


def reached(graph, start):
    found, todo = set(start), list(start)
    while todo:
        at = todo.pop()
        for edge in graph.edges:
            if edge["tail"] == at and edge["head"] not in found:
                found.add(edge["head"])
                todo.append(edge["head"])
    return found


def every_function_drawn_is_reached_from_the_top():
    for settings in ((), ("nodes=8",), ("nodes=100", "node=0.1"), ("rest=101", "arcs=0")):
        graph = Graph(LARGE, *settings)
        top = graph.named("builtins.exec")
        assert reached(graph, [top]) == set(graph.nodes), settings


def the_hottest_arcs_are_drawn():
    """Between functions drawn, an arc that isn't is no hotter than those that are besides the spine."""
    graph, everything = Graph(LARGE), Graph(LARGE, *ALL)
    there = {(e["tail"], e["head"]) for e in graph.edges}
    between = [e for e in everything.edges
               if e["tail"] in graph.functions and e["head"] in graph.functions]
    assert len(between) > len(graph.functions)
    hottest = {}
    for edge in everything.edges:
        if edge["tail"] != edge["head"]:
            total = figure(edge["tooltip"], "total")
            if total > hottest.get(edge["head"], (0,))[0]:
                hottest[edge["head"]] = (total, edge["tail"])
    checked = 0
    for name in graph.functions:
        total, caller = hottest.get(name, (0, None))
        if caller in graph.functions and total >= 0.05 * figure(
                graph.functions[graph.named("builtins.exec")]["tooltip"], "total"):
            assert (caller, name) in there, (caller, name)
            checked += 1
    assert checked > 15


def number(string):
    return int(string.replace(",", ""))


def the_caption_accounts_for_everything():
    for path, settings in ((LARGE, ()), (LARGE, ("nodes=5",)), (SMALL, ("rest=101",)), (SMALL, ())):
        stats = rows_of(path)
        graph = Graph(path, *settings)
        lines = graph.caption.split("\n")
        whole = sum(row[2] for row in stats.values())
        assert "in %s functions" % format(len(stats), ",") in lines[0], lines
        said = re.match(r"drawn: ([\d,]+) functions(?:; in dashed boxes: ([\d,]+) functions?)?; "
                        r"left out: ([\d,]+) functions? \(self ([<\d.]+) %\) and ([\d,]+) arcs?", lines[1])
        shown, gathered, out = (number(g or "0") for g in said.groups()[:3])
        assert shown == len(graph.functions) and shown + gathered + out == len(stats)
        boxes = sum(number(plain(o["label"]).split(" ")[0]) for n, o in graph.nodes.items() if n[0] == "r")
        assert boxes == gathered
        own = sum(figure(o["tooltip"], "self") for o in graph.nodes.values())
        left = 100 * (whole - own) / whole
        assert abs(float(said.group(4).strip("<")) - left) < 0.06, (left, lines)
    assert "nothing is left out" in Graph(RECURSIVE, *ALL).caption


def one_that_is_not_drawn_is_said_as_one():
    tips = [o["tooltip"] for o in Graph(SMALL).nodes.values() if "not drawn" in o["tooltip"]]
    assert any(t.startswith("1 function that is called from ") and " and is not drawn" in t for t in tips), tips
    assert all(" are called from " in t and " and are not drawn" in t for t in tips if not t.startswith("1 ")), tips


def a_profile_that_contradicts_itself_is_told():
    """Two functions of one name and line have one row in a pstats file, but arcs of both."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.prof")
        main, twice, below = ("m.py", 1, "main"), ("m.py", 2, "twice"), ("m.py", 3, "below")
        for total, told in ((9.0, False), (0.5, True)):
            table = {main: (1, 1, 1.0, 10.0, {}), twice: (1, 1, 0.1, total, {main: (1, 1, 0.1, total)}),
                     below: (1, 1, 8.9, 8.9, {twice: (1, 1, 8.9, 8.9)})}
            with open(path, "wb") as out:
                out.write(marshal.dumps(table, 2))
            graph = Graph(path)
            assert ("less total than what they call, so in the profile: twice" in graph.caption) == told
            assert ("what it calls took longer" in graph.nodes[graph.named("twice")]["tooltip"]) == told


def recursion_is_told():
    graph = Graph(RECURSIVE)
    fib, even, odd = (graph.named(n) for n in ("fib", "is_even", "is_odd"))
    loops = [e for e in graph.edges if e["tail"] == e["head"] == fib]
    assert len(loops) == 1 and "1,972× itself" in loops[0]["label"], loops
    for one in (even, odd):
        assert "\u21bb" in graph.nodes[one]["label"] and " in cycle " in graph.nodes[one]["tooltip"]
    assert "\u21bb" not in graph.nodes[graph.named("spin")]["label"]
    back = [e for e in graph.edges if (e["tail"], e["head"]) == (odd, even)]
    assert back[0]["style"] == "dashed" and "30×" in back[0]["label"]
    assert "call one another in a circle" in graph.caption
    bare = [e for e in Graph(RECURSIVE, "calls=no").edges if e["tail"] == e["head"]]
    assert [e["label"] for e in bare] == ["\N{NO-BREAK SPACE}" * 2 + "itself\\l"], bare  # beside its arrow


def the_program_starts_at_the_top():
    """builtins.exec has callers in the import machinery; they stand below it all the same."""
    for path in (SMALL, LARGE):
        graph = Graph(path, engine="dot")
        height = {n: float(o["pos"].split(",")[1]) for n, o in graph.nodes.items()}
        top = graph.named("builtins.exec")
        assert all(height[top] > h for n, h in height.items() if n != top)


def an_address_that_could_run_is_refused():
    for pattern in ("javascript:alert(1)", "JavaScript:{name}", "data:text/html,{name}", "vbscript:x",
                    " javascript:x", "java\tscript:x", "{name}:x", ":x"):
        result = written(SMALL, "link=" + pattern)
        assert result.returncode == 2 and not result.stdout, (pattern, result)
        assert b"link" in result.stderr
    for pattern in ("https://host/{file}", "file://{file}", "vscode://file/{file}:{line}", "src/{file}"):
        assert written(SMALL, "link=" + pattern).returncode == 0, pattern


def addresses_are_escaped():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.prof")
        with open(path, "wb") as out:
            out.write(marshal.dumps({("/a b/\\N\"<&>%é:?#.py", 7, "f&g"): (1, 1, 1.0, 1.0, {})}, 2))
        svg = xml.dom.minidom.parseString(drawn(text(path, "link=https://h/x?f={file}&n={name}#L{line}"), "svg"))
        links = {a.getAttribute("xlink:href") for a in svg.getElementsByTagName("a")} - {""}
        assert links == {"https://h/x?f=/a%20b/%5CN%22%3C%26%3E%25%C3%A9%3A%3F%23.py&n=f%26g#L7"}, links


def options_do_what_they_say():
    assert len(Graph(LARGE, "nodes=12").functions) <= 12
    assert len(Graph(LARGE, "nodes=0", "node=5").functions) < len(Graph(LARGE, "nodes=0", "node=1").functions)
    percent, absolute = (Graph(SMALL, "values=" + v) for v in ("percent", "absolute"))
    for n in percent.functions:
        assert " ms" not in percent.nodes[n]["label"] and "%" in percent.nodes[n]["label"]
        assert "%" not in absolute.nodes[n]["label"]
    assert not any("×" in e.get("label", "") for e in Graph(SMALL, "calls=no").edges)
    assert b"subgraph cluster_" in text(SMALL, "cluster=file")
    pictures = {text(SMALL, "theme=" + t) for t in ("light", "dark", "color-blind", "bw")}
    assert len(pictures) == 4
    assert "A title <&>" in Graph(SMALL, "title=A title <&>").caption
    hottest = lambda g: [n for n, o in g.functions.items() if o["fillcolor"] == "#f0824a"]
    top = max(rows_of(SMALL).items(), key=lambda item: item[1][2])
    (only,) = hottest(Graph(SMALL, "color=self"))
    assert name_of(top[0]).strip("<>").split(" ")[-1] in Graph(SMALL).nodes[only]["tooltip"]
    assert text(SMALL) == text(SMALL)


def an_empty_profile_is_a_picture():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.prof")
        with open(path, "wb") as out:
            out.write(marshal.dumps({}, 2))
        graph = Graph(path)
        assert not graph.nodes and "0 functions" in graph.caption


if not shutil.which("dot"):
    sys.exit(77)
globals()[sys.argv[1]]()
