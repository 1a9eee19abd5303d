/* Holding a profile against limits. An instance is one thing that a limit is held against: the
 * whole run, a set of functions, a path, or one of the functions that a pattern matches; it has a
 * value, and a bound:
 *
 *   bound = amount                                   a share is one of the whole run's value
 *         | value in the baseline * factor * (1 + Σ shares) + Σ amounts
 *
 * Functions of the baseline are those that p2a_diff would compare with. What is new keeps a limit
 * that compares with it, unless all that the limit matches is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "model/compare.h"
#include "model/measure.h"

struct judge {
    struct p2a_side now, then;
    bool compared; /* there is a baseline */
    /* Made when needed: first_then[f] and then next_then[b], … are the functions of the baseline
     * that f of the profile is. */
    p2a_id *first_then, *next_then;
    uint32_t first_n;
    struct p2a_arena *arena;
    struct p2a_verdicts *verdicts;
    uint32_t room;
    struct p2a_error *error;
    /* the limit at hand */
    size_t limit;
    const char *text;
    struct p2a_terms terms;
    struct p2a_set sets[P2A_STEPS], sets_then[P2A_STEPS];
    uint32_t column, column_then;
    double whole, whole_then; /* what shares are of */
    struct p2a_verdict nearest;
    double nearness;
    size_t held, kept_for_lack; /* instances; of them, that the baseline doesn't have */
    bool broken, unsaid;
    bool elsewhere; /* the baseline's files lie in other folders */
};

struct instance {
    struct p2a_figure now, then;
    bool has_then;
    p2a_id function; /* P2A_NONE: not one function */
    double value, bound, base;
};

static enum p2a_status refuse(struct judge *j, const char *why, const char *more)
{
    return p2a_error_set(j->error, P2A_USAGE, "limit '%.200s': %s%s", j->text, why, more);
}

/* ---- words ---- */

static const char *keep(struct judge *j, const char *text, size_t n)
{
    const char *copy = p2a_arena_copy(j->arena, text, n);
    if (!copy)
        p2a_error_memory(j->error);
    return copy ? copy : "";
}

static bool is_timed(const struct judge *j)
{
    return j->terms.quantity == P2A_Q_TOTAL || j->terms.quantity == P2A_Q_SELF;
}

static const char *unit_of(const struct judge *j)
{
    return is_timed(j) ? p2a_metric_unit(j->now.p, j->column) : "";
}

/* "141,443.5": a bound that is a part of a count. */
static void spell_tenths(double value, char text[P2A_HUMAN_ROOM])
{
    uint64_t tenths = (uint64_t)llround(value * 10);
    size_t n;
    p2a_human_count(text, tenths / 10);
    n = strlen(text);
    if (tenths % 10)
        snprintf(text + n, P2A_HUMAN_ROOM - n, ".%u", (unsigned)(tenths % 10));
}

/* "1,203", "620 ms", "12.4 %"; EXACTLY where three digits don't tell two of them apart. */
static void spell_value(const struct judge *j, double value, bool share, bool exactly,
                        char text[P2A_HUMAN_ROOM])
{
    struct p2a_str unit = p2a_str_of(unit_of(j));
    bool whole = value == floor(value) && fabs(value) < 9e15;
    if (share)
        snprintf(text, P2A_HUMAN_ROOM, exactly ? "%.9g %%" : "%.3g %%", value);
    else if (is_timed(j) && !exactly && (p2a_str_is(unit, "seconds") || p2a_str_is(unit, "bytes")))
        p2a_human_figure(text, value, unit, P2A_LIT(""));
    else if (is_timed(j) && p2a_str_is(unit, "seconds"))
        snprintf(text, P2A_HUMAN_ROOM, "%.9g s", value);
    else if (is_timed(j) && p2a_str_is(unit, "bytes"))
        snprintf(text, P2A_HUMAN_ROOM, "%.12g bytes", value);
    else if (whole && value >= 0)
        p2a_human_count(text, (uint64_t)value);
    else if (!exactly && value >= 1000 && value < 1e9)
        spell_tenths(value, text);
    else
        snprintf(text, P2A_HUMAN_ROOM, exactly ? "%.12g" : "%.4g", value);
}

