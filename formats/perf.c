/* The text of `perf script`, Linux' profiler; defined by what tools/perf/builtin-script.c prints.
 *
 *     COMMAND PID/TID [CPU] TIME:  PERIOD EVENT: TEXT      any of these may be missing
 *     <tab>  ADDRESS SYMBOL+0xOFFSET (OBJECT)              leaf first
 *       FILE:LINE                                          with -F +srcline
 *     <empty line>
 *
 * - The time is what a header is known by: digits, a point, digits, a colon. What stands before it
 *   is the command, which may hold blanks and be a single letter, and its ids. Without a time the
 *   first number behind a word is the process, or a period where it ends a column of ten: ids have
 *   seven digits at most.
 * - Of what -F can print besides, source text, registers, instructions, sizes of pages, nothing is
 *   kept: it stands behind the stack, in a line that begins with one blank or a bar.
 * - An event is a metric. Its weight is the period; where none is printed every sample is 1.
 *   cpu-clock and task-clock have periods in nanoseconds.
 * - A sample without stack has its frame on the header's line, or none at all (a tracepoint): then
 *   its frame is a marker with the command's name, so that nothing of the total is lost.
 * - perf script -G -F comm,ip,sym prints no more than that line, "COMMAND  ADDRESS SYMBOL": the
 *   address stands in its column of 16 behind two blanks.
 * - "(inlined)" in place of the object marks an inlined frame, [unknown] is spelled by its object,
 *   mangled names are demangled whole. Addresses in the upper half are the kernel's. Names of
 *   perf-PID.map files are told apart: Python's "py::name:file" and V8's "JS:*name file:line:col".
 * - Costs per line are those of the leaf; the lines of its callers have no place in the tree.
 *
 * It is only read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/words.h"
#include "codec/demangle.h"
#include "prof2any/format.h"

/* ---- words ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A table: addresses and offsets are most of what is looked at by the byte. */
static bool hex(char c)
{
    static const bool is[256] = {
        ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
        ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['a'] = true, ['b'] = true,
        ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true};
    return is[(unsigned char)c];
}

static struct p2a_str from(struct p2a_str s, size_t i)
{
    return i ? (struct p2a_str){s.at + i, s.n - i} : s; /* nowhere has no place behind it */
}

static struct p2a_str skip_blanks(struct p2a_str s)
{
    size_t i = 0;
    while (i < s.n && blank(s.at[i]))
        i++;
    return from(s, i);
}

/* Takes the next word off *rest; "" at the end. */
static struct p2a_str next_word(struct p2a_str *rest)
{
    struct p2a_str s = skip_blanks(*rest);
    size_t n = 0;
    while (n < s.n && !blank(s.at[n]))
        n++;
    *rest = from(s, n);
    return (struct p2a_str){s.at, n};
}

static struct p2a_str last_word(struct p2a_str s)
{
    size_t i = s.n;
    while (i && !blank(s.at[i - 1]))
        i--;
    return from(s, i);
}

/* ---- a header ---- */

struct header {
    struct p2a_str command, event, rest;
    uint64_t pid, tid;
    double period;
    bool has_ids, has_cpu, has_time, has_period;
    bool has_address; /* and REST begins with it, in its column */
};

/* "1234" or "1234/1235"; -1 is nobody. */
static bool take_ids(struct p2a_str word, struct header *h)
{
    struct p2a_str pid, tid;
    bool both = p2a_str_cut(word, '/', &pid, &tid);
    if (p2a_str_is(pid, "-1"))
        pid = P2A_LIT("0");
    if (both && p2a_str_is(tid, "-1"))
        tid = P2A_LIT("0");
    uint64_t process, thread;
    if (!p2a_str_u64(pid, &process) || !p2a_str_u64(both ? tid : pid, &thread))
        return false;
    h->pid = both ? process : 0;
    h->tid = thread;
    return h->has_ids = true;
}

static bool is_cpu(struct p2a_str word)
{
    return word.n > 2 && word.at[0] == '[' && digit(word.at[1]) && word.at[word.n - 1] == ']';
}

/* The place behind "12.345:", 0 where there is none; *start is where it begins. */
static size_t find_time(struct p2a_str line, size_t *start)
{
    const char *colon = line.at;
    while ((colon = memchr(colon, ':', (size_t)(line.at + line.n - colon)))) {
        size_t end = (size_t)(colon - line.at), i = end;
        while (i && digit(line.at[i - 1]))
            i--;
        if (i < end && i > 1 && line.at[i - 1] == '.' && digit(line.at[i - 2])) {
            for (i--; i && digit(line.at[i - 1]); i--)
                continue;
            *start = i;
            if (!i || blank(line.at[i - 1]))
                return end + 1;
        }
        colon++;
    }
    return 0;
}

