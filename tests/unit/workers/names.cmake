# Tests of the names side; those of morphology and of whole texts read the lexicon as it is shipped.
set(lexicon_define TELEX_TEST_LEXICON="${TELEX_BUILD_DATADIR}/lexicon.tlx")
telex_unit_test(tagger/test_translit LINK telex_lexicon)
telex_unit_test(tagger/test_lexicon_words LINK telex_lexicon)
telex_unit_test(tagger/test_lexicon LINK telex_lexicon_build)
telex_unit_test(tagger/test_morph LINK telex_names DEFINITIONS ${lexicon_define})
telex_unit_test(tagger/test_names LINK telex_names telex_tagger_text DEFINITIONS ${lexicon_define})
add_dependencies(unit-workers-tagger-morph telex-lexicon)
add_dependencies(unit-workers-tagger-names telex-lexicon)
