#include "workers/tagger/unicode.h"

#include <unicode/uchar.h>

// General categories of Unicode 15 up to the end of Cyrillic, 80 code points a row: nearly every
// letter of the wire is here. Everything else is asked of ICU.
const char unicode_classes[UNICODE_TABLE + 1] =
    "cccccccccsssssccccccccccccccccccspppppppppppppppddddddddddpppppppUUUUUUUUUUUUUUU" // 0000
    "UUUUUUUUUUUppppppllllllllllllllllllllllllllppppccccccscccccccccccccccccccccccccc" // 0050
    "spppppppppappcppppppplppppapppppUUUUUUUUUUUUUUUUUUUUUUUpUUUUUUUlllllllllllllllll" // 00a0
    "lllllllpllllllllUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUllUlUlUlU" // 00f0
    "lUlUlUlUllUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUUlUlUlllUUlUlUUlUUUllUU" // 0140
    "UUlUUlUUUlllUUlUUlUlUlUUlUllUlUUlUUUlUlUUllaUlllaaaaUUlUUlUUlUlUlUlUlUlUlUlUllUl" // 0190
    "UlUlUlUlUlUlUlUllUUlUlUUUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUl" // 01e0
    "UlUlllllllUUlUUllUlUUUUlUlUlUlUlllllllllllllllllllllllllllllllllllllllllllllllll" // 0230
    "llllllllllllllllllllalllllllllllllllllllllllllllaaaaaaaaaaaaaaaaaappppaaaaaaaaaa" // 0280
    "aappppppppppppppaaaaapppppppapapppppppppppppppppmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm" // 02d0
    "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm" // 0320
    "UlUlapUlppalllpUppppppUpUUUpUpUUlUUUUUUUUUUUUUUUUUpUUUUUUUUUllllllllllllllllllll" // 0370
    "lllllllllllllllUllUUUlllUlUlUlUlUlUlUlUlUlUlUlUlllllUlpUlUUllUUUUUUUUUUUUUUUUUUU" // 03c0
    "UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUllllllllllllllllllllllllllllllllllllllllllllllll" // 0410
    "UlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlpmmmmmmmUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUl" // 0460
    "UlUlUlUlUlUlUlUlUUlUlUlUlUlUlUllUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUl" // 04b0
    "UlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUlUl";                                // 0500

static enum unicode_class class_from_icu(uint32_t code)
{
    if (u_isUWhiteSpace((UChar32)code))
        return UNICODE_SPACE;
    switch (u_charType((UChar32)code)) {
    case U_UPPERCASE_LETTER:
    case U_TITLECASE_LETTER:
        return UNICODE_UPPER;
    case U_LOWERCASE_LETTER:
        return UNICODE_LOWER;
    case U_MODIFIER_LETTER:
    case U_OTHER_LETTER:
        return UNICODE_LETTER;
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_COMBINING_SPACING_MARK:
        return UNICODE_MARK;
    case U_DECIMAL_DIGIT_NUMBER:
        return UNICODE_DIGIT;
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
        return UNICODE_CONTROL;
    default:
        return UNICODE_SIGN;
    }
}

_Static_assert(UNICODE_TABLE == 0x530, "the rows above");

enum unicode_class unicode_class_beyond(uint32_t code)
{
    // The quotation marks and dashes of running text.
    if ((code >= 0x2010 && code <= 0x2027) || (code >= 0x2030 && code <= 0x205e))
        return UNICODE_SIGN;
    return class_from_icu(code);
}

bool unicode_is_ignorable(uint32_t code)
{
    return code == 0xad || code == 0x200b || code == 0x200e || code == 0x200f || code == 0x2060 ||
           code == 0xfeff || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

bool unicode_is_opening(uint32_t code)
{
    return code == '"' || code == '\'' || code == '(' || code == '[' || code == '{' ||
           code == 0xab || code == 0xbb || code == 0x2018 || code == 0x2039 || code == 0x203a ||
           (code >= 0x201a && code <= 0x201f);
}

// German closes with the sign that English opens with, so both lists overlap.
bool unicode_is_closing(uint32_t code)
{
    return code == '"' || code == '\'' || code == ')' || code == ']' || code == '}' ||
           code == 0xab || code == 0xbb || code == 0x2018 || code == 0x2019 || code == 0x2039 ||
           code == 0x203a || (code >= 0x201c && code <= 0x201f);
}

bool unicode_is_dash(uint32_t code)
{
    return code == '-' || (code >= 0x2010 && code <= 0x2015) || code == 0x2212;
}

struct range {
    uint32_t first, last;
};

// Blocks without combining marks and without characters that NFC replaces.
static const struct range inert[] = {
    {0x0000, 0x02ff},   {0x0370, 0x0373}, {0x0375, 0x037d}, {0x037f, 0x0386}, {0x0388, 0x0482},
    {0x0488, 0x0590},   {0x1e00, 0x1eff}, {0x2002, 0x20cf}, {0x2100, 0x2125}, {0x2127, 0x2129},
    {0x212c, 0x2328},   {0x232b, 0x2adb}, {0x2add, 0x2cee}, {0x3000, 0x3029}, {0x3030, 0x3098},
    {0x309b, 0xa66e},   {0xac00, 0xd7a3}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfe30, 0xffef},
    {0x1f000, 0x1faff},
};

bool unicode_may_break_nfc(uint32_t code)
{
    for (unsigned i = 0; i < sizeof inert / sizeof *inert; i++)
        if (code <= inert[i].last)
            return code < inert[i].first;
    return true;
}
