// Names in whole texts, with the lexicon that is shipped.
#include "workers/tagger/names.h"

#include <stdio.h>

#include "tests/unit/cmocka_all.h"

static struct lexicon *lexicon;
static struct model *model;
static struct recogniser recogniser;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    arena_init(&arena, 64 << 20);
    if (lexicon_open(&lexicon, TELEX_TEST_LEXICON, &err) < 0)
        fail_msg("%s", err.text);
    if (model_open(&model, TELEX_TEST_MODEL, &err) < 0)
        fail_msg("%s", err.text);
    recogniser = (struct recogniser){.lexicon = lexicon, .model = model};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lexicon_close(lexicon);
    model_close(model);
    arena_fini(&arena);
    return 0;
}

static struct tag_result find(const char *language, const char *body)
{
    struct text fields[2];
    struct tag_result result = {.entity_count = 0};
    struct slice tag = slice_from_text(language);
    arena_reset(&arena);
    assert_int_equal(text_prepare(&fields[0], TAG_TITLE, slice_from_text(""), tag, false, &arena),
                     0);
    assert_int_equal(text_prepare(&fields[1], TAG_BODY, slice_from_text(body), tag, false, &arena),
                     0);
    assert_int_equal(names_find(&recogniser, &fields[0], &fields[1], tag, &arena, &result), 0);
    return result;
}

static const struct tag_mention *mention_of(const struct tag_result *result, const char *exact,
                                            const struct tag_entity **entity)
{
    for (size_t i = 0; i < result->entity_count; i++)
        for (size_t j = 0; j < result->entities[i].mention_count; j++)
            if (slice_is(result->entities[i].mentions[j].exact, exact)) {
                *entity = &result->entities[i];
                return &result->entities[i].mentions[j];
            }
    return NULL;
}

struct expected {
    const char *exact, *base, *id;
    enum tag_type type;
};

static void assert_found(const char *language, const char *body, const struct expected *expected,
                         size_t count)
{
    struct tag_result result = find(language, body);
    for (size_t i = 0; i < count; i++) {
        const struct tag_entity *entity = NULL;
        const struct tag_mention *mention = mention_of(&result, expected[i].exact, &entity);
        if (!mention)
            fail_msg("%s: not found in: %s", expected[i].exact, body);
        if (!slice_is(mention->base, expected[i].base))
            fail_msg("%s: base %.*s", expected[i].exact, (int)mention->base.len, mention->base.ptr);
        if (expected[i].id && !slice_is(entity->id, expected[i].id))
            fail_msg("%s: id %.*s", expected[i].exact, (int)entity->id.len, entity->id.ptr);
        assert_int_equal(entity->type, expected[i].type);
    }
}

#define ASSERT_FOUND(language, body, ...)                                                          \
    do {                                                                                           \
        const struct expected list[] = {__VA_ARGS__};                                              \
        assert_found(language, body, list, sizeof list / sizeof *list);                            \
    } while (0)

static void assert_nothing(const char *language, const char *body)
{
    struct tag_result result = find(language, body);
    if (result.entity_count)
        fail_msg("found %.*s in: %s", (int)result.entities[0].mentions[0].exact.len,
                 result.entities[0].mentions[0].exact.ptr, body);
}

static void test_polish_inflection(void **state)
{
    (void)state;
    ASSERT_FOUND("pl",
                 "Rozmawiał z Siergiejem Ławrowem i Angelą Merkel o sytuacji w Moskwie. "
                 "Według Białego Domu prezydent spotka się z Donaldem Trumpem w Niemczech.",
                 {"Siergiejem Ławrowem", "Siergiej Ławrow", "Q58217", TAG_PERSON},
                 {"Angelą Merkel", "Angela Merkel", "Q567", TAG_PERSON},
                 {"Moskwie", "Moskwa", "Q649", TAG_PLACE},
                 {"Białego Domu", "Biały Dom", "Q35525", TAG_PLACE},
                 {"Donaldem Trumpem", "Donald Trump", "Q22686", TAG_PERSON},
                 {"Niemczech", "Niemcy", "Q183", TAG_PLACE});
}

