"""terminal.py FACT: what prof2any browse does for somebody who types."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios

PROGRAM = os.environ["PROF2ANY"]
SAMPLE = os.path.join(os.environ["SAMPLES"], "profiles", "pstats", "py3.11-cprofile-m-small.prof")
PATIENCE = 30


class Terminal:
    """The program on a terminal of its own, in a folder of its own with app.prof in it."""

    def __init__(self, folder, *words):
        self.text = ""
        self.master, slave = pty.openpty()
        self.slave = slave
        self.modes = termios.tcgetattr(slave)
        environment = dict(os.environ, TERM="xterm", XDG_STATE_HOME=os.path.join(folder, "state"),
                           HOME=folder, LC_ALL="C.UTF-8")
        self.child = subprocess.Popen([PROGRAM, "browse", "-q", *words], cwd=folder, stdin=slave,
                                      stdout=slave, stderr=slave, env=environment,
                                      preexec_fn=self.take_over)

    def take_over(self):
        os.setsid()
        os.close(os.open(os.ttyname(self.slave), os.O_RDWR))

    def until(self, words):
        """Reads until WORDS are there, and forgets what is up to them."""
        while words not in self.text:
            ready = select.select([self.master], [], [], PATIENCE)[0]
            assert ready, "%r did not come, but %r" % (words, self.text)
            raw = os.read(self.master, 65536).decode()
            self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x08|\r", "", raw)
        before, _, self.text = self.text.partition(words)
        return before + words

    def type(self, keys):
        os.write(self.master, keys.encode())

    def leave(self):
        self.type("quit\n")
        self.until("Goodbye.")
        assert self.child.wait(PATIENCE) == 0


def started(folder):
    terminal = Terminal(folder, "app.prof")
    terminal.until("Welcome to the profile statistics browser.")
    terminal.until("app.prof% ")
    return terminal


def a_tab_completes_commands_keys_and_files(folder):
    terminal = started(folder)
    terminal.type("so\tti\t\n")
    terminal.until("app.prof% ")
    terminal.type("stats 1\n")
    terminal.until("Ordered by: internal time")
    terminal.until("app.prof% ")
    terminal.type("read oth\t\n")
    terminal.until("other.prof% ")
    terminal.type("help ca\t\t")
    assert "callers" in terminal.until("callees") + terminal.until("callers")
    terminal.type("rs\n")
    terminal.until("Print callers statistics")
    terminal.until("other.prof% ")
    terminal.leave()


def a_tab_behind_a_folder_goes_on_within_it(folder):
    os.mkdir(os.path.join(folder, "deep"))
    shutil.copy(os.path.join(folder, "app.prof"), os.path.join(folder, "deep", "inner.prof"))
    terminal = started(folder)
    terminal.type("read dee\tinn\t\n")
    terminal.until("deep/inner.prof% ")
    terminal.leave()


def folders_alone_have_a_slash_where_several_names_fit(folder):
    for name in "deep", "deeper":
        os.mkdir(os.path.join(folder, name))
    terminal = started(folder)
    terminal.type("add \t\t")
    shown = re.split(r"\s+", terminal.until("app.prof% "))
    assert sorted(set(shown) & {"app.prof", "other.prof", "deep/", "deeper/"}) == \
        ["app.prof", "deep/", "deeper/", "other.prof"], shown
    terminal.type("other.p\t\n")
    terminal.until("app.prof% ")
    terminal.leave()


def lines_come_back_in_the_next_session(folder):
    terminal = started(folder)
    terminal.type("help reverse\n")
    terminal.until("Reverse the sort order")
    terminal.until("app.prof% ")
    terminal.type("\x1b[A\n")
    terminal.until("Reverse the sort order")
    terminal.until("app.prof% ")
    terminal.leave()
    path = os.path.join(folder, "state", "prof2any", "browse_history")
    assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0
    terminal = started(folder)
    terminal.type("\x1b[A\x1b[A\n")  # quit, then help reverse
    terminal.until("Reverse the sort order")
    terminal.until("app.prof% ")
    terminal.leave()


def a_line_can_be_mended_before_it_is_sent(folder):
    terminal = started(folder)
    terminal.type("elp quit\x01h\n")  # Ctrl-A goes to its start
    terminal.until("Leave the profile browser.")
    terminal.until("app.prof% ")
    terminal.type("read \u00e9\u20ac\x7f\n")
    terminal.until("No such file or directory")
    terminal.until("app.prof% ")
    terminal.leave()


def ctrl_d_and_ctrl_c_leave_and_restore_the_terminal(folder):
    for key, farewell in ("\x04", "Goodbye."), ("\x03", None):
        terminal = Terminal(folder, "app.prof")
        terminal.until("app.prof% ")
        terminal.type(key)
        if farewell:
            terminal.until(farewell)
        else:
            terminal.until("\n")
        assert terminal.child.wait(PATIENCE) == 0, key
        assert termios.tcgetattr(terminal.slave) == terminal.modes, key


if __name__ == "__main__":
    signal.alarm(100)
    here = tempfile.mkdtemp()
    for name in "app.prof", "other.prof":
        shutil.copy(SAMPLE, os.path.join(here, name))
    globals()[sys.argv[1]](here)
    shutil.rmtree(here)
