/* Every sample into every format that can be read again, and back: what both sides carry is the
 * same. Functions are compared by their spelling, so two that are spelled alike count as one.
 *
 *   whole      of the first metric
 *   self       of every function
 *   paths      self of every call path, where both are trees
 *   arcs       calls of every arc, where both carry counts
 *
 * Formats that count in whole units (of nanoseconds, microseconds, …) are off by less than one per
 * row. A format that knows no units or no places of functions is compared without. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

static size_t cases, failures;
static char now[600];

static void fail(const char *what, const char *detail)
{
    if (++failures <= 60)
        fprintf(stderr, "%s: %s: %s\n", now, what, detail);
}

/* ---- what a profile holds, as sorted lines ---- */

struct fact {
    char *name;
    double value;
    size_t rows; /* that were added up */
};

struct facts {
    struct fact *at;
    size_t n, room;
};

static void add_fact(struct facts *facts, const char *name, size_t length, double value)
{
    if (facts->n == facts->room) {
        facts->room = facts->room ? facts->room * 2 : 1024;
        facts->at = realloc(facts->at, facts->room * sizeof *facts->at);
    }
    facts->at[facts->n++] = (struct fact){strndup(name, length), value, 1};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct fact *)a)->name, ((const struct fact *)b)->name);
}

static void even(struct facts *facts)
{
    size_t n = 0;
    if (facts->n)
        qsort(facts->at, facts->n, sizeof *facts->at, by_name);
    for (size_t i = 0; i < facts->n; i++) {
        if (n && strcmp(facts->at[n - 1].name, facts->at[i].name) == 0) {
            facts->at[n - 1].value += facts->at[i].value;
            facts->at[n - 1].rows++;
            free(facts->at[i].name);
        } else {
            facts->at[n++] = facts->at[i];
        }
    }
    facts->n = n;
}

static void forget(struct facts *facts)
{
    for (size_t i = 0; i < facts->n; i++)
        free(facts->at[i].name);
    free(facts->at);
}

static enum p2a_names style; /* in which both sides spell functions */
static bool bare;            /* names without their places */
static double factor;        /* what values of the format are multiplied by */

/* "__init__:93", "f #2", "f [x]": what keeps functions of one name apart. */
static void cut_mark(struct p2a_buffer *name)
{
    size_t i = name->n;
    if (i && name->at[i - 1] == ']') {
        while (i > 1 && !(name->at[i - 1] == '[' && name->at[i - 2] == ' '))
            i--;
        if (i > 2)
            name->n = i -= 2;
    }
    while (i && strchr("0123456789", name->at[i - 1]))
        i--;
    if (i > 2 && i < name->n && strchr(":#", name->at[i - 1]))
        name->n = i - (name->at[i - 1] == ':' ? 1 : 2);
}

/* Names as every format can spell them: what isn't plain is one '?', nothing is (anonymous). */
static struct p2a_str spell(const struct p2a_profile *p, p2a_id f, struct p2a_buffer *buffer)
{
    const struct p2a_function *row = &p->functions.row[f];
    struct p2a_str name =
        p2a_string(p, row->qualname && style != P2A_NAMES_PSTATS ? row->qualname : row->name);
    if (!bare)
        name = p2a_spell(p, f, style, buffer);
    else
        buffer->n = 0;
    if (bare && !p2a_buffer_add(buffer, name.at, name.n))
        abort();
    if (name.n && name.at != buffer->at && !bare) {
        buffer->n = 0;
        p2a_buffer_add(buffer, name.at, name.n);
    }
    if (bare)
        cut_mark(buffer);
    size_t n = 0;
    for (size_t i = 0; i < buffer->n; i++) {
        bool odd = strchr(";:\t\r\n_ ?", buffer->at[i]) || (unsigned char)buffer->at[i] >= 0x7f;
        if (!odd || !n || buffer->at[n - 1] != '?')
            buffer->at[n++] = odd ? '?' : buffer->at[i];
    }
    buffer->n = n;
    return n ? (struct p2a_str){buffer->at, n} : P2A_LIT("(anonymous)");
}

static double scale_of(const struct p2a_profile *p)
{
    return p->metrics.n ? p->metrics.row[0].scale : 1;
}

