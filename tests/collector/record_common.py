"""What the tests of `prof2any record` share: the Pythons that have a recorder, a folder for each test,
runs with and without recording."""
import glob
import marshal
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "package"))
from each_python import pythons  # noqa: E402

PROGRAM = os.environ["PROF2ANY"]
PYTHONS = pythons()


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        ours = [line for line in err.splitlines(True) if line.startswith("prof2any: ")]
        self.said = "".join(ours)
        self.program_err = "".join(line for line in err.splitlines(True) if line not in ours)

    def of_program(self):
        return self.status, self.out, self.program_err


class RecordTest(unittest.TestCase):
    """Each test has an empty folder to be in; self.python is the Python under test."""

    maxDiff = None
    python = PYTHONS[0] if PYTHONS else None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.here = os.path.join(self.folder, "here")
        self.temporary = os.path.join(self.folder, "tmp")
        os.mkdir(self.here)
        os.mkdir(self.temporary)

    def tearDown(self):
        left = os.listdir(self.temporary)
        self.assertEqual(left, [], "left behind in TMPDIR")

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.here, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        os.chmod(path, mode)
        return path

    def environment(self, **changes):
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env.update(TMPDIR=self.temporary, PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
        env.update(changes)
        return {name: value for name, value in env.items() if value is not None}

    def run_plain(self, *command, env=None, stdout=subprocess.PIPE, **options):
        done = subprocess.run(command, cwd=self.here, env=env or self.environment(), timeout=100,
                              stdout=stdout, stderr=subprocess.PIPE, **options)
        return Result(done.returncode, (done.stdout or b"").decode(),
                      done.stderr.decode(errors="surrogateescape"))

    def record(self, *command, options=(), **more):
        return self.run_plain(PROGRAM, "record", *options, *command, **more)

    def recordings(self, pattern="*.p2a"):
        return sorted(glob.glob(os.path.join(self.here, pattern)))

    def convert(self, *arguments):
        done = self.run_plain(PROGRAM, *arguments)
        self.assertEqual(done.status, 0, done.err)
        return done.out

    def stats(self, *recordings):
        """As pstats has them: {(file, line, name): (primitive, calls, self, total, callers)}."""
        out = os.path.join(self.folder, "stats.prof")
        self.convert(*(recordings or self.recordings()), "-o", out)
        with open(out, "rb") as file:
            return marshal.load(file)

    def calls(self, name, *recordings):
        return sum(row[1] for key, row in self.stats(*recordings).items() if key[2] == name)


def each_python(test):
    """Runs the test with every Python that has a recorder."""

    def run(self):
        for python in PYTHONS:
            with self.subTest(python=python):
                self.python = python
                shutil.rmtree(self.here)
                os.mkdir(self.here)
                test(self)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


def main():
    if not PYTHONS:
        print("no Python has a recorder")
        sys.exit(77)
    unittest.main()


__all__ = ["PROGRAM", "PYTHONS", "RecordTest", "each_python", "main", "os", "re", "signal",
           "subprocess", "sys", "textwrap"]
