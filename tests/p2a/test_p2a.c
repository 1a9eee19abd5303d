/* Reading recordings: what they hold, while their programs run and after that. */
#include "recording.h"

/* main 1 -> f 2 -> f 3 (recursion), main -> len; a second thread: f.
 *
 *   cell 64 FUNCTIONS 65..67, 68 NODES 69 root 70 main 71 f 72 f 73 len 74 root 75 f, 76 THREADS */
struct cells {
    uint64_t main, f, inner, len, other, threads;
};

static struct recording two_threads(struct cells *c)
{
    struct recording r = new_recording();
    put_segment(&r, P2A_REC_FUNCTIONS);
    put_function(&r, 1, P2A_REC_ROOT, "root", 0);
    put_function(&r, 2, P2A_REC_PYTHON, "main", 1);
    put_function(&r, 3, P2A_REC_PYTHON, "f", 5);
    put_function(&r, 4, P2A_REC_BUILTIN, "<built-in method len>", 0);
    put_segment(&r, P2A_REC_NODES);
    uint64_t root = put_node(&r, 0, 1, 0, 3);
    c->main = put_node(&r, root, 2, 1, 100);
    c->f = put_node(&r, c->main, 3, 10, 200);
    c->inner = put_node(&r, c->f, 3, 20, 300);
    c->len = put_node(&r, c->main, 4, 7, 400);
    uint64_t second = put_node(&r, 0, 1, 0, 0);
    c->other = put_node(&r, second, 3, 5, 50);
    put_segment(&r, P2A_REC_THREADS);
    c->threads = r.n;
    strcpy(put_thread(&r, 77, root)->name, "MainThread");
    put_thread(&r, 78, second);
    return r;
}

static struct p2a_rec_node *node(const struct recording *r, uint64_t cell)
{
    return (struct p2a_rec_node *)(void *)r->cell[cell];
}

static void nodes_become_contexts_below_their_threads(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_profile *p = load(&r);
    assert_int_equal(p2a_note_count(p), 0);
    shows(p, "main (a.py:1) 100\n"
             "main (a.py:1);f (a.py:5) 200\n"
             "main (a.py:1);f (a.py:5);f (a.py:5) 300\n"
             "main (a.py:1);<built-in method len> 400\n"
             "f (a.py:5) 50\n");
    assert_int_equal(p->facts & (P2A_CONTEXTS | P2A_GRAPH | P2A_THREADS | P2A_CALLS | P2A_MANY),
                     P2A_CONTEXTS | P2A_THREADS | P2A_CALLS);
    assert_int_equal(p->threads.n, 2);
    assert_int_equal(p->threads.row[0].pid, 77);
    assert_int_equal(p->threads.row[1].tid, 78);
    assert_true(p2a_str_is(p2a_string(p, p->threads.row[0].name), "MainThread"));
    p2a_free(p);
    free_recording(&r);
}

static void functions_carry_what_is_known_of_them(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_profile *p = load(&r);
    const struct p2a_function *f = &p->functions.row[function_named(p, "f")];
    assert_int_equal(f->kind, P2A_PYTHON);
    assert_int_equal(f->line, 5);
    assert_true(p2a_str_is(p2a_string(p, f->module), "m"));
    f = &p->functions.row[function_named(p, "<built-in method len>")];
    assert_int_equal(f->kind, P2A_BUILTIN);
    p2a_free(p);
    free_recording(&r);
}

/* f: 10 + 20 + 5 calls, those of the inner f aren't primitive; total 200 + 300 + 50. */
static void the_graph_is_what_cprofile_says(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_profile *p = load(&r);
    struct p2a_save_options options = {.format = "pstats"};
    struct p2a_error error;
    void *bytes;
    size_t n;
    assert_int_equal(p2a_save_memory(p, &options, &bytes, &n, &error), P2A_OK);
    p2a_id f = function_named(p, "f"), main_ = function_named(p, "main");
    assert_int_equal(p->graph.order_n, 3);
    assert_int_equal(p->graph.node[f].calls, 35);
    assert_int_equal(p->graph.node[f].primitive, 15);
    assert_true(p->graph.self[f] == 550 && p->graph.total[f] == 550);
    assert_true(p->graph.total[main_] == 1000);
    p2a_id arc = p2a_arc_find(p, main_, f);
    assert_int_equal(p->graph.arc[arc].calls, 10);
    assert_true(p->graph.arc_total[arc] == 500);
    free(bytes);
    p2a_free(p);
    free_recording(&r);
}

