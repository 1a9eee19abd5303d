"""V8's profiles: what Python computes from a file is what prof2any reads; what it writes is read the same again."""
import collections
import json
import random
import urllib.parse

from common import check, contexts, convert, finish, refusal, run, same, samples, write


def nodes_of(profile):
    """{id: (parent id or None, frame, hits)}"""
    nodes = {}

    def add(node, parent):
        call = node.get("callFrame", node)
        line = call["lineNumber"] + 1
        url = call["url"]
        if url.startswith("file:///"):
            url = urllib.parse.unquote(url[7:])
        value = node.get("selfSize", node.get("hitCount"))
        nodes[node["id"]] = [node.get("parent", parent), (call["functionName"] or "(anonymous)", url, max(line, 0)), value]
        for child in node.get("children", ()):
            if isinstance(child, dict):
                add(child, node["id"])

    if "head" in profile:
        add(profile["head"], None)
    else:
        for node in profile["nodes"]:
            add(node, None)
        for node in profile["nodes"]:
            for child in node.get("children", ()):
                nodes[child][0] = node["id"]
    return nodes


def times(profile):
    """{id: microseconds}"""
    now, end, at = profile["startTime"], profile["endTime"], []
    for delta in profile.get("timeDeltas", ()):
        now += delta
        at.append(now)
    if "timestamps" in profile:
        at, end = profile["timestamps"], 0
    order = sorted(zip(at, range(len(at)), profile["samples"]))
    sums = collections.defaultdict(float)
    for (here, _, node), (there, _, _) in zip(order, order[1:] + [(end, 0, 0)]):
        sums[node] += max(there - here, 0)
    return sums


def expected(profile):
    nodes = nodes_of(profile)
    metric = "bytes" if "selfSize" in profile.get("head", {}) else "time" if "samples" in profile else "samples"
    values = times(profile) if metric == "time" else {node: row[2] for node, row in nodes.items()}
    sums = collections.defaultdict(float)
    for node, value in values.items():
        stack = []
        while node is not None:
            stack.insert(0, nodes[node][1])
            node = nodes[node][0]
        if stack[0][0] == "(root)" and len(stack) > 1:
            del stack[0]
        sums[metric, "", tuple(stack)] += value * (1e-6 if metric == "time" else 1)
    return sums


def random_profile():
    n = random.randrange(2, 30)
    ids = random.sample(range(1, 1000), n)
    nodes = [{"id": ids[i], "hitCount": random.randrange(5), "children": [],
              "callFrame": {"functionName": random.choice(["", "f", "g", "(root)"]) if i else "(root)",
                            "scriptId": "1", "url": random.choice(["", "file:///a%41.js", "node:fs"]),
                            "lineNumber": random.randrange(-1, 9), "columnNumber": 0}} for i in range(n)]
    for i in range(1, n):
        nodes[random.randrange(i)]["children"].append(ids[i])
    random.shuffle(nodes)
    count = random.randrange(1, 50)
    deltas = [random.randrange(-50, 400) for _ in range(count)]
    profile = {"nodes": nodes, "startTime": 5000, "endTime": 5000 + max(sum(deltas), 0) + random.randrange(500)}
    if random.random() < 0.8:
        profile.update(samples=[random.choice(ids) for _ in range(count)], timeDeltas=deltas)
    return dict(random.sample(sorted(profile.items()), len(profile)))


def values_are_those_that_python_reads():
    for path in samples("cpuprofile"):
        with open(path, encoding="utf-8") as file:
            same(contexts(convert(path, "speedscope")), expected(json.load(file)), path)
    random.seed(5)
    for i in range(60):
        profile = random_profile()
        path = write("random%d.cpuprofile" % i, profile)
        text = convert(path, "speedscope", "-i", "cpuprofile")
        if text:
            same(contexts(text), expected(profile), path)


