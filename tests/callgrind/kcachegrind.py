"""Callgrind files as KCachegrind takes them: a reader of its own, and its rules.

Functions are the same where name, base name of the file and base name of the object file are. The
inclusive cost of a function is its self cost and what its calls cost, those to itself left out; the
members of a cycle count as one function. Cycles are what its search finds, in the order of the
functions' identities.
"""
import collections
import os
import re

UNKNOWN = "???"


class Profile:
    def __init__(self):
        self.events = []
        self.titles = {}
        self.summary = []
        self.selfs = collections.defaultdict(lambda: collections.defaultdict(int))
        self.lines = collections.defaultdict(lambda: collections.defaultdict(int))
        self.arcs = collections.defaultdict(lambda: collections.defaultdict(int))
        self.calls = collections.Counter()
        self.sites = collections.defaultdict(lambda: collections.defaultdict(int))
        self.identity = {}  # full key -> KCachegrind's key


class Reader:
    def __init__(self, lines):
        self.profile = Profile()
        self.names = {"fl": {}, "ob": {}, "fn": {}}
        self.part()
        for number, line in enumerate(lines, 1):
            try:
                self.line(line.rstrip("\r\n"))
            except Exception as error:
                raise AssertionError(f"line {number}: {line!r}: {error!r}") from error

    def part(self):
        self.address = self.number = 0
        self.columns = None
        self.positions = ["line"]
        self.ob = self.fl = self.own = UNKNOWN
        self.cob = self.cfl = self.cfn = self.fn = None
        self.pending = None

    def name(self, kind, text):
        match = re.match(r"\((\d+)\)\s*(.*)$", text)
        if not match:
            return text
        number, name = match.groups()
        if name:
            assert self.names[kind].setdefault(number, name) == name, "redefined"
        return self.names[kind][number]

    def key(self, fn, fl, ob):
        key = (fn, fl, ob)
        fn, fl, ob = ("" if x == UNKNOWN else x for x in key)
        self.profile.identity[key] = (fn, os.path.basename(fl), os.path.basename(ob))
        return key

    def position(self, word, before):
        if word == "*":
            return before
        word = re.match(r"([+-]?(?:0x)?[0-9a-fA-F]+)", word).group(1)
        value = int(word.lstrip("+-"), 0 if "0x" in word else 10)
        return before + value if word[0] == "+" else before - value if word[0] == "-" else value

    def costs(self, line):
        words = line.split()
        if "instr" in self.positions:
            self.address = self.position(words.pop(0), self.address)
        if "line" in self.positions:
            self.number = self.position(words.pop(0), self.number)
        assert len(words) <= len(self.columns), "too many costs"
        return {e: int(w) for e, w in zip(self.columns, words)}

    def cost_line(self, line):
        assert self.columns, "costs before events"
        costs = self.costs(line)
        profile, pending, self.pending = self.profile, self.pending, None
        if pending == "jump":
            return
        place = (self.fl, self.number, self.address)
        for event, cost in costs.items():
            if pending:
                profile.arcs[self.fn, pending[0]][event] += cost
                profile.sites[self.fn, pending[0], place][event] += cost
            else:
                profile.selfs[self.fn][event] += cost
                profile.lines[self.fn, place][event] += cost
        if pending:
            profile.calls[self.fn, pending[0]] += pending[1]

    def line(self, line):
        if not line or line[0] == "#":
            return
        if line[0] in "0123456789+-*":
            return self.cost_line(line)
        word, mark, rest = re.match(r"([a-z]+)([:=])\s*(.*)$", line).groups()
        getattr(self, ("h_" if mark == ":" else "b_") + word)(rest)

    def header(self, rest):
        if self.columns:
            self.part()

    h_pid = h_thread = h_part = header

    def h_version(self, rest):
        pass

    h_creator = h_cmd = h_desc = h_version

    def h_totals(self, rest):
        pass

    def h_positions(self, rest):
        self.header(rest)
        self.positions = rest.split()

    def h_event(self, rest):
        name, title = rest.split(":", 1)
        self.profile.titles[name.strip()] = title.strip()

    def h_events(self, rest):
        self.header(rest)
        self.columns = rest.split()
        for event in self.columns:
            if event not in self.profile.events:
                self.profile.events.append(event)

    def h_summary(self, rest):
        assert self.columns, "summary before events"
        self.profile.summary = [int(x) for x in rest.split()]

    def b_ob(self, rest):
        self.ob = self.name("ob", rest)

    def b_fl(self, rest):
        self.fl = self.own = self.name("fl", rest)

    def b_fi(self, rest):
        self.fl = self.name("fl", rest)

    b_fe = b_fi

    def b_fn(self, rest):
        self.fl = self.own
        self.fn = self.key(self.name("fn", rest), self.fl, self.ob)
        self.profile.selfs[self.fn]

    def b_cob(self, rest):
        self.cob = self.name("ob", rest)

    def b_cfi(self, rest):
        self.cfl = self.name("fl", rest)

    b_cfl = b_cfi

    def b_cfn(self, rest):
        self.cfn = self.name("fn", rest)

    def b_jfi(self, rest):
        self.name("fl", rest)

    def b_jfn(self, rest):
        self.name("fn", rest)

    def b_jump(self, rest):
        self.pending = "jump"

    b_jcnd = b_jump

    def b_calls(self, rest):
        callee = self.key(self.cfn, self.cfl or self.fl, self.cob or self.ob)
        self.profile.selfs[callee]
        self.pending = (callee, int(rest.split()[0]))
        self.cob = self.cfl = self.cfn = None


