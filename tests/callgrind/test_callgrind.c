/* The callgrind grammar, and what the writer makes of a profile. */
#include <math.h>

#include "text.h"

#define HEAD "# callgrind format\nevents: Ir\n"

/* ---- reading --------------------------------------------------------------------------------- */

static void lines_sum_to_self_and_sites_to_arcs(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fl=a.c\nfn=f\n1 10\n2 20\n1 5\n"
                                            "cfn=g\ncalls=2 9\n2 100\ncfn=g\ncalls=1 9\n3 50\n"
                                            "fn=g\n9 150\n");
    assert_true(self_of(p, "f") == 35 && self_of(p, "g") == 150);
    assert_int_equal(p->graph.line_n, 3);
    assert_int_equal(p->graph.site_n, 2);
    assert_true(arc_total(p, "f", "g") == 150);
    assert_int_equal(p->graph.arc[arc_of(p, "f", "g")].calls, 3);
    assert_int_equal(node_of(p, "g").calls, 3);
    assert_true(total_of(p, "f") == 185 && total_of(p, "g") == 150);
    assert_false(node_of(p, "f").has & P2A_HAS_CALLS);
    p2a_free(p);
}

static void a_name_is_defined_once_and_meant_by_its_number(void **state)
{
    (void)state;
    struct p2a_profile *p =
        profile_in(HEAD "ob=(1) lib.so\nfl=(1) a.c\nfn=(1) f\n1 1\n"
                        "cob=(2) other.so\ncfi=(2) b.c\ncfn=(70000000000) g\ncalls=1 1\n1 7\n"
                        "ob=(2)\nfl=(2)\nfn=(70000000000)\n3 7\n");
    p2a_id g = find_function(p, "g");
    assert_int_equal(p->functions.n, 2);
    assert_string_equal(p2a_string(p, p->functions.row[g].file).at, "b.c");
    assert_string_equal(p2a_string(p, p->functions.row[g].module).at, "other.so");
    assert_true(self_of(p, "g") == 7);
    p2a_free(p);
}

static void a_number_takes_a_new_name_from_there_on(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fn=(1) f\n1 1\nfn=(1) g\n1 2\nfn=(1)\n1 4\n");
    assert_true(self_of(p, "f") == 1 && self_of(p, "g") == 6);
    p2a_free(p);
}

static void a_number_without_a_name_is_unknown_and_said(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fl=(3)\nfn=(1)\n1 1\n");
    assert_true(self_of(p, "???") == 1);
    assert_int_equal(p->functions.row[0].file, 0);
    assert_true(noted(p, "2 references to names that no line before defines"));
    p2a_free(p);
}

static void a_name_may_begin_with_a_parenthesis(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fn=(below main)\n1 1\nfn=(3d) draw\n1 2\n");
    assert_true(self_of(p, "(below main)") == 1 && self_of(p, "(3d) draw") == 2);
    p2a_free(p);
}

static void a_place_in_a_name_is_the_functions_if_it_is_in_its_file(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fl=(1) /my src/app.py\nfn=(1) main /my src/app.py:41\n"
                                            "41 1\nfl=a.py\nfn=at b.py:7\n1 2\nfn=at a.py:\n1 4\n"
                                            "fn=ata.py:7\n1 8\nfl=\nfn=at :7\n1 16\n");
    const struct p2a_function *f = &p->functions.row[find_function(p, "main")];
    assert_string_equal(p2a_string(p, f->file).at, "/my src/app.py");
    assert_int_equal(f->line, 41);
    assert_int_equal(f->kind, P2A_PYTHON);
    assert_true(self_of(p, "main") == 1 && self_of(p, "at b.py:7") == 2);
    assert_true(self_of(p, "at a.py:") == 4 && self_of(p, "ata.py:7") == 8);
    assert_true(self_of(p, "at :7") == 16);
    p2a_free(p);
}

static void positions_are_relative_to_the_line_before_be_it_a_call(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("positions: instr line\nevents: Ir\nfl=a.c\nfn=f\n"
                                       "0x10 5 1\n+8 +2 1\ncfn=g\ncalls=1 0x99 1\n+1 * 9\n"
                                       "* -1 1\n0X20+4 7-9 1\n");
    const struct p2a_line *l = p->graph.line;
    assert_int_equal(p->graph.line_n, 4);
    assert_true(l[0].address == 0x10 && l[0].line == 5);
    assert_true(l[1].address == 0x18 && l[1].line == 7);
    assert_true(p->graph.site[0].address == 0x19 && p->graph.site[0].line == 7);
    assert_true(l[2].address == 0x19 && l[2].line == 6);
    assert_true(l[3].address == 0x20 && l[3].line == 7);
    p2a_free(p);
}

