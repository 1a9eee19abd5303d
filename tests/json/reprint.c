/* reprint FILE PIECE: reads JSON in pieces of so many bytes and prints it again, each number as
 * C's hexadecimal float in a string, so that nothing is rounded on the way. What is wrong goes to
 * stderr with its byte; exit 3. The linker sends read() here (--wrap). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/json.h"
#include "codec/json_write.h"
#include "io/source.h"

ssize_t __real_read(int fd, void *bytes, size_t n);
ssize_t __wrap_read(int fd, void *bytes, size_t n);
static size_t piece;

ssize_t __wrap_read(int fd, void *bytes, size_t n)
{
    return __real_read(fd, bytes, n < piece ? n : piece);
}

static void quote(struct p2a_str text)
{
    struct p2a_buffer quoted = {0};
    if (!p2a_json_quote(&quoted, text))
        abort();
    fwrite(quoted.at, 1, quoted.n, stdout);
    p2a_buffer_free(&quoted);
}

static void print_atom(struct p2a_json *j, enum p2a_json_kind kind)
{
    struct p2a_str text;
    double number;
    switch (kind) {
    case P2A_JSON_NUMBER:
        number = p2a_json_number(j);
        printf("\"%a %d\"", number, j->whole);
        break;
    case P2A_JSON_STRING:
        if (p2a_json_string(j, &text))
            quote(text);
        break;
    case P2A_JSON_BOOL:
        fputs(p2a_json_bool(j) ? "true" : "false", stdout);
        break;
    default:
        p2a_json_skip(j);
        fputs("null", stdout);
    }
}

/* Prints a value, and with an array or object what is in it. Recursive: this is a test's. */
static void print(struct p2a_json *j)
{
    enum p2a_json_kind kind = p2a_json_peek(j);
    struct p2a_str key;
    const char *comma = "";
    if (kind == P2A_JSON_ARRAY) {
        putchar('[');
        for (p2a_json_array(j); p2a_json_item(j); comma = ",") {
            fputs(comma, stdout);
            print(j);
        }
        putchar(']');
    } else if (kind == P2A_JSON_OBJECT) {
        putchar('{');
        for (p2a_json_object(j); p2a_json_key(j, &key); comma = ",") {
            fputs(comma, stdout);
            quote(key);
            putchar(':');
            print(j);
        }
        putchar('}');
    } else {
        print_atom(j, kind);
    }
}

int main(int argc, char **argv)
{
    static struct p2a_json j;
    struct p2a_error error = {.status = P2A_OK};
    char message[2048];
    bool skip = argc > 3;
    piece = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    struct p2a_source *source = p2a_source_open(argv[1], 0, &error);
    struct p2a_in in = {NULL, source};
    if (source) {
        p2a_json_start(&j, &in);
        if (skip)
            p2a_json_skip(&j);
        else
            print(&j);
        p2a_json_finish(&j);
        p2a_json_stop(&j);
    }
    p2a_source_close(source);
    if (error.status == P2A_OK)
        return 0;
    error.path[0] = '\0';
    fprintf(stderr, "%s\n", p2a_error_text(&error, message, sizeof message));
    return 3;
}
