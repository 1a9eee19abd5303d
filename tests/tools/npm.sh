#!/bin/sh
# Fetches the packages of npm that judge what we write, in fixed versions, into build/npm/NAME,
# without what they depend on: each has all that the tests use in files of its own.
#
#     sh tests/tools/npm.sh           those that aren't there yet
#
# Exit 77 where npm or its registry is out of reach: tests that need a package are skipped then.
set -eu
cd "$(dirname "$0")/../.."

fetch() { # NAME VERSION [PACKAGE]
    into=build/npm/$1 package=${3:-$1}
    [ "$(cat "$into/.version" 2>/dev/null)" != "$2" ] || return 0
    rm -rf "$into" "$into.part" && mkdir -p "$into.part" &&
        (cd "$into.part" &&
            npm pack --silent --fetch-retries=1 --fetch-timeout=60000 "$package@$2" >/dev/null 2>&1 &&
            tar xzf ./*.tgz --strip-components=1 && rm -f ./*.tgz && echo "$2" >.version) &&
        mv "$into.part" "$into"
}

fetch_all() {
    fetch speedscope 1.25.0 && fetch pprof-format 2.3.2 && fetch mermaid 11.12.2 &&
        fetch profiler-cli 0.10.0 @firefox-devtools/profiler-cli && fetch marked 15.0.12
}

if ! command -v npm >/dev/null 2>&1; then
    echo "skipped: there is no npm on this machine"
    exit 77
fi
if ! fetch_all; then
    echo "skipped: npm's registry is out of reach"
    exit 77
fi
