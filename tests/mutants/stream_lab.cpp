// tests/mutants/stream_lab.cpp — ordered changes on their way into a replica: framed, wrapped up,
// damaged, doubled, lost, of lives long over; markers, points, pins; a target that loses power.
#include <deque>
#include <set>

#include "model/storage/journal_record.hpp"
#include "model/storage/replica_store.hpp"
#include "model/storage/sequence_filter.hpp"
#include "model/storage/wire_envelope.hpp"
#include "sim/memory/crashable_store.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr MachineId kMachine(0);
constexpr std::uint32_t kDisks = 2;
constexpr WireKey kKey{7, 1234567};

class StreamLab : public LabBench {
  public:
    explicit StreamLab(std::uint64_t seed)
        : LabBench(seed, "stream", {{150, 70}}), streams_(kDisks), content_(*this) {
        board.connect(this);
    }

    void run() {
        replica_.emplace(store_, "r", shapes());
        for (int step = 0; step < 500; ++step) {
            wait(1'000'000);
            try {
                take_step();
            } catch (const PowerLost&) {
                recover();
            }
            if (step % 8 == 0) board.checkpoint();
        }
        recover();
        board.checkpoint();
    }

    // StateProbe
    [[nodiscard]] bool covered(DiskId disk, std::uint64_t sector) const override {
        if (copying_) return true;
        const auto& kept = streams_[disk.value].kept;
        return std::any_of(kept.begin(), kept.end(), [sector](const Frame& frame) {
            return frame.write.range.first <= sector && sector < frame.write.range.end();
        });
    }
    [[nodiscard]] const BlockReader* source() const override { return &source_reader; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId) const override {
        content_.point = 0;
        return &content_;
    }
    [[nodiscard]] std::vector<std::uint64_t> listed_points(MachineId) const override {
        std::vector<std::uint64_t> ids;
        for (const ReplicaPoint& point : replica_->points()) ids.push_back(point.id);
        return ids;
    }
    [[nodiscard]] const BlockReader* point(MachineId, std::uint64_t id) const override {
        if (!replica_->lists(id)) return nullptr;
        content_.point = id;
        return &content_;
    }

  private:
    struct Frame {
        Generation generation = 0;
        std::uint64_t seq = 0;
        GuestWrite write;
        std::vector<std::byte> bytes;
    };
    struct Stream {
        std::deque<Frame> kept;  ///< not acknowledged
        std::uint64_t next_seq = 1;
        std::uint64_t next_to_send = 1;
        SequenceFilter filter{1, 1};
        std::vector<Frame> old;  ///< of lives that are over, still on some wire
    };
    struct Mark {
        Instant cut;
        std::vector<std::uint64_t> last;  ///< by disk: the last record before it
    };
    /// Reads a point, or everything that arrived.
    class Content : public BlockReader {
      public:
        explicit Content(const StreamLab& lab) : lab_(lab) {}
        void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
            if (point == 0)
                lab_.replica_->read_newest(disk.value, first, out);
            else
                lab_.replica_->read(point, disk.value, first, out);
        }
        std::uint64_t point = 0;

