// model/replication/pipeline_transfer.cpp — the two legs: into the relay, and up to the target.
#include <algorithm>
#include <string>

#include "model/replication/replication_pipeline.hpp"

namespace landfall {

namespace {

// A first batch before any rate is known, and the least of any batch: small enough to be quick on a
// slow line, large enough to be worth a transfer on a fast one.
constexpr Bytes kLeastBatch = mebibytes(16);
// A transfer takes at most this part of the capture step, or of the backlog that it is a part of.
constexpr std::int64_t kSlicesPerStep = 10;
constexpr std::int64_t kSlicesPerBacklog = 128;
// A transfer smaller than this says more about latency than about the rate of the line.
constexpr Bytes kLeastMeasured = mebibytes(1);

BytesPerSecond measured_rate(Bytes bytes, Duration took, BytesPerSecond before) {
    if (took <= Duration(0) || (bytes < kLeastMeasured && before.count() > 0)) return before;
    return BytesPerSecond(std::max<std::int64_t>(
        1, detail::scale(bytes.count(), kNanosecondsPerSecond, took.count(), false)));
}

}  // namespace

/// What one transfer may take along. Its deltas count as arrived when it ends, so its time blurs
/// the RPO: it is kept short, but not finer than the capture step is cut, nor than a part of a
/// backlog in which it would be lost anyway.
Bytes ReplicationPipeline::batch_limit(BytesPerSecond measured, Bytes waiting) const {
    const Duration slice = std::max(estate_.profile.transfer_slice,
                                    Duration(estate_.capture.step.count() / kSlicesPerStep));
    return std::max(
        {kLeastBatch, moved_bytes(measured, slice), Bytes(waiting.count() / kSlicesPerBacklog)});
}

/// How many more bytes of copies the cache may take: enough to keep the upload busy, not more, so
/// that ordered changes do not wait behind a cache full of copies.
Bytes ReplicationPipeline::copy_room(ProcessServerId id) const {
    const ProcessServerState& server = servers_[id.value];
    const Bytes share(detail::scale(estate_.process_server(id).cache.count(),
                                    estate_.profile.copy_cache_percent, 100, false));
    const Bytes target =
        std::min(share, batch_limit(server.upload_rate, server.cached_journal.bytes()) * 2);
    return std::max(target - server.cached_copies.bytes(), Bytes(0));
}

/// What of the running copies may be taken now: as far as there is room, within `limit`, and their
/// pace lets it.
Bytes ReplicationPipeline::copies_allowed(ProcessServerId id, Bytes limit) {
    ProcessServerState& server = state(id);
    if (server.copies.empty()) return Bytes(0);
    const Bytes room = std::min(copy_room(id), limit);
    if (room == Bytes(0)) return room;
    wake_for_copies(id);
    if (!server.pace) return room;
    // What waits at a source without a relay waits for its disk's ceiling, not for the line.
    const bool relay = !estate_.process_server(id).receive_channel.is_none();
    const Bytes waiting = server.cached_journal.bytes() + server.receiving.bytes +
                          (relay ? server.source.bytes() : Bytes(0));
    return std::min(room, server.pace->allowed(environment_.clock.now(), waiting > Bytes(0)));
}

void ReplicationPipeline::pump_receive(ProcessServerId id) {
    ProcessServerState& server = state(id);
    purge(id);
    if (server.receiving.under_way || server.throttled) return;
    const ProcessServer& facts = estate_.process_server(id);
    if (facts.receive_channel.is_none()) {
        hand_over(id);
        return;
    }
    const Bytes limit =
        std::min(batch_limit(server.receive_rate, server.source.bytes()), server.may_send());
    Bytes copies_waiting;
    const Bytes room = copies_allowed(id, limit);
    const Instant now = environment_.clock.now();
    for (const std::uint32_t disk : server.copies) {
        copies_waiting += copies_[disk]->available(now);
        if (copies_waiting >= room) break;
    }
    copies_waiting = std::min(copies_waiting, room);
    server.source.take(journal_share(limit, copies_waiting, estate_.profile.copy_share_percent),
                       server.receiving);
    take_copies(id, std::min(copies_waiting, limit - server.receiving.bytes));
    server.source.take(limit - server.receiving.bytes, server.receiving);

    if (server.receiving.deltas.empty()) return;
    server.credit.on_sent(server.receiving.bytes);
    server.receiving.under_way = true;
    server.receiving.sent_at = now;
    environment_.transport.send(facts.receive_channel, std::max(server.receiving.bytes, Bytes(1)));
}

/// Copies are read at their own pace: looks again in a moment.
void ReplicationPipeline::wake_for_copies(ProcessServerId id) {
    ProcessServerState& server = state(id);
    if (server.copies.empty() || server.copy_wakeup_set) return;
    server.copy_wakeup_set = true;
    const Duration pause(std::max<std::int64_t>(estate_.profile.transfer_slice.count() / 10, 1));
    environment_.clock.set_timer(environment_.clock.now() + pause,
                                 {static_cast<std::uint32_t>(TimerKind::CopyWakeup), id.value});
}

/// No relay: what is captured is ready for the upload at once.
void ReplicationPipeline::hand_over(ProcessServerId id) {
    ProcessServerState& server = state(id);
    if (ceilings_.empty())
        server.source.take(server.source.bytes(), server.receiving);
    else
        take_below_ceilings(id);
    take_copies(id, copies_allowed(id, server.may_send()));
    server.credit.on_sent(server.receiving.bytes);
    take_over(id);
    pump_upload(id);
}

/// Takes ordered changes as far as their disks' churn ceilings let them. Order is kept: what
/// follows a disk's changes waits with them.
void ReplicationPipeline::take_below_ceilings(ProcessServerId id) {
    ProcessServerState& server = state(id);
    const Instant now = environment_.clock.now();
    while (!server.source.empty()) {
        const Delta& head = server.source.front();
        const DiskId disk = head.disk;
        auto& ceiling = ceilings_[disk.value];
        Bytes piece = head.bytes;
        if (ceiling) {
            TokenBucket& bucket = ceiling->bucket;
            piece = std::min(piece, bucket.burst());
            const bool rested = bucket.available(now) == bucket.burst();
            if (!bucket.take(now, piece)) {
                note_ceiling(disk, true);
                const Instant ready = bucket.ready_at(now, piece);
                if (ready >= server.ceiling_wakeup) return;
                server.ceiling_wakeup = ready;
                environment_.clock.set_timer(
                    ready, {static_cast<std::uint32_t>(TimerKind::ChurnCeiling), id.value});
                return;
            }
            if (rested) note_ceiling(disk, false);
        }
        server.source.take(piece, server.receiving);
    }
}

/// azure-to-azure-troubleshoot-replication.md: an event, and no error code, says so.
void ReplicationPipeline::note_ceiling(DiskId disk, bool exceeded) {
    ChurnCeiling& ceiling = *ceilings_[disk.value];
    if (ceiling.exceeded == exceeded) return;
    ceiling.exceeded = exceeded;
    const Disk& facts = estate_.disk(disk);
    environment_.observer.noted(
        exceeded ? "churn_over_limit" : "churn_within_limit", estate_.machine(facts.machine).name,
        (exceeded ? "data change rate beyond supported limits: disk "
                  : "data change rate within supported limits again: disk ") +
            facts.name);
}

/// Drops what waits of streams that were abandoned, at the source and in the cache.
void ReplicationPipeline::purge(ProcessServerId id) {
    ProcessServerState& server = state(id);
    if (!server.purge_due) return;
    server.purge_due = false;
    const auto drop_stale = [this, &server](DeltaQueue& queue, Bytes DiskState::*pending) {
        queue.remove_if([&](const Delta& delta) {
            DiskState& disk = state(delta.disk);
            if (delta.generation == state(disk.machine).generation) return false;
            const bool copy = delta.kind == DeltaKind::Copy;
            if (!copy) disk.*pending -= delta.bytes;
            // At the source a copy waits only when the connection broke under it.
            if (&queue != &server.source)
                server.leaves(delta);
            else if (copy && server.pace)
                server.pace->on_gone(delta.bytes);
            forget(delta);
            return true;
        });
    };
    drop_stale(server.source, &DiskState::pending_source);
    drop_stale(server.cached_journal, &DiskState::pending_cache);
    drop_stale(server.cached_copies, &DiskState::pending_cache);
}

/// A delta of an older life goes, and its blocks with it.
void ReplicationPipeline::forget(const Delta& delta) {
    if (!delta.payload.is_none()) blocks_->drop(delta.payload);
}

/// Takes `limit` bytes from the running copies in turn, in equal quanta.
void ReplicationPipeline::take_copies(ProcessServerId id, Bytes limit) {
    ProcessServerState& server = state(id);
    const Instant now = environment_.clock.now();
    const auto running = static_cast<std::int64_t>(server.copies.size());
    if (running == 0) return;
    const Bytes quantum(std::max<std::int64_t>(limit.count() / running, mebibytes(1).count()));
    const Bytes before = server.receiving.bytes;
    std::size_t idle = 0;
    while (limit > Bytes(0) && idle < server.copies.size()) {
        server.next_copy %= server.copies.size();
        const DiskId disk(server.copies[server.next_copy++]);
        CopyStream& copy = *copies_[disk.value];
        const bool runs = state(state(disk).machine).agent_runs;
        const Bytes piece = runs ? std::min({copy.available(now), quantum, limit}) : Bytes(0);
        if (piece == Bytes(0)) {
            ++idle;
            continue;
        }
        idle = 0;
        copy.take(piece);
        if (state(disk).in_blocks) blocks_->read_copy(disk, copy.taken());
        limit -= piece;
        server.receiving.add({.bytes = piece,
                              .until = now,
                              .disk = disk,
                              .generation = state(state(disk).machine).generation,
                              .kind = DeltaKind::Copy});
    }
    if (server.pace) server.pace->on_taken(now, server.receiving.bytes - before);
}

void ReplicationPipeline::on_timer(TimerTag tag) {
    switch (static_cast<TimerKind>(tag.kind)) {
        case TimerKind::CaptureTick: on_capture_tick(tag.subject); return;
        case TimerKind::CopyWakeup:
            servers_[tag.subject].copy_wakeup_set = false;
            pump_receive(ProcessServerId(tag.subject));
            return;
        case TimerKind::Group: groups_of_machines_->on_timer(tag.subject); return;
        case TimerKind::CloseLog: on_cycle(MachineId(tag.subject)); return;
        case TimerKind::ChurnCeiling:
            servers_[tag.subject].ceiling_wakeup = Instant::never();
            pump_receive(ProcessServerId(tag.subject));
            return;
        case TimerKind::RetryUpload:
            servers_[tag.subject].waiting_to_retry = false;
            pump_upload(ProcessServerId(tag.subject));
            return;
    }
    LANDFALL_CHECK(false, "every timer kind of the engine is handled");
}

void ReplicationPipeline::on_transfer(ChannelId channel) {
    const ProcessServerId server = server_of_channel_[channel.value];
    if (channel_uploads_[channel.value])
        on_uploaded(server);
    else
        on_received(server);
}

void ReplicationPipeline::on_received(ProcessServerId id) {
    ProcessServerState& server = state(id);
    LANDFALL_CHECK(server.receiving.under_way, "a reception that ends was under way");
    const Instant now = environment_.clock.now();
    server.receive_rate =
        measured_rate(server.receiving.bytes, now - server.receiving.sent_at, server.receive_rate);
    take_over(id);
    const ProcessServer& facts = estate_.process_server(id);
    if (server.update_throttle(estate_.profile, facts.cache) && server.throttled) {
        environment_.observer.noted("process_server_throttled", facts.name,
                                    "free cache below the limit: its machines wait");
    }
    pump_upload(id);
    pump_receive(id);
}

/// What was received waits for the upload.
void ReplicationPipeline::take_over(ProcessServerId id) {
    ProcessServerState& server = state(id);
    server.load.add(server.receiving.bytes);
    server.cache.on_received(server.receiving.bytes);
    server.credit.on_acknowledged(server.cache.received());
    for (const Delta& delta : server.receiving.deltas) {
        DiskState& disk = state(delta.disk);
        if (delta.kind != DeltaKind::Copy) disk.pending_source -= delta.bytes;
        if (delta.generation != state(disk.machine).generation) {
            server.leaves(delta);
            forget(delta);
            continue;
        }
        if (delta.kind == DeltaKind::Copy) {
            server.cached_copies.push(delta);
        } else {
            disk.pending_cache += delta.bytes;
            server.cached_journal.push(delta);
        }
    }
    server.receiving.clear();
    if (blocks_ && environment_.blocks.witness != nullptr) {
        const ProcessServer& facts = estate_.process_server(id);
        environment_.blocks.witness->queue_filled(facts.name, server.cache_used(), facts.cache);
    }
}

void ReplicationPipeline::pump_upload(ProcessServerId id) {
    ProcessServerState& server = state(id);
    purge(id);
    if (server.uploading.under_way || server.waiting_to_retry) return;
    const Bytes limit = batch_limit(server.upload_rate, server.cached_journal.bytes());
    server.cached_journal.take(
        journal_share(limit, server.cached_copies.bytes(), estate_.profile.copy_share_percent),
        server.uploading);
    server.cached_copies.take(limit - server.uploading.bytes, server.uploading);
    server.cached_journal.take(limit - server.uploading.bytes, server.uploading);
    if (server.uploading.deltas.empty()) return;
    const ProcessServer& facts = estate_.process_server(id);
    const Bytes compressed(
        detail::scale(server.uploading.bytes.count(), 1000, facts.compression_permille, true));
    server.uploading.under_way = true;
    server.uploading.sent_at = environment_.clock.now();
    if (blocks_) tell_sent(server.uploading);
    environment_.transport.send(facts.upload_channel, std::max(compressed, Bytes(1)));
}

void ReplicationPipeline::tell_sent(const Batch& batch) {
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr) return;
    for (const Delta& delta : batch.deltas) {
        if (!state(delta.disk).in_blocks) continue;
        // What was lost may be sent in other portions than before.
        Bytes& lost = lost_[delta.disk.value];
        const Bytes again = std::min(lost, delta.bytes);
        lost -= again;
        if (again > Bytes(0)) witness->bytes_sent(delta.disk, again, true);
        if (again < delta.bytes) witness->bytes_sent(delta.disk, delta.bytes - again, false);
    }
}