static void inlined_lines_stay_with_their_function_in_their_own_file(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fl=(1) a.c\nfn=(1) f\n1 1\nfi=(2) a.h\n2 2\n"
                                            "cfn=g\ncalls=1 1\n2 5\nfe=(1)\n3 4\nfn=(3) h\n1 8\n");
    p2a_id f = find_function(p, "f"), g = find_function(p, "g"), h = find_function(p, "h");
    assert_true(self_of(p, "f") == 7);
    assert_string_equal(p2a_string(p, p->graph.line[1].file).at, "a.h");
    assert_int_equal(p->graph.line[1].function, f);
    assert_string_equal(p2a_string(p, p->functions.row[g].file).at, "a.h");
    assert_string_equal(p2a_string(p, p->functions.row[h].file).at, "a.c");
    p2a_free(p);
}

static void missing_costs_are_zero(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("events: Ir Dr Dw\nfn=f\n1 7\n2\n3 1 2 3\n");
    assert_int_equal(p->metrics.n, 3);
    assert_true(p->graph.self[0] == 8 && p->graph.self[1] == 2 && p->graph.self[2] == 3);
    p2a_free(p);
}

static void jumps_are_left_out_and_said(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fn=(1) f\n1 1\njcnd=1/2 +5\n+1\njfi=(4) b.c\n"
                                            "jfn=(2) g\njump=3 9\n* \n+1 2\nfn=(2)\n1 4\n");
    assert_true(self_of(p, "f") == 3 && self_of(p, "g") == 4);
    assert_int_equal(p->graph.line[1].line, 3);
    assert_true(noted(p, "2 jumps"));
    p2a_free(p);
}

static void parts_and_threads_are_added_up_and_counted(void **state)
{
    (void)state;
    struct p2a_profile *p =
        profile_in("pid: 1\npart: 1\nthread: 1\nevents: Ir Dr\nsummary: 1 2\nfn=(1) f\n9 1 2\n"
                   "totals: 1 2\npart: 1\nthread: 2\npositions: line\nevents: Dr Ir\nfn=(1) f\n"
                   "9 10 20\npart: 2\nthread: 1\nevents: Ir\nfn=(1) f\n+3 100\n");
    assert_true(p->graph.self[0] == 121 && p->graph.self[1] == 12);
    assert_int_equal(p->graph.line[1].line, 3);
    assert_true(noted(p, "3 parts of 2 threads were added up"));
    assert_false(noted(p, "summary"));
    p2a_free(p);
}

static void a_summary_that_differs_is_said(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("events: Ir\nsummary: 5\nfn=f\n1 4\n");
    assert_true(noted(p, "summary line says 5 for Ir, but the costs add up to 4"));
    p2a_free(p);
}

static void time_is_in_seconds_and_a_word_in_parentheses_is_the_unit(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("events: ns cpu(ms) alloc(kB) hits(pages) Ir\nfn=f\n"
                                       "1 5 6 7 8 9\n");
    static const char *const name[] = {"time", "cpu", "alloc", "hits", "Ir"};
    static const char *const unit[] = {"seconds", "seconds", "bytes", "pages", "count"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(p2a_metric_name(p, i), name[i]);
        assert_string_equal(p2a_metric_unit(p, i), unit[i]);
    }
    assert_true(p2a_metric_total(p, 0) == 5 * 1e-9 && p2a_metric_total(p, 2) == 7 * 1024);
    assert_string_equal(p2a_string(p, p->metrics.row[4].title).at, "Instruction Fetch");
    p2a_free(p);
}

static void a_formula_makes_a_metric_of_its_own(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("event: Sum = Ir + 10 Dr - 2*Half : A sum\n"
                                       "event: Half = 0.5 Ir\nevents: Ir Dr\nfn=f\n1 8 3\n"
                                       "cfn=g\ncalls=1 1\n1 100 1\nfn=g\n1 100 1\n");
    assert_int_equal(p->metrics.n, 4);
    assert_string_equal(p2a_string(p, p->metrics.row[2].title).at, "A sum");
    assert_true(p->graph.self[2] == 30 && p->graph.self[3] == 4);
    assert_true(p->graph.arc_total[2] == 10);
    assert_true(p->graph.total[2] == 40);
    p2a_free(p);
}

static void a_formula_may_name_what_every_reader_knows(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("event: CEst = Ir + 10 Bm + 10 L1m\n"
                                       "events: Ir I1mr D1mr D1mw\nfn=f\n1 100 1 2 3\n");
    assert_true(p->graph.self[4] == 160);
    p2a_free(p);
}

static void a_formula_of_itself_or_of_the_unknown_is_left_out_and_said(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("event: A = Ir + B\nevent: B = A\nevent: C = Nothing\n"
                                       "event: D = Ir +\nevents: Ir\nfn=f\n1 1\n");
    assert_int_equal(p->metrics.n, 1);
    assert_true(noted(p, "event A is left out") && noted(p, "event B is left out"));
    assert_true(noted(p, "event C is left out") && noted(p, "event D is left out"));
    p2a_free(p);
}

