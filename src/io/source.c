/* A window that moves over the input.
 *
 *   mapped or in memory:   | consumed ... | at ................................. end |
 *   pipe or compressed:    buffer | consumed | at ... end | free |    and pull() for more
 */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/inflate.h"

static const uint64_t DEFAULT_BYTES = 64ull << 30;
static const size_t PIECE = 1 << 18; /* asked for at a time */
static const size_t MAX_WINDOW = (size_t)4 << 30;
static const size_t MAX_LINE = (size_t)256 << 20;
static const uint64_t PROGRESS_STEP = 4 << 20;
static const off_t MAP_FROM = 1 << 16; /* smaller files are cheaper to read */

struct p2a_source {
    struct p2a_error *error;
    int fd;
    void *map;
    size_t map_n;
    const unsigned char *raw; /* compressed input that is in memory */
    size_t raw_n;
    struct p2a_inflate *inflate;
    p2a_pull *pull; /* NULL: the window is all there is */
    void *pull_from;
    unsigned char *buffer;
    size_t room;
    const unsigned char *window; /* at and end count from here */
    size_t at, end;
    bool ended;
    bool partial;
    struct p2a_error broken; /* what ended the input early, where that is no error */
    uint64_t offset, line, max_bytes;
    uint64_t pulled,
        whole; /* bytes as they are stored: taken from fd, and of how many (0: unknown) */
    void (*progress)(void *to, uint64_t done, uint64_t of);
    void *progress_to;
    uint64_t progress_at; /* the offset of the next report */
};

struct p2a_error *p2a_source_error(const struct p2a_source *s)
{
    return s->error;
}

static bool failed(const struct p2a_source *s)
{
    return s->error->status != P2A_OK;
}

/* ---- opening ---- */

static long pull_fd(void *from, unsigned char *bytes, size_t n)
{
    struct p2a_source *s = from;
    for (;;) {
        ssize_t got = read(s->fd, bytes, n);
        if (got >= 0) {
            s->pulled += (uint64_t)got;
            return (long)got;
        }
        if (errno == EINTR)
            continue;
        p2a_error_set(s->error, P2A_SYSTEM, "can't be read: %s", strerror(errno));
        return -1;
    }
}

static long pull_raw(void *from, unsigned char *bytes, size_t n)
{
    struct p2a_source *s = from;
    if (n > s->raw_n)
        n = s->raw_n;
    if (n)
        memcpy(bytes, s->raw, n);
    s->raw += n;
    s->raw_n -= n;
    s->pulled += n;
    return (long)n;
}

static struct p2a_source *new_source(uint64_t max_bytes, struct p2a_error *error)
{
    struct p2a_source *s = calloc(1, sizeof *s);
    if (!s) {
        p2a_error_memory(error);
        return NULL;
    }
    s->fd = -1;
    s->error = error;
    s->max_bytes = max_bytes ? max_bytes : DEFAULT_BYTES;
    s->progress_at = UINT64_MAX;
    return s;
}

void p2a_source_close(struct p2a_source *s)
{
    if (!s)
        return;
    p2a_inflate_free(s->inflate);
    if (s->map)
        munmap(s->map, s->map_n);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    free(s->buffer);
    free(s);
}

static bool unwrap_compressed(struct p2a_source *s, enum p2a_packing packing, p2a_pull *pull,
                              const unsigned char *start, size_t n)
{
    s->inflate = p2a_inflate_new(packing, pull, s, start, n, s->error);
    s->pull = p2a_inflate_pull;
    s->pull_from = s->inflate;
    return s->inflate;
}

/* The whole input is at BYTES. */
static bool start_memory(struct p2a_source *s, const unsigned char *bytes, size_t n)
{
    s->whole = n;
    enum p2a_packing packing = p2a_packing_of(bytes, n);
    if (packing != P2A_PLAIN) {
        s->raw = bytes;
        s->raw_n = n;
        return unwrap_compressed(s, packing, pull_raw, bytes, 0) || failed(s);
    }
    s->window = bytes;
    s->end = n;
    s->ended = true;
    if (n > s->max_bytes)
        p2a_error_set(s->error, P2A_INPUT, "larger than %llu bytes, the limit",
                      (unsigned long long)s->max_bytes);
    return !failed(s);
}

