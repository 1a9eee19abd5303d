/* Strongly connected components, against reachability worked out the plain way. */
#include "graphs.h"
#include "model/cycles.h"

enum { MOST = 9 };

struct small {
    struct p2a_profile p;
    struct p2a_arc arc[24];
    bool reaches[MOST][MOST];
};

static void make_small(struct small *s, uint64_t *state)
{
    *s = (struct small){0};
    s->p.functions.n = 1 + draw(state, MOST);
    s->p.graph.arc = s->arc;
    s->p.graph.arc_n = draw(state, 24);
    for (uint32_t a = 0; a < s->p.graph.arc_n; a++) {
        s->arc[a].caller = draw(state, s->p.functions.n);
        s->arc[a].callee = draw(state, s->p.functions.n);
        s->reaches[s->arc[a].caller][s->arc[a].callee] = true;
    }
    for (int k = 0; k < MOST; k++)
        for (int i = 0; i < MOST; i++)
            for (int j = 0; j < MOST; j++)
                s->reaches[i][j] |= s->reaches[i][k] && s->reaches[k][j];
}

static bool together(const struct small *s, uint32_t a, uint32_t b)
{
    return a == b || (s->reaches[a][b] && s->reaches[b][a]);
}

static void a_component_is_what_reaches_each_other(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct small s;
    for (int round = 0; round < 3000; round++) {
        struct p2a_outs outs;
        struct p2a_components c;
        make_small(&s, &seed);
        assert_true(p2a_outs_build(&s.p, &outs) && p2a_components_build(&s.p, &outs, &c));
        uint32_t members = 0;
        for (uint32_t i = 0; i < c.n; i++)
            members += c.size[i];
        assert_int_equal(members, s.p.functions.n);
        for (uint32_t a = 0; a < s.p.functions.n; a++)
            for (uint32_t b = 0; b < s.p.functions.n; b++)
                assert_int_equal(c.of[a] == c.of[b], together(&s, a, b));
        for (uint32_t a = 0; a < s.p.graph.arc_n; a++)
            assert_true(c.of[s.arc[a].caller] >= c.of[s.arc[a].callee]);
        p2a_components_free(&c);
        p2a_outs_free(&outs);
    }
}

static void components_found_upwards_are_the_same_ones(void **state)
{
    (void)state;
    uint64_t seed = 2;
    struct small s;
    for (int round = 0; round < 3000; round++) {
        struct p2a_outs outs;
        struct p2a_ins ins;
        struct p2a_components down, up;
        make_small(&s, &seed);
        assert_true(p2a_outs_build(&s.p, &outs) && p2a_components_build(&s.p, &outs, &down));
        assert_true(p2a_ins_build(&s.p, &ins) && p2a_components_upwards(&s.p, &ins, &up));
        assert_int_equal(up.n, down.n);
        for (uint32_t a = 0; a < s.p.functions.n; a++) {
            assert_int_equal(up.size[up.of[a]], down.size[down.of[a]]);
            for (uint32_t b = 0; b < s.p.functions.n; b++)
                assert_int_equal(up.of[a] == up.of[b], down.of[a] == down.of[b]);
        }
        for (uint32_t a = 0; a < s.p.graph.arc_n; a++)
            assert_true(up.of[s.arc[a].caller] >= up.of[s.arc[a].callee]);
        p2a_components_free(&down);
        p2a_components_free(&up);
        p2a_outs_free(&outs);
        p2a_ins_free(&ins);
    }
}

static void a_cycle_is_a_component_of_more_than_one(void **state)
{
    (void)state;
    uint64_t seed = 2;
    struct small s;
    for (int round = 0; round < 3000; round++) {
        p2a_id cycle[MOST];
        uint32_t next = 0;
        make_small(&s, &seed);
        uint32_t cycles = p2a_cycles(&s.p, cycle);
        for (uint32_t a = 0; a < s.p.functions.n; a++) {
            bool alone = true;
            for (uint32_t b = 0; b < s.p.functions.n; b++)
                alone &= a == b || !together(&s, a, b);
            assert_int_equal(cycle[a] == P2A_NONE, alone);
            assert_true(alone || cycle[a] <= next);
            next += !alone && cycle[a] == next;
        }
        assert_int_equal(next, cycles);
    }
}

static void a_million_calls_deep_is_no_deeper_than_the_heap(void **state)
{
    (void)state;
    enum { N = 1000000 };
    struct p2a_profile p = {0};
    p2a_id *cycle = malloc(N * sizeof *cycle);
    p.functions.n = N;
    p.graph.arc_n = N;
    p.graph.arc = calloc(N, sizeof *p.graph.arc);
    assert_true(cycle && p.graph.arc);
    for (uint32_t i = 0; i < N; i++)
        p.graph.arc[i] = (struct p2a_arc){.caller = i, .callee = (i + 1) % N};
    assert_int_equal(p2a_cycles(&p, cycle), 1);
    assert_int_equal(cycle[N / 2], 0);
    p.graph.arc_n--;
    assert_int_equal(p2a_cycles(&p, cycle), 0);
    assert_int_equal(cycle[N / 2], P2A_NONE);
    free(p.graph.arc);
    free(cycle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_component_is_what_reaches_each_other),
        cmocka_unit_test(components_found_upwards_are_the_same_ones),
        cmocka_unit_test(a_cycle_is_a_component_of_more_than_one),
        cmocka_unit_test(a_million_calls_deep_is_no_deeper_than_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
