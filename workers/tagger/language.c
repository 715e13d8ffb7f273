// 1. The sample: the title and the first 512 bytes of the body.
// 2. What the feed claims is believed when the text has enough of that language's function words:
//    much cheaper than asking CLD2.
// 3. Otherwise CLD2 is asked. Where it goes wrong on short pieces of Polish and German, their own
//    letters and words speak against it.
// 4. A claim that CLD2 contradicts is kept only when there is little text to judge by.
#include "workers/tagger/language.h"

#include <stdbool.h>

#include "workers/tagger/function_words.h"
#include "workers/tagger/language_cld2.h"

enum {
    TITLE_BYTES = 256,
    BODY_BYTES = 512,
    SURE_WORDS = 6,    // function words that bear out a claim
    SHORT_BYTES = 160, // CLD2 may be overruled
    CLAIM_BYTES = 60,  // below this a claim weighs more than CLD2
    DOUBT_OTHERS = 4,  // function words of ours in an article of another language
    SURE_THEIRS = 3,   // function words that bear out another language than the article's
    SURE_BYTES = 120,  // a paragraph in a language whose function words are not known here
    HALF_BYTES = 7,    // text at which CLD2 is right every other time, measured on single words
};

struct sample {
    char text[TITLE_BYTES + BODY_BYTES + 1];
    size_t len;
};

static void sample_add(struct sample *sample, struct slice text, size_t most)
{
    size_t len = text.len < most ? text.len : most;
    while (len < text.len && len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    if (len)
        memcpy(sample->text + sample->len, text.ptr, len);
    sample->len += len;
}

static struct sample sample_make(struct slice title, struct slice body)
{
    struct sample sample;
    sample.len = 0;
    sample_add(&sample, title, TITLE_BYTES);
    sample.text[sample.len++] = '\n';
    sample_add(&sample, body, BODY_BYTES);
    return sample;
}

// The primary subtag in lower case; empty when it is not two or three letters.
static void tag_primary(struct slice tag, char out[LANGUAGE_TAG_BYTES])
{
    size_t len = 0;
    while (len < tag.len && len < LANGUAGE_TAG_BYTES - 1 && tag.ptr[len] != '-' &&
           tag.ptr[len] != '_') {
        char lower = (char)(tag.ptr[len] | 0x20);
        if (lower < 'a' || lower > 'z')
            break;
        out[len++] = lower;
    }
    bool whole = len == tag.len || (len < tag.len && (tag.ptr[len] == '-' || tag.ptr[len] == '_'));
    out[whole && (len == 2 || len == 3) ? len : 0] = 0;
}

static int words_of(const struct function_words *words, const char *tag)
{
    if (strcmp(tag, "pl") == 0)
        return words->polish;
    if (strcmp(tag, "de") == 0)
        return words->german;
    return strcmp(tag, "en") == 0 ? words->english : 0;
}

static bool has_function_words(const char *tag)
{
    return strcmp(tag, "pl") == 0 || strcmp(tag, "de") == 0 || strcmp(tag, "en") == 0;
}

// Many words of the claimed language and hardly any of another.
static bool is_borne_out(const struct function_words *words, const char *claimed)
{
    int own = words_of(words, claimed);
    int all = words->polish + words->german + words->english;
    return own >= SURE_WORDS && own * 8 >= words->words && (all - own) * 8 <= own;
}

// CLD2's names for languages, as BCP 47 has them.
static const char *bcp47_of(const char *code)
{
    static const char *const renamed[][2] = {{"iw", "he"},  {"jw", "jv"},   {"zh-Hant", "zh"},
                                             {"un", "und"}, {"tlh", "und"}, {"sr-ME", "sr"}};
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strcmp(code, renamed[i][0]) == 0)
            return renamed[i][1];
    return strlen(code) > 3 ? "und" : code;
}

static bool is_one_of(const char *tag, const char *const *tags)
{
    while (*tags && strcmp(*tags, tag) != 0)
        tags++;
    return *tags != NULL;
}