/// What a failed batch still had under way is known not to have arrived.
void ReplicationPipeline::tell_lost(const Batch& batch) {
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr) return;
    for (std::size_t k = batch.arrived; k < batch.deltas.size(); ++k) {
        const Delta& delta = batch.deltas[k];
        if (!state(delta.disk).in_blocks) continue;
        lost_[delta.disk.value] += delta.bytes;
        witness->bytes_lost(delta.disk, delta.bytes);
    }
}

/// Takes in the deltas at the front of the upload whose bytes lie within its first `until` bytes.
void ReplicationPipeline::arrive(ProcessServerId id, Bytes until) {
    ProcessServerState& server = state(id);
    const Instant now = environment_.clock.now();
    Batch& batch = server.uploading;
    while (batch.arrived < batch.deltas.size()) {
        const Delta delta = batch.deltas[batch.arrived];
        if (batch.arrived_bytes + delta.bytes > until) return;
        ++batch.arrived;
        batch.arrived_bytes += delta.bytes;
        server.leaves(delta);
        DiskState& disk = state(delta.disk);
        disk.uploaded += delta.bytes;
        if (disk.in_blocks && environment_.blocks.witness != nullptr) {
            environment_.blocks.witness->bytes_acknowledged(delta.disk, delta.bytes);
        }
        if (delta.kind != DeltaKind::Copy) disk.pending_cache -= delta.bytes;
        if (delta.generation != state(disk.machine).generation) {
            // The replica refuses it by itself: a record of an older life is never applied.
            if (disk.in_blocks && !delta.payload.is_none()) blocks_->deliver(delta);
            continue;
        }
        disk.replica.receive(delta.bytes, now);
        if (delta.kind == DeltaKind::Copy)
            arrive_copy(delta);
        else if (!arrive_ordered(delta))
            require_resync(disk.machine, "changes arrived damaged", Differing::NeedsCompare);
    }
}

