/* Each call of the system that reads or writes fails in turn, for every reader on its smallest
 * sample and for every writer. The linker sends the library's calls here (--wrap).
 *
 *   - EINTR, and calls that do a part of what they were asked, change nothing
 *   - a read that fails is P2A_SYSTEM, a write too; EPIPE is P2A_CLOSED; errors are one sentence
 *   - an output that was there before a failure stays as it was, with its mode; nothing lies
 * beside, nor where the program is killed in the midst of writing
 *   - an output is right to the byte where the file system has no files without names, and where
 *     these can't be given one
 *   - what can't be mapped is read */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prof2any/format.h"

ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __real_write(int fd, const void *from, size_t n);
void *__real_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
int __real_fstat(int fd, struct stat *info);
int __real_fchmod(int fd, mode_t mode);
int __real_close(int fd);
int __real_rename(const char *from, const char *to);
int __real_open(const char *path, int flags, ...);
int __real_linkat(int in, const char *from, int to_in, const char *to, int flags);
ssize_t __wrap_read(int fd, void *to, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_close(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_open(const char *path, int flags, ...);
int __wrap_linkat(int in, const char *from, int to_in, const char *to, int flags);

enum call { READ, WRITE, MMAP, FSTAT, FCHMOD, CLOSE, RENAME, OPEN, LINKAT, CALLS };
static const char *const call_names[CALLS] = {"read",  "write",  "mmap", "fstat", "fchmod",
                                              "close", "rename", "open", "linkat"};

/* The call number AFTER of WHICH fails with ERROR; reads and writes do at most PIECE bytes. */
static struct fault {
    enum call which;
    int error; /* 0: none */
    size_t after, piece;
    bool kills, happened;
} fault;

static bool fails(enum call call)
{
    if (!fault.error || call != fault.which || fault.happened || fault.after--)
        return false;
    fault.happened = true;
    if (fault.kills)
        raise(SIGKILL);
    errno = fault.error;
    return true;
}

static size_t at_most(size_t n)
{
    return fault.piece && n > fault.piece ? fault.piece : n;
}

ssize_t __wrap_read(int fd, void *to, size_t n)
{
    return fails(READ) ? -1 : __real_read(fd, to, at_most(n));
}

ssize_t __wrap_write(int fd, const void *from, size_t n)
{
    return fails(WRITE) ? -1 : __real_write(fd, from, at_most(n));
}

void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return fails(MMAP) ? MAP_FAILED : __real_mmap(at, n, protection, flags, fd, offset);
}

int __wrap_fstat(int fd, struct stat *info)
{
    return fails(FSTAT) ? -1 : __real_fstat(fd, info);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return fails(FCHMOD) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_close(int fd)
{
    bool failed = fails(CLOSE);
    int error = errno, result = __real_close(fd);
    errno = error;
    return failed ? -1 : result;
}

int __wrap_rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : __real_rename(from, to);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode =
        flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fails(OPEN) ? -1 : __real_open(path, flags, mode);
}

int __wrap_linkat(int in, const char *from, int to_in, const char *to, int flags)
{
    return fails(LINKAT) ? -1 : __real_linkat(in, from, to_in, to, flags);
}

static size_t steps, failures;
static char now[2400];

static void fail(const char *what, const char *why)
{
    if (++failures <= 50)
        fprintf(stderr, "%s: %s%s%s\n", now, what, *why ? ": " : "", why);
}

static void begin(struct fault wanted, const char *name)
{
    fault = wanted;
    steps++;
    if (wanted.error)
        snprintf(now, sizeof now, "%s, %s number %zu fails: %s", name, call_names[wanted.which],
                 wanted.after, strerror(wanted.error));
    else
        snprintf(now, sizeof now, "%s, %zu bytes at a time", name, wanted.piece);
}

static bool end(void)
{
    bool happened = fault.happened;
    fault = (struct fault){.error = 0};
    return happened;
}

static void expect_failure(enum p2a_status status, enum p2a_status expected,
                           const struct p2a_error *error)
{
    size_t n = strlen(error->message);
    if (status != expected)
        fail("not the status that was expected", error->message);
    else if (error->status != status || !n || strchr(error->message, '\n') ||
             error->message[n - 1] == '.' || !error->path[0])
        fail("not a sentence about the file", error->message);
}

struct bytes {
    void *at;
    size_t n;
};

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.n == b.n && (!a.n || memcmp(a.at, b.at, a.n) == 0);
}

static struct bytes contents(const char *path)
{
    struct bytes bytes = {NULL, 0};
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (file && stat(path, &info) == 0 && (bytes.at = malloc((size_t)info.st_size + 1)))
        bytes.n = fread(bytes.at, 1, (size_t)info.st_size, file);
    if (file)
        fclose(file);
    return bytes;
}

/* ---- reading ---- */

static struct bytes as_json(struct p2a_profile *p)
{
    struct p2a_save_options options = {.format = "json"};
    struct bytes bytes = {NULL, 0};
    struct p2a_error error;
    if (p && p2a_save_memory(p, &options, &bytes.at, &bytes.n, &error) != P2A_OK)
        fail("can't be written", error.message);
    return bytes;
}

