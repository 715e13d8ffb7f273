#include "proto/forms/source.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "tests/unit/proto/forms/read_all.h"

static void reads_objects_in_any_arrangement(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads(" \n\n", "");
    assert_reads("{\"uri\":\"a\",\"body\":\"A\"}", "ok a||A\n");
    assert_reads(
        "\xef\xbb\xbf{\"uri\":\"a\",\"body\":\"A\"}\r\n\r\n{\"uri\":\"b\",\"body\":\"B\"}\r\n",
        "ok a||A\nok b||B\n");
    assert_reads(
        "{\n  \"uri\": \"a\",\n  \"body\": \"A }\\\"{\"\n}\n{\n  \"uri\": \"b\", \"body\": "
        "\"B\"\n}\n",
        "ok a||A }\"{\nok b||B\n");
    assert_reads("[]", "");
    assert_reads("[{\"uri\":\"a\",\"body\":\"A\"},{\"uri\":\"b\",\"body\":\"B\"}]",
                 "ok a||A\nok b||B\n");
    assert_reads("[\n  {\"uri\":\"a\",\n   \"body\":\"A\"},\n  {\"uri\":\"b\",\"body\":\"B\"}\n]\n",
                 "ok a||A\nok b||B\n");
}

static void reads_a_json_feed(void **state)
{
    (void)state;
    static const char feed[] =
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Mix\",\"language\":\"pl\",%s"
        "\"items\":[{\"id\":\"a\",\"content_text\":\"A\"},%s{\"id\":7,\"content_html\":\"<p>B\"}]%"
        "s}";
    char text[1024];
    snprintf(text, sizeof text, feed, "", "", "");
    assert_reads(text, "ok a||A\nok 7||B\n");
    snprintf(text, sizeof text, feed, "\n\"a\":[{}],\n", "\n{\"id\":1,\"url\":2},\n", ",\"b\":2");
    assert_reads(text, "ok a||A\nno 2:4 bad_article neither title nor body; there is nothing to "
                       "tag\nok 7||B\n");
}

static void gives_items_what_the_feed_says(void **state)
{
    (void)state;
    static const char feed[] =
        "{\"version\":\"https://jsonfeed.org/version/"
        "1.1\",\"items\":[{\"id\":\"a\",\"content_text\":"
        "\"A\"},{\"id\":\"b\",\"content_text\":\"B\",\"language\":\"de\"}],\"title\":\"Mix\\n2\","
        "\"language\":\"pl\"}";
    struct forms_source *source;
    struct article article;
    assert_int_equal(forms_open_bytes(&source, slice_from_text(feed), "f", NULL, NULL), 0);
    assert_int_equal(forms_next(source, &article, NULL, NULL), 1);
    assert_true(slice_is(article.source, "Mix 2"));
    assert_true(slice_is(article.language, "pl"));
    assert_int_equal(forms_next(source, &article, NULL, NULL), 1);
    assert_true(slice_is(article.language, "de"));
    forms_close(source);
}

static void goes_on_behind_bad_lines(void **state)
{
    (void)state;
    assert_reads("{\"uri\":\"a\",\"body\":\"A\"}\n{\"body\":\"B\"}\nnonsense\n{\"uri\":\"c\",\"bo\n"
                 "[1]\n{\"uri\":\"d\",\"body\":\"D\"}",
                 "ok a||A\n"
                 "no 2:2 bad_article uri is missing; give every article a stable uri\n"
                 "no 3:3 bad_json not JSON: column 8: '[' or '{' expected near 'nonsense'\n"
                 "no 4:4 bad_json not JSON: column 14: premature end of input near '\"bo'\n"
                 "no 5:5 bad_article not an article: an article is an object {\"uri\": ..., "
                 "\"title\": ..., \"body\": ...}\n"
                 "ok d||D\n");
    // The very first line is cut off.
    assert_reads("{\"uri\":\"a\",\"bo\n{\"uri\":\"d\",\"body\":\"D\"}\n",
                 "no 1:1 bad_json not JSON: column 14: premature end of input near '\"bo'\n"
                 "ok d||D\n");
    assert_reads("{\"uri\":\"a\",\n{\"uri\":\"d\",\"body\":\"D\"}\n",
                 "no 1:1 bad_json not JSON: column 11: string or '}' expected near end of file\n"
                 "ok d||D\n");
}

