#!/bin/sh
# Wrong calls end with status 2 and one sentence that names what was wrong; right ones say what they do.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sample=$SAMPLES/profiles/pstats/py3.11-cprofile-m-small.prof
printf 'main;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! 1\n' >"$folder/slow.folded"
failures=0

# expect STATUS WORDS COMMAND…: the status, and WORDS on stderr in one line.
expect()
{
    status=$1 words=$2
    shift 2
    "$PROF2ANY" "$@" </dev/null >"$folder/out" 2>"$folder/err"
    got=$?
    if [ "$got" -ne "$status" ] || ! grep -qF -- "$words" "$folder/err" ||
        [ "$(grep -vc 'prof2any: note:' "$folder/err")" -ne 1 ]; then
        echo "prof2any $*: expected $status and '$words', got $got:"
        cat "$folder/err"
        failures=$((failures + 1))
    fi
}

expect 2 "no option --nonsense" --nonsense
expect 2 "no option -Z" -Z
expect 2 "no option --fromat, did you mean --format?" --fromat dot
expect 2 "no option --fromat=dot, did you mean --format?" --fromat=dot
expect 2 "no option --units, did you mean --unit?" timeit --units
expect 2 "no option --unit, see --help" --unit
expect 2 "-O title=x: a recording has no options" record -O title=x true
expect 2 "--exact takes no value" --exact=yes
expect 2 "no format 'calgrind' to write, did you mean callgrind?" "$sample" -f calgrind
expect 2 "did you mean svg?" "$sample" -f sgv
expect 2 "no format 'perff' to write, see prof2any formats" "$sample" -f perff
expect 2 "format 'perf' is read and not written, see prof2any formats" "$sample" -f perf
expect 2 "format 'flamegraph' is written and not read, see prof2any formats" "$sample" -i flamegraph
expect 2 "no format 'pstas' to read, did you mean pstats?" "$sample" -i pstas
expect 2 "no format is known by the name of 'a.xyz'" "$sample" -o a.xyz
expect 2 "'a.PNG': pictures are .svg here, and '-f dot | dot -Tpng' draws others" "$sample" -o a.PNG
expect 2 "'a.html': what a browser opens is .svg here, a flame graph" "$sample" -o a.html
expect 2 "'a.folded.zst': zstd is read, what is written is packed as .gz" "$sample" -o a.folded.zst
expect 2 "'a.zst': zstd is read, what is written is packed as .gz" "$sample" -f folded -o a.zst
expect 2 "no format 'foldde', did you mean folded?" formats foldde
expect 2 "brwose: no such file and no such command, did you mean browse?" brwose "$sample"
expect 2 "config: no such file; a command stands before its options: prof2any config ..." --no-config config
expect 2 "help: no such file and no such command, did you mean --help?" help browse
hostile=$(printf '\033[31m[\nx\377')
expect 2 "no option --?[31m[?x?, see --help" "--$hostile"
expect 2 "no format '?[31m[?x?' to write" "$sample" -f "$hostile"
expect 2 "--focus '?[31m[?x?': " "$sample" --focus "$hostile"
strange() # WORDS START…: what is said of an input that begins so
{
    words=$1
    shift
    printf "$@" >"$folder/strange"
    expect 3 "not a profile in a known format: it is $words" "$folder/strange"
}
strange "xz-compressed, 'xz -dc' unpacks it" '\3757zXZ\0\0'
strange "xz-compressed" '\3757zXZ\0\0\na;b 1\nc;d 2\n'
strange "lz4-compressed, 'lz4 -dc' unpacks it" '\004"M\030\n@[\n    f\n]: 3\n'
strange "bzip2-compressed, 'bzip2 -dc' unpacks it" 'BZh91AY'
strange "a zip archive" 'PK\003\004\024'
strange "a program, expected what a profiler recorded of it" '\177ELF\002'
strange "a Java flight recording" 'FLR\0\0\002'
strange "a picture, expected the profile that it shows" '<?xml version="1.0"?>\n<svg>'
strange "the log of node --prof" 'v8-version,11,3\n'
strange "massif's, which ms_print shows" 'desc: (none)\ncmd: ./w\ntime_unit: i\n'
strange "DHAT's" '{"dhatFileVersion":2\n'
strange "GHC's heap profile" 'JOB "h +RTS -hc"\nSAMPLE_UNIT "seconds"\n'
strange "GHC's JSON" '{\n"program": "h",\n"cost_centres": []}'
echo 'import sys' >"$folder/app.py"
expect 3 "not a profile in a known format: prof2any record records a program" "$folder/app.py"
expect 3 "not a profile in a known format, see prof2any formats" "$0"
expect 2 "--output is given twice: a.svg and b.svg" "$sample" -o a.svg -o b.svg
expect 2 "--format is given twice: dot and folded" "$sample" -f dot -f folded
expect 2 "--names is given twice: short and full" "$sample" --names short --names full
expect 2 "--style table is of a report, and the output is to be dot" "$sample" --style table -f dot
expect 2 "--style pstats is of a report, and the output is to be table" "$sample" --style pstats -f table
expect 2 "--style table is of a report, and the output is to be flamegraph" "$sample" --style table -o a.svg
expect 2 "--completion csh: expected bash, zsh or fish" --completion csh
expect 2 "browse -: standard input is where the commands come from" browse -
expect 2 "-f: expected a value" "$sample" -f
expect 2 "no format 'nonsense' to write" "$sample" -f nonsense
expect 2 "no format 'nonsense' to read" "$sample" -i nonsense
expect 2 "format 'text' is written and not read" "$sample" -i text
expect 2 "no format is known by the name of" "$sample" -o "$folder/x.nonsense"
expect 2 "--strip '[': missing terminating ] for character class" "$sample" --strip '['
expect 2 "--focus '(': missing closing parenthesis at character 2" "$folder/none.prof" --focus '('
expect 2 "text has no such option, see prof2any formats text" "$sample" -O nonsense=1
expect 2 "-O widht=1: flamegraph has no such option, did you mean width?" none -f svg -O widht=1
expect 2 "-O reverze: flamegraph has no such option, did you mean reverse?" none -o a.svg -O reverze
expect 2 "-O tilte=x: flamegraph has no such option, did you mean title?" record -f svg -O tilte=x true
expect 2 "expected one of" "$sample" -f dot -O theme=luck
expect 2 "nodes=-1: expected a number from 0" "$sample" -f dot -O nodes=-1
expect 2 "expected a whole number" "$sample" --limit many
expect 2 "no sort key 'luck', expected some of calls, ncalls" "$sample" --sort luck
expect 2 "no sort key 'self', did you mean tottime?" "$sample" --sort self
expect 2 "no sort key 'total', did you mean cumtime?" "$sample" --sort calls,total
expect 2 "sort key 'c' could be calls, cumtime, cumulative" "$sample" --sort time,c
expect 2 "no sort key '1'" "$sample" --sort 1,2
expect 2 "no sort key 'luck'" "$folder/nowhere" --sort time,luck
expect 2 "sort key 'c' could be" "$folder/nowhere" -f csv --sort c
expect 2 "no sort key 'luck'" diff "$folder/nowhere" "$folder/nowhere" --sort luck
expect 3 "can't be opened" "$folder/nowhere" --sort 2
expect 3 "can't be opened" "$folder/nowhere" -f folded --sort luck
expect 2 "restriction '[': missing terminating ] for character class at character 2" \
    "$folder/nowhere" -f csv --restrict 3 --restrict '['
