#include "workers/tagger/domains.h"

#include <ctype.h>
#include <stdlib.h>

// Sorted. Those that are common words of our languages right behind a full stop whose space was
// forgotten ("am", "in", "is", "it", "to", "me") are left out.
static const char *const top_level[] = {
    "ai",  "at", "au", "be", "bg", "biz", "by", "ca",  "ch",  "co",   "com", "cz", "de",  "dk",
    "edu", "ee", "es", "eu", "fi", "fm",  "fr", "gov", "gr",  "hr",   "hu",  "ie", "il",  "info",
    "int", "io", "jp", "kz", "lt", "lv",  "md", "mil", "net", "news", "nl",  "no", "org", "pl",
    "pt",  "ro", "rs", "ru", "se", "si",  "sk", "su",  "tr",  "tv",   "ua",  "uk", "us",
};

static int label_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

bool domain_is_top_level(struct slice label)
{
    char text[8];
    if (label.len < 2 || label.len >= sizeof text)
        return false;
    memcpy(text, label.ptr, label.len);
    text[label.len] = 0;
    return bsearch(text, top_level, sizeof top_level / sizeof *top_level, sizeof *top_level,
                   label_compare_cb) != NULL;
}

bool domain_is_name(struct slice text)
{
    size_t label = 0, dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte == '.' && i > label) {
            label = i + 1;
            dots++;
        } else if (!isalnum(byte) && byte != '-' && byte < 0x80) {
            return false;
        }
    }
    return dots && domain_is_top_level(slice_from(text.ptr + label, text.len - label));
}

bool domain_is_url(struct slice text)
{
    bool marked = slice_begins(text, "http://") || slice_begins(text, "https://") ||
                  slice_begins(text, "www.") || slice_begins(text, "pic.twitter.com/");
    for (size_t i = 0; marked && i < text.len; i++)
        marked = (unsigned char)text.ptr[i] > ' ';
    return marked;
}
