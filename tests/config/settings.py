"""settings.py FACT: what prof2any takes from .prof2any.yml."""
import os
import re
import subprocess
import sys
import tempfile
import time

SAMPLES = os.environ["SAMPLES"]
PROFILE = SAMPLES + "/profiles/pstats/py3.11-cprofile-m-small.prof"
TREE = SAMPLES + "/profiles/p2a/dispatch.p2a"


def run(*arguments, status=0, stdin=subprocess.DEVNULL, env=None):
    done = subprocess.run([os.environ["PROF2ANY"], *arguments], capture_output=True, stdin=stdin,
                          env=dict(os.environ, **(env or {})))
    out, error = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    if done.returncode != status:
        raise SystemExit(f"{arguments}: expected exit status {status}, got {done.returncode}:\n{out}{error}")
    return error if status else out


def write(text, path=".prof2any.yml"):
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def expect(text, *words):
    for word in words:
        if word not in text:
            raise SystemExit(f"expected '{word}' in:\n{text}")


def functions(text):
    """The names at the ends of the lines of a report."""
    return [line.split(None, 5)[5] for line in text.splitlines() if re.match(r" *[-\d/]+ +\d+\.\d+ ", line)]


def a_file_is_found_upwards_and_the_command_line_rules():
    os.makedirs("a/b/c")
    write("defaults:\n  limit: 3\n  sort: calls\n")
    write("defaults: {limit: 2}\n", "a/b/.prof2any.yml")
    assert len(functions(run(PROFILE))) == 3
    expect(run(PROFILE), "Ordered by: call count")
    os.chdir("a")
    assert len(functions(run(PROFILE))) == 3
    os.chdir("b/c")
    assert len(functions(run(PROFILE))) == 2
    expect(run(PROFILE), "Ordered by: cumulative time")  # the nearest file alone
    assert len(functions(run(PROFILE, "--limit", "5"))) == 5
    assert len(functions(run(PROFILE, "--config", "../../../.prof2any.yml"))) == 3
    assert len(functions(run(PROFILE, "--no-config"))) == 210
    # An output's name says its format, whatever the file says; a list of the command line replaces the file's.
    write("defaults: {format: dot, style: table, restrict: [json, importlib]}\n")
    expect(run(PROFILE), "digraph")
    run(PROFILE, "-o", "out.folded")
    assert all(re.search(r"\S \d+$", line) for line in open("out.folded")), open("out.folded").read()
    expect(run(PROFILE, "-f", "text", "--restrict", "main", "-l", "9"), "restriction <'main'>")
    # What one command has doesn't touch the others.
    write("defaults: {convert: {limit: 1}, limit: 4, diff: {limit: 2}}\n")
    assert len(functions(run(PROFILE))) == 1
    expect(run("diff", PROFILE, PROFILE, "-f", "markdown"), "Nothing has changed")
    expect(run("--version"), "prof2any")


def a_flag_is_taken_back_on_the_command_line():
    write("defaults: {quiet: yes, exact: true, reverse: on}\n")
    expect(run(PROFILE, "-f", "folded", status=2), "--exact refuses")
    first = run(PROFILE, "-l", "2")
    assert functions(first) == functions(run(PROFILE, "-l", "2", "--no-config", "--reverse"))
    assert functions(run(PROFILE, "-l", "2", "--no-reverse")) == functions(run(PROFILE, "-l", "2", "--no-config"))
    run(PROFILE, "-f", "folded", "--no-exact")
    expect(run(PROFILE, "--no-exact=yes", status=2), "--no-exact takes no value")
    expect(run(PROFILE, "--no-limit", status=2), "no option --no-limit")


