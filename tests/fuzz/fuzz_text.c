#include "proto/base/utf8.h"
#include "proto/wire/edit.h"
#include "tests/fuzz/fuzz.h"
#include "workers/tagger/text.h"

// Tokens lie in order inside the text, lead back into the submitted bytes, and the edits rebuild
// the text.
static void check_text(const struct text *text, struct arena *arena)
{
    uint32_t end = 0;
    struct text_position position = {0};
    for (size_t i = 0; i < text->token_count; i++) {
        const struct token *token = &text->tokens[i];
        uint32_t from, to;
        check_must(token->start >= end && token->end > token->start &&
                   token->end <= text->normalised.len);
        end = token->end;
        text_to_submitted(text, token->start, token->end, &from, &to);
        check_must(from <= to && to <= text->submitted.len);
        check_must(utf8_is_valid(slice_from(text->submitted.ptr + from, to - from)));
        check_must(text_code_point(text, from, &position) <= from);
    }
    struct slice edits = text_edits(text, arena);
    struct buf rebuilt;
    buf_init(&rebuilt, 1 << 24);
    check_must(edit_apply(&rebuilt, edits, text->submitted) == 0);
    check_must(slice_equal(buf_slice(&rebuilt), text->normalised) &&
               utf8_is_valid(text->normalised));
    buf_fini(&rebuilt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice submitted = slice_from(data, size);
    if (!utf8_is_valid(submitted) || memchr(size ? submitted.ptr : "x", 0, size))
        return 0;
    struct arena arena;
    struct text text;
    arena_init(&arena, 64 << 20);
    static const char *const languages[] = {"pl", "de", "en", ""};
    struct slice language = slice_from_text(languages[size % 4]);
    enum tag_field field = size % 2 ? TAG_BODY : TAG_TITLE;
    if (text_prepare(&text, field, submitted, language, field == TAG_BODY, &arena) == 0)
        check_text(&text, &arena);
    arena_fini(&arena);
    return 0;
}
