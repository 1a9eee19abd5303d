/* pstats.Stats sorts tuples
 *
 *   (primitive calls, calls, self, total, file, line, name, "file:line(name)")
 *
 * by the elements that the keys name: the first four from the largest down, the others up, text by
 * its code points, which is the order of UTF-8's bytes. The sort is stable over the file's order.
 */
#include "model/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/fetch.h"
#include "base/repr.h"
#include "base/sort.h"

enum term { PRIMITIVE, CALLS, SELF, TOTAL, FILE_NAME, LINE, NAME, STANDARD, TERMS };

/* In pstats' order, which decides what abbreviations mean. A '#' stands for "time". */
static const struct key {
    const char *name, *words;
    enum term terms[3];
    int n;
} keys[] = {
    {"calls", "call count", {CALLS}, 1},
    {"ncalls", "call count", {CALLS}, 1},
    {"cumtime", "cumulative #", {TOTAL}, 1},
    {"cumulative", "cumulative #", {TOTAL}, 1},
    {"filename", "file name", {FILE_NAME}, 1},
    {"line", "line number", {LINE}, 1},
    {"module", "file name", {FILE_NAME}, 1},
    {"name", "function name", {NAME}, 1},
    {"nfl", "name/file/line", {NAME, FILE_NAME, LINE}, 3},
    {"pcalls", "primitive call count", {PRIMITIVE}, 1},
    {"stdname", "standard name", {STANDARD}, 1},
    {"time", "internal #", {SELF}, 1},
    {"tottime", "internal #", {SELF}, 1},
};
enum { KEYS = sizeof keys / sizeof *keys };

struct maker {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_rows *rows;
    bool as_pstats;
    enum term terms[TERMS]; /* what to compare, each once: the second time it decides nothing */
    int n;
    struct p2a_buffer spelled; /* "file:line(name)" of every row where a key wants it */
    struct place {
        size_t at, n;
    } * place; /* of it, by function */
};

/* ---- keys ------------------------------------------------------------------------------------ */

/* What pstats' table of abbreviations has no place for. "cu" is in it, and means cumtime. */
static bool is_ambiguous(const char *name)
{
    return strcmp(name, "c") == 0 || strcmp(name, "cum") == 0 || strcmp(name, "n") == 0 ||
           strcmp(name, "t") == 0;
}

/* A number is a key as long as it is the only one. */
static const char *old_key(const char *name)
{
    static const char *const old[][2] = {
        {"-1", "stdname"}, {"0", "calls"}, {"1", "time"}, {"2", "cumulative"}};
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (strcmp(old[i][0], name) == 0)
            return old[i][1];
    return name;
}

/* pstats' word for one of the table's. */
static const char *key_meant(const char *name)
{
    return strcmp(name, "self") == 0 ? "tottime" : strcmp(name, "total") == 0 ? "cumtime" : NULL;
}

enum { WHY = 480 };

/* ALONE: there is no other key. WHY: what is wrong with the name where there is no such key. */
static const struct key *find_key(const char *name, bool alone, char why[WHY])
{
    char list[256] = "";
    name = alone ? old_key(name) : name;
    size_t n = 0, size = strlen(name);
    bool ambiguous = is_ambiguous(name);
    for (int i = 0; i < KEYS; i++) {
        bool fits = size > 0 && strncmp(keys[i].name, name, size) == 0;
        if (fits && !ambiguous)
            return &keys[i];
        if (fits || !ambiguous)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", keys[i].name);
    }
    if (ambiguous)
        snprintf(why, WHY, "sort key '%.100s' could be %s", name, list);
    else if (key_meant(name))
        snprintf(why, WHY, "no sort key '%s', did you mean %s?", name, key_meant(name));
    else
        snprintf(why, WHY, "no sort key '%.100s', expected some of %s", name, list);
    return NULL;
}

/* Whether SORT has keys to sort by; *one: a single one. */
static bool has_keys(const char *const *sort, bool *one)
{
    *one = sort[0] && !sort[1];
    return sort[0] && !(*one && strcmp(sort[0], "none") == 0);
}

