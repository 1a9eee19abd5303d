#!/bin/sh
# valgrind finds nothing in the recorder, and nothing lost: CPython 3.11, whose own faults are left out
# of account.
set -eu
here=$(dirname "$0")
command -v valgrind >/dev/null || exit 77
for python in "$HOME"/.pyenv/versions/3.11.*/bin/python3 python3.11 none; do
    [ "$python" != none ] || exit 77
    "$python" -c 'import sysconfig; sysconfig.get_path' 2>/dev/null && break
done
ls "$BUILD"/python/prof2any/_prof2any.cpython-311-* >/dev/null 2>&1 || exit 77
log=$(mktemp)
trap 'rm -f "$log"' EXIT
PYTHONMALLOC=malloc valgrind --log-file="$log" --num-callers=30 --leak-check=full \
    --show-leak-kinds=definite,indirect "$python" -B "$here/in_valgrind.py" | grep -qx done
grep -q 'definitely lost' "$log"

# Stacks that go through the module: by the names of its sources.
names=$(cd "$SOURCE/src/collector" && ls -- *.c *.h | sed 's/[.]/[.]/' | paste -sd '|' -)
awk -v names="[(]($names):[0-9]+[)]|_prof2any[.]" '
    function judge() { if (block ~ names) { printf "%s", block; bad++ } block = "" }
    /^==[0-9]+== *$/ { judge(); next }
    { block = block $0 "\n" }
    END { judge(); exit bad != 0 }' "$log"
