"""A large pstats file: python3 pstats.py FUNCTIONS ARCS > FILE

The call graph is random but shaped like a program: levels of functions, every one called from the
level above or, now and then, from anywhere; a few call themselves or a function above. Times are
those of a path's share, so that some functions are hot and most are not."""
import marshal
import random
import sys

from program import call_graph


def profile(functions, arcs):
    """The dictionary of a pstats file."""
    rng = random.Random(2)
    callers = [[] for _ in range(functions)]
    children = [[] for _ in range(functions)]
    for caller, callee in call_graph(functions, arcs):
        callers[callee].append(caller)
        if caller < callee:
            children[caller].append(callee)
    total = [0.0] * functions
    own = [0.0] * functions
    flow = {}
    total[0] = 100.0
    for f in range(functions):
        own[f] = total[f] * (0.05 if children[f] else 1)
        weights = [rng.paretovariate(0.6) for _ in children[f]]
        for callee, weight in zip(children[f], weights):
            flow[f, callee] = (total[f] - own[f]) * weight / sum(weights)
            total[callee] += flow[f, callee]
    key = [("/srv/app/package%d/module%d.py" % (f % 60, f % 2000), f % 5000 + 1, "function_%d" % f)
           for f in range(functions)]
    table = {}
    for f in range(functions):
        rows = {key[c]: (3, 3, own[f] / len(callers[f]), flow.get((c, f), 0.0)) for c in callers[f]}
        calls = 3 * len(rows) or 1
        table[key[f]] = (calls, calls, own[f], total[f], rows)
    return table


if __name__ == "__main__":
    marshal.dump(profile(int(sys.argv[1]), int(sys.argv[2])), sys.stdout.buffer)
