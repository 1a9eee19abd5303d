"""What `prof2any record` makes, and says: where the recording is, what to try next, what it was converted
to, and in one sentence why there is nothing."""
import glob
import shutil
import unittest

from record_common import *

DISPATCH = """
    def leaf_a():
        return sum(range(2000))
    def leaf_b():
        return sum(range(4000))
    def dispatch(which):
        return which()
    def a():
        for _ in range(50):
            dispatch(leaf_a)
    def b():
        for _ in range(50):
            dispatch(leaf_b)
    a()
    b()
"""


class Tells(RecordTest):
    def test_the_recording_is_named_with_the_next_command_to_try(self):
        self.write("app.py", DISPATCH)
        done = self.record(self.python, "app.py")
        match = re.fullmatch(r"prof2any: recorded (app-\d+\.p2a); next: (prof2any \1 -o app\.svg)\n",
                             done.said)
        self.assertTrue(match, done.said)
        path = "{}:{}".format(os.path.dirname(PROGRAM), os.environ["PATH"])
        followed = self.run_plain("sh", "-c", match.group(2), env=self.environment(PATH=path))
        self.assertEqual(followed.status, 0, followed.err)
        self.assertTrue(os.path.exists(os.path.join(self.here, "app.svg")))

    @each_python
    def test_names_may_have_anything_in_them(self):
        self.write("app.py", r"""
            import types
            module = types.ModuleType("gen\0erated")
            exec("def work(): return 1\nwork()", module.__dict__)
            def other(): pass
            other.__code__ = other.__code__.replace(co_name="a\0b")
            other()
            """)
        done = self.record(self.python, "app.py")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual((self.calls("work"), self.calls("a\\x00b")), (1, 1))

    def test_a_file_whose_name_is_no_utf8_keeps_its_name(self):
        name = "not\udcfeutf8.py"
        self.write(name, "def work(): pass\nwork()\n")
        done = self.record(self.python, name, options=("-o", "out.p2a"))
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual({os.path.basename(file) for file, _, _ in self.stats()}, {name})

    def test_names_that_a_shell_would_take_apart_are_quoted(self):
        self.write("it's an app.py", DISPATCH)
        done = self.record(self.python, "it's an app.py")
        words = done.said.split("next: ")[1].strip()
        path = "{}:{}".format(os.path.dirname(PROGRAM), os.environ["PATH"])
        self.assertEqual(self.run_plain("sh", "-c", words, env=self.environment(PATH=path)).status, 0)

    def test_what_a_recording_is_named_after(self):
        self.write("app.py", "")
        self.write("pkg/__init__.py", "")
        self.write("pkg/__main__.py", "")
        self.write("pkg/mod.py", "")
        python = self.python
        for command, stem in (([python, "./app.py"], "app"), ([python, "-m", "pkg"], "pkg"),
                              ([python, "-m", "pkg.mod"], "pkg.mod"), ([python, "pkg"], "pkg"),
                              ([python, "-c", ""], "python"), (["env", python, "app.py"], "app")):
            done = self.record(*command)
            self.assertEqual(len(self.recordings(stem + "-*.p2a")), 1, (command, done.said))
            for path in self.recordings():
                os.unlink(path)

    @each_python
    def test_a_prompt_is_named_python(self):
        if self.run_plain(self.python, "-c", "import _pyrepl").status:
            return
        self.record(self.python, "-m", "_pyrepl", stdin=subprocess.DEVNULL)
        self.assertEqual(len(self.recordings("python-*.p2a")), 1, self.recordings())

    def test_a_name_that_leaves_no_room_for_an_ending_is_cut(self):
        name = "\u00fc" * 126 + ".py"
        self.write(name, "")
        done = self.record(self.python, name)
        self.assertIn("recorded", done.said)
        self.assertEqual(len(self.recordings("\u00fc" * 100 + "-*.p2a")), 1)

    def test_a_name_that_begins_like_an_option_is_told_as_a_file(self):
        self.write("-x.py", DISPATCH)
        done = self.record(self.python, "./-x.py")
        words = done.said.split("next: ")[1].strip()
        path = "{}:{}".format(os.path.dirname(PROGRAM), os.environ["PATH"])
        followed = self.run_plain("sh", "-c", words, env=self.environment(PATH=path))
        self.assertEqual(followed.status, 0, followed.err)
        self.assertTrue(os.path.exists(os.path.join(self.here, "-x.svg")))

    def test_scripts_and_modules_are_run_by_python3(self):
        os.mkdir(os.path.join(self.here, "bin"))
        os.symlink(self.python, os.path.join(self.here, "bin", "python3"))
        env = self.environment(PATH=os.path.join(self.here, "bin") + ":/usr/bin:/bin")
        self.write("app.py", "import sys; print(sys.argv[1:])\n")
        self.write("dir/__main__.py", "import sys; print(sys.argv[1:])\n")
        for command in ["app.py"], ["dir"], ["-m", "app"], ["-mapp"], ["--module", "app"], ["--", "app.py"]:
            done = self.record(*command, "-x", "--help", "-o", env=env)
            self.assertEqual(done.out, "['-x', '--help', '-o']\n", command)
        self.write("run.py", "#!/bin/sh\necho shell\n", 0o755)
        self.assertEqual(self.record("./run.py", env=env).out, "shell\n")

    def test_quiet_says_nothing(self):
        done = self.record(self.python, "-c", "", options=["-q"])
        self.assertEqual(done.err, "")
        self.assertEqual(len(self.recordings()), 1)

    def test_an_output_is_converted_to(self):
        self.write("app.py", DISPATCH)
        for name, words in (("app.svg", b"<svg"), ("callgrind.out.app", b"fn="), ("app.folded", b";a ")):
            done = self.record(self.python, "app.py", options=["-o", name, "-q"])
            self.assertEqual(done.err, "")
            with open(os.path.join(self.here, name), "rb") as file:
                self.assertIn(words, file.read())
        self.record(self.python, "app.py", options=["-o", "app.prof"])
        self.assertEqual(self.calls("dispatch", "app.prof"), 100)
        self.assertEqual(self.recordings(), [])

    def test_a_format_without_an_output_goes_to_standard_output(self):
        self.write("app.py", "print('mine', flush=True)\n" + textwrap.dedent(DISPATCH))
        done = self.record(self.python, "app.py", options=["-f", "folded"])
        self.assertTrue(done.out.startswith("mine\n"), done.out)
        self.assertIn("dispatch (app.py:", done.out)
        self.assertEqual(self.recordings(), [])

    def test_a_report_begins_as_cprofiles_does(self):
        """And doesn't name the recording, which is gone by then."""
        self.write("app.py", DISPATCH)
        done = self.record(self.python, "app.py", options=["-f", "text"])
        self.assertRegex(done.out, r"\A +[0-9]+ function calls.* in [0-9.]+ seconds\n")

    def test_an_output_may_be_a_pipe_or_a_device(self):
        run = [self.python, "-c", "len('')"]
        for output in "/dev/stdout", "/dev/fd/1", "-":
            done = self.record(*run, options=["-q", "-f", "folded", "-o", output])
            self.assertIn("builtins.len", done.out, (output, done.err))
        command = "'{}' record -q -f folded -o /dev/stdout {} -c 'len(str())' >out.folded".format(
            PROGRAM, self.python)
        self.assertEqual(self.run_plain("sh", "-c", command).status, 0)
        with open(os.path.join(self.here, "out.folded")) as file:
            self.assertIn("builtins.len", file.read())
        self.assertEqual(self.recordings(), [])

    def can_run(self, user, *command):
        return subprocess.run([*user, "env", *command], capture_output=True, cwd="/").returncode == 0

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "root may write everywhere")
    def test_a_folder_that_cannot_be_written_to_is_no_obstacle_to_a_report(self):
        user = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        os.chmod(self.folder, 0o755)
        os.chmod(self.here, 0o555)
        os.chmod(self.temporary, 0o777)
        self.addCleanup(os.chmod, self.here, 0o755)
        env = self.environment(HOME=self.temporary)
        reached = [python for python in [*PYTHONS, "/usr/bin/python3"]
                   if self.can_run(user, PROGRAM, "--version") and self.can_run(user, python, "-c", "")]
        if not reached:
            self.skipTest("the program and the Pythons are out of another user's reach")
        run = [reached[0], "-c", "len('')"]
        done = self.run_plain(*user, PROGRAM, "record", "-q", "-f", "folded", *run, env=env)
        self.assertIn("builtins.len", done.out, done.err)
        done = self.run_plain(*user, PROGRAM, "record", *run, env=env)
        self.assertIn("no recording can be made there: Permission denied", done.said)

    def test_children_are_added_up_in_an_output(self):
        self.write("app.py", """
            import subprocess, sys
            def work(): pass
            work()
            if len(sys.argv) == 1:
                for _ in range(3):
                    subprocess.run([sys.executable, "app.py", "child"])
            """)
        self.record(self.python, "app.py", options=["-o", "app.prof"])
        self.assertEqual(self.calls("work", "app.prof"), 4)
        done = self.record(self.python, "app.py", options=["-o", "sub.p2a"])
        self.assertIn("recorded sub.p2a and 3 of child processes; next: prof2any sub.p2a app-", done.said)
        self.assertEqual(self.calls("work", "sub.p2a"), 1)
        self.assertEqual(self.calls("work"), 4)

    def test_a_raw_output_takes_the_place_of_what_was_there(self):
        self.write("out/app.p2a", "old")
        done = self.record(self.python, "-c", "len('')", options=["-o", "out/app.p2a"])
        self.assertIn("recorded out/app.p2a;", done.said)
        self.assertEqual(os.listdir(os.path.join(self.here, "out")), ["app.p2a"])
        self.assertEqual(self.calls("<built-in method builtins.len>", "out/app.p2a"), 1)

    def test_an_older_recording_of_the_same_number_stays(self):
        code = """if True:
            import os, sys
            open("x-%d.p2a" % os.getpid(), "w").write("old")
            os.execv(sys.executable, [sys.executable, "x.py"])
            """
        self.write("x.py", "")
        self.record("sh", "-c", "echo old >x-$$.p2a; exec {} x.py".format(self.python))
        self.assertEqual(len(self.recordings("x-*.p2a")), 2)
        self.assertEqual(len([path for path in self.recordings() if open(path, "rb").read(4) == b"old\n"]), 1)

    @each_python
    def test_interpreters_that_cannot_be_reached(self):
        self.write("app.py", "print('ran')\n")
        for option in "-I", "-E", "-S", "-sE", "-Bu", "-IS":
            done = self.record(self.python, option, "app.py")
            self.assertEqual((done.status, done.out), (0, "ran\n"))
            if option == "-Bu":
                self.assertIn("recorded", done.said)
            else:
                letter = [letter for letter in option if letter in "IES"][0]
                self.assertRegex(done.said, r"^prof2any: nothing recorded: Python was started with -{}, "
                                            r"which [^\n.]*\n?[^\n]*py\n$".format(letter))
        script = self.write("script", "#!{} -Es\nprint('ran')\n".format(self.python), 0o755)
        done = self.record(script)
        self.assertEqual(done.out, "ran\n")
        self.assertIn("started with -E", done.said)

    def test_a_program_without_python(self):
        done = self.record("sh", "-c", "echo ran; exit 5")
        self.assertEqual((done.status, done.out), (5, "ran\n"))
        self.assertRegex(done.said, "^prof2any: nothing recorded: sh started no Python that looks at "
                                    "PYTHONPATH .*\n$")

    def without_recorder(self):
        """A build that has no recorder for the Python under test."""
        build = os.path.join(self.folder, "build")
        shutil.copytree(os.path.join(os.environ["BUILD"], "python"), os.path.join(build, "python"))
        os.mkdir(os.path.join(build, "src"))
        shutil.copy(PROGRAM, os.path.join(build, "src", "prof2any"))
        for path in glob.glob(os.path.join(build, "python", "prof2any", "_prof2any*")):
            os.unlink(path)
        return build

    @each_python
    def test_a_python_without_recorder(self):
        build = self.without_recorder()
        self.addCleanup(shutil.rmtree, build, True)
        self.write("app.py", "import os, sys; print(os.environ.get('PYTHONPATH'), 'sitecustomize' in sys.modules)")
        command = [os.path.join(build, "src", "prof2any"), "record", self.python, "app.py"]
        done = self.run_plain(*command)
        self.assertEqual((done.status, done.out), (0, self.run_plain(self.python, "app.py").out))
        self.assertRegex(done.said, r"^prof2any: nothing recorded: there is no recorder for Python 3\.\d+\.\d+ "
                                    r"\(/.*\); build one .*-DPROF2ANY_PYTHONS=/[^ ]* \. .*\n$")
        shutil.rmtree(build)

    def test_older_pythons_run_and_are_named(self):
        versions = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
        old = glob.glob(versions + "/2.7*/bin/python") + glob.glob(versions + "/3.[67].*/bin/python3")
        self.write("app.py", "import os, sys; print((os.environ.get('PYTHONPATH'), sys.path[1:],"
                             "[m for m in sys.modules if 'custom' in m]))\n")
        for python in old:
            done = self.record(python, "app.py")
            self.assertEqual(done.of_program(), self.run_plain(python, "app.py").of_program())
            self.assertRegex(done.said, r"^prof2any: nothing recorded: there is no recorder for Python [23]\.\d+\.\d+ "
                                        r"\(/.*\), expected 3\.8 or newer\n$")
            self.assertIn(python, done.said)
        if not old:
            self.skipTest("no older Python")

    def test_what_cannot_be_run(self):
        done = self.record("nosuchprogram")
        self.assertEqual((done.status, done.said),
                         (127, "prof2any: nosuchprogram: can't be run: No such file or directory\n"))
        path = self.write("plain", "text\n")
        done = self.record(path)
        self.assertEqual(done.status, 126)
        self.assertIn("can't be run: Permission denied", done.said)

    def test_mistakes_are_told_before_the_program_runs(self):
        run = [self.python, "-c", "print('ran')"]
        self.write("readonly/x", "")
        os.mkfifo(os.path.join(self.here, "fifo"))
        os.mkdir(os.path.join(self.here, "folder.svg"))
        os.mkdir(os.path.join(self.here, "folder.p2a"))
        for options, words in ((["-o", "app.unknown"], "no format is known by the name of 'app.unknown'"),
                               (["-f", "unknown"], "no format 'unknown' to write"),
                               (["-o", "nowhere/app.svg"], "nowhere: no recording can be made there"),
                               (["-o", "-"], "no format is known by the name of '-'"),
                               (["-o", "-", "-f", "p2a"], "can't go to standard output"),
                               (["-o", "fifo", "-f", "p2a"], "in place, it can't go to fifo"),
                               (["-o", "folder.svg"], "folder.svg: is a directory"),
                               (["-o", "folder.p2a"], "folder.p2a: is a directory"),
                               (["-o", ""], "expected the name of a file or -"),
                               (["--clock", "sun"], "expected wall or cpu"),
                               (["--max-contexts", "0"], "expected a whole number"),
                               (["--python-only", "--sampled"], "don't go together"),
                               (["--sort", "x"], "no option --sort")):
            done = self.record(*run, options=options)
            self.assertEqual(done.out, "", options)
            self.assertIn(done.status, (2, 4), options)
            self.assertIn(words, done.said)
        self.assertIn("no command", self.record().said)

    def test_a_recording_goes_through_links_and_keeps_the_mode(self):
        self.write("real/old.p2a", "old\n")
        os.chmod(os.path.join(self.here, "real/old.p2a"), 0o604)
        os.symlink("real/old.p2a", os.path.join(self.here, "link.p2a"))
        done = self.record(self.python, "-c", "len('')", options=["-o", "link.p2a"])
        self.assertEqual(done.status, 0)
        self.assertIn("recorded link.p2a; ", done.said)
        self.assertEqual(os.readlink(os.path.join(self.here, "link.p2a")), "real/old.p2a")
        self.assertEqual(os.listdir(os.path.join(self.here, "real")), ["old.p2a"])
        real = os.stat(os.path.join(self.here, "real/old.p2a"))
        self.assertEqual(real.st_mode & 0o7777, 0o604)
        self.assertGreater(real.st_size, 100)

    def test_when_the_output_cannot_be_written_the_recording_stays(self):
        done = self.record(self.python, "-c", "import os; os.mkdir('app.svg'); print('ran')", options=["-o", "app.svg"])
        self.assertEqual((done.status, done.out), (4, "ran\n"))
        self.assertIn("app.svg: ", done.said)
        self.assertEqual(len(self.recordings()), 1)
        self.assertIn("recorded python-", done.said)

    @each_python
    def test_dispatch_shows_no_impossible_stack(self):
        self.write("app.py", DISPATCH)
        folded = self.record(self.python, "app.py", options=["-f", "folded"]).out
        stacks = {re.sub(r" \([^;]*\)| \d+$", "", line) for line in folded.splitlines()}
        self.assertIn("<module>;a;dispatch;leaf_a;<built-in method builtins.sum>", stacks)
        self.assertIn("<module>;b;dispatch;leaf_b;<built-in method builtins.sum>", stacks)
        self.assertFalse([stack for stack in stacks if ";a;" in stack and "leaf_b" in stack])
        self.assertFalse([stack for stack in stacks if ";b;" in stack and "leaf_a" in stack])

    @each_python
    def test_the_processors_time_begins_with_the_program(self):
        self.write("app.py", "def f(): pass\nfor i in range(100000): f()\n")
        done = self.record(self.python, "app.py", options=["--clock", "cpu", "-f", "folded"])
        self.assertIn("f (app.py:1)", done.out)
        self.assertNotIn("outside of recorded calls", done.said)

    @each_python
    def test_greenlets_are_told(self):
        self.write("gevent/hub.py", "def run(): pass")
        self.write("hub.py", "def run(): pass")
        self.write("app.py", "import hub, sys; hub.run(); 'g' in sys.argv and __import__('gevent.hub').hub.run()")
        done = self.record(self.python, "app.py", options=["-f", "folded"])
        self.assertNotIn("greenlet", done.said)
        done = self.record(self.python, "app.py", "g", options=["-f", "folded"])
        self.assertIn("note: greenlets switched in the midst of calls", done.said)

    @each_python
    def test_only_the_program_is_recorded(self):
        self.write("app.py", """
            import atexit, threading, time
            def at_the_end(): pass
            def in_thread():
                time.sleep(.05)
                late()
            def late(): pass
            atexit.register(at_the_end)
            threading.Thread(target=in_thread).start()
            """)
        folded = self.record(self.python, "app.py", options=["-f", "folded", "-q"]).out
        roots = {line.split(" (")[0].split(".")[-1] for line in folded.splitlines()}
        self.assertIn("late", folded)
        self.assertNotIn("at_the_end", folded)
        self.assertEqual(roots - {"_remove"}, {"<module>", "_bootstrap"}, folded)  # of a WeakSet's thread

    @each_python
    def test_the_first_thread_has_its_name(self):
        """Whether threading is imported first, later than much else or never."""
        work = "def work():\n    pass\nwork()\n"
        late = "import json, decimal, unittest\nimport threading\n" + work
        for program in work, "import threading\n" + work, late:
            self.write("app.py", program)
            done = self.record(self.python, "app.py", options=["-o", "app.json"])
            self.assertEqual(done.status, 0, done.err)
            self.assertIn("work", self.convert("app.json", "--thread", "MainThread", "-f", "folded"))

    @each_python
    def test_the_ways_to_record(self):
        self.write("app.py", DISPATCH)
        modes = ([], ["--clock", "wall"], ["--clock", "cpu"], ["--python-only"], ["--sampled"],
                 ["--allocations"], ["--max-contexts", "6"])
        for options in modes:
            done = self.record(self.python, "app.py", options=options)
            (path,) = self.recordings()
            stats = self.stats(path)
            self.assertEqual(self.calls("dispatch", path), 100, options)
            builtins = [key for key in stats if key[2] == "<built-in method builtins.sum>"]
            self.assertEqual(len(builtins), 0 if options == ["--python-only"] else 1, options)
            module = [row for key, row in stats.items() if key[2] == "<module>"][0]
            whole = sum(row[2] for row in stats.values())
            self.assertAlmostEqual(module[3], whole, delta=whole / 1e6 + 1e-9)
            os.unlink(path)


if __name__ == "__main__":
    main()
