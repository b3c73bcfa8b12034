// tests/mutants/lab_bench.hpp — what the small worlds of the mutant board have in common: a seed, a
// clock, disks with a guest, and the oracles.
//
// Idea: a lab drives one part of the data path, the real code, with random writes and faults, and
// tells the board what a pipeline would tell. Every draw comes from the seed. A lab itself judges
// nothing: the oracles do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/base/check.hpp"
#include "sim/kernel/random_streams.hpp"
#include "sim/lab/oracle_board.hpp"

namespace landfall::mutants {

/// What a run of a lab ended with.
struct Verdict {
    std::string oracle;  ///< "S11" of the first violation; "check" if the code itself stopped
    std::string name;
    std::string text;

    [[nodiscard]] bool clean() const { return oracle.empty(); }
};

struct Lab {
    std::string_view name;
    Verdict (*run)(std::uint64_t seed);
};

using Image = std::vector<Stamp>;

/// Reads images kept by disk number.
class ImageReader : public BlockReader {
  public:
    explicit ImageReader(const std::vector<Image>& images) : images_(images) {}
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
        std::copy_n(images_[disk.value].begin() + static_cast<std::ptrdiff_t>(first), out.size(),
                    out.begin());
    }

  private:
    const std::vector<Image>& images_;
};

inline void put(Image& image, std::uint64_t first, std::span<const Stamp> stamps) {
    std::copy(stamps.begin(), stamps.end(), image.begin() + static_cast<std::ptrdiff_t>(first));
}
inline Image cut_out(const Image& image, SectorRange range) {
    const auto first = image.begin() + static_cast<std::ptrdiff_t>(range.first);
    return {first, first + static_cast<std::ptrdiff_t>(range.count)};
}

/// The base of a lab. Its probe answers nothing; a lab that lets the oracles look overrides what it
/// can answer and connects the board.
class LabBench : public lab::StateProbe {
  public:
    /// Machines with one disk of so many sectors for each number; with `grouped` all form group 0.
    LabBench(std::uint64_t seed, std::string_view lab,
             const std::vector<std::vector<std::uint64_t>>& machines, bool grouped = false)
        : random_(seed, lab, "mutants"),
          board(
              setup_of(machines, grouped), [this] { return clock; }, options()),
          source_reader(source_disks) {
        for (const auto& machine : machines) {
            for (const std::uint64_t sectors : machine) source_disks.emplace_back(sectors);
        }
        numbers_.resize(source_disks.size());
        for (std::size_t m = 0; m < machines.size(); ++m)
            board.path_changed(MachineId(m), "journal", true);
    }

    static lab::BoardSetup setup_of(const std::vector<std::vector<std::uint64_t>>& machines,
                                    bool grouped) {
        lab::BoardSetup setup;
        for (const auto& disks : machines) {
            setup.machines.push_back(
                {"m" + std::to_string(setup.machines.size()), DiskId(setup.disks.size()),
                 static_cast<std::uint32_t>(disks.size()), grouped ? 0 : lab::kNoGroup});
            for (const std::uint64_t sectors : disks)
                setup.disks.push_back({"d" + std::to_string(setup.disks.size()), {sectors}});
        }
        return setup;
    }
    static lab::BoardOptions options() {
        lab::BoardOptions options;
        options.reread_every = 1;
        options.reread_drops_every = 1;
        options.full_compare_every = 4;
        return options;
    }

    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    bool chance(std::uint64_t percent) { return below(100) < percent; }
    DiskId some_disk() { return DiskId(below(source_disks.size())); }
    SectorRange some_range(DiskId disk, std::uint64_t most) {
        const std::uint64_t sectors = source_disks[disk.value].size();
        const std::uint64_t first = below(sectors);
        return {first, std::min(sectors - first, 1 + below(most))};
    }
    void wait(std::int64_t ns) { clock = clock + nanoseconds(ns); }

    /// The guest writes, a moment later than all before.
    GuestWrite guest_writes(DiskId disk, SectorRange range) {
        wait(1);
        const GuestWrite write{make_stamp(life, ++numbers_[disk.value]), clock, range};
        std::fill_n(source_disks[disk.value].begin() + static_cast<std::ptrdiff_t>(range.first),
                    range.count, write.stamp);
        board.guest_wrote(disk, write);
        return write;
    }
    /// A machine goes on in another life; its writes are numbered anew.
    void begin_life() {
        ++life;
        numbers_.assign(numbers_.size(), 0);
    }

    // StateProbe
    [[nodiscard]] bool covered(DiskId, std::uint64_t) const override { return true; }
    [[nodiscard]] const BlockReader* source() const override { return nullptr; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId) const override { return nullptr; }
    [[nodiscard]] std::vector<std::uint64_t> listed_points(MachineId) const override { return {}; }
    [[nodiscard]] const BlockReader* point(MachineId, std::uint64_t) const override {
        return nullptr;
    }

  private:
    kernel::RandomStream random_;
    std::vector<std::uint64_t> numbers_;  ///< by disk: writes of this life

  public:
    Instant clock = Instant(seconds(1));
    std::uint16_t life = 0;
    lab::OracleBoard board;
    std::vector<Image> source_disks;
    ImageReader source_reader;
};

/// Runs a lab to its end, or to where the code itself says that something is broken.
template <typename LabClass>
Verdict run_lab(std::uint64_t seed) {
    LabClass lab(seed);
    std::string broken;
    try {
        lab.run();
        lab.board.finish();
    } catch (const InvariantViolation& violation) {
        broken = violation.what();
    }
    if (!lab.board.violations().empty()) {
        const lab::Violation& first = lab.board.violations().front();
        for (const auto& oracle : lab.board.oracles()) {
            if (oracle->id() == first.oracle)
                return {first.oracle, std::string(oracle->name()), first.text};
        }
    }
    if (!broken.empty()) return {"check", "the code stopped itself", broken};
    return {};
}

Verdict run_copy_lab(std::uint64_t seed);
Verdict run_tracking_lab(std::uint64_t seed);
Verdict run_stream_lab(std::uint64_t seed);
Verdict run_journal_lab(std::uint64_t seed);
Verdict run_session_lab(std::uint64_t seed);
Verdict run_group_lab(std::uint64_t seed);
Verdict run_reverse_lab(std::uint64_t seed);
Verdict run_cutover_lab(std::uint64_t seed);
Verdict run_promotion_lab(std::uint64_t seed);
Verdict run_rpo_lab(std::uint64_t seed);
Verdict run_pipeline_lab(std::uint64_t seed);
Verdict run_detour_lab(std::uint64_t seed);

}  // namespace landfall::mutants
