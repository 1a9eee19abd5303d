"""measure.py WORK WAY REPEAT MODULES: seconds of CPU time that WORK takes under WAY, the least of a few runs.
Run by bench.py, in the Python that is measured."""
import gc
import os
import sys
import tempfile
import time

import work

sys.path[:0] = sys.argv[4].split(os.pathsep)


class Off:
    def enable(self):
        pass

    disable = enable


class Empty:
    def __init__(self, builtins):
        import _empty
        self.builtins, self.module = builtins, _empty

    def enable(self):
        self.module.on(self.builtins)

    def disable(self):
        self.module.off()


def recorder(**options):
    import _prof2any
    folder = tempfile.mkdtemp()
    return _prof2any.Profiler(path=os.path.join(folder, "recording.p2a"), **options)


def theirs(**options):
    import _lsprof
    return _lsprof.Profiler(**options)


WAYS = {
    "off": Off,
    "cprofile": theirs,
    "cprofile-python": lambda: theirs(builtins=False),
    "full": recorder,
    "python": lambda: recorder(mode="python"),
    "sampled": lambda: recorder(mode="sampled"),
    "memory": lambda: __import__("_prof2any").Profiler(),
    "empty": lambda: Empty(True),
    "empty-python": lambda: Empty(False),
}


def main():
    function = work.WORK[sys.argv[1]]
    profiler = WAYS[sys.argv[2]]()
    function()  # what is filled in once: caches, specialised code
    gc.collect()
    gc.freeze()
    least = None
    for _ in range(int(sys.argv[3])):
        begin = time.process_time()
        profiler.enable()
        function()
        profiler.disable()
        passed = time.process_time() - begin
        least = passed if least is None else min(least, passed)
    print(least)


main()
