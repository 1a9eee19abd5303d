/* GHC's time and allocation report (+RTS -p and -P), the second table of it: the tree of cost
 * centres. Defined by the GHC User's Guide and rts/ProfilerReport.c.
 *
 *     COST CENTRE  MODULE  SRC               no. entries  %time %alloc  %time %alloc  ticks  bytes
 *     MAIN         MAIN    <built-in>        148       0    0.0    0.1  100.0  100.0      0    816
 *      main        Main    Main.hs:(12,1)-…  296       1    0.0    6.2  100.0   95.3      0  64616
 *
 * - A blank before the name is a step down the tree. Entries are calls.
 * - With ticks and bytes (-P) figures are exact. Without, they are what the shares, of one decimal,
 *   make of the totals at the top; a note says so. SRC is missing before GHC 8.
 *
 * It is only read. */
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

enum { MOST = 8 };

struct row {
    size_t depth;
    struct p2a_str name, module, source;
    double number[MOST]; /* no., entries, 4 shares, ticks, bytes */
    size_t numbers;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    double ticks, bytes; /* totals */
    bool table, exact;
    p2a_id *path; /* by depth */
    size_t path_n, path_room;
};

static struct p2a_str from(struct p2a_str s, size_t i)
{
    return (struct p2a_str){s.at + i, s.n - i};
}

/* Takes the last word off *s if it is a number. */
static bool cut_number(struct p2a_str *s, double *value)
{
    struct p2a_str rest = p2a_str_trim(*s);
    size_t i = rest.n;
    while (i && rest.at[i - 1] != ' ' && rest.at[i - 1] != '\t')
        i--;
    if (!p2a_str_double(from(rest, i), value))
        return false;
    *s = (struct p2a_str){rest.at, i};
    return true;
}

static bool parse(struct p2a_str line, struct row *row)
{
    struct p2a_str rest = line;
    double value[MOST];
    *row = (struct row){.depth = 0};
    while (row->depth < line.n && line.at[row->depth] == ' ')
        row->depth++;
    while (row->numbers < MOST && cut_number(&rest, &value[row->numbers]))
        row->numbers++;
    for (size_t i = 0; i < row->numbers; i++)
        row->number[i] = value[row->numbers - 1 - i];
    row->name = p2a_str_word(&rest);
    row->module = p2a_str_word(&rest);
    row->source = p2a_str_trim(rest);
    return (row->numbers == 6 || row->numbers == MOST) && row->module.n && row->number[1] >= 0;
}

/* "1,041,432" */
static bool grouped(struct p2a_str word, double *value)
{
    char digits[32];
    size_t n = 0;
    for (size_t i = 0; i < word.n && n < sizeof digits; i++)
        if (word.at[i] != ',')
            digits[n++] = word.at[i];
    return p2a_str_double((struct p2a_str){digits, n}, value);
}

/* "total time = 0.10 secs (4 ticks @ 1000 us, 1 processor)", "total alloc = 1,041,432 bytes" */
static void take_total(struct reader *r, struct p2a_str line)
{
    struct p2a_str head, tail, paren, word;
    double each = 1000;
    if (!p2a_str_cut(line, '=', &head, &tail))
        return;
    if (p2a_str_starts(head, "total alloc")) {
        grouped(p2a_str_word(&tail), &r->bytes);
    } else if (p2a_str_starts(head, "total time") && p2a_str_cut(tail, '(', &head, &paren)) {
        grouped(p2a_str_word(&paren), &r->ticks);
        p2a_str_word(&paren);
        p2a_str_word(&paren);
        word = p2a_str_word(&paren);
        if (p2a_str_double(word, &each) && each > 0 && r->p->metrics.n)
            r->p->metrics.row[0].scale = each * 1e-6;
    }
}

