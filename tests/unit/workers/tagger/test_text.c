#include "workers/tagger/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "proto/base/utf8.h"
#include "proto/wire/edit.h"
#include "tests/unit/cmocka_all.h"

static struct arena arena;

// xorshift: the same texts in every run.
static uint32_t random_state = 2463534242u;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

static const char *const pieces[] = {
    "Siergiej Ławrow ",
    "Straße",
    "e\u0301",
    "\u00ad",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "  ",
    "\u00a0",
    "Reklama\n",
    "\nQuelle: Reuters\n",
    "WARSZAWA (PAP) - ",
    "U.S.",
    "\u200b",
    "A\u030a",
    "\u212b",
    "Лавров ",
    "\u1100\u1161\u11a8",
    "\u0958",
    "\U0001d160",
    "\U0001f600",
    "-\n",
    ". ",
    "! ",
    "„",
    "“",
    "'s ",
    "9. ",
    "kremlin.ru ",
    "der ",
    "i ",
    "\ufeff",
    "\u2028",
    "q\u0323\u0307",
    "\u0301",
    "\x7f",
    "a",
    "B",
    "7",
    ":",
    "Hamburg-Altona ",
    "Zusammen",
    "\u0f71\u0f72\u0f80",
    "\xc2\x85",
};

static size_t random_text(char *out, size_t most)
{
    size_t len = 0;
    uint32_t count = random_below(60);
    for (uint32_t i = 0; i < count; i++) {
        char code[5] = {0};
        const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
        if (random_below(8) == 0) {
            uint32_t scalar = random_below(0x110000);
            utf8_put(code, scalar >= 0xd800 && scalar < 0xe000 ? 'x' : scalar);
            piece = code;
        }
        size_t piece_len = strlen(piece);
        if (len + piece_len > most)
            break;
        memcpy(out + len, piece, piece_len);
        len += piece_len;
    }
    return len;
}

static void check_segments(const struct text *text)
{
    uint32_t at = 0, submitted = 0;
    for (size_t i = 0; i < text->segment_count; i++) {
        const struct segment *s = &text->segments[i];
        assert_int_equal(s->normalised, at);
        assert_true(s->submitted >= submitted && s->normalised_len);
        assert_true(s->submitted + s->submitted_len <= text->submitted.len);
        if (s->copied) {
            assert_int_equal(s->normalised_len, s->submitted_len);
            assert_memory_equal(text->normalised.ptr + s->normalised,
                                text->submitted.ptr + s->submitted, s->normalised_len);
        }
        at += s->normalised_len;
        submitted = s->submitted + s->submitted_len;
    }
    assert_int_equal(at, text->normalised.len);
}

static void check_edits(const struct text *text)
{
    struct slice edits = text_edits(text, &arena);
    assert_non_null(edits.ptr);
    struct buf rebuilt;
    buf_init(&rebuilt, 1 << 20);
    assert_int_equal(edit_apply(&rebuilt, edits, text->submitted), 0);
    assert_true(slice_equal(buf_slice(&rebuilt), text->normalised));
    buf_fini(&rebuilt);
}

static bool is_boundary(struct slice bytes, uint32_t at)
{
    return at == bytes.len || ((unsigned char)bytes.ptr[at] & 0xc0) != 0x80;
}

static void check_tokens(const struct text *text)
{
    struct text_position position = {0};
    uint32_t end = 0, sentence = 0;
    for (size_t i = 0; i < text->token_count; i++) {
        const struct token *t = &text->tokens[i];
        assert_true(t->start >= end && t->end > t->start && t->end <= text->normalised.len);
        assert_true(is_boundary(text->normalised, t->start) &&
                    is_boundary(text->normalised, t->end));
        assert_true(t->folded + t->folded_len <= text->folded.len);
        assert_true(t->sentence == sentence || t->sentence == sentence + 1);
        assert_true(t->sentence < text->sentence_count);
        uint32_t from, to;
        text_to_submitted(text, t->start, t->end, &from, &to);
        assert_true(from < to && to <= text->submitted.len);
        assert_true(is_boundary(text->submitted, from) && is_boundary(text->submitted, to));
        assert_int_equal(text_code_point(text, from, &position),
                         utf8_count(slice_from(text->submitted.ptr, from)));
        end = t->end;
        sentence = t->sentence;
    }
}

