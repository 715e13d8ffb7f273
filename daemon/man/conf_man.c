// Writes the man page of telex.conf to standard output, from the table that the parser is made of.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char head[] =
    ".Dd November 22, 2026\n"
    ".Dt TELEX.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm telex.conf\n"
    ".Nd configuration of telexd\n"
    ".Sh DESCRIPTION\n"
    "An INI file: sections in brackets, a line\n"
    ".Dq key = value\n"
    "for each key; a line that begins with ; is a comment.\n"
    "Every key has a default, so that an empty file will do.\n"
    "Unknown sections and keys and values out of range are errors that name\n"
    "file and line.\n"
    ".Ql telexd --check\n"
    "looks a file over,\n"
    ".Ql telexd --print-config\n"
    "prints all keys with the values in force, and\n"
    ".Dv SIGHUP\n"
    "has the file read again.\n";

static const char tail[] = ".Sh FILES\n"
                           ".Pa /etc/telex/telex.conf\n"
                           ".Sh SEE ALSO\n"
                           ".Xr telexd 8\n";

// Text of a line of its own: a leading dot or quote would be a request, a backslash an escape.
static void put_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
    }
    putchar('\n');
}

static void put_section(const char **last, const char *section)
{
    if (*last && strcmp(*last, section) == 0)
        return;
    if (*last)
        puts(".El");
    printf(".Sh SECTION [%s]\n.Bl -tag -width Ds\n", section);
    *last = section;
}

static void put_key(const char **last, const char *section, const char *key, const char *initial)
{
    put_section(last, section);
    printf(".It Cm %s No =%s%s\n", key, *initial ? " Ar " : "", initial);
}

static void put_number(const char **last, const char *section, const char *key, long long initial,
                       long long low, long long high, const char *unit, const char *help)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", initial);
    put_key(last, section, key, text);
    put_text(help);
    printf(".br\nFrom %lld to %lld %s.\n", low, high, unit);
}

int main(void)
{
    const char *last = NULL;
    fputs(head, stdout);
#define PARAM_TEXT(section, key, initial, help)                                                    \
    put_key(&last, #section, #key, initial);                                                       \
    put_text(help);
#define PARAM_NUMBER(section, key, initial, low, high, unit, help)                                 \
    put_number(&last, #section, #key, initial, low, high, unit, help);
#define PARAM_FLAG(section, key, initial, help)                                                    \
    put_key(&last, #section, #key, (initial) ? "true" : "false");                                  \
    put_text(help);
#include "daemon/config_params.def"
    if (last)
        puts(".El");
    fputs(tail, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
