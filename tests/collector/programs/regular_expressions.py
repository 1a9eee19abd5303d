"""Compiles expressions and uses them with functions as replacements."""
import re

PATTERNS = [r"(a|b)*c{2,5}", r"(?P<word>\w+)\s+(?P=word)", r"(?i:x[^y-z]+)(?=\d)", r"\b(?:foo|bar|baz)+?\b",
            r"^(?:(\d+)-(\d+)|[A-F]{3})$"]


def main():
    re.purge()
    text = "foo foo 12-34 abccc bar baz xA1 " * 20
    for pattern in PATTERNS:
        found = re.compile(pattern)
        for m in found.finditer(text):
            m.groups()
        found.sub(lambda m: m.group().upper(), text)
    re.escape("a.b*c")
    for broken in "(", "*", "[z-a]":
        try:
            re.compile(broken)
        except re.error:
            pass
    return re.split(r"[\s,]+", text)
