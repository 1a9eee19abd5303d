/* Running another program as if it had been started without us. */
#ifndef P2A_CLI_SUPERVISE_H
#define P2A_CLI_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

/* What this process began with: whether it ignored the signals for a reader that went away, and for
 * a file larger than is allowed. They are errors to this program, and others' to handle as they
 * like. */
struct ignored {
    bool pipe, size;
};

struct ignored ignore_signals(void);
void restore_signals(struct ignored before);

/* How it ended. */
struct outcome {
    pid_t pid;  /* 0: it could not be started */
    int status; /* waitpid's; where it could not be started, errno */
};

/* Starts COMMAND (NULL at the end) after PREPARE(with) in its process, and returns when it has
 * ended. Signals that reach this process alone are passed on to it; when it stops, so does this
 * process. IGNORED: how it is to begin. */
struct outcome supervise(char *const *command, struct ignored ignored,
                         bool (*prepare)(const void *with), const void *with);

/* Ends this process as the program ended. */
_Noreturn void end_alike(struct outcome outcome);

#endif
