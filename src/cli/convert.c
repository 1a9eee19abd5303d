/* prof2any [INPUT…] [-f FORMAT] [-o OUTPUT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "prof2any/format.h"
#include "progress.h"
#include "settings.h"
#include "suggest.h"
#include "terminal.h"

/* Every input by itself, so that what is called the same then adds up and compares. */
static enum p2a_status name_functions(const struct options *options, struct p2a_profile *profile,
                                      struct p2a_error *error)
{
    const struct settings *settings = options->settings_file;
    size_t n = (size_t)options->strip.n;
    struct p2a_selection selection = {.rule_n = n + settings->naming_n};
    struct p2a_name_rule *rules = calloc(selection.rule_n + 1, sizeof *rules);
    if (!rules) {
        *error = (struct p2a_error){.status = P2A_SYSTEM, .message = "out of memory"};
        return P2A_SYSTEM;
    }
    for (size_t i = 0; i < n; i++)
        rules[i] = (struct p2a_name_rule){.kind = P2A_STRIP, .pattern = options->strip.at[i]};
    if (settings->naming_n)
        memcpy(rules + n, settings->rules, settings->naming_n * sizeof *rules);
    selection.rules = rules;
    enum p2a_status status = selection.rule_n ? p2a_select(profile, &selection, error) : P2A_OK;
    free(rules);
    return status;
}

/* The format that isn't given by -f: by the name of -o, else a report, for people or for pipes. */
static const char *choose_format(const struct options *options)
{
    const struct p2a_format *named =
        options->output ? p2a_format_for_path(options->output) : p2a_format_named("text");
    if (!named || strcmp(named->name, "text") != 0)
        return NULL;
    if (options->style)
        return strcmp(options->style, "table") == 0 ? "table" : "text";
    return !options->output && isatty(STDOUT_FILENO) ? "table" : "text";
}

static const struct p2a_format *format_of(const struct options *options, const char *name)
{
    if (name)
        return p2a_format_named(name);
    return options->output ? p2a_format_for_path(options->output) : NULL;
}

/* Whether what is written has costs per line. */
static bool shows_lines(const struct options *options)
{
    const char *name = options->save.format ? options->save.format : choose_format(options);
    const struct p2a_format *format = format_of(options, name);
    return !format || (format->keeps | format->needs) & (P2A_LINES | P2A_ADDRESSES);
}

/* LEAST: as p2a_load_options has it. */
static enum p2a_status load_to_show(const struct options *options, const char *path, double least,
                                    struct p2a_profile **profile, struct p2a_error *error)
{
    struct p2a_load_options load = {.format = options->from,
                                    .partial = options->partial,
                                    .lazy = true,
                                    .least = least,
                                    .no_lines = !shows_lines(options)};
    struct progress progress;
    progress_start(&progress, path, &load);
    enum p2a_status status = p2a_load(path, &load, profile, error);
    progress_end(&progress);
    if (status == P2A_OK && options->removes)
        (*profile)->inputs.n = 0;
    if (status == P2A_OK && name_functions(options, *profile, error) != P2A_OK) {
        status = error->status;
        p2a_free(*profile);
        *profile = NULL;
    }
    return status;
}

enum p2a_status load_input(const struct options *options, const char *path,
                           struct p2a_profile **profile, struct p2a_error *error)
{
    return load_to_show(options, path, 0, profile, error);
}

/* Whether what follows a name is "-01", or "-01" behind ".2" of a part. */
static bool names_thread(const char *rest)
{
    static const char digits[] = "0123456789";
    if (rest[0] == '.')
        rest += 1 + strspn(rest + 1, digits);
    size_t n = rest[0] == '-' ? strspn(rest + 1, digits) : 0;
    return n >= 2 && !rest[1 + n];
}

/* What valgrind leaves empty beside OUT-01, OUT-02, OUT.1-01 with --separate-threads=yes. */
static bool is_left_empty(const struct options *options, const char *path)
{
    struct stat file;
    size_t n = strlen(path);
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode) || file.st_size)
        return false;
    for (int i = 0; i < options->input.n; i++) {
        const char *other = options->input.at[i];
        if (strncmp(other, path, n) == 0 && names_thread(other + n))
            return true;
    }
    return false;
}

