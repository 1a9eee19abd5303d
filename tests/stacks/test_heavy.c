/* What is read for a picture, heavy paths alone, is what p2a_lend makes of all that is read: the
 * same contexts in the same order, with the same values, on however many cores; functions have the
 * same as their own. What isn't plain is read as always. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault/starve.h"
#include "model/core.h"
#include "stacks/ways.h"

enum { SMALL = 2 << 20 }; /* still worth a survey */

/* ---- inputs ---- */

static void put_frame(struct text *text, const char *sign, unsigned at)
{
    put(text, any(40) ? "%sapp::Handler<std::string>::run_%u" : "%slib/file%u.py(7):_run", sign,
        at);
}

/* N more frames of a program in which each function calls up to four others. */
static void walk(struct text *text, unsigned n, unsigned at)
{
    for (; n > 0; n--) {
        at = (at * 7 + any(4)) % 2000;
        put_frame(text, ";", at);
    }
}

static void end_line(struct text *text)
{
    put(text, any(30) ? " %u\n" : " %u\r\n", any(9));
}

/* Many that are different, of which some end where others go on. */
static struct text make_walks(size_t size)
{
    struct text text = start_large(size);
    while (text.n < size) {
        put(&text, "main");
        walk(&text, any(8) ? 10 + any(40) : any(12), 0);
        end_line(&text);
        if (!any(5000))
            put(&text, any(2) ? "\n" : "# no count\n");
    }
    put(&text, "main;last 3");
    return text;
}

/* All begin with the same forty frames, and some are these alone. */
static struct text make_deep(size_t size)
{
    struct text text = start_large(size);
    while (text.n < size) {
        put(&text, "start");
        for (unsigned i = 0; i < 40; i++)
            put_frame(&text, any(3000) ? ";" : ";;", i);
        walk(&text, any(6), 3);
        end_line(&text);
    }
    return text;
}

/* Few that come again and again, from roots of their own. */
static struct text make_repeated(size_t size)
{
    struct text text = start_large(size);
    while (text.n < size) {
        unsigned root = any(7);
        put_frame(&text, "", root);
        for (unsigned i = 0; i < 12 + root; i++)
            put_frame(&text, ";", i * root);
        put(&text, ";leaf%u", any(3));
        end_line(&text);
    }
    return text;
}

/* Nothing is in the first piece, whether a core has it alone or not. */
static struct text make_late(size_t size)
{
    const size_t blank = (1 << 20) + 1;
    struct text text = start_large(size + blank);
    memset(text.at, '\n', blank);
    text.n = blank;
    while (text.n < size + blank) {
        put(&text, "main");
        walk(&text, 30 + any(20), 0);
        end_line(&text);
    }
    return text;
}

/* One is half of all, and no other goes with it. */
static struct text make_giant(size_t size)
{
    struct text text = start_large(size);
    put(&text, "giant");
    while (text.n < size / 2)
        put_frame(&text, ";", any(50));
    put(&text, " 1000000\n");
    while (text.n < size) {
        put_frame(&text, "", any(3));
        walk(&text, 20, 1);
        end_line(&text);
    }
    return text;
}

static struct text (*const makers[])(size_t size) = {make_walks, make_deep, make_repeated,
                                                     make_giant, make_late};
enum { INPUTS = sizeof makers / sizeof *makers };

/* ---- the same ---- */

static enum p2a_status load(struct text text, double least, struct p2a_profile **p)
{
    const struct p2a_load_options options = {
        .format = "folded", .lazy = true, .least = least, .partial = true};
    return p2a_load_memory(text.at, text.n, "test", &options, p, NULL);
}

static struct p2a_profile *load_by(enum way way, struct text text, double least)
{
    struct p2a_profile *p;
    cpu_set_t all;
    go(way, &all);
    assert_int_equal(load(text, least, &p), P2A_OK);
    come_back(&all);
    return p;
}

/* The function of Q that is F of P. */
static p2a_id other_function(const struct p2a_profile *p, p2a_id f, struct p2a_profile *q)
{
    struct p2a_function function = p->functions.row[f];
    function.name = p2a_intern(q, p2a_string(p, function.name));
    function.file = p2a_intern(q, p2a_string(p, function.file));
    function.module = p2a_intern(q, p2a_string(p, function.module));
    return p2a_function_find(q, &function);
}

static void same_contexts(const struct p2a_profile *p, const struct p2a_contexts *wanted,
                          struct p2a_profile *q)
{
    assert_int_equal(p->contexts.n, wanted->n);
    for (uint32_t i = 0; i < wanted->n; i++) {
        const struct p2a_context *c = &p->contexts.row[i], *d = &wanted->row[i];
        assert_true(c->parent == d->parent && c->thread == d->thread);
        assert_int_equal(other_function(p, c->function, q), d->function);
        assert_true(p->contexts.self[i] == wanted->self[i]);
    }
}

static void same_own(const struct p2a_profile *p, struct p2a_profile *q)
{
    double *a = calloc((size_t)p->functions.n + 1, sizeof *a);
    double *b = calloc((size_t)q->functions.n + 1, sizeof *b);
    assert_non_null(a);
    assert_non_null(b);
    p2a_self_by_function(p, a);
    p2a_self_by_function(q, b);
    for (p2a_id f = 0; f < p->functions.n; f++) {
        p2a_id other = other_function(p, f, q);
        assert_true(a[f] == b[other]);
        b[other] = 0;
    }
    for (p2a_id f = 0; f < q->functions.n; f++)
        assert_true(b[f] == 0);
    free(a);
    free(b);
}