def names_are_stripped_renamed_grouped_and_hidden():
    whole = run(PROFILE, "-f", "folded", "--no-config", "-q")
    total = sum(int(line.rsplit(" ", 1)[1]) for line in whole.splitlines())
    write("names:\n  - strip: ^/usr/lib/python3.11/\n  - rename: ^_iterencode_(.*)$\n    to: iter-$1\n")
    out = run(PROFILE, "-f", "folded", "--names", "full", "-q")
    expect(out, "main (small.py:41)", "iter-dict (json/encoder.py:334)")
    assert "_iterencode_" not in out and "/usr/lib/python3.11/" not in out
    assert sum(int(line.rsplit(" ", 1)[1]) for line in out.splitlines()) == total
    write("names:\n  - {group: '/(json)/', to: 'all of $1'}\n  - {hide: ^<frozen}\n")
    out = run(TREE, "-f", "folded", "-q", "--names", "full")
    assert out == run(TREE, "-f", "folded", "-q", "--names", "full", "--no-config")  # nothing to group in it
    out = run(PROFILE, "-f", "folded", "-q", "--names", "full")
    expect(out, "all of json")
    assert "/json/" not in out and "all of json;all of json" not in out
    # Two runs of different places compare once what differs is stripped.
    text = run(TREE, "-f", "json", "--no-config")
    write(text.replace("/tmp/prof2any-samples/", "/builds/1/"), "a.json")
    write(text.replace("/tmp/prof2any-samples/", "/builds/22/"), "b.json")
    write("names: [{strip: '^/builds/[0-9]+/'}]\n")
    out = run("check", "b.json", "--baseline", "a.json", "--must", "calls(.*) <= baseline")
    expect(out, "in the baseline")
    out = run("check", "b.json", "--baseline", "a.json", "--must", "calls(.*) <= baseline", "--no-config")
    expect(out, "<built-in method", "in the baseline")
    assert "dispatch.py" not in out  # without the rule the program's own functions are others


def rules_that_match_nothing_change_nothing():
    """A call graph stays one: nothing is estimated, no count is lost, both sides of a comparison are there."""
    other = SAMPLES + "/profiles/pstats/py3.13-cprofile-m-small.prof"
    for command in [PROFILE], ["diff", PROFILE, other], ["diff", PROFILE, other, "-f", "tree"]:
        whole = run(*command, "--no-config", "-q")
        for rule in "hide: nosuch", "{group: nosuch, to: one}", "{rename: nosuch, to: one}", "strip: nosuch":
            write(f"names:\n  - {rule}\n")
            assert run(*command, "-q") == whole, (command, rule)
    # One that matches leaves both sides, and tells what estimated stacks don't have.
    write("names:\n  - hide: frozen\n")
    expect(run("diff", PROFILE, other, "-q"), "14.7 ms \u2192 12.3 ms")
    done = subprocess.run([os.environ["PROF2ANY"], PROFILE], capture_output=True, text=True)
    expect(done.stderr, "hide works on estimated stacks: call counts aren't known of them")


def formats_take_their_options():
    write("formats: {flamegraph: {width: 777, theme: dark}, dot: {nodes: 3}}\n")
    expect(run(PROFILE, "-f", "flamegraph"), 'viewBox="0 0 777 ')
    expect(run(PROFILE, "-f", "flamegraph", "-O", "width=555"), 'viewBox="0 0 555 ')
    assert run(PROFILE, "-f", "dot").count("fillcolor=") < run(PROFILE, "-f", "dot", "--no-config").count("fillcolor=")
    run(PROFILE, "-o", "x.svg")
    expect(open("x.svg").read(), 'viewBox="0 0 777 ')
    write("formats: {flamegraph: {width: 1}}\n")
    expect(run("nowhere", "-f", "flamegraph", status=2), "expected 200 to 100000")  # before it is read