static void ticks_are_seconds_by_the_two_clocks_of_start_and_end(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    r.header->clock = P2A_REC_CLOCK_COUNTER;
    r.header->start = (struct p2a_rec_instant){.ticks = 1000, .ns = 500};
    r.header->last[1] = (struct p2a_rec_instant){.ticks = 5000, .ns = 2500};
    r.header->turn = 7;
    struct p2a_profile *p = load(&r);
    assert_true(p2a_metric_total(p, 0) > 524.9e-9 && p2a_metric_total(p, 0) < 525.1e-9);
    p2a_free(p);
    r.header->unit = 2;
    p = load(&r);
    assert_true(p2a_metric_total(p, 0) == 2100);
    p2a_free(p);
    r.header->unit = 0;
    r.header->turn = 6;
    p = load(&r);
    assert_true(has_note(p, "rate of its clock"));
    p2a_free(p);
    free_recording(&r);
}

static void cpu_time_is_a_metric_of_its_own(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_error error;
    struct p2a_profile *wall = load(&r);
    r.header->clock = P2A_REC_CLOCK_CPU;
    struct p2a_profile *cpu = load(&r);
    assert_string_equal(p2a_metric_name(cpu, 0), "cpu");
    assert_int_equal(p2a_add(wall, cpu, &error), P2A_INPUT);
    p2a_free(wall);
    p2a_free(cpu);
    free_recording(&r);
}

static void allocations_are_metrics_beside_time(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    r.header->flags = P2A_REC_ALLOCATIONS;
    node(&r, c.f)->allocations = 3;
    node(&r, c.f)->bytes = 4096;
    node(&r, c.len)->allocations = 1;
    node(&r, c.len)->bytes = 16;
    struct p2a_profile *p = load(&r);
    assert_int_equal(p2a_metric_count(p), 3);
    assert_true(p2a_metric_total(p, 1) == 4);
    assert_true(p2a_metric_total(p, 2) == 4112);
    assert_string_equal(p2a_metric_unit(p, 2), "bytes");
    p2a_free(p);
    free_recording(&r);
}

static void what_came_into_being_while_it_was_read_is_left_out(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_rec_thread *first = (struct p2a_rec_thread *)(void *)r.cell[c.threads];
    r.header->state = P2A_REC_RUNS;
    first->state = P2A_REC_ALIVE;
    node(&r, c.f)->function = 0; /* not published: nor is what is below it */
    node(&r, c.len)->function = 9;
    struct p2a_profile *p = load(&r);
    shows(p, "main (a.py:1) 100\nf (a.py:5) 50\n");
    assert_true(has_note(p, "process 77 runs still, was killed or became another program"));
    p2a_free(p);

    r.header->state = P2A_REC_DIED;
    p = load(&r);
    shows(p, "main (a.py:1) 100\nf (a.py:5) 50\n");
    assert_true(has_note(p, "process 77 was killed or became another program"));
    p2a_free(p);

    first->state = P2A_REC_ENDED;
    p = load(&r);
    assert_false(has_note(p, "process 77 was killed or became another program"));
    p2a_free(p);

    struct p2a_rec_thread *second = (struct p2a_rec_thread *)(void *)r.cell[c.threads + 2];
    second->state = 0;
    p = load(&r);
    shows(p, "main (a.py:1) 100\n");
    p2a_free(p);
    free_recording(&r);
}

static void in_a_recording_that_has_ended_it_is_an_error(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    node(&r, c.f)->function = 0;
    refuses(&r, c.inner * P2A_REC_CELL, "parent is no node");
    free_recording(&r);
    r = two_threads(&c);
    node(&r, c.len)->function = 9;
    refuses(&r, c.len * P2A_REC_CELL, "not among the functions");
    free_recording(&r);
    r = two_threads(&c);
    struct p2a_rec_thread *second = (struct p2a_rec_thread *)(void *)r.cell[c.threads + 2];
    second->root = second->at = 0;
    *second = (struct p2a_rec_thread){0};
    refuses(&r, (c.other - 1) * P2A_REC_CELL, "root of no thread");
    free_recording(&r);
}

