/* prof2any timeit [OPTION…] [STATEMENT…]: python -m timeit, and one statement against another.
 *
 * The Python at hand times the loops with its own timeit.Timer, in a __main__ like timeit's where
 * that is the program; everything else happens here. The two talk over two pipes, in lines, one
 * question at a time, so that what the statement prints and what we print come in order:
 *
 *     "PROCESS\n", then per statement "SETUP-BYTES STATEMENT-BYTES\n" and both texts
 *     "range I\n"             -> "NUMBER SECONDS\n" per trial, each answered with "\n", then "\n"
 *     "time I REPEAT NUMBER\n" -> "SECONDS\n" REPEAT times
 *     the end of the questions: it ends. A statement that fails: it prints the traceback and ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include "cli.h"
#include "python.h"

static const char driver[] =
    "import linecache, os, sys, time, timeit, traceback\n"
    "def main():\n"
    "    if sys.version_info < (3, 6):\n"
    "        sys.stderr.write('prof2any: timeit: Python %d.%d, expected 3.6 or later\\n'\n"
    "                         % sys.version_info[:2])\n"
    "        return 2\n"
    "    ask = os.fdopen(int(sys.argv[1]), 'rb')\n"
    "    tell = os.fdopen(int(sys.argv[2]), 'wb')\n"
    "    for file in ask, tell:\n"
    "        os.set_inheritable(file.fileno(), False)\n"
    "    sys.argv[1:] = []\n"
    "    sys.path.insert(0, os.curdir)\n"
    "    main = sys.modules['__main__'] = type(sys)('__main__')\n"
    "    names = vars(main)\n"
    "    names.update(vars(timeit), __name__='__main__')\n"
    "    timer = time.process_time if int(ask.readline()) else timeit.default_timer\n"
    "    timers, running = [], None\n"
    "    def answer(text):\n"
    "        if sys.stdout is not None:\n" /* as it is where it's closed */
    "            sys.stdout.flush()\n"
    "        try:\n"
    "            tell.write(text.encode() + b'\\n')\n"
    "            tell.flush()\n"
    "        except BrokenPipeError:\n" /* we have ended, and said why */
    "            os._exit(1)\n"
    "    def trial(number, seconds):\n"
    "        answer('%d %r' % (number, seconds))\n"
    "        ask.readline()\n"
    "    try:\n"
    "        for line in iter(ask.readline, b''):\n"
    "            words = line.split()\n"
    "            if words[0] == b'range':\n"
    "                running = timers[int(words[1])]\n"
    "                running.autorange(trial)\n"
    "                answer('')\n"
    "            elif words[0] == b'time':\n"
    "                running = timers[int(words[1])]\n"
    "                for seconds in running.repeat(int(words[2]), int(words[3])):\n"
    "                    answer(repr(seconds))\n"
    "            else:\n"
    "                setup, statement = [os.fsdecode(ask.read(int(n))) for n in words]\n"
    "                timers.append(timeit.Timer(statement, setup, timer, names))\n"
    "    except:\n"
    "        kind, error, at = sys.exc_info()\n"
    "        if running:\n"
    "            linecache.cache[timeit.dummy_src_name] = (\n"
    "                len(running.src), None, running.src.split('\\n'), timeit.dummy_src_name)\n"
    "        traceback.print_exception(kind, error, at.tb_next)\n"
    "        return 1\n"
    "sys.exit(main())\n";

enum { PRECISION = 3, REPEAT = 5, PAIRS = 10 };

static const struct unit {
    const char *name;
    double seconds;
} units[] = {{"sec", 1}, {"msec", 1e-3}, {"usec", 1e-6}, {"nsec", 1e-9}};
enum { UNITS = sizeof units / sizeof *units };

struct timing {
    FILE *ask, *tell;
    pid_t child;
    enum p2a_status output;   /* whether what was printed went out */
    long long number, repeat; /* number 0: find one */
    const struct unit *unit;  /* NULL: by the size */
    bool verbose;
    int precision;
};

