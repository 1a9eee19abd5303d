#include "api/strange.h"

#include <string.h>

/* START begins with `first` and has `word` in it. */
static const struct {
    const char *first, *word, *what;
} kinds[] = {
    {"\3757zXZ", "", "it is xz-compressed, 'xz -dc' unpacks it"},
    {"BZh", "", "it is bzip2-compressed, 'bzip2 -dc' unpacks it"},
    {"PK\3\4", "", "it is a zip archive, expected a file out of it"},
    {"\177ELF", "", "it is a program, expected what a profiler recorded of it"},
    {"FLR", "", "it is a Java flight recording, expected stacks that jfrconv made of it"},
    {"<", "<svg", "it is a picture, expected the profile that it shows"},
    {"v8-version,", "", "it is the log of node --prof, expected the file of node --cpu-prof"},
    {"desc:", "time_unit:", "it is massif's, which ms_print shows"},
    {"{\"dhatFileVersion\"", "", "it is DHAT's, which dh_view.html shows"},
    {"JOB \"", "SAMPLE_UNIT", "it is GHC's heap profile, expected the report of +RTS -p"},
    {"{", "\"cost_centres\"", "it is GHC's JSON, expected the report of +RTS -p"},
};

const char *p2a_strange(struct p2a_str start, const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *word = kinds[i].word;
        if (p2a_str_starts(start, kinds[i].first) && memmem(start.at, start.n, word, strlen(word)))
            return kinds[i].what;
    }
    return p2a_str_ends(p2a_str_of(path), ".py") ? "prof2any record records a program" : NULL;
}