static void cachegrind_files_are_the_same_without_calls(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("desc: I1 cache: 1 B\ncmd: ./a\nevents: Ir I1mr\nfl=a.c\n"
                                       "fn=f\n1 5 .\n2 6 1\nsummary: 11 1\n");
    assert_true(p->graph.self[0] == 11 && p->graph.self[1] == 1);
    assert_int_equal(p2a_note_count(p), 0);
    p2a_free(p);
}

/* In the middle of a file many lines are taken at once, at its end each by itself. */
static void numbers_are_the_same_in_the_middle_and_at_the_end(void **state)
{
    (void)state;
    static const char *const lines[] = {"1 2",
                                        "+3 0x1f",
                                        "0xABCDEF01 99999999",
                                        "* 100000000",
                                        "-4 12345678901234567",
                                        "0x123456789abcdef0 0000000000000000000000000000000012",
                                        "+0 1234567812345678",
                                        "1234567 12345678",
                                        "123456789 1234567",
                                        "12345678123456789 9",
                                        "0xabcdef 0xFFFFFFFF",
                                        "0x123456789 0x1234567890ab",
                                        "0x00000000000000000000000000000000000000000000000000001 7",
                                        "1  2",
                                        "7:9 2",
                                        "+3-1 2",
                                        "12345678 . ",
                                        "3"};
    char most[P2A_PROBE_BYTES], text[2 * P2A_PROBE_BYTES];
    memset(most, '#', sizeof most);
    most[sizeof most - 1] = '\0';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        snprintf(text, sizeof text, HEAD "fn=f\n10 1\n%s\n", lines[i]);
        struct p2a_profile *end = profile_in(text);
        snprintf(text, sizeof text, HEAD "fn=f\n10 1\n%s\n%s\n", lines[i], most);
        struct p2a_profile *middle = profile_in(text);
        assert_int_equal(end->graph.line_n, middle->graph.line_n);
        assert_true(self_of(end, "f") == self_of(middle, "f")); /* NOLINT: exact */
        for (uint32_t j = 0; j < end->graph.line_n; j++)
            assert_true(end->graph.line[j].line == middle->graph.line[j].line);
        p2a_free(end);
        p2a_free(middle);
    }
}

static void lines_are_as_wrong_in_the_middle_as_at_the_end(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "1 1.5", "1 2x", "0x 1",   "0xg 1",         "1 0x",           "1/ 2",
        "+ 2",   "*1 2", "1 \xb2", "1 1234567\xb8", "1 1234567812/4", "12345678:0:0 1"};
    char most[P2A_PROBE_BYTES], text[2 * P2A_PROBE_BYTES];
    memset(most, '#', sizeof most);
    most[sizeof most - 1] = '\0';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct p2a_profile *p;
        struct p2a_error end, middle;
        snprintf(text, sizeof text, HEAD "fn=f\n10 1\n%s\n", lines[i]);
        assert_int_equal(load_text(p2a_str_of(text), &p, &end), P2A_INPUT);
        snprintf(text, sizeof text, HEAD "fn=f\n10 1\n%s\n%s\n", lines[i], most);
        assert_int_equal(load_text(p2a_str_of(text), &p, &middle), P2A_INPUT);
        assert_int_equal(end.place, middle.place);
        assert_string_equal(end.message, middle.message);
    }
}

static void put(struct p2a_buffer *text, const char *more)
{
    assert_true(p2a_buffer_add(text, more, strlen(more)));
}

/* Numbers of so many digits at most, in any form. */
static uint64_t put_random(struct p2a_buffer *text, uint64_t *seed, unsigned digits)
{
    uint64_t value = 0;
    char word[40];
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    for (unsigned i = 0, n = 1 + (unsigned)(*seed >> 33) % digits; i < n; i++)
        value = value * 10 + (*seed >> (2 * i + 8)) % 10;
    snprintf(word, sizeof word, *seed >> 62 ? "%llu" : "0x%llx", (unsigned long long)value);
    put(text, word);
    return value;
}

enum { EVENTS = 18 };
struct expected {
    uint64_t address, line, cost[EVENTS];
};

/* Row I, one address behind the one before, with 1 to EVENTS costs. */
static void put_row(struct p2a_buffer *text, uint64_t *seed, uint32_t i, uint32_t events,
                    struct expected *row)
{
    static const char *const steps[] = {"+1 * ", "+1 +2 ", "+1 -1 ", "+1 7 "};
    uint32_t costs = 1 + (i + events) % events;
    const struct expected before = i ? row[-1] : (struct expected){.address = 0x1000, .line = 5};
    const uint64_t line[] = {before.line, before.line + 2, before.line - 1, 7};
    *row = (struct expected){.address = before.address + 1, .line = line[i % 4]};
    put(text, steps[i % 4]);
    for (uint32_t e = 0; e < costs; e++) {
        row->cost[e] = put_random(text, seed, 13);
        put(text, e + 1 < costs ? " " : "\n");
    }
}

