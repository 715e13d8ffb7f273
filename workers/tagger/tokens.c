#include "workers/tagger/tokens.h"

#include <errno.h>

#include "proto/base/fold.h"
#include "proto/base/utf8.h"
#include "workers/tagger/domains.h"
#include "workers/tagger/unicode.h"

enum {
    WORD_BYTES_MAX = 240,
    DOT_GROUP_MAX = 2, // letters behind the dot of "U.S.", "z.B.", "m.in."
};

struct cutter {
    struct slice text;
    size_t at;
    struct arena *arena;
    struct token *tokens;
    size_t count, capacity;
    char *folded;
    size_t folded_len;
    uint16_t pending; // flags for the next token
};

static struct token *token_add(struct cutter *c, size_t start)
{
    if (c->count == c->capacity) {
        size_t grown = c->capacity * 2;
        struct token *tokens = arena_alloc_array_uncleared(c->arena, grown, sizeof *tokens);
        if (!tokens)
            return NULL;
        memcpy(tokens, c->tokens, c->count * sizeof *tokens);
        c->tokens = tokens;
        c->capacity = grown;
    }
    struct token *token = &c->tokens[c->count++];
    *token = (struct token){
        .start = (uint32_t)start, .folded = (uint32_t)c->folded_len, .flags = c->pending};
    c->pending = 0;
    return token;
}

static uint32_t code_at(const struct cutter *c, size_t at, size_t *next)
{
    *next = at;
    return at < c->text.len ? utf8_next(c->text, next) : 0;
}

static enum unicode_class class_at(const struct cutter *c, size_t at, size_t *next)
{
    return unicode_class_of(code_at(c, at, next));
}

static bool is_apostrophe(uint32_t code)
{
    return code == '\'' || code == 0x2019 || code == 0x2bc;
}

// What is known of the word under construction.
struct word {
    int letters, uppers, lowers, digits;
    bool upper_first, mixed;
    int group; // letters since the last inner dot
    int dots;
};

static void word_note(struct word *word, enum unicode_class kind)
{
    if (kind == UNICODE_DIGIT) {
        word->digits++;
        return;
    }
    if (kind == UNICODE_MARK)
        return;
    if (kind == UNICODE_UPPER) {
        word->upper_first |= !word->letters;
        word->mixed |= word->lowers > 0;
        word->uppers++;
    }
    word->lowers += kind == UNICODE_LOWER;
    word->letters++;
    word->group++;
}

// Appends one character of a word as fold_name folds it inside a word.
static void fold_put(struct cutter *c, uint32_t code, enum unicode_class kind)
{
    bool dropped = kind == UNICODE_MARK && code < 0x370;
    bool sign = code == 0x44a || code == 0x44c || code == 0x42a || code == 0x42c;
    if (!dropped && !sign)
        c->folded_len += fold_code(c->folded + c->folded_len, code);
}

// Lower-case ASCII letters, most of what there is, without a look at the tables.
static void take_plain_letters(struct cutter *c, struct word *word, size_t limit)
{
    const char *from = c->text.ptr + c->at;
    char *to = c->folded + c->folded_len;
    size_t run = 0, most = limit - c->at;
    for (; run < most && from[run] >= 'a' && from[run] <= 'z'; run++)
        to[run] = from[run];
    c->folded_len += run;
    c->at += run;
    word->lowers += (int)run;
    word->letters += (int)run;
    word->group += (int)run;
}

// Takes letters, digits and marks from c->at on.
static void take_letters(struct cutter *c, struct word *word, size_t start)
{
    size_t limit = c->text.len - start < WORD_BYTES_MAX ? c->text.len : start + WORD_BYTES_MAX;
    while (c->at < limit) {
        take_plain_letters(c, word, limit);
        if (c->at == limit)
            return;
        size_t next;
        uint32_t code = code_at(c, c->at, &next);
        enum unicode_class kind = unicode_class_of(code);
        if (!unicode_is_letter(kind) && kind != UNICODE_DIGIT && kind != UNICODE_MARK)
            return;
        word_note(word, kind);
        fold_put(c, code, kind);
        c->at = next;
    }
}

