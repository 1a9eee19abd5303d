#!/bin/sh
# Makes the samples of gprof, perf script, Austin, line_profiler, bpftrace and GHC afresh with the
# tools that this machine has.
#
#     sh samples/make-others.sh [OUTDIR]        default: build/samples
#
# On Debian the tools come from:
#     apt-get install gcc g++ libc6-dev binutils linux-perf austin python3-line-profiler bpftrace ghc ghc-prof nodejs
#
# perf and bpftrace need the kernel's leave (root), Austin a Python that it knows (1.0.1: up to 3.9;
# AUSTIN_PYTHON names one). Programs run in /tmp/prof2any-samples, so that no path tells whose
# machine a profile was made on.
set -eu
export LC_ALL=C
unset DEBUGINFOD_URLS || :

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../build/samples}
work=/tmp/prof2any-samples

note() {
    echo "make-others.sh: $*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1 && return 0
    note "no $1: $2 left out"
    return 1
}

gprof_samples() {
    has gprof "its reports" || return 0
    has cc "gprof's reports" || return 0
    mkdir -p "$out/gprof"
    cc -pg -g -O1 -fno-inline -fno-optimize-sibling-calls -o cycle cycle.c
    ./cycle >/dev/null
    gprof cycle >"$out/gprof/cycle.gprof"
    gprof -b -p cycle >"$out/gprof/flat-only.gprof"
    gprof -b -q cycle >"$out/gprof/graph-only.gprof"
    gprof -b -l cycle >"$out/gprof/lines.gprof"
}

# samples COUNT: the comments and the first COUNT samples of what perf script prints
samples() {
    awk -v most="$1" '/^#/ { print; next } !$0 { n++ } n < most || (n == most && !$0)'
}

# record OPTION...: a program with its profile in perf.data
record() {
    perf record -q -o perf.data -e cpu-clock "$@" >/dev/null 2>&1
}

perf_samples() {
    has perf "its scripts" || return 0
    has c++ "perf's scripts" || return 0
    mkdir -p "$out/perf"
    c++ -g -O1 -fno-omit-frame-pointer -o grid grid.cpp
    record -F 499 -g ./grid 600 || { note "perf can't record here: its scripts left out"; return; }
    perf script -i perf.data 2>/dev/null | samples 10 >"$out/perf/cpp.perf"
    perf script -i perf.data --no-demangle 2>/dev/null | samples 10 >"$out/perf/cpp-mangled.perf"
    perf script -i perf.data -F ip,sym,dso 2>/dev/null | samples 10 >"$out/perf/no-headers.perf"
    record -F 199 --call-graph dwarf ./grid 600
    perf script -i perf.data 2>/dev/null | samples 8 >"$out/perf/inlined.perf"
    perf script -i perf.data -F +srcline 2>/dev/null | samples 4 >"$out/perf/inlined-srcline.perf"
    record -F 199 ./grid 300
    perf script -i perf.data 2>/dev/null | head -n 15 >"$out/perf/no-stacks.perf"
    perf record -q -o perf.data -e cpu-clock,page-faults -F 199 -g ./grid 300 >/dev/null 2>&1
    perf script -i perf.data --header 2>/dev/null | grep -Ev '^# (hostname|os release|cpu|total|pmu)' |
        samples 12 >"$out/perf/two-events-header.perf"
    if has node "its map in perf script"; then
        record -F 199 -g node --perf-basic-prof --interpreted-frames-native-stack small.js
        perf script -i perf.data 2>/dev/null | samples 12 >"$out/perf/node-map.perf"
    fi
    rm -f /tmp/perf-[0-9]*.map
}

austin_samples() {
    has austin "its samples" || return 0
    python=${AUSTIN_PYTHON:-python3.9}
    has "$python" "Austin's samples" || return 0
    mkdir -p "$out/austin"
    ln -s "$("$python" -c 'import sys; print(sys.prefix)')" "$work/python"
    case $(readlink "$work/python") in /usr) ;; *) python=$work/python/bin/python3 ;; esac
    for kind in threads: alternative:-a full:-f children:-C; do
        austin -i 5000 ${kind#*:} "$python" busy.py 2>/dev/null | awk 'NR % 6 == 1' \
            >"$out/austin/v1-${kind%:*}.austin" || note "austin ${kind#*:} fails with $python"
    done
}

lprof_samples() {
    python3 -c 'import line_profiler' 2>/dev/null || { note "no line_profiler: its profiles left out"; return 0; }
    mkdir -p "$out/lprof"
    python3 - "$out/lprof/smooth.lprof" <<'END'
import sys
sys.path.insert(0, ".")
sys.dont_write_bytecode = True
from line_profiler import LineProfiler
from smooth import main, smooth
profiler = LineProfiler(smooth, main)
profiler.runcall(main, 3000)
profiler.dump_stats(sys.argv[1])
END
}

bpftrace_samples() {
    has bpftrace "its maps" || return 0
    has cc "bpftrace's maps" || return 0
    mkdir -p "$out/bpftrace"
    cc -g -O1 -fno-inline -fno-omit-frame-pointer -static -pthread -o small small.c
    bpftrace -e 'profile:hz:397 /comm == "small"/ { @[kstack, ustack(8), comm] = count(); }' -c './small 8000' \
        2>/dev/null >maps || { note "bpftrace can't run here: its maps left out"; return 0; }
    awk -v RS= -v ORS='\n\n' 'NR <= 40' maps >"$out/bpftrace/profile.bpftrace"
}

ghc_samples() {
    has ghc "its reports" || return 0
    mkdir -p "$out/ghc"
    ghc -v0 -prof -fprof-auto -O0 -o tree Tree.hs || { note "no ghc-prof: GHC's reports left out"; return 0; }
    ./tree +RTS -p -RTS >/dev/null
    mv tree.prof "$out/ghc/shares.prof"
    ./tree +RTS -P -RTS >/dev/null
    mv tree.prof "$out/ghc/ticks-and-bytes.prof"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
mkdir -m 700 "$work" || { note "remove $work first"; exit 1; }
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/app"
for program in cycle.c grid.cpp small.c small.js smooth.py busy.py Tree.hs; do
    cp "$here/programs/$program" "$work/app"
done
cd "$work/app"
gprof_samples
perf_samples
austin_samples
lprof_samples
bpftrace_samples
ghc_samples
ls -l "$out"/* >&2
