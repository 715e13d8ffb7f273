#include "proto/wire/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/utf8.h"
#include "tests/unit/cmocka_all.h"

static void make(struct buf *out, const char *entity, const char *data, enum result_status status)
{
    struct buf keys;
    buf_init(&keys, 1000);
    result_key_encode(&keys, KEY_ENTITY, slice_from_text(entity));
    result_key_encode(&keys, KEY_SPELLING, slice_from_text("lavrov"));
    result_key_encode(&keys, KEY_LANGUAGE, slice_from_text("pl"));
    struct result result = {
        .status = status, .key_count = 3, .keys = buf_slice(&keys), .data = slice_from_text(data)};
    result_encode(out, &result);
    buf_fini(&keys);
}

static int decode(const char *entity, const char *data, enum result_status status)
{
    struct buf out;
    struct result result;
    struct err err = {0};
    buf_init(&out, 10000);
    make(&out, entity, data, status);
    int answer = result_decode(buf_slice(&out), &result, &err);
    buf_fini(&out);
    return answer;
}

static void test_good_and_bad_records(void **state)
{
    (void)state;
    assert_int_equal(decode("Q1\tperson\tSergey Lavrov", "{\"entities\":[]}", RESULT_TAGGED), 0);
    assert_int_equal(decode("Q1\tperson\tSergey Lavrov", "{\"entities\":[}", RESULT_TAGGED),
                     -EBADMSG);
    assert_int_equal(decode("Q1\tperson\tSergey Lavrov", "[1]", RESULT_TAGGED), -EBADMSG);
    assert_int_equal(decode("Q1\tperson\tSergey Lavrov", "body is too strange", RESULT_REFUSED), 0);
    assert_int_equal(decode("Q1\tperson\tSergey Lavrov", "\xff", RESULT_REFUSED), -EBADMSG);
    assert_int_equal(decode("Q1\tperson", "{}", RESULT_TAGGED), -EBADMSG);
    assert_int_equal(decode("\tperson\tX", "{}", RESULT_TAGGED), -EBADMSG);
}

static void test_every_cut_and_every_flipped_byte_is_survived(void **state)
{
    (void)state;
    struct buf out;
    struct result result;
    buf_init(&out, 10000);
    make(&out, "Q1\tperson\tSergey Lavrov", "{\"entities\":[]}", RESULT_TAGGED);
    for (size_t len = 0; len < out.len; len++) {
        char *copy = malloc(len ? len : 1);
        memcpy(copy, out.ptr, len);
        assert_int_equal(result_decode(slice_from(copy, len), &result, NULL), -EBADMSG);
        free(copy);
    }
    for (size_t i = 0; i < out.len * 8; i++) {
        char *copy = malloc(out.len);
        memcpy(copy, out.ptr, out.len);
        copy[i / 8] = (char)(copy[i / 8] ^ (1 << i % 8));
        int answer = result_decode(slice_from(copy, out.len), &result, NULL);
        assert_true(answer == 0 || answer == -EBADMSG);
        free(copy);
    }
    buf_fini(&out);
}

static void test_long_keys_are_cut_between_letters(void **state)
{
    (void)state;
    struct buf keys;
    buf_init(&keys, 1000);
    char text[300];
    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    result_key_encode(&keys, KEY_SPELLING, slice_from(text, sizeof text));
    struct cursor cursor = cursor_from(buf_slice(&keys));
    struct result_key key;
    assert_int_equal(result_key_decode(&cursor, &key), 1);
    assert_int_equal(key.value.len, 249);
    assert_true(utf8_is_valid(key.value));
    assert_int_equal(result_key_decode(&cursor, &key), 0);
    buf_fini(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_and_bad_records),
        cmocka_unit_test(test_every_cut_and_every_flipped_byte_is_survived),
        cmocka_unit_test(test_long_keys_are_cut_between_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
