/* Unwrapping compressed input: gzip always (zlib), zstd where built in (libzstd). */
#ifndef P2A_IO_INFLATE_H
#define P2A_IO_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct p2a_error;
struct p2a_inflate;

/* Fills at most N bytes; returns how many, 0 at the end, -1 after an error it has reported. */
typedef long p2a_pull(void *from, unsigned char *bytes, size_t n);

/* Whether the first bytes are a compression's magic number. */
bool p2a_is_compressed(const unsigned char *start, size_t n);

/* A stage that unwraps what PULL gives; START are bytes already pulled, copied. NULL: no memory, or
 * a compression this build doesn't know, with the error set. */
struct p2a_inflate *p2a_inflate_new(p2a_pull *pull, void *from, const unsigned char *start,
                                    size_t n, struct p2a_error *error);
p2a_pull p2a_inflate_pull; /* FROM is the struct p2a_inflate */
void p2a_inflate_free(struct p2a_inflate *f);

#endif
