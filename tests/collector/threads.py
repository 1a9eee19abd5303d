"""Threads: those that run when recording begins, those that come, those that go; each has a tree of its own."""
import os
import sys
import tempfile
import threading
import time
import _thread

import engine
import raw

_prof2any = engine.load()
folder = tempfile.TemporaryDirectory()
PATH = os.path.join(folder.name, "recording.p2a")


def leaf():
    return len("")


def branch(n):
    for _ in range(n):
        leaf()


def wait_for(condition):
    while not condition():
        time.sleep(0.001)


def by_name(recording):
    return {t.name: t for t in recording.threads}


def every_thread_has_its_own_tree():
    stop, ready = threading.Event(), threading.Event()

    def older():
        ready.set()
        while not stop.is_set():
            branch(3)
            time.sleep(0.0005)

    old = threading.Thread(target=older, name="older")
    old.start()
    ready.wait()
    profiler = _prof2any.Profiler(path=PATH)
    profiler.enable()
    before = [threading.Thread(target=branch, args=(100 + i,), name="new-%d" % i) for i in range(20)]
    for t in before:
        t.start()
    done = []
    _thread.start_new_thread(lambda: (branch(7), done.append(1)), ())
    for t in before:
        t.join()
    wait_for(lambda: done)
    branch(1000)
    time.sleep(0.01)
    stop.set()
    old.join()
    profiler.disable()
    r = raw.read(PATH)
    names = by_name(r)
    for i in range(20):
        t = names["new-%d" % i]
        assert r.calls("leaf", t) == 100 + i and r.calls("branch", t) == 1, (i, r.calls("leaf", t))
        assert ("_bootstrap", "_bootstrap_inner", "run", "branch", "leaf") in r.of_thread(t), r.of_thread(t)
        assert t.state == 2, "a thread that has ended"
    assert r.calls("leaf", names["MainThread"]) == 1000
    assert r.calls("leaf", names["older"]) == 3 * r.calls("branch", names["older"]) > 0
    unnamed = [t for t in r.threads if not t.name]
    assert sorted(r.calls("leaf", t) for t in unnamed)[-1] == 7, [r.calls("leaf", t) for t in unnamed]
    assert r.state == "stopped" and all(t.tid for t in r.threads if r.calls("leaf", t))
    return r


def threads_are_found_where_c_functions_are_not_recorded():
    for options in {"mode": "python"}, {"builtins": False}:
        profiler = _prof2any.Profiler(path=PATH, all_threads=True, **options)
        profiler.enable()
        t = threading.Thread(target=branch, args=(9,), name="found")
        t.start()
        t.join()
        profiler.disable()
        r = raw.read(PATH)
        assert r.calls("leaf") == 9 == r.calls("leaf", by_name(r)["found"]), (options, r.calls("leaf"))
        assert not any(f.kind == "builtin" for f in r.functions[1:]), options


def time_of_a_thread_is_all_in_its_tree():
    profiler = _prof2any.Profiler(path=PATH)
    t = threading.Thread(target=lambda: (branch(2000), time.sleep(0.02)), name="timed")
    profiler.enable()
    t.start()
    t.join()
    profiler.disable()
    r = raw.read(PATH)
    for thread in r.threads:
        inside = sum(n.self for n in r.nodes.values() if r.root_of(n) == thread.root)
        assert inside == thread.last - thread.start, (thread.name, inside - (thread.last - thread.start), inside)


def threads_that_come_and_go_leave_nothing_behind():
    profiler = _prof2any.Profiler(path=PATH)
    profiler.enable()
    for _ in range(30):
        group = [threading.Thread(target=branch, args=(5,)) for _ in range(10)]
        for t in group:
            t.start()
        for t in group:
            t.join()
    profiler.disable()
    r = raw.read(PATH)
    assert r.calls("leaf") == 1500, r.calls("leaf")
    assert len(r.threads) == 301, len(r.threads)
    assert os.path.getsize(PATH) < 301 * 4096, "%d bytes for 301 threads" % os.path.getsize(PATH)


def one_thread_alone_is_recorded_in_memory():
    profiler = _prof2any.Profiler()
    other = threading.Thread(target=branch, args=(50,))
    profiler.enable()
    other.start()
    other.join()
    branch(10)
    profiler.disable()
    calls = {getattr(e.code, "co_name", e.code): e.callcount for e in profiler.getstats()}
    assert calls["leaf"] == 10, calls


def all_threads_are_added_up_in_memory():
    profiler = _prof2any.Profiler(all_threads=True)
    group = [threading.Thread(target=branch, args=(50,)) for _ in range(4)]
    profiler.enable()
    for t in group:
        t.start()
    for t in group:
        t.join()
    branch(10)
    profiler.disable()
    calls = {getattr(e.code, "co_name", e.code): e.callcount for e in profiler.getstats()}
    assert calls["leaf"] == 210 and calls["branch"] == 5, calls


def a_thread_that_leaves_is_recorded_no_more():
    profiler = _prof2any.Profiler(path=PATH)
    go = threading.Event()
    other = threading.Thread(target=lambda: (go.wait(), branch(30)))
    profiler.enable()
    other.start()
    branch(10)
    profiler.leave()
    branch(100)
    assert raw.read(PATH).state == "runs"
    go.set()
    other.join()
    wait_for(lambda: raw.read(PATH).state == "stopped")
    r = raw.read(PATH)
    assert r.calls("leaf") == 40, r.calls("leaf")
    profiler.disable()


def enabling_again_goes_on_in_the_same_trees():
    profiler = _prof2any.Profiler(path=PATH)
    for _ in range(50):
        profiler.enable()
        branch(2)
        profiler.disable()
        branch(3)
    r = raw.read(PATH)
    assert r.calls("leaf") == 100 and len(r.threads) == 1, (r.calls("leaf"), len(r.threads))


def threads_race_with_enable_disable_and_clear():
    stop = []

    def work():
        while not stop:
            branch(10)
            sorted(range(10), key=lambda x: -x)

    group = [threading.Thread(target=work) for _ in range(3)]
    for t in group:
        t.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for path in PATH, None:
        profiler = _prof2any.Profiler(path=path, all_threads=True)
        for i in range(30):
            profiler.enable()
            branch(5)
            if i % 3 == 0:
                profiler.clear()
            if i % 5 == 0:
                profiler.getstats()
            branch(5)
            profiler.disable()
            if i % 7 == 0:
                profiler.clear()
        del profiler
    sys.setswitchinterval(interval)
    stop.append(1)
    for t in group:
        t.join()


def main():
    for fact in (every_thread_has_its_own_tree, threads_are_found_where_c_functions_are_not_recorded,
                 time_of_a_thread_is_all_in_its_tree,
                 threads_that_come_and_go_leave_nothing_behind, one_thread_alone_is_recorded_in_memory,
                 all_threads_are_added_up_in_memory, a_thread_that_leaves_is_recorded_no_more,
                 enabling_again_goes_on_in_the_same_trees, threads_race_with_enable_disable_and_clear):
        fact()
        print("ok", fact.__name__, flush=True)


main()
