// tests/benchmarks/block_benchmark.cpp — what a stamped write costs at block fidelity, each
// stage alone.
#include "tests/benchmarks/block_benchmark.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "model/storage/bitmap_pair.hpp"
#include "model/storage/journal.hpp"
#include "model/storage/replica_store.hpp"
#include "model/storage/sequence_filter.hpp"
#include "model/storage/wire_envelope.hpp"
#include "sim/memory/crashable_store.hpp"

namespace landfall::benchmarks {

namespace {

void memcpy_of_the_bytes(benchmark::State& state) {
    CopyGround ground;
    measure_points(state, [&](std::uint64_t k) { ground.copy(writes_of_point(k)); });
}
BENCHMARK(memcpy_of_the_bytes)->Name("block/memcpy of the same bytes");

/// Order is lost: a bit for each place, all clean again after five minutes.
void capture_changed_blocks(benchmark::State& state) {
    BitmapPair dirty(kDisk.sectors, kGrain);
    measure_points(state, [&](std::uint64_t k) {
        for (const GuestWrite& write : writes_of_point(k)) dirty.mark(write.range);
        dirty.freeze();
        benchmark::DoNotOptimize(dirty.frozen().count());
        dirty.drop_frozen();
    });
}
BENCHMARK(capture_changed_blocks)->Name("block/capture: dirty bitmap");

/// The records of the writes of point `k`, in payloads, numbered with the writes.
std::vector<std::vector<std::byte>> payloads_of_point(std::uint64_t k) {
    std::vector<std::vector<std::byte>> payloads;
    std::vector<std::byte> open;
    for (const GuestWrite& write : writes_of_point(k)) {
        append_guest_write(open, write, kDiskId, 0, write.stamp);
        if (write.stamp % kPayloadWrites == 0) payloads.push_back(std::exchange(open, {}));
    }
    return payloads;
}

void capture_in_order(benchmark::State& state) {
    measure_points(state,
                   [&](std::uint64_t k) { benchmark::DoNotOptimize(payloads_of_point(k).data()); });
}
BENCHMARK(capture_in_order)->Name("block/capture: ordered records");

/// Appends what capture encoded, flushes with every payload, and trims what was consumed.
void journal(benchmark::State& state) {
    CrashableStore store;
    std::optional<Journal> journal;
    const auto must = [](JournalStatus status) {
        LANDFALL_CHECK(status == JournalStatus::Ok, "a sound store keeps a journal sound");
    };
    std::vector<std::vector<std::byte>> payloads;
    const auto prepare = [&](std::uint64_t k) {
        payloads = payloads_of_point(k);
        if (k > 0) return;
        journal.emplace(Journal::create(store, "journal", 0));
        must(journal->register_consumer("upload"));
    };
    measure_points(state, prepare, [&](std::uint64_t) {
        for (const auto& payload : payloads) {
            RecordReader reader(payload);
            while (const auto record = reader.next()) must(journal->append(*record));
            must(journal->flush());
        }
        must(journal->commit("upload", journal->durable_seq()));
        must(journal->trim());
    });
}
BENCHMARK(journal)->Name("block/journal: append, flush, trim");

void upload(benchmark::State& state) {
    const WireKey key{1, 42};
    std::vector<std::vector<std::byte>> payloads;
    const auto prepare = [&](std::uint64_t k) { payloads = payloads_of_point(k); };
    measure_points(state, prepare, [&](std::uint64_t) {
        for (const auto& payload : payloads) {
            const OpenedEnvelope opened = decode_envelope(encode_envelope(payload, key), key);
            LANDFALL_CHECK(opened.plain.size() == payload.size(), "an envelope opens to its bytes");
        }
    });
}
BENCHMARK(upload)->Name("block/upload: seal and open envelopes");

/// Checks, stages and publishes; points older than two hours are merged into the next ones.
class Applier {
  public:
    explicit Applier(CrashableStore* store)
        : replica_(store != nullptr ? ReplicaStore(*store, "replica", {kDisk})
                                    : ReplicaStore({kDisk})) {}

