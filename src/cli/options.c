#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "memory.h"
#include "prof2any/format.h"
#include "settings.h"
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
#define SELECTS     (WRITES | CHECK)

static const struct row rows[] = {
    {CHECK, 0, "Limits", TITLE, 0, NULL, NULL},
    {CHECK, 0, "must", LIST, FIELD(must), "LIMIT",
     "a limit beside those of .prof2any.yml: 'parse <= 1000'; repeat"},
    {CHECK, 0, "budget", TEXT, FIELD(budget), "FILE",
     "the budgets of this file in place of .prof2any.yml's"},
    {CHECK, 0, "baseline", TEXT, FIELD(baseline), "FILE",
     "the profile that limits with the word baseline compare with"},
    {CHECK, 0, "report", LIST, FIELD(reports), "KIND[=FILE]",
     "text, markdown, junit or github (default: text); repeat"},
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
    {SELECTS | BROWSE | RECORD, 0, "Formats", TITLE, 0, NULL, NULL},
    {WRITES, 'f', "format", TEXT, FIELD(save.format), "FORMAT",
     "write this format (default: by the name of -o, else text)"},
    {RECORD, 'f', "format", TEXT, FIELD(save.format), "FORMAT",
     "convert to this format (default: by the name of -o, else none)"},
    {SELECTS | BROWSE, 'i', "input-format", TEXT, FIELD(from), "FORMAT",
     "read this format (default: detect it)"},
    {SELECTS, 0, "partial", FLAG, FIELD(partial), NULL,
     "of a broken input keep what comes before the break"},
    {WRITES, 'o', "output", TEXT, FIELD(output), "FILE", "write here; appears whole or not at all"},
    {RECORD, 'o', "output", TEXT, FIELD(output), "FILE",
     "write here in the end (default: the recording alone, PROGRAM-PID.p2a)"},
    {WRITES | RECORD, 'O', "option", LIST, FIELD(settings), "KEY=VALUE",
     "an option of the output format (prof2any formats NAME)"},
    {WRITES | RECORD, 0, "names", TEXT, FIELD(names), "STYLE",
     "spell frames short, full or as pstats (default: short)"},
    {SELECTS, 0, "exact", FLAG, FIELD(save.exact), NULL,
     "refuse to estimate stacks that weren't recorded"},
    {DIFF, 0, "normalize", FLAG, FIELD(normalize), NULL,
     "compare shares: stretch BEFORE to AFTER's whole"},
    {WRITES, 0, "Reports", TITLE, 0, NULL, NULL},
    {WRITES, 's', "sort", LIST, FIELD(sort), "KEYS",
     "pstats' keys, the first rules: time,calls; or none (default: cumulative)"},
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
    {SELECTS, 0, "Selecting (patterns are Perl's regular expressions)", TITLE, 0, NULL, NULL},
    {SELECTS, 0, "focus", TEXT, FIELD(select.focus), "RE", "only stacks in which a frame matches"},
    {SELECTS, 0, "ignore", TEXT, FIELD(select.ignore), "RE", "no stacks in which a frame matches"},
    {SELECTS, 0, "show", TEXT, FIELD(select.show), "RE", "only frames that match"},
    {SELECTS, 0, "hide", TEXT, FIELD(select.hide), "RE",
     "no frames that match; their time goes to their callers"},
    {SELECTS, 0, "prune-from", TEXT, FIELD(select.prune_from), "RE",
     "nothing below frames that match"},
    {SELECTS, 0, "root", TEXT, FIELD(select.root), "RE",
     "only what is reached from functions that match"},
    {SELECTS, 0, "leaf", TEXT, FIELD(select.leaf), "RE", "only what leads to functions that match"},
    {SELECTS, 0, "depth", COUNT, FIELD(select.depth), "N", "at most N frames deep"},
    {SELECTS, 0, "metric", TEXT, FIELD(select.metric), "NAME", "this metric alone"},
    {SELECTS, 0, "thread", TEXT, FIELD(select.thread), "NAME",
     "this thread alone, by name, pid, tid or pid/tid"},
    {SELECTS, 0, "group-by", TEXT, FIELD(group_by), "WHAT",
     "join functions by file, module or line"},
    {SELECTS, 0, "strip", LIST, FIELD(strip), "RE",
     "take what matches off the paths of files, of every input; repeat"},
    {SELECTS, 0, "strip-dirs", FLAG, FIELD(select.strip_dirs), NULL, "files by their base names"},
    {SELECTS, 'n', "node-threshold", PERCENT, FIELD(select.node_threshold), "PERCENT",
     "drop functions whose total is below this"},
    {SELECTS, 'e', "edge-threshold", PERCENT, FIELD(select.edge_threshold), "PERCENT",
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
    {TIMEIT, 0, "vs-setup", LIST, FIELD(vs_setup), "STATEMENT",
     "the setup of B (default: that of A)"},
    {TIMEIT, 0, "python", TEXT, FIELD(python), "PROGRAM",
     "the Python that runs it (default: python3)"},
    {EVERY, 0, "General", TITLE, 0, NULL, NULL},
    {EVERY, 0, "config", TEXT, FIELD(config), "FILE",
     "settings (default: .prof2any.yml here or above; --no-OPTION takes back a flag)"},
    {EVERY, 0, "no-config", FLAG, FIELD(no_config), NULL, "no file of settings"},
    {SELECTS | BROWSE, 0, "max-memory", TEXT, FIELD(max_memory), "SIZE",
     "give up beyond this: 512M, 4G or none (default: three quarters of what there is)"},
    {FORMATS, 0, "markdown", FLAG, FIELD(markdown), NULL, "as a Markdown table"},
    {SELECTS | BROWSE | RECORD, 'q', "quiet", FLAG, FIELD(quiet), NULL, "no notes on stderr"},
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
} choices[] = {{"names", "short full pstats"},
               {"style", "pstats table"},
               {"group-by", "function file module line"},
               {"unit", "nsec usec msec sec"},
               {"clock", "wall cpu"},
               {"completion", "bash zsh fish"}};

/* Those that a file of settings can't give: a checkout brings its own along, so that it says
 * neither what is run nor what is written over. */
static bool is_setting(const struct row *row)
{
    static const char *const others[] = {"help",      "version", "completion", "manual", "config",
                                         "no-config", "option",  "budget",     "output", "python",
                                         "setup",     "vs",      "vs-setup"};
    bool setting = row->kind != TITLE && row->kind != REST;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        setting = setting && strcmp(row->name, others[i]) != 0;
    return setting;
}

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
                                .repeats = row->kind == LIST || row->kind == TALLY,
                                .setting = is_setting(row)};
    for (size_t j = 0; row->value && j < sizeof choices / sizeof *choices; j++)
        if (strcmp(choices[j].name, row->name) == 0)
            view->choices = choices[j].words;
    return true;
}