static struct facts selves(const struct p2a_profile *p, bool tree, double scale)
{
    struct facts facts = {0};
    struct p2a_buffer buffer = {0};
    for (uint32_t i = 0; i < (tree ? p->contexts.n : p->graph.node_n); i++) {
        double self = (tree ? p->contexts.self : p->graph.self)[(size_t)i * p->columns];
        struct p2a_str name = spell(p, tree ? p->contexts.row[i].function : i, &buffer);
        if (self != 0)
            add_fact(&facts, name.at, name.n, self * scale);
    }
    p2a_buffer_free(&buffer);
    even(&facts);
    return facts;
}

static struct facts paths(const struct p2a_profile *p, double scale)
{
    struct facts facts = {0};
    struct p2a_buffer buffer = {0};
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        double self = p->contexts.self[(size_t)i * p->columns];
        char text[4096];
        size_t at = sizeof text;
        for (p2a_id c = i; c != P2A_NONE && at > 600; c = p->contexts.row[c].parent) {
            struct p2a_str name = spell(p, p->contexts.row[c].function, &buffer);
            size_t n = name.n < 500 ? name.n : 500;
            text[--at] = ';';
            memcpy(text + (at -= n), name.at, n);
        }
        if (self != 0)
            add_fact(&facts, text + at, sizeof text - at, self * scale);
    }
    p2a_buffer_free(&buffer);
    even(&facts);
    return facts;
}

static struct facts arcs(const struct p2a_profile *p)
{
    struct facts facts = {0};
    struct p2a_buffer caller = {0}, callee = {0};
    for (uint32_t i = 0; i < p->graph.arc_n; i++) {
        const struct p2a_arc *arc = &p->graph.arc[i];
        struct p2a_str a = spell(p, arc->caller, &caller), b = spell(p, arc->callee, &callee);
        char text[2048];
        int n = snprintf(text, sizeof text, "%.*s -> %.*s", (int)a.n, a.at, (int)b.n, b.at);
        if (arc->has & P2A_HAS_CALLS)
            add_fact(&facts, text, (size_t)n, (double)arc->calls);
    }
    p2a_buffer_free(&caller);
    p2a_buffer_free(&callee);
    even(&facts);
    return facts;
}

/* ---- comparing ---- */

static bool is_seconds(const struct p2a_profile *p)
{
    return p->metrics.n && strcmp(p2a_metric_unit(p, 0), "seconds") == 0;
}

static bool is_close(double a, double b, double unit)
{
    return fabs(a - b) <= unit + 1e-9 * fabs(a);
}

static void compare(const char *what, struct facts before, struct facts after, double unit)
{
    char detail[400];
    size_t i = 0, j = 0;
    while (i < before.n || j < after.n) {
        int way = i == before.n  ? 1
                  : j == after.n ? -1
                                 : strcmp(before.at[i].name, after.at[j].name);
        const struct fact *b = way <= 0 ? &before.at[i] : NULL;
        const struct fact *a = way >= 0 ? &after.at[j] : NULL;
        double slack = unit * (double)((b ? b->rows : 0) + (a ? a->rows : 0));
        if (b && b->value == 0) /* callgrind has no arcs without calls */
            slack += (double)b->rows;
        if (!is_close(b ? b->value : 0, a ? a->value : 0, slack)) {
            snprintf(detail, sizeof detail, "%.300s: %.17g, it was %.17g", (b ? b : a)->name,
                     a ? a->value : 0, b ? b->value : 0);
            fail(what, detail);
            break;
        }
        i += way <= 0;
        j += way >= 0;
    }
    forget(&before);
    forget(&after);
}

/* What one unit of the format's whole numbers is worth in the profile's own unit; 0 for doubles. */
static double resolution(const struct p2a_profile *p, const struct p2a_profile *back)
{
    bool doubles = p2a_str_is(p2a_string(back, back->source), "pstats") ||
                   p2a_str_is(p2a_string(back, back->source), "json");
    return doubles ? 1e-12 * fabs(p2a_metric_total(p, 0)) : scale_of(back) * factor;
}