/* True where the fault happened, so that there may be a next one. EXPECTED: the profile as JSON;
 * STATUS: of the load. */
static bool read_with(struct fault wanted, const char *path, enum p2a_status status,
                      struct bytes expected)
{
    struct p2a_profile *p;
    struct p2a_error error;
    begin(wanted, path);
    enum p2a_status got = p2a_load(path, NULL, &p, &error);
    bool happened = end();
    if (wanted.error && !happened)
        status = P2A_OK;
    if (status != P2A_OK) {
        expect_failure(got, status, &error);
    } else if (got != P2A_OK) {
        fail("can't be read", error.message);
    } else {
        struct bytes bytes = as_json(p);
        if (!same_bytes(bytes, expected))
            fail("is read as something else", "");
        free(bytes.at);
    }
    if (status != P2A_OK && p)
        fail("a profile in spite of the error", "");
    p2a_free(p);
    return happened;
}

static void each_read(const char *path, int error, size_t piece, enum p2a_status status,
                      struct bytes expected)
{
    size_t i = 0;
    while (i < 200 &&
           read_with((struct fault){.which = READ, .error = error, .after = i, .piece = piece},
                     path, status, expected))
        i++;
}

static void try_reading(const char *path)
{
    struct p2a_profile *p;
    struct p2a_error error;
    snprintf(now, sizeof now, "%s", path);
    if (p2a_load(path, NULL, &p, &error) != P2A_OK)
        fail("can't be read", error.message);
    struct bytes expected = as_json(p);
    p2a_free(p);
    size_t pieces[] = {1, 7, 1000};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        read_with((struct fault){.piece = pieces[i]}, path, P2A_OK, expected);
    each_read(path, EIO, 0, P2A_SYSTEM, expected);
    each_read(path, EIO, 100, P2A_SYSTEM, expected);
    each_read(path, EINTR, 100, P2A_OK, expected);
    read_with((struct fault){.which = FSTAT, .error = EIO}, path, P2A_SYSTEM, expected);
    read_with((struct fault){.which = MMAP, .error = ENODEV}, path, P2A_OK, expected);
    free(expected.at);
}

/* The smallest sample of the format that has something in it. */
static bool find_smallest(const char *samples, const char *format, char *path, size_t size)
{
    enum { SOMETHING = 100 };
    char each[1024], in[1024];
    off_t least = 0;
    struct stat info;
    snprintf(in, sizeof in, "%s/profiles/%s", samples, format);
    DIR *directory = opendir(in);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        snprintf(each, sizeof each, "%s/profiles/%s/%s", samples, format, entry->d_name);
        if (stat(each, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < SOMETHING ||
            (least && info.st_size >= least))
            continue;
        least = info.st_size;
        snprintf(path, size, "%s", each);
    }
    if (directory)
        closedir(directory);
    return least;
}

static void try_every_reader(const char *samples)
{
    static const char *const more[] = {"pprof/go-heap.pb.gz",
                                       "pstats/py3.13-cprofile-m-unittest.prof"}; /* mapped */
    char path[1024];
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        if (format->read && find_smallest(samples, format->name, path, sizeof path))
            try_reading(path);
        else if (format->read)
            fail(format->name, "no sample to read");
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        snprintf(path, sizeof path, "%s/profiles/%s", samples, more[i]);
        try_reading(path);
    }
}

/* ---- writing ---- */

static char folder[] = "/tmp/prof2any-calls-XXXXXX";
static const char old[] = "what was there before\n";

static size_t files_in_folder(void)
{
    size_t n = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (directory)
        closedir(directory);
    return n;
}

static void put_old(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file || fputs(old, file) < 0 || fclose(file) != 0 || chmod(path, 0640) != 0)
        fail("can't be prepared", path);
}

static void expect_file(const char *path, struct bytes expected)
{
    struct bytes bytes = contents(path);
    struct stat info;
    if (!same_bytes(bytes, expected))
        fail("the file has something else in it", "");
    if (stat(path, &info) != 0 || (info.st_mode & 07777) != 0640)
        fail("the file's mode has changed", "");
    if (files_in_folder() != 1)
        fail("something lies beside the file", "");
    free(bytes.at);
}

static enum p2a_status status_of(int error)
{
    return error == 0 || error == EINTR ? P2A_OK : error == EPIPE ? P2A_CLOSED : P2A_SYSTEM;
}

/* MENDED: there is another way. */
static bool write_with(struct fault wanted, struct p2a_profile *p, const char *format,
                       const char *path, struct bytes expected, bool mended)
{
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    char name[1024];
    snprintf(name, sizeof name, "%s to %s", format, path);
    put_old(path);
    begin(wanted, name);
    enum p2a_status got = p2a_save(p, path, &options, &error);
    bool happened = end();
    enum p2a_status status = happened && !mended ? status_of(wanted.error) : P2A_OK;
    if (status != P2A_OK)
        expect_failure(got, status, &error);
    else if (got != P2A_OK)
        fail("can't be written", error.message);
    expect_file(path, status == P2A_OK ? expected
                                       : (struct bytes){(char *)(uintptr_t)old, sizeof old - 1});
    if (p2a_check(p, &error) != P2A_OK)
        fail("an equation is broken", error.message);
    return happened;
}

