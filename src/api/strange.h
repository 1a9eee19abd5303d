/* What an input may be that no format reads, for the sentence that refuses it. */
#ifndef P2A_API_STRANGE_H
#define P2A_API_STRANGE_H

#include "prof2any/format.h"

/* By the first bytes, and by the name where they don't tell: what it is and what to do about it, or
 * NULL. Where a format has KNOWN it, only what can't be one whatever it looks like. */
const char *p2a_strange(struct p2a_str start, const char *path, bool known);

#endif
