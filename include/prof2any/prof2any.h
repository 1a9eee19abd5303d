/* prof2any.h - load a profile, change it, write it in another format.
 *
 *     struct p2a_error error;
 *     struct p2a_profile *profile;
 *     if (p2a_load("out.prof", NULL, &profile, &error) == P2A_OK)
 *         p2a_save(profile, "callgrind.out.app", NULL, &error);
 *     p2a_free(profile);
 *
 * The library keeps no state of its own: profiles are independent of one another and may be used on
 * different threads at the same time, each on one thread at once. It never prints and never exits.
 * A function that can fail returns a status and, where the caller gave a p2a_error, fills it in. */
#ifndef PROF2ANY_H
#define PROF2ANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define P2A_VERSION "0.1.0"

#if defined(__GNUC__)
#define P2A_API          __attribute__((visibility("default")))
#define P2A_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define P2A_API
#define P2A_PRINTF(f, a)
#endif

/* What went wrong, by who can mend it. The values are the program's exit statuses. */
enum p2a_status {
    P2A_OK = 0,
    P2A_CHECK_FAILED = 1, /* a limit is broken: of the program alone, no function returns it */
    P2A_USAGE = 2,  /* the call asks for something that doesn't exist or doesn't go together */
    P2A_INPUT = 3,  /* the input is not a profile, or a broken one */
    P2A_SYSTEM = 4, /* reading, writing or memory failed */
    P2A_CLOSED = 5  /* the reader of our output went away: nothing to report */
};

enum p2a_place { P2A_NOWHERE, P2A_AT_BYTE, P2A_AT_LINE };

/* An error is a value; all its text is inside, so it can be copied and needs no freeing. */
struct p2a_error {
    enum p2a_status status;
    enum p2a_place place_kind;
    uint64_t place;    /* byte offset from 0, or line from 1, in the uncompressed input */
    char format[24];   /* name of the format that complains, or "" */
    char path[512];    /* the file, "standard input", or "" */
    char message[512]; /* one sentence: what is wrong, what was expected */
};

/* Writes "PATH: line 7: MESSAGE" into text, cut to size bytes with the closing NUL; returns text.
 */
P2A_API char *p2a_error_text(const struct p2a_error *error, char *text, size_t size);
/* Puts '?' in the place of what would break a line, command a terminal or isn't UTF-8; returns
 * text. Texts of errors and notes are like that already. */
P2A_API char *p2a_defuse(char *text);

/* A profile: functions, call graph, and the tree of call paths where it is known. Opaque here;
 * format.h shows its tables to those who write a format. */
struct p2a_profile;

struct p2a_load_options {
    const char *format; /* NULL: detect it from the first bytes */
    uint64_t max_bytes; /* limit on the input, uncompressed; 0: 64 GiB */
    uint64_t max_rows;  /* limit on the rows of one table; 0: 2^30 */
    bool partial;       /* keep what was read before the input broke, with a note */
    /* NULL, or called every few MiB: DONE bytes of the input are read, compressed ones where it is,
     * of OF; 0 where that isn't known. */
    void (*progress)(void *progress_to, uint64_t done, uint64_t of);
    void *progress_to;
    bool lazy; /* make call paths and lines when a call needs them: faster where none does. Not for
                  those who look into format.h's tables after loading */
    double least; /* paths may end with the first call whose total is below this share of the whole,
                     0 to 1, which has all that is below as its own: faster, for pictures that have
                     no room for more */
    bool no_lines; /* costs per source line, instruction and call site may be left out: faster, for
                      formats that don't carry them */
};

/* Reads the profile in the file PATH; "-" is standard input. gzip and zstd are
 * unwrapped. The caller frees *profile with p2a_free; on failure it is NULL. Two formats that claim
 * the input, or none, is P2A_INPUT. */
P2A_API enum p2a_status p2a_load(const char *path, const struct p2a_load_options *options,
                                 struct p2a_profile **profile, struct p2a_error *error);

