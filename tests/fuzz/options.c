/* The target of the command line: the first byte chooses the command, the rest are its words, each
 * with a NUL behind it. What is refused is said in one sentence (of complain(), which the linker
 * sends here); what is taken goes on to options_finish and to the checks of words and limits. */
#include <getopt.h>
#include <stdarg.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "fuzz.h"

enum p2a_status __wrap_complain(const char *message, ...) P2A_PRINTF(1, 2);

static int complaints;

enum p2a_status __wrap_complain(const char *message, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);
    if (!text[0] || text[0] == ' ')
        broken("not a sentence", text);
    complaints++;
    return P2A_USAGE;
}

enum { WORDS = 64 };

/* Cuts TEXT, which ends with a NUL, into words behind argv[0]. */
static int cut(char *text, size_t size, char **argv)
{
    static char name[] = "prof2any";
    int argc = 0;
    argv[argc++] = name;
    for (char *at = text; at < text + size && argc < WORDS; at += strlen(at) + 1)
        argv[argc++] = at;
    argv[argc] = NULL;
    return argc;
}

static void look_at(const struct options *options, bool compared)
{
    struct p2a_error error;
    if (options->help)
        return;
    check_words(options, compared);
    for (int i = 0; i < options->must.n; i++)
        if (p2a_limit_check(options->must.at[i], &error) != P2A_OK)
            expect_sentence(&error);
}

static void parse(const struct command_row *row, int argc, char **argv)
{
    const struct settings none = {.path = ""};
    struct options options;
    complaints = 0;
    optind = 0; /* as in a new process */
    enum p2a_status status = options_parse(&options, row->command, row->wraps, argc, argv);
    if (status == P2A_OK)
        status = options_finish(&options, row->command, &none);
    if (status != P2A_OK && (status != P2A_USAGE || complaints != 1))
        broken("refused", "without its one sentence");
    if (status == P2A_OK)
        look_at(&options, row->command == DIFF);
    options_free(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct command_row row;
    char *argv[WORDS + 1];
    if (!size || !commands_row(bytes[0] % 16, &row))
        return -1;
    char *text = malloc(size);
    if (!text)
        return -1;
    memcpy(text, bytes + 1, size - 1);
    text[size - 1] = '\0';
    parse(&row, cut(text, size - 1, argv), argv);
    free(text);
    return 0;
}
