"""pydoc and inspect: plain text documentation of two modules."""
import inspect
import pydoc
import heapq
import textwrap

for module in textwrap, heapq:
    pydoc.plaintext.document(module)
    for name, function in inspect.getmembers(module, inspect.isfunction):
        inspect.signature(function)
        inspect.getsource(function)
