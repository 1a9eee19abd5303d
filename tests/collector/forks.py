"""Forked children: a recording of their own where the path has a place for the process, else none; never a
trace in the parent's."""
import glob
import os
import re
import signal
import sys
import tempfile
import threading
import time

import engine
import raw

early = None


def look():
    """Registered before any of the recorder's own, so that it runs before the child has a recording."""
    for _ in range(4 if early else 0):
        early.getstats()
        early.recording()
        branch(20)


os.register_at_fork(after_in_child=look)
_prof2any = engine.load()
folder = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(folder.name, name)


def leaf():
    return [len("")]


def branch(n):
    for _ in range(n):
        leaf()


def child(n, status=0):
    """What a child does, then it ends without a word."""
    branch(n)
    os._exit(status)


def fork_and_wait(n):
    pid = os.fork()
    if not pid:
        child(n)
    assert os.waitpid(pid, 0)[1] == 0
    return pid


def outer(n):
    branch(1)
    pid = fork_and_wait(n)
    branch(2)
    return pid


def a_child_goes_on_where_it_was_forked():
    profiler = _prof2any.Profiler(path=path("own-{pid}.p2a"))
    profiler.enable()
    pid = outer(50)
    profiler.disable()
    parent, its = raw.read(path("own-%d.p2a" % os.getpid())), raw.read(path("own-%d.p2a" % pid))
    assert (parent.calls("leaf"), parent.calls("outer"), parent.calls("child")) == (3, 1, 0)
    assert (its.calls("leaf"), its.calls("outer"), its.calls("child")) == (50, 0, 1)
    tree = its.of_thread(its.threads[0])
    assert tree[("outer", "fork_and_wait", "child", "branch", "leaf")].calls == 50, sorted(tree)
    assert its.parent == os.getpid() and its.pid == pid and its.flags & 4 and its.state == "runs"
    assert len(its.threads) == 1 and its.threads[0].name == "MainThread"


def without_a_place_for_it_a_child_is_not_recorded():
    profiler = _prof2any.Profiler(path=path("one.p2a"))
    profiler.enable()
    outer(50)
    profiler.disable()
    r = raw.read(path("one.p2a"))
    assert (r.calls("leaf"), r.calls("child")) == (3, 0)
    assert glob.glob(path("one*")) == [path("one.p2a")]


def in_memory_a_child_begins_with_nothing():
    profiler = _prof2any.Profiler()
    profiler.enable()
    branch(30)
    pid = os.fork()
    if not pid:
        branch(4)
        profiler.disable()
        calls = {getattr(e.code, "co_name", e.code): e.callcount for e in profiler.getstats()}
        os._exit(0 if calls["leaf"] == 4 and calls["branch"] == 1 else 1)
    status = os.waitpid(pid, 0)[1]
    profiler.disable()
    assert status == 0
    calls = {getattr(e.code, "co_name", e.code): e.callcount for e in profiler.getstats()}
    assert calls["leaf"] == 30


def grandchildren_and_children_of_threads_are_recorded():
    profiler = _prof2any.Profiler(path=path("many-{pid}.p2a"))

    def work():
        for i in range(5):
            pid = os.fork()
            if not pid:
                fork_and_wait(3)
                child(2)
            os.waitpid(pid, 0)
        branch(1)

    profiler.enable()
    group = [threading.Thread(target=work) for _ in range(4)]
    for t in group:
        t.start()
    for t in group:
        t.join()
    profiler.disable()
    recordings = [raw.read(p) for p in glob.glob(path("many-*"))]
    assert len(recordings) == 1 + 4 * 5 * 2, len(recordings)
    assert sorted(r.calls("leaf") for r in recordings) == [2] * 20 + [3] * 20 + [4]
    assert all(len(r.threads) == 1 for r in recordings if r.calls("leaf") < 4)


def a_thread_may_fork_before_its_first_call():
    """With Python functions alone, os.fork() is none."""
    go, status, ready = threading.Lock(), [], threading.Event()

    def work():
        ready.set()
        go.acquire()
        pid = os.fork()
        if not pid:
            child(5)
        status.append((pid, os.waitpid(pid, 0)[1]))

    go.acquire()
    other = threading.Thread(target=work)
    other.start()
    ready.wait()
    profiler = _prof2any.Profiler(path=path("early-{pid}.p2a"), mode="python")
    profiler.enable()
    go.release()
    other.join()
    profiler.disable()
    assert status[0][1] == 0
    assert raw.read(path("early-%d.p2a" % status[0][0])).calls("leaf") == 5


