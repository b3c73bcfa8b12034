// tests/benchmarks/stages_benchmark.cpp — what each stage of the pipeline costs per delta, alone.
//
// Run beside the whole-process benchmark (run.py): when a budget is missed, these say where. The
// first one is the yardstick: a value through a std::deque.
#include <deque>

#include <benchmark/benchmark.h>

#include "model/replication/lane.hpp"
#include "model/storage/recovery_points.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/record/rpo_statistics.hpp"
#include "sim/workload/churn.hpp"

namespace {

using namespace landfall;

Delta delta_of(std::int64_t bytes) {
    Delta delta{};
    delta.bytes = Bytes(bytes);
    return delta;
}

void yardstick_deque_push_pop(benchmark::State& state) {
    std::deque<Delta> queue(500);
    const Delta delta = delta_of(1000);
    while (state.KeepRunning()) {
        queue.push_back(delta);
        benchmark::DoNotOptimize(queue.front());
        queue.pop_front();
    }
}
BENCHMARK(yardstick_deque_push_pop);

void delta_through_a_lane(benchmark::State& state) {
    DeltaQueue queue;
    Batch batch;
    while (state.KeepRunning()) {
        for (int k = 0; k < 500; ++k) queue.push(delta_of(1000));
        queue.take(Bytes(500'000), batch);
        benchmark::DoNotOptimize(batch.bytes);
        batch.clear();
    }
    state.SetItemsProcessed(state.iterations() * 500);
}
BENCHMARK(delta_through_a_lane);

void recovery_point_added(benchmark::State& state) {
    // The grid of one day at a millionth of its scale, so that time lasts for any iteration count.
    const auto scaled = [](Duration span) { return Duration(span.count() / 1'000'000); };
    RecoveryPoints points(
        {{scaled(hours(2)), scaled(minutes(5))}, {scaled(days(1)), scaled(hours(1))}},
        scaled(days(1)));
    std::int64_t ordinal = 0;
    while (state.KeepRunning()) {
        const Instant at(scaled(minutes(5)) * ++ordinal);
        points.add({.time = at, .published_at = at, .processed_at = at});
    }
}
BENCHMARK(recovery_point_added);

void rpo_ramp_added(benchmark::State& state) {
    record::RpoStatistics statistics;
    while (state.KeepRunning()) statistics.add_ramp(seconds(12), seconds(312));
}
BENCHMARK(rpo_ramp_added);

void calendar_event(benchmark::State& state) {
    kernel::Calendar calendar;
    for (int k = 0; k < 1000; ++k) calendar.schedule(Instant(seconds(k)), {});
    std::int64_t second = 1000;
    while (state.KeepRunning()) {
        calendar.schedule(Instant(seconds(second++)), {});
        benchmark::DoNotOptimize(calendar.pop());
    }
}
BENCHMARK(calendar_event);

void churn_drawn(benchmark::State& state, const scenario::Churn& churn) {
    static const workload::TraceStore no_traces;
    const auto source = workload::make_churn(churn, "vm", "disk", 1, 1.0, 1, no_traces);
    std::int64_t slot = 0;
    while (state.KeepRunning()) {
        benchmark::DoNotOptimize(
            source->written(Instant(minutes(5 * slot)), Instant(minutes(5 * slot + 5))));
        slot = (slot + 1) % 8640;
    }
}
BENCHMARK_CAPTURE(churn_drawn, constant,
                  scenario::Churn(scenario::ConstantChurn{BytesPerSecond(100'000)}));
BENCHMARK_CAPTURE(churn_drawn, diurnal,
                  scenario::Churn(scenario::DiurnalChurn{.mean = BytesPerSecond(100'000),
                                                         .amplitude = 0.5,
                                                         .peak_at = hours(14),
                                                         .noise = 0.3,
                                                         .step = minutes(5),
                                                         .backups = {}}));

}  // namespace

BENCHMARK_MAIN();
