/* Reports of verdicts: text for a log, Markdown for a job summary, JUnit's XML for what shows tests
 * (testsuites, testsuite, testcase with failure or error), GitHub's workflow commands for
 * annotations. A limit is a line, a row, a test case; what breaks it is listed under it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/human.h"
#include "codec/xml.h"
#include "io/sink.h"
#include "prof2any/format.h"

struct report {
    const struct p2a_verdicts *v;
    struct p2a_str title, root;
    struct p2a_buffer text;
    bool failed;
};

static void put_n(struct report *r, const char *text, size_t n)
{
    r->failed = !p2a_buffer_add(&r->text, text, n) || r->failed;
}

static void put(struct report *r, const char *text)
{
    put_n(r, text, strlen(text));
}

static void put_count(struct report *r, const char *text, size_t n)
{
    char line[128];
    snprintf(line, sizeof line, "%s%zu", text, n);
    put(r, line);
}

static const char *name_of(const struct report *r, size_t limit)
{
    const struct p2a_limit *l = &r->v->limits[limit];
    return l->name && *l->name ? l->name : l->text;
}

static const char *const words[] = {"kept", "broken", "matches nothing", "can't be told"};

/* The verdicts of the limit of verdict FIRST are those from it to before the result. */
static size_t last_of(const struct report *r, size_t first)
{
    size_t i = first + 1;
    while (i < r->v->n && r->v->at[i].limit == r->v->at[first].limit)
        i++;
    return i;
}

/* What of several verdicts the limit is called: broken, if one is. */
static enum p2a_outcome worst(const struct report *r, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (r->v->at[i].outcome == P2A_BROKEN)
            return P2A_BROKEN;
    return r->v->at[first].outcome;
}

static void put_summary(struct report *r)
{
    char line[160];
    const struct p2a_verdicts *v = r->v;
    snprintf(line, sizeof line, "%zu of %zu limit%s kept", v->limit_n - v->failed, v->limit_n,
             p2a_plural(v->limit_n));
    put(r, line);
}

/* Bytes for a terminal or a log: control characters as a question mark. */
static void put_plain(struct report *r, const char *text)
{
    for (; *text; text++)
        put_n(r, (unsigned char)*text < ' ' || *text == 0x7F ? "?" : text, 1);
}

/* ---- text ---- */

static void put_text(struct report *r)
{
    char word[24];
    for (size_t i = 0, end; i < r->v->n; i = end) {
        end = last_of(r, i);
        snprintf(word, sizeof word, "%-16s", words[worst(r, i, end)]);
        put(r, word);
        put_plain(r, name_of(r, r->v->at[i].limit));
        put(r, "\n");
        for (size_t k = i; k < end; k++) {
            put(r, "                ");
            put_plain(r, r->v->at[k].subject);
            put(r, ": ");
            put_plain(r, r->v->at[k].sentence);
            put(r, "\n");
        }
    }
    put_summary(r);
    put(r, "\n");
}

/* ---- Markdown ---- */

