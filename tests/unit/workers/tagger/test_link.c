// Linking, whoever found the names: the spans here are put where a test says.
#include "workers/tagger/link.h"

#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/explain.h"

static struct lexicon *lexicon;
static struct arena arena;
static struct text texts[LINK_FIELDS];
static struct words fields[LINK_FIELDS];
static struct spans spans[LINK_FIELDS];
static struct linker linker;

static int set_up(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    arena_init(&arena, 64 << 20);
    if (lexicon_open(&lexicon, TELEX_TEST_LEXICON, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lexicon_close(lexicon);
    arena_fini(&arena);
    return 0;
}

static void begin(const char *language, const char *body)
{
    static const char *const none = "";
    struct slice tag = slice_from_text(language);
    arena_reset(&arena);
    for (size_t f = 0; f < LINK_FIELDS; f++) {
        struct slice text = slice_from_text(f == 0 ? none : body);
        assert_int_equal(text_prepare(&texts[f], (enum tag_field)f, text, tag, false, &arena), 0);
        assert_int_equal(words_prepare(&fields[f], lexicon, &texts[f], tag, &arena), 0);
        spans[f] = (struct spans){.capacity = fields[f].count};
        spans[f].at = arena_alloc_array(&arena, fields[f].count + 1, sizeof *spans[f].at);
    }
}

// The words of occurrence `nth` (from 0) of a name are a name of this type.
static void name_nth(const char *name, enum tag_type type, size_t nth)
{
    const struct words *words = &fields[TAG_BODY];
    struct slice wanted = slice_from_text(name);
    for (size_t i = 0; i < words->count; i++) {
        const char *start = words->text->normalised.ptr + words->at[i].start;
        if (words->at[i].start + wanted.len > words->text->normalised.len ||
            memcmp(start, wanted.ptr, wanted.len) != 0 || nth-- > 0)
            continue;
        struct span span = {.first = (uint32_t)i,
                            .count = 1,
                            .type = type,
                            .entity = LEXICON_NONE,
                            .flags = SPAN_GUESS,
                            .sure = 1};
        while (words->at[i + span.count - 1].end < words->at[i].start + wanted.len)
            span.count++;
        spans_add(&spans[TAG_BODY], &fields[TAG_BODY], span);
        return;
    }
    fail_msg("no %s", name);
}

static void name(const char *text, enum tag_type type)
{
    name_nth(text, type, 0);
}

static void run(void)
{
    linker = (struct linker){.lexicon = lexicon, .arena = &arena, .fields = fields, .spans = spans};
    assert_int_equal(link_entities(&linker), 0);
}

static const struct span *span_of(const char *text)
{
    const struct words *words = &fields[TAG_BODY];
    for (size_t i = 0; i < spans[TAG_BODY].count; i++) {
        const struct span *span = &spans[TAG_BODY].at[i];
        uint32_t start = words->at[span->first].start;
        uint32_t end = words->at[span->first + span->count - 1].end;
        struct slice exact = slice_from(words->text->normalised.ptr + start, end - start);
        if (!(span->flags & SPAN_DROPPED) && slice_is(exact, text))
            return span;
    }
    fail_msg("%s is no name", text);
    return NULL;
}

static const struct linked_entity *entity_of(const char *text)
{
    return &linker.groups[span_of(text)->group];
}

static void assert_id(const char *text, const char *id)
{
    struct slice found = entity_of(text)->id;
    if (!slice_is(found, id))
        fail_msg("%s is %.*s", text, (int)found.len, found.ptr);
}

static void assert_base(const char *text, const char *base)
{
    struct slice found = span_of(text)->base;
    if (!slice_is(found, base))
        fail_msg("%s has base %.*s", text, (int)found.len, found.ptr);
}

static void assert_same(const char *a, const char *b)
{
    if (span_of(a)->group != span_of(b)->group)
        fail_msg("%s is %.*s, %s is %.*s", a, (int)entity_of(a)->id.len, entity_of(a)->id.ptr, b,
                 (int)entity_of(b)->id.len, entity_of(b)->id.ptr);
}

static void test_surname_initial_and_given_name(void **state)
{
    (void)state;
    begin("pl",
          "Kenny Wolański mówił o tym. Potem K. Wolańskiego pytano, a Wolańskiemu i Kenny'emu "
          "dziękowano. M. Wolański milczał.");
    name("Kenny Wolański", TAG_PERSON);
    name("K. Wolańskiego", TAG_PERSON);
    name("Wolańskiemu", TAG_PERSON);
    name("Kenny'emu", TAG_PERSON);
    name("M. Wolański", TAG_PERSON);
    run();
    assert_id("Kenny Wolański", "local:p-keni-volanski");
    assert_same("Kenny Wolański", "K. Wolańskiego");
    assert_same("Kenny Wolański", "Wolańskiemu");
    assert_same("Kenny Wolański", "Kenny'emu");
    assert_true(span_of("M. Wolański")->group != span_of("Kenny Wolański")->group);
    assert_base("K. Wolańskiego", "K. Wolański");
    assert_base("Wolańskiemu", "Wolański");
}

static void test_two_of_one_surname_are_alternatives(void **state)
{
    (void)state;
    begin("en", "Kenny Wolanski met Mary Wolanski. Later Wolanski spoke; M. Wolanski did not.");
    name("Kenny Wolanski", TAG_PERSON);
    name("Mary Wolanski", TAG_PERSON);
    name("M. Wolanski", TAG_PERSON);
    name_nth("Wolanski", TAG_PERSON, 2);
    run();
    assert_same("M. Wolanski", "Mary Wolanski");
    assert_same("Wolanski", "Kenny Wolanski");
    assert_true(slice_is(span_of("Wolanski")->rival_name, "Mary Wolanski"));
    assert_int_equal(span_of("M. Wolanski")->rival_name.len, 0);
}

static void test_surname_of_two_words(void **state)
{
    (void)state;
    begin("en", "Maria Halpern Wolanski spoke. Later Halpern Wolanski left.");
    name("Maria Halpern Wolanski", TAG_PERSON);
    name_nth("Halpern Wolanski", TAG_PERSON, 1);
    run();
    assert_same("Halpern Wolanski", "Maria Halpern Wolanski");
    assert_base("Halpern Wolanski", "Halpern Wolanski");
}

static void test_acronyms(void **state)
{
    (void)state;
    begin("en", "The Zonal Dairy Board of Fenmark (ZODAFE) met. ZODAFE and ZDB agreed.");
    name("Zonal Dairy Board of Fenmark", TAG_ORGANISATION);
    name("ZODAFE", TAG_ORGANISATION);
    name_nth("ZODAFE", TAG_ORGANISATION, 1);
    name("ZDB", TAG_ORGANISATION);
    run();
    assert_same("Zonal Dairy Board of Fenmark", "ZODAFE");
    assert_int_equal(linker.group_count, 2);
    assert_id("ZDB", "local:o-zdb"); // the initials are ZDBF
}

static void test_known_acronym_explains_a_name(void **state)
{
    (void)state;
    begin("de", "Die Organisation der Vereinten Völkerschaften (UNESCO) tagte.");
    name("Organisation der Vereinten Völkerschaften", TAG_ORGANISATION);
    name("UNESCO", TAG_ORGANISATION);
    run();
    assert_id("Organisation der Vereinten Völkerschaften", "Q7809");
}

static void test_part_of_a_name(void **state)
{
    (void)state;
    begin("pl",
          "Komisja Europejska radzi. Komisji to nie dziwi. Fenmark 2 nie jest nim, Fenmark też.");
    name("Komisja Europejska", TAG_ORGANISATION);
    name("Komisji", TAG_ORGANISATION);
    name("Fenmark 2", TAG_ORGANISATION);
    name_nth("Fenmark", TAG_ORGANISATION, 1);
    run();
    assert_id("Komisji", "Q8880");
    assert_id("Fenmark", "local:o-venmark");
    assert_id("Fenmark 2", "local:o-venmark-2");
}

static void test_spans_of_any_finder_meet_the_lexicon(void **state)
{
    (void)state;
    begin("pl", "Rozmawiał z Siergiejem Ławrowem i Siergeiem Lawrowem w Moskwie.");
    name("Siergiejem Ławrowem", TAG_PERSON);
    name("Siergeiem Lawrowem", TAG_PERSON);
    name("Moskwie", TAG_PLACE);
    run();
    assert_id("Siergiejem Ławrowem", "Q58217");
    assert_id("Siergeiem Lawrowem", "Q58217");
    assert_base("Siergiejem Ławrowem", "Siergiej Ławrow");
    assert_base("Moskwie", "Moskwa");
}

static void test_a_type_is_not_overruled(void **state)
{
    (void)state;
    begin("en", "The club Moskwa Fenmark won.");
    name("Moskwa Fenmark", TAG_ORGANISATION);
    run();
    assert_int_equal(entity_of("Moskwa Fenmark")->type, TAG_ORGANISATION);
    begin("en", "The band Warsaw played.");
    name("Warsaw", TAG_ORGANISATION);
    run();
    assert_id("Warsaw", "local:o-varsav");
}

// One unknown person, as each language writes and inflects the name.
static void test_languages_meet_in_one_id(void **state)
{
    (void)state;
    static const struct {
        const char *language, *body, *name;
    } cases[] = {
        {"pl", "Rozmawiano o Konstantinie Brusowie.", "Konstantinie Brusowie"},
        {"pl", "Potem z Konstantinem Brusowem mówiono.", "Konstantinem Brusowem"},
        {"de", "Es sprach Konstantin Brusow.", "Konstantin Brusow"},
        {"en", "Then Konstantin Brusov spoke.", "Konstantin Brusov"},
        {"ru", "Говорили о Константине Брусове.", "Константине Брусове"},
        {"ru", "Беседа с Константином Брусовым.", "Константином Брусовым"},
        {"cs", "Mluvil s Konstantinem Brusovem.", "Konstantinem Brusovem"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(cases[i].language, cases[i].body);
        name(cases[i].name, TAG_PERSON);
        run();
        assert_id(cases[i].name, "local:p-konstantin-brusov");
    }
}

// An unknown institution is known by what it is and by its place, in any language.
static void test_institutions_meet_in_one_id(void **state)
{
    (void)state;
    static const struct {
        const char *language, *body, *name, *id;
    } cases[] = {
        {"en", "at the University of Greifswald", "University of Greifswald", "greivsvald"},
        {"de", "an der Universität Greifswald", "Universität Greifswald", "greivsvald"},
        {"pl", "na Uniwersytecie w Greifswaldzie", "Uniwersytecie w Greifswaldzie", "greivsvald"},
        {"de", "an der Technischen Universität Chemnitz", "Technischen Universität Chemnitz", NULL},
        {"pl", "na Politechnice w Chemnitz", "Politechnice w Chemnitz", NULL},
        {"en", "at the Technical University of Chemnitz", "Technical University of Chemnitz", NULL},
    };
    char technical[64] = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(cases[i].language, cases[i].body);
        name(cases[i].name, TAG_ORGANISATION);
        run();
        struct slice id = entity_of(cases[i].name)->id;
        if (!technical[0] && !cases[i].id)
            snprintf(technical, sizeof technical, "%.*s", (int)id.len, id.ptr);
        assert_id(cases[i].name, cases[i].id ? "local:o-universiti-ov-greivsvald" : technical);
    }
    assert_string_equal(technical, "local:o-tehnikal-universiti-ov-hemnis");
}

// What has no place, or where English has the place first, is known by its name alone.
static void test_other_universities_stay_apart(void **state)
{
    (void)state;
    begin("en", "the University of Nowhereabouts and Greifswald University met");
    name("University of Nowhereabouts", TAG_ORGANISATION);
    name("Greifswald University", TAG_ORGANISATION);
    run();
    assert_id("University of Nowhereabouts", "local:o-universiti-ov-novhereabus");
    assert_id("Greifswald University", "local:o-greivsvald-universiti");
}

// A man's given name in -a, and a woman's that has no cases.
static void test_pairs_that_do_not_agree(void **state)
{
    (void)state;
    begin("pl", "Zatrzymano Tetsuyę Yamazagiego, pełnomocnika Miriam Zbrzyckiej.");
    name("Tetsuyę Yamazagiego", TAG_PERSON);
    name("Miriam Zbrzyckiej", TAG_PERSON);
    run();
    assert_base("Tetsuyę Yamazagiego", "Tetsuya Yamazagi");
    assert_base("Miriam Zbrzyckiej", "Miriam Zbrzycka");
}

static void test_towns_of_one_name_are_alternatives(void **state)
{
    (void)state;
    begin("en", "He lives in Alexandria now.");
    name("Alexandria", TAG_PLACE);
    run();
    const struct belief *belief = &entity_of("Alexandria")->belief;
    assert_in_range(belief->count, 1, BELIEF_ALTERNATIVES_MAX);
    assert_true(belief->confidence > belief->alternatives[0].score);
    assert_int_equal(belief->alternatives[0].type, TAG_PLACE);
}

static void assert_says(const char *text, const char *wanted)
{
    struct slice why = explain_span(lexicon, &fields[TAG_BODY], span_of(text), &arena);
    if (!memmem(why.ptr, why.len, wanted, strlen(wanted)))
        fail_msg("%s: %.*s", text, (int)why.len, why.ptr);
}

static void test_explanations(void **state)
{
    (void)state;
    begin("pl", "Kenny Wolański i Wolańskiemu w Moskwie.");
    name("Kenny Wolański", TAG_PERSON);
    name("Wolańskiemu", TAG_PERSON);
    name("Moskwie", TAG_PLACE);
    run();
    assert_says("Kenny Wolański", "names model (1.000)");
    assert_says("Kenny Wolański", "not in the lexicon");
    assert_says("Wolańskiemu", "is a form of Wolański (dative");
    assert_says("Wolańskiemu", "surname of Kenny Wolański");
    assert_says("Moskwie", "a form of Moskwa");
    assert_says("Moskwie", "the lexicon has Q649 (weight 9, share ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surname_initial_and_given_name),
        cmocka_unit_test(test_two_of_one_surname_are_alternatives),
        cmocka_unit_test(test_surname_of_two_words),
        cmocka_unit_test(test_acronyms),
        cmocka_unit_test(test_known_acronym_explains_a_name),
        cmocka_unit_test(test_part_of_a_name),
        cmocka_unit_test(test_spans_of_any_finder_meet_the_lexicon),
        cmocka_unit_test(test_a_type_is_not_overruled),
        cmocka_unit_test(test_languages_meet_in_one_id),
        cmocka_unit_test(test_institutions_meet_in_one_id),
        cmocka_unit_test(test_other_universities_stay_apart),
        cmocka_unit_test(test_pairs_that_do_not_agree),
        cmocka_unit_test(test_towns_of_one_name_are_alternatives),
        cmocka_unit_test(test_explanations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
