#!/bin/sh
# --max-memory: what needs more ends in one sentence and exit status 4, whatever is written and wherever
# the memory ends; an output that was there stays. What needs less isn't held up.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

say() {
    echo "$*" >&2
    failed=1
}

awk 'BEGIN { for (i = 0; i < 20000; i++) print "main;function_" i % 10000 ";leaf_" i, i + 1 }' >"$work/in.folded"
writable=$("$PROF2ANY" formats |
    awk 'NR == 1 { at = index($0, "writes") } NR > 1 && substr($0, at, 3) == "yes" { print $1 }')

for size in x 12Q -1M 4Gi 0 ''; do
    "$PROF2ANY" --max-memory "$size" "$work/in.folded" -f folded >/dev/null 2>"$work/err"
    [ $? -eq 2 ] || say "--max-memory '$size' is taken"
done

"$PROF2ANY" -q --max-memory 4M "$work/in.folded" -f folded >"$work/out" 2>"$work/err"
if grep -q . "$work/out"; then # a sanitizer's build sets no limit
    exit $failed
fi
grep -q "^prof2any: $work/in.folded: out of memory: more than 4 MiB, see --max-memory$" "$work/err" ||
    say "not the sentence: $(cat "$work/err")"

for size in '1 B' '1023 B' '1 KiB' '1023 KiB'; do
    limit=$(echo "$size" | sed 's/ B$//; s/ //')
    "$PROF2ANY" --max-memory "$limit" "$work/in.folded" -f folded >/dev/null 2>"$work/err"
    grep -q "more than $size, see" "$work/err" || say "--max-memory $size: $(cat "$work/err")"
done

# A limit that isn't --max-memory's is not laid at its door.
for space in 12000 16000 20000 24000; do
    (ulimit -v $space && exec "$PROF2ANY" -q "$work/in.folded" -f dot >"$work/out" 2>"$work/err")
    [ $? -ne 4 ] || ! grep -q max-memory "$work/err" || say "ulimit -v $space: $(cat "$work/err")"
done

for format in $writable; do
    for size in 6M 7M 8M 9M 10M 12M 16m 24MiB; do
        echo old >"$work/old"
        timeout 60 "$PROF2ANY" -q --max-memory $size "$work/in.folded" -f "$format" -o "$work/old" \
            2>"$work/err"
        case $? in
        0) [ "$(head -c 4 "$work/old")" != "old" ] || say "$format, $size: nothing was written" ;;
        4)
            [ "$(cat "$work/old")" = old ] || say "$format, $size: the old output is gone"
            [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q '^prof2any: .*out of memory: more than ' "$work/err" ||
                say "$format, $size: not one sentence: $(cat "$work/err")"
            ;;
        *) say "$format, $size: another exit status: $(cat "$work/err")" ;;
        esac
    done
    timeout 60 "$PROF2ANY" -q --max-memory 1.5G "$work/in.folded" -f "$format" -o /dev/null ||
        say "$format: 1.5 GiB are too few"
done
exit $failed
