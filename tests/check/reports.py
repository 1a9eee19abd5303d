"""reports.py FACT: the reports of prof2any check."""
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

from profiles import FUNCTIONS, TREE, Case, expect, write_tree

LIMITS = ["execute <= 14", "calls(.*) <= 7", "nowhere <= 1", "get <= 8"]
HERE = os.path.dirname(os.path.abspath(__file__))


def junit_fits_its_schema(case):
    case.check(1, *LIMITS, more=["--report", "junit=check.xml"])
    schema = os.path.join(HERE, "junit.xsd")
    try:
        subprocess.run(["xmllint", "--noout", "--schema", schema, "check.xml"], check=True,
                       capture_output=True)
    except FileNotFoundError:
        sys.exit(77)
    root = xml.etree.ElementTree.parse("check.xml").getroot()
    assert root.attrib == {"name": "prof2any check", "tests": "4", "failures": "2", "errors": "1", "time": "0"}
    cases = {test.get("name"): test for test in root.iter("testcase")}
    assert list(cases) == LIMITS
    assert cases["execute <= 14"].find("failure").get("message") == "execute (db.py:9): calls 15, expected at most 14"
    lines = cases["calls(.*) <= 7"].find("failure").text.splitlines()
    assert [line.split()[0] for line in lines] == ["fetch", "get", "execute"], lines
    assert cases["nowhere <= 1"].find("error").get("type") == "matches nothing"
    assert cases["get <= 8"].find("system-out").text.startswith("get (api.py:62): calls 8")
    # The schema refuses what isn't so.
    broken = open("check.xml").read().replace('tests="4"', 'tests="many"', 1)
    open("broken.xml", "w").write(broken)
    assert subprocess.run(["xmllint", "--noout", "--schema", schema, "broken.xml"],
                          capture_output=True).returncode != 0


def github_annotations_are_one_line_each(case):
    write_tree("here.json", TREE, functions={
        name: (path.replace("/srv", os.getcwd()), line) for name, (path, line) in FUNCTIONS.items()})
    out = case.check(1, *LIMITS, "total(handler) < 50%", profile="here.json", more=["--report", "github"])
    assert out.splitlines() == [
        "::error file=app/db.py,line=9,title=execute <= 14::execute (db.py:9): calls 15, expected at most 14",
        "::error file=app/web.py,line=20,title=calls(.*) <= 7::fetch (web.py:20): calls 8, expected at most 7",
        "::error file=/usr/lib/python3.11/site-packages/requests/api.py,line=62,title=calls(.*) <= 7::"
        "get (api.py:62): calls 8, expected at most 7",
        "::error file=app/db.py,line=9,title=calls(.*) <= 7::execute (db.py:9): calls 15, expected at most 7",
        "::error title=nowhere <= 1::nowhere: matches no function",
        "::error file=app/web.py,line=5,title=total(handler) < 50%25::handler (web.py:5): total 105 ms, "
        "84 %25 of the whole, expected less than 50 %25"], out


def markdown_is_a_table(case):
    out = case.check(1, *LIMITS, "calls(fib|get) <= 9", more=["--report", "markdown"])
    lines = out.splitlines()
    expect(lines[0], "### app.json: 2 of 5 limits kept")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    assert len(rows) == 2 + 7 and {len(row) for row in rows} == {4}, out
    assert [row[0].strip() for row in rows[2:]] == ["**broken**"] * 4 + ["**matches nothing**", "kept", "kept"], out
    try:
        page = subprocess.run(["cmark-gfm", "-e", "table"], input=out, capture_output=True, text=True).stdout
    except FileNotFoundError:
        return
    assert page.count("<tr>") == 8 and "calls(fib|get) &lt;= 9" in page, page


def reports_go_where_they_are_sent(case):
    os.mkdir("out")
    out = case.check(1, *LIMITS, more=["--report", "markdown=out/a.md", "--report", "junit=out/b.xml"])
    expect(out, "broken          execute <= 14", "1 of 4 limits kept")  # the text is printed all the same
    assert sorted(os.listdir("out")) == ["a.md", "b.xml"]
    out = case.check(1, *LIMITS, more=["--report", "text=out/c.txt", "--report", "github"])
    assert out.startswith("::error") and "limits kept" not in out
    expect(open("out/c.txt").read(), "1 of 4 limits kept")
    error = case.check(2, *LIMITS, more=["--report", "text", "--report", "github"])
    expect(error, "2 reports to standard output")
    case.check(4, *LIMITS, more=["--report", "junit=nowhere/x.xml"])
    case.check(2, *LIMITS, more=["--report", "junit="])


def hostile_names_stay_text(case):
    evil = 'x"><!]]>&|`\x1b[31m\n::error::no%'
    write_tree("evil.json", TREE, functions=dict(FUNCTIONS, get=('/tmp/a,b:c"<\n%/é.py', 3)))
    text = open("evil.json").read().replace('"name": "get"', '"name": ' + __import__("json").dumps(evil))
    open("evil.json", "w").write(text)
    limit = "calls(x..<) <= 1"
    case.check(1, limit, profile="evil.json", more=["--report", "junit=check.xml"])
    root = xml.etree.ElementTree.parse("check.xml").getroot()
    expect(root.find(".//failure").text, 'x"><!]]>&|`', "::error::no%")
    out = case.check(1, limit, profile="evil.json", more=["--report", "github"])
    assert out.count("\n") == 1 and out.startswith("::error file=/tmp/a%2Cb%3Ac\"<%0A%25/é.py,line=3,title="), out
    out = case.check(1, limit, profile="evil.json", more=["--report", "markdown"])
    assert len(out.splitlines()) == 5 and "\x1b" not in out, out
    assert "\x1b" not in case.check(1, limit, profile="evil.json")


if __name__ == "__main__":
    globals()[sys.argv[1]](Case())
