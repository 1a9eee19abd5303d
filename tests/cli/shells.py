"""shells.py FACT: what the shells complete, and the manual page."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

PROGRAM = os.environ["PROF2ANY"]
SKIPPED = 77
PATIENCE = 30


def printed(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=True).stdout


def commands():
    """The names of the commands, "" for converting, in the order of the help."""
    names = re.findall(r"(?m)^  prof2any (\S+)", printed("--help").split("\n\n")[1])
    return [""] + [name for name in names if name[0] != "["]


def options(command):
    """The options that the command's help lists: pairs of "-f" or "" and "--format"."""
    text = printed(*([command] if command else []), "--help")
    return re.findall(r"(?m)^  (?:(-\w), |    )(--[\w-]+)", text)


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            print("no %s here" % program)
            sys.exit(SKIPPED)


class Shell:
    """An interactive shell on a terminal, in a folder with the files FILES."""

    FILES = ["profile one.prof", "other.prof"]

    def __init__(self, words, completion):
        self.folder = tempfile.mkdtemp()
        for name in self.FILES:
            open(os.path.join(self.folder, name), "w").close()
        os.symlink(PROGRAM, os.path.join(self.folder, "prof2any"))
        path = os.path.join(self.folder, "completion")
        with open(path, "w") as file:
            file.write(completion)
        self.master, slave = pty.openpty()
        environment = dict(os.environ, PATH=self.folder + ":" + os.environ["PATH"], TERM="dumb",
                           HOME=self.folder, PS1="", PS2="")
        self.child = subprocess.Popen(words, cwd=self.folder, stdin=slave, stdout=slave, stderr=slave,
                                      env=environment, start_new_session=True)
        os.close(slave)
        self.text = ""

    def until(self, pattern):
        while not re.search(pattern, self.text):
            ready = select.select([self.master], [], [], PATIENCE)[0]
            assert ready, "%r did not come, but %r" % (pattern, self.text)
            self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r", "")
        found = re.search(pattern, self.text)
        self.text = self.text[found.end():]
        return found

    def type(self, keys):
        os.write(self.master, keys.encode())

    def completes(self, keys, line):
        """After KEYS, Tabs among them, the line reads LINE."""
        self.type("echo %s :end\n" % keys)
        self.until("(?m)^%s ?:end" % re.escape(line))

    def close(self):
        self.type("exit\n")
        os.close(self.master)
        self.child.terminate()
        self.child.wait(PATIENCE)
        shutil.rmtree(self.folder)


def bash_words(line):
    """What bash would propose for the last word of LINE, without a terminal."""
    words = re.findall(r"=|[^\s=]+", line) + ([""] if line[-1] in " =" else [])
    script = '%s\ncompopt() { :; }\nCOMP_WORDS=("${@}") COMP_CWORD=$(($# - 1))\n_prof2any\n' \
             'printf "%%s\\n" "${COMPREPLY[@]}"' % printed("--completion", "bash")
    run = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], capture_output=True, text=True,
                         check=True)
    assert not run.stderr, run.stderr
    return sorted(run.stdout.split())


def bash_proposes_commands_options_and_values():
    needs("bash")
    formats = sorted(re.findall(r"(?m)^(\w+) ", printed("formats")))
    formats.remove("format")
    assert bash_words("prof2any ") == sorted(commands()[1:])
    assert bash_words("prof2any bro") == ["browse"]
    assert bash_words("prof2any --fo") == ["--focus", "--format"]
    assert bash_words("prof2any x.prof --prune") == ["--prune-from"]
    assert bash_words("prof2any x.prof -f flam") == ["flamegraph"]
    assert bash_words("prof2any x.prof --format=flam") == ["flamegraph"]
    assert "dot" in bash_words("prof2any x.prof --format=") and "dot" not in bash_words("prof2any -i ")
    assert bash_words("prof2any --names ") == ["full", "pstats", "short"]
    assert bash_words("prof2any --sort cum") == ["cumtime", "cumulative"]
    assert bash_words("prof2any -f flamegraph -O titl") == ["title="]
    assert bash_words("prof2any -f dot -O color=") == ["always", "never", "none", "self", "total"]
    assert bash_words("prof2any -f dot -O theme=col") == ["color-blind"]
    assert bash_words("prof2any -O title=") == bash_words("prof2any theme ") == []
    assert bash_words("prof2any check --report m") == ["markdown"]
    assert bash_words("prof2any check --report junit=") == []
    assert bash_words("prof2any formats ") == bash_words("prof2any config ") == formats
    assert bash_words("prof2any timeit -u m") == ["msec"]
    assert bash_words("prof2any timeit --v") == ["--verbose", "--version", "--vs", "--vs-setup"]
    assert bash_words("prof2any browse --f") == []
    assert bash_words("prof2any --focus ") == bash_words("prof2any x.prof ") == []
    for command in commands():
        proposed = bash_words("prof2any %s -" % command if command else "prof2any -")
        assert proposed == sorted(word for pair in options(command) for word in pair if word), command


