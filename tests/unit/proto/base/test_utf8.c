#include "proto/base/utf8.h"

#include "tests/unit/cmocka_all.h"

// The definition, byte by byte, against which the fast check is held (Unicode, table 3-7).
static bool is_scalar_at(const uint8_t *p, size_t left, size_t *len)
{
    uint32_t code, least;
    if (p[0] < 0x80) {
        *len = 1;
        return true;
    }
    *len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc0 || p[0] > 0xf7 || left < *len)
        return false;
    code = p[0] & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len; i++) {
        if (p[i] >> 6 != 2)
            return false;
        code = code << 6 | (p[i] & 0x3f);
    }
    least = *len == 2 ? 0x80 : *len == 3 ? 0x800 : 0x10000;
    return code >= least && code < 0x110000 && !(code >= 0xd800 && code < 0xe000);
}

static size_t slow_valid_prefix(const uint8_t *bytes, size_t len)
{
    size_t at = 0, step;
    while (at < len && is_scalar_at(bytes + at, len - at, &step))
        at += step;
    return at;
}

static void test_every_pair_and_many_quads(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (uint32_t n = 0; n < 400000; n++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint8_t bytes[12] = "abcdefgh";
        size_t place = n % 9;
        for (size_t i = 0; i < 4 && place + i < 12; i++) {
            uint8_t random = (uint8_t)(seed >> (20 + 8 * i));
            bytes[place + i] = i == 0 && n < 65536 * 4 ? (uint8_t)(n >> 8)
                               : (random & 1) && i     ? 0x80 | (random >> 2)
                                                       : random;
        }
        assert_int_equal(utf8_valid_prefix(slice_from(bytes, 12)), slow_valid_prefix(bytes, 12));
    }
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xd800 && code < 0xe000)
            continue;
        char bytes[4];
        size_t len = utf8_put(bytes, code), at = 0;
        assert_true(utf8_is_valid(slice_from(bytes, len)));
        assert_int_equal(utf8_next(slice_from(bytes, len), &at), code);
        assert_int_equal(at, len);
        assert_int_equal(utf8_count(slice_from(bytes, len)), 1);
    }
}

static void test_places_of_faults(void **state)
{
    (void)state;
    assert_int_equal(utf8_valid_prefix(slice_from_text("abc\xff")), 3);
    assert_int_equal(utf8_valid_prefix(slice_from_text("0123456789Ł\xed\xa0\x80")), 12);
    assert_int_equal(utf8_valid_prefix(slice_from_text("\xc0\x80")), 0);
    assert_int_equal(utf8_valid_prefix(slice_from(NULL, 0)), 0);
    assert_int_equal(utf8_valid_prefix(slice_from("Ł", 1)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_and_many_quads),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_places_of_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
