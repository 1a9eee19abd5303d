#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "prof2any/format.h"
#include "suggest.h"

/* REST: -m and all behind it are another program's command line. */
enum kind { TITLE, FLAG, TEXT, COUNT, PERCENT, LIST, TALLY, REST };

struct row {
    unsigned commands; /* that have it: enum command */
    char key;          /* -k, or 0 */
    const char *name;  /* --name; of a TITLE, the heading */
    enum kind kind;
    size_t field; /* where in struct options */
    const char *value, *help;
};

#define FIELD(name) offsetof(struct options, name)
#define EVERY       (~0u)
#define WRITES      (CONVERT | DIFF) /* read profiles, select, write one */

static const struct row rows[] = {
    {RECORD, 0, "Recording", TITLE, 0, NULL, NULL},
    {RECORD, 'm', "module", REST, 0, "MODULE ...", "record python3 -m MODULE ..."},
    {RECORD, 0, "clock", TEXT, FIELD(clock), "CLOCK", "wall or cpu: what time is (default: wall)"},
    {RECORD, 0, "allocations", FLAG, FIELD(allocations), NULL,
     "count allocations and their bytes too"},
    {RECORD, 0, "python-only", FLAG, FIELD(python_only), NULL,
     "no C functions: their time is their callers'; costs less"},
    {RECORD, 0, "sampled", FLAG, FIELD(sampled), NULL,
     "calls stay exact, times are sampled; costs least"},
    {RECORD, 0, "max-contexts", COUNT, FIELD(max_contexts), "N",
     "past N call paths, only functions and their callers (default: 1000000)"},
    {WRITES | BROWSE | RECORD, 0, "Formats", TITLE, 0, NULL, NULL},
    {WRITES, 'f', "format", TEXT, FIELD(save.format), "FORMAT",
     "write this format (default: by the name of -o, else text)"},
    {RECORD, 'f', "format", TEXT, FIELD(save.format), "FORMAT",
     "convert to this format (default: by the name of -o, else none)"},
    {WRITES | BROWSE, 'i', "input-format", TEXT, FIELD(from), "FORMAT",
     "read this format (default: detect it)"},
    {WRITES, 0, "partial", FLAG, FIELD(partial), NULL,
     "of a broken input keep what comes before the break"},
    {WRITES, 'o', "output", TEXT, FIELD(output), "FILE", "write here; appears whole or not at all"},
    {RECORD, 'o', "output", TEXT, FIELD(output), "FILE",
     "write here in the end (default: the recording alone, PROGRAM-PID.p2a)"},
    {WRITES | RECORD, 'O', "option", LIST, FIELD(settings), "KEY=VALUE",
     "an option of the output format (prof2any formats NAME)"},
    {WRITES | RECORD, 0, "names", TEXT, FIELD(names), "STYLE",
     "spell frames short, full or as pstats (default: short)"},
    {WRITES, 0, "exact", FLAG, FIELD(save.exact), NULL,
     "refuse to estimate stacks that weren't recorded"},
    {DIFF, 0, "normalize", FLAG, FIELD(normalize), NULL,
     "compare shares: stretch BEFORE to AFTER's whole"},
    {WRITES, 0, "Reports", TITLE, 0, NULL, NULL},
    {WRITES, 's', "sort", LIST, FIELD(sort), "KEYS",
     "pstats' keys, the first rules: time,calls (default: cumulative)"},
    {WRITES, 'r', "reverse", FLAG, FIELD(save.report.reverse), NULL, "the other way round"},
    {WRITES, 0, "restrict", LIST, FIELD(restrictions), "X",
     "only a count (10), a share (.25) or what a pattern finds; repeat"},
    {WRITES, 'l', "limit", TEXT, FIELD(limit), "N", "at most N rows, or all"},
    {WRITES, 0, "callers", FLAG, FIELD(save.report.callers), NULL, "who called each function"},
    {WRITES, 0, "callees", FLAG, FIELD(save.report.callees), NULL, "what each function called"},
    {WRITES, 0, "threshold", PERCENT, FIELD(threshold), "PERCENT",
     "of a comparison, name what has changed by more than this (default: 1)"},
    {WRITES, 0, "style", TEXT, FIELD(style), "STYLE",
     "pstats' words or a table (default: a table on a terminal)"},
    {WRITES, 0, "Selecting (patterns are Perl's regular expressions)", TITLE, 0, NULL, NULL},
    {WRITES, 0, "focus", TEXT, FIELD(select.focus), "RE", "only stacks in which a frame matches"},
    {WRITES, 0, "ignore", TEXT, FIELD(select.ignore), "RE", "no stacks in which a frame matches"},
    {WRITES, 0, "show", TEXT, FIELD(select.show), "RE", "only frames that match"},
    {WRITES, 0, "hide", TEXT, FIELD(select.hide), "RE",
     "no frames that match; their time goes to their callers"},
    {WRITES, 0, "prune-from", TEXT, FIELD(select.prune_from), "RE",
     "nothing below frames that match"},
    {WRITES, 0, "root", TEXT, FIELD(select.root), "RE",
     "only what is reached from functions that match"},
    {WRITES, 0, "leaf", TEXT, FIELD(select.leaf), "RE", "only what leads to functions that match"},
    {WRITES, 0, "depth", COUNT, FIELD(select.depth), "N", "at most N frames deep"},
    {WRITES, 0, "metric", TEXT, FIELD(select.metric), "NAME", "this metric alone"},
    {WRITES, 0, "thread", TEXT, FIELD(select.thread), "NAME",
     "this thread alone, by name, pid or tid"},
    {WRITES, 0, "group-by", TEXT, FIELD(group_by), "WHAT",
     "join functions by file, module or line"},
    {WRITES, 0, "strip-dirs", FLAG, FIELD(select.strip_dirs), NULL, "files by their base names"},
    {WRITES, 'n', "node-threshold", PERCENT, FIELD(select.node_threshold), "PERCENT",
     "drop functions whose total is below this"},
    {WRITES, 'e', "edge-threshold", PERCENT, FIELD(select.edge_threshold), "PERCENT",
     "drop arcs whose total is below this"},
    {TIMEIT, 0, "Timing", TITLE, 0, NULL, NULL},
    {TIMEIT, 'n', "number", TEXT, FIELD(number), "N",
     "run the statement N times a loop (default: until it takes 0.2 s)"},
    {TIMEIT, 'r', "repeat", TEXT, FIELD(repeat), "N",
     "time the loop N times (default: 5, and 10 pairs with --vs)"},
    {TIMEIT, 's', "setup", LIST, FIELD(setup), "STATEMENT",
     "run this before each loop, untimed; repeat for more lines"},
    {TIMEIT, 'u', "unit", TEXT, FIELD(unit), "UNIT", "nsec, usec, msec or sec"},
    {TIMEIT, 'p', "process", FLAG, FIELD(process), NULL, "count the process's time alone"},
    {TIMEIT, 'v', "verbose", TALLY, FIELD(verbose), NULL, "raw times too; again for more digits"},
    {TIMEIT, 0, "vs", LIST, FIELD(vs), "STATEMENT",
     "compare with this statement, B, in turns; repeat for more lines"},
    {TIMEIT, 0, "vs-setup", LIST, FIELD(vs_setup), "STATEMENT", "the setup of B"},
    {TIMEIT, 0, "python", TEXT, FIELD(python), "PROGRAM",
     "the Python that runs it (default: python3)"},
    {EVERY, 0, "General", TITLE, 0, NULL, NULL},
    {FORMATS, 0, "markdown", FLAG, FIELD(markdown), NULL, "as a Markdown table"},
    {WRITES | BROWSE | RECORD, 'q', "quiet", FLAG, FIELD(quiet), NULL, "no notes on stderr"},
    {CONVERT, 0, "completion", TEXT, FIELD(completion), "SHELL",
     "print the completion for bash, zsh or fish"},
    {CONVERT, 0, "manual", FLAG, FIELD(manual), NULL, "print the manual page, for man -l"},
    {EVERY, 'h', "help", FLAG, FIELD(help), NULL, "this text"},
    {EVERY, 0, "version", FLAG, FIELD(version), NULL, "the version"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The options whose value is one word of a few. */
static const struct choices {
    const char *name, *words;
} choices[] = {
    {"names", "short full pstats"}, {"style", "pstats table"}, {"group-by", "file module line"},
    {"unit", "nsec usec msec sec"}, {"clock", "wall cpu"},     {"completion", "bash zsh fish"}};

bool options_row(size_t i, struct option_row *view)
{
    if (i >= ROWS)
        return false;
    const struct row *row = &rows[i];
    *view = (struct option_row){.commands = row->commands,
                                .key = row->key,
                                .name = row->name,
                                .value = row->value,
                                .help = row->help,
                                .repeats = row->kind == LIST || row->kind == TALLY};
    for (size_t j = 0; row->value && j < sizeof choices / sizeof *choices; j++)
        if (strcmp(choices[j].name, row->name) == 0)
            view->choices = choices[j].words;
    return true;
}

void options_help(enum command command)
{
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        char name[64], key[] = {'-', row->key, ',', ' ', '\0'};
        if (!(row->commands & command))
            continue;
        if (row->kind == TITLE) {
            printf("\n%s:\n", row->name);
            continue;
        }
        snprintf(name, sizeof name, "--%s%s%s", row->name, row->value ? " " : "",
                 row->value ? row->value : "");
        printf("  %s%-24s %s\n", row->key ? key : "    ", name, row->help);
    }
}

static void *field(struct options *options, const struct row *row)
{
    return (char *)options + row->field;
}

static enum p2a_status take_count(unsigned *to, const struct row *row, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (*end || end == value || value[0] == '-' || n == 0 || n > 1u << 30)
        return complain("--%s %s: expected a whole number from 1", row->name, value);
    *to = (unsigned)n;
    return P2A_OK;
}

static enum p2a_status take_percent(double *to, const struct row *row, const char *value)
{
    char *end;
    double percent = strtod(value, &end);
    if (*end == '%')
        end++;
    if (*end || end == value || !(percent >= 0 && percent <= 100))
        return complain("--%s %s: expected a percentage from 0 to 100", row->name, value);
    *to = percent / 100;
    return P2A_OK;
}

/* Of two values one would be lost; timeit lets the last rule, as Python does. */
static enum p2a_status take_text(const char **to, const struct row *row, const char *value)
{
    if (*to && row->commands != TIMEIT && strcmp(*to, value) != 0)
        return complain("--%s is given twice: %s and %s", row->name, *to, value);
    *to = value;
    return P2A_OK;
}

static enum p2a_status append(struct list *list, const char *value)
{
    const char **at = realloc(list->at, ((size_t)list->n + 2) * sizeof *at);
    if (!at)
        return complain_system("out of memory");
    list->at = at;
    at[list->n++] = value;
    at[list->n] = NULL;
    return P2A_OK;
}

static enum p2a_status take(struct options *options, const struct row *row, const char *value)
{
    switch (row->kind) {
    case FLAG:
        *(bool *)field(options, row) = true;
        return P2A_OK;
    case TEXT:
        return take_text(field(options, row), row, value);
    case COUNT:
        return take_count(field(options, row), row, value);
    case PERCENT:
        return take_percent(field(options, row), row, value);
    case LIST:
        return append(field(options, row), value);
    case TALLY:
        ++*(unsigned *)field(options, row);
        return P2A_OK;
    case TITLE:
    case REST:
        break;
    }
    return P2A_USAGE;
}

/* Returns the place of WORD in the list, -1 where it isn't there. */
static int choice(const char *word, const char *const *list)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(list[i], word) == 0)
            return i;
    return -1;
}

