/* The one table of options: parsing, help and completion come from it. */
#ifndef P2A_CLI_OPTIONS_H
#define P2A_CLI_OPTIONS_H

#include <stdbool.h>

#include "prof2any/prof2any.h"

/* What the command line says. Strings are argv's own. */
struct options {
    const char **input; /* the operands */
    int input_n;
    const char *from, *output;
    struct p2a_save_options save;
    const char **settings; /* of -O, NULL at the end */
    int setting_n;
    struct p2a_selection select;
    const char *names, *group_by;
    bool quiet, help, version, markdown;
};

/* Fills *OPTIONS; P2A_USAGE after a message on stderr. Free with options_free. */
enum p2a_status options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);
/* The list of options, a line each, on stdout. */
void options_help(void);

#endif
