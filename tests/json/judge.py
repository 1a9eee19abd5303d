"""Holds what prof2any writes against the schema that speedscope ships, and loads it in speedscope's own page."""
import json
import os
import subprocess
import sys

from common import SAMPLES, check, contexts, convert, failures, finish, write


def matches(value, schema, root):
    """Whether VALUE satisfies SCHEMA, as far as speedscope's uses JSON Schema."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema and not any(matches(value, other, root) for other in schema["anyOf"]):
        return False
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        return False
    types = {"object": dict, "array": list, "string": str, "number": (int, float)}
    if "type" in schema and not isinstance(value, types[schema["type"]]):
        return False
    if isinstance(value, dict):
        return all(key in value for key in schema.get("required", ())) and all(
            matches(value[key], part, root) for key, part in schema.get("properties", {}).items() if key in value)
    return not isinstance(value, list) or all(matches(item, schema.get("items", {}), root) for item in value)


def written():
    for folder, name in (("pstats", "py3.13-cprofile-m-small.prof"), ("folded", "handmade-marks.folded"),
                         ("callgrind", "valgrind-threads.callgrind"), ("callgrind", "valgrind-everything.callgrind"),
                         ("speedscope", "handmade-sampled.speedscope.json")):
        path = os.path.join(SAMPLES, folder, name)
        yield path, convert(path, "speedscope")


def main():
    release = os.path.join(os.environ["SOURCE"], "build", "npm", "speedscope", "dist", "release")
    if not os.path.isdir(release):
        print("skipped: npm's speedscope isn't here, see tests/tools/npm.sh")
        sys.exit(77)
    with open(os.path.join(release, "file-format-schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    check(not matches({"profiles": []}, schema, schema), "schema", "the check takes what it must not")
    texts = []
    for path, text in written():
        check(matches(json.loads(text), schema, schema), path, "the schema is not satisfied")
        texts.append(write("%d.speedscope.json" % len(texts), text))
    page = subprocess.run(["sh", "../web/with-node.sh", "speedscope.js", release, *texts], stdout=subprocess.PIPE,
                          timeout=200)
    if page.returncode == 77:
        print("skipped: no browser; the schema is satisfied" if not failures else "")
    elif check(page.returncode == 0, "speedscope.js", page.stdout.decode()):
        for text, shown in zip(texts, json.loads(page.stdout)):
            with open(text, "rb") as file:
                first = json.load(file)["profiles"][0]
            check(first["name"] in shown["title"], text, "the page shows %r" % shown)
            check(not shown["troubles"] and "Something went wrong" not in shown["text"], text, repr(shown))
    finish()


main()
