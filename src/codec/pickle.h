/* pickle.h - the values in a Python pickle of protocol 2 to 5, without running anything: classes
 * are names, objects are what is put into them. Knows nothing of profiles. The definition is
 * CPython's Lib/pickle.py and Lib/pickletools.py.
 *
 * Values are numbered, and refer to one another by number; a hostile pickle may hold loops, so go
 * down by as many steps as you know and no more. */
#ifndef P2A_CODEC_PICKLE_H
#define P2A_CODEC_PICKLE_H

#include "prof2any/format.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_INT,   /* bools too */
    PICKLE_FLOAT, /* and integers beyond 64 bits */
    PICKLE_TEXT,  /* bytes too */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,   /* children: key, value, key, value, … */
    PICKLE_OBJECT, /* text: "module name"; children: its state, where it was given one */
};

/* Children are a chain: | first | -> next -> next … over links, in the order they were added. */
struct pickle_value {
    enum pickle_kind kind;
    uint32_t n, first, last; /* children: their number, their links */
    int64_t integer;
    double real;
    struct p2a_str text; /* borrowed from the input */
};

struct pickle_link {
    uint32_t value, next; /* UINT32_MAX: the last */
};

struct pickle {
    struct pickle_value *value;
    struct pickle_link *link;
    uint32_t value_n, value_room, link_n, link_room;
    uint32_t top; /* the value that the pickle is */
    bool no_memory;
    uint64_t at;     /* byte of what was wrong */
    char wrong[128]; /* "" where nothing is */
};

/* False with `wrong` and `at`, or `no_memory`. Free with p2a_pickle_free, in any case. */
bool p2a_pickle_read(struct pickle *p, struct p2a_str bytes);
void p2a_pickle_free(struct pickle *p);

/* Child I of VALUE, NULL where there is none; takes I steps. */
const struct pickle_value *p2a_pickle_child(const struct pickle *p,
                                            const struct pickle_value *value, uint32_t i);
/* What a dict has under the text KEY; NULL. */
const struct pickle_value *p2a_pickle_get(const struct pickle *p, const struct pickle_value *dict,
                                          const char *key);

#endif
