/* What each odd line means: the rules at the top of formats/folded.c, one by one. */
#include "folded.h"

/* The contexts in their order, names between brackets: "[main][a b] 3\n", with the second column
 * "[main] 3 was 2\n". Zeros are left out where nothing is below them. */
static char *describe(const struct p2a_profile *p)
{
    struct p2a_buffer text = {0};
    char value[64];
    p2a_buffer_add(&text, "", 0);
    for (p2a_id i = 0; i < p->contexts.n; i++) {
        const double *self = p->contexts.self + (size_t)i * p->columns;
        p2a_id path[8];
        int depth = 0, n;
        for (p2a_id c = i; c != P2A_NONE; c = p->contexts.row[c].parent)
            path[depth++] = p->contexts.row[c].function;
        if (self[0] == 0 && self[p->columns - 1] == 0 && i + 1 < p->contexts.n &&
            p->contexts.row[i + 1].parent == i)
            continue;
        while (depth-- > 0) {
            struct p2a_str name = p2a_string(p, p->functions.row[path[depth]].name);
            p2a_buffer_add(&text, "[", 1);
            p2a_buffer_add(&text, name.at, name.n);
            p2a_buffer_add(&text, "]", 1);
        }
        n = p->columns == 2 ? snprintf(value, sizeof value, " %.17g was %.17g\n", self[0], self[1])
                            : snprintf(value, sizeof value, " %.17g\n", self[0]);
        p2a_buffer_add(&text, value, (size_t)n);
    }
    return text.at;
}

static const struct {
    const char *rule, *text, *means;
} good[] = {
    {"the last word is the count", "a;b c 2\n", "[a][b c] 2\n"},
    {"a last line needs no newline", "a;b 2", "[a][b] 2\n"},
    {"one frame is a stack", "a 2\n", "[a] 2\n"},
    {"a name may look like a template", "std::map<int, char>::at(int const&) 3\n",
     "[std::map<int, char>::at(int const&)] 3\n"},
    {"stacks that are there twice add up", "a;b 2\nc 1\na;b 3\n", "[a][b] 5\n[c] 1\n"},
    {"a stack may be the beginning of another", "a;b 2\na 1\na;b;c 4\n",
     "[a] 1\n[a][b] 2\n[a][b][c] 4\n"},
    {"a name that begins like its neighbour is another name", "a;bc 2\na;b 1\nab 3\n",
     "[a][bc] 2\n[a][b] 1\n[ab] 3\n"},
    {"recursion goes down the tree", "f;f;f 2\nf;f 1\n", "[f][f] 1\n[f][f][f] 2\n"},
    {"a fraction is kept", "a 1.5\nb 0.25\n", "[a] 1.5\n[b] 0.25\n"},
    {"an exponent is a number", "a 1e3\nb 25E-2\n", "[a] 1000\n[b] 0.25\n"},
    {"no count is lost to a double below 2^53", "a 9007199254740991\n", "[a] 9007199254740991\n"},
    {"zero is a count", "a 0\nb 1\n", "[a] 0\n[b] 1\n"},
    {"blanks and tabs around the count are nobody's", "a;b \t 2 \t\n", "[a][b] 2\n"},
    {"a tab parts as a blank does", "a;b\t2\n", "[a][b] 2\n"},
    {"a blank before the first name is its own", " a;b 2\na;b 1\n", "[ a][b] 2\n[a][b] 1\n"},
    {"blanks beside ';' are the names' own", "a ; b 2\n", "[a ][ b] 2\n"},
    {"CRLF ends a line", "a;b 1\r\nc 2\r\n", "[a][b] 1\n[c] 2\n"},
    {"a carriage return within a name stays", "a\rb 1\n", "[a\rb] 1\n"},
    {"a byte order mark is dropped",
     "\xef\xbb\xbf"
     "a;b 1\n",
     "[a][b] 1\n"},
    {"empty lines are skipped", "\n\na 1\n \t\n\r\nb 2\n\n", "[a] 1\n[b] 2\n"},
    {"empty frames are frames without a name", ";;x 2\n", "[][][x] 2\n"},
    {"an empty frame may be in the middle", "a;;b 2\na;b 1\n", "[a][][b] 2\n[a][b] 1\n"},
    {"an empty frame may be the last", "a; 2\na 1\n", "[a] 1\n[a][] 2\n"},
    {"an empty frame may be all there is", " 2\n", "[] 2\n"},
    {"empty frames share no more than they have", ";a 1\n 2\n;;a 3\n",
     "[] 2\n[][a] 1\n[][][a] 3\n"},
    {"# with a count is a frame", "# c 7\n#d 1\n", "[# c] 7\n[#d] 1\n"},
    {"# with ';' is a frame", "# mode: x;b 7\n", "[# mode: x][b] 7\n"},
    {"# without a count is a comment", "# made by hand\n#\na 1\n", "[a] 1\n"},
    {"# word: is a comment", "# mode: wall\n# duration: 1234\na 1\n", "[a] 1\n"},
    {"a name may end in a number", "a;b 3 7\nc 1\n", "[a][b 3] 7\n[c] 1\n"},
    {"a lone number before the count is the name", "3 7\n4 8\n", "[3] 7\n[4] 8\n"},
    {"two numbers on every line are before and after", "a;b 3 7\na 1 0\n",
     "[a] 0 was 1\n[a][b] 7 was 3\n"},
    {"before and after may have fractions", "a 1.5 2.25\n", "[a] 2.25 was 1.5\n"},
    {"comments don't speak about columns", "# made by hand\n# date: 1 2 3\n\na 1 2\n",
     "[a] 2 was 1\n"},
    {"with two columns a third number is the name's", "a 9 1 2\n", "[a 9] 2 was 1\n"},
    {"half of the lines with two numbers are not enough", "a 3 7\nb 1\nc 3 7\nd 1\n",
     "[a 3] 7\n[b] 1\n[c 3] 7\n[d] 1\n"},
    {"marks are not part of the name", "a_[k];b_[i];c_[j];d_[w] 1\n", "[a][b][c][d_[w]] 1\n"},
    {"a mark alone is a name", "_[k] 1\n", "[_[k]] 1\n"},
    {"any byte may be in a name", "\xff\xfe\x01;\xc3 1\n", "[\xff\xfe\x01][\xc3] 1\n"},
};

