#include "workers/tagger/own_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "workers/tagger/lexicon_file.h"
#include "workers/tagger/own_list.h"

static const char head[] =
    "# Names of your own for telex: one entity a line, columns with tabs between them. telex\n"
    "# lexicon build compiles them. id: Q42, or prefix:name, or empty; type: person, "
    "organisation,\n"
    "# place, event, product, other; then names in any language, and in Polish, German, English; "
    "|\n"
    "# stands between several.\n"
    "# id\ttype\tnames\tpl\tde\ten\n";

struct reading {
    const char *path;
    struct buf content;
    struct own_list list;
    size_t only; // complain about this line alone; 0: about every one
    bool complained;
};

static int fail(const struct err *err)
{
    fprintf(stderr, "telex lexicon: %s\n", err_text(err));
    return 1;
}

static void complain_cb(size_t line, const char *text, void *arg)
{
    struct reading *reading = arg;
    if (reading->only && reading->only != line)
        return;
    reading->complained = true;
    fprintf(stderr, "%s:%zu: %s\n", reading->path, line, text);
}

static int parse(struct reading *reading, struct err *err)
{
    int failed = own_list_read(&reading->list, buf_slice(&reading->content), complain_cb, reading);
    return failed ? err_set_errno(err, -failed, "cannot read %s", reading->path) : 0;
}

static void reading_init(struct reading *reading, const char *path)
{
    *reading = (struct reading){.path = path};
    buf_init(&reading->content, OWN_LIST_BYTES_MAX);
}

static void reading_fini(struct reading *reading)
{
    own_list_fini(&reading->list);
    buf_fini(&reading->content);
}

static int read_list(struct reading *reading, const char *path, struct err *err)
{
    reading_init(reading, path);
    int failed = file_read(&reading->content, path, err);
    if (failed == -ENOENT)
        return err_set(err, "there is no list at %s; telex lexicon add begins one", path), failed;
    if (failed == -EFBIG)
        return err_set(err, "%s is longer than %d MiB", path, OWN_LIST_BYTES_MAX >> 20), failed;
    return failed ? failed : parse(reading, err);
}

// --- list, check, build ---

static void print_entity(const struct own_entity *entity)
{
    size_t last = OWN_COLUMNS - 1;
    while (last > OWN_TYPE && !entity->columns[last].len)
        last--;
    fwrite(entity->id.ptr, 1, entity->id.len, stdout);
    for (size_t i = OWN_TYPE; i <= last; i++) {
        putchar('\t');
        fwrite(entity->columns[i].ptr, 1, entity->columns[i].len, stdout);
    }
    putchar('\n');
}

static void print_list(const struct own_list *list)
{
    for (size_t i = 0; i < own_list_count(list); i++)
        print_entity(own_list_entity(list, i));
}

static void print_counts(const char *path, const struct own_list *list)
{
    size_t entities = own_list_count(list), names = own_list_name_count(list);
    printf("%s: %zu entit%s, %zu name%s\n", path, entities, entities == 1 ? "y" : "ies", names,
           names == 1 ? "" : "s");
}

static int read_and(const struct own_place *place,
                    int (*use)(const struct own_place *place, const struct own_list *list,
                               struct err *err))
{
    struct err err = {.text = ""};
    struct reading reading;
    int failed = read_list(&reading, place->list, &err);
    if (!failed)
        failed = use(place, &reading.list, &err);
    int status = failed ? fail(&err) : reading.list.bad > 0;
    reading_fini(&reading);
    return status;
}

static int use_list(const struct own_place *place, const struct own_list *list, struct err *err)
{
    (void)place;
    (void)err;
    print_list(list);
    return 0;
}

int own_edit_list(const struct own_place *place)
{
    return read_and(place, use_list);
}

static int bad_lines(const struct own_place *place, const struct own_list *list, const char *so,
                     struct err *err)
{
    return err_set(err, "%zu bad line%s in %s%s", list->bad, list->bad == 1 ? "" : "s", place->list,
                   so),
           -EINVAL;
}

static int use_check(const struct own_place *place, const struct own_list *list, struct err *err)
{
    if (list->bad)
        return bad_lines(place, list, "", err);
    print_counts(place->list, list);
    return 0;
}

int own_edit_check(const struct own_place *place)
{
    return read_and(place, use_check);
}

// The day on which the list was last changed: the same list gives the same file.
static void date_of(const char *path, char out[CLOCK_TEXT_BYTES])
{
    struct stat status;
    clock_format(stat(path, &status) == 0 ? (int64_t)status.st_mtime * 1000 : 0, out);
    out[10] = '\0';
}

static int compile(const struct own_place *place, const struct own_list *list, struct err *err)
{
    char date[CLOCK_TEXT_BYTES];
    date_of(place->list, date);
    int failed = file_make_folders(place->compiled, err);
    return failed ? failed : own_list_compile(list, place->compiled, slice_from_text(date), err);
}