/* The same from memory, which must stay until the call returns; NAME is for messages. */
P2A_API enum p2a_status p2a_load_memory(const void *bytes, size_t size, const char *name,
                                        const struct p2a_load_options *options,
                                        struct p2a_profile **profile, struct p2a_error *error);

P2A_API void p2a_free(struct p2a_profile *profile); /* NULL is fine */

/* Adds FROM to INTO as pstats.Stats.add does: functions are the same where name, file, line and
 * module are, or are as far as both know the module; metrics where name and unit are. P2A_INPUT
 * where their units differ. */
P2A_API enum p2a_status p2a_add(struct p2a_profile *into, const struct p2a_profile *from,
                                struct p2a_error *error);

/* Two versions of a program, each recorded once or several times. */
struct p2a_comparison {
    struct p2a_profile *const *before, *const *after; /* stay the caller's */
    size_t before_n, after_n;                         /* 1 or more */
    bool normalize; /* stretch BEFORE to AFTER's whole, for runs of different length */
};

/* Makes a comparison: a profile with AFTER's values and, in a second set of columns, BEFORE's, each
 * the mean of its runs. Functions are the same where name, file and module are; lines may have
 * moved. P2A_INPUT where the sides have no metric in common. The caller frees *result. */
P2A_API enum p2a_status p2a_diff(const struct p2a_comparison *comparison,
                                 struct p2a_profile **result, struct p2a_error *error);

enum p2a_group { P2A_BY_FUNCTION, P2A_BY_FILE, P2A_BY_MODULE, P2A_BY_LINE };

/* What a project calls things. Patterns and replacements are PCRE2's, $1 is what the first group
 * matched; a rule sees what the ones before it made. */
enum p2a_rule_kind {
    P2A_STRIP,  /* what matches in the paths of files and modules goes */
    P2A_RENAME, /* what matches in the names of functions becomes TO */
    P2A_GROUP,  /* functions that match in "name (file:line)" are one, called TO */
    P2A_HIDE    /* functions that match there are no frames; their time goes to their callers */
};

struct p2a_name_rule {
    enum p2a_rule_kind kind;
    const char *pattern, *to; /* TO: of P2A_RENAME and P2A_GROUP */
};

/* P2A_USAGE: the pattern doesn't compile, or TO names a group that isn't in it. TO may be NULL. */
P2A_API enum p2a_status p2a_pattern_check(const char *pattern, const char *to,
                                          struct p2a_error *error);

/* What to keep of a profile. Zero keeps everything. Patterns are PCRE2 regular expressions,
 * searched in "name (file:line)" with the full path; NULL is no pattern. */
struct p2a_selection {
    const char *focus;      /* only stacks in which a frame matches */
    const char *ignore;     /* no stacks in which a frame matches */
    const char *show;       /* only frames that match; the others' time goes to their callers */
    const char *hide;       /* no frames that match; their time goes to their callers */
    const char *prune_from; /* nothing below a frame that matches; its time goes to that frame */
    const char *root;       /* only what is reached from a function that matches */
    const char *leaf;       /* only what leads to a function that matches */
    const char *metric;     /* this metric alone, by name */
    const char *thread;     /* only threads whose name, pid, tid or "pid/tid" is this */
    unsigned depth;         /* at most so many frames deep; 0: all */
    enum p2a_group group_by;
    bool strip_dirs;       /* files by their base names, as pstats.Stats.strip_dirs */
    double node_threshold; /* drop functions whose total is below this share of the whole, 0 to 1 */
    double edge_threshold; /* drop arcs whose total is below this share of the whole, 0 to 1 */
    bool graph;            /* a call graph is wanted alone: where arcs are dropped, paths go */
    bool exact;            /* refuse where stacks would have to be estimated */
    const struct p2a_name_rule *rules; /* come first, so that patterns see the new names */
    size_t rule_n;
};

/* Whether SELECTION leaves every profile as it is. */
P2A_API bool p2a_selects_all(const struct p2a_selection *selection);

/* Applies SELECTION to the profile in place. P2A_USAGE: a pattern that doesn't compile, a metric or
 * thread that isn't there, `exact` where stacks are needed and weren't recorded. After an error the
 * profile is as it was. */
