#include "collector/replaced.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/recording.h"

/* When this process began, by the monotonic clock, or later than any moment. Field 22 of its stat, which the
 * system counts through sleep as well: then it is later, too. */
static uint64_t began(void)
{
    enum { FIELD = 22, SECOND = 1000000000 };
    char text[1024];
    long rate = sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/self/stat", "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    const char *at = strrchr(text, ')'); /* ends field 2, a name that may have anything in it */
    for (int field = 2; at && field < FIELD; field++)
        at = strchr(at + 1, ' ');
    return at && rate > 0 ? strtoull(at, NULL, 10) * (SECOND / (uint64_t)rate) : UINT64_MAX;
}

void p2a_end_replaced(const char *path)
{
    struct p2a_rec_header h;
    const uint32_t stopped = P2A_REC_STOPPED;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    bool ours = pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h &&
                memcmp(h.magic, P2A_REC_MAGIC, sizeof h.magic) == 0 && h.order == P2A_REC_ORDER &&
                h.version == P2A_REC_VERSION && h.state == P2A_REC_RUNS &&
                h.pid == (uint64_t)getpid() && h.start.ns >= began();
    /* Where it can't be written, it counts as killed. */
    ssize_t written =
        ours ? pwrite(fd, &stopped, sizeof stopped, offsetof(struct p2a_rec_header, state)) : 0;
    (void)written;
    close(fd);
}
