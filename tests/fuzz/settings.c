/* The target of .prof2any.yml: refused in a sentence with a place, or taken. What is taken goes
 * through every command's options, and then a small profile is selected, judged and drawn as it
 * says. */
#include <getopt.h>
#include <stdarg.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "fuzz.h"

enum p2a_status __wrap_complain(const char *message, ...) P2A_PRINTF(1, 2);

enum p2a_status __wrap_complain(const char *message, ...)
{
    if (!message[0])
        broken("not a sentence", message);
    return P2A_USAGE;
}

static const char program[] = "main (app.py:1);parse (json/app.py:7);<built-in method len> 7\n"
                              "main (app.py:1);draw (app.py:30);draw (app.py:30) 40\n"
                              "main (app.py:1) 3\n";

static struct p2a_profile *small_profile(void)
{
    struct p2a_load_options options = {.format = "folded"};
    struct p2a_profile *p;
    struct p2a_error error;
    if (p2a_load_memory(program, sizeof program - 1, "", &options, &p, &error) != P2A_OK)
        broken("the program", error.message);
    return p;
}

static void expect_usage(const struct p2a_error *error)
{
    if (error->status != P2A_USAGE && error->status != P2A_INPUT)
        broken("neither usage nor input", error->message);
    expect_sentence(error);
}

static void judge(struct p2a_profile *p, const struct settings *s)
{
    struct p2a_verdicts verdicts;
    struct p2a_error error;
    if (!s->limit_n)
        return;
    if (p2a_judge(p, p, s->limits, s->limit_n, false, &verdicts, &error) != P2A_OK)
        expect_usage(&error);
    else
        p2a_verdicts_free(&verdicts);
}

static void draw(struct p2a_profile *p, const struct options *o)
{
    struct p2a_save_options how = o->save;
    struct p2a_error error;
    void *bytes;
    size_t size;
    how.colors = o->settings_file->colors;
    how.color_n = o->settings_file->color_n;
    if (!how.format || how.color_n)
        how.format = "flamegraph";
    if (p2a_save_memory(p, &how, &bytes, &size, &error) != P2A_OK)
        expect_usage(&error);
    free(bytes);
}

static void apply(const struct options *o, const struct settings *s)
{
    struct p2a_error error;
    struct p2a_profile *p = small_profile();
    judge(p, s);
    if (p2a_select(p, &o->select, &error) != P2A_OK)
        expect_usage(&error);
    draw(p, o);
    if (p2a_check(p, &error) != P2A_OK)
        broken("after all of it", error.message);
    p2a_free(p);
}

static void take(const struct settings *s)
{
    static char name[] = "prof2any";
    char *argv[] = {name, NULL};
    struct command_row row;
    for (size_t i = 0; commands_row(i, &row); i++) {
        struct options options;
        optind = 0; /* as in a new process */
        if (options_parse(&options, row.command, row.wraps, 1, argv) != P2A_OK)
            broken("no options", "can't be refused");
        if (options_finish(&options, row.command, s) == P2A_OK && row.command == CONVERT)
            apply(&options, s);
        options_free(&options);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    for (int budgets_alone = 0; budgets_alone < 2; budgets_alone++) {
        struct settings s;
        struct p2a_error error = {.status = P2A_OK};
        if (settings_parse(&s, (const char *)bytes, size, "x.yml", budgets_alone, &error) != P2A_OK)
            expect_refusal(&error, size);
        else if (!budgets_alone)
            take(&s);
        settings_free(&s);
    }
    return 0;
}
