#include "workers/tagger/model.h"

#include <fcntl.h>

#include "tests/unit/workers/tagger/small_model.h"

static char directory[] = "/tmp/telex-model-XXXXXX";
static char path[sizeof directory + 16];

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/names.model", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

// Whatever is wrong with it, the error names the file and what to do.
static void assert_refused(int expected, const char *reason)
{
    struct err err = {.text = ""};
    struct model *model = NULL;
    int got = model_open(&model, path, &err);
    if (got != expected)
        fail_msg("%d instead of %d: %s", got, expected, err.text);
    assert_null(model);
    if (!strstr(err.text, path) || !strstr(err.text, reason) || !strcasestr(err.text, "install"))
        fail_msg("%s", err.text);
}

static void test_sound_file_opens(void **state)
{
    (void)state;
    struct small_model *small = small_model_make();
    small->buckets[5] = (struct model_bucket){.tags = {9}, .weights = {{1, -2, 3, -4, 5, -6, 7}}};
    small->header.transitions[1][2][3][4][5] = 0.25f;
    small_model_seal(small);
    small_model_write(path, small, sizeof *small);
    struct err err = {.text = ""};
    struct model *model;
    if (model_open(&model, path, &err) < 0)
        fail_msg("%s", err.text);
    char id[32];
    snprintf(id, sizeof id, "2026-11-22-%08x", (unsigned)(small->header.checksum >> 32));
    assert_string_equal(model_id(model), id);
    assert_memory_equal(model_header_of(model), &small->header, sizeof small->header);
    assert_memory_equal(model_buckets(model), small->buckets, sizeof small->buckets);
    const struct model_steps *steps = &model_steps(model, 1)[2];
    assert_true(steps->forth[3][4][5] > 1.28f && steps->forth[3][4][5] < 1.29f);
    assert_true(steps->back[3][5][4] == steps->forth[3][4][5]);
    assert_true(steps->forth[3][LABEL_NONE][LABEL_PERSON_MORE] == 0);
    assert_true(steps->forth[3][4][MODEL_ROW - 1] == 0);
    model_close(model);
    model_close(NULL);
    free(small);
}

static void test_date_without_nul(void **state)
{
    (void)state;
    struct small_model *small = small_model_make();
    memset(small->header.date, '7', sizeof small->header.date);
    small_model_seal(small);
    small_model_write(path, small, sizeof *small);
    struct model *model;
    assert_int_equal(model_open(&model, path, NULL), 0);
    assert_int_equal(strlen(model_id(model)), 10 + 1 + 8);
    assert_memory_equal(model_id(model), "7777777777-", 11);
    model_close(model);
    free(small);
}

static void test_missing_and_other_files(void **state)
{
    (void)state;
    unlink(path);
    assert_refused(-ENOENT, "No such file");
    small_model_write(path, "", 0);
    assert_refused(-EINVAL, "is empty");
    small_model_write(path, MODEL_MAGIC, 8);
    assert_refused(-EINVAL, "is not a telex names model");
    small_model_write(path, "TLXLEX", 6);
    assert_refused(-EINVAL, "is not a telex names model");
}

static void test_wrong_length(void **state)
{
    (void)state;
    struct small_model *small = small_model_make();
    char *longer = calloc(1, sizeof *small + 8);
    memcpy(longer, small, sizeof *small);
    static const int off[] = {-(int)sizeof(struct model_bucket), -1, 1, 8};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        small_model_write(path, longer, (size_t)((long)sizeof *small + off[i]));
        assert_refused(-EINVAL, "length is wrong");
    }
    for (size_t size = 1; size < sizeof *small; size += 611) {
        small_model_write(path, small, size);
        assert_refused(-EINVAL, path);
    }
    free(longer);
    free(small);
}

// The size in the header fits the file, but not its number of rows.
static void test_bits_out_of_range(void **state)
{
    (void)state;
    static const uint32_t bits[] = {0, 1, 7, 9, 26, 27, 31, 32, 63, 64, UINT32_MAX};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        struct small_model *small = small_model_make();
        small->header.bits = bits[i];
        small_model_write(path, small, sizeof *small);
        assert_refused(-EINVAL, "length is wrong");
        free(small);
    }
}

static void test_other_magic_and_version(void **state)
{
    (void)state;
    struct small_model *small = small_model_make();
    small->header.magic[7] = '\r';
    small_model_write(path, small, sizeof *small);
    assert_refused(-EINVAL, "is not a telex names model");
    memcpy(small->header.magic, MODEL_MAGIC, 8);
    small->header.version = MODEL_VERSION + 1;
    small_model_write(path, small, sizeof *small);
    assert_refused(-EINVAL, "of version 3, this program reads version 2");
    free(small);
}

static void test_every_flipped_byte_is_noticed(void **state)
{
    (void)state;
    struct small_model *small = small_model_make();
    small_model_write(path, small, sizeof *small);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < sizeof *small; at += at < 64 ? 1 : 7) {
        char byte = ((const char *)small)[at], flipped = (char)(byte ^ 1 << at % 8);
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        assert_refused(-EINVAL, path);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
    close(fd);
    struct model *model;
    assert_int_equal(model_open(&model, path, NULL), 0); // as it was
    model_close(model);
    free(small);
}

static void test_shipped_model_opens(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    struct model *model;
    if (model_open(&model, TELEX_TEST_MODEL, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(model_header_of(model)->scale > 0);
    model_close(model);
}

static void test_buckets_lie_inside_the_file(void **state)
{
    (void)state;
    static const uint64_t hashes[] = {0, 1, 8, 0x7f8, UINT64_MAX, 0x8000000000000000u};
    for (uint32_t bits = 8; bits <= 26; bits++)
        for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
            assert_true(model_bucket_of(hashes[i], bits) < (1u << bits) / MODEL_SLOTS);
            assert_int_not_equal(model_tag_of(hashes[i]), 0);
        }
}

static void test_labels_that_may_follow(void **state)
{
    (void)state;
    for (unsigned from = 0; from < LABELS; from++) {
        assert_false(label_begins(from) && label_goes_on(from));
        assert_true(label_may_follow(from, LABEL_NONE));
        for (unsigned begin = LABEL_PERSON; begin < LABELS; begin += 2) {
            assert_true(label_may_follow(from, begin));
            assert_int_equal(label_may_follow(from, begin + 1), from == begin || from == begin + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_file_opens),
        cmocka_unit_test(test_date_without_nul),
        cmocka_unit_test(test_missing_and_other_files),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_bits_out_of_range),
        cmocka_unit_test(test_other_magic_and_version),
        cmocka_unit_test(test_every_flipped_byte_is_noticed),
        cmocka_unit_test(test_shipped_model_opens),
        cmocka_unit_test(test_buckets_lie_inside_the_file),
        cmocka_unit_test(test_labels_that_may_follow),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
