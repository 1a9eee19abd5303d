/* Words that the shell completes: made of the option table, the commands and the formats, as is the
 * manual page. */
#ifndef P2A_CLI_WORDS_H
#define P2A_CLI_WORDS_H

#include "options.h"

/* What stands behind an option. */
enum value_kind {
    VALUE_NONE,
    VALUE_FILE,
    VALUE_PROGRAM,
    VALUE_WORDS, /* one of a list */
    VALUE_KEY,   /* KEY= of a format's options, and more behind it */
    VALUE_FREE
};
enum value_kind value_kind(const struct option_row *row);
/* The words of VALUE_WORDS and VALUE_KEY, with a space between; to be freed. PAIRS: with the values
 * behind keys. */
char *value_words(const struct option_row *row, bool pairs);

/* prof2any --completion SHELL */
enum p2a_status command_completion(const char *shell);
/* prof2any --manual */
enum p2a_status command_manual(void);

#endif
