#include "workers/tagger/guess.h"

#include "workers/tagger/decide.h"

enum { RUN_WORDS_MAX = 10, TITLE_REACH = 4 };

struct finder {
    const struct lexicon *lexicon;
    struct words *words;
    struct spans *spans;
    uint32_t *span_of;   // lexicon span of each covered word
    struct votes *votes; // by the word's hash, votes_mask + 1 of them
    size_t votes_mask;
};

// A run of words that may be a name.
struct run {
    size_t first, count;
    bool titled;
};

static bool is_capital(const struct word *word)
{
    return (word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER)) && !(word->flags & WORD_IS_NUMBER);
}

// A single capital letter is an initial when a full stop or a name stands beside it; else it may be
// a small word that begins a sentence ("Z Aleksiejem").
static bool is_initial(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (index + 1 < words->count && word[1].gap == GAP_POINT)
        return true;
    return index > 0 && word->gap == GAP_SPACE && is_capital(&word[-1]);
}

static bool is_open(const struct finder *finder, size_t index)
{
    const struct word *word = &finder->words->at[index];
    if (word->flags & WORD_IS_INITIAL && !is_initial(finder->words, index))
        return false;
    return is_capital(word) &&
           !(word->flags & (WORD_IS_COVERED | WORD_IS_HEADLINE | WORD_IS_COMMON));
}

static bool continues(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (index == 0 || word->sentence != word[-1].sentence)
        return false;
    if (word->gap == GAP_SPACE || word->gap == GAP_HYPHEN)
        return true;
    return word->gap == GAP_POINT && words->at[index - 1].flags & WORD_IS_INITIAL;
}

static bool has_organisation(const struct words *words, const struct run *run)
{
    for (size_t i = run->first; i < run->first + run->count; i++)
        if (words->at[i].cues & WORD_ORGANISATION && is_capital(&words->at[i]))
            return true;
    return false;
}

// The word belongs to a place of the lexicon, and may stand inside an organisation's name
// ("FC Porto", "University of Oxford").
static bool is_place(const struct finder *finder, size_t index)
{
    const struct word *word = &finder->words->at[index];
    if (!(word->flags & WORD_IS_COVERED) || !is_capital(word))
        return false;
    const struct span *span = &finder->spans->at[finder->span_of[index]];
    return span->type == TAG_PLACE && !(word->flags & WORD_IS_UPPER);
}

// Behind a given name a surname may be any word that is not plainly an ordinary one.
static bool is_surname_like(const struct finder *finder, const struct run *run, size_t index)
{
    const struct word *word = &finder->words->at[index];
    int ordinary = words_count_of(finder->words, word, COUNT_CAPITAL);
    return run->count == 1 && is_capital(word) && word->gap == GAP_SPACE && ordinary <= 1 &&
           !(word->flags & (WORD_IS_COVERED | WORD_IS_HEADLINE | WORD_IS_ROMAN)) &&
           !(word->cues & (WORD_NEVER | WORD_PEOPLE | WORD_TITLE)) &&
           decide_is_given(finder->lexicon, &finder->words->at[run->first]);
}

// In Polish a given name in its dictionary form is no part of an organisation's name ("Polski
// Związek Piłki Nożnej Cezary Kulesza"), an inflected one may be ("Instytut Adama Mickiewicza").
static bool is_first_name_only(const struct words *words, const struct word *word)
{
    return words->language == LEXICON_PL && !words->other_language && word->info->given & 1u &&
           words_count_of(words, word, COUNT_PERSON) >
               words_count_of(words, word, COUNT_ORGANISATION);
}

// "Wikselgeld Anna Reuss": a person's name begins at a given name that has a word behind it, when
// what stands before it is no given name.
static bool begins_person(const struct finder *finder, const struct run *run, size_t index)
{
    const struct words *words = finder->words;
    const struct word *word = &words->at[index];
    bool given = word->info && (word->info->given & ~16u) && word->gap == GAP_SPACE;
    size_t next = index + 1;
    return given && next < words->count && words->at[next].gap == GAP_SPACE &&
           continues(words, next) && is_open(finder, next) &&
           (!has_organisation(words, run) || is_first_name_only(words, word)) &&
           !(words->at[run->first].flags & WORD_IS_INITIAL) &&
           !decide_is_given(finder->lexicon, &words->at[run->first]);
}

static bool accepts(const struct finder *finder, const struct run *run, size_t index)
{
    return is_open(finder, index) ||
           (has_organisation(finder->words, run) && is_place(finder, index));
}

