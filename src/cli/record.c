/* prof2any record [-o OUTPUT] [option…] [--] COMMAND… */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "prof2any/format.h"
#include "session.h"
#include "supervise.h"

/* ---- what is to be run ---- */

static bool is_python(const char *word)
{
    struct p2a_str base = p2a_str_base(p2a_str_of(word));
    return p2a_str_is(base, "python") || p2a_str_starts(base, "python2") ||
           p2a_str_starts(base, "python3");
}

/* A script, a folder or a zip file with a __main__: not a command by itself. */
static bool is_program_file(const char *word)
{
    struct p2a_str name = p2a_str_of(word);
    struct stat info;
    char main_file[PATH_MAX];
    if (stat(word, &info) != 0)
        return false;
    snprintf(main_file, sizeof main_file, "%s/__main__.py", word);
    if (S_ISDIR(info.st_mode))
        return access(main_file, F_OK) == 0;
    bool python = p2a_str_ends(name, ".py") || p2a_str_ends(name, ".pyz");
    bool runs = strchr(word, '/') && access(word, X_OK) == 0;
    return python && !runs;
}

/* The command for exec, NULL at its end; "app.py" and "-m module" are python3's. Strings are those
 * of WORDS. */
static char **make_command(const struct list *words)
{
    static const char python3[] = "python3";
    bool python = strcmp(words->at[0], "-m") == 0 || is_program_file(words->at[0]);
    const char **command = calloc((size_t)words->n + 2, sizeof *command);
    if (!command)
        return NULL;
    if (python)
        command[0] = python3;
    memcpy(command + python, words->at, (size_t)words->n * sizeof *command);
    return (char **)command;
}

/* ---- what is to be made of it ---- */

static bool is_raw(const struct options *options)
{
    const char *format = options->save.format;
    if (format)
        return p2a_format_named(format) == p2a_format_named("p2a");
    return !options->output || p2a_str_ends(p2a_str_of(options->output), ".p2a");
}

