#include "workers/tagger/echo.h"

#include "workers/tagger/features.h"

struct sum {
    uint64_t key; // 0: empty
    float likely[LABELS];
    uint32_t times;
};

// What three words' signs need of one of them.
struct view {
    uint32_t own;         // what the first reading made of it
    uint32_t there, pair; // and of the same word elsewhere, and of it and the word before it
};

struct echo {
    struct sum *at; // power of two
    size_t mask;
    const struct heard *heard; // the article's first word
    struct view *views;        // one for each word, filled by echo_look
};

static uint64_t pair_of(const struct heard *heard, size_t index)
{
    uint64_t key = feature_mix(heard[index - 1].stem, heard[index].stem);
    return key ? key : 1;
}

static struct sum *find(const struct echo *echo, uint64_t key)
{
    size_t at = (key ^ key >> 32) & echo->mask;
    while (echo->at[at].key && echo->at[at].key != key)
        at = (at + 1) & echo->mask;
    return &echo->at[at];
}

static void note(const struct echo *echo, uint64_t key, const float *likely)
{
    struct sum *sum = find(echo, key);
    sum->key = key;
    sum->times++;
    for (unsigned y = 0; y < LABELS; y++)
        sum->likely[y] += likely[y];
}

// How sure, in four steps.
static uint32_t step_of(float likely)
{
    return likely < 0.4f ? 0 : likely < 0.7f ? 1 : likely < 0.93f ? 2 : 3;
}

// The likeliest label, how sure it is, and how many say so.
static uint32_t verdict(const float *likely, float times)
{
    unsigned best = 0;
    for (unsigned y = 1; y < LABELS; y++)
        if (likely[y] > likely[best])
            best = y;
    uint32_t often = times < 1.5f ? 0 : times < 3.5f ? 1 : 2;
    return 1 + best + 8 * step_of(likely[best] / times) + 32 * often;
}

// What the same key was read as elsewhere; 0: it is nowhere else.
static uint32_t elsewhere(const struct echo *echo, uint64_t key, const float *own)
{
    const struct sum *sum = find(echo, key);
    if (sum->times < 2)
        return 0;
    float others[LABELS];
    for (unsigned y = 0; y < LABELS; y++)
        others[y] = sum->likely[y] - own[y];
    return verdict(others, (float)(sum->times - 1));
}

static struct view view_of(const struct echo *echo, const struct heard *heard, size_t index)
{
    const struct heard *word = &heard[index];
    return (struct view){
        .own = verdict(word->likely, 1),
        .there = elsewhere(echo, word->stem, word->likely),
        .pair = word->joined ? elsewhere(echo, pair_of(heard, index), word->likely) : 0,
    };
}

struct echo *echo_collect(const struct heard *heard, size_t count, struct arena *arena)
{
    size_t slots = 64;
    while (slots < count * 4)
        slots *= 2;
    struct echo *echo = arena_alloc(arena, sizeof *echo);
    struct sum *at = arena_alloc_array(arena, slots, sizeof *at);
    struct view *views = arena_alloc_array_uncleared(arena, count + 1, sizeof *views);
    if (!echo || !at || !views)
        return NULL;
    *echo = (struct echo){.at = at, .mask = slots - 1, .heard = heard, .views = views};
    for (size_t i = 0; i < count; i++) {
        note(echo, heard[i].stem, heard[i].likely);
        if (heard[i].joined)
            note(echo, pair_of(heard, i), heard[i].likely);
    }
    return echo;
}

void echo_look(struct echo *echo, const struct heard *heard, size_t count)
{
    struct view *views = &echo->views[heard - echo->heard];
    for (size_t i = 0; i < count; i++)
        views[i] = view_of(echo, heard, i);
}

// The likeliest type of name elsewhere, however unlikely a name is at all.
static uint32_t type_elsewhere(const struct echo *echo, const struct heard *word)
{
    const struct sum *sum = find(echo, word->stem);
    float types[3], best = 0;
    uint32_t type = 0;
    for (uint32_t t = 0; t < 3; t++) {
        types[t] = sum->likely[2 * t + 1] + sum->likely[2 * t + 2] - word->likely[2 * t + 1] -
                   word->likely[2 * t + 2];
        if (types[t] > best) {
            best = types[t];
            type = t + 1;
        }
    }
    return sum->times < 2 ? 0 : type + 4 * step_of(best) + 16;
}

size_t echo_features(const struct echo *echo, const struct heard *heard, size_t count, size_t index,
                     uint64_t hashes[ECHO_FEATURES_MAX])
{
    const struct heard *word = &heard[index];
    bool before = word->joined, after = index + 1 < count && word[1].joined;
    const struct view *view = &echo->views[word - echo->heard];
    uint32_t own = view->own, there = view->there, pair = view->pair;
    uint32_t own_before = before ? view[-1].own : 0, own_after = after ? view[1].own : 0;
    uint32_t there_before = before ? view[-1].there : 0, there_after = after ? view[1].there : 0;
    uint32_t pair_after = after ? view[1].pair : 0;
    uint32_t type = type_elsewhere(echo, word);
    const uint64_t values[][3] = {
        {own, 0, 0},
        {own, there, 0},
        {own, own_before, own_after},
        {there, there_before, there_after},
        {there, word->kind, 0},
        {there, word->lexicon, 0},
        {own, type, 0},
        {type, word->lexicon, word->kind},
        {pair, own, 0},
        {pair_after, own, 0},
        {pair, pair_after, there},
        {own, word->lexicon, word->kind},
    };
    size_t signs = sizeof values / sizeof *values;
    for (size_t i = 0; i < signs; i++)
        hashes[i] =
            feature_sign(feature_mix(i, 0x6563686f), values[i][0], values[i][1], values[i][2]);
    return signs;
}
