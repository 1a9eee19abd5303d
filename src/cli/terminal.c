#include "terminal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "prof2any/format.h"

static bool has_option(const struct p2a_format *format, const char *name)
{
    for (const struct p2a_option *o = format->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return true;
    return false;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

/* The locale's character set, by the names of the variables alone. */
static bool is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static bool has_colors(void)
{
    const char *name = getenv("TERM");
    return name && strcmp(name, "dumb") != 0 && !is_set("NO_COLOR");
}

/* What the user says counts more, as for Python's shutil.get_terminal_size. 0: not known. */
static unsigned columns(void)
{
    const char *said = getenv("COLUMNS");
    struct winsize size;
    uint64_t number;
    if (said && p2a_str_u64(p2a_str_of(said), &number) && number && number <= USHRT_MAX)
        return (unsigned)number;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool terminal_ask(struct terminal *terminal, const struct p2a_format *format,
                  const char *const *given)
{
    size_t n = 0;
    while (given && given[n])
        n++;
    const char **at = terminal->settings = malloc((n + 4) * sizeof *at);
    if (!at)
        return false;
    if (isatty(STDOUT_FILENO) && has_option(format, "width") && has_option(format, "color")) {
        unsigned width = columns();
        snprintf(terminal->width, sizeof terminal->width, "width=%u", width ? width : 80);
        *at++ = terminal->width;
        if (has_colors())
            *at++ = "color=always";
        if (!is_utf8())
            *at++ = "ascii=yes";
    }
    for (size_t i = 0; i < n; i++)
        *at++ = given[i];
    *at = NULL;
    return true;
}

void terminal_free(struct terminal *terminal)
{
    free(terminal->settings);
}
