/* Lines for a terminal: columns that line up whatever the names in them are, in colour where it is
 * wanted, and nothing in them that could command the terminal. */
#ifndef P2A_BASE_SHEET_H
#define P2A_BASE_SHEET_H

#include "base/cells.h"

/* Colours that can be read on light and on dark. */
enum p2a_ink {
    P2A_INK,
    P2A_FAINT,
    P2A_STRONG,
    P2A_HOT,
    P2A_WARM,
    P2A_PALE,
    P2A_COOL, /* as strong as hot, and its contrary */
    P2A_HOT_ON_PALE,
    P2A_WARM_ON_PALE
};

/* The line that is being laid out. All zero but for the wishes, it is empty. */
struct p2a_sheet {
    bool color, ascii; /* ascii: a '?' for other characters, but for those that have a likeness */
    size_t width;      /* what would go beyond it is left off; 0: no limit */
    struct p2a_buffer line;
    size_t cells;  /* so far, … */
    size_t blanks; /* … the last of them blanks that aren't in the line yet */
    enum p2a_ink ink, shown;
};

void p2a_sheet_ink(struct p2a_sheet *sheet, enum p2a_ink ink); /* of what follows */
void p2a_sheet_put(struct p2a_sheet *sheet, struct p2a_str text);
void p2a_sheet_text(struct p2a_sheet *sheet, const char *text);
void p2a_sheet_blank(struct p2a_sheet *sheet, size_t cells);
/* TEXT with blanks before it, CELLS in all, or more where it is longer. */
void p2a_sheet_right(struct p2a_sheet *sheet, const char *text, size_t cells);
/* TEXT in at most CELLS, with '…' at its end where it is cut. */
void p2a_sheet_cut(struct p2a_sheet *sheet, struct p2a_str text, size_t cells);
/* TEXT, going on in the next line before a word that has no room in this one. */
void p2a_sheet_prose(struct p2a_sheet *sheet, struct p2a_str text, struct p2a_out *out);
/* Writes the line, without the blanks at its end, and begins the next. */
void p2a_sheet_end(struct p2a_sheet *sheet, struct p2a_out *out);
/* Reports it where there was no memory, and frees. */
void p2a_sheet_free(struct p2a_sheet *sheet, struct p2a_out *out);

#endif
