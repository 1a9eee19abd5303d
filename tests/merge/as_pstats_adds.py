"""Several inputs are added up as pstats.Stats adds them, and --strip-dirs strips as it does: the same
rows in the same order with the same doubles."""
import glob
import itertools
import os
import pstats
import subprocess
import sys
import tempfile

program, samples = sys.argv[1:3]
folder = tempfile.mkdtemp()
result = os.path.join(folder, "sum.prof")


def loads(path):
    try:
        return pstats.Stats(path)
    except Exception:  # Python 2 files, code objects of another Python
        return None


def rows(stats):
    return [(key, row[:4], list(row[4].items())) for key, row in stats.items()]


def convert(*arguments):
    run = subprocess.run([program, "-q", "-f", "pstats", "-o", result, *arguments],
                         capture_output=True, text=True)
    assert run.returncode == 0, (arguments, run.stderr)
    return rows(pstats.Stats(result).stats)


def is_kind(path, kind):
    return kind in os.path.basename(path) and loads(path) is not None


def collides(stats):
    """strip_dirs overwrites callers that become equal; prof2any adds them."""
    return any(len({pstats.func_strip_path(c) for c in row[4]}) < len(row[4])
               for row in stats.values())


files = sorted(glob.glob(os.path.join(samples, "*.prof")))
cprofile = [f for f in files if is_kind(f, "-cprofile-")][:8]
profile = [f for f in files if is_kind(f, "-profile-run")][:4]
checks = 0
for group in (cprofile, profile):
    for names in itertools.chain(itertools.permutations(group, 2), itertools.permutations(group[:4], 3)):
        expected = pstats.Stats(*names).stats
        assert convert(*names) == rows(expected), names
        checks += 1
for name in cprofile + profile:
    stats = loads(name)
    if not collides(stats.stats):
        assert convert("--strip-dirs", name) == rows(stats.strip_dirs().stats), name
        checks += 1
print(checks, "sums and strips are pstats' own")
assert checks > 60, "too few samples that this Python can read"
