"""fractions and statistics: exact arithmetic through layers of generic code."""
import statistics
from fractions import Fraction


def harmonic(n):
    total = Fraction(0)
    for i in range(1, n):
        total += Fraction(1, i)
    return total


def continued(x, depth):
    return Fraction(x) if depth == 0 else x + 1 / continued(x, depth - 1)


data = [Fraction(i, 7) for i in range(1, 150)]
harmonic(120)
continued(1, 60)
statistics.mean(data), statistics.variance(data), statistics.median(data)
statistics.quantiles([float(x) for x in data], n=20)