// How many small words inside a name ("von der", "for the") stand before its next capitalised
// one; 0 when the name ends here.
static size_t links(const struct finder *finder, const struct run *run)
{
    const struct words *words = finder->words;
    size_t end = run->first + run->count;
    uint16_t wanted = has_organisation(words, run) ? WORD_OF | WORD_LINK : WORD_LINK;
    for (size_t len = 0; len < 3 && end + len < words->count; len++) {
        const struct word *word = &words->at[end + len];
        if (len > 0 && word->gap == GAP_SPACE && accepts(finder, run, end + len))
            return len;
        if (word->gap != GAP_SPACE || is_capital(word) || !(word->cues & wanted))
            return 0;
        if (len > 0 && !(word->cues & WORD_LINK))
            return 0; // "of the", "von der", but not "and for"
    }
    return 0;
}

static struct run run_from(const struct finder *finder, size_t first)
{
    const struct words *words = finder->words;
    struct run run = {.first = first, .count = 1};
    while (run.count < RUN_WORDS_MAX && first + run.count < words->count) {
        size_t next = first + run.count, small;
        if (begins_person(finder, &run, next))
            break;
        if (continues(words, next) &&
            (accepts(finder, &run, next) || is_surname_like(finder, &run, next)))
            run.count++;
        else if ((small = links(finder, &run)) > 0)
            run.count += small + 1;
        else
            break;
    }
    return run;
}

// "Miami Heat" stays with the place, "Dallas Police Department" does not: a known place opens the
// name of an organisation when the word for one follows.
static bool opens_organisation(const struct finder *finder, size_t index)
{
    const struct words *words = finder->words;
    if (!is_place(finder, index) || words->at[index].flags & WORD_IS_HEADLINE)
        return false;
    size_t next = index + 1;
    if (next >= words->count || words->at[next].gap != GAP_SPACE || !is_open(finder, next))
        return false;
    if (words->at[next].cues & WORD_TITLE && !(words->at[next].cues & WORD_ORGANISATION))
        return false;
    struct run run = run_from(finder, next);
    return has_organisation(words, &run);
}

// A title may stand some words before the name: "prezydent USA Donald Trump", "ministra spraw
// zagranicznych Rosji Siergieja".
static bool has_title_before(const struct words *words, size_t first)
{
    for (size_t back = 1; back <= TITLE_REACH && back <= first; back++) {
        const struct word *after = &words->at[first - back + 1];
        const struct word *word = &words->at[first - back];
        bool joined = after->gap == GAP_SPACE || after->gap == GAP_HYPHEN ||
                      (after->gap == GAP_POINT && word->cues & WORD_TITLE);
        if (!joined || word->sentence != words->at[first].sentence)
            return false;
        if (word->cues & WORD_TITLE)
            return true;
        bool between = word->flags & WORD_IS_COVERED || !is_capital(word);
        if (!between || word->cues & (WORD_SAYS | WORD_IN | WORD_LINK))
            return false;
    }
    return false;
}

// Titles before the name ("Foreign Affairs Minister") are no part of it; in "Interior Ministry"
// they are.
static void cut_titles(const struct words *words, struct run *run)
{
    run->titled = has_title_before(words, run->first);
    if (has_organisation(words, run))
        return;
    size_t titles = 0;
    for (size_t i = 0; i < run->count; i++)
        if (words->at[run->first + i].cues & WORD_TITLE)
            titles = i + 1;
    run->titled |= titles > 0;
    run->first += titles;
    run->count -= titles;
    while (run->count > 0 && !is_capital(&words->at[run->first])) {
        run->first++;
        run->count--;
    }
}

static bool only_numerals(const struct words *words, const struct run *run)
{
    for (size_t i = run->first; i < run->first + run->count; i++)
        if (!(words->at[i].flags & (WORD_IS_ROMAN | WORD_IS_INITIAL)))
            return false;
    return true;
}

static struct votes *votes_of(const struct finder *finder, const struct run *run)
{
    return &finder->votes[finder->words->at[run->first].hash & finder->votes_mask];
}

static struct candidate candidate_of(const struct run *run)
{
    return (struct candidate){
        .first = (uint32_t)run->first, .count = (uint32_t)run->count, .titled = run->titled};
}

static void add_votes(const struct finder *finder, const struct run *run)
{
    struct candidate candidate = candidate_of(run);
    struct votes found = decide_votes(finder->words, &candidate);
    struct votes *votes = votes_of(finder, run);
    votes->person += found.person;
    votes->organisation += found.organisation;
    votes->place += found.place;
}

