"""What prof2any has that cProfile hasn't: call paths in every format, the correction by bias, the decorator,
Stats of every format, timers, threads.

Run with each Python; $PROF2ANY is the program."""
import asyncio
import gzip
import importlib
import inspect
import io
import json
import marshal
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout

import prof2any

PROGRAM = os.environ["PROF2ANY"]
SAMPLES = os.environ["SAMPLES"]
PACKAGE = os.path.dirname(prof2any.__file__)
SCRATCH = tempfile.TemporaryDirectory()  # there until after the reports at the end of this program


def leaf():
    pass


def left():
    leaf()


def right():
    for _ in range(2):
        leaf()


def top():
    left()
    right()


def recorded(**options):
    profile = prof2any.Profile(**options)
    profile.runcall(top)
    return profile


def row(stats, name):
    (found,) = [figures for key, figures in stats.items() if key[2] == name]
    return found


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        before = os.getcwd()
        os.chdir(folder.name)
        self.addCleanup(os.chdir, before)

    def read(self, name):
        with open(name, "rb") as f:
            return f.read().decode()

    def python(self, code, **environment):
        """Standard output and error of a program, which must end well."""
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(os.environ, **environment))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()


class Files(InFolder):
    def paths(self, name):
        """The stacks of a folded file, without lines."""
        return {re.sub(r" \\([^;]*?\\)|\\s\\d+$", "", line) for line in self.read(name).splitlines()}

    def test_the_name_says_the_format(self):
        starts = {"p.svg": "<?xml", "callgrind.out.p": "# callgrind format", "p.dot": "digraph"}
        profile = recorded()
        for name, start in starts.items():
            profile.dump_stats(name)
            self.assertTrue(self.read(name).startswith(start), self.read(name)[:40])

    def test_unknown_names_and_prof_are_pstats(self):
        for name in ("p.prof", "p", "p.nonsense", b"bytes.pstats"):
            recorded().dump_stats(name)
            self.assertEqual(row(pstats.Stats(os.fsdecode(name)).stats, "leaf")[:2], (3, 3))

    def test_p2a_is_the_recording_itself(self):
        recorded().dump_stats("p.p2a")
        with open("p.p2a", "rb") as f:
            self.assertEqual(f.read(4), b"P2A\r")
        self.assertEqual(row(prof2any.Stats("p.p2a").stats, "leaf")[:2], (3, 3))

    def test_a_recording_in_a_file_may_be_written_over_itself(self):
        profile = prof2any.Profile(path="p.p2a")
        profile.enable()
        top()
        profile.dump_stats("p.p2a")
        top()
        self.assertEqual(row(prof2any.Stats("p.p2a").stats, "leaf")[:2], (3, 3))

    def test_functions_of_one_name_are_one_row(self):
        looks = iter(range(1000))
        profile = prof2any.Profile(lambda: next(looks), 0.5)
        twins = [lambda other: other(None), lambda _: leaf()]
        profile.runcall(*twins)
        profile.runcall(twins[1], None)
        profile.create_stats()
        entries = profile.getstats()
        self.assertEqual([e.callcount for e in entries if getattr(e.code, "co_name", "") == "<lambda>"], [1, 2])
        self.assertEqual(row(profile.stats, "<lambda>")[:4], (2, 3, 3.0, 4.0))
        self.assertEqual(list(row(profile.stats, "leaf")[4].values()), [(2, 2, 1.0, 1.0)])
        self.assertEqual(sum(e.inlinetime for e in entries), sum(f[2] for f in profile.stats.values()))
        profile.dump_stats("p.p2a")
        with redirect_stderr(io.StringIO()):
            drawn = prof2any.Stats("p.p2a").stats
        self.assertEqual(row(drawn, "<lambda>"), row(profile.stats, "<lambda>"))

    def test_run_and_the_command_line_write_any_format(self):
        prof2any.runctx("top()", globals(), {}, "run.svg")
        self.assertIn("leaf", self.read("run.svg"))
        with open("work.py", "w") as f:
            f.write(inspect.getsource(leaf) + inspect.getsource(left) + "left()")
        subprocess.run([sys.executable, "-m", "prof2any", "-o", "command.folded", "work.py"], check=True)
        self.assertIn("left", self.read("command.folded"))

    def test_a_picture_has_the_paths_that_were_taken(self):
        def a():
            b(0)

        def b(what):
            (c if what else d)()

        def c():
            sum(range(2000))

        def d():
            sum(range(2000))

        def other():
            b(1)

        profile = prof2any.Profile()
        with profile:
            a()
            other()
        profile.dump_stats("p.folded")
        paths = [re.findall(r"(\w+) \(", line) for line in self.read("p.folded").splitlines()]
        steps = {tuple(path[:3]) for path in paths if len(path) >= 3}
        self.assertIn(("a", "b", "d"), steps)
        self.assertIn(("other", "b", "c"), steps)
        self.assertFalse({("a", "b", "c"), ("other", "b", "d")} & steps)

    def test_a_subclass_that_changes_the_table_changes_every_format(self):
        class NoLeaf(prof2any.Profile):
            def snapshot_stats(self):
                super().snapshot_stats()
                self.stats = {key: figures for key, figures in self.stats.items() if key[2] != "leaf"}

        profile = NoLeaf()
        profile.runcall(top)
        profile.dump_stats("p.folded")
        self.assertIn("right", self.read("p.folded"))
        self.assertNotIn("leaf", self.read("p.folded"))

    def test_what_is_called_gz_is_packed(self):
        recorded().dump_stats("p.prof.gz")
        with gzip.open("p.prof.gz") as file:
            self.assertIn("leaf", str(marshal.load(file)))

    def test_an_output_that_fails_says_why_and_leaves_the_profile(self):
        profile = recorded()
        with self.assertRaisesRegex(prof2any.Error, "no/folder/p.svg: can't be written"):
            profile.dump_stats("no/folder/p.svg")
        profile.dump_stats("p.svg")
        self.assertIn("leaf", self.read("p.svg"))

    def test_a_recording_in_a_file_is_read_by_the_program(self):
        profile = recorded(path="p-{pid}.p2a")
        del profile
        stats = prof2any.Stats("p-%d.p2a" % os.getpid())
        self.assertEqual(row(stats.stats, "leaf")[:2], (3, 3))


