"""`pip install` of the package into a virtual environment, with nothing from the network, gives a recorder
for its Python and a package that finds the program.

Run with each Python."""
import os
import subprocess
import sys
import tempfile
import venv

USE = """\
import os, sys, prof2any
assert os.path.dirname(prof2any.__file__).startswith(sys.prefix), prof2any.__file__
profile = prof2any.Profile()
assert profile.runcall(sorted, [3, 1, 2], key=lambda x: -x) == [3, 2, 1]
profile.dump_stats("p.svg")
assert "lambda" in open("p.svg").read()
"""


def main():
    try:
        import pip
    except ImportError:
        print("this Python comes without pip")
        sys.exit(77)
    source = os.path.join(os.environ["SOURCE"], "src", "collector", "python")
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
        home = os.path.join(folder, "environment")
        python = os.path.join(home, "bin", "python")
        venv.create(home, system_site_packages=True)
        for command in (["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir",
                         "--no-index", "--no-build-isolation", source], ["-I", "-c", USE],
                        ["-m", "prof2any", "-o", "p.prof", "-m", "timeit", "-n1", "-r1"]):
            subprocess.run([python, *command], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main()
