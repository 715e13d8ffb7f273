#include "proto/wire/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static void test_keys(void **state)
{
    (void)state;
    assert_true(key_is_valid(slice_from_text(PUBLIC)));
    assert_false(key_is_valid(slice_from_text("short")));
    assert_false(key_is_valid(slice_from_text(PUBLIC "x")));
    assert_false(key_is_valid(slice_from_text("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf ")));
    // "%nSc1" is one more than 32 bits hold, "#####" the most that five characters can say.
    assert_false(key_is_valid(slice_from_text("#####rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H")));
}

static void parse(const char *text, struct keyfile *keys)
{
    struct err err = {""};
    if (keyfile_parse(keys, slice_from_text(text), &err) != 0)
        fail_msg("%s", err.text);
}

static void test_what_it_says(void **state)
{
    (void)state;
    struct keyfile keys;
    parse("#   ****  made by somebody  ****\n\nmetadata\n    name = \"x = y\"\n"
          "\troles = 'push,follow' # both\n    cursors = desk-\ncurve\n    public-key = \"" PUBLIC
          "\"\r\n    secret-key = \"" SECRET "\"",
          &keys);
    assert_string_equal(keys.public_key, PUBLIC);
    assert_string_equal(keys.secret_key, SECRET);
    assert_string_equal(keys.roles, "push,follow");
    assert_string_equal(keys.cursors, "desk-");
    parse("curve\n  public-key=\"" PUBLIC "\"\n", &keys);
    assert_string_equal(keys.secret_key, "");
    assert_string_equal(keys.roles, "");
}

static void refuse(const char *text, const char *words)
{
    struct keyfile keys;
    struct err err = {""};
    assert_int_equal(keyfile_parse(&keys, slice_from_text(text), &err), -1);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void test_what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    refuse("", "no public-key");
    refuse("curve\n    secret-key = \"" SECRET "\"\n", "no public-key");
    refuse("    public-key = \"" PUBLIC "\"\n", "line 1: a value before any section");
    refuse("\n\nkeys\n", "line 3: neither");
    refuse("curve\n    public-key\n", "line 2: not \"name = value\"");
    refuse("curve\n    public-key = \"" PUBLIC "\n", "line 2: the value has no closing quote");
    refuse("curve\n    public-key = \"" PUBLIC "\" x\n", "line 2: something stands behind");
    refuse("curve\n    public-key = \"abc\"\n", "line 2: public-key is not a key");
    refuse("curve\n    public = \"abc\"\n", "line 2: \"public\" is neither");
    refuse("curve\n    public-key = " PUBLIC "\n    public-key = " PUBLIC "\n",
           "line 3: public-key stands twice");
    char text[600] = "metadata\n    roles = \"";
    memset(text + strlen(text), 'r', 300);
    strcat(text, "\"\n");
    refuse(text, "line 2: roles is longer");
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_secret_files(void **state)
{
    (void)state;
    char path[] = "/tmp/telex-test-key-XXXXXX";
    struct keyfile keys;
    struct err err = {""};
    close(mkstemp(path));
    write_file(path, "curve\n    public-key = \"" PUBLIC "\"\n", 0600);
    assert_int_not_equal(keyfile_read_secret(&keys, path, &err), 0);
    assert_non_null(strstr(err.text, "no secret-key"));
    write_file(path, "curve\n    public-key = \"" PUBLIC "\"\n    secret-key = \"" SECRET "\"\n",
               0604);
    assert_int_not_equal(keyfile_read_secret(&keys, path, &err), 0);
    assert_non_null(strstr(err.text, "everybody may read"));
    assert_int_equal(chmod(path, 0440), 0);
    assert_int_equal(keyfile_read_secret(&keys, path, &err), 0);
    assert_string_equal(keys.secret_key, SECRET);
    keyfile_wipe(&keys);
    assert_string_equal(keys.secret_key, "");
    unlink(path);
    assert_true(keyfile_read_secret(&keys, path, &err) < 0);
    assert_non_null(strstr(err.text, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(test_secret_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