/* At least WANT bytes in the window, unless the input ends before. */
static bool fill(struct p2a_source *s, size_t want);

static bool start_stream(struct p2a_source *s)
{
    s->pull = pull_fd;
    s->pull_from = s;
    fill(s, 4);
    size_t n = s->end - s->at;
    enum p2a_packing packing = failed(s) ? P2A_PLAIN : p2a_packing_of(s->window + s->at, n);
    if (packing == P2A_PLAIN)
        return !failed(s);
    if (!unwrap_compressed(s, packing, pull_fd, s->window + s->at, n))
        return false;
    s->at = s->end = 0;
    s->ended = false;
    return true;
}

static bool start_file(struct p2a_source *s)
{
    struct stat info;
    if (fstat(s->fd, &info) != 0)
        return p2a_error_set(s->error, P2A_SYSTEM, "can't be read: %s", strerror(errno)), false;
    if (S_ISDIR(info.st_mode))
        return p2a_error_set(s->error, P2A_INPUT, "is a directory, expected a profile"), false;
    if (S_ISREG(info.st_mode) && info.st_size >= MAP_FROM && lseek(s->fd, 0, SEEK_CUR) == 0) {
        void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, s->fd, 0);
        if (map != MAP_FAILED) {
            s->map = map;
            s->map_n = (size_t)info.st_size;
            return start_memory(s, map, s->map_n);
        }
    }
    if (S_ISREG(info.st_mode))
        s->whole = (uint64_t)info.st_size;
    return start_stream(s);
}

struct p2a_source *p2a_source_open(const char *path, uint64_t max_bytes, struct p2a_error *error)
{
    struct p2a_source *s = new_source(max_bytes, error);
    if (!s)
        return NULL;
    s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        p2a_error_set(error, errno == ENOENT || errno == ENOTDIR ? P2A_INPUT : P2A_SYSTEM,
                      "can't be opened: %s", strerror(errno));
    if (s->fd >= 0 && start_file(s) && !failed(s))
        return s;
    p2a_source_close(s);
    return NULL;
}

struct p2a_source *p2a_source_memory(const void *bytes, size_t n, uint64_t max_bytes,
                                     struct p2a_error *error)
{
    struct p2a_source *s = new_source(max_bytes, error);
    if (!s)
        return NULL;
    if (start_memory(s, bytes, n) && !failed(s))
        return s;
    p2a_source_close(s);
    return NULL;
}

void p2a_source_progress(struct p2a_source *s,
                         void (*progress)(void *to, uint64_t done, uint64_t of), void *to)
{
    s->progress = progress;
    s->progress_to = to;
    s->progress_at = PROGRESS_STEP;
}

/* OFFSET in the unpacked input has been reached. */
static void reach(struct p2a_source *s, uint64_t offset)
{
    if (offset < s->progress_at)
        return;
    s->progress_at = offset + PROGRESS_STEP;
    s->progress(s->progress_to, s->pull ? s->pulled : offset, s->whole);
}

/* ---- looking ahead ---- */

/* Moves what isn't consumed to the front and makes room behind it for WANT bytes in all. */
static bool make_room(struct p2a_source *s, size_t want)
{
    size_t kept = s->end - s->at;
    if (kept && s->at)
        memmove(s->buffer, s->buffer + s->at, kept);
    s->at = 0;
    s->end = kept;
    if (want > MAX_WINDOW) {
        p2a_error_set(s->error, P2A_INPUT, "more than 4 GiB without a break, expected a profile");
        return false;
    }
    if (want + PIECE <= s->room)
        return true;
    size_t room = s->room * 2 > want + PIECE ? s->room * 2 : want + PIECE;
    unsigned char *wider = realloc(s->buffer, room);
    if (!wider) {
        p2a_error_memory(s->error);
        return false;
    }
    s->buffer = wider;
    s->window = wider;
    s->room = room;
    return true;
}

