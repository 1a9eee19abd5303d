/* Each allocation fails in turn, alone and with all after it, while small profiles are read, added,
 * compared, selected, judged and written: for every format that can be read, by its smallest
 * sample, and for every one that can be written. Built with EVERY_MALLOC, those of the C library,
 * zlib, PCRE2 and cgraph fail in turn, too.
 *
 *   - what could not be done says "out of memory" (P2A_SYSTEM), and what was done is done right:
 * the bytes are those that are written with all the memory there is
 *   - a profile that could not be changed or written keeps its equations, and can be written later
 *   - a file that could not be written isn't there, and nothing lies beside its place
 *   - nothing leaks (the sanitizer build looks) */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prof2any/format.h"
#include "starve.h"

static size_t steps, failures;
static char now[2048];

static void fail(const char *what, const char *why)
{
    if (++failures <= 200)
        fprintf(stderr, "%s: %s%s%s\n", now, what, *why ? ": " : "", why);
}

struct bytes {
    void *at;
    size_t n;
};

/* P2A_OK with nothing refused, or a step that still succeeded; else only for want of memory. */
static bool went_well(enum p2a_status status, const struct p2a_error *error)
{
    if (status == P2A_OK)
        return true;
    if (!refused)
        fail("failed with enough memory", error->message);
    else if (status != P2A_SYSTEM || !strstr(error->message, "memory"))
        fail("failed for another reason than memory", error->message);
    return false;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.n == b.n && (!a.n || memcmp(a.at, b.at, a.n) == 0);
}

static struct p2a_profile *load(struct bytes input)
{
    static const struct p2a_load_options lazy = {.lazy = true};
    struct p2a_profile *p;
    struct p2a_error error;
    return went_well(p2a_load_memory(input.at, input.n, "", &lazy, &p, &error), &error) ? p : NULL;
}

static bool save(struct p2a_profile *p, const char *format, struct bytes *output)
{
    struct p2a_save_options options = {.format = format};
    struct p2a_error error;
    return went_well(p2a_save_memory(p, &options, &output->at, &output->n, &error), &error);
}

/* What a starved step must leave behind: a profile that is written as ever. */
static void check_whole(struct p2a_profile *p, const char *format, struct bytes expected)
{
    struct p2a_error error;
    struct bytes output = {0};
    feed();
    if (p2a_check(p, &error) != P2A_OK)
        fail("an equation is broken", error.message);
    if (save(p, format, &output) && !same_bytes(output, expected))
        fail("what is written later is different", "");
    free(output.at);
}

/* ---- reading and writing ---- */

static void read_and_write(struct bytes input, const char *format, struct bytes expected)
{
    struct bytes output = {0};
    struct p2a_profile *p = load(input);
    if (p && save(p, format, &output) && !same_bytes(output, expected))
        fail("an allocation was missed and the output is different", "");
    free(output.at);
    if (p)
        check_whole(p, format, expected);
    p2a_free(p);
}

/* ---- to a file ---- */

static char folder[] = "/tmp/prof2any-memory-XXXXXX";

static size_t files_in_folder(void)
{
    size_t n = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    if (directory)
        closedir(directory);
    return n;
}

static void write_file(struct bytes input, const char *format, struct bytes expected)
{
    char path[256];
    struct p2a_error error;
    struct p2a_save_options options = {.format = format};
    snprintf(path, sizeof path, "%s/out.gz", folder);
    struct p2a_profile *p = load(input);
    bool there = p && went_well(p2a_save(p, path, &options, &error), &error);
    feed();
    if (files_in_folder() != there)
        fail(there ? "the file isn't there" : "something was left in the folder", "");
    unlink(path);
    p2a_free(p);
    (void)expected;
}

/* ---- changing ---- */

static void add_twice(struct bytes input, const char *format, struct bytes expected)
{
    size_t after = left;
    feed();
    struct p2a_profile *into = load(input), *from = load(input);
    struct p2a_error error;
    starve(after, all_after);
    went_well(p2a_add(into, from, &error), &error);
    check_whole(from, format, expected);
    if (p2a_check(into, &error) != P2A_OK)
        fail("an equation is broken", error.message);
    p2a_free(into);
    p2a_free(from);
}

