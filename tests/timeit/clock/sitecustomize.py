"""A clock that stands still but for what the timed statement says it took: time.tick(0.5) is half a
second for perf_counter, and twice that for process_time. What a timer prints then depends on no
machine."""
import time

now = [0.0]


def tick(*seconds):
    """Takes the next of SECONDS at each call, the last again and again."""
    done = calls.setdefault(seconds, [0])
    now[0] += seconds[min(done[0], len(seconds) - 1)]
    done[0] += 1


calls = {}
time.tick = tick
time.perf_counter = lambda: now[0]
time.process_time = lambda: 2 * now[0]
