/* Filling in an error value. */
#ifndef P2A_BASE_ERROR_H
#define P2A_BASE_ERROR_H

#include <stdarg.h>

#include "prof2any/prof2any.h"

/* Sets *error unless it is NULL or holds an error already; returns the status that counts. The path
 * and format stay as they are. */
enum p2a_status p2a_error_set(struct p2a_error *error, enum p2a_status status, const char *message,
                              ...) P2A_PRINTF(3, 4);
enum p2a_status p2a_error_setv(struct p2a_error *error, enum p2a_status status, const char *message,
                               va_list arguments) P2A_PRINTF(3, 0);
enum p2a_status p2a_error_memory(struct p2a_error *error);
/* Empties *error and names the file it will be about. */
void p2a_error_start(struct p2a_error *error, const char *path);

#endif