def read(path):
    with open(path, errors="surrogateescape", newline="\n") as file:
        return Reader(file).profile


def cycles(nodes, edges):
    """Components as KCachegrind finds them, with its fault: it takes a function at the bottom of its
    stack, the one a search began with, for one that was left already."""
    low, down, found = {}, {}, []
    top = None
    for start in nodes:
        if start in low:
            continue
        work = []

        def enter(node):
            nonlocal top
            low[node] = number[node] = len(low) + 1
            down[node], top = top, node
            work.append((node, iter(edges[node])))

        number = {}
        enter(start)
        while work:
            node, callees = work[-1]
            for callee in callees:
                if callee not in low:
                    enter(callee)
                    break
                if down[callee] is not None:
                    low[node] = min(low[node], low[callee])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    members = []
                    while not members or members[-1] != node:
                        members.append(top)
                        top = down[top]
                        down[members[-1]] = None
                    found.append(members)
    return found


class Shown:
    """What KCachegrind shows of a profile for one event."""

    def __init__(self, profile, event):
        key = profile.identity
        self.selfs, self.arcs = collections.Counter(), collections.Counter()
        for function, costs in profile.selfs.items():
            self.selfs[key[function]] += costs[event]
        for (caller, callee), costs in profile.arcs.items():
            self.arcs[key[caller], key[callee]] += costs[event]
        self.whole = sum(self.selfs.values())
        edges = collections.defaultdict(list)
        for caller, callee in self.arcs:
            edges[caller].append(callee)
        self.components = cycles(sorted(self.selfs, key="".join), edges)
        self.component = {m: i for i, members in enumerate(self.components) for m in members}
        self.inclusive = [sum(self.selfs[m] for m in ms) for ms in self.components]
        for (caller, callee), cost in self.arcs.items():
            if self.component[caller] != self.component[callee]:
                self.inclusive[self.component[caller]] += cost

    def total(self, function):
        return self.inclusive[self.component[function]]

    def in_cycle(self, function):
        return len(self.components[self.component[function]]) > 1


def check(profile):
    """What must hold of every file we write: a list of what doesn't."""
    wrong = []
    if len(set(profile.identity.values())) != len(profile.identity):
        wrong.append("functions that KCachegrind takes to be the same")
    for i, event in enumerate(profile.events):
        shown = Shown(profile, event)
        if profile.summary[i] != shown.whole:
            wrong.append(f"{event}: summary {profile.summary[i]}, self adds up to {shown.whole}")
        for function in shown.selfs:
            if shown.total(function) > shown.whole:
                wrong.append(f"{event}: {function} has {shown.total(function)} of {shown.whole}")
        entering = collections.Counter()
        for (caller, callee), cost in shown.arcs.items():
            if cost > shown.total(callee):
                wrong.append(f"{event}: {caller} -> {callee} has {cost} of {shown.total(callee)}")
            if shown.component[caller] != shown.component[callee]:
                entering[shown.component[callee]] += cost
        for component, cost in entering.items():
            if cost > shown.inclusive[component]:
                wrong.append(f"{event}: callers of {shown.components[component]} have {cost}")
    return wrong
