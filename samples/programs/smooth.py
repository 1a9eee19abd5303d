"""For line_profiler: two functions, of which one calls the other."""


def smooth(values):
    out = []
    for i in range(len(values)):
        near = values[max(i - 1, 0):i + 2]
        out.append(sum(near) / len(near))
    return out


def main(n):
    values = [i * 37 % 101 for i in range(n)]
    for _ in range(3):
        values = smooth(values)
    return sum(values)
