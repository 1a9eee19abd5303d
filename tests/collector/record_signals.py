"""Signals reach the recorded program as they would without a supervisor, once each; stopping and going on
is the terminal's business."""
import pty
import select
import time

from record_common import *

# Says every signal it gets; ends a moment after SIGUSR1, so that a second one of anything is seen.
WAITING = """
    import os, signal, time
    got = []
    def note(number, frame):
        got.append(int(number))
        os.write(1, b"got %d\\n" % number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGWINCH,
                   signal.SIGCONT):
        signal.signal(number, note)
    os.write(1, b"ready\\n")
    end = time.monotonic() + 60
    while signal.SIGUSR1 not in got and time.monotonic() < end:
        time.sleep(.01)
    time.sleep(.1)
    os.write(1, b"all %s\\n" % repr(got).encode())
"""


def state_of(pid):
    with open("/proc/{}/stat".format(pid)) as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def child_of(pid):
    with open("/proc/{0}/task/{0}/children".format(pid)) as file:
        return int(file.read().split()[0])


class Signals(RecordTest):
    def start(self, *command, **more):
        return subprocess.Popen([PROGRAM, "record", *command], cwd=self.here, env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def wait_for(self, what):
        end = time.monotonic() + 60
        while not what():
            self.assertLess(time.monotonic(), end, "waited in vain")
            time.sleep(.01)

    def test_what_is_sent_to_the_supervisor_reaches_the_program_once(self):
        self.write("app.py", WAITING)
        with self.start(self.python, "app.py") as process:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            sent = [signal.SIGHUP, signal.SIGINT, signal.SIGWINCH, signal.SIGTERM, signal.SIGUSR1]
            for number in sent:
                process.send_signal(number)
                self.assertEqual(process.stdout.readline(), b"got %d\n" % number)
            self.assertEqual(process.stdout.read().decode(), "all {}\n".format([int(n) for n in sent]))
            self.assertEqual(process.wait(), 0)
            process.stderr.read()

    def test_a_program_that_dies_of_it_is_reported_so(self):
        # In a longer sleep a SIGINT that comes just before it would wait for its end.
        code = "import time; print('ready', flush=True)\nwhile True: time.sleep(.01)"
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2, signal.SIGINT):
            with self.start(self.python, "-c", code) as process:
                process.stdout.readline()
                process.send_signal(number)
                self.assertEqual(process.wait(), -number)
                self.assertIn(b"recorded", process.stderr.read())

    def test_ignored_signals_stay_ignored(self):
        code = ("import signal; print([signal.getsignal(n) == signal.SIG_IGN for n in "
                "(signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGUSR1)])")
        shell = "trap '' HUP USR1; exec {} record {} -c '{}'".format(PROGRAM, self.python, code)
        done = self.run_plain("sh", "-c", shell)
        self.assertEqual(done.out, "[True, False, True, True]\n")

    def terminal(self, *command):
        """Starts the command as a shell would, in the foreground of a new terminal."""
        pid, terminal = pty.fork()
        if pid == 0:
            try:
                # A shell of one job: its own group, so that the session's leader doesn't stop.
                job = os.fork()
                if job == 0:
                    os.setpgid(0, 0)
                    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                    os.tcsetpgrp(0, os.getpid())
                    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                    os.chdir(self.here)
                    os.execve(command[0], command, self.environment())
                while True:
                    _, status = os.waitpid(job, os.WUNTRACED)
                    if os.WIFSTOPPED(status):
                        print("STOPPED", flush=True)
                        time.sleep(.1)
                        print("STATE", state_of(child_of(job)), flush=True)
                        os.killpg(job, signal.SIGCONT)
                    else:
                        print("ENDED", status, flush=True)
                        time.sleep(.2)
                        os._exit(0)
            finally:
                os._exit(99)
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        return terminal

    def read_until(self, terminal, words):
        text = b""
        end = time.monotonic() + 60
        while words not in text:
            self.assertLess(time.monotonic(), end, text)
            if select.select([terminal], [], [], 1)[0]:
                try:
                    text += os.read(terminal, 4096)
                except OSError:
                    self.fail(text)
        return text

    def test_a_terminal_interrupts_the_program_once(self):
        self.write("app.py", WAITING)
        terminal = self.terminal(PROGRAM, "record", self.python, "app.py")
        self.read_until(terminal, b"ready")
        for _ in range(2):
            os.write(terminal, b"\x03")
            self.read_until(terminal, b"got 2")
        (process,) = [int(n) for n in os.listdir("/proc") if n.isdigit() and self.is_app(n)]
        os.kill(process, signal.SIGUSR1)
        text = self.read_until(terminal, b"ENDED 0")
        self.assertIn("all [{0}, {0}, {1}]".format(int(signal.SIGINT), int(signal.SIGUSR1)), text.decode())

    def is_app(self, pid):
        try:
            with open("/proc/{}/cmdline".format(pid), "rb") as file:
                words = file.read().split(b"\0")
            return words[1:2] == [b"app.py"] and os.readlink("/proc/%s/cwd" % pid) == self.here
        except OSError:
            return False

    def test_a_terminal_stops_both_and_lets_both_go_on(self):
        self.write("app.py", WAITING)
        terminal = self.terminal(PROGRAM, "record", self.python, "app.py")
        self.read_until(terminal, b"ready")
        os.write(terminal, b"\x1a")
        text = self.read_until(terminal, b"got %d" % signal.SIGCONT)
        self.assertIn(b"STOPPED", text)
        self.assertIn(b"STATE T", text)
        (process,) = [int(n) for n in os.listdir("/proc") if n.isdigit() and self.is_app(n)]
        os.kill(process, signal.SIGUSR1)
        text = self.read_until(terminal, b"ENDED 0")
        self.assertIn("all [{}, {}]".format(int(signal.SIGCONT), int(signal.SIGUSR1)), text.decode())

    def test_a_session_at_the_prompt_is_recorded_to_its_end(self):
        terminal = self.terminal(PROGRAM, "record", self.python, "-q")
        for line in b"def one(): pass\n\n", b"one()\n", b"one(); one()\n":
            self.read_until(terminal, b">>> ")
            os.write(terminal, line)
        self.read_until(terminal, b">>> ")
        os.write(terminal, b"\x04")
        self.read_until(terminal, b"ENDED 0")
        self.assertEqual(self.calls("one"), 3)

    def test_the_program_reads_the_terminal(self):
        terminal = self.terminal(PROGRAM, "record", self.python, "-c", "print(input('? ')[::-1])")
        self.read_until(terminal, b"? ")
        os.write(terminal, b"abc\n")
        self.read_until(terminal, b"cba")
        self.read_until(terminal, b"ENDED 0")


if __name__ == "__main__":
    main()
