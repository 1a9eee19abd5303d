/* Every sample cut short and with changed bytes, in process:
 *
 *   - it is read, or refused as bad input, with one line that says why and where; one in three is
 *     read as far as it goes
 *   - what is read keeps the equations of p2a_check, and so it does after each writer
 *   - each writer (of broken forms three in turn) writes it, or says in a line why it can't; what
 *     it wrote can be read again
 *   - no case takes more than SECONDS or more than a GiB
 *
 * Small samples get every cut and two changes at every byte; large ones every cut and change in
 * their first bytes and as many more as the work allows. FAULT_WORK=N does N times as much;
 * arguments are files to break instead of the samples. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "prof2any/format.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
/* The sanitizers end with SIGABRT, so that the case is named; a huge allocation fails. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:max_allocation_size_mb=1024:allocator_may_return_null=1:"
           "quarantine_size_mb=32";
}
#endif

enum { SECONDS = 10 };
static const size_t WORK = 2 << 20;    /* bytes of input tried per sample */
static const size_t AGAIN = 256 << 10; /* the most that is read again */

static size_t work, cases, readable, failures, longest; /* longest output */
static char now[512];                                   /* the case, for when it crashes */
static double slowest;
static char slowest_case[512];

static void end_of_case(int signal_number)
{
    static const char crashed[] = "crashed: ", hangs[] = "hangs: ";
    ssize_t n = signal_number == SIGALRM ? write(2, hangs, sizeof hangs - 1)
                                         : write(2, crashed, sizeof crashed - 1);
    n += write(2, now, strlen(now));
    n += write(2, "\n", 1);
    _exit(n < 0 ? 3 : 2);
}

static void fail(const char *what, const char *why)
{
    if (++failures <= 50)
        fprintf(stderr, "%s: %s: %s\n", now, what, why);
}

static bool is_sentence(const char *text)
{
    return text[0] && text[0] != ' ' && !strpbrk(text, "\n\r") && text[strlen(text) - 1] != '.';
}

/* What is said of an input as a whole has no place. */
static bool is_about_all(const char *message)
{
    static const char *const sentences[] = {"not a profile in a known format",
                                            "no input, expected a profile",
                                            "could be ",
                                            "invariant broken at row ",
                                            "corrupt gzip data after ",
                                            "compressed data ends early after ",
                                            "corrupt zstd data after "};
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (strncmp(message, sentences[i], strlen(sentences[i])) == 0)
            return true;
    return false;
}

static void check_refusal(enum p2a_status status, const struct p2a_error *error, size_t size)
{
    if (status != P2A_INPUT || error->status != status)
        fail("refused, but not as bad input", error->message);
    else if (!is_sentence(error->message))
        fail("not one line", error->message);
    else if (error->place_kind == P2A_NOWHERE && !is_about_all(error->message))
        fail("no place", error->message);
    else if (size && error->place_kind == P2A_AT_BYTE && error->place > size)
        fail("a place behind the end", error->message);
    else if (size && error->place_kind == P2A_AT_LINE && error->place > size + 1)
        fail("a line behind the end", error->message);
}

static void read_again(const struct p2a_format *format, const void *bytes, size_t size)
{
    struct p2a_load_options options = {.format = format->name};
    struct p2a_profile *p;
    struct p2a_error error;
    if (!format->read || !size || size > AGAIN)
        return;
    if (p2a_load_memory(bytes, size, "", &options, &p, &error) != P2A_OK)
        fail("wrote what it can't read", error.message);
    else if (p2a_check(p, &error) != P2A_OK)
        fail("broke an equation in what it wrote", error.message);
    p2a_free(p);
}

/* A sample as it is goes through every writer, each of its broken forms through three in turn. */
static void write_some(struct p2a_profile *p, bool all)
{
    size_t n = p2a_format_count();
    for (size_t turn = 0; turn < (all ? n : 3); turn++) {
        const struct p2a_format *format = p2a_format_at((cases * 3 + turn) % n);
        struct p2a_save_options options = {.format = format->name};
        struct p2a_error error;
        void *bytes;
        size_t size;
        if (!format->write)
            continue;
        enum p2a_status status = p2a_save_memory(p, &options, &bytes, &size, &error);
        if (status == P2A_OK)
            read_again(format, bytes, size);
        else if (status == P2A_SYSTEM || !is_sentence(error.message))
            fail(format->name, error.message);
        if (p2a_check(p, &error) != P2A_OK)
            fail(format->name, error.message);
        longest = size > longest ? size : longest;
        free(bytes);
    }
}

/* PLAIN: the place in an error can be held against the size. */
static void try_bytes(const unsigned char *bytes, size_t size, const char *format, bool plain,
                      bool all)
{
    struct p2a_load_options options = {.format = format, .partial = cases % 3 == 2};
    struct p2a_profile *p;
    struct p2a_error error;
    cases++;
    alarm(SECONDS);
    clock_t start = clock();
    enum p2a_status status = p2a_load_memory(bytes, size, "", &options, &p, &error);
    if (status == P2A_OK) {
        readable++;
        if (p2a_check(p, &error) != P2A_OK)
            fail("invariant", error.message);
        write_some(p, all);
        p2a_free(p);
    } else {
        check_refusal(status, &error, plain ? size : 0);
    }
    alarm(0);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > slowest) {
        slowest = seconds;
        memcpy(slowest_case, now, sizeof now);
    }
}

