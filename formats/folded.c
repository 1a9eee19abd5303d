/* Folded stacks: one line a stack, as Brendan Gregg's stackcollapse scripts write them and
 * flamegraph.pl, inferno, speedscope and py-spy know them. There is no other definition.
 *
 *     frame;frame;frame BLANK count        root first
 *     frame;frame BLANK before BLANK after two profiles compared, as difffolded.pl writes it
 *
 * Reading:
 * - The count is the last word of the line. It may have a fraction and an exponent, and is kept as
 * it is; a negative one, one of 2^64 or more and a missing one are errors. Blanks (and tabs) before
 *   and behind it belong to neither side. Stacks that are there twice are added up.
 * - Everything else is names, byte for byte: blanks in them and before the first (three peers of
 *   four keep those apart), parentheses, NUL, broken UTF-8. Only ';' can't be in a name.
 * - An empty frame (";;x 2") is a frame without a name: nothing of the total is lost.
 * - Empty lines are skipped, CRLF ends a line, a byte order mark may start the file.
 * - "# word: ..." without ';' (Austin's header) and a line that starts with '#' and has no count
 * are comments. "# c 7" is a frame, as every peer has it.
 * - A name may end in a number ("pool 3"), so a line can't say alone how many counts it has. The
 *   lines of the first 64 KiB decide for the file: where more than three in four have two numbers
 *   it is a comparison, and a line with one is an error. Else the last number alone is the count.
 * - "name (path.ext:12)" and "name (<string>:12)" name a function, its file and line, as do rbspy's
 *   "name - path.rb:12" and PyTorch's "path.py(12):_name"; "name (path.py)" and "name (lib.so.1)"
 * its file and its library. "_[k]" "_[i]" "_[j]" at the end of a frame mark kernel, inlined and jit
 *   code; "<built-in method len>" and "<method 'get' of 'dict' objects>" are builtins. "_[w]" (a
 *   waker) and the "--" of chain graphs have no kind and stay names.
 * - Before the first frame: py-spy's 'process 42:"python3 app.py"', of which the command may hold a
 *   ';', and "thread (0x7f): MainThread", async-profiler's "[main tid=42]" are threads.
 *
 * Writing: what was read is spelled the same again (with directories by --names full). Lines stand
 * in the order in which stacks came, or contexts, without comments: peers choke on them. Counts are
 * whole numbers whose sum is the rounded sum, seconds as nanoseconds; stacks of zero are left out.
 * ';' in a name becomes ':', line ends and tabs blanks, other control characters '?'; a blank
 * before a number that ends a name becomes '_', because flamegraph.pl would take that number for a
 * count.
 *
 * It can't carry calls, costs per line, modules of functions whose file it carries, a second
 * metric, threads (but see -O threads). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "model/core.h"
#include "model/heavy.h"
#include "model/paint.h"
#include "model/pile.h"
#include "prof2any/format.h"

static const struct p2a_option options[] = {
    {"threads", P2A_FLAG, "no", NULL, "put the thread's name before the first frame"},
    {"sort", P2A_FLAG, "no", NULL, "sort the lines by their bytes"},
    {0}};

static const struct {
    char text[5];
    enum p2a_kind kind;
} marks[] = {{"_[k]", P2A_KERNEL}, {"_[i]", P2A_INLINED}, {"_[j]", P2A_JIT}};
enum { MARKS = sizeof marks / sizeof *marks, MARK = 4 };

/* ---- a line ---- */

static bool one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct p2a_str trim_end(struct p2a_str s)
{
    while (s.n && blank(s.at[s.n - 1]))
        s.n--;
    return s;
}

static bool number(struct p2a_str s, double *value)
{
    uint64_t whole;
    if (!p2a_str_u64(s, &whole))
        return p2a_str_double(s, value);
    *value = (double)whole;
    return true;
}

/* Takes a number off the end of *s, with the blanks around it; without one *s stays. */
static bool cut_number(struct p2a_str *s, double *value)
{
    struct p2a_str head = trim_end(*s);
    size_t end = head.n;
    while (head.n && !blank(head.at[head.n - 1]))
        head.n--;
    if (!head.n || !number((struct p2a_str){head.at + head.n, end - head.n}, value))
        return false;
    *s = trim_end(head);
    return true;
}

static bool is_empty(struct p2a_str line)
{
    return trim_end(line).n == 0;
}

/* Whether LINE starts with "# word:". */
static bool is_header(struct p2a_str line)
{
    size_t n = 2;
    if (!p2a_str_starts(line, "# "))
        return false;
    while (n < line.n && !blank(line.at[n]))
        n++;
    return n > 3 && line.at[n - 1] == ':';
}

/* "# word: " without a ';', or a '#' and no count. */
static bool is_comment(struct p2a_str line)
{
    double value;
    if (!p2a_str_starts(line, "#"))
        return false;
    return !cut_number(&(struct p2a_str){line.at, line.n}, &value) ||
           (is_header(line) && !memchr(line.at, ';', line.n));
}

/* ---- probe ---- */

/* Whether LINE looks like a stack and a count; a separator before the count speaks of a table. */
static bool looks_folded(struct p2a_str line)
{
    double value;
    if (!cut_number(&line, &value) || !line.n || one_of(line.at[line.n - 1], ";,:=|"))
        return false;
    for (size_t i = 0; i < line.n; i++)
        if (((unsigned char)line.at[i] | 32) >= 'a' || one_of(line.at[i], "<?"))
            return true;
    return false;
}

/* A single line that goes on and on: many frames, and few that look like a statement. */
static bool looks_deep(struct p2a_str line)
{
    size_t frames = 0, odd = 0;
    struct p2a_str frame;
    while (p2a_str_cut(line, ';', &frame, &line)) {
        frames++;
        for (size_t i = 0; i < frame.n; i++)
            if ((unsigned char)frame.at[i] < ' ')
                return false;
        odd += !frame.n || memchr(frame.at, '=', frame.n) || memchr(frame.at, '{', frame.n) ||
               memchr(frame.at, '"', frame.n);
    }
    return frames >= 16 && odd <= frames / 8;
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    size_t lines = 0, folded = 0, stacks = 0;
    while (p2a_probe_line(probe, &rest, &line)) {
        if (is_empty(line) || is_comment(line))
            continue;
        bool fits = looks_folded(line);
        lines++;
        folded += fits;
        stacks += fits && memchr(line.at, ';', line.n);
    }
    if (!lines)
        return !probe->whole && looks_deep(probe->start) ? P2A_PERHAPS : P2A_NO;
    if (stacks && folded * 2 >= lines)
        return P2A_LIKELY;
    return folded == lines ? P2A_PERHAPS : P2A_NO;
}

/* ---- frames ---- */

