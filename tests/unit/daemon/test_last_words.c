#include "daemon/last_words.h"

#include <string.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "tests/unit/cmocka_all.h"

static void say(struct last_words *words, const char *text)
{
    last_words_add(words, slice_from_text(text), 1);
}

static void expect(const struct last_words *words, const char *wanted)
{
    struct buf out;
    buf_init(&out, 65536);
    last_words_put(words, &out);
    buf_put_byte(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_fini(&out);
}

static void test_is_one_clean_line(void **state)
{
    (void)state;
    struct last_words words;
    last_words_init(&words);
    expect(&words, "");
    say(&words, "one\ntwo\t\"three\"\n");
    expect(&words, "one two \"three\"");
    say(&words, "caf\xc3\xa9 \xff \xc3");
    expect(&words, "one two \"three\" caf\xc3\xa9 ? ?");
}

static void test_keeps_the_tail(void **state)
{
    (void)state;
    struct last_words words;
    last_words_init(&words);
    for (int i = 0; i < 1000; i++)
        say(&words, "\xc5\x82\xc5\x81x"); // five bytes: the ring tears a character
    struct buf out;
    buf_init(&out, 65536);
    last_words_put(&words, &out);
    assert_true(out.len <= LAST_WORDS_BYTES && out.len > LAST_WORDS_BYTES - 4);
    assert_true(utf8_is_valid(buf_slice(&out)));
    assert_int_equal(out.ptr[out.len - 1], 'x');
    buf_fini(&out);
    char long_text[5001];
    memset(long_text, 'a', 5000);
    long_text[4999] = 'z';
    long_text[5000] = '\0';
    say(&words, long_text);
    buf_init(&out, 65536);
    last_words_put(&words, &out);
    assert_int_equal(out.len, LAST_WORDS_BYTES);
    assert_int_equal(out.ptr[out.len - 1], 'z');
    buf_fini(&out);
}

static void test_ranting_is_muted(void **state)
{
    (void)state;
    struct last_words words;
    last_words_init(&words);
    for (int i = 0; i < 5000; i++)
        say(&words, "again and again\n");
    assert_true(words.muted > 0);
    assert_true(words.logged <= 50);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_one_clean_line),
        cmocka_unit_test(test_keeps_the_tail),
        cmocka_unit_test(test_ranting_is_muted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