bool options_named(const char *name, unsigned commands, struct option_row *view)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].kind != TITLE && rows[i].commands & commands && strcmp(rows[i].name, name) == 0)
            return options_row(i, view);
    return false;
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

/* ---- values ---- */

static bool is_count(const char *value, unsigned *n)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    *n = (unsigned)number;
    return !*end && end != value && value[0] != '-' && number > 0 && number <= 1u << 30;
}

static bool is_percent(const char *value, double *share)
{
    char *end;
    double percent = strtod(value, &end);
    if (*end == '%')
        end++;
    *share = percent / 100;
    return !*end && end != value && percent >= 0 && percent <= 100;
}

static bool is_limit(const char *value, uint64_t *limit)
{
    char *end;
    *limit = UINT64_MAX;
    if (strcmp(value, "all") == 0)
        return true;
    *limit = strtoull(value, &end, 10);
    return !*end && end != value && strchr("123456789", value[0]);
}

/* Whether WORDS, a space between them, has the word. */
static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length;
    }
    return false;
}

/* "short, full or pstats" of "short full pstats" */
static void list_words(const char *words, char *text, size_t size)
{
    size_t n = 0;
    for (const char *at = words; *at && n < size; at++) {
        const char *next = strchr(at, ' ');
        if (*at != ' ')
            n += (size_t)snprintf(text + n, size - n, "%c", *at);
        else
            n += (size_t)snprintf(text + n, size - n, "%s", strchr(at + 1, ' ') ? ", " : " or ");
        if (!next && n >= size)
            break;
    }
}

