#include "workers/tagger/event_json.h"

#include "proto/base/json.h"
#include "proto/wire/result.h"
#include "tests/unit/cmocka_all.h"

static const struct slice putin_spellings[] = {{"putin", 5}, {"vladimir putin", 14}};
static const struct tag_mention mentions[] = {
    {TAG_TITLE, 0, 5, {"Putin", 5}, {"Putin", 5}, {NULL, 0}, 1},
    {TAG_BODY, 3, 11, {"\"Putin\"\n", 8}, {"Putin", 5}, {NULL, 0}, 0.5},
};
static const struct tag_alternative alternatives[] = {
    {{"Q1", 2}, {"Y", 1}, TAG_PLACE, 0.25},
    {{"local:p-y", 9}, {"Y", 1}, TAG_PERSON, 0.1},
};
static const struct tag_entity entities[] = {
    {.id = {"Q7747", 5},
     .type = TAG_PERSON,
     .name = {"Vladimir Putin", 14},
     .confidence = 0.97,
     .mentions = mentions,
     .mention_count = 2,
     .spellings = putin_spellings,
     .spelling_count = 2},
    {.id = {"local:p-x", 9},
     .type = TAG_OTHER,
     .name = {"X", 1},
     .confidence = 0.6,
     .alternatives = alternatives,
     .alternative_count = 2,
     .mentions = mentions,
     .mention_count = 1},
};

static struct tag_result make_result(double confidence)
{
    return (struct tag_result){.language = slice_from_text("pl"),
                               .confidence = confidence,
                               .text = slice_from_text("Ala\n\"ma\" kota."),
                               .entities = entities,
                               .entity_count = 2};
}

static void test_data(void **state)
{
    (void)state;
    struct buf out;
    struct tag_result result = make_result(0.98);
    buf_init(&out, 4096);
    event_put_data(&out, &result, "2026-01-01-abcd");
    const char *wanted =
        "{\"language\":{\"tag\":\"pl\",\"confidence\":0.98},\"entities\":["
        "{\"id\":\"Q7747\",\"type\":\"person\",\"name\":\"Vladimir Putin\",\"confidence\":0.97,"
        "\"mentions\":[{\"field\":\"title\",\"start\":0,\"end\":5,\"exact\":\"Putin\","
        "\"base\":\"Putin\",\"confidence\":1},{\"field\":\"body\",\"start\":3,\"end\":11,"
        "\"exact\":\"\\\"Putin\\\"\\n\",\"base\":\"Putin\",\"confidence\":0.5}]},"
        "{\"id\":\"local:p-x\",\"type\":\"other\",\"name\":\"X\",\"confidence\":0.6,"
        "\"alternatives\":[{\"id\":\"Q1\",\"type\":\"place\",\"name\":\"Y\",\"score\":0.25},"
        "{\"id\":\"local:p-y\",\"type\":\"person\",\"name\":\"Y\",\"score\":0.1}],"
        "\"mentions\":[{\"field\":\"title\",\"start\":0,\"end\":5,\"exact\":\"Putin\","
        "\"base\":\"Putin\",\"confidence\":1}]}],\"tagger\":{\"version\":\"" TAGGER_VERSION
        "\",\"lexicon\":\"2026-01-01-abcd\"}}";
    assert_true(slice_equal(buf_slice(&out), slice_from_text(wanted)));
    buf_fini(&out);
}

static void test_credits(void **state)
{
    (void)state;
    static const struct slice names[] = {{"Reuters", 7}, {"PAP", 3}};
    static const struct tag_credit credits[] = {
        {TAG_BODY, 7, 20, {"Reuters / PAP", 13}, names, 2},
        {TAG_BODY, 22, 29, {"kno/ x/", 7}, names, 0},
    };
    struct buf out;
    struct tag_result result = make_result(1);
    result.entity_count = 0;
    result.credits = credits;
    result.credit_count = 2;
    buf_init(&out, 4096);
    event_put_data(&out, &result, "x");
    const char *wanted =
        "{\"language\":{\"tag\":\"pl\",\"confidence\":1},\"entities\":[],\"credits\":[{"
        "\"field\":\"body\",\"start\":7,\"end\":20,\"exact\":\"Reuters / PAP\",\"names\":["
        "\"Reuters\",\"PAP\"]},{\"field\":\"body\",\"start\":22,\"end\":29,\"exact\":\"kno/ x/\","
        "\"names\":[]}],\"tagger\":{\"version\":\"" TAGGER_VERSION "\",\"lexicon\":\"x\"}}";
    assert_true(slice_equal(buf_slice(&out), slice_from_text(wanted)));
    buf_fini(&out);
}

