/* How Python reads and spells values, where the program answers as a program in Python does. */
#ifndef P2A_CLI_PYTHON_H
#define P2A_CLI_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

/* int(WORD): false where it would raise. Beyond what fits, the nearest that does. */
bool python_int(const char *word, long long *value);
/* float(WORD): false where it would raise. */
bool python_float(const char *word, double *value);

enum { PYTHON_FLOAT_ROOM = 32 };
/* repr(VALUE) of a float, the shortest that reads back; returns text. */
char *python_float_repr(char text[PYTHON_FLOAT_ROOM], double value);
/* repr(TEXT) of a string, malloc'ed; NULL without memory. Bytes that are no UTF-8 stand as
 * the lone surrogates that Python makes of them. */
char *python_repr(const char *text);

/* What str.split and str.strip take as space, of ASCII. */
bool python_space(char c);

#endif
