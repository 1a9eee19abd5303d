/* The program runs in the process group of this process, with its terminal, input and output. What
 * a terminal sends reaches both by itself; what somebody sends to this process is passed on.
 *
 * All signals are blocked and taken one by one, so nothing here runs in a handler. */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct before {
    sigset_t mask;
    struct sigaction child;
    struct ignored ignored;
};

struct ignored ignore_signals(void)
{
    return (struct ignored){.pipe = signal(SIGPIPE, SIG_IGN) == SIG_IGN,
                            .size = signal(SIGXFSZ, SIG_IGN) == SIG_IGN};
}

void restore_signals(struct ignored before)
{
    signal(SIGPIPE, before.pipe ? SIG_IGN : SIG_DFL);
    signal(SIGXFSZ, before.size ? SIG_IGN : SIG_DFL);
}

/* What the program finds as if it had been started by the shell. */
static void restore(const struct before *before)
{
    sigaction(SIGCHLD, &before->child, NULL);
    restore_signals(before->ignored);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static void block_all(struct before *before, sigset_t *all)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigfillset(all);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(all, own[i]);
    sigaction(SIGCHLD, &usual, &before->child);
    sigprocmask(SIG_BLOCK, all, &before->mask);
}

/* Returns the errno that exec failed with; 0 once the program runs. */
static int wait_for_exec(int fd)
{
    int error = 0;
    ssize_t n;
    while ((n = read(fd, &error, sizeof error)) < 0 && errno == EINTR)
        ;
    close(fd);
    return n == (ssize_t)sizeof error ? error : 0;
}

static pid_t start(char *const *command, const struct before *before,
                   bool (*prepare)(const void *with), const void *with, int *error)
{
    int fd[2];
    pid_t pid = pipe2(fd, O_CLOEXEC) == 0 ? fork() : -1;
    *error = errno;
    if (pid < 0)
        return -1;
    if (pid == 0) {
        restore(before);
        if (prepare(with))
            execvp(command[0], command);
        (void)!write(fd[1], &errno, sizeof errno);
        _exit(127);
    }
    close(fd[1]);
    *error = wait_for_exec(fd[0]);
    return pid;
}

static bool is_stopped(pid_t pid)
{
    char path[48], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    if (file)
        fclose(file);
    return state == 'T';
}

/* The shell that waits for this process is to see that the job has stopped. Without a terminal
 * there is no such shell, and nobody who would let this process go on. */
static void stop_too(void)
{
    int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return;
    close(terminal);
    raise(SIGSTOP);
}

/* A shell lets the whole job go on, in which case the program does so by itself. */
static void go_on(pid_t pid)
{
    const struct timespec a_moment = {0, 10000000};
    nanosleep(&a_moment, NULL);
    if (is_stopped(pid))
        kill(pid, SIGCONT);
}

static void pass_on(pid_t pid, const siginfo_t *info)
{
    bool terminals = info->si_code == SI_KERNEL;
    if (terminals || info->si_pid == pid)
        return;
    if (info->si_signo == SIGCONT)
        go_on(pid);
    else if (info->si_code == SI_QUEUE)
        sigqueue(pid, info->si_signo, info->si_value);
    else
        kill(pid, info->si_signo);
}

/* Waits until the program has ended; signals that aren't about that are passed on meanwhile. */
static int watch(pid_t pid, const sigset_t *all)
{
    for (;;) {
        int status;
        siginfo_t info;
        pid_t who = waitpid(pid, &status, WNOHANG | WUNTRACED);
        if (who == pid && !WIFSTOPPED(status))
            return status;
        if (who == pid)
            stop_too();
        else if (sigwaitinfo(all, &info) > 0 && info.si_signo != SIGCHLD)
            pass_on(pid, &info);
    }
}

/* What was meant for the program came too late for it. */
static void drop_pending(const sigset_t *all)
{
    const struct timespec now = {0, 0};
    while (sigtimedwait(all, NULL, &now) > 0)
        ;
}

struct outcome supervise(char *const *command, struct ignored ignored,
                         bool (*prepare)(const void *with), const void *with)
{
    struct before before = {.ignored = ignored};
    sigset_t all;
    int error, status;
    block_all(&before, &all);
    pid_t pid = start(command, &before, prepare, with, &error);
    if (pid < 0 || error) {
        if (pid > 0)
            waitpid(pid, &status, 0);
        restore(&before);
        ignore_signals();
        return (struct outcome){.pid = 0, .status = error};
    }
    status = watch(pid, &all);
    drop_pending(&all);
    sigprocmask(SIG_SETMASK, &before.mask, NULL);
    return (struct outcome){.pid = pid, .status = status};
}

_Noreturn void end_alike(struct outcome outcome)
{
    fflush(NULL);
    if (WIFSIGNALED(outcome.status)) {
        const struct rlimit no_core = {0, 0}; /* the program has left its own */
        sigset_t one;
        setrlimit(RLIMIT_CORE, &no_core);
        signal(WTERMSIG(outcome.status), SIG_DFL);
        sigemptyset(&one);
        sigaddset(&one, WTERMSIG(outcome.status));
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        raise(WTERMSIG(outcome.status));
        exit(128 + WTERMSIG(outcome.status));
    }
    exit(WEXITSTATUS(outcome.status));
}
