"""terminal.py FACT WORK: what a terminal gets, and what a pipe and a file get."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import common
from common import ESCAPE, PROGRAM, cells, run, sample

SMALL = sample("pstats/py3.11-cprofile-m-small.prof")


def on_terminal(*arguments, width=80, **environment):
    """What the program writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    variables = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment}
    with subprocess.Popen([PROGRAM, "-q", *arguments], stdin=subprocess.DEVNULL, stdout=theirs, env=variables) as process:
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError: # the other end was closed
            pass
        assert process.wait() == 0, arguments
    os.close(ours)
    return text.decode("utf-8").replace("\r\n", "\n")


def a_terminal_gets_a_table_as_wide_as_it_is(_):
    for width in (60, 80, 133, 200):
        text = on_terminal(SMALL, width=width)
        assert ESCAPE.search(text)
        assert ESCAPE.sub("", text).split("\n")[2].split()[-2:] in (["calls", "function"], ["function", "place"])
        assert max(cells(line) for line in ESCAPE.sub("", text).split("\n")) > width * 3 / 4
        assert text == run(SMALL, "-f", "table", "-O", f"width={width}", "-O", "color=always")
    assert on_terminal(SMALL, width=0) == run(SMALL, "-f", "table", "-O", "width=80", "-O", "color=always")


def a_terminal_decides_about_colours_and_letters(_):
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        text = on_terminal(SMALL, **environment)
        assert "\x1b" not in text and "\u2591" in text, environment
    assert ESCAPE.search(on_terminal(SMALL, NO_COLOR=""))
    for locale in ("C", "", "de_DE.ISO-8859-1"):
        on_terminal(SMALL, LANG=locale).encode("ascii")
    assert "\u00b5s" in on_terminal(SMALL, LANG="C", LC_ALL="en_US.utf8")
    assert "\u251c" in on_terminal(SMALL, "-f", "tree") and ESCAPE.search(on_terminal(SMALL, "-f", "tree"))


def what_the_user_says_counts_more(_):
    assert "\x1b" not in on_terminal(SMALL, "-O", "color=never")
    narrow = ESCAPE.sub("", on_terminal(SMALL, "-O", "width=50", width=120))
    assert max(cells(line) for line in narrow.split("\n")) <= 50
    assert on_terminal(SMALL, COLUMNS="60", width=120) == on_terminal(SMALL, width=60)
    for nothing in ("", "0", "-5", "wide", "99999999999999999999"):
        assert on_terminal(SMALL, COLUMNS=nothing, width=120) == on_terminal(SMALL, width=120), nothing
    assert on_terminal(SMALL, "-O", "width=50", COLUMNS="60") == on_terminal(SMALL, width=50)
    for words in (["--style", "pstats"], ["-f", "text"]):
        assert on_terminal(SMALL, *words) == run(SMALL), words
    assert on_terminal(SMALL, "-f", "folded") == run(SMALL, "-f", "folded")


def a_pipe_and_a_file_get_pstats_words(work):
    report = run(SMALL)
    assert "function calls" in report and report == run(SMALL, "-f", "text")
    path = work + "/report.txt"
    assert on_terminal(SMALL, "-o", path) == ""
    with open(path, encoding="utf-8") as file:
        assert file.read() == report
    assert run(SMALL, "--style", "table") == run(SMALL, "-f", "table")
    assert run(SMALL, "--style", "pstats") == report
    run(SMALL, "--style", "table", "-o", path)
    with open(path, encoding="utf-8") as file:
        assert file.read() == run(SMALL, "-f", "table")
    run(SMALL, "--style", "table", "-o", work + "/picture.svg", status=2)
    assert not os.path.exists(work + "/picture.svg")


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
