/* replaced.h - the recording of the program that this process was before exec. */
#ifndef P2A_COLLECTOR_REPLACED_H
#define P2A_COLLECTOR_REPLACED_H

#include <stdbool.h>
#include <stdint.h>

/* Ends the recording at PATH, if it is one and this process began it: what the process does from now on
 * isn't the time of the call of exec. Other files stay as they are. */
void p2a_end_replaced(const char *path);

#endif
