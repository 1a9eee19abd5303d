"""How fast prof2any is beside the peers found on this machine: the table of README.md.

    python3 run.py PROF2ANY [--full] [--only PATTERN] [--inputs FOLDER]

Inputs are made once, by inputs/*.py, and kept in FOLDER. Small ones take a minute in all, --full a quarter of
an hour and 3 GB. A work and its peers take turns; a time is the least wall time of its rounds, memory the
largest resident set of any process (less than this script's own 15 MB can't be told). A command that took half a minute isn't repeated."""
import argparse
import datetime
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 5
ENOUGH = 30  # seconds of one command

# How an input is made: the arguments of its script when small and in full, or a command on another input.
INPUTS = {
    "folded": ("folded.py 20", "folded.py 200"),
    "folded, 1 GB": (None, "folded.py 1000"),
    "folded, sorted": ("folded.py 20 --sorted", "folded.py 200 --sorted"),
    "perf script": ("perf.py 60", "perf.py 600"),
    "pstats": ("pstats.py 20000 91000", "pstats.py 200000 911000"),
    "pstats, 200 functions": ("pstats.py 200 700", "pstats.py 200 700"),
    "callgrind": ("callgrind.py 800 110000", "callgrind.py 8000 1100000"),
    "pprof": ("pprof.py 15000", "pprof.py 147000"),
}

PSTATS_PRINT = "python3 -c \"import pstats; pstats.Stats('{file}').sort_stats('cumulative').print_stats()\""
SORT = "LC_ALL=C sort {file} | uniq -c"
# A peer is wanted so many times as slow as prof2any (BAR; 0: only shown). One that isn't here is left out.
Peer = namedtuple("Peer", "name command bar")
FLAMES = [Peer("sort \\| uniq -c", SORT, 2), Peer("flamegraph.pl", "flamegraph.pl {file}", 0),
          Peer("inferno-flamegraph", "inferno-flamegraph {file}", 0)]
WORKS = [
    ("folded", "-f flamegraph", FLAMES),
    ("folded, 1 GB", "-f flamegraph", FLAMES[:1]),
    ("folded, sorted", "-f flamegraph", [Peer("sort \\| uniq -c", SORT, 4)]),
    ("perf script", "-f folded", [Peer("wc -l", "wc -l {file}", 1 / 5),
                                  Peer("inferno-collapse-perf", "inferno-collapse-perf {file}", 0)]),
    ("pstats", "-f callgrind", [Peer("pyprof2calltree", "pyprof2calltree -i {file} -o {out}", 150)]),
    ("pstats", "-f dot", [Peer("pstats", PSTATS_PRINT, 30), Peer("gprof2dot", "gprof2dot -f pstats {file}", 0)]),
    ("pstats", "-f text -s cumulative --limit all", [Peer("pstats", PSTATS_PRINT, 40)]),
    ("pstats", "-f flamegraph", [Peer("flameprof", "flameprof {file}", 0)]),
    *(("callgrind", "-f " + form, [Peer("callgrind_annotate", "callgrind_annotate {file}", 80)])
      for form in ("text", "dot", "folded", "callgrind")),
    *(("pprof", "-f " + form, [Peer("go tool pprof -top", "go tool pprof -top {file}", 50)])
      for form in ("text", "callgrind", "flamegraph", "tree", "pprof", "speedscope")),
    ("pprof", "-f folded", [Peer("go tool pprof -traces", "go tool pprof -traces {file}", 50)]),
    ("pstats, 200 functions", "-f text", [Peer("true", "true", 1 / 3), Peer("pstats", PSTATS_PRINT, 0)]),
]


def make(name, full, folder):
    """The path of the input; None where it has no small form."""
    script = INPUTS[name][full]
    if not script:
        return None
    path = os.path.join(folder, re.sub(r"\W+", "-", script))
    if not os.path.exists(path):
        with open(path + ".part", "wb") as out:
            words = script.split()
            subprocess.check_call([sys.executable, os.path.join(HERE, "inputs", words[0]), *words[1:]], stdout=out)
        os.rename(path + ".part", path)
    return path


def run(command):
    """Wall seconds and the largest resident set of its processes in MB."""
    with open(os.devnull, "wb") as null:
        start = time.perf_counter()
        process = subprocess.Popen(["sh", "-c", "exec 2>/dev/null; " + command], stdout=null)
        status, usage = os.wait4(process.pid, 0)[1:]
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("failed: " + command)
    return seconds, usage.ru_maxrss / 1e3


def measure(commands):
    """[(seconds, MB)] of the commands, which take turns."""
    best = [(math.inf, 0)] * len(commands)
    spent = [0] * len(commands)
    for _ in range(ROUNDS):
        for i, command in enumerate(commands):
            if spent[i] < ENOUGH:
                seconds, memory = run(command)
                spent[i] += seconds
                best[i] = min(best[i][0], seconds), max(best[i][1], memory)
    return best


def program_of(command):
    return next(word for word in command.split() if "=" not in word)


def human(seconds):
    return "%.1f ms" % (seconds * 1e3) if seconds < 0.1 else "%.2f s" % seconds if seconds < 10 else "%.0f s" % seconds


def rows(work, path, program, folder):
    """The lines of the table for one work: prof2any beside each of its peers."""
    name, options, peers = work
    peers = [peer for peer in peers if shutil.which(program_of(peer.command))]
    places = {"file": path, "out": os.path.join(folder, "out")}
    ours, *theirs = measure(["%s -q %s %s" % (program, path, options)] +
                            [peer.command.format(**places) for peer in peers])
    size = os.path.getsize(path) / 1e6
    start = "| %s, %.*f MB | `%s` | %s | %.0f | %.0f MB |" % (
        name, size < 1, size, options, human(ours[0]), size / ours[0], ours[1])
    for peer, (seconds, memory) in zip(peers, theirs):
        yield start + " %s | %s | %.0f MB | **%.3g** | %s |" % (
            peer.name, human(seconds), memory, seconds / ours[0], "%.3g" % peer.bar if peer.bar else "")
        start = "| | | | | |"
    if not peers:
        yield start + " | | | | |"


def machine():
    with open("/proc/cpuinfo") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    return "%s, %d cores, Linux %s" % (model.group(1) if model else platform.machine(), os.cpu_count(),
                                       platform.release().split("-")[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="PROF2ANY")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", metavar="PATTERN", help="works whose input or options match")
    parser.add_argument("--inputs", default=os.path.join(tempfile.gettempdir(), "prof2any-bench"), metavar="FOLDER")
    options = parser.parse_args()
    os.makedirs(options.inputs, exist_ok=True)
    print("%s; %s\n" % (datetime.date.today(), machine()))
    print("| input | to | time | MB/s | memory | peer | its time | its memory | times as fast | wanted |")
    print("|---|---|--:|--:|--:|---|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for work in WORKS:
            if not re.search(options.only, work[0] + " " + work[1]):
                continue
            path = make(work[0], options.full, options.inputs)
            for row in rows(work, path, os.path.abspath(options.program), folder) if path else ():
                print(row, flush=True)


main()
