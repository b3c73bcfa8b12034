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
#include "tests/mutants/mutant_names.hpp"

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

/// A bug that the labs here can see; the others are found through the lab (board_rows.py).
struct Row {
    Mutant bug;
    /// That can see it, the likeliest first.
    std::array<std::string_view, 3> labs;
};

constexpr std::array kRows = {
    Row{Mutant::ClearBitAfterRead, {"copy", "pipeline"}},
    Row{Mutant::NoRedirtyOnWriteError, {"copy"}},
    Row{Mutant::RoundClearOutward, {"tracking", "copy"}},
    Row{Mutant::SkipLastPartialChunk, {"copy", "tracking"}},
    Row{Mutant::NoSecondCheckAfterDrain, {"cutover"}},
    Row{Mutant::PublishBeforeFlush, {"stream"}},
    Row{Mutant::MarkerBeforePendingData, {"pipeline"}},
    Row{Mutant::ReleaseHoldEarly, {"group"}},
    Row{Mutant::ReuseGenerationAfterPromote, {"promotion"}},
    Row{Mutant::SkipGenerationCheck, {"stream", "promotion"}},
    Row{Mutant::SequenceFilterOffByOne, {"stream", "pipeline"}},
    Row{Mutant::ResumeCursorWithoutBitmap, {"copy"}},
    Row{Mutant::TrimAtMaxConsumer, {"journal"}},
    Row{Mutant::UnionMissesSourceBitmap, {"reverse"}},
    Row{Mutant::FenceAfterFinalDelta, {"cutover"}},
    Row{Mutant::ChecksumOverCompressedOnly, {"stream", "pipeline"}},
    Row{Mutant::DoubleCountRetransmits, {"session"}},
    Row{Mutant::RpoIsBacklogOverBandwidth, {"rpo"}},
    Row{Mutant::PrunePinnedPoint, {"stream"}},
    Row{Mutant::NoFlushOfPointName, {"stream"}},
    Row{Mutant::IgnoreShortWrite, {"stream", "journal", "tracking"}},
    Row{Mutant::NoActivityLogReplay, {"tracking", "pipeline"}},
    Row{Mutant::PromoteWhatArrived, {"pipeline"}},
    Row{Mutant::SwitchForgetsCache, {"detour"}},
    Row{Mutant::PointClaimsUncopiedDisk, {"detour"}},
    Row{Mutant::ResumeForgetsPausedLog, {"detour"}},
};

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
bool kill(const Row& bug, std::uint64_t seeds) {
    const std::string& called = planted_bugs().at(static_cast<std::size_t>(bug.bug) - 1).name;
    active_mutant = bug.bug;
    std::optional<Verdict> stopped;
    std::string_view stopped_in;
    std::uint64_t stopped_at = 0;
    const auto print = [&](std::string_view lab, std::uint64_t seed, const Verdict& verdict) {
        std::printf("%-30.*s %-9.*s %4llu  %-5s %-30s %s\n", static_cast<int>(called.size()),
                    called.data(), static_cast<int>(lab.size()), lab.data(),
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
    std::printf("%-30.*s SURVIVED %llu seeds\n", static_cast<int>(called.size()), called.data(),
                static_cast<unsigned long long>(seeds));
    return false;
}

/// Every planted bug, as tests/mutants/board.py reads it: name, area, what, the labs here.
int list_bugs() {
    for (const PlantedBug& planted : planted_bugs()) {
        std::string labs;
        for (const Row& row : kRows) {
            if (row.bug != planted.bug) continue;
            for (const std::string_view lab : row.labs) {
                if (!lab.empty()) labs += (labs.empty() ? "" : ",") + std::string(lab);
            }
        }
        const std::string_view area = name_of(planted.area);
        std::printf("%s\t%.*s\t%.*s\t%s\n", planted.name.c_str(), static_cast<int>(area.size()),
                    area.data(), static_cast<int>(planted.what.size()), planted.what.data(),
                    labs.c_str());
    }
    return 0;
}

int run_board(std::uint64_t unmutated_seeds, std::uint64_t seeds) {
    bool good = unmutated_is_clean(unmutated_seeds);
    std::printf("%-30s %-9s %4s  %-36s %s\n", "mutant", "lab", "seed", "oracle", "violation");
    std::size_t killed = 0;
    for (const Row& bug : kRows) killed += kill(bug, seeds) ? 1 : 0;
    active_mutant = Mutant::None;
    std::printf("\n%zu of %zu mutants killed within %llu seeds\n", killed, kRows.size(),
                static_cast<unsigned long long>(seeds));
    good = good && killed == kRows.size();
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
        } else if (word == "--list") {
            return list_bugs();
        } else {
            std::fprintf(stderr, "usage: mutant-board [--sample] [--seeds N] | --list\n");
            return 2;
        }
    }
    return run_board(unmutated, seeds);
}