/* "path.ext", "<string>" */
static bool is_source(struct p2a_str path)
{
    struct p2a_str base = p2a_str_base(path);
    if (p2a_str_starts(path, "<") && p2a_str_ends(path, ">"))
        return path.n > 2;
    size_t dot = base.n;
    while (dot && base.at[dot - 1] != '.')
        dot--;
    if (dot < 2 || base.n - dot < 1 || base.n - dot > 8)
        return false;
    for (size_t i = dot; i < base.n; i++)
        if (!one_of(base.at[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_"))
            return false;
    return true;
}

static bool is_python(struct p2a_str path)
{
    return p2a_str_ends(path, ">") || p2a_str_ends(path, ".py") || p2a_str_ends(path, ".pyx") ||
           p2a_str_ends(path, ".pyw");
}

/* Cuts " (path:line)" off *name. A line that would be spelled differently again is none. */
static bool cut_place(struct p2a_str *name, struct p2a_str *path, int64_t *line)
{
    struct p2a_str s = *name;
    uint64_t value;
    if (!p2a_str_ends(s, ")"))
        return false;
    size_t colon = s.n, open;
    while (colon && s.at[colon - 1] != ':')
        colon--;
    struct p2a_str digits = {s.at + colon, s.n - 1 - colon};
    if (!colon || !p2a_str_u64(digits, &value) || digits.at[0] == '0' || value > INT32_MAX)
        return false;
    for (open = colon; open > 2 && !(s.at[open - 1] == '(' && s.at[open - 2] == ' '); open--)
        continue;
    *path = (struct p2a_str){s.at + open, colon - 1 - open};
    if (open <= 2 || open >= colon || !is_source(*path))
        return false;
    *line = (int64_t)value;
    name->n = open - 2;
    return true;
}

/* "path.py(12):_name", as PyTorch's export_stacks spells "path.py(12): name". */
static bool cut_torch(struct p2a_str *name, struct p2a_str *path, int64_t *line)
{
    struct p2a_str digits, rest;
    uint64_t value;
    const char *at = name->n ? memmem(name->at, name->n, ".py(", 4) : NULL;
    if (!at)
        return false;
    *path = (struct p2a_str){name->at, (size_t)(at - name->at) + 3};
    rest = (struct p2a_str){at + 4, name->n - path->n - 1};
    if (!p2a_str_cut(rest, ')', &digits, &rest) || !p2a_str_starts(rest, ":_") || rest.n < 3 ||
        !p2a_str_u64(digits, &value) || value > INT32_MAX)
        return false;
    *name = (struct p2a_str){rest.at + 2, rest.n - 2};
    *line = (int64_t)value;
    return true;
}

/* "name - path.rb:12", as rbspy spells them; "name [c function] - (unknown)" for what is C. */
static bool cut_ruby(struct p2a_str *name, struct p2a_str *path, int64_t *line)
{
    static const char unknown[] = " - (unknown)";
    size_t at, colon = name->n;
    uint64_t value;
    if (p2a_str_ends(*name, unknown) && name->n > sizeof unknown - 1) {
        name->n -= sizeof unknown - 1;
        *path = P2A_LIT("");
        return true;
    }
    while (colon && name->at[colon - 1] != ':')
        colon--;
    if (!colon || !p2a_str_u64((struct p2a_str){name->at + colon, name->n - colon}, &value) ||
        value > INT32_MAX)
        return false;
    for (at = colon - 1; at > 3; at--)
        if (memcmp(name->at + at - 3, " - ", 3) == 0)
            break;
    *path = (struct p2a_str){name->at + at, colon - 1 - at};
    if (at <= 3 || !(p2a_str_ends(*path, ".rb") || p2a_str_ends(*path, ".erb")))
        return false;
    name->n = at - 3;
    *line = (int64_t)value;
    return true;
}

static bool is_library(struct p2a_str path)
{
    struct p2a_str base = p2a_str_base(path);
    return base.n > 3 && (p2a_str_ends(base, ".so") || p2a_str_ends(base, ".dylib") ||
                          p2a_str_ends(base, ".dll") || memmem(base.at, base.n, ".so.", 4));
}

/* "name (path.py)" and "name (libc.so.6)": what is between the brackets, cut off *name. */
static bool cut_file(struct p2a_str *name, struct p2a_str *path)
{
    size_t open = name->n;
    if (!p2a_str_ends(*name, ")"))
        return false;
    while (open > 2 && !(name->at[open - 1] == '(' && name->at[open - 2] == ' '))
        open--;
    *path = (struct p2a_str){name->at + open, name->n - 1 - open};
    if (open <= 2 || !(is_library(*path) || (is_python(*path) && is_source(*path))))
        return false;
    name->n = open - 2;
    return true;
}

static bool is_builtin(struct p2a_str name)
{
    return p2a_str_ends(name, ">") &&
           (p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method '"));
}

/* Cuts off *name where it is, in any of these spellings. */
static bool cut_path(struct p2a_str *name, struct p2a_str *path, int64_t *line)
{
    return cut_place(name, path, line) || cut_torch(name, path, line) ||
           cut_ruby(name, path, line) || cut_file(name, path);
}

static p2a_id function_of(struct p2a_profile *p, struct p2a_str frame)
{
    struct p2a_function f = {.kind = P2A_UNKNOWN};
    struct p2a_str path;
    for (size_t i = 0; i < MARKS; i++)
        if (f.kind == P2A_UNKNOWN && frame.n > MARK && p2a_str_ends(frame, marks[i].text)) {
            f.kind = marks[i].kind;
            frame.n -= MARK;
        }
    if (cut_path(&frame, &path, &f.line)) {
        bool library = !f.line && is_library(path);
        *(library ? &f.module : &f.file) = p2a_intern(p, path);
        if (f.kind == P2A_UNKNOWN && (library || is_python(path)))
            f.kind = library ? P2A_NATIVE : P2A_PYTHON;
    } else if (f.kind == P2A_UNKNOWN && is_builtin(frame)) {
        f.kind = P2A_BUILTIN;
        f.file = p2a_intern(p, P2A_LIT("~"));
    }
    f.name = p2a_intern(p, frame);
    return p2a_function(p, &f);
}

/* ---- threads ---- */

struct thread {
    uint64_t pid, tid;
    struct p2a_str name;
};

static bool number_of(struct p2a_str s, uint64_t *value)
{
    char text[24], *end;
    if (!p2a_str_starts(s, "0x"))
        return p2a_str_u64(s, value);
    if (s.n < 3 || s.n > 18)
        return false;
    memcpy(text, s.at, s.n);
    text[s.n] = '\0';
    *value = strtoull(text + 2, &end, 16);
    return !*end;
}

/* 'process 42:"command"' */
static bool is_process(struct p2a_str frame, struct thread *t)
{
    struct p2a_str pid, rest;
    if (!p2a_str_starts(frame, "process "))
        return false;
    p2a_str_cut((struct p2a_str){frame.at + 8, frame.n - 8}, ':', &pid, &rest);
    if (rest.n < 2 || rest.at[0] != '"' || rest.at[rest.n - 1] != '"' || !p2a_str_u64(pid, &t->pid))
        return false;
    t->tid = 0;
    t->name = (struct p2a_str){rest.at + 1, rest.n - 2};
    return true;
}

/* "thread (0x7F): name", "thread (12)", "[name tid=12]" */
static bool is_thread(struct p2a_str frame, struct thread *t)
{
    struct p2a_str tid, rest;
    if (p2a_str_starts(frame, "thread (")) {
        if (!p2a_str_cut((struct p2a_str){frame.at + 8, frame.n - 8}, ')', &tid, &rest) ||
            (rest.n && !p2a_str_starts(rest, ": ")) || !number_of(tid, &t->tid))
            return false;
        t->name = rest.n ? (struct p2a_str){rest.at + 2, rest.n - 2} : rest;
        return true;
    }
    const char *word = frame.n ? memmem(frame.at, frame.n, "tid=", 4) : NULL;
    if (!word || !p2a_str_starts(frame, "[") || !p2a_str_ends(frame, "]"))
        return false;
    size_t at = (size_t)(word - frame.at);
    tid = (struct p2a_str){word + 4, frame.n - 1 - at - 4};
    t->name = p2a_str_trim((struct p2a_str){frame.at + 1, at - 1});
    return (at == 1 || frame.at[at - 1] == ' ') && p2a_str_u64(tid, &t->tid);
}

/* How much of STACK, which begins with a process, is the process: its command may hold a ';'. */
static size_t process_end(struct p2a_str stack, size_t end)
{
    size_t at = end;
    struct p2a_str start = {stack.at, end};
    if (!p2a_str_starts(start, "process ") || !memchr(start.at, '"', end))
        return end;
    while (at < stack.n && !(stack.at[at] == ';' && stack.at[at - 1] == '"'))
        at++;
    return at < stack.n || stack.at[at - 1] == '"' ? at : end;
}

/* ---- reader ---- */

/* Frames are interned as they stand, and function[] has the function + 1 of each such string.
 * Stacks are piled up, and become contexts at the end; where it matters in which order values are
 * added, after every piece. */
struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    bool compared, at_once;
    bool alike; /* two spellings are the same function */
    p2a_id *function, *step;
    size_t function_room, step_room;
    struct p2a_pile pile;
    double sum;
    p2a_id thread; /* of the stack taken last, and what is known behind each of its heads */
    struct head {
        uint64_t pid;
        p2a_id thread, command; /* command: of the process, a string */
        struct p2a_str text;
    } * head;
    size_t head_room;
};

/* ---- reader: parsing a piece ---- */

enum trouble { NONE, NO_COUNT, NEGATIVE, TOO_LARGE };

/* A line: how many of its frames begin the stack before it in the piece, too, how many are a
 * process or a thread, which stand before all others, and how many there are. What isn't shared
 * stands in the piece, heads as they are, frames as words.
 *
 *     main;load;parse 3       shared 0  frames 3       word:  | main | load | parse | save | …
 *     main;load;save 1        shared 2  frames 3 */
struct stack {
    double value, before;
    uint32_t shared, heads, frames;
};

struct piece {
    struct stack *stack;
    p2a_id *word;
    struct p2a_str *head;
    struct p2a_str *fresh; /* the words that are new, by their numbers from FIRST on */
    uint32_t stack_n, stack_room, word_n, word_room, head_n, head_room, fresh_n, fresh_room;
    p2a_id first;
    bool anew; /* the words before are forgotten */
    uint64_t lines;
    enum trouble trouble; /* of the last line, which is no stack */
    bool has_one;         /* count */
    double bad;
};

struct desk {
    struct p2a_words words;
    /* The stack of the line before in the piece. */
    struct p2a_str stack;
    size_t *end; /* of its frames */
    uint32_t end_n, end_room, heads;
    /* Only who takes knows what words are. */
    p2a_id *function; /* by word, + 1 */
    size_t function_room;
};

struct parser {
    struct desk *desk;
    struct piece *piece;
};

/* How many frames of the stack before begin STACK. */
static uint32_t shared_frames(const struct desk *d, struct p2a_str stack)
{
    uint32_t i = 0;
    size_t start = 0;
    for (; i < d->end_n; i++) {
        size_t end = d->end[i];
        if (end > stack.n || (end < stack.n && stack.at[end] != ';') ||
            memcmp(d->stack.at + start, stack.at + start, end - start) != 0)
            break;
        start = end + 1;
    }
    return i;
}

static bool add_words(struct parser *s, const struct p2a_str *frame, uint32_t n)
{
    struct piece *p = s->piece;
    if (!p2a_grow(&p->word, &p->word_room, (uint64_t)p->word_n + n, sizeof *p->word) ||
        !p2a_grow(&p->fresh, &p->fresh_room, (uint64_t)p->fresh_n + n, sizeof *p->fresh) ||
        !p2a_words_find(&s->desk->words, frame, n, p->word + p->word_n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (p->word[p->word_n++] == p->first + p->fresh_n)
            p->fresh[p->fresh_n++] = frame[i];
    return true;
}

static bool add_end(struct desk *d, size_t end)
{
    if (d->end_n == d->end_room &&
        !p2a_grow(&d->end, &d->end_room, (uint64_t)d->end_n + 1, sizeof *d->end))
        return false;
    d->end[d->end_n++] = end;
    return true;
}

/* Of a stack that begins at FRAME after threads alone: whether FRAME is one, too. */
static bool add_head(struct parser *s, struct p2a_str frame)
{
    struct piece *p = s->piece;
    if (!p2a_grow(&p->head, &p->head_room, (uint64_t)p->head_n + 1, sizeof *p->head))
        return false;
    p->head[p->head_n++] = frame;
    s->desk->heads++;
    return true;
}

/* The frames of STACK from AT on, of which the first may be threads. */
static bool add_heads(struct parser *s, struct p2a_str stack, size_t *at)
{
    struct desk *d = s->desk;
    while (*at <= stack.n && d->heads == d->end_n) {
        struct p2a_str frame, rest = {stack.at + *at, stack.n - *at};
        struct thread t;
        p2a_str_cut(rest, ';', &frame, &rest);
        frame.n = process_end((struct p2a_str){frame.at, stack.n - *at}, frame.n);
        bool head = is_process(frame, &t) || is_thread(frame, &t);
        *at += frame.n;
        if (!(head ? add_head(s, frame) : add_words(s, &frame, 1)) || !add_end(d, *at))
            return false;
        ++*at;
    }
    return true;
}

/* The frames of STACK from AT on. */
static bool add_frames(struct parser *s, struct p2a_str stack, size_t at)
{
    struct p2a_str frame[P2A_WORDS];
    while (at <= stack.n) {
        uint32_t n = 0;
        for (; n < P2A_WORDS && at <= stack.n; n++) {
            const char *cut = at < stack.n ? memchr(stack.at + at, ';', stack.n - at) : NULL;
            size_t end = cut ? (size_t)(cut - stack.at) : stack.n;
            frame[n] = (struct p2a_str){stack.at + at, end - at};
            if (!add_end(s->desk, end))
                return false;
            at = end + 1;
        }
        if (!add_words(s, frame, n))
            return false;
    }
    return true;
}

/* A stack keeps no more than its threads where what follows begins as a process does: how far that
 * goes, the rest of the line says. */
static bool is_open(const struct desk *d)
{
    size_t start = d->heads ? d->end[d->heads - 1] + 1 : 0;
    return d->heads < d->end_n &&
           p2a_str_starts((struct p2a_str){d->stack.at + start, d->stack.n - start}, "process ");
}

static bool parse_stack(struct parser *s, struct p2a_str text, struct stack *stack)
{
    struct desk *d = s->desk;
    uint32_t shared = shared_frames(d, text);
    if (shared > d->heads && is_open(d))
        shared = d->heads;
    if (d->heads > shared)
        d->heads = shared;
    d->stack = text;
    d->end_n = shared;
    size_t at = shared ? d->end[shared - 1] + 1 : 0;
    bool added = add_heads(s, text, &at) && add_frames(s, text, at);
    stack->shared = shared;
    stack->heads = d->heads;
    stack->frames = d->end_n;
    return added;
}

static enum trouble judge_count(double value)
{
    return value < 0 ? NEGATIVE : value >= 0x1p64 ? TOO_LARGE : NONE;
}

/* The counts of LINE, cut off it. */
static enum trouble parse_counts(struct piece *p, bool compared, struct p2a_str *line,
                                 struct stack *stack)
{
    if (!cut_number(line, &stack->value))
        return NO_COUNT;
    if (compared && !cut_number(line, &stack->before)) {
        p->has_one = true;
        return NO_COUNT;
    }
    p->bad = stack->before;
    enum trouble trouble = judge_count(stack->before);
    if (trouble != NONE)
        return trouble;
    p->bad = stack->value;
    return judge_count(stack->value);
}

static bool parse_line(struct parser *s, bool compared, struct p2a_str line)
{
    struct piece *p = s->piece;
    struct stack stack = {0};
    p->trouble = parse_counts(p, compared, &line, &stack);
    if (p->trouble != NONE)
        return true;
    if (!parse_stack(s, line, &stack) ||
        !p2a_grow(&p->stack, &p->stack_room, (uint64_t)p->stack_n + 1, sizeof *p->stack))
        return false;
    p->stack[p->stack_n++] = stack;
    return true;
}

static void start_piece(struct desk *d, struct piece *p)
{
    d->end_n = d->heads = 0;
    p->anew = p2a_words_trim(&d->words);
    p->first = d->words.n;
    p->stack_n = p->word_n = p->head_n = p->fresh_n = 0;
    p->lines = 0;
    p->trouble = NONE;
    p->has_one = false;
}

static bool parse(const void *reader, void *desk, struct p2a_str lines, void *piece)
{
    bool compared = ((const struct reader *)reader)->compared;
    struct piece *p = piece;
    struct parser s = {desk, p};
    struct p2a_str line;
    start_piece(desk, p);
    while (lines.n && p->trouble == NONE) {
        p2a_str_cut(lines, '\n', &line, &lines);
        p->lines++;
        if (p2a_str_ends(line, "\r"))
            line.n--;
        if (!is_empty(line) && !is_comment(line) && !parse_line(&s, compared, line))
            return false;
    }
    return true;
}

static void free_piece(void *piece)
{
    struct piece *p = piece;
    free(p->stack);
    free(p->word);
    free(p->head);
    free(p->fresh);
}

static void free_desk(void *desk)
{
    struct desk *d = desk;
    p2a_words_free(&d->words);
    free(d->end);
    free(d->function);
}

/* ---- reader: taking it ---- */

/* More than three in four of the lines of the first 64 KiB (at least one whole line) have two. */
static bool has_two_counts(struct p2a_in *in)
{
    const size_t look = 1 << 16;
    const unsigned char *at;
    size_t n, want = look, lines = 0, two = 0;
    while ((n = p2a_ahead(in, want, &at)) >= want && !memchr(at, '\n', want))
        want *= 2;
    struct p2a_str rest = {(const char *)at, n < want ? n : want}, line;
    while (rest.n) {
        double value;
        if (!p2a_str_cut(rest, '\n', &line, &rest) && n >= want)
            break;
        if (p2a_str_ends(line, "\r"))
            line.n--;
        if (is_empty(line) || is_comment(line))
            continue;
        lines++;
        two += cut_number(&line, &value) && cut_number(&line, &value);
    }
    return two * 4 > lines * 3;
}

static bool no_memory(struct reader *r)
{
    p2a_in_no_memory(r->in);
    return false;
}

/* Room for NEED elements, the new ones zero; NULL without memory leaves the array as it was. */
static void *widen(void *array, size_t *room, size_t need, size_t size)
{
    size_t wanted = need + need / 2 + 64;
    if (need <= *room)
        return array;
    char *wider = realloc(array, wanted * size);
    if (!wider)
        return NULL;
    memset(wider + *room * size, 0, (wanted - *room) * size);
    *room = wanted;
    return wider;
}

/* P2A_NONE after an error. */
static p2a_id find_function(struct reader *r, struct p2a_str frame)
{
    p2a_id text = p2a_intern(r->p, frame);
    if (text < r->function_room && r->function[text])
        return r->function[text] - 1;
    if (text == P2A_NONE)
        return P2A_NONE;
    p2a_id *function = widen(r->function, &r->function_room, (size_t)text + 1, sizeof *r->function);
    if (!function) {
        no_memory(r);
        return P2A_NONE;
    }
    r->function = function;
    p2a_id had = r->p->functions.n, found = function_of(r->p, frame);
    r->alike |= found < had;
    return (function[text] = found + 1) - 1;
}

struct taking {
    struct reader *r;
    struct desk *desk;
    const struct piece *piece;
    uint32_t word, head; /* of the piece, taken so far */
};

/* The function of a word of the piece that nobody has looked up so far. P2A_NONE after an error. */
static p2a_id take_fresh(struct taking *t, p2a_id word)
{
    enum { AHEAD = 8 };
    const struct piece *p = t->piece;
    uint32_t i = word - p->first;
    if (p->fresh_n - i > AHEAD)
        p2a_intern_ahead(t->r->p, p2a_hash(p->fresh[i + AHEAD].at, p->fresh[i + AHEAD].n));
    return find_function(t->r, p->fresh[i]);
}

/* Sets FUNCTION to those of the piece's next N words. */
static bool take_words(struct taking *t, uint32_t n, p2a_id *function)
{
    const p2a_id *word = t->piece->word + t->word;
    for (uint32_t i = 0; i < n; i++) {
        p2a_id *known = &t->desk->function[word[i]];
        if (!*known)
            *known = take_fresh(t, word[i]) + 1;
        if (!*known)
            return false;
        function[i] = *known - 1;
    }
    t->word += n;
    return true;
}

/* What is known behind head I of a stack. */
static bool take_head(struct taking *t, uint32_t i)
{
    struct reader *r = t->r;
    struct p2a_str text = t->piece->head[t->head++];
    struct head head = {.thread = P2A_NONE, .command = P2A_NONE};
    if (i)
        head = r->head[i - 1];
    struct thread thread = {.pid = head.pid};
    if (is_process(text, &thread)) {
        head.pid = thread.pid;
        head.command = p2a_intern(r->p, thread.name);
    } else if (is_thread(text, &thread)) {
        head.thread = p2a_thread(r->p, thread.pid, thread.tid, thread.name);
    }
    head.text = text;
    struct head *wider = widen(r->head, &r->head_room, (size_t)i + 1, sizeof *r->head);
    if (!wider)
        return no_memory(r);
    r->head = wider;
    r->head[i] = head;
    return true;
}

/* Where there are threads alone, the last stands for a function. */
static bool take_frames(struct taking *t, const struct stack *s, p2a_id *frame, uint32_t n)
{
    if (s->frames > s->heads)
        return take_words(t, n, frame);
    *frame = find_function(t->r, t->r->head[s->heads - 1].text);
    return *frame != P2A_NONE;
}

static p2a_id thread_of(struct reader *r, uint32_t heads)
{
    if (!heads)
        return P2A_NONE;
    struct head head = r->head[heads - 1];
    if (head.pid && head.thread == P2A_NONE)
        return p2a_thread(r->p, head.pid, 0, p2a_string(r->p, head.command));
    return head.thread;
}

static bool take_stack(struct taking *t, const struct stack *s)
{
    struct reader *r = t->r;
    uint32_t kept = s->shared > s->heads ? s->shared - s->heads : 0;
    uint32_t n = s->frames > s->heads ? s->frames - s->heads : 1;
    for (uint32_t i = s->shared; i < s->heads; i++)
        if (!take_head(t, i))
            return false;
    if (!kept)
        r->thread = thread_of(r, s->heads);
    p2a_id *frame = p2a_pile_add(&r->pile, r->thread, kept, n, (double[]){s->value, s->before});
    if (!frame)
        return no_memory(r);
    bool taken = kept == n || take_frames(t, s, frame, n - kept);
    if (!taken)
        p2a_pile_drop(&r->pile);
    return taken;
}

/* ---- reader: contexts at once ---- */

/* Whether sums are the same in whatever order the values of P are added. */
static bool adds_up(struct reader *r, const struct piece *p)
{
    for (uint32_t i = 0; i < p->stack_n; i++) {
        double value = p->stack[i].value;
        r->sum += value;
        if (value != floor(value) || r->sum >= 0x1p53)
            return false;
    }
    return true;
}

/* From here on contexts are made at once. */
static bool leave_pile(struct reader *r)
{
    r->at_once = true;
    return p2a_pile_take(&r->pile, r->p) && p2a_unfold(r->p, &r->p->core->error) == P2A_OK;
}

/* The stack taken last. */
static bool add_context(struct reader *r)
{
    const struct p2a_stacks *s = &r->pile.stacks;
    const struct p2a_stack *row = &s->row[s->n - 1];
    const double *self = s->self + (size_t)(s->n - 1) * r->pile.columns;
    p2a_id *step = widen(r->step, &r->step_room, row->frame_n, sizeof *step);
    if (!step)
        return no_memory(r);
    r->step = step;
    for (uint32_t d = 0; d < row->frame_n; d++)
        step[d] = p2a_frame_at(s->frames, row->frame + d);
    if (!p2a_path(r->p, P2A_NONE, row->thread, step, row->frame_n))
        return false;
    for (uint32_t c = 0; c < r->pile.columns; c++)
        p2a_context_add(r->p, step[row->frame_n - 1], c, self[c]);
    return true;
}

/* ---- reader: taking a piece ---- */

/* The words that are new have no function yet. */
static bool room_for_words(struct reader *r, struct desk *d, const struct piece *p)
{
    if (p->anew && d->function)
        memset(d->function, 0, d->function_room * sizeof *d->function);
    p2a_id *function = widen(d->function, &d->function_room, (size_t)p->first + p->fresh_n + 1,
                             sizeof *d->function);
    if (!function)
        return no_memory(r);
    d->function = function;
    return true;
}

static void report(struct reader *r, const struct piece *p)
{
    if (p->trouble == NO_COUNT && p->has_one)
        p2a_bad_line(r->in, "one count, expected two, before and after, as on the other lines");
    else if (p->trouble == NO_COUNT)
        p2a_bad_line(r->in, "no count at the end, expected 'frame;frame%s'",
                     r->compared ? " before after" : " count");
    else if (p->trouble == NEGATIVE)
        p2a_bad_line(r->in, "count %g is negative, expected 0 or more", p->bad);
    else if (p->trouble == TOO_LARGE)
        p2a_bad_line(r->in, "count %g is too large, expected less than 2^64", p->bad);
}

/* A stack keeps nothing of the piece before. */
static bool ready_pile(struct reader *r, const struct piece *p)
{
    if (!r->at_once && !adds_up(r, p) && !leave_pile(r))
        return false;
    return r->at_once || p2a_pile_settle(&r->pile, r->p->functions.n) || no_memory(r);
}

static bool take(void *reader, void *desk, void *piece)
{
    struct taking t = {.r = reader, .desk = desk, .piece = piece};
    if (!room_for_words(t.r, desk, piece) || !ready_pile(t.r, piece))
        return false;
    for (uint32_t i = 0; i < t.piece->stack_n; i++)
        if (!take_stack(&t, &t.piece->stack[i]) || (t.r->at_once && !add_context(t.r)))
            return false;
    if (t.r->at_once)
        p2a_pile_clear(&t.r->pile);
    p2a_count_lines(t.r->in, t.piece->lines);
    report(t.r, piece);
    return t.piece->trouble == NONE;
}

static const struct p2a_pieces pieces = {
    sizeof(struct desk), sizeof(struct piece), parse, take, free_desk, free_piece};

/* What was taken stays, whatever ended it. */
static void keep_pile(struct reader *r)
{
    struct p2a_error ended = r->p->core->error;
    if (r->at_once)
        return;
    if (ended.status != P2A_OK)
        p2a_take_error(r->p, NULL);
    p2a_pile_take(&r->pile, r->p);
    if (ended.status != P2A_OK)
        r->p->core->error = ended;
}

/* ---- reader: heavy paths alone ---- */

/* For a picture, and where stacks are long: a survey finds where they are, their values and their
 * leaves, and then only frames on heavy paths are read. Whatever isn't plain - threads, values that
 * aren't whole numbers, what is wrong - has all read as always. */
struct survey {
    struct reader *r;
    struct p2a_unread *stack;
    uint32_t n, room;
    size_t bytes;
    double sum;
    bool plain;
    struct p2a_words leaves;
    double *own; /* by leaf */
    size_t own_room;
};

struct surveyed {
    struct p2a_unread *stack; /* came: the word of its leaf */
    struct p2a_str *fresh;
    uint32_t n, room, fresh_n, fresh_room;
    p2a_id first;
    size_t bytes;
    uint64_t lines;
    bool plain;
};

struct surveyor {
    struct p2a_words words;
    p2a_id *leaf; /* by word; only who takes knows them */
    size_t leaf_room;
};

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { ENOUGH = 1, LONG = 1 };
#else
enum { ENOUGH = 1 << 20, LONG = 256 }; /* bytes that are worth it, and of a line */
#endif

/* Whether STACK begins with a process or a thread. */
static bool has_head(struct p2a_str stack)
{
    struct p2a_str frame, rest;
    struct thread t;
    if (!stack.n || !one_of(stack.at[0], "pt["))
        return false;
    p2a_str_cut(stack, ';', &frame, &rest);
    return p2a_str_starts(stack, "process ") || is_thread(frame, &t);
}

/* Adds the stack on LINE, if there is one; *LEAF: its last frame. */
static bool survey_line(struct surveyed *s, struct p2a_str line, struct p2a_str *leaf)
{
    struct p2a_unread stack = {.value = 0};
    leaf->at = NULL;
    if (is_empty(line) || is_comment(line))
        return true;
    s->plain = cut_number(&line, &stack.value) && judge_count(stack.value) == NONE && line.n &&
               line.n < UINT32_MAX && !has_head(line);
    if (!s->plain)
        return true;
    if (!p2a_grow(&s->stack, &s->room, (uint64_t)s->n + 1, sizeof *s->stack))
        return false;
    stack.at = line.at;
    stack.left = (uint32_t)line.n + 1;
    s->stack[s->n++] = stack;
    const char *last = memrchr(line.at, ';', line.n);
    leaf->at = last ? last + 1 : line.at;
    leaf->n = (size_t)(line.at + line.n - leaf->at);
    return true;
}

/* The words of N leaves of the stacks added last. */
static bool find_leaves(struct surveyor *d, struct surveyed *s, const struct p2a_str *leaf,
                        uint32_t n)
{
    p2a_id word[P2A_WORDS];
    if (!p2a_grow(&s->fresh, &s->fresh_room, (uint64_t)s->fresh_n + n, sizeof *s->fresh) ||
        !p2a_words_find(&d->words, leaf, n, word))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        s->stack[s->n - n + i].came = word[i];
        if (word[i] == s->first + s->fresh_n)
            s->fresh[s->fresh_n++] = leaf[i];
    }
    return true;
}

static bool survey_lines(const void *survey, void *desk, struct p2a_str lines, void *piece)
{
    struct surveyor *d = desk;
    struct surveyed *s = piece;
    struct p2a_str line, leaf[P2A_WORDS];
    uint32_t n = 0;
    (void)survey;
    s->n = s->fresh_n = 0;
    s->first = d->words.n;
    s->bytes = lines.n;
    s->lines = 0;
    s->plain = true;
    while (lines.n && s->plain) {
        p2a_str_cut(lines, '\n', &line, &lines);
        s->lines++;
        if (p2a_str_ends(line, "\r"))
            line.n--;
        if (!survey_line(s, line, &leaf[n]))
            return false;
        n += leaf[n].at != NULL;
        if ((n == P2A_WORDS || !lines.n) && !find_leaves(d, s, leaf, n))
            return false;
        n %= P2A_WORDS;
    }
    return true;
}

/* The leaves that are new on the desk. */
static bool take_leaves(struct survey *v, struct surveyor *d, const struct surveyed *s)
{
    for (uint32_t i = 0; i < s->fresh_n; i += P2A_WORDS) {
        uint32_t n = s->fresh_n - i < P2A_WORDS ? s->fresh_n - i : P2A_WORDS;
        p2a_id *leaf = widen(d->leaf, &d->leaf_room, (size_t)s->first + i + n, sizeof *leaf);
        if (!leaf)
            return false;
        d->leaf = leaf;
        if (!p2a_words_find(&v->leaves, s->fresh + i, n, leaf + s->first + i))
            return false;
    }
    double *own = widen(v->own, &v->own_room, (size_t)v->leaves.n + 1, sizeof *own);
    if (own)
        v->own = own;
    return own;
}

/* False ends it, for what isn't plain, too. */
static bool take_survey(void *survey, void *desk, void *piece)
{
    struct survey *v = survey;
    const struct surveyor *d = desk;
    const struct surveyed *s = piece;
    v->bytes += s->bytes;
    v->plain &= s->plain && s->n <= UINT32_MAX - v->n && v->n + s->n <= v->bytes / LONG;
    if (!v->plain)
        return false;
    if (!take_leaves(v, desk, s) ||
        !p2a_grow(&v->stack, &v->room, (uint64_t)v->n + s->n, sizeof *v->stack))
        return no_memory(v->r);
    for (uint32_t i = 0; i < s->n; i++) {
        struct p2a_unread *stack = &v->stack[v->n];
        *stack = s->stack[i];
        stack->came = v->n++;
        v->own[d->leaf[s->stack[i].came]] += stack->value;
        v->sum += stack->value;
        v->plain &= stack->value == floor(stack->value);
    }
    v->plain &= v->sum < 0x1p53;
    p2a_count_lines(v->r->in, s->lines);
    return v->plain;
}

static void free_surveyor(void *desk)
{
    struct surveyor *d = desk;
    p2a_words_free(&d->words);
    free(d->leaf);
}

static void free_surveyed(void *piece)
{
    struct surveyed *s = piece;
    free(s->stack);
    free(s->fresh);
}

/* What functions have as their own, of which contexts don't tell all. */
static bool give_own(struct survey *v)
{
    struct p2a_profile *p = v->r->p;
    p2a_id *function = malloc(((size_t)v->leaves.n + 1) * sizeof *function);
    bool done = function;
    for (uint32_t i = 0; done && i < v->leaves.n; i++)
        done = (function[i] = find_function(v->r, v->leaves.row[i])) != P2A_NONE;
    double *own = done ? calloc((size_t)p->functions.n + 1, sizeof *own) : NULL;
    for (uint32_t i = 0; own && i < v->leaves.n; i++)
        own[function[i]] += v->own[i];
    p->core->own = own;
    free(function);
    return own || (p2a_profile_status(p) == P2A_OK && no_memory(v->r));
}

static p2a_id function_of_frame(void *reader, struct p2a_str frame)
{
    return find_function(reader, frame);
}

/* Whether colours may hang on frames that weren't read: what is Python's is somebody's own code
 * where any of its files has its directory. */
static bool wants_directory(const struct p2a_profile *p)
{
    bool python = false;
    for (uint32_t i = 0; i < p->functions.n; i++)
        python |= p->functions.row[i].kind == P2A_PYTHON;
    return python && !p2a_painter_start(p, "module").directories;
}

/* Whether it is what reading all would have given; after an error, too. */
static bool read_heavy(struct survey *v)
{
    struct p2a_profile *p = v->r->p;
    struct p2a_heavy heavy = {.stack = v->stack,
                              .n = v->n,
                              .least = p->core->least * v->sum,
                              .function = function_of_frame,
                              .owner = v->r};
    if (p2a_heavy_contexts(p, &heavy) && give_own(v) && (v->r->alike || wants_directory(p)))
        p2a_drop_contexts(p);
    return p2a_has_contexts(p) || p2a_profile_status(p) != P2A_OK;
}

static const struct p2a_pieces surveyed = {sizeof(struct surveyor),
                                           sizeof(struct surveyed),
                                           survey_lines,
                                           take_survey,
                                           free_surveyor,
                                           free_surveyed};

/* Whether the profile is read so, or there was an error. */
static bool read_for_picture(struct reader *r)
{
    struct survey v = {.r = r, .plain = true};
    const unsigned char *at;
    if (!(r->p->core->least > 0) || r->compared || !p2a_in_memory(r->in) ||
        p2a_ahead(r->in, ENOUGH, &at) < ENOUGH)
        return false;
    uint64_t start = p2a_offset(r->in);
    p2a_read_pieces(r->in, &surveyed, &v);
    bool failed = p2a_profile_status(r->p) != P2A_OK;
    bool read = failed || (v.plain && v.n && read_heavy(&v));
    if (!read)
        p2a_go_back(r->in, start);
    p2a_words_free(&v.leaves);
    free(v.stack);
    free(v.own);
    return read;
}

static enum p2a_status read_folded(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .compared = has_two_counts(in)};
    p2a_metric(r.p, "samples", "count", 1);
    if (r.compared)
        p2a_compare_columns(r.p);
    r.pile.columns = r.p->columns;
    r.at_once = r.compared;
    if (!read_for_picture(&r)) {
        p2a_read_pieces(in, &pieces, &r);
        keep_pile(&r);
    }
    if (!p2a_has_contexts(r.p))
        p2a_bad_line(in, "no stack so far, expected lines 'frame;frame count'");
    p2a_pile_free(&r.pile);
    free(r.head);
    free(r.function);
    free(r.step);
    return p2a_in_status(in);
}

/* ---- writer ---- */

/* A row is a context, or one of the stacks in their place. texts holds the spelled functions and
 * behind them the threads, each with a ';' before it: text i from text_at[i]. */
struct writer {
    struct p2a_out *out;
    const struct p2a_profile *p;
    const struct p2a_stacks *stacks; /* NULL: contexts */
    uint32_t n;                      /* rows */
    struct p2a_keyed *came;          /* rows of stacks in the order of writing; NULL: as they are */
    bool compared, threads, sorted;
    uint64_t *now, *before; /* rounded, by row */
    bool *inner;            /* where all is zero: rows that others go on from */
    struct p2a_buffer texts;
    size_t *text_at;
    uint32_t *depth; /* of a context; roots 0 */
    uint32_t deepest;
};

/* The path to what was written last: a line begins with as much of it as it shares.
 *
 *     line:  main;load;parse             path:  | context | context | context |
 *                                        end:   | 4       | 9       | 15      |               */
struct pen {
    struct p2a_buffer line;
    const struct p2a_stack *last; /* of stacks */
    p2a_id *path;                 /* of contexts */
    uint32_t path_n;
    size_t *end;
};

/* Changes S to what can stand between ';' and ';', and be a line's only frame. */
static void make_safe(char *s, size_t n, bool compared)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == ';')
            s[i] = ':';
        else if (c == '\n' || c == '\r' || c == '\t')
            s[i] = ' ';
        else if (c < ' ' || c == 0x7f)
            s[i] = '?';
    }
    struct p2a_str head = {s, n};
    double value;
    if (is_header(head))
        s[1] = '_';
    if (p2a_str_starts(head, "(\xB5/\xFD")) /* which zstd's files start with */
        s[0] = '_';
    if (compared || !cut_number(&head, &value))
        return;
    while (n && s[n - 1] == ' ')
        n--;
    while (s[n - 1] != ' ')
        n--;
    s[n - 1] = '_';
}

