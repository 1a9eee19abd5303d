#include "base/utf8.h"

#include <string.h>

static unsigned byte_at(struct p2a_str s, size_t i)
{
    return i < s.n ? (unsigned char)s.at[i] : 0;
}

/* How many continuation bytes follow LEAD; 0 for a byte that leads nothing. */
static unsigned followers(unsigned lead)
{
    if (lead >= 0xC2 && lead <= 0xDF)
        return 1;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 2;
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
}

uint32_t p2a_utf8_next(struct p2a_str *s)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned lead = byte_at(*s, 0), more = followers(lead);
    uint32_t c = lead < 0x80 ? lead : 0xFFFD;
    if (more)
        c = lead & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        unsigned next = byte_at(*s, i);
        if ((next & 0xC0) != 0x80)
            more = 0, c = 0xFFFD;
        else
            c = c << 6 | (next & 0x3F);
    }
    if (more && (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)))
        more = 0, c = 0xFFFD;
    *s = (struct p2a_str){s->at + 1 + more, s->n - 1 - more};
    return c;
}

bool p2a_utf8_plain(struct p2a_str *s)
{
    size_t before = s->n;
    uint32_t c = p2a_utf8_next(s);
    if (c < 0x80)
        return c >= ' ' && c != 0x7F;
    return before - s->n > 1 && c > 0x9F && !(c >= 0x202A && c <= 0x202E) &&
           !(c >= 0x2066 && c <= 0x2069);
}

void p2a_utf8_defuse(char *text)
{
    struct p2a_str rest = p2a_str_of(text);
    while (rest.n) {
        size_t before = rest.n;
        bool plain = p2a_utf8_plain(&rest);
        if (!plain)
            memset(text, '?', before - rest.n);
        text += before - rest.n;
    }
}
