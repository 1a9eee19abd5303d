#!/bin/sh
# A copy of the tree, one file more, one line more: the program reads and writes another format.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir "$tree"
cp -R "$SOURCE/CMakeLists.txt" "$SOURCE/cmake" "$SOURCE/src" "$SOURCE/formats" "$SOURCE/include" "$tree"

cp "$SOURCE/tests/adds-a-format/demo.c" "$tree/formats/demo.c"
echo 'p2a_format(demo)' >>"$tree/formats/CMakeLists.txt"

changes=$(for part in CMakeLists.txt cmake src formats include; do
    diff -r "$SOURCE/$part" "$tree/$part" || :
done | grep -c '^Only in\|^[<>]')
[ "$changes" -eq 2 ] || { echo "$changes files and lines differ, expected 2" >&2; exit 1; }

cmake -S "$tree" -B "$work/build" -G "$GENERATOR" -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=Debug \
    -DBUILD_TESTING=OFF -DPROF2ANY_WERROR=ON >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/build" --target prof2any --parallel 2 >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
demo=$work/build/src/prof2any

"$demo" formats | grep '^demo  *yes  *yes  *one function a line  *\*\.demo$'
printf '# demo profile\n1.5 parse\n0.25 main\n' >"$work/in.demo"
"$demo" "$work/in.demo" -o "$work/out.demo" # detected on the way in, by its name on the way out
cmp "$work/in.demo" "$work/out.demo"
