#include "workers/tagger/furniture_rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TYPO_KEY_MIN = 7, PROMPT_WORDS_MAX = 8, WORD_BYTES_MAX = 32 };

#define WHOLE  FURNITURE_WHOLE
#define LABEL  FURNITURE_LABEL
#define CREDIT FURNITURE_CREDIT
#define PROMPT FURNITURE_PROMPT
#define WEAK   FURNITURE_WEAK
#define MENU   FURNITURE_MENU
#define LIST   FURNITURE_LIST
#define REPLY  FURNITURE_REPLY
static const struct furniture_rule rules[] = {
#define RULE(key, kinds) {key, sizeof key - 1, kinds},
#include "workers/tagger/furniture_rules.def"
#undef RULE
};
enum { RULE_COUNT = sizeof rules / sizeof *rules };

const struct furniture_rule *furniture_rules(size_t *count)
{
    *count = RULE_COUNT;
    return rules;
}

static int rule_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct furniture_rule *)entry)->key);
}

unsigned furniture_kinds_of(const char *key)
{
    const struct furniture_rule *found =
        bsearch(key, rules, RULE_COUNT, sizeof *rules, rule_compare_cb);
    return found ? found->kinds : 0;
}

static inline bool is_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

// What two letters have in common with few others: 0 to 255.
static inline unsigned head_of(const char *letters)
{
    return ((unsigned)letters[0] & 31) << 3 | ((unsigned)letters[1] & 7);
}

// A bit for each head of a CREDIT rule, 64 of the 256. The compiler makes this one number.
static inline __attribute__((always_inline)) uint64_t credit_heads(unsigned quarter)
{
    return 0
#define RULE(key, kinds)                                                                           \
    | ((kinds)&FURNITURE_CREDIT && head_of(key) / 64 == quarter ? UINT64_C(1) << head_of(key) % 64 \
                                                                : 0)
#include "workers/tagger/furniture_rules.def"
#undef RULE
        ;
}

bool furniture_may_be_credit(struct slice head)
{
    if (head.len < 2 || !is_letter(head.ptr[0]) || !is_letter(head.ptr[1]))
        return true;
    const uint64_t heads[] = {credit_heads(0), credit_heads(1), credit_heads(2), credit_heads(3)};
    return heads[head_of(head.ptr) / 64] >> head_of(head.ptr) % 64 & 1;
}

#undef WHOLE
#undef LABEL
#undef CREDIT
#undef PROMPT
#undef WEAK
#undef MENU
#undef LIST
#undef REPLY

void furniture_strip_numbers(struct folded *key)
{
    size_t digits = strspn(key->text, "0123456789");
    if (digits && key->text[digits] == ' ') {
        key->text[0] = '#';
        memmove(key->text + 1, key->text + digits, key->len - digits + 1);
        key->len -= digits - 1;
    }
    size_t end = key->len;
    while (end && isdigit((unsigned char)key->text[end - 1]))
        end--;
    if (end > 1 && end < key->len && key->text[end - 1] == ' ')
        key->text[key->len = end - 1] = 0;
}

// True when a and b differ by one letter changed, missing, doubled, or swapped with its neighbour.
static bool differs_by_one(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t same = 0, least = a_len < b_len ? a_len : b_len;
    while (same < least && a[same] == b[same])
        same++;
    const char *rest_a = a + same, *rest_b = b + same;
    size_t left_a = a_len - same, left_b = b_len - same;
    if (left_a == left_b + 1)
        return memcmp(rest_a + 1, rest_b, left_b) == 0;
    if (left_b == left_a + 1)
        return memcmp(rest_b + 1, rest_a, left_a) == 0;
    if (left_a != left_b || !left_a)
        return false;
    if (memcmp(rest_a + 1, rest_b + 1, left_a - 1) == 0)
        return true;
    return left_a >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
           memcmp(rest_a + 2, rest_b + 2, left_a - 2) == 0;
}

// The first rule whose key begins with these letters, or would stand behind one that does.
static size_t first_rule(const char *letters, size_t len)
{
    size_t low = 0, high = RULE_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(rules[middle].key, letters, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool furniture_may_begin(struct slice text)
{
    char word[WORD_BYTES_MAX];
    size_t len = 0;
    for (; len < text.len && is_letter(text.ptr[len]); len++) {
        if (len == sizeof word)
            return true;
        word[len] = (char)(text.ptr[len] | 0x20);
    }
    if (!len || (len < text.len && text.ptr[len] != ' '))
        return true;
    size_t first = first_rule(word, len); // the space sorts before all letters
    return first < RULE_COUNT && strncmp(rules[first].key, word, len) == 0 &&
           (rules[first].key[len] == ' ' || !rules[first].key[len]);
}

// Errors in the first letter are rare, and all rules would have to be looked at.
unsigned furniture_kinds_with_typo(const struct folded *key)
{
    if (key->len + 1 < TYPO_KEY_MIN)
        return 0;
    for (size_t i = first_rule(key->text, 1); i < RULE_COUNT && rules[i].key[0] == key->text[0];
         i++) {
        size_t len = rules[i].len;
        if (len >= TYPO_KEY_MIN && len + 1 >= key->len && key->len + 1 >= len &&
            (rules[i].kinds & FURNITURE_WHOLE) &&
            differs_by_one(key->text, key->len, rules[i].key, len))
            return rules[i].kinds;
    }
    return 0;
}

bool furniture_is_prompt(struct folded *key)
{
    size_t end = 0;
    for (int words = 0; words < PROMPT_WORDS_MAX && end < key->len; words++) {
        end += strcspn(key->text + end, " ");
        char behind = key->text[end];
        key->text[end] = 0;
        bool found = (furniture_kinds_of(key->text) & FURNITURE_PROMPT) != 0;
        key->text[end] = behind;
        if (found)
            return true;
        end++;
    }
    return false;
}
