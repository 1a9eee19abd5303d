"""A large callgrind file: python3 callgrind.py FUNCTIONS LINES > FILE

As `valgrind --tool=callgrind --dump-instr=yes` writes them: two events, a line for each instruction that
cost something, calls with their inclusive cost, names compressed. LINES are the lines of costs, spread
over the functions of a random program of which each is called from about four places."""
import random
import sys

from program import call_graph

INSTRUCTION = 4


def main():
    functions, lines = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(3)
    callees = [[] for _ in range(functions)]
    for caller, callee in call_graph(functions, 4 * functions):
        if callee > caller:
            callees[caller].append(callee)
    callers = [0] * functions
    for callee in (c for each in callees for c in each):
        callers[callee] += 1
    shares = [(0, 0)] * functions  # of a function's inclusive cost: what each of its callers gets
    parts = []
    named = set()

    def name(kind, number, text):
        if (kind, number) in named:
            return "(%d)" % number
        named.add((kind, number))
        return "(%d) %s" % (number, text)

    def compressed(f, prefix=""):
        unit = f % (functions // 20 + 1)
        return "%sob=%s\n%s=%s\n%sfn=%s\n" % (
            prefix, name("ob", unit % 30 + 1, "/usr/lib/libpart%d.so.1" % (unit % 30)),
            "cfi" if prefix else "fl", name("fl", unit + 1, "/src/part%d/unit%d.c" % (unit % 30, unit)),
            prefix, name("fn", f + 1, "part%d_function_%d" % (unit % 30, f)))

    costs = [[] for _ in range(functions)]
    for f in range(functions):
        costs[f] = [(rng.randint(1, 4000), rng.randint(0, 900)) for _ in range(max(1, round(
            rng.expovariate(functions / lines))))]
    for f in reversed(range(functions)):
        own = [sum(cost[i] for cost in costs[f]) for i in (0, 1)]
        shares[f] = tuple((own[i] + sum(shares[c][i] for c in callees[f])) // max(1, callers[f]) for i in (0, 1))
    totals = [sum(cost[i] for each in costs for cost in each) for i in (0, 1)]
    parts.append("# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 4242\n"
                 "cmd:  /usr/bin/program\npart: 1\n\n\ndesc: Trigger: Program termination\n\n"
                 "positions: instr line\nevents: Ir Dr\nsummary: %d %d\n\n" % tuple(totals))
    address = 0x401000
    first = [0] * functions
    for f in range(functions):
        first[f] = address
        address += INSTRUCTION * (len(costs[f]) + len(callees[f]) + 4)
    for f in range(functions):
        text = ["\n", compressed(f)]
        at, line = first[f], f % 3000 + 1
        calls = iter(callees[f])
        for cost in costs[f]:
            text.append("0x%x %d %d %d\n" % (at, line, *cost))
            at += INSTRUCTION
            line += rng.randint(0, 1)
            if rng.random() < len(callees[f]) / len(costs[f]):
                text.append(call(next(calls, None), at, line, compressed, first, shares))
        text += [call(callee, at, line, compressed, first, shares) for callee in calls]
        parts.append("".join(text))
    sys.stdout.write("".join(parts) + "\ntotals: %d %d\n" % tuple(totals))


def call(callee, at, line, compressed, first, shares):
    if callee is None:
        return ""
    return "%scalls=3 0x%x %d\n0x%x %d %d %d\n" % (compressed(callee, "c"), first[callee], callee % 3000 + 1, at, line,
                                                *shares[callee])


main()