class Stats(InFolder):
    CALLGRIND = os.path.join(SAMPLES, "profiles/callgrind/valgrind-small.callgrind")
    PSTATS = os.path.join(SAMPLES, "profiles/pstats/py3.11-cprofile-m-small.prof")
    PYTHON2 = os.path.join(SAMPLES, "profiles/pstats/py2.7-cprofile-m-small.prof")

    def setUp(self):
        super().setUp()
        self.notes = io.StringIO()
        redirect = redirect_stderr(self.notes)
        redirect.__enter__()
        self.addCleanup(redirect.__exit__, None, None, None)

    def test_what_is_added_to_a_subclass_needs_none_of_its_arguments(self):
        class Named(prof2any.Stats):
            def __init__(self, name):
                super().__init__(name)

        once, twice = Named(self.CALLGRIND), Named(self.CALLGRIND).add(self.CALLGRIND)
        self.assertEqual(twice.total_calls, 2 * once.total_calls)

    def test_pstats_files_are_loaded_as_pstats_does(self):
        theirs, ours = pstats.Stats(self.PSTATS), prof2any.Stats(self.PSTATS)
        self.assertEqual((theirs.stats, theirs.files), (ours.stats, ours.files))

    def test_files_of_other_formats_are_loaded(self):
        for path in (self.CALLGRIND, self.PYTHON2):
            stats = prof2any.Stats(path, stream=io.StringIO())
            self.assertGreater(stats.total_calls, 100)
            stats.print_stats(3)
            self.assertIn(path, stats.stream.getvalue())

    def test_what_is_no_profile_is_an_error_that_says_so(self):
        with open("notes.json", "w") as f:
            json.dump({"no": "profile"}, f)
        with self.assertRaisesRegex(prof2any.Error, "notes.json"):
            prof2any.Stats("notes.json")
        with self.assertRaises(FileNotFoundError):
            prof2any.Stats("nothere.prof")

    def test_profiles_of_any_kind_add_up_as_pstats_adds(self):
        shutil.copy(self.PSTATS, "a.prof")
        subprocess.run([PROGRAM, "-q", "a.prof", "-o", "a.callgrind"], check=True)
        theirs = pstats.Stats("a.prof", "a.prof")
        ours = prof2any.Stats("a.prof").add(pstats.Stats("a.prof"))
        self.assertEqual(theirs.stats, ours.stats)
        other = prof2any.Stats(recorded())
        all_three = prof2any.Stats("a.callgrind", "a.prof", other)
        self.assertAlmostEqual(all_three.total_tt, theirs.total_tt + other.total_tt, 8)

    def test_write_writes_what_was_loaded(self):
        recorded().dump_stats("p.folded")
        stats = prof2any.Stats("p.folded", stream=io.StringIO())
        stats.print_stats()
        said = stats.stream.getvalue()
        self.assertIn(" 0 function calls in ", said)
        self.assertNotIn("-", said.replace(" - ", "").partition("percall")[2])
        self.assertRegex(said, r"\n        - +[0-9.]+ {10,}[0-9.]+ {10}[^ ]*:\d+\(leaf\)\n")
        stats.write("again.folded")
        self.assertEqual(self.read("p.folded"), self.read("again.folded"))
        stats.write("p.svg", "-O", "title=Of its own")
        self.assertIn("Of its own", self.read("p.svg"))
        with self.assertRaisesRegex(prof2any.Error, "no format is known by the name"):
            stats.write("p.nonsense")

    def test_write_writes_a_profiler_with_its_paths(self):
        stats = prof2any.Stats(recorded())
        stats.write("p.folded")
        self.assertRegex(self.read("p.folded"), r"top \(.*;right \(.*;leaf \(")
        self.assertNotIn("estimated", self.notes.getvalue())

    def test_write_follows_strip_dirs_and_add(self):
        subprocess.run([PROGRAM, "-q", self.PSTATS, "-o", "a.callgrind"], check=True)
        stats = prof2any.Stats("a.callgrind").strip_dirs()
        stats.write("stripped.prof")
        self.assertFalse([key for key in pstats.Stats("stripped.prof").stats if "/" in key[0]])
        stats.add(self.PSTATS)
        stats.write("sum.prof")
        self.assertAlmostEqual(pstats.Stats("sum.prof").total_tt, stats.total_tt, 6)

    def test_dump_stats_goes_by_the_name(self):
        stats = prof2any.Stats(self.PSTATS)
        stats.dump_stats("p.anything")
        self.assertEqual(pstats.Stats("p.anything").stats, stats.stats)
        stats.dump_stats("p.svg")
        self.assertIn("<svg", self.read("p.svg"))


