"""The program prof2any: this package runs it for every format that isn't pstats."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# What pstats files are called where the program can't be asked.
PSTATS_ENDINGS = ("", ".prof", ".pstats", ".pstat")


class Error(Exception):
    """The program prof2any isn't there, or couldn't do what it was asked for."""


def candidates():
    """Where the program may be: what the user says, what came with this package, PATH."""
    yield os.environ.get("PROF2ANY")
    try:
        from ._where import program  # made by the build, relative to this folder
    except ImportError:
        pass
    else:
        yield os.path.normpath(os.path.join(HERE, program))
    yield shutil.which("prof2any")


def find():
    for path in candidates():
        if path and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    raise Error(
        "the program prof2any wasn't found: not in $PROF2ANY, not beside %s, not on PATH" % HERE
    )


def run(*arguments):
    """What the program writes to standard output. Its notes go to stderr, a complaint is raised."""
    done = subprocess.run([find(), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    said = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        raise Error(said.replace("prof2any: ", "", 1).strip() or "exit status %d" % done.returncode)
    if said and sys.stderr:
        sys.stderr.write(said)
    return done.stdout


def convert(inputs, output, *options):
    """Adds up inputs, each a path or a profile's bytes, and writes them under the name output."""
    with tempfile.TemporaryDirectory(prefix="prof2any-") as folder:
        paths = []
        for i, content in enumerate(inputs):
            path = content
            if isinstance(content, bytes):
                path = os.path.join(folder, str(i))
                with open(path, "wb") as f:
                    f.write(content)
            paths.append(os.path.abspath(path))
        run("-o", os.path.abspath(os.fsdecode(output)), *options, *paths)


def ending(name):
    """".svg" of app.svg; "" of a descriptor."""
    return "" if isinstance(name, int) else os.path.splitext(os.fsdecode(name))[1].lower()


def writes(name):
    """Whether the program writes the format that the name says; if not, the package itself does."""
    if isinstance(name, int) or ending(name) in (".prof", ".p2a"):
        return False
    name = os.path.basename(os.fsdecode(name))
    try:
        find()
    except Error as e:
        if ending(name) in PSTATS_ENDINGS:
            return False
        raise Error("%s: only .prof and .p2a can be written: %s" % (name, e)) from None
    try:
        said = run("formats", "./" + name)
    except Error:
        return False  # no format is called like that
    return ending(name) == ".gz" or not said.startswith(b"pstats:")
