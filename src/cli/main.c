#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "memory.h"
#include "settings.h"
#include "suggest.h"
#include "words.h"

/* One line, whatever the names in it are. */
P2A_PRINTF(2, 0)
static void say(const char *kind, const char *message, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, message, arguments) < 0)
        text = NULL;
    fprintf(stderr, "prof2any: %s%s\n", kind, text ? p2a_defuse(text) : "out of memory");
    free(text);
}

enum p2a_status complain(const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say("", message, arguments);
    va_end(arguments);
    return P2A_USAGE;
}

void remark(const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    say("note: ", message, arguments);
    va_end(arguments);
}

enum p2a_status complain_system(const char *message)
{
    complain("%s", message);
    return P2A_SYSTEM;
}

enum p2a_status complain_error(const struct p2a_error *error)
{
    char text[1200], hint[80] = "";
    if (strstr(error->message, "out of memory"))
        memory_hint(hint, sizeof hint);
    if (error->status != P2A_CLOSED)
        complain("%s%s", p2a_error_text(error, text, sizeof text), hint);
    return error->status;
}

enum p2a_status flush_output(void)
{
    if (fflush(stdout) == 0)
        return P2A_OK;
    return errno == EPIPE ? P2A_CLOSED : complain_system("standard output: can't be written");
}

static const struct row {
    enum command command;
    const char *name, *usage, *help;
    enum p2a_status (*run)(const struct options *options);
    bool wraps; /* another program's command line, which begins at the first operand */
} rows[] = {
    {CONVERT, NULL, "[INPUT ...] [-f FORMAT] [-o OUTPUT]", "convert; several inputs are added up",
     command_convert, false},
    {RECORD, "record", "[OPTION ...] COMMAND ...", "record a Python program", command_record, true},
    {DIFF, "diff", "BEFORE... [vs] AFTER...", "compare: what got slower, by how much, where",
     command_diff, false},
    {CHECK, "check", "[OPTION ...] INPUT ...", "hold a profile against limits; for CI",
     command_check, false},
    {FORMATS, "formats", "[NAME ...]", "what it reads and writes; a format's options",
     command_formats, false},
    {TIMEIT, "timeit", "[OPTION ...] [STATEMENT ...]", "python -m timeit, and one against another",
     command_timeit, false},
    {BROWSE, "browse", "[INPUT ...]", "the statistics browser of python -m pstats", command_browse,
     false},
    {CONFIG, "config", "[FORMAT ...]", "the settings in force, and where they come from",
     command_config, false},
};
enum { ROWS = sizeof rows / sizeof *rows };

bool commands_row(size_t i, struct command_row *view)
{
    if (i >= ROWS)
        return false;
    *view = (struct command_row){rows[i].command, rows[i].name, rows[i].usage, rows[i].help,
                                 rows[i].wraps};
    return true;
}

static void print_usage(const struct row *row)
{
    char usage[80];
    snprintf(usage, sizeof usage, "%s%s%s", row->name ? row->name : "", row->name ? " " : "",
             row->usage);
    printf("  prof2any %-36s %s\n", usage, row->help);
}

static void print_overview(void)
{
    puts("prof2any turns profiles into pictures and into each other.\n");
    for (int i = 0; i < ROWS; i++)
        print_usage(&rows[i]);
    puts("\n  prof2any out.prof -f callgrind -o callgrind.out.app\n"
         "  prof2any -f folded < out.prof");
    options_help(CONVERT);
    puts("\nINPUT is a file, - or nothing for standard input; gzip and zstd are unpacked.\n"
         "Exit status: 0 done, 1 a limit is broken, 2 usage, 3 bad input, 4 the system.");
}

void print_help(enum command command)
{
    if (command == CONVERT) {
        print_overview();
        return;
    }
    for (int i = 0; i < ROWS; i++)
        if (rows[i].command == command)
            print_usage(&rows[i]);
    options_help(command);
    if (command == CHECK)
        puts("\nLimits, of which prof2any --manual tells all:\n"
             "  json.loads <= 1000                    calls of a function\n"
             "  total(parse) < 0.5s                   self, primitive, depth, callers, callees, "
             "...\n"
             "  self(module:json) < 5%                module, file; all:PATTERN as one\n"
             "  total(parse) <= baseline + 10% + 1ms  than in --baseline\n"
             "  handler -> ... -> execute <= 3        calls on a path; no handler -> ... -> get\n"
             "  functions < 500                       of the whole run\n"
             "Exit status: 0 all are kept, 1 one is broken, 2 usage, 3 bad input, 4 the system.");
}

