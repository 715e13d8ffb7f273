#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_table.h"
#include "proto/base/log.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { LINE_BYTES_MAX = INI_MAX_LINE - 2 }; // inih's buffer has a newline and a NUL behind it

static const struct param params[] = {
#define PARAM_TEXT(s, k, initial, help)                                                            \
    {#s, #k, PARAM_IS_TEXT, offsetof(struct config, s##_##k), initial, 0, 0, 0, "", help},
#define PARAM_NUMBER(s, k, initial, low, high, unit, help)                                         \
    {#s,   #k,  PARAM_IS_NUMBER, offsetof(struct config, s##_##k), NULL, initial, low, high,       \
     unit, help},
#define PARAM_FLAG(s, k, initial, help)                                                            \
    {#s, #k, PARAM_IS_FLAG, offsetof(struct config, s##_##k), NULL, initial, 0, 1, "", help},
#include "daemon/config_params.def"
#undef PARAM_TEXT
#undef PARAM_NUMBER
#undef PARAM_FLAG
};

const struct param *config_params(size_t *count)
{
    *count = COUNT(params);
    return params;
}

static const struct param *param_find(const char *section, size_t section_len, const char *key,
                                      size_t key_len)
{
    for (size_t i = 0; i < COUNT(params); i++)
        if (strlen(params[i].section) == section_len && strlen(params[i].key) == key_len &&
            memcmp(params[i].section, section, section_len) == 0 &&
            memcmp(params[i].key, key, key_len) == 0)
            return &params[i];
    return NULL;
}

static int set_defaults(struct config *config)
{
    for (size_t i = 0; i < COUNT(params); i++) {
        const struct param *p = &params[i];
        if (p->type == PARAM_IS_NUMBER)
            *param_number(config, p) = p->initial;
        else if (p->type == PARAM_IS_FLAG)
            *param_flag(config, p) = p->initial != 0;
        else if (!(*param_text(config, p) = strdup(p->initial_text)))
            return -1;
    }
    return 0;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < COUNT(params); i++)
        if (params[i].type == PARAM_IS_TEXT)
            free(*param_text(config, &params[i]));
    for (size_t i = 0; i < config->assignment_count; i++)
        free(config->assignments[i]);
    free(config->assignments);
    free(config->path);
    free(config);
}

struct config *config_copy(const struct config *config)
{
    struct config *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *config;
    copy->path = NULL;
    copy->assignments = NULL;
    copy->assignment_count = 0;
    bool whole = true;
    for (size_t i = 0; i < COUNT(params); i++)
        if (params[i].type == PARAM_IS_TEXT)
            whole &=
                (*param_text(copy, &params[i]) = strdup(*param_text(copy, &params[i]))) != NULL;
    if (whole)
        return copy;
    config_free(copy);
    return NULL;
}

// --- values -------------------------------------------------------------------------------------

// What the file cannot hold is not taken from the command line either, so that --print-config can
// always be read again.
static int text_set(char **text, const struct param *p, const char *value, struct err *err)
{
    size_t most = LINE_BYTES_MAX - strlen(p->key) - strlen(" = ");
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at < 0x20 || (at > value && *at == ';' && at[-1] == ' '))
            return err_set(err, "a value has no control characters and no \" ;\"");
    size_t len = strlen(value);
    if (len > most)
        return err_set(err, "a value longer than %zu bytes does not fit a line of the file", most);
    if (len && (value[0] == ' ' || value[len - 1] == ' '))
        return err_set(err, "a value neither begins nor ends with a space");
    char *copy = strdup(value);
    if (!copy)
        return err_set(err, "out of memory");
    free(*text);
    *text = copy;
    return 0;
}

static int number_set(int64_t *number, const struct param *p, const char *value, struct err *err)
{
    char *end;
    errno = 0;
    long long read = strtoll(value, &end, 10);
    if (end == value || *end || errno || read < p->low || read > p->high)
        return err_set(err, "\"%s\" is not a number from %lld to %lld (%s)", value,
                       (long long)p->low, (long long)p->high, p->unit);
    *number = read;
    return 0;
}

static int flag_set(bool *flag, const char *value, struct err *err)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(words[i], value) == 0) {
            *flag = i % 2;
            return 0;
        }
    }
    return err_set(err, "\"%s\" is neither yes nor no", value);
}

