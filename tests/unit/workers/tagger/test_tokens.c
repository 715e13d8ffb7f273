#include "workers/tagger/tokens.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/fold.h"
#include "tests/unit/cmocka_all.h"

static struct arena arena;
static struct text text;

static void prepare(const char *language, const char *body)
{
    arena_reset(&arena);
    assert_int_equal(text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from_text(language),
                                  false, &arena),
                     0);
}

// The tokens with "|" between them.
static void assert_tokens(const char *body, const char *wanted)
{
    prepare("", body);
    char joined[1024] = "";
    for (size_t i = 0; i < text.token_count; i++) {
        const struct token *token = &text.tokens[i];
        size_t len = strlen(joined);
        snprintf(joined + len, sizeof joined - len, "%s%.*s", i ? "|" : "",
                 (int)(token->end - token->start), text.normalised.ptr + token->start);
    }
    assert_string_equal(joined, wanted);
}

// The sentences with " / " between them, first words marked with "^".
static void assert_sentences(const char *language, const char *body, const char *wanted)
{
    prepare(language, body);
    char joined[2048] = "";
    for (size_t i = 0; i < text.token_count; i++) {
        const struct token *token = &text.tokens[i];
        size_t len = strlen(joined);
        bool next = i && token->sentence != token[-1].sentence;
        const char *gap = token->flags & TOKEN_SPACE_BEFORE ? " " : "";
        snprintf(joined + len, sizeof joined - len, "%s%s%.*s",
                 next ? " / "
                 : i  ? gap
                      : "",
                 token->flags & TOKEN_SENTENCE_FIRST ? "^" : "", (int)(token->end - token->start),
                 text.normalised.ptr + token->start);
    }
    assert_string_equal(joined, wanted);
}

static void test_words_and_signs(void **state)
{
    (void)state;
    assert_tokens("Siergiej Ławrow, minister.", "Siergiej|Ławrow|,|minister|.");
    assert_tokens("US-Präsident", "US|-|Präsident");
    assert_tokens("„Ja“, sagte er.", "„|Ja|“|,|sagte|er|.");
    assert_tokens("Trump's and Trump’s", "Trump|'s|and|Trump|’s");
    assert_tokens("O'Neill, d'Estaing, Kennedy'ego", "O'Neill|,|d'Estaing|,|Kennedy'ego");
    assert_tokens("'yes'", "'|yes|'");
    assert_tokens("U.S. and z.B. or m.in.", "U.S.|and|z.B.|or|m.in.");
    assert_tokens("Donald J. Trump", "Donald|J|.|Trump");
    assert_tokens("kremlin.ru i Tvp.info.", "kremlin.ru|i|Tvp.info|.");
    assert_tokens("übertroffen.Es habe", "übertroffen|.|Es|habe");
    assert_tokens("G20 COVID-19 20th 12:30 1.200,50", "G20|COVID|-|19|20th|12:30|1.200,50");
    assert_tokens("Лавров говорит", "Лавров|говорит");
    assert_tokens("a\u0301b", "áb");
    assert_tokens("...", ".|.|.");
}

static uint16_t flags_of(const char *body, size_t index)
{
    prepare("", body);
    assert_true(index < text.token_count);
    return text.tokens[index].flags;
}

static void test_flags(void **state)
{
    (void)state;
    assert_true(flags_of("die NATO", 1) & TOKEN_UPPER_ALL);
    assert_false(flags_of("Ein A", 1) & TOKEN_UPPER_ALL);
    assert_true(flags_of("ein McDonald", 1) & TOKEN_MIXED);
    assert_true(flags_of("ein iPhone", 1) & TOKEN_MIXED);
    assert_false(flags_of("ein iPhone", 1) & TOKEN_UPPER_FIRST);
    assert_true(flags_of("Łódź", 0) & TOKEN_UPPER_FIRST);
    assert_true(flags_of("US-Präsident", 2) & TOKEN_HYPHEN_BEFORE);
    assert_false(flags_of("US - Präsident", 2) & TOKEN_HYPHEN_BEFORE);
    assert_true(flags_of("Nr. 12", 2) & TOKEN_NUMBER);
    assert_true(flags_of("G20", 0) & TOKEN_WORD);
    assert_true(flags_of("a b", 1) & TOKEN_SPACE_BEFORE);
    assert_false(flags_of("(b", 1) & TOKEN_SPACE_BEFORE);
    assert_true(flags_of("a.\n\nb", 2) & TOKEN_PARAGRAPH_FIRST);
}

