#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fetch.h"

/* Merges from[low, mid) and from[mid, high) into TO. */
static void merge(uint32_t *to, const uint32_t *from, const size_t part[3], p2a_compare *compare,
                  const void *context)
{
    size_t left = part[0], right = part[1];
    for (size_t i = part[0]; i < part[2]; i++) {
        bool take_left =
            right == part[2] || (left < part[1] && compare(context, from[left], from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

bool p2a_sort(uint32_t *ids, size_t n, p2a_compare *compare, const void *context)
{
    uint32_t *spare = malloc((n + 1) * sizeof *spare);
    if (!spare)
        return false;
    uint32_t *from = ids, *to = spare;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = n - low < width ? n : low + width;
            size_t high = n - mid < width ? n : mid + width;
            merge(to, from, (size_t[]){low, mid, high}, compare, context);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != ids)
        memcpy(ids, from, n * sizeof *ids);
    free(spare);
    return true;
}

enum { DIGIT_BITS = 11, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(uint64_t key, unsigned digit)
{
    return key >> (DIGIT_BITS * digit) & (DIGIT_VALUES - 1);
}

/* Sorts by one digit; COUNT has how often each value of it comes. */
static void sort_by_digit(struct p2a_keyed *to, const struct p2a_keyed *from, size_t n,
                          unsigned digit, size_t count[DIGIT_VALUES])
{
    for (size_t value = 0, place = 0; value < DIGIT_VALUES; value++) {
        size_t next = place + count[value];
        count[value] = place;
        place = next;
    }
    for (size_t i = 0; i < n; i++)
        to[count[digit_of(from[i].key, digit)]++] = from[i];
}

bool p2a_sort_keyed(struct p2a_keyed *rows, size_t n)
{
    struct p2a_keyed *spare = malloc((n + 1) * sizeof *spare), *from = rows, *to = spare;
    size_t(*count)[DIGIT_VALUES] = calloc(DIGITS, sizeof *count);
    bool room = spare && count;
    for (size_t i = 0; room && i < n; i++)
        for (unsigned d = 0; d < DIGITS; d++)
            count[d][digit_of(rows[i].key, d)]++;
    for (unsigned d = 0; room && d < DIGITS && n; d++) {
        if (count[d][digit_of(rows[0].key, d)] == n)
            continue; /* the same in all of them */
        sort_by_digit(to, from, n, d, count[d]);
        struct p2a_keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows, from, n * sizeof *rows);
    free(spare);
    free(count);
    return room;
}

/* ---- texts ---- */

enum { KEY_BYTES = 7, FEW = 24 };

struct run { /* of rows whose texts are the same up to DEPTH bytes */
    size_t begin, end, depth;
};

struct runs {
    struct run *row;
    uint32_t n, room;
};

/* The next few bytes, and behind them how many there are, or that there are more. */
static uint64_t key_at(struct p2a_str text, size_t depth)
{
    size_t left = text.n - depth, n = left < KEY_BYTES ? left : KEY_BYTES;
    uint64_t key = 0;
    for (size_t i = 0; i < n; i++)
        key |= (uint64_t)(unsigned char)text.at[depth + i] << (56 - 8 * i);
    return key | (left > KEY_BYTES ? KEY_BYTES + 1 : n);
}

static bool goes_on(uint64_t key)
{
    return (key & 255) > KEY_BYTES;
}

static int compare_from(struct p2a_str a, struct p2a_str b, size_t depth)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > depth ? memcmp(a.at + depth, b.at + depth, n - depth) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static void sort_few(struct p2a_keyed *row, struct run run, const struct p2a_str *text)
{
    for (size_t i = run.begin + 1; i < run.end; i++) {
        struct p2a_keyed moved = row[i];
        size_t k = i;
        for (; k > run.begin && compare_from(text[row[k - 1].id], text[moved.id], run.depth) > 0;
             k--)
            row[k] = row[k - 1];
        row[k] = moved;
    }
}

static void give_keys(struct p2a_keyed *row, struct run run, const struct p2a_str *text)
{
    enum { AHEAD = 16 };
    for (size_t i = run.begin; i < run.end; i++) {
        if (i + AHEAD < run.end)
            p2a_fetch(text[row[i + AHEAD].id].at + run.depth);
        row[i].key = key_at(text[row[i].id], run.depth);
    }
}

/* Sorts a run by its next bytes; what is still the same becomes runs of their own. */
static bool sort_run(struct p2a_keyed *row, struct run run, const struct p2a_str *text,
                     struct runs *more)
{
    if (run.end - run.begin < FEW) {
        sort_few(row, run, text);
        return true;
    }
    give_keys(row, run, text);
    if (!p2a_sort_keyed(row + run.begin, run.end - run.begin))
        return false;
    for (size_t i = run.begin, end; i < run.end; i = end) {
        for (end = i + 1; end < run.end && row[end].key == row[i].key;)
            end++;
        if (end - i == 1 || !goes_on(row[i].key))
            continue;
        if (!p2a_grow(&more->row, &more->room, (uint64_t)more->n + 1, sizeof *more->row))
            return false;
        more->row[more->n++] = (struct run){i, end, run.depth + KEY_BYTES};
    }
    return true;
}

bool p2a_sort_texts(uint32_t *ids, size_t n, const struct p2a_str *text)
{
    struct p2a_keyed *row = malloc((n + 1) * sizeof *row);
    struct runs runs = {0};
    for (size_t i = 0; row && i < n; i++)
        row[i].id = ids[i];
    bool done = row && sort_run(row, (struct run){0, n, 0}, text, &runs);
    while (done && runs.n) {
        struct run run = runs.row[--runs.n];
        done = sort_run(row, run, text, &runs);
    }
    for (size_t i = 0; done && i < n; i++)
        ids[i] = row[i].id;
    free(runs.row);
    free(row);
    return done;
}
