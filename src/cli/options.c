#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum kind { TITLE, FLAG, TEXT, COUNT, PERCENT, SETTING };

struct row {
    char key;         /* -k, or 0 */
    const char *name; /* --name; of a TITLE, the heading */
    enum kind kind;
    size_t field; /* where in struct options */
    const char *value, *help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct row rows[] = {
    {0, "Formats", TITLE, 0, NULL, NULL},
    {'f', "format", TEXT, FIELD(save.format), "FORMAT",
     "write this format (default: by the name of -o, else text)"},
    {'i', "input-format", TEXT, FIELD(from), "FORMAT", "read this format (default: detect it)"},
    {'o', "output", TEXT, FIELD(output), "FILE", "write here; appears whole or not at all"},
    {'O', "option", SETTING, 0, "KEY=VALUE",
     "an option of the output format (prof2any formats NAME)"},
    {0, "names", TEXT, FIELD(names), "STYLE",
     "spell frames short, full or as pstats (default: short)"},
    {0, "exact", FLAG, FIELD(save.exact), NULL, "refuse to estimate stacks that weren't recorded"},
    {0, "Selecting (patterns are Perl's regular expressions)", TITLE, 0, NULL, NULL},
    {0, "focus", TEXT, FIELD(select.focus), "RE", "only stacks in which a frame matches"},
    {0, "ignore", TEXT, FIELD(select.ignore), "RE", "no stacks in which a frame matches"},
    {0, "show", TEXT, FIELD(select.show), "RE", "only frames that match"},
    {0, "hide", TEXT, FIELD(select.hide), "RE",
     "no frames that match; their time goes to their callers"},
    {0, "prune-from", TEXT, FIELD(select.prune_from), "RE", "nothing below frames that match"},
    {0, "root", TEXT, FIELD(select.root), "RE", "only what is reached from functions that match"},
    {0, "leaf", TEXT, FIELD(select.leaf), "RE", "only what leads to functions that match"},
    {0, "depth", COUNT, FIELD(select.depth), "N", "at most N frames deep"},
    {0, "metric", TEXT, FIELD(select.metric), "NAME", "this metric alone"},
    {0, "thread", TEXT, FIELD(select.thread), "NAME", "this thread alone, by name, pid or tid"},
    {0, "group-by", TEXT, FIELD(group_by), "WHAT", "join functions by file, module or line"},
    {0, "strip-dirs", FLAG, FIELD(select.strip_dirs), NULL, "files by their base names"},
    {'n', "node-threshold", PERCENT, FIELD(select.node_threshold), "PERCENT",
     "drop functions whose total is below this"},
    {'e', "edge-threshold", PERCENT, FIELD(select.edge_threshold), "PERCENT",
     "drop arcs whose total is below this"},
    {0, "General", TITLE, 0, NULL, NULL},
    {'q', "quiet", FLAG, FIELD(quiet), NULL, "no notes on stderr"},
    {'h', "help", FLAG, FIELD(help), NULL, "this text"},
    {0, "version", FLAG, FIELD(version), NULL, "the version"},
    {0, "markdown", FLAG, FIELD(markdown), NULL, "formats: as a Markdown table"},
};
enum { ROWS = sizeof rows / sizeof *rows };

void options_help(void)
{
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        char name[64], key[] = {'-', row->key, ',', ' ', '\0'};
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

static enum p2a_status take(struct options *options, const struct row *row, const char *value)
{
    switch (row->kind) {
    case FLAG:
        *(bool *)field(options, row) = true;
        return P2A_OK;
    case TEXT:
        *(const char **)field(options, row) = value;
        return P2A_OK;
    case COUNT:
        return take_count(field(options, row), row, value);
    case PERCENT:
        return take_percent(field(options, row), row, value);
    case SETTING:
        options->settings[options->setting_n++] = value;
        return P2A_OK;
    case TITLE:
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

static enum p2a_status take_choices(struct options *options)
{
    static const char *const names[] = {"short", "full", "pstats", NULL};
    static const char *const groups[] = {"function", "file", "module", "line", NULL};
    int name = options->names ? choice(options->names, names) : 0;
    int group = options->group_by ? choice(options->group_by, groups) : 0;
    if (name < 0)
        return complain("--names %s: expected short, full or pstats", options->names);
    if (group < 0)
        return complain("--group-by %s: expected file, module or line", options->group_by);
    options->save.names = (enum p2a_names)name;
    options->select.group_by = (enum p2a_group)group;
    options->select.exact = options->save.exact;
    options->save.settings = options->settings;
    return P2A_OK;
}

static void fill_getopt(struct option *longs, char *shorts)
{
    int n = 0;
    *shorts++ = ':';
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].kind == TITLE)
            continue;
        bool value = rows[i].kind != FLAG;
        longs[n++] = (struct option){rows[i].name, value, NULL, 256 + i};
        if (rows[i].key)
            *shorts++ = rows[i].key;
        if (rows[i].key && value)
            *shorts++ = ':';
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

static const struct row *row_of(int code)
{
    if (code >= 256)
        return &rows[code - 256];
    for (int i = 0; i < ROWS; i++)
        if (rows[i].key == code)
            return &rows[i];
    return NULL;
}

static enum p2a_status unknown(int code, char **argv)
{
    const char *word = argv[optind - 1];
    if (code == ':')
        return complain("%s: expected a value behind it, see --help", word);
    if (optopt && optopt < 256)
        return complain("no option -%c, see --help", optopt);
    return complain("no option %s, see --help", word);
}

enum p2a_status options_parse(struct options *options, int argc, char **argv)
{
    struct option longs[ROWS + 1];
    char shorts[3 * ROWS];
    *options = (struct options){0};
    options->input = calloc((size_t)argc + 1, sizeof *options->input);
    options->settings = calloc((size_t)argc + 1, sizeof *options->settings);
    if (!options->input || !options->settings)
        return complain_system("out of memory");
    fill_getopt(longs, shorts);
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct row *row = code == '?' || code == ':' ? NULL : row_of(code);
        if (!row)
            return unknown(code, argv);
        if (take(options, row, optarg) != P2A_OK)
            return P2A_USAGE;
    }
    while (optind < argc)
        options->input[options->input_n++] = argv[optind++];
    return take_choices(options);
}

void options_free(struct options *options)
{
    free(options->input);
    free(options->settings);
}
