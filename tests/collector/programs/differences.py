"""Compares texts: generators that call generators, sorting with keys."""
import difflib


def text(n, step):
    return ["line %d of it\n" % (i // step * step) for i in range(n)]


def main():
    a, b = text(60, 2), text(60, 3)
    list(difflib.unified_diff(a, b, "a", "b"))
    list(difflib.ndiff(a[:15], b[:15]))
    difflib.get_close_matches("line 7", a + b, n=3, cutoff=0.3)
    return difflib.SequenceMatcher(lambda c: c == " ", "".join(a), "".join(b)).ratio()
