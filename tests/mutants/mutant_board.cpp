// tests/mutants/mutant_board.cpp — plants each bug of model/base/mutant.hpp and prints which oracle
// finds it, in which lab, after how many seeds. First all labs run without any: the oracles must be
// silent.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/mutant.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr std::uint64_t kSeeds = 50;
constexpr std::uint64_t kSampleSeeds = 5;

constexpr std::array kLabs = {
    Lab{"copy", run_copy_lab},         Lab{"tracking", run_tracking_lab},
    Lab{"session", run_session_lab},   Lab{"rpo", run_rpo_lab},
    Lab{"cutover", run_cutover_lab},   Lab{"promotion", run_promotion_lab},
    Lab{"reverse", run_reverse_lab},   Lab{"group", run_group_lab},
    Lab{"journal", run_journal_lab},   Lab{"stream", run_stream_lab},
    Lab{"pipeline", run_pipeline_lab}, Lab{"detour", run_detour_lab},
};

struct PlantedBug {
    Mutant bug;
    std::string_view name;
    /// That can see it, the likeliest first.
    std::array<std::string_view, 3> labs;
};

constexpr std::array kBugs = {
    PlantedBug{Mutant::ClearBitAfterRead, "clear bit after read", {"copy", "pipeline"}},
    PlantedBug{Mutant::NoRedirtyOnWriteError, "no redirty on write error", {"copy"}},
    PlantedBug{Mutant::RoundClearOutward, "round clear outward", {"tracking", "copy"}},
    PlantedBug{Mutant::SkipLastPartialChunk, "skip last partial chunk", {"copy", "tracking"}},
    PlantedBug{Mutant::NoSecondCheckAfterDrain, "no second check after drain", {"cutover"}},
    PlantedBug{Mutant::PublishBeforeFlush, "publish before flush", {"stream"}},
    PlantedBug{Mutant::MarkerBeforePendingData, "marker before pending data", {"pipeline"}},
    PlantedBug{Mutant::ReleaseHoldEarly, "release hold early", {"group"}},
    PlantedBug{Mutant::ReuseGenerationAfterPromote, "reuse generation", {"promotion"}},
    PlantedBug{Mutant::SkipGenerationCheck, "skip generation check", {"stream", "promotion"}},
    PlantedBug{
        Mutant::SequenceFilterOffByOne, "sequence filter off by one", {"stream", "pipeline"}},
    PlantedBug{Mutant::ResumeCursorWithoutBitmap, "resume cursor without bitmap", {"copy"}},
    PlantedBug{Mutant::TrimAtMaxConsumer, "trim at furthest consumer", {"journal"}},
    PlantedBug{Mutant::UnionMissesSourceBitmap, "union misses source bitmap", {"reverse"}},
    PlantedBug{Mutant::FenceAfterFinalDelta, "fence after final delta", {"cutover"}},
    PlantedBug{Mutant::ChecksumOverCompressedOnly,
               "checksum over coded bytes only",
               {"stream", "pipeline"}},
    PlantedBug{Mutant::DoubleCountRetransmits, "double count retransmits", {"session"}},
    PlantedBug{Mutant::RpoIsBacklogOverBandwidth, "RPO is backlog / bandwidth", {"rpo"}},
    PlantedBug{Mutant::PrunePinnedPoint, "prune pinned point", {"stream"}},
    PlantedBug{Mutant::NoFlushOfPointName, "no flush of point name", {"stream"}},
    PlantedBug{Mutant::IgnoreShortWrite, "ignore short write", {"stream", "journal", "tracking"}},
    PlantedBug{Mutant::NoActivityLogReplay, "no activity log replay", {"tracking", "pipeline"}},
    PlantedBug{Mutant::PromoteWhatArrived, "promote what arrived", {"pipeline"}},
    PlantedBug{Mutant::SwitchForgetsCache, "switch forgets the cache", {"detour"}},
    PlantedBug{Mutant::PointClaimsUncopiedDisk, "point claims uncopied disk", {"detour"}},
    PlantedBug{Mutant::ResumeForgetsPausedLog, "resume forgets the paused log", {"detour"}},
};

constexpr bool every_bug_is_on_the_board() {
    if (kBugs.size() + 1 != static_cast<std::size_t>(Mutant::Count)) return false;
    for (std::size_t k = 0; k < kBugs.size(); ++k) {
        if (static_cast<std::size_t>(kBugs[k].bug) != k + 1) return false;
    }
    return true;
}
static_assert(every_bug_is_on_the_board(), "the board has each mutant once, in order");

