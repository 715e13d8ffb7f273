#include "proto/base/utf8.h"
#include "proto/wire/edit.h"
#include "proto/wire/result.h"
#include "tests/fuzz/fuzz.h"
#include "workers/tagger/event_json.h"
#include "workers/tagger/tagger.h"

enum { ARENA_MAX = 256 << 20 };

// The first letter chooses the language, the rest of the first line is the title, and what follows
// is the body.
static struct article read_article(struct slice data)
{
    static const char *const languages[] = {['p'] = "pl", ['d'] = "de", ['e'] = "en", ['f'] = "fr"};
    struct article article = {.uri = slice_from_text("urn:fuzz")};
    uint8_t letter = (uint8_t)data.ptr[0];
    if (letter < sizeof languages / sizeof *languages && languages[letter])
        article.language = slice_from_text(languages[letter]);
    struct slice rest = slice_from(data.ptr + 1, data.len - 1);
    const char *line = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
    article.title = slice_from(rest.ptr, line ? (size_t)(line - rest.ptr) : rest.len);
    if (line)
        article.body = slice_from(line + 1, rest.len - article.title.len - 1);
    return article;
}

// Byte offset of code point `count`, from a place that was found before.
static size_t advance(struct slice text, size_t at, uint32_t code_points)
{
    while (code_points--) {
        check_must(at < text.len);
        (void)utf8_next(text, &at);
    }
    return at;
}

static void check_mention(const struct article *article, const struct tag_mention *mention)
{
    struct slice field = mention->field == TAG_TITLE ? article->title : article->body;
    check_must(mention->field == TAG_TITLE || mention->field == TAG_BODY);
    check_must(mention->start < mention->end);
    size_t start = advance(field, 0, mention->start);
    size_t end = advance(field, start, mention->end - mention->start);
    check_must(slice_equal(mention->exact, slice_from(field.ptr + start, end - start)));
    check_must(mention->base.len && utf8_is_valid(mention->base));
}

static void check_entity(const struct article *article, const struct tag_entity *entity)
{
    check_must(entity->id.len && utf8_is_valid(entity->id));
    check_must(entity->name.len && utf8_is_valid(entity->name));
    check_must(entity->type <= TAG_OTHER && entity->mention_count);
    const struct tag_mention *last = NULL;
    for (size_t i = 0; i < entity->mention_count; i++) {
        const struct tag_mention *mention = &entity->mentions[i];
        check_mention(article, mention);
        check_must(!last || mention->field > last->field ||
                   (mention->field == last->field && mention->start >= last->end));
        last = mention;
    }
    for (size_t i = 0; i < entity->spelling_count; i++)
        check_must(utf8_is_valid(entity->spellings[i]));
}

static void check_credits(const struct article *article, const struct tag_result *result)
{
    uint32_t end = 0;
    for (size_t i = 0; i < result->credit_count; i++) {
        const struct tag_credit *credit = &result->credits[i];
        struct slice field = credit->field == TAG_TITLE ? article->title : article->body;
        check_must(credit->start >= end && credit->start < credit->end);
        size_t start = advance(field, 0, credit->start);
        size_t stop = advance(field, start, credit->end - credit->start);
        check_must(slice_equal(credit->exact, slice_from(field.ptr + start, stop - start)));
        for (size_t n = 0; n < credit->name_count; n++)
            check_must(credit->names[n].len && utf8_is_valid(credit->names[n]));
        end = credit->end;
    }
}

static void check_stretches(const struct article *article, const struct tag_result *result)
{
    uint32_t end = 0;
    for (size_t i = 0; i < result->stretch_count; i++) {
        const struct tag_stretch *stretch = &result->stretches[i];
        check_must(stretch->start >= end && stretch->start < stretch->end);
        check_must(stretch->language.len && !slice_equal(stretch->language, result->language));
        check_must(stretch->confidence >= 0 && stretch->confidence <= 1);
        (void)advance(article->body, 0, stretch->end);
        end = stretch->end;
    }
}

static void check_result(const struct article *article, const struct tag_result *result)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    check_must(edit_apply(&text, result->edits, article->body) == 0);
    check_must(slice_equal(buf_slice(&text), result->text) && utf8_is_valid(result->text));
    buf_fini(&text);
    check_credits(article, result);
    check_stretches(article, result);
    check_must(result->language.len && result->confidence >= 0 && result->confidence <= 1);
    for (size_t i = 0; i < result->entity_count; i++) {
        check_entity(article, &result->entities[i]);
        for (size_t j = 0; j < i; j++)
            check_must(!slice_equal(result->entities[i].id, result->entities[j].id));
    }
}

// What a worker would send of it passes the daemon's check.
static void check_record(const struct tagger *tagger, const struct tag_result *result)
{
    struct buf keys, data, record;
    struct buf *all[] = {&keys, &data, &record};
    for (size_t i = 0; i < 3; i++)
        buf_init(all[i], SIZE_MAX);
    struct result sent = {.status = RESULT_TAGGED, .edits = result->edits}, received;
    sent.key_count = event_put_keys(&keys, result);
    event_put_data(&data, result, tagger_lexicon_id(tagger));
    sent.keys = buf_slice(&keys);
    sent.data = buf_slice(&data);
    result_encode(&record, &sent);
    check_must(result_decode(buf_slice(&record), &received, NULL) == 0);
    for (size_t i = 0; i < 3; i++)
        buf_fini(all[i]);
}

static bool tag(const struct tagger *tagger, const struct article *article, struct arena *arena,
                struct buf *line)
{
    struct err err = {0};
    struct tag_result result;
    arena_reset(arena);
    if (tagger_run(tagger, article, arena, &result, &err) < 0) {
        check_must(err.text[0]);
        return false;
    }
    check_result(article, &result);
    check_record(tagger, &result);
    buf_init(line, SIZE_MAX);
    check_must(event_put_line(line, article, &result, tagger_lexicon_id(tagger)) == 0);
    return true;
}

static const struct tagger *open_tagger(void)
{
    static struct tagger *tagger;
    const struct tagger_files files = {.lexicon = TELEX_FUZZ_LEXICON};
    struct err err = {0};
    check_must(tagger || tagger_open(&tagger, &files, NULL, &err) == 0);
    return tagger;
}

// Whatever passes article_check is tagged: mentions are where they say, the edits make the text,
// and a second time, in memory that was used before, gives the same bytes.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tagger *tagger = open_tagger();
    if (!size)
        return 0;
    struct article article = read_article(slice_from(data, size));
    if (article_check(&article, WIRE_BODY_MAX, NULL) != WIRE_OK)
        return 0;
    struct arena arena;
    struct buf once, again;
    arena_init(&arena, ARENA_MAX);
    if (tag(tagger, &article, &arena, &once)) {
        check_must(tag(tagger, &article, &arena, &again));
        check_must(slice_equal(buf_slice(&once), buf_slice(&again)));
        buf_fini(&again);
        buf_fini(&once);
    }
    arena_fini(&arena);
    return 0;
}
