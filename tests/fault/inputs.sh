#!/bin/sh
# Inputs that are no profiles, or broken ones: one sentence on stderr, exit 3, no output, and an output
# that was there before stays as it was.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=$SAMPLES/profiles/bad
pstats=$SAMPLES/profiles/pstats/py3.11-cprofile-m-small.prof
folded=$SAMPLES/profiles/folded/perf-small.folded
failed=0

# A GiB of address space, where the program runs with that (a sanitizer needs more).
if (ulimit -v 1048576 && "$PROF2ANY" --version) >"$work/log" 2>&1; then
    limit='ulimit -v 1048576'
else
    limit=:
fi

say() {
    echo "$*" >&2
    failed=1
}

# run NAME STATUS ARGUMENT…: standard input is $input; stdout in $work/out, stderr in $work/err
input=/dev/null
run() {
    name=$1 expected=$2
    shift 2
    (eval "$limit" && exec timeout 60 "$PROF2ANY" "$@") <"$input" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$expected" ] || say "$name: exit $got, expected $expected: $(cat "$work/err")"
}

# refused NAME WORDS ARGUMENT…: WORDS (a basic regular expression) are in the one sentence
refused() {
    name=$1 words=$2
    shift 2
    run "$name" 3 "$@" -f folded
    [ ! -s "$work/out" ] || say "$name: wrote something to standard output"
    check_sentence "$name" "$words"

    run "$name, to a new file" 3 "$@" -o "$work/new.folded"
    [ ! -e "$work/new.folded" ] || say "$name: left an output"

    echo 'old;old 1' >"$work/old.folded"
    run "$name, to an old file" 3 "$@" -o "$work/old.folded"
    [ "$(cat "$work/old.folded")" = 'old;old 1' ] || say "$name: touched the old output"
    for left in "$work"/.*.folded*; do
        [ ! -e "$left" ] || say "$name: left $left"
    done
}

check_sentence() {
    [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q '^prof2any: .*[^.]$' "$work/err" ||
        say "$1: not one sentence: $(cat "$work/err")"
    grep -q "$2" "$work/err" || say "$1: expected '$2', got: $(cat "$work/err")"
}

# The formats that can be written, by the program's own table.
writable=$("$PROF2ANY" formats |
    awk 'NR == 1 { at = index($0, "writes") } NR > 1 && substr($0, at, 3) == "yes" { print $1 }')

# What is not there, or not a profile at all.
: >"$work/empty"
input=$work/empty
refused 'an empty pipe' 'standard input: no input' -
refused 'an empty pipe without a name' 'standard input: no input'
input=/dev/null
refused 'an empty file' "$work/empty: no input" "$work/empty"
gzip -c "$work/empty" >"$work/empty.gz"
refused 'a gzip file of nothing' "$work/empty.gz: no input" "$work/empty.gz"
refused 'a directory' "$work: is a directory" "$work"
refused 'a missing file' "$work/missing.prof: can't be opened" "$work/missing.prof"
refused 'a file as a directory' "$work/empty/x: can't be opened" "$work/empty/x"
refused 'a script' 'not a profile' "$0"
refused 'the program itself' 'not a profile' "$PROF2ANY"

# Broken profiles.
for file in "$bad"/bad-*; do
    case $file in
    *.prof) refused "$(basename "$file")" "$file: byte [0-9]*: " "$file" -i pstats ;;
    *.callgrind) refused "$(basename "$file")" "$file: line [0-9]*: " "$file" -i callgrind ;;
    *) refused "$(basename "$file")" "$file: " "$file" ;;
    esac
done
for file in "$bad"/good-*; do
    run "$(basename "$file")" 0 "$file" -f folded
    run "$(basename "$file") as pprof" 0 "$file" -f pprof
done
refused 'a missing input among good ones' 'missing.prof' "$pstats" "$work/missing.prof"
refused 'a broken input among good ones' 'bad-truncated' "$pstats" "$bad/bad-truncated.prof"
refused 'seconds and counts' 'second' "$pstats" "$folded"

# 100,000 levels: objects within objects are refused, frames within frames are a profile.
awk 'BEGIN { printf "{"; for (i = 0; i < 100000; i++) printf "(\001%c%c%c", 0, 0, 0 }' >"$work/deep.prof"
awk 'BEGIN { printf "{)\003"; for (i = 0; i < 100000; i++) printf "[\001%c%c%c", 0, 0, 0 }' \
    >"$work/deeper.prof"
refused '100,000 nested tuples' "byte [0-9]*: " "$work/deep.prof" -i pstats
refused '100,000 nested lists' "byte [0-9]*: " "$work/deeper.prof" -i pstats
awk 'BEGIN { printf "f0"; for (i = 1; i < 100000; i++) printf ";f%d", i; print " 5" }' \
    >"$work/deep.folded"
run '100,000 frames' 0 "$work/deep.folded" -f folded
cmp -s "$work/deep.folded" "$work/out" || say '100,000 frames: came out different'
for format in $writable; do
    run "100,000 frames to $format" 0 "$work/deep.folded" -f "$format"
done

# Compressed, a file that is mapped and one that is read: as it is, cut short, changed.
awk 'BEGIN { srand(1); for (i = 0; i < 40000; i++) printf "main;f%d;g%d %d\n", rand() * 1e6, rand() * 1e6, i + 1 }' \
    >"$work/large.folded"