/* What -F +misc prints behind the CPU or the ids: in which mode the processor was, "U" or "K". */
static struct p2a_str cut_mode(struct p2a_str left)
{
    static const char letters[] = "KUHGgMDESp";
    struct p2a_str word = last_word(left), before = left;
    struct header ids = {0};
    size_t n = 0;
    while (n < word.n && strchr(letters, word.at[n]))
        n++;
    before.n -= word.n;
    before = p2a_str_trim(before);
    bool mode = n && n == word.n && n <= 5;
    return mode && (is_cpu(last_word(before)) || take_ids(last_word(before), &ids)) ? before : left;
}

/* What stands before the time: the command, its ids, the CPU. */
static void take_left(struct p2a_str left, struct header *h)
{
    left = cut_mode(p2a_str_trim(left));
    struct p2a_str word = last_word(left);
    if (is_cpu(word)) {
        left.n -= word.n;
        left = p2a_str_trim(left);
        word = last_word(left);
    }
    if (take_ids(word, h))
        left.n -= word.n;
    h->command = p2a_str_trim(left);
}

/* "PERIOD EVENT: TEXT", "EVENT: TEXT", "PERIOD" or neither. */
static void take_right(struct p2a_str right, struct header *h)
{
    struct p2a_str after = right, word = next_word(&after);
    uint64_t period;
    h->rest = right;
    if (p2a_str_u64(word, &period)) {
        struct p2a_str behind = after, event = next_word(&behind);
        if (event.n && !p2a_str_ends(event, ":"))
            return;
        h->period = (double)period;
        h->has_period = true;
        word = event;
        after = behind;
    }
    if (word.n < 2 || word.at[word.n - 1] != ':')
        return;
    h->event = (struct p2a_str){word.at, word.n - 1};
    h->rest = after;
}

/* A number alone is the process; a period where it ends its column of ten. */
static bool take_number(struct p2a_str line, struct header *h)
{
    struct p2a_str word = p2a_str_trim(line);
    if (word.at + word.n - line.at >= 10)
        take_right(line, h);
    return h->has_period || take_ids(word, h);
}

/* "COMMAND [CPU] PERIOD EVENT: TEXT", any of which may be missing. */
static void take_without_ids(struct p2a_str line, struct header *h)
{
    struct p2a_str rest = line;
    if (take_number(line, h))
        return;
    while (skip_blanks(rest).n) {
        struct p2a_str here = rest;
        h->has_cpu = is_cpu(next_word(&rest));
        take_right(h->has_cpu ? rest : here, h);
        if (h->has_cpu || h->event.n) {
            h->command = p2a_str_trim((struct p2a_str){line.at, (size_t)(here.at - line.at)});
            return;
        }
    }
    *h = (struct header){.period = 1, .command = p2a_str_trim(line)};
}

/* "    100000" behind a word and a blank. */
static bool fills_column(struct p2a_str behind, struct p2a_str number)
{
    enum { COLUMN = 10 };
    size_t width = (size_t)(number.at + number.n - behind.at) - 1;
    return width == COLUMN || (width > COLUMN && width == number.n);
}

/* A header without a time: the first number behind a word is the process or the period. */
static void take_timeless(struct p2a_str line, struct header *h)
{
    struct p2a_str rest = line, word = next_word(&rest);
    while (word.n && !p2a_str_ends(word, ":") && !is_cpu(word)) {
        struct p2a_str before = rest;
        word = next_word(&rest);
        if (word.n && fills_column(before, word))
            take_right(before, h);
        if (!h->has_period && !take_ids(word, h))
            continue;
        h->command = p2a_str_trim((struct p2a_str){line.at, (size_t)(before.at - line.at)});
        if (h->has_period)
            return;
        before = rest;
        if (is_cpu(next_word(&before)))
            rest = before;
        take_right(rest, h);
        return;
    }
    take_without_ids(line, h);
}

/* Cuts "COMMAND  ADDRESS SYMBOL" before the column of the address; false where there is none. */
static bool cut_address(struct p2a_str line, struct p2a_str *left, struct p2a_str *right)
{
    enum { COLUMN = 18 };
    struct p2a_str rest = line, word = next_word(&rest);
    while (word.n) {
        struct p2a_str before = rest;
        word = next_word(&rest);
        size_t n = 0, end = (size_t)(word.at + word.n - before.at);
        while (n < word.n && hex(word.at[n]))
            n++;
        if (!n || n < word.n || n > 16 || end < COLUMN || !skip_blanks(rest).n)
            continue;
        *left = (struct p2a_str){line.at, (size_t)(before.at - line.at)};
        *right = before;
        return true;
    }
    return false;
}

/* What stands before the address is a header as well. */
static void take_addressed(struct p2a_str line, struct header *h)
{
    struct p2a_str left, right;
    if (h->event.n || !cut_address(line, &left, &right))
        return;
    *h = (struct header){.period = 1};
    take_timeless(left, h);
    h->rest = right;
    h->has_address = true;
}

