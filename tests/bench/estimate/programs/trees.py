"""ast: parse two modules of the standard library, walk and unparse them."""
import ast
import textwrap
import string

for module in textwrap, string:
    with open(module.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    ast.unparse(ast.fix_missing_locations(tree))
    ast.dump(tree, indent=2)


class Rename(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.copy_location(ast.Name(id="_" + node.id, ctx=node.ctx), node)


ast.unparse(Rename().visit(tree))
