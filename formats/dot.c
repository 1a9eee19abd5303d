/* Graphviz dot: the call graph, for `dot -Tsvg`. Defined by Graphviz' own cgraph library, which
 * writes it, and https://graphviz.org/doc/info/lang.html. Only written.
 *
 * It carries functions and arcs with calls, self and total of the first metric, files, lines and
 * modules; of a large graph an excerpt (model/excerpt.h), and the caption says what is missing.
 *
 *   +--------------------+
 *   | encode             |   name, shortened at its front
 *   | json/encoder.py:183|   where it is
 *   | 45.6 %  228 ms     |   total: of the whole, 100 % at most, and as it is
 *   | self 3.4 %  17.1 ms|   only where it shows
 *   +--------------------+
 *             | 41.6 % 180 k×   what the callee took on behalf of this caller, calls
 *             v
 *
 * A comparison is coloured by the change of the total, red for more and blue for less, and says
 *
 *   | 120 ms → 240 ms    |   total before and after
 *   | +120 ms, +100 %    |   or "new", "gone", and a dashed border
 *   | self 20 → 140 ms   |   only where it has changed
 *
 * Colour and line width follow the share. A dashed arc leads back to a function above, a loop holds
 * the calls of a function by itself, ↻ marks functions that call one another in a circle, a dashed
 * box holds what one caller calls besides. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cgraph.h>

#include "base/arena.h"
#include "base/human.h"
#include "base/label.h"
#include "base/utf8.h"
#include "codec/xml.h"
#include "model/excerpt.h"
#include "model/paint.h"
#include "prof2any/format.h"

static const struct p2a_option options[] = {
    {"nodes", P2A_NUMBER, "40", "N", "at most so many functions, 0 for no limit"},
    {"arcs", P2A_NUMBER, "30", "N",
     "at most so many arcs besides the hottest to each function, 0 for no limit"},
    {"node", P2A_NUMBER, "0.5", "PERCENT", "leave out functions with a total below this"},
    {"edge", P2A_NUMBER, "0.1", "PERCENT", "leave out arcs with a total below this"},
    {"rest", P2A_NUMBER, "2", "PERCENT",
     "gather what a function calls besides from this on, 101 for never"},
    {"color", P2A_CHOICE, "total", "total self", "what the colour of a function shows"},
    {"theme", P2A_CHOICE, "light", "light dark color-blind bw", "colours"},
    {"values", P2A_CHOICE, "both", "both percent absolute", "figures in the labels"},
    {"calls", P2A_FLAG, "yes", NULL, "call counts on the arcs"},
    {"cluster", P2A_CHOICE, "none", "none file module", "draw a frame around the functions of one"},
    {"direction", P2A_CHOICE, "down", "down right", "where callees are"},
    {"width", P2A_NUMBER, "26", "COLUMNS", "of a name before it is shortened"},
    {"title", P2A_TEXT, "", "TEXT", "a line above the graph"},
    {"link", P2A_TEXT, "", "PATTERN",
     "address of a function's source: https://…/{file}#L{line}, {name}"},
    {0},
};

/* ---- themes ---------------------------------------------------------------------------------- */

enum { STOPS = 5 };

struct theme {
    const char *name;
    unsigned page, text, dim, line;    /* 0xRRGGBB; line: borders and arcs of what is cold */
    unsigned fill[STOPS], arc[STOPS];  /* from a share of 0 to the whole */
    unsigned more[STOPS], less[STOPS]; /* fills, from no change to new and to gone */
    unsigned more_arc, less_arc;
    bool border_grows; /* heat shows in the width of the border, too */
};

/* Every fill is far enough from its theme's text to be read at any heat. */
static const struct theme themes[] = {
    {"light",
     0xffffff,
     0x1f2328,
     0x59636e,
     0xb9bfc6,
     {0xfaf9f7, 0xfdebd9, 0xfcd0a8, 0xf9ad73, 0xf0824a},
     {0xaab1b8, 0xd3a67e, 0xe38f4f, 0xdb6a2c, 0xc9471f},
     {0xf3f3f4, 0xfbdcd7, 0xf8bcb2, 0xf2998d, 0xe97b6e},
     {0xf3f3f4, 0xd8e8fa, 0xb5d4f6, 0x8fbff0, 0x68a8ea},
     0xc0392b,
     0x1f6fc4,
     false},
    {"dark",
     0x14171c,
     0xf1f3f5,
     0xa8b1bb,
     0x4b535d,
     {0x1f242b, 0x362d26, 0x563a22, 0x7d4a1a, 0xa65b0d},
     {0x5b646f, 0x8a6a4c, 0xb5773a, 0xe08a2e, 0xffab45},
     {0x23272d, 0x42282a, 0x662c2a, 0x8a302b, 0xaa362d},
     {0x23272d, 0x1f3450, 0x1c4573, 0x185695, 0x1466b5},
     0xff7b6b,
     0x6cb6ff,
     false},
    {"color-blind",
     0xffffff,
     0x14202e,
     0x51606f,
     0xb4bec9,
     {0xf7f9fb, 0xe0edf8, 0xbfdaf0, 0x93c1e5, 0x5fa2d6},
     {0xa9b4bf, 0x86aecf, 0x5795c6, 0x2272b4, 0x084594},
     {0xf5f5f5, 0xfde0c4, 0xfbc48f, 0xf4a35c, 0xe6842f},
     {0xf5f5f5, 0xd9e7f5, 0xb2d0eb, 0x86b7df, 0x5b9dd3},
     0xb35806,
     0x2166ac,
     false},
    {"bw",
     0xffffff,
     0x000000,
     0x000000,
     0x000000,
     {0xffffff, 0xffffff, 0xffffff, 0xffffff, 0xffffff},
     {0, 0, 0, 0, 0},
     {0xffffff, 0xffffff, 0xffffff, 0xffffff, 0xffffff},
     {0xffffff, 0xffffff, 0xffffff, 0xffffff, 0xffffff},
     0,
     0,
     true},
};

struct color {
    char text[8];
};

static struct color color_of(unsigned rgb)
{
    struct color c;
    snprintf(c.text, sizeof c.text, "#%06x", rgb & 0xffffff);
    return c;
}

/* Between the stops; T from 0 to 1. */
static unsigned blend(const unsigned stops[STOPS], double t)
{
    double at = fmin(fmax(t, 0), 1) * (STOPS - 1);
    int i = (int)fmin(floor(at), STOPS - 2);
    unsigned mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double low = (stops[i] >> shift) & 0xff, high = (stops[i + 1] >> shift) & 0xff;
        mixed |= (unsigned)(low + (high - low) * (at - i) + 0.5) << shift;
    }
    return mixed;
}

