/* The generated table of formats, in the order of their names, NULL at the end. */
#ifndef P2A_API_FORMATS_H
#define P2A_API_FORMATS_H

#include "prof2any/format.h"

extern const struct p2a_format *const p2a_formats[];

/* Whether the input is text in UTF-16 (or UTF-32), which no format reads; says so in ERROR. MARKED: a
 * byte order mark is enough to tell. */
bool p2a_is_wide(struct p2a_str start, bool marked, struct p2a_error *error);

/* How many bytes of START are a UTF-8 byte order mark: 3 or 0. */
size_t p2a_mark(struct p2a_str start);

/* The format that is surest of the input; NULL with an error where none or several are. */
const struct p2a_format *p2a_detect_probe(const struct p2a_probe *input, struct p2a_error *error);

#endif