static int at_most(int votes)
{
    enum { VOTES_MAX = 14 };
    return votes < VOTES_MAX ? votes : VOTES_MAX;
}

static void decide_run(const struct finder *finder, const struct run *run)
{
    struct candidate candidate = candidate_of(run);
    enum tag_type type;
    if (run->count == 1) {
        struct votes own = decide_votes(finder->words, &candidate);
        const struct votes *all = votes_of(finder, run);
        candidate.votes =
            (struct votes){.person = at_most(all->person - own.person),
                           .organisation = at_most(all->organisation - own.organisation),
                           .place = at_most(all->place - own.place)};
    }
    if (!decide_candidate(finder->words, &candidate, &type))
        return;
    for (size_t i = run->first; i < run->first + run->count; i++)
        if (finder->words->at[i].flags & WORD_IS_COVERED)
            finder->spans->at[finder->span_of[i]].flags |= SPAN_DROPPED;
    spans_add(finder->spans, finder->words,
              (struct span){.first = candidate.first,
                            .count = candidate.count,
                            .type = type,
                            .entity = LEXICON_NONE,
                            .flags = SPAN_GUESS});
}

static void use_runs(const struct finder *finder,
                     void (*use)(const struct finder *finder, const struct run *run))
{
    for (size_t i = 0, len; i < finder->words->count; i += len) {
        len = 1;
        if (!is_open(finder, i) && !opens_organisation(finder, i))
            continue;
        struct run run = run_from(finder, i);
        len = run.count;
        cut_titles(finder->words, &run);
        if (run.count && !only_numerals(finder->words, &run))
            use(finder, &run);
    }
}

// A given name right before one known word makes a person of both, unless the lexicon is surer of
// that word than a surname can be.
static bool is_surname_of(const struct finder *finder, size_t index)
{
    const struct words *words = finder->words;
    if (index >= words->count || !continues(words, index) ||
        !(words->at[index].flags & WORD_IS_COVERED))
        return false;
    const struct span *span = &finder->spans->at[finder->span_of[index]];
    if (span->count != 1 || span->first != index || words->at[index].flags & WORD_IS_UPPER)
        return false;
    if (span->flags & (SPAN_SURNAME | SPAN_WEAK))
        return true;
    const struct lexicon_entity *entity = lexicon_entity(finder->lexicon, span->entity);
    return span->type == TAG_PLACE && entity->weight < 8;
}

// A weak sign that is a given name with a capitalised word behind it ("Marek Wolański") is no
// place: the run of both decides.
static void free_given(const struct finder *finder, struct span *span)
{
    struct words *words = finder->words;
    size_t next = span->first + 1u;
    if (!(span->flags & SPAN_WEAK) || span->count != 1 || next >= words->count ||
        !continues(words, next) || !is_open(finder, next) ||
        !decide_is_given(finder->lexicon, &words->at[span->first]))
        return;
    span->flags |= SPAN_DROPPED;
    words->at[span->first].flags &= (uint16_t)~WORD_IS_COVERED;
}

// "Ryoyu Kobayashi", "Wladimr Putin": an unheard-of word before a surname, or before the name of a
// small town, is rather a person's.
static bool is_rare_pair(const struct finder *finder, size_t index)
{
    const struct word *word = &finder->words->at[index];
    const struct span *span = &finder->spans->at[finder->span_of[index + 1]];
    bool unheard = !word->info && !(word->flags & WORD_IS_UPPER);
    if (unheard && span->flags & SPAN_SURNAME)
        return true;
    unheard = unheard && !(word->flags & WORD_IS_FIRST);
    return unheard && span->type == TAG_PLACE && span->entity != LEXICON_NONE &&
           lexicon_entity(finder->lexicon, span->entity)->weight < 4;
}

static bool join_given(const struct finder *finder, size_t index)
{
    struct words *words = finder->words;
    if (!is_open(finder, index) || !is_surname_of(finder, index + 1) ||
        !(decide_is_given(finder->lexicon, &words->at[index]) || is_rare_pair(finder, index)))
        return false;
    struct span *span = &finder->spans->at[finder->span_of[index + 1]];
    size_t first = index;
    while (first > 0 && words->at[first].gap == GAP_HYPHEN && is_open(finder, first - 1))
        first--;
    for (size_t i = first; i <= index; i++) {
        words->at[i].flags |= WORD_IS_COVERED;
        finder->span_of[i] = finder->span_of[index + 1];
    }
    *span = (struct span){.first = (uint32_t)first,
                          .count = (uint32_t)(index + 2 - first),
                          .type = TAG_PERSON,
                          .entity = LEXICON_NONE,
                          .flags = SPAN_GUESS};
    return true;
}

