/* Rules for names. A rule is a map from functions to functions, id to id, and the profile made anew
 * along it; what then has the same name, file, line and module adds up:
 *
 *   strip, rename   f -> f with another path, another name
 *   group           every f that matches -> one function without a place
 *   hide            the frames of f go, Σ self stays: their time is their callers'
 *
 * The first two keep the shape of paths and of the graph; the last two need the paths. */
#include <stdlib.h>
#include <string.h>

#include "model/pattern.h"
#include "model/rewrite.h"
#include "model/select.h"

struct rule {
    struct p2a_profile *p;
    const struct p2a_name_rule *row;
    struct p2a_pattern *pattern;
    struct p2a_buffer text;
    struct p2a_error *error;
};

static const char *const kinds[] = {"strip", "rename", "group", "hide"};

/* STRING with the pattern's matches replaced; itself where there are none. */
static p2a_id replaced(struct rule *r, p2a_id string)
{
    const char *to = r->row->kind == P2A_STRIP ? "" : r->row->to;
    struct p2a_str from = p2a_string(r->p, string);
    if (!string || !p2a_pattern_holds(r->pattern, from, r->error))
        return string;
    r->text.n = 0;
    if (p2a_pattern_replace(r->pattern, from, to, false, &r->text, r->error) != P2A_OK)
        return string;
    return p2a_intern(r->p, (struct p2a_str){r->text.at, r->text.n});
}

static p2a_id renamed(struct rule *r, p2a_id id)
{
    struct p2a_function f = r->p->functions.row[id];
    if (f.kind == P2A_MARKER)
        return id;
    if (r->row->kind == P2A_STRIP) {
        f.file = replaced(r, f.file);
        f.module = replaced(r, f.module);
    } else {
        p2a_id qualname = replaced(r, f.qualname);
        f.name = replaced(r, f.name);
        f.qualname = qualname;
    }
    return p2a_function(r->p, &f);
}

static p2a_id grouped(struct rule *r, p2a_id id, struct p2a_buffer *spelled)
{
    struct p2a_function f = {.kind = r->p->functions.row[id].kind};
    struct p2a_str name = p2a_spell(r->p, id, P2A_NAMES_FULL, spelled);
    if (f.kind == P2A_MARKER || !p2a_pattern_holds(r->pattern, name, r->error))
        return id;
    r->text.n = 0;
    if (p2a_pattern_replace(r->pattern, name, r->row->to, true, &r->text, r->error) != P2A_OK)
        return id;
    f.name = p2a_intern(r->p, (struct p2a_str){r->text.at, r->text.n});
    f.kind = P2A_UNKNOWN; /* functions of several kinds may be in it */
    return p2a_function(r->p, &f);
}

static enum p2a_status rewrite(struct rule *r, const p2a_id *rename)
{
    struct p2a_rewrite tree = {.rename = rename, .join = r->row->kind == P2A_GROUP};
    if (r->p->facts & P2A_CONTEXTS)
        return p2a_rewrite_contexts(r->p, &tree, r->error);
    return p2a_rewrite_graph(r->p, NULL, NULL, rename, r->error);
}

static enum p2a_status rename_all(struct rule *r)
{
    uint32_t n = r->p->functions.n, changed = 0;
    struct p2a_buffer spelled = {0};
    p2a_id *rename = calloc((size_t)n * 2 + 1, sizeof *rename);
    if (!rename)
        return p2a_error_memory(r->error);
    for (p2a_id f = 0; f < n && r->error->status == P2A_OK; f++) {
        rename[f] = r->row->kind == P2A_GROUP ? grouped(r, f, &spelled) : renamed(r, f);
        changed += rename[f] != f;
    }
    if (spelled.failed)
        p2a_error_memory(r->error);
    struct p2a_error interning; /* doesn't stay in the profile, whatever else went wrong */
    if (p2a_take_error(r->p, &interning) != P2A_OK && r->error->status == P2A_OK)
        *r->error = interning;
    if (r->error->status == P2A_OK && changed)
        rewrite(r, rename);
    p2a_buffer_free(&spelled);
    free(rename);
    return r->error->status;
}

static enum p2a_status hide_all(struct rule *r)
{
    const struct p2a_contexts *t = &r->p->contexts;
    double whole = p2a_whole(r->p, 0);
    unsigned char *matched =
        p2a_pattern_functions(r->p, kinds[r->row->kind], r->row->pattern, r->error);
    unsigned char *fate = calloc((size_t)t->n + 1, 1);
    if (matched && !fate)
        p2a_error_memory(r->error);
    for (uint32_t i = 0; matched && fate && i < t->n; i++)
        fate[i] = matched[t->row[i].function] ? P2A_FOLD : P2A_KEEP;
    if (matched && fate && r->error->status == P2A_OK && memchr(fate, P2A_FOLD, t->n))
        p2a_rewrite_contexts(r->p, &(struct p2a_rewrite){.fate = fate}, r->error);
    if (r->error->status == P2A_OK)
        p2a_note_hidden(r->p, whole);
    free(matched);
    free(fate);
    return r->error->status;
}

/* Whether the rule works on paths; of a call graph alone only where it changes any, since stacks
 * would be estimated for it. */
static bool needs_paths(struct rule *r)
{
    if (r->row->kind != P2A_GROUP && r->row->kind != P2A_HIDE)
        return false;
    if (r->p->facts & P2A_CONTEXTS)
        return true;
    unsigned char *matched =
        p2a_pattern_functions(r->p, kinds[r->row->kind], r->row->pattern, r->error);
    bool any = matched && memchr(matched, 1, r->p->functions.n);
    free(matched);
    return any;
}

static enum p2a_status apply(struct p2a_profile *p, const struct p2a_name_rule *row, bool exact,
                             struct p2a_error *error)
{
    struct rule r = {.p = p, .row = row, .error = error};
    r.pattern = p2a_pattern_new(kinds[row->kind], row->pattern, error);
    if (r.pattern && row->to)
        p2a_pattern_check_replacement(r.pattern, row->to, error);
    bool paths = error->status == P2A_OK && needs_paths(&r);
    if (error->status == P2A_OK && paths)
        p2a_need_stacks(p, kinds[row->kind], exact, error);
    if (error->status == P2A_OK && paths && row->kind == P2A_HIDE)
        hide_all(&r);
    else if (error->status == P2A_OK && row->kind != P2A_HIDE)
        rename_all(&r);
    p2a_pattern_free(r.pattern);
    p2a_buffer_free(&r.text);
    return error->status;
}

enum p2a_status p2a_apply_rules(struct p2a_profile *p, const struct p2a_selection *s,
                                struct p2a_error *error)
{
    for (size_t i = 0; i < s->rule_n; i++)
        if (apply(p, &s->rules[i], s->exact, error) != P2A_OK)
            return error->status;
    return P2A_OK;
}

enum p2a_status p2a_pattern_check(const char *text, const char *to, struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    struct p2a_pattern *pattern = p2a_pattern_new(NULL, text, &ours);
    if (pattern && to)
        p2a_pattern_check_replacement(pattern, to, &ours);
    p2a_pattern_free(pattern);
    if (error)
        *error = ours;
    return ours.status;
}
