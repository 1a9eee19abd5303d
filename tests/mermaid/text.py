"""The text of a flowchart: nothing but its own kinds of lines whatever the names are, figures that are the profile's,
and a word where Mermaid won't draw it."""
import json
import os
import random
import re

from common import ALL, HOSTILE, SAMPLES, WIDE, check, convert, finish, hostile, run, shown

# Entities are numbers; nothing that could end a string, a line or a block of Markdown stands between quotes.
LABEL = r"(?:[^\x00-\x1f\"#;:&<>`%{}\[\]|\\*$~]|#\d+;|<br/>|%)*"
LINES = [
    r"  [fr]\d+\[\"" + LABEL + r"\"\](?::::(?:h[0-4]|rest))?",
    r"  [fr]\d+ (?:-->|-\.->)(?:\|\"" + LABEL + r"\"\|)? [fr]\d+",
    r"  linkStyle \d+(?:,\d+)* stroke-width:[\d.]+px",
    r"  classDef (?:h[0-4]|rest) [a-z#0-9:,-]+",
]
TITLE = r"title: \"(?:[^\"\\\x00-\x1f]|\\[\"\\])*\""


def body(text):
    lines = text.split("\n")
    check(lines[0] == "---" and lines[2] == "---" and lines[-1] == "", lines[:3])
    check(re.fullmatch(TITLE, lines[1]), lines[1])
    check(lines[3] in ("flowchart TB", "flowchart LR"), lines[3])
    return lines[4:-1]


def every_line_is_one_of_the_flowchart_s_own():
    inputs = [(["-"], hostile()), (["-"], b"a\x01b\xff;c\x7f\xe2\x80\xae;\xc2\x85 3\n"),
              ([os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-small.prof")], None),
              ([os.path.join(SAMPLES, "callgrind", "valgrind-small.callgrind")], None)]
    for arguments, text in inputs:
        for line in body(convert(*arguments, *ALL, text=text)):
            check(any(re.fullmatch(kind, line) for kind in LINES), line)


def names_are_there_whole():
    lines = body(convert("-", *ALL, *WIDE, text=hostile()))
    names = [shown(re.match(r"  f\d+\[\"(.*?)(?:<br/>|\"\])", line).group(1)) for line in lines if "[" in line]
    for name in HOSTILE:
        check(name in names, name, "is not among the names")


def figures_are_those_of_the_profile():
    path = os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-recursive.prof")
    status, text, _ = run(path, "-q", "-f", "json")
    check(status == 0, "json")
    profile = json.loads(text)
    arcs = sorted(arc["calls"] for arc in profile["arcs"])
    lines = body(convert(path, *ALL))
    links = [re.search(r"([\d,.]+)\u00a0?([kM]?)×", line) for line in lines if re.search(" -->| -.->", line)]
    check(len(links) == len(arcs), len(links), "links,", len(arcs), "arcs")
    drawn = sorted(int(link.group(1).replace(",", "")) for link in links if link and not link.group(2))
    check(drawn == [calls for calls in arcs if calls < 10000], drawn, arcs)
    functions = [line for line in lines if re.match(r"  f\d+\[", line)]
    check(len(functions) == len(profile["functions"]), len(functions), len(profile["functions"]))


def an_excerpt_says_what_it_leaves_out():
    text = convert(os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-small.prof"), "-O", "nodes=10", "-O", "title=A \"b\"")
    title = text.split("\n")[1]
    match = re.search(r"in (\d+) functions; drawn: (\d+), in dashed boxes: (\d+), left out: (\d+) \(self ", title)
    check(match and int(match.group(1)) == sum(int(n) for n in match.groups()[1:]), title)
    check(match.group(2) == "10" and title.startswith('title: "A \\"b\\": '), title)


def a_box_of_several_functions_holds_what_they_have():
    """Its total is never less than what its functions have by themselves, however they are entered: from boxes
    of functions, from one another, as a root."""
    dice, boxes = random.Random(6), 0
    trees = ["root;A 60\nroot;A;c 5\nroot;B 30\n" + "".join("root;B;b%d;c 4\n" % i for i in range(6)),
             "b;d 343\nd;a 704\nd;a;c 90\nd;e 416\nb;a 168\nc 96\nb 192\nd 432\n"]
    trees += ["".join(";".join(dice.choices("abcdefgh", k=dice.randint(1, 4))) + " %d\n" % dice.randint(1, 99)
                      for _ in range(8)) for _ in range(60)]
    for stacks in trees:
        for nodes in "123":
            text = convert("-", "-O", "nodes=" + nodes, "-O", "values=absolute", text=stacks.encode())
            for total, self in re.findall(r"r\d+\[\"\d+\smore<br/>(\d+)<br/>self\s(\d+)", text):
                check(int(self) <= int(total), stacks, nodes, total, self)
                boxes += 1
    check(boxes > 30, boxes)


def options_do_what_they_say():
    path = os.path.join(SAMPLES, "pstats", "py3.13-cprofile-m-small.prof")
    fenced = convert(path, "-O", "fence")
    check(fenced == "```mermaid\n" + convert(path) + "```\n", "fence")
    check("flowchart LR\n" in convert(path, "-O", "direction=right"), "direction")
    check(":::h" not in convert(path, "-O", "color=none"), "color=none")
    check("×" not in convert(path, "-O", "calls=no"), "calls=no")
    percent, absolute = convert(path, "-O", "values=percent"), convert(path, "-O", "values=absolute")
    check(not re.search(r"\[.*ms", percent) and not re.search(r"\[.*%", absolute), "values")


def what_mermaid_refuses_to_draw_is_told():
    many = "".join("main;f%d;g%d %d\n" % (i, i, i + 1) for i in range(300)).encode()
    status, _, messages = run("-", "-f", "mermaid", *ALL, text=many)
    check(status == 0 and re.search(r"characters and 600 arcs; Mermaid draws at most 50000 and 500", messages), messages)
    check("Mermaid draws" not in run("-", "-f", "mermaid", text=many)[2], "told of a small one")


every_line_is_one_of_the_flowchart_s_own()
names_are_there_whole()
figures_are_those_of_the_profile()
an_excerpt_says_what_it_leaves_out()
a_box_of_several_functions_holds_what_they_have()
options_do_what_they_say()
what_mermaid_refuses_to_draw_is_told()
finish()
