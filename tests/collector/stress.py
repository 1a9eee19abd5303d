"""Whatever programs do to the recorder, and what it must not do to them."""
import errno
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import threading

import engine
import raw

_prof2any = engine.load()
folder = tempfile.TemporaryDirectory()
PATH = os.path.join(folder.name, "recording.p2a")
MONITORING = sys.version_info >= (3, 12)


def leaf():
    return len("")


def branch(n):
    for _ in range(n):
        leaf()


def calls_of(profiler):
    return {getattr(e.code, "co_name", e.code): e.callcount for e in profiler.getstats()}


def program(text, end="", **options):
    """Runs a program with the recorder at hand; returns what became of it."""
    head = "import sys; sys.path[:0] = [%r]\nimport engine, raw\n_prof2any = engine.load()\nPATH = %r\n" % (
        os.path.dirname(os.path.abspath(__file__)), PATH)
    return subprocess.run([sys.executable, "-B", "-c", head + textwrap.dedent(text) + end], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, **options)


def new_functions(n):
    for i in range(n):
        space = {}
        exec("def made_%d():\n    return %d" % (i, i), space)
        space["made_%d" % i]()


# ---- no room ----

def a_full_disk_stops_the_recording_and_not_the_program():
    """A limit on the size of files stands in for the disk: it fails in the same call."""
    done = program("""
        def new_functions(n):
            for i in range(n):
                space = {}
                exec("def made_%d():\\n    return %d" % (i, i), space)
                space["made_%d" % i]()
        profiler = _prof2any.Profiler(path=PATH)
        profiler.enable()
        new_functions(20000)
        profiler.disable()
        print("done")
        profiler.enable()
        new_functions(10)
        profiler.disable()
        print(sys.getprofile() is None)
        """, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY)))
    assert done.returncode == 0 and done.stdout == b"done\nTrue\n", done
    said = done.stderr.decode()
    assert said.count("\n") == 1 and PATH in said and "no room left on the disk" in said, said
    r = raw.read(PATH)
    assert r.state == "disk full" and 1000 < sum(r.calls("made_%d" % i) for i in range(8000)) < 8000
    assert os.path.getsize(PATH) <= 1 << 20


def little_memory_for_addresses_is_enough():
    done = program("""
        import resource
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (48 << 20),) * 2)
        profiler = _prof2any.Profiler()
        profiler.enable()
        len("")
        profiler.disable()
        assert profiler.getstats()
        """)
    assert done.returncode == 0, done


def a_path_that_cannot_be_made_is_an_error():
    for path, error in ("/nowhere/at/all.p2a", errno.ENOENT), (folder.name, errno.EEXIST):
        profiler = _prof2any.Profiler(path=path)
        try:
            profiler.enable()
            assert False
        except OSError as e:
            assert e.errno == error and e.filename == path, e
    assert sys.getprofile() is None


def contexts_take_little_room():
    names = ["f%d" % i for i in range(47)]
    space = {}
    exec("\n".join("def %s(n):\n    if n:\n        for f in functions:\n            f(n - 1)" % name for name in names),
         space)
    space["functions"] = [space[name] for name in names]
    profiler = _prof2any.Profiler(path=PATH)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    profiler.enable()
    space["f0"](3)
    profiler.disable()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    n = profiler.contexts
    assert n > 100000 and os.path.getsize(PATH) < n * 72, (n, os.path.getsize(PATH))
    assert grown < n * 100, (n, grown)
    assert sum(raw.read(PATH).calls(name) for name in names) == 1 + 47 + 47 ** 2 + 47 ** 3


def what_comes_after_a_stop_is_in_the_file():
    """Down to its last page, which the system writes without what is past its end."""
    profiler = _prof2any.Profiler(path=PATH)
    threads, go = [], threading.Event()
    for n in range(40):
        profiler.enable()
        threads.append(threading.Thread(target=lambda: go.wait() and leaf()))
        threads[-1].start()
        branch(n)
        with open(PATH, "rb") as file:
            os.fsync(file.fileno())
            cells = int.from_bytes(file.read(48)[40:], sys.byteorder)
        size = os.path.getsize(PATH)
        if size < cells * 64:
            go.set()
        assert size >= cells * 64, (n, size, cells)
        profiler.disable()
    profiler.enable()
    go.set()
    for thread in threads:
        thread.join()
    profiler.disable()
    assert raw.read(PATH).calls("branch") == 40