class Bias(InFolder):
    def ticks(self, each):
        """A profile whose timer moves by 8 ticks, a second, with every look at it."""
        now = iter(range(0, 10 ** 6, 8))
        profile = prof2any.Profile(lambda: next(now), 0.125, bias=each)
        profile.runcall(top)
        profile.create_stats()
        return profile

    def test_it_takes_off_what_it_says_for_every_event(self):
        plain, less = self.ticks(0).stats, self.ticks(0.25).stats
        for name, calls, called in (("leaf", 3, 0), ("left", 1, 1), ("top", 1, 2)):
            before, after = row(plain, name), row(less, name)
            self.assertAlmostEqual(before[2] - after[2], 0.25 * (calls + called))
        # what is below it: 2 events of 3 calls of leaf, of left and of right, and the one of top
        self.assertAlmostEqual(row(plain, "top")[3] - row(less, "top")[3], 0.25 * (2 * 5 + 1 + 2) - 0.5)

    def test_arcs_and_functions_stay_one_sum(self):
        stats = self.ticks(0.25).stats
        for name in ("leaf", "left", "right"):
            figures = row(stats, name)
            for i in (2, 3):
                self.assertAlmostEqual(figures[i], sum(arc[i] for arc in figures[4].values()))

    def test_no_time_is_negative(self):
        for figures in self.ticks(100.0).stats.values():
            for part in (figures[2:4], *(arc[2:4] for arc in figures[4].values())):
                self.assertEqual(part, (0.0, 0.0))

    def test_calls_are_not_touched(self):
        plain, less = self.ticks(0).stats, self.ticks(100.0).stats
        self.assertEqual({key: (f[:2], {c: a[:2] for c, a in f[4].items()}) for key, f in plain.items()},
                         {key: (f[:2], {c: a[:2] for c, a in f[4].items()}) for key, f in less.items()})

    def test_reports_and_files_say_so(self):
        for bias, says in ((25e-9, self.assertIn), (0.0, self.assertNotIn)):
            profile = recorded(bias=bias)
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
                profile.print_stats()
                profile.dump_stats("p.prof")
                profile.dump_stats("p.svg")
            says("less 25.0 ns for each call", out.getvalue())
            says("p.prof: times are corrected: less 25.0 ns", err.getvalue())
            says("p.svg: times are corrected: less 25.0 ns", err.getvalue())

    def test_pictures_are_corrected_too(self):
        profile = self.ticks(0.25)
        with redirect_stderr(io.StringIO()):
            profile.dump_stats("p.callgrind")
            drawn = prof2any.Stats("p.callgrind").stats
        for name in ("leaf", "left", "right", "top"):
            for i in (2, 3):
                self.assertAlmostEqual(row(drawn, name)[i], row(profile.stats, name)[i], 6)

    def test_the_class_has_the_default(self):
        class Corrected(prof2any.Profile):
            bias = 0.5
        self.assertEqual((prof2any.Profile.bias, Corrected().bias, Corrected(bias=0).bias), (0.0, 0.5, 0))

    def test_a_bias_that_is_no_time_is_an_error(self):
        for wrong in (-1e-9, float("nan"), float("inf"), "x"):
            with self.assertRaises((ValueError, TypeError)):
                prof2any.Profile(bias=wrong).getstats()

    def test_calibrate_finds_the_cost_of_an_event(self):
        with redirect_stdout(io.StringIO()) as out:
            profile = prof2any.Profile()
            cost = profile.calibrate(20000, verbose=1)
        self.assertGreaterEqual(cost, 0.0)
        self.assertIn("for each event", out.getvalue())
        self.assertEqual(profile.bias, 0.0)

    def test_calibrate_finds_what_a_timer_adds(self):
        # Each look costs 1 and nothing else takes time: two looks for each call.
        now = iter(range(10 ** 9))
        for timer, unit in ((lambda: next(now), 0.001), (lambda: [next(now) * 0.0005] * 2, 0.0)):
            profile = prof2any.Profile(timer, unit)
            self.assertAlmostEqual(profile.calibrate(100), 0.001, 4)


