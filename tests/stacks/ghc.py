"""Ticks, bytes and entries of GHC's own table add up to what prof2any says of the whole and of every
cost centre."""
import collections
import json
import os
import re
import subprocess

prof2any, samples = os.environ["PROF2ANY"], os.environ["SAMPLES"] + "/profiles/ghc"
path = samples + "/ticks-and-bytes.prof"
row = re.compile(r"^ *(\S+) +(\S+) +(\S+) +\d+ +(\d+) +(?:[\d.]+ +){4}(\d+) +(\d+)$", re.M)
printed = collections.Counter()
for name, module, source, entries, ticks, size in row.findall(open(path).read()):
    for what, value in (("calls", entries), ("ticks", ticks), ("bytes", size)):
        printed[name, module, what] += int(value)
assert len(printed) >= 30, len(printed)

out = subprocess.run([prof2any, "-q", path, "-f", "json"], check=True, stdout=subprocess.PIPE).stdout
profile = json.loads(out)
ours = collections.Counter()
for function in profile["functions"]:
    key = function["name"], function["module"]
    ours[key + ("calls",)] += function["calls"]
    ours[key + ("ticks",)] += function["self"][0]
    ours[key + ("bytes",)] += function["self"][1]
assert ours == printed, (ours - printed, printed - ours)
