/* A colour is switched on before the first character in it, off before the first in another and
 * before blanks that have none behind them, and never lasts beyond the line. */
#include <string.h>

#include "base/sheet.h"

static void add(struct p2a_sheet *sheet, const char *text)
{
    p2a_buffer_add(&sheet->line, text, strlen(text));
}

void p2a_sheet_ink(struct p2a_sheet *sheet, enum p2a_ink ink)
{
    if (sheet->color)
        sheet->ink = ink;
}

static void dip(struct p2a_sheet *sheet)
{
    static const char *const codes[] = {[P2A_INK] = "",
                                        [P2A_FAINT] = "38;5;244",
                                        [P2A_STRONG] = "1",
                                        [P2A_HOT] = "1;38;5;196",
                                        [P2A_WARM] = "38;5;172",
                                        [P2A_PALE] = "38;5;110",
                                        [P2A_COOL] = "1;38;5;33",
                                        [P2A_HOT_ON_PALE] = "38;5;196;48;5;110",
                                        [P2A_WARM_ON_PALE] = "38;5;172;48;5;110"};
    if (sheet->ink == sheet->shown)
        return;
    if (sheet->shown != P2A_INK)
        add(sheet, "\x1B[0m");
    if (sheet->ink != P2A_INK) {
        add(sheet, "\x1B[");
        add(sheet, codes[sheet->ink]);
        add(sheet, "m");
    }
    sheet->shown = sheet->ink;
}

/* Those that wait are put before a character; what is behind them is the terminal's own colour. */
static void put_blanks(struct p2a_sheet *sheet)
{
    enum p2a_ink ink = sheet->ink;
    if (sheet->blanks && sheet->shown >= P2A_HOT_ON_PALE) {
        sheet->ink = P2A_INK;
        dip(sheet);
        sheet->ink = ink;
    }
    for (; sheet->blanks; sheet->blanks--)
        add(sheet, " ");
}

/* What says the same in ASCII, in as many cells. */
static const char *likeness(struct p2a_str c)
{
    static const char *const pairs[][2] = {
        {"\xC2\xB5", "u"},     {"\xE2\x80\xA6", "~"}, {"\xE2\x94\x82", "|"}, {"\xE2\x94\x9C", "|"},
        {"\xE2\x94\x94", "`"}, {"\xE2\x94\x80", "-"}, {"\xE2\x95\xB4", "-"}, {"\xE2\x96\x88", "#"},
        {"\xE2\x96\x91", "="}, {"\xC2\xB7", "-"},     {"\xE2\x86\xBB", "x"}, {"\xE2\x86\x90", "<"},
        {"\xE2\x86\x92", ">"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (p2a_str_is(c, pairs[i][0]))
            return pairs[i][1];
    return NULL;
}

static void put_ascii(struct p2a_sheet *sheet, struct p2a_str c, unsigned cells)
{
    const char *like = c.n == 1 ? NULL : likeness(c);
    if (c.n == 1 || like)
        p2a_buffer_add(&sheet->line, like ? like : c.at, 1);
    for (unsigned i = 0; i < cells && c.n > 1 && !like; i++)
        add(sheet, "?");
}

void p2a_sheet_put(struct p2a_sheet *sheet, struct p2a_str text)
{
    struct p2a_str c;
    while (text.n) {
        if (text.at[0] == ' ') {
            p2a_sheet_blank(sheet, 1);
            text = (struct p2a_str){text.at + 1, text.n - 1};
            continue;
        }
        unsigned cells = p2a_cells_next(&text, &c);
        if (sheet->width && sheet->cells + cells > sheet->width)
            return;
        put_blanks(sheet);
        dip(sheet);
        if (sheet->ascii)
            put_ascii(sheet, c, cells);
        else
            p2a_buffer_add(&sheet->line, c.at, c.n);
        sheet->cells += cells;
    }
}

void p2a_sheet_text(struct p2a_sheet *sheet, const char *text)
{
    p2a_sheet_put(sheet, p2a_str_of(text));
}

void p2a_sheet_blank(struct p2a_sheet *sheet, size_t cells)
{
    sheet->blanks += cells;
    sheet->cells += cells;
}

void p2a_sheet_right(struct p2a_sheet *sheet, const char *text, size_t cells)
{
    size_t width = p2a_cells(p2a_str_of(text));
    p2a_sheet_blank(sheet, width < cells ? cells - width : 0);
    p2a_sheet_text(sheet, text);
}

void p2a_sheet_cut(struct p2a_sheet *sheet, struct p2a_str text, size_t cells)
{
    if (p2a_cells(text) <= cells) {
        p2a_sheet_put(sheet, text);
    } else if (cells) {
        p2a_sheet_put(sheet, p2a_cells_start(text, cells - 1));
        p2a_sheet_text(sheet, "\xE2\x80\xA6");
    }
}

void p2a_sheet_end(struct p2a_sheet *sheet, struct p2a_out *out)
{
    sheet->ink = P2A_INK;
    dip(sheet);
    add(sheet, "\n");
    p2a_put(out, sheet->line.at, sheet->line.n);
    sheet->line.n = 0;
    sheet->cells = sheet->blanks = 0;
}

/* Takes blanks and the word behind them off *text. */
static struct p2a_str next_word(struct p2a_str *text, size_t *blanks)
{
    size_t from = 0, to;
    while (from < text->n && text->at[from] == ' ')
        from++;
    for (to = from; to < text->n && text->at[to] != ' '; to++)
        continue;
    struct p2a_str word = {text->at + from, to - from};
    *text = (struct p2a_str){text->at + to, text->n - to};
    *blanks = from;
    return word;
}

void p2a_sheet_prose(struct p2a_sheet *sheet, struct p2a_str text, struct p2a_out *out)
{
    enum p2a_ink ink = sheet->ink;
    while (text.n) {
        size_t blanks;
        struct p2a_str word = next_word(&text, &blanks);
        size_t end = sheet->cells + blanks + p2a_cells(word);
        if (sheet->width && sheet->cells && end > sheet->width) {
            p2a_sheet_end(sheet, out);
            sheet->ink = ink;
        } else {
            p2a_sheet_blank(sheet, blanks);
        }
        p2a_sheet_put(sheet, word);
    }
}

void p2a_sheet_free(struct p2a_sheet *sheet, struct p2a_out *out)
{
    if (sheet->line.failed)
        p2a_no_memory(out);
    p2a_buffer_free(&sheet->line);
}
