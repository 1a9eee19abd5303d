/* Where a writer's bytes go: standard output, a file that appears whole or not at all, memory. */
#ifndef P2A_IO_SINK_H
#define P2A_IO_SINK_H

#include "base/error.h"
#include "prof2any/format.h"

struct p2a_sink;

/* PATH "-" is standard output; a path that ends in ".gz" is compressed. A regular file is written
 * beside its place, through symbolic links, and moved there by p2a_sink_finish with the mode of the
 * file it replaces; devices and FIFOs are written directly. NULL after an error. */
struct p2a_sink *p2a_sink_open(const char *path, struct p2a_error *error);
/* NULL without memory. */
struct p2a_sink *p2a_sink_memory(struct p2a_error *error);

void p2a_sink_write(struct p2a_sink *sink, const void *bytes, size_t n);
struct p2a_error *p2a_sink_error(const struct p2a_sink *sink);
/* Flushes, and puts the file in its place unless there was an error. */
enum p2a_status p2a_sink_finish(struct p2a_sink *sink);
/* What was written to memory, malloc'ed, the caller's from here on. */
void *p2a_sink_take(struct p2a_sink *sink, size_t *n);
/* What was written to memory goes to another sink, and so does an error; there is room for more
 * then.
 */
void p2a_sink_move(struct p2a_sink *from, struct p2a_sink *to);
/* Frees the sink; a file that wasn't finished is removed. */
void p2a_sink_close(struct p2a_sink *sink);

#endif
