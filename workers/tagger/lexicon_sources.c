#include "workers/tagger/lexicon_sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "proto/base/utf8.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/local_id.h"

enum { COLUMNS_MAX = 9, NAME_BYTES_MAX = 512 };

struct columns {
    struct slice at[COLUMNS_MAX];
    size_t count;
};

typedef int line_fn(struct lexicon_build *build, const struct columns *columns, struct err *err);

static struct slice cut(struct slice *rest, char separator)
{
    const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct slice head = slice_from(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    size_t taken = head.len + (end ? 1 : 0);
    *rest = slice_from(rest->ptr ? rest->ptr + taken : NULL, rest->len - taken);
    return head;
}

static unsigned number_of(struct slice text)
{
    unsigned number = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        number = number * 10 + (unsigned)(text.ptr[i] - '0');
    return number;
}

static int read_line(struct lexicon_build *build, struct slice line, line_fn *use, struct err *err)
{
    if (line.len && line.ptr[line.len - 1] == '\n')
        line.len--;
    if (line.len == 0 || line.ptr[0] == '#')
        return 0;
    if (!utf8_is_valid(line))
        return err_set(err, "not UTF-8"), -EINVAL;
    struct columns columns = {.count = 0};
    do
        columns.at[columns.count++] = cut(&line, '\t');
    while (line.len && columns.count < COLUMNS_MAX);
    return use(build, &columns, err);
}

static int read_lines(struct lexicon_build *build, const char *path, line_fn *use, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set_errno(err, errno, "cannot open %s", path);
    char *line = NULL;
    size_t capacity = 0, number = 0;
    int rc = 0;
    for (ssize_t len; rc == 0 && (len = getline(&line, &capacity, file)) >= 0;) {
        number++;
        rc = read_line(build, slice_from(line, (size_t)len), use, err);
        if (rc < 0)
            err_prefix(err, "%s:%zu", path, number);
    }
    free(line);
    fclose(file);
    return rc;
}

static int wrong_columns(struct err *err)
{
    return err_set(err, "wrong number of columns, or an unknown kind"), -EINVAL;
}

// --- Entities ---

static const uint8_t column_languages[] = {1 << LEXICON_EN, 1 << LEXICON_DE, 1 << LEXICON_PL, 0, 0};

static const char type_letters[] = {
    [TAG_PERSON] = 'P', [TAG_ORGANISATION] = 'O', [TAG_PLACE] = 'L',
    [TAG_EVENT] = 'E',  [TAG_PRODUCT] = 'R',      [TAG_OTHER] = 'X',
};

static bool type_of_letter(struct slice letter, enum tag_type *type)
{
    for (size_t i = 0; letter.len == 1 && i < sizeof type_letters; i++)
        if (type_letters[i] == letter.ptr[0]) {
            *type = (enum tag_type)i;
            return true;
        }
    return false;
}

static struct slice canonical_name(const struct columns *columns)
{
    for (size_t i = 3; i < columns->count; i++)
        if (columns->at[i].len) {
            struct slice rest = columns->at[i];
            return cut(&rest, '|');
        }
    return slice_from_text("");
}

static void add_spellings(struct lexicon_build *build, uint32_t entity, struct slice cell,
                          uint8_t languages)
{
    while (cell.len)
        lexicon_build_name(build, entity, cut(&cell, '|'), languages, 0);
}

static int use_entity(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    enum tag_type type;
    if (columns->count < 4 || !type_of_letter(columns->at[1], &type))
        return wrong_columns(err);
    char local[LOCAL_ID_BYTES];
    struct slice id = columns->at[0], name = canonical_name(columns);
    if (slice_begins(id, "local:"))
        id = local_id_make(local, type, name);
    uint32_t entity =
        lexicon_build_entity(build, id, name, type, (uint8_t)number_of(columns->at[2]));
    for (size_t i = 3; i < columns->count && i < 8; i++)
        add_spellings(build, entity, columns->at[i], column_languages[i - 3]);
    return 0;
}

int lexicon_read_entities(struct lexicon_build *build, const char *path, struct err *err)
{
    int rc = read_lines(build, path, use_entity, err);
    lexicon_build_index(build);
    return rc;
}

// --- The hand-kept list ---

// A person's name as curated.tsv writes it: plain text, and where the surname stands in it.
struct marked_name {
    char text[NAME_BYTES_MAX];
    size_t len;
    size_t surname, surname_len;
};

static void read_marked(struct marked_name *out, struct slice marked)
{
    bool found = false;
    out->len = out->surname = 0;
    for (size_t i = 0; i < marked.len && out->len < NAME_BYTES_MAX; i++) {
        char letter = marked.ptr[i];
        if (letter == '*') {
            found = true;
            out->surname = out->len;
            continue;
        }
        if (letter == ' ' && !found)
            out->surname = out->len + 1;
        out->text[out->len++] = letter == '_' ? ' ' : letter;
    }
    out->surname_len = out->len - out->surname;
    // A marked surname ends at the first plain space behind it; '_' does not end it.
    const char *star = found ? memchr(marked.ptr, '*', marked.len) : NULL;
    if (star) {
        const char *space = memchr(star, ' ', (size_t)(marked.ptr + marked.len - star));
        if (space)
            out->surname_len = (size_t)(space - star) - 1;
    }
}

// A surname of one letter, or the numeral of a pope, tells nothing by itself.
static bool tells_alone(struct slice surname)
{
    struct lexicon_words words;
    size_t numeral = 0;
    while (numeral < surname.len && memchr("IVX.", surname.ptr[numeral], 4))
        numeral++;
    return numeral < surname.len && lexicon_words_split(&words, surname) && words.text_len > 1;
}

static void add_person(struct lexicon_build *build, uint32_t entity, struct slice cell,
                       uint8_t languages, bool by_surname)
{
    while (cell.len) {
        struct marked_name name;
        read_marked(&name, cut(&cell, '|'));
        lexicon_build_name(build, entity, slice_from(name.text, name.len), languages, 0);
        struct slice surname = slice_from(name.text + name.surname, name.surname_len);
        if (by_surname && surname.len < name.len && tells_alone(surname))
            lexicon_build_name(build, entity, surname, languages, POSTING_SURNAME);
    }
}

static uint32_t curated_entity(struct lexicon_build *build, struct slice id, struct slice name,
                               enum tag_type type, bool joined, uint8_t weight)
{
    char local[LOCAL_ID_BYTES];
    uint32_t entity = LEXICON_NONE;
    if (id.len)
        entity = lexicon_build_find_id(build, id);
    if (entity == LEXICON_NONE && (joined || type == TAG_PERSON))
        entity = lexicon_build_lookup(build, name, type);
    if (entity != LEXICON_NONE) {
        struct slice kept = id.len ? id : lexicon_build_id(build, entity);
        lexicon_build_update(build, entity, kept, name, weight);
        return entity;
    }
    return lexicon_build_entity(build, id.len ? id : local_id_make(local, type, name), name, type,
                                weight);
}

static int use_curated(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    enum tag_type type;
    bool city = slice_is(columns->at[1], "C");
    if (columns->count < 4 || !type_of_letter(city ? slice_from_text("L") : columns->at[1], &type))
        return wrong_columns(err);
    uint8_t weight = (uint8_t)number_of(columns->at[2]);
    struct marked_name plain;
    read_marked(&plain, canonical_name(columns));
    struct slice name = slice_from(plain.text, plain.len);
    uint32_t entity = curated_entity(build, columns->at[0], name, type, city, weight);
    for (size_t i = 3; i < 8; i++) {
        struct slice cell = i < columns->count ? columns->at[i] : slice_from_text("");
        uint8_t languages = column_languages[i - 3];
        if (cell.len == 0 && (i == 4 || i == 5) && !city)
            cell = columns->at[3];
        if (type == TAG_PERSON)
            add_person(build, entity, cell, languages, weight >= 5);
        else
            add_spellings(build, entity, cell, city && i == 3 ? 0 : languages);
    }
    return 0;
}

int lexicon_read_curated(struct lexicon_build *build, const char *path, struct err *err)
{
    return read_lines(build, path, use_curated, err);
}

// --- Spellings in languages that are not parsed further ---

static uint32_t find_named(const struct lexicon_build *build, struct slice name, enum tag_type type)
{
    bool id = name.len > 1 && name.ptr[0] == 'Q' && name.ptr[1] >= '0' && name.ptr[1] <= '9';
    return id ? lexicon_build_find_id(build, name) : lexicon_build_lookup(build, name, type);
}

static int use_other(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    enum tag_type type;
    bool city = slice_is(columns->at[0], "C");
    if (columns->count != 3 || !type_of_letter(city ? slice_from_text("L") : columns->at[0], &type))
        return wrong_columns(err);
    uint32_t entity = find_named(build, columns->at[1], type);
    if (entity == LEXICON_NONE)
        return err_set(err, "no other list has this name"), -EINVAL;
    if (type == TAG_PERSON)
        add_person(build, entity, columns->at[2], 1 << LEXICON_OTHER, true);
    else
        add_spellings(build, entity, columns->at[2], 1 << LEXICON_OTHER);
    return 0;
}

int lexicon_read_other_names(struct lexicon_build *build, const char *path, struct err *err)
{
    lexicon_build_index(build);
    return read_lines(build, path, use_other, err);
}

// --- Words ---

static int use_personal(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    if (columns->count != 3)
        return wrong_columns(err);
    struct lexicon_word *word = lexicon_build_word(build, columns->at[0]);
    word->given |= (uint8_t)number_of(columns->at[1]);
    word->surname |= (uint8_t)number_of(columns->at[2]);
    return 0;
}

int lexicon_read_personal(struct lexicon_build *build, const char *path, struct err *err)
{
    return read_lines(build, path, use_personal, err);
}

static bool language_of(struct slice code, enum lexicon_language *language)
{
    static const char codes[][3] = {[LEXICON_PL] = "pl", [LEXICON_DE] = "de", [LEXICON_EN] = "en"};
    for (size_t i = 0; i < LEXICON_LANGUAGES; i++)
        if (slice_is(code, codes[i])) {
            *language = (enum lexicon_language)i;
            return true;
        }
    return false;
}

// 1 + 8 * log2(count) without floating point: the exponent and three bits of the mantissa.
static uint8_t log_count(unsigned count)
{
    if (count == 0)
        return 0;
    unsigned exponent = 31u - (unsigned)__builtin_clz(count);
    unsigned mantissa =
        exponent >= 3 ? (count >> (exponent - 3)) & 7 : (count << (3 - exponent)) & 7;
    return (uint8_t)(1 + exponent * 8 + mantissa);
}

static int use_word(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    enum lexicon_language language;
    if (columns->count < 3 || !language_of(columns->at[0], &language))
        return wrong_columns(err);
    struct lexicon_word *word = lexicon_build_word(build, columns->at[1]);
    for (size_t i = 2; i < columns->count && i < 2 + COUNT_KINDS; i++) {
        uint8_t count = log_count(number_of(columns->at[i]));
        uint8_t *kept = &word->counts[language][i - 2];
        *kept = *kept > count ? *kept : count;
    }
    bool people = columns->count > 7 && number_of(columns->at[7]) > number_of(columns->at[6]) &&
                  number_of(columns->at[7]) > number_of(columns->at[4]);
    if (people)
        word->cues[language] |= WORD_PEOPLE;
    return 0;
}

int lexicon_read_words(struct lexicon_build *build, const char *path, struct err *err)
{
    return read_lines(build, path, use_word, err);
}

static int use_cue(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } kinds[] = {
        {"title", WORD_TITLE},
        {"organisation", WORD_ORGANISATION},
        {"suffix", WORD_SUFFIX},
        {"geo", WORD_GEO},
        {"in", WORD_IN},
        {"says", WORD_SAYS},
        {"link", WORD_LINK},
        {"of", WORD_OF},
        {"never", WORD_NEVER},
        {"people", WORD_PEOPLE},
        {"geofirst", WORD_GEO_FIRST},
    };
    enum lexicon_language language;
    if (columns->count != 3 || !language_of(columns->at[1], &language))
        return wrong_columns(err);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(columns->at[0], kinds[i].name)) {
            for (struct slice words = columns->at[2]; words.len;)
                lexicon_build_word(build, cut(&words, ' '))->cues[language] |= kinds[i].flag;
            return 0;
        }
    return wrong_columns(err);
}

