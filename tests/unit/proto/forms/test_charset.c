#include "proto/forms/charset.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/proto/forms/read_all.h"

#define POLISH                                                                                           \
    "Premier Zofia Wąsowicz zapowiedziała w środę w Łodzi, że rząd przeznaczy na kolej o jedną " \
    "piątą więcej pieniędzy niż rok wcześniej; związkowcy są zdania, że to wciąż za mało."
#define GERMAN                                                                                        \
    "Die Fährgesellschaft Sundlinie will ihre Schiffe künftig in Lübeck überholen lassen, sagte " \
    "Geschäftsführer Jürgen Großmann \xe2\x80\x93 für die Beschäftigten eine große Erleichterung."
#define ENGLISH                                                                                    \
    "The café owner\xe2\x80\x99s complaint against the city council was dismissed on Tuesday."

struct sample {
    const char *charset;
    const char *text;
};

// What an editor's program would write: `text` in another charset. The caller frees it.
static struct slice written_in(const char *charset, const char *text)
{
    iconv_t cd = iconv_open(charset, "UTF-8");
    size_t left = strlen(text), room = 4 * left + 16, size = room;
    char *bytes = malloc(size), *to = bytes, *from = strdup(text), *at = from;
    assert_true(cd != (iconv_t)-1);
    assert_int_equal(iconv(cd, &at, &left, &to, &room), 0);
    iconv_close(cd);
    free(from);
    return slice_from(bytes, size - room);
}

// --- feeds

static void assert_feed(const char *charset, const char *declaration, const char *text)
{
    char feed[4096], wanted[4096];
    snprintf(feed, sizeof feed,
             "%s<rss><channel><item><guid>a</guid><title>T</title><description>%s"
             "</description></item></channel></rss>",
             declaration, text);
    snprintf(wanted, sizeof wanted, "ok a|T|%s\n", text);
    struct slice bytes = written_in(charset, feed);
    assert_reads_as("feed", bytes, wanted);
    free((char *)(uintptr_t)bytes.ptr);
}

static void reads_feeds_that_declare_nothing(void **state)
{
    (void)state;
    static const char *const starts[] = {"", "<?xml version='1.0'?>\n"};
    for (size_t i = 0; i < 2; i++) {
        assert_feed("UTF-8", starts[i], POLISH);
        assert_feed("CP1250", starts[i], POLISH);
        assert_feed("ISO-8859-2", starts[i], POLISH);
        assert_feed("CP1252", starts[i], GERMAN);
        assert_feed("UTF-16LE", starts[i], POLISH);
        assert_feed("UTF-16BE", starts[i], GERMAN);
        assert_feed("UTF-16", starts[i], ENGLISH);
    }
}

static void believes_what_feeds_declare(void **state)
{
    (void)state;
    assert_feed("ISO-8859-2", "<?xml version='1.0' encoding='ISO-8859-2'?>", POLISH);
    assert_feed("CP1252", "<?xml version='1.0' encoding=\"windows-1252\"?>", GERMAN);
    assert_feed("UTF-16", "<?xml version='1.0' encoding='UTF-16'?>", POLISH);
}

// What comes long after the start, over the bounds of the pieces that the parser gets.
static void reads_a_long_feed(void **state)
{
    (void)state;
    struct buf feed, wanted;
    buf_init(&feed, 1 << 22);
    buf_init(&wanted, 1 << 22);
    buf_put_text(&feed, "<rss><channel>");
    for (int i = 0; i < 400; i++) {
        const char *text = i < 150 ? "all of it is plain" : POLISH;
        buf_printf(&feed, "<item><guid>%d</guid><title>%s</title></item>\n", i, text);
    }
    buf_put_text(&feed, "</channel></rss>");
    buf_put_byte(&feed, '\0');
    struct slice bytes = written_in("CP1250", feed.ptr);
    struct forms_source *source;
    struct article a;
    int items = 0;
    assert_int_equal(forms_open_bytes(&source, bytes, "feed", NULL, NULL), 0);
    for (; forms_next(source, &a, NULL, NULL) == 1; items++)
        assert_true(slice_is(a.title, items < 150 ? "all of it is plain" : POLISH));
    assert_int_equal(items, 400);
    forms_close(source);
    free((char *)(uintptr_t)bytes.ptr);
    buf_fini(&feed);
    buf_fini(&wanted);
}

// A broken byte does not make another charset of UTF-8.
static void refuses_broken_utf8(void **state)
{
    (void)state;
    char name[CHARSET_NAME_BYTES];
    assert_false(charset_guess(slice_from_text(POLISH "\xb3"), name));
    assert_reads("<rss><channel><item><guid>a</guid><title>" POLISH "\xb3</title></item>",
                 "no 0:1 bad_utf8 not UTF-8, no charset is declared, and none can be guessed; "
                 "declare it: <?xml version=\"1.0\" encoding=\"...\"?>\n");
}

// --- pages