static enum p2a_status check_format(const char *name, const char *use)
{
    char text[64];
    if (!name || p2a_format_named(name))
        return P2A_OK;
    suggest_format(name, text, sizeof text);
    return complain("no format '%s' to %s%s", name, use, text[0] ? text : ", see prof2any formats");
}

/* The format that the output is to have where it isn't the report in the style that is asked for.
 */
static const char *other_format(const struct options *options)
{
    const char *wanted = strcmp(options->style, "table") == 0 ? "table" : "text";
    const struct p2a_format *named = NULL;
    if (options->save.format)
        named = p2a_format_named(options->save.format);
    else if (options->output && (named = p2a_format_for_path(options->output)))
        wanted = "text"; /* the name says a report, in whichever style */
    return named && strcmp(named->name, wanted) != 0 ? named->name : NULL;
}

static enum p2a_status take_choices(struct options *options)
{
    static const char *const names[] = {"short", "full", "pstats", NULL};
    static const char *const groups[] = {"function", "file", "module", "line", NULL};
    static const char *const styles[] = {"pstats", "table", NULL};
    int name = options->names ? choice(options->names, names) : 0;
    int group = options->group_by ? choice(options->group_by, groups) : 0;
    if (name < 0)
        return complain("--names %s: expected short, full or pstats", options->names);
    if (group < 0)
        return complain("--group-by %s: expected file, module or line", options->group_by);
    if (options->style && choice(options->style, styles) < 0)
        return complain("--style %s: expected pstats or table", options->style);
    const char *other = options->style ? other_format(options) : NULL;
    if (other)
        return complain("--style %s is of a report, and the output is to be %s", options->style,
                        other);
    if (check_format(options->save.format, "write") != P2A_OK ||
        check_format(options->from, "read") != P2A_OK)
        return P2A_USAGE;
    options->save.names = (enum p2a_names)name;
    options->select.group_by = (enum p2a_group)group;
    options->select.exact = options->save.exact;
    return P2A_OK;
}

