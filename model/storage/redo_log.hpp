// model/storage/redo_log.hpp — what the replica received and has in no recovery point yet, written
// down in the order of arrival so that it survives a crash.
//
// Laws: an acknowledgement is given for what flush() made durable, and for nothing else (S13). The
// log is read up to the first record that cannot be believed (S15); it is never appended to behind
// such a record, so that nothing old can become readable again.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/base/block.hpp"
#include "model/storage/point_catalogue.hpp"
#include "model/storage/staged_changes.hpp"
#include "model/storage/stored_objects.hpp"

namespace landfall {

/// One object of the store: what arrived since the newest point.
class RedoLog {
  public:
    /// Begins an empty one; `arrived_seq` is what older logs brought, by disk.
    RedoLog(StoredObjects& objects, std::vector<std::uint64_t> arrived_seq);

    void append(const StagedWrite& write);
    void append_copy(std::uint32_t disk, std::uint64_t first, std::span<const Stamp> stamps);

    /// The highest sequence number of a disk's changes, durable or not; 0: none.
    [[nodiscard]] std::uint64_t arrived_seq(std::uint32_t disk) const { return arrived_seq_[disk]; }
    [[nodiscard]] const std::vector<std::uint64_t>& arrived_seq() const { return arrived_seq_; }
    [[nodiscard]] std::uint64_t unflushed_bytes() const { return buffer_.size(); }
    /// Makes the content durable; its name is durable after the next flush_names.
    void flush_content(StoredObjects& objects);
    void flush(StoredObjects& objects);
    /// Somebody else flushed the names since flush_content. Before the first content there is no
    /// object and no name.
    void names_were_flushed() { named_ = place_.bytes > 0; }

    /// As it is durable now.
    [[nodiscard]] const RedoPlace& place() const { return place_; }

    struct Record {
        bool copy = false;
        StagedWrite write;
    };
    /// Calls `visit` with every record of the log at `place`, in order. False: something that had
    /// been durable is lost.
    static bool replay(const StoredObjects& objects, const RedoPlace& place,
                       const std::function<void(const Record&)>& visit);

  private:
    bool persists_;
    bool named_ = false;
    RedoPlace place_;
    std::vector<std::uint64_t> arrived_seq_;
    std::vector<std::byte> buffer_;  ///< not yet written
};

}  // namespace landfall
