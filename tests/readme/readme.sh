#!/bin/sh
# readme.sh FACT: README.md says what is so.
#
# A code block below "<!-- run -->" is run, in a directory with the files that the examples name; one
# below "<!-- shows -->" is what the block run before it prints, notes and all. What is below
# "<!-- run python -->" needs the Python package, and is left out where that wasn't built for the python3
# on PATH, with what it shows. The table between
# "<!-- formats -->" and "<!-- /formats -->" is made by: prof2any formats --markdown
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readme=$SOURCE/README.md

# split: every marked block into $work/NUMBER.run or $work/NUMBER.shows
split() {
    package=no
    if PYTHONPATH=$BUILD/python python3 -c "import prof2any" 2>/dev/null; then
        package=yes
    fi
    awk -v work="$work" -v package=$package '
        /^<!-- run( python)? -->$/ { left_out = $3 == "python" && package == "no" }
        /^<!-- (run|shows)( python)? -->$/ { kind = left_out ? "" : $2; next }
        /^```/ && file { close(file); file = ""; next }
        /^```/ && kind { file = sprintf("%s/%03d.%s", work, ++n, kind); kind = ""; printf "" >file; next }
        file { print >file }' "$readme"
}

prepare() {
    mkdir "$work/here"
    cp "$SAMPLES/profiles/pstats/py3.11-cprofile-m-small.prof" "$work/here/app.prof"
    cp "$SAMPLES/profiles/pstats/py3.13-cprofile-m-small.prof" "$work/here/app-2.prof"
    cp "$SAMPLES/profiles/callgrind/valgrind-small.callgrind" "$work/here/callgrind.out.4711"
    cp "$SAMPLES/profiles/folded/perf-small.folded" "$work/here/perf.folded"
    cp "$SAMPLES/programs/small.py" "$work/here/app.py"
    touch -d '2026-11-21 09:30:00' "$work/here"/*
    ln -s "$PROF2ANY" "$work/prof2any"
    PATH=$work:$PATH
    export PYTHONPATH="$BUILD/python" PYTHONDONTWRITEBYTECODE=1
    cd "$work/here"
}

case $1 in
the_examples_run_and_show_what_they_say)
    split
    prepare
    blocks=0
    for block in "$work"/*.run "$work"/*.shows; do
        echo "$block"
    done | sort >"$work/blocks"
    while read -r block; do
        case $block in
        *.run)
            sh -eu "$block" >"$work/printed" 2>&1 </dev/null || {
                cat "$block" "$work/printed" >&2
                echo "the example above failed" >&2
                exit 1
            }
            ;;
        *.shows) diff -u "$block" "$work/printed" ;;
        esac
        blocks=$((blocks + 1))
    done <"$work/blocks"
    [ "$blocks" -ge 8 ] || { echo "only $blocks marked blocks in README.md" >&2; exit 1; }
    ;;
the_table_of_formats_is_what_the_program_prints)
    sed -n '/^<!-- formats -->$/,/^<!-- \/formats -->$/{/^<!--/d;p;}' "$readme" >"$work/table"
    "$PROF2ANY" formats --markdown >"$work/printed"
    diff -u "$work/table" "$work/printed"
    ;;
*)
    echo "no such fact: $1" >&2
    exit 2
    ;;
esac
