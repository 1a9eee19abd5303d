"""_pydecimal: arithmetic in pure Python."""
from _pydecimal import Context, Decimal, localcontext


def pi():
    last, t, s, n, na, d, da = 0, Decimal(3), 3, 1, 0, 0, 24
    while s != last:
        last = s
        n, na = n + na, na + 8
        d, da = d + da, da + 32
        t = (t * n) / d
        s += t
    return +s


def interest(rate, years):
    balance = Decimal("1000")
    for _ in range(years):
        balance = (balance * (1 + rate)).quantize(Decimal("0.01"))
    return str(balance)


with localcontext(Context(prec=60)):
    pi()
    Decimal(2).sqrt(), Decimal(3).ln(), Decimal("1.5").exp()
for percent in range(1, 12):
    interest(Decimal(percent) / 100, 20)
