/* Which functions a limit names. A plain word means what carries that name, wherever it lies;
 * anything else is a regular expression:
 *
 *   parse           a function of that name, of any class and module
 *   Parser.parse    ... of that class, or of a module or package Parser
 *   requests.get    ... get in requests or anywhere below it
 *   module:json     the module or package and all below it
 *   file:db/        a folder db on the way to the file;  file:app/db.py  the end of its path */
#include <stdlib.h>
#include <string.h>

#include "model/measure.h"
#include "model/pattern.h"
#include "model/select.h"

static bool is_plain(struct p2a_str word, const char *more)
{
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.at[i];
        bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c >= 0x80;
        bool dot = c == '.' && i && i + 1 < word.n && word.at[i - 1] != '.';
        if (!name && !dot && !(c && strchr(more, c)))
            return false;
    }
    return word.n;
}

/* Whether S ends in WORD, behind one of MARKS where it doesn't begin with it. */
static bool ends_in(struct p2a_str s, struct p2a_str word, const char *marks)
{
    if (!word.n || word.n > s.n || memcmp(s.at + s.n - word.n, word.at, word.n) != 0)
        return false;
    return word.n == s.n || strchr(marks, s.at[s.n - word.n - 1]);
}

/* Whether WORD stands in S between MARKS or the ends. */
static bool goes_through(struct p2a_str s, struct p2a_str word, const char *marks)
{
    for (size_t end = word.n; word.n && end <= s.n; end++)
        if ((end == s.n || strchr(marks, s.at[end])) &&
            ends_in((struct p2a_str){s.at, end}, word, marks))
            return true;
    return false;
}

/* "time.sleep" of "<built-in method time.sleep>"; else S. */
static struct p2a_str without_frills(struct p2a_str s)
{
    static const char *const frills[] = {"<built-in method ", "<built-in function ", "<method '"};
    for (size_t i = 0; i < sizeof frills / sizeof *frills; i++) {
        struct p2a_str head, tail;
        size_t n = strlen(frills[i]);
        if (!p2a_str_starts(s, frills[i]))
            continue;
        p2a_str_cut((struct p2a_str){s.at + n, s.n - n}, i == 2 ? '\'' : '>', &head, &tail);
        return head;
    }
    return s;
}

struct names {
    struct p2a_str name, qualname, module;
    struct p2a_str script; /* "app", where app.py is __main__ */
};

/* The end of WORD names the function, what is before it its module, or its type. */
static bool is_called(const struct names *f, struct p2a_str word)
{
    for (size_t i = 0; i <= word.n; i++) {
        struct p2a_str head = {word.at, i}, tail = {word.at + i, word.n - i};
        if (i && word.at[i - 1] != '.')
            continue;
        head.n -= i > 0;
        if ((ends_in(f->name, tail, ".:") || ends_in(f->qualname, tail, ".:")) &&
            (!head.n || goes_through(f->module, head, "./:") || ends_in(f->script, head, "")))
            return true;
    }
    return false;
}

static struct p2a_str script_of(struct p2a_str file, struct p2a_str module)
{
    struct p2a_str script = p2a_str_base(file);
    if (!p2a_str_is(module, "__main__") || !p2a_str_ends(script, ".py"))
        return p2a_str_of("");
    script.n -= strlen(".py");
    return script;
}

static struct names names_of(struct p2a_profile *p, p2a_id id)
{
    p2a_id module = p2a_module_name(p, id);
    const struct p2a_function *f = &p->functions.row[id];
    struct p2a_str name = p2a_string(p, f->name), type = {0}, rest;
    if (p2a_str_starts(name, "<method '") && p2a_str_cut(name, '\'', &rest, &name) &&
        p2a_str_cut(name, '\'', &rest, &name) && p2a_str_cut(name, '\'', &rest, &name))
        p2a_str_cut(name, '\'', &type, &rest);
    return (struct names){.name = without_frills(p2a_string(p, f->name)),
                          .qualname = p2a_string(p, f->qualname),
                          .module = type.n ? type : p2a_string(p, module),
                          .script = script_of(p2a_string(p, f->file), p2a_string(p, module))};
}

static bool is_in_module(const struct names *f, struct p2a_str word)
{
    struct p2a_str module = f->module;
    bool below = p2a_str_starts(module, word.at) && module.n > word.n && module.at[word.n] == '.';
    return p2a_str_is(module, word.at) || below || p2a_str_is(p2a_str_base(module), word.at) ||
           p2a_str_is(f->script, word.at);
}

static bool is_in_file(struct p2a_str file, struct p2a_str word)
{
    if (word.n && word.at[word.n - 1] == '/')
        return goes_through(file, (struct p2a_str){word.at, word.n - 1}, "/\\") &&
               !ends_in(file, (struct p2a_str){word.at, word.n - 1}, "/\\");
    return ends_in(file, word, "/\\");
}

struct search {
    struct p2a_profile *p;
    enum p2a_whom whom;
    struct p2a_str word;
    bool plain;
    struct p2a_pattern *pattern;
    struct p2a_buffer spelled;
    struct p2a_error *error;
};

static bool is_meant(struct search *s, p2a_id id)
{
    struct names names = names_of(s->p, id);
    struct p2a_str file = p2a_string(s->p, s->p->functions.row[id].file);
    if (s->whom == P2A_MODULE)
        return s->plain ? is_in_module(&names, s->word)
                        : p2a_pattern_holds(s->pattern, names.module, s->error);
    if (s->whom == P2A_FILE)
        return s->plain ? is_in_file(file, s->word) : p2a_pattern_holds(s->pattern, file, s->error);
    return s->plain ? is_called(&names, s->word)
                    : p2a_pattern_holds(s->pattern,
                                        p2a_spell(s->p, id, P2A_NAMES_FULL, &s->spelled), s->error);
}

enum p2a_status p2a_set_of(struct p2a_side *side, enum p2a_whom whom, const char *pattern,
                           struct p2a_set *set, struct p2a_error *error)
{
    struct p2a_profile *p = side->p;
    struct search s = {.p = p, .whom = whom, .word = p2a_str_of(pattern), .error = error};
    s.plain = is_plain(s.word, whom == P2A_FILE ? "/-+ " : "");
    *set = (struct p2a_set){.n = p->functions.n, .in = calloc((size_t)p->functions.n + 1, 1)};
    if (!set->in)
        return p2a_error_memory(error);
    s.pattern = s.plain ? NULL : p2a_pattern_new(NULL, pattern, error);
    for (p2a_id f = 0; f < set->n && error->status == P2A_OK; f++) {
        const struct p2a_graph *g = &p->graph;
        if (p->functions.row[f].kind == P2A_MARKER || !is_meant(&s, f))
            continue;
        set->in[f] = 1;
        set->any = true;
        set->count += f < g->node_n && g->node[f].has & P2A_HAS_ROW;
    }
    if (s.spelled.failed)
        p2a_error_memory(error);
    p2a_pattern_free(s.pattern);
    p2a_buffer_free(&s.spelled);
    struct p2a_error interning; /* doesn't stay in the profile, whatever else went wrong */
    if (p2a_take_error(p, &interning) != P2A_OK && error->status == P2A_OK)
        *error = interning;
    return error->status;
}
