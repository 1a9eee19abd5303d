/* Figures for people: three digits and a unit they read without counting zeros. */
#ifndef P2A_BASE_HUMAN_H
#define P2A_BASE_HUMAN_H

#include "prof2any/format.h"

#define P2A_HUMAN_ROOM 64 /* enough for every text below, with its NUL */

/* VALUE in UNIT: "1.23 s", "45.6 ms", "12 min 5 s" for seconds; "1.5 KiB" for bytes; anything else
 * is counted: "1,234,567 samples" with WORD behind it unless that is "". Returns text. */
const char *p2a_human(char text[P2A_HUMAN_ROOM], double value, struct p2a_str unit,
                      struct p2a_str word);

/* "1,234,567" */
const char *p2a_human_count(char text[P2A_HUMAN_ROOM], uint64_t count);

/* What a noun ends with that N things are called by: "" or "s". */
static inline const char *p2a_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* What stands behind FIGURE for things called WORD: "sample" for "samples" behind "1". The plurals
 * that we name metrics by are known; any other word is a file's own, and stays. */
struct p2a_str p2a_human_word(const char *figure, struct p2a_str word);

/* For where every character counts: "4", "1,973", "156 k", "2.3 M". */
const char *p2a_human_brief(char text[P2A_HUMAN_ROOM], double count);

/* PART of WHOLE as "34.5 %": a decimal below ten too ("0.04 %", "<0.01 %"), 100 at most, "0 %" of
 * nothing. */
const char *p2a_human_share(char text[P2A_HUMAN_ROOM], double part, double whole);

/* The same for tables: never wide, and true of any value: "1e+300 s", "nan", "-inf". */
const char *p2a_human_figure(char text[P2A_HUMAN_ROOM], double value, struct p2a_str unit,
                             struct p2a_str word);

/* What is left out of a list: as p2a_human_share, but "-110 ms" where PART is no share of WHOLE:
 * where it is negative, or more. SCALE makes the unit's of them. */
const char *p2a_human_rest(char text[P2A_HUMAN_ROOM], double part, double whole, double scale,
                           struct p2a_str unit);

/* Shares for tables: "34.5%", always one decimal, "-" where there is none, ">999%". */
const char *p2a_human_percent(char text[P2A_HUMAN_ROOM], double part, double whole);

/* What stands before SIZE, a figure above: "+", "-", "" where it has been rounded to nothing. */
const char *p2a_human_sign(double change, const char *size);

/* A change with its sign: "+120 ms", "-1,234 calls", "0 ns" where there is none that shows. */
const char *p2a_human_change(char text[P2A_HUMAN_ROOM], double change, struct p2a_str unit,
                             struct p2a_str word);

/* The change from BEFORE to AFTER in percent of BEFORE: "+50 %", "-33.3 %", "0 %"; from ten times
 * on "12 times"; "new" and "gone" from and to nothing, "" where both are nothing. */
const char *p2a_human_ratio(char text[P2A_HUMAN_ROOM], double before, double after);
/* The same behind something else: ", +50 %", "". */
const char *p2a_human_and_ratio(char text[P2A_HUMAN_ROOM], double before, double after);

#endif
