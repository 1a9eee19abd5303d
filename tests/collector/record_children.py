"""Child processes that run Python are recorded, each in a file of its own, however they are started and
whatever environment they are given; what they see is what they were given."""
import time

from record_common import *

# Each case ends in processes that call work() so many times.
WORK = """
    import os, sys
    def work():
        pass
    def some(n):
        for _ in range(n):
            work()
"""
SEEN = """
import os, sys
from work import some
some(7)
print(os.environ.get("PYTHONPATH"), [p for p in sys.path if "prof2any-" in p], len(os.environ),
      flush=True)
"""


class Children(RecordTest):
    def write_work(self):
        self.write("work.py", WORK)
        self.write("seen.py", SEEN)

    def check(self, program, children, calls, *arguments):
        """PROGRAM starts so many processes that call work() so often in all, its own calls with them; it
        writes the same with and without recording."""
        self.write_work()
        self.write("app.py", program)
        plain = self.run_plain(self.python, "app.py", *arguments)
        self.assertEqual(plain.status, 0, plain.err)
        done = self.record(self.python, "app.py", *arguments)
        self.assertEqual(done.of_program(), plain.of_program())
        recordings = self.recordings("app-*.p2a")
        self.assertEqual(len(recordings), 1 + children, done.said)
        self.assertEqual(self.calls("work"), calls)
        if children:
            self.assertIn("and {} of child processes".format(children), done.said)

    @each_python
    def test_subprocess_with_every_kind_of_environment(self):
        self.check("""
            import os, subprocess, sys
            environments = [None, dict(os.environ), os.environ, {"A": "1"}, {b"A": b"1"},
                            dict(os.environ, PYTHONPATH="/nowhere"), {b"PYTHONPATH": b"/nowhere"},
                            dict(os.environ, PYTHONPATH="")]
            for env in environments:
                for more in {}, {"close_fds": False}, {"cwd": "."}, {"shell": True}:
                    command = [sys.executable, "seen.py"]
                    if "shell" in more:
                        command = " ".join(command)
                    out = subprocess.run(command, env=env, stdout=subprocess.PIPE, **more).stdout
                    print(out.decode(), end="")
            print(sorted(environments[2].items()) == sorted(os.environ.items()), environments[3:5])
            """, 32, 32 * 7)

    @each_python
    def test_the_functions_of_os(self):
        self.check("""
            import os, sys
            from work import some
            some(2)
            python, command = sys.executable, sys.executable + " seen.py"
            os.system(command)
            print(os.popen(command).read(), end="", flush=True)
            os.spawnl(os.P_WAIT, python, python, "seen.py")
            os.spawnle(os.P_WAIT, python, python, "seen.py", {"B": "2"})
            for spawn in os.posix_spawn, os.posix_spawnp:
                os.waitpid(spawn(python, [python, "seen.py"], {"C": "3"}), 0)
                os.waitpid(spawn(python, [python, "seen.py"], os.environ), 0)
            os.environ["PYTHONPATH"] = "lib"
            os.system(command)
            del os.environ["PYTHONPATH"]
            os.system(command)
            for wrong in lambda: os.execve(python, [], {}), lambda: os.execve(python, [python], {"A": 1}), \\
                    lambda: os.posix_spawn(python, [python], 5), lambda: os.execv("nowhere", ["nowhere"]):
                try:
                    wrong()
                except Exception as error:
                    print(repr(error), flush=True)
            some(1)
            os.execve(python, [python, "seen.py"], env={"D": "4"})
            """, 13, 3 + 11 * 7)  # os.spawn* forks: the child is one, what it becomes another

    @each_python
    def test_multiprocessing(self):
        for method in "fork", "spawn", "forkserver":
            with self.subTest(method=method):
                for path in self.recordings():
                    os.unlink(path)
                self.write_work()
                self.write("app.py", """
                    import multiprocessing, os, sys
                    from work import some
                    if __name__ == "__main__":
                        context = multiprocessing.get_context("{}")
                        some(3)
                        processes = [context.Process(target=some, args=(10 * i,)) for i in (1, 2)]
                        for process in processes:
                            process.start()
                        for process in processes:
                            process.join()
                        with context.Pool(2) as pool:
                            print(sorted(pool.map(abs, range(-3, 3))))
                            pool.close()
                            pool.join()
                        print([process.exitcode for process in processes])
                    """.format(method))
                plain = self.run_plain(self.python, "app.py")
                done = self.record(self.python, "app.py")
                self.assertEqual(done.of_program(), plain.of_program())
                self.assertEqual(self.calls("work"), 33)
                server = method == "forkserver"
                self.assertEqual(len(self.recordings()), 5 + server)

    @each_python
    def test_a_function_of_the_program_is_one_in_all_its_processes(self):
        """A spawned process has the program's file as __mp_main__, and, before 3.9, by its whole path."""
        app = self.write("app.py", """
            import multiprocessing, sys
            def work():
                pass
            if __name__ == "__main__":
                work()
                context = multiprocessing.get_context(sys.argv[1])
                for process in [context.Process(target=work) for _ in range(3)]:
                    process.start()
                    process.join()
            """)
        for method in "fork", "spawn", "forkserver":
            for path in self.recordings():
                os.unlink(path)
            done = self.record(self.python, app, method)
            self.assertEqual(done.status, 0, done.err)
            rows = [row[:2] for key, row in self.stats().items() if key[2].startswith("work")]
            self.assertEqual(rows, [(4, 4)], method)

    @each_python
    def test_a_fork_goes_on_where_it_was(self):
        self.check("""
            import os
            from work import some, work
            def parent():
                work()
                pid = os.fork()
                if pid == 0:
                    some(5)
                    return 1
                os.waitpid(pid, 0)
                some(1)
            child = parent()
            work()
            """, 1, 1 + 5 + 1 + 1 + 1)
        folded = self.convert(*self.recordings(), "-f", "folded")
        stacks = [re.sub(r" \([^;]*\)| \d+$", "", line) for line in folded.splitlines()]
        self.assertIn("<module>;parent;some;work", stacks)
        self.assertFalse([stack for stack in stacks if stack.startswith("some")], folded)

    @each_python
    def test_what_outlives_the_program_keeps_its_recording(self):
        self.write_work()
        self.write("app.py", """
            import os, time
            from work import some
            begun = os.pipe()
            if os.fork() == 0:
                os.closerange(0, 3)
                some(3)
                os.write(begun[1], b".")
                while not os.path.exists("go"):
                    time.sleep(0.01)
                some(4)
                open("done", "w").close()
                os._exit(0)
            os.read(begun[0], 1)
        """)
        done = self.record(self.python, "app.py", options=["-o", "app.folded"])
        recording, = self.recordings("app-*.p2a")
        self.write("go", "")
        until = time.monotonic() + 60
        while not os.path.exists(os.path.join(self.here, "done")) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual((done.status, done.out), (0, ""))
        self.assertIn("runs still, its recording goes on in " + os.path.basename(recording), done.said)
        self.assertEqual(self.calls("work"), 7)

    @each_python
    def test_a_child_of_a_thread_ends_with_it(self):
        self.write("app.py", """
            import os, threading
            def f(): pass
            def part():
                child = os.fork()
                f()
                if child:
                    print(os.waitpid(child, 0)[1])
            thread = threading.Thread(target=part)
            thread.start()
            thread.join()
            """)
        for options in [], ["--sampled"]:
            done = self.record(self.python, "app.py", options=["-o", "app.prof", *options])
            self.assertEqual((done.status, done.out), (0, "0\n"), done.err)
            self.assertNotIn("was killed", done.said)
            self.assertEqual(self.calls("f", "app.prof"), 2)

    @each_python
    def test_a_fork_without_room_for_a_recording_goes_on_without(self):
        self.write("app.py", """
            import os, resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
            pid = os.fork()
            if not pid:
                os._exit(sum(range(4)))
            assert os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == 6
            """)
        done = self.record(self.python, "app.py")
        self.assertEqual(done.status, 0, done.err)
        self.assertRegex(done.said, r"prof2any: the forked process \d+ isn't recorded: .*File too large.*\n")
        self.assertEqual(len(self.recordings()), 1)

    @each_python
    def test_what_a_process_becomes_is_not_the_time_of_exec(self):
        self.write("app.py", """
            import os, sys, time
            if sys.argv[1:]:
                time.sleep(.4)
            else:
                os.execv(sys.executable, [sys.executable, __file__, "again"])
            """)
        self.record(self.python, "app.py")
        rows = {key[2]: row for key, row in self.stats().items()}
        self.assertEqual(len(self.recordings()), 2)
        self.assertGreaterEqual(rows["<built-in method time.sleep>"][3], .4)
        self.assertLess(rows["<built-in method posix.execv>"][3], .2)

    @each_python
    def test_through_a_shell_and_its_children(self):
        self.write_work()
        self.write("app.py", "import work; work.some(4)\n")
        self.write("run.sh", "{0} app.py; {0} app.py & wait; env {0} app.py\n".format(self.python))
        done = self.record("sh", "run.sh")
        self.assertEqual(done.status, 0)
        self.assertEqual(self.calls("work"), 12)

    @each_python
    def test_children_of_a_program_that_is_not_recorded_itself(self):
        self.write_work()
        code = "import subprocess, sys; subprocess.run([sys.executable, 'seen.py'])"
        done = self.record(self.python, "-E", "-c", code)
        self.assertEqual(self.calls("work"), 7, done.err)

    @each_python
    def test_of_two_recordings_the_one_nearest_to_the_program(self):
        self.write_work()
        self.write("app.py", "import subprocess, sys, work; work.some(2); subprocess.call(sys.argv[1:])\n")
        for path in None, "", "/nowhere:/there":
            inner = [PROGRAM, "record", "-o", "inner.prof", self.python, "seen.py"]
            env = dict(os.environ, PYTHONPATH=path)
            if path is None:
                del env["PYTHONPATH"]
            done = self.record(self.python, "app.py", *inner, options=["-o", "outer.prof"], env=env)
            self.assertEqual((done.status, done.out.split(" [")[0]), (0, str(path)), done.err)
            for name, calls in ("inner", 7), ("outer", 2):
                self.assertEqual(self.calls("work", name + ".prof"), calls, done.err)


if __name__ == "__main__":
    main()