/* Where the input is allowed to be broken, its error becomes its end. */
static bool break_off(struct p2a_source *s)
{
    if (!s->partial || s->error->status != P2A_INPUT)
        return false;
    s->broken = *s->error;
    p2a_error_start(s->error, s->broken.path);
    memcpy(s->error->format, s->broken.format, sizeof s->error->format);
    return true;
}

static bool fill(struct p2a_source *s, size_t want)
{
    while (s->end - s->at < want && !s->ended && !failed(s)) {
        if (s->room - s->end < PIECE && !make_room(s, want))
            return false;
        long got = s->pull(s->pull_from, s->buffer + s->end, PIECE);
        if (got < 0 && !break_off(s))
            return false;
        s->ended = got <= 0;
        if (got < 0)
            break;
        s->end += (size_t)got;
        reach(s, s->offset + (s->end - s->at));
        if (s->offset + (s->end - s->at) > s->max_bytes)
            p2a_error_set(s->error, P2A_INPUT, "larger than %llu bytes, the limit",
                          (unsigned long long)s->max_bytes);
    }
    return !failed(s);
}

size_t p2a_ahead(struct p2a_in *in, size_t want, const unsigned char **at)
{
    struct p2a_source *s = in->source;
    *at = (const unsigned char *)"";
    if (failed(s) || !fill(s, want))
        return 0;
    if (s->window)
        *at = s->window + s->at;
    return s->end - s->at;
}

void p2a_consume(struct p2a_in *in, size_t n)
{
    struct p2a_source *s = in->source;
    if (n > s->end - s->at)
        n = s->end - s->at;
    s->at += n;
    s->offset += n;
    reach(s, s->offset);
}

/* Where the next LF is, counted from the place; looks further as long as there is none. */
static size_t line_length(struct p2a_in *in, const unsigned char **at, bool *found)
{
    size_t seen = 0, have = p2a_ahead(in, 1, at);
    *found = false;
    while (have > seen) {
        const unsigned char *lf = memchr(*at + seen, '\n', have - seen);
        if (lf) {
            *found = true;
            return (size_t)(lf - *at);
        }
        seen = have;
        if (seen > MAX_LINE) {
            in->source->line++;
            p2a_bad_line(in, "more than 256 MiB without an end, expected lines");
            return 0;
        }
        have = p2a_ahead(in, have + 1, at);
    }
    return have;
}