def folded_calls_stay_balanced_in_a_child():
    profiler = _prof2any.Profiler(path=path("folded-{pid}.p2a"), max_contexts=3)
    profiler.enable()
    pid = outer(50)
    profiler.disable()
    parent, its = raw.read(path("folded-%d.p2a" % os.getpid())), raw.read(path("folded-%d.p2a" % pid))
    assert (parent.calls("leaf"), parent.calls("child")) == (3, 0)
    assert (its.calls("leaf"), its.calls("child")) == (50, 1)


def a_child_whose_file_cannot_be_made_runs_unrecorded():
    os.mkdir(path("gone"))
    profiler = _prof2any.Profiler(path=path("gone/x-{pid}.p2a"))
    profiler.enable()
    os.rename(path("gone"), path("moved"))
    said = open(path("said"), "w+")
    stderr = os.dup(2)
    os.dup2(said.fileno(), 2)
    pid = outer(50)
    os.dup2(stderr, 2)
    profiler.disable()
    assert re.fullmatch("prof2any: the forked process %d isn't recorded: .*No such file or directory.*\n" % pid,
                        open(path("said")).read())
    assert raw.read(path("moved/x-%d.p2a" % os.getpid())).calls("leaf") == 3
    assert len(os.listdir(path("moved"))) == 1


def allocations_and_tickers_go_on_in_a_child():
    for options in {"allocations": True}, {"mode": "sampled"}, {"clock": "cpu"}:
        profiler = _prof2any.Profiler(path=path("way-{pid}.p2a"), **options)
        profiler.enable()
        pid = outer(3000)
        profiler.disable()
        its = raw.read(path("way-%d.p2a" % pid))
        assert its.calls("leaf") == 3000
        if options.get("allocations"):
            assert sum(n.allocations for n in its.nodes.values()) > 3000


def a_killed_program_leaves_its_recording():
    pid = os.fork()
    if not pid:
        _prof2any.Profiler(path=path("killed.p2a")).enable()
        branch(10)
        os.write(1, b"")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    r = raw.read(path("killed.p2a"))
    assert r.calls("leaf") == 10 and r.state == "runs"
    current = r.nodes[r.threads[0].current]
    assert r.path(current)[-1] == "<built-in method posix.kill>", r.path(current)


def a_live_recording_can_be_read_at_any_time():
    pid = os.fork()
    if not pid:
        _prof2any.Profiler(path=path("live.p2a")).enable()
        for i in range(10 ** 9):
            if i % 100 == 0 and i < 100000:  # new functions and new contexts all the time
                exec("def f_%d():\n    return len('')\nf_%d()" % (i, i))
            branch(i % 5)
    end, seen = time.monotonic() + 60, []
    while (len(seen) < 40 or seen[-1] == seen[0]) and time.monotonic() < end:
        try:
            with open(path("live.p2a"), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            continue
        if len(data) >= 4096 and data[:4] == b"P2A\r" and data[24:28] != b"\0" * 4:
            r = read_live(data)
            seen.append(r.calls("leaf"))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert len(seen) >= 40 and seen == sorted(seen) and seen[-1] > seen[0], seen
    raw.read(path("live.p2a"))


def read_live(data):
    """What was born while the file was being read is left out."""
    raw.Recording._check, check = lambda self: None, raw.Recording._check
    try:
        r = raw.Recording(data)
    finally:
        raw.Recording._check = check
    for cell in sorted(r.nodes):
        node = r.nodes[cell]
        if node.function >= len(r.functions) or node.parent is not None and node.parent not in r.nodes:
            del r.nodes[cell]
        else:
            node.function = r.functions[node.function]
    return r


def looked_at_by_a_handler_of_the_program_a_child_lives_on():
    global early
    early = _prof2any.Profiler(path=path("early-{pid}.p2a"))
    early.enable()
    pid = fork_and_wait(30)
    early.disable()
    early = None
    assert raw.read(path("early-%d.p2a" % pid)).calls("leaf") == 30


def main():
    for fact in (looked_at_by_a_handler_of_the_program_a_child_lives_on,
                 a_child_goes_on_where_it_was_forked, without_a_place_for_it_a_child_is_not_recorded,
                 in_memory_a_child_begins_with_nothing, grandchildren_and_children_of_threads_are_recorded,
                 a_thread_may_fork_before_its_first_call, folded_calls_stay_balanced_in_a_child, a_child_whose_file_cannot_be_made_runs_unrecorded,
                 allocations_and_tickers_go_on_in_a_child, a_killed_program_leaves_its_recording,
                 a_live_recording_can_be_read_at_any_time):
        fact()
        print("ok", fact.__name__, flush=True)


main()