static const struct row *find_command(int argc, char **argv)
{
    for (int i = 1; argc > 1 && i < ROWS; i++)
        if (strcmp(argv[1], rows[i].name) == 0)
            return &rows[i];
    return &rows[0];
}

/* The first input is no file, and a command that stands behind an option. */
static bool misplaced(const struct options *options, const char *first)
{
    const char *word = options->input.n ? options->input.at[0] : first;
    if (word == first || access(word, F_OK) == 0)
        return false;
    for (int i = 1; i < ROWS; i++)
        if (strcmp(word, rows[i].name) == 0) {
            complain("%s: no such file; a command stands before its options: prof2any %s ...", word,
                     word);
            return true;
        }
    return false;
}

/* The first word is no file, and near to a command. */
static bool mistyped(const struct options *options, const char *word)
{
    struct suggestion meant = {.word = word};
    if (!options->input.n || options->input.at[0] != word || access(word, F_OK) == 0)
        return false;
    for (int i = 1; i < ROWS; i++)
        suggest(&meant, rows[i].name);
    if (strcmp(word, "help") == 0 || strcmp(word, "version") == 0)
        meant.found = word[0] == 'h' ? "--help" : "--version";
    if (meant.found)
        complain("%s: no such file and no such command, did you mean %s?", word, meant.found);
    return meant.found;
}

/* "--help record" is "record --help". */
static const struct row *asked_about(const struct row *row, const struct options *options)
{
    for (int i = 1; row == rows && options->input.n == 1 && i < ROWS; i++)
        if (strcmp(options->input.at[0], rows[i].name) == 0)
            return &rows[i];
    return row;
}

static enum p2a_status open_settings(const struct options *options, struct settings *settings)
{
    struct p2a_error error = {.status = P2A_OK};
    char *foreign = NULL;
    *settings = (struct settings){.path = ""};
    if (options->config && options->no_config)
        return complain("--config and --no-config: expected one of them");
    if (options->config)
        settings_load(settings, options->config, false, &error);
    else if (!options->no_config)
        settings_find(settings, &foreign, &error);
    if (foreign)
        remark("%s belongs to somebody else: not read, --config does", foreign);
    free(foreign);
    return error.status == P2A_OK ? P2A_OK : complain_error(&error);
}

static enum p2a_status run_command(const struct row *row, struct options *options)
{
    struct settings settings;
    enum p2a_status status = open_settings(options, &settings);
    if (status == P2A_OK)
        status = options_finish(options, row->command, &settings);
    if (status == P2A_OK && !row->wraps && row->command != TIMEIT)
        memory_limit(options->max_memory); /* of this process: no other's, which it would begin */
    if (status == P2A_OK)
        status = row->run(options);
    settings_free(&settings);
    return status;
}

static enum p2a_status run(int argc, char **argv, struct ignored ignored)
{
    const struct row *row = find_command(argc, argv);
    int skip = row != rows;
    struct options options;
    enum p2a_status status =
        options_parse(&options, row->command, row->wraps, argc - skip, argv + skip);
    options.ignored = ignored;
    if (status == P2A_OK && options.help)
        print_help(asked_about(row, &options)->command);
    else if (status == P2A_OK && options.version)
        puts("prof2any " P2A_VERSION);
    else if (status == P2A_OK && options.completion)
        status = command_completion(options.completion);
    else if (status == P2A_OK && options.manual)
        status = command_manual();
    else if (status == P2A_OK &&
             !(row == rows && (mistyped(&options, argv[1]) || misplaced(&options, argv[1]))))
        status = run_command(row, &options);
    else if (status == P2A_OK)
        status = P2A_USAGE;
    options_free(&options);
    return status;
}

/* A standard stream that is closed keeps its number, so that no file gets what is meant for it:
 * what is opened here can't be read or written, and whoever is run doesn't see it. */
static void hold_streams(void)
{
    static const int useless[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", useless[fd] | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    hold_streams();
    enum p2a_status status = run(argc, argv, ignore_signals());
    if (status == P2A_OK)
        status = flush_output();
    if (status == P2A_CLOSED) { /* end as any program does whose reader went away */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return (int)status;
}
