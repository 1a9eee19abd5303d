/* json_write.h - JSON written through a sink; commas come by themselves.
 *
 *     struct p2a_json_writer w = {out, false};
 *     p2a_json_begin(&w, '{');
 *     p2a_json_name(&w, "samples");
 *     p2a_json_begin(&w, '[');
 *     p2a_json_u64(&w, 7);
 *     p2a_json_end(&w, ']');
 *     p2a_json_end(&w, '}');            {"samples":[7]}
 *
 * What is written is ASCII and UTF-8 that every parser takes: broken UTF-8 and surrogates become
 * U+FFFD. */
#ifndef P2A_CODEC_JSON_WRITE_H
#define P2A_CODEC_JSON_WRITE_H

#include "prof2any/format.h"

struct p2a_json_writer {
    struct p2a_out *out;
    bool comma; /* one is due before the next value or name */
};

void p2a_json_begin(struct p2a_json_writer *w, char bracket); /* '{' or '[' */
void p2a_json_end(struct p2a_json_writer *w, char bracket);   /* '}' or ']' */
void p2a_json_name(struct p2a_json_writer *w, const char *name);
void p2a_json_name_str(struct p2a_json_writer *w, struct p2a_str name);
/* A line end before the next value or name, for people who look at the file. */
void p2a_json_line(struct p2a_json_writer *w);

void p2a_json_text(struct p2a_json_writer *w, const char *text);
void p2a_json_str(struct p2a_json_writer *w, struct p2a_str text);
void p2a_json_u64(struct p2a_json_writer *w, uint64_t value);
void p2a_json_i64(struct p2a_json_writer *w, int64_t value);
/* The shortest number that reads as VALUE again; null for what is not finite. */
void p2a_json_double(struct p2a_json_writer *w, double value);
void p2a_json_truth(struct p2a_json_writer *w, bool value);
void p2a_json_null(struct p2a_json_writer *w);
/* A value that is JSON already. */
void p2a_json_raw(struct p2a_json_writer *w, struct p2a_str value);

#define P2A_JSON_NUMBER_ROOM 40
/* That number as text with a NUL, whatever the locale. Returns its length. */
size_t p2a_json_spell(double value, char text[P2A_JSON_NUMBER_ROOM]);
/* Appends TEXT in quotes. False: no memory. */
bool p2a_json_quote(struct p2a_buffer *buffer, struct p2a_str text);

#endif