// End of the ASCII letters from `at` on, where something other than a letter or digit follows;
// else `at`.
static size_t label_end(const struct cutter *c, size_t at)
{
    size_t end = at, next;
    while (end < c->text.len && end - at < 8 &&
           ((c->text.ptr[end] | 0x20) >= 'a' && (c->text.ptr[end] | 0x20) <= 'z'))
        end++;
    enum unicode_class behind = class_at(c, end, &next);
    return unicode_is_letter(behind) || behind == UNICODE_DIGIT ? at : end;
}

// "kremlin.ru": the label behind the dot is a top-level domain, or one more label follows to it.
static bool dot_joins_domain(const struct cutter *c, size_t dot, const struct word *word)
{
    size_t first = dot + 1, end = label_end(c, first);
    return word->group + word->digits >= 2 &&
           domain_is_top_level(slice_from(c->text.ptr + first, end - first));
}

// "U.S.", "z.B.", "m.in.": single letters before the dot, one or two behind it.
static bool dot_joins_initials(const struct cutter *c, size_t dot, const struct word *word)
{
    size_t first = dot + 1, end = label_end(c, first);
    return word->group == 1 && !word->digits && end > first && end - first <= DOT_GROUP_MAX;
}

// The sign at c->at, inside a word. True: it belongs to the word and has been taken.
static bool take_joint(struct cutter *c, struct word *word)
{
    size_t next, behind;
    uint32_t code = code_at(c, c->at, &next);
    bool apostrophe = is_apostrophe(code);
    if (!apostrophe && code != '.')
        return false;
    uint32_t after = code_at(c, next, &behind);
    if (!unicode_is_letter(unicode_class_of(after)))
        return false;
    if (apostrophe) {
        enum unicode_class third = class_at(c, behind, &(size_t){0});
        bool genitive = (after | 0x20) == 's' && !unicode_is_letter(third);
        if (genitive)
            return false;
        c->at = next;
        return true;
    }
    bool initials = dot_joins_initials(c, c->at, word);
    if (!initials && !dot_joins_domain(c, c->at, word))
        return false;
    word->dots += initials;
    word->group = 0;
    c->folded[c->folded_len++] = ' ';
    c->at = next;
    return true;
}

static uint16_t word_flags(const struct word *word)
{
    if (!word->letters)
        return TOKEN_NUMBER;
    uint16_t flags = TOKEN_WORD;
    if (word->upper_first)
        flags |= TOKEN_UPPER_FIRST;
    if (word->letters >= 2 && word->uppers == word->letters)
        flags |= TOKEN_UPPER_ALL;
    if (word->mixed)
        flags |= TOKEN_MIXED;
    return flags;
}

static bool take_word(struct cutter *c)
{
    size_t start = c->at;
    struct token *token = token_add(c, start);
    if (!token)
        return false;
    struct word word = {0};
    size_t behind;
    if (is_apostrophe(code_at(c, start, &behind)))
        c->at = behind; // "'s": the apostrophe is part of it
    do
        take_letters(c, &word, start);
    while (c->at - start < WORD_BYTES_MAX && c->at < c->text.len && take_joint(c, &word));
    if (word.dots && c->at < c->text.len && c->text.ptr[c->at] == '.')
        c->at++;
    token->end = (uint32_t)c->at;
    token->folded_len = (uint16_t)(c->folded_len - token->folded);
    token->flags |= word_flags(&word);
    if (token->folded_len)
        c->folded[c->folded_len++] = ' ';
    return true;
}

// "1.200,50", "12:30": digits, and single signs between them; at most WORD_BYTES_MAX of them.
static size_t number_end(const struct cutter *c, size_t at)
{
    size_t limit = c->text.len - at < WORD_BYTES_MAX ? c->text.len : at + WORD_BYTES_MAX;
    while (at < limit) {
        char byte = c->text.ptr[at];
        bool digit = byte >= '0' && byte <= '9';
        bool joint = (byte == '.' || byte == ',' || byte == ':') && at + 1 < limit &&
                     c->text.ptr[at + 1] >= '0' && c->text.ptr[at + 1] <= '9';
        if (!digit && !joint)
            break;
        at++;
    }
    return at;
}

