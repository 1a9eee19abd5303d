#include "codec/demangle.h"

#include <setjmp.h>
#include <string.h>

/* libiberty: binutils' own, the one that knows C++ and both manglings of Rust. Of its entries those
 * that hand over what they make piece by piece: their memory is the stack, and what goes on for too
 * long can be left. */
#include <libiberty/demangle.h>

enum {
    LONGEST = 1 << 16,      /* of a mangled name: longer ones are none, and cost stack */
    LONGEST_PLAIN = 1 << 16 /* of a plain one: 300 bytes can stand for gigabytes */
};

static bool is_mangled(struct p2a_str name)
{
    return p2a_str_starts(name, "_Z") || p2a_str_starts(name, "_R") ||
           p2a_str_starts(name, "__Z") || p2a_str_starts(name, "___Z");
}

struct plain {
    struct p2a_buffer text;
    bool rust, cut;
    jmp_buf too_long;
};

/* A piece of a Rust name may be in memory that would be lost, where it is an identifier; one of
 * punctuation never is, and no name goes on without. */
static bool can_leave(const struct plain *plain, const char *piece, size_t n)
{
    return !plain->rust || (n && piece[0] && strchr(":<>,&*(['", piece[0]));
}

static void take(const char *piece, size_t n, void *to)
{
    struct plain *plain = to;
    plain->cut |= n > LONGEST_PLAIN - plain->text.n;
    if (!plain->cut)
        p2a_buffer_add(&plain->text, piece, n);
    else if (can_leave(plain, piece, n))
        longjmp(plain->too_long, 1);
}

static bool make_plain(const char *mangled, struct plain *plain)
{
    if (setjmp(plain->too_long) != 0)
        return false;
    plain->rust = true;
    if (rust_demangle_callback(mangled, 0, take, plain))
        return !plain->cut;
    plain->text.n = 0;
    plain->rust = plain->cut = false;
    return cplus_demangle_v3_callback(mangled, DMGL_PARAMS | DMGL_ANSI, take, plain) != 0;
}

struct p2a_str p2a_demangle(struct p2a_str name, struct p2a_buffer *buffer)
{
    struct plain plain = {.text = {0}};
    if (!is_mangled(name) || name.n > LONGEST)
        return name;
    buffer->n = 0;
    if (!p2a_buffer_add(buffer, name.at, name.n))
        return name;
    bool made = make_plain(buffer->at, &plain) && !plain.text.failed;
    buffer->failed |= plain.text.failed;
    if (made) {
        buffer->n = 0;
        made = p2a_buffer_add(buffer, plain.text.at, plain.text.n);
    }
    p2a_buffer_free(&plain.text);
    return made ? (struct p2a_str){buffer->at, buffer->n} : name;
}
