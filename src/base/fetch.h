/* fetch.h - asking for memory before it is needed, where no hardware sees it coming. */
#ifndef P2A_BASE_FETCH_H
#define P2A_BASE_FETCH_H

/* AT may be anywhere. The asm, which is empty, has gcc take what calls this for something that has
 * an effect: a function that only asked for memory would never be called. */
static inline void p2a_fetch(const void *at)
{
    __builtin_prefetch(at);
    __asm__ volatile("");
}

#endif