static void parse_header(struct p2a_str line, struct header *h)
{
    size_t start, behind = find_time(line, &start);
    *h = (struct header){.period = 1};
    if (!behind) {
        take_timeless(line, h);
        take_addressed(line, h);
        return;
    }
    h->has_time = true;
    take_left((struct p2a_str){line.at, start}, h);
    take_right(from(line, behind), h);
}

/* ---- a frame ---- */

struct frame {
    struct p2a_str text; /* symbol, offset, object */
    bool kernel;
};

/* Cuts " (object)" off the end; parentheses in it are balanced: "(/memfd:x (deleted))". */
static struct p2a_str cut_object(struct p2a_str *text)
{
    size_t i = text->n, depth = 0;
    if (!p2a_str_ends(*text, ")"))
        return P2A_LIT("");
    while (i--) {
        depth += text->at[i] == ')';
        if (text->at[i] == '(' && --depth == 0)
            break;
    }
    if (i == SIZE_MAX || (i && !blank(text->at[i - 1])))
        return P2A_LIT("");
    struct p2a_str object = {text->at + i + 1, text->n - i - 2};
    text->n = i;
    *text = p2a_str_trim(*text);
    return object;
}

/* "(object)" and no symbol: -F ip,dso. */
static bool is_object(struct p2a_str text)
{
    return text.n && text.at[0] == '(' && cut_object(&text).n && !text.n;
}

/* A frame begins with an address, which is its name where there is no symbol, or is a symbol alone
 * behind a tab. */
static bool split_frame(struct p2a_str line, struct frame *frame)
{
    struct p2a_str s = skip_blanks(line);
    size_t n = 0;
    while (n < s.n && hex(s.at[n]))
        n++;
    if (n && n < s.n && blank(s.at[n])) {
        struct p2a_str text = skip_blanks(from(s, n));
        *frame = (struct frame){is_object(text) ? s : text, n == 16 && s.at[0] >= '8'};
        return true;
    }
    *frame = (struct frame){s, false};
    return s.n && line.at[0] == '\t';
}

/* "symbol+0x1f" without its offset. */
static struct p2a_str cut_offset(struct p2a_str symbol)
{
    size_t i = symbol.n;
    while (i && hex(symbol.at[i - 1]))
        i--;
    if (i < symbol.n && i > 3 && memcmp(symbol.at + i - 3, "+0x", 3) == 0)
        symbol.n = i - 3;
    return symbol;
}

static bool is_jit(struct p2a_str object)
{
    struct p2a_str base = p2a_str_base(object);
    return (p2a_str_starts(base, "perf-") && p2a_str_ends(base, ".map")) ||
           p2a_str_starts(base, "jitted-");
}

/* CPython's trampolines: "py::name:/path/file.py". */
static bool take_python(struct p2a_profile *p, struct p2a_str symbol, struct p2a_function *f)
{
    if (!p2a_str_starts(symbol, "py::"))
        return false;
    symbol = from(symbol, 4);
    size_t i = symbol.n;
    while (i && symbol.at[i - 1] != ':')
        i--;
    if (i < 2)
        return false;
    f->qualname = p2a_intern(p, (struct p2a_str){symbol.at, i - 1});
    f->name = f->qualname;
    f->file = p2a_intern(p, from(symbol, i));
    f->kind = P2A_PYTHON;
    return true;
}

/* Cuts ":12" off the end of *s. */
static bool cut_number(struct p2a_str *s, uint64_t *value)
{
    size_t i = s->n;
    while (i && digit(s->at[i - 1]))
        i--;
    if (!i || s->at[i - 1] != ':' || !p2a_str_u64(from(*s, i), value))
        return false;
    s->n = i - 1;
    return true;
}

/* V8's map: "JS:*name file:///app.js:12:3", "LazyCompile:~name /app.js:12:3". */
static bool take_script(struct p2a_profile *p, struct p2a_str symbol, struct p2a_function *f)
{
    static const char *const tags[] = {"JS:", "LazyCompile:", "Function:", "Script:", "Eval:"};
    uint64_t line, column;
    size_t tag = 0, count = sizeof tags / sizeof *tags;
    while (tag < count && !p2a_str_starts(symbol, tags[tag]))
        tag++;
    if (tag == count)
        return false;
    symbol = from(symbol, strlen(tags[tag]));
    while (symbol.n && strchr("*~^+", symbol.at[0]))
        symbol = from(symbol, 1);
    struct p2a_str place = last_word(symbol), name = {symbol.at, symbol.n - place.n};
    if (!cut_number(&place, &column) || !cut_number(&place, &line) || line > INT32_MAX)
        return false;
    name = p2a_str_trim(name);
    f->name = p2a_intern(p, name.n ? name : P2A_LIT("(anonymous)"));
    f->file = p2a_intern(p, place);
    f->line = (int64_t)line;
    f->kind = P2A_JIT;
    return true;
}

