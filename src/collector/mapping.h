/* mapping.h - the memory of a recording: one range of addresses, reserved whole at the start, so
 * that nothing in it ever moves; backed by a file, or by nothing but memory.
 *
 *   base          used        ready                                      reserved
 *    | cells taken |  . . . .  |   addresses only: touched by nobody      |
 *                               `- a file ends here: its blocks are allocated up to this, so that
 *                                  a full disk is an error of p2a_mapping_take, and no SIGBUS  */
#ifndef P2A_COLLECTOR_MAPPING_H
#define P2A_COLLECTOR_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct p2a_mapping {
    unsigned char *base;
    size_t used, ready, reserved; /* bytes */
    int fd;                       /* -1: no file */
    dev_t device;                 /* of the file, to know it again: programs close what they */
    ino_t inode;                  /* don't know, and numbers are used anew */
    char *path;                   /* absolute */
};

/* Reserves up to MOST bytes; where the system gives less, what it gives. With a PATH, makes a
 * new file there; one that is there already is unlinked, never cut: somebody may have it mapped.
 * 0, or an errno. */
int p2a_mapping_open(struct p2a_mapping *m, const char *path, size_t most);

/* N bytes of zeros (a multiple of a cell) behind those taken before; NULL with an errno: ENOSPC and
 * the like from the file, ENOMEM where the addresses are used up. */
void *p2a_mapping_take(struct p2a_mapping *m, size_t n);

/* Gives back the blocks of a file that aren't taken. Taking goes on as before. */
void p2a_mapping_trim(struct p2a_mapping *m);

/* In the child of a fork, before anything else: puts zeros of the child's own in place of the file,
 * which is the parent's. False: it could not. Async-signal-safe. */
bool p2a_mapping_blank(struct p2a_mapping *m);

void p2a_mapping_close(struct p2a_mapping *m);

/* Closes what is to leave no file behind. */
void p2a_mapping_discard(struct p2a_mapping *m);

#endif
