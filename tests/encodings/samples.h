/* Every sample, of every format that is read. */
#ifndef TEST_SAMPLES_H
#define TEST_SAMPLES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

static size_t cases, failures;
static char now[1024]; /* the case */

static inline void fail(const char *what, const char *why)
{
    if (++failures <= 60)
        fprintf(stderr, "%s: %s: %s\n", now, what, why);
}

struct bytes {
    char *at;
    size_t n;
};

static inline struct bytes contents(const char *path)
{
    struct bytes bytes = {malloc(1 << 20), 0};
    FILE *file = fopen(path, "rb");
    if (!file || !bytes.at)
        abort();
    bytes.n = fread(bytes.at, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* Nothing but characters and line ends. */
static inline bool is_text(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if ((c < ' ' && !strchr("\t\n\f", c)) || c == '\0' || c >= 0x7f)
            return false;
    }
    return bytes.n > 8;
}

static inline bool is_sentence(const char *text)
{
    return text[0] && text[0] != ' ' && !strpbrk(text, "\n\r") && text[strlen(text) - 1] != '.';
}

/* Calls TRY for every sample that fits into a MiB. */
static inline void each_sample(void (*try)(const struct p2a_format *, struct bytes))
{
    const char *samples = getenv("SAMPLES");
    for (size_t i = 0; samples && i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        struct dirent **entry = NULL;
        char path[900];
        snprintf(path, sizeof path, "%s/profiles/%s", samples, format->name);
        int n = format->read ? scandir(path, &entry, NULL, alphasort) : 0;
        for (int k = 0; k < n; k++) {
            snprintf(path, sizeof path, "%s/profiles/%s/%s", samples, format->name,
                     entry[k]->d_name);
            if (entry[k]->d_name[0] != '.') {
                struct bytes bytes = contents(path);
                snprintf(now, sizeof now, "%s/%s", format->name, entry[k]->d_name);
                if (bytes.n < 1 << 20)
                    try(format, bytes);
                free(bytes.at);
            }
            free(entry[k]);
        }
        free(entry);
    }
}

static inline int summary(size_t least)
{
    printf("%zu cases, %zu failures\n", cases, failures);
    return failures || cases < least;
}

#endif