def colours_are_those_of_the_rules():
    write('colors:\n  - {match: json, color: blue, name: our JSON}\n  - {match: "encoder", color: red}\n'
          '  - {match: importlib, color: "#808080"}\n')
    out = run(PROFILE, "-f", "flamegraph", "-O", "theme=light")
    expect(out, "our JSON", "importlib ")
    fills = dict(re.findall(r"\.(q\d+) rect\{fill:#(\w{6})", out))
    def channels(fill):
        return [int(fill[i:i + 2], 16) for i in (0, 2, 4)]
    for name, fill in fills.items():
        red, green, blue = channels(fill)
        assert (blue > red + 20 if name.startswith("q17") else max(red, green, blue) - min(red, green, blue) < 8), fills
    assert {name[:3] for name in fills} == {"q17", "q24"}, fills  # the first rule counts: nothing is red
    plain = run(PROFILE, "-f", "dot", "--no-config")
    chosen = run(PROFILE, "-f", "dot")
    assert plain != chosen  # in colours alone
    assert re.sub("#[0-9a-f]{6}", "", plain) == re.sub("#[0-9a-f]{6}", "", chosen)
    assert run(PROFILE, "-f", "dot", "-O", "theme=bw") == run(PROFILE, "-f", "dot", "-O", "theme=bw", "--no-config")


def config_prints_every_setting_and_its_place():
    write("defaults:\n  names: full\n  record:\n    clock: cpu\nformats:\n  flamegraph:\n    width: 900\n"
          "names:\n  - hide: importlib\ncolors:\n  - {match: json, color: blue}\nbudgets:\n  - parse <= 10\n")
    here = os.getcwd()
    out = run("config")
    def line(*words):
        pattern = r"^ *" + r" +".join(re.escape(word) for word in words) + r"$"
        if not re.search(pattern, out, re.M):
            raise SystemExit(f"expected {words} in:\n{out}")
    line("settings", "of", f"{here}/.prof2any.yml")
    line("names", "full", f"{here}/.prof2any.yml:2")
    line("record:", "clock", "cpu", f"{here}/.prof2any.yml:4")
    line("width", "900", f"{here}/.prof2any.yml:7")
    line("hide", "importlib", f"{here}/.prof2any.yml:9")
    line("blue", "json", f"{here}/.prof2any.yml:11")
    line("parse <= 10", f"{here}/.prof2any.yml:13")
    line("sort", "cumulative", "default")
    line("quiet", "no", "default")
    out = run("config", "flamegraph", "--no-config")
    expect(out, "no settings are read")
    line("width", "1200", "default")
    expect(run("config", "flamegrap", status=2), "did you mean flamegraph?")
    # Every option of --help that can be set has a line.
    out = run("config")
    for name in re.findall(r"--([a-z-]+)", run("--help")):
        if name not in ("help", "version", "completion", "manual", "config", "no-config", "option", "output", "no-"):
            assert re.search(rf"^  {name} ", out, re.M), name


