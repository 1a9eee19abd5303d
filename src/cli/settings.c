#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "prof2any/format.h"
#include "suggest.h"
#include "yml.h"

static const char file_name[] = ".prof2any.yml";

struct settings_memory {
    struct yml *root;
    char *path;
    void **block; /* all else */
    size_t block_n;
};

struct reader {
    struct settings *s;
    struct p2a_error *error;
};

/* ---- memory ---- */

static enum p2a_status no_memory(struct p2a_error *error)
{
    error->status = P2A_SYSTEM;
    snprintf(error->message, sizeof error->message, "out of memory");
    return P2A_SYSTEM;
}

/* Zeroed; freed with the settings. */
static void *take(struct reader *r, size_t n, size_t size)
{
    struct settings_memory *m = r->s->memory;
    void **block = realloc(m->block, (m->block_n + 1) * sizeof *block);
    if (block)
        m->block = block;
    void *made = block ? calloc(n + 1, size) : NULL;
    if (made)
        m->block[m->block_n++] = made;
    else
        no_memory(r->error);
    return made;
}

void settings_free(struct settings *s)
{
    struct settings_memory *m = s->memory;
    for (size_t i = 0; m && i < m->block_n; i++)
        free(m->block[i]);
    if (m) {
        yml_free(m->root);
        free(m->block);
        free(m->path);
    }
    free(m);
    *s = (struct settings){.path = ""};
}

/* ---- shapes ---- */

static enum p2a_status expect(struct reader *r, const struct yml *node, enum yml_kind kind,
                              const char *what)
{
    static const char *const kinds[] = {"a word", "a list", "a map"};
    if (node->kind == kind)
        return P2A_OK;
    return yml_bad(r->error, node, "%s, expected %s", kinds[node->kind], what);
}

static bool is_nothing(const struct yml *node)
{
    return node->kind == YML_SCALAR && node->empty;
}

/* "…, did you mean KEY?" or the KEYS there are. */
static enum p2a_status unknown_key(struct reader *r, const struct yml *key, const char *const *keys)
{
    char text[64], list[160] = "";
    struct suggestion meant = {.word = key->text};
    size_t n = 0;
    for (size_t i = 0; keys[i]; i++) {
        suggest(&meant, keys[i]);
        n += n < sizeof list
                 ? (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", keys[i])
                 : 0;
    }
    suggestion_text(&meant, "", text, sizeof text);
    return yml_bad(r->error, key, "no key '%.80s'%s%s", key->text, text[0] ? text : ", expected ",
                   text[0] ? "" : list);
}

static const struct yml *find(const struct yml *map, const char *key)
{
    for (const struct yml *k = map->first; k; k = k->next->next)
        if (strcmp(k->text, key) == 0)
            return k->next;
    return NULL;
}

static enum p2a_status check_keys(struct reader *r, const struct yml *map, const char *const *keys)
{
    for (const struct yml *key = map->first; key; key = key->next->next) {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key->text) != 0)
            i++;
        if (!keys[i])
            return unknown_key(r, key, keys);
    }
    return P2A_OK;
}

/* "yes", "no"; NULL where it is neither. */
static const char *truth(const char *word)
{
    static const char *const yes[] = {"yes", "true", "on"}, *const no[] = {"no", "false", "off"};
    for (size_t i = 0; i < 3; i++) {
        if (strcasecmp(word, yes[i]) == 0)
            return "yes";
        if (strcasecmp(word, no[i]) == 0)
            return "no";
    }
    return NULL;
}

/* ---- defaults ---- */

static enum p2a_status unknown_option(struct reader *r, const struct yml *key, unsigned commands)
{
    char text[64];
    struct option_row row;
    struct suggestion meant = {.word = key->text};
    for (size_t i = 0; options_row(i, &row); i++)
        if (row.setting && row.commands & commands)
            suggest(&meant, row.name);
    suggestion_text(&meant, "", text, sizeof text);
    return yml_bad(r->error, key, "no option '%.80s'%s", key->text,
                   text[0] ? text : ", expected the long name of an option (prof2any --help)");
}

static enum p2a_status check_value(struct reader *r, const struct option_row *row,
                                   const struct yml *value)
{
    char why[400];
    if (strcmp(row->name, "report") == 0 && strchr(value->text, '='))
        return yml_bad(r->error, value,
                       "report: '%.80s', expected a kind alone: files to write are "
                       "named on the command line",
                       value->text);
    if (!options_value_is_good(row, row->name, value->text, why, sizeof why))
        return yml_bad(r->error, value, "%s", why);
    return P2A_OK;
}

