#!/bin/sh
# Outputs: a file appears whole or not at all and keeps its links and its mode; devices and FIFOs are
# written directly; a full disk and a closed pipe are said, or left unsaid, as they should be.
set -u
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
pstats=$SAMPLES/profiles/pstats/py3.11-cprofile-m-small.prof
folded=$SAMPLES/profiles/folded/perf-small.folded
failed=0

say() {
    echo "$*" >&2
    failed=1
}

# run NAME STATUS ARGUMENT…
run() {
    name=$1 expected=$2
    shift 2
    timeout 60 "$PROF2ANY" -q "$@" </dev/null >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$expected" ] || say "$name: exit $got, expected $expected: $(cat "$work/err")"
    [ "$expected" -eq 0 ] || [ "$(wc -l <"$work/err")" -eq 1 ] ||
        say "$name: not one sentence: $(cat "$work/err")"
}

lonely() { # only the files named are in the folder $work/folder
    have=$(cd "$work/folder" && find . ! -name . | sort | tr '\n' ' ')
    [ "$have" = "$*" ] || say "$name: the folder has '$have', expected '$*'"
}

# The formats that can be written, by the program's own table.
writable=$("$PROF2ANY" formats |
    awk 'NR == 1 { at = index($0, "writes") } NR > 1 && substr($0, at, 3) == "yes" { print $1 }')

"$PROF2ANY" -q "$folded" -f folded >"$work/expected"
mkdir "$work/folder" "$work/elsewhere"
out=$work/folder/out.folded

run 'a new file' 0 "$folded" -o "$out"
cmp -s "$out" "$work/expected" || say 'a new file: has something else than standard output'
lonely './out.folded '

chmod 640 "$out"
run 'an old file' 0 "$folded" -o "$out"
[ "$(stat -c %a "$out")" = 640 ] || say "an old file: mode $(stat -c %a "$out"), expected 640"

(umask 027 && run 'under a umask' 0 "$folded" -o "$work/elsewhere/masked.folded"; exit "$failed") || failed=1
[ "$(stat -c %a "$work/elsewhere/masked.folded")" = 640 ] || say 'the umask was not kept'

mv "$out" "$work/elsewhere/real.folded"
ln -s ../elsewhere/real.folded "$work/folder/second"
ln -s second "$out"
echo old >"$work/elsewhere/real.folded"
run 'through two links' 0 "$folded" -o "$out"
[ -L "$out" ] && [ -L "$work/folder/second" ] || say 'through two links: a link is gone'
cmp -s "$work/elsewhere/real.folded" "$work/expected" || say 'through two links: not written'
[ "$(stat -c %a "$work/elsewhere/real.folded")" = 640 ] || say 'through two links: the mode changed'
lonely './out.folded ./second '

rm "$out" "$work/folder/second"
ln -s ../elsewhere/new.folded "$out"
run 'through a link to nothing' 0 "$folded" -o "$out"
[ -L "$out" ] && cmp -s "$work/elsewhere/new.folded" "$work/expected" ||
    say 'through a link to nothing: not written where it points'
rm "$out"
ln -s loop "$work/folder/loop"
run 'through a loop of links' 4 "$folded" -f folded -o "$work/folder/loop"
rm "$work/folder/loop"
lonely ''

run 'over its own input' 0 "$work/elsewhere/new.folded" -o "$work/elsewhere/new.folded"
cmp -s "$work/elsewhere/new.folded" "$work/expected" || say 'over its own input: changed'

run 'gzip by its name' 0 "$folded" -o "$work/elsewhere/out.folded.gz"
gzip -dc "$work/elsewhere/out.folded.gz" | cmp -s - "$work/expected" || say 'gzip: something else'

for path in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    "$PROF2ANY" -q "$folded" -f folded -o $path | cmp -s - "$work/expected" ||
        say "a pipe by the name $path: something else"
    { echo before; "$PROF2ANY" -q "$folded" -f folded -o $path; echo behind; } >"$work/shared"
    { echo before; cat "$work/expected"; echo behind; } | cmp -s - "$work/shared" ||
        say "a file by the name $path: something else"
done
(exec 7>"$work/seven" && "$PROF2ANY" -q "$folded" -f folded -o /dev/fd/7)
cmp -s "$work/seven" "$work/expected" || say 'a file that is open as 7: something else'
run 'a file that is not open' 4 "$folded" -f folded -o /dev/fd/77
ln -s /dev/stdout "$work/folder/link"
"$PROF2ANY" -q "$folded" -f folded -o "$work/folder/link" | cmp -s - "$work/expected" ||
    say 'a link to a pipe: something else'
rm "$work/folder/link"