/* The kernel itself: the kind says so already. */
static bool is_kernel(struct p2a_str object)
{
    return p2a_str_starts(object, "[kernel") || p2a_str_starts(object, "[guest.kernel") ||
           p2a_str_starts(p2a_str_base(object), "vmlinux");
}

static enum p2a_kind kind_of(struct p2a_str object, bool kernel)
{
    if (kernel || is_kernel(object))
        return P2A_KERNEL;
    return is_jit(object) ? P2A_JIT : P2A_NATIVE;
}

static p2a_id function_of(struct p2a_profile *p, struct p2a_str text, bool kernel,
                          struct p2a_buffer *buffer)
{
    struct p2a_str object = cut_object(&text);
    struct p2a_str symbol = cut_offset(text);
    struct p2a_function f = {.kind = kind_of(object, kernel)};
    bool known = !p2a_str_is(object, "[unknown]");
    if (p2a_str_is(object, "inlined"))
        f.kind = P2A_INLINED;
    else if (known && !is_kernel(object))
        f.module = p2a_intern(p, object);
    if (take_python(p, symbol, &f) || take_script(p, symbol, &f))
        return p2a_function(p, &f);
    if (p2a_str_is(symbol, "[unknown]") && known && object.n) {
        struct p2a_str base = p2a_str_base(object);
        bool bracketed = p2a_str_starts(base, "[");
        buffer->n = 0;
        if (p2a_buffer_add(buffer, bracketed ? "" : "[", !bracketed) &&
            p2a_buffer_add(buffer, base.at, base.n) &&
            p2a_buffer_add(buffer, bracketed ? "" : "]", !bracketed))
            symbol = (struct p2a_str){buffer->at, buffer->n};
    } else {
        symbol = p2a_demangle(symbol, buffer);
    }
    f.name = p2a_intern(p, symbol);
    return p2a_function(p, &f);
}

/* ---- parsing a piece ---- */

/* A line that begins with a tab and is a frame, and an empty one, are the same wherever they stand.
 * What others are depends on those before. */
enum { EMPTY = P2A_NONE - 1, OTHER = P2A_NONE - 2 };

struct piece {
    p2a_id *line; /* the frame's word, EMPTY or OTHER */
    struct p2a_str *other;
    struct frame *fresh; /* the words that are new, by their numbers from FIRST on */
    uint32_t line_n, line_room, other_n, other_room, fresh_n, fresh_room;
    p2a_id first;
    bool anew; /* the words before are forgotten */
};

struct desk {
    struct p2a_words words;
    /* Frames whose words aren't looked for yet, and what they are looked for by: one behind the
     * other, each up to its end. */
    struct frame frame[P2A_WORDS];
    size_t end[P2A_WORDS];
    uint32_t frame_n;
    struct p2a_buffer keys;
    /* Only who takes knows what words are. */
    p2a_id *function; /* by word, P2A_NONE: not asked yet */
    uint32_t function_n, function_room;
};

/* Without an offset, or with parentheses in the object, all of TEXT is its head. */
static struct p2a_str head_of(struct p2a_str text)
{
    const char *open = text.n ? memrchr(text.at, '(', text.n) : NULL, *end = text.at + text.n;
    if (!open || open - text.at < 2 || open[-1] != ' ' ||
        memchr(open, ')', (size_t)(end - open)) != end - 1)
        return text;
    struct p2a_str symbol = {text.at, (size_t)(open - 1 - text.at)}, head = cut_offset(symbol);
    return head.n < symbol.n ? head : text;
}

static bool hold_frame(struct desk *d, const struct frame *frame)
{
    struct p2a_str text = frame->text, head = head_of(text), tail = from(text, head.n);
    if (tail.n)
        tail = from(tail, (size_t)((const char *)memchr(tail.at, ' ', tail.n) - tail.at));
    const char mark[] = {tail.n ? '+' : ' ', frame->kernel ? 'k' : 'u'};
    if (!p2a_buffer_add(&d->keys, head.at, head.n) || !p2a_buffer_add(&d->keys, tail.at, tail.n) ||
        !p2a_buffer_add(&d->keys, mark, sizeof mark))
        return false;
    d->end[d->frame_n] = d->keys.n;
    d->frame[d->frame_n++] = *frame;
    return true;
}

/* The words of the frames held, none of which is any more. */
static bool find_words(struct desk *d, p2a_id *word)
{
    struct p2a_str key[P2A_WORDS];
    uint32_t n = d->frame_n;
    for (uint32_t i = 0; i < n; i++) {
        size_t start = i ? d->end[i - 1] : 0;
        key[i] = (struct p2a_str){d->keys.at + start, d->end[i] - start};
    }
    d->keys.n = 0;
    d->frame_n = 0;
    return p2a_words_find(&d->words, key, n, word);
}

static bool add_line(struct piece *p, p2a_id line)
{
    if (p->line_n == p->line_room &&
        !p2a_grow(&p->line, &p->line_room, (uint64_t)p->line_n + 1, sizeof *p->line))
        return false;
    p->line[p->line_n++] = line;
    return true;
}

