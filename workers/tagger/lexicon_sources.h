// Reads the data files of data/ (see data/build_lexicon.py and data/cues.tsv for their columns)
// into a lexicon under construction.
#pragma once

#include "proto/base/err.h"
#include "workers/tagger/lexicon_build.h"

// Each reads one whole file. 0, or negative errno with err naming file and line.
int lexicon_read_entities(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_curated(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_other_names(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_personal(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_forms(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_words(struct lexicon_build *build, const char *path, struct err *err);
int lexicon_read_cues(struct lexicon_build *build, const char *path, struct err *err);
