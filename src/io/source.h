/* Where a reader's bytes come from: a file, a pipe, memory, compressed or not. All look the same.
 */
#ifndef P2A_IO_SOURCE_H
#define P2A_IO_SOURCE_H

#include "base/error.h"
#include "prof2any/format.h"

struct p2a_source;

/* Opens PATH ("-": standard input). ERROR is where the source reports, and lives as long as it: the
 * profile's own, so that what either of them meets ends the reader's loop. NULL after an error. */
struct p2a_source *p2a_source_open(const char *path, uint64_t max_bytes, struct p2a_error *error);
struct p2a_source *p2a_source_memory(const void *bytes, size_t n, uint64_t max_bytes,
                                     struct p2a_error *error);
/* PROGRESS is p2a_load_options' own. */
void p2a_source_progress(struct p2a_source *source,
                         void (*progress)(void *to, uint64_t done, uint64_t of), void *to);
void p2a_source_close(struct p2a_source *source);

/* From here on bad input is an end, not an error: what p2a_bad_line and p2a_bad_byte report, and
 * compressed data that breaks off, is kept, nothing more is read, and what was is a profile. */
void p2a_source_partial(struct p2a_source *source);
/* What was kept so; status P2A_OK: nothing. */
const struct p2a_error *p2a_source_broken(const struct p2a_source *source);

/* Lines that are read as a piece. Whole ones from the current place on, not consumed: up to the one
 * that ends WANT bytes on, fewer where no more is at hand, one where it is longer; the input's last
 * may lack its end. False at the end and after an error. */
bool p2a_lines_ahead(struct p2a_in *in, size_t want, struct p2a_str *lines);
/* As many of BYTES as p2a_lines_ahead would take; 0: no line ends in them. */
size_t p2a_whole_lines(struct p2a_str bytes, size_t want);

/* The first bytes, for the probes. */
void p2a_source_probe(struct p2a_source *source, struct p2a_probe *probe);
struct p2a_error *p2a_source_error(const struct p2a_source *source);

#endif
