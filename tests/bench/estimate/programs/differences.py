"""difflib: unified, context and HTML differences of two texts, and close matches."""
import difflib
import random

random.seed(3)
before = [f"line {i} of a text {i % 7}\n" for i in range(120)]
after = [line for line in before if random.random() > 0.1]
for i in range(0, len(after), 9):
    after[i] = after[i].replace("text", "longer text")
"".join(difflib.unified_diff(before, after))
"".join(difflib.context_diff(before, after))
difflib.HtmlDiff().make_table(before[:30], after[:30])
"".join(difflib.ndiff(before[:40], after[:40]))
for word in "appel", "peech", "bananna":
    difflib.get_close_matches(word, ["apple", "peach", "banana", "cherry"] * 5)
