#!/bin/sh
# From a bare Debian 12 or Ubuntu 24.04 to a picture of where a Python program spends its time:
# installs what is missing, builds prof2any in build/, profiles a program and converts the profile.
#
#     sh samples/quickstart.sh
# shellcheck disable=SC2086 # lists of packages are words
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh

heading() {
    printf '\n== %s\n' "$*"
}

# run COMMAND...: shows it as one would type it, and runs it
run() {
    printf '$ %s\n' "$*"
    "$@"
}

build() {
    log=$1
    if [ -e build/CMakeCache.txt ]; then # keep the generator that was chosen before
        cmake -S . -B build
    else
        cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
    fi >"$log" 2>&1 && cmake --build build --target prof2any --parallel >>"$log" 2>&1
}

install_packages $packages_build $packages_python

out=build/quickstart
mkdir -p "$out"
heading "building prof2any"
build "$out/build.log" || { cat "$out/build.log" >&2; exit 1; }
PATH=$PWD/build/src:$PATH
prof2any --version

heading "a profile of samples/programs/small.py"
if command -v python3 >/dev/null 2>&1; then
    run python3 -m cProfile -o "$out/small.prof" samples/programs/small.py
else
    echo "no python3: taking one that was recorded before"
    cp samples/profiles/pstats/py3.11-cprofile-m-small.prof "$out/small.prof"
fi

heading "where its time goes"
run prof2any "$out/small.prof" --strip-dirs --limit 12

heading "into other formats"
run prof2any "$out/small.prof" -o "$out/callgrind.out.small"
run prof2any "$out/small.prof" -f folded -o "$out/small.folded"
run prof2any -q "$out/small.prof" -o "$out/small.svg"

heading "the heaviest stacks"
sort -k1,1 "$out/small.folded" | awk '{ print $NF, $0 }' | sort -rn | head -n 5 |
    sed 's/^[0-9]* //'

heading "made"
wc -c "$out/callgrind.out.small" "$out/small.folded" "$out/small.svg" | sed '$d; s/^ *\([0-9]*\) \(.*\)/\2 (\1 bytes)/'
cat <<EOF

Open them:
  $out/small.svg        the flame graph, in any browser
  kcachegrind $out/callgrind.out.small     (or qcachegrind) the call graph, to click through
  $out/small.folded     one stack a line, its nanoseconds last: for speedscope.app, flamegraph.pl, grep

Your own program:
  python3 -m cProfile -o app.prof app.py
  build/src/prof2any app.prof
EOF