expect 2 "restriction -1: expected a count, a share from 0 to 1, or a pattern" "$folder/nowhere" \
    -f markdown --restrict -1
expect 3 "can't be opened" "$folder/nowhere" --restrict '[' # as in pstats it restricts nothing
expect 2 "-O width=1: expected 200 to 100000" "$folder/nowhere" -f flamegraph -O width=1
expect 2 "-O link=…: expected an address, not a script" "$folder/nowhere" -f flamegraph \
    -O link=javascript:alert
expect 2 "-O link: expected an address" diff "$folder/nowhere" "$folder/nowhere" -f dot -O link=data:x
expect 2 "-O height=3: expected" record -f flamegraph -O height=3 false
expect 2 "match limit exceeded" "$folder/slow.folded" --restrict '^(a+)+$'
expect 2 "expected short, full or pstats" "$sample" --names long
expect 2 "expected function, file, module or line" "$sample" --group-by luck
expect 2 "expected a percentage" "$sample" -n 101
expect 2 "expected a whole number" "$sample" --depth 0
expect 2 "at character 2" "$sample" --root '('
expect 2 "match limit exceeded" "$folder/slow.folded" --root '^(a+)+$'
expect 2 "-o '': expected the name of a file" "$sample" -o ''
expect 2 "an input has an empty name" ''
expect 2 "standard input is to be read twice, expected - once" - -
expect 2 "standard input is to be read twice, expected - once" diff - "$sample" vs -
expect 2 "standard input is to be read twice, expected - once" check --must 'calls < 9' --baseline - -
expect 2 "standard input is to be read twice, expected - once" check --must 'calls < 9' --baseline -
expect 2 "--metric bytes: the input has time" "$sample" --metric bytes
expect 2 "doesn't tell threads apart" "$sample" --thread 1
expect 2 "--exact refuses" "$sample" --exact -f folded
expect 2 "--exact refuses" "$sample" --exact --focus main
expect 2 "no format 'nonsense'" formats nonsense
expect 3 "no input" -
expect 3 "nothere.prof: can't be opened: No such file" "$folder/nothere.prof"
expect 3 "is a directory" "$folder"
printf 'PERFILE2h\0\0\0' >"$folder/perf.data"
printf 'gmon\1\0\0\0' >"$folder/gmon.out"
printf 'MOJ\3' >"$folder/mojo"
expect 3 "a recording of perf's, expected its text: 'perf script -i FILE' writes it" "$folder/perf.data"
expect 3 "a recording for gprof, expected gprof's text: 'gprof PROGRAM FILE' writes it" "$folder/gmon.out"
expect 3 "Austin's binary MOJO, expected its text" "$folder/mojo"
expect 4 "can't be written" "$sample" -f pstats -o "$folder/no/such/folder.prof"