/* Reads every input and adds them up in the order of pstats.Stats(a, b, …, z): a, then z back to b.
 * Rows come out in its order and sums are its own to the last bit. */
static enum p2a_status load_all(const struct options *options, double least,
                                struct p2a_profile **sum, struct p2a_error *error)
{
    static const char *const standard_input[] = {"-"};
    const char *const *input = options->input.n ? options->input.at : standard_input;
    int n = options->input.n ? options->input.n : 1;
    *sum = NULL;
    for (int i = 0; i < n; i++) {
        struct p2a_profile *next = NULL;
        const char *path = input[i ? n - i : 0];
        if (is_left_empty(options, path)) {
            if (!options->quiet)
                remark("%s is empty, its threads are beside it", path);
            continue;
        }
        enum p2a_status status = load_to_show(options, path, n == 1 ? least : 0, &next, error);
        if (status == P2A_OK && *sum) {
            snprintf(error->path, sizeof error->path, "%s", path);
            status = p2a_add(*sum, next, error);
            p2a_free(next);
        } else if (status == P2A_OK) {
            *sum = next;
        }
        if (status != P2A_OK)
            return status;
    }
    return P2A_OK;
}

enum p2a_status load_inputs(const struct options *options, struct p2a_profile **sum,
                            struct p2a_error *error)
{
    return load_all(options, 0, sum, error);
}

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* An empty name is a shell variable that wasn't set. */
enum p2a_status check_inputs(const struct options *options)
{
    bool baseline = options->baseline && is_standard_input(options->baseline);
    int standard = (options->input.n == 0) + baseline;
    for (int i = 0; i < options->input.n; i++) {
        if (!options->input.at[i][0])
            return complain("an input has an empty name, expected a file or -");
        standard += is_standard_input(options->input.at[i]);
    }
    if (standard > 1)
        return complain("standard input is to be read twice, expected - once");
    return P2A_OK;
}

static enum p2a_status check_names(const struct options *options)
{
    enum p2a_status status = check_inputs(options);
    if (status == P2A_OK && options->output && !options->output[0])
        return complain("-o '': expected the name of a file or -");
    return status;
}

void print_notes(const struct p2a_profile *profile)
{
    for (size_t i = 0; i < p2a_note_count(profile); i++)
        remark("%s", p2a_note_at(profile, i));
}

/* The settings of the project for the format, and behind them, so that they rule, those of the
 * command line; to be freed. NULL: no memory. */
static const char **all_settings(const struct options *options, const struct p2a_format *format)
{
    const struct settings *s = options->settings_file;
    size_t n = 0;
    const char **all = calloc(s->format_n + (size_t)options->settings.n + 1, sizeof *all);
    for (size_t i = 0; all && format && i < s->format_n; i++)
        if (strcmp(s->formats[i].format, format->name) == 0)
            all[n++] = s->formats[i].text;
    for (int i = 0; all && i < options->settings.n; i++)
        all[n++] = options->settings.at[i];
    return all;
}

/* The share of the whole below which what is written can do with a path's end; 0 where something
 * else wants all of the profile. */
static double least_shown(const struct options *options)
{
    struct p2a_save_options save = options->save;
    const struct settings *s = options->settings_file;
    if (!p2a_selects_all(&options->select) || options->strip.n || s->naming_n || s->color_n)
        return 0;
    if (!save.format)
        save.format = choose_format(options);
    const char **settings = all_settings(options, format_of(options, save.format));
    save.settings = settings;
    double least = settings ? p2a_save_least(options->output ? options->output : "-", &save) : 0;
    free(settings);
    return least;
}

static void note_idle(const struct options *options, const struct p2a_profile *profile,
                      const struct p2a_format *format)
{
    char idle[128];
    if (options_idle(options, format, idle, sizeof idle))
        remark("%s doesn't go by %s", format->name, idle);
    else if (options_given(options, "threshold") && !(profile->facts & P2A_BEFORE))
        remark("--threshold is for comparisons, and this is none");
}

