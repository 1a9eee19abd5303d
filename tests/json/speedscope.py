"""speedscope: what Python computes from a file is what prof2any reads; what it writes is read the same again."""
import collections
import json
import os
import random
import re

from common import check, contexts, convert, finish, refusal, run, same, samples, to_seconds, write

UNITS = {"none": "samples", "bytes": "bytes"}


def evented(profile):
    """[(stack, value)] of a balanced evented profile."""
    stack, last = [], None
    for event in profile["events"]:
        if stack:
            yield tuple(stack), event["at"] - last
        last = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            assert stack.pop() == event["frame"]
    assert not stack


def expected(file):
    frames = [(f["name"], f.get("file") or "", f.get("line") or 0) for f in file["shared"]["frames"]]
    metrics = [UNITS.get(profile["unit"], "time") for profile in file["profiles"]]
    sums = collections.defaultdict(float)
    for metric, profile in zip(metrics, file["profiles"]):
        thread = profile["name"] if metrics.count(metric) > 1 else ""
        parts = evented(profile) if "events" in profile else zip(profile["samples"], profile["weights"])
        for stack, value in parts:
            named = tuple(frames[i] for i in stack) or (("(no stack)", "", 0),)
            sums[metric, thread, named] += value * to_seconds(profile)
    return sums


def random_file():
    frames = [{"name": random.choice(["f", "g", "<module>", "\u00e9"]) + str(i % 7), "file": "/a/b%d.js" % (i % 3),
               "line": i % 5} for i in range(random.randrange(1, 12))]
    profiles = []
    for i in range(random.randrange(1, 5)):
        profile = {"name": "p%d" % i, "unit": random.choice(["none", "bytes", "seconds", "milliseconds", "microseconds",
                                                             "nanoseconds"]), "startValue": 0, "endValue": 0}
        if random.random() < 0.5:
            n = random.randrange(40)
            profile.update(type="sampled", weights=[random.randrange(100) / 4 for _ in range(n)],
                           samples=[[random.randrange(len(frames)) for _ in range(random.randrange(6))]
                                    for _ in range(n)])
        else:
            events, stack, at = [], [], 1e6
            for _ in range(random.randrange(60)):
                at += random.randrange(9) / 8
                if stack and random.random() < 0.5:
                    events.append({"type": "C", "frame": stack.pop(), "at": at})
                else:
                    stack.append(random.randrange(len(frames)))
                    events.append({"type": "O", "frame": stack[-1], "at": at})
            while stack:
                events.append({"type": "C", "frame": stack.pop(), "at": at})
            profile.update(type="evented", events=events)
        profiles.append(dict(random.sample(sorted(profile.items()), len(profile))))
    file = {"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": frames},
            "profiles": profiles}
    return dict(random.sample(sorted(file.items()), len(file)))


def values_are_those_that_python_reads():
    for path in samples("speedscope"):
        if "unbalanced" not in path:
            with open(path, encoding="utf-8") as file:
                same(contexts(convert(path, "speedscope")), expected(json.load(file)), path)
    random.seed(11)
    for i in range(40):
        file = random_file()
        path = write("random%d.json" % i, file)
        text = convert(path, "speedscope")
        if text:
            same(contexts(text), expected(file), path)
            same(contexts(convert(write("again.json", text), "speedscope")), contexts(text), path + " again")


def unbalanced_events_are_mended_and_counted():
    path = [path for path in samples("speedscope") if "unbalanced" in path][0]
    status, output, notes = run(path, "-f", "folded")
    lines = dict(line.rsplit(" ", 1) for line in output.decode().splitlines())
    check(lines == {"a": "63", "a;b": "10", "a;b;c": "17", "a;c": "10"}, path, lines)
    for note in ("1 event goes back in time", "2 events close another frame", "1 frame is never closed"):
        check(note in notes, path, "no note '%s': %s" % (note, notes))


