/* prof2any diff BEFORE AFTER, prof2any diff BEFORE... vs AFTER... */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Where AFTER begins among the operands, and how many are BEFORE; false where it can't be told. */
static bool split(const struct options *options, int *before_n, int *after)
{
    const struct list *input = &options->input;
    for (int i = 0; i < input->n; i++)
        if (strcmp(input->at[i], "vs") == 0) {
            *before_n = i;
            *after = i + 1;
            return i > 0 && i + 1 < input->n;
        }
    *before_n = *after = 1;
    return input->n == 2;
}

static enum p2a_status load_all(const struct options *options, struct p2a_profile **profile)
{
    struct p2a_error error = {.status = P2A_OK};
    for (int i = 0; i < options->input.n; i++) {
        bool word = strcmp(options->input.at[i], "vs") == 0;
        if (!word && load_input(options, options->input.at[i], &profile[i], &error) != P2A_OK)
            return complain_error(&error);
    }
    return P2A_OK;
}

static enum p2a_status compare(const struct options *options, struct p2a_profile **profile,
                               int before_n, int after)
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
    enum p2a_status status = write_profile(options, result);
    p2a_free(result);
    return status;
}

enum p2a_status command_diff(const struct options *options)
{
    int before_n, after;
    if (!split(options, &before_n, &after))
        return complain("diff: expected BEFORE AFTER, or BEFORE... vs AFTER...");
    enum p2a_status status = check_words(options);
    if (status != P2A_OK)
        return status;
    struct p2a_profile **profile = calloc((size_t)options->input.n, sizeof *profile);
    if (!profile)
        return complain_system("out of memory");
    status = load_all(options, profile);
    if (status == P2A_OK)
        status = compare(options, profile, before_n, after);
    for (int i = 0; i < options->input.n; i++)
        p2a_free(profile[i]);
    free(profile);
    return status;
}
