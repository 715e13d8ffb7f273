// 1. Cut the content into lines, a line into columns.  2. Check type, id and names.  3. What is
// sound becomes an entity; ids and names go into hash tables, so that a second one is noticed.
#include "workers/tagger/own_list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/hash.h"
#include "proto/base/utf8.h"
#include "workers/tagger/composer.h"
#include "workers/tagger/lexicon_build.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/local_id.h"
#include "workers/tagger/own_table.h"

enum {
    ARENA_BYTES_MAX = 1 << 30,
    ANY_LANGUAGE = (1 << LEXICON_LANGUAGES) - 1,
    OWN_WEIGHT = 9, // as the world-famous: the user has said that it matters
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct own_list *list, const char *format,
                                                         ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    // What was cut in the middle of a letter ends before it.
    text[utf8_valid_prefix(slice_from_text(text))] = '\0';
    list->complain_cb(list->line, text, list->arg);
    return false;
}

// A value in a complaint: its beginning will do.
enum { SHOWN_BYTES_MAX = 80 };
#define SHOWN(slice)                                                                               \
    (int)((slice).len < SHOWN_BYTES_MAX ? (slice).len : SHOWN_BYTES_MAX), (slice).ptr

static struct slice trimmed(struct slice text)
{
    while (text.len && *text.ptr == ' ')
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

// The text up to the separator, which is taken off `rest` with it; false at the end.
static bool next_part(struct slice *rest, char separator, struct slice *part)
{
    if (!rest->ptr)
        return false;
    const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    *part = slice_from(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    *rest = end ? slice_from(end + 1, rest->len - part->len - 1) : slice_from(NULL, 0);
    return true;
}

size_t own_list_count(const struct own_list *list)
{
    return list->entities.len / sizeof(struct own_entity);
}

const struct own_entity *own_list_entity(const struct own_list *list, size_t index)
{
    return (const struct own_entity *)(const void *)list->entities.ptr + index;
}

size_t own_list_name_count(const struct own_list *list)
{
    return list->names.len / sizeof(struct own_name);
}

const struct own_name *own_list_name(const struct own_list *list, size_t index)
{
    return (const struct own_name *)(const void *)list->names.ptr + index;
}

// --- A line ---

static bool split_line(struct own_list *list, struct slice line)
{
    if (line.len > OWN_LINE_BYTES_MAX)
        return refuse(list,
                      "longer than %d bytes; make several entities of it, or give fewer names",
                      OWN_LINE_BYTES_MAX);
    if (!utf8_is_valid(line))
        return refuse(list, "not UTF-8; save the file in that encoding");
    for (size_t i = 0; i < line.len; i++)
        if (((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7f)
            return refuse(list, "a control character (%d); take it out", line.ptr[i]);
    size_t count = 0;
    struct slice part;
    memset(list->columns, 0, sizeof list->columns);
    while (next_part(&line, '\t', &part)) {
        if (count == OWN_COLUMNS)
            return refuse(list,
                          "more than %d columns; they are id, type, names, pl, de, en, and | "
                          "stands between names",
                          OWN_COLUMNS);
        list->columns[count++] = trimmed(part);
    }
    if (count < 3)
        return refuse(list,
                      "%zu column%s; a tab stands between id, type and names, also when the "
                      "id is empty",
                      count, count == 1 ? "" : "s");
    return true;
}

static bool read_type(struct own_list *list, enum tag_type *type)
{
    struct slice name = list->columns[OWN_TYPE];
    for (*type = TAG_PERSON; *type <= TAG_OTHER; ++*type)
        if (slice_is(name, tag_type_name(*type)))
            return true;
    return refuse(list,
                  "type \"%.*s\" is none of person, organisation, place, event, product, "
                  "other",
                  SHOWN(name));
}

static bool is_wikidata_id(struct slice id)
{
    enum { DIGITS_MAX = 12 };
    if (id.len < 2 || id.len > DIGITS_MAX + 1 || id.ptr[0] != 'Q' || id.ptr[1] == '0')
        return false;
    for (size_t i = 1; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return false;
    return true;
}

static bool is_prefixed_id(struct slice id)
{
    size_t prefix = 0;
    while (prefix < id.len && ((id.ptr[prefix] >= 'a' && id.ptr[prefix] <= 'z') ||
                               (prefix && id.ptr[prefix] >= '0' && id.ptr[prefix] <= '9') ||
                               (prefix && id.ptr[prefix] == '-')))
        prefix++;
    return prefix && prefix + 1 < id.len && id.ptr[prefix] == ':' && !memchr(id.ptr, ' ', id.len);
}

static bool check_id(struct own_list *list, struct slice id)
{
    if (id.len > OWN_ID_BYTES_MAX)
        return refuse(list, "the id is longer than %d bytes; take a shorter one", OWN_ID_BYTES_MAX);
    if (!id.len || is_wikidata_id(id) || is_prefixed_id(id))
        return true;
    return refuse(list,
                  "id \"%.*s\" is neither a Wikidata id (Q42) nor prefix:name (acme:17, small "
                  "letters before the colon); leave it empty for one made of the name",
                  SHOWN(id));
}

// Languages in which the names of a column count; 0: any.
static uint8_t column_languages(const struct own_list *list, enum own_column column)
{
    static const enum own_column columns[LEXICON_LANGUAGES] = {
        [LEXICON_PL] = OWN_PL, [LEXICON_DE] = OWN_DE, [LEXICON_EN] = OWN_EN};
    unsigned languages = 0;
    for (size_t i = 0; column != OWN_NAMES && i < LEXICON_LANGUAGES; i++) {
        bool nobodys = !list->columns[columns[i]].len && !list->columns[OWN_NAMES].len;
        languages |= columns[i] == column || nobodys ? 1u << i : 0;
    }
    return (uint8_t)languages;
}

static bool check_name(struct own_list *list, struct slice text, struct lexicon_words *words)
{
    if (!text.len)
        return refuse(list, "an empty name; there is a | too many");
    if (!lexicon_words_split(words, text))
        return refuse(list, "the name \"%.*s\" has no letter, or more than %d words or %d letters",
                      SHOWN(text), LEXICON_WORDS_MAX, LEXICON_WORDS_BYTES - 2);
    if (words->text_len == 1)
        return refuse(list,
                      "the name \"%.*s\" is one letter, which would be found everywhere; "
                      "write it out",
                      SHOWN(text));
    return true;
}

static bool overlap(const struct own_name *a, const struct own_name *b)
{
    return (a->languages ? a->languages : ANY_LANGUAGE) &
           (b->languages ? b->languages : ANY_LANGUAGE);
}

static const struct own_entity *owner_of(const struct own_list *list, uint32_t name)
{
    size_t low = 0, high = own_list_count(list);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (own_list_entity(list, middle)->first_name <= name)
            low = middle;
        else
            high = middle;
    }
    return own_list_entity(list, low);
}

// Whether an earlier line has the name.
static bool check_is_free(struct own_list *list, const struct own_name *name)
{
    uint32_t found;
    size_t at = hash64(name->folded, 0);
    while (own_table_next(list, own_table_of_names(list), name->folded, &at, &found)) {
        if (!overlap(own_list_name(list, found), name))
            continue;
        const struct own_entity *owner = owner_of(list, found);
        return refuse(list,
                      "\"%.*s\" is a name of %.*s already (line %zu), and a name has one "
                      "entity; take it out of one of the two lines",
                      SHOWN(name->text), SHOWN(owner->id), owner->line);
    }
    return true;
}

// The line has it before, for as many languages.
static bool is_repeated(const struct own_list *list, size_t first, const struct own_name *name)
{
    for (size_t i = first; i < own_list_name_count(list); i++) {
        const struct own_name *other = own_list_name(list, i);
        if (slice_equal(other->folded, name->folded) &&
            (!other->languages || (name->languages && !(name->languages & ~other->languages))))
            return true;
    }
    return false;
}

static bool read_name(struct own_list *list, struct slice text, uint8_t languages, size_t first)
{
    struct lexicon_words words = {.count = 0};
    text = composer_compose(text, &list->arena);
    if (list->arena.overflowed)
        return true; // has_failed tells
    if (!check_name(list, text, &words))
        return false;
    struct slice folded = slice_from(words.text, words.text_len);
    struct own_name name = {
        .text = text, .folded = arena_copy(&list->arena, folded), .languages = languages};
    if (list->arena.overflowed || is_repeated(list, first, &name))
        return true;
    if (!check_is_free(list, &name))
        return false;
    buf_put(&list->names, &name, sizeof name);
    return true;
}

// "Kowalski" beside "Jan Kowalski".
static void mark_surnames(struct own_list *list, size_t first)
{
    struct own_name *names = (struct own_name *)(void *)list->names.ptr;
    for (size_t i = first; i < own_list_name_count(list); i++)
        for (size_t k = first; k < own_list_name_count(list); k++) {
            struct slice end = names[i].folded, whole = names[k].folded;
            size_t before = whole.len - end.len;
            if (whole.len > end.len && whole.ptr[before - 1] == ' ' &&
                memcmp(whole.ptr + before, end.ptr, end.len) == 0)
                names[i].surname = true;
        }
}

// Adds the names of the line behind the list's; they are not in the table yet.
static bool read_names(struct own_list *list, enum tag_type type)
{
    static const enum own_column order[] = {OWN_NAMES, OWN_EN, OWN_PL, OWN_DE};
    enum { NAMES_MAX = 200 };
    size_t first = own_list_name_count(list);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct slice rest = list->columns[order[i]], text;
        while (rest.len && next_part(&rest, '|', &text)) {
            if (own_list_name_count(list) - first == NAMES_MAX)
                return refuse(list, "more than %d names; make several entities of it", NAMES_MAX);
            if (!read_name(list, trimmed(text), column_languages(list, order[i]), first))
                return false;
            if (!rest.ptr)
                break;
            if (!rest.len)
                return refuse(list, "an empty name; there is a | too many");
        }
    }
    if (own_list_name_count(list) == first && !list->names.failed && !list->arena.overflowed)
        return refuse(list, "no name; one stands in column names, pl, de or en");
    if (type == TAG_PERSON)
        mark_surnames(list, first);
    return true;
}

static bool check_double(struct own_list *list, const struct own_entity *entity)
{
    uint32_t found;
    size_t at = hash64(entity->id, 0);
    if (!own_table_next(list, own_table_of_ids(list), entity->id, &at, &found))
        return true;
    return refuse(list, "id %.*s is that of line %zu already; %s", SHOWN(entity->id),
                  own_list_entity(list, found)->line,
                  list->columns[OWN_ID].len ? "write its names there"
                                            : "give one of the two an id of its own");
}

static struct slice local_id(struct own_list *list, enum tag_type type, const struct own_name *name)
{
    char id[LOCAL_ID_BYTES];
    return arena_copy(&list->arena, local_id_make(id, type, name->text));
}

static void add_entity(struct own_list *list, const struct own_entity *entity)
{
    uint32_t index = (uint32_t)own_list_count(list);
    buf_put(&list->entities, entity, sizeof *entity);
    if (list->entities.failed || !own_table_room(list, own_table_of_ids(list), index + 1u) ||
        !own_table_room(list, own_table_of_names(list), own_list_name_count(list))) {
        list->entities.failed = true;
        return;
    }
    own_table_put(list, own_table_of_ids(list), index);
    for (uint32_t i = 0; i < entity->name_count; i++)
        own_table_put(list, own_table_of_names(list), entity->first_name + i);
}

static bool read_entity(struct own_list *list, struct slice line)
{
    struct own_entity entity = {.first_name = (uint32_t)own_list_name_count(list),
                                .line = list->line};
    if (!split_line(list, line) || !read_type(list, &entity.type) ||
        !check_id(list, list->columns[OWN_ID]) || !read_names(list, entity.type))
        return false;
    entity.name_count = (uint32_t)own_list_name_count(list) - entity.first_name;
    if (entity.name_count == 0)
        return true; // no memory
    const struct own_name *first = own_list_name(list, entity.first_name);
    memcpy(entity.columns, list->columns, sizeof entity.columns);
    entity.name = first->text;
    entity.id =
        list->columns[OWN_ID].len ? list->columns[OWN_ID] : local_id(list, entity.type, first);
    if (!check_double(list, &entity))
        return false;
    add_entity(list, &entity);
    return true;
}

static bool is_skipped(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
            return line.ptr[0] == '#';
    return true;
}

static bool has_failed(const struct own_list *list)
{
    return list->entities.failed || list->names.failed || list->arena.overflowed;
}

int own_list_read(struct own_list *list, struct slice content, own_complaint_fn *complain_cb,
                  void *arg)
{
    *list = (struct own_list){.complain_cb = complain_cb, .arg = arg};
    arena_init(&list->arena, ARENA_BYTES_MAX);
    struct buf *bufs[] = {&list->entities, &list->names, &list->ids, &list->folded};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        buf_init(bufs[i], OWN_TABLE_BYTES_MAX);
    if (slice_begins(content, "\xef\xbb\xbf"))
        content = slice_from(content.ptr + 3, content.len - 3);
    struct slice line;
    while (content.len && next_part(&content, '\n', &line)) {
        list->line++;
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        size_t names = list->names.len;
        if (!is_skipped(line) && !read_entity(list, line)) {
            list->names.len = names;
            list->bad++;
        }
        if (has_failed(list))
            return -ENOMEM;
    }
    return 0;
}

void own_list_fini(struct own_list *list)
{
    buf_fini(&list->entities);
    buf_fini(&list->names);
    buf_fini(&list->ids);
    buf_fini(&list->folded);
    arena_fini(&list->arena);
}

int own_list_compile(const struct own_list *list, const char *path, struct slice date,
                     struct err *err)
{
    struct lexicon_build *build = lexicon_build_create(LEXICON_OWN);
    if (!build)
        return err_set_errno(err, ENOMEM, "cannot build %s", path);
    for (size_t i = 0; i < own_list_count(list); i++) {
        const struct own_entity *entity = own_list_entity(list, i);
        uint32_t index =
            lexicon_build_entity(build, entity->id, entity->name, entity->type, OWN_WEIGHT);
        for (uint32_t k = 0; k < entity->name_count; k++) {
            const struct own_name *name = own_list_name(list, entity->first_name + k);
            lexicon_build_name(build, index, name->text, name->languages,
                               name->surname ? POSTING_SURNAME : 0);
        }
    }
    int failed = lexicon_build_write(build, path, date, err);
    lexicon_build_destroy(build);
    return failed;
}
