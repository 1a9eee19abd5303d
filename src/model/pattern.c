#include "model/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct p2a_pattern {
    pcre2_code *re;
    pcre2_match_data *data;
    const char *what, *text;
};

static enum p2a_status complain(const struct p2a_pattern *p, int code, const char *rest,
                                struct p2a_str at, struct p2a_error *error)
{
    unsigned char message[128];
    if (code == PCRE2_ERROR_NOMEMORY)
        return p2a_error_memory(error);
    pcre2_get_error_message(code, message, sizeof message);
    return p2a_error_set(error, P2A_USAGE, "%s%s'%s': %s at '%.*s'%s", p->what,
                         p->what[0] ? " " : "", p->text, (char *)message,
                         at.n < 80 ? (int)at.n : 80, at.at, rest);
}

struct p2a_pattern *p2a_pattern_new(const char *what, const char *text, struct p2a_error *error)
{
    int code;
    size_t where;
    struct p2a_pattern *p = calloc(1, sizeof *p);
    if (!p) {
        p2a_error_memory(error);
        return NULL;
    }
    *p = (struct p2a_pattern){.what = what ? what : "", .text = text};
    p->re = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &where, NULL);
    if (p->re)
        p->data = pcre2_match_data_create_from_pattern(p->re, NULL);
    if (p->data)
        return p;
    if (p->re || code == PCRE2_ERROR_HEAP_FAILED) {
        p2a_error_memory(error);
    } else {
        unsigned char message[128];
        pcre2_get_error_message(code, message, sizeof message);
        p2a_error_set(error, P2A_USAGE, "%s%s'%s': %s at character %zu", p->what,
                      p->what[0] ? " " : "", text, (char *)message, where + 1);
    }
    p2a_pattern_free(p);
    return NULL;
}

void p2a_pattern_free(struct p2a_pattern *p)
{
    if (!p)
        return;
    pcre2_match_data_free(p->data);
    pcre2_code_free(p->re);
    free(p);
}

bool p2a_pattern_holds(struct p2a_pattern *p, struct p2a_str text, struct p2a_error *error)
{
    int code = pcre2_match(p->re, (PCRE2_SPTR)(text.n ? text.at : ""), text.n, 0, 0, p->data, NULL);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        complain(p, code, ", expected a simpler pattern", text, error);
    return code >= 0;
}

enum p2a_status p2a_pattern_check_replacement(const struct p2a_pattern *p, const char *to,
                                              struct p2a_error *error)
{
    uint32_t groups = 0;
    pcre2_pattern_info(p->re, PCRE2_INFO_CAPTURECOUNT, &groups);
    for (const char *at = to; (at = strchr(at, '$')); at += 2) {
        if (at[1] == '$')
            continue;
        if (at[1] < '0' || at[1] > '9' || (at[2] >= '0' && at[2] <= '9') ||
            (uint32_t)(at[1] - '0') > groups)
            return p2a_error_set(error, P2A_USAGE,
                                 "'%s': $%.1s is no group of '%s', which has %u: expected a digit "
                                 "up to that, or $$",
                                 to, at + 1, p->text, groups);
    }
    return P2A_OK;
}

enum p2a_status p2a_pattern_replace(struct p2a_pattern *p, struct p2a_str text, const char *to,
                                    bool alone, struct p2a_buffer *result, struct p2a_error *error)
{
    uint32_t options = PCRE2_SUBSTITUTE_OVERFLOW_LENGTH | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                       (alone ? PCRE2_SUBSTITUTE_REPLACEMENT_ONLY : PCRE2_SUBSTITUTE_GLOBAL);
    PCRE2_SIZE n = text.n + strlen(to) + 64;
    PCRE2_UCHAR *made = NULL;
    int code = PCRE2_ERROR_NOMEMORY;
    for (int turn = 0; turn < 2 && code == PCRE2_ERROR_NOMEMORY; turn++) {
        PCRE2_UCHAR *larger = realloc(made, n + 1);
        if (!larger)
            break;
        made = larger;
        code = pcre2_substitute(p->re, (PCRE2_SPTR)(text.n ? text.at : ""), text.n, 0, options,
                                p->data, NULL, (PCRE2_SPTR)to, PCRE2_ZERO_TERMINATED, made, &n);
    }
    if (code < 0)
        complain(p, code, ", expected a simpler pattern", text, error);
    else if (!p2a_buffer_add(result, made, n))
        p2a_error_memory(error);
    free(made);
    return error->status;
}

unsigned char *p2a_pattern_functions(const struct p2a_profile *p, const char *what,
                                     const char *text, struct p2a_error *error)
{
    struct p2a_pattern *pattern = p2a_pattern_new(what, text, error);
    unsigned char *matched = pattern ? calloc((size_t)p->functions.n + 1, 1) : NULL;
    struct p2a_buffer buffer = {0};
    for (p2a_id f = 0; matched && error->status == P2A_OK && f < p->functions.n; f++)
        matched[f] = p2a_pattern_holds(pattern, p2a_spell(p, f, P2A_NAMES_FULL, &buffer), error);
    if ((pattern && !matched) || buffer.failed)
        p2a_error_memory(error);
    if (error->status != P2A_OK) {
        free(matched);
        matched = NULL;
    }
    p2a_buffer_free(&buffer);
    p2a_pattern_free(pattern);
    return matched;
}