/* "Main.hs:5:1-59", "Main.hs:(12,1)-(14,16)" */
static void take_source(struct reader *r, struct p2a_str source, struct p2a_function *f)
{
    struct p2a_str file, place, digits = {source.at, 0};
    uint64_t line;
    if (!p2a_str_cut(source, ':', &file, &place) || !file.n)
        return;
    if (p2a_str_starts(place, "("))
        place = from(place, 1);
    digits.at = place.at;
    while (digits.n < place.n && place.at[digits.n] >= '0' && place.at[digits.n] <= '9')
        digits.n++;
    if (!p2a_str_u64(digits, &line) || line > INT32_MAX)
        return;
    f->file = p2a_intern(r->p, file);
    f->line = (int64_t)line;
}

static bool put_on_path(struct reader *r, size_t depth, p2a_id context)
{
    if (depth == r->path_room) {
        size_t room = r->path_room ? r->path_room * 2 : 64;
        p2a_id *wider = realloc(r->path, room * sizeof *wider);
        if (!wider)
            return p2a_in_no_memory(r->in), false;
        r->path = wider;
        r->path_room = room;
    }
    r->path[depth] = context;
    r->path_n = depth + 1;
    return true;
}

static void take_row(struct reader *r, const struct row *row)
{
    if (row->depth > r->path_n) {
        p2a_bad_line(r->in, "%zu steps down at once, expected a child of the cost centre above",
                     row->depth - r->path_n + 1);
        return;
    }
    struct p2a_function f = {.name = p2a_intern(r->p, row->name),
                             .module = p2a_intern(r->p, row->module),
                             .kind = P2A_NATIVE};
    take_source(r, row->source, &f);
    p2a_id parent = row->depth ? r->path[row->depth - 1] : P2A_NONE;
    p2a_id context = p2a_context(r->p, parent, p2a_function(r->p, &f), P2A_NONE);
    if (context == P2A_NONE || !put_on_path(r, row->depth, context))
        return;
    r->exact = row->numbers == MOST;
    double ticks = r->exact ? row->number[6] : row->number[2] / 100 * r->ticks;
    double bytes = r->exact ? row->number[7] : row->number[3] / 100 * r->bytes;
    double calls = row->number[1];
    p2a_context_calls(r->p, context, calls < 1.8e19 ? (uint64_t)calls : UINT64_MAX);
    p2a_context_add(r->p, context, 0, ticks);
    p2a_context_add(r->p, context, 1, bytes);
}

static bool is_heading(struct p2a_str line)
{
    return p2a_str_starts(line, "COST CENTRE") && memmem(line.at, line.n, "entries", 7);
}

static void take_line(struct reader *r, struct p2a_str line)
{
    struct row row;
    if (!r->table) {
        r->table = is_heading(line);
        take_total(r, p2a_str_trim(line));
    } else if (p2a_str_trim(line).n) {
        if (parse(line, &row))
            take_row(r, &row);
        else
            p2a_bad_line(r->in, "expected a cost centre: name, module, source and 6 or 8 numbers");
    }
}

static enum p2a_status read_ghc(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile};
    struct p2a_str line;
    p2a_metric(r.p, "time", "seconds", 1e-3);
    p2a_metric(r.p, "allocated", "bytes", 1);
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line))
        take_line(&r, line);
    if (p2a_in_status(in) == P2A_OK && !r.p->contexts.n)
        p2a_bad_line(in, "no cost centres, expected the report of GHC's +RTS -p");
    if (r.p->contexts.n && !r.exact)
        p2a_note(r.p, "times and bytes are what shares of one decimal make of the totals; "
                      "+RTS -P writes them exactly");
    free(r.path);
    return p2a_in_status(in);
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    while (p2a_probe_line(probe, &rest, &line)) {
        if (memmem(line.at, line.n, "Time and Allocation Profiling Report", 36))
            return P2A_CERTAIN;
        if (p2a_str_trim(line).n)
            return P2A_NO;
    }
    return P2A_NO;
}

static const char *const aliases[] = {"haskell", NULL};

const struct p2a_format p2a_format_ghc = {
    .name = "ghc",
    .title = "GHC's time and allocation report",
    .aliases = aliases,
    .probe = probe,
    .read = read_ghc,
    .gives = P2A_CONTEXTS | P2A_CALLS | P2A_MANY | P2A_MODULES | P2A_PLACES,
};
