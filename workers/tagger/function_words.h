// Function words of the wire's main languages: the cheapest witness of a language.
#pragma once

#include "proto/base/slice.h"

struct function_words {
    int polish, german, english; // words that only this one of the three has
    int english_in_names;        // of these, inside names: "House of Cards", "The Guardian"
    int letters_polish;          // ą ć ę ł ń ś ź ż
    int letters_german;          // ä ö ü ß
    int words;                   // words looked at
};

// Counts in well-formed UTF-8.
struct function_words function_words_count(struct slice text);