def what_is_wrong_is_told_with_line_and_column():
    for text, words in [
            ("defaults:\n  nmes: full\n", "line 2: column 3: no option 'nmes', did you mean names?"),
            ("defaults:\n  names: long\n", "line 2: column 10: names long: expected short, full or pstats"),
            ("defaults:\n  limit: many\n", "line 2: column 10: limit many: expected a whole number from 1, or all"),
            ("defaults:\n  depth: 0\n", "line 2: column 10: depth 0: expected a whole number from 1"),
            ("defaults:\n  node-threshold: 200%\n", "column 19: node-threshold 200%: expected a percentage"),
            ("defaults:\n  sort: luck\n", "column 9: sort luck: expected sort keys of pstats"),
            ("defaults:\n  format: svgg\n", "column 11: no format 'svgg' to write"),
            ("defaults:\n  focus: '('\n", "column 10: focus '(': missing closing parenthesis"),
            ("defaults:\n  quiet: perhaps\n", "column 10: quiet: 'perhaps', expected yes or no"),
            ("defaults:\n  names: [full]\n", "column 10: names: expected a value"),
            ("defaults:\n  sort:\n", "sort: expected a value, or a list of them"),
            ("defaults:\n  help: yes\n", "column 3: help: expected on the command line, not in a file"),
            ("defaults:\n  output: a.svg\n", "column 3: output: expected on the command line, not in a file"),
            ("defaults:\n  timeit: {python: ./a}\n", "column 12: python: expected on the command line, not in a file"),
            ("defaults:\n  timeit:\n    setup: import a\n", "setup: expected on the command line, not in a file"),
            ("defaults:\n  check:\n    report: [text, junit=a.xml]\n", "column 20: report: 'junit=a.xml', expected a kind alone"),
            ("defaults:\n  record: {theme: x}\n", "column 12: no option 'theme'"),
            ("defaults: [a]\n", "column 11: a list, expected options with their values"),
            ("formats:\n  flmegraph: {}\n", "column 3: no format 'flmegraph' to write, did you mean flamegraph?"),
            ("formats:\n  perf: {}\n", "no format 'perf' to write, expected one of prof2any formats"),
            ("formats:\n  dot:\n    ndes: 3\n", "line 3: column 5: dot has no option 'ndes', did you mean nodes?"),
            ("formats:\n  dot: {nodes: few}\n", "column 16: nodes: 'few', expected a number"),
            ("formats:\n  dot: {nodes: -1}\n", "column 16: nodes: '-1', expected a number from 0"),
            ("formats:\n  dot: {theme: pink}\n", "column 16: theme: 'pink', expected one of: light"),
            ("names:\n  - hide: '['\n", "line 2: column 11: '[': missing terminating ]"),
            ("names:\n  - rename: (a)\n    to: $2\n", "line 2: column 13: '$2': $2 is no group of '(a)'"),
            ("names:\n  - rename: a\n", "line 2: column 5: no 'to', expected it here"),
            ("names:\n  - hide: a\n    to: b\n", "line 3: column 9: 'to' of hide"),
            ("names:\n  - {hide: a, strip: b}\n", "strip and hide in one rule"),
            ("names:\n  - {hid: a}\n", "column 6: no key 'hid', did you mean hide?"),
            ("names: {hide: a}\n", "column 8: a map, expected a list of rules"),
            ("colors:\n  - {match: a, color: blu}\n", "column 23: no colour 'blu', expected #rrggbb or one of"),
            ("colors:\n  - {match: a}\n", "column 5: no 'color', expected it here"),
            ("budgets:\n  - a =< 3\n", "line 2: column 5: limit 'a =< 3': character 3: expected <, <="),
            ("budgets:\n  - {limit: a <= 3, optional: maybe}\n", "optional: expected yes or no"),
            ("budget:\n", "line 1: column 1: no key 'budget', did you mean budgets?"),
            ("what: 1\n", "no key 'what', expected defaults, formats, names, colors, budgets"),
            ("a: b: c\n", "line 1: column 5: mapping values are not allowed"),
            ("defaults:\n\tnames: full\n", "line 2: column 1: a tab, expected blanks to indent with"),
            ("defaults:\n  names: full\n  names: short\n", "line 3: column 3: 'names' again, expected it once (it is in line 2)"),
            ("names:\n  - hide: ümläut\n  -\thide: a\n\tb: c\n", "a tab, expected blanks")]:
        write(text)
        error = run(PROFILE, "-l", "1", status=3)
        expect(error, f"prof2any: {os.getcwd()}/.prof2any.yml: line ", words)
        assert error.count("\n") == 1, error
    write("")
    run(PROFILE, "-l", "1")
    write("# nothing\n---\n")
    run(PROFILE, "-l", "1")
    write("defaults:\nnames:\nbudgets:\n")
    run(PROFILE, "-l", "1")
    expect(run(PROFILE, "--config", "nowhere.yml", status=3), "nowhere.yml: can't be read: No such file")
    expect(run(PROFILE, "--config", ".", status=3), "can't be read: Is a directory")
    expect(run(PROFILE, "--config", "a.yml", "--no-config", status=2), "expected one of them")
    # What doesn't read settings isn't stopped by broken ones.
    write("what: 1\n")
    run("--help")
    run(PROFILE, "-l", "1", "--no-config")


