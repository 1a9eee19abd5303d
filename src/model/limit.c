/* The operator is the last of its kind in the text: what is behind it, a bound, can't hold one, and
 * what is before it may ("<listcomp>", "a -> b"). */
#include "model/limit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/pattern.h"

struct parser {
    const char *text;
    struct p2a_arena *arena;
    struct p2a_terms *terms;
    struct p2a_error *error;
};

enum { LONGEST = 4096 };

/* AT, in the text, is where EXPECTED should be. */
static enum p2a_status bad(const struct parser *s, const char *at, const char *expected)
{
    return p2a_error_set(s->error, P2A_USAGE, "limit '%.200s': character %zu: expected %s", s->text,
                         (size_t)(at - s->text) + 1, expected);
}

static const char *keep(const struct parser *s, struct p2a_str word)
{
    const char *copy = p2a_arena_copy(s->arena, word.at, word.n);
    if (!copy)
        p2a_error_memory(s->error);
    return copy;
}

static struct p2a_str span(const char *from, const char *to)
{
    return p2a_str_trim((struct p2a_str){from, (size_t)(to - from)});
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

/* Takes WORD off the front of *rest if it stands there by itself. */
static bool take_word(struct p2a_str *rest, const char *word)
{
    size_t n = strlen(word);
    if (!p2a_str_starts(*rest, word) || (rest->n > n && is_word(rest->at[n])))
        return false;
    *rest = p2a_str_trim((struct p2a_str){rest->at + n, rest->n - n});
    return true;
}

/* ---- bounds ---- */

static const struct {
    const char *name;
    enum p2a_amount_kind kind;
    double factor;
} units[] = {
    {"%", P2A_SHARE, 0.01},
    {"s", P2A_SECONDS, 1},
    {"ms", P2A_SECONDS, 1e-3},
    {"us", P2A_SECONDS, 1e-6},
    {"\302\265s", P2A_SECONDS, 1e-6},
    {"\316\274s", P2A_SECONDS, 1e-6},
    {"ns", P2A_SECONDS, 1e-9},
    {"min", P2A_SECONDS, 60},
    {"h", P2A_SECONDS, 3600},
    {"B", P2A_BYTES, 1},
    {"kB", P2A_BYTES, 1e3},
    {"KiB", P2A_BYTES, 1024},
    {"MB", P2A_BYTES, 1e6},
    {"MiB", P2A_BYTES, 1048576},
    {"GB", P2A_BYTES, 1e9},
    {"GiB", P2A_BYTES, 1073741824},
    {"k", P2A_PLAIN, 1e3},
    {"M", P2A_PLAIN, 1e6},
    {"G", P2A_PLAIN, 1e9},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the comma at AT sets thousands apart, as in "1,000,000", and isn't that of "0,5". */
static bool sets_apart(struct p2a_str s, size_t at)
{
    size_t before = 0, behind = 0;
    while (before < at && is_digit(s.at[at - 1 - before]))
        before++;
    while (at + 1 + behind < s.n && is_digit(s.at[at + 1 + behind]))
        behind++;
    bool first = before == at && before <= 3 && s.at[0] != '0';
    bool later = before == 3 && at > before && s.at[at - 1 - before] == ',';
    return behind == 3 && (first || later);
}

/* A number of digits, "1_000" and "1,000" and "1.5e6" included, off the front of *rest. */
static bool take_number(struct p2a_str *rest, double *value)
{
    char digits[64];
    size_t n = 0, i = 0;
    for (; i < rest->n && n < sizeof digits; i++) {
        char c = rest->at[i];
        bool digit = is_digit(c), after = n && is_digit(digits[n - 1]);
        bool exponent = n && (digits[n - 1] == 'e' || digits[n - 1] == 'E');
        bool next = i + 1 < rest->n && is_digit(rest->at[i + 1]);
        if (after && ((c == '_' && next) || (c == ',' && sets_apart(*rest, i))))
            continue;
        if (!digit && c != '.' && !((c == 'e' || c == 'E') && after) &&
            !((c == '+' || c == '-') && exponent))
            break;
        digits[n++] = c;
    }
    *rest = p2a_str_trim((struct p2a_str){rest->at + i, rest->n - i});
    return n < sizeof digits && p2a_str_double((struct p2a_str){digits, n}, value) &&
           isfinite(*value);
}

static enum p2a_status take_figure(struct parser *s, struct p2a_str *rest, double *value)
{
    const char *start = rest->at;
    if (!take_number(rest, value))
        return bad(s, start, *start == '-' ? "a number without a sign" : "a number");
    if (rest->n && rest->at[0] == ',')
        return bad(s, rest->at, "a point before decimals, or three digits behind each comma");
    return P2A_OK;
}

static enum p2a_status take_amount(struct parser *s, struct p2a_str *rest, double sign)
{
    struct p2a_terms *t = s->terms;
    struct p2a_amount amount = {.kind = P2A_PLAIN};
    const char *start = rest->at;
    size_t n = 0;
    if (take_figure(s, rest, &amount.value) != P2A_OK)
        return s->error->status;
    while (n < rest->n && !strchr(" \t+-*", rest->at[n]))
        n++;
    size_t unit = 0, known = sizeof units / sizeof *units;
    struct p2a_str word = {rest->at, n};
    while (n && unit < known && !p2a_str_is(word, units[unit].name))
        unit++;
    if (n && unit == known)
        return bad(s, word.at,
                   "a unit: %, s, ms, us, ns, min, h, B, kB, MB, GB, KiB, MiB, GiB, k, M, G");
    if (n) {
        amount.kind = units[unit].kind;
        amount.value *= units[unit].factor;
    }
    *rest = p2a_str_trim((struct p2a_str){rest->at + n, rest->n - n});
    if (t->amount_n == P2A_AMOUNTS)
        return bad(s, start, "no more than four terms");
    amount.value *= sign;
    t->amount[t->amount_n++] = amount;
    return P2A_OK;
}

static enum p2a_status parse_bound(struct parser *s, struct p2a_str rest)
{
    struct p2a_terms *t = s->terms;
    t->factor = 1;
    t->baseline = take_word(&rest, "baseline");
    if (!t->baseline && take_amount(s, &rest, 1) != P2A_OK)
        return s->error->status;
    if (t->baseline && rest.n && rest.at[0] == '*') {
        rest = p2a_str_trim((struct p2a_str){rest.at + 1, rest.n - 1});
        if (take_figure(s, &rest, &t->factor) != P2A_OK)
            return s->error->status;
    }
    while (t->baseline && rest.n && (rest.at[0] == '+' || rest.at[0] == '-')) {
        double sign = rest.at[0] == '-' ? -1 : 1;
        rest = p2a_str_trim((struct p2a_str){rest.at + 1, rest.n - 1});
        if (take_amount(s, &rest, sign) != P2A_OK)
            return s->error->status;
    }
    return rest.n ? bad(s, rest.at, "nothing more") : P2A_OK;
}

/* ---- whom ---- */

static enum p2a_status add_step(struct parser *s, struct p2a_str pattern, bool gap)
{
    struct p2a_terms *t = s->terms;
    if (!pattern.n)
        return bad(s, pattern.at, "the name of a function, or a pattern");
    if (t->step_n == P2A_STEPS)
        return bad(s, pattern.at, "no more than sixteen steps");
    const char *text = keep(s, pattern);
    struct p2a_error where = {.status = P2A_OK};
    struct p2a_pattern *tried = text ? p2a_pattern_new(NULL, text, &where) : NULL;
    p2a_pattern_free(tried);
    t->step[t->step_n].pattern = text;
    t->step[t->step_n++].gap = gap;
    if (where.status == P2A_USAGE)
        return p2a_error_set(s->error, P2A_USAGE, "limit '%.200s': %s", s->text, where.message);
    return where.status == P2A_OK ? s->error->status : p2a_error_memory(s->error);
}

/* Where the next arrow of the path begins, its end in *next; NULL where there is none. */
static const char *arrow(struct p2a_str path, const char **next)
{
    for (size_t i = 0; i + 1 < path.n; i++) {
        size_t n = memcmp(path.at + i, "->", 2) == 0                               ? 2
                   : i + 2 < path.n && memcmp(path.at + i, "\342\206\222", 3) == 0 ? 3
                                                                                   : 0;
        if (n) {
            *next = path.at + i + n;
            return path.at + i;
        }
    }
    *next = path.at + path.n;
    return NULL;
}

static enum p2a_status parse_path(struct parser *s, struct p2a_str rest)
{
    const char *end = rest.at + rest.n, *next, *cut;
    bool gap = false;
    do {
        cut = arrow(rest, &next);
        struct p2a_str step = span(rest.at, cut ? cut : end);
        bool dots = p2a_str_is(step, "...") || p2a_str_is(step, "\342\200\246");
        if (dots && !cut)
            return bad(s, step.at, "a function behind ...");
        if (!dots && add_step(s, step, gap) != P2A_OK)
            return s->error->status;
        gap = dots;
        rest = (struct p2a_str){next, (size_t)(end - next)};
    } while (cut);
    s->terms->whom = s->terms->step_n > 1 ? P2A_PATH : P2A_EACH;
    return P2A_OK;
}

static enum p2a_status parse_whom(struct parser *s, struct p2a_str whom)
{
    static const struct {
        const char *prefix;
        enum p2a_whom whom;
    } kinds[] = {{"all:", P2A_ALL}, {"module:", P2A_MODULE}, {"file:", P2A_FILE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].prefix);
        if (!p2a_str_starts(whom, kinds[i].prefix))
            continue;
        s->terms->whom = kinds[i].whom;
        return add_step(s, p2a_str_trim((struct p2a_str){whom.at + n, whom.n - n}), false);
    }
    return parse_path(s, whom);
}

/* ---- quantities ---- */

static const struct {
    const char *name;
    enum p2a_quantity quantity;
} quantities[] = {
    {"total", P2A_Q_TOTAL},         {"self", P2A_Q_SELF},       {"calls", P2A_Q_CALLS},
    {"primitive", P2A_Q_PRIMITIVE}, {"depth", P2A_Q_DEPTH},     {"functions", P2A_Q_FUNCTIONS},
    {"contexts", P2A_Q_CONTEXTS},   {"callers", P2A_Q_CALLERS}, {"callees", P2A_Q_CALLEES},
};

static bool is_quantity(struct parser *s, struct p2a_str word)
{
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++)
        if (p2a_str_is(word, quantities[i].name)) {
            s->terms->quantity = quantities[i].quantity;
            return true;
        }
    return false;
}

