// The inside of a source, for the files that read one kind of contents each.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/forms/feed_charset.h"
#include "proto/forms/input.h"
#include "proto/forms/source.h"

struct feed;

enum source_mode {
    SOURCE_NEW,    // nothing looked at yet
    SOURCE_LINES,  // one JSON value a line
    SOURCE_VALUES, // JSON values over any number of lines
    SOURCE_XML,
    SOURCE_PAGE, // of HTML
    SOURCE_TEXT,
    SOURCE_DONE,
};

struct forms_source {
    struct input in;
    struct forms_options options;
    char *name;
    char *uri; // of a text file; NULL: not from a path
    enum source_mode mode;
    struct arena arena; // the article handed out last
    uint64_t items;     // articles and refusals so far
    struct forms_place place;
    enum wire_code code;

    // JSON: an array whose elements are being read, and what belongs to it.
    bool in_array;
    size_t array_tail;       // bytes of the document behind its bracket
    struct buf array_source; // what a feed says of all its items
    struct buf array_language;
    unsigned resyncs; // searches for the next value behind a long broken one

    struct feed *feed; // XML
    struct feed_charset feed_charset;
};

// One article, or one refusal, as forms_next.
int json_source_next(struct forms_source *source, struct article *article, struct err *err);
int text_source_next(struct forms_source *source, struct article *article, struct err *err);
int page_source_next(struct forms_source *source, struct article *article, struct err *err);
int xml_source_next(struct forms_source *source, struct article *article, struct err *err);

// True when a page of HTML begins here, not a feed: by what stands behind <?xml ...?> and comments.
bool page_source_begins(struct slice start);

// Reads on to the end of a document of at most `limit` bytes, which a caller names in a message as
// "the WHAT". 0, or -1 as source_fail.
int source_read_whole(struct forms_source *source, size_t limit, const char *what, struct err *err);

// Decides between LINES and VALUES at the first bracket, and enters a top-level array.
void json_source_begin(struct forms_source *source);

// The next item begins here: counts it and notes its line.
void source_mark_item(struct forms_source *source);

// Refuses, once, and ends the source. Returns -1.
int source_fail(struct forms_source *source, enum wire_code code, struct err *err,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

// The same for a negative errno of input_more.
int source_fail_read(struct forms_source *source, int errnum, struct err *err);
