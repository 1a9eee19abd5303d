/* protobuf.h - protocol buffers' wire format, read in place and written; knows no messages. Defined
 * by the encoding guide of protocol buffers:
 *
 *   message:  field …          field:  key [length] content          key = number << 3 | type
 *   numbers:  7 bits a byte, the lowest first, bit 7 set in all bytes but the last; at most 10
 *
 * Not protobuf-c, by measure: to unpack and free a profile of 13 MB with 147,000 samples takes it
 * 95 to 145 ms and 71 MB; a walk over the same bytes takes 6 ms and no memory, and can say at which
 * byte they are wrong. */
#ifndef P2A_CODEC_PROTOBUF_H
#define P2A_CODEC_PROTOBUF_H

#include "prof2any/format.h"

enum protobuf_type {
    PROTOBUF_NUMBER = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* text, a message, or packed numbers */
    PROTOBUF_FIXED32 = 5
};

/* What is left of a message or of packed numbers. Borrowed from the input. */
struct protobuf {
    const unsigned char *at, *end;
    const char *wrong; /* what is wrong at `at`, behind "… is"; NULL: nothing so far */
};

struct protobuf_field {
    uint32_t number;
    enum protobuf_type type;
    uint64_t value;             /* of a number, signed ones as two's complement */
    struct protobuf content;    /* of bytes */
    const unsigned char *begin; /* of its key */
};

struct protobuf p2a_protobuf(struct p2a_str bytes);
/* Takes the next field off the message. False at its end, and where it is broken: then `wrong` says
 * how, and `at` is the field's first byte. */
bool p2a_protobuf_next(struct protobuf *message, struct protobuf_field *field);
struct p2a_str p2a_protobuf_text(const struct protobuf_field *field);

bool p2a_protobuf_long_number(struct protobuf *list, uint64_t *value);
/* Takes the next number off packed ones. False at the end, and where it is broken. */
static inline bool p2a_protobuf_number(struct protobuf *list, uint64_t *value)
{
    const unsigned char *at = list->at;
    if (list->end - at >= 2) {
        if (at[0] < 0x80) {
            *value = at[0];
            list->at = at + 1;
            return true;
        }
        if (at[1] < 0x80) {
            *value = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
            list->at = at + 2;
            return true;
        }
    }
    return p2a_protobuf_long_number(list, value);
}
/* How many packed numbers there are, if none is broken. */
size_t p2a_protobuf_count(struct protobuf list);

/* Writing appends to a buffer, which keeps in `failed` whether there was no memory. `some`
 * leaves a field that is 0 out, as proto3 does. */
void p2a_protobuf_put_long(struct p2a_buffer *buffer, uint64_t value);
static inline void p2a_protobuf_put(struct p2a_buffer *buffer, uint64_t value) /* a bare number */
{
    if (value >= 1 << 14 || buffer->room - buffer->n <= 2) {
        p2a_protobuf_put_long(buffer, value);
        return;
    }
    char *at = buffer->at + buffer->n;
    at[0] = (char)(value > 0x7f ? value | 0x80 : value);
    at[1] = (char)(value >> 7);
    buffer->n += value > 0x7f ? 2 : 1;
}

/* The same at AT, where there is room for ten bytes; returns its end. */
static inline unsigned char *p2a_protobuf_at(unsigned char *at, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}
static inline size_t p2a_protobuf_size(uint64_t value)
{
    return (70 - (size_t)__builtin_clzll(value | 1)) / 7;
}
/* The same up to AT, before which there is such room; returns where it begins. */
static inline unsigned char *p2a_protobuf_before(unsigned char *at, uint64_t value)
{
    bool two = value > 0x7f;
    if (value >= 1 << 14) {
        at -= p2a_protobuf_size(value);
        p2a_protobuf_at(at, value);
        return at;
    }
    at[-1] = (unsigned char)(value >> 7 * two);
    at[-2] = (unsigned char)(value | 0x80);
    return at - 1 - two;
}
void p2a_protobuf_put_number(struct p2a_buffer *buffer, uint32_t field, uint64_t value);
void p2a_protobuf_put_some(struct p2a_buffer *buffer, uint32_t field, uint64_t value);
void p2a_protobuf_put_bytes(struct p2a_buffer *buffer, uint32_t field, struct p2a_str bytes);

#endif