def hostile_yaml_is_refused_quickly():
    bomb = "a: &a [x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20))
    for text, words in [
            (bomb, "an anchor or alias, expected the value itself"),
            ("a: *a\n", "an anchor or alias"),
            ("a: &a\n  <<: *a\n", "an anchor or alias"),
            ("[" * 500000, "more than 8 levels"),
            ("{a: " * 200000, "more than 8 levels"),
            ("- " * 200000, "more than 8 levels"),
            ("budgets: [" + "a <= 1, " * 20000 + "]", "more than 10000 words"),
            ("".join(f"k{i}: 1\n" for i in range(20000)), "more than 10000 words"),
            ("# " + "x" * 2000000, "expected settings of 1048576 at most"),
            ("x" * 1000000, "a word, expected defaults"),
            ("defaults: !!python/object/apply:os.system ['true']\n", "a tag, expected a plain value"),
            ("%YAML 1.1\n%TAG ! tag:x,2000:\n---\n!a b\n", "a tag"),
            ("a: 1\n---\na: 1\n", "a second document, expected one"),
            ("? [a, b]\n: c\n", "a key that is no word"),
            (b"names: [{hide: a\xff}]\n", "expected UTF-8 text"),
            ('budgets: ["a\\0b <= 3"]\n', "a NUL, expected text"),
            ("budgets: [" + "(" * 3000 + "a <= 1]\n", "limit '"),
            ("names: [{hide: '(a+)+" + "b" * 100 + "$'}, {rename: a, to: '" + "$0" * 1000 + "'}]\n", None)]:
        write(text)
        started = time.monotonic()
        error = run("config", status=3 if words else 0)
        if words:
            expect(error, words)
        assert time.monotonic() - started < 20, text[:40]


def a_file_of_somebody_else_is_not_read():
    if os.geteuid() != 0:
        sys.exit(77)
    os.makedirs("above/mine")
    write("defaults: {limit: 1}\n", "above/.prof2any.yml")
    os.chown("above/.prof2any.yml", 12345, 12345)
    os.chdir("above/mine")
    done = subprocess.run([os.environ["PROF2ANY"], PROFILE], capture_output=True, text=True)
    expect(done.stderr, "above/.prof2any.yml belongs to somebody else: not read")
    assert len(functions(done.stdout)) == 210
    assert len(functions(run(PROFILE, "--config", "../.prof2any.yml"))) == 1
    os.chown(".", 12345, 12345)  # as in a container, where the sources are another user's
    assert len(functions(run(PROFILE))) == 1


def the_commented_sample_is_the_whole_schema():
    sample = SAMPLES + "/ci/prof2any.yml"
    out = run("config", "--config", sample)
    expect(out, "width", "strip", "group", "word_count <= 2000")
    text = open(sample).read()
    sections = re.findall(r"^([a-z]+):", text, re.M)
    write("nothing: 1\n")
    known = run("config", status=3).split("expected ")[1].strip().split(", ")
    assert sections == known, (sections, known)
    for color in run("config", "--config", bad_color(), status=3).split("one of: ")[1].split():
        assert re.search(rf"\b{color}\b", text), color
    for key in ("strip", "rename", "group", "hide", "to", "match", "color", "name", "limit", "optional"):
        assert re.search(rf"\b{key}:", text), key
    newer = SAMPLES + "/profiles/pstats/py3.13-cprofile-m-small.prof"
    assert "<frozen importlib" in run(newer, "--no-config", "-q", "-f", "folded")
    assert "<frozen importlib" not in run(newer, "--config", sample, "-q", "-f", "folded")


def bad_color():
    write("colors: [{match: a, color: none}]\n", "bad.yml")
    return "bad.yml"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(os.path.realpath(folder))
        globals()[sys.argv[1]]()
        os.chdir("/")