class Timers(unittest.TestCase):
    def total(self, timer, unit=0.0):
        profile = prof2any.Profile(timer, unit)
        profile.runcall(leaf)
        profile.create_stats()
        return row(profile.stats, "leaf")[2]

    def test_floats_integers_with_a_unit_and_sequences(self):
        looks = iter(range(1000))
        self.assertEqual(self.total(lambda: next(looks) * 0.5), 0.5)
        self.assertEqual(self.total(lambda: next(looks), 0.25), 0.25)
        self.assertEqual(self.total(lambda: [next(looks), 7.0, 0.5]), 1.0)
        self.assertGreaterEqual(self.total(os.times), 0.0)

    def test_a_constructor_that_refuses_leaves_a_profiler(self):
        profile = prof2any.Profile(mode="sampled")
        with self.assertRaises(ValueError):
            profile.__init__(mode="sampled", timer=lambda: 1.0)
        calls = 500000  # so long that a sample would be taken
        profile.runcall(lambda: [leaf() for _ in range(calls)])
        profile.create_stats()
        self.assertEqual(row(profile.stats, "leaf")[0], calls)

    def test_a_timer_is_not_asked_while_it_answers(self):
        looks = (look * 0.5 for look in range(1000))
        profile = prof2any.Profile(lambda: next(looks))
        with redirect_stderr(io.StringIO()) as err:
            for _ in range(3):
                profile.runcall(leaf)
        self.assertEqual(err.getvalue(), "")

    def test_a_timer_is_recorded_where_the_program_calls_it(self):
        looks = iter(range(1000))

        def timer():
            return next(looks)

        profile = prof2any.Profile(timer)
        for _ in range(3):
            with profile:
                timer()
        profile.create_stats()
        self.assertEqual(row(profile.stats, "timer")[:2], (3, 3))