# says WORDS COMMAND…: status 0 and WORDS on stdout.
says()
{
    words=$1
    shift
    if ! "$PROF2ANY" "$@" >"$folder/out" 2>"$folder/err" || ! grep -qF -- "$words" "$folder/out"; then
        echo "prof2any $*: expected '$words', got:"
        cat "$folder/out" "$folder/err"
        failures=$((failures + 1))
    fi
}

says "--prune-from RE" --help
says "record a Python program" --help record
says "prof2any 0." --version
says "callgrind" formats
says "| pstats |" formats --markdown
"$PROF2ANY" formats | awk 'NR == 1 { at = index($0, "file names") }
    substr($0, at - 1, 1) != " " && length($0) >= at || / $/ { print; bad = 1 } END { exit bad }' || {
    echo "prof2any formats: columns don't line up"
    failures=$((failures + 1))
}
says "KEY=VALUE" formats dot
says "flamegraph: " formats some/where/app.svg.gz
says "speedscope: " formats app.speedscope.json.gz
says "json: " formats app.json
says "callgrind: " formats callgrind.out.app.py
# What a file's name ends in is a name of the format, too.
for ending in $("$PROF2ANY" formats --markdown | tr -d '`' | tr '|,' '\n ' | tr ' ' '\n' | sed -n 's/^\*\.\([a-z]*\)$/\1/p'); do
    "$PROF2ANY" formats "$ending" >/dev/null 2>&1 || {
        echo "the ending .$ending is no name of a format"
        failures=$((failures + 1))
    }
