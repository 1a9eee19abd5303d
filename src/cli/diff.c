/* prof2any diff BEFORE AFTER, prof2any diff BEFORE... vs AFTER... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "prof2any/format.h"

static bool is_vs(const char *operand)
{
    return strcmp(operand, "vs") == 0;
}

/* Where AFTER begins among the operands, and how many are BEFORE. */
static enum p2a_status split(const struct options *options, int *before_n, int *after)
{
    const struct list *input = &options->input;
    int words = 0;
    *before_n = *after = 1;
    for (int i = 0; i < input->n; i++)
        if (is_vs(input->at[i])) {
            *before_n = i;
            *after = i + 1;
            words++;
        }
    if (words > 1)
        return complain("diff: 'vs' stands between BEFORE and AFTER once (a file of that name is "
                        "./vs)");
    if (words && (*before_n == 0 || *after == input->n))
        return complain("diff: no input %s 'vs', expected BEFORE... vs AFTER...",
                        *before_n ? "behind" : "before");
    if (words || input->n == 2)
        return P2A_OK;
    if (input->n > 2)
        return complain("diff: %d inputs, expected BEFORE AFTER, or BEFORE... vs AFTER... for "
                        "several runs",
                        input->n);
    return complain("diff: %s, expected BEFORE AFTER",
                    input->n ? "one input" : "nothing to compare");
}

/* What is chosen of every input before its functions are matched: checkouts have directories of
 * their own, threads are joined, and sums of groups need no matching. GROUPS: unless functions are
 * to be found by their names later or have moved to other lines, or paths have to be estimated,
 * which both sides are together. */
static struct p2a_selection of_inputs(const struct p2a_selection *s, bool groups)
{
    return (struct p2a_selection){.metric = s->metric,
                                  .thread = s->thread,
                                  .group_by = groups ? s->group_by : P2A_BY_FUNCTION,
                                  .strip_dirs = s->strip_dirs,
                                  .exact = s->exact,
                                  .rules = s->rules,
                                  .rule_n = s->rule_n};
}

/* What is left to be chosen of the comparison. */
static struct p2a_selection of_result(const struct p2a_selection *s, bool groups)
{
    struct p2a_selection rest = *s;
    rest.metric = rest.thread = NULL;
    rest.strip_dirs = false;
    rest.rules = NULL;
    rest.rule_n = 0;
    if (groups)
        rest.group_by = P2A_BY_FUNCTION;
    return rest;
}

static enum p2a_status load_all(const struct options *options, struct p2a_profile **profile)
{
    struct p2a_error error = {.status = P2A_OK};
    for (int i = 0; i < options->input.n; i++) {
        const char *path = options->input.at[i];
        if (!is_vs(path) && load_input(options, path, &profile[i], &error) != P2A_OK)
            return complain_error(&error);
    }
    return P2A_OK;
}

static bool can_group(const struct options *options, struct p2a_profile *const *profile)
{
    const struct p2a_selection *s = &options->select;
    bool paths = s->focus || s->ignore || s->show || s->hide || s->prune_from || s->root || s->leaf;
    for (int i = 0; i < options->input.n; i++)
        if (profile[i] && !(profile[i]->recorded & P2A_CONTEXTS))
            return false;
    return !paths && s->group_by != P2A_BY_LINE;
}

static enum p2a_status select_all(const struct options *options, struct p2a_profile **profile,
                                  bool groups)
{
    struct p2a_selection selection = of_inputs(&options->select, groups);
    struct p2a_error error = {.status = P2A_OK};
    for (int i = 0; i < options->input.n; i++)
        if (profile[i] && p2a_select(profile[i], &selection, &error) != P2A_OK) {
            snprintf(error.path, sizeof error.path, "%s", options->input.at[i]);
            return complain_error(&error);
        }
    return P2A_OK;
}

static enum p2a_status compare(const struct options *options, struct p2a_profile **profile,
                               int before_n, int after, bool groups)
{
    struct p2a_error error = {.status = P2A_OK};
    struct p2a_profile *result = NULL;
    struct p2a_comparison comparison = {.before = profile,
                                        .before_n = (size_t)before_n,
                                        .after = profile + after,
                                        .after_n = (size_t)(options->input.n - after),
                                        .normalize = options->normalize};
    if (p2a_diff(&comparison, &result, &error) != P2A_OK)
        return complain_error(&error);
    struct options rest = *options;
    rest.select = of_result(&options->select, groups);
    enum p2a_status status = write_profile(&rest, result);
    p2a_free(result);
    return status;
}

enum p2a_status command_diff(const struct options *options)
{
    int before_n, after;
    enum p2a_status status = split(options, &before_n, &after);
    if (status == P2A_OK)
        status = check_words(options, true);
    if (status != P2A_OK)
        return status;
    struct p2a_profile **profile = calloc((size_t)options->input.n, sizeof *profile);
    if (!profile)
        return complain_system("out of memory");
    status = load_all(options, profile);
    bool groups = status == P2A_OK && can_group(options, profile);
    if (status == P2A_OK)
        status = select_all(options, profile, groups);
    if (status == P2A_OK)
        status = compare(options, profile, before_n, after, groups);
    for (int i = 0; i < options->input.n; i++)
        p2a_free(profile[i]);
    free(profile);
    return status;
}
