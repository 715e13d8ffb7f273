#include "workers/tagger/lexicon_check.h"

#include <stdbool.h>

#include "proto/base/utf8.h"
#include "workers/tagger/tagger.h"

// The index a reference means; one of the other lexicon lies beyond every section.
static uint32_t index_of(const struct lexicon_sections *in, uint32_t reference)
{
    return reference ^ in->mark;
}

// A string is not empty and begins with a letter, not inside one; it ends because the section does.
static bool is_string(const struct lexicon_sections *in, uint32_t reference)
{
    uint32_t offset = index_of(in, reference);
    return offset < in->count[SECTION_STRINGS] && in->strings[offset] != '\0' &&
           ((uint8_t)in->strings[offset] & 0xc0) != 0x80;
}

static bool strings_are_sound(const struct lexicon_sections *in)
{
    size_t len = in->count[SECTION_STRINGS];
    return in->strings[len - 1] == '\0' && utf8_is_valid(slice_from(in->strings, len));
}

static bool entities_are_sound(const struct lexicon_sections *in)
{
    size_t spellings = in->count[SECTION_SPELLINGS];
    for (size_t i = 0; i < in->count[SECTION_ENTITIES]; i++) {
        const struct lexicon_entity *entity = &in->entities[i];
        uint32_t first = index_of(in, entity->spellings);
        if (!is_string(in, entity->id) || !is_string(in, entity->name) ||
            entity->type > TAG_OTHER || first > spellings ||
            entity->spelling_count > spellings - first)
            return false;
    }
    return true;
}

static bool spellings_are_sound(const struct lexicon_sections *in)
{
    for (size_t i = 0; i < in->count[SECTION_SPELLINGS]; i++)
        if (!is_string(in, in->spellings[i]))
            return false;
    return true;
}

static bool nodes_are_sound(const struct lexicon_sections *in)
{
    size_t free = 0;
    for (size_t i = 0; i < in->count[SECTION_NODES]; i++) {
        const struct lexicon_node *node = &in->nodes[i];
        free += node->check == 0;
        if (node->check && node->posting != LEXICON_NONE &&
            index_of(in, node->posting) >= in->count[SECTION_POSTINGS])
            return false;
    }
    return free > 0;
}

static bool postings_are_sound(const struct lexicon_sections *in)
{
    size_t count = in->count[SECTION_POSTINGS];
    for (size_t i = 0; i < count; i++)
        if (index_of(in, in->postings[i].entity) >= in->count[SECTION_ENTITIES] ||
            !is_string(in, in->postings[i].text))
            return false;
    return count == 0 || (in->postings[count - 1].flags & POSTING_LAST) != 0;
}

static bool words_are_sound(const struct lexicon_sections *in)
{
    size_t free = 0;
    for (size_t i = 0; i < in->count[SECTION_WORDS]; i++)
        free += in->words[i].check == 0;
    return free > 0;
}

static bool forms_are_sound(const struct lexicon_sections *in)
{
    size_t free = 0;
    for (size_t i = 0; i < in->count[SECTION_FORMS]; i++) {
        free += in->forms[i].check == 0;
        if (in->forms[i].check && !is_string(in, in->forms[i].lemma))
            return false;
    }
    return free > 0;
}

const char *lexicon_check(const struct lexicon_sections *sections)
{
    if (!strings_are_sound(sections))
        return "its strings are not UTF-8, or the last has no end";
    if (!entities_are_sound(sections) || !spellings_are_sound(sections))
        return "an entity refers to what is not there";
    if (!nodes_are_sound(sections) || !postings_are_sound(sections))
        return "a name refers to what is not there";
    if (!words_are_sound(sections) || !forms_are_sound(sections))
        return "a word refers to what is not there";
    return NULL;
}