static const struct theme *theme_named(const char *name)
{
    size_t i = 0;
    while (i + 1 < sizeof themes / sizeof *themes && strcmp(themes[i].name, name) != 0)
        i++;
    return &themes[i];
}

/* ---- cgraph ---------------------------------------------------------------------------------- */

/* cgraph can't bear a failed allocation, so that none may fail inside it: before every call there
 * is room for all that the call takes. Memory of the discipline comes from slabs, of which RESERVE
 * bytes are free then. Without room the picture is given up between two calls, where the graph is
 * whole and can be closed.
 *
 * Two things are not from the discipline: the record of each dictionary, which cdt takes from
 * malloc when a graph or subgraph is opened or the first name of a kind is given, and the output
 * buffer. For these the allocations are made and given back just before.
 *
 * cgraph has state of its own (the graph whose dictionary it opens, the level of indentation, the
 * output buffer), so that one thread at a time can be inside. The library has no lock, being
 * without writable data; the C library has one in every stream, and nothing is printed while it is
 * held. */
static void enter_cgraph(void)
{
    flockfile(stderr);
}

static void leave_cgraph(void)
{
    funlockfile(stderr);
}

struct pen {
    Agdisc_t disciplines; /* first: `open` gets its address */
    Agmemdisc_t memory;
    Agiodisc_t io;
    struct p2a_arena slabs;
    char *slab;
    size_t room; /* left in it */
    struct p2a_buffer written;
    bool lost; /* no memory while writing */
    Agraph_t *graph;
    jmp_buf no_memory; /* to be left for between two calls */
};

/* The output buffer starts at BUFSIZ bytes and grows for strings of more than half of that. No
 * string of ours is so long, and no call takes more than a few of them. */
enum {
    STRING_MOST = BUFSIZ / 2 - 512,
    NAME_MOST = STRING_MOST / 3,
    RESERVE = 8 * BUFSIZ,
    SLAB = 4 * RESERVE,
    DICTIONARIES = 16 /* opened by one call at most: 14 by agopen, 8 by agsubg */
};

static bool reserve(struct pen *pen)
{
    if (pen->room >= RESERVE)
        return true;
    pen->slab = p2a_arena_take(&pen->slabs, SLAB);
    pen->room = pen->slab ? SLAB : 0;
    return pen->slab;
}

static void need(struct pen *pen)
{
    if (!reserve(pen))
        longjmp(pen->no_memory, 1);
}

static void need_dictionaries(struct pen *pen)
{
    void *record[DICTIONARIES];
    bool all = true;
    need(pen);
    for (int i = 0; i < DICTIONARIES; i++)
        all &= (record[i] = malloc(sizeof(Dt_t))) != NULL;
    for (int i = 0; i < DICTIONARIES; i++)
        free(record[i]);
    if (!all)
        longjmp(pen->no_memory, 1);
}

/* Makes the output buffer, once in a process. */
static void need_output(struct pen *pen)
{
    void *room = malloc(2 * BUFSIZ);
    free(room);
    if (!room)
        longjmp(pen->no_memory, 1);
    agcanon((char *)"room", 0);
}

static void *pen_open(Agdisc_t *disciplines)
{
    return disciplines;
}

static void *pen_take(void *state, size_t size)
{
    struct pen *pen = state;
    const size_t align = _Alignof(max_align_t);
    size = (size + align - 1) / align * align;
    if (size > pen->room)
        longjmp(pen->no_memory, 1);
    void *taken = pen->slab;
    pen->slab += size;
    pen->room -= size;
    return memset(taken, 0, size);
}

static void *pen_resize(void *state, void *old, size_t old_size, size_t size)
{
    void *taken = pen_take(state, size);
    if (old)
        memcpy(taken, old, old_size < size ? old_size : size);
    return taken;
}

static void pen_free(void *state, void *taken)
{
    (void)state;
    (void)taken;
}

/* Called by cgraph for every word, so that what is between two words finds room again. */
static int pen_put(void *channel, const char *text)
{
    struct pen *pen = channel;
    if (!pen->lost)
        pen->lost = !reserve(pen) || !p2a_buffer_add(&pen->written, text, strlen(text));
    return pen->lost ? EOF : 0;
}

static int pen_flush(void *channel)
{
    (void)channel;
    return 0;
}

static struct pen pen_ready(void)
{
    return (struct pen){.memory = {pen_open, pen_take, pen_resize, pen_free, NULL},
                        .io = {NULL, pen_put, pen_flush}};
}

/* cgraph takes its strings as char * and leaves them as they are. */
static void declare(struct pen *pen, int kind, const char *name, const char *value)
{
    need(pen);
    agattr(pen->graph, kind, (char *)name, (char *)value);
}

static void set(struct pen *pen, void *object, const char *name, const char *value)
{
    need(pen);
    agset(object, (char *)name, (char *)value);
}

static void set_html(struct pen *pen, void *object, const char *name, const char *value)
{
    need(pen);
    agset(object, (char *)name, agstrdup_html(pen->graph, (char *)value));
}

/* ---- what is drawn --------------------------------------------------------------------------- */

struct drawing {
    struct pen pen;
    struct p2a_out *out;
    const struct p2a_profile *p;
    struct p2a_excerpt excerpt;
    const struct theme *theme;
    const struct p2a_coloring *coloring; /* the project's; NULL: none */
    const struct p2a_metric *metric;     /* NULL: none */
    bool compared;
    double whole;      /* of a comparison the larger side's */
    double most_self;  /* of the boxes */
    uint32_t cycles;   /* in the excerpt */
    uint32_t backs;    /* links that lead back */
    uint32_t overruns; /* boxes that pass on more than they have */
    bool by_self, percent, absolute, calls;
    size_t width;
    const char *link;
    Agnode_t **node;    /* of boxes */
    Agraph_t **cluster; /* of strings: its subgraph */
    unsigned *entered;  /* of boxes: links into it from others */
    struct p2a_buffer text, piece, label;
    const char *align; /* of the label being made */
    unsigned rows;     /* in it */
};

/* Text grows in d->text; without memory the picture is given up. */
static void add(struct drawing *d, const char *text)
{
    if (!p2a_buffer_add(&d->text, text, strlen(text)))
        longjmp(d->pen.no_memory, 1);
}

P2A_PRINTF(2, 3) static void addf(struct drawing *d, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(d, text);
}

/* Graphviz can't read a text that is nothing but ']', so the first one is spelled as a number. */
static void add_xml(struct drawing *d, struct p2a_str s)
{
    if (p2a_str_starts(s, "]")) {
        add(d, "&#93;");
        s = (struct p2a_str){s.at + 1, s.n - 1};
    }
    if (!p2a_xml_text(&d->text, s))
        longjmp(d->pen.no_memory, 1);
}