static bool add_frames(struct desk *d, struct piece *p)
{
    p2a_id word[P2A_WORDS];
    uint32_t n = d->frame_n;
    if (!find_words(d, word) ||
        !p2a_grow(&p->line, &p->line_room, (uint64_t)p->line_n + n, sizeof *p->line) ||
        !p2a_grow(&p->fresh, &p->fresh_room, (uint64_t)p->fresh_n + n, sizeof *p->fresh))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        p->line[p->line_n++] = word[i];
        if (word[i] == p->first + p->fresh_n)
            p->fresh[p->fresh_n++] = d->frame[i];
    }
    return true;
}

static bool add_other(struct piece *p, struct p2a_str line)
{
    if (!p2a_grow(&p->other, &p->other_room, (uint64_t)p->other_n + 1, sizeof *p->other))
        return false;
    p->other[p->other_n++] = line;
    return add_line(p, OTHER);
}

static bool parse_line(struct desk *d, struct piece *p, struct p2a_str line)
{
    struct frame frame;
    if (line.n && line.at[0] == '\t' && split_frame(line, &frame))
        return hold_frame(d, &frame) && (d->frame_n < P2A_WORDS || add_frames(d, p));
    if (!add_frames(d, p))
        return false;
    return skip_blanks(line).n ? add_other(p, line) : add_line(p, EMPTY);
}

static bool parse(const void *reader, void *desk, struct p2a_str lines, void *piece)
{
    struct desk *d = desk;
    struct piece *p = piece;
    struct p2a_str line;
    (void)reader;
    p->anew = p2a_words_trim(&d->words);
    p->first = d->words.n;
    p->line_n = p->other_n = p->fresh_n = 0;
    d->frame_n = 0;
    d->keys.n = 0;
    while (lines.n) {
        p2a_str_cut(lines, '\n', &line, &lines);
        if (line.n && line.at[line.n - 1] == '\r')
            line.n--;
        if (!parse_line(d, p, line))
            return false;
    }
    return add_frames(d, p);
}

static void free_piece(void *piece)
{
    struct piece *p = piece;
    free(p->line);
    free(p->other);
    free(p->fresh);
}

static void free_desk(void *desk)
{
    struct desk *d = desk;
    p2a_words_free(&d->words);
    p2a_buffer_free(&d->keys);
    free(d->function);
}

/* ---- reader ---- */

/* Frames repeat: what they are is asked once for each that differs in more than its offset, which
 * is another in most samples.
 *
 *     symbol+0x1f (object)        head: "symbol"  tail: " (object)"  word: "symbol (object)." */
struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct desk own; /* for frames that weren't parsed as such */
    struct p2a_buffer buffer, event;
    p2a_id metric; /* of the event that was seen last */
    bool metric_has_period;
    bool open;  /* a sample has begun */
    bool loose; /* by a line that only what follows makes a header */
    bool lines; /* there are costs per line */
    bool ended; /* by a line that can't be read */
    p2a_id thread;
    double weight;
    struct p2a_line leaf;
    struct p2a_str command; /* in `name` */
    struct p2a_buffer name;
    /* The stack of the sample, leaf first, and the one before, root first, with its contexts. */
    p2a_id *frame;
    uint32_t frame_n, frame_room;
    p2a_id *step, *context;
    uint32_t step_n, step_room, context_room;
    p2a_id step_thread;
};

static bool failed(const struct reader *r)
{
    return p2a_in_status(r->in) != P2A_OK;
}

/* The function of WORD, which a desk has given to FRAME; asks what it is where that isn't known. */
static p2a_id function_of_word(struct reader *r, struct desk *d, p2a_id word,
                               const struct frame *frame)
{
    if (!p2a_grow(&d->function, &d->function_room, (uint64_t)word + 1, sizeof *d->function)) {
        p2a_in_no_memory(r->in);
        return P2A_NONE;
    }
    for (; d->function_n <= word; d->function_n++)
        d->function[d->function_n] = P2A_NONE;
    if (d->function[word] == P2A_NONE)
        d->function[word] = function_of(r->p, frame->text, frame->kernel, &r->buffer);
    return d->function[word];
}

static p2a_id find_function(struct reader *r, const struct frame *frame)
{
    p2a_id word;
    if (p2a_words_trim(&r->own.words))
        r->own.function_n = 0;
    if (hold_frame(&r->own, frame) && find_words(&r->own, &word))
        return function_of_word(r, &r->own, word, frame);
    p2a_in_no_memory(r->in);
    return P2A_NONE;
}

static void push_frame(struct reader *r, p2a_id function)
{
    if (r->frame_n == r->frame_room) {
        uint32_t room = r->frame_room ? r->frame_room * 2 : 256;
        p2a_id *wider = realloc(r->frame, room * sizeof *wider);
        if (!wider || room > 1u << 30) {
            r->frame = wider ? wider : r->frame;
            p2a_in_no_memory(r->in);
            return;
        }
        r->frame = wider;
        r->frame_room = room;
    }
    r->frame[r->frame_n++] = function;
}