def a_second_enable_changes_nothing():
    def again():
        try:
            profiler.enable()
        except ValueError:
            assert MONITORING

    for options in {"path": PATH}, {}:
        profiler = _prof2any.Profiler(**options)
        profiler.enable()
        again()
        if MONITORING:
            thread = threading.Thread(target=again)
            thread.start()
            thread.join()
        leaf()
        profiler.disable()
        leaf()
        assert calls_of(profiler)["leaf"] == 1, calls_of(profiler)
        assert not MONITORING or not any(map(sys.monitoring.get_tool, range(6)))


def a_file_outlives_its_descriptor():
    done = program("""
        import os
        profiler = _prof2any.Profiler(path=PATH)
        profiler.enable()
        os.closerange(3, 10000)
        other = [os.open("/dev/null", os.O_RDWR) for _ in range(600)]
        for i in range(3000):
            exec("def made():\\n    return %d\\nmade()" % i)
        profiler.disable()
        """)
    assert done.returncode == 0 and not done.stderr, done
    assert raw.read(PATH).calls("made") == 3000


# ---- depth ----

def recursion_may_be_as_deep_as_python_stands():
    done = program("""
        import threading
        sys.setrecursionlimit(400000)
        threading.stack_size(1 << 30)
        def down(n):
            return down(n - 1) + 1 if n else 0
        deepest = 100000
        def work():
            for options in {}, {"max_contexts": 1000}, {"path": PATH}:
                profiler = _prof2any.Profiler(**options)
                profiler.enable()
                assert down(deepest) == deepest
                profiler.disable()
                entry = [e for e in profiler.getstats() if not isinstance(e.code, str)][0]
                assert (entry.callcount, entry.reccallcount) == (deepest + 1, deepest), entry
                assert entry.calls[0].callcount == deepest and entry.calls[0].reccallcount == deepest - 1
            print("ok")
        t = threading.Thread(target=work)
        t.start()
        t.join()
        """)
    assert done.returncode == 0 and done.stdout == b"ok\n", done
    assert raw.read(PATH).calls("down") == 100001


# ---- objects that go ----

def code_objects_may_go_while_they_are_recorded():
    profiler = _prof2any.Profiler()
    profiler.enable()
    new_functions(3000)
    profiler.disable()
    calls = calls_of(profiler)
    assert all(calls["made_%d" % i] == 1 for i in range(3000))
    profiler.clear()
    assert profiler.getstats() == []


class Nasty:
    """A representation that turns on whoever asks for it."""
    def __init__(self, do):
        self.do = do

    def __repr__(self):
        self.do()
        return "nasty"


def a_name_may_run_the_program():
    for do in "disable", "clear", "getstats", "enable":
        for options in {}, {"path": PATH}:
            profiler = _prof2any.Profiler(**options)

            def act():
                try:
                    getattr(profiler, do)()
                    new_functions(20)
                except ValueError:
                    pass  # monitored already
            kind = type("Kind", (list,), {"append": Nasty(act)})
            profiler.enable()
            list.append(kind(), 1)
            branch(3)
            profiler.disable()
            profiler.clear()


# ---- others that watch ----

def another_profiler_is_met_as_cprofile_meets_it():
    import cProfile
    theirs, ours = cProfile.Profile(), _prof2any.Profiler()
    theirs.enable()
    if MONITORING:
        try:
            ours.enable()
            assert False, "two at once"
        except ValueError as e:
            assert str(e) == "Another profiling tool is already active"
        assert not ours.getstats()
    else:
        ours.enable()
        assert sys.getprofile() is ours
    branch(3)
    ours.disable()
    theirs.disable()
    assert sys.getprofile() is None
    ours.enable()
    branch(2)
    ours.disable()
    assert calls_of(ours)["leaf"] == (2 if MONITORING else 5)


def a_recording_in_a_file_leaves_room_for_cprofile():
    import cProfile
    profiler = _prof2any.Profiler(path=PATH)
    profiler.enable()
    branch(2)
    theirs = cProfile.Profile()
    theirs.enable()
    branch(3)
    theirs.disable()
    branch(4)
    profiler.disable()
    r = raw.read(PATH)
    assert {getattr(e.code, "co_name", e.code): e.callcount for e in theirs.getstats()}["leaf"] == 3
    if MONITORING:
        assert r.calls("leaf") == 9
    else:
        assert r.calls("leaf") == 2 and r.flags & 2, "displaced, and it says so"
    profiler = _prof2any.Profiler(path=PATH)
    profiler.enable()
    branch(2)
    profiler.disable()
    assert raw.read(PATH).calls("leaf") == 2 and not raw.read(PATH).flags & 2


