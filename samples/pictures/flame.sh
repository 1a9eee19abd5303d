#!/bin/sh
# Draws the flame graphs of this directory: sh samples/pictures/flame.sh [PROF2ANY]
# The PNGs need node and chromium, and are made small by ImageMagick; without a browser there are
# only the SVGs.
set -eu
cd "$(dirname "$0")"
prof2any=${1:-prof2any}
profiles=../profiles/pstats

for name in small recursive unittest; do
    "$prof2any" -q "$profiles/py3.13-cprofile-m-$name.prof" -O minwidth=0.05 -o "flame-$name.svg"
    command -v node >/dev/null && command -v chromium >/dev/null || continue
    for theme in light dark; do
        picture=flame-$name-$theme.png
        node ../../tests/web/shot.js "flame-$name.svg" "$picture" "$theme"
        command -v convert >/dev/null && convert "$picture" +dither -colors 96 "png8:$picture"
    done
done