// "Berlin Hauptbahnhof", "Taiwan Strait", "Hamburg-Altona" are places of their own.
static bool extends_place(const struct finder *finder, const struct span *span, size_t next)
{
    const struct words *words = finder->words;
    if (span->type != TAG_PLACE || span->count > 2 || next >= words->count ||
        !continues(words, next) || words->other_language)
        return false;
    const struct word *word = &words->at[next];
    if (!is_capital(word) || word->flags & (WORD_IS_HEADLINE | WORD_IS_UPPER))
        return false;
    if (!(word->flags & WORD_IS_COVERED))
        return word->cues & WORD_GEO && word->gap == GAP_SPACE && words->language != LEXICON_PL;
    const struct span *tail = &finder->spans->at[finder->span_of[next]];
    return word->gap == GAP_HYPHEN && tail->type == TAG_PLACE && tail->count == 1 &&
           tail->entity != LEXICON_NONE &&
           lexicon_entity(finder->lexicon, tail->entity)->weight < 7 &&
           lexicon_entity(finder->lexicon, span->entity)->weight > 5;
}

// "Siemens AG" is Siemens; "Nord Stream 2 AG" is a company that is named after a product.
static bool extend_by_suffix(const struct finder *finder, struct span *span)
{
    struct words *words = finder->words;
    size_t next = span->first + span->count;
    if (next >= words->count || !continues(words, next) || words->at[next].gap != GAP_SPACE ||
        !(words->at[next].cues & WORD_SUFFIX) || !is_capital(&words->at[next]) ||
        words->at[next].flags & WORD_IS_COVERED)
        return false;
    words->at[next].flags |= WORD_IS_COVERED;
    finder->span_of[next] = (uint32_t)(span - finder->spans->at);
    span->count++;
    if (span->type != TAG_ORGANISATION) {
        span->type = TAG_ORGANISATION;
        span->entity = LEXICON_NONE;
        span->flags = SPAN_GUESS;
    }
    span->flags &= ~(uint32_t)SPAN_WEAK;
    return true;
}

static void extend_places(const struct finder *finder)
{
    size_t known = finder->spans->count;
    for (size_t i = 0; i < known; i++) {
        struct span *span = &finder->spans->at[i];
        size_t next = span->first + span->count;
        if (span->entity == LEXICON_NONE || extend_by_suffix(finder, span) ||
            !extends_place(finder, span, next))
            continue;
        struct word *word = &finder->words->at[next];
        if (word->flags & WORD_IS_COVERED)
            finder->spans->at[finder->span_of[next]].flags |= SPAN_DROPPED;
        word->flags |= WORD_IS_COVERED;
        finder->span_of[next] = (uint32_t)i;
        span->count++;
        span->entity = LEXICON_NONE;
        span->flags = SPAN_GUESS;
    }
}

static void mark_common(const struct finder *finder)
{
    struct words *words = finder->words;
    for (size_t i = 0; i < words->count; i++)
        if (is_capital(&words->at[i]) && decide_is_common(finder->lexicon, words, i))
            words->at[i].flags |= WORD_IS_COMMON;
}

void guess_names(const struct lexicon *lexicon, struct words *words, struct spans *spans,
                 struct arena *arena)
{
    size_t slots = 64;
    while (slots < words->candidates)
        slots *= 2;
    struct finder finder = {.lexicon = lexicon,
                            .words = words,
                            .spans = spans,
                            .span_of = arena_alloc_array(arena, words->count + 1, sizeof(uint32_t)),
                            .votes = arena_alloc_array(arena, slots, sizeof(struct votes)),
                            .votes_mask = slots - 1};
    if (!finder.span_of || !finder.votes)
        return;
    for (uint32_t i = 0; i < spans->count; i++)
        for (uint32_t j = 0; j < spans->at[i].count; j++)
            finder.span_of[spans->at[i].first + j] = i;
    mark_common(&finder);
    for (size_t i = 0; i < spans->count; i++)
        free_given(&finder, &spans->at[i]);
    for (size_t i = 0; i < words->count; i++)
        join_given(&finder, i);
    extend_places(&finder);
    use_runs(&finder, add_votes);
    use_runs(&finder, decide_run);
}
