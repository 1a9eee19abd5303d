/* Texts are sorted as comparing them byte by byte says, those that are equal in the order they had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sort.h"

enum { MOST = 5000, LONGEST = 64 };

static uint64_t state = 7;

static unsigned any(unsigned below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % below;
}

/* How texts are made up: of which bytes, and how often one goes on from the one before. */
struct kind {
    const char *bytes;
    unsigned byte_n, longest, keeps;
};

static void make_texts(const struct kind *kind, struct p2a_str *text, size_t n,
                       char (*bytes)[LONGEST])
{
    for (size_t i = 0; i < n; i++) {
        size_t kept = i && any(10) < kind->keeps ? any((unsigned)text[i - 1].n + 1) : 0;
        size_t length = kept + any(kind->longest - (unsigned)kept + 1);
        if (kept)
            memcpy(bytes[i], bytes[i - 1], kept);
        for (size_t k = kept; k < length; k++)
            bytes[i][k] = kind->bytes[any(kind->byte_n)];
        text[i] = (struct p2a_str){bytes[i], length};
    }
}

static int compare(struct p2a_str a, struct p2a_str b)
{
    int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static void texts_are_in_order(void **unused)
{
    (void)unused;
    static const struct kind kinds[] = {{"ab", 2, 3, 0},        {"ab", 2, 60, 9},
                                        {"\0\1\377", 3, 20, 5}, {"0123456789", 10, 12, 3},
                                        {"a", 1, 64, 0},        {"\0", 1, 40, 0}};
    static struct p2a_str text[MOST];
    static char bytes[MOST][LONGEST];
    static uint32_t id[MOST];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t n = 0; n <= MOST; n = n * 3 + 1) {
            make_texts(&kinds[k], text, n, bytes);
            for (uint32_t i = 0; i < n; i++)
                id[i] = i;
            assert_true(p2a_sort_texts(id, n, text));
            for (size_t i = 1; i < n; i++) {
                int order = compare(text[id[i - 1]], text[id[i]]);
                assert_true(order < 0 || (order == 0 && id[i - 1] < id[i]));
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
