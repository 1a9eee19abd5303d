/* Every sample is claimed by the format whose folder it stands in, without a tie; what is no
 * profile is claimed by none. Arguments: samples/profiles, then files that are no profiles. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prof2any/format.h"

static int failures, checked;

static char *contents(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = malloc(1 << 20);
    *n = bytes ? fread(bytes, 1, 1 << 20, file) : 0;
    fclose(file);
    return bytes;
}

/* EXPECTED NULL: nobody's. */
static void expect(const char *path, const char *expected)
{
    size_t n = 0;
    char *bytes = contents(path, &n);
    struct p2a_error error;
    const struct p2a_format *format = bytes ? p2a_detect(bytes, n, path, &error) : NULL;
    checked++;
    if (!bytes || (expected ? !format || strcmp(format->name, expected) != 0
                            : format || strncmp(error.message, "not a profile", 13) != 0)) {
        printf("%s: expected %s, got %s\n", path, expected ? expected : "none",
               format  ? format->name
               : bytes ? error.message
                       : "no file");
        failures++;
    }
    free(bytes);
}

static void expect_folder(const char *samples, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", samples, name);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", samples, name, entry->d_name);
        expect(path, name);
    }
    if (folder)
        closedir(folder);
}

int main(int argc, char **argv)
{
    static const char *const not_profiles[] = {
        "{\"a\": [1, 2, 3], \"b\": {\"c\": 4}}\n",
        "name,count\nfoo,3\nbar,4\n",
        "\177ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0",
        "# a title\n\nSome words about it, in 3 lines\nand 7 more words\n",
        "\n\n\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"};
    for (size_t i = 0; i < p2a_format_count(); i++)
        if (p2a_format_at(i)->read)
            expect_folder(argv[1], p2a_format_at(i)->name);
    for (int i = 2; i < argc; i++)
        expect(argv[i], NULL);
    for (size_t i = 0; i < sizeof not_profiles / sizeof *not_profiles; i++) {
        struct p2a_error error;
        const char *text = not_profiles[i];
        const struct p2a_format *format = p2a_detect(text, strlen(text), "", &error);
        checked++;
        if (format && ++failures)
            printf("%.20s…: claimed by %s\n", text, format->name);
    }
    printf("%d checked, %d failures\n", checked, failures);
    return failures || checked < 60;
}
