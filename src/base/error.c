#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum p2a_status p2a_error_setv(struct p2a_error *error, enum p2a_status status, const char *message,
                               va_list arguments)
{
    if (!error)
        return status;
    if (error->status != P2A_OK)
        return error->status;
    error->status = status;
    vsnprintf(error->message, sizeof error->message, message, arguments);
    return status;
}

enum p2a_status p2a_error_set(struct p2a_error *error, enum p2a_status status, const char *message,
                              ...)
{
    va_list arguments;
    va_start(arguments, message);
    status = p2a_error_setv(error, status, message, arguments);
    va_end(arguments);
    return status;
}

enum p2a_status p2a_error_memory(struct p2a_error *error)
{
    return p2a_error_set(error, P2A_SYSTEM, "out of memory");
}

void p2a_error_start(struct p2a_error *error, const char *path)
{
    *error = (struct p2a_error){.status = P2A_OK};
    snprintf(error->path, sizeof error->path, "%s", path ? path : "");
}

char *p2a_error_text(const struct p2a_error *error, char *text, size_t size)
{
    char place[40] = "";
    if (error->place_kind == P2A_AT_BYTE)
        snprintf(place, sizeof place, "byte %" PRIu64 ": ", error->place);
    else if (error->place_kind == P2A_AT_LINE)
        snprintf(place, sizeof place, "line %" PRIu64 ": ", error->place);
    snprintf(text, size, "%s%s%s%s", error->path, error->path[0] ? ": " : "", place,
             error->message);
    return p2a_defuse(text); /* of a hostile file name or input */
}

char *p2a_defuse(char *text)
{
    p2a_utf8_defuse(text);
    return text;
}
