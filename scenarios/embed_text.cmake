# scenarios/embed_text.cmake — writes OUTPUT, a C++ source that holds the files of PROFILES (separated
# by "|") and SCHEMA (may be empty) as text. Run by embed.cmake with cmake -P.

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

set(source "// Generated from model/profile/*.json and the scenario schema. Do not edit.\n")
string(APPEND source "#include \"sim/scenario/embedded.hpp\"\n\n")
string(APPEND source "namespace landfall::scenario {\n\n")
set(entries "")
string(REPLACE "|" ";" profiles "${PROFILES}")
foreach(profile IN LISTS profiles)
    get_filename_component(name "${profile}" NAME_WE)
    as_literals("${profile}" literals)
    string(APPEND entries "    {\"${name}\",\n${literals}    },\n")
endforeach()
string(APPEND source "const std::vector<EmbeddedProfile>& embedded_profiles() {\n"
       "    static const std::vector<EmbeddedProfile> kProfiles = {\n${entries}    };\n"
       "    return kProfiles;\n}\n\n")
set(literals "\"\"")
if(SCHEMA)
    as_literals("${SCHEMA}" literals)
endif()
string(APPEND source "std::string_view embedded_schema() {\n    return\n${literals};\n}\n\n")
string(APPEND source "}  // namespace landfall::scenario\n")
file(WRITE "${OUTPUT}" "${source}")