/* Reads "word [metric] %" off the front; false where the text isn't of that shape: *rest is as it
 * was. A word that is no quantity is a metric's name. An error where a quantity's bracket isn't
 * closed: such a text is no pattern either. */
static bool take_quantity(struct parser *s, struct p2a_str *rest)
{
    struct p2a_terms *t = s->terms;
    struct p2a_str left = *rest;
    const char *end = rest->at + rest->n;
    size_t n = 0;
    while (n < left.n && is_word(left.at[n]))
        n++;
    struct p2a_str word = {left.at, n}, metric = {0};
    bool known = is_quantity(s, word);
    left = p2a_str_trim((struct p2a_str){left.at + n, left.n - n});
    if (left.n && left.at[0] == '[') {
        left.at++, left.n--;
        if (!n || !p2a_str_cut(left, ']', &metric, &left))
            return known && bad(s, end, "] behind the name of a metric") == P2A_OK;
        left = p2a_str_trim(left);
    }
    bool share = left.n && left.at[0] == '%';
    if (share)
        left = p2a_str_trim((struct p2a_str){left.at + 1, left.n - 1});
    bool open = left.n && left.at[0] == '(';
    bool call = open && left.at[left.n - 1] == ')';
    if (known && open && !memchr(left.at, ')', left.n))
        return bad(s, end, "a closing parenthesis") == P2A_OK;
    if (!n || (left.n && !call) || (!known && !(call && !metric.n)))
        return false;
    t->share = share;
    metric = known ? p2a_str_trim(metric) : word;
    t->quantity = known ? t->quantity : P2A_Q_TOTAL;
    t->metric = metric.n ? keep(s, metric) : NULL;
    *rest = left;
    return true;
}