static const char *text_of(struct drawing *d)
{
    if (!p2a_buffer_add(&d->text, "", 1))
        longjmp(d->pen.no_memory, 1);
    return d->text.at;
}

/* For attributes that are no HTML: `\N` and the like would be replaced, a backslash at the end
 * would take the quote with it, `&lt;` would be read. Broken UTF-8 and control characters are
 * U+FFFD. After MOST bytes there is an ellipsis. */
static void add_plain(struct drawing *d, struct p2a_str s, size_t most)
{
    for (most += d->text.n; s.n && d->text.n < most;) {
        const char *at = s.at;
        uint32_t c = p2a_utf8_next(&s);
        size_t n = (size_t)(s.at - at);
        if (c == '\\')
            add(d, "\\\\");
        else if (c == '&')
            add(d, "&amp;");
        else if (c < ' ' || c == 0x7f || (c >= 0xFFFD && c <= 0xFFFF) || (c >= 0x80 && c < 0xa0))
            add(d, "\xEF\xBF\xBD");
        else if (!p2a_buffer_add(&d->text, at, n))
            longjmp(d->pen.no_memory, 1);
    }
    if (s.n)
        add(d, "\xE2\x80\xA6");
}

static double share_of(const struct drawing *d, double value)
{
    return d->whole > 0 && value > 0 ? fmin(value / d->whole, 1) : 0;
}

static struct p2a_str unit_of(const struct drawing *d)
{
    return d->metric ? p2a_string(d->p, d->metric->unit) : P2A_LIT("");
}

static const char *amount(const struct drawing *d, char text[P2A_HUMAN_ROOM], double value)
{
    double scaled = d->metric ? value * d->metric->scale : value;
    if (p2a_str_is(unit_of(d), "seconds") || p2a_str_is(unit_of(d), "bytes"))
        return p2a_human(text, scaled, unit_of(d), P2A_LIT(""));
    return p2a_human_brief(text, scaled);
}

/* "45.6 % · 228 ms", as wanted, for HTML. */
static void add_figures(struct drawing *d, double value)
{
    char text[P2A_HUMAN_ROOM];
    if (d->percent)
        add_xml(d, p2a_str_of(p2a_human_share(text, value, d->whole)));
    if (d->percent && d->absolute)
        add(d, " · ");
    if (d->absolute)
        add(d, amount(d, text, value));
}

/* ---- of a comparison ---- */

static const double CHANGE_OF_WHOLE = 0.001; /* less isn't worth a word or a colour */

/* The change as a share of the larger side, from -1, gone, to 1, new. */
static double change_of(const struct drawing *d, double before, double after)
{
    double larger = fmax(before, after);
    bool little = fabs(after - before) < CHANGE_OF_WHOLE * d->whole;
    return larger > 0 && !little ? (after - before) / larger : 0;
}

static unsigned change_fill(const struct drawing *d, double change)
{
    return blend(change < 0 ? d->theme->less : d->theme->more, fabs(change));
}

static unsigned change_line(const struct drawing *d, double change)
{
    const unsigned stops[STOPS] = {d->theme->line, d->theme->line,
                                   change < 0 ? d->theme->less_arc : d->theme->more_arc,
                                   change < 0 ? d->theme->less_arc : d->theme->more_arc,
                                   change < 0 ? d->theme->less_arc : d->theme->more_arc};
    return blend(stops, fabs(change));
}

/* "+120 ms, +100 %" */
static void add_change(struct drawing *d, double before, double after)
{
    char text[P2A_HUMAN_ROOM];
    double change = after - before;
    const char *size = amount(d, text, fabs(change));
    addf(d, "%s%s", p2a_human_sign(change, size), size);
    add(d, p2a_human_and_ratio(text, before, after));
}

/* "120 ms → 240 ms" */
static void add_both(struct drawing *d, double before, double after)
{
    char text[P2A_HUMAN_ROOM];
    addf(d, "%s → ", amount(d, text, before));
    add(d, amount(d, text, after));
}

static bool is_on(const struct p2a_figures *side)
{
    return side->total > 0 || side->self > 0 || side->calls;
}

/* "new", "gone", or "" where both sides have it. */
static const char *only_on(const struct p2a_figures side[P2A_OF_SIDES])
{
    bool after = is_on(&side[P2A_OF_AFTER]), before = is_on(&side[P2A_OF_BEFORE]);
    return after == before ? "" : after ? "new" : "gone";
}

/* Every digit, for tooltips. */
static void add_exactly(struct drawing *d, const char *what, double value)
{
    char share[P2A_HUMAN_ROOM];
    struct p2a_str unit = unit_of(d);
    bool seconds = p2a_str_is(unit, "seconds");
    addf(d, " · %s %.10g%s%.*s (%s)", what, d->metric ? value * d->metric->scale : value,
         unit.n ? " " : "", seconds ? 1 : (int)(unit.n < 64 ? unit.n : 64), seconds ? "s" : unit.at,
         p2a_human_share(share, value, d->whole));
}

static void add_exact_sides(struct drawing *d, const struct p2a_figures side[P2A_OF_SIDES],
                            unsigned has)
{
    static const char *const names[] = {[P2A_OF_AFTER] = "after", [P2A_OF_BEFORE] = "before"};
    double whole = d->whole;
    if (*only_on(side))
        addf(d, " · %s", only_on(side));
    for (unsigned s = P2A_OF_SIDES; s-- > 0;) {
        addf(d, " · %s:", names[s]);
        d->whole = p2a_whole(d->p, s == P2A_OF_BEFORE ? d->p->metrics.n : 0);
        if (has & P2A_HAS_TOTAL)
            add_exactly(d, "total", side[s].total);
        if (has & P2A_HAS_SELF)
            add_exactly(d, "self", side[s].self);
        if (has & P2A_HAS_CALLS)
            addf(d, " · calls %" PRIu64, side[s].calls);
    }
    d->whole = whole;
}

/* ---- functions ------------------------------------------------------------------------------- */

static const struct p2a_function *function_of(const struct drawing *d, const struct p2a_box *box)
{
    return &d->p->functions.row[box->function];
}

static struct p2a_str name_of(const struct drawing *d, const struct p2a_function *f)
{
    return p2a_string(d->p, f->qualname ? f->qualname : f->name);
}

