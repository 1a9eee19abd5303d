/* What V8's profiles share, however they are wrapped: call frames. */
#ifndef P2A_CODEC_V8_H
#define P2A_CODEC_V8_H

#include "codec/json.h"

/* A function as V8 names it. Zero is one of which nothing is known; its buffers are used again. */
struct p2a_v8_frame {
    struct p2a_buffer name, url;
    int64_t line; /* where the function starts, from 1; 0: not known */
};

/* Reads a call frame, an object with functionName, url and lineNumber (from 0). False: the JSON
 * ended or failed, or there was no memory. */
bool p2a_v8_call_frame(struct p2a_json *j, struct p2a_v8_frame *frame);
/* A line number from 0 as one from 1; 0 where it is no line's. */
int64_t p2a_v8_line(struct p2a_json *j);
/* A URL as a file: "file:///a%20b.js" is "/a b.js", anything else stays. Decodes in place. */
struct p2a_str p2a_v8_file(struct p2a_buffer *url);
void p2a_v8_frame_free(struct p2a_v8_frame *frame);

#endif
