/* The text of gprof: a flat profile and a call graph, either of which may be missing. Defined by
 * what binutils' gprof prints (hist.c, cg_print.c); BSD's differs in headings alone.
 *
 *   flat    %time cumulative self [calls self/call total/call] name
 *   graph               self children called/total  parent [n]        an entry; lines of dashes
 *           [m] %time   self children called+rec    name <cycle k> [m]   part entries
 *                       self children called/total  child [n]
 *                                     called        self or a member of the same cycle [n]
 *
 * - Headings are translated and explanations may be there or not, so lines are known by their
 *   numbers: an entry by "[m]" at both ends. Numbers may have a decimal comma.
 * - An arc is taken from its caller's entry, or from its callee's where the caller has none. Arcs
 *   within a cycle have calls and no times. "<cycle k as a whole>" is no function.
 * - total = self + children, as printed. gprof shares children's time out by calls, on a grid of
 *   10 ms: what it prints is an estimate, and so says a note.
 * - "name (file.c:12 @ 4011f6)" is a line of a function (gprof -l).
 *
 * It is only read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "codec/demangle.h"
#include "prof2any/format.h"

/* ---- numbers ---- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "12.50" or "12,50": digits on both sides, and nothing else. */
static bool is_decimal(struct p2a_str word, double *value)
{
    char text[64];
    size_t marks = 0;
    if (word.n < 3 || word.n >= sizeof text)
        return false;
    for (size_t i = 0; i < word.n; i++) {
        bool mark = word.at[i] == '.' || word.at[i] == ',';
        if (!mark && !digit(word.at[i]) && !(i == 0 && word.at[i] == '-'))
            return false;
        marks += mark;
        text[i] = mark ? '.' : word.at[i];
    }
    return marks == 1 && p2a_str_double((struct p2a_str){text, word.n}, value);
}

/* "60", "60/600", "60+480": the first number, and the second where there is one. */
static bool is_count(struct p2a_str word, uint64_t *first, char *between, uint64_t *second)
{
    size_t i = 0;
    while (i < word.n && digit(word.at[i]))
        i++;
    *between = i < word.n ? word.at[i] : '\0';
    *second = 0;
    if (*between && *between != '/' && *between != '+')
        return false;
    return p2a_str_u64((struct p2a_str){word.at, i}, first) &&
           (!*between || p2a_str_u64((struct p2a_str){word.at + i + 1, word.n - i - 1}, second));
}

/* ---- a line of the call graph ---- */

struct entry {
    struct p2a_str name;
    uint64_t index, calls, recursive;
    double self, children;
    bool has_times, has_calls;
    bool in_cycle; /* its name says so: which of its calls are primitive isn't known */
};

/* Cuts " [12]" off the end. */
static bool cut_index(struct p2a_str *text, uint64_t *index)
{
    size_t open = text->n;
    if (!p2a_str_ends(*text, "]"))
        return false;
    while (open && text->at[open - 1] != '[')
        open--;
    if (open < 2 || !p2a_str_u64((struct p2a_str){text->at + open, text->n - open - 1}, index))
        return false;
    text->n = open - 1;
    *text = p2a_str_trim(*text);
    return true;
}

/* Cuts " <cycle 1>" off the end; whether it was there. */
static bool cut_cycle(struct p2a_str *name)
{
    size_t open = name->n;
    if (!p2a_str_ends(*name, ">"))
        return false;
    while (open && name->at[open - 1] != '<')
        open--;
    struct p2a_str inside = {name->at + open, name->n - open - (name->n ? 1 : 0)};
    if (open <= 1 || !p2a_str_starts(inside, "cycle "))
        return false;
    name->n = open - 1;
    *name = p2a_str_trim(*name);
    return true;
}

/* "self children [calls] name [n]" or "calls name [n]". */
static bool parse_entry(struct p2a_str line, struct entry *e)
{
    struct p2a_str rest = line, after, word;
    uint64_t second;
    char between;
    *e = (struct entry){.index = 0};
    if (!cut_index(&rest, &e->index))
        return false;
    after = rest;
    word = p2a_str_word(&after);
    if (is_decimal(word, &e->self)) {
        e->has_times = is_decimal(p2a_str_word(&after), &e->children);
        if (!e->has_times)
            return false;
        rest = after;
        word = p2a_str_word(&after);
    }
    if (is_count(word, &e->calls, &between, &second)) {
        e->has_calls = true;
        e->recursive = between == '+' ? second : 0;
        rest = after;
    }
    e->name = p2a_str_trim(rest);
    e->in_cycle = cut_cycle(&e->name);
    return e->name.n && (e->has_times || e->has_calls);
}

