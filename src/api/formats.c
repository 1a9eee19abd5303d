/* Finding a format: by name, by the name of a file, by its first bytes. */
#include "api/formats.h"

#include <fnmatch.h>
#include <string.h>

#include "base/error.h"
#include "io/source.h"

size_t p2a_format_count(void)
{
    size_t n = 0;
    while (p2a_formats[n])
        n++;
    return n;
}

const struct p2a_format *p2a_format_at(size_t i)
{
    return i < p2a_format_count() ? p2a_formats[i] : NULL;
}

static bool listed(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

const struct p2a_format *p2a_format_named(const char *name)
{
    for (size_t i = 0; p2a_formats[i]; i++)
        if (strcmp(p2a_formats[i]->name, name) == 0 || listed(p2a_formats[i]->aliases, name))
            return p2a_formats[i];
    return NULL;
}

/* The length of the longest pattern that FILE matches, 0 where none does. */
static size_t matches(const struct p2a_format *format, const char *file)
{
    size_t longest = 0;
    for (const char *const *pattern = format->patterns; pattern && *pattern; pattern++)
        if (fnmatch(*pattern, file, FNM_CASEFOLD) == 0 && strlen(*pattern) > longest)
            longest = strlen(*pattern);
    return longest;
}

const struct p2a_format *p2a_format_for_path(const char *path)
{
    char file[256];
    struct p2a_str base = p2a_str_base(p2a_str_of(path));
    if (p2a_str_ends(base, ".gz"))
        base.n -= 3;
    if (base.n >= sizeof file)
        return NULL;
    memcpy(file, base.at, base.n);
    file[base.n] = '\0';
    const struct p2a_format *best = NULL;
    size_t longest = 0; /* "*.trace.json" says more than "*.json" */
    for (size_t i = 0; p2a_formats[i]; i++) {
        size_t n = p2a_formats[i]->write ? matches(p2a_formats[i], file) : 0;
        if (n > longest)
            best = p2a_formats[i];
        longest = n > longest ? n : longest;
    }
    return best;
}

const struct p2a_format *p2a_detect_probe(const struct p2a_probe *probe, struct p2a_error *error)
{
    const struct p2a_format *best = NULL, *rival = NULL;
    enum p2a_sure most = P2A_NO;
    for (size_t i = 0; p2a_formats[i]; i++) {
        const struct p2a_format *format = p2a_formats[i];
        enum p2a_sure sure = format->read && format->probe ? format->probe(probe) : P2A_NO;
        if (sure > most) {
            best = format;
            rival = NULL;
            most = sure;
        } else if (sure != P2A_NO && sure == most) {
            rival = format;
        }
    }
    if (!best)
        p2a_error_set(error, P2A_INPUT,
                      "not a profile in a known format, see prof2any formats (-i names one)");
    else if (rival)
        p2a_error_set(error, P2A_INPUT, "could be %s or %s, say which with -i", best->name,
                      rival->name);
    return rival ? NULL : best;
}

const struct p2a_format *p2a_detect(const void *bytes, size_t size, const char *name,
                                    struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, name);
    struct p2a_source *source = p2a_source_memory(bytes, size, 0, &ours);
    const struct p2a_format *format = NULL;
    if (source) {
        struct p2a_probe probe;
        p2a_source_probe(source, &probe);
        format = ours.status == P2A_OK ? p2a_detect_probe(&probe, &ours) : NULL;
    }
    p2a_source_close(source);
    if (error)
        *error = ours;
    return format;
}
