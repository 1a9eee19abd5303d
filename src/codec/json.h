/* json.h - JSON (RFC 8259), read as a stream; knows nothing of profiles.
 *
 * Reading pulls. Each value is there to be read once, in the order of the text:
 *
 *     p2a_json_start(&j, in);
 *     p2a_json_object(&j);
 *     while (p2a_json_key(&j, &key))
 *         if (p2a_str_is(key, "weights"))
 *             for (p2a_json_array(&j); p2a_json_item(&j);)
 *                 sum += p2a_json_number(&j);
 *         else
 *             p2a_json_skip(&j);
 *     p2a_json_finish(&j);
 *     p2a_json_stop(&j);
 *
 * After p2a_json_key and p2a_json_item there is one value, and one call has to take it. The first
 * failure ends it all: every later call returns false, 0 or "". It is kept, and p2a_json_finish
 * reports it through p2a_bad_byte: until then the profile can be filled with what was read before.
 * Nothing else is kept but the window on the input and the last string that had an escape in it.
 *
 * Text is taken as it is: bytes that aren't UTF-8 and control characters stay. An escaped surrogate
 * without its other half becomes the three bytes that UTF-8 would give it. */
#ifndef P2A_CODEC_JSON_H
#define P2A_CODEC_JSON_H

#include "prof2any/format.h"

#define P2A_JSON_DEPTH 65536 /* of arrays and objects in one another */

enum p2a_json_kind {
    P2A_JSON_NONE, /* no value: the end, or a failure before it */
    P2A_JSON_NULL,
    P2A_JSON_BOOL,
    P2A_JSON_NUMBER,
    P2A_JSON_STRING,
    P2A_JSON_ARRAY,
    P2A_JSON_OBJECT
};

/*   consumed … | base …… at …… end |   the window: bytes base to end of the input from `offset` on
 *
 * open has a bit for each container that is open: 1 for an object. */
struct p2a_json {
    struct p2a_in *in; /* NULL: the window is all there is */
    const unsigned char *base, *at, *end;
    uint64_t offset, value_at;
    bool may_end; /* the caller's: the end of the text anywhere is an end, not a failure */
    bool cut;     /* that has happened; what was being read is not whole */
    bool stopped; /* cut or failed */
    bool first;   /* no comma is due */
    bool whole;   /* the last number was written without fraction and exponent, and is `integer` */
    int64_t integer;
    struct p2a_json_decimal { /* the last number: digits * 10^exponent */
        uint64_t digits;      /* those past the 19th are left out */
        int64_t exponent;
        bool negative, plain; /* plain: no fraction, no exponent, no digit left out */
    } decimal;
    uint32_t depth;
    struct p2a_buffer text;
    char name[48];            /* the last key, for messages */
    struct p2a_error failure; /* the first one, with its byte */
    unsigned char open[P2A_JSON_DEPTH / 8];
};

void p2a_json_start(struct p2a_json *j, struct p2a_in *in);
void p2a_json_stop(struct p2a_json *j); /* frees; j may be started again */
/* Nothing but blanks may follow. Reports the failure, if there was one; returns the status. */
enum p2a_status p2a_json_finish(struct p2a_json *j);

/* What the next value is; it stays. */
enum p2a_json_kind p2a_json_peek(struct p2a_json *j);
/* Whether the next value is a KIND. One of another kind is passed over. */
bool p2a_json_is(struct p2a_json *j, enum p2a_json_kind kind);
/* Passes a value, with all that is in it. */
void p2a_json_skip(struct p2a_json *j);

/* Enters a container; a failure where the next value is something else. */
bool p2a_json_object(struct p2a_json *j);
bool p2a_json_array(struct p2a_json *j);
/* Goes to the next key of the innermost object, and its value; false behind the last, where the
 * object is left. KEY is good until the next call. */
bool p2a_json_key(struct p2a_json *j, struct p2a_str *key);
/* The same for an array's items. */
bool p2a_json_item(struct p2a_json *j);

/* These read a value of their kind; another is a failure. */
bool p2a_json_string(struct p2a_json *j, struct p2a_str *text); /* good until the next call */
double p2a_json_number(struct p2a_json *j);                     /* finite */
bool p2a_json_bool(struct p2a_json *j);
/* These pass over what is of another kind: 0 in place of one of P's strings, a fallback. */
p2a_id p2a_json_intern(struct p2a_json *j, struct p2a_profile *p);
double p2a_json_number_or(struct p2a_json *j, double fallback);
/* A number without a fraction, LEAST to MOST. LEAST after a failure. */
int64_t p2a_json_integer(struct p2a_json *j, int64_t least, int64_t most);

/* The last number read times 10^PLACES, exactly; false where that is no whole number, or too large
 * a one: microseconds with a fraction as nanoseconds. */
bool p2a_json_shifted(const struct p2a_json *j, int places, int64_t *value);

/* Where the last value taken, or looked at by p2a_json_peek, begins. */
uint64_t p2a_json_at(const struct p2a_json *j);
/* How far the text has been read. */
uint64_t p2a_json_here(const struct p2a_json *j);
/* Fail at the last value, or at byte AT, with a sentence of the caller's; they return false. */
bool p2a_json_bad(struct p2a_json *j, const char *message, ...) P2A_PRINTF(2, 3);
bool p2a_json_bad_at(struct p2a_json *j, uint64_t at, const char *message, ...) P2A_PRINTF(3, 4);
/* Reports that there is no memory for what the caller keeps; returns false. */
bool p2a_json_no_memory(struct p2a_json *j);

/* For probes: the kind of the value at PATH in the first bytes; P2A_JSON_NONE where it isn't there.
 * A path is keys from the outside in, "[]" for any item: "shared.frames", "[].ph",
 * "nodes[].callFrame". A string's first ROOM - 1 bytes go to TEXT where that isn't NULL. UTF-16 is
 * looked through as well, so that the reader can say what it is. */
enum p2a_json_kind p2a_json_probe(const struct p2a_probe *probe, const char *path, char *text,
                                  size_t room);
bool p2a_json_has(const struct p2a_probe *probe, const char *path, enum p2a_json_kind kind);

#endif
