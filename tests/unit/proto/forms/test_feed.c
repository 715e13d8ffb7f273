#include "proto/forms/feed.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/proto/forms/read_all.h"

static struct forms_source *source;
static struct article article;

static void open_feed(const char *xml)
{
    assert_int_equal(forms_open_bytes(&source, slice_from_text(xml), "feed", NULL, NULL), 0);
}

static void next_item(void)
{
    struct err err;
    if (forms_next(source, &article, NULL, &err) != 1)
        fail_msg("%s", err.text);
}

static void assert_field(struct slice got, const char *expected)
{
    if (!slice_is(got, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", (int)got.len, got.len ? got.ptr : "", expected);
}

static void close_feed(void)
{
    assert_int_equal(forms_next(source, &article, NULL, NULL), 0);
    forms_close(source);
}

static void reads_rss_2(void **state)
{
    (void)state;
    open_feed(
        "<?xml version='1.0'?><rss version='2.0' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title> My\n Paper </title>"
        "<link>https://x.example/</link><language>pl</language>"
        "<image><title>Logo</title><link>no</link></image>"
        "<item><title>Tom &amp;amp; Jerry</title><guid isPermaLink='false'>urn:1</guid>"
        "<link>https://x.example/1?a=1&amp;b=2</link><description>Short.</description>"
        "<content:encoded><![CDATA[<p>One.</p><p>Two.</p>]]></content:encoded>"
        "<dc:creator>N. N.</dc:creator><pubDate>Tue, 04 Feb 2020 18:05:00 GMT</pubDate>"
        "<category>a</category><category>b</category><enclosure url='u' length='1'/>"
        "<source url='https://s.example/'>Agency</source><dc:language>de</dc:language>"
        "<dc:rights>free</dc:rights></item>"
        "<item><link>https://x.example/2</link><description>A line\nand &lt;b&gt;one&lt;/b&gt;"
        "</description></item></channel></rss>");
    next_item();
    assert_field(article.uri, "urn:1");
    assert_field(article.title, "Tom & Jerry");
    assert_field(article.body, "One.\n\nTwo.");
    assert_field(article.source, "Agency");
    assert_field(article.language, "de");
    assert_field(article.published, "2020-02-04T18:05:00Z");
    assert_field(article.extra,
                 "{\"category\":[\"a\",\"b\"],\"enclosure\":{\"url\":\"u\",\"length\":\"1\"},"
                 "\"dc:rights\":\"free\",\"link\":\"https://x.example/1?a=1&b=2\","
                 "\"author\":\"N. N.\",\"summary\":\"Short.\"}");
    next_item();
    assert_field(article.uri, "https://x.example/2");
    assert_field(article.body, "A line and one");
    assert_field(article.source, "My Paper");
    assert_field(article.language, "pl");
    close_feed();
}

static void keeps_plain_text_as_it_is(void **state)
{
    (void)state;
    open_feed("<rss><channel><item><guid>a</guid><description>\n A line\nthat was  wrapped.\n\nNew."
              "\n</description></item></channel></rss>");
    next_item();
    assert_field(article.body, "A line\nthat was  wrapped.\n\nNew.");
    close_feed();
}

static void reads_entities_of_html(void **state)
{
    (void)state;
    open_feed("<rss><channel><item><guid>a</guid><title>K&ouml;ln &amp; "
              "Wei&szlig;e&nbsp;R&aacute;by</title>"
              "<description>&bdquo;Ja&ldquo; &foo; &#322;</description>"
              "<enclosure url='u' title='K&ouml;ln'/></item></channel></rss>");
    next_item();
    assert_field(article.title, "Köln & Weiße Ráby");
    assert_field(article.body, "„Ja“ &foo; ł");
    assert_field(article.extra, "{\"enclosure\":{\"url\":\"u\",\"title\":\"K&ouml;ln\"}}");
    close_feed();
    open_feed(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:a</id><title>t</title><content "
        "type='xhtml'><div "
        "xmlns='http://www.w3.org/1999/xhtml'><p>K&ouml;ln</p><p>&hellip;</p></div>"
        "</content></entry></feed>");
    next_item();
    assert_field(article.body, "Köln\n\n…");
    close_feed();
}

static void makes_up_a_uri(void **state)
{
    (void)state;
    static const char feed[] = "<rss><channel><link>%s</link><item><title>%s</title><guid>%s</"
                               "guid>%s</item></channel></rss>";
    char xml[512], first[64];
    snprintf(xml, sizeof xml, feed, "https://x.example/", "T", "", "");
    open_feed(xml);
    next_item();
    assert_int_equal(article.uri.len, strlen("urn:telex:") + 32);
    snprintf(first, sizeof first, "%.*s", (int)article.uri.len, article.uri.ptr);
    close_feed();
    open_feed(xml);
    next_item();
    assert_field(article.uri, first);
    close_feed();
    snprintf(xml, sizeof xml, feed, "https://y.example/", "T", "", "");
    open_feed(xml);
    next_item();
    assert_false(slice_is(article.uri, first));
    close_feed();
    // A bare number is no identifier of the world's.
    snprintf(xml, sizeof xml, feed, "", "T", "4711", "<link>https://x.example/4711</link>");
    open_feed(xml);
    next_item();
    assert_field(article.uri, "https://x.example/4711");
    assert_field(article.extra, "{\"guid\":\"4711\"}");
    close_feed();
}

static void reads_rdf(void **state)
{
    (void)state;
    open_feed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<channel rdf:about='c'><title>Paper</title><dc:language>de</dc:language></channel>"
        "<item rdf:about='https://x.example/1'><title>T</title><link>https://x.example/l</link>"
        "<dc:date>2020-02-04T19:30:00+00:00</dc:date><description>D</description></item>"
        "</rdf:RDF>");
    next_item();
    assert_field(article.uri, "https://x.example/1");
    assert_field(article.title, "T");
    assert_field(article.body, "D");
    assert_field(article.language, "de");
    assert_field(article.source, "Paper");
    assert_field(article.published, "2020-02-04T19:30:00+00:00");
    close_feed();
}

static void reads_atom(void **state)
{
    (void)state;
    open_feed(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'><title>Post</title>"
        "<link rel='self' href='s'/><author><name>Desk</name></author>"
        "<entry><id> tag:1 </id><title type='html'>A &amp;lt;b&gt; &lt;i&gt;c&lt;/i&gt;</title>"
        "<link rel='enclosure' href='e'/><link href='https://x.example/1?a&amp;b'/>"
        "<updated>2020-02-05T00:00:00Z</updated><published>2020-02-04T00:00:00Z</published>"
        "<author><name>N. N.</name><email>n@x.example</email></author><category term='t'/>"
        "<summary>Short</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>One.</p><p>T<b>w</b>o."
        "</p></div></content></entry>"
        "<entry xml:lang='de'><id>tag:2</id><title>1 &lt; 2</title><updated>2020-02-05T00:00:00Z"
        "</updated><source><id>x</id><title>Other</title></source>"
        "<content type='text'>a\n&lt;b&gt;</content></entry>"
        "<entry><id>tag:3</id><title>T</title><summary>S</summary>"
        "<content type='image/png'>aGVsbG8=</content></entry></feed>");
    next_item();
    assert_field(article.uri, "tag:1");
    assert_field(article.title, "A <b> c");
    assert_field(article.body, "One.\n\nTwo.");
    assert_field(article.language, "en");
    assert_field(article.source, "Post");
    assert_field(article.published, "2020-02-04T00:00:00Z");
    assert_field(article.extra,
                 "{\"links\":{\"rel\":\"enclosure\",\"href\":\"e\"},\"category\":\"t\","
                 "\"link\":\"https://x.example/1?a&b\",\"author\":\"N. N.\","
                 "\"updated\":\"2020-02-05T00:00:00Z\",\"summary\":\"Short\"}");
    next_item();
    assert_field(article.title, "1 < 2");
    assert_field(article.body, "a\n<b>");
    assert_field(article.language, "de");
    assert_field(article.source, "Other");
    assert_field(article.published, "2020-02-05T00:00:00Z");
    next_item();
    assert_field(article.body, "S");
    close_feed();
}

static void reads_an_entry_alone(void **state)
{
    (void)state;
    assert_reads("<entry xmlns='http://www.w3.org/2005/Atom'><id>a</id><source><title>S</title>"
                 "</source><title type='xhtml'>1 &lt;b 2</title></entry>",
                 "ok a|1 <b 2|\n");
}

static void reads_declared_encodings(void **state)
{
    (void)state;
    open_feed("<?xml version='1.0' encoding='ISO-8859-2'?><rss><channel><item><guid>a</guid>"
              "<title>\xa3"
              "awrow</title></item></channel></rss>");
    next_item();
    assert_field(article.title, "Ławrow");
    close_feed();
    static const char ascii[] =
        "<rss><channel><item><guid>a</guid><title>T</title></item></channel>"
        "</rss>";
    char wide[2 * sizeof ascii] = "\xff\xfe";
    for (size_t i = 0; i < sizeof ascii - 1; i++)
        wide[2 + 2 * i] = ascii[i];
    assert_reads_as("wide", slice_from(wide, 2 * sizeof ascii), "ok a|T|\n");
}

static void names_bad_items(void **state)
{
    (void)state;
    assert_reads("<rss><channel>\n<item><guid>a</guid><title>A</title></item>\n<item></item>\n"
                 "<item><guid>c</guid><title>C</title></item>\n</channel></rss>",
                 "ok a|A|\nno 2:3 bad_article neither title nor body; there is nothing to tag\n"
                 "ok c|C|\n");
    assert_reads(
        "<rss><channel>\n<item><guid>a</guid><title>A</title></item>\n<item><guid>b</guid>\n"
        "<title>B</title",
        "ok a|A|\nno 2:4 bad_article not well-formed XML: the document is cut off\n");
    assert_reads(
        "\n\n<rss><channel>\n<item><a></b></item></channel></rss>",
        "no 1:4 bad_article not well-formed XML: Opening and ending tag mismatch: a line 2 "
        "and b\n");
    assert_reads("<rss><channel><item><title>&nbsp;</title></item></channel></rss>",
                 "no 1:1 bad_article neither title nor body; there is nothing to tag\n");
}

static void refuses_other_documents(void **state)
{
    (void)state;
    assert_reads("<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss><channel><item>"
                 "<guid>a</guid><title>&a;</title></item></channel></rss>",
                 "no 0:1 bad_article a document type declaration (<!DOCTYPE ...>), which can name "
                 "files and make a little text huge; remove it\n");
    assert_reads("<!doctype rss><rss></rss>",
                 "no 0:1 bad_article not well-formed XML: StartTag: invalid element name\n");
    assert_reads(
        "<!DOCTYPE html><html></html>",
        "no 1:1 bad_article an HTML page, not a feed; save it to a file, whose name becomes its "
        "uri, or push its feed\n");
    assert_reads("<opml/>", "no 0:1 bad_article XML, but no feed: its root is <opml>; RSS, RDF and "
                            "Atom are read\n");
    assert_reads("<?xml version='1.0' encoding='UTF-8'?><rss>\xb3</rss>",
                 "no 0:1 bad_utf8 not well-formed XML: Input is not proper UTF-8, "
                 "indicate encoding !\n");
}

static void bounds_what_costs(void **state)
{
    (void)state;
    size_t len = 4000000, at = 0;
    char *xml = malloc(len + 32);
    at += (size_t)sprintf(xml, "<rss ");
    for (int i = 0; at < len; i++)
        at += (size_t)sprintf(xml + at, "a%d='' ", i);
    assert_reads_as("attributes", slice_from(xml, at),
                    "no 0:1 too_large a tag has too many attributes\n");
    for (at = 0; at < len; at += 3)
        memcpy(xml + at, "<a>", 3);
    memcpy(xml, "<rss><channel>", 14);
    memcpy(xml + 14, " ", 1);
    assert_reads_as("depth", slice_from(xml, at), "no 0:1 bad_article nested more than 256 deep\n");
    free(xml);
}

// The parser sees the document in any pieces.
static void reads_pieces(void **state)
{
    (void)state;
    static const char xml[] = "<rss><channel><title>P</title><item><guid>a</guid><title>Ä&amp;B"
                              "</title><description><![CDATA[<p>x</p>]]></description></item>"
                              "</channel></rss>";
    for (size_t piece = 1; piece < sizeof xml; piece += 3) {
        struct feed *feed = feed_create(WIRE_BODY_MAX, 1);
        struct feed_entry *entry;
        for (size_t at = 0; at < sizeof xml - 1; at += piece) {
            size_t left = sizeof xml - 1 - at;
            feed_push(feed, slice_from(xml + at, left < piece ? left : piece), false);
        }
        feed_push(feed, slice_from("", 0), true);
        assert_true(feed_is_over(feed));
        assert_true(feed_pop(feed, &entry));
        assert_int_equal(entry->code, WIRE_OK);
        assert_field(entry->article.title, "Ä&B");
        assert_field(entry->article.body, "x");
        assert_false(feed_pop(feed, &entry));
        feed_destroy(feed);
    }
    feed_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rss_2),
        cmocka_unit_test(keeps_plain_text_as_it_is),
        cmocka_unit_test(reads_entities_of_html),
        cmocka_unit_test(makes_up_a_uri),
        cmocka_unit_test(reads_rdf),
        cmocka_unit_test(reads_atom),
        cmocka_unit_test(reads_an_entry_alone),
        cmocka_unit_test(reads_declared_encodings),
        cmocka_unit_test(names_bad_items),
        cmocka_unit_test(refuses_other_documents),
        cmocka_unit_test(bounds_what_costs),
        cmocka_unit_test(reads_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
