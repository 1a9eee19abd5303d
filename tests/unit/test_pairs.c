/* Maps from pairs of ids: what was added is found, and memory goes where pairs are. */
#include "base/pairs.h"
#include "make.h"

static struct p2a_pairs with(uint32_t n, struct p2a_pair (*pair)(uint32_t i))
{
    struct p2a_pairs pairs = {0};
    for (uint32_t i = 0; i < n; i++) {
        struct p2a_pair of = pair(i);
        assert_int_equal(p2a_pairs_find(&pairs, of.near, of.far), P2A_PAIR_NONE);
        of.id = i;
        assert_true(p2a_pairs_add(&pairs, of));
    }
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(p2a_pairs_find(&pairs, pair(i).near, pair(i).far), i);
    assert_int_equal(pairs.n, n);
    return pairs;
}

static struct p2a_pair of_a_tree(uint32_t i)
{
    return (struct p2a_pair){i, i % 3, 0};
}

static struct p2a_pair of_few_parents(uint32_t i)
{
    return (struct p2a_pair){i % 100, i / 100, 0};
}

static struct p2a_pair of_roots(uint32_t i)
{
    return (struct p2a_pair){P2A_PAIR_FEW | i % 2, i / 2, 0};
}

static void what_was_added_is_found(void **state)
{
    (void)state;
    struct p2a_pairs pairs = with(100000, of_a_tree);
    assert_int_equal(p2a_pairs_find(&pairs, 7, 3), P2A_PAIR_NONE);
    assert_int_equal(p2a_pairs_find(&pairs, 100000, 0), P2A_PAIR_NONE);
    assert_int_equal(p2a_pairs_find(&pairs, P2A_PAIR_FEW, 0), P2A_PAIR_NONE);
    p2a_pairs_free(&pairs);
    assert_int_equal(p2a_pairs_find(&pairs, 0, 0), P2A_PAIR_NONE);
}

/* Lines are 64 bytes, a pair elsewhere is 12. */
static void there_are_no_more_lines_than_near_ids_have_use_for(void **state)
{
    (void)state;
    struct p2a_pairs tree = with(100000, of_a_tree), parents = with(100000, of_few_parents),
                     roots = with(100000, of_roots);
    assert_true(tree.lines >= 100000 / 4 && tree.spilled == 0);
    assert_true(parents.lines <= 32);
    assert_true(roots.lines <= 8);
    p2a_pairs_free(&tree);
    p2a_pairs_free(&parents);
    p2a_pairs_free(&roots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found),
        cmocka_unit_test(there_are_no_more_lines_than_near_ids_have_use_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