static bool room_for_steps(struct reader *r, uint32_t n)
{
    if (p2a_grow(&r->step, &r->step_room, n, sizeof *r->step) &&
        p2a_grow(&r->context, &r->context_room, n, sizeof *r->context))
        return true;
    p2a_in_no_memory(r->in);
    return false;
}

/* Follows the stack from where it leaves the one before. Returns the leaf's context. */
static p2a_id find_context(struct reader *r)
{
    uint32_t n = r->frame_n, same = 0;
    if (!room_for_steps(r, n))
        return P2A_NONE;
    if (r->thread == r->step_thread)
        while (same < n && same < r->step_n && r->step[same] == r->frame[n - 1 - same])
            same++;
    for (uint32_t i = same; i < n; i++)
        r->context[i] = r->step[i] = r->frame[n - 1 - i];
    r->step_n = n;
    r->step_thread = r->thread;
    p2a_id above = same ? r->context[same - 1] : P2A_NONE;
    if (!p2a_path(r->p, above, r->thread, r->context + same, n - same))
        return P2A_NONE;
    return r->context[n - 1];
}

/* The first source line has turned up: what was counted so far is on no line. */
static void start_lines(struct reader *r)
{
    const struct p2a_contexts *t = &r->p->contexts;
    r->lines = true;
    for (uint32_t i = 0; i < t->n; i++)
        for (uint32_t m = 0; m < r->p->columns; m++) {
            double self = t->self[(size_t)i * r->p->columns + m];
            if (self > 0)
                p2a_line_add(r->p, &(struct p2a_line){.function = t->row[i].function}, m, self);
        }
}

static void close_sample(struct reader *r)
{
    if (!r->open)
        return;
    if (!r->frame_n) {
        struct p2a_str name = r->command.n ? r->command : P2A_LIT("[no stack]");
        struct p2a_function f = {.name = p2a_intern(r->p, name), .kind = P2A_MARKER};
        push_frame(r, p2a_function(r->p, &f));
    }
    p2a_id context = failed(r) ? P2A_NONE : find_context(r);
    if (context != P2A_NONE) {
        p2a_context_add(r->p, context, r->metric, r->weight);
        r->leaf.function = r->frame[0];
        if (r->lines)
            p2a_line_add(r->p, &r->leaf, r->metric, r->weight);
    }
    r->open = false;
    r->frame_n = 0;
}

/* Periods of clocks are nanoseconds, of other events counts; without period samples are counted. */
static void choose_metric(struct reader *r, const struct header *h)
{
    struct p2a_str event = h->event.n      ? h->event
                           : h->has_period ? P2A_LIT("period")
                                           : P2A_LIT("samples");
    struct p2a_str known = {r->event.at, r->event.n};
    if (r->metric != P2A_NONE && r->metric_has_period == h->has_period && known.n == event.n + 1 &&
        memcmp(known.at, event.at, event.n) == 0)
        return;
    r->event.n = 0;
    if (!p2a_buffer_add(&r->event, event.at, event.n) || !p2a_buffer_add(&r->event, "", 1)) {
        p2a_in_no_memory(r->in);
        return;
    }
    bool clock = p2a_str_starts(event, "cpu-clock") || p2a_str_starts(event, "task-clock");
    r->metric_has_period = h->has_period;
    r->metric = !h->has_period ? p2a_metric(r->p, r->event.at, "samples", 1)
                : clock        ? p2a_metric(r->p, r->event.at, "seconds", 1e-9)
                               : p2a_metric(r->p, r->event.at, "count", 1);
}

static void open_sample(struct reader *r, const struct header *h)
{
    close_sample(r);
    r->open = true;
    r->leaf = (struct p2a_line){0};
    r->weight = h->period;
    r->name.n = 0;
    if (!p2a_buffer_add(&r->name, h->command.at, h->command.n))
        p2a_in_no_memory(r->in);
    r->command = (struct p2a_str){r->name.at, r->name.n};
    r->thread = P2A_NONE;
    if (h->has_ids || h->command.n)
        r->thread = p2a_thread(r->p, h->pid, h->tid, h->command);
    choose_metric(r, h);
}

/* "      7f3a283b12df symbol (object)" behind the event of a sample without stack: the address
 * stands in a column of 16, what a tracepoint says begins at once. */
static bool has_frame(struct p2a_str rest)
{
    struct p2a_str s = skip_blanks(rest);
    size_t indent = rest.n - s.n, n = 0;
    while (n < s.n && hex(s.at[n]))
        n++;
    return n && indent + n >= 16 && n < s.n && blank(s.at[n]);
}

