/* Every sample, cut at many places and read with `partial`: a profile that keeps the equations and
 * says how far it goes, or one sentence that says why not. Of those cut behind their middle at
 * least four in five are profiles. */
#include "samples.h"

enum { CUTS = 48 };

static size_t late, kept; /* cut behind the middle; of these, read */

static bool says_how_far(const struct p2a_profile *p)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strncmp(p2a_note_at(p, i), "read as far as it goes: ", 24) == 0)
            return true;
    return false;
}

static bool try_cut(const struct p2a_format *format, struct bytes whole, size_t n)
{
    struct p2a_load_options options = {.format = format->name, .partial = true};
    struct p2a_load_options strict = {.format = format->name};
    struct p2a_profile *p, *all;
    struct p2a_error error, why;
    char *copy = malloc(n + 1); /* ends where it ends, for sanitizers */
    memcpy(copy, whole.at, n);
    copy = realloc(copy, n ? n : 1);
    cases++;
    bool fine = p2a_load_memory(copy, n, "", &strict, &all, &why) == P2A_OK;
    bool read = p2a_load_memory(copy, n, "", &options, &p, &error) == P2A_OK;
    if (fine && !read)
        fail("only read whole", error.message);
    if (!read && (error.status != P2A_INPUT || !is_sentence(error.message)))
        fail("not refused in a sentence", error.message);
    if (read && p2a_check(p, &error) != P2A_OK)
        fail("invariant", error.message);
    if (read && fine == says_how_far(p))
        fail("says how far", fine ? "of a whole file" : "not");
    if (!read && getenv("SHOW"))
        fprintf(stderr, "%s: %s\n", now, error.message);
    p2a_free(all);
    p2a_free(p);
    free(copy);
    return read;
}

static void try_sample(const struct p2a_format *format, struct bytes whole)
{
    char name[600];
    size_t of = 0, read = 0;
    snprintf(name, sizeof name, "%.500s", now);
    for (size_t i = 1; i < CUTS; i++) {
        size_t n = whole.n * i / CUTS;
        snprintf(now, sizeof now, "%s cut to %zu bytes of %zu", name, n, whole.n);
        bool cut = try_cut(format, whole, n);
        of += i > CUTS / 2;
        read += i > CUTS / 2 && cut;
    }
    printf("%3zu of %zu  %s\n", read, of, name);
    late += of;
    kept += read;
}

int main(void)
{
    each_sample(try_sample);
    printf("%zu of %zu that were cut behind their middle are read\n", kept, late);
    return summary(5000) || kept * 5 < late * 4;
}