static void each_call(enum call call, int error, size_t piece, struct p2a_profile *p,
                      const char *format, const char *path, struct bytes expected)
{
    size_t i = 0;
    while (i < 60 &&
           write_with((struct fault){.which = call, .error = error, .after = i, .piece = piece}, p,
                      format, path, expected, false))
        i++;
    if (i == 0)
        fail("the call isn't made", call_names[call]);
}

/* Whether files without names are to be had, and to be named. */
static bool has_nameless(void)
{
    char open_file[64], name[64];
    int fd = open(folder, O_TMPFILE | O_RDWR, 0666);
    snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", fd);
    snprintf(name, sizeof name, "%s/named", folder);
    bool named = fd >= 0 && linkat(AT_FDCWD, open_file, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
    if (named)
        unlink(name);
    if (fd >= 0)
        close(fd);
    return named;
}

/* Killed in each of its writes, all before the file is whole. */
static void try_killing(struct p2a_profile *p, const char *format, const char *path)
{
    struct p2a_save_options options = {.format = format};
    struct fault wanted = {.which = WRITE, .error = EIO, .piece = 1000, .kills = true};
    bool killed = true;
    for (; killed && wanted.after < 20; wanted.after++) {
        int status = 0;
        put_old(path);
        pid_t child = fork();
        if (child == 0) {
            begin(wanted, path);
            _exit(p2a_save(p, path, &options, NULL) != P2A_OK);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            fail("can't be tried", strerror(errno));
        killed = WIFSIGNALED(status);
        snprintf(now, sizeof now, "%s, killed in write number %zu", path, wanted.after);
        if (killed)
            expect_file(path, (struct bytes){(char *)(uintptr_t)old, sizeof old - 1});
        else if (wanted.after == 0 || status != 0)
            fail("isn't killed", "");
    }
}

/* The file as it is written when nothing fails. */
static struct bytes written(struct p2a_profile *p, const char *format, const char *path)
{
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    snprintf(now, sizeof now, "%s", path);
    if (p2a_save(p, path, &options, &error) != P2A_OK)
        fail("can't be written", error.message);
    return contents(path);
}

static void try_writing(struct p2a_profile *p, const char *format, const char *name)
{
    static const int errors[] = {ENOSPC, EIO, EPIPE, EINTR};
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct bytes expected = written(p, format, path);
    write_with((struct fault){.piece = 1}, p, format, path, expected, false);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        each_call(WRITE, errors[i], 1000, p, format, path, expected);
    each_call(FCHMOD, EPERM, 0, p, format, path, expected);
    each_call(CLOSE, EIO, 0, p, format, path, expected);
    each_call(RENAME, EXDEV, 0, p, format, path, expected);
    write_with((struct fault){.which = OPEN, .error = EOPNOTSUPP}, p, format, path, expected, true);
    write_with((struct fault){.which = LINKAT, .error = EPERM}, p, format, path, expected, true);
    if (has_nameless())
        try_killing(p, format, path);
    unlink(path);
    free(expected.at);
}

/* Standard output, which is a file here: not replaced, and an error names it. */
static void try_standard_output(struct p2a_profile *p, const char *format)
{
    static const int errors[] = {ENOSPC, EIO, EPIPE, EBADF};
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        int kept = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        begin((struct fault){.which = WRITE, .error = errors[i]}, "standard output");
        enum p2a_status got = p2a_save(p, "-", &options, &error);
        end();
        dup2(kept, STDOUT_FILENO);
        close(kept);
        close(null);
        expect_failure(got, status_of(errors[i]), &error);
        if (strcmp(error.path, "standard output") != 0)
            fail("another name for standard output", error.path);
    }
}

static void try_every_writer(const char *samples)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char path[1024];
    snprintf(path, sizeof path, "%s/profiles/pstats/yappi-dispatch.prof", samples);
    if (p2a_load(path, NULL, &p, &error) != P2A_OK) {
        fail(path, error.message);
        return;
    }
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const char *format = p2a_format_at(i)->name;
        if (!p2a_format_at(i)->write)
            continue;
        try_writing(p, format, "out");
        try_standard_output(p, format);
    }
    try_writing(p, "flamegraph", "out.gz");
    p2a_free(p);
}

int main(void)
{
    const char *samples = getenv("SAMPLES");
    if (!samples || !mkdtemp(folder)) {
        fprintf(stderr, "SAMPLES says where the samples are; %s must be writable\n", folder);
        return 1;
    }
    try_every_reader(samples);
    size_t of_readers = steps;
    try_every_writer(samples);
    rmdir(folder);
    printf("%zu steps of readers, %zu of writers, %zu failures\n", of_readers, steps - of_readers,
           failures);
    fflush(stdout);
    return failures || of_readers < 500 || steps - of_readers < 500;
}
