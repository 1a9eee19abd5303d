/* Finding a format: by name, by the name of a file, by its first bytes. */
#include "api/formats.h"
#include "api/strange.h"

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

enum { ENDING = 256 }; /* longer than any pattern */

/* How much the pattern says that FILE matches and that says most, 0 where none does: how FILE ends
 * says more than how it begins ("callgrind.out.4711.svg" is a picture), and "*.trace.json" says
 * more than "*.json". */
static size_t matches(const struct p2a_format *format, const char *file)
{
    size_t most = 0;
    for (const char *const *pattern = format->patterns; pattern && *pattern; pattern++) {
        size_t n = strlen(*pattern) + (**pattern == '*' ? ENDING : 0);
        if (fnmatch(*pattern, file, FNM_CASEFOLD) == 0 && n > most)
            most = n;
    }
    return most;
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
    size_t most = 0;
    for (size_t i = 0; p2a_formats[i]; i++) {
        size_t n = p2a_formats[i]->write ? matches(p2a_formats[i], file) : 0;
        if (n > most)
            best = p2a_formats[i];
        most = n > most ? n : most;
    }
    return best;
}

static bool is_plain(unsigned char c)
{
    return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Every unit, of 32 at most, is a character of ASCII: its other bytes are zero. */
static bool is_ascii_in_units(struct p2a_str s, size_t unit, size_t place)
{
    size_t units = s.n / unit < 32 ? s.n / unit : 32;
    for (size_t i = 0; i < units * unit; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (i % unit == place ? !is_plain(c) : c != 0)
            return false;
    }
    return units >= 4;
}

bool p2a_is_wide(struct p2a_str start, bool marked, struct p2a_error *error)
{
    static const struct {
        unsigned char mark[4], size, unit, place; /* place: of a character's lowest byte */
    } kinds[] = {{{0xFF, 0xFE, 0, 0}, 4, 4, 0},
                 {{0, 0, 0xFE, 0xFF}, 4, 4, 3},
                 {{0xFF, 0xFE}, 2, 2, 0},
                 {{0xFE, 0xFF}, 2, 2, 1}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = kinds[i].size;
        bool mark = start.n >= n && memcmp(start.at, kinds[i].mark, n) == 0;
        struct p2a_str text = {start.at + (mark ? n : 0), start.n - (mark ? n : 0)};
        if (!(mark && marked) && !is_ascii_in_units(text, kinds[i].unit, kinds[i].place))
            continue;
        unsigned bits = 8u * kinds[i].unit;
        p2a_error_set(error, P2A_INPUT,
                      "UTF-%u, expected UTF-8: 'iconv -f UTF-%u -t UTF-8' converts it", bits, bits);
        error->place_kind = P2A_AT_BYTE;
        error->place = 0;
        return true;
    }
    return false;
}

size_t p2a_mark(struct p2a_str start)
{
    return p2a_str_starts(start, "\xEF\xBB\xBF") ? 3 : 0;
}

const struct p2a_format *p2a_detect_probe(const struct p2a_probe *input, struct p2a_error *error)
{
    const struct p2a_format *best = NULL, *rival = NULL;
    enum p2a_sure most = P2A_NO;
    size_t mark = p2a_mark(input->start);
    const struct p2a_probe text = {{input->start.at + mark, input->start.n - mark}, input->whole};
    const struct p2a_probe *probe = &text;
    if (p2a_is_wide(input->start, true, error))
        return NULL;
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
    const char *what = p2a_strange(text.start, error->path, best != NULL);
    if (what)
        p2a_error_set(error, P2A_INPUT, "not a profile in a known format: %s", what);
    else if (!best)
        p2a_error_set(error, P2A_INPUT,
                      "not a profile in a known format, see prof2any formats (-i names one)");
    else if (rival)
        p2a_error_set(error, P2A_INPUT, "could be %s or %s, say which with -i", best->name,
                      rival->name);
    return rival || what ? NULL : best;
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