/* Addresses ascend, so that lines stand as they came. */
static void rows_of_any_number_of_costs_are_what_they_say(void **state)
{
    (void)state;
    enum { ROWS = 500 };
    static struct expected row[ROWS];
    for (uint32_t events = 1; events <= EVENTS; events++) {
        struct p2a_buffer text = {0};
        uint64_t seed = events;
        put(&text, "positions: instr line\nevents:");
        for (uint32_t e = 0; e < events; e++)
            p2a_buffer_add(&text, (const char[]){' ', 'A', (char)('a' + e)}, 3);
        put(&text, "\nfn=f\n0x1000 5 0\n");
        for (uint32_t i = 0; i < ROWS; i++)
            put_row(&text, &seed, i, events, &row[i]);
        p2a_buffer_add(&text, "", 1);
        struct p2a_profile *p = profile_in(text.at);
        assert_int_equal(p->graph.line_n, ROWS + 1);
        for (uint32_t i = 0; i < ROWS; i++) {
            const struct p2a_line *line = &p->graph.line[i + 1];
            const double *self = p->graph.line_self + (size_t)(i + 1) * events;
            assert_true(line->address == row[i].address && line->line == row[i].line);
            for (uint32_t e = 0; e < events; e++)
                assert_true(self[e] == (double)row[i].cost[e]);
        }
        p2a_free(p);
        p2a_buffer_free(&text);
    }
}

static uint32_t packed_of(const char *text)
{
    struct p2a_profile *p = profile_in(text);
    uint32_t packed = same_packed(p2a_str_of(text), p);
    p2a_free(p);
    return packed;
}

static void lines_are_packed_where_all_are_new_and_whole(void **state)
{
    (void)state;
    assert_int_equal(packed_of(HEAD "fn=f\n1 10\n2 20\n9 0\nfn=g\n1 5\n"), 4);
    assert_int_equal(packed_of(HEAD "fn=f\n1 10\n2 20\nfi=x\n+1 5\n * 6\nfe=\n7 5\n"), 0);
    assert_int_equal(packed_of(HEAD "fn=f\n1 10\nfi=x\n+1 5\n 9 6\nfe=\n10 5\n"), 4);
    assert_int_equal(packed_of(HEAD "fn=f\n1 1\ncfn=g\ncalls=1 1\n1 9\n2 1\nfn=g\n7 9\n"), 3);
    assert_int_equal(packed_of(HEAD "fn=f\n2 1\n1 1\n"), 0); /* may be there already */
    assert_int_equal(packed_of(HEAD "fn=f\n1 1\nfn=g\n1 1\nfn=f\n9 1\n"), 0);
    assert_int_equal(packed_of(HEAD "fn=f\n1 -1\n2 3\n"), 0);
    assert_int_equal(packed_of(HEAD "fn=f\n1 9007199254740990\n2 3\n"), 0); /* beyond 2^53 */
    assert_int_equal(packed_of(HEAD "fn=f\n1 9007199254740990\n2 2\n"), 2);
    assert_int_equal(
        packed_of("positions: instr line\nevents: A B\nfn=f\n"
                  "0xfffffffffffffff0 0x8000000000000000 1 65536\n+1 -1 255 256\n"
                  "+1 9 65535 4294967295\nfn=g\n0 18446744073709551615 1 4294967296\n"),
        4);
    assert_int_equal(packed_of("events: A B\nfn=f\n1 2 3\nevents: B A\nfn=g\n1 4 5\n"), 0);
    assert_int_equal(packed_of("events: A\nfn=f\n1 2\nevents: A B\nfn=g\n1 4 5\n"), 0);
    assert_int_equal(packed_of("events: A\nevent: S = A + A\nfn=f\n1 2\n"), 0);
    assert_int_equal(packed_of("events: ms\nfn=f\n1 2\n3 4\n"), 2); /* written as nanoseconds */
    assert_int_equal(packed_of("events: a b c d e f g h i j k l m n o p q\nfn=f\n1 2\n3 4\n"), 0);
}

static void line_ends_and_blanks_are_forgiven(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in("\xef\xbb\xbf# callgrind format\r\nevents:  Ir\tDr \r\n\r\n"
                                       "fn= f \r\n  1\t2  3\r\n# end\r\n5 6");
    assert_true(self_of(p, "f") == 8);
    p2a_free(p);
}

