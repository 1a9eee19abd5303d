#include "model/origin.h"

#include <string.h>

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

static bool is_path(struct p2a_str path)
{
    struct p2a_str base = p2a_str_base(path), stem, extension;
    if (p2a_str_starts(path, "<") && p2a_str_ends(path, ">"))
        return path.n > 2;
    do
        if (!p2a_str_cut(base, '.', &stem, &extension))
            return false;
    while (base = extension, memchr(extension.at, '.', extension.n));
    return extension.n > 0 && extension.n <= 8 && !memchr(extension.at, ' ', extension.n);
}

bool p2a_cut_place(struct p2a_str *name, struct p2a_str *path, int64_t *line)
{
    size_t end = name->n, colon, open;
    uint64_t value;
    if (!p2a_str_ends(*name, ")"))
        return false;
    for (colon = end - 1; colon && name->at[colon] != ':'; colon--)
        continue;
    struct p2a_str digits = {name->at + colon + 1, end - colon - 2};
    if (!colon || !p2a_str_u64(digits, &value) || value > INT32_MAX)
        return false;
    for (open = colon; open > 1 && !(name->at[open - 1] == '(' && name->at[open - 2] == ' ');)
        open--;
    *path = (struct p2a_str){name->at + open, colon - open};
    if (open <= 2 || !is_path(*path))
        return false;
    *line = (int64_t)value;
    name->n = open - 2;
    return true;
}

struct p2a_str p2a_module_base(struct p2a_str module)
{
    bool drive = module.n > 2 && module.at[1] == ':' && module.at[2] == '\\';
    return p2a_str_starts(module, "/") || drive ? p2a_str_base(module) : module;
}
