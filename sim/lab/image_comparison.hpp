// sim/lab/image_comparison.hpp — a content held against the history, sector by sector.
//
// Idea: the history says what each sector must hold at a cut. Sectors that hold it need no further
// look; of the others it is found out whether a write is missing, whether one is too new, whether a
// given-up life comes back, and between which writes the image would have to be cut.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/lab/oracle.hpp"

namespace landfall::lab {

struct WrongSector {
    DiskId disk;
    std::uint64_t sector = 0;
    Stamp found = 0;
    Stamp expected = 0;
};

/// A write of a disk and where it shows, or does not.
struct WriteSight {
    DiskId disk;
    std::uint64_t sector = 0;
    std::uint64_t index = kNoWrite;  ///< in the disk's history
    Instant at;
};

class ImageComparison {
  public:
    /// `cut` is what the content claims; Instant::never() stands for everything written.
    ImageComparison(const LabContext& lab, Instant cut) : lab_(lab), cut_(cut) {}

    /// Compares these sectors of one disk with what `shadow`, standing at the cut, holds there.
    void compare(const ShadowImage& shadow, const SectorSet& sectors, const BlockReader& content);
    /// Compares all sectors that the disk has at the cut.
    void compare_all(const ShadowImage& shadow, const BlockReader& content);
    /// Afterwards: what the wrong sectors mean.
    void conclude();

    [[nodiscard]] Instant cut() const { return cut_; }
    [[nodiscard]] std::uint64_t compared() const { return compared_; }
    [[nodiscard]] std::uint64_t wrong() const { return wrong_; }
    /// The first of them, a bounded number per disk.
    [[nodiscard]] const std::vector<WrongSector>& examples() const { return examples_; }
    /// Hash of the content, where all disks were compared whole; else of the shadows' with the
    /// wrong sectors put right.
    [[nodiscard]] std::uint64_t hash() const { return hash_; }

    /// Oldest write before the cut that does not show; index kNoWrite if all do.
    [[nodiscard]] const WriteSight& oldest_missing() const { return oldest_missing_; }
    /// Newest write that shows.
    [[nodiscard]] const WriteSight& newest_held() const { return newest_held_; }
    /// A write from the cut on, shown; index kNoWrite if there is none.
    [[nodiscard]] const WriteSight& too_new() const { return too_new_; }
    /// A sector with content that no write of the history left there; disk none if there is none.
    [[nodiscard]] const WrongSector& foreign() const { return foreign_; }
    [[nodiscard]] bool foreign_is_given_up() const { return foreign_given_up_; }

    [[nodiscard]] bool misses_writes() const { return oldest_missing_.index != kNoWrite; }
    /// Not the state after any prefix of the writes, as far as compared.
    [[nodiscard]] bool torn() const { return torn_; }

    /// "[812,640] lo=812 (db1/d0 lba 40960 = w812) > hi=640 (web1/d1 lba 88 misses w641 ...)"
    [[nodiscard]] std::string cut_text() const;
    /// "db1/d0 lba 40960 holds w3, not w812"
    [[nodiscard]] std::string example_text() const;
    [[nodiscard]] std::string missing_text() const;
    [[nodiscard]] std::string foreign_text() const;

  private:
    static constexpr std::size_t kExamplesPerDisk = 65'536;
    static constexpr std::uint64_t kPiece = 512;

    void compare_run(const ShadowImage& shadow, SectorRange run, const BlockReader& content);
    void judge(const WrongSector& wrong);
    void find_oldest_missing(DiskId disk, std::vector<WrongSector>& behind);

    const LabContext& lab_;
    Instant cut_;
    std::uint64_t compared_ = 0;
    std::uint64_t wrong_ = 0;
    std::uint64_t hash_ = 0;
    std::vector<WrongSector> examples_;
    std::vector<Stamp> newest_stamp_;  ///< per disk: newest shown, among sectors that are right
    std::vector<std::uint64_t> newest_at_;  ///< and its sector
    std::vector<std::size_t> kept_;         ///< examples per disk
    std::array<Stamp, kPiece> found_{};
    std::array<Stamp, kPiece> expected_{};
    WriteSight oldest_missing_;
    WriteSight newest_held_;
    WriteSight too_new_;
    WrongSector foreign_;
    bool foreign_given_up_ = false;
    bool torn_ = false;
};

}  // namespace landfall::lab
