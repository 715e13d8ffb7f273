#include "workers/tagger/features.h"

#include <string.h>

unsigned features_forbidden(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    unsigned forbidden = 0;
    if (!words_may_begin(word))
        forbidden |= 1u << LABEL_PERSON | 1u << LABEL_ORGANISATION | 1u << LABEL_PLACE;
    if (word->gap == GAP_OTHER || word->gap == GAP_SIGN)
        forbidden |= 1u << LABEL_PERSON_MORE | 1u << LABEL_PLACE_MORE;
    if (!words_is_capital(word) && !(word->cues & WORD_LINK))
        forbidden |= 1u << LABEL_PERSON_MORE;
    return forbidden;
}

// The first or the last bytes of a word as one number; of a shorter word all.
static uint64_t first_bytes(struct slice folded, size_t most)
{
    uint64_t bytes = 0;
    memcpy(&bytes, folded.ptr, folded.len < most ? folded.len : most);
    return bytes;
}

static uint64_t last_bytes(struct slice folded, size_t most)
{
    uint64_t bytes = 0;
    size_t len = folded.len < most ? folded.len : most;
    memcpy(&bytes, folded.ptr + folded.len - len, len);
    return bytes;
}

static void read_spelling(struct atoms *atoms, const struct word *word)
{
    struct slice folded = word->folded;
    atoms->word = word->hash;
    atoms->stem = first_bytes(folded, 5);
    atoms->prefix3 = first_bytes(folded, 3);
    atoms->suffix2 = last_bytes(folded, 2);
    atoms->suffix3 = last_bytes(folded, 3);
    atoms->suffix4 = last_bytes(folded, 4);
}

static uint32_t length_class(size_t len)
{
    return len < 5 ? (uint32_t)len : len < 8 ? 5 : 6;
}

static uint32_t lexicon_atom(struct mark mark)
{
    if (mark.place == MARK_NONE)
        return 0;
    return 1u + mark.place + 8u * mark.type + 64u * (mark.flags & (SPAN_SURNAME | SPAN_WEAK)) +
           512u * mark.fame;
}

// How the language's texts use the word most often, and how often: 1..31; 0: not at all.
static uint32_t main_use(const uint8_t counts[COUNT_KINDS])
{
    uint32_t best = 0;
    for (uint32_t kind = 1; kind < COUNT_KINDS; kind++)
        best = counts[kind] > counts[best] ? kind : best;
    uint8_t most = counts[best];
    uint32_t often = most < 9 ? 0 : most < 20 ? 1 : most < 40 ? 2 : 3;
    return most ? 1 + best + 8 * often : 0;
}

// The same, and what it is used for next often, and how far behind.
static uint32_t counts_atom(const uint8_t counts[COUNT_KINDS])
{
    uint32_t use = main_use(counts);
    if (!use)
        return 0;
    uint32_t best = (use - 1) & 7, next = best == 0;
    for (uint32_t kind = next + 1; kind < COUNT_KINDS; kind++)
        next = kind != best && counts[kind] > counts[next] ? kind : next;
    uint32_t clear = !counts[next] ? 0 : counts[best] - counts[next] < 9 ? 1 : 2;
    return use + 32 * clear + 128 * (clear ? next + 1 : 0);
}

static uint32_t atom_of_tail(const struct lexicon_word *info)
{
    if (!info)
        return 0;
    uint32_t counts = main_use(info->counts[LEXICON_DE]);
    uint32_t cues = info->cues[LEXICON_DE] & (WORD_TITLE | WORD_ORGANISATION | WORD_GEO);
    return counts || cues ? 1 + counts + 64 * cues : 0;
}

// Of a German word that is not known: how its longest known ending is used ("Luftfahrt|behörde").
// Looks some endings up together, since each lies elsewhere in memory.
static uint32_t tail_atom(const struct lexicon *lexicon, const struct word *word)
{
    enum { TAIL_MIN = 4, HEAD_MIN = 3, TOGETHER = 8 };
    struct slice folded = word->folded;
    uint64_t hashes[TOGETHER];
    for (size_t head = HEAD_MIN; head + TAIL_MIN <= folded.len;) {
        size_t count = 0;
        for (; count < TOGETHER && head + TAIL_MIN <= folded.len; head++) {
            hashes[count] = lexicon_hash_word(slice_from(folded.ptr + head, folded.len - head));
            lexicon_expect_word(lexicon, hashes[count++]);
        }
        for (size_t i = 0; i < count; i++) {
            uint32_t atom = atom_of_tail(lexicon_find_word(lexicon, hashes[i]));
            if (atom)
                return atom;
        }
    }
    return 0;
}

