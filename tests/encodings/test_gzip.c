/* What is packed in pieces is one gzip stream of the same bytes, whatever its size is and however
 * it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/arena.h"
#include "io/gzip.h"

struct packed {
    unsigned char *at;
    uint32_t n, room;
};

static void deliver(void *to, const unsigned char *bytes, size_t n)
{
    struct packed *p = to;
    assert_true(p2a_grow(&p->at, &p->room, (uint64_t)p->n + n, 1));
    memcpy(p->at + p->n, bytes, n);
    p->n += (uint32_t)n;
}

/* zlib takes header, checksum and length for right, and nothing follows. */
static void expect_unpacked(const struct packed *p, const unsigned char *bytes, size_t n)
{
    unsigned char *out = malloc(n + 1);
    z_stream z = {.next_in = p->at, .avail_in = p->n, .next_out = out, .avail_out = (uInt)n + 1};
    assert_non_null(out);
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_int_equal(z.total_out, n);
    assert_memory_equal(out, bytes, n);
    inflateEnd(&z);
    free(out);
}

static struct packed pack(const unsigned char *bytes, size_t n, size_t step)
{
    struct packed packed = {0};
    struct p2a_gzip *gzip = p2a_gzip_begin(deliver, &packed);
    assert_non_null(gzip);
    for (size_t at = 0; at < n; at += step)
        assert_true(p2a_gzip_add(gzip, bytes + at, n - at < step ? n - at : step));
    assert_true(p2a_gzip_end(gzip));
    p2a_gzip_free(gzip);
    return packed;
}

static uint32_t check(const unsigned char *bytes, size_t n, size_t step)
{
    struct packed packed = pack(bytes, n, step);
    expect_unpacked(&packed, bytes, n);
    free(packed.at);
    return packed.n;
}

static unsigned char by_chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned char)(*seed >> 56);
}

/* Sizes at and beside the ends of pieces (2^18), of batches (2^21) and of the window (2^15). */
static const size_t sizes[] = {0,
                               1,
                               (1 << 15) - 1,
                               1 << 18,
                               (1 << 18) + 1,
                               (1 << 19) - 1,
                               1 << 21,
                               (1 << 21) + 1,
                               (1 << 22) - 1,
                               1 << 22,
                               (1 << 22) + 77};
enum { SIZES = sizeof sizes / sizeof *sizes, MOST = (1 << 22) + 77 };

static void what_is_packed_unpacks(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(MOST);
    uint64_t seed = 1;
    assert_non_null(bytes);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = i % 1000 < 900 ? (unsigned char)(i % 71) : by_chance(&seed);
    for (size_t i = 0; i < SIZES; i++) {
        uint32_t n = check(bytes, sizes[i], 65536);
        assert_int_equal(check(bytes, sizes[i], 100003), n);
        check(bytes, sizes[i], MOST);
    }
    free(bytes);
}

/* Bytes by chance get longer, each piece by a little. */
static void what_cannot_be_packed_unpacks(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(MOST);
    uint64_t seed = 1;
    assert_non_null(bytes);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = by_chance(&seed);
    for (size_t i = 0; i < SIZES; i++)
        assert_in_range(check(bytes, sizes[i], 65536), sizes[i], sizes[i] + sizes[i] / 100 + 100);
    free(bytes);
}

/* A piece knows what was before it. */
static void pieces_cost_little(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(MOST);
    uint64_t seed = 1;
    assert_non_null(bytes);
    for (size_t i = 0; i < MOST; i++) /* it all comes again after 30,000 bytes */
        bytes[i] = i < 30000 ? by_chance(&seed) : bytes[i - 30000];
    assert_true(check(bytes, MOST, 65536) < 100000);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_unpacks),
        cmocka_unit_test(what_cannot_be_packed_unpacks),
        cmocka_unit_test(pieces_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
