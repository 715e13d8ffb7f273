// The tagger: a pure library that turns an article into language, normalised text and named
// entities. It knows nothing of ZeroMQ, libuv, LMDB or JSON; the same input and lexicon give the
// same bytes, in any order, in any process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/article.h"

#define TAGGER_VERSION "0.1.0"

struct tagger;

enum tag_field { TAG_TITLE = 0, TAG_BODY = 1 };

enum tag_type { TAG_PERSON, TAG_ORGANISATION, TAG_PLACE, TAG_EVENT, TAG_PRODUCT, TAG_OTHER };

struct tag_mention {
    enum tag_field field;
    uint32_t start, end; // Unicode code points into the field as submitted, end exclusive
    struct slice exact;  // the submitted bytes of [start, end)
    struct slice base;   // dictionary form
    struct slice why;    // in words for a person; empty unless asked for (tagger_set_explain)
    double confidence;   // that it is a name of this type with these borders, 0 to 1, thousandths
};

// Another entity that a name may stand for.
struct tag_alternative {
    struct slice id, name;
    enum tag_type type;
    double score; // as an entity's confidence
};

struct tag_entity {
    struct slice id; // Wikidata QID, "geonames:N", a stable local id "local:...", or the user's own
    enum tag_type type;
    struct slice name; // canonical name, in English where the lexicon has it, else the dictionary
                       // form of the longest mention
    double confidence; // that it is this entity, given that the mentions are names, 0 to 1,
                       // thousandths
    const struct tag_alternative
        *alternatives; // where another is nearly as likely; likeliest first
    size_t alternative_count;
    const struct tag_mention *mentions;
    size_t mention_count;          // at least 1; in order of title before body, then start
    const struct slice *spellings; // folded (proto/base/fold.h): mentions, their bases, the
                                   // lexicon's names; no doubles
    size_t spelling_count;
};

// Paragraphs of the body in another language than the article.
struct tag_stretch {
    uint32_t start, end; // Unicode code points into the body as submitted
    struct slice language;
    double confidence;
};

// Who wrote, sent or photographed the article, as it says itself; removed from the text.
struct tag_credit {
    enum tag_field field;
    uint32_t start, end; // as in tag_mention
    struct slice exact;
    const struct slice *names; // of agencies, papers, sites and people, as they stand there
    size_t name_count;
};

struct tag_result {
    struct slice language; // primary BCP 47 tag; "und" when it cannot be told
    double confidence;     // of the language, 0 to 1
    struct slice text;     // normalised body: NFC, furniture removed, wrapped lines joined
    struct slice edits;    // proto/wire/edit.h: makes `text` of the submitted body
    const struct tag_entity *entities; // in order of first mention
    size_t entity_count;
    const struct tag_credit *credits; // in text order
    size_t credit_count;
    const struct tag_stretch *stretches; // in text order; what differs from `language`
    size_t stretch_count;
};

// The files a tagger works with. Zero-initialised: the installed ones, and nothing of the user's.
struct tagger_files {
    const char *lexicon;      // NULL: path_find_data("lexicon.tlx")
    const char *model;        // NULL: path_find_data("names.model")
    const char *user_lexicon; // the user's own (telex lexicon build); NULL or empty: none
};

// Maps the files (shared between processes) and checks their versions and checksums. 0 or negative
// errno with err. The user's lexicon may be missing; when it is there and cannot be used, the
// tagger opens without it all the same: `warning`, otherwise empty, then says so. From then on the
// process keeps up to 2 MiB of freed memory.
int tagger_open(struct tagger **out, const struct tagger_files *files, struct err *warning,
                struct err *err);
void tagger_close(struct tagger *tagger);

// Identity of the lexicon in use, e.g. "2026-11-22-9f3c21aa", or with the user's own
// "2026-11-22-9f3c21aa+2026-12-01-0b7e55d2". Valid as long as the tagger.
const char *tagger_lexicon_id(const struct tagger *tagger);

// Makes tagger_run say of each mention why it is one. Slow; not in the daemon's workers.
void tagger_set_explain(struct tagger *tagger, bool explain);

// Tags one article that passed article_check. Everything in *out lives in `arena` or in the
// article's own bytes. 0; -ENOMEM when the arena's limit was reached; -EINVAL with err when the
// article cannot be tagged.
int tagger_run(const struct tagger *tagger, const struct article *article, struct arena *arena,
               struct tag_result *out, struct err *err);

// "person", "organisation", "place", "event", "product", "other". Static.
const char *tag_type_name(enum tag_type type);

// The letter that stands for the type in local ids ("local:p-...").
static inline char tag_type_letter(enum tag_type type)
{
    return "polerx"[type];
}
