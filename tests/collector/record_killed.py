"""A program that is killed at any moment leaves a recording that can be read and has what it did."""
import random
import struct
import time

from record_common import *

KILLS = 50

# Counts its own calls of leaf() in a file, from inside.
PROGRAM_TEXT = """
    import mmap, sys
    file = open("count", "r+b")
    count = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
    def leaf():
        count[0] += 1
    def branch(n):
        if n:
            branch(n - 1)
        leaf()
        len("abc")
    def new(i):
        names = {}
        exec("def f%d():\\n leaf()" % (i % 5000), {"leaf": leaf}, names)
        names["f%d" % (i % 5000)]()
    i = 0
    while True:
        i += 1
        branch(i % 10)
        new(i)
"""


class Killed(RecordTest):
    def counted(self):
        with open(os.path.join(self.here, "count"), "rb") as file:
            return struct.unpack("Q", file.read(8))[0]

    def start(self):
        self.write("count", "\0" * 8)
        self.write("app.py", PROGRAM_TEXT)
        return subprocess.Popen([PROGRAM, "record", self.python, "app.py"], cwd=self.here,
                                env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def wait_for_calls(self, process):
        end = time.monotonic() + 60
        while self.counted() < 100:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(.001)

    def program_of(self, supervisor):
        with open("/proc/{0}/task/{0}/children".format(supervisor.pid)) as file:
            return int(file.read().split()[0])

    def kill_and_check(self, moment, number):
        with self.start() as process:
            self.wait_for_calls(process)
            time.sleep(moment)
            os.kill(self.program_of(process), number)
            status = process.wait()
            said = process.stderr.read().decode()
        self.assertEqual(status, -number)
        self.assertIn("recorded", said)
        recordings = self.recordings()
        self.assertEqual(len(recordings), 1)
        counted, recorded = self.counted(), self.calls("leaf")
        self.assertLessEqual(abs(recorded - counted), max(2, counted // 100), (counted, recorded))
        os.unlink(recordings[0])

    def test_killed_at_fifty_random_moments(self):
        seed = int.from_bytes(os.urandom(4), "little")
        moments = random.Random(seed)
        for i in range(KILLS):
            self.python = PYTHONS[i % len(PYTHONS)]
            with self.subTest(seed=seed, i=i, python=self.python):
                self.kill_and_check(moments.random() * .15, signal.SIGKILL)

    @each_python
    def test_other_deaths(self):
        for number in signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT:
            self.kill_and_check(.05, number)

    @each_python
    def test_the_time_is_that_until_its_death(self):
        self.write("app.py", """
            import os, signal, time
            def wait():
                time.sleep(.3)
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(10)
            wait()
            """)
        start = time.monotonic()
        done = self.record(self.python, "app.py")
        elapsed = time.monotonic() - start
        self.assertEqual(done.status, -signal.SIGKILL)
        said = self.run_plain(PROGRAM, self.recordings()[0], "-f", "text").err
        self.assertRegex(said, "process [0-9]+ was killed or became another program")
        (row,) = [row for key, row in self.stats().items() if key[2] == "wait"]
        self.assertGreaterEqual(row[3], .3)
        self.assertLess(row[3], elapsed)

    @each_python
    def test_time_of_the_processor_is_no_more_than_there_was(self):
        code = "import os, signal; sum(range(10 ** 6)); os.kill(os.getpid(), signal.SIGKILL)"
        start = time.monotonic()
        done = self.record(self.python, "-c", code, options=("--clock", "cpu"))
        elapsed = time.monotonic() - start
        self.assertEqual(done.status, -signal.SIGKILL)
        times = [row[3] for row in self.stats().values()]
        self.assertTrue(0 < max(times) < elapsed, times)

    @each_python
    def test_a_running_program_can_be_looked_at(self):
        with self.start() as process:
            try:
                self.wait_for_calls(process)
                before = self.counted()
                picture = self.convert(self.recordings()[0], "-f", "flamegraph", "-O", "minwidth=0")
                self.assertIn("leaf", picture)
                calls = self.calls("leaf")
                self.assertGreaterEqual(calls, before - 1)
                for _ in range(20):
                    folded = self.convert(self.recordings()[0], "-f", "folded")
                    self.assertIn("branch (app.py:", folded)
                self.assertGreaterEqual(self.calls("leaf"), calls)
                self.assertLessEqual(self.calls("leaf"), self.counted() + 1)
            finally:
                os.kill(self.program_of(process), signal.SIGKILL)
                process.communicate()

    def test_when_the_supervisor_is_killed_as_well(self):
        with self.start() as process:
            self.wait_for_calls(process)
            time.sleep(.1)
            program = self.program_of(process)
            process.kill()
            os.kill(program, signal.SIGKILL)
            process.communicate()
        time.sleep(.2)
        counted = self.counted()
        self.assertLessEqual(abs(self.calls("leaf") - counted), max(2, counted // 100))
        for folder in os.listdir(self.temporary):
            subprocess.run(["rm", "-r", os.path.join(self.temporary, folder)], check=True)


if __name__ == "__main__":
    main()
