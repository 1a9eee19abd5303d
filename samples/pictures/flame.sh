#!/bin/sh
# Draws the flame graphs of this directory: sh samples/pictures/flame.sh [PROF2ANY]
# The PNGs need node and chromium, and are made small by ImageMagick; without a browser there are
# only the SVGs.
set -eu
cd "$(dirname "$0")"
prof2any=${1:-prof2any}
profiles=../profiles/pstats

stills() # of SVG, as NAME
{
    command -v node >/dev/null && command -v chromium >/dev/null || return 0
    for theme in light dark; do
        picture=$2-$theme.png
        node ../../tests/web/shot.js "$1" "$picture" "$theme"
        command -v convert >/dev/null && convert "$picture" +dither -colors 96 "png8:$picture"
    done
}

for name in small recursive unittest; do
    "$prof2any" -q "$profiles/py3.13-cprofile-m-$name.prof" -O minwidth=0.05 -o "flame-$name.svg"
    stills "flame-$name.svg" "flame-$name"
done

# The script under Python 3.11 and 3.13, without the SVG.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$prof2any" diff -q "$profiles/py3.11-cprofile-m-small.prof" "$profiles/py3.13-cprofile-m-small.prof" \
    --strip-dirs -O minwidth=0.05 -o "$work/diff.svg"
stills "$work/diff.svg" flame-diff
