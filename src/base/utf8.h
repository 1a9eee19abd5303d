/* UTF-8, decoded without trust. */
#ifndef P2A_BASE_UTF8_H
#define P2A_BASE_UTF8_H

#include "prof2any/format.h"

/* One code point of UTF-8 off the front of *S. A byte that begins no valid sequence (stray,
 * overlong, a surrogate, past U+10FFFF, cut short) is taken alone and gives U+FFFD. S must not be
 * empty. */
uint32_t p2a_utf8_next(struct p2a_str *s);

/* The same; false where a terminal could take it for a command (C0, DEL, C1, a byte that is no
 * UTF-8) or for an order to turn the line around (embeddings, overrides, isolates). */
bool p2a_utf8_plain(struct p2a_str *s);
/* Each byte of what isn't plain becomes '?'. */
void p2a_utf8_defuse(char *text);

#endif