static void broken_lines_are_errors_with_their_number(void **state)
{
    (void)state;
    is_bad("fn=f\n1 2\n", 2, "before the \"events:\" line");
    is_bad("version: 1\nfn=f\n", 2, "\"events:\"");
    is_bad("events:\n", 1, "no event");
    is_bad(HEAD "fn=f\n1 2 3\n", 4, "more costs than the 1");
    is_bad(HEAD "fn=f\n1 18446744073709551616\n", 4, "64 bits");
    is_bad(HEAD "fn=f\n1 18446744073709551615\n2 1\n", 5, "more than 64 bits hold");
    is_bad(HEAD "fn=f\n1 1.5\n", 4, "whole number");
    is_bad(HEAD "fn=f\n-1 1\n", 4, "outside of 64 bits");
    is_bad(HEAD "fn=f\n+x 1\n", 4, "expected a position");
    is_bad(HEAD "fn=f\ncalls=1 1\n1 1\n", 4, "without a \"cfn=\"");
    is_bad(HEAD "fn=f\ncfn=g\ncalls=many 1\n", 5, "number of calls");
    is_bad(HEAD "fn=f\ncfn=g\ncalls=1 1\nfn=g\n", 6, "position of the call");
    is_bad("creator: callgrind-3.19.0\nevents: Ir\nsummary: 9\nfn=f\n1 5\n", 5,
           "ends before its costs");
    is_bad(HEAD "fn=f\ncfn=g\ncalls=1 1\n", 5, "is missing");
    is_bad(HEAD "fn=f\n1 1\ncf", 5, "\"cf\"");
    is_bad(HEAD "fn=(99999999999999999999) f\n", 3, "64 bits");
    is_bad("events: Ir\npositions: column\n", 2, "\"column\"");
    is_bad("events: ns us\n", 1, "another unit");
}

/* ---- writing --------------------------------------------------------------------------------- */

static void what_was_written_reads_as_what_it_was(void **state)
{
    (void)state;
    struct p2a_profile *p =
        profile_in("positions: instr line\nevent: X : An event\nevents: Ir X\nob=l.so\nfl=a.c\n"
                   "fn=f\n0x10 1 1 2\nfi=a.h\n+4 2 3 4\ncob=m.so\ncfi=m.c\ncfn=g\ncalls=2 0 3\n"
                   "+4 2 20 0\nfe=a.c\ncfn=f\ncalls=1 0 1\n+4 3 4 6\nob=m.so\nfl=m.c\n"
                   "fn=g\n0x9 3 20 0\n");
    char *once = text_of(p);
    struct p2a_profile *again = profile_in(once);
    char *twice = text_of(again);
    assert_string_equal(once, twice);
    has(once, "positions: instr line\nevent: Ir : Instruction Fetch\nevent: X : An event\n"
              "events: Ir X\nsummary: 24 6\n");
    has(once, "ob=(1) l.so\nfl=(1) a.c\nfn=(1) f\n+16 1 1 2\nfi=(2) a.h\n+4 2 3 4\n");
    has(once, "cob=(2) m.so\ncfi=(3) m.c\ncfn=(2) g\ncalls=2 0 3\n+4 2 20\nfe=(1)\ncfn=(1)\n");
    assert_int_equal(again->graph.line_n, 3);
    assert_int_equal(again->graph.site_n, 2);
    free(once);
    free(twice);
    p2a_free(p);
    p2a_free(again);
}

static p2a_id add(struct p2a_profile *p, const char *name, const char *file, int64_t line,
                  double self)
{
    struct p2a_function f = {.name = p2a_intern(p, p2a_str_of(name)),
                             .file = p2a_intern(p, p2a_str_of(file)),
                             .line = line,
                             .kind = P2A_PYTHON};
    p2a_id id = p2a_function(p, &f);
    struct p2a_node *node = p2a_node(p, id);
    assert_non_null(node);
    node->has |= P2A_HAS_SELF;
    *p2a_node_self(p, id) = self;
    return id;
}

static void call(struct p2a_profile *p, p2a_id caller, p2a_id callee, uint64_t calls, double total)
{
    p2a_id arc = p2a_arc(p, caller, callee);
    p->graph.arc[arc].calls = calls;
    p->graph.arc[arc].has |=
        P2A_HAS_ROW | (calls ? P2A_HAS_CALLS : 0) | (total >= 0 ? P2A_HAS_TOTAL : 0);
    p->graph.arc_total[arc] = total >= 0 ? total : 0;
}

static struct p2a_profile *timed(void)
{
    struct p2a_profile *p = p2a_profile_new(0);
    assert_non_null(p);
    p2a_metric(p, "time", "seconds", 1);
    return p;
}

static char *finished(struct p2a_profile *p)
{
    p2a_totals_from_arcs(p);
    p2a_finish(p);
    p->recorded = p->facts;
    return text_of(p);
}

static void functions_that_kcachegrind_would_merge_are_told_apart(void **state)
{
    (void)state;
    struct p2a_profile *p = timed();
    add(p, "__init__", "/x/a/pkg/__init__.py", 3, 1);
    add(p, "__init__", "/x/b/pkg/__init__.py", 3, 1);
    add(p, "__init__", "/x/b/pkg/__init__.py", 9, 1);
    add(p, "alone", "/x/b/pkg/__init__.py", 9, 1);
    add(p, "line\nbreak", "", 0, 1);
    char *text = finished(p);
    has(text, ") __init__:3 [a/pkg/__init__.py]\n");
    has(text, ") __init__:3 [b/pkg/__init__.py]\n");
    has(text, ") __init__:9\n");
    has(text, ") alone\n");
    has(text, ") line break\n");
    free(text);
    p2a_free(p);
}

