/* How a frame is spelled, everywhere the same:
 *   short   name (base.py:12)          full   name (/all/of/the/base.py:12)
 *   pstats  base.py:12(name)           as pstats.func_std_string prints the key
 * A builtin is its name alone; without a line it is "name (base)", without a file "name". A module
 * stands in for a file that isn't known. pstats prints what it doesn't know, ":0(name)"; only of
 * what Python's profilers recorded, here. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/core.h"

static bool add(struct p2a_buffer *b, struct p2a_str s)
{
    return p2a_buffer_add(b, s.at, s.n);
}

static bool add_line(struct p2a_buffer *b, int64_t line)
{
    char text[P2A_DIGITS + 2] = ":-";
    uint64_t size = line < 0 ? 0 - (uint64_t)line : (uint64_t)line;
    return p2a_buffer_add(b, text, (size_t)(p2a_digits(text + 1 + (line < 0), size) - text));
}

/* "<built-in method time.time>" says where it is. */
static bool is_builtin(struct p2a_str name)
{
    return p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method '");
}

static bool spell_pstats(struct p2a_buffer *b, struct p2a_str name, struct p2a_str file,
                         const struct p2a_function *f)
{
    bool placed = f->line || f->kind == P2A_BUILTIN || (f->kind == P2A_PYTHON && file.n);
    bool bracketed = p2a_str_starts(name, "<") && p2a_str_ends(name, ">");
    bool unfiled = bracketed && f->kind == P2A_BUILTIN && !file.n && is_builtin(name);
    if (f->line == 0 && (unfiled || p2a_str_is(file, "~"))) {
        if (bracketed)
            return p2a_buffer_add(b, "{", 1) && p2a_buffer_add(b, name.at + 1, name.n - 2) &&
                   p2a_buffer_add(b, "}", 1);
        return add(b, name);
    }
    if (!file.n && !placed)
        return add(b, name);
    return add(b, file) && (!placed || add_line(b, f->line)) && p2a_buffer_add(b, "(", 1) &&
           add(b, name) && p2a_buffer_add(b, ")", 1);
}

static bool spell_plain(struct p2a_buffer *b, struct p2a_str name, struct p2a_str file,
                        int64_t line)
{
    if (!add(b, name))
        return false;
    if (!file.n || p2a_str_is(file, "~"))
        return true;
    return p2a_buffer_add(b, " (", 2) && add(b, file) && (line == 0 || add_line(b, line)) &&
           p2a_buffer_add(b, ")", 1);
}

const char *p2a_functions_word(const struct p2a_profile *p, uint64_t n)
{
    static const char *const words[][4] = {
        [P2A_BY_FUNCTION] = {"functions", "function", "functions", "function"},
        [P2A_BY_FILE] = {"files", "file", "files and functions", "file or function"},
        [P2A_BY_MODULE] = {"modules", "module", "modules and functions", "module or function"},
        [P2A_BY_LINE] = {"lines", "line", "lines and functions", "line or function"}};
    return words[p->grouped][(n == 1) + 2 * p->partly_grouped];
}

struct p2a_str p2a_spell(const struct p2a_profile *p, p2a_id function, enum p2a_names names,
                         struct p2a_buffer *buffer)
{
    buffer->n = 0;
    if (function >= p->functions.n)
        return P2A_LIT("");
    const struct p2a_function *f = &p->functions.row[function];
    struct p2a_str name = p2a_string(p, f->name), file = p2a_string(p, f->file);
    if (names != P2A_NAMES_PSTATS && f->qualname)
        name = p2a_string(p, f->qualname);
    if (!file.n && !is_builtin(name))
        file = p2a_string(p, f->module);
    if (names == P2A_NAMES_SHORT)
        file = p2a_str_base(file);
    bool spelled = names == P2A_NAMES_PSTATS ? spell_pstats(buffer, name, file, f)
                                             : spell_plain(buffer, name, file, f->line);
    return spelled ? (struct p2a_str){buffer->at, buffer->n} : P2A_LIT("?");
}

/* ---- threads ---- */

static int by_tid(const void *left, const void *right)
{
    const struct p2a_thread *a = left, *b = right;
    return a->tid != b->tid ? (a->tid > b->tid) - (a->tid < b->tid)
                            : (a->pid > b->pid) - (a->pid < b->pid);
}

bool p2a_tids_repeat(const struct p2a_profile *p)
{
    uint32_t n = p->threads.n;
    bool repeat = false;
    struct p2a_thread *all = n > 1 ? malloc(n * sizeof *all) : NULL;
    if (!all)
        return false;
    memcpy(all, p->threads.row, n * sizeof *all);
    qsort(all, n, sizeof *all, by_tid);
    for (uint32_t i = 1; i < n && !repeat; i++)
        repeat = all[i].tid && all[i].tid == all[i - 1].tid && all[i].pid != all[i - 1].pid;
    free(all);
    return repeat;
}

const char *p2a_thread_number(const struct p2a_thread *thread, bool repeat,
                              char text[P2A_THREAD_NUMBER])
{
    uint64_t number = thread->tid ? thread->tid : thread->pid;
    text[0] = '\0';
    if (repeat && thread->tid && thread->pid)
        snprintf(text, P2A_THREAD_NUMBER, "%" PRIu64 "/%" PRIu64, thread->pid, thread->tid);
    else if (number)
        snprintf(text, P2A_THREAD_NUMBER, "%" PRIu64, number);
    return text;
}