/* Standard output, a pipe, a device: its folder, if it has one, is not for files. */
static bool is_stream(const char *output)
{
    struct stat info;
    if (!output || strcmp(output, "-") == 0)
        return true;
    return stat(output, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static bool is_folder(const char *output)
{
    struct stat info;
    return output && stat(output, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Before the program runs, perhaps for hours. */
static enum p2a_status check(const struct options *options)
{
    const char *output = options->output, *name = options->save.format;
    if (!options->input.n)
        return complain("no command, expected one to record: prof2any record python3 app.py");
    if (output && !output[0])
        return complain("-o '': expected the name of a file or -");
    if (options->python_only && options->sampled)
        return complain("--python-only and --sampled don't go together");
    if (options->clock && strcmp(options->clock, "wall") != 0 && strcmp(options->clock, "cpu") != 0)
        return complain("--clock %s: expected wall or cpu", options->clock);
    if (is_raw(options) && output && is_stream(output))
        return complain("a recording is written in place, it can't go to %s",
                        strcmp(output, "-") == 0 ? "standard output" : output);
    if (is_raw(options) && options->settings.n)
        return complain("-O %s: a recording has no options, expected -f FORMAT or -o FILE of "
                        "another format beside it",
                        options->settings.at[0]);
    enum p2a_status status = is_raw(options) ? P2A_OK : check_output(options, name, false);
    if (status != P2A_OK || !is_folder(output))
        return status;
    complain("%s: is a directory, expected a file to write", output);
    return P2A_SYSTEM;
}

static const char *folder_for_stream(void)
{
    const char *temporary = getenv("TMPDIR");
    if (access(".", W_OK | X_OK) == 0)
        return ".";
    return temporary && *temporary ? temporary : "/tmp";
}

static char *folder_of_path(const char *path)
{
    const char *end = path ? strrchr(path, '/') : NULL;
    if (!end)
        return strdup(".");
    return end == path ? strdup("/") : strndup(path, (size_t)(end - path));
}

/* The folder that recordings are made in: the output's, so that a recording can become it. The
 * caller frees it. */
static char *folder_of(const struct options *options)
{
    if (!options->output)
        return strdup(is_raw(options) ? "." : folder_for_stream());
    if (is_stream(options->output))
        return strdup(folder_for_stream());
    char *resolved = realpath(options->output, NULL); /* "/dev/stdout" may be a file */
    char *folder = folder_of_path(resolved ? resolved : options->output);
    free(resolved);
    return folder;
}

/* ---- why there is nothing ---- */

/* The options of a Python, or of the interpreter in a script's first line, that keep sitecustomize
 * away; 0: none. */
static char closing_option(const char *word)
{
    static const char with_value[] = "cmWXQ";
    if (word[0] != '-' || word[1] == '-')
        return 0;
    for (const char *at = word + 1; *at && !strchr(with_value, *at); at++)
        if (strchr("IES", *at))
            return *at;
    return 0;
}

static char closing_option_of_line(char *line)
{
    char *rest = line, *word;
    bool python = false;
    while ((word = strtok_r(rest, " \t\r\n", &rest))) {
        char option = python ? closing_option(word) : 0;
        if (option)
            return option;
        python = python || is_python(word);
    }
    return 0;
}

static char closing_option_of_script(const char *path)
{
    char line[256], option = 0;
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file) && strncmp(line, "#!", 2) == 0)
        option = closing_option_of_line(line + 2);
    if (file)
        fclose(file);
    return option;
}

/* The file that exec runs for WORD; false where there is none. */
static bool find_program(const char *word, char path[static PATH_MAX])
{
    const char *rest = getenv("PATH");
    if (strchr(word, '/') || !rest)
        return snprintf(path, PATH_MAX, "%s", word) < PATH_MAX;
    while (*rest) {
        size_t n = strcspn(rest, ":");
        int got = snprintf(path, PATH_MAX, "%.*s/%s", (int)n, rest, word);
        if (got < PATH_MAX && access(path, X_OK) == 0)
            return true;
        rest += n + (rest[n] == ':');
    }
    return false;
}

static char closing_option_of(char *const *command)
{
    char path[PATH_MAX];
    if (!is_python(command[0]))
        return find_program(command[0], path) ? closing_option_of_script(path) : 0;
    for (int i = 1; command[i] && command[i][0] == '-'; i++)
        if (closing_option(command[i]))
            return closing_option(command[i]);
    return 0;
}

/* Whether a recorder can be built for VERSION, "3.11.7". */
static bool is_recent(const char *version)
{
    char *end;
    long major = strtol(version, &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    return major > 3 || (major == 3 && minor >= 8);
}

static void explain_missing(const char *text)
{
    const char *end = strchr(text, '\n');
    const char *python = end ? end + 1 : "";
    int n = end ? (int)(end - text) : (int)strlen(text);
    if (!is_recent(text)) {
        complain(
            "nothing recorded: there is no recorder for Python %.*s (%s), expected 3.8 or newer", n,
            text, python);
        return;
    }
    complain("nothing recorded: there is no recorder for Python %.*s (%s); build one where "
             "prof2any was built: cmake -DPROF2ANY_PYTHONS=%s . && cmake --build .",
             n, text, python, python);
}

static void explain(const struct session *s, char *const *command)
{
    char option = closing_option_of(command);
    switch (s->report.kind) {
    case REPORT_MISSING:
        explain_missing(s->report.text);
        break;
    case REPORT_FAILED:
        complain("nothing recorded: %s", s->report.text);
        break;
    case REPORT_ARMED:
        complain("nothing recorded: Python %s ended before the program's first instruction, or its "
                 "recording was taken away",
                 s->report.text);
        break;
    case REPORT_NONE:
        if (option)
            complain("nothing recorded: Python was started with -%c, which keeps the recorder "
                     "out; run it without, as in: prof2any record python3 app.py",
                     option);
        else
            complain("nothing recorded: %s started no Python that looks at PYTHONPATH (those with "
                     "-I, -E or -S don't)",
                     command[0]);
    }
}

/* ---- the end ---- */

/* As a shell takes it, and nobody for an option: WORD with END behind it. */
static void put_word(const char *word, const char *end)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./+=:,@%";
    if (word[0] == '-')
        fputs("./", stderr);
    if (strspn(word, plain) == strlen(word)) {
        fprintf(stderr, "%s%s", word, end);
        return;
    }
    fputc('\'', stderr);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stderr);
    fprintf(stderr, "'%s", end);
}

/* As a user in this directory would name it. */
static const char *short_name(const char *path)
{
    char here[PATH_MAX];
    size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    return n > 1 && strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static void put_recordings(const struct session *s)
{
    enum { MOST = 8 };
    const char *folder = short_name(s->output);
    bool here = strcmp(folder, s->output) == 0;
    for (size_t i = 0; i < s->made_n && s->made_n <= MOST; i++) {
        fputc(' ', stderr);
        put_word(short_name(s->made[i].path), "");
    }
    if (s->made_n <= MOST)
        return;
    fputc(' ', stderr);
    if (!here)
        put_word(folder, "/");
    put_word(s->stem, "-*.p2a");
}

static void tell_recordings(const struct session *s)
{
    size_t others = s->made_n - 1;
    fputs("prof2any: recorded ", stderr);
    put_word(short_name(s->made[0].path), "");
    if (others)
        fprintf(stderr, " and %zu of child processes", others);
    fputs("; next: prof2any", stderr);
    put_recordings(s);
    fputs(" -o ", stderr);
    put_word(s->stem, ".svg\n");
}

/* In the place of what OUTPUT is or is a link to, with its mode. */
static bool put_into_place(const char *recording, const char *output)
{
    struct stat old;
    char *resolved = realpath(output, NULL);
    bool done = (stat(output, &old) != 0 || chmod(recording, old.st_mode & 07777) == 0) &&
                rename(recording, resolved ? resolved : output) == 0;
    int error = errno;
    free(resolved);
    errno = error;
    return done;
}

/* -o app.p2a: the program's recording becomes it, those of its children stay beside. */
static enum p2a_status rename_first(struct session *s, const char *output)
{
    char *path = output ? strdup(output) : NULL;
    if (!output)
        return P2A_OK;
    if (!path || !put_into_place(s->made[0].path, output)) {
        complain("%s: can't be written: %s; the recording is %s", output, strerror(errno),
                 s->made[0].path);
        free(path);
        return P2A_SYSTEM;
    }
    free(s->made[0].path);
    s->made[0].path = path;
    return P2A_OK;
}

/* Not where it has ended and its parent hasn't asked for its status yet. */
static bool runs_still(pid_t pid)
{
    char path[32], line[512] = "";
    if (kill(pid, 0) != 0 && errno != EPERM)
        return false;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    const char *name_end = strrchr(line, ')');
    return !name_end || strncmp(name_end, ") Z", 3) != 0;
}

/* A recording that goes on is whole in its file alone. */
static void remove_recordings(const struct session *s, bool quiet)
{
    for (size_t i = 0; i < s->made_n; i++)
        if (!runs_still(s->made[i].pid))
            unlink(s->made[i].path);
        else if (!quiet)
            remark("process %ld runs still, its recording goes on in %s", (long)s->made[i].pid,
                   short_name(s->made[i].path));
}

static enum p2a_status convert(const struct session *s, const struct options *options)
{
    const char **paths = calloc(s->made_n + 1, sizeof *paths);
    if (!paths)
        return complain_system("out of memory");
    for (size_t i = 0; i < s->made_n; i++)
        paths[i] = s->made[i].path;
    struct options convert = *options;
    convert.input = (struct list){.at = paths, .n = (int)s->made_n};
    convert.from = "p2a";
    convert.removes = true;
    enum p2a_status status = command_convert(&convert);
    free(paths);
    if (status == P2A_OK)
        remove_recordings(s, options->quiet);
    else
        tell_recordings(s);
    return status;
}

static enum p2a_status finish(struct session *s, const struct options *options,
                              char *const *command, struct outcome outcome)
{
    session_gather(s, outcome.pid);
    if (!s->made_n) {
        explain(s, command);
        return P2A_OK;
    }
    if (!is_raw(options))
        return convert(s, options);
    enum p2a_status status = rename_first(s, options->output);
    if (status == P2A_OK && !options->quiet)
        tell_recordings(s);
    return status;
}

static bool enter(const void *session)
{
    return session_enter(session);
}

/* Returns the status of what went wrong before the program; ends this process once it ran. */
static enum p2a_status run(struct session *s, const struct options *options, char *const *command)
{
    struct outcome outcome = supervise(command, options->ignored, enter, s);
    if (!outcome.pid) {
        complain("%s: can't be run: %s", command[0], strerror(outcome.status));
        session_end(s);
        exit(outcome.status == ENOENT ? 127 : 126);
    }
    enum p2a_status status = finish(s, options, command, outcome);
    session_end(s);
    if (outcome.status == 0 && status != P2A_OK)
        return status;
    end_alike(outcome);
}

enum p2a_status command_record(const struct options *options)
{
    enum p2a_status status = check(options);
    if (status != P2A_OK)
        return status;
    struct session session = {0};
    char **command = make_command(&options->input), *folder = folder_of(options);
    if (!command || !folder) {
        free(command);
        free(folder);
        return complain_system("out of memory");
    }
    status = session_start(&session, options, folder);
    if (status == P2A_OK)
        status = run(&session, options, command);
    else
        session_end(&session);
    free(folder);
    free(command);
    return status;
}
