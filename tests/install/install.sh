#!/bin/sh
# install.sh prefix   install into $PREFIX for the tests that follow
# install.sh destdir  the same under a DESTDIR, with /usr as the prefix
set -eu

want() {
    for file; do
        [ -e "$file" ] || { echo "not installed: $file" >&2; exit 1; }
    done
}

# The Python package is there, with recorders, and finds the program that was installed with it.
check_package() {
    packages=$1/$LIBDIR/prof2any/python
    want "$packages/prof2any/__main__.py" "$packages"/prof2any/_prof2any*.so
    python=$(python3 -c 'import sys; print(sys.executable)')
    found=$(env -u PROF2ANY PATH=/nowhere "$python" -B -c '
import sys, types
package = sys.modules["prof2any"] = types.ModuleType("prof2any")
package.__path__ = [sys.argv[1]]
from prof2any.program import find
print(find())' "$packages/prof2any")
    [ "$found" = "$1/bin/prof2any" ] || { echo "the package finds $found" >&2; exit 1; }
}

check() {
    root=$1
    want "$root/bin/prof2any" "$root/include/prof2any/prof2any.h" "$root/include/prof2any/format.h" \
        "$root/$LIBDIR/libprof2any.a" "$root/$LIBDIR/libprof2any.so" "$root/$LIBDIR/libprof2any.so.0" \
        "$root/$LIBDIR/pkgconfig/prof2any.pc" "$root/$LIBDIR/cmake/prof2any/prof2any-config.cmake" \
        "$root/share/doc/prof2any/LICENSE" "$root/share/prof2any/json.schema.json" "$root/share/man/man1/prof2any.1" \
        "$root/share/bash-completion/completions/prof2any" \
        "$root/share/zsh/site-functions/_prof2any" "$root/share/fish/vendor_completions.d/prof2any.fish"
    "$root/bin/prof2any" --version
    [ ! -d "$BUILD/python" ] || check_package "$root"
    if grep -F "$SOURCE" "$root/$LIBDIR/pkgconfig/prof2any.pc" "$root/$LIBDIR"/cmake/prof2any/*; then
        echo "the lines above name the source tree, which a user may not have" >&2
        exit 1
    fi
}

case $1 in
prefix)
    rm -rf "$PREFIX"
    cmake --install "$BUILD" --prefix "$PREFIX" >/dev/null
    check "$PREFIX"
    ;;
destdir)
    stage=$(mktemp -d)
    trap 'rm -rf "$stage"' EXIT
    DESTDIR=$stage cmake --install "$BUILD" --prefix /usr >/dev/null
    check "$stage/usr"
    ;;
esac