/* A profile read and selected with all the memory there is: what it is written as. */
static struct bytes selected_well(struct bytes input, const struct p2a_selection *selection,
                                  const char *format)
{
    struct bytes output = {0};
    struct p2a_error error;
    feed();
    struct p2a_profile *p = load(input);
    if (went_well(p2a_select(p, selection, &error), &error))
        save(p, format, &output);
    p2a_free(p);
    return output;
}

static void select_some(struct bytes input, const char *format, struct bytes expected)
{
    static const struct p2a_selection selections[] = {
        {.hide = "a"}, {.focus = "a"}, {.root = "a"}, {.depth = 2}, {.group_by = P2A_BY_FILE}};
    size_t after = left;
    bool all = all_after;
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        struct bytes selected = selected_well(input, &selections[i], format);
        struct p2a_profile *p = load(input);
        struct p2a_error error;
        starve(after, all);
        bool done = went_well(p2a_select(p, &selections[i], &error), &error);
        check_whole(p, format, done ? selected : expected);
        p2a_free(p);
        free(selected.at);
    }
}

static void compare(struct bytes input, const char *format, struct bytes expected)
{
    size_t after = left;
    feed();
    struct p2a_profile *before = load(input), *now_ = load(input), *made = NULL;
    if (before->facts & P2A_BEFORE) { /* of a comparison there is none */
        p2a_free(before);
        p2a_free(now_);
        return;
    }
    struct p2a_error error;
    struct p2a_comparison sides = {
        .before = &before, .after = &now_, .before_n = 1, .after_n = 1, .normalize = true};
    starve(after, all_after);
    if (went_well(p2a_diff(&sides, &made, &error), &error)) {
        struct p2a_save_options options = {.format = format};
        struct bytes output = {0};
        went_well(p2a_save_memory(made, &options, &output.at, &output.n, &error), &error);
        free(output.at);
        feed();
        if (p2a_check(made, &error) != P2A_OK)
            fail("an equation is broken", error.message);
    } else if (made) {
        fail("a comparison in spite of an error", "");
    }
    check_whole(before, format, expected);
    p2a_free(made);
    p2a_free(before);
    p2a_free(now_);
}

static void judge(struct bytes input, const char *format, struct bytes expected)
{
    static const struct p2a_limit limits[] = {{.text = "a <= 1"},
                                              {.text = "total(all:.) < 0.5%"},
                                              {.text = "no a -> ... -> b"},
                                              {.text = "self(module:m) <= baseline + 10%"},
                                              {.text = "functions < 1"}};
    size_t after = left;
    feed();
    struct p2a_profile *p = load(input), *baseline = load(input);
    struct p2a_verdicts verdicts;
    struct p2a_error error;
    starve(after, all_after);
    if (went_well(p2a_judge(p, baseline, limits, sizeof limits / sizeof *limits, false, &verdicts,
                            &error),
                  &error)) {
        char path[256];
        snprintf(path, sizeof path, "%s/report", folder);
        went_well(p2a_verdicts_save(&verdicts, "junit", path, "t", NULL, &error), &error);
        unlink(path);
        p2a_verdicts_free(&verdicts);
    }
    check_whole(p, format, expected);
    p2a_free(p);
    p2a_free(baseline);
}

/* ---- one after the other ---- */

typedef void job(struct bytes input, const char *format, struct bytes expected);

static void fail_each_in_turn(const char *name, job *work, struct bytes input, const char *format,
                              struct bytes expected)
{
    size_t before = failures;
    for (int all = 0; all < 2; all++)
        for (size_t i = 0;; i++) {
            snprintf(now, sizeof now, "%s, allocation %zu%s", name, i,
                     all ? " and all after it" : "");
            size_t refused_before = refused_ever;
            starve(i, all);
            work(input, format, expected);
            steps++;
            feed();
            if (refused_ever == refused_before || failures > before + 3)
                break;
        }
}