static void compare_all(struct p2a_profile *p, struct p2a_profile *back,
                        const struct p2a_format *format)
{
    char detail[200];
    double was = p2a_metric_total(p, 0), is = p2a_metric_total(back, 0);
    bool same_unit = is_seconds(p) == is_seconds(back);
    bool micro = strcmp(format->name, "trace") == 0; /* what isn't time counts as us */
    factor = same_unit ? 1 : is_seconds(p) ? 1e-9 : micro ? 1e6 : 1;
    bool spelled = strcmp(format->name, "folded") == 0;     /* places are part of its names */
    bool lineless = strcmp(format->name, "callgrind") == 0; /* it has no first lines */
    bare = lineless || (!spelled && (~format->keeps & (P2A_MODULES | P2A_PLACES)));
    double unit = resolution(p, back), scale = scale_of(p), back_scale = scale_of(back) * factor;
    snprintf(detail, sizeof detail, "%.17g, it was %.17g", is * factor, was);
    if (!is_close(was, is * factor, unit))
        fail("the whole", detail);
    bool pstats = strcmp(format->name, "pstats") == 0; /* has no qualified names */
    style = pstats ? P2A_NAMES_PSTATS : P2A_NAMES_SHORT;
    bool tree = p->contexts.n && (format->keeps & P2A_CONTEXTS || !p->graph.order_n);
    compare("self", selves(p, tree, scale), selves(back, back->contexts.n, back_scale), unit);
    bool trees = p->facts & P2A_CONTEXTS && back->facts & P2A_CONTEXTS;
    if (trees && format->keeps & format->gives & P2A_CONTEXTS)
        compare("path", paths(p, scale), paths(back, back_scale), unit);
    bool counted = p->facts & back->facts & P2A_CALLS && p->facts & back->facts & P2A_GRAPH;
    if (counted && format->keeps & format->gives & P2A_CALLS)
        compare("arc", arcs(p), arcs(back), 0);
}

/* ---- the matrix ---- */

static bool is_odd(const struct p2a_profile *p)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), "negative, infinite or no numbers"))
            return true;
    return false;
}

static void there_and_back(struct p2a_profile *p, const struct p2a_format *format)
{
    struct p2a_save_options save = {.format = format->name};
    struct p2a_load_options load = {.format = format->name};
    struct p2a_profile *back = NULL;
    struct p2a_error error;
    void *bytes;
    size_t size;
    cases++;
    if (p2a_save_memory(p, &save, &bytes, &size, &error) != P2A_OK) {
        fail("isn't written", error.message);
        return;
    }
    if (!format->read) {
        free(bytes);
        return;
    }
    if (p2a_load_memory(bytes, size, "", NULL, &back, &error) != P2A_OK &&
        p2a_load_memory(bytes, size, "", &load, &back, &error) != P2A_OK) {
        if (p2a_metric_total(p, 0) > 0)
            fail("isn't read again", error.message);
    } else {
        compare_all(p, back, format);
    }
    p2a_free(back);
    free(bytes);
}

static void try_sample(const char *path, const char *folder)
{
    struct p2a_profile *p;
    struct p2a_error error;
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        snprintf(now, sizeof now, "%s to %s", path, format->name);
        if (p2a_load(path, NULL, &p, &error) != P2A_OK) {
            fail("isn't read", error.message);
            return;
        }
        const struct p2a_format *detected = p2a_format_named(p2a_string(p, p->source).at);
        if (i == 0 && strcmp(detected->name, folder) != 0)
            fail("detected as", detected->name);
        if (format->write && !is_odd(p))
            there_and_back(p, format);
        p2a_free(p);
    }
}

static void try_folder(const char *samples, const char *name)
{
    char path[1024];
    struct dirent **entry = NULL;
    snprintf(path, sizeof path, "%s/profiles/%s", samples, name);
    int n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/profiles/%s/%s", samples, name, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            try_sample(path, name);
        free(entry[i]);
    }
    free(entry);
    if (n <= 2)
        fail("no samples", name);
}

int main(int argc, char **argv)
{
    const char *samples = getenv("SAMPLES");
    for (int i = 1; i + 1 < argc; i += 2)
        try_sample(argv[i], argv[i + 1]);
    for (size_t i = 0; argc == 1 && samples && i < p2a_format_count(); i++)
        if (p2a_format_at(i)->read) {
            snprintf(now, sizeof now, "%s", p2a_format_at(i)->name);
            try_folder(samples, p2a_format_at(i)->name);
        }
    printf("%zu cases, %zu failures\n", cases, failures);
    return failures || (argc == 1 && cases < 1000);
}