static const char *const op_words[] = {"less than", "at most", "exactly", "at least", "more than"};

static void spell_quantity(const struct judge *j, char text[96])
{
    static const char *const words[] = {"total",   "self",      "calls",      "primitive calls",
                                        "depth",   "functions", "call paths", "callers",
                                        "callees", "path"};
    const char *metric = is_timed(j) && j->column ? p2a_metric_name(j->now.p, j->column) : "";
    snprintf(text, 96, "%s%s%.60s%s", words[j->terms.quantity], *metric ? " " : "", metric,
             j->terms.share ? " share" : "");
}

/* "calls 1,203, expected at most 990: 900 in the baseline" */
static const char *spell_verdict(struct judge *j, const struct instance *i, bool share)
{
    char text[512], quantity[96], value[P2A_HUMAN_ROOM], bound[P2A_HUMAN_ROOM];
    char base[P2A_HUMAN_ROOM + 32] = "", plain[P2A_HUMAN_ROOM + 8] = "";
    spell_quantity(j, quantity);
    spell_value(j, i->value, share, false, value);
    spell_value(j, i->bound, share, false, bound);
    if (strcmp(value, bound) == 0 && (i->value < i->bound || i->value > i->bound)) {
        spell_value(j, i->value, share, true, value);
        spell_value(j, i->bound, share, true, bound);
    }
    if (share && !j->terms.share) {
        char figure[P2A_HUMAN_ROOM];
        spell_value(j, i->now.value, false, false, figure);
        snprintf(plain, sizeof plain, "%s, ", figure);
    }
    if (j->terms.baseline) {
        spell_value(j, i->base, share, false, base);
        strcat(base, " in the baseline");
    }
    snprintf(text, sizeof text, "%s %s%s%s, expected %s %s%s%s%s", quantity, plain, value,
             share ? " of the whole" : "", op_words[j->terms.op], bound, *base ? ": " : "", base,
             i->now.estimated || i->then.estimated ? " (estimated)" : "");
    return keep(j, text, strlen(text));
}

static const char *spell_subject(struct judge *j, p2a_id function)
{
    static const char *const kinds[] = {"the whole run", "", "", "module ", "file ", ""};
    struct p2a_buffer text = {0};
    const char *kept = "";
    if (function != P2A_NONE) {
        struct p2a_str name = p2a_spell(j->now.p, function, P2A_NAMES_SHORT, &text);
        kept = keep(j, name.at, name.n);
    } else {
        const char *kind = kinds[j->terms.whom];
        bool enough = p2a_buffer_add(&text, kind, strlen(kind));
        for (unsigned k = 0; enough && k < j->terms.step_n; k++) {
            const char *arrow = k == 0                 ? ""
                                : j->terms.step[k].gap ? " \342\206\222 \342\200\246 \342\206\222 "
                                                       : " \342\206\222 ";
            const char *pattern = j->terms.step[k].pattern;
            enough = p2a_buffer_add(&text, arrow, strlen(arrow)) &&
                     p2a_buffer_add(&text, pattern, strlen(pattern));
        }
        if (enough)
            kept = keep(j, text.at, text.n);
        else
            p2a_error_memory(j->error);
    }
    p2a_buffer_free(&text);
    return kept;
}

/* ---- verdicts ---- */

static void place(struct judge *j, struct p2a_verdict *v, p2a_id function)
{
    v->file = "";
    if (function == P2A_NONE)
        return;
    const struct p2a_function *f = &j->now.p->functions.row[function];
    struct p2a_str file = p2a_string(j->now.p, f->file);
    if (!file.n || p2a_str_is(file, "~") || p2a_str_starts(file, "<"))
        return;
    v->file = keep(j, file.at, file.n);
    v->line = f->line > 0 ? (uint64_t)f->line : 0;
}