/* What can be asked of whom. */
static enum p2a_status check_quantity(struct parser *s, const char *at)
{
    const struct p2a_terms *t = s->terms;
    bool timed = t->quantity == P2A_Q_TOTAL || t->quantity == P2A_Q_SELF;
    bool counted = timed || t->quantity == P2A_Q_CALLS || t->quantity == P2A_Q_PRIMITIVE;
    if (t->metric && !timed)
        return bad(s, at, "total or self before a metric");
    if (t->share && !counted)
        return bad(s, at, "total, self, calls or primitive before %");
    if ((t->quantity == P2A_Q_CALLERS || t->quantity == P2A_Q_CALLEES) && t->whom != P2A_EACH)
        return bad(s, at, "callers and callees of a function");
    if (t->quantity == P2A_Q_FUNCTIONS && t->whom == P2A_PATH)
        return bad(s, at, "functions of a pattern, not of a path");
    if (t->quantity == P2A_Q_DEPTH && t->whom == P2A_PATH)
        return bad(s, at, "the depth of a function, not of a path");
    return P2A_OK;
}

static enum p2a_status parse_subject(struct parser *s, struct p2a_str subject)
{
    struct p2a_str left = subject;
    if (!subject.n)
        return bad(s, subject.at, "what the limit is about");
    if (!take_quantity(s, &left)) {
        s->terms->quantity = P2A_Q_CALLS;
        return s->error->status == P2A_OK ? parse_whom(s, subject) : s->error->status;
    }
    struct p2a_str whom = left.n ? span(left.at + 1, left.at + left.n - 1) : left;
    if (whom.n && parse_whom(s, whom) != P2A_OK)
        return s->error->status;
    return s->error->status == P2A_OK ? check_quantity(s, subject.at) : s->error->status;
}

