// The user's own entities as they write them down: a text file, one entity a line, columns with
// tabs between them:
//
//   id  type  names  pl  de  en
//
// id     a Wikidata id (Q42) or prefix:name (acme:17), at most OWN_ID_BYTES_MAX bytes; empty: a
//        local id made of the name, the same that the tagger gives a name it does not know
// type   person, organisation, place, event, product or other
// names  those that count in every language, with | between them; dictionary forms
// pl de en  names in this language; one whose column is empty has the names of the column "names",
//        and when that is empty too, those of the other languages
//
// The first name (of names, else of en, pl, de) is the entity's in events. Columns at the end may
// be left out. Empty lines and those that begin with # are skipped; spaces around a value and a
// byte order mark are, too.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "workers/tagger/tagger.h"

enum { OWN_LIST_BYTES_MAX = 64 << 20, OWN_LINE_BYTES_MAX = 64 << 10, OWN_ID_BYTES_MAX = 100 };

enum own_column { OWN_ID, OWN_TYPE, OWN_NAMES, OWN_PL, OWN_DE, OWN_EN, OWN_COLUMNS };

struct own_name {
    struct slice text;   // NFC
    struct slice folded; // words with single spaces between
    uint8_t languages;   // bits of enum lexicon_language; 0: any
    bool surname;        // of a person: the end of a longer name of theirs
};

struct own_entity {
    struct slice id, name;
    enum tag_type type;
    struct slice columns[OWN_COLUMNS]; // as written, without spaces around; missing ones are empty
    uint32_t first_name, name_count;   // in own_list_names
    size_t line;                       // from 1
};

// Called for a line that is refused: why, and what to do about it.
typedef void own_complaint_fn(size_t line, const char *text, void *arg);

struct own_list {
    size_t bad; // lines that were refused
    struct buf entities, names;
    struct buf ids, folded; // hash tables of indices + 1
    struct arena arena;
    own_complaint_fn *complain_cb;
    void *arg;
    size_t line;
    struct slice columns[OWN_COLUMNS]; // of the line at hand
};

// Reads the list: what is sound is in it, what is not was complained about, in the order of lines.
// An id, and a name within a language, is one entity's alone; the earlier line has it. `content`
// must outlive the list. 0 or -ENOMEM; end it with own_list_fini either way.
int own_list_read(struct own_list *list, struct slice content, own_complaint_fn *complain_cb,
                  void *arg);
void own_list_fini(struct own_list *list);

size_t own_list_count(const struct own_list *list);
const struct own_entity *own_list_entity(const struct own_list *list, size_t index);
size_t own_list_name_count(const struct own_list *list);
const struct own_name *own_list_name(const struct own_list *list, size_t index);

// Compiles the list to a lexicon that the tagger lays over its own, in place of the file at `path`.
// `date` as YYYY-MM-DD. 0 or negative errno with err; the old file then stays.
int own_list_compile(const struct own_list *list, const char *path, struct slice date,
                     struct err *err);
