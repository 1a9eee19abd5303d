"""Trace events: trees whose calls and times are known beforehand are read from every shape that events come in."""
import collections
import json
import marshal
import random

from common import check, contexts, convert, failures, finish, refusal, run, same, samples, write


class Call:
    """A call with its time in whole nanoseconds; children lie within it."""

    def __init__(self, start, end, depth):
        self.name = random.choice("abcdef") * random.randrange(1, 3)
        self.start, self.end, self.children = start, end, []
        at = start
        while depth and random.random() < 0.7:
            at += random.randrange(0, 2000)
            length = random.randrange(1, 5000)
            if at + length > end:
                break
            self.children.append(Call(at, at + length, depth - 1))
            at += length

    def walk(self, path=()):
        path += ((self.name, "", 0),)
        yield path, self
        for child in self.children:
            yield from child.walk(path)


def events_of(call, ids, phases):
    """The events of a call in an order in which a program could write them."""
    at = {"name": call.name, "ts": call.start / 1000, **ids}
    inner = [event for child in call.children for event in events_of(child, ids, phases)]
    if random.choice(phases) == "X":
        return inner + [dict(at, ph="X", dur=(call.end - call.start) / 1000)]
    end = {"ph": "E", "ts": call.end / 1000, **ids}
    if random.random() < 0.5:
        end["name"] = call.name
    return [dict(at, ph="B")] + inner + [end]


def random_trace(phases):
    """(events, {thread name: roots})"""
    events, threads = [], {}
    for i in range(random.randrange(1, 4)):
        ids = {"pid": random.randrange(1, 3), "tid": 10 + i}
        at, roots = 10 ** 9, []
        for _ in range(random.randrange(1, 5)):
            at += random.randrange(1, 3000)
            roots.append(Call(at, at + random.randrange(1, 60000), 5))
            at = roots[-1].end
        threads["t%d" % i] = roots
        own = [event for root in roots for event in events_of(root, ids, phases)]
        events += own + [{"ph": "M", "name": "thread_name", "args": {"name": "t%d" % i}, **ids}]
    if phases == "X":
        random.shuffle(events)
    return [dict(random.sample(sorted(e.items()), len(e))) for e in events], threads


def expected_times(threads):
    sums = collections.defaultdict(float)
    for thread, roots in threads.items():
        for root in roots:
            for path, call in root.walk():
                sums["time", thread, path] += (call.end - call.start - sum(c.end - c.start for c in call.children)) * 1e-9
    return sums


def expected_calls(threads):
    calls = collections.Counter()
    for roots in threads.values():
        for root in roots:
            calls.update(call.name for _, call in root.walk())
    return calls


def calls_of(path):
    table = marshal.loads(convert(path, "pstats"))
    return collections.Counter({name: row[1] for (_, _, name), row in table.items()})


def trees_are_read_as_they_were_made():
    random.seed(3)
    for i in range(60):
        events, threads = random_trace(random.choice(["X", "B", "XB"]))
        wrapped = {"displayTimeUnit": "ms", "traceEvents": events} if i % 2 else events
        path = write("random%d.json" % i, wrapped)
        text = convert(path, "speedscope")
        if text:
            same(contexts(text), expected_times(threads), path)
        calls, got = expected_calls(threads), calls_of(path)
        check(got == calls, path, "calls %s, expected %s" % (got, calls))
        if failures:
            break


def in_their_parents(path, events):
    """Ends as doubles, which most readers add up: what begins before one ends is within it."""
    is_open = collections.defaultdict(list)
    for event in sorted(events, key=lambda event: event["ts"]):
        ends, end = is_open[event["pid"], event["tid"]], event["ts"] + event["dur"]
        while ends and ends[-1] <= event["ts"]:
            ends.pop()
        check(not ends or end <= ends[-1], path, "ends after what called it: %s" % event)
        ends.append(end)


def events_that_follow_one_another_do_not_overlap():
    weights = [1241, 516] + [1 + i * 7919 % 99991 for i in range(3000)]
    path = write("times.json", {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": {"frames": [{"name": "f%d" % i} for i in range(len(weights))]},
        "profiles": [{"type": "sampled", "name": "t", "unit": "nanoseconds", "startValue": 0, "endValue": sum(weights),
                      "samples": [[0, i] for i in range(len(weights))], "weights": weights}]})
    events = [event for event in json.loads(convert(path, "trace"))["traceEvents"] if event["ph"] == "X"]
    check(len(events) == 1 + len(weights), path, "%d events" % len(events))
    in_their_parents(path, events)


def what_is_written_is_read_again():
    for folder in ("trace", "speedscope", "pstats", "callgrind", "folded"):
        for path in samples(folder)[::4]:
            text = convert(path, "trace")
            if not text:
                continue
            file = json.loads(text)
            events = [event for event in file["traceEvents"] if event["ph"] == "X"]
            check(all(event["dur"] >= 0 and event["ts"] >= 0 for event in events), path, "a negative time")
            in_their_parents(path, events)
            check("not recorded" in file["otherData"]["order"], path, "it doesn't say that there is no order")
            again = write("again.json", text)
            once, twice = convert(again, "folded"), convert(write("twice", convert(again, "trace")), "folded")
            check(sorted(once.splitlines()) == sorted(twice.splitlines()), path, "another profile is read")
            if folder in ("trace", "pstats"):
                check(sorted(once.splitlines()) == sorted(convert(path, "folded").splitlines()), path, "times differ")
            if folder == "trace" and "chromium" not in path:
                check(calls_of(again) == calls_of(path), path, "calls differ")


