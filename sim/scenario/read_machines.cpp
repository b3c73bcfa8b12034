// sim/scenario/read_machines.cpp — machine groups, their disks and what they write.
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

const ReadChoice<std::string> kDiskTypes = {{{"standard_hdd", "standard_hdd"},
                                             {"standard_ssd", "standard_ssd"},
                                             {"premium_ssd", "premium_ssd"}}};
const ReadChoice<std::string> kSystems = {{{"windows", "windows"}, {"linux", "linux"}}};
const ReadChoice<std::string> kMachineKinds = {{{"vmware", "vmware"}, {"physical", "physical"}}};

BackupWindow read_backup(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    BackupWindow backup;
    backup.window.from = object.required("from", ReadClock());
    backup.window.to = object.required("to", ReadClock());
    backup.rate = object.required("rate", ReadDataRate{1});
    object.finish();
    return backup;
}

DiurnalChurn read_diurnal(ObjectReader& object) {
    DiurnalChurn churn;
    churn.mean = object.required("mean", ReadDataRate());
    churn.amplitude = object.with_default("amplitude", ReadFactor{0.0, 1.0}, 0.0);
    churn.peak_at = object.with_default("peak_at", ReadClock(), hours(14));
    churn.noise = object.with_default("noise", ReadFactor{0.0, 5.0}, 0.0);
    churn.step = object.with_default("step", ReadDuration{Duration(1), days(366)}, minutes(5));
    churn.backups = object.list("backups", read_backup);
    return churn;
}

/// The text between two cells: one character, blanks and tabs around it do not count.
std::optional<char> read_separator(const Json& value, const std::string& pointer,
                                   Problems& problems) {
    const std::optional<std::string> text = ReadText()(value, pointer, problems);
    if (!text) return std::nullopt;
    const std::size_t first = text->find_first_not_of(" \t");
    if (first == std::string::npos && !text->empty()) return text->front();
    if (first != std::string::npos && first == text->find_last_not_of(" \t")) {
        const char separator = (*text)[first];
        const bool plain = separator > ' ' && separator < '\x7f' && separator != '"';
        if (plain) return separator;
    }
    note(problems, code::kOutOfRange, pointer, shown(value),
         "must be one character such as \",\" or \";\", with blanks or tabs around it at most");
    return std::nullopt;
}

TraceChurn read_trace(ObjectReader& object) {
    constexpr BytesPerSecond kKibibyte = BytesPerSecond(1024);
    TraceChurn churn;
    churn.file = object.required("file", ReadName());
    churn.column = object.required("column", ReadName());
    churn.unit = object.with_default("unit", ReadDataRate{1}, kKibibyte);
    churn.step = object.with_default("step", ReadDuration{Duration(1), days(366)}, minutes(5));
    churn.separator = object.with_default("separator", read_separator, ',');
    churn.scale = object.with_default("scale", ReadFactor{0.0, 1e9}, 1.0);
    churn.repeat = object.with_default("repeat", ReadFlag(), false);
    return churn;
}

Disk read_disk(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Disk disk;
    disk.name = object.required("name", ReadName());
    disk.size = object.required("size", ReadSize{1});
    disk.used = object.required("used", ReadSize());
    disk.target_type = object.with_default("target", kDiskTypes, std::string("standard_hdd"));
    const Json* churn = object.find("churn");
    if (churn != nullptr) disk.churn = read_churn(*churn, object.at("churn"), problems);
    disk.churn_share = object.with_default("churn_share", ReadFactor{0.0, 1e6}, 1.0);
    disk.working_set = object.optional("working_set", ReadSize{1});
    object.finish();
    return disk;
}

}  // namespace

Churn read_churn(const Json& value, const std::string& pointer, Problems& problems) {
    enum class Kind { None, Constant, Diurnal, Trace };
    static const ReadChoice<Kind> kinds = {{{"none", Kind::None},
                                            {"constant", Kind::Constant},
                                            {"diurnal", Kind::Diurnal},
                                            {"trace", Kind::Trace}}};
    ObjectReader object(value, pointer, problems);
    if (!object.is_object()) return NoChurn{};
    const Json* kind_value = object.find("kind");
    if (kind_value == nullptr) {
        object.note_missing("kind");
        return NoChurn{};
    }
    const std::optional<Kind> kind = kinds(*kind_value, object.at("kind"), problems);
    if (!kind) return NoChurn{};
    Churn churn = NoChurn{};
    if (*kind == Kind::Constant) {
        churn = ConstantChurn{object.required("rate", ReadDataRate())};
    } else if (*kind == Kind::Diurnal) {
        churn = read_diurnal(object);
    } else if (*kind == Kind::Trace) {
        churn = read_trace(object);
    }
    object.finish();
    return churn;
}

MachineGroup read_machine(const Json& value, const std::string& pointer, InitialState initial_state,
                          Problems& problems) {
    static const ReadChoice<InitialState> states = {
        {{"unprotected", InitialState::Unprotected}, {"protected", InitialState::Protected}}};
    ObjectReader object(value, pointer, problems);
    MachineGroup group;
    group.name = object.required("name", ReadName());
    object.find("template");  // merged already
    group.count = object.with_default("count", ReadCount{1, kMachinesMax}, std::int64_t{1});
    group.site = object.required("site", ReadName());
    group.host = object.optional("host", ReadName());
    group.process_server = object.required("process_server", ReadName());
    group.policy = object.required("policy", ReadName());
    group.os = object.with_default("os", kSystems, std::string("windows"));
    group.kind = object.with_default("kind", kMachineKinds, std::string("vmware"));
    group.initial_state = object.with_default("initial_state", states, initial_state);
    group.hydration_drivers_ready =
        object.with_default("hydration_drivers_ready", ReadFlag(), true);
    const Json* churn = object.find("churn");
    if (churn != nullptr) group.churn = read_churn(*churn, object.at("churn"), problems);
    if (object.find("disks") == nullptr) object.note_missing("disks");
    group.disks = object.list("disks", read_disk);
    object.finish();
    return group;
}

}  // namespace landfall::scenario
