"""What the tests of the JSON formats share: running the program, and reading what it writes with Python alone."""
import collections
import json
import math
import os
import subprocess
import sys
import tempfile

PROF2ANY = os.environ["PROF2ANY"]
SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles")
FOLDER = tempfile.TemporaryDirectory(prefix="p2a-json-")
failures = []


def check(condition, where, what):
    if not condition:
        failures.append("%s: %s" % (where, what))
    return condition


def finish():
    for failure in failures[:30]:
        print(failure[:2000])
    sys.exit(bool(failures))


def samples(format_name, ending=""):
    folder = os.path.join(SAMPLES, format_name)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(ending)]


def run(*arguments, data=None):
    """(status, output, notes)"""
    result = subprocess.run([PROF2ANY, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return result.returncode, result.stdout, result.stderr.decode("utf-8", "replace")


def convert(source, target, *more, data=None):
    """SOURCE in the format TARGET; None with a failure where it can't be."""
    status, output, notes = run(source, "-f", target, *more, data=data)
    return output if check(status == 0, source, notes) else None


def write(name, value):
    """A file with VALUE in it: bytes, text, or what becomes JSON."""
    path = os.path.join(FOLDER.name, name)
    if not isinstance(value, (bytes, str)):
        value = json.dumps(value)
    with open(path, "wb") as file:
        file.write(value if isinstance(value, bytes) else value.encode("utf-8"))
    return path


def refusal(data, *arguments):
    """What the program says to an input that it must not take: one line."""
    path = write("refused", data)
    status, output, notes = run(path, "-f", "folded", *arguments)
    line = notes.strip().replace("prof2any: ", "", 1).replace(path, "FILE")
    check(status == 3 and not output and "\n" not in line, "%.80r" % (data,), "not refused: %d %s" % (status, notes))
    return line


def to_seconds(profile):
    scale = {"seconds": 1, "milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9}
    return scale.get(profile["unit"], 1)


def contexts(text):
    """{(metric, thread, stack): value} of a speedscope file of ours; a stack is (name, file, line) from the root on."""
    file = json.loads(text)
    frames = [(f["name"], f.get("file", ""), f.get("line", 0)) for f in file["shared"]["frames"]]
    sums = collections.defaultdict(float)
    for profile in file["profiles"]:
        thread = profile["name"] if "tid" in profile else ""
        for stack, weight in zip(profile["samples"], profile["weights"]):
            key = (profile["metric"], thread, tuple(frames[i] for i in stack))
            sums[key] += weight * to_seconds(profile)
    return dict(sums)


def same(got, expected, where):
    """Compares two tables of values; zeros are as good as nothing."""
    got = {key: value for key, value in got.items() if value}
    expected = {key: value for key, value in expected.items() if value}
    for key in sorted(set(got) | set(expected), key=repr):
        a, b = got.get(key, 0), expected.get(key, 0)
        check(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15), where, "%r is %r, expected %r" % (key, a, b))
