// Articles out of a file or standard input, one at a time, whatever form they come in. The form is
// recognised by the contents: a JSON article or an array of them, JSON lines, a JSON Feed, RSS 0.9x
// and 2.0, RSS 1.0/RDF, Atom 1.0; and, only from a named file, whose absolute path becomes the uri,
// file:///..., plain text (first line the title, the rest the body) and pages of HTML.
//
// All is UTF-8 but feeds and pages: those are read in the charset they declare; where they declare
// none and are not UTF-8 it is guessed (charset.h).
//
// JSON lines, arrays and XML feeds are streamed: memory is bounded by one article. What cannot be
// read as an article is reported with its position, and the next one follows.
//
// Library telex_forms (libxml2).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/article.h"

enum { FORMS_FEED_MAX = 64 * 1024 * 1024 }; // bytes of one XML or JSON feed document

struct forms_source;

struct forms_options {
    size_t body_max; // bytes of an article's body; 0: WIRE_BODY_MAX
    bool lines;      // one JSON article a line, nothing else: what telex tag reads
    // Called before every read of the descriptor: a program that has other things to see to waits
    // here until `fd` can be read. 0: read on; a negative errno ends the source with it. May be
    // NULL.
    int (*wait_cb)(int fd, void *context);
    void *context; // of wait_cb
};

// Where an article, or what should have been one, begins.
struct forms_place {
    const char
        *name;     // the file as it was given; "-" for standard input. Lives as long as the source
    uint64_t item; // from 1 within the file; 0: the file as a whole
    uint64_t line; // from 1; 0: unknown
};

// Opens `path` ("-": standard input, which is not closed). `options` NULL: the defaults. Nothing is
// read yet. 0 or a negative errno with err. The caller closes it.
int forms_open(struct forms_source **out, const char *path, const struct forms_options *options,
               struct err *err);

// The same from a descriptor, which stays the caller's, and from borrowed bytes, which must outlive
// the source. `name` is for messages only and is copied.
int forms_open_fd(struct forms_source **out, int fd, const char *name,
                  const struct forms_options *options, struct err *err);
int forms_open_bytes(struct forms_source **out, struct slice bytes, const char *name,
                     const struct forms_options *options, struct err *err);

// 1: *article is filled, passes article_check, and is valid until the next call. 0: the end. -1:
// something was refused: err says why and what to do, *place where; call again for the rest. *place
// may be NULL. With a pipe it answers as soon as a whole article has arrived.
int forms_next(struct forms_source *source, struct article *article, struct forms_place *place,
               struct err *err);

// Why the last -1: WIRE_BAD_UTF8, WIRE_BAD_JSON, WIRE_BAD_ARTICLE or WIRE_TOO_LARGE; WIRE_INTERNAL
// when the file could not be read.
enum wire_code forms_code(const struct forms_source *source);

// Bytes read so far, for a progress line.
uint64_t forms_bytes(const struct forms_source *source);

// Accepts NULL.
void forms_close(struct forms_source *source);

// "feed.xml: item 3, line 42" into `out` (NUL-terminated, cut to `size`).
void forms_place_format(const struct forms_place *place, char *out, size_t size);
