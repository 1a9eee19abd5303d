"""as_python_does.py FACT: prof2any timeit says what python3 -m timeit says.

Both run under the clock in clock/sitecustomize.py, so that their output can be compared to the byte.
"""

import math
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ["PROF2ANY"]
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.path.join(HERE, "clock"), PYTHONDONTWRITEBYTECODE="1")
SETUP = ["-s", "import time"]

SAME_WORDS = [
    ["-n", "5"],
    ["-n", "7", "pass"],
    ["-n", "1", "time.tick(0.5)"],
    ["-r", "1", "time.tick(0.0011)"],
    ["-r", "0", "-n", "3", "time.tick(0.0011)"],
    ["-r", "-4", "-n", "3", "time.tick(0.0011)"],
    ["-n", "0", "time.tick(3)"],
    ["-n", "1_0", "time.tick(3)"],
    ["-n", " 5 ", "-r", "\t2\n", "time.tick(3)"],
    ["--number", "10", "--repeat=3", "time.tick(1e-5)"],
    ["--num", "10", "--rep=3", "time.tick(1e-5)"],
    ["-v", "time.tick(0.0123456789)"],
    ["-vv", "time.tick(0.0123456789)"],
    ["-v", "-v", "-v", "-n", "2", "time.tick(1/3)"],
    ["--verbose", "-n", "1", "time.tick(1/3)"],
    ["-v", "-n", "1", "time.tick(1e-3, 2e-3, 3e-3, 1e-3)"],
    ["-v", "-r2", "time.tick(1e-7)"],
    ["-p", "-n", "4", "time.tick(0.001)"],
    ["--process", "-v", "time.tick(0.07)"],
    ["-u", "nsec", "-n", "4", "time.tick(0.001)"],
    ["-u", "usec", "-n", "4", "time.tick(0.001)"],
    ["-u", "msec", "-n", "4", "time.tick(0.001)"],
    ["--unit=sec", "-n", "4", "time.tick(0.001)"],
    ["-u", "sec", "-v", "time.tick(1e-6)"],
    ["-n", "3", "-r", "2", "print('printed')", "time.tick(2)"],
    ["-v", "-r", "2", "print('printed')", "time.tick(0.1)"],
    ["-n", "2", "if True:", "    time.tick(1)", "else:", "    time.tick(2)"],
    ["-n", "2", "-s", "def f():", "-s", "    time.tick(1)", "f()"],
    ["-n", "2", "-s", "x = 'a\\u00e9'", "print(ascii(x)); time.tick(1)"],
    ["-n", "2", "print(ascii('\u00e9\u20ac')); time.tick(1)"],
    ["-n", "1", "--", "-1; time.tick(1)"],
    ["-n", "1", "time.tick(1, 1, 9)"],
    ["-n", "1", "-r", "3", "time.tick(1, 4, 3)"],
    ["-n", "1", "-r", "3", "time.tick(1, 3.99, 3)"],
    ["-n", "1", "import sys; print(sys.path[0], sys.stdin.read())"],
    ["-n", "1", "print(__name__, __spec__.name, sorted(set(globals()) - {'__annotations__'}))"],
    ["-n", "1", "-s", "global f", "-s", "def f(): print('called')", "import pickle; pickle.loads(pickle.dumps(f))()"],
]

SAME_ERRORS = [
    ["1/0"],
    ["-n", "5", "1/0"],
    ["-s", "1/0", "pass"],
    ["-v", "-s", "n = []", "n.append(1); time.tick(0.05); [0] * 3 if len(n) < 4 else nothing"],
    ["def f(x):", "    return g(x)", "def g(x):", "    raise KeyError(x)", "f(1)"],
    ["try:", "    1/0", "except ZeroDivisionError as e:", "    raise ValueError('deep') from e"],
    ["import sys; sys.exit(3)"],
    ["raise KeyboardInterrupt"],
    ["1 +"],
    ["-s", "if", "pass"],
    ["return"],
    ["  indented"],
    ["-u", "fortnight", "pass"],
]

WRONG = [
    (["-n", "many"], "--number many: expected a whole number"),
    (["-n", "-3"], "--number -3: expected a whole number"),
    (["-n", "5 5"], "--number 5 5: expected a whole number"),
    (["-n", " "], "--number  : expected a whole number"),
    (["-r", "1.5"], "--repeat 1.5: expected a whole number"),
    (["-n"], "-n: expected a value"),
    (["--nonsense"], "no option --nonsense"),
    (["--vs-setup", "pass"], "--vs-setup is the setup of the statement in --vs"),
]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, **more)


def ours(words, **more):
    return run([PROGRAM, "timeit", *words], **more)


def theirs(words, **more):
    return run([sys.executable, "-m", "timeit", *words], **more)


def without_callers(traceback):
    """Without what is above timeit's own methods: its main, and what runs modules."""
    frames = re.findall(r'  File .*\n(?:    .*\n)*|.*\n', traceback)
    callers = re.compile(r'  File "(<frozen runpy>|.*runpy\.py|.*timeit\.py", line \d+, in (main|<module>))')
    return "".join(frame for frame in frames if not callers.match(frame))


def words_and_figures_are_those_of_python():
    for words in SAME_WORDS:
        words = SETUP + words
        mine, real = ours(words, input="in"), theirs(words, input="in")
        assert real.returncode == 0, (words, real.stderr)
        for what in "stdout", "stderr", "returncode":
            assert getattr(mine, what) == getattr(real, what), (words, what, mine, real)


def a_statement_that_fails_shows_pythons_traceback():
    for words in SAME_ERRORS:
        words = SETUP + words
        mine, real = ours(words), theirs(words)
        assert real.returncode, words
        assert (mine.returncode, mine.stdout) == (real.returncode, real.stdout), (words, mine, real)
        assert mine.stderr == without_callers(real.stderr), (words, mine.stderr, real.stderr)


