#include "collector/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STEP_MIN = 64 << 10, /* bytes a file grows by: a quarter of itself within these */
    STEP_MAX = 8 << 20,
    RESERVE_MIN = 1 << 20,
    HIGH_FD = 500 /* out of the way of programs that count on low numbers */
};

static size_t whole_pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

/* ---- the file -------------------------------------------------------------------------------- */

static char *absolute(const char *path)
{
    if (path[0] == '/')
        return strdup(path);
    char *here = getcwd(NULL, 0);
    if (!here)
        return NULL;
    size_t n = strlen(here), k = strlen(path);
    char *whole = realloc(here, n + 1 + k + 1);
    if (!whole) {
        free(here);
        return NULL;
    }
    whole[n] = '/';
    memcpy(whole + n + 1, path, k + 1);
    return whole;
}

static int move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

static int make_file(struct p2a_mapping *m, const char *path)
{
    struct stat s;
    m->path = absolute(path);
    if (!m->path)
        return errno;
    if (lstat(m->path, &s) == 0 && S_ISREG(s.st_mode) && unlink(m->path) != 0)
        return errno;
    int fd = open(m->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    m->fd = move_up(fd);
    if (fstat(m->fd, &s) != 0)
        return errno;
    m->device = s.st_dev;
    m->inode = s.st_ino;
    return 0;
}

static bool is_ours(const struct p2a_mapping *m, int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && s.st_dev == m->device && s.st_ino == m->inode;
}

/* The program may have closed the file, and may have opened another with the same number. */
static int find_file(struct p2a_mapping *m)
{
    if (is_ours(m, m->fd))
        return 0;
    int fd = open(m->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno;
    if (!is_ours(m, fd)) {
        close(fd);
        return ESTALE;
    }
    m->fd = move_up(fd);
    return 0;
}

/* Past the limit on files a signal would end the program. */
static bool is_allowed(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || size <= limit.rlim_cur;
}

static int allocate(struct p2a_mapping *m, size_t from, size_t n)
{
    int error;
    if (!is_allowed(from + n))
        return EFBIG;
    do
        error = posix_fallocate(m->fd, (off_t)from, (off_t)n);
    while (error == EINTR);
    return error;
}

/* Makes READY at least NEED: by a step that keeps the number of steps low, or else by what fits. */
static int grow(struct p2a_mapping *m, size_t need)
{
    size_t step = m->ready / 4;
    step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
    size_t to = whole_pages(need > m->ready + step ? need : m->ready + step);
    if (to > m->reserved)
        to = m->reserved;
    int error = find_file(m);
    if (error)
        return error;
    error = allocate(m, m->ready, to - m->ready);
    if (error == ENOSPC || error == EFBIG || error == EDQUOT) {
        to = whole_pages(need);
        error = allocate(m, m->ready, to - m->ready);
    }
    if (error == 0)
        m->ready = to;
    return error;
}

/* ---- the addresses --------------------------------------------------------------------------- */

/* Where addresses are limited, most of them are the program's. */
static size_t share(size_t n)
{
    enum { PROGRAMS = 8 };
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur / PROGRAMS >= n)
        return n;
    return space.rlim_cur / PROGRAMS > RESERVE_MIN ? space.rlim_cur / PROGRAMS : RESERVE_MIN;
}

static int reserve(struct p2a_mapping *m, size_t n)
{
    int flags = MAP_NORESERVE | (m->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
    for (n = whole_pages(share(n)); n >= RESERVE_MIN; n = whole_pages(n / 2)) {
        void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, m->fd, 0);
        if (at != MAP_FAILED) {
            m->base = at;
            m->reserved = n;
#ifdef MADV_DONTDUMP
            madvise(at, n, MADV_DONTDUMP);
#endif
            return 0;
        }
        if (errno != ENOMEM)
            break;
    }
    return errno;
}

int p2a_mapping_open(struct p2a_mapping *m, const char *path, size_t most)
{
    *m = (struct p2a_mapping){.fd = -1};
    int error = path ? make_file(m, path) : 0;
    if (!error)
        error = reserve(m, most);
    if (!error && m->fd < 0)
        m->ready = m->reserved;
    if (error)
        p2a_mapping_discard(m);
    return error;
}

void *p2a_mapping_take(struct p2a_mapping *m, size_t n)
{
    if (n > m->reserved - m->used) {
        errno = ENOMEM;
        return NULL;
    }
    if (n > m->ready - m->used) {
        int error = grow(m, m->used + n);
        if (error) {
            errno = error;
            return NULL;
        }
    }
    void *taken = m->base + m->used;
    m->used += n;
    return taken;
}

void p2a_mapping_trim(struct p2a_mapping *m)
{
    if (m->fd < 0 || find_file(m) != 0 || ftruncate(m->fd, (off_t)m->used) != 0)
        return;
    m->ready = m->used; /* what is written to the rest of the page goes when the system writes it */
}

bool p2a_mapping_blank(struct p2a_mapping *m)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    return mmap(m->base, m->reserved, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

void p2a_mapping_discard(struct p2a_mapping *m)
{
    if (m->fd >= 0 && m->path && find_file(m) == 0)
        unlink(m->path);
    p2a_mapping_close(m);
}

void p2a_mapping_close(struct p2a_mapping *m)
{
    if (m->base)
        munmap(m->base, m->reserved);
    if (m->fd >= 0 && is_ours(m, m->fd))
        close(m->fd);
    free(m->path);
    *m = (struct p2a_mapping){.fd = -1};
}
