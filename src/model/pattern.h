/* Regular expressions, PCRE2's because they are the ones people know from Perl and Python, and the
 * functions that hold a match. */
#ifndef P2A_MODEL_PATTERN_H
#define P2A_MODEL_PATTERN_H

#include "base/error.h"
#include "prof2any/format.h"

struct p2a_pattern;

/* WHAT names the pattern in messages ("--focus"), NULL or "" for the pattern alone; both strings
 * stay the caller's. NULL after an error: P2A_USAGE says where it doesn't compile. */
struct p2a_pattern *p2a_pattern_new(const char *what, const char *text, struct p2a_error *error);
void p2a_pattern_free(struct p2a_pattern *pattern); /* NULL is fine */

/* Whether TEXT holds a match. One that backtracks past PCRE2's limit has no answer: P2A_USAGE. */
bool p2a_pattern_holds(struct p2a_pattern *pattern, struct p2a_str text, struct p2a_error *error);

/* Appends TEXT with every match replaced by TO, in which $1 is what the first group matched and $$
 * a dollar; with ALONE the first match's replacement and nothing else. */
enum p2a_status p2a_pattern_replace(struct p2a_pattern *pattern, struct p2a_str text,
                                    const char *to, bool alone, struct p2a_buffer *result,
                                    struct p2a_error *error);
/* Whether the groups that TO names are there. */
enum p2a_status p2a_pattern_check_replacement(const struct p2a_pattern *pattern, const char *to,
                                              struct p2a_error *error);

/* matched[f]: whether the pattern is found in function f's full spelling. To be freed; NULL after
 * an error. */
unsigned char *p2a_pattern_functions(const struct p2a_profile *p, const char *what,
                                     const char *text, struct p2a_error *error);

#endif