/* That frame: without the address of -F +addr before it, and registers and instructions behind. */
static struct p2a_str only_frame(struct p2a_str rest)
{
    static const char *const tails[] = {" ABI:", " ilen: ", " insn: "};
    struct p2a_str behind = rest;
    next_word(&behind);
    if (has_frame(behind))
        rest = behind;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const char *tail = memmem(rest.at, rest.n, tails[i], strlen(tails[i]));
        if (tail)
            rest.n = (size_t)(tail - rest.at);
    }
    return p2a_str_trim(rest);
}

static void take_header(struct reader *r, struct p2a_str line)
{
    struct header h;
    parse_header(line, &h);
    if (p2a_str_starts(h.event, "PERF_RECORD_"))
        return;
    bool sure = h.has_time || h.has_ids || h.has_cpu || h.has_period || h.event.n || h.has_address;
    if (!sure && (r->open || blank(line.at[0]))) {
        r->open = false; /* its callers may be missing */
        r->ended = true;
        p2a_bad_line(r->in, "expected a frame, an empty line or a sample that begins "
                            "'command pid time: event:'");
        return;
    }
    open_sample(r, &h);
    r->loose = !sure;
    struct frame frame;
    if (has_frame(h.rest) && split_frame(only_frame(h.rest), &frame))
        push_frame(r, find_function(r, &frame));
}

/* A frame comes, of a sample that may lack its header. */
static void meet_frame(struct reader *r)
{
    if (!r->open)
        open_sample(r, &(struct header){.period = 1});
    r->loose = false;
}

/* "  file.c:12" or "  file.c:12 (inlined)" below its frame. */
static bool take_source(struct reader *r, struct p2a_str line)
{
    struct p2a_str place = p2a_str_trim(line);
    uint64_t number;
    bool inlined = p2a_str_ends(place, " (inlined)");
    if (!r->open || !r->frame_n || !p2a_str_starts(line, "  "))
        return false;
    if (inlined) {
        struct p2a_function f = r->p->functions.row[r->frame[r->frame_n - 1]];
        f.kind = P2A_INLINED;
        f.module = 0;
        r->frame[r->frame_n - 1] = p2a_function(r->p, &f);
        place.n -= sizeof " (inlined)" - 1;
    }
    if (r->frame_n > 1 || !cut_number(&place, &number) || p2a_str_is(place, "??"))
        return true;
    if (!r->lines)
        start_lines(r);
    r->leaf.file = p2a_intern(r->p, place);
    r->leaf.line = number;
    return true;
}

/* "|12     int i;": -F +srccode prints it behind the sample. */
static bool is_source_text(struct p2a_str line)
{
    return line.n > 1 && line.at[0] == '|' && digit(line.at[1]);
}

static bool is_comment(struct p2a_str line)
{
    return p2a_str_is(line, "#") || p2a_str_starts(line, "# ") || p2a_str_starts(line, "#=") ||
           is_source_text(line);
}

/* Blanks before a command fill its column. */
static bool begins_sample(struct p2a_str line)
{
    size_t start;
    struct p2a_str left, right;
    return !blank(line.at[0]) || find_time(line, &start) || cut_address(line, &left, &right);
}

/* A frame begins with a tab, or within a sample with blanks that were a tab once. */
static bool is_frame(const struct reader *r, struct p2a_str line, struct frame *frame)
{
    return r->open && !begins_sample(line) && split_frame(line, frame);
}

/* " insn: 89 c2", " ABI:2 AX:0x21", " 4K": what ends a sample in place of the empty line. */
static bool is_behind_stack(const struct reader *r, struct p2a_str line)
{
    struct header h;
    if (!r->open || !r->frame_n || line.n < 2 || line.at[0] != ' ' || blank(line.at[1]))
        return false;
    parse_header(line, &h);
    return !h.has_time && !h.has_ids && !h.has_address;
}

static void take_empty(struct reader *r)
{
    if (r->loose) {
        p2a_bad_line(r->in, "expected a frame behind the line that began a sample");
        r->ended = true;
    }
    close_sample(r);
}

static void take_other(struct reader *r, struct p2a_str line)
{
    struct frame frame;
    if (is_frame(r, line, &frame)) {
        meet_frame(r);
        push_frame(r, find_function(r, &frame));
    } else if (is_behind_stack(r, line) || is_source_text(line)) {
        close_sample(r);
    } else if (r->open || !is_comment(line)) {
        if (begins_sample(line) || !take_source(r, line))
            take_header(r, line);
    }
}

/* Line I of the piece, a frame. */
static void take_frame(struct reader *r, struct desk *d, const struct piece *p, uint32_t i)
{
    p2a_id word = p->line[i];
    meet_frame(r);
    if (word < p->first)
        push_frame(r, d->function[word]);
    else
        push_frame(r, function_of_word(r, d, word, &p->fresh[word - p->first]));
}

