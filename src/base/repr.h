/* Values as Python's repr() spells them, where a report is in its words. */
#ifndef P2A_BASE_REPR_H
#define P2A_BASE_REPR_H

#include "prof2any/format.h"

/* 'text', or "it's": what str.isprintable has no place for is escaped, a byte that is no UTF-8 as
 * the surrogate that Python decodes it to. False: no memory. */
bool p2a_repr_text(struct p2a_buffer *buffer, struct p2a_str text);

/* The fewest digits that read back as VALUE: 0.1, 1e-05. VALUE is finite. */
bool p2a_repr_double(struct p2a_buffer *buffer, double value);

/* Code point C as \n, \x1b or \u202e; TEXT has room for 11. Returns the length. */
size_t p2a_repr_escape(char *text, uint32_t c);

#endif