/* A pstats key, cut short or not. */
static bool is_sort_key(const char *word, size_t n)
{
    bool found = n == strlen("none") && memcmp(word, "none", n) == 0;
    for (size_t i = 0; n && !found && sort_key_name(i); i++)
        found = strncmp(sort_key_name(i), word, n) == 0;
    return found;
}

static bool are_sort_keys(const char *value)
{
    for (const char *at = value;; at++) {
        size_t n = strcspn(at, ",");
        if (!is_sort_key(at, n))
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

static bool format_is_good(const char *name, bool reads, char *why, size_t size)
{
    char text[64];
    const struct p2a_format *format = p2a_format_named(name);
    if (format)
        return true;
    suggest_format(name, reads, !reads, text, sizeof text);
    snprintf(why, size, "no format '%.80s' to %s%s", name, reads ? "read" : "write",
             text[0] ? text : ", see prof2any formats");
    return false;
}

bool options_value_is_good(const struct option_row *row, const char *spelled, const char *value,
                           char *why, size_t size)
{
    char words[160] = "";
    unsigned count;
    double share;
    uint64_t limit;
    struct p2a_error error;
    if (strcmp(row->value, "FORMAT") == 0)
        return format_is_good(value, strcmp(row->name, "input-format") == 0, why, size);
    if (strcmp(row->value, "RE") == 0 && p2a_pattern_check(value, NULL, &error) != P2A_OK) {
        snprintf(why, size, "%s %.200s", spelled, error.message);
        return false;
    }
    if (strcmp(row->value, "LIMIT") == 0 && p2a_limit_check(value, &error) != P2A_OK) {
        snprintf(why, size, "%.300s", error.message);
        return false;
    }
    if (row->choices && !has_word(row->choices, value))
        list_words(row->choices, words, sizeof words);
    else if (strcmp(row->value, "KEYS") == 0 && !are_sort_keys(value))
        snprintf(words, sizeof words, "sort keys of pstats, with commas between them");
    else if (strcmp(row->name, "limit") == 0 && !is_limit(value, &limit))
        snprintf(words, sizeof words, "a whole number from 1, or all");
    else if (strcmp(row->name, "max-memory") == 0 && !memory_size(value, &limit))
        snprintf(words, sizeof words, "a size such as 512M or 4G, or none");
    else if ((strcmp(row->name, "depth") == 0 || strcmp(row->name, "max-contexts") == 0) &&
             !is_count(value, &count))
        snprintf(words, sizeof words, "a whole number from 1");
    else if (strcmp(row->value, "PERCENT") == 0 && !is_percent(value, &share))
        snprintf(words, sizeof words, "a percentage from 0 to 100");
    if (words[0])
        snprintf(why, size, "%s %.120s: expected %s", spelled, value, words);
    return !words[0];
}

/* ---- the command line ---- */

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
        return is_count(value, field(options, row))
                   ? P2A_OK
                   : complain("--%s %s: expected a whole number from 1", row->name, value);
    case PERCENT:
        return is_percent(value, field(options, row))
                   ? P2A_OK
                   : complain("--%s %s: expected a percentage from 0 to 100", row->name, value);
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

static enum p2a_status check_format(const char *name, bool reads)
{
    char why[200];
    return !name || format_is_good(name, reads, why, sizeof why) ? P2A_OK : complain("%s", why);
}

static enum p2a_status check_pattern(const struct row *row, const char *pattern)
{
    struct p2a_error error;
    return !pattern || p2a_pattern_check(pattern, NULL, &error) == P2A_OK
               ? P2A_OK
               : complain("--%s %s", row->name, error.message);
}

/* Before any input is read, which may take long. */
static enum p2a_status check_patterns(struct options *options, enum command command)
{
    enum p2a_status status = P2A_OK;
    for (const struct row *row = rows; status == P2A_OK && row < rows + ROWS; row++) {
        bool pattern = row->commands & command && row->value && strcmp(row->value, "RE") == 0;
        if (pattern && row->kind == TEXT)
            status = check_pattern(row, *(const char **)field(options, row));
        const struct list *list = pattern && row->kind == LIST ? field(options, row) : NULL;
        for (int i = 0; list && i < list->n && status == P2A_OK; i++)
            status = check_pattern(row, list->at[i]);
    }
    return status;
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
    uint64_t bytes;
    if (options->max_memory && !memory_size(options->max_memory, &bytes))
        return complain("--max-memory %s: expected a size such as 512M or 4G, or none",
                        options->max_memory);
    if (name < 0)
        return complain("--names %s: expected short, full or pstats", options->names);
    if (group < 0)
        return complain("--group-by %s: expected function, file, module or line",
                        options->group_by);
    if (options->style && choice(options->style, styles) < 0)
        return complain("--style %s: expected pstats or table", options->style);
    const char *other = options->style ? other_format(options) : NULL;
    if (other)
        return complain("--style %s is of a report, and the output is to be %s", options->style,
                        other);
    if (check_format(options->save.format, false) != P2A_OK ||
        check_format(options->from, true) != P2A_OK)
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
    if (options->limit && !is_limit(options->limit, &limit))
        return complain("--limit %s: expected a whole number from 1, or all", options->limit);
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

/* What getopt_long returns for a row: ROW + its number, for the opposite of a flag NO + it. */
enum { ROW = 256, NO = 1024 };

static bool has_opposite(const struct row *row)
{
    return row->kind == FLAG && is_setting(row);
}

/* OPPOSITES has room for a name of each row; longs for two rows' worth. */
static void fill_getopt(enum command command, bool wraps, struct option *longs, char *shorts,
                        char (*opposites)[32])
{
    int n = 0;
    if (wraps)
        *shorts++ = '+';
    *shorts++ = ':';
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].kind == TITLE || !(rows[i].commands & command))
            continue;
        bool value = rows[i].kind != FLAG && rows[i].kind != TALLY;
        longs[n++] = (struct option){rows[i].name, value, NULL, ROW + i};
        snprintf(opposites[i], sizeof opposites[i], "no-%s", rows[i].name);
        if (has_opposite(&rows[i]))
            longs[n++] = (struct option){opposites[i], no_argument, NULL, NO + i};
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
    if (code >= ROW)
        return &rows[code >= NO ? code - NO : code - ROW];
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
    if (optopt >= ROW && code == '?')
        return complain("--%s%s takes no value", optopt >= NO ? "no-" : "",
                        row_of(command, optopt)->name);
    if (code == ':')
        return complain("%s: expected a value behind it, see --help", word);
    if (optopt && optopt < 256)
        return complain("no option -%c, see --help", optopt);
    return no_such_option(command, word);
}

enum p2a_status options_parse(struct options *options, enum command command, bool wraps, int argc,
                              char **argv)
{
    struct option longs[2 * ROWS + 1];
    char shorts[2 * ROWS + 3], opposites[ROWS][32];
    *options = (struct options){.threshold = -1};
    fill_getopt(command, wraps, longs, shorts, opposites);
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
        options->given[row - rows] = 1;
        if (code >= NO)
            *(bool *)field(options, row) = false;
        enum p2a_status status = code >= NO ? P2A_OK : take(options, row, optarg);
        if (status != P2A_OK)
            return status;
    }
    while (optind < argc)
        if (append(&options->input, argv[optind++]) != P2A_OK)
            return P2A_SYSTEM;
    return P2A_OK;
}