/* "<frozen importlib._bootstrap>" is importlib._bootstrap. */
static struct p2a_str short_file(struct p2a_str file)
{
    if (p2a_str_starts(file, "<frozen ") && p2a_str_ends(file, ">"))
        return (struct p2a_str){file.at + 8, file.n - 9};
    return p2a_place_tail(file);
}

/* "json/encoder.py:183", with the directories only where the name doesn't tell: in d->piece. */
static struct p2a_str place_of(struct drawing *d, const struct p2a_function *f, bool whole)
{
    struct p2a_str file = p2a_string(d->p, f->file);
    char line[32];
    if (!file.n || p2a_str_is(file, "~"))
        file = p2a_string(d->p, f->module);
    if (!whole)
        file = short_file(file);
    int n = f->line > 0 ? snprintf(line, sizeof line, ":%" PRId64, f->line) : 0;
    d->piece.n = 0;
    if (!file.n)
        return P2A_LIT("");
    if (!p2a_buffer_add(&d->piece, file.at, file.n) ||
        (n && !p2a_buffer_add(&d->piece, line, (size_t)n)))
        longjmp(d->pen.no_memory, 1);
    return (struct p2a_str){d->piece.at, d->piece.n};
}

/* A builtin goes without what only says that it is one, whether there is room or not. */
static void add_name(struct drawing *d, struct p2a_str name)
{
    if (!p2a_label_method(&d->piece, &name))
        longjmp(d->pen.no_memory, 1);
    size_t columns = p2a_columns(name), width = d->width;
    if (p2a_str_starts(name, "<built-in ") || p2a_str_starts(name, "<method "))
        width = width < columns ? width : columns - 1;
    if (!p2a_label(&d->label, name, P2A_LIT(""), width))
        longjmp(d->pen.no_memory, 1);
    add_xml(d, d->label.n ? (struct p2a_str){d->label.at, d->label.n} : P2A_LIT("?"));
}

/* The last COLUMNS of it: the end of a path tells more than its start. */
static void add_end(struct drawing *d, struct p2a_str s, size_t columns)
{
    size_t wide = p2a_columns(s);
    bool cut = wide > columns;
    while (s.n && wide > columns - cut) {
        struct p2a_str first = s;
        p2a_utf8_next(&s);
        first.n -= s.n;
        wide -= p2a_columns(first);
    }
    if (cut)
        add(d, "\xE2\x80\xA6");
    add_xml(d, s);
}

/* A label is a table of rows of one cell. A pixel or two on top make up for the height that dot
 * leaves free below the last line, for descenders. */
static void begin_table(struct drawing *d, const char *align)
{
    d->text.n = 0;
    d->align = align;
    d->rows = 0;
    add(d, "<TABLE BORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\">"
           "<TR><TD HEIGHT=\"2\"></TD></TR>");
}

static void begin_row(struct drawing *d, int size, unsigned color)
{
    if (d->rows++)
        add(d, "</FONT></TD></TR>");
    addf(d, "<TR><TD ALIGN=\"%s\"><FONT POINT-SIZE=\"%d\" COLOR=\"%s\">", d->align, size,
         color_of(color).text);
}

static void end_table(struct drawing *d, void *object)
{
    add(d, "</FONT></TD></TR></TABLE>");
    set_html(&d->pen, object, "label", text_of(d));
}

static void add_compared_rows(struct drawing *d, const struct p2a_box *box, unsigned has,
                              unsigned ink)
{
    const struct p2a_figures *before = &box->side[P2A_OF_BEFORE], *after = &box->side[P2A_OF_AFTER];
    const char *only = only_on(box->side);
    if (*only) {
        begin_row(d, 11, ink);
        addf(d, "<B>%s</B> ", only);
        add(d, amount(d, (char[P2A_HUMAN_ROOM]){0}, before->total + after->total));
    } else if (has & P2A_HAS_TOTAL) {
        begin_row(d, 11, ink);
        add_both(d, before->total, after->total);
        begin_row(d, 11, ink);
        add_change(d, before->total, after->total);
    }
    if (!*only && has & P2A_HAS_SELF &&
        fabs(after->self - before->self) >= CHANGE_OF_WHOLE * d->whole) {
        begin_row(d, 9, ink);
        add(d, "self ");
        add_both(d, before->self, after->self);
    }
}

static void add_value_rows(struct drawing *d, const struct p2a_box *box, unsigned has, unsigned ink)
{
    if (d->compared) {
        add_compared_rows(d, box, has, ink);
        return;
    }
    if (has & P2A_HAS_TOTAL) {
        begin_row(d, 11, ink);
        add_figures(d, box->total);
    }
    if (has & P2A_HAS_SELF && share_of(d, box->self) >= 0.001) {
        begin_row(d, 9, ink);
        add(d, "self ");
        add_figures(d, box->self);
    }
}

static void draw_label(struct drawing *d, const struct p2a_box *box, Agnode_t *node, unsigned fill)
{
    const unsigned mixed[STOPS] = {d->theme->text, fill, fill, fill, fill};
    const struct p2a_function *f = function_of(d, box);
    begin_table(d, "CENTER");
    begin_row(d, 11, d->theme->text);
    add(d, "<B>");
    add_name(d, name_of(d, f));
    add(d, "</B>");
    if (box->cycle != P2A_NONE)
        add(d, "\xC2\xA0\xE2\x86\xBB");
    if (box->cycle != P2A_NONE && d->cycles > 1)
        addf(d, "%" PRIu32, box->cycle + 1);
    struct p2a_str place = place_of(d, f, false);
    if (place.n) {
        begin_row(d, 9, blend(mixed, 0.06));
        add_end(d, place, d->width + 4);
    }
    add_value_rows(d, box, d->p->graph.node[box->function].has, d->theme->text);
    end_table(d, node);
}

static void draw_function_tip(struct drawing *d, const struct p2a_box *box, Agnode_t *node)
{
    const struct p2a_function *f = function_of(d, box);
    const struct p2a_node *row = &d->p->graph.node[box->function];
    d->text.n = 0;
    add_plain(d, name_of(d, f), NAME_MOST);
    struct p2a_str place = place_of(d, f, true);
    if (place.n) {
        add(d, " · ");
        add_plain(d, place, NAME_MOST);
    }
    if (d->compared)
        add_exact_sides(d, box->side, row->has);
    if (row->has & P2A_HAS_TOTAL && !d->compared)
        add_exactly(d, "total", box->total);
    if (row->has & P2A_HAS_SELF && !d->compared)
        add_exactly(d, "self", box->self);
    if (row->has & P2A_HAS_CALLS && !d->compared)
        addf(d, " · calls %" PRIu64, row->calls);
    if (row->has & P2A_HAS_PRIMITIVE && row->primitive != row->calls && !d->compared)
        addf(d, ", %" PRIu64 " of them from outside", row->primitive);
    if (box->overrun)
        add(d, " · what it calls took longer, so in the profile");
    if (box->cycle != P2A_NONE)
        addf(d, " · in cycle %" PRIu32, box->cycle + 1);
    set(&d->pen, node, "tooltip", text_of(d));
}

