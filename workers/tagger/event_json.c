#include "workers/tagger/event_json.h"

#include <errno.h>

#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/wire/result.h"

// Thousandths, without the zeros at the end: 0.98, 1, 0.
static void put_confidence(struct buf *out, double confidence)
{
    int thousandths = (int)(confidence * 1000 + 0.5);
    char digits[4] = {(char)('0' + thousandths / 100 % 10), (char)('0' + thousandths / 10 % 10),
                      (char)('0' + thousandths % 10), 0};
    size_t len = 3;
    while (len && digits[len - 1] == '0')
        len--;
    buf_put_byte(out, thousandths >= 1000 ? '1' : '0');
    if (thousandths >= 1000 || !len)
        return;
    buf_put_byte(out, '.');
    buf_put(out, digits, len);
}

static void put_tag(struct buf *out, struct slice language, double confidence)
{
    buf_put_text(out, "\"tag\":");
    json_put_string(out, language);
    buf_put_text(out, ",\"confidence\":");
    put_confidence(out, confidence);
}

static void put_stretch(struct buf *out, const struct tag_stretch *stretch)
{
    buf_put_text(out, "{\"start\":");
    buf_put_decimal(out, stretch->start);
    buf_put_text(out, ",\"end\":");
    buf_put_decimal(out, stretch->end);
    buf_put_byte(out, ',');
    put_tag(out, stretch->language, stretch->confidence);
    buf_put_byte(out, '}');
}

static void put_language(struct buf *out, const struct tag_result *result)
{
    buf_put_text(out, "\"language\":{");
    put_tag(out, result->language, result->confidence);
    for (size_t i = 0; i < result->stretch_count; i++) {
        buf_put_text(out, i ? "," : ",\"paragraphs\":[");
        put_stretch(out, &result->stretches[i]);
    }
    buf_put_text(out, result->stretch_count ? "]}" : "}");
}

// {"field":...,"start":...,"end":...,"exact":... without its end.
static void put_place(struct buf *out, enum tag_field field, uint32_t start, uint32_t end,
                      struct slice exact)
{
    buf_put_text(out, field == TAG_TITLE ? "{\"field\":\"title\",\"start\":"
                                         : "{\"field\":\"body\",\"start\":");
    buf_put_decimal(out, start);
    buf_put_text(out, ",\"end\":");
    buf_put_decimal(out, end);
    buf_put_text(out, ",\"exact\":");
    json_put_string(out, exact);
}

static void put_mention(struct buf *out, const struct tag_mention *mention)
{
    put_place(out, mention->field, mention->start, mention->end, mention->exact);
    buf_put_text(out, ",\"base\":");
    json_put_string(out, mention->base);
    buf_put_text(out, ",\"confidence\":");
    put_confidence(out, mention->confidence);
    if (mention->why.len) {
        buf_put_text(out, ",\"explain\":");
        json_put_string(out, mention->why);
    }
    buf_put_byte(out, '}');
}

static void put_entity_head(struct buf *out, struct slice id, enum tag_type type, struct slice name)
{
    buf_put_text(out, "{\"id\":");
    json_put_string(out, id);
    buf_put_text(out, ",\"type\":\"");
    buf_put_text(out, tag_type_name(type));
    buf_put_text(out, "\",\"name\":");
    json_put_string(out, name);
}

static void put_alternatives(struct buf *out, const struct tag_entity *entity)
{
    for (size_t i = 0; i < entity->alternative_count; i++) {
        const struct tag_alternative *alternative = &entity->alternatives[i];
        buf_put_text(out, i ? "," : ",\"alternatives\":[");
        put_entity_head(out, alternative->id, alternative->type, alternative->name);
        buf_put_text(out, ",\"score\":");
        put_confidence(out, alternative->score);
        buf_put_byte(out, '}');
    }
    if (entity->alternative_count)
        buf_put_byte(out, ']');
}

static void put_entity(struct buf *out, const struct tag_entity *entity)
{
    put_entity_head(out, entity->id, entity->type, entity->name);
    buf_put_text(out, ",\"confidence\":");
    put_confidence(out, entity->confidence);
    put_alternatives(out, entity);
    buf_put_text(out, ",\"mentions\":[");
    for (size_t i = 0; i < entity->mention_count; i++) {
        if (i)
            buf_put_byte(out, ',');
        put_mention(out, &entity->mentions[i]);
    }
    buf_put_text(out, "]}");
}

static void put_entities(struct buf *out, const struct tag_result *result)
{
    buf_put_text(out, "\"entities\":[");
    for (size_t i = 0; i < result->entity_count; i++) {
        if (i)
            buf_put_byte(out, ',');
        put_entity(out, &result->entities[i]);
    }
    buf_put_byte(out, ']');
}

