#include "model/origin.h"

static bool is_python(struct p2a_str file)
{
    return p2a_str_ends(file, ".py") || p2a_str_ends(file, ".pyx") || p2a_str_ends(file, ".pyw") ||
           (p2a_str_starts(file, "<frozen ") && p2a_str_ends(file, ">"));
}

static bool is_builtin(struct p2a_str name)
{
    return p2a_str_ends(name, ">") &&
           (p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method '"));
}

void p2a_tell_kind(struct p2a_profile *p, struct p2a_function *function)
{
    struct p2a_str file = p2a_string(p, function->file);
    if (function->kind != P2A_UNKNOWN)
        return;
    if (is_python(file))
        function->kind = P2A_PYTHON;
    if ((!file.n || p2a_str_is(file, "~")) && is_builtin(p2a_string(p, function->name))) {
        function->kind = P2A_BUILTIN;
        function->file = p2a_intern(p, P2A_LIT("~"));
    }
}
