#!/bin/sh
# Long rounds of the targets, one after the other, each on from where its last one ended.
#
#     sh tests/fuzz/run.sh [TARGET...] [-OPTION=VALUE...]
#     sh tests/fuzz/run.sh pstats folded -runs=1000000
#
# Without a TARGET: all. Options are libFuzzer's; without -runs or -max_total_time, -runs=100000.
# $BUILD is where the preset `fuzz` was built, and is built here (build/fuzz). What each round did is
# a line of $BUILD/tests/fuzz/totals.tsv, and the sums are printed. Exit 1: something was found; it
# lies in $BUILD/tests/fuzz/findings.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
build=${BUILD:-$root/build/fuzz}
FUZZ=$build/tests/fuzz
export FUZZ
names='' options='' found=0
for word; do
    case $word in
    -*) options="$options $word" ;;
    *) names="$names $word" ;;
    esac
done
case $options in
*-runs=* | *-max_total_time=*) ;;
*) options="$options -runs=100000" ;;
esac

[ -f "$build/CMakeCache.txt" ] || (cd "$root" && cmake --preset fuzz -B "$build" >/dev/null)
cmake "$build" >/dev/null # what targets there are
[ -n "$names" ] || names=$(cut -d ' ' -f 1 "$FUZZ/targets")
# Without these two, a third of the time goes into libFuzzer's and the allocator's own books.
export ASAN_OPTIONS="malloc_context_size=2:quarantine_size_mb=8:${ASAN_OPTIONS:-}"
options="-entropic=0 $options"

stat_of() { # NAME: of the last log
    sed -n "s/^stat::$1: *//p" "$FUZZ/log"
}

for name in $names; do
    largest=$(awk -v name="$name" '$1 == name { print $2 }' "$FUZZ/targets")
    [ -n "$largest" ] || { echo "no target $name: $(cut -d ' ' -f 1 "$FUZZ/targets" | tr '\n' ' ')" >&2; exit 2; }
    nice -n 10 cmake --build "$build" --target "fuzz_$name" >"$FUZZ/log" || { cat "$FUZZ/log"; exit 4; }
    started=$(date +%s) result=-
    # shellcheck disable=SC2086 # words
    if ! VERBOSE=${VERBOSE:-0} sh "$here/round.sh" long "$name" "$largest" $options >"$FUZZ/log" 2>&1; then
        tail -n 40 "$FUZZ/log"
        result=$(sed -n 's/.*Test unit written to .*\///p' "$FUZZ/log" | tail -n 1)
        found=1
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$(date -u +%F)" "$name" "$(stat_of number_of_executed_units)" \
        "$(($(date +%s) - started))" "${result:-failed}" >>"$FUZZ/totals.tsv"
done

awk -F '\t' '
    { runs[$2] += $3; seconds[$2] += $4; found[$2] += $5 != "-" }
    END {
        printf "%-12s %12s %9s %6s %9s\n", "target", "executions", "seconds", "a sec.", "findings"
        for (name in runs)
            printf "%-12s %12d %9d %6d %9d\n", name, runs[name], seconds[name],
                runs[name] / (seconds[name] ? seconds[name] : 1), found[name] | "sort"
    }' "$FUZZ/totals.tsv"
exit "$found"
