"""What the recorder does, to be watched by valgrind (valgrind.sh): every mode, clear, forks, threads."""
import importlib
import os
import sys
import tempfile
import threading
import time

import engine

module = engine.load()
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))
programs = [importlib.import_module(name) for name in ("exceptions_through_c", "json_both_ways")]

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x-{pid}.p2a")
    for options in ({}, {"max_contexts": 20}, {"path": path, "allocations": True}, {"mode": "sampled"}, {"clock": "cpu"},
                    {"timer": time.perf_counter}, {"mode": "python", "all_threads": True}):
        profiler = module.Profiler(**options)
        for program in programs:
            profiler.enable()
            program.main()
            profiler.disable()
        assert profiler.getstats(1e-9) and profiler.recording()
        profiler.enable()
        profiler.clear()
        profiler.disable()
    profiler = module.Profiler(path=path)
    profiler.enable()
    group = [threading.Thread(target=sorted, args=([2, 1],), kwargs={"key": abs}) for _ in range(5)]
    for thread in group:
        thread.start()
    for thread in group:
        thread.join()
    child = os.fork()
    if not child:
        list(map(abs, range(10)))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    profiler.disable()
print("done")
