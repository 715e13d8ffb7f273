#include "workers/tagger/sequence.h"

#include "proto/base/buf.h"
#include "tests/unit/workers/tagger/names_fixture.h"
#include "tests/unit/workers/tagger/small_model.h"
#include "workers/tagger/open_words.h"

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_open(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

// A name goes on only behind its own type, in its own sentence, and all are sure to some degree.
static void assert_well_formed(const struct marked *field, const struct labelled *labels)
{
    const struct words *words = field->words;
    bool *open = calloc(words->count + 1, sizeof *open);
    assert_non_null(open);
    open_words_mark(field, open);
    for (size_t i = 0; i < words->count; i++) {
        bool inside = i > 0 && words->at[i].sentence == words->at[i - 1].sentence;
        assert_in_range(labels[i].label, 0, LABELS - 1);
        assert_true(label_may_follow(inside ? labels[i - 1].label : LABEL_NONE, labels[i].label));
        assert_true(labels[i].sure >= 0 && labels[i].sure <= 1.00001f);
        if (labels[i].label == LABEL_NONE)
            continue;
        assert_true(open[i]);
        assert_false(features_forbidden(words, i) >> labels[i].label & 1);
        assert_true(labels[i].sure > 0);
    }
    free(open);
}

static int read_with(const struct model *model, const struct marked *fields, size_t count,
                     struct labelled **labels, struct arena *space)
{
    const struct recall *recall = recall_collect(fields, count, &fixture.arena);
    assert_non_null(recall);
    return sequence_read(fixture.lexicon, model, fields, count, recall, labels, space);
}

static void read_all(const struct marked *fields, size_t count, struct labelled **labels)
{
    assert_int_equal(read_with(fixture.model, fields, count, labels, &fixture.arena), 0);
    for (size_t f = 0; f < count; f++)
        assert_well_formed(&fields[f], labels[f]);
}

static uint8_t label_at(const struct marked *field, const struct labelled *labels, const char *word)
{
    return labels[fixture_find(field->words, word)].label;
}

static void test_reads_names(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct labelled *labels[1];
    struct marked field = fixture_read(
        &fixture, "pl", "Rzecznik Jan Zbrzycki powiedział w Warszawie, że ONZ nie odpowiada.");
    read_all(&field, 1, labels);
    assert_int_equal(label_at(&field, labels[0], "Rzecznik"), LABEL_NONE);
    assert_int_equal(label_at(&field, labels[0], "Jan"), LABEL_PERSON);
    assert_int_equal(label_at(&field, labels[0], "Zbrzycki"), LABEL_PERSON_MORE);
    assert_int_equal(label_at(&field, labels[0], "Warszawie"), LABEL_PLACE);
    assert_int_equal(label_at(&field, labels[0], "ONZ"), LABEL_ORGANISATION);
    assert_int_equal(label_at(&field, labels[0], "odpowiada"), LABEL_NONE);
}

// The full name in the body makes the bare surname of the title a person's, or surer to be one.
static void test_fields_explain_each_other(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"en", "Zorbin visits Paris",
         "President John Zorbin arrived on Monday. Mr Zorbin said so."},
        {"pl", "Zbrzyk odchodzi", "Prezes Jan Zbrzyk odchodzi. – Tak – powiedział Zbrzyk."},
        {"de", "Zorbin tritt zurück", "Der Minister Hans Zorbin tritt zurück, sagte Zorbin."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena_reset(&fixture.arena);
        struct labelled *alone[1], *both[2];
        struct marked fields[2] = {fixture_read(&fixture, cases[i][0], cases[i][1]),
                                   fixture_read(&fixture, cases[i][0], cases[i][2])};
        read_all(fields, 1, alone);
        read_all(fields, 2, both);
        assert_int_equal(both[0][0].label, LABEL_PERSON);
        assert_true(alone[0][0].label != LABEL_PERSON || both[0][0].sure > alone[0][0].sure);
    }
}

static void test_well_formed_whatever_the_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "a",
        "A",
        "A B C D E F G H. I, J; K/L & M - N-O-P",
        "Van Der De La Von Zu Al El Bin Ibn",
        "Bank of Bank of Bank of the of and Bank, Bank/Bank-Bank and Co. KG, Ltd.",
        "Berlin, Paris/London-Rom (Madrid) [Wien] – Oslo",
        "„Zażółć” 'Gęślą' \"Jaźń\" J. F. K. U.S. U.N. 12 XIV 2017 G20 COVID-19",
        "ALL CAPITALS ARE HERE AND MORE OF THEM IN LONDON\n\nlower only\n\nMixed McDonald iPhone",
        "Сергей Лавров 東京 القاهرة Ελλάδα",
    };
    static const char *const languages[] = {"pl", "de", "en", "ru", "und"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
            arena_reset(&fixture.arena);
            struct labelled *labels[2];
            struct marked fields[2] = {fixture_read(&fixture, languages[l], texts[t]),
                                       fixture_read(&fixture, languages[l], texts[9 - t])};
            read_all(fields, 2, labels);
        }
}

