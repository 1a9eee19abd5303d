#include "io/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/gzip.h"

enum { ROOM = 1 << 16 };

/*   put -> buffer -> [ gzip -> ] file descriptor or memory   */
struct p2a_sink {
    struct p2a_error *error;
    int fd;                /* -1: memory */
    char *target, *beside; /* a regular file: where it goes, what it is called until then */
    bool nameless;         /* it has no name yet, and is gone where the program is killed */
    struct p2a_buffer memory;
    struct p2a_gzip *gzip; /* NULL: not compressed */
    size_t n;
    unsigned char buffer[ROOM];
};

struct p2a_error *p2a_sink_error(const struct p2a_sink *sink)
{
    return sink->error;
}

static void system_error(struct p2a_error *error, const char *what)
{
    if (errno == EPIPE)
        p2a_error_set(error, P2A_CLOSED, "closed by its reader");
    else
        p2a_error_set(error, P2A_SYSTEM, "%s: %s", what, strerror(errno));
}

/* ---- where it goes ---- */

/* The number of a file that is open already: /dev/stdout, /dev/fd/63; -1: PATH is none. */
static int open_number(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t n = strlen(folders[i]);
        uint64_t number;
        if (strncmp(path, folders[i], n) == 0 && p2a_str_u64(p2a_str_of(path + n), &number))
            return number <= INT_MAX ? (int)number : -1;
    }
    return -1;
}

/* PATH with symbolic links at its end followed, also where the file isn't there; malloc'ed. NULL:
 * no memory, or ELOOP. */
static char *follow_links(const char *path)
{
    char *at = strdup(path), link[PATH_MAX];
    errno = ENOMEM;
    for (int hops = 0; at; hops++) {
        ssize_t n = readlink(at, link, sizeof link - 1);
        if (n < 0)
            return at;
        if (hops == 40) {
            free(at);
            return errno = ELOOP, NULL;
        }
        link[n] = '\0';
        const char *slash = strrchr(at, '/');
        size_t folder = link[0] == '/' || !slash ? 0 : (size_t)(slash - at) + 1;
        char *next = malloc(folder + (size_t)n + 1);
        if (next) {
            memcpy(next, at, folder);
            memcpy(next + folder, link, (size_t)n + 1);
        }
        free(at);
        at = next;
    }
    return at;
}

/* How much of the target's path is its folder's. */
static int folder_length(const struct p2a_sink *sink)
{
    const char *slash = strrchr(sink->target, '/');
    return slash ? (int)(slash - sink->target) + 1 : 0;
}

