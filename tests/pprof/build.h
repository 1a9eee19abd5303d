/* Profiles put together field by field, and read. */
#ifndef TEST_PPROF_BUILD_H
#define TEST_PPROF_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/protobuf.h"
#include "prof2any/format.h"

/* A profile being made, and its strings so far. */
struct build {
    struct p2a_buffer bytes, message;
    const char *string[64];
    uint32_t string_n;
};

/* The number of a string; texts are told apart by what they say. */
static inline uint64_t text(struct build *b, const char *text)
{
    if (b->string_n == 0)
        b->string[b->string_n++] = "";
    for (uint32_t i = 0; i < b->string_n; i++)
        if (strcmp(b->string[i], text) == 0)
            return i;
    assert_true(b->string_n < 64);
    b->string[b->string_n] = text;
    return b->string_n++;
}

/* Field FIELD of the profile: a message of N numbers, which are fields 1, 2, …; 0 is left out. */
static inline void add_numbers(struct build *b, uint32_t field, const uint64_t *number, uint32_t n)
{
    b->message.n = 0;
    for (uint32_t i = 0; i < n; i++)
        p2a_protobuf_put_some(&b->message, i + 1, number[i]);
    p2a_protobuf_put_bytes(&b->bytes, field, (struct p2a_str){b->message.at, b->message.n});
}
#define NUMBERS(b, field, ...)                                                                     \
    add_numbers(b, field, (uint64_t[]){__VA_ARGS__},                                               \
                sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static inline void add_type(struct build *b, const char *type, const char *unit)
{
    NUMBERS(b, 1, text(b, type), text(b, unit));
}

static inline void add_function(struct build *b, uint64_t id, const char *name, const char *file,
                                uint64_t line)
{
    NUMBERS(b, 5, id, text(b, name), 0, text(b, file), line);
}

/* A location with lines (function, line) that end with a function 0. */
static inline void add_location(struct build *b, uint64_t id, uint64_t mapping, uint64_t address,
                                const uint64_t (*line)[2])
{
    struct p2a_buffer message = {0}, part = {0};
    p2a_protobuf_put_some(&message, 1, id);
    p2a_protobuf_put_some(&message, 2, mapping);
    p2a_protobuf_put_some(&message, 3, address);
    for (; line && (*line)[0]; line++) {
        part.n = 0;
        p2a_protobuf_put_some(&part, 1, (*line)[0]);
        p2a_protobuf_put_some(&part, 2, (*line)[1]);
        p2a_protobuf_put_bytes(&message, 4, (struct p2a_str){part.at, part.n});
    }
    p2a_protobuf_put_bytes(&b->bytes, 4, (struct p2a_str){message.at, message.n});
    p2a_buffer_free(&message);
    p2a_buffer_free(&part);
}
#define LINES(...) ((const uint64_t[][2]){__VA_ARGS__, {0, 0}})

/* Functions "f1" … of "f.c", and a location of the same number for each. */
static inline void add_functions(struct build *b, uint64_t n)
{
    static const char *const names[] = {"", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
    for (uint64_t i = 1; i <= n; i++) {
        add_function(b, i, names[i], "f.c", 10 * i);
        add_location(b, i, 0, 0, LINES({i, 0}));
    }
}

struct label {
    const char *key, *text;
    uint64_t number;
};

/* Locations leaf first and values, both ended by STOP; labels ended by one without key. */
#define STOP INT64_MIN
static inline void add_sample(struct build *b, const int64_t *location, const int64_t *value,
                              const struct label *label)
{
    struct p2a_buffer message = {0}, part = {0};
    for (; *location != STOP; location++)
        p2a_protobuf_put(&part, (uint64_t)*location);
    p2a_protobuf_put_bytes(&message, 1, (struct p2a_str){part.at, part.n});
    for (part.n = 0; *value != STOP; value++)
        p2a_protobuf_put(&part, (uint64_t)*value);
    p2a_protobuf_put_bytes(&message, 2, (struct p2a_str){part.at, part.n});
    for (; label && label->key; label++) {
        part.n = 0;
        p2a_protobuf_put_some(&part, 1, text(b, label->key));
        p2a_protobuf_put_some(&part, 2, label->text ? text(b, label->text) : 0);
        p2a_protobuf_put_some(&part, 3, label->number);
        p2a_protobuf_put_bytes(&message, 3, (struct p2a_str){part.at, part.n});
    }
    p2a_protobuf_put_bytes(&b->bytes, 2, (struct p2a_str){message.at, message.n});
    p2a_buffer_free(&message);
    p2a_buffer_free(&part);
}
#define STACK(...)  ((const int64_t[]){__VA_ARGS__, STOP})
#define VALUES(...) ((const int64_t[]){__VA_ARGS__, STOP})
#define LABELS(...) ((const struct label[]){__VA_ARGS__, {NULL, NULL, 0}})

/* Adds the string table. */
static inline struct p2a_str built(struct build *b)
{
    text(b, "");
    for (uint32_t i = 0; i < b->string_n; i++)
        p2a_protobuf_put_bytes(&b->bytes, 6, p2a_str_of(b->string[i]));
    assert_false(b->bytes.failed);
    return (struct p2a_str){b->bytes.at, b->bytes.n};
}

static inline void end_build(struct build *b)
{
    p2a_buffer_free(&b->bytes);
    p2a_buffer_free(&b->message);
}

static inline struct p2a_profile *read_bytes(struct p2a_str bytes, const char *format)
{
    struct p2a_load_options options = {.format = format};
    struct p2a_profile *p;
    struct p2a_error error;
    char message[1024];
    if (p2a_load_memory(bytes.at, bytes.n, "test", &options, &p, &error) != P2A_OK ||
        p2a_check(p, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    return p;
}

/* The profile that B describes; B is done with. */
static inline struct p2a_profile *read_build(struct build *b)
{
    struct p2a_profile *p = read_bytes(built(b), "pprof");
    end_build(b);
    return p;
}

static inline struct p2a_str written(struct p2a_profile *p, const char *format,
                                     const char *const *settings)
{
    struct p2a_save_options options = {.format = format, .settings = settings};
    struct p2a_error error;
    char message[1024];
    void *bytes;
    size_t n;
    if (p2a_save_memory(p, &options, &bytes, &n, &error) != P2A_OK)
        fail_msg("%s", p2a_error_text(&error, message, sizeof message));
    char *at = realloc(bytes, n + 1);
    assert_non_null(at);
    at[n] = '\0';
    return (struct p2a_str){at, n};
}

static inline void free_text(struct p2a_str s)
{
    free((void *)(uintptr_t)s.at);
}

static inline void expect_folded(struct p2a_profile *p, const char *expected)
{
    static const char *const sorted[] = {"sort", NULL};
    struct p2a_str folded = written(p, "folded", sorted);
    assert_string_equal(folded.at, expected);
    free_text(folded);
}

static inline bool has_note(const struct p2a_profile *p, const char *part)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), part))
            return true;
    return false;
}

#endif
