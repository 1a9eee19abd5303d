"""What prof2any says is what the running Python's own cProfile says: reports but for the times, tables but
for the times, command lines, errors and exit statuses but for the program's name.

Run with each Python."""
import cProfile
import io
import marshal
import os
import pstats
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout

import prof2any

WORK = """\
import json, os, re, sys

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def words(text):
    for word in text.split():
        yield re.sub("[aeiou]", "", word)

class Shape:
    def __getattr__(self, name):
        if name == "area":
            return 4
        raise AttributeError(name)

def main():
    json.loads(json.dumps({"a": [1, 2.5, None], "b": {"c": "d"}}))
    sorted(words("the quick brown fox"), key=lambda w: -len(w))
    shape = Shape()
    hasattr(shape, "area"), hasattr(shape, "colour")
    try:
        [][1]
    except IndexError:
        fib(8)

if __name__ == "__main__":
    main()
    print(sys.argv, sys.path[0], __name__, __file__, __package__)
"""

# The names that differ: who disables, the profiler's own files.
OURS = [
    (r"prof2any\.Profile|_lsprof\.Profiler", "Profiler"),
    (r"\d+\((__exit__|runcall|runctx|create_stats)\)", r"\1"),
    (r"python3 -m prof2any|cProfile\.py|profiler\.py", "PROFILER"),
    (r"0x[0-9a-f]+", "0x"),
    (r"\n +\[", " ["),  # where a long usage goes on
]
NUMBERS = [(r"\d+\.\d{3}", "0.000"), (r" +", " ")]


def plain(text, rules=OURS + NUMBERS):
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text


def report(text):
    """A report with its rows sorted: where times are equal, their order isn't."""
    return sorted(line.strip() for line in plain(text).splitlines())


def table(stats):
    """A table without its times."""
    def name(row):
        file, line, function = row
        return plain("%s:%d(%s)" % (os.path.basename(file), line, function), OURS)
    return sorted((name(row), primitive, calls, sorted((name(c), arc[:2]) for c, arc in callers.items()))
                  for row, (primitive, calls, _, _, callers) in stats.items())


