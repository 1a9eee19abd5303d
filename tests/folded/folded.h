/* Folded text in, a profile or folded text out. */
#ifndef TEST_FOLDED_H
#define TEST_FOLDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prof2any/format.h"

static inline enum p2a_status try_fold(const char *text, size_t n, struct p2a_profile **p,
                                       struct p2a_error *error)
{
    static const struct p2a_load_options as_folded = {.format = "folded"};
    return p2a_load_memory(text, n, "test", &as_folded, p, error);
}

static inline struct p2a_profile *fold_bytes(const char *text, size_t n)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (try_fold(text, n, &p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    if (p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

static inline struct p2a_profile *fold(const char *text)
{
    return fold_bytes(text, strlen(text));
}

/* The profile as folded text with a NUL behind it; the caller frees. */
static inline char *unfold(struct p2a_profile *p, enum p2a_names names, const char *const *settings)
{
    struct p2a_save_options options = {.format = "folded", .names = names, .settings = settings};
    struct p2a_error error;
    char message[1024], *text;
    void *bytes;
    size_t n;
    if (p2a_save_memory(p, &options, &bytes, &n, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    text = realloc(bytes, n + 1);
    assert_non_null(text);
    text[n] = '\0';
    return text;
}

static inline void expect_written(struct p2a_profile *p, const char *expected)
{
    char *text = unfold(p, P2A_NAMES_FULL, NULL);
    assert_string_equal(text, expected);
    free(text);
}

#endif
