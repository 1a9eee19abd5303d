/* How much room text takes on a terminal, where every character has 0, 1 or 2 cells. */
#ifndef P2A_BASE_CELLS_H
#define P2A_BASE_CELLS_H

#include "prof2any/format.h"

/* Takes one character off the front of *S (not empty) and gives what stands for it in a line, in
 * *TEXT, and its cells. What isn't plain (p2a_utf8_plain) and marks without a shape, those of
 * direction among them, are "?". */
unsigned p2a_cells_next(struct p2a_str *s, struct p2a_str *text);

/* Cells of S, taken so. */
size_t p2a_cells(struct p2a_str s);

/* The start of S that takes at most CELLS. */
struct p2a_str p2a_cells_start(struct p2a_str s, size_t cells);
/* The end of S that takes at most CELLS. */
struct p2a_str p2a_cells_end(struct p2a_str s, size_t cells);

/* PATH, "/usr/lib/python3/json/decoder.py:343", in at most CELLS, into TEXT (emptied first): the
 * middle is left out, "/usr/…/json/decoder.py:343", then the start, "…son/decoder.py:343". False:
 * no memory. */
bool p2a_cells_path(struct p2a_buffer *text, struct p2a_str path, size_t cells);

#endif
