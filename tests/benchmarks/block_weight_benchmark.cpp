// tests/benchmarks/block_weight_benchmark.cpp — bytes of memory per GiB of disk that is dirty.
#include <malloc.h>
#include <memory>
#include <span>
#include <vector>

#include "model/storage/dirty_bitmap.hpp"
#include "model/storage/journal_record.hpp"
#include "model/storage/point_layer.hpp"
#include "sim/lab/write_history.hpp"
#include "tests/benchmarks/block_benchmark.hpp"

namespace landfall::benchmarks {

namespace {

constexpr std::uint64_t kGiBSectors = 1U << 18U;

/// Bytes that the heap has given out.
std::uint64_t heap_bytes() {
    const struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

/// Makes a thing out of 1 GiB of dirty sectors that begin `step` apart, and says what it weighs.
template <typename Make>
double weight_of(std::uint64_t step, Make&& make) {
    std::vector<SectorRange> dirty(kGiBSectors);
    for (std::uint64_t k = 0; k < kGiBSectors; ++k) dirty[k] = {k * step, 1};
    const DiskGeometry shape{kGiBSectors * step, kDisk.sector_size};
    const std::uint64_t before = heap_bytes();
    const auto thing = make(shape, dirty);
    benchmark::DoNotOptimize(thing);
    return static_cast<double>(heap_bytes() - before);
}

/// `in a row`: the whole of a disk of 1 GiB; `scattered`: every 64th sector of one of 64 GiB, the
/// worst for whatever keeps pages.
template <typename Make>
void weigh(benchmark::State& state, Make make) {
    using benchmark::Counter;
    double in_a_row = 0;
    double scattered = 0;
    while (state.KeepRunning()) {
        in_a_row = weight_of(1, make);
        scattered = weight_of(64, make);
    }
    state.counters["B/GiB in a row"] = Counter(in_a_row, Counter::kDefaults, Counter::kIs1024);
    state.counters["B/GiB scattered"] = Counter(scattered, Counter::kDefaults, Counter::kIs1024);
}

using Dirty = std::vector<SectorRange>;

template <std::uint64_t Grain>
DirtyBitmap bitmap_of(const DiskGeometry& shape, const Dirty& dirty) {
    DirtyBitmap bitmap(shape.sectors, Grain);
    for (const SectorRange& range : dirty) bitmap.set(range);
    return bitmap;
}

OpenLayer open_layer_of(const DiskGeometry& shape, const Dirty& dirty) {
    OpenLayer layer(shape.sectors);
    const Stamp stamp = 1;
    for (const SectorRange& range : dirty) layer.write(range.first, std::span(&stamp, 1));
    return layer;
}

SealedLayer sealed_layer_of(const DiskGeometry& shape, const Dirty& dirty) {
    return SealedLayer(open_layer_of(shape, dirty));
}

std::vector<std::byte> records_of(const DiskGeometry&, const Dirty& dirty) {
    std::vector<std::byte> records;
    records.reserve(dirty.size() * record_bytes(1));
    std::uint64_t seq = 0;
    for (const SectorRange& range : dirty) {
        ++seq;
        append_guest_write(records, {seq, Instant(), range}, kDiskId, 0, seq);
    }
    return records;
}

std::unique_ptr<lab::WriteHistory> history_of(const DiskGeometry& shape, const Dirty& dirty) {
    auto history = std::make_unique<lab::WriteHistory>(std::vector<DiskGeometry>{shape});
    Stamp stamp = 0;
    for (const SectorRange& range : dirty) history->add(kDiskId, {++stamp, Instant(), range});
    return history;
}

const auto kMilli = benchmark::kMillisecond;
BENCHMARK_CAPTURE(weigh, bits, bitmap_of<kGrain>)
    ->Name("memory/dirty bitmap, a bit per 64 KiB")
    ->Unit(kMilli);
BENCHMARK_CAPTURE(weigh, fine_bits, bitmap_of<1>)
    ->Name("memory/dirty bitmap, a bit per 4 KiB")
    ->Unit(kMilli);
BENCHMARK_CAPTURE(weigh, records, records_of)->Name("memory/records of 4 KiB writes")->Unit(kMilli);
BENCHMARK_CAPTURE(weigh, open, open_layer_of)->Name("memory/layer while it is open")->Unit(kMilli);
BENCHMARK_CAPTURE(weigh, sealed, sealed_layer_of)
    ->Name("memory/layer of a recovery point")
    ->Unit(kMilli);
BENCHMARK_CAPTURE(weigh, history, history_of)
    ->Name("memory/oracles' history of 4 KiB writes")
    ->Unit(kMilli);

}  // namespace

}  // namespace landfall::benchmarks