/* What one statement took. */
struct runs {
    long long number;
    double *seconds; /* per run of number loops, repeat of them */
};

/* ---- the other side ---- */

/* What SIGINT means is the child's to say; both get it from the terminal. */
static int spawn(struct timing *t, const char *program, int ask, int tell)
{
    char from[16], to[16];
    const char *const arguments[] = {program, "-c", driver, from, to, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t usual;
    snprintf(from, sizeof from, "%d", ask);
    snprintf(to, sizeof to, "%d", tell);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    sigaddset(&usual, SIGINT);
    int why = posix_spawn_file_actions_init(&files);
    if (why)
        return why;
    why = posix_spawnattr_init(&attributes);
    if (!why) {
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        why = posix_spawn_file_actions_adddup2(&files, ask, ask); /* kept open over exec */
        if (!why)
            why = posix_spawn_file_actions_adddup2(&files, tell, tell);
        if (!why)
            why = posix_spawnp(&t->child, program, &files, &attributes, (char *const *)arguments,
                               environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return why;
}

static enum p2a_status start(struct timing *t, const char *program)
{
    int ask[2], tell[2];
    if (pipe2(ask, O_CLOEXEC) != 0)
        return complain_system(strerror(errno));
    if (pipe2(tell, O_CLOEXEC) != 0) {
        int why = errno;
        close(ask[0]);
        close(ask[1]);
        return complain_system(strerror(why));
    }
    signal(SIGINT, SIG_IGN);
    fflush(stdout);
    int why = spawn(t, program, ask[0], tell[1]);
    close(ask[0]);
    close(tell[1]);
    t->ask = fdopen(ask[1], "w");
    t->tell = fdopen(tell[0], "r");
    if (why) {
        complain("%s: can't be run: %s", program, strerror(why));
        return P2A_SYSTEM;
    }
    return t->ask && t->tell ? P2A_OK : complain_system("out of memory");
}

/* Ends the other side and returns what it exits with. */
static enum p2a_status finish(struct timing *t)
{
    int status = 0;
    if (t->ask)
        fclose(t->ask);
    if (t->tell)
        fclose(t->tell);
    if (t->child > 0)
        while (waitpid(t->child, &status, 0) < 0 && errno == EINTR)
            ;
    return (enum p2a_status)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static bool answer(struct timing *t, char line[128])
{
    t->output = flush_output();
    return t->output == P2A_OK && fflush(t->ask) == 0 && fgets(line, 128, t->tell);
}

/* False: it ended, and said why. */
static bool find_number(struct timing *t, int which, const char *label, long long *number)
{
    char line[128];
    fprintf(t->ask, "range %d\n", which);
    while (answer(t, line)) {
        char *end;
        if (line[0] == '\n')
            return true;
        *number = strtoll(line, &end, 10);
        if (t->verbose)
            printf("%s%lld loop%s -> %.*g secs\n", label, *number, *number == 1 ? "" : "s",
                   t->precision, strtod(end, NULL));
        fputc('\n', t->ask);
    }
    return false;
}

static bool time_loops(struct timing *t, int which, long long number, long long repeat,
                       double *seconds)
{
    char line[128];
    fprintf(t->ask, "time %d %lld %lld\n", which, repeat, number);
    for (long long i = 0; i < repeat; i++) {
        if (!answer(t, line))
            return false;
        seconds[i] = strtod(line, NULL);
    }
    return true;
}

/* ---- telling ---- */

static const char *time_text(const struct timing *t, double seconds, char text[64])
{
    const struct unit *unit = t->unit;
    for (int i = 0; !unit && i < UNITS; i++)
        if (seconds >= units[i].seconds || i == UNITS - 1)
            unit = &units[i];
    snprintf(text, 64, "%.*g %s", t->precision, seconds / unit->seconds, unit->name);
    return text;
}

static void print_raw(const struct timing *t, const char *label, const struct runs *runs)
{
    char text[64];
    printf("%sraw times: ", label);
    for (long long i = 0; i < t->repeat; i++)
        printf("%s%s", i ? ", " : "", time_text(t, runs->seconds[i], text));
    puts("\n");
}

static void print_best(struct timing *t, const char *label, const struct runs *runs)
{
    char text[64], other[64];
    double n = (double)runs->number, best = runs->seconds[0] / n, worst = best;
    for (long long i = 1; i < t->repeat; i++) {
        double seconds = runs->seconds[i] / n;
        best = seconds < best ? seconds : best;
        worst = seconds > worst ? seconds : worst;
    }
    printf("%s%lld loop%s, best of %lld: %s per loop\n", label, runs->number,
           runs->number == 1 ? "" : "s", t->repeat, time_text(t, best, text));
    if (t->output == P2A_OK)
        t->output = flush_output();
    if (worst >= best * 4)
        fprintf(stderr,
                ":0: UserWarning: The test results are likely unreliable. The worst time (%s) was "
                "more than four times slower than the best time (%s).\n",
                time_text(t, worst, other), time_text(t, best, text));
}

/* ---- one against the other ---- */

static int by_value(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Of N values in order, the K-th from either end enclose the median of what they were drawn from
 * with this chance, whatever their distribution: 1 - 2 P(at most K-1 heads in N throws). */
static double chance(long long n, long long k)
{
    double term = 1, sum = 0;
    for (long long i = 0; i < n; i++)
        term /= 2;
    for (long long i = 0; i < k; i++) {
        sum += term;
        term *= (double)(n - i) / (double)(i + 1);
    }
    return 1 - 2 * sum;
}

static void print_ratio(struct timing *t, double *ratios)
{
    long long n = t->repeat, k = 1;
    qsort(ratios, (size_t)n, sizeof *ratios, by_value);
    while (k < n / 2 && chance(n, k + 1) >= 0.95)
        k++;
    double median = (ratios[(n - 1) / 2] + ratios[n / 2]) / 2;
    printf("B takes %.*g times as long as A: ", t->precision, median);
    if (n == 1)
        puts("one pair, so no spread");
    else
        printf("median of %lld pairs, between %.*g and %.*g with %.3g %% confidence\n", n,
               t->precision, ratios[k - 1], t->precision, ratios[n - k], 100 * chance(n, k));
}

/* A B, B A, A B, …: what drifts slows both. */
static bool time_pairs(struct timing *t, struct runs runs[2])
{
    for (long long i = 0; i < t->repeat; i++)
        for (int turn = 0; turn < 2; turn++) {
            int which = turn ^ (int)(i & 1);
            if (!time_loops(t, which, runs[which].number, 1, &runs[which].seconds[i]))
                return false;
        }
    return true;
}

static void print_pairs(struct timing *t, struct runs runs[2])
{
    static const char *const labels[] = {"A: ", "B: "};
    for (int i = 0; i < 2; i++) {
        if (t->verbose)
            print_raw(t, labels[i], &runs[i]);
        print_best(t, labels[i], &runs[i]);
    }
    for (long long i = 0; i < t->repeat; i++)
        runs[1].seconds[i] = runs[1].seconds[i] / (double)runs[1].number /
                             (runs[0].seconds[i] / (double)runs[0].number);
    print_ratio(t, runs[1].seconds);
}

/* ---- the command ---- */

/* The words as lines, "pass" where there are none; malloc'ed. */
static char *join_lines(const struct list *words)
{
    size_t room = sizeof "pass";
    for (int i = 0; i < words->n; i++)
        room += strlen(words->at[i]) + 1;
    char *text = calloc(room, 1);
    for (int i = 0; text && i < words->n; i++)
        strcat(strcat(text, i ? "\n" : ""), words->at[i]);
    return text && !*text ? strcpy(text, "pass") : text;
}

static enum p2a_status send(struct timing *t, const struct list *setup, const struct list *lines)
{
    char *before = join_lines(setup), *statement = join_lines(lines);
    enum p2a_status status = P2A_OK;
    if (!before || !statement)
        status = complain_system("out of memory");
    else
        fprintf(t->ask, "%zu %zu\n%s%s", strlen(before), strlen(statement), before, statement);
    free(before);
    free(statement);
    return status;
}

/* Both statements, or the one; false where the other side ended. */
static bool measure(struct timing *t, bool pairs, struct runs runs[2])
{
    static const char *const labels[] = {"A: ", "B: "};
    for (int i = 0; i <= pairs; i++) {
        runs[i].number = t->number;
        if (!t->number && !find_number(t, i, pairs ? labels[i] : "", &runs[i].number))
            return false;
    }
    if (!t->number && t->verbose)
        putchar('\n');
    if (pairs ? !time_pairs(t, runs)
              : !time_loops(t, 0, runs[0].number, t->repeat, runs[0].seconds))
        return false;
    if (pairs) {
        print_pairs(t, runs);
        return true;
    }
    if (t->verbose)
        print_raw(t, "", &runs[0]);
    print_best(t, "", &runs[0]);
    return true;
}

static enum p2a_status take_number(const char *name, const char *text, long long least,
                                   long long *value)
{
    if (!text)
        return P2A_OK;
    if (!python_int(text, value) || *value > INT32_MAX || *value < least)
        return complain("--%s %s: expected a whole number", name, text);
    return P2A_OK;
}

static enum p2a_status take_options(struct timing *t, const struct options *options)
{
    t->repeat = options->vs.n ? PAIRS : REPEAT;
    t->verbose = options->verbose > 0;
    t->precision = PRECISION + (options->verbose > 1 ? (int)options->verbose - 1 : 0);
    if (options->vs_setup.n && !options->vs.n)
        return complain("--vs-setup is the setup of the statement in --vs, and there is none");
    if (take_number("number", options->number, 0, &t->number) != P2A_OK ||
        take_number("repeat", options->repeat, INT32_MIN, &t->repeat) != P2A_OK)
        return P2A_USAGE;
    if (t->repeat < 1)
        t->repeat = 1;
    for (int i = 0; options->unit && i < UNITS; i++)
        if (strcmp(options->unit, units[i].name) == 0)
            t->unit = &units[i];
    if (options->unit && !t->unit) {
        fputs("Unrecognized unit. Please select nsec, usec, msec, or sec.\n", stderr);
        return P2A_USAGE;
    }
    return P2A_OK;
}

static enum p2a_status run(struct timing *t, const struct options *options, struct runs runs[2])
{
    bool pairs = options->vs.n > 0;
    enum p2a_status status = start(t, options->python ? options->python : "python3");
    if (!status) {
        fprintf(t->ask, "%d\n", options->process);
        status = send(t, &options->setup, &options->input);
        if (!status && pairs)
            status =
                send(t, options->vs_setup.n ? &options->vs_setup : &options->setup, &options->vs);
    }
    bool done = !status && measure(t, pairs, runs);
    enum p2a_status theirs = finish(t);
    if (status || t->output)
        return status ? status : t->output;
    return done || theirs ? theirs : complain_system("python ended before its statement did");
}

enum p2a_status command_timeit(const struct options *options)
{
    struct timing t = {0};
    struct runs runs[2] = {{0}};
    enum p2a_status status = take_options(&t, options);
    if (status)
        return status;
    for (int i = 0; i < 2; i++)
        runs[i].seconds = calloc((size_t)t.repeat, sizeof(double));
    status = runs[0].seconds && runs[1].seconds ? run(&t, options, runs)
                                                : complain_system("out of memory");
    free(runs[0].seconds);
    free(runs[1].seconds);
    return status;
}
