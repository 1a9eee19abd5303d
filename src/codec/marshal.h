/* marshal.h - Python's marshal streams, versions 0 to 5, read and written; knows nothing of
 * profiles. The definition is CPython's Python/marshal.c.
 *
 * Reading pulls one object at a time from bytes in memory:
 *
 *     struct marshal m;
 *     struct marshal_value v;
 *     p2a_marshal_start(&m, bytes);
 *     while (p2a_marshal_read(&m, &v)) ...
 *     p2a_marshal_stop(&m);
 *
 * An atom is a value at once. A container is a header: the calls that follow return its children,
 * and the one after the last child returns what comes behind it. A dict has no count: its keys and
 * values are closed by MARSHAL_END. Every failure is kept: from then on all calls fail, and
 * m.failure says what was wrong where. */
#ifndef P2A_CODEC_MARSHAL_H
#define P2A_CODEC_MARSHAL_H

#include "prof2any/format.h"

enum marshal_kind {
    MARSHAL_END, /* of a dict */
    MARSHAL_NONE,
    MARSHAL_BOOL, /* integer: 0 or 1 */
    MARSHAL_STOP, /* StopIteration */
    MARSHAL_ELLIPSIS,
    MARSHAL_INT,   /* integer */
    MARSHAL_BIG,   /* one that doesn't fit; integer: its bits where they are 64, else 0 */
    MARSHAL_FLOAT, /* real */
    MARSHAL_COMPLEX,
    MARSHAL_BYTES, /* text */
    MARSHAL_TEXT,  /* text: UTF-8, lone surrogates possible */
    /* Containers: n children follow. */
    MARSHAL_TUPLE,
    MARSHAL_LIST,
    MARSHAL_SET,
    MARSHAL_FROZENSET,
    MARSHAL_SLICE,
    MARSHAL_DICT, /* n is 0; MARSHAL_END closes it */
    MARSHAL_CODE  /* n is 0; p2a_marshal_code or p2a_marshal_leave comes next */
};
/* "a tuple", "an integer": for messages. */
const char *p2a_marshal_kind_name(enum marshal_kind kind);

#define MARSHAL_DEPTH  2000 /* as deep as CPython reads */
#define MARSHAL_NO_REF UINT32_MAX

struct marshal_value {
    enum marshal_kind kind;
    uint32_t n;
    uint32_t ref; /* the object's number, where others can refer to it; else MARSHAL_NO_REF */
    uint64_t at;  /* byte at which it (or the reference to it) stands */
    int64_t integer;
    double real;
    struct p2a_str text; /* borrowed from the input */
};

/* An object that others may refer to is kept as the place of its type byte. A reference to an atom
 * decodes the atom again; one to a container sends the reader back to the container's bytes, and
 * forward again at its end.
 *
 *   stream   … [tuple #7][u "a.py" #8][i 12][r 8] … [r 7] …
 *                ^ ref_at[7]                         the reader goes back to ref_at[7], numbering
 * from #8 on, and resumes behind [r 7] */

/* A container whose children are being read. */
struct marshal_open {
    uint64_t resume;      /* 0: read in place; else where reading goes on after a reference */
    uint32_t resume_refs; /* number of the next object there */
    uint32_t left; /* children to come; of a dict: 1 while a value is due, 0 while a key is */
    uint32_t ref;
    unsigned char kind; /* enum marshal_kind */
    unsigned char tail; /* of code: objects after the line number, 0 while that isn't known */
};

struct marshal_failure {
    bool failed, no_memory;
    uint64_t at;
    char text[192];
};

struct marshal {
    const unsigned char *start;
    uint64_t at, size;
    uint64_t *ref_at; /* by number */
    uint32_t
        *ref_tag; /* the caller's, 0 at first; MARSHAL_UNDONE while the children are being read */
    uint32_t ref_n, ref_room, tag_room;
    uint32_t next_ref;
    uint64_t *interned; /* offsets of version 1 and 2's interned strings, for type R */
    uint32_t interned_n, interned_room;
    struct marshal_open *open; /* MARSHAL_DEPTH of them */
    uint32_t depth;
    uint32_t replays;  /* of the open containers, how many were reached by a reference */
    uint64_t unfolded; /* bytes that references may still be read again for */
    bool again;        /* since p2a_marshal_again: all numbers are given already */
    unsigned char code_longs, code_tail; /* layout of code objects; 0: not known yet */
    int64_t code_line;
    struct marshal_failure failure;
};

/* The bytes must stay until p2a_marshal_stop. False: no memory. */
bool p2a_marshal_start(struct marshal *m, struct p2a_str bytes);
void p2a_marshal_stop(struct marshal *m);

/* The next object, or the end of the dict being read. False after a failure. */
bool p2a_marshal_read(struct marshal *m, struct marshal_value *value);
/* Passes one whole object; references in it are checked and not followed. */
bool p2a_marshal_skip(struct marshal *m);
/* After p2a_marshal_read gave VALUE and some of its children, if it has any: passes the others. At
 * no cost where it was reached by a reference, so tagging what was understood once makes references
 * cheap. */
