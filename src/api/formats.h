/* The generated table of formats, in the order of their names, NULL at the end. */
#ifndef P2A_API_FORMATS_H
#define P2A_API_FORMATS_H

#include "prof2any/format.h"

extern const struct p2a_format *const p2a_formats[];

/* The format that is surest of the input; NULL with an error where none or several are. */
const struct p2a_format *p2a_detect_probe(const struct p2a_probe *probe, struct p2a_error *error);

#endif
