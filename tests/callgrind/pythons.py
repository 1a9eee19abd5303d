"""Profiles of every Python on this machine, and the samples: what KCachegrind shows of them never exceeds
the whole, self is what pstats has, and the sum callgrind_annotate prints is Σ tt in nanoseconds."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import kcachegrind

SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles")
PROGRAMS = os.path.join(os.environ["SAMPLES"], "programs")
ANNOTATE = shutil.which("callgrind_annotate")
# One value a line: Σ tt and the most a single function has, in nanoseconds.
FIGURES = """
import pstats, sys
from fractions import Fraction
for path in sys.argv[1:]:
    tts = [Fraction(row[2]) * 10**9 for row in pstats.Stats(path).stats.values()]
    print("%d %d" % (int(sum(tts, Fraction(0)) + Fraction(1, 2)), int(max(tts) + Fraction(1, 2))))
"""
PROBE = "import cProfile, profile, pstats, sys; print('%d.%d.%d' % sys.version_info[:3])"


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROGRAMS)
    if result.returncode:
        sys.exit("%s\n%s" % (" ".join(command), result.stderr.decode(errors="replace")))
    return result.stdout.decode(errors="replace")


def pythons():
    """{version: program} of those that have the profilers."""
    found = {}
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    programs = sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python")))
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        programs += sorted(glob.glob(os.path.join(folder, "python*")))
    for program in programs:
        if re.search(r"/python(2|3)?(\.\d+)?$", program):
            probe = subprocess.run([program, "-c", PROBE], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
            if probe.returncode == 0:
                found.setdefault(probe.stdout.decode().strip(), program)
    return found


def profiles_of(python, folder):
    for module in ("cProfile", "profile"):
        for program in ("small", "recursive"):
            path = os.path.join(folder, "%s-%s" % (module, program))
            run(python, "-B", "-m", module, "-o", path + "-m.prof", program + ".py")
            run(python, "-B", "-c", "import %s, %s; %s.run('%s.main()', %r)" % (
                module, program, module, program, path + "-run.prof"))
    return sorted(glob.glob(os.path.join(folder, "*.prof")))


def figures(python, paths):
    """What the Python itself finds in them; a file of another Python may be beyond it."""
    return [tuple(map(int, line.split())) for line in run(python, "-c", FIGURES, *paths).splitlines()]


def summary(path):
    text = run(ANNOTATE, "--auto=no", path)
    return int(re.search(r"^ *([\d,]+) .*PROGRAM TOTALS", text, re.M).group(1).replace(",", ""))


def check(path, out):
    run(os.environ["PROF2ANY"], path, "-q", "-f", "callgrind", "-o", out)
    profile = kcachegrind.read(out)
    wrong = kcachegrind.check(profile)
    assert not wrong, "%s: %s" % (path, wrong[:5])
    return profile


def main():
    count = 0
    with tempfile.TemporaryDirectory() as top:
        out = os.path.join(top, "callgrind.out")
        for kind in ("pstats", "callgrind"):
            for path in sorted(glob.glob(os.path.join(SAMPLES, kind, "*"))):
                check(path, out)
                count += 1
        for version, python in pythons().items():
            folder = os.path.join(top, version)
            os.mkdir(folder)
            paths = profiles_of(python, folder)
            for path, (whole, most) in zip(paths, figures(python, paths)):
                profile = check(path, out)
                assert profile.events == ["ns"] and profile.titles["ns"] == "Nanoseconds"
                assert profile.summary == [whole], (path, profile.summary, whole)
                assert not ANNOTATE or summary(out) == whole, path
                largest = max(costs["ns"] for costs in profile.selfs.values())
                assert abs(largest - most) <= 1, (path, largest, most)
                count += 1
            print(version, len(paths), "profiles")
    print(count, "profiles, nothing above the whole")


main()
