"""The microseconds at the ends of the lines add up to what prof2any says, in every sample."""
import os
import re
import subprocess
import sys

prof2any, samples = os.environ["PROF2ANY"], os.environ["SAMPLES"] + "/profiles/austin"
checked = 0
for name in sorted(os.listdir(samples)):
    text = open(samples + "/" + name).read()
    if "# mode: memory" in text:
        continue
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    ends = [re.search(r"[^ ]( -?\d+)((,-?\d+){2}|( -?\d+){2})?$", line)[1] for line in lines]
    out = subprocess.run([prof2any, "-q", samples + "/" + name, "-f", "folded"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    ours = sum(int(line.rsplit(" ", 1)[1]) for line in out.splitlines())
    if ours != 1000 * sum(map(int, ends)):
        sys.exit("%s: %d ns, the lines say %d us" % (name, ours, sum(map(int, ends))))
    checked += len(ends)
assert checked > 40, checked
print(checked, "lines")
