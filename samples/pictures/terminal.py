"""terminal.py light|dark < TEXT > PAGE: what a terminal shows, as a page; colours as -O color=always has them."""
import html
import re
import sys

BACK, INK = ("#ffffff", "#1f2328") if sys.argv[1] == "light" else ("#0d1117", "#e6edf3")


def palette(n):
    """Colour n of the 256 of xterm, from 16 on."""
    if n >= 232:
        return "#" + 3 * f"{8 + 10 * (n - 232):02x}"
    steps = (0, 95, 135, 175, 215, 255)
    return "#" + "".join(f"{steps[(n - 16) // 6 ** i % 6]:02x}" for i in (2, 1, 0))


def style(codes):
    """The style of what follows an escape sequence: every one that is written starts from none."""
    numbers, css = [int(code or 0) for code in codes.split(";")], ""
    while numbers:
        code = numbers.pop(0)
        if code == 1:
            css += "font-weight:bold;"
        elif code in (38, 48):
            css += ("color:" if code == 38 else "background:") + palette(numbers[1]) + ";"
            numbers = numbers[2:]
    return css


parts = re.split("\x1b\\[([0-9;]*)m", sys.stdin.read())
text = html.escape(parts[0])
for codes, piece in zip(parts[1::2], parts[2::2]):
    text += f'<span style="{style(codes)}">{html.escape(piece)}</span>'
print(f'<!DOCTYPE html><meta charset="utf-8"><body style="margin:14px 18px;background:{BACK};color:{INK}">'
      f'<pre style="margin:0;font:13px/17px DejaVu Sans Mono">{text}</pre>')
