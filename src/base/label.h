/* What a box of a picture says about its function when there is little room: the telling end. */
#ifndef P2A_BASE_LABEL_H
#define P2A_BASE_LABEL_H

#include "prof2any/format.h"

/* Columns of a fixed-width font that S takes; wide characters take two. */
size_t p2a_columns(struct p2a_str s);

/* The end of a path that tells files apart: "json/__init__.py:12" of
 * "/usr/lib/json/__init__.py:12", "app.py:3" of "/home/app.py:3". */
struct p2a_str p2a_place_tail(struct p2a_str place);

/* The longest of these that takes at most COLUMNS, into LABEL (emptied first):
 *     <built-in method builtins.exec>                     json.decoder.decode (decoder.py:332)
 *     builtins.exec       what it is without its frills   json.decoder.decode
 *     exec                fewer components                decoder.decode, decode
 *     ex…                 the start of the last one       dec…
 * A module's body goes by its file. PLACE is "path:line", "path" or "". Nothing fits: an empty
 * label. False: no memory. */
bool p2a_label(struct p2a_buffer *label, struct p2a_str name, struct p2a_str place, size_t columns);

/* A builtin method that is named by an address as by its type: "<built-in method __new__ of type
 * object at 0x9534a0>" becomes type.__new__, in PIECE; other names stay. False: no memory. */
bool p2a_label_method(struct p2a_buffer *piece, struct p2a_str *name);

#endif
