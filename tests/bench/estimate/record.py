#!/usr/bin/env python3
"""record.py PROGRAM.py OUT - run a program, keep its exact calling context tree, then forget it.

Writes OUT.folded, the self time of every call path in nanoseconds, and OUT.prof, the pstats file
that cProfile's rules give for the same tree:

    function  nc = calls, cc and ct leave out calls made while the function was active, tt = self
    arc       the same, leaving out calls made while the same pair was active

Both come from one run, so that the second holds nothing that the first does not say.
"""
import marshal
import os
import sys
from time import perf_counter_ns


class Context:
    __slots__ = ("key", "parent", "children", "calls", "self")

    def __init__(self, key, parent):
        self.key, self.parent, self.children = key, parent, {}
        self.calls = self.self = 0


def builtin_name(function):
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type(sys)):
        module = getattr(function, "__module__", None) or "builtins"
        return f"<built-in method {module}.{function.__name__}>"
    kind = owner if isinstance(owner, type) else type(owner)
    return f"<method '{function.__name__}' of '{kind.__name__}' objects>"


def record(path, argv):
    """Runs the program under a profile hook; returns the root of the tree."""
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    root = here = Context(None, None)
    space = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    last = 0

    def hook(frame, event, arg):
        nonlocal here, last
        here.self += perf_counter_ns() - last
        if event == "call" or event == "c_call":
            if event == "call":
                code = frame.f_code
                key = (code.co_filename, code.co_firstlineno, code.co_name)
            else:
                key = ("~", 0, builtin_name(arg))
            below = here.children.get(key)
            if below is None:
                below = here.children[key] = Context(key, here)
            here = below
            here.calls += 1
        elif here.parent is not None:
            here = here.parent
        last = perf_counter_ns()

    kept, sys.argv = sys.argv, [path] + argv
    last = perf_counter_ns()
    sys.setprofile(hook)
    try:
        exec(code, space)
    except SystemExit:
        pass
    sys.setprofile(None)
    sys.argv = kept
    root.children.pop(("~", 0, "<built-in method sys.setprofile>"), None)
    return root


def walk(root):
    """Yields (context, entering) downwards and upwards; recursion would not reach deep trees."""
    stack = [(c, True) for c in reversed(root.children.values())]
    while stack:
        context, entering = stack.pop()
        yield context, entering
        if entering:
            stack.append((context, False))
            stack.extend((c, True) for c in reversed(context.children.values()))


def spell(key):
    name = key[2] if key[0] == "~" else f"{key[2]} ({os.path.basename(key[0])}:{key[1]})"
    return name.replace(";", ":")


def write_folded(root, path):
    names = []
    with open(path, "w", encoding="utf-8") as out:
        for context, entering in walk(root):
            if entering:
                names.append(spell(context.key))
                if context.self:
                    out.write(";".join(names) + f" {context.self}\n")
            else:
                names.pop()


def totals(root):
    total = {}
    for context, entering in walk(root):
        if not entering:
            below = sum(total.pop(id(c)) for c in context.children.values())
            total[id(context)] = context.self + below
            yield context, context.self + below


def write_pstats(root, path):
    total_of = {id(c): t for c, t in totals(root)}
    functions, active = {}, {}

    def count(rows, what, context, entering):
        if not entering:
            active[what] -= 1
            return
        row = rows.setdefault(what if len(what) == 3 else what[0], [0, 0, 0, 0])
        row[1] += context.calls
        row[2] += context.self
        if not active.get(what):
            row[0] += context.calls
            row[3] += total_of[id(context)]
        active[what] = active.get(what, 0) + 1

    rows, callers = {}, {}
    for context, entering in walk(root):
        count(rows, context.key, context, entering)
        if context.parent.key is not None:
            pair = (context.parent.key, context.key)
            count(callers.setdefault(context.key, {}), pair, context, entering)
    for key, (cc, nc, tt, ct) in rows.items():
        arcs = {caller: (a[1], a[0], a[2] / 1e9, a[3] / 1e9)
                for caller, a in callers.get(key, {}).items()}
        functions[key] = (cc, nc, tt / 1e9, ct / 1e9, arcs)
    with open(path, "wb") as out:
        marshal.dump(functions, out)


def main():
    program, out = sys.argv[1:3]
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    root = record(program, sys.argv[3:])
    write_folded(root, out + ".folded")
    write_pstats(root, out + ".prof")


if __name__ == "__main__":
    main()
