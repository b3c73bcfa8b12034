# scenarios/embed.cmake — puts the service profiles, the price books and the scenario schema into a
# library as text, so that a program needs no data files beside it.

# Adds sim/scenario/embedded.hpp's definitions to `target`. The text is made anew when a file changes.
function(landfall_embed_scenario_data target)
    file(GLOB profiles CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/model/profile/*.json")
    file(GLOB prices CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/model/economics/*.json")
    file(GLOB schema CONFIGURE_DEPENDS
         "${PROJECT_SOURCE_DIR}/scenarios/schema/landfall-scenario.schema.json")
    list(SORT profiles)
    list(SORT prices)
    set(output "${PROJECT_BINARY_DIR}/embedded/scenario_data.cpp")
    set(script "${PROJECT_SOURCE_DIR}/scenarios/embed_text.cmake")
    string(JOIN "|" profile_list ${profiles})
    string(JOIN "|" price_list ${prices})
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DPROFILES=${profile_list}"
                "-DPRICES=${price_list}" "-DSCHEMA=${schema}" -P "${script}"
        DEPENDS ${profiles} ${prices} ${schema} "${script}"
        COMMENT "Embedding service profiles, price books and scenario schema"
        VERBATIM)
    target_sources(${target} PRIVATE "${output}")
endfunction()
