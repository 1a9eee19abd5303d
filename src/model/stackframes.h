/* stackframes.h - the functions of stacks, one behind the other. They are most of a large profile,
 * so that they have two bytes each where all numbers that may come fit (narrow), else four. */
#ifndef P2A_MODEL_STACKFRAMES_H
#define P2A_MODEL_STACKFRAMES_H

#include <string.h>

#include "base/arena.h"
#include "base/fetch.h"
#include "prof2any/format.h"

/* Zero is none, wide ones. */
struct p2a_stack_frames {
    void *at; /* uint16_t where narrow, else p2a_id; malloc'ed, but for p2a_frames_from */
    bool narrow;
};

enum { P2A_NARROW = UINT16_MAX }; /* numbers below this are narrow */

static inline size_t p2a_frame_size(struct p2a_stack_frames frames)
{
    return frames.narrow ? sizeof(uint16_t) : sizeof(p2a_id);
}

static inline p2a_id p2a_frame_at(struct p2a_stack_frames frames, size_t i)
{
    return frames.narrow ? ((const uint16_t *)frames.at)[i] : ((const p2a_id *)frames.at)[i];
}

static inline void p2a_set_frame(struct p2a_stack_frames frames, size_t i, p2a_id function)
{
    if (frames.narrow)
        ((uint16_t *)frames.at)[i] = (uint16_t)function;
    else
        ((p2a_id *)frames.at)[i] = function;
}

/* Those from I on. */
static inline struct p2a_stack_frames p2a_frames_from(struct p2a_stack_frames frames, size_t i)
{
    frames.at = (char *)frames.at + i * p2a_frame_size(frames);
    return frames;
}

/* Where those of FROM on are that p2a_frames_from gave. */
static inline uint32_t p2a_frame_index(struct p2a_stack_frames frames, struct p2a_stack_frames from)
{
    return (uint32_t)((size_t)((char *)from.at - (char *)frames.at) / p2a_frame_size(frames));
}

/* N of FROM from I on to TO, which is as wide, from K on. */
static inline void p2a_copy_frames(struct p2a_stack_frames to, size_t k,
                                   struct p2a_stack_frames from, size_t i, size_t n)
{
    if (n)
        memcpy(p2a_frames_from(to, k).at, p2a_frames_from(from, i).at, n * p2a_frame_size(to));
}

/* Room for N. False: no memory. */
static inline bool p2a_room_for_frames(struct p2a_stack_frames *frames, uint32_t *room, uint64_t n)
{
    return p2a_grow(&frames->at, room, n, p2a_frame_size(*frames));
}

/* Asks for those from one to another. */
static inline void p2a_fetch_frames(struct p2a_stack_frames frames, size_t from, size_t to)
{
    enum { LINE = 64 };
    size_t size = p2a_frame_size(frames);
    const char *at = frames.at;
    for (size_t i = from * size; i < to * size; i += LINE)
        p2a_fetch(at + i);
}

#endif