// A number, or a word that begins with digits ("20th").
static bool take_number(struct cutter *c)
{
    size_t end = number_end(c, c->at), next;
    enum unicode_class behind = class_at(c, end, &next);
    if (unicode_is_letter(behind) || behind == UNICODE_MARK || end == c->at)
        return take_word(c);
    struct token *token = token_add(c, c->at);
    if (!token)
        return false;
    for (; c->at < end; c->at++) {
        char byte = c->text.ptr[c->at];
        c->folded[c->folded_len++] = (char)(byte >= '0' && byte <= '9' ? byte : ' ');
    }
    token->end = (uint32_t)end;
    token->folded_len = (uint16_t)(c->folded_len - token->folded);
    token->flags |= TOKEN_NUMBER;
    c->folded[c->folded_len++] = ' ';
    return true;
}

static bool is_hyphen(uint32_t code)
{
    return code == '-' || code == 0x2010 || code == 0x2011;
}

static bool take_sign(struct cutter *c, uint32_t code, size_t next)
{
    bool after_word = c->count && !(c->pending & TOKEN_SPACE_BEFORE) &&
                      !(c->tokens[c->count - 1].flags & TOKEN_PUNCTUATION);
    struct token *token = token_add(c, c->at);
    if (!token)
        return false;
    token->flags |= TOKEN_PUNCTUATION;
    token->end = (uint32_t)next;
    c->at = next;
    enum unicode_class behind = class_at(c, next, &(size_t){0});
    if (after_word && is_hyphen(code) && (unicode_is_letter(behind) || behind == UNICODE_DIGIT))
        c->pending |= TOKEN_HYPHEN_BEFORE;
    return true;
}

// The genitive "'s" behind a word.
static bool is_genitive(const struct cutter *c, uint32_t code, size_t next)
{
    size_t behind;
    return is_apostrophe(code) && c->count && !(c->pending & TOKEN_SPACE_BEFORE) &&
           (c->tokens[c->count - 1].flags & TOKEN_WORD) &&
           (code_at(c, next, &behind) | 0x20) == 's' &&
           !unicode_is_letter(class_at(c, behind, &(size_t){0}));
}

static bool take_token(struct cutter *c)
{
    size_t next;
    char byte = c->text.ptr[c->at];
    if (byte == ' ') {
        c->pending |= TOKEN_SPACE_BEFORE;
        c->at++;
        return true;
    }
    if (byte >= 'a' && byte <= 'z')
        return take_word(c);
    uint32_t code = code_at(c, c->at, &next);
    enum unicode_class kind = unicode_class_of(code);
    if (kind == UNICODE_SPACE) {
        c->pending |= TOKEN_SPACE_BEFORE;
        if (code == '\n')
            c->pending |= TOKEN_PARAGRAPH_FIRST;
        c->at = next;
        return true;
    }
    if (unicode_is_letter(kind) || is_genitive(c, code, next))
        return take_word(c);
    if (kind == UNICODE_DIGIT)
        return take_number(c);
    return take_sign(c, code, next);
}

// Or a few more: each character of several bytes has one that begins it, and others.
static size_t count_non_ascii(struct slice text)
{
    return 2 * (text.len - utf8_count(text));
}

int tokens_cut(struct text *out, struct token **tokens, struct arena *arena)
{
    struct slice text = out->normalised;
    struct cutter c = {.text = text,
                       .arena = arena,
                       .capacity = text.len / 4 + 16,
                       .pending = TOKEN_SPACE_BEFORE | TOKEN_PARAGRAPH_FIRST};
    c.tokens = arena_alloc_array_uncleared(arena, c.capacity, sizeof *c.tokens);
    // A letter folds to one byte, one of two bytes or more to four at most; each token adds a
    // space.
    c.folded = arena_alloc_uncleared(arena, text.len + text.len / 2 + count_non_ascii(text) + 8);
    if (!c.tokens || !c.folded)
        return -ENOMEM;
    while (c.at < text.len)
        if (!take_token(&c))
            return -ENOMEM;
    *tokens = c.tokens;
    out->tokens = c.tokens;
    out->token_count = c.count;
    out->folded = slice_from(c.folded, c.folded_len);
    return 0;
}
