"""The report is pstats' own to the byte: samples x sort keys x --reverse x restrictions x --strip-dirs x
several files added up x print_stats, print_callers, print_callees. Each combination once; which
ones is drawn, with a fixed seed.

Left out are files that pstats refuses (empty, sampled by 3.15, with other keys), and pyinstrument's, whose -1 for a
count that isn't known pstats takes for a number of calls: prof2any prints -, and no times per call.

Restrictions are patterns of Python's re there and of PCRE2 here. Outside these the two agree:
  \\Z              Python: the very end                       PCRE2: also before a newline at the end
  {,3}            Python: 0 to 3 times                       PCRE2 before 10.43: these four characters
  \\uXXXX, \\N{…}   Python: a character                        PCRE2: no such escape
  [[a], [a--b]    Python: a set, with a warning              PCRE2: [[:a:]] is a class
  (?L), (?a)      Python: locale, ASCII                      PCRE2 before 10.43: no such option
  \\R \\K \\Q \\h   Python: an error                           PCRE2: newline, start, quote, blank
  (?R), (?1)      Python: an error                           PCRE2: recursion
  .               Python: any byte of a name              PCRE2: no byte that is no UTF-8
What doesn't compile is in both a line in the report and restricts nothing."""
import glob
import os
import random
import sys

import oracle

program, samples = sys.argv[1:3]
os.chdir(samples)
files = sorted(f for f in glob.glob("*.prof")
               if not any(word in f for word in ("empty", "sampled", "all-types", "pyinstrument")))
pure = [f for f in files if "-profile-" in f]
native = [f for f in files if "-cprofile-" in f or f.startswith("yappi")]
keys = sorted(oracle.pstats.Stats.sort_arg_dict_default)
abbreviations = sorted(oracle.pstats.Stats(native[-1]).get_sort_arg_defs())
modes = ("print_stats", "print_callers", "print_callees")
restrictions = (
    0, 1, 2, 3, 7, 10, 50, 10000, -1, 0.0, 0.05, 0.1, 0.25, 0.5, 0.999, 1.0, 1.5, 1 / 3, 1e-05, 1e-2,
    "init", "_", ".", "json", r"\.py:1", "built-in", r"^\{", r"\d{3}", r"\(_?[a-z]+\)$", r"(?i)PARSE",
    r"(?P<x>[a-z])(?P=x)", r"e(?!n)", r"(?<=:)1\d*\(", "a|b|c", r"\bmain\b", r"[^\W\d]{12}", r".*\d\D+$",
    "", "it's", '"', "it's \"", "no such thing", "\u00e9\u202e\u2028", "\\\\", "(", "[", "\\", "*a", "a**",
    "x(?P<y", "tab\there")
drawn = random.Random(11)


def combination():
    several = drawn.random() < 0.25
    return dict(
        files=drawn.sample(drawn.choice((pure, native)), drawn.choice((2, 2, 3))) if several
        else [drawn.choice(files)],
        sort=drawn.choice(([], [drawn.choice(keys)], [drawn.choice(abbreviations)],
                           drawn.choices(keys, k=2), drawn.choices(abbreviations, k=3),
                           [drawn.choice((-1, 0, 1, 2))])),
        reverse=drawn.random() < 0.3,
        restrict=drawn.choices(restrictions, k=drawn.choice((0, 0, 1, 1, 2, 3))),
        strip=drawn.random() < 0.4,
        mode=drawn.choice(modes))


def combinations():
    for f in files:
        for mode in modes:
            yield dict(files=[f], mode=mode)
    for key in abbreviations:
        yield dict(files=["py3.11-cprofile-m-small.prof"], sort=[key], mode=modes[0])
    for r in restrictions:
        yield dict(files=["py3.13-cprofile-m-small.prof"], sort=["nfl"], restrict=[r], mode=modes[0])
    for _ in range(1100):
        yield combination()


seen, wrong = set(), 0
for c in combinations():
    pattern = any(isinstance(r, str) for r in c.get("restrict", ()))
    unprintable = "unicode" in str(c["files"]) and (pattern or c["mode"] != "print_stats")
    if repr(c) in seen or unprintable:
        continue
    seen.add(repr(c))
    want, got = oracle.expected(program, **c), oracle.printed(program, **c)
    if want != got:
        wrong += 1
        if wrong <= 3:
            print(c)
            pairs = zip(want.split(b"\n") + [None] * 9, got.split(b"\n") + [None] * 9)
            print(next("pstats:   %r\nprof2any: %r" % pair for pair in pairs if pair[0] != pair[1]))
for word in {key[:n] for key in keys for n in range(1, len(key))} - set(abbreviations):
    refused = oracle.printed(program, files[:1], sort=[word])
    assert b"sort key '%s' could be" % word.encode() in refused, (word, refused)
print(len(seen), "combinations,", wrong, "differ from the pstats of Python", sys.version.split()[0])
sys.exit(wrong > 0 or len(seen) < 1000)