static void every_odd_line_has_one_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct p2a_profile *p = fold(good[i].text);
        char *means = describe(p);
        if (strcmp(means, good[i].means) != 0)
            fail_msg("%s: got %s", good[i].rule, means);
        free(means);
        p2a_free(p);
    }
}

static const struct {
    const char *text, *message;
    uint64_t line;
} bad[] = {
    {"a;b -3\n", "count -3 is negative, expected 0 or more", 1},
    {"a 1\nb -0.5\n", "count -0.5 is negative, expected 0 or more", 2},
    {"a 1 2\nb -4 1\n", "count -4 is negative, expected 0 or more", 2},
    {"a 1\n\n# x\na;b\n", "no count at the end, expected 'frame;frame count'", 4},
    {"a;b\n", "no count at the end, expected 'frame;frame count'", 1},
    {"5\n", "no count at the end, expected 'frame;frame count'", 1},
    {"a nan\n", "no count at the end, expected 'frame;frame count'", 1},
    {"a 0x10\n", "no count at the end, expected 'frame;frame count'", 1},
    {"a 1e999\n", "no count at the end, expected 'frame;frame count'", 1},
    {"a 18446744073709551616\n", "count 1.84467e+19 is too large, expected less than 2^64", 1},
    {"a 1 2\nb 1 2\nc 1 2\nd 1 2\ne 1\n",
     "one count, expected two, before and after, as on the other lines", 5},
    {"a 1 2\nb 1 2\nc 1 2\nd 1 2\ne\n", "no count at the end, expected 'frame;frame before after'",
     5},
    {"# nothing but a comment\n\n", "no stack so far, expected lines 'frame;frame count'", 2},
};

static void a_broken_line_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct p2a_profile *p;
        struct p2a_error error;
        assert_int_equal(try_fold(bad[i].text, strlen(bad[i].text), &p, &error), P2A_INPUT);
        assert_null(p);
        assert_string_equal(error.message, bad[i].message);
        assert_string_equal(error.format, "folded");
        assert_int_equal(error.place_kind, P2A_AT_LINE);
        assert_int_equal(error.place, bad[i].line);
    }
}

static void a_name_may_hold_nul(void **state)
{
    (void)state;
    static const char text[] = "a\0b;c 2\na 1\n";
    struct p2a_profile *p = fold_bytes(text, sizeof text - 1);
    struct p2a_str name = p2a_string(p, p->functions.row[0].name);
    assert_int_equal(name.n, 3);
    assert_memory_equal(name.at, "a\0b", 3);
    assert_int_equal(p->functions.n, 3);
    p2a_free(p);
}