static bool take(void *reader, void *desk, void *piece)
{
    struct reader *r = reader;
    struct desk *d = desk;
    const struct piece *p = piece;
    const struct p2a_str *other = p->other;
    uint32_t counted = 0;
    if (p->anew)
        d->function_n = 0;
    for (uint32_t i = 0; i < p->line_n && !r->ended && !failed(r); i++) {
        if (p->line[i] < OTHER) {
            take_frame(r, d, p, i);
            continue;
        }
        p2a_count_lines(r->in, i + 1 - counted);
        counted = i + 1;
        if (p->line[i] == EMPTY)
            take_empty(r);
        else
            take_other(r, *other++);
    }
    p2a_count_lines(r->in, p->line_n - counted);
    return !r->ended && !failed(r);
}

static void free_reader(struct reader *r)
{
    free_desk(&r->own);
    free(r->frame);
    free(r->step);
    free(r->context);
    if (r->buffer.failed)
        p2a_in_no_memory(r->in);
    p2a_buffer_free(&r->buffer);
    p2a_buffer_free(&r->event);
    p2a_buffer_free(&r->name);
}

static const struct p2a_pieces pieces = {
    sizeof(struct desk), sizeof(struct piece), parse, take, free_desk, free_piece};

/* What perf record leaves, which only perf reads. */
static const char recording[] = "PERFILE2";

static enum p2a_status read_perf(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .metric = P2A_NONE, .step_thread = P2A_NONE};
    const unsigned char *start;
    if (p2a_ahead(in, strlen(recording), &start) >= strlen(recording) &&
        memcmp(start, recording, strlen(recording)) == 0)
        return p2a_bad_byte(in, 0,
                            "a recording of perf's, expected its text: 'perf script -i FILE' "
                            "writes it");
    p2a_read_pieces(in, &pieces, &r);
    if (!failed(&r) && r.loose)
        p2a_bad_line(in, "the input ends where a frame was expected");
    if (!failed(&r))
        close_sample(&r);
    if (!failed(&r) && !in->profile->contexts.n)
        p2a_bad_line(in, "no samples, expected the output of perf script");
    free_reader(&r);
    return p2a_in_status(in);
}

/* ---- probe ---- */

/* "<tab>   7f3a283b12df symbol": an address and more. */
static bool looks_like_frame(struct p2a_str line)
{
    struct p2a_str s = skip_blanks(line), rest = s, word = next_word(&rest);
    size_t n = 0;
    while (n < word.n && hex(word.at[n]))
        n++;
    return line.n && line.at[0] == '\t' && n >= 3 && n == word.n && skip_blanks(rest).n;
}

/* "<tab>   7f3a283b12df": -F ip. The column tells it from words such as "add". */
static bool looks_like_address(struct p2a_str line)
{
    struct p2a_str s = skip_blanks(line);
    size_t n = 0;
    while (n < s.n && hex(s.at[n]))
        n++;
    return n >= 3 && n == s.n && line.at[0] == '\t' && (n == 16 || line.at[1] == ' ');
}

/* Says so much that an address alone below it is a frame. */
static bool begins_addresses(struct p2a_str line)
{
    struct header h;
    parse_header(line, &h);
    return !blank(line.at[0]) && h.has_time + h.has_ids + h.has_period + (h.event.n > 0) >= 2;
}

static bool looks_like_header(struct p2a_str line)
{
    struct header h;
    parse_header(line, &h);
    return h.has_time && (h.has_ids || h.event.n) && h.command.n < 256;
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line, left, right;
    size_t frames = 0, headers = 0, others = 0, addressed = 0;
    bool below = false;     /* a frame: the place of its source */
    bool addresses = false; /* may be frames by themselves */
    if (p2a_str_starts(probe->start, recording))
        return P2A_CERTAIN;
    while (p2a_probe_line(probe, &rest, &line)) {
        bool nothing = !skip_blanks(line).n || is_comment(line);
        if (nothing || (below && line.at[0] == ' ')) {
            below = below && !nothing;
            addresses = addresses && !nothing;
            continue;
        }
        below = looks_like_frame(line) || (addresses && looks_like_address(line));
        addresses = below ? addresses : begins_addresses(line);
        if (below)
            frames++;
        else if (looks_like_header(line))
            headers++;
        else if (blank(line.at[0]) && cut_address(line, &left, &right))
            addressed++;
        else
            others++;
    }
    if (addressed > 1 && !frames && !headers && !others)
        return P2A_LIKELY;
    others += addressed;
    if (frames && headers)
        return others <= frames + headers ? P2A_SURE : P2A_NO;
    if (headers)
        return others ? P2A_NO : P2A_LIKELY;
    return frames > 1 && others <= frames ? P2A_LIKELY : P2A_NO;
}

static const char *const aliases[] = {"perf-script", NULL};
static const char *const patterns[] = {"*.perf", "perf.script", "out.perf-script", NULL};

const struct p2a_format p2a_format_perf = {
    .name = "perf",
    .title = "the text of perf script, Linux' profiler",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_perf,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MANY | P2A_MODULES | P2A_LINES | P2A_PLACES,
};
