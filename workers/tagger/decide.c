#include "workers/tagger/decide.h"

// Evidence in tenths of "fairly sure".
struct evidence {
    int person, organisation, place, none;
};

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

struct ending {
    const char *text;
    size_t len;
};

#define END(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static bool ends_with_any(struct slice folded, const struct ending *endings, size_t count)
{
    char last = folded.len ? folded.ptr[folded.len - 1] : 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = endings[i].len;
        if (endings[i].text[len - 1] == last && folded.len > len + 1 &&
            memcmp(folded.ptr + folded.len - len, endings[i].text, len) == 0)
            return true;
    }
    return false;
}

#define ENDS_WITH_ANY(folded, endings)                                                             \
    ends_with_any(folded, endings, sizeof(endings) / sizeof *(endings))

static const struct ending noun_endings[] = {
    END("ung"),    END("ungen"),    END("heit"),  END("heiten"),  END("keit"),  END("keiten"),
    END("schaft"), END("schaften"), END("ion"),   END("ionen"),   END("tat"),   END("taten"),
    END("ismus"),  END("ment"),     END("mente"), END("ling"),    END("linge"), END("tum"),
    END("nis"),    END("nisse"),    END("anz"),   END("enz"),     END("enzen"), END("tur"),
    END("turen"),  END("ierer"),    END("erung"), END("erungen"), END("iker"),  END("ikern"),
    END("ler"),    END("lern"),     END("innen"), END("in"),      END("eur"),   END("eure"),
    END("ik"),     END("ie"),       END("ien"),   END("age"),
};

// Ends of German names that are words by themselves: Neumann, Hamburg, Heidelberg.
static const struct ending name_endings[] = {
    END("mann"),  END("berg"), END("burg"),    END("stein"), END("bach"),   END("dorf"),
    END("feld"),  END("hof"),  END("haus"),    END("heim"),  END("wald"),   END("tal"),
    END("land"),  END("ow"),   END("ski"),     END("sky"),   END("hausen"), END("ingen"),
    END("stadt"), END("furt"), END("brucken"),
};

static bool is_german_compound(const struct lexicon *lexicon, const struct word *word)
{
    enum { TAIL_MIN = 4, HEAD_MIN = 3 };
    for (size_t head = HEAD_MIN; head + TAIL_MIN <= word->folded.len; head++) {
        struct slice tail = slice_from(word->folded.ptr + head, word->folded.len - head);
        const struct lexicon_word *info = lexicon_find_word(lexicon, lexicon_hash_word(tail));
        if (!info)
            continue;
        const uint8_t *counts = info->counts[LEXICON_DE];
        int names =
            max_of(counts[COUNT_PERSON], max_of(counts[COUNT_ORGANISATION], counts[COUNT_PLACE]));
        if (counts[COUNT_CAPITAL] > names ||
            info->cues[LEXICON_DE] & (WORD_TITLE | WORD_NEVER | WORD_GEO))
            return true;
    }
    return false;
}

static bool is_german_noun(const struct lexicon *lexicon, const struct words *words,
                           const struct word *word)
{
    int capital = words_count_of(words, word, COUNT_CAPITAL);
    int name = words_name_count(words, word);
    if (capital || name)
        return capital >= name;
    if (word->flags & (WORD_IS_UPPER | WORD_IS_MIXED | WORD_IS_INITIAL))
        return false;
    if (words_count_of(words, word, COUNT_LOWER))
        return true;
    bool personal = word->info && (word->info->given || word->info->surname);
    if (ENDS_WITH_ANY(word->folded, name_endings) || personal)
        return false;
    return ENDS_WITH_ANY(word->folded, noun_endings) || is_german_compound(lexicon, word);
}

// "Berliner", "Hamburger": adjectives and inhabitants, not places.
bool decide_is_city_adjective(const struct lexicon *lexicon, const struct words *words,
                              const struct word *word)
{
    if (words->language != LEXICON_DE || word->folded.len < 6 ||
        memcmp(word->folded.ptr + word->folded.len - 2, "er", 2) != 0)
        return false;
    struct slice stem = slice_from(word->folded.ptr, word->folded.len - 2);
    const struct lexicon_node *node =
        lexicon_find_node(lexicon, lexicon_hash_append(0, lexicon_hash_word(stem)));
    if (!node || node->posting == LEXICON_NONE)
        return false;
    const struct lexicon_posting *posting = lexicon_postings(lexicon, node->posting);
    const struct lexicon_entity *entity = lexicon_entity(lexicon, posting->entity);
    return entity->type == TAG_PLACE && entity->weight >= 4;
}

