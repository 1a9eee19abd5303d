/* prof2any --completion bash|zsh|fish: a script for the shell, with every word in it, so that a key
 * press starts no program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "prof2any/format.h"
#include "words.h"

/* ---- words ---- */

struct words {
    char *text;
    size_t n;
};

/* Of an option of a format's. */
struct place {
    size_t format, option;
};

static bool has_word(const struct words *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words->text; at && (at = strstr(at, word)); at += n)
        if ((at == words->text || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static void add_word(struct words *words, const char *word)
{
    if (has_word(words, word))
        return;
    size_t n = strlen(word) + (words->n > 0);
    char *text = realloc(words->text, words->n + n + 1);
    if (!text)
        return;
    snprintf(text + words->n, n + 1, "%s%s", words->n ? " " : "", word);
    words->text = text;
    words->n += n;
}

static void add_formats(struct words *words, bool read, bool write)
{
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        if ((read && format->read) || (write && format->write))
            add_word(words, format->name);
    }
}

/* The options of formats: the one at *AT, the next at the next *AT; NULL behind the last. */
static const struct p2a_option *next_setting(struct place *at)
{
    for (; at->format < p2a_format_count(); at->format++, at->option = 0) {
        const struct p2a_format *format = p2a_format_at(at->format);
        const struct p2a_option *o = format->options ? &format->options[at->option] : NULL;
        if (format->write && o && o->name) {
            at->option++;
            return o;
        }
    }
    return NULL;
}

/* "KEY=", of a flag "KEY"; PAIRS: where the value is one of a few, "KEY=VALUE" for each. */
static void add_keys(struct words *words, bool pairs)
{
    char text[96];
    struct place at = {0};
    for (const struct p2a_option *o; (o = next_setting(&at));) {
        const char *value = pairs && o->kind == P2A_CHOICE ? o->choices : "";
        do {
            size_t n = strcspn(value, " ");
            snprintf(text, sizeof text, "%s%s%.*s", o->name, o->kind == P2A_FLAG ? "" : "=", (int)n,
                     value);
            add_word(words, text);
            value += n + strspn(value + n, " ");
        } while (*value);
    }
}

/* What the option of formats called KEY is one of, in any of them. */
static void add_choices(struct words *words, const char *key)
{
    char text[32];
    struct place at = {0};
    for (const struct p2a_option *o; (o = next_setting(&at));)
        for (const char *value = o->choices; value && *value && strcmp(o->name, key) == 0;
             value += strspn(value, " ")) {
            size_t n = strcspn(value, " ");
            snprintf(text, sizeof text, "%.*s", (int)n, value);
            add_word(words, text);
            value += n;
        }
}

enum value_kind value_kind(const struct option_row *row)
{
    if (!row->value)
        return VALUE_NONE;
    if (row->choices || strcmp(row->value, "FORMAT") == 0 || strcmp(row->value, "KEYS") == 0 ||
        strcmp(row->value, "KIND[=FILE]") == 0)
        return VALUE_WORDS;
    if (strcmp(row->value, "KEY=VALUE") == 0)
        return VALUE_KEY;
    if (strcmp(row->value, "FILE") == 0)
        return VALUE_FILE;
    return strcmp(row->value, "PROGRAM") == 0 ? VALUE_PROGRAM : VALUE_FREE;
}

char *value_words(const struct option_row *row, bool pairs)
{
    struct words words = {0};
    if (row->choices)
        add_word(&words, row->choices);
    else if (strcmp(row->value, "FORMAT") == 0)
        add_formats(&words, row->key == 'i', row->key != 'i');
    else if (strcmp(row->value, "KEY=VALUE") == 0)
        add_keys(&words, pairs);
    else if (strcmp(row->value, "KIND[=FILE]") == 0)
        for (size_t i = 0; report_kinds[i]; i++)
            add_word(&words, report_kinds[i]);
    else
        for (size_t i = 0; sort_key_name(i); i++)
            add_word(&words, sort_key_name(i));
    return words.text;
}

/* The rows that make options of the command. */
static bool is_option(const struct option_row *row, enum command command)
{
    return row->help && row->commands & command;
}

/* ---- bash ---- */

/* What comes behind -O KEY=, which is three words to bash. */
static void bash_choices(void)
{
    struct words seen = {0};
    struct place at = {0};
    for (const struct p2a_option *o; (o = next_setting(&at));) {
        struct words words = {0};
        if (o->kind != P2A_CHOICE || has_word(&seen, o->name))
            continue;
        add_word(&seen, o->name);
        add_choices(&words, o->name);
        printf("        %s=) words='%s' ;;\n", o->name, words.text ? words.text : "");
        free(words.text);
    }
    free(seen.text);
}

static void bash_values(enum command command)
{
    struct option_row row;
    for (size_t i = 0; options_row(i, &row); i++) {
        enum value_kind kind = value_kind(&row);
        if (!is_option(&row, command) || kind == VALUE_NONE || kind == VALUE_FREE)
            continue;
        if (row.key)
            printf("        -%c|--%s) ", row.key, row.name);
        else
            printf("        --%s) ", row.name);
        if (kind == VALUE_WORDS || kind == VALUE_KEY) {
            char *words = value_words(&row, false);
            printf("words='%s' ;;\n", words ? words : "");
            free(words);
            if (kind == VALUE_KEY)
                bash_choices();
        } else {
            puts(kind == VALUE_FILE ? "return ;;" : "kind=-c ;;");
        }
    }
}

/* Options that take any text: what follows isn't an option, whatever it looks like. */
static void bash_free_values(enum command command)
{
    struct option_row row;
    for (size_t i = 0; options_row(i, &row); i++)
        if (is_option(&row, command) && value_kind(&row) == VALUE_FREE) {
            if (row.key)
                printf("        -%c|--%s) return ;;\n", row.key, row.name);
            else
                printf("        --%s) return ;;\n", row.name);
        }
}

static void bash_command(const struct command_row *command)
{
    struct option_row row;
    printf("    %s)\n        case $previous in\n", command->name ? command->name : "*");
    bash_values(command->command);
    bash_free_values(command->command);
    printf("        *) words='");
    for (size_t i = 0; options_row(i, &row); i++) {
        if (!is_option(&row, command->command))
            continue;
        if (row.key)
            printf("-%c ", row.key);
        printf("--%s ", row.name);
    }
    puts("'\n           options=1 ;;\n        esac ;;");
}

static void bash(void)
{
    struct command_row command;
    struct words formats = {0};
    add_formats(&formats, true, true);
    puts("# Completion of prof2any in bash. Made by: prof2any --completion bash\n"
         "_prof2any() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local words= options= kind=-W\n"
         "    if [[ $current == = ]]; then\n"
         "        current=\n"
         "        [[ $previous == -* ]] || previous+==\n"
         "    elif [[ $previous == = ]]; then\n"
         "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
         "        [[ $previous == -* ]] || previous+==\n"
         "    fi\n"
         "    COMPREPLY=()\n"
         "    case ${COMP_WORDS[1]} in");
    for (size_t i = 1; commands_row(i, &command); i++)
        bash_command(&command);
    commands_row(0, &command);
    bash_command(&command);
    puts("    esac");
    printf("    if [[ $options && $current != -* ]]; then\n        words=\n"
           "        ((COMP_CWORD == 1)) && words='");
    for (size_t i = 1; commands_row(i, &command); i++)
        printf("%s ", command.name);
    printf(
        "'\n"
        "        [[ ${COMP_WORDS[1]} == @(formats|config) ]] && ((COMP_CWORD > 1)) && words='%s'\n"
        "    fi\n",
        formats.text ? formats.text : "");
    puts("    if [[ $kind == -c ]]; then\n"
         "        COMPREPLY=($(compgen -c -- \"$current\"))\n"
         "    else\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "    fi\n"
         "    [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace\n"
         "    return 0\n"
         "}\n"
         "complete -o bashdefault -o default -F _prof2any prof2any");
    free(formats.text);
}

/* ---- zsh and fish ---- */

/* TEXT between single quotes, with a backslash before each of SPECIAL. */
static void put_quoted(const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else if (strchr(special, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_value(const struct option_row *row)
{
    enum value_kind kind = value_kind(row);
    if (kind == VALUE_NONE)
        return;
    printf(":%s:", row->value);
    if (kind == VALUE_FILE)
        printf("_files");
    else if (kind == VALUE_PROGRAM)
        printf("_command_names -e");
    else if (kind != VALUE_FREE) {
        char *words = value_words(row, true);
        printf(kind == VALUE_KEY ? "{ compadd -S \"\" -- %s }" : "(%s)", words ? words : "");
        free(words);
    }
}

static void zsh_options(enum command command)
{
    struct option_row row;
    for (size_t i = 0; options_row(i, &row); i++) {
        if (!is_option(&row, command))
            continue;
        const char *repeats = row.repeats ? "*" : "";
        for (int spelling = row.key ? 0 : 1; spelling < 2; spelling++) {
            printf("            '%s", repeats);
            if (spelling == 0)
                printf("-%c%s", row.key, row.value ? "+" : "");
            else
                printf("--%s%s", row.name, row.value ? "=" : "");
            putchar('[');
            put_quoted(row.help, "[]:\\", "'\\''");
            putchar(']');
            zsh_value(&row);
            puts("' \\");
        }
    }
}

static void zsh(void)
{
    struct command_row command;
    puts("#compdef prof2any\n"
         "# Completion of prof2any in zsh. Made by: prof2any --completion zsh\n"
         "_prof2any() {\n"
         "    local -a our_commands # _normal needs the shell's own commands\n"
         "    our_commands=(");
    for (size_t i = 1; commands_row(i, &command); i++) {
        printf("        '%s:", command.name);
        put_quoted(command.help, ":\\", "'\\''");
        puts("'");
    }
    puts("    )\n"
         "    case $words[2] in");
    for (size_t i = 1; commands_row(i, &command); i++) {
        struct words formats = {0};
        printf("    %s)\n"
               "        shift words; ((CURRENT--))\n"
               "        _arguments -s -S \\\n",
               command.name);
        zsh_options(command.command);
        if (command.command == FORMATS || command.command == CONFIG) {
            add_formats(&formats, true, true);
            printf("            '*:format:(%s)' ;;\n", formats.text ? formats.text : "");
            free(formats.text);
        } else {
            puts(command.wraps ? "            '*::: :_normal' ;;"
                               : "            '*:input:_files' ;;");
        }
    }
    puts("    *)\n"
         "        ((CURRENT == 2)) && _describe command our_commands\n"
         "        _arguments -s -S \\");
    zsh_options(CONVERT);
    puts("            '*:input:_files' ;;\n"
         "    esac\n"
         "}\n"
         "if [[ $funcstack[1] == _prof2any ]]; then\n"
         "    _prof2any \"$@\"\n"
         "else\n"
         "    compdef _prof2any prof2any\n"
         "fi");
}

static void fish_option(const struct option_row *row, const struct command_row *command)
{
    if (command->name)
        printf("complete -c prof2any -n '__fish_seen_subcommand_from %s'", command->name);
    else
        printf("complete -c prof2any -n 'not __fish_seen_subcommand_from $prof2any_commands'");
    if (row->key)
        printf(" -s %c", row->key);
    printf(" -l %s", row->name);
    enum value_kind kind = value_kind(row);
    if (kind == VALUE_WORDS || kind == VALUE_KEY) {
        char *words = value_words(row, true);
        printf(" -x -a '%s'", words ? words : "");
        free(words);
    } else if (kind == VALUE_PROGRAM) {
        printf(" -x -a '(__fish_complete_command)'");
    } else if (kind != VALUE_NONE) {
        printf(kind == VALUE_FILE ? " -r -F" : " -x");
    }
    printf(" -d '");
    put_quoted(row->help, "\\", "\\'");
    puts("'");
}

static void fish(void)
{
    struct command_row command;
    struct option_row row;
    struct words formats = {0};
    printf("# Completion of prof2any in fish. Made by: prof2any --completion fish\n"
           "set -g prof2any_commands");
    for (size_t i = 1; commands_row(i, &command); i++)
        printf(" %s", command.name);
    putchar('\n');
    for (size_t i = 1; commands_row(i, &command); i++) {
        printf("complete -c prof2any -n __fish_use_subcommand -a %s -d '", command.name);
        put_quoted(command.help, "\\", "\\'");
        puts("'");
    }
    add_formats(&formats, true, true);
    printf("complete -c prof2any -n '__fish_seen_subcommand_from formats config' -f -a '%s'\n",
           formats.text ? formats.text : "");
    free(formats.text);
    for (size_t i = 0; commands_row(i, &command); i++)
        for (size_t j = 0; options_row(j, &row); j++)
            if (is_option(&row, command.command))
                fish_option(&row, &command);
}

enum p2a_status command_completion(const char *shell)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].print();
            return P2A_OK;
        }
    return complain("--completion %s: expected bash, zsh or fish", shell);
}