static void put_cell(struct report *r, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\|`*_<>[]&#~", *text))
            put(r, "\\");
        put_n(r, (unsigned char)*text < ' ' ? " " : text, 1);
    }
}

static void put_markdown(struct report *r)
{
    put(r, "### ");
    put_cell(r, r->title.n ? r->title.at : "Limits");
    put(r, ": ");
    put_summary(r);
    put(r, "\n\n| | limit | where | figures |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < r->v->n; i++) {
        const struct p2a_verdict *v = &r->v->at[i];
        const char *strong = v->outcome == P2A_KEPT ? "" : "**";
        put(r, "| ");
        put(r, strong);
        put(r, words[v->outcome]);
        put(r, strong);
        put(r, " | ");
        put_cell(r, name_of(r, v->limit));
        put(r, " | ");
        put_cell(r, v->subject);
        put(r, " | ");
        put_cell(r, v->sentence);
        put(r, " |\n");
    }
}

/* ---- JUnit ---- */

static void put_xml(struct report *r, const char *text)
{
    r->failed = !p2a_xml_text(&r->text, p2a_str_of(text)) || r->failed;
}

static void put_xml_verdict(struct report *r, const struct p2a_verdict *v)
{
    put_xml(r, v->subject);
    put(r, ": ");
    put_xml(r, v->sentence);
}

static void put_case(struct report *r, size_t first, size_t end)
{
    enum p2a_outcome outcome = worst(r, first, end);
    const char *element = outcome == P2A_BROKEN ? "failure" : "error";
    put(r, "    <testcase classname=\"prof2any.check\" name=\"");
    put_xml(r, name_of(r, r->v->at[first].limit));
    put(r, "\" time=\"0\"");
    if (outcome == P2A_KEPT) {
        put(r, ">\n      <system-out>");
        put_xml_verdict(r, &r->v->at[first]);
        put(r, "</system-out>\n    </testcase>\n");
        return;
    }
    put(r, ">\n      <");
    put(r, element);
    put(r, " type=\"");
    put(r, words[outcome]);
    put(r, "\" message=\"");
    put_xml_verdict(r, &r->v->at[first]);
    put(r, "\">");
    for (size_t i = first; i < end; i++) {
        put(r, i > first ? "\n" : "");
        put_xml_verdict(r, &r->v->at[i]);
    }
    put(r, "</");
    put(r, element);
    put(r, ">\n    </testcase>\n");
}

static void put_counts(struct report *r, size_t failures, size_t errors)
{
    put_count(r, " tests=\"", r->v->limit_n);
    put_count(r, "\" failures=\"", failures);
    put_count(r, "\" errors=\"", errors);
    put(r, "\" time=\"0\"");
}

static void put_junit(struct report *r)
{
    size_t failures = 0, errors = 0, end;
    for (size_t i = 0; i < r->v->n; i = end) {
        end = last_of(r, i);
        enum p2a_outcome outcome = worst(r, i, end);
        failures += outcome == P2A_BROKEN;
        errors += outcome == P2A_UNMATCHED || outcome == P2A_UNSAID;
    }
    put(r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"prof2any check\"");
    put_counts(r, failures, errors);
    put(r, ">\n  <testsuite name=\"");
    put_xml(r, r->title.n ? r->title.at : "prof2any check");
    put(r, "\"");
    put_counts(r, failures, errors);
    put(r, " skipped=\"0\">\n");
    for (size_t i = 0; i < r->v->n; i = end) {
        end = last_of(r, i);
        put_case(r, i, end);
    }
    put(r, "  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub ---- */

/* A workflow command is a line; what would end it, or one of its properties, is encoded. */
static void put_encoded(struct report *r, const char *text, bool property)
{
    char code[8];
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '%' || c < ' ' || (property && (c == ':' || c == ','))) {
            snprintf(code, sizeof code, "%%%02X", c);
            put(r, code);
        } else {
            put_n(r, text, 1);
        }
    }
}

static const char *below_root(const struct report *r, const char *file)
{
    size_t n = r->root.n;
    while (n && r->root.at[n - 1] == '/')
        n--;
    bool below = n && strncmp(file, r->root.at, n) == 0 && file[n] == '/';
    return below ? file + n + strspn(file + n, "/") : file;
}

static void put_github(struct report *r)
{
    for (size_t i = 0; i < r->v->n; i++) {
        const struct p2a_verdict *v = &r->v->at[i];
        if (v->outcome == P2A_KEPT)
            continue;
        put(r, "::error ");
        if (*v->file) {
            put(r, "file=");
            put_encoded(r, below_root(r, v->file), true);
            put(r, ",");
        }
        if (*v->file && v->line)
            put_count(r, "line=", (size_t)v->line);
        put(r, *v->file && v->line ? ",title=" : "title=");
        put_encoded(r, name_of(r, v->limit), true);
        put(r, "::");
        put_encoded(r, v->subject, false);
        put(r, ": ");
        put_encoded(r, v->sentence, false);
        put(r, "\n");
    }
}

static enum p2a_status save(struct report *r, const char *kind, const char *path,
                            struct p2a_error *error)
{
    static const struct {
        const char *name;
        void (*put)(struct report *);
    } kinds[] = {{"text", put_text},
                 {"markdown", put_markdown},
                 {"junit", put_junit},
                 {"github", put_github}};
    size_t k = 0, n = sizeof kinds / sizeof *kinds;
    while (k < n && strcmp(kinds[k].name, kind) != 0)
        k++;
    if (k == n)
        return p2a_error_set(error, P2A_USAGE,
                             "no report '%s', expected text, markdown, junit or github", kind);
    kinds[k].put(r);
    if (r->failed)
        return p2a_error_memory(error);
    struct p2a_sink *sink = p2a_sink_open(path, error);
    if (sink) {
        p2a_sink_write(sink, r->text.at, r->text.n);
        p2a_sink_finish(sink);
    }
    p2a_sink_close(sink);
    return error->status;
}

enum p2a_status p2a_verdicts_save(const struct p2a_verdicts *verdicts, const char *kind,
                                  const char *path, const char *title, const char *root,
                                  struct p2a_error *error)
{
    struct p2a_error ours;
    struct report r = {.v = verdicts, .title = p2a_str_of(title), .root = p2a_str_of(root)};
    p2a_error_start(&ours, strcmp(path, "-") == 0 ? "standard output" : path);
    if (save(&r, kind, path, &ours) == P2A_USAGE)
        ours.path[0] = '\0';
    p2a_buffer_free(&r.text);
    if (error)
        *error = ours;
    return ours.status;
}
