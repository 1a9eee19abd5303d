/* The report of Python's pstats: what print_stats, print_callers and print_callees of
 *
 *   pstats.Stats(*inputs).sort_stats(*sort).reverse_order()
 *
 * print, to the byte, for every profile. Defined by CPython's Lib/pstats.py, whose words of 3.11
 * and 3.13 are the same. Only written. What pstats has no word for:
 *
 *   count or value that isn't known   -, and no time per call
 *   profile without call counts       "12 functions" in place of "34 function calls"
 *   values that aren't seconds        in their own unit, columns as wide as the widest
 *   a part of a graph                 "in 0.012 of 0.034 seconds"
 *   input without a name              no line above the report
 *   comparison                        a report of its own, model/changes.h; callers and callees are
 *                                     AFTER's
 *
 * Names are UTF-8. What a terminal could take for a command, and what would break the line, is
 * escaped as Python's repr() does, wherever the report goes: it is read on a terminal later. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/human.h"
#include "base/repr.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "model/changes.h"
#include "model/rows.h"

enum { MOST = 352 }; /* bytes of a figure: 1e308 has 309 digits before the point */

/* A name as it is shown: in the text of all of them, and in characters. */
struct shown {
    size_t at;
    uint32_t n, width;
};

struct names {
    struct p2a_buffer spelled; /* one as it is */
    struct p2a_buffer text;    /* those that are shown */
};

struct report {
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_rows rows;
    double scale;
    bool time; /* values are seconds */
    int width; /* of a value's column */
    struct names *names;
};

static bool names_failed(const struct names *names)
{
    return names->spelled.failed || names->text.failed;
}

static void free_names(void *desk)
{
    struct names *names = desk;
    p2a_buffer_free(&names->spelled);
    p2a_buffer_free(&names->text);
}

/* ---- names ----------------------------------------------------------------------------------- */

static uint32_t ascii_width(struct p2a_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] < ' ' || text.at[i] == 0x7F)
            return UINT32_MAX;
    return (uint32_t)text.n;
}

/* marshal keeps a byte of a file name that Python could not decode as a lone surrogate, in three
 * bytes; 0 where there is none at the front of TEXT. */
static uint32_t surrogate(struct p2a_str text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    if (text.n < 3 || at[0] != 0xED || (at[1] & 0xE0) != 0xA0 || (at[2] & 0xC0) != 0x80)
        return 0;
    return 0xD000u | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
}

/* Appends TEXT as it is shown; returns its width in characters, as Python counts them. */
static uint32_t show(struct p2a_buffer *to, struct p2a_str text)
{
    uint32_t width = ascii_width(text);
    if (width != UINT32_MAX) {
        p2a_buffer_add(to, text.at, text.n);
        return width;
    }
    for (width = 0; text.n;) {
        struct p2a_str character = text, after = text;
        char escape[11];
        uint32_t c = p2a_utf8_next(&after), lone = surrogate(text);
        bool plain = p2a_utf8_plain(&text);
        character.n -= text.n;
        if (lone)
            text = (struct p2a_str){text.at + 2, text.n - 2}, c = lone;
        else if (c == 0xFFFD && character.n == 1)
            c = (unsigned char)character.at[0];
        size_t n = plain ? 1 : p2a_repr_escape(escape, c);
        p2a_buffer_add(to, plain ? character.at : escape, plain ? character.n : n);
        width += (uint32_t)n;
    }
    return width;
}

static struct shown show_function(struct report *r, p2a_id f)
{
    struct shown shown = {.at = r->names->text.n};
    shown.width = show(&r->names->text, p2a_spell(r->p, f, P2A_NAMES_PSTATS, &r->names->spelled));
    shown.n = (uint32_t)(r->names->text.n - shown.at);
    return shown;
}

static void put_shown(struct report *r, const struct shown *shown)
{
    if (!r->names->text.failed)
        p2a_put(r->out, r->names->text.at + shown->at, shown->n);
}

static void put_plain(struct report *r, struct p2a_str text)
{
    struct shown shown = {.at = r->names->text.n};
    show(&r->names->text, text);
    shown.n = (uint32_t)(r->names->text.n - shown.at);
    put_shown(r, &shown);
    r->names->text.n = shown.at;
}

