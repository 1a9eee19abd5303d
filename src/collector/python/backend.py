"""What pip asks to make a wheel of the package (PEP 517): compiles the recorder for the Python that
runs this. It does without setuptools and wheel, which virtual environments don't all have."""

import base64
import hashlib
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
SOURCES = os.path.join(HERE, "..", "sources.txt")


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def version():
    project = read(ROOT, "CMakeLists.txt").decode()
    return re.search(r"project\(prof2any VERSION ([\d.]+)", project).group(1)


def words(*names):
    return [w for name in names for w in shlex.split(sysconfig.get_config_var(name) or "")]


def compile_recorder(output):
    sources = [os.path.join(ROOT, line) for line in read(SOURCES).decode().split()]
    folders = [os.path.join(ROOT, name) for name in ("include", "src")]
    folders.append(sysconfig.get_path("include"))
    compiler = shlex.split(os.environ.get("CC", "")) or words("CC")
    options = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-fvisibility=hidden",
               "-ftls-model=initial-exec"]
    subprocess.check_call([
        *compiler, "-shared", *words("CFLAGS", "CCSHARED"), *options,
        *shlex.split(os.environ.get("CFLAGS", "")), *("-I" + folder for folder in folders),
        *sources, "-o", output, "-pthread", "-lm", *shlex.split(os.environ.get("LDFLAGS", ""))])


def tag():
    python = "cp%d%d" % sys.version_info[:2]
    return "%s-%s-%s" % (python, python, re.sub("[-.]", "_", sysconfig.get_platform()))


def metadata():
    """The files of NAME.dist-info, but for RECORD."""
    return {
        "METADATA": "Metadata-Version: 2.1\nName: prof2any\nVersion: %s\nRequires-Python: >=3.8\n"
        "Summary: Records Python programs exactly, with whole call paths\n" % version(),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: prof2any\nRoot-Is-Purelib: false\n"
        "Tag: %s\n" % tag(),
    }


def info():
    return "prof2any-%s.dist-info" % version()


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    os.mkdir(os.path.join(metadata_directory, info()))
    for name, text in metadata().items():
        with open(os.path.join(metadata_directory, info(), name), "w") as f:
            f.write(text)
    return info()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    folder = os.path.join(HERE, "prof2any")
    files = {"prof2any/" + name: read(folder, name)
             for name in sorted(os.listdir(folder)) if name.endswith(".py")}
    recorder = "_prof2any" + sysconfig.get_config_var("EXT_SUFFIX")
    with tempfile.TemporaryDirectory() as place:
        compile_recorder(os.path.join(place, recorder))
        files["prof2any/" + recorder] = read(place, recorder)
    files.update((info() + "/" + name, text.encode()) for name, text in metadata().items())
    record = ["%s,sha256=%s,%d\n" % (name, digest(data), len(data)) for name, data in files.items()]
    record.append(info() + "/RECORD,,\n")
    files[info() + "/RECORD"] = "".join(record).encode()
    wheel = "prof2any-%s-%s.whl" % (version(), tag())
    path = os.path.join(wheel_directory, wheel)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