bool p2a_next_line(struct p2a_in *in, struct p2a_str *line)
{
    const unsigned char *at;
    bool ended;
    *line = P2A_LIT("");
    size_t n = line_length(in, &at, &ended);
    if (!ended && (!n || in->source->broken.status != P2A_OK))
        return false;
    bool first = in->source->offset == 0;
    p2a_consume(in, n + ended);
    in->source->line++;
    if (n && at[n - 1] == '\r')
        n--;
    if (first && n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3, n -= 3;
    *line = (struct p2a_str){(const char *)at, n};
    return true;
}

size_t p2a_whole_lines(struct p2a_str bytes, size_t want)
{
    const char *lf = bytes.n > want ? memchr(bytes.at + want, '\n', bytes.n - want) : NULL;
    if (!lf && bytes.n)
        lf = memrchr(bytes.at, '\n', bytes.n);
    return lf ? (size_t)(lf - bytes.at) + 1 : 0;
}

bool p2a_lines_ahead(struct p2a_in *in, size_t want, struct p2a_str *lines)
{
    const unsigned char *at;
    bool ended = false;
    size_t have = p2a_ahead(in, 1, &at);
    size_t n = p2a_whole_lines((struct p2a_str){(const char *)at, have}, want);
    if (!n) {
        n = line_length(in, &at, &ended);
        if (!ended && (!n || in->source->broken.status != P2A_OK))
            return false;
    }
    *lines = (struct p2a_str){(const char *)at, n + ended};
    return true;
}

bool p2a_in_memory(const struct p2a_in *in)
{
    return !in->source->pull;
}

void p2a_go_back(struct p2a_in *in, uint64_t offset)
{
    struct p2a_source *s = in->source;
    s->at -= (size_t)(s->offset - offset);
    s->offset = offset;
    s->line = 0;
}

void p2a_count_lines(struct p2a_in *in, uint64_t n)
{
    in->source->line += n;
}

bool p2a_all(struct p2a_in *in, struct p2a_str *bytes)
{
    const unsigned char *at;
    size_t want = 1, have;
    *bytes = P2A_LIT("");
    while ((have = p2a_ahead(in, want, &at)) >= want)
        want = have + 1;
    if (p2a_in_status(in) != P2A_OK)
        return false;
    *bytes = (struct p2a_str){(const char *)at, have};
    in->source->at += have; /* stays where it is: nothing is pulled any more */
    in->source->offset += have;
    return true;
}

uint64_t p2a_line_number(const struct p2a_in *in)
{
    return in->source->line;
}

uint64_t p2a_offset(const struct p2a_in *in)
{
    return in->source->offset;
}

void p2a_source_probe(struct p2a_source *s, struct p2a_probe *probe)
{
    fill(s, P2A_PROBE_BYTES);
    size_t n = s->end - s->at;
    probe->whole = s->ended && n <= P2A_PROBE_BYTES;
    probe->start.at = s->window ? (const char *)s->window + s->at : "";
    probe->start.n = n < P2A_PROBE_BYTES ? n : P2A_PROBE_BYTES;
}

bool p2a_probe_line(const struct p2a_probe *probe, struct p2a_str *rest, struct p2a_str *line)
{
    if (!rest->n)
        return false;
    bool first = rest->at == probe->start.at;
    if (!p2a_str_cut(*rest, '\n', line, rest) && !probe->whole)
        return false;
    if (line->n && line->at[line->n - 1] == '\r')
        line->n--;
    if (first && p2a_str_starts(*line, "\xef\xbb\xbf"))
        line->at += 3, line->n -= 3;
    return true;
}

/* ---- reporting ---- */

void p2a_source_partial(struct p2a_source *s)
{
    s->partial = true;
}

const struct p2a_error *p2a_source_broken(const struct p2a_source *s)
{
    return &s->broken;
}

P2A_PRINTF(4, 0)
static enum p2a_status bad(struct p2a_in *in, enum p2a_place kind, uint64_t place,
                           const char *message, va_list arguments)
{
    struct p2a_source *s = in->source;
    struct p2a_error *error = s->error;
    if (s->partial && error->status == P2A_OK) {
        if (s->broken.status == P2A_OK)
            s->broken = *error;
        s->ended = true;
        s->at = s->end;
        error = &s->broken;
    }
    if (error->status == P2A_OK) {
        error->place_kind = kind;
        error->place = place;
    }
    p2a_error_setv(error, P2A_INPUT, message, arguments);
    return P2A_INPUT;
}

enum p2a_status p2a_bad_line(struct p2a_in *in, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    enum p2a_status status = bad(in, P2A_AT_LINE, in->source->line, message, arguments);
    va_end(arguments);
    return status;
}

enum p2a_status p2a_bad_byte(struct p2a_in *in, uint64_t offset, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    enum p2a_status status = bad(in, P2A_AT_BYTE, offset, message, arguments);
    va_end(arguments);
    return status;
}

enum p2a_status p2a_in_no_memory(struct p2a_in *in)
{
    return p2a_error_memory(in->source->error);
}

enum p2a_status p2a_in_status(const struct p2a_in *in)
{
    return in->source->error->status;
}
