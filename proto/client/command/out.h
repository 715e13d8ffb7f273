// Text for people: colours where they are wanted, nothing that could steer a terminal, columns that
// line up in UTF-8.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/slice.h"
#include "proto/client/command/command.h"

enum out_style {
    STYLE_PLAIN,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_BAD,
    STYLE_PERSON,
    STYLE_ORGANISATION,
    STYLE_PLACE,
    STYLE_EVENT,
    STYLE_PRODUCT,
    STYLE_OTHER,
};

// Whether output to `file` is to be coloured: --color, NO_COLOR, TERM, and whether it is a
// terminal.
bool out_color(const struct context *context, FILE *file);

// Columns of the terminal that `file` is; SIZE_MAX when it is none.
size_t out_width(FILE *file);

// The style of an entity's type by its name.
enum out_style out_style_of(struct slice type);

// Begins and ends a style; nothing without colour.
void out_begin(FILE *file, bool color, enum out_style style);
void out_end(FILE *file, bool color);

// Writes text on one line: control characters and line ends become spaces. Returns its width in
// characters.
size_t out_line(FILE *file, struct slice text);

// The same with line ends kept, every line behind `indent`.
void out_block(FILE *file, struct slice text, const char *indent);

// out_line, then spaces up to `width` characters.
void out_cell(FILE *file, struct slice text, size_t width);

// "2026-11-22 01:36:00" of an RFC 3339 time; other text as it is.
void out_time(FILE *file, struct slice time);

// An integer member, 0 when it is missing.
uint64_t out_integer(const json_t *object, const char *key);

// True when standard output is a pipe or socket that nobody reads any more: the reader has had
// enough, which is no fault.
bool out_is_abandoned(void);
