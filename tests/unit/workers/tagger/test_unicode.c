#include "workers/tagger/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "tests/unit/cmocka_all.h"

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code < 0xe000;
}

// The table was written down once; ICU is the authority.
static void test_classes_agree_with_icu(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x3000; code++) {
        enum unicode_class kind = unicode_class_of(code);
        UChar32 icu = (UChar32)code;
        bool letter = u_isalpha(icu) && u_charType(icu) != U_LETTER_NUMBER &&
                      (U_GET_GC_MASK(icu) & U_GC_L_MASK) != 0;
        bool upper = u_charType(icu) == U_UPPERCASE_LETTER || u_charType(icu) == U_TITLECASE_LETTER;
        assert_int_equal(unicode_is_letter(kind), letter);
        assert_int_equal(kind == UNICODE_UPPER, upper);
        assert_int_equal(kind == UNICODE_LOWER, u_charType(icu) == U_LOWERCASE_LETTER);
        assert_int_equal(kind == UNICODE_DIGIT, u_charType(icu) == U_DECIMAL_DIGIT_NUMBER);
        assert_int_equal(kind == UNICODE_SPACE, u_isUWhiteSpace(icu));
        assert_int_equal(kind == UNICODE_MARK, (U_GET_GC_MASK(icu) & U_GC_M_MASK) != 0);
    }
}

static void test_inert_code_points_never_break_nfc(void **state)
{
    (void)state;
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (is_surrogate(code) || unicode_may_break_nfc(code))
            continue;
        assert_true(unorm2_hasBoundaryBefore(nfc, (UChar32)code));
        UChar text[2];
        int32_t len = 0;
        U16_APPEND_UNSAFE(text, len, code);
        assert_int_equal(unorm2_quickCheck(nfc, text, len, &status), UNORM_YES);
    }
}

static void test_quotes_and_dashes(void **state)
{
    (void)state;
    static const uint32_t opening[] = {'"', '(', 0x201e, 0x201c, 0xab, 0xbb, 0x2018, 0x201a};
    static const uint32_t closing[] = {'"', ')', 0x201d, 0x201c, 0xab, 0xbb, 0x2019};
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
        assert_true(unicode_is_opening(opening[i]));
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++)
        assert_true(unicode_is_closing(closing[i]));
    assert_true(unicode_is_dash('-') && unicode_is_dash(0x2013) && unicode_is_dash(0x2014));
    assert_false(unicode_is_dash('_') || unicode_is_opening('a') || unicode_is_closing('.'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_agree_with_icu),
        cmocka_unit_test(test_inert_code_points_never_break_nfc),
        cmocka_unit_test(test_quotes_and_dashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
