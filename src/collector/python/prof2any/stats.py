"""pstats.Stats for every profile that prof2any reads."""

import copy
import marshal
import os
import pstats
import time

from . import program


def is_pstats(path):
    """Whether Python's own pstats can load it; files of Python 2, for example, it can't."""
    with open(path, "rb") as f:
        start = f.read(1)
        if start not in (b"{", b"\xfb"):  # a dictionary, to marshal; JSON starts like one too
            return False
        f.seek(0)
        try:
            table = marshal.load(f)
        except (EOFError, ValueError, TypeError):
            return False
    return isinstance(table, dict) and all(isinstance(key, tuple) for key in table)


class _Table:
    """What pstats.Stats takes for a profiler."""

    def __init__(self, stats):
        self.stats = stats

    def create_stats(self):
        pass


class Stats(pstats.Stats):
    """Stats(*profiles, stream=None): profiles are files in any format that prof2any reads,
    profilers that have create_stats, or other Stats.

    What isn't pstats goes through the program prof2any. write("x.svg") writes the profile in any
    format that prof2any writes, along its recorded call paths where there are any.
    """

    def load_stats(self, arg):
        # What write() gives to the program in place of self.stats, because it holds more: paths of
        # files and bytes of recordings, or None.
        self._inputs = None
        self._stripped = False
        if isinstance(arg, os.PathLike):
            arg = os.fspath(arg)
        if isinstance(arg, pstats.Stats):
            super().load_stats(_Table(copy.deepcopy(arg.stats)))
            self.files = list(arg.files)
        elif isinstance(arg, str) and not is_pstats(arg):
            path = os.path.abspath(arg)
            super().load_stats(_Table(marshal.loads(program.run("-f", "pstats", path))))
            self.files = ["%s    %s" % (time.ctime(os.stat(path).st_mtime), arg)]
            self._inputs = [path]
        else:
            super().load_stats(arg)
            recorded = hasattr(arg, "_recorded") and arg._recorded()
            if recorded:
                self._inputs = [recorded]

    # Calls that nobody counted, as of samples, are -1 in pstats: not known, and no number to add up,
    # to divide by or to print.

    def get_top_level_stats(self):
        super().get_top_level_stats()
        self.prim_calls -= sum(min(row[0], 0) for row in self.stats.values())
        self.total_calls -= sum(min(row[1], 0) for row in self.stats.values())

    def print_line(self, func):
        _, calls, own, total, _ = self.stats[func]
        if calls >= 0:
            super().print_line(func)
            return
        figures = "{:>9} {:8.3f} {:8} {:8.3f} {:8}".format("-", own, "", total, "")
        print(figures, pstats.func_std_string(func), file=self.stream)

    def _parts(self):
        """Whether there is more than self.stats, and inputs that are the whole."""
        more = self._inputs is not None and not self._stripped
        return more, self._inputs if more else [marshal.dumps(self.stats)]

    def _like(self, arg):
        """What add() takes without a copy: of the same type, whose constructor may be another."""
        other = type(self).__new__(type(self))
        Stats.__init__(other, arg, stream=self.stream)
        return other

    def add(self, *arg_list):
        for arg in reversed(arg_list):
            other = arg if type(arg) is type(self) else self._like(arg)
            (more, inputs), (others, other_inputs) = self._parts(), other._parts()
            self._inputs = [*inputs, *other_inputs] if more or others else None
            self._stripped = False
            super().add(other)
        return self

    def strip_dirs(self):
        self._stripped = True
        return super().strip_dirs()

    def write(self, filename, *options):
        """Writes the profile in the format that filename says.

        options are the program's, as on its command line: "-O", "title=My service". Files that hold
        more than pstats can, call paths above all, are read again, so that it is drawn.
        """
        inputs = self._inputs
        if inputs is None:
            inputs = [marshal.dumps(self.stats)]
        elif self._stripped:
            options = ("--strip-dirs", *options)
        program.convert(inputs, filename, *options)

    def dump_stats(self, filename):
        """Writes the profile in the format that the name says: app.svg, callgrind.out.app. What is
        called .prof, or like no format, is pstats."""
        if program.writes(filename):
            self.write(filename)
        else:
            super().dump_stats(filename)