    /// Another round of the same writes begins.
    void start() { filter_.start(0, 1); }

    void stage(std::span<const std::byte> payload) {
        RecordReader reader(payload);
        while (const auto record = reader.next()) {
            const RecordHeader& header = record->header();
            const Sequenced sequenced = filter_.accept(header.generation, header.seq);
            LANDFALL_CHECK(sequenced == Sequenced::Apply, "records come in sequence");
            record->copy_stamps(stamps_);
            replica_.stage({0, header.seq, header.at, header.range, stamps_});
            unpublished_.set(header.range);
        }
        replica_.flush_staged();
    }

    void publish() {
        // Later than all writes, in whichever round.
        const Instant cut(days(1) + minutes(5) * static_cast<std::int64_t>(++point_));
        replica_.publish(point_, cut, 0, false);
        LANDFALL_CHECK(replica_.staged_bytes() == 0, "the point has all that was staged");
        unpublished_.clear_all();
        if (point_ > kPointsKept) replica_.drop(point_ - kPointsKept);
    }

  private:
    ReplicaStore replica_;
    DirtyBitmap unpublished_{kDisk.sectors, kGrain};
    SequenceFilter filter_{0, 1};
    std::vector<Stamp> stamps_;
    std::uint64_t point_ = 0;
};

void apply(benchmark::State& state, bool durable) {
    CrashableStore store;
    Applier applier(durable ? &store : nullptr);
    std::vector<std::vector<std::byte>> payloads;
    const auto prepare = [&](std::uint64_t k) {
        payloads = payloads_of_point(k);
        if (k == 0) applier.start();
    };
    const auto one_point = [&](std::uint64_t) {
        for (const auto& payload : payloads) applier.stage(payload);
        applier.publish();
    };
    // As many points as are kept, so that from the first one on each costs a drop.
    for (std::uint64_t k = 0; k < kPointsKept; ++k) {
        prepare(k);
        one_point(k);
    }
    measure_points(state, prepare, one_point);
}
BENCHMARK_CAPTURE(apply, memory, false)->Name("block/apply: check, stage, publish");
BENCHMARK_CAPTURE(apply, durable, true)->Name("block/apply: the same, durable");

class ImageReader : public BlockReader {
  public:
    explicit ImageReader(const StampImage& image) : image_(image) {}
    void read(DiskId, std::uint64_t first, std::span<Stamp> out) const override {
        image_.read(first, out);
    }

  private:
    const StampImage& image_;
};

/// Hears every write and record, and compares every point as it is published.
void oracle(benchmark::State& state) {
    std::optional<lab::OracleBoard> board;
    std::optional<StampImage> content;
    Instant now;
    const auto publish = [&](std::uint64_t id) {
        board->point_published({.machine = kMachineId, .id = id, .cut = now},
                               ImageReader(*content));
    };
    const auto prepare = [&](std::uint64_t k) {
        if (k == 0) {
            // The first point of all is compared whole; the others here are not.
            now = Instant();
            board.emplace(board_setup(), [&] { return now; });
            content.emplace(kDisk.sectors);
            board->path_changed(kMachineId, "journal", true);
            publish(1);
        }
        now = cut_of_point(k);
        for (const GuestWrite& write : writes_of_point(k)) content->fill(write.range, write.stamp);
    };
    measure_points(state, prepare, [&](std::uint64_t k) {
        for (const GuestWrite& write : writes_of_point(k)) {
            board->guest_wrote(kDiskId, write);
            board->record_accepted(kDiskId, 0, write.stamp);
            board->accepted(kDiskId, 0, write.range);
        }
        publish(k + 2);
    });
    LANDFALL_CHECK(board->violation_count() == 0, "a right history has no violations");
}
BENCHMARK(oracle)->Name("block/oracle: hear writes, compare points");

}  // namespace

}  // namespace landfall::benchmarks