/* ---- settings ---- */

bool options_given(const struct options *options, const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (options->given[i] && strcmp(rows[i].name, name) == 0)
            return true;
    return false;
}

bool options_idle(const struct options *options, const struct p2a_format *format, char *text,
                  size_t size)
{
    static const struct {
        const char *name;
        unsigned part;
    } parts[] = {{"sort", P2A_REPORT_ORDER},        {"reverse", P2A_REPORT_ORDER},
                 {"restrict", P2A_REPORT_ORDER},    {"limit", P2A_REPORT_LIMIT},
                 {"callers", P2A_REPORT_CALLS},     {"callees", P2A_REPORT_CALLS},
                 {"threshold", P2A_REPORT_CHANGES}, {"names", P2A_REPORT_NAMES}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!(format->report & parts[i].part) && options_given(options, parts[i].name) && n < size)
            n += (size_t)snprintf(text + n, size - n, "%s--%s", n ? ", " : "", parts[i].name);
    return n > 0;
}

/* What the command line has decided already: the name of an output says its format. */
static bool is_overruled(const struct options *options, const char *name)
{
    return strcmp(name, "format") == 0 && options_given(options, "output") && options->output &&
           p2a_format_for_path(options->output);
}

static enum p2a_status take_setting(struct options *options, const struct row *row,
                                    const struct setting *setting)
{
    if (row->kind == FLAG) {
        *(bool *)field(options, row) = strcmp(setting->values[0], "yes") == 0;
        return P2A_OK;
    }
    if (row->kind == TALLY)
        return take(options, row, NULL);
    if (row->kind == TEXT)
        *(const char **)field(options, row) = NULL;
    if (row->kind == LIST)
        ((struct list *)field(options, row))->n = 0;
    for (const char *const *value = setting->values; *value; value++)
        if (take(options, row, *value) != P2A_OK)
            return P2A_USAGE;
    return P2A_OK;
}

