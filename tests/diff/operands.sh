#!/bin/sh
# What prof2any diff takes, and what it says to what it doesn't.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'main;a 1\nmain;b 2\n' >one.folded
printf 'main;a 3\nmain;c 2\n' >two.folded
printf 'main;a 1 3\n' >both.folded
mkdir here there
cp one.folded vs

fails() # STATUS SENTENCE ARGUMENTS
{
    status=$1 sentence=$2
    shift 2
    said=$("$PROF2ANY" diff "$@" 2>&1 >/dev/null) && got=0 || got=$?
    [ "$got" = "$status" ] || { echo "diff $*: status $got, expected $status: $said"; exit 1; }
    [ "$said" = "prof2any: $sentence" ] || { echo "diff $*: $said"; exit 1; }
}
is() # EXPECTED ARGUMENTS
{
    expected=$1
    shift
    got=$("$PROF2ANY" diff -q -f folded -O sort "$@")
    [ "$got" = "$expected" ] || { echo "diff $*: $got"; exit 1; }
}

fails 2 "diff: nothing to compare, expected BEFORE AFTER"
fails 2 "diff: one input, expected BEFORE AFTER" one.folded
fails 2 "diff: 3 inputs, expected BEFORE AFTER, or BEFORE... vs AFTER... for several runs" \
    one.folded two.folded one.folded
fails 2 "diff: no input before 'vs', expected BEFORE... vs AFTER..." vs one.folded
fails 2 "diff: no input behind 'vs', expected BEFORE... vs AFTER..." one.folded vs
fails 2 "diff: 'vs' stands between BEFORE and AFTER once (a file of that name is ./vs)" \
    one.folded vs two.folded vs one.folded
fails 3 "both.folded: an input is a comparison already, expected one version's profile" \
    one.folded both.folded
printf '{"prof2any":1,"metrics":[{"name":"Ir","unit":"count"}],"functions":[{"id":1,"name":"f"}],
"contexts":[{"function":1,"self":[3]}]}' >ir.json
fails 3 "one.folded: measures samples in count, another input Ir in count: they don't go together" \
    one.folded ir.json
of() # METRIC UNIT VALUE
{
    printf '{"prof2any":1,"metrics":[{"name":"%s","unit":"%s"}],"functions":[{"id":1,"name":"f"}],
"contexts":[{"function":1,"self":[%s]}]}' "$1" "$2" "$3" >"$1.json"
}
of cpu-clock seconds 3
of time seconds 5
of faults count 5
said=$("$PROF2ANY" diff -f csv cpu-clock.json time.json 2>&1) || :
case $said in
*"note: cpu-clock before is compared with time after"*) ;;
*) echo "times of two names: $said" && exit 1 ;;
esac
case $said in
*'total time before (seconds)'*) ;;
*) echo "times of two names: $said" && exit 1 ;;
esac
fails 3 "cpu-clock.json: measures cpu-clock in seconds, another input faults in count: they don't go together" \
    cpu-clock.json faults.json
of delay seconds 5
fails 3 "cpu-clock.json: measures cpu-clock in seconds, another input delay in seconds: they don't go together" \
    cpu-clock.json delay.json
"$PROF2ANY" cpu-clock.json time.json >sum 2>&1 && echo "times of two names were added up: $(cat sum)" && exit 1

fails 2 "one.folded: --metric time: the input has samples" one.folded two.folded --metric time
missing="restriction '[': missing terminating ] for character class at character 2"
fails 2 "$missing" nowhere nowhere -f text --restrict '['
fails 2 "restriction 1.5: expected a count, a share from 0 to 1, or a pattern" nowhere nowhere \
    -o changes.txt --restrict 1.5
fails 3 "nowhere: can't be opened: No such file or directory" nowhere nowhere -f text \
    --callers --restrict '[' # that is pstats' list, in which it restricts nothing
fails 2 "--threshold much: expected a percentage from 0 to 100" one.folded two.folded --threshold much

is "main;a 1 3
main;b 2 0
main;c 0 2" one.folded two.folded
is "main;a 1 3
main;b 2 0
main;c 0 2" ./vs vs two.folded
is "main;a 2 2
main;b 1 1
main;c 1 1" one.folded two.folded vs two.folded one.folded
is "main;a 2 3
main;b 3 0
main;c 0 2" one.folded two.folded --normalize
is "main;a 1 3
main;b 2 0
main;c 0 2" - two.folded <one.folded

# a pattern finds what is on one side alone, in both columns
is "main;b 2 0" one.folded two.folded --focus '^b'

# functions that have moved are one line, the one after, whatever else is chosen
printf 'main (x.py:1);f (x.py:10) 5\nmain (x.py:1);g (x.py:20) 1\n' >up.folded
printf 'main (x.py:1);f (x.py:12) 7\n' >down.folded
for more in "" "--focus=."; do
    is "x.py:1;x.py:12 5 7
x.py:1;x.py:20 1 0" up.folded down.folded --group-by line $more
done

