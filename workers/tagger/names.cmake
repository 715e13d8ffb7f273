# The lexicon and the name finder, and the lexicon file that is compiled at build time.
telex_library(telex_lexicon lexicon.c lexicon_check.c lexicon_file.c lexicon_twins.c lexicon_words.c local_id.c mapped.c person_key.c translit.c typo_key.c LINK telex_base)
telex_library(telex_names names.c words.c morph.c morph_rules.c match.c marks.c recall.c features.c echo.c model.c open_words.c sequence.c cut.c recognise.c spans.c base.c institutions.c link.c belief.c explain.c organisations.c persons.c readings.c LINK telex_lexicon m)
telex_library(telex_lexicon_build lexicon_build.c lexicon_sources.c lexicon_write.c LINK telex_lexicon)
telex_program(telex-lexicon-compile lexicon_compile_main.c LINK telex_lexicon_build)

set(lexicon_data ${CMAKE_CURRENT_SOURCE_DIR}/data)
set(lexicon_text ${CMAKE_CURRENT_BINARY_DIR}/lexicon)
set(lexicon_file ${TELEX_BUILD_DATADIR}/lexicon.tlx)
file(READ ${lexicon_data}/VERSION lexicon_date)
string(STRIP "${lexicon_date}" lexicon_date)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lexicon_data}/VERSION)
file(MAKE_DIRECTORY ${lexicon_text} ${TELEX_BUILD_DATADIR})
find_program(XZ xz REQUIRED)

foreach(name entities personal words forms cues-inflected)
    add_custom_command(OUTPUT ${lexicon_text}/${name}.tsv
        COMMAND ${XZ} -dc ${lexicon_data}/${name}.tsv.xz > ${lexicon_text}/${name}.tsv
        DEPENDS ${lexicon_data}/${name}.tsv.xz VERBATIM)
    list(APPEND lexicon_sources ${lexicon_text}/${name}.tsv)
endforeach()
foreach(name curated cues other-names)
    add_custom_command(OUTPUT ${lexicon_text}/${name}.tsv
        COMMAND ${CMAKE_COMMAND} -E copy ${lexicon_data}/${name}.tsv ${lexicon_text}/${name}.tsv
        DEPENDS ${lexicon_data}/${name}.tsv VERBATIM)
    list(APPEND lexicon_sources ${lexicon_text}/${name}.tsv)
endforeach()
add_custom_command(OUTPUT ${lexicon_file}
    COMMAND telex-lexicon-compile ${lexicon_text} ${lexicon_date} ${lexicon_file}
    DEPENDS telex-lexicon-compile ${lexicon_sources} VERBATIM)
set(model_file ${TELEX_BUILD_DATADIR}/names.model)
add_custom_command(OUTPUT ${model_file}
    COMMAND ${CMAKE_COMMAND} -E copy ${lexicon_data}/names.model ${model_file}
    DEPENDS ${lexicon_data}/names.model VERBATIM)
add_custom_target(telex-lexicon ALL DEPENDS ${lexicon_file} ${model_file})
install(FILES ${lexicon_file} ${model_file} DESTINATION ${CMAKE_INSTALL_DATADIR}/telex)
install(FILES ${lexicon_data}/LICENCES.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LEXICON-LICENCES.md)

# Without it compilers make no vectors of loops that choose between numbers; nobody asks for their exceptions.
set_property(SOURCE sequence.c APPEND PROPERTY COMPILE_OPTIONS -fno-trapping-math)