/* "[m] %time self children [called+rec] name [m]" */
static bool parse_primary(struct p2a_str line, struct entry *e)
{
    struct p2a_str rest = line, word = p2a_str_word(&rest);
    struct p2a_str number = {word.at + 1, word.n - (word.n ? 2 : 0)};
    uint64_t index;
    double percent;
    if (word.n < 3 || word.at[0] != '[' || word.at[word.n - 1] != ']' ||
        !p2a_str_u64(number, &index) || !is_decimal(p2a_str_word(&rest), &percent))
        return false;
    return parse_entry(rest, e) && e->has_times && e->index == index;
}

static bool is_whole_cycle(struct p2a_str name)
{
    return p2a_str_starts(name, "<cycle ") && p2a_str_ends(name, ">");
}

/* ---- reader ---- */

/* A row of the flat profile waits for the call graph: an entry of its name takes its place, where
 * several rows have that name the one of the same figures. */
struct row {
    p2a_id function, name, figures; /* words, the second of the name with the figures */
    uint64_t calls;
    double self;
    bool has_calls;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_buffer buffer, key;
    struct row *row;
    uint32_t row_n, row_room;
    struct p2a_words words;
    uint32_t *left; /* by word: figures of rows without entry, names of entries without row */
    uint32_t left_n, left_room;
    bool graph;    /* an entry of the call graph was seen */
    bool in_cycle; /* the current entry is a cycle as a whole */
    p2a_id entry;  /* the function of the current entry, P2A_NONE above its own line */
    /* The lines above the entry's own: its callers. */
    struct caller {
        p2a_id function;
        struct entry entry;
    } * caller;
    size_t caller_n, caller_room;
};

/* "name (file.c:12 @ 4011f6)", else a name. */
static p2a_id function_of(struct reader *r, struct p2a_str name)
{
    struct p2a_function f = {.kind = P2A_NATIVE};
    size_t open = name.n, colon;
    uint64_t line;
    if (name.n > 1 && p2a_str_ends(name, ")")) {
        while (open > 1 && !(name.at[open - 1] == '(' && name.at[open - 2] == ' '))
            open--;
        struct p2a_str place = {name.at + open, name.n - open - 1}, at;
        bool address = p2a_str_cut(place, '@', &place, &at);
        place = p2a_str_trim(place);
        for (colon = place.n; colon && place.at[colon - 1] != ':'; colon--)
            continue;
        if (address && open > 2 && colon > 1 &&
            p2a_str_u64((struct p2a_str){place.at + colon, place.n - colon}, &line) &&
            line <= INT32_MAX) {
            f.file = p2a_intern(r->p, (struct p2a_str){place.at, colon - 1});
            f.line = (int64_t)line;
            name.n = open - 2;
        }
    }
    f.name = p2a_intern(r->p, p2a_demangle(name, &r->buffer));
    return p2a_function(r->p, &f);
}

static void add_arc(struct reader *r, p2a_id caller, p2a_id callee, const struct entry *e)
{
    struct p2a_graph *g = &r->p->graph;
    p2a_id arc = p2a_arc(r->p, caller, callee);
    if (arc == P2A_NONE || g->arc[arc].has)
        return;
    g->arc[arc].has = P2A_HAS_ROW | (e->has_calls ? P2A_HAS_CALLS : 0) |
                      (e->has_times ? P2A_HAS_SELF | P2A_HAS_TOTAL : 0);
    g->arc[arc].calls = e->calls;
    g->arc_self[arc] = e->self;
    g->arc_total[arc] = e->self + e->children;
}

/* Two static functions of one name, and a line's addresses, are one function here: they add up. */
static struct p2a_node *add_node(struct reader *r, p2a_id function, const struct entry *e)
{
    struct p2a_node *node = p2a_node(r->p, function);
    if (!node)
        return NULL;
    node->has |= P2A_HAS_ROW | P2A_HAS_SELF;
    if (e->has_calls)
        node->has |= P2A_HAS_CALLS | (e->in_cycle ? 0 : P2A_HAS_PRIMITIVE);
    node->primitive = p2a_add_calls(node->primitive, e->calls);
    node->calls = p2a_add_calls(node->calls, p2a_add_calls(e->calls, e->recursive));
    *p2a_node_self(r->p, function) += e->self;
    return node;
}

static void add_entry(struct reader *r, p2a_id function, const struct entry *e)
{
    struct p2a_node *node = add_node(r, function, e);
    if (!node)
        return;
    node->has |= P2A_HAS_TOTAL;
    *p2a_node_total(r->p, function) += e->self + e->children;
}

