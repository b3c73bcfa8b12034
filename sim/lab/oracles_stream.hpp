// sim/lab/oracles_stream.hpp — bytes on their way as numbers, and the order of time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/lab/oracle.hpp"

namespace landfall::lab {

/// S24.
class RoundTrip : public Oracle {
  public:
    explicit RoundTrip(LabContext& lab);
    void payload_decoded(DiskId disk, std::uint32_t plain, std::uint32_t decoded,
                         std::uint32_t carried) override;
};

/// S25. "In every window" is a bucket that fills at the rate up to the burst and never runs dry:
/// the sums of all windows at once, exact in byte nanoseconds.
class ThrottleKept : public Oracle {
  public:
    explicit ThrottleKept(LabContext& lab);
    void throttle_set(std::uint32_t throttle, BytesPerSecond rate, Bytes burst) override;
    void bytes_sent(DiskId disk, Bytes bytes, bool again) override;

  private:
    struct Bucket {
        std::int64_t rate = 0;  ///< 0: no limit
        std::int64_t burst = 0;
        detail::Wide spent = 0;  ///< of the burst, times 1e9
        Instant at;
    };
    void drain(Bucket& bucket);

    std::vector<Bucket> buckets_;
    std::vector<std::vector<std::uint32_t>> of_machine_;
};

/// S26.
class QueuesBounded : public Oracle {
  public:
    explicit QueuesBounded(LabContext& lab);
    void queue_filled(std::string_view queue, Bytes bytes, Bytes bound) override;
};

/// S33. Only what was lost is sent again, and nothing is acknowledged or lost that was not sent.
class BytesConserved : public Oracle {
  public:
    explicit BytesConserved(LabContext& lab);
    void bytes_sent(DiskId disk, Bytes bytes, bool again) override;
    void bytes_acknowledged(DiskId disk, Bytes bytes) override;
    void bytes_lost(DiskId disk, Bytes bytes) override;
    void progress_reported(MachineId machine, Bytes done, Bytes total) override;
    void checkpoint(bool last) override;

  private:
    struct Account {
        Bytes sent;
        Bytes again;
        Bytes acknowledged;
        Bytes lost;
    };
    void check(DiskId disk);
    std::vector<Account> accounts_;
};

/// L6.
class GuestsGoOn : public Oracle {
  public:
    explicit GuestsGoOn(LabContext& lab);
    void writes_held(MachineId machine, Duration at_most) override;
    void writes_released(MachineId machine) override;
    void checkpoint(bool last) override;

  private:
    void judge(MachineId machine);
    std::vector<std::optional<Instant>> due_;  ///< of those that wait, by machine
};

/// S34. Times and stamps of a disk's writes rise; nothing happens before what already happened.
class TimeNeverBackwards : public Oracle {
  public:
    explicit TimeNeverBackwards(LabContext& lab);
    void guest_wrote(DiskId disk, const GuestWrite& write) override;
    void rpo_reported(MachineId machine, Instant now, Duration rpo) override;
    void point_published(const PublishedPoint& point, const BlockReader& content) override;
    void checkpoint(bool last) override;

  private:
    /// The clock, held against what it showed before.
    Instant clock();
    std::vector<Instant> last_report_;
    Instant last_;
};

}  // namespace landfall::lab
