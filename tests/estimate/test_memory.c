/* Every allocation of an estimate fails in turn. */
#include "graphs.h"
#include "fault/starve.h"

static void without_memory_there_is_an_error_and_the_graph(void **state)
{
    (void)state;
    const char *const stacks[] = {"main;a;f 300000", "main;b;f;a 100000", "main;b;g 1", NULL};
    for (int picture = 0; picture < 2; picture++) {
        struct p2a_profile *p = graph_of(stacks);
        enum p2a_status status = P2A_SYSTEM;
        long failing = 0;
        for (; status != P2A_OK; failing++) {
            struct p2a_error error = {0};
            starve((size_t)failing, false);
            status = p2a_estimate(p, picture, &error);
            feed();
            if (status != P2A_OK) {
                assert_int_equal(status, P2A_SYSTEM);
                assert_string_equal(error.message, "out of memory");
                assert_int_equal(p->contexts.n, 0);
                assert_false((p->facts | p->estimated) & P2A_CONTEXTS);
            }
            assert_int_equal(p->graph.arc_n, 6);
        }
        assert_true(failing > 10);
        if (picture)
            assert_whole_is_kept(p);
        else
            assert_conserved(p);
        p2a_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_there_is_an_error_and_the_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