/* A copy that ends where its allocation ends, so that a sanitizer sees a read past it. */
static void cut(const char *path, const unsigned char *bytes, size_t size, const char *format,
                bool plain)
{
    unsigned char *copy = malloc(size + !size);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    snprintf(now, sizeof now, "%s cut to %zu bytes", path, size);
    try_bytes(copy, size, format, plain, false);
    free(copy);
}

static void change(const char *path, unsigned char *bytes, size_t size, size_t at,
                   unsigned char mask, const char *format, bool plain)
{
    snprintf(now, sizeof now, "%s with byte %zu ^ 0x%02x", path, at, mask);
    bytes[at] ^= mask;
    try_bytes(bytes, size, format, plain, false);
    bytes[at] ^= mask;
}

/* FORMAT NULL: detected. Every fourth case is left to detection. */
static void break_bytes(const char *path, unsigned char *bytes, size_t size, const char *format,
                        bool plain)
{
    snprintf(now, sizeof now, "%s as it is", path);
    longest = 0;
    try_bytes(bytes, size, NULL, plain, true);
    size_t affordable = WORK * work / (size + longest / 32 + 256) / 3 + 1;
    size_t always = affordable < 100 ? affordable : 400;
    size_t step = size > always ? (size - always) / affordable + 1 : 1;
    for (size_t i = 0; i < size; i += i < always ? 1 : step) {
        const char *how = i % 4 == 3 ? NULL : format;
        cut(path, bytes, i, how, plain);
        change(path, bytes, size, i, (unsigned char)(1u << i / 2 % 8), how, plain);
        change(path, bytes, size, i, 0xff, how, plain);
    }
}

static unsigned char *contents(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    unsigned char *bytes = malloc(1 << 20);
    *size = bytes ? fread(bytes, 1, 1 << 20, file) : 0;
    fclose(file);
    return bytes;
}

static unsigned char *zipped(const unsigned char *bytes, size_t size, size_t *packed)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)size};
    unsigned char *out = malloc(size + 1024);
    if (!out || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_out = out;
    z.avail_out = (unsigned)size + 1024;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    *packed = z.total_out;
    deflateEnd(&z);
    return out;
}

static void break_file(const char *path, const char *format)
{
    size_t size, packed, before = cases, fine = readable;
    clock_t start = clock();
    unsigned char *bytes = contents(path, &size);
    if (!bytes) {
        snprintf(now, sizeof now, "%s", path);
        fail("can't be read", "");
        return;
    }
    break_bytes(path, bytes, size, format, true);
    if (size < 400) {
        char name[480];
        snprintf(name, sizeof name, "%s.gz", path);
        unsigned char *zip = zipped(bytes, size, &packed);
        break_bytes(name, zip, packed, format, false);
        free(zip);
    }
    free(bytes);
    printf("%6zu cases, %6zu readable, %5.1f s  %s\n", cases - before, readable - fine,
           (double)(clock() - start) / CLOCKS_PER_SEC, path);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void break_folder(const char *samples, const char *name, const char *format)
{
    char path[1024];
    struct dirent **entry = NULL;
    snprintf(path, sizeof path, "%s/profiles/%s", samples, name);
    int n = scandir(path, &entry, NULL, by_name);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/profiles/%s/%s", samples, name, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            break_file(path, format);
        free(entry[i]);
    }
    free(entry);
}

static void watch(void)
{
    signal(SIGALRM, end_of_case);
    signal(SIGABRT, end_of_case);
#ifndef SANITIZED
    const struct rlimit limit = {1u << 30, 1u << 30};
    signal(SIGSEGV, end_of_case);
    signal(SIGFPE, end_of_case);
    signal(SIGBUS, end_of_case);
    setrlimit(RLIMIT_AS, &limit);
#endif
}

int main(int argc, char **argv)
{
    const char *samples = getenv("SAMPLES"), *more = getenv("FAULT_WORK");
    work = more ? strtoul(more, NULL, 10) : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    watch();
    for (int i = 1; i < argc; i++)
        break_file(argv[i], NULL);
    for (size_t i = 0; argc == 1 && samples && i < p2a_format_count(); i++)
        if (p2a_format_at(i)->read)
            break_folder(samples, p2a_format_at(i)->name, p2a_format_at(i)->name);
    if (argc == 1 && samples)
        break_folder(samples, "bad", NULL);
    printf("%zu cases, %zu readable, %zu failures; the slowest takes %.1f s: %s\n", cases, readable,
           failures, slowest, slowest_case);
    if (argc == 1 && cases < 10000) {
        fprintf(stderr, "too few cases: SAMPLES=%s\n", samples ? samples : "");
        return 1;
    }
    return failures != 0;
}
