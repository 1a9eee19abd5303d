/* What the terminal on standard output wants of a report. */
#ifndef P2A_CLI_TERMINAL_H
#define P2A_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct p2a_format;

struct terminal {
    char width[32];
    const char **settings; /* for p2a_save_options, NULL at the end */
};

/* The terminal's settings for a format that has a width and colours, then those GIVEN, which count
 * more. Settings are GIVEN's alone where standard output is no terminal. False: no memory. */
bool terminal_ask(struct terminal *terminal, const struct p2a_format *format,
                  const char *const *given);
void terminal_free(struct terminal *terminal);

#endif