def a_wrong_call_is_told_in_a_sentence():
    for words, sentence in WRONG:
        mine = ours(words)
        assert (mine.returncode, mine.stdout) == (2, ""), (words, mine)
        assert sentence in mine.stderr and mine.stderr.count("\n") == 1, (words, mine.stderr)
    nowhere = ours(["--python", "/nowhere/python", "pass"])
    assert nowhere.returncode == 4 and "/nowhere/python: can't be run" in nowhere.stderr, nowhere
    assert ours(["import os; os._exit(7)"]).returncode == 7
    assert ours(["import os; os.kill(os.getpid(), 9)"]).returncode == 128 + 9
    left = ours(["import os; os._exit(0)"])
    assert left.returncode == 4 and "ended before its statement did" in left.stderr, left


def the_statement_reads_what_the_program_was_given():
    mine = ours(["-n", "1", "-r", "1", "print(input().upper())"], input="to the statement\n")
    assert mine.stdout.startswith("TO THE STATEMENT\n1 loop, best of 1: "), mine


def an_output_that_is_lost_is_told_in_a_sentence():
    tick = ["-s", "import time", "time.tick(0.1)"]
    for words in ["-n", "1", *tick], ["-v", *tick], ["-n", "1", *tick, "--vs", "time.tick(0.2)"]:
        for output, status, said in ((">/dev/full", 4, "prof2any: standard output: can't be written\n"),
                                     (">&-", 4, "prof2any: standard output: can't be written\n"),
                                     ("| :", -signal.SIGPIPE, "")):
            mine = subprocess.run(["bash", "-c", f'"$0" timeit "$@" {output}; exit ${{PIPESTATUS[0]}}', PROGRAM, *words],
                                  env=ENVIRONMENT, text=True, stderr=subprocess.PIPE, timeout=60)
            assert mine.returncode in (status, 128 - status) and mine.stderr == said, mine
    mine = ours(["-n", "1", *SETUP, "import sys; sys.stdout = None; time.tick(0.1)"])
    assert (mine.returncode, mine.stderr) == (0, ""), mine


def between(ratios):
    """The narrowest pair of order statistics, alike from both ends, that holds the median of the
    distribution with 95 % at least; and how sure that is."""
    n, best = len(ratios), None
    for k in range(1, n // 2 + 1):
        sure = 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n
        if best is None or sure >= 0.95:
            best = sorted(ratios)[k - 1], sorted(ratios)[n - k], sure
    return best


def the_ratio_is_the_median_of_pairs_with_its_spread():
    for n in 1, 2, 5, 6, 10, 17, 40:
        factors = [2 + math.sin(i * i) / 10 for i in range(n)]
        text = "time.tick(%s)" % ", ".join(map(repr, factors))
        mine = ours(SETUP + ["-n", "1", "-r", str(n), "time.tick(1)", "--vs", text,
                             "--vs-setup", "import time"])
        last = mine.stdout.splitlines()[-1]
        ordered = sorted(factors)
        median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
        wanted = "B takes %.3g times as long as A: " % median
        if n == 1:
            wanted += "one pair, so no spread"
        else:
            low, high, sure = between(factors)
            wanted += "median of %d pairs, between %.3g and %.3g with %.3g %% confidence" % (
                n, low, high, 100 * sure)
        assert last == wanted, (n, last, wanted)


def both_have_the_setup_unless_the_second_has_its_own():
    words = ["-n", "1", "-r", "1", "-s", "x = 'a'", "print(x)", "--vs", "print(x * 2)"]
    assert ours(words).stdout.startswith("a\naa\n"), ours(words)
    own = ours(words + ["--vs-setup", "x = 'b'"])
    assert own.stdout.startswith("a\nbb\n"), own


def a_python_without_autorange_is_refused_in_a_sentence():
    with tempfile.TemporaryDirectory() as folder:
        old = os.path.join(folder, "python2")
        with open(old, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\ndriver=$2\nshift 2\n'
                       'exec python3 -c "import sys; sys.version_info = (2, 7); $driver" "$@"\n')
        os.chmod(old, 0o755)
        mine = ours(["--python", old, "pass"])
    assert (mine.returncode, mine.stdout) == (2, ""), mine
    assert mine.stderr == "prof2any: timeit: Python 2.7, expected 3.6 or later\n", mine


def the_two_take_turns_and_who_begins_changes():
    mine = ours(["-n", "1", "-r", "3", "print('a')", "--vs", "print('b')"])
    letters = [line for line in mine.stdout.splitlines() if len(line) == 1]
    assert "".join(letters) == "abbaab", mine
    labels = [line[:3] for line in mine.stdout.splitlines()[-3:]]
    assert labels == ["A: ", "B: ", "B t"], mine


def each_finds_its_own_number_of_loops():
    mine = ours(SETUP + ["-v", "-r", "2", "--vs", "time.tick(0.05)", "--vs-setup", "import time",
                         "time.tick(0.15)"])
    assert mine.stdout == (
        "A: 1 loop -> 0.15 secs\nA: 2 loops -> 0.3 secs\n"
        "B: 1 loop -> 0.05 secs\nB: 2 loops -> 0.1 secs\nB: 5 loops -> 0.25 secs\n\n"
        "A: raw times: 300 msec, 300 msec\n\nA: 2 loops, best of 2: 150 msec per loop\n"
        "B: raw times: 250 msec, 250 msec\n\nB: 5 loops, best of 2: 50 msec per loop\n"
        "B takes 0.333 times as long as A: median of 2 pairs, between 0.333 and 0.333 with 50 % "
        "confidence\n"), mine.stdout


if __name__ == "__main__":
    globals()[sys.argv[1]]()
