// A tagged event as a person reads it.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// Two lines: sequence and offset, time, language, headline and source; then the entities, each in
// the colour of its type (or with its type in brackets). `text`: the normalised text below, where
// the event has it.
void event_print(FILE *file, const json_t *event, bool color, bool text);

// "Name [type], Name [type]" of a list of entities, from the column `indent` on; on a terminal it
// is wrapped there.
void event_print_entities(FILE *file, const json_t *entities, bool color, size_t indent);
