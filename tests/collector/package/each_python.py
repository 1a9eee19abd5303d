"""each_python.py SCRIPT [ARG ...]: runs SCRIPT with every Python that the build made a recorder for, the
package on its path. Exit 77 where SCRIPT does so with all of them, where there is none, and with sanitizers,
which Python has to be built with."""
import glob
import os
import subprocess
import sys

PACKAGES = os.path.join(os.environ["BUILD"], "python")
SUFFIX = "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"


def is_sanitized():
    with open(os.path.join(os.environ["BUILD"], "CMakeCache.txt")) as f:
        return "PROF2ANY_SANITIZE:BOOL=ON\n" in f.read()


def candidates():
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from sorted(glob.glob(os.path.join(pyenv, "versions/*/bin/python3")))
    for folder in os.environ["PATH"].split(os.pathsep):
        yield from sorted(glob.glob(os.path.join(folder, "python3*")))


def pythons():
    """One for every recorder."""
    found = {}
    for program in candidates():
        if not os.path.basename(program).replace("python3", "").strip(".0123456789"):
            try:
                said = subprocess.run([program, "-c", SUFFIX], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
            except OSError:
                continue
            recorder = os.path.join(PACKAGES, "prof2any", "_prof2any" + said.stdout.decode().strip())
            if said.returncode == 0 and os.path.exists(recorder):
                found.setdefault(recorder, program)
    return list(found.values())


def main():
    statuses = []
    for program in [] if is_sanitized() else pythons():
        print("==", program, flush=True)
        environment = dict(os.environ, PYTHONPATH=PACKAGES, PYTHONDONTWRITEBYTECODE="1")
        statuses.append(subprocess.run([program, *sys.argv[1:]], env=environment).returncode)
    failed = len([status for status in statuses if status not in (0, 77)])
    if failed:
        sys.exit("failed with %d of %d Pythons" % (failed, len(statuses)))
    sys.exit(0 if 0 in statuses else 77)


if __name__ == "__main__":
    main()
