// Layout of a compiled lexicon file: what lexicon_build.c writes and lexicon.c reads.
// Little-endian, every section 8-byte aligned. A change here is a new LEXICON_VERSION.
#pragma once

#include <stdint.h>

#define LEXICON_MAGIC     "TLXLEX\r\n"
#define LEXICON_OWN_MAGIC "TLXUSR\r\n"
enum { LEXICON_VERSION = 1 };

// The lexicon that is shipped, and the user's own beside it. One layout; every reference in a
// user's file (to a string, an entity, a posting, a spelling) carries LEXICON_OWN_MARK, so that
// references of both can be told apart and both files can be mapped as they are.
enum lexicon_layer { LEXICON_BUNDLED, LEXICON_OWN, LEXICON_LAYERS };
#define LEXICON_OWN_MARK 0x80000000u
// A worker may map so many bytes and have memory left to work in.
enum { LEXICON_BYTES_MAX = 512 << 20, LEXICON_OWN_BYTES_MAX = 64 << 20 };

enum lexicon_section {
    SECTION_STRINGS,   // NUL-terminated UTF-8; never empty
    SECTION_ENTITIES,  // struct lexicon_entity
    SECTION_SPELLINGS, // uint32_t offsets of folded names, runs of entity.spelling_count
    SECTION_NODES,     // hash table of struct lexicon_node: every beginning of every name
    SECTION_POSTINGS,  // struct lexicon_posting, runs that end with POSTING_LAST
    SECTION_WORDS,     // hash table of struct lexicon_word
    SECTION_FORMS, // hash table of struct lexicon_form; several of one form lie in its probe run
    SECTION_COUNT
};

struct lexicon_header {
    char magic[8];
    uint32_t version;
    uint32_t section_count;
    uint64_t file_size;
    uint64_t checksum; // hash64 of everything behind the header
    char date[16];     // of the data, NUL-padded
    struct {
        uint64_t offset; // from the start of the file
        uint64_t size;   // bytes
    } sections[SECTION_COUNT];
};

struct lexicon_entity {
    uint32_t id;        // string
    uint32_t name;      // string: canonical name
    uint32_t spellings; // index of the first
    uint16_t spelling_count;
    uint8_t type;   // enum tag_type
    uint8_t weight; // 1 hardly known .. 9 world-famous
};

// Hash tables have a power of two of slots and linear probing; check 0 is an empty slot.
static inline uint32_t lexicon_check_of(uint64_t hash)
{
    uint32_t check = (uint32_t)(hash >> 32);
    return check ? check : 1;
}

struct lexicon_node {
    uint32_t check;   // high half of the hash, never 0
    uint32_t posting; // index, or LEXICON_NONE when the name goes on
};
#define LEXICON_NONE UINT32_MAX

enum lexicon_posting_flag {
    POSTING_LAST = 1 << 0,
    POSTING_SURNAME = 1 << 1, // a person's surname alone
    POSTING_UPPER = 1 << 2,   // counts only in capitals ("WHO", not "Who")
    POSTING_LOWER = 1 << 3,   // its first letter may be small ("dpa")
    POSTING_KEY = 1 << 4,     // found by the key of a person's name, not by the name
};

struct lexicon_posting {
    uint32_t entity;
    uint32_t text;     // string: the spelling, a dictionary form
    uint8_t flags;     // enum lexicon_posting_flag
    uint8_t languages; // enum lexicon_language bits in which it is spelled so; 0: any
    uint8_t words;     // how many words it has
    uint8_t reserved;
};

enum lexicon_language {
    LEXICON_PL,
    LEXICON_DE,
    LEXICON_EN,
    LEXICON_LANGUAGES,
    LEXICON_OTHER = LEXICON_LANGUAGES // of a posting: any language but these three, and only those
};

enum lexicon_count {
    COUNT_LOWER,   // in small letters
    COUNT_CAPITAL, // capitalised, not a name
    COUNT_PERSON,  // part of a person's name
    COUNT_ORGANISATION,
    COUNT_PLACE,
    COUNT_KINDS
};

enum lexicon_word_flag {
    WORD_TITLE = 1 << 0,
    WORD_ORGANISATION = 1 << 1,
    WORD_SUFFIX = 1 << 2,
    WORD_GEO = 1 << 3,
    WORD_IN = 1 << 4,
    WORD_SAYS = 1 << 5,
    WORD_LINK = 1 << 6,
    WORD_OF = 1 << 7,
    WORD_NEVER = 1 << 8,
    WORD_PEOPLE = 1 << 9,
    WORD_GEO_FIRST = 1 << 10,
};

// What is known of a folded word. `cues` holds enum lexicon_word_flag per language.
struct lexicon_word {
    uint32_t check;
    uint8_t given; // languages in which it is a given name: 1 pl, 2 de, 4 en, 8 ru or uk, 16 other
    uint8_t surname; // the same for surnames
    uint16_t cues[LEXICON_LANGUAGES];
    uint8_t counts[LEXICON_LANGUAGES]
                  [COUNT_KINDS]; // 0 never; else 1 + 8 * log2(count), at most 255
    uint8_t small_start;         // 1: a name written with a small letter begins with it ("dpa")
};

enum lexicon_case {
    CASE_NOMINATIVE = 1 << 0,
    CASE_GENITIVE = 1 << 1,
    CASE_DATIVE = 1 << 2,
    CASE_ACCUSATIVE = 1 << 3,
    CASE_INSTRUMENTAL = 1 << 4,
    CASE_LOCATIVE = 1 << 5,
    CASE_ANY = 63,
};

enum lexicon_gender { GENDER_MASCULINE = 1, GENDER_FEMININE = 2, GENDER_OTHER = 4, GENDER_ANY = 7 };

// An inflected Polish proper name and one of its dictionary forms.
struct lexicon_form {
    uint32_t check;
    uint32_t lemma; // string
    uint64_t hash;  // lexicon_hash_word of the folded lemma
    uint8_t cases;  // enum lexicon_case
    uint8_t gender; // enum lexicon_gender
    uint8_t ending; // last byte of the form as written: tells "-ą" and "-ę" from "-a" and "-e"
    uint8_t reserved[5];
};
