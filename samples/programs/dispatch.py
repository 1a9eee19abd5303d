"""Two callers, one shared dispatcher, two leaves: a() always reaches read(), b() always write().

A profile that keeps only caller/callee pairs cannot say which caller reached which leaf: sharing by
proportion puts time on a -> dispatch -> write, which never happened. The leaves spin for 60 and
20 ms in all.
"""
import time


def spin(seconds):
    end = time.time() + seconds
    while time.time() < end:
        pass


def read():
    spin(0.03)


def write():
    spin(0.01)


def dispatch(action):
    action()


def a():
    dispatch(read)


def b():
    dispatch(write)


def main():
    for _ in range(2):
        a()
        b()


if __name__ == "__main__":
    main()
