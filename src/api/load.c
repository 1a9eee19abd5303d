/* Reading a profile: open, detect, let the format read, even out. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "api/formats.h"
#include "io/source.h"
#include "model/core.h"

static const struct p2a_format *
choose(struct p2a_source *source, const struct p2a_load_options *options, struct p2a_error *error)
{
    struct p2a_probe probe;
    p2a_source_probe(source, &probe);
    if (error->status != P2A_OK)
        return NULL;
    if (probe.start.n == 0) {
        p2a_error_set(error, P2A_INPUT, "no input, expected a profile");
        return NULL;
    }
    if (!options->format)
        return p2a_detect_probe(&probe, error);
    if (p2a_is_wide(probe.start, false, error))
        return NULL;
    const struct p2a_format *format = p2a_format_named(options->format);
    if (!format || !format->read)
        p2a_error_set(error, P2A_USAGE,
                      format ? "format '%s' is written and not read, see prof2any formats"
                             : "no format '%s' to read, see prof2any formats",
                      options->format);
    return format && format->read ? format : NULL;
}

/* What was read before the input broke is a profile, and says so. */
static void keep_part(struct p2a_profile *p, const struct p2a_error *broken)
{
    struct p2a_error error = *broken;
    char text[1200];
    if (p->core->error.status == P2A_INPUT)
        p2a_take_error(p, &error);
    else if (p->core->error.status != P2A_OK || broken->status == P2A_OK)
        return;
    if (p2a_has_contexts(p) || p->graph.order_n)
        p2a_note(p, "read as far as it goes: %s", p2a_error_text(&error, text, sizeof text));
    else
        p->core->error = error;
}

static void pass_mark(struct p2a_in *in)
{
    const unsigned char *at;
    size_t n = p2a_ahead(in, 3, &at);
    p2a_consume(in, p2a_mark((struct p2a_str){(const char *)at, n}));
}

/* Rows that contradict one another are no profile; of what was read as far as it goes, what ended
 * it says more. */
static void verify(struct p2a_profile *p, const struct p2a_error *broken)
{
    struct p2a_error error;
    if (p2a_check(p, &error) == P2A_INPUT && broken->status == P2A_INPUT)
        p->core->error = *broken;
    else if (error.status != P2A_OK)
        p2a_error_set(&p->core->error, error.status, "%s", error.message);
}

static void read_source(struct p2a_profile *p, struct p2a_source *source,
                        const struct p2a_load_options *options)
{
    struct p2a_error *error = &p->core->error;
    const struct p2a_format *format = choose(source, options, error);
    if (!format)
        return;
    strncpy(error->format, format->name, sizeof error->format - 1);
    struct p2a_in in = {p, source};
    pass_mark(&in);
    enum p2a_status status = format->read(&in);
    const struct p2a_error *broken = p2a_source_broken(source);
    if (status != P2A_OK && broken->status == P2A_OK)
        p2a_error_set(error, status, "can't be read as %s", format->name);
    if (options->partial)
        keep_part(p, broken);
    p->source = p2a_intern(p, p2a_str_of(format->name));
    p2a_finish(p);
    if (p->core->note_lost) /* what was read isn't told without its notes */
        p2a_fail(p, P2A_SYSTEM, "out of memory");
    p->recorded = p->facts & ~(p->estimated & P2A_CONTEXTS);
    if ((format->verify || broken->status != P2A_OK) && error->status == P2A_OK)
        verify(p, broken);
}

/* The time is Python's os.stat().st_mtime, rounded as it is. */
static void name_input(struct p2a_profile *p, const char *path, const void *bytes)
{
    struct stat info;
    double mtime = NAN;
    if (!bytes && strcmp(path, "-") == 0)
        return;
    if (!bytes && stat(path, &info) == 0)
        mtime = (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec;
    p2a_input(p, p2a_str_of(path), mtime);
}

static enum p2a_status load(const char *path, const void *bytes, size_t size,
                            const struct p2a_load_options *options, struct p2a_profile **profile,
                            struct p2a_error *error)
{
    static const struct p2a_load_options none;
    if (!options)
        options = &none;
    *profile = NULL;
    struct p2a_error ours;
    p2a_error_start(&ours, path && strcmp(path, "-") == 0 ? "standard input" : path);
    struct p2a_profile *p = p2a_profile_new(options->max_rows);
    if (p) {
        p->core->error = ours;
        p->core->lazy = options->lazy;
        p->core->no_lines = options->no_lines;
        p->core->least = options->least;
        struct p2a_source *source =
            bytes ? p2a_source_memory(bytes, size, options->max_bytes, &p->core->error)
                  : p2a_source_open(path, options->max_bytes, &p->core->error);
        if (source && options->partial)
            p2a_source_partial(source);
        if (source && options->progress)
            p2a_source_progress(source, options->progress, options->progress_to);
        if (source)
            read_source(p, source, options);
        if (source && path && path[0])
            name_input(p, path, bytes);
        p2a_source_close(source);
        p2a_take_error(p, &ours);
    } else {
        p2a_error_memory(&ours);
    }
    if (ours.status == P2A_USAGE) /* the call is wrong, not the file */
        ours.path[0] = '\0';
    if (error)
        *error = ours;
    if (ours.status == P2A_OK)
        *profile = p;
    else
        p2a_free(p);
    return ours.status;
}

enum p2a_status p2a_load(const char *path, const struct p2a_load_options *options,
                         struct p2a_profile **profile, struct p2a_error *error)
{
    return load(path, NULL, 0, options, profile, error);
}

enum p2a_status p2a_load_memory(const void *bytes, size_t size, const char *name,
                                const struct p2a_load_options *options,
                                struct p2a_profile **profile, struct p2a_error *error)
{
    return load(name, bytes ? bytes : "", size, options, profile, error);
}