static bool add_text(struct writer *w, uint32_t i, struct p2a_str text, const char *mark)
{
    size_t start = w->texts.n + 1;
    if (!p2a_buffer_add(&w->texts, ";", 1) || !p2a_buffer_add(&w->texts, text.at, text.n) ||
        !p2a_buffer_add(&w->texts, mark, strlen(mark)))
        return false;
    make_safe(w->texts.at + start, w->texts.n - start, w->compared);
    w->text_at[i + 1] = w->texts.n;
    return true;
}

static const char *mark_of(enum p2a_kind kind)
{
    for (size_t i = 0; i < MARKS; i++)
        if (marks[i].kind == kind)
            return marks[i].text;
    return "";
}

static bool spell_threads(struct writer *w)
{
    bool repeat = p2a_tids_repeat(w->p);
    for (uint32_t i = 0; i < w->p->threads.n; i++) {
        const struct p2a_thread *t = &w->p->threads.row[i];
        struct p2a_str name = p2a_string(w->p, t->name);
        char number[P2A_THREAD_NUMBER], text[64];
        if (!name.n) {
            p2a_thread_number(t, repeat, number);
            int n = snprintf(text, sizeof text, "thread-%s", number[0] ? number : "0");
            name = (struct p2a_str){text, (size_t)n};
        }
        if (!add_text(w, w->p->functions.n + i, name, ""))
            return false;
    }
    return true;
}