/* "time,calls" and "time" "calls" are the same keys. */
static enum p2a_status take_sort(struct options *options)
{
    struct list given = options->sort;
    size_t room = 1;
    for (int i = 0; i < given.n; i++)
        room += strlen(given.at[i]) + 1;
    char *keys = options->sort_keys = calloc(room, 1);
    if (!keys)
        return complain_system("out of memory");
    for (int i = 0; i < given.n; i++)
        strcat(strcat(keys, i ? "," : ""), given.at[i]);
    free(given.at);
    options->sort = (struct list){0};
    for (char *rest = keys, *key; (key = strtok_r(rest, ",", &rest));)
        if (append(&options->sort, key) != P2A_OK)
            return P2A_SYSTEM;
    return P2A_OK;
}

static enum p2a_status take_report(struct options *options)
{
    struct p2a_report *report = &options->save.report;
    uint64_t limit = 0;
    if (options->limit && strcmp(options->limit, "all") == 0)
        limit = UINT64_MAX;
    else if (options->limit) {
        char *end;
        limit = strtoull(options->limit, &end, 10);
        if (*end || end == options->limit || !strchr("123456789", options->limit[0]))
            return complain("--limit %s: expected a whole number from 1, or all", options->limit);
    }
    if (options->sort.n && take_sort(options) != P2A_OK)
        return P2A_SYSTEM;
    report->limit = limit;
    report->threshold = options->threshold > 0   ? options->threshold
                        : options->threshold < 0 ? 0
                                                 : -1;
    report->sort = options->sort.at;
    report->restrictions = options->restrictions.at;
    options->save.settings = options->settings.at;
    return P2A_OK;
}

