/* The program's commands and its voice. Everything here uses the public headers alone. */
#ifndef P2A_CLI_CLI_H
#define P2A_CLI_CLI_H

#include "options.h"

/* Each does what the command line says and returns the exit status. */
enum p2a_status command_convert(const struct options *options);
enum p2a_status command_record(const struct options *options);
enum p2a_status command_diff(const struct options *options);
enum p2a_status command_check(const struct options *options);
enum p2a_status command_config(const struct options *options);
enum p2a_status command_formats(const struct options *options);
enum p2a_status command_browse(const struct options *options);
enum p2a_status command_timeit(const struct options *options);

/* What the commands that read and write profiles share. They complain and return the status; only
 * load_input leaves that to its caller. */
enum p2a_status check_words(const struct options *options, bool compared);
/* Whether the format, by the name of the output where FORMAT is NULL, is one that takes its
 * settings. Text goes to a terminal; what is binary would only disturb it. */
enum p2a_status check_output(const struct options *options, const char *format, bool compared);
/* That every input has a name, and standard input is none twice. */
enum p2a_status check_inputs(const struct options *options);
enum p2a_status load_input(const struct options *options, const char *path,
                           struct p2a_profile **profile, struct p2a_error *error);
/* All inputs, added up. */
enum p2a_status load_inputs(const struct options *options, struct p2a_profile **sum,
                            struct p2a_error *error);
enum p2a_status write_profile(const struct options *options, struct p2a_profile *profile);
void print_notes(const struct p2a_profile *profile);

/* "prof2any: …" on stderr; return P2A_USAGE and P2A_SYSTEM. */
enum p2a_status complain(const char *message, ...) P2A_PRINTF(1, 2);
void remark(const char *message, ...) P2A_PRINTF(1, 2); /* "prof2any: note: …" */
enum p2a_status complain_system(const char *message);
enum p2a_status complain_error(const struct p2a_error *error);
/* What was printed goes out now: later, nothing tells that it couldn't. It complains. */
enum p2a_status flush_output(void);
void print_help(enum command command);

/* The commands, for what is made of them; the first is converting, which has no name. */
struct command_row {
    enum command command;
    const char *name, *usage, *help;
    bool wraps; /* another program's command line */
};
/* False past the last. */
bool commands_row(size_t i, struct command_row *row);
/* The words of --sort, as pstats has them; NULL past the last. */
const char *sort_key_name(size_t i);

/* What check --report makes, NULL at the end. */
extern const char *const report_kinds[];

#endif