static int param_set(struct config *config, const struct param *p, const char *value,
                     struct err *err)
{
    int result = p->type == PARAM_IS_NUMBER ? number_set(param_number(config, p), p, value, err)
                 : p->type == PARAM_IS_FLAG ? flag_set(param_flag(config, p), value, err)
                                            : text_set(param_text(config, p), p, value, err);
    return result == 0 ? 0 : err_prefix(err, "%s.%s", p->section, p->key);
}

static int remember_assignment(struct config *config, const char *assignment)
{
    char **more = realloc(config->assignments, (config->assignment_count + 1) * sizeof *more);
    if (!more)
        return -1;
    config->assignments = more;
    if (!(more[config->assignment_count] = strdup(assignment)))
        return -1;
    config->assignment_count++;
    return 0;
}

int config_set(struct config *config, const char *assignment, struct err *err)
{
    const char *dot = strchr(assignment, '.');
    const char *equals = strchr(assignment, '=');
    if (!dot || !equals || dot > equals)
        return err_set(err, "\"%s\" is not section.key=value", assignment);
    const struct param *p =
        param_find(assignment, (size_t)(dot - assignment), dot + 1, (size_t)(equals - dot - 1));
    if (!p)
        return err_set(err, "there is no key \"%.*s\"", (int)(equals - assignment), assignment);
    if (param_set(config, p, equals + 1, err) != 0)
        return -1;
    return remember_assignment(config, assignment) == 0 ? 0 : err_set(err, "out of memory");
}

// --- the file -----------------------------------------------------------------------------------

struct file_reader {
    struct config *config;
    FILE *file;
    int line;
    int failed_line; // 0: none yet
    struct err *err;
    bool seen[COUNT(params)];
};

static void fail_at(struct file_reader *r, int line)
{
    if (!r->failed_line)
        r->failed_line = line;
}

static bool section_is_known(const char *section)
{
    for (size_t i = 0; i < COUNT(params); i++)
        if (strcmp(params[i].section, section) == 0)
            return true;
    return false;
}

// inih cuts what is longer than its line buffer in two and never sees what is behind a NUL: both
// are refused here.
static char *line_cb(char *line, int size, void *stream)
{
    struct file_reader *r = stream;
    if (r->failed_line)
        return NULL;
    int len = 0, c = 0;
    while (len < size - 1 && (c = fgetc(r->file)) != EOF && c != '\n' && c != '\0')
        line[len++] = (char)c;
    if (len == 0 && c == EOF)
        return NULL;
    line[len] = '\0';
    r->line++;
    if (c != '\n' && c != EOF) {
        err_set(r->err, c == '\0' ? "a NUL byte" : "line longer than %d bytes", LINE_BYTES_MAX);
        fail_at(r, r->line);
        return NULL;
    }
    return line;
}

static int value_cb(void *user, const char *section, const char *name, const char *value)
{
    struct file_reader *r = user;
    if (r->failed_line)
        return 1;
    const struct param *p = param_find(section, strlen(section), name, strlen(name));
    size_t index = p ? (size_t)(p - params) : 0;
    int result = 0;
    if (!p && !section_is_known(section))
        result = err_set(r->err, "there is no section [%s]", section);
    else if (!p)
        result = err_set(r->err, "there is no key \"%s\" in [%s]", name, section);
    else if (r->seen[index])
        result = err_set(r->err,
                         "%s.%s is set twice (a line that begins with a space continues the one "
                         "before)",
                         section, name);
    else
        result = param_set(r->config, p, value, r->err);
    if (p)
        r->seen[index] = true;
    if (result != 0)
        fail_at(r, r->line);
    return result == 0;
}

static int read_stream(struct config *config, FILE *file, struct err *err)
{
    struct err why = {""};
    struct file_reader r = {.config = config, .file = file, .err = &why};
    int line = ini_parse_stream(line_cb, &r, value_cb, &r);
    // inih goes on behind a line it does not understand; what comes first is what is to be told.
    if (line > 0 && (!r.failed_line || line < r.failed_line))
        return err_set(err, "%s:%d: not \"[section]\", \"key = value\" or a comment", config->path,
                       line);
    if (r.failed_line)
        return err_set(err, "%s:%d: %s", config->path, r.failed_line, err_text(&why));
    return line == 0 && !ferror(file) ? 0 : err_set(err, "%s cannot be read", config->path);
}

static int read_file(struct config *config, const char *path, struct err *err)
{
    if (!(config->path = strdup(path)))
        return err_set(err, "out of memory");
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, "%s: %s", path, strerror(errno));
    int result = read_stream(config, file, err);
    fclose(file);
    return result;
}