def broken_files_are_named():
    head = '{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"}]},"profiles":['
    profile = '{"type":"sampled","name":"p","unit":"none","samples":%s,"weights":%s}]}'
    cases = [
        (head + profile % ("[[0],[1]]", "[1,2]"), "frame 1 of a stack, expected less than 1"),
        (head + profile % ("[[0],[0]]", "[1]"), "1 weight so far for 2 samples"),
        (head + profile % ("[[-1]]", "[1]"), "-1 in \"samples\", expected a whole number from 0"),
        (head + profile % ("[[0.5]]", "[1]"), "0.5 in \"samples\", expected a whole number"),
        (head + profile % ("[0]", "[1]"), "a number in \"samples\", expected an array"),
        (head + profile % ("[[0]]", "[1e999]"), "number out of range"),
        (head + profile % ("[[0]]", "[\"x\"]"), "a string in \"weights\", expected a number"),
        (head + '{"unit":"parsecs"}]}', "unit \"parsecs\", expected seconds"),
        (head + '{"events":[{"type":"O","frame":0}]}]}', "has no type O or C, frame and time"),
        (head + "]}", "no profile so far"),
        (head, "ends within an array or object"),
        ((head + "]}").encode("utf-16"), "UTF-16, expected UTF-8"),
    ]
    for text, message in cases:
        line = refusal(text)
        check(message in line and line.startswith("FILE: byte "), text[-60:], line)


def a_cut_file_is_read_as_far_as_it_goes():
    path = [path for path in samples("speedscope") if "evented" in path][0]
    with open(path, "rb") as file:
        text = file.read()
    cut = write("cut.json", text[:text.index(b'{"type":"C","frame":2')])
    status, output, notes = run("--partial", cut, "-f", "folded")
    lines = dict(line.rsplit(" ", 1) for line in output.decode().splitlines())
    check(status == 0 and lines == {"a": "2", "a;b": "3", "a;c": "1", "a;c;a": "3"}, "cut", (status, lines, notes))
    check("read as far as it goes" in notes and "ends within" in notes, "cut", notes)


def every_sample_can_be_written():
    for folder in ("callgrind", "folded", "pstats"):
        for path in samples(folder):
            if os.path.getsize(path) > 40000:
                continue
            text = convert(path, "speedscope")
            total = sum(contexts(text).values())
            again = sum(contexts(convert(write("again.json", text), "speedscope")).values())
            check(abs(total - again) <= 1e-9 * abs(total), path, "%r becomes %r" % (total, again))


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def frames_of_a_pprof_file_are_written(n):
    """One stack of N locations, which are named by their addresses, and one of the first alone."""
    numbers = [varint(i + 1) for i in range(n)]
    text = block(1, b"\x08\x01\x10\x02") + b"".join(block(6, text) for text in (b"", b"samples", b"count"))
    text += b"".join(block(4, b"\x08" + number + b"\x18" + number) for number in numbers)
    text += block(2, block(1, b"".join(reversed(numbers))) + block(2, b"\x03"))
    text += block(2, block(1, b"\x01") + block(2, b"\x04"))
    file = convert(write("locations.pb", text), "speedscope")
    names = re.findall(rb'"name":"0x([0-9a-f]+)"', file)
    stacks = re.search(rb'"samples":\[(.*?)\],"weights":\[(.*?)\]', file, re.S)
    check([int(name, 16) for name in names] == list(range(1, n + 1)), n, names[:3])
    check(json.loads(b"[%s]" % stacks[1]) == [[0], list(range(n))], n, stacks[1][:99])
    check(json.loads(b"[%s]" % stacks[2]) == [4, 3], n, stacks[2])


values_are_those_that_python_reads()
unbalanced_events_are_mended_and_counted()
broken_files_are_named()
a_cut_file_is_read_as_far_as_it_goes()
every_sample_can_be_written()
for frames in (2, 1023, 1024, 1025, 70000, 999999, 1000001):
    frames_of_a_pprof_file_are_written(frames)
finish()