// A given name that is also an ordinary word ("Marek", "Mark"), or the head of an organisation's
// name ("Sąd Okręgowy"), with a capitalised word behind it.
static bool opens_name(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    bool opens = word->cues & WORD_ORGANISATION || (word->info && word->info->given);
    if (!opens || index + 1 >= words->count)
        return false;
    const struct word *next = word + 1;
    return next->gap == GAP_SPACE && next->sentence == word->sentence &&
           next->flags & WORD_IS_CAPITAL && !(next->flags & (WORD_IS_UPPER | WORD_IS_HEADLINE)) &&
           !(next->cues & (WORD_NEVER | WORD_PEOPLE));
}

bool decide_is_common(const struct lexicon *lexicon, const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (word->cues & (WORD_NEVER | WORD_PEOPLE))
        return true;
    if (decide_is_city_adjective(lexicon, words, word))
        return true;
    int lower = words_count_of(words, word, COUNT_LOWER);
    int capital = words_count_of(words, word, COUNT_CAPITAL);
    int name = words_name_count(words, word);
    bool starts = word->flags & (WORD_IS_FIRST | WORD_IS_QUOTED);
    if (starts && lower > 0 && lower >= name && !(word->flags & WORD_IS_UPPER) &&
        !opens_name(words, index))
        return true;
    if (words->language == LEXICON_DE && !words->other_language)
        return is_german_noun(lexicon, words, word);
    return capital > name + 8 && !(word->flags & WORD_IS_UPPER) &&
           !(word->cues & WORD_ORGANISATION);
}

bool decide_is_given(const struct lexicon *lexicon, const struct word *word)
{
    if (word->info && word->info->given)
        return true;
    for (size_t i = 1; i < word->lemma_count; i++) {
        const struct lexicon_word *info = lexicon_find_word(lexicon, word->lemmas[i].hash);
        if (word->lemmas[i].known && info && info->given)
            return true;
    }
    return false;
}

// --- Evidence ---

static const struct ending surname_endings[] = {
    END("ski"),    END("skiego"), END("skiemu"), END("skim"),    END("ska"),   END("skiej"),
    END("cki"),    END("ckiego"), END("ckim"),   END("cka"),     END("wicz"),  END("wicza"),
    END("wiczem"), END("czyk"),   END("czyka"),  END("czak"),    END("enko"),  END("enki"),
    END("mann"),   END("sson"),   END("ov"),     END("ova"),     END("ev"),    END("eva"),
    END("ow"),     END("owa"),    END("owem"),   END("ew"),      END("iew"),   END("iewa"),
    END("iewem"),  END("sky"),    END("skyj"),   END("skiy"),    END("vic"),   END("shvili"),
    END("yan"),    END("ez"),     END("inho"),   END("chuk"),    END("czuk"),  END("sen"),
    END("oglu"),   END("dottir"), END("tschuk"), END("meier"),   END("meyer"), END("mayer"),
    END("bauer"),  END("hofer"),  END("escu"),   END("opoulos"),
};

static const struct ending place_endings[] = {
    END("stan"),    END("stanie"), END("stanu"), END("burg"), END("burgu"),   END("grad"),
    END("gradzie"), END("ville"),  END("ton"),   END("ford"), END("land"),    END("dorf"),
    END("hausen"),  END("heim"),   END("stadt"), END("bach"), END("berg"),    END("ow"),
    END("owie"),    END("owo"),    END("owa"),   END("ice"),  END("icach"),   END("ic"),
    END("owka"),    END("sk"),     END("sku"),   END("ska"),  END("polis"),   END("shire"),
    END("bury"),    END("ham"),    END("ingen"), END("furt"), END("kirchen"), END("rode"),
    END("walde"),   END("istan"),  END("abad"),  END("pur"),
};

static void weigh_counts(const struct words *words, const struct word *word,
                         struct evidence *evidence)
{
    evidence->person += words_count_of(words, word, COUNT_PERSON) / 4;
    evidence->organisation += words_count_of(words, word, COUNT_ORGANISATION) / 4;
    evidence->place += words_count_of(words, word, COUNT_PLACE) / 4;
    int lower = words_count_of(words, word, COUNT_LOWER) / (word->flags & WORD_IS_FIRST ? 3 : 6);
    evidence->none += max_of(words_count_of(words, word, COUNT_CAPITAL) / 4, lower);
    if (!word->info)
        return;
    for (size_t i = 0; i < LEXICON_LANGUAGES; i++) {
        if (i == (size_t)words->language)
            continue;
        evidence->person += word->info->counts[i][COUNT_PERSON] / 10;
        evidence->organisation += word->info->counts[i][COUNT_ORGANISATION] / 10;
        evidence->place += word->info->counts[i][COUNT_PLACE] / 10;
    }
}

