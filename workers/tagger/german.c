#include "workers/tagger/german.h"

#include "workers/tagger/decide.h"

static bool is_free_capital(const struct words *words, size_t index)
{
    return index < words->count && words->at[index].flags & WORD_IS_CAPITAL &&
           !(words->at[index].flags & (WORD_IS_COVERED | WORD_IS_HEADLINE));
}

static bool follows_closely(const struct words *words, size_t index)
{
    return index > 0 && index < words->count && words->at[index].gap == GAP_SPACE &&
           words->at[index].sentence == words->at[index - 1].sentence;
}

// "Deutsche", "Europäischen": capitalised inside a sentence, such an adjective belongs to a name.
static bool is_national_adjective(const struct word *word)
{
    static const char *const endings[] = {"ische",    "ischen",    "ischer",    "isches",
                                          "deutsche", "deutschen", "deutscher", "deutsches"};
    if (word->flags & WORD_IS_FIRST)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i]);
        if (word->folded.len >= len &&
            memcmp(word->folded.ptr + word->folded.len - len, endings[i], len) == 0)
            return true;
    }
    return false;
}

static bool is_head(const struct words *words, size_t index)
{
    return is_free_capital(words, index) && words->at[index].cues & WORD_ORGANISATION;
}

// Words from `end` on that say what the organisation is for: "für Gesundheit", "für Wirtschaft und
// Energie".
static size_t purpose_length(const struct words *words, size_t end)
{
    enum { PURPOSE_WORDS_MAX = 5 };
    if (!follows_closely(words, end) || !slice_is(words->at[end].folded, "fur"))
        return 0;
    size_t len = 1, last = 0;
    while (len < PURPOSE_WORDS_MAX && follows_closely(words, end + len)) {
        bool joins = slice_is(words->at[end + len].folded, "und");
        if (!joins && !is_free_capital(words, end + len))
            break;
        len++;
        if (!joins)
            last = len;
    }
    return last;
}

static size_t organisation_length(const struct lexicon *lexicon, const struct words *words,
                                  size_t first)
{
    if (is_head(words, first)) {
        size_t purpose = purpose_length(words, first + 1);
        return purpose ? purpose + 1 : 0;
    }
    const struct word *word = &words->at[first];
    bool adjective = is_national_adjective(word) || decide_is_city_adjective(lexicon, words, word);
    if (!adjective || !follows_closely(words, first + 1) || !is_head(words, first + 1))
        return 0;
    return 2 + purpose_length(words, first + 2);
}

void german_organisations(const struct lexicon *lexicon, struct words *words, struct spans *spans)
{
    if (words->language != LEXICON_DE || words->other_language)
        return;
    for (size_t i = 0; i < words->count; i++) {
        size_t count = is_free_capital(words, i) ? organisation_length(lexicon, words, i) : 0;
        if (count)
            spans_add(spans, words,
                      (struct span){.first = (uint32_t)i,
                                    .count = (uint32_t)count,
                                    .type = TAG_ORGANISATION,
                                    .entity = LEXICON_NONE,
                                    .flags = SPAN_GUESS});
    }
}
