# scenarios/embed_text.cmake — writes OUTPUT, a C++ source that holds the files of PROFILES and PRICES
# (separated by "|") and SCHEMA (may be empty) as text. Run by embed.cmake with cmake -P.

# A string literal may be 64 KiB long at most by the standard's minimum; longer texts are cut into
# neighbouring literals, which the compiler joins.
function(as_literals file result)
    file(READ "${file}" text)
    string(LENGTH "${text}" length)
    set(literals "")
    set(begin 0)
    while(begin LESS length)
        string(SUBSTRING "${text}" ${begin} 8000 piece)
        string(APPEND literals "R\"landfall(${piece})landfall\"\n")
        math(EXPR begin "${begin} + 8000")
    endwhile()
    set(${result} "${literals}" PARENT_SCOPE)
endfunction()

set(source "// Generated from model/profile, model/economics and the scenario schema. Do not edit.\n")
string(APPEND source "#include \"sim/scenario/embedded.hpp\"\n\n")
string(APPEND source "namespace landfall::scenario {\n\n")
# A function `name` that returns the files of `list`, each as a `type` {its name, its text}.
function(as_table list type name result)
    set(entries "")
    string(REPLACE "|" ";" files "${list}")
    foreach(file IN LISTS files)
        get_filename_component(stem "${file}" NAME_WE)
        as_literals("${file}" literals)
        string(APPEND entries "    {\"${stem}\",\n${literals}    },\n")
    endforeach()
    string(CONCAT text "const std::vector<${type}>& ${name}() {\n"
           "    static const std::vector<${type}> kFiles = {\n${entries}    };\n"
           "    return kFiles;\n}\n\n")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()

as_table("${PROFILES}" EmbeddedProfile embedded_profiles table)
string(APPEND source "${table}")
as_table("${PRICES}" EmbeddedPriceBook embedded_price_books table)
string(APPEND source "${table}")
set(literals "\"\"")
if(SCHEMA)
    as_literals("${SCHEMA}" literals)
endif()
string(APPEND source "std::string_view embedded_schema() {\n    return\n${literals};\n}\n\n")
string(APPEND source "}  // namespace landfall::scenario\n")
file(WRITE "${OUTPUT}" "${source}")