static void test_languages_of_paragraphs(void **state)
{
    (void)state;
    static const struct tag_stretch stretches[] = {{7, 20, {"en", 2}, 0.97},
                                                   {22, 29, {"de", 2}, 1}};
    struct buf out;
    struct tag_result result = make_result(1);
    result.stretches = stretches;
    result.stretch_count = 2;
    buf_init(&out, 4096);
    event_put_data(&out, &result, "x");
    buf_put(&out, "", 1);
    assert_non_null(strstr(
        out.ptr, "{\"language\":{\"tag\":\"pl\",\"confidence\":1,\"paragraphs\":[{\"start\":7,"
                 "\"end\":20,\"tag\":\"en\",\"confidence\":0.97},{\"start\":22,\"end\":29,"
                 "\"tag\":\"de\",\"confidence\":1}]},\"entities\""));
    buf_fini(&out);
}

static void test_confidence_digits(void **state)
{
    (void)state;
    static const struct {
        double confidence;
        const char *text;
    } cases[] = {{0, ":0}"}, {1, ":1}"}, {0.5, ":0.5}"}, {0.987, ":0.987}"}, {0.05, ":0.05}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        struct tag_result result = make_result(cases[i].confidence);
        buf_init(&out, 4096);
        event_put_data(&out, &result, "x");
        buf_put(&out, "", 1);
        assert_non_null(strstr(out.ptr, cases[i].text));
        buf_fini(&out);
    }
}

static void test_line_is_a_cloud_event(void **state)
{
    (void)state;
    struct buf out;
    struct tag_result result = make_result(0.98);
    const struct article article = {.uri = slice_from_text("urn:x:1"),
                                    .title = slice_from_text("Putin"),
                                    .published = slice_from_text("2017-07-08T10:00:00+02:00"),
                                    .body = slice_from_text("Ala")};
    buf_init(&out, 4096);
    assert_int_equal(event_put_line(&out, &article, &result, "x"), 0);
    json_t *event = json_parse(buf_slice(&out), NULL);
    assert_non_null(event);
    assert_string_equal(json_string_value(json_object_get(event, "specversion")), "1.0");
    assert_string_equal(json_string_value(json_object_get(event, "type")), "telex.article.tagged");
    assert_string_equal(json_string_value(json_object_get(event, "subject")), "urn:x:1");
    assert_string_equal(json_string_value(json_object_get(event, "time")),
                        "2017-07-08T08:00:00.000Z");
    assert_int_equal(json_string_length(json_object_get(event, "id")), 32);
    json_t *data = json_object_get(event, "data");
    assert_string_equal(json_string_value(json_object_get(data, "text")), "Ala\n\"ma\" kota.");
    assert_string_equal(json_string_value(json_object_get(data, "published")),
                        "2017-07-08T10:00:00+02:00");
    assert_null(json_object_get(data, "offset"));
    assert_null(json_object_get(data, "source"));
    assert_null(json_object_get(event, "sequence"));
    json_decref(event);
    buf_fini(&out);
}

static void test_unknown_time_is_the_epoch(void **state)
{
    (void)state;
    struct buf out;
    struct tag_result result = make_result(0.98);
    const struct article article = {.uri = slice_from_text("urn:x:1"),
                                    .published = slice_from_text("last Tuesday"),
                                    .body = slice_from_text("Ala")};
    buf_init(&out, 4096);
    assert_int_equal(event_put_line(&out, &article, &result, "x"), 0);
    buf_put(&out, "", 1);
    assert_non_null(strstr(out.ptr, "\"time\":\"1970-01-01T00:00:00.000Z\""));
    buf_fini(&out);
}

static void test_keys_fit_the_record(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static struct tag_entity many[MANY];
    static char long_name[1000];
    memset(long_name, 'n', sizeof long_name);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = entities[0];
        many[i].name = slice_from(long_name, sizeof long_name);
    }
    for (size_t count = 0; count <= MANY; count += 1250) {
        struct tag_result tags = make_result(0.98);
        tags.entities = many;
        tags.entity_count = count;
        struct buf keys, record;
        buf_init(&keys, 4 << 20);
        buf_init(&record, 8 << 20);
        struct result result = {.key_count = event_put_keys(&keys, &tags),
                                .keys = buf_slice(&keys),
                                .data = slice_from_text("{}")};
        assert_true(result.key_count >=
                    1 + (count < RESULT_KEYS_MAX ? count : RESULT_KEYS_MAX - 1));
        result_encode(&record, &result);
        struct result decoded;
        struct err err = {0};
        assert_int_equal(result_decode(buf_slice(&record), &decoded, &err), 0);
        buf_fini(&keys);
        buf_fini(&record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_languages_of_paragraphs),
        cmocka_unit_test(test_confidence_digits),
        cmocka_unit_test(test_line_is_a_cloud_event),
        cmocka_unit_test(test_unknown_time_is_the_epoch),
        cmocka_unit_test(test_keys_fit_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
