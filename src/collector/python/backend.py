"""What pip asks to make a wheel of the package (PEP 517), without setuptools or wheel, which the Pythons'
own virtual environments don't all have: compiles the recorder with the Python that runs this."""

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
    return re.search(rb"project\(prof2any VERSION ([\d.]+)", read(ROOT, "CMakeLists.txt")).group(1).decode()


def words(*names):
    return [w for name in names for w in shlex.split(sysconfig.get_config_var(name) or "")]


def compile_recorder(output):
    sources = [os.path.join(ROOT, line) for line in read(SOURCES).decode().split()]
    include = [os.path.join(ROOT, "include"), os.path.join(ROOT, "src"), sysconfig.get_path("include")]
    subprocess.check_call([
        *(shlex.split(os.environ.get("CC", "")) or words("CC")), "-shared", *words("CFLAGS", "CCSHARED"),
        "-std=c11", "-D_GNU_SOURCE", "-O2", "-fvisibility=hidden", "-ftls-model=initial-exec",
        *shlex.split(os.environ.get("CFLAGS", "")), *("-I" + folder for folder in include),
        *sources, "-o", output, "-pthread", "-lm", *shlex.split(os.environ.get("LDFLAGS", ""))])


def tag():
    python = "cp%d%d" % sys.version_info[:2]
    return "%s-%s-%s" % (python, python, re.sub("[-.]", "_", sysconfig.get_platform()))


def metadata():
    """The files of NAME.dist-info, but for RECORD."""
    return {
        "METADATA": "Metadata-Version: 2.1\nName: prof2any\nVersion: %s\nRequires-Python: >=3.8\n"
                    "Summary: Records Python programs exactly, with whole call paths\n" % version(),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: prof2any\nRoot-Is-Purelib: false\nTag: %s\n" % tag(),
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
    record = "".join("%s,sha256=%s,%d\n" % (name, digest(data), len(data)) for name, data in files.items())
    files[info() + "/RECORD"] = (record + info() + "/RECORD,,\n").encode()
    wheel = "prof2any-%s-%s.whl" % (version(), tag())
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
