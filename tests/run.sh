#!/bin/sh
# Installs what the tests need, builds every way that matters, and passes the tests.
#
#     sh tests/run.sh             everything
#     sh tests/run.sh gcc         one stage: gcc, sanitize, analyse, coverage
#
# Ends with the summary of ctest over the gcc build, or with the failure of the stage that failed.
# shellcheck disable=SC2086 # lists of packages are words
set -eu
cd "$(dirname "$0")/.."
. cmake/packages.sh

coverage_floor=95 # percent of the lines of src/ and formats/
logs=build/logs

# quiet NAME COMMAND...: runs it with its output in a log that is shown if it fails
quiet() {
    log=$logs/$1.log
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        echo "failed: $*" >&2
        return 1
    fi
}

build() {
    quiet "$1-configure" cmake --preset "$1" && quiet "$1-build" cmake --build --preset "$1"
}

# What runs the program a thousand times, or builds it, for the sake of other programs: it is as good
# in one build as in all.
once='^(adding_a_format|collector[.](exact|package)|report[.]prints_as_pstats_of|timeit[.]words)'

# tests PRESET OPTION...: ctest's own words on the terminal and in a log; what hangs gets another try
tests() {
    preset=$1
    shift
    { ctest --preset "$preset" --repeat after-timeout:2 "$@" || echo failed >"$logs/$preset-failed"; } 2>&1 |
        tee "$logs/$preset-tests.log"
    [ ! -e "$logs/$preset-failed" ]
}

stage_gcc() {
    build werror-gcc && tests werror-gcc
}

stage_sanitize() {
    build fuzz && tests fuzz -E "$once"
}

stage_analyse() {
    quiet analyse-configure cmake --preset werror-clang &&
        quiet analyse run-clang-tidy -quiet -p build/werror-clang "$PWD/(src|formats)/.*\.c\$"
}

stage_coverage() {
    build coverage || return
    find build/coverage -name '*.gcda' -exec rm -f {} + # of an earlier run
    tests coverage -E "$once" || return
    # what stands twice in a file, for machines with a counter and without, can't be added up
    gcovr --root . --object-directory build/coverage --exclude-directories '.*recorder_without_tsc.*' \
        --filter src/ --filter formats/ --gcov-ignore-parse-errors --sort-percentage \
        --fail-under-line "$coverage_floor"
}

stages=${*:-gcc sanitize analyse coverage}
install_packages $packages_build $packages_test
install_known_packages $packages_browser $packages_cpython $packages_cross
command -v npm >/dev/null 2>&1 || install_known_packages npm
sh tests/tools/npm.sh || echo "so that some tests are skipped"
mkdir -p "$logs"
exec 9>"$logs/lock" # one run at a time in one tree
flock 9
rm -f "$logs"/*-failed
for stage in $stages; do
    echo "== $stage"
    started=$(date +%s)
    "stage_$stage" || { echo "tests/run.sh: stage $stage failed" >&2; exit 1; }
    echo "== $stage: $(($(date +%s) - started)) seconds"
done
case " $stages " in
*" gcc "*) sed -n '/tests passed/,$p' "$logs/werror-gcc-tests.log" ;;
esac
