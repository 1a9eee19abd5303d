#include "prompt.h"

#include <editline/readline.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

enum { HISTORY_LINES = 1000 };

/* The editor calls back without an argument of ours, so what it needs stands here. */
static struct {
    int edits;
    prompt_words *words;
    char *line; /* before the word that is completed */
    char history[4096];
    sigset_t open; /* the signals as they were: SIGINT comes through */
    volatile sig_atomic_t interrupted;
} prompt;

/* The editor has one character to put behind whatever it finds, so the slash is a folder's own. */
char *prompt_files(const char *start, int state)
{
    char *found = rl_filename_completion_function(start, state);
    struct stat info;
    if (!found || stat(found, &info) != 0 || !S_ISDIR(info.st_mode))
        return found;
    size_t n = strlen(found);
    char *folder = realloc(found, n + 2);
    if (!folder)
        return found;
    memcpy(folder + n, "/", 2);
    return folder;
}

/* Behind a folder comes what is in it, behind another word the next; behind several nothing yet.
 * FOUND begins with what they have in common. */
static int behind(char *const *found)
{
    bool one = found && (!found[1] || !found[2]);
    size_t n = one ? strlen(found[0]) : 0;
    return n && found[0][n - 1] != '/' ? ' ' : '\0';
}

static char *next_word(const char *start, int state)
{
    return prompt.words(prompt.line ? prompt.line : "", start, state);
}

static char **complete(const char *start, int from, int to)
{
    (void)to;
    rl_attempted_completion_over = 1;
    free(prompt.line);
    prompt.line = strndup(rl_line_buffer, from > 0 ? (size_t)from : 0);
    char **found = rl_completion_matches(start, next_word);
    rl_completion_append_character = behind(found);
    return found;
}

/* Makes every folder that PATH names before its last part. */
static void make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* $XDG_STATE_HOME/prof2any/browse_history; "" where there is no place for it. */
static void find_history(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = 0;
    if (state && state[0] == '/')
        n = snprintf(prompt.history, sizeof prompt.history, "%s/prof2any/browse_history", state);
    else if (home && home[0] == '/')
        n = snprintf(prompt.history, sizeof prompt.history,
                     "%s/.local/state/prof2any/browse_history", home);
    if (n >= (int)sizeof prompt.history)
        prompt.history[0] = '\0';
}

static void interrupt(int signal_number)
{
    (void)signal_number;
    prompt.interrupted = 1;
}

/* One byte; 0 at the end and after Ctrl-C, which comes through while we wait here and no sooner. */
static int next_byte(char *byte)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        int ready = ppoll(&input, 1, NULL, &prompt.open);
        if (prompt.interrupted || (ready < 0 && errno != EINTR))
            return 0;
        if (ready > 0)
            return read(STDIN_FILENO, byte, 1) == 1;
    }
}

/* One character for the editor, which takes it as a wchar_t; EOF after Ctrl-C too, where the
 * editor's own reading would go on. */
static int next_character(FILE *from)
{
    mbstate_t state = {0};
    char byte;
    (void)from;
    while (next_byte(&byte)) {
        wchar_t wide;
        size_t used = mbrtowc(&wide, &byte, 1, &state);
        if (used == (size_t)-1)
            return '?';
        if (used != (size_t)-2)
            return (int)wide;
    }
    return EOF;
}

/* Else the terminal itself takes what is typed while the prompt appears. */
static int prepare(void)
{
    rl_prep_terminal(1);
    return 0;
}

void prompt_open(prompt_words *words)
{
    prompt.words = words;
    prompt.edits = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!prompt.edits)
        return;
    setlocale(LC_CTYPE, "");
    rl_readline_name = "prof2any";
    rl_catch_signals = 0; /* Ctrl-C ends the session, and prompt_line says so */
    rl_getc_function = next_character;
    rl_pre_input_hook = prepare;
    rl_initialize();
    rl_attempted_completion_function = complete;
    using_history();
    stifle_history(HISTORY_LINES);
    find_history();
    if (prompt.history[0])
        read_history(prompt.history);
}

void prompt_close(void)
{
    free(prompt.line);
    prompt.line = NULL;
    if (!prompt.edits || !prompt.history[0])
        return;
    make_folders(prompt.history);
    write_history(prompt.history);
}

static char *plain_line(const char *text)
{
    char *line = NULL;
    size_t room = 0;
    fputs(text, stdout);
    fflush(stdout);
    ssize_t n = getline(&line, &room, stdin);
    if (n < 0) {
        free(line);
        return NULL;
    }
    if (n && line[n - 1] == '\n')
        line[n - 1] = '\0';
    return line;
}

static char *edited_line(const char *text, int *stopped)
{
    struct sigaction ours = {.sa_handler = interrupt}, old;
    sigset_t interrupts;
    sigemptyset(&ours.sa_mask);
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    fflush(stdout);
    sigprocmask(SIG_BLOCK, &interrupts, &prompt.open);
    sigaction(SIGINT, &ours, &old);
    char *line = readline(text);
    sigaction(SIGINT, &old, NULL);
    sigprocmask(SIG_SETMASK, &prompt.open, NULL);
    if (prompt.interrupted) {
        *stopped = 1;
        puts("");
        free(line);
        return NULL;
    }
    if (line && line[0])
        add_history(line);
    return line;
}

char *prompt_line(const char *text, int *stopped)
{
    *stopped = 0;
    return prompt.edits ? edited_line(text, stopped) : plain_line(text);
}
