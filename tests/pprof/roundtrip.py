"""What any sample folds to, it folds to after a way through pprof: stacks, places, marks and values of every
metric. Once more through it changes nothing. A pprof file becomes the same one by way of JSON."""
import glob
import os
import subprocess
import sys
import tempfile

SAMPLES = os.path.join(os.environ["SAMPLES"], "profiles")


def try_to(*arguments):
    return subprocess.run([os.environ["PROF2ANY"], *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(*arguments):
    result = try_to(*arguments)
    if result.returncode:
        sys.exit("%s: %s" % (" ".join(arguments), result.stderr.decode(errors="replace")))
    return result.stdout


def metrics(path):
    """The names, which the message lists that no metric has this one."""
    error = try_to(path, "-q", "-f", "folded", "--metric", "no such metric").stderr.decode()
    assert "the input has " in error, (path, error)
    return error.strip().split("the input has ")[1].split(", ")


def folded(path, metric):
    """Bytes that aren't UTF-8 can't be kept in a protocol buffer: here they are all one."""
    out = run(path, "-q", "-f", "folded", "-O", "sort", "--names", "full", "--metric", metric)
    return sorted(out.decode(errors="replace").splitlines())


def check(path, folder):
    one, two = os.path.join(folder, "1.pb"), os.path.join(folder, "2.pb")
    run(path, "-q", "-f", "pprof", "-O", "raw", "-o", one)
    run(one, "-q", "-f", "pprof", "-o", two)
    names = metrics(path)
    assert names == metrics(one), (path, names, metrics(one))
    if "/callgrind/" in path: # a graph, whose stacks are estimated by the metric that comes first
        del names[1:]
    for name in names:
        before, after = folded(path, name), folded(one, name)
        assert before == after, (path, name, set(before) ^ set(after))
        assert after == folded(two, name), (path, name)


def check_json(path, folder):
    document = os.path.join(folder, "1.json")
    run(path, "-q", "-f", "json", "-o", document)
    by_json = run(document, "-q", "-f", "pprof", "-O", "raw")
    assert by_json == run(path, "-q", "-f", "pprof", "-O", "raw"), path


def main():
    checked = 0
    with tempfile.TemporaryDirectory() as folder:
        for form in sorted(os.listdir(SAMPLES)):
            if try_to("formats", form).returncode:
                continue
            for path in sorted(glob.glob(os.path.join(SAMPLES, form, "*"))):
                check(path, folder)
                if form == "pprof":
                    check_json(path, folder)
                checked += 1
    assert checked > 100, checked


main()
