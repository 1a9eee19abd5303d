#!/bin/sh
# Draws the call graphs of this directory: sh samples/pictures/dot.sh [PROF2ANY]
# Needs Graphviz' dot. The PNGs are made small by ImageMagick, where it is there.
set -eu
cd "$(dirname "$0")"
prof2any=${1:-prof2any}
profiles=../profiles/pstats/py3.13-cprofile-m

for name in small recursive unittest; do
    for theme in light dark color-blind bw; do
        picture=dot-$name-$theme.png
        "$prof2any" -q -f dot -O "theme=$theme" "$profiles-$name.prof" | dot -Tpng -o "$picture"
        command -v convert >/dev/null && convert "$picture" +dither -colors 48 "png8:$picture"
    done
done
"$prof2any" -q -f dot "$profiles-recursive.prof" | dot -Tsvg -o dot-recursive.svg
