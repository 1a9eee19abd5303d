"""Walks, changes and compiles syntax trees: deep recursion over many small methods."""
import ast
import textwrap


class Doubling(ast.NodeTransformer):
    def visit_Constant(self, node):
        if isinstance(node.value, int):
            return ast.copy_location(ast.BinOp(node, ast.Add(), ast.Constant(node.value)), node)
        return node


def main():
    with open(textwrap.__file__) as f:
        tree = ast.parse(f.read())
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
    tree = ast.fix_missing_locations(Doubling().visit(tree))
    compile(tree, "doubled", "exec")
    return len(names), len(ast.dump(tree))
