// tests/mutants/journal_lab.cpp — a journal with several readers that lag, on a store that loses
// power and cuts writes short.
#include "model/storage/journal.hpp"
#include "sim/memory/crashable_store.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr DiskId kDisk(0);
constexpr const char* kReaders[] = {"apply", "mirror", "audit"};
constexpr JournalOptions kOptions{700, 200};

class JournalLab : public LabBench {
  public:
    explicit JournalLab(std::uint64_t seed) : LabBench(seed, "journal", {{48}}), applied_(48) {}

    void run() {
        start();
        for (int step = 0; step < 300; ++step) {
            try {
                take_step();
            } catch (const PowerLost&) {
                recover();
            }
        }
    }

  private:
    void start() {
        journal_.emplace(Journal::create(store_, "j", 1, kOptions));
        for (const char* reader : kReaders) (void)journal_->register_consumer(reader);
        tell_readers();
    }
    void tell_readers() {
        for (std::uint32_t k = 0; k < std::size(kReaders); ++k) {
            if (const auto used = journal_->committed(kReaders[k]))
                board.consumer_advanced(kDisk, k, *used);
        }
    }
    void take_step() {
        const std::uint64_t what = below(100);
        if (what < 45) return append();
        if (what < 60) return flush();
        if (what < 80) return commit();
        if (what < 90) return trim();
        if (what < 93) return store_.short_writes("j", below(300));
        if (what < 98) return store_.crash_at(store_.operations() + below(15));
        throw PowerLost();
    }
    void append() {
        if (journal_->damage()) return copy_anew();
        const GuestWrite write = guest_writes(kDisk, some_range(kDisk, 6));
        std::vector<std::byte> bytes;
        append_guest_write(bytes, write, kDisk, journal_->generation(), journal_->last_seq() + 1);
        RecordReader reader(bytes);
        newest_ = write.stamp;
        if (journal_->append(*reader.next()) != JournalStatus::Ok) copy_anew();
    }
    void flush() {
        if (journal_->damage()) return copy_anew();
        if (journal_->flush() != JournalStatus::Ok) return copy_anew();
        if (newest_ != 0) board.acknowledged(kDisk, newest_);
    }
    void commit() {
        const std::uint32_t k = static_cast<std::uint32_t>(below(std::size(kReaders)));
        const std::uint64_t from = *journal_->committed(kReaders[k]);
        if (journal_->damage() || journal_->durable_seq() <= from) return;
        const std::uint64_t to = from + 1 + below(journal_->durable_seq() - from);
        if (k == 0) apply(from + 1, to);
        if (journal_->commit(kReaders[k], to) == JournalStatus::Ok)
            board.consumer_advanced(kDisk, k, to);
    }
    void trim() {
        if (journal_->trim() != JournalStatus::Ok) return;
        board.log_trimmed(kDisk, journal_->first_seq() - 1);
    }
    void apply(std::uint64_t from, std::uint64_t to) {
        (void)journal_->replay(from, [&](const RecordView& record) {
            if (record.header().seq <= to) apply_record(record, applied_);
        });
    }
    static void apply_record(const RecordView& record, Image& image) {
        const SectorRange range = record.header().range;
        for (std::uint64_t k = 0; k < range.count; ++k) image[range.first + k] = record.sector(k);
    }
    /// The journal is of no use: its readers get the source's content, and a new generation begins.
    void copy_anew() {
        applied_ = source_disks[0];
        (void)journal_->start_generation(journal_->generation() + 1);
        tell_readers();
    }

    void recover() {
        store_.crash([this](std::uint64_t bound) { return below(bound); });
        for (;;) {
            try {
                auto opened = Journal::open(store_, "j", kOptions);
                LANDFALL_CHECK(opened.has_value(), "a journal that was created is there");
                journal_ = std::move(opened);
                break;
            } catch (const PowerLost&) {
                store_.crash([this](std::uint64_t bound) { return below(bound); });
            }
        }
        tell_readers();
        std::vector<Image> once = {applied_};
        const auto replay = [&](Image& image) {
            (void)journal_->replay(
                std::max(journal_->first_seq(), *journal_->committed(kReaders[0]) + 1),
                [&](const RecordView& record) { apply_record(record, image); });
        };
        replay(once[0]);
        std::vector<Image> again = once;
        replay(again[0]);
        board.replica_recovered(kDisk, ImageReader(once));
        board.replayed_again(kDisk, ImageReader(once), ImageReader(again));
        // What was not flushed is sent again, here by a copy.
        if (!journal_->damage()) (void)journal_->flush();
        copy_anew_after_crash();
    }
    void copy_anew_after_crash() {
        for (;;) {
            try {
                copy_anew();
                return;
            } catch (const PowerLost&) {
                store_.crash([this](std::uint64_t bound) { return below(bound); });
                auto opened = Journal::open(store_, "j", kOptions);
                LANDFALL_CHECK(opened.has_value(), "a journal that was created is there");
                journal_ = std::move(opened);
            }
        }
    }

    CrashableStore store_;
    std::optional<Journal> journal_;
    Image applied_;  ///< what the first reader made of it, durable
    Stamp newest_ = 0;
};

}  // namespace

Verdict run_journal_lab(std::uint64_t seed) {
    return run_lab<JournalLab>(seed);
}

}  // namespace landfall::mutants