static void assert_page_reads(const char *suffix, struct slice bytes, const char *wanted)
{
    char path[64], got[READ_ALL_BYTES];
    snprintf(path, sizeof path, "/tmp/telex-charset-XXXXXX%s", suffix);
    int fd = mkstemps(path, (int)strlen(suffix));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
    close(fd);
    struct forms_source *source;
    assert_int_equal(forms_open(&source, path, NULL, NULL), 0);
    read_all(source, got);
    forms_close(source);
    unlink(path);
    const char *said = strncmp(got, "ok file://", 10) == 0 ? strchr(got, '|') : got;
    assert_string_equal(said, wanted);
}

static void assert_page(const char *charset, const char *suffix, const char *head, const char *text)
{
    char page[4096], wanted[4096];
    snprintf(page, sizeof page,
             "%s<html lang=\"pl\"><head>%s<title>Kolej &amp; Zoll</title></head><body><p>%s</p>"
             "</body></html>",
             suffix[0] ? "" : "<?xml version='1.0'?>\n<!-- a page -->\n<!DOCTYPE html>\n", head,
             text);
    snprintf(wanted, sizeof wanted, "|Kolej & Zoll|%s\n", text);
    struct slice bytes = written_in(charset, page);
    assert_page_reads(suffix, bytes, wanted);
    free((char *)(uintptr_t)bytes.ptr);
}

static void reads_pages_that_declare_nothing(void **state)
{
    (void)state;
    assert_page("UTF-8", "", "", POLISH);
    assert_page("UTF-8", ".html", "", GERMAN);
    assert_page("CP1250", "", "", POLISH);
    assert_page("CP1250", ".htm", "", POLISH);
    assert_page("ISO-8859-2", ".html", "", POLISH);
    assert_page("CP1252", ".html", "", GERMAN);
    assert_page("UTF-16", ".html", "", POLISH);
    assert_page("UTF-16LE", ".html", "", GERMAN);
}

static void believes_what_pages_declare(void **state)
{
    (void)state;
    assert_page("ISO-8859-2", ".html", "<meta charset=iso-8859-2>", POLISH);
    assert_page("CP1250", "",
                "<META http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1250\">",
                POLISH);
    // As HTML 5 reads it.
    assert_page("CP1252", ".html", "<meta charset='iso-8859-1'>", GERMAN);
    assert_page("UTF-8", ".html", "<meta charset='utf-16'>", GERMAN);
}

static void says_what_does_not_fit(void **state)
{
    (void)state;
    assert_page_reads(".html", slice_from_text("<html><meta charset=utf-8><p>\xb3"),
                      "no 1:1 bad_utf8 what the page declares, utf-8, is not what it is written "
                      "in; correct it\n");
    assert_page_reads(".html", slice_from_text("<html><meta charset=elvish><p>\xb3"),
                      "no 1:1 bad_utf8 the charset elvish is not known; convert the document to "
                      "UTF-8\n");
    assert_page_reads(".html", slice_from_text("<html><p>\xff\xfe\xfd\x81"),
                      "no 1:1 bad_utf8 not UTF-8, no charset is declared, and none can be guessed; "
                      "declare it: <meta charset=\"...\">\n");
    assert_reads("<!-- x --><html><p>a</html>",
                 "no 1:1 bad_article an HTML page, not a feed; save it to a file, whose name "
                 "becomes its uri, or push its feed\n");
}

// --- the parts

static void guesses_from_a_sentence(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"WINDOWS-1250", POLISH}, {"ISO-8859-2", POLISH}, {"WINDOWS-1252", GERMAN},
        {"UTF-16LE", ENGLISH},    {"UTF-16BE", POLISH},
    };
    char name[CHARSET_NAME_BYTES];
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct slice bytes = written_in(samples[i].charset, samples[i].text);
        assert_true(charset_guess(bytes, name));
        assert_string_equal(name, samples[i].charset);
        free((char *)(uintptr_t)bytes.ptr);
    }
    assert_false(charset_guess(slice_from(NULL, 0), name));
}

static void leaves_cut_characters(void **state)
{
    (void)state;
    struct charset charset;
    struct buf out;
    size_t used;
    buf_init(&out, 64);
    assert_int_equal(charset_open(&charset, "UTF-16BE", NULL), 0);
    assert_int_equal(charset_convert(&charset, slice_from("\0a\1", 3), &out, &used), 0);
    assert_int_equal(used, 2);
    assert_int_equal(charset_convert(&charset, slice_from("\1\x41\0b", 4), &out, &used), 0);
    assert_true(slice_is(buf_slice(&out), "ałb") || slice_is(buf_slice(&out), "aŁb"));
    charset_close(&charset);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_feeds_that_declare_nothing),
        cmocka_unit_test(believes_what_feeds_declare),
        cmocka_unit_test(reads_a_long_feed),
        cmocka_unit_test(refuses_broken_utf8),
        cmocka_unit_test(reads_pages_that_declare_nothing),
        cmocka_unit_test(believes_what_pages_declare),
        cmocka_unit_test(says_what_does_not_fit),
        cmocka_unit_test(guesses_from_a_sentence),
        cmocka_unit_test(leaves_cut_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
