/* bias.h - takes off what the profiler itself adds to the times that it records: BIAS ticks for
 * each event. A call is two: what the first costs falls to the caller, what the second costs to the
 * callee.
 *
 *     less(n) = self(n) - bias * (calls(n) + Σ calls(children of n)), at least 0
 *
 * Folded calls stay as they are. With a timer of the program's and no bias, so does all: where the
 * timer runs backwards times are negative, as cProfile's are. Files hold none. */
#ifndef P2A_COLLECTOR_BIAS_H
#define P2A_COLLECTOR_BIAS_H

#include "collector/recorder.h"

/* less(n) of every node, by its cell; to be freed. NULL: no memory. */
double *p2a_self_less(const struct p2a_recorder *r, double bias);

/* What a file of the recording would hold, with less(n), to whole ticks, in place of self(n): *SIZE
 * bytes to be freed. NULL: no memory. */
unsigned char *p2a_recording_less(const struct p2a_recorder *r, double bias, size_t *size);

#endif