static bool find_words(struct reader *r, const struct entry *e, p2a_id *name, p2a_id *figures)
{
    char text[64];
    int n = snprintf(text, sizeof text, "\n%.17g %" PRIu64, e->self, e->calls);
    p2a_id word[2];
    r->key.n = 0;
    if (!p2a_buffer_add(&r->key, e->name.at, e->name.n) ||
        !p2a_buffer_add(&r->key, text, (size_t)n) ||
        !p2a_words_find(&r->words, (struct p2a_str[]){e->name, {r->key.at, r->key.n}}, 2, word) ||
        !p2a_grow(&r->left, &r->left_room, r->words.n, sizeof *r->left)) {
        p2a_in_no_memory(r->in);
        return false;
    }
    while (r->left_n < r->words.n)
        r->left[r->left_n++] = 0;
    *name = word[0];
    *figures = word[1];
    return true;
}

static void keep_row(struct reader *r, p2a_id function, const struct entry *e)
{
    struct row row = {.function = function, .calls = e->calls, .self = e->self};
    struct p2a_node *node = p2a_node(r->p, function);
    if (!node || !find_words(r, e, &row.name, &row.figures))
        return;
    if (!p2a_grow(&r->row, &r->row_room, (uint64_t)r->row_n + 1, sizeof *r->row)) {
        p2a_in_no_memory(r->in);
        return;
    }
    node->has |= P2A_HAS_ROW;
    row.has_calls = e->has_calls;
    r->row[r->row_n++] = row;
    r->left[row.figures]++;
}

static void replace_row(struct reader *r, const struct entry *e)
{
    p2a_id name, figures;
    if (!r->row_n || !find_words(r, e, &name, &figures))
        return;
    if (r->left[figures])
        r->left[figures]--;
    else
        r->left[name]++;
}

static bool is_replaced(struct reader *r, const struct row *row)
{
    if (!r->left[row->figures])
        return true;
    r->left[row->figures]--;
    if (!r->left[row->name])
        return false;
    r->left[row->name]--;
    return true;
}

/* Adds the rows that have no entry; whether the total of one isn't known by that. */
static bool add_rows(struct reader *r)
{
    bool unknown = false;
    for (uint32_t i = 0; i < r->row_n; i++) {
        const struct row *row = &r->row[i];
        struct entry e = {.calls = row->calls, .self = row->self, .has_calls = row->has_calls};
        struct p2a_node *node = is_replaced(r, row) ? NULL : add_node(r, row->function, &e);
        if (node && node->has & P2A_HAS_TOTAL)
            *p2a_node_total(r->p, row->function) += row->self;
        else if (node)
            unknown = true;
    }
    return unknown;
}

static void keep_caller(struct reader *r, const struct entry *e)
{
    if (r->caller_n == r->caller_room) {
        size_t room = r->caller_room ? r->caller_room * 2 : 64;
        struct caller *wider = realloc(r->caller, room * sizeof *wider);
        if (!wider) {
            p2a_in_no_memory(r->in);
            return;
        }
        r->caller = wider;
        r->caller_room = room;
    }
    r->caller[r->caller_n++] = (struct caller){function_of(r, e->name), *e};
}

static void take_primary(struct reader *r, const struct entry *e)
{
    r->in_cycle = is_whole_cycle(e->name);
    r->graph = true;
    r->entry = function_of(r, r->in_cycle ? P2A_LIT("<cycle>") : e->name);
    if (!r->in_cycle) {
        replace_row(r, e);
        add_entry(r, r->entry, e);
    }
    for (size_t i = 0; i < r->caller_n && !r->in_cycle; i++)
        if (r->caller[i].function != r->entry)
            add_arc(r, r->caller[i].function, r->entry, &r->caller[i].entry);
    r->caller_n = 0;
}

static void end_entry(struct reader *r)
{
    r->entry = P2A_NONE;
    r->in_cycle = false;
    r->caller_n = 0;
}

static bool is_rule(struct p2a_str line)
{
    size_t n = 0;
    while (n < line.n && line.at[n] == '-')
        n++;
    return n >= 20 && n == line.n;
}

/* "%time cumulative self [calls [self/call total/call]] name": the names that the graph may not
 * have. */
