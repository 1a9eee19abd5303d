"""@prof2any.profile: records the calls of a function."""

import atexit
import functools
import inspect
import os
import sys
import threading
import types

from . import profiler, program, stats

# Held while the calls of a function are recorded: of one function and one thread at a time.
_lock = threading.Lock()
_recording = None  # what holds it: a Calls and a thread
_files = {}  # the Calls that go to each file


class Calls:
    """The recording of a function's calls, and what becomes of it when the program ends."""

    def __init__(self, name, filename, sort, options):
        self.name, self.sort = name, sort
        # The program may change its directory.
        self.filename = filename and os.path.abspath(os.fsdecode(filename))
        if self.filename:
            alike = _files.setdefault(self.filename, [])
            if alike and program.ending(filename) == ".p2a":
                raise ValueError("%s is the recording of %s: others would replace it" %
                                 (self.filename, alike[0].name))
            alike.append(self)
        self.recording = profiler.Profile(**options)
        self.recorded = self.missed = 0
        self.process = os.getpid()
        atexit.register(self.report)

    def call(self, function, /, *args, **kw):
        """Calls function, recorded unless that is so already or can't be."""
        if _recording == (self, threading.get_ident()):
            return function(*args, **kw)
        if not self._start():
            self.missed += 1
            return function(*args, **kw)
        try:
            return function(*args, **kw)
        finally:
            self.recording.disable()
            self._release()

    def _start(self):
        """Whether recording began, with this as its last step: there is one profiler at a time."""
        global _recording
        if not _lock.acquire(blocking=False):
            return False
        if sys.version_info < (3, 12) and sys.getprofile() is not None:
            _lock.release()
            return False
        _recording = self, threading.get_ident()
        try:
            self.recorded += 1
            self.recording.enable()
        except BaseException as e:
            self.recorded -= 1
            self._release()
            if not isinstance(e, ValueError):
                raise
            return False
        return True

    def _release(self):
        global _recording
        _recording = None
        _lock.release()

    def _words(self):
        words = "%d call%s of %s" % (self.recorded, "s" * (self.recorded != 1), self.name)
        if self.missed:
            words += " (%d more weren't recorded: another profiler was active)" % self.missed
        return words

    def report(self):
        """What goes to a file is written with all else that goes there, by whoever is first."""
        if os.getpid() != self.process:
            return
        if self.filename is not None:
            _write(self.filename, [c for c in _files.pop(self.filename, ()) if c._was_called()])
        elif self._was_called():
            print(self._words())
            self.recording.print_stats(self.sort)

    def _was_called(self):
        return self.recorded + self.missed


def _write(filename, calls):
    if len(calls) == 1:
        calls[0].recording.dump_stats(filename)
    elif calls:
        stats.Stats(*(c.recording for c in calls)).dump_stats(filename)
    for c in calls:
        print("prof2any: note: %s: %s" % (filename, c._words()), file=sys.stderr)


def stepwise(function, calls):
    """A generator that does what that of function does, or its coroutine, with each step recorded."""

    def steps(*args, **kw):
        run = function(*args, **kw)
        step, value = run.send, None
        while True:
            try:
                given = calls.call(step, value)
            except StopIteration as e:
                return e.value
            try:
                step, value = run.send, (yield given)
            except BaseException as e:
                step, value = run.throw, e

    return steps


def wrap(function, calls):
    """What calls function through calls.call, and is of the same kind."""
    if inspect.isasyncgenfunction(function):
        raise TypeError("asynchronous generators can't be profiled one by one: %r" % function)
    if inspect.iscoroutinefunction(function):
        drive = types.coroutine(stepwise(function, calls))

        async def wrapper(*args, **kw):
            return await drive(*args, **kw)
    elif inspect.isgeneratorfunction(function):
        wrapper = stepwise(function, calls)
    else:

        def wrapper(*args, **kw):
            return calls.call(function, *args, **kw)

    return functools.update_wrapper(wrapper, function)


def profile(function=None, filename=None, sort=-1, **options):
    """Records the calls of a function, added up, and reports at the end of the program.

    @prof2any.profile
    @prof2any.profile("work.svg")
    @prof2any.profile(sort="cumulative", builtins=False)

    Of a generator or a coroutine each resumption is a call. A call that begins while another
    profiler is active, or another thread records one, isn't recorded; the report says how many.

    The report goes to filename, in the format that the name says, added to those of other functions
    that go there, or else to standard output, sorted as by Profile.print_stats(). It is that of the
    process that made the function: calls in forked children, such as multiprocessing's, aren't in
    it. Other options are those of Profile; the function has its own as attribute profile.
    """
    if isinstance(function, (staticmethod, classmethod)):
        inner = profile(function.__func__, filename, sort, **options)
        return type(function)(inner)
    if not callable(function):
        if function is not None:
            filename = function
        return lambda function: profile(function, filename, sort, **options)
    if isinstance(function, type):
        raise TypeError("a class can't be profiled, but its methods can: %r" % function)
    calls = Calls(getattr(function, "__qualname__", repr(function)), filename, sort, options)
    wrapper = wrap(function, calls)
    wrapper.profile = calls.recording
    return wrapper