P2A_API enum p2a_status p2a_select(struct p2a_profile *profile,
                                   const struct p2a_selection *selection, struct p2a_error *error);

/* A limit on what a profile holds, in a small language; README.md has all of it:
 *
 *     json.loads <= 1000                         a function's calls
 *     total(parse) < 0.5s                        self, primitive, depth, a metric by its name, ...
 *     self(module:json) <= 5%                    all of a module, a file, what a pattern finds
 *     total(parse) <= baseline + 10% + 1ms
 *     no handler -> ... -> requests.get          a path that must not exist
 *     calls(handler -> ... -> execute) <= 3
 *     functions < 500                            without parentheses: of the whole run */
struct p2a_limit {
    const char *text;
    const char *name; /* what reports call it; NULL: the text */
    bool optional;    /* kept where it matches nothing; else that is a failure */
};

/* Whether the text of a limit can be read; P2A_USAGE says where not. */
P2A_API enum p2a_status p2a_limit_check(const char *text, struct p2a_error *error);

enum p2a_outcome {
    P2A_KEPT,
    P2A_BROKEN,
    P2A_UNMATCHED, /* nothing in the profile is what the limit is about */
    P2A_UNSAID     /* the profile doesn't say what the limit is about */
};

/* Of a limit that is kept, one verdict: of what is nearest to it. Of one that is broken, a verdict
 * for each function that breaks it. */
struct p2a_verdict {
    size_t limit;
    enum p2a_outcome outcome;
    const char *subject;  /* "parse (app.py:17)", "the whole run" */
    const char *sentence; /* "1,203 calls, expected at most 1,000" */
    const char *file;     /* of the subject; "": it has no place */
    uint64_t line;        /* 0: not known */
    double value, bound;  /* in the metric's unit or in percent; NaN: none */
    size_t held;          /* how many functions, or other things, the limit was held against */
};

struct p2a_verdicts {
    size_t n;
    struct p2a_verdict *at;         /* in the order of the limits */
    size_t limit_n, failed;         /* limits; those of them that aren't kept */
    const struct p2a_limit *limits; /* the caller's */
    void *memory;                   /* the library's own */
};

/* Holds PROFILE, and BASELINE unless that is NULL, against N limits. What has to be derived or
 * estimated for that stays in the profiles. EXACT: nothing is estimated, what would have to be is
 * P2A_UNSAID. P2A_USAGE: a limit can't be read, needs a baseline that isn't there, or has the
 * wrong unit. The limits stay until p2a_verdicts_free. */
P2A_API enum p2a_status p2a_judge(struct p2a_profile *profile, struct p2a_profile *baseline,
                                  const struct p2a_limit *limits, size_t n, bool exact,
                                  struct p2a_verdicts *verdicts, struct p2a_error *error);

/* Writes a report to the file PATH, whole or not at all; "-" is standard output. KIND is "text",
 * "markdown", "junit" (XML) or "github" (annotations, in which ROOT, NULL for none, is cut from
 * the front of files). TITLE names what was judged. */
P2A_API enum p2a_status p2a_verdicts_save(const struct p2a_verdicts *verdicts, const char *kind,
                                          const char *path, const char *title, const char *root,
                                          struct p2a_error *error);
P2A_API void p2a_verdicts_free(struct p2a_verdicts *verdicts);

enum p2a_names { P2A_NAMES_SHORT, P2A_NAMES_FULL, P2A_NAMES_PSTATS };

/* What a list of functions shows, in pstats' terms; for the formats that are lists. */
struct p2a_report {
    const char *const *sort;         /* sort_stats' keys, the first rules, "none" alone for the
                                        order of the file; NULL at the end; NULL: the order that
                                        the format has by itself */
    bool reverse;                    /* reverse_order */
    const char *const *restrictions; /* print_stats' arguments, applied in order: a count "10", a
                                        share ".25", else a regular expression; NULL at the end */
    bool callers, callees;           /* print_callers, print_callees in place of the functions */
    uint64_t limit;                  /* at most so many rows; 0: the format's default */
    double threshold; /* of a comparison: a function whose self and total have changed by no more
                         than this share of the whole isn't named; 0: 0.01, below 0: 0 */
};