static bool parse_flat(struct p2a_str line, struct entry *e)
{
    struct p2a_str rest = line, after, word;
    double percent, cumulative, each;
    uint64_t second;
    char between;
    *e = (struct entry){.has_times = true};
    if (!is_decimal(p2a_str_word(&rest), &percent) ||
        !is_decimal(p2a_str_word(&rest), &cumulative) || !is_decimal(p2a_str_word(&rest), &e->self))
        return false;
    after = rest;
    word = p2a_str_word(&after);
    if (is_count(word, &e->calls, &between, &second) && !between) {
        e->has_calls = true;
        rest = after;
        while (is_decimal(p2a_str_word(&after), &each))
            rest = after;
    }
    e->name = p2a_str_trim(rest);
    if (p2a_str_ends(e->name, "]"))
        cut_index(&e->name, &second);
    return e->name.n;
}

static void take_line(struct reader *r, struct p2a_str line)
{
    struct entry e;
    if (line.n && line.at[0] == '\f')
        line = (struct p2a_str){line.at + 1, line.n - 1};
    if (is_rule(line))
        end_entry(r);
    else if (parse_primary(line, &e))
        take_primary(r, &e);
    else if (parse_entry(line, &e) && r->entry == P2A_NONE)
        keep_caller(r, &e);
    else if (parse_entry(line, &e) && !r->in_cycle)
        add_arc(r, r->entry, function_of(r, e.name), &e);
    else if (!r->graph && parse_flat(line, &e))
        keep_row(r, function_of(r, e.name), &e);
}

static void finish(struct reader *r)
{
    struct p2a_profile *p = r->p;
    if (add_rows(r))
        p2a_totals_from_arcs(p);
    if (p->graph.arc_n)
        p2a_note(p, "gprof shares the time of callees out by calls: totals are its estimate");
}

static void free_reader(struct reader *r)
{
    free(r->caller);
    free(r->row);
    free(r->left);
    p2a_words_free(&r->words);
    if (r->buffer.failed)
        p2a_in_no_memory(r->in);
    p2a_buffer_free(&r->buffer);
    p2a_buffer_free(&r->key);
}

/* What a program built with -pg leaves, which only gprof reads: gmon.out. */
static bool is_recording(struct p2a_str start)
{
    return p2a_str_starts(start, "gmon") && start.n > 7 &&
           (memcmp(start.at + 4, "\1\0\0", 4) == 0 || memcmp(start.at + 4, "\0\0\0\1", 4) == 0);
}

static enum p2a_status read_gprof(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .entry = P2A_NONE};
    struct p2a_str line;
    const unsigned char *start;
    size_t n = p2a_ahead(in, 8, &start);
    if (is_recording((struct p2a_str){(const char *)start, n}))
        return p2a_bad_byte(in, 0,
                            "a recording for gprof, expected gprof's text: 'gprof PROGRAM FILE' "
                            "writes it");
    p2a_metric(r.p, "time", "seconds", 1);
    while (p2a_in_status(in) == P2A_OK && p2a_next_line(in, &line))
        take_line(&r, line);
    if (p2a_in_status(in) == P2A_OK && !r.p->graph.order_n)
        p2a_bad_line(in, "no functions, expected gprof's flat profile or call graph");
    if (p2a_in_status(in) == P2A_OK)
        finish(&r);
    free_reader(&r);
    return p2a_in_status(in);
}

/* ---- probe ---- */

static bool has(struct p2a_str line, const char *words)
{
    return memmem(line.at, line.n, words, strlen(words)) != NULL;
}

/* Headings are certain but may be translated; then the shape of the lines has to do. */
static enum p2a_sure probe(const struct p2a_probe *probe)
{
    struct p2a_str rest = probe->start, line;
    struct entry e;
    size_t flat = 0, entries = 0, others = 0;
    if (is_recording(probe->start))
        return P2A_CERTAIN;
    while (p2a_probe_line(probe, &rest, &line)) {
        if (has(line, "granularity: each sample hit covers") || has(line, "Each sample counts as"))
            return P2A_SURE;
        if (!p2a_str_trim(line).n || is_rule(line))
            continue;
        if (parse_primary(line, &e))
            entries++;
        else if (parse_flat(line, &e))
            flat++;
        else
            others += !parse_entry(line, &e);
    }
    if (entries)
        return P2A_LIKELY;
    return flat >= 2 && others && others <= 6 ? P2A_LIKELY : P2A_NO;
}

static const char *const patterns[] = {"*.gprof", "gprof.txt", NULL};

const struct p2a_format p2a_format_gprof = {
    .name = "gprof",
    .title = "the text of GNU gprof",
    .patterns = patterns,
    .probe = probe,
    .read = read_gprof,
    .gives = P2A_GRAPH | P2A_CALLS | P2A_PLACES,
};
