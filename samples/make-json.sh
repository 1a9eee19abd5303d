#!/bin/sh
# Makes the samples of the JSON formats afresh with the tools that this machine has.
#
#     sh samples/make-json.sh [OUTDIR]        default: build/samples
#
# On Debian the tools come from:
#     apt-get install nodejs chromium uftrace gcc libc6-dev ruby-stackprof
#     npm install -g speedscope
#
# Programs run in /tmp/prof2any-samples, so that no path tells whose machine a profile was made on.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../build/samples}
work=/tmp/prof2any-samples

note() {
    echo "make-json.sh: $*" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1 && return 0
    note "no $1: $2 left out"
    return 1
}

node_samples() {
    has node "V8's profiles" || return 0
    mkdir -p "$out/cpuprofile"
    node --cpu-prof --cpu-prof-dir="$out/cpuprofile" --cpu-prof-name=node-small.cpuprofile \
        small.js >/dev/null
    node --heap-prof --heap-prof-interval=16384 --heap-prof-dir="$out/cpuprofile" \
        --heap-prof-name=node-small.heapprofile small.js >/dev/null
}

chromium_samples() {
    has node "Chromium's timeline" || return 0
    has chromium "its timeline" || return 0
    mkdir -p "$out/trace"
    echo '<!DOCTYPE html><script>rounds = 12</script><script src="small.js"></script>' >small.html
    node "$here/programs/trace.js" small.html "$out/trace/chromium-timeline.json"
}

uftrace_samples() {
    has uftrace "its trace" || return 0
    has cc "uftrace's trace" || return 0
    mkdir -p "$out/trace"
    cc -g -O1 -pg -fno-inline -pthread -o small small.c
    uftrace record -d small.data -D 6 -t 5us ./small 1 threads >/dev/null
    uftrace dump -d small.data --chrome >"$out/trace/uftrace-small.json"
}

stackprof_samples() {
    has stackprof "Ruby's profiles" || return 0
    mkdir -p "$out/stackprof"
    ruby small.rb cpu.dump cpu 1000
    ruby small.rb raw.dump wall 1000 raw
    stackprof --json cpu.dump >"$out/stackprof/stackprof-cpu.json"
    stackprof --json raw.dump >"$out/stackprof/stackprof-raw.json"
}

# What speedscope's own page makes of V8's profile.
speedscope_samples() {
    has node "speedscope's export" || return 0
    has chromium "speedscope's export" || return 0
    release=$(npm root -g)/speedscope/dist/release
    [ -d "$release" ] || { note "no speedscope: its export left out"; return; }
    mkdir -p "$out/speedscope"
    node "$here/programs/export.js" "$release" "$out/cpuprofile/node-small.cpuprofile" \
        "$out/speedscope/speedscope-node.speedscope.json"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
mkdir -m 700 "$work" || { note "remove $work first"; exit 1; }
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/app"
cp "$here/programs/small.js" "$here/programs/small.rb" "$here/programs/small.c" "$work/app"
cd "$work/app"
node_samples
chromium_samples
uftrace_samples
stackprof_samples
speedscope_samples
ls -l "$out"/* >&2
