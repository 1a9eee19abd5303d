/* The same function in two versions of a program.
 *
 * Functions of one name, file and module are a group; an address in a name, which is another one in
 * every run ("… of type object at 0x7f1ec6c5ea00>"), is no part of it. A group with one function on
 * either side is a pair, whatever their lines: an anchor. In larger groups (the __init__s of a
 * file, its lambdas) each is looked for where the nearest anchor of its file says that its line has
 * moved to:
 *
 *   before  after
 *     10      12    anchor: +2
 *     14      ?     looked for at 16
 *
 * What is left then is paired in the order of the lines if both sides have as many, else it is new
 * or gone. Modules and qualified names count where both sides have them; of one side's qualified
 * names ("Parser.token") the other may have made its names. What is gone and stands where another
 * function of its name stands now has " (before)" behind its name: they are two. */
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "model/origin.h"

struct entry {
    p2a_id name, file, module; /* strings of `into` */
    int64_t line;
    p2a_id id, match; /* of its profile, of the other; P2A_NONE: not found yet */
};

struct anchor {
    p2a_id file;
    int64_t before, after;
};

struct match {
    struct entry *before, *after; /* those that aren't matched yet */
    uint32_t before_n, after_n;
    p2a_id *of_before, *of_after; /* by function: its counterpart or P2A_NONE */
    struct anchor *anchor;
    uint32_t anchor_n;
    uint32_t elsewhere; /* functions without counterpart, but for the folder they are in */
};

