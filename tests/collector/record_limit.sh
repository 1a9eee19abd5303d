#!/bin/sh
# Past the limit on contexts functions, calls, primitive calls and callers are those without a limit.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# figures FILE OPTION...: the report without its dates, names of files and times
figures() {
    "$PROF2ANY" -q "$@" -s name --style pstats | sed '/p2a$/d; s/[0-9]*\.[0-9][0-9]*//g; s/  */ /g'
}

cp "$SOURCE/samples/programs/nested.py" .
"$PROF2ANY" record -q -o whole.p2a python3 nested.py
for limit in 1 7 20; do
    "$PROF2ANY" record -q --max-contexts $limit -o folded.p2a python3 nested.py
    "$PROF2ANY" folded.p2a -f json 2>&1 >/dev/null | grep -q "limit of $limit contexts was reached"
    for report in "" --callers --callees; do
        # shellcheck disable=SC2086
        figures whole.p2a $report >expected
        # shellcheck disable=SC2086
        figures folded.p2a $report >got
        [ "$(wc -l <expected)" -gt 8 ]
        diff expected got
    done
done
