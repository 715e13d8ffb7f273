// The user's names beside those of the lexicon that is shipped: who wins, and in which forms they
// are found.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/own_list.h"

static char path[64];
static struct tagger *tagger;
static struct arena arena;

static const char content[] = "acme:kowalpol\torganisation\tKowalpol|Kowalpol Polska\n"
                              "acme:iks\tperson\tJan Iksiński|Iksiński\n"
                              "acme:kowalowo\tplace\t\tKowalowo\tKowalau\n"
                              // Each of these is in the shipped lexicon, too.
                              "acme:berlin\torganisation\tBerlin\n"
                              "acme:tusk\tperson\tDonald Tusk\n"
                              "Q567\tother\tFrau Bundeskanzlerin\n"
                              "acme:north\torganisation\tYork Street Partners\n"
                              // Ordinary words.
                              "acme:signal\tproduct\tSignal\n"
                              "acme:zegar\tproduct\tZegar\n"
                              "acme:small\torganisation\tpolwan\n"
                              "acme:caps\torganisation\tKPX\n";

static void no_complaint_cb(size_t line, const char *text, void *arg)
{
    (void)arg;
    fail_msg("line %zu: %s", line, text);
}

static void compile(const char *text)
{
    struct own_list list;
    struct err err = {.text = ""};
    assert_int_equal(own_list_read(&list, slice_from_text(text), no_complaint_cb, NULL), 0);
    if (own_list_compile(&list, path, slice_from_text("2026-11-22"), &err) < 0)
        fail_msg("%s", err.text);
    own_list_fini(&list);
}

static void open_tagger(struct err *warning)
{
    struct err err = {.text = ""};
    const struct tagger_files files = {.lexicon = TELEX_TEST_LEXICON, .user_lexicon = path};
    if (tagger_open(&tagger, &files, warning, &err) < 0)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    (void)state;
    struct err warning;
    snprintf(path, sizeof path, "/tmp/telex-own-%d.tlx", (int)getpid());
    arena_init(&arena, 64 << 20);
    compile(content);
    open_tagger(&warning);
    assert_string_equal(warning.text, "");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tagger_close(tagger);
    arena_fini(&arena);
    unlink(path);
    return 0;
}

static struct tag_result run(const char *language, const char *body)
{
    struct article article = {.uri = slice_from_text("urn:t"),
                              .language = slice_from_text(language),
                              .body = slice_from_text(body)};
    struct tag_result result;
    struct err err = {.text = ""};
    arena_reset(&arena);
    if (tagger_run(tagger, &article, &arena, &result, &err) < 0)
        fail_msg("%s", err.text);
    return result;
}

// The id of the entity with the mention `exact`, and in *base its dictionary form; "" when it is
// none.
static struct slice id_of(const struct tag_result *result, const char *exact, struct slice *base)
{
    for (size_t i = 0; i < result->entity_count; i++)
        for (size_t k = 0; k < result->entities[i].mention_count; k++)
            if (slice_is(result->entities[i].mentions[k].exact, exact)) {
                *base = result->entities[i].mentions[k].base;
                return result->entities[i].id;
            }
    return slice_from_text("");
}

static void assert_id(const char *language, const char *body, const char *exact, const char *id,
                      const char *base)
{
    struct slice found_base = slice_from_text("");
    struct tag_result result = run(language, body);
    struct slice found = id_of(&result, exact, &found_base);
    if (!slice_is(found, id))
        fail_msg("%s in: %s is \"%.*s\", not \"%s\"", exact, body, (int)found.len, found.ptr, id);
    if (base && !slice_is(found_base, base))
        fail_msg("%s: base %.*s", exact, (int)found_base.len, found_base.ptr);
}

static void test_inflected_forms(void **state)
{
    (void)state;
    static const char pl[] =
        "Prezes Kowalpolu rozmawiał z Janem Iksińskim w Kowalowie o Kowalpolu Polska.";
    assert_id("pl", pl, "Kowalpolu", "acme:kowalpol", "Kowalpol");
    assert_id("pl", pl, "Janem Iksińskim", "acme:iks", "Jan Iksiński");
    assert_id("pl", pl, "Kowalowie", "acme:kowalowo", "Kowalowo");
    assert_id("pl", pl, "Kowalpolu Polska", "acme:kowalpol", "Kowalpol Polska");
    assert_id("pl", "Według Iksińskiego to nieprawda.", "Iksińskiego", "acme:iks", "Iksiński");
    static const char de[] = "Der Chef Kowalpols traf Jan Iksinski in Kowalau.";
    assert_id("de", de, "Kowalpols", "acme:kowalpol", "Kowalpol");
    assert_id("de", de, "Jan Iksinski", "acme:iks", NULL);
    assert_id("de", de, "Kowalau", "acme:kowalowo", "Kowalau");
    // A typing error in a person's name, as in those of the shipped lexicon.
    assert_id("pl", "Powiedział to Jan Iksiśki.", "Jan Iksiśki", "acme:iks", NULL);
}

static void test_users_names_go_first(void **state)
{
    (void)state;
    assert_id("en", "The firm Berlin was sold.", "Berlin", "acme:berlin", "Berlin");
    assert_id("de", "Berlins Umsatz stieg.", "Berlins", "acme:berlin", "Berlin");
    assert_id("pl", "Spotkał się z Donaldem Tuskiem. Tusk milczał.", "Donaldem Tuskiem",
              "acme:tusk", "Donald Tusk");
    assert_id("pl", "Spotkał się z Donaldem Tuskiem. Tusk milczał.", "Tusk", "acme:tusk", "Tusk");
}

