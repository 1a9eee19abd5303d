/* Lines for a crew (base/crew.h), where there are enough of them: as they stand in memory, or
 * copied out of the window on a pipe or on what is unpacked. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crew.h"
#include "io/source.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { PIECE = 1 << 8 }; /* so that small inputs have borders */
#else
enum { PIECE = 1 << 20 };
#endif
enum { ENOUGH = 8 << 20 }; /* less isn't worth a thread */

/* ---- all cores ---- */

struct lines {
    struct p2a_str text;
    char *copy;
    uint32_t room;
    max_align_t parsed[]; /* the reader's */
};

struct reading {
    struct p2a_in *in;
    const struct p2a_pieces *work;
    void *reader;
    bool moves;  /* the window does, while a piece is parsed */
    size_t done; /* of what is ahead: cut, and not taken yet */
};

static bool copy_text(struct lines *lines)
{
    if (!p2a_grow(&lines->copy, &lines->room, lines->text.n, 1))
        return false;
    memcpy(lines->copy, lines->text.at, lines->text.n);
    lines->text.at = lines->copy;
    return true;
}

static bool cut_lines(void *owner, void *piece)
{
    struct reading *reading = owner;
    struct lines *lines = piece;
    const unsigned char *at;
    size_t have = p2a_ahead(reading->in, reading->done + PIECE + 1, &at);
    if (have <= reading->done)
        return false;
    lines->text = (struct p2a_str){(const char *)at + reading->done, have - reading->done};
    lines->text.n = p2a_whole_lines(lines->text, PIECE);
    if (!lines->text.n || (reading->moves && !copy_text(lines)))
        return false;
    reading->done += lines->text.n;
    return true;
}

static bool parse_lines(const void *owner, void *desk, void *piece)
{
    const struct reading *reading = owner;
    struct lines *lines = piece;
    return reading->work->parse(reading->reader, desk, lines->text, lines->parsed);
}

static bool take_lines(void *owner, void *desk, void *piece)
{
    struct reading *reading = owner;
    struct lines *lines = piece;
    bool more = reading->work->take(reading->reader, desk, lines->parsed);
    p2a_consume(reading->in, lines->text.n);
    reading->done -= lines->text.n;
    return more;
}

static void free_desk(const void *owner, void *desk)
{
    const struct reading *reading = owner;
    reading->work->free_desk(desk);
}

static void free_lines(const void *owner, void *piece)
{
    const struct reading *reading = owner;
    struct lines *lines = piece;
    reading->work->free_piece(lines->parsed);
    free(lines->copy);
}

/* Reads up to the last whole line; false: nothing more is wanted. */
static bool read_together(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    struct reading reading = {in, work, reader, !p2a_in_memory(in), 0};
    const unsigned char *at;
    struct p2a_crew_work crew = {.desk_size = work->desk_size,
                                 .piece_size = sizeof(struct lines) + work->piece_size,
                                 .cut = cut_lines,
                                 .make = parse_lines,
                                 .take = take_lines,
                                 .free_desk = work->free_desk ? free_desk : NULL,
                                 .free_piece = free_lines};
    if (p2a_cores() == 1 || p2a_ahead(in, ENOUGH, &at) < ENOUGH)
        return true;
    enum p2a_crew_end end = p2a_crew_run(&crew, &reading, false);
    if (end == P2A_CREW_NO_MEMORY)
        p2a_in_no_memory(in);
    return end == P2A_CREW_DONE;
}

/* ---- one thread ---- */

static void read_alone(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    void *desk = calloc(1, work->desk_size + 1), *piece = calloc(1, work->piece_size);
    bool enough = desk && piece;
    struct p2a_str lines;
    while (enough && p2a_lines_ahead(in, PIECE, &lines)) {
        enough = work->parse(reader, desk, lines, piece);
        if (!enough || !work->take(reader, desk, piece))
            break;
        p2a_consume(in, lines.n);
    }
    if (!enough)
        p2a_in_no_memory(in);
    if (piece)
        work->free_piece(piece);
    if (desk && work->free_desk)
        work->free_desk(desk);
    free(piece);
    free(desk);
}

void p2a_read_pieces(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    if (read_together(in, work, reader))
        read_alone(in, work, reader);
}
