#include "proto/wire/edit.h"

#include <errno.h>

void edit_encode(struct buf *out, const struct edit *edit)
{
    buf_put_u32(out, edit->from);
    buf_put_u32(out, edit->copy);
    buf_put_u32(out, (uint32_t)edit->insert.len);
    buf_put_slice(out, edit->insert);
}

static int edit_decode(struct cursor *cursor, struct edit *edit)
{
    edit->from = cursor_u32(cursor);
    edit->copy = cursor_u32(cursor);
    size_t insert = cursor_u32(cursor);
    edit->insert = cursor_bytes(cursor, insert);
    return cursor->failed ? -EBADMSG : 0;
}

int edit_apply(struct buf *text, struct slice edits, struct slice body)
{
    struct cursor cursor = cursor_from(edits);
    while (!cursor.failed && cursor_left(&cursor)) {
        struct edit edit;
        if (edit_decode(&cursor, &edit) < 0 || edit.from > body.len ||
            edit.copy > body.len - edit.from)
            return -EBADMSG;
        if (edit.copy)
            buf_put(text, body.ptr + edit.from, edit.copy);
        buf_put_slice(text, edit.insert);
        if (text->failed)
            return -ENOSPC;
    }
    return 0;
}
