"""re: compile many patterns, then use them."""
import re

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]


def patterns():
    for a in WORDS:
        for b in WORDS:
            yield rf"(?P<{a}>{a}+|[{b}]{{2,5}})\s*(?:{b}|(?={a}))(\d+(\.\d*)?)?$"
            yield rf"^({a}|({b}|(x|y|z)*)+)?[^{a}-z\d]*"


def use(pattern, text):
    return pattern.findall(text), pattern.sub("-", text)


text = " ".join(WORDS * 20)
for source in patterns():
    use(re.compile(source), text)
