#include "proto/forms/html.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buf.h"
#include "tests/unit/cmocka_all.h"

struct pair {
    const char *html;
    const char *text;
};

static struct arena arena;
static struct err err;

static int convert(struct slice html, struct slice *text)
{
    arena_reset(&arena);
    return forms_html_to_text(html, &arena, text, &err);
}

static void assert_texts(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice text;
        assert_int_equal(convert(slice_from_text(pairs[i].html), &text), 0);
        if (!slice_is(text, pairs[i].text))
            fail_msg("%s\n  gives    \"%.*s\"\n  expected \"%s\"", pairs[i].html, (int)text.len,
                     text.ptr ? text.ptr : "", pairs[i].text);
    }
}

static void makes_paragraphs(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"", ""},
        {"plain", "plain"},
        {"  two\n  words ", "two words"},
        {"<p>One.</p>\n<p>Two.</p>", "One.\n\nTwo."},
        {"<p>One.<p>Two.", "One.\n\nTwo."},
        {"<p>One<br>two<br/>three", "One\ntwo\nthree"},
        {"One<br><br>Two", "One\n\nTwo"},
        {"<div>One</div><div class=\"aside\">Two</div>", "One\n\nTwo"},
        {"<ul><li>a</li><li>b</li></ul>after", "a\nb\n\nafter"},
        {"<table><tr><td>Merkel</td><td>Putin</td></tr><tr><td>x</td></tr></table>",
         "Merkel\nPutin\nx"},
        {"<pre>one\ntwo</pre>", "one\ntwo"},
        {"<b>Angela</b> <i>Merkel</i>s", "Angela Merkels"},
        {"<html><head><title>no</title><style>p{}</style></head><body><h1>Head</h1>text</body>",
         "Head\n\ntext"},
        {"a<script>if (a < b) alert('<p>');</script>b<!-- c -->d", "abd"},
        {"<svg><text>no</text></svg><p>yes</p>", "yes"},
    };
    assert_texts(pairs, sizeof pairs / sizeof *pairs);
}

#define STORY                                                                                      \
    "The talks went on for another day, and nobody who came out of the room would say how they "   \
    "had gone, or when they would end, or whether they would."

static void leaves_out_what_is_no_article(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<nav>Politics</nav>",
        "<footer><p>The Example Times</p></footer>",
        "<ul><li><a href=x>Politics</a></li><li><a href=y>Sports</a></li></ul>",
        "<h3><a href=x>The other talks</a></h3>",
        "<div class='mainNav'>Menu</div>",
        "<div id=comment-17>I do not agree.</div>",
        "<div role=navigation><span>Menu</span></div>",
        "<p><a href=x>More on the talks</a></p>",
        "<figure><img src=x><figcaption>An envoy</figcaption></figure>",
    };
    static const char *const kept[] = {
        "<h1><a href=x>The talks</a></h1>",
        "<p>As <a href=x>Reuters reported</a> first</p>",
        "<div class='post-content no-sidebar'>Short</div>",
        "<table><tr><td><a href=x>Leszno</a></td></tr></table>",
        "<p class=comment>Short</p>",
    };
    char html[2048];
    struct slice text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(html, sizeof html, "<p>" STORY "</p>%s<p>" STORY "</p>", parts[i]);
        assert_int_equal(convert(slice_from_text(html), &text), 0);
        if (!slice_is(text, STORY "\n\n" STORY))
            fail_msg("%s gave %.*s", parts[i], (int)text.len, text.ptr);
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        snprintf(html, sizeof html, "<p>" STORY "</p>%s<p>" STORY "</p>", kept[i]);
        assert_int_equal(convert(slice_from_text(html), &text), 0);
        if (text.len <= 2 * strlen(STORY) + 4)
            fail_msg("%s gave %.*s", kept[i], (int)text.len, text.ptr);
    }
}

// Where the rest would be no article nothing is left out.
static void leaves_short_texts_alone(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"<a href=x>Merkel meets Putin</a>", "Merkel meets Putin"},
        {"<ul><li><a href=x>one</a></li></ul><p>two</p>", "one\n\ntwo"},
        {"<nav>one</nav><p>two</p>", "one\n\ntwo"},
        {"<div class=related><p>" STORY "</p><p>" STORY "</p></div>", STORY "\n\n" STORY},
    };
    assert_texts(pairs, sizeof pairs / sizeof *pairs);
}