run 'a directory' 4 "$folded" -f folded -o "$work/folder"
run 'a folder that is missing' 4 "$folded" -o "$work/missing/out.folded"
run 'a file as a folder' 4 "$folded" -o "$work/expected/out.folded"
if [ "$(id -u)" -ne 0 ]; then
    chmod 555 "$work/folder"
    run 'a folder without permission' 4 "$folded" -o "$out"
    lonely ''
    chmod 755 "$work/folder"
elif command -v setpriv >/dev/null; then
    chmod 755 "$work" "$work/folder"
    chmod 644 "$work/expected"
    mkdir -m 777 "$work/coverage"
    export GCOV_PREFIX="$work/coverage" # a build that counts lines can't do so where this user may not write
    if setpriv --reuid 65534 --clear-groups "$PROF2ANY" --version >/dev/null 2>&1; then
        name='a folder without permission'
        setpriv --reuid 65534 --clear-groups "$PROF2ANY" "$work/expected" -i folded -o "$out" \
            2>"$work/err"
        got=$?
        [ "$got" -eq 4 ] || say "$name: exit $got, expected 4"
        [ "$(wc -l <"$work/err")" -eq 1 ] || say "$name: not one sentence: $(cat "$work/err")"
        lonely ''
    fi
    unset GCOV_PREFIX
fi

# Devices are written, not replaced; a full one is the system's error.
run '/dev/null' 0 "$folded" -f folded -o /dev/null
[ -c /dev/null ] || say '/dev/null is no device any more'
for format in $writable; do
    run "/dev/full as $format" 4 "$pstats" -f "$format" -o /dev/full
    [ -c /dev/full ] || say '/dev/full is no device any more'
    timeout 60 "$PROF2ANY" -q "$pstats" -f "$format" >/dev/full 2>"$work/err"
    got=$?
    [ "$got" -eq 4 ] || say "full standard output as $format: exit $got, expected 4"
    grep -q '^prof2any: standard output: ' "$work/err" ||
        say "full standard output as $format: $(cat "$work/err")"
done

mkfifo "$work/fifo"
cat "$work/fifo" >"$work/got" &
reader=$!
run 'a FIFO' 0 "$folded" -f folded -o "$work/fifo"
wait "$reader"
[ -p "$work/fifo" ] || say 'the FIFO is no FIFO any more'
cmp -s "$work/got" "$work/expected" || say 'the FIFO got something else'

# A disk that is full while the file grows: the old file stays. The limit on file size stands for it.
echo old >"$out"
awk 'BEGIN { for (i = 0; i < 40000; i++) print "main;function_" i ";leaf " i + 1 }' >"$work/big.folded"
(
    ulimit -f 64
    exec "$PROF2ANY" -q "$work/big.folded" -o "$out" 2>"$work/err"
)
got=$?
[ "$got" -eq 4 ] || say "a full disk: exit $got, expected 4: $(cat "$work/err")"
[ "$(cat "$out")" = old ] || say 'a full disk: the old file is gone'
name='a full disk'
lonely './out.folded '

# The reader of a pipe goes away: quiet, and not a crash.
for format in $writable; do
    { timeout 60 "$PROF2ANY" -q "$work/big.folded" -f "$format" 2>"$work/err"; echo $? >"$work/status"; } |
        head -c 1 >/dev/null
    [ ! -s "$work/err" ] || say "a closed pipe as $format: said $(cat "$work/err")"
    case $(cat "$work/status") in
    0 | 141) ;;
    *) say "a closed pipe as $format: exit $(cat "$work/status")" ;;
    esac
done

# No standard output at all.
timeout 60 "$PROF2ANY" -q "$folded" -f folded >&- 2>"$work/err"
got=$?
[ "$got" -eq 4 ] || say "without a standard output: exit $got, expected 4: $(cat "$work/err")"

# A closed stream's number is no other file's, in which what is meant for the stream would go on.
timeout 60 "$PROF2ANY" check "$pstats" --must 'calls < 1' --report "junit=$work/junit" --report text \
    >&- 2>"$work/err"
got=$?
[ "$got" -eq 4 ] || say "a report without a standard output: exit $got, expected 4: $(cat "$work/err")"
[ "$(tail -n 1 "$work/junit")" = '</testsuites>' ] ||
    say "a report without a standard output: went on in the one before: $(cat "$work/junit")"
timeout 60 "$PROF2ANY" -q "$pstats" - -f pstats <&- >"$work/out" 2>"$work/err"
got=$?
[ "$got" -eq 4 ] || say "without a standard input: exit $got, expected 4: $(cat "$work/err")"
exit "$failed"
