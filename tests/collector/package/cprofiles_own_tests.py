"""CPython's own test_cprofile passes with prof2any installed into a virtual environment in cProfile's place.

Run with each Python. The environment finds our cProfile and _lsprof before the standard library's,
also under -I, as the tests run their -m commands."""
import importlib.util
import os
import subprocess
import sys
import tempfile
import venv

CPROFILE = """\
from prof2any import *
if __name__ == "__main__":
    from prof2any.__main__ import main
    main()
"""
LSPROF = "from prof2any._prof2any import *\nfrom prof2any._prof2any import Profiler\n"
IN_PLACE = """\
import cProfile, _lsprof, prof2any
assert cProfile.Profile is prof2any.Profile and cProfile.run is prof2any.run, cProfile.__file__
assert issubclass(cProfile.Profile, _lsprof.Profiler) and _lsprof.Profiler.__module__ != "_lsprof"
"""


def install(folder):
    """An environment in which cProfile and _lsprof are ours; its Python."""
    venv.create(folder)
    shims = os.path.join(folder, "shims")
    os.mkdir(shims)
    for name, text in (("cProfile", CPROFILE), ("_lsprof", LSPROF)):
        with open(os.path.join(shims, name + ".py"), "w") as f:
            f.write(text)
    packages = os.path.join(folder, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
    with open(os.path.join(packages, "in_cprofiles_place.pth"), "w") as f:
        f.write("import sys; sys.path[:0] = %r\n" % [shims, os.environ["PYTHONPATH"]])
    return os.path.join(folder, "bin", "python")


def main():
    if importlib.util.find_spec("test") is None or importlib.util.find_spec("test.test_cprofile") is None:
        print("this Python comes without its tests")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        python = install(os.path.join(folder, "environment"))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        for command in (["-I", "-c", IN_PLACE], ["-m", "unittest", "-v", "test.test_cprofile"]):
            subprocess.run([python, *command], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main()