bool p2a_marshal_leave(struct marshal *m, const struct marshal_value *value);

struct p2a_marshal_code {
    struct p2a_str name, file;
    int64_t line;
};
/* After MARSHAL_CODE: reads the code object to its end. The layout, which the stream doesn't name,
 * is told from the first one and kept. */
bool p2a_marshal_code(struct marshal *m, struct p2a_marshal_code *code);

/* A place between two objects, to which the reader can go back when it has read a whole object from
 * the outside to the end. */
struct marshal_mark {
    uint64_t at;
    uint32_t next_ref;
};
struct marshal_mark p2a_marshal_here(const struct marshal *m);
/* Reads once more from the mark on: one object, as if it stood alone. Its references are good,
 * those to objects behind it as well. */
void p2a_marshal_again(struct marshal *m, struct marshal_mark mark);

/* Forgets the failure and the containers that were open then, so that what was read whole before
 * can be read again. Returns the failure. */
struct marshal_failure p2a_marshal_take_failure(struct marshal *m);

/* A number below MARSHAL_UNDONE that the caller keeps for the object REF; 0 for MARSHAL_NO_REF. */
#define MARSHAL_UNDONE 0x80000000U
uint32_t p2a_marshal_tag(const struct marshal *m, uint32_t ref);
void p2a_marshal_set_tag(struct marshal *m, uint32_t ref, uint32_t tag);
/* Where the next object is a reference to one with a tag: passes it without a look at what it
 * refers to and returns the tag. Else returns 0 and passes nothing. */
uint32_t p2a_marshal_take_tag(struct marshal *m);

/* Where the next object has a number, or is a reference: passes it and returns the number. Else
 * returns MARSHAL_NO_REF and passes nothing, as at the end of a dict and in what a reference led
 * to.
 */
uint32_t p2a_marshal_take_number(struct marshal *m);
/* Where the object REF stands. */
struct marshal_mark p2a_marshal_place(const struct marshal *m, uint32_t ref);

/* Where the next object is a tuple of two integers and two floats and is written plainly, as the
 * figures of nearly all callers are: takes the whole at once. Else returns false and passes
 * nothing; p2a_marshal_read tells what it is. */
bool p2a_marshal_take_figures(struct marshal *m, int64_t count[2], double real[2]);
/* The same of the next four children of a tuple that has more. */
bool p2a_marshal_take_first_figures(struct marshal *m, int64_t count[2], double real[2]);

/* Where what comes next in a dict are references, and to each such figures: takes up to MOST at
 * once, and returns how many. */
struct marshal_entry {
    uint32_t number; /* the object's that is the key */
    int64_t count[2];
    double real[2];
};
uint32_t p2a_marshal_take_entries(struct marshal *m, struct marshal_entry *entry, uint32_t most);

/* Where the next object is a tuple of a string, an integer and a string, written plainly or
 * references that have tags: takes it at once, as above. */
struct marshal_text {
    struct p2a_str text;
    uint64_t at;
    uint32_t ref; /* its number, as in marshal_value; … */
    uint32_t tag; /* … of a reference, which is all that is known, its tag; else 0 */
};
struct marshal_triple {
    uint32_t ref;
    struct marshal_text first, last;
    int64_t integer;
};
bool p2a_marshal_take_triple(struct marshal *m, struct marshal_triple *triple);

/* Fails at byte AT with a sentence of the caller's; returns false. */
bool p2a_marshal_fail(struct marshal *m, uint64_t at, const char *text, ...) P2A_PRINTF(3, 4);

/* Writing: each call puts one object, or the head of one, at AT and returns its end. Only types u (
 * i l g { 0 are used and no references, which every Python from 2.5 on reads. A container's head is
 * followed by its children; a dict is closed by p2a_marshal_put_end. Nothing but text takes more
 * than MARSHAL_MOST bytes. */
#define MARSHAL_MOST 16
unsigned char *p2a_marshal_put_tuple(unsigned char *at, uint32_t n);
unsigned char *p2a_marshal_put_dict(unsigned char *at);
unsigned char *p2a_marshal_put_end(unsigned char *at);
unsigned char *p2a_marshal_put_int(unsigned char *at, int64_t value);
unsigned char *p2a_marshal_put_count(unsigned char *at, uint64_t value);
unsigned char *p2a_marshal_put_float(unsigned char *at, double value);
/* Text is UTF-8 in which lone surrogates may stand; any other byte 0xNN is written as U+DCNN, as
 * Python's surrogateescape does. Takes p2a_marshal_text_size bytes, which must be below 2^31. */
uint64_t p2a_marshal_text_size(struct p2a_str text);
unsigned char *p2a_marshal_put_text(unsigned char *at, struct p2a_str text);

#endif
