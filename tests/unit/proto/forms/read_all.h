// Everything a source gives, as one text that a test compares: "ok URI|TITLE|BODY" or
// "no ITEM:LINE CODE REASON", a line each.
#pragma once

#include <stdio.h>

#include "proto/forms/source.h"
#include "tests/unit/cmocka_all.h"

enum { READ_ALL_BYTES = 16384 };

static void read_all(struct forms_source *source, char out[READ_ALL_BYTES])
{
    struct article a;
    struct forms_place place;
    struct err err;
    int answer;
    size_t used = 0;
    out[0] = '\0';
    while ((answer = forms_next(source, &a, &place, &err)) != 0 && used < READ_ALL_BYTES - 1) {
        char *at = out + used;
        size_t left = READ_ALL_BYTES - used;
        if (answer > 0)
            snprintf(at, left, "ok %.*s|%.*s|%.*s\n", (int)a.uri.len, a.uri.ptr, (int)a.title.len,
                     a.title.len ? a.title.ptr : "", (int)a.body.len, a.body.len ? a.body.ptr : "");
        else
            snprintf(at, left, "no %d:%d %s %s\n", (int)place.item, (int)place.line,
                     wire_code_name((uint8_t)forms_code(source)), err.text);
        used += strlen(at);
        if (answer > 0)
            assert_int_equal(article_check(&a, WIRE_BODY_MAX, &err), WIRE_OK);
    }
    assert_int_equal(forms_next(source, &a, &place, &err), 0);
}

static inline void assert_reads_as(const char *name, struct slice bytes, const char *expected)
{
    struct forms_source *source;
    char got[READ_ALL_BYTES];
    assert_int_equal(forms_open_bytes(&source, bytes, name, NULL, NULL), 0);
    read_all(source, got);
    forms_close(source);
    assert_string_equal(got, expected);
}

static inline void assert_reads(const char *text, const char *expected)
{
    assert_reads_as("bytes", slice_from_text(text), expected);
}
