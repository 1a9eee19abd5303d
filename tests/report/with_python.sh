#!/bin/sh
# with_python.sh VERSION SCRIPT ARGUMENT...: SCRIPT under that Python, where it is installed.
set -eu
version=$1
shift
python$version -c 'import pstats' 2>/dev/null && exec "python$version" "$@"
for python in "$HOME"/.pyenv/versions/"$version".*/bin/python; do
    [ -x "$python" ] && exec "$python" "$@"
done
echo "no python$version here"
exit 77
