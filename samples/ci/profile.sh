#!/bin/sh
# profile.sh COMMAND...: record COMMAND, a test run, here and on the main branch; keep pictures and
# reports; compare; fail where a limit of .prof2any.yml is broken. For any CI, and for one's own desk:
#
#     sh profile.sh python3 -m unittest
#
# What it leaves in $OUT (default: profile):
#
#     head.p2a base.p2a    the recordings
#     flame.svg tree.txt   where the time goes
#     diff.svg diff.md     what has changed since the main branch
#     check.txt check.xml  the limits: for people, and JUnit's XML for what shows tests
#     summary.md           all of it for a job's summary; appended to $GITHUB_STEP_SUMMARY if that is set
#
# Environment: BASE, the branch to compare with (default: main); BASELINE, a recording of it if there is
# one, else BASE is checked out beside and recorded; PROF2ANY, the program.
set -eu

base=${BASE:-main}
out=${OUT:-profile}
prof2any=${PROF2ANY:-prof2any}
top=$(git rev-parse --show-toplevel)
[ $# -gt 0 ] || { echo "usage: profile.sh COMMAND..." >&2; exit 2; }
mkdir -p "$out"
out=$(cd "$out" && pwd)

# record FOLDER FILE COMMAND...: a failing test run is told by its own status
record() {
    folder=$1 file=$2
    shift 2
    (cd "$folder" && "$prof2any" record -q -o "$file" -- "$@")
}

record . "$out/head.p2a" "$@"

beside=
if [ -z "${BASELINE:-}" ]; then
    beside=$(mktemp -d)
    trap 'git worktree remove --force "$beside/base" 2>/dev/null; rm -rf "$beside"' EXIT
    git worktree add --quiet --detach "$beside/base" "$base"
    BASELINE=$out/base.p2a
    record "$beside/base/$(git rev-parse --show-prefix)" "$BASELINE" "$@"
fi

# The same file lies in another folder there: compare by paths within the project.
quoted() {
    printf '%s' "$1" | sed 's/[][\.*^$+?(){}|\\]/\\&/g'
}
here="^$(quoted "$top")/" there="^$(quoted "${beside:-$top}/base")/"

"$prof2any" -q "$out/head.p2a" --strip "$here" -o "$out/flame.svg"
"$prof2any" -q "$out/head.p2a" --strip "$here" -f tree -o "$out/tree.txt"
compare() {
    "$prof2any" diff -q "$BASELINE" "$out/head.p2a" --strip "$here" --strip "$there" "$@"
}
compare -o "$out/diff.svg"
compare -f markdown -o "$out/diff.md"

set -- --report "text=$out/check.txt" --report "junit=$out/check.xml" --report "markdown=$out/check.md"
if [ -n "${GITHUB_ACTIONS:-}" ]; then
    set -- "$@" --report github
fi
status=0
"$prof2any" check -q "${out#"$PWD/"}/head.p2a" --baseline "$BASELINE" --strip "$here" --strip "$there" "$@" ||
    status=$?
[ "$status" -le 1 ] || exit "$status"

{
    cat "$out/check.md"
    printf '\n### Changes since %s\n\n' "$base"
    cat "$out/diff.md"
    printf '\n### Where the time goes\n\n```text\n'
    head -n 40 "$out/tree.txt"
    printf '```\n'
} >"$out/summary.md"
rm -f "$out/check.md"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$status"
