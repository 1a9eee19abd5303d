/* src/web/flamegraph.js does the same when a box changes its size; tests/flamegraph/labels.tsv
 * holds both to it. */
#include <string.h>

#include "base/label.h"
#include "base/utf8.h"

static size_t columns_of(uint32_t c)
{
    return c >= 0x1100 && c != 0xFFFD && !(c >= 0x2000 && c < 0x2E80) ? 2 : 1;
}

size_t p2a_columns(struct p2a_str s)
{
    size_t n = 0;
    while (s.n)
        n += columns_of(p2a_utf8_next(&s));
    return n;
}

static bool add(struct p2a_buffer *b, struct p2a_str s)
{
    return p2a_buffer_add(b, s.at, s.n);
}

static struct p2a_str from(struct p2a_str s, size_t i)
{
    return (struct p2a_str){s.at + i, s.n - i};
}

static bool contains(struct p2a_str s, const char *word)
{
    return s.n && memmem(s.at, s.n, word, strlen(word));
}

struct p2a_str p2a_place_tail(struct p2a_str place)
{
    struct p2a_str base = p2a_str_base(place);
    if (!p2a_str_starts(base, "__init__.py") && !p2a_str_starts(base, "__main__.py"))
        return base;
    size_t before = place.n - base.n;
    struct p2a_str directory = {place.at, before ? before - 1 : 0};
    return from(place, directory.n - p2a_str_base(directory).n);
}

static struct p2a_str without_line(struct p2a_str place)
{
    for (size_t i = place.n; i > 1; i--) {
        char c = place.at[i - 1];
        if (c == ':' && i < place.n)
            return (struct p2a_str){place.at, i - 1};
        if (c < '0' || c > '9')
            break;
    }
    return place;
}

/* "<method 'poll' of 'select.poll' objects>" is select.poll.poll. */
static bool add_method(struct p2a_buffer *b, struct p2a_str name)
{
    struct p2a_str before, method, of, type, rest;
    bool shaped = p2a_str_cut(name, '\'', &before, &rest) &&
                  p2a_str_cut(rest, '\'', &method, &rest) && p2a_str_cut(rest, '\'', &of, &rest) &&
                  p2a_str_cut(rest, '\'', &type, &rest);
    if (!shaped)
        return add(b, name);
    return add(b, type) && p2a_buffer_add(b, ".", 1) && add(b, method);
}

/* How long the name of an operator is that stands at I: "operator()", "operator<<"; 0: none. */
static size_t operator_at(struct p2a_str name, size_t i)
{
    static const char word[] = "operator";
    static const char *const signs[] = {"()", "[]", "<=>", "->*", "<<=", ">>=", "->", "++", "--",
                                        "<<", ">>", "<=",  ">=",  "==",  "!=",  "+=", "-=", "*=",
                                        "/=", "%=", "^=",  "&=",  "|=",  "&&",  "||"};
    struct p2a_str rest = from(name, i);
    if (!p2a_str_starts(rest, word) || (i && name.at[i - 1] != ':' && name.at[i - 1] != ' '))
        return 0;
    size_t n = sizeof word - 1;
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (p2a_str_starts(from(rest, n), signs[k]))
            return n + strlen(signs[k]);
    return n < rest.n && rest.at[n] && strchr("<>=+-*/%^&|~!,", rest.at[n]) ? n + 1 : 0;
}

static bool ends_scope(const struct p2a_buffer *b)
{
    return p2a_str_ends((struct p2a_str){b->at, b->n}, "::");
}

/* Without template arguments, parameters and clone marks: std::vector::push_back. Of Rust's
 * "<Vec<T> as Extend<T>>::extend" the type stays: Vec::extend. Of two "::" around what is left
 * out, "core::str::<impl str>::find", one stays; none at the end. */
