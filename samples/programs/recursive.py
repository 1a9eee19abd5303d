"""Recursion of three kinds: direct, mutual, and a recursive-descent parser.

Every call count below is known beforehand: fib(15) is 1,973 calls of fib, is_even(60) is 61 calls
of is_even and is_odd together. Runs on Python 2.7 and 3.x.
"""
import time


def spin(seconds):
    end = time.time() + seconds
    while time.time() < end:
        pass


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def is_even(n):
    spin(0.0002)
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


class Parser(object):
    """expression = term {+|- term}; term = factor {*|/ factor}; factor = number | ( expression )"""

    def __init__(self, text):
        self.text = text.replace(" ", "")
        self.at = 0

    def peek(self):
        return self.text[self.at:self.at + 1]

    def take(self):
        self.at += 1
        return self.text[self.at - 1]

    def expression(self):
        value = self.term()
        while self.peek() and self.peek() in "+-":
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self):
        value = self.factor()
        while self.peek() and self.peek() in "*/":
            value = value * self.factor() if self.take() == "*" else value / self.factor()
        return value

    def factor(self):
        if self.peek() == "(":
            self.take()
            value = self.expression()
            self.take()
            return value
        digits = ""
        while self.peek().isdigit():
            digits += self.take()
        return float(digits)


def calculate(depth):
    text = "1"
    for i in range(depth):
        text = "(%s + %d) * 2 - 3 / (4 + %d)" % (text, i, i)
    return Parser(text).expression()


def main():
    fib(15)
    is_even(60)
    calculate(20)


if __name__ == "__main__":
    main()
