/* .prof2any.yml: what a project wants of the program. samples/ci/prof2any.yml shows all of it. */
#ifndef P2A_CLI_SETTINGS_H
#define P2A_CLI_SETTINGS_H

#include "options.h"

struct yml;

/* An option of the command line by its long name. */
struct setting {
    const char *command; /* NULL: every command that has the option */
    const char *name;
    const char **values; /* NULL at the end; of a flag, "yes" or "no" alone */
    unsigned line, column;
};

/* An option of a format. */
struct format_setting {
    const char *format, *text; /* text: "width=1200", as behind -O */
    unsigned line, column;
};

struct settings {
    const char *path; /* "" where there is no file */
    const struct setting *options;
    const struct format_setting *formats;
    const struct p2a_name_rule *rules;
    const struct p2a_color *colors;
    const struct p2a_limit *limits;
    const unsigned *rule_lines, *color_lines, *limit_lines;
    size_t option_n, format_n, color_n, limit_n;
    size_t rule_n, naming_n; /* rules; of them the first, to strip and to rename */
    struct settings_memory *memory;
};

/* Reads settings from memory; NAME is for messages. An error has line and column; nothing but the
 * budgets is looked at with BUDGETS_ALONE. End with settings_free in any case. */
enum p2a_status settings_parse(struct settings *settings, const char *bytes, size_t size,
                               const char *name, bool budgets_alone, struct p2a_error *error);
/* The same from the file PATH. */
enum p2a_status settings_load(struct settings *settings, const char *path, bool budgets_alone,
                              struct p2a_error *error);
/* From the .prof2any.yml of the working directory or the nearest directory above that has one; none
 * is no error. A file of somebody else's, who neither owns the working directory nor is root, isn't
 * read: *foreign, to be freed, names it, NULL for none. */
enum p2a_status settings_find(struct settings *settings, char **foreign, struct p2a_error *error);
void settings_free(struct settings *settings);

#endif
