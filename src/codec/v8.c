#include "codec/v8.h"

static bool keep_text(struct p2a_json *j, struct p2a_buffer *buffer)
{
    struct p2a_str text;
    if (!p2a_json_is(j, P2A_JSON_STRING) || !p2a_json_string(j, &text))
        return !j->stopped;
    buffer->n = 0;
    return p2a_buffer_add(buffer, text.at, text.n) || p2a_json_no_memory(j);
}

int64_t p2a_v8_line(struct p2a_json *j)
{
    double line = p2a_json_is(j, P2A_JSON_NUMBER) ? p2a_json_number(j) : -1;
    return line >= 0 && line < INT32_MAX ? (int64_t)line + 1 : 0;
}

bool p2a_v8_call_frame(struct p2a_json *j, struct p2a_v8_frame *frame)
{
    struct p2a_str key;
    frame->name.n = frame->url.n = 0;
    frame->line = 0;
    for (p2a_json_object(j); p2a_json_key(j, &key);) {
        if (p2a_str_is(key, "functionName"))
            keep_text(j, &frame->name);
        else if (p2a_str_is(key, "url"))
            keep_text(j, &frame->url);
        else if (p2a_str_is(key, "lineNumber"))
            frame->line = p2a_v8_line(j);
        else
            p2a_json_skip(j);
    }
    return !j->stopped;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct p2a_str p2a_v8_file(struct p2a_buffer *url)
{
    struct p2a_str s = {url->at, url->n};
    char *to = url->at;
    if (!p2a_str_starts(s, "file:///"))
        return s;
    for (size_t i = 7; i < s.n; i++) {
        bool coded = s.at[i] == '%' && i + 2 < s.n && digit_of(s.at[i + 1]) >= 0 &&
                     digit_of(s.at[i + 2]) >= 0;
        *to++ = coded ? (char)(digit_of(s.at[i + 1]) * 16 + digit_of(s.at[i + 2])) : s.at[i];
        i += coded ? 2 : 0;
    }
    return (struct p2a_str){url->at, (size_t)(to - url->at)};
}

void p2a_v8_frame_free(struct p2a_v8_frame *frame)
{
    p2a_buffer_free(&frame->name);
    p2a_buffer_free(&frame->url);
}
