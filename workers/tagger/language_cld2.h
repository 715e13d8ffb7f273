// Debian's CLD2 behind a C face.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cld2_guess {
    const char *code; // CLD2's code ("pl", "iw", "zh-Hant", "un"); static
    int percent;      // share of the text that is in this language, 0 to 100
};

// The best guess for `len` bytes of well-formed UTF-8. `hint` is a language tag or NULL.
struct cld2_guess cld2_identify(const char *text, size_t len, const char *hint);

#ifdef __cplusplus
}
#endif
