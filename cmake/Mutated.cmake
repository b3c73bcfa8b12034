# Which sources ask mutant(): they are compiled a second time, with planted bugs.
#
# Included, it defines landfall_mutated_sources(); run as a script (-P) at every build it says when
# the answer is no longer the one that the build was configured with, and makes CMake look again.

function(landfall_mutated_sources result root)
    file(GLOB_RECURSE all RELATIVE "${root}" "${root}/model/*.cpp" "${root}/sim/*.cpp")
    set(found "")
    foreach(source IN LISTS all)
        file(STRINGS "${root}/${source}" asks REGEX "mutant\\(Mutant::" LIMIT_COUNT 1)
        if(asks)
            list(APPEND found "${source}")
        endif()
    endforeach()
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    landfall_mutated_sources(now "${ROOT}")
    file(READ "${STAMP}" configured)
    if(NOT now STREQUAL configured)
        file(WRITE "${STAMP}" "${now}")
        message(FATAL_ERROR "other sources ask mutant() than before: build again")
    endif()
endif()