int config_read(struct config **out, const char *path, struct err *err)
{
    *out = NULL;
    struct config *config = calloc(1, sizeof *config);
    if (!config || set_defaults(config) != 0) {
        config_free(config);
        return err_set(err, "out of memory");
    }
    if (path && read_file(config, path, err) != 0) {
        config_free(config);
        return -1;
    }
    *out = config;
    return 0;
}

int config_reread(struct config **out, const struct config *old, struct err *err)
{
    if (config_read(out, old->path, err) != 0)
        return -1;
    for (size_t i = 0; i < old->assignment_count; i++) {
        if (config_set(*out, old->assignments[i], err) != 0) {
            config_free(*out);
            *out = NULL;
            return -1;
        }
    }
    return 0;
}

// --- reloading and printing ---------------------------------------------------------------------

static const struct {
    const char *section, *key; // key NULL: the whole section
} fixed[] = {
    {"daemon", "runtime_dir"}, {"security", "secret_key"},
    {"security", "insecure"},  {"store", "directory"},
    {"store", "map_size"},     {"store", "map_limit"},
    {"ingest", "endpoint"},    {"stream", "endpoint"},
    {"stream", "source"},      {"live", NULL},
    {"control", "endpoint"},   {"limits", "topics"},
};

static bool is_fixed(const struct param *p)
{
    for (size_t i = 0; i < COUNT(fixed); i++)
        if (strcmp(p->section, fixed[i].section) == 0 &&
            (!fixed[i].key || strcmp(p->key, fixed[i].key) == 0))
            return true;
    return false;
}

static void keep_text(struct config *next, struct config *old, const struct param *p)
{
    // The old pointer itself stays in force: parts that were made with it still hold it.
    char *changed = *param_text(next, p);
    if (strcmp(changed, *param_text(old, p)) != 0)
        log_warning("configuration key needs a restart key=%s.%s kept=\"%s\" wanted=\"%s\"",
                    p->section, p->key, *param_text(old, p), changed);
    *param_text(next, p) = *param_text(old, p);
    *param_text(old, p) = changed;
}

void config_keep_fixed(struct config *next, struct config *old)
{
    for (size_t i = 0; i < COUNT(params); i++) {
        const struct param *p = &params[i];
        if (!is_fixed(p))
            continue;
        if (p->type == PARAM_IS_TEXT) {
            keep_text(next, old, p);
        } else if (p->type == PARAM_IS_FLAG && *param_flag(next, p) != *param_flag(old, p)) {
            log_warning("configuration key needs a restart key=%s.%s kept=%s", p->section, p->key,
                        *param_flag(old, p) ? "yes" : "no");
            *param_flag(next, p) = *param_flag(old, p);
        } else if (p->type == PARAM_IS_NUMBER && *param_number(next, p) != *param_number(old, p)) {
            log_warning("configuration key needs a restart key=%s.%s kept=%lld wanted=%lld",
                        p->section, p->key, (long long)*param_number(old, p),
                        (long long)*param_number(next, p));
            *param_number(next, p) = *param_number(old, p);
        }
    }
}

static void print_param(const struct config *config, const struct param *p, FILE *out)
{
    // The accessors take what they give back to be changed; here it is only read.
    struct config *c = (struct config *)(uintptr_t)config;
    fprintf(out, "# %s", p->help);
    if (p->type == PARAM_IS_NUMBER)
        fprintf(out, " (%s, %lld to %lld)\n%s = %lld\n", p->unit, (long long)p->low,
                (long long)p->high, p->key, (long long)*param_number(c, p));
    else if (p->type == PARAM_IS_FLAG)
        fprintf(out, " (yes or no)\n%s = %s\n", p->key, *param_flag(c, p) ? "yes" : "no");
    else
        fprintf(out, "\n%s =%s%s\n", p->key, **param_text(c, p) ? " " : "", *param_text(c, p));
}

void config_print(const struct config *config, FILE *out)
{
    fprintf(out, "# Configuration of telexd. Lines that begin with # or ; are comments.\n");
    const char *section = "";
    for (size_t i = 0; i < COUNT(params); i++) {
        if (strcmp(section, params[i].section) != 0)
            fprintf(out, "\n[%s]\n", params[i].section);
        section = params[i].section;
        print_param(config, &params[i], out);
    }
}
