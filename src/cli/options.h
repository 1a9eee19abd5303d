/* The one table of options: parsing, help and completion come from it. */
#ifndef P2A_CLI_OPTIONS_H
#define P2A_CLI_OPTIONS_H

#include <stdbool.h>

#include "prof2any/format.h"
#include "prof2any/prof2any.h"
#include "supervise.h"

/* The commands, as a set: an option belongs to some of them. */
enum command {
    CONVERT = 1 << 0,
    FORMATS = 1 << 1,
    RECORD = 1 << 2,
    BROWSE = 1 << 3,
    TIMEIT = 1 << 4,
    DIFF = 1 << 5,
    CHECK = 1 << 6,
    CONFIG = 1 << 7
};

struct settings;

/* What an option that may be given several times was given; NULL at the end. */
struct list {
    const char **at;
    int n;
};

/* What the command line says. Strings are argv's own, those of sort aside. */
struct options {
    struct list input; /* the operands */
    const char *from, *output;
    struct p2a_save_options save;
    struct list settings, sort, restrictions;
    struct p2a_selection select;
    const char *names, *group_by, *style, *limit;
    struct list setup, vs, vs_setup;
    const char *number, *repeat, *unit, *python;
    unsigned verbose; /* how often it was given */
    bool process;
    const char *clock;
    bool allocations, python_only, sampled;
    bool removes;          /* its inputs, in the end: their names would lead nowhere */
    unsigned max_contexts; /* 0: the recorder's own limit */
    const char *max_memory;
    struct ignored ignored; /* signals, when this process began */
    bool normalize;         /* of diff */
    double threshold;       /* a share; -1: not given */
    bool partial, quiet, help, version, markdown, manual;
    const char *completion; /* a shell */
    char *sort_keys;        /* what the words in sort are cut from */
    struct list must, reports, strip;
    const char *budget, *baseline;
    const char *config; /* a file of settings; NULL: the one that is found */
    bool no_config;
    const struct settings *settings_file; /* what it says; never NULL once a command runs */
    unsigned char given[128];             /* by row of the table: the command line has it */
};

/* Whether the command line itself has the option. */
bool options_given(const struct options *options, const char *name);
/* Names the report's options that the command line has and FORMAT doesn't go by, in TEXT; false
 * where there are none. */
bool options_idle(const struct options *options, const struct p2a_format *format, char *text,
                  size_t size);

/* Fills *OPTIONS with what argv holds for the command; P2A_USAGE after a message on stderr. A
 * command that wraps another program ends its options at the first operand, or at an option that
 * begins the other's command line. Free with options_free.
 */
enum p2a_status options_parse(struct options *options, enum command command, bool wraps, int argc,
                              char **argv);
/* After options_parse: takes what the command line doesn't say from the settings, and sees whether
 * it all goes together. The settings stay until options_free. */
enum p2a_status options_finish(struct options *options, enum command command,
                               const struct settings *settings);
void options_free(struct options *options);
/* The list of the command's options, a line each, on stdout. */
void options_help(enum command command);

/* A row of the table, for what is made of it. */
struct option_row {
    unsigned commands;   /* that have it */
    char key;            /* -k, or 0 */
    const char *name;    /* --name; of a title, the heading */
    const char *value;   /* NULL: it takes none */
    const char *help;    /* NULL: a title */
    const char *choices; /* what the value is one of, a space between; or NULL */
    bool repeats;        /* may be given several times */
    bool setting;        /* may stand in a file of settings */
};
/* False past the last row. */
bool options_row(size_t i, struct option_row *row);
/* The row of the option of that name that one of the COMMANDS has; false where there is none. */
bool options_named(const char *name, unsigned commands, struct option_row *row);
/* Whether VALUE is one for the option, as far as can be told without an input. Else WHY is what is
 * wrong with it, begun with SPELLED, what the option is called. */
bool options_value_is_good(const struct option_row *row, const char *spelled, const char *value,
                           char *why, size_t size);

#endif