/* The values of an option, as the command line would give them. */
static const char **read_values(struct reader *r, const struct option_row *row,
                                const struct yml *value)
{
    bool list = value->kind == YML_LIST && row->repeats && row->value;
    const char **values = take(r, list ? value->n + 1 : 1, sizeof *values);
    size_t n = 0;
    if (!values)
        return NULL;
    if (is_nothing(value) || (!list && value->kind != YML_SCALAR)) {
        yml_bad(r->error, value, "%s: expected %s", row->name,
                row->repeats && row->value ? "a value, or a list of them"
                : row->value               ? "a value"
                                           : "yes or no");
        return NULL;
    }
    if (!row->value) {
        values[0] = truth(value->text);
        if (!values[0])
            yml_bad(r->error, value, "%s: '%.80s', expected yes or no", row->name, value->text);
        return values;
    }
    for (const struct yml *item = list ? value->first : value; item;
         item = list ? item->next : NULL)
        if (expect(r, item, YML_SCALAR, "a word") == P2A_OK && check_value(r, row, item) == P2A_OK)
            values[n++] = item->text;
    return r->error->status == P2A_OK ? values : NULL;
}

static enum p2a_status read_option(struct reader *r, const struct yml *key, const char *command,
                                   unsigned commands, struct setting *options)
{
    struct option_row row;
    if (!options_named(key->text, commands, &row))
        return unknown_option(r, key, commands);
    if (!row.setting)
        return yml_bad(r->error, key, "%s: expected on the command line, not in a file", row.name);
    const char **values = read_values(r, &row, key->next);
    if (values && r->error->status == P2A_OK)
        options[r->s->option_n++] = (struct setting){.command = command,
                                                     .name = row.name,
                                                     .values = values,
                                                     .line = key->line,
                                                     .column = key->column};
    return r->error->status;
}

static bool find_command(const char *name, struct command_row *row)
{
    for (size_t i = 0; commands_row(i, row); i++)
        if (strcmp(row->name ? row->name : "convert", name) == 0)
            return true;
    return false;
}

/* A command in which options stand that are its own, or an option of all. */
static enum p2a_status read_default(struct reader *r, const struct yml *key,
                                    struct setting *options)
{
    struct command_row command;
    const struct yml *value = key->next;
    if (value->kind != YML_MAP || !find_command(key->text, &command))
        return read_option(r, key, NULL, ~0u, options);
    for (const struct yml *k = value->first; k && r->error->status == P2A_OK; k = k->next->next)
        read_option(r, k, key->text, command.command, options);
    return r->error->status;
}

static enum p2a_status read_defaults(struct reader *r, const struct yml *map)
{
    size_t n = 0;
    if (expect(r, map, YML_MAP, "options with their values") != P2A_OK)
        return P2A_INPUT;
    for (const struct yml *key = map->first; key; key = key->next->next)
        n += 1 + key->next->n;
    struct setting *options = take(r, n, sizeof *options);
    r->s->options = options;
    for (const struct yml *key = map->first; options && key && r->error->status == P2A_OK;
         key = key->next->next)
        read_default(r, key, options);
    return r->error->status;
}

/* ---- formats ---- */

static enum p2a_status check_format_value(struct reader *r, const struct p2a_option *option,
                                          const struct yml *value)
{
    char *end;
    if (expect(r, value, YML_SCALAR, "a value") != P2A_OK)
        return P2A_INPUT;
    if (option->kind == P2A_FLAG && !truth(value->text))
        return yml_bad(r->error, value, "%s: '%.80s', expected yes or no", option->name,
                       value->text);
    if (option->kind == P2A_NUMBER) {
        double number = strtod(value->text, &end);
        if (end == value->text || *end || !(number >= 0))
            return yml_bad(r->error, value, "%s: '%.80s', expected a number%s", option->name,
                           value->text, number < 0 ? " from 0" : "");
    }
    size_t n = strlen(value->text);
    const char *at = option->kind == P2A_CHOICE ? option->choices : NULL;
    bool found = !at;
    while (at && *at && !found) {
        size_t word = strcspn(at, " ");
        found = word == n && memcmp(at, value->text, n) == 0;
        at += word + strspn(at + word, " ");
    }
    return found ? P2A_OK
                 : yml_bad(r->error, value, "%s: '%.80s', expected one of: %s", option->name,
                           value->text, option->choices);
}