static bool is_unused(const struct word *word)
{
    for (size_t kind = 0; word->info && kind < COUNT_KINDS; kind++)
        if (word->info->counts[LEXICON_DE][kind])
            return false;
    return true;
}

static void read_knowledge(struct atoms *atoms, const struct word *word)
{
    static const uint8_t own_name[LEXICON_LANGUAGES] = {1, 2, 4};
    if (!word->info)
        return;
    const struct lexicon_word *info = word->info;
    unsigned own = word->other_language ? 8 : own_name[word->language];
    unsigned given = info->given & own ? 2 : info->given != 0;
    unsigned surname = info->surname & own ? 2 : info->surname != 0;
    atoms->personal = given * 3 + surname;
    if (!word->other_language)
        atoms->counts = counts_atom(info->counts[word->language]);
    for (uint32_t i = 0; i < LEXICON_LANGUAGES; i++)
        if (i != word->language || word->other_language) {
            uint32_t foreign = main_use(info->counts[i]);
            atoms->foreign = foreign > atoms->foreign ? foreign : atoms->foreign;
        }
}

static void read_atoms(const struct features *features, size_t index, struct atoms *atoms)
{
    const struct word *word = &features->field->words->at[index];
    enum {
        SHAPE = WORD_IS_CAPITAL | WORD_IS_UPPER | WORD_IS_MIXED | WORD_IS_NUMBER | WORD_IS_INITIAL |
                WORD_IS_ROMAN
    };
    *atoms = (struct atoms){.cues = word->cues};
    read_spelling(atoms, word);
    bool upper = (word->flags & WORD_IS_UPPER) != 0;
    atoms->kind = word->flags & SHAPE;
    atoms->shape =
        (uint32_t)(word->flags & (SHAPE | WORD_IS_FIRST | WORD_IS_QUOTED | WORD_IS_HEADLINE)) |
        (uint32_t)word->gap << 16 | (upper ? length_class(word->folded.len) : 0) << 24;
    atoms->lexicon = lexicon_atom(features->field->marks[index]);
    read_knowledge(atoms, word);
    if (word->language == LEXICON_DE && !word->other_language && words_is_capital(word) &&
        is_unused(word))
        atoms->tail = tail_atom(features->lexicon, word);
}

static const struct atoms outside = {.word = 1, .stem = 1, .shape = 1u << 30, .kind = 1u << 30};

// The atoms of a word at some distance, or `outside` beyond its sentence.
static const struct atoms *atoms_at(struct features *features, size_t index, int distance)
{
    const struct words *words = features->field->words;
    if ((distance < 0 && (size_t)-distance > index) || index + (size_t)distance >= words->count)
        return &outside;
    size_t at = index + (size_t)distance, place = at & 7;
    if (words->at[at].sentence != words->at[index].sentence)
        return &outside;
    if (features->held[place] != at + 1) {
        read_atoms(features, at, &features->window[place]);
        features->held[place] = at + 1;
    }
    return &features->window[place];
}

// The seed of the sign in a place, counted for the words of each language and for all else.
static uint64_t seed_of(uint64_t language, uint64_t place)
{
    return feature_mix((language << 16) + place, 0x51ed2701);
}

static void take_language(struct features *features, uint64_t language)
{
    if (features->language == language)
        return;
    features->language = language;
    for (uint64_t place = 0; place < FEATURES_OF_WORDS; place++)
        features->words[place] = seed_of(language, place);
}

void features_init(struct features *features, const struct lexicon *lexicon,
                   const struct marked *field, const struct recall *recall)
{
    *features = (struct features){.lexicon = lexicon, .field = field, .recall = recall};
    for (uint64_t place = 0; place < FEATURES_OF_SIGNS; place++)
        features->signs[place] = seed_of(0, place);
    for (uint64_t bit = 0; bit < RECALL_SIGNS; bit++)
        features->recalled[bit] = feature_mix(FEATURES_OF_SIGNS + bit, 77);
}

struct list_out {
    uint64_t *hashes;
    size_t count;
    const uint64_t *seeds; // of the next sign
};

static inline void add3(struct list_out *out, uint64_t a, uint64_t b, uint64_t c)
{
    out->hashes[out->count++] = feature_sign(*out->seeds++, a, b, c);
}

static inline void add2(struct list_out *out, uint64_t a, uint64_t b)
{
    add3(out, a, b, 0);
}

