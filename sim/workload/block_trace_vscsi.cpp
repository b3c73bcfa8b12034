// sim/workload/block_trace_vscsi.cpp — reads block traces of 32-byte vSCSI records.
#include <array>
#include <limits>
#include <span>

#include "sim/workload/block_trace_records.hpp"
#include "sim/workload/byte_source.hpp"

namespace landfall::workload {

namespace {

constexpr std::size_t kRecordBytes = 32;
constexpr std::int64_t kMicrosecond = 1000;

std::uint64_t little_endian(std::span<const char> bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = (value << 8) | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

class VscsiReader final : public TraceRecordReader {
  public:
    VscsiReader(const std::string& file, const BlockTraceLimits& limits)
        : TraceRecordReader(file, "record", kMicrosecond), source_(file, limits.unpacked_bytes) {}

    bool next(TraceRecord& record) override {
        std::array<char, kRecordBytes> bytes = {};
        const std::size_t got = source_.read(bytes.data(), bytes.size());
        if (got == 0) return false;
        ++number_;
        if (got < kRecordBytes) {
            faults().fail(number_ == 1 ? BlockTraceFault::WrongFormat : BlockTraceFault::Truncated,
                          number_, "", std::to_string(got) + " bytes",
                          "a record of vscsi-binary has 32 bytes, the file ends before");
        }
        const std::span<const char> all(bytes);
        const std::uint64_t version = little_endian(all.subspan(14, 2)) >> 8;
        if (version != 1) {
            faults().fail(number_ == 1 ? BlockTraceFault::WrongFormat : BlockTraceFault::BadField,
                          number_, "version", std::to_string(version),
                          "records of vscsi-binary have version 1");
        }
        record = {};
        record.place = number_;
        record.operation = scsi_operation(little_endian(all.subspan(12, 2)));
        record.length = little_endian(all.subspan(4, 4));
        const std::uint64_t lbn = little_endian(all.subspan(16, 8));
        if (lbn > std::numeric_limits<std::uint64_t>::max() / kTraceSectorBytes) {
            faults().fail(BlockTraceFault::BadField, number_, "lbn", std::to_string(lbn),
                          "beyond 64 bits of bytes");
        }
        record.offset = lbn * kTraceSectorBytes;
        record.ticks = little_endian(all.subspan(24, 8));
        return true;
    }

    [[nodiscard]] std::uint64_t position() const override { return number_; }

  private:
    ByteSource source_;
    std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<TraceRecordReader> read_vscsi_binary(const std::string& file,
                                                     const BlockTraceLimits& limits) {
    return std::make_unique<VscsiReader>(file, limits);
}

}  // namespace landfall::workload