def threads_that_a_trace_takes_for_one_are_told():
    """A thread that was renamed, and one whose process isn't known beside one of the first process."""
    threads = [(1, 2, "old"), (1, 2, "new"), (1, 3, "other"), (0, 3, "unknown")]
    contexts_of = [{"function": 0, "thread": i, "self": [i + 1]} for i in range(len(threads))]
    path = write("shared.json", json.dumps({
        "prof2any": 1, "recorded": ["contexts", "threads"], "estimated": [], "comparison": False, "notes": [],
        "metrics": [{"name": "time", "unit": "seconds", "scale": 1e-9, "whole": 10}],
        "threads": [{"pid": p, "tid": t, "name": name} for p, t, name in threads],
        "functions": [{"id": 0, "name": "f", "kind": "unknown"}], "arcs": [], "lines": [], "sites": [],
        "contexts": contexts_of, "left_out": dict.fromkeys(("functions", "arcs", "lines", "sites", "contexts"), 0)}))
    notes = run(path, "-f", "trace")[2]
    check("2 threads have the pid and tid of another: in a trace they are one" in notes, path, notes)


def a_crashed_program_leaves_a_readable_trace():
    path = [path for path in samples("trace") if "crashed" in path][0]
    status, output, notes = run(path, "-f", "folded", "-O", "threads")
    lines = dict(line.rsplit(" ", 1) for line in output.decode().splitlines())
    check(status == 0 and lines == {
        "server;main": "25000", "server;main;load": "20000", "server;main;load;parse": "30000",
        "server;main;serve": "10000", "server;main;serve;handle": "15000", "server;main;poll": "10000",
        "server;main;poll;late": "10000", "server;main;late": "15000", "timer;tick": "5000"}, path, (lines, notes))
    for note in ("1 asynchronous event is no call", "1 event ends what never began", "2 events never end",
                 "1 event ends before what it called", "ends before its array does"):
        check(note in notes, path, "no note '%s': %s" % (note, notes))


def samples_of_v8_are_read_with_their_lines():
    path = [path for path in samples("trace") if "chromium" in path][0]
    with open(path, encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    nodes, now, at = {}, None, []
    for event in events:
        if event["name"] == "Profile":
            now = event["args"]["data"]["startTime"]
        if event["name"] == "ProfileChunk":
            data = event["args"]["data"]
            for node in data["cpuProfile"].get("nodes", ()):
                nodes[node["id"]] = node
            for node, delta, line in zip(data["cpuProfile"]["samples"], data["timeDeltas"], data["lines"]):
                now += delta
                at.append((now, node, line))
    at.sort(key=lambda sample: sample[0])
    times, lines = collections.defaultdict(float), collections.Counter()
    for (here, node, line), (there, _, _) in zip(at, at[1:]):
        name, stack = nodes[node]["callFrame"]["functionName"] or "(anonymous)", []
        lines[name, line] += there - here
        while node:
            call = nodes[node]["callFrame"]
            stack.insert(0, (call["functionName"] or "(anonymous)", call.get("url", "").replace("file://", ""),
                             call.get("lineNumber", -1) + 1))
            node = nodes[node].get("parent")
        times["time", "", tuple(stack[1:])] += (there - here) * 1e-6
    # one thread has samples: it is named, and so a thread
    got = {(metric, "", stack): value for (metric, _, stack), value in contexts(convert(path, "speedscope")).items()}
    same(got, times, path)
    check("43 events of the timeline are left out" in run(path, "-f", "folded")[2], path, "no note of the other events")
    text = convert(path, "callgrind").decode().splitlines()
    for (name, line), value in lines.items():
        if line and value:
            check(any(row == "%d %d" % (line, value * 1000) for row in text), path, "no line %d with %d" % (line, value))


def broken_files_are_named():
    event = '{"ph":"X","name":"f","ts":1,"dur":2,"pid":1,"tid":1}'
    cases = [
        ('[{"ph":"X","name":"f","dur":2}]', 'of phase X that ends here has no time, expected "ts"'),
        ('[{"ph":"X","name":"f","ts":1,"dur":-2}]', "has a negative duration"),
        ("[" + event + '{"ph":"X"}]', "expected ',' or ']'"),
        ("[" + event + "] and more", "more text behind the value"),
        ('[{"ph":"M","name":"thread_name","args":{"name":"x"}},', "ends before the first event with a duration"),
        ('{"traceEvents":[', "ends before the first event with a duration"),
        ('{"traceEvents":["x"]}', 'a string in "traceEvents", expected an object'),
        (("[" + event + "]").encode("utf-16"), "UTF-16, expected UTF-8"),
    ]
    for text, message in cases:
        line = refusal(text)
        check(message in line and line.startswith("FILE: byte "), text, line)


def a_trace_without_events_is_empty():
    status, output, notes = run(write("empty.json", '{"traceEvents":[]}'), "-f", "folded")
    check(status == 0 and not output and "no event has a duration" in notes, "empty", (status, output, notes))


trees_are_read_as_they_were_made()
a_trace_without_events_is_empty()
what_is_written_is_read_again()
events_that_follow_one_another_do_not_overlap()
threads_that_a_trace_takes_for_one_are_told()
a_crashed_program_leaves_a_readable_trace()
samples_of_v8_are_read_with_their_lines()
broken_files_are_named()
finish()