static int order(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_group(const struct entry *a, const struct entry *b)
{
    int first = order(a->name, b->name), second = order(a->file, b->file);
    return first ? first : second ? second : order(a->module, b->module);
}

static int by_group_and_line(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int group = compare_group(a, b);
    if (group)
        return group;
    return a->line == b->line ? order(a->id, b->id) : a->line < b->line ? -1 : 1;
}

static int by_file_and_line(const void *left, const void *right)
{
    const struct anchor *a = left, *b = right;
    int file = order(a->file, b->file);
    if (file)
        return file;
    if (a->before != b->before)
        return a->before < b->before ? -1 : 1;
    return (a->after > b->after) - (a->after < b->after);
}

static bool has_qualnames(const struct p2a_profile *p)
{
    for (uint32_t i = 0; i < p->functions.n; i++)
        if (p->functions.row[i].qualname)
            return true;
    return false;
}

static bool has_modules(const struct p2a_profile *p)
{
    for (uint32_t i = 0; i < p->functions.n; i++)
        if (p->functions.row[i].module)
            return true;
    return false;
}

/* Without what follows " at 0x". */
static p2a_id intern_name(struct p2a_profile *into, struct p2a_str name)
{
    static const char at[] = " at 0x";
    const char *address = name.n ? memmem(name.at, name.n, at, sizeof at - 1) : NULL;
    return p2a_intern(into,
                      address ? (struct p2a_str){name.at, (size_t)(address - name.at)} : name);
}

/* By which of its names a function is known. */
struct key {
    bool qualified, modules;
};

/* P's functions that MATCHED has nothing for; *n of them. */
static struct entry *entries(struct p2a_profile *into, const struct p2a_profile *p, struct key key,
                             const p2a_id *matched, uint32_t *n)
{
    struct entry *entry = malloc(((size_t)p->functions.n + 1) * sizeof *entry);
    *n = 0;
    for (uint32_t i = 0; entry && i < p->functions.n; i++) {
        const struct p2a_function *f = &p->functions.row[i];
        p2a_id name = key.qualified && f->qualname ? f->qualname : f->name;
        p2a_id module = key.modules ? f->module : 0;
        if (matched[i] != P2A_NONE)
            continue;
        entry[(*n)++] = (struct entry){.name = intern_name(into, p2a_string(p, name)),
                                       .file = p2a_intern(into, p2a_string(p, f->file)),
                                       .module = p2a_intern(into, p2a_string(p, module)),
                                       .line = f->line,
                                       .id = i,
                                       .match = P2A_NONE};
    }
    if (entry)
        qsort(entry, *n, sizeof *entry, by_group_and_line);
    else
        p2a_fail(into, P2A_SYSTEM, "out of memory");
    return entry;
}

static uint32_t group_length(const struct entry *entry, uint32_t n)
{
    uint32_t length = 1;
    while (length < n && compare_group(entry, entry + length) == 0)
        length++;
    return length;
}

/* Calls EACH with every group that both sides have. */
static void each_group(struct match *m, void (*each)(struct match *, struct entry *, uint32_t,
                                                     struct entry *, uint32_t))
{
    uint32_t b = 0, a = 0;
    while (b < m->before_n && a < m->after_n) {
        int way = compare_group(m->before + b, m->after + a);
        uint32_t b_n = group_length(m->before + b, m->before_n - b);
        uint32_t a_n = group_length(m->after + a, m->after_n - a);
        if (way == 0)
            each(m, m->before + b, b_n, m->after + a, a_n);
        b += way <= 0 ? b_n : 0;
        a += way >= 0 ? a_n : 0;
    }
}

static void pair(struct entry *before, struct entry *after)
{
    before->match = after->id;
    after->match = before->id;
}

static void find_anchor(struct match *m, struct entry *before, uint32_t before_n,
                        struct entry *after, uint32_t after_n)
{
    if (before_n != 1 || after_n != 1)
        return;
    pair(before, after);
    m->anchor[m->anchor_n++] = (struct anchor){before->file, before->line, after->line};
}

/* Where a line of the file has moved to, by the nearest anchor. */
static int64_t moved(const struct match *m, p2a_id file, int64_t line)
{
    struct anchor key = {.file = file, .before = line};
    uint32_t low = 0, high = m->anchor_n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_file_and_line(&m->anchor[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct anchor *above = low ? &m->anchor[low - 1] : NULL;
    const struct anchor *below = low < m->anchor_n ? &m->anchor[low] : NULL;
    above = above && above->file == file ? above : NULL;
    below = below && below->file == file ? below : NULL;
    if (above && (!below || line - above->before <= below->before - line))
        return line + above->after - above->before;
    return below ? line + below->after - below->before : line;
}

static void pair_line(struct entry *before, struct entry *after, uint32_t after_n, int64_t line)
{
    for (uint32_t i = 0; i < after_n && after[i].line <= line; i++)
        if (after[i].line == line && after[i].match == P2A_NONE) {
            pair(before, &after[i]);
            return;
        }
}

static void pair_in_order(struct entry *before, uint32_t before_n, struct entry *after,
                          uint32_t after_n)
{
    uint32_t left = 0, there = 0, a = 0;
    for (uint32_t i = 0; i < before_n; i++)
        left += before[i].match == P2A_NONE;
    for (uint32_t i = 0; i < after_n; i++)
        there += after[i].match == P2A_NONE;
    for (uint32_t i = 0; i < before_n && left == there; i++) {
        if (before[i].match != P2A_NONE)
            continue;
        while (after[a].match != P2A_NONE)
            a++;
        pair(&before[i], &after[a]);
    }
}

static void pair_group(struct match *m, struct entry *before, uint32_t before_n,
                       struct entry *after, uint32_t after_n)
{
    for (uint32_t i = 0; i < before_n; i++)
        if (before[i].match == P2A_NONE)
            pair_line(&before[i], after, after_n, moved(m, before[i].file, before[i].line));
    pair_in_order(before, before_n, after, after_n);
}

/* Whether INTO's function ID is another one's counterpart; what was added since is none. */
static bool is_taken(const struct match *m, uint32_t functions, p2a_id id)
{
    return id < functions && m->of_after[id] != P2A_NONE;
}

/* The row in INTO of a function that has no counterpart. */
static p2a_id add_gone(const struct match *m, struct p2a_profile *into,
                       const struct p2a_profile *from, p2a_id id, uint32_t functions)
{
    static const char mark[] = " (before)";
    struct p2a_function f = from->functions.row[id];
    struct p2a_str name = p2a_string(from, f.name);
    f.name = p2a_intern(into, name);
    f.qualname = p2a_intern(into, p2a_string(from, f.qualname));
    f.file = p2a_intern(into, p2a_string(from, f.file));
    f.module = p2a_intern(into, p2a_string(from, f.module));
    p2a_id same = p2a_function(into, &f);
    if (!is_taken(m, functions, same))
        return same;
    struct p2a_buffer marked = {0};
    if (p2a_buffer_add(&marked, name.at, name.n) &&
        p2a_buffer_add(&marked, mark, sizeof mark - 1)) {
        f.name = p2a_intern(into, (struct p2a_str){marked.at, marked.n});
        f.qualname = 0;
        same = p2a_function(into, &f);
    } else {
        p2a_fail(into, P2A_SYSTEM, "out of memory");
    }
    p2a_buffer_free(&marked);
    return same;
}

/* What isn't in INTO is added. */
static void fill(const struct match *m, struct p2a_profile *into, const struct p2a_profile *from,
                 p2a_id *match)
{
    uint32_t functions = into->functions.n;
    for (uint32_t i = 0; i < from->functions.n; i++) {
        bool gone = m->of_before[i] == P2A_NONE;
        match[i] = gone ? add_gone(m, into, from, i, functions) : m->of_before[i];
    }
}

/* ---- folders ---- */

/* Those of P's that have no counterpart, by the base names of their file and module; which paths
 * these have is in `line`, so that a group has it in its first. */
static struct entry *without_folders(struct p2a_profile *into, const struct p2a_profile *p,
                                     bool modules, const p2a_id *matched, uint32_t *n)
{
    uint32_t all, left = 0;
    struct entry *alone = entries(into, p, (struct key){false, modules}, matched, &all);
    bool bare = !p->contexts.n && !p->graph.node_n; /* nothing but names */
    bool *used = p2a_used_functions(p);
    for (uint32_t i = 0; alone && used && i < all; i++) {
        struct entry e = alone[i];
        if ((!e.file && !e.module) || !(bare || used[e.id]))
            continue;
        e.line = (int64_t)((uint64_t)e.file << 32 | e.module);
        e.file = p2a_intern(into, p2a_str_base(p2a_string(into, e.file)));
        e.module = p2a_intern(into, p2a_module_base(p2a_string(into, e.module)));
        alone[left++] = e;
    }
    if (!used)
        p2a_fail(into, P2A_SYSTEM, "out of memory");
    if (alone)
        qsort(alone, left, sizeof *alone, by_group_and_line);
    free(used);
    *n = left;
    return alone;
}

static void count_elsewhere(struct match *m, struct entry *before, uint32_t before_n,
                            struct entry *after, uint32_t after_n)
{
    (void)after_n;
    m->elsewhere += before->line == after->line ? 0 : before_n;
}

/* Checkouts in two folders have nothing in common. How many functions do but for that. */
static uint32_t find_elsewhere(struct p2a_profile *into, const struct p2a_profile *before,
                               bool modules, const struct match *m)
{
    struct match alone = {0};
    alone.before = without_folders(into, before, modules, m->of_before, &alone.before_n);
    alone.after = without_folders(into, into, modules, m->of_after, &alone.after_n);
    if (alone.before && alone.after)
        each_group(&alone, count_elsewhere);
    free(alone.before);
    free(alone.after);
    return alone.elsewhere;
}

/* ---- the whole ---- */

static p2a_id *nothing(uint32_t n)
{
    p2a_id *match = malloc(((size_t)n + 1) * sizeof *match);
    if (match)
        memset(match, 0xff, ((size_t)n + 1) * sizeof *match);
    return match;
}

/* Pairs those that are left and have the same key. */
static void pair_by(struct match *m, struct p2a_profile *into, const struct p2a_profile *before,
                    struct key key)
{
    m->before = entries(into, before, key, m->of_before, &m->before_n);
    m->after = entries(into, into, key, m->of_after, &m->after_n);
    if (m->before && m->after) {
        each_group(m, find_anchor);
        qsort(m->anchor, m->anchor_n, sizeof *m->anchor, by_file_and_line);
        each_group(m, pair_group);
        for (uint32_t i = 0; i < m->before_n; i++)
            m->of_before[m->before[i].id] = m->before[i].match;
        for (uint32_t i = 0; i < m->after_n; i++)
            m->of_after[m->after[i].id] = m->after[i].match;
    }
    free(m->before);
    free(m->after);
}

bool p2a_match_functions(struct p2a_profile *into, const struct p2a_profile *before, p2a_id *match,
                         uint32_t *elsewhere)
{
    bool now = has_qualnames(into), then = has_qualnames(before);
    bool modules = has_modules(into) && has_modules(before);
    p2a_id *of_before = nothing(before->functions.n), *of_after = nothing(into->functions.n);
    struct anchor *anchor = malloc(((size_t)into->functions.n + 1) * sizeof *anchor);
    struct match m = {.of_before = of_before, .of_after = of_after, .anchor = anchor};
    if (of_before && of_after && anchor) {
        pair_by(&m, into, before, (struct key){now && then, modules});
        if (now != then)
            pair_by(&m, into, before, (struct key){true, modules});
        *elsewhere = find_elsewhere(into, before, modules, &m);
        fill(&m, into, before, match);
    } else {
        p2a_fail(into, P2A_SYSTEM, "out of memory");
    }
    free(of_before);
    free(of_after);
    free(anchor);
    return p2a_profile_status(into) == P2A_OK;
}
