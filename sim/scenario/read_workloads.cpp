// sim/scenario/read_workloads.cpp — what machines and disks write.
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

std::optional<DailyWindow> read_window(const Json& value, const std::string& pointer,
                                       Problems& problems) {
    ObjectReader object(value, pointer, problems);
    DailyWindow window;
    window.from = object.required("from", ReadClock());
    window.to = object.required("to", ReadClock());
    object.finish();
    return window;
}

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

/// Takes a key that goes with one pattern only; notes it beside another.
template <typename Reader>
auto of_pattern(ObjectReader& object, const char* key, const Reader& reader, bool fits,
                const char* pattern) {
    const auto value = object.optional(key, reader);
    if (value && !fits) {
        note(object.problems(), code::kKeysClash, object.at(key), shown(*object.find(key)),
             std::string("goes only with \"pattern\": \"") + pattern + '"');
    }
    return value;
}

BlockChurn read_block(ObjectReader& object) {
    static const ReadChoice<WritePattern> patterns = {
        {{"uniform", WritePattern::Uniform},
         {"zipf", WritePattern::Zipf},
         {"hot-cold", WritePattern::HotCold},
         {"sequential", WritePattern::Sequential},
         {"backup-flood", WritePattern::BackupFlood},
         {"full-rewrite", WritePattern::FullRewrite}}};
    const ReadFactor share{0.0, 1.0};
    BlockChurn churn;
    const std::size_t faults = object.problems().size();
    churn.pattern = object.required("pattern", patterns);
    const bool known = object.problems().size() == faults;
    const auto is = [&](WritePattern wanted) { return !known || churn.pattern == wanted; };
    churn.writes_per_second = object.required("writes_per_second", ReadFactor{0.0, 1e7, true});
    churn.write_size = object.with_default("write_size", ReadSize{1}, Bytes(4096));
    churn.zipf_alpha = of_pattern(object, "zipf_alpha", ReadFactor{0.0, 10.0, true},
                                  is(WritePattern::Zipf), "zipf")
                           .value_or(churn.zipf_alpha);
    churn.hot_share = of_pattern(object, "hot_share", ReadFactor{0.0, 1.0, true},
                                 is(WritePattern::HotCold), "hot-cold")
                          .value_or(churn.hot_share);
    churn.hot_writes =
        of_pattern(object, "hot_writes", share, is(WritePattern::HotCold), "hot-cold")
            .value_or(churn.hot_writes);
    churn.trim_share = object.with_default("trim_share", share, 0.0);
    churn.working_set = object.optional("working_set", ReadSize{1});
    churn.window =
        of_pattern(object, "window", read_window, is(WritePattern::BackupFlood), "backup-flood");
    churn.period = of_pattern(object, "period", ReadDuration{Duration(1), days(366)},
                              is(WritePattern::FullRewrite), "full-rewrite");
    churn.evenly_spaced = object.with_default("evenly_spaced", ReadFlag(), false);
    if (!known) return churn;
    if (churn.pattern == WritePattern::BackupFlood && object.find("window") == nullptr) {
        object.note_missing("window");
    }
    if (churn.pattern == WritePattern::FullRewrite && object.find("period") == nullptr) {
        object.note_missing("period");
    }
    return churn;
}

BlockTraceChurn read_block_trace(ObjectReader& object) {
    static const ReadChoice<BlockTraceFormat> formats = {
        {{"vscsi", BlockTraceFormat::Vscsi},
         {"vscsi-csv", BlockTraceFormat::VscsiCsv},
         {"msr-csv", BlockTraceFormat::MsrCsv},
         {"alibaba-csv", BlockTraceFormat::AlibabaCsv},
         {"blktrace", BlockTraceFormat::Blktrace}}};
    BlockTraceChurn churn;
    churn.file = object.required("file", ReadName());
    churn.format = object.required("format", formats);
    churn.device = object.optional("device", ReadName());
    churn.repeat = object.with_default("repeat", ReadFlag(), false);
    return churn;
}

}  // namespace

Churn read_churn(const Json& value, const std::string& pointer, Problems& problems) {
    enum class Kind { None, Constant, Diurnal, Trace, Block, BlockTrace };
    static const ReadChoice<Kind> kinds = {{{"none", Kind::None},
                                            {"constant", Kind::Constant},
                                            {"diurnal", Kind::Diurnal},
                                            {"trace", Kind::Trace},
                                            {"block", Kind::Block},
                                            {"block_trace", Kind::BlockTrace}}};
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
    } else if (*kind == Kind::Block) {
        churn = read_block(object);
    } else if (*kind == Kind::BlockTrace) {
        churn = read_block_trace(object);
    }
    object.finish();
    return churn;
}

}  // namespace landfall::scenario