static void goes_on_behind_bad_documents(void **state)
{
    (void)state;
    assert_reads(
        "{\n \"uri\": \"a\",\n \"body\": [}\n}\n{\n \"uri\": \"b\",\n \"body\": \"B\"\n}\n",
        "no 1:1 bad_json not JSON: a bracket or a quotation mark is missing\nok b||B\n");
    assert_reads(
        "{\n \"uri\": \"a\",\n \"body\": 1,,\n}\n{\n \"uri\": \"b\",\n \"body\": \"B\"\n}\n",
        "no 1:1 bad_json not JSON: line 3, column 12: string or '}' expected near ','\n"
        "ok b||B\n");
    assert_reads(
        "[\n {\"uri\":\"a\",\n  \"body\":\"A\n },\n 7, \"x\",\n {\"uri\":\"b\",\"body\":\"B\"}\n]",
        "no 1:2 bad_json not JSON: a bracket or a quotation mark is missing\nok b||B\n");
    assert_reads("[7, {\"uri\":\"b\",\"body\":\"B\"}",
                 "no 1:1 bad_article not an article: an article is an object {\"uri\": ..., "
                 "\"title\": ..., \"body\": ...}\nok b||B\n"
                 "no 2:1 bad_json the file ends inside the array: \"]\" is missing\n");
}

static void reads_lines_where_asked(void **state)
{
    (void)state;
    struct forms_options options = {.lines = true};
    struct forms_source *source;
    char got[READ_ALL_BYTES];
    struct slice text = slice_from_text("nonsense\n\n{\"uri\":\"a\",\"body\":\"A\"}\n<rss/>\n");
    assert_int_equal(forms_open_bytes(&source, text, "-", &options, NULL), 0);
    read_all(source, got);
    assert_string_equal(
        got, "no 1:1 bad_json not JSON: column 8: '[' or '{' expected near 'nonsense'\nok a||A\n"
             "no 3:4 bad_json not JSON: column 1: '[' or '{' expected near '<'\n");
    forms_close(source);
}

static void refuses_other_encodings(void **state)
{
    (void)state;
    assert_reads_as("u", slice_from("\xff\xfe{\0\"\0", 6),
                    "no 0:0 bad_utf8 UTF-16 or UTF-32, or no text at all; convert it to UTF-8 "
                    "first (iconv -f UTF-16 -t UTF-8)\n");
    assert_reads("{\"uri\":\"a\",\"body\":\"\xb3\"}",
                 "no 1:1 bad_utf8 not UTF-8 at byte 19 (0xb3); convert it to UTF-8 first\n");
    assert_reads("hello",
                 "no 1:1 bad_article this is neither JSON nor a feed, and text needs a file "
                 "whose name becomes its uri; save it to a file, or push JSON lines\n");
}