/// False when what arrived is not what was sent.
bool ReplicationPipeline::arrive_ordered(const Delta& delta) {
    DiskState& disk = state(delta.disk);
    if (delta.kind == DeltaKind::JournalPart) return true;
    if (disk.in_blocks && !delta.payload.is_none() && !blocks_->deliver(delta)) return false;
    disk.uploaded_until = delta.until;
    if (delta.marker != Marker::None) marker_arrived(delta);
    if (state(disk.machine).design->capture == CaptureForm::DoubleLog) log_arrived(disk.machine);
    return true;
}

void ReplicationPipeline::arrive_copy(const Delta& delta) {
    CopyStream& copy = *copies_[delta.disk.value];
    copy.acknowledge(delta.bytes);
    if (state(delta.disk).in_blocks) blocks_->deliver_copy(delta.disk, copy.acknowledged());
    if (!copy.done()) return;
    std::erase(state(state(state(delta.disk).machine).server).copies, delta.disk.value);
    on_copy_done(delta.disk);
}

/// An upload that takes much longer than it should (its link was throttled or went down meanwhile)
/// need not be over for what it has delivered to count: a delta's arrival is read off its place.
void ReplicationPipeline::note_progress(ProcessServerId id) {
    const ProcessServerState& server = state(id);
    if (!server.uploading.under_way) return;
    const Instant now = environment_.clock.now();
    const Duration slice = std::max(estate_.profile.transfer_slice, estate_.capture.step);
    if (now - server.uploading.sent_at <= slice) return;
    const ProcessServer& facts = estate_.process_server(id);
    const Bytes delivered = environment_.transport.delivered(facts.upload_channel);
    arrive(id, Bytes(detail::scale(delivered.count(), facts.compression_permille, 1000, false)));
}

