// A sentence ends
//  1. with its paragraph;
//  2. at ! ? … and the closing signs behind them, unless the text goes on in lower case;
//  3. at a full stop, unless what stands before it is an abbreviation, an initial or (not in
//     English) an ordinal number, or the text goes on in lower case.
#include "workers/tagger/sentences.h"

#include <stdlib.h>

#include "proto/base/utf8.h"
#include "workers/tagger/unicode.h"

enum { PL = 1 << 0, DE = 1 << 1, EN = 1 << 2, ANY = PL | DE | EN, ABBREVIATION_MAX = 8 };
enum { DATELINE_TOKENS_MAX = 10 };

static const struct abbreviation {
    const char *key;
    int languages;
} abbreviations[] = {
#define ABBREVIATION(key, languages) {key, languages},
#include "workers/tagger/abbreviations.def"
#undef ABBREVIATION
};

struct marker {
    const struct text *text;
    struct token *tokens;
    size_t count;
    int language;
};

static int language_bit(struct slice language)
{
    if (slice_is(language, "pl"))
        return PL;
    if (slice_is(language, "de"))
        return DE;
    return slice_is(language, "en") ? EN : ANY;
}

static int abbreviation_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct abbreviation *)entry)->key);
}

static bool is_abbreviation(const struct marker *m, const struct token *word)
{
    char key[ABBREVIATION_MAX + 1];
    if (!word->folded_len || word->folded_len > ABBREVIATION_MAX)
        return false;
    memcpy(key, m->text->folded.ptr + word->folded, word->folded_len);
    key[word->folded_len] = 0;
    const struct abbreviation *found =
        bsearch(key, abbreviations, sizeof abbreviations / sizeof *abbreviations,
                sizeof *abbreviations, abbreviation_compare_cb);
    return found && (found->languages & m->language);
}

static uint32_t first_code(const struct marker *m, const struct token *token)
{
    return utf8_next(m->text->normalised, &(size_t){token->start});
}

// A lone capital: "Donald J. Trump".
static bool is_initial(const struct marker *m, const struct token *token)
{
    size_t at = token->start;
    (void)utf8_next(m->text->normalised, &at);
    return (token->flags & TOKEN_UPPER_FIRST) && at == token->end;
}

static bool is_roman(const struct marker *m, const struct token *token)
{
    for (size_t i = token->start; i < token->end; i++)
        if (!strchr("IVX", m->text->normalised.ptr[i]))
            return false;
    return token->end - token->start <= 5;
}

// "9. Juli", "II. Weltkrieg", "XX. wieku".
static bool is_ordinal(const struct marker *m, const struct token *token)
{
    if (m->language == EN)
        return false;
    if (token->flags & TOKEN_NUMBER)
        return token->end - token->start <= 2;
    return (token->flags & TOKEN_UPPER_ALL) && is_roman(m, token);
}

static bool is_terminator(uint32_t code)
{
    return code == '.' || code == '!' || code == '?' || code == 0x2026;
}

// First token behind a terminator that is neither another one nor a closing sign without a space
// before it.
static size_t behind_terminator(const struct marker *m, size_t at)
{
    while (at < m->count && (m->tokens[at].flags & TOKEN_PUNCTUATION) &&
           !(m->tokens[at].flags & TOKEN_SPACE_BEFORE)) {
        uint32_t code = first_code(m, &m->tokens[at]);
        if (!is_terminator(code) && !unicode_is_closing(code))
            break;
        at++;
    }
    return at;
}

// First word or number from `at` on, at most a few signs away; count when there is none.
static size_t next_word(const struct marker *m, size_t at)
{
    for (int signs = 0; at < m->count && signs < 4; at++, signs++)
        if (!(m->tokens[at].flags & TOKEN_PUNCTUATION))
            return at;
    return m->count;
}