static void test_a_longer_name_is_not_broken_up(void **state)
{
    (void)state;
    // The shipped lexicon's longer name has the user's shorter one inside.
    static const char body[] = "He flew with Air Berlin.";
    struct tag_result result = run("en", body);
    struct slice base;
    assert_int_equal(id_of(&result, "Berlin", &base).len, 0);
    // But a user's name that only begins inside a shorter one is found.
    assert_id("en", "A partner of New York Street Partners spoke.", "York Street Partners",
              "acme:north", "York Street Partners");
}

static void test_the_users_entry_names_an_entity_of_both(void **state)
{
    (void)state;
    struct tag_result result = run("en", "Angela Merkel spoke in Hamburg.");
    assert_true(slice_is(result.entities[0].id, "Q567"));
    assert_true(slice_is(result.entities[0].name, "Frau Bundeskanzlerin"));
    assert_int_equal(result.entities[0].type, TAG_OTHER);
    bool own = false, shipped = false;
    for (size_t i = 0; i < result.entities[0].spelling_count; i++) {
        own |= slice_is(result.entities[0].spellings[i], "frau bundeskanzlerin");
        shipped |= slice_is(result.entities[0].spellings[i], "angela merkel");
    }
    assert_true(own && shipped);
    // Both names are one entity.
    result = run("de", "Die Frau Bundeskanzlerin kam. Angela Merkel sprach.");
    assert_true(slice_is(result.entities[0].id, "Q567"));
    assert_int_equal(result.entities[0].mention_count, 2);
}

static void test_ordinary_words(void **state)
{
    (void)state;
    assert_id("en", "They use Signal for that.", "Signal", "acme:signal", NULL);
    assert_id("de", "Sie nutzen dafür Signal.", "Signal", "acme:signal", NULL);
    assert_id("pl", "Pisał o tym w Zegarze.", "Zegarze", "acme:zegar", NULL);
    // Where the capital letter says nothing it takes more than the word.
    assert_id("pl", "Zegar stanął w nocy.", "Zegar", "", NULL);
    // Written small, or in capitals only, as the list has it.
    assert_id("pl", "Prezes polwan odszedł.", "polwan", "acme:small", NULL);
    assert_id("pl", "Prezes KPX odszedł.", "KPX", "acme:caps", NULL);
    assert_id("pl", "Prezes Kpx odszedł.", "Kpx", "local:p-kpks", NULL);
}

static void test_the_id_tells_both(void **state)
{
    (void)state;
    const char *plus = strchr(tagger_lexicon_id(tagger), '+');
    assert_non_null(plus);
    assert_memory_equal(plus, "+2026-11-22-", 12);
}

static void reopen_expecting(const char *reason)
{
    struct err warning;
    tagger_close(tagger);
    open_tagger(&warning);
    if (*reason ? !strstr(warning.text, reason) : warning.text[0] != '\0')
        fail_msg("\"%s\" does not say \"%s\"", warning.text, reason);
    assert_null(strchr(tagger_lexicon_id(tagger), '+'));
    assert_id("pl", "Prezes Kowalpolu i Donald Tusk.", "Donald Tusk", "Q946", NULL);
}

static void test_goes_on_without_one_that_is_missing_or_damaged(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, 4000), 0);
    reopen_expecting("the user's lexicon is left out");
    FILE *file = fopen(path, "wb");
    fputs("# a list, not what it is compiled to", file);
    for (int i = 0; i < 100; i++)
        fputs("\tplace\tKowalowo\n", file);
    fclose(file);
    reopen_expecting("is not a telex lexicon");
    unlink(path);
    reopen_expecting("");
}

static void test_layers_are_not_confused(void **state)
{
    (void)state;
    struct lexicon *lexicon = NULL;
    struct err err = {.text = ""};
    assert_int_equal(lexicon_open(&lexicon, path, &err), -EINVAL);
    assert_non_null(strstr(err.text, "only adds to the one that is shipped"));
    assert_int_equal(lexicon_open(&lexicon, TELEX_TEST_LEXICON, &err), 0);
    assert_int_equal(lexicon_add_own(lexicon, TELEX_TEST_LEXICON, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not one of telex lexicon build"));
    assert_false(lexicon_has_own(lexicon));
    lexicon_close(lexicon);
}

static void test_an_empty_list(void **state)
{
    (void)state;
    struct err warning;
    tagger_close(tagger);
    compile("# nothing yet\n");
    open_tagger(&warning);
    assert_string_equal(warning.text, "");
    assert_id("pl", "Prezes Kowalpolu i Donald Tusk.", "Donald Tusk", "Q946", NULL);
}

int main(void)
{
#define WITH_TAGGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_TAGGER(test_inflected_forms),
        WITH_TAGGER(test_users_names_go_first),
        WITH_TAGGER(test_a_longer_name_is_not_broken_up),
        WITH_TAGGER(test_the_users_entry_names_an_entity_of_both),
        WITH_TAGGER(test_ordinary_words),
        WITH_TAGGER(test_the_id_tells_both),
        WITH_TAGGER(test_goes_on_without_one_that_is_missing_or_damaged),
        WITH_TAGGER(test_layers_are_not_confused),
        WITH_TAGGER(test_an_empty_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