static void fill_getopt(enum command command, bool wraps, struct option *longs, char *shorts)
{
    int n = 0;
    if (wraps)
        *shorts++ = '+';
    *shorts++ = ':';
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].kind == TITLE || !(rows[i].commands & command))
            continue;
        bool value = rows[i].kind != FLAG && rows[i].kind != TALLY;
        longs[n++] = (struct option){rows[i].name, value, NULL, 256 + i};
        if (rows[i].key)
            *shorts++ = rows[i].key;
        if (rows[i].key && value)
            *shorts++ = ':';
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

static const struct row *row_of(enum command command, int code)
{
    if (code >= 256)
        return &rows[code - 256];
    for (int i = 0; i < ROWS; i++)
        if (rows[i].commands & command && rows[i].key == code)
            return &rows[i];
    return NULL;
}

static enum p2a_status no_such_option(enum command command, const char *word)
{
    char name[64], text[64];
    struct suggestion meant = {.word = name};
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (int i = 0; i < ROWS; i++)
        if (rows[i].kind != TITLE && rows[i].commands & command)
            suggest(&meant, rows[i].name);
    suggestion_text(&meant, "--", text, sizeof text);
    return complain("no option %s%s", word, text[0] ? text : ", see --help");
}

static enum p2a_status unknown(enum command command, int code, char **argv)
{
    const char *word = argv[optind - 1];
    if (optopt >= 256 && code == '?')
        return complain("--%s takes no value", rows[optopt - 256].name);
    if (code == ':')
        return complain("%s: expected a value behind it, see --help", word);
    if (optopt && optopt < 256)
        return complain("no option -%c, see --help", optopt);
    return no_such_option(command, word);
}

enum p2a_status options_parse(struct options *options, enum command command, bool wraps, int argc,
                              char **argv)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 3];
    *options = (struct options){.threshold = -1};
    fill_getopt(command, wraps, longs, shorts);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *row = code == '?' || code == ':' ? NULL : row_of(command, code);
        if (!row)
            return unknown(command, code, argv);
        if (row->kind == REST) {
            if (append(&options->input, "-m") != P2A_OK ||
                append(&options->input, optarg) != P2A_OK)
                return P2A_SYSTEM;
            break;
        }
        enum p2a_status status = take(options, row, optarg);
        if (status != P2A_OK)
            return status;
    }
    while (optind < argc)
        if (append(&options->input, argv[optind++]) != P2A_OK)
            return P2A_SYSTEM;
    enum p2a_status status = take_choices(options);
    return status == P2A_OK ? take_report(options) : status;
}

void options_free(struct options *options)
{
    free(options->input.at);
    free(options->settings.at);
    free(options->sort.at);
    free(options->setup.at);
    free(options->vs.at);
    free(options->vs_setup.at);
    free(options->restrictions.at);
    free(options->sort_keys);
}
