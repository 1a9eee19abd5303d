"""The recorder's module compiles for arm64, and for machines without a counter to read, without a warning.
Exit 77 where neither compiler is here."""
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

SOURCE = os.environ["SOURCE"]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
COMPILERS = [["aarch64-linux-gnu-gcc"], ["gcc", "-DPROF2ANY_NO_TSC"]]


def headers(folder):
    """Python's, for any machine: Debian's pyconfig.h looks for that of the machine it is compiled for."""
    copy = os.path.join(folder, "python")
    shutil.copytree(sysconfig.get_path("include"), copy)
    own = os.path.join("/usr/include", sysconfig.get_config_var("MULTIARCH") or "", os.path.basename(
        sysconfig.get_path("include")), "pyconfig.h")
    if os.path.exists(own):
        shutil.copy(own, copy)
    return copy


def main():
    compilers = [words for words in COMPILERS if shutil.which(words[0])]
    with open(os.path.join(SOURCE, "src", "collector", "sources.txt")) as file:
        sources = [os.path.join(SOURCE, line.strip()) for line in file]
    assert len(sources) > 10, sources
    with tempfile.TemporaryDirectory() as folder:
        python = headers(folder)
        for compiler in compilers:
            # The headers of libraries, behind those of the compiler's own machine.
            subprocess.check_call([*compiler, *WARNINGS, "-fsyntax-only", "-std=c11", "-D_GNU_SOURCE",
                                   "-I", SOURCE + "/include", "-I", SOURCE + "/src", "-isystem", python,
                                   "-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu",
                                   *sources])
    sys.exit(0 if compilers else 77)


main()