static void assert_folds_like_fold_name(const char *body, const char *wanted)
{
    prepare("", body);
    struct slice folded = text.folded;
    assert_true(slice_equal(folded, slice_from_text(wanted)));
    for (size_t i = 0; i < text.token_count; i++) {
        const struct token *token = &text.tokens[i];
        struct buf name;
        buf_init(&name, 4096);
        fold_name(&name, slice_from(text.normalised.ptr + token->start, token->end - token->start));
        assert_true(slice_equal(buf_slice(&name),
                                slice_from(folded.ptr + token->folded, token->folded_len)));
        buf_fini(&name);
    }
}

static void test_folding(void **state)
{
    (void)state;
    assert_folds_like_fold_name("Siergiej Ławrow", "siergiej lawrow ");
    assert_folds_like_fold_name("Nord-Korea!", "nord korea ");
    assert_folds_like_fold_name("O'Neill U.S. kremlin.ru 1.200", "oneill u s kremlin ru 1 200 ");
    assert_folds_like_fold_name("Weiß, Щука, Ольга", "weiss shchuka olga ");
    assert_folds_like_fold_name("", "");
}

static void test_long_words_are_cut(void **state)
{
    (void)state;
    static char body[5001];
    memset(body, 'a', 5000);
    prepare("", body);
    assert_true(text.token_count >= 5000 / 250);
    assert_int_equal(text.tokens[text.token_count - 1].end, 5000);
    memset(body, '1', 5000);
    prepare("", body);
    assert_int_equal(text.tokens[text.token_count - 1].end, 5000);
}

static void test_sentences(void **state)
{
    (void)state;
    assert_sentences("en", "It rained. The match was off.", "^It rained. / ^The match was off.");
    assert_sentences("en", "Mr. Smith met Dr. Jones.", "^Mr. Smith met Dr. Jones.");
    assert_sentences("en", "Donald J. Trump spoke.", "^Donald J. Trump spoke.");
    assert_sentences("en", "\"Why?\" he asked. \"Because.\"",
                     "\"^Why?\" he asked. / \"^Because.\"");
    assert_sentences("de", "Am 9. Juli kam er. Er blieb.", "^Am 9. Juli kam er. / ^Er blieb.");
    assert_sentences("de", "Es war schön.Er blieb.", "^Es war schön. / ^Er blieb.");
    assert_sentences("de", "Er sagte: „Das ist gut.“ Dann ging er.",
                     "^Er sagte: „^Das ist gut.“ / ^Dann ging er.");
    assert_sentences("pl", "Gen. Nowak i prof. Kot z ul. Długiej. Potem cisza.",
                     "^Gen. Nowak i prof. Kot z ul. Długiej. / ^Potem cisza.");
    assert_sentences("pl", "Korea Płn. grozi. Rosja wzywa.", "^Korea Płn. grozi. / ^Rosja wzywa.");
    assert_sentences("pl", "Była dobra. – Zawierała dużo – powiedział.",
                     "^Była dobra. / – ^Zawierała dużo – powiedział.");
    assert_sentences("en", "What now\nThe story goes on", "^What now / ^The story goes on");
}

static void test_dateline(void **state)
{
    (void)state;
    prepare("en", "MOSCOW, Nov 3 - The envoy left.");
    assert_true(text.tokens[5].flags & TOKEN_SENTENCE_FIRST);
    assert_int_equal(text.sentence_count, 1);
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
        cmocka_unit_test(test_words_and_signs), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_folding),         cmocka_unit_test(test_long_words_are_cut),
        cmocka_unit_test(test_sentences),       cmocka_unit_test(test_dateline),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
