#!/bin/sh
# merge.sh OUTPUT [FOLDER]: add up all profiles below FOLDER, or those whose names come on standard
# input, one a line, with GNU parallel, as a tree: groups of $FAN (default: 64) by as many jobs as there
# are processors ($JOBS), then groups of the sums, until one is left.
#
#     find /var/profiles -name '*.pb.gz' | sh merge.sh fleet.pb.gz
#
# A job's memory is that of the sum, whatever the number of profiles; what it makes on the way is JSON,
# which holds all that a profile does. One process alone does it too: prof2any -o OUTPUT PROFILE...
set -eu

prof2any=${PROF2ANY:-prof2any}
fan=${FAN:-64}
jobs=${JOBS:-100%}
if [ $# -lt 1 ] || [ "$fan" -lt 2 ]; then
    echo "usage: [FAN=N] merge.sh OUTPUT [FOLDER]" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 1 ]; then
    find "$2" -type f | sort
else
    cat
fi >"$work/names"
[ -s "$work/names" ] || { echo "merge.sh: no profiles" >&2; exit 3; }

round=0
while [ "$(wc -l <"$work/names")" -gt 1 ]; do
    round=$((round + 1))
    mkdir "$work/$round"
    parallel --halt now,fail=1 --jobs "$jobs" --max-args "$fan" \
        "$prof2any" -q -o "$work/$round/{#}.json.gz" -- {} <"$work/names"
    find "$work/$round" -type f | sort -V >"$work/names"
    [ $round -lt 2 ] || rm -rf "${work:?}/$((round - 1))"
done
"$prof2any" -q -o "$1" -- "$(cat "$work/names")"
