#include "workers/tagger/credit_parts.h"

#include <string.h>

#include "proto/base/utf8.h"
#include "workers/tagger/agencies.h"
#include "workers/tagger/domains.h"
#include "workers/tagger/unicode.h"

enum { PERSON_BYTES_MAX = 48, NOTE_BYTES_MAX = 10, PARTICLE_BYTES_MAX = 3 };

static struct slice trim(struct slice text)
{
    while (text.len && strchr(" .<>\"\t\r\n", text.ptr[0]))
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && strchr(" .<>\"\t\r\n", text.ptr[text.len - 1]))
        text.len--;
    return text;
}

// Initials of an editor beside an agency: "mal", "aja".
static bool is_initials(struct slice part)
{
    if (part.len < 2 || part.len > 4)
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.ptr[i] < 'a' || part.ptr[i] > 'z')
            return false;
    return true;
}

static bool is_particle(struct slice word)
{
    static const char *const known[] = {"von", "van", "de", "der", "den", "di", "da", "al",
                                        "el",  "bin", "zu", "la",  "le",  "du", "dos"};
    for (size_t i = 0; word.len <= PARTICLE_BYTES_MAX && i < sizeof known / sizeof *known; i++)
        if (slice_is(word, known[i]))
            return true;
    return false;
}

static struct slice next_word(struct slice *text)
{
    size_t len = 0, skip = 0;
    while (skip < text->len && text->ptr[skip] == ' ')
        skip++;
    while (skip + len < text->len && text->ptr[skip + len] != ' ')
        len++;
    struct slice word = slice_from(text->ptr + skip, len);
    *text = slice_from(text->ptr + skip + len, text->len - skip - len);
    return word;
}

// A capital letter first, no digits: "Nowak", "J.", "SMITH", "O'Neill".
static bool is_name_word(struct slice word)
{
    if (unicode_class_of(utf8_next(word, &(size_t){0})) != UNICODE_UPPER)
        return false;
    for (size_t at = 0; at < word.len;) {
        uint32_t code = utf8_next(word, &at);
        bool sign = code == '.' || code == '-' || code == '\'' || code == 0x2019;
        if (!sign && !unicode_is_letter(unicode_class_of(code)))
            return false;
    }
    return true;
}

// Two to four words that could be one person's name.
static bool is_person(struct slice part)
{
    int names = 0, words = 0;
    if (part.len > PERSON_BYTES_MAX)
        return false;
    for (struct slice rest = part; rest.len;) {
        struct slice word = next_word(&rest);
        if (!word.len)
            break;
        if (!is_particle(word) && !is_name_word(word))
            return false;
        names += !is_particle(word);
        words++;
    }
    return names >= 2 && words <= 4;
}

// What picture desks add: it names nobody.
static bool is_note(struct slice part)
{
    static const char *const known[] = {"File",     "FILE",       "file",       "Archiv", "archiv",
                                        "archiwum", "Symbolbild", "Symbolfoto", "Pool",   "POOL",
                                        "Handout",  "handout",    "Archive",    "pool"};
    for (size_t i = 0; part.len <= NOTE_BYTES_MAX && i < sizeof known / sizeof *known; i++)
        if (slice_is(part, known[i]))
            return true;
    return false;
}

enum credit_part credit_part_of(struct slice part)
{
    if (!part.len || is_note(part))
        return PART_EMPTY;
    switch (agency_kind_of(part)) {
    case AGENCY_WIRE:
        return PART_WIRE;
    case AGENCY_PICTURE:
        return PART_PICTURE;
    case AGENCY_OTHER:
        return PART_OTHER;
    case AGENCY_NONE:
        break;
    }
    if (domain_is_name(part) || domain_is_url(part))
        return PART_SITE;
    if (is_initials(part))
        return PART_INITIALS;
    return is_person(part) ? PART_PERSON : PART_UNKNOWN;
}

static bool is_sign(char byte)
{
    switch (byte) {
    case '/':
    case ',':
    case ';':
    case '|':
    case '(':
    case ')':
    case '[':
    case ']':
    case '+':
    case '&':
        return true;
    default:
        return false;
    }
}

// Bytes of the separator at `at`, or 0: a sign, or a word between spaces. Slashes of a web address
// separate nothing.
static size_t separator_length(struct slice text, size_t at)
{
    static const char *const words[] = {" via ", " und ", " and ", " i ", " oraz ", " u. ", " - "};
    struct slice rest = slice_from(text.ptr + at, text.len - at);
    if (is_sign(*rest.ptr))
        return 1;
    if (*rest.ptr != ' ')
        return *rest.ptr == '\xc2' && slice_begins(rest, "\u00a9") ? 2 : 0;
    for (size_t i = 0; rest.len > 1 && i < sizeof words / sizeof *words; i++)
        if (rest.ptr[1] == words[i][1] && slice_begins(rest, words[i]))
            return strlen(words[i]) - 1; // the space behind it may begin the next
    return 0;
}

static size_t address_length(struct slice text, size_t at)
{
    struct slice rest = slice_from(text.ptr + at, text.len - at);
    if (*rest.ptr != 'h' || (!slice_begins(rest, "http://") && !slice_begins(rest, "https://")))
        return 0;
    size_t len = 0;
    while (len < rest.len && !strchr(" <>()[]|,;\"", rest.ptr[len]))
        len++;
    return len;
}

struct slice credit_next_part(struct slice *text)
{
    size_t at = 0, separator = 0;
    while (at < text->len && !(separator = separator_length(*text, at))) {
        size_t address = address_length(*text, at);
        at += address ? address : 1;
    }
    struct slice part = trim(slice_from(text->ptr, at));
    *text = slice_from(text->ptr + at + separator, text->len - at - separator);
    return part;
}

struct credit_tally credit_tally_of(struct slice text)
{
    struct credit_tally tally = {.of = {0}};
    while (text.len && !tally.of[PART_UNKNOWN])
        tally.of[credit_part_of(credit_next_part(&text))]++;
    return tally;
}

int credit_known(const struct credit_tally *tally)
{
    return tally->of[PART_WIRE] + tally->of[PART_PICTURE] + tally->of[PART_OTHER];
}

int credit_words(struct slice text)
{
    int words = 0;
    while (text.len)
        words += next_word(&text).len > 0;
    return words;
}
