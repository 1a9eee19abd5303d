"""What recording costs, beside cProfile and beside watching and doing nothing.

    python3 bench.py BUILD [PYTHON ...]       of a build directory; Pythons: those that it has modules for

Runs take turns, each in a process of its own: not profiled, cProfile, prof2any; five workloads of about a
second. A figure is the least CPU time of all rounds, start-up left out. Overhead is what a profiler adds;
the table shows prof2any's, cProfile's being 1, and the geometric mean over the workloads. `full` records whole
paths into a file. Then nanoseconds that a million events of one kind cost, and their ratio to an empty
callback's."""
import argparse
import math
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "collector", "package"))
WORKLOADS = ["syntax_trees", "documents", "differences", "tokens", "expressions"]
EVENTS = ["python_calls", "c_calls", "method_calls", "resumes"]
OURS = ["full", "python", "sampled"]


def asked(python, expression):
    return subprocess.check_output([python, "-c", "import sys, sysconfig; print(%s)" % expression]).decode().strip()


def build_empty(python, folder):
    """_empty for this Python; returns the folder it is in."""
    suffix = asked(python, "sysconfig.get_config_var('EXT_SUFFIX')")
    include = asked(python, "sysconfig.get_path('include')")
    subprocess.check_call([*shlex.split(sysconfig.get_config_var("CC") or "cc"), "-shared", "-fPIC", "-O2", "-I",
                           include, os.path.join(HERE, "empty.c"), "-o", os.path.join(folder, "_empty" + suffix)])
    return folder


def seconds(python, work, way, modules, repeat):
    output = subprocess.check_output([python, "-B", os.path.join(HERE, "measure.py"), work, way, str(repeat), modules],
                                     env=dict(os.environ, PYTHONHASHSEED="0"))
    return float(output)


def least(python, works, ways, modules, rounds, repeat):
    """{work: {way: seconds}}; the ways of a work take turns."""
    best = {work: {way: math.inf for way in ways} for work in works}
    for _ in range(rounds):
        for work in works:
            for way in ways:
                best[work][way] = min(best[work][way], seconds(python, work, way, modules, repeat))
    return best


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def show_overheads(python, best, ours):
    print("%-14s %8s %9s" % ("", "off, s", "cProfile") + "".join("%9s" % way for way in ours))
    ratios = {way: [] for way in ours}
    for work, times in best.items():
        theirs = times["cprofile"] - times["off"]
        for way in ours:
            ratios[way].append(max(1e-3, times[way] - times["off"]) / theirs)
        print("%-14s %8.3f %8.2fx" % (work, times["off"], times["cprofile"] / times["off"])
              + "".join("%9.2f" % ratios[way][-1] for way in ours))
    print("%-32s " % "geometric mean" + "".join("%9.2f" % mean(ratios[way]) for way in ours))


def show_events(best):
    print("%-14s %8s %9s %9s %9s" % ("ns an event", "cProfile", "empty", "full", "to empty"))
    for work, times in best.items():
        def added(way):
            return (times[way] - times["off"]) * 1e3  # of a million
        print("%-14s %8.0f %9.0f %9.0f %9.2f" % (work, added("cprofile"), added("empty"), added("full"),
                                              added("full") / added("empty")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("python", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=1, help="runs within a process")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--events", default=",".join(EVENTS))
    parser.add_argument("--ways", default=",".join(OURS))
    options = parser.parse_args()
    os.environ["BUILD"] = os.path.abspath(options.build)
    import each_python
    ours = [way for way in options.ways.split(",") if way]
    with tempfile.TemporaryDirectory() as folder:
        for python in options.python or each_python.pythons():
            modules = os.pathsep.join([build_empty(python, folder),
                                       os.path.join(os.environ["BUILD"], "python", "prof2any")])
            print("\n== Python", asked(python, "sys.version.split()[0]"), flush=True)
            works = [w for w in options.workloads.split(",") if w]
            if works:
                show_overheads(python, least(python, works, ["off", "cprofile", *ours], modules, options.rounds,
                                             options.repeat), ours)
            works = [w for w in options.events.split(",") if w]
            if works:
                show_events(least(python, works, ["off", "empty", "full", "cprofile"], modules, options.rounds, 2))


main()
