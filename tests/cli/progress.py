"""A progress line: on a terminal, for what takes more than half a second, and gone in the end."""

import gzip
import os
import pty
import re
import subprocess
import tempfile
import time

PROGRAM = os.environ["PROF2ANY"]
PIECE = b"".join(b"main;f%d;g 1\n" % (i % 1000) for i in range(500000))  # more than 4 MiB
PAUSE = 0.7


def run(words, pieces, stderr):
    """Feeds the pieces with a pause between them."""
    child = subprocess.Popen([PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr)
    for i, piece in enumerate(pieces):
        time.sleep(PAUSE if i else 0)
        child.stdin.write(piece)
        child.stdin.flush()
    child.stdin.close()
    assert child.wait() == 0


def on_a_terminal(words, pieces):
    master, slave = pty.openpty()
    run(words, pieces, slave)
    os.close(slave)
    text = b""
    try:
        while True:
            text += os.read(master, 65536)
    except OSError:
        return text.decode()


said = on_a_terminal(["-f", "pstats", "-q"], [PIECE, PIECE, PIECE])
assert re.search(r"reading standard input: \d+ MB", said), said
assert said.endswith("\r\x1b[K"), said

with tempfile.TemporaryFile() as file:
    run(["-f", "pstats", "-q"], [PIECE, PIECE], file)
    assert file.tell() == 0

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "\x1b[31mslow" + "w" * 60 + ".gz")
    os.mkfifo(path)
    child = None
    master, slave = pty.openpty()
    child = subprocess.Popen([PROGRAM, "-q", "-f", "pstats", path], stdout=subprocess.DEVNULL, stderr=slave)
    with open(path, "wb") as pipe:
        for i in range(3):
            time.sleep(PAUSE if i else 0)
            pipe.write(gzip.compress(PIECE, 1))
            pipe.flush()
    assert child.wait() == 0
    said = os.read(master, 65536).decode()
    assert re.search(r"\r\x1b\[Kreading w{37}\.gz: \d+ MB", said), said
    assert "31m" not in said, said