class Threads(unittest.TestCase):
    def table(self, **options):
        profile = prof2any.Profile(**options)
        begin, end = threading.Event(), threading.Event()

        def running():
            begin.wait()
            left()
            end.set()

        before = threading.Thread(target=running)
        before.start()
        with profile:
            begin.set()
            end.wait()
            later = threading.Thread(target=right)
            later.start()
            later.join()
        before.join()
        profile.create_stats()
        return {key[2]: figures[1] for key, figures in profile.stats.items()}

    def test_all_threads_are_recorded_on_demand(self):
        calls = self.table(all_threads=True)
        self.assertEqual(calls["right"], 1)
        self.assertEqual(calls["leaf"], 2 + calls.get("left", 0))
        if sys.version_info >= (3, 12):
            self.assertEqual(calls["left"], 1)

    def test_without_it_the_one_that_enables(self):
        calls = self.table()
        self.assertFalse({"left", "right", "leaf"} & set(calls))

    def test_modes_and_clocks_are_passed_on(self):
        python = recorded(mode="python")
        python.create_stats()
        self.assertFalse([key for key in python.stats if key[0] == "~"])
        self.assertEqual(row(python.stats, "leaf")[0], 3)
        for options in ({"clock": "cpu"}, {"mode": "sampled"}, {"max_contexts": 3}):
            profile = recorded(**options)
            profile.create_stats()
            self.assertEqual(row(profile.stats, "leaf")[:2], (3, 3))
        for wrong in ({"clock": "nonsense"}, {"mode": "nonsense"}):
            with self.assertRaises(ValueError):
                prof2any.Profile(**wrong)

    def test_a_limit_that_is_no_number_of_call_paths_is_an_error(self):
        for wrong in (-1, 2 ** 32, -2 ** 80):
            with self.assertRaisesRegex(ValueError, "^max_contexts: expected a number from 0 to 4294967295$"):
                prof2any.Profile(max_contexts=wrong)
        for wrong in (1.5, "3", None):
            with self.assertRaises(TypeError):
                prof2any.Profile(max_contexts=wrong)


