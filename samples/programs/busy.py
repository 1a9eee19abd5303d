"""For Austin: two threads at work for a second or so."""
import threading


def inner(n):
    return sum(i * i for i in range(n))


def outer(n):
    return max(inner(n) for _ in range(40))


def main():
    thread = threading.Thread(target=outer, args=(30000,))
    thread.start()
    outer(30000)
    thread.join()


main()
