#include "proto/forms/charset.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

#include <uchardet/uchardet.h>

#include "proto/base/utf8.h"

// --- declared

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.:", c));
}

// Of "charset" in `tag`, the value behind "=", in quotation marks or without. False: none.
static bool find_value(struct slice tag, const char *key, char name[CHARSET_NAME_BYTES])
{
    size_t key_len = strlen(key), i = 0;
    while (i + key_len < tag.len && strncasecmp(tag.ptr + i, key, key_len) != 0)
        i++;
    for (i += key_len; i < tag.len && strchr(" \t\r\n=\"'", tag.ptr[i]) && tag.ptr[i]; i++)
        continue;
    size_t len = 0;
    while (i < tag.len && is_name_byte(tag.ptr[i]) && len < CHARSET_NAME_BYTES - 1)
        name[len++] = tag.ptr[i++];
    name[len] = '\0';
    return len > 0;
}

static bool find_in_tag(struct slice tag, char name[CHARSET_NAME_BYTES])
{
    if (tag.len > 5 && strncasecmp(tag.ptr, "<?xml", 5) == 0)
        return find_value(tag, "encoding", name);
    if (tag.len > 5 && strncasecmp(tag.ptr, "<meta", 5) == 0 && find_value(tag, "charset", name)) {
        // A page in UTF-16 could not be read this far.
        if (strncasecmp(name, "utf-16", 6) == 0)
            snprintf(name, CHARSET_NAME_BYTES, "UTF-8");
        return true;
    }
    return false;
}

static const char *find_mark(struct slice start)
{
    if (slice_begins(start, "\xef\xbb\xbf"))
        return "UTF-8";
    if (slice_begins(start, "\xff\xfe"))
        return "UTF-16LE";
    if (slice_begins(start, "\xfe\xff"))
        return "UTF-16BE";
    return NULL;
}

bool charset_find_declared(struct slice start, char name[CHARSET_NAME_BYTES])
{
    name[0] = '\0';
    const char *mark = find_mark(start);
    if (mark)
        snprintf(name, CHARSET_NAME_BYTES, "%s", mark);
    if (start.len > CHARSET_DECLARED_BYTES)
        start.len = CHARSET_DECLARED_BYTES;
    for (size_t i = 0; i < start.len && !name[0]; i++) {
        const char *end = start.ptr[i] == '<' ? memchr(start.ptr + i, '>', start.len - i) : NULL;
        struct slice tag = slice_from(start.ptr + i, end ? (size_t)(end - start.ptr) - i : 0);
        if (end && find_in_tag(tag, name))
            break;
        name[0] = '\0';
    }
    return name[0];
}

// --- guessed

// UTF-16 without a mark is mostly every other byte 0; libuchardet knows it by its mark only.
static const char *guess_utf16(struct slice sample)
{
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < sample.len; i++)
        zeros[i % 2] += sample.ptr[i] == '\0';
    size_t many = sample.len / 8;
    if (zeros[1] > many && zeros[0] * 8 < zeros[1])
        return "UTF-16LE";
    return zeros[0] > many && zeros[1] * 8 < zeros[0] ? "UTF-16BE" : NULL;
}

// Characters of more than one byte that are right, against bytes that are not: a UTF-8 text with a
// broken byte must not be taken for another charset.
static bool is_broken_utf8(struct slice sample)
{
    size_t right = 0, wrong = 0;
    while (sample.len) {
        size_t valid = utf8_valid_prefix(sample);
        right += valid - utf8_count(slice_from(sample.ptr, valid));
        bool more = valid < sample.len;
        wrong += more;
        sample = slice_from(sample.ptr + valid + more, sample.len - valid - more);
    }
    return right > wrong;
}

static void ask_uchardet(struct slice sample, char name[CHARSET_NAME_BYTES])
{
    uchardet_t detector = uchardet_new();
    if (!detector)
        return;
    if (uchardet_handle_data(detector, sample.ptr, sample.len) == 0) {
        uchardet_data_end(detector);
        snprintf(name, CHARSET_NAME_BYTES, "%s", uchardet_get_charset(detector));
    }
    uchardet_delete(detector);
}

