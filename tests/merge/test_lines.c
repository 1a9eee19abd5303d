/* Costs per line through sums, comparisons and selections of every sample that has them: where they
 * are kept the lines of a function add up to its self (p2a_check), where they can't be a note says
 * that they are left out. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/core.h"
#include "model/merge.h"

static size_t cases, failures;
static char now[900];

static void fail(const char *what, const char *why)
{
    failures++;
    fprintf(stderr, "%s: %s: %s\n", now, what, why);
}

static struct p2a_profile *load(const char *path)
{
    struct p2a_profile *p = NULL;
    struct p2a_error error;
    if (p2a_load(path, NULL, &p, &error) != P2A_OK)
        fail("isn't read", error.message);
    return p;
}

static void check(struct p2a_profile *p, const char *what)
{
    struct p2a_error error;
    cases++;
    if (p2a_check(p, &error) != P2A_OK)
        fail(what, error.message);
}

/* The row of IN for row ROW of P, P2A_NONE where there is none. */
static p2a_id same_line(const struct p2a_profile *p, uint32_t row, struct p2a_profile *in)
{
    struct p2a_line line = p->graph.line[row];
    struct p2a_function f = p->functions.row[line.function];
    uint32_t n = in->graph.line_n;
    f.name = p2a_intern(in, p2a_string(p, f.name));
    f.qualname = p2a_intern(in, p2a_string(p, f.qualname));
    f.file = p2a_intern(in, p2a_string(p, f.file));
    f.module = p2a_intern(in, p2a_string(p, f.module));
    line.function = p2a_function(in, &f);
    line.file = p2a_intern(in, p2a_string(p, line.file));
    p2a_id id = p2a_line(in, &line);
    return id < n ? id : P2A_NONE;
}

/* Every line of P is in SUM, TIMES as large. */
static void expect_lines(const struct p2a_profile *p, struct p2a_profile *sum, double times)
{
    for (uint32_t i = 0; i < p->graph.line_n; i++) {
        p2a_id id = same_line(p, i, sum);
        double was = p->graph.line_self[(size_t)i * p->columns];
        double is = id == P2A_NONE ? NAN : sum->graph.line_self[(size_t)id * sum->columns];
        if (!(fabs(is - times * was) <= 1e-9 * fabs(is)))
            fail("a line has another value", p2a_string(p, p->graph.line[i].file).at);
    }
}

static void add(struct p2a_profile *into, const struct p2a_profile *from, const char *what)
{
    struct p2a_error error = {.path = ""};
    if (p2a_add(into, from, &error) != P2A_OK)
        fail(what, error.message);
    check(into, what);
}

static void lines_add_up(const char *path)
{
    struct p2a_profile *p = load(path), *sum = load(path);
    add(sum, p, "twice");
    expect_lines(p, sum, 2);
    if (sum->graph.line_n != p->graph.line_n)
        fail("twice", "other lines");
    p2a_free(p);
    p2a_free(sum);
}

/* What a side without lines has is at a place that isn't known. */
static void a_side_without_lines_is_nowhere(const char *path)
{
    struct p2a_profile *p = load(path), *bare = load(path), *other = load(path);
    if (p->facts & P2A_CONTEXTS) {
        p2a_drop_graph(bare);
        add(other, bare, "lines and none");
        add(bare, p, "none and lines");
        for (int side = 0; side < 2; side++)
            for (uint32_t i = 0; i < p->graph.line_n; i++)
                if (p->graph.line[i].line && same_line(p, i, side ? bare : other) == P2A_NONE)
                    fail("lines and none", "a line is missing");
    }
    p2a_free(p);
    p2a_free(bare);
    p2a_free(other);
}

static void a_comparison_has_lines(const char *path)
{
    struct p2a_profile *before = load(path), *after = load(path), *result = NULL;
    struct p2a_comparison comparison = {
        .before = &before, .after = &after, .before_n = 1, .after_n = 1};
    struct p2a_error error;
    if (p2a_diff(&comparison, &result, &error) != P2A_OK)
        fail("comparison", error.message);
    check(result, "comparison");
    if (!(result->facts & P2A_LINES))
        fail("comparison", "no lines");
    p2a_free(result);
    p2a_free(before);
    p2a_free(after);
}

static bool says_so(const struct p2a_profile *p)
{
    for (size_t i = 0; i < p2a_note_count(p); i++)
        if (strstr(p2a_note_at(p, i), "costs per line are left out"))
            return true;
    return false;
}

/* Where only names change the lines stay; of a part they are left out, which is said. */
static void a_selection_keeps_lines_or_says_so(const char *path)
{
    static const struct p2a_selection renamed = {.strip_dirs = true}, part = {.depth = 2};
    struct p2a_profile *p = load(path), *whole = load(path), *cut = load(path);
    struct p2a_error error;
    if (p2a_select(whole, &renamed, &error) != P2A_OK || p2a_select(cut, &part, &error) != P2A_OK)
        fail("selection", error.message);
    check(whole, "renamed");
    check(cut, "a part");
    double was = 0, is = 0;
    for (uint32_t i = 0; i < p->graph.line_n; i++)
        was += p->graph.line_self[(size_t)i * p->columns];
    for (uint32_t i = 0; i < whole->graph.line_n; i++)
        is += whole->graph.line_self[(size_t)i * whole->columns];
    if (!(fabs(is - was) <= 1e-9 * fabs(was)) || says_so(whole))
        fail("renamed", "other lines");
    if (!cut->graph.line_n != says_so(cut))
        fail("a part", cut->graph.line_n ? "says that lines are left out" : "lines go silently");
    p2a_free(p);
    p2a_free(whole);
    p2a_free(cut);
}

static void try_sample(const char *path)
{
    struct p2a_profile *p = load(path);
    bool lines = p && p->graph.line_n, is_comparison = p && p->facts & P2A_BEFORE;
    p2a_free(p);
    if (!lines)
        return;
    lines_add_up(path);
    a_side_without_lines_is_nowhere(path);
    if (!is_comparison)
        a_comparison_has_lines(path);
    a_selection_keeps_lines_or_says_so(path);
}

int main(void)
{
    const char *samples = getenv("SAMPLES");
    for (size_t i = 0; samples && i < p2a_format_count(); i++) {
        struct dirent **entry = NULL;
        char folder[500];
        snprintf(folder, sizeof folder, "%s/profiles/%s", samples, p2a_format_at(i)->name);
        int n = p2a_format_at(i)->read ? scandir(folder, &entry, NULL, alphasort) : 0;
        for (int k = 0; k < n; k++) {
            snprintf(now, sizeof now, "%s/%s", folder, entry[k]->d_name);
            if (entry[k]->d_name[0] != '.')
                try_sample(now);
            free(entry[k]);
        }
        free(entry);
    }
    printf("%zu cases, %zu failures\n", cases, failures);
    return failures || cases < 200;
}
