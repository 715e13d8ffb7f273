#include "workers/tagger/lexicon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/lexicon_build.h"
#include "workers/tagger/lexicon_words.h"

static char path[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/telex-lexicon-XXXXXX");
    int fd = mkstemp(path);
    struct lexicon_build *build = lexicon_build_create(LEXICON_BUNDLED);
    uint32_t berlin = lexicon_build_entity(build, slice_from_text("Q64"), slice_from_text("Berlin"),
                                           TAG_PLACE, 9);
    lexicon_build_name(build, berlin, slice_from_text("Berlin"), 0, 0);
    uint32_t un = lexicon_build_entity(build, slice_from_text("Q1065"),
                                       slice_from_text("United Nations"), TAG_ORGANISATION, 9);
    lexicon_build_name(build, un, slice_from_text("United Nations"), 1 << LEXICON_EN, 0);
    lexicon_build_name(build, un, slice_from_text("UN"), 0, 0);
    lexicon_build_word(build, slice_from_text("Anna"))->given = 3;
    lexicon_build_form(build, slice_from_text("Moskwie"), slice_from_text("Moskwa"),
                       CASE_DATIVE | CASE_LOCATIVE, GENDER_FEMININE);
    lexicon_build_index(build);
    assert_int_equal(lexicon_build_lookup(build, slice_from_text("berlin"), TAG_PLACE), berlin);
    assert_int_equal(lexicon_build_lookup(build, slice_from_text("Berlin"), TAG_PERSON),
                     LEXICON_NONE);
    struct err err;
    int rc = lexicon_build_write(build, path, slice_from_text("2026-11-22"), &err);
    lexicon_build_destroy(build);
    close(fd);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static uint64_t hash_of(const char *name)
{
    struct lexicon_words words;
    uint64_t hash = 0;
    assert_true(lexicon_words_split(&words, slice_from_text(name)));
    for (size_t i = 0; i < words.count; i++)
        hash = lexicon_hash_append(hash, lexicon_hash_word(words.folded[i]));
    return hash;
}

static struct lexicon *open_it(void)
{
    struct lexicon *lexicon = NULL;
    struct err err = {.text = ""};
    if (lexicon_open(&lexicon, path, &err) < 0)
        fail_msg("%s", err.text);
    return lexicon;
}

static void test_finds_names(void **state)
{
    (void)state;
    struct lexicon *lexicon = open_it();
    const struct lexicon_node *node = lexicon_find_node(lexicon, hash_of("United Nations"));
    assert_non_null(node);
    const struct lexicon_posting *posting = lexicon_postings(lexicon, node->posting);
    const struct lexicon_entity *entity = lexicon_entity(lexicon, posting->entity);
    assert_true(slice_is(lexicon_string(lexicon, entity->id), "Q1065"));
    assert_int_equal(entity->type, TAG_ORGANISATION);
    assert_int_equal(posting->words, 2);
    assert_int_equal(posting->flags, POSTING_LAST);
    assert_int_equal(entity->spelling_count, 2);
    assert_true(slice_is(lexicon_spelling(lexicon, entity, 0), "un"));
    assert_true(slice_is(lexicon_spelling(lexicon, entity, 1), "united nations"));
    lexicon_close(lexicon);
}

static void test_finds_beginnings_and_capitals(void **state)
{
    (void)state;
    struct lexicon *lexicon = open_it();
    assert_int_equal(lexicon_find_node(lexicon, hash_of("United"))->posting, LEXICON_NONE);
    assert_null(lexicon_find_node(lexicon, hash_of("Nations")));
    assert_null(lexicon_find_node(lexicon, hash_of("United Nations Berlin")));
    const struct lexicon_node *node = lexicon_find_node(lexicon, hash_of("UN"));
    assert_true(lexicon_postings(lexicon, node->posting)->flags & POSTING_UPPER);
    lexicon_close(lexicon);
}

static void test_finds_words_and_forms(void **state)
{
    (void)state;
    struct lexicon *lexicon = open_it();
    const struct lexicon_word *word =
        lexicon_find_word(lexicon, lexicon_hash_word(slice_from_text("anna")));
    assert_non_null(word);
    assert_int_equal(word->given, 3);
    assert_null(lexicon_find_word(lexicon, lexicon_hash_word(slice_from_text("ann"))));
    uint32_t at = 0;
    uint64_t hash = lexicon_hash_word(slice_from_text("moskwie"));
    const struct lexicon_form *form = lexicon_next_form(lexicon, hash, &at);
    assert_non_null(form);
    assert_true(slice_is(lexicon_string(lexicon, form->lemma), "Moskwa"));
    assert_int_equal(form->hash, lexicon_hash_word(slice_from_text("moskwa")));
    assert_null(lexicon_next_form(lexicon, hash, &at));
    lexicon_close(lexicon);
}

static void test_id_names_data_and_content(void **state)
{
    (void)state;
    struct lexicon *lexicon = open_it();
    assert_int_equal(strlen(lexicon_id(lexicon)), strlen("2026-11-22-01234567"));
    assert_memory_equal(lexicon_id(lexicon), "2026-11-22-", 11);
    lexicon_close(lexicon);
}

static void overwrite(long offset, int byte)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET);
    fputc(byte, file);
    fclose(file);
}

static void assert_refused(const char *file, int rc, const char *reason)
{
    struct lexicon *lexicon = NULL;
    struct err err = {.text = ""};
    assert_int_equal(lexicon_open(&lexicon, file, &err), rc);
    assert_null(lexicon);
    if (!strstr(err.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
}

static void test_refuses_other_files(void **state)
{
    (void)state;
    assert_refused("/nonexistent/lexicon.tlx", -ENOENT, "cannot open");
    assert_refused("/tmp", -EINVAL, "not a telex lexicon");
    overwrite(0, 'X');
    assert_refused(path, -EINVAL, "not a telex lexicon");
}

static void test_refuses_another_version(void **state)
{
    (void)state;
    overwrite(8, 99);
    assert_refused(path, -EINVAL, "version 99");
}

static void test_refuses_damage(void **state)
{
    (void)state;
    overwrite(-20, 0x5a);
    assert_refused(path, -EINVAL, "damaged: wrong checksum");
    assert_int_equal(truncate(path, 1000), 0);
    assert_refused(path, -EINVAL, "damaged");
    assert_int_equal(truncate(path, 10), 0);
    assert_refused(path, -EINVAL, "not a telex lexicon");
}

int main(void)
{
#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FILE(test_finds_names),           WITH_FILE(test_finds_beginnings_and_capitals),
        WITH_FILE(test_finds_words_and_forms), WITH_FILE(test_id_names_data_and_content),
        WITH_FILE(test_refuses_other_files),   WITH_FILE(test_refuses_another_version),
        WITH_FILE(test_refuses_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
