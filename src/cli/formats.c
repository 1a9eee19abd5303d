/* prof2any formats [NAME…]; a NAME is a format's or a file's */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "suggest.h"
#include "prof2any/format.h"

static void join(char *text, size_t size, const char *const *words, const char *first)
{
    size_t n = (size_t)snprintf(text, size, "%s", first ? first : "");
    for (; words && *words && n < size; words++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", *words);
}

static int title_width(void)
{
    size_t widest = 0;
    for (size_t i = 0; i < p2a_format_count(); i++) {
        size_t n = strlen(p2a_format_at(i)->title);
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

static void print_row(bool markdown, const char *name, const char *reads, const char *writes,
                      const char *title, const char *patterns)
{
    if (markdown)
        printf("| %s | %s | %s | %s | %s |\n", name, reads, writes, title, patterns);
    else
        printf("%-12s %-6s %-7s %-*s%s%s\n", name, reads, writes, *patterns ? title_width() : 0,
               title, *patterns ? " " : "", patterns);
}

static void list_formats(bool markdown)
{
    print_row(markdown, "format", "reads", "writes", "what it is", "file names");
    if (markdown)
        print_row(markdown, "---", "---", "---", "---", "---");
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        char patterns[256], quoted[258];
        join(patterns, sizeof patterns, format->patterns, NULL);
        snprintf(quoted, sizeof quoted, markdown && patterns[0] ? "`%s`" : "%s", patterns);
        print_row(markdown, format->name, format->read ? "yes" : "", format->write ? "yes" : "",
                  format->title, quoted);
    }
}

static void print_facts(const char *title, unsigned facts)
{
    static const char *const names[] = {
        "call paths", "call graph",      "call counts", "costs per line", "addresses",
        "threads",    "several metrics", "comparisons", "modules",        "files and lines"};
    printf("%s", title);
    for (unsigned i = 0, n = 0; i < sizeof names / sizeof *names; i++)
        if (facts & 1u << i)
            printf("%s%s", n++ ? ", " : "", names[i]);
    putchar('\n');
}

/* "  key=a|b|c   what it does (default: a)"; behind many words the help has its own line. */
static void print_option(const struct p2a_option *option)
{
    enum { WIDTH = 34 };
    char text[256];
    bool flag = option->kind == P2A_FLAG;
    const char *values = option->choices ? option->choices : "VALUE";
    size_t n = (size_t)snprintf(text, sizeof text, "%s%s%s", option->name, flag ? "" : "=",
                                flag ? "" : values);
    for (size_t i = 0; i < n && i < sizeof text; i++)
        if (text[i] == ' ')
            text[i] = '|';
    if (n > WIDTH)
        printf("  %s\n  %-*s ", text, WIDTH, "");
    else
        printf("  %-*s ", WIDTH, text);
    const char *fallback = option->fallback;
    printf("%s%s%s%s\n", option->help, *fallback ? " (default: " : "", fallback,
           *fallback ? ")" : "");
}

static void print_format(const struct p2a_format *format)
{
    char text[256];
    printf("%s: %s\n", format->name, format->title);
    join(text, sizeof text, format->aliases, NULL);
    if (text[0])
        printf("also called: %s\n", text);
    join(text, sizeof text, format->patterns, NULL);
    if (text[0])
        printf("file names:  %s\n", text);
    if (format->read)
        print_facts("reads:       ", format->gives);
    if (format->write)
        print_facts("writes:      ", format->keeps);
    for (const struct p2a_option *o = format->options; o && o->name; o++) {
        if (o == format->options)
            puts("options (-O KEY=VALUE):");
        print_option(o);
    }
}

static enum p2a_status no_format(const char *name)
{
    char text[64];
    suggest_format(name, true, true, text, sizeof text);
    return complain("no format '%s'%s", name, text[0] ? text : ", see prof2any formats");
}

enum p2a_status command_formats(const struct options *options)
{
    if (!options->input.n)
        list_formats(options->markdown);
    for (int i = 0; i < options->input.n; i++) {
        const struct p2a_format *format = p2a_format_named(options->input.at[i]);
        if (!format)
            format = p2a_format_for_path(options->input.at[i]);
        if (!format)
            return no_format(options->input.at[i]);
        print_format(format);
    }
    return P2A_OK;
}
