#include "workers/tagger/words.h"

#include <errno.h>

static bool is_ending(char letter)
{
    switch (letter) {
    case 'a':
    case 'e':
    case 'g':
    case 'i':
    case 'm':
    case 'o':
    case 's':
    case 'u':
    case 'y':
        return true;
    default:
        return false;
    }
}

// `hash` is that of the whole word.
static uint64_t stem_of(struct slice folded, uint64_t hash)
{
    enum { STEM_MIN = 4, CUT_MAX = 4 };
    size_t len = folded.len;
    for (size_t cut = 0; cut < CUT_MAX && len > STEM_MIN; cut++, len--)
        if (!is_ending(folded.ptr[len - 1]))
            break;
    uint64_t stem = len == folded.len ? hash : hash64(slice_from(folded.ptr, len), 0);
    return stem ? stem : 1;
}

uint64_t words_stem(struct slice folded)
{
    return stem_of(folded, lexicon_hash_word(folded));
}

static struct slice token_text(const struct text *text, const struct token *token)
{
    return slice_from(text->normalised.ptr + token->start, token->end - token->start);
}

static bool is_opening_quote(struct slice sign)
{
    return slice_is(sign, "\"") || slice_is(sign, "„") || slice_is(sign, "“") ||
           slice_is(sign, "«") || slice_is(sign, "»") || slice_is(sign, "‚") || slice_is(sign, "”");
}

static enum word_gap gap_of_sign(struct slice sign, bool spaced)
{
    if (slice_is(sign, "."))
        return GAP_POINT;
    if (!spaced && (slice_is(sign, "-") || slice_is(sign, "‐") || slice_is(sign, "‑")))
        return GAP_HYPHEN;
    if (slice_is(sign, "&") || slice_is(sign, "/") || slice_is(sign, "+"))
        return GAP_SIGN;
    return GAP_OTHER;
}

static bool is_roman(struct slice folded)
{
    for (size_t i = 0; i < folded.len; i++)
        if (!memchr("ivxlcdm", folded.ptr[i], 7))
            return false;
    return folded.len > 0 && folded.len <= 6;
}

static uint16_t flags_of(const struct token *token, struct slice folded, bool quoted)
{
    unsigned flags = 0;
    if (token->flags & (TOKEN_UPPER_FIRST | TOKEN_MIXED))
        flags |= WORD_IS_CAPITAL;
    if (token->flags & TOKEN_UPPER_ALL)
        flags |= WORD_IS_UPPER;
    if (token->flags & TOKEN_MIXED)
        flags |= WORD_IS_MIXED;
    if (token->flags & TOKEN_SENTENCE_FIRST)
        flags |= WORD_IS_FIRST;
    if (token->flags & TOKEN_NUMBER)
        flags |= WORD_IS_NUMBER;
    if ((flags & WORD_IS_CAPITAL) && token->folded_len == 1)
        flags |= WORD_IS_INITIAL;
    if (flags & WORD_IS_CAPITAL && (flags & WORD_IS_UPPER || folded.len == 1) && is_roman(folded))
        flags |= WORD_IS_ROMAN;
    if (quoted)
        flags |= WORD_IS_QUOTED;
    return (uint16_t)flags;
}

static void fill_knowledge(const struct lexicon *lexicon, bool own, struct word *word)
{
    word->info = lexicon_find_word(lexicon, word->hash);
    if (own && lexicon_own_starts_small(lexicon, word->hash))
        word->flags |= WORD_IS_OWN_SMALL;
    if (!word->info)
        return;
    if (!word->other_language)
        word->cues = word->info->cues[word->language];
    for (size_t i = 0; i < LEXICON_LANGUAGES; i++)
        word->cues |= word->info->cues[i] & WORD_SUFFIX;
    if (word->flags & WORD_IS_CAPITAL)
        word->cues |= word->info->cues[LEXICON_EN] & WORD_ORGANISATION;
}

static enum word_gap merge_gap(enum word_gap gap, const struct text *text,
                               const struct token *token)
{
    enum word_gap sign =
        gap_of_sign(token_text(text, token), (token->flags & TOKEN_SPACE_BEFORE) != 0);
    return gap == GAP_SPACE ? sign : GAP_OTHER;
}

static enum morph_language morph_of(struct slice language)
{
    static const struct {
        const char *tag;
        enum morph_language morph;
    } known[] = {
        {"pl", MORPH_POLISH}, {"de", MORPH_GERMAN},  {"cs", MORPH_CZECH},
        {"sk", MORPH_CZECH},  {"ru", MORPH_RUSSIAN}, {"uk", MORPH_UKRAINIAN},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_begins(language, known[i].tag))
            return known[i].morph;
    return MORPH_NONE;
}

static void set_language(struct words *words, struct slice language)
{
    words->morph = morph_of(language);
    words->other_language = false;
    if (slice_begins(language, "pl"))
        words->language = LEXICON_PL;
    else if (slice_begins(language, "de"))
        words->language = LEXICON_DE;
    else
        words->language = LEXICON_EN;
    if (words->language == LEXICON_EN)
        words->other_language = !slice_begins(language, "en") && !slice_begins(language, "und");
}