class Decorator(InFolder):
    def test_every_call_is_recorded_and_reported_at_the_end(self):
        out, err = self.python("""
            import prof2any
            @prof2any.profile
            def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
            print(fib(5), fib(5), fib.__name__)
        """)
        self.assertTrue(out.startswith("5 5 fib\n2 calls of fib\n"), out)
        self.assertRegex(out, r"30/2 .*\(fib\)")
        self.assertEqual(err, "")

    def test_arguments_say_where_and_how(self):
        out, err = self.python("""
            import prof2any
            @prof2any.profile("f.svg")
            def f(): return len([])
            @prof2any.profile(sort=("calls", "name"), builtins=False)
            def g(): return len([])
            @prof2any.profile(filename="h.prof")
            def h(): pass
            @prof2any.profile()
            def never(): pass
            f(), g(), h()
        """)
        self.assertIn("<svg", self.read("f.svg"))
        self.assertTrue(pstats.Stats("h.prof").stats)
        self.assertIn("f.svg: 1 call of f\n", err)
        self.assertIn("Ordered by: call count, function name", out)
        self.assertNotIn("method", out)
        self.assertNotIn("never", out)

    def test_functions_of_one_file_are_added_up_in_it(self):
        _, err = self.python("""
            import prof2any
            class A:
                @prof2any.profile("both.prof")
                def one(self): return sorted([1])
                @prof2any.profile("both.prof")
                def other(self): return len([])
            @prof2any.profile("both.prof")
            def never(): pass
            @prof2any.profile("both.folded.gz")
            def f(): pass
            @prof2any.profile("both.folded.gz")
            def g(): pass
            f(), g()
            a = A()
            a.one(), a.other(), a.one()
        """)
        table = pstats.Stats("both.prof").stats
        self.assertEqual([row(table, name)[1] for name in ("one", "other")], [2, 1])
        self.assertEqual(err.count("both.prof: "), 2)
        self.assertIn("both.prof: 1 call of A.other\n", err)
        with gzip.open("both.folded.gz", "rt") as file:
            self.assertLessEqual({"f", "g"}, {line[0] for line in file})

    def test_a_recording_has_room_for_one(self):
        path = os.path.join(SCRATCH.name, "one.p2a")
        prof2any.profile(path)(left)
        with self.assertRaisesRegex(ValueError, "one.p2a is the recording of left"):
            prof2any.profile(path)(right)

    def test_the_file_is_where_the_program_was_started(self):
        self.python("""
            import os, prof2any
            @prof2any.profile("here.prof")
            def f(): pass
            f()
            os.mkdir("away")
            os.chdir("away")
        """)
        self.assertTrue(os.path.exists("here.prof"))

    def test_a_forked_child_leaves_the_report_to_its_parent(self):
        out, _ = self.python("""
            import os, prof2any
            @prof2any.profile
            def f(): pass
            f()
            pid = os.fork()
            f()
            if pid: os.waitpid(pid, 0)
        """)
        self.assertEqual(out.count("2 calls of f"), 1)

    def test_methods_of_all_kinds(self):
        class Thing:
            @prof2any.profile(os.path.join(SCRATCH.name, "m.prof"))
            def method(self, n):
                return self, n

            @prof2any.profile(os.path.join(SCRATCH.name, "c.prof"))
            @classmethod
            def of_class(cls):
                return cls

            @prof2any.profile(os.path.join(SCRATCH.name, "s.prof"))
            @staticmethod
            def static(n):
                return n

        thing = Thing()
        self.assertEqual(thing.method(3), (thing, 3))
        self.assertEqual((Thing.of_class(), thing.static(4)), (Thing, 4))
        Thing.method.profile.create_stats()
        self.assertEqual(row(Thing.method.profile.stats, "method")[0], 1)

    def test_generators_and_coroutines_are_recorded_step_by_step(self):
        out, _ = self.python("""
            import asyncio, prof2any
            @prof2any.profile
            def numbers(n):
                for i in range(n):
                    got = yield i
                    assert got is None
                return "end"
            @prof2any.profile(sort="name")
            async def waits(n):
                await asyncio.sleep(0)
                return n
            def outer():
                assert (yield from numbers(3)) == "end"
            async def both():
                return await asyncio.gather(waits(1), waits(2))
            def unrelated(): pass
            for _ in outer(): unrelated()
            print(asyncio.iscoroutinefunction(waits), asyncio.run(both()))
            g = numbers(2); next(g)
            try: g.throw(KeyError)
            except KeyError: pass
            g = numbers(2); next(g); g.close()
        """)
        self.assertIn("True [1, 2]", out)
        self.assertRegex(out, r"(?m)^ +4 .*\(waits\)")
        self.assertRegex(out, r"\(numbers\)")
        self.assertNotIn("unrelated", out)

    def test_a_generator_ends_as_it_does_without(self):
        def numbers():
            while True:
                try:
                    yield 1
                except GeneratorExit:
                    return 7

        def goes_on():
            try:
                yield 1
            except GeneratorExit:
                yield 2

        ends = []
        for decorate in (lambda function: function, prof2any.profile(os.path.join(SCRATCH.name, "g.prof"))):
            closed, thrown, on = decorate(numbers)(), decorate(numbers)(), decorate(goes_on)()
            for generator in (closed, thrown, on):
                next(generator)
            with self.assertRaises(StopIteration) as end:
                thrown.throw(GeneratorExit)
            ends.append((closed.close(), end.exception.value, on.throw(GeneratorExit)))
        self.assertEqual(*ends)

    def test_a_functions_arguments_may_have_any_name(self):
        @prof2any.profile(os.path.join(SCRATCH.name, "n.prof"))
        def names(function, self, args, **kw):
            return function, self, args, kw

        self.assertEqual(names(function=1, self=2, args=3, calls=4), (1, 2, 3, {"calls": 4}))

    def test_calls_that_cant_be_recorded_are_made_and_counted(self):
        out, _ = self.python("""
            import prof2any
            @prof2any.profile(builtins=False)
            def inner(): return 1
            @prof2any.profile(builtins=False)
            def outer(): return inner() + inner()
            inner()
            print(outer())
            with prof2any.Profile(): print(inner())
        """)
        self.assertIn("1 call of outer\n", out)
        self.assertIn("1 call of inner (3 more weren't recorded: another profiler was active)", out)

    def test_exceptions_go_through_and_end_the_recording(self):
        @prof2any.profile(os.path.join(SCRATCH.name, "e.prof"))
        def fails():
            raise KeyError("k")

        for _ in range(2):
            self.assertRaises(KeyError, fails)
        fails.profile.create_stats()
        self.assertEqual(row(fails.profile.stats, "fails")[0], 2)

    def test_what_it_cant_record_is_refused_at_once(self):
        async def ticks():
            yield 1

        for wrong in (ticks, Stats):
            with self.assertRaises(TypeError):
                prof2any.profile(wrong)