# A program in two folders, of which only the file it is in is known.
in_folder() # FOLDER NAME
{
    printf '{"prof2any":1,"metrics":[{"name":"time","unit":"seconds"}],"functions":[{"id":1,"name":"f",
"module":"%s/app"}],"contexts":[{"function":1,"self":[3]}]}' "$1" >"$2.json"
}
in_folder /old/place there
in_folder /new here
said=$("$PROF2ANY" diff -f text there.json here.json 2>&1)
case $said in
*"1 function is gone from one folder and new in another: --strip-dirs"*) ;;
*) echo "a module in two folders: $said" && exit 1 ;;
esac
said=$("$PROF2ANY" diff -f text there.json here.json --strip-dirs 2>&1)
case $said in
*gone* | *new*) echo "a module in two folders, without them: $said" && exit 1 ;;
*"nothing has changed itself"*) ;;
*) echo "a module in two folders, without them: $said" && exit 1 ;;
esac

# What both sides measure is compared, whatever else comes first in one of them.
measured() # FILE METRICS VALUES
{
    printf '{"prof2any":1,"metrics":[%s],"functions":[{"id":0,"name":"f"}],"contexts":[{"function":0,"self":[%s]}]}' \
        "$2" "$3" >"$1"
}
hits='{"name":"hits","unit":"count"}'
time='{"name":"time","unit":"seconds"}'
measured two.json "$hits,$time" 7,5
measured one.json "$time" 3
for sides in "one.json two.json 3_s_→_5_s" "two.json one.json 5_s_→_3_s"; do
    # shellcheck disable=SC2086 # words on purpose
    set -- $sides
    said=$("$PROF2ANY" diff -f text "$1" "$2" 2>err | head -1)
    case $said in
    "$(echo "$3" | tr _ ' '),"*) ;;
    *) echo "$1 $2: expected $3, got: $said" && exit 1 ;;
    esac
done
"$PROF2ANY" diff -f text one.json two.json 2>&1 | grep -q "not all sides measure hits: what is compared is time" ||
    { echo "one.json two.json: expected a note on hits" && exit 1; }

# A function that a side has, with nothing of its own, is neither new nor gone.
called() # FILE SELF
{
    printf '{"prof2any":1,"metrics":[%s],"functions":[{"id":0,"name":"f"}],
"contexts":[{"function":0,"calls":17,"self":[%s]}]}' "$time" "$2" >"$1"
}
called none.json 0
called three.json 3
said=$("$PROF2ANY" diff -q -f text none.json three.json | sed 1d
    "$PROF2ANY" diff -q -f text three.json none.json | sed 1d)
case $said in
*new* | *gone*) echo "0 s to 3 s: $said" && exit 1 ;;
*"+3 s    0 ns    3 s"*"-3 s  -100 %     3 s   0 ns"*) ;;
*) echo "0 s to 3 s: $said" && exit 1 ;;
esac
# What a reversed flame graph is made of has a self, which not all calls have: it tells none.
"$PROF2ANY" none.json three.json -q -f flamegraph -O reverse=yes | grep -q " calls" &&
    { echo "a reversed flame graph: calls" && exit 1; }
"$PROF2ANY" none.json three.json -q -f flamegraph | grep -q "34 calls" || { echo "a flame graph: no calls" && exit 1; }

# A function that has only begun to call others is new: nothing of its own is no change by -100 %.
echo "a;b 5" >without.folded
echo "a;n;b 5" >with.folded
said=$("$PROF2ANY" diff -q -f text without.folded with.folded | grep ' n$')
case $said in
*%*) echo "a new function without a self: $said" && exit 1 ;;
*new*) ;;
*) echo "a new function without a self: $said" && exit 1 ;;
esac

# What is left of a selection may have been called in BEFORE alone.
works() # FILE NAME CALLS
{
    printf '{"prof2any":1,"recorded":["contexts","calls"],"metrics":[%s],"functions":[{"id":0,"name":"main"},
{"id":1,"name":"%s"}],"contexts":[{"function":0,"calls":1,"self":[1]},{"function":1,"parent":0,"calls":%d,"self":[2]}]}' \
        "$time" "$2" "$3" >"$1"
}
works before.json old 7
works after.json new 9
for calls in "old 0 7" "new 9 0"; do
    # shellcheck disable=SC2086 # words on purpose
    set -- $calls
    said=$("$PROF2ANY" diff -q before.json after.json --root "$1" -f json | grep -o '"calls[a-z_]*": *[0-9]*' | tr -d ' ')
    for word in "\"calls\":$2" "\"calls_before\":$3"; do
        case $said in
        *"$word"*) ;;
        *) echo "--root $1: no $word: $said" && exit 1 ;;
        esac
    done
done
"$PROF2ANY" diff -q before.json after.json -f json -o changes.json
"$PROF2ANY" check -q changes.json --root old --must 'old <= 0' || { echo "calls of what is gone can't be told" && exit 1; }