void ReplicationPipeline::on_uploaded(ProcessServerId id) {
    ProcessServerState& server = state(id);
    LANDFALL_CHECK(server.uploading.under_way, "an upload that ends was under way");
    const Instant now = environment_.clock.now();
    server.upload_rate =
        measured_rate(server.uploading.bytes, now - server.uploading.sent_at, server.upload_rate);
    if (server.retries) server.retries->on_success();
    arrive(id, server.uploading.bytes);
    server.uploading.clear();
    const ProcessServer& facts = estate_.process_server(id);
    if (server.update_throttle(estate_.profile, facts.cache) && !server.throttled) {
        environment_.observer.noted("process_server_resumed", facts.name,
                                    "enough cache is free again");
    }
    pump_upload(id);
    pump_receive(id);
}

/// What of a batch has not arrived has left all the same.
void ReplicationPipeline::note_sent(const Batch& batch) {
    for (std::size_t k = batch.arrived; k < batch.deltas.size(); ++k) {
        const Delta& delta = batch.deltas[k];
        const bool current = delta.generation == state(state(delta.disk).machine).generation;
        if (current && !delta.payload.is_none()) blocks_->note_sent(delta.payload);
    }
}

/// The replica says how far it is, disk by disk, and the source goes on from there or not at all.
void ReplicationPipeline::resume(MachineId machine) {
    const DataPath path = state(machine).path;
    if (path == DataPath::Stopped || path == DataPath::ResyncRequired) return;
    ResumeDecision decision = ResumeDecision::Continue;
    for_each_disk(machine, [&](DiskId disk) {
        if (!state(disk).in_blocks) return;
        const ResumeDecision here = blocks_->resume(disk);
        if (decision == ResumeDecision::Continue) decision = here;
    });
    if (decision == ResumeDecision::Continue) return;
    require_resync(machine, words_for(decision), Differing::NeedsCompare);
}