/* ---- links to sources ---- */

/* An address that a browser would run, or that we can't judge, is none: the pattern has to be
 * relative or start with a scheme that is not one of these. */
static bool link_is_safe(const char *pattern)
{
    static const char *const refused[] = {"javascript", "data", "vbscript"};
    size_t scheme = strcspn(pattern, ":/?#");
    if (pattern[scheme] != ':')
        return strncmp(pattern, "//", 2) != 0 || pattern[2];
    for (size_t i = 0; i < scheme; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-",
                    pattern[i]))
            return false;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (scheme == strlen(refused[i]) && strncasecmp(pattern, refused[i], scheme) == 0)
            return false;
    return scheme > 0;
}

static void add_escaped(struct drawing *d, struct p2a_str s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    for (size_t i = 0; i < s.n && d->text.n < STRING_MOST; i++) {
        char c[2] = {s.at[i], 0};
        if (*c && strchr(plain, *c))
            add(d, c);
        else
            addf(d, "%%%02X", (unsigned char)*c);
    }
}

/* The pattern itself is an address; what can't stand in one is escaped. */
static void add_pattern_byte(struct drawing *d, char c)
{
    char text[2] = {c, 0};
    if (c <= ' ' || c == 0x7f || strchr("\"<>\\^`{|}", c))
        addf(d, "%%%02X", (unsigned char)c);
    else
        add(d, c == '&' ? "&amp;" : text);
}