static void time_since_the_last_event_belongs_to_the_open_call(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_rec_thread *t = (struct p2a_rec_thread *)(void *)r.cell[c.threads];
    r.header->state = P2A_REC_RUNS;
    r.header->last[0] = (struct p2a_rec_instant){.ticks = 10000, .ns = 10000};
    t->state = P2A_REC_ALIVE;
    t->at = ((int64_t)c.f - (int64_t)c.threads) * P2A_REC_CELL;
    t->last = 9000;
    struct p2a_profile *p = load(&r);
    assert_true(p->contexts.self[1] == 1200);
    p2a_free(p);
    r.header->mode = P2A_REC_MODE_SAMPLED;
    p = load(&r);
    assert_true(p->contexts.self[1] == 200);
    assert_true(has_note(p, "sampled"));
    p2a_free(p);
    free_recording(&r);
}

static void time_outside_of_calls_is_told_and_not_shown(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    node(&r, c.main - 1)->self = 1050;
    struct p2a_profile *p = load(&r);
    assert_int_equal(p2a_note_count(p), 0); /* about a microsecond */
    p2a_free(p);
    r.header->unit = 1e-3;
    p = load(&r);
    assert_true(p2a_whole(p, 0) == 1050);
    assert_true(has_note(p, "50 % of the time passed outside of recorded calls"));
    p2a_free(p);
    free_recording(&r);
}

static void a_negative_time_is_none(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    node(&r, c.len)->self = (uint64_t)-5;
    struct p2a_profile *p = load(&r);
    assert_true(p2a_whole(p, 0) == 650);
    p2a_free(p);
    free_recording(&r);
}

/* The same function, told twice (its code was made twice): one context. */
static void functions_that_are_the_same_share_their_contexts(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    put_segment(&r, P2A_REC_FUNCTIONS);
    put_function(&r, 5, P2A_REC_PYTHON, "f", 5);
    put_segment(&r, P2A_REC_NODES);
    put_node(&r, c.main, 5, 2, 20);
    struct p2a_profile *p = load(&r);
    assert_int_equal(p->contexts.n, 5);
    assert_int_equal(p->contexts.calls[1], 12);
    assert_true(p->contexts.self[1] == 220);
    p2a_free(p);
    free_recording(&r);
}