done
says "flamegraph: " formats callgrind.out.4711.svg
expect 2 "no format 'app.unknown'" formats app.unknown
says "small.py:41(main)" "$sample"
says "due to restriction <3>" "$sample" --limit 3
says "main" "$sample" --root main
# What is counted is named: files where functions are joined by them, and what has none beside.
printf 'main (a.py:1);load (b.py:2) 4\nmain (a.py:1);g (a.py:12) 3\n' >"$folder/placed.folded"
says " 2 files in 7 samples" "$folder/placed.folded" --group-by file
printf 'a;b 3\n' >"$folder/plain.folded"
says "in 2 modules and functions" "$folder/plain.folded" --group-by module -f table
grep -q "functions don't say which module they are in: --group-by joins none" "$folder/err" || {
    echo "--group-by module: expected a note that nothing was joined, got: $(cat "$folder/err")"
    failures=$((failures + 1))
}
says "1 of them listed" "$sample" -f table --restrict '^main .small'
says "19 more functions hold -110 ms" "$SAMPLES/profiles/pprof/go-cpu-base.pb.gz" -f table -s time -l 6
says "19 more functions hold -110 ms" "$SAMPLES/profiles/pprof/go-cpu-base.pb.gz" -f markdown -s time -l 6
# Threads of two processes with one number.
cat >"$folder/processes.json" <<'END'
[{"ph": "X", "name": "a", "ts": 0, "dur": 10, "pid": 1, "tid": 1}, {"ph": "X", "name": "b", "ts": 0, "dur": 10, "pid": 2, "tid": 1}]
END
expect 2 "the input has 1/1, 2/1" "$folder/processes.json" --thread 3
says "thread-2/1;b 10000" "$folder/processes.json" -f folded -O threads=yes
says "thread 2/1" "$folder/processes.json" -f tree -O threads=apart
says "b 10000" "$folder/processes.json" -f folded --thread 2/1
expect 2 "the input has 625, worker 50, worker 80" "$SAMPLES/profiles/p2a/threads.p2a" --thread nobody
seq 1 100 | sed 's/.*/[worker number & tid=&];f 1/' >"$folder/threads.folded"
# A function that was renamed doesn't tell its name apart from that of the one it was.
for format in callgrind pstats; do
    "$PROF2ANY" "$SAMPLES/profiles/callgrind/valgrind-small.callgrind" --strip-dirs -q -f $format -o "$folder/bare.$format"
    "$PROF2ANY" "$folder/bare.$format" -q -f csv >"$folder/out"
    if grep -F '[' "$folder/out"; then
        echo "--strip-dirs -f $format: expected names without a place behind them"
        failures=$((failures + 1))
    fi
done
expect 2 "worker number 9, worker number 10 and 90 more" "$folder/threads.folded" --thread nobody
says "7 samples in 2 files, by" "$folder/placed.folded" --group-by file -f table
says "in 3 lines" "$folder/placed.folded" --group-by line -f markdown
says "in 74 files and functions, by" "$sample" --group-by file -f table
says "more files and functions hold" "$sample" --group-by file -f table --limit 3
says "in 2 modules<" "$folder/placed.folded" --group-by module -f dot
says "in 2 files;" "$folder/placed.folded" --group-by file -f mermaid -O nodes=1
says " in 2 files" diff "$folder/placed.folded" "$folder/placed.folded" --group-by file
says "in 3 functions, by" "$folder/placed.folded" -f table

