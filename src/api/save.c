/* Writing a profile: find the format, make what it needs, say what it leaves out, let it write. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/formats.h"
#include "io/sink.h"
#include "model/colors.h"
#include "model/core.h"
#include "model/derive.h"
#include "model/estimate.h"
#include "model/rows.h"

/* The kind of a picture that Graphviz draws and no format here does; NULL of other names. */
static const char *picture_kind(const char *path)
{
    static const char *const kinds[] = {"png", "pdf", "jpg", "jpeg", "gif", "webp", "ps", "eps"};
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof kinds / sizeof *kinds; i++)
        if (strcasecmp(dot + 1, kinds[i]) == 0)
            return kinds[i];
    return NULL;
}

static enum p2a_status no_format_by_name(const char *path, struct p2a_error *error)
{
    const char *kind = picture_kind(path);
    struct p2a_str name = p2a_str_of(path ? path : "");
    if (p2a_str_ends(name, ".html") || p2a_str_ends(name, ".htm"))
        return p2a_error_set(error, P2A_USAGE,
                             "'%s': what a browser opens is .svg here, a flame graph", path);
    if (kind)
        return p2a_error_set(error, P2A_USAGE,
                             "'%s': pictures are .svg here, and '-f dot | dot -T%s' draws others",
                             path, kind);
    return p2a_error_set(
        error, P2A_USAGE,
        "no format is known by the name of '%s', say one with -f (see prof2any formats)",
        path ? path : "");
}

static const struct p2a_format *choose(const char *path, const struct p2a_save_options *options,
                                       struct p2a_error *error)
{
    const struct p2a_format *format = NULL;
    if (path && p2a_str_ends(p2a_str_of(path), ".zst")) {
        p2a_error_set(error, P2A_USAGE, "'%s': zstd is read, what is written is packed as .gz",
                      path);
        return NULL;
    }
    if (options->format) {
        format = p2a_format_named(options->format);
        if (!format || !format->write)
            p2a_error_set(error, P2A_USAGE,
                          format ? "format '%s' is read and not written, see prof2any formats"
                                 : "no format '%s' to write, see prof2any formats",
                          options->format);
        return format && format->write ? format : NULL;
    }
    if (path)
        format = p2a_format_for_path(path);
    if (!format)
        no_format_by_name(path, error);
    return format;
}

/* ---- what the format needs ---- */

static enum p2a_status need_contexts(struct p2a_profile *p, bool picture, bool exact,
                                     struct p2a_error *error)
{
    bool guessed = p->estimated & P2A_CONTEXTS;
    bool again = guessed && p->recorded & P2A_GRAPH;
    if (p->facts & P2A_CONTEXTS && !guessed)
        return P2A_OK;
    if (exact)
        return p2a_error_set(error, P2A_USAGE,
                             guessed && !again
                                 ? "the input's stacks are estimated; --exact refuses them"
                                 : "the input holds a call graph and no stacks; --exact refuses to "
                                   "estimate them");
    if (guessed && !again)
        return P2A_OK;
    if (!(p->facts & P2A_GRAPH))
        return P2A_OK;
    return p2a_estimate(p, picture, error);
}

static enum p2a_status make_needs(struct p2a_profile *p, const struct p2a_format *format,
                                  bool exact, struct p2a_error *error)
{
    if (!(format->needs & P2A_PACKED) && !p2a_unpack_lines(p))
        return p2a_error_memory(error);
    if (format->needs & P2A_CONTEXTS &&
        need_contexts(p, format->needs & P2A_PICTURE, exact, error) != P2A_OK)
        return error->status;
    if (format->needs & P2A_GRAPH && !(p->facts & P2A_GRAPH) && p->facts & P2A_CONTEXTS &&
        p2a_derive(p, error) != P2A_OK)
        return error->status;
    bool contexts = (format->needs | format->keeps) & P2A_CONTEXTS;
    return contexts && !(format->needs & P2A_STACKS) ? p2a_unfold(p, error) : P2A_OK;
}

/* ---- what the format leaves out ---- */

/* Whether a function has a module that isn't in the place of its file. */
static bool has_both(const struct p2a_profile *p)
{
    for (uint32_t i = 0; i < p->functions.n; i++)
        if (p->functions.row[i].module && p->functions.row[i].file)
            return true;
    return false;
}

