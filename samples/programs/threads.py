import threading
def work(n):
    return sum(i * i for i in range(n))
threads = [threading.Thread(target=work, args=(n,), name="worker %d" % n) for n in (50, 80)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
