#include "workers/tagger/cut.h"

enum { KNOWN_WELL = 7 };

// A run of words that the model reads as one name.
struct run {
    size_t first, end;
    bool person;
};

struct cutter {
    const struct lexicon *lexicon;
    const struct words *words;
    const struct spans *known;
    struct labelled *labels;
    size_t at; // the lexicon's next span
};

static bool is_given(const struct word *word)
{
    return word->info && word->info->given && !(word->flags & WORD_IS_UPPER);
}

// The lexicon's span that begins at a word, when it is well known.
static const struct span *well_known_at(struct cutter *cutter, size_t first)
{
    const struct spans *known = cutter->known;
    while (cutter->at < known->count && known->at[cutter->at].first < first)
        cutter->at++;
    if (cutter->at == known->count)
        return NULL;
    const struct span *span = &known->at[cutter->at];
    bool sure = span->first == first && !(span->flags & SPAN_WEAK) &&
                lexicon_entity(cutter->lexicon, span->entity)->weight >= KNOWN_WELL;
    return sure ? span : NULL;
}

// "Jana" is a name of its own, and rather a form of "Jan".
static bool is_known_form(const struct word *word)
{
    for (size_t i = 1; i < word->lemma_count; i++)
        if (word->lemmas[i].known)
            return true;
    return false;
}

// A person's name begins at a given name in its dictionary form that has a word behind it, when
// what stands before it is no given name. In Polish it would be inflected inside another name, and
// a surname before it is; elsewhere the lexicon must know what ends before it.
static bool begins_person(const struct cutter *cutter, const struct run *run, size_t index,
                          bool known_before)
{
    const struct words *words = cutter->words;
    const struct word *word = &words->at[index], *before = word - 1;
    bool joined = word->gap == GAP_SPACE && index + 1 < run->end && word[1].gap == GAP_SPACE &&
                  words_is_capital(&word[1]);
    if (!joined || !is_given(word) || is_given(before) || before->flags & WORD_IS_INITIAL ||
        !words_is_capital(before))
        return false;
    bool polish = word->language == LEXICON_PL && !word->other_language;
    if (run->person)
        return polish && before->lemma_count > 1;
    if (polish && is_known_form(word))
        return false;
    return known_before || (polish && words_count_of(words, word, COUNT_PERSON) >
                                          words_count_of(words, word, COUNT_ORGANISATION));
}

// An ordinary German noun, capitalised as all are.
static bool is_noun(const struct cutter *cutter, const struct word *word)
{
    if (word->language != LEXICON_DE || word->other_language || word->flags & WORD_IS_UPPER)
        return false;
    const struct words *words = cutter->words;
    int capital = words_count_of(words, word, COUNT_CAPITAL);
    return (capital > 8 && capital > words_name_count(words, word) + 8) ||
           words_compound_cues(cutter->lexicon, word) & (WORD_TITLE | WORD_ORGANISATION);
}

// "Rosenfarbs Enkelin", but not "Klaus Richter".
static bool is_genitive(const struct word *word)
{
    size_t len = word->folded.len;
    return len > 3 && word->folded.ptr[len - 1] == 's' && !is_given(word);
}

// Where the noun `index` stands between what is somebody's and whose it is.
static bool is_noun_between(const struct cutter *cutter, const struct run *run,
                            const struct span *known, size_t index)
{
    const struct word *word = &cutter->words->at[index];
    bool at_end = known && index == known->first + known->count;
    bool whose = run->person && word->gap == GAP_SPACE && is_genitive(word - 1);
    bool behind = at_end && (run->person || word->gap == GAP_HYPHEN ||
                             (known->type == TAG_PERSON && is_genitive(word - 1)));
    return (whose || behind) && is_noun(cutter, word);
}

// Not as the lexicon has it: in another case, or an acronym, which has none.
static bool is_oblique(const struct words *words, const struct span *span)
{
    const struct word *first = &words->at[span->first], *last = first + span->count - 1;
    struct slice exact =
        slice_from(words->text->normalised.ptr + first->start, last->end - first->start);
    return last->flags & WORD_IS_UPPER || !slice_equal(exact, span->base);
}

// "Georgii | Brad Raffensperger": in Polish a place or an organisation stands before a person in
// the genitive, without any word between.
static bool ends_before_person(const struct cutter *cutter, const struct run *run,
                               const struct span *known, size_t index)
{
    const struct word *word = &cutter->words->at[index];
    bool fits = known && index == known->first + known->count && known->type != TAG_PERSON &&
                word->language == LEXICON_PL && !word->other_language &&
                (run->person || run->end - index == 2) && run->end - index > 1 &&
                is_oblique(cutter->words, known) && !is_given(&cutter->words->at[run->first]);
    for (size_t i = index; i < run->end && fits; i++, word++)
        fits = word->gap == GAP_SPACE && word->flags & WORD_IS_CAPITAL &&
               !(word->flags & (WORD_IS_UPPER | WORD_IS_MIXED)) && (run->person || !(word->cues));
    return fits;
}

static void relabel(struct cutter *cutter, size_t first, size_t end, uint8_t label)
{
    for (size_t i = first; i < end; i++)
        cutter->labels[i].label = (uint8_t)(i > first ? label + 1 : label);
}

// Cuts the run at the first place where it must be; returns where reading goes on.
static size_t cut_run(struct cutter *cutter, const struct run *run)
{
    const struct words *words = cutter->words;
    const struct span *known = well_known_at(cutter, run->first);
    size_t known_end = known ? known->first + known->count : 0;
    uint8_t label = cutter->labels[run->first].label;
    for (size_t i = run->first + 1; i < run->end; i++) {
        const struct word *word = &words->at[i];
        if (begins_person(cutter, run, i, i == known_end)) {
            relabel(cutter, i, run->end, LABEL_PERSON);
            return i;
        }
        if (i == known_end && word->gap == GAP_HYPHEN) {
            const struct span *next = well_known_at(cutter, i);
            if (next && next->type == known->type && next->first + next->count == run->end) {
                relabel(cutter, i, run->end, label);
                return i;
            }
        }
        if (ends_before_person(cutter, run, known, i)) {
            relabel(cutter, run->first, i,
                    known->type == TAG_PLACE ? LABEL_PLACE : LABEL_ORGANISATION);
            relabel(cutter, i, run->end, LABEL_PERSON);
            return i;
        }
        if (is_noun_between(cutter, run, known, i)) {
            cutter->labels[i].label = LABEL_NONE;
            relabel(cutter, i + 1, run->end, label);
            return i + 1;
        }
    }
    return run->end;
}

void cut_names(const struct lexicon *lexicon, const struct words *words, const struct spans *known,
               struct labelled *labels)
{
    struct cutter cutter = {lexicon, words, known, labels, 0};
    for (size_t i = 0; i < words->count;) {
        if (!label_begins(labels[i].label)) {
            i++;
            continue;
        }
        struct run run = {.first = i, .end = i + 1, .person = labels[i].label == LABEL_PERSON};
        while (run.end < words->count && label_goes_on(labels[run.end].label))
            run.end++;
        i = cut_run(&cutter, &run);
    }
}
