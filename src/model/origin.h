/* What a function is, told by its name and its file: for formats that say no more of it. */
#ifndef P2A_MODEL_ORIGIN_H
#define P2A_MODEL_ORIGIN_H

#include "prof2any/format.h"

/* Sets the kind of a function of which none is known, where its name or file tells: Python, or one
 * of Python's builtins, which get the file "~" that cProfile gives them. */
void p2a_tell_kind(struct p2a_profile *p, struct p2a_function *function);

/* Cuts " (path:line)" off the end of *NAME, where path is a file's: it has an extension or stands
 * in angle brackets. False: there is none, and all stays. */
bool p2a_cut_place(struct p2a_str *name, struct p2a_str *path, int64_t *line);

/* A module that is a file, without its folders; else as it is. */
struct p2a_str p2a_module_base(struct p2a_str module);

#endif