packers='gzip zstd'
command -v zstd >"$work/log" || packers=gzip
for pack in $packers; do
    for file in "$pstats" "$work/large.folded"; do
        what="$(basename "$file") by $pack"
        "$pack" -q -c "$file" >"$work/whole"
        "$PROF2ANY" "$file" -f folded >"$work/plain" 2>"$work/log"
        run "$what" 0 "$work/whole" -f folded
        cmp -s "$work/plain" "$work/out" || say "$what: not what is in the file itself"
        input=$work/whole
        run "$what in a pipe" 0 - -f folded
        cmp -s "$work/plain" "$work/out" || say "$what in a pipe: not what is in the file itself"
        input=/dev/null
        size=$(wc -c <"$work/whole")
        head -c $((size / 2)) "$work/whole" >"$work/cut"
        refused "$what, cut short" 'cut: .*compressed data' "$work/cut"
        head -c 12 "$work/whole" >"$work/head"
        refused "$what, its header" 'head: ' "$work/head"
        { head -c $((size / 2)) "$work/whole"; printf 'xxxxxxxx'; tail -c +$((size / 2 + 9)) "$work/whole"; } \
            >"$work/changed"
        refused "$what, changed" 'changed: ' "$work/changed"
    done
    # Where large.folded is broken is told alike, however it comes.
    for part in 1 3 5 6; do
        at=$((size * part / 8))
        { head -c $at "$work/whole"; head -c 50000 /dev/zero | tr '\0' '\377'; tail -c +$((at + 50001)) "$work/whole"; } \
            >"$work/changed"
        run "$pack, changed at $at" 3 "$work/changed" -f folded
        told=$(sed -n 's/^[^:]*: [^:]*: //p' "$work/err")
        dd if="$work/changed" bs=777 2>"$work/log" | "$PROF2ANY" -f folded 2>"$work/err" >"$work/out"
        grep -qF "$told" "$work/err" || say "$pack, changed at $at: in a pipe $(cat "$work/err"), not $told"
    done
    # Behind the end zeros don't count, another member does, and so do frames to be skipped, of pzstd and of
    # seekable files, on either side; what is none of these is told.
    { cat "$work/large.folded"; echo 'behind 7'; } >"$work/lines"
    "$PROF2ANY" "$work/lines" -f folded >"$work/plain" 2>"$work/log"
    [ "$pack" = zstd ] && printf '\120\052\115\030\004\000\000\000skip' >"$work/skip" || : >"$work/skip"
    { cat "$work/skip" "$work/whole" "$work/skip"; head -c 100 /dev/zero; echo 'behind 7' | "$pack" -c; } >"$work/two"
    run "$pack, two members" 0 "$work/two" -f folded
    cmp -s "$work/plain" "$work/out" || say "$pack, two members: not what is in both"
    { cat "$work/whole"; echo 'behind 7'; } >"$work/two"
    refused "$pack, text behind it" "two: corrupt $pack data after [0-9]* bytes of compressed data" "$work/two"
    # Of what is cut short, here large.folded, all whole lines that can be unpacked, however it comes.
    "$pack" -q -d -c <"$work/cut" >"$work/lines" 2>"$work/log"
    [ -z "$(tail -c 1 "$work/lines")" ] || sed -i '$d' "$work/lines"
    "$PROF2ANY" "$work/lines" -f folded >"$work/plain" 2>"$work/log"
    run "$pack, in part" 0 "$work/cut" --partial -f folded
    cmp -s "$work/plain" "$work/out" || say "$pack, in part: not all lines before the break"
    dd if="$work/cut" bs=777 2>"$work/log" | "$PROF2ANY" -q --partial -f folded >"$work/out"
    cmp -s "$work/plain" "$work/out" || say "$pack, in part, in a pipe: not all lines before the break"
    wc -l <"$work/lines" | grep -q '^[1-9][0-9][0-9][0-9]' || say "$pack, in part: few lines to compare"
done

# Bombs of 2 GiB made of 64 MiB of zeros again and again.
for pack in $packers; do
    head -c 67108864 /dev/zero | "$pack" -9 >"$work/zeros"
    i=0
    while [ $i -lt 32 ]; do
        cat "$work/zeros"
        i=$((i + 1))
    done >"$work/2g"
    refused "2 GiB of zeros by $pack" '2g: ' "$work/2g"
    { "$pack" -c "$pstats"; cat "$work/2g"; } >"$work/pstats-bomb"
    refused "a pstats file and 2 GiB of zeros by $pack" 'pstats-bomb: ' "$work/pstats-bomb"
    { "$pack" -c "$folded"; cat "$work/2g"; } >"$work/folded-bomb"
    refused "folded stacks and 2 GiB of zeros by $pack" 'folded-bomb: ' "$work/folded-bomb"
    { printf '# callgrind format\nevents: Ir\nfn=(1) a\n1 5\n' | "$pack"; cat "$work/2g"; } >"$work/callgrind-bomb"
    refused "a callgrind file and 2 GiB of zeros by $pack" 'callgrind-bomb: ' "$work/callgrind-bomb"
done

# A length that lies asks for no memory: 2 GiB of text, of tuple, of list.
for code in u '(' '[' s; do
    printf '{(\003\000\000\000%s\377\377\377\177' "$code" >"$work/lies.prof"
    refused "a length of 2 GiB after $code" 'byte [0-9]*: ' "$work/lies.prof" -i pstats
done
exit "$failed"
