/* prof2any check INPUT…: limits in CI. Exit status 1 where one isn't kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "settings.h"

/* A report's kind and where it goes. */
struct report {
    char kind[16];
    const char *path;
};

const char *const report_kinds[] = {"text", "markdown", "junit", "github", NULL};

static bool read_report(const char *word, struct report *report)
{
    size_t n = strcspn(word, "=");
    report->path = word[n] ? word + n + 1 : "-";
    for (const char *const *kind = report_kinds; *kind; kind++)
        if (strlen(*kind) == n && memcmp(*kind, word, n) == 0) {
            snprintf(report->kind, sizeof report->kind, "%s", *kind);
            return *report->path;
        }
    return false;
}

static enum p2a_status check_reports(const struct list *reports)
{
    struct report report;
    int printed = 0;
    for (int i = 0; i < reports->n; i++) {
        if (!read_report(reports->at[i], &report))
            return complain("--report %s: expected text, markdown, junit or github, and =FILE "
                            "behind it unless it is to be printed",
                            reports->at[i]);
        printed += strcmp(report.path, "-") == 0;
    }
    return printed > 1
               ? complain("%d reports to standard output, expected =FILE behind all but one",
                          printed)
               : P2A_OK;
}

/* The budgets in force, those of the command line behind them; to be freed. */
static enum p2a_status gather(const struct options *options, const struct settings *budget,
                              struct p2a_limit **limits, size_t *n)
{
    const struct settings *file = options->budget ? budget : options->settings_file;
    *n = file->limit_n + (size_t)options->must.n;
    *limits = calloc(*n + 1, sizeof **limits);
    if (!*limits)
        return complain_system("out of memory");
    if (file->limit_n)
        memcpy(*limits, file->limits, file->limit_n * sizeof **limits);
    for (int i = 0; i < options->must.n; i++)
        (*limits)[file->limit_n + (size_t)i] = (struct p2a_limit){.text = options->must.at[i]};
    if (*n)
        return P2A_OK;
    return complain("no limits, expected --must LIMIT, --budget FILE or budgets in .prof2any.yml");
}

static enum p2a_status select_part(const struct options *options, struct p2a_profile *profile)
{
    struct p2a_error error = {.status = P2A_OK};
    if (profile && p2a_select(profile, &options->select, &error) != P2A_OK)
        return complain_error(&error);
    return P2A_OK;
}

static enum p2a_status load(const struct options *options, struct p2a_profile **profile,
                            struct p2a_profile **baseline)
{
    struct p2a_error error = {.status = P2A_OK};
    if (load_inputs(options, profile, &error) != P2A_OK ||
        (options->baseline && load_input(options, options->baseline, baseline, &error) != P2A_OK))
        return complain_error(&error);
    enum p2a_status status = select_part(options, *profile);
    return status == P2A_OK ? select_part(options, *baseline) : status;
}

static enum p2a_status save(const struct p2a_verdicts *verdicts, const struct report *report,
                            const char *title, const char *root)
{
    struct p2a_error error = {.status = P2A_OK};
    if (p2a_verdicts_save(verdicts, report->kind, report->path, title, root, &error) != P2A_OK)
        return complain_error(&error);
    return P2A_OK;
}

/* Unless one of the reports is printed, the text is. */
static enum p2a_status write_reports(const struct options *options,
                                     const struct p2a_verdicts *verdicts)
{
    const char *title = options->input.n ? options->input.at[0] : "standard input";
    char *root = getcwd(NULL, 0);
    struct report report = {.kind = "text", .path = "-"};
    enum p2a_status status = P2A_OK;
    bool printed = false;
    for (int i = 0; i < options->reports.n && status == P2A_OK; i++) {
        read_report(options->reports.at[i], &report);
        printed = printed || strcmp(report.path, "-") == 0;
        status = save(verdicts, &report, title, root);
    }
    if (!printed && status == P2A_OK)
        status = save(verdicts, &(struct report){.kind = "text", .path = "-"}, title, root);
    free(root);
    return status;
}

static enum p2a_status judge(const struct options *options, struct p2a_profile *profile,
                             struct p2a_profile *baseline, const struct p2a_limit *limits, size_t n)
{
    struct p2a_error error = {.status = P2A_OK};
    struct p2a_verdicts verdicts;
    if (p2a_judge(profile, baseline, limits, n, options->save.exact, &verdicts, &error) != P2A_OK)
        return complain_error(&error);
    enum p2a_status status = write_reports(options, &verdicts);
    if (status == P2A_OK && !options->quiet)
        print_notes(profile);
    if (status == P2A_OK && verdicts.failed)
        status = P2A_CHECK_FAILED;
    p2a_verdicts_free(&verdicts);
    return status;
}

static enum p2a_status check_words_of(const struct options *options)
{
    struct p2a_error error = {.status = P2A_OK};
    for (int i = 0; i < options->must.n; i++)
        if (p2a_limit_check(options->must.at[i], &error) != P2A_OK)
            return complain_error(&error);
    enum p2a_status status = check_inputs(options);
    return status == P2A_OK ? check_reports(&options->reports) : status;
}

enum p2a_status command_check(const struct options *options)
{
    struct p2a_error error = {.status = P2A_OK};
    struct settings budget = {.path = ""};
    struct p2a_profile *profile = NULL, *baseline = NULL;
    struct p2a_limit *limits = NULL;
    size_t n = 0;
    if (!options->input.n && isatty(STDIN_FILENO)) {
        print_help(CHECK);
        return P2A_USAGE;
    }
    enum p2a_status status = check_words_of(options);
    if (status == P2A_OK && options->budget &&
        settings_load(&budget, options->budget, true, &error) != P2A_OK)
        status = complain_error(&error);
    if (status == P2A_OK)
        status = gather(options, &budget, &limits, &n);
    if (status == P2A_OK)
        status = load(options, &profile, &baseline);
    if (status == P2A_OK)
        status = judge(options, profile, baseline, limits, n);
    p2a_free(profile);
    p2a_free(baseline);
    free(limits);
    settings_free(&budget);
    return status;
}
