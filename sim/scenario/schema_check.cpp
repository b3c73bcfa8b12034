// sim/scenario/schema_check.cpp — valijson over the built-in schema.
#include "sim/scenario/schema_check.hpp"

#include <memory>
#include <string>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "model/base/check.hpp"
#include "sim/scenario/embedded.hpp"

namespace landfall::scenario {

namespace {

std::unique_ptr<valijson::Schema> parse_schema() {
    const std::string_view text = embedded_schema();
    if (text.empty()) return nullptr;
    const Json document = Json::parse(text);
    auto schema = std::make_unique<valijson::Schema>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), *schema);
    return schema;
}

/// Parsed once per process; read-only afterwards.
const valijson::Schema* schema() {
    static const std::unique_ptr<valijson::Schema> parsed = parse_schema();
    return parsed.get();
}

/// "<root>[machines][3][size]" as a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
    std::string pointer;
    for (const std::string& part : context) {
        const bool is_step = part.size() > 2 && part.front() == '[' && part.back() == ']';
        if (is_step) pointer = pointer_to(pointer, part.substr(1, part.size() - 2));
    }
    return pointer;
}

}  // namespace

void prepare_schema() {
    schema();
}

std::optional<Problem> schema_problem(const Json& document) {
    if (schema() == nullptr) return std::nullopt;
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target(document);
    if (validator.validate(*schema(), target, &results)) return std::nullopt;
    // Causes come first, the rules that contain them after; the deepest place tells most.
    Problem problem{std::string(code::kSchema), "", "", "the scenario schema forbids this", {}, {}};
    std::size_t deepest = 0;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        if (error.context.size() <= deepest) continue;
        deepest = error.context.size();
        problem.pointer = pointer_of(error.context);
        problem.message = "the scenario schema forbids this: " + error.description;
    }
    return problem;
}

}  // namespace landfall::scenario