static bool spell_all(struct writer *w)
{
    struct p2a_buffer buffer = {0};
    bool spelled = true;
    w->text_at = calloc((size_t)w->p->functions.n + w->p->threads.n + 1, sizeof *w->text_at);
    for (uint32_t i = 0; w->text_at && spelled && i < w->p->functions.n; i++)
        spelled = add_text(w, i, p2a_spell(w->p, i, w->out->names, &buffer),
                           mark_of(w->p->functions.row[i].kind)) &&
                  !buffer.failed;
    p2a_buffer_free(&buffer);
    return w->text_at && spelled && spell_threads(w);
}

/* Parents stand before their children. */
static bool measure_depths(struct writer *w)
{
    uint32_t n = w->p->contexts.n;
    w->deepest = w->stacks ? w->stacks->deepest : 0;
    w->depth = malloc(((size_t)n + 1) * sizeof *w->depth);
    for (uint32_t i = 0; w->depth && i < n; i++) {
        p2a_id parent = w->p->contexts.row[i].parent;
        w->depth[i] = parent == P2A_NONE ? 0 : w->depth[parent] + 1;
        if (w->depth[i] > w->deepest)
            w->deepest = w->depth[i];
    }
    return w->depth;
}

static bool round_column(struct writer *w, uint32_t column, uint64_t **rounded)
{
    const struct p2a_profile *p = w->p;
    const struct p2a_metric *metric = &p->metrics.row[0];
    double scale = metric->scale;
    if (p2a_str_is(p2a_string(p, metric->unit), "seconds"))
        scale *= 1e9;
    *rounded = malloc(((size_t)w->n + 1) * sizeof **rounded);
    if (!*rounded)
        return false;
    const double *self = w->stacks ? w->stacks->self : p->contexts.self;
    p2a_note_rounded(w->out, column, p2a_round(self + column, w->n, p->columns, scale, *rounded));
    return true;
}