def tracing_goes_on_beside_it():
    seen = []
    profiler = _prof2any.Profiler()

    def trace(frame, event, arg):
        seen.append(event)
        return trace
    sys.settrace(trace)
    profiler.enable()
    branch(3)
    profiler.disable()
    sys.settrace(None)
    assert calls_of(profiler)["leaf"] == 3 and seen.count("return") >= 4


def two_recordings_at_a_time_and_in_turn():
    for _ in range(3):
        first, second = _prof2any.Profiler(path=PATH), _prof2any.Profiler()
        first.enable()
        branch(2)
        first.disable()
        second.enable()
        branch(5)
        second.disable()
        assert raw.read(PATH).calls("leaf") == 2 and calls_of(second)["leaf"] == 5


def a_timer_that_misbehaves_is_survived():
    def bad():
        raise KeyError
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
    for timer in bad, lambda: "x", lambda: None, lambda: float("nan"), lambda: 10 ** 400, iter([1, 2]).__next__:
        for unit in 0.0, 0.5:
            profiler = _prof2any.Profiler(timer, unit)
            profiler.enable()
            branch(3)
            profiler.disable()
            assert calls_of(profiler)["leaf"] == 3
    sys.unraisablehook = hook


def arguments_are_checked():
    for error, options in ((ValueError, {"mode": "fast"}), (ValueError, {"clock": "sun"}), (TypeError, {"path": 3}),
                           (ValueError, {"path": "a\0b"}), (TypeError, {"timeunit": "x"})):
        try:
            _prof2any.Profiler(**options)
            assert False, options
        except error:
            pass
    raw_profiler = _prof2any.Profiler.__new__(_prof2any.Profiler)
    raw_profiler.disable()
    assert raw_profiler.getstats() == []
    try:
        raw_profiler.enable()
        assert False
    except RuntimeError:
        pass


# ---- the end ----

ENDINGS = {
    "sys.exit(3)": 3,
    "raise SystemExit(4)": 4,
    "1 / 0": 1,
    "import os; os._exit(5)": 5,
    "import os; os.kill(os.getpid(), 15)": -15,
    "import threading; threading.Thread(target=spin, daemon=True).start(); spin(1000)": 0,
    "import atexit; atexit.register(spin, 10)": 0,
    "class A:\n    def __del__(self):\n        spin(10)\nkept = A(); kept.me = kept": 0,
    "import threading; threading.Thread(target=spin, args=(2000,)).start()": 0,
    "del profiler": 0,
    "profiler.me = profiler; del profiler": 0,
    "sys.modules.clear()": 0,
}


def an_end_is_as_it_would_have_been():
    for ending, status in ENDINGS.items():
        for options in "path=PATH", "", "all_threads=True", "mode='sampled'", "allocations=True":
            done = program("""
                def spin(n=10 ** 9):
                    for _ in range(n):
                        len("")
                class Profiler(_prof2any.Profiler):
                    pass
                profiler = Profiler(%s)
                profiler.enable()
                spin(10)
                """ % options, ending)
            assert done.returncode == status, (ending, options, done)
            assert b"Fatal" not in done.stderr and (b"ZeroDiv" in done.stderr or not done.stderr), done
        if "del profiler" not in ending:
            assert raw.read(PATH).calls("spin") >= 1


def interpreters_within_are_left_alone():
    """Their code runs, recorded or not; where the module can't be had there, importing it says so."""
    done = program("""
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        profiler = _prof2any.Profiler(path=PATH)
        profiler.enable()
        for _ in range(3):
            within = interpreters.create()
            interpreters.run_string(within, "def f():\\n    return len('')\\nfor _ in range(100): f()")
            interpreters.destroy(within)
        len("")
        profiler.disable()
        """)
    assert done.returncode == 0, done
    raw.read(PATH)


FACTS = [a_full_disk_stops_the_recording_and_not_the_program, little_memory_for_addresses_is_enough,
         a_path_that_cannot_be_made_is_an_error, contexts_take_little_room, a_second_enable_changes_nothing,
         what_comes_after_a_stop_is_in_the_file,
         a_file_outlives_its_descriptor,
         recursion_may_be_as_deep_as_python_stands, code_objects_may_go_while_they_are_recorded,
         a_name_may_run_the_program, another_profiler_is_met_as_cprofile_meets_it,
         a_recording_in_a_file_leaves_room_for_cprofile, tracing_goes_on_beside_it,
         two_recordings_at_a_time_and_in_turn, a_timer_that_misbehaves_is_survived, arguments_are_checked,
         an_end_is_as_it_would_have_been, interpreters_within_are_left_alone]

for fact in FACTS:
    if sys.argv[1:] in ([], [fact.__name__]):
        fact()
        print("ok", fact.__name__, flush=True)