// One sentence, all of whose words are open: in pieces of 256 words.
static struct marked read_run(size_t count)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_put_text(&body, "we met");
    for (size_t i = 0; i < count; i++) {
        static const char *const words[] = {" Angela Merkel", " Warschau", " Bank", " Zorbin"};
        buf_put_text(&body, words[i % 4]);
    }
    buf_put(&body, "", 1);
    assert_false(body.failed);
    struct marked field = fixture_read(&fixture, "de", (const char *)body.ptr);
    buf_fini(&body);
    return field;
}

static void test_long_runs_are_read_whole(void **state)
{
    (void)state;
    static const size_t counts[] = {203, 204, 205, 206, 400, 3000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        arena_reset(&fixture.arena);
        struct labelled *labels[1];
        struct marked field = read_run(counts[i]);
        read_all(&field, 1, labels);
        size_t named = 0, sure = 0;
        for (size_t j = 2; j < field.words->count; j++) {
            named += labels[0][j].label != LABEL_NONE;
            sure += labels[0][j].sure > 0;
        }
        assert_int_equal(sure, field.words->count - 2); // none was left out
        assert_true(named > counts[i] / 2);
    }
}

// Twice the words take twice the memory and no more: the arena counts what reading touches.
static void test_memory_grows_with_the_words(void **state)
{
    (void)state;
    size_t used[3];
    for (size_t i = 0; i < 3; i++) {
        arena_reset(&fixture.arena);
        struct labelled *labels[1];
        struct marked field = read_run(1024u << i);
        struct arena space;
        arena_init(&space, 256 << 20);
        assert_int_equal(read_with(fixture.model, &field, 1, labels, &space), 0);
        used[i] = space.used;
        arena_fini(&space);
    }
    assert_true(used[1] < used[0] * 5 / 2 && used[2] < used[1] * 5 / 2);
}

static void test_full_arena(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked fields[2] = {fixture_read(&fixture, "en", "Zorbin visits Paris"),
                               fixture_read(&fixture, "en", "President John Zorbin arrived.")};
    struct arena space;
    arena_init(&space, 16 << 20);
    struct labelled *labels[2];
    assert_int_equal(read_with(fixture.model, fields, 2, labels, &space), 0);
    size_t needed = space.used;
    arena_fini(&space);
    for (size_t limit = 0; limit < needed; limit += needed / 97 + 1) {
        arena_init(&space, limit);
        assert_int_equal(read_with(fixture.model, fields, 2, labels, &space), -ENOMEM);
        arena_fini(&space);
    }
}

// A model whose every sign pulls with all its might: sums leave the range of floats, labels stay
// well-formed and none is surer than sure.
static void test_wild_weights(void **state)
{
    (void)state;
    char path[] = "/tmp/telex-wild-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (unsigned round = 0; round < 8; round++) {
        struct small_model *small = small_model_make();
        uint64_t random = round;
        small->header.scale = 20;
        for (size_t i = 0; i < SMALL_BUCKETS * MODEL_SLOTS; i++) {
            random = feature_mix(random + i, 7);
            small->buckets[i / MODEL_SLOTS].tags[i % MODEL_SLOTS] = (uint8_t)(1 + random % 255);
            for (unsigned y = 0; y < LABELS; y++)
                small->buckets[i / MODEL_SLOTS].weights[i % MODEL_SLOTS][y] =
                    (int8_t)(random >> (8 * y + 8));
        }
        small_model_seal(small);
        small_model_write(path, small, sizeof *small);
        struct model *model;
        assert_int_equal(model_open(&model, path, NULL), 0);
        arena_reset(&fixture.arena);
        struct labelled *labels[1];
        struct marked field = read_run(500);
        assert_int_equal(read_with(model, &field, 1, labels, &fixture.arena), 0);
        for (size_t i = 0; i < field.words->count; i++) {
            uint8_t before = i > 0 ? labels[0][i - 1].label : LABEL_NONE;
            assert_true(label_may_follow(before, labels[0][i].label));
            assert_true(labels[0][i].sure >= 0 && labels[0][i].sure <= 1.00001f);
        }
        model_close(model);
        free(small);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_names),
        cmocka_unit_test(test_fields_explain_each_other),
        cmocka_unit_test(test_well_formed_whatever_the_text),
        cmocka_unit_test(test_long_runs_are_read_whole),
        cmocka_unit_test(test_memory_grows_with_the_words),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_wild_weights),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
