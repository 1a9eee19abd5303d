/* filter.c - keep the stacks that pass through a function: a program that uses the library.
 *
 *     cc filter.c $(pkg-config --cflags --libs prof2any) -o filter
 *     ./filter app.prof 'parse' app.callgrind callgrind */
#include <prof2any/prof2any.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 5)
        return fprintf(stderr, "usage: filter INPUT PATTERN OUTPUT FORMAT\n"), P2A_USAGE;
    struct p2a_profile *profile = NULL;
    struct p2a_error error = {.status = P2A_OK};
    const struct p2a_selection selection = {.focus = argv[2]};
    const struct p2a_save_options options = {.format = argv[4]};
    char text[1200];

    if (p2a_load(argv[1], NULL, &profile, &error) != P2A_OK ||
        p2a_select(profile, &selection, &error) != P2A_OK ||
        p2a_save(profile, argv[3], &options, &error) != P2A_OK)
        fprintf(stderr, "filter: %s\n", p2a_error_text(&error, text, sizeof text));
    for (size_t i = 0; profile && i < p2a_note_count(profile); i++)
        fprintf(stderr, "filter: note: %s\n", p2a_note_at(profile, i));
    p2a_free(profile);
    return error.status;
}