/* The first 64 KiB say one column; so does the rest, whatever it looks like. */
static void the_first_lines_decide_for_all(void **state)
{
    (void)state;
    struct p2a_buffer text = {0};
    for (int i = 0; i < 10000; i++)
        p2a_buffer_add(&text, "main;f 1\n", 9);
    p2a_buffer_add(&text, "main;f 3 7\n", 11);
    struct p2a_profile *p = fold_bytes(text.at, text.n);
    assert_int_equal(p->columns, 1);
    assert_true(p2a_whole(p, 0) == 10007);
    p2a_free(p);
    p2a_buffer_free(&text);
}

static void a_first_line_longer_than_64_kib_decides_too(void **state)
{
    (void)state;
    struct p2a_buffer text = {0};
    for (int i = 0; i < 40000; i++)
        p2a_buffer_add(&text, "frame;", 6);
    p2a_buffer_add(&text, "leaf 3 7\nframe;x 1 2\n", 21);
    struct p2a_profile *p = fold_bytes(text.at, text.n);
    assert_int_equal(p->columns, 2);
    assert_true(p2a_whole(p, 0) == 9);
    assert_true(p2a_whole(p, 1) == 4);
    p2a_free(p);
    p2a_buffer_free(&text);
}

static const struct {
    const char *frame, *name, *file;
    int line;
    enum p2a_kind kind;
} frames[] = {
    {"main", "main", "", 0, P2A_UNKNOWN},
    {"load (base.py:12)", "load", "base.py", 12, P2A_PYTHON},
    {"A.load (a b/base.py:12)", "A.load", "a b/base.py", 12, P2A_PYTHON},
    {"C:load (C:\\x\\base.py:7)", "C:load", "C:\\x\\base.py", 7, P2A_PYTHON},
    {"<lambda> (base.py:3)", "<lambda>", "base.py", 3, P2A_PYTHON},
    {"_find (<frozen importlib._bootstrap>:1165)", "_find", "<frozen importlib._bootstrap>", 1165,
     P2A_PYTHON},
    {"<module> (<string>:1)", "<module>", "<string>", 1, P2A_PYTHON},
    {"run (lib/main.go:88)", "run", "lib/main.go", 88, P2A_UNKNOWN},
    {"read_[k]", "read", "", 0, P2A_KERNEL},
    {"max_[i]", "max", "", 0, P2A_INLINED},
    {"f (a.js:1)_[j]", "f", "a.js", 1, P2A_JIT},
    {"waker_[w]", "waker_[w]", "", 0, P2A_UNKNOWN},
    {"a_[k]_[w]", "a_[k]_[w]", "", 0, P2A_UNKNOWN},
    {"a_[k]_[i]", "a_[k]", "", 0, P2A_INLINED},
    {"<built-in method builtins.len>", "<built-in method builtins.len>", "~", 0, P2A_BUILTIN},
    {"<method 'get' of 'dict' objects>", "<method 'get' of 'dict' objects>", "~", 0, P2A_BUILTIN},
    {"<built-in", "<built-in", "", 0, P2A_UNKNOWN},
    {"load (base.py:0)", "load (base.py:0)", "", 0, P2A_UNKNOWN},
    {"load (base.py:012)", "load (base.py:012)", "", 0, P2A_UNKNOWN},
    {"load (base.py:99999999999)", "load (base.py:99999999999)", "", 0, P2A_UNKNOWN},
    {"load (base.py:)", "load (base.py:)", "", 0, P2A_UNKNOWN},
    {"load (base.py)", "load", "base.py", 0, P2A_PYTHON},
    {"load (base.pl)", "load (base.pl)", "", 0, P2A_UNKNOWN},
    {"load (/lib/libc.so.6)", "load", "", 0, P2A_NATIVE},
    {"load (libc.so)", "load", "", 0, P2A_NATIVE},
    {"load (.so)", "load (.so)", "", 0, P2A_UNKNOWN},
    {"load (lib.solid)", "load (lib.solid)", "", 0, P2A_UNKNOWN},
    {"a - b", "a - b", "", 0, P2A_UNKNOWN},
    {"a - b:3", "a - b:3", "", 0, P2A_UNKNOWN},
    {" - a.rb:3", " - a.rb:3", "", 0, P2A_UNKNOWN},
    {"a.py(3):b", "a.py(3):b", "", 0, P2A_UNKNOWN},
    {"a.py(3):_", "a.py(3):_", "", 0, P2A_UNKNOWN},
    {"a.py(x):_b", "a.py(x):_b", "", 0, P2A_UNKNOWN},
    {"(unknown)", "(unknown)", "", 0, P2A_UNKNOWN},
    {"f(int:3)", "f(int:3)", "", 0, P2A_UNKNOWN},
    {"f (int:3)", "f (int:3)", "", 0, P2A_UNKNOWN},
    {"f (:3)", "f (:3)", "", 0, P2A_UNKNOWN},
    {"(a.py:3)", "(a.py:3)", "", 0, P2A_UNKNOWN},
    {" (a.py:3)", " (a.py:3)", "", 0, P2A_UNKNOWN},
    {":)", ":)", "", 0, P2A_UNKNOWN},
};

