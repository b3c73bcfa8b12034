// model/replication/pipeline_failures.cpp — transfers that break off, and how both ends go on.
#include <algorithm>
#include <string>

#include "model/base/mutant.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

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
        hold_again(id);
        look_at_leavers(id);
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
    server.cached_copies.put_back(server.uploading, [&](const Delta& delta) {
        return is_copy(delta) && !mutant(Mutant::FailedUploadLosesCopies);
    });
    server.cached_journal.put_back(server.uploading,
                                   [&](const Delta& delta) { return !is_copy(delta); });
    server.uploading.clear();
    server.purge_due = true;
    hold_again(id);
    look_at_leavers(id);
    const Instant now = environment_.clock.now();
    if (server.retries) {
        const auto again = server.retries->on_failure(ReplicationError::Network, now, now);
        LANDFALL_CHECK(again, "a network error is recoverable");
        server.waiting_to_retry = true;
        environment_.observer.noted(
            "transfer_failed", facts.name,
            std::string(replication_error_row(ReplicationError::Network).text) +
                ": tried again after " +
                std::to_string((*again - now).count() / kNanosecondsPerSecond) + " s");
        environment_.clock.set_timer(
            *again, {static_cast<std::uint32_t>(TimerKind::RetryUpload), id.value});
    }
    pump_upload(id);
}

}  // namespace landfall
