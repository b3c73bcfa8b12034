// sim/scenario/read_faults.cpp — faults: each takes what its kind's row says, and nothing else.
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

using faults::FaultKey;
using faults::FaultKindRow;
using faults::FaultTarget;
using faults::FaultTime;

constexpr FaultTarget kTargets[] = {FaultTarget::Link,           FaultTarget::ProcessServer,
                                    FaultTarget::MasterTarget,   FaultTarget::ConfigurationServer,
                                    FaultTarget::StorageAccount, FaultTarget::Machine,
                                    FaultTarget::Host,           FaultTarget::Site,
                                    FaultTarget::Region};

template <typename Row>
ReadChoice<const FaultKindRow*> read_kind(const Row& rows) {
    ReadChoice<const FaultKindRow*> words;
    for (const FaultKindRow& row : rows) words.choices.emplace_back(row.name, &row);
    return words;
}

/// A key that must be there, may be there, or must not.
void check_key(ObjectReader& object, const FaultKindRow& row, std::string_view key, bool needed,
               bool allowed) {
    const Json* value = object.find(key);
    if (value == nullptr) {
        if (needed) object.note_missing(key);
        return;
    }
    if (needed || allowed) return;
    note(object.problems(), code::kKeysClash, object.at(key), shown(*value),
         "does not go with \"kind\": \"" + std::string(row.name) + "\"");
}

void check_keys(ObjectReader& object, const FaultKindRow& row) {
    for (const FaultTarget target : kTargets) {
        check_key(object, row, key_of(target), target == row.target, false);
    }
    check_key(object, row, "lasts", row.time == FaultTime::Window, row.time == FaultTime::Either);
    for (std::size_t k = 0; k < faults::kFaultKeys; ++k) {
        const auto key = static_cast<FaultKey>(k);
        check_key(object, row, name_of(key), row.needed.contains(key), row.optional.contains(key));
    }
}

/// The keys that are numbers or words of a kind; each kind checks which of them it has.
void read_values(ObjectReader& object, Fault& fault) {
    static const ReadChoice<bool> directions = {{{"forward", true}, {"backward", false}}};
    const ReadDuration some{Duration(1)};
    fault.forward = object.with_default("direction", directions, true);
    fault.factor = object.with_default("factor", ReadFactor{0.0, 1.0, true}, 1.0);
    fault.latency = object.with_default("latency", some, Duration(0));
    fault.period = object.with_default("period", some, Duration(0));
    fault.down = object.with_default("down", some, Duration(0));
    fault.delay = object.with_default("delay", some, Duration(0));
    fault.rate = object.with_default("rate", ReadDataRate{1}, BytesPerSecond(0));
    fault.size = object.with_default("size", ReadSize{1}, Bytes(0));
    fault.working_set = object.with_default("working_set", ReadSize{1}, Bytes(0));
    fault.position = object.with_default("position", ReadFactor{0.0, 1.0}, 0.0);
    fault.disk = object.optional("disk", ReadName());
    fault.operation = object.optional("do", ReadName()).value_or("");
}

}  // namespace

Fault read_fault(const Json& value, const std::string& pointer, Problems& problems) {
    static const ReadChoice<const FaultKindRow*> kinds = read_kind(faults::fault_kinds());
    static const ReadChoice<faults::Envelope> envelopes = {
        {{"recover", faults::Envelope::Recover},
         {"detect", faults::Envelope::Detect},
         {"bounded_loss", faults::Envelope::BoundedLoss}}};
    ObjectReader object(value, pointer, problems);
    Fault fault;
    const FaultKindRow* row = object.required("kind", kinds);
    fault.at = Instant(object.required("at", ReadDuration()));
    fault.lasts = object.optional("lasts", ReadDuration{Duration(1)});
    for (const FaultTarget target : kTargets) {
        const auto name = object.optional(key_of(target), ReadName());
        if (name && row != nullptr && target == row->target) fault.target = *name;
    }
    read_values(object, fault);
    if (row != nullptr) {
        check_keys(object, *row);
        fault.kind = row->kind;
        fault.envelope = row->envelope;
    }
    fault.envelope = object.with_default("envelope", envelopes, fault.envelope);
    object.finish();
    return fault;
}

}  // namespace landfall::scenario
