"""A program doesn't see that it is recorded: arguments, paths, environment, modules, output, tracebacks and
exit status are what they are without `prof2any record`."""
import zipfile

from record_common import *

# Everything that a program might look at.
MIRROR = """
    import sys
    modules = sorted(sys.modules)
    import os, signal, threading, gc, posix
    def look():
        print("modules", modules)
        print("argv", sys.argv, getattr(sys, "orig_argv", None))
        print("main", __name__, __file__ if "__file__" in globals() else None, __package__)
        print("spec", __spec__ and (__spec__.name, __spec__.origin))
        print("globals", sorted(globals()))
        print("path", sys.path)
        print("flags", sys.flags, sys.warnoptions, sys.dont_write_bytecode)
        print("environ", sorted(os.environ.items()), sorted(posix.environ.items()))
        print("finders", sys.meta_path, sys.path_hooks, sorted(sys.path_importer_cache))
        print("hooks", sys.excepthook, sys.displayhook, sys.breakpointhook, sys.unraisablehook)
        print("signals", [(s, signal.getsignal(s)) for s in range(1, 32)])
        print("mask", signal.pthread_sigmask(signal.SIG_BLOCK, []))
        print("groups", os.getpgrp(), os.getsid(0), os.getcwd(), os.umask(0))
        print("threads", threading.enumerate(), gc.get_threshold(), sys.getrecursionlimit())
        print("customize", getattr(sys, "customized", None))
        print("stdin", sys.stdin.read() if "read" in sys.argv else None)
    look()
"""
ADDRESS = re.compile(r"0x[0-9a-f]+|started (daemon )?[0-9]+")


