"""pprint and reprlib over nested containers."""
import pprint
import reprlib


def nest(depth):
    if depth == 0:
        return ["a", ("b", 3), {"k": {1, 2, 3}}]
    return {f"level {depth}": nest(depth - 1), "list": [nest(depth - 1) for _ in range(3)]}


thing = nest(3)
pprint.pformat(thing, width=60)
pprint.pformat(thing, width=100, compact=True, sort_dicts=False)
short = reprlib.Repr()
short.maxlevel = 5
for _ in range(50):
    short.repr(thing)
