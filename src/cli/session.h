/* A run of `prof2any record`: the folder that PYTHONPATH leads the recorded Pythons to, what they
 * report there, and the recordings they made. */
#ifndef P2A_CLI_SESSION_H
#define P2A_CLI_SESSION_H

#include <stdint.h>
#include <sys/types.h>

#include "options.h"

/* A recording in the folder of the session's output. */
struct recording {
    char *path;
    pid_t pid;
    uint64_t date; /* of its start: nanoseconds since 1970 */
};

/* What Pythons reported, the worst of it. */
enum report_kind { REPORT_NONE, REPORT_ARMED, REPORT_FAILED, REPORT_MISSING };
struct report {
    enum report_kind kind;
    char *text; /* ARMED: version; FAILED: why; MISSING: version, line end, the interpreter */
};

struct session {
    char *folder;           /* of the session, without symbolic links in its path */
    char *output;           /* where recordings go */
    char *stem;             /* what they are named after; NULL before session_gather */
    uint64_t start;         /* nanoseconds since 1970 */
    struct recording *made; /* the program's first, then by date */
    size_t made_n;
    pid_t *reached; /* the Pythons that the recorder was in */
    size_t reached_n;
    struct report report;
};

/* Makes the folder. P2A_SYSTEM after a message. End with session_end in any case. */
enum p2a_status session_start(struct session *s, const struct options *options, const char *output);
/* Sets the environment of this process so that Pythons find the session; false: no memory. */
bool session_enter(const struct session *s);
/* Reads what came of it. MAIN is the program itself, which has ended. */
enum p2a_status session_gather(struct session *s, pid_t program);
/* Removes the folder. */
void session_end(struct session *s);

#endif