/* ---- writer: rows, on any thread ---- */

static bool add_frame(const struct writer *w, struct pen *pen, bool first, uint32_t text)
{
    size_t from = w->text_at[text] + first;
    return p2a_buffer_add(&pen->line, w->texts.at + from, w->text_at[text + 1] - from);
}

static bool add_root(const struct writer *w, struct pen *pen, p2a_id thread, p2a_id function)
{
    bool named = w->threads && thread != P2A_NONE;
    pen->line.n = 0;
    return (!named || add_frame(w, pen, true, w->p->functions.n + thread)) &&
           add_frame(w, pen, !named, function);
}

/* Makes `line` the path of a stack. */
static bool go_to_stack(const struct writer *w, struct pen *pen, const struct p2a_stack *stack)
{
    struct p2a_stack_frames frames = p2a_frames_from(w->stacks->frames, stack->frame);
    uint32_t shared = pen->last ? p2a_shared_frames(w->stacks->frames, pen->last, stack) : 0;
    if (shared)
        pen->line.n = pen->end[shared - 1];
    for (uint32_t i = shared; i < stack->frame_n; i++) {
        p2a_id function = p2a_frame_at(frames, i);
        if (i == 0 ? !add_root(w, pen, stack->thread, function)
                   : !add_frame(w, pen, false, function))
            return false;
        pen->end[i] = pen->line.n;
    }
    pen->last = stack;
    return true;
}

