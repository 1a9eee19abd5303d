/* A line on stderr for what takes long, on a terminal only. */
#ifndef P2A_CLI_PROGRESS_H
#define P2A_CLI_PROGRESS_H

#include <stdbool.h>

#include "prof2any/prof2any.h"

struct progress {
    const char *what; /* the input's name */
    double started;   /* seconds on a clock that only goes on */
    double shown;     /* when the line was last drawn; 0: never */
};

/* Lets reading WHAT report to *PROGRESS, which must outlive it, where stderr is a terminal. */
void progress_start(struct progress *progress, const char *what, struct p2a_load_options *options);
/* Takes the line away. */
void progress_end(const struct progress *progress);

#endif
