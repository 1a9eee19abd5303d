/* YAML as a tree of what stands where: scalars, lists and maps. Anchors, aliases, tags and several
 * documents in a file are refused; so are the same key twice, more than a MiB, and more depth than
 * settings have. */
#ifndef P2A_CLI_YML_H
#define P2A_CLI_YML_H

#include "prof2any/prof2any.h"

enum yml_kind { YML_SCALAR, YML_LIST, YML_MAP };

struct yml {
    enum yml_kind kind;
    unsigned line, column; /* from 1 */
    char *text;            /* of a scalar; no NUL in it but the last */
    bool empty;            /* nothing was written: "key:" */
    struct yml *first;     /* of a list its items, of a map key, value, key, value, ... */
    struct yml *next, *last;
    unsigned n; /* of what is behind first */
};

/* NULL after an error: P2A_INPUT with the line, the column at the front of the message. Nothing but
 * blanks and comments is an empty scalar. The path of ERROR stays. */
struct yml *yml_parse(const char *bytes, size_t size, struct p2a_error *error);
void yml_free(struct yml *node); /* and what stands behind it; NULL is fine */

/* The error at the place of NODE; returns P2A_INPUT. The first one stays. */
enum p2a_status yml_bad(struct p2a_error *error, const struct yml *node, const char *message, ...)
    P2A_PRINTF(3, 4);

#endif
