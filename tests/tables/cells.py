"""cells.py PROGRAM: every character's cells are those of Python's Unicode database.

The databases of Python's versions differ by the characters that came and by a few that were widened: what
this Python doesn't know is passed over, and 128 others may differ."""
import subprocess
import sys
import unicodedata

dump = subprocess.run([sys.argv[1], "dump"], capture_output=True, check=True).stdout.decode()
assert len(dump) == 0x110000
different, compared = [], 0
for code, shown in enumerate(dump):
    c = chr(code)
    category = unicodedata.category(c)
    if category == "Cn":
        continue
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or c == "\ufffd":
        expected = "-1" if c == "\ufffd" else "-"
    elif category in ("Mn", "Me") or 0x1160 <= code <= 0x11FF:
        expected = "0"
    else:
        expected = "2" if unicodedata.east_asian_width(c) in "WF" else "1"
    compared += 1
    if shown not in expected:
        different.append((hex(code), category, shown, expected))
print(compared, "characters,", len(different), "differ:", different[:20])
assert compared > 200000 and len(different) <= 128
