// sim/lab/oracles_stream.cpp — the oracles of bytes in motion and of time.
#include "sim/lab/oracles_stream.hpp"

#include <algorithm>

namespace landfall::lab {

// ---- S24
// -----------------------------------------------------------------------------------------
RoundTrip::RoundTrip(LabContext& lab)
    : Oracle(lab,
             {"S24", "round trip",
              "Decoding gives back what was encoded, and the checksum that travels is that of the "
              "plain bytes.",
              "replication-and-test-lab A20, 2.1 S24"},
             Hears::Records) {}

void RoundTrip::payload_decoded(DiskId disk, std::uint32_t plain, std::uint32_t decoded,
                                std::uint32_t carried) {
    count_check();
    if (plain == decoded && carried == plain) return;
    fail(disk, [&] {
        return lab_.disk_text(disk) + ": plain bytes have checksum " + std::to_string(plain) +
               ", decoded ones " + std::to_string(decoded) + ", with them travelled " +
               std::to_string(carried);
    });
}

// ---- S25
// -----------------------------------------------------------------------------------------
ThrottleKept::ThrottleKept(LabContext& lab)
    : Oracle(lab,
             {"S25", "throttle kept",
              "In every window of time w a throttle lets through at most rate w + burst bytes.",
              "replication-and-test-lab A24, 2.1 S25"},
             Hears::Records),
      buckets_(lab.setup.throttles.size()),
      of_machine_(lab.setup.machines.size()) {
    for (std::uint32_t k = 0; k < buckets_.size(); ++k) {
        for (const MachineId machine : lab.setup.throttles[k])
            of_machine_[machine.value].push_back(k);
    }
}

void ThrottleKept::drain(Bucket& bucket) {
    const Instant now = lab_.now();
    const detail::Wide refill = static_cast<detail::Wide>(bucket.rate) * (now - bucket.at).count();
    bucket.spent = bucket.spent > refill ? bucket.spent - refill : 0;
    bucket.at = now;
}

void ThrottleKept::throttle_set(std::uint32_t throttle, BytesPerSecond rate, Bytes burst) {
    if (throttle >= buckets_.size()) buckets_.resize(throttle + 1);
    Bucket& bucket = buckets_[throttle];
    drain(bucket);
    if (bucket.rate == 0) bucket.spent = 0;
    bucket.rate = rate.count();
    bucket.burst = burst.count();
}

void ThrottleKept::bytes_sent(DiskId disk, Bytes bytes, bool) {
    const MachineId machine = lab_.owner(disk);
    for (const std::uint32_t k : of_machine_[machine.value]) {
        Bucket& bucket = buckets_[k];
        if (bucket.rate == 0) continue;
        count_check();
        drain(bucket);
        bucket.spent += static_cast<detail::Wide>(bytes.count()) * kNanosecondsPerSecond;
        const detail::Wide most = static_cast<detail::Wide>(bucket.burst) * kNanosecondsPerSecond;
        if (bucket.spent <= most) continue;
        const auto over =
            static_cast<std::int64_t>((bucket.spent - most) / kNanosecondsPerSecond) + 1;
        fail(disk, [&] {
            return "throttle " + std::to_string(k) + " of " + std::to_string(bucket.rate) +
                   " B/s, burst " + std::to_string(bucket.burst) + " B: " + std::to_string(over) +
                   " B too many at " + time_text(bucket.at) + ", last " +
                   std::to_string(bytes.count()) + " B of " + lab_.disk_text(disk);
        });
        bucket.spent = most;  // each excess is told once
    }
}

// ---- S26
// -----------------------------------------------------------------------------------------
QueuesBounded::QueuesBounded(LabContext& lab)
    : Oracle(lab, {"S26", "queues bounded", "No queue, journal or buffer exceeds its bound.",
                   "replication-and-test-lab A22, 2.1 S26"}) {}

void QueuesBounded::queue_filled(std::string_view queue, Bytes bytes, Bytes bound) {
    count_check();
    if (Bytes(0) <= bytes && bytes <= bound) return;
    fail(MachineId(), [&] {
        return std::string(queue) + " holds " + std::to_string(bytes.count()) +
               " B, its bound is " + std::to_string(bound.count()) + " B";
    });
}

// ---- S33
// -----------------------------------------------------------------------------------------
BytesConserved::BytesConserved(LabContext& lab)
    : Oracle(lab,
             {"S33", "bytes conserved",
              "Sent = acknowledged + in flight + lost; only what was lost is sent again; progress "
              "lies between nothing and the whole.",
              "replication-and-test-lab 2.1 S33"},
             Hears::Records),
      accounts_(lab.setup.disks.size()) {}

void BytesConserved::bytes_sent(DiskId disk, Bytes bytes, bool again) {
    Account& account = accounts_[disk.value];
    account.sent += bytes;
    if (again) account.again += bytes;
    check(disk);
}

void BytesConserved::bytes_acknowledged(DiskId disk, Bytes bytes) {
    accounts_[disk.value].acknowledged += bytes;
    check(disk);
}

void BytesConserved::bytes_lost(DiskId disk, Bytes bytes) {
    accounts_[disk.value].lost += bytes;
    check(disk);
}

void BytesConserved::check(DiskId disk) {
    count_check();
    const Account& account = accounts_[disk.value];
    if (account.acknowledged + account.lost <= account.sent && account.again <= account.lost)
        return;
    fail(disk, [&] {
        return lab_.disk_text(disk) + ": sent " + std::to_string(account.sent.count()) +
               " B, again " + std::to_string(account.again.count()) + " B, acknowledged " +
               std::to_string(account.acknowledged.count()) + " B, lost " +
               std::to_string(account.lost.count()) + " B";
    });
}

void BytesConserved::progress_reported(MachineId machine, Bytes done, Bytes total) {
    count_check();
    if (Bytes(0) <= done && done <= total) return;
    fail(machine, [&] {
        return lab_.machine(machine).name + " shows " + std::to_string(done.count()) + " B of " +
               std::to_string(total.count()) + " B done";
    });
}

void BytesConserved::checkpoint(bool) {
    if (lab_.probe == nullptr) return;
    for (std::size_t d = 0; d < accounts_.size(); ++d) {
        const std::optional<Bytes> flying = lab_.probe->in_flight(DiskId(d));
        if (!flying) continue;
        count_check();
        const Account& account = accounts_[d];
        if (account.sent == account.acknowledged + account.lost + *flying) continue;
        fail(DiskId(d), [&] {
            return lab_.disk_text(DiskId(d)) + ": sent " + std::to_string(account.sent.count()) +
                   " B, acknowledged " + std::to_string(account.acknowledged.count()) +
                   " B, lost " + std::to_string(account.lost.count()) + " B, in flight " +
                   std::to_string(flying->count()) + " B";
        });
    }
}

// ---- L6
// -----------------------------------------------------------------------------------------
GuestsGoOn::GuestsGoOn(LabContext& lab)
    : Oracle(lab, {"L6", "guests go on",
                   "No write of a guest waits longer than a marker of its group may take.",
                   "replication-and-test-lab A17, 2.3 L6"}),
      due_(lab.setup.machines.size()) {}

void GuestsGoOn::writes_held(MachineId machine, Duration at_most) {
    judge(machine);
    if (!due_[machine.value]) due_[machine.value] = lab_.now() + at_most;
}

void GuestsGoOn::writes_released(MachineId machine) {
    judge(machine);
    due_[machine.value].reset();
}

void GuestsGoOn::checkpoint(bool) {
    for (std::size_t m = 0; m < due_.size(); ++m) judge(MachineId(m));
}

void GuestsGoOn::judge(MachineId machine) {
    std::optional<Instant>& due = due_[machine.value];
    if (!due) return;
    count_check();
    if (lab_.now() <= *due) return;
    fail(machine, [&] {
        return lab_.machine(machine).name + ": its writes wait at " + time_text(lab_.now()) +
               ", and were to go on by " + time_text(*due);
    });
    due = Instant::never();  // told once
}

// ---- S34
// -----------------------------------------------------------------------------------------
TimeNeverBackwards::TimeNeverBackwards(LabContext& lab)
    : Oracle(lab,
             {"S34", "time never backwards",
              "Times and stamps of a disk's writes rise, and nothing is dated later than now or "
              "before what went before.",
              "replication-and-test-lab 2.1 S34"},
             Hears::Writes),
      last_report_(lab.setup.machines.size()) {}

Instant TimeNeverBackwards::clock() {
    const Instant now = lab_.now();
    if (now < last_) {
        fail(MachineId(),
             [&] { return "the clock shows " + time_text(now) + " after " + time_text(last_); });
    }
    last_ = std::max(last_, now);
    return now;
}

void TimeNeverBackwards::guest_wrote(DiskId disk, const GuestWrite& write) {
    count_check();
    const Instant now = clock();
    if (write.at <= now && lab_.history.fits(disk, write)) return;
    fail(disk, [&] {
        const std::uint64_t count = lab_.history.count(disk);
        std::string text = lab_.disk_text(disk) + " " + stamp_text(write.stamp) + " of " +
                           range_text(write.range) + " dated " + time_text(write.at) + " at " +
                           time_text(now);
        if (count > 0) {
            text += ", after " + stamp_text(lab_.history.stamp(disk, count - 1)) + " dated " +
                    time_text(lab_.history.at(disk, count - 1));
        }
        return text;
    });
}

void TimeNeverBackwards::rpo_reported(MachineId machine, Instant now, Duration) {
    count_check();
    Instant& last = last_report_[machine.value];
    if (now < last || now > clock()) {
        fail(machine, [&] {
            return lab_.machine(machine).name + " reports an RPO of " + time_text(now) +
                   ", the last one was of " + time_text(last);
        });
    }
    last = std::max(last, now);
}

void TimeNeverBackwards::point_published(const PublishedPoint& point, const BlockReader&) {
    count_check();
    const Instant now = clock();
    if (point.cut <= now) return;
    fail(point.machine, [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " published " + time_text(now) +
               " with cut " + time_text(point.cut);
    });
}

void TimeNeverBackwards::checkpoint(bool) {
    count_check();
    clock();
}

}  // namespace landfall::lab