static void whole_numbers_sum_to_the_rounded_sum(void **state)
{
    (void)state;
    struct p2a_profile *p = timed();
    p2a_id a = add(p, "a", "a.py", 1, 0.4e-9), b = add(p, "b", "a.py", 5, 0.4e-9);
    p2a_id c = add(p, "c", "a.py", 9, 0.4e-9), d = add(p, "d", "a.py", 12, 0.4e-9);
    call(p, a, b, 1, 1.2e-9);
    call(p, b, c, 1, 0.8e-9);
    call(p, c, d, 1, 0.4e-9);
    char *text = finished(p);
    struct p2a_profile *back = profile_in(text);
    has(text, "event: ns : Nanoseconds\nevents: ns\nsummary: 2\n");
    assert_true(p2a_whole(back, 0) == 2 && total_of(back, "a") == 2);
    free(text);
    p2a_free(p);
    p2a_free(back);
}

static void call_counts_nobody_has_come_back_as_unknown(void **state)
{
    (void)state;
    struct p2a_profile *p = timed();
    p2a_id a = add(p, "a", "a.py", 1, 1), b = add(p, "b", "a.py", 5, 1);
    call(p, a, b, 0, 1);
    char *text = finished(p);
    has(text, "desc: Calls: not recorded\n");
    has(text, "calls=1 5\n1 1000000000\n");
    assert_true(noted(p, "number of calls isn't known"));
    struct p2a_profile *back = profile_in(text);
    assert_int_equal(back->graph.arc[0].has & P2A_HAS_CALLS, 0);
    assert_int_equal(back->graph.arc[0].calls, 0);
    free(text);
    p2a_free(p);
    p2a_free(back);
}

/* Of a function that one input calls and the other doesn't, only the callers know calls. */
static void call_counts_that_only_callers_know_come_back(void **state)
{
    (void)state;
    struct p2a_profile *p = profile_in(HEAD "fn=a\n1 1\ncfn=b\ncalls=7 5\n1 2\nfn=b\n5 2\n");
    struct p2a_profile *other = profile_in(HEAD "fn=b\n5 3\n");
    struct p2a_error error;
    assert_int_equal(p2a_add(p, other, &error), P2A_OK);
    assert_int_equal(node_of(p, "b").has & P2A_HAS_CALLS, 0);
    char *text = text_of(p);
    assert_null(strstr(text, "Calls: not recorded"));
    struct p2a_profile *back = profile_in(text);
    assert_true(back->graph.arc[0].has & P2A_HAS_CALLS);
    assert_int_equal(back->graph.arc[0].calls, 7);
    free(text);
    p2a_free(p);
    p2a_free(other);
    p2a_free(back);
}

/* KCachegrind would begin its search at "a", within the cycle, and not see b's call of it. */
static void a_cycle_that_comes_first_gets_a_caller_from_outside(void **state)
{
    (void)state;
    struct p2a_profile *p = timed();
    p2a_id a = add(p, "a", "a.py", 1, 1), b = add(p, "b", "a.py", 5, 1);
    call(p, a, b, 4, 2);
    call(p, b, a, 3, 1);
    p->graph.node[a].calls = 4;
    p->graph.node[a].has |= P2A_HAS_CALLS;
    char *text = finished(p);
    has(text, "desc: Outside: (outside)\n");
    has(text, ") (outside)\ncfi=(1)\ncfn=(1)\ncalls=1 1\n0 2000000000\n");
    struct p2a_profile *back = profile_in(text);
    assert_int_equal(back->functions.n, 2);
    assert_int_equal(node_of(back, "a").calls, 4);
    assert_true(p2a_whole(back, 0) == 2e9);
    free(text);
    p2a_free(p);
    p2a_free(back);
}

static void no_caller_from_outside_where_the_search_begins_outside(void **state)
{
    (void)state;
    struct p2a_profile *p = timed();
    p2a_id b = add(p, "b", "a.py", 1, 1), c = add(p, "c", "a.py", 5, 1);
    p2a_id a = add(p, "a", "a.py", 9, 1);
    call(p, a, b, 1, 2);
    call(p, b, c, 1, 2);
    call(p, c, b, 1, 1);
    char *text = finished(p);
    assert_null(strstr(text, "(outside)"));
    free(text);
    p2a_free(p);
}