static void collect(struct words *words, struct slice language)
{
    const struct text *text = words->text;
    enum word_gap gap = GAP_NONE;
    bool quoted = false;
    struct words own = *words; // the paragraph's language
    size_t stretch = 0;
    for (size_t i = 0; i < text->token_count; i++) {
        const struct token *token = &text->tokens[i];
        if (text->stretch_count && (token->flags & TOKEN_PARAGRAPH_FIRST))
            set_language(&own, text_language_at(text, token->start, language, &stretch));
        if (token->flags & TOKEN_PUNCTUATION || token->folded_len == 0) {
            gap = gap == GAP_NONE ? GAP_NONE : merge_gap(gap, text, token);
            quoted = is_opening_quote(token_text(text, token));
            continue;
        }
        struct slice folded = slice_from(text->folded.ptr + token->folded, token->folded_len);
        bool spaced = (token->flags & TOKEN_SPACE_BEFORE) != 0;
        uint64_t hash = lexicon_hash_word(folded);
        words->at[words->count++] =
            (struct word){.flags = flags_of(token, folded, quoted),
                          .language = (uint8_t)own.language,
                          .morph = (uint8_t)own.morph,
                          .other_language = own.other_language,
                          .gap = (uint8_t)(gap == GAP_HYPHEN && spaced ? GAP_OTHER : gap),
                          .start = token->start,
                          .end = token->end,
                          .sentence = token->sentence,
                          .folded = folded,
                          .hash = hash,
                          .stem = stem_of(folded, hash)};
        gap = GAP_SPACE;
        quoted = false;
    }
}

// The lexicon is far larger than the processor's caches: it is asked for some words ahead.
static void look_up(struct words *words, const struct lexicon *lexicon)
{
    enum { AHEAD = 12 };
    bool own = lexicon_has_own(lexicon);
    for (size_t i = 0; i < words->count + AHEAD; i++) {
        if (i < words->count)
            lexicon_expect_word(lexicon, words->at[i].hash);
        if (i < words->count && words->at[i].flags & (WORD_IS_CAPITAL | WORD_IS_UPPER))
            lexicon_expect_node(lexicon, lexicon_hash_append(0, words->at[i].hash));
        if (i >= AHEAD)
            fill_knowledge(lexicon, own, &words->at[i - AHEAD]);
    }
}

static bool ends_with_stop(const struct words *words, size_t last)
{
    struct slice text = words->text->normalised;
    uint32_t end = words->at[last].end;
    return end < text.len && text.ptr[end] == '.';
}

// In a headline in English style, or one in capitals, capital letters mark no names.
static void mark_headline(struct words *words, size_t first, size_t count)
{
    size_t capital = 0, upper = 0, letters = 0;
    for (size_t i = first; i < first + count; i++) {
        const struct word *word = &words->at[i];
        bool small = word->folded.len < 4 && !(word->flags & WORD_IS_CAPITAL);
        letters += !(word->flags & WORD_IS_NUMBER) && !small;
        capital += (word->flags & WORD_IS_CAPITAL) != 0;
        upper += (word->flags & WORD_IS_UPPER) != 0;
    }
    bool german = words->at[first].language == LEXICON_DE && !words->at[first].other_language;
    bool all_upper = upper * 10 >= letters * 7;
    bool all_capital =
        !german && capital * 10 >= letters * 7 && !ends_with_stop(words, first + count - 1);
    if (letters >= 5 && (all_upper || all_capital))
        for (size_t i = first; i < first + count; i++)
            words->at[i].flags |= WORD_IS_HEADLINE;
}

static void mark_headlines(struct words *words)
{
    for (size_t i = 0, len; i < words->count; i += len) {
        for (len = 1;
             i + len < words->count && words->at[i + len].sentence == words->at[i].sentence;)
            len++;
        mark_headline(words, i, len);
    }
}

// Capitalised words, and in languages that write all but the first word of a name small, the two
// words behind one ("Верховного суда", "Evropského soudního dvora").
static bool is_inflected(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    unsigned capital = WORD_IS_CAPITAL | WORD_IS_UPPER;
    if (word->flags & capital)
        return true;
    if (!word->other_language || word->gap != GAP_SPACE || index == 0)
        return false;
    return word[-1].flags & capital ||
           (index > 1 && word[-1].gap == GAP_SPACE && word[-2].flags & capital);
}

int words_prepare(struct words *out, const struct lexicon *lexicon, const struct text *text,
                  struct slice language, struct arena *arena)
{
    *out = (struct words){.text = text};
    set_language(out, language);
    out->at = arena_alloc_array_uncleared(arena, text->token_count + 1, sizeof *out->at);
    if (!out->at)
        return -ENOMEM;
    collect(out, language);
    look_up(out, lexicon);
    mark_headlines(out);
    for (size_t i = 0; i < out->count; i++) {
        struct word *word = &out->at[i];
        out->candidates += words_may_begin(word);
        if (!is_inflected(out, i))
            continue;
        size_t count = 0;
        word->lemmas =
            morph_lemmas(lexicon, word->morph, words_exact(out, i), word->hash, arena, &count);
        word->lemma_count = (uint16_t)count;
    }
    return arena->overflowed ? -ENOMEM : 0;
}

struct slice words_exact(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    return slice_from(words->text->normalised.ptr + word->start, word->end - word->start);
}

int words_name_count(const struct words *words, const struct word *word)
{
    int most = 0;
    for (enum lexicon_count kind = COUNT_PERSON; kind <= COUNT_PLACE; kind++) {
        int count = words_count_of(words, word, kind);
        most = count > most ? count : most;
    }
    return most;
}

uint16_t words_compound_cues(const struct lexicon *lexicon, const struct word *word)
{
    enum { HEAD_MIN = 5, BEFORE_MIN = 3 };
    uint16_t cues = word->cues;
    if (word->language != LEXICON_DE || word->other_language)
        return cues;
    for (size_t at = BEFORE_MIN; !cues && at + HEAD_MIN <= word->folded.len; at++) {
        struct slice head = slice_from(word->folded.ptr + at, word->folded.len - at);
        const struct lexicon_word *info = lexicon_find_word(lexicon, lexicon_hash_word(head));
        cues = info ? info->cues[LEXICON_DE] & (WORD_TITLE | WORD_ORGANISATION) : 0;
    }
    return cues;
}
