/* The language of limits, as text and as terms:
 *
 *   limit    ["optional"] ( "no" path | subject op bound )
 *   subject  quantity [ "(" [whom] ")" ] | whom              a whom alone: its calls
 *   quantity word [ "[" metric "]" ] [ "%" ]                 %: as a share of the whole run
 *   whom     [ "all:" | "module:" | "file:" ] pattern | path
 *   path     pattern { "->" [ "..." "->" ] pattern }
 *   op       "<" | "<=" | "==" | ">=" | ">"
 *   bound    amount | "baseline" [ "*" number ] { ("+" | "-") amount }
 *   amount   number [ "%" | unit ] */
#ifndef P2A_MODEL_LIMIT_H
#define P2A_MODEL_LIMIT_H

#include "base/arena.h"
#include "base/error.h"
#include "prof2any/format.h"

enum p2a_quantity {
    P2A_Q_TOTAL,
    P2A_Q_SELF,
    P2A_Q_CALLS,
    P2A_Q_PRIMITIVE,
    P2A_Q_DEPTH,
    P2A_Q_FUNCTIONS,
    P2A_Q_CONTEXTS,
    P2A_Q_CALLERS,
    P2A_Q_CALLEES,
    P2A_Q_PATH /* it must not exist */
};

enum p2a_whom {
    P2A_THE_WHOLE,
    P2A_EACH, /* function that matches, by itself */
    P2A_ALL,  /* functions that match, as one */
    P2A_MODULE,
    P2A_FILE,
    P2A_PATH
};

enum p2a_amount_kind { P2A_PLAIN, P2A_SECONDS, P2A_BYTES, P2A_SHARE };
struct p2a_amount {
    double value; /* in units; of a share, 0.05 for 5 % */
    enum p2a_amount_kind kind;
};

enum p2a_op { P2A_LESS, P2A_AT_MOST, P2A_EXACTLY, P2A_AT_LEAST, P2A_MORE };
enum { P2A_STEPS = 16, P2A_AMOUNTS = 4 };

struct p2a_terms {
    bool optional, share;
    enum p2a_quantity quantity;
    const char *metric; /* NULL: the first */
    enum p2a_whom whom;
    struct {
        const char *pattern;
        bool gap; /* frames may stand between the step before and this one */
    } step[P2A_STEPS];
    unsigned step_n;
    enum p2a_op op;
    bool baseline;
    double factor;                         /* of the baseline */
    struct p2a_amount amount[P2A_AMOUNTS]; /* the bound, or what is added to the baseline */
    unsigned amount_n;
};

/* Strings are the arena's. P2A_USAGE: the text can't be read; the message says where and why. */
enum p2a_status p2a_limit_parse(const char *text, struct p2a_arena *arena, struct p2a_terms *terms,
                                struct p2a_error *error);

#endif