static void put_spaces(struct report *r, size_t n)
{
    static const char spaces[] = "                                                                ";
    for (; n > sizeof spaces - 1; n -= sizeof spaces - 1)
        p2a_put(r->out, spaces, sizeof spaces - 1);
    p2a_put(r->out, spaces, n);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* No NaN of them has a sign, which printf would show. */
static double in_unit(const struct report *r, double value)
{
    if (isnan(value))
        return NAN;
    return r->scale == 1 ? value : value * r->scale;
}

/* VALUE >= 0 in thousandths, rounded half to even from its exact decimals: VALUE * 1000 is
 * product + error, and the product's fraction and what is left of it beside a half are exact. */
static uint64_t thousandths(double value)
{
    double product = value * 1000, error = fma(value, 1000, -product);
    double whole = floor(product), over = product - whole - 0.5 + error;
    uint64_t n = (uint64_t)whole;
    if (over > 0 || (over == 0 && n % 2)) /* NOLINT: exact */
        n++;
    return n;
}

static char *put_digits(char *end, uint64_t n)
{
    do
        *--end = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return end;
}

/* Whether put_decimals does what "%.3f" does. */
static bool is_plain(double value)
{
    return value >= 0 && value < 1e9 && !signbit(value);
}

/* VALUE with three decimals, up to END. */
static char *put_decimals(char *end, double value)
{
    uint64_t n = thousandths(value);
    char *at = put_digits(end, n % 1000 + 1000); /* with a 1 in the place of the point */
    *at = '.';
    return put_digits(at, n / 1000);
}

/* pstats' f8: VALUE as "%8.3f". Returns its length. */
static size_t seconds(char text[MOST], double value)
{
    if (!is_plain(value))
        return (size_t)snprintf(text, MOST, "%8.3f", value);
    char digits[24], *end = digits + sizeof digits, *at = put_decimals(end, value);
    size_t size = (size_t)(end - at), padding = size < 8 ? 8 - size : 0;
    memset(text, ' ', padding);
    memcpy(text + padding, at, size);
    return padding + size;
}

/* Whole numbers without decimals. Returns its length; no NUL. */
static size_t plain_value(char text[MOST], double value)
{
    bool whole = floor(value) == value; /* NOLINT: exact */
    if (!(fabs(value) < 1e15))
        return (size_t)snprintf(text, MOST, "%.9g", value);
    if (whole && !signbit(value))
        return (size_t)(p2a_digits(text, (uint64_t)value) - text);
    if (whole || !is_plain(value))
        return (size_t)snprintf(text, MOST, "%.*f", whole ? 0 : 3, value);
    char digits[24], *end = digits + sizeof digits, *at = put_decimals(end, value);
    memcpy(text, at, (size_t)(end - at));
    return (size_t)(end - at);
}

/* VALUE, which is in the profile's unit, in its column. */
static void put_value(struct report *r, double value)
{
    char text[MOST];
    size_t n = r->time ? seconds(text, value) : plain_value(text, value);
    if (!r->time && n < (size_t)r->width)
        put_spaces(r, (size_t)r->width - n);
    p2a_put(r->out, text, n);
}

static void put_right(struct report *r, const char *text, size_t n, size_t width)
{
    if (n < width)
        put_spaces(r, width - n);
    p2a_put(r->out, text, n);
}

static void put_absent(struct report *r, const char *text)
{
    put_right(r, text, strlen(text), (size_t)r->width);
}

static void put_if(struct report *r, bool known, double value)
{
    if (known)
        put_value(r, in_unit(r, value));
    else
        put_absent(r, "-");
}

/* "calls/primitive" where they differ, at the right of WIDTH. */
static void put_calls(struct report *r, uint64_t calls, uint64_t primitive, unsigned has,
                      size_t width)
{
    char text[48], *end = text + sizeof text, *at = end;
    if (!(has & P2A_HAS_CALLS)) {
        *--at = '-';
    } else {
        if (has & P2A_HAS_PRIMITIVE && primitive != calls) {
            at = put_digits(at, primitive);
            *--at = '/';
        }
        at = put_digits(at, calls);
    }
    put_right(r, at, (size_t)(end - at), width);
}

/* As wide as the widest value; 8 as in pstats is the least, and what seconds have. */
static int column_width(const struct report *r)
{
    const struct p2a_graph *g = &r->p->graph;
    size_t widest = 8;
    char text[MOST];
    for (uint32_t i = 0; !r->time && i < r->rows.n; i++) {
        size_t at = (size_t)r->rows.function[i] * r->p->columns;
        size_t n = plain_value(text, in_unit(r, g->total[at]));
        widest = n > widest ? n : widest;
        n = plain_value(text, in_unit(r, g->self[at]));
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

/* ---- head ------------------------------------------------------------------------------------ */

/* time.ctime, in the local zone. False for a time that has no date. */
static bool date_of(double mtime, char text[64])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    if (!(fabs(mtime) < 1e15))
        return false;
    time_t seconds_since = (time_t)floor(mtime);
    if (!localtime_r(&seconds_since, &tm))
        return false;
    snprintf(text, 64, "%.3s %.3s%3d %.2d:%.2d:%.2d %d", days + 3 * tm.tm_wday,
             months + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             1900 + tm.tm_year);
    return true;
}

static void put_inputs(struct report *r)
{
    for (uint32_t i = 0; i < r->p->inputs.n; i++) {
        const struct p2a_input *input = &r->p->inputs.row[i];
        char date[64];
        if (date_of(input->mtime, date))
            p2a_putf(r->out, "%s    ", date);
        put_plain(r, p2a_string(r->p, input->path));
        p2a_put_text(r->out, "\n");
    }
    if (r->p->inputs.n)
        p2a_put_text(r->out, "\n");
}

struct totals {
    uint64_t calls, primitive;
    double self;
    uint32_t with_calls, with_primitive;
};

/* Sums in the order of the file, as pstats has them to the last bit. */
static struct totals add_up(const struct report *r)
{
    const struct p2a_graph *g = &r->p->graph;
    struct totals totals = {0};
    for (uint32_t i = 0; i < g->order_n; i++) {
        const struct p2a_node *node = &g->node[g->order[i]];
        totals.with_calls += !!(node->has & P2A_HAS_CALLS);
        totals.with_primitive += !!(node->has & P2A_HAS_PRIMITIVE);
        totals.calls = p2a_add_calls(totals.calls, node->calls);
        totals.primitive = p2a_add_calls(totals.primitive, node->primitive);
        if (r->p->columns)
            totals.self += in_unit(r, g->self[(size_t)g->order[i] * r->p->columns]);
    }
    return totals;
}

/* Into TEXT, with a NUL. */
static const char *whole(const struct report *r, char text[MOST], double value)
{
    if (r->time)
        snprintf(text, MOST, "%.3f", isnan(value) ? NAN : value);
    else
        text[plain_value(text, value)] = '\0';
    return text;
}

static void put_totals(struct report *r)
{
    uint32_t n = r->p->graph.order_n;
    char text[MOST];
    struct totals totals = add_up(r);
    put_spaces(r, 9);
    if (n && !totals.with_calls)
        p2a_putf(r->out, "%" PRIu32 " %s ", n, p2a_functions_word(r->p, n));
    else
        p2a_putf(r->out, "%s%" PRIu64 " function calls ", totals.with_calls < n ? "at least " : "",
                 totals.calls);
    if (totals.with_primitive == n && totals.calls != totals.primitive)
        p2a_putf(r->out, "(%" PRIu64 " primitive calls) ", totals.primitive);
    p2a_putf(r->out, "in %s", whole(r, text, totals.self));
    if (r->p->base > 0)
        p2a_putf(r->out, " of %s", whole(r, text, in_unit(r, r->p->base)));
    p2a_put_text(r->out, " ");
    if (r->time)
        p2a_put_text(r->out, "seconds");
    else
        put_plain(r, p2a_human_word(text, p2a_string(r->p, r->p->metrics.row[0].name)));
    p2a_put_text(r->out, "\n\n");
}

/* What get_print_list says: the order, and what left rows out. */
static void put_order(struct report *r)
{
    p2a_put_text(r->out, "   ");
    if (r->rows.sorted) {
        p2a_put_text(r->out, "Ordered by: ");
        put_plain(r, (struct p2a_str){r->rows.sort.at, r->rows.sort.n});
    } else {
        p2a_put_text(r->out, "Random listing order was used");
    }
    p2a_put_text(r->out, "\n");
    p2a_put(r->out, r->rows.said.at, r->rows.said.n);
    p2a_put_text(r->out, "\n");
}

/* ---- print_stats ----------------------------------------------------------------------------- */

static void put_title(struct report *r)
{
    int w = r->width;
    if (r->time)
        p2a_put_text(r->out, "   ncalls  tottime  percall  cumtime  percall");
    else
        p2a_putf(r->out, "   ncalls %*s %*s %*s %*s", w, "self", w, "percall", w, "total", w,
                 "percall");
    p2a_put_text(r->out, " filename:lineno(function)\n");
}

static void put_per_call(struct report *r, double value, uint64_t calls, bool known)
{
    if (known && calls)
        put_value(r, in_unit(r, value) / (double)calls);
    else
        put_absent(r, "");
    p2a_put(r->out, " ", 1);
}

static void put_row(struct report *r, p2a_id f)
{
    const struct p2a_graph *g = &r->p->graph;
    const struct p2a_node *node = &g->node[f];
    size_t at = (size_t)f * r->p->columns;
    bool self = r->p->columns && node->has & P2A_HAS_SELF;
    bool total = r->p->columns && node->has & P2A_HAS_TOTAL;
    put_calls(r, node->calls, node->primitive, node->has, 9);
    p2a_put(r->out, " ", 1);
    put_if(r, self, self ? g->self[at] : 0);
    p2a_put(r->out, " ", 1);
    put_per_call(r, self ? g->self[at] : 0, node->calls, self && node->has & P2A_HAS_CALLS);
    put_if(r, total, total ? g->total[at] : 0);
    p2a_put(r->out, " ", 1);
    put_per_call(r, total ? g->total[at] : 0, node->primitive,
                 total && node->has & P2A_HAS_PRIMITIVE);
    r->names->text.n = 0;
    struct shown name = show_function(r, f);
    put_shown(r, &name);
    p2a_put(r->out, "\n", 1);
}

static void put_rows(const void *writer, void *desk, struct p2a_out *out, uint32_t begin,
                     uint32_t end)
{
    struct report r = *(const struct report *)writer;
    r.out = out;
    r.names = desk;
    for (uint32_t i = begin; i < end; i++) {
        p2a_rows_fetch(r.p, &r.rows, i);
        put_row(&r, r.rows.function[i]);
    }
    if (names_failed(r.names))
        p2a_no_memory(out);
}

static void put_stats(struct report *r)
{
    static const struct p2a_print print = {
        .desk_size = sizeof(struct names), .rows = 1024, .put = put_rows, .free_desk = free_names};
    put_inputs(r);
    put_totals(r);
    if (!r->rows.n)
        return;
    put_order(r);
    put_title(r);
    p2a_print_rows(r->out, &print, r, r->rows.n);
    p2a_put_text(r->out, "\n\n");
}

/* ---- print_callers, print_callees ------------------------------------------------------------ */

/* Every row's arcs, in the order of the functions at their other ends. */
struct lists {
    bool callers;
    struct shown *shown; /* by function */
    uint32_t *rank;      /* by function: its place in the order of (file, line, name) */
    uint32_t *first;     /* by function: arcs[first[f]] up to arcs[first[f + 1]] are its own */
    p2a_id *arcs, *spare;
};

static int compare_names(const struct p2a_profile *p, p2a_id a, p2a_id b)
{
    struct p2a_str x = p2a_string(p, a), y = p2a_string(p, b);
    size_t n = x.n < y.n ? x.n : y.n;
    int order = a == b || n == 0 ? 0 : memcmp(x.at, y.at, n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static int compare_functions(const void *context, uint32_t a, uint32_t b)
{
    const struct p2a_profile *p = context;
    const struct p2a_function *f = &p->functions.row[a], *g = &p->functions.row[b];
    int order = compare_names(p, f->file ? f->file : f->module, g->file ? g->file : g->module);
    if (!order)
        order = (f->line > g->line) - (f->line < g->line);
    return order ? order : compare_names(p, f->name, g->name);
}

/* *IDS is sorted into rank; it is room for as many. */
static bool rank_functions(const struct p2a_profile *p, struct lists *lists, uint32_t *ids)
{
    for (uint32_t f = 0; f < p->functions.n; f++)
        ids[f] = f;
    if (!p2a_sort(ids, p->functions.n, compare_functions, p))
        return false;
    for (uint32_t i = 0; i < p->functions.n; i++)
        lists->rank[ids[i]] = i;
    return true;
}

/* A place for every key below N: count[key] on is where its first one goes. */
static void start_places(uint32_t *count, uint32_t n)
{
    for (uint32_t i = 0, sum = 0; i <= n; i++) {
        uint32_t own = count[i];
        count[i] = sum;
        sum += own;
    }
}

/* Sorts the arcs by the rank of their other end, then, keeping that order, by whose they are. */
static void sort_arcs(const struct p2a_profile *p, struct lists *lists, uint32_t *place)
{
    const struct p2a_graph *g = &p->graph;
    uint32_t n = p->functions.n;
    memset(place, 0, ((size_t)n + 1) * sizeof *place);
    for (uint32_t a = 0; a < g->arc_n; a++) {
        place[lists->rank[lists->callers ? g->arc[a].caller : g->arc[a].callee]]++;
        lists->first[lists->callers ? g->arc[a].callee : g->arc[a].caller]++;
    }
    start_places(place, n);
    start_places(lists->first, n);
    for (uint32_t a = 0; a < g->arc_n; a++)
        lists->spare[place[lists->rank[lists->callers ? g->arc[a].caller : g->arc[a].callee]]++] =
            a;
    memcpy(place, lists->first, ((size_t)n + 1) * sizeof *place);
    for (uint32_t i = 0; i < g->arc_n; i++) {
        p2a_id a = lists->spare[i];
        lists->arcs[place[lists->callers ? g->arc[a].callee : g->arc[a].caller]++] = a;
    }
}

static void free_lists(struct lists *lists)
{
    free(lists->shown);
    free(lists->rank);
    free(lists->first);
    free(lists->arcs);
    free(lists->spare);
}

static bool make_lists(struct report *r, struct lists *lists)
{
    const struct p2a_profile *p = r->p;
    size_t n = (size_t)p->functions.n + 1, arcs = (size_t)p->graph.arc_n + 1;
    uint32_t *room = calloc(n, sizeof *room);
    lists->shown = calloc(n, sizeof *lists->shown);
    lists->rank = calloc(n, sizeof *lists->rank);
    lists->first = calloc(n, sizeof *lists->first);
    lists->arcs = calloc(arcs, sizeof *lists->arcs);
    lists->spare = calloc(arcs, sizeof *lists->spare);
    bool ok = room && lists->shown && lists->rank && lists->first && lists->arcs && lists->spare &&
              rank_functions(p, lists, room);
    if (ok)
        sort_arcs(p, lists, room);
    r->names->text.n = 0;
    for (p2a_id f = 0; ok && f < p->functions.n; f++)
        lists->shown[f] = show_function(r, f);
    free(room);
    return ok || (p2a_no_memory(r->out), false);
}

static bool has_times(const struct p2a_arc *arc)
{
    return arc->has & (P2A_HAS_SELF | P2A_HAS_TOTAL);
}

/* The first function with callers decides with its first: cProfile's have times, profile's are
 * integers. PLACE is room for a number a function. */
static bool wants_subtitle(const struct p2a_profile *p, uint32_t *place)
{
    const struct p2a_graph *g = &p->graph;
    p2a_id first = P2A_NONE;
    uint32_t best = UINT32_MAX;
    memset(place, 0xFF, ((size_t)p->functions.n + 1) * sizeof *place);
    for (uint32_t i = 0; i < g->order_n; i++)
        place[g->order[i]] = i;
    for (uint32_t a = 0; a < g->arc_n; a++)
        if (place[g->arc[a].callee] < best) {
            best = place[g->arc[a].callee];
            first = a;
        }
    return first != P2A_NONE && has_times(&g->arc[first]);
}

static void put_call_title(struct report *r, const struct lists *lists, size_t width)
{
    int w = r->width;
    p2a_put_text(r->out, "Function ");
    if (width > 9)
        put_spaces(r, width - 9);
    p2a_put_text(r->out, lists->callers ? "was called by...\n" : "called...\n");
    if (!wants_subtitle(r->p, lists->rank))
        return;
    put_spaces(r, width);
    if (r->time)
        p2a_put_text(r->out, "    ncalls  tottime  cumtime\n");
    else
        p2a_putf(r->out, "    ncalls %*s %*s\n", w, "self", w, "total");
}

/* An arc without times is shown with the total of the function OTHER at its other end. */
static void put_call(struct report *r, const struct lists *lists, p2a_id id, bool is_first)
{
    const struct p2a_graph *g = &r->p->graph;
    const struct p2a_arc *arc = &g->arc[id];
    p2a_id other = lists->callers ? arc->caller : arc->callee;
    size_t at = (size_t)id * r->p->columns, other_at = (size_t)other * r->p->columns;
    if (has_times(arc)) {
        put_calls(r, arc->calls, arc->primitive, arc->has, is_first ? 7 : 9);
        p2a_put(r->out, " ", 1);
        put_if(r, arc->has & P2A_HAS_SELF, g->arc_self[at]);
        p2a_put(r->out, " ", 1);
        put_if(r, arc->has & P2A_HAS_TOTAL, g->arc_total[at]);
        p2a_put(r->out, "  ", 2);
        put_shown(r, &lists->shown[other]);
    } else {
        bool known = r->p->columns && g->node[other].has & P2A_HAS_TOTAL;
        put_shown(r, &lists->shown[other]);
        p2a_put(r->out, "(", 1);
        put_calls(r, arc->calls, 0, arc->has & P2A_HAS_CALLS, 0);
        p2a_put(r->out, ") ", 2);
        put_if(r, known, known ? g->total[other_at] : 0);
    }
    p2a_put(r->out, "\n", 1);
}

static void put_calls_of(struct report *r, const struct lists *lists, p2a_id f, size_t width)
{
    const struct shown *name = &lists->shown[f];
    put_shown(r, name);
    put_spaces(r, width - name->width);
    p2a_put(r->out, lists->callers ? "<- " : "-> ", 3);
    if (lists->first[f] == lists->first[f + 1])
        p2a_put(r->out, "\n", 1);
    for (uint32_t i = lists->first[f]; i < lists->first[f + 1]; i++) {
        bool is_first = i == lists->first[f];
        if (!is_first)
            put_spaces(r, width + (has_times(&r->p->graph.arc[lists->arcs[i]]) ? 1 : 3));
        put_call(r, lists, lists->arcs[i], is_first);
    }
}

static void put_call_lists(struct report *r, bool callers)
{
    struct lists lists = {.callers = callers};
    size_t width = 0;
    if (r->rows.n && make_lists(r, &lists) && !r->names->text.failed) {
        put_order(r);
        for (uint32_t i = 0; i < r->rows.n; i++) {
            uint32_t own = lists.shown[r->rows.function[i]].width;
            width = own > width ? own : width;
        }
        put_call_title(r, &lists, width + 2);
        for (uint32_t i = 0; i < r->rows.n; i++)
            put_calls_of(r, &lists, r->rows.function[i], width + 2);
        p2a_put_text(r->out, "\n\n");
    }
    free_lists(&lists);
}

static enum p2a_status write_text(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    const struct p2a_report *report = out->report;
    bool compared = p->columns > p->metrics.n, arcs = report->callers || report->callees;
    if (compared && !arcs)
        return p2a_put_changes(out, &(struct p2a_change_look){.limit = report->limit});
    if (compared)
        p2a_out_note(out, "the callers and callees of a comparison are those after");
    struct names names = {0};
    struct report r = {.out = out, .p = p, .scale = 1, .time = true, .names = &names};
    uint64_t limit = report->limit == UINT64_MAX ? 0 : report->limit;
    if (p->metrics.n) {
        r.scale = p->metrics.row[0].scale;
        r.time = p2a_str_is(p2a_string(p, p->metrics.row[0].unit), "seconds");
    }
    if (p2a_rows_as_pstats(out, "cumulative", limit, &r.rows) == P2A_OK) {
        r.width = column_width(&r);
        if (!report->callers && !report->callees)
            put_stats(&r);
        if (report->callers)
            put_call_lists(&r, true);
        if (report->callees)
            put_call_lists(&r, false);
    }
    if (names_failed(&names))
        p2a_no_memory(out);
    free_names(&names);
    p2a_rows_free(&r.rows);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"report", "txt", NULL};
static const char *const patterns[] = {"*.txt", NULL};

const struct p2a_format p2a_format_text = {
    .name = "text",
    .title = "the report of Python's pstats, for every profile",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_text,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_BEFORE,
    .report = P2A_REPORT | P2A_REPORT_AS_PSTATS,
    .view = true,
};