static void endings_are_told(void **state)
{
    (void)state;
    static const struct {
        enum p2a_rec_state state;
        uint32_t flags;
        const char *words;
    } cases[] = {{P2A_REC_DISK_FULL, 0, "no more room for the file"},
                 {P2A_REC_OUT_OF_ROOM, 0, "too many functions or threads"},
                 {P2A_REC_STOPPED, P2A_REC_DISPLACED, "another profiler"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cells c;
        struct recording r = two_threads(&c);
        r.header->state = cases[i].state;
        r.header->flags = cases[i].flags;
        struct p2a_profile *p = load(&r);
        assert_true(has_note(p, cases[i].words));
        p2a_free(p);
        free_recording(&r);
    }
}

/* Below main 1: calls past the limit took 1000, of f and g; f, on the path already, was called 4
 * times there, twice by g; g 3 times by f. */
static struct recording with_folds(void)
{
    struct cells c;
    struct recording r = two_threads(&c);
    put_segment(&r, P2A_REC_FUNCTIONS);
    put_function(&r, 5, P2A_REC_FOLDED, "folded", 0);
    put_function(&r, 6, P2A_REC_PYTHON, "g", 9);
    put_segment(&r, P2A_REC_NODES);
    put_node(&r, c.f, 5, 0, 1000);
    put_segment(&r, P2A_REC_FOLDS);
    put_fold(&r, 0, 3, 4, 0, 600, 0);
    put_fold(&r, 0, 6, 3, 2, 400, 900);
    put_fold(&r, 3, 6, 3, 2, 400, 900);
    put_fold(&r, 6, 3, 2, 2, 300, 350);
    put_fold(&r, 3, 3, 2, 0, 300, 0);
    return r;
}

static void calls_past_the_limit_are_exact_in_the_graph(void **state)
{
    (void)state;
    struct recording r = with_folds();
    struct p2a_profile *p = load(&r);
    const struct p2a_graph *g = &p->graph;
    p2a_id f = function_named(p, "f"), m = function_named(p, "main"), h = function_named(p, "g");
    assert_int_equal(p->recorded & (P2A_GRAPH | P2A_CONTEXTS), P2A_GRAPH | P2A_CONTEXTS);
    assert_int_equal(g->node[f].calls, 39);
    assert_int_equal(g->node[f].primitive, 15);
    assert_true(g->self[f] == 1150 && g->total[f] == 1550);
    assert_true(g->total[m] == 2000);
    assert_int_equal(g->node[h].calls, 3);
    assert_int_equal(g->node[h].primitive, 2);
    assert_true(g->self[h] == 400 && g->total[h] == 900);
    p2a_id arc = p2a_arc_find(p, f, h);
    assert_int_equal(g->arc[arc].calls, 3);
    assert_true(g->arc_total[arc] == 900);
    assert_true(g->arc_total[p2a_arc_find(p, m, f)] == 1500);
    assert_int_equal(g->order_n, 4); /* the marker isn't among them */
    p2a_free(p);
    free_recording(&r);
}

static void time_that_ran_backwards_is_none(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    put_segment(&r, P2A_REC_NODES);
    put_node(&r, c.f, 3, 1, (uint64_t)-70);
    put_segment(&r, P2A_REC_FOLDS);
    put_fold(&r, 0, 3, 4, 4, (uint64_t)-600, (uint64_t)-800);
    put_fold(&r, 3, 3, 4, 4, (uint64_t)-600, (uint64_t)-800);
    struct p2a_profile *p = load(&r);
    p2a_id f = function_named(p, "f");
    assert_true(p->graph.self[f] == 550 && p->graph.total[f] == 550);
    assert_true(p->graph.arc_self[p2a_arc_find(p, f, f)] == 300);
    p2a_free(p);
    free_recording(&r);
}

static void in_the_tree_they_are_one_marked_frame(void **state)
{
    (void)state;
    struct recording r = with_folds();
    struct p2a_profile *p = load(&r);
    shows(p, "main (a.py:1) 100\n"
             "main (a.py:1);f (a.py:5) 200\n"
             "main (a.py:1);f (a.py:5);f (a.py:5) 300\n"
             "main (a.py:1);<built-in method len> 400\n"
             "f (a.py:5) 50\n"
             "main (a.py:1);f (a.py:5);(past the limit of contexts) 1000\n");
    assert_true(has_note(p, "limit of 1000 contexts"));
    p2a_free(p);
    free_recording(&r);
}

static void recordings_with_folds_add_up_exactly(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = with_folds(), plain = two_threads(&c);
    struct p2a_error error;
    for (int i = 0; i < 2; i++) {
        struct p2a_profile *p = load(i ? &r : &plain), *q = load(i ? &plain : &r);
        assert_int_equal(p2a_add(p, q, &error), P2A_OK);
        assert_int_equal(p2a_check(p, &error), P2A_OK);
        p2a_id f = function_named(p, "f");
        assert_int_equal(p->graph.node[f].calls, 39 + 35);
        assert_int_equal(p->graph.node[f].primitive, 30);
        assert_true(p->graph.total[f] == 1550 + 550);
        assert_int_equal(p->facts & P2A_CONTEXTS, P2A_CONTEXTS);
        p2a_free(p);
        p2a_free(q);
    }
    free_recording(&r);
    free_recording(&plain);
}

/* Opened when it had 128 cells, in the midst of a segment of nodes. */
static void a_file_that_grew_since_it_was_opened_is_read_as_far_as_it_went(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    put_segment(&r, P2A_REC_NODES);
    while (r.n < 140)
        put_node(&r, c.main, 3, 1, 1);
    struct p2a_profile *p;
    struct p2a_error error;
    r.header->state = P2A_REC_RUNS;
    assert_int_equal(load_bytes(r.cell, 128 * P2A_REC_CELL, &p, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_true(has_note(p, "grew while it was read, or is cut: 128 of 140 cells"));
    assert_int_equal(p->contexts.n, 5);
    p2a_free(p);
    assert_int_equal(load_bytes(r.cell, 128 * P2A_REC_CELL + 64, &p, &error), P2A_INPUT);
    r.header->state = P2A_REC_STOPPED;
    assert_int_equal(load_bytes(r.cell, 128 * P2A_REC_CELL, &p, &error), P2A_INPUT);
    assert_int_equal(error.place, 128 * P2A_REC_CELL);
    free_recording(&r);
}

/* Cut behind main and f. */
static void a_recording_that_is_cut_is_read_as_far_as_it_goes_where_that_will_do(void **state)
{
    (void)state;
    struct cells c;
    struct recording r = two_threads(&c);
    struct p2a_load_options options = {.format = "p2a", .partial = true};
    struct p2a_profile *p;
    struct p2a_error error;
    put_segment(&r, P2A_REC_NODES);
    put_node(&r, c.main, 3, 1, 1);
    size_t size = r.n * P2A_REC_CELL - 1;
    assert_int_equal(load_bytes(r.cell, size, &p, &error), P2A_INPUT);
    assert_int_equal(p2a_load_memory(r.cell, size, "x.p2a", &options, &p, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_true(has_note(p, "read as far as it goes: x.p2a: byte"));
    assert_int_equal(p->contexts.n, 5);
    p2a_free(p);
    size = (c.main + 1) * P2A_REC_CELL; /* before the threads */
    assert_int_equal(p2a_load_memory(r.cell, size, "x.p2a", &options, &p, &error), P2A_INPUT);
    free_recording(&r);
}

/* Opened when it had 128 cells, the last bytes of which begin a function. */
static void a_function_across_the_end_then_is_not_there_yet(void **state)
{
    (void)state;
    static const char name[] = "of_more_letters_than_a_cell_and_a_half";
    struct cells c;
    struct recording r = two_threads(&c);
    put_segment(&r, P2A_REC_FUNCTIONS);
    uint64_t size = put_function(&r, 5, P2A_REC_PYTHON, name, 1)->size;
    uint64_t torn = (128 * P2A_REC_CELL - (r.text - size)) % size;
    assert_true(torn >= sizeof(struct p2a_rec_function));
    for (uint32_t number = 6; r.n < 140; number++)
        put_function(&r, number, P2A_REC_PYTHON, name, number);
    struct p2a_profile *p;
    struct p2a_error error;
    r.header->state = P2A_REC_RUNS;
    assert_int_equal(load_bytes(r.cell, 128 * P2A_REC_CELL, &p, &error), P2A_OK);
    assert_int_equal(p2a_check(p, &error), P2A_OK);
    assert_int_equal(p->contexts.n, 5);
    p2a_free(p);
    free_recording(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_become_contexts_below_their_threads),
        cmocka_unit_test(functions_carry_what_is_known_of_them),
        cmocka_unit_test(the_graph_is_what_cprofile_says),
        cmocka_unit_test(ticks_are_seconds_by_the_two_clocks_of_start_and_end),
        cmocka_unit_test(cpu_time_is_a_metric_of_its_own),
        cmocka_unit_test(allocations_are_metrics_beside_time),
        cmocka_unit_test(what_came_into_being_while_it_was_read_is_left_out),
        cmocka_unit_test(in_a_recording_that_has_ended_it_is_an_error),
        cmocka_unit_test(time_since_the_last_event_belongs_to_the_open_call),
        cmocka_unit_test(time_outside_of_calls_is_told_and_not_shown),
        cmocka_unit_test(a_negative_time_is_none),
        cmocka_unit_test(functions_that_are_the_same_share_their_contexts),
        cmocka_unit_test(endings_are_told),
        cmocka_unit_test(calls_past_the_limit_are_exact_in_the_graph),
        cmocka_unit_test(time_that_ran_backwards_is_none),
        cmocka_unit_test(in_the_tree_they_are_one_marked_frame),
        cmocka_unit_test(recordings_with_folds_add_up_exactly),
        cmocka_unit_test(a_file_that_grew_since_it_was_opened_is_read_as_far_as_it_went),
        cmocka_unit_test(a_recording_that_is_cut_is_read_as_far_as_it_goes_where_that_will_do),
        cmocka_unit_test(a_function_across_the_end_then_is_not_there_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