static void a_frame_names_function_file_and_line_and_is_spelled_the_same_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s 5\n", frames[i].frame);
        struct p2a_profile *p = fold(text);
        const struct p2a_function *f = &p->functions.row[0];
        if (f->kind != frames[i].kind || f->line != frames[i].line)
            fail_msg("%s: kind %d, line %d", frames[i].frame, (int)f->kind, (int)f->line);
        assert_string_equal(p2a_string(p, f->name).at, frames[i].name);
        assert_string_equal(p2a_string(p, f->file).at, frames[i].file);
        expect_written(p, text);
        p2a_free(p);
    }
}

static const struct {
    const char *from, *to;
} spellings[] = {
    {"block in run - lib/app.rb:10", "block in run (lib/app.rb:10)"},
    {"a - b - c d.rb:3", "a - b (c d.rb:3)"},
    {"render - views/x.html.erb:2", "render (views/x.html.erb:2)"},
    {"each [c function] - (unknown)", "each [c function]"},
    {"torch/nn/module.py(1194):__call", "_call (torch/nn/module.py:1194)"},
    {"x.py(3):_<module>", "<module> (x.py:3)"},
    {"x.py(0):_f", "f (x.py)"},
};

static void other_tools_spellings_become_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char text[128], expected[128];
        snprintf(text, sizeof text, "%s 5\n", spellings[i].from);
        snprintf(expected, sizeof expected, "%s 5\n", spellings[i].to);
        struct p2a_profile *p = fold(text);
        expect_written(p, expected);
        p2a_free(p);
    }
}

/* "pid/tid name" of the thread of each root, by commas. */
static void describe_threads(const struct p2a_profile *p, char *text, size_t room)
{
    size_t n = 0;
    text[0] = '\0';
    for (p2a_id i = 0; i < p->contexts.n && n < room; i++) {
        const struct p2a_context *c = &p->contexts.row[i];
        if (c->parent != P2A_NONE)
            continue;
        const char *comma = n ? ", " : "";
        if (c->thread == P2A_NONE) {
            n += (size_t)snprintf(text + n, room - n, "%snone", comma);
            continue;
        }
        const struct p2a_thread *t = &p->threads.row[c->thread];
        n += (size_t)snprintf(text + n, room - n, "%s%llu/%llu %s", comma,
                              (unsigned long long)t->pid, (unsigned long long)t->tid,
                              p2a_string(p, t->name).at);
    }
}

static const struct {
    const char *rule, *text, *threads, *paths;
} threads[] = {
    {"a process alone is a thread", "process 7:\"a b\";f 1\n", "7/0 a b", "[f] 1\n"},
    {"a process has threads", "process 7:\"a\";thread (8): x;f 1\nprocess 7:\"a\";thread (9);f 1\n",
     "7/8 x, 7/9 ", "[f] 1\n[f] 1\n"},
    {"a child is a process of its own", "process 7:\"a\";process 8:\"b\";f 1\n", "8/0 b",
     "[f] 1\n"},
    {"a command may hold ';'", "process 7:\"sh -c a; b;c\";f;g 1\n", "7/0 sh -c a; b;c",
     "[f][g] 1\n"},
    {"a command that never ends is a frame", "process 7:\"a;f 1\n", "none",
     "[process 7:\"a][f] 1\n"},
    {"addresses are ids", "thread (0x7F00): Main;f 1\n", "0/32512 Main", "[f] 1\n"},
    {"async-profiler's threads", "[main tid=4];f 1\n[tid=5];f 2\n[a b tid=6];f 3\n",
     "0/4 main, 0/5 , 0/6 a b", "[f] 1\n[f] 2\n[f] 3\n"},
    {"only before the first function", "f;thread (8): x;g 1\n", "none",
     "[f][thread (8): x][g] 1\n"},
    {"a thread in no function has its count",
     "thread (8): x 1\nthread (8): x;f 2\nthread (8): x 4\n", "0/8 x, 0/8 x",
     "[thread (8): x] 5\n[f] 2\n"},
    {"what is no number is no thread", "thread (x): y;f 1\n[a tid=];f 1\n[atid=3];f 1\n",
     "none, none, none", "[thread (x): y][f] 1\n[[a tid=]][f] 1\n[[atid=3]][f] 1\n"},
};

