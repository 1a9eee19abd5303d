"""Takes a source apart and puts it together again."""
import io
import textwrap
import tokenize


def main():
    with open(textwrap.__file__, "rb") as f:
        source = f.read()[:12000].rsplit(b"\n\n\n", 1)[0] + b"\n"
    tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    again = tokenize.untokenize(tokens)
    try:
        list(tokenize.generate_tokens(io.StringIO("(\n'''").readline))
    except tokenize.TokenError:
        pass
    return len(again)