static void note_left_out(const struct p2a_out *out)
{
    struct p2a_profile *p = out->noted;
    const struct p2a_format *format = out->format;
    unsigned keeps = format->keeps | (format->keeps_too ? format->keeps_too(out) : 0);
    const struct {
        unsigned fact;
        const char *name;
    } facts[] = {
        {P2A_CALLS, "call counts"},
        {P2A_LINES, "costs per line"},
        {P2A_ADDRESSES, "instruction addresses"},
        {P2A_THREADS, "threads"},
        {P2A_MODULES, format->keeps & P2A_MODULES_AS_FILES ? "modules beside files" : "modules"},
        {P2A_PLACES, "files and lines of functions"},
        {P2A_BEFORE, "the values before"}};
    char list[256] = "";
    size_t n = 0;
    unsigned missing = p->recorded & p->facts & ~keeps;
    if (format->keeps & P2A_MODULES_AS_FILES && !has_both(p))
        missing &= ~(unsigned)P2A_MODULES;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (missing & facts[i].fact)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", facts[i].name);
    if (missing & P2A_CONTEXTS && !(p->estimated & P2A_CONTEXTS))
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", "call paths");
    if (n)
        p2a_note(p, "%s doesn't carry %s: left out", format->name, list);
    const struct p2a_format *source = p2a_format_named(p2a_string(p, p->source).at);
    if (format->timed && source && source->timed)
        p2a_note(p, P2A_NO_ORDER);
    if (p->spread.n)
        p2a_note(p, "%s has the means of the runs: what they spread over is left out",
                 format->name);
    if (missing & P2A_MANY)
        p2a_note(p, "%s carries one metric: %s of %u; --metric chooses another", format->name,
                 p2a_metric_name(p, 0), p->metrics.n);
}

/* ---- settings ---- */

static size_t option_count(const struct p2a_format *format)
{
    size_t n = 0;
    while (format->options && format->options[n].name)
        n++;
    return n;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *at = choices; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == n && memcmp(at, value, n) == 0)
            return true;
        at += word;
    }
    return false;
}

static bool is_flag(const char *value)
{
    return is_choice("yes no true false on off 1 0", value);
}

static enum p2a_status check_setting(const struct p2a_option *option, const char *value,
                                     struct p2a_error *error)
{
    double number;
    if (option->kind == P2A_CHOICE && !is_choice(option->choices, value))
        return p2a_error_set(error, P2A_USAGE, "-O %s=%s: expected one of: %s", option->name, value,
                             option->choices);
    if (option->kind == P2A_NUMBER && !p2a_str_double(p2a_str_of(value), &number))
        return p2a_error_set(error, P2A_USAGE, "-O %s=%s: expected a number", option->name, value);
    if (option->kind == P2A_NUMBER && number < 0)
        return p2a_error_set(error, P2A_USAGE, "-O %s=%s: expected a number from 0", option->name,
                             value);
    if (option->kind == P2A_FLAG && !is_flag(value))
        return p2a_error_set(error, P2A_USAGE, "-O %s=%s: expected yes or no", option->name, value);
    return P2A_OK;
}

/* "key=value", or "key" alone for a flag. */
static enum p2a_status take_setting(struct p2a_out *out, const char *setting,
                                    struct p2a_error *error)
{
    struct p2a_str key, value;
    bool given = p2a_str_cut(p2a_str_of(setting), '=', &key, &value);
    for (size_t i = 0; i < option_count(out->format); i++) {
        const struct p2a_option *option = &out->format->options[i];
        if (!p2a_str_is(key, option->name))
            continue;
        if (!given && option->kind != P2A_FLAG)
            return p2a_error_set(error, P2A_USAGE, "-O %s: expected %s=VALUE", setting, setting);
        out->values[i] = given ? value.at : "yes";
        return check_setting(option, out->values[i], error);
    }
    return p2a_error_set(error, P2A_USAGE, "-O %s: %s has no such option, see prof2any formats %s",
                         setting, out->format->name, out->format->name);
}

static enum p2a_status take_settings(struct p2a_out *out, const char *const *settings,
                                     struct p2a_error *error)
{
    size_t n = option_count(out->format);
    out->values = malloc((n + 1) * sizeof *out->values);
    if (!out->values)
        return p2a_error_memory(error);
    for (size_t i = 0; i < n; i++)
        out->values[i] = out->format->options[i].fallback;
    for (; settings && *settings; settings++)
        if (take_setting(out, *settings, error) != P2A_OK)
            return error->status;
    return P2A_OK;
}

/* The lists of a comparison's callers and callees are pstats'; that of its changes is ours. */
static bool is_as_pstats(const struct p2a_format *format, const struct p2a_save_options *options)
{
    const struct p2a_report *report = &options->report;
    bool changes = options->compared && !report->callers && !report->callees;
    return format->report & P2A_REPORT_AS_PSTATS && !changes;
}

/* The settings by themselves, and together. */
static enum p2a_status check_settings(struct p2a_out *out, const char *const *settings,
                                      struct p2a_error *error)
{
    if (take_settings(out, settings, error) != P2A_OK || !out->format->check)
        return error->status;
    out->sink = p2a_sink_memory(error);
    if (out->sink)
        out->format->check(out);
    p2a_sink_close(out->sink);
    out->sink = NULL;
    return error->status;
}

enum p2a_status p2a_save_check(const char *path, const struct p2a_save_options *options,
                               struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, NULL);
    struct p2a_out out = {.format = choose(path, options, &ours)};
    if (out.format && check_settings(&out, options->settings, &ours) == P2A_OK &&
        out.format->report & P2A_REPORT_ORDER)
        p2a_rows_check(&options->report, is_as_pstats(out.format, options), &ours);
    free(out.values);
    if (error)
        *error = ours;
    return ours.status;
}