      private:
        const StreamLab& lab_;
    };

    [[nodiscard]] std::vector<DiskGeometry> shapes() const {
        std::vector<DiskGeometry> shapes;
        for (const Image& disk : source_disks) shapes.push_back({disk.size()});
        return shapes;
    }

    void take_step() {
        const std::uint64_t what = below(100);
        if (what < 30) return write();
        if (what < 58) return send();
        if (what < 66) return flush();
        if (what < 74) return mark();
        if (what < 82) return publish();
        if (what < 86) return drop();
        if (what < 89) return pin();
        if (what < 91) return unpin();
        if (what < 93) return deliver_old();
        if (what < 94) return begin_generation();
        if (what < 96) return cut_short();
        if (what < 99) return store_.crash_at(store_.operations() + below(25));
        throw PowerLost();
    }

    /// Not twice in a row: what a store never takes is no fault of the replica.
    void cut_short() {
        if (cut_short_) return;
        cut_short_ = true;
        store_.short_writes("r/", below(24));
    }

    // --- the source

    void write() {
        const DiskId disk = some_disk();
        Stream& stream = streams_[disk.value];
        Frame frame{generation_,
                    stream.next_seq++,
                    guest_writes(disk, some_range(disk, chance(10) ? 70 : 5)),
                    {}};
        append_guest_write(frame.bytes, frame.write, disk, frame.generation, frame.seq);
        stream.kept.push_back(std::move(frame));
    }
    void mark() {
        wait(1);
        Mark mark{clock, {}};
        for (const Stream& stream : streams_) mark.last.push_back(stream.next_seq - 1);
        wait(1);
        marks_.push_back(std::move(mark));
    }
    /// Some records of a disk travel together; now and then again, or into nothing.
    void send() {
        const DiskId disk = some_disk();
        Stream& stream = streams_[disk.value];
        if (stream.kept.empty()) return;
        const std::uint64_t first = stream.kept.front().seq;
        if (chance(8) || stream.next_to_send < first)
            stream.next_to_send = first + below(stream.kept.size());
        std::uint64_t from = stream.next_to_send - first;
        const std::uint64_t to = std::min<std::uint64_t>(stream.kept.size(), from + 1 + below(5));
        stream.next_to_send = first + to;
        if (from >= to || chance(5)) return;
        std::vector<Frame> batch;
        for (; from < to; ++from) batch.push_back(stream.kept[from]);
        deliver(disk, batch);
    }
    void deliver_old() {
        const DiskId disk = some_disk();
        const Stream& stream = streams_[disk.value];
        if (stream.old.empty()) return;
        std::vector<Frame> batch = {stream.old[below(stream.old.size())]};
        for (const Frame& frame : stream.old) {
            if (frame.seq == stream.filter.next_seq()) batch = {frame};
        }
        deliver(disk, batch);
    }
    /// The order is lost: both disks are copied, and the stream begins anew.
    void begin_generation() {
        if (!copying_) {
            copying_ = true;
            ++generation_;
            board.path_changed(kMachine, "copying", false);
            marks_.clear();
        }
        for (std::uint32_t d = 0; d < kDisks; ++d) {
            replica_->copy_in(d, 0, source_disks[d]);
            board.accepted(DiskId(d), generation_, {0, source_disks[d].size()});
        }
        replica_->flush_staged();
        replica_->discard_staged();
        for (Stream& stream : streams_) {
            stream.old.assign(stream.kept.begin(), stream.kept.end());
            stream.kept.clear();
            stream.next_seq = stream.next_to_send = 1;
            stream.filter.start(generation_, 1);
        }
        copying_ = false;
        board.path_changed(kMachine, "journal", true);
    }

    // --- the way

    void deliver(DiskId disk, const std::vector<Frame>& batch) {
        std::vector<std::byte> plain;
        for (const Frame& frame : batch)
            plain.insert(plain.end(), frame.bytes.begin(), frame.bytes.end());
        const SequenceFilter& filter = streams_[disk.value].filter;
        // Only what will be read counts as damaged: nothing is behind a gap.
        const bool read = batch.front().generation == filter.generation() &&
                          batch.front().seq <= filter.next_seq();
        if (read && chance(8)) damage(disk, batch, plain);
        std::vector<std::byte> wire = encode_envelope(plain, kKey);
        if (chance(5)) flip(wire, below(8 * wire.size()));
        const OpenedEnvelope opened = decode_envelope(wire, kKey);
        if (opened.error != EnvelopeError::None) return refuse(disk, "checksum");
        take_in(disk, opened.plain);
    }
    void damage(DiskId disk, const std::vector<Frame>& batch, std::vector<std::byte>& plain) {
        const std::uint64_t bit = below(8 * plain.size());
        std::size_t end = 0;
        for (const Frame& frame : batch) {
            end += frame.bytes.size();
            if (bit / 8 >= end) continue;
            board.record_damaged(disk, frame.generation, frame.seq);
            break;
        }
        flip(plain, bit);
    }
    static void flip(std::vector<std::byte>& bytes, std::uint64_t bit) {
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }

    // --- the replica

    void refuse(DiskId disk, std::string_view why) {
        Stream& stream = streams_[disk.value];
        board.refused(disk, stream.filter.generation(), why);
        stream.next_to_send = stream.filter.next_seq();
    }
    void take_in(DiskId disk, std::span<const std::byte> bytes) {
        Stream& stream = streams_[disk.value];
        RecordReader reader(bytes);
        std::vector<Stamp> stamps;
        while (const auto record = reader.next()) {
            const RecordHeader& header = record->header();
            switch (stream.filter.accept(header.generation, header.seq)) {
                case Sequenced::Duplicate: continue;
                case Sequenced::Gap: return refuse(disk, "sequence");
                case Sequenced::WrongGeneration: return refuse(disk, "generation");
                case Sequenced::Apply: break;
            }
            record->copy_stamps(stamps);
            replica_->stage({disk.value, header.seq, header.at, header.range, stamps});
            board.record_accepted(disk, header.generation, header.seq);
            board.accepted(disk, header.generation, header.range);
        }
        if (reader.end() != ReadEnd::CleanEnd) refuse(disk, "checksum");
    }
    void flush() {
        replica_->flush_staged();
        acknowledge();
    }
    void acknowledge() {
        for (std::uint32_t d = 0; d < kDisks; ++d) {
            auto& kept = streams_[d].kept;
            for (; !kept.empty() && kept.front().seq <= replica_->durable_seq(d); kept.pop_front())
                board.acknowledged(DiskId(d), kept.front().write.stamp);
        }
    }

    // --- points

    [[nodiscard]] PublishedPoint claim() const {
        return {.machine = kMachine,
                .id = next_id_,
                .generation = generation_,
                .cut = marks_.front().cut};
    }
    void publish() {
        if (marks_.empty()) return;
        for (std::uint32_t d = 0; d < kDisks; ++d) {
            if (streams_[d].filter.next_seq() <= marks_.front().last[d]) return;
        }
        const PublishedPoint point = claim();
        replica_->publish(point.id, point.cut, point.generation, false);
        cut_short_ = false;
        was_published(point);
        acknowledge();
    }
    void was_published(const PublishedPoint& point) {
        ++next_id_;
        marks_.pop_front();
        content_.point = point.id;
        board.point_published(point, content_);
    }
    [[nodiscard]] std::uint64_t some_point() {
        const auto points = replica_->points();
        return points.empty() ? 0 : points[below(points.size())].id;
    }
    void drop() {
        const std::uint64_t id = some_point();
        if (id == 0) return;
        if (!pinned_.contains(id)) board.point_dropped(kMachine, id);
        dropping_ = id;
        const bool gone = replica_->drop(id);
        if (gone && pinned_.contains(id)) was_dropped(id);
        dropping_ = 0;
    }
    void was_dropped(std::uint64_t id) {
        board.point_dropped(kMachine, id);
        pinned_.erase(id);
    }
    void pin() {
        const std::uint64_t id = some_point();
        if (id == 0 || pinned_.contains(id)) return;
        replica_->pin(id);
        pinned_.insert(id);
        board.point_pinned(kMachine, id, true);
    }
    void unpin() {
        if (pinned_.empty()) return;
        const std::uint64_t id = *pinned_.begin();
        board.point_pinned(kMachine, id, false);
        pinned_.erase(id);
        unpinning_ = id;
        if (replica_->unpin(id)) board.point_dropped(kMachine, id);
        unpinning_ = 0;
    }

    // --- crashes

    void recover() {
        for (;;) {
            try {
                store_.crash([this](std::uint64_t bound) { return below(bound); });
                replica_.reset();
                replica_.emplace(ReplicaStore::recover(store_, "r", shapes()));
                come_back();
                return;
            } catch (const PowerLost&) {
                continue;
            }
        }
    }
    void come_back() {
        for (std::uint32_t d = 0; d < kDisks; ++d) {
            content_.point = 0;
            board.replica_recovered(DiskId(d), content_);
            Stream& stream = streams_[d];
            stream.filter.start(generation_, replica_->durable_seq(d) + 1);
            stream.next_to_send = stream.filter.next_seq();
        }
        if (copying_) begin_generation();
        if (dropping_ != 0 && replica_->lists(dropping_)) replica_->drop(dropping_);
        if (pinned_.contains(dropping_) && !replica_->lists(dropping_)) was_dropped(dropping_);
        dropping_ = 0;
        if (!marks_.empty() && replica_->lists(next_id_)) was_published(claim());
        if (unpinning_ != 0 && !replica_->lists(unpinning_))
            board.point_dropped(kMachine, unpinning_);
        unpinning_ = 0;
        follow_pins();
        acknowledge();
    }
    /// A pin whose storing was cut off is there or not.
    void follow_pins() {
        for (const ReplicaPoint& point : replica_->points()) {
            if (point.pinned == pinned_.contains(point.id)) continue;
            board.point_pinned(kMachine, point.id, point.pinned);
            if (point.pinned)
                pinned_.insert(point.id);
            else
                pinned_.erase(point.id);
        }
    }

    CrashableStore store_;
    std::optional<ReplicaStore> replica_;
    std::vector<Stream> streams_;
    std::deque<Mark> marks_;
    Generation generation_ = 1;
    std::uint64_t next_id_ = 1;
    std::set<std::uint64_t> pinned_;
    std::uint64_t unpinning_ = 0;  ///< cut off, the point it was meant for may go with it
    std::uint64_t dropping_ = 0;
    bool copying_ = false;
    bool cut_short_ = false;  ///< a write will be; a publish surely writes enough
    mutable Content content_;
};

}  // namespace

Verdict run_stream_lab(std::uint64_t seed) {
    return run_lab<StreamLab>(seed);
}

}  // namespace landfall::mutants
