#include "proto/client/command/event_print.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/client/command/out.h"

enum { INDENT = 16 }; // of what belongs to the line above

static void print_place(FILE *file, const json_t *event, const json_t *data, bool color)
{
    const char *sequence = json_string_value(json_object_get(event, "sequence"));
    out_begin(file, color, STYLE_DIM);
    if (sequence)
        fprintf(file, "%6" PRIu64 " ", (uint64_t)strtoull(sequence, NULL, 10));
    if (json_object_get(data, "offset"))
        fprintf(file, "@%-6" PRIu64 " ", out_integer(data, "offset"));
    out_time(file, json_get_slice(event, "time"));
    out_end(file, color);
}

static void print_headline(FILE *file, const json_t *data, bool color)
{
    struct slice title = json_get_slice(data, "title"), source = json_get_slice(data, "source");
    out_begin(file, color, STYLE_BOLD);
    out_line(file, title.len ? title : json_get_slice(data, "uri"));
    out_end(file, color);
    if (!source.len)
        return;
    out_begin(file, color, STYLE_DIM);
    fputs(" (", file);
    out_line(file, source);
    fputs(")", file);
    out_end(file, color);
}

static void print_entity(FILE *file, struct slice name, struct slice type, bool color)
{
    out_begin(file, color, out_style_of(type));
    out_line(file, name);
    out_end(file, color);
    if (color)
        return;
    fputs(" [", file);
    out_line(file, type);
    putc(']', file);
}

void event_print_entities(FILE *file, const json_t *entities, bool color, size_t indent)
{
    size_t width = out_width(file), at = indent, i;
    json_t *entity;
    json_array_foreach(entities, i, entity)
    {
        struct slice type = json_get_slice(entity, "type"), name = json_get_slice(entity, "name");
        if (!name.len)
            name = json_get_slice(entity, "id");
        size_t needed = utf8_count(name) + (color ? 0 : type.len + 3) + 2;
        bool wrap = i && at + needed > width;
        if (i)
            fputs(wrap ? ",\n" : ", ", file);
        if (wrap)
            fprintf(file, "%*s", (int)indent, "");
        at = (wrap ? indent : at) + needed;
        print_entity(file, name, type, color);
    }
}

static void print_reason(FILE *file, const json_t *reason, bool color)
{
    out_begin(file, color, STYLE_BAD);
    fprintf(file, "could not be tagged, %" PRIu64 " attempts: ", out_integer(reason, "attempts"));
    out_line(file, json_get_slice(reason, "last_words"));
    out_end(file, color);
}

void event_print(FILE *file, const json_t *event, bool color, bool text)
{
    const json_t *data = json_object_get(event, "data");
    const json_t *reason = json_object_get(data, "reason");
    const json_t *entities = json_object_get(data, "entities");
    print_place(file, event, data, color);
    fputs("  ", file);
    out_begin(file, color, reason ? STYLE_BAD : STYLE_PLAIN);
    struct slice tag = json_get_slice(json_object_get(data, "language"), "tag");
    out_cell(file, reason ? slice_from("dead", 4) : tag.len ? tag : slice_from("-", 1), 4);
    out_end(file, color);
    putc(' ', file);
    print_headline(file, data, color);
    putc('\n', file);
    if (reason || json_array_size(entities)) {
        fprintf(file, "%*s", INDENT, "");
        if (reason)
            print_reason(file, reason, color);
        else
            event_print_entities(file, entities, color, INDENT);
        putc('\n', file);
    }
    struct slice body = json_get_slice(data, "text");
    if (!text || !body.len)
        return;
    putc('\n', file);
    out_block(file, body, "                ");
    putc('\n', file);
}
