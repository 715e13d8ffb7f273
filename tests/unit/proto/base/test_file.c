#include "proto/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

static char folder[64], path[128];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/telex-file-XXXXXX");
    snprintf(path, sizeof path, "%s/one", mkdtemp(folder));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); // fails when something else was left there
}

static void assert_content(const char *content)
{
    struct buf read;
    struct err err = {.text = ""};
    buf_init(&read, 1 << 20);
    assert_int_equal(file_read(&read, path, &err), 0);
    assert_true(slice_is(buf_slice(&read), content));
    buf_fini(&read);
}

static void test_replaces_whole_files(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    struct stat status;
    mode_t mask = umask(027);
    assert_int_equal(file_replace(path, slice_from_text("old"), &err), 0);
    assert_content("old");
    int before = open(path, O_RDONLY);
    assert_int_equal(file_replace(path, slice_from_text(""), &err), 0);
    assert_content("");
    char kept[8];
    assert_int_equal(read(before, kept, sizeof kept), 3); // who has it open keeps the old one
    close(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    umask(mask);
}

static void test_says_what_cannot_be(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    struct buf read;
    buf_init(&read, 4);
    assert_int_equal(file_read(&read, path, &err), -ENOENT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(file_replace(path, slice_from_text("12345"), &err), 0);
    assert_int_equal(file_read(&read, path, &err), -EFBIG);
    buf_reset(&read);
    assert_int_equal(file_replace(path, slice_from_text("1234"), &err), 0);
    assert_int_equal(file_read(&read, path, &err), 0);
    assert_int_equal(file_replace("/nonexistent/one", slice_from_text("x"), &err), -ENOENT);
    assert_int_equal(file_replace(folder, slice_from_text("x"), &err), -EISDIR);
    assert_int_equal(file_read(&read, folder, &err), -EISDIR);
    buf_fini(&read);
}

static void test_makes_folders(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    char deep[160], middle[160];
    snprintf(middle, sizeof middle, "%s/a", folder);
    snprintf(deep, sizeof deep, "%s/a/b/one", folder);
    assert_int_equal(file_make_folders(deep, &err), 0);
    assert_int_equal(file_make_folders(deep, &err), 0);
    *strrchr(deep, '/') = '\0';
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(middle), 0);
    assert_int_equal(file_make_folders("one", &err), 0);
    assert_true(file_make_folders("/proc/nothing/one", &err) < 0);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_replaces_whole_files),
        WITH_FOLDER(test_says_what_cannot_be),
        WITH_FOLDER(test_makes_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
