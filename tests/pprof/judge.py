"""`go tool pprof` reads what prof2any writes as it reads what prof2any read, and as prof2any read it.

- every sample of pprof, for each of its sample types: the same flat and cumulative values of every function
  (-top), and where all frames have symbols the same stacks with the same values (-traces)
- and for each of them the same time, duration and period
- every sample of gperftools: the same value at every address that was running
- pstats, callgrind and folded samples: the stacks and values that prof2any folds them to"""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles")
ALL = ["-nodecount=1000000", "-nodefraction=0", "-edgefraction=0"]


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            errors="surrogateescape", cwd="/")
    if result.returncode:
        sys.exit("%s\n%s" % (" ".join(command), result.stderr))
    return result.stdout


def pprof(*arguments):
    return run("go", "tool", "pprof", "-symbolize=local", *arguments)


def prof2any(path, form, output, *options):
    run(os.environ["PROF2ANY"], path, "-q", "-f", form, "-o", output, *options)


def sample_types(path):
    lines = pprof("-raw", path).splitlines()
    words = lines[lines.index("Samples:") + 1].split()
    return [word.replace("[dflt]", "").split("/") for word in words]


def taken(path):
    """When the profile was taken, and how often it looked, as -raw says it; no type stands for no period."""
    lines = re.findall(r"^(?:PeriodType|Period|Time|Duration): .*", pprof("-raw", path), re.MULTILINE)
    return lines if "Period: 0" not in lines else [line for line in lines if not line.startswith("PeriodType")]


def unit_option(unit):
    return "-unit=" + {"nanoseconds": "ns", "microseconds": "ns", "bytes": "B", "kilobytes": "B"}.get(unit, unit)


def number(text):
    return float(re.match(r"-?[0-9.e+]+", text).group())


def plain(name):
    return re.sub(r" \((partial-)?inline\)$", "", name)


def top(path, kind, unit, *options):
    """{function: (flat, cumulative)}"""
    rows = {}
    for line in pprof("-top", unit_option(unit), "-sample_index=" + kind, *ALL, *options, path).splitlines():
        match = re.match(r"\s*(\S+)\s+(?:\S+%|0)\s+(?:\S+%|0)\s+(\S+)\s+(?:\S+%|0)  (.*)$", line)
        if match:
            values = number(match.group(1)), number(match.group(2))
            name = plain(match.group(3))
            rows[name] = tuple(a + b for a, b in zip(values, rows.get(name, (0, 0))))
    return rows


def traces(path, kind, unit):
    """{frames, leaf first: value}"""
    stacks, frames, value = collections.Counter(), [], 0
    for line in pprof("-traces", unit_option(unit), "-sample_index=" + kind, path).splitlines() + ["-----------+"]:
        first = re.match(r"\s*(-?[0-9][0-9.e+]*[A-Za-z]*)   (\S.*)$", line)
        if line.startswith("-----------+"):
            if frames:
                stacks[tuple(frames)] += value
            frames = []
        elif first and not frames:
            value = number(first.group(1))
            frames.append(plain(first.group(2)))
        elif frames and re.match(r" {13}\S", line):
            frames.append(plain(line[13:]))
    return {stack: value for stack, value in stacks.items() if value}


def same(what, one, two):
    if one != two:
        for key in sorted(set(one) | set(two), key=str):
            if one.get(key) != two.get(key):
                print("%s: %s: %s became %s" % (what, key, one.get(key), two.get(key)))
        sys.exit(1)
    assert one, what


def without_names(rows, unnamed):
    """Takes the rows of frames without symbols out; returns their flat sum. pprof has one for a mapping, we have
    one for an address."""
    names = [name for name in rows if re.match(unnamed, name)]
    return sum(rows.pop(name)[0] for name in names)


def of_pprof(folder):
    for path in sorted(glob.glob(os.path.join(SAMPLES, "pprof", "*"))):
        name = os.path.basename(path)
        ours = os.path.join(folder, name)
        prof2any(path, "pprof", ours)
        assert sorted(kind for kind, _ in sample_types(path)) == sorted(kind for kind, _ in sample_types(ours))
        assert taken(path) == taken(ours), (name, taken(path), taken(ours))
        for kind, unit in sample_types(path):
            what = "%s, %s" % (name, kind)
            before, after = top(path, kind, unit), top(ours, kind, unit)
            after.pop("[no stack]", None)
            unnamed = without_names(before, r"\[.*\]$"), without_names(after, "0x[0-9a-f]+$")
            assert unnamed[0] == unnamed[1], (what, unnamed)
            same(what, before, after)
            if not any(unnamed) and "everything" not in name:
                same(what, traces(path, kind, unit), traces(ours, kind, unit))


def of_gperftools(folder):
    for path in sorted(glob.glob(os.path.join(SAMPLES, "gperftools", "*"))):
        name = os.path.basename(path)
        ours = os.path.join(folder, name + ".pb")
        prof2any(path, "pprof", ours)
        for kind, unit in sample_types(path):
            values = []
            for file in (path, ours):
                at = collections.Counter()
                for row, (flat, _) in top(file, kind, unit, "-addresses").items():
                    if flat:
                        at[int(re.match(r"[0-9a-f]+", row).group(), 16)] += flat
                values.append(at)
            same("%s, %s" % (name, kind), *values)


OTHERS = ["folded/perf-small.folded", "folded/handmade-marks.folded", "callgrind/valgrind-small.callgrind",
          "pstats/py3.11-cprofile-m-recursive.prof", "pstats/py3.13-profile-m-small.prof"]


def bare(frame):
    """The name alone, without its place or object file and its mark."""
    return re.sub(r" \([^()]*\)$", "", re.sub(r"_\[[kij]\]$", "", frame))


def of_others(folder):
    """The stacks that pprof sees are the folded ones."""
    for sample in OTHERS:
        path = os.path.join(SAMPLES, sample)
        ours, text = os.path.join(folder, "x.pb"), os.path.join(folder, "x.folded")
        prof2any(path, "pprof", ours)
        prof2any(path, "folded", text)
        stacks = collections.Counter()
        with open(text, errors="surrogateescape") as file:
            for line in file:
                frames, count = line.rstrip("\n").rsplit(" ", 1)
                stacks[tuple(bare(frame) for frame in reversed(frames.split(";")))] += int(count)
        kind, unit = sample_types(ours)[-1]
        seen = collections.Counter()
        for stack, value in traces(ours, kind, unit).items():
            seen[tuple(bare(frame) for frame in stack)] += value
        same(sample, dict(stacks), dict(seen))


def main():
    if not shutil.which("go"):
        print("skipped: there is no go on this machine (Debian package golang-go)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HOME=folder, PPROF_TMPDIR=folder, GOFLAGS="")
        of_pprof(folder)
        of_gperftools(folder)
        of_others(folder)


main()
