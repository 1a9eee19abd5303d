#!/bin/sh
# use.sh WAY: build samples/filter.c against the library in $PREFIX and let it filter a profile.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
profile=$SAMPLES/profiles/pstats/py3.11-cprofile-m-small.prof
export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig" LD_LIBRARY_PATH="$PREFIX/$LIBDIR"

# filters PROGRAM: its output is that of the installed prof2any, and every stack in it matches
filters() {
    "$1" "$profile" 'parse \(' "$work/out" folded 2>"$work/notes"
    "$PREFIX/bin/prof2any" -q "$profile" --focus 'parse \(' -f folded -o "$work/expected"
    [ -s "$work/out" ] || { echo "nothing passed the filter" >&2; exit 1; }
    if grep -v 'parse (' "$work/out"; then
        echo "the stacks above don't pass through parse" >&2
        exit 1
    fi
    cmp "$work/expected" "$work/out"
}

case $1 in
pkg_config)
    # shellcheck disable=SC2046
    "$CC" "$SAMPLES/filter.c" $(pkg-config --cflags --libs prof2any) -o "$work/filter"
    filters "$work/filter"
    ;;
static_pkg_config)
    mkdir "$work/lib" # of its own, so that the linker can't choose the shared one
    cp "$PREFIX/$LIBDIR/libprof2any.a" "$work/lib"
    flags=$(pkg-config --static --libs prof2any | sed "s|-L${PREFIX}[^ ]*|-L$work/lib|")
    # shellcheck disable=SC2046,SC2086
    "$CC" "$SAMPLES/filter.c" $(pkg-config --cflags prof2any) $flags -o "$work/filter"
    unset LD_LIBRARY_PATH
    filters "$work/filter"
    ;;
find_package)
    cat >"$work/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(prof2any 0.1 REQUIRED)
foreach(kind static shared)
    add_executable(filter_\${kind} $SAMPLES/filter.c)
    target_link_libraries(filter_\${kind} prof2any::\${kind})
endforeach()
EOF
    command -v ninja >/dev/null 2>&1 && export CMAKE_GENERATOR=Ninja # make may not be there
    cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$PREFIX" -DCMAKE_C_COMPILER="$CC" >/dev/null
    cmake --build "$work/build" >/dev/null
    unset LD_LIBRARY_PATH
    filters "$work/build/filter_static"
    filters "$work/build/filter_shared"
    ;;
esac
