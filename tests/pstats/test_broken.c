/* Broken pstats files: cut anywhere or with any byte changed, they read or are an error that says
 * where. */
#include "bytes.h"

#include <stdio.h>

#include "prof2any/format.h"

static struct p2a_str whole_file(const char *name)
{
    const char *samples = getenv("SAMPLES");
    char path[1024], *bytes = malloc(1 << 16);
    assert_non_null(bytes);
    snprintf(path, sizeof path, "%s/profiles/pstats/%s", samples ? samples : ".", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    size_t n = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    assert_in_range(n, 100, (1 << 16) - 1);
    return (struct p2a_str){bytes, n};
}

/* The bytes are copied so that reading past their end is found by a sanitizer. */
static void reads_or_says_why_not(const char *bytes, size_t n, bool may_read)
{
    const struct p2a_load_options options = {.format = "pstats"};
    struct p2a_profile *p;
    struct p2a_error error;
    char *copy = malloc(n + 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, bytes, n);
    copy = realloc(copy, n ? n : 1);
    assert_non_null(copy);
    enum p2a_status status = p2a_load_memory(copy, n, "broken.prof", &options, &p, &error);
    free(copy);
    if (status == P2A_OK) {
        assert_true(may_read);
        p2a_free(p);
        return;
    }
    assert_int_equal(status, P2A_INPUT);
    assert_true(n == 0 || error.place_kind == P2A_AT_BYTE);
    assert_true(error.message[0] != '\0');
    assert_in_range(error.place, 0, n);
}

static const char *const files[] = {
    "constructed-all-types.prof",      "constructed-py3.14-profile-m-slice.prof",
    "constructed-py3.15-sampled.prof", "constructed-v2-py2-interned.prof",
    "py3.11-cprofile-m-dispatch.prof", "py3.8-profile-m-recursive.prof",
};

static void every_cut_is_an_error_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct p2a_str file = whole_file(files[i]);
        for (size_t n = 0; n < file.n; n++)
            reads_or_says_why_not(file.at, n, false);
        free((void *)(uintptr_t)file.at);
    }
}

static void every_changed_byte_reads_or_is_an_error_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct p2a_str file = whole_file(files[i]);
        char *bytes = (char *)(uintptr_t)file.at;
        for (size_t at = 0; at < file.n; at++)
            for (int bit = 0; bit <= 8; bit++) {
                char change = (char)(bit == 8 ? 0xff : 1 << bit);
                bytes[at] ^= change;
                reads_or_says_why_not(bytes, file.n, true);
                bytes[at] ^= change;
            }
        free(bytes);
    }
}

/* Each type code at each byte: what is read as a length, a reference or a container where it is
 * none. */
static void every_type_in_every_place_reads_or_is_an_error(void **state)
{
    (void)state;
    const char types[] = "0NTFS.iIlgfyxstuaAzZrR()[<>{:c";
    for (size_t i = 0; i < 4; i++) {
        struct p2a_str file = whole_file(files[i]);
        char *bytes = (char *)(uintptr_t)file.at;
        for (size_t at = 0; at < file.n; at++)
            for (size_t type = 0; type < 2 * (sizeof types - 1); type++) {
                char kept = bytes[at];
                bytes[at] = (char)(types[type / 2] | (type % 2 ? 0x80 : 0));
                reads_or_says_why_not(bytes, file.n, true);
                bytes[at] = kept;
            }
        free(bytes);
    }
}

static void deep_nesting_is_one_error(void **state)
{
    (void)state;
    struct p2a_str bytes = repeated(BYTES("{"), BYTES("{N"), 100000, BYTES("N"));
    const struct p2a_load_options options = {.format = "pstats"};
    struct p2a_profile *p;
    struct p2a_error error;
    assert_int_equal(p2a_load_memory(bytes.at, bytes.n, "deep", &options, &p, &error), P2A_INPUT);
    assert_string_equal(error.message, "objects are nested more than 2000 deep");
    free((void *)(uintptr_t)bytes.at);
}

/* 30 levels of two references each: 2^30 callers in 400 bytes. */
static void callers_by_reference_end_at_the_limit(void **state)
{
    (void)state;
    char bytes[4096], *end = bytes;
    const char head[] = "{)\3z\1fi\1\0\0\0z\1f)\5i\1\0\0\0i\1\0\0\0i\0\0\0\0i\0\0\0\0{";
    end = (char *)memcpy(end, head, sizeof head - 1) + sizeof head - 1;
    for (int level = 0; level < 30; level++) {
        *end++ = (char)0xa9;
        *end++ = level ? 2 : 0;
        for (int i = 0; level && i < 2; i++, end += 5)
            memcpy(end, ((char[]){'r', (char)(level - 1), 0, 0, 0}), 5);
        *end++ = 'N';
    }
    end = (char *)memcpy(end, "00", 2) + 2;
    reads_or_says_why_not(bytes, (size_t)(end - bytes), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_an_error_with_its_place),
        cmocka_unit_test(every_changed_byte_reads_or_is_an_error_with_its_place),
        cmocka_unit_test(every_type_in_every_place_reads_or_is_an_error),
        cmocka_unit_test(deep_nesting_is_one_error),
        cmocka_unit_test(callers_by_reference_end_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