static void test_german_inflection_and_compounds(void **state)
{
    (void)state;
    ASSERT_FOUND(
        "de",
        "Der Sprecher des Weißen Hauses sagte, Putins Besuch beim G20-Gipfel sei für den "
        "Südwesten Syriens wichtig. Der US-Präsident traf Vertreter der Europäischen Union.",
        {"Weißen Hauses", "Weißes Haus", "Q35525", TAG_PLACE},
        {"Putins", "Putin", "Q7747", TAG_PERSON}, {"G20", "G20", "Q19771", TAG_ORGANISATION},
        {"Syriens", "Syrien", "Q858", TAG_PLACE}, {"US", "US", "Q30", TAG_PLACE},
        {"Europäischen Union", "Europäische Union", "Q458", TAG_ORGANISATION});
}

static void test_english(void **state)
{
    (void)state;
    ASSERT_FOUND("en",
                 "Trump's meeting with Foreign Minister Sergey Lavrov was held in the White House, "
                 "the U.S. State Department said. The WHO and the IMF were told.",
                 {"Trump", "Trump", "Q22686", TAG_PERSON},
                 {"Sergey Lavrov", "Sergey Lavrov", "Q58217", TAG_PERSON},
                 {"White House", "White House", "Q35525", TAG_PLACE},
                 {"WHO", "WHO", "Q7817", TAG_ORGANISATION},
                 {"IMF", "IMF", "Q7804", TAG_ORGANISATION});
}

static void test_longest_name_wins(void **state)
{
    (void)state;
    struct tag_result result = find("en", "The European Parliament met in Strasbourg.");
    assert_int_equal(result.entity_count, 2);
    assert_true(slice_is(result.entities[0].id, "Q8889"));
    result = find("pl", "Decyzję podjęła Rada Bezpieczeństwa ONZ.");
    assert_int_equal(result.entity_count, 1);
    assert_true(slice_is(result.entities[0].id, "Q37470"));
}

static void test_acronyms_need_their_capitals(void **state)
{
    (void)state;
    assert_nothing("en", "They asked us who did it.");
    assert_nothing("pl", "Zgubił pis i po chwili go znalazł.");
}

static void test_unknown_persons(void **state)
{
    (void)state;
    ASSERT_FOUND("pl",
                 "Minister rozmawiał z Grażyną Zawadowską. Jak dodała Zawadowska, woda opada. "
                 "Opinię Zawadowskiej podzielił Marek Wolański.",
                 {"Grażyną Zawadowską", "Grażyna Zawadowska", NULL, TAG_PERSON},
                 {"Zawadowska", "Zawadowska", NULL, TAG_PERSON},
                 {"Zawadowskiej", "Zawadowska", NULL, TAG_PERSON},
                 {"Marek Wolański", "Marek Wolański", NULL, TAG_PERSON});
    struct tag_result result = find("pl", "Spotkał Grażynę Zawadowską. Zawadowska milczała.");
    assert_int_equal(result.entity_count, 1);
    assert_int_equal(result.entities[0].mention_count, 2);
}

static void test_one_local_id_in_all_languages(void **state)
{
    (void)state;
    static const struct {
        const char *language, *body;
    } texts[] = {
        {"pl", "Powiedział to minister Aleksiej Gorochow. Spotkał się z Aleksiejem Gorochowem."},
        {"de", "Das sagte der Minister Alexej Gorochow."},
        {"en", "Minister Alexei Gorokhov said so."},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct tag_result result = find(texts[i].language, texts[i].body);
        assert_int_equal(result.entity_count, 1);
        assert_int_equal(result.entities[0].type, TAG_PERSON);
        assert_memory_equal(result.entities[0].id.ptr, "local:p-", 8);
    }
}

static void test_transliterations_and_typing_errors(void **state)
{
    (void)state;
    ASSERT_FOUND("pl", "Minister Siergiej Łavrow rozmawiał z prezydentem Emanuelem Macronem.",
                 {"Siergiej Łavrow", "Siergiej Łavrow", "Q58217", TAG_PERSON},
                 {"Emanuelem Macronem", "Emmanuel Macron", "Q3052772", TAG_PERSON});
    ASSERT_FOUND("en", "Wolodymyr Selenskij met Angella Merkel and Jens Stoltenburg.",
                 {"Wolodymyr Selenskij", "Wolodymyr Selenskij", "Q3874799", TAG_PERSON},
                 {"Angella Merkel", "Angela Merkel", "Q567", TAG_PERSON},
                 {"Jens Stoltenburg", "Jens Stoltenberg", "Q57665", TAG_PERSON});
}