static inline void add(struct list_out *out, uint64_t a)
{
    add3(out, a, 0, 0);
}

// What holds in one language: words and their endings.
static void add_words(struct list_out *out, const struct atoms *const w[5])
{
    const struct atoms *before2 = w[0], *before = w[1], *own = w[2], *after = w[3], *after2 = w[4];
    add2(out, own->word, own->kind);
    add(out, before->word);
    add(out, after->word);
    add(out, before2->word);
    add(out, after2->word);
    add2(out, before->word, own->word);
    add2(out, own->word, after->word);
    add2(out, before->word, after->word);
    add2(out, own->suffix2, own->kind);
    add2(out, own->suffix3, own->kind);
    add2(out, own->suffix4, own->kind);
    add2(out, own->prefix3, own->kind);
    add2(out, own->stem, own->kind);
    add2(out, before->suffix3, own->kind);
    add2(out, after->suffix3, own->kind);
    add2(out, before->stem, own->kind);
    add2(out, after->stem, own->kind);
    add2(out, before->suffix2, own->suffix3);
    add3(out, own->suffix3, after->suffix3, after->kind);
    add2(out, before2->stem, before->word);
    add2(out, own->shape, own->suffix2);
    add2(out, before->stem, own->lexicon);
    add2(out, own->counts, own->suffix3);
    add2(out, own->lexicon, own->word);
}

// What holds everywhere: shapes, the lexicon, kinds of words.
static void add_signs(struct list_out *out, const struct atoms *const w[5])
{
    const struct atoms *before2 = w[0], *before = w[1], *own = w[2], *after = w[3], *after2 = w[4];
    add(out, own->shape);
    add2(out, before->shape, own->shape);
    add2(out, own->shape, after->shape);
    add3(out, before->kind, own->shape, after->shape);
    add2(out, own->lexicon, own->shape);
    add3(out, before->lexicon, own->lexicon, own->kind);
    add3(out, own->lexicon, after->lexicon, after->kind);
    add3(out, own->lexicon, own->counts, own->kind);
    add2(out, own->cues, own->shape);
    add3(out, before->cues, own->kind, own->lexicon);
    add3(out, after->cues, after->kind, own->kind);
    add2(out, before2->cues, own->kind);
    add2(out, after2->cues, own->kind);
    add2(out, own->personal, own->shape);
    add3(out, before->personal, own->personal, before->kind);
    add3(out, own->personal, after->personal, after->shape);
    add3(out, own->personal, own->counts, own->kind);
    add2(out, own->counts, own->shape);
    add3(out, before->counts, own->counts, before->kind);
    add3(out, own->counts, after->counts, after->kind);
    add3(out, own->foreign, own->kind, own->counts);
    add3(out, own->cues, after->cues, after->shape);
    add3(out, before->cues, own->cues, before->shape);
    add2(out, own->tail, own->shape);
    add3(out, before->kind, own->tail, own->personal);
    add3(out, own->tail, after->tail, after->kind);
}

static void add_recall(struct list_out *out, const uint64_t seeds[RECALL_SIGNS],
                       const struct atoms *own, uint16_t signs)
{
    add3(out, signs, own->kind, own->lexicon ? own->lexicon & 63 : own->counts);
    for (unsigned bit = 0; bit < RECALL_SIGNS; bit++)
        if (signs & 1u << bit)
            out->hashes[out->count++] = feature_finish(seeds[bit] ^ (own->shape & 0xffff));
}

struct heard features_hear(struct features *features, size_t index)
{
    const struct word *word = &features->field->words->at[index];
    const struct atoms *atoms = atoms_at(features, index, 0);
    return (struct heard){.stem = word->stem, .kind = atoms->kind, .lexicon = atoms->lexicon & 63};
}

// NOLINTNEXTLINE(readability-non-const-parameter): written to through `out`
size_t features_at(struct features *features, size_t index, uint64_t hashes[FEATURES_MAX])
{
    const struct atoms *around[2 * FEATURES_REACH + 1];
    for (int distance = -FEATURES_REACH; distance <= FEATURES_REACH; distance++)
        around[distance + FEATURES_REACH] = atoms_at(features, index, distance);
    const struct word *word = &features->field->words->at[index];
    take_language(features, word->other_language ? 9 : 1u + word->language);
    struct list_out out = {.hashes = hashes, .seeds = features->words};
    add_words(&out, around);
    out.seeds = features->signs;
    add_signs(&out, around);
    add_recall(&out, features->recalled, around[FEATURES_REACH], recall_of(features->recall, word));
    return out.count;
}
