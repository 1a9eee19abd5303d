"""The random call graph that large inputs are made from: shaped like a program, in levels of functions."""
import random

LEVELS = 40


def call_graph(functions, arcs):
    """[(caller, callee)], each once; function 0 is the root."""
    rng = random.Random(1)
    width = max(1, (functions - 1) // LEVELS)
    pairs = set()
    for f in range(1, functions):
        above = max(0, f - width)
        pairs.add((rng.randrange(max(0, above - width), above + 1) if above else 0, f))
    while len(pairs) < arcs:
        caller = rng.randrange(functions)
        if rng.random() < 0.02:
            callee = rng.randrange(max(1, caller - width), caller + 1) if caller else 1
        else:
            callee = min(functions - 1, caller + 1 + int(rng.expovariate(1 / (2 * width))))
        if callee:
            pairs.add((caller, callee))
    return sorted(pairs)