/* What the project and the terminal want. */
static enum p2a_status save_as_wanted(const struct options *options, struct p2a_profile *profile,
                                      struct p2a_error *error)
{
    struct p2a_save_options save = options->save;
    struct terminal terminal = {.settings = NULL};
    if (!save.format)
        save.format = choose_format(options);
    const struct p2a_format *format = format_of(options, save.format);
    const char **settings = all_settings(options, format);
    save.settings = settings;
    save.colors = options->settings_file->colors;
    save.color_n = options->settings_file->color_n;
    if (!settings ||
        (format && !options->output && !terminal_ask(&terminal, format, save.settings))) {
        free(settings);
        return complain_system("out of memory");
    }
    if (terminal.settings)
        save.settings = terminal.settings;
    enum p2a_status status =
        p2a_save(profile, options->output ? options->output : "-", &save, error);
    terminal_free(&terminal);
    free(settings);
    if (status == P2A_OK && !options->quiet && format)
        note_idle(options, profile, format);
    return status == P2A_OK ? status : complain_error(error);
}

/* -O that the format hasn't, where another is near; the library refuses the rest. */
static enum p2a_status check_settings(const struct options *options,
                                      const struct p2a_format *format)
{
    for (int i = 0; format && i < options->settings.n; i++) {
        const char *setting = options->settings.at[i];
        char key[64], text[64];
        struct suggestion meant = {.word = key};
        snprintf(key, sizeof key, "%.*s", (int)strcspn(setting, "="), setting);
        for (const struct p2a_option *o = format->options; o && o->name; o++)
            suggest(&meant, o->name);
        if (meant.found && meant.away)
            return complain("-O %s: %s has no such option%s", setting, format->name,
                            suggestion_text(&meant, "", text, sizeof text));
    }
    return P2A_OK;
}

enum p2a_status check_output(const struct options *options, const char *format_name, bool compared)
{
    const struct p2a_format *format = format_of(options, format_name);
    struct p2a_save_options save = options->save;
    struct p2a_error error;
    save.format = format_name;
    save.compared = compared;
    if (check_settings(options, format) != P2A_OK)
        return P2A_USAGE;
    const char **settings = all_settings(options, format);
    if (!settings)
        return complain_system("out of memory");
    save.settings = settings;
    enum p2a_status status = p2a_save_check(options->output ? options->output : "-", &save, &error);
    free(settings);
    if (status != P2A_OK)
        return complain_error(&error);
    if (!options->output && format->binary && isatty(STDOUT_FILENO))
        return complain("%s is binary: write it to a file with -o, or through a pipe",
                        format->name);
    return P2A_OK;
}

enum p2a_status check_words(const struct options *options, bool compared)
{
    enum p2a_status status = check_names(options);
    if (status != P2A_OK)
        return status;
    const char *format = options->save.format ? options->save.format : choose_format(options);
    return check_output(options, format, compared);
}

enum p2a_status write_profile(const struct options *options, struct p2a_profile *profile)
{
    const char *name = options->save.format ? options->save.format : choose_format(options);
    const struct p2a_format *format = format_of(options, name);
    struct p2a_selection selection = options->select;
    struct p2a_error error = {.status = P2A_OK};
    selection.graph = format && !((format->needs | format->keeps) & P2A_CONTEXTS);
    if (p2a_select(profile, &selection, &error) != P2A_OK)
        return complain_error(&error);
    enum p2a_status status = save_as_wanted(options, profile, &error);
    if (status == P2A_OK && !options->quiet)
        print_notes(profile);
    return status;
}

enum p2a_status command_convert(const struct options *options)
{
    struct p2a_error error = {.status = P2A_OK};
    struct p2a_profile *profile = NULL;
    if (!options->input.n && isatty(STDIN_FILENO)) {
        print_help(CONVERT);
        return P2A_USAGE;
    }
    enum p2a_status status = check_words(options, false);
    if (status == P2A_OK && load_all(options, least_shown(options), &profile, &error) != P2A_OK)
        status = complain_error(&error);
    if (status == P2A_OK && profile)
        status = write_profile(options, profile);
    p2a_free(profile);
    return status;
}
