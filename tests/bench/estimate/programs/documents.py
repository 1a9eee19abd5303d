"""json: nested documents written with the pure Python encoder and read again."""
import json


def document(depth, width):
    if depth == 0:
        return {"name": "leaf", "values": list(range(width))}
    return {f"key{i}": document(depth - 1, width) for i in range(width)}


def main():
    made = document(4, 5)
    text = json.dumps(made, indent=2, sort_keys=True)
    for _ in range(3):
        back = json.loads(text)
    assert back == made
    decoder = json.JSONDecoder(object_pairs_hook=dict)
    decoder.decode(json.dumps(made))


main()
