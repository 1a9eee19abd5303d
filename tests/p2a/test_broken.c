/* Broken recordings are an error that says where, or a profile whose equations hold. */
#include <math.h>

#include "recording.h"

static struct recording small(void)
{
    struct recording r = new_recording();
    put_segment(&r, P2A_REC_FUNCTIONS);
    put_function(&r, 1, P2A_REC_ROOT, "root", 0);
    put_function(&r, 2, P2A_REC_PYTHON, "main", 1);
    put_segment(&r, P2A_REC_NODES);
    uint64_t root = put_node(&r, 0, 1, 0, 0);
    put_node(&r, put_node(&r, root, 2, 1, 100), 2, 3, 50);
    put_segment(&r, P2A_REC_THREADS);
    put_thread(&r, 77, root);
    put_segment(&r, P2A_REC_FOLDS);
    put_fold(&r, 2, 2, 4, 0, 600, 0);
    return r;
}

enum { FUNCTIONS = P2A_REC_FIRST, NODES = FUNCTIONS + 3, THREADS = NODES + 4, FOLDS = THREADS + 3 };

static struct p2a_rec_segment *segment(const struct recording *r, uint64_t cell)
{
    return (struct p2a_rec_segment *)(void *)r->cell[cell];
}

static struct p2a_rec_node *node(const struct recording *r, uint64_t cell)
{
    return (struct p2a_rec_node *)(void *)r->cell[cell];
}

static void the_whole_one_reads(void **state)
{
    (void)state;
    struct recording r = small();
    assert_int_equal(segment(&r, NODES)->kind, P2A_REC_NODES);
    assert_int_equal(segment(&r, FOLDS)->kind, P2A_REC_FOLDS);
    p2a_free(load(&r));
    free_recording(&r);
}

#define HEADER(field) offsetof(struct p2a_rec_header, field)

static void every_field_of_the_header_is_checked(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
        const char *words;
    } cases[] = {
        {HEADER(order), 0x04030201, "other byte order"},
        {HEADER(order), 1, "no mark of the byte order"},
        {HEADER(version), P2A_REC_VERSION + 1, "version 2 of the format, version 1 was expected"},
        {HEADER(cell), 128, "cells of 128 bytes"},
        {HEADER(state), 0, "state 0"},
        {HEADER(mode), 4, "mode 4"},
        {HEADER(clock), 9, "clock 9"},
        {HEADER(cells), 63, "63 cells"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recording r = small();
        memcpy((char *)r.cell + cases[i].at, &cases[i].value, sizeof cases[i].value);
        refuses(&r, cases[i].at, cases[i].words);
        free_recording(&r);
    }
    static const double units[] = {-1, NAN, INFINITY, 1e300};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct recording r = small();
        r.header->unit = units[i];
        refuses(&r, HEADER(unit), "a tick of");
        free_recording(&r);
    }
}

static void segments_stay_within_the_file(void **state)
{
    (void)state;
    struct recording r = small();
    segment(&r, NODES)->cells = 1000;
    refuses(&r, NODES * P2A_REC_CELL, "a segment of 1000 cells");
    segment(&r, NODES)->cells = 0;
    refuses(&r, NODES * P2A_REC_CELL, "a segment of 0 cells");
    segment(&r, NODES)->kind = 5;
    refuses(&r, NODES * P2A_REC_CELL, "kind 5");
    free_recording(&r);
}

