/* Numbers for texts that come again and again. */
#ifndef P2A_BASE_WORDS_H
#define P2A_BASE_WORDS_H

#include "base/arena.h"
#include "base/index.h"
#include "prof2any/format.h"

/* Zero has none. */
struct p2a_words {
    struct p2a_index index;
    struct p2a_str *row; /* by number */
    uint32_t n, room;
    struct p2a_arena arena;
    size_t bytes;
};

/* Forgets all where they are so many that they can't be those that come again; whether it did. */
bool p2a_words_trim(struct p2a_words *words);
/* The number of each TEXT into NUMBER; new ones are counted from words->n, in the order of the
 * texts. What lies far apart in memory is asked for before any of it is needed. False: no memory.
 */
enum { P2A_WORDS = 32 }; /* no more at once */
bool p2a_words_find(struct p2a_words *words, const struct p2a_str *text, uint32_t n,
                    p2a_id *number);
void p2a_words_free(struct p2a_words *words);

#endif
