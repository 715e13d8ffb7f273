#include "workers/tagger/language_cld2.h"

#include <cstdio> // CLD2's own header needs it and does not say so

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

struct cld2_guess cld2_identify(const char *text, size_t len, const char *hint)
{
    CLD2::CLDHints hints = {hint, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
    CLD2::Language languages[3];
    int percents[3], text_bytes;
    double scores[3];
    bool reliable;
    const bool plain_text = true;
    // Best effort: an answer for short texts too; without it one sentence in a hundred has none.
    CLD2::ExtDetectLanguageSummary(text, static_cast<int>(len), plain_text, &hints,
                                   CLD2::kCLDFlagBestEffort, languages, percents, scores, nullptr,
                                   &text_bytes, &reliable);
    return {CLD2::LanguageCode(languages[0]), percents[0]};
}