/* Whoever comes first, however far up: "a" does, and once it is gone the cycle itself. */
static void a_cycle_is_found_by_the_first_name_that_leads_to_it(void **state)
{
    (void)state;
    for (int with_a = 0; with_a < 2; with_a++) {
        struct p2a_profile *p = timed();
        p2a_id b = add(p, "b", "a.py", 1, 1), c = add(p, "c", "a.py", 2, 1);
        p2a_id d = add(p, "d", "a.py", 3, 1), e = add(p, "e", "a.py", 4, 1);
        call(p, b, c, 1, 2);
        call(p, c, b, 1, 1);
        call(p, d, b, 1, 2);
        call(p, e, d, 1, 3);
        if (with_a)
            call(p, add(p, "a", "a.py", 5, 1), e, 1, 4);
        char *text = finished(p);
        assert_true((strstr(text, "(outside)") == NULL) == (with_a == 1));
        free(text);
        p2a_free(p);
    }
}

static double cost_at(const struct p2a_profile *p, const char *name, const char *file,
                      uint64_t line, uint32_t column)
{
    double sum = 0;
    for (uint32_t i = 0; i < p->graph.line_n; i++) {
        const struct p2a_line *l = &p->graph.line[i];
        if (l->function == find_function(p, name) && l->line == line &&
            strcmp(p2a_string(p, l->file).at, file) == 0)
            sum += p->graph.line_self[(size_t)i * p->columns + column];
    }
    return sum;
}

/* Lines and sites of one that don't stand together, of whole numbers and of such as are rounded. */
static void what_stands_apart_is_written_together(void **state)
{
    (void)state;
    static const char *const second[] = {"Dr", "Bytes(kb)"};
    for (int i = 0; i < 2; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "# callgrind format\nevents: Ir %s\nfl=a.c\nfn=f\n1 1 2\nfi=b.h\n2 4 8\n"
                 "cfi=a.c\ncfn=g\ncalls=1 1\n2 7 7\nfl=a.c\nfn=g\n9 16 32\nfn=f\n3 64 128\n"
                 "cfn=h\ncalls=1 1\n5 1 1\ncfn=g\ncalls=2 1\n4 9 9\nfn=h\n7 1 1\n"
                 "fn=f\nfi=b.h\n8 256 512\n",
                 second[i]);
        struct p2a_profile *p = profile_in(text);
        char *once = text_of(p);
        struct p2a_profile *back = profile_in(once);
        char *twice = text_of(back);
        assert_string_equal(once, twice);
        double kilo = i ? 1024 : 1;
        assert_int_equal(back->graph.line_n, p->graph.line_n);
        assert_int_equal(back->graph.site_n, p->graph.site_n);
        assert_true(cost_at(back, "f", "b.h", 2, 0) == 4 && cost_at(back, "f", "a.c", 3, 0) == 64);
        assert_true(cost_at(back, "f", "a.c", 1, 1) == 2 * kilo);
        assert_true(cost_at(back, "f", "b.h", 8, 1) == 512 * kilo);
        assert_true(self_of(back, "f") == 325 && self_of(back, "g") == 16);
        assert_true(arc_total(back, "f", "g") == 16 && arc_total(back, "f", "h") == 1);
        assert_int_equal(back->graph.arc[arc_of(back, "f", "g")].calls, 3);
        free(once);
        free(twice);
        p2a_free(p);
        p2a_free(back);
    }
}

/* Past 2^53 a sum depends on the order. */
static void self_is_what_its_lines_add_up_to(void **state)
{
    (void)state;
    const struct p2a_str text =
        P2A_LIT(HEAD "fn=f\n1 9007199254740992\n2 1\n3 1\n4 1\nfn=g\n5 1\n6 1\nfn=f\n7 1\n");
    struct p2a_profile *p;
    struct p2a_error error;
    double sum = 0;
    assert_int_equal(load_text(text, &p, &error), P2A_OK);
    for (uint32_t i = 0; i < p->graph.line_n; i++)
        if (p->graph.line[i].function == find_function(p, "f"))
            sum += p->graph.line_self[i];
    assert_true(self_of(p, "f") == sum && self_of(p, "g") == 2);
    p2a_free(p);
}

