#!/bin/sh
# table.sh [PROF2ANY]: draws table-light.png and table-dark.png, what a terminal of 100 columns shows. Needs Chromium.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prof2any=${1:-prof2any}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for theme in light dark; do
    "$prof2any" -q "$here/../profiles/pstats/py3.13-cprofile-m-unittest.prof" --sort time --limit 14 \
        -f table -O width=100 -O color=always | python3 "$here/terminal.py" $theme >"$work/page.html"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=836,340 \
        --screenshot="$here/table-$theme.png" "$work/page.html" 2>/dev/null
    command -v convert >/dev/null && convert "$here/table-$theme.png" +dither -colors 48 "png8:$here/table-$theme.png"
done
