/* prof2any --manual: the manual page, for man(1). */
#include <ctype.h>
#include <stdio.h>

#include "cli.h"
#include "prof2any/format.h"
#include "words.h"

/* Text for troff: a dash is a dash, and no line begins with what is a request. */
static void put(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\\')
            fputs("\\e", stdout);
        else if (*at == '-')
            fputs("\\-", stdout);
        else if (at == text && (*at == '.' || *at == '\''))
            printf("\\&%c", *at);
        else
            putchar(*at);
    }
}

static void put_upper(const char *text)
{
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

/* "INPUT ..." in italics and the rest as it is. */
static void put_usage(const char *usage)
{
    bool italic = false;
    for (; *usage; usage++) {
        bool name = isupper((unsigned char)*usage);
        if (name != italic)
            fputs(name ? "\\fI" : "\\fR", stdout);
        italic = name;
        putchar(*usage == '-' ? '\\' : *usage);
        if (*usage == '-')
            putchar('-');
    }
    if (italic)
        fputs("\\fR", stdout);
}

static void put_option(const struct option_row *row)
{
    puts(".TP");
    if (row->key)
        printf("\\fB\\-%c\\fR, ", row->key);
    fputs("\\fB\\-\\-", stdout);
    put(row->name);
    fputs("\\fR", stdout);
    if (row->value) {
        putchar(' ');
        fputs("\\fI", stdout);
        put(row->value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put(row->help);
    puts(".");
}

/* The command's options under their titles; those of General have a section of their own. */
static void put_options(enum command command, bool general)
{
    struct option_row row, title = {0};
    bool titled = false;
    for (size_t i = 0; options_row(i, &row); i++) {
        if (!row.help) {
            title = row;
            titled = false;
            continue;
        }
        bool is_general = row.commands == ~0u;
        if (!(row.commands & command) || is_general != general)
            continue;
        if (!titled && !general && title.name) {
            fputs(".PP\n\\fI", stdout);
            put(title.name);
            puts("\\fR");
        }
        titled = true;
        put_option(&row);
    }
}

static void put_formats(void)
{
    puts(".SH FILE FORMATS");
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        fputs(".TP\n\\fB", stdout);
        put(format->name);
        printf("\\fR (%s)\n", !format->write ? "read" : format->read ? "read, written" : "written");
        put(format->title);
        puts(".");
    }
    puts(".PP\nThe format of an input is told by its first bytes.\n"
         ".B prof2any formats\n.I NAME\nlists the options that a format takes with\n.BR \\-O .");
}

struct term {
    const char *term, *said;
};

static void put_terms(const struct term *terms)
{
    for (; terms->term; terms++) {
        fputs(".TP\n\\fB", stdout);
        put(terms->term);
        puts("\\fR");
        put(terms->said);
        putchar('\n');
    }
}

static void put_limits(void)
{
    static const struct term limits[] = {
        {"parse <= 1000",
         "The calls of every function of that name; calls(parse) <= 1000 is the same."},
        {"total(json.loads) < 0.5s",
         "Also self, primitive (calls that aren't recursive), depth (how many of it at once), "
         "contexts (call paths that end in it), callers, callees; a metric by its name, "
         "allocations(parse), self[allocated](parse) < 1MB."},
        {"self(module:json) <= 5%",
         "A module and all below it as one, or file:app/db.py, or all:PATTERN; 5% is a share of "
         "the whole run's."},
        {"functions < 500",
         "Without parentheses: of the whole run. Also total, calls, contexts, depth."},
        {"handler -> ... -> execute <= 3",
         "The calls at the end of a call path; a -> b are direct calls. no a -> ... -> b is a path "
         "that must not exist, no f a function."},
        {"total(parse) <= baseline + 10% + 1ms",
         "What the profile of --baseline has of the same function, moved or not. self%(parse) "
         "compares shares."},
        {"optional parse <= 10",
         "Kept where it matches nothing, or can't be told from the profile, which fails "
         "otherwise."},
        {NULL, NULL}};
    puts(".SH LIMITS\nOf\n.BR check ,\nbehind\n.B \\-\\-must\nor in a file.\n"
         "Operators are < <= == >= >.");
    put_terms(limits);
    puts(
        ".PP\nA name such as parse, Parser.parse or requests.get means the function of that name,\n"
        "whatever stands before it. Anything else is a Perl regular expression, searched in\n"
        "name (file:line); each function that it finds is held against the limit.");
}

static void put_settings(void)
{
    static const struct term settings[] = {
        {"defaults", "Options by their long names; under a command's name, for that command."},
        {"formats", "By format: its options, as behind -O."},
        {"names",
         "A list of rules with a Perl regular expression each: strip (of paths of files), rename "
         "with to (in names of functions), group with to (what matches in name (file:line) is one "
         "function), hide (its time goes to its callers)."},
        {"colors", "A list of match, color and name: the first that matches counts."},
        {"budgets", "A list of limits; of one with a name, limit, name and optional."},
        {NULL, NULL}};
    puts(".SH SETTINGS\n.I .prof2any.yml\nin the working directory or one above it is YAML with\n"
         "these keys, each of which may be left out. The command line rules over it;\n"
         ".B prof2any config\nprints what is in force.");
    put_terms(settings);
}

static void put_end(void)
{
    puts(".SH EXIT STATUS\n"
         ".TP\n.B 0\nDone.\n"
         ".TP\n.B 1\nA check failed.\n"
         ".TP\n.B 2\nThe command line is wrong.\n"
         ".TP\n.B 3\nAn input is missing, is no profile, or a broken one.\n"
         ".TP\n.B 4\nReading, writing or memory failed.\n"
         ".PP\n.B record\nends as the program that it records, and\n"
         ".B timeit\nas Python does where a statement fails.\n"
         ".SH ENVIRONMENT\n"
         ".TP\n.B COLUMNS\nThe width of reports on a terminal, in place of its own.\n"
         ".TP\n.B NO_COLOR\nNo colours in reports on a terminal.\n"
         ".TP\n.B XDG_STATE_HOME\nWhere the history of\n.B browse\nis kept, in\n"
         ".IR prof2any/browse_history ;\n~/.local/state where it is not set.\n"
         ".SH FILES\n"
         ".TP\n.I .prof2any.yml\nWhat a project wants: see SETTINGS.\n"
         ".SH EXAMPLES\n"
         ".nf\nprof2any app.prof\nprof2any app.prof \\-o app.svg\n"
         "prof2any app.prof \\-f callgrind \\-o callgrind.out.app\n"
         "prof2any app.prof \\-\\-focus loads \\-f folded\n"
         "prof2any check app.prof \\-\\-must \\(aqjson.loads <= 1000\\(aq\n"
         "prof2any browse app.prof\n"
         "prof2any timeit \\(aqsum(x)\\(aq \\-s \\(aqx = [1] * 99\\(aq \\-\\-vs \\(aq99\\(aq\n.fi\n"
         ".SH SEE ALSO\n.BR python3 (1),\n.BR dot (1),\n.BR valgrind (1)");
}

enum p2a_status command_manual(void)
{
    struct command_row command;
    puts(".TH PROF2ANY 1 " P2A_DATE " \"prof2any " P2A_VERSION "\"\n"
         ".SH NAME\nprof2any \\- turns profiles into pictures and into each other\n.SH SYNOPSIS");
    for (size_t i = 0; commands_row(i, &command); i++) {
        printf("%s\\fBprof2any%s%s\\fR ", i ? ".br\n" : "", command.name ? " " : "",
               command.name ? command.name : "");
        put_usage(command.usage);
        putchar('\n');
    }
    puts(".SH DESCRIPTION\n.B prof2any\n"
         "reads a profile, whatever recorded it, and writes a report, a picture, or the file of\n"
         "another tool. What is exact stays exact; where stacks have to be estimated from a call\n"
         "graph, the output says so. An input is a file, or standard input for \\- or for none;\n"
         "gzip and zstd are unpacked. Without\n.B \\-o\nthe output goes to standard output;\n"
         "a file appears whole or not at all.");
    for (size_t i = 0; commands_row(i, &command); i++) {
        fputs(".SH ", stdout);
        put_upper(command.name ? command.name : "converting");
        printf("\n");
        put(command.help);
        puts(".");
        put_options(command.command, false);
    }
    puts(".SH OPTIONS OF EVERY COMMAND");
    put_options(CONVERT, true);
    put_formats();
    put_limits();
    put_settings();
    put_end();
    return P2A_OK;
}
