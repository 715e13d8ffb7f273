#include "proto/forms/html_blocks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/forms/html_text.h"

enum {
    STORY_BLOCK_BYTES = 80,   // a paragraph rather than a menu's entry
    STORY_BYTES_MIN = 250,    // less than this is no article that could stand alone
    LINKED_SENTENCE_MIN = 80, // a link this long that ends like a sentence is a paragraph
    WORD_MAX = 24,
};

// --- elements

// Parts of a page, as classes, ids and roles call them. Sorted.
static const char *const page_words[] = {
    "advert",      "advertisement", "alert",       "alertdialog", "aside",       "banner",
    "bio",         "breadcrumb",    "breadcrumbs", "caption",     "carousel",    "comment",
    "comments",    "complementary", "consent",     "contact",     "contentinfo", "cookie",
    "cookies",     "copyright",     "dialog",      "disclaimer",  "disqus",      "feedback",
    "footer",      "gdpr",          "komentarze",  "kommentar",   "kommentare",  "likes",
    "menu",        "menubar",       "modal",       "nav",         "navbar",      "navi",
    "navigation",  "newsletter",    "notice",      "outbrain",    "pager",       "pagination",
    "paywall",     "popular",       "popup",       "promo",       "recent",      "recommendations",
    "recommended", "reklama",       "related",     "respond",     "search",      "share",
    "sharing",     "sidebar",       "signup",      "sitemap",     "social",      "sponsored",
    "subscribe",   "subscription",  "taboola",     "toolbar",     "topbar",      "trending",
    "werbung",
};

// Words beside them that tell of an element around the article. Sorted.
static const char *const around_words[] = {
    "article", "body",   "closed", "container", "content", "disabled", "entry",   "grid",
    "has",     "layout", "main",   "no",        "open",    "page",     "post",    "row",
    "site",    "story",  "text",   "with",      "without", "wrap",     "wrapper",
};

// "has-sidebar", "no-comments": an element around both. Sorted.
static const char *const without_words[] = {"closed", "disabled", "has",    "no",
                                            "open",   "with",     "without"};

static int word_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

#define IS_ONE_OF(word, list)                                                                      \
    (bsearch((word), (list), sizeof(list) / sizeof *(list), sizeof *(list), word_compare_cb) !=    \
     NULL)

// The next word of a class, in lower case: "main-nav", "mainNav" and "main_nav" are two. Steps over
// what joins them, but not over white space: *joined tells.
static const char *next_word(const char *at, char word[WORD_MAX + 1], bool *joined)
{
    size_t len = 0;
    *joined = true;
    for (; *at && !isalnum((unsigned char)*at); at++)
        *joined &= !isspace((unsigned char)*at);
    while (isalnum((unsigned char)*at)) {
        if (len < WORD_MAX)
            word[len++] = (char)tolower((unsigned char)*at);
        bool ends = islower((unsigned char)at[0]) && isupper((unsigned char)at[1]);
        at++;
        if (ends)
            break;
    }
    word[len] = 0;
    return at;
}

// What is known of one class: a page's part when its last word says so ("site-footer"), or its
// first and none speaks of what is around ("nav-list", but not "comment-open").
struct class_words {
    bool first, last, around, any;
};

static bool class_is_page(const struct class_words *words)
{
    return words->last || (words->first && !words->around);
}

static bool value_is_page(const char *value)
{
    char word[WORD_MAX + 1];
    bool page = false, joined;
    struct class_words words = {.any = false};
    for (value = next_word(value, word, &joined); *word; value = next_word(value, word, &joined)) {
        if (!joined) {
            page |= class_is_page(&words);
            words = (struct class_words){.any = false};
        }
        bool own = IS_ONE_OF(word, page_words);
        words.around |= IS_ONE_OF(word, around_words);
        words.first |= !words.any && own;
        words.last = own;
        words.any = true;
        if (IS_ONE_OF(word, without_words))
            return false;
    }
    return page || class_is_page(&words);
}

static bool is_whole(const char *name)
{
    static const char *const names[] = {"html", "body", "main", "article", "h1", "p"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

bool html_element_is_page(const char *name, const char *const *attributes)
{
    static const char *const parts[] = {"nav", "footer", "figcaption"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcasecmp(name, parts[i]) == 0)
            return true;
    if (is_whole(name))
        return false;
    for (; attributes && attributes[0]; attributes += 2) {
        const char *key = attributes[0], *value = attributes[1];
        bool named = strcasecmp(key, "class") == 0 || strcasecmp(key, "id") == 0 ||
                     strcasecmp(key, "role") == 0;
        if (named && value && value_is_page(value))
            return true;
    }
    return false;
}

// --- blocks

struct survey {
    size_t story; // bytes of paragraphs that are neither links nor the page's
    size_t page;  // bytes of paragraphs in parts of the page
};

static uint32_t block_end(const struct buf *text, const struct html_block *blocks, size_t count,
                          size_t index)
{
    return index + 1 < count ? blocks[index + 1].start : (uint32_t)text->len;
}

// Nearly nothing but links. A long one that ends like a sentence is a linked paragraph.
static bool is_links(const struct html_block *block, struct slice own)
{
    if (block->linked * 10ull < own.len * 7ull)
        return false;
    return own.len < LINKED_SENTENCE_MIN || own.ptr[own.len - 1] != '.';
}

static struct survey survey_blocks(const struct buf *text, const struct html_block *blocks,
                                   size_t count)
{
    struct survey survey = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t end = block_end(text, blocks, count, i);
        struct slice own = slice_from(text->ptr + blocks[i].first, end - blocks[i].first);
        if (own.len < STORY_BLOCK_BYTES || is_links(&blocks[i], own))
            continue;
        *(blocks[i].page ? &survey.page : &survey.story) += own.len;
    }
    return survey;
}

void html_blocks_clean(struct buf *text, const struct html_block *blocks, size_t count)
{
    static const char *const gaps[] = {"", " ", "\n", "\n\n"};
    struct survey survey = survey_blocks(text, blocks, count);
    if (survey.story < STORY_BYTES_MIN)
        return;
    // Where most of the story seems to stand in the page's parts, their names mislead.
    bool trusted = survey.story >= survey.page;
    size_t len = 0;
    unsigned gap = 0;
    for (size_t i = 0; i < count; i++) {
        const struct html_block *block = &blocks[i];
        uint32_t end = block_end(text, blocks, count, i);
        struct slice own = slice_from(text->ptr + block->first, end - block->first);
        gap = block->gap > gap ? block->gap : gap;
        if ((block->page && trusted) || (is_links(block, own) && !block->bound))
            continue;
        const char *before = len ? gaps[gap] : "";
        memmove(text->ptr + len, before, strlen(before));
        len += strlen(before);
        memmove(text->ptr + len, own.ptr, own.len);
        len += own.len;
        gap = 0;
    }
    text->len = len;
}