int lexicon_read_cues(struct lexicon_build *build, const char *path, struct err *err)
{
    return read_lines(build, path, use_cue, err);
}

// --- Inflected forms ---

static uint8_t cases_of(struct slice letters)
{
    static const char order[] = "NGDAIL";
    uint8_t cases = 0;
    for (size_t i = 0; i < letters.len; i++) {
        const char *found = memchr(order, letters.ptr[i], sizeof order - 1);
        if (found)
            cases = (uint8_t)(cases | 1u << (found - order));
    }
    return cases;
}

static uint8_t gender_of(struct slice gender)
{
    if (gender.len && gender.ptr[0] == 'm')
        return GENDER_MASCULINE;
    return slice_is(gender, "f") ? GENDER_FEMININE : GENDER_OTHER;
}

static int use_form(struct lexicon_build *build, const struct columns *columns, struct err *err)
{
    if (columns->count != 3)
        return wrong_columns(err);
    struct slice forms = columns->at[2];
    while (forms.len) {
        struct slice cases = cut(&forms, ' ');
        struct slice form = cut(&cases, '=');
        lexicon_build_form(build, form, columns->at[0], cases_of(cases), gender_of(columns->at[1]));
    }
    return 0;
}

int lexicon_read_forms(struct lexicon_build *build, const char *path, struct err *err)
{
    return read_lines(build, path, use_form, err);
}
