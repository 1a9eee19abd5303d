#!/bin/sh
# Makes every sample profile afresh with the tools that this machine has.
#
#     sh samples/make.sh [OUTDIR]        default: build/samples
#
# Uses every Python on PATH and of pyenv; where present also yappi, pyprof2calltree, cc with
# valgrind, perf. What is missing is said on stderr and left out. On Debian everything but the
# Pythons comes from:
#     apt-get install gcc libc6-dev valgrind linux-perf python3-yappi pyprof2calltree
#
# Programs run in /tmp/prof2any-samples, and Pythons outside /usr through a symbolic link there, so
# that no path in a profile tells whose machine it was made on. The directory goes away at the end.
set -eu
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP DEBUGINFOD_URLS || :

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../build/samples}
work=/tmp/prof2any-samples
programs="small recursive dispatch"

note() {
    echo "make.sh: $*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1 && return 0
    note "no $1: $2 left out"
    return 1
}

# candidates: every path that may be a Python, system directories first so that they win
candidates() {
    ls -d /usr/bin/python[23] /usr/local/bin/python[23] 2>/dev/null || :
    echo "$PATH" | tr ':' '\n' | while read -r dir; do
        case $dir in */shims) continue ;; esac
        ls -d "$dir"/python[23] "$dir"/python[23].[0-9] "$dir"/python[23].[0-9][0-9] \
            2>/dev/null || :
    done
    if command -v pyenv >/dev/null 2>&1; then
        ls -d "$(pyenv root)"/versions/*/bin/python 2>/dev/null || :
    fi
}

# find_pythons: lines "X.Y PROGRAM PREFIX", one a version
find_pythons() {
    candidates | while read -r python; do
        "$python" -c 'import sys
print("%d.%d %s %s" % (sys.version_info[:2] + (sys.executable,
    getattr(sys, "base_prefix", sys.prefix))))' 2>/dev/null </dev/null || :
    done | awk '!seen[$1]++' | sort -V
}

# with_python VERSION PROGRAM PREFIX ARGS...: PREFIX shows as $work/python/VERSION unless under /usr
with_python() {
    version=$1 program=$2 prefix=$3
    shift 3
    case $prefix in
    /usr | /usr/*) (cd "$work/app" && "$program" "$@") >>"$work/log" 2>&1 ;;
    *)
        home=$work/python/$version
        [ -e "$home" ] || ln -s "$prefix" "$home"
        (cd "$work/app" && PYTHONHOME=$home "$home/bin/python$version" "$@") >>"$work/log" 2>&1
        ;;
    esac
}

# python_samples VERSION PROGRAM PREFIX: both profilers, started both ways
python_samples() {
    for sample in $programs; do
        for module in cProfile profile; do
            name=$out/pstats/py$1-$(echo $module | tr 'P' 'p')
            with_python "$@" -m $module -o "$name-m-$sample.prof" "$sample.py"
            with_python "$@" -c "import $module, $sample
$module.run('$sample.main()', '$name-run-$sample.prof')"
        done
    done
}

# large_sample: the standard library's own tests, by the newest Python that has them
large_sample() {
    sort -rV "$work/pythons" | while read -r version program prefix; do
        tests="test.test_textwrap test.test_argparse test.test_difflib"
        # shellcheck disable=SC2086
        if with_python "$version" "$program" "$prefix" -c "import test.test_difflib" &&
            with_python "$version" "$program" "$prefix" -m cProfile \
                -o "$out/pstats/py$version-cprofile-m-unittest.prof" -m unittest -q $tests; then
            break
        fi
        rm -f "$out/pstats/py$version-cprofile-m-unittest.prof"
    done
}

yappi_samples() {
    /usr/bin/python3 -c 'import yappi' 2>/dev/null || { note "no yappi: left out"; return; }
    for sample in $programs; do
        (cd "$work/app" && /usr/bin/python3 -c "import yappi, $sample
yappi.start()
$sample.main()
yappi.stop()
stats = yappi.get_func_stats()
stats.save('$out/pstats/yappi-$sample.prof', type='pstat')
stats.save('$out/callgrind/yappi-$sample.callgrind', type='callgrind')") >>"$work/log" 2>&1
    done
}

pyprof2calltree_samples() {
    has pyprof2calltree "its files" || return 0
    version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    for sample in $programs; do
        pyprof2calltree -i "$out/pstats/py$version-cprofile-m-$sample.prof" \
            -o "$out/callgrind/pyprof2calltree-$sample.callgrind" >>"$work/log" 2>&1 ||
            note "pyprof2calltree failed on $sample"
    done
}

# grind NAME "OPTIONS" ARGS...
grind() {
    name=$1 options=$2
    shift 2
    # shellcheck disable=SC2086
    (cd "$work/app" && valgrind --tool=callgrind $options \
        --callgrind-out-file="$out/callgrind/valgrind-$name.callgrind" ./small "$@") \
        >>"$work/log" 2>&1
}

valgrind_samples() {
    has cc "valgrind's and perf's files" && has valgrind "its files" || return 0
    caches="--I1=32768,8,64 --D1=32768,8,64 --LL=8388608,16,64"
    grind small ""
    grind instr-callers "--dump-instr=yes --separate-callers=2"
    grind everything "--dump-line=yes --branch-sim=yes --cache-sim=yes --collect-jumps=yes $caches"
    grind recs "--separate-recs=2"
    grind uncompressed "--compress-strings=no --compress-pos=no"
    grind threads "--separate-threads=yes --combine-dumps=yes" 1 threads
    grind parts "--combine-dumps=yes --dump-before=one_round" 3
}

perf_samples() {
    has cc "perf's files" && has perf "its files" || return 0
    if ! (cd "$work/app" && perf record -q -e cpu-clock -F 4999 --call-graph fp \
        -o "$work/perf.data" ./small 30000) >>"$work/log" 2>&1; then
        note "perf may not record here: left out"
        return 0
    fi
    perf script -i "$work/perf.data" -F comm,period,ip,sym,dso 2>>"$work/log" |
        awk -f "$here/programs/fold.awk" >"$out/folded/perf-small.folded"
    zstd -q -f -19 --check "$out/folded/perf-small.folded" -o "$out/folded/perf-small.folded.zst"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
mkdir -m 700 "$work" || { note "remove $work first"; exit 1; }
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/app" "$work/python"
mkdir -p "$out/pstats" "$out/callgrind" "$out/folded"
cp "$here"/programs/small.py "$here"/programs/recursive.py "$here"/programs/dispatch.py \
    "$here"/programs/small.c "$work/app"
if command -v cc >/dev/null 2>&1; then
    (cd "$work/app" && cc -g -O1 -fno-inline -fno-omit-frame-pointer -static -pthread \
        -o small small.c)
fi

find_pythons >"$work/pythons"
while read -r version program prefix; do
    python_samples "$version" "$program" "$prefix" </dev/null ||
        { note "Python $version failed:"; tail -n 5 "$work/log" >&2; }
done <"$work/pythons"
large_sample </dev/null
yappi_samples
pyprof2calltree_samples
valgrind_samples
perf_samples
python3 "$here/programs/construct.py" "$out"

if [ -n "${HOME:-}" ] && [ "$HOME" != / ] && grep -rlF "$HOME/" "$out"; then
    note "the files above name $HOME"
    exit 1
fi
note "made $(find "$out" -type f | wc -l) files in $out"
