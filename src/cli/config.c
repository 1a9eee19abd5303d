/* prof2any config [FORMAT…]: every setting with its value and where that comes from. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "prof2any/format.h"
#include "settings.h"
#include "suggest.h"

static void print_from(const struct settings *s, unsigned line)
{
    if (line)
        printf("%s:%u\n", s->path, line);
    else
        puts("default");
}

static void print_setting(const struct settings *s, const char *command, const char *name,
                          const char *value, unsigned line)
{
    char words[80];
    snprintf(words, sizeof words, "%s%s%s", command ? command : "", command ? ": " : "", name);
    printf("  %-24s %-24s ", words, value);
    print_from(s, line);
}

static void print_values(const struct settings *s, const struct setting *setting)
{
    for (const char *const *value = setting->values; *value; value++)
        print_setting(s, setting->command, setting->name, *value, setting->line);
}

static bool is_set(const struct settings *s, const char *name)
{
    for (size_t i = 0; i < s->option_n; i++)
        if (!s->options[i].command && strcmp(s->options[i].name, name) == 0)
            return true;
    return false;
}

/* "cumulative" of "... (default: cumulative)" */
static const char *fallback(const struct option_row *row, char *text, size_t size)
{
    static const char mark[] = "(default: ";
    const char *at = strstr(row->help, mark);
    if (!at)
        return row->value ? "-" : "no";
    at += sizeof mark - 1;
    snprintf(text, size, "%.*s", (int)strcspn(at, ";,)"), at);
    return text;
}

/* What one command calls by another's name is one line. */
static bool is_repeated(size_t row, const char *name)
{
    struct option_row other;
    for (size_t i = 0; i < row && options_row(i, &other); i++)
        if (other.setting && strcmp(other.name, name) == 0)
            return true;
    return false;
}

static void print_options(const struct settings *s)
{
    char text[64];
    struct option_row row;
    puts("defaults:");
    for (size_t i = 0; i < s->option_n; i++)
        print_values(s, &s->options[i]);
    for (size_t i = 0; options_row(i, &row); i++)
        if (row.setting && !is_set(s, row.name) && !is_repeated(i, row.name))
            print_setting(s, NULL, row.name, fallback(&row, text, sizeof text), 0);
}

static const struct format_setting *find(const struct settings *s, const struct p2a_format *format,
                                         const char *option)
{
    size_t n = strlen(option);
    for (size_t i = 0; i < s->format_n; i++)
        if (strcmp(s->formats[i].format, format->name) == 0 &&
            strncmp(s->formats[i].text, option, n) == 0 && s->formats[i].text[n] == '=')
            return &s->formats[i];
    return NULL;
}

/* A format's options: ALL of them, or what is set. */
static void print_format(const struct settings *s, const struct p2a_format *format, bool all)
{
    bool titled = false;
    for (const struct p2a_option *o = format->options; o && o->name; o++) {
        const struct format_setting *set = find(s, format, o->name);
        if (!set && !all)
            continue;
        if (!titled)
            printf("formats: %s\n", format->name);
        titled = true;
        const char *value = set ? set->text + strlen(o->name) + 1 : o->fallback;
        print_setting(s, NULL, o->name, value && *value ? value : "-", set ? set->line : 0);
    }
}

static void print_rules(const struct settings *s)
{
    static const char *const kinds[] = {"strip", "rename", "group", "hide"};
    puts("names:");
    for (size_t i = 0; i < s->rule_n; i++) {
        const struct p2a_name_rule *rule = &s->rules[i];
        printf("  %-24s %s%s%s   ", kinds[rule->kind], rule->pattern, rule->to ? " -> " : "",
               rule->to ? rule->to : "");
        print_from(s, s->rule_lines[i]);
    }
    puts("colors:");
    for (size_t i = 0; i < s->color_n; i++) {
        printf("  %-24s %s   ", s->colors[i].color, s->colors[i].pattern);
        print_from(s, s->color_lines[i]);
    }
    puts("budgets:");
    for (size_t i = 0; i < s->limit_n; i++) {
        printf("  %s%s   ", s->limits[i].optional ? "optional " : "", s->limits[i].text);
        print_from(s, s->limit_lines[i]);
    }
}

enum p2a_status command_config(const struct options *options)
{
    const struct settings *s = options->settings_file;
    char text[64];
    for (int i = 0; i < options->input.n; i++)
        if (!p2a_format_named(options->input.at[i]))
            return complain("no format '%s'%s", options->input.at[i],
                            suggest_format(options->input.at[i], true, true, text, sizeof text));
    if (*s->path)
        printf("settings of %s\n", s->path);
    else
        puts(options->no_config ? "no settings are read"
                                : "no .prof2any.yml here or in a directory above");
    print_options(s);
    for (size_t i = 0; i < p2a_format_count(); i++)
        print_format(s, p2a_format_at(i), false);
    for (int i = 0; i < options->input.n; i++)
        print_format(s, p2a_format_named(options->input.at[i]), true);
    print_rules(s);
    return P2A_OK;
}
