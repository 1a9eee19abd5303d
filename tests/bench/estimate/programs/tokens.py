"""tokenize: read a module into tokens and back, indentation and names counted on the way."""
import collections
import inspect
import io
import tokenize


def count(source):
    seen = collections.Counter()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        seen[tokenize.tok_name[token.exact_type]] += 1
    return seen


with open(inspect.__file__, encoding="utf-8") as file:
    lines = file.readlines()[:900]
while lines:
    try:
        count("".join(lines))
        break
    except tokenize.TokenError:
        lines.pop()
tokenize.untokenize(tokenize.generate_tokens(io.StringIO("".join(lines[:300])).readline))