double p2a_save_least(const char *path, const struct p2a_save_options *options)
{
    struct p2a_error ours;
    double least = 0;
    p2a_error_start(&ours, NULL);
    struct p2a_out out = {.format = choose(path, options, &ours)};
    if (out.format && out.format->least && take_settings(&out, options->settings, &ours) == P2A_OK)
        least = out.format->least(&out);
    free(out.values);
    return least;
}

const char *p2a_option_text(const struct p2a_out *out, const char *name)
{
    for (size_t i = 0; i < option_count(out->format); i++)
        if (strcmp(out->format->options[i].name, name) == 0)
            return out->values[i] ? out->values[i] : "";
    return "";
}

double p2a_option_number(const struct p2a_out *out, const char *name)
{
    double value = 0;
    p2a_str_double(p2a_str_of(p2a_option_text(out, name)), &value);
    return value;
}

bool p2a_option_flag(const struct p2a_out *out, const char *name)
{
    return is_choice("yes true on 1", p2a_option_text(out, name));
}

/* ---- writing ---- */

void p2a_out_note(struct p2a_out *out, const char *text, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(sentence, sizeof sentence, text, arguments);
    va_end(arguments);
    p2a_note(out->noted, "%s", sentence);
}

void p2a_note_rounding(struct p2a_out *out, uint32_t column, bool nothing, bool cut)
{
    const struct p2a_profile *p = out->profile;
    const char *metric = p2a_metric_name(p, column % p->metrics.n), *format = out->format->name;
    if (nothing && p2a_whole(p, column) > 0)
        p2a_out_note(out, "values of %s are too small for the whole numbers of %s: all are 0 there",
                     metric, format);
    if (cut)
        p2a_out_note(out, "values of %s are too large for the whole numbers of %s: cut", metric,
                     format);
}

static enum p2a_status write_format(struct p2a_profile *p, struct p2a_sink *sink,
                                    const struct p2a_format *format,
                                    const struct p2a_save_options *options, struct p2a_error *error)
{
    struct p2a_out out = {.profile = p,
                          .noted = p,
                          .names = options->names,
                          .report = &options->report,
                          .sink = sink,
                          .format = format};
    struct p2a_coloring coloring = {0};
    if (options->color_n &&
        p2a_coloring_start(&coloring, p, options->colors, options->color_n, error) == P2A_OK)
        out.coloring = &coloring;
    if (error->status == P2A_OK && take_settings(&out, options->settings, error) == P2A_OK) {
        if (!format->view)
            note_left_out(&out);
        enum p2a_status status = format->check ? format->check(&out) : P2A_OK;
        if (status == P2A_OK)
            status = format->write(&out);
        if (status != P2A_OK)
            p2a_error_set(error, status, "can't be written as %s", format->name);
    }
    p2a_coloring_end(&coloring);
    free(out.values);
    return error->status;
}

/* PATH NULL: to memory. */
static enum p2a_status save(struct p2a_profile *p, const char *path,
                            const struct p2a_save_options *options, void **bytes, size_t *size,
                            struct p2a_error *error)
{
    static const struct p2a_save_options none;
    if (!options)
        options = &none;
    const struct p2a_format *format = choose(path, options, error);
    if (!format || make_needs(p, format, options->exact, error) != P2A_OK)
        return error->status;
    struct p2a_sink *sink = path ? p2a_sink_open(path, error) : p2a_sink_memory(error);
    if (!sink)
        return error->status;
    write_format(p, sink, format, options, error);
    if (error->status == P2A_OK)
        p2a_sink_finish(sink);
    if (bytes && error->status == P2A_OK)
        *bytes = p2a_sink_take(sink, size);
    p2a_sink_close(sink);
    return error->status;
}

static void name_place(struct p2a_error *error, const char *path)
{
    p2a_error_start(error, path && strcmp(path, "-") == 0 ? "standard output" : path);
}

enum p2a_status p2a_save(struct p2a_profile *profile, const char *path,
                         const struct p2a_save_options *options, struct p2a_error *error)
{
    struct p2a_error ours;
    name_place(&ours, path);
    enum p2a_status status = save(profile, path, options, NULL, NULL, &ours);
    if (status == P2A_USAGE) /* the call is wrong, not the file */
        ours.path[0] = '\0';
    if (error)
        *error = ours;
    return status;
}

enum p2a_status p2a_save_memory(struct p2a_profile *profile, const struct p2a_save_options *options,
                                void **bytes, size_t *size, struct p2a_error *error)
{
    struct p2a_error ours;
    name_place(&ours, "");
    *bytes = NULL;
    *size = 0;
    enum p2a_status status = save(profile, NULL, options, bytes, size, &ours);
    if (error)
        *error = ours;
    return status;
}