/* The options of every command first, so that those of this one rule. */
static enum p2a_status take_settings(struct options *options, enum command command,
                                     const struct settings *settings)
{
    struct command_row named = {0};
    for (size_t i = 0; commands_row(i, &named) && named.command != command; i++)
        ;
    const char *name = named.name ? named.name : "convert";
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < settings->option_n; i++) {
            const struct setting *s = &settings->options[i];
            if (!s->command != !turn || (s->command && strcmp(s->command, name) != 0))
                continue;
            for (const struct row *row = rows; row < rows + ROWS; row++)
                if (row->commands & command && is_setting(row) && !options->given[row - rows] &&
                    strcmp(row->name, s->name) == 0 && !is_overruled(options, s->name) &&
                    take_setting(options, row, s) != P2A_OK)
                    return P2A_USAGE;
        }
    if (options->style && !options_given(options, "style") && other_format(options))
        options->style = NULL; /* of a report, where there is one */
    return P2A_OK;
}

enum p2a_status options_finish(struct options *options, enum command command,
                               const struct settings *settings)
{
    _Static_assert(ROWS <= sizeof options->given, "a place for every row");
    options->settings_file = settings;
    enum p2a_status status = take_settings(options, command, settings);
    if (settings->rules && command != CHECK) { /* what is grouped or hidden has no calls */
        options->select.rules = settings->rules + settings->naming_n;
        options->select.rule_n = settings->rule_n - settings->naming_n;
    }
    if (status == P2A_OK)
        status = check_patterns(options, command);
    if (status == P2A_OK)
        status = take_choices(options);
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
    free(options->must.at);
    free(options->reports.at);
    free(options->strip.at);
    free(options->sort_keys);
}
