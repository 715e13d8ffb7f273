#include "workers/tagger/own_list.h"

#include <stdio.h>
#include <unistd.h>

#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workers/tagger/lexicon_file.h"

struct complaints {
    size_t count, line;
};

static void complain_cb(size_t line, const char *text, void *arg)
{
    struct complaints *complaints = arg;
    check_must(line > complaints->line && text[0] && utf8_is_valid(slice_from_text(text)));
    complaints->line = line;
    complaints->count++;
}

static void check_entities(const struct own_list *list)
{
    size_t names = 0;
    for (size_t i = 0; i < own_list_count(list); i++) {
        const struct own_entity *entity = own_list_entity(list, i);
        check_must(entity->id.len && entity->name.len && entity->name_count);
        check_must(entity->type <= TAG_OTHER && entity->first_name == names);
        names += entity->name_count;
    }
    check_must(names == own_list_name_count(list));
}

// Whatever the list holds: each line is an entity or a complaint, and what was taken makes a
// lexicon that opens.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct complaints complaints = {.count = 0};
    struct own_list list;
    struct err err = {.text = ""};
    struct lexicon_file file;
    snprintf(path, sizeof path, "/dev/shm/telex-fuzz-own-list-%d", (int)getpid());
    check_must(own_list_read(&list, slice_from(data, size), complain_cb, &complaints) == 0);
    check_must(list.bad == complaints.count);
    check_entities(&list);
    check_must(own_list_compile(&list, path, slice_from_text("2026-11-22"), &err) == 0);
    check_must(lexicon_file_open(&file, LEXICON_OWN, path, &err) == 0);
    check_must(file.in.count[SECTION_ENTITIES] == own_list_count(&list));
    lexicon_file_close(&file);
    unlink(path);
    own_list_fini(&list);
    return 0;
}