static bool add_native(struct p2a_buffer *b, struct p2a_str name)
{
    size_t depth = 0, types = 0, n;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.at[i];
        if (!depth && (n = operator_at(name, i)) > 0) {
            if (!p2a_buffer_add(b, name.at + i, n))
                return false;
            i += n - 1;
        } else if (depth && p2a_str_starts(from(name, i), "->")) {
            i++; /* a function's type: no bracket */
        } else if (c == '<' && i == types) {
            types++;
        } else if (types && !depth && p2a_str_starts(from(name, i), " as ")) {
            types--;
            depth = 1;
        } else if (types && !depth && c == '>') {
            types--;
        } else if (c && strchr("<([", c)) {
            depth++;
        } else if (c && strchr(">)]", c)) {
            depth -= depth > 0;
        } else if (!depth && !(c == ':' && ends_scope(b)) && !p2a_buffer_add(b, &c, 1)) {
            return false;
        }
    }
    if (!b->at)
        return add(b, name);
    if (p2a_str_ends((struct p2a_str){b->at, b->n}, " const"))
        b->at[b->n -= strlen(" const")] = '\0';
    while (b->n && b->at[b->n - 1] == ' ')
        b->at[--b->n] = '\0';
    if (ends_scope(b))
        b->at[b->n -= strlen("::")] = '\0';
    return b->n || add(b, name);
}

/* Without "::h0123456789abcdef", which rustc puts behind a name. */
static struct p2a_str without_hash(struct p2a_str name)
{
    enum { HASH = 19 };
    struct p2a_str hash = name.n > HASH ? from(name, name.n - HASH) : P2A_LIT("");
    if (!p2a_str_starts(hash, "::h"))
        return name;
    for (size_t i = 3; i < HASH; i++)
        if (!hash.at[i] || !strchr("0123456789abcdef", hash.at[i]))
            return name;
    return (struct p2a_str){name.at, name.n - HASH};
}

/* Without ".part.0" and the like, which compilers put behind the copies they make. */
static struct p2a_str without_copy_mark(struct p2a_str name)
{
    static const char *const marks[] = {".part.", ".isra.", ".constprop.", ".lto_priv."};
    for (size_t i = 1; i < name.n; i++)
        for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
            struct p2a_str rest = from(name, i);
            size_t n = strlen(marks[k]);
            if (p2a_str_starts(rest, marks[k]) && rest.n > n && rest.at[n] >= '0' &&
                rest.at[n] <= '9')
                return (struct p2a_str){name.at, i};
        }
    return name;
}

/* Without "'2", callgrind's depth of a recursion. */
static struct p2a_str without_depth(struct p2a_str name)
{
    size_t n = name.n;
    while (n && name.at[n - 1] >= '0' && name.at[n - 1] <= '9')
        n--;
    return n > 1 && n < name.n && name.at[n - 1] == '\'' ? (struct p2a_str){name.at, n - 1} : name;
}

/* The name without what only says what kind of function it is. */
static bool add_plain(struct p2a_buffer *b, struct p2a_str name)
{
    name = without_hash(without_depth(name));
    if (p2a_str_starts(name, "<built-in ") && p2a_str_ends(name, ">")) {
        size_t start = name.n - 1;
        while (name.at[start - 1] != ' ')
            start--;
        return p2a_buffer_add(b, name.at + start, name.n - 1 - start);
    }
    if (p2a_str_starts(name, "<") && contains(name, "' of '"))
        return add_method(b, name);
    if (contains(name, "::") || p2a_str_ends(name, ")"))
        return add_native(b, name);
    name = without_copy_mark(name);
    for (size_t i = 0; i < name.n; i++) {
        struct p2a_str rest = from(name, i);
        if (p2a_str_starts(rest, ".<locals>"))
            i += strlen(".<locals>") - 1;
        else if (!p2a_buffer_add(b, rest.at, 1))
            return false;
    }
    return true;
}

static bool word_starts(struct p2a_str s)
{
    unsigned char c = s.n ? (unsigned char)s.at[0] : 0;
    return c >= 0x80 || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("_~$", c));
}