const Lab& lab_named(std::string_view name) {
    for (const Lab& lab : kLabs) {
        if (lab.name == name) return lab;
    }
    LANDFALL_CHECK(false, "a planted bug names labs that exist");
    return kLabs.front();
}

std::string first_line(const std::string& text) {
    constexpr std::size_t kMost = 110;
    std::string line = text.substr(0, text.find('\n'));
    return line.size() <= kMost ? line : line.substr(0, kMost - 3) + "...";
}

/// The code as it is: whoever accuses it is wrong, or right.
bool unmutated_is_clean(std::uint64_t seeds) {
    bool clean = true;
    active_mutant = Mutant::None;
    for (const Lab& lab : kLabs) {
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            const Verdict verdict = lab.run(seed);
            if (verdict.clean()) continue;
            clean = false;
            std::printf("ACCUSED  no mutant, lab %.*s, seed %llu: %s %s\n",
                        static_cast<int>(lab.name.size()), lab.name.data(),
                        static_cast<unsigned long long>(seed), verdict.oracle.c_str(),
                        verdict.text.c_str());
            break;
        }
    }
    if (clean)
        std::printf("no mutant: %zu labs, %llu seeds each, no violation\n\n", kLabs.size(),
                    static_cast<unsigned long long>(seeds));
    return clean;
}

/// The first violation of an oracle in any lab of the bug; a stop of the code itself only if there
/// is none.
bool kill(const PlantedBug& bug, std::uint64_t seeds) {
    active_mutant = bug.bug;
    std::optional<Verdict> stopped;
    std::string_view stopped_in;
    std::uint64_t stopped_at = 0;
    const auto print = [&](std::string_view lab, std::uint64_t seed, const Verdict& verdict) {
        std::printf("%-30.*s %-9.*s %4llu  %-5s %-30s %s\n", static_cast<int>(bug.name.size()),
                    bug.name.data(), static_cast<int>(lab.size()), lab.data(),
                    static_cast<unsigned long long>(seed), verdict.oracle.c_str(),
                    verdict.name.c_str(), first_line(verdict.text).c_str());
    };
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        for (const std::string_view name : bug.labs) {
            if (name.empty()) continue;
            const Verdict verdict = lab_named(name).run(seed);
            if (verdict.clean()) continue;
            if (verdict.oracle != "check") {
                print(name, seed, verdict);
                return true;
            }
            if (stopped) continue;
            stopped = verdict;
            stopped_in = name;
            stopped_at = seed;
        }
    }
    if (stopped) {
        print(stopped_in, stopped_at, *stopped);
        return true;
    }
    std::printf("%-30.*s SURVIVED %llu seeds\n", static_cast<int>(bug.name.size()), bug.name.data(),
                static_cast<unsigned long long>(seeds));
    return false;
}

int run_board(std::uint64_t unmutated_seeds, std::uint64_t seeds) {
    bool good = unmutated_is_clean(unmutated_seeds);
    std::printf("%-30s %-9s %4s  %-36s %s\n", "mutant", "lab", "seed", "oracle", "violation");
    std::size_t killed = 0;
    for (const PlantedBug& bug : kBugs) killed += kill(bug, seeds) ? 1 : 0;
    active_mutant = Mutant::None;
    std::printf("\n%zu of %zu mutants killed within %llu seeds\n", killed, kBugs.size(),
                static_cast<unsigned long long>(seeds));
    good = good && killed == kBugs.size();
    return good ? 0 : 1;
}

}  // namespace
}  // namespace landfall::mutants

int main(int count, char** words) {
    using namespace landfall::mutants;
    std::uint64_t unmutated = kSeeds;
    std::uint64_t seeds = kSeeds;
    for (int k = 1; k < count; ++k) {
        const std::string_view word = words[k];
        if (word == "--sample") {
            unmutated = kSampleSeeds;
        } else if (word == "--seeds" && k + 1 < count) {
            unmutated = seeds = std::strtoull(words[++k], nullptr, 10);
        } else {
            std::fprintf(stderr, "usage: mutant-board [--sample] [--seeds N]\n");
            return 2;
        }
    }
    return run_board(unmutated, seeds);
}
