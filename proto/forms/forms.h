// One JSON object, in any form articles come in, to an article. The form is recognised by its
// fields:
//   plain      {uri, title, body, language?, published?, source?}
//   ninjs      1.x, 2.x, 3.x: headline or headlines, body_* or bodies, versioncreated or
//              versionCreated, ...
//   JSON Feed  one item: id, content_text or content_html, date_published, ...
// What telex has no name for goes to `extra` unchanged. A field of the form that has the name of
// one of ours but another meaning (ninjs `title` beside `headline`) is kept as "ninjs_title".
// proto/forms/json_form.c has the table.
//
// Library telex_forms_json: jansson only, no files, no XML; the daemon links it. Files, feeds and
// standard input: proto/forms/source.h.
#pragma once

#include <stddef.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/article.h"

enum {
    FORMS_JSON_MAX = 16 * 1024 * 1024, // bytes of one JSON article
    FORMS_VALUES_MAX = 65536,          // values in one JSON article; each costs about 80 bytes
};

// Makes plain text of HTML; *text lives in the arena. 0 or a negative errno with err. Ours is
// forms_html_to_text (html.h).
typedef int (*forms_html_cb)(struct slice html, struct arena *arena, struct slice *text,
                             struct err *err);

// Reads one JSON object. On WIRE_OK *out passes article_check with `body_max` (bytes) and its
// slices live in `arena`, which needs room for about three times the text. Otherwise the code to
// refuse with: WIRE_BAD_UTF8, WIRE_BAD_JSON, WIRE_BAD_ARTICLE or WIRE_TOO_LARGE; err names the
// field and the remedy. `html` NULL: an article whose only body is HTML is refused.
enum wire_code forms_read_json(struct slice text, size_t body_max, forms_html_cb html,
                               struct arena *arena, struct article *out, struct err *err);
