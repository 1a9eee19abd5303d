"""What threading and queue do within one thread; others ran before, and one waits meanwhile."""
import queue
import threading

release = threading.Lock()
release.acquire()
waiting = threading.Thread(target=release.acquire, daemon=True)
waiting.start()
before = threading.Thread(target=sorted, args=([3, 1, 2],))
before.start()
before.join()


class Account(threading.local):
    balance = 0


def main():
    account, lock, condition = Account(), threading.RLock(), threading.Condition()
    jobs = queue.PriorityQueue(50)
    for i in range(50):
        jobs.put((-i, str(i)))
    while not jobs.empty():
        with lock, lock:
            account.balance += int(jobs.get()[1])
        jobs.task_done()
    jobs.join()
    with condition:
        condition.notify_all()
        condition.wait(0.001)
    event, semaphore, barrier = threading.Event(), threading.BoundedSemaphore(2), threading.Barrier(1)
    event.set()
    event.wait()
    with semaphore:
        barrier.wait()
    try:
        jobs.get_nowait()
    except queue.Empty:
        pass
    return account.balance, threading.current_thread().name, threading.active_count()