static struct bytes contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct bytes bytes = {malloc(1 << 16), 0};
    if (!file || !bytes.at) {
        snprintf(now, sizeof now, "%s", path);
        fail("can't be read", "");
        free(bytes.at);
        return (struct bytes){NULL, 0};
    }
    bytes.n = fread(bytes.at, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

static void try_format(const char *sample, struct bytes input, const char *format)
{
    char name[1024];
    struct bytes expected = {0};
    struct p2a_profile *p = load(input);
    bool saved = p && save(p, format, &expected);
    p2a_free(p);
    if (!saved)
        return;
    snprintf(name, sizeof name, "%s to %s", sample, format);
    fail_each_in_turn(name, read_and_write, input, format, expected);
    free(expected.at);
}

static void change_in_all_ways(const char *sample, struct bytes input)
{
    static const struct {
        const char *what;
        job *work;
    } ways[] = {{"to a file", write_file},
                {"added to itself", add_twice},
                {"compared with itself", compare},
                {"selected", select_some},
                {"judged", judge}};
    struct bytes folded = {0};
    struct p2a_profile *p = load(input);
    char name[1024];
    for (size_t i = 0; p && save(p, "folded", &folded) && i < sizeof ways / sizeof *ways; i++) {
        snprintf(name, sizeof name, "%s %s", sample, ways[i].what);
        fail_each_in_turn(name, ways[i].work, input, "folded", folded);
        free(folded.at);
        folded = (struct bytes){0};
    }
    free(folded.at);
    p2a_free(p);
}

/* cgraph crashes where malloc fails under it; before each call the writer sees that it won't. */
static bool is_exempt(const char *writer)
{
#ifdef EVERY_MALLOC
    return strcmp(writer, "dot") == 0;
#else
    (void)writer;
    return false;
#endif
}

static void try_sample(const char *path, bool in_all_ways)
{
    struct bytes input = contents(path);
    size_t before = steps;
    if (!input.at)
        return;
    for (size_t i = 0; i < p2a_format_count(); i++)
        if (p2a_format_at(i)->write && !is_exempt(p2a_format_at(i)->name))
            try_format(path, input, p2a_format_at(i)->name);
    if (in_all_ways)
        change_in_all_ways(path, input);
    free(input.at);
    printf("%7zu steps  %s\n", steps - before, path);
}

/* The smallest sample of the format that has something in it. */
static bool find_smallest(const char *samples, const char *format, char *path, size_t size)
{
    enum { SOMETHING = 100 };
    char each[1024], in[1024];
    off_t least = 0;
    struct stat info;
    snprintf(in, sizeof in, "%s/profiles/%s", samples, format);
    DIR *directory = opendir(in);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        snprintf(each, sizeof each, "%s/profiles/%s/%s", samples, format, entry->d_name);
        if (stat(each, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < SOMETHING ||
            (least && info.st_size >= least))
            continue;
        least = info.st_size;
        snprintf(path, size, "%s", each);
    }
    if (directory)
        closedir(directory);
    return least;
}

static void try_every_reader(const char *samples)
{
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        char path[1024];
        if (!format->read)
            continue;
        snprintf(now, sizeof now, "%s", format->name);
        if (find_smallest(samples, format->name, path, sizeof path))
            try_sample(path, false);
        else
            fail("no sample to read", "");
    }
}

int main(int argc, char **argv)
{
    static const char *const more[] = {"folded/handmade-two-columns.folded",
                                       "folded/handmade-marks.folded",
                                       "pstats/yappi-dispatch.prof",
                                       "pstats/constructed-v2-py2-interned.prof",
                                       "callgrind/pyprof2calltree-dispatch.callgrind",
                                       "perf/cpp-mangled.perf",
                                       "pprof/handmade-everything.pb",
                                       "json/handmade-everything.json",
                                       "p2a/nested-folded.p2a"};
    const char *samples = getenv("SAMPLES");
    char path[1024];
    feed();
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!samples || !mkdtemp(folder)) {
        fprintf(stderr, "SAMPLES says where the samples are; %s must be writable\n", folder);
        return 1;
    }
    if (argc == 1)
        try_every_reader(samples);
    for (size_t i = 0; argc == 1 && i < sizeof more / sizeof *more; i++) {
        snprintf(path, sizeof path, "%s/profiles/%s", samples, more[i]);
        try_sample(path, true);
    }
    for (int i = 1; i < argc; i++)
        try_sample(argv[i], true);
    rmdir(folder);
    printf("%zu steps, %zu failures\n", steps, failures);
    fflush(stdout);
    return failures || steps < 500;
}