static bool stop_ends_sentence(const struct marker *m, size_t stop)
{
    const struct token *before = stop ? &m->tokens[stop - 1] : NULL;
    if (!before || (m->tokens[stop].flags & TOKEN_SPACE_BEFORE))
        return true;
    return !is_abbreviation(m, before) && !is_initial(m, before) && !is_ordinal(m, before);
}

// Does a sentence end with the terminator at `at`, when the next begins at `behind`?
static bool is_end(const struct marker *m, size_t at, size_t behind)
{
    if (behind == m->count)
        return false;
    size_t word = next_word(m, behind);
    bool known = word < m->count;
    bool lower = known && (m->tokens[word].flags & TOKEN_WORD) &&
                 unicode_class_of(first_code(m, &m->tokens[word])) == UNICODE_LOWER;
    if (lower)
        return false;
    // No space: the writer's slip when a capital follows ("übertroffen.Es"), else part of
    // something.
    if (!(m->tokens[behind].flags & TOKEN_SPACE_BEFORE) &&
        !(m->tokens[behind].flags & TOKEN_UPPER_FIRST))
        return false;
    return first_code(m, &m->tokens[at]) != '.' || behind > at + 1 || stop_ends_sentence(m, at);
}

static void mark_first_word(const struct marker *m, size_t at)
{
    for (int signs = 0; at < m->count && signs < 4; at++, signs++) {
        if (m->tokens[at].flags & TOKEN_PUNCTUATION)
            continue;
        m->tokens[at].flags |= TOKEN_SENTENCE_FIRST;
        return;
    }
}

// A quotation behind a colon begins like a sentence.
static void mark_quotation(const struct marker *m, size_t colon)
{
    if (colon + 2 < m->count && (m->tokens[colon + 1].flags & TOKEN_PUNCTUATION) &&
        unicode_is_opening(first_code(m, &m->tokens[colon + 1])))
        mark_first_word(m, colon + 2);
}

// "WARSZAWA - Prezydent ...", "MOSCOW, Nov 3 – The ...": the story begins behind the dash.
static void mark_dateline(const struct marker *m, size_t first)
{
    for (size_t i = first; i < m->count && i < first + DATELINE_TOKENS_MAX; i++) {
        const struct token *token = &m->tokens[i];
        bool sign = token->flags & TOKEN_PUNCTUATION;
        uint32_t code = first_code(m, token);
        if (sign && unicode_is_dash(code) && (token->flags & TOKEN_SPACE_BEFORE) && i > first) {
            mark_first_word(m, i + 1);
            return;
        }
        bool place = token->flags & (TOKEN_UPPER_FIRST | TOKEN_NUMBER);
        if (!place && !(sign && (code == ',' || code == '/' || code == '.' || code == '-')))
            return;
    }
}

void sentences_mark(struct text *text, struct token *tokens, struct slice language)
{
    struct marker m = {text, tokens, text->token_count, language_bit(language)};
    size_t judged = 0,
           begins = 0; // terminators before `judged` are done; the next sentence's start
    uint32_t sentence = 0;
    size_t stretch = 0;
    for (size_t i = 0; i < m.count; i++) {
        struct token *token = &tokens[i];
        if (text->stretch_count && (token->flags & TOKEN_PARAGRAPH_FIRST))
            m.language = language_bit(text_language_at(text, token->start, language, &stretch));
        if (i == begins || (token->flags & TOKEN_PARAGRAPH_FIRST)) {
            sentence += i > 0;
            mark_first_word(&m, i);
            if (token->flags & TOKEN_PARAGRAPH_FIRST)
                mark_dateline(&m, i);
        }
        token->sentence = sentence;
        if (!(token->flags & TOKEN_PUNCTUATION) || i < judged)
            continue;
        uint32_t code = first_code(&m, token);
        if (code == ':')
            mark_quotation(&m, i);
        if (!is_terminator(code))
            continue;
        judged = behind_terminator(&m, i + 1);
        if (is_end(&m, i, judged))
            begins = judged;
    }
    text->sentence_count = m.count ? sentence + 1 : 0;
}