class Package(InFolder):
    def test_without_the_program_pstats_still_works(self):
        out, _ = self.python("""
            import os, pstats, prof2any, prof2any.program
            prof2any.program.candidates = lambda: []
            profile = prof2any.Profile()
            profile.run("len([])")
            profile.dump_stats("p.prof"), profile.dump_stats("p"), profile.print_stats()
            assert pstats.Stats("p.prof").stats and prof2any.Stats("p").stats
            for name in "p.svg", "p.txt":
                try: prof2any.run("1", name)
                except prof2any.Error as e: print(e)
                assert not os.path.exists(name)
        """)
        self.assertIn("p.svg: only .prof and .p2a can be written: the program prof2any wasn't found", out)

    def test_the_program_is_found_beside_the_package(self):
        environment = {k: v for k, v in os.environ.items() if k != "PROF2ANY"}
        environment["PATH"] = "/nowhere"
        said = subprocess.run([sys.executable, "-c", "from prof2any.program import find; print(find())"],
                              env=environment, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        self.assertTrue(os.path.samefile(said, PROGRAM), said)

    def test_a_python_without_recorder_says_how_to_build_it(self):
        shutil.copytree(PACKAGE, "prof2any", ignore=shutil.ignore_patterns("*.so"))
        done = subprocess.run([sys.executable, "-c", "import prof2any"], stderr=subprocess.PIPE,
                              env=dict(os.environ, PYTHONPATH=os.getcwd()))
        said = done.stderr.decode().splitlines()[-1]
        self.assertRegex(said, "ImportError: no recorder was built for this Python: .* has no _prof2any.*so. "
                               "Build it with 'cmake -DPROF2ANY_PYTHONS=")

    def test_its_words_are_there(self):
        for thing in (prof2any, prof2any.Profile, prof2any.Stats, prof2any.profile, prof2any.run,
                      prof2any.runctx, prof2any.Profile.calibrate, prof2any.Stats.write):
            self.assertTrue(thing.__doc__)


if __name__ == "__main__":
    unittest.main()
