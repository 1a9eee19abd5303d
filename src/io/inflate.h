/* Unwrapping compressed input: gzip by zlib and zstd by libzstd, the formats' own libraries. */
#ifndef P2A_IO_INFLATE_H
#define P2A_IO_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct p2a_error;
struct p2a_inflate;

/* Fills at most N bytes; returns how many, 0 at the end, -1 after an error it has reported. */
typedef long p2a_pull(void *from, unsigned char *bytes, size_t n);

enum p2a_packing { P2A_PLAIN, P2A_GZIP, P2A_ZSTD };

/* By the magic number that the first bytes are. */
enum p2a_packing p2a_packing_of(const unsigned char *start, size_t n);

/* A stage that unwraps what PULL gives; START are bytes already pulled, copied. NULL: no memory,
 * with the error set. */
struct p2a_inflate *p2a_inflate_new(enum p2a_packing packing, p2a_pull *pull, void *from,
                                    const unsigned char *start, size_t n, struct p2a_error *error);
p2a_pull p2a_inflate_pull; /* FROM is the struct p2a_inflate */
void p2a_inflate_free(struct p2a_inflate *f);

#endif
