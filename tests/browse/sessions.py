"""sessions.py FACT: prof2any browse answers a scripted session as python -m pstats does.

Each session runs in a folder with the files below, through prof2any and through every Python that is
there; what they print on stdout and their exit statuses are the same to the byte.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ["PROF2ANY"]
PROFILES = os.path.join(os.environ["SAMPLES"], "profiles", "pstats")
FILES = {
    "a.prof": "py3.11-cprofile-m-small.prof",
    "b.prof": "py3.13-cprofile-m-small.prof",
    "two words.prof": "py3.11-cprofile-m-dispatch.prof",
    "it's.prof": "py3.10-cprofile-run-recursive.prof",
    "-": "py3.12-cprofile-run-recursive.prof",
    "recursive.prof": "py3.11-cprofile-m-recursive.prof",
    "old.prof": "py3.8-profile-run-small.prof",  # integer callers, of the module `profile`
    "nobody.prof": "constructed-caller-without-row.prof",
    "yappi.prof": "yappi-recursive.prof",
}
A = ["a.prof"]

SESSIONS = [
    # coming and going
    ([], ""),
    (A, ""),
    (A, "quit\n"),
    (A, "EOF\nstats 1\n"),
    (A, "EOF"),
    (A, "quit now\nstats 1\n"),
    (A, "stats 1"),
    (A, "stats 1\nquit"),
    (A, "  quit  \n"),
    (A, "\n\n\nquit\n"),
    (A, "stats 2\r\nquit\r\n"),
    # words that are none
    (A, "sta\nst\nq\nSTATS\nstats1\nstats_\n_\n"),
    (A, "!\n!ls -l\n\n"),
    (A, "-5\n\n%\n\nstats-1\n"),
    (A, "stats(3)\nsort.time\n"),
    (A, "foo\n\n\nbar baz\n\n"),
    (A, "shell ls\nlast\nexit\n"),
    # help
    (A, "help\n?\n ? \nhelp \n"),
    (A, "".join("help %s\n" % word for word in
                "EOF add callees callers help quit read reverse sort stats strip".split())),
    (A, "?stats\n? sort\n?  add  \nhelp   quit\n"),
    (A, "help nothing\nhelp me out\nhelp ?\n??\n?!\nhelp stats 3\nhelp sta\n"),
    ([], "help\n\n?quit\n\n"),
    # an empty line repeats
    (A, "stats 3\n\n\n"),
    (A, "sort time\nstats 2\n\nreverse\n\nstats 2\n\n"),
    (A, "strip\n\nstats 2\nreverse\n\n\nstats 1\n"),
    (A, "help sort\n!x\n\n"),
    # nothing is loaded
    ([], "stats\ncallers\ncallees 3\nsort time\nsort\nreverse\nstrip\nadd a.prof\nread\nstats 1.5 x\n"),
    ([], "read a.prof\nstats 2\nread\nstats 1\n"),
    ([], "read nothere.prof\nread\nstats 1\nread a.prof\nstats 1\nread nothere.prof\nstats 1\n"),
    (["nothere.prof"], "stats 1\nread\nread a.prof\nstats 1\n"),
    (["nothere.prof", "a.prof"], "stats 1\n"),
    ([""], "stats 1\n"),
    # reading
    (A, "read b.prof\nstats 3\nread\nstats 3\n"),
    (A, "read two words.prof\nsort cumulative\nstats 5\nread\nstats 2\n"),
    (A, "read it's.prof\nstats 2\nread ./a.prof\nstats 1\n"),
    (A, "read .\nread a.prof/x\nread folder\nread \u00e9\nread ./-\nstats 2\n"),
    (A, "sort time\nreverse\nread\nstats 3\nreverse\nstats 3\n"),
    (["two words.prof"], "stats\ncallers\ncallees\n"),
    (["it's.prof"], "stats\n"),
    # adding
    (A, "add a.prof\nstats 4\nadd b.prof\nsort calls\nstats 6\n"),
    (A, "sort time\nreverse\nadd b.prof\nstats 3\nreverse\nstats 3\n"),
    (A, "add nothere.prof\nadd\nadd it's not.prof\nadd \"quoted\"\nadd it's \"both\"\nadd a\\b\nstats 1\n"),
    (A, "add two words.prof\nadd it's.prof\nsort name\nstats 5\nstats two\n"),
    (A, "sort time\nadd nothere.prof\nstats 3\n"),
    (A, "add .\nadd folder\nadd \u00e9\u20ac.prof\nadd tab\there\nadd ./-\nstats 1\n"),
    (["a.prof", "b.prof"], "stats 5\nread\nstats 5\n"),
    (["a.prof", "b.prof", "two words.prof", "it's.prof"], "sort nfl\nstats 20\ncallers 10\n"),
    (["a.prof", "nothere.prof", "b.prof"], "sort nfl\nstats 20\n"),
    (["old.prof", "old.prof"], "sort nfl\nstats 9\ncallers 5\n"),
    # restrictions
    (A, "sort stdname\nstats 0\nstats 1\nstats 5\nstats 209\nstats 210\nstats 9999\n"),
    (A, "sort stdname\nstats -1\nstats +5\nstats 1_0\nstats 007\nstats 1__0\nstats _1\nstats 0x10\n"),
    (A, "sort stdname\nstats .1\nstats 0.5 .1\nstats 1e-2\nstats 0.0\nstats 1.0\nstats 1.\nstats -.5\n"),
    (A, "sort time\nstats 1.01\nstats 2.5 3\nstats inf\nstats -inf\nstats nan\nstats 1e400 2\n"),
    (A, "sort time\nstats 0.012345678901234567890123\nstats 1_0e-2_\nstats 1_0e-2\nstats 1e-05\n"),
    (A, "sort time\nstats json\nstats main\nstats json 3\nstats .5 json\nstats 10 json .5\n"),
    (A, "sort time\nstats ^<frozen\nstats {.*len.*}\nstats [a-c]o 4 d\nstats nothing_at_all\n"),
    (A, "sort time\nstats (\nstats *\nstats [z\nstats ( 3\nstats it's\nstats \"\nstats a\\b\n"),
    (A, "sort time\nstats (?i)MAIN\nstats \\d+\\(loads\\)\nstats small\\.py:4\n"),
    (A, "stats 3 2 1\nstats .5 .5 .5 .5\nstats m m m\n"),
    (A, "stats 99999999999999999999999\nstats 4294967296\nstats -99999999999999999999999\n"),
    # callers and callees
    (A, "callers 3\ncallees 3\nsort time\ncallers 5\ncallees 5\n"),
    (A, "sort cumulative\ncallers main\ncallees main\ncallers 1.5\ncallers nothing_at_all\ncallees (\n"),
    (A, "strip\nsort calls\ncallers .05\ncallees .05\n"),
    (["recursive.prof"], "stats\ncallers\ncallees\nstrip\nsort nfl\nstats\ncallers\ncallees\n"),
    (["old.prof"], "stats 6\ncallers\ncallees\nstrip\nsort time\nstats\ncallers\n"),
    (["nobody.prof"], "stats\ncallers\ncallees\n"),
    (["yappi.prof"], "sort stdname\nstats\ncallers\ncallees\n"),
    # sorting
    (A, "sort\nsort nonsense\nsort time nonsense\nsort -1\nsort 1\nsort time,calls\nsort Time\n"),
    (A, "".join("sort %s\nstats 4\n" % key for key in
                "calls ncalls cumtime cumulative filename line module name nfl pcalls stdname time "
                "tottime".split())),
    (A, "".join("sort %s\nstats 2\n" % key for key in
                "c cu cum cumt cumu ca n na nc nf f l m p s t ti to tot".split())),
    (A, "sort time name\nstats 4\nsort calls cumulative line\nstats 4\nsort module line name\nstats 4\n"),
    (A, "sort time time\nstats 4\nsort calls\nsort nonsense\nstats 4\n"),
    # turning round
    (A, "reverse\nstats 3\nsort time\nreverse\nstats 3\nreverse\nstats 3\n"),
    (A, "sort calls\nreverse\nstats 12\nsort calls\nstats 12\nreverse\nsort\nstats 5\n"),
    (A, "sort calls\nreverse\nstats .1 json\ncallers 4\ncallees 4\n"),
    (A, "sort time\nreverse now\nstrip\nstats 4\nreverse\nstats 4\nsort time\nstats 4\n"),
    # without folders
    (A, "strip\nstats 4\nsort nfl\nstats 4\nstrip\nstats 4\n"),
    (A, "strip it\nsort stdname\nstats 20\nadd a.prof\nsort stdname\nstats 20\n"),
    (["a.prof", "b.prof"], "strip\nsort stdname\nstats\ncallers 30\n"),
    (A, "sort time\nstats 3\nstrip\nread\nsort time\nstats 3\n"),
]

# Python ends with a traceback where `add` meets such a file, and says what marshal says where
# `read` does; prof2any says what is wrong with the file and goes on.
BROKEN = ["read %s\nstats 1\n", "add %s\nsort time\nstats 2\n", "read %s\nread\nquit\n"]


def pythons():
    """One path for each version of Python that is here."""
    found = {}
    for name in ["python3"] + ["python3.%d" % minor for minor in range(11, 20)]:
        if shutil.which(name):
            asked = subprocess.run([name, "-c", "import sys; print(sys.version_info[:2], sys.executable)"],
                                   capture_output=True, text=True)
            if asked.returncode == 0:
                version, _, path = asked.stdout.strip().rpartition(" ")
                found.setdefault(version, path)
    return found


def folder():
    path = tempfile.mkdtemp()
    for name, sample in FILES.items():
        shutil.copy2(os.path.join(PROFILES, sample), os.path.join(path, name))
    os.mkdir(os.path.join(path, "folder"))
    with open(os.path.join(path, "text.prof"), "w") as file:
        file.write("no profile\n")
    open(os.path.join(path, "empty.prof"), "w").close()
    with open(os.path.join(path, "a.prof"), "rb") as whole, open(os.path.join(path, "cut.prof"), "wb") as cut:
        cut.write(whole.read()[:400])
    return path


def run(command, script, where):
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1")
    return subprocess.run(command, input=script.encode(), capture_output=True, cwd=where, timeout=60,
                          env=environment)


def answers_are_those_of_python():
    where = folder()
    versions = pythons()
    assert versions, "no Python answers"
    wrong = 0
    for files, script in SESSIONS:
        mine = run([PROGRAM, "browse", "-q", *files], script, where)
        assert not mine.stderr, (files, script, mine.stderr)
        for version, python in versions.items():
            real = run([python, "-m", "pstats", *files], script, where)
            assert not real.stderr, (files, script, real.stderr)
            if (mine.stdout, mine.returncode) != (real.stdout, real.returncode):
                wrong += 1
                show(version, files, script, mine, real, where)
    shutil.rmtree(where)
    print("%d sessions, Python %s: %d differ" % (len(SESSIONS), " ".join(versions), wrong))
    assert len(SESSIONS) >= 60 and not wrong


def show(version, files, script, mine, real, where):
    print("=== Python %s, %s: %r, exit %d and %d" % (version, files, script, real.returncode, mine.returncode))
    for name, output in ("real", real.stdout), ("mine", mine.stdout):
        with open(os.path.join(where, name), "wb") as file:
            file.write(output)
    subprocess.run(["diff", "real", "mine"], cwd=where)


def a_file_that_is_no_profile_ends_no_session():
    where = folder()
    for name in "text.prof", "empty.prof", "cut.prof":
        for script in BROKEN:
            mine = run([PROGRAM, "browse", "a.prof"], script % name, where)
            text = mine.stdout.decode()
            told = re.findall(r"%s: [a-z].*" % re.escape(name), text)
            assert len(told) == 1 and mine.returncode == 0, (script, name, mine)
            assert text.endswith("Goodbye.\n"), (script, name, text)
            kept = text.replace("Failed to load statistics for %s: %s" % (name, told[0]), "")
            kept = kept.replace(told[0] + "\n", "")
            same = run([PROGRAM, "browse", "a.prof"], script.partition("\n")[2], where).stdout.decode()
            assert kept.count("function calls") == same.count("function calls"), (kept, same)
    shutil.rmtree(where)


def without_names(text, path):
    return re.sub(r"\w{3} \w{3} .*" + re.escape(path), "FILE", text.replace(path + "% ", "% "))


def what_python_cannot_read_can_be_browsed():
    """The lists of such a file are those that Python makes of its conversion."""
    script = "sort stdname\nstats\ncallers\ncallees\nstrip\nsort calls name\nreverse\nstats .3\n"
    where = tempfile.mkdtemp()
    with open(os.path.join(PROFILES, "py3.13-cprofile-m-unittest.prof"), "rb") as plain:
        with gzip.open(os.path.join(where, "packed"), "wb") as packed:
            packed.write(plain.read())
    for path in "packed", os.path.join(PROFILES, "py2.7-cprofile-m-small.prof"):
        subprocess.run([PROGRAM, "-q", path, "-o", "same.prof"], check=True, cwd=where)
        mine = run([PROGRAM, "browse", "-q", path], script, where).stdout.decode()
        real = run([sys.executable, "-m", "pstats", "same.prof"], script, where).stdout.decode()
        mine, real = without_names(mine, path), without_names(real, "same.prof")
        assert mine.count("FILE") == 2 and mine == real, (path, mine[:3000], real[:3000])
    shutil.rmtree(where)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