/* Functions in which the pattern is found, in "name (file:line)", have this colour in pictures; of
 * several rules the first counts. */
struct p2a_color {
    const char *pattern;
    const char *color; /* a name (red, aqua, grey, ...) or "#rrggbb", of which the hue is taken: how
                          light it is, the picture's theme and the function's weight say */
    const char *name;  /* for legends; NULL: the pattern */
};

/* Whether the colour is one; P2A_USAGE names those there are. */
P2A_API enum p2a_status p2a_color_check(const char *color, struct p2a_error *error);

struct p2a_save_options {
    const char *format;          /* NULL: by the ending of the path */
    enum p2a_names names;        /* how a frame is spelled */
    const char *const *settings; /* "key=value" of the format's own options, NULL at the end */
    bool exact;                  /* refuse to estimate stacks */
    struct p2a_report report;
    const struct p2a_color *colors;
    size_t color_n; /* 255 at most */
    bool compared;  /* for p2a_save_check: the profile will be p2a_diff's */
};

/* Writes the profile to the file PATH, whole or not at all; "-" is standard output. A path that
 * ends in ".gz" is compressed. P2A_USAGE: no such format, a setting it doesn't have. */
P2A_API enum p2a_status p2a_save(struct p2a_profile *profile, const char *path,
                                 const struct p2a_save_options *options, struct p2a_error *error);

/* Whether p2a_save would take the format, the settings, the sort keys and the restrictions: before
 * what takes long. */
P2A_API enum p2a_status p2a_save_check(const char *path, const struct p2a_save_options *options,
                                       struct p2a_error *error);

/* What p2a_load_options may have as `least` where p2a_save with these options is all that is done
 * with the profile. */
P2A_API double p2a_save_least(const char *path, const struct p2a_save_options *options);

/* p2a_save into memory: *bytes is malloc'ed, the caller frees it. options->format must be given. */
P2A_API enum p2a_status p2a_save_memory(struct p2a_profile *profile,
                                        const struct p2a_save_options *options, void **bytes,
                                        size_t *size, struct p2a_error *error);

/* What the user should know about how the profile was read, estimated, selected and written; grows
 * with each call above. Sentences belong to the profile. */
P2A_API size_t p2a_note_count(const struct p2a_profile *profile);
P2A_API const char *p2a_note_at(const struct p2a_profile *profile, size_t i);

/* Figures of a profile. */
P2A_API size_t p2a_function_count(const struct p2a_profile *profile);
P2A_API size_t p2a_metric_count(const struct p2a_profile *profile);
P2A_API const char *p2a_metric_name(const struct p2a_profile *profile, size_t metric);
P2A_API const char *p2a_metric_unit(const struct p2a_profile *profile, size_t metric);
/* The sum of self over all functions, in the metric's unit ("seconds", "bytes", "count", …). */
P2A_API double p2a_metric_total(const struct p2a_profile *profile, size_t metric);
/* Whether the call paths were estimated from a call graph. */
P2A_API bool p2a_is_estimated(const struct p2a_profile *profile);

/* Checks the equations that hold in every profile (see src/model/invariants.c); the first that is
 * broken is the error. For tests of formats. */
P2A_API enum p2a_status p2a_check(struct p2a_profile *profile, struct p2a_error *error);

/* The formats, in the order of their names. */
struct p2a_format;
P2A_API size_t p2a_format_count(void);
P2A_API const struct p2a_format *p2a_format_at(size_t i);
/* By name or alias; NULL where there is none. */
P2A_API const struct p2a_format *p2a_format_named(const char *name);
/* By the patterns of the formats that can be written, ".gz" aside; NULL where none matches. */
P2A_API const struct p2a_format *p2a_format_for_path(const char *path);
/* What the input would be read as; NULL with an error where none or several claim it. */
P2A_API const struct p2a_format *p2a_detect(const void *bytes, size_t size, const char *name,
                                            struct p2a_error *error);

#ifdef __cplusplus
}
#endif
#endif