static enum p2a_status add(struct judge *j, const struct p2a_verdict *v)
{
    struct p2a_verdicts *all = j->verdicts;
    if (all->n >= j->room && !p2a_grow(&all->at, &j->room, (uint64_t)all->n + 1, sizeof *v))
        return p2a_error_memory(j->error);
    all->at[all->n++] = *v;
    return j->error->status;
}

static enum p2a_status add_words(struct judge *j, enum p2a_outcome outcome, const char *sentence)
{
    struct p2a_verdict v = {.limit = j->limit,
                            .outcome = outcome,
                            .subject = spell_subject(j, P2A_NONE),
                            .sentence = keep(j, sentence, strlen(sentence)),
                            .file = "",
                            .value = NAN,
                            .bound = NAN,
                            .held = j->held};
    j->broken = j->broken || outcome != P2A_KEPT;
    return add(j, &v);
}

static bool holds(enum p2a_op op, double value, double bound)
{
    switch (op) {
    case P2A_LESS:
        return value < bound;
    case P2A_AT_MOST:
        return value <= bound;
    case P2A_AT_LEAST:
        return value >= bound;
    case P2A_MORE:
        return value > bound;
    case P2A_EXACTLY:
        break;
    }
    return !(value < bound) && !(value > bound);
}

/* How near a kept limit is to being broken: more is nearer. */
static double nearness(enum p2a_op op, double value, double bound)
{
    bool floor_ = op == P2A_AT_LEAST || op == P2A_MORE;
    double ratio = floor_ ? bound / value : value / bound;
    return isnan(ratio) ? 0 : ratio;
}

static p2a_id function_at(const struct judge *j, const struct instance *i)
{
    if (i->function != P2A_NONE || j->terms.whom != P2A_PATH || i->now.at == P2A_NONE)
        return i->function;
    return j->now.tree ? j->now.p->contexts.row[i->now.at].function : i->now.at;
}

static enum p2a_status give(struct judge *j, const struct instance *i, bool share)
{
    bool kept = holds(j->terms.op, i->value, i->bound);
    double near = nearness(j->terms.op, i->value, i->bound);
    j->held++;
    if (kept && j->nearest.subject && near <= j->nearness)
        return P2A_OK;
    struct p2a_verdict v = {.limit = j->limit,
                            .outcome = kept ? P2A_KEPT : P2A_BROKEN,
                            .subject = spell_subject(j, i->function),
                            .sentence = spell_verdict(j, i, share),
                            .value = i->value,
                            .bound = i->bound};
    place(j, &v, function_at(j, i));
    j->broken = j->broken || !kept;
    if (!kept)
        return add(j, &v);
    j->nearest = v;
    j->nearness = near;
    return j->error->status;
}

/* ---- bounds ---- */

static enum p2a_status amount_of(struct judge *j, const struct p2a_amount *amount, double *value)
{
    static const char *const kinds[] = {"a plain number", "a time", "a size", "a share"};
    const char *unit = unit_of(j);
    bool fits = amount->kind == P2A_PLAIN ||
                (amount->kind == P2A_SECONDS && strcmp(unit, "seconds") == 0) ||
                (amount->kind == P2A_BYTES && strcmp(unit, "bytes") == 0);
    char words[160];
    *value = amount->value;
    if (fits && !(j->terms.share && amount->kind != P2A_PLAIN))
        return P2A_OK;
    snprintf(words, sizeof words, "%s, and what is limited is %s%.80s", kinds[amount->kind],
             j->terms.share ? "a share"
             : *unit        ? "in "
                            : "a number",
             j->terms.share ? "" : unit);
    return refuse(j, "the bound is ", words);
}

