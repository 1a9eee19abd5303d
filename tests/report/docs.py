"""docs.py PROGRAM TABLE reports | recording: both columns of every row in samples/python-docs.md are run, and
what they print is compared: reports to the byte (but for the dates of files written by the row
itself), the browser over a session, recordings by the functions of the program and their calls."""
import cProfile
import contextlib
import io
import json
import os
import pstats
import re
import subprocess
import sys
import tempfile

program, table, what = sys.argv[1:4]
rows = {}
with open(table) as lines:
    for line in lines:
        if line.startswith("## "):
            rows[line[3:].strip()] = section = []
        elif line.startswith("| `"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            section.append([cell.strip().strip("`").replace("\\|", "|") for cell in cells])

folder = tempfile.mkdtemp()
os.chdir(folder)
os.symlink(program, "prof2any")
os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
SESSION = "stats 3\nsort time\nstats .1 re\ncallers 2\ncallees 2\nreverse\nstrip\nstats 5\nnonsense\nquit\n"


def in_python(code):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, {"p": pstats.Stats("restats"), "pstats": pstats, "io": io, "SortKey": pstats.SortKey})
    return output.getvalue()


def in_shell(command, given=""):
    return subprocess.run(["sh", "-c", command], input=given, capture_output=True, text=True)


def undated(text):
    return re.sub(r"(?m)^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}    (?=copy$)", "", text)


def reports(python, command):
    run = in_shell(command)
    assert run.returncode == 0, (command, run.stderr)
    assert undated(run.stdout) == undated(in_python(python)), (python, command, run.stdout)


def figures(python, command):
    expected = eval(python, {"p": pstats.Stats("restats")})
    shown = json.loads(in_shell(command).stdout)
    last = {f["name"]: f for f in shown["functions"]}
    assert round(shown["metrics"][0]["whole"], 3) == expected.total_tt
    assert last.keys() == expected.func_profiles.keys()
    for name, f in last.items():
        ncalls = str(f["calls"]) + ("/%d" % f["primitive"]) * (f["calls"] != f["primitive"])
        of_pstats = expected.func_profiles[name]
        assert (ncalls, f["file"], f.get("line", 0)) == (
            of_pstats.ncalls, of_pstats.file_name, of_pstats.line_number), name
        assert (round(f["self"][0], 3), round(f["total"][0], 3)) == (of_pstats.tottime, of_pstats.cumtime), name


def browser(python, command):
    expected = in_shell(python.replace("python ", sys.executable + " ", 1), SESSION)
    assert in_shell(command, SESSION).stdout == expected.stdout, command


MYSCRIPT = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def work():
    return sorted(fib(n) for n in range(8))
if __name__ == "__main__":
    work()
"""
PROLOGUE = """
import cProfile, io, itertools, prof2any, profile, pstats, re, time
from pstats import SortKey
from myscript import work
your_time_func = time.perf_counter
your_integer_time_func = itertools.count().__next__
"""


def calls(report):
    """The functions of myscript.py and re, and their calls."""
    row = (r"(?m)^ *([\d/]+) .* (?:\S*/)?"
           r"((?:(?:myscript|_compiler|_parser|sre_\w+)\.py:\d+\(.*\))|(?:re|__init__)\.py:\d+\(_?compile\))$")
    return {name: count for count, name in re.findall(row, report)}


def same_calls(code, of_python, of_prof2any):
    assert of_python.returncode == 0, (code, of_python.stderr)
    assert of_prof2any.returncode == 0, (code, of_prof2any.stderr)
    if "calibrate" in code:
        assert of_python.stdout == of_prof2any.stdout == "True\n", (code, of_prof2any.stdout)
    else:
        assert len(calls(of_python.stdout)) >= 3, (code, of_python.stdout)
        assert calls(of_python.stdout) == calls(of_prof2any.stdout), (code, of_python.stdout, of_prof2any.stdout)


def recording(python, command):
    same_calls(command, in_shell(python), in_shell(command))


def recording_inside(python, code):
    def run(code):
        statements = code.replace("as pr: work(); ", "as pr: work()\n")
        return subprocess.run(["python3", "-c", PROLOGUE + statements], capture_output=True, text=True)

    same_calls(code, run(python), run(code))


checks = {"Reports": reports, "Figures": figures, "The browser": browser}
recorded = {"Recording, from the shell": recording, "Recording, in a program": recording_inside}
assert rows.keys() == checks.keys() | recorded.keys(), rows.keys()
if what == "recording":
    checks = recorded
    os.environ["PYTHONPATH"] = os.path.join(os.environ["BUILD"], "python")
    if in_shell("python3 -c 'import prof2any'").returncode:
        print("no recorder was built for this Python")
        sys.exit(77)
    with open("myscript.py", "w") as script:
        script.write(MYSCRIPT)
else:
    cProfile.run('import re; re.compile("foo|bar")', "restats")
for section, check in checks.items():
    for python, command in rows[section]:
        check(python, command)
    print(len(rows[section]), "rows of", section)
assert len(rows["Reports"]) >= 20 and len(rows["Recording, in a program"]) >= 14
