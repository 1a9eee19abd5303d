/* The same function, known with its module in one input and without it in another. */
#ifndef P2A_MODEL_ALIKE_H
#define P2A_MODEL_ALIKE_H

#include "model/core.h"

/* What is one of N functions as far as is known: the two of a name, file, line and kind, if there
 * are just two and one's module isn't known. OTHER, by function, becomes its counterpart or
 * P2A_NONE; a function without a file has none. False: no memory. */
bool p2a_find_alike(const struct p2a_function *function, uint32_t n, p2a_id *other);

#endif
