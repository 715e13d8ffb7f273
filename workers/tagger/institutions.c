#include "workers/tagger/institutions.h"

#include "workers/tagger/readings.h"

// Folded words, most words first. Where a language has two words for one kind, both are here.
static const struct {
    const char *head;
    const char *english;
} kinds[] = {
    {"technische universitat", "Technical University"},
    {"technischen universitat", "Technical University"},
    {"technical university", "Technical University"},
    {"university technology", "Technical University"},
    {"akademia medyczna", "Medical University"},
    {"uniwersytet medyczny", "Medical University"},
    {"medizinische universitat", "Medical University"},
    {"medizinischen universitat", "Medical University"},
    {"medical university", "Medical University"},
    {"uniwersytet ekonomiczny", "University of Economics"},
    {"wirtschaftsuniversitat", "University of Economics"},
    {"university economics", "University of Economics"},
    {"politechnika", "Technical University"},
    {"uniwersytet", "University"},
    {"universitat", "University"},
    {"university", "University"},
    {"universite", "University"},
    {"universidad", "University"},
    {"univerzita", "University"},
};

enum { PARTS_MAX = 6 };

// The words of a name without those that only join them.
struct parts {
    uint32_t at[PARTS_MAX];
    size_t count;
};

static bool joins_only(struct slice folded)
{
    static const char *const joining[] = {"w",   "we", "of", "in", "the", "der", "zu",
                                          "von", "im", "de", "v",  "ve",  "at"};
    for (size_t i = 0; i < sizeof joining / sizeof *joining; i++)
        if (slice_is(folded, joining[i]))
            return true;
    return false;
}

static bool split(struct parts *parts, const struct words *words, const struct span *span)
{
    parts->count = 0;
    for (uint32_t i = span->first; i < span->first + span->count; i++) {
        if (joins_only(words->at[i].folded))
            continue;
        if (parts->count == PARTS_MAX)
            return false;
        parts->at[parts->count++] = i;
    }
    return parts->count > 1;
}

static bool is_form_of(const struct word *word, struct slice folded)
{
    uint64_t hash = lexicon_hash_word(folded);
    for (size_t i = 0; i < word->lemma_count; i++)
        if (word->lemmas[i].hash == hash)
            return true;
    return word->hash == hash;
}

// How many parts are the head; 0: they do not begin with it. What an institution is stands first;
// where English has it last, it may be another one: "University of Washington", "Washington
// University".
static size_t match_head(const struct words *words, const struct parts *parts, const char *head)
{
    size_t count = 0;
    for (;;) {
        size_t len = strcspn(head, " ");
        if (count == parts->count ||
            !is_form_of(&words->at[parts->at[count]], slice_from(head, len)))
            return 0;
        count++;
        if (!head[len])
            return count;
        head += len + 1;
    }
}

// The place that the parts from `from` on name, which must stand together; its name in English, or
// empty.
static struct slice place_name(const struct lexicon *lexicon, const struct words *words,
                               const struct parts *parts, size_t from)
{
    struct readings readings;
    size_t last = parts->count - 1;
    if (from > last || parts->at[last] - parts->at[from] != last - from)
        return slice_from("", 0);
    readings_find(&readings, lexicon, words, parts->at[from], (uint32_t)(last - from + 1),
                  TAG_PLACE);
    if (!readings.count)
        return slice_from("", 0);
    return lexicon_string(lexicon, lexicon_entity(lexicon, readings.at[0].entity)->name);
}

static struct slice join(const char *english, struct slice place, struct arena *arena)
{
    size_t len = strlen(english);
    char *out = place.len ? arena_alloc(arena, len + 4 + place.len) : NULL;
    if (!out)
        return slice_from("", 0);
    memcpy(out, english, len);
    memcpy(out + len, " of ", 4);
    memcpy(out + len + 4, place.ptr, place.len);
    return slice_from(out, len + 4 + place.len);
}

struct slice institution_name(const struct lexicon *lexicon, const struct words *words,
                              const struct span *span, struct arena *arena)
{
    struct parts parts;
    if (span->type != TAG_ORGANISATION || !split(&parts, words, span))
        return slice_from("", 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t head = match_head(words, &parts, kinds[i].head);
        if (head)
            return join(kinds[i].english, place_name(lexicon, words, &parts, head), arena);
    }
    return slice_from("", 0);
}