/* Makes `line` the path to CONTEXT. */
static bool go_to_context(const struct writer *w, struct pen *pen, p2a_id context)
{
    uint32_t n = w->depth[context] + 1, shared = n;
    for (p2a_id c = context; shared > 0; c = w->p->contexts.row[c].parent, shared--) {
        if (shared <= pen->path_n && pen->path[shared - 1] == c)
            break;
        pen->path[shared - 1] = c;
    }
    pen->path_n = n;
    if (shared)
        pen->line.n = pen->end[shared - 1];
    for (uint32_t i = shared; i < n; i++) {
        const struct p2a_context *c = &w->p->contexts.row[pen->path[i]];
        if (i == 0 ? !add_root(w, pen, c->thread, c->function)
                   : !add_frame(w, pen, false, c->function))
            return false;
        pen->end[i] = pen->line.n;
    }
    return true;
}

static bool go_to(const struct writer *w, struct pen *pen, uint32_t row)
{
    if (!pen->path)
        pen->path = malloc(((size_t)w->deepest + 1) * sizeof *pen->path);
    if (!pen->end)
        pen->end = malloc(((size_t)w->deepest + 1) * sizeof *pen->end);
    return pen->path && pen->end &&
           (w->stacks ? go_to_stack(w, pen, &w->stacks->row[row]) : go_to_context(w, pen, row));
}

