// How to make the normalised text of an article from the body it came from: runs to copy and bytes
// to insert. The worker writes it, the store keeps it beside the event, and a subscriber who asks
// for the text gets it rebuilt: a tenth of the text's size.
#pragma once

#include "proto/base/buf.h"

enum { EDIT_BYTES = 12 };

struct edit {
    uint32_t from;       // first byte of the body to copy
    uint32_t copy;       // bytes to copy; may be 0
    struct slice insert; // bytes that follow the copy; may be empty
};

// Appends one edit.
void edit_encode(struct buf *out, const struct edit *edit);

// Appends to `text` what the edits make of `body`. 0; -EBADMSG when an edit points outside the
// body, or bytes are missing or left over; -ENOSPC when the text would exceed out's limit.
int edit_apply(struct buf *text, struct slice edits, struct slice body);
