#!/bin/sh
# Makes the sample profiles of pprof and gperftools afresh with the tools that this machine has.
#
#     sh samples/make-pprof.sh [OUTDIR]        default: build/samples
#
# Uses Go and its pprof, gperftools, python3, and node with Datadog's pprof. What is missing is said on
# stderr and left out. On Debian:
#     apt-get install golang-go gcc libc6-dev libgoogle-perftools4 nodejs npm
#
# Programs run in /tmp/prof2any-samples, so that no path in a profile tells whose machine it was made
# on. The directory goes away at the end.
set -eu
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../build/samples}
work=/tmp/prof2any-samples

note() {
    echo "make-pprof.sh: $*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1 && return 0
    note "no $1: $2 left out"
    return 1
}

# One go.mod-less build, with no path of this machine in it.
go_samples() {
    has go "its files" || return 0
    (cd "$work/app" && GOCACHE=$work/cache GOFLAGS=-trimpath GO111MODULE=off go build -o small-go small.go)
    mkdir "$work/go" "$work/go2"
    "$work/app/small-go" "$work/go"
    "$work/app/small-go" "$work/go2"
    for name in heap mutex block; do
        cp "$work/go/go-$name.pb.gz" "$out/pprof"
    done
    for name in cpu goroutine; do # not compressed, so that tests reach the bytes
        gzip -dc "$work/go/go-$name.pb.gz" >"$out/pprof/go-$name.pb"
    done
    cp "$work"/go/go-*.txt "$out/gperftools"
    (cd "$work/go" && for how in base diff_base; do
        go tool pprof -proto -output "$out/pprof/go-cpu-$how.pb.gz" -$how ../go2/go-cpu.pb.gz go-cpu.pb.gz
    done) >>"$work/log" 2>&1
}

gperftools_samples() {
    has cc "gperftools' files" || return 0
    (cd "$work/app" && cc -g -O1 -fno-inline -fno-omit-frame-pointer -pthread -o small small.c &&
        cc -g -O1 -fno-inline -fno-omit-frame-pointer -o alloc alloc.c &&
        CPUPROFILE=$out/gperftools/cpu-small.prof CPUPROFILE_FREQUENCY=400 \
            LD_PRELOAD=libprofiler.so.0 ./small 10000 &&
        HEAPPROFILE=$work/heap LD_PRELOAD=libtcmalloc.so.4 ./alloc) >>"$work/log" 2>&1
    if [ ! -e "$out/gperftools/cpu-small.prof" ] || [ ! -e "$work/heap.0001.heap" ]; then
        note "no gperftools: its files left out"
        return 0
    fi
    cp "$work/heap.0001.heap" "$out/gperftools/heap-alloc.heap"
    if has go "the profile with symbols"; then
        (cd "$work/app" && go tool pprof -symbolize=local -proto -output "$out/pprof/gperftools-cpu.pb.gz" \
            small "$out/gperftools/cpu-small.prof") >>"$work/log" 2>&1
    fi
}

node_samples() {
    has npm "node's file" || return 0
    (cd "$work/app" && npm install --no-save --no-audit --no-fund @datadog/pprof >>"$work/log" 2>&1 &&
        node time.js "$out/pprof/node-time.pb.gz") || note "no @datadog/pprof: node's file left out"
}

mkdir -p "$out/pprof" "$out/gperftools"
out=$(cd "$out" && pwd)
mkdir -m 700 "$work" || { note "remove $work first"; exit 1; }
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/app"
cp "$here"/programs/small.go "$here"/programs/small.c "$here"/programs/alloc.c \
    "$here"/programs/time.js "$work/app"

go_samples
gperftools_samples
node_samples
if has python3 "what is put together by hand"; then
    if [ -e "$out/gperftools/cpu-small.prof" ]; then
        set -- "$out/gperftools/cpu-small.prof"
    else
        set --
    fi
    python3 "$here/programs/construct_pprof.py" "$out" "$@"
fi

if [ -n "${HOME:-}" ] && [ "$HOME" != / ] && grep -rlF "$HOME/" "$out/pprof" "$out/gperftools"; then
    note "the files above name $HOME"
    exit 1
fi
note "made $(find "$out/pprof" "$out/gperftools" -type f | wc -l) files in $out"