# What a hostile input calls things reaches the terminal as text, in notes as in the report.
printf 'events: a\033[31m b\nfn=x\033]0;t\007 \302\2331m \342\200\256y \233\n1 5 6\n' >"$folder/escapes"
says 'in 5 a\x1b[31m' "$folder/escapes"
says 'x\x1b]0;t\x07 \x9b1m \u202ey \x9b' "$folder/escapes"
"$PROF2ANY" "$folder/escapes" -f pstats 2>"$folder/err" >"$folder/out.prof"
grep -qF 'one metric: a?[31m of 2' "$folder/err" || {
    echo "a note carries an escape"
    failures=$((failures + 1))
}

# {("b", 1, "i"): (1, 1, inf, inf, {})}, marshalled
printf '\373\251\003\332\001\142\351\001\000\000\000\332\001\151\051\005\162\003\000\000\000\162\003\000\000\000\147\000\000\000\000\000\000\360\177\147\000\000\000\000\000\000\360\177\173\060\060' >"$folder/endless.prof"
says "        1      inf      inf      inf      inf b:1(i)" "$folder/endless.prof"

# Notes are sentences on stderr, and -q silences them.
"$PROF2ANY" "$sample" -f folded >"$folder/out" 2>"$folder/err"
grep -q "^prof2any: note: .*estimated" "$folder/err" || {
    echo "an estimate isn't said"
    failures=$((failures + 1))
}
"$PROF2ANY" -q "$sample" -f folded >"$folder/out" 2>"$folder/err"
[ ! -s "$folder/err" ] || {
    echo "-q isn't quiet"
    failures=$((failures + 1))
}
# An option that changes nothing in what is written is told, one that the format goes by isn't.
idle()
{
    words=$1
    shift
    "$PROF2ANY" "$sample" "$@" 2>"$folder/err" >"$folder/out"
    said=$(sed -n "s/.*note: \(.* doesn't go by\)/\1/p" "$folder/err")
    [ "$said" = "$words" ] || {
        echo "prof2any $*: expected '$words', got '$said'"
        failures=$((failures + 1))
    }
}
idle "folded doesn't go by --sort, --restrict, --limit" -f folded -l 3 --restrict json -s time
idle "flamegraph doesn't go by --reverse, --callees" -o "$folder/x.svg" -r --callees
idle "tree doesn't go by --sort" -f tree -s time -l 3
idle "json doesn't go by --callers" -f json -s time -l 3 --callers
idle "dot doesn't go by --threshold" -f dot --threshold 5
idle "flamegraph doesn't go by --names" -o "$folder/x.svg" --names full
idle "" -f folded
idle "" -q -f folded -l 3
for format in text table markdown csv; do
    idle "" -f $format -s time -r --restrict main -l 3 --callers
done
compared="--threshold is for comparisons, and this is none"
for order in "$sample --threshold 5" "diff $sample $sample --threshold 5" "$sample"; do
    # shellcheck disable=SC2086 # words on purpose
    "$PROF2ANY" $order -f text 2>"$folder/err" >"$folder/out"
    said=$(sed -n "s/^prof2any: note: \(--threshold\)/\1/p" "$folder/err")
    case $order in
    diff*|"$sample") expected= ;;
    *) expected=$compared ;;
    esac
    [ "$said" = "$expected" ] || {
        echo "prof2any $order: expected '$expected', got '$said'"
        failures=$((failures + 1))
    }
done

# What can't be written is told, a reader that went away isn't.
for command in formats "browse $sample" "$sample"; do
    # shellcheck disable=SC2086
    "$PROF2ANY" $command </dev/null >/dev/full 2>"$folder/err"
    if [ $? -ne 4 ] || ! grep -q "can't be written" "$folder/err"; then
        echo "$command: a full disk isn't told"
        failures=$((failures + 1))
    fi
    # shellcheck disable=SC2086
    python3 -c 'import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=write).returncode != -13)
' "$PROF2ANY" $command 2>"$folder/err"
    if [ $? -ne 0 ] || [ -s "$folder/err" ]; then
        echo "$command: doesn't end quietly where nobody reads"
        cat "$folder/err"
        failures=$((failures + 1))
    fi
done
[ "$failures" -eq 0 ]
