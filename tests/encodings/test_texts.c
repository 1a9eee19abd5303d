/* Of every format that is text, and every sample of it:
 *
 *   - with CRLF for LF, and with a byte order mark before it, it is the same profile
 *   - in UTF-16 and UTF-32 it is refused in one sentence that says so, named or detected
 *   - an empty file and blank lines are refused by every format, in a sentence of its own */
#include "samples.h"

/* All that is in the profile, as JSON; the caller frees. */
static struct bytes dump(const char *text, size_t n)
{
    struct p2a_save_options json = {.format = "json"};
    struct bytes dumped = {NULL, 0};
    struct p2a_profile *p;
    struct p2a_error error;
    void *bytes = NULL;
    if (p2a_load_memory(text, n, "", NULL, &p, &error) != P2A_OK) {
        fail("isn't read", error.message);
        return dumped;
    }
    if (p2a_save_memory(p, &json, &bytes, &dumped.n, &error) != P2A_OK)
        fail("isn't written", error.message);
    p2a_free(p);
    dumped.at = bytes;
    return dumped;
}

static void expect_same(struct bytes expected, struct bytes text, const char *what)
{
    struct bytes dumped = dump(text.at, text.n);
    cases++;
    if (dumped.at && (dumped.n != expected.n || memcmp(dumped.at, expected.at, expected.n) != 0))
        fail(what, "another profile");
    free(dumped.at);
}

static struct bytes with_carriage_returns(struct bytes text)
{
    struct bytes out = {malloc(2 * text.n), 0};
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] == '\n')
            out.at[out.n++] = '\r';
        out.at[out.n++] = text.at[i];
    }
    return out;
}

static struct bytes with_mark(struct bytes text)
{
    struct bytes out = {malloc(text.n + 3), text.n + 3};
    memcpy(out.at, "\xEF\xBB\xBF", 3);
    memcpy(out.at + 3, text.at, text.n);
    return out;
}

/* In units of UNIT bytes with the character at PLACE, a byte order mark first where MARKED. */
static struct bytes widened(struct bytes text, size_t unit, size_t place, bool marked)
{
    struct bytes out = {calloc(text.n + 1, unit), 0};
    size_t other = unit == 2 ? 1 - place : place ? 2 : 1;
    if (marked) {
        out.at[place] = (char)0xFF;
        out.at[other] = (char)0xFE;
        out.n = unit;
    }
    for (size_t i = 0; i < text.n; i++, out.n += unit)
        out.at[out.n + place] = text.at[i];
    return out;
}

static void expect_refused(const char *text, size_t n, const char *format, const char *sentence)
{
    struct p2a_load_options options = {.format = format};
    struct p2a_profile *p;
    struct p2a_error error;
    cases++;
    if (p2a_load_memory(text, n, "", &options, &p, &error) == P2A_OK)
        fail("is read", sentence);
    else if (strncmp(error.message, sentence, strlen(sentence)) != 0 || !is_sentence(error.message))
        fail(sentence, error.message);
    else if (error.status != P2A_INPUT || (*sentence == 'U' && error.place_kind != P2A_AT_BYTE))
        fail("not a bad input at a place", error.message);
    p2a_free(p);
}

static void refuse_wide(const struct p2a_format *format, struct bytes text)
{
    for (int kind = 0; kind < 8; kind++) {
        size_t unit = kind & 1 ? 4 : 2, place = kind & 2 ? unit - 1 : 0;
        struct bytes wide = widened(text, unit, place, kind & 4);
        const char *sentence =
            unit == 2 ? "UTF-16, expected UTF-8: 'iconv " : "UTF-32, expected UTF-8: 'iconv ";
        expect_refused(wide.at, wide.n, NULL, sentence);
        expect_refused(wide.at, wide.n, format->name, sentence);
        free(wide.at);
    }
}

static void try_text(const struct p2a_format *format, struct bytes text)
{
    if (!is_text(text))
        return;
    struct bytes expected = dump(text.at, text.n), dos = with_carriage_returns(text);
    struct bytes marked = with_mark(text), both = with_mark(dos);
    expect_same(expected, dos, "with CRLF");
    expect_same(expected, marked, "with a byte order mark");
    expect_same(expected, both, "with both");
    refuse_wide(format, text);
    free(expected.at);
    free(dos.at);
    free(marked.at);
    free(both.at);
}

static void nothing_is_no_profile(void)
{
    static const char *const blanks[] = {"\n",       "\n\n\n",       " \n\t\n",
                                         "\r\n\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\n"};
    for (size_t i = 0; i < p2a_format_count(); i++) {
        const struct p2a_format *format = p2a_format_at(i);
        snprintf(now, sizeof now, "%s", format->name);
        if (!format->read)
            continue;
        expect_refused("", 0, format->name, "no input, expected a profile");
        for (size_t k = 0; k < sizeof blanks / sizeof *blanks; k++) {
            expect_refused(blanks[k], strlen(blanks[k]), format->name, "");
            expect_refused(blanks[k], strlen(blanks[k]), NULL, "");
        }
    }
}

int main(void)
{
    each_sample(try_text);
    nothing_is_no_profile();
    return summary(1000);
}