static void check_nfc(const struct text *text)
{
    UChar wide[8192];
    int32_t len;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(wide, 8192, &len, text->normalised.ptr, (int32_t)text->normalised.len, &status);
    assert_true(unorm2_isNormalized(unorm2_getNFCInstance(&status), wide, len, &status));
    assert_int_equal(status, U_ZERO_ERROR);
}

static void test_random_texts_keep_every_promise(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char bytes[1024];
        struct slice submitted = slice_from(bytes, random_text(bytes, sizeof bytes));
        struct text text;
        arena_reset(&arena);
        assert_int_equal(text_prepare(&text, TAG_BODY, submitted, slice_from_text("de"),
                                      random_below(2), &arena),
                         0);
        assert_true(utf8_is_valid(text.normalised));
        check_segments(&text);
        check_edits(&text);
        check_tokens(&text);
        check_nfc(&text);
    }
}

static void test_random_bytes_are_refused_or_read(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char bytes[256];
        size_t len = random_below(sizeof bytes);
        for (size_t at = 0; at < len; at++)
            bytes[at] = (char)random_below(random_below(2) ? 256 : 128);
        struct text text;
        arena_reset(&arena);
        struct slice submitted = slice_from(bytes, len);
        int result = text_prepare(&text, TAG_BODY, submitted, slice_from(NULL, 0), true, &arena);
        assert_int_equal(result, utf8_is_valid(submitted) ? 0 : -EILSEQ);
    }
}

static void test_mention_across_what_was_removed(void **state)
{
    (void)state;
    const char *body = "Ser\u00adgej\nlawrow kam";
    struct text text;
    struct text_position position = {0};
    uint32_t start, end;
    assert_int_equal(
        text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from(NULL, 0), true, &arena), 0);
    assert_true(slice_is(text.normalised, "Sergej lawrow kam"));
    text_to_submitted(&text, 0, 13, &start, &end);
    assert_int_equal(start, 0);
    assert_int_equal(end, 15); // two bytes of soft hyphen
    assert_int_equal(text_code_point(&text, end, &position), 14);
    assert_int_equal(text_code_point(&text, 3, &position), 3);
}

static void test_composed_letters_map_as_a_whole(void **state)
{
    (void)state;
    struct text text;
    uint32_t start, end;
    assert_int_equal(text_prepare(&text, TAG_TITLE, slice_from_text("Zu\u0308rich"),
                                  slice_from(NULL, 0), false, &arena),
                     0);
    assert_true(slice_is(text.normalised, "Z\u00fcrich"));
    text_to_submitted(&text, 0, 7, &start, &end);
    assert_int_equal(start, 0);
    assert_int_equal(end, 8);
}

static void test_arena_too_small(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 6000; limit += 64) {
        struct arena small;
        struct text text;
        arena_init(&small, limit);
        int result =
            text_prepare(&text, TAG_BODY, slice_from_text("Ein Satz\nund e\u0301in zweiter."),
                         slice_from(NULL, 0), true, &small);
        assert_true(result == 0 || result == -ENOMEM);
        arena_fini(&small);
    }
}

// A megabyte of whatever is worst for one of the steps; the test's time limit is the check.
static void test_hostile_texts_take_linear_time(void **state)
{
    (void)state;
    static const char *const worst[] = {"\u0301", "a\u0301", "!",    "(",    "\n",    "'s", "a-\n",
                                        ".",      "\u00ad",  "x.y.", "1.",   "„",     "\t", "9. ",
                                        "A ",     "\u0f71",  "\r",   "Ab, ", "\u00a0"};
    enum { BYTES = 1 << 20 };
    char *body = malloc(BYTES);
    assert_non_null(body);
    for (size_t i = 0; i < sizeof worst / sizeof *worst; i++) {
        size_t len = strlen(worst[i]), at = 0;
        for (; at + len <= BYTES; at += len)
            memcpy(body + at, worst[i], len);
        struct arena large;
        struct text text;
        arena_init(&large, (size_t)1 << 30);
        assert_int_equal(
            text_prepare(&text, TAG_BODY, slice_from(body, at), slice_from(NULL, 0), true, &large),
            0);
        arena_fini(&large);
    }
    free(body);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_texts_keep_every_promise),
        cmocka_unit_test(test_random_bytes_are_refused_or_read),
        cmocka_unit_test(test_mention_across_what_was_removed),
        cmocka_unit_test(test_composed_letters_map_as_a_whole),
        cmocka_unit_test(test_arena_too_small),
        cmocka_unit_test(test_hostile_texts_take_linear_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