def a_tab_in_bash_completes():
    needs("bash")
    shell = Shell(["bash", "--norc", "--noprofile", "-i"], printed("--completion", "bash"))
    shell.type("bind 'set bell-style none'; source ./completion; complete -o default -F _prof2any echo\n")
    shell.type("echo rea''dy\n")
    shell.until("ready")
    shell.completes("--prune\t re", "--prune-from re")
    shell.completes("-f callg\tothe\t", "-f callgrind other.prof")
    shell.completes("--format=flam\t", "--format=flamegraph")
    shell.completes("-o profi\t", "-o profile one.prof")
    shell.completes("-O titl\tme", "-O title=me")
    shell.completes("-O theme=co\t", "-O theme=color-blind")
    shell.completes("-O theme\tco\t", "-O theme=color-blind")
    shell.close()


def a_tab_in_zsh_completes():
    needs("zsh")
    shell = Shell(["zsh", "-f", "-i"], printed("--completion", "zsh"))
    shell.type("unsetopt beep prompt_sp; unset zle_bracketed_paste; autoload -Uz compinit && compinit -u -D && "
               "source ./completion && compdef _prof2any echo; echo rea''dy\n")
    shell.until("(?m)^ready")
    shell.completes("--prune\tre", "--prune-from=re")
    shell.completes("-f callg\tothe\t", "-f callgrind other.prof")
    shell.completes("--format=flam\t", "--format=flamegraph")
    shell.completes("timeit -u ms\t", "timeit -u msec")
    shell.completes("-O titl\tme", "-O title=me")
    shell.completes("-O theme=co\t", "-O theme=color-blind")
    shell.completes("check --report mark\t", "check --report markdown")
    shell.completes("config callg\t", "config callgrind")
    shell.completes("brow\tothe\t", "browse other.prof")
    shell.completes("record sha256s\tothe\t", "record sha256sum other.prof")
    shell.close()


def fish_proposes_commands_options_and_values():
    needs("fish")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "prof2any.fish")
        with open(path, "w") as file:
            file.write(printed("--completion", "fish"))

        def words(line):
            environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder,
                               PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"])
            run = subprocess.run(["fish", "-N", "-c", "source %s; complete -C '%s'" % (path, line)],
                                 capture_output=True, text=True, check=True, cwd=folder, env=environment)
            assert not run.stderr, run.stderr
            return sorted(line.partition("\t")[0] for line in run.stdout.splitlines())

        assert set(commands()[1:]) <= set(words("prof2any "))
        assert words("prof2any --fo") == ["--focus", "--format"]
        assert words("prof2any -f flam") == ["flamegraph"]
        assert words("prof2any timeit -u ms") == ["msec"]
        assert "pprof" in words("prof2any formats p") and "pprof" in words("prof2any config p")
        assert words("prof2any -O theme=c") == ["theme=color-blind"]
        assert words("prof2any check --report m") == ["markdown"]
        for command in commands():
            proposed = words("prof2any %s --" % command)
            assert set(name for _, name in options(command)) <= set(proposed), (command, proposed)


def every_option_is_in_all_of_them():
    made = {shell: printed("--completion", shell) for shell in ("bash", "zsh", "fish")}
    manual = printed("--manual").replace("\\-", "-")
    for command in commands():
        assert len(options(command)) >= 3, command
        for key, name in options(command):
            assert re.search(r"(?m)[ |']%s[ |)]" % name, made["bash"]), name
            assert re.search(r"'\*?%s=?\[" % name, made["zsh"]), name
            assert re.search(r" -l %s " % name[2:], made["fish"]), name
            assert "\\fB%s\\fR" % name in manual, name
            if key:
                assert re.search(r" -s %s " % key[1], made["fish"]), key
                assert "\\fB%s\\fR, \\fB%s\\fR" % (key, name) in manual, key
    for name in commands()[1:]:
        assert manual.count(".SH %s\n" % name.upper()) == 1, name
        assert all(name in text for text in made.values()), name


def the_manual_page_is_shown_without_a_warning():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "prof2any.1")
        with open(path, "w") as file:
            file.write(printed("--manual"))
        checkers = [["mandoc", "-T", "lint", "-W", "warning", path],
                    ["groff", "-ww", "-man", "-Tascii", "-z", path]]
        here = [words for words in checkers if shutil.which(words[0])]
        if not here:
            needs("mandoc")
        for words in here:
            run = subprocess.run(words, capture_output=True, text=True)
            assert run.returncode == 0 and not run.stderr and not run.stdout, (words, run)
        show = ["mandoc", "-T", "ascii"] if shutil.which("mandoc") else ["groff", "-man", "-Tascii", "-P-cbou"]
        shown = subprocess.run([*show, path], capture_output=True, text=True, check=True).stdout
        shown = re.sub("_\x08|.\x08", "", shown)
        for words in "prof2any browse", "--node-threshold PERCENT", "EXIT STATUS", "callgrind (read, written)", \
                "optional parse <= 10", "budgets":
            assert words in shown, (words, shown)
        assert max(map(len, shown.splitlines())) <= 80


if __name__ == "__main__":
    signal.alarm(110)
    globals()[sys.argv[1]]()
