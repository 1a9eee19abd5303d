#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double PATIENCE = 0.5, BETWEEN = 0.1; /* seconds */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The end of the path tells more than its start; what could command the terminal is left out. */
static const char *telling_part(const char *path, char text[41])
{
    size_t n = strlen(path), skip = n > 40 ? n - 40 : 0, kept = 0;
    for (const char *at = path + skip; *at; at++)
        if (*at >= ' ' && *at <= '~')
            text[kept++] = *at;
    text[kept] = '\0';
    return text;
}

static void show(void *to, uint64_t done, uint64_t of)
{
    struct progress *progress = to;
    double at = now();
    char name[41];
    if (at - progress->started < PATIENCE || at - progress->shown < BETWEEN)
        return;
    progress->shown = at;
    fprintf(stderr, "\r\033[Kreading %s: ", telling_part(progress->what, name));
    if (of)
        fprintf(stderr, "%.0f %% of %.0f MB", 100 * ((double)done / (double)of), (double)of / 1e6);
    else
        fprintf(stderr, "%.0f MB", (double)done / 1e6);
    fflush(stderr);
}

void progress_start(struct progress *progress, const char *what, struct p2a_load_options *options)
{
    const char *name = strcmp(what, "-") == 0 ? "standard input" : what;
    *progress = (struct progress){.what = name, .started = now()};
    if (!isatty(STDERR_FILENO))
        return;
    options->progress = show;
    options->progress_to = progress;
}

void progress_end(const struct progress *progress)
{
    if (progress->shown > 0)
        fputs("\r\033[K", stderr);
}
