#!/bin/sh
# One round of one target.
#
#     sh round.sh short NAME LARGEST           the samples and a fixed handful of what they mutate to
#     sh round.sh long NAME LARGEST OPTION...  on from where the last one ended; libFuzzer's options
#
# $FUZZ is where the targets were built; seeds, corpus and findings lie there, by the target's name.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
how=$1 name=$2 largest=$3
shift 3
samples=$here/../../samples/profiles
seeds=$FUZZ/seeds/$name

copy() { # FILE...: as they are, and as they are unpacked
    for file; do
        [ -f "$file" ] || continue
        case $file in
        *.gz) gzip -dc "$file" >"$seeds/$(basename "$file" .gz)" ;;
        esac
        [ "$(wc -c <"$file")" -gt 65536 ] || cp "$file" "$seeds"
    done
}

# A command line a line: the command's number, then its words, each with a NUL behind it.
copy_lines() {
    i=0
    while IFS= read -r line; do
        i=$((i + 1))
        # shellcheck disable=SC2059,SC2086 # octal of a digit, words of a line
        { printf "\\00${line%% *}"; printf '%s\0' ${line#* }; } >"$seeds/line-$i"
    done <"$1"
}

lay_seeds() {
    rm -rf "$seeds"
    mkdir -p "$seeds"
    case $name in
    any)
        for folder in "$samples"/*/; do
            # shellcheck disable=SC2012 # names of ours
            copy "$(ls -rS "$folder"* | head -n 1)"
        done
        copy "$samples"/*/*.gz "$samples"/bad/*
        ;;
    options) copy_lines "$here/seeds/options.txt" ;;
    settings) copy "$here"/seeds/*.yml ;;
    *) copy "$samples/$name"/* "$samples"/bad/* "$here/seeds/$name"/* ;;
    esac
    find "$seeds" -type f | paste -sd, >"$seeds.list"
}

lay_seeds
dictionary=$here/dictionaries/$name.dict
set -- -max_len="$largest" -timeout=10 -rss_limit_mb=2048 -verbosity="${VERBOSE:-1}" "$@"
[ ! -f "$dictionary" ] || set -- -dict="$dictionary" "$@"
case $how in
short)
    mkdir -p "$FUZZ/findings"
    exec "$FUZZ/fuzz_$name" "$@" -seed=1 -runs=1000 -seed_inputs=@"$seeds.list" \
        -artifact_prefix="$FUZZ/findings/$name-"
    ;;
long)
    mkdir -p "$FUZZ/corpus/$name" "$FUZZ/findings"
    exec nice -n 10 "$FUZZ/fuzz_$name" "$@" -print_final_stats=1 \
        -artifact_prefix="$FUZZ/findings/$name-" "$FUZZ/corpus/$name" "$seeds"
    ;;
esac
