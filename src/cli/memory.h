/* How much memory the program may take for itself. */
#ifndef P2A_CLI_MEMORY_H
#define P2A_CLI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "512M", "1.5GiB", "none" (UINT64_MAX); without a letter it is bytes. */
bool memory_size(const char *text, uint64_t *bytes);

/* From now on allocations beyond SIZE fail, and so does what needs them, in a sentence. NULL: three
 * quarters of what the machine or the control group has. Files that are mapped to be read don't
 * count. */
void memory_limit(const char *size);

/* What there is to say behind "out of memory" where the limit may be why; "" where there is none.
 * Returns text. */
const char *memory_hint(char *text, size_t size);

#endif
