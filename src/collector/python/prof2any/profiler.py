"""Profile: what cProfile.Profile is, on top of the recorder."""

import importlib
import importlib.machinery
import marshal
import operator
import os
import pstats
import sys
import time

from . import program


def _load():
    name = __package__ + "._prof2any"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as e:
        if e.name != name:
            raise
        missing = "_prof2any" + importlib.machinery.EXTENSION_SUFFIXES[0]
        raise ImportError(
            "no recorder was built for this Python: %s has no %s. Build it with "
            "'cmake -DPROF2ANY_PYTHONS=%s' and 'cmake --build' in prof2any's sources, or with "
            "'%s -m pip install src/collector/python' there"
            % (program.HERE, missing, sys.executable, sys.executable), name=name) from None


_prof2any = _load()


def _label(code):
    """pstats' name of a function."""
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


class Profile(_prof2any.Profiler):
    """Profile(timer=None, timeunit=0.0, subcalls=True, builtins=True, *, bias=None,
            all_threads=False, mode="full", clock="wall", path=None, allocations=False,
            max_contexts=0)

    timer        a function that tells the time: a float in seconds, an integer of which each is
                 timeunit seconds, or a sequence of numbers that are added up, as os.times() is
    subcalls     whether callers and callees are told
    builtins     whether functions written in C are
    bias         seconds to take off for each event, a call or a return, because the profiler itself
                 took them; see calibrate(). Profile.bias is the default, 0.0: nothing is taken off.
                 No time becomes negative, and print_stats() and dump_stats() say what was done
    all_threads  record every thread, those that run and those to come, not just the one that calls
                 enable()
    mode         "full"; "python": Python functions only; "sampled": exact calls, times by a ticker
    clock        "wall", or "cpu": the time that the thread itself was running
    path         keep the recording in this file from the start, so that it outlives the program in
                 any case; "{pid}" in it stands for the process. Otherwise it is in memory
    allocations  count allocations and their bytes per call path as well
    max_contexts call paths to tell apart; 0 for the recorder's own limit

    In a forked child it begins anew: what the parent had recorded stays the parent's.
    """

    bias = 0.0

    def __init__(self, timer=None, timeunit=0.0, subcalls=True, builtins=True, *, bias=None,
                 **options):
        super().__init__(timer, timeunit, subcalls, builtins, **options)
        if bias is not None:
            self.bias = bias
        self._clock = timer, timeunit, options

    def getstats(self):
        """A list of profiler_entry, as _lsprof.Profiler's, with what bias says taken off."""
        return super().getstats(self.bias)

    def snapshot_stats(self):
        """Fills self.stats, pstats' table, with what was recorded until now. Functions that have one
        name in it, such as two lambdas of a line, are one row."""
        if type(self).getstats is Profile.getstats:
            entries = super().getstats(self.bias, True)
        else:
            entries = self.getstats()
        self.stats = {}
        callers_of = {}
        for entry in entries:
            callers = callers_of[id(entry.code)] = {}
            primitive = entry.callcount - entry.reccallcount
            row = primitive, entry.callcount, entry.inlinetime, entry.totaltime, callers
            self.stats[_label(entry.code)] = row
        for caller in entries:
            name = _label(caller.code)
            for arc in caller.calls or ():
                callers = callers_of.get(id(arc.code))
                if callers is None:
                    continue
                primitive = arc.callcount - arc.reccallcount
                row = arc.callcount, primitive, arc.inlinetime, arc.totaltime
                if name in callers:  # another function of this name, such as a lambda of the line
                    row = tuple(map(operator.add, callers[name], row))
                callers[name] = row

    def create_stats(self):
        """Ends the recording and fills self.stats."""
        self.disable()
        self.snapshot_stats()

    def print_stats(self, sort=-1):
        """Prints pstats' report; sort is one of its keys, or a tuple of them."""
        if self.bias:
            print("Times are corrected: less %s" % self._correction())
        keys = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*keys).print_stats()

    def dump_stats(self, file):
        """Writes the profile in the format that the name says, call paths and all: work.svg,
        callgrind.out.work. What is called .p2a is the recording itself; what is called .prof, or like
        no format, is pstats."""
        if program.writes(file):
            self.create_stats()
            program.convert([self._recorded() or marshal.dumps(self.stats)], file)
        else:
            if self.path and os.path.exists(file) and os.path.samefile(self.path, file):
                os.unlink(file)  # it is mapped: it mustn't be cut
            with open(file, "wb") as f:
                self.create_stats()
                recorded = program.ending(file) == ".p2a" and self._recorded()
                f.write(recorded or marshal.dumps(self.stats))
        if self.bias and sys.stderr:
            print("prof2any: note: %s: times are corrected: less %s" % (file, self._correction()),
                  file=sys.stderr)

    def _recorded(self):
        """All that was recorded, as bytes; None: nothing, or a subclass changes what is told."""
        for name in ("getstats", "snapshot_stats", "create_stats"):
            if getattr(type(self), name) is not getattr(Profile, name):
                return None
        return self.recording(self.bias)

    def _correction(self):
        ns = self.bias * 1e9
        return "%.1f ns for each call and each return, the profiler's own (bias)" % ns

    def run(self, cmd):
        """Records exec(cmd) in __main__; returns self."""
        main = sys.modules["__main__"].__dict__
        return self.runctx(cmd, main, main)

    def runctx(self, cmd, globals, locals):
        """Records exec(cmd, globals, locals); returns self."""
        self.enable()
        try:
            exec(cmd, globals, locals)
        finally:
            self.disable()
        return self

    def runcall(self, func, /, *args, **kw):
        """Records func(*args, **kw); returns what it returns."""
        self.enable()
        try:
            return func(*args, **kw)
        finally:
            self.disable()

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()

    def calibrate(self, n, verbose=0):
        """The seconds that the profiler adds to each event, as bias wants them, from n calls."""
        timer, timeunit, options = self._clock

        def now():
            if not timer:
                return time.perf_counter()
            told = timer()
            return (sum(told) if hasattr(told, "__iter__") else told) * (timeunit or 1.0)

        def callee():
            pass

        def caller(n):
            for _ in range(n):
                callee()

        def plain():
            start = now()
            caller(n)
            return now() - start

        def profiled():
            recorder = Profile(timer, timeunit, bias=0.0, **options)
            recorder.runcall(caller, n)
            return sum(e.inlinetime for e in recorder.getstats() if e.code in codes)

        codes = callee.__code__, caller.__code__
        # In turn, and the median: the machine has other things to do as well.
        runs = sorted((profiled() - plain() for _ in range(9)))
        each = max(0.0, runs[4]) / (2 * (n + 1))
        if verbose:
            print("%d calls, %d times: %g to %g s more, %g s for each event"
                  % (n + 1, len(runs), runs[0], runs[-1], each))
        return each


def run(cmd, filename=None, sort=-1):
    """Records exec(cmd) in __main__, and writes the profile to filename, or prints a report."""
    main = sys.modules["__main__"].__dict__
    runctx(cmd, main, main, filename, sort)


def runctx(cmd, globals, locals, filename=None, sort=-1):
    """The same with exec(cmd, globals, locals)."""
    recording = Profile()
    if filename is not None:
        program.writes(filename)  # what can't be written is better known before than after
    try:
        recording.runctx(cmd, globals, locals)
    except SystemExit:
        pass
    finally:
        if filename is None:
            recording.print_stats(sort)
        else:
            recording.dump_stats(filename)