static void decodes_characters(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"Wei&szlig; &amp; Ko", "Weiß & Ko"},
        {"Wei&szlig;, &#321;awrow, &#x141;", "Weiß, Ławrow, Ł"},
        {"Angela&nbsp;Merkel", "Angela Merkel"},
        {"Bundes\xc2\xadkanz\xe2\x80\x8bler&shy;in", "Bundeskanzlerin"},
        {"a &#150; b", "a \xe2\x80\x93 b"},
        {"1 < 2 & 3", "1 < 2 & 3"},
        {"AT&T", "AT&T"},
        {"Świętokrzyskie", "Świętokrzyskie"},
    };
    assert_texts(pairs, sizeof pairs / sizeof *pairs);
}

static char *repeat(const char *part, size_t count)
{
    size_t len = strlen(part);
    char *bytes = malloc(len * count);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + i * len, part, len);
    return bytes;
}

static void assert_refused(struct slice html, const char *reason)
{
    struct slice text;
    assert_true(convert(html, &text) < 0);
    if (!strstr(err.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
}

static void refuses_what_would_cost(void **state)
{
    (void)state;
    char *deep = repeat("<i></b>", 200000), *tags = repeat("a=1 ", 500000);
    assert_refused(slice_from(deep, 1400000), "deep");
    memcpy(tags, "<a  ", 4);
    assert_refused(slice_from(tags, 2000000), "attributes");
    memcpy(tags, "<a =\"", 5);
    assert_refused(slice_from(tags, 2000000), "attributes");
    memcpy(tags, "<a 1=\"x ", 8);
    assert_refused(slice_from(tags, 2000000), "attributes");
    assert_refused(slice_from("a\0b", 3), "NUL");
    assert_refused(slice_from_text("\xb3\xf3"), "UTF-8");
    free(deep);
    free(tags);
}

static void reads_an_embedded_picture(void **state)
{
    (void)state;
    char *data = repeat("iVBORw0KGgo = AAAA\n", 10000);
    struct slice text;
    struct buf html;
    buf_init(&html, 1 << 22);
    buf_put_text(&html, "<p>before<img src=\"data:image/png;base64,");
    buf_put(&html, data, 190000);
    buf_put_text(&html, "\"> after");
    assert_int_equal(convert(buf_slice(&html), &text), 0);
    assert_true(slice_is(text, "before after"));
    buf_fini(&html);
    free(data);
}

// Tags wherever a reader of pieces would cut them; a script that looks like one long tag.
static void reads_a_whole_page(void **state)
{
    (void)state;
    static const char link[] = "<a class=\"x y\" href='/a b?c=d&amp;e=f' title=\"1 > 0\">w</a> ";
    struct slice text;
    struct buf html;
    buf_init(&html, 1 << 22);
    buf_put_text(&html, "<html><head><script>for (i=0;i<n;i++) {");
    for (int i = 0; i < 3000; i++)
        buf_put_text(&html, "a = b + c; ");
    buf_put_text(&html, "}</script></head><body><p>");
    for (int i = 0; i < 3000; i++)
        buf_put_text(&html, link);
    buf_put_text(&html, "</p><p>end");
    assert_int_equal(convert(buf_slice(&html), &text), 0);
    assert_int_equal(text.len, 3000 * 2 - 1 + 2 + 3);
    buf_fini(&html);
}

static void knows_a_small_arena(void **state)
{
    (void)state;
    struct arena small;
    struct slice text;
    arena_init(&small, 4);
    assert_int_equal(forms_html_to_text(slice_from_text("<p>much more"), &small, &text, &err),
                     -ENOMEM);
    arena_fini(&small);
}

static void tells_html_from_text(void **state)
{
    (void)state;
    assert_true(html_is_like(slice_from_text("a <b>c")));
    assert_true(html_is_like(slice_from_text("a &amp; b")));
    assert_true(html_is_like(slice_from_text("a &#160;b")));
    assert_false(html_is_like(slice_from_text("1 < 2 > 0, AT&T, R&D")));
    assert_false(html_is_like(slice_from_text("")));
    assert_false(html_is_like(slice_from_text("a <b")));
}

static int setup_cb(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 24);
    return 0;
}

static int teardown_cb(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_paragraphs),
        cmocka_unit_test(decodes_characters),
        cmocka_unit_test(leaves_out_what_is_no_article),
        cmocka_unit_test(leaves_short_texts_alone),
        cmocka_unit_test(refuses_what_would_cost),
        cmocka_unit_test(reads_an_embedded_picture),
        cmocka_unit_test(reads_a_whole_page),
        cmocka_unit_test(knows_a_small_arena),
        cmocka_unit_test(tells_html_from_text),
    };
    return cmocka_run_group_tests(tests, setup_cb, teardown_cb);
}
