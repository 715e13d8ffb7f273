// Credits: who wrote, sent or photographed an article, as the article itself says it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/slice.h"

// One credit; bytes of the submitted text.
struct credit {
    uint32_t start, end;
};

struct credits {
    struct credit *at; // in the arena, in text order
    size_t count, capacity;
};

// Adds a credit behind those there are. 0 or -ENOMEM.
int credits_add(struct credits *credits, struct credit credit, struct arena *arena);

// True for a line that is nothing but a credit: "Reuters / PAP / Tvp.info/ Kresy.pl", "(dpa/AFP)",
// "AFP / Jane Smith", "mal/ pap/", "mit dpa". `edge`: the line stands before or behind the story,
// where "By Jane Smith" and "kno/ mal/" are credits too.
bool credit_is_line(struct slice line, bool edge);

// The bytes to drop from the first line of a report: the agency in "WARSZAWA (PAP) - ", "MOSCOW,
// Nov 3 (Reuters) - ", "(dpa) ", "Reuters - ". Place, date and dash stay where there is a place.
// False when the line has no such lead-in.
bool credit_find_leadin(struct slice line, size_t *cut_start, size_t *cut_end);

// Where a signature or a picture's credit at the end of a paragraph begins: "... said. (PAP)",
// "... on Monday. Foto: dpa". `last`: it is the story's last line. False when there is none.
bool credit_find_tail(struct slice line, bool last, size_t *start);

// What stands behind a label ("Quelle:", "fot."); the text itself when it has none.
struct slice credit_value(struct slice credit);

// Names of agencies, papers, sites and people in a credit, as they stand there. Returns how many
// were put in `names`, at most `most`.
size_t credit_names(struct slice credit, struct slice *names, size_t most);