/* Whether heavy paths alone were read. */
static bool is_bare(const struct p2a_profile *p)
{
    return p->core->own;
}

static void same_as_lent(struct p2a_profile *p, struct p2a_profile *q, double least)
{
    struct p2a_profile lent;
    assert_true(is_bare(p));
    assert_false(is_bare(q));
    assert_true(p2a_stacks_of(q)->n);
    assert_true(p2a_lend(q, p2a_stacks_of(q), least * p2a_whole(q, 0), &lent));
    same_contexts(p, &lent.contexts, q);
    same_own(p, q);
    assert_true(p2a_whole(p, 0) == p2a_whole(q, 0));
    assert_int_equal(p2a_check(p, NULL), P2A_OK);
    p2a_let_go(&lent);
}

/* ---- tests ---- */

static void heavy_paths_are_those_of_all(void **unused)
{
    static const double least[] = {1e-9, 0.0001, 0.003, 0.05, 0.4, 1};
    (void)unused;
    for (size_t i = 0; i < INPUTS; i++) {
        struct text text = makers[i](SIZE);
        struct p2a_profile *all = load_by(TOGETHER, text, 0);
        for (size_t k = 0; k < sizeof least / sizeof *least; k++) {
            struct p2a_profile *p = load_by(TOGETHER, text, least[k]);
            same_as_lent(p, all, least[k]);
            p2a_free(p);
        }
        p2a_free(all);
        free(text.at);
    }
}

static void so_they_are_on_one_core(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < INPUTS; i++) {
        struct text text = makers[i](SIZE);
        struct p2a_profile *all = load_by(TOGETHER, text, 0);
        for (enum way way = ONE_CORE; way <= NO_THREADS; way++) {
            struct p2a_profile *p = load_by(way, text, 0.001);
            same_as_lent(p, all, 0.001);
            p2a_free(p);
        }
        p2a_free(all);
        free(text.at);
    }
}

static void read_as_always(struct text text)
{
    struct p2a_profile *p = load_by(TOGETHER, text, 0.01), *q = load_by(TOGETHER, text, 0);
    assert_false(is_bare(p));
    assert_int_equal(p2a_unfold(p, NULL), P2A_OK);
    assert_int_equal(p2a_unfold(q, NULL), P2A_OK);
    same_contexts(p, &q->contexts, q);
    assert_int_equal(p2a_note_count(p), p2a_note_count(q));
    p2a_free(p);
    p2a_free(q);
    free(text.at);
}

/* A line in the middle that has a thread, a fraction, no count, another spelling of a function. */
static void what_is_not_plain_is_read_as_always(void **unused)
{
    static const char *const odd[] = {"\nthread (0x7): x;main;f 1\n",
                                      "\nprocess 12:\"a;b\";main 1\n",
                                      "\n[main tid=3];main 1\n",
                                      "\nmain;f 1.5\n",
                                      "\nmain;f\n",
                                      "\nmain;f -1\n",
                                      "\nmain;f 9007199254740992\n",
                                      "\nleaf1 - (unknown) 1\n"};
    (void)unused;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct text text = make_repeated(SMALL);
        char *at = memchr(text.at + text.n / 2, '\n', text.n / 4);
        assert_non_null(at);
        char *end = memchr(at + strlen(odd[i]), '\n', text.n / 4);
        assert_non_null(end);
        memset(at, '\n', (size_t)(end - at));
        memcpy(at, odd[i], strlen(odd[i]));
        read_as_always(text);
    }
}

/* What colours files of Python have hangs on whether one of them, anywhere, has its directory. */
static void a_directory_is_looked_for(void **unused)
{
    (void)unused;
    struct text text = make_repeated(SMALL);
    for (char *at = text.at; (at = memmem(at, text.n - (size_t)(at - text.at), "lib/", 4)); at++)
        at[3] = '_';
    read_as_always(text);
}

static void failing_memory_is_an_error(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < INPUTS; i++) {
        struct text text = makers[i](SMALL);
        struct p2a_profile *whole, *p;
        starve(SIZE_MAX - 1, false);
        assert_int_equal(load(text, 0.001, &whole), P2A_OK);
        size_t all = SIZE_MAX - 1 - left;
        feed();
        for (size_t n = 0; n < all; n += 1 + n / 40) {
            starve(n, false);
            enum p2a_status status = load(text, 0.001, &p);
            if (!feed())
                assert_int_equal(status, P2A_OK);
            assert_true(status == P2A_OK || status == P2A_SYSTEM);
            if (status == P2A_OK)
                same_contexts(p, &whole->contexts, whole);
            p2a_free(p);
        }
        p2a_free(whole);
        free(text.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heavy_paths_are_those_of_all), cmocka_unit_test(so_they_are_on_one_core),
        cmocka_unit_test(what_is_not_plain_is_read_as_always),
        cmocka_unit_test(a_directory_is_looked_for), cmocka_unit_test(failing_memory_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