// What the letters and words of a short text say against CLD2; NULL when nothing. English names
// are common in Polish and German sentences, so English words inside names are no witnesses.
static const char *overrule(const struct function_words *words, const char *tag)
{
    static const char *const near_polish[] = {"cs", "sk", "hr", "sl", "bs", "sr", "lt", "hu", NULL};
    static const char *const near_german[] = {"nl", "da", "no", "sv", "lb",
                                              "fy", "af", "yi", "fr", NULL};
    int english = words->english - words->english_in_names;
    int own = strcmp(tag, "en") == 0 ? english : words_of(words, tag);
    if (own || words->words < 2)
        return NULL;
    int others = words->polish + words->german + english;
    bool polish = words->polish && words->polish == others;
    bool german = words->german && words->german == others;
    bool letters = words->letters_polish && words->letters_polish * 4 >= words->words;
    if (letters && !words->letters_german && words->polish == others && strcmp(tag, "lt") != 0)
        return "pl";
    if (polish && !words->letters_german && !is_one_of(tag, near_polish))
        return "pl";
    if (german && !words->letters_polish && (strcmp(tag, "en") == 0 || words->german >= 2) &&
        !is_one_of(tag, near_german))
        return "de";
    return NULL;
}

static struct language language_make(const char *tag, double confidence)
{
    struct language language = {.confidence = confidence};
    size_t len = strnlen(tag, sizeof language.tag - 1);
    memcpy(language.tag, tag, len);
    return language;
}

// Confidence grows with the text: half at seven bytes, 0.98 at 400; measured on the 30 languages of
// LANGUAGE.md.
static double confidence_of(const struct cld2_guess *guess, size_t len)
{
    double share = guess->percent >= 95 ? 1.0 : guess->percent / 100.0;
    double known = (double)len / (double)(len + HALF_BYTES);
    return (double)(int)(share * known * 1000 + 0.5) / 1000;
}

static struct language language_ask(const struct sample *sample, const struct function_words *words,
                                    const char *hint)
{
    struct cld2_guess guess = cld2_identify(sample->text, sample->len, *hint ? hint : NULL);
    const char *tag = bcp47_of(guess.code);
    double confidence = confidence_of(&guess, sample->len - 1);
    if (strcmp(tag, "und") == 0)
        confidence = 0;
    const char *other = sample->len < SHORT_BYTES ? overrule(words, tag) : NULL;
    return other ? language_make(other, 0.7) : language_make(tag, confidence);
}

struct language language_identify(struct slice title, struct slice body, struct slice claimed)
{
    char claim[LANGUAGE_TAG_BYTES] = {0};
    tag_primary(claimed, claim);
    struct sample sample = sample_make(title, body);
    struct function_words words = {0};
    if (has_function_words(claim) || sample.len < SHORT_BYTES)
        words = function_words_count(slice_from(sample.text, sample.len));
    if (*claim && is_borne_out(&words, claim))
        return language_make(claim, 0.99);
    struct language found = language_ask(&sample, &words, claim);
    if (!*claim)
        return found;
    if (strcmp(found.tag, claim) == 0)
        return language_make(claim, found.confidence > 0.95 ? found.confidence : 0.95);
    if (sample.len < CLAIM_BYTES || found.confidence < 0.5)
        return language_make(claim, 0.5);
    return found;
}

// The paragraph may be in another language: it has hardly a function word of its article's, or more
// of another's.
static bool is_doubtful(const struct function_words *words, const char *article)
{
    int own = words_of(words, article);
    int others = words->polish + words->german + words->english - own;
    if (!has_function_words(article))
        return others >= DOUBT_OTHERS && others * 6 >= words->words;
    return others > own || own * 16 < words->words;
}

// CLD2 alone is not believed: names are enough to lead it astray.
static bool is_sure(const struct function_words *words, const struct language *found,
                    const char *article, size_t len)
{
    int own = words_of(words, article), theirs = words_of(words, found->tag);
    if (strcmp(found->tag, "en") == 0)
        theirs -= words->english_in_names;
    if (has_function_words(found->tag))
        return theirs >= SURE_THEIRS && theirs > 2 * own && theirs * 8 >= words->words;
    return own == 0 && len >= SURE_BYTES && found->confidence >= 0.9;
}

bool language_differs(struct slice paragraph, struct slice article, struct language *language)
{
    char tag[LANGUAGE_TAG_BYTES];
    tag_primary(article, tag);
    struct sample sample = sample_make(slice_from(NULL, 0), paragraph);
    struct function_words words = function_words_count(slice_from(sample.text, sample.len));
    if (!is_doubtful(&words, tag))
        return false;
    *language = language_ask(&sample, &words, "");
    return strcmp(language->tag, tag) != 0 && strcmp(language->tag, "und") != 0 &&
           is_sure(&words, language, tag, sample.len);
}
