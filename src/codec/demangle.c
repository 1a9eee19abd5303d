#include "codec/demangle.h"

#include <stdlib.h>

/* libiberty: binutils' own, the one that knows C++ and both manglings of Rust. Of its entries those
 * that report a failed allocation instead of ending the program. */
#include <libiberty/demangle.h>

enum { LONGEST = 1 << 16 }; /* longer ones are no names, and cost stack */

static bool is_mangled(struct p2a_str name)
{
    return p2a_str_starts(name, "_Z") || p2a_str_starts(name, "_R") ||
           p2a_str_starts(name, "__Z") || p2a_str_starts(name, "___Z");
}

struct p2a_str p2a_demangle(struct p2a_str name, struct p2a_buffer *buffer)
{
    if (!is_mangled(name) || name.n > LONGEST)
        return name;
    buffer->n = 0;
    if (!p2a_buffer_add(buffer, name.at, name.n) || !p2a_buffer_add(buffer, "", 1))
        return name;
    char *plain = rust_demangle(buffer->at, 0);
    if (!plain)
        plain = cplus_demangle_v3(buffer->at, DMGL_PARAMS | DMGL_ANSI);
    if (!plain)
        return name;
    struct p2a_str text = p2a_str_of(plain);
    buffer->n = 0;
    bool kept = p2a_buffer_add(buffer, text.at, text.n);
    free(plain);
    return kept ? (struct p2a_str){buffer->at, buffer->n} : name;
}