static void draw_address(struct drawing *d, const struct p2a_box *box, Agnode_t *node)
{
    const struct p2a_function *f = function_of(d, box);
    struct p2a_str file = p2a_string(d->p, f->file), rest = p2a_str_of(d->link);
    if (!rest.n || !file.n || p2a_str_is(file, "~") || file.at[0] == '<')
        return;
    d->text.n = 0;
    while (rest.n && d->text.n < STRING_MOST) {
        size_t taken = 1;
        if (p2a_str_starts(rest, "{file}"))
            add_escaped(d, file), taken = 6;
        else if (p2a_str_starts(rest, "{line}"))
            addf(d, "%" PRId64, f->line > 0 ? f->line : 1), taken = 6;
        else if (p2a_str_starts(rest, "{name}"))
            add_escaped(d, name_of(d, f)), taken = 6;
        else
            add_pattern_byte(d, *rest.at);
        rest = (struct p2a_str){rest.at + taken, rest.n - taken};
    }
    if (d->text.n < STRING_MOST) {
        set(&d->pen, node, "URL", text_of(d));
        set(&d->pen, node, "target", "_blank");
    }
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* How hot, from 0 to 1, so that a tenth of the whole is told from a hundredth by eye. */
static double heat(const struct drawing *d, double value)
{
    return pow(share_of(d, value), 0.6);
}

/* Self is a small part of the whole everywhere, so that its colours reach to the largest drawn. */
static double box_heat(const struct drawing *d, const struct p2a_box *box)
{
    if (d->by_self)
        return d->most_self > 0 ? pow(box->self / d->most_self, 0.6) : 0;
    return heat(d, box->total);
}

/* Of what the colours show. */
static double box_change(const struct drawing *d, const struct p2a_box *box)
{
    const struct p2a_figures *before = &box->side[P2A_OF_BEFORE], *after = &box->side[P2A_OF_AFTER];
    return d->by_self ? change_of(d, before->self, after->self)
                      : change_of(d, before->total, after->total);
}

static void paint_box(struct drawing *d, const struct p2a_box *box, Agnode_t *node, unsigned fill)
{
    bool grows = d->theme->border_grows;
    double t = d->compared && grows ? fabs(box_change(d, box)) : box_heat(d, box);
    char width[32];
    unsigned line = d->compared ? change_line(d, box_change(d, box)) : blend(d->theme->arc, t);
    snprintf(width, sizeof width, "%.2f", grows ? 0.5 + 3 * t : 0.8 + 0.7 * t);
    set(&d->pen, node, "fillcolor", color_of(fill).text);
    set(&d->pen, node, "color", color_of(line).text);
    set(&d->pen, node, "penwidth", width);
    if (d->compared && *only_on(box->side))
        set(&d->pen, node, "style", "rounded,dashed,filled");
}

/* What a comparison, the project or the heat says, in this order; a picture without colours has
 * none. */
static unsigned function_fill(const struct drawing *d, const struct p2a_box *box)
{
    unsigned rule = p2a_coloring_rule(d->coloring, box->function);
    if (d->compared)
        return change_fill(d, box_change(d, box));
    if (!rule || d->theme->border_grows)
        return blend(d->theme->fill, box_heat(d, box));
    return p2a_paint_fill(p2a_paint_chosen(d->coloring, rule, box_heat(d, box)),
                          strcmp(d->theme->name, "dark") == 0);
}

static void draw_function(struct drawing *d, const struct p2a_box *box, Agnode_t *node)
{
    unsigned fill = function_fill(d, box);
    paint_box(d, box, node, fill);
    draw_label(d, box, node, fill);
    draw_function_tip(d, box, node);
    draw_address(d, box, node);
}

static void draw_rest(struct drawing *d, const struct p2a_box *box, Agnode_t *node)
{
    char count[P2A_HUMAN_ROOM];
    const struct p2a_box *caller = &d->excerpt.box[box->under];
    paint_box(d, box, node, d->theme->page);
    set(&d->pen, node, "style", "rounded,dashed,filled");
    begin_table(d, "CENTER");
    begin_row(d, 11, d->theme->dim);
    addf(d, "%s more", p2a_human_count(count, box->count));
    add_value_rows(d, box, P2A_HAS_TOTAL | P2A_HAS_SELF, d->theme->dim);
    end_table(d, node);
    d->text.n = 0;
    const char *are = box->count == 1 ? "is" : "are";
    addf(d, "%s %s that %s called from ", count, p2a_functions_word(d->p, box->count), are);
    add_plain(d, name_of(d, function_of(d, caller)), NAME_MOST);
    addf(d, " or below and %s not drawn", are);
    if (d->compared) {
        add_exact_sides(d, box->side, P2A_HAS_TOTAL | P2A_HAS_SELF);
    } else {
        add_exactly(d, "total", box->total);
        add_exactly(d, "self", box->self);
    }
    set(&d->pen, node, "tooltip", text_of(d));
}

/* The frame around the functions of one file or module. */
static Agraph_t *cluster_of(struct drawing *d, const struct p2a_box *box)
{
    if (!d->cluster || box->function == P2A_NONE)
        return NULL;
    const struct p2a_function *f = function_of(d, box);
    bool by_module = strcmp(p2a_option_text(d->out, "cluster"), "module") == 0;
    p2a_id key = by_module && f->module ? f->module : f->file;
    struct p2a_str name = p2a_string(d->p, key);
    if (!name.n || p2a_str_is(name, "~"))
        return NULL;
    if (!d->cluster[key]) {
        char id[32];
        snprintf(id, sizeof id, "cluster_%" PRIu32, key);
        need_dictionaries(&d->pen);
        Agraph_t *frame = d->cluster[key] = agsubg(d->pen.graph, id, 1);
        d->text.n = 0;
        add_end(d, key == f->module ? name : short_file(name), 40);
        set_html(&d->pen, frame, "label", text_of(d));
        d->text.n = 0;
        add_plain(d, name, NAME_MOST);
        set(&d->pen, frame, "tooltip", text_of(d));
    }
    return d->cluster[key];
}

static void draw_boxes(struct drawing *d)
{
    for (uint32_t b = 0; b < d->excerpt.box_n; b++) {
        const struct p2a_box *box = &d->excerpt.box[b];
        char id[32];
        bool rest = box->function == P2A_NONE;
        snprintf(id, sizeof id, "%c%" PRIu32, rest ? 'r' : 'f', rest ? box->under : box->function);
        if (b == 0)
            need_dictionaries(&d->pen);
        need(&d->pen);
        d->node[b] = agnode(d->pen.graph, id, 1);
        if (rest)
            draw_rest(d, box, d->node[b]);
        else
            draw_function(d, box, d->node[b]);
        Agraph_t *frame = cluster_of(d, box);
        if (frame) {
            need(&d->pen);
            agsubnode(frame, d->node[b], 1);
        }
    }
}

/* ---- links ----------------------------------------------------------------------------------- */

/* The share is left out where the only caller shown has all of the callee's total. */
static bool share_is_news(const struct drawing *d, const struct p2a_link *link)
{
    char here[P2A_HUMAN_ROOM], there[P2A_HUMAN_ROOM];
    if (!link->known || link->from == link->to)
        return false;
    if (d->entered[link->to] > 1)
        return true;
    p2a_human_share(here, link->total, d->whole);
    p2a_human_share(there, d->excerpt.box[link->to].total, d->whole);
    return strcmp(here, there) != 0;
}

static bool has_calls(const struct drawing *d, const struct p2a_link *link)
{
    return d->p->facts & P2A_CALLS && link->calls &&
           (link->arc == P2A_NONE || d->p->graph.arc[link->arc].has & P2A_HAS_CALLS);
}

/* No-break spaces keep the text clear of the line. */
#define GAP "\xC2\xA0\xC2\xA0"

/* "12→24×", the change of the total before it where it is worth a word. */
static void add_link_change(struct drawing *d, const struct p2a_link *link)
{
    char text[P2A_HUMAN_ROOM];
    const struct p2a_figures *before = &link->side[P2A_OF_BEFORE];
    const struct p2a_figures *after = &link->side[P2A_OF_AFTER];
    double change = after->total - before->total;
    if (link->known && fabs(change) >= CHANGE_OF_WHOLE * d->whole)
        addf(d, GAP "%s%s", change > 0 ? "+" : "-", amount(d, text, fabs(change)));
    if (!d->calls || !has_calls(d, link))
        return;
    addf(d, "%s" GAP, d->text.n ? "\\l" : "");
    if (before->calls != after->calls)
        addf(d, "%s→", p2a_human_brief(text, (double)before->calls));
    addf(d, "%s×", p2a_human_brief(text, (double)after->calls));
}

static void draw_link_label(struct drawing *d, const struct p2a_link *link, Agedge_t *edge)
{
    char text[P2A_HUMAN_ROOM];
    d->text.n = 0;
    if (d->compared)
        add_link_change(d, link);
    else if (share_is_news(d, link))
        addf(d, GAP "%s",
             d->percent ? p2a_human_share(text, link->total, d->whole)
                        : amount(d, text, link->total));
    if (!d->compared && d->calls && has_calls(d, link))
        addf(d, "%s" GAP "%s×", d->text.n ? "\\l" : "", p2a_human_brief(text, (double)link->calls));
    if (link->from == link->to)
        add(d, d->text.n ? " itself" : GAP "itself");
    if (d->text.n) {
        add(d, "\\l");
        set(&d->pen, edge, "label", text_of(d));
    }
}

static void add_box_name(struct drawing *d, uint32_t b)
{
    const struct p2a_box *box = &d->excerpt.box[b];
    if (box->function == P2A_NONE)
        addf(d, "%" PRIu32 " %s", box->count, p2a_functions_word(d->p, box->count));
    else
        add_plain(d, name_of(d, function_of(d, box)), NAME_MOST);
}

static void draw_link_tip(struct drawing *d, const struct p2a_link *link, Agedge_t *edge)
{
    d->text.n = 0;
    add_box_name(d, link->from);
    add(d, " → ");
    add_box_name(d, link->to);
    if (d->compared)
        add_exact_sides(d, link->side,
                        (link->known ? P2A_HAS_TOTAL : 0u) |
                            (has_calls(d, link) ? P2A_HAS_CALLS : 0u));
    if (link->known && !d->compared)
        add_exactly(d, "total", link->total);
    if (has_calls(d, link) && !d->compared)
        addf(d, " · calls %" PRIu64, link->calls);
    set(&d->pen, edge, "tooltip", text_of(d));
    set(&d->pen, edge, "labeltooltip", text_of(d));
}

/* dot opens a cycle where it comes to it first. That has to be from the spine, or a caller would
 * stand below its callees. And a long way back pushes everything aside that it passes. */
static bool is_loose(const struct drawing *d, const struct p2a_link *link)
{
    const struct p2a_box *from = &d->excerpt.box[link->from], *to = &d->excerpt.box[link->to];
    if (link->back && from->depth > to->depth + 8)
        return true;
    return !link->spine && to->cycle != P2A_NONE && to->cycle != from->cycle;
}

static void paint_link(struct drawing *d, const struct p2a_link *link, Agedge_t *edge)
{
    double t = heat(d, link->total);
    bool thin = link->back;
    char text[32];
    double change = change_of(d, link->side[P2A_OF_BEFORE].total, link->side[P2A_OF_AFTER].total);
    unsigned line = d->compared ? change_line(d, change) : blend(d->theme->arc, t);
    set(&d->pen, edge, "color", color_of(line).text);
    snprintf(text, sizeof text, "%.2f", thin ? 0.8 + 0.8 * t : 0.8 + 3.7 * t);
    set(&d->pen, edge, "penwidth", text);
    snprintf(text, sizeof text, "%.2f", thin ? 0.6 : 0.5 + 0.35 * t);
    set(&d->pen, edge, "arrowsize", text);
    if (thin)
        set(&d->pen, edge, "style", "dashed");
    snprintf(text, sizeof text, "%.0f",
             thin ? 0 : 1 + 60 * share_of(d, link->total) + 2 * link->spine);
    set(&d->pen, edge, "weight", text);
    if (is_loose(d, link))
        set(&d->pen, edge, "constraint", "false");
}

static void draw_links(struct drawing *d)
{
    for (uint32_t i = 0; i < d->excerpt.link_n; i++) {
        const struct p2a_link *link = &d->excerpt.link[i];
        if (i == 0)
            need_dictionaries(&d->pen);
        need(&d->pen);
        Agedge_t *edge = agedge(d->pen.graph, d->node[link->from], d->node[link->to], NULL, 1);
        draw_link_label(d, link, edge);
        draw_link_tip(d, link, edge);
        paint_link(d, link, edge);
    }
}

/* ---- the graph ------------------------------------------------------------------------------- */

static void add_counted(struct drawing *d, uint64_t n, const char *word)
{
    char text[P2A_HUMAN_ROOM];
    addf(d, "%s %s%s", p2a_human_count(text, n), word, p2a_plural(n));
}

static void add_functions(struct drawing *d, uint64_t n)
{
    char text[P2A_HUMAN_ROOM];
    addf(d, "%s %s", p2a_human_count(text, n), p2a_functions_word(d->p, n));
}

static void add_left_out(struct drawing *d)
{
    const struct p2a_excerpt *e = &d->excerpt;
    char share[P2A_HUMAN_ROOM];
    begin_row(d, 10, d->theme->dim);
    if (!e->gathered && !e->left_out && !e->arcs_left_out) {
        add(d, d->p->base > 0 ? "a selection of the whole" : "nothing is left out");
        return;
    }
    add(d, "drawn: ");
    add_functions(d, e->function_n);
    if (e->gathered) {
        add(d, "; in dashed boxes: ");
        add_functions(d, e->gathered);
    }
    add(d, "; left out: ");
    add_functions(d, e->left_out);
    add(d, " (self ");
    add_xml(d, p2a_str_of(p2a_human_share(share, e->left_self, d->whole)));
    add(d, ") and ");
    add_counted(d, e->arcs_left_out, "arc");
}

static void add_legend(struct drawing *d)
{
    begin_row(d, 10, d->theme->dim);
    if (d->compared)
        addf(d, "before → after; %s: change of %s, %s",
             d->theme->border_grows ? "borders" : "colour", d->by_self ? "self" : "total",
             d->theme->border_grows ? "wider for more" : "warm for more, blue for less");
    else
        addf(d, "%s: %s", d->theme->border_grows ? "borders" : "colour",
             d->by_self ? "self" : "total");
    if (d->calls && d->p->facts & P2A_CALLS)
        add(d, " · n×: calls");
    if (d->cycles)
        add(d, " · \xE2\x86\xBB: functions that call one another in a circle");
    if (d->backs)
        add(d, " · dashed arc: back to a caller above");
}

/* In a pstats file, functions with one name and line have one row, the last one's. */
static void add_contradictions(struct drawing *d)
{
    const char *sep = "";
    uint32_t named = 0;
    if (!d->overruns)
        return;
    begin_row(d, 10, d->theme->text);
    add(d, "less total than what they call, so in the profile: ");
    for (uint32_t b = 0; b < d->excerpt.function_n && named < 3; b++) {
        if (!d->excerpt.box[b].overrun)
            continue;
        add(d, sep);
        add_name(d, name_of(d, function_of(d, &d->excerpt.box[b])));
        sep = ", ";
        named++;
    }
    if (d->overruns > named)
        addf(d, " and %" PRIu32 " more", d->overruns - named);
}

static void add_whole_change(struct drawing *d)
{
    double before = p2a_whole(d->p, d->p->metrics.n), after = p2a_whole(d->p, 0);
    add_both(d, before, after);
    add(d, ", ");
    add_change(d, before, after);
}

static void draw_caption(struct drawing *d)
{
    const struct p2a_profile *p = d->p;
    struct p2a_str title = p2a_str_of(p2a_option_text(d->out, "title"));
    char text[P2A_HUMAN_ROOM];
    begin_table(d, "LEFT");
    if (title.n) {
        begin_row(d, 15, d->theme->text);
        add_end(d, title, 100);
    }
    begin_row(d, 12, d->theme->text);
    const char *figure = d->compared ? "" : amount(d, text, d->whole);
    if (d->compared)
        add_whole_change(d);
    else
        add(d, figure);
    if (d->metric && p2a_string(p, d->metric->name).n < 64) {
        add(d, " ");
        add_xml(d, p2a_human_word(figure, p2a_string(p, d->metric->name)));
    }
    add(d, " in ");
    add_functions(d, d->excerpt.rows);
    add_left_out(d);
    add_legend(d);
    if (p->estimated & P2A_GRAPH) {
        begin_row(d, 10, d->theme->dim);
        add(d, "totals of functions in cycles are estimated");
    }
    add_contradictions(d);
    end_table(d, d->pen.graph);
}

static void declare_attributes(struct drawing *d)
{
    struct pen *pen = &d->pen;
    static const char *const of_nodes[] = {"label",     "tooltip", "URL",     "target",
                                           "fillcolor", "color",   "penwidth"};
    static const char *const of_edges[] = {"label", "tooltip",    "labeltooltip",
                                           "color", "penwidth",   "arrowsize",
                                           "style", "constraint", "weight"};
    static const char fonts[] = "Helvetica,Arial,sans-serif";
    bool right = strcmp(p2a_option_text(d->out, "direction"), "right") == 0;
    for (int kind = AGRAPH; kind <= AGEDGE; kind++) {
        declare(pen, kind, "fontname", fonts);
        declare(pen, kind, "fontsize", kind == AGNODE ? "11" : kind == AGRAPH ? "10" : "9");
        declare(pen, kind, "fontcolor",
                color_of(kind == AGNODE ? d->theme->text : d->theme->dim).text);
    }
    declare(pen, AGRAPH, "label", "");
    declare(pen, AGRAPH, "tooltip", " ");
    declare(pen, AGRAPH, "labelloc", "t");
    declare(pen, AGRAPH, "labeljust", "l");
    declare(pen, AGRAPH, "charset", "UTF-8");
    declare(pen, AGRAPH, "bgcolor", color_of(d->theme->page).text);
    declare(pen, AGRAPH, "color", color_of(d->theme->line).text);
    declare(pen, AGRAPH, "style", "rounded");
    declare(pen, AGRAPH, "rankdir", right ? "LR" : "TB");
    declare(pen, AGRAPH, "nodesep", "0.16");
    declare(pen, AGRAPH, "ranksep", right ? "0.5" : "0.28");
    declare(pen, AGNODE, "shape", "box");
    declare(pen, AGNODE, "style", "rounded,filled");
    declare(pen, AGNODE, "margin", "0.09,0.04");
    declare(pen, AGNODE, "height", "0.3");
    for (size_t i = 0; i < sizeof of_nodes / sizeof *of_nodes; i++)
        declare(pen, AGNODE, of_nodes[i], "");
    for (size_t i = 0; i < sizeof of_edges / sizeof *of_edges; i++)
        declare(pen, AGEDGE, of_edges[i], "");
}

static void draw(struct drawing *d)
{
    Agdesc_t directed = {.directed = 1, .maingraph = 1};
    d->pen.disciplines = (Agdisc_t){.mem = &d->pen.memory, .io = &d->pen.io};
    need_dictionaries(&d->pen);
    d->pen.graph = agopen((char *)"profile", directed, &d->pen.disciplines);
    declare_attributes(d);
    draw_caption(d);
    draw_boxes(d);
    draw_links(d);
    need_output(&d->pen);
    need(&d->pen);
    agwrite(d->pen.graph, &d->pen);
}

/* False: no memory. */
static bool try_draw(struct drawing *d)
{
    if (setjmp(d->pen.no_memory) != 0)
        return false;
    draw(d);
    return !d->pen.lost;
}

static bool draw_alone(struct drawing *d)
{
    enter_cgraph();
    bool drawn = try_draw(d);
    if (d->pen.graph)
        agclose(d->pen.graph);
    leave_cgraph();
    return drawn;
}

static uint32_t count_option(const struct p2a_out *out, const char *name)
{
    double value = p2a_option_number(out, name);
    return value >= 1 && value < UINT32_MAX ? (uint32_t)value : 0;
}

static void count(struct drawing *d)
{
    const struct p2a_excerpt *e = &d->excerpt;
    for (uint32_t b = 0; b < e->box_n; b++) {
        d->most_self = fmax(d->most_self, e->box[b].self);
        if (e->box[b].cycle != P2A_NONE && e->box[b].cycle >= d->cycles)
            d->cycles = e->box[b].cycle + 1;
        d->overruns += e->box[b].overrun;
    }
    for (uint32_t i = 0; i < e->link_n; i++) {
        d->entered[e->link[i].to] += e->link[i].from != e->link[i].to;
        d->backs += e->link[i].back && e->link[i].from != e->link[i].to;
    }
}

static bool prepare(struct drawing *d)
{
    struct p2a_out *out = d->out;
    struct p2a_excerpt_wanted wanted = {.nodes = count_option(out, "nodes"),
                                        .links = count_option(out, "arcs"),
                                        .node = p2a_option_number(out, "node") / 100,
                                        .link = p2a_option_number(out, "edge") / 100,
                                        .rest = p2a_option_number(out, "rest") / 100,
                                        .compared = d->compared};
    if (!p2a_excerpt_build(d->p, &wanted, &d->excerpt))
        return false;
    d->node = calloc((size_t)d->excerpt.box_n + 1, sizeof *d->node);
    d->entered = calloc((size_t)d->excerpt.box_n + 1, sizeof *d->entered);
    if (strcmp(p2a_option_text(out, "cluster"), "none") != 0)
        d->cluster = calloc((size_t)d->p->strings.n + 1, sizeof *d->cluster);
    if (d->entered)
        count(d);
    return d->node && d->entered &&
           (d->cluster || strcmp(p2a_option_text(out, "cluster"), "none") == 0);
}

static void finish(struct drawing *d)
{
    p2a_excerpt_free(&d->excerpt);
    p2a_arena_free(&d->pen.slabs);
    p2a_buffer_free(&d->pen.written);
    p2a_buffer_free(&d->text);
    p2a_buffer_free(&d->piece);
    p2a_buffer_free(&d->label);
    free(d->node);
    free(d->entered);
    free(d->cluster);
}

static enum p2a_status check_dot(struct p2a_out *out)
{
    if (link_is_safe(p2a_option_text(out, "link")))
        return P2A_OK;
    return p2a_cant_write(out, P2A_USAGE,
                          "-O link: expected an address such as https://host/{file}#L{line}");
}

static enum p2a_status write_dot(struct p2a_out *out)
{
    const char *values = p2a_option_text(out, "values");
    struct drawing d = {
        .out = out,
        .p = out->profile,
        .pen = pen_ready(),
        .theme = theme_named(p2a_option_text(out, "theme")),
        .coloring = out->coloring,
        .metric = out->profile->metrics.n ? &out->profile->metrics.row[0] : NULL,
        .compared = out->profile->columns > out->profile->metrics.n,
        .whole = p2a_share_base(out->profile),
        .by_self = strcmp(p2a_option_text(out, "color"), "self") == 0,
        .percent = strcmp(values, "absolute") != 0,
        .absolute = strcmp(values, "percent") != 0,
        .calls = p2a_option_flag(out, "calls"),
        .width = (size_t)fmin(fmax(p2a_option_number(out, "width"), 6), 120),
        .link = p2a_option_text(out, "link"),
    };
    if (d.compared)
        d.whole = fmax(d.whole, p2a_whole(d.p, d.p->metrics.n));
    enum p2a_status status = P2A_OK;
    if (prepare(&d) && draw_alone(&d))
        p2a_put(out, d.pen.written.at, d.pen.written.n);
    else
        status = p2a_no_memory(out);
    finish(&d);
    return status == P2A_OK ? p2a_out_status(out) : status;
}

static const char *const aliases[] = {"gv", "graphviz", NULL};
static const char *const patterns[] = {"*.dot", "*.gv", NULL};

const struct p2a_format p2a_format_dot = {
    .name = "dot",
    .title = "Graphviz call graph, for dot -Tsvg",
    .aliases = aliases,
    .patterns = patterns,
    .write = write_dot,
    .check = check_dot,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH | P2A_CALLS | P2A_PLACES | P2A_MODULES | P2A_BEFORE,
    .options = options,
};
