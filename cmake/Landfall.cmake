# The few functions that CMakeLists.txt is written with.

# Sources that match the patterns, relative to the repository; a pattern "dir/*" enters sub-folders.
function(landfall_glob result)
    set(found "")
    foreach(pattern IN LISTS ARGN)
        file(GLOB_RECURSE matches CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
             "${PROJECT_SOURCE_DIR}/${pattern}")
        list(APPEND found ${matches})
    endforeach()
    list(REMOVE_DUPLICATES found)
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

# Warnings, determinism of floating point, sanitizers: for every target of ours.
function(landfall_compile_options target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -ffp-contract=off)
    # A library that no symbol comes from is not loaded: SimGrid alone costs 30 ms per process.
    target_link_options(${target} PRIVATE -Wl,--as-needed)
    if(LANDFALL_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(LANDFALL_CHECKED)
        target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    endif()
    if(LANDFALL_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${LANDFALL_SANITIZE}
                               -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${LANDFALL_SANITIZE})
    endif()
endfunction()

# A static library of the given sources; none at all if there is no source yet.
function(landfall_library target)
    if(NOT ARGN)
        message(STATUS "${target}: no sources, left out")
        return()
    endif()
    list(TRANSFORM ARGN PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
    landfall_compile_options(${target})
endfunction()

# Puts an #error in the way of headers that `target` must not include. Debian installs every library
# under /usr/include, so leaving out an include path would forbid nothing.
function(landfall_add_walls target)
    set(walls "${PROJECT_BINARY_DIR}/walls/${target}")
    foreach(header IN LISTS ARGN)
        file(CONFIGURE OUTPUT "${walls}/${header}"
             CONTENT "#error ${target} may not include <${header}>\n")
    endforeach()
    target_include_directories(${target} BEFORE PRIVATE "${walls}")
endfunction()

# pybind11 of the interpreter that the package is built for: the one given by Python_EXECUTABLE,
# else the one of .venv. Sets pybind11_FOUND.
macro(landfall_find_pybind11)
    if(NOT Python_EXECUTABLE AND EXISTS "${PROJECT_SOURCE_DIR}/.venv/bin/python")
        set(Python_EXECUTABLE "${PROJECT_SOURCE_DIR}/.venv/bin/python")
    endif()
    set(PYBIND11_FINDPYTHON ON)
    find_package(Python 3.11 COMPONENTS Interpreter Development.Module)
    if(Python_FOUND AND NOT pybind11_DIR AND NOT DEFINED SKBUILD)
        execute_process(COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
                        OUTPUT_VARIABLE landfall_pybind11_dir OUTPUT_STRIP_TRAILING_WHITESPACE
                        ERROR_QUIET)
        if(landfall_pybind11_dir)
            set(pybind11_DIR "${landfall_pybind11_dir}" CACHE PATH "pybind11's CMake folder" FORCE)
        endif()
    endif()
    if(Python_FOUND)
        find_package(pybind11 3.0 CONFIG QUIET)
    endif()
endmacro()
