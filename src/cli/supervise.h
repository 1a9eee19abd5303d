/* Running another program as if it had been started without us. */
#ifndef P2A_CLI_SUPERVISE_H
#define P2A_CLI_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

/* How it ended. */
struct outcome {
    pid_t pid;  /* 0: it could not be started */
    int status; /* waitpid's; where it could not be started, errno */
};

/* Starts COMMAND (NULL at the end) after PREPARE(with) in its process, and returns when it has
 * ended. Signals that reach this process alone are passed on to it; when it stops, so does this
 * process. PIPE_IGNORED: it is to begin with SIGPIPE ignored. */
struct outcome supervise(char *const *command, bool pipe_ignored, bool (*prepare)(const void *with),
                         const void *with);

/* Ends this process as the program ended. */
_Noreturn void end_alike(struct outcome outcome);

#endif
