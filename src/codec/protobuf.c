#include "codec/protobuf.h"

struct protobuf p2a_protobuf(struct p2a_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    return (struct protobuf){at, at + bytes.n, NULL};
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool fail(struct protobuf *message, const unsigned char *at, const char *wrong)
{
    message->at = at;
    message->wrong = wrong;
    return false;
}

bool p2a_protobuf_long_number(struct protobuf *list, uint64_t *value)
{
    const unsigned char *at = list->at;
    uint64_t sum = 0;
    if (at == list->end || list->wrong)
        return false;
    for (unsigned i = 0; i < 10 && at + i < list->end; i++) {
        if (i == 9 && at[i] > 1)
            return fail(list, at, "a number of more than 64 bits");
        sum |= (uint64_t)(at[i] & 0x7f) << 7 * i;
        if (at[i] < 0x80) {
            *value = sum;
            list->at = at + i + 1;
            return true;
        }
    }
    bool ends = list->end - at < 10;
    return fail(list, at, ends ? "a number without an end" : "a number of more than 10 bytes");
}

/* Takes N bytes as the content of FIELD. */
static bool take(struct protobuf *message, struct protobuf_field *field, uint64_t n)
{
    if (n > (uint64_t)(message->end - message->at))
        return fail(message, field->begin, "a field that runs past the end of what it is in");
    field->content = (struct protobuf){message->at, message->at + n, NULL};
    message->at += n;
    return true;
}

bool p2a_protobuf_next(struct protobuf *message, struct protobuf_field *field)
{
    uint64_t key, n;
    field->begin = message->at;
    if (!p2a_protobuf_number(message, &key))
        return false;
    if (key >> 3 == 0 || key >> 32)
        return fail(message, field->begin, "a field whose number is out of range");
    field->number = (uint32_t)(key >> 3);
    field->type = key & 7;
    switch (field->type) {
    case PROTOBUF_NUMBER:
        if (p2a_protobuf_number(message, &field->value))
            return true;
        break;
    case PROTOBUF_FIXED64:
        return take(message, field, 8);
    case PROTOBUF_FIXED32:
        return take(message, field, 4);
    case PROTOBUF_BYTES:
        if (p2a_protobuf_number(message, &n))
            return take(message, field, n);
        break;
    default:
        return fail(message, field->begin, "a field of a type that isn't used");
    }
    return fail(message, field->begin, message->wrong ? message->wrong : "a field without content");
}

struct p2a_str p2a_protobuf_text(const struct protobuf_field *field)
{
    size_t n = (size_t)(field->content.end - field->content.at);
    return (struct p2a_str){(const char *)field->content.at, n};
}

size_t p2a_protobuf_count(struct protobuf list)
{
    size_t n = 0;
    for (const unsigned char *at = list.at; at < list.end; at++)
        n += *at < 0x80;
    return n;
}

/* ---- writing --------------------------------------------------------------------------------- */

void p2a_protobuf_put_long(struct p2a_buffer *buffer, uint64_t value)
{
    unsigned char bytes[10];
    size_t n = 0;
    for (; value > 0x7f; value >>= 7)
        bytes[n++] = (unsigned char)(value | 0x80);
    bytes[n++] = (unsigned char)value;
    p2a_buffer_add(buffer, bytes, n);
}

void p2a_protobuf_put_number(struct p2a_buffer *buffer, uint32_t field, uint64_t value)
{
    p2a_protobuf_put(buffer, (uint64_t)field << 3 | PROTOBUF_NUMBER);
    p2a_protobuf_put(buffer, value);
}

void p2a_protobuf_put_some(struct p2a_buffer *buffer, uint32_t field, uint64_t value)
{
    if (value)
        p2a_protobuf_put_number(buffer, field, value);
}

void p2a_protobuf_put_bytes(struct p2a_buffer *buffer, uint32_t field, struct p2a_str bytes)
{
    p2a_protobuf_put(buffer, (uint64_t)field << 3 | PROTOBUF_BYTES);
    p2a_protobuf_put(buffer, bytes.n);
    p2a_buffer_add(buffer, bytes.at, bytes.n);
}
