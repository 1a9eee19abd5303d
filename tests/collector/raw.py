"""raw.read(path): a recording taken apart by the words of recording.h alone. It asserts what they promise."""
import struct

CELL = 64
STATES = {1: "runs", 2: "stopped", 3: "disk full", 4: "out of room"}
KINDS = {1: "python", 2: "builtin", 3: "root", 4: "folded"}
NODES, FUNCTIONS, THREADS, FOLDS = 1, 2, 3, 4


class Function:
    def __init__(self, data, at):
        size, self.number, self.line, kind, *lengths = struct.unpack_from("=4I4H", data, at)
        self.kind = KINDS[kind]
        texts, start = [], at + 24
        for n in lengths:
            texts.append(data[start:start + n].decode())
            start += n
        assert start <= at + size and size % 8 == 0
        self.name, self.qualname, self.file, self.module = texts


class Node:
    def __init__(self, cell, data):
        function, up, self.calls, self.self, self.allocations, self.bytes = struct.unpack_from("=II4Q", data,
                                                                                             cell * CELL)
        self.cell, self.function, self.parent = cell, function, cell - up if up else None
        self.self -= self.self >> 63 << 64


class Thread:
    def __init__(self, data, at):
        self.state, _, current, self.last, self.start, root, self.tid = struct.unpack_from("=IIqQQqQ", data, at)
        self.current, self.root = (at + current) // CELL, (at + root) // CELL
        self.name = data[at + 64:at + 128].split(b"\0")[0].decode()


class Recording:
    def __init__(self, data):
        magic, order, version, cell, first, state, self.mode, self.clock, self.flags = struct.unpack_from("=8s8I", data)
        assert magic == b"P2A\r\n\x1a\n\0" and order == 0x01020304 and version == 1 and cell == CELL
        (cells, self.contexts, self.max_contexts, self.pid, self.parent, self.date,
         self.unit) = struct.unpack_from("=6Qd", data, 40)
        pairs = struct.unpack_from("=6Q2I", data, 96)
        self.start, self.last = pairs[0:2], pairs[2 + 2 * (pairs[6] & 1):4 + 2 * (pairs[6] & 1)]
        self.state = STATES[state]
        self.python = data[152:184].split(b"\0")[0].decode()
        self.program = data[184:first * CELL].rstrip(b"\0").split(b"\0")
        self.functions, self.nodes, self.threads, self.folds = [None], {}, [], []
        assert len(data) >= cells * CELL
        at = first
        while at < cells:
            kind, n = struct.unpack_from("=II", data, at * CELL)
            assert 1 <= kind <= 4 and n > 0 and at + n <= cells
            getattr(self, "_read_%d" % kind)(data, at + 1, at + n)
            at += n
        self._check()

    def _read_1(self, data, at, end):
        for cell in range(at, end):
            node = Node(cell, data)
            if node.function:
                self.nodes[cell] = node

    def _read_2(self, data, at, end):
        at, end = at * CELL, end * CELL
        while at + 24 <= end and struct.unpack_from("=I", data, at)[0]:
            self.functions.append(Function(data, at))
            assert self.functions[-1].number == len(self.functions) - 1
            at += struct.unpack_from("=I", data, at)[0]

    def _read_3(self, data, at, end):
        for cell in range(at, end - 1, 2):
            if struct.unpack_from("=I", data, cell * CELL)[0]:
                self.threads.append(Thread(data, cell * CELL))

    def _read_4(self, data, at, end):
        for cell in range(at, end):
            row = struct.unpack_from("=4I4Q", data, cell * CELL)
            if row[0]:
                self.folds.append(row)

    def _check(self):
        roots = {t.root for t in self.threads}
        for cell, node in self.nodes.items():
            node.function = self.functions[node.function]
            assert (node.parent is None) == (cell in roots) == (node.function.kind == "root"), cell
            assert node.parent is None or (node.parent < cell and node.parent in self.nodes)
        assert self.contexts == len(self.nodes)
        for thread in self.threads:
            assert thread.current in self.nodes

    def root_of(self, node):
        while node.parent is not None:
            node = self.nodes[node.parent]
        return node.cell

    def path(self, node):
        names = []
        while node.parent is not None:
            names.append(node.function.name)
            node = self.nodes[node.parent]
        return tuple(reversed(names))

    def of_thread(self, thread):
        """{path: node} of a thread's tree; of two functions with one name, the calls added up."""
        found = {}
        for node in self.nodes.values():
            if node.parent is not None and self.root_of(node) == thread.root:
                path = self.path(node)
                if path in found:
                    found[path].calls += node.calls
                else:
                    found[path] = node
        return found

    def calls(self, name, thread=None):
        """Of all functions with the name."""
        total = sum(row[4] for row in self.folds if not row[1] and self.functions[row[0]].name == name)
        return total + sum(n.calls for n in self.nodes.values() if n.function.name == name
                           and (thread is None or self.root_of(n) == thread.root))

    def seconds(self, ticks):
        if self.unit:
            return ticks * self.unit
        return ticks * (self.last[1] - self.start[1]) * 1e-9 / (self.last[0] - self.start[0])


def read(path):
    with open(path, "rb") as f:
        return Recording(f.read())
