#!/bin/sh
# Includes run one way: base <- io, codec <- model <- api and formats <- cli; formats never include
# one another, the program sees only the public headers.
set -eu
cd "$SOURCE"
failed=0

# only DIRECTORIES REGEX: quoted includes of files there match REGEX
only() {
    for directory in $1; do
        [ -d "$directory" ] || continue
        wrong=$(grep -rn --include='*.[ch]' '^ *# *include *"' "$directory" |
            grep -Ev "include *\"($2)" || :)
        [ -z "$wrong" ] || { echo "$wrong"; failed=1; }
    done
}

only src/base 'prof2any/|base/'
only src/io 'prof2any/|base/|io/'
only src/codec 'prof2any/|base/|codec/'
only src/web 'web/'
only src/model 'prof2any/|base/|model/'
only src/api 'prof2any/|base/|io/|codec/|model/|api/'
only formats 'prof2any/|base/|codec/|model/|web/|collector/recording[.]h'
only src/cli 'prof2any/|[a-z_]+[.]h|collector/(recording|clock)[.]h'
only src/collector 'prof2any/|base/|model/|collector/'

# Of the recorder, only what is made for each Python knows Python or the library.
for file in src/collector/*.[ch]; do
    grep -q '<Python[.]h>\|"collector/\(profiler\|launch\)[.]h"' "$file" && continue
    wrong=$(grep -Hn '^ *# *include *"' "$file" | grep -v 'include *"collector/' || :)
    [ -z "$wrong" ] || { echo "$wrong"; failed=1; }
done
if [ "$failed" = 1 ]; then
    echo "the includes above run against the arrows" >&2
fi
exit "$failed"