static const struct p2a_option *find_option(const struct p2a_format *format, const char *name)
{
    for (const struct p2a_option *o = format->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static enum p2a_status read_format_option(struct reader *r, const struct p2a_format *format,
                                          const struct yml *key, struct format_setting *to)
{
    const struct p2a_option *option = find_option(format, key->text);
    struct suggestion meant = {.word = key->text};
    char text[64];
    for (const struct p2a_option *o = format->options; o && o->name; o++)
        suggest(&meant, o->name);
    suggestion_text(&meant, "", text, sizeof text);
    if (!option)
        return yml_bad(r->error, key, "%s has no option '%.80s'%s", format->name, key->text,
                       text[0] ? text : ", expected one of prof2any formats NAME");
    if (check_format_value(r, option, key->next) != P2A_OK)
        return P2A_INPUT;
    const char *value = option->kind == P2A_FLAG ? truth(key->next->text) : key->next->text;
    size_t n = strlen(option->name) + strlen(value) + 2;
    char *setting = take(r, n, 1);
    if (!setting)
        return P2A_SYSTEM;
    snprintf(setting, n, "%s=%s", option->name, value);
    to[r->s->format_n++] = (struct format_setting){format->name, setting, key->line, key->column};
    return P2A_OK;
}

static enum p2a_status read_format(struct reader *r, const struct yml *key,
                                   struct format_setting *to)
{
    char text[64];
    const struct p2a_format *format = p2a_format_named(key->text);
    if (!format || !format->write) {
        suggest_format(key->text, false, true, text, sizeof text);
        return yml_bad(r->error, key, "no format '%.80s' to write%s", key->text,
                       text[0] ? text : ", expected one of prof2any formats");
    }
    if (expect(r, key->next, YML_MAP, "options with their values") != P2A_OK)
        return P2A_INPUT;
    for (const struct yml *k = key->next->first; k && r->error->status == P2A_OK; k = k->next->next)
        read_format_option(r, format, k, to);
    return r->error->status;
}

static enum p2a_status read_formats(struct reader *r, const struct yml *map)
{
    size_t n = 0;
    if (expect(r, map, YML_MAP, "formats with their options") != P2A_OK)
        return P2A_INPUT;
    for (const struct yml *key = map->first; key; key = key->next->next)
        n += key->next->n;
    struct format_setting *to = take(r, n, sizeof *to);
    r->s->formats = to;
    for (const struct yml *key = map->first; to && key && r->error->status == P2A_OK;
         key = key->next->next)
        read_format(r, key, to);
    return r->error->status;
}

/* ---- lists of maps: names, colours, budgets ---- */

/* The word under KEY; NULL, and an error where it is NEEDED or no word. */
static const char *word_of(struct reader *r, const struct yml *map, const char *key, bool needed)
{
    const struct yml *value = find(map, key);
    if (!value && needed)
        yml_bad(r->error, map, "no '%s', expected it here", key);
    if (!value || expect(r, value, YML_SCALAR, "a word") != P2A_OK)
        return NULL;
    if (needed && is_nothing(value))
        yml_bad(r->error, value, "nothing behind '%s', expected a word", key);
    return value->text;
}

static enum p2a_status check_pattern(struct reader *r, const struct yml *map, const char *key,
                                     const char *to)
{
    struct p2a_error ours;
    const struct yml *value = find(map, key);
    if (r->error->status == P2A_OK && p2a_pattern_check(value->text, to, &ours) != P2A_OK)
        yml_bad(r->error, value, "%s", ours.message);
    return r->error->status;
}

static enum p2a_status read_rule(struct reader *r, const struct yml *map,
                                 struct p2a_name_rule *rule)
{
    static const char *const keys[] = {"strip", "rename", "group", "hide", "to", NULL};
    const char *kind = NULL;
    if (expect(r, map, YML_MAP, "a rule such as {hide: PATTERN}") != P2A_OK ||
        check_keys(r, map, keys) != P2A_OK)
        return P2A_INPUT;
    for (int i = P2A_STRIP; i <= P2A_HIDE; i++) {
        if (!find(map, keys[i]))
            continue;
        if (kind)
            return yml_bad(r->error, map, "%s and %s in one rule, expected one of them", kind,
                           keys[i]);
        kind = keys[i];
        rule->kind = (enum p2a_rule_kind)i;
    }
    if (!kind)
        return yml_bad(r->error, map, "a rule without strip, rename, group or hide, expected one");
    bool to = rule->kind == P2A_RENAME || rule->kind == P2A_GROUP;
    if (!to && find(map, "to"))
        return yml_bad(r->error, find(map, "to"), "'to' of %s, expected it of rename or group",
                       kind);
    rule->pattern = word_of(r, map, kind, true);
    rule->to = to ? word_of(r, map, "to", true) : NULL;
    return check_pattern(r, map, kind, rule->to);
}

/* Those that strip and rename first: they are applied to every input by itself. */
static enum p2a_status read_names(struct reader *r, const struct yml *list)
{
    if (expect(r, list, YML_LIST, "a list of rules") != P2A_OK)
        return P2A_INPUT;
    struct p2a_name_rule *rules = take(r, list->n + 1, sizeof *rules);
    unsigned *lines = take(r, list->n + 1, sizeof *lines);
    r->s->rules = rules;
    r->s->rule_lines = lines;
    for (int turn = 0; turn < 2 && rules && lines; turn++) {
        for (const struct yml *item = list->first; item && r->error->status == P2A_OK;
             item = item->next) {
            struct p2a_name_rule rule = {.kind = P2A_STRIP};
            if (read_rule(r, item, &rule) != P2A_OK)
                return r->error->status;
            if ((rule.kind == P2A_GROUP || rule.kind == P2A_HIDE) != turn)
                continue;
            lines[r->s->rule_n] = item->line;
            rules[r->s->rule_n++] = rule;
        }
        r->s->naming_n = turn == 0 ? r->s->rule_n : r->s->naming_n;
    }
    return r->error->status;
}

static enum p2a_status read_color(struct reader *r, const struct yml *map, struct p2a_color *color)
{
    static const char *const keys[] = {"match", "color", "name", NULL};
    struct p2a_error ours;
    if (expect(r, map, YML_MAP, "a rule such as {match: PATTERN, color: blue}") != P2A_OK ||
        check_keys(r, map, keys) != P2A_OK)
        return P2A_INPUT;
    color->pattern = word_of(r, map, "match", true);
    color->color = word_of(r, map, "color", true);
    color->name = word_of(r, map, "name", false);
    if (check_pattern(r, map, "match", NULL) == P2A_OK &&
        p2a_color_check(color->color, &ours) != P2A_OK)
        yml_bad(r->error, find(map, "color"), "%s", ours.message);
    return r->error->status;
}

static enum p2a_status read_colors(struct reader *r, const struct yml *list)
{
    if (expect(r, list, YML_LIST, "a list of {match: PATTERN, color: COLOR}") != P2A_OK)
        return P2A_INPUT;
    struct p2a_color *colors = take(r, list->n + 1, sizeof *colors);
    unsigned *lines = take(r, list->n + 1, sizeof *lines);
    r->s->colors = colors;
    r->s->color_lines = lines;
    for (const struct yml *item = list->first;
         colors && lines && item && r->error->status == P2A_OK; item = item->next) {
        lines[r->s->color_n] = item->line;
        read_color(r, item, &colors[r->s->color_n++]);
    }
    return r->error->status;
}

static enum p2a_status read_limit(struct reader *r, const struct yml *item, struct p2a_limit *limit)
{
    static const char *const keys[] = {"limit", "name", "optional", NULL};
    const struct yml *text = item, *optional = NULL;
    struct p2a_error ours;
    if (item->kind == YML_MAP) {
        if (check_keys(r, item, keys) != P2A_OK)
            return P2A_INPUT;
        limit->name = word_of(r, item, "name", false);
        optional = find(item, "optional");
        word_of(r, item, "limit", true);
        text = find(item, "limit");
    }
    if (r->error->status != P2A_OK || expect(r, text, YML_SCALAR, "a limit") != P2A_OK)
        return P2A_INPUT;
    if (optional) {
        const char *word = optional->kind == YML_SCALAR ? truth(optional->text) : NULL;
        if (!word)
            return yml_bad(r->error, optional, "optional: expected yes or no");
        limit->optional = strcmp(word, "yes") == 0;
    }
    if (is_nothing(text))
        return yml_bad(r->error, text, "nothing, expected a limit");
    limit->text = text->text;
    if (p2a_limit_check(text->text, &ours) != P2A_OK)
        yml_bad(r->error, text, "%s", ours.message);
    return r->error->status;
}

static enum p2a_status read_budgets(struct reader *r, const struct yml *list)
{
    if (expect(r, list, YML_LIST, "a list of limits") != P2A_OK)
        return P2A_INPUT;
    struct p2a_limit *limits = take(r, list->n + 1, sizeof *limits);
    unsigned *lines = take(r, list->n + 1, sizeof *lines);
    r->s->limits = limits;
    r->s->limit_lines = lines;
    for (const struct yml *item = list->first;
         limits && lines && item && r->error->status == P2A_OK; item = item->next) {
        lines[r->s->limit_n] = item->line;
        read_limit(r, item, &limits[r->s->limit_n++]);
    }
    return r->error->status;
}

/* ---- the file ---- */

static enum p2a_status read_root(struct reader *r, const struct yml *root, bool budgets_alone)
{
    static const char *const keys[] = {"defaults", "formats", "names", "colors", "budgets", NULL};
    static enum p2a_status (*const sections[])(struct reader *, const struct yml *) = {
        read_defaults, read_formats, read_names, read_colors, read_budgets};
    if (is_nothing(root))
        return P2A_OK;
    if (expect(r, root, YML_MAP, "defaults, formats, names, colors or budgets") != P2A_OK ||
        check_keys(r, root, keys) != P2A_OK)
        return P2A_INPUT;
    for (size_t i = budgets_alone ? 4 : 0; keys[i] && r->error->status == P2A_OK; i++) {
        const struct yml *section = find(root, keys[i]);
        if (section && !is_nothing(section))
            sections[i](r, section);
    }
    return r->error->status;
}

enum p2a_status settings_parse(struct settings *s, const char *bytes, size_t size, const char *name,
                               bool budgets_alone, struct p2a_error *error)
{
    struct reader r = {s, error};
    *s = (struct settings){.path = "", .memory = calloc(1, sizeof *s->memory)};
    *error = (struct p2a_error){.status = P2A_OK};
    snprintf(error->path, sizeof error->path, "%s", name);
    if (!s->memory || !(s->memory->path = strdup(name)))
        return no_memory(error);
    s->path = s->memory->path;
    s->memory->root = yml_parse(bytes, size, error);
    if (s->memory->root)
        read_root(&r, s->memory->root, budgets_alone);
    return error->status;
}

static enum p2a_status cant_read(struct p2a_error *error, const char *path)
{
    *error = (struct p2a_error){.status = P2A_INPUT};
    snprintf(error->path, sizeof error->path, "%s", path);
    snprintf(error->message, sizeof error->message, "can't be read: %s", strerror(errno));
    return P2A_INPUT;
}

enum p2a_status settings_load(struct settings *s, const char *path, bool budgets_alone,
                              struct p2a_error *error)
{
    enum { MOST = (1 << 20) + 1 }; /* one more than is taken: what is larger is refused, not cut */
    *s = (struct settings){.path = ""};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return cant_read(error, path);
    char *bytes = malloc(MOST);
    size_t n = 0;
    ssize_t got = bytes ? 1 : 0;
    while (bytes && n < MOST && got > 0) {
        got = read(file, bytes + n, MOST - n);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            n += (size_t)got;
    }
    if (got < 0)
        cant_read(error, path);
    close(file);
    enum p2a_status status = !bytes    ? no_memory(error)
                             : got < 0 ? P2A_INPUT
                                       : settings_parse(s, bytes, n, path, budgets_alone, error);
    free(bytes);
    return status;
}

/* ---- finding it ---- */

static bool is_trusted(const struct stat *file)
{
    struct stat here;
    if (file->st_uid == 0 || file->st_uid == geteuid())
        return true;
    return stat(".", &here) == 0 && here.st_uid == file->st_uid;
}

enum p2a_status settings_find(struct settings *s, char **foreign, struct p2a_error *error)
{
    char path[PATH_MAX + sizeof file_name + 1];
    struct stat info;
    *s = (struct settings){.path = ""};
    *foreign = NULL;
    if (!getcwd(path, PATH_MAX))
        return P2A_OK;
    for (size_t n = strlen(path);;) {
        while (n && path[n - 1] == '/')
            n--;
        snprintf(path + n, sizeof path - n, "/%s", file_name);
        bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
        if (there && is_trusted(&info))
            return settings_load(s, path, false, error);
        if (there && !*foreign)
            *foreign = strdup(path);
        if (!n)
            return P2A_OK;
        while (n && path[n - 1] != '/')
            n--;
    }
}
