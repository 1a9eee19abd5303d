/* Broken callgrind files: cut anywhere, with any line gone or any byte changed, with numbers that
 * lie, they read or are an error that says where. */
#include "text.h"

static struct p2a_str sample(const char *name)
{
    const char *samples = getenv("SAMPLES");
    char path[1024], *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    snprintf(path, sizeof path, "%s/profiles/callgrind/%s", samples ? samples : ".", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    assert_in_range(n, 100, (1 << 20) - 1);
    return (struct p2a_str){bytes, n};
}

/* A copy of its own, so that a sanitizer finds what is read behind it. What reads can be written.
 */
static bool reads_or_says_why_not(const char *bytes, size_t n)
{
    struct p2a_profile *p;
    struct p2a_error error;
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, bytes, n);
    enum p2a_status status = load_text((struct p2a_str){copy, n}, &p, &error);
    free(copy);
    if (status == P2A_OK) {
        assert_int_equal(p2a_check(p, &error), P2A_OK);
        free(text_of(p));
        p2a_free(p);
        return true;
    }
    assert_int_equal(status, P2A_INPUT);
    assert_true(n == 0 || error.place_kind == P2A_AT_LINE);
    assert_true(error.message[0] != '\0');
    return false;
}

static const char *const samples[] = {"valgrind-everything.callgrind", "valgrind-threads.callgrind",
                                      "yappi-small.callgrind"};

static void a_file_cut_behind_any_line_reads_or_says_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct p2a_str file = sample(samples[i]);
        size_t lines = 0, step = file.n / 150 + 1;
        for (size_t n = 0; n < file.n; n++)
            if (file.at[n] == '\n' && (lines++ < 150 || n % step == 0))
                reads_or_says_why_not(file.at, n + 1);
        free((char *)file.at);
    }
}

static void a_file_cut_in_a_line_reads_or_says_where(void **state)
{
    (void)state;
    struct p2a_str file = sample(samples[0]);
    for (size_t n = 0; n < 4000; n++)
        reads_or_says_why_not(file.at, n);
    free((char *)file.at);
}

static void a_file_with_a_byte_changed_reads_or_says_where(void **state)
{
    (void)state;
    struct p2a_str file = sample(samples[1]);
    char *bytes = malloc(4000);
    static const char other[] = {'\0', '(', '9', '\n', '-', '\xff', '=', ' '};
    assert_non_null(bytes);
    for (size_t i = 0; i < 4000; i++) {
        memcpy(bytes, file.at, 4000);
        bytes[i] = other[i % sizeof other];
        reads_or_says_why_not(bytes, 4000);
    }
    free(bytes);
    free((char *)file.at);
}

static void numbers_of_names_may_be_any(void **state)
{
    (void)state;
    struct p2a_buffer text = {0};
    const char head[] = "events: Ir\n";
    p2a_buffer_add(&text, head, sizeof head - 1);
    for (uint64_t i = 0; i < 20000; i++) {
        char line[80];
        int n = snprintf(line, sizeof line, "fn=(%llu) f%llu\n1 1\n",
                         (unsigned long long)(i * 0x9E3779B97F4A7C15u >> (i % 40)),
                         (unsigned long long)i);
        p2a_buffer_add(&text, line, (size_t)n);
    }
    assert_true(reads_or_says_why_not(text.at, text.n));
    p2a_buffer_free(&text);
}

static struct p2a_str filled(const char *head, char c, size_t count, const char *tail)
{
    struct p2a_str text = {NULL, strlen(head) + count + strlen(tail)};
    char *at = malloc(text.n + 1);
    assert_non_null(at);
    text.at = at;
    memcpy(at, head, strlen(head));
    memset(at + strlen(head), c, count);
    memcpy(at + strlen(head) + count, tail, strlen(tail) + 1);
    return text;
}

static void a_giant_line_is_a_line(void **state)
{
    (void)state;
    static const char *const heads[] = {"events: Ir\nfn=",
                                        "events: Ir\nfn=(",
                                        "events: Ir\n1 ",
                                        "e",
                                        "events: ",
                                        "event: a = ",
                                        "events: Ir\nfn=f\ncfn=g\ncalls="};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct p2a_str text = filled(heads[i], '7', 3000000, "\n1 1\n");
        reads_or_says_why_not(text.at, text.n);
        free((char *)text.at);
    }
}

static void limits_are_said(void **state)
{
    (void)state;
    struct p2a_buffer events = {0}, formulas = {0};
    p2a_buffer_add(&events, "events:", 7);
    for (int i = 0; i < 300; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, " e%d", i);
        p2a_buffer_add(&events, text, (size_t)n);
    }
    p2a_buffer_add(&events, "\n", 1);
    is_bad(events.at, 1, "more than 256 events");
    for (int i = 0; i < 1100; i++)
        p2a_buffer_add(&formulas, "event: a = b\n", 13);
    is_bad(formulas.at, 1025, "more than 1024 \"event:\" lines");
    p2a_buffer_free(&events);
    p2a_buffer_free(&formulas);
}

static void a_long_chain_of_formulas_is_followed(void **state)
{
    (void)state;
    struct p2a_buffer text = {0};
    for (int i = 0; i < 1000; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "event: e%d = e%d + e%d\n", i, i + 1, i + 1);
        p2a_buffer_add(&text, line, (size_t)n);
    }
    p2a_buffer_add(&text, "events: e1000\nfn=f\n1 1\n", 23);
    struct p2a_profile *p = profile_in(text.at);
    assert_int_equal(p->metrics.n, 1001);
    assert_true(p->graph.self[1000] == 2);
    p2a_free(p);
    p2a_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_behind_any_line_reads_or_says_where),
        cmocka_unit_test(a_file_cut_in_a_line_reads_or_says_where),
        cmocka_unit_test(a_file_with_a_byte_changed_reads_or_says_where),
        cmocka_unit_test(numbers_of_names_may_be_any),
        cmocka_unit_test(a_giant_line_is_a_line),
        cmocka_unit_test(limits_are_said),
        cmocka_unit_test(a_long_chain_of_formulas_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
