# `prof2any record` puts a folder with this file in front of PYTHONPATH, so that every Python that the
# recorded command starts imports it from site, before the program. It takes itself out of what the
# program can see, runs the sitecustomize that it stands in front of, and arms the recorder, which
# starts with the first instruction of __main__.
#
# Beside it in the folder: "settings", NAME=VALUE each ended by a NUL; "log", where Pythons tell the
# supervisor of themselves, KIND PID TEXT each ended by a NUL; "stem", a symbolic link to what
# recordings are named after, made by the first Python that has a program.
#
# Any Python may come by, 2.7 too: it has to be restored as well, and reported as one without recorder.
import os
import sys

here = os.path.dirname(__file__)


def without_folder(value):
    """What PYTHONPATH was before; None: not set. An empty one is spelled FOLDER:FOLDER, because
    FOLDER: would add the working directory."""
    if value == here:
        return None
    rest = value[len(here) + len(os.pathsep) :]
    return "" if rest == here else rest


def restore():
    sys.path[:] = [entry for entry in sys.path if entry != here]
    sys.path_importer_cache.pop(here, None)
    value = os.environ.get("PYTHONPATH")
    if not value or value.split(os.pathsep)[0] != here:
        return
    value = without_folder(value)
    try:
        # Behind os.environ's back: C's environment keeps the folder, for the Pythons started from here.
        data, key = os.environ._data, os.environ.encodekey("PYTHONPATH")
        if value is None:
            del data[key]
        else:
            data[key] = os.environ.encodevalue(value)
    except AttributeError:
        if value is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = value


def tell(kind, text):
    if not isinstance(text, bytes):
        text = os.fsencode(text)
    log = os.open(os.path.join(here, "log"), os.O_WRONLY | os.O_APPEND)
    try:
        os.write(log, b"\0".join((kind.encode(), str(os.getpid()).encode(), text, b"")))
    finally:
        os.close(log)


def read_settings():
    with open(os.path.join(here, "settings"), "rb") as file:
        pairs = [pair.partition(b"=") for pair in file.read().split(b"\0") if pair]
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def load_recorder(folder):
    """The module _prof2any for this Python; None where there isn't one."""
    import _imp

    for suffix in _imp.extension_suffixes():
        path = os.path.join(folder, "_prof2any" + suffix)
        if os.path.exists(path):
            break
    else:
        return None
    module = _imp.create_dynamic(type(os.__spec__)("_prof2any", None, origin=path))
    _imp.exec_dynamic(module)
    return module


def prepare(settings):
    """The module, with children followed; sys.modules stays as it is."""
    known = set(sys.modules)
    try:
        module = load_recorder(settings["modules"])
        if module is not None:
            module.follow_children(here)
        return module
    finally:
        for name in set(sys.modules) - known:
            del sys.modules[name]


def is_service():
    """multiprocessing's resource tracker is the library's own and runs nothing of the program's."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return b"from multiprocessing.resource_tracker import main" in file.read()
    except OSError:
        return False


def program_name():
    """Of the program that is about to start: app for app.py, the module's for -m."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    name = getattr(spec, "name", None) or "__main__"
    if name == "__main__":
        name = os.path.basename(sys.argv[0].rstrip("/")) if sys.argv else ""
        for ending in (".py", ".pyz", ".pyw", ".pyc"):
            if name.endswith(ending):
                name = name[: -len(ending)]
    elif name.endswith(".__main__"):
        name = name[: -len(".__main__")]
    while len(os.fsencode(name)) > 200:  # of the 255 bytes of a file's name
        name = name[:-1]
    return name if name not in ("", "-", "-c", "-m", "_pyrepl") else "python"  # 3.13's prompt


def stem():
    link = os.path.join(here, "stem")
    try:
        os.symlink(program_name(), link)
    except FileExistsError:
        pass
    return os.readlink(link)


def arm():
    settings = read_settings()
    version = "{}.{}.{}".format(*sys.version_info[:3])
    module = prepare(settings)
    if module is None:
        tell("missing", "{}\n{}".format(version, sys.executable))
        return
    if is_service():
        return

    def begin():
        return module.Profiler(
            path=os.path.join(settings["folder"], stem() + "-{pid}.p2a"),
            clock=settings["clock"],
            mode=settings["mode"],
            allocations=settings["allocations"] == "yes",
            max_contexts=int(settings["max-contexts"]),
            all_threads=True,
        )

    module.await_main(begin, lambda error: tell("failed", str(error)))
    tell("armed", version)


restore()
try:
    arm()
except EnvironmentError:
    pass  # the supervisor and its folder are gone, nobody waits for a recording
except ImportError as error:
    tell("failed", str(error))
except Exception:  # a Python that is too old for the lines above
    tell("missing", "{}.{}.{}\n{}".format(*(sys.version_info[:3] + (sys.executable,))))

# The one that was shadowed runs as if it had been found at once; where there is none, an ImportError is
# what site expects.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402,F401
