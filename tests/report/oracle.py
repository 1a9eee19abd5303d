"""Python's own pstats as the oracle of the report: what it would print for files that prof2any reads.

Not taken from pstats are, each for a reason:
  - The address in `<code object <module> at 0x7f…, file "app.py", line 1>`, which profile -m leaves in
    the place of a name: another one in every process. prof2any leaves it out.
  - Callers of one function whose names strip_dirs makes equal: pstats keeps the figures of the last
    alone, prof2any adds them up.
  - Control characters and orders to turn the line around: Python prints them, to a terminal too, and a
    name with a newline ends its line. They are shown as repr() shows them, and as wide.
  - A byte of a file name that is no UTF-8: Python can't print it. It is shown as \\udcff, and as wide.
"""
import contextlib
import io
import marshal
import os
import pstats
import subprocess
import time
import types


def plain(item):
    """Names as text: bytes of Python 2, code objects as prof2any spells them."""
    if isinstance(item, bytes):
        return item.decode("utf-8", "surrogateescape")
    if isinstance(item, types.CodeType):
        return '<code object %s, file "%s", line %d>' % (
            item.co_name, item.co_filename, item.co_firstlineno)
    if isinstance(item, tuple):
        return tuple(plain(i) for i in item)
    if isinstance(item, dict):
        return {plain(key): plain(value) for key, value in item.items()}
    return item


def load(program, path):
    """The dict in PATH; what only another Python can read goes through the program itself."""
    if "-profile-m-" not in path:
        with contextlib.suppress(ValueError), open(path, "rb") as file:
            return plain(marshal.load(file))
    run = subprocess.run([program, "-q", "-f", "pstats", path], capture_output=True, check=True)
    return plain(marshal.loads(run.stdout))


def collide(stats):
    return any(len({pstats.func_strip_path(caller) for caller in row[4]}) < len(row[4])
               for row in stats.values())


class Stats(pstats.Stats):
    """pstats, for what it can't read or does otherwise."""

    def __init__(self, program, path):
        self.program = program
        super().__init__(path, stream=io.StringIO())

    def load_stats(self, arg):
        self.stats = load(self.program, arg)
        self.files = [time.ctime(os.stat(arg).st_mtime) + "    " + arg]

    def strip_dirs(self):
        for func, row in self.stats.items():
            callers = {}
            for caller, figures in row[4].items():
                callers = pstats.add_callers(callers, {pstats.func_strip_path(caller): figures})
            self.stats[func] = row[:4] + (callers,)
        return super().strip_dirs()


def reads(path):
    """Whether pstats itself reads PATH, as text, and prints no address."""
    name = os.path.basename(path)
    return not any(part in name for part in ("py2", "-profile-m-", "-m-slice"))


def stats_of(program, files, strip):
    if all(map(reads, files)):
        stats = pstats.Stats(*files, stream=io.StringIO())
        if not strip or not collide(stats.stats):
            return stats.strip_dirs() if strip else stats
    stats = Stats(program, files[0])
    stats.add(*[Stats(program, path) for path in files[1:]])
    return stats.strip_dirs() if strip else stats


def expected(program, files, sort=(), reverse=False, restrict=(), strip=False, mode="print_stats"):
    stats = stats_of(program, files, strip)
    if sort:
        stats.sort_stats(*sort)
    if reverse:
        stats.reverse_order()
    getattr(stats, mode)(*restrict)
    return stats.stream.getvalue().encode("utf-8", "backslashreplace")


def arguments(files, sort=(), reverse=False, restrict=(), strip=False, mode="print_stats"):
    """The program's words for the same."""
    words = ["-q", "-f", "text", "--sort", ",".join(map(str, sort)) or "none"]
    words += ["--reverse"] * reverse + ["--strip-dirs"] * strip
    for r in restrict:
        words += ["--restrict", str(r)]
    if mode != "print_stats":
        words.append("--" + mode.partition("_")[2])
    return words + ["--"] + list(files)


def printed(program, *args, **options):
    run = subprocess.run([program, *arguments(*args, **options)], capture_output=True)
    return run.stdout + run.stderr
