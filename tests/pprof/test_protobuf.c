/* The wire format: what is put comes out again, and what is broken is said to be. */
#include "build.h"

static const uint64_t numbers[] = {0,       1,        127,        128,        16383,     16384,
                                   1 << 21, 1u << 28, 1ull << 35, 1ull << 63, UINT64_MAX};
enum { NUMBERS_N = sizeof numbers / sizeof *numbers };

static void numbers_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct p2a_buffer b = {0};
    uint64_t value;
    for (size_t i = 0; i < NUMBERS_N; i++)
        p2a_protobuf_put(&b, numbers[i]);
    struct protobuf list = p2a_protobuf((struct p2a_str){b.at, b.n});
    assert_int_equal(p2a_protobuf_count(list), NUMBERS_N);
    for (size_t i = 0; i < NUMBERS_N; i++) {
        assert_true(p2a_protobuf_number(&list, &value));
        assert_true(value == numbers[i]);
    }
    assert_false(p2a_protobuf_number(&list, &value));
    assert_null(list.wrong);
    p2a_buffer_free(&b);
}

/* Onwards and backwards; they are as long as it was said. */
static void numbers_in_memory_are_those_of_a_buffer(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUMBERS_N; i++) {
        unsigned char on[16], back[16];
        struct p2a_buffer b = {0};
        p2a_protobuf_put(&b, numbers[i]);
        unsigned char *end = p2a_protobuf_at(on, numbers[i]);
        unsigned char *begin = p2a_protobuf_before(back + sizeof back, numbers[i]);
        assert_int_equal(p2a_protobuf_size(numbers[i]), b.n);
        assert_int_equal(end - on, b.n);
        assert_int_equal(back + sizeof back - begin, b.n);
        assert_memory_equal(on, b.at, b.n);
        assert_memory_equal(begin, b.at, b.n);
        p2a_buffer_free(&b);
    }
}

static void a_message_is_its_fields_in_their_order(void **state)
{
    (void)state;
    struct p2a_buffer b = {0};
    struct protobuf_field f;
    p2a_protobuf_put_number(&b, 1, 300);
    p2a_protobuf_put_some(&b, 2, 0);
    p2a_protobuf_put_bytes(&b, 100000, P2A_LIT("text"));
    p2a_buffer_add(&b,
                   "\x19"
                   "12345678"
                   "\x25"
                   "1234",
                   14); /* fixed fields 3 and 4 */
    struct protobuf m = p2a_protobuf((struct p2a_str){b.at, b.n});
    assert_true(p2a_protobuf_next(&m, &f) && f.number == 1 && f.value == 300);
    assert_true(p2a_protobuf_next(&m, &f) && f.number == 100000 && f.type == PROTOBUF_BYTES);
    assert_true(p2a_str_is(p2a_protobuf_text(&f), "text"));
    assert_true(p2a_protobuf_next(&m, &f) && f.number == 3 && f.type == PROTOBUF_FIXED64);
    assert_true(p2a_protobuf_next(&m, &f) && f.number == 4 && f.type == PROTOBUF_FIXED32);
    assert_false(p2a_protobuf_next(&m, &f));
    assert_null(m.wrong);
    p2a_buffer_free(&b);
}

static const struct {
    struct p2a_str bytes;
    const char *wrong; /* a part of it */
} broken[] = {
    {P2A_LIT("\x80"), "without an end"},
    {P2A_LIT("\x08"), "without content"},
    {P2A_LIT("\x08\xff"), "without an end"},
    {P2A_LIT("\x0a\x05"
             "abcd"),
     "runs past the end"},
    {P2A_LIT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "runs past the end"},
    {P2A_LIT("\x09"
             "1234567"),
     "runs past the end"},
    {P2A_LIT("\x0d"
             "123"),
     "runs past the end"},
    {P2A_LIT("\x0b"), "type"},
    {P2A_LIT("\x0e"), "type"},
    {P2A_LIT("\x02\x01"
             "a"),
     "out of range"},
    {P2A_LIT("\x82\x80\x80\x80\x80\x01\x01"
             "a"),
     "out of range"},
    {P2A_LIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "64 bits"},
    {P2A_LIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "64 bits"},
};

static void what_is_broken_says_how_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct protobuf_field f;
        struct protobuf m = p2a_protobuf(broken[i].bytes);
        assert_false(p2a_protobuf_next(&m, &f));
        assert_non_null(m.wrong);
        if (!strstr(m.wrong, broken[i].wrong))
            fail_msg("case %zu: %s", i, m.wrong);
        assert_ptr_equal(m.at, broken[i].bytes.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_out_as_they_went_in),
        cmocka_unit_test(numbers_in_memory_are_those_of_a_buffer),
        cmocka_unit_test(a_message_is_its_fields_in_their_order),
        cmocka_unit_test(what_is_broken_says_how_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
