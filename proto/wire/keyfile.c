#include "proto/wire/keyfile.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/file.h"

static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          ".-:+=^!/*?&<>()[]{}@%$#";

// Five characters are 32 bits: not every combination of them is one.
static bool group_fits(const char *group)
{
    uint64_t value = 0;
    for (int i = 0; i < 5; i++)
        value = value * 85 + (uint64_t)((const char *)memchr(z85, group[i], sizeof z85 - 1) - z85);
    return value <= UINT32_MAX;
}

bool key_is_valid(struct slice text)
{
    if (text.len != KEY_LEN)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(z85, text.ptr[i], sizeof z85 - 1))
            return false;
    for (size_t i = 0; i < text.len; i += 5)
        if (!group_fits(text.ptr + i))
            return false;
    return true;
}

// --- lines --------------------------------------------------------------------------------------

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trim(struct slice text)
{
    while (text.len && is_blank(text.ptr[0]))
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool take_line(struct slice *rest, struct slice *line)
{
    if (!rest->len)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    *line = slice_from(rest->ptr, len);
    size_t used = len + (end != NULL);
    *rest = slice_from(rest->ptr + used, rest->len - used);
    return true;
}

// What stands behind the equals sign: in quotes of either kind, or up to a blank.
static int read_value(struct slice text, struct slice *value, struct err *err)
{
    char quote = text.len ? text.ptr[0] : '\0';
    size_t from = quote == '"' || quote == '\'', to = from;
    while (to < text.len && (from ? text.ptr[to] != quote : !is_blank(text.ptr[to])))
        to++;
    if (from && to == text.len)
        return err_set(err, "the value has no closing quote");
    *value = slice_from(text.ptr + from, to - from);
    struct slice rest = trim(slice_from(text.ptr + to + from, text.len - to - from));
    return rest.len && rest.ptr[0] != '#' ? err_set(err, "something stands behind the value") : 0;
}

static int put_key(char *place, struct slice name, struct slice value, struct err *err)
{
    if (!key_is_valid(value))
        return err_set(err, "%.*s is not a key of %d characters of Z85", (int)name.len, name.ptr,
                       KEY_LEN);
    if (*place)
        return err_set(err, "%.*s stands twice", (int)name.len, name.ptr);
    memcpy(place, value.ptr, KEY_LEN);
    return 0;
}

static int put_text(char *place, struct slice name, struct slice value, struct err *err)
{
    if (value.len > KEYFILE_VALUE_MAX || memchr(value.ptr, '\0', value.len))
        return err_set(err, "%.*s is longer than %d bytes, or no text", (int)name.len, name.ptr,
                       KEYFILE_VALUE_MAX);
    if (*place)
        return err_set(err, "%.*s stands twice", (int)name.len, name.ptr);
    memcpy(place, value.ptr, value.len);
    return 0;
}

enum section { SECTION_NONE, SECTION_METADATA, SECTION_CURVE };

static int take_value(struct keyfile *out, enum section section, struct slice name,
                      struct slice value, struct err *err)
{
    if (section == SECTION_NONE)
        return err_set(err, "a value before any section");
    if (section == SECTION_METADATA) {
        if (slice_is(name, "roles"))
            return put_text(out->roles, name, value, err);
        return slice_is(name, "cursors") ? put_text(out->cursors, name, value, err) : 0;
    }
    if (slice_is(name, "public-key"))
        return put_key(out->public_key, name, value, err);
    if (slice_is(name, "secret-key"))
        return put_key(out->secret_key, name, value, err);
    return err_set(err, "\"%.*s\" is neither public-key nor secret-key", (int)name.len, name.ptr);
}

static int take_section(struct slice name, enum section *section, struct err *err)
{
    *section = slice_is(name, "metadata") ? SECTION_METADATA
               : slice_is(name, "curve")  ? SECTION_CURVE
                                          : SECTION_NONE;
    return *section ? 0
                    : err_set(err, "neither \"metadata\", \"curve\", \"name = value\" nor a "
                                   "comment");
}

static int parse_line(struct keyfile *out, enum section *section, struct slice line,
                      struct err *err)
{
    struct slice text = trim(line), value;
    if (!text.len || text.ptr[0] == '#')
        return 0;
    if (!is_blank(line.ptr[0]))
        return take_section(text, section, err);
    const char *equals = memchr(text.ptr, '=', text.len);
    if (!equals)
        return err_set(err, "not \"name = value\"");
    struct slice name = trim(slice_from(text.ptr, (size_t)(equals - text.ptr)));
    struct slice right = slice_from(equals + 1, text.len - (size_t)(equals + 1 - text.ptr));
    if (read_value(trim(right), &value, err) != 0)
        return -1;
    return take_value(out, *section, name, value, err);
}

int keyfile_parse(struct keyfile *out, struct slice text, struct err *err)
{
    enum section section = SECTION_NONE;
    struct slice line;
    *out = (struct keyfile){0};
    for (int number = 1; take_line(&text, &line); number++)
        if (parse_line(out, &section, line, err) != 0)
            return err_prefix(err, "line %d", number);
    return *out->public_key ? 0 : err_set(err, "there is no public-key in a section \"curve\"");
}

// --- files --------------------------------------------------------------------------------------

int keyfile_read(struct keyfile *out, const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, KEYFILE_BYTES_MAX);
    int result = file_read(&text, path, err);
    if (result == 0 && keyfile_parse(out, buf_slice(&text), err) != 0)
        result = err_prefix(err, "%s", path);
    if (text.len)
        explicit_bzero(text.ptr, text.len);
    buf_fini(&text);
    return result;
}

int keyfile_read_secret(struct keyfile *out, const char *path, struct err *err)
{
    struct stat st;
    *out = (struct keyfile){0};
    if (stat(path, &st) != 0)
        return err_set_errno(err, errno, "%s", path);
    int result = keyfile_read(out, path, err);
    if (result == 0 && !*out->secret_key)
        result = err_set(err, "%s: there is no secret-key in it", path);
    else if (result == 0 && (st.st_mode & 0007))
        result = err_set(err, "%s: a secret key that everybody may read; chmod o= it", path);
    return result;
}

void keyfile_wipe(struct keyfile *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
