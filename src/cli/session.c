#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "collector/clock.h"
#include "collector/recording.h"

#ifndef P2A_MODULES_FROM_PROGRAM
#define P2A_MODULES_FROM_PROGRAM "../lib/prof2any/python/prof2any"
#endif

static const char INJECTED[] = "sitecustomize.py";

/* ---- the folder ---- */

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* Where the C modules and the Python files are: as the build has them, and as they are installed;
 * NULL after a message. */
static char *find_modules(void)
{
    static const char *const places[] = {"../python/prof2any", P2A_MODULES_FROM_PROGRAM};
    char program[PATH_MAX], resolved[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    char *end = strrchr(program, '/');
    if (end)
        *end = '\0';
    for (size_t i = 0; end && i < sizeof places / sizeof *places; i++) {
        char path[PATH_MAX + 128];
        snprintf(path, sizeof path, "%s/%s/inject/%s", program, places[i], INJECTED);
        if (access(path, R_OK) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", program, places[i]);
        if (realpath(path, resolved))
            return strdup(resolved);
    }
    complain(
        "no recorder: expected in %s/%s, where a build of prof2any that finds a Python with its "
        "headers (Debian: python3-dev) puts it",
        end ? program : "", P2A_MODULES_FROM_PROGRAM);
    return NULL;
}

static bool put(FILE *file, const char *name, const char *value)
{
    return fprintf(file, "%s=%s%c", name, value, '\0') > 0;
}

static bool write_settings(const struct session *s, const struct options *options,
                           const char *modules)
{
    char contexts[16], *path = join(s->folder, "settings");
    FILE *file = path ? fopen(path, "wxe") : NULL;
    free(path);
    if (!file)
        return false;
    snprintf(contexts, sizeof contexts, "%u", options->max_contexts);
    bool ok = put(file, "modules", modules) && put(file, "folder", s->output) &&
              put(file, "clock", options->clock ? options->clock : "wall") &&
              put(file, "mode",
                  options->sampled       ? "sampled"
                  : options->python_only ? "python"
                                         : "full") &&
              put(file, "allocations", options->allocations ? "yes" : "no") &&
              put(file, "max-contexts", contexts);
    return fclose(file) == 0 && ok;
}

static bool write_log(const struct session *s)
{
    char *path = join(s->folder, "log");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    free(path);
    return fd >= 0 && close(fd) == 0;
}

static bool link_injected(const struct session *s, const char *modules)
{
    char *target = NULL, *path = join(s->folder, INJECTED);
    bool ok = path && asprintf(&target, "%s/inject/%s", modules, INJECTED) > 0 &&
              symlink(target, path) == 0;
    free(target);
    free(path);
    return ok;
}

static bool make_folder(struct session *s)
{
    const char *place = getenv("TMPDIR");
    char *path = join(place && *place ? place : "/tmp", "prof2any-XXXXXX");
    s->folder = path && mkdtemp(path) ? realpath(path, NULL) : NULL;
    free(path);
    return s->folder != NULL;
}

enum p2a_status session_start(struct session *s, const struct options *options, const char *output)
{
    *s = (struct session){.output = realpath(output, NULL)};
    if (!s->output || access(s->output, W_OK | X_OK) != 0) {
        complain("%s: no recording can be made there: %s", output, strerror(errno));
        return P2A_SYSTEM;
    }
    char *modules = find_modules();
    if (!modules)
        return P2A_SYSTEM;
    s->start = p2a_clock_ns(CLOCK_REALTIME);
    bool ok = make_folder(s) && write_settings(s, options, modules) && write_log(s) &&
              link_injected(s, modules);
    free(modules);
    if (ok && strchr(s->folder, ':')) {
        complain("%s: PYTHONPATH can't name a folder with a colon, set TMPDIR to another",
                 s->folder);
        return P2A_SYSTEM;
    }
    if (!ok)
        complain("no folder for the recording in TMPDIR: %s", strerror(errno));
    return ok ? P2A_OK : P2A_SYSTEM;
}

static bool is_session(const char *folder, size_t n)
{
    static const char *const files[] = {"settings", "log", INJECTED};
    struct stat info;
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (snprintf(path, sizeof path, "%.*s/%s", (int)n, folder, files[i]) >= PATH_MAX ||
            stat(path, &info) != 0)
            return false;
    return n > 0;
}

/* PYTHONPATH as it is outside of a session that this one is started in: of two that are told to
 * record a program, the one nearest to it does. */
static const char *outside(const char *paths)
{
    size_t n = paths ? strcspn(paths, ":") : 0;
    if (!n || !is_session(paths, n))
        return paths;
    const char *rest = paths[n] ? paths + n + 1 : NULL;
    bool empty = rest && strlen(rest) == n && memcmp(rest, paths, n) == 0;
    return empty ? "" : outside(rest);
}

/* As sitecustomize.py takes it apart. */
bool session_enter(const struct session *s)
{
    const char *old = outside(getenv("PYTHONPATH"));
    char *value = NULL;
    if (old && !*old)
        old = s->folder;
    if (asprintf(&value, "%s%s%s", s->folder, old ? ":" : "", old ? old : "") < 0)
        return false;
    bool ok = setenv("PYTHONPATH", value, 1) == 0;
    free(value);
    return ok;
}

static void remove_files(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
    rmdir(folder);
}

void session_end(struct session *s)
{
    char *cache = s->folder ? join(s->folder, "__pycache__") : NULL;
    if (cache)
        remove_files(cache);
    if (s->folder)
        remove_files(s->folder);
    for (size_t i = 0; i < s->made_n; i++)
        free(s->made[i].path);
    free(cache);
    free(s->made);
    free(s->reached);
    free(s->folder);
    free(s->output);
    free(s->stem);
    free(s->report.text);
}

/* ---- what came of it ---- */

static bool set_report(struct session *s, enum report_kind kind, const char *text)
{
    if (kind <= s->report.kind)
        return true;
    free(s->report.text);
    s->report.kind = kind;
    s->report.text = strdup(text);
    return s->report.text != NULL;
}

static bool add_reached(struct session *s, pid_t pid)
{
    pid_t *reached = realloc(s->reached, (s->reached_n + 1) * sizeof *reached);
    if (!reached)
        return false;
    s->reached = reached;
    reached[s->reached_n++] = pid;
    return true;
}

static bool take_line(struct session *s, const char *kind, pid_t pid, const char *text)
{
    if (strcmp(kind, "missing") == 0)
        return set_report(s, REPORT_MISSING, text);
    if (strcmp(kind, "failed") == 0)
        return set_report(s, REPORT_FAILED, text);
    return set_report(s, REPORT_ARMED, text) && add_reached(s, pid);
}

/* KIND PID TEXT, each ended by a NUL. A Python that was killed may have left a part of them. */
static bool read_log(struct session *s)
{
    char *path = join(s->folder, "log"), *field[3] = {NULL, NULL, NULL};
    size_t room[3] = {0};
    FILE *file = path ? fopen(path, "re") : NULL;
    bool ok = file != NULL;
    while (ok && getdelim(&field[0], &room[0], '\0', file) > 0 &&
           getdelim(&field[1], &room[1], '\0', file) > 0 &&
           getdelim(&field[2], &room[2], '\0', file) > 0)
        ok = take_line(s, field[0], (pid_t)strtol(field[1], NULL, 10), field[2]);
    if (file)
        fclose(file);
    for (int i = 0; i < 3; i++)
        free(field[i]);
    free(path);
    return ok;
}

static bool read_header(const char *path, struct p2a_rec_header *h)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && pread(fd, h, sizeof *h, 0) == (ssize_t)sizeof *h &&
              memcmp(h->magic, P2A_REC_MAGIC, sizeof h->magic) == 0 && h->order == P2A_REC_ORDER &&
              h->version == P2A_REC_VERSION;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool is_known(const struct session *s, uint64_t pid)
{
    for (size_t i = 0; i < s->reached_n; i++)
        if ((uint64_t)s->reached[i] == pid)
            return true;
    for (size_t i = 0; i < s->made_n; i++)
        if ((uint64_t)s->made[i].pid == pid)
            return true;
    return false;
}

static bool is_made(const struct session *s, const char *path)
{
    for (size_t i = 0; i < s->made_n; i++)
        if (strcmp(s->made[i].path, path) == 0)
            return true;
    return false;
}

static bool add_recording(struct session *s, char *path, const struct p2a_rec_header *h)
{
    struct recording *made = realloc(s->made, (s->made_n + 1) * sizeof *made);
    if (!made)
        return false;
    s->made = made;
    made[s->made_n++] = (struct recording){path, (pid_t)h->pid, h->date};
    return true;
}

/* A file named NAME, where it is of this session: it is of a Python that was reached, or of a child
 * of a known process: one that forked reaches nothing by itself. */
static bool take_file(struct session *s, const char *name)
{
    struct p2a_rec_header h;
    size_t n = strlen(s->stem);
    if (strncmp(name, s->stem, n) != 0 || name[n] != '-')
        return true;
    char *path = join(s->output, name);
    bool ours = path && !is_made(s, path) && read_header(path, &h) && h.date >= s->start &&
                h.pid <= INT32_MAX && (is_known(s, h.pid) || is_known(s, h.parent));
    bool ok = path && (!ours || add_recording(s, path, &h));
    if (!ours || !ok)
        free(path);
    return ok;
}

static bool find_recordings(struct session *s)
{
    struct dirent **entry = NULL;
    size_t before;
    int n = scandir(s->output, &entry, NULL, alphasort);
    bool ok = n >= 0;
    do {
        before = s->made_n;
        for (int i = 0; ok && i < n; i++)
            ok = take_file(s, entry[i]->d_name);
    } while (ok && s->made_n > before);
    for (int i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
    return ok;
}

static char *read_stem(const struct session *s)
{
    char *path = join(s->folder, "stem"), text[NAME_MAX + 1];
    ssize_t n = path ? readlink(path, text, NAME_MAX) : -1;
    free(path);
    return n > 0 ? strndup(text, (size_t)n) : NULL;
}

/* ---- the last word ---- */

static bool is_gone(uint64_t pid)
{
    return pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

static bool write_at(int fd, size_t at, const void *bytes, size_t n)
{
    return pwrite(fd, bytes, n, (off_t)at) == (ssize_t)n;
}

/* The moment of its end, which is now. */
static void write_last(int fd, const struct p2a_rec_header *h, struct p2a_rec_instant now)
{
    uint32_t turn = h->turn + 1;
    size_t at = offsetof(struct p2a_rec_header, last) + (turn & 1) * sizeof now;
    if (write_at(fd, at, &now, sizeof now))
        write_at(fd, offsetof(struct p2a_rec_header, turn), &turn, sizeof turn);
}

/* How fast its clock ran. */
static void write_unit(int fd, const struct p2a_rec_header *h, struct p2a_rec_instant now)
{
    double unit = (double)(now.ns - h->start.ns) * 1e-9 / (double)(now.ticks - h->start.ticks);
    if (h->unit == 0)
        write_at(fd, offsetof(struct p2a_rec_header, unit), &unit, sizeof unit);
}

/* While the machine's clocks still run: of the program itself, which was waited for, when it ended.
 * When others ended nobody knows, so they get the rate of their clock, and no time is added to
 * theirs. */
static void say_when(int fd, const struct p2a_rec_header *h, bool just_ended)
{
    uint64_t ns = p2a_clock_ns(CLOCK_MONOTONIC);
    struct p2a_rec_instant now = {.ticks = ns, .ns = ns};
    if (h->clock == P2A_REC_CLOCK_COUNTER)
        now.ticks = p2a_counter();
    else if (h->clock != P2A_REC_CLOCK_MONOTONIC)
        return;
    if (now.ns <= h->start.ns || now.ticks <= h->start.ticks)
        return;
    if (just_ended)
        write_last(fd, h, now);
    else if (h->clock == P2A_REC_CLOCK_COUNTER)
        write_unit(fd, h, now);
}

/* The recording of a process that died without a word gets what is missing. */
static void complete(const char *path, bool just_ended)
{
    const uint32_t died = P2A_REC_DIED;
    struct p2a_rec_header h;
    if (!read_header(path, &h) || h.state != P2A_REC_RUNS || !is_gone(h.pid))
        return;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    say_when(fd, &h, just_ended);
    write_at(fd, offsetof(struct p2a_rec_header, state), &died, sizeof died);
    close(fd);
}

static int program_first(const void *a, const void *b, void *program)
{
    const struct recording *x = a, *y = b;
    bool first = x->pid == *(pid_t *)program, second = y->pid == *(pid_t *)program;
    return first != second ? second - first : (x->date > y->date) - (x->date < y->date);
}

enum p2a_status session_gather(struct session *s, pid_t program)
{
    s->stem = read_stem(s);
    bool ok = read_log(s) && (!s->stem || find_recordings(s));
    if (s->made_n)
        qsort_r(s->made, s->made_n, sizeof *s->made, program_first, &program);
    for (size_t i = 0; i < s->made_n; i++)
        complete(s->made[i].path, s->made[i].pid == program);
    if (!ok)
        complain("not all recordings may have been found: %s", strerror(errno));
    return ok ? P2A_OK : P2A_SYSTEM;
}
