/* prof2any browse [INPUT…]: the statistics browser of python -m pstats, its words and its numbers,
 * for every profile that prof2any reads. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "prompt.h"
#include "python.h"

/* A sort and the reversals behind it hold until the rows change: `add`, `strip` and `read` take
 * both back. */
struct session {
    struct p2a_profile *profile; /* NULL: none is loaded */
    char *path;                  /* what was read last, and the prompt; NULL: nothing */
    struct list sort;            /* keys, of the table below; empty: the file's order */
    bool reverse;
    char *last; /* the line that an empty one repeats */
    const char *format;
    bool quiet;
    enum p2a_status status; /* what ended the session, P2A_OK: the user */
};

static void no_profile(void)
{
    puts("No statistics object is loaded.");
}

/* ---- words ---- */

static char *skip_space(char *text)
{
    while (python_space(*text))
        text++;
    return text;
}

/* Cuts the space from both ends, in place. */
static char *strip(char *text)
{
    text = skip_space(text);
    size_t n = strlen(text);
    while (n && python_space(text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

/* The next word of *REST, cut out in place; NULL behind the last. */
static char *next_word(char **rest)
{
    char *word = skip_space(*rest), *end = word;
    while (*end && !python_space(*end))
        end++;
    if (end == word)
        return NULL;
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* ---- loading ---- */

/* What the system says against reading PATH: an errno, 0 for nothing. */
static int unreadable(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    return access(path, R_OK) == 0 ? 0 : errno;
}

static enum p2a_status load(const struct session *s, const char *path, struct p2a_profile **profile,
                            struct p2a_error *error)
{
    struct p2a_load_options options = {.format = s->format};
    struct progress progress;
    progress_start(&progress, path, &options);
    enum p2a_status status =
        p2a_load(strcmp(path, "-") == 0 ? "./-" : path, &options, profile, error);
    progress_end(&progress);
    for (size_t i = 0; !status && !s->quiet && i < p2a_note_count(*profile); i++)
        remark("%s", p2a_note_at(*profile, i));
    return status;
}

static void forget_sort(struct session *s)
{
    free(s->sort.at);
    s->sort = (struct list){0};
    s->reverse = false;
}

static void read_path(struct session *s, const char *path)
{
    struct p2a_profile *profile;
    struct p2a_error error;
    char text[1200];
    int why = unreadable(path);
    char *kept = why ? NULL : strdup(path);
    if (why)
        puts(strerror(why));
    else if (!kept)
        puts(strerror(ENOMEM));
    else if (load(s, path, &profile, &error) != P2A_OK)
        puts(p2a_error_text(&error, text, sizeof text));
    else {
        p2a_free(s->profile);
        free(s->path);
        s->profile = profile;
        s->path = kept;
        forget_sort(s);
        return;
    }
    free(kept);
}

static bool do_read(struct session *s, char *line)
{
    char *path = *line ? strdup(line) : s->path ? strdup(s->path) : NULL;
    if (path)
        read_path(s, path);
    else
        puts("No statistics object is current -- cannot reload.");
    free(path);
    return false;
}

static bool do_add(struct session *s, char *line)
{
    struct p2a_profile *more = NULL;
    struct p2a_error error = {.status = P2A_OK};
    char text[1200];
    if (!s->profile) {
        no_profile();
        return false;
    }
    int why = unreadable(line);
    if (why) {
        char *repr = python_repr(line);
        printf("Failed to load statistics for %s: [Errno %d] %s: %s\n", line, why, strerror(why),
               repr ? repr : line);
        free(repr);
        return false;
    }
    if (load(s, line, &more, &error) == P2A_OK) {
        snprintf(error.path, sizeof error.path, "%s", line);
        p2a_add(s->profile, more, &error);
    }
    p2a_free(more);
    if (error.status != P2A_OK)
        printf("Failed to load statistics for %s: %s\n", line,
               p2a_error_text(&error, text, sizeof text));
    else
        forget_sort(s);
    return false;
}

/* ---- listing ---- */

/* The words of sort_stats, in its order. */
static const struct key {
    const char *word, *help;
} sort_keys[] = {{"calls", "call count"},        {"ncalls", "call count"},
                 {"cumtime", "cumulative time"}, {"cumulative", "cumulative time"},
                 {"filename", "file name"},      {"line", "line number"},
                 {"module", "file name"},        {"name", "function name"},
                 {"nfl", "name/file/line"},      {"pcalls", "primitive call count"},
                 {"stdname", "standard name"},   {"time", "internal time"},
                 {"tottime", "internal time"}};
enum { SORT_KEYS = sizeof sort_keys / sizeof *sort_keys };

const char *sort_key_name(size_t i)
{
    return i < SORT_KEYS ? sort_keys[i].word : NULL;
}

/* The word that WORD is, or abbreviates alone; NULL where there is none. pstats takes "cu" for
 * "cumtime" though "cumulative" begins so too. */
static const char *sort_key(const char *word)
{
    const char *found = NULL;
    for (const struct key *key = sort_keys; key < sort_keys + SORT_KEYS; key++) {
        if (strncmp(key->word, word, strlen(word)) != 0)
            continue;
        if (found && strcmp(word, "cu") != 0)
            return NULL;
        if (!found)
            found = key->word;
    }
    return found;
}

static enum p2a_status append(struct list *list, const char *word)
{
    const char **at = realloc(list->at, ((size_t)list->n + 2) * sizeof *at);
    if (!at)
        return complain_system("out of memory");
    list->at = at;
    at[list->n++] = word;
    at[list->n] = NULL;
    return P2A_OK;
}

/* Appends what generic arguments are to the report: counts, shares, patterns. A count or share
 * that can't cut anything is left out, as it has no effect there either. */
static enum p2a_status restriction(struct list *list, char *word, char number[PYTHON_FLOAT_ROOM])
{
    long long count;
    double share;
    if (python_int(word, &count)) {
        if (count < 0 || count > UINT32_MAX)
            return P2A_OK;
        snprintf(number, PYTHON_FLOAT_ROOM, "%lld", count);
        return append(list, number);
    }
    if (!python_float(word, &share))
        return append(list, word);
    if (share > 1 || share < 0)
        puts("Fraction argument must be in [0, 1]");
    if (!(share >= 0 && share < 1))
        return P2A_OK;
    return append(list, python_float_repr(number, share));
}

static bool end_with(struct session *s, enum p2a_status status)
{
    s->status = status;
    return true;
}

/* One of the three lists, with the restrictions in LINE. */
static bool list(struct session *s, char *line, struct p2a_report report)
{
    static const char *const unsorted[] = {"none", NULL};
    struct p2a_error error = {.status = P2A_OK};
    struct list restrictions = {0};
    size_t words = strlen(line) / 2 + 1;
    char(*numbers)[PYTHON_FLOAT_ROOM] = calloc(words, sizeof *numbers);
    enum p2a_status status = numbers ? P2A_OK : complain_system("out of memory");
    char *word;
    for (size_t i = 0; !status && (word = next_word(&line)); i++)
        status = restriction(&restrictions, word, numbers[i]);
    if (!status && !s->profile)
        no_profile();
    fflush(stdout);
    if (!status && s->profile) {
        report.sort = s->sort.n ? s->sort.at : unsorted;
        report.reverse = s->reverse;
        report.restrictions = restrictions.at;
        struct p2a_save_options save = {.format = "text", .report = report};
        if (p2a_save(s->profile, "-", &save, &error) != P2A_OK)
            status = complain_error(&error);
    }
    free(restrictions.at);
    free(numbers);
    return status ? end_with(s, status) : false;
}

static bool do_stats(struct session *s, char *line)
{
    return list(s, line, (struct p2a_report){0});
}

static bool do_callers(struct session *s, char *line)
{
    return list(s, line, (struct p2a_report){.callers = true});
}

static bool do_callees(struct session *s, char *line)
{
    return list(s, line, (struct p2a_report){.callees = true});
}

static void print_sort_keys(void)
{
    puts("Valid sort keys (unique prefixes are accepted):");
    for (const struct key *key = sort_keys; key < sort_keys + SORT_KEYS; key++)
        printf("%s -- %s\n", key->word, key->help);
}

static bool do_sort(struct session *s, char *line)
{
    struct list sort = {0};
    bool valid = *line;
    if (!s->profile) {
        no_profile();
        return false;
    }
    for (char *word; (word = next_word(&line));) {
        const char *key = sort_key(word);
        if (!key)
            valid = false;
        else if (append(&sort, key) != P2A_OK) {
            free(sort.at);
            return end_with(s, P2A_SYSTEM);
        }
    }
    if (valid) {
        forget_sort(s);
        s->sort = sort;
        return false;
    }
    free(sort.at);
    print_sort_keys();
    return false;
}

static bool do_reverse(struct session *s, char *line)
{
    (void)line;
    if (!s->profile)
        no_profile();
    else if (s->sort.n)
        s->reverse = !s->reverse;
    return false;
}

static bool do_strip(struct session *s, char *line)
{
    struct p2a_selection selection = {.strip_dirs = true};
    struct p2a_error error;
    (void)line;
    if (!s->profile) {
        no_profile();
        return false;
    }
    if (p2a_select(s->profile, &selection, &error) != P2A_OK)
        return end_with(s, complain_error(&error));
    forget_sort(s);
    return false;
}

/* ---- the commands ---- */

static bool do_EOF(struct session *s, char *line)
{
    (void)s;
    (void)line;
    putchar('\n');
    return true;
}

static bool do_quit(struct session *s, char *line)
{
    (void)s;
    (void)line;
    return true;
}

static bool do_help(struct session *s, char *line);

#define ARGUMENTS                                                                                  \
    "Arguments may be:\n"                                                                          \
    "* An integer maximum number of entries to print.\n"                                           \
    "* A decimal fractional number between 0 and 1, controlling\n"                                 \
    "  what fraction of selected entries to print.\n"                                              \
    "* A regular expression; only entries with function names\n"                                   \
    "  that match it are printed."

/* Each returns whether the session ends. In the order of `help`. */
static const struct browse_command {
    const char *name;
    bool (*run)(struct session *session, char *line);
    const char *help;
} commands[] = {
    {"EOF", do_EOF, "Leave the profile browser."},
    {"add", do_add, "Add profile info from given file to current statistics object."},
    {"callees", do_callees, "Print callees statistics from the current stat object.\n" ARGUMENTS},
    {"callers", do_callers, "Print callers statistics from the current stat object.\n" ARGUMENTS},
    {"help", do_help, "Show help for a given command."},
    {"quit", do_quit, "Leave the profile browser."},
    {"read", do_read,
     "Read in profile data from a specified file.\n"
     "Without argument, reload the current file."},
    {"reverse", do_reverse, "Reverse the sort order of the profiling report."},
    {"sort", do_sort,
     "Sort profile data according to specified keys.\n"
     "(Typing `sort' without arguments lists valid keys.)"},
    {"stats", do_stats, "Print statistics from the current stat object.\n" ARGUMENTS},
    {"strip", do_strip, "Strip leading path information from filenames in the report."},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct browse_command *find_command(const char *name, size_t n)
{
    for (const struct browse_command *c = commands; c < commands + COMMANDS; c++)
        if (strlen(c->name) == n && strncmp(c->name, name, n) == 0)
            return c;
    return NULL;
}

static bool do_help(struct session *s, char *line)
{
    const struct browse_command *command = find_command(line, strlen(line));
    (void)s;
    if (command)
        puts(command->help);
    else if (*line)
        printf("*** No help on %s\n", line);
    else
        puts("\nDocumented commands (type help <topic>):\n"
             "========================================\n"
             "EOF  add  callees  callers  help  quit  read  reverse  sort  stats  strip\n");
    return false;
}

/* ---- the session ---- */

/* Runs LINE, which begins and ends with no space and isn't empty. */
static bool run_line(struct session *s, char *line)
{
    size_t n = 0;
    const struct browse_command *command = NULL;
    bool question = line[0] == '?';
    while (line[n] == '_' || isalnum((unsigned char)line[n]))
        n++;
    if (question)
        command = find_command("help", 4);
    else if (n)
        command = find_command(line, n);
    if (!command)
        printf("*** Unknown syntax: %s\n", line);
    return command && command->run(s, strip(line + (question ? 1 : n)));
}

/* An empty line repeats the last; EOF is not repeated, and what begins with "!" isn't kept. */
static bool answer(struct session *s, const char *given)
{
    char *text = strdup(given), *line = text ? strip(text) : NULL;
    if (!text)
        return end_with(s, complain_system("out of memory"));
    if (!*line && s->last && *s->last) {
        free(text);
        line = text = strdup(s->last);
    } else if (*line && *line != '!') {
        free(s->last);
        s->last = strcmp(line, "EOF") == 0 ? NULL : strdup(line);
    }
    bool stop = line && *line && run_line(s, line);
    free(text);
    return stop;
}

/* What may stand behind LINE: commands, then what the command takes. */
static char *complete(const char *line, const char *start, int state)
{
    static size_t at; /* the editor asks for one word at a time */
    size_t n = strlen(start);
    if (state == 0)
        at = 0;
    while (python_space(*line))
        line++;
    bool key = strncmp(line, "sort ", 5) == 0;
    if (strncmp(line, "add ", 4) == 0 || strncmp(line, "read ", 5) == 0)
        return prompt_files(start, state);
    if (*line && *line != '?' && strncmp(line, "help ", 5) != 0 && !key)
        return NULL;
    for (size_t end = key ? SORT_KEYS : COMMANDS; at < end; at++) {
        const char *word = key ? sort_keys[at].word : commands[at].name;
        if (strncmp(word, start, n) == 0)
            return at++, strdup(word);
    }
    return NULL;
}

/* Until a command ends it; false where Ctrl-C did, which is no farewell. */
static bool converse(struct session *s)
{
    for (bool stop = false; !stop;) {
        int stopped;
        size_t room = (s->path ? strlen(s->path) : 0) + 3;
        char *prompt = malloc(room);
        if (!prompt)
            return end_with(s, complain_system("out of memory"));
        snprintf(prompt, room, "%s%% ", s->path ? s->path : "");
        char *line = prompt_line(prompt, &stopped);
        free(prompt);
        if (stopped)
            return false;
        stop = answer(s, line ? line : "EOF");
        free(line);
        enum p2a_status status = flush_output();
        if (status != P2A_OK)
            return end_with(s, status);
    }
    return true;
}

/* The first is read, the others are added; false without memory. */
static bool open_inputs(struct session *s, const struct list *input)
{
    for (int i = 0; i < input->n; i++) {
        char *path = strdup(input->at[i]);
        if (!path)
            return end_with(s, complain_system("out of memory")), false;
        if (i)
            do_add(s, path);
        else
            do_read(s, path);
        free(path);
    }
    return true;
}

enum p2a_status command_browse(const struct options *options)
{
    struct session s = {.format = options->from, .quiet = options->quiet};
    for (int i = 0; i < options->input.n; i++)
        if (strcmp(options->input.at[i], "-") == 0)
            return complain("browse -: standard input is where the commands come from, expected "
                            "the name of a file");
    if (open_inputs(&s, &options->input)) {
        puts("Welcome to the profile statistics browser.");
        prompt_open(complete);
        if (converse(&s) && s.status == P2A_OK)
            puts("Goodbye.");
        prompt_close();
    }
    p2a_free(s.profile);
    free(s.path);
    free(s.last);
    forget_sort(&s);
    return s.status;
}
