#include "workers/tagger/dateline.h"

#include <stdlib.h>
#include <string.h>

#include "workers/tagger/folded.h"

enum { DATELINE_BYTES_MAX = 80, DATELINE_WORDS_MAX = 14 };

// Folded, sorted. Months in the cases dates are written in.
static const char *const months[] = {
    "apr",       "april",    "aug",       "august",   "czerwca",  "czerwiec",    "dec",
    "december",  "dezember", "feb",       "februar",  "february", "grudnia",     "grudzien",
    "jan",       "januar",   "january",   "jul",      "juli",     "july",        "jun",
    "june",      "juni",     "kwiecien",  "kwietnia", "lipca",    "lipiec",      "listopad",
    "listopada", "lutego",   "luty",      "maerz",    "mai",      "maj",         "maja",
    "mar",       "marca",    "march",     "marz",     "marzec",   "may",         "nov",
    "november",  "oct",      "october",   "okt",      "oktober",  "pazdziernik", "pazdziernika",
    "sep",       "sept",     "september", "sierpien", "sierpnia", "styczen",     "stycznia",
    "wrzesien",  "wrzesnia",
};

static const char *const others[] = {
    "a",
    "aktualisiert",
    "aktualizacja",
    "am",
    "at",
    "bst",
    "cest",
    "cet",
    "czwartek",
    "das",
    "datum",
    "dienstag",
    "do",
    "dodano",
    "don",
    "donnerstag",
    "edt",
    "erstellt",
    "est",
    "et",
    "fr",
    "freitag",
    "fri",
    "friday",
    "from",
    "g",
    "gmt",
    "godz",
    "godzina",
    "h",
    "ist",
    "last",
    "m",
    "mi",
    "min",
    "mittwoch",
    "mo",
    "modified",
    "mon",
    "monday",
    "montag",
    "mtl",
    "nd",
    "niedziela",
    "o",
    "on",
    "opublikowano",
    "p",
    "pdt",
    "piatek",
    "pm",
    "poniedzialek",
    "posted",
    "pst",
    "published",
    "r",
    "roku",
    "sa",
    "samstag",
    "sat",
    "saturday",
    "so",
    "sobota",
    "sonntag",
    "sr",
    "sroda",
    "stand",
    "sun",
    "sunday",
    "thu",
    "thursday",
    "tue",
    "tuesday",
    "uhr",
    "um",
    "updated",
    "utc",
    "utworzono",
    "veroffentlicht",
    "vom",
    "wed",
    "wednesday",
    "wtorek",
    "zaktualizowano",
    "zuletzt",
};

static int word_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static bool is_month(const char *word)
{
    return bsearch(word, months, sizeof months / sizeof *months, sizeof *months, word_compare_cb) !=
           NULL;
}

static bool is_other(const char *word)
{
    return bsearch(word, others, sizeof others / sizeof *others, sizeof *others, word_compare_cb) !=
           NULL;
}

// A number, or one that is written with an ending: "7th", "18h".
static bool is_number(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    const char *rest = word + digits;
    return digits && digits <= 4 &&
           (!*rest || strcmp(rest, "th") == 0 || strcmp(rest, "st") == 0 ||
            strcmp(rest, "nd") == 0 || strcmp(rest, "rd") == 0 || strcmp(rest, "h") == 0 ||
            strcmp(rest, "am") == 0 || strcmp(rest, "pm") == 0 || strcmp(rest, "r") == 0);
}

// The place before the comma.
static struct slice skip_place(struct slice line)
{
    const char *comma = memchr(line.ptr, ',', line.len);
    size_t len = comma ? (size_t)(comma - line.ptr) : 0;
    if (!len || memchr(line.ptr, ' ', len) || strchr("0123456789", line.ptr[0]))
        return line;
    return slice_from(comma + 1, line.len - len - 1);
}

static bool is_date(struct slice text)
{
    struct folded folded;
    int numbers = 0, months_seen = 0, words = 0;
    if (!text.len || !folded_make(&folded, text))
        return false;
    char *save = NULL;
    for (char *word = strtok_r(folded.text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (++words > DATELINE_WORDS_MAX)
            return false;
        if (is_number(word))
            numbers++;
        else if (is_month(word))
            months_seen++;
        else if (!is_other(word))
            return false;
    }
    return numbers && (months_seen == 1 || (!months_seen && numbers >= 3));
}

static bool has_digit(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] >= '0' && line.ptr[i] <= '9')
            return true;
    return false;
}

bool dateline_is(struct slice line)
{
    return line.len && line.len <= DATELINE_BYTES_MAX && has_digit(line) &&
           (is_date(line) || is_date(skip_place(line)));
}