static bool can_be_shared(const struct judge *j)
{
    return is_timed(j) || j->terms.quantity == P2A_Q_CALLS || j->terms.quantity == P2A_Q_PRIMITIVE;
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

/* Judges INSTANCE, whose figures are known. */
static enum p2a_status weigh(struct judge *j, struct instance *i)
{
    const struct p2a_terms *t = &j->terms;
    double added = 0, factor = t->factor, value;
    bool share = t->share || (!t->baseline && t->amount[0].kind == P2A_SHARE);
    if (share && !can_be_shared(j))
        return refuse(j, "the bound is a share, expected a number", "");
    bool parts =
        (j->now.p->base > 0 && j->column) || (t->baseline && j->then.p->base > 0 && j->column_then);
    if (share && is_timed(j) && parts)
        return refuse(j, "of a part of a call graph shares are known of its first metric alone",
                      "");
    for (unsigned k = 0; k < t->amount_n; k++) {
        if (t->amount[k].kind == P2A_SHARE && share)
            added += 100 * t->amount[k].value;
        else if (t->amount[k].kind == P2A_SHARE)
            factor += t->factor * t->amount[k].value;
        else if (amount_of(j, &t->amount[k], &value) == P2A_OK)
            added += value;
    }
    i->value = share ? percent(i->now.value, j->whole) : i->now.value;
    i->base = share ? percent(i->then.value, j->whole_then) : i->then.value;
    i->bound = t->baseline ? i->base * factor + added : added;
    return j->error->status == P2A_OK ? give(j, i, share) : j->error->status;
}

static enum p2a_status settle(struct judge *j, struct instance *i)
{
    const char *unknown = i->now.unknown;
    if (j->terms.baseline && i->has_then && !unknown)
        unknown = i->then.unknown;
    if (unknown) {
        j->held++;
        bool again = j->unsaid;
        j->unsaid = true;
        return again ? P2A_OK : add_words(j, P2A_UNSAID, unknown);
    }
    if (!j->terms.baseline || i->has_then)
        return weigh(j, i);
    j->held++;
    j->kept_for_lack++;
    return P2A_OK;
}

/* ---- functions ---- */

/* A profile with the functions of P under the same ids, and nothing else. */
static struct p2a_profile *names_only(const struct p2a_profile *p, struct p2a_error *error)
{
    struct p2a_profile *bare = p2a_profile_new(0);
    for (uint32_t i = 0; bare && i < p->strings.n; i++)
        p2a_intern(bare, p->strings.row[i]);
    for (uint32_t i = 0; bare && i < p->functions.n; i++)
        p2a_function(bare, &p->functions.row[i]);
    if (!bare)
        p2a_error_memory(error);
    return bare;
}

/* MATCH is by function of the baseline. */
static void invert(struct judge *j, const p2a_id *match, uint32_t n)
{
    for (uint32_t f = 0; f < j->first_n; f++)
        j->first_then[f] = P2A_NONE;
    for (uint32_t b = n; b-- > 0;) {
        j->next_then[b] = P2A_NONE;
        if (match[b] >= j->first_n)
            continue;
        j->next_then[b] = j->first_then[match[b]];
        j->first_then[match[b]] = b;
    }
}

static enum p2a_status find_match(struct judge *j)
{
    uint32_t n = j->then.p->functions.n, elsewhere = 0;
    if (j->next_then)
        return P2A_OK;
    struct p2a_profile *bare = names_only(j->now.p, j->error);
    p2a_id *match = malloc(((size_t)n + 1) * sizeof *match);
    j->first_n = j->now.p->functions.n;
    free(j->first_then);
    j->first_then = malloc(((size_t)j->first_n + 1) * sizeof *j->first_then);
    j->next_then = malloc(((size_t)n + 1) * sizeof *j->next_then);
    if (!bare || !match || !j->first_then || !j->next_then)
        p2a_error_memory(j->error);
    else if (!p2a_match_functions(bare, j->then.p, match, &elsewhere))
        p2a_take_error(bare, j->error);
    else
        invert(j, match, n);
    j->elsewhere = elsewhere;
    free(match);
    p2a_free(bare);
    return j->error->status;
}

static bool has_row(const struct p2a_side *side, p2a_id f)
{
    return f < side->p->graph.node_n && side->p->graph.node[f].has & P2A_HAS_ROW;
}

/* The figure in the baseline of what is FUNCTION now, into INSTANCE. */
static enum p2a_status look_back(struct judge *j, struct instance *i)
{
    struct p2a_figure one;
    if (find_match(j) != P2A_OK)
        return j->error->status;
    p2a_id f = i->function < j->first_n ? j->first_then[i->function] : P2A_NONE;
    for (; f != P2A_NONE; f = j->next_then[f]) {
        if (!has_row(&j->then, f))
            continue;
        if (p2a_measure_function(&j->then, f, j->terms.quantity, j->column_then, &one, j->error) !=
            P2A_OK)
            return j->error->status;
        i->has_then = true;
        i->then.value += one.value;
        i->then.unknown = one.unknown ? one.unknown : i->then.unknown;
    }
    return P2A_OK;
}

static enum p2a_status judge_each(struct judge *j)
{
    for (p2a_id f = 0; f < j->sets[0].n && j->error->status == P2A_OK; f++) {
        struct instance i = {.function = f};
        if (!j->sets[0].in[f] || !has_row(&j->now, f))
            continue;
        if (p2a_measure_function(&j->now, f, j->terms.quantity, j->column, &i.now, j->error) ==
                P2A_OK &&
            (!j->terms.baseline || look_back(j, &i) == P2A_OK))
            settle(j, &i);
    }
    return j->error->status;
}

/* ---- what is one thing ---- */

static enum p2a_status measure(struct judge *j, bool then, struct p2a_figure *figure)
{
    struct p2a_side *side = then ? &j->then : &j->now;
    const struct p2a_set *sets = then ? j->sets_then : j->sets;
    uint32_t column = then ? j->column_then : j->column;
    if (j->terms.whom == P2A_THE_WHOLE)
        return p2a_measure_whole(side, j->terms.quantity, column, figure, j->error);
    if (j->terms.whom == P2A_PATH)
        return p2a_measure_path(side, &j->terms, sets, column, figure, j->error);
    return p2a_measure_set(side, &sets[0], j->terms.quantity, column, figure, j->error);
}

static bool is_there(const struct judge *j, const struct p2a_figure *figure,
                     const struct p2a_set *sets)
{
    if (j->terms.whom == P2A_THE_WHOLE)
        return true;
    return j->terms.whom == P2A_PATH ? !figure->nothing : sets[0].count > 0;
}

static enum p2a_status judge_one(struct judge *j)
{
    struct instance i = {.function = P2A_NONE};
    if (measure(j, false, &i.now) != P2A_OK)
        return j->error->status;
    if (!is_there(j, &i.now, j->sets))
        return P2A_OK;
    if (j->terms.baseline && measure(j, true, &i.then) != P2A_OK)
        return j->error->status;
    i.has_then = j->terms.baseline && is_there(j, &i.then, j->sets_then);
    return settle(j, &i);
}

/* ---- paths that must not exist ---- */

static enum p2a_status say_path(struct judge *j, const struct p2a_figure *figure)
{
    struct p2a_buffer text = {0};
    struct p2a_verdict v = {.limit = j->limit,
                            .outcome = P2A_BROKEN,
                            .subject = spell_subject(j, P2A_NONE),
                            .value = NAN,
                            .bound = NAN,
                            .held = 1};
    const char *said =
        figure->estimated ? "may be there, as the call graph has it: " : "is there: ";
    if (!p2a_buffer_add(&text, said, strlen(said)))
        p2a_error_memory(j->error);
    p2a_spell_path(&j->now, &j->terms, j->sets, figure, &text, j->error);
    v.sentence = keep(j, text.at, text.n);
    place(j, &v, j->now.tree ? j->now.p->contexts.row[figure->at].function : figure->at);
    p2a_buffer_free(&text);
    j->broken = true;
    return j->error->status == P2A_OK ? add(j, &v) : j->error->status;
}

/* A path whose end isn't there is what is wanted; one whose beginning isn't has lost its point. */
static enum p2a_status judge_path(struct judge *j)
{
    struct p2a_figure figure;
    char words[256];
    for (unsigned k = 0; k + 1 < j->terms.step_n; k++)
        if (!j->sets[k].any && !j->terms.optional) {
            snprintf(words, sizeof words, "'%.160s' matches no function", j->terms.step[k].pattern);
            return add_words(j, P2A_UNMATCHED, words);
        }
    if (p2a_measure_path(&j->now, &j->terms, j->sets, 0, &figure, j->error) != P2A_OK)
        return j->error->status;
    j->held = 1;
    if (figure.nothing)
        return add_words(j, P2A_KEPT, "isn't there");
    if (figure.estimated && j->now.exact)
        return add_words(j, P2A_UNSAID, "the profile holds a call graph and no call paths");
    return say_path(j, &figure);
}

/* ---- a limit ---- */

/* The column of the metric in P; its name is looked for as it is spelled. */
static enum p2a_status find_column(struct judge *j, const struct p2a_profile *p, uint32_t *column,
                                   const char *whose)
{
    const char *name = j->terms.metric;
    char list[256] = "";
    size_t n = 0;
    *column = 0;
    for (uint32_t m = 0; m < p->metrics.n; m++) {
        const char *had = p2a_metric_name(p, m);
        if (name ? strcmp(had, name) == 0 : m == 0) {
            *column = m;
            return P2A_OK;
        }
        n += n < sizeof list
                 ? (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", had)
                 : 0;
    }
    if (!name)
        return refuse(j, whose, " measures nothing");
    char words[480];
    snprintf(words, sizeof words, "'%.120s' is no quantity, and %s has %s", name, whose, list);
    return refuse(j, words, "");
}

/* The same metric of the baseline. */
static enum p2a_status find_column_then(struct judge *j)
{
    const char *name = p2a_metric_name(j->now.p, j->column);
    const char *unit = p2a_metric_unit(j->now.p, j->column);
    const struct p2a_profile *p = j->then.p;
    for (uint32_t m = 0; m < p->metrics.n; m++)
        if (strcmp(p2a_metric_name(p, m), name) == 0 && strcmp(p2a_metric_unit(p, m), unit) == 0) {
            j->column_then = m;
            return P2A_OK;
        }
    return refuse(j, "the baseline doesn't measure ", name);
}

/* What shares of a side are of. Of a part of a graph the whole is known of the first metric alone:
 * 0 of others. */
static double find_whole(struct judge *j, struct p2a_side *side, uint32_t column)
{
    struct p2a_figure figure;
    const struct p2a_profile *p = side->p;
    if (is_timed(j) && p->base > 0)
        return column ? 0 : p2a_share_base(p) * p->metrics.row[0].scale;
    enum p2a_quantity q = j->terms.quantity;
    return p2a_measure_whole(side, q, column, &figure, j->error) == P2A_OK ? figure.value : 0;
}

static enum p2a_status find_wholes(struct judge *j)
{
    if (!can_be_shared(j))
        return P2A_OK;
    j->whole = find_whole(j, &j->now, j->column);
    if (j->terms.baseline && j->error->status == P2A_OK)
        j->whole_then = find_whole(j, &j->then, j->column_then);
    return j->error->status;
}

static enum p2a_status prepare(struct judge *j)
{
    const struct p2a_terms *t = &j->terms;
    if (t->baseline && !j->compared)
        return refuse(j, "compares with a baseline, expected --baseline FILE", "");
    if (is_timed(j) && find_column(j, j->now.p, &j->column, "the profile") != P2A_OK)
        return j->error->status;
    if (is_timed(j) && t->baseline && find_column_then(j) != P2A_OK)
        return j->error->status;
    for (unsigned k = 0; k < t->step_n; k++) {
        enum p2a_whom whom = t->whom == P2A_PATH ? P2A_EACH : t->whom;
        if (p2a_set_of(&j->now, whom, t->step[k].pattern, &j->sets[k], j->error) != P2A_OK ||
            (t->baseline &&
             p2a_set_of(&j->then, whom, t->step[k].pattern, &j->sets_then[k], j->error) != P2A_OK))
            return j->error->status;
    }
    return find_wholes(j);
}

static const char *const unmatched[] = {"",
                                        "matches no function",
                                        "matches no function",
                                        "matches no module",
                                        "matches no file",
                                        "is no path in the profile"};

/* Where every instance is kept: the one nearest to the bound. */
static enum p2a_status conclude(struct judge *j, bool optional)
{
    if (!j->held)
        return add_words(j, optional ? P2A_KEPT : P2A_UNMATCHED, unmatched[j->terms.whom]);
    if (j->broken || j->terms.quantity == P2A_Q_PATH)
        return P2A_OK;
    if (!j->nearest.subject)
        return add_words(j, optional ? P2A_KEPT : P2A_UNMATCHED,
                         j->elsewhere ? "isn't in the baseline, where files lie in other folders: "
                                        "--strip-dirs compares them by their base names"
                                      : "isn't in the baseline");
    j->nearest.held = j->held;
    return add(j, &j->nearest);
}

static enum p2a_status judge_limit(struct judge *j, const struct p2a_limit *limit)
{
    struct p2a_terms *t = &j->terms;
    size_t first = j->verdicts->n;
    j->text = limit->text;
    if (p2a_limit_parse(limit->text, j->arena, t, j->error) != P2A_OK)
        return j->error->status;
    t->optional = t->optional || limit->optional;
    memset(j->sets, 0, sizeof j->sets);
    memset(j->sets_then, 0, sizeof j->sets_then);
    j->nearest = (struct p2a_verdict){0};
    j->held = j->kept_for_lack = j->column = j->column_then = 0;
    j->nearness = 0;
    j->broken = j->unsaid = false;
    bool each = t->whom == P2A_EACH && t->quantity != P2A_Q_FUNCTIONS;
    if (prepare(j) == P2A_OK && t->quantity == P2A_Q_PATH)
        judge_path(j);
    else if (j->error->status == P2A_OK && each)
        judge_each(j);
    else if (j->error->status == P2A_OK)
        judge_one(j);
    if (j->error->status == P2A_OK && (j->held || t->quantity != P2A_Q_PATH))
        conclude(j, t->optional);
    for (unsigned k = 0; k < t->step_n; k++) {
        free(j->sets[k].in);
        free(j->sets_then[k].in);
    }
    for (size_t i = first; i < j->verdicts->n; i++)
        j->verdicts->at[i].held = j->held;
    j->verdicts->failed += j->broken;
    return j->error->status;
}

static void judge_all(struct judge *j, struct p2a_profile *profile, struct p2a_profile *baseline,
                      bool exact)
{
    struct p2a_verdicts *v = j->verdicts;
    p2a_side_start(&j->now, profile, exact, j->error);
    if (baseline && j->error->status == P2A_OK)
        p2a_side_start(&j->then, baseline, exact, j->error);
    for (size_t i = 0; i < v->limit_n && j->error->status == P2A_OK; i++) {
        j->limit = i;
        judge_limit(j, &v->limits[i]);
    }
    p2a_side_end(&j->now);
    p2a_side_end(&j->then);
    free(j->first_then);
    free(j->next_then);
}

enum p2a_status p2a_judge(struct p2a_profile *profile, struct p2a_profile *baseline,
                          const struct p2a_limit *limits, size_t n, bool exact,
                          struct p2a_verdicts *verdicts, struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    *verdicts = (struct p2a_verdicts){.limits = limits, .limit_n = n};
    struct p2a_arena *arena = calloc(1, sizeof *arena);
    struct judge *j = calloc(1, sizeof *j);
    verdicts->memory = arena;
    if (arena && j) {
        *j = (struct judge){
            .compared = baseline, .arena = arena, .verdicts = verdicts, .error = &ours};
        judge_all(j, profile, baseline, exact);
    } else {
        p2a_error_memory(&ours);
    }
    free(j);
    if (ours.status != P2A_OK)
        p2a_verdicts_free(verdicts);
    if (error)
        *error = ours;
    return ours.status;
}

void p2a_verdicts_free(struct p2a_verdicts *verdicts)
{
    if (verdicts->memory)
        p2a_arena_free(verdicts->memory);
    free(verdicts->memory);
    free(verdicts->at);
    *verdicts = (struct p2a_verdicts){0};
}
