#include "proto/forms/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/forms/feed.h"
#include "proto/forms/forms.h"
#include "proto/forms/source_parts.h"

// Room for what one article needs while it is read: its JSON or its HTML, and its text.
enum { ARENA_MAX = 4 * FORMS_JSON_MAX };

// --- opening

static int source_create(struct forms_source **out, const char *name,
                         const struct forms_options *options, struct err *err)
{
    struct forms_source *source = calloc(1, sizeof *source);
    char *copy = strdup(name);
    *out = NULL;
    if (!source || !copy) {
        free(source);
        free(copy);
        err_set_errno(err, ENOMEM, "%s", name);
        return -ENOMEM;
    }
    *out = source;
    if (options)
        source->options = *options;
    if (source->options.body_max == 0)
        source->options.body_max = WIRE_BODY_MAX;
    source->name = copy;
    source->place.name = copy;
    source->code = WIRE_OK;
    arena_init(&source->arena, ARENA_MAX);
    buf_init(&source->array_source, WIRE_SOURCE_MAX);
    buf_init(&source->array_language, WIRE_LANGUAGE_MAX);
    feed_charset_init(&source->feed_charset);
    input_init_bytes(&source->in, slice_from(NULL, 0));
    return 0;
}

static void source_set_fd(struct forms_source *source, int fd, bool owns_fd)
{
    input_init_fd(&source->in, fd, owns_fd, FORMS_FEED_MAX);
    source->in.wait_cb = source->options.wait_cb;
    source->in.context = source->options.context;
}

int forms_open_fd(struct forms_source **out, int fd, const char *name,
                  const struct forms_options *options, struct err *err)
{
    int result = source_create(out, name, options, err);
    if (result == 0)
        source_set_fd(*out, fd, false);
    return result;
}

int forms_open_bytes(struct forms_source **out, struct slice bytes, const char *name,
                     const struct forms_options *options, struct err *err)
{
    int result = source_create(out, name, options, err);
    if (result == 0)
        input_init_bytes(&(*out)->in, bytes);
    return result;
}

// "file://" and the absolute path, percent-encoded where RFC 3986 wants it. NULL without memory.
static char *file_uri(const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    char *absolute = realpath(path, NULL);
    char *uri = absolute ? malloc(8 + 3 * strlen(absolute)) : NULL;
    if (uri) {
        char *at = uri + sprintf(uri, "file://");
        for (const char *from = absolute; *from; from++) {
            if (strchr(plain, *from))
                *at++ = *from;
            else
                at += sprintf(at, "%%%02X", (unsigned char)*from);
        }
        *at = '\0';
    }
    free(absolute);
    return uri;
}

static int open_path(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int errnum = errno;
        if (fd >= 0)
            close(fd);
        return err_set_errno(err, errnum, "%s", path);
    }
    if (S_ISDIR(status.st_mode)) {
        close(fd);
        err_set(err, "%s is a directory; name the files in it", path);
        return -EISDIR;
    }
    return fd;
}

int forms_open(struct forms_source **out, const char *path, const struct forms_options *options,
               struct err *err)
{
    *out = NULL;
    if (strcmp(path, "-") == 0)
        return forms_open_fd(out, STDIN_FILENO, path, options, err);
    int fd = open_path(path, err);
    if (fd < 0)
        return fd;
    int result = source_create(out, path, options, err);
    if (result != 0) {
        close(fd);
        return result;
    }
    source_set_fd(*out, fd, true);
    (*out)->uri = file_uri(path);
    return 0;
}

void forms_close(struct forms_source *source)
{
    if (!source)
        return;
    feed_destroy(source->feed);
    feed_charset_fini(&source->feed_charset);
    input_fini(&source->in);
    arena_fini(&source->arena);
    buf_fini(&source->array_source);
    buf_fini(&source->array_language);
    free(source->name);
    free(source->uri);
    free(source);
}

// --- for the parts

void source_mark_item(struct forms_source *source)
{
    source->place.item = ++source->items;
    source->place.line = source->in.line;
}

int source_fail(struct forms_source *source, enum wire_code code, struct err *err,
                const char *format, ...)
{
    struct err unread;
    if (!err)
        err = &unread;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    source->mode = SOURCE_DONE;
    source->in_array = false;
    source->code = code;
    return -1;
}

int source_fail_read(struct forms_source *source, int errnum, struct err *err)
{
    return source_fail(source, WIRE_INTERNAL, err, "cannot be read: %s", strerror(-errnum));
}

int source_read_whole(struct forms_source *source, size_t limit, const char *what, struct err *err)
{
    for (;;) {
        int more = input_more(&source->in);
        if (more == -E2BIG || input_window(&source->in).len > limit)
            return source_fail(source, WIRE_TOO_LARGE, err,
                               "the %s is longer than %zu bytes; split it", what, limit);
        if (more < 0)
            return source_fail_read(source, more, err);
        if (more == 0)
            return 0;
    }
}

