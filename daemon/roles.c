#include "daemon/roles.h"

static const struct {
    const char *name;
    enum role role;
} words[] = {{"push", ROLE_PUSH}, {"follow", ROLE_FOLLOW}, {"control", ROLE_CONTROL}};

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

static unsigned role_of(struct slice word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_is(word, words[i].name))
            return words[i].role;
    return 0;
}

int roles_parse(unsigned *out, struct slice text, struct err *err)
{
    *out = 0;
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        while (at < text.len && !is_separator(text.ptr[at]))
            at++;
        struct slice word = slice_from(text.ptr + from, at - from);
        unsigned role = role_of(word);
        if (word.len && !role)
            return err_set(err, "\"%.*s\" is no role; there are push, follow and control",
                           (int)word.len, word.ptr);
        *out |= role;
        at += at < text.len;
    }
    return *out ? 0 : err_set(err, "no roles; there are push, follow and control");
}

const char *roles_name(unsigned roles)
{
    static const char *const names[ROLE_ALL + 1] = {
        [0] = "none",
        [ROLE_PUSH] = "push",
        [ROLE_FOLLOW] = "follow",
        [ROLE_CONTROL] = "control",
        [ROLE_PUSH | ROLE_FOLLOW] = "push or follow",
        [ROLE_PUSH | ROLE_CONTROL] = "push or control",
        [ROLE_FOLLOW | ROLE_CONTROL] = "follow or control",
        [ROLE_ALL] = "push, follow or control",
    };
    return names[roles & ROLE_ALL];
}
