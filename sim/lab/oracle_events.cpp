// sim/lab/oracle_events.cpp — events that the board hands on as they are.
#include "sim/lab/oracle_board.hpp"

namespace landfall::lab {

// ---- seldom
// --------------------------------------------------------------------------------------
void OracleBoard::path_changed(MachineId machine, std::string_view path, bool publishes) {
    tell(all_, [&](Oracle& oracle) { oracle.path_changed(machine, path, publishes); });
}

void OracleBoard::disk_replicates(DiskId disk, bool does) {
    tell(all_, [&](Oracle& oracle) { oracle.disk_replicates(disk, does); });
}

void OracleBoard::writes_held(MachineId machine, Duration at_most) {
    tell(all_, [&](Oracle& oracle) { oracle.writes_held(machine, at_most); });
}

void OracleBoard::writes_released(MachineId machine) {
    tell(all_, [&](Oracle& oracle) { oracle.writes_released(machine); });
}

void OracleBoard::guest_flushed(DiskId disk, Stamp through) {
    tell(all_, [&](Oracle& oracle) { oracle.guest_flushed(disk, through); });
}

void OracleBoard::source_recovered(DiskId disk, const BlockReader& content) {
    tell(all_, [&](Oracle& oracle) { oracle.source_recovered(disk, content); });
}

void OracleBoard::queue_filled(std::string_view queue, Bytes bytes, Bytes bound) {
    tell(all_, [&](Oracle& oracle) { oracle.queue_filled(queue, bytes, bound); });
}

void OracleBoard::throttle_set(std::uint32_t throttle, BytesPerSecond rate, Bytes burst) {
    tell(all_, [&](Oracle& oracle) { oracle.throttle_set(throttle, rate, burst); });
}

void OracleBoard::progress_reported(MachineId machine, Bytes done, Bytes total) {
    tell(all_, [&](Oracle& oracle) { oracle.progress_reported(machine, done, total); });
}

void OracleBoard::refused(DiskId disk, Generation generation, std::string_view why) {
    tell(all_, [&](Oracle& oracle) { oracle.refused(disk, generation, why); });
}

void OracleBoard::record_damaged(DiskId disk, Generation generation, std::uint64_t sequence) {
    tell(all_, [&](Oracle& oracle) { oracle.record_damaged(disk, generation, sequence); });
}

void OracleBoard::replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t applied) {
    tell(all_, [&](Oracle& oracle) { oracle.replay_ended(disk, damaged, applied); });
}

void OracleBoard::replayed_again(DiskId disk, const BlockReader& once, const BlockReader& again) {
    tell(all_, [&](Oracle& oracle) { oracle.replayed_again(disk, once, again); });
}

void OracleBoard::acknowledged(DiskId disk, Stamp through) {
    tell(of_records_, [&](Oracle& oracle) { oracle.acknowledged(disk, through); });
}

void OracleBoard::replica_recovered(DiskId disk, const BlockReader& content) {
    tell(all_, [&](Oracle& oracle) { oracle.replica_recovered(disk, content); });
}

void OracleBoard::consumer_advanced(DiskId disk, std::uint32_t consumer, std::uint64_t through) {
    tell(all_, [&](Oracle& oracle) { oracle.consumer_advanced(disk, consumer, through); });
}

void OracleBoard::log_trimmed(DiskId disk, std::uint64_t through) {
    tell(all_, [&](Oracle& oracle) { oracle.log_trimmed(disk, through); });
}

void OracleBoard::point_geometry(const PublishedPoint& point, DiskId disk,
                                 const DiskGeometry& geometry) {
    tell(all_, [&](Oracle& oracle) { oracle.point_geometry(point, disk, geometry); });
}

void OracleBoard::rpo_reported(MachineId machine, Instant now, Duration rpo) {
    tell(all_, [&](Oracle& oracle) { oracle.rpo_reported(machine, now, rpo); });
}

// ---- per record, per block
// -----------------------------------------------------------------------
void OracleBoard::dirty_marked(DiskId disk, SectorRange range) {
    tell(of_records_, [&](Oracle& oracle) { oracle.dirty_marked(disk, range); });
}

void OracleBoard::dirty_cleared(DiskId disk, SectorRange range) {
    tell(of_records_, [&](Oracle& oracle) { oracle.dirty_cleared(disk, range); });
}

void OracleBoard::copy_read(DiskId disk, SectorRange range) {
    tell(of_records_, [&](Oracle& oracle) { oracle.copy_read(disk, range); });
}

void OracleBoard::copy_ended(DiskId disk, SectorRange range, bool durable) {
    tell(of_records_, [&](Oracle& oracle) { oracle.copy_ended(disk, range, durable); });
}

void OracleBoard::bytes_sent(DiskId disk, Bytes bytes, bool again) {
    tell(of_records_, [&](Oracle& oracle) { oracle.bytes_sent(disk, bytes, again); });
}

void OracleBoard::bytes_acknowledged(DiskId disk, Bytes bytes) {
    tell(of_records_, [&](Oracle& oracle) { oracle.bytes_acknowledged(disk, bytes); });
}

void OracleBoard::bytes_lost(DiskId disk, Bytes bytes) {
    tell(of_records_, [&](Oracle& oracle) { oracle.bytes_lost(disk, bytes); });
}

void OracleBoard::payload_decoded(DiskId disk, std::uint32_t plain, std::uint32_t decoded,
                                  std::uint32_t carried) {
    tell(of_records_,
         [&](Oracle& oracle) { oracle.payload_decoded(disk, plain, decoded, carried); });
}

void OracleBoard::accepted(DiskId disk, Generation generation, SectorRange range) {
    tell(of_records_, [&](Oracle& oracle) { oracle.accepted(disk, generation, range); });
}

void OracleBoard::record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) {
    tell(of_records_, [&](Oracle& oracle) { oracle.record_accepted(disk, generation, sequence); });
}

}  // namespace landfall::lab