void ReplicationPipeline::on_transfer_failed(ChannelId channel, Bytes delivered) {
    const ProcessServerId id = server_of_channel_[channel.value];
    ProcessServerState& server = state(id);
    if (!channel_uploads_[channel.value]) {
        LANDFALL_CHECK(server.receiving.under_way, "a reception that fails was under way");
        server.credit.on_lost(server.receiving.bytes);
        server.source.put_back(server.receiving, [](const Delta&) { return true; });
        server.receiving.clear();
        keep_back(id);
        pump_receive(id);
        return;
    }
    LANDFALL_CHECK(server.uploading.under_way, "an upload that fails was under way");
    const ProcessServer& facts = estate_.process_server(id);
    arrive(id, Bytes(detail::scale(delivered.count(), facts.compression_permille, 1000, false)));
    if (blocks_) {
        tell_lost(server.uploading);
        note_sent(server.uploading);
        std::vector<MachineId> machines;
        for (const Delta& delta : server.uploading.deltas) {
            machines.push_back(state(delta.disk).machine);
        }
        std::sort(machines.begin(), machines.end());
        machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
        for (const MachineId machine : machines) resume(machine);
    }
    const auto is_copy = [](const Delta& delta) { return delta.kind == DeltaKind::Copy; };
    server.cached_copies.put_back(server.uploading, is_copy);
    server.cached_journal.put_back(server.uploading,
                                   [&](const Delta& delta) { return !is_copy(delta); });
    server.uploading.clear();
    server.purge_due = true;
    const Instant now = environment_.clock.now();
    if (server.retries) {
        const auto again = server.retries->on_failure(ReplicationError::Network, now, now);
        LANDFALL_CHECK(again, "a network error is recoverable");
        server.waiting_to_retry = true;
        environment_.clock.set_timer(
            *again, {static_cast<std::uint32_t>(TimerKind::RetryUpload), id.value});
    }
    pump_upload(id);
}

}  // namespace landfall
