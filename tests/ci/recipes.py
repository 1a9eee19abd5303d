"""recipes.py FACT: what stands in samples/ci works."""
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPES = os.environ["SAMPLES"] + "/ci"

APP = """\
def word_count(text):
    return len(text.split())


def report(lines):
    return sum(word_count(line) for line in lines)
"""
TESTS = """\
import unittest

import app


class Tests(unittest.TestCase):
    def test_report(self):
        self.assertEqual(app.report(["a b c"] * 100), 300)


if __name__ == "__main__":
    unittest.main()
"""
BUDGETS = """\
budgets:
  - word_count <= baseline
  - {limit: 'no report -> ... -> input', name: reports don't ask}
"""


def run(*command, status=0, env=None, cwd=None, script=None):
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, **(env or {})),
                          cwd=cwd, input=script or "")
    if done.returncode != status:
        raise SystemExit(f"{command}: expected exit status {status}, got {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def git(*words):
    run("git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false", *words)


def need_recorder():
    """A sanitized build has no recorder."""
    done = subprocess.run([os.environ["PROF2ANY"], "record", "-q", "-o", "probe.p2a", "--", "python3", "-c", "pass"],
                          capture_output=True, text=True)
    if done.returncode or not os.path.exists("probe.p2a"):
        print(done.stderr)
        sys.exit(77)
    os.unlink("probe.p2a")


def make_repository():
    """Two commits on main; the branch counts every line twice."""
    git("init", "--quiet", "--initial-branch=main", ".")
    write("app.py", APP.replace("line) for", "line + '') for"))
    write("test_app.py", TESTS)
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    write("app.py", APP)
    write(".prof2any.yml", BUDGETS)
    git("add", ".")
    git("commit", "--quiet", "-m", "two")
    git("checkout", "--quiet", "-b", "slower")
    write("app.py", APP.replace("word_count(line) for", "word_count(line) + 0 * word_count(line) for"))
    git("commit", "--quiet", "-a", "-m", "three")


def the_shell_recipe_runs_from_start_to_end():
    need_recorder()
    make_repository()
    summary = os.path.abspath("summary")
    command = ["sh", RECIPES + "/profile.sh", "python3", "-m", "unittest", "-q"]
    out = run(*command, status=1, env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary, "OUT": "out/here"})
    assert re.search(r"^::error file=app.py,line=1,title=word_count <= baseline::word_count \(app.py:1\): calls 200, "
                     r"expected at most 100: 100 in the baseline$", out, re.M), out
    assert sorted(os.listdir("out/here")) == ["base.p2a", "check.txt", "check.xml", "diff.md", "diff.svg", "flame.svg",
                                              "head.p2a", "summary.md", "tree.txt"]
    for picture in ("flame.svg", "diff.svg"):
        assert xml.etree.ElementTree.parse("out/here/" + picture).getroot().tag.endswith("svg")
    text = open(summary).read()
    assert text == open("out/here/summary.md").read()
    assert text.startswith("### out/here/head.p2a: ")
    assert "1 of 2 limits kept" in text and "100 → 200 | `word_count` | `app.py:1`" in text, text
    assert "<module>" in text.split("### Where the time goes")[1], text
    root = xml.etree.ElementTree.parse("out/here/check.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert run("git", "worktree", "list").count("\n") == 1  # nothing is left of main's
    assert "/" not in "".join(re.findall(r"\((/[^)]*test_app[^)]*)\)", open("out/here/tree.txt").read()))
    # A recording of main at hand, made where this one is, is taken as it is.
    git("checkout", "--quiet", "main")
    assert "2 of 2 limits kept" in run(*command, env={"OUT": "main"})
    git("checkout", "--quiet", "slower")
    out = run(*command, env={"BASELINE": "main/head.p2a"}, status=1)
    assert "calls 200, expected at most 100: 100 in the baseline" in out, out
    # One made elsewhere is told, not passed over.
    out = run(*command, env={"BASELINE": "out/here/base.p2a"}, status=1)
    assert "word_count: isn't in the baseline" in out, out
    # Without the second count the branch passes.
    write("app.py", APP)
    assert "2 of 2 limits kept" in run(*command)
    run("sh", RECIPES + "/profile.sh", status=2)
    # A test run that fails fails the recipe.
    run("sh", RECIPES + "/profile.sh", "python3", "-c", "import sys; sys.exit(9)", status=9)


def load(name):
    try:
        import yaml
    except ImportError:
        sys.exit(77)
    with open(f"{RECIPES}/{name}.yml") as file:
        return yaml.load(file, Loader=yaml.BaseLoader)  # strings alone: "on" is no truth


def the_workflows_fit_their_schemas():
    try:
        import jsonschema
    except ImportError:
        sys.exit(77)
    for name in ("github", "gitlab"):
        with open(f"{HERE}/{name}.schema.json") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        recipe = load(name)
        jsonschema.validate(recipe, schema)
        job = recipe["jobs"]["profile"] if name == "github" else recipe["profile"]
        for word in ("runs_on", "scripts", "artifact"):  # what isn't in the syntax is refused
            job[word] = "x"
            try:
                jsonschema.validate(recipe, schema)
            except jsonschema.ValidationError:
                del job[word]
            else:
                raise SystemExit(f"{name}: '{word}' passes")


def scripts():
    for step in load("github")["jobs"]["profile"]["steps"]:
        if "run" in step:
            # What the runner fills in before the shell sees it.
            yield "github: " + step["name"], re.sub(r"\$\{\{.*?\}\}", "filled-in", step["run"])
    job = load("gitlab")["profile"]
    for part in ("before_script", "script"):
        yield "gitlab: " + part, "\n".join(job[part]) + "\n"


def the_scripts_of_the_workflows_are_shell():
    count = 0
    for name, text in scripts():
        write("script.sh", "#!/bin/sh\n" + text)
        run("sh", "-n", "script.sh")
        if shutil.which("shellcheck"):
            # words of a list of packages; a file that is sourced; variables that the list sets
            run("shellcheck", "--exclude=SC2086,SC1091,SC2154,SC2164", "script.sh")
        count += 1
    for folder in ("ci", "fleet"):
        for file in sorted(os.listdir(f"{os.environ['SAMPLES']}/{folder}")):
            if file.endswith(".sh"):
                run("sh", "-n", f"{os.environ['SAMPLES']}/{folder}/{file}")
                if shutil.which("shellcheck"):
                    run("shellcheck", f"{os.environ['SAMPLES']}/{folder}/{file}")
                count += 1
    assert count >= 9, count


class Artifacts(http.server.BaseHTTPRequestHandler):
    """The job artifact of the default branch, as GitLab's API gives it."""

    def do_GET(self):
        good = (self.path == "/api/v4/projects/7/jobs/artifacts/main/raw/profile/head.p2a?job=profile" and
                self.headers["JOB-TOKEN"] == "secret" and os.path.exists("main.p2a"))
        self.send_response(200 if good else 404)
        self.end_headers()
        if good:
            with open("main.p2a", "rb") as file:
                self.wfile.write(file.read())

    def log_message(self, *_):
        pass


def the_steps_of_the_workflows_run_from_start_to_end():
    """All but the steps that install and the actions of others, whose work is done by hand here."""
    need_recorder()
    make_repository()
    os.mkdir("bin")
    os.symlink(os.environ["PROF2ANY"], "bin/prof2any")
    here = {"PATH": os.path.abspath("bin") + ":" + os.environ["PATH"]}
    steps = {step.get("name"): step.get("run") for step in load("github")["jobs"]["profile"]["steps"]}
    summary = {"GITHUB_STEP_SUMMARY": os.path.abspath("summary"), **here}
    git("checkout", "--quiet", "main")
    run("bash", "-e", script=steps["Record the tests"], env=summary)
    run("bash", "-e", script=steps["Draw, compare, check"], env=summary)  # main with itself
    run("bash", "-e", script=steps["Name it as the main branch's"], env=summary)
    shutil.copy("profile/head.p2a", "main.p2a")
    git("checkout", "--quiet", "slower")
    run("bash", "-e", script=steps["Record the tests"], env=summary)
    out = run("bash", "-e", script=steps["Draw, compare, check"], env=summary, status=1)
    assert "::error file=app.py,line=1,title=word_count <= baseline::" in out, out
    assert "100 → 200" in open("summary").read() and "1 of 2 limits kept" in open("summary").read()
    assert {"flame.svg", "diff.svg", "check.xml", "check.md"} <= set(os.listdir("profile"))

    shutil.rmtree("profile")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Artifacts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gitlab = {"CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4", "CI_PROJECT_ID": "7",
              "CI_JOB_TOKEN": "secret", "CI_DEFAULT_BRANCH": "main", "no_proxy": "*", **here}
    script = "\n".join(load("gitlab")["profile"]["script"])
    out = run("bash", "-e", script=script, env=gitlab, status=1)
    assert "calls 200, expected at most 100: 100 in the baseline" in out, out
    assert {"base.p2a", "diff.svg", "diff.md", "flame.svg", "check.xml"} <= set(os.listdir("profile"))
    os.unlink("main.p2a")  # the first run of all has nothing to compare with
    shutil.rmtree("profile")
    out = run("bash", "-e", script=script, env=gitlab)
    assert "2 of 2 limits kept" in out and "diff.svg" not in os.listdir("profile"), out
    server.shutdown()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(os.path.realpath(folder))
        globals()[sys.argv[1]]()
        os.chdir("/")
