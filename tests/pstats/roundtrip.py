"""Every Python on this machine profiles a workload with cProfile and profile; prof2any reads that and writes
it as pstats; the same Python finds both equal, and every other Python loads what was written."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = os.path.join(HERE, "inside.py")
WORKLOAD = os.path.join(HERE, "workload.py")
PROBE = "import cProfile, profile, pstats, sys; print('%d.%d.%d' % sys.version_info[:3])"


def candidates():
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if os.path.isdir(folder):
            for name in sorted(os.listdir(folder)):
                if re.match(r"python(2|3)?(\.\d+)?$", name):
                    yield os.path.join(folder, name)
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    versions = os.path.join(root, "versions")
    for version in sorted(os.listdir(versions)) if os.path.isdir(versions) else []:
        yield os.path.join(versions, version, "bin", "python")


def pythons():
    """{version: program} of those that have the profilers."""
    found = {}
    for program in candidates():
        probe = subprocess.run([program, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if probe.returncode == 0:
            found.setdefault(probe.stdout.decode().strip(), program)
    return found


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(command), result.stdout.decode(errors="replace")))
    return result.stdout.decode(errors="replace").strip()


def profiles_of(python, folder):
    for module in ("cProfile", "profile"):
        run(python, "-B", "-m", module, "-o", os.path.join(folder, module + "-m.prof"), WORKLOAD)
    run(python, "-B", INSIDE, "make", folder)
    return sorted(os.path.join(folder, name) for name in os.listdir(folder))


def main():
    found = pythons()
    if not found:
        sys.exit(77)
    written = []
    with tempfile.TemporaryDirectory() as top:
        for version, python in found.items():
            folder = os.path.join(top, version)
            os.mkdir(folder)
            for before in profiles_of(python, folder):
                after = before[:-len(".prof")] + "-written.prof"
                run(os.environ["PROF2ANY"], before, "-f", "pstats", "-o", after)
                print(version, os.path.basename(before), run(python, "-B", INSIDE, "same", before, after))
                written.append(after)
        for version, python in found.items():
            print(version, "loads", run(python, "-B", INSIDE, "load", *written))


main()
