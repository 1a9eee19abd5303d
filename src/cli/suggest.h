/* What somebody meant who mistyped a word. */
#ifndef P2A_CLI_SUGGEST_H
#define P2A_CLI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* The nearest word so far; start with {.word = …}. */
struct suggestion {
    const char *word;  /* as it was typed */
    const char *found; /* NULL: nothing is near enough */
    unsigned away;     /* edits between the two */
};

/* Takes CANDIDATE where it is nearer than what was found; of two as near, the first stays. It must
 * outlive the suggestion. */
void suggest(struct suggestion *suggestion, const char *candidate);

/* For a message: ", did you mean --format?" with PREFIX "--", or "". Returns text. */
char *suggestion_text(const struct suggestion *suggestion, const char *prefix, char *text,
                      size_t size);
/* The same for the name of a format, of those that are READ or WRITTEN. */
char *suggest_format(const char *word, bool read, bool written, char *text, size_t size);

#endif
