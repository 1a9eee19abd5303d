#!/bin/sh
# The program on the folded samples: what goes in comes out, through files, pipes, gzip and the other
# formats.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

say() {
    echo "$*" >&2
    failed=1
}

# same WHAT FILE FILE: as sets of lines
same() {
    sort "$2" >"$work/a"
    sort "$3" >"$work/b"
    cmp -s "$work/a" "$work/b" || { say "$1: not what was expected"; diff "$work/a" "$work/b" >&2 || :; }
}

# plain FILE: without the byte order mark, CR and the newline that is missing; lines of one stack summed
plain() {
    sed '1s/^\xef\xbb\xbf//; s/\r$//' "$1" |
        awk '{ n = $NF; sub(/ [^ ]*$/, ""); if (!($0 in sum)) order[++rows] = $0; sum[$0] += n }
             END { for (i = 1; i <= rows; i++) print order[i] " " sum[order[i]] }'
}

for sample in "$SAMPLES"/profiles/folded/*.folded; do
    name=$(basename "$sample")
    case $name in
    *fractional*) continue ;;
    *two-columns*) cp "$sample" "$work/expected" ;;
    # spelled in their own ways, by their threads; test_lines.c knows what becomes of them
    *py-spy* | *rbspy* | *export-stacks* | *async-profiler*) "$PROF2ANY" "$sample" -q -f folded >"$work/expected" ;;
    *) plain "$sample" >"$work/expected" ;;
    esac
    "$PROF2ANY" "$sample" -o "$work/out.folded"
    same "$name as a file" "$work/expected" "$work/out.folded"
    gzip -c "$sample" | "$PROF2ANY" -f collapsed >"$work/piped"
    cmp -s "$work/out.folded" "$work/piped" || say "$name: a gzip pipe gives something else"
    "$PROF2ANY" "$work/out.folded" -f folded >"$work/again"
    cmp -s "$work/out.folded" "$work/again" || say "$name: written again it differs"
    "$PROF2ANY" "$sample" -f folded -O sort >"$work/sorted"
    LC_ALL=C sort -c "$work/sorted" || say "$name: -O sort doesn't sort"
    same "$name sorted" "$work/out.folded" "$work/sorted"
done

# Σ counts is the whole, in every format that adds it up: here callgrind's totals.
total=$(awk '{ n += $NF } END { print n }' "$SAMPLES/profiles/folded/perf-small.folded")
"$PROF2ANY" "$SAMPLES/profiles/folded/perf-small.folded" -f callgrind >"$work/out.callgrind"
grep -Eq "^(summary|totals): $total\$" "$work/out.callgrind" || say "callgrind has another total than $total"

# Files and lines of the frames reach pstats.
printf 'main (dir/base.py:3);load (dir/base.py:12);<built-in method len> 4\n' >"$work/places.folded"
"$PROF2ANY" "$work/places.folded" -q -o "$work/places.prof"
if command -v python3 >"$work/python"; then
    python3 - "$work/places.prof" <<'END' || say "pstats has other places"
import marshal, sys
rows = set(marshal.load(open(sys.argv[1], "rb")))
expected = {("dir/base.py", 3, "main"), ("dir/base.py", 12, "load"), ("~", 0, "<built-in method len>")}
sys.exit(rows != expected)
END
fi

# Modules stand where the file isn't known, and a note says when others are left out.
"$PROF2ANY" "$SAMPLES/profiles/perf/cpp.perf" -o "$work/modules.folded" 2>"$work/notes"
grep -q '^main (grid);\|;main (grid)' "$work/modules.folded" || say "main isn't (grid)'s"
[ ! -s "$work/notes" ] || say "of modules that are there: $(cat "$work/notes")"
"$PROF2ANY" "$SAMPLES/profiles/p2a/dispatch.p2a" -o "$work/modules.folded" 2>"$work/notes"
grep -q "doesn't carry .*modules beside files.*: left out" "$work/notes" || say "modules: $(cat "$work/notes")"

# One of what is counted is named as one.
printf 'a;b 1\n' >"$work/one.folded"
for format in text table tree dot mermaid flamegraph; do
    "$PROF2ANY" "$work/one.folded" -f "$format" -o "$work/one" || say "one sample: not written as $format"
    grep -q '1 sample\b' "$work/one" && ! grep -q '\b1 samples' "$work/one" ||
        say "one sample as $format: $(grep -o '.*1 samples.*' "$work/one")"
done

# Bad lines: the line, exit 3, nothing written.
status=0
printf 'a;b 1\na;b\n' >"$work/bad.folded"
"$PROF2ANY" "$work/bad.folded" -o "$work/never.folded" 2>"$work/message" || status=$?
[ "$status" -eq 3 ] || say "a line without a count: exit $status, expected 3"
[ ! -e "$work/never.folded" ] || say "a line without a count left an output"
grep -Fqx "prof2any: $work/bad.folded: line 2: no count at the end, expected 'frame;frame count'" \
    "$work/message" || say "a line without a count: $(cat "$work/message")"
exit "$failed"
