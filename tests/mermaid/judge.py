"""Mermaid itself draws what prof2any writes: every function, every arc, and names as they are."""
import json
import os
import re
import subprocess
import sys
import tempfile

from common import ALL, HOSTILE, SAMPLES, WIDE, check, convert, finish, hostile, shown

INPUTS = [
    (["-", *ALL, *WIDE], hostile()),
    (["-"], b"a\x01b\xff;c\x7f\xe2\x80\xae;\xc2\x85 3\n"),
    (["-", "-O", "title=\"]; \\ %%{init: {}}%% <b> # ---"], b"x 3\n"),
    ([os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-small.prof")], None),
    ([os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-recursive.prof"), "-O", "direction=right"], None),
    ([os.path.join(SAMPLES, "callgrind", "valgrind-small.callgrind"), "-O", "nodes=60", "-O", "color=self"], None),
    ([os.path.join(SAMPLES, "pprof", "go-cpu.pb")], None),
]


def drawn(texts, library):
    with tempfile.TemporaryDirectory(prefix="p2a-mermaid-") as folder:
        paths = []
        for text in texts:
            paths.append(os.path.join(folder, "%d.mmd" % len(paths)))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        page = subprocess.run(["sh", "../web/with-node.sh", "mermaid.js", library, *paths], stdout=subprocess.PIPE,
                              timeout=250)
    if page.returncode == 77:
        print("skipped: no browser")
        sys.exit(77)
    if not check(page.returncode == 0, page.stdout.decode()):
        finish()
    return json.loads(page.stdout)


def main():
    library = os.path.join(os.environ["SOURCE"], "build", "npm", "mermaid", "dist", "mermaid.min.js")
    if not os.path.exists(library):
        print("skipped: npm's mermaid isn't here, see tests/tools/npm.sh")
        sys.exit(77)
    texts = [convert(*arguments, text=text) for arguments, text in INPUTS]
    pictures = drawn([*texts, "flowchart TB\n  f1[\"a\"b\"]\n"], library)
    check(pictures.pop()["error"], "the check takes what it must not")
    for (arguments, _), text, picture in zip(INPUTS, texts, pictures):
        if not check(not picture["error"], arguments, picture["error"]):
            continue
        lines = text.split("\n")
        check(picture["nodes"] == sum("[\"" in line for line in lines), arguments, picture["nodes"], "boxes")
        ends = [match.groups() for match in re.finditer(r"^  (\w+) -(?:-|\.-)>.* (\w+)$", text, re.M)]
        links = len(ends) + 2 * sum(a == b for a, b in ends)  # a loop is drawn in three pieces
        check(picture["links"] == links, arguments, picture["links"], "links, expected", links)
        check(not picture["troubles"] and not picture["odd"], arguments, picture["troubles"], picture["odd"])
        title = json.loads(lines[1][len("title: "):])
        check(picture["title"] == title, arguments, picture["title"], title)
    names = [" ".join(shown(label.split("\n")[0]).split()) for label in pictures[0]["labels"]]
    for name in HOSTILE:
        check(" ".join(name.split()) in names, repr(name), "is drawn as something else")
    finish()


main()