static void free_pen(void *desk)
{
    struct pen *pen = desk;
    p2a_buffer_free(&pen->line);
    free(pen->path);
    free(pen->end);
}

enum { COUNTS = 2 * P2A_DIGITS + 3 };

/* What stands behind the stack. Returns the end of it. */
static char *add_counts(const struct writer *w, char *at, uint32_t row)
{
    *at++ = ' ';
    if (w->compared) {
        at = p2a_digits(at, w->before[row]);
        *at++ = ' ';
    }
    at = p2a_digits(at, w->now[row]);
    *at++ = '\n';
    return at;
}

static bool is_zero(const struct writer *w, uint32_t row)
{
    return !w->now[row] && !(w->compared && w->before[row]);
}

/* The row at PLACE in the order of writing; whether it is written. */
static bool row_at(const struct writer *w, uint32_t place, uint32_t *row)
{
    *row = w->came ? w->came[place].id : place;
    return w->inner ? !w->inner[*row] : !is_zero(w, *row);
}

static void put_rows(const void *writer, void *desk, struct p2a_out *out, uint32_t begin,
                     uint32_t end)
{
    const struct writer *w = writer;
    enum { AHEAD = 4 };
    struct pen *pen = desk;
    char counts[COUNTS];
    for (uint32_t place = begin; place < end && p2a_out_status(out) == P2A_OK; place++) {
        uint32_t row;
        if (w->stacks && place + AHEAD < w->n)
            p2a_stacks_ahead(w->stacks, w->came ? w->came[place + AHEAD].id : place + AHEAD);
        if (!row_at(w, place, &row))
            continue;
        if (!go_to(w, pen, row)) {
            p2a_no_memory(out);
            return;
        }
        p2a_put(out, pen->line.at, pen->line.n);
        p2a_put(out, counts, (size_t)(add_counts(w, counts, row) - counts));
    }
}

