/* Two functions of one name and line share one row of a pstats file: the last one's figures, the
 * arcs out of both. What they pass on still hangs under their callers. */
#include "make.h"

#include "model/estimate.h"

static void set_node(struct p2a_profile *p, const char *name, double self, double total)
{
    p2a_id f = make_function(p, name);
    struct p2a_node *node = p2a_node(p, f);
    assert_non_null(node);
    node->calls = node->primitive = 1;
    node->has = P2A_HAS_ALL;
    *p2a_node_self(p, f) = self;
    *p2a_node_total(p, f) = total;
}

static void set_arc(struct p2a_profile *p, const char *caller, const char *callee, double self,
                    double total)
{
    p2a_id a = p2a_arc(p, find_function(p, caller), find_function(p, callee));
    assert_int_not_equal(a, P2A_NONE);
    p->graph.arc[a].calls = p->graph.arc[a].primitive = 1;
    p->graph.arc[a].has = P2A_HAS_ALL;
    p->graph.arc_self[a] = self;
    p->graph.arc_total[a] = total;
}

static void what_a_shared_row_passes_on_hangs_under_its_callers(void **state)
{
    (void)state;
    struct p2a_profile *p = p2a_profile_new(0);
    struct p2a_error error;
    p2a_metric(p, "time", "seconds", 1);
    set_node(p, "main", 1, 10);
    set_node(p, "decode", 1, 9);
    set_node(p, "raw", 0.125, 0.25); /* the other raw, which called scan, is lost */
    set_node(p, "scan", 6, 6);
    set_arc(p, "main", "decode", 1, 9);
    set_arc(p, "decode", "raw", 0.125, 0.25);
    set_arc(p, "raw", "scan", 6, 6);
    p2a_finish(p);
    p->recorded = p->facts;
    assert_int_equal(p2a_estimate(p, false, &error), P2A_OK);
    char *text = folded_of(p);
    assert_string_equal(text, "main 1\nmain;decode 1\nmain;decode;raw 0.125\n"
                              "main;decode;raw;scan 6\n");
    free(text);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_shared_row_passes_on_hangs_under_its_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