def lines_add_up_and_follow_the_ticks():
    path = [path for path in samples("cpuprofile") if "unordered" in path][0]
    text = convert(path, "callgrind").decode()
    # sorted by time: 2 from 1100 to 1250, 4 to 1450, 4 to 1500, 2 to 1750, 3 to 1850, 4 to 2000
    rows, names, called = {}, {}, False
    for line in text.splitlines():
        if line.startswith(("fn=", "cfn=")):
            number, _, named = line.split("=", 1)[1].partition(" ")
            names.setdefault(number, named)
            name = names[number] if line.startswith("fn=") else name
        elif line[:1].isdigit() and not called:
            at, cost = line.split()[:2]
            rows[name, int(at)] = int(cost)
        called = line.startswith("calls=")
    check(rows == {("(anonymous)", 3): 200000, ("(anonymous)", 8): 200000, ("draw", 6): 400000, ("(idle)", 0): 100000},
          path, rows)
    status, output, notes = run(path, "-f", "folded")
    check("1 sample stands out of order" in notes and "shared out by the lines' ticks" in notes, path, notes)


def what_is_written_is_read_again():
    for folder in ("pstats", "folded", "callgrind", "speedscope", "cpuprofile"):
        for path in samples(folder)[::5]:
            text = convert(path, "cpuprofile")
            if not text:
                continue
            profile = json.loads(text)
            sums, hits = times(profile), {node["id"]: node["hitCount"] for node in profile["nodes"]}
            check({k: v for k, v in sums.items() if v} == {k: v for k, v in hits.items() if v}, path, "hits are not times")
            check(sum(hits.values()) == profile["endTime"] - profile["startTime"], path, "the length is not the sum")
            again = write("again.cpuprofile", text)
            once, twice = convert(again, "folded"), convert(write("again", convert(again, "cpuprofile")), "folded")
            check(sorted(once.splitlines()) == sorted(twice.splitlines()), path, "another profile is read")
            whole = sum(int(line.rsplit(b" ", 1)[1]) for line in convert(path, "folded").splitlines())
            got = sum(int(line.rsplit(b" ", 1)[1]) for line in once.splitlines())
            check(abs(got - whole) <= 500, path, "%d becomes %d" % (whole, got))


def broken_files_are_named():
    frame = '"callFrame":{"functionName":"f","url":"","lineNumber":0}'
    cases = [
        ('{"nodes":[{"id":1,%s}],"samples":[2],"timeDeltas":[1]}' % frame, "1 sample names a node that isn't there"),
        ('{"nodes":[{"id":1,%s}],"samples":[1,1],"timeDeltas":[1]}' % frame, "2 samples and 1 time,"),
        ('{"nodes":[{"id":-1,%s}]}' % frame, '-1 in "id", expected a whole number'),
        ('{"nodes":[{"id":1,%s,"children":["x"]}]}' % frame, 'a string in "children", expected a number'),
        ('{"nodes":[{"id":1,%s}],"timeDeltas":{}}' % frame, 'an object in "timeDeltas", expected an array'),
        ('{"nodes":[{"id":1,%s}' % frame, "ends within an array or object"),
        ('{"timeDeltas":[],"startTime":1}', "no node so far"),
        (('{"nodes":[{"id":1,%s}]}' % frame).encode("utf-16-le"), "UTF-16, expected UTF-8"),
    ]
    for text, message in cases:
        line = refusal(text)
        check(message in line and line.startswith("FILE: byte "), text, line)


def nodes_that_are_their_own_callers_become_roots():
    frame = {"functionName": "f", "url": "", "lineNumber": 0}
    nodes = [{"id": i, "callFrame": dict(frame, functionName="f%d" % i), "hitCount": i, "children": [i % 3 + 1]}
             for i in (1, 2, 3)]
    path = write("loop.cpuprofile", {"nodes": nodes})
    status, output, notes = run(path, "-f", "folded")
    check(status == 0 and sum(int(line.split()[-1]) for line in output.splitlines()) == 6, path, (output, notes))
    check("its own caller" in notes, path, notes)


def deep_recursion_is_read():
    depth = 20000
    text = '{"functionName":"f","url":"","lineNumber":1,"hitCount":1,"children":[' * depth
    path = write("deep.cpuprofile", '{"head":' + text + "]}" * depth + "}")
    status, output, notes = run(path, "-f", "pstats")
    check(status == 0, path, notes)


values_are_those_that_python_reads()
lines_add_up_and_follow_the_ticks()
what_is_written_is_read_again()
broken_files_are_named()
nodes_that_are_their_own_callers_become_roots()
deep_recursion_is_read()
finish()
