"""Encodes and decodes, in C and in Python, with hooks and errors."""
import json
import json.decoder
import json.encoder
import json.scanner


def tree(depth):
    if depth == 0:
        return [1, 2.5, "text\n", None, True]
    return {"k%d" % i: tree(depth - 1) for i in range(3)}


def main():
    value = tree(4)
    text = json.dumps(value, indent=1, sort_keys=True)
    assert json.loads(text) == value
    decoder = json.JSONDecoder(object_hook=lambda d: sorted(d))
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    decoder.decode(text)
    list(json.encoder.JSONEncoder(indent=2, default=repr).iterencode({"a": [object]}))
    for broken in '{"a": }', "[1, 2", '"\\x"', "nul":
        try:
            json.loads(broken)
        except json.JSONDecodeError as e:
            str(e)