static int use_build(const struct own_place *place, const struct own_list *list, struct err *err)
{
    struct lexicon_file file;
    if (list->bad)
        return bad_lines(place, list, "; nothing was compiled", err);
    int failed = compile(place, list, err);
    if (!failed)
        failed = lexicon_file_open(&file, LEXICON_OWN, place->compiled, err);
    if (failed)
        return failed;
    print_counts(place->list, list);
    printf("%s: lexicon %s, %zu KiB\n", place->compiled, file.id, (file.mapped.size + 1023) / 1024);
    lexicon_file_close(&file);
    return 0;
}

int own_edit_build(const struct own_place *place)
{
    return read_and(place, use_build);
}

// --- add ---

// A tab or a line's end in a value would make another line of it.
static bool is_one_cell(const char *value)
{
    return !value || !strpbrk(value, "\t\n\r");
}

static void put_line(struct buf *out, const struct own_addition *addition)
{
    const char *cells[OWN_COLUMNS] = {
        [OWN_ID] = addition->id, [OWN_TYPE] = addition->type, [OWN_NAMES] = addition->names,
        [OWN_PL] = addition->pl, [OWN_DE] = addition->de,     [OWN_EN] = addition->en};
    size_t last = OWN_EN;
    while (last > OWN_NAMES && !cells[last])
        last--;
    for (size_t i = 0; i <= last; i++) {
        if (i)
            buf_put_byte(out, '\t');
        buf_put_text(out, cells[i] ? cells[i] : "");
    }
    buf_put_byte(out, '\n');
}

static size_t count_lines(const struct buf *content)
{
    size_t lines = 0;
    for (size_t i = 0; i < content->len; i++)
        lines += content->ptr[i] == '\n';
    return lines;
}

// The list as it is read, and behind it what is to be appended; *from is where that begins.
static int compose(struct reading *reading, const struct own_addition *addition, size_t *from,
                   struct err *err)
{
    struct buf *content = &reading->content;
    *from = content->len;
    if (!content->len)
        buf_put_text(content, head);
    else if (content->ptr[content->len - 1] != '\n')
        buf_put_byte(content, '\n');
    put_line(content, addition);
    if (content->failed)
        return err_set(err, "%s would be longer than %d MiB", reading->path,
                       OWN_LIST_BYTES_MAX >> 20),
               -EFBIG;
    reading->only = count_lines(content);
    return parse(reading, err);
}

// In one write, so that whoever reads meanwhile sees all of the line or nothing.
static int append(int fd, struct slice bytes, const char *path, struct err *err)
{
    ssize_t written = write(fd, bytes.ptr, bytes.len);
    if (written >= 0 && (size_t)written == bytes.len && fsync(fd) == 0)
        return 0;
    return err_set_errno(err, written < 0 || (size_t)written == bytes.len ? errno : ENOSPC,
                         "cannot write %s", path);
}

static int add_locked(struct reading *reading, int fd, const struct own_addition *addition,
                      struct err *err)
{
    size_t from;
    int failed = file_read(&reading->content, reading->path, err);
    if (!failed)
        failed = compose(reading, addition, &from, err);
    if (failed || reading->complained)
        return failed ? failed : (err_set(err, "nothing was added"), -EINVAL);
    struct slice line = slice_from(reading->content.ptr + from, reading->content.len - from);
    failed = append(fd, line, reading->path, err);
    if (failed)
        return failed;
    const struct own_entity *added =
        own_list_entity(&reading->list, own_list_count(&reading->list) - 1);
    printf("%s:%zu: added %.*s; telex lexicon build compiles it\n", reading->path, added->line,
           (int)added->id.len, added->id.ptr);
    return 0;
}

static int add(struct reading *reading, const struct own_addition *addition, struct err *err)
{
    int failed = file_make_folders(reading->path, err);
    if (failed)
        return failed;
    int fd = open(reading->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        failed = err_set_errno(err, errno, "cannot write %s", reading->path);
    if (!failed)
        failed = add_locked(reading, fd, addition, err);
    if (fd >= 0)
        close(fd);
    return failed;
}

int own_edit_add(const struct own_place *place, const struct own_addition *addition)
{
    const char *const cells[] = {addition->id, addition->type, addition->names,
                                 addition->pl, addition->de,   addition->en};
    struct err err = {.text = ""};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (!is_one_cell(cells[i]))
            return err_set(&err, "a value has no tabs and no line ends"), fail(&err);
    struct reading reading;
    reading_init(&reading, place->list);
    int failed = add(&reading, addition, &err);
    reading_fini(&reading);
    return failed ? fail(&err) : 0;
}