static void weigh_shape(const struct words *words, const struct candidate *candidate,
                        struct evidence *evidence)
{
    const struct word *word = &words->at[candidate->first];
    bool single = candidate->count == 1;
    bool generic = word->cues & (WORD_ORGANISATION | WORD_GEO | WORD_GEO_FIRST);
    bool acronym = single && word->flags & WORD_IS_UPPER && word->folded.len <= 6;
    if (acronym) {
        evidence->organisation += word->folded.len > 2 ? 14 : 9;
        evidence->person -= 10;
    }
    if (single && !acronym && word->flags & WORD_IS_MIXED)
        evidence->organisation += 8;
    if (word->flags & WORD_IS_QUOTED)
        evidence->organisation += 4;
    if (single && word->flags & WORD_IS_FIRST)
        evidence->none += word->flags & WORD_IS_UPPER ? 0 : generic ? 14 : 6;
    if (words->language == LEXICON_DE && !words->other_language)
        evidence->none += single ? (word->flags & WORD_IS_UPPER ? 2 : 9) : 3;
    else
        evidence->none += single ? 3 : 0;
    if (candidate->count == 2)
        evidence->person += 7;
    if (candidate->count >= 4)
        evidence->organisation += 4;
}

static void weigh_cues(const struct candidate *candidate, const struct word *word, bool first,
                       bool last, struct evidence *evidence)
{
    bool single = candidate->count == 1;
    if (word->cues & WORD_ORGANISATION) {
        evidence->organisation += single ? 7 : 18;
        evidence->place -= single ? 10 : 0;
    }
    if (word->cues & WORD_GEO_FIRST && (single || first)) {
        evidence->none += single ? 25 : 0;
        evidence->place += single ? 0 : 17;
    }
    if (word->cues & WORD_SUFFIX && last && !single)
        evidence->organisation += 25;
    if (word->cues & WORD_GEO && single)
        evidence->none += 20;
    else if (word->cues & WORD_GEO)
        evidence->place += 12;
}

static void weigh_words(const struct words *words, const struct candidate *candidate,
                        struct evidence *evidence)
{
    uint32_t last = candidate->first + candidate->count - 1;
    for (uint32_t i = candidate->first; i <= last; i++) {
        const struct word *word = &words->at[i];
        if (!(word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER)))
            continue;
        weigh_counts(words, word, evidence);
        weigh_cues(candidate, word, i == candidate->first, i == last, evidence);
    }
    const struct word *tail = &words->at[last];
    if (ENDS_WITH_ANY(tail->folded, surname_endings))
        evidence->person += 5;
    if (candidate->count > 1 && tail->info && tail->info->surname)
        evidence->person += 3;
    if (candidate->count == 1 && ENDS_WITH_ANY(tail->folded, place_endings))
        evidence->place += 6;
}

static void weigh_given(const struct words *words, const struct candidate *candidate,
                        struct evidence *evidence)
{
    const struct word *first = &words->at[candidate->first];
    bool given = first->info && first->info->given;
    for (size_t i = 1; i < first->lemma_count && !given; i++)
        given =
            first->lemmas[i].known && first->lemmas[i].gender != GENDER_OTHER &&
            words_count_of(words, first, COUNT_PERSON) > words_count_of(words, first, COUNT_PLACE);
    if (first->flags & WORD_IS_INITIAL && candidate->count > 1)
        evidence->person += 10;
    else if (given)
        evidence->person += candidate->count > 1 ? 13 : first->flags & WORD_IS_FIRST ? 6 : 9;
}

struct votes decide_votes(const struct words *words, const struct candidate *candidate)
{
    struct votes votes = {.person = candidate->titled ? 14 : 0};
    size_t after = candidate->first + candidate->count;
    const struct word *first = &words->at[candidate->first];
    if (candidate->first > 0 && first->gap == GAP_SPACE) {
        uint16_t cues = words->at[candidate->first - 1].cues;
        if (cues & WORD_SAYS)
            votes.person += 6;
        if (cues & WORD_GEO)
            votes.place += 11;
        if (cues & WORD_ORGANISATION)
            votes.organisation += 9;
        if (cues & WORD_IN)
            votes.place += candidate->count == 1 ? 7 : 3;
    }
    if (after < words->count && words->at[after].gap == GAP_SPACE &&
        words->at[after].cues & WORD_SAYS)
        votes.person += 6;
    return votes;
}

bool decide_candidate(const struct words *words, const struct candidate *candidate,
                      enum tag_type *type)
{
    struct evidence evidence = {.none = 5};
    struct votes own = decide_votes(words, candidate);
    weigh_words(words, candidate, &evidence);
    weigh_shape(words, candidate, &evidence);
    weigh_given(words, candidate, &evidence);
    evidence.person += own.person + candidate->votes.person;
    evidence.organisation += own.organisation + candidate->votes.organisation;
    evidence.place += own.place + candidate->votes.place;
    int best = max_of(evidence.person, max_of(evidence.organisation, evidence.place));
    if (best <= evidence.none)
        return false;
    *type = best == evidence.person         ? TAG_PERSON
            : best == evidence.organisation ? TAG_ORGANISATION
                                            : TAG_PLACE;
    return true;
}
