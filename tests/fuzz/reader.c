/* The target of one reader: FUZZ_FORMAT is its name, "" leaves the choice to detection.
 *
 *   - the input is refused as bad input, in a sentence with a place, or it is read
 *   - what is read keeps the equations of p2a_check
 *   - what is read for a picture is as much as all, and keeps them, too
 *   - of every eighth input, two writers: whether and which, its bytes say, so that a finding stays
 *     one. Reading costs a fifth of what writing does, and is what the target is about
 *   - a writer writes it, or says in a sentence why it can't; what was written can be read again,
 *     and the equations hold still
 *
 * FUZZ_WRITERS=all goes through every writer: for a look at what was found. */
#include "fuzz.h"

static const size_t AGAIN = 1 << 14; /* the most that is read again */
static const uint32_t EVERY = 8;     /* inputs a turn of the writers */

static struct p2a_profile *load_so(const void *bytes, size_t size, const char *format,
                                   struct p2a_load_options options, struct p2a_error *error)
{
    struct p2a_profile *p;
    options.format = *format ? format : NULL;
    if (p2a_load_memory(bytes, size, "", &options, &p, error) == P2A_OK && !p)
        broken(format, "no profile and no error");
    return p;
}

static struct p2a_profile *load(const void *bytes, size_t size, const char *format,
                                struct p2a_error *error)
{
    return load_so(bytes, size, format, (struct p2a_load_options){0}, error);
}

static void expect_equations(struct p2a_profile *p, const char *where)
{
    struct p2a_error error;
    if (p2a_check(p, &error) != P2A_OK)
        broken(where, error.message);
}

/* Where paths may end early. */
static void read_for_picture(const uint8_t *bytes, size_t size, double whole)
{
    const struct p2a_load_options options = {
        .format = *FUZZ_FORMAT ? FUZZ_FORMAT : NULL, .lazy = true, .least = 0.1};
    struct p2a_error error;
    struct p2a_profile *p;
    if (p2a_load_memory(bytes, size, "", &options, &p, &error) != P2A_OK)
        broken("what was read", "can't be read for a picture");
    expect_equations(p, "what was read for a picture");
    if (whole != p2a_whole(p, 0) && !(isnan(whole) && isnan(p2a_whole(p, 0))))
        broken("what was read for a picture", "isn't as much");
    p2a_free(p);
}

static void read_again(const struct p2a_format *format, const void *bytes, size_t size)
{
    struct p2a_error error;
    if (!format->read || !size || size > AGAIN)
        return;
    struct p2a_profile *p = load(bytes, size, format->name, &error);
    if (!p) {
        fprintf(stderr, "%s wrote what it can't read:\n%.*s\n", format->name, (int)size,
                (const char *)bytes);
        broken(format->name, error.message);
    }
    expect_equations(p, format->name);
    p2a_free(p);
}

static void write_as(struct p2a_profile *p, const struct p2a_format *format)
{
    struct p2a_save_options options = {.format = format->name};
    struct p2a_error error;
    void *bytes;
    size_t size;
    enum p2a_status status = p2a_save_memory(p, &options, &bytes, &size, &error);
    if (status == P2A_OK)
        read_again(format, bytes, size);
    else if (status == P2A_SYSTEM)
        broken(format->name, error.message);
    else
        expect_sentence(&error);
    free(bytes);
    expect_equations(p, format->name);
}

/* Of a profile without call paths, so that they are made where a writer needs them, and without
 * lines or with packed ones. */
static void write_some(const uint8_t *bytes, size_t size, uint32_t turn)
{
    struct p2a_error error;
    const struct p2a_format *writer[64];
    size_t n = 0, some = getenv("FUZZ_WRITERS") ? 64 : turn % EVERY ? 0 : 2;
    struct p2a_load_options lazy = {.lazy = true, .no_lines = turn / EVERY % 2};
    struct p2a_profile *p = some ? load_so(bytes, size, FUZZ_FORMAT, lazy, &error) : NULL;
    if (some && !p)
        broken("what was read", "can't be read lazily");
    turn /= EVERY;
    for (size_t i = 0; i < p2a_format_count() && n < 64; i++)
        if (p2a_format_at(i)->write)
            writer[n++] = p2a_format_at(i);
    for (size_t i = 0; i < some && i < n; i++)
        write_as(p, writer[(turn + i * (1 + turn / 64 % (n - 1))) % n]);
    p2a_free(p);
}

/* By gzip or zstd; a frame of zstd's that is to be skipped may stand in front. */
static bool is_packed(const uint8_t *bytes, size_t size)
{
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd},
                         skipped[] = {0x2a, 0x4d, 0x18};
    return (size >= sizeof gzip && memcmp(bytes, gzip, sizeof gzip) == 0) ||
           (size >= sizeof zstd && memcmp(bytes, zstd, sizeof zstd) == 0) ||
           (size > sizeof skipped && memcmp(bytes + 1, skipped, sizeof skipped) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct p2a_error error;
    struct p2a_profile *p = load(bytes, size, FUZZ_FORMAT, &error);
    bool packed = is_packed(bytes, size);
    if (!p) {
        expect_refusal(&error, packed ? 0 : size);
        return 0;
    }
    expect_equations(p, "what was read");
    double whole = p2a_whole(p, 0);
    p2a_free(p);
    read_for_picture(bytes, size, whole);
    write_some(bytes, size, turn_of(bytes, size));
    return 0;
}
