#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum p2a_status complain(const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    fputs("prof2any: ", stderr);
    vfprintf(stderr, message, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return P2A_USAGE;
}

enum p2a_status complain_system(const char *message)
{
    complain("%s", message);
    return P2A_SYSTEM;
}

enum p2a_status complain_error(const struct p2a_error *error)
{
    char text[1200];
    if (error->status != P2A_CLOSED)
        complain("%s", p2a_error_text(error, text, sizeof text));
    return error->status;
}

static const struct command {
    const char *name, *usage, *help;
    enum p2a_status (*run)(const struct options *options);
} commands[] = {
    {NULL, "[INPUT ...] [-f FORMAT] [-o OUTPUT]", "convert; several inputs are added up",
     command_convert},
    {"formats", "[NAME]", "what it reads and writes; a format's options", command_formats},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

void print_help(void)
{
    puts("prof2any turns profiles into pictures and into each other.\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  prof2any %s%s%-*s %s\n", commands[i].name ? commands[i].name : "",
               commands[i].name ? " " : "",
               commands[i].name ? 35 - (int)strlen(commands[i].name) : 36, commands[i].usage,
               commands[i].help);
    puts("\n  prof2any out.prof -f callgrind -o callgrind.out.app\n"
         "  prof2any -f folded < out.prof");
    options_help();
    puts("\nINPUT is a file, - or nothing for standard input; gzip is unpacked.\n"
         "Exit status: 0 done, 2 usage, 3 bad input, 4 the system.");
}

static const struct command *find_command(int argc, char **argv)
{
    for (int i = 1; argc > 1 && i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return &commands[i];
    return &commands[0];
}

static enum p2a_status run(int argc, char **argv)
{
    const struct command *command = find_command(argc, argv);
    int skip = command != commands;
    struct options options;
    enum p2a_status status = options_parse(&options, argc - skip, argv + skip);
    if (status == P2A_OK && options.help)
        print_help();
    else if (status == P2A_OK && options.version)
        puts("prof2any " P2A_VERSION);
    else if (status == P2A_OK)
        status = command->run(&options);
    options_free(&options);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    enum p2a_status status = run(argc, argv);
    if (status == P2A_OK && fflush(stdout) != 0)
        status = complain_system("standard output: can't be written");
    if (status == P2A_CLOSED) { /* end as any program does whose reader went away */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return (int)status;
}