static void processes_and_threads_are_no_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct p2a_profile *p = fold(threads[i].text);
        char found[256], *paths = describe(p);
        describe_threads(p, found, sizeof found);
        if (strcmp(found, threads[i].threads) != 0 || strcmp(paths, threads[i].paths) != 0)
            fail_msg("%s: got %s and %s", threads[i].rule, found, paths);
        free(paths);
        p2a_free(p);
    }
}

static void expect_detected(const char *text, const char *format)
{
    struct p2a_error error;
    const struct p2a_format *found = p2a_detect(text, strlen(text), "test", &error);
    const char *name = found ? found->name : "none";
    if (strcmp(name, format) != 0)
        fail_msg("%.60s: %s, expected %s", text, name, format);
}

static void stacks_are_told_from_text(void **state)
{
    (void)state;
    expect_detected("a;b 1\n", "folded");
    expect_detected("a;b 1", "folded");
    expect_detected("main 10\n", "folded");
    expect_detected("main 10\nother 3\n", "folded");
    expect_detected("a;b -3\n", "folded");
    expect_detected("a;b 1\nbroken\na;c 1\n", "folded");
    expect_detected(";;x 2\n", "folded");
    expect_detected("\xef\xbb\xbf# mode: wall\nmain;f (a.py:1) 100\r\n", "folded");
    expect_detected("# mode: wall\nP12;T3;f (a.py:1) 100\n", "austin");
    expect_detected("main 10\nbroken\n", "none");
    expect_detected("int main(void)\n{\n    int i = 3;\n    return i - 3;\n}\n", "none");
    expect_detected("for (i = 0; i < 10; i++)\n    x += 5\n", "none");
    expect_detected("import os\nfor i in range(3):\n    x = 3\n", "none");
    expect_detected("name, count\nfoo, 3\nbar, 4\n", "none");
    expect_detected("foo; 3\nbar; 4\n", "none");
    expect_detected("1 2\n3 4\n", "none");
    expect_detected("A title\n=======\nThere are 3\nof them, or 4\nperhaps.\n", "none");
    expect_detected("{\n  \"a\": 3,\n  \"b\": 4\n}\n", "none");
    expect_detected("key: 3\nother: 4\n", "none");
}

static void one_endless_line_is_told_by_its_frames(void **state)
{
    (void)state;
    struct p2a_buffer stack = {0}, script = {0};
    for (int i = 0; i < 2000; i++) {
        p2a_buffer_add(&stack, "std::f<{lambda}>;frame", 22);
        p2a_buffer_add(&stack, ";a;b;c;d;e;f;g;h;", 17);
        p2a_buffer_add(&script, "var a=1;b={c:2};", 16);
    }
    p2a_buffer_add(&stack, " 1\n", 3);
    p2a_buffer_add(&script, " 1\n", 3);
    expect_detected(stack.at, "folded");
    expect_detected(script.at, "none");
    p2a_buffer_free(&stack);
    p2a_buffer_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_odd_line_has_one_meaning),
        cmocka_unit_test(a_broken_line_is_named),
        cmocka_unit_test(a_name_may_hold_nul),
        cmocka_unit_test(the_first_lines_decide_for_all),
        cmocka_unit_test(a_first_line_longer_than_64_kib_decides_too),
        cmocka_unit_test(a_frame_names_function_file_and_line_and_is_spelled_the_same_again),
        cmocka_unit_test(other_tools_spellings_become_one),
        cmocka_unit_test(processes_and_threads_are_no_functions),
        cmocka_unit_test(stacks_are_told_from_text),
        cmocka_unit_test(one_endless_line_is_told_by_its_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
