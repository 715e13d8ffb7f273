#include "daemon/last_words.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

enum { LINES_A_SECOND = 50 };

void last_words_init(struct last_words *words)
{
    *words = (struct last_words){0};
}

// The worker's own level, as proto/base/log.h writes it with and without a journal.
static enum log_level line_level(const char *line)
{
    if (line[0] == '<' && line[1] >= '0' && line[1] <= '9' && line[2] == '>')
        return line[1] <= '4' ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
    if (strncmp(line, "error:", 6) == 0 || strncmp(line, "warning:", 8) == 0)
        return LOG_LEVEL_WARNING;
    return LOG_LEVEL_INFO;
}

static bool line_is_allowed(struct last_words *words, int pid)
{
    int64_t second = clock_mono_ms() / 1000;
    if (second != words->second) {
        if (words->muted)
            log_warning("worker_muted pid=%d lines=%u", pid, words->muted);
        words->second = second;
        words->logged = words->muted = 0;
    }
    if (words->logged < LINES_A_SECOND)
        return words->logged++, true;
    words->muted++;
    return false;
}

static void line_end(struct last_words *words, int pid)
{
    words->line[words->line_len] = '\0';
    if (words->line_len && line_is_allowed(words, pid))
        log_write(line_level(words->line), "worker_says pid=%d text=\"%s\"", pid, words->line);
    words->line_len = 0;
}

static void tail_add(struct last_words *words, struct slice bytes)
{
    size_t skip = bytes.len > LAST_WORDS_BYTES ? bytes.len - LAST_WORDS_BYTES : 0;
    for (size_t i = skip; i < bytes.len; i++)
        words->tail[(words->total + i) % LAST_WORDS_BYTES] = bytes.ptr[i];
    words->total += bytes.len;
}

void last_words_add(struct last_words *words, struct slice bytes, int pid)
{
    tail_add(words, bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        char byte = bytes.ptr[i];
        if (byte == '\n')
            line_end(words, pid);
        else if (words->line_len < sizeof words->line - 1)
            words->line[words->line_len++] =
                (unsigned char)byte < 0x20 || byte == '"' || byte == 0x7f ? ' ' : byte;
    }
}

static void put_clean(struct buf *out, struct slice text)
{
    while (text.len) {
        size_t valid = utf8_valid_prefix(text);
        for (size_t i = 0; i < valid; i++) {
            unsigned char byte = (unsigned char)text.ptr[i];
            buf_put_byte(out, byte < 0x20 || byte == 0x7f ? ' ' : text.ptr[i]);
        }
        if (valid < text.len)
            buf_put_byte(out, '?'), valid++;
        text = slice_from(text.ptr + valid, text.len - valid);
    }
}

// A ring that has gone round may begin inside a character.
static struct slice skip_torn(struct slice text)
{
    while (text.len && ((unsigned char)*text.ptr & 0xc0) == 0x80)
        text = slice_from(text.ptr + 1, text.len - 1);
    return text;
}

void last_words_put(const struct last_words *words, struct buf *out)
{
    char straight[LAST_WORDS_BYTES];
    size_t len = words->total < LAST_WORDS_BYTES ? words->total : LAST_WORDS_BYTES;
    for (size_t i = 0; i < len; i++)
        straight[i] = words->tail[(words->total - len + i) % LAST_WORDS_BYTES];
    struct slice text = slice_from(straight, len);
    if (words->total > LAST_WORDS_BYTES)
        text = skip_torn(text);
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    put_clean(out, text);
}
