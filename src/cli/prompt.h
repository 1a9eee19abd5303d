/* Where the browser's lines come from: an editor with history on a terminal, else standard input as
 * it is. */
#ifndef P2A_CLI_PROMPT_H
#define P2A_CLI_PROMPT_H

/* Proposes what may stand behind LINE, the text before the word that begins with START: malloc'ed
 * words one by one, state 0 first, NULL when there are no more. */
typedef char *prompt_words(const char *line, const char *start, int state);

/* Reads the history of earlier sessions, where there is a terminal. */
void prompt_open(prompt_words *words);
/* Shows TEXT. The next line without its end, to be freed; NULL at the end of the input, and where
 * the user pressed Ctrl-C: then *STOPPED is set. */
char *prompt_line(const char *text, int *stopped);
/* Keeps the history. */
void prompt_close(void);

/* For prompt_words: the names of files that begin with START, those of folders with a slash. */
char *prompt_files(const char *start, int state);

#endif