/* ---- writer: all of it ---- */

/* Where all is zero: the stacks that go on nowhere, so that there is something to see. */
static bool mark_inner(struct writer *w)
{
    bool any = false;
    for (uint32_t i = 0; i < w->n && !any; i++)
        any = !is_zero(w, i);
    if (any)
        return true;
    w->inner = calloc((size_t)w->n + 1, sizeof *w->inner);
    for (uint32_t i = 0; w->inner && i < w->p->contexts.n; i++)
        if (w->p->contexts.row[i].parent != P2A_NONE)
            w->inner[w->p->contexts.row[i].parent] = true;
    for (uint32_t i = 1; w->inner && w->stacks && i < w->n; i++)
        w->inner[i - 1] = w->stacks->row[i].shared == w->stacks->row[i - 1].frame_n;
    return w->inner;
}

static int compare_lines(const void *a, const void *b)
{
    const struct p2a_str *left = a, *right = b;
    return p2a_str_compare(*left, *right);
}

/* All lines, one after the other. */
static bool collect_lines(const struct writer *w, struct p2a_buffer *lines, size_t *n)
{
    struct pen pen = {.path_n = 0};
    char counts[COUNTS];
    bool done = true;
    for (uint32_t place = 0, row; done && place < w->n; place++) {
        if (!row_at(w, place, &row))
            continue;
        done = go_to(w, &pen, row) && p2a_buffer_add(lines, pen.line.at, pen.line.n) &&
               p2a_buffer_add(lines, counts, (size_t)(add_counts(w, counts, row) - counts));
        ++*n;
    }
    free_pen(&pen);
    return done;
}

static bool write_sorted(const struct writer *w)
{
    struct p2a_buffer lines = {0};
    size_t n = 0;
    bool collected = collect_lines(w, &lines, &n);
    struct p2a_str rest = {lines.at, lines.n}, *row = malloc((n + 1) * sizeof *row);
    bool done = collected && row;
    for (size_t i = 0; done && p2a_str_cut(rest, '\n', &row[i], &rest); i++) {
    }
    if (done && n)
        qsort(row, n, sizeof *row, compare_lines);
    for (size_t i = 0; done && i < n; i++) {
        p2a_put_str(w->out, row[i]);
        p2a_put(w->out, "\n", 1);
    }
    free(row);
    p2a_buffer_free(&lines);
    return done;
}

static bool write_rows(const struct writer *w)
{
    enum { FRAME = 32 }; /* bytes */
    const struct p2a_print work = {.desk_size = sizeof(struct pen),
                                   .rows = p2a_rows_of(FRAME * ((uint64_t)w->deepest + 1)),
                                   .put = put_rows,
                                   .free_desk = free_pen};
    p2a_print_rows(w->out, &work, w, w->n);
    return true;
}

/* Lines stand in the order in which they came. */
static bool order_rows(struct writer *w)
{
    return !w->stacks || !w->stacks->first || (w->came = p2a_stacks_as_they_came(w->stacks));
}

static bool write_all(struct writer *w)
{
    return spell_all(w) && order_rows(w) && measure_depths(w) && round_column(w, 0, &w->now) &&
           (!w->compared || round_column(w, w->p->metrics.n, &w->before)) && mark_inner(w) &&
           (w->sorted ? write_sorted(w) : write_rows(w));
}

static enum p2a_status write_folded(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    struct writer w = {.out = out,
                       .p = p,
                       .compared = p->columns > p->metrics.n,
                       .threads = p2a_option_flag(out, "threads"),
                       .sorted = p2a_option_flag(out, "sort"),
                       .n = p->contexts.n};
    if (p2a_stacks_of(p)->n) {
        w.stacks = p2a_stacks_of(p);
        w.n = w.stacks->n;
    }
    if (w.n == 0 || p->metrics.n == 0)
        p2a_out_note(out, "there are no stacks: nothing was written");
    else if (!write_all(&w) && p2a_out_status(out) == P2A_OK)
        p2a_no_memory(out);
    free(w.came);
    free(w.now);
    free(w.before);
    p2a_buffer_free(&w.texts);
    free(w.text_at);
    free(w.inner);
    free(w.depth);
    return p2a_out_status(out);
}

static unsigned keeps_too(const struct p2a_out *out)
{
    return p2a_option_flag(out, "threads") ? P2A_THREADS : 0;
}

static const char *const aliases[] = {"collapsed", "stacks", NULL};
static const char *const patterns[] = {"*.folded", "*.collapsed", NULL};

const struct p2a_format p2a_format_folded = {
    .name = "folded",
    .title = "Folded stacks, for flame graph tools",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_folded,
    .write = write_folded,
    .gives = P2A_CONTEXTS | P2A_BEFORE | P2A_PLACES | P2A_MODULES | P2A_THREADS,
    .needs = P2A_CONTEXTS | P2A_STACKS,
    .keeps = P2A_CONTEXTS | P2A_BEFORE | P2A_PLACES | P2A_MODULES_AS_FILES,
    .keeps_too = keeps_too,
    .report = P2A_REPORT_NAMES,
    .options = options,
};
