/* Rows for a crew (base/crew.h), whose text waits in memory for its turn. */
#include <stdlib.h>

#include "base/crew.h"
#include "io/sink.h"

enum { ENOUGH = 8 }; /* pieces; fewer aren't worth a thread */

struct printing {
    struct p2a_out *out;
    const struct p2a_print *work;
    const void *writer;
    uint32_t cut, n;
};

struct text {
    uint32_t begin, end;
    struct p2a_error error;
    struct p2a_sink *sink;
};

static bool cut_rows(void *owner, void *piece)
{
    struct printing *printing = owner;
    struct text *text = piece;
    uint32_t left = printing->n - printing->cut, most = printing->work->rows;
    text->begin = printing->cut;
    text->end = printing->cut += left < most ? left : most;
    return left > 0;
}

static bool make_text(const void *owner, void *desk, void *piece)
{
    const struct printing *printing = owner;
    struct text *text = piece;
    struct p2a_out out = *printing->out;
    if (!text->sink && !(text->sink = p2a_sink_memory(&text->error)))
        return false;
    out.sink = text->sink;
    printing->work->put(printing->writer, desk, &out, text->begin, text->end);
    return true;
}

static bool put_text(void *owner, void *desk, void *piece)
{
    const struct printing *printing = owner;
    const struct text *text = piece;
    (void)desk;
    p2a_sink_move(text->sink, printing->out->sink);
    return p2a_out_status(printing->out) == P2A_OK;
}

static void free_desk(const void *owner, void *desk)
{
    const struct printing *printing = owner;
    printing->work->free_desk(desk);
}

static void free_text(const void *owner, void *piece)
{
    const struct text *text = piece;
    (void)owner;
    p2a_sink_close(text->sink);
}

static void print_alone(struct p2a_out *out, const struct p2a_print *work, const void *writer,
                        uint32_t n)
{
    void *desk = calloc(1, work->desk_size + 1);
    if (!desk) {
        p2a_no_memory(out);
        return;
    }
    work->put(writer, desk, out, 0, n);
    if (work->free_desk)
        work->free_desk(desk);
    free(desk);
}

void p2a_print_rows(struct p2a_out *out, const struct p2a_print *work, const void *writer,
                    uint32_t n)
{
    struct printing printing = {out, work, writer, 0, n};
    const struct p2a_crew_work crew = {.desk_size = work->desk_size,
                                       .piece_size = sizeof(struct text),
                                       .cut = cut_rows,
                                       .make = make_text,
                                       .take = put_text,
                                       .free_desk = work->free_desk ? free_desk : NULL,
                                       .free_piece = free_text};
    if (n / ENOUGH < work->rows || p2a_cores() == 1)
        print_alone(out, work, writer, n);
    else if (p2a_crew_run(&crew, &printing, false) == P2A_CREW_NO_MEMORY)
        p2a_no_memory(out);
}