static void write_file(char *path, size_t suffix, const char *text)
{
    int fd = mkstemps(path, (int)suffix);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void assert_file_reads(const char *pattern, size_t suffix, const char *text,
                              const char *expected)
{
    char path[64], got[READ_ALL_BYTES], wanted[1024];
    struct forms_source *source;
    snprintf(path, sizeof path, "%s", pattern);
    write_file(path, suffix, text);
    assert_int_equal(forms_open(&source, path, NULL, NULL), 0);
    read_all(source, got);
    snprintf(wanted, sizeof wanted, expected, path);
    assert_string_equal(got, wanted);
    forms_close(source);
    unlink(path);
}

static void reads_text_files(void **state)
{
    (void)state;
    assert_file_reads("/tmp/telex-forms-XXXXXX.txt", 4, "\n  Title \r\n\r\nBody\nmore\n",
                      "ok file://%s|  Title|Body\nmore\n\n");
    assert_file_reads("/tmp/telex-forms-XXXXXX.txt", 4, "{\"only\": \"a title\"}",
                      "ok file://%s|{\"only\": \"a title\"}|\n");
    assert_file_reads("/tmp/telex-forms-XXXXXX", 0, "Title\nBody", "ok file://%s|Title|Body\n");
    assert_file_reads("/tmp/telex-forms-XXXXXX.json", 5, "Title\nBody",
                      "no 1:1 bad_json not JSON: \"{\" is expected here\n");
    assert_file_reads("/tmp/telex-forms-XXXXXX.txt", 4, "a\xb3",
                      "no 1:1 bad_utf8 title is not UTF-8 at byte 1 (0xb3); convert it to UTF-8 "
                      "first\n");
}

static void names_a_path_in_its_uri(void **state)
{
    (void)state;
    char path[] = "/tmp/telex-forms \xc5\x82%XXXXXX.txt";
    struct forms_source *source;
    struct article article;
    write_file(path, 4, "Title\nBody");
    assert_int_equal(forms_open(&source, path, NULL, NULL), 0);
    assert_int_equal(forms_next(source, &article, NULL, NULL), 1);
    static const char expected[] = "file:///tmp/telex-forms%20%C5%82%25";
    assert_memory_equal(article.uri.ptr, expected, sizeof expected - 1);
    forms_close(source);
    unlink(path);
}

static void refuses_long_texts(void **state)
{
    (void)state;
    struct forms_options options = {.body_max = 10};
    struct forms_source *source;
    struct article article;
    struct err err;
    struct slice text = slice_from_text("{\"uri\":\"a\",\"body\":\"12345678901\"}\n"
                                        "{\"uri\":\"b\",\"body\":\"1234567890\"}\n");
    assert_int_equal(forms_open_bytes(&source, text, "x", &options, NULL), 0);
    assert_int_equal(forms_next(source, &article, NULL, &err), -1);
    assert_int_equal(forms_code(source), WIRE_TOO_LARGE);
    assert_string_equal(err.text, "body is 11 bytes, at most 10 are taken");
    assert_int_equal(forms_next(source, &article, NULL, &err), 1);
    assert_int_equal(forms_next(source, &article, NULL, &err), 0);
    forms_close(source);
}

static void names_what_cannot_be_opened(void **state)
{
    (void)state;
    struct forms_source *source;
    struct err err;
    assert_int_equal(forms_open(&source, "/nowhere/x.json", NULL, &err), -ENOENT);
    assert_null(source);
    assert_non_null(strstr(err.text, "/nowhere/x.json"));
    assert_int_equal(forms_open(&source, "/tmp", NULL, &err), -EISDIR);
    forms_close(NULL);
}

struct writing {
    int fd;
    int lines;
};

static void *write_cb(void *data)
{
    struct writing *w = data;
    char line[256];
    for (int i = 0; i < w->lines; i++) {
        int len = snprintf(line, sizeof line, "{\"uri\":\"%d\",\"body\":\"%0200d\"}\n", i, i);
        check_must(write(w->fd, line, (size_t)len) == len);
    }
    close(w->fd);
    return NULL;
}

// 20 MB through a pipe, never more than a window of it in memory.
static void streams_lines(void **state)
{
    (void)state;
    int fds[2], count = 0;
    pthread_t thread;
    struct forms_source *source;
    struct article article;
    struct forms_place place;
    assert_int_equal(pipe(fds), 0);
    struct writing w = {.fd = fds[1], .lines = 100000};
    assert_int_equal(pthread_create(&thread, NULL, write_cb, &w), 0);
    assert_int_equal(forms_open_fd(&source, fds[0], "-", NULL, NULL), 0);
    while (forms_next(source, &article, &place, NULL) == 1)
        count++;
    assert_int_equal(count, 100000);
    assert_int_equal(place.line, 100000);
    assert_true(forms_bytes(source) > 20000000);
    forms_close(source);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(fds[0]);
}

// An article is there as soon as its line is, though the pipe stays open.
static void answers_at_once(void **state)
{
    (void)state;
    int fds[2];
    struct forms_source *source;
    struct article article;
    static const char line[] = "{\"uri\":\"a\",\"body\":\"A\"}\n";
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(forms_open_fd(&source, fds[0], "-", NULL, NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(write(fds[1], line, sizeof line - 1), sizeof line - 1);
        assert_int_equal(forms_next(source, &article, NULL, NULL), 1);
    }
    close(fds[1]);
    assert_int_equal(forms_next(source, &article, NULL, NULL), 0);
    forms_close(source);
    close(fds[0]);
}

static void formats_places(void **state)
{
    (void)state;
    char text[64];
    forms_place_format(&(struct forms_place){.name = "a.xml", .item = 3, .line = 42}, text, 64);
    assert_string_equal(text, "a.xml: item 3, line 42");
    forms_place_format(&(struct forms_place){.name = "-", .line = 4}, text, 64);
    assert_string_equal(text, "standard input: line 4");
    forms_place_format(&(struct forms_place){.name = "a.xml"}, text, 64);
    assert_string_equal(text, "a.xml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_objects_in_any_arrangement),
        cmocka_unit_test(reads_a_json_feed),
        cmocka_unit_test(gives_items_what_the_feed_says),
        cmocka_unit_test(goes_on_behind_bad_lines),
        cmocka_unit_test(goes_on_behind_bad_documents),
        cmocka_unit_test(reads_lines_where_asked),
        cmocka_unit_test(refuses_other_encodings),
        cmocka_unit_test(reads_text_files),
        cmocka_unit_test(names_a_path_in_its_uri),
        cmocka_unit_test(refuses_long_texts),
        cmocka_unit_test(names_what_cannot_be_opened),
        cmocka_unit_test(streams_lines),
        cmocka_unit_test(answers_at_once),
        cmocka_unit_test(formats_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