static bool add_text(struct p2a_buffer *b, const char *text)
{
    return p2a_buffer_add(b, text, strlen(text));
}

/* "time" where the values are that, else what they are. */
static const char *measure(const struct p2a_profile *p)
{
    bool time = p->metrics.n == 0 || p2a_str_is(p2a_string(p, p->metrics.row[0].unit), "seconds");
    return time ? "time" : p2a_string(p, p->metrics.row[0].name).at;
}

static bool take_key(struct maker *m, const struct key *key)
{
    struct p2a_buffer *said = &m->rows->sort;
    struct p2a_str before, rest;
    bool cut = p2a_str_cut(p2a_str_of(key->words), '#', &before, &rest);
    for (int i = 0; i < key->n; i++) {
        int at = 0;
        while (at < m->n && m->terms[at] != key->terms[i])
            at++;
        m->terms[at] = key->terms[i];
        m->n += at == m->n;
    }
    return (!said->n || add_text(said, ", ")) && p2a_buffer_add(said, before.at, before.n) &&
           (!cut || add_text(said, measure(m->p)));
}

static bool take_keys(struct maker *m, const char *fallback)
{
    const char *const fallbacks[] = {fallback, NULL};
    const char *const *sort = m->out->report->sort;
    if (!sort || !*sort)
        sort = fallbacks;
    bool one;
    char why[WHY];
    if (!has_keys(sort, &one))
        return true;
    m->rows->sorted = true;
    for (; *sort; sort++) {
        const struct key *key = find_key(*sort, one, why);
        if (!key)
            return p2a_cant_write(m->out, P2A_USAGE, "%s", why), false;
        if (!take_key(m, key))
            return p2a_no_memory(m->out), false;
    }
    return true;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_text(struct p2a_str a, struct p2a_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = a.at == b.at || n == 0 ? 0 : memcmp(a.at, b.at, n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* From the largest down. */
static int compare_values(double a, double b)
{
    if (isnan(a) || isnan(b))
        return !!isnan(a) - !!isnan(b);
    return (a < b) - (a > b);
}

static int compare_counts(const struct p2a_node *a, const struct p2a_node *b, bool primitive)
{
    unsigned has = primitive ? P2A_HAS_PRIMITIVE : P2A_HAS_CALLS;
    bool known_a = a->has & has, known_b = b->has & has;
    uint64_t x = primitive ? a->primitive : a->calls, y = primitive ? b->primitive : b->calls;
    if (!known_a || !known_b)
        return known_b - known_a;
    return (x < y) - (x > y);
}

static struct p2a_str spelled(const struct maker *m, p2a_id f)
{
    return (struct p2a_str){m->spelled.at + m->place[f].at, m->place[f].n};
}

static int compare_term(const struct maker *m, enum term term, p2a_id a, p2a_id b)
{
    const struct p2a_profile *p = m->p;
    const struct p2a_function *f = &p->functions.row[a], *g = &p->functions.row[b];
    const struct p2a_graph *graph = &p->graph;
    size_t x = (size_t)a * p->columns, y = (size_t)b * p->columns;
    switch (term) {
    case PRIMITIVE:
    case CALLS:
        return compare_counts(&graph->node[a], &graph->node[b], term == PRIMITIVE);
    case SELF:
        return p->columns ? compare_values(graph->self[x], graph->self[y]) : 0;
    case TOTAL:
        return p->columns ? compare_values(graph->total[x], graph->total[y]) : 0;
    case FILE_NAME:
        return compare_text(p2a_string(p, f->file ? f->file : f->module),
                            p2a_string(p, g->file ? g->file : g->module));
    case LINE:
        return (f->line > g->line) - (f->line < g->line);
    case NAME:
        return compare_text(p2a_string(p, f->name), p2a_string(p, g->name));
    case STANDARD:
        return compare_text(spelled(m, a), spelled(m, b));
    case TERMS:
        break;
    }
    return 0;
}

static int compare_rows(const void *context, uint32_t a, uint32_t b)
{
    const struct maker *m = context;
    int order = 0;
    for (int i = 0; i < m->n && !order; i++)
        order = compare_term(m, m->terms[i], a, b);
    return order;
}

static bool spell_rows(struct maker *m)
{
    const struct p2a_graph *g = &m->p->graph;
    struct p2a_buffer one = {0};
    m->place = calloc((size_t)m->p->functions.n + 1, sizeof *m->place);
    bool ok = m->place != NULL;
    for (uint32_t i = 0; ok && i < g->order_n; i++) {
        struct p2a_str name = p2a_spell(m->p, g->order[i], P2A_NAMES_PSTATS, &one);
        m->place[g->order[i]] = (struct place){m->spelled.n, name.n};
        ok = p2a_buffer_add(&m->spelled, name.at, name.n);
    }
    ok = ok && !one.failed;
    p2a_buffer_free(&one);
    return ok;
}

static void reverse(p2a_id *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        p2a_id other = ids[n - 1 - i];
        ids[n - 1 - i] = ids[i];
        ids[i] = other;
    }
}

/* From the largest down; what is no number is last. */
static uint64_t key_of_value(double value)
{
    uint64_t bits;
    value = value == 0 ? 0 : value; /* NOLINT: -0 is no other number */
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return UINT64_MAX;
    return bits >> 63 ? bits : ~bits & INT64_MAX;
}

static uint64_t key_of_count(uint64_t count, bool known)
{
    return known ? ~count : UINT64_MAX;
}

/* The first term as a number. None comes before a smaller one; what has the same number may differ
 * in other terms, and where it is the last there is. */
static uint64_t key_of(const struct maker *m, p2a_id f)
{
    const struct p2a_graph *g = &m->p->graph;
    size_t value = (size_t)f * m->p->columns;
    switch (m->terms[0]) {
    case PRIMITIVE:
        return key_of_count(g->node[f].primitive, g->node[f].has & P2A_HAS_PRIMITIVE);
    case CALLS:
        return key_of_count(g->node[f].calls, g->node[f].has & P2A_HAS_CALLS);
    case SELF:
        return key_of_value(m->p->columns ? g->self[value] : 0);
    default:
        return key_of_value(m->p->columns ? g->total[value] : 0);
    }
}

/* Sorts the rows [BEGIN, END), which have one key. */
static bool sort_equal(struct maker *m, uint32_t begin, uint32_t end, uint64_t key)
{
    bool sorted = end - begin < 2 || (m->n == 1 && key < UINT64_MAX);
    return sorted || p2a_sort(m->rows->function + begin, end - begin, compare_rows, m);
}

static bool sort_by_number(struct maker *m)
{
    uint32_t n = m->rows->n;
    p2a_id *function = m->rows->function;
    struct p2a_keyed *rows = malloc(((size_t)n + 1) * sizeof *rows);
    for (uint32_t i = 0; rows && i < n; i++)
        rows[i] = (struct p2a_keyed){key_of(m, function[i]), function[i]};
    bool ok = rows && p2a_sort_keyed(rows, n);
    for (uint32_t i = 0; ok && i < n; i++)
        function[i] = rows[i].id;
    for (uint32_t begin = 0, end; ok && begin < n; begin = end) {
        for (end = begin + 1; end < n && rows[end].key == rows[begin].key;)
            end++;
        ok = sort_equal(m, begin, end, rows[begin].key);
    }
    free(rows);
    return ok;
}

static bool sort_rows(struct maker *m)
{
    struct p2a_rows *rows = m->rows;
    bool spell = false, number = m->terms[0] <= TOTAL;
    for (int i = 0; i < m->n; i++)
        spell |= m->terms[i] == STANDARD;
    bool ok = !spell || spell_rows(m);
    if (ok)
        ok = number ? sort_by_number(m) : p2a_sort(rows->function, rows->n, compare_rows, m);
    p2a_buffer_free(&m->spelled);
    free(m->place);
    if (!ok)
        return p2a_no_memory(m->out), false;
    if (m->out->report->reverse)
        reverse(rows->function, rows->n);
    return true;
}

/* ---- restrictions ---------------------------------------------------------------------------- */

static bool say_reduced(struct maker *m, uint32_t before, const struct p2a_buffer *restriction)
{
    char text[80];
    struct p2a_buffer *said = &m->rows->said;
    if (m->rows->n == before)
        return true;
    snprintf(text, sizeof text, "   List reduced from %u to %u due to restriction <", before,
             m->rows->n);
    if (add_text(said, text) && p2a_buffer_add(said, restriction->at, restriction->n) &&
        add_text(said, ">\n"))
        return true;
    return p2a_no_memory(m->out), false;
}

static bool reduce_to(struct maker *m, uint64_t count)
{
    struct p2a_buffer text = {0};
    char number[24];
    uint32_t before = m->rows->n;
    if (count >= before)
        return true;
    m->rows->n = (uint32_t)count;
    snprintf(number, sizeof number, "%llu", (unsigned long long)count);
    bool ok =
        add_text(&text, number) ? say_reduced(m, before, &text) : (p2a_no_memory(m->out), false);
    p2a_buffer_free(&text);
    return ok;
}

static bool reduce_to_share(struct maker *m, double share)
{
    struct p2a_buffer text = {0};
    uint32_t before = m->rows->n;
    uint32_t count = (uint32_t)(before * share + .5);
    m->rows->n = count < before ? count : before;
    bool ok = p2a_repr_double(&text, share) ? say_reduced(m, before, &text)
                                            : (p2a_no_memory(m->out), false);
    p2a_buffer_free(&text);
    return ok;
}

/* A pattern that backtracks past PCRE2's limit has no answer. */
static bool match_failed(struct maker *m, const char *pattern, struct p2a_str name, int code)
{
    unsigned char message[128];
    if (code == PCRE2_ERROR_NOMEMORY)
        return p2a_no_memory(m->out), false;
    pcre2_get_error_message(code, message, sizeof message);
    p2a_cant_write(m->out, P2A_USAGE, "restriction '%s': %s at '%.*s', expected a simpler pattern",
                   pattern, (char *)message, name.n < 80 ? (int)name.n : 80, name.at);
    return false;
}

struct finder {
    struct maker *m;
    const pcre2_code *re;
    const char *pattern;
    pcre2_match_data *data;
    struct p2a_buffer name;
    bool failed;
};

static bool finds(struct finder *f, p2a_id function, enum p2a_names names)
{
    struct p2a_str name = p2a_spell(f->m->p, function, names, &f->name);
    int code = pcre2_match(f->re, (PCRE2_SPTR)name.at, name.n, 0, 0, f->data, NULL);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        f->failed = !match_failed(f->m, f->pattern, name, code);
    return code >= 0;
}

/* Keeps the rows in whose "file:line(name)" RE finds something, or, but for pstats, in whose name
 * as it is shown. */
static bool keep_found(struct maker *m, const pcre2_code *re, const char *pattern)
{
    struct finder f = {
        .m = m, .re = re, .pattern = pattern, .data = pcre2_match_data_create(1, NULL)};
    uint32_t kept = 0;
    bool ok = f.data;
    for (uint32_t i = 0; ok && !f.failed && i < m->rows->n; i++) {
        p2a_id function = m->rows->function[i];
        if (finds(&f, function, P2A_NAMES_PSTATS) ||
            (!m->as_pstats && !f.failed && finds(&f, function, m->out->names)))
            m->rows->function[kept++] = function;
    }
    if (!ok || f.name.failed)
        ok = (p2a_no_memory(m->out), false);
    m->rows->n = kept;
    p2a_buffer_free(&f.name);
    pcre2_match_data_free(f.data);
    return ok && !f.failed;
}

static bool reduce_to_found(struct maker *m, const pcre2_code *re, const char *pattern)
{
    struct p2a_buffer text = {0};
    uint32_t before = m->rows->n;
    bool ok = keep_found(m, re, pattern);
    if (ok)
        ok = p2a_repr_text(&text, p2a_str_of(pattern)) ? say_reduced(m, before, &text)
                                                       : (p2a_no_memory(m->out), false);
    p2a_buffer_free(&text);
    return ok;
}

/* As re.search finds it in a str: classes are Unicode's, lines end with \n alone. NULL after an
 * error. */
static pcre2_code *compile(const char *pattern, struct p2a_error *error)
{
    int code = PCRE2_ERROR_NOMEMORY;
    size_t where = 0;
    unsigned char message[128];
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *re = NULL;
    if (context && pcre2_set_newline(context, PCRE2_NEWLINE_LF) == 0)
        re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                           PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &code, &where, context);
    pcre2_compile_context_free(context);
    if (!re && (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)) {
        p2a_error_memory(error);
    } else if (!re) {
        pcre2_get_error_message(code, message, sizeof message);
        p2a_error_set(error, P2A_USAGE, "restriction '%s': %s at character %zu", pattern,
                      (char *)message, where + 1);
    }
    return re;
}

static bool invalid_pattern(struct maker *m, const char *pattern, const struct p2a_error *error)
{
    struct p2a_buffer *said = &m->rows->said;
    if (!m->as_pstats || error->status != P2A_USAGE)
        return p2a_cant_write(m->out, error->status, "%s", error->message), false;
    p2a_out_note(m->out, "%s: it restricts nothing", error->message);
    return (add_text(said, "   <Invalid regular expression ") &&
            p2a_repr_text(said, p2a_str_of(pattern)) && add_text(said, ">\n")) ||
           (p2a_no_memory(m->out), false);
}

static bool restrict_to_pattern(struct maker *m, const char *pattern)
{
    struct p2a_error error;
    p2a_error_start(&error, NULL);
    pcre2_code *re = compile(pattern, &error);
    if (!re)
        return invalid_pattern(m, pattern, &error);
    bool ok = reduce_to_found(m, re, pattern);
    pcre2_code_free(re);
    return ok;
}

/* Python's int() takes a sign, and more digits than a machine word has. */
static bool is_count(struct p2a_str text, bool *negative, uint64_t *count)
{
    *negative = p2a_str_starts(text, "-");
    if (text.n && (*negative || text.at[0] == '+'))
        text = (struct p2a_str){text.at + 1, text.n - 1};
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    if (text.n && !p2a_str_u64(text, count))
        *count = UINT64_MAX;
    return text.n > 0;
}

enum restriction { TO_COUNT, TO_SHARE, TO_PATTERN, TO_NOTHING };

static enum restriction take_restriction(const char *text, uint64_t *count, double *share)
{
    struct p2a_str trimmed = p2a_str_trim(p2a_str_of(text));
    bool negative;
    if (is_count(trimmed, &negative, count))
        return negative && *count ? TO_NOTHING : TO_COUNT;
    if (!p2a_str_double(trimmed, share))
        return TO_PATTERN;
    return *share >= 0 && *share <= 1 ? TO_SHARE : TO_NOTHING;
}

static const char RESTRICTIONS[] = "expected a count, a share from 0 to 1, or a pattern";

static bool restricts_nothing(struct maker *m, const char *text)
{
    if (m->as_pstats)
        p2a_out_note(m->out, "restriction %s restricts nothing: %s", text, RESTRICTIONS);
    else
        p2a_cant_write(m->out, P2A_USAGE, "restriction %s: %s", text, RESTRICTIONS);
    return m->as_pstats;
}

static bool apply_restriction(struct maker *m, const char *text)
{
    uint64_t count = 0;
    double share = 1;
    switch (take_restriction(text, &count, &share)) {
    case TO_COUNT:
        return reduce_to(m, count);
    case TO_SHARE:
        return share >= 1 || reduce_to_share(m, share);
    case TO_PATTERN:
        return restrict_to_pattern(m, text);
    default:
        return restricts_nothing(m, text);
    }
}

static void check_restriction(const char *text, struct p2a_error *error)
{
    uint64_t count;
    double share;
    enum restriction kind = take_restriction(text, &count, &share);
    if (kind == TO_PATTERN)
        pcre2_code_free(compile(text, error));
    else if (kind == TO_NOTHING)
        p2a_error_set(error, P2A_USAGE, "restriction %s: %s", text, RESTRICTIONS);
}

/* ---- all of it ------------------------------------------------------------------------------- */

enum p2a_status p2a_rows_check(const struct p2a_report *report, bool as_pstats,
                               struct p2a_error *error)
{
    char why[WHY];
    const char *const *sort = report->sort, *const *restriction = report->restrictions;
    bool one = false, some = sort && has_keys(sort, &one);
    for (; some && *sort; sort++)
        if (!find_key(*sort, one, why))
            return p2a_error_set(error, P2A_USAGE, "%s", why);
    for (; !as_pstats && restriction && *restriction && error->status == P2A_OK; restriction++)
        check_restriction(*restriction, error);
    return error->status;
}

static bool make_rows(struct maker *m, const char *fallback, uint64_t limit)
{
    const struct p2a_graph *g = &m->p->graph;
    const char *const *restriction = m->out->report->restrictions;
    struct p2a_rows *rows = m->rows;
    if (!take_keys(m, fallback))
        return false;
    rows->function = malloc(((size_t)g->order_n + 1) * sizeof *rows->function);
    if (!rows->function)
        return p2a_no_memory(m->out), false;
    if (g->order_n)
        memcpy(rows->function, g->order, g->order_n * sizeof *g->order);
    rows->n = rows->all = g->order_n;
    if (rows->sorted && !sort_rows(m))
        return false;
    for (; restriction && *restriction; restriction++)
        if (!apply_restriction(m, *restriction))
            return false;
    return limit == 0 || reduce_to(m, limit);
}

static enum p2a_status rows_of(struct p2a_out *out, const char *fallback, uint64_t limit,
                               bool as_pstats, struct p2a_rows *rows)
{
    *rows = (struct p2a_rows){0};
    struct maker m = {.out = out, .p = out->profile, .rows = rows, .as_pstats = as_pstats};
    make_rows(&m, fallback, limit);
    return p2a_out_status(out);
}

enum p2a_status p2a_rows(struct p2a_out *out, const char *fallback, uint64_t limit,
                         struct p2a_rows *rows)
{
    return rows_of(out, fallback, limit, false, rows);
}

enum p2a_status p2a_rows_as_pstats(struct p2a_out *out, const char *fallback, uint64_t limit,
                                   struct p2a_rows *rows)
{
    return rows_of(out, fallback, limit, true, rows);
}

void p2a_rows_free(struct p2a_rows *rows)
{
    free(rows->function);
    p2a_buffer_free(&rows->sort);
    p2a_buffer_free(&rows->said);
    *rows = (struct p2a_rows){0};
}

/* A name is found by way of its function and its string: each step begins when the one before it
 * has arrived. */
void p2a_rows_fetch(const struct p2a_profile *p, const struct p2a_rows *rows, uint32_t i)
{
    enum { FIGURES = 24, STRING = 16, TEXT = 8 };
    if (rows->n < FIGURES || i >= rows->n - FIGURES)
        return;
    p2a_id f = rows->function[i + FIGURES];
    p2a_fetch(&p->functions.row[f]);
    p2a_fetch(&p->graph.node[f]);
    p2a_fetch(&p->graph.self[(size_t)f * p->columns]);
    p2a_fetch(&p->graph.total[(size_t)f * p->columns]);
    p2a_fetch(&p->strings.row[p->functions.row[rows->function[i + STRING]].name]);
    p2a_fetch(p2a_string(p, p->functions.row[rows->function[i + TEXT]].name).at);
}

double p2a_rows_self(const struct p2a_profile *p, const struct p2a_rows *rows, uint32_t from)
{
    double sum = 0;
    for (uint32_t i = from; i < rows->n; i++) {
        double self = p->graph.self[(size_t)rows->function[i] * p->columns];
        sum += isfinite(self) ? self : 0;
    }
    return sum;
}