class Same(RecordTest):
    def assert_same(self, *command, options=(), **more):
        plain = self.run_plain(*command, **more)
        recorded = self.record(*command, options=options, **more)
        for mine, its in zip(recorded.of_program(), plain.of_program()):
            if isinstance(its, str):
                mine = ADDRESS.sub("", mine).splitlines()
                its = ADDRESS.sub("", its).splitlines()
            self.assertEqual(mine, its, recorded.err)
        self.assertRegex(recorded.said, "recorded .*p2a")
        return recorded

    @each_python
    def test_a_script(self):
        self.write("app.py", MIRROR)
        self.assert_same(self.python, "app.py")
        self.assert_same(self.python, os.path.join(self.here, "app.py"), "a", "-o", "--", "")

    @each_python
    def test_a_script_elsewhere(self):
        self.write("sub/app.py", MIRROR)
        self.assert_same(self.python, "sub/app.py", "-m", "x")

    @each_python
    def test_a_module(self):
        self.write("mod.py", MIRROR)
        self.write("pkg/__init__.py", "import json\n")
        self.write("pkg/__main__.py", MIRROR)
        self.assert_same(self.python, "-m", "mod", "a")
        self.assert_same(self.python, "-m", "pkg", "a")

    @each_python
    def test_a_folder_and_a_zip_file(self):
        self.write("dir/__main__.py", MIRROR)
        with zipfile.ZipFile(os.path.join(self.here, "app.pyz"), "w") as archive:
            archive.writestr("__main__.py", textwrap.dedent(MIRROR))
        self.assert_same(self.python, "dir", "a")
        self.assert_same(self.python, "app.pyz", "a")

    @each_python
    def test_a_command_and_standard_input(self):
        self.assert_same(self.python, "-c", textwrap.dedent(MIRROR), "a", "read", input=b"hello\n")
        self.assert_same(self.python, "-", "a", input=textwrap.dedent(MIRROR).encode())
        self.assert_same(self.python, input=textwrap.dedent(MIRROR).encode())

    @each_python
    def test_options_of_the_interpreter(self):
        self.write("app.py", MIRROR)
        for options in (["-B", "-u"], ["-O"], ["-s"], ["-W", "error"], ["-X", "dev"]):
            self.assert_same(self.python, *options, "app.py")

    @each_python
    def test_PYTHONPATH(self):
        self.write("app.py", MIRROR)
        for value in (None, "", "lib", "/nowhere:lib", "lib:", ":lib", "."):
            env = self.environment(PYTHONPATH=value)
            self.assert_same(self.python, "app.py", env=env)

    @each_python
    def test_a_sitecustomize_that_is_there_already(self):
        self.write("app.py", MIRROR)
        self.write("lib/sitecustomize.py", """
            import sys, json
            sys.customized = __file__, __name__, sorted(sys.path), __spec__.name
            """)
        self.write("bad/sitecustomize.py", "raise ValueError('no')\n")
        self.write("lib/usercustomize.py", "import sys; sys.customized += (1,)\n")
        for folder in "lib", "bad":
            env = self.environment(PYTHONPATH=os.path.join(self.here, folder))
            self.assert_same(self.python, "app.py", env=env)

    @each_python
    def test_a_console_script_in_a_virtual_environment(self):
        venv = os.path.join(self.here, "venv")
        self.run_plain(self.python, "-m", "venv", "--without-pip", venv)
        (site,) = __import__("glob").glob(os.path.join(venv, "lib", "python3*", "site-packages"))
        self.write(os.path.join(site, "tool/__init__.py"), MIRROR + """
            def main():
                look()
                sys.exit(4)
            """.replace("\n        ", "\n"))
        self.write(os.path.join(site, "tool/__main__.py"), "import tool; tool.main()\n")
        self.write("venv/bin/tool", """\
            #!{}/bin/python
            import re
            import sys
            from tool import main
            if __name__ == '__main__':
                sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
                sys.exit(main())
            """.format(venv), 0o755)
        before = self.files(venv)
        done = self.assert_same("venv/bin/tool", "a")
        self.assertEqual(done.status, 4)
        path = os.path.join(venv, "bin") + ":" + os.environ["PATH"]
        self.assert_same("tool", "a", env=self.environment(PATH=path))
        self.assert_same("python", "-m", "tool", env=self.environment(PATH=path))
        self.assertEqual(self.files(venv), before, "something was installed")

    @staticmethod
    def files(folder):
        return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)

    @each_python
    def test_tracebacks(self):
        self.write("app.py", """
            import threading
            def f(n):
                return 1 / n if n < 1 else f(n - 1)
            t = threading.Thread(target=f, args=(2,), name="worker")
            t.start()
            t.join()
            f(3)
            """)
        self.assertEqual(self.assert_same(self.python, "app.py").status, 1)
        self.assert_same(self.python, "-m", "app")
        self.assert_same(self.python, "-c", "import app")

    @each_python
    def test_a_profile_function_that_is_put_back(self):
        self.write("app.py", """
            import sys, threading
            def f():
                print("here")
            old = sys.getprofile()
            sys.setprofile(None)
            f()
            sys.setprofile(old)
            f()
            threading.setprofile(old)
            thread = threading.Thread(target=f)
            thread.start()
            thread.join()
            """)
        self.assertEqual(self.assert_same(self.python, "app.py").status, 0)

    @each_python
    def test_what_a_profile_function_is_told(self):
        self.write("app.py", """
            import profile, sys, threading
            def f(told):
                len(told)
            def remember(frame, event, arg):
                told.append((frame.f_code.co_name, event, getattr(arg, "__name__", None)))
            told = []
            sys.setprofile(remember)
            f(told)
            sys.setprofile(remember)
            sys.setprofile(None)
            profile.Profile().runcall(f, "profile stops where an event doesn't fit")
            threading.setprofile(remember)
            thread = threading.Thread(target=f, args=(told,))
            thread.start()
            thread.join()
            print([what for what in told if what[0] in ("f", "<module>") or what[2] == "setprofile"])
            threading.setprofile(None)
            """)
        self.assertEqual(self.assert_same(self.python, "app.py").status, 0)

    @each_python
    def test_threads_are_the_programs_own(self):
        self.write("app.py", """
            import os, subprocess
            for fork in os.fork, os.forkpty:
                child = fork()
                if child == 0 or fork is os.forkpty and child[0] == 0:
                    os._exit(0)
                os.waitpid(child if fork is os.fork else child[0], 0)
            subprocess.call(["true"], preexec_fn=int)
            """)
        for options in [], ["--sampled"]:
            self.assert_same(self.python, "-W", "always", "app.py", options=options)

    @each_python
    def test_a_limit_on_the_size_of_files_whose_signal_kills(self):
        code = """if True:
            import resource, signal
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, resource.RLIM_INFINITY))
            for i in range(3000):
                exec("def a%d(): pass\\na%d()" % (i, i))
            """
        done = self.record(self.python, "-c", code, options=("-q",))
        self.assertEqual(done.status, 0)
        self.assertIn("no room left on the disk, or for a file so large", done.said)
        self.assertNotIn("{pid}", done.said)

    @each_python
    def test_a_limit_of_addresses(self):
        self.write("large.py", "print(len(bytearray(400 << 20)))\n")
        self.assert_same("sh", "-c", "ulimit -v 600000; exec %s large.py" % self.python)

    @each_python
    def test_interpreters_within_leave_the_recording_alone(self):
        self.write("app.py", """
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                import _interpreters as interpreters
            def f(n):
                return n if n < 2 else f(n - 1) + f(n - 2)
            within = interpreters.create()
            interpreters.run_string(within, "def g(): return 1\\ng()")
            f(5)
            """)
        done = self.record(self.python, "app.py")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(len(self.recordings()), 1)
        self.assertEqual((self.calls("f"), self.calls("g")), (15, 0))

    @each_python
    def test_a_script_that_does_not_compile(self):
        self.write("app.py", "print('a'\n")
        plain = self.run_plain(self.python, "app.py")
        recorded = self.record(self.python, "app.py")
        self.assertEqual(recorded.of_program(), plain.of_program())
        self.assertIn("ended before the program's first instruction", recorded.said)

    @each_python
    def test_every_way_to_end(self):
        endings = ["pass", "sys.exit(3)", "sys.exit('why')", "sys.exit(None)", "raise SystemExit(300)",
                   "os._exit(9)", "raise KeyboardInterrupt", "os.abort()", "1 / 0",
                   "os.kill(os.getpid(), signal.SIGTERM)", "os.kill(os.getpid(), signal.SIGKILL)",
                   "os.kill(os.getpid(), signal.SIGSEGV)", "os.kill(os.getpid(), signal.SIGPIPE)",
                   "atexit.register(print, 'bye')", "atexit.register(os._exit, 6)",
                   "threading.Timer(.05, print, ['late']).start()",
                   "os.execl('/bin/sh', 'sh', '-c', 'exit 8')"]
        for ending in endings:
            with self.subTest(ending=ending):
                code = "import os, sys, signal, atexit, threading\nprint('out', flush=True)\n" + ending
                self.assert_same(self.python, "-c", code)

    @each_python
    def test_standard_output_that_nobody_reads(self):
        code = "import sys\nfor i in range(100000): print(i)"
        self.assertEqual(self.unread(PROGRAM, "record", self.python, "-c", code),
                         self.unread(self.python, "-c", code))

    def unread(self, *command):
        """What a command does whose output nobody reads from the start: a reader that leaves later
        leaves the program's buffers now like this, now like that."""
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return self.run_plain(*command, stdout=writer).of_program()
        finally:
            os.close(writer)


if __name__ == "__main__":
    main()
