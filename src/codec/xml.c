/* XML 1.0, section 2.2: #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].
 * Names have no business with the first three either: a line feed in a function's name would end a
 * line. */
#include "base/utf8.h"
#include "codec/xml.h"

static bool allowed(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7F && c <= 0x9F) && c != 0xFFFD && (c & 0xFFFE) != 0xFFFE &&
           c != 0x2028 && c != 0x2029;
}

static struct p2a_str escaped(uint32_t c)
{
    switch (c) {
    case '&':
        return P2A_LIT("&amp;");
    case '<':
        return P2A_LIT("&lt;");
    case '>':
        return P2A_LIT("&gt;");
    case '"':
        return P2A_LIT("&quot;");
    case '\'':
        return P2A_LIT("&#39;");
    default:
        return allowed(c) ? P2A_LIT("") : P2A_LIT("\xEF\xBF\xBD");
    }
}

/* Stands for itself: what most names are made of. */
static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7F && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

bool p2a_xml_text(struct p2a_buffer *buffer, struct p2a_str s)
{
    const char *plain = s.at;
    while (s.n) {
        const char *at = s.at;
        if (is_plain(*at)) {
            s = (struct p2a_str){at + 1, s.n - 1};
            continue;
        }
        struct p2a_str instead = escaped(p2a_utf8_next(&s));
        if (!instead.n)
            continue;
        if (!p2a_buffer_add(buffer, plain, (size_t)(at - plain)) ||
            !p2a_buffer_add(buffer, instead.at, instead.n))
            return false;
        plain = s.at;
    }
    return p2a_buffer_add(buffer, plain, (size_t)(s.at - plain));
}