bool charset_guess(struct slice sample, char name[CHARSET_NAME_BYTES])
{
    name[0] = '\0';
    if (sample.len > CHARSET_SAMPLE_BYTES)
        sample.len = CHARSET_SAMPLE_BYTES;
    const char *wide = guess_utf16(sample);
    if (wide)
        snprintf(name, CHARSET_NAME_BYTES, "%s", wide);
    else if (!is_broken_utf8(sample))
        ask_uchardet(sample, name);
    return name[0];
}

// --- converting

static const char *known_as(const char *name)
{
    static const char *const western[] = {"iso-8859-1", "iso8859-1", "latin1",
                                          "l1",         "us-ascii",  "ascii"};
    for (size_t i = 0; i < sizeof western / sizeof *western; i++) {
        if (strcasecmp(name, western[i]) == 0)
            return "WINDOWS-1252";
    }
    return strcasecmp(name, "utf8") == 0 ? "UTF-8" : name;
}

int charset_open(struct charset *charset, const char *name, struct err *err)
{
    *charset = (struct charset){.to_utf8 = (iconv_t)-1};
    snprintf(charset->name, sizeof charset->name, "%s", known_as(name));
    charset->to_utf8 = iconv_open("UTF-8", charset->name);
    if (charset->to_utf8 != (iconv_t)-1)
        return 0;
    err_set(err, "the charset %s is not known; convert the document to UTF-8", name);
    return -EINVAL;
}

void charset_close(struct charset *charset)
{
    if (charset->to_utf8 && charset->to_utf8 != (iconv_t)-1)
        iconv_close(charset->to_utf8);
    charset->to_utf8 = (iconv_t)-1;
}

// No charset's text has the controls U+0080 to U+009F, but every 8-bit charset's table.
static bool has_controls(struct slice text)
{
    const char *at = text.ptr, *end = at + text.len;
    while (at < end && (at = memchr(at, '\xc2', (size_t)(end - at)))) {
        at++;
        if (at < end && (uint8_t)*at < 0xa0)
            return true;
    }
    return false;
}

int charset_convert(struct charset *charset, struct slice bytes, struct buf *out, size_t *used)
{
    size_t left = bytes.len, before = out->len;
    char *in = (char *)(uintptr_t)bytes.ptr; // iconv reads only
    int errnum = E2BIG;
    while (left && errnum == E2BIG) {
        size_t size = left + 16;
        char *at = buf_reserve(out, size);
        if (!at)
            return -ENOMEM;
        size_t room = size;
        errnum = iconv(charset->to_utf8, &in, &left, &at, &room) == (size_t)-1 ? errno : 0;
        out->len += size - room;
    }
    *used = bytes.len - left;
    if (left && errnum != EINVAL)
        return -EILSEQ;
    // glibc lets UTF-8 pass to UTF-8 that is none: sequences of five bytes.
    struct slice text = slice_from(out->ptr + before, out->len - before);
    return has_controls(text) || !utf8_is_valid(text) ? -EILSEQ : 0;
}

static bool fits(struct charset *charset, struct slice sample)
{
    struct buf text;
    size_t used;
    buf_init(&text, 8 * CHARSET_SAMPLE_BYTES);
    bool fit = charset_convert(charset, sample, &text, &used) == 0;
    buf_fini(&text);
    iconv(charset->to_utf8, NULL, NULL, NULL, NULL);
    return fit;
}

int charset_open_guessed(struct charset *charset, struct slice sample, const char *remedy,
                         struct err *err)
{
    char name[CHARSET_NAME_BYTES];
    if (sample.len > CHARSET_SAMPLE_BYTES)
        sample.len = CHARSET_SAMPLE_BYTES;
    *charset = (struct charset){.to_utf8 = (iconv_t)-1};
    if (!charset_guess(sample, name)) {
        err_set(err, "not UTF-8, no charset is declared, and none can be guessed; %s", remedy);
        return -EILSEQ;
    }
    if (charset_open(charset, name, err) == 0 && fits(charset, sample))
        return 0;
    charset_close(charset);
    err_set(err, "not UTF-8, no charset is declared, and %s was tried but does not fit; %s", name,
            remedy);
    return -EILSEQ;
}