static void functions_stay_within_their_segment(void **state)
{
    (void)state;
    const uint64_t at = (FUNCTIONS + 1) * P2A_REC_CELL;
    static const struct {
        uint32_t size, number, kind;
        uint16_t name;
        const char *words;
    } cases[] = {{4, 1, 1, 1, "a function of 4 bytes"},
                 {48, 1, 1, 1000, "a function of 48 bytes"},
                 {4096, 1, 1, 1, "a function of 4096 bytes"},
                 {40, 2, 1, 1, "function 2 where number 1 was expected"},
                 {40, 1, 5, 1, "kind 5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recording r = small();
        struct p2a_rec_function *f = (struct p2a_rec_function *)(void *)r.cell[FUNCTIONS + 1];
        f->size = cases[i].size;
        f->number = cases[i].number;
        f->kind = cases[i].kind;
        f->name = cases[i].name;
        refuses(&r, at, cases[i].words);
        free_recording(&r);
    }
}

static void links_stay_within_the_tree(void **state)
{
    (void)state;
    struct recording r = small();
    node(&r, NODES + 3)->up = 1u << 30;
    refuses(&r, (NODES + 3) * P2A_REC_CELL, "before the file's beginning");
    node(&r, NODES + 3)->up = 3;
    refuses(&r, (NODES + 3) * P2A_REC_CELL, "parent is no node");
    node(&r, NODES + 3)->up = 0;
    refuses(&r, (NODES + 3) * P2A_REC_CELL, "isn't a thread's root");
    free_recording(&r);
    r = small();
    struct p2a_rec_thread *t = (struct p2a_rec_thread *)(void *)r.cell[THREADS + 1];
    t->root = INT64_MIN;
    refuses(&r, (THREADS + 1) * P2A_REC_CELL, "outside of the nodes");
    t->root = 1;
    refuses(&r, (THREADS + 1) * P2A_REC_CELL, "outside of the nodes");
    t->state = 7;
    refuses(&r, (THREADS + 1) * P2A_REC_CELL, "state 7 of a thread");
    free_recording(&r);
}

static void folds_name_functions_and_metrics_that_there_are(void **state)
{
    (void)state;
    struct recording r = small();
    struct p2a_rec_fold *f = (struct p2a_rec_fold *)(void *)r.cell[FOLDS + 1];
    f->metric = 1;
    refuses(&r, (FOLDS + 1) * P2A_REC_CELL, "a metric that the recording doesn't have");
    f->metric = 0;
    f->caller = 1;
    refuses(&r, (FOLDS + 1) * P2A_REC_CELL, "a marker");
    f->caller = 3;
    refuses(&r, (FOLDS + 1) * P2A_REC_CELL, "not among the functions");
    f->caller = 2;
    f->primitive = 5;
    refuses(&r, (FOLDS + 1) * P2A_REC_CELL, "more primitive calls");
    free_recording(&r);
}

static void every_cut_is_an_error_with_its_place(void **state)
{
    (void)state;
    struct recording r = small();
    for (int running = 0; running < 2; running++) {
        if (running)
            r.header->state = P2A_REC_RUNS;
        for (size_t n = 1; n < r.n * P2A_REC_CELL; n++) {
            struct p2a_profile *p;
            struct p2a_error error;
            enum p2a_status status = load_bytes(r.cell, n, &p, &error);
            bool may_have_grown = running && n % 4096 == 0;
            assert_int_equal(status, may_have_grown ? P2A_OK : P2A_INPUT);
            if (status == P2A_OK)
                p2a_free(p);
            else
                assert_in_range(error.place, 0, n);
        }
    }
    free_recording(&r);
}

static void every_changed_byte_reads_or_is_an_error_with_its_place(void **state)
{
    (void)state;
    struct recording r = small();
    unsigned char *bytes = (unsigned char *)r.cell;
    for (int running = 0; running < 2; running++) {
        r.header->state = running ? P2A_REC_RUNS : P2A_REC_STOPPED;
        for (size_t at = 0; at < r.n * P2A_REC_CELL; at++)
            for (int bit = 0; bit <= 8; bit++) {
                unsigned char change = (unsigned char)(bit == 8 ? 0xff : 1 << bit);
                struct p2a_profile *p;
                struct p2a_error error;
                bytes[at] ^= change;
                enum p2a_status status = load_bytes(bytes, r.n * P2A_REC_CELL, &p, &error);
                bytes[at] ^= change;
                assert_true(status == P2A_OK || status == P2A_INPUT);
                if (status != P2A_OK)
                    assert_in_range(error.place, 0, r.n * P2A_REC_CELL);
                else
                    assert_int_equal(p2a_check(p, &error), P2A_OK);
                p2a_free(p);
            }
    }
    free_recording(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_one_reads),
        cmocka_unit_test(every_field_of_the_header_is_checked),
        cmocka_unit_test(segments_stay_within_the_file),
        cmocka_unit_test(functions_stay_within_their_segment),
        cmocka_unit_test(links_stay_within_the_tree),
        cmocka_unit_test(folds_name_functions_and_metrics_that_there_are),
        cmocka_unit_test(every_cut_is_an_error_with_its_place),
        cmocka_unit_test(every_changed_byte_reads_or_is_an_error_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
