#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

bool memory_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    char *end;
    *bytes = UINT64_MAX;
    if (strcmp(text, "none") == 0)
        return true;
    if (!strchr("0123456789.", text[0]))
        return false;
    double size = strtod(text, &end);
    const char *letter = *end ? strchr(letters, toupper((unsigned char)*end)) : NULL;
    if (letter) {
        size *= (double)(UINT64_C(1024) << 10 * (letter - letters));
        end += end[1] == 'i' && end[2] == 'B' ? 3 : 1;
    }
    if (*end || !(size >= 1 && size < 0x1p63))
        return false;
    *bytes = (uint64_t)size;
    return true;
}

/* ---- what there is ---- */

static void lower(uint64_t *least, const char *path)
{
    char text[32];
    FILE *file = fopen(path, "re");
    uint64_t limit = 0;
    if (file && fgets(text, sizeof text, file) && text[0] != 'm') /* max */
        limit = strtoull(text, NULL, 10);
    if (file)
        fclose(file);
    if (limit && limit < *least)
        *least = limit;
}

/* The limits of a control group and of all it is in; GROUP is "/user.slice/a" and is cut to "". */
static void lower_by_group(uint64_t *least, const char *root, char *group, const char *name)
{
    char path[4096];
    group[strcspn(group, "\n")] = '\0';
    for (char *end = group; end; *end = '\0') {
        snprintf(path, sizeof path, "%s%s/%s", root, group, name);
        lower(least, path);
        end = strrchr(group, '/');
        if (!end)
            break;
    }
}

/* A line of /proc/self/cgroup: "0::/user.slice", and of the older kind "5:memory:/user.slice". */
static void lower_by_groups(uint64_t *least)
{
    static const char old[] = ":memory:", now[] = "0::";
    char line[2048];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *at = strstr(line, old);
        if (strncmp(line, now, strlen(now)) == 0)
            lower_by_group(least, "/sys/fs/cgroup", line + strlen(now), "memory.max");
        else if (at)
            lower_by_group(least, "/sys/fs/cgroup/memory", at + strlen(old),
                           "memory.limit_in_bytes");
    }
    if (file)
        fclose(file);
}

static uint64_t three_quarters(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t least = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    lower_by_groups(&least);
    return least / 4 * 3;
}

/* ---- the limit ---- */

void memory_limit(const char *size)
{
    struct rlimit limit;
    uint64_t bytes;
#ifdef SANITIZED /* a sanitizer's own memory is far beyond any */
    return;
#endif
    if (!size || !memory_size(size, &bytes))
        bytes = three_quarters();
    if (bytes == UINT64_MAX || getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur <= bytes)
        return;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_DATA, &limit);
}

const char *memory_hint(char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    struct rlimit limit, space;
    size_t unit = 0;
    text[0] = '\0';
    if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return text;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur <= limit.rlim_cur) /* ulimit -v */
        return text;
    double amount = (double)limit.rlim_cur;
    for (; amount >= 1024 && unit < 3; unit++)
        amount /= 1024;
    snprintf(text, size, ": more than %.4g %s, see --max-memory", amount, units[unit]);
    return text;
}
