/* Every real profile without stacks: the estimate keeps each function's self. */
#include <dirent.h>

#include "graphs.h"

static void check_file(const char *path, size_t *checked)
{
    struct p2a_error error = {0};
    struct p2a_profile *p;
    if (p2a_load(path, NULL, &p, &error) != P2A_OK)
        fail_msg("%s: %s", path, error.message);
    if (p->graph.node_n && !(p->facts & P2A_CONTEXTS)) {
        print_message("%s\n", path);
        estimate(p, true);
        assert_whole_is_kept(p);
        estimate(p, false);
        assert_conserved(p);
        if (p2a_check(p, &error) != P2A_OK)
            fail_msg("%s: %s", path, error.message);
        ++*checked;
    }
    p2a_free(p);
}

static size_t check_directory(const char *name)
{
    char path[1024];
    size_t checked = 0;
    snprintf(path, sizeof path, "%s/profiles/%s", getenv("SAMPLES"), name);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/profiles/%s/%s", getenv("SAMPLES"), name, entry->d_name);
        check_file(path, &checked);
    }
    closedir(directory);
    return checked;
}

static void every_pstats_sample_keeps_the_self_of_its_functions(void **state)
{
    (void)state;
    assert_true(check_directory("pstats") > 20);
}

static void every_callgrind_sample_keeps_the_self_of_its_functions(void **state)
{
    (void)state;
    assert_true(check_directory("callgrind") > 10);
}

/* In what `python -m cProfile` writes every function has a caller: exec is called again by import.
 */
static void exec_entered_again_by_import_is_the_one_root(void **state)
{
    (void)state;
    const char *const pythons[] = {"py3.8", "py3.10", "py3.12", "py3.13"};
    struct p2a_error error = {0};
    size_t seen = 0;
    for (size_t i = 0; i < sizeof pythons / sizeof *pythons; i++) {
        char path[1024];
        struct p2a_profile *p;
        snprintf(path, sizeof path, "%s/profiles/pstats/%s-cprofile-m-small.prof",
                 getenv("SAMPLES"), pythons[i]);
        if (p2a_load(path, NULL, &p, &error) != P2A_OK)
            continue;
        estimate(p, false);
        p2a_id exec = find_function(p, "<built-in method builtins.exec>");
        assert_true(exec != P2A_NONE);
        assert_true(root_total(p, exec) > 0.99 * p2a_whole(p, 0));
        seen++;
        p2a_free(p);
    }
    assert_true(seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pstats_sample_keeps_the_self_of_its_functions),
        cmocka_unit_test(every_callgrind_sample_keeps_the_self_of_its_functions),
        cmocka_unit_test(exec_entered_again_by_import_is_the_one_root),
    };
    if (!getenv("SAMPLES"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