// --- recognition

static bool has_suffix(const struct forms_source *source, const char *const *suffixes)
{
    const char *dot = strrchr(source->name, '.');
    for (; dot && *suffixes; suffixes++) {
        if (strcasecmp(dot + 1, *suffixes) == 0)
            return true;
    }
    return false;
}

static const char *const PAGES[] = {"html", "htm", "xhtml", NULL};

// A byte order mark says the encoding. XML in UTF-16 is left to its parser.
static int check_encoding(struct forms_source *source, struct err *err)
{
    while (input_window(&source->in).len < 4) {
        int more = input_more(&source->in);
        if (more < 0)
            return source_fail_read(source, more, err);
        if (more == 0)
            break;
    }
    struct slice w = input_window(&source->in);
    if (w.len >= 3 && memcmp(w.ptr, "\xef\xbb\xbf", 3) == 0) {
        input_consume(&source->in, 3);
        return 0;
    }
    if (w.len < 4 || (memcmp(w.ptr, "\xff\xfe", 2) != 0 && memcmp(w.ptr, "\xfe\xff", 2) != 0 &&
                      w.ptr[0] != 0 && w.ptr[1] != 0))
        return 0;
    if (!source->options.lines && memchr(w.ptr, '<', 4)) {
        source->mode = has_suffix(source, PAGES) ? SOURCE_PAGE : SOURCE_XML;
        return 0;
    }
    return source_fail(source, WIRE_BAD_UTF8, err,
                       "UTF-16 or UTF-32, or no text at all; convert it to UTF-8 first (iconv -f "
                       "UTF-16 -t UTF-8)");
}

static void begin_by_contents(struct forms_source *source)
{
    static const char *const json[] = {"json", "jsonl", "ndjson", NULL};
    char first = input_window(&source->in).ptr[0];
    if (first == '<') {
        source->mode = page_source_begins(input_window(&source->in)) ? SOURCE_PAGE : SOURCE_XML;
    } else if (first == '{' || first == '[') {
        json_source_begin(source);
    } else if (has_suffix(source, json)) {
        source->mode = SOURCE_VALUES;
    } else {
        source->mode = SOURCE_TEXT;
    }
}

// Decides how to read what the source holds. 0 or -1, as forms_next.
static int begin(struct forms_source *source, struct err *err)
{
    static const char *const text[] = {"txt", "text", NULL};
    static const char *const lines[] = {"jsonl", "ndjson", NULL};
    if (check_encoding(source, err) != 0)
        return -1;
    if (source->mode != SOURCE_NEW)
        return 0;
    if (source->options.lines || has_suffix(source, lines)) {
        source->mode = SOURCE_LINES;
        return 0;
    }
    if (source->uri && (has_suffix(source, text) || has_suffix(source, PAGES))) {
        source->mode = has_suffix(source, text) ? SOURCE_TEXT : SOURCE_PAGE;
        return 0;
    }
    int more = input_skip_space(&source->in);
    if (more < 0)
        return source_fail_read(source, more, err);
    if (more == 0)
        source->mode = SOURCE_DONE;
    else
        begin_by_contents(source);
    return 0;
}

static int next(struct forms_source *source, struct article *article, struct err *err)
{
    if (source->mode == SOURCE_NEW && begin(source, err) != 0)
        return -1;
    switch (source->mode) {
    case SOURCE_LINES:
    case SOURCE_VALUES:
        return json_source_next(source, article, err);
    case SOURCE_XML:
        return xml_source_next(source, article, err);
    case SOURCE_PAGE:
        return page_source_next(source, article, err);
    case SOURCE_TEXT:
        return text_source_next(source, article, err);
    default:
        return 0;
    }
}

int forms_next(struct forms_source *source, struct article *article, struct forms_place *place,
               struct err *err)
{
    *article = (struct article){0};
    arena_reset(&source->arena);
    source->code = WIRE_OK;
    int answer = next(source, article, err);
    if (place)
        *place = source->place;
    return answer;
}

enum wire_code forms_code(const struct forms_source *source)
{
    return source->code;
}

uint64_t forms_bytes(const struct forms_source *source)
{
    return source->in.total;
}

void forms_place_format(const struct forms_place *place, char *out, size_t size)
{
    const char *name = strcmp(place->name, "-") == 0 ? "standard input" : place->name;
    char item[32] = "", line[32] = "";
    if (place->item)
        snprintf(item, sizeof item, ": item %" PRIu64, place->item);
    if (place->line)
        snprintf(line, sizeof line, "%s line %" PRIu64, place->item ? "," : ":", place->line);
    snprintf(out, size, "%s%s%s", name, item, line);
}
