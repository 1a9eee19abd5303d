"""The samples of perf script, read a second time by simpler means: the sum of the periods of every
event."""
import os
import re
import subprocess
import sys

prof2any, samples = os.environ["PROF2ANY"], os.environ["SAMPLES"] + "/profiles/perf"
header = re.compile(r"^.*?\s\d+\.\d+:\s+(?:(\d+)\s+)?(\S+):(?:\s|$)")


def by_hand(path):
    sums = {}
    for line in open(path):
        match = header.match(line)
        if match and not line.startswith("\t") and "PERF_RECORD" not in line:
            period, event = match.groups()
            sums[event] = sums.get(event, 0) + int(period or 1)
    return sums


checked = 0
for name in sorted(os.listdir(samples)):
    path = samples + "/" + name
    for event, period in by_hand(path).items():
        out = subprocess.run([prof2any, "-q", path, "--metric", event, "-f", "folded"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        ours = sum(int(line.rsplit(" ", 1)[1]) for line in out.splitlines())
        checked += 1
        if ours != period:
            sys.exit("%s: %s adds up to %d, by hand to %d" % (name, event, ours, period))
assert checked >= 9, checked
print(checked, "sums")