static void test_polish_organisations_in_dictionary_form(void **state)
{
    (void)state;
    ASSERT_FOUND("pl",
                 "Przedstawiciele Tatrzańskiego Związku Narciarskiego spotkali się na Półwyspie "
                 "Koreańskim z delegacją Rady Bezpieczeństwa.",
                 {"Tatrzańskiego Związku Narciarskiego", "Tatrzański Związek Narciarski", NULL,
                  TAG_ORGANISATION},
                 {"Półwyspie Koreańskim", "Półwysep Koreański", "Q483134", TAG_PLACE},
                 {"Rady Bezpieczeństwa", "Rada Bezpieczeństwa", "Q37470", TAG_ORGANISATION});
}

static void test_organisations_by_their_words(void **state)
{
    (void)state;
    ASSERT_FOUND(
        "en", "He works for the Lakeside Research Institute and for Brenner Holdings Ltd.",
        {"Lakeside Research Institute", "Lakeside Research Institute", NULL, TAG_ORGANISATION},
        {"Brenner Holdings Ltd", "Brenner Holdings Ltd", NULL, TAG_ORGANISATION});
}

static void test_what_is_no_name(void **state)
{
    (void)state;
    assert_nothing("pl", "W poniedziałek Rosjanie i Amerykanie rozmawiali po rosyjsku.");
    assert_nothing("en", "On Monday the Russian and American officials met again in May.");
    assert_nothing("de", "Am Montag haben die Russen und Amerikaner im Rahmen der Gespräche über "
                         "Sicherheit und Zusammenarbeit verhandelt.");
}

static void test_mentions_point_into_the_text(void **state)
{
    (void)state;
    static const char body[] = "Łódź: prezydent Żółkowski był w Łodzi, a Żółkowska w Gdańsku.";
    struct tag_result result = find("pl", body);
    for (size_t i = 0; i < result.entity_count; i++)
        for (size_t j = 0; j < result.entities[i].mention_count; j++) {
            const struct tag_mention *mention = &result.entities[i].mentions[j];
            size_t at = 0;
            for (uint32_t code = 0; code < mention->start; at++)
                code += (body[at + 1] & 0xc0) != 0x80;
            assert_memory_equal(body + at, mention->exact.ptr, mention->exact.len);
        }
    assert_true(result.entity_count >= 2);
}

static void test_same_input_same_output(void **state)
{
    (void)state;
    static const char body[] =
        "Anna Reuss traf Jens Weidmann in Köln, sagte Reuss. Weidmann schwieg.";
    struct tag_result first = find("de", body);
    char ids[4][64];
    size_t count = first.entity_count;
    assert_in_range(count, 2, 4);
    for (size_t i = 0; i < count; i++)
        snprintf(ids[i], sizeof ids[i], "%.*s", (int)first.entities[i].id.len,
                 first.entities[i].id.ptr);
    struct tag_result second = find("de", body);
    assert_int_equal(second.entity_count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(slice_is(second.entities[i].id, ids[i]));
}

static void test_full_arena_is_said(void **state)
{
    (void)state;
    struct text fields[2];
    struct tag_result result;
    struct slice tag = slice_from_text("en"), body = slice_from_text("Putin met Trump in Berlin.");
    arena_reset(&arena);
    assert_int_equal(text_prepare(&fields[0], TAG_TITLE, slice_from_text(""), tag, false, &arena),
                     0);
    assert_int_equal(text_prepare(&fields[1], TAG_BODY, body, tag, false, &arena), 0);
    for (size_t limit = 0; limit < 4096; limit += 512) {
        struct arena small;
        arena_init(&small, limit);
        assert_true(names_find(&recogniser, &fields[0], &fields[1], tag, &small, &result) < 0);
        arena_fini(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polish_inflection),
        cmocka_unit_test(test_german_inflection_and_compounds),
        cmocka_unit_test(test_english),
        cmocka_unit_test(test_longest_name_wins),
        cmocka_unit_test(test_acronyms_need_their_capitals),
        cmocka_unit_test(test_unknown_persons),
        cmocka_unit_test(test_one_local_id_in_all_languages),
        cmocka_unit_test(test_transliterations_and_typing_errors),
        cmocka_unit_test(test_polish_organisations_in_dictionary_form),
        cmocka_unit_test(test_organisations_by_their_words),
        cmocka_unit_test(test_what_is_no_name),
        cmocka_unit_test(test_mentions_point_into_the_text),
        cmocka_unit_test(test_same_input_same_output),
        cmocka_unit_test(test_full_arena_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