static void put_credit(struct buf *out, const struct tag_credit *credit)
{
    put_place(out, credit->field, credit->start, credit->end, credit->exact);
    buf_put_text(out, ",\"names\":[");
    for (size_t i = 0; i < credit->name_count; i++) {
        if (i)
            buf_put_byte(out, ',');
        json_put_string(out, credit->names[i]);
    }
    buf_put_text(out, "]}");
}

// With the comma behind it; nothing when there are none.
static void put_credits(struct buf *out, const struct tag_result *result)
{
    for (size_t i = 0; i < result->credit_count; i++) {
        buf_put_text(out, i ? "," : "\"credits\":[");
        put_credit(out, &result->credits[i]);
    }
    if (result->credit_count)
        buf_put_text(out, "],");
}

static void put_tagger(struct buf *out, const char *lexicon_id)
{
    buf_put_text(out, "\"tagger\":{\"version\":\"" TAGGER_VERSION "\",\"lexicon\":");
    json_put_string(out, slice_from_text(lexicon_id));
    buf_put_byte(out, '}');
}

void event_put_data(struct buf *out, const struct tag_result *result, const char *lexicon_id)
{
    buf_put_byte(out, '{');
    put_language(out, result);
    buf_put_byte(out, ',');
    put_entities(out, result);
    buf_put_byte(out, ',');
    put_credits(out, result);
    put_tagger(out, lexicon_id);
    buf_put_byte(out, '}');
}

static void put_entity_key(struct buf *out, const struct tag_entity *entity)
{
    char bytes[RESULT_KEY_BYTES_MAX + 16];
    struct buf value = {.ptr = bytes, .capacity = sizeof bytes, .limit = sizeof bytes};
    buf_put_slice(&value, entity->id);
    buf_put_byte(&value, '\t');
    buf_put_text(&value, tag_type_name(entity->type));
    buf_put_byte(&value, '\t');
    struct slice name = entity->name.len ? entity->name : entity->id;
    size_t room = value.limit - value.len;
    buf_put(&value, name.ptr, name.len < room ? name.len : room); // cut at a code point below
    result_key_encode(out, KEY_ENTITY, buf_slice(&value));
}

uint32_t event_put_keys(struct buf *out, const struct tag_result *result)
{
    const size_t most = RESULT_KEYS_MAX;
    size_t entities = result->entity_count < most - 1 ? result->entity_count : most - 1;
    size_t spare = most - 1 - entities;
    uint32_t count = 1;
    result_key_encode(out, KEY_LANGUAGE, result->language);
    for (size_t i = 0; i < entities; i++) {
        const struct tag_entity *entity = &result->entities[i];
        put_entity_key(out, entity);
        count++;
        for (size_t s = 0; s < entity->spelling_count && spare; s++) {
            if (!entity->spellings[s].len)
                continue;
            result_key_encode(out, KEY_SPELLING, entity->spellings[s]);
            spare--;
            count++;
        }
    }
    return count;
}

static void put_member(struct buf *out, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_put_text(out, name);
    json_put_string(out, value);
}

static void put_head(struct buf *out, const struct article *article, struct hash128 hash)
{
    char id[HASH_HEX_BYTES], time[CLOCK_TEXT_BYTES];
    int64_t published = 0;
    hash128_format(hash, id);
    (void)clock_parse(article->published, &published);
    clock_format(published, time);
    buf_put_text(out, "{\"specversion\":\"1.0\",\"id\":\"");
    buf_put_text(out, id);
    buf_put_text(out, "\",\"source\":\"telex:tag\",\"type\":\"telex.article.tagged\"");
    put_member(out, ",\"subject\":", article->uri);
    buf_put_text(out, ",\"time\":\"");
    buf_put_text(out, time);
    buf_put_text(out, "\",\"datacontenttype\":\"application/json\",\"data\":{\"uri\":");
    json_put_string(out, article->uri);
}

int event_put_line(struct buf *out, const struct article *article, const struct tag_result *result,
                   const char *lexicon_id)
{
    struct hash128 hash;
    if (article_hash_of(article, &hash) < 0)
        return -ENOMEM;
    put_head(out, article, hash);
    put_member(out, ",\"title\":", article->title);
    put_member(out, ",\"source\":", article->source);
    put_member(out, ",\"published\":", article->published);
    buf_put_byte(out, ',');
    put_language(out, result);
    if (article->extracted)
        put_member(out, ",\"body\":", article->body);
    buf_put_text(out, ",\"text\":");
    json_put_string(out, result->text);
    buf_put_byte(out, ',');
    put_entities(out, result);
    buf_put_byte(out, ',');
    put_credits(out, result);
    put_tagger(out, lexicon_id);
    buf_put_text(out, "}}");
    return out->failed ? -ENOMEM : 0;
}
