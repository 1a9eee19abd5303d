#include "base/words.h"
#include "base/fetch.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 17, MOST_BYTES = 16 << 20 };

bool p2a_words_trim(struct p2a_words *words)
{
    if (words->n < MOST && words->bytes < MOST_BYTES)
        return false;
    p2a_words_free(words);
    return true;
}

static bool same(const void *table, uint32_t id, const void *key)
{
    const struct p2a_str *row = (const struct p2a_str *)table + id, *text = key;
    return row->n == text->n && memcmp(row->at, text->at, text->n) == 0;
}

static p2a_id add(struct p2a_words *words, uint64_t hash, struct p2a_str text)
{
    if (!p2a_grow(&words->row, &words->room, (uint64_t)words->n + 1, sizeof *words->row))
        return P2A_NONE;
    const char *at = p2a_arena_copy(&words->arena, text.at, text.n);
    if (!at || !p2a_index_add(&words->index, hash, words->n))
        return P2A_NONE;
    words->row[words->n] = (struct p2a_str){at, text.n};
    words->bytes += text.n;
    return words->n++;
}

/* The row that HASH finds at the first look, if any. */
static const struct p2a_str *first_look(const struct p2a_words *words, uint64_t hash)
{
    const struct p2a_slot *slot = &words->index.slot[hash & (words->index.room - 1)];
    return slot->id != P2A_INDEX_NONE ? &words->row[slot->id] : NULL;
}

/* An index slot, its row, the row's text: each is asked for as soon as the one before is there. */
static void fetch(const struct p2a_words *words, const uint64_t *hash, uint32_t n)
{
    const struct p2a_str *row;
    if (!words->n)
        return;
    for (uint32_t i = 0; i < n; i++)
        p2a_fetch(&words->index.slot[hash[i] & (words->index.room - 1)]);
    for (uint32_t i = 0; i < n; i++)
        if ((row = first_look(words, hash[i])))
            p2a_fetch(row);
    for (uint32_t i = 0; i < n; i++)
        if ((row = first_look(words, hash[i]))) {
            p2a_fetch(row->at);
            p2a_fetch(row->at + row->n);
        }
}

bool p2a_words_find(struct p2a_words *words, const struct p2a_str *text, uint32_t n, p2a_id *number)
{
    uint64_t hash[P2A_WORDS];
    for (uint32_t i = 0; i < n; i++)
        hash[i] = p2a_hash(text[i].at, text[i].n);
    fetch(words, hash, n);
    for (uint32_t i = 0; i < n; i++) {
        number[i] = p2a_index_find(&words->index, hash[i], same, words->row, &text[i]);
        if (number[i] == P2A_NONE && (number[i] = add(words, hash[i], text[i])) == P2A_NONE)
            return false;
    }
    return true;
}

void p2a_words_free(struct p2a_words *words)
{
    p2a_index_free(&words->index);
    free(words->row);
    p2a_arena_free(&words->arena);
    *words = (struct p2a_words){0};
}