class InProcess(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.code = compile(WORK.replace('"__main__"', '"work"'), "work.py", "exec")

    def names(self):
        return {"__name__": "work", "__file__": "work.py", "__package__": None}

    def both(self, use):
        """What use(module) gives for cProfile and for prof2any, after a run that fills all caches."""
        for module in (cProfile, prof2any):
            with redirect_stdout(io.StringIO()):
                use(module)
        said = []
        for module in (cProfile, prof2any):
            with redirect_stdout(io.StringIO()) as out:
                value = use(module)
            said.append((out.getvalue(), value))
        return said

    def same_reports(self, use):
        (theirs, _), (ours, _) = self.both(use)
        self.assertIn("function calls", theirs)
        self.assertEqual(report(theirs), report(ours))

    def same_tables(self, use):
        (_, theirs), (_, ours) = self.both(use)
        self.assertGreater(len(theirs.stats), 5)
        self.assertEqual(table(theirs.stats), table(ours.stats))

    def test_a_table_has_the_same_rows_calls_and_arcs(self):
        def use(module):
            profile = module.Profile()
            profile.runctx(self.code, self.names(), None)
            profile.create_stats()
            return profile
        self.same_tables(use)

    def test_a_table_without_builtins_or_subcalls_is_the_same(self):
        for options in ({"builtins": False}, {"subcalls": False}, {"subcalls": False, "builtins": False}):
            def use(module):
                profile = module.Profile(**options)
                profile.runctx(self.code, self.names(), None)
                profile.create_stats()
                return profile
            with self.subTest(options):
                self.same_tables(use)

    def test_a_snapshot_while_it_records_is_the_same(self):
        def use(module):
            names = self.names()
            exec(self.code, names)
            profile = module.Profile()
            tables = []
            with profile:
                for _ in range(2):
                    names["main"]()
                    profile.snapshot_stats()
                    tables.append([row for row in table(profile.stats) if row[0].startswith("work.py")])
            return tables
        (_, theirs), (_, ours) = self.both(use)
        self.assertEqual(len(theirs[0]), 5)
        self.assertEqual(theirs, ours)

    def test_what_is_still_open_has_no_row_yet(self):
        for limit in (0, 2):
            with self.subTest(max_contexts=limit):
                self.what_is_open_is_the_same({"max_contexts": limit})

    def what_is_open_is_the_same(self, options):
        def use(module):
            profile = module.Profile(**options if module is prof2any else {})

            def tell(rounds=0):
                if rounds:
                    return tell(rounds - 1)
                profile.snapshot_stats()
                return [row for row in table(profile.stats) if row[0].endswith(("(tell)", "(through)"))]

            def through(how):
                return how()

            with profile:
                tables = [through(how) for how in (lambda: tell(2), lambda: tell(2), tell)]
            return tables
        (_, theirs), (_, ours) = self.both(use)
        self.assertEqual([len(rows) for rows in theirs], [0, 2, 2])
        self.assertIn((0, 0), [calls for _, calls in theirs[2][0][3]])
        self.assertEqual(theirs, ours)

    def test_recordings_add_up_until_they_are_cleared(self):
        def use(module):
            profile = module.Profile()
            for _ in range(3):
                profile.runctx(self.code, self.names(), None)
            profile.clear()
            for _ in range(2):
                profile.runctx(self.code, self.names(), None)
            profile.create_stats()
            return profile
        self.same_tables(use)

    def test_reports_have_the_same_words(self):
        for sort in (-1, 0, 1, 2, "name", "tottime", "cumulative"):
            with self.subTest(sort):
                self.same_reports(lambda module: module.runctx(self.code, self.names(), None, sort=sort))

    def test_a_tuple_sorts_as_in_the_versions_that_have_it(self):
        keys = ("calls", "name")
        with redirect_stdout(io.StringIO()) as out:
            prof2any.runctx(self.code, self.names(), None, sort=keys)
        self.assertIn("Ordered by: call count, function name", out.getvalue())
        if sys.version_info >= (3, 13):
            self.same_reports(lambda module: module.runctx(self.code, self.names(), None, sort=keys))

    def test_an_exception_leaves_a_report_and_goes_on(self):
        def use(module):
            with self.assertRaises(ZeroDivisionError):
                module.run("len([]); 1 / 0")
        self.same_reports(use)

    def test_sys_exit_ends_the_statement_alone(self):
        self.same_reports(lambda module: module.run("len([]); import sys; sys.exit(3)"))

    def test_a_timer_that_runs_backwards_gives_the_same_times(self):
        def inner():
            len([])

        def outer(n):
            inner()
            return n and outer(n - 1)

        for options in ({}, {"max_contexts": 3}):
            def use(module):
                looks = iter(range(1000, 0, -1))
                profile = module.Profile(lambda: next(looks), 0.5, **options if module is prof2any else {})
                profile.runcall(outer, 3)
                profile.create_stats()
                return sorted((plain(key[2], OURS), figures[:4], sorted(figures[4].values()))
                              for key, figures in profile.stats.items())
            (_, theirs), (_, ours) = self.both(use)
            self.assertLess(min(figures[2] for _, figures, _ in theirs), -1)
            self.assertEqual(theirs, ours)

    def test_runcall_returns_and_records_the_same(self):
        def use(module):
            profile = module.Profile()
            self.assertEqual(profile.runcall(max, 3, 4, key=lambda x: -x), 3)
            profile.create_stats()
            return profile
        (_, theirs), (_, ours) = self.both(use)
        self.assertEqual(table(theirs.stats), table(ours.stats))

    def test_runcall_takes_keywords_named_like_its_own(self):
        def use(module):
            return module.Profile().runcall(dict, func=1, self=2)
        self.assertEqual(use(cProfile), use(prof2any))

    def test_a_file_holds_the_same_table(self):
        tables = []
        with tempfile.TemporaryDirectory() as folder:
            for module in (cProfile, prof2any) * 2:
                for name in ("p.prof", "p", "p.pstats", b"p.bytes.prof"):
                    path = os.path.join(os.fsencode(folder), name) if isinstance(name, bytes) else \
                        os.path.join(folder, name)
                    with redirect_stdout(io.StringIO()):
                        module.runctx(self.code, self.names(), None, path)
                    with open(path, "rb") as f:
                        tables.append(table(marshal.load(f)))
        for t in tables[-4:]:
            self.assertEqual(t, tables[7])

    def test_a_file_that_cant_be_opened_is_the_same_error(self):
        errors = []
        for module in (cProfile, prof2any):
            with self.assertRaises(OSError) as caught:
                module.run("1", "/no/such/folder/p.prof")
            errors.append(str(caught.exception))
        self.assertEqual(*errors)

    def test_wrong_arguments_are_the_same_errors(self):
        for wrong in (lambda m: m.Profile(1, 2, 3, 4, 5), lambda m: m.Profile(timeunit="x"),
                      lambda m: m.Profile(nonsense=1), lambda m: m.Profile().enable(1, 2, 3),
                      lambda m: m.Profile().runcall(), lambda m: m.Profile().print_stats("nonsense"),
                      lambda m: m.Profile().print_stats()):
            kinds = []
            for module in (cProfile, prof2any):
                with self.assertRaises(Exception) as caught:
                    wrong(module)
                kinds.append(type(caught.exception))
            self.assertEqual(*kinds)

    def test_a_second_profiler_is_treated_the_same(self):
        def use(module):
            first, second = module.Profile(), module.Profile()
            first.enable()
            try:
                second.enable()
                len([])
                second.disable()
                return "both"
            except ValueError as e:
                return str(e)
            finally:
                first.disable()
        self.assertEqual(use(cProfile), use(prof2any))

    def test_cprofile_while_we_record_is_treated_as_a_second_one_of_its_own(self):
        def use(one, two):
            first, second = one.Profile(), two.Profile()
            first.enable()
            try:
                second.enable()
                second.disable()
                return "both"
            except ValueError as e:
                return str(e)
            finally:
                first.disable()
        self.assertEqual(use(cProfile, cProfile), use(prof2any, cProfile))
        self.assertEqual(use(cProfile, cProfile), use(cProfile, prof2any))

    def test_pstats_takes_the_profile_and_its_table(self):
        for module in (cProfile, prof2any):
            profile = module.Profile()
            with redirect_stdout(io.StringIO()):
                profile.runctx(self.code, self.names(), None)
            self.assertFalse(hasattr(profile, "stats"))
            stats = pstats.Stats(profile)
            self.assertEqual(profile.stats, {})
            self.assertGreater(stats.total_calls, 50)


class CommandLine(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("work.py", WORK)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def run_with(self, module, *arguments, **options):
        done = subprocess.run([sys.executable, "-B", "-m", module, *arguments], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def both(self, *arguments):
        return self.run_with("cProfile", *arguments), self.run_with("prof2any", *arguments)

    def same(self, *arguments):
        """The same status and the same words, but for times and tracebacks through the profiler."""
        theirs, ours = self.both(*arguments)
        self.assertEqual(theirs[0], ours[0], ours[2])
        self.assertEqual(report(theirs[1]), report(ours[1]))
        if "Traceback" in theirs[2]:
            self.assertEqual(theirs[2].splitlines()[-1], ours[2].splitlines()[-1])
        else:
            self.assertEqual(plain(theirs[2]), plain(ours[2]))
        return ours

    def test_a_script_is_reported_the_same(self):
        self.same("work.py", "a", "-b")
        self.same("-s", "calls", "work.py", "-s", "x")
        self.same("--sort=tottime", "./work.py")

    def test_a_module_is_reported_the_same(self):
        self.same("-m", "work", "a", "-b")

    def test_usage_and_mistakes_are_the_same(self):
        self.same()
        self.same("-Z")
        self.same("-s")
        self.same("-s", "nonsense", "work.py")
        self.same("-o")
        self.same("nothere.py")
        self.same("-m", "nothere")
        self.write("broken.py", "def f(:\n")
        self.same("broken.py")

    def test_without_a_program_to_run_the_status_is_the_same(self):
        for arguments in (["-m"], ["-o", "x.prof"], ["-s", "calls"]):
            theirs, ours = self.both(*arguments)
            self.assertEqual(theirs[0], ours[0])
            self.assertIn("sage: ", ours[1])

    def test_how_the_program_ends_is_treated_the_same(self):
        self.write("exits.py", "import sys; print('out'); sys.exit(3)")
        self.write("raises.py", "print('out'); {}['key']")
        self.write("says.py", "import sys; sys.exit('words')")
        self.write("kills.py", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
        self.write("leaves.py", "import os; os._exit(5)")
        self.write("interrupts.py", "raise KeyboardInterrupt")
        for script in ("exits.py", "raises.py", "says.py", "kills.py", "leaves.py", "interrupts.py"):
            with self.subTest(script):
                self.same(script)

    def test_a_closed_pipe_ends_it_the_same_way(self):
        self.write("pipe.py", "import sys\nfor i in range(100000): print('line', i)\n")
        said = []
        for module in ("cProfile", "prof2any"):
            done = subprocess.run(["sh", "-c", '("$0" -B -m "$1" pipe.py; echo status $? >&2) | head -1',
                                   sys.executable, module], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said.append((done.stdout, re.findall(rb"status \d+|Traceback|ignored", done.stderr)))
        self.assertEqual(*said)

    def test_the_output_is_where_the_program_was_started(self):
        self.write("away.py", "import os; os.mkdir('away'); os.chdir('away')")
        status, out, err = self.run_with("prof2any", "-o", "p.prof", "away.py")
        self.assertEqual((status, out, err), (0, "", ""))
        self.assertTrue(os.path.exists(os.path.join(self.folder, "p.prof")))

    def test_the_script_finds_itself_as_without_a_profiler(self):
        self.write("itself.py", "import __main__, pickle, sys\n"
                   "class Thing: pass\n"
                   "pickle.loads(pickle.dumps(Thing()))\n"
                   "print(__main__.Thing is Thing, sorted(set(globals()) - {'__annotations__'}), __spec__, __doc__)\n")
        _, theirs, _ = self.run_with("prof2any", "-o", "p.prof", "itself.py")
        plain = subprocess.run([sys.executable, "itself.py"], cwd=self.folder, stdout=subprocess.PIPE)
        self.assertEqual(theirs, plain.stdout.decode())

    def test_processes_that_the_script_spawns_find_its_functions(self):
        self.write("spawns.py", "import multiprocessing\n"
                   "def f(x): return x + 1\n"
                   "if __name__ == '__main__':\n"
                   "    multiprocessing.set_start_method('spawn')\n"
                   "    with multiprocessing.Pool(1) as pool: print(pool.map(f, [1, 2]))\n")
        self.assertEqual(self.run_with("prof2any", "-o", "p.prof", "spawns.py")[:2], (0, "[2, 3]\n"))


if __name__ == "__main__":
    unittest.main()