/* "py", "so.6", "js:12": the end of a file's name. */
static bool is_extension(struct p2a_str s)
{
    static const char *const known[] = {"go", "js", "py", "rb", "so"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (p2a_str_starts(s, known[i]) && (s.n == 2 || s.at[2] == '.' || s.at[2] == ':'))
            return true;
    return false;
}

/* Drops the first component, as wide as *dropped; false where S is the last one. */
static bool drop_component(struct p2a_str *s, size_t *dropped)
{
    for (size_t i = 1; i < s->n; i++) {
        char c = s->at[i - 1];
        bool ends = c == '.' || c == '/' || c == '\\' || c == '`' || c == ' ' || c == '!' ||
                    (c == ':' && s->at[i] != ':');
        if (ends && word_starts(from(*s, i)) && !(c == '.' && is_extension(from(*s, i)))) {
            *dropped = p2a_columns((struct p2a_str){s->at, i});
            *s = from(*s, i);
            return true;
        }
    }
    return false;
}

/* The start of S and an ellipsis; at least three characters before it, or nothing. */
static bool add_cut(struct p2a_buffer *b, struct p2a_str s, size_t columns)
{
    struct p2a_str rest = s;
    size_t used = 1, taken = 0;
    while (rest.n) {
        struct p2a_str next = rest;
        size_t width = columns_of(p2a_utf8_next(&next));
        if (used + width > columns)
            break;
        used += width;
        taken++;
        rest = next;
    }
    if (taken < 3)
        return true;
    return p2a_buffer_add(b, s.at, s.n - rest.n) && add(b, P2A_LIT("\xE2\x80\xA6"));
}

/* "(garbage collector)", "[kernel.kallsyms]": words, and no components. */
static bool is_enclosed(struct p2a_str s)
{
    size_t i = 1;
    if (s.n < 2 || !strchr("([", s.at[0]) || !s.at[0])
        return false;
    while (i < s.n && s.at[i] != ')' && s.at[i] != ']')
        i++;
    return i == s.n - 1;
}

static bool add_short(struct p2a_buffer *label, struct p2a_str name, size_t columns)
{
    struct p2a_buffer plain = {0};
    bool done = add_plain(&plain, name), whole = is_enclosed(name);
    struct p2a_str s = {plain.at, plain.n};
    size_t width = p2a_columns(s), dropped;
    while (done && !whole && width > columns && drop_component(&s, &dropped))
        width -= dropped;
    if (done)
        done = width <= columns ? add(label, s) : add_cut(label, s, columns);
    label->failed |= !done;
    p2a_buffer_free(&plain);
    return done;
}

bool p2a_label(struct p2a_buffer *label, struct p2a_str name, struct p2a_str place, size_t columns)
{
    struct p2a_str tail = p2a_place_tail(place);
    label->n = 0;
    if (columns < 2)
        return p2a_buffer_add(label, "", 0);
    if (tail.n && p2a_columns(name) + p2a_columns(tail) + 3 <= columns)
        return add(label, name) && add(label, P2A_LIT(" (")) && add(label, tail) &&
               add(label, P2A_LIT(")"));
    if (p2a_columns(name) <= columns && !(tail.n && p2a_str_is(name, "<module>")))
        return add(label, name);
    if (tail.n && p2a_str_is(name, "<module>"))
        name = without_line(tail);
    return add_short(label, name, columns);
}

bool p2a_label_method(struct p2a_buffer *piece, struct p2a_str *name)
{
    static const char start[] = "<built-in method ", of[] = " of ", object[] = " object at 0x";
    const char *type = name->n ? memmem(name->at, name->n, of, strlen(of)) : NULL;
    const char *end = name->n ? memmem(name->at, name->n, object, strlen(object)) : NULL;
    if (!p2a_str_starts(*name, start) || !type || !end || end < type + strlen(of))
        return true;
    const char *method = name->at + strlen(start);
    if (type < method)
        return true;
    struct p2a_str of_type = {type + strlen(of), (size_t)(end - type) - strlen(of)};
    piece->n = 0;
    if (!add(piece, of_type) || !add(piece, P2A_LIT(".")) ||
        !p2a_buffer_add(piece, method, (size_t)(type - method)))
        return false;
    *name = (struct p2a_str){piece->at, piece->n};
    return true;
}
