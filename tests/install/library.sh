#!/bin/sh
# library.sh FACT: what a plain build leaves in the library.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list=$SOURCE/src/exports.txt

# declared: the functions that prof2any.h marks P2A_API, sorted
declared() {
    awk '/^P2A_API/ { on = 1; text = "" }
         on { text = text " " $0 }
         on && /;/ { on = 0; match(text, /p2a_[a-z0-9_]*\(/); print substr(text, RSTART, RLENGTH - 1) }' \
        "$SOURCE/include/prof2any/prof2any.h" | sort
}

# nothing FILE MESSAGE: fails with the message if there is anything in the file
nothing() {
    [ -s "$1" ] || return 0
    cat "$1" >&2
    echo "$2" >&2
    exit 1
}

case $1 in
the_shared_library_exports_what_the_list_says)
    "$NM" -D --defined-only --format=posix "$SHARED" | sed 's/ .*//' | sort >"$work/exported"
    diff -u "$list" "$work/exported"
    ;;
the_list_of_exports_is_the_public_header)
    declared >"$work/declared"
    [ "$(grep -c '^P2A_API' "$SOURCE/include/prof2any/prof2any.h")" = "$(wc -l <"$work/declared")" ]
    diff -u "$list" "$work/declared"
    ;;
every_global_name_of_the_library_starts_with_p2a)
    "$NM" -g --defined-only --format=posix "$ARCHIVE" | sed -n 's/ [A-Z] .*//p' >"$work/names"
    grep -q '^p2a_load$' "$work/names"
    grep -v '^p2a_' "$work/names" >"$work/others" || :
    nothing "$work/others" "the names above could collide with those of a program that links the library"
    ;;
the_library_has_no_writable_data)
    # Pointers that only the loader writes (.data.rel.ro) are constant once the program runs.
    "$READELF" -SW "$ARCHIVE" | awk '
        /^File: / { file = $2; files++ }
        { sub(/^ *\[ *[0-9]+\] */, "") }
        $7 ~ /W/ && $5 !~ /^0+$/ && $1 !~ /^\.data\.rel\.ro/ { print file ": " $1 " 0x" $5 " bytes" }
        END { if (files < 10) print "read " files + 0 " objects only" }' >"$work/writable"
    nothing "$work/writable" "the sections above are state that profiles on two threads would share"
    ;;
the_public_headers_compile_alone)
    for header in prof2any format; do
        echo "#include <prof2any/$header.h>" >"$work/$header.c"
        "$CC" -std=c11 -pedantic -Wall -Wextra -Werror -I"$SOURCE/include" -c "$work/$header.c" \
            -o "$work/$header.o"
    done
    ;;
*)
    echo "no such fact: $1" >&2
    exit 2
    ;;
esac