/* ---- the whole ---- */

/* The last operator, its end in *end; NULL where there is none. An arrow is none. */
static const char *find_operator(struct p2a_str text, const char **end, enum p2a_op *op)
{
    static const struct {
        const char *text;
        enum p2a_op op;
    } ops[] = {{"<=", P2A_AT_MOST},
               {">=", P2A_AT_LEAST},
               {"==", P2A_EXACTLY},
               {"\342\211\244", P2A_AT_MOST},
               {"\342\211\245", P2A_AT_LEAST},
               {"<", P2A_LESS},
               {">", P2A_MORE},
               {"=", P2A_EXACTLY}};
    for (size_t stop = text.n; stop > 0; stop--)
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
            size_t n = strlen(ops[i].text);
            if (n > stop || memcmp(text.at + stop - n, ops[i].text, n) != 0 ||
                (n < stop && ops[i].op == P2A_MORE && text.at[stop - n - 1] == '-'))
                continue;
            *op = ops[i].op;
            *end = text.at + stop;
            return text.at + stop - n;
        }
    return NULL;
}

/* Whether OP is the end of another: "=<", "!=", and, where no name ends in it, "<>". */
static bool is_part_of_another(const char *start, const char *op)
{
    bool alone = op - start > 1 && op[-2] == ' ';
    return strchr("=!", op[-1]) || (alone && strchr("<>", op[-1]));
}

/* The operator of a bound at the end of PATH, NULL: a name may hold one, as "operator<" does. */
static const char *find_bound(struct p2a_str path)
{
    const char *end;
    enum p2a_op ignored;
    double value;
    const char *op = find_operator(path, &end, &ignored);
    if (!op || op == path.at || op[-1] != ' ')
        return NULL;
    struct p2a_str bound = span(end, path.at + path.n);
    return take_word(&bound, "baseline") || take_number(&bound, &value) ? op : NULL;
}

enum p2a_status p2a_limit_parse(const char *text, struct p2a_arena *arena, struct p2a_terms *terms,
                                struct p2a_error *error)
{
    struct parser s = {text, arena, terms, error};
    struct p2a_str rest = p2a_str_trim(p2a_str_of(text));
    const char *end;
    *terms = (struct p2a_terms){0};
    if (strlen(text) > LONGEST)
        return p2a_error_set(error, P2A_USAGE, "limit '%.40s...': expected %d bytes at most", text,
                             LONGEST);
    struct p2a_str whole = rest, path;
    if (take_word(&rest, "optional") && rest.n && rest.at > whole.at + 8 &&
        !strchr("<>=", rest.at[0]))
        terms->optional = true;
    else
        rest = whole;
    path = rest;
    if (take_word(&path, "no") && path.n && path.at > rest.at + 2 && !strchr("<>=", path.at[0])) {
        terms->quantity = P2A_Q_PATH;
        const char *bound = find_bound(path);
        return bound ? bad(&s, bound, "no bound: what must not be there has none")
                     : parse_path(&s, path);
    }
    const char *op = find_operator(rest, &end, &terms->op);
    if (!op) {
        take_quantity(&s, &(struct p2a_str){rest.at, rest.n});
        return error->status == P2A_OK
                   ? bad(&s, text + strlen(text), "<, <=, ==, >= or > and a bound")
                   : error->status;
    }
    if (op > rest.at && is_part_of_another(rest.at, op))
        return bad(&s, op - 1, "<, <=, ==, >= or >");
    if (parse_subject(&s, span(rest.at, op)) != P2A_OK)
        return error->status;
    return parse_bound(&s, span(end, rest.at + rest.n));
}

enum p2a_status p2a_limit_check(const char *text, struct p2a_error *error)
{
    struct p2a_error ours;
    struct p2a_arena arena = {0};
    struct p2a_terms terms;
    p2a_error_start(&ours, "");
    p2a_limit_parse(text, &arena, &terms, &ours);
    p2a_arena_free(&arena);
    if (error)
        *error = ours;
    return ours.status;
}