/* So many that names and costs are made on all cores. */
static void many_functions_come_back_with_their_names_and_calls(void **state)
{
    (void)state;
    enum { N = 20000, CALLS = 3 };
    struct p2a_profile *p = timed();
    char name[32], file[32];
    for (unsigned f = 0; f < N; f++) {
        snprintf(name, sizeof name, "f%u", f);
        snprintf(file, sizeof file, "m%u.py", f * 7919 % 300);
        add(p, name, file, f % 50 + 1, 1);
    }
    for (unsigned f = 0; f < N; f++)
        for (unsigned i = 0; i < CALLS; i++) {
            unsigned callee = f + 1 + i * i * 977, calls = f % 9 + i + 1;
            if (callee >= N)
                break;
            call(p, f, callee, calls, (f % 5 + i) * 1e-9);
            p->graph.node[callee].calls += calls;
            p->graph.node[callee].has |= P2A_HAS_CALLS;
        }
    char *text = finished(p);
    struct p2a_profile *back = profile_in(text);
    assert_int_equal(back->functions.n, N);
    assert_int_equal(back->graph.arc_n, p->graph.arc_n);
    p2a_id *to = calloc(N, sizeof *to);
    assert_non_null(to);
    for (p2a_id f = 0; f < N; f++) {
        struct p2a_str is = p2a_string(back, back->functions.row[f].name);
        to[strtoul(is.at + 1, NULL, 10)] = f;
        snprintf(file, sizeof file, "m%lu.py", strtoul(is.at + 1, NULL, 10) * 7919 % 300);
        assert_string_equal(p2a_string(back, back->functions.row[f].file).at, file);
    }
    for (p2a_id a = 0; a < p->graph.arc_n; a++) {
        const struct p2a_arc *arc = &p->graph.arc[a];
        p2a_id found = p2a_arc_find(back, to[arc->caller], to[arc->callee]);
        assert_int_not_equal(found, P2A_NONE);
        assert_int_equal(back->graph.arc[found].calls, arc->calls);
        assert_true(fabs(back->graph.arc_total[found] - p->graph.arc_total[a] * 1e9) < 1);
    }
    free(to);
    free(text);
    p2a_free(p);
    p2a_free(back);
}

/* In a time that grows as they do. */
static void names_of_control_characters_are_written_as_blanks(void **state)
{
    (void)state;
    enum { N = 1 << 21 };
    char *file = malloc(N + 8), *blank = malloc(N + 8);
    assert_true(file && blank);
    for (size_t i = 0; i < N; i++) {
        file[i] = i % 2 ? '\1' : 'x';
        blank[i] = i % 2 ? ' ' : 'x';
    }
    strcpy(file + N, "a.py");
    strcpy(blank + N, "a.py\n");
    struct p2a_profile *p = timed();
    add(p, "a", file, 1, 1);
    char *text = finished(p);
    has(text, blank);
    free(text);
    free(file);
    free(blank);
    p2a_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_sum_to_self_and_sites_to_arcs),
        cmocka_unit_test(a_name_is_defined_once_and_meant_by_its_number),
        cmocka_unit_test(a_number_takes_a_new_name_from_there_on),
        cmocka_unit_test(a_number_without_a_name_is_unknown_and_said),
        cmocka_unit_test(a_name_may_begin_with_a_parenthesis),
        cmocka_unit_test(a_place_in_a_name_is_the_functions_if_it_is_in_its_file),
        cmocka_unit_test(positions_are_relative_to_the_line_before_be_it_a_call),
        cmocka_unit_test(inlined_lines_stay_with_their_function_in_their_own_file),
        cmocka_unit_test(missing_costs_are_zero),
        cmocka_unit_test(jumps_are_left_out_and_said),
        cmocka_unit_test(parts_and_threads_are_added_up_and_counted),
        cmocka_unit_test(a_summary_that_differs_is_said),
        cmocka_unit_test(time_is_in_seconds_and_a_word_in_parentheses_is_the_unit),
        cmocka_unit_test(a_formula_makes_a_metric_of_its_own),
        cmocka_unit_test(a_formula_may_name_what_every_reader_knows),
        cmocka_unit_test(a_formula_of_itself_or_of_the_unknown_is_left_out_and_said),
        cmocka_unit_test(cachegrind_files_are_the_same_without_calls),
        cmocka_unit_test(numbers_are_the_same_in_the_middle_and_at_the_end),
        cmocka_unit_test(lines_are_as_wrong_in_the_middle_as_at_the_end),
        cmocka_unit_test(rows_of_any_number_of_costs_are_what_they_say),
        cmocka_unit_test(lines_are_packed_where_all_are_new_and_whole),
        cmocka_unit_test(line_ends_and_blanks_are_forgiven),
        cmocka_unit_test(broken_lines_are_errors_with_their_number),
        cmocka_unit_test(what_was_written_reads_as_what_it_was),
        cmocka_unit_test(functions_that_kcachegrind_would_merge_are_told_apart),
        cmocka_unit_test(whole_numbers_sum_to_the_rounded_sum),
        cmocka_unit_test(call_counts_nobody_has_come_back_as_unknown),
        cmocka_unit_test(call_counts_that_only_callers_know_come_back),
        cmocka_unit_test(a_cycle_that_comes_first_gets_a_caller_from_outside),
        cmocka_unit_test(no_caller_from_outside_where_the_search_begins_outside),
        cmocka_unit_test(a_cycle_is_found_by_the_first_name_that_leads_to_it),
        cmocka_unit_test(what_stands_apart_is_written_together),
        cmocka_unit_test(self_is_what_its_lines_add_up_to),
        cmocka_unit_test(many_functions_come_back_with_their_names_and_calls),
        cmocka_unit_test(names_of_control_characters_are_written_as_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
