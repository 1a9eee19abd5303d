#include "collector/inside.h"

#include <stdlib.h>

void p2a_slots_put(struct p2a_slots *s, uint32_t hash, uint32_t id)
{
    uint32_t i = hash & (s->room - 1);
    while (s->slot[i])
        i = (i + 1) & (s->room - 1);
    s->slot[i] = id;
    s->n++;
}

bool p2a_slots_room(struct p2a_slots *s, p2a_slot_hash *hash, const void *table)
{
    if (s->n < s->room / 4 * 3)
        return true;
    struct p2a_slots wide = {.room = s->room ? s->room * 2 : 64};
    if (!wide.room)
        return false;
    wide.slot = calloc(wide.room, sizeof *wide.slot);
    if (!wide.slot)
        return false;
    for (uint32_t i = 0; i < s->room; i++)
        if (s->slot[i])
            p2a_slots_put(&wide, hash(table, s->slot[i]), s->slot[i]);
    free(s->slot);
    *s = wide;
    return true;
}

void p2a_slots_free(struct p2a_slots *s)
{
    free(s->slot);
    *s = (struct p2a_slots){0};
}
