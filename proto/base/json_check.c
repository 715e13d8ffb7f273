#include "proto/base/json_check.h"

#include <stdint.h>

#include "proto/base/json.h"

// The state between two tokens.
enum expect {
    EXPECT_VALUE,
    EXPECT_KEY,          // behind a comma in an object
    EXPECT_KEY_OR_END,   // behind "{"
    EXPECT_VALUE_OR_END, // behind "["
    EXPECT_COMMA_OR_END, // behind a value
};

struct checker {
    const char *at;
    const char *end;
    uint64_t objects; // bit d: the container at depth d is an object
    int depth;        // open containers
    enum expect expect;
};

static void skip_space(struct checker *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

// Four hexadecimal digits at `at`; -1 when they are not.
static int hex4(const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int number = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        number = number << 4 | digit;
    }
    return number;
}

// Behind a backslash. A high surrogate wants its low one.
static bool take_escape(struct checker *c)
{
    if (c->at == c->end)
        return false;
    char kind = *c->at++;
    if (kind != 'u')
        return kind && strchr("\"\\/bfnrt", kind);
    int code = hex4(c->at, c->end);
    if (code <= 0 || (code >= 0xdc00 && code < 0xe000))
        return false;
    c->at += 4;
    if (code < 0xd800 || code >= 0xe000)
        return true;
    if (c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u')
        return false;
    int low = hex4(c->at + 2, c->end);
    c->at += 6;
    return low >= 0xdc00 && low < 0xe000;
}

// Behind the opening quote.
static bool take_string(struct checker *c)
{
    while (c->at < c->end) {
        unsigned char byte = (unsigned char)*c->at++;
        if (byte == '"')
            return true;
        if (byte < 0x20 || (byte == '\\' && !take_escape(c)))
            return false;
    }
    return false;
}

static bool take_digits(struct checker *c)
{
    const char *first = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > first;
}

static bool take_byte(struct checker *c, const char *any_of)
{
    if (c->at == c->end || !*c->at || !strchr(any_of, *c->at))
        return false;
    c->at++;
    return true;
}

static bool take_number(struct checker *c)
{
    (void)take_byte(c, "-");
    if (!take_byte(c, "0") && !take_digits(c))
        return false;
    if (take_byte(c, ".") && !take_digits(c))
        return false;
    if (!take_byte(c, "eE"))
        return true;
    (void)take_byte(c, "+-");
    return take_digits(c);
}

static bool take_word(struct checker *c, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
        return false;
    c->at += len;
    return true;
}

static bool open_container(struct checker *c, bool object)
{
    if (++c->depth > JSON_MAX_DEPTH)
        return false;
    uint64_t bit = (uint64_t)1 << c->depth;
    c->objects = object ? c->objects | bit : c->objects & ~bit;
    c->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return true;
}

static bool take_value(struct checker *c)
{
    c->expect = EXPECT_COMMA_OR_END;
    switch (*c->at) {
    case '{':
    case '[':
        return open_container(c, *c->at++ == '{');
    case '"':
        c->at++;
        return take_string(c);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return take_number(c);
    }
}

static bool take_key(struct checker *c)
{
    if (*c->at++ != '"' || !take_string(c))
        return false;
    skip_space(c);
    c->expect = EXPECT_VALUE;
    return take_byte(c, ":");
}

static bool is_in_object(const struct checker *c)
{
    return c->objects >> c->depth & 1;
}

static bool take_comma_or_end(struct checker *c)
{
    char byte = *c->at++;
    if (byte == ',') {
        c->expect = is_in_object(c) ? EXPECT_KEY : EXPECT_VALUE;
        return true;
    }
    if (byte != (is_in_object(c) ? '}' : ']'))
        return false;
    c->depth--;
    c->expect = EXPECT_COMMA_OR_END;
    return true;
}

static bool take_token(struct checker *c)
{
    skip_space(c);
    if (c->at == c->end)
        return false;
    switch (c->expect) {
    case EXPECT_VALUE_OR_END:
        return *c->at == ']' ? take_comma_or_end(c) : take_value(c);
    case EXPECT_KEY_OR_END:
        return *c->at == '}' ? take_comma_or_end(c) : take_key(c);
    case EXPECT_KEY:
        return take_key(c);
    case EXPECT_VALUE:
        return take_value(c);
    default:
        return take_comma_or_end(c);
    }
}

bool json_is_object_text(struct slice text)
{
    if (text.len < 2 || text.ptr[0] != '{')
        return false;
    struct checker c = {.at = text.ptr, .end = text.ptr + text.len, .expect = EXPECT_VALUE};
    do
        if (!take_token(&c))
            return false;
    while (c.depth > 0);
    return c.at == c.end;
}
