#include "api/strange.h"

#include <string.h>

/* START begins with `first` and has `word` in it. What is `binary` may hold whole lines of the
 * profile that is packed into it, and is none for all that. */
static const struct {
    bool binary;
    const char *first, *word, *what;
} kinds[] = {
    {true, "\3757zXZ", "", "it is xz-compressed, 'xz -dc' unpacks it"},
    {true, "\4\"M\30", "", "it is lz4-compressed, 'lz4 -dc' unpacks it"},
    {false, "BZh", "", "it is bzip2-compressed, 'bzip2 -dc' unpacks it"},
    {true, "PK\3\4", "", "it is a zip archive, expected a file out of it"},
    {true, "\177ELF", "", "it is a program, expected what a profiler recorded of it"},
    {false, "FLR", "", "it is a Java flight recording, expected stacks that jfrconv made of it"},
    {false, "<", "<svg", "it is a picture, expected the profile that it shows"},
    {false, "v8-version,", "",
     "it is the log of node --prof, expected the file of node --cpu-prof"},
    {false, "desc:", "time_unit:", "it is massif's, which ms_print shows"},
    {false, "{\"dhatFileVersion\"", "", "it is DHAT's, which dh_view.html shows"},
    {false, "JOB \"", "SAMPLE_UNIT", "it is GHC's heap profile, expected the report of +RTS -p"},
    {false, "{", "\"cost_centres\"", "it is GHC's JSON, expected the report of +RTS -p"},
};

const char *p2a_strange(struct p2a_str start, const char *path, bool known)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *word = kinds[i].word;
        if ((kinds[i].binary || !known) && p2a_str_starts(start, kinds[i].first) &&
            memmem(start.at, start.n, word, strlen(word)))
            return kinds[i].what;
    }
    return !known && p2a_str_ends(p2a_str_of(path), ".py") ? "prof2any record records a program"
                                                           : NULL;
}
