"""Both columns of every row in samples/python-docs.md are run, and what they print is compared: Reports to
the byte (but for the dates of files written by the row itself), the browser over a session."""
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

program, table = sys.argv[1:3]
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


cProfile.run('import re; re.compile("foo|bar")', "restats")
checks = {"Reports": reports, "Figures": figures, "The browser": browser}
assert rows.keys() == checks.keys(), rows.keys()
for section, check in checks.items():
    for python, command in rows[section]:
        check(python, command)
    print(len(rows[section]), "rows of", section)
assert len(rows["Reports"]) >= 20
