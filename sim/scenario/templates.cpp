// sim/scenario/templates.cpp — merging machines over templates, and finding merged values again.
#include "sim/scenario/templates.hpp"

#include <algorithm>
#include <charconv>

namespace landfall::scenario {

namespace {

std::vector<std::string> split(std::string_view pointer) {
    std::vector<std::string> tokens;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);  // the slash
        const std::size_t stop = std::min(pointer.find('/'), pointer.size());
        std::string token;
        for (std::size_t i = 0; i < stop; ++i) {
            const bool escaped = pointer[i] == '~' && i + 1 < stop;
            if (escaped) ++i;
            token += escaped ? (pointer[i] == '1' ? '/' : '~') : pointer[i];
        }
        tokens.push_back(std::move(token));
        pointer.remove_prefix(stop);
    }
    return tokens;
}

const Json* child(const Json& value, const std::string& token) {
    if (value.is_object()) {
        const auto member = value.find(token);
        return member == value.end() ? nullptr : &*member;
    }
    std::size_t index = 0;
    const char* const end = token.data() + token.size();
    const auto parsed = std::from_chars(token.data(), end, index);
    const bool is_index = parsed.ec == std::errc() && parsed.ptr == end;
    return value.is_array() && is_index && index < value.size() ? &value[index] : nullptr;
}

const Json* template_of(const Json& entry, const Json* templates) {
    if (!entry.is_object() || templates == nullptr || !templates->is_object()) return nullptr;
    const auto name = entry.find("template");
    if (name == entry.end() || !name->is_string()) return nullptr;
    const auto found = templates->find(name->get_ref<const std::string&>());
    return found != templates->end() && found->is_object() ? &*found : nullptr;
}

}  // namespace

Json merged_machine(const Json& entry, const Json* templates, const std::string& pointer,
                    Problems& problems) {
    if (!entry.is_object()) return entry;
    const auto name = entry.find("template");
    if (name == entry.end() || name->is_null()) return entry;
    const std::string at = pointer_to(pointer, "template");
    if (!name->is_string()) {
        note(problems, code::kWrongType, at, shown(*name), "must be the name of a template");
        return entry;
    }
    const Json* found = template_of(entry, templates);
    if (found == nullptr) {
        std::vector<std::string> names;
        if (templates != nullptr && templates->is_object()) {
            for (const auto& [key, value] : templates->items()) names.push_back(key);
        }
        note_unknown(problems, code::kUnknownName, at, name->get<std::string>(), "no such template",
                     names);
        return entry;
    }
    Json merged = *found;
    merged.merge_patch(entry);
    merged.erase("template");
    return merged;
}

std::string place_in_file(const Json& document, const std::string& pointer) {
    const std::vector<std::string> tokens = split(pointer);
    if (tokens.size() < 3 || tokens[0] != "machines" || !document.is_object()) return pointer;
    const auto machines = document.find("machines");
    const Json* entry = machines == document.end() ? nullptr : child(*machines, tokens[1]);
    const auto templates = document.find("templates");
    if (entry == nullptr || templates == document.end()) return pointer;
    const Json* under = template_of(*entry, &*templates);
    if (under == nullptr) return pointer;
    const auto& name = entry->find("template")->get_ref<const std::string&>();
    for (std::size_t i = 2; i < tokens.size(); ++i) {
        const Json* own = child(*entry, tokens[i]);
        const Json* inherited = child(*under, tokens[i]);
        if (own == nullptr) {
            if (inherited == nullptr) return pointer;
            std::string place = pointer_to("/templates", name);
            for (std::size_t k = 2; k < tokens.size(); ++k) place = pointer_to(place, tokens[k]);
            return place;
        }
        if (inherited == nullptr || !own->is_object() || !inherited->is_object()) return pointer;
        entry = own;
        under = inherited;
    }
    return pointer;
}

}  // namespace landfall::scenario