static int create_beside(const struct p2a_sink *sink)
{
    return open(sink->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* Tries ".NAME.PID-TRY" in the target's folder until TAKE, which says -1 and EEXIST to what is
 * there already, has it; what TAKE said. */
static int name_beside(struct p2a_sink *sink, int (*take)(const struct p2a_sink *))
{
    int folder = folder_length(sink), taken = -1;
    size_t size = strlen(sink->target) + 48;
    sink->beside = malloc(size);
    if (!sink->beside)
        return errno = ENOMEM, -1;
    for (int try = 0; taken < 0 && try < 100; try++) {
        snprintf(sink->beside, size, "%.*s.%.200s.%ld-%d", folder, sink->target,
                 sink->target + folder, (long)getpid(), try);
        taken = take(sink);
        if (taken < 0 && errno != EEXIST)
            break;
    }
    if (taken < 0) {
        free(sink->beside);
        sink->beside = NULL;
    }
    return taken;
}

/* Opens a file of the target's folder that has no name; -1 where the file system has none. */
static int open_nameless(const struct p2a_sink *sink)
{
#ifdef O_TMPFILE
    char folder[PATH_MAX];
    int n = snprintf(folder, sizeof folder, "%.*s.", folder_length(sink), sink->target);
    return n < PATH_MAX ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
#else
    (void)sink;
    return -1;
#endif
}

static bool open_direct(struct p2a_sink *sink, int fd)
{
    sink->fd = fd;
    if (fd < 0)
        system_error(sink->error, "can't be written");
    return fd >= 0;
}

static bool open_file(struct p2a_sink *sink, const char *path)
{
    struct stat old;
    int number = open_number(path);
    if (number >= 0)
        return open_direct(sink, fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode))
        return open_direct(sink, open(path, O_WRONLY | O_CLOEXEC));
    sink->target = follow_links(path);
    if (!sink->target && errno == ELOOP)
        return system_error(sink->error, "can't be written"), false;
    if (!sink->target)
        return p2a_error_memory(sink->error), false;
    bool there = stat(sink->target, &old) == 0;
    if (there && S_ISDIR(old.st_mode))
        return p2a_error_set(sink->error, P2A_SYSTEM, "is a directory, expected a file to write"),
               false;
    int fd = open_nameless(sink);
    sink->nameless = fd >= 0;
    if (!open_direct(sink, fd >= 0 ? fd : name_beside(sink, create_beside)))
        return false;
    if (there && fchmod(sink->fd, old.st_mode & 07777) != 0)
        system_error(sink->error, "can't be given the old file's mode");
    return sink->error->status == P2A_OK;
}

struct p2a_sink *p2a_sink_memory(struct p2a_error *error)
{
    struct p2a_sink *sink = calloc(1, sizeof *sink);
    if (!sink) {
        p2a_error_memory(error);
        return NULL;
    }
    sink->error = error;
    sink->fd = -1;
    return sink;
}

/* ---- writing ---- */

static void deliver(struct p2a_sink *sink, const unsigned char *bytes, size_t n)
{
    if (sink->fd < 0) {
        if (!p2a_buffer_add(&sink->memory, bytes, n))
            p2a_error_memory(sink->error);
        return;
    }
    while (n && sink->error->status == P2A_OK) {
        ssize_t done = write(sink->fd, bytes, n);
        if (done >= 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (errno != EINTR) {
            system_error(sink->error, "can't be written");
        }
    }
}

static void deliver_packed(void *sink, const unsigned char *bytes, size_t n)
{
    deliver(sink, bytes, n);
}

static bool start_gzip(struct p2a_sink *sink)
{
    sink->gzip = p2a_gzip_begin(deliver_packed, sink);
    if (!sink->gzip)
        p2a_error_memory(sink->error);
    return sink->gzip;
}

static void flush_buffer(struct p2a_sink *sink)
{
    if (sink->error->status != P2A_OK)
        return;
    if (!sink->gzip)
        deliver(sink, sink->buffer, sink->n);
    else if (!p2a_gzip_add(sink->gzip, sink->buffer, sink->n))
        p2a_error_memory(sink->error);
    sink->n = 0;
}

void p2a_sink_write(struct p2a_sink *sink, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    if (n >= ROOM && !sink->gzip) { /* not through the buffer */
        flush_buffer(sink);
        if (sink->error->status == P2A_OK)
            deliver(sink, at, n);
        return;
    }
    while (n && sink->error->status == P2A_OK) {
        if (sink->n == ROOM)
            flush_buffer(sink);
        size_t piece = ROOM - sink->n < n ? ROOM - sink->n : n;
        memcpy(sink->buffer + sink->n, at, piece);
        sink->n += piece;
        at += piece;
        n -= piece;
    }
}

/* ---- opening ---- */

struct p2a_sink *p2a_sink_open(const char *path, struct p2a_error *error)
{
    struct p2a_sink *sink = p2a_sink_memory(error);
    if (!sink)
        return NULL;
    bool ready = true;
    if (strcmp(path, "-") == 0)
        sink->fd = STDOUT_FILENO;
    else
        ready = open_file(sink, path);
    if (ready && p2a_str_ends(p2a_str_of(path), ".gz"))
        ready = start_gzip(sink);
    if (ready)
        return sink;
    p2a_sink_close(sink);
    return NULL;
}

/* ---- closing ---- */

static int link_beside(const struct p2a_sink *sink)
{
    char open_file[32];
    snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", sink->fd);
    return linkat(AT_FDCWD, open_file, AT_FDCWD, sink->beside, AT_SYMLINK_FOLLOW);
}

/* Where a file may have no second name, or /proc isn't there. */
static void copy_beside(struct p2a_sink *sink)
{
    int from = sink->fd;
    struct stat whole;
    off_t at = 0;
    ssize_t n = 1;
    bool ready = open_direct(sink, name_beside(sink, create_beside));
    if (ready && (fstat(from, &whole) != 0 || fchmod(sink->fd, whole.st_mode & 07777) != 0))
        system_error(sink->error, "can't be given its mode");
    while (n > 0 && sink->error->status == P2A_OK) {
        n = pread(from, sink->buffer, ROOM, at);
        if (n < 0)
            system_error(sink->error, "can't be put in its place");
        if (n > 0)
            deliver(sink, sink->buffer, (size_t)n);
        at += n;
    }
    close(from);
}

static void move_into_place(struct p2a_sink *sink)
{
    if (rename(sink->beside, sink->target) != 0) {
        system_error(sink->error, "can't be put in its place");
        return;
    }
    free(sink->beside);
    sink->beside = NULL;
}

enum p2a_status p2a_sink_finish(struct p2a_sink *sink)
{
    flush_buffer(sink);
    if (sink->gzip && sink->error->status == P2A_OK && !p2a_gzip_end(sink->gzip))
        p2a_error_memory(sink->error);
    if (sink->nameless && sink->error->status == P2A_OK && name_beside(sink, link_beside) != 0)
        copy_beside(sink);
    if (sink->fd > STDOUT_FILENO) {
        if (close(sink->fd) != 0)
            system_error(sink->error, "can't be written");
        sink->fd = -1;
    }
    if (sink->beside && sink->error->status == P2A_OK)
        move_into_place(sink);
    return sink->error->status;
}

void *p2a_sink_take(struct p2a_sink *sink, size_t *n)
{
    if (!sink->memory.at && !p2a_buffer_add(&sink->memory, "", 0))
        p2a_error_memory(sink->error);
    void *bytes = sink->memory.at;
    *n = sink->memory.n;
    sink->memory = (struct p2a_buffer){0};
    return bytes;
}

void p2a_sink_move(struct p2a_sink *from, struct p2a_sink *to)
{
    if (from->error->status != P2A_OK)
        p2a_error_set(to->error, from->error->status, "%s", from->error->message);
    p2a_sink_write(to, from->memory.at, from->memory.n);
    p2a_sink_write(to, from->buffer, from->n);
    from->memory.n = from->n = 0;
}

void p2a_sink_close(struct p2a_sink *sink)
{
    if (!sink)
        return;
    if (sink->fd > STDOUT_FILENO)
        close(sink->fd);
    if (sink->beside)
        unlink(sink->beside);
    p2a_gzip_free(sink->gzip);
    free(sink->beside);
    free(sink->target);
    p2a_buffer_free(&sink->memory);
    free(sink);
}

/* ---- what writers call ---- */

void p2a_put(struct p2a_out *out, const void *bytes, size_t n)
{
    p2a_sink_write(out->sink, bytes, n);
}

char *p2a_begin_text(struct p2a_out *out, size_t most)
{
    struct p2a_sink *sink = out->sink;
    if (ROOM - sink->n < most) {
        flush_buffer(sink);
        sink->n = 0; /* after an error, too */
    }
    return (char *)sink->buffer + sink->n;
}

void p2a_end_text(struct p2a_out *out, const char *end)
{
    struct p2a_sink *sink = out->sink;
    sink->n = (size_t)(end - (const char *)sink->buffer);
}

void p2a_compress(struct p2a_out *out)
{
    struct p2a_sink *sink = out->sink;
    if (sink->error->status != P2A_OK || sink->gzip)
        return;
    flush_buffer(sink);
    start_gzip(sink);
}

void p2a_put_text(struct p2a_out *out, const char *text)
{
    p2a_put(out, text, strlen(text));
}

void p2a_put_str(struct p2a_out *out, struct p2a_str text)
{
    p2a_put(out, text.at, text.n);
}

/* Eight digits of what is less than 10^8, the first of them in the lowest bits: it is halved into
 * fours, twos and ones, each half beside the other. */
static inline uint64_t eight_digits(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f;
    uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f;
    return tens | (twos - 10 * tens) << 8;
}

/* The same of what is less than 10^4. */
static inline uint32_t four_digits(uint32_t value)
{
    uint32_t hundreds = value * 10486 >> 20;
    uint32_t twos = hundreds | (value - 100 * hundreds) << 16;
    uint32_t tens = (twos * 103 >> 10) & 0x000f000f;
    return tens | (twos - 10 * tens) << 8;
}

static inline void put_four(char *at, uint32_t digits)
{
    digits |= 0x30303030;
    for (unsigned i = 0; i < 4; i++)
        at[i] = (char)(digits >> 8 * i & 255);
}

static inline char *put_eight(char *at, uint64_t digits)
{
    digits |= 0x3030303030303030;
    for (unsigned i = 0; i < 8; i++)
        at[i] = (char)(digits >> 8 * i & 255);
    return at + 8;
}

char *p2a_digits(char *at, uint64_t value)
{
    enum { FOUR = 10000, EIGHT = 100000000 };
    if (value < FOUR) { /* most are */
        uint32_t four = four_digits((uint32_t)value);
        unsigned zeros = (unsigned)__builtin_ctz(four | 1U << 24) / 8; /* but for the last one */
        put_four(at, four >> 8 * zeros);
        return at + 4 - zeros;
    }
    if (value >= EIGHT)
        return put_eight(p2a_digits(at, value / EIGHT), eight_digits((uint32_t)(value % EIGHT)));
    uint64_t digits = eight_digits((uint32_t)value);
    unsigned zeros = (unsigned)__builtin_ctzll(digits) / 8;
    put_eight(at, digits >> 8 * zeros);
    return at + 8 - zeros;
}

void p2a_put_u64(struct p2a_out *out, uint64_t value)
{
    char digits[P2A_DIGITS];
    p2a_put(out, digits, (size_t)(p2a_digits(digits, value) - digits));
}

void p2a_putf(struct p2a_out *out, const char *text, ...)
{
    char few[512], *many;
    va_list arguments;
    va_start(arguments, text);
    int n = vsnprintf(few, sizeof few, text, arguments);
    va_end(arguments);
    if (n < (int)sizeof few) {
        p2a_put(out, few, n > 0 ? (size_t)n : 0);
        return;
    }
    va_start(arguments, text);
    n = vasprintf(&many, text, arguments);
    va_end(arguments);
    if (n < 0) {
        p2a_no_memory(out);
        return;
    }
    p2a_put(out, many, (size_t)n);
    free(many);
}

enum p2a_status p2a_cant_write(struct p2a_out *out, enum p2a_status status, const char *message,
                               ...)
{
    va_list arguments;
    va_start(arguments, message);
    status = p2a_error_setv(p2a_sink_error(out->sink), status, message, arguments);
    va_end(arguments);
    return status;
}

enum p2a_status p2a_no_memory(struct p2a_out *out)
{
    return p2a_error_memory(p2a_sink_error(out->sink));
}

enum p2a_status p2a_out_status(const struct p2a_out *out)
{
    return p2a_sink_error(out->sink)->status;
}
