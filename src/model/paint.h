/* The colours of functions in a picture: by where they come from, or by a palette of old. The same
 * name has the same colour in every picture.
 *
 * Colours are few, so that a style sheet names them: a paint is a small number, with a class name
 * and a fill for light and for dark backgrounds. */
#ifndef P2A_MODEL_PAINT_H
#define P2A_MODEL_PAINT_H

#include "model/colors.h"
#include "prof2any/format.h"

#define P2A_PALETTES                                                                               \
    "auto module change hot mem io wakeup java js perl python rust red green blue aqua yellow "    \
    "purple orange"
#define P2A_PAINTS      512 /* paints are numbers below */
#define P2A_PAINT_NAME  8   /* room for a class name and its NUL */
#define P2A_PAINT_WHOLE 0   /* the whole, threads */
#define P2A_PAINT_MARK  1   /* marker frames */

struct p2a_painter {
    const struct p2a_profile *p;
    const char *palette;
    bool directories; /* some Python file has one: own code and library can be told apart */
    const struct p2a_coloring *chosen; /* the project's rules come first; may be NULL */
};

struct p2a_painter p2a_painter_start(const struct p2a_profile *p, const char *palette);

/* The paint of FUNCTION in a box whose own value is this SHARE of the whole, 0 to 1: more of it
 * makes a stronger colour where the palette is "module". */
unsigned p2a_paint(const struct p2a_painter *painter, p2a_id function, double share);

/* The paint of RULE, one of p2a_coloring_rule's that isn't 0. */
unsigned p2a_paint_chosen(const struct p2a_coloring *chosen, unsigned rule, double share);

/* The paint of a box by how its value has changed, red for more and blue for less: in steps of the
 * change's share of the larger side, none where it is nothing to the WHOLE. */
unsigned p2a_paint_change(double before, double after, double whole);
/* The paint of step STEP, -P2A_CHANGE_STEPS (gone) to P2A_CHANGE_STEPS (new); 0: as it was. A step
 * starts at this share. */
unsigned p2a_paint_step(int step);
double p2a_paint_step_from(int step);
#define P2A_CHANGE_STEPS 5

/* "o21": letters and digits, a letter first. */
void p2a_paint_name(unsigned paint, char name[P2A_PAINT_NAME]);

/* 0xRRGGBB */
uint32_t p2a_paint_fill(unsigned paint, bool dark);

/* What the colour of FUNCTION stands for, for a legend: "own code", "libc.so.6"; "" where colours
 * stand for nothing. Functions with the same text have the same hue. */
struct p2a_str p2a_paint_meaning(const struct p2a_painter *painter, p2a_id function);

#endif
